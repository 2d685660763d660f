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

/// Refuses a file that others have open, to read it or to write it: its bytes are about to go.
pub fn refuse_used(path: &Path) -> Result<()> {
    // The C library would not write beside a lock of this process.
    lock(path, true).map(drop)
}

fn lock(path: &Path, alone: bool) -> Result<Option<File>> {
    let Ok(file) = temporary::look(path) else { return Ok(None) };
    if temporary::lock(&file, alone)? == Some(false) {
        wait(path, &file, alone)?;
    }
    Ok(Some(file))
}

#[cold]
fn wait(path: &Path, file: &File, alone: bool) -> Result<()> {
    // A user who switches locks off does not want to be stopped by other locks.
    if std::env::var_os("HDF5_USE_FILE_LOCKING").is_some_and(|said| said == "FALSE" || said == "0")
    {
        return Ok(());
    }
    for _ in 0..TRIES {
        std::thread::sleep(PAUSE);
        if temporary::lock(file, alone)? != Some(false) {
            return Ok(());
        }
    }
    let handles = super::holders(path)?;
    if !handles.is_empty() {
        let help =
            if alone { "drop them" } else { "close it first: later writes to it would be lost" };
        return Err(Error::new(ErrorKind::StillOpen { handles }).with_help(help));
    }
    let help = if alone {
        "wait until it is closed"
    } else {
        "wait until it is closed: later writes to it would be lost"
    };
    Err(Error::new(ErrorKind::Locked).with_help(help))
}
