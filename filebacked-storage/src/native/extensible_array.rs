//! Extensible arrays: the chunks of datasets that grow along one dimension (appendix C of the
//! specification).
//!
//! ```text
//! header ──► index block: the first entries, then addresses of
//!              ├── data blocks: those of the first super blocks
//!              └── super blocks: addresses of data blocks, and which of their pages were written
//! ```
//!
//! Super block `n` has 2^(n/2) data blocks, of 2^((n+1)/2) times the least number of entries.

use super::UNDEFINED;
use super::chunk_index::{ChunkPlace, Lookup};
use super::fixed_array::{checked, is_set};
use super::header::{damaged, uint, unknown};
use super::input::Bytes;
use crate::error::Result;

/// Bytes of a header, without its checksum.
const HEADER: usize = 68;

/// Bytes before the entries of an index block.
const BLOCK: usize = 14;

/// An extensible array, and the parts of it that were read last.
#[derive(Debug, Default)]
pub(super) struct ExtensibleArray<'b> {
    open: Option<Open<'b>>,
    /// A super block, by its address.
    super_block: Option<(u64, Bytes<'b>)>,
    /// Entries, by their address.
    entries: Option<(u64, Bytes<'b>)>,
}

#[derive(Debug)]
struct Open<'b> {
    header: u64,
    kind: u8,
    entry: usize,
    /// Entries of the index block, and of the smallest data block.
    first: u64,
    least: u64,
    /// The number of super blocks whose data blocks the index block has.
    direct: u32,
    /// Entries of a page of a data block.
    page: u64,
    /// Bytes of the place of a block.
    place: usize,
    /// The content of the index block.
    index: Option<Bytes<'b>>,
}

/// Where the entry of a chunk is, seen from its super block.
struct Seat {
    super_block: u32,
    /// The number of data blocks before it: in all super blocks, and in its own.
    before: u64,
    block: u64,
    /// Entries of the data block, and the number of the entry in it.
    entries: u64,
    number: u64,
}

impl<'b> ExtensibleArray<'b> {
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
        let number = number.ok_or_else(|| damaged("a chunk outside its index"))?;
        let Some(index) = &open.index else { return Ok(None) };
        if number < open.first {
            let at = BLOCK + number as usize * open.entry;
            return entry(lookup, index.get(at..at + open.entry));
        }
        let Some(seat) = open.seat(number - open.first) else { return Ok(None) };
        let addresses = BLOCK + open.first as usize * open.entry;
        let is_paged = seat.entries > open.page;
        if seat.super_block < open.direct {
            if is_paged {
                return Err(unknown("an extensible array of another form"));
            }
            let block = uint(index, addresses + 8 * (seat.before + seat.block) as usize, 8)?;
            return self.in_block(lookup, block, seat.entries, seat.number);
        }
        let direct_blocks = 2 * ((1usize << (open.direct / 2)) - 1);
        let at = addresses + 8 * (direct_blocks + (seat.super_block - open.direct) as usize);
        if at + 8 > index.len() - 4 {
            return Ok(None);
        }
        let super_address = uint(index, at, 8)?;
        if super_address == UNDEFINED {
            return Ok(None);
        }
        let blocks = 1u64 << (seat.super_block / 2);
        let pages = if is_paged { seat.entries / open.page } else { 0 };
        let bitmap = (blocks * pages.div_ceil(8)) as usize;
        let head = BLOCK + open.place;
        if self.super_block.as_ref().is_none_or(|(read, _)| *read != super_address) {
            let len = head + bitmap + 8 * blocks as usize;
            let found = checked(lookup.input, lookup.charge, super_address, len)?;
            open.check(&found, b"EASB\0")?;
            self.super_block = Some((super_address, found));
        }
        let Some((_, found)) = &self.super_block else { return Ok(None) };
        let block = uint(found, head + bitmap + 8 * seat.block as usize, 8)?;
        if !is_paged || block == UNDEFINED {
            return self.in_block(lookup, block, seat.entries, seat.number);
        }
        let page = seat.number / open.page;
        let written = found.get(head..head + bitmap).unwrap_or_default();
        if !is_set(written, seat.block * pages + page) {
            return Ok(None);
        }
        // A data block with pages has its own head and checksum, and so has each page.
        let len = open.page as usize * open.entry;
        let address = (len as u64 + 4)
            .checked_mul(page)
            .and_then(|at| at.checked_add(head as u64 + 4)?.checked_add(block))
            .ok_or_else(|| damaged("an index outside the file"))?;
        if self.entries.as_ref().is_none_or(|(read, _)| *read != address) {
            self.entries = Some((address, checked(lookup.input, lookup.charge, address, len)?));
        }
        let at = (seat.number % open.page) as usize * open.entry;
        let size = open.entry;
        entry(lookup, self.entries.as_ref().and_then(|(_, page)| page.get(at..at + size)))
    }

    /// The entry of a data block without pages.
    fn in_block(
        &mut self,
        lookup: &Lookup<'_, 'b>,
        address: u64,
        entries: u64,
        number: u64,
    ) -> Result<Option<ChunkPlace>> {
        let Some(open) = self.open.as_ref().filter(|_| address != UNDEFINED) else {
            return Ok(None);
        };
        let head = BLOCK + open.place;
        if self.entries.as_ref().is_none_or(|(read, _)| *read != address) {
            let len = head + entries as usize * open.entry;
            let block = checked(lookup.input, lookup.charge, address, len)?;
            open.check(&block, b"EADB\0")?;
            self.entries = Some((address, block));
        }
        let at = head + number as usize * open.entry;
        let size = open.entry;
        entry(lookup, self.entries.as_ref().and_then(|(_, block)| block.get(at..at + size)))
    }
}

