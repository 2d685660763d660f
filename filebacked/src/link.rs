//! [`SoftLink`] and [`ExternalLink`]: fields that are HDF5 links, read without following them.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{python, sequence};
use crate::lazy::Held;
use crate::node::Node;
use crate::path::UNMASKED;
use crate::reader::LinkReader;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use crate::storage::Link;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// The origin of a link: its group, which keeps the file open, and its name.
#[derive(Clone)]
struct Origin {
    group: Held,
    name: String,
}

impl Origin {
    fn new(reader: &LinkReader<'_, '_>) -> Result<Option<Self>> {
        let group = Held::of(reader.group, reader.cx, reader.depth, reader.ours)?;
        Ok(group.map(|group| Origin { group, name: reader.name.to_string() }))
    }

    /// Reads the target of the link.
    fn read<T: FileBacked>(&self, near: bool) -> Result<T> {
        self.group.read(|group| {
            let read = || {
                let target = group.object.child(&self.name)?.ok_or(ErrorKind::Missing)?;
                // Another file has marks of its own.
                Node::open(target, group.context(), UNMASKED, group.depth, group.ours && near)?
                    .get()
            };
            read().map_err(|e: Error| e.at(&self.name))
        })
    }
}

/// The error of a link that was not read from a file.
#[cold]
fn nowhere() -> Error {
    Error::new(ErrorKind::Dangling("a link that was made here and not read from a file".into()))
        .with_help("`read_in` follows it from a group that is given")
}

/// The error for an object that is not the expected link.
#[cold]
fn no_link(expected: &'static str, node: &Node<'_>) -> Error {
    node.unexpected(expected)
        .with_help("links are members of a group: fields, entries of a map, elements of a list")
}

macro_rules! link_type {
    ($link:ident, $what:literal) => {
        impl<T> $link<T> {
            /// Returns the link in the form of [`Value`](crate::Value) and [`Entry`](crate::file::Entry).
            pub fn to_link(&self) -> Link {
                self.link.clone()
            }

            /// Returns whether the link was read from a file, so that [`read`](Self::read) can
            /// follow it.
            pub fn is_placed(&self) -> bool {
                self.origin.is_some()
            }
        }

        impl<T: FileBacked> $link<T> {
            /// Reads the target of the link, relative to its origin. The link keeps the file open.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Dangling`] if the target does not exist, or if the link was not read
            /// from a file; any error of reading a `T` from the target.
            pub fn read(&self) -> Result<T> {
                self.origin.as_ref().ok_or_else(nowhere)?.read(matches!(self.link, Link::Soft(_)))
            }
        }

        impl<T> Clone for $link<T> {
            fn clone(&self) -> Self {
                $link { link: self.link.clone(), origin: self.origin.clone(), target: PhantomData }
            }
        }

        impl<T> PartialEq for $link<T> {
            fn eq(&self, other: &Self) -> bool {
                self.link == other.link
            }
        }

        impl<T> Eq for $link<T> {}

        impl<T> Hash for $link<T> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.link.hash(state);
            }
        }

        impl<T: 'static> Save for $link<T> {
            fn write(&self, slot: Slot<'_>) -> Result<Written> {
                if slot.context().is_python() {
                    return Err(python::no_link());
                }
                self.link.check()?;
                slot.link(&self.link)
            }

            fn key() -> Option<Key<Self>> {
                Some(Key::new())
            }
        }

        impl<T: 'static> FileBacked for $link<T> {
            fn schema() -> Schema {
                Schema::Opaque
            }

            fn read(node: Node<'_>) -> Result<Self> {
                Err(no_link($what, &node))
            }

            fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                sequence::read_numbered(node)
            }

            fn is_link() -> bool {
                true
            }

            fn read_link(reader: &LinkReader<'_, '_>) -> Result<Self> {
                let $link { link, .. } = Self::of(&reader.link)?;
                Ok($link { link, origin: Origin::new(reader)?, target: PhantomData })
            }
        }
    };
}

/// A path in the same file, stored as a soft link. Programs that read the name get the target.
///
/// A path with a leading `/` starts at the root of the file, any other path at the group of the
/// link. Loading reads only the path, even of a dangling link; [`read`](SoftLink::read) follows it.
///
/// ```text
/// run/                  struct Run 1
/// ├── best    -> 7      a soft link: f["run/best"] is f["run/7"]
/// └── 7/                struct Layer 1
/// ```
///
/// ```
/// # #[cfg(feature = "derive")] fn f() -> filebacked::Result<()> {
/// use filebacked::link::SoftLink;
/// use filebacked::FileBacked;
///
/// #[derive(FileBacked)]
/// struct Run {
///     losses: Vec<f64>,
///     shown: SoftLink<Vec<f64>>,
/// }
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-soft-link-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("run.h5");
/// filebacked::save(&path, &Run { losses: vec![0.5, 0.25], shown: "losses".into() })?;
///
/// let run: Run = filebacked::load(&path)?;
/// assert_eq!(run.shown.path(), "losses");
/// assert_eq!(run.shown.read()?, [0.5, 0.25]);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// # #[cfg(all(feature = "derive", feature = "libhdf5"))] f().unwrap();
/// ```
pub struct SoftLink<T> {
    link: Link,
    origin: Option<Origin>,
    target: PhantomData<fn() -> T>,
}

