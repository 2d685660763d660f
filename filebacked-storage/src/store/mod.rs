//! [`ReadAt`] and [`Store`]: objects that hold the bytes of a file, in place of a file of the
//! operating system.
//!
//! A file can be in any object that is read and written at an offset: memory ([`Memory`]), an open
//! [`std::fs::File`], any `Read + Write + Seek` ([`Seekable`]), existing bytes ([`Image`]), or your
//! own type. `File` opens and creates files in stores; `load_from` and `save_to` handle whole
//! files.
//!
//! ```
//! # fn main() -> filebacked::Result<()> {
//! use filebacked::store::{ReadAt, Store};
//! use std::io;
//! use std::sync::{Arc, Mutex, PoisonError};
//!
//! #[derive(Default)]
//! struct Shelf(Mutex<Vec<u8>>);
//!
//! impl Shelf {
//!     fn with<R>(&self, look: impl FnOnce(&mut Vec<u8>) -> R) -> R {
//!         look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
//!     }
//! }
//!
//! impl ReadAt for Shelf {
//!     fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
//!         self.with(|bytes| bytes.as_slice().read_at(offset, buffer))
//!     }
//!     fn size(&self) -> io::Result<u64> {
//!         self.with(|bytes| Ok(bytes.len() as u64))
//!     }
//! }
//!
//! impl Store for Shelf {
//!     fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
//!         let start = offset as usize;
//!         self.with(|bytes| {
//!             bytes.resize(bytes.len().max(start + data.len()), 0);
//!             bytes[start..start + data.len()].copy_from_slice(data);
//!         });
//!         Ok(data.len())
//!     }
//!     fn set_size(&self, size: u64) -> io::Result<()> {
//!         self.with(|bytes| bytes.resize(size as usize, 0));
//!         Ok(())
//!     }
//!     fn sync(&self) -> io::Result<()> {
//!         Ok(())
//!     }
//! }
//!
//! let shelf = Arc::new(Shelf::default());
//! # #[cfg(feature = "libhdf5")] {
//! let file = filebacked::File::create_store(shelf.clone())?;
//! file.write("run/7", &vec![0.5, 0.25])?;
//! file.close()?; // says whether the store has everything
//! assert_eq!(filebacked::File::open_store(shelf.clone())?.read::<Vec<f64>>("run/7")?, [0.5, 0.25]);
//! # }
//! // The object is the caller's again when the file and all that was read from it later is gone.
//! let bytes: Vec<u8> = Arc::into_inner(shelf).expect("the last owner").0.into_inner().unwrap();
//! # let _ = bytes;
//! # Ok(()) }
//! ```
//!
//! # Rules for stores
//!
//! HDF5 is locked while the methods of a store are called, by any thread that reads or writes a
//! value, and by the thread that drops the last handle. Slow methods make all other users of HDF5
//! wait. A store **must not** use HDF5, nor wait for a thread that does: that is a deadlock.
//!
//! # Errors of stores
//!
//! The `io::Error` becomes the source of the call's [`Error`](crate::Error), with the kind
//! [`ErrorKind::Io`](crate::ErrorKind::Io). A panic becomes an error too. HDF5 writes late: data of
//! `File::write` may fail to reach the store only when the file is flushed or closed, so check
//! `File::flush` and `File::close`. Dropping a file whose store fails is safe, but loses unwritten
//! data.

mod disk;
mod memory;
mod seekable;

pub use memory::{Image, Memory};
pub use seekable::Seekable;

use std::fmt;
use std::io;
use std::sync::Arc;

/// An object whose bytes can be read at any offset: the reading half of a [`Store`]. See the
/// [module](crate::store) for an example.
pub trait ReadAt: Send + Sync {
    /// Reads bytes at `offset` into the beginning of a buffer, and returns their number. If they
    /// are fewer than the buffer, another call reads the rest; 0 means the end of the bytes.
    ///
    /// # Errors
    ///
    /// Any error of the object. After the kind [`Interrupted`](io::ErrorKind::Interrupted) the call is
    /// repeated.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Returns the number of bytes.
    ///
    /// # Errors
    ///
    /// Any error of the object.
    fn size(&self) -> io::Result<u64>;

    /// Returns all bytes, if they lie in memory and never change, so that they need not be copied.
    fn as_bytes(&self) -> Option<&[u8]> {
        None
    }
}

impl fmt::Debug for dyn ReadAt + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadAt").finish_non_exhaustive()
    }
}

/// An object whose bytes can be read and written at any offset, like a file.
///
/// See the [module](crate::store) for an example, and for rules that a store must follow.
pub trait Store: ReadAt {
    /// Writes bytes at `offset`, and returns the number of bytes written; another call writes the
    /// rest. Bytes between the old end and the offset become zeros.
    ///
    /// # Errors
    ///
    /// Any error of the object. After the kind [`Interrupted`](io::ErrorKind::Interrupted) the call is
    /// repeated.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize>;

    /// Truncates the bytes to a size, or appends zeros up to it.
    ///
    /// # Errors
    ///
    /// Any error of the object.
    fn set_size(&self, size: u64) -> io::Result<()>;

    /// Makes all written data durable. It is called when a file is flushed and closed.
    ///
    /// # Errors
    ///
    /// Any error of the object.
    fn sync(&self) -> io::Result<()>;
}

macro_rules! as_what_it_holds {
    ($($pointer:ident)*) => {$(
        impl<S: ReadAt + ?Sized> ReadAt for $pointer<S> {
            fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
                (**self).read_at(offset, buffer)
            }

            fn size(&self) -> io::Result<u64> {
                (**self).size()
            }

            fn as_bytes(&self) -> Option<&[u8]> {
                (**self).as_bytes()
            }
        }

        impl<S: Store + ?Sized> Store for $pointer<S> {
            fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
                (**self).write_at(offset, data)
            }

            fn set_size(&self, size: u64) -> io::Result<()> {
                (**self).set_size(size)
            }

            fn sync(&self) -> io::Result<()> {
                (**self).sync()
            }
        }
    )*};
}

as_what_it_holds!(Arc Box);

/// Fills a buffer as far as there are bytes, and says how many were read; the rest of it is zeros
/// as it was given.
pub fn fill(from: &dyn ReadAt, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match from.read_at(offset.saturating_add(done as u64), rest) {
            Ok(0) => break,
            Ok(read) if read > rest.len() => return Err(more_than_asked()),
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Writes all of some bytes.
pub fn put(to: &dyn Store, offset: u64, data: &[u8]) -> io::Result<()> {
    let mut done = 0;
    while let Some(rest) = data.get(done..).filter(|rest| !rest.is_empty()) {
        match to.write_at(offset.saturating_add(done as u64), rest) {
            Ok(0) => {
                return Err(io::Error::new(
                    io::ErrorKind::WriteZero,
                    "the store accepts no more bytes",
                ));
            }
            Ok(written) if written > rest.len() => return Err(more_than_asked()),
            Ok(written) => done += written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cold]
fn more_than_asked() -> io::Error {
    io::Error::other("the store reports more bytes than it was asked for")
}
