//! [`ReadAhead`]: rows that were read together with those that were asked for.

use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The rows of a table that cannot be read one by one, such as one that a filter wrote. Each is
/// given out once, so that rows need not be `Clone`: whoever asks for a row again reads all again.
pub(super) struct ReadAhead<T>(Mutex<Vec<Option<T>>>);

impl<T> Default for ReadAhead<T> {
    fn default() -> Self {
        ReadAhead(Mutex::default())
    }
}

impl<T> fmt::Debug for ReadAhead<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadAhead").finish_non_exhaustive()
    }
}

impl<T> ReadAhead<T> {
    /// Takes rows that all are here.
    pub(super) fn take(&self, range: &Range<usize>) -> Option<Vec<T>> {
        let mut read_ahead = self.lock();
        let rows = read_ahead.get_mut(range.clone())?;
        match rows.iter().all(Option::is_some) {
            true => Some(rows.iter_mut().filter_map(Option::take).collect()),
            false => None,
        }
    }

    /// Returns some of all rows, and keeps the others.
    pub(super) fn keep_others(&self, all: Vec<T>, range: &Range<usize>) -> Vec<T> {
        let mut all: Vec<Option<T>> = all.into_iter().map(Some).collect();
        let rows = all.get_mut(range.clone()).unwrap_or_default();
        let rows = rows.iter_mut().filter_map(Option::take).collect();
        *self.lock() = all;
        rows
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
