//! gzip's deflate in zlib streams.

use super::{ChunkCodec, Workspace, filled, gzip_level, id};
use crate::error::Result;
use libdeflater::{CompressionLvl, Compressor, Decompressor};

pub(super) struct Deflate;

impl ChunkCodec for Deflate {
    fn id(&self) -> u32 {
        id::DEFLATE
    }

    // 258 bytes in 2 bits.
    fn ratio(&self) -> usize {
        1032
    }

    fn claims(&self, _: &[u8]) -> Option<usize> {
        None
    }

    fn decode(&self, _: &[u32], work: &mut Workspace, chunk: &[u8], to: &mut [u8]) -> Result<()> {
        inflate(work, chunk, to)
    }

    fn encode(
        &self,
        options: &[u32],
        work: &mut Workspace,
        from: &[u8],
        to: &mut [u8],
    ) -> Result<Option<usize>> {
        Ok(deflate(work, gzip_level(options), from, to))
    }
}

#[derive(Default)]
struct Inflating(Option<Decompressor>);

/// Fills `to` from a zlib stream.
pub(super) fn inflate(work: &mut Workspace, from: &[u8], to: &mut [u8]) -> Result<()> {
    let state = &mut work.state::<Inflating>().0;
    let found = state.get_or_insert_with(Decompressor::new).zlib_decompress(from, to);
    filled("zlib", found.ok(), to)
}

#[derive(Default)]
struct Deflating(Option<(u8, Compressor)>);

/// The length of a zlib stream, where there is room for it.
pub(super) fn deflate(
    work: &mut Workspace,
    level: u8,
    from: &[u8],
    to: &mut [u8],
) -> Option<usize> {
    let effort = CompressionLvl::new(level.clamp(1, 9).into()).unwrap_or_default();
    let made = match &mut work.state::<Deflating>().0 {
        Some(made) if made.0 == level => made,
        other => other.insert((level, Compressor::new(effort))),
    };
    made.1.zlib_compress(from, to).ok()
}
