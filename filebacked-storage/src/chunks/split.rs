//! Where the chunks of an array lie in it: in C order, those at the far edges filled up with zeros.

use crate::codec::shuffle::WriteCopy;
use crate::{Slab as Selection, elements};
use std::mem::MaybeUninit;

/// An array cut into chunks of one shape, or a part of such an array. Chunks are numbered in C
/// order.
#[derive(Debug)]
pub struct Grid {
    /// Extents of the array or the part, and of a chunk, of equal rank, none of them zero.
    shape: Vec<usize>,
    chunk: Vec<usize>,
    /// Where the first chunk begins in the whole array.
    first: Vec<usize>,
    /// How many elements of the first chunk lie before the part, along each dimension.
    before: Vec<usize>,
    /// The number of chunks along each dimension.
    counts: Vec<usize>,
    /// Bytes of an element.
    size: usize,
}

impl Grid {
    /// The grid, unless a number is zero, too large, or the ranks differ.
    pub fn new(shape: &[u64], chunk: &[u64], size: usize) -> Option<Grid> {
        if shape.len() != chunk.len() || shape.is_empty() || size == 0 {
            return None;
        }
        for shape in [shape, chunk] {
            elements(shape)?
                .checked_mul(size)
                .filter(|bytes| (1..=isize::MAX as usize).contains(bytes))?;
        }
        let as_sizes = |shape: &[u64]| shape.iter().map(|n| *n as usize).collect::<Vec<_>>();
        let counts = shape.iter().zip(chunk).map(|(n, c)| n.div_ceil(*c) as usize).collect();
        let none = vec![0; shape.len()];
        Some(Grid {
            shape: as_sizes(shape),
            chunk: as_sizes(chunk),
            first: none.clone(),
            before: none,
            counts,
            size,
        })
    }

    /// The grid of a part of an array, of neighbours without gaps, with the chunks that have some
    /// of it.
    pub fn of_part(part: &Selection, chunk: &[u64], size: usize) -> Option<Grid> {
        let mut grid = Grid::new(&part.shape(), chunk, size)?;
        for (d, span) in part.dims.iter().enumerate() {
            if span.step != 1 && span.count != 1 {
                return None;
            }
            let start = usize::try_from(span.start).ok()?;
            grid.before[d] = start % grid.chunk[d];
            grid.first[d] = start - grid.before[d];
            grid.counts[d] = (grid.before[d] + grid.shape[d]).div_ceil(grid.chunk[d]);
        }
        Some(grid)
    }

    /// The number of chunks.
    pub fn count(&self) -> usize {
        self.counts.iter().product()
    }

    /// The bytes of an element.
    pub fn element(&self) -> usize {
        self.size
    }

    /// The bytes of a chunk; also of those at the edges.
    pub fn chunk_bytes(&self) -> usize {
        self.chunk.iter().product::<usize>() * self.size
    }

    /// The bytes of the array.
    pub fn array_bytes(&self) -> usize {
        self.shape.iter().product::<usize>() * self.size
    }

    /// Where a chunk begins in the whole array, in elements along each dimension.
    pub fn origin(&self, index: usize) -> Vec<u64> {
        self.steps(index)
            .iter()
            .zip(&self.first)
            .map(|(step, first)| (step + first) as u64)
            .collect()
    }

    /// Where a chunk begins, counted from the first one.
    fn steps(&self, index: usize) -> Vec<usize> {
        let mut rest = index;
        let mut steps = vec![0; self.chunk.len()];
        for ((place, count), chunk) in steps.iter_mut().zip(&self.counts).zip(&self.chunk).rev() {
            *place = rest % count * chunk;
            rest /= count;
        }
        steps
    }

    /// The chunk that begins there.
    pub fn index(&self, origin: &[u64]) -> Option<usize> {
        if origin.len() != self.chunk.len() {
            return None;
        }
        let mut index = 0;
        for (((place, first), count), chunk) in
            origin.iter().zip(&self.first).zip(&self.counts).zip(&self.chunk)
        {
            let place = usize::try_from(*place).ok()?.checked_sub(*first)?;
            if place % chunk != 0 || place / chunk >= *count {
                return None;
            }
            index = index * count + place / chunk;
        }
        Some(index)
    }

