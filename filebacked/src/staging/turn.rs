//! Writes one value at a time, since the temporary name is the same in every file.

use crate::error::{ErrorKind, Result};
use crate::storage::pool;
use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    /// Whether it is this thread's turn.
    static MINE: Cell<bool> = const { Cell::new(false) };
}

/// Writes a value when no other thread is writing one.
pub(crate) fn in_turn<R>(write: impl FnOnce() -> Result<R>) -> Result<R> {
    if MINE.get() {
        return Err(ErrorKind::Contract(
            "a value that writes into a file while it is written itself".into(),
        )
        .into());
    }
    let turn = wait();
    let mine = Mine::begin();
    let written = write();
    drop(mine);
    drop(turn);
    written
}

/// Ends this thread's turn when dropped.
struct Mine;

impl Mine {
    fn begin() -> Self {
        MINE.set(true);
        Mine
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        MINE.set(false);
    }
}

/// Waits without blocking a thread of the pool: the thread with the turn may wait for it.
fn wait() -> MutexGuard<'static, ()> {
    while pool::is_worker() {
        match TURN.try_lock() {
            Ok(turn) => return turn,
            Err(TryLockError::Poisoned(error)) => return error.into_inner(),
            Err(TryLockError::WouldBlock) => pool::work_or_pause(),
        }
    }
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
