//! Putting a complete new file in the place of an old one.

use crate::error::{Error, ErrorKind, Result};
use crate::storage::changes;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A temporary file beside the target, which takes its place by [`Replacement::commit`], and goes if that does not happen.
pub(crate) struct Replacement {
    target: PathBuf,
    temporary: PathBuf,
    done: bool,
}

impl Replacement {
    /// Chooses a name that no other save uses. A link is followed: what it leads to is replaced, and the link stays.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let target = match fs::symlink_metadata(path) {
            Ok(found) if found.is_symlink() => follow(path)?,
            Ok(found) if found.is_dir() => return Err(io::Error::from(io::ErrorKind::IsADirectory).into()),
            Ok(found) if !found.is_file() => {
                let what = "the target is neither a file nor a link to one";
                return Err(Error::new(ErrorKind::Unsupported(what.into()))
                    .with_help("`Durability::Fast` writes into what is there"));
            }
            Ok(_) => path.to_path_buf(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_path_buf(),
            Err(error) => return Err(error.into()),
        };
        let Some(name) = target.file_name() else {
            return Err(ErrorKind::Unsupported("the path does not name a file".into()).into());
        };
        let mut temporary = OsString::from(".");
        temporary.push(name);
        let serial = NEXT.fetch_add(1, Ordering::Relaxed);
        temporary.push(format!(".{}-{serial}.tmp", std::process::id()));
        let temporary = target.with_file_name(temporary);
        // What is left of a process of the same number that was killed.
        match fs::remove_file(&temporary) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Replacement { target, temporary, done: false })
    }

    /// Where to write.
    pub(crate) fn path(&self) -> &Path {
        &self.temporary
    }

    /// Puts the new file in the place of the old one. With `durable`, it is on the disk before it has the name, and the
    /// name is on the disk before this returns.
    pub(crate) fn commit(mut self, durable: bool) -> Result<()> {
        let file = File::options().read(true).write(true).open(&self.temporary)?;
        if let Ok(old) = fs::metadata(&self.target) {
            file.set_permissions(old.permissions())?;
        }
        if durable {
            file.sync_all()?;
        }
        drop(file);
        fs::rename(&self.temporary, &self.target)?;
        self.done = true;
        if durable {
            sync_directory(&self.target)?;
        }
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.done {
            // The error that brought us here is the one to tell.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Takes the name from a file that is about to be written anew, so that those who have it open go on with the old one; gives
/// its permissions. What is no plain file, or has other names too, is written into as it is.
#[cfg(unix)]
pub(crate) fn make_way(path: &Path) -> Result<Option<fs::Permissions>> {
    use std::os::unix::fs::MetadataExt;
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.nlink() == 1 => {
            fs::remove_file(path)?;
            Ok(Some(found.permissions()))
        }
        Ok(_) => written_into(path),
        Err(_) => Ok(None),
    }
}

/// Sees to it that nobody here has the file open whose bytes are about to go.
fn written_into(path: &Path) -> Result<Option<fs::Permissions>> {
    #[cfg(feature = "libhdf5")]
    {
        let handles = crate::storage::libhdf5::holders_of(path)?;
        if !handles.is_empty() {
            return Err(Error::new(ErrorKind::StillOpen { handles })
                .with_help("another `Durability` leaves the old file to those who have it open"));
        }
    }
    changes::note(path);
    Ok(None)
}

#[cfg(not(unix))]
pub(crate) fn make_way(path: &Path) -> Result<Option<fs::Permissions>> {
    if path.exists() { written_into(path) } else { Ok(None) }
}

/// Where a symbolic link leads, even if nothing is there yet.
fn follow(path: &Path) -> Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many levels of symbolic links").into())
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(parent).and_then(|directory| directory.sync_all()) {
        Ok(()) => Ok(()),
        // Some file systems cannot flush directories, and say so in one of these ways.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> Result<()> {
    Ok(())
}
