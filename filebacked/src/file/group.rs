//! [`Group`]: a group of an open file, and the values in it.

use super::{read_member, read_members, write_member, write_members, written_by_filebacked};
use crate::backed::{FileBacked, Save};
use crate::buffer::Buffer;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::inspect::{Tree, TreeOptions};
use crate::options::{ReadOptions, WriteOptions};
use crate::path::near;
use crate::storage::libhdf5::{self, Id, LibSource};
use crate::storage::path;
use crate::storage::path::parts;
use crate::whole;
use crate::whole::trusted;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A group of an open file, which holds values, groups and links under names. A
/// [`File`](crate::File) is the root group.
///
/// It keeps the file open. It can be cloned, sent to other threads and shared between them. Names
/// are paths below the group, separated by `/`. A path that begins with `/` starts at the root of
/// the file. HDF5 has no `..`.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::File;
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-group-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("runs.h5");
/// let file = File::create(&path)?;
/// let run = file.create_group("runs/7")?;
/// run.write("loss", &vec![0.5, 0.25])?;
/// run.create_soft_link("best", "loss")?;
/// run.attrs()?.set("author", "me")?;
///
/// assert_eq!(run.names()?, ["loss", "best"]);
/// assert_eq!(file.read::<Vec<f64>>("runs/7/best")?, [0.5, 0.25]);
/// file.rename("runs/7", "runs/best")?;
/// assert_eq!(run.path().as_deref(), Some("/runs/best"));
/// # drop((file, run)); std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Group {
    pub(crate) id: Id,
    pub(super) file: Arc<Path>,
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("file", &self.file).field("path", &self.path()).finish()
    }
}

/// The names of a path; none for `/` and `.`, which are the group that the path starts from.
pub(super) fn names(path: &str) -> Result<Vec<&str>> {
    if !path.is_empty() && path::names(path).next().is_none() {
        return Ok(Vec::new());
    }
    parts(path)
}

/// The error for a missing member, with a similar name as help.
#[cold]
pub(super) fn missing(group: &Id, name: &str) -> Error {
    let error = Error::new(ErrorKind::Missing);
    let error = match libhdf5::children(group)
        .ok()
        .and_then(|found| near(name, &found).map(str::to_string))
    {
        Some(near) => error.with_help(format!("there is `{near}`")),
        None => error,
    };
    error.at(name)
}

/// Opens the object at a path below a group, and follows links.
pub(super) fn walk(base: &Id, names: &[&str]) -> Result<Id> {
    let mut object = base.clone();
    for (i, name) in names.iter().enumerate() {
        let found = libhdf5::open_member(&object, name).map_err(|e| match e.kind() {
            // It is what was opened before that is no group.
            ErrorKind::Mismatch { .. } => e,
            _ => e.at(name),
        });
        let found = found.and_then(|found| found.ok_or_else(|| missing(&object, name)));
        object = found.map_err(|e| e.at(&names[..i].join("/")))?;
    }
    Ok(object)
}

impl Group {
    pub(crate) fn new(id: Id, file: Arc<Path>) -> Self {
        Group { id, file }
    }

    /// Calls a function with the group that a path starts from.
    pub(super) fn starting<R>(
        &self,
        operation: Operation,
        path: &str,
        act: impl FnOnce(&Id) -> Result<R>,
    ) -> Result<R> {
        let done = match path.starts_with('/') {
            true => libhdf5::root_of(&self.id).and_then(|root| act(&root)),
            false => act(&self.id).map_err(|e| self.below(e)),
        };
        self.done(operation, done)
    }

    /// Calls a function with the names of a path and the group that it starts from.
    pub(super) fn along<R>(
        &self,
        operation: Operation,
        path: &str,
        act: impl FnOnce(&Id, &[&str]) -> Result<R>,
    ) -> Result<R> {
        match names(path) {
            Ok(names) => self.starting(operation, path, |base| act(base, &names)),
            Err(error) => self.done(operation, Err(error)),
        }
    }

    /// Adds the group's own path to an error.
    #[cold]
    fn below(&self, error: Error) -> Error {
        error.at(self.path().as_deref().unwrap_or_default())
    }

    pub(super) fn done<R>(&self, operation: Operation, result: Result<R>) -> Result<R> {
        result.map_err(|e| libhdf5::explained(&self.id, e).during(operation).in_file(&self.file))
    }

    /// Opens a group; `/` is the root.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], [`ErrorKind::Dangling`] for a link without a target,
    /// [`ErrorKind::Mismatch`] if the object is not a group.
    pub fn group(&self, path: &str) -> Result<Group> {
        let open = |base: &Id, names: &[&str]| {
            let object = walk(base, names)?;
            libhdf5::check_group(&object).map_err(|e| e.at(&names.join("/")))?;
            Ok(Group::new(object, self.file.clone()))
        };
        self.along(Operation::Open, path, open)
    }

