//! The signature of HDF5 files, and the errors for files without it.

use crate::error::{Error, ErrorKind, Result};
use crate::store::{ReadAt, fill};
use std::io;
use std::iter::successors;

/// The first bytes of a superblock.
pub(crate) const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// Bytes that say how long a superblock is: the signature, the version, the sizes of addresses.
const HEAD: usize = 14;

/// Where a superblock may begin in a file of so many bytes: at its start, or behind a user block.
pub(crate) fn places(len: u64) -> impl Iterator<Item = u64> {
    let next = |at: &u64| if *at == 0 { Some(512) } else { at.checked_mul(2) };
    successors(Some(0), next).take_while(move |at| *at < len)
}

/// Refuses bytes that are not an HDF5 file: without a signature, or cut within the superblock.
///
/// # Errors
///
/// [`ErrorKind::NotHdf5`], or what keeps the bytes from being read.
pub fn refuse_other(bytes: &dyn ReadAt) -> Result<()> {
    let len = bytes.size()?;
    for at in places(len) {
        let mut head = [0; HEAD];
        let read = fill(bytes, at, &mut head)?;
        if head.starts_with(&SIGNATURE) {
            return complete(&head[..read], len - at);
        }
    }
    Err(not_hdf5(len))
}

/// Refuses a file that ends in its superblock, which begins with this head.
pub(crate) fn complete(head: &[u8], left: u64) -> Result<()> {
    // Addresses have the size that is said, of which there are four, and in old versions the two
    // of the root's entry.
    let size = |at: usize| u64::from(head.get(at).copied().unwrap_or(8));
    let needed = match head.get(8) {
        Some(0) => 48 + 6 * size(13),
        Some(1) => 52 + 6 * size(13),
        _ => 16 + 4 * size(9),
    };
    if left >= needed {
        return Ok(());
    }
    Err(Error::new(ErrorKind::NotHdf5)
        .with_help(format!("the file is cut off: it ends within its first {needed} bytes")))
}

/// The error of bytes without a signature.
#[cold]
pub fn not_hdf5(len: u64) -> Error {
    let error = Error::new(ErrorKind::NotHdf5);
    if len == 0 { error.with_help("the file is empty") } else { error }
}

/// The error of a directory.
#[cold]
pub fn directory() -> Error {
    Error::new(ErrorKind::NotHdf5)
        .with_help("the path names a directory")
        .with_source(io::Error::from(io::ErrorKind::IsADirectory))
}

/// The error of bytes that could not be opened: that they are not an HDF5 file, where that is why.
#[cold]
#[must_use]
pub fn explained(bytes: &dyn ReadAt, error: Error) -> Error {
    match refuse_other(bytes) {
        Err(other) if matches!(other.kind(), ErrorKind::NotHdf5) => other.with_source(error),
        _ => error,
    }
}
