//! What changes the state of a process: the default registry, the current directory, limits, signals, many
//! threads. Each test wants a process of its own, which `cargo nextest` gives it; `cargo test` runs them one
//! by one with `RUST_TEST_THREADS=1`.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod concurrent;
mod faults;
mod file_changed;
mod filters;
mod hostile_foreign;
mod journal_faults;
mod options;
mod peer_faults;
mod repack_options;
mod replacing;
mod replacing_locked;
mod resume_faults;
mod threads;
mod update_faults;
mod verify;
