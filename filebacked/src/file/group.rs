//! [`Group`]: a group of an open file, and the values in it.

use super::{is_ours, read_member, read_members, write_member, write_members};
use crate::backed::{FileBacked, Save};
use crate::buffer::Buffer;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::inspect::{Tree, TreeOptions};
use crate::options::{ReadOptions, WriteOptions};
use crate::path::near;
use crate::storage::libhdf5::{self, Id, LibSource};
use crate::whole;
use crate::whole::trusted;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A group of an open file: values, groups and links under names of their own. A
/// [`File`](crate::File) is one too, the root.
///
/// It keeps the file open by itself, may be cloned, sent to other threads and shared between them.
/// Names are paths below the group, separated by `/`; a path that begins with `/` is one from the
/// root of the file. HDF5 has no `..`.
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

/// The names of a path; none for `/`.
pub(super) fn names(path: &str) -> Result<Vec<&str>> {
    if !path.is_empty() && path.bytes().all(|byte| byte == b'/') {
        return Ok(Vec::new());
    }
    whole::parts(path)
}

/// The error of a member that is not there, with the name that it may have been meant by.
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

/// Opens what lies at a path below a group; links are followed.
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

    /// Does something with the group that a path starts from.
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

    /// Does something with the names of a path, and the group that it starts from.
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
    /// [`ErrorKind::Missing`], [`ErrorKind::Dangling`] for a link that leads nowhere,
    /// [`ErrorKind::Mismatch`] where something else than a group is there.
    pub fn group(&self, path: &str) -> Result<Group> {
        let open = |base: &Id, names: &[&str]| {
            let object = walk(base, names)?;
            libhdf5::check_group(&object).map_err(|e| e.at(&names.join("/")))?;
            Ok(Group::new(object, self.file.clone()))
        };
        self.along(Operation::Open, path, open)
    }

    /// The root group of the file.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn root(&self) -> Result<Group> {
        self.group("/")
    }

    /// The group that the last part of [`Group::path`] is a name in; `None` for the root, and for a
    /// group that no link leads to.
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

    /// The path of the group in its file, by which it was opened: `None` where it was deleted
    /// since. Renaming is followed.
    pub fn path(&self) -> Option<String> {
        libhdf5::path_of(&self.id)
    }

    /// The last part of [`Group::path`]: empty for the root.
    pub fn name(&self) -> Option<String> {
        let path = self.path()?;
        path.rsplit('/').next().map(str::to_string)
    }

    /// The file that the group is in; of a file in memory a name that no file has.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether the file was opened to be changed.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn is_writable(&self) -> Result<bool> {
        self.done(Operation::Inspect, libhdf5::is_writable(&self.id))
    }

    /// Writes a value under a name; see [`File::write`](crate::File::write).
    ///
    /// # Errors
    ///
    /// As [`File::write`](crate::File::write).
    pub fn write<T: Save>(&self, name: &str, value: &T) -> Result<()> {
        self.write_with(name, value, &WriteOptions::new())
    }

    /// Writes a value under a name, with options.
    ///
    /// # Errors
    ///
    /// As [`File::write`](crate::File::write).
    pub fn write_with<T: Save>(&self, name: &str, value: &T, options: &WriteOptions) -> Result<()> {
        self.starting(Operation::Save, name, |base| write_member(base, name, value, options))
    }

    /// Writes a value whose members go into the group, beside what is there.
    ///
    /// # Errors
    ///
    /// As [`File::write`](crate::File::write).
    pub fn write_members<T: Save>(&self, value: &T) -> Result<()> {
        self.write_members_with(value, &WriteOptions::new())
    }

    /// Writes a value whose members go into the group, with options.
    ///
    /// # Errors
    ///
    /// As [`File::write`](crate::File::write).
    pub fn write_members_with<T: Save>(&self, value: &T, options: &WriteOptions) -> Result<()> {
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

    /// Reads the dataset under a name into memory that is there already; see
    /// [`File::read_into`](crate::File::read_into).
    ///
    /// # Errors
    ///
    /// As [`File::read_into`](crate::File::read_into).
    pub fn read_into<B: Buffer + ?Sized>(&self, name: &str, buffer: &mut B) -> Result<()> {
        self.read_into_with(name, buffer, &ReadOptions::new())
    }

    /// Reads the dataset under a name into memory that is there already, with options.
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
            let ours = is_ours(base)?;
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

    /// What is in the group as a tree; see [`inspect`](crate::inspect).
    ///
    /// # Errors
    ///
    /// What HDF5 says of the group; what goes wrong further down stands in the tree.
    pub fn tree(&self) -> Result<Tree> {
        self.tree_with(&TreeOptions::new())
    }

    /// What is in the group as a tree, with options.
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
