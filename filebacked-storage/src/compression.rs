//! [`Compression`]: how the bytes of a dataset are compressed, as HDF5 filters.

use crate::error::{Error, ErrorKind, Result};

/// How the bytes of a dataset are compressed, by HDF5 filters. Shuffling puts the first bytes of
/// all elements before all second bytes, and so on, which makes numbers compress much better.
///
/// | | filters | who reads it |
/// |---|---|---|
/// | `Gzip(level)` | shuffle, 1 | every HDF5 reader |
/// | `Lz4` | shuffle, 32004 | with hdf5plugin, or the plugins of the HDF Group: `import hdf5plugin` before h5py |
/// | `Zstd(level)` | shuffle, 32015 | the same |
/// | `Blosc { .. }` | 32001, which shuffles by itself | the same |
/// | `Raw { .. }` | the one that is named, and nothing else | who has that filter |
///
/// `Lz4`, `Zstd` and `Blosc` need the feature `compress`, or a plugin where the HDF5 library looks
/// for it (`HDF5_PLUGIN_PATH`); so do programs that load such files. Options and their levels are
/// checked before anything is written.
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
/// assert!(error.to_string().contains("0 to 9"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip (deflate) of this level, 0 to 9, after the byte shuffle filter. Every HDF5 reader has
    /// both.
    Gzip(u8),
    /// LZ4 after the byte shuffle filter: quicker than gzip, and larger.
    Lz4,
    /// Zstandard of this level, -131072 to 22, after the byte shuffle filter: quicker and smaller
    /// than gzip. 3 is usual; negative levels are quicker still, those from 20 on take much memory.
    Zstd(i32),
    /// Blosc, which shuffles by itself.
    Blosc {
        /// What compresses inside.
        codec: BloscCodec,
        /// 0 to 9; 5 is usual.
        level: u8,
        /// How elements are shuffled.
        shuffle: BloscShuffle,
    },
    /// Any HDF5 filter, without shuffling. Where this library does not know the filter, the HDF5
    /// library must have it, or find its plugin.
    Raw {
        /// The registered number of the filter, 1 to 65535.
        id: u32,
        /// The filter's values, as its author says. Those that are computed at run time take
        /// `Vec::leak`.
        options: &'static [u32],
    },
}

/// What compresses inside [`Compression::Blosc`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BloscCodec {
    /// LZ4, whatever the level.
    #[default]
    Lz4,
    /// zlib.
    Zlib,
    /// Zstandard.
    Zstd,
}

/// How [`Compression::Blosc`] shuffles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BloscShuffle {
    /// Not at all.
    None,
    /// The bytes of the elements.
    #[default]
    Byte,
    /// The bits of the elements.
    Bit,
}

/// Checks that this can be written: levels, numbers, and that the filter is there.
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

    /// The HDF5 filters and their options, in their order, for chunks of so many bytes and elements
    /// of so many.
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
