//! File drivers, which store the bytes of a file.

use super::id::check;
use crate::error::{Error, ErrorKind, Result};
use hdf5_metno::globals::{H5FD_CORE, H5FD_FAMILY, H5FD_LOG, H5FD_MULTI, H5FD_SEC2, H5FD_STDIO};
use hdf5_metno_sys::h5fd::{
    H5FD_LOG_ALLOC, H5FD_LOG_FREE, H5FD_LOG_LOC_IO, H5FD_LOG_META_IO, H5FD_LOG_NUM_IO,
};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5p::{
    H5P_DEFAULT, H5Pset_fapl_core, H5Pset_fapl_family, H5Pset_fapl_log, H5Pset_fapl_multi,
    H5Pset_fapl_sec2, H5Pset_fapl_split, H5Pset_fapl_stdio,
};
use std::ffi::{CString, OsStr, OsString};
use std::path::{Path, PathBuf};
use std::ptr::null;

/// The driver of a file, which stores its bytes; see `FileOptions::driver`.
///
/// | constructor | stores |
/// |---|---|
/// | [`Driver::sec2`] | the default: a file, through system calls without a buffer |
/// | [`Driver::stdio`] | a file, through C's buffered streams, for systems with nothing else |
/// | [`Driver::core`] | the whole file in memory, written to the disk when it is flushed or closed, or never: [`CoreDriver`] |
/// | [`Driver::family`] | a file in parts of equal size, for file systems with a size limit |
/// | [`Driver::split`] | one file for metadata and one for data, so that the small one can be on the faster disk |
/// | [`Driver::multi`] | six files, one per kind of content |
/// | [`Driver::log`] | like `sec2`, with a log of all reads and writes, to measure the cost of a layout |
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::file::Driver;
/// use filebacked::File;
///
/// let scratch = Driver::core().backing_store(false);
/// let file = File::options().driver(scratch).create("scratch.h5")?;
/// file.write("step", &7)?;
/// assert_eq!(file.driver()?, "core");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver(DriverKind);

/// What there is. A new one has its arms below, and its name in [`driver_name`].
#[derive(Debug, Clone, PartialEq, Eq)]
enum DriverKind {
    Sec2,
    Stdio,
    Core(CoreDriver),
    Family { member: u64 },
    Split { meta: String, raw: String },
    Multi,
    Log { path: PathBuf },
}

impl Default for Driver {
    fn default() -> Self {
        Driver::sec2()
    }
}

/// The settings of a file in memory, from [`Driver::core`].
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::file::Driver;
/// use filebacked::File;
///
/// let file = File::options().driver(Driver::core().backing_store(false)).create("scratch")?; // touches no disk
/// file.write("x", &7)?;
/// assert_eq!(file.read::<i32>("x")?, 7);
/// assert!(!std::path::Path::new("scratch").exists());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct CoreDriver {
    increment: usize,
    backing_store: bool,
}

impl CoreDriver {
    /// Sets the bytes by which the memory grows. Default: 64 KiB.
    pub fn increment(mut self, bytes: usize) -> Self {
        self.increment = bytes;
        self
    }

    /// Sets whether changes are written to the file on the disk when it is flushed or closed.
    /// Default: true. If false, the path is only a name; an existing file is read, but never
    /// changed.
    pub fn backing_store(mut self, backed: bool) -> Self {
        self.backing_store = backed;
        self
    }
}

impl From<CoreDriver> for Driver {
    fn from(core: CoreDriver) -> Self {
        Driver(DriverKind::Core(core))
    }
}

/// Drivers that this crate, or the linked HDF5, lacks, with alternatives.
const ELSEWHERE: [(&str, &str, &str); 5] = [
    (
        "ros3",
        "HDF5 was built without it",
        "load the object into memory, and read it with `from_bytes`",
    ),
    (
        "direct",
        "HDF5 was built without it",
        "`sec2` with `alignment` and `page_buffer` spares the disk as well",
    ),
    (
        "mpio",
        "HDF5 was built without MPI",
        "write one file per process, and let one process add a file with external links to them",
    ),
    ("fileobj", "it is Python's", "`to_bytes` and `from_bytes` are files in memory"),
    (
        "hdfs",
        "HDF5 was built without it",
        "load the file into memory, and read it with `from_bytes`",
    ),
];

/// The names that [`Driver::named`] knows.
const NAMES: [&str; 7] = ["sec2", "stdio", "core", "family", "split", "multi", "log"];

impl Driver {
    /// Uses system calls without a buffer. This is the default.
    pub fn sec2() -> Self {
        Driver(DriverKind::Sec2)
    }

    /// Uses C's buffered streams.
    pub fn stdio() -> Self {
        Driver(DriverKind::Stdio)
    }

    /// Keeps the whole file in memory. An existing file is read at once when it is opened.
    pub fn core() -> CoreDriver {
        CoreDriver { increment: 64 << 10, backing_store: true }
    }

