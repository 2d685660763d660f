//! [`Kept`]: objects that stay reachable when the call that met them is over.

use super::{Handle, Source};
use crate::error::Result;
#[cfg(feature = "libhdf5")]
use crate::error::{Error, ErrorKind};
use std::fmt;
use std::path::Path;

/// An object of a file that somebody holds on to. The file stays open until it goes.
pub(crate) trait Kept: Send + Sync + fmt::Debug {
    /// Opens the object and looks at it; the handle is the caller's to release. A look may be repeated, by another engine.
    fn look(&self, look: &mut dyn FnMut(&dyn Source, Handle) -> Result<()>) -> Result<()>;

    /// The file, if it has a name.
    fn path(&self) -> Option<&Path>;

    /// Opens the object with the C library.
    #[cfg(feature = "libhdf5")]
    fn with_hdf5(&self, look: &mut dyn FnMut(&super::libhdf5::Id) -> Result<()>) -> Result<()>;

    /// Whether it is this object of an open file.
    #[cfg(feature = "libhdf5")]
    fn is_at(&self, object: &super::libhdf5::Id) -> Result<bool>;

    /// Opens the object to change it; [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly) where its file was opened to be
    /// read.
    #[cfg(feature = "libhdf5")]
    fn edit(&self, change: &mut dyn FnMut(&super::libhdf5::Id) -> Result<()>) -> Result<()> {
        let _ = change;
        Err(read_only())
    }
}

/// The error of a change to what was opened to be read.
#[cfg(feature = "libhdf5")]
#[cold]
pub(crate) fn read_only() -> Error {
    Error::new(ErrorKind::ReadOnly).with_help("open the file with `File::open_rw`, and read the handle from that")
}
