//! [`ReadAt`] and [`Store`]: objects that hold the bytes of a file, where that is not a file of the
//! operating system.
//!
//! A file lives in whatever can be read and written at a place: memory ([`Memory`]), an open
//! [`std::fs::File`], anything with `Read + Write + Seek` ([`Seekable`]), bytes of others
//! ([`Image`]), or a type of your own. `File` opens and creates files in stores;
//! `load_from` and `save_to` are a whole file.
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
//! # What an object must not do
//!
//! Its methods are called while the HDF5 library is locked, by whatever thread reads or writes a
//! value, and by the one that drops the last handle. They may take their time, but everybody else
//! waits; and they **must not** use HDF5, nor wait for a thread that does: that is a deadlock.
//!
//! # When an object fails
//!
//! The `io::Error` is the source of the [`Error`](crate::Error) of the call that met it, whose kind
//! is [`ErrorKind::Io`](crate::ErrorKind::Io); a panic becomes an error too. HDF5 writes late: what
//! `File::write` has written may fail when the file is flushed or closed, so
//! that only `File::flush` and `File::close` know that
//! the store has it. Dropping a file whose store fails is safe, and loses what was not written.

mod disk;
mod memory;
mod seekable;

pub use memory::{Image, Memory};
pub use seekable::Seekable;

use std::fmt;
use std::io;
use std::sync::Arc;

/// An object whose bytes can be read at any place: half of a [`Store`].
pub trait ReadAt: Send + Sync {
    /// Reads into the beginning of a buffer what lies at `offset` bytes from the start, and says
    /// how many bytes that were: fewer than the buffer has are asked for again, none means that the
    /// bytes end here.
    ///
    /// # Errors
    ///
    /// The object's own; one of kind [`Interrupted`](io::ErrorKind::Interrupted) has the call
    /// repeated.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// How many bytes there are.
    ///
    /// # Errors
    ///
    /// The object's own.
    fn size(&self) -> io::Result<u64>;

    /// All the bytes, where they lie in memory and stay the same as long as the object lives: then
    /// they need not be copied.
    fn as_bytes(&self) -> Option<&[u8]> {
        None
    }
}

impl fmt::Debug for dyn ReadAt + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadAt").finish_non_exhaustive()
    }
}

/// An object whose bytes can be read and written at any place: what a file is for the operating
/// system.
///
/// See the [module](crate::store) for an example, and for what an object must not do.
pub trait Store: ReadAt {
    /// Writes the beginning of some bytes at `offset` bytes from the start, and says how many bytes
    /// that were: the rest is written by another call. Bytes between the old end and the offset
    /// become zeros.
    ///
    /// # Errors
    ///
    /// The object's own; one of kind [`Interrupted`](io::ErrorKind::Interrupted) has the call
    /// repeated.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize>;

    /// Cuts the bytes off at a size, or appends zeros up to it.
    ///
    /// # Errors
    ///
    /// The object's own.
    fn set_size(&self, size: u64) -> io::Result<()>;

    /// Makes everything that was written stay, whatever happens then. Called when a file is flushed
    /// and when it is closed.
    ///
    /// # Errors
    ///
    /// The object's own.
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
                    "the store takes no more bytes",
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
    io::Error::other("the store says that it moved more bytes than there were")
}
