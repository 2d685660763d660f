//! [`State`]: the open transaction of a file. Reads and writes go through it.

use super::cause::Cause;
use super::files::{Files, Part, read};
use super::index::{Index, Run, ZEROS};
use super::record::{Front, Header, PAGE, Page};
use super::{JournalOptions, superblock};
use crate::error::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::io;

/// A doomed transaction keeps so many bytes, so that HDF5 can read what it wrote.
const STRANDED: usize = 64 << 20;

/// A file, and the transaction that is open in it.
pub(super) struct State {
    pub(super) files: Box<dyn Files>,
    pub(super) options: JournalOptions,
    /// The length of the data file at the last commit.
    pub(super) committed: u64,
    /// The length that the transaction has given it.
    pub(super) end: u64,
    /// Its real length.
    pub(super) physical: u64,
    /// Where the superblock is.
    pub(super) base: u64,
    /// The first bytes of the superblock at the last commit; `None` of a new file.
    pub(super) front: Option<Front>,
    /// Changed pages in memory. They hide those of the index.
    pub(super) memory: BTreeMap<u64, Box<Page>>,
    /// Changed pages in the log.
    pub(super) index: Index,
    /// The checksum of each slot of the log.
    pub(super) sums: Vec<u64>,
    /// Whether bytes were written behind the committed end.
    pub(super) has_tail: bool,
    /// The id of the last transaction that was committed or tried to.
    pub(super) transaction: u128,
    /// The transaction that is committed, but not completely applied.
    pub(super) applying: Option<Box<Header>>,
    /// The superblock of the last commit may not be on the disk yet: the log is still needed.
    pub(super) is_log_needed: bool,
    /// Whether the log has a header, of whatever transaction.
    pub(super) has_header: bool,
    /// Whether the name of the log is on the disk.
    pub(super) is_log_named: bool,
    /// Whether a writer took the lock on the data file when it was changed.
    pub(super) is_unlocked: bool,
    /// Everything is written directly to the data file.
    pub(super) is_off: bool,
    /// The data file has no name yet, and needs no journal until it is committed.
    pub(super) is_new: bool,
    /// Why the transaction cannot be committed.
    pub(super) doomed: Option<Cause>,
    /// The writes of a doomed transaction, in order.
    stranded: Vec<(u64, Vec<u8>)>,
    stranded_bytes: usize,
    /// Different pages in a row.
    pub(super) misses: u32,
}

impl State {
    /// The state of a file that is at a commit, and whose log is empty.
    pub(super) fn new(files: Box<dyn Files>, options: JournalOptions, id: u128) -> Result<Self> {
        let mut state = State {
            files,
            options,
            committed: 0,
            end: 0,
            physical: 0,
            base: 0,
            front: None,
            memory: BTreeMap::new(),
            index: Index::default(),
            sums: Vec::new(),
            has_tail: false,
            transaction: id,
            applying: None,
            is_log_needed: false,
            has_header: false,
            is_log_named: false,
            is_unlocked: false,
            is_off: false,
            is_new: false,
            doomed: None,
            stranded: Vec::new(),
            stranded_bytes: 0,
            misses: 0,
        };
        state.look()?;
        if state.files.is_new() {
            state.is_new = true;
            state.committed = 0;
        }
        Ok(state)
    }

    /// Takes what the data file is now for the last commit.
    pub(super) fn look(&mut self) -> Result<()> {
        self.physical = self.files.size(Part::Data)?;
        (self.committed, self.end) = (self.physical, self.physical);
        (self.base, self.front) = match superblock::find(&*self.files)? {
            Some((base, front)) => (base, Some(front)),
            None => (0, None),
        };
        Ok(())
    }

    /// Lets everything be written directly from now on. Nothing is open.
    pub(super) fn turn_off(&mut self) {
        self.is_off = true;
        // No byte belongs to a commit any more.
        self.committed = 0;
    }

    /// Whether the transaction has changed nothing.
    pub(super) fn is_clean(&self) -> bool {
        !self.is_new
            && self.memory.is_empty()
            && self.index.is_empty()
            && self.end == self.committed
            && !self.has_tail
    }

    /// Whether bytes of a range are not in the data file.
    pub(super) fn is_pending(&self, offset: u64, len: u64) -> bool {
        // Behind the committed end, pages provide nothing.
        let stop = offset.saturating_add(len).min(self.committed);
        let (first, end) = (offset / PAGE, stop.div_ceil(PAGE));
        self.memory.range(first..end.max(first)).next().is_some()
            || self.index.within(first, end).next().is_some()
            || !self.stranded.is_empty()
    }

