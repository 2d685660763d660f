//! [`Csc`] and [`Csr`]: sparse matrices in files that do not say how they are compressed.

use crate::error::Result;
use crate::filter::Filter;
use crate::layout::scalar::Element;
use crate::layout::sparse;
use crate::node::Node;
use crate::slot::{Slot, Written};
use sprs::CompressedStorage::{CSC, CSR};
use sprs::{CsMatI, SpIndex};

/// Takes a sparse matrix whose file does not say it for one of compressed columns, and writes
/// compressed columns.
///
/// Such are the matrices of 10x Genomics: a group of `data`, `indices`, `indptr` and `shape`,
/// features by barcodes. What the file does say comes first.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, with::Csc};
/// use sprs::CsMat;
///
/// #[derive(FileBacked)]
/// struct Counts {
///     #[filebacked(with = Csc)]
///     matrix: CsMat<i32>,
/// }
///
/// let counts = Counts { matrix: CsMat::new((1, 3), vec![0, 2], vec![0, 2], vec![5, 7]) };
/// let read: Counts = filebacked::from_bytes(&filebacked::to_bytes(&counts)?)?;
/// assert!(read.matrix.is_csc());
/// assert_eq!(read.matrix.get(0, 2), Some(&7));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Csc;

/// Takes a sparse matrix whose file does not say it for one of compressed rows, and writes
/// compressed rows: see [`Csc`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Csr;

macro_rules! storage_is_filter {
    ($($filter:ident = $storage:ident, $turn:ident;)*) => {
        $(
            impl<N: Element + Clone + Default, I: SpIndex + 'static, P: SpIndex + 'static> Filter<CsMatI<N, I, P>>
                for $filter
            {
                fn name(&self) -> &str {
                    stringify!($filter)
                }

                fn write(&self, value: &CsMatI<N, I, P>, slot: Slot<'_>) -> Result<Written> {
                    match value.storage() {
                        $storage => sparse::write_compressed(&value.view(), slot),
                        _ => sparse::write_compressed(&value.$turn().view(), slot),
                    }
                }

                fn read(&self, node: Node<'_>) -> Result<CsMatI<N, I, P>> {
                    sparse::read_compressed_as(node, Some($storage))
                }

                /// What is written says what it is.
                fn is_recorded(&self) -> bool {
                    false
                }
            }
        )*
    };
}
storage_is_filter! { Csc = CSC, to_csc; Csr = CSR, to_csr; }
