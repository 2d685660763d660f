//! [`Csc`] and [`Csr`]: the orientation of sparse matrices in files that do not store it.

use crate::error::Result;
use crate::filter::Filter;
use crate::layout::scalar::Element;
use crate::layout::sparse;
use crate::node::Node;
use crate::slot::{Slot, Written};
use sprs::CompressedStorage::{CSC, CSR};
use sprs::{CsMatI, SpIndex};

/// Reads a sparse matrix as compressed columns if the file does not store its orientation, and
/// writes compressed columns.
///
/// The matrices of 10x Genomics are of this kind: a group of `data`, `indices`, `indptr` and
/// `shape`, features by barcodes. An orientation in the file takes precedence.
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

/// Reads a sparse matrix as compressed rows if the file does not store its orientation, and writes
/// compressed rows; see [`Csc`].
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

                /// The written matrix stores its orientation.
                fn is_recorded(&self) -> bool {
                    false
                }
            }
        )*
    };
}
storage_is_filter! { Csc = CSC, to_csc; Csr = CSR, to_csr; }