link_type!(SoftLink, "a soft link");

impl<T> SoftLink<T> {
    /// Creates a link to a path.
    pub fn new(path: impl Into<String>) -> Self {
        SoftLink { link: Link::Soft(path.into()), origin: None, target: PhantomData }
    }

    /// Returns the target path.
    pub fn path(&self) -> &str {
        match &self.link {
            Link::Soft(path) | Link::External { path, .. } => path,
        }
    }

    fn of(link: &Link) -> Result<Self> {
        match link {
            Link::Soft(path) => Ok(SoftLink::new(path)),
            Link::External { file, path } => Err(Error::mismatch(
                "a soft link",
                format!("an external link to `{path}` in `{file}`"),
            )),
        }
    }
}

#[cfg(feature = "libhdf5")]
impl<T: FileBacked> SoftLink<T> {
    /// Reads the target of the path from a group, or from the root of its file if the path begins
    /// with `/`.
    ///
    /// # Errors
    ///
    /// As [`Group::read`](crate::file::Group::read).
    pub fn read_in(&self, group: &crate::file::Group) -> Result<T> {
        group.read(self.path())
    }
}

impl<T> fmt::Debug for SoftLink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SoftLink").field(&self.path()).finish()
    }
}

impl<T> From<&str> for SoftLink<T> {
    fn from(path: &str) -> Self {
        SoftLink::new(path)
    }
}

impl<T> From<String> for SoftLink<T> {
    fn from(path: String) -> Self {
        SoftLink::new(path)
    }
}

/// A path in another file, stored as an external link. Programs that read the name get the target.
///
/// HDF5 looks up a relative file name in the directory of the environment variable
/// `HDF5_EXT_PREFIX`, then beside the file of the link. Loading reads only the names;
/// [`read`](ExternalLink::read) follows them.
///
/// ```text
/// run/                                  struct Run 1
/// └── data    -> /images in data.h5     an external link: f["run/data"] is the other file's f["images"]
/// ```
///
/// ```
/// # #[cfg(feature = "derive")] fn f() -> filebacked::Result<()> {
/// use filebacked::link::ExternalLink;
/// use filebacked::FileBacked;
///
/// #[derive(FileBacked)]
/// struct Run {
///     images: ExternalLink<Vec<f32>>,
/// }
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-external-link-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("run.h5");
/// filebacked::save(dir.join("data.h5"), &vec![1.0f32, 2.0])?; // under the name `value`
/// filebacked::save(&path, &Run { images: ExternalLink::new("data.h5", "/value") })?;
///
/// let run: Run = filebacked::load(&path)?;
/// assert_eq!(run.images.read()?, [1.0, 2.0]);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// # #[cfg(all(feature = "derive", feature = "libhdf5"))] f().unwrap();
/// ```
pub struct ExternalLink<T> {
    link: Link,
    origin: Option<Origin>,
    target: PhantomData<fn() -> T>,
}

link_type!(ExternalLink, "an external link");

impl<T> ExternalLink<T> {
    /// Creates a link to a path in another file.
    pub fn new(file: impl Into<String>, path: impl Into<String>) -> Self {
        let link = Link::External { file: file.into(), path: path.into() };
        ExternalLink { link, origin: None, target: PhantomData }
    }

    /// Returns the name of the file.
    pub fn file(&self) -> &str {
        match &self.link {
            Link::External { file, .. } => file,
            Link::Soft(_) => "",
        }
    }

    /// Returns the path in that file.
    pub fn path(&self) -> &str {
        match &self.link {
            Link::Soft(path) | Link::External { path, .. } => path,
        }
    }

    fn of(link: &Link) -> Result<Self> {
        match link {
            Link::External { file, path } => Ok(ExternalLink::new(file, path)),
            Link::Soft(path) => {
                Err(Error::mismatch("an external link", format!("a soft link to `{path}`")))
            }
        }
    }
}

impl<T> fmt::Debug for ExternalLink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExternalLink").field(&self.file()).field(&self.path()).finish()
    }
}

impl<T> From<(&str, &str)> for ExternalLink<T> {
    fn from((file, path): (&str, &str)) -> Self {
        ExternalLink::new(file, path)
    }
}
