//! Changing what is in an open file: writing what differs.

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
    /// Writes of a value under a name what differs from the one that is there. Afterwards the file
    /// has what [`Overwrite::Replace`] would have left, written with less:
    ///
    /// ```text
    /// dataset of the same type and shape    overwritten where it lies, block by block, where its bytes differ
    /// any other dataset                     written beside the old one, which it replaces when it is complete
    /// group                                 member by member; what the value does not have is deleted
    /// attribute                             the same
    /// ```
    ///
    /// A dataset keeps its chunks and its compression, unless the options or the field want others.
    /// What the options leave out (`skip`, `only`) stays as it is, but for columns of a table whose
    /// number of rows has changed. A [`Lazy`](crate::Lazy) that was read from here, and not loaded,
    /// stands for what lies there, and costs nothing. Where nothing is under the name, the value is
    /// written.
    ///
    /// Values that several own become one object, and those that no longer are one, two. What links
    /// from elsewhere lead to stays as it is: an object that has such is replaced. HDF5's
    /// references to what is replaced or deleted are not renewed, but for those that the value
    /// itself makes of `Weak`: they are addresses, and may lead to something else then.
    ///
    /// The value is walked through before anything is changed, so that one that cannot be written
    /// changes nothing. An error of the disk in the middle leaves some members old and some new; so
    /// does a process that is killed, which the file is marked for: see [`File::flush`].
    /// [`update_atomic`](crate::update_atomic) has the old value or the new one.
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
    /// Whatever keeps the value from being written;
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly) for a file that was opened to be read.
    pub fn update<T: Save>(&self, name: &str, value: &T) -> Result<()> {
        self.update_with(name, value, &WriteOptions::new())
    }

    /// Writes of a value under a name what differs, with options.
    ///
    /// # Errors
    ///
    /// As [`File::update`].
    pub fn update_with<T: Save>(
        &self,
        name: &str,
        value: &T,
        options: &WriteOptions,
    ) -> Result<()> {
        self.write_with(name, value, &options.clone().overwrite(Overwrite::Update))
    }

    /// Writes of a value whose members are at the root of the file what differs. Of what else is
    /// there, only what the type knows is deleted: fields that are `None` now, or the other entries
    /// of a map.
    ///
    /// # Errors
    ///
    /// As [`File::update`].
    pub fn update_root<T: Save>(&self, value: &T) -> Result<()> {
        self.update_root_with(value, &WriteOptions::new())
    }

    /// Writes of a value whose members are at the root of the file what differs, with options.
    ///
    /// # Errors
    ///
    /// As [`File::update`].
    pub fn update_root_with<T: Save>(&self, value: &T, options: &WriteOptions) -> Result<()> {
        self.write_root_with(value, &options.clone().overwrite(Overwrite::Update))
    }
}

/// Walks through a value that is to be an update of a member, so that one that cannot be written
/// changes nothing; whether objects that it does not write stay.
pub(super) fn is_apart<T: Save>(cx: &WriteContext, member: &str, value: &T) -> Result<bool> {
    Ok(whole::walk(cx, Place::Member(member), value)?.stays || cx.mask().is_some())
}

/// Updates a member of a group that is there, in its turn. The value was walked through.
pub(super) fn update_member<T: Save>(
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

/// Updates the members of a group, in its turn. The value was walked through.
pub(super) fn update_members<T: Save>(
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
