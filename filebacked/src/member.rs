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
use crate::object::{Bare, Object};
use crate::path::UNMASKED;
use crate::reader::{GroupReader, check_len};
use crate::schema::Nested;
use crate::slot::opaque;

/// A member of a group that is about to be read.
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

/// The object found for a member that is read without filters.
enum Plain<'a> {
    /// An object without attributes.
    Bare(Bare<'a>),
    Node(Node<'a>),
    Missing,
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

    /// The values of a column, if there are as many as the table has rows.
    fn checked<T>(&self, values: Vec<T>) -> Result<Vec<T>> {
        check_len(values, self.group.len(), self.name()).map_err(|e| self.group.placed(e))
    }

    /// Reads the value. A member that is not there is the `None` of types that have one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], or whatever keeps the member from being a `T`, with the name in its
    /// path.
    #[inline]
    pub fn get<T: FileBacked>(self) -> Result<T> {
        if T::is_link() {
            return match self.link::<T>(T::from_absence(0).is_some())? {
                Some(value) => Ok(value),
                None => T::from_absence(0).ok_or_else(|| self.group.missing(self.names)),
            };
        }
        match self.names {
            [name] if !self.attribute && self.group.is_plain() && !name.contains('/') => match self
                .plain(name, T::from_absence(0).is_some())?
            {
                Plain::Bare(bare) => match T::read_bare(&bare) {
                    Ok(Some(value)) => Ok(value),
                    Ok(None) => self.value(self.node_of(bare.0).and_then(Node::get)),
                    Err(error) => Err(self.failed(error)),
                },
                Plain::Node(node) => self.value(node.get()),
                Plain::Missing => T::from_absence(0).ok_or_else(|| self.group.missing(self.names)),
            },
            _ => self.read(T::schema, Node::get, T::from_absence(0)),
        }
    }

    #[inline]
    fn value<T>(&self, value: Result<T>) -> Result<T> {
        match value {
            Ok(value) => Ok(value),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn node_of(&self, object: Object<'a>) -> Result<Node<'a>> {
        Node::open(object, self.group.cx, UNMASKED, self.group.depth, true)
    }

    /// The member of a group that nothing but its members has a say in: most objects need not
    /// become nodes.
    #[inline]
    fn plain(&self, name: &str, may_be_missing: bool) -> Result<Plain<'a>> {
        match self.group.object.child(name) {
            Ok(Some(object)) if object.handle.bare => Ok(Plain::Bare(Bare(object))),
            Ok(Some(object)) => match self.node_of(object) {
                Ok(node) => Ok(Plain::Node(node)),
                Err(error) => Err(self.failed(error)),
            },
            Ok(None) if may_be_missing => Ok(Plain::Missing),
            Ok(None) => Err(self.group.placed(self.group.missing(self.names))),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Reads the value, or takes the default where the member is not there.
    ///
    /// # Errors
    ///
    /// Whatever keeps the member from being a `T`.
    pub fn get_or<T: FileBacked>(self, default: impl FnOnce() -> T) -> Result<T> {
        if T::is_link() {
            return Ok(self.link::<T>(true)?.unwrap_or_else(default));
        }
        self.read_or(T::schema, Node::get, default)
    }

    /// Reads a link, which is not followed; `None` where none is there and a value stands for that.
    fn link<T: FileBacked>(&self, has_default: bool) -> Result<Option<T>> {
        let mut found = None;
        self.find_link(T::schema, has_default, &mut |group, name| {
            found = group.link::<T>(name)?;
            Ok(found.is_some())
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
    #[inline]
    pub fn rows<T: FileBacked>(self) -> Result<Vec<T>> {
        let len = self.group.len();
        match self.locate(T::schema, len > 0 && T::from_absence(0).is_some())? {
            Some(node) => self.checked(self.value(node.get_rows())?),
            None => {
                let mut values = Vec::with_capacity(len);
                for _ in 0..len {
                    values.extend(T::from_absence(0));
                }
                Ok(values)
            }
        }
    }

    /// Reads the column's values, or takes the default for each row where the column is not there.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    pub fn rows_or<T: FileBacked>(self, default: impl FnMut() -> T) -> Result<Vec<T>> {
        self.checked(self.read_or(T::schema, Node::get_rows, || self.defaults(default))?)
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
