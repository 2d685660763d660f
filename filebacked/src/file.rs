//! Open files: [`File`] holds many values, each under a name, and changes them in place.
//!
//! A [`File`] dereferences to its root [`Group`]. [`FileOptions`] opens it in other ways, [`Attrs`]
//! are the attributes of an object, and [`repack`] gives back the space of deleted values.
//!
//! ```
//! use filebacked::File;
//! use filebacked::file::Group;
//!
//! # let dir = std::env::temp_dir().join(format!("filebacked-file-{}", std::process::id()));
//! # std::fs::create_dir_all(&dir)?;
//! # let path = dir.join("runs.h5");
//! let file = File::create(&path)?;
//! file.write("runs/7/loss", &vec![0.5, 0.25])?;
//! let runs: Group = file.group("runs")?;
//! assert_eq!(runs.read::<Vec<f64>>("7/loss")?, [0.5, 0.25]);
//! drop(runs);
//! file.close()?;
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), filebacked::Error>(())
//! ```

mod atomic;
mod info;
mod repack;
mod store;
mod update;

pub use crate::storage::libhdf5::{
    CloseDegree, CoreDriver, Driver, Journal, Libver, Locking, SpaceStrategy,
};
pub use crate::storage::userblock;
pub use atomic::update_atomic;
pub use info::FileInfo;
pub use repack::{RepackOptions, repack, repack_to};

use crate::backed::{FileBacked, Save};
use crate::buffer::Buffer;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::inspect::{self, Tree, TreeOptions};
use crate::object::Object;
use crate::options::{Layout, Overwrite, ReadOptions, WriteOptions};
use crate::schema::Schema;
use crate::slot::Place;
use crate::staging::{self, with_writer_lock};
use crate::stamp::{STAMP, Stamp, UNDER_WAY};
use crate::storage::Source;
use crate::storage::libhdf5::{self, Id, LibFile, LibSink, LibSource};
use crate::storage::path::parts;
use crate::whole;
use crate::whole::trusted;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod attrs;
mod check;
mod close;
mod copy;
mod group;
mod image;
mod members;
mod options;
mod state;

pub use attrs::Attrs;
pub use copy::CopyOptions;
pub use group::Group;
pub use members::Entry;
pub use options::FileOptions;
pub(crate) use options::open_file;
use options::stamped;

#[cfg(feature = "ndarray")]
mod array;

/// An open HDF5 file that holds values under names.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::File;
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-file-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("runs.h5");
/// let file = File::create(&path)?;
/// file.write("run/7", &vec![0.5, 0.25])?; // the group `run` is made
/// assert_eq!(file.read::<Vec<f64>>("run/7")?, [0.5, 0.25]);
/// # drop(file); std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
///
/// Unlike [`save`](crate::save), writes change the file in place. All changes since the last
/// [`flush`](File::flush) are one transaction: [`flush`](File::flush), [`close`](File::close) and the
/// end of the last handle commit it, completely or not at all. After a kill, a power cut or a failed
/// write the file is at the last commit. [`Journal`] tells for which files this holds.
///
/// A file dereferences to its root [`Group`], so it has all methods of a group.
pub struct File {
    lib: LibFile,
    path: PathBuf,
    root: Group,
}

impl Deref for File {
    type Target = Group;

    fn deref(&self) -> &Group {
        &self.root
    }
}

impl File {
    /// Returns options for opening or creating a file: see [`FileOptions`].
    pub fn options() -> FileOptions {
        FileOptions::new()
    }

    fn new(
        path: &Path,
        operation: Operation,
        open: impl FnOnce() -> Result<LibFile>,
    ) -> Result<Self> {
        let opened = open().and_then(|lib| Ok((lib.root()?, lib)));
        let (root, lib) = opened.map_err(|e| e.during(operation).in_file(path))?;
        Ok(File { lib, path: path.to_path_buf(), root: Group::new(root, Arc::from(path)) })
    }