fn entry(lookup: &Lookup<'_, '_>, bytes: Option<&[u8]>) -> Result<Option<ChunkPlace>> {
    lookup.entry(bytes.ok_or_else(|| damaged("a chunk outside its index"))?).map(Some)
}

impl<'b> Open<'b> {
    fn new(lookup: &Lookup<'_, 'b>, address: u64) -> Result<Self> {
        let header = checked(lookup.input, lookup.charge, address, HEADER)?;
        let (entry, kind) = (lookup.entry_bytes()?, u8::from(lookup.filtered));
        if !header.starts_with(b"EAHD\0") || header.get(5) != Some(&kind) {
            return Err(damaged("an extensible array is missing"));
        }
        let [size, bits, first, least, pointers, page_bits] =
            [6, 7, 8, 9, 10, 11].map(|at| u64::from(header.get(at).copied().unwrap_or_default()));
        let sound = size == entry as u64
            && bits <= 64
            && page_bits < 32
            && least.is_power_of_two()
            && u64::from(least.ilog2()) <= bits
            && pointers.is_power_of_two();
        if !sound {
            return Err(unknown("an extensible array of another form"));
        }
        let block = uint(&header, 60, 8)?;
        let direct = 2 * pointers.ilog2();
        let mut open = Open {
            header: address,
            kind,
            entry,
            first,
            least,
            direct,
            page: 1 << page_bits,
            place: bits.div_ceil(8) as usize,
            index: None,
        };
        if block == UNDEFINED {
            return Ok(open);
        }
        let super_blocks = (1 + bits as usize - least.ilog2() as usize)
            .checked_sub(direct as usize)
            .ok_or_else(|| unknown("an extensible array of another form"))?;
        let addresses = 2 * (pointers as usize - 1) + super_blocks;
        let len = BLOCK + first as usize * entry + 8 * addresses;
        let index = checked(lookup.input, lookup.charge, block, len)?;
        open.check(&index, b"EAIB\0")?;
        open.index = Some(index);
        Ok(open)
    }

    fn check(&self, block: &[u8], signature: &[u8]) -> Result<()> {
        let own = block.starts_with(signature)
            && block.get(5) == Some(&self.kind)
            && uint(block, 6, 8)? == self.header;
        if own { Ok(()) } else { Err(damaged("a block of an extensible array is missing")) }
    }

    /// Where an entry behind those of the index block is; `None` where no array has any.
    fn seat(&self, number: u64) -> Option<Seat> {
        let super_block = (number / self.least).checked_add(1)?.ilog2();
        // All super blocks before it have one entry less than the power, times the least number.
        let start = ((1u64 << super_block) - 1).checked_mul(self.least)?;
        let entries = self.least.checked_mul(1 << super_block.div_ceil(2))?;
        let number = number - start;
        let mut before = 0;
        for earlier in 0..super_block {
            before += 1u64 << (earlier / 2);
        }
        let block = number / entries;
        Some(Seat { super_block, before, block, entries, number: number % entries })
    }
}
