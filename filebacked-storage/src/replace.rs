//! Putting a complete new file in the place of an old one.

mod old;

use crate::error::{Error, ErrorKind, Result};
use crate::{changes, temporary};
use old::Old;
pub use old::refuse_used;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A temporary file beside the target, which takes its place by [`Replacement::commit`], and goes
/// if that does not happen. One that a process has left behind when it was killed is removed by the
/// next that is made.
#[derive(Debug)]
pub struct Replacement {
    target: PathBuf,
    temporary: PathBuf,
    /// Holds the lock that tells the file from one that was left behind.
    file: File,
    /// The replaced file.
    old: Option<Old>,
    done: bool,
}

impl Replacement {
    /// Makes the temporary file. A link is followed: what it leads to is replaced, and the link
    /// stays.
    pub fn of(path: &Path) -> Result<Self> {
        let found = |path: &Path| match fs::symlink_metadata(path) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::from(error)),
        };
        let (mut target, mut old) = (path.to_path_buf(), found(path)?);
        if old.as_ref().is_some_and(fs::Metadata::is_symlink) {
            target = follow(path)?;
            old = found(&target)?;
        }
        match &old {
            Some(found) if found.is_dir() => {
                return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
            }
            Some(found) if !found.is_file() => {
                let what = "the target is neither a file nor a link to one";
                return Err(Error::new(ErrorKind::Unsupported(what.into()))
                    .with_help("use `Durability::Fast`, which writes into the existing target"));
            }
            _ => {}
        }
        let Some(name) = target.file_name() else {
            return Err(ErrorKind::Unsupported("the path does not name a file".into()).into());
        };
        let old = match old {
            Some(found) => Some(Old::lock(&target, found)?),
            None => {
                old::refuse_new(&target)?;
                None
            }
        };
        let (temporary, file) = temporary::create(&target, name, old.is_some())?;
        Ok(Replacement { target, temporary, file, old, done: false })
    }

    /// The same for a path whose file may be replaced without being missed: one that is not there,
    /// or a plain file with one name. `None` for others.
    pub fn of_plain(path: &Path) -> Result<Option<Self>> {
        #[cfg(unix)]
        if let Ok(found) = fs::metadata(path)
            && (!found.is_file() || std::os::unix::fs::MetadataExt::nlink(&found) > 1)
        {
            return Ok(None);
        }
        Replacement::of(path).map(Some)
    }

    /// Where the C library is to write. The file is there, empty, and locked.
    pub fn path(&self) -> &Path {
        &self.temporary
    }

    /// The file, to be written to.
    pub fn file(&self) -> Result<File> {
        Ok(self.file.try_clone()?)
    }

    /// Leaves the lock to an HDF5 library that insists on its own; other versions share it.
    ///
    /// # Errors
    ///
    /// An I/O error.
    pub fn unlock(&self) -> Result<()> {
        #[cfg(hdf5_locks)]
        temporary::unlock(&self.file)?;
        Ok(())
    }

    /// The file that it replaces, or will be.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Whether it has its name.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Gives the new file its name, unless another file has got it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`], or an I/O error.
    pub fn publish_new(&mut self, durable: bool) -> Result<()> {
        if durable {
            self.file.sync_all()?;
        }
        match fs::hard_link(&self.temporary, &self.target) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(ErrorKind::Exists.into());
            }
            // A file system without hard links.
            Err(_) if fs::symlink_metadata(&self.target).is_err() => return self.publish(durable),
            Err(error) => return Err(error.into()),
        }
        self.done = true;
        let removed = fs::remove_file(&self.temporary);
        let _ = temporary::unlock(&self.file);
        if durable {
            sync_directory(&self.target)?;
        }
        Ok(removed?)
    }

    /// Puts the new file in the place of the old one, with its owner and its permissions. With
    /// `durable`, it is on the disk before it has the name, and the name is on the disk before this
    /// returns.
    pub fn commit(mut self, durable: bool) -> Result<()> {
        self.publish(durable)
    }

    /// The same for a file that stays open.
    ///
    /// # Errors
    ///
    /// An I/O error, before the file has its name or [after](Replacement::is_done).
    pub fn publish(&mut self, durable: bool) -> Result<()> {
        self.old = Old::again(self.old.take(), &self.target)?;
        if let Some(old) = &self.old {
            temporary::hand_over(&self.file, &old.found)?;
        }
        if durable {
            self.file.sync_all()?;
        }
        if !temporary::is_at(&self.file, &self.temporary)? {
            let what = "another process removed the temporary file beside the target";
            return Err(io::Error::new(io::ErrorKind::NotFound, what).into());
        }
        fs::rename(&self.temporary, &self.target)?;
        self.done = true;
        #[cfg(unix)]
        crate::journal::remove_log(&self.target);
        // It goes with the file, if not now.
        let _ = temporary::unlock(&self.file);
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

/// Takes the name from a file that is about to be written anew, so that those who have it open go
/// on with the old one, and gives it to an empty one with its owner and permissions; those are left
/// for later which could not be written with. What is no plain file, or has other names too, is
/// written into as it is.
#[cfg(unix)]
pub fn make_way(path: &Path) -> Result<Option<fs::Permissions>> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.nlink() == 1 => {
            let old = Old::lock(path, found)?;
            fs::remove_file(path)?;
            let file = match temporary::options(true).open(path) {
                // Another process was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return written_into(path);
                }
                file => file?,
            };
            temporary::hand_over(&file, &old.found)?;
            let permissions = file.metadata()?.permissions();
            if permissions.mode() & 0o600 == 0o600 {
                return Ok(None);
            }
            file.set_permissions(fs::Permissions::from_mode(permissions.mode() | 0o600))?;
            Ok(Some(permissions))
        }
        Ok(_) => written_into(path),
        Err(_) => old::refuse_new(path).map(|()| None),
    }
}

/// The objects of a file that libhdf5 has open in this process.
fn holders(path: &Path) -> Result<Vec<String>> {
    #[cfg(feature = "libhdf5")]
    return crate::libhdf5::holders_of(path);
    #[cfg(not(feature = "libhdf5"))]
    {
        let _ = path;
        Ok(Vec::new())
    }
}

/// Checks that this process does not have the file open that is about to be overwritten.
fn written_into(path: &Path) -> Result<Option<fs::Permissions>> {
    let handles = holders(path)?;
    if !handles.is_empty() {
        return Err(Error::new(ErrorKind::StillOpen { handles }).with_help(
            "use another `Durability`, which leaves the old file to those who have it open",
        ));
    }
    refuse_used(path)?;
    changes::note(path);
    Ok(None)
}

#[cfg(not(unix))]
pub fn make_way(path: &Path) -> Result<Option<fs::Permissions>> {
    if path.exists() { written_into(path) } else { Ok(None) }
}

/// Where a symbolic link leads, even if nothing is there yet.
pub fn follow(path: &Path) -> Result<PathBuf> {
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
    let parent =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(parent).and_then(|directory| directory.sync_all()) {
        Ok(()) => Ok(()),
        // Some file systems cannot flush directories, and say so in one of these ways.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
        {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> Result<()> {
    Ok(())
}
