//! The way of written bytes: behind the committed end into the data file, below it into pages.

use super::files::{Part, read, write};
use super::index::{Run, ZEROS};
use super::record::{PAGE, PAGE_LEN, Page};
use super::state::{State, place};
use std::io;

/// So many whole pages in a row go to the log without a stay in memory.
const DIRECT: u64 = 256;

/// So many pages are compared with those of the last commit at once.
const COMPARED: usize = 32;

/// After so many different pages in a row, no more are compared.
const MISSES: u32 = 64;

impl State {
    pub(super) fn try_write(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        let Some(stop) = offset.checked_add(data.len() as u64) else {
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        if data.is_empty() {
            return Ok(());
        }
        self.fill_gap(offset)?;
        let below = self.committed.saturating_sub(offset).min(data.len() as u64);
        let (below, behind) = data.split_at(below as usize);
        self.write_below(offset, below)?;
        if !behind.is_empty() {
            let offset = offset + below.len() as u64;
            self.has_tail = true;
            self.physical = self.physical.max(stop);
            write(&mut *self.files, Part::Data, offset, behind)?;
        }
        self.end = self.end.max(stop);
        Ok(())
    }

    pub(super) fn try_set_size(&mut self, size: u64) -> io::Result<()> {
        if size > self.end {
            self.fill_gap(size)?;
        } else if !self.is_off {
            let first = size.div_ceil(PAGE);
            drop(self.memory.split_off(&first));
            self.index.remove(first, u64::MAX);
        }
        if self.is_off && self.physical != size {
            self.files.set_size(Part::Data, size)?;
            self.physical = size;
        }
        self.end = size;
        Ok(())
    }

    /// Makes the data file as long as the transaction has it, up to a place.
    pub(super) fn reach(&mut self, to: u64) -> io::Result<()> {
        let wanted = to.min(self.end);
        if self.physical < wanted {
            self.files.set_size(Part::Data, wanted)?;
            self.physical = wanted;
            self.has_tail = true;
        }
        Ok(())
    }

    /// Makes the bytes zeros that lie between the end and a place behind it.
    fn fill_gap(&mut self, to: u64) -> io::Result<()> {
        if to <= self.end {
            return Ok(());
        }
        let tail = self.end.max(self.committed);
        if tail < to && self.physical > tail {
            self.files.set_size(Part::Data, tail)?;
            self.physical = tail;
        }
        let (mut from, to) = (self.end, to.min(self.committed));
        while from < to {
            let page = from / PAGE;
            let whole = (to / PAGE).saturating_sub(page);
            if from.is_multiple_of(PAGE) && whole > 0 {
                self.index.insert(Run { first: page, pages: whole, slot: ZEROS });
                self.forget(page, page + whole);
                from += whole * PAGE;
                continue;
            }
            let stop = ((page + 1) * PAGE).min(to);
            let bytes = self.load(page)?;
            bytes[(from % PAGE) as usize..][..(stop - from) as usize].fill(0);
            from = stop;
        }
        Ok(())
    }

    /// Forgets pages in memory, without the second.
    fn forget(&mut self, first: u64, end: u64) {
        let later = self.memory.split_off(&end.max(first));
        drop(self.memory.split_off(&first));
        self.memory.extend(later);
    }

    /// Writes bytes below the committed end.
    fn write_below(&mut self, mut offset: u64, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            let (page, within) = (offset / PAGE, (offset % PAGE) as usize);
            let whole = if within == 0 { data.len() as u64 / PAGE } else { 0 };
            let done = if whole >= DIRECT {
                self.write_direct(page, &data[..(whole.min(DIRECT) * PAGE) as usize])?
            } else if whole > 0 && self.misses < MISSES && !self.has(page) {
                self.write_compared(page, data)?
            } else {
                let len = data.len().min(PAGE_LEN - within);
                self.write_page(page, within, &data[..len])?;
                len
            };
            offset += done as u64;
            data = &data[done..];
            if self.memory.len() * PAGE_LEN > self.options.memory {
                self.spill()?;
            }
        }
        Ok(())
    }