    /// Returns the bytes of a chunk: those of the array if they are contiguous, otherwise copied
    /// into `scratch`.
    pub fn cut<'a>(&self, index: usize, array: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        if let Some(start) = self.whole(index) {
            return &array[start..start + self.chunk_bytes()];
        }
        scratch.clear();
        scratch.resize(self.chunk_bytes(), 0);
        self.runs(index, |chunk, at, n| {
            scratch[chunk..chunk + n].copy_from_slice(&array[at..at + n])
        });
        scratch
    }

    /// Cuts the array into consecutive slabs that share no chunk.
    pub fn slabs<'a, T>(&self, array: &'a mut [T]) -> Vec<Slab<'a, T>> {
        let dim = self.slab_dim();
        let row = self.shape[dim + 1..].iter().product::<usize>() * self.size;
        let chunks: usize = self.counts[dim + 1..].iter().product();
        let (mut rest, mut start) = (array, 0);
        let mut slabs = Vec::with_capacity(self.count() / chunks);
        for slab in 0..self.count() / chunks {
            let end = (slab % self.counts[dim] + 1) * self.chunk[dim] - self.before[dim];
            let first = end.saturating_sub(self.chunk[dim]);
            let bytes = (end.min(self.shape[dim]) - first) * row;
            let (out, after) = rest.split_at_mut(bytes);
            slabs.push(Slab { chunks: slab * chunks..(slab + 1) * chunks, start, out });
            (rest, start) = (after, start + bytes);
        }
        slabs
    }

    /// The first dimension along which chunks have more than one element; along those before, each
    /// is a slab's own.
    fn slab_dim(&self) -> usize {
        self.chunk.iter().position(|extent| *extent > 1).unwrap_or(self.chunk.len() - 1)
    }

    /// Where a chunk's bytes begin in the array, if they lie there in one place and are all there.
    pub fn whole(&self, index: usize) -> Option<usize> {
        let mut found = None;
        let all = self.chunk_bytes();
        let mut first = true;
        self.runs(index, |_, at, n| {
            found = (first && n == all).then_some(at);
            first = false;
        });
        found
    }

    /// Calls with each piece that is in one place both in the chunk and in the array: its offset in
    /// bytes in the chunk, in the array, and its length.
    fn runs(&self, index: usize, mut call: impl FnMut(usize, usize, usize)) {
        let rank = self.shape.len();
        // Dimensions after this one are whole, in the chunk as in the array.
        let mut last = rank - 1;
        while last > 0 && self.chunk[last] == self.shape[last] && self.before[last] == 0 {
            last -= 1;
        }
        let steps = self.steps(index);
        // Where the chunk begins in the array, and what of it lies before that.
        let origin: Vec<usize> =
            (0..rank).map(|d| steps[d].saturating_sub(self.before[d])).collect();
        let skip: Vec<usize> = (0..rank).map(|d| self.before[d].saturating_sub(steps[d])).collect();
        let extent: Vec<usize> =
            (0..rank).map(|d| (self.chunk[d] - skip[d]).min(self.shape[d] - origin[d])).collect();
        let tail = self.shape[last + 1..].iter().product::<usize>() * self.size;
        let length = extent[last] * tail;
        let mut at = vec![0; last];
        loop {
            let (mut chunk, mut array) = (0, 0);
            for d in 0..last {
                chunk = chunk * self.chunk[d] + skip[d] + at[d];
                array = array * self.shape[d] + origin[d] + at[d];
            }
            chunk = (chunk * self.chunk[last] + skip[last]) * tail;
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
pub struct Slab<'a, T> {
    pub chunks: std::ops::Range<usize>,
    /// Where the part begins in the array.
    start: usize,
    out: &'a mut [T],
}

impl Slab<'_, MaybeUninit<u8>> {
    /// The place of a chunk whose bytes lie in one place and are all there.
    pub fn place(&mut self, grid: &Grid, index: usize) -> Option<&mut [MaybeUninit<u8>]> {
        let at = grid.whole(index)? - self.start;
        self.out.get_mut(at..at + grid.chunk_bytes())
    }

    /// Fills all of the part with an element, or with zeros for an element without bytes.
    pub fn fill(&mut self, element: &[u8]) {
        match element {
            [] => self.out.fill(MaybeUninit::new(0)),
            [byte] => self.out.fill(MaybeUninit::new(*byte)),
            _ => self.out.chunks_exact_mut(element.len()).for_each(|e| e.write_bytes(element)),
        }
    }

    /// Puts the bytes of a chunk where they belong.
    pub fn put(&mut self, grid: &Grid, index: usize, chunk: &[u8]) {
        grid.runs(index, |from, at, n| {
            self.out[at - self.start..][..n].write_bytes(&chunk[from..from + n])
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Grid;
    use crate::codec::shuffle::to_be_written;

    #[cfg(unix)]
    #[test]
    fn parts_are_put_together_from_their_chunks() {
        use crate::{Slab, Span};
        type Case = (&'static [u64], &'static [u64], &'static [(u64, u64)]);
        let cases: [Case; 8] = [
            (&[10], &[3], &[(4, 5)]),
            (&[10], &[3], &[(0, 10)]),
            (&[10], &[20], &[(7, 2)]),
            (&[7, 5], &[3, 5], &[(2, 4), (0, 5)]),
            (&[7, 5], &[3, 2], &[(2, 5), (1, 3)]),
            (&[7, 5], &[1, 2], &[(2, 5), (1, 4)]),
            (&[4, 6, 5], &[2, 3, 5], &[(1, 3), (2, 3), (1, 4)]),
            (&[4, 6, 5], &[1, 1, 2], &[(3, 1), (5, 1), (4, 1)]),
        ];
        for (shape, chunk, part) in cases {
            let whole = Grid::new(shape, chunk, 1).unwrap();
            let array: Vec<u8> = (0..whole.array_bytes()).map(|i| i as u8 + 1).collect();
            let dims = part
                .iter()
                .map(|(start, count)| Span { start: *start, step: 1, count: *count })
                .collect();
            let slab = Slab { dims };
            let mut expected = Vec::new();
            slab.runs(shape, |start, len| {
                expected.extend_from_slice(&array[start as usize..][..len as usize]);
                Ok(())
            })
            .unwrap();
            let grid = Grid::of_part(&slab, chunk, 1).unwrap();
            let mut found = vec![0; grid.array_bytes()];
            let mut seen = 0;
            for mut rows in grid.slabs(to_be_written(&mut found)) {
                assert_eq!(rows.chunks.start, seen);
                seen = rows.chunks.end;
                for index in rows.chunks.clone() {
                    assert_eq!(grid.index(&grid.origin(index)), Some(index));
                    let mut scratch = Vec::new();
                    let bytes =
                        whole.cut(whole.index(&grid.origin(index)).unwrap(), &array, &mut scratch);
                    rows.put(&grid, index, bytes);
                }
            }
            assert_eq!(
                (seen, found),
                (grid.count(), expected),
                "{part:?} of {shape:?} in {chunk:?}"
            );
            if slab == Slab::whole(shape) {
                continue;
            }
            assert_eq!(grid.index(&vec![1 << 40; shape.len()]), None);
        }
    }

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
                assert_eq!(seen, grid.count());
                assert_eq!(back, array, "{shape:?} in {chunk:?}");
            }
        }
        let grid = Grid::new(&[7, 5], &[3, 2], 1).unwrap();
        assert_eq!((grid.count(), grid.origin(4)), (9, vec![3, 2]));
        assert_eq!(
            (grid.index(&[3, 3]), grid.index(&[9, 0]), grid.index(&[0])),
            (None, None, None)
        );
        let array: Vec<u8> = (0..35).collect();
        assert_eq!(grid.cut(8, &array, &mut Vec::new()), [34, 0, 0, 0, 0, 0]);
        assert!(Grid::new(&[7, 0], &[3, 2], 1).is_none());
        assert!(Grid::new(&[7], &[3, 2], 1).is_none());
        assert!(Grid::new(&[u64::MAX], &[2], 4).is_none());
    }
}
