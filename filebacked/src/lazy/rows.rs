//! Iterators over the rows of a [`LazyVec`]: [`RowBlocks`] in blocks, and [`RowIter`] one by one.

use super::LazyVec;
use crate::backed::FileBacked;
use crate::error::Result;
use std::fmt;

/// The approximate bytes of rows that are read ahead.
const AHEAD: usize = 1 << 20;

/// An iterator over blocks of rows; see [`LazyVec::blocks`].
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// let rows = filebacked::LazyVec::from(vec![1u8, 2, 3]);
/// let blocks = rows.blocks(2).collect::<filebacked::Result<Vec<_>>>()?;
/// assert_eq!(blocks, [vec![1, 2], vec![3]]);
/// # Ok(()) }
/// ```
pub struct RowBlocks<'a, T> {
    vec: &'a LazyVec<T>,
    rows: usize,
    next: usize,
    /// The last rows, if they were read because they cannot be read in parts.
    ahead: std::vec::IntoIter<T>,
}

impl<T> fmt::Debug for RowBlocks<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowBlocks")
            .field("rows", &self.rows)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl<'a, T> RowBlocks<'a, T> {
    pub(super) fn new(vec: &'a LazyVec<T>, rows: usize) -> Self {
        RowBlocks { vec, rows: rows.max(1), next: 0, ahead: Vec::new().into_iter() }
    }

    /// The number of remaining blocks.
    fn left(&self) -> usize {
        self.vec.len().saturating_sub(self.next).div_ceil(self.rows)
    }
}

impl<T: FileBacked> Iterator for RowBlocks<'_, T> {
    type Item = Result<Vec<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        let (start, len) = (self.next, self.vec.len());
        if start >= len {
            return None;
        }
        self.next = start.saturating_add(self.rows).min(len);
        let wanted = self.next - start;
        if self.ahead.len() < len - start {
            match self.vec.ahead(start..self.next) {
                Ok(rows) if rows.len() > wanted => self.ahead = rows.into_iter(),
                rows => return Some(rows),
            }
        }
        // Blocks that `nth` has skipped.
        let skipped = self.ahead.len() - (len - start);
        Some(Ok(self.ahead.by_ref().skip(skipped).take(wanted).collect()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left(), Some(self.left()))
    }

    /// Skips blocks without reading them.
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        self.next = self.next.saturating_add(self.rows.saturating_mul(n)).min(self.vec.len());
        self.next()
    }
}

impl<T: FileBacked> ExactSizeIterator for RowBlocks<'_, T> {}

/// An iterator over rows; see [`LazyVec::iter`]. After an error it continues behind the block that
/// could not be read.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// let rows = filebacked::LazyVec::from(vec![1u8, 2, 3]);
/// let mut sum = 0;
/// for row in rows.iter() {
///     sum += row?;
/// }
/// assert_eq!(sum, 6);
/// # Ok(()) }
/// ```
pub struct RowIter<'a, T> {
    blocks: RowBlocks<'a, T>,
    block: std::vec::IntoIter<T>,
}

impl<T> fmt::Debug for RowIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowIter").field("blocks", &self.blocks).finish_non_exhaustive()
    }
}

impl<'a, T> RowIter<'a, T> {
    pub(super) fn new(vec: &'a LazyVec<T>) -> Self {
        let rows = (AHEAD / size_of::<T>().max(1)).clamp(64, 1 << 16);
        RowIter { blocks: RowBlocks::new(vec, rows), block: Vec::new().into_iter() }
    }
}

impl<T: FileBacked> Iterator for RowIter<'_, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.block.next() {
                return Some(Ok(row));
            }
            match self.blocks.next()? {
                Ok(block) => self.block = block.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.blocks.vec.len().saturating_sub(self.blocks.next);
        (0, Some(left + self.block.len()))
    }
}
