//! Held nodes without the HDF5 library: they are only read.

use super::Held;
use crate::error::{Error, Operation, Result};

impl Held {
    /// The error of a change.
    #[cold]
    pub(in crate::lazy) fn needs_library(&self) -> Error {
        self.located(Operation::Save, crate::storage::engine::needs_libhdf5(None))
    }

    /// Commits nothing: there are no changes.
    pub(crate) fn commit(&self) -> Result<()> {
        Ok(())
    }

    /// The same object: there is one engine only.
    pub(crate) fn with_library<R>(&self, mut look: impl FnMut(Held) -> Result<R>) -> Result<R> {
        look(self.clone())
    }
}
