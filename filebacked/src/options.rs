//! Options of a save or a load: [`WriteOptions`] and [`ReadOptions`], and the types of their values.
//!
//! ```
//! use filebacked::options::{Conversion, Durability};
//! use filebacked::{Compression, ReadOptions, WriteOptions};
//!
//! # let path = std::env::temp_dir().join(format!("filebacked-options-{}.h5", std::process::id()));
//! let options = WriteOptions::new().durability(Durability::Atomic).compression(Compression::Gzip(4));
//! # let options = WriteOptions::new();
//! options.save(&path, &vec![1.5, 2.5])?;
//! let exact = ReadOptions::new().conversion(Conversion::Exact);
//! assert_eq!(exact.load::<Vec<f64>>(&path)?, [1.5, 2.5]);
//! # std::fs::remove_file(path)?;
//! # Ok::<(), filebacked::Error>(())
//! ```

pub use crate::storage::{BloscCodec, BloscShuffle, Compression};
pub(crate) use crate::storage::{DEFAULT_MAX_DEPTH, Limits};

pub use crate::progress::Progress;
use crate::progress::Watcher;
use crate::registry::{Registry, default_registry};
use crate::storage::engine::{Choice as Engine, Reading, Writing};
use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The guarantee of a save if the program or the machine stops in the middle.
///
/// `docs/GUIDE.md` compares the levels; see [`WriteOptions`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// The file is the old or the new one, and the new one survives a power cut: a temporary file
    /// beside the target is flushed to the disk and renamed, and the directory is flushed.
    #[default]
    Durable,
    /// The file is the old or the new one after a crash of the program: a temporary file is
    /// renamed.
    Atomic,
    /// The target is written directly, so a crash can leave half a file. For scratch files and
    /// benchmarks.
    Fast,
}

/// The program that the written files are for; see [`WriteOptions::layout`] for an example. Reading
/// needs no such option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Layout {
    /// This crate: the layout that `docs/FORMAT.md` specifies.
    #[default]
    Native,
    /// Python's FileBacked 2.1, whose `read` loads the file.
    Python,
}

/// The handling of a name that is in use; see [`WriteOptions::overwrite`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overwrite {
    /// The write fails, and the old value stays.
    #[default]
    Refuse,
    /// The new value replaces the old one once it is completely written.
    Replace,
    /// Like `Replace`, but writes only differences: see [`File::update`](crate::File::update).
    Update,
}

/// The number types that a read accepts besides the declared one. No conversion saturates or
/// truncates silently.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::options::Conversion;
/// use filebacked::ReadOptions;
///
/// let bytes = filebacked::to_bytes(&300i32)?;
/// assert_eq!(filebacked::from_bytes::<u16>(&bytes)?, 300); // fits
/// assert!(filebacked::from_bytes::<u8>(&bytes).is_err());
/// assert!(ReadOptions::new().conversion(Conversion::Widen).from_bytes::<u16>(&bytes).is_err());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Conversion {
    /// Only the declared type.
    Exact,
    /// Types whose every value fits: u8 as i32, f32 as f64.
    Widen,
    /// Any number type, if all stored values fit exactly.
    #[default]
    Checked,
    /// Any number type, with floats rounded to the nearest value. Values out of range are an error.
    Any,
}

/// Values that a call passes to every filter, at most one of each type. They are what keyword
/// arguments are in Python.
///
/// ```
/// use filebacked::options::Extensions;
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
    /// Adds a value, and replaces one of the same type.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), (type_name::<T>(), Arc::new(value)));
    }

    /// Returns the value of this type.
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

/// The default limit for the bytes of an encoded value (bincode, postcard, JSON).
pub(crate) const DEFAULT_DECODE_LIMIT: usize = 1 << 30;

/// The default limits for untrusted files.
const UNTRUSTED: Limits = Limits { bytes: 1 << 30, objects: 1 << 20 };
const UNTRUSTED_MAX_DEPTH: u32 = 64;
const UNTRUSTED_DECODE_LIMIT: usize = 64 << 20;

