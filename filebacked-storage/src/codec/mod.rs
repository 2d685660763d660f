//! The codecs behind HDF5's compression filters: bytes of a chunk in, bytes of a chunk out.
//!
//! Nothing here knows of files, datasets or the C library of HDF5. What is decoded is not believed:
//! every length is checked, and nothing is written beyond the slice that is to be filled.

#[cfg(feature = "compress")]
mod bitshuffle;
#[cfg(feature = "compress")]
mod blosc;
#[cfg(feature = "compress")]
mod blosclz;
#[cfg(feature = "compress")]
mod lz4;
mod lzf;
#[cfg(feature = "compress")]
pub mod shuffle;

#[cfg(feature = "compress")]
pub use blosc::Blosc;

use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "compress")]
use libdeflater::Decompressor;

/// The numbers that HDF5 knows filters by.
pub mod id {
    /// gzip's deflate.
    pub const DEFLATE: u32 = 1;
    /// Bytes of equal rank side by side.
    pub const SHUFFLE: u32 = 2;
    /// A checksum behind each chunk.
    pub const FLETCHER32: u32 = 3;
    /// LZF, as h5py has it.
    pub const LZF: u32 = 32000;
    /// Blosc.
    pub const BLOSC: u32 = 32001;
    /// LZ4.
    pub const LZ4: u32 = 32004;
    /// Zstandard.
    pub const ZSTD: u32 = 32015;
}

/// The usual name of a filter.
pub fn filter_name(id: u32) -> Option<&'static str> {
    Some(match id {
        id::DEFLATE => "gzip",
        id::SHUFFLE => "shuffle",
        id::FLETCHER32 => "fletcher32",
        4 => "szip",
        5 => "nbit",
        6 => "scaleoffset",
        307 => "bzip2",
        id::LZF => "lzf",
        id::BLOSC => "blosc",
        id::LZ4 => "lz4",
        32008 => "bitshuffle",
        32013 => "zfp",
        id::ZSTD => "zstd",
        32017 => "sz",
        32024 => "sz3",
        32026 => "blosc2",
        _ => return None,
    })
}

/// A compression filter with what it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// zlib, of this level.
    #[cfg(feature = "compress")]
    Deflate(u8),
    /// h5py's own; read only.
    Lzf,
    /// LZ4 in blocks.
    #[cfg(feature = "compress")]
    Lz4,
    /// Of this level.
    #[cfg(feature = "compress")]
    Zstd(i32),
    /// Blosc with its parameters.
    #[cfg(feature = "compress")]
    Blosc(Blosc),
}

impl Codec {
    /// The codec of an HDF5 filter with these options, if it is one of those here.
    pub fn of(id: u32, options: &[u32]) -> Option<Codec> {
        // Without the feature there is none that has any.
        #[cfg(not(feature = "compress"))]
        let _ = options;
        Some(match id {
            #[cfg(feature = "compress")]
            id::DEFLATE => Codec::Deflate(options.first().map_or(6, |level| (*level).min(9) as u8)),
            id::LZF => Codec::Lzf,
            #[cfg(feature = "compress")]
            id::LZ4 => Codec::Lz4,
            #[cfg(feature = "compress")]
            id::ZSTD => Codec::Zstd(options.first().map_or(3, |level| *level as i32)),
            #[cfg(feature = "compress")]
            id::BLOSC => Codec::Blosc(Blosc::of(options)),
            _ => return None,
        })
    }

    /// Whether chunks can be made as well as read.
    pub fn encodes(self) -> bool {
        match self {
            Codec::Lzf => false,
            #[cfg(feature = "compress")]
            Codec::Blosc(blosc) => blosc.encodes(),
            #[cfg(feature = "compress")]
            _ => true,
        }
    }

    /// How many bytes a chunk says that it holds, where that can be known and believed.
    pub fn claims(self, bytes: &[u8]) -> Option<usize> {
        /// What no codec here goes beyond: zstd makes 128 KiB of 4 bytes.
        const RATIO: usize = 1 << 15;
        let claimed = match self {
            #[cfg(feature = "compress")]
            Codec::Lz4 => lz4::claims(bytes),
            #[cfg(feature = "compress")]
            Codec::Zstd(_) => zstd::zstd_safe::get_frame_content_size(bytes).ok()??.try_into().ok(),
            #[cfg(feature = "compress")]
            Codec::Blosc(_) => blosc::claims(bytes),
            Codec::Lzf => lzf::size(bytes),
            #[cfg(feature = "compress")]
            Codec::Deflate(_) => None,
        };
        claimed.filter(|n| n / RATIO <= bytes.len())
    }
}

/// What one thread decodes with.
#[derive(Default)]
pub struct Decoder {
    #[cfg(feature = "compress")]
    zlib: Option<Decompressor>,
    #[cfg(feature = "compress")]
    zstd: Option<zstd::bulk::Decompressor<'static>>,
    #[cfg(feature = "compress")]
    block: Vec<u8>,
}

impl Decoder {
    /// Fills `to` with what a chunk holds, which must be as many bytes.
    pub fn decode(&mut self, codec: Codec, from: &[u8], to: &mut [u8]) -> Result<()> {
        match codec {
            Codec::Lzf => match lzf::decode(from, to) {
                Some(n) if n == to.len() => Ok(()),
                Some(n) => Err(short(n, to.len())),
                None => Err(damaged("lzf", to.len())),
            },
            #[cfg(feature = "compress")]
            Codec::Deflate(_) => self.inflate(from, to),
            #[cfg(feature = "compress")]
            Codec::Lz4 => lz4::decode(from, to),
            #[cfg(feature = "compress")]
            Codec::Zstd(_) => self.zstd(from, to),
            #[cfg(feature = "compress")]
            Codec::Blosc(_) => blosc::decode(self, from, to),
        }
    }

