//! The log of a transaction: pages in slots, and the header that says whose they are.

use super::files::{Part, write};
use super::index::{Run, ZEROS};
use super::record::{FRONT_LEN, Front, Header, Kind, PAGE, PAGE_LEN, Page, marker};
use super::state::{State, place};
use crate::checksum::xxh64;
use std::collections::BTreeMap;
use std::io;

impl State {
    /// Writes pages to their slots.
    pub(super) fn put(&mut self, run: Run, data: &[u8]) -> io::Result<()> {
        let data = &data[..(run.pages * PAGE) as usize];
        self.put_header()?;
        self.write_log(place(run.slot), data)?;
        self.note(run, data);
        Ok(())
    }

    /// Remembers pages that were written to the log.
    fn note(&mut self, run: Run, data: &[u8]) {
        let end = (run.slot + run.pages) as usize;
        if self.sums.len() < end {
            self.sums.resize(end, 0);
        }
        let sums = self.sums[run.slot as usize..end].iter_mut();
        for (sum, page) in sums.zip(data.as_chunks::<PAGE_LEN>().0) {
            *sum = xxh64(page);
        }
        self.index.insert(run);
    }

    /// Moves the pages in memory to the log.
    pub(super) fn spill(&mut self) -> io::Result<()> {
        let pages = std::mem::take(&mut self.memory);
        let spilled = self.spill_pages(&pages);
        if spilled.is_err() {
            self.memory = pages;
        }
        spilled
    }

    fn spill_pages(&mut self, pages: &BTreeMap<u64, Box<Page>>) -> io::Result<()> {
        self.put_header()?;
        let (runs, block) = self.place_pages(pages)?;
        let slot = self.sums.len() as u64;
        self.write_log(place(slot), &block)?;
        self.note_all(&runs, &block);
        Ok(())
    }

    /// Writes pages that have slots there, and gives the others new ones: their runs, and their
    /// bytes as one block, still to be written.
    pub(super) fn place_pages(
        &mut self,
        pages: &BTreeMap<u64, Box<Page>>,
    ) -> io::Result<(Vec<Run>, Vec<u8>)> {
        let (mut runs, mut block) = (Vec::new(), Vec::new());
        let mut slot = self.sums.len() as u64;
        for (page, bytes) in pages {
            match self.index.get(*page).filter(|slot| *slot != ZEROS) {
                Some(slot) => self.put(Run { first: *page, pages: 1, slot }, &bytes[..])?,
                None => {
                    runs.push(Run { first: *page, pages: 1, slot });
                    block.extend_from_slice(&bytes[..]);
                    slot += 1;
                }
            }
        }
        Ok((runs, block))
    }

    /// Remembers single pages that were written to the log as one block.
    pub(super) fn note_all(&mut self, runs: &[Run], block: &[u8]) {
        for (run, bytes) in runs.iter().zip(block.as_chunks::<PAGE_LEN>().0) {
            self.note(*run, bytes);
        }
    }

    /// Gives a log without a header one that says whose it is.
    fn put_header(&mut self) -> io::Result<()> {
        if self.has_header {
            return Ok(());
        }
        let header = self.header(Kind::Open, [0; FRONT_LEN], [0; FRONT_LEN]);
        self.write_log(0, &header.encode(&[]))?;
        self.has_header = true;
        Ok(())
    }

    /// A header of the transaction as it is now.
    pub(super) fn header(&self, kind: Kind, before: Front, after: Front) -> Header {
        Header {
            kind,
            transaction: self.transaction,
            identity: self.files.identity(),
            base: self.base,
            committed: self.committed,
            end: self.end,
            slots: self.sums.len() as u64,
            runs: self.index.len() as u64,
            before,
            marker: marker(self.transaction),
            after,
        }
    }

    /// Writes to the log.
    pub(super) fn write_log(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        // Of the last commit, which may need it until its superblock is on the disk.
        self.release_log()?;
        write(&mut *self.files, Part::Log, offset, data)
    }

    /// Makes the superblock of the last commit durable, so that recovery needs no log.
    pub(super) fn release_log(&mut self) -> io::Result<()> {
        if self.is_log_needed {
            self.flush(Part::Data)?;
            self.is_log_needed = false;
        }
        Ok(())
    }

    /// Makes written bytes durable, if the options ask for it.
    pub(super) fn flush(&mut self, part: Part) -> io::Result<()> {
        if self.options.durable { self.files.flush(part) } else { Ok(()) }
    }
}
