//! Opens files in stores.

use super::{File, stamped};
use crate::error::{Operation, Result};
use crate::storage::libhdf5::{Attachment, LibFile, Medium};
use crate::store::{ReadAt, Store};
use std::sync::Arc;

impl File {
    /// Opens the file in a store for reading; see [`store`](crate::store).
    ///
    /// The file and its handles share ownership of the store. Opening the same `Arc` again
    /// meanwhile gives the same file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the error of the store as the source,
    /// [`ErrorKind::NotHdf5`](crate::ErrorKind::NotHdf5), or any error of libhdf5.
    pub fn open_store(store: Arc<impl ReadAt + 'static>) -> Result<Self> {
        File::attach(Medium::Read(store), Operation::Open, Attachment::open)
    }

    /// Opens the file in a store for reading and writing.
    ///
    /// # Errors
    ///
    /// As [`File::open_store`]; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if the
    /// linked HDF5 of the system is older than version 1.14, or newer than the supported versions.
    pub fn open_store_rw(store: Arc<impl Store + 'static>) -> Result<Self> {
        File::attach(Medium::Write(store), Operation::Open, Attachment::open)
    }

    /// Creates a file in a store, and deletes the old content of the store at once.
    ///
    /// # Errors
    ///
    /// As [`File::open_store_rw`].
    pub fn create_store(store: Arc<impl Store + 'static>) -> Result<Self> {
        File::attach(Medium::Write(store), Operation::Create, |store| stamped(store.create()?))
    }

    fn attach(
        medium: Medium,
        operation: Operation,
        open: impl FnOnce(Attachment) -> Result<LibFile>,
    ) -> Result<Self> {
        let store = Attachment::new(medium);
        File::new(&store.path(), operation, || open(store))
    }
}