/// Options for writing a value.
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
    /// Whether the file gets a digest.
    pub(crate) fn has_digest(&self) -> bool {
        self.digest
    }

    /// The options that storage needs for a whole file.
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

/// The setters of both option types.
macro_rules! common_setters {
    () => {
        /// Returns the default options.
        pub fn new() -> Self {
            Self::default()
        }

        /// Uses these filters for the call, instead of the default registry of the process.
        pub fn registry(mut self, registry: impl Into<Arc<Registry>>) -> Self {
            self.registry = Some(registry.into());
            self
        }

        /// Leaves out the members that match these patterns. A pattern is a path of names on disk;
        /// `*` stands for one level, `**` for any number. `Option`, `Box` and newtypes add no
        /// level; `Vec`, maps and arrays add one. A pattern that matches nothing in the type is an
        /// error before anything is read or written.
        pub fn skip<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
            self.skip.extend(patterns.into_iter().map(Into::into));
            self
        }

        /// Leaves out all members except those that match these patterns, and the groups that lead
        /// to them.
        pub fn only<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
            self.only.get_or_insert_default().extend(patterns.into_iter().map(Into::into));
            self
        }

        /// Sets how deep values may be nested, by default 128 levels. Deeper values are an error
        /// instead of a stack overflow: 2 MiB of stack hold some 2,000 levels in release builds and
        /// 200 in debug builds.
        pub fn max_depth(mut self, levels: u32) -> Self {
            self.max_depth = levels;
            self
        }

        /// Passes a value to every filter of the call; see [`Extensions`]. A filter finds it by its
        /// type in the context.
        pub fn extension<T: Send + Sync + 'static>(mut self, value: T) -> Self {
            self.extensions.insert(value);
            self
        }

        /// Chooses the engine, for tests of each engine.
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

    /// Chooses the program that the files are for: this crate (the default), or Python's
    /// FileBacked.
    ///
    /// In the Python layout, structs and maps with `module = "..."` are objects of that class.
    /// Lists of numbers are one dataset, other lists a numbered group. Maps have one link per key,
    /// or numbered pairs. An enum whose variants have one unnamed field each is a `Union`.
    /// `layout = "..."` on a field has no effect. A value without a counterpart in Python's
    /// FileBacked is an error before anything is written. The Python layout needs the feature
    /// `libhdf5`. `docs/FORMAT.md` has a tree for each type.
    ///
    /// ```
    /// # #[cfg(feature = "libhdf5")]
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::options::Layout;
    /// use filebacked::{FileBacked, WriteOptions};
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

    /// Compresses every array and column of 4096 bytes or more.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Adds a checksum (HDF5's fletcher32) to each chunk of every array and column of 4096 bytes or
    /// more, compressed or not. Any reader then reports damaged data as an error. Smaller data lies
    /// in the header of its dataset, which always has a checksum. Text of variable length is stored
    /// outside its dataset and has no checksum.
    pub fn fletcher32(mut self, checksums: bool) -> Self {
        self.fletcher32 = checksums;
        self
    }

    /// Stores a digest of the whole content of the file. [`verify`](crate::inspect::verify()) compares it,
    /// and detects any later change of data, names or types. For whole files only; the save reads
    /// the file once more.
    ///
    /// ```text
    /// /            filebacked_digest = "sha256:..."
    /// ```
    #[cfg(feature = "digest")]
    pub fn digest(mut self, digest: bool) -> Self {
        self.digest = digest;
        self
    }

    /// Sets the approximate size of a chunk in bytes, for chunked data whose field does not set it.
    pub fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.chunk_bytes = Some(bytes);
        self
    }

    /// Sets what is guaranteed if the program or the machine stops in the middle of a save.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Sets what a write does with a name that is in use. Saving a whole file always replaces it.
    ///
    /// ```
    /// # #[cfg(feature = "libhdf5")]
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::options::Overwrite;
    /// use filebacked::{File, WriteOptions};
    ///
    /// let file = File::in_memory()?;
    /// file.write("step", &7u32)?;
    /// assert!(file.write("step", &8u32).is_err());
    /// file.write_with("step", &8u32, &WriteOptions::new().overwrite(Overwrite::Replace))?;
    /// assert_eq!(file.read::<u32>("step")?, 8);
    /// # Ok(()) }
    /// # #[cfg(not(feature = "libhdf5"))] fn main() {}
    /// ```
    pub fn overwrite(mut self, overwrite: Overwrite) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Calls a function after each dataset with the bytes written so far and in all. If it returns
    /// `Break`, the save stops, and the old file or value stays. Counting the bytes walks through
    /// the value once more.
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

    /// Sets whether equal values give equal bytes, which needs hash maps and sets to be sorted. The
    /// default is `true`.
    pub fn deterministic(mut self, deterministic: bool) -> Self {
        self.deterministic = deterministic;
        self
    }
}

