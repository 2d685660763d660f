//! The journal: files that change completely or not at all.
//!
//! A [`JournaledFile`] is a [`Store`]. Bytes that belong to the last commit stay as they are until
//! the next one; changes of them go to a log beside the file, `name.h5-journal`. New bytes go
//! behind the end of the file, where nothing refers to them. `docs/JOURNAL.md` has the states, the
//! steps of a commit, and what is left at each of them when the process is killed.

mod apply;
mod cause;
mod commit;
mod disk;
mod files;
mod fork;
mod index;
mod log;
mod pages;
mod record;
mod recover;
mod registry;
mod state;
mod superblock;

pub use disk::{Disk, log_path};
pub use files::{Files, Held, Part};
pub use recover::{Recovered, recover};
pub use registry::{identity, is_open, is_used, open_file, remove_log, restore};
pub use superblock::is_marked_file;

use crate::error::{Error, ErrorKind, Result};
use crate::replace::Replacement;
use crate::store::{ReadAt, Store};
use state::State;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Whether the files of a journal are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locks {
    /// Never.
    Off,
    /// Always; an error if the file system has no locks.
    On,
    /// If the file system has locks.
    #[default]
    BestEffort,
}

/// How a journal works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalOptions {
    /// Whether a commit survives a power cut. Any commit survives the end of the process.
    pub durable: bool,
    /// Changed pages stay in memory up to this number of bytes.
    pub memory: usize,
    /// Whether the files are locked.
    pub locks: Locks,
    /// How long to wait for readers and writers in other processes.
    pub lock_timeout: Duration,
}

impl Default for JournalOptions {
    fn default() -> Self {
        JournalOptions {
            durable: true,
            memory: 4 << 20,
            locks: Locks::default(),
            lock_timeout: Duration::from_millis(200),
        }
    }
}

/// A file that changes completely or not at all: all [writes](Store::write_at) since the last
/// [`commit`](JournaledFile::commit) are one transaction. Reads see it, other programs do not.
///
/// [`Store::set_size`] is part of the transaction. [`Store::sync`] does nothing: only `commit`
/// makes something durable.
pub struct JournaledFile {
    state: Mutex<State>,
    identity: (u64, u64),
    options: JournalOptions,
    /// The process that has opened it.
    generation: u64,
    is_closed: AtomicBool,
    /// How many users have it open.
    users: AtomicUsize,
}

/// How often the last user tries to commit, each time as long as the options say.
const LAST_TRIES: u32 = 10;

impl fmt::Debug for JournaledFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournaledFile").field("identity", &self.identity).finish_non_exhaustive()
    }
}

impl JournaledFile {
    /// Opens a file for writing, and brings it to its last commit if that was interrupted. A file
    /// that this process has open already is the same one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] if another process writes the file, or reads a file whose commit was
    /// interrupted; [`ErrorKind::Interrupted`] if the journal that the file needs is not there; any
    /// I/O error.
    pub fn open(path: &Path, options: JournalOptions) -> Result<Arc<Self>> {
        registry::open(path, options)
    }

    /// Creates a file: a complete one under a temporary name, which takes the place of the old one
    /// with the first commit. If it must not replace another one, that is `exclusive`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] if another process writes a file of this name; any I/O error.
    pub fn create(
        file: Replacement,
        exclusive: bool,
        options: JournalOptions,
    ) -> Result<Arc<Self>> {
        registry::create(file, exclusive, options)
    }

    /// A journal over two files that are open. Brings the data file to its last commit.
    ///
    /// # Errors
    ///
    /// As [`JournaledFile::open`].
    pub fn over(mut files: Box<dyn Files>, options: JournalOptions) -> Result<Self> {
        if let Err(error) = made_good(&mut *files) {
            // The error that brought us here is the one to tell.
            let _ = files.abandon();
            return Err(error);
        }
        let identity = files.identity();
        let state = State::new(files, options, new_id())?;
        Ok(JournaledFile {
            state: Mutex::new(state),
            identity,
            options,
            generation: fork::generation(),
            is_closed: AtomicBool::new(false),
            users: AtomicUsize::new(0),
        })
    }

    /// Counts one more user, who will [leave](JournaledFile::leave).
    pub fn enter(&self) {
        self.users.fetch_add(1, Ordering::AcqRel);
    }

    /// Ends the use by one user. The last one commits, and closes the journal; with `undo`, nothing
    /// is committed. If it cannot be committed, it is undone.
    ///
    /// # Errors
    ///
    /// As [`commit`](JournaledFile::commit) and [`close`](JournaledFile::close).
    pub fn leave(&self, undo: bool) -> Result<()> {
        if self.users.fetch_sub(1, Ordering::AcqRel) > 1 {
            return Ok(());
        }
        let mut committed = if undo { Ok(()) } else { self.commit() };
        for _ in 1..LAST_TRIES {
            match &committed {
                // Readers come and go, and there is no later attempt.
                Err(error) if *error.kind() == ErrorKind::Locked => committed = self.commit(),
                _ => break,
            }
        }
        let closed = self.close();
        committed.and(closed)
    }

