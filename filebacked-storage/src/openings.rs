//! The openings of files in the order in which they happen.

use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};
use std::collections::HashMap;
use std::hash::Hash;

/// From so many files on, the older half is forgotten.
const MANY: usize = 4096;

/// Which opening was the last of each file.
pub(super) struct Openings<K> {
    /// How many there were.
    pub(super) serial: AtomicU64,
    pub(super) files: Mutex<Option<HashMap<K, u64>>>,
}

impl<K: Hash + Eq> Openings<K> {
    fn files(&self) -> MutexGuard<'_, Option<HashMap<K, u64>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state to pass to `since` later.
    pub(super) fn now(&self) -> u64 {
        self.serial.load(Ordering::Acquire)
    }

    /// A file was opened.
    pub(super) fn note(&self, key: K) {
        let mut files = self.files();
        let files = files.get_or_insert_default();
        let serial = self.now() + 1;
        if files.len() >= MANY {
            files.retain(|_, last| *last + MANY as u64 / 2 > serial);
        }
        files.insert(key, serial);
        self.serial.store(serial, Ordering::Release);
    }

    /// Whether a file was opened since [`now`](Openings::now). Only the native engine asks.
    #[allow(dead_code)]
    pub(super) fn since(&self, key: impl FnOnce() -> Option<K>, serial: u64) -> bool {
        if self.now() == serial {
            return false;
        }
        let Some(key) = key() else { return false };
        self.files().as_ref().and_then(|files| files.get(&key)).is_some_and(|last| *last > serial)
    }
}
