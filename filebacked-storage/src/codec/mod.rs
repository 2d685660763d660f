//! The codecs behind HDF5's compression filters: bytes of a chunk in, bytes of a chunk out.
//!
//! Codecs do not depend on files, datasets or libhdf5. A codec is a file in this folder and a line
//! in `CODECS`. Input is not trusted: every length is checked, and nothing is written beyond the
//! output slice.

#[cfg(feature = "compress")]
mod bitshuffle;
#[cfg(feature = "compress")]
mod blosc;
#[cfg(feature = "compress")]
mod blosclz;
#[cfg(feature = "compress")]
mod deflate;
#[cfg(feature = "compress")]
mod lz4;
mod lzf;
pub mod shuffle;
mod workspace;
#[cfg(feature = "compress")]
mod zstd;

pub use workspace::Workspace;

use crate::error::{Error, ErrorKind, Result};
use std::fmt;

/// The numbers by which HDF5 knows filters.
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

/// The codecs of this build.
static CODECS: &[&dyn ChunkCodec] = &[
    &lzf::Lzf,
    #[cfg(feature = "compress")]
    &deflate::Deflate,
    #[cfg(feature = "compress")]
    &lz4::Lz4,
    #[cfg(feature = "compress")]
    &zstd::Zstd,
    #[cfg(feature = "compress")]
    &blosc::Blosc,
];

/// A compression filter of HDF5. `options` are the numbers of the filter, h5py's
/// `compression_opts`; there may be any number of them.
trait ChunkCodec: Sync {
    /// The filter's number.
    fn id(&self) -> u32;

    /// Whether chunks can be made as well as read.
    fn encodes(&self, options: &[u32]) -> bool {
        let _ = options;
        true
    }

    /// How many bytes a chunk says that it holds, where it says so.
    fn claims(&self, chunk: &[u8]) -> Option<usize>;

    /// The most bytes that one byte of a chunk stands for.
    fn ratio(&self) -> usize;

    /// Fills `to` with what a chunk holds, which must be as many bytes.
    fn decode(
        &self,
        options: &[u32],
        work: &mut Workspace,
        chunk: &[u8],
        to: &mut [u8],
    ) -> Result<()>;

    /// Makes a chunk, and says how long it is; `None` where there is no room for it. There is room
    /// for more than the bytes take as they are.
    fn encode(
        &self,
        options: &[u32],
        work: &mut Workspace,
        from: &[u8],
        to: &mut [u8],
    ) -> Result<Option<usize>>;
}

/// The options of a filter that a codec looks at.
const OPTIONS: usize = 8;

/// A compression filter with its options.
#[derive(Clone, Copy)]
pub struct Codec {
    codec: &'static dyn ChunkCodec,
    options: [u32; OPTIONS],
    len: usize,
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").field("id", &self.id()).field("options", &self.options()).finish()
    }
}

impl PartialEq for Codec {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id() && self.options() == other.options()
    }
}

impl Eq for Codec {}

impl Codec {
    /// The codec of an HDF5 filter with these options, if it is one of those here.
    pub fn of(id: u32, options: &[u32]) -> Option<Codec> {
        let codec = *CODECS.iter().find(|codec| codec.id() == id)?;
        let len = options.len().min(OPTIONS);
        let mut copied = [0; OPTIONS];
        copied[..len].copy_from_slice(&options[..len]);
        Some(Codec { codec, options: copied, len })
    }

    /// The filter's number.
    pub fn id(&self) -> u32 {
        self.codec.id()
    }

    fn options(&self) -> &[u32] {
        &self.options[..self.len]
    }

    /// The level of gzip, for gzip.
    pub fn gzip_level(&self) -> Option<u8> {
        (self.id() == id::DEFLATE).then(|| gzip_level(self.options()))
    }

    /// Whether chunks can be made as well as read.
    pub fn encodes(&self) -> bool {
        self.codec.encodes(self.options())
    }

