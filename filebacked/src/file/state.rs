//! What an open file says of itself.

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
    /// Where the file is: the path that it was opened by, h5py's `filename`. For the drivers
    /// `family`, `split` and `multi` it is what the names of their files are made of.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `"r"` or `"r+"`: whether the file may be changed. As h5py's `mode`, it is one of these two
    /// whatever the file was opened with; what is opened beside a `File` of this process that
    /// writes may write too.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn mode(&self) -> Result<&'static str> {
        self.told(self.lib.is_writable().map(|writable| if writable { "r+" } else { "r" }))
    }

    /// The name of the driver: `sec2`, `stdio`, `core`, `family`, `multi` (of which `split` is one)
    /// or `log`.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn driver(&self) -> Result<&'static str> {
        self.told(self.lib.driver())
    }

    /// The oldest and the newest version of HDF5's format that new objects may have.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn libver(&self) -> Result<(Libver, Libver)> {
        self.told(self.lib.libver())
    }

    /// How many bytes at the beginning of the file are not HDF5's: see
    /// [`userblock`](crate::userblock).
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn userblock_size(&self) -> Result<u64> {
        self.told(self.lib.userblock_size())
    }

    /// How many bytes are taken for metadata at once.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn meta_block_size(&self) -> Result<u64> {
        self.told(self.lib.meta_block_size())
    }

    /// What happens to handles when the file is closed.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn close_degree(&self) -> Result<CloseDegree> {
        self.told(self.lib.close_degree())
    }

    /// Whether the file is read or written in SWMR mode; [`mode`](File::mode) says which.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn swmr_mode(&self) -> Result<bool> {
        self.told(self.lib.is_swmr())
    }

    /// Lets other programs read the file while this one goes on writing: single writer, multiple
    /// readers.
    ///
    /// The file must be of HDF5 1.10 or later,
    /// [`libver(Libver::V110, Libver::Latest)`](crate::FileOptions::libver). From here on datasets
    /// that have chunks may be written and extended; nothing can be created, deleted or renamed.
    /// Readers see what was [flushed](File::flush). There is no way back but closing the file.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use filebacked::{File, Libver};
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
    /// What HDF5 says, with help where the file is of an older format.
    pub fn start_swmr(&self) -> Result<()> {
        self.done(Operation::Save, self.lib.start_swmr())
    }

    /// Forgets what is known of the object under a name, so that a reader in SWMR mode sees what
    /// the writer has flushed since; a handle of it sees that too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StillOpen`](crate::ErrorKind::StillOpen) where more than one handle of a
    /// dataset is open, which HDF5 cannot refresh; else what it says.
    pub fn refresh(&self, name: &str) -> Result<()> {
        self.done(Operation::Load, self.lib.refresh(name).map_err(|e| e.at(name)))
    }

    fn told<R>(&self, answer: Result<R>) -> Result<R> {
        self.done(Operation::Inspect, answer)
    }
}
