//! Values in groups of the `hdf5` crate, for code that uses that crate. This module re-exports it.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use filebacked::hdf5;
//!
//! # let dir = std::env::temp_dir().join(format!("filebacked-hdf5-{}", std::process::id()));
//! # std::fs::create_dir_all(&dir)?;
//! # let path = dir.join("data.h5");
//! let file = hdf5::File::create(&path)?;
//! let group = file.create_group("results")?;
//! filebacked::write(&group, "loss", &0.25)?;
//! assert_eq!(filebacked::read::<f64>(&group, "loss")?, 0.25);
//! # drop((group, file)); std::fs::remove_dir_all(&dir)?;
//! # Ok(()) }
//! ```

use crate::backed::{FileBacked, Save};
use crate::error::Operation;
use crate::options::{ReadOptions, WriteOptions};
use crate::storage::libhdf5::{Id, LibFile, check_group, file_name};
use std::sync::Arc;

pub use hdf5_metno::*;

/// Writes a value as a member of an open group, like [`File::write`](crate::File::write). See the
/// [module](crate::hdf5) for an example.
///
/// # Errors
///
/// As [`File::write`](crate::File::write).
pub fn write<T: Save + ?Sized>(group: &Group, name: &str, value: &T) -> crate::Result<()> {
    WriteOptions::new().write(group, name, value)
}

/// Writes the members of a value into an open group, like `obj.write(group)` of Python's
/// FileBacked. See the [module](crate::hdf5) for an example.
///
/// # Errors
///
/// As [`File::write_root`](crate::File::write_root).
pub fn write_into<T: Save + ?Sized>(group: &Group, value: &T) -> crate::Result<()> {
    WriteOptions::new().write_into(group, value)
}

/// Reads a value that is a member of an open group. See the [module](crate::hdf5) for an example.
///
/// # Errors
///
/// As [`File::read`](crate::File::read).
pub fn read<T: FileBacked>(group: &Group, name: &str) -> crate::Result<T> {
    ReadOptions::new().read(group, name)
}

/// Reads a value whose members are in an open group, like `Class.read(group)` of Python's
/// FileBacked. See the [module](crate::hdf5) for an example.
///
/// # Errors
///
/// As [`File::read_root`](crate::File::read_root).
pub fn read_from<T: FileBacked>(group: &Group) -> crate::Result<T> {
    ReadOptions::new().read_from(group)
}

fn at<R>(operation: Operation, group: &Group, result: crate::Result<R>) -> crate::Result<R> {
    result.map_err(|e| e.during(operation).in_file(group.filename().as_ref()))
}

impl WriteOptions {
    /// Writes a value as a member of an open group; see [`write()`].
    ///
    /// # Errors
    ///
    /// As [`File::write`](crate::File::write).
    pub fn write<T: Save + ?Sized>(
        &self,
        group: &Group,
        name: &str,
        value: &T,
    ) -> crate::Result<()> {
        at(
            Operation::Save,
            group,
            crate::file::write_member(&Id::of_location(group), name, value, self),
        )
    }

    /// Writes the members of a value into an open group; see [`write_into`].
    ///
    /// # Errors
    ///
    /// As [`File::write_root`](crate::File::write_root).
    pub fn write_into<T: Save + ?Sized>(&self, group: &Group, value: &T) -> crate::Result<()> {
        at(Operation::Save, group, crate::file::write_members(&Id::of_location(group), value, self))
    }
}

impl ReadOptions {
    /// Reads a value that is a member of an open group; see [`read`].
    ///
    /// # Errors
    ///
    /// As [`File::read`](crate::File::read).
    pub fn read<T: FileBacked>(&self, group: &Group, name: &str) -> crate::Result<T> {
        at(Operation::Load, group, crate::file::read_member(Id::of_location(group), name, self))
    }

    /// Reads a value whose members are in an open group; see [`read_from`].
    ///
    /// # Errors
    ///
    /// As [`File::read_root`](crate::File::read_root).
    pub fn read_from<T: FileBacked>(&self, group: &Group) -> crate::Result<T> {
        at(Operation::Load, group, crate::file::read_members(Id::of_location(group), self))
    }
}

impl crate::File {
    /// Wraps a file that the `hdf5` crate has opened.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn from_hdf5(file: &File) -> crate::Result<Self> {
        crate::File::of(LibFile::of_hdf5(file), Operation::Open)
    }
}

impl crate::file::Group {
    /// Wraps a group that the `hdf5` crate has opened. If the file was opened with the strong close
    /// degree, the group closes with that crate's file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) for an object that is not a group, or
    /// what HDF5 says.
    pub fn from_hdf5(group: &Group) -> crate::Result<Self> {
        let id = Id::of_location(group);
        let file = Arc::from(file_name(&id).unwrap_or_default());
        at(Operation::Open, group, check_group(&id).map(|()| crate::file::Group::new(id, file)))
    }

    /// Returns the same open group for code that uses the `hdf5` crate.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn as_hdf5(&self) -> crate::Result<Group> {
        self.id.to_group()
    }
}
