//! [`Gzip`], [`Compressed`] and [`Chunk`]: the type's own form with other compression or chunks.

use crate::backed::FileBacked;
use crate::error::Result;
use crate::filter::Filter;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::storage::Compression;

/// Compresses the datasets of a value with gzip of this level, 0 to 9, and overrides the options.
///
/// Datasets of less than 4096 bytes stay as they are. On a field, `compression =
/// Compression::Gzip(6)` compresses these, too; the filter is for the registry, and for [`Each`].
///
/// [`Each`]: super::Each
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{Registry, WriteOptions, with::Gzip};
///
/// let mut registry = Registry::new();
/// registry.register::<Vec<f64>>(Gzip(6)); // all of them, wherever they are
/// let values = vec![0.5; 10_000];
/// let bytes = WriteOptions::new().registry(registry).to_bytes(&values)?;
/// assert!(bytes.len() < 10_000);
/// assert_eq!(filebacked::from_bytes::<Vec<f64>>(&bytes)?, values); // needs no filter
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gzip(pub u8);

/// Compresses the datasets of a value, but for small ones, and overrides the options; see [`Gzip`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compressed(pub Compression);

/// Stores the dataset of a value in chunks of this shape: `Chunk([64, 64])`. See the
/// [module](crate::with) for an example of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<const N: usize>(pub [usize; N]);

/// Filters that pass on the value with other storage settings.
macro_rules! stored_otherwise {
    ($([$($generics:tt)*] $filter:ty, $name:literal, |$this:ident, $slot:ident| $say:expr;)*) => {
        $(
            impl<T: FileBacked, $($generics)*> Filter<T> for $filter {
                fn name(&self) -> &str {
                    $name
                }

                fn write(&self, value: &T, $slot: Slot<'_>) -> Result<Written> {
                    let $this = self;
                    $say.put_next(value)
                }

                fn read(&self, node: Node<'_>) -> Result<T> {
                    node.get_next()
                }

                fn write_rows(&self, rows: Rows<'_, T>, $slot: Slot<'_>) -> Result<Written> {
                    let $this = self;
                    $say.put_next_rows(rows)
                }

                fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
                    node.get_next_rows()
                }

                /// Types read compressed and chunked data by themselves.
                fn is_recorded(&self) -> bool {
                    false
                }
            }
        )*
    };
}
stored_otherwise! {
    [] Gzip, "Gzip", |this, slot| slot.compression(Compression::Gzip(this.0));
    [] Compressed, "Compressed", |this, slot| slot.compression(this.0);
    [const N: usize] Chunk<N>, "Chunk", |this, slot| slot.chunk(&this.0);
}