    /// Wraps a file that is open already, under the name that it was opened by.
    pub(crate) fn of(lib: LibFile, operation: Operation) -> Result<Self> {
        let path = lib.name().unwrap_or_default();
        File::new(&path, operation, || Ok(lib))
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        File::options().open(path)
    }

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn open_rw(path: impl AsRef<Path>) -> Result<Self> {
        File::options().open_rw(path)
    }

    /// Opens a file for reading whose change was interrupted by a kill. All other functions refuse
    /// such a file ([`ErrorKind::Interrupted`]). Read the readable parts, and save them as a new
    /// file.
    ///
    /// Damaged data is an error when it is read, but a value may be half old and half new.
    ///
    /// HDF5 itself refuses files with a superblock of version 3 or later (`libver` from `V110` on)
    /// while their flags name a writer. `recover` clears these flags first, as `h5clear -s` does,
    /// which writes 48 bytes. Nothing in the file then tells that it is incomplete. A killed SWMR
    /// writer looks like a running one: do not call this while a SWMR writer has the file open.
    /// Other files are not changed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] if another program still writes it, [`ErrorKind::Io`],
    /// [`ErrorKind::NotHdf5`], or any error of libhdf5.
    pub fn recover(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        File::new(path, Operation::Open, || {
            libhdf5::clear(path)?;
            open_file(path, false)
        })
    }

    /// Creates a file, and deletes the content of an existing one at once.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        File::options().create(path)
    }

    /// Creates a file that must not exist yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`] if it exists, or as [`FileOptions::open`].
    pub fn create_new(path: impl AsRef<Path>) -> Result<Self> {
        File::options().create_new(path)
    }

    /// Opens a file for reading and writing, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// As [`FileOptions::open`].
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self> {
        File::options().open_or_create(path)
    }

    /// Writes a value under a name; `/` separates groups, and missing groups are created.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`] if the name is in use (see [`WriteOptions::overwrite`]), or any error
    /// of writing the value. After an error the old value stays.
    pub fn write<T: Save + ?Sized>(&self, name: &str, value: &T) -> Result<()> {
        self.write_with(name, value, &WriteOptions::new())
    }

    /// Writes a value under a name, with options.
    ///
    /// # Errors
    ///
    /// As [`File::write`].
    pub fn write_with<T: Save + ?Sized>(
        &self,
        name: &str,
        value: &T,
        options: &WriteOptions,
    ) -> Result<()> {
        self.root.write_with(name, value, options)
    }

    /// Writes the members of a value into the root of the file, beside existing members.
    ///
    /// # Errors
    ///
    /// As [`File::write`].
    pub fn write_root<T: Save + ?Sized>(&self, value: &T) -> Result<()> {
        self.write_root_with(value, &WriteOptions::new())
    }

    /// Writes the members of a value into the root of the file, with options.
    ///
    /// # Errors
    ///
    /// As [`File::write`].
    pub fn write_root_with<T: Save + ?Sized>(
        &self,
        value: &T,
        options: &WriteOptions,
    ) -> Result<()> {
        self.root.write_members_with(value, options)
    }

    /// Reads the value under a name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], or any error of reading a `T` from the node.
    pub fn read<T: FileBacked>(&self, name: &str) -> Result<T> {
        self.read_with(name, &ReadOptions::new())
    }

    /// Reads the value under a name, with options.
    ///
    /// # Errors
    ///
    /// As [`File::read`].
    pub fn read_with<T: FileBacked>(&self, name: &str, options: &ReadOptions) -> Result<T> {
        self.root.read_with(name, options)
    }

    /// Reads the dataset under a name into an existing slice or array; see [`Buffer`].
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("filebacked-read-into-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// # let file = filebacked::File::create(dir.join("frames.h5"))?;
    /// file.write("frame/7", &[1.0, 2.0])?;
    ///
    /// let mut frame = vec![0.0; 2];
    /// file.read_into("frame/7", &mut frame[..])?; // no allocation
    /// assert_eq!(frame, [1.0, 2.0]);
    /// # drop(file); std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], [`ErrorKind::Mismatch`] for a dataset of another shape or type, or
    /// any error of reading. The content of the buffer is then unspecified.
    pub fn read_into<B: Buffer + ?Sized>(&self, name: &str, buffer: &mut B) -> Result<()> {
        self.read_into_with(name, buffer, &ReadOptions::new())
    }

    /// Reads the dataset under a name into an existing slice or array, with options.
    ///
    /// # Errors
    ///
    /// As [`File::read_into`].
    pub fn read_into_with<B: Buffer + ?Sized>(
        &self,
        name: &str,
        buffer: &mut B,
        options: &ReadOptions,
    ) -> Result<()> {
        self.root.read_into_with(name, buffer, options)
    }

    /// Reads the value whose members are at the root of the file.
    ///
    /// # Errors
    ///
    /// As [`File::read`].
    pub fn read_root<T: FileBacked>(&self) -> Result<T> {
        self.read_root_with(&ReadOptions::new())
    }

    /// Reads the value whose members are at the root of the file, with options.
    ///
    /// # Errors
    ///
    /// As [`File::read`].
    pub fn read_root_with<T: FileBacked>(&self, options: &ReadOptions) -> Result<T> {
        self.root.read_members_with(options)
    }

    /// Returns the file as a printable tree; see [`inspect`].
    ///
    /// # Errors
    ///
    /// Any error of libhdf5 at the root. Errors below the root are shown in the tree.
    pub fn tree(&self) -> Result<Tree> {
        self.tree_with(&TreeOptions::new())
    }

    /// Returns the file as a printable tree, with options.
    ///
    /// # Errors
    ///
    /// As [`File::tree`].
    pub fn tree_with(&self, options: &TreeOptions) -> Result<Tree> {
        let look = |source: &LibSource| options.look(source, inspect::name_of(&self.path));
        self.done(Operation::Inspect, LibSource::over(&self.root.id, look))
    }

    /// Returns the same open file for code that uses the `hdf5` crate.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn as_hdf5(&self) -> Result<hdf5_metno::File> {
        self.lib.to_hdf5()
    }

    fn done<R>(&self, operation: Operation, result: Result<R>) -> Result<R> {
        result.map_err(|e| e.during(operation).in_file(&self.path))
    }
}