/// Options for reading a value.
///
/// ```no_run
/// # #[derive(filebacked::FileBacked)] struct Model { weights: Vec<f64> }
/// # fn f() -> filebacked::Result<()> {
/// use filebacked::options::Conversion;
/// use filebacked::ReadOptions;
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
    /// The options that storage needs for a whole file.
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

    /// Prepares for files from anywhere: only the native engine reads them, and their cost is
    /// limited. The native engine is written in Rust and checks everything that it reads. libhdf5
    /// is written in C, and a crafted file may make it read or write out of bounds.
    ///
    /// | limit | | changed by |
    /// |---|---|---|
    /// | depth of nesting | 64 | [`ReadOptions::max_depth`] |
    /// | objects that are opened | 1,048,576 | [`ReadOptions::max_objects`] |
    /// | bytes that are read | 1 GiB, and at most 16 times the size of the file plus 64 KiB | [`ReadOptions::max_bytes`] |
    /// | encoded values (bincode, postcard, JSON) | 64 MiB each | [`ReadOptions::decode_limit`] |
    ///
    /// The value in memory takes a multiple of the bytes that are read, depending on its type: a
    /// text of one letter takes 25 bytes. Data that the native engine does not support, above all
    /// compressed data, is an error ([`ErrorKind::NeedsLibhdf5`](crate::ErrorKind::NeedsLibhdf5)),
    /// and so are open files, which need libhdf5. Lazy handles keep the same limits for each read.
    /// Later calls change single limits.
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

    /// Limits the bytes that are read from an [untrusted](ReadOptions::untrusted) file. Bytes that
    /// are read several times count several times.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.limits.get_or_insert(UNTRUSTED).bytes = bytes;
        self
    }

    /// Limits the objects that are opened in an [untrusted](ReadOptions::untrusted) file.
    pub fn max_objects(mut self, objects: u64) -> Self {
        self.limits.get_or_insert(UNTRUSTED).objects = objects;
        self
    }

    /// Sets the number types that are accepted besides the declared one.
    pub fn conversion(mut self, conversion: Conversion) -> Self {
        self.conversion = conversion;
        self
    }

    /// Sets the largest encoded value (bincode, postcard, JSON) that is decoded, in bytes; 1 GiB by
    /// default. bincode and postcard decode at most as many elements as there are bytes, and at
    /// most 2^20 elements that take no bytes (`Vec<()>`).
    pub fn decode_limit(mut self, bytes: usize) -> Self {
        self.decode_limit = bytes;
        self
    }

    /// Reads even a file whose change was interrupted
    /// ([`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted)). Damaged parts are errors when
    /// they are read, but a value may be half old and half new.
    pub fn interrupted(mut self, interrupted: bool) -> Self {
        self.interrupted = interrupted;
        self
    }
}
