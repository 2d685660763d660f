//! Fractal heaps: where the links of large groups lie, and the attributes of objects that have
//! many.
//!
//! A heap is one range of offsets, cut into direct blocks that hold objects. Indirect blocks say
//! where the direct ones are: row by row of so many blocks each, whose size doubles from the third
//! row on; blocks above a certain size are indirect again.

use super::header::{damaged, uint, unknown};
use super::input::Input;
use super::{UNDEFINED, btree};
use crate::checksum::lookup3;
use crate::error::Result;
use std::ops::Range;

/// Bytes of the identifier of a link: a byte of flags, offset and length.
pub(super) const ID: usize = 7;

/// Bytes of the identifier of an attribute.
pub(super) const ATTRIBUTE_ID: usize = 8;

/// Bytes of a header.
const HEADER: usize = 146;

/// The shapes of the heaps that are written; any other is read. A block has one checksum, so that
/// who looks for one link reads a block: they are small, unless an object needs more.
const WRITTEN: [Table; 2] = [
    Table { width: 4, start: 2 << 10, most: 4 << 10 },
    Table { width: 4, start: 32 << 10, most: 64 << 10 },
];

/// Bits of the offsets of the heaps that are written.
const OFFSET_BITS: u16 = 32;

/// Bytes before the objects of a direct block that is written: signature, version, heap, offset,
/// checksum.
const OVERHEAD: usize = 21;

/// How a heap is cut: how many blocks a row has, and the sizes of the smallest and of the largest
/// direct blocks.
#[derive(Debug, Clone, Copy)]
struct Table {
    width: u64,
    start: u64,
    most: u64,
}

/// A block of an indirect one.
#[derive(Debug, Clone, Copy)]
struct Cell {
    row: u32,
    /// Its number in the indirect block.
    entry: u64,
    /// Where it starts in the indirect block's range, and how many bytes it covers.
    start: u64,
    size: u64,
}

impl Table {
    /// The longest object of a heap that is written: it fits every direct block.
    fn longest(self) -> u64 {
        self.start - OVERHEAD as u64
    }

    /// Bits of the offsets in a first row.
    fn first_row_bits(self) -> u32 {
        (self.start * self.width).ilog2()
    }

    /// How many rows have direct blocks.
    fn direct_rows(self) -> u32 {
        self.most.ilog2() - self.start.ilog2() + 2
    }

    /// The size of the blocks of a row.
    fn size(self, row: u32) -> u64 {
        self.start << row.saturating_sub(1)
    }

    /// How many rows an indirect block has that covers so many bytes.
    fn rows(self, size: u64) -> u32 {
        (size.ilog2() + 1).saturating_sub(self.first_row_bits())
    }

    /// How many bytes so many rows cover.
    fn covered(self, rows: u32) -> u64 {
        (self.start * self.width) << rows.saturating_sub(1)
    }

    /// The block that has an offset.
    fn cell(self, offset: u64) -> Cell {
        let first = self.start * self.width;
        let (row, before) = match offset.checked_div(first) {
            None | Some(0) => (0, 0),
            Some(_) => (offset.ilog2() - self.first_row_bits() + 1, 1 << offset.ilog2()),
        };
        let size = self.size(row);
        let column = (offset - before) / size;
        Cell {
            row,
            entry: u64::from(row) * self.width + column,
            start: before + column * size,
            size,
        }
    }

    /// The size of the direct block that has an offset.
    fn direct(self, mut offset: u64) -> u64 {
        loop {
            let cell = self.cell(offset);
            if cell.row < self.direct_rows() {
                return cell.size;
            }
            offset -= cell.start;
        }
    }

    /// The room for objects in the direct blocks that so many rows cover.
    fn room(self, rows: u32) -> u64 {
        let of_row = |row: u32| match row < self.direct_rows() {
            true => self.size(row) - OVERHEAD as u64,
            false => self.room(self.rows(self.size(row))),
        };
        (0..rows).map(|row| of_row(row) * self.width).sum()
    }
}

/// A heap that is read.
#[derive(Debug)]
pub(super) struct Heap {
    address: u64,
    table: Table,
    root: u64,
    /// The rows of the root, if that is an indirect block.
    rows: u32,
    /// Bytes of an offset and of a length in identifiers.
    offset_width: usize,
    length_width: usize,
    checked: bool,
    /// The direct block that was read last, and where it starts in the heap.
    block: Option<(u64, Vec<u8>)>,
}

