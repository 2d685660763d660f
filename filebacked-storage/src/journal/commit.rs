//! The commit: makes a transaction the state of the file. The steps are those of docs/JOURNAL.md.

use super::apply::{Target, apply_home, apply_log, apply_memory};
use super::files::{Held, Part, read, write};
use super::record::{FRONT_LEN, Front, Header, Kind, PAGE, PAGE_LEN, table, table_at};
use super::state::{State, place};
use crate::error::{Error, ErrorKind, Result};
use std::io;

impl State {
    /// Commits the transaction.
    pub(super) fn commit(&mut self) -> Result<()> {
        self.finish()?;
        if let Some(cause) = &self.doomed {
            return Err(cause.error());
        }
        if self.is_off {
            return Ok(self.flush(Part::Data)?);
        }
        if self.is_clean() {
            return Ok(());
        }
        if self.is_unlocked {
            self.lock_again()?;
        }
        if self.is_new {
            return self.commit_first();
        }
        if !self.files.is_named()? {
            let error = Error::new(ErrorKind::Changed)
                .with_help("another file has the name now: roll back, and open that one");
            return Err(self.doom(error));
        }
        let Some(before) = self.front else { return self.commit_new() };
        if self.memory.is_empty() && self.index.is_empty() && self.end >= self.committed {
            return self.commit_tail();
        }
        let header = self.prepare(before)?;
        self.settle().map_err(|error| self.doom(error.into()))?;
        if let Err(error) = self.lock_alone() {
            if !self.is_unlocked {
                self.share();
            }
            return Err(error);
        }
        // From here on, the transaction may be committed.
        self.finish_as(Box::new(header), true)
    }

    /// Commits a new file: gives it its name.
    fn commit_first(&mut self) -> Result<()> {
        self.set_length().map_err(|error| self.doom(error.into()))?;
        let published = self.files.publish(self.options.durable);
        // If the name is there, only its way to the disk has failed.
        if !self.files.is_new() {
            self.is_new = false;
            self.forget_overlay();
            self.look()?;
        }
        published.map_err(|error| if self.is_new { self.doom(error) } else { error })
    }

    /// Commits a file that has no state yet.
    fn commit_new(&mut self) -> Result<()> {
        if !self.memory.is_empty() || !self.index.is_empty() {
            let what = "a file without a superblock was not empty".to_string();
            return Err(self.doom(ErrorKind::Damaged(what).into()));
        }
        self.commit_tail()?;
        self.look()
    }

    /// Commits bytes behind the committed end, which nothing refers to.
    fn commit_tail(&mut self) -> Result<()> {
        self.set_length()?;
        self.flush(Part::Data).map_err(|error| self.doom(error.into()))?;
        self.is_log_needed = false;
        self.committed = self.end;
        self.has_tail = false;
        Ok(())
    }

    /// Gives the data file the length of the transaction, if it is shorter, or longer than both.
    fn set_length(&mut self) -> io::Result<()> {
        let wanted = self.end.max(self.committed);
        if self.physical != wanted {
            self.files.set_size(Part::Data, wanted)?;
            self.physical = wanted;
        }
        Ok(())
    }

    /// Steps 3 and 4: writes the whole log. Nothing is lost if that fails, so it may be tried
    /// again.
    fn prepare(&mut self, before: Front) -> Result<Header> {
        let front_end = self.base + FRONT_LEN as u64;
        if front_end > self.committed.min(self.end) {
            let what = "the file ends within its superblock".to_string();
            return Err(self.doom(ErrorKind::Damaged(what).into()));
        }
        self.set_length()?;
        // The front is written back from here, also if it did not change.
        let within = (self.base % PAGE) as usize;
        let mut after = [0; FRONT_LEN];
        after.copy_from_slice(&self.load(self.base / PAGE)?[within..within + FRONT_LEN]);
        self.reserve()?;
        self.transaction = self.transaction.wrapping_add(1);
        self.write_all(before, after)
    }

    /// Allocates what the apply overwrites.
    fn reserve(&mut self) -> io::Result<()> {
        let limit = self.committed.min(self.end);
        let pages = self.memory.keys().map(|page| (*page, 1));
        let runs = self.index.runs().map(|run| (run.first, run.pages));
        let ranges: Vec<(u64, u64)> = pages
            .chain(runs)
            .map(|(first, pages)| (first * PAGE, ((first + pages) * PAGE).min(limit)))
            .filter(|(from, to)| from < to)
            .map(|(from, to)| (from, to - from))
            .collect();
        self.files.reserve(&ranges)
    }