    /// Splits a file into parts of a given size in bytes. The `%d` (or `%05d`) in its path stands
    /// for the number of the part, from 0. When opening a file, 0 means its existing size.
    pub fn family(member_size: u64) -> Self {
        Driver(DriverKind::Family { member: member_size })
    }

    /// Stores metadata and data in one file each, named by the path and these extensions. h5py's
    /// extensions are `-m.h5` and `-r.h5`. In an extension with `%s`, the path replaces the `%s`.
    pub fn split(meta: impl Into<String>, raw: impl Into<String>) -> Self {
        Driver(DriverKind::Split { meta: meta.into(), raw: raw.into() })
    }

    /// Uses six files, one per kind of content, named by the path and `-s.h5` (superblock), `-b.h5`
    /// (B-trees), `-r.h5` (data), `-g.h5` (global heap), `-l.h5` (local heaps) and `-o.h5` (object
    /// headers).
    pub fn multi() -> Self {
        Driver(DriverKind::Multi)
    }

    /// Like `sec2`, with a text file that logs each read, write, allocation and truncation: offset,
    /// length and kind of content.
    pub fn log(path: impl Into<PathBuf>) -> Self {
        Driver(DriverKind::Log { path: path.into() })
    }

    /// Returns the driver with an h5py name, with h5py's defaults: `sec2`, `stdio`, `core`,
    /// `family`, `split`, `multi`; and `log`, into a file `hdf5.log`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for `ros3`, `direct`, `mpio` and `fileobj`, with alternatives,
    /// and for unknown names.
    pub fn named(name: &str) -> Result<Self> {
        Ok(match name {
            "sec2" | "windows" => Driver::sec2(),
            "stdio" => Driver::stdio(),
            "core" => Driver::core().into(),
            "family" => Driver::family(i32::MAX as u64),
            "split" => Driver::split("-m.h5", "-r.h5"),
            "multi" => Driver::multi(),
            "log" => Driver::log("hdf5.log"),
            _ => {
                let known = format!("drivers are `{}`", NAMES.join("`, `"));
                let (why, help) = match ELSEWHERE.iter().find(|(known, ..)| *known == name) {
                    Some((_, why, help)) => {
                        (format!("the driver `{name}` is missing: {why}"), (*help).to_string())
                    }
                    None => (format!("unknown driver `{name}`"), known),
                };
                return Err(Error::new(ErrorKind::Unsupported(why)).with_help(help));
            }
        })
    }

    /// Whether creating a file touches no disk.
    pub fn is_memory(&self) -> bool {
        matches!(&self.0, DriverKind::Core(core) if !core.backing_store)
    }

    /// Whether free space can be kept, pages made, and data aligned.
    pub fn has_one_space(&self) -> bool {
        !matches!(self.0, DriverKind::Split { .. } | DriverKind::Multi)
    }

    /// Whether readers find what a writer in another process has written, in its order.
    pub fn has_swmr(&self) -> bool {
        matches!(self.0, DriverKind::Sec2 | DriverKind::Log { .. })
    }

    /// The file that is there if a file of this path is.
    pub fn first_file(&self, path: &Path) -> PathBuf {
        match &self.0 {
            DriverKind::Family { .. } => member(path).unwrap_or_else(|_| path.to_path_buf()),
            DriverKind::Split { meta, .. } if meta.contains("%s") => {
                // Another path takes the place of the `%s`, which may have any bytes.
                let (before, after) = meta.split_once("%s").unwrap_or((meta, ""));
                let mut name = OsString::from(before);
                name.push(path);
                name.push(after);
                name.into()
            }
            DriverKind::Split { meta, .. } => with_end(path, meta),
            DriverKind::Multi => with_end(path, "-s.h5"),
            _ => path.to_path_buf(),
        }
    }

    /// Checks what HDF5 takes for granted, before anything is touched.
    pub fn check(&self, path: &Path, opening: bool) -> Result<()> {
        let wrong = |what: &str, help: &str| {
            Err(Error::new(ErrorKind::InvalidOption(what.into())).with_help(help))
        };
        match &self.0 {
            DriverKind::Core(CoreDriver { increment: 0, .. }) => wrong(
                "a file in memory that grows by 0 bytes",
                "pass at least 1; the default is 64 KiB",
            ),
            DriverKind::Family { member: size } => {
                if *size == 0 && !opening {
                    return wrong(
                        "parts of 0 bytes",
                        "pass the largest size of a part of a `family`",
                    );
                }
                if *size > i64::MAX as u64 {
                    return wrong(
                        "parts larger than 2^63 bytes",
                        "file systems cannot store such files",
                    );
                }
                member(path).map(drop)
            }
            DriverKind::Split { meta, raw } => {
                // They become formats of C's printf, in buffers of a size.
                let is_fine = |end: &str| {
                    !end.is_empty()
                        && end.matches('%').count() == end.matches("%s").count().min(1)
                        && !end.contains('\0')
                };
                if !is_fine(meta) || !is_fine(raw) {
                    return wrong(
                        "an extension that is empty, or that has a `%` besides one `%s`",
                        "the extensions of h5py are `-m.h5` and `-r.h5`",
                    );
                }
                if meta == raw {
                    return wrong(
                        "metadata and data with the same extension",
                        "the extensions of h5py are `-m.h5` and `-r.h5`",
                    );
                }
                if path.as_os_str().len() + meta.len().max(raw.len()) > 1000 {
                    return wrong(
                        "a path longer than 1000 bytes",
                        "shorten the path: the driver `split` takes up to 1000 bytes",
                    );
                }
                Ok(())
            }
            DriverKind::Multi if path.as_os_str().len() > 1000 => wrong(
                "a path longer than 1000 bytes",
                "shorten the path: the driver `multi` takes up to 1000 bytes",
            ),
            _ => Ok(()),
        }
    }

