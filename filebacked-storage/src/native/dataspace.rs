//! Dataspace messages: the shape of data (section IV.A.2.b of the specification).

use super::header::{damaged, uint, unknown};
use crate::error::Result;

/// The most dimensions that HDF5 has.
const MOST_DIMENSIONS: usize = 32;

/// Where the extents are in a message, and their number.
struct Extents {
    start: usize,
    rank: usize,
    /// The largest extents follow.
    limited: bool,
    null: bool,
}

#[inline]
fn extents(message: &[u8]) -> Result<Extents> {
    let &[version, rank, flags, kind, ..] = message else {
        return Err(damaged("a dataspace that is cut short"));
    };
    let rank = usize::from(rank);
    // The flag of a permutation of dimensions, which was never used.
    if flags & !1 != 0 || rank > MOST_DIMENSIONS {
        return Err(unknown("a dataspace of another version"));
    }
    let (start, null) = match version {
        2 => (4, kind == 2),
        1 => (8, false),
        _ => return Err(unknown("a dataspace of another version")),
    };
    if null && rank > 0 {
        return Err(damaged("a null dataspace with dimensions"));
    }
    Ok(Extents { start, rank, limited: flags & 1 != 0, null })
}

#[inline]
fn numbers(message: &[u8], start: usize, rank: usize) -> Result<Vec<u64>> {
    let mut numbers = Vec::with_capacity(rank);
    for i in 0..rank {
        numbers.push(uint(message, start + 8 * i, 8)?);
    }
    Ok(numbers)
}

/// The extents of all dimensions, and whether the dataspace is null.
#[inline]
pub(super) fn parse(message: &[u8]) -> Result<(Vec<u64>, bool)> {
    let Extents { start, rank, null, .. } = extents(message)?;
    Ok((numbers(message, start, rank)?, null))
}

/// The largest extents of all dimensions; [`UNDEFINED`](super::UNDEFINED) for those without a limit.
pub(super) fn largest(message: &[u8]) -> Result<Vec<u64>> {
    let Extents { start, rank, limited, .. } = extents(message)?;
    numbers(message, if limited { start + 8 * rank } else { start }, rank)
}
