//! Which files this process has opened to change them: what handles must know that read files
//! without asking the C library.
//!
//! The modification time of a file has ticks of some milliseconds, within which a change leaves no
//! trace, and programs can set it. For its own files, this process records changes instead. (A file
//! that is open for writing is marked in its superblock, and the native engine leaves it to
//! libhdf5.)

use super::openings::Openings;
use crate::error::{ErrorKind, Result};
use crate::sync::{AtomicU64, Mutex};
use std::fs::Metadata;
use std::path::Path;

/// Which files were opened to be changed. Of many the older half is forgotten: their changes are
/// long enough ago for times to tell.
static OPENINGS: Openings<Key> = Openings { serial: AtomicU64::new(0), files: Mutex::new(None) };

type Key = (u64, u64);

#[cfg(unix)]
fn key(found: &Metadata) -> Option<Key> {
    use std::os::unix::fs::MetadataExt;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn key(_: &Metadata) -> Option<Key> {
    None
}

/// The state to pass to `since` later.
pub fn now() -> u64 {
    OPENINGS.now()
}

/// A file was opened to be changed, or is about to be.
pub fn note(path: &Path) {
    if let Some(key) = std::fs::metadata(path).ok().as_ref().and_then(key) {
        OPENINGS.note(key);
    }
}

/// The state of a file when it was opened.
#[derive(Debug)]
pub struct Seen {
    /// Its metadata at that time.
    pub found: Metadata,
    /// The earlier result of [`now`].
    serial: u64,
}

impl Seen {
    /// The state of a file, with the number of openings of that time.
    pub fn new(found: Metadata, serial: u64) -> Self {
        Seen { found, serial }
    }

    /// Whether this is the same file, with any content. Only Unix can tell.
    pub fn is_of(&self, now: &Metadata) -> bool {
        key(now) == key(&self.found)
    }

    /// Refuses a file that was written to since, because cached state is no longer valid.
    pub fn check(&self, now: &Metadata) -> Result<()> {
        let same =
            now.len() == self.found.len() && now.modified().ok() == self.found.modified().ok();
        // Within one tick of the file system's clock, another program's change is not told from
        // none.
        if same && !since(now, self.serial) { Ok(()) } else { Err(ErrorKind::Changed.into()) }
    }
}

/// Whether this process has opened a file to change it since [`now`] was asked.
fn since(found: &Metadata, serial: u64) -> bool {
    OPENINGS.since(|| key(found), serial)
}
