//! Changes of whole files that happen completely or not at all: by way of a copy that takes the
//! place of the old one.

use super::File;
use super::options::open_complete;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::options::{Durability, WriteOptions};
use crate::replace::Replacement;
use crate::storage::changes::{self, Seen};
use crate::storage::libhdf5::{Access, LibFile, is_marked};
use std::fs;
use std::io;
use std::path::Path;

/// Changes a file completely or not at all, as safe as [`save`](crate::save): a copy of it is
/// changed and takes its place when the closure has returned and all is on the disk.
///
/// An error of the closure, a panic, or a process that is killed leaves the file as it was, and so
/// does a loss of power. File systems that can (Btrfs, XFS) share what is equal between the copy
/// and the original, so that it costs no more than what is changed; elsewhere the whole file is
/// copied. Links are followed and permissions kept, as `save` does it; those who have the old file
/// open go on with that. Of two that change the same file at once, the one that is ready first
/// wins, and the other one is told.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("filebacked-atomic-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("runs.h5");
/// filebacked::File::create(&path)?.write("best", &7u32)?;
/// filebacked::update_atomic(&path, |file| {
///     file.update("best", &8u32)?;
///     file.write("run/8", &vec![0.5, 0.25])
/// })?;
/// assert_eq!(filebacked::File::open(&path)?.read::<u32>("best")?, 8);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// What the closure says; whatever keeps the file from being copied or replaced;
/// [`ErrorKind::Changed`] where somebody else has changed or replaced the file since it was copied;
/// [`ErrorKind::StillOpen`] where the closure leaves something open, a [`Lazy`](crate::Lazy) for
/// example: it would read from a file that has another name by then. The file is as it was.
pub fn update_atomic<R>(
    path: impl AsRef<Path>,
    change: impl FnOnce(&File) -> Result<R>,
) -> Result<R> {
    WriteOptions::new().update_atomic(path, change)
}

impl WriteOptions {
    /// Changes a file completely or not at all, with the [durability](WriteOptions::durability) of
    /// these options; see [`update_atomic`]. `Fast` is as `Atomic` here.
    ///
    /// # Errors
    ///
    /// As [`update_atomic`].
    pub fn update_atomic<R>(
        &self,
        path: impl AsRef<Path>,
        change: impl FnOnce(&File) -> Result<R>,
    ) -> Result<R> {
        let path = path.as_ref();
        let durable = self.durability == Durability::Durable;
        update(path, durable, change).map_err(|e| e.during(Operation::Save).in_file(path))
    }
}

fn update<R>(path: &Path, durable: bool, change: impl FnOnce(&File) -> Result<R>) -> Result<R> {
    // What is no file that can be changed costs no copy.
    drop(open_complete(path, false, &Access::default())?);
    let replacement = private(path)?;
    let seen = copy(path, &replacement)?;
    if is_marked(replacement.path()) {
        return Err(crate::error::interrupted());
    }
    let file = File::new(path, Operation::Open, || LibFile::open_private(replacement.path()))?;
    let result = change(&file)?;
    let File { lib, root, .. } = file;
    drop(root);
    lib.flush()?;
    let handles = lib.beside()?;
    if !handles.is_empty() {
        return Err(still_open(handles, "return values, and no handles that read them later"));
    }
    lib.close()?;
    let now = fs::metadata(path);
    let is_same = now.is_ok_and(|now| seen.is_of(&now) && seen.check(&now).is_ok());
    if !is_same {
        return Err(Error::new(ErrorKind::Changed).with_help(
            "somebody else has changed or replaced the file meanwhile: change it once more",
        ));
    }
    replacement.commit(durable)?;
    Ok(result)
}

/// Copies a file into a temporary one, which is for nobody else's eyes, and may be changed whatever
/// the permissions of the file are; what the file was then. The system lets the copy share what it
/// can.
pub(super) fn copy(path: &Path, into: &Replacement) -> Result<Seen> {
    let serial = changes::now();
    let mut old = fs::File::open(path)?;
    let seen = Seen::new(old.metadata()?, serial);
    io::copy(&mut old, &mut into.file()?)?;
    Ok(seen)
}

/// A temporary file that HDF5's library is to write.
pub(super) fn private(target: &Path) -> Result<Replacement> {
    let replacement = Replacement::of(target)?;
    replacement.unlock()?;
    Ok(replacement)
}

#[cold]
pub(super) fn still_open(handles: Vec<String>, help: &str) -> Error {
    Error::new(ErrorKind::StillOpen { handles }).with_help(help)
}
