//! [`FileOptions`]: how a file is opened or created.

use super::File;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::replace;
use crate::stamp::FORMAT;
use crate::storage::libhdf5::{
    self, Access, CloseDegree, Creation, Driver, LibFile, LibSink, Libver, Locking, SpaceStrategy,
};
use crate::storage::{Dtype, Sink, temporary};
use crate::whole;
use std::path::Path;

/// How a file is opened or created: all that h5py's `File(...)` takes, under the same defaults.
/// What cannot be, alone or together, is [`ErrorKind::InvalidOption`] before any file is touched.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{File, Libver, SpaceStrategy};
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
/// let file = File::options().mode("r+").chunk_cache_bytes(64 << 20).open(&path)?;
/// assert_eq!(file.read::<f64>("x")?, 0.5);
/// # drop(file); std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct FileOptions {
    mode: Option<String>,
    pub(super) access: Access,
    pub(super) creation: Creation,
}

/// What is done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    ReadWrite,
    Create,
    CreateNew,
    Append,
}

impl Mode {
    /// h5py's names.
    fn named(name: &str) -> Result<Self> {
        Ok(match name {
            "r" => Mode::Read,
            "r+" => Mode::ReadWrite,
            "w" => Mode::Create,
            "w-" | "x" => Mode::CreateNew,
            "a" => Mode::Append,
            _ => {
                return Err(Error::new(ErrorKind::InvalidOption(format!("unknown mode `{name}`"))).with_help(
                    "modes are `r` (read), `r+` (read and write), `w` (create anew), `w-` or `x` (create where nothing is) and `a` \
                     (read and write, created where it is missing)",
                ));
            }
        })
    }
}

impl FileOptions {
    /// What [`File::open`] and its like take.
    pub fn new() -> Self {
        FileOptions::default()
    }

    /// What [`open`](FileOptions::open) does, as h5py says it. Default: `r`.
    ///
    /// | mode | the same as | |
    /// |---|---|---|
    /// | `r` | | to be read; the file must exist |
    /// | `r+` | [`open_rw`](FileOptions::open_rw) | to be read and written; the file must exist |
    /// | `w` | [`create`](FileOptions::create) | created; what was there is lost |
    /// | `w-`, `x` | [`create_new`](FileOptions::create_new) | created; an error where there is one |
    /// | `a` | [`append`](FileOptions::append) | to be read and written, or created where there is none |
    pub fn mode(mut self, mode: impl Into<String>) -> Self {
        self.mode = Some(mode.into());
        self
    }

    /// How the bytes get to where they are stored. Default: [`Driver::sec2`], the calls of the
    /// operating system.
    pub fn driver(mut self, driver: impl Into<Driver>) -> Self {
        self.access.driver = driver.into();
        self
    }

    /// The oldest and the newest version of HDF5's format that new objects may have: newer ones are
    /// smaller and faster, older ones are read by older programs. Default: both `V18` for a new
    /// file, `V18` and `Latest` for one that is changed. h5py's `libver="latest"` is `Latest` and
    /// `Latest`.
    pub fn libver(mut self, low: Libver, high: Libver) -> Self {
        self.access.libver = Some((low, high));
        self
    }

    /// So many bytes at the beginning of a new file are the caller's: 0, or a power of two from 512
    /// on, and a multiple of the alignment or of the size of pages. See
    /// [`userblock`](crate::userblock). Default: 0.
    pub fn userblock(mut self, bytes: u64) -> Self {
        self.creation.userblock = bytes;
        self
    }

    /// Bytes of the chunks of a dataset that are kept unpacked in memory: as many as a loop comes
    /// back to. Default: that of HDF5, 1 MiB (8 MiB from HDF5 2.0 on).
    pub fn chunk_cache_bytes(mut self, bytes: usize) -> Self {
        self.access.cache_bytes = Some(bytes);
        self
    }

    /// Slots of the table in which those chunks are found: a prime some 100 times the number of
    /// chunks that are kept. Default: that of HDF5, 521 (8191 from HDF5 2.0 on).
    pub fn chunk_cache_slots(mut self, slots: usize) -> Self {
        self.access.cache_slots = Some(slots);
        self
    }