    /// Reads bytes of the transaction, up to its end.
    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.end.saturating_sub(offset).min(buffer.len() as u64);
        let buffer = &mut buffer[..len as usize];
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.stranded_bytes > STRANDED
            && let Some(cause) = &self.doomed
        {
            return Err(cause.error().into());
        }
        let (first, last) = (offset / PAGE, (offset + len - 1) / PAGE);
        // A single page in memory needs no read, which is what HDF5 mostly asks for.
        let is_in_memory = first == last && self.memory.contains_key(&first);
        if !is_in_memory || offset + len > self.committed {
            read(&*self.files, Part::Data, offset, buffer)?;
            for run in self.index.within(first, last + 1) {
                self.read_run(run, offset, buffer)?;
            }
        }
        for (page, bytes) in self.memory.range(first..=last) {
            if let Some((within, part)) = self.meet(*page, 1, offset, buffer) {
                part.copy_from_slice(&bytes[within as usize..within as usize + part.len()]);
            }
        }
        for (start, bytes) in &self.stranded {
            let (from, to) = ((*start).max(offset), (start + bytes.len() as u64).min(offset + len));
            if from < to {
                buffer[(from - offset) as usize..(to - offset) as usize]
                    .copy_from_slice(&bytes[(from - start) as usize..(to - start) as usize]);
            }
        }
        Ok(len as usize)
    }

    fn read_run(&self, run: Run, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let Some((within, part)) = self.meet(run.first, run.pages, offset, buffer) else {
            return Ok(());
        };
        match run.slot {
            ZEROS => part.fill(0),
            slot => read(&*self.files, Part::Log, place(slot) + within, part)?,
        }
        Ok(())
    }

    /// The part of a buffer that these pages provide, and where in them it begins. Behind the
    /// committed end, they provide nothing.
    fn meet<'b>(
        &self,
        page: u64,
        pages: u64,
        offset: u64,
        buffer: &'b mut [u8],
    ) -> Option<(u64, &'b mut [u8])> {
        let (start, stop) = (page * PAGE, ((page + pages) * PAGE).min(self.committed));
        let (from, to) = (offset.max(start), (offset + buffer.len() as u64).min(stop));
        if from >= to {
            return None;
        }
        Some((from - start, &mut buffer[(from - offset) as usize..(to - offset) as usize]))
    }

    /// Writes bytes into the transaction.
    pub(super) fn write(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        let tried = match &self.doomed {
            Some(cause) => Err(cause.error()),
            None => self.ready().and_then(|()| Ok(self.try_write(offset, data)?)),
        };
        tried.map_err(|error| {
            self.strand(offset, data);
            self.doom(error)
        })
    }

    /// Moves the end of the file.
    pub(super) fn set_size(&mut self, size: u64) -> Result<()> {
        if size == self.end {
            return Ok(());
        }
        let tried = match &self.doomed {
            Some(cause) => Err(cause.error()),
            None => self.ready().and_then(|()| Ok(self.try_set_size(size)?)),
        };
        tried.map_err(|error| {
            self.end = size;
            self.doom(error)
        })
    }

    /// Ends what keeps the transaction from being changed.
    fn ready(&mut self) -> Result<()> {
        if self.is_unlocked {
            self.lock_again()?;
        }
        self.finish()
    }

    /// Keeps the first cause, and returns an error.
    #[cold]
    pub(super) fn doom(&mut self, error: Error) -> Error {
        self.doomed.get_or_insert_with(|| Cause::of(&error));
        error
    }

    /// Keeps bytes of a transaction that cannot be committed.
    #[cold]
    fn strand(&mut self, offset: u64, data: &[u8]) {
        self.stranded_bytes = self.stranded_bytes.saturating_add(data.len());
        self.end = self.end.max(offset.saturating_add(data.len() as u64));
        if self.stranded_bytes <= STRANDED {
            self.stranded.push((offset, data.to_vec()));
        }
    }

    /// Forgets the pages of a transaction that is at its end.
    pub(super) fn forget_overlay(&mut self) {
        self.memory.clear();
        self.index.clear();
        self.sums.clear();
        self.has_tail = false;
        self.misses = 0;
    }

    /// Forgets everything since the last commit.
    pub(super) fn roll_back(&mut self) -> Result<()> {
        if self.applying.is_some() {
            return Err(Error::new(ErrorKind::CommittedPending)
                .with_help("the transaction is committed: flush the file to finish it"));
        }
        if self.is_off || self.is_new {
            let what = "a file that has no commit yet, or is written for readers, has no state to \
                        go back to";
            return Err(ErrorKind::Unsupported(what.into()).into());
        }
        let is_changed = self.doomed.as_ref().is_some_and(Cause::is_changed);
        self.forget_overlay();
        self.doomed = None;
        self.stranded = Vec::new();
        self.stranded_bytes = 0;
        if is_changed {
            // The bytes behind the end belong to the program that has changed the file.
            return self.look();
        }
        self.end = self.committed;
        if self.physical > self.committed {
            self.files.set_size(Part::Data, self.committed)?;
            self.physical = self.committed;
        }
        Ok(())
    }
}

/// Where a slot is in the log.
pub(super) fn place(slot: u64) -> u64 {
    (slot + 1) * PAGE
}
