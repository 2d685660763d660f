//! Where the chunks of an array lie in it: in C order, those at the far edges filled up with zeros.

use crate::storage::codec::shuffle::WriteCopy;
use crate::storage::elements;
use std::mem::MaybeUninit;

/// An array cut into chunks of one shape. Chunks are numbered in C order.
#[derive(Debug)]
pub(crate) struct Grid {
    /// Extents of the array and of a chunk, of equal rank, none of them zero.
    shape: Vec<usize>,
    chunk: Vec<usize>,
    /// The number of chunks along each dimension.
    counts: Vec<usize>,
    /// Bytes of an element.
    size: usize,
}

impl Grid {
    /// The grid, unless a number is zero, too large, or the ranks differ.
    pub(crate) fn new(shape: &[u64], chunk: &[u64], size: usize) -> Option<Grid> {
        if shape.len() != chunk.len() || shape.is_empty() || size == 0 {
            return None;
        }
        for shape in [shape, chunk] {
            elements(shape)?.checked_mul(size).filter(|bytes| (1..=isize::MAX as usize).contains(bytes))?;
        }
        let as_sizes = |shape: &[u64]| shape.iter().map(|n| *n as usize).collect::<Vec<_>>();
        let counts = shape.iter().zip(chunk).map(|(n, c)| n.div_ceil(*c) as usize).collect();
        Some(Grid { shape: as_sizes(shape), chunk: as_sizes(chunk), counts, size })
    }

    /// The number of chunks.
    pub(crate) fn len(&self) -> usize {
        self.counts.iter().product()
    }

    /// The bytes of an element.
    pub(crate) fn element(&self) -> usize {
        self.size
    }

    /// The bytes of a chunk; also of those at the edges.
    pub(crate) fn chunk_bytes(&self) -> usize {
        self.chunk.iter().product::<usize>() * self.size
    }

    /// The bytes of the array.
    pub(crate) fn array_bytes(&self) -> usize {
        self.shape.iter().product::<usize>() * self.size
    }

    /// Where a chunk begins, in elements along each dimension.
    pub(crate) fn origin(&self, index: usize) -> Vec<u64> {
        let mut rest = index;
        let mut origin = vec![0; self.chunk.len()];
        for ((place, count), chunk) in origin.iter_mut().zip(&self.counts).zip(&self.chunk).rev() {
            *place = (rest % count * chunk) as u64;
            rest /= count;
        }
        origin
    }

    /// The chunk that begins there.
    pub(crate) fn index(&self, origin: &[u64]) -> Option<usize> {
        if origin.len() != self.chunk.len() {
            return None;
        }
        let mut index = 0;
        for ((place, count), chunk) in origin.iter().zip(&self.counts).zip(&self.chunk) {
            let place = usize::try_from(*place).ok()?;
            if place % chunk != 0 || place / chunk >= *count {
                return None;
            }
            index = index * count + place / chunk;
        }
        Some(index)
    }

    /// The bytes of a chunk: those of the array where they lie in one place, else put together in `scratch`.
    pub(crate) fn cut<'a>(&self, index: usize, array: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        if let Some(start) = self.whole(index) {
            return &array[start..start + self.chunk_bytes()];
        }
        scratch.clear();
        scratch.resize(self.chunk_bytes(), 0);
        self.runs(index, |chunk, at, n| scratch[chunk..chunk + n].copy_from_slice(&array[at..at + n]));
        scratch
    }

    /// Cuts the array into slabs, one after another, none of which shares a chunk with another.
    pub(crate) fn slabs<'a, T>(&self, array: &'a mut [T]) -> Vec<Slab<'a, T>> {
        let dim = self.slab_dim();
        let row = self.shape[dim + 1..].iter().product::<usize>() * self.size;
        let chunks: usize = self.counts[dim + 1..].iter().product();
        let (mut rest, mut start) = (array, 0);
        let mut slabs = Vec::with_capacity(self.len() / chunks);
        for slab in 0..self.len() / chunks {
            let first = slab % self.counts[dim] * self.chunk[dim];
            let bytes = (self.shape[dim] - first).min(self.chunk[dim]) * row;
            let (out, after) = rest.split_at_mut(bytes);
            slabs.push(Slab { chunks: slab * chunks..(slab + 1) * chunks, start, out });
            (rest, start) = (after, start + bytes);
        }
        slabs
    }

    /// The first dimension along which chunks have more than one element; along those before, each is a slab's own.
    fn slab_dim(&self) -> usize {
        self.chunk.iter().position(|extent| *extent > 1).unwrap_or(self.chunk.len() - 1)
    }

    /// Where a chunk's bytes begin in the array, if they lie there in one place and are all there.
    pub(crate) fn whole(&self, index: usize) -> Option<usize> {
        let mut found = None;
        let all = self.chunk_bytes();
        let mut first = true;
        self.runs(index, |_, at, n| {
            found = (first && n == all).then_some(at);
            first = false;
        });
        found
    }

    /// Calls with each piece that is in one place both in the chunk and in the array: its offset in bytes in the chunk,
    /// in the array, and its length.
    fn runs(&self, index: usize, mut call: impl FnMut(usize, usize, usize)) {
        let rank = self.shape.len();
        // Dimensions after this one are whole, in the chunk as in the array.
        let mut last = rank - 1;
        while last > 0 && self.chunk[last] == self.shape[last] {
            last -= 1;
        }
        let origin: Vec<usize> = self.origin(index).into_iter().map(|n| n as usize).collect();
        let extent: Vec<usize> = (0..rank).map(|d| self.chunk[d].min(self.shape[d] - origin[d])).collect();
        let tail = self.shape[last + 1..].iter().product::<usize>() * self.size;
        let length = extent[last] * tail;
        let mut at = vec![0; last];
        loop {
            let (mut chunk, mut array) = (0, 0);
            for d in 0..last {
                chunk = chunk * self.chunk[d] + at[d];
                array = array * self.shape[d] + origin[d] + at[d];
            }
            chunk = chunk * self.chunk[last] * tail;
            array = (array * self.shape[last] + origin[last]) * tail;
            call(chunk, array, length);
            // The next row, as an odometer counts.
            let Some(d) = (0..last).rev().find(|d| at[*d] + 1 < extent[*d]) else { return };
            at[d] += 1;
            at[d + 1..].fill(0);
        }
    }
}

