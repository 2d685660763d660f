//! Where the chunks of a dataset are: the indexes of versions 3 and 4 of the layout message
//! (section III.A.1 and appendix C of the specification).

use super::btree_v1::{self, CHUNKS};
use super::header::{damaged, uint, unknown};
use super::input::Input;
use super::layout::{Chunks, Index};
use super::{UNDEFINED, btree, extensible_array, fixed_array};
use crate::chunks::{Grid, Stored};
use crate::error::Result;

/// Bytes before the place of a chunk in a key of a B-tree of version 1: its length and its mask.
const KEY: usize = 8;

/// So many chunks may be asked for in a file that has none of them.
const MOST_ABSENT: u64 = 1 << 20;

/// The chunks of a dataset with the shapes that their places depend on.
pub(super) struct Lookup<'l, 'b> {
    pub(super) input: &'l Input<'b>,
    /// Pays for what is read.
    pub(super) charge: &'l dyn Fn(usize) -> Result<()>,
    pub(super) chunks: &'l Chunks,
    /// The largest shape of the dataset.
    pub(super) largest: &'l [u64],
    /// Whether there are filters, so that each chunk has a length of its own.
    pub(super) filtered: bool,
}

/// A chunk as an index has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChunkPlace {
    pub(super) address: u64,
    bytes: u64,
    mask: u32,
}

impl Lookup<'_, '_> {
    /// The chunks of a grid that are in the file, by their numbers and in their order.
    pub(super) fn find(&self, grid: &Grid) -> Result<Vec<(usize, Stored)>> {
        let mut found = Vec::new();
        let mut add = |origin: &[u64], entry: ChunkPlace| {
            if let Some(number) = grid.index(origin)
                && entry.address != UNDEFINED
            {
                let end = entry.address.checked_add(entry.bytes);
                if end.is_none_or(|end| end > self.input.len()) {
                    return Err(damaged("a chunk beyond the end of the file"));
                }
                (self.charge)(size_of::<(usize, Stored)>())?;
                let bytes = entry.bytes as usize;
                found.push((number, Stored { address: entry.address, bytes, mask: entry.mask }));
            }
            Ok(())
        };
        match self.chunks.index {
            None => {}
            Some(Index::BTree1(root)) => self.in_old_tree(root, grid, &mut add)?,
            Some(Index::BTree2(tree)) => self.in_tree(tree, &mut add)?,
            Some(index) => self.computed(index, grid, &mut add)?,
        }
        found.sort_by_key(|(number, _)| *number);
        // Of a damaged index only.
        found.dedup_by_key(|(number, _)| *number);
        Ok(found)
    }

    /// Bytes of a chunk without filters.
    pub(super) fn chunk_bytes(&self) -> Result<u64> {
        let mut sizes = self.chunks.shape.iter().copied();
        sizes
            .try_fold(self.chunks.element, u64::checked_mul)
            .ok_or_else(|| damaged("a chunk that is larger than memory"))
    }

    /// The chunks that a B-tree of version 1 has, of those around the grid.
    fn in_old_tree(
        &self,
        root: u64,
        grid: &Grid,
        add: &mut dyn FnMut(&[u64], ChunkPlace) -> Result<()>,
    ) -> Result<()> {
        let rank = self.chunks.shape.len();
        let place = |key: &[u8]| -> Vec<u64> {
            let numbers = (0..rank).map(|i| uint(key, KEY + 8 * i, 8).unwrap_or(u64::MAX));
            numbers.collect()
        };
        let (first, last) = (grid.origin(0), grid.origin(grid.count().saturating_sub(1)));
        // Keys are sorted by place. A child has the chunks from the key before it on, up to the
        // one behind it.
        let wanted = |from: &[u8], to: &[u8]| place(from) <= last && place(to) >= first;
        let mut each = |key: &[u8], address: u64| {
            let (bytes, mask) = (uint(key, 0, 4)?, uint(key, 4, 4)? as u32);
            add(&place(key), ChunkPlace { address, bytes, mask })
        };
        btree_v1::Walk {
            input: self.input,
            charge: self.charge,
            kind: (CHUNKS, KEY + 8 * (rank + 1)),
            wanted: &wanted,
            each: &mut each,
        }
        .tree(root)
    }

