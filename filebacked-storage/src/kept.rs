//! [`Kept`]: objects that stay open after the call that found them.

use super::{Handle, Source};
use crate::error::Result;
use crate::error::{Error, ErrorKind};
use std::fmt;
use std::path::Path;

/// An object of a file that a handle keeps open, with the file.
pub trait Kept: Send + Sync + fmt::Debug {
    /// Opens the object and calls a function with it, which releases the handle. Another engine may
    /// repeat the call.
    fn look(&self, look: &mut dyn FnMut(&dyn Source, Handle) -> Result<()>) -> Result<()>;

    /// Returns the file, if it has a name.
    fn path(&self) -> Option<&Path>;

    /// Returns the path of the object in the file, for errors; `None` if it is unknown.
    fn place(&self) -> Option<String>;

    /// Returns the place of a dataset's elements in the file, if they have the form of elements in
    /// memory.
    fn locate(&self, dtype: &super::Dtype) -> Result<Piece>;

    /// Returns the same object for libhdf5, if libhdf5 can open it.
    #[cfg(feature = "libhdf5")]
    fn in_library(&self) -> Option<&dyn crate::libhdf5::InLibrary> {
        None
    }
}

/// Contiguous elements of a dataset in a file.
pub struct Piece {
    /// The file that holds the data.
    pub file: std::fs::File,
    /// The offset of the data in the file, in bytes.
    pub offset: u64,
    /// The extent of each dimension.
    pub shape: Vec<u64>,
}

/// The error for elements whose form in the file differs from memory.
#[cold]
pub fn no_piece(what: &str) -> Error {
    let error = Error::new(ErrorKind::Unsupported(format!("{what} cannot be mapped")));
    error.with_help("use `read`; only contiguous datasets of files on the disk can be mapped")
}

/// The error of changing a file that was opened for reading.
#[cold]
pub fn read_only() -> Error {
    Error::new(ErrorKind::ReadOnly)
        .with_help("open the file with `File::open_rw`, and read handles from that `File`")
}
