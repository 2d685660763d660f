//! Shared pieces of the integration tests: round trips, and readers of HDF5 files that are not
//! ours.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod actor;
pub mod allocator;
pub mod checkpoint;
mod described;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod fault;
pub mod golden;
#[cfg(unix)]
pub mod hostile;
pub mod interop;
#[cfg(unix)]
pub mod journal;
pub mod mutants;
pub mod plain;
mod python;
mod round_trip;
pub mod row;
pub mod sequences;
pub mod store;
mod tool;

pub use described::{Described, Node};
pub use python::{Python, made_by_anndata, python};
pub use round_trip::{ENGINES, links, reread, round_trip, round_trip_by, round_trip_by_library};
pub use tool::h5dump;

use std::path::PathBuf;

/// A directory that goes at the end of the test, and a file name in it.
pub fn scratch(name: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join(name);
    (dir, path)
}

/// The checksum that Python's zlib has too.
pub fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    for part in bytes.chunks(5552) {
        for byte in part {
            a += u32::from(*byte);
            b += a;
        }
        (a, b) = (a % 65_521, b % 65_521);
    }
    b << 16 | a
}