    /// Commits, and writes directly to the file from then on, for readers that follow a single
    /// writer.
    ///
    /// # Errors
    ///
    /// As [`commit`](JournaledFile::commit).
    pub fn turn_off(&self) -> Result<()> {
        let mut state = self.own()?;
        state.commit()?;
        state.turn_off();
        Ok(())
    }

    /// The data file as a file of the operating system, if it is one.
    ///
    /// # Errors
    ///
    /// An I/O error.
    pub fn descriptor(&self) -> io::Result<Option<std::fs::File>> {
        self.state().files.descriptor()
    }

    /// How it was opened.
    pub fn options(&self) -> JournalOptions {
        self.options
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, to change it.
    fn own(&self) -> Result<MutexGuard<'_, State>> {
        if fork::generation() != self.generation {
            let what = "a file that was opened before a fork cannot be changed in the child";
            return Err(ErrorKind::Contract(what.into()).into());
        }
        if self.is_closed() {
            return Err(ErrorKind::Closed.into());
        }
        Ok(self.state())
    }

    /// Whether the log is gone, and nothing can be written any more.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// The device and the number of the file.
    pub fn identity(&self) -> (u64, u64) {
        self.identity
    }

    /// Commits the transaction. `Ok` means that all of it is in the file, and with
    /// [`durable`](JournalOptions::durable) also on the disk.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] if another program reads the file: the transaction stays open.
    /// [`ErrorKind::CommittedPending`] if the transaction is committed, but could not be applied.
    /// [`ErrorKind::Changed`] if another program has changed or replaced the file, and any I/O
    /// error.
    pub fn commit(&self) -> Result<()> {
        self.own()?.commit()
    }

    /// Undoes everything since the last commit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CommittedPending`] if the transaction is committed already; any I/O error.
    pub fn roll_back(&self) -> Result<()> {
        self.own()?.roll_back()
    }

    /// Undoes what is not committed, and removes the log. Nothing can be written afterwards.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CommittedPending`] if the last commit cannot be applied: the log stays, and the
    /// next opening applies it. Any I/O error.
    pub fn close(&self) -> Result<()> {
        let mut state = self.own()?;
        state.close()?;
        self.is_closed.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether it has no commit, and so no name, yet.
    pub fn is_new(&self) -> bool {
        self.state().is_new
    }

    /// Whether nothing was changed since the last commit.
    pub fn is_clean(&self) -> bool {
        let state = self.state();
        state.is_clean() && state.doomed.is_none() && state.applying.is_none()
    }

    /// Whether bytes of a range are in the transaction, and not in the data file.
    pub fn is_pending(&self, offset: u64, len: u64) -> bool {
        self.state().is_pending(offset, len)
    }

    /// Whether bytes of a range can be read from the data file; makes it as long as that takes.
    ///
    /// # Errors
    ///
    /// An I/O error.
    pub fn expose(&self, offset: u64, len: u64) -> Result<bool> {
        let mut state = self.own()?;
        if state.is_pending(offset, len) {
            return Ok(false);
        }
        state.reach(offset.saturating_add(len))?;
        Ok(true)
    }

    /// Why the transaction cannot be committed, if it cannot.
    pub fn failure(&self) -> Option<Error> {
        self.state().doomed.as_ref().map(cause::Cause::error)
    }
}

/// Brings the data file to its last commit.
fn made_good(files: &mut dyn Files) -> Result<()> {
    if files.is_new() {
        // The log is that of the file that will be replaced.
        return Ok(());
    }
    if files.size(Part::Log)? == 0 {
        return recover(files).map(drop);
    }
    if files.lock(true)? != Held::Alone {
        return Err(Error::new(ErrorKind::Locked).with_help(
            "another program reads the file, whose last commit was interrupted: wait until it has \
             closed the file",
        ));
    }
    recover(files)?;
    match files.lock(false)? {
        Held::Nothing => Err(ErrorKind::Locked.into()),
        _ => Ok(()),
    }
}

impl Drop for JournaledFile {
    fn drop(&mut self) {
        // Without an answer to give, what is left is for the next recovery.
        let _ = self.close();
    }
}

impl ReadAt for JournaledFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.state().read(offset, buffer)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.state().end)
    }
}

impl Store for JournaledFile {
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
        self.own()?.write(offset, data)?;
        Ok(data.len())
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        Ok(self.own()?.set_size(size)?)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A number that no other journal has.
fn new_id() -> u128 {
    let random = || u128::from(RandomState::new().build_hasher().finish());
    random() << 64 | random()
}
