//! Writes one value at a time, since the temporary name is the same in every file.

use crate::error::{ErrorKind, Result};
use crate::storage::pool;
use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

static WRITER: Mutex<()> = Mutex::new(());

thread_local! {
    /// Whether this thread holds the lock.
    static IS_HELD: Cell<bool> = const { Cell::new(false) };
}

/// Holds the lock while `write` runs. A thread that holds it already gets an error.
pub(crate) fn with_writer_lock<R>(write: impl FnOnce() -> Result<R>) -> Result<R> {
    if IS_HELD.get() {
        return Err(ErrorKind::Contract(
            "a value that writes into a file while it is written itself".into(),
        )
        .into());
    }
    let lock = wait();
    let held = HeldHere::begin();
    let written = write();
    drop(held);
    drop(lock);
    written
}

/// Marks this thread as the holder of the lock until it is dropped.
struct HeldHere;

impl HeldHere {
    fn begin() -> Self {
        IS_HELD.set(true);
        HeldHere
    }
}

impl Drop for HeldHere {
    fn drop(&mut self) {
        IS_HELD.set(false);
    }
}

/// Waits without blocking a thread of the pool: the thread that holds the lock may wait for it.
fn wait() -> MutexGuard<'static, ()> {
    while pool::is_worker() {
        match WRITER.try_lock() {
            Ok(lock) => return lock,
            Err(TryLockError::Poisoned(error)) => return error.into_inner(),
            Err(TryLockError::WouldBlock) => pool::work_or_pause(),
        }
    }
    WRITER.lock().unwrap_or_else(PoisonError::into_inner)
}