    /// The chunks that a B-tree of version 2 has.
    fn in_tree(
        &self,
        tree: u64,
        add: &mut dyn FnMut(&[u64], ChunkPlace) -> Result<()>,
    ) -> Result<()> {
        let (shape, width) = (&self.chunks.shape, self.entry_bytes()?);
        let kind = if self.filtered { btree::FILTERED_CHUNKS } else { btree::CHUNKS };
        let mut each = |record: &[u8]| {
            let mut origin = Vec::with_capacity(shape.len());
            for (i, extent) in shape.iter().enumerate() {
                origin.push(uint(record, width + 8 * i, 8)?.saturating_mul(*extent));
            }
            add(&origin, self.entry(record)?)
        };
        let (input, charge) = (self.input, self.charge);
        btree::Walk { input, charge, each: &mut each }.tree(tree, kind, width + 8 * shape.len())
    }

    /// The chunks of the grid, whose numbers tell where an index has them.
    fn computed(
        &self,
        index: Index,
        grid: &Grid,
        add: &mut dyn FnMut(&[u64], ChunkPlace) -> Result<()>,
    ) -> Result<()> {
        // Each chunk of the grid is looked for, also where few are in the file.
        if grid.count() as u64 > self.input.len().saturating_add(MOST_ABSENT) {
            return Err(unknown("a dataset of more chunks than its file has bytes"));
        }
        let bytes = self.chunk_bytes()?;
        let mut array = fixed_array::FixedArray::default();
        let mut extensible = extensible_array::ExtensibleArray::default();
        let unlimited = match index {
            Index::ExtensibleArray(_) => self.largest.iter().position(|n| *n == UNDEFINED),
            _ => None,
        };
        let mut order: Vec<usize> = (0..grid.count()).collect();
        if unlimited.is_some_and(|dimension| dimension > 0) {
            // In the order of the index, so that each part is read once.
            order.sort_by_key(|number| self.number(&grid.origin(*number), unlimited));
        }
        for number in order {
            let origin = grid.origin(number);
            let place = self.number(&origin, unlimited);
            let entry = match index {
                Index::Single(address, None) => ChunkPlace { address, bytes, mask: 0 },
                Index::Single(address, Some((bytes, mask))) => ChunkPlace { address, bytes, mask },
                Index::Implicit(address) => {
                    let place = place.and_then(|place| place.checked_mul(bytes));
                    let address = place.and_then(|place| place.checked_add(address));
                    ChunkPlace { address: address.unwrap_or(UNDEFINED - 1), bytes, mask: 0 }
                }
                Index::FixedArray(address) => match array.get(self, address, place)? {
                    Some(entry) => entry,
                    None => continue,
                },
                Index::ExtensibleArray(address) => match extensible.get(self, address, place)? {
                    Some(entry) => entry,
                    None => continue,
                },
                Index::BTree1(_) | Index::BTree2(_) => continue,
            };
            add(&origin, entry)?;
        }
        Ok(())
    }

    /// The number of the chunk at a place among all that the largest dataset has. A dimension
    /// without a limit counts as the first one.
    fn number(&self, origin: &[u64], unlimited: Option<usize>) -> Option<u64> {
        let rank = self.chunks.shape.len();
        let others = (0..rank).filter(|d| Some(*d) != unlimited);
        let mut number = 0u64;
        for d in unlimited.into_iter().chain(others) {
            let (chunk, at) = (*self.chunks.shape.get(d)?, *origin.get(d)?);
            let count = self.largest.get(d)?.div_ceil(chunk);
            number = number.checked_mul(if Some(d) == unlimited { 1 } else { count })?;
            number = number.checked_add(at / chunk)?;
        }
        Some(number)
    }

    /// Bytes of an entry of an array, or of a record before the place of its chunk.
    pub(super) fn entry_bytes(&self) -> Result<usize> {
        Ok(if self.filtered { 12 + self.length_width()? } else { 8 })
    }

    /// Bytes of the length of a chunk: one more than its length without filters needs, since
    /// filters may make it longer.
    fn length_width(&self) -> Result<usize> {
        if self.chunks.wide {
            return Ok(8);
        }
        let bits = self.chunk_bytes()?.max(1).ilog2() as usize;
        Ok((1 + (bits + 8) / 8).min(8))
    }

    /// Reads an entry of an array, or the beginning of a record.
    pub(super) fn entry(&self, bytes: &[u8]) -> Result<ChunkPlace> {
        let address = uint(bytes, 0, 8)?;
        if !self.filtered {
            return Ok(ChunkPlace { address, bytes: self.chunk_bytes()?, mask: 0 });
        }
        let width = self.length_width()?;
        let mask = uint(bytes, 8 + width, 4)? as u32;
        Ok(ChunkPlace { address, bytes: uint(bytes, 8, width)?, mask })
    }
}
