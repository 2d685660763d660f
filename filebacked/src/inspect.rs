//! Prints a file as a tree, without its Rust types: its content, its storage, and the marks of this
//! crate.
//!
//! ```
//! # fn main() -> filebacked::Result<()> {
//! use filebacked::{FileBacked, inspect};
//!
//! #[derive(FileBacked)]
//! struct Layer { width: u32, rate: f64 }
//!
//! #[derive(FileBacked)]
//! struct Model { step: u64, name: String, layers: Vec<Layer> }
//!
//! let layers = vec![Layer { width: 64, rate: 0.1 }, Layer { width: 10, rate: 0.5 }];
//! let bytes = filebacked::to_bytes(&Model { step: 7, name: "digits".into(), layers })?;
//! assert_eq!(inspect::tree_of_bytes(&bytes)?.to_string(), "\
//! /               struct Model 1, format 1.0
//! ├── step        u64 = 7
//! ├── name        str[6] = \"digits\"
//! └── layers/     columns Layer 1, len = 2
//!     ├── rate    f64 (2) = [0.1, 0.5], compact, 16 bytes
//!     └── width   u32 (2) = [64, 10], compact, 8 bytes
//! ");
//! # Ok(()) }
//! ```
//!
//! No file makes this panic or run without end: an object that cannot be read shows its error, a
//! repeated object shows the path of the first, and [`TreeOptions`] limits the size of the tree.

mod display;
mod print;
mod value;

#[cfg(feature = "digest")]
pub use crate::verify::{Verified, verify};

use crate::error::{Error, Operation, Result};
use crate::object::Object;
use crate::options::ReadOptions;
use crate::stamp::{DIGEST, FILTER, FORMAT, STAMP};
use crate::storage::engine::{self, Choice, Medium, Reading};
use crate::storage::path::names;
use crate::storage::{Allocation, Description, ObjectKind, Source};
use std::collections::HashMap;
use std::path::Path;

/// A file as a tree, for printing or for walking from [`Tree::root`]. See the [module](self) for an
/// example.
#[derive(Debug)]
pub struct Tree {
    /// The root group; its name is that of the file.
    pub root: TreeNode,
}

/// An object of a file.
///
/// See the [module](self) for an example.
#[derive(Debug)]
#[non_exhaustive]
pub struct TreeNode {
    /// The name of the link that leads to it.
    pub name: String,
    /// Its attributes, sorted by name, including the marks of this crate.
    pub attributes: Vec<TreeAttribute>,
    /// Its content.
    pub content: Content,
}

/// The content of an object.
///
/// See the [module](self) for an example.
#[derive(Debug)]
#[non_exhaustive]
pub enum Content {
    /// A group.
    Group {
        /// Its members, in creation order if the file tracks it, otherwise by name.
        members: Vec<TreeNode>,
        /// The number of members that are not shown.
        left_out: usize,
    },
    /// A dataset.
    Dataset {
        /// Its datatype and shape.
        description: Description,
        /// Its storage in the file.
        storage: Layout,
        /// Its value, or its first elements, if they have a short text.
        value: Option<String>,
    },
    /// A committed datatype, or something newer.
    Other,
    /// The same object as the one at this path, further up in the tree.
    Same(String),
    /// A link that was not followed, in words.
    Text(String),
    /// An object that cannot be read.
    Broken(Error),
}

/// An attribute of an object.
///
/// See the [module](self) for an example.
#[derive(Debug)]
#[non_exhaustive]
pub struct TreeAttribute {
    /// Its name.
    pub name: String,
    /// Its datatype and shape, or the error of reading it.
    pub description: Result<Description>,
    /// Its value, or its first elements, if they have a text.
    pub value: Option<String>,
}

/// The storage of a dataset in the file.
///
/// See the [module](self) for an example.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Layout {
    /// `compact`, `contiguous`, `chunked` or `virtual`.
    pub kind: &'static str,
    /// The shape of a chunk; empty without chunks.
    pub chunk: Vec<u64>,
    /// The names of the HDF5 filters, in the order in which writing applies them.
    pub filters: Vec<String>,
    /// The bytes of the data in the file, without text of variable length.
    pub bytes: u64,
}

