//! One journal per file: the journals of this process, by device and inode.

use super::{Disk, JournalOptions, JournaledFile};
use crate::error::Result;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The device and the number of a file.
type Identity = (u64, u64);

static OPEN: Mutex<BTreeMap<Identity, Weak<JournaledFile>>> = Mutex::new(BTreeMap::new());

fn journals<R>(look: impl FnOnce(&mut BTreeMap<Identity, Weak<JournaledFile>>) -> R) -> R {
    look(&mut OPEN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The identity of the file at a path.
pub fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// The journal of the file at a path, if this process has it open.
pub fn open_file(path: &Path) -> Option<Arc<JournaledFile>> {
    let identity = identity(path)?;
    journals(|open| found(open, identity))
}

fn found(
    open: &BTreeMap<Identity, Weak<JournaledFile>>,
    identity: Identity,
) -> Option<Arc<JournaledFile>> {
    open.get(&identity)?.upgrade().filter(|journal| !journal.is_closed())
}

/// Opens a file, or finds its journal.
pub(super) fn open(path: &Path, options: JournalOptions) -> Result<Arc<JournaledFile>> {
    journals(|open| {
        if let Some(known) = identity(path).and_then(|identity| found(open, identity)) {
            return Ok(known);
        }
        let disk = Disk::open(path, options)?;
        let journal = Arc::new(JournaledFile::over(Box::new(disk), options)?);
        open.retain(|_, journal| journal.strong_count() > 0);
        open.insert(journal.identity(), Arc::downgrade(&journal));
        Ok(journal)
    })
}