/// Refuses options that only whole files support.
fn check(options: &WriteOptions) -> Result<()> {
    if options.has_digest() {
        let what = "a part of a file cannot have a digest";
        return Err(Error::new(ErrorKind::Unsupported(what.into()))
            .with_help("use `save`, which writes whole files"));
    }
    Ok(())
}

pub(crate) fn write_member<T: Save + ?Sized>(
    base: &Id,
    path: &str,
    value: &T,
    options: &WriteOptions,
) -> Result<()> {
    check(options).map_err(|e| e.at(path))?;
    let parts = parts(path)?;
    let Some((leaf, groups)) = parts.split_last() else { return Err(ErrorKind::Missing.into()) };
    write_leaf(base, groups, leaf, value, options).map_err(|e| e.at(path))
}

fn write_leaf<T: Save + ?Sized>(
    base: &Id,
    groups: &[&str],
    leaf: &str,
    value: &T,
    options: &WriteOptions,
) -> Result<()> {
    let in_use = || {
        Error::new(ErrorKind::Exists)
            .with_help("use `WriteOptions::overwrite(Overwrite::Replace)` to replace the value")
    };
    let is_there = |group: &Id, missing: &[&str]| {
        Ok::<_, Error>(missing.is_empty() && libhdf5::exists(group, leaf)?)
    };
    let cx = whole::write_context::<T>(options)?;
    let apart = match options.overwrite {
        Overwrite::Update => update::is_apart(&cx, leaf, value)?,
        Overwrite::Refuse | Overwrite::Replace => {
            whole::rehearse(&cx, Place::Member(UNDER_WAY), value)?;
            false
        }
    };
    with_writer_lock(|| {
        // Links may have led to another file.
        let (group, missing) = reach(base, groups)?;
        match options.overwrite {
            // Before anything is written, so that a name in use costs nothing.
            Overwrite::Refuse if is_there(&group, missing)? => return Err(in_use()),
            Overwrite::Update if is_there(&group, missing)? => {
                return update::update_member(group, leaf, value, &cx, apart);
            }
            _ => {}
        }
        staging::write_locked(LibSink::new(group.clone())?, &group, value, &cx, || {
            let mut into = group.clone();
            for name in missing {
                into = libhdf5::open_or_create_group(&into, name)?;
            }
            match options.overwrite {
                Overwrite::Refuse => {
                    libhdf5::move_link(&group, UNDER_WAY, &into, leaf).map_err(|error| {
                        if libhdf5::exists(&into, leaf).unwrap_or(false) { in_use() } else { error }
                    })
                }
                Overwrite::Replace | Overwrite::Update => {
                    libhdf5::move_over(&group, UNDER_WAY, &into, leaf)
                }
            }
        })
    })
}

