//! [`CopyOptions`]: copies objects as they are stored, within a file and between files.

use super::group::{Group, walk};
use crate::error::{Operation, Result};
use crate::storage::libhdf5;

/// Chooses the parts that are copied with an object.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::file::CopyOptions;
/// use filebacked::File;
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
    /// Returns the default options: copy everything below an object, with attributes, and links as
    /// links.
    pub fn new() -> Self {
        Self::default()
    }

    fn set(mut self, flag: u32, on: bool) -> Self {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
        self
    }

    /// Copies only the immediate members of a group; groups among them are copied empty.
    pub fn shallow(self, on: bool) -> Self {
        self.set(SHALLOW, on)
    }

    /// Replaces soft links below the object by copies of their targets.
    pub fn expand_soft(self, on: bool) -> Self {
        self.set(EXPAND_SOFT, on)
    }

    /// Replaces external links below the object by copies of their targets.
    pub fn expand_external(self, on: bool) -> Self {
        self.set(EXPAND_EXTERNAL, on)
    }

    /// Copies the targets of references too, and lets the references lead to the copies. Otherwise
    /// references in a copy in another file have no target.
    pub fn expand_references(self, on: bool) -> Self {
        self.set(EXPAND_REFERENCES, on)
    }

    /// Leaves out attributes, including those that tell this crate how to read groups.
    pub fn without_attributes(self, on: bool) -> Self {
        self.set(WITHOUT_ATTRIBUTES, on)
    }

    /// Copies an object to a new name in a group of the same or another file, without decoding it.
    /// A link to the object is followed; missing groups on the path of the new name are created.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`](crate::ErrorKind::Missing),
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists),
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly), or any error of libhdf5.
    pub fn copy(&self, from: &Group, path: &str, into: &Group, new: &str) -> Result<()> {
        let object = from.along(Operation::Change, path, walk)?;
        into.make(new, |group, name| libhdf5::copy(&object, group, name, self.flags))
    }
}

impl Group {
    /// Copies an object, with everything below it, to a new name in the same file. See
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
