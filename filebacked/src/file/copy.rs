//! [`CopyOptions`]: objects copied as they are stored, in a file and between files.

use super::group::{Group, walk};
use crate::error::{Operation, Result};
use crate::storage::libhdf5;

/// What is copied along with an object.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{CopyOptions, File};
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-copy-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// let runs = File::create(dir.join("runs.h5"))?;
/// runs.write("7/loss", &[0.5, 0.25])?;
/// runs.create_soft_link("7/best", "loss")?;
/// let best = File::create(dir.join("best.h5"))?;
///
/// // The link becomes what it leads to.
/// CopyOptions::new().expand_soft(true).copy(&runs, "7", &best, "run")?;
/// assert_eq!(best.read::<Vec<f64>>("run/best")?, [0.5, 0.25]);
/// assert!(best.entry("run/best")?.is_some_and(|entry| entry.is_dataset()));
/// # drop((runs, best)); std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct CopyOptions {
    flags: u32,
}

/// The flags of `H5Ocopy`.
const SHALLOW: u32 = 1;
const EXPAND_SOFT: u32 = 2;
const EXPAND_EXTERNAL: u32 = 4;
const EXPAND_REFERENCES: u32 = 8;
const WITHOUT_ATTRIBUTES: u32 = 16;

impl CopyOptions {
    /// The usual options: all that is below an object, with attributes, and links as links.
    pub fn new() -> Self {
        Self::default()
    }

    fn set(mut self, flag: u32, on: bool) -> Self {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
        self
    }

    /// Of a group only its immediate members: groups among them are copied empty.
    pub fn shallow(self, on: bool) -> Self {
        self.set(SHALLOW, on)
    }

    /// Soft links below the object become copies of what they lead to.
    pub fn expand_soft(self, on: bool) -> Self {
        self.set(EXPAND_SOFT, on)
    }

    /// External links below the object become copies of what they lead to.
    pub fn expand_external(self, on: bool) -> Self {
        self.set(EXPAND_EXTERNAL, on)
    }

    /// Objects that references lead to are copied too, and the references lead to the copies.
    /// Without it, references in a copy that is in another file lead nowhere.
    pub fn expand_references(self, on: bool) -> Self {
        self.set(EXPAND_REFERENCES, on)
    }

    /// Leaves out attributes, those that tell this library how to read groups among them.
    pub fn without_attributes(self, on: bool) -> Self {
        self.set(WITHOUT_ATTRIBUTES, on)
    }

    /// Copies an object to a new name in a group, of the same file or of another. Nothing is
    /// decoded. A link to the object is followed; groups on the way to the new name are made.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`](crate::ErrorKind::Missing),
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists),
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly), or what HDF5 says.
    pub fn copy(&self, from: &Group, path: &str, into: &Group, new: &str) -> Result<()> {
        let object = from.along(Operation::Change, path, walk)?;
        into.make(new, |group, name| libhdf5::copy(&object, group, name, self.flags))
    }
}

impl Group {
    /// Copies an object to a new name in the same file, with all that is below it. See
    /// [`CopyOptions`].
    ///
    /// # Errors
    ///
    /// As [`CopyOptions::copy`].
    pub fn copy(&self, from: &str, to: &str) -> Result<()> {
        CopyOptions::new().copy(self, from, self, to)
    }

    /// Copies an object to a new name in another group, which may be in another file. See
    /// [`CopyOptions`].
    ///
    /// # Errors
    ///
    /// As [`CopyOptions::copy`].
    pub fn copy_to(&self, from: &str, into: &Group, to: &str) -> Result<()> {
        CopyOptions::new().copy(self, from, into, to)
    }
}
