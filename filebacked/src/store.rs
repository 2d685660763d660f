//! [`ReadAt`] and [`Store`]: objects that hold the bytes of a file. Functions that save and load
//! whole values in them.

pub use filebacked_storage::store::{Image, Memory, ReadAt, Seekable, Store};

use crate::backed::{FileBacked, Save};
use crate::error::{Operation, Result};
use crate::options::{ReadOptions, WriteOptions};
use crate::storage::engine::{Medium, Target};
use crate::whole;
use std::sync::Arc;

/// Saves a value as a whole file in a store, and replaces its content.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::store::Memory;
/// use std::sync::Arc;
///
/// let memory = Arc::new(Memory::new());
/// filebacked::store::save_to(memory.clone(), &vec![0.5, 0.25])?;
/// assert_eq!(filebacked::store::load_from::<Vec<f64>>(memory)?, [0.5, 0.25]);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// As [`save`](crate::save), and errors of the store as [`ErrorKind::Io`](crate::ErrorKind::Io).
/// After an error the content of the store is unspecified, since a store cannot keep the old file
/// meanwhile.
pub fn save_to<T: Save + ?Sized>(store: Arc<impl Store + 'static>, value: &T) -> Result<()> {
    WriteOptions::new().save_to(store, value)
}

/// Loads a value from the whole file in a store. See [`save_to`] for an example.
///
/// Only the requested parts are read. Handles such as [`Lazy`](crate::Lazy) share ownership of the
/// store.
///
/// # Errors
///
/// As [`load`](crate::load), and errors of the store as [`ErrorKind::Io`](crate::ErrorKind::Io).
pub fn load_from<T: FileBacked>(store: Arc<impl ReadAt + 'static>) -> Result<T> {
    ReadOptions::new().load_from(store)
}

impl WriteOptions {
    /// Saves a value as a whole file in a store; see [`save_to`].
    ///
    /// # Errors
    ///
    /// As [`save_to`].
    pub fn save_to<T: Save + ?Sized>(
        &self,
        store: Arc<impl Store + 'static>,
        value: &T,
    ) -> Result<()> {
        let save = || {
            whole::check(value, self)?;
            let store: Arc<dyn Store> = store;
            whole::write(Target::Store(&store), value, self).map(drop)
        };
        save().map_err(|e| e.during(Operation::Save))
    }
}

impl ReadOptions {
    /// Loads a value from the whole file in a store; see [`load_from`].
    ///
    /// # Errors
    ///
    /// As [`load_from`].
    pub fn load_from<T: FileBacked>(&self, store: Arc<impl ReadAt + 'static>) -> Result<T> {
        let store: Arc<dyn ReadAt> = store;
        whole::read(Medium::Store(&store), self).map_err(|e| e.during(Operation::Load))
    }
}
