//! The chunks of a dataset, coded.

use super::deflate::{Coder, Deflater, choose, store};
use super::fletcher::sign;
use super::{Grid, Pipeline, parallel};
use crate::codec::shuffle::{shuffle, to_be_written};
use crate::codec::{Codec, Workspace};
use crate::error::Result;

/// The largest number of chunks that both coders of zlib streams try.
const TRIALS: usize = 4;

/// The working memory of one thread.
#[derive(Default)]
struct Lane {
    deflater: Option<Deflater>,
    work: Workspace,
    cut: Vec<u8>,
    shuffled: Vec<u8>,
}

/// One coded chunk.
#[derive(Default)]
struct Coded {
    /// Not compressed: the bytes are those of the array, unless they had to be put together or
    /// shuffled.
    as_it_is: bool,
    bytes: Vec<u8>,
}

/// The processing of each chunk.
#[derive(Clone, Copy)]
struct Job<'a> {
    grid: &'a Grid,
    pipeline: Pipeline,
    array: &'a [u8],
    /// How zlib streams are made.
    coder: Coder,
}

impl Lane {
    /// The sizes that the coders of zlib streams make of a chunk.
    fn try_both(&mut self, job: Job<'_>, codec: Codec, index: usize) -> (usize, usize) {
        let mut coded = Coded::default();
        let mut size = |coder| {
            coded.bytes.clear();
            match self.compress(Job { coder, ..job }, codec, &mut coded, index) {
                Ok(true) => coded.bytes.len(),
                _ => job.grid.chunk_bytes(),
            }
        };
        (size(Coder::Planes), size(Coder::Whole))
    }

    /// Cuts a chunk out, shuffles and compresses it; `false` where that does not make it shorter,
    /// and only shuffled.
    fn compress(
        &mut self,
        job: Job<'_>,
        codec: Codec,
        coded: &mut Coded,
        index: usize,
    ) -> Result<bool> {
        let element = job.grid.element();
        let mut from = job.grid.cut(index, job.array, &mut self.cut);
        if job.pipeline.shuffle.is_some() {
            self.shuffled.resize(from.len(), 0);
            shuffle(from, to_be_written(&mut self.shuffled), element);
            from = &self.shuffled;
        }
        match codec.gzip_level() {
            Some(level) => {
                let deflater = self.deflater.get_or_insert_with(|| Deflater::new(level));
                if !deflater.compress(job.coder, from, element, &mut coded.bytes) {
                    store(from, &mut coded.bytes);
                }
                Ok(true)
            }
            None => codec.encode(&mut self.work, from, &mut coded.bytes),
        }
    }

    fn code(&mut self, job: Job<'_>, coded: &mut Coded, index: usize) -> Result<()> {
        coded.as_it_is = match job.pipeline.codec {
            Some((_, codec)) => !self.compress(job, codec, coded, index)?,
            None => true,
        };
        let checked = job.pipeline.fletcher32.is_some();
        if coded.as_it_is && job.pipeline.shuffle.is_some() {
            let from = job.grid.cut(index, job.array, &mut self.cut);
            coded.bytes.resize(from.len(), 0);
            shuffle(from, to_be_written(&mut coded.bytes), job.grid.element());
        } else if coded.as_it_is && (checked || job.grid.whole(index).is_none()) {
            coded.bytes.clear();
            coded.bytes.extend_from_slice(job.grid.cut(index, job.array, &mut self.cut));
        }
        if checked {
            sign(&mut coded.bytes);
        }
        Ok(())
    }
}

/// Codes all chunks of an array by the filters of a dataset, and hands each over in C order: where
/// it begins, its filter mask, its bytes.
///
/// Chunks look as the library's own pipeline leaves them: shuffled even where compression does not
/// make them shorter, and zlib streams in any case. When the library writes a part of a chunk, it
/// forgets the new filter mask if the chunk stays as long, so that a mask which it would not have
/// given makes the chunk unreadable.
pub fn encode(
    grid: &Grid,
    pipeline: Pipeline,
    array: &[u8],
    mut hand_over: impl FnMut(&[u64], u32, &[u8]) -> Result<()>,
) -> Result<()> {
    let count = grid.count();
    let mut lanes: Vec<Lane> = parallel::lanes(count);
    let mut job = Job { grid, pipeline, array, coder: Coder::Whole };
    if let Some((_, codec)) = pipeline.codec
        && let Some(level) = codec.gzip_level()
    {
        // Chunks from all over the array, fewer of them where it has few.
        let trials = (1 + count / 32).min(TRIALS);
        let mut sizes = vec![(0, 0); trials];
        let items = sizes.iter_mut().enumerate();
        parallel::each(&mut lanes, items, |lane, (k, sizes)| {
            *sizes = lane.try_both(job, codec, k * count / trials);
            Ok(())
        })?;
        let (planes, whole) =
            sizes.iter().fold((0, 0), |sum, sizes| (sum.0 + sizes.0, sum.1 + sizes.1));
        job.coder = choose(level, planes, whole);
    }
    parallel::in_order(
        &mut lanes,
        count,
        grid.chunk_bytes(),
        |lane, coded: &mut Coded, k| lane.code(job, coded, k),
        |k, coded| {
            let mask = if coded.as_it_is { pipeline.not_compressed() } else { 0 };
            let in_array =
                coded.as_it_is && pipeline.shuffle.is_none() && pipeline.fletcher32.is_none();
            let bytes = match grid.whole(k).filter(|_| in_array) {
                Some(start) => &array[start..start + grid.chunk_bytes()],
                None => &coded.bytes,
            };
            hand_over(&grid.origin(k), mask, bytes)
        },
    )
}
