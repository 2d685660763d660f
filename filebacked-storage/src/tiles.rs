//! [`Tiles`]: an array cut into pieces that are worked on one after another.

use super::{Slab, Span};

/// The pieces of an array, in C order: whole trailing dimensions, and of the one before them as
/// many chunks as fit.
#[derive(Debug)]
pub struct Tiles {
    shape: Vec<usize>,
    /// The shape of a piece, where the array does not end before.
    tile: Vec<usize>,
    /// Where the next one starts.
    next: Option<Vec<usize>>,
}

impl Tiles {
    /// Pieces of at most so many elements, made of whole chunks as long as one chunk is not larger.
    pub fn new(shape: &[usize], chunk: Option<&[usize]>, elements: usize) -> Self {
        let next = (!shape.contains(&0)).then(|| vec![0; shape.len()]);
        Tiles { tile: tile_shape(shape, chunk, elements.max(1)), shape: shape.to_vec(), next }
    }

    /// The shape of all pieces but those at the ends of the array.
    pub fn tile(&self) -> &[usize] {
        &self.tile
    }
}

impl Iterator for Tiles {
    type Item = Slab;

    fn next(&mut self) -> Option<Slab> {
        let origin = self.next.take()?;
        let mut next = origin.clone();
        for axis in (0..origin.len()).rev() {
            next[axis] += self.tile[axis];
            if next[axis] < self.shape[axis] {
                self.next = Some(next);
                break;
            }
            next[axis] = 0;
        }
        let span = |((start, tile), extent): ((&usize, &usize), &usize)| Span {
            start: *start as u64,
            step: 1,
            count: (*tile).min(extent - start) as u64,
        };
        Some(Slab { dims: origin.iter().zip(&self.tile).zip(&self.shape).map(span).collect() })
    }
}

/// A shape of at most so many elements.
fn tile_shape(shape: &[usize], chunk: Option<&[usize]>, elements: usize) -> Vec<usize> {
    // One chunk to begin with, or one element where a chunk is too large.
    let fits = |chunk: &&[usize]| {
        chunk.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent)) <= Some(elements)
    };
    let chunk = chunk.filter(|chunk| chunk.len() == shape.len()).filter(fits);
    let unit: Vec<usize> = match chunk {
        Some(chunk) => chunk
            .iter()
            .zip(shape)
            .map(|(chunk, extent)| (*chunk).clamp(1, (*extent).max(1)))
            .collect(),
        None => vec![1; shape.len()],
    };
    let mut tile = unit.clone();
    for axis in (0..shape.len()).rev() {
        let others: usize =
            tile.iter().enumerate().filter(|(other, _)| *other != axis).map(|(_, n)| *n).product();
        let room = (elements / others.max(1)).max(1);
        tile[axis] = if room >= shape[axis] {
            shape[axis].max(1)
        } else {
            (room / unit[axis]).max(1) * unit[axis]
        };
        if tile[axis] < shape[axis] {
            break;
        }
    }
    tile
}
