//! Zstandard frames.

use super::{ChunkCodec, Workspace, filled, id};
use crate::error::Result;
use zstd::bulk::{Compressor, Decompressor};

pub(super) struct Zstd;

impl ChunkCodec for Zstd {
    fn id(&self) -> u32 {
        id::ZSTD
    }

    // A block of one repeated byte: 128 KiB in 4 bytes.
    fn ratio(&self) -> usize {
        1 << 15
    }

    fn claims(&self, chunk: &[u8]) -> Option<usize> {
        zstd::zstd_safe::get_frame_content_size(chunk).ok()??.try_into().ok()
    }

    fn decode(&self, _: &[u32], work: &mut Workspace, chunk: &[u8], to: &mut [u8]) -> Result<()> {
        decompress(work, chunk, to)
    }

    fn encode(
        &self,
        options: &[u32],
        work: &mut Workspace,
        from: &[u8],
        to: &mut [u8],
    ) -> Result<Option<usize>> {
        compress(work, options.first().map_or(3, |level| *level as i32), from, to)
    }
}

#[derive(Default)]
struct Decompressing(Option<Decompressor<'static>>);

/// Fills `to` from a frame.
pub(super) fn decompress(work: &mut Workspace, from: &[u8], to: &mut [u8]) -> Result<()> {
    let decompressor = match &mut work.state::<Decompressing>().0 {
        Some(decompressor) => decompressor,
        none => none.insert(Decompressor::new()?),
    };
    let found = decompressor.decompress_to_buffer(from, to);
    filled("zstd", found.ok(), to)
}

#[derive(Default)]
struct Compressing(Option<(i32, Compressor<'static>)>);

/// The length of a frame, where there is room for it.
pub(super) fn compress(
    work: &mut Workspace,
    level: i32,
    from: &[u8],
    to: &mut [u8],
) -> Result<Option<usize>> {
    let made = match &mut work.state::<Compressing>().0 {
        Some(made) if made.0 == level => made,
        other => other.insert((level, Compressor::new(level)?)),
    };
    Ok(made.1.compress_to_buffer(from, to).ok())
}
