//! HDF5's LZ4 filter: the size and the size of a block, big-endian, then the blocks, each behind
//! its stored size.

use super::{ChunkCodec, Workspace, damaged, id, short};
use crate::error::Result;
use lz4_flex::block::{CompressTable, compress_into_with_table, decompress_into};

const HEAD: usize = 12;
/// LZ4 has no larger blocks.
const LARGEST: usize = 0x7e00_0000;

pub(super) struct Lz4;

impl ChunkCodec for Lz4 {
    fn id(&self) -> u32 {
        id::LZ4
    }

    // Each byte of a length stands for 255.
    fn ratio(&self) -> usize {
        255
    }

    fn claims(&self, chunk: &[u8]) -> Option<usize> {
        claims(chunk)
    }

    fn decode(&self, _: &[u32], _: &mut Workspace, chunk: &[u8], to: &mut [u8]) -> Result<()> {
        decode(chunk, to)
    }

    fn encode(
        &self,
        _: &[u32],
        work: &mut Workspace,
        from: &[u8],
        to: &mut [u8],
    ) -> Result<Option<usize>> {
        Ok(encode(work, from, to))
    }
}

/// The length of a block, where there is room for the longest.
pub(super) fn block(work: &mut Workspace, from: &[u8], to: &mut [u8]) -> Option<usize> {
    compress_into_with_table(from, to, work.state::<CompressTable>()).ok()
}

/// The size that a chunk says that it has.
fn claims(chunk: &[u8]) -> Option<usize> {
    usize::try_from(u64::from_be_bytes(*chunk.first_chunk()?)).ok()
}

/// Makes one block of all, and says how long that is, where there is room for it.
fn encode(work: &mut Workspace, from: &[u8], to: &mut [u8]) -> Option<usize> {
    let size =
        u32::try_from(from.len()).ok().filter(|size| (1..=LARGEST).contains(&(*size as usize)))?;
    let (head, block) = to.split_at_mut_checked(HEAD + 4)?;
    let n = self::block(work, from, block)?;
    head[..8].copy_from_slice(&u64::from(size).to_be_bytes());
    head[8..12].copy_from_slice(&size.to_be_bytes());
    // A block of the size of what it holds would be taken for one that is stored.
    let stored = u32::try_from(n).ok().filter(|n| *n < size)?;
    head[12..].copy_from_slice(&stored.to_be_bytes());
    Some(HEAD + 4 + n)
}

/// Fills `to` with what a chunk holds.
fn decode(chunk: &[u8], to: &mut [u8]) -> Result<()> {
    let size = to.len();
    let bad = || damaged("lz4", size);
    let claimed = claims(chunk).ok_or_else(bad)?;
    if claimed != size {
        return Err(short(claimed, size));
    }
    let mut rest = chunk.get(8..).ok_or_else(bad)?;
    let number = |rest: &mut &[u8]| {
        let (number, after) = rest.split_first_chunk().ok_or_else(bad)?;
        *rest = after;
        Ok::<_, crate::error::Error>(u32::from_be_bytes(*number) as usize)
    };
    let block = number(&mut rest)?;
    if block == 0 && size > 0 {
        return Err(bad());
    }
    for out in to.chunks_mut(block.max(1)) {
        let stored = number(&mut rest)?;
        let (bytes, after) = rest.split_at_checked(stored).ok_or_else(bad)?;
        if stored == out.len() {
            out.copy_from_slice(bytes);
        } else if decompress_into(bytes, out).ok() != Some(out.len()) {
            return Err(bad());
        }
        rest = after;
    }
    Ok(())
}
