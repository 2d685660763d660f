//! [`Compression`]: the compression of a dataset, as HDF5 filters.

use crate::error::{Error, ErrorKind, Result};

/// The compression of a dataset, as HDF5 filters. The byte shuffle puts the first bytes of all
/// elements before all second bytes, and so on, so that numbers compress much better.
///
/// | | filters | read by |
/// |---|---|---|
/// | `Gzip(level)` | shuffle, 1 | every HDF5 reader |
/// | `Lz4` | shuffle, 32004 | readers with hdf5plugin (`import hdf5plugin` before h5py) or the HDF Group's plugins |
/// | `Zstd(level)` | shuffle, 32015 | the same |
/// | `Blosc { .. }` | 32001, which includes shuffling | the same |
/// | `Raw { .. }` | the given filter alone | readers with that filter |
///
/// `Lz4`, `Zstd` and `Blosc` need the feature `compress`, or a plugin that HDF5 finds
/// (`HDF5_PLUGIN_PATH`), for saving and for loading. Levels and filters are checked before anything
/// is written.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{Compression, WriteOptions};
///
/// let smooth: Vec<f64> = (0..100_000).map(|i| f64::from(i / 7)).collect();
/// let options = WriteOptions::new().compression(Compression::Gzip(4)).fletcher32(true);
/// let bytes = options.to_bytes(&smooth)?;
/// assert!(bytes.len() < 100_000);
/// assert_eq!(filebacked::from_bytes::<Vec<f64>>(&bytes)?, smooth);
///
/// // A filter by its number, with the values that h5py calls `compression_opts`.
/// let gzip_without_shuffle = Compression::Raw { id: 1, options: &[9] };
/// WriteOptions::new().compression(gzip_without_shuffle).to_bytes(&smooth)?;
///
/// let error = WriteOptions::new().compression(Compression::Gzip(10)).to_bytes(&smooth).unwrap_err();
/// assert!(format!("{error:#}").contains("0 to 9"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// No compression.
    #[default]
    None,
    /// gzip (deflate) of this level, 0 to 9, after the byte shuffle filter. Every HDF5 reader
    /// supports both.
    Gzip(u8),
    /// LZ4 after the byte shuffle filter: faster than gzip, with larger files.
    Lz4,
    /// Zstandard of this level, -131072 to 22, after the byte shuffle filter: faster and smaller
    /// than gzip. 3 is usual; negative levels are faster, levels from 20 on take much memory.
    Zstd(i32),
    /// Blosc, which includes shuffling.
    Blosc {
        /// The codec.
        codec: BloscCodec,
        /// The level, 0 to 9; 5 is usual.
        level: u8,
        /// The shuffling of elements.
        shuffle: BloscShuffle,
    },
    /// Any HDF5 filter, without shuffling. If this crate does not know the filter, HDF5 must have
    /// it or find its plugin.
    Raw {
        /// The registered number of the filter, 1 to 65535.
        id: u32,
        /// The values of the filter, as its author documents them. Use `Vec::leak` for values that
        /// are computed at run time.
        options: &'static [u32],
    },
}

/// The codec inside [`Compression::Blosc`].
///
/// See [`Compression`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BloscCodec {
    /// LZ4, which ignores the level.
    #[default]
    Lz4,
    /// zlib.
    Zlib,
    /// Zstandard.
    Zstd,
}

/// The shuffling of [`Compression::Blosc`].
///
/// See [`Compression`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BloscShuffle {
    /// No shuffling.
    None,
    /// By bytes of the elements.
    #[default]
    Byte,
    /// By bits of the elements.
    Bit,
}

/// Checks that this can be written: levels, numbers, and that the filter is available.
pub fn check(compression: Compression) -> Result<()> {
    compression.check()?;
    #[cfg(feature = "libhdf5")]
    super::libhdf5::check_filter(compression)?;
    Ok(())
}

impl Compression {
    /// Checks levels and numbers.
    fn check(self) -> Result<()> {
        let wrong = |what: String, help: &str| {
            Err(Error::new(ErrorKind::Unsupported(what)).with_help(help.to_string()))
        };
        match self {
            Compression::Gzip(level @ 10..) => {
                wrong(format!("gzip of level {level}"), "levels are 0 to 9")
            }
            Compression::Zstd(level) if !(-131_072..=22).contains(&level) => {
                wrong(format!("Zstandard of level {level}"), "levels are -131072 to 22")
            }
            Compression::Blosc { level: level @ 10.., .. } => {
                wrong(format!("Blosc of level {level}"), "levels are 0 to 9")
            }
            Compression::Raw { id, .. } if !(1..=65_535).contains(&id) => {
                wrong(format!("an HDF5 filter of number {id}"), "numbers are 1 to 65535")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(feature = "libhdf5")]
impl Compression {
    /// The HDF5 filter that compresses, if any.
    pub fn filter(self) -> Option<u32> {
        use crate::codec::id;
        match self {
            Compression::None => None,
            Compression::Gzip(_) => Some(id::DEFLATE),
            Compression::Lz4 => Some(id::LZ4),
            Compression::Zstd(_) => Some(id::ZSTD),
            Compression::Blosc { .. } => Some(id::BLOSC),
            Compression::Raw { id, .. } => Some(id),
        }
    }

    /// Returns the HDF5 filters and their options, in order, for the given bytes per element and
    /// per chunk.
    pub fn pipeline(self, element: usize, chunk: usize) -> Vec<(u32, Vec<u32>)> {
        use crate::codec::id;
        let shuffled =
            |filter, options| vec![(id::SHUFFLE, vec![element as u32]), (filter, options)];
        match self {
            Compression::None => Vec::new(),
            Compression::Gzip(level) => shuffled(id::DEFLATE, vec![level.into()]),
            // The size of a block, 0 being that of the chunk.
            Compression::Lz4 => shuffled(id::LZ4, vec![0]),
            Compression::Zstd(level) => shuffled(id::ZSTD, vec![level as u32]),
            Compression::Blosc { codec, level, shuffle } => {
                let codec = match codec {
                    BloscCodec::Lz4 => 1,
                    BloscCodec::Zlib => 4,
                    BloscCodec::Zstd => 5,
                };
                // Versions of the filter and of the format; larger elements are bytes to Blosc.
                let element = if element > 255 { 1 } else { element as u32 };
                vec![(
                    id::BLOSC,
                    vec![2, 2, element, chunk as u32, level.into(), shuffle as u32, codec],
                )]
            }
            Compression::Raw { id, options } => vec![(id, options.to_vec())],
        }
    }
}
