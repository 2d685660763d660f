//! Files beside a target that are not complete yet: their names, their locks, and what becomes of
//! those left behind.
//!
//! ```text
//! .state.h5.0.tmp      locked as long as somebody writes it
//! .state.h5.1.tmp      the next one, where two write at once
//! ```

use crate::error::{ErrorKind, Result};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// So many may write to one target at once.
const MOST: u32 = 1000;

/// Leftovers are searched beyond this many unused numbers, because the processes with those numbers
/// may have finished.
const GAP: u32 = 2;

/// Creates a file beside a target, under an unused name. If it will replace a file, only the owner
/// can read it, since the permissions of the old file may be narrow.
pub fn create(target: &Path, name: &OsStr, replaces: bool) -> Result<(PathBuf, File)> {
    let place = |number: u32| target.with_file_name(numbered(name, number));
    for number in 0..MOST {
        let path = place(number);
        loop {
            match options(replaces).open(&path) {
                Ok(file) => {
                    // Who looks for leftovers just now takes a file for one that is not locked yet.
                    // The lock is one that readers do not mind, who may come between the new name
                    // and its end.
                    let is_ours = lock(&file, false)
                        .and_then(|held| Ok(held != Some(false) && is_at(&file, &path)?));
                    // No process would ever lock it.
                    if is_ours.inspect_err(|_| drop(fs::remove_file(&path)))? {
                        remove_leftovers(place, number + 1);
                        return Ok((path, file));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if remove_leftover(&path)? != Some(true) {
                        break;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Err(ErrorKind::Limit(format!("{MOST} temporary files beside the target")).into())
}

/// Removes leftovers of killed saves with numbers from here on. Leftovers that cannot be removed do
/// no harm.
fn remove_leftovers(place: impl Fn(u32) -> PathBuf, first: u32) {
    // Behind a larger gap, one is looked for at a time.
    static FURTHER: AtomicU32 = AtomicU32::new(0);
    let (mut number, mut missing) = (first, 0);
    while missing < GAP && number < MOST {
        missing = if let Ok(Some(_)) = remove_leftover(&place(number)) { 0 } else { missing + 1 };
        number += 1;
    }
    let further = FURTHER.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id());
    let _ = remove_leftover(&place(number + further % 64));
}

/// The name of a temporary file. Of a long one the beginning is enough: the number tells them
/// apart.
fn numbered(name: &OsStr, number: u32) -> OsString {
    let mut temporary = OsString::from(".");
    temporary.push(system::beginning(name, 200));
    temporary.push(format!(".{number}.tmp"));
    temporary
}

/// How a new file is made.
pub fn options(private: bool) -> fs::OpenOptions {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let _ = private;
    options
}

/// Removes a file that no process writes any more. Returns whether it was removed, or `None` if it
/// does not exist.
fn remove_leftover(path: &Path) -> Result<Option<bool>> {
    let file = match look(path) {
        Ok(file) => file,
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::Unsupported) =>
        {
            return Ok(None);
        }
        // Another user's, or not a file.
        Err(_) => return Ok(Some(false)),
    };
    // Without locks, it is unknown.
    if lock(&file, true)? != Some(true) || !is_at(&file, path)? {
        return Ok(Some(false));
    }
    match fs::remove_file(path) {
        Ok(()) => Ok(Some(true)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(true)),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(Some(false)),
        Err(error) => Err(error.into()),
    }
}

/// Gives a file the owner and the permissions of another, as far as that is allowed.
pub fn hand_over(file: &File, old: &fs::Metadata) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        let new = file.metadata()?;
        let owned = new.uid() == old.uid() || fchown(file, Some(old.uid()), None).is_ok();
        let grouped = new.gid() == old.gid() || fchown(file, None, Some(old.gid())).is_ok();
        let mut mode = old.mode() & 0o7777;
        // The permissions of another group do not apply to this one.
        if !grouped {
            mode = mode & 0o1707 | (mode & 0o7) << 3;
        }
        if !owned {
            mode &= 0o1777;
        }
        Ok(file.set_permissions(fs::Permissions::from_mode(mode))?)
    }
    #[cfg(not(unix))]
    Ok(file.set_permissions(old.permissions())?)
}

/// A file that is being read: a process that changes it completely or not at all waits.
#[derive(Debug)]
pub struct ReadLock<'f>(Option<&'f File>);

/// So long a reader waits for a writer; then it reads beside it.
const READER_WAITS: Duration = Duration::from_millis(200);

impl<'f> ReadLock<'f> {
    /// Locks a file, unless a writer holds on to it, or nothing is locked here.
    pub fn of(file: &'f File) -> Self {
        let mut held = lock(file, false);
        if matches!(held, Ok(Some(false))) && !is_locking_off() {
            let until = Instant::now() + READER_WAITS;
            while matches!(held, Ok(Some(false))) && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(2));
                held = lock(file, false);
            }
        }
        ReadLock(matches!(held, Ok(Some(true))).then_some(file))
    }
}

