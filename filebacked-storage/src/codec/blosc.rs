//! The container of Blosc 1: a head, where each block starts, and the blocks, shuffled and coded by
//! themselves.
//!
//! ```text
//! 0   u8   version of the format: 2
//! 1   u8   version of the codec's format
//! 2   u8   flags: 1 shuffled, 2 stored as it is, 4 bits shuffled, 16 blocks are not split, the highest three the codec
//! 3   u8   bytes of an element
//! 4   u32  bytes of the data
//! 8   u32  bytes of a block
//! 12  u32  bytes of all of this
//! 16  u32  where each block starts, from the beginning
//!     ..   each block: one stream, or one for each byte of an element, behind its length; as long as what it holds: stored
//! ```
//!
//! Little-endian.

use super::shuffle::{shuffle, to_be_written, unshuffle};
use super::{ChunkCodec, Workspace, bitshuffle, blosclz, damaged, deflate, id, lz4, short, zstd};
use crate::error::{Error, ErrorKind, Result};

const HEAD: usize = 16;
const SHUFFLED: u8 = 1;
const STORED: u8 = 2;
const BITS_SHUFFLED: u8 = 4;
const NOT_SPLIT: u8 = 16;
/// The codecs' numbers in the flags.
const BLOSCLZ: u8 = 0;
const LZ4: u8 = 1;
const SNAPPY: u8 = 2;
const ZLIB: u8 = 3;
const ZSTD: u8 = 4;
/// Elements of more bytes are never split.
const SPLITS: usize = 16;
/// Sizes below which encoding, and splitting, do not pay.
const SMALL: usize = 128;
/// Bytes of a block that is made here, at most: it stays in a cache from one step to the next.
const BLOCK: usize = 256 << 10;

pub(super) struct Blosc;

impl ChunkCodec for Blosc {
    fn id(&self) -> u32 {
        id::BLOSC
    }

    fn encodes(&self, options: &[u32]) -> bool {
        matches!(Told::by(options).codec, 1 | 4 | 5)
    }

    // That of zstd, the best of the codecs inside.
    fn ratio(&self) -> usize {
        1 << 15
    }

    fn claims(&self, chunk: &[u8]) -> Option<usize> {
        claims(chunk)
    }

    fn decode(&self, _: &[u32], work: &mut Workspace, chunk: &[u8], to: &mut [u8]) -> Result<()> {
        let mut shuffled = std::mem::take(&mut work.state::<Block>().0);
        let result = decode_blocks(work, chunk, to, &mut shuffled);
        work.state::<Block>().0 = shuffled;
        result
    }

    fn encode(
        &self,
        options: &[u32],
        work: &mut Workspace,
        from: &[u8],
        to: &mut [u8],
    ) -> Result<Option<usize>> {
        let mut shuffled = std::mem::take(&mut work.state::<Block>().0);
        let result = encode_blocks(work, Told::by(options), from, to, &mut shuffled);
        work.state::<Block>().0 = shuffled;
        result
    }
}

/// The options of the filter.
#[derive(Clone, Copy)]
struct Told {
    element: u8,
    level: u8,
    shuffle: u32,
    /// As the filter numbers them: with one more for LZ4 HC.
    codec: u32,
}

impl Told {
    fn by(options: &[u32]) -> Told {
        let option = |i: usize, default: u32| options.get(i).copied().unwrap_or(default);
        Told {
            element: u8::try_from(option(2, 1)).unwrap_or(1).max(1),
            level: option(4, 5).min(9) as u8,
            shuffle: option(5, 1),
            codec: option(6, 0),
        }
    }
}

/// A block that is shuffled.
#[derive(Default)]
struct Block(Vec<u8>);

/// The size that a chunk says that it has.
fn claims(chunk: &[u8]) -> Option<usize> {
    Some(u32::from_le_bytes(*chunk.get(4..8)?.first_chunk()?) as usize)
}