/// Limits for the tree of a file; see the [module](self) for an example.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::inspect::TreeOptions;
///
/// let bytes = filebacked::to_bytes(&vec![vec![1, 2], vec![3]])?;
/// let tree = TreeOptions::new().depth(1).tree_of_bytes(&bytes)?;
/// assert_eq!(tree.to_string(), "\
/// /            format 1.0
/// └── value/   ragged, len = 2
///     └── ... 2 more
/// ");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TreeOptions {
    depth: usize,
    members: usize,
    objects: usize,
    values: bool,
    untrusted: bool,
}

/// The deepest level that options can request: deeper ones would need more stack than a thread has.
const DEEPEST: usize = 200;

impl Default for TreeOptions {
    fn default() -> Self {
        TreeOptions { depth: 32, members: 100, objects: 10_000, values: true, untrusted: false }
    }
}

/// Returns the tree of a file. See the [module](self) for an example.
///
/// # Errors
///
/// [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::NotHdf5`](crate::ErrorKind::NotHdf5), or
/// any error of libhdf5 at the root. Errors below the root are shown in the tree.
pub fn tree(path: impl AsRef<Path>) -> Result<Tree> {
    TreeOptions::new().tree(path)
}

/// Returns the tree of a file whose bytes are in memory. See the [module](self) for an example.
///
/// # Errors
///
/// As [`tree`].
pub fn tree_of_bytes(bytes: &[u8]) -> Result<Tree> {
    TreeOptions::new().tree_of_bytes(bytes)
}

impl TreeOptions {
    /// Returns the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of levels below the root that are shown: by default 32, at most 200.
    pub fn depth(mut self, levels: usize) -> Self {
        self.depth = levels.min(DEEPEST);
        self
    }

    /// Sets the number of members that are shown per group, by default 100.
    pub fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// Sets the number of objects that are shown in all, by default 10,000.
    pub fn objects(mut self, objects: usize) -> Self {
        self.objects = objects;
        self
    }

    /// Sets whether values are shown, which reads data. The default is `true`.
    pub fn values(mut self, values: bool) -> Self {
        self.values = values;
        self
    }

    /// Prepares for files from anywhere, like
    /// [`ReadOptions::untrusted`](crate::ReadOptions::untrusted): only the native engine reads the
    /// file.
    pub fn untrusted(mut self) -> Self {
        self.untrusted = true;
        self
    }

    /// libhdf5 reports more than the native engine, but must not read untrusted files.
    fn reading(&self) -> Reading {
        match self.untrusted {
            true => Reading { choice: Choice::Native, ..ReadOptions::new().untrusted().reading() },
            false => Reading { choice: Choice::PREFER_LIBHDF5, interrupted: true, limits: None },
        }
    }

    /// Returns the tree of a file.
    ///
    /// # Errors
    ///
    /// As [`tree`].
    pub fn tree(&self, path: impl AsRef<Path>) -> Result<Tree> {
        let path = path.as_ref();
        let look = |source: &dyn Source| self.look(source, name_of(path));
        engine::read(Medium::Path(path), &self.reading(), look)
            .map_err(|e: Error| e.during(Operation::Inspect).in_file(path))
    }

    /// Returns the tree of a file whose bytes are in memory.
    ///
    /// # Errors
    ///
    /// As [`tree`].
    pub fn tree_of_bytes(&self, bytes: &[u8]) -> Result<Tree> {
        let look = |source: &dyn Source| self.look(source, "/".to_string());
        engine::read(Medium::Bytes(bytes), &self.reading(), look)
            .map_err(|e: Error| e.during(Operation::Inspect))
    }

    /// The tree below the source's root, which gets this name.
    pub(crate) fn look(&self, source: &dyn Source, name: String) -> Result<Tree> {
        let root = Object::new(source, source.root()?);
        let mut walk =
            Walk { options: self, seen: HashMap::new(), left: self.objects, path: String::new() };
        Ok(Tree { root: walk.node(name, Ok(root), self.depth) })
    }
}

/// The name of a file without the directories that it lies in.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

