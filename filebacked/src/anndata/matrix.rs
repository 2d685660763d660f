//! [`Matrix`]: a dense or sparse matrix.

use crate::backed::{FileBacked, Save};
use crate::dialect::anndata::TYPE;
use crate::erased::Key;
use crate::error::{Error, Result};
use crate::layout::scalar::Element;
use crate::node::Node;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use crate::storage::ObjectKind;
use ndarray::Array2;
use sprs::CsMat;

/// A matrix of `A`, dense or sparse.
///
/// ```text
/// x            A (rows, columns)      dense
/// ```
///
/// ```text
/// x/           sparse, encoding-type = "csr_matrix" or "csc_matrix", shape = i64 (2)
/// ├── data     A (nnz)
/// ├── indices  i64 (nnz)
/// └── indptr   i64
/// ```
///
/// # Errors
///
/// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) for any other object.
#[derive(Debug, Clone, PartialEq)]
pub enum Matrix<A> {
    /// All numbers.
    Dense(Array2<A>),
    /// The non-zero numbers, by rows or by columns.
    Sparse(CsMat<A>),
}

impl<A> Matrix<A> {
    /// Returns the number of rows and of columns.
    pub fn shape(&self) -> (usize, usize) {
        match self {
            Matrix::Dense(matrix) => matrix.dim(),
            Matrix::Sparse(matrix) => matrix.shape(),
        }
    }
}

impl<A> From<Array2<A>> for Matrix<A> {
    fn from(matrix: Array2<A>) -> Self {
        Matrix::Dense(matrix)
    }
}

impl<A> From<CsMat<A>> for Matrix<A> {
    fn from(matrix: CsMat<A>) -> Self {
        Matrix::Sparse(matrix)
    }
}

impl<A: Element> Save for Matrix<A> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        match self {
            Matrix::Dense(matrix) => slot.put(matrix),
            Matrix::Sparse(matrix) => slot.put(matrix),
        }
    }

    fn key() -> Option<Key<Self>> {
        Some(Key::new())
    }
}

impl<A: Element> FileBacked for Matrix<A> {
    fn schema() -> Schema {
        Schema::Array { element: A::schema, rank: Some(2) }
    }

    fn read(node: Node<'_>) -> Result<Self> {
        match node.kind() {
            ObjectKind::Group => match node.text_attribute(TYPE)? {
                Some(other) if !matches!(&*other, "csr_matrix" | "csc_matrix") => {
                    Err(Error::mismatch("a matrix", format!("AnnData's {other}")).with_help(
                        "leave it out with `ReadOptions::skip`, or read it with a \
                            struct of your own that names it",
                    ))
                }
                _ => node.get().map(Matrix::Sparse),
            },
            _ => node.get().map(Matrix::Dense),
        }
    }
}
