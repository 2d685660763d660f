//! Cells of records: put together to records, and taken out of them.

use crate::{Out, Texts};
use std::mem::MaybeUninit;

/// Records that are put together at a time, so that they stay in the processor's nearest memory.
const BLOCK: usize = 16 << 10;

/// The cells of one member, side by side, and where in a record they go.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) offset: usize,
    /// Bytes of a cell.
    pub(super) size: usize,
    pub(super) cells: Vec<u8>,
}

/// Strings of variable length in records, in order: where each stands, and what it is.
///
/// The place of a string has [`REFERENCE`](crate::REFERENCE) bytes; what the engine puts
/// there is its own affair.
#[derive(Debug)]
pub struct Strings {
    /// Where the first one stands.
    pub(super) offset: usize,
    /// How many there are in each dimension, the outermost first, and how many bytes from one to
    /// the next.
    pub(super) levels: Vec<(usize, usize)>,
    /// How many stand side by side in each place.
    pub(super) run: usize,
    pub(super) texts: Texts,
}

impl Strings {
    /// Bytes of all strings.
    pub fn bytes(&self) -> usize {
        self.texts.bytes.len()
    }

    /// Where the first one stands, and the bytes of the longest one.
    pub fn extent(&self) -> (usize, usize) {
        (self.offset, self.texts.cells().map(<[u8]>::len).max().unwrap_or(0))
    }

    /// How many strings there are.
    pub fn count(&self) -> usize {
        self.texts.ends.len()
    }

    /// Each string, and where it stands if one takes `size` bytes in a run of them.
    pub fn iter(&self, size: usize) -> impl Iterator<Item = (usize, &[u8])> {
        let mut start = 0;
        self.texts.ends.iter().enumerate().map(move |(i, end)| {
            let text = self.texts.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            let (mut place, within) = (i / self.run.max(1), i % self.run.max(1));
            let mut at = self.offset + within * size;
            for (count, stride) in self.levels.iter().rev() {
                at += place % count.max(&1) * stride;
                place /= count.max(&1);
            }
            (at, text)
        })
    }
}

/// Combines `rows` records of `size` bytes. Bytes without a piece are zero.
pub(super) fn interleave(pieces: &[Piece], rows: usize, size: usize, out: &mut Out<'_>) {
    let step = (BLOCK / size.max(1)).clamp(1, rows.max(1));
    let mut block = vec![0; step * size];
    let mut done = 0;
    while done < rows {
        let some = step.min(rows - done);
        let records = &mut block[..some * size];
        for piece in pieces {
            let cells = &piece.cells[done * piece.size..(done + some) * piece.size];
            match piece.size {
                1 => scatter::<1>(cells, records, size, piece.offset),
                2 => scatter::<2>(cells, records, size, piece.offset),
                4 => scatter::<4>(cells, records, size, piece.offset),
                8 => scatter::<8>(cells, records, size, piece.offset),
                16 => scatter::<16>(cells, records, size, piece.offset),
                0 => {}
                wide => {
                    for (record, cell) in
                        records.chunks_exact_mut(size).zip(cells.chunks_exact(wide))
                    {
                        record[piece.offset..piece.offset + wide].copy_from_slice(cell);
                    }
                }
            }
        }
        out.put(records);
        done += some;
    }
}

fn scatter<const N: usize>(cells: &[u8], records: &mut [u8], size: usize, offset: usize) {
    for (record, cell) in records.chunks_exact_mut(size).zip(cells.as_chunks::<N>().0) {
        record[offset..offset + N].copy_from_slice(cell);
    }
}

/// Copies the cells of `size` bytes at `offset` in each record of `stride` bytes side by side.
/// `out` has room for as many as there are whole records, and all of it is initialised; `false`,
/// and nothing copied, where these numbers do not fit.
pub fn gather(
    records: &[u8],
    stride: usize,
    offset: usize,
    size: usize,
    out: &mut [MaybeUninit<u8>],
) -> bool {
    if out.is_empty() && (size == 0 || records.is_empty()) {
        return true;
    }
    let inside = offset.checked_add(size).is_some_and(|end| end <= stride);
    if !inside || stride == 0 || (records.len() / stride).checked_mul(size) != Some(out.len()) {
        return false;
    }
    match size {
        1 => pick::<1>(records, stride, offset, out),
        2 => pick::<2>(records, stride, offset, out),
        4 => pick::<4>(records, stride, offset, out),
        8 => pick::<8>(records, stride, offset, out),
        16 => pick::<16>(records, stride, offset, out),
        _ => {
            for (record, cell) in records.chunks_exact(stride).zip(out.chunks_exact_mut(size)) {
                write(cell, &record[offset..offset + size]);
            }
        }
    }
    true
}

fn pick<const N: usize>(records: &[u8], stride: usize, offset: usize, out: &mut [MaybeUninit<u8>]) {
    for (record, cell) in records.chunks_exact(stride).zip(out.as_chunks_mut::<N>().0) {
        write(cell, &record[offset..offset + N]);
    }
}

#[inline(always)]
fn write(cell: &mut [MaybeUninit<u8>], bytes: &[u8]) {
    for (place, byte) in cell.iter_mut().zip(bytes) {
        place.write(*byte);
    }
}

/// The references to the variable-length strings that the names of members lead to, side by side.
pub fn references<'b>(
    bytes: &'b [u8],
    dtype: &crate::Dtype,
    member: &[String],
) -> Option<std::borrow::Cow<'b, [u8]>> {
    use crate::Dtype;
    use std::borrow::Cow;
    let (mut cells, mut dtype) = (Cow::Borrowed(bytes), dtype);
    for name in member {
        while let Dtype::Array(element, _) = dtype {
            dtype = element;
        }
        let Dtype::Compound(compound) = dtype else { return None };
        let found = compound.members.iter().find(|member| member.name == *name)?;
        let (size, stride) = (found.dtype.stored_size(), compound.size);
        let end = found.offset.checked_add(size).filter(|end| *end <= stride)?;
        let records = cells.chunks_exact(stride.max(1));
        cells =
            Cow::Owned(records.flat_map(|record| &record[found.offset..end]).copied().collect());
        dtype = &found.dtype;
    }
    while let Dtype::Array(element, _) = dtype {
        dtype = element;
    }
    (*dtype == Dtype::VarStr).then_some(cells)
}
