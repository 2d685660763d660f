//! Which files this process has opened to change them: what handles must know that read files without asking the C library.
//!
//! The time of a file's last change has ticks of some milliseconds, in which a change leaves no trace, and may be set. What
//! this process does to its own files it knows better. (A file that is open to be changed says so in its superblock, and our
//! own engine leaves it to the library.)

use crate::error::{ErrorKind, Result};
use std::collections::HashMap;
use std::fs::Metadata;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many files were opened to be changed.
static SERIAL: AtomicU64 = AtomicU64::new(0);

/// Which of these openings was the last of each file.
static FILES: Mutex<Option<HashMap<Key, u64>>> = Mutex::new(None);

/// From so many files on, the older half is forgotten: their changes are long enough ago for times to tell.
const MANY: usize = 4096;

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

fn files() -> MutexGuard<'static, Option<HashMap<Key, u64>>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What to ask `since` with later.
pub(crate) fn now() -> u64 {
    SERIAL.load(Ordering::Acquire)
}

/// A file was opened to be changed, or is about to be.
pub(crate) fn note(path: &Path) {
    let Some(key) = std::fs::metadata(path).ok().as_ref().and_then(key) else { return };
    let mut files = files();
    let files = files.get_or_insert_default();
    let serial = now() + 1;
    if files.len() >= MANY {
        files.retain(|_, last| *last + MANY as u64 / 2 > serial);
    }
    files.insert(key, serial);
    SERIAL.store(serial, Ordering::Release);
}

/// What a file was when it was opened.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) found: Metadata,
    /// What [`now`] said before that.
    serial: u64,
}

impl Seen {
    pub(crate) fn new(found: Metadata, serial: u64) -> Self {
        Seen { found, serial }
    }

    /// Whether this is the same file, whatever is in it. Elsewhere than on Unix nobody can tell.
    #[cfg(feature = "libhdf5")]
    pub(crate) fn is_of(&self, now: &Metadata) -> bool {
        key(now) == key(&self.found)
    }

    /// Refuses a file that somebody has written to since: what is known of it is no longer true.
    pub(crate) fn check(&self, now: &Metadata) -> Result<()> {
        let same = now.len() == self.found.len() && now.modified().ok() == self.found.modified().ok();
        // Within one tick of the file system's clock, another program's change is not told from none.
        if same && !since(now, self.serial) { Ok(()) } else { Err(ErrorKind::Changed.into()) }
    }
}

/// Whether this process has opened a file to change it since [`now`] was asked.
fn since(found: &Metadata, serial: u64) -> bool {
    if now() == serial {
        return false;
    }
    let Some(key) = key(found) else { return false };
    files().as_ref().and_then(|files| files.get(&key)).is_some_and(|last| *last > serial)
}