    fn write_all(&mut self, before: Front, after: Front) -> Result<Header> {
        let pages = std::mem::take(&mut self.memory);
        let slot = self.sums.len() as u64;
        let placed = self.place_pages(&pages);
        // They stay in memory: the apply takes them from there.
        self.memory = pages;
        let (runs, block) = placed?;
        self.note_all(&runs, &block);
        let header = self.header(Kind::Commit, before, after);
        let table = table(&self.index, &self.sums);
        let head = header.encode(&table);
        let is_behind = table_at(&header).is_some_and(|at| at >= PAGE);
        let behind: &[u8] = if is_behind { &table } else { &[] };
        if slot == 0 {
            let mut all = Vec::with_capacity(PAGE_LEN + block.len() + behind.len());
            all.extend_from_slice(&head);
            all.extend_from_slice(&block);
            all.extend_from_slice(behind);
            self.write_log(0, &all)?;
        } else {
            let mut all = block;
            all.extend_from_slice(behind);
            self.write_log(place(slot), &all)?;
            self.write_log(0, &head)?;
        }
        self.has_header = true;
        Ok(header)
    }

    /// Step 5: makes the log and the new bytes durable.
    fn settle(&mut self) -> io::Result<()> {
        if !self.options.durable {
            return Ok(());
        }
        if self.has_tail || self.end > self.committed {
            self.files.flush(Part::Data)?;
        }
        self.files.flush(Part::Log)?;
        if !self.is_log_named {
            self.files.flush_names()?;
            self.is_log_named = true;
        }
        Ok(())
    }

    /// Step 6: locks the data file for the apply. If another process reads it, the transaction
    /// stays open.
    fn lock_alone(&mut self) -> Result<()> {
        match self.locked(true)? {
            Held::Alone => self.compare(),
            Held::Shared => {
                self.compare()?;
                Err(Error::new(ErrorKind::Locked).with_help(
                    "another program reads the file: commit again when it has closed the file",
                ))
            }
            Held::Nothing => {
                self.is_unlocked = true;
                Err(ErrorKind::Locked.into())
            }
        }
    }

    /// Changes the lock. If another program has changed the file meanwhile, the transaction is
    /// lost.
    fn locked(&mut self, alone: bool) -> Result<Held> {
        self.files.lock(alone).map_err(|error| match Error::from(error) {
            error if *error.kind() == ErrorKind::Changed => self.doom(error),
            error => error,
        })
    }

    /// Takes back a lock that was lost.
    pub(super) fn lock_again(&mut self) -> Result<()> {
        if self.locked(false)? == Held::Nothing {
            return Err(ErrorKind::Locked.into());
        }
        self.is_unlocked = false;
        self.compare()
    }

    /// Refuses a data file that another program has changed.
    fn compare(&mut self) -> Result<()> {
        let mut front = [0; FRONT_LEN];
        read(&*self.files, Part::Data, self.base, &mut front)?;
        let is_front = self.front.is_none_or(|known| known == front);
        if is_front && self.files.size(Part::Data)? == self.physical {
            return Ok(());
        }
        Err(self.doom(ErrorKind::Changed.into()))
    }

    /// Finishes a transaction that is committed, but not completely applied.
    pub(super) fn finish(&mut self) -> Result<()> {
        match self.applying.take() {
            Some(header) => self.finish_as(header, false),
            None => Ok(()),
        }
    }

    /// Steps 7 to 10, as often as it takes.
    fn finish_as(&mut self, header: Box<Header>, is_locked: bool) -> Result<()> {
        if let Err(error) = self.apply(&header, is_locked) {
            self.applying = Some(header);
            return Err(Error::new(ErrorKind::CommittedPending)
                .with_help("flush or close the file again, or open it anew, to finish it")
                .with_source(error));
        }
        self.front = Some(header.after);
        self.committed = header.end;
        self.is_log_needed = true;
        self.forget_overlay();
        if self.doomed.is_none() {
            self.end = header.end;
        }
        self.share();
        Ok(())
    }

    fn apply(&mut self, header: &Header, is_locked: bool) -> Result<()> {
        if !is_locked && self.files.lock(true)? != Held::Alone {
            return Err(ErrorKind::Locked.into());
        }
        write(&mut *self.files, Part::Data, self.base, &header.marker)?;
        self.flush(Part::Data)?;
        let target = Target::of(header);
        apply_log(&mut *self.files, &target, self.index.runs())?;
        apply_memory(&mut *self.files, &target, &self.memory)?;
        if let Some(page) = self.memory.get(&target.home) {
            apply_home(&mut *self.files, &target, page)?;
        }
        if self.physical != header.end {
            self.files.set_size(Part::Data, header.end)?;
            self.physical = header.end;
        }
        self.flush(Part::Data)?;
        Ok(write(&mut *self.files, Part::Data, self.base, &header.after)?)
    }

    /// Lets readers in again.
    fn share(&mut self) {
        // A writer that was faster has the lock: the next change asks for it again, and compares.
        self.is_unlocked = !matches!(self.files.lock(false), Ok(Held::Shared | Held::Alone));
    }

    /// Ends the journal: what is not committed is undone, and the log goes.
    pub(super) fn close(&mut self) -> Result<()> {
        self.finish()?;
        if self.is_off || self.is_new {
            return self.files.release();
        }
        if !self.is_clean() || self.doomed.is_some() || self.physical > self.committed {
            self.roll_back()?;
        }
        self.release_log()?;
        self.files.release()
    }
}
