//! Locks on files, of the kind that the HDF5 library takes.

use std::fs::File;
use std::io;

/// Locks a file until it is closed, unless somebody else has it locked. Where there are no locks, nobody has.
#[cfg(unix)]
pub(crate) fn exclusive(file: &File) -> io::Result<bool> {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor is open.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::ENOSYS | libc::ENOTSUP) => Ok(true),
        _ if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        _ => Err(error),
    }
}

/// The system refuses to write what another program has open.
#[cfg(not(unix))]
pub(crate) fn exclusive(_: &File) -> io::Result<bool> {
    Ok(true)
}
