//! [`Blocks`]: an array one piece after another.

use super::LazyArray;
use crate::error::Result;
use crate::layout::scalar::Element;
use crate::storage::{Slab, Span};
use ndarray::{Array, Dimension};

/// A piece of an array.
#[derive(Debug, Clone, PartialEq)]
pub struct Block<A, D: Dimension> {
    /// Where its first element is in the whole array.
    pub origin: Vec<usize>,
    /// Its elements.
    pub array: Array<A, D>,
}

/// The blocks of an array; made by [`LazyArray::blocks`].
#[derive(Debug)]
pub struct Blocks<'a, A, D> {
    array: &'a LazyArray<A, D>,
    /// The shape of a block, where the array does not end before.
    block: Vec<usize>,
    /// Where the next one starts.
    next: Option<Vec<usize>>,
}

impl<'a, A: Element + Clone, D: Dimension + 'static> Blocks<'a, A, D> {
    pub(super) fn new(array: &'a LazyArray<A, D>, bytes: usize) -> Self {
        let stored = array.dtype().map_or(0, |dtype| dtype.size());
        let elements = (bytes / size_of::<A>().max(stored).max(1)).max(1);
        let next = (!array.is_empty()).then(|| vec![0; array.ndim()]);
        Blocks { array, block: block_shape(array.shape(), array.chunk(), elements), next }
    }

    /// Where the next block starts; goes on to the one behind it.
    fn turn(&mut self) -> Option<Vec<usize>> {
        let origin = self.next.take()?;
        let shape = self.array.shape();
        let mut next = origin.clone();
        for axis in (0..shape.len()).rev() {
            next[axis] += self.block[axis];
            if next[axis] < shape[axis] {
                self.next = Some(next);
                break;
            }
            next[axis] = 0;
        }
        Some(origin)
    }

    /// The shape of all blocks but those at the ends of the array.
    pub fn shape(&self) -> &[usize] {
        &self.block
    }
}

/// A shape of at most so many elements: whole trailing dimensions, and of the one before them as many chunks as fit.
fn block_shape(shape: &[usize], chunk: Option<&[usize]>, elements: usize) -> Vec<usize> {
    // One chunk to begin with, or one element where a chunk is too large.
    let fits = |chunk: &&[usize]| chunk.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent)) <= Some(elements);
    let chunk = chunk.filter(|chunk| chunk.len() == shape.len()).filter(fits);
    let unit: Vec<usize> = match chunk {
        Some(chunk) => chunk.iter().zip(shape).map(|(chunk, extent)| (*chunk).clamp(1, (*extent).max(1))).collect(),
        None => vec![1; shape.len()],
    };
    let mut block = unit.clone();
    for axis in (0..shape.len()).rev() {
        let others: usize = block.iter().enumerate().filter(|(other, _)| *other != axis).map(|(_, n)| *n).product();
        let room = (elements / others.max(1)).max(1);
        block[axis] = if room >= shape[axis] { shape[axis].max(1) } else { (room / unit[axis]).max(1) * unit[axis] };
        if block[axis] < shape[axis] {
            break;
        }
    }
    block
}

impl<A: Element + Clone, D: Dimension + 'static> Iterator for Blocks<'_, A, D> {
    type Item = Result<Block<A, D>>;

    fn next(&mut self) -> Option<Self::Item> {
        let origin = self.turn()?;
        let shape = self.array.shape();
        let span = |((start, block), extent): ((&usize, &usize), &usize)| Span {
            start: *start as u64,
            step: 1,
            count: (*block).min(extent - start) as u64,
        };
        let slab = Slab { dims: origin.iter().zip(&self.block).zip(shape).map(span).collect() };
        let part = self.array.part(&slab).and_then(super::array::shaped);
        Some(part.map(|array| Block { origin, array }))
    }

    /// Skips blocks without reading them.
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        for _ in 0..n {
            self.turn()?;
        }
        self.next()
    }
}
