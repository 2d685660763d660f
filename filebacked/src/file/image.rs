//! Files in memory, from bytes and to bytes.

use super::{File, stamped};
use crate::error::{Operation, Result};
use crate::storage::libhdf5::LibFile;

/// The bytes by which a file in memory grows.
const INCREMENT: usize = 64 << 10;

impl File {
    /// Creates a file in memory, which is lost when it is closed. [`File::to_image`] returns its
    /// bytes.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::File;
    ///
    /// let file = File::in_memory()?;
    /// file.write("run/7", &vec![0.5, 0.25])?;
    /// let bytes = file.to_image()?; // what a file on the disk would hold
    ///
    /// let copy = File::from_image(&bytes)?;
    /// assert_eq!(copy.read::<Vec<f64>>("run/7")?, [0.5, 0.25]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn in_memory() -> Result<Self> {
        File::of_memory(Operation::Create, LibFile::create_in_memory(INCREMENT).and_then(stamped))
    }

    /// Opens the bytes of a file for reading. They are copied.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotHdf5`](crate::ErrorKind::NotHdf5), or any error of libhdf5.
    pub fn from_image(bytes: &[u8]) -> Result<Self> {
        File::of_memory(Operation::Open, LibFile::open_image(bytes))
    }

    /// Opens the bytes of a file for reading and writing. They are copied: [`File::to_image`]
    /// returns the changed bytes.
    ///
    /// # Errors
    ///
    /// As [`File::from_image`].
    pub fn from_image_rw(bytes: &[u8]) -> Result<Self> {
        File::of_memory(Operation::Open, LibFile::open_image_rw(bytes))
    }

    fn of_memory(operation: Operation, file: Result<LibFile>) -> Result<Self> {
        let file = file.map_err(|e| e.during(operation))?;
        File::of(file, operation)
    }

    /// Returns the bytes of the whole file as it is now, for any driver.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5; [`ErrorKind::Limit`](crate::ErrorKind::Limit) if they do not fit into
    /// memory.
    pub fn to_image(&self) -> Result<Vec<u8>> {
        self.done(Operation::Save, self.lib.image())
    }
}
