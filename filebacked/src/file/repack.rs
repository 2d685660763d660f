//! Rewrites whole files, without free space, and with other storage of datasets.

use super::atomic::{copy, private, still_open};
use super::options::open_complete;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::{Operation, Result};
use crate::storage::libhdf5::{Access, LibFile, Recoding};
use crate::storage::{self, Compression};
use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

/// Rewrites a file without its free space, completely or not at all, like [`save`](crate::save).
///
/// All objects are copied as they are stored, in files of any program: compressed data with its
/// filters, attributes, hard links to shared objects, soft and external links, the order of links
/// and attributes, committed datatypes, references, the user block, and the format version. Readers
/// of the old file keep it.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("filebacked-repack-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("runs.h5");
/// let file = filebacked::File::create(&path)?;
/// file.write("large", &vec![0.5; 100_000])?;
/// file.write("small", &7u8)?;
/// file.delete("large")?;
/// file.close()?;
/// filebacked::file::repack(&path)?;
/// assert!(std::fs::metadata(&path)?.len() < 5000);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Interrupted`] for a file whose change was interrupted, [`ErrorKind::StillOpen`] for
/// a file that this process has open for writing, [`ErrorKind::Unsupported`] for region references
/// inside other elements, and any error of reading or replacing the file. After an error the file
/// is unchanged.
pub fn repack(path: impl AsRef<Path>) -> Result<()> {
    RepackOptions::new().repack(path)
}

/// Rewrites a file like [`repack`], to another path. Replaces an existing file there. See
/// [`repack`] for an example.
///
/// # Errors
///
/// As [`repack`].
pub fn repack_to(path: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<()> {
    RepackOptions::new().repack_to(path, target)
}

/// Options for [`repack`] that change the storage of datasets, as `h5repack -f` and `-l` do. By
/// default nothing changes.
///
/// The options apply to every dataset of 4096 bytes or more with elements of fixed size: numbers,
/// text of fixed length, and records of these. Text and sequences of variable length, references,
/// virtual datasets and datasets with external data are copied as they are stored.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::file::RepackOptions;
/// use filebacked::Compression;
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-recode-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("runs.h5");
/// filebacked::save(&path, &vec![0.5; 100_000])?;
/// RepackOptions::new().compression(Compression::Gzip(4)).fletcher32(true).repack(&path)?;
/// assert!(std::fs::metadata(&path)?.len() < 20_000);
/// assert_eq!(filebacked::load::<Vec<f64>>(&path)?, [0.5; 100_000]);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct RepackOptions {
    compression: Option<Compression>,
    fletcher32: Option<bool>,
    chunk_bytes: Option<usize>,
    only: Option<Arc<Chooser>>,
}

type Chooser = dyn Fn(&str) -> bool + Send + Sync;

impl fmt::Debug for RepackOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RepackOptions");
        debug.field("compression", &self.compression).field("fletcher32", &self.fletcher32);
        debug.field("chunk_bytes", &self.chunk_bytes).finish_non_exhaustive()
    }
}

impl RepackOptions {
    /// Returns the default options, which [`repack`] uses.
    pub fn new() -> Self {
        RepackOptions::default()
    }

    /// Compresses datasets this way, and removes their old filters; `Compression::None` only
    /// removes them.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Adds a checksum (HDF5's fletcher32) to each chunk, or removes it.
    pub fn fletcher32(mut self, checksums: bool) -> Self {
        self.fletcher32 = Some(checksums);
        self
    }

    /// Sets the approximate size of a chunk in bytes. By default datasets keep their chunks.
    pub fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.chunk_bytes = Some(bytes);
        self
    }

    /// Applies the options only to datasets whose path, such as `runs/7/samples`, satisfies the
    /// predicate. A dataset with several paths is tested once.
    pub fn only(mut self, chosen: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.only = Some(Arc::new(chosen));
        self
    }

    /// Rewrites a file; see [`repack`].
    ///
    /// # Errors
    ///
    /// As [`repack`]; [`ErrorKind::Unsupported`] for an impossible compression, and for datasets in
    /// a file with region references, which would need other storage.
    pub fn repack(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.repack_to(path, path)
    }

    /// Rewrites a file to another path; see [`repack_to`].
    ///
    /// # Errors
    ///
    /// As [`RepackOptions::repack`].
    pub fn repack_to(&self, path: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<()> {
        let (path, target) = (path.as_ref(), target.as_ref());
        self.copy(path, target).map_err(|e| e.during(Operation::Save).in_file(path))
    }

    fn copy(&self, path: &Path, target: &Path) -> Result<()> {
        storage::check(self.compression.unwrap_or_default())?;
        let only = |path: &str| self.only.as_ref().is_none_or(|only| only(path));
        let recoding = Recoding {
            compression: self.compression,
            fletcher32: self.fletcher32,
            chunk_bytes: self.chunk_bytes,
            only: &only,
        };
        let is_asked =
            self.compression.is_some() || self.fletcher32.is_some() || self.chunk_bytes.is_some();
        copied(path, target, is_asked.then_some(&recoding))
    }
}

fn copied(path: &Path, target: &Path, how: Option<&Recoding<'_>>) -> Result<()> {
    let old = open_complete(path, false, &Access::default())?;
    if old.is_open_to_write()? {
        return Err(still_open(old.elsewhere()?, "close it first: later changes would be lost"));
    }
    let replacement = private(target)?;
    let userblock = match how {
        None => old.repack(replacement.path())?,
        Some(how) => {
            let temporary = private(target)?;
            copy(path, &temporary)?;
            let recoded = LibFile::open_private(temporary.path())?;
            recoded.recode(&old, how)?;
            recoded.flush()?;
            let userblock = recoded.repack(replacement.path())?;
            recoded.close()?;
            userblock
        }
    };
    drop(old);
    if userblock > 0 {
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(userblock).read_to_end(&mut bytes)?;
        fs::File::options().write(true).open(replacement.path())?.write_all(&bytes)?;
    }
    replacement.commit(true)
}
