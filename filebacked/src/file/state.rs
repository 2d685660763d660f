//! Properties of an open file.

use super::File;
use crate::error::{Operation, Result};
use crate::storage::libhdf5::{CloseDegree, Libver};
use std::fmt;
use std::path::Path;

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mode, driver) = (self.mode().unwrap_or("?"), self.driver().unwrap_or("?"));
        f.debug_struct("File")
            .field("path", &self.path)
            .field("mode", &mode)
            .field("driver", &driver)
            .finish()
    }
}

impl File {
    /// Returns the path by which the file was opened, h5py's `filename`. The drivers `family`,
    /// `split` and `multi` derive the names of their files from it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns `"r"` or `"r+"`: whether the file may be changed. Like h5py's `mode`, it is one of
    /// these two for any mode of opening. A file that is opened beside a writing `File` of this
    /// process may be written too.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn mode(&self) -> Result<&'static str> {
        self.told(self.lib.is_writable().map(|writable| if writable { "r+" } else { "r" }))
    }

    /// Returns the name of the driver: `sec2`, `stdio`, `core`, `family`, `multi` (also for
    /// `split`) or `log`.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn driver(&self) -> Result<&'static str> {
        self.told(self.lib.driver())
    }

    /// Returns the oldest and the newest HDF5 format version for new objects.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn libver(&self) -> Result<(Libver, Libver)> {
        self.told(self.lib.libver())
    }

    /// Returns the bytes before the HDF5 data; see [`userblock`](crate::file::userblock).
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn userblock_size(&self) -> Result<u64> {
        self.told(self.lib.userblock_size())
    }

    /// Returns the bytes that are allocated for metadata at once.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn meta_block_size(&self) -> Result<u64> {
        self.told(self.lib.meta_block_size())
    }

    /// Returns what happens to handles when the file is closed.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn close_degree(&self) -> Result<CloseDegree> {
        self.told(self.lib.close_degree())
    }

    /// Returns whether the file is open in SWMR mode; [`mode`](File::mode) tells for reading or
    /// writing.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn swmr_mode(&self) -> Result<bool> {
        self.told(self.lib.is_swmr())
    }

    /// Switches to SWMR mode (single writer, multiple readers): other programs can read the file
    /// while this one writes.
    ///
    /// The file must be of HDF5 1.10 or later,
    /// [`libver(Libver::V110, Libver::Latest)`](crate::file::FileOptions::libver). From then on chunked
    /// datasets can be written and extended, but nothing can be created, deleted or renamed.
    /// Readers see [flushed](File::flush) data. Only closing the file ends the mode.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use filebacked::file::Libver;
    /// use filebacked::File;
    ///
    /// # let dir = std::env::temp_dir().join(format!("filebacked-swmr-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// # let path = dir.join("log.h5");
    /// let file = File::options().libver(Libver::V110, Libver::Latest).create(&path)?;
    /// let log = file.as_hdf5()?.new_dataset::<f64>().chunk(64).shape(0..).create("log")?;
    /// file.start_swmr()?;
    ///
    /// let reader = File::options().swmr(true).open(&path)?; // in this program or in another
    /// log.resize(2)?;
    /// log.write(&[0.5, 0.25])?;
    /// file.flush()?;
    ///
    /// reader.refresh("log")?;
    /// assert_eq!(reader.read::<Vec<f64>>("log")?, [0.5, 0.25]);
    /// # drop((log, reader, file)); std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Any error of libhdf5, with help if the file has an older format.
    pub fn start_swmr(&self) -> Result<()> {
        self.done(Operation::Save, self.lib.start_swmr())
    }

    /// Drops the cached state of the object under a name, so that a reader in SWMR mode, and its
    /// handles, see data that the writer has flushed since.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StillOpen`](crate::ErrorKind::StillOpen) if several handles of a dataset are
    /// open, which HDF5 cannot refresh; any error of libhdf5.
    pub fn refresh(&self, name: &str) -> Result<()> {
        self.done(Operation::Load, self.lib.refresh(name).map_err(|e| e.at(name)))
    }

    fn told<R>(&self, answer: Result<R>) -> Result<R> {
        self.done(Operation::Inspect, answer)
    }
}
