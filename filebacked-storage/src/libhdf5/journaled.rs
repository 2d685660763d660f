//! Local files under a journal: which ones have one, and how libhdf5 is led to it.
//!
//! A file that is opened for writing lies in a [`JournaledFile`], which libhdf5 reads and writes by
//! the driver of stores. All openings of the file in this process share it, also those for reading.

#[cfg(all(unix, hdf5_drivers))]
pub use attach::is_open;
#[cfg(all(unix, hdf5_drivers))]
pub(super) use attach::{attach, attach_new, is_wanted, of, repaired, restore};
#[cfg(not(all(unix, hdf5_drivers)))]
pub use none::is_open;
#[cfg(not(all(unix, hdf5_drivers)))]
pub(super) use none::{attach, attach_new, is_wanted, of, repaired, restore};

#[cfg(all(unix, hdf5_drivers))]
mod attach {
    use super::super::access::{Access, Journal, Locking};
    use super::super::holders::holders_of;
    use super::super::id::Id;
    use super::super::mark::is_refused;
    use super::super::vfd::Attachment;
    use crate::error::{Error, ErrorKind, Result};
    use crate::journal::{
        self, JournalOptions, JournaledFile, Locks, is_marked_file, log_path, open_file,
    };
    use crate::replace::Replacement;
    use crate::signature::{SIGNATURE, places};
    use crate::store::fill;
    use hdf5_metno_sys::h5f::H5Fget_access_plist;
    use std::collections::BTreeMap;
    use std::fs::File;
    use std::path::Path;
    use std::sync::{Arc, Mutex, PoisonError, Weak};

    /// The journals of open files by the library's number; `None` for files without one. Locked
    /// only while the library's lock is held.
    static KNOWN: Mutex<BTreeMap<u64, Option<Weak<JournaledFile>>>> = Mutex::new(BTreeMap::new());

    /// From so many files on, those are forgotten that are closed.
    const MANY: usize = 256;

    /// The journal of an open file with this number. The lock is held.
    pub(crate) fn of(file: &Id, number: u64) -> Result<Option<Arc<JournaledFile>>> {
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&number) {
            return Ok(found.as_ref().and_then(Weak::upgrade));
        }
        // SAFETY: the file is open; the new list has no other owner.
        let list = unsafe { Id::own(H5Fget_access_plist(file.raw()))? };
        let journal = Attachment::journal_of(&list)?;
        let mut known = known();
        if known.len() >= MANY {
            known.retain(|_, known| known.as_ref().is_some_and(|known| known.strong_count() > 0));
        }
        known.insert(number, journal.as_ref().map(Arc::downgrade));
        Ok(journal)
    }

    /// Whether this process has the file at a path open under a journal.
    pub fn is_open(path: &Path) -> bool {
        open_file(path).is_some()
    }

    /// Leads libhdf5 to the journal of a file: to one that is open, whatever the file is opened
    /// for, or to a new one for a file that will be changed. `None` for a file that libhdf5 opens
    /// by itself.
    pub(crate) fn attach(
        path: &Path,
        writable: bool,
        access: &Access,
    ) -> Result<Option<Attachment>> {
        if let Some(journal) = open_file(path) {
            if !access.driver.is_default() {
                return other_driver(path, access);
            }
            return Attachment::of_journal(journal, path).map(Some);
        }
        let has_journal =
            writable && is_wanted(access) && is_ready(path) && holders_of(path)?.is_empty();
        if !has_journal {
            return Ok(None);
        }
        let journal = JournaledFile::open(path, options(access))?;
        Attachment::of_journal(journal, path).map(Some)
    }

    /// Refuses a file that another driver has open, unless it will be in memory only.
    fn other_driver(path: &Path, access: &Access) -> Result<Option<Attachment>> {
        if access.driver.is_memory() {
            return Ok(None);
        }
        Err(Error::new(ErrorKind::StillOpen { handles: holders_of(path)? })
            .with_help("drop them, or open the file by the same driver"))
    }

    /// Whether a file is one that libhdf5 would open: it says best what is wrong with another one.
    fn is_ready(path: &Path) -> bool {
        let Ok(file) = File::open(path) else { return false };
        let Ok(found) = file.metadata() else { return false };
        found.is_file()
            && !is_refused(&file)
            && places(found.len()).any(|base| {
                let mut signature = [0; 8];
                fill(&file, base, &mut signature).is_ok_and(|_| signature == SIGNATURE)
            })
    }

    /// Whether a file that is opened by these options to be changed has a journal.
    pub(crate) fn is_wanted(access: &Access) -> bool {
        access.driver.is_default() && !access.swmr && access.journal != Journal::Off
    }

    /// Leads libhdf5 to the journal of a new file, which is complete and has no name yet.
    pub(crate) fn attach_new(
        file: Replacement,
        path: &Path,
        exclusive: bool,
        access: &Access,
    ) -> Result<Attachment> {
        Attachment::of_journal(JournaledFile::create(file, exclusive, options(access))?, path)
    }

    /// Brings the file at a path, if there is one, to its last commit, so that it needs no journal.
    pub(crate) fn restore(path: &Path) -> Result<()> {
        let Ok(path) = std::fs::canonicalize(path) else { return Ok(()) };
        let is_needed = std::fs::metadata(log_path(&path)).is_ok_and(|log| log.len() > 0);
        if is_needed { journal::restore(&path).map(drop) } else { Ok(()) }
    }

    /// Completes an interrupted commit, if a file has one. Returns whether it had.
    pub(crate) fn repaired(path: &Path) -> Result<bool> {
        let is_marked = File::open(path).is_ok_and(|file| is_marked_file(&file));
        if is_marked {
            journal::restore(path)?;
        }
        Ok(is_marked)
    }

    fn options(access: &Access) -> JournalOptions {
        let said = std::env::var("HDF5_USE_FILE_LOCKING").ok();
        let locks = match (said.as_deref(), access.locking) {
            (Some("FALSE" | "0"), _) => Locks::Off,
            (Some("TRUE" | "1"), _) => Locks::On,
            (Some("BEST_EFFORT"), _) | (_, None | Some(Locking::BestEffort)) => Locks::BestEffort,
            (_, Some(Locking::Off)) => Locks::Off,
            (_, Some(Locking::On)) => Locks::On,
        };
        let durable = access.journal == Journal::Durable;
        JournalOptions { durable, locks, ..JournalOptions::default() }
    }
}