impl Tree {
    /// Returns the node at a path from the root, with names separated by `/`.
    pub fn get(&self, path: &str) -> Option<&TreeNode> {
        names(path).try_fold(&self.root, |node, name| node.member(name))
    }
}

impl TreeNode {
    /// Returns the member of this name, if the node is a group with such a member.
    pub fn member(&self, name: &str) -> Option<&TreeNode> {
        self.members().iter().find(|member| member.name == name)
    }

    /// Returns the members; none if the node is not a group.
    pub fn members(&self) -> &[TreeNode] {
        match &self.content {
            Content::Group { members, .. } => members,
            _ => &[],
        }
    }

    /// Returns the attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&TreeAttribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

impl TreeAttribute {
    /// Whether it is a mark of this crate, which the tree shows in short form.
    fn is_mark(&self) -> bool {
        matches!(&*self.name, STAMP | FILTER | FORMAT | DIGEST)
    }
}

/// A walk through a file.
struct Walk<'o> {
    options: &'o TreeOptions,
    /// The objects seen so far, with their paths.
    seen: HashMap<String, String>,
    /// The number of objects that may still be visited.
    left: usize,
    /// The path of the current object.
    path: String,
}

impl Walk<'_> {
    fn node(&mut self, name: String, object: Result<Object<'_>>, depth: usize) -> TreeNode {
        let mut attributes = Vec::new();
        let content = object.and_then(|object| self.content(&object, &mut attributes, depth));
        TreeNode { name, attributes, content: content.unwrap_or_else(Content::Broken) }
    }

    fn content(
        &mut self,
        object: &Object<'_>,
        attributes: &mut Vec<TreeAttribute>,
        depth: usize,
    ) -> Result<Content> {
        if let Some(identity) = object.source.identity(object.handle)? {
            if let Some(path) = self.seen.get(&identity) {
                return Ok(Content::Same(path.clone()));
            }
            self.seen.insert(
                identity,
                if self.path.is_empty() { "/".to_string() } else { self.path.clone() },
            );
        }
        for name in object.source.attributes(object.handle)? {
            attributes.push(self.attribute(object, name));
        }
        match object.kind() {
            ObjectKind::Group => self.group(object, depth),
            ObjectKind::Dataset | ObjectKind::Attribute => self.dataset(object),
            ObjectKind::Other => Ok(Content::Other),
        }
    }

    fn group(&mut self, group: &Object<'_>, depth: usize) -> Result<Content> {
        let names = group.source.children(group.handle)?;
        let shown = if depth == 0 { 0 } else { names.len().min(self.options.members) };
        let mut members = Vec::new();
        let outer = self.path.len();
        for name in names.iter().take(shown) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            self.path.push('/');
            self.path.push_str(name);
            // A link that is gone between two calls is one that leads nowhere.
            let object = group
                .child(name)
                .and_then(|found| found.ok_or_else(|| crate::ErrorKind::Missing.into()));
            members.push(self.node(name.clone(), object, depth.saturating_sub(1)));
            self.path.truncate(outer);
        }
        Ok(Content::Group { left_out: names.len() - members.len(), members })
    }

    fn dataset(&self, dataset: &Object<'_>) -> Result<Content> {
        let description = dataset.source.describe(dataset.handle)?;
        let Allocation { layout, chunk, filters, bytes } =
            dataset.source.allocation(dataset.handle)?;
        let value = if self.options.values { value::text(dataset, &description) } else { None };
        Ok(Content::Dataset {
            description,
            storage: Layout { kind: layout, chunk, filters, bytes },
            value,
        })
    }

    fn attribute(&self, object: &Object<'_>, name: String) -> TreeAttribute {
        let look = || -> Result<(Description, Option<String>)> {
            let attribute = object.attribute(&name)?.ok_or(crate::ErrorKind::Missing)?;
            let description = attribute.source.describe(attribute.handle)?;
            let value = value::text(&attribute, &description);
            Ok((description, value))
        };
        match look() {
            Ok((description, value)) => TreeAttribute { name, description: Ok(description), value },
            Err(error) => TreeAttribute { name, description: Err(error), value: None },
        }
    }
}
