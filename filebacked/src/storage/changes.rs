//! Which files this process has opened to change them: what those must know who read files without asking the C library.
//!
//! The time of a file's last change has ticks of some milliseconds, in which a change leaves no trace. What this process does
//! to its own files it knows better.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many files were opened to be changed.
static SERIAL: AtomicU64 = AtomicU64::new(0);

/// When each was opened last, and whether it may be open still.
static FILES: Mutex<Option<HashMap<Key, Opening>>> = Mutex::new(None);

/// From so many files on, those are forgotten that were closed: long enough ago for their times to tell.
const MANY: usize = 4096;

type Key = (u64, u64);

struct Opening {
    serial: u64,
    #[cfg_attr(not(feature = "libhdf5"), allow(dead_code))]
    maybe_open: bool,
}

#[cfg(unix)]
fn key(found: &Metadata) -> Option<Key> {
    use std::os::unix::fs::MetadataExt;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn key(_: &Metadata) -> Option<Key> {
    None
}

fn files() -> MutexGuard<'static, Option<HashMap<Key, Opening>>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What to ask [`since`] with later.
pub(crate) fn now() -> u64 {
    SERIAL.load(Ordering::Acquire)
}

/// The files that the C library has open to change them; `None` where it does not say.
#[cfg(feature = "libhdf5")]
fn open_for_writing() -> Option<Vec<Key>> {
    let paths = super::libhdf5::open_for_writing().ok()?;
    Some(paths.iter().filter_map(|path| key(&std::fs::metadata(path).ok()?)).collect())
}

/// There is none.
#[cfg(not(feature = "libhdf5"))]
fn open_for_writing() -> Option<Vec<Key>> {
    Some(Vec::new())
}

/// A file was opened to be changed, or is about to be.
pub(crate) fn note(path: &Path) {
    let Some(key) = std::fs::metadata(path).ok().as_ref().and_then(key) else { return };
    // The lock of the library comes before the one here, wherever both are held.
    let is_full = files().as_ref().is_some_and(|files| files.len() >= MANY);
    let open = if is_full { open_for_writing() } else { None };
    let mut files = files();
    let files = files.get_or_insert_default();
    if let Some(open) = open {
        files.retain(|key, _| open.contains(key));
    }
    let serial = SERIAL.load(Ordering::Acquire) + 1;
    files.insert(key, Opening { serial, maybe_open: true });
    SERIAL.store(serial, Ordering::Release);
}

/// Whether this process has opened a file to change it since [`now`] was asked.
pub(crate) fn since(found: &Metadata, serial: u64) -> bool {
    if now() == serial {
        return false;
    }
    let Some(key) = key(found) else { return false };
    files().as_ref().and_then(|files| files.get(&key)).is_some_and(|opening| opening.serial > serial)
}

/// Whether this process has a file open to change it: what is on the disk may then be half of it.
#[cfg(feature = "libhdf5")]
pub(crate) fn is_under_way(found: &Metadata) -> bool {
    if now() == 0 {
        return false;
    }
    let Some(key) = key(found) else { return false };
    let maybe_open = |files: &HashMap<Key, Opening>| files.get(&key).filter(|o| o.maybe_open).map(|o| o.serial);
    let Some(serial) = files().as_ref().and_then(maybe_open) else { return false };
    if open_for_writing().is_none_or(|open| open.contains(&key)) {
        return true;
    }
    if let Some(opening) = files().as_mut().and_then(|files| files.get_mut(&key)).filter(|now| now.serial == serial) {
        opening.maybe_open = false;
    }
    false
}
