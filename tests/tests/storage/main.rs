//! Storage below the values: codecs, the file driver, damaged and hostile files.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod claims;
mod codecs;
mod compress;
mod driver_layout;
mod hostile;
#[cfg(unix)]
mod journal;
#[cfg(unix)]
mod journal_crashes;
#[cfg(unix)]
mod journal_files;
mod store_faults;
mod structures;
mod toy_engine;
mod untrusted;
