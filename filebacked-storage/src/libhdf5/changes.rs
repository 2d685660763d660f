//! Changes of open files, from their beginnings to their ends: a file has the mark of [`mark`] from
//! before the first change until everything is written, or its journal commits them.
//!
//! [`mark`]: super::mark

use super::compare::{delete_attribute, open_attribute};
use super::edit::root_of;
use super::id::{Id, check};
use super::journaled;
use super::mark::{Place, disk, is_marked};
use crate::error::{Error, ErrorKind, Result};
use crate::kept::read_only;
use crate::stamp::DIGEST;
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5f::H5F_scope_t::H5F_SCOPE_GLOBAL;
use hdf5_metno_sys::h5f::{
    H5F_ACC_RDWR, H5F_OBJ_ALL, H5F_OBJ_FILE, H5Fflush, H5Fget_intent, H5Fget_obj_count,
};
use hdf5_metno_sys::h5i::{H5Iget_file_id, H5Iget_ref, hid_t};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// The files that this process has marked or is changing, by the library's number, which no other
/// file gets. The library's lock is not taken by those who hold this one.
static CHANGED: Mutex<BTreeMap<u64, Changed>> = Mutex::new(BTreeMap::new());

/// The number of changes that have begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// A change has come to its end.
static ENDED: Condvar = Condvar::new();

/// So long a commit waits for readers in other processes.
const READERS_STAY: Duration = Duration::from_secs(2);

/// So long a commit waits for the changes of other threads.
const PATIENCE: Duration = Duration::from_secs(60);

/// The state of a file that this process changes.
#[derive(Debug, Default)]
struct Changed {
    marked: bool,
    /// Its identity for the operating system.
    place: Option<Place>,
    /// The changes that have begun and are not at their end, and their threads.
    under_way: Vec<(u64, ThreadId)>,
    /// The threads that wait to commit, and how often others have committed for them.
    waiting: usize,
    committed: u64,
    /// The last change removes the mark, if no other thread will, or if one tried to in the middle
    /// of a change.
    waited_for: bool,
}

/// The bit of a file that is open for a single writer beside many readers.
const SWMR: u32 = 0x20;

/// The same of one that is read beside its writer.
const SWMR_READ: u32 = 0x40;