    /// Which chunk gives way: at 0 the one that was used longest ago, at 1 one that was read or
    /// written completely. Default: 0.75.
    pub fn chunk_cache_w0(mut self, w0: f64) -> Self {
        self.access.cache_w0 = Some(w0);
        self
    }

    /// Objects of at least `threshold` bytes begin at multiples of `interval`, as the disk may like
    /// it. Counts from the end of the user block. Default: data of more than 64,000 bytes at
    /// multiples of 8, so that it can be mapped into memory.
    pub fn alignment(mut self, threshold: u64, interval: u64) -> Self {
        self.access.alignment = Some((threshold, interval));
        self
    }

    /// Metadata gets so many bytes at once: more keep it together, fewer make small files smaller.
    /// Default: 2048.
    pub fn meta_block_size(mut self, bytes: u64) -> Self {
        self.access.meta_block_size = Some(bytes);
        self
    }

    /// How the space of a new file is handed out. Default: [`SpaceStrategy::FreeSpace`]. Anything
    /// else than the defaults is read by HDF5 1.10 and later only.
    pub fn space_strategy(mut self, strategy: SpaceStrategy) -> Self {
        self.creation.strategy = Some(strategy);
        self
    }

    /// Whether a new file remembers its free space when it is closed, so that it is used the next
    /// time too. For [`SpaceStrategy::FreeSpace`] and [`Page`](SpaceStrategy::Page). Default:
    /// false.
    pub fn persist(mut self, persist: bool) -> Self {
        self.creation.persist = Some(persist);
        self
    }

    /// The smallest piece of free space that a new file keeps track of. Default: 1 byte.
    pub fn threshold(mut self, bytes: u64) -> Self {
        self.creation.threshold = Some(bytes);
        self
    }

    /// The size of the pages of a new file with [`SpaceStrategy::Page`]: 512 bytes to 1 GiB.
    /// Default: 4096.
    pub fn page_size(mut self, bytes: u64) -> Self {
        self.creation.page_size = Some(bytes);
        self
    }

    /// Pages of a file with [`SpaceStrategy::Page`] are kept in memory, up to so many bytes (a
    /// power of two), of which metadata and data keep these percentages at least. Fewer and larger
    /// calls of the system. Default: none. Without effect on a file that has no pages.
    pub fn page_buffer(
        mut self,
        bytes: usize,
        min_metadata_percent: u32,
        min_data_percent: u32,
    ) -> Self {
        self.access.page_buffer = Some((bytes, min_metadata_percent, min_data_percent));
        self
    }

    /// Whether other programs are kept from opening the file: from writing what is read here, from
    /// opening what is written here. Default: as HDF5 was built, which is [`Locking::BestEffort`]
    /// as a rule.
    ///
    /// The environment variable `HDF5_USE_FILE_LOCKING`, read when the program first uses HDF5, is
    /// stronger than this option: `FALSE` or `0` is `Off`, `TRUE` or `1` is `On`, and `BEST_EFFORT`
    /// is what it says.
    pub fn locking(mut self, locking: Locking) -> Self {
        self.access.locking = Some(locking);
        self
    }

    /// Whether the root group of a new file keeps the order in which members (and, with `true`,
    /// attributes) are made. Default: that of members, since a map that is saved there may have an
    /// order. With `false`, members are in the order of their names.
    pub fn track_order(mut self, track: bool) -> Self {
        self.creation.track_order = Some(track);
        self
    }

    /// Single writer, multiple readers: with `r`, the file is read beside a program that writes it;
    /// with `r+`, it is written beside programs that read it, as [`File::start_swmr`] makes it
    /// later. Default: false.
    pub fn swmr(mut self, swmr: bool) -> Self {
        self.access.swmr = swmr;
        self
    }

