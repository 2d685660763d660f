//! Files in stores.

use super::{File, stamped};
use crate::error::{Operation, Result};
use crate::storage::libhdf5::{Attachment, LibFile, Medium};
use crate::store::{ReadAt, Store};
use std::sync::Arc;

impl File {
    /// Opens the file that an object holds, for reading; see [`store`](crate::store).
    ///
    /// The file has a part in the object until it is closed and all that reads from it later is
    /// gone. An object that is opened again meanwhile, as the same `Arc`, is the same file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) with the object's own error as the source,
    /// [`ErrorKind::NotHdf5`](crate::ErrorKind::NotHdf5), or what HDF5 says.
    pub fn open_store(store: Arc<impl ReadAt + 'static>) -> Result<Self> {
        File::attach(Medium::Read(store), Operation::Open, Attachment::open)
    }

    /// Opens the file that an object holds, for reading and writing.
    ///
    /// # Errors
    ///
    /// As [`File::open_store`]; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where the
    /// system's HDF5 library is linked and is older than version 1.14, or newer than those that are
    /// known.
    pub fn open_store_rw(store: Arc<impl Store + 'static>) -> Result<Self> {
        File::attach(Medium::Write(store), Operation::Open, Attachment::open)
    }

    /// Creates a file in an object; what the object held is lost at once.
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
