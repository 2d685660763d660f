//! Updates values of an open file by writing only differences.

use super::{File, known_members};
use crate::backed::Save;
use crate::context::WriteContext;
use crate::error::Result;
use crate::options::{Overwrite, WriteOptions};
use crate::slot::Place;
use crate::stamp::UNDER_WAY;
use crate::storage::libhdf5::{self, Id, UpdateSink};
use crate::whole;

impl File {
    /// Updates the value under a name by writing only the differences. The result is the same as
    /// with [`Overwrite::Replace`], with fewer writes:
    ///
    /// ```text
    /// dataset of the same type and shape    overwritten where it lies, block by block, where its bytes differ
    /// any other dataset                     written beside the old one, which it replaces when it is complete
    /// group                                 member by member; what the value does not have is deleted
    /// attribute                             the same
    /// ```
    ///
    /// A dataset keeps its chunks and compression, unless the options or the field request others.
    /// Members that the options leave out (`skip`, `only`) stay, except for columns of a table
    /// whose number of rows has changed. A [`Lazy`](crate::Lazy) that was read from this place, and
    /// not loaded, costs nothing. If the name is not in use, the value is written.
    ///
    /// Values that became shared become one object, and values that are no longer shared become
    /// two. An object with links from elsewhere is not changed but replaced. HDF5 references to
    /// replaced or deleted objects are not renewed, except those of the value's own `Weak`
    /// pointers: they are addresses, and may then lead to another object.
    ///
    /// A dry run comes first, so a value that cannot be written changes nothing. After a
    /// disk error or a kill the file is at the last commit, see [`File::flush`].
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::{File, FileBacked};
    ///
    /// #[derive(FileBacked)]
    /// struct Run { step: u64, weights: Vec<f64> }
    ///
    /// # let dir = std::env::temp_dir().join(format!("filebacked-update-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// let file = File::create(dir.join("runs.h5"))?;
    /// let mut run = Run { step: 7, weights: vec![0.5; 1000] };
    /// file.write("run/7", &run)?;
    ///
    /// run.step = 8;
    /// file.update("run/7", &run)?; // writes eight bytes
    /// assert_eq!(file.read::<u64>("run/7/step")?, 8);
    /// # drop(file); std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Any error of writing the value; [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly) for a
    /// file that was opened for reading.
    pub fn update<T: Save + ?Sized>(&self, name: &str, value: &T) -> Result<()> {
        self.update_with(name, value, &WriteOptions::new())
    }

    /// Updates the value under a name by writing only the differences, with options.
    ///
    /// # Errors
    ///
    /// As [`File::update`].
    pub fn update_with<T: Save + ?Sized>(
        &self,
        name: &str,
        value: &T,
        options: &WriteOptions,
    ) -> Result<()> {
        self.write_with(name, value, &options.clone().overwrite(Overwrite::Update))
    }

    /// Updates the value at the root of the file by writing only the differences. Of the other
    /// members, only those that the type knows are deleted: fields that are now `None`, or the
    /// other entries of a map.
    ///
    /// # Errors
    ///
    /// As [`File::update`].
    pub fn update_root<T: Save + ?Sized>(&self, value: &T) -> Result<()> {
        self.update_root_with(value, &WriteOptions::new())
    }

    /// Updates the value at the root of the file by writing only the differences, with options.
    ///
    /// # Errors
    ///
    /// As [`File::update`].
    pub fn update_root_with<T: Save + ?Sized>(
        &self,
        value: &T,
        options: &WriteOptions,
    ) -> Result<()> {
        self.write_root_with(value, &options.clone().overwrite(Overwrite::Update))
    }
}

/// Runs an update of a member without writing, so that a value that cannot be written changes
/// nothing. Returns whether objects that it does not write stay.
pub(super) fn is_apart<T: Save + ?Sized>(
    cx: &WriteContext,
    member: &str,
    value: &T,
) -> Result<bool> {
    Ok(whole::walk(cx, Place::Member(member), value)?.stays || cx.mask().is_some())
}

/// Updates an existing member of a group, under the writer lock, after the dry run.
pub(super) fn update_member<T: Save + ?Sized>(
    group: Id,
    leaf: &str,
    value: &T,
    cx: &WriteContext,
    apart: bool,
) -> Result<()> {
    let _change = libhdf5::begin(&group)?;
    let mut sink = UpdateSink::new(group, leaf, apart)?;
    let written = whole::write_member(&mut sink, cx, leaf, value);
    complete(sink, written)
}

/// Updates the members of a group, under the writer lock, after the dry run.
pub(super) fn update_members<T: Save + ?Sized>(
    group: &Id,
    value: &T,
    cx: &WriteContext,
    apart: bool,
) -> Result<()> {
    let known = known_members::<T>(group)?;
    let _change = libhdf5::begin(group)?;
    let mut sink = UpdateSink::of_group(group.clone(), known, apart)?;
    let written = whole::write_member(&mut sink, cx, UNDER_WAY, value);
    complete(sink, written)
}

fn complete(mut sink: UpdateSink, written: Result<()>) -> Result<()> {
    if written.is_err() {
        sink.abandon()?;
    }
    written
}
