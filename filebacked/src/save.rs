//! Saves and loads values as whole files, or as the bytes of whole files.

use crate::backed::{FileBacked, Save};
use crate::buffer::Buffer;
use crate::error::{Operation, Result};
use crate::options::{Durability, ReadOptions, WriteOptions};
use crate::replace::{self, Replacement};
use crate::storage::engine::{Medium, Target};
use crate::whole;
use std::path::Path;

/// Saves a value as a whole HDF5 file, completely or not at all. An existing file is replaced once
/// the new one is on the disk.
///
/// A struct, an enum with data, or a map of links puts its members at the root of the file; any
/// other value is named `value`.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::FileBacked;
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Model { step: u64, weights: Vec<f64>, note: Option<String> }
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("model.h5");
/// let model = Model { step: 7, weights: vec![0.5, 1.5], note: None };
/// filebacked::save(&path, &model)?;
/// assert_eq!(filebacked::load::<Model>(&path)?, model);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Locked`](crate::ErrorKind::Locked) if another program is writing the old file, and
/// [`ErrorKind::StillOpen`](crate::ErrorKind::StillOpen) if this process is: its later writes would
/// be lost. Any other error of writing the value or replacing the file. After an error the old file
/// is unchanged.
pub fn save<T: Save + ?Sized>(path: impl AsRef<Path>, value: &T) -> Result<()> {
    WriteOptions::new().save(path, value)
}

/// Loads a value from an HDF5 file. Files of other programs work if their names and shapes match
/// the type. See [`save`] for an example.
///
/// # Errors
///
/// The file does not hold a `T`, or cannot be read. The error names the path inside the file.
pub fn load<T: FileBacked>(path: impl AsRef<Path>) -> Result<T> {
    ReadOptions::new().load(path)
}

/// Loads a dataset into an existing slice or array; see [`Buffer`].
///
/// `name` is the path of the dataset in the file, with `/` between names. An array that was saved
/// as a whole file is named `value`.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("filebacked-into-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("frames.h5");
/// filebacked::save(&path, &vec![0.5, 0.25, 0.125])?;
///
/// let mut frame = [0.0; 3];
/// filebacked::load_into(&path, "value", &mut frame)?;
/// assert_eq!(frame, [0.5, 0.25, 0.125]);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Missing`](crate::ErrorKind::Missing),
/// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) for a dataset of another shape or type, or
/// any error of reading. The content of the buffer is then unspecified.
pub fn load_into<B: Buffer + ?Sized>(
    path: impl AsRef<Path>,
    name: &str,
    buffer: &mut B,
) -> Result<()> {
    ReadOptions::new().load_into(path, name, buffer)
}

/// Returns a value as the bytes of a complete HDF5 file. Equal values give equal bytes.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// let bytes = filebacked::to_bytes(&vec![1.0, 2.0])?;
/// assert_eq!(filebacked::from_bytes::<Vec<f64>>(&bytes)?, [1.0, 2.0]);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// The value cannot be written, for example because it is nested too deep.
pub fn to_bytes<T: Save + ?Sized>(value: &T) -> Result<Vec<u8>> {
    WriteOptions::new().to_bytes(value)
}

/// Loads a value from the bytes of a whole HDF5 file. See [`to_bytes`] for an example.
///
/// # Errors
///
/// As [`load`].
pub fn from_bytes<T: FileBacked>(bytes: &[u8]) -> Result<T> {
    ReadOptions::new().from_bytes(bytes)
}

impl WriteOptions {
    /// Saves a value as a whole file; see [`save`].
    ///
    /// # Errors
    ///
    /// As [`save`]; [`ErrorKind::UnknownPath`](crate::ErrorKind::UnknownPath) for patterns without
    /// a match.
    pub fn save<T: Save + ?Sized>(&self, path: impl AsRef<Path>, value: &T) -> Result<()> {
        let path = path.as_ref();
        self.save_file(path, value).map_err(|e| e.during(Operation::Save).in_file(path))
    }

    fn save_file<T: Save + ?Sized>(&self, path: &Path, value: &T) -> Result<()> {
        // Invalid options, and values that do not fit the layout, are reported before anything
        // happens.
        whole::check(value, self)?;
        if self.durability == Durability::Fast {
            let permissions = replace::make_way(path)?;
            whole::write(Target::Path(path), value, self)?;
            return permissions
                .map_or(Ok(()), |permissions| Ok(std::fs::set_permissions(path, permissions)?));
        }
        let replacement = Replacement::of(path)?;
        whole::write(Target::New(&replacement), value, self)?;
        replacement.commit(self.durability == Durability::Durable)
    }

    /// Returns a value as the bytes of a whole file; see [`to_bytes`].
    ///
    /// # Errors
    ///
    /// As [`to_bytes`]; [`ErrorKind::UnknownPath`](crate::ErrorKind::UnknownPath) for patterns
    /// without a match.
    pub fn to_bytes<T: Save + ?Sized>(&self, value: &T) -> Result<Vec<u8>> {
        whole::write(Target::Memory, value, self).map_err(|e| e.during(Operation::Save))
    }
}

impl ReadOptions {
    /// Loads a value from a file; see [`load`].
    ///
    /// # Errors
    ///
    /// As [`load`]; [`ErrorKind::UnknownPath`](crate::ErrorKind::UnknownPath) for patterns without
    /// a match.
    pub fn load<T: FileBacked>(&self, path: impl AsRef<Path>) -> Result<T> {
        let path = path.as_ref();
        whole::read(Medium::Path(path), self).map_err(|e| e.during(Operation::Load).in_file(path))
    }

    /// Loads a dataset into an existing slice or array; see [`load_into`].
    ///
    /// # Errors
    ///
    /// As [`load_into`].
    pub fn load_into<B: Buffer + ?Sized>(
        &self,
        path: impl AsRef<Path>,
        name: &str,
        buffer: &mut B,
    ) -> Result<()> {
        let path = path.as_ref();
        whole::read_dataset_into(path, name, buffer, self)
            .map_err(|e| e.during(Operation::Load).in_file(path))
    }

    /// Loads a value from the bytes of a whole file; see [`from_bytes`].
    ///
    /// # Errors
    ///
    /// As [`from_bytes`]; [`ErrorKind::UnknownPath`](crate::ErrorKind::UnknownPath) for patterns
    /// without a match.
    pub fn from_bytes<T: FileBacked>(&self, bytes: &[u8]) -> Result<T> {
        whole::read(Medium::Bytes(bytes), self).map_err(|e| e.during(Operation::Load))
    }
}
