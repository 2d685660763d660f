//! The file that is replaced: locked as readers lock it, so that what others write to it is not
//! lost.

use crate::error::{Error, ErrorKind, Result};
use crate::temporary;
use std::fs::{self, File, Metadata};
use std::path::Path;
use std::time::Duration;

/// A process that only checks for locks may hold one for a moment.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(5);

/// The existing file at a target. While this value lives, HDF5 does not open it for writing.
#[derive(Debug)]
pub(super) struct Old {
    pub(super) found: Metadata,
    /// Holds the lock. None of a file that may not be read.
    _file: Option<File>,
}

impl Old {
    /// Locks the plain file of this name, unless a process writes it.
    pub(super) fn lock(path: &Path, found: Metadata) -> Result<Self> {
        Ok(Old { found, _file: lock(path, false)? })
    }

    /// The file that has this name now: the same file, or a newer one.
    pub(super) fn again(old: Option<Self>, path: &Path) -> Result<Option<Self>> {
        let now = match fs::symlink_metadata(path) {
            Ok(now) if now.is_file() => now,
            _ => return Ok(old),
        };
        match old {
            Some(old) if is_same(&old.found, &now) => Ok(Some(old)),
            _ => Old::lock(path, now).map(Some),
        }
    }
}

#[cfg(unix)]
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// Refuses a name that a file will get which a process is writing.
pub(super) fn refuse_new(path: &Path) -> Result<()> {
    #[cfg(unix)]
    if crate::journal::is_used(path) {
        return Err(in_use(path, false)?);
    }
    let _ = path;
    Ok(())
}

/// Refuses a file that others have open, to read it or to write it: its bytes are about to go.
pub fn refuse_used(path: &Path) -> Result<()> {
    // The C library would not write beside a lock of this process.
    lock(path, true).map(drop)
}

fn lock(path: &Path, alone: bool) -> Result<Option<File>> {
    let Ok(file) = temporary::look(path) else { return Ok(None) };
    if !is_free(path, &file, alone)? {
        wait(path, &file, alone)?;
    }
    Ok(Some(file))
}

/// Locks a file, and says whether nobody keeps that from happening: writers with a journal lock that.
fn is_free(path: &Path, file: &File, alone: bool) -> Result<bool> {
    if temporary::lock(file, alone)? == Some(false) {
        return Ok(false);
    }
    #[cfg(unix)]
    return Ok(!crate::journal::is_used(path));
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(true)
    }
}

#[cold]
fn wait(path: &Path, file: &File, alone: bool) -> Result<()> {
    // A user who switches locks off does not want to be stopped by other locks.
    if temporary::is_locking_off() {
        return Ok(());
    }
    for _ in 0..TRIES {
        std::thread::sleep(PAUSE);
        if is_free(path, file, alone)? {
            return Ok(());
        }
    }
    Err(in_use(path, alone)?)
}

/// The error of a file that this process or another one has open.
#[cold]
fn in_use(path: &Path, alone: bool) -> Result<Error> {
    let handles = super::holders(path)?;
    if !handles.is_empty() {
        let help =
            if alone { "drop them" } else { "close it first: later writes to it would be lost" };
        return Ok(Error::new(ErrorKind::StillOpen { handles }).with_help(help));
    }
    let help = if alone {
        "wait until it is closed"
    } else {
        "wait until it is closed: later writes to it would be lost"
    };
    Ok(Error::new(ErrorKind::Locked).with_help(help))
}
