//! The locks of what is tested in every order in which threads may run:
//! `tests/tests/interleavings.rs` compiles those files with locks of loom's in the place of these.

#[cfg(chunks_coded_here)]
pub(crate) use std::sync::Condvar;
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError};
