//! sprs: sparse matrices of compressed rows, compressed columns or triplets, and sparse vectors;
//! views can be saved.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error;
use crate::layout::scalar::Element;
use crate::layout::sparse;
use crate::node::Node;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use sprs::{
    CsMatI, CsMatViewI, CsMatViewMutI, CsVecI, CsVecViewI, CsVecViewMutI, SpIndex, TriMatI,
    TriMatViewI, TriMatViewMutI,
};

/// `Save` for a sparse type; `$key` says what identifies it.
macro_rules! sparse_is_saved {
    ($t:ty, ($($generic:tt)*), $write:path, $key:expr) => {
        impl<$($generic)*> Save for $t {
            fn write(&self, slot: Slot<'_>) -> error::Result<Written> {
                $write(&self.view(), slot)
            }
            fn key() -> Option<Key<Self>> {
                $key
            }
        }
    };
}

/// `FileBacked` for a sparse type.
macro_rules! sparse_is_read {
    ($t:ty, ($($generic:tt)*), $read:path) => {
        impl<$($generic)*> FileBacked for $t {
            fn schema() -> Schema {
                Schema::Sparse(N::schema)
            }
            fn read(node: Node<'_>) -> error::Result<Self> {
                $read(node)
            }
        }
    };
}

sparse_is_saved!(
    CsMatI<N, I, P>,
    (N: Element, I: SpIndex + 'static, P: SpIndex + 'static),
    sparse::write_compressed,
    Some(Key::new())
);
sparse_is_saved!(CsMatViewI<'a, N, I, P>, ('a, N: Element, I: SpIndex, P: SpIndex), sparse::write_compressed, None);
sparse_is_saved!(CsMatViewMutI<'a, N, I, P>, ('a, N: Element, I: SpIndex, P: SpIndex), sparse::write_compressed, None);
sparse_is_read!(
    CsMatI<N, I, P>,
    (N: Element, I: SpIndex + 'static, P: SpIndex + 'static),
    sparse::read_compressed
);

sparse_is_saved!(TriMatI<N, I>, (N: Element, I: SpIndex + 'static), sparse::write_triplets, Some(Key::new()));
sparse_is_saved!(TriMatViewI<'a, N, I>, ('a, N: Element, I: SpIndex), sparse::write_triplets, None);
sparse_is_saved!(TriMatViewMutI<'a, N, I>, ('a, N: Element, I: SpIndex), sparse::write_triplets, None);
sparse_is_read!(TriMatI<N, I>, (N: Element, I: SpIndex + 'static), sparse::read_triplets);

sparse_is_saved!(CsVecI<N, I>, (N: Element, I: SpIndex + 'static), sparse::write_vector, Some(Key::new()));
sparse_is_saved!(CsVecViewI<'a, N, I>, ('a, N: Element, I: SpIndex), sparse::write_vector, None);
sparse_is_saved!(CsVecViewMutI<'a, N, I>, ('a, N: Element, I: SpIndex), sparse::write_vector, None);
sparse_is_read!(CsVecI<N, I>, (N: Element, I: SpIndex + 'static), sparse::read_vector);
