//! Members of a group, for types that are written and read by hand.
//!
//! [`GroupWriter`](crate::GroupWriter) writes the members of a group one after another;
//! [`MemberWriter`] does so with the options that the derive's attributes offer.
//! [`GroupReader`] reads them in any order, and [`MemberReader`] does so with
//! the same options. [`SaveMembers`] and [`ReadMembers`] are the traits of types that `flatten`
//! accepts.
//!
//! ```
//! use filebacked::{FileBacked, GroupReader, Node, Result, Save, Schema, Slot, Written};
//!
//! struct Span { from: u32, to: u32 }
//!
//! impl Save for Span {
//!     fn write(&self, slot: Slot<'_>) -> Result<Written> {
//!         let mut group = slot.structure("Span", 1)?;
//!         group.field("from", &self.from)?;
//!         group.field("to", &self.to)?;
//!         group.end()
//!     }
//! }
//!
//! impl FileBacked for Span {
//!     fn schema() -> Schema {
//!         Schema::Opaque
//!     }
//!     fn read(node: Node<'_>) -> Result<Self> {
//!         let group: GroupReader<'_> = node.structure("Span", 1)?;
//!         Ok(Span { from: group.field("from")?, to: group.field("to")? })
//!     }
//! }
//!
//! let bytes = filebacked::to_bytes(&Span { from: 2, to: 5 })?;
//! assert_eq!(filebacked::from_bytes::<Span>(&bytes)?.to, 5);
//! # Ok::<(), filebacked::Error>(())
//! ```

pub use crate::backed::{ReadMembers, SaveMembers};
pub use crate::field::{Storage, StoreAs};
pub use crate::writer::MemberWriter;

use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::layout::absent;
use crate::node::Node;
use crate::node::wanted::{Facts, Many, One, Wanted};
use crate::reader::{GroupReader, other_len};
use crate::schema::Nested;
use crate::slot::opaque;

/// A member of a group that is about to be read.
///
/// `read` of a type that is written by hand needs these: [`get`](MemberReader::get) for a value and
/// [`rows`](MemberReader::rows) for a column, with `_or` for members that may be missing, and with
/// `_with` for a filter. The derive calls others, which combine these.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct MemberReader<'s, 'a> {
    pub(crate) group: &'s GroupReader<'a>,
    pub(crate) names: &'s [&'s str],
    pub(crate) attribute: bool,
}

/// The object found under a member's names.
enum Found<'a> {
    Node(Node<'a>),
    Missing,
    LeftOut,
}

