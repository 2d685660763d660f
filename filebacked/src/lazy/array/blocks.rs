//! [`Blocks`]: iterates over an array in blocks.

use super::LazyArray;
use crate::error::Result;
use crate::layout::scalar::Element;
use crate::storage::Tiles;
use ndarray::{Array, Dimension};

/// A block of an array; see [`LazyArray::blocks`] for an example.
#[derive(Debug, Clone, PartialEq)]
pub struct Block<A, D: Dimension> {
    /// The position of its first element in the whole array.
    pub origin: Vec<usize>,
    /// Its elements.
    pub array: Array<A, D>,
}

/// An iterator over the blocks of an array; see [`LazyArray::blocks`] for an example.
#[derive(Debug)]
pub struct Blocks<'a, A, D> {
    array: &'a LazyArray<A, D>,
    tiles: Tiles,
}

impl<'a, A: Element + Clone, D: Dimension + 'static> Blocks<'a, A, D> {
    pub(super) fn new(array: &'a LazyArray<A, D>, bytes: usize) -> Self {
        let stored = array.dtype().map_or(0, |dtype| dtype.size());
        let elements = bytes / size_of::<A>().max(stored).max(1);
        Blocks { array, tiles: Tiles::new(array.shape(), array.chunk(), elements) }
    }

    /// Returns the shape of all blocks except those at the ends of the array.
    pub fn shape(&self) -> &[usize] {
        self.tiles.tile()
    }
}

impl<A: Element + Clone, D: Dimension + 'static> Iterator for Blocks<'_, A, D> {
    type Item = Result<Block<A, D>>;

    fn next(&mut self) -> Option<Self::Item> {
        let slab = self.tiles.next()?;
        let part = self.array.part(&slab).and_then(super::shaped);
        let origin = slab.dims.iter().map(|span| span.start as usize).collect();
        Some(part.map(|array| Block { origin, array }))
    }

    /// Skips blocks without reading them.
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        self.tiles.by_ref().take(n).for_each(drop);
        self.next()
    }
}
