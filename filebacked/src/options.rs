//! What one call of saving or loading may be told.

pub use crate::storage::{BloscCodec, BloscShuffle, Compression};
pub(crate) use crate::storage::{DEFAULT_MAX_DEPTH, Limits};

use crate::progress::{Progress, Watcher};
use crate::registry::{Registry, default_registry};
use crate::storage::engine::{Choice as Engine, Reading, Writing};
use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What happens when the machine stops in the middle of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// The file is the old or the new one, and what was saved survives a power cut: a temporary
    /// file beside the target, flushed to the disk, renamed, and the directory flushed too.
    #[default]
    Durable,
    /// The file is the old or the new one after a crash of the program: a temporary file, renamed.
    Atomic,
    /// Straight into the target: a crash in between leaves half a file. For scratch files and
    /// benchmarks.
    Fast,
}

/// Whose files are written. Reading needs no such word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Layout {
    /// This library's own, which `docs/FORMAT.md` specifies.
    #[default]
    Native,
    /// That of Python's FileBacked 2.1, whose `read` loads the file.
    Python,
}

/// What to do with a name that is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overwrite {
    /// An error, and the old value stays.
    #[default]
    Refuse,
    /// The new value takes its place once it is written completely.
    Replace,
    /// As `Replace`, but only what differs is written: see [`File::update`](crate::File::update).
    Update,
}

/// Which numbers of another type than the declared one are accepted on reading. Never saturated,
/// never cut in silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Conversion {
    /// Only the very type.
    Exact,
    /// Types of which every value fits: u8 to i32, f32 to f64.
    Widen,
    /// Any number type, if all the values at hand fit exactly.
    #[default]
    Checked,
    /// Any number type, floats rounded to the nearest that the type has. What lies out of range is
    /// an error still.
    Any,
}

/// Values of any type that are handed to every filter of a call, one of each type: Python's keyword
/// arguments.
///
/// ```
/// use filebacked::Extensions;
///
/// #[derive(Debug, PartialEq)]
/// struct Sparse(bool);
///
/// let mut extensions = Extensions::default();
/// extensions.insert(Sparse(true));
/// assert_eq!(extensions.get::<Sparse>(), Some(&Sparse(true)));
/// assert_eq!(extensions.get::<u8>(), None);
/// ```
#[derive(Clone, Default)]
pub struct Extensions(HashMap<TypeId, (&'static str, Arc<dyn Any + Send + Sync>)>);

impl Extensions {
    /// Adds a value, in place of one of the same type.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), (type_name::<T>(), Arc::new(value)));
    }

    /// The value of this type.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>()).and_then(|(_, value)| value.downcast_ref())
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.0.values().map(|(name, _)| *name).collect();
        names.sort_unstable();
        f.debug_tuple("Extensions").field(&names).finish()
    }
}

/// The size in bytes up to which encoded values (bincode, postcard, JSON) are decoded unless the
/// options say otherwise.
pub(crate) const DEFAULT_DECODE_LIMIT: usize = 1 << 30;

/// What untrusted files may cost unless the options say otherwise.
const UNTRUSTED: Limits = Limits { bytes: 1 << 30, objects: 1 << 20 };
const UNTRUSTED_MAX_DEPTH: u32 = 64;
const UNTRUSTED_DECODE_LIMIT: usize = 64 << 20;

/// How a value is written.
///
/// ```no_run
/// # #[derive(filebacked::FileBacked)] struct Model { weights: Vec<f64>, cache: Vec<f64> }
/// # fn f(model: &Model) -> filebacked::Result<()> {
/// use filebacked::{Compression, WriteOptions};
///
/// WriteOptions::new().skip(["cache"]).compression(Compression::Gzip(4)).save("model.h5", model)?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct WriteOptions {
    pub(crate) registry: Option<Arc<Registry>>,
    pub(crate) skip: Vec<String>,
    pub(crate) only: Option<Vec<String>>,
    pub(crate) layout: Layout,
    pub(crate) compression: Compression,
    pub(crate) fletcher32: bool,
    #[cfg(feature = "digest")]
    pub(crate) digest: bool,
    pub(crate) chunk_bytes: Option<usize>,
    pub(crate) durability: Durability,
    pub(crate) overwrite: Overwrite,
    pub(crate) deterministic: bool,
    pub(crate) max_depth: u32,
    pub(crate) extensions: Extensions,
    pub(crate) engine: Engine,
    pub(crate) progress: Option<Watcher>,
}

