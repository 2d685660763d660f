//! Tells a process from its parent: after a fork, the child has the parent's descriptors and locks,
//! and must not write.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many forks lead to this process.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// The number of this process among its ancestors. It costs no system call.
pub(super) fn generation() -> u64 {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        // SAFETY: the function only adds to a number, which a child may do after a fork.
        unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    });
    GENERATION.load(Ordering::Relaxed)
}

unsafe extern "C" fn forked() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}