    fn has(&self, page: u64) -> bool {
        self.memory.contains_key(&page) || self.index.get(page).is_some()
    }

    fn write_page(&mut self, page: u64, within: usize, data: &[u8]) -> io::Result<()> {
        if data.len() == PAGE_LEN {
            let mut bytes = Box::new([0u8; PAGE_LEN]);
            bytes.copy_from_slice(data);
            self.memory.insert(page, bytes);
            return Ok(());
        }
        if !self.has(page) {
            let mut bytes = Box::new([0u8; PAGE_LEN]);
            self.read_committed(page, &mut *bytes)?;
            let place = &mut bytes[within..within + data.len()];
            if place != data {
                place.copy_from_slice(data);
                self.memory.insert(page, bytes);
            }
            return Ok(());
        }
        self.load(page)?[within..within + data.len()].copy_from_slice(data);
        Ok(())
    }

    /// Pages of the last commit, with zeros behind its end.
    fn read_committed(&self, page: u64, bytes: &mut [u8]) -> io::Result<()> {
        let len = self.committed.saturating_sub(page * PAGE).min(bytes.len() as u64) as usize;
        bytes[len..].fill(0);
        read(&*self.files, Part::Data, page * PAGE, &mut bytes[..len])
    }

    /// A page of the transaction in memory, to change it.
    pub(super) fn load(&mut self, page: u64) -> io::Result<&mut Page> {
        let bytes = match self.memory.remove(&page) {
            Some(bytes) => bytes,
            None => self.fetch(page)?,
        };
        Ok(self.memory.entry(page).or_insert(bytes).as_mut())
    }

    /// A page that is not in memory.
    fn fetch(&self, page: u64) -> io::Result<Box<Page>> {
        let mut bytes = Box::new([0u8; PAGE_LEN]);
        match self.index.get(page) {
            Some(ZEROS) => {}
            Some(slot) => read(&*self.files, Part::Log, place(slot), &mut *bytes)?,
            None => self.read_committed(page, &mut *bytes)?,
        }
        Ok(bytes)
    }

    /// Writes the first whole pages of some bytes, which the transaction has not changed so far,
    /// where they differ from those of the last commit. Returns how many bytes it took.
    fn write_compared(&mut self, page: u64, data: &[u8]) -> io::Result<usize> {
        let most = (data.len() / PAGE_LEN).min(COMPARED) as u64;
        let count = (page..page + most).take_while(|page| !self.has(*page)).count();
        let mut old = vec![0; count * PAGE_LEN];
        self.read_committed(page, &mut old)?;
        let pages = data.as_chunks::<PAGE_LEN>().0;
        for ((at, new), old) in (page..).zip(pages).zip(old.as_chunks::<PAGE_LEN>().0) {
            if new == old {
                self.misses = 0;
            } else {
                self.misses += 1;
                self.memory.insert(at, Box::new(*new));
            }
        }
        Ok(count * PAGE_LEN)
    }

    /// Writes whole pages to the log. Those that have a place there keep it.
    fn write_direct(&mut self, page: u64, data: &[u8]) -> io::Result<usize> {
        let end = page + data.len() as u64 / PAGE;
        let known: Vec<Run> =
            self.index.within(page, end).filter(|run| run.slot != ZEROS).collect();
        let mut at = page;
        for run in known {
            self.append(at, run.first, page, data)?;
            self.put(run, &data[((run.first - page) * PAGE) as usize..])?;
            at = run.end();
        }
        self.append(at, end, page, data)?;
        self.forget(page, end);
        Ok(data.len())
    }

    /// Writes the pages from `first` to `end` of some that begin at `start` to new slots.
    fn append(&mut self, first: u64, end: u64, start: u64, data: &[u8]) -> io::Result<()> {
        if first == end {
            return Ok(());
        }
        let run = Run { first, pages: end - first, slot: self.sums.len() as u64 };
        self.put(run, &data[((first - start) * PAGE) as usize..])
    }
}