/// Without drivers in libhdf5, or on systems other than Unix, nothing has a journal.
#[cfg(not(all(unix, hdf5_drivers)))]
mod none {
    use super::super::access::Access;
    use super::super::id::Id;
    use super::super::vfd::Attachment;
    use crate::error::{Error, ErrorKind, Result};
    use crate::replace::Replacement;
    use std::path::Path;

    /// The journal of a file, which has none.
    pub(crate) enum Never {}

    impl Never {
        pub(crate) fn failure(&self) -> Option<Error> {
            match *self {}
        }

        pub(crate) fn commit(&self) -> Result<()> {
            match *self {}
        }

        pub(crate) fn turn_off(&self) -> Result<()> {
            match *self {}
        }

        pub(crate) fn identity(&self) -> (u64, u64) {
            match *self {}
        }

        #[cfg(unix)]
        pub(crate) fn descriptor(&self) -> std::io::Result<Option<std::fs::File>> {
            match *self {}
        }

        #[cfg(unix)]
        pub(crate) fn expose(&self, _: u64, _: u64) -> Result<bool> {
            match *self {}
        }
    }

    pub(crate) fn of(_: &Id, _: u64) -> Result<Option<Never>> {
        Ok(None)
    }

    /// No file is.
    pub fn is_open(_: &Path) -> bool {
        false
    }

    pub(crate) fn attach(_: &Path, _: bool, _: &Access) -> Result<Option<Attachment>> {
        Ok(None)
    }

    pub(crate) fn is_wanted(_: &Access) -> bool {
        false
    }

    pub(crate) fn attach_new(_: Replacement, _: &Path, _: bool, _: &Access) -> Result<Attachment> {
        Err(ErrorKind::Contract("a journal where there are none".into()).into())
    }

    pub(crate) fn restore(_: &Path) -> Result<()> {
        Ok(())
    }

    pub(crate) fn repaired(_: &Path) -> Result<bool> {
        Ok(false)
    }
}