/// How many bytes a number up to `most` takes.
fn width(most: u64) -> usize {
    most.max(1).ilog2() as usize / 8 + 1
}

impl Heap {
    /// The heap whose header is at an address, with identifiers of so many bytes.
    pub(super) fn at(input: &Input<'_>, address: u64, id: usize) -> Result<Self> {
        let header = input.bytes(address, HEADER)?;
        if !header.starts_with(b"FRHP\0") {
            return Err(damaged("a heap is missing"));
        }
        if uint(&header, 7, 2)? != 0 {
            return Err(unknown("a compressed heap of links or attributes"));
        }
        if u64::from(lookup3(&header[..HEADER - 4])) != uint(&header, HEADER - 4, 4)? {
            return Err(damaged("a heap with a wrong checksum"));
        }
        let table = Table {
            width: uint(&header, 110, 2)?,
            start: uint(&header, 112, 8)?,
            most: uint(&header, 120, 8)?,
        };
        let (bits, rows) = (uint(&header, 128, 2)?, uint(&header, 140, 2)?);
        let powers =
            [table.width, table.start, table.most].iter().all(|number| number.is_power_of_two());
        let longest = uint(&header, 10, 4)?;
        let sound = powers
            && table.start <= table.most
            && table.most <= 1 << 31
            && bits <= 62
            && u64::from(table.start.ilog2() + table.width.ilog2()) <= bits
            && rows <= bits + 1 - u64::from(table.first_row_bits());
        let offset_width = bits.div_ceil(8) as usize;
        let length_width = (table.most.max(1).ilog2() as usize).div_ceil(8).min(width(longest));
        if !sound || uint(&header, 5, 2)? != id as u64 || 1 + offset_width + length_width > id {
            return Err(damaged("a heap of an impossible shape"));
        }
        Ok(Heap {
            address,
            table,
            root: uint(&header, 132, 8)?,
            rows: rows as u32,
            offset_width,
            length_width,
            checked: header[9] & 2 != 0,
            block: None,
        })
    }

    /// Where the object of an identifier lies in the heap, and how long it is.
    pub(super) fn place(&self, id: &[u8]) -> Result<(u64, usize)> {
        match uint(id, 0, 1)? >> 4 {
            0 => {}
            1 => return Err(unknown("a very large link or attribute")),
            _ => return Err(damaged("an object of unknown form in a heap")),
        }
        let offset = uint(id, 1, self.offset_width)?;
        Ok((offset, uint(id, 1 + self.offset_width, self.length_width)? as usize))
    }

    /// The object at a place. Best asked for in the order of their offsets: one block is kept.
    pub(super) fn object(
        &mut self,
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
        (offset, len): (u64, usize),
    ) -> Result<&[u8]> {
        let kept = self
            .block
            .as_ref()
            .filter(|(start, block)| offset.wrapping_sub(*start) < block.len() as u64);
        if kept.is_none() {
            self.block = Some(self.load(input, charge, offset)?);
        }
        let found = self.block.as_ref().and_then(|(start, block)| {
            let at = usize::try_from(offset.checked_sub(*start)?).ok()?;
            block.get(at..at.checked_add(len)?)
        });
        found.ok_or_else(|| damaged("an object outside its heap"))
    }

    /// The direct block that has an offset, and where it starts.
    fn load(
        &self,
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
        offset: u64,
    ) -> Result<(u64, Vec<u8>)> {
        let (mut address, mut base, mut rows, mut size) =
            (self.root, 0, self.rows, self.table.start);
        // Each turn goes to a smaller block.
        while rows > 0 {
            if offset - base >= self.table.covered(rows) {
                return Err(damaged("an object beyond the end of its heap"));
            }
            let cell = self.table.cell(offset - base);
            let head = 13 + self.offset_width;
            let end = (u64::from(rows) * self.table.width) as usize * 8 + head;
            let block = input.bytes(address, end + 4)?;
            charge(block.len())?;
            if u64::from(lookup3(&block[..end])) != uint(&block, end, 4)? {
                return Err(damaged("a heap with a wrong checksum"));
            }
            self.check(&block, b"FHIB\0", base)?;
            address = uint(&block, head + cell.entry as usize * 8, 8)?;
            base += cell.start;
            size = cell.size;
            rows = if cell.row < self.table.direct_rows() { 0 } else { self.table.rows(cell.size) };
            if address == UNDEFINED || (cell.row >= self.table.direct_rows() && rows == 0) {
                return Err(damaged("an object in a missing part of its heap"));
            }
        }
        if offset - base >= size {
            return Err(damaged("an object beyond the end of its heap"));
        }
        let mut block = input.bytes(address, size as usize)?.to_vec();
        charge(block.len())?;
        self.check(&block, b"FHDB\0", base)?;
        if self.checked {
            let at = 13 + self.offset_width;
            let stored = uint(&block, at, 4)?;
            // The checksum is that of the block without it.
            block.get_mut(at..at + 4).unwrap_or_default().fill(0);
            if u64::from(lookup3(&block)) != stored {
                return Err(damaged("a heap with a wrong checksum"));
            }
        }
        Ok((base, block))
    }

