//! [`FileOptions`]: options for opening and creating files.

use super::File;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::replace;
use crate::stamp::{FORMAT, FORMAT_VERSION};
use crate::storage::libhdf5::{
    self, Access, CloseDegree, Creation, Driver, Journal, LibFile, LibSink, Libver, Locking,
    SpaceStrategy,
};
use crate::storage::signature;
use crate::storage::{Dtype, Sink, temporary};
use std::path::Path;

/// How a file is opened or created: all that h5py's `File(...)` takes, with the same defaults.
///
/// The last call says what is done: [`open`](FileOptions::open),
/// [`open_rw`](FileOptions::open_rw), [`create`](FileOptions::create),
/// [`create_new`](FileOptions::create_new), [`open_or_create`](FileOptions::open_or_create), or
/// [`open_mode`](FileOptions::open_mode) with one of h5py's letters. Options that are invalid,
/// alone or together, are [`ErrorKind::InvalidOption`] before any file is touched.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::file::{Libver, SpaceStrategy};
/// use filebacked::File;
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-options-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("runs.h5");
/// let file = File::options()
///     .libver(Libver::V110, Libver::Latest)
///     .space_strategy(SpaceStrategy::Page)
///     .page_size(8192)
///     .userblock(8192)
///     .create(&path)?;
/// file.write("x", &0.5)?;
/// assert_eq!(file.userblock_size()?, 8192);
/// drop(file);
///
/// let file = File::options().chunk_cache_bytes(64 << 20).open_rw(&path)?;
/// assert_eq!(file.read::<f64>("x")?, 0.5);
/// # drop(file); std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct FileOptions {
    pub(super) access: Access,
    pub(super) creation: Creation,
}

/// The way in which a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    ReadWrite,
    Create,
    CreateNew,
    OpenOrCreate,
}

impl Mode {
    /// h5py's names.
    fn named(name: &str) -> Result<Self> {
        Ok(match name {
            "r" => Mode::Read,
            "r+" => Mode::ReadWrite,
            "w" => Mode::Create,
            "w-" | "x" => Mode::CreateNew,
            "a" => Mode::OpenOrCreate,
            _ => {
                let what = format!("unknown mode `{name}`");
                return Err(Error::new(ErrorKind::InvalidOption(what)).with_help(
                    "use `r` to read, `r+` to read and write, `w` to replace the file, `w-` or `x` \
                     to create a new one, `a` to read and write a file that is created if it is \
                     missing",
                ));
            }
        })
    }
}

impl FileOptions {
    /// Returns the default options, which [`File::open`] uses.
    pub fn new() -> Self {
        FileOptions::default()
    }

    /// Sets the driver that stores the bytes. Default: [`Driver::sec2`], the calls of the operating
    /// system.
    pub fn driver(mut self, driver: impl Into<Driver>) -> Self {
        self.access.driver = driver.into();
        self
    }

    /// Sets the oldest and the newest HDF5 format version for new objects. Newer versions are
    /// smaller and faster; older versions are read by older programs. Default: both `V18` for a new
    /// file, `V18` and `Latest` for an existing one. h5py's `libver="latest"` is `Latest` and
    /// `Latest`.
    pub fn libver(mut self, low: Libver, high: Libver) -> Self {
        self.access.libver = Some((low, high));
        self
    }

    /// Reserves bytes at the beginning of a new file for the caller: 0, or a power of two from 512
    /// on that is a multiple of the alignment or the page size. See
    /// [`userblock`](crate::file::userblock). Default: 0.
    pub fn userblock(mut self, bytes: u64) -> Self {
        self.creation.userblock = bytes;
        self
    }

    /// Sets the size of the cache of decoded chunks per dataset, in bytes. Default: HDF5's, 1 MiB
    /// (8 MiB from HDF5 2.0 on).
    pub fn chunk_cache_bytes(mut self, bytes: usize) -> Self {
        self.access.cache_bytes = Some(bytes);
        self
    }

    /// Sets the slots of the chunk cache's hash table: a prime of some 100 times the number of
    /// cached chunks. Default: HDF5's, 521 (8191 from HDF5 2.0 on).
    pub fn chunk_cache_slots(mut self, slots: usize) -> Self {
        self.access.cache_slots = Some(slots);
        self
    }

    /// Sets which chunk the cache evicts: at 0 the least recently used, at 1 a chunk that was
    /// completely read or written. Default: 0.75.
    pub fn chunk_cache_w0(mut self, w0: f64) -> Self {
        self.access.cache_w0 = Some(w0);
        self
    }

    /// Aligns objects of at least `threshold` bytes to multiples of `interval`, counted from the
    /// end of the user block. Default: data of more than 64,000 bytes at multiples of 8, so that it
    /// can be mapped into memory.
    pub fn alignment(mut self, threshold: u64, interval: u64) -> Self {
        self.access.alignment = Some((threshold, interval));
        self
    }