    #[cfg(feature = "compress")]
    fn inflate(&mut self, from: &[u8], to: &mut [u8]) -> Result<()> {
        match self.zlib.get_or_insert_with(Decompressor::new).zlib_decompress(from, to) {
            Ok(n) if n == to.len() => Ok(()),
            Ok(n) => Err(short(n, to.len())),
            Err(_) => Err(damaged("zlib", to.len())),
        }
    }

    #[cfg(feature = "compress")]
    fn zstd(&mut self, from: &[u8], to: &mut [u8]) -> Result<()> {
        let decompressor = match &mut self.zstd {
            Some(decompressor) => decompressor,
            none => none.insert(zstd::bulk::Decompressor::new()?),
        };
        match decompressor.decompress_to_buffer(from, to) {
            Ok(n) if n == to.len() => Ok(()),
            Ok(n) => Err(short(n, to.len())),
            Err(_) => Err(damaged("zstd", to.len())),
        }
    }
}

/// What one thread encodes with. The zlib streams of the gzip filter are made elsewhere, by coders
/// that know of numbers.
#[cfg(feature = "compress")]
#[derive(Default)]
pub struct Encoder {
    zlib: Option<(u8, libdeflater::Compressor)>,
    lz4: lz4_flex::block::CompressTable,
    zstd: Option<(i32, zstd::bulk::Compressor<'static>)>,
    block: Vec<u8>,
}

#[cfg(feature = "compress")]
impl Encoder {
    /// Makes a chunk of these bytes; `false` where that would not be shorter.
    pub fn encode(&mut self, codec: Codec, from: &[u8], to: &mut Vec<u8>) -> Result<bool> {
        // Room for the worst that any codec makes of noise, the heads of a container included.
        to.resize(from.len() + from.len() / 8 + 4096, 0);
        let n = match codec {
            Codec::Lzf => return Err(ErrorKind::Unsupported("lzf is only read".into()).into()),
            Codec::Deflate(level) => self.deflate(level, from, to),
            Codec::Lz4 => lz4::encode(self, from, to),
            Codec::Zstd(level) => self.zstd(level, from, to)?,
            Codec::Blosc(blosc) => blosc::encode(self, blosc, from, to)?,
        };
        to.truncate(n.unwrap_or(0));
        Ok(n.is_some_and(|n| n < from.len()))
    }

    /// The length of a zlib stream, where there is room for it.
    fn deflate(&mut self, level: u8, from: &[u8], to: &mut [u8]) -> Option<usize> {
        let effort = libdeflater::CompressionLvl::new(level.clamp(1, 9).into()).unwrap_or_default();
        let made = match &mut self.zlib {
            Some(made) if made.0 == level => made,
            other => other.insert((level, libdeflater::Compressor::new(effort))),
        };
        made.1.zlib_compress(from, to).ok()
    }

    /// The length of an LZ4 block, where there is room for the longest.
    fn lz4(&mut self, from: &[u8], to: &mut [u8]) -> Option<usize> {
        lz4_flex::block::compress_into_with_table(from, to, &mut self.lz4).ok()
    }

    /// The length of a zstd frame, where there is room for it.
    fn zstd(&mut self, level: i32, from: &[u8], to: &mut [u8]) -> Result<Option<usize>> {
        let made = match &mut self.zstd {
            Some(made) if made.0 == level => made,
            other => other.insert((level, zstd::bulk::Compressor::new(level)?)),
        };
        Ok(made.1.compress_to_buffer(from, to).ok())
    }
}

/// Data that is none of its codec, or more than it should be.
#[cold]
fn damaged(codec: &str, size: usize) -> Error {
    ErrorKind::Damaged(format!("a chunk that is no {codec} data of {size} bytes")).into()
}

#[cold]
fn short(found: usize, size: usize) -> Error {
    ErrorKind::Damaged(format!("a chunk of {found} bytes instead of {size}")).into()
}

#[cfg(all(test, feature = "compress"))]
mod tests {
    use super::{Codec, Decoder, Encoder, id};

    #[test]
    fn claims_are_believed_as_far_as_the_bytes_go() {
        let bytes = vec![7; 1_000_000];
        for (id, options) in
            [(id::LZ4, &[][..]), (id::ZSTD, &[3]), (id::BLOSC, &[2, 2, 4, 0, 5, 1, 1])]
        {
            let codec = Codec::of(id, options).unwrap();
            let mut chunk = Vec::new();
            assert!(Encoder::default().encode(codec, &bytes, &mut chunk).unwrap());
            assert_eq!(codec.claims(&chunk), Some(bytes.len()), "{codec:?}");
            let mut back = vec![0; bytes.len()];
            Decoder::default().decode(codec, &chunk, &mut back).unwrap();
            assert!(back == bytes);
            for wrong in [&mut back[1..], &mut vec![0; bytes.len() + 1]] {
                Decoder::default().decode(codec, &chunk, wrong).unwrap_err();
            }
            // Nothing is allocated for a few bytes that claim to hold very many.
            assert_eq!(codec.claims(&chunk[..20]), None, "{codec:?}");
            assert_eq!(codec.claims(&[]), None);
        }
        let mut chunk = (1u64 << 40).to_be_bytes().to_vec();
        chunk.resize(100_000, 0);
        assert_eq!(Codec::Lz4.claims(&chunk), None);
    }
}