    /// Looks whether a block is the one of this heap that starts at an offset.
    fn check(&self, block: &[u8], signature: &[u8], base: u64) -> Result<()> {
        let own = block.starts_with(signature)
            && uint(block, 5, 8)? == self.address
            && uint(block, 13, self.offset_width)? == base;
        if own { Ok(()) } else { Err(damaged("a block of a heap is missing")) }
    }
}

/// Objects of a heap that a B-tree names.
pub(super) struct Dense {
    pub(super) heap: u64,
    pub(super) index: u64,
    /// The kind and length of the tree's records, and the place of the identifiers in them.
    pub(super) kind: u8,
    pub(super) record: usize,
    pub(super) id: Range<usize>,
}

impl Dense {
    /// Looks at each object, in the order of the heap, so that each of its blocks is read once.
    pub(super) fn each(
        &self,
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut heap = Heap::at(input, self.heap, self.id.len())?;
        let mut places = Vec::new();
        let mut place = |record: &[u8]| {
            places.push(heap.place(record.get(self.id.clone()).unwrap_or_default())?);
            Ok(())
        };
        btree::Walk { input, charge, each: &mut place }.tree(self.index, self.kind, self.record)?;
        places.sort_unstable();
        let mut bytes = 0u64;
        for place in places {
            bytes += place.1 as u64;
            if bytes > input.len() {
                return Err(damaged("a heap with more bytes than the file"));
            }
            each(heap.object(input, charge, place)?)?;
        }
        Ok(())
    }
}

impl Dense {
    /// How many objects there are.
    pub(super) fn count(
        &self,
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
    ) -> Result<u64> {
        btree::total(input, charge, self.index, self.kind, self.record)
    }

    /// Looks at the objects whose names have this hash.
    pub(super) fn hashed(
        &self,
        input: &Input<'_>,
        charge: &dyn Fn(usize) -> Result<()>,
        hash: u32,
        look: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut heap = None;
        let mut each = |record: &[u8]| {
            let heap = match &mut heap {
                Some(heap) => heap,
                None => heap.insert(Heap::at(input, self.heap, self.id.len())?),
            };
            let place = heap.place(record.get(self.id.clone()).unwrap_or_default())?;
            look(heap.object(input, charge, place)?)
        };
        btree::Walk { input, charge, each: &mut each }.hashed(
            self.index,
            self.kind,
            self.record,
            hash,
        )
    }
}