impl Drop for ReadLock<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.0 {
            // It goes with the file, if not now.
            let _ = unlock(file);
        }
    }
}

/// Whether the user has switched off the locks of HDF5.
pub fn is_locking_off() -> bool {
    std::env::var_os("HDF5_USE_FILE_LOCKING").is_some_and(|said| said == "FALSE" || said == "0")
}

pub use system::{is_at, lock, look, unlock};

#[cfg(unix)]
mod system {
    use super::{File, OsStr, Path, Result, fs, io};
    use std::os::fd::AsRawFd;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

    /// The beginning of a name, in bytes.
    pub(super) fn beginning(name: &OsStr, len: usize) -> &OsStr {
        let bytes = name.as_bytes();
        OsStr::from_bytes(bytes.get(..len).unwrap_or(bytes))
    }

    /// Opens a plain file to lock it; refuses a directory, a link or a pipe.
    pub fn look(path: &Path) -> io::Result<File> {
        let file = File::options()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(path)?;
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// Locks a file, to hold it or `alone`; `Some(false)` where others keep that from happening,
    /// `None` where the file system knows no locks.
    pub fn lock(file: &File, alone: bool) -> Result<Option<bool>> {
        let how = if alone { libc::LOCK_EX } else { libc::LOCK_SH };
        loop {
            // SAFETY: the descriptor is open.
            if unsafe { libc::flock(file.as_raw_fd(), how | libc::LOCK_NB) } == 0 {
                return Ok(Some(true));
            }
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                Some(libc::EINTR) => {}
                Some(libc::EWOULDBLOCK) => return Ok(Some(false)),
                Some(libc::ENOLCK | libc::ENOSYS | libc::EOPNOTSUPP | libc::EINVAL) => {
                    return Ok(None);
                }
                _ => return Err(error.into()),
            }
        }
    }

    /// Gives the lock back.
    pub fn unlock(file: &File) -> Result<()> {
        // SAFETY: the descriptor is open.
        match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error().into()),
        }
    }

    /// Whether a file still has a name.
    pub fn is_at(file: &File, path: &Path) -> Result<bool> {
        let opened = file.metadata()?;
        match fs::symlink_metadata(path) {
            Ok(named) => Ok((named.dev(), named.ino()) == (opened.dev(), opened.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(not(unix))]
mod system {
    use super::{File, OsStr, Path, Result, io};

    /// The whole name: what it is made of cannot be cut everywhere.
    pub(super) fn beginning(name: &OsStr, _: usize) -> &OsStr {
        name
    }

    /// Who writes a file here keeps others from opening it.
    pub fn look(_: &Path) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn lock(_: &File, _: bool) -> Result<Option<bool>> {
        Ok(None)
    }

    pub fn unlock(_: &File) -> Result<()> {
        Ok(())
    }

    pub fn is_at(_: &File, _: &Path) -> Result<bool> {
        Ok(true)
    }
}
