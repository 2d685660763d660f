//! Changes whole files completely or not at all, by changing a copy that replaces the old file.

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

/// Changes a file completely or not at all, as safely as [`save`](crate::save). The closure changes
/// a copy, which replaces the file once the closure has returned and everything is on the disk.
///
/// An error of the closure, a panic, a kill or a power cut leaves the file unchanged. On Btrfs and
/// XFS the copy shares unchanged data with the original, so only the changes cost space; elsewhere
/// the whole file is copied. As with `save`, links are followed and permissions kept, and readers
/// of the old file keep it. If two calls change the same file at once, the first to finish wins,
/// and the other fails.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("filebacked-atomic-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("runs.h5");
/// filebacked::File::create(&path)?.write("best", &7u32)?;
/// filebacked::file::update_atomic(&path, |file| {
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
/// Errors of the closure, and of copying and replacing the file. [`ErrorKind::Changed`] if another
/// program has changed or replaced the file since it was copied. [`ErrorKind::StillOpen`] if the
/// closure leaves a handle open, such as a [`Lazy`](crate::Lazy). After an error the file is
/// unchanged.
pub fn update_atomic<R>(
    path: impl AsRef<Path>,
    change: impl FnOnce(&File) -> Result<R>,
) -> Result<R> {
    WriteOptions::new().update_atomic(path, change)
}

impl WriteOptions {
    /// Changes a file completely or not at all, with the [durability](WriteOptions::durability) of
    /// these options; see [`update_atomic`]. Here `Fast` means `Atomic`.
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
    // A file that cannot be changed is refused before it is copied.
    drop(open_complete(path, false, &Access::default())?);
    let replacement = private(path)?;
    let seen = copy(path, &replacement)?;
    if is_marked(replacement.path()) {
        return Err(crate::storage::error::interrupted());
    }
    let file = File::new(path, Operation::Open, || LibFile::open_private(replacement.path()))?;
    let result = change(&file)?;
    let File { lib, root, .. } = file;
    drop(root);
    lib.flush()?;
    let handles = lib.beside()?;
    if !handles.is_empty() {
        return Err(still_open(handles, "return values instead of handles that read them later"));
    }
    lib.close()?;
    let now = fs::metadata(path);
    let is_same = now.is_ok_and(|now| seen.is_of(&now) && seen.check(&now).is_ok());
    if !is_same {
        return Err(Error::new(ErrorKind::Changed).with_help(
            "another process changed or replaced the file meanwhile; make the change again",
        ));
    }
    replacement.commit(durable)?;
    Ok(result)
}

/// Copies a file into a temporary one that only the owner can read and write, whatever the
/// permissions of the file. Returns the state of the file at that time. The copy shares data with
/// the file if the system can.
pub(super) fn copy(path: &Path, into: &Replacement) -> Result<Seen> {
    let serial = changes::now();
    let mut old = fs::File::open(path)?;
    let seen = Seen::new(old.metadata()?, serial);
    io::copy(&mut old, &mut into.file()?)?;
    Ok(seen)
}

/// Creates a temporary file for libhdf5 to write.
pub(super) fn private(target: &Path) -> Result<Replacement> {
    let replacement = Replacement::of(target)?;
    replacement.unlock()?;
    Ok(replacement)
}

#[cold]
pub(super) fn still_open(handles: Vec<String>, help: &str) -> Error {
    Error::new(ErrorKind::StillOpen { handles }).with_help(help)
}