/// Part of an array, and the chunks that lie in it and nowhere else.
pub(crate) struct Slab<'a, T> {
    pub(crate) chunks: std::ops::Range<usize>,
    /// Where the part begins in the array.
    start: usize,
    out: &'a mut [T],
}

impl Slab<'_, MaybeUninit<u8>> {
    /// The place of a chunk whose bytes lie in one place and are all there.
    pub(crate) fn place(&mut self, grid: &Grid, index: usize) -> Option<&mut [MaybeUninit<u8>]> {
        let at = grid.whole(index)? - self.start;
        self.out.get_mut(at..at + grid.chunk_bytes())
    }

    /// Puts the bytes of a chunk where they belong.
    pub(crate) fn put(&mut self, grid: &Grid, index: usize, chunk: &[u8]) {
        grid.runs(index, |from, at, n| self.out[at - self.start..][..n].write_bytes(&chunk[from..from + n]));
    }
}

#[cfg(test)]
mod tests {
    use super::Grid;
    use crate::storage::codec::shuffle::to_be_written;

    #[test]
    fn chunks_are_cut_and_put_back() {
        let cases: [(&[u64], &[u64]); 12] = [
            (&[10], &[10]),
            (&[10], &[3]),
            (&[10], &[1]),
            (&[10], &[16]),
            (&[7, 5], &[2, 5]),
            (&[7, 5], &[3, 2]),
            (&[1, 50], &[1, 7]),
            (&[4, 6, 5], &[1, 4, 5]),
            (&[4, 6, 5], &[2, 3, 4]),
            (&[4, 6, 5], &[1, 1, 2]),
            (&[3, 1, 2, 5], &[2, 1, 2, 2]),
            (&[2, 3], &[5, 7]),
        ];
        for (shape, chunk) in cases {
            for size in [1, 4] {
                let grid = Grid::new(shape, chunk, size).unwrap();
                let array: Vec<u8> = (0..grid.array_bytes()).map(|i| (i % 255) as u8 + 1).collect();
                let mut back = vec![0; array.len()];
                let mut seen = 0;
                for mut slab in grid.slabs(to_be_written(&mut back)) {
                    assert_eq!(slab.chunks.start, seen);
                    seen = slab.chunks.end;
                    for index in slab.chunks.clone() {
                        assert_eq!(grid.index(&grid.origin(index)), Some(index));
                        let mut scratch = Vec::new();
                        let bytes = grid.cut(index, &array, &mut scratch);
                        assert_eq!(bytes.len(), grid.chunk_bytes());
                        match slab.place(&grid, index) {
                            Some(place) => assert_eq!(place.len(), bytes.len()),
                            None => assert_eq!(grid.whole(index), None),
                        }
                        slab.put(&grid, index, bytes);
                    }
                }
                assert_eq!(seen, grid.len());
                assert_eq!(back, array, "{shape:?} in {chunk:?}");
            }
        }
        let grid = Grid::new(&[7, 5], &[3, 2], 1).unwrap();
        assert_eq!((grid.len(), grid.origin(4)), (9, vec![3, 2]));
        assert_eq!((grid.index(&[3, 3]), grid.index(&[9, 0]), grid.index(&[0])), (None, None, None));
        let array: Vec<u8> = (0..35).collect();
        assert_eq!(grid.cut(8, &array, &mut Vec::new()), [34, 0, 0, 0, 0, 0]);
        assert!(Grid::new(&[7, 0], &[3, 2], 1).is_none());
        assert!(Grid::new(&[7], &[3, 2], 1).is_none());
        assert!(Grid::new(&[u64::MAX], &[2], 4).is_none());
    }
}
