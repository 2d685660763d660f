//! [`GroupReader`]: an open group that members are read from.

use crate::backed::FileBacked;
use crate::context::ReadContext;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::layout::frame::Frame;
use crate::layout::variant;

use crate::member::MemberReader;
use crate::node::Node;
use crate::node::wanted::{Facts, One, Wanted};
use crate::object::{Bare, Object};
use crate::path::{State, UNMASKED, near};
use crate::schema::Nested;
use crate::stamp::{Stamp, member_and_attribute};
use crate::storage::ObjectKind;
use crate::storage::path::names;
use std::fmt;
use std::rc::Rc;

mod link;
mod table;

pub use link::LinkReader;

/// How deep groups are looked into for a column.
const DEEPEST: u32 = 8;

/// How many rows a table without columns may have.
pub(crate) const MOST_EMPTY_ROWS: usize = 1 << 24;

/// An open group of a file.
///
/// ```
/// # use filebacked::{FileBacked, GroupReader, Node, Result, Save, Schema, Slot, Written};
/// # use filebacked::schema::{FieldSchema};
/// struct Point { x: f64, y: f64 }
/// # impl Save for Point {
/// #     fn write(&self, slot: Slot<'_>) -> Result<Written> { let group = slot.structure("Point", 1)?; group.end() }
/// # }
/// // What `#[derive(FileBacked)]` writes.
/// impl FileBacked for Point {
///     fn schema() -> Schema {
///         let fields = vec![FieldSchema::new("x", f64::schema), FieldSchema::new("y", f64::schema)];
///         Schema::structure("Point", 1, fields)
///     }
///     fn read(node: Node<'_>) -> Result<Self> {
///         let group = node.structure("Point", 1)?;
///         Ok(Point { x: group.field("x")?, y: group.field("y")? })
///     }
/// }
/// ```
pub struct GroupReader<'a> {
    pub(crate) object: Object<'a>,
    pub(crate) cx: &'a ReadContext,
    state: State,
    pub(crate) depth: u32,
    pub(crate) ours: bool,
    stamp: Option<Rc<Stamp<'static>>>,
    len: Option<usize>,
    variant: String,
    /// There is no group: the object is the value of its only member, which is called `0`.
    alone: bool,
    /// The name of a group inside its node, for the paths of errors: the columns of a variant.
    inside: Option<String>,
    /// What the type calls the index of a data frame.
    index: Option<&'static str>,
    /// The type that is being read, for hints in errors.
    schema: Option<Nested>,
    frame: Option<Box<Frame<'a>>>,
}