/// Appends a heap with these objects: its address, and the identifiers of all objects in their
/// order. `base` is the address of the first byte of `out`. `None` where an object is too long for
/// a heap, or all of them are too many.
pub(super) fn write(
    objects: &[&[u8]],
    base: u64,
    out: &mut Vec<u8>,
) -> Option<(u64, Vec<[u8; ID]>)> {
    let longest = objects.iter().map(|object| object.len()).max().unwrap_or(0) as u64;
    let table = *WRITTEN.iter().find(|table| longest <= table.longest())?;
    let header = out.len();
    let address = base + header as u64;
    out.resize(header + HEADER, 0);
    let mut ids = Vec::with_capacity(objects.len());
    let (mut bytes, mut allocated) = (0, 0);
    // Where the open block starts in the heap and in the file, and those that are complete.
    let (mut open, mut blocks) = ((0, out.len()), Vec::new());
    begin(address, 0, out);
    for object in objects {
        let size = table.direct(open.0);
        if out.len() - open.1 + object.len() > size as usize {
            blocks.push(base + open.1 as u64);
            finish(open.1, size as usize, out);
            open = (open.0 + size, out.len());
            begin(address, open.0, out);
        }
        let offset = open.0 + (out.len() - open.1) as u64;
        let [a, b, c, d] = u32::try_from(offset).ok()?.to_le_bytes();
        let [e, f] = u16::try_from(object.len()).ok()?.to_le_bytes();
        ids.push([0, a, b, c, d, e, f]);
        out.extend_from_slice(object);
        bytes += object.len() as u64;
    }
    let size = table.direct(open.0);
    blocks.push(base + open.1 as u64);
    finish(open.1, size as usize, out);
    allocated += open.0 + size;
    let (root, rows) = match blocks[..] {
        [only] => (only, 0),
        _ => {
            let rows = (1..).find(|rows| table.covered(*rows) >= allocated)?;
            (indirect(table, address, rows, 0, &mut blocks.iter().copied(), base, out), rows)
        }
    };
    let (size, room) = match rows {
        0 => (table.start, table.longest()),
        _ => (table.covered(rows), table.room(rows)),
    };
    // The next block is made behind the last one; the root alone counts as no block yet.
    let next = if rows == 0 { 0 } else { allocated };
    let mut h = Vec::with_capacity(HEADER);
    h.extend_from_slice(b"FRHP\0");
    h.extend_from_slice(&(ID as u16).to_le_bytes());
    // No filters; direct blocks have checksums.
    h.extend_from_slice(&[0, 0, 2]);
    h.extend_from_slice(&(table.longest() as u32).to_le_bytes());
    // No huge objects, and no manager of free space: what is free is in the last block, and is left
    // alone.
    for number in
        [0, UNDEFINED, room.checked_sub(bytes)?, UNDEFINED, size, allocated, next, ids.len() as u64]
    {
        h.extend_from_slice(&number.to_le_bytes());
    }
    h.extend_from_slice(&[0; 32]);
    h.extend_from_slice(&(table.width as u16).to_le_bytes());
    h.extend_from_slice(&table.start.to_le_bytes());
    h.extend_from_slice(&table.most.to_le_bytes());
    h.extend_from_slice(&OFFSET_BITS.to_le_bytes());
    h.extend_from_slice(&1u16.to_le_bytes());
    h.extend_from_slice(&root.to_le_bytes());
    h.extend_from_slice(&(rows as u16).to_le_bytes());
    let sum = lookup3(&h);
    h.extend_from_slice(&sum.to_le_bytes());
    out.get_mut(header..header + HEADER)?.copy_from_slice(&h);
    Some((address, ids))
}

/// Begins a direct block.
fn begin(heap: u64, offset: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"FHDB\0");
    out.extend_from_slice(&heap.to_le_bytes());
    out.extend_from_slice(&(offset as u32).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
}

/// Completes a direct block.
fn finish(start: usize, size: usize, out: &mut Vec<u8>) {
    out.resize(start + size, 0);
    let sum = lookup3(&out[start..]);
    out[start + OVERHEAD - 4..start + OVERHEAD].copy_from_slice(&sum.to_le_bytes());
}

/// Appends an indirect block that starts at an offset of the heap, after those below it. `blocks`
/// are the direct ones that are left.
fn indirect(
    table: Table,
    heap: u64,
    rows: u32,
    offset: u64,
    blocks: &mut dyn ExactSizeIterator<Item = u64>,
    base: u64,
    out: &mut Vec<u8>,
) -> u64 {
    let mut block = Vec::new();
    block.extend_from_slice(b"FHIB\0");
    block.extend_from_slice(&heap.to_le_bytes());
    block.extend_from_slice(&(offset as u32).to_le_bytes());
    let mut start = offset;
    for row in 0..rows {
        for _ in 0..table.width {
            let address = if row < table.direct_rows() {
                blocks.next().unwrap_or(UNDEFINED)
            } else if blocks.len() > 0 {
                indirect(table, heap, table.rows(table.size(row)), start, blocks, base, out)
            } else {
                UNDEFINED
            };
            block.extend_from_slice(&address.to_le_bytes());
            start += table.size(row);
        }
    }
    let sum = lookup3(&block);
    block.extend_from_slice(&sum.to_le_bytes());
    let address = base + out.len() as u64;
    out.extend_from_slice(&block);
    address
}
