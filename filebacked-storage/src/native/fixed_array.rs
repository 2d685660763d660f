//! Fixed arrays: the chunks of datasets that cannot grow (appendix C of the specification).
//!
//! A header leads to one block with all entries. A large one is cut into pages, and a bitmap
//! tells which pages were ever written.

use super::UNDEFINED;
use super::chunk_index::{ChunkPlace, Lookup};
use super::header::{damaged, uint, unknown};
use super::input::{Bytes, Input};
use crate::checksum::lookup3;
use crate::error::Result;

/// Bytes of a header.
const HEADER: usize = 28;

/// Bytes before the bitmap or the entries of a block.
const BLOCK: usize = 14;

/// A fixed array, and the part of it that was read last.
#[derive(Debug, Default)]
pub(super) struct FixedArray<'b> {
    open: Option<Open<'b>>,
    page: Option<(u64, Bytes<'b>)>,
}

#[derive(Debug)]
struct Open<'b> {
    block: u64,
    total: u64,
    /// The entries of a page; of all where there are no pages.
    page: u64,
    entry: usize,
    /// Which pages were written.
    bitmap: Option<Bytes<'b>>,
}

/// Bytes whose checksum follows, which is verified.
pub(super) fn checked<'b>(
    input: &Input<'b>,
    charge: &dyn Fn(usize) -> Result<()>,
    address: u64,
    len: usize,
) -> Result<Bytes<'b>> {
    let whole = len.checked_add(4).ok_or_else(|| damaged("an index outside the file"))?;
    let bytes = input.bytes(address, whole)?;
    charge(whole)?;
    if u64::from(lookup3(&bytes[..len])) != uint(&bytes, len, 4)? {
        return Err(damaged("an index of chunks with a wrong checksum"));
    }
    Ok(bytes)
}

/// Whether a bit of a bitmap is set; the first one is the highest of its byte.
pub(super) fn is_set(bitmap: &[u8], bit: u64) -> bool {
    let byte = usize::try_from(bit / 8).ok().and_then(|at| bitmap.get(at));
    byte.is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0)
}

impl<'b> FixedArray<'b> {
    /// The chunk of a number.
    pub(super) fn get(
        &mut self,
        lookup: &Lookup<'_, 'b>,
        address: u64,
        number: Option<u64>,
    ) -> Result<Option<ChunkPlace>> {
        let open = match &mut self.open {
            Some(open) => open,
            None => self.open.insert(Open::new(lookup, address)?),
        };
        let number = number.filter(|number| *number < open.total);
        let number = number.ok_or_else(|| damaged("a chunk outside its index"))?;
        if open.block == UNDEFINED {
            return Ok(None);
        }
        let page = number / open.page;
        if self.page.as_ref().is_none_or(|(read, _)| *read != page) {
            let Some(bytes) = open.read(lookup, page)? else { return Ok(None) };
            self.page = Some((page, bytes));
        }
        let at = (number % open.page) as usize * open.entry;
        let entry = self.page.as_ref().and_then(|(_, page)| page.get(at..at + open.entry));
        lookup.entry(entry.ok_or_else(|| damaged("a chunk outside its index"))?).map(Some)
    }
}

impl<'b> Open<'b> {
    fn new(lookup: &Lookup<'_, 'b>, address: u64) -> Result<Self> {
        let header = checked(lookup.input, lookup.charge, address, HEADER - 4)?;
        let entry = lookup.entry_bytes()?;
        let kind = u8::from(lookup.filtered);
        if !header.starts_with(b"FAHD\0") || header.get(5) != Some(&kind) {
            return Err(damaged("a fixed array is missing"));
        }
        if uint(&header, 6, 1)? != entry as u64 {
            return Err(unknown("a fixed array of another form"));
        }
        let (bits, total, block) =
            (uint(&header, 7, 1)?, uint(&header, 8, 8)?, uint(&header, 16, 8)?);
        if total > lookup.input.len() / entry as u64 + (1 << 16) && block != UNDEFINED {
            return Err(damaged(format!("an index of {total} chunks in a smaller file")));
        }
        let page = 1u64.checked_shl(bits as u32).unwrap_or(u64::MAX);
        let mut open = Open { block, total, page: total.max(1), entry, bitmap: None };
        if block == UNDEFINED || total <= page {
            return Ok(open);
        }
        open.page = page;
        let len = total.div_ceil(page).div_ceil(8) as usize;
        let head = checked(lookup.input, lookup.charge, block, BLOCK + len)?;
        open.check(&head, address, kind)?;
        open.bitmap = head.part(BLOCK..BLOCK + len);
        Ok(open)
    }

    fn check(&self, block: &[u8], header: u64, kind: u8) -> Result<()> {
        let own = block.starts_with(b"FADB\0")
            && block.get(5) == Some(&kind)
            && uint(block, 6, 8)? == header;
        if own { Ok(()) } else { Err(damaged("a block of a fixed array is missing")) }
    }

    /// The entries of a page; `None` if it was never written.
    fn read(&self, lookup: &Lookup<'_, 'b>, page: u64) -> Result<Option<Bytes<'b>>> {
        let (input, charge) = (lookup.input, lookup.charge);
        let Some(bitmap) = &self.bitmap else {
            let len = BLOCK + self.total as usize * self.entry;
            let block = checked(input, charge, self.block, len)?;
            if !block.starts_with(b"FADB\0") {
                return Err(damaged("a block of a fixed array is missing"));
            }
            return Ok(block.part(BLOCK..len));
        };
        if !is_set(bitmap, page) {
            return Ok(None);
        }
        let entries = self.page.min(self.total - page * self.page) as usize;
        let before = (BLOCK + bitmap.len() + 4) as u64;
        let full = (self.page as usize * self.entry + 4) as u64;
        let address = full.checked_mul(page).and_then(|at| at.checked_add(self.block + before));
        let address = address.ok_or_else(|| damaged("an index outside the file"))?;
        checked(input, charge, address, entries * self.entry).map(Some)
    }
}