/// Opens the existing groups of a path; returns the missing names.
fn reach<'n>(base: &Id, names: &'n [&'n str]) -> Result<(Id, &'n [&'n str])> {
    let mut found = base.clone();
    for (i, name) in names.iter().enumerate() {
        match libhdf5::open_group(&found, name)? {
            Some(group) => found = group,
            None => return Ok((found, names.get(i..).unwrap_or_default())),
        }
    }
    Ok((found, &[]))
}

pub(crate) fn write_members<T: Save + ?Sized>(
    group: &Id,
    value: &T,
    options: &WriteOptions,
) -> Result<()> {
    check(options)?;
    let is_group = T::key().is_none_or(|key| match key.schema() {
        Schema::Variants(_) if options.layout == Layout::Python => false,
        Schema::Map { .. } if options.layout == Layout::Python => true,
        schema => schema.is_rooted(),
    });
    if !is_group {
        let what = "only structs, enums with data and maps of links can be the members of a group";
        return Err(Error::new(ErrorKind::Unsupported(what.into()))
            .with_help("write the value under a name"));
    }
    if options.overwrite == Overwrite::Update {
        let cx = whole::write_context::<T>(options)?;
        let apart = update::is_apart(&cx, UNDER_WAY, value)?;
        return with_writer_lock(|| update::update_members(group, value, &cx, apart));
    }
    let finish = || {
        // A member that the new value leaves out must not come back from the old one.
        let known = known_members::<T>(group)?;
        let Some(written) = libhdf5::open_group(group, UNDER_WAY)? else {
            return Err(ErrorKind::Contract("the value was not written".into()).into());
        };
        libhdf5::promote(&written, group, options.overwrite == Overwrite::Replace, &known)?;
        drop(written);
        libhdf5::delete(group, UNDER_WAY)
    };
    staging::write(LibSink::of_members(group.clone())?, group, value, options, finish)
}

/// The names that members of a value may have in a group: those that its type knows, or all if both
/// are maps.
fn known_members<T: Save + ?Sized>(group: &Id) -> Result<Vec<String>> {
    let Some(schema) = T::key().map(|key| key.schema()) else { return Ok(Vec::new()) };
    if matches!(schema, Schema::Map { .. }) {
        let source = LibSource::new(group.clone())?;
        let stamp = Object::new(&source, source.root()?).text_attribute(STAMP)?;
        let is_map =
            stamp.is_some_and(|stamp| matches!(Stamp::parse(&stamp).kind_name(), "links" | "dict"));
        return if is_map { libhdf5::children(group) } else { Ok(Vec::new()) };
    }
    Ok(whole::members(schema).into_iter().map(str::to_string).collect())
}

/// Whether the file that a group is in was written by this library.
fn written_by_filebacked(group: &Id) -> Result<bool> {
    let source = LibSource::new(libhdf5::root_of(group)?)?;
    let handle = source.root()?;
    whole::written_by_filebacked(&Object::new(&source, handle))
}

pub(crate) fn read_member<T: FileBacked>(
    group: Id,
    name: &str,
    options: &ReadOptions,
) -> Result<T> {
    trusted(options)?;
    let ours = written_by_filebacked(&group)?;
    LibSource::over(&group, |source| whole::read_member(source, name, ours, options))
}

pub(crate) fn read_members<T: FileBacked>(group: Id, options: &ReadOptions) -> Result<T> {
    trusted(options)?;
    LibSource::over(&group, |source| whole::read_root(source, options))
}
