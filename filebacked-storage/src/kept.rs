//! [`Kept`]: objects that stay reachable when the call that met them is over.

use super::{Handle, Source};
use crate::error::Result;
use crate::error::{Error, ErrorKind};
use std::fmt;
use std::path::Path;

/// An object of a file that somebody holds on to. The file stays open until it goes.
pub trait Kept: Send + Sync + fmt::Debug {
    /// Opens the object and looks at it; the handle is the caller's to release. A look may be
    /// repeated, by another engine.
    fn look(&self, look: &mut dyn FnMut(&dyn Source, Handle) -> Result<()>) -> Result<()>;

    /// The file, if it has a name.
    fn path(&self) -> Option<&Path>;

    /// The path of the object in the file, to be named in an error; `None` where that cannot be
    /// told.
    fn place(&self) -> Option<String>;

    /// Where the elements of a dataset lie in the file, if they lie there as a machine has elements
    /// of this type in memory.
    fn locate(&self, dtype: &super::Dtype) -> Result<Piece>;

    /// The same object for the HDF5 library, where the library can open it.
    #[cfg(feature = "libhdf5")]
    fn in_library(&self) -> Option<&dyn crate::libhdf5::InLibrary> {
        None
    }
}

/// The elements of a dataset as bytes of a file, one after another.
pub struct Piece {
    /// The file that holds the data.
    pub file: std::fs::File,
    /// Where the data starts in the file, in bytes.
    pub offset: u64,
    /// The extent of each dimension.
    pub shape: Vec<u64>,
}

/// The error where elements do not lie in the file as they would in memory.
#[cold]
pub fn no_piece(what: &str) -> Error {
    let error = Error::new(ErrorKind::Unsupported(format!("{what} cannot be mapped")));
    error
        .with_help("`read` it; what is mapped has to be a contiguous dataset of a file on the disk")
}

/// The error of a change to what was opened to be read.
#[cold]
pub fn read_only() -> Error {
    Error::new(ErrorKind::ReadOnly)
        .with_help("open the file with `File::open_rw`; a handle must have been read from that")
}