impl<'a> MemberReader<'_, 'a> {
    /// As an HDF5 attribute instead of a dataset; `member@name` is that of a member.
    pub fn attribute(mut self) -> Self {
        self.attribute = true;
        self
    }

    fn name(&self) -> &str {
        self.names.first().copied().unwrap_or("")
    }

    fn find(&self, schema: Nested) -> Result<Found<'a>> {
        let group = self.group;
        let Some(state) = group.step(Some(self.name()), Some(schema)) else {
            return Ok(Found::LeftOut);
        };
        for name in self.names {
            let node = if self.attribute {
                let object = group.attribute(name).map_err(|e| e.at(name))?;
                object
                    .map(|object| Node::open(object, group.cx, state, group.depth, group.ours))
                    .transpose()?
            } else {
                group.entry(name, state)?
            };
            if let Some(node) = node {
                return Ok(Found::Node(node));
            }
        }
        Ok(Found::Missing)
    }

    /// Finds the member, or says what its absence means: `Ok(None)` where a value stands for it.
    fn locate(&self, schema: Nested, has_default: bool) -> Result<Option<Node<'a>>> {
        let found = self.find(schema).and_then(|found| match found {
            Found::Node(node) => Ok(Some(node)),
            Found::Missing | Found::LeftOut if has_default => Ok(None),
            Found::Missing => Err(self.group.missing(self.names)),
            Found::LeftOut => Err(Error::new(ErrorKind::Skipped).at(self.name())),
        });
        found.map_err(|e| self.group.placed(e))
    }

    /// The error of the member's own value.
    #[cold]
    fn failed(&self, error: Error) -> Error {
        self.group.placed(error.at(self.name()))
    }

    fn read<R>(
        &self,
        schema: Nested,
        read: impl FnOnce(Node<'a>) -> Result<R>,
        absent: Option<R>,
    ) -> Result<R> {
        match self.locate(schema, absent.is_some())? {
            Some(node) => match read(node) {
                Ok(value) => Ok(value),
                Err(error) => Err(self.failed(error)),
            },
            None => match absent {
                Some(value) => Ok(value),
                None => Err(self.group.missing(self.names)),
            },
        }
    }

    /// The same with a default that is made where it is needed.
    fn read_or<R>(
        &self,
        schema: Nested,
        read: impl FnOnce(Node<'a>) -> Result<R>,
        default: impl FnOnce() -> R,
    ) -> Result<R> {
        match self.locate(schema, true)? {
            Some(node) => match read(node) {
                Ok(value) => Ok(value),
                Err(error) => Err(self.failed(error)),
            },
            None => Ok(default()),
        }
    }

    /// As many defaults as the table has rows.
    fn defaults<T>(&self, mut default: impl FnMut() -> T) -> Vec<T> {
        let mut values = Vec::with_capacity(self.group.len());
        for _ in 0..self.group.len() {
            values.push(default());
        }
        values
    }

    #[cold]
    fn other_len(&self, found: usize) -> Error {
        self.group.placed(other_len(found, self.group.len(), self.name()))
    }

    /// The values of a column, if there are as many as the table has rows.
    fn checked<T>(&self, values: Vec<T>) -> Result<Vec<T>> {
        match values.len() == self.group.len() {
            true => Ok(values),
            false => Err(self.other_len(values.len())),
        }
    }

    /// Reads the value. A member that is not there is the `None` of types that have one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], or whatever keeps the member from being a `T`, with the name in its
    /// path.
    pub fn get<T: FileBacked>(self) -> Result<T> {
        let mut value = One(None);
        match self.fill(&mut value) {
            Ok(()) => value.taken(),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn fill(self, value: &mut dyn Wanted) -> Result<()> {
        if let [name] = self.names
            && !self.attribute
            && self.group.is_plain()
        {
            let facts = value.facts();
            if !facts.link {
                return self.group.fill_plain(name, facts.optional, value);
            }
        }
        self.fill_found(value)
    }

    /// The same through a node.
    pub(crate) fn fill_found(self, value: &mut dyn Wanted) -> Result<()> {
        let facts = value.facts();
        match self.fill_if_there(facts, facts.optional, value)? {
            true => Ok(()),
            false => self.fill_absent(value),
        }
    }

    /// Takes the value of absence.
    fn fill_absent(&self, value: &mut dyn Wanted) -> Result<()> {
        match value.put_absent(0) {
            true => Ok(()),
            false => Err(self.group.missing(self.names)),
        }
    }

    /// Reads the member if it is there, which it has to be where nothing stands for it. Returns
    /// whether it is.
    fn fill_if_there(
        &self,
        facts: Facts,
        has_default: bool,
        value: &mut dyn Wanted,
    ) -> Result<bool> {
        if facts.link {
            return self.link(facts.schema, has_default, value);
        }
        match self.locate(facts.schema, has_default)? {
            Some(node) => match node.fill(u32::MAX, value) {
                Ok(()) => Ok(true),
                Err(error) => Err(self.failed(error)),
            },
            None => Ok(false),
        }
    }

    /// Reads the value, or takes the default where the member is not there.
    ///
    /// # Errors
    ///
    /// Whatever keeps the member from being a `T`.
    pub fn get_or<T: FileBacked>(self, default: impl FnOnce() -> T) -> Result<T> {
        let mut value = One(None);
        match self.fill_if_there(value.facts(), true, &mut value)? {
            true => value.taken(),
            false => Ok(default()),
        }
    }

    /// Reads a link, which is not followed; `false` where none is there and a value stands for that.
    fn link(&self, schema: Nested, has_default: bool, value: &mut dyn Wanted) -> Result<bool> {
        let mut found = false;
        self.find_link(schema, has_default, &mut |group, name| {
            found = group.link(name, value)?;
            Ok(found)
        })?;
        Ok(found)
    }

    fn find_link(
        &self,
        schema: Nested,
        has_default: bool,
        read: &mut dyn FnMut(&GroupReader<'_>, &str) -> Result<bool>,
    ) -> Result<()> {
        let group = self.group;
        let mut find = || {
            if group.step(Some(self.name()), Some(schema)).is_none() {
                return match has_default {
                    true => Ok(()),
                    false => Err(Error::new(ErrorKind::Skipped).at(self.name())),
                };
            }
            if self.attribute {
                let what = "a link as an attribute".into();
                return Err(Error::new(ErrorKind::Unsupported(what))
                    .with_help("remove `attr` from the field")
                    .at(self.name()));
            }
            for name in self.names {
                if read(group, name).map_err(|e| e.at(name))? {
                    return Ok(());
                }
            }
            if has_default { Ok(()) } else { Err(group.missing(self.names)) }
        };
        find().map_err(|e| group.placed(e))
    }

    /// Reads the value by a filter.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::get`].
    pub fn get_with<T: 'static>(self, filter: &(impl Filter<T> + ?Sized)) -> Result<T> {
        self.read(opaque, |node| node.get_with(filter), None)
    }

    /// Reads the value by a filter, or takes the default where the member is not there.
    ///
    /// # Errors
    ///
    /// Whatever keeps the member from being a `T`.
    #[doc(hidden)]
    pub fn get_with_or<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
        default: impl FnOnce() -> T,
    ) -> Result<T> {
        self.read_or(opaque, |node| node.get_with(filter), default)
    }

    /// Reads the value in an `Option` by a filter; a member that is not there is `None`.
    ///
    /// # Errors
    ///
    /// Whatever keeps the member from being a `T`.
    #[doc(hidden)]
    pub fn get_option_with<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
    ) -> Result<Option<T>> {
        self.read(opaque, |node| node.get_with(filter).map(Some), Some(None))
    }

    /// Reads the value in an `Option` by a filter, or takes the default where the member is not
    /// there.
    ///
    /// # Errors
    ///
    /// Whatever keeps the member from being a `T`.
    #[doc(hidden)]
    pub fn get_option_with_or<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
        default: impl FnOnce() -> Option<T>,
    ) -> Result<Option<T>> {
        // A marker without the filter's name stands for a `None` that is not the default.
        let read =
            |node: Node<'a>| match node.filters().next().is_none() && node.absence()?.is_some() {
                true => Ok(None),
                false => node.get_with(filter).map(Some),
            };
        self.read_or(opaque, read, default)
    }

    /// Reads the column's values, as many as the table has rows.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::get`]; [`ErrorKind::Damaged`] for a column of another length.
    pub fn rows<T: FileBacked>(self) -> Result<Vec<T>> {
        let mut values = Many(Vec::new());
        match self.fill_rows(&mut values) {
            Ok(()) => Ok(values.0),
            Err(error) => Err(error),
        }
    }

    fn fill_rows(self, values: &mut dyn Wanted) -> Result<()> {
        let (facts, len) = (values.facts(), self.group.len());
        if !self.fill_found_rows(facts, len > 0 && facts.optional, values)? {
            for _ in 0..len {
                values.put_absent(0);
            }
        }
        match values.count() == len {
            true => Ok(()),
            false => Err(self.other_len(values.count())),
        }
    }

    fn fill_found_rows(
        &self,
        facts: Facts,
        has_default: bool,
        values: &mut dyn Wanted,
    ) -> Result<bool> {
        match self.locate(facts.schema, has_default)? {
            Some(node) => match node.fill_rows(u32::MAX, values) {
                Ok(()) => Ok(true),
                Err(error) => Err(self.failed(error)),
            },
            None => Ok(false),
        }
    }

    /// Reads the column's values, or takes the default for each row where the column is not there.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    pub fn rows_or<T: FileBacked>(self, default: impl FnMut() -> T) -> Result<Vec<T>> {
        let mut values = Many(Vec::new());
        match self.fill_found_rows(values.facts(), true, &mut values)? {
            true => self.checked(values.0),
            false => Ok(self.defaults(default)),
        }
    }

    /// Reads the column's values by a filter.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    pub fn rows_with<T: 'static>(self, filter: &(impl Filter<T> + ?Sized)) -> Result<Vec<T>> {
        let values = self.read(opaque, |node| node.get_rows_with(filter), None)?;
        self.checked(values)
    }

    /// Reads the column's values by a filter, or takes the default for each row where the column is
    /// not there.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    #[doc(hidden)]
    pub fn rows_with_or<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
        default: impl FnMut() -> T,
    ) -> Result<Vec<T>> {
        let read = |node: Node<'a>| node.get_rows_with(filter);
        let values = self.read_or(opaque, read, || self.defaults(default))?;
        self.checked(values)
    }

    /// Reads the column's values in an `Option` by a filter.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    #[doc(hidden)]
    pub fn option_rows_with<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
    ) -> Result<Vec<Option<T>>> {
        self.option_rows_with_or(filter, || None)
    }

    /// Reads the column's values in an `Option` by a filter, or takes the default for each row
    /// where it is not there.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    #[doc(hidden)]
    pub fn option_rows_with_or<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
        default: impl FnMut() -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let read = |node: Node<'a>| filter.read_optional_rows(node);
        let values = self.read_or(opaque, read, || self.defaults(default))?;
        self.checked(values)
    }

    /// Reads the values of a column, and takes the default for those that were left out.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    #[doc(hidden)]
    pub fn rows_unless_or<T: FileBacked>(self, mut default: impl FnMut() -> T) -> Result<Vec<T>> {
        let len = self.group.len();
        let read = |node: Node<'a>| absent::read_rows(node);
        let values = self.read_or(T::schema, read, || self.defaults(|| None))?;
        let mut rows = Vec::with_capacity(len);
        for value in self.checked(values)? {
            rows.push(match value {
                Some(value) => value,
                None => default(),
            });
        }
        Ok(rows)
    }
}