fn changed<R>(look: impl FnOnce(&mut BTreeMap<u64, Changed>) -> R) -> R {
    look(&mut CHANGED.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether this process has marked the file of this number.
fn is_marked_here(number: u64) -> bool {
    changed(|files| files.get(&number).is_some_and(|file| file.marked))
}

/// A change of a file that has begun; it is at its end when this goes. Until then the mark stays.
#[derive(Debug)]
#[must_use = "the change is at its end when this goes"]
pub struct Change {
    object: Id,
    number: u64,
    serial: u64,
    /// The file has a journal, and no mark.
    is_journaled: bool,
}

impl Drop for Change {
    fn drop(&mut self) {
        sync(|| {
            let waited_for = changed(|files| {
                let Some(file) = files.get_mut(&self.number) else { return false };
                if let Some(at) =
                    file.under_way.iter().position(|(serial, _)| *serial == self.serial)
                {
                    file.under_way.swap_remove(at);
                }
                if file.under_way.is_empty() && !file.marked && file.waiting == 0 {
                    files.remove(&self.number);
                    return false;
                }
                let is_wanted = if self.is_journaled { file.waiting > 0 } else { file.waited_for };
                file.under_way.is_empty() && is_wanted
            });
            if waited_for && self.is_journaled {
                // The next change may begin before those who wait for this moment wake up. They
                // try again after an error.
                let _ = commit_now(&self.object, self.number);
            } else if waited_for {
                settle_quietly(&self.object);
            }
        });
        ENDED.notify_all();
    }
}

/// The file that an object is in, and its number. The lock is held.
pub(super) fn file_of(object: hid_t) -> Result<(Id, u64)> {
    let mut number = 0;
    // SAFETY: the object is open, the number is writable; the new identifier has no other owner.
    unsafe {
        let file = Id::own(H5Iget_file_id(object))?;
        check(file_number(file.raw(), &mut number))?;
        Ok((file, number))
    }
}

#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5f::H5Fget_fileno as file_number;

/// # Safety
///
/// The file is open.
#[cfg(not(hdf5_tokens))]
unsafe fn file_number(file: hid_t, number: &mut std::ffi::c_ulong) -> i32 {
    let mut info = hdf5_metno_sys::h5o::H5O_info1_t::default();
    // SAFETY: the contract of this function; the information is writable.
    let code = unsafe { hdf5_metno_sys::h5o::H5Oget_info1(file, &mut info) };
    *number = info.fileno as std::ffi::c_ulong;
    code
}

/// Gives everything that was written to the file of an object to the operating system, in the
/// middle of a change.
pub fn flush(object: &Id) -> Result<()> {
    sync(|| {
        let (file, number) = file_of(object.raw())?;
        write_out(&file)?;
        // The library may have written the superblock, without the mark.
        let is_marked = is_marked_here(number) && journaled::of(&file, number)?.is_none();
        if is_marked { disk::set(&file, true).map(drop) } else { Ok(()) }
    })
}

/// Whether the file of an object is read beside the writer that it has in another process.
pub(super) fn has_writer(object: &Id) -> Result<bool> {
    sync(|| {
        let (file, _) = file_of(object.raw())?;
        let mut intent = 0;
        // SAFETY: the file is open, the number is writable.
        check(unsafe { H5Fget_intent(file.raw(), &mut intent) })?;
        Ok(intent & SWMR_READ != 0)
    })
}

/// Whether the file of an object is written in SWMR mode, so that others may read it meanwhile.
pub fn has_readers(object: &Id) -> Result<bool> {
    sync(|| {
        let (file, _) = file_of(object.raw())?;
        let mut intent = 0;
        // SAFETY: the file is open, the number is writable.
        check(unsafe { H5Fget_intent(file.raw(), &mut intent) })?;
        Ok(intent & SWMR != 0)
    })
}

/// The lock is held.
fn write_out(file: &Id) -> Result<()> {
    // SAFETY: the file is open.
    check(unsafe { H5Fflush(file.raw(), H5F_SCOPE_GLOBAL) }).map(drop)
}

/// Every change of a file begins here: marks it, once until it is flushed, and refuses one that was
/// opened to be read. The object is one of the very file that is changed, wherever links have led.
pub fn begin(object: &Id) -> Result<Change> {
    begin_as(object, false)
}

/// The same for a handle that takes the mark away when it goes itself, by [`settle_quietly`].
pub(super) fn begin_by_handle(object: &Id) -> Result<Change> {
    begin_as(object, true)
}

fn begin_as(object: &Id, by_handle: bool) -> Result<Change> {
    sync(|| {
        let (file, number) = file_of(object.raw())?;
        let journal = journaled::of(&file, number)?;
        let is_journaled = journal.is_some();
        if let Some(error) = journal.as_ref().and_then(|journal| journal.failure()) {
            return Err(error);
        }
        if !is_marked_here(number) {
            match journal {
                Some(journal) => {
                    begin_in_journal(&file)?;
                    changed(|files| {
                        let file = files.entry(number).or_default();
                        (file.marked, file.place) = (true, Some(journal.identity()));
                    });
                }
                None => {
                    mark(&file, number)?;
                    let waited_for = !by_handle && !is_held(&file)?;
                    changed(|files| files.entry(number).or_default().waited_for = waited_for);
                }
            }
        }
        let serial = BEGUN.fetch_add(1, Ordering::Relaxed);
        let thread = thread::current().id();
        changed(|files| files.entry(number).or_default().under_way.push((serial, thread)));
        Ok(Change { object: object.clone(), number, serial, is_journaled })
    })
}

/// Begins the changes of a file that has a journal instead of the mark. The lock is held.
fn begin_in_journal(file: &Id) -> Result<()> {
    let mut intent = 0;
    // SAFETY: the file is open, the number is writable.
    check(unsafe { H5Fget_intent(file.raw(), &mut intent) })?;
    if intent & H5F_ACC_RDWR == 0 {
        return Err(read_only());
    }
    forget_digest(file)
}

/// A digest of what was in the file says nothing any more. The lock is held.
fn forget_digest(file: &Id) -> Result<()> {
    let root = root_of(file)?;
    if open_attribute(root.raw(), DIGEST)?.is_some() {
        delete_attribute(root.raw(), DIGEST)?;
    }
    Ok(())
}

/// Whether a file is open as a file: not only by objects in it, or because an external link has led
/// there. The lock is held.
fn is_held(file: &Id) -> Result<bool> {
    // SAFETY: the file is open. This identifier is one of those that are counted, unless it was
    // there before.
    unsafe {
        Ok(check(H5Fget_obj_count(file.raw(), H5F_OBJ_FILE))? > 1
            || check(H5Iget_ref(file.raw()))? > 1)
    }
}

/// Marks a file. The lock is held.
fn mark(file: &Id, number: u64) -> Result<()> {
    let mut intent = 0;
    // SAFETY: the file is open, the number is writable.
    check(unsafe { H5Fget_intent(file.raw(), &mut intent) })?;
    if intent & H5F_ACC_RDWR == 0 {
        return Err(read_only());
    }
    // With a single writer and many readers, the library keeps the flags.
    if intent & SWMR == 0 {
        if disk::set(file, true)?.is_none() {
            // A new, empty file.
            write_out(file)?;
            disk::set(file, true)?;
        }
        let place = disk::place(file)?;
        changed(|files| {
            let file = files.entry(number).or_default();
            (file.marked, file.place) = (true, place);
        });
    }
    forget_digest(file)
}

/// Writes all pending data of an object's file, and then removes the mark: the end of a change that
/// has [begun](begin) and whose guard still exists. Other running changes end themselves.
pub fn settle(object: &Id) -> Result<()> {
    settle_but(object, 1)
}

/// Ends a change that has [begun](begin) and whose guard still exists: as [`settle`], but in a file
/// with a journal it is only a part of the transaction.
pub fn written(object: &Id) -> Result<()> {
    let is_journaled = sync(|| {
        let (file, number) = file_of(object.raw())?;
        Ok::<_, Error>(journaled::of(&file, number)?.is_some())
    })?;
    if is_journaled { Ok(()) } else { settle(object) }
}

/// Commits the changes of an object's file, if it has a journal. No change of the caller's is under
/// way.
pub(super) fn commit_file(object: &Id) -> Result<()> {
    let journaled = sync(|| {
        let (file, number) = file_of(object.raw())?;
        Ok::<_, Error>(journaled::of(&file, number)?.map(|_| number))
    })?;
    journaled.map_or(Ok(()), |number| commit(object, number, 0))
}

/// The same where no change of the caller's is under way.
pub(super) fn settle_file(object: &Id) -> Result<()> {
    settle_but(object, 0)
}

/// As [`settle`], where so many changes are the caller's.
fn settle_but(object: &Id, own: usize) -> Result<()> {
    let (number, is_journaled) = sync(|| {
        let (file, number) = file_of(object.raw())?;
        Ok::<_, Error>((number, journaled::of(&file, number)?.is_some()))
    })?;
    if is_journaled {
        return commit(object, number, own);
    }
    sync(|| {
        let (file, number) = file_of(object.raw())?;
        write_out(&file)?;
        if !is_marked_here(number) {
            return Ok(());
        }
        let others = changed(|files| {
            let Some(file) = files.get_mut(&number) else { return false };
            file.waited_for = file.under_way.len() > own;
            file.waited_for
        });
        disk::set(&file, others)?;
        if !others {
            settled(number);
        }
        Ok(())
    })
}

/// All changes of a file are written.
fn settled(number: u64) {
    changed(|files| match files.get_mut(&number) {
        Some(file) if !file.under_way.is_empty() || file.waiting > 0 => file.marked = false,
        _ => drop(files.remove(&number)),
    });
}

/// Commits all changes of a file that has a journal. The lock is held.
fn commit_now(object: &Id, number: u64) -> Result<()> {
    let (file, _) = file_of(object.raw())?;
    write_out(&file)?;
    if let Some(journal) = journaled::of(&file, number)? {
        journal.commit()?;
    }
    changed(|files| {
        if let Some(file) = files.get_mut(&number) {
            file.committed += 1;
        }
    });
    settled(number);
    Ok(())
}

/// A thread that waits until it can commit.
struct Waiting {
    number: u64,
    /// The number of commits when it began to wait.
    before: u64,
}

impl Waiting {
    fn begin(number: u64) -> Self {
        let before = changed(|files| {
            let file = files.entry(number).or_default();
            file.waiting += 1;
            file.committed
        });
        Waiting { number, before }
    }

    /// Whether another thread has committed.
    fn is_done(&self) -> bool {
        changed(|files| files.get(&self.number).is_none_or(|file| file.committed > self.before))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        changed(|files| {
            let Some(file) = files.get_mut(&self.number) else { return };
            file.waiting = file.waiting.saturating_sub(1);
            if file.waiting == 0 && file.under_way.is_empty() && !file.marked {
                files.remove(&self.number);
            }
        });
    }
}

/// Commits all changes of a file that has a journal, once no other thread is in the middle of one.
fn commit(object: &Id, number: u64, own: usize) -> Result<()> {
    let begun = Instant::now();
    let commit_if_quiet = || {
        sync(|| match is_between_changes(number, own)? {
            true => match commit_now(object, number) {
                // Readers of other processes come and go. The library's lock is free meanwhile.
                Err(error)
                    if *error.kind() == ErrorKind::Locked && begun.elapsed() < READERS_STAY =>
                {
                    Ok(false)
                }
                done => done.map(|()| true),
            },
            false => Ok::<_, Error>(false),
        })
    };
    if commit_if_quiet()? {
        return Ok(());
    }
    let waiting = Waiting::begin(number);
    while !waiting.is_done() && !commit_if_quiet()? {
        if begun.elapsed() > PATIENCE {
            return Err(Error::new(ErrorKind::Locked)
                .with_help("another thread is in the middle of a change of the file"));
        }
        let files = CHANGED.lock().unwrap_or_else(PoisonError::into_inner);
        // A change may have ended since the last look.
        let _ = ENDED.wait_timeout(files, Duration::from_millis(10));
    }
    Ok(())
}

/// Whether no change of another thread is under way, and no more than these of this one, which are
/// at their end: others need not wait for them.
fn is_between_changes(number: u64, own: usize) -> Result<bool> {
    let this = thread::current().id();
    changed(|files| {
        let Some(file) = files.get_mut(&number) else { return Ok(true) };
        if file.under_way.iter().filter(|(_, thread)| *thread == this).count() > own {
            let what = "a flush of a file in the middle of a change of it";
            return Err(ErrorKind::Contract(what.into()).into());
        }
        file.under_way.retain(|(_, thread)| *thread != this);
        Ok(file.under_way.is_empty())
    })
}

/// Gives everything that was written to the file of an object to its journal, or ends its changes
/// if it has none.
pub(super) fn write_all(object: &Id) -> Result<()> {
    let is_journaled = sync(|| {
        let (file, number) = file_of(object.raw())?;
        let is_journaled = journaled::of(&file, number)?.is_some();
        if is_journaled {
            write_out(&file)?;
        }
        Ok::<_, Error>(is_journaled)
    })?;
    if is_journaled { Ok(()) } else { settle_file(object) }
}

/// Forgets the changes of a file that is about to be closed.
pub(super) fn forget(object: &Id) -> Result<()> {
    sync(|| file_of(object.raw()).map(|(_, number)| settled(number)))
}

/// Whether an identifier is the only one of a file, so that the file is closed with it. The lock is
/// held.
pub(super) fn is_last(file: &Id) -> Result<bool> {
    // SAFETY: the file is open.
    unsafe {
        Ok(check(H5Fget_obj_count(file.raw(), H5F_OBJ_ALL))? == 1
            && check(H5Iget_ref(file.raw()))? == 1)
    }
}

/// Ends the changes of a file whose object is dropped. The last `File` commits.
pub(super) fn settle_dropped(file: &Id) {
    let is_alone = sync(|| {
        let (found, number) = file_of(file.raw())?;
        if journaled::of(&found, number)?.is_none() {
            return Ok::<_, Error>(None);
        }
        drop(found);
        // SAFETY: the file is open.
        let files = check(unsafe { H5Fget_obj_count(file.raw(), H5F_OBJ_FILE) })?;
        Ok(Some(files == 1 && is_marked_here(number) && !is_last(file)?))
    });
    match is_alone {
        Ok(None) | Err(_) => settle_quietly(file),
        // A change that a panic has interrupted may be incomplete.
        Ok(Some(true)) if !thread::panicking() => {
            // The last handle commits again.
            if let Err(error) = settle_file(file) {
                log::error!("the changes of a file are not committed yet: {error}");
            }
        }
        Ok(Some(_)) => {}
    }
}

/// Like [`settle`], if the file is marked, for callers that ignore errors.
pub(super) fn settle_quietly(object: &Id) {
    sync(|| {
        if !changed(|files| files.is_empty())
            && let Ok((file, number)) = file_of(object.raw())
            && is_marked_here(number)
            && let Ok(None) = journaled::of(&file, number)
        {
            // Then it stays marked.
            let _ = settle_file(object);
        }
    });
}

/// Takes away the mark that the library sets when a file is opened to be changed: nothing is
/// changed yet.
pub(super) fn opened(object: &Id) -> Result<()> {
    sync(|| {
        let (file, number) = file_of(object.raw())?;
        match is_marked_here(number) || journaled::of(&file, number)?.is_some() {
            true => Ok(()),
            false => disk::set(&file, false).map(drop),
        }
    })
}

/// Refuses a file that a process was changing when it was killed, or that another one is changing
/// now; one that is opened to be read.
pub(super) fn refuse_interrupted(object: &Id) -> Result<()> {
    sync(|| {
        let (file, number) = file_of(object.raw())?;
        if !is_marked_here(number) && disk::get(&file)? {
            return Err(crate::error::interrupted());
        }
        Ok(())
    })
}

/// Whether a file has the mark of another process, whatever else is wrong with it.
pub fn is_interrupted(path: &Path) -> bool {
    is_marked(path) && {
        let place = std::fs::metadata(path).ok().and_then(|found| disk::place_of(&found));
        place.is_none()
            || !sync(|| {
                changed(|files| files.values().any(|file| file.marked && file.place == place))
            })
    }
}