impl fmt::Debug for GroupReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupReader")
            .field("stamp", &self.stamp)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl<'a> GroupReader<'a> {
    pub(crate) fn new(
        object: Object<'a>,
        cx: &'a ReadContext,
        state: State,
        depth: u32,
        ours: bool,
        stamp: Option<Rc<Stamp<'static>>>,
    ) -> Self {
        let (variant, inside) = (String::new(), None);
        GroupReader {
            object,
            cx,
            state,
            depth,
            ours,
            stamp,
            len: None,
            variant,
            alone: false,
            inside,
            index: None,
            schema: None,
            frame: None,
        }
    }

    /// Takes the object for the only member, of an enum's value of this variant.
    pub(crate) fn alone(mut self, variant: &str) -> Self {
        self.alone = true;
        self.variant = variant.to_string();
        self
    }

    /// Says what the type calls the index, if the group is a data frame.
    pub(crate) fn indexed(mut self, index: Option<&'static str>) -> Self {
        self.index = index;
        self
    }

    /// Says which type is being read.
    pub(crate) fn read_as(mut self, schema: Option<Nested>) -> Self {
        self.schema = schema;
        self
    }

    /// What is known during this load: options and extensions.
    pub fn context(&self) -> &'a ReadContext {
        self.cx
    }

    /// The stamp of a group that this library wrote.
    pub fn stamp(&self) -> Option<&Stamp<'static>> {
        self.stamp.as_deref()
    }

    /// The names of the members: in creation order where that is tracked, else by their bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for names that are not UTF-8, or what the storage says.
    pub fn names(&self) -> Result<Vec<String>> {
        let names = self.object.children()?;
        Ok(match &self.frame {
            Some(frame) => frame.names(names),
            None => names,
        })
    }

    /// How many members there are.
    pub(crate) fn count(&self) -> Result<usize> {
        self.object.count()
    }

    /// The member `name`, if it is there.
    ///
    /// # Errors
    ///
    /// What the storage says.
    pub fn child(&self, name: &str) -> Result<Option<Node<'a>>> {
        self.entry(name, self.state)
    }

    /// Whether members are read as they stand: the group is one of ours, and neither options nor a
    /// data frame say more.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.ours && self.frame.is_none() && self.cx.mask().is_none()
    }

    pub(crate) fn entry(&self, name: &str, state: State) -> Result<Option<Node<'a>>> {
        match &self.frame {
            None => self.open(name, state),
            Some(frame) => self.column_of(frame, frame.stored(name), state),
        }
    }

    /// A column of a data frame.
    fn column_of(&self, frame: &Frame<'a>, name: &str, state: State) -> Result<Option<Node<'a>>> {
        let Some(mut node) = self.open(name, state)? else { return Ok(None) };
        node.column = true;
        if node.kind() == ObjectKind::Dataset
            && let Some(categories) = frame.categories(name).map_err(|e| e.at(name))?
        {
            node.categories =
                Some(Box::new(Node::open(categories, self.cx, state, self.depth, self.ours)?));
        }
        Ok(Some(node))
    }

    fn open(&self, name: &str, state: State) -> Result<Option<Node<'a>>> {
        let object = match name.contains('/') {
            _ if self.alone => self.object.again().map(Some),
            true => self.walk(name),
            false => self.object.child(name),
        };
        match object.map_err(|e| e.at(name))? {
            Some(object) => Node::open(object, self.cx, state, self.depth, self.ours)
                .map(Some)
                .map_err(|e| e.at(name)),
            None => Ok(None),
        }
    }

    /// A member of a member: a path with slashes.
    fn walk(&self, path: &str) -> Result<Option<Object<'a>>> {
        let mut names = names(path);
        let Some(first) = names.next() else { return Ok(None) };
        let mut object = self.object.child(first)?;
        for name in names {
            object = match object {
                // A member of a compound dataset's elements, too.
                Some(object) => object.into_members()?.child(name)?,
                None => return Ok(None),
            };
        }
        Ok(object)
    }

    /// The state of an entry that patterns call `key`, or `None` where the options leave it out.
    pub(crate) fn step(&self, key: Option<&str>, schema: Option<Nested>) -> Option<State> {
        match self.cx.mask() {
            None => Some(UNMASKED),
            Some(mask) => mask.step(self.state, key, schema),
        }
    }

    /// Reads a link of a type that is one, without following it. Returns whether there is one.
    pub(crate) fn link(&self, name: &str, value: &mut dyn Wanted) -> Result<bool> {
        let mut found = false;
        let other = self.find_link(name, &mut |reader| {
            found = true;
            value.read_link(reader)
        })?;
        match other {
            // Nothing, or what is no link: its type says so.
            Some(node) => value.get_next(node).map(|()| true),
            None => Ok(found),
        }
    }

    /// Reads an entry of this node's own layout: of a type that is a link that link, otherwise its
    /// value. Returns whether there is one.
    pub(crate) fn fill(&self, name: &str, state: State, value: &mut dyn Wanted) -> Result<bool> {
        let found = match value.facts().link {
            true => self.link(name, value),
            false => match self.entry(name, state)? {
                Some(node) => value.get_next(node).map(|()| true),
                None => Ok(false),
            },
        };
        found.map_err(|e| e.at(name))
    }

    /// Reads all values of a part of this node's own layout, which patterns do not see.
    pub(crate) fn fill_part_rows(&self, name: &str, values: &mut dyn Wanted) -> Result<()> {
        self.part(name, |node| node.fill_rows(u32::MAX, values))
    }

    /// Reads the link of a name, or gives the node that has the name and is no link.
    fn find_link(
        &self,
        name: &str,
        read: &mut dyn FnMut(&LinkReader<'_, '_>) -> Result<()>,
    ) -> Result<Option<Node<'a>>> {
        let (above, leaf) = name.rsplit_once('/').unwrap_or(("", name));
        let nested = if above.is_empty() { None } else { Some(self.walk(above)) };
        let nested = match nested.transpose()? {
            Some(None) => return Ok(None),
            found => found.flatten(),
        };
        let group = nested.as_ref().unwrap_or(&self.object);
        let Some(link) = group.link(leaf)? else { return self.open(name, self.state) };
        let reader =
            LinkReader { group, name: leaf, link, cx: self.cx, depth: self.depth, ours: self.ours };
        read(&reader)?;
        Ok(None)
    }

    /// An attribute of the group, or, with a name `member@name`, of a member.
    pub(crate) fn attribute(&self, name: &str) -> Result<Option<Object<'a>>> {
        match member_and_attribute(name) {
            (None, name) => self.object.attribute(name),
            (Some(member), name) => match self.walk(member)? {
                Some(member) => member.attribute(name),
                None => Ok(None),
            },
        }
    }

    /// An attribute of this node's own layout, which patterns do not see.
    pub(crate) fn own_attribute(&self, name: &str) -> Result<Option<Node<'a>>> {
        let Some(object) = self.object.attribute(name)? else { return Ok(None) };
        Node::open(object, self.cx, UNMASKED, self.depth, true).map(Some)
    }

    /// Takes the group for an enum's value.
    pub(crate) fn tagged(mut self, tag: &str) -> Result<Self> {
        self.variant = match self.object.text_attribute(tag)? {
            Some(variant) => variant,
            None => {
                return Err(Error::new(ErrorKind::Missing)
                    .with_help("the name of the variant is a string attribute of the group")
                    .at(tag));
            }
        };
        Ok(self)
    }

    /// The number of rows of a table.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len.unwrap_or(0)
    }

    /// The name of the variant of an enum's value.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// The error of a variant that the type does not have.
    #[cold]
    pub fn unknown_variant(&self, known: &[&str]) -> Error {
        variant::unknown(&self.variant, known)
    }

    /// Reads the member `name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], or whatever keeps the member from being a `T`, with the name in its
    /// path.
    pub fn field<T: FileBacked>(&self, name: &str) -> Result<T> {
        let mut value = One(None);
        match self.fill_field(name, Facts::of::<T>(), &mut value) {
            Ok(()) => value.taken(),
            Err(error) => Err(error),
        }
    }

    fn fill_field(&self, name: &str, facts: Facts, value: &mut dyn Wanted) -> Result<()> {
        match self.is_plain() && !facts.link {
            true => self.fill_plain(name, facts.optional, value),
            false => self.member(&[name]).fill(value),
        }
    }

    /// Reads a member of a group that nothing but its members has a say in: most objects need not
    /// become nodes.
    #[inline(always)]
    pub(crate) fn fill_plain(
        &self,
        name: &str,
        optional: bool,
        value: &mut dyn Wanted,
    ) -> Result<()> {
        let read = match self.object.child(name) {
            // A bare object is one of the native engine's, whose link has this name exactly.
            Ok(Some(object)) if object.handle.bare => {
                let bare = Bare(object);
                match value.read_bare(&bare) {
                    Ok(true) => return Ok(()),
                    Ok(false) => self.fill_node(bare.0, value),
                    Err(error) => Err(error),
                }
            }
            _ if name.contains('/') => return self.member(&[name]).fill_found(value),
            Ok(Some(object)) => self.fill_node(object, value),
            Ok(None) => {
                return match optional && value.put_absent(0) {
                    true => Ok(()),
                    false => Err(self.placed(self.missing(&[name]))),
                };
            }
            Err(error) => Err(error),
        };
        match read {
            Ok(()) => Ok(()),
            Err(error) => Err(self.placed(error.at(name))),
        }
    }

    #[inline(never)]
    fn fill_node(&self, object: Object<'a>, value: &mut dyn Wanted) -> Result<()> {
        Node::open(object, self.cx, UNMASKED, self.depth, true)?.fill(u32::MAX, value)
    }

    /// Reads the member `name` by a filter.
    ///
    /// # Errors
    ///
    /// As [`GroupReader::field`].
    pub fn field_with<T: 'static>(
        &self,
        name: &str,
        filter: &(impl Filter<T> + ?Sized),
    ) -> Result<T> {
        self.member(&[name]).get_with(filter)
    }

    /// Reads the column `name`, which has [`GroupReader::len`] values.
    ///
    /// # Errors
    ///
    /// As [`GroupReader::field`].
    pub fn column<T: FileBacked>(&self, name: &str) -> Result<Vec<T>> {
        self.member(&[name]).rows()
    }

    /// The member of this name, or of one of the others if that is not there.
    #[inline]
    pub fn member<'s>(&'s self, names: &'s [&'s str]) -> MemberReader<'s, 'a> {
        MemberReader { group: self, names, attribute: false }
    }

    /// Reads a part of this node's own layout, which patterns do not see.
    pub(crate) fn part<R>(
        &self,
        name: &str,
        read: impl FnOnce(Node<'a>) -> Result<R>,
    ) -> Result<R> {
        match self.entry(name, self.state)? {
            Some(node) => read(node).map_err(|e| e.at(name)),
            None => Err(Error::new(ErrorKind::Missing).at(name)),
        }
    }

    /// The index of each row's variant; `names` has the name of each variant, and its other names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownVariant`], or as [`GroupReader::field`].
    pub fn tags(&self, tag: &str, names: &[&[&str]]) -> Result<Vec<usize>> {
        let tags = self.part(tag, |node| variant::read_tags_or(node, names, None))?;
        check_len(tags, self.len(), tag)
    }

    /// The index of each row's variant, and `other` for names that no variant has.
    ///
    /// # Errors
    ///
    /// As [`GroupReader::field`].
    pub fn tags_or(&self, tag: &str, names: &[&[&str]], other: usize) -> Result<Vec<usize>> {
        let tags = self.part(tag, |node| variant::read_tags_or(node, names, Some(other)))?;
        check_len(tags, self.len(), tag)
    }

    /// The columns of one variant's fields, which `len` rows have.
    ///
    /// # Errors
    ///
    /// As [`GroupReader::field`].
    pub fn variant_columns(&self, names: &[&str], len: usize) -> Result<GroupReader<'a>> {
        for name in names {
            if let Some(node) = self.entry(name, self.state)? {
                let group =
                    node.group_of("columns", "a group (columns)").and_then(GroupReader::table);
                let mut group = group.map_err(|e| e.at(name))?;
                group.inside = Some(name.to_string());
                if group.len() != len {
                    let what = format!("{} rows of a variant that {len} rows have", group.len());
                    return Err(Error::new(ErrorKind::Damaged(what)).at(name));
                }
                return Ok(group);
            }
        }
        Err(Error::new(ErrorKind::Missing).at(names.first().unwrap_or(&"")))
    }

    /// Refuses members that are not among these names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownMember`].
    pub fn deny_unknown(&self, known: &[&str]) -> Result<()> {
        let unknown =
            |name: &String| !known.iter().any(|known| known.split('/').next() == Some(name));
        match self.names()?.into_iter().find(unknown) {
            None => Ok(()),
            Some(name) => Err(Error::new(ErrorKind::UnknownMember(name))
                .with_help(format!("known are `{}`", known.join("`, `")))),
        }
    }

    /// An error of a member, with the group's own name inside its node.
    #[cold]
    pub(crate) fn placed(&self, error: Error) -> Error {
        match &self.inside {
            Some(name) => error.at(name),
            None => error,
        }
    }

    /// The error of a field that the file does not have under any of its names.
    #[cold]
    pub(crate) fn missing(&self, names: &[&str]) -> Error {
        let name = names.first().copied().unwrap_or("");
        let mut others = self.names().unwrap_or_default();
        // A member that another field reads is not this one under another name.
        let known = self.schema.map(|schema| schema().member_names()).unwrap_or_default();
        others.retain(|other| !known.contains(&&**other));
        let help = match near(name, &others) {
            Some(near) => format!(
                "there is `{near}`: add `#[filebacked(alias = \"{near}\")]` to read it, or \
                 `#[filebacked(default)]` to do without"
            ),
            None => "add `#[filebacked(default)]` if older files lack it, or \
                     `#[filebacked(alias = \"...\")]` if it was renamed"
                .to_string(),
        };
        Error::new(ErrorKind::Missing).with_help(help).at(name)
    }
}

pub(crate) fn check_len<T>(values: Vec<T>, len: usize, name: &str) -> Result<Vec<T>> {
    if values.len() == len { Ok(values) } else { Err(other_len(values.len(), len, name)) }
}

#[cold]
pub(crate) fn other_len(found: usize, len: usize, name: &str) -> Error {
    let what = format!("a column of {found} rows in a table of {len}");
    Error::new(ErrorKind::Damaged(what)).at(name)
}
