//! [`Node`]: one object of a file that a value is to be read from. The read door.

use crate::backed::FileBacked;
use crate::buffer::Buffer;
use crate::context::ReadContext;
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::{AnyType, Filter, Found, no_filter};
use crate::foreign::{self, RowsPart};
use crate::layout::{python, sequence};
use crate::object::Object;
use crate::part::Form;
use crate::path::State;
use crate::reader::GroupReader;
use crate::schema::Nested;
use crate::shared::Loaded;
use crate::slot::{opaque, too_deep};
use crate::stamp::{FILTER, STAMP, Stamp, unescape};
use crate::storage::{Description, ObjectKind, Source, Texts};
use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

/// The name of a filter on a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    pub(crate) name: String,
    /// The filter wrote many values as rows.
    pub(crate) rows: bool,
}

/// One object of a file that a value is to be read from.
///
/// [`Node::get`] is the door that every value comes through: it looks which filter wrote the node,
/// and else lets the type read itself. The other methods look at the object.
pub struct Node<'a> {
    pub(crate) object: Object<'a>,
    pub(crate) cx: &'a ReadContext,
    pub(crate) state: State,
    pub(crate) depth: u32,
    /// The node is in a file, or below a group, that this library wrote.
    pub(crate) ours: bool,
    /// In a file of others: only filters older than this one are asked next.
    below: u32,
    /// The filters that wrote the node, outermost first, and how many of them are at work already.
    marks: Option<Rc<[Mark]>>,
    passed: usize,
    /// How many of them were at work when this type's turn came: a filter works once for a type, so
    /// that its name a second time is that of a type inside.
    before: usize,
    /// The categories of a column of codes, where they lie beside it.
    pub(crate) categories: Option<Box<Node<'a>>>,
    /// The node is a column of a data frame.
    pub(crate) column: bool,
    /// Rows without a value are left out: the caller has their mask.
    pub(crate) present: bool,
    /// What the type calls the index of a data frame.
    index: Option<&'static str>,
    /// The type that is being read, for hints in errors.
    schema: Option<Nested>,
    /// Boxed: most nodes are datasets, and nodes are moved a lot.
    stamp: OnceCell<Option<Rc<Stamp<'static>>>>,
    /// Of a node in a file of others, which is looked at before its type looks at it.
    description: OnceCell<Box<Description>>,
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("marks", &self.marks)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

impl<'a> Node<'a> {
    pub(crate) fn open(
        object: Object<'a>,
        cx: &'a ReadContext,
        state: State,
        depth: u32,
        ours: bool,
    ) -> Result<Self> {
        let marks = object.text_attribute(FILTER)?.as_deref().map(parse_marks);
        let (stamp, description) = (OnceCell::new(), OnceCell::new());
        Ok(Node {
            object,
            cx,
            state,
            depth,
            ours,
            below: u32::MAX,
            marks,
            passed: 0,
            before: 0,
            categories: None,
            column: false,
            present: false,
            index: None,
            schema: None,
            stamp,
            description,
        })
    }

    /// Says what the type calls the index, if the node is a data frame.
    #[must_use]
    pub(crate) fn data_frame(mut self, index: &'static str) -> Self {
        self.index = Some(index);
        self
    }

