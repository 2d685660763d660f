//! Held nodes opened by the HDF5 library: to change them, and for many looks.

use super::Held;
use crate::error::{ErrorKind, Operation, Result};
use crate::object::Object;
use crate::storage::Kept;
use crate::storage::libhdf5::{self, Id, LibSource, hold};
use std::sync::Arc;

impl Held {
    /// Opens the object to change it.
    pub(crate) fn change(&self, mut change: impl FnMut(&Id) -> Result<()>) -> Result<()> {
        self.kept.edit(&mut change).map_err(|error| self.located(Operation::Save, error))
    }

    /// Commits the changes of the file, if it has a journal.
    pub(crate) fn commit(&self) -> Result<()> {
        match self.kept.in_library() {
            Some(library) => library.commit().map_err(|error| self.located(Operation::Save, error)),
            None => Ok(()),
        }
    }

    /// The same object, opened by the C library for as long as this takes: for many looks at what
    /// is in it.
    pub(crate) fn with_library<R>(&self, mut look: impl FnMut(Held) -> Result<R>) -> Result<R> {
        let mut found = None;
        self.kept.with_hdf5(&mut |object| {
            found = Some(look(Held { kept: hold(object)?, ..self.clone() })?);
            Ok(())
        })?;
        found.ok_or_else(|| ErrorKind::Contract("nothing was looked at".into()).into())
    }

    /// Opens the object to change it: itself, and a look at it.
    pub(crate) fn edit(
        &self,
        change: &mut dyn FnMut(&Id, &Object<'_>) -> Result<()>,
    ) -> Result<()> {
        let edited = self.kept.edit(&mut |object| {
            let source = LibSource::new(libhdf5::root_of(object)?)?;
            let found = Object::new(&source, source.adopt(object.clone())?);
            change(object, &found)
        });
        edited.map_err(|error| self.located(Operation::Save, error))
    }

    /// The same node, which is another object now.
    pub(crate) fn with(&self, kept: Arc<dyn Kept>) -> Self {
        Held { kept, ..self.clone() }
    }

    /// Whether this library wrote the node.
    pub(crate) fn written_by_filebacked(&self) -> bool {
        self.ours
    }
}