    /// Sets the bytes that are allocated for metadata at once. More keep metadata together, fewer
    /// make small files smaller. Default: 2048.
    pub fn meta_block_size(mut self, bytes: u64) -> Self {
        self.access.meta_block_size = Some(bytes);
        self
    }

    /// Sets how a new file manages its space. Default: [`SpaceStrategy::FreeSpace`]. Other
    /// strategies need HDF5 1.10 or later to read the file.
    pub fn space_strategy(mut self, strategy: SpaceStrategy) -> Self {
        self.creation.strategy = Some(strategy);
        self
    }

    /// Sets whether a new file stores its free space when it is closed, so that later openings can
    /// use it. For [`SpaceStrategy::FreeSpace`] and [`Page`](SpaceStrategy::Page). Default: false.
    pub fn persist(mut self, persist: bool) -> Self {
        self.creation.persist = Some(persist);
        self
    }

    /// Sets the smallest piece of free space that a new file tracks. Default: 1 byte.
    pub fn threshold(mut self, bytes: u64) -> Self {
        self.creation.threshold = Some(bytes);
        self
    }

    /// Sets the page size of a new file with [`SpaceStrategy::Page`]: 512 bytes to 1 GiB. Default:
    /// 4096.
    pub fn page_size(mut self, bytes: u64) -> Self {
        self.creation.page_size = Some(bytes);
        self
    }

    /// Caches pages of a file with [`SpaceStrategy::Page`], up to this number of bytes (a power of
    /// two). Metadata and data keep at least the given percentages. This makes fewer and larger
    /// system calls. Default: none. No effect on files without pages.
    pub fn page_buffer(
        mut self,
        bytes: usize,
        min_metadata_percent: u32,
        min_data_percent: u32,
    ) -> Self {
        self.access.page_buffer = Some((bytes, min_metadata_percent, min_data_percent));
        self
    }

    /// Sets whether the file is locked against other programs: a file open for reading cannot be
    /// written, a file open for writing cannot be opened. Default: as HDF5 was built, usually
    /// [`Locking::BestEffort`].
    ///
    /// The environment variable `HDF5_USE_FILE_LOCKING`, read when the program first uses HDF5,
    /// overrides this option: `FALSE` or `0` is `Off`, `TRUE` or `1` is `On`, and `BEST_EFFORT` is
    /// `BestEffort`.
    pub fn locking(mut self, locking: Locking) -> Self {
        self.access.locking = Some(locking);
        self
    }

    /// Sets how a file on the disk changes. Default: [`Journal::Durable`]: changes since the last
    /// [`flush`](File::flush) or [`close`](File::close) are lost together, or not at all. See
    /// [`Journal`].
    pub fn journal(mut self, journal: Journal) -> Self {
        self.access.journal = journal;
        self
    }

    /// Sets whether the root group of a new file tracks the creation order of members and
    /// attributes. Default: of members only, since a map that is saved there may have an order.
    /// With `false`, members are in the order of their names.
    pub fn track_order(mut self, track: bool) -> Self {
        self.creation.track_order = Some(track);
        self
    }

    /// Opens in SWMR mode (single writer, multiple readers): [`open`](FileOptions::open) reads the
    /// file beside a program that writes it; [`open_rw`](FileOptions::open_rw) writes it beside
    /// programs that read it, as after [`File::start_swmr`]. Default: false.
    pub fn swmr(mut self, swmr: bool) -> Self {
        self.access.swmr = swmr;
        self
    }

    /// Sets what happens to handles when the file is closed: see [`File::close`]. Default:
    /// [`CloseDegree::Weak`]. HDF5's third degree, `semi`, refuses to close while handles are open;
    /// `close` reports them in any case.
    pub fn close_degree(mut self, degree: CloseDegree) -> Self {
        self.access.close_degree = degree;
        self
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidOption`] for invalid options, [`ErrorKind::Unsupported`] for features
    /// that the linked HDF5 lacks, [`ErrorKind::Exists`] for `x`, [`ErrorKind::Io`] and
    /// [`ErrorKind::NotHdf5`] for the file itself. [`ErrorKind::Locked`] if another program has the
    /// file open and locked, [`ErrorKind::Interrupted`] if a change of it was interrupted.
    /// [`ErrorKind::StillOpen`] if this process already has the file open, and would now write,
    /// create or lock it, or open it with another close degree; the error names the open handles.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_as(path.as_ref(), Ok(Mode::Read))
    }

    /// Opens or creates a file in one of h5py's modes.
    ///
    /// | mode | the same as | |
    /// |---|---|---|
    /// | `r` | [`open`](FileOptions::open) | read; the file must exist |
    /// | `r+` | [`open_rw`](FileOptions::open_rw) | read and write; the file must exist |
    /// | `w` | [`create`](FileOptions::create) | create; an old file of this name is lost |
    /// | `w-`, `x` | [`create_new`](FileOptions::create_new) | create; an error if the file exists |
    /// | `a` | [`open_or_create`](FileOptions::open_or_create) | read and write; created if missing |
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("filebacked-mode-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// let file = filebacked::File::options().open_mode(dir.join("runs.h5"), "a")?;
    /// assert_eq!(file.mode()?, "r+");
    /// # drop(file); std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidOption`] for another mode, or as [`FileOptions::open`].
    pub fn open_mode(&self, path: impl AsRef<Path>, mode: &str) -> Result<File> {
        self.open_as(path.as_ref(), Mode::named(mode))
    }

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn open_rw(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_as(path.as_ref(), Ok(Mode::ReadWrite))
    }