    /// What is known during this load: options and extensions.
    pub fn context(&self) -> &'a ReadContext {
        self.cx
    }

    /// THE door: reads a value by the filter that wrote the node, in a file of others by the newest
    /// filter that is registered for the type, or else in the type's own way.
    ///
    /// # Errors
    ///
    /// Whatever keeps the node from being a `T`.
    #[inline]
    pub fn get<T: FileBacked>(mut self) -> Result<T> {
        self.before = self.passed;
        self.get_below(u32::MAX)
    }

    /// The door for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps the node from being values of `T`.
    #[inline]
    pub fn get_rows<T: FileBacked>(mut self) -> Result<Vec<T>> {
        self.before = self.passed;
        self.get_rows_below(u32::MAX)
    }

    /// The door for the rows of nested arrays: the values, flattened, and how many arrays there
    /// are.
    pub(crate) fn get_shaped<T: FileBacked>(mut self, inner: &[usize]) -> Result<(Vec<T>, usize)> {
        self.before = self.passed;
        if let Some(found) = self.filter(u32::MAX, true, TypeId::of::<T>(), T::schema) {
            let node = self.through(found.serial)?;
            let values = found.read_rows(Key::new(), node, AnyType::backed::<T>())?;
            let arrays = match inner.iter().product::<usize>() {
                0 => 0,
                size => values.len() / size,
            };
            return Ok((values, arrays));
        }
        self.below = u32::MAX;
        T::read_shaped(self, inner)
    }

    /// Reads the elements of a dataset into memory of the caller's; see [`Buffer`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] for a dataset of another shape or type, and whatever else keeps it
    /// from being read.
    pub fn get_into<B: Buffer + ?Sized>(self, buffer: &mut B) -> Result<()> {
        buffer.read_from(self)
    }

    /// Inside a filter: reads a value by the next filter that the node names, in the end in the
    /// type's own way.
    ///
    /// # Errors
    ///
    /// Whatever keeps the node from being a `T`.
    pub fn get_next<T: FileBacked>(self) -> Result<T> {
        let below = self.below;
        self.get_below(below)
    }

    /// Inside a filter: the same for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps the node from being values of `T`.
    pub fn get_next_rows<T: FileBacked>(self) -> Result<Vec<T>> {
        let below = self.below;
        self.get_rows_below(below)
    }

    /// Inside a predicate filter: [`Node::get_next`] for a type not known here.
    ///
    /// # Errors
    ///
    /// Whatever keeps the node from being such a value; [`ErrorKind::NoFilter`] for a type that
    /// cannot read itself.
    pub fn get_next_any(self, ty: AnyType) -> Result<Box<dyn Any>> {
        ty.read_next(self)
    }

    /// Inside a predicate filter: [`Node::get_next_rows`] for a type not known here.
    ///
    /// # Errors
    ///
    /// As [`Node::get_next_any`].
    pub fn get_next_rows_any(self, ty: AnyType) -> Result<Vec<Box<dyn Any>>> {
        ty.read_next_rows(self)
    }

    fn get_below<T: FileBacked>(self, below: u32) -> Result<T> {
        if self.ours {
            return self.get_itself(below);
        }
        let mut found = None;
        let may_be_absent = T::from_absence(0).is_some();
        foreign::read(self, T::schema, may_be_absent, &mut |node| {
            found = match node {
                Some(node) => Some(node.get_itself(below)?),
                None => T::from_absence(0),
            };
            Ok(())
        })?;
        found.ok_or_else(nothing_read)
    }

    fn get_itself<T: FileBacked>(mut self, below: u32) -> Result<T> {
        // A marker of absence is no value of the type's own.
        if T::from_absence(0).is_some()
            && let Some(depth) = self.marked_absence()?
        {
            return T::from_absence(depth).ok_or_else(|| self.unexpected("a value"));
        }
        if let Some(found) = self.filter(below, false, TypeId::of::<T>(), T::schema) {
            let node = self.through(found.serial)?;
            return found.read(Key::new(), node, AnyType::backed::<T>());
        }
        self.below = u32::MAX;
        self.schema = Some(T::schema);
        #[allow(clippy::disallowed_methods)]
        T::read(self)
    }

    /// The marker of an absent value, if no filter stands before it.
    fn marked_absence(&self) -> Result<Option<u32>> {
        if self.mark().is_some() { Ok(None) } else { self.absence() }
    }

    fn get_rows_below<T: FileBacked>(self, below: u32) -> Result<Vec<T>> {
        if self.ours {
            return self.get_rows_itself(below);
        }
        let mut values = Vec::new();
        foreign::read_rows(self, T::from_absence(0).is_some(), &mut |part| {
            match part {
                RowsPart::All(node) => values = node.get_rows_itself(below)?,
                RowsPart::One(node) => values.push(node.get()?),
                RowsPart::Absent => values.extend(T::from_absence(0)),
            }
            Ok(())
        })?;
        Ok(values)
    }

    fn get_rows_itself<T: FileBacked>(mut self, below: u32) -> Result<Vec<T>> {
        if let Some(found) = self.filter(below, true, TypeId::of::<T>(), T::schema) {
            let node = self.through(found.serial)?;
            return found.read_rows(Key::new(), node, AnyType::backed::<T>());
        }
        self.below = u32::MAX;
        self.schema = Some(T::schema);
        #[allow(clippy::disallowed_methods)]
        T::read_rows(self)
    }

    /// The filter that is meant: in our files the one that the node names, in others the newest.
    #[inline]
    fn filter(&self, below: u32, rows: bool, id: TypeId, schema: Nested) -> Option<Found<'a>> {
        if self.cx.registry().is_empty() {
            None
        } else {
            self.registered_filter(below, rows, id, schema)
        }
    }

    fn registered_filter(
        &self,
        below: u32,
        rows: bool,
        id: TypeId,
        schema: Nested,
    ) -> Option<Found<'a>> {
        let registry = self.cx.registry();
        match self.mark() {
            Some(mark) if mark.rows == rows && !self.worked(mark) => {
                registry.find_named(id, schema, &mark.name)
            }
            Some(_) => None,
            None if self.ours
                || self.kind() == ObjectKind::Attribute
                || self.object.source.is_marked() =>
            {
                None
            }
            None => registry.find(id, schema, below),
        }
    }

    /// Whether a filter of this name was at work for this type already.
    fn worked(&self, mark: &Mark) -> bool {
        self.marks
            .as_deref()
            .and_then(|marks| marks.get(self.before..self.passed))
            .is_some_and(|worked| worked.contains(mark))
    }

    /// The node as a filter gets it: its own name is behind it.
    fn through(mut self, serial: u32) -> Result<Self> {
        if self.mark().is_some() {
            self.passed += 1;
        }
        self.below = serial;
        self.depth = deeper(self.depth, self.cx)?;
        Ok(self)
    }

    /// Reads a value by a filter that the caller names, which is what `#[filebacked(with = ...)]`
    /// does. A node that names another filter is read by that one.
    ///
    /// # Errors
    ///
    /// Whatever keeps the node from being a `T`; [`ErrorKind::UnknownFilter`] where the other
    /// filter is not registered.
    pub fn get_with<T: 'static>(self, filter: &(impl Filter<T> + ?Sized)) -> Result<T> {
        let (name, recorded) = (filter.name(), filter.is_recorded());
        match self.other_filter(name, recorded, false, TypeId::of::<T>())? {
            Some(found) => {
                let node = self.through(found.serial)?;
                found.read(Key::foreign(), node, AnyType::foreign::<T>())
            }
            None => filter.read(self.with_filter(name, false)?),
        }
    }

    /// The same for many values.
    ///
    /// # Errors
    ///
    /// As [`Node::get_with`].
    pub fn get_rows_with<T: 'static>(self, filter: &(impl Filter<T> + ?Sized)) -> Result<Vec<T>> {
        let (name, recorded) = (filter.name(), filter.is_recorded());
        match self.other_filter(name, recorded, true, TypeId::of::<T>())? {
            Some(found) => {
                let node = self.through(found.serial)?;
                found.read_rows(Key::foreign(), node, AnyType::foreign::<T>())
            }
            None if self.mark().is_none() && sequence::is_foreign_list(&self)? => {
                sequence::read_numbered_with(self, &mut |node| node.get_with(filter))
            }
            None => filter.read_rows(self.with_filter(name, true)?),
        }
    }

    /// The filter that wrote the node, if it is another than the field's.
    fn other_filter(
        &self,
        name: &str,
        recorded: bool,
        rows: bool,
        id: TypeId,
    ) -> Result<Option<Found<'a>>> {
        match self.mark() {
            Some(mark) if recorded && mark.rows == rows && mark.name != name => {
                let found = self.cx.registry().find_named(id, opaque, &mark.name);
                found.map(Some).ok_or_else(|| unknown_filter(&mark.name))
            }
            _ => Ok(None),
        }
    }

    fn with_filter(mut self, name: &str, rows: bool) -> Result<Self> {
        if self.mark().is_some_and(|mark| mark.rows == rows && mark.name == name) {
            self.passed += 1;
        }
        // What the field names stands outside of the registry, which may know the same filter.
        self.before = self.passed;
        self.depth = deeper(self.depth, self.cx)?;
        Ok(self)
    }

    /// Reads a value whose type needs no trait of this library, by the filter that wrote the node,
    /// in a file of others by the newest in the registry.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoFilter`] or [`ErrorKind::UnknownFilter`] where there is none.
    pub fn get_registered<T: 'static>(self) -> Result<T> {
        let found = self.registered(false, TypeId::of::<T>())?.ok_or_else(no_filter::<T>)?;
        found.read(Key::foreign(), self.through(found.serial)?, AnyType::foreign::<T>())
    }

    /// The same for many values.
    ///
    /// # Errors
    ///
    /// As [`Node::get_registered`].
    pub fn get_rows_registered<T: 'static>(self) -> Result<Vec<T>> {
        let found = self.registered(true, TypeId::of::<T>())?.ok_or_else(no_filter::<T>)?;
        found.read_rows(Key::foreign(), self.through(found.serial)?, AnyType::foreign::<T>())
    }

    fn registered(&self, rows: bool, id: TypeId) -> Result<Option<Found<'a>>> {
        let registry = self.cx.registry();
        match self.mark() {
            Some(mark) if mark.rows == rows => registry
                .find_named(id, opaque, &mark.name)
                .map(Some)
                .ok_or_else(|| unknown_filter(&mark.name)),
            // The type has no way of its own, so a node without a name is the newest filter's.
            _ => Ok(registry.find(id, opaque, self.below)),
        }
    }

    /// The node without the names of the filters that wrote it: [`Node::get_next`] reads what is
    /// stored as it stands.
    #[must_use]
    pub fn unfiltered(mut self) -> Self {
        self.passed = self.marks.as_deref().map_or(0, <[Mark]>::len);
        // No filter is older than that: none of the registry is asked either.
        self.below = 0;
        self
    }

    /// The node as another source has it, for the filter that is at work.
    pub(crate) fn within<'s>(&'s self, source: &'s dyn Source) -> Result<Node<'s>> {
        let object = Object::new(source, self.object.handle);
        Ok(Node {
            below: self.below,
            ..Node::open(object, self.cx, self.state, self.depth, false)?
        })
    }

    /// What was read of values that have several owners, if this node may be one of them: an object
    /// of its own that is read as it stands.
    pub(crate) fn loaded(&self) -> Option<&'a Loaded> {
        let plain = !self.is_inside_filter()
            && self.categories.is_none()
            && !(self.column || self.present)
            && self.index.is_none()
            && self.object.is_whole();
        if plain { self.object.source.loaded().and_then(|owners| owners.table()) } else { None }
    }

    /// Whether no filter is between the node and the elements of a dataset.
    pub(crate) fn is_plain(&self) -> bool {
        self.mark().is_none()
            && (self.ours || (self.cx.registry().is_empty() && foreign::is_itself(self)))
    }

    /// Whether a filter is reading the node right now.
    pub(crate) fn is_inside_filter(&self) -> bool {
        self.passed > 0 || self.below != u32::MAX
    }

    /// The names of the filters that wrote the node and are not at work yet, outermost first.
    pub fn filters(&self) -> impl Iterator<Item = &str> {
        self.marks
            .iter()
            .flat_map(|marks| marks.iter())
            .skip(self.passed)
            .map(|mark| mark.name.as_str())
    }

    /// Whether a filter that the node names is at work.
    pub(crate) fn is_filtered(&self) -> bool {
        self.passed > 0
    }

    fn mark(&self) -> Option<&Mark> {
        self.marks.as_deref()?.get(self.passed)
    }

    /// What is stored may be looked at once every filter that wrote it is at work.
    pub(crate) fn readable(&self) -> Result<()> {
        match self.mark() {
            None => Ok(()),
            Some(mark) => Err(unknown_filter(&mark.name)),
        }
    }

    /// The node of each element of a sequence: patterns take one level.
    #[must_use]
    pub(crate) fn each(mut self) -> Self {
        if let Some(mask) = self.cx.mask() {
            self.state = mask.step(self.state, None, None).unwrap_or(self.state);
        }
        self
    }

    /// What kind of object it is.
    pub fn kind(&self) -> ObjectKind {
        self.object.kind()
    }

    /// The stamp of a group that this library wrote.
    ///
    /// # Errors
    ///
    /// What the storage says.
    pub fn stamp(&self) -> Result<Option<&Stamp<'static>>> {
        if let Some(stamp) = self.stamp.get() {
            return Ok(stamp.as_deref());
        }
        let text = self.object.text_attribute(STAMP)?;
        Ok(self.stamp.get_or_init(|| text.map(|text| Rc::new(Stamp::parse(&text)))).as_deref())
    }

    /// The depth of the `None` that the node is a marker of.
    pub(crate) fn absence(&self) -> Result<Option<u32>> {
        if self.kind() != ObjectKind::Group {
            return Ok(None);
        }
        Ok(self
            .stamp()?
            .filter(|stamp| stamp.kind_name() == "none")
            .map(|stamp| stamp.version().unwrap_or(0)))
    }

    /// Datatype and shape of a dataset or attribute.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] where the node is no dataset; [`ErrorKind::UnknownFilter`].
    pub fn describe(&self) -> Result<Description> {
        self.readable()?;
        match self.kind() {
            ObjectKind::Dataset | ObjectKind::Attribute => {}
            _ => return Err(self.unexpected("a dataset")),
        }
        if let Some(description) = self.description.get() {
            return Ok((**description).clone());
        }
        let description = self.object.describe()?;
        if !self.ours {
            self.description.get_or_init(|| Box::new(description.clone()));
        }
        Ok(description)
    }

    /// All elements of a dataset as raw bytes, as a little-endian machine has them, in C order.
    ///
    /// # Errors
    ///
    /// As [`Node::describe`]; [`ErrorKind::Unsupported`] for datatypes that this library does not
    /// read.
    pub fn bytes(&self) -> Result<(Description, Vec<u8>)> {
        let description = self.describe()?;
        let bytes = self.object.elements::<u8>(&description)?;
        Ok((description, bytes))
    }

    /// The string attribute `name` of the object.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for text that is not UTF-8, or what the storage says.
    pub fn text_attribute(&self, name: &str) -> Result<Option<String>> {
        self.object.text_attribute(name)
    }

    /// The error of a node that is something else than what is asked for.
    #[cold]
    pub fn unexpected(&self, expected: impl Into<Cow<'static, str>>) -> Error {
        Error::mismatch(expected.into().into_owned(), self.describe_found())
    }

    /// What the node is, in words.
    #[cold]
    pub(crate) fn describe_found(&self) -> String {
        let found = (|| {
            Ok::<_, Error>(match self.kind() {
                ObjectKind::Group => match self.stamp()? {
                    Some(stamp) => match (stamp.kind_name(), stamp.name()) {
                        ("none", _) => "none".to_string(),
                        (kind, Some(name)) => format!("a group ({kind} of `{name}`)"),
                        (kind, None) => format!("a group ({kind})"),
                    },
                    None => "a group".to_string(),
                },
                ObjectKind::Dataset | ObjectKind::Attribute => say(&self.object.describe()?),
                ObjectKind::Other => "a committed datatype".to_string(),
            })
        })();
        found.unwrap_or_else(|_| "an object that cannot be looked at".to_string())
    }

    /// Opens the group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] where the node is no group; [`ErrorKind::UnknownFilter`];
    /// [`ErrorKind::TooDeep`].
    pub fn group(self) -> Result<GroupReader<'a>> {
        self.group_as("a group")
    }

    pub(crate) fn group_as(self, expected: &'static str) -> Result<GroupReader<'a>> {
        self.readable()?;
        if self.kind() != ObjectKind::Group {
            return Err(self.unexpected(expected));
        }
        let ours = self.ours || self.stamp()?.is_some();
        let depth = deeper(self.depth, self.cx)?;
        let stamp = self.stamp.get().cloned().flatten();
        Ok(GroupReader::new(self.object, self.cx, self.state, depth, ours, stamp)
            .indexed(self.index)
            .read_as(self.schema))
    }

    /// Opens a group whose stamp, if it has one, is of this kind.
    pub(crate) fn group_of(
        self,
        kind: &'static str,
        expected: &'static str,
    ) -> Result<GroupReader<'a>> {
        self.readable()?;
        let node = self.records(kind)?;
        if node.kind() == ObjectKind::Group
            && node.stamp()?.is_some_and(|stamp| stamp.kind_name() != kind)
        {
            return Err(node.unexpected(expected));
        }
        node.group_as(expected)
    }

    /// A dataset of a compound type as the group that its members would be, if a group of this kind
    /// may be one.
    fn records(mut self, kind: &str) -> Result<Self> {
        if self.kind() != ObjectKind::Group
            && let Some(form) = Form::of(kind)
        {
            self.object = self.object.into_group(form)?;
        }
        Ok(self)
    }

    /// Of values that have a place whether they are there or not, those that are there.
    pub(crate) fn present(mut self, absent: &[bool]) -> Result<Self> {
        self.object = self.object.present(absent)?;
        Ok(self)
    }

    /// Opens the group of a struct.
    ///
    /// # Errors
    ///
    /// As [`Node::group`]; [`ErrorKind::Version`] for a later version of the type.
    pub fn structure(self, name: &str, version: u32) -> Result<GroupReader<'a>> {
        self.typed("struct", name, version)
    }

    /// Opens the group of many structs, whose number is [`GroupReader::len`].
    ///
    /// # Errors
    ///
    /// As [`Node::structure`]; [`ErrorKind::Damaged`] where no length can be told.
    pub fn columns(self, name: &str, version: u32) -> Result<GroupReader<'a>> {
        self.typed("columns", name, version)?.table()
    }

    /// The same, where only these members can be columns: what tells the length of a table that
    /// others wrote.
    ///
    /// # Errors
    ///
    /// As [`Node::columns`].
    pub fn columns_of(
        self,
        name: &str,
        version: u32,
        members: impl FnOnce() -> Vec<&'static str>,
    ) -> Result<GroupReader<'a>> {
        let group = self.typed("columns", name, version)?;
        if group.ours { group.table() } else { group.table_of(&members()) }
    }

    /// Opens the group of an enum's value; `tag` is the attribute with the variant's name.
    ///
    /// # Errors
    ///
    /// As [`Node::structure`]; [`ErrorKind::Missing`] without the attribute.
    pub fn variant(self, name: &str, version: u32, tag: &str) -> Result<GroupReader<'a>> {
        self.typed("enum", name, version)?.tagged(tag)
    }

    /// Opens the value of an enum whose variants have one unnamed field each, in the order of their
    /// names: as [`Node::variant`], and in files of others also the field itself, with the index of
    /// its variant in the attribute `typeid`, as Python's FileBacked writes it.
    ///
    /// # Errors
    ///
    /// As [`Node::variant`]; [`ErrorKind::UnknownVariant`] for an index that no variant has.
    pub fn union(
        self,
        name: &str,
        version: u32,
        tag: &str,
        variants: &[&str],
    ) -> Result<GroupReader<'a>> {
        let is_group = self.kind() == ObjectKind::Group;
        if is_group && self.stamp()?.is_some() {
            return self.variant(name, version, tag);
        }
        self.readable()?;
        match python::typeid(&self.object)? {
            Some(index) => {
                let known = || variants.iter().map(|name| name.to_string()).collect();
                let variant = usize::try_from(index)
                    .ok()
                    .and_then(|index| variants.get(index))
                    .ok_or_else(|| {
                        let found = format!("number {index}");
                        Error::new(ErrorKind::UnknownVariant { found, known: known() })
                            .at(python::TYPEID)
                    })?;
                let depth = deeper(self.depth, self.cx)?;
                let group = GroupReader::new(self.object, self.cx, self.state, depth, false, None);
                Ok(group.alone(variant))
            }
            None => self.variant(name, version, tag),
        }
    }

    /// Opens the group of many values of an enum.
    ///
    /// # Errors
    ///
    /// As [`Node::columns`].
    pub fn variant_rows(self, name: &str, version: u32) -> Result<GroupReader<'a>> {
        self.typed("variants", name, version)?.table()
    }

    fn typed(self, kind: &'static str, name: &str, version: u32) -> Result<GroupReader<'a>> {
        self.readable()?;
        let node = self.records(kind)?;
        let expected = || format!("a group ({kind} of `{name}`)");
        if node.kind() == ObjectKind::Group {
            if let Some(stamp) = node.stamp()? {
                if stamp.kind_name() != kind {
                    return Err(node.unexpected(expected()));
                }
                if let Some(found) = stamp.version().filter(|found| *found > version) {
                    return Err(Error::new(ErrorKind::Version { found, supported: version })
                        .with_help("the file was written by a newer program; update this one"));
                }
            }
        } else {
            return Err(node.unexpected(expected()));
        }
        node.group()
    }

    /// All strings of a string dataset.
    pub(crate) fn texts(&self, description: &Description) -> Result<Texts> {
        self.object.texts(description)
    }
}