impl WriteOptions {
    /// Whether the file is to have a digest.
    pub(crate) fn has_digest(&self) -> bool {
        #[cfg(feature = "digest")]
        return self.digest;
        #[cfg(not(feature = "digest"))]
        false
    }

    /// What storage is told of a whole file.
    pub(crate) fn writing(&self) -> Writing {
        let choice = match self.engine {
            // The native engine has none of what Python's FileBacked begins with.
            Engine::Any if self.layout != Layout::Native => Engine::Libhdf5,
            choice => choice,
        };
        Writing { choice, digest: self.has_digest() }
    }
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions {
            registry: None,
            skip: Vec::new(),
            only: None,
            layout: Layout::Native,
            compression: Compression::None,
            fletcher32: false,
            #[cfg(feature = "digest")]
            digest: false,
            chunk_bytes: None,
            durability: Durability::default(),
            overwrite: Overwrite::default(),
            deterministic: true,
            max_depth: DEFAULT_MAX_DEPTH,
            extensions: Extensions::default(),
            engine: Engine::default(),
            progress: None,
        }
    }
}

/// The setters that writing and reading have in common.
macro_rules! common_setters {
    () => {
        /// The usual options.
        pub fn new() -> Self {
            Self::default()
        }

        /// The filters of this call, instead of the default ones of the process.
        pub fn registry(mut self, registry: impl Into<Arc<Registry>>) -> Self {
            self.registry = Some(registry.into());
            self
        }

        /// Leaves out what these patterns fit. A pattern is a path of names on disk; `*` stands for
        /// one level, `**` for any number. `Option`, `Box` and newtypes are no level of their own;
        /// `Vec`, maps and arrays are one. Patterns that fit nothing in the type are an error
        /// before anything happens.
        pub fn skip<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
            self.skip.extend(patterns.into_iter().map(Into::into));
            self
        }

        /// Leaves out everything but what these patterns fit, and what leads there.
        pub fn only<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
            self.only.get_or_insert_default().extend(patterns.into_iter().map(Into::into));
            self
        }

        /// How deep values may be nested; 128 unless said otherwise. Deeper ones are an error
        /// instead of a stack overflow: 2 MiB of stack hold some 2,000 levels in release builds,
        /// and 200 in debug builds.
        pub fn max_depth(mut self, levels: u32) -> Self {
            self.max_depth = levels;
            self
        }

        /// Hands a value to every filter of the call, which finds it by its type in the context.
        pub fn extension<T: Send + Sync + 'static>(mut self, value: T) -> Self {
            self.extensions.insert(value);
            self
        }

        /// The engine, for tests of each; the library chooses well.
        #[doc(hidden)]
        pub fn engine(mut self, engine: Engine) -> Self {
            self.engine = engine;
            self
        }

        pub(crate) fn snapshot(&self) -> Arc<Registry> {
            self.registry.clone().unwrap_or_else(default_registry)
        }
    };
}

impl WriteOptions {
    common_setters!();