    /// Creates a file, and deletes the content of an existing one at once.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn create(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_as(path.as_ref(), Ok(Mode::Create))
    }

    /// Creates a file that must not exist yet.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn create_new(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_as(path.as_ref(), Ok(Mode::CreateNew))
    }

    /// Opens a file for reading and writing, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn open_or_create(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_as(path.as_ref(), Ok(Mode::OpenOrCreate))
    }

    /// Opens every file, for all of the above.
    fn open_as(&self, path: &Path, mode: Result<Mode>) -> Result<File> {
        let creates = matches!(mode, Ok(Mode::Create | Mode::CreateNew));
        let operation = if creates { Operation::Create } else { Operation::Open };
        let lib = mode.and_then(|mode| {
            self.check(path, mode)?;
            self.open_checked(path, mode)
        });
        File::new(path, operation, || lib)
    }

    fn open_checked(&self, path: &Path, mode: Mode) -> Result<LibFile> {
        let driver = &self.access.driver;
        let is_there =
            || std::fs::symlink_metadata(driver.first_file(path)).is_ok() || libhdf5::is_new(path);
        match mode {
            Mode::Read => open_complete(path, false, &self.access),
            Mode::ReadWrite => open_complete(path, true, &self.access),
            Mode::OpenOrCreate if is_there() => open_complete(path, true, &self.access),
            Mode::CreateNew if !driver.is_memory() && is_there() => Err(ErrorKind::Exists.into()),
            Mode::Create if !driver.is_memory() && self.access.locking != Some(Locking::Off) => {
                // The library empties a file before it finds out that it is locked.
                if driver.first_file(path) == path && libhdf5::holders_of(path)?.is_empty() {
                    replace::refuse_used(path)?;
                }
                self.created(path, mode)
            }
            _ => self.created(path, mode),
        }
    }

    fn created(&self, path: &Path, mode: Mode) -> Result<LibFile> {
        stamped(LibFile::create_with(path, mode != Mode::Create, &self.access, &self.creation)?)
    }
}

/// Opens an existing file.
pub(crate) fn open_file(path: &Path, writable: bool) -> Result<LibFile> {
    open_with(path, writable, &Access::default())
}

fn open_with(path: &Path, writable: bool, access: &Access) -> Result<LibFile> {
    LibFile::open_with(path, writable, access).map_err(|error| {
        // libhdf5's own words are for what is inside a file.
        let first = access.driver.first_file(path);
        match std::fs::metadata(&first) {
            Err(_) if libhdf5::is_new(&first) => error,
            Err(error) => error.into(),
            Ok(found) if found.is_dir() => signature::directory(),
            Ok(_) => match std::fs::File::open(&first) {
                Ok(file) => signature::explained(&file, error),
                Err(_) => error,
            },
        }
    })
}

/// Opens a file. Fails if another process has it open for writing.
pub(super) fn open_complete(path: &Path, writable: bool, access: &Access) -> Result<LibFile> {
    // Asked before it is opened: what is wrong with it does not matter, and closing it would take
    // the mark away.
    let first = access.driver.first_file(path);
    let is_marked = libhdf5::is_interrupted(&first);
    // libhdf5 would make an HDF5 file of an empty one.
    let is_empty =
        writable && std::fs::metadata(&first).is_ok_and(|file| file.is_file() && file.len() == 0);
    // libhdf5 has the current state of files that this process has open, not the disk.
    if (is_marked || is_empty) && libhdf5::holders_of(&first)?.is_empty() {
        let is_locked = temporary::look(&first)
            .is_ok_and(|file| matches!(temporary::lock(&file, false), Ok(Some(false))));
        return Err(match is_locked {
            true => libhdf5::locked_elsewhere(),
            false if is_empty => signature::not_hdf5(0),
            false => crate::storage::error::interrupted(),
        });
    }
    let file = open_with(path, writable, access)?;
    if writable && !access.swmr && !is_marked {
        file.opened()?;
    }
    Ok(file)
}

/// Marks a new file as a file of this crate.
pub(super) fn stamped(file: LibFile) -> Result<LibFile> {
    let _change = file.begin()?;
    LibSink::new(file.root()?)?.attr(
        FORMAT,
        &Dtype::FixedStr(FORMAT_VERSION.len()),
        &[],
        FORMAT_VERSION.as_bytes(),
    )?;
    Ok(file)
}
