//! The apply: copies the pages of a committed transaction into the data file, all but the front of
//! the superblock. A commit does it, and a recovery again.

use super::files::{Files, Part, write};
use super::index::{Run, ZEROS};
use super::record::{FRONT_LEN, Header, PAGE, Page};
use super::state::place;
use std::collections::BTreeMap;
use std::io;

/// So many bytes are written at once.
const BLOCK: usize = 1 << 20;

/// Where pages go.
pub(super) struct Target {
    /// The page of the superblock.
    pub(super) home: u64,
    base: u64,
    /// Behind this place, the file has no bytes, or bytes that were written before the commit.
    limit: u64,
}

impl Target {
    pub(super) fn of(header: &Header) -> Self {
        Target {
            home: header.base / PAGE,
            base: header.base,
            limit: header.committed.min(header.end),
        }
    }
}

/// Copies runs of the log, but for the page of the superblock.
pub(super) fn apply_log(
    files: &mut dyn Files,
    target: &Target,
    runs: impl Iterator<Item = Run>,
) -> io::Result<()> {
    for run in runs {
        let parts = [run.clip(0, target.home), run.clip(target.home + 1, u64::MAX)];
        for part in parts.into_iter().flatten() {
            let from = part.first * PAGE;
            let len = (part.end() * PAGE).min(target.limit).saturating_sub(from);
            match part.slot {
                ZEROS => write_zeros(files, from, len)?,
                slot if len > 0 => files.copy(place(slot), from, len)?,
                _ => {}
            }
        }
    }
    Ok(())
}

fn write_zeros(files: &mut dyn Files, mut from: u64, mut len: u64) -> io::Result<()> {
    let zeros = vec![0; len.min(BLOCK as u64) as usize];
    while len > 0 {
        let part = &zeros[..len.min(BLOCK as u64) as usize];
        write(files, Part::Data, from, part)?;
        from += part.len() as u64;
        len -= part.len() as u64;
    }
    Ok(())
}

/// Writes pages in memory, neighbours at once, but for the page of the superblock.
pub(super) fn apply_memory(
    files: &mut dyn Files,
    target: &Target,
    pages: &BTreeMap<u64, Box<Page>>,
) -> io::Result<()> {
    let (mut start, mut block) = (0, Vec::new());
    for (page, bytes) in pages.iter().filter(|(page, _)| **page != target.home) {
        let from = page * PAGE;
        if start + block.len() as u64 != from || block.len() >= BLOCK {
            write(files, Part::Data, start, &block)?;
            block.clear();
            start = from;
        }
        let len = target.limit.saturating_sub(from).min(PAGE);
        block.extend_from_slice(&bytes[..len as usize]);
    }
    write(files, Part::Data, start, &block)
}

/// Writes the page of the superblock around its front.
pub(super) fn apply_home(files: &mut dyn Files, target: &Target, page: &Page) -> io::Result<()> {
    let start = target.home * PAGE;
    let stop = (start + PAGE).min(target.limit);
    let mut put = |from: u64, to: u64| match from < to {
        true => {
            write(files, Part::Data, from, &page[(from - start) as usize..(to - start) as usize])
        }
        false => Ok(()),
    };
    put(start, target.base)?;
    put(target.base + FRONT_LEN as u64, stop)
}