    /// Whose files are written: this library's own, unless said otherwise, or those of Python's
    /// FileBacked.
    ///
    /// In the Python layout, structs and maps that say `module = "..."` are objects of that class,
    /// lists are one dataset of numbers or a numbered group of anything else, maps have a link a
    /// key or numbered pairs, and an enum whose variants have one unnamed field each is a `Union`.
    /// What `layout = "..."` says on a field has no meaning there. What Python's FileBacked has no
    /// type for, or would read as something else, is an error before anything is written. It takes
    /// the feature `libhdf5`. `docs/FORMAT.md` has a tree for each type.
    ///
    /// ```
    /// # #[cfg(feature = "libhdf5")]
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::{FileBacked, Layout, WriteOptions};
    ///
    /// // In Python, in `lab.py`:
    /// // class Run(FileBacked):
    /// //     step: int
    /// //     losses: List[float]
    /// //     note: Optional[str]
    /// #[derive(FileBacked, Debug, PartialEq)]
    /// #[filebacked(module = "lab")]
    /// struct Run { step: i64, losses: Vec<f64>, note: Option<String> }
    ///
    /// let run = Run { step: 7, losses: vec![0.5, 0.25], note: None };
    /// let bytes = WriteOptions::new().layout(Layout::Python).to_bytes(&run)?;
    /// assert_eq!(filebacked::from_bytes::<Run>(&bytes)?, run); // needs no option
    /// # Ok(()) }
    /// # #[cfg(not(feature = "libhdf5"))] fn main() {}
    /// ```
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Compresses every array and column that is large enough to gain from it.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Puts a checksum (HDF5's fletcher32) on each chunk of every array and column of 4096 bytes or
    /// more, compressed or not, so that damage is an error when the data is read, by whichever
    /// reader. Smaller ones lie in the header of their dataset, which always has a checksum. Text
    /// of variable length is stored outside its dataset and has none.
    pub fn fletcher32(mut self, checksums: bool) -> Self {
        self.fletcher32 = checksums;
        self
    }

    /// Stores a digest of all that is in the file, which [`verify`](crate::verify()) computes
    /// again: whether anything in it, names and types included, has changed since. For whole files;
    /// reads them once more when they are written.
    ///
    /// ```text
    /// /            filebacked_digest = "sha256:..."
    /// ```
    #[cfg(feature = "digest")]
    pub fn digest(mut self, digest: bool) -> Self {
        self.digest = digest;
        self
    }

    /// The size of a chunk in bytes, about, where data is chunked and its field says nothing.
    pub fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.chunk_bytes = Some(bytes);
        self
    }

    /// What happens when the machine stops in the middle of a save.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// What to do with a name that is in use. Saving a whole file always replaces it.
    pub fn overwrite(mut self, overwrite: Overwrite) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Calls back after each dataset with the bytes that are written and those that there are;
    /// `Break` stops the save, and what it would have replaced stays as it was. Counting the bytes
    /// walks through the value once more.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// use std::ops::ControlFlow;
    ///
    /// let options = filebacked::WriteOptions::new().progress(|progress| {
    ///     println!("{} of {} bytes", progress.done, progress.total);
    ///     ControlFlow::Continue(())
    /// });
    /// options.to_bytes(&vec![1.0, 2.0])?;
    /// # Ok(()) }
    /// ```
    pub fn progress(
        mut self,
        watcher: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Watcher(Arc::new(watcher)));
        self
    }

    /// Whether equal values give equal bytes, which sorts hash maps and sets; on unless said
    /// otherwise.
    pub fn deterministic(mut self, deterministic: bool) -> Self {
        self.deterministic = deterministic;
        self
    }
}

/// How a value is read.
///
/// ```no_run
/// # #[derive(filebacked::FileBacked)] struct Model { weights: Vec<f64> }
/// # fn f() -> filebacked::Result<()> {
/// use filebacked::{Conversion, ReadOptions};
///
/// let model: Model = ReadOptions::new().conversion(Conversion::Exact).load("model.h5")?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ReadOptions {
    pub(crate) registry: Option<Arc<Registry>>,
    pub(crate) skip: Vec<String>,
    pub(crate) only: Option<Vec<String>>,
    pub(crate) conversion: Conversion,
    pub(crate) max_depth: u32,
    pub(crate) decode_limit: usize,
    pub(crate) interrupted: bool,
    pub(crate) extensions: Extensions,
    pub(crate) engine: Engine,
    pub(crate) limits: Option<Limits>,
}