    /// What happens to handles when the file is closed: see [`File::close`]. Default:
    /// [`CloseDegree::Weak`]. HDF5's third degree, `semi`, refuses to close while there are
    /// handles; `close` says so in any case.
    pub fn close_degree(mut self, degree: CloseDegree) -> Self {
        self.access.close_degree = degree;
        self
    }

    /// Opens a file in the [mode](FileOptions::mode) that was said, else to be read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidOption`] for options that cannot be, [`ErrorKind::Unsupported`] for what
    /// the HDF5 that is linked with does not have, [`ErrorKind::Exists`] for `x`, [`ErrorKind::Io`]
    /// and [`ErrorKind::NotHdf5`] for what is there. [`ErrorKind::Locked`] where another program
    /// has it open and locked, [`ErrorKind::Interrupted`] where one was killed while it changed it.
    /// [`ErrorKind::StillOpen`] where the file is open in this process already: to be read, and now
    /// it is to be written, or in any way, and now it is to be created anew, or with another close
    /// degree or locking; it names what holds it.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        let mode = self.mode.as_deref().map_or(Ok(Mode::Read), Mode::named);
        self.open_as(path.as_ref(), mode)
    }

    /// Opens a file to be read and written.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn open_rw(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_as(path.as_ref(), Ok(Mode::ReadWrite))
    }

    /// Creates a file; what was there is lost at once.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn create(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_as(path.as_ref(), Ok(Mode::Create))
    }

    /// Creates a file where there is none yet.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn create_new(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_as(path.as_ref(), Ok(Mode::CreateNew))
    }

    /// Opens a file to be read and written, or creates it where there is none.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn append(&self, path: impl AsRef<Path>) -> Result<File> {
        self.open_as(path.as_ref(), Ok(Mode::Append))
    }

    /// The one door: every file is opened here.
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
        let is_there = || std::fs::symlink_metadata(driver.first_file(path)).is_ok();
        match mode {
            Mode::Read => open_complete(path, false, &self.access),
            Mode::ReadWrite => open_complete(path, true, &self.access),
            Mode::Append if is_there() => open_complete(path, true, &self.access),
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

/// Opens a file that is there already.
pub(crate) fn open_file(path: &Path, writable: bool) -> Result<LibFile> {
    open_with(path, writable, &Access::default())
}

fn open_with(path: &Path, writable: bool, access: &Access) -> Result<LibFile> {
    LibFile::open_with(path, writable, access).map_err(|error| {
        // HDF5's own words are for what is inside of a file.
        match std::fs::metadata(access.driver.first_file(path)) {
            Err(error) => error.into(),
            Ok(found) if found.is_dir() => {
                std::io::Error::from(std::io::ErrorKind::IsADirectory).into()
            }
            Ok(found) if found.len() == 0 => {
                Error::new(ErrorKind::NotHdf5).with_help("the file is empty")
            }
            Ok(_) => error,
        }
    })
}

/// Opens a file, unless it is one that is being changed by somebody else.
pub(super) fn open_complete(path: &Path, writable: bool, access: &Access) -> Result<LibFile> {
    // Asked before it is opened: what is wrong with it does not matter, and closing it would take
    // the mark away.
    let first = access.driver.first_file(path);
    let is_marked = libhdf5::is_interrupted(&first);
    // What this process has open is what the library knows, not what is on the disk.
    if is_marked && libhdf5::holders_of(&first)?.is_empty() {
        let is_locked = temporary::look(&first)
            .is_ok_and(|file| matches!(temporary::lock(&file, false), Ok(Some(false))));
        return Err(if is_locked {
            libhdf5::locked_elsewhere()
        } else {
            crate::error::interrupted()
        });
    }
    let file = open_with(path, writable, access)?;
    if writable && !access.swmr && !is_marked {
        file.opened()?;
    }
    Ok(file)
}

/// Marks a new file as one of this library's.
pub(super) fn stamped(file: LibFile) -> Result<LibFile> {
    let _change = file.begin()?;
    LibSink::new(file.root()?)?.attr(
        FORMAT,
        &Dtype::FixedStr(whole::VERSION.len()),
        &[],
        whole::VERSION.as_bytes(),
    )?;
    Ok(file)
}