/// Makes a chunk, and says how long it is. There is room for more than the bytes take as they are.
fn encode_blocks(
    work: &mut Workspace,
    blosc: Told,
    from: &[u8],
    to: &mut [u8],
    scratch: &mut Vec<u8>,
) -> Result<Option<usize>> {
    let element = usize::from(blosc.element);
    let Ok(size) = u32::try_from(from.len()) else { return Ok(None) };
    if from.len() < SMALL || blosc.level == 0 {
        return Ok(None);
    }
    let number = match blosc.codec {
        1 => LZ4,
        4 => ZLIB,
        5 => ZSTD,
        other => return Err(unknown(other)),
    };
    let flag = match blosc.shuffle {
        1 if element > 1 => SHUFFLED,
        2 => BITS_SHUFFLED,
        _ => 0,
    };
    // A multiple of eight elements, so that bits can be shuffled.
    let block = (BLOCK / (element * 8) * element * 8).min(from.len());
    let mut at = HEAD + 4 * from.len().div_ceil(block);
    scratch.resize(block, 0);
    for (k, piece) in from.chunks(block).enumerate() {
        let shuffled = &mut scratch[..piece.len()];
        let bytes = match flag {
            SHUFFLED => {
                shuffle(piece, to_be_written(shuffled), element);
                &*shuffled
            }
            BITS_SHUFFLED => {
                bitshuffle::shuffle(piece, shuffled, element);
                &*shuffled
            }
            _ => piece,
        };
        let room = &mut to[at + 4..];
        let coded = match number {
            LZ4 => lz4::block(work, bytes, room),
            ZLIB => deflate::deflate(work, blosc.level, bytes, room),
            // Blosc has nine levels for the 22 of zstd.
            _ => zstd::compress(
                work,
                if blosc.level < 9 { i32::from(blosc.level) * 2 - 1 } else { 22 },
                bytes,
                room,
            )?,
        };
        let n = coded.filter(|n| *n < piece.len()).unwrap_or_else(|| {
            room[..piece.len()].copy_from_slice(bytes);
            piece.len()
        });
        to[HEAD + 4 * k..][..4].copy_from_slice(&(at as u32).to_le_bytes());
        to[at..at + 4].copy_from_slice(&(n as u32).to_le_bytes());
        at += 4 + n;
    }
    to[..4].copy_from_slice(&[2, 1, flag | NOT_SPLIT | number << 5, blosc.element]);
    to[4..8].copy_from_slice(&size.to_le_bytes());
    to[8..12].copy_from_slice(&(block as u32).to_le_bytes());
    to[12..16].copy_from_slice(&(at as u32).to_le_bytes());
    Ok(Some(at))
}

fn decode_blocks(
    work: &mut Workspace,
    chunk: &[u8],
    to: &mut [u8],
    shuffled: &mut Vec<u8>,
) -> Result<()> {
    let size = to.len();
    let bad = || damaged("blosc", size);
    let &[_, _, flags, element, ..] = chunk else { return Err(bad()) };
    let element = usize::from(element).max(1);
    let number = |at: usize| {
        let bytes = chunk.get(at..)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    };
    let claimed = claims(chunk).ok_or_else(bad)?;
    if claimed != size {
        return Err(short(claimed, size));
    }
    let block = number(8).ok_or_else(bad)?;
    if flags & STORED != 0 {
        to.copy_from_slice(chunk.get(HEAD..HEAD + size).ok_or_else(bad)?);
        return Ok(());
    }
    if block == 0 {
        return Err(bad());
    }
    for (k, out) in to.chunks_mut(block).enumerate() {
        let mut at = number(HEAD + 4 * k).ok_or_else(bad)?;
        let bits = flags & BITS_SHUFFLED != 0;
        let bytes = flags & SHUFFLED != 0 && element > 1;
        let n = out.len();
        let split =
            flags & NOT_SPLIT == 0 && element <= SPLITS && n / element >= SMALL && n == block;
        let streams = if split { element } else { 1 };
        if bits || bytes {
            shuffled.resize(n, 0);
            for stream in shuffled.chunks_mut((n / streams).max(1)) {
                at = decode_stream(work, flags >> 5, chunk, at, stream)?;
            }
            if bits {
                bitshuffle::unshuffle(shuffled, out, element)
            } else {
                unshuffle(shuffled, to_be_written(out), element)
            }
        } else {
            for stream in out.chunks_mut((n / streams).max(1)) {
                at = decode_stream(work, flags >> 5, chunk, at, stream)?;
            }
        }
    }
    Ok(())
}

/// Fills `to` from a stream, and says where the next one is.
fn decode_stream(
    work: &mut Workspace,
    codec: u8,
    chunk: &[u8],
    at: usize,
    to: &mut [u8],
) -> Result<usize> {
    let size = to.len();
    let bad = || damaged("blosc", size);
    let (length, rest) =
        chunk.get(at..).and_then(|rest| rest.split_first_chunk::<4>()).ok_or_else(bad)?;
    let length = u32::from_le_bytes(*length) as usize;
    let from = rest.get(..length).ok_or_else(bad)?;
    if length == size {
        to.copy_from_slice(from);
        return Ok(at + 4 + length);
    }
    let found = match codec {
        BLOSCLZ => blosclz::decode(from, to),
        LZ4 => lz4_flex::block::decompress_into(from, to).ok(),
        ZLIB => return deflate::inflate(work, from, to).map(|()| at + 4 + length),
        ZSTD => return zstd::decompress(work, from, to).map(|()| at + 4 + length),
        SNAPPY => return Err(unknown(3)),
        _ => None,
    };
    if found == Some(size) { Ok(at + 4 + length) } else { Err(bad()) }
}

#[cold]
fn unknown(codec: u32) -> Error {
    let name = ["blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"]
        .get(codec as usize)
        .unwrap_or(&"an unknown codec");
    ErrorKind::Unsupported(format!("Blosc with {name}")).into()
}