impl ReadOptions {
    /// What storage is told of a whole file.
    pub(crate) fn reading(&self) -> Reading {
        Reading { choice: self.engine, limits: self.limits, interrupted: self.interrupted }
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            registry: None,
            skip: Vec::new(),
            only: None,
            conversion: Conversion::default(),
            max_depth: DEFAULT_MAX_DEPTH,
            decode_limit: DEFAULT_DECODE_LIMIT,
            interrupted: false,
            extensions: Extensions::default(),
            engine: Engine::default(),
            limits: None,
        }
    }
}

impl ReadOptions {
    common_setters!();

    /// For files from anywhere: only our own decoder reads them, which is written in Rust and
    /// believes nothing, and what they may cost is limited. The HDF5 library is C, and a file made
    /// for that may make it read or write where it must not.
    ///
    /// | limit | | raised by |
    /// |---|---|---|
    /// | depth of nesting | 64 | [`ReadOptions::max_depth`] |
    /// | objects that are opened | 1,048,576 | [`ReadOptions::max_objects`] |
    /// | bytes that are read | 1 GiB, and never more than 16 times the file and 64 KiB | [`ReadOptions::max_bytes`] |
    /// | encoded values (bincode, postcard, JSON) | 64 MiB each | [`ReadOptions::decode_limit`] |
    ///
    /// The value in memory takes a multiple of the bytes that are read, which depends on its type:
    /// a text of one letter is 25 bytes, say. What our own decoder does not know, compressed data
    /// above all, is an error ([`ErrorKind::NeedsLibhdf5`](crate::ErrorKind::NeedsLibhdf5)), and so
    /// are open files, which are the library's. Lazy handles keep to the same limits, each time
    /// that they read. The next calls change single limits.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::ReadOptions;
    ///
    /// let upload = filebacked::to_bytes(&vec![1.0, 2.0])?; // from somewhere
    /// let values: Vec<f64> = ReadOptions::new().untrusted().max_bytes(1 << 20).from_bytes(&upload)?;
    /// assert_eq!(values, [1.0, 2.0]);
    /// # Ok(()) }
    /// ```
    pub fn untrusted(mut self) -> Self {
        self.max_depth = self.max_depth.min(UNTRUSTED_MAX_DEPTH);
        self.decode_limit = self.decode_limit.min(UNTRUSTED_DECODE_LIMIT);
        self.limits = Some(UNTRUSTED);
        self
    }

    /// How many bytes of an [untrusted](ReadOptions::untrusted) file are read in all, those counted
    /// several times that are read several times.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.limits.get_or_insert(UNTRUSTED).bytes = bytes;
        self
    }

    /// How many objects of an [untrusted](ReadOptions::untrusted) file are opened in all.
    pub fn max_objects(mut self, objects: u64) -> Self {
        self.limits.get_or_insert(UNTRUSTED).objects = objects;
        self
    }

    /// Which numbers of another type than the declared one are accepted.
    pub fn conversion(mut self, conversion: Conversion) -> Self {
        self.conversion = conversion;
        self
    }

    /// The largest encoded value (bincode, postcard, JSON) that is decoded, in bytes; 1 GiB unless
    /// said otherwise. Of bincode and postcard, no more elements are decoded than there are bytes,
    /// and 2^20 that take none (`Vec<()>`).
    pub fn decode_limit(mut self, bytes: usize) -> Self {
        self.decode_limit = bytes;
        self
    }

    /// Reads also from a file that a process was changing when it was killed
    /// ([`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted)): what is damaged is an error
    /// where it is met, but a value may be half the old and half the new one.
    pub fn interrupted(mut self, interrupted: bool) -> Self {
        self.interrupted = interrupted;
        self
    }
}
