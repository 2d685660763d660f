//! A file as a tree, without its types: what is in it, how it is stored, and what this library
//! noted beside it.
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
//! Nothing in a file makes this panic or go on without end: what cannot be looked at says so in its
//! line, an object that was met before is named, and [`TreeOptions`] limits how much is shown.

mod print;
pub(crate) mod value;

use crate::error::{Error, Operation, Result};
use crate::object::Object;
use crate::options::ReadOptions;
use crate::stamp::{DIGEST, FILTER, FORMAT, STAMP};
use crate::storage::engine::{self, Choice, Medium, Reading};
use crate::storage::{Allocation, Description, ObjectKind, Source};
use std::collections::HashMap;
use std::path::Path;

/// A file as a tree. It prints as one; [`Tree::root`] is there to be walked.
#[derive(Debug)]
pub struct Tree {
    /// The root group; its name is that of the file.
    pub root: TreeNode,
}

/// An object of a file.
#[derive(Debug)]
#[non_exhaustive]
pub struct TreeNode {
    /// The name of the link that leads to it.
    pub name: String,
    /// Its attributes, sorted by name, marks of this library included.
    pub attributes: Vec<TreeAttribute>,
    /// What it is.
    pub content: Content,
}

/// What an object is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Content {
    /// A group.
    Group {
        /// Its members: in the order of their creation where the file keeps that, else by name.
        members: Vec<TreeNode>,
        /// How many further members it has that are left out.
        left_out: usize,
    },
    /// A dataset.
    Dataset {
        /// Its datatype and shape.
        description: Description,
        /// How it lies in the file.
        storage: Layout,
        /// Its value, or the first ones of it, where that is short and can be said in text.
        value: Option<String>,
    },
    /// A committed datatype, or something newer.
    Other,
    /// The same object as the one with this path, which stands further up in the tree.
    Same(String),
    /// A link that was not followed, in words.
    Text(String),
    /// It could not be looked at.
    Broken(Error),
}

/// An attribute of an object.
#[derive(Debug)]
#[non_exhaustive]
pub struct TreeAttribute {
    /// Its name.
    pub name: String,
    /// Its datatype and shape, unless it could not be looked at.
    pub description: Result<Description>,
    /// Its value, or the first ones of it, where that can be said in text.
    pub value: Option<String>,
}

/// How a dataset lies in the file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Layout {
    /// `compact`, `contiguous`, `chunked` or `virtual`.
    pub kind: &'static str,
    /// The shape of a chunk, where there are chunks.
    pub chunk: Vec<u64>,
    /// The names of the HDF5 filters, in the order in which they are applied on writing.
    pub filters: Vec<String>,
    /// The bytes that the data takes in the file. Text of variable length is kept elsewhere and not
    /// counted.
    pub bytes: u64,
}

/// How much of a file is looked at.
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

/// The deepest level that options can ask for: deeper ones would need more stack than a thread has.
const DEEPEST: usize = 200;

impl Default for TreeOptions {
    fn default() -> Self {
        TreeOptions { depth: 32, members: 100, objects: 10_000, values: true, untrusted: false }
    }
}

/// The tree of a file.
///
/// # Errors
///
/// [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::NotHdf5`](crate::ErrorKind::NotHdf5), or
/// what HDF5 says of the root. What goes wrong further down stands in the tree.
pub fn tree(path: impl AsRef<Path>) -> Result<Tree> {
    TreeOptions::new().tree(path)
}

/// The tree of a file whose bytes are in memory.
///
/// # Errors
///
/// As [`tree`].
pub fn tree_of_bytes(bytes: &[u8]) -> Result<Tree> {
    TreeOptions::new().tree_of_bytes(bytes)
}

impl TreeOptions {
    /// The usual options.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many levels below the root are shown; 32 unless said otherwise, and never more than 200.
    pub fn depth(mut self, levels: usize) -> Self {
        self.depth = levels.min(DEEPEST);
        self
    }

    /// How many members of a group are shown; 100 unless said otherwise.
    pub fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// How many objects are shown in all; 10,000 unless said otherwise.
    pub fn objects(mut self, objects: usize) -> Self {
        self.objects = objects;
        self
    }

    /// Whether values are shown, for which data has to be read; they are unless said otherwise.
    pub fn values(mut self, values: bool) -> Self {
        self.values = values;
        self
    }

    /// For files from anywhere, as [`ReadOptions::untrusted`](crate::ReadOptions::untrusted): only
    /// our own decoder looks.
    pub fn untrusted(mut self) -> Self {
        self.untrusted = true;
        self
    }

    /// The library tells more than the native engine; it never sees what is not trusted.
    fn reading(&self) -> Reading {
        match self.untrusted {
            true => Reading { choice: Choice::Native, ..ReadOptions::new().untrusted().reading() },
            false => Reading { choice: Choice::PREFER_LIBHDF5, interrupted: true, limits: None },
        }
    }

    /// The tree of a file.
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

    /// The tree of a file whose bytes are in memory.
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
    /// The node at a path from the root: names separated by `/`.
    pub fn get(&self, path: &str) -> Option<&TreeNode> {
        path.split('/')
            .filter(|name| !name.is_empty())
            .try_fold(&self.root, |node, name| node.member(name))
    }
}

impl TreeNode {
    /// The member of this name, where it is a group that has one.
    pub fn member(&self, name: &str) -> Option<&TreeNode> {
        self.members().iter().find(|member| member.name == name)
    }

    /// The members, where it is a group.
    pub fn members(&self) -> &[TreeNode] {
        match &self.content {
            Content::Group { members, .. } => members,
            _ => &[],
        }
    }

    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&TreeAttribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

impl TreeAttribute {
    /// Whether it is a mark of this library, which the tree shows in short.
    fn is_mark(&self) -> bool {
        matches!(&*self.name, STAMP | FILTER | FORMAT | DIGEST)
    }
}

/// A walk through a file.
struct Walk<'o> {
    options: &'o TreeOptions,
    /// The objects that were met, and where.
    seen: HashMap<String, String>,
    /// How many objects may still be looked at.
    left: usize,
    /// The path of the object that is being looked at.
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
