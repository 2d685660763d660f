//! Data layout messages: where the data of a dataset is (section IV.A.2.i of the specification).

use super::UNDEFINED;
use super::header::{damaged, uint, unknown};
use crate::error::Result;

/// Layout classes.
const COMPACT: u64 = 0;
const CONTIGUOUS: u64 = 1;
const CHUNKED: u64 = 2;

/// The most dimensions of chunks, with one for the bytes of an element.
const MOST_DIMENSIONS: usize = 33;

/// Where data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// In the message: from a place on, so many bytes.
    Compact(usize, usize),
    /// At an address, if it was ever written, with its length if that is stored.
    Contiguous(Option<u64>, Option<u64>),
    /// In chunks.
    Chunked(Chunks),
}

/// The chunks of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunks {
    /// The extents of a chunk, in elements.
    pub(super) shape: Vec<u64>,
    /// Bytes of an element.
    pub(super) element: u64,
    /// Where the chunks are; `None` if there is none.
    pub(super) index: Option<Index>,
    /// Chunks that reach beyond the dataset went through no filter.
    pub(super) plain_edges: bool,
    /// Lengths of chunks have 8 bytes in an index, whatever the chunks need.
    pub(super) wide: bool,
}

/// How chunks are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Index {
    /// By a B-tree of version 1.
    BTree1(u64),
    /// There is one chunk. Its length and its filter mask, if there are filters.
    Single(u64, Option<(u64, u32)>),
    /// All chunks lie one behind another, and none is compressed.
    Implicit(u64),
    /// By a fixed array.
    FixedArray(u64),
    /// By an extensible array.
    ExtensibleArray(u64),
    /// By a B-tree of version 2.
    BTree2(u64),
}

impl Layout {
    #[inline]
    pub(super) fn parse(body: &[u8]) -> Result<Self> {
        let version = uint(body, 0, 1)?;
        match version {
            1 | 2 => Layout::old(body),
            3..=5 => match uint(body, 1, 1)? {
                COMPACT => Ok(Layout::Compact(4, uint(body, 2, 2)? as usize)),
                CONTIGUOUS => Ok(Layout::Contiguous(address(body, 2)?, Some(uint(body, 10, 8)?))),
                CHUNKED if version == 3 => Layout::chunked(body),
                CHUNKED => Layout::indexed(body),
                _ => Err(unknown("a virtual dataset")),
            },
            _ => Err(unknown("a data layout of another version")),
        }
    }

    /// Versions 1 and 2.
    fn old(body: &[u8]) -> Result<Self> {
        let (rank, class) = (uint(body, 1, 1)? as usize, uint(body, 2, 1)?);
        if rank > MOST_DIMENSIONS {
            return Err(damaged(format!("chunks of {rank} dimensions")));
        }
        match class {
            COMPACT => {
                let at = 8 + 4 * rank;
                Ok(Layout::Compact(at + 4, uint(body, at, 4)? as usize))
            }
            CONTIGUOUS => Ok(Layout::Contiguous(address(body, 8)?, None)),
            CHUNKED => {
                let (shape, element) = extents(body, 16, rank, 4)?;
                let index = address(body, 8)?.map(Index::BTree1);
                Ok(Layout::Chunked(Chunks {
                    shape,
                    element,
                    index,
                    plain_edges: false,
                    wide: false,
                }))
            }
            _ => Err(damaged("a data layout of an unknown class")),
        }
    }

    /// Chunks of version 3.
    fn chunked(body: &[u8]) -> Result<Self> {
        let rank = uint(body, 2, 1)? as usize;
        let (shape, element) = extents(body, 11, rank, 4)?;
        let index = address(body, 3)?.map(Index::BTree1);
        Ok(Layout::Chunked(Chunks { shape, element, index, plain_edges: false, wide: false }))
    }

    /// Chunks of versions 4 and 5, with one of five indexes.
    fn indexed(body: &[u8]) -> Result<Self> {
        let (flags, rank, width) =
            (uint(body, 2, 1)?, uint(body, 3, 1)? as usize, uint(body, 4, 1)? as usize);
        if flags & !3 != 0 || !(1..=8).contains(&width) {
            return Err(unknown("chunks of another form"));
        }
        let (shape, element) = extents(body, 5, rank, width)?;
        let at = 5 + rank * width;
        // The parameters of the index follow its kind. Its header repeats most of them.
        let index = match uint(body, at, 1)? {
            1 if flags & 2 != 0 => {
                let stored = (uint(body, at + 1, 8)?, uint(body, at + 9, 4)? as u32);
                address(body, at + 13)?.map(|address| Index::Single(address, Some(stored)))
            }
            1 => address(body, at + 1)?.map(|address| Index::Single(address, None)),
            2 => address(body, at + 1)?.map(Index::Implicit),
            3 => address(body, at + 2)?.map(Index::FixedArray),
            4 => address(body, at + 6)?.map(Index::ExtensibleArray),
            5 => address(body, at + 7)?.map(Index::BTree2),
            _ => return Err(unknown("an index of chunks of another kind")),
        };
        let (plain_edges, wide) = (flags & 1 != 0, uint(body, 0, 1)? > 4);
        Ok(Layout::Chunked(Chunks { shape, element, index, plain_edges, wide }))
    }
}

/// The address at a place, if it is one.
fn address(body: &[u8], at: usize) -> Result<Option<u64>> {
    Ok(Some(uint(body, at, 8)?).filter(|address| *address != UNDEFINED))
}

/// The extents of a chunk, and the bytes of an element, which follow as one more extent.
fn extents(body: &[u8], at: usize, rank: usize, width: usize) -> Result<(Vec<u64>, u64)> {
    if !(2..=MOST_DIMENSIONS).contains(&rank) {
        return Err(damaged(format!("chunks of {rank} dimensions")));
    }
    let numbers = (0..rank).map(|i| uint(body, at + i * width, width));
    let mut numbers = numbers.collect::<Result<Vec<u64>>>()?;
    let element = numbers.pop().unwrap_or(0);
    if element == 0 || numbers.contains(&0) {
        return Err(damaged("chunks of no bytes"));
    }
    Ok((numbers, element))
}