    /// How many bytes a chunk says that it holds, where that can be known and believed.
    pub fn claims(&self, chunk: &[u8]) -> Option<usize> {
        self.codec.claims(chunk).filter(|n| self.check(chunk, *n).is_ok())
    }

    /// Checks that a chunk may hold so many bytes, before there is memory for them.
    pub fn check(&self, chunk: &[u8], size: usize) -> Result<()> {
        /// Codecs have heads, and ratios that hold in the long run.
        const SLACK: usize = 4096;
        if size <= chunk.len().saturating_mul(self.codec.ratio()).saturating_add(SLACK) {
            return Ok(());
        }
        let what = format!("a chunk of {size} bytes in {}, too few for them", chunk.len());
        Err(ErrorKind::Damaged(what).into())
    }

    /// Fills `to` with what a chunk holds, which must be as many bytes.
    pub fn decode(&self, work: &mut Workspace, chunk: &[u8], to: &mut [u8]) -> Result<()> {
        self.codec.decode(self.options(), work, chunk, to)
    }

    /// Makes a chunk of these bytes; `false` where that would not be shorter.
    pub fn encode(&self, work: &mut Workspace, from: &[u8], to: &mut Vec<u8>) -> Result<bool> {
        // Room for the worst that any codec makes of noise, the heads of a container included.
        to.resize(from.len() + from.len() / 8 + 4096, 0);
        let n = self.codec.encode(self.options(), work, from, to)?;
        to.truncate(n.unwrap_or(0));
        Ok(n.is_some_and(|n| n < from.len()))
    }
}

/// The level of gzip, by default 6.
fn gzip_level(options: &[u32]) -> u8 {
    options.first().map_or(6, |level| (*level).min(9) as u8)
}

/// Says whether a codec has filled a buffer: with how many bytes, or that it met damaged data.
fn filled(codec: &str, found: Option<usize>, to: &[u8]) -> Result<()> {
    match found {
        Some(n) if n == to.len() => Ok(()),
        Some(n) => Err(short(n, to.len())),
        None => Err(damaged(codec, to.len())),
    }
}

/// Damaged data, or more of it than there should be.
#[cold]
fn damaged(codec: &str, size: usize) -> Error {
    ErrorKind::Damaged(format!("a chunk that is not {codec} data of {size} bytes")).into()
}

#[cold]
fn short(found: usize, size: usize) -> Error {
    ErrorKind::Damaged(format!("a chunk of {found} bytes instead of {size}")).into()
}

#[cfg(all(test, feature = "compress"))]
mod tests {
    use super::{Codec, Workspace, id};

    #[test]
    fn claims_are_believed_as_far_as_the_bytes_go() {
        let bytes = vec![7; 1_000_000];
        for (id, options) in
            [(id::LZ4, &[][..]), (id::ZSTD, &[3]), (id::BLOSC, &[2, 2, 4, 0, 5, 1, 1])]
        {
            let codec = Codec::of(id, options).unwrap();
            let mut chunk = Vec::new();
            assert!(codec.encode(&mut Workspace::default(), &bytes, &mut chunk).unwrap());
            assert_eq!(codec.claims(&chunk), Some(bytes.len()), "{codec:?}");
            let mut back = vec![0; bytes.len()];
            codec.decode(&mut Workspace::default(), &chunk, &mut back).unwrap();
            assert!(back == bytes);
            for wrong in [&mut back[1..], &mut vec![0; bytes.len() + 1]] {
                codec.decode(&mut Workspace::default(), &chunk, wrong).unwrap_err();
            }
            // Nothing is allocated for a few bytes that claim to hold very many.
            assert_eq!(codec.claims(&chunk[..20]), None, "{codec:?}");
            assert_eq!(codec.claims(&[]), None);
        }
        let mut chunk = (1u64 << 40).to_be_bytes().to_vec();
        chunk.resize(100_000, 0);
        assert_eq!(Codec::of(id::LZ4, &[]).unwrap().claims(&chunk), None);
    }
}
