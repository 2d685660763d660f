//! Recovery: brings a file to its last commit. The rules are those of docs/JOURNAL.md, in their
//! order.

use super::apply::{Target, apply_home, apply_log};
use super::files::{Files, Part, read, write};
use super::index::{Run, ZEROS};
use super::record::{
    FRONT_LEN, Header, Kind, PAGE, PAGE_LEN, Page, is_marked, table_at, table_len, untable,
};
use super::state::place;
use super::superblock;
use crate::checksum::xxh64;
use crate::error::{Error, ErrorKind, Result};

/// The work of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovered {
    /// Nothing: there was no log, or an empty one.
    Nothing,
    /// An uncommitted transaction was undone, or the log of a complete one removed.
    Discarded,
    /// A committed transaction was completed.
    Replayed,
}

/// No file is longer.
const LARGEST: u64 = i64::MAX as u64 - PAGE;

/// So many pages of the log are checked at once.
const CHECKED: u64 = 256;

/// Brings the data file to its last commit, and empties the log. Both are locked.
///
/// # Errors
///
/// [`ErrorKind::Interrupted`] if the log that the data file needs is missing or damaged, or belongs
/// to another file; then nothing was changed. I/O errors: the recovery can be repeated.
pub fn recover(files: &mut dyn Files) -> Result<Recovered> {
    let is_empty = files.size(Part::Log)? == 0;
    let mut page = [0; PAGE_LEN];
    read(files, Part::Log, 0, &mut page)?;
    let header = Header::decode(&page);
    if let Some((header, sum)) = &header
        && header.kind == Kind::Commit
        && is_committed(files, header)?
    {
        replay(files, &page, header, *sum)?;
        return Ok(Recovered::Replayed);
    }
    let Some((base, front)) = superblock::find(files)? else {
        // No HDF5 file: whoever opens it will say so.
        return if is_empty { Ok(Recovered::Nothing) } else { Err(interrupted(files)) };
    };
    let Some(end) = superblock::end_of_addresses(&front) else {
        let is_ours = is_marked(&front) || !is_empty;
        return if is_ours { Err(interrupted(files)) } else { Ok(Recovered::Nothing) };
    };
    if is_empty {
        return Ok(Recovered::Nothing);
    }
    if let Some((header, _)) = header {
        let is_known =
            header.kind == Kind::Commit && [header.before, header.after].contains(&front);
        if header.identity != files.identity() && !is_known {
            return Err(interrupted(files));
        }
        cut(files, base.saturating_add(end))?;
    }
    files.set_size(Part::Log, 0)?;
    Ok(Recovered::Discarded)
}

/// Rule 2: the superblock is that before the transaction, the marker or that afterwards, at each
/// byte, and somewhere only the marker.
fn is_committed(files: &dyn Files, header: &Header) -> Result<bool> {
    let mut front = [0; FRONT_LEN];
    read(files, Part::Data, header.base, &mut front)?;
    let mut is_committed = false;
    for (at, byte) in front.iter().enumerate() {
        if *byte != header.before[at] && *byte != header.after[at] {
            if *byte != header.marker[at] {
                return Ok(false);
            }
            is_committed = true;
        }
    }
    Ok(is_committed)
}

/// Completes a transaction. Everything is checked before anything is written.
fn replay(files: &mut dyn Files, page: &Page, header: &Header, sum: u64) -> Result<()> {
    let Some((runs, home)) = checked(files, page, header, sum)? else {
        return Err(interrupted(files));
    };
    // A marker that is there in part would go when the new superblock is written in part.
    write(files, Part::Data, header.base, &header.marker)?;
    files.flush(Part::Data)?;
    let target = Target::of(header);
    apply_log(files, &target, runs.into_iter())?;
    apply_home(files, &target, &home)?;
    if files.size(Part::Data)? != header.end {
        files.set_size(Part::Data, header.end)?;
    }
    files.flush(Part::Data)?;
    write(files, Part::Data, header.base, &header.after)?;
    files.flush(Part::Data)?;
    files.set_size(Part::Log, 0)?;
    Ok(())
}

/// The pages of a log, and that of the superblock, if all is as the header says.
fn checked(
    files: &dyn Files,
    page: &Page,
    header: &Header,
    sum: u64,
) -> Result<Option<(Vec<Run>, Box<Page>)>> {
    let log = files.size(Part::Log)?;
    let (Some(len), Some(at)) = (table_len(header), table_at(header)) else { return Ok(None) };
    if header.committed.max(header.end) > LARGEST {
        return Ok(None);
    }
    let in_page = if at < PAGE { page.get(at as usize..(at + len) as usize) } else { None };
    let table = match in_page {
        Some(table) => table.to_vec(),
        // No more memory than the log has bytes.
        None if at.checked_add(len).is_none_or(|end| end > log) => return Ok(None),
        None => {
            let mut table = vec![0; len as usize];
            read(files, Part::Log, at, &mut table)?;
            table
        }
    };
    if xxh64(&table) != sum {
        return Ok(None);
    }
    let (runs, sums) = untable(header, &table);
    let pages = header.committed.div_ceil(PAGE);
    for run in &runs {
        let end = run.first.checked_add(run.pages);
        let slots = if run.slot == ZEROS { Some(0) } else { run.slot.checked_add(run.pages) };
        let is_inside = end.is_some_and(|end| end <= pages)
            && slots.is_some_and(|slots| slots <= sums.len() as u64);
        if !is_inside || run.slot != ZEROS && !is_whole(files, run, &sums)? {
            return Ok(None);
        }
    }
    // The new bytes behind the old end are not in the log.
    if files.size(Part::Data)? < header.end {
        return Ok(None);
    }
    let home = header.base / PAGE;
    let Some(slot) = runs.iter().find_map(|run| run.clip(home, home + 1)).map(|run| run.slot)
    else {
        return Ok(None);
    };
    let mut bytes = Box::new([0u8; PAGE_LEN]);
    if slot != ZEROS {
        read(files, Part::Log, place(slot), &mut *bytes)?;
    }
    Ok(Some((runs, bytes)))
}

/// Whether the slots of a run have their checksums.
fn is_whole(files: &dyn Files, run: &Run, sums: &[u64]) -> Result<bool> {
    let mut bytes = vec![0; (run.pages.min(CHECKED) * PAGE) as usize];
    let mut done = 0;
    while done < run.pages {
        let count = (run.pages - done).min(CHECKED);
        let part = &mut bytes[..(count * PAGE) as usize];
        read(files, Part::Log, place(run.slot + done), part)?;
        let expected = &sums[(run.slot + done) as usize..];
        let found = part.as_chunks::<PAGE_LEN>().0;
        if !found.iter().zip(expected).all(|(page, sum)| xxh64(page) == *sum) {
            return Ok(false);
        }
        done += count;
    }
    Ok(true)
}

/// Removes what lies behind the end of addresses: nothing refers to it.
fn cut(files: &mut dyn Files, end: u64) -> Result<()> {
    if files.size(Part::Data)? > end {
        files.set_size(Part::Data, end)?;
        files.flush(Part::Data)?;
    }
    Ok(())
}

/// The error of a file that cannot be brought to a commit.
#[cold]
fn interrupted(files: &dyn Files) -> Error {
    Error::new(ErrorKind::Interrupted).with_help(format!(
        "a commit of this file was interrupted, and its journal `{}` is missing, damaged, or \
         belongs to another file: put the journal back that was beside the file",
        files.log_name()
    ))
}
