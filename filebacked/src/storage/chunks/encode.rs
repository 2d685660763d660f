//! The chunks of a dataset, coded.

use super::deflate::{Coder, Deflater, choose};
use super::shuffle::{shuffle, to_be_written};
use super::{Grid, parallel};
use crate::error::Result;

/// The filter mask of a chunk that went through neither shuffle nor deflate.
const AS_IT_IS: u32 = 0b11;
/// The largest number of chunks that both coders try.
const TRIALS: usize = 4;

/// What one thread works with.
#[derive(Default)]
struct Lane {
    deflater: Option<Deflater>,
    cut: Vec<u8>,
    shuffled: Vec<u8>,
}

/// One coded chunk.
#[derive(Default)]
struct Coded {
    /// Not coded: the bytes are those of the array, unless they had to be put together.
    as_it_is: bool,
    bytes: Vec<u8>,
}

impl Lane {
    fn deflater(&mut self, level: u8) -> &mut Deflater {
        self.deflater.get_or_insert_with(|| Deflater::new(level))
    }

    /// Cuts a chunk out and shuffles it.
    fn shuffle(&mut self, grid: &Grid, array: &[u8], index: usize) {
        self.shuffled.resize(grid.chunk_bytes(), 0);
        shuffle(grid.cut(index, array, &mut self.cut), to_be_written(&mut self.shuffled), grid.element());
    }

    /// The sizes that the coders make of a chunk.
    fn try_both(&mut self, grid: &Grid, array: &[u8], level: u8, index: usize) -> (usize, usize) {
        self.shuffle(grid, array, index);
        let (shuffled, mut to) = (std::mem::take(&mut self.shuffled), Vec::new());
        let mut size = |coder| {
            let shorter = self.deflater(level).compress(coder, &shuffled, grid.element(), &mut to);
            if shorter { to.len() } else { shuffled.len() }
        };
        let sizes = (size(Coder::Planes), size(Coder::Whole));
        self.shuffled = shuffled;
        sizes
    }

    fn code(&mut self, grid: &Grid, array: &[u8], level: u8, coder: Coder, coded: &mut Coded, index: usize) {
        self.shuffle(grid, array, index);
        let shuffled = std::mem::take(&mut self.shuffled);
        let shorter = self.deflater(level).compress(coder, &shuffled, grid.element(), &mut coded.bytes);
        self.shuffled = shuffled;
        coded.as_it_is = !shorter;
        if coded.as_it_is && grid.whole(index).is_none() {
            coded.bytes.clear();
            coded.bytes.extend_from_slice(&self.cut);
        }
    }
}

/// Codes all chunks of an array by shuffle and deflate of this level, and hands each over in C order: where it begins,
/// its filter mask, its bytes.
pub(crate) fn encode(
    grid: &Grid,
    level: u8,
    array: &[u8],
    mut hand_over: impl FnMut(&[u64], u32, &[u8]) -> Result<()>,
) -> Result<()> {
    let count = grid.len();
    let mut lanes: Vec<Lane> = parallel::lanes(count);
    // Chunks from all over the array, fewer of them where it has few.
    let trials = (1 + count / 32).min(TRIALS);
    let mut sizes = vec![(0, 0); trials];
    let items = sizes.iter_mut().enumerate();
    parallel::each(&mut lanes, items, |lane, (k, sizes)| {
        *sizes = lane.try_both(grid, array, level, k * count / trials);
        Ok(())
    })?;
    let (planes, whole) = sizes.iter().fold((0, 0), |sum, sizes| (sum.0 + sizes.0, sum.1 + sizes.1));
    let coder = choose(level, planes, whole);
    parallel::in_order(
        &mut lanes,
        count,
        grid.chunk_bytes(),
        |lane, coded: &mut Coded, k| lane.code(grid, array, level, coder, coded, k),
        |k, coded| {
            let mask = if coded.as_it_is { AS_IT_IS } else { 0 };
            let bytes = match grid.whole(k).filter(|_| coded.as_it_is) {
                Some(start) => &array[start..start + grid.chunk_bytes()],
                None => &coded.bytes,
            };
            hand_over(&grid.origin(k), mask, bytes)
        },
    )
}