#[inline]
pub(crate) fn deeper(depth: u32, cx: &ReadContext) -> Result<u32> {
    if depth >= cx.max_depth() {
        return Err(too_deep(cx.max_depth()));
    }
    Ok(depth + 1)
}

/// A description in words: `a 2-dimensional dataset of f64, shape [3, 4]`.
pub(crate) fn say(description: &Description) -> String {
    let dtype = &description.dtype;
    match (description.null, &description.shape[..]) {
        (true, _) => format!("an empty dataset of {dtype}"),
        (false, []) => format!("a scalar of {dtype}"),
        (false, shape) => {
            format!("a {}-dimensional dataset of {dtype}, shape {shape:?}", shape.len())
        }
    }
}

#[cold]
fn nothing_read() -> Error {
    ErrorKind::Contract("a node was looked at and not read".into()).into()
}

#[cold]
fn unknown_filter(name: &str) -> Error {
    Error::new(ErrorKind::UnknownFilter(name.to_string())).with_help(format!(
        "register `{name}`, or name it on the field; `#[filebacked(with = filebacked::with::Raw)]` reads what is stored as it stands"
    ))
}

fn parse_marks(text: &str) -> Rc<[Mark]> {
    let word = |word: &str| match word.strip_suffix("[]") {
        Some(name) => Mark { name: unescape(name), rows: true },
        None => Mark { name: unescape(word), rows: false },
    };
    text.split(' ').filter(|w| !w.is_empty()).map(word).collect()
}
