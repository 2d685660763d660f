//! One journal per file: the journals of this process, by device and inode.

use super::disk::absolute;
use super::{Disk, Files, JournalOptions, JournaledFile, Recovered, log_path, recover};
use crate::error::{ErrorKind, Result};
use crate::replace::Replacement;
use crate::temporary;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The device and the number of a file.
type Identity = (u64, u64);

static OPEN: Mutex<Open> = Mutex::new(Open { files: BTreeMap::new(), new: BTreeMap::new() });

/// The open journals.
struct Open {
    files: BTreeMap<Identity, Weak<JournaledFile>>,
    /// Those of new files, by the path that they will have.
    new: BTreeMap<PathBuf, Weak<JournaledFile>>,
}

impl Open {
    fn get(&self, identity: Identity) -> Option<Arc<JournaledFile>> {
        open_still(self.files.get(&identity)?)
    }

    fn get_new(&self, path: &Path) -> Option<Arc<JournaledFile>> {
        if self.new.is_empty() {
            return None;
        }
        let path = absolute(&crate::replace::follow(path).ok()?).ok()?;
        open_still(self.new.get(&path)?).filter(|journal| journal.is_new())
    }

    fn insert(&mut self, journal: &Arc<JournaledFile>) {
        self.files.retain(|_, journal| open_still(journal).is_some());
        self.files.insert(journal.identity(), Arc::downgrade(journal));
    }
}

fn open_still(journal: &Weak<JournaledFile>) -> Option<Arc<JournaledFile>> {
    journal.upgrade().filter(|journal| !journal.is_closed())
}

fn journals<R>(look: impl FnOnce(&mut Open) -> R) -> R {
    look(&mut OPEN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The identity of the file at a path.
pub fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// The journal of the file at a path, if this process has it open.
pub fn open_file(path: &Path) -> Option<Arc<JournaledFile>> {
    if journals(|open| open.files.is_empty()) {
        return None;
    }
    journals(|open| open.get_new(path)).or_else(|| {
        let identity = identity(path)?;
        journals(|open| open.get(identity))
    })
}

/// Whether this process has a file open under a journal.
pub fn is_open(file: &File) -> bool {
    !journals(|open| open.files.is_empty())
        && file
            .metadata()
            .is_ok_and(|found| journals(|open| open.get((found.dev(), found.ino())).is_some()))
}

/// Whether a process has a file open for writing under a journal.
pub fn is_used(path: &Path) -> bool {
    let Ok(path) = crate::replace::follow(path).and_then(|path| Ok(absolute(&path)?)) else {
        return false;
    };
    temporary::look(&log_path(&path))
        .is_ok_and(|log| matches!(temporary::lock(&log, false), Ok(Some(false))))
}

/// Removes the log of a file that another one has just replaced, if no process uses it.
pub fn remove_log(path: &Path) {
    let log_path = log_path(path);
    if let Ok(log) = temporary::look(&log_path)
        && matches!(temporary::lock(&log, true), Ok(Some(true)))
        && temporary::is_at(&log, &log_path).unwrap_or(false)
    {
        // The next writer says what is wrong with it.
        let _ = std::fs::remove_file(&log_path);
    }
}

/// Brings a file to its last commit, if the commit was interrupted and this process does not have
/// the file open.
///
/// # Errors
///
/// As [`JournaledFile::open`].
pub fn restore(path: &Path) -> Result<Recovered> {
    if open_file(path).is_some() {
        return Ok(Recovered::Nothing);
    }
    let mut disk = Disk::open(path, JournalOptions::default())?;
    if disk.lock(true)? != super::Held::Alone {
        return Err(ErrorKind::Locked.into());
    }
    let recovered = recover(&mut disk);
    match &recovered {
        Ok(_) => disk.release()?,
        Err(_) => disk.abandon()?,
    }
    recovered
}

/// Opens a file, or finds its journal.
pub(super) fn open(path: &Path, options: JournalOptions) -> Result<Arc<JournaledFile>> {
    journals(|open| {
        let known = open.get_new(path).or_else(|| open.get(identity(path)?));
        if let Some(known) = known {
            return Ok(known);
        }
        let disk = Disk::open(path, options)?;
        let journal = Arc::new(JournaledFile::over(Box::new(disk), options)?);
        open.insert(&journal);
        Ok(journal)
    })
}

/// Opens a new file, which gets its name with the first commit.
pub(super) fn create(
    file: Replacement,
    exclusive: bool,
    options: JournalOptions,
) -> Result<Arc<JournaledFile>> {
    journals(|open| {
        let disk = Disk::create(file, exclusive, options)?;
        let path = disk.path().to_path_buf();
        let journal = Arc::new(JournaledFile::over(Box::new(disk), options)?);
        open.insert(&journal);
        open.new.retain(|_, journal| open_still(journal).is_some_and(|journal| journal.is_new()));
        open.new.insert(path, Arc::downgrade(&journal));
        Ok(journal)
    })
}
