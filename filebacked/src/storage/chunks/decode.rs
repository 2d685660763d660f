//! The chunks of a dataset, read straight from the file and decoded.

use super::fletcher::verified;
use super::split::Slab;
use super::{Grid, Pipeline, parallel};
use crate::error::{ErrorKind, Result};
use crate::storage::codec::Decoder;
use crate::storage::codec::shuffle::{WriteCopy, to_be_written, unshuffle};
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::unix::fs::FileExt;

/// Where a chunk is in the file, and which filters it did not go through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored {
    pub(crate) address: u64,
    pub(crate) bytes: usize,
    pub(crate) mask: u32,
}

/// What one thread works with.
#[derive(Default)]
struct Lane {
    decoder: Decoder,
    stored: Vec<u8>,
    decoded: Vec<u8>,
    chunk: Vec<u8>,
}

/// The most bytes of the file that a chunk of this size is believed to take: no codec adds more to what it cannot compress.
pub(crate) fn longest(chunk: usize) -> usize {
    chunk.saturating_add(chunk / 8).saturating_add(4096)
}

/// Reads all chunks of an array into it; `stored` has one entry a chunk.
pub(crate) fn decode(
    grid: &Grid,
    pipeline: Pipeline,
    stored: &[Stored],
    file: &File,
    array: &mut [MaybeUninit<u8>],
) -> Result<()> {
    if array.len() != grid.array_bytes() || stored.len() != grid.len() {
        return Err(ErrorKind::Contract("chunks of another array".into()).into());
    }
    let slabs = grid.slabs(array);
    let mut lanes: Vec<Lane> = parallel::lanes(slabs.len());
    parallel::each(&mut lanes, slabs.into_iter(), |lane, mut slab| {
        for index in slab.chunks.clone() {
            lane.decode(grid, pipeline, stored[index], file, &mut slab, index)?;
        }
        Ok(())
    })
}

impl Lane {
    fn decode(
        &mut self,
        grid: &Grid,
        pipeline: Pipeline,
        stored: Stored,
        file: &File,
        slab: &mut Slab<'_, MaybeUninit<u8>>,
        index: usize,
    ) -> Result<()> {
        let size = grid.chunk_bytes();
        let is_used = |filter: Option<u32>| filter.is_some_and(|bit| stored.mask >> bit & 1 == 0);
        if stored.bytes > longest(size) {
            return Err(ErrorKind::Damaged(format!("a chunk of {size} bytes that takes {}", stored.bytes)).into());
        }
        self.stored.resize(stored.bytes, 0);
        file.read_exact_at(&mut self.stored, stored.address).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => ErrorKind::Damaged("a chunk beyond the end of the file".into()).into(),
            _ => crate::error::Error::from(error),
        })?;
        let mut bytes = self.stored.as_slice();
        if is_used(pipeline.fletcher32) {
            bytes = verified(bytes).ok_or_else(|| ErrorKind::Damaged("a chunk with a wrong checksum".into()))?;
        }
        if let Some((_, codec)) = pipeline.codec.filter(|(bit, _)| is_used(Some(*bit))) {
            self.decoded.resize(size, 0);
            self.decoder.decode(codec, bytes, &mut self.decoded)?;
            bytes = &self.decoded;
        }
        if bytes.len() != size {
            return Err(ErrorKind::Damaged(format!("a chunk of {} bytes instead of {size}", bytes.len())).into());
        }
        let shuffled = is_used(pipeline.shuffle);
        match slab.place(grid, index) {
            Some(place) if shuffled => unshuffle(bytes, place, grid.element()),
            Some(place) => place.write_bytes(bytes),
            None if shuffled => {
                self.chunk.resize(size, 0);
                unshuffle(bytes, to_be_written(&mut self.chunk), grid.element());
                slab.put(grid, index, &self.chunk);
            }
            None => slab.put(grid, index, bytes),
        }
        Ok(())
    }
}