    /// Whether a file access list needs to say something.
    pub(super) fn is_default(&self) -> bool {
        self.0 == DriverKind::Sec2
    }

    /// Says it to a file access list. The lock is held.
    pub(super) fn set(&self, list: hid_t) -> Result<()> {
        // SAFETY: the list is open, as are those of members; texts end in NUL, and the library
        // copies all that it keeps.
        unsafe {
            match &self.0 {
                DriverKind::Sec2 => check(H5Pset_fapl_sec2(list)),
                DriverKind::Stdio => check(H5Pset_fapl_stdio(list)),
                DriverKind::Core(core) => {
                    check(H5Pset_fapl_core(list, core.increment, core.backing_store.into()))
                }
                DriverKind::Family { member } => {
                    check(H5Pset_fapl_family(list, *member, H5P_DEFAULT))
                }
                DriverKind::Split { meta, raw } => {
                    let (meta, raw) = (c_string(meta)?, c_string(raw)?);
                    check(H5Pset_fapl_split(
                        list,
                        meta.as_ptr(),
                        H5P_DEFAULT,
                        raw.as_ptr(),
                        H5P_DEFAULT,
                    ))
                }
                DriverKind::Multi => {
                    // Without arrays, the library has a file a kind of content, and even shares of
                    // the addresses.
                    check(H5Pset_fapl_multi(list, null(), null(), null(), null(), 0))
                }
                DriverKind::Log { path } => {
                    let path = super::file::c_path(path)?;
                    // Others count bytes in memory of a size that has to be known before.
                    let flags = H5FD_LOG_LOC_IO
                        | H5FD_LOG_META_IO
                        | H5FD_LOG_NUM_IO
                        | H5FD_LOG_ALLOC
                        | H5FD_LOG_FREE;
                    check(H5Pset_fapl_log(list, path.as_ptr(), flags, 0))
                }
            }
        }
        .map(drop)
    }
}

/// The name of the driver of a file access list. The lock is held.
pub(super) fn driver_name(driver: hid_t) -> &'static str {
    let known = [
        (*H5FD_SEC2, "sec2"),
        (*H5FD_STDIO, "stdio"),
        (*H5FD_CORE, "core"),
        (*H5FD_FAMILY, "family"),
        (*H5FD_MULTI, "multi"),
        (*H5FD_LOG, "log"),
    ];
    known.iter().find(|(id, _)| *id == driver).map_or("unknown", |(_, name)| name)
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// The first part of a family. Its path is a format of C's printf, so that it may have nothing else
/// in it.
fn member(path: &Path) -> Result<PathBuf> {
    let wrong = || {
        Error::new(ErrorKind::InvalidOption("a path without one `%d`".into())).with_help(
            "put one `%d` into the path, as in `run-%05d.h5`; write `%%` for a percent sign",
        )
    };
    let name = path.as_os_str();
    if name.len() > 3000 {
        return Err(Error::new(ErrorKind::InvalidOption("a path longer than 3000 bytes".into())));
    }
    let bytes = name.as_encoded_bytes();
    let mut first: Vec<u8> = Vec::with_capacity(bytes.len());
    let (mut at, mut numbers) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        if *byte != b'%' {
            first.push(*byte);
            continue;
        }
        if bytes.get(at) == Some(&b'%') {
            first.push(b'%');
            at += 1;
            continue;
        }
        let width =
            bytes.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
        let digits =
            std::str::from_utf8(bytes.get(at..at + width).unwrap_or_default()).unwrap_or_default();
        let wide: usize =
            if digits.is_empty() { 1 } else { digits.parse().map_err(|_| wrong())? };
        if wide > 20 || !matches!(bytes.get(at + width), Some(b'd' | b'u' | b'i')) {
            return Err(wrong());
        }
        let fill = if digits.starts_with('0') { b'0' } else { b' ' };
        first.extend(std::iter::repeat_n(fill, wide.saturating_sub(1)));
        first.push(b'0');
        at += width + 1;
        numbers += 1;
    }
    if numbers != 1 {
        return Err(wrong());
    }
    from_bytes(first).ok_or_else(wrong)
}

#[cfg(unix)]
fn from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(OsStr::from_bytes(&bytes).into())
}

#[cfg(not(unix))]
fn from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    Some(OsStr::new(std::str::from_utf8(&bytes).ok()?).into())
}

fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| ErrorKind::InvalidOption("text with NUL".into()).into())
}