    /// Returns the root group of the file.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn root(&self) -> Result<Group> {
        self.group("/")
    }

    /// Returns the group that contains the last name of [`Group::path`]; `None` for the root, and
    /// for a group without links to it.
    ///
    /// # Errors
    ///
    /// As [`Group::group`].
    pub fn parent(&self) -> Result<Option<Group>> {
        let path = self.path().filter(|path| path != "/");
        let Some((above, _)) = path.as_deref().and_then(|path| path.rsplit_once('/')) else {
            return Ok(None);
        };
        self.group(if above.is_empty() { "/" } else { above }).map(Some)
    }

    /// Returns the path by which the group was opened, or `None` if it was deleted since. The path
    /// follows renames.
    pub fn path(&self) -> Option<String> {
        libhdf5::path_of(&self.id)
    }

    /// Returns the last name of [`Group::path`]; empty for the root.
    pub fn name(&self) -> Option<String> {
        let path = self.path()?;
        path.rsplit('/').next().map(str::to_string)
    }

    /// Returns the path of the file; for a file in memory, a name without a file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Returns whether the file was opened for writing.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn is_writable(&self) -> Result<bool> {
        self.done(Operation::Inspect, libhdf5::is_writable(&self.id))
    }

    /// Writes a value under a name; see [`File::write`](crate::File::write).
    ///
    /// # Errors
    ///
    /// As [`File::write`](crate::File::write).
    pub fn write<T: Save + ?Sized>(&self, name: &str, value: &T) -> Result<()> {
        self.write_with(name, value, &WriteOptions::new())
    }

    /// Writes a value under a name, with options.
    ///
    /// # Errors
    ///
    /// As [`File::write`](crate::File::write).
    pub fn write_with<T: Save + ?Sized>(
        &self,
        name: &str,
        value: &T,
        options: &WriteOptions,
    ) -> Result<()> {
        self.starting(Operation::Save, name, |base| write_member(base, name, value, options))
    }

    /// Writes the members of a value into the group, beside existing members.
    ///
    /// # Errors
    ///
    /// As [`File::write`](crate::File::write).
    pub fn write_members<T: Save + ?Sized>(&self, value: &T) -> Result<()> {
        self.write_members_with(value, &WriteOptions::new())
    }

    /// Writes the members of a value into the group, with options.
    ///
    /// # Errors
    ///
    /// As [`File::write`](crate::File::write).
    pub fn write_members_with<T: Save + ?Sized>(
        &self,
        value: &T,
        options: &WriteOptions,
    ) -> Result<()> {
        self.starting(Operation::Save, "", |group| write_members(group, value, options))
    }

    /// Reads the value under a name.
    ///
    /// # Errors
    ///
    /// As [`File::read`](crate::File::read).
    pub fn read<T: FileBacked>(&self, name: &str) -> Result<T> {
        self.read_with(name, &ReadOptions::new())
    }

    /// Reads the value under a name, with options.
    ///
    /// # Errors
    ///
    /// As [`File::read`](crate::File::read).
    pub fn read_with<T: FileBacked>(&self, name: &str, options: &ReadOptions) -> Result<T> {
        self.starting(Operation::Load, name, |base| read_member(base.clone(), name, options))
    }

    /// Reads the dataset under a name into an existing slice or array; see
    /// [`File::read_into`](crate::File::read_into).
    ///
    /// # Errors
    ///
    /// As [`File::read_into`](crate::File::read_into).
    pub fn read_into<B: Buffer + ?Sized>(&self, name: &str, buffer: &mut B) -> Result<()> {
        self.read_into_with(name, buffer, &ReadOptions::new())
    }

    /// Reads the dataset under a name into an existing slice or array, with options.
    ///
    /// # Errors
    ///
    /// As [`File::read_into`](crate::File::read_into).
    pub fn read_into_with<B: Buffer + ?Sized>(
        &self,
        name: &str,
        buffer: &mut B,
        options: &ReadOptions,
    ) -> Result<()> {
        let read = |base: &Id| {
            trusted(options)?;
            let ours = written_by_filebacked(base)?;
            LibSource::over(base, |source| {
                whole::read_member_into(source, name, ours, options, buffer)
            })
        };
        self.starting(Operation::Load, name, read)
    }

    /// Reads the value whose members are in the group.
    ///
    /// # Errors
    ///
    /// As [`File::read`](crate::File::read).
    pub fn read_members<T: FileBacked>(&self) -> Result<T> {
        self.read_members_with(&ReadOptions::new())
    }

    /// Reads the value whose members are in the group, with options.
    ///
    /// # Errors
    ///
    /// As [`File::read`](crate::File::read).
    pub fn read_members_with<T: FileBacked>(&self, options: &ReadOptions) -> Result<T> {
        self.starting(Operation::Load, "", |group| read_members(group.clone(), options))
    }

    /// Returns the content of the group as a printable tree; see [`inspect`](crate::inspect).
    ///
    /// # Errors
    ///
    /// Any error of libhdf5 at the group. Errors below it are shown in the tree.
    pub fn tree(&self) -> Result<Tree> {
        self.tree_with(&TreeOptions::new())
    }

    /// Returns the content of the group as a printable tree, with options.
    ///
    /// # Errors
    ///
    /// As [`Group::tree`].
    pub fn tree_with(&self, options: &TreeOptions) -> Result<Tree> {
        let name = self.name().unwrap_or_default();
        let look = |group: &Id| LibSource::over(group, |source| options.look(source, name));
        self.starting(Operation::Inspect, "", look)
    }
}
