//! [`Kept`]: objects that stay reachable when the call that met them is over.

use super::{Handle, Source};
use crate::error::Result;
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
}
