//! Held datasets of arrays: their elements, and where these lie in the file.

use super::Held;
use crate::storage::{Dtype, Kept};
#[cfg(feature = "mmap")]
use crate::{
    error::{Operation, Result},
    storage::Piece,
};

impl Held {
    /// The object, if it is a dataset of elements, which are read alike wherever they are.
    pub(crate) fn kept_elements(&self, dtype: &Dtype) -> Option<&dyn Kept> {
        ((self.ours || !matches!(dtype, Dtype::Enum(_))) && self.cx.is_trusted())
            .then_some(&*self.kept)
    }

    /// Where the elements of a dataset lie in the file.
    #[cfg(feature = "mmap")]
    pub(crate) fn locate(&self, dtype: &Dtype) -> Result<Piece> {
        self.kept.locate(dtype).map_err(|error| self.located(Operation::Load, error))
    }
}
