//! The read door: which filter reads a node, and otherwise the type itself.

use super::wanted::{Facts, Many, One, Wanted};
use super::{Mark, Node, deeper};
use crate::backed::FileBacked;
use crate::buffer::Buffer;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::{AnyType, Filter, Found, no_filter};
use crate::foreign;
use crate::foreign::RowsPart;
use crate::layout::sequence;
use crate::schema::Nested;
use crate::slot::opaque;
use crate::storage::ObjectKind;
use std::any::{Any, TypeId};

impl<'a> Node<'a> {
    /// THE door: reads a value by the filter that wrote the node, in a file of others by the newest
    /// filter that is registered for the type, or else in the type's own way.
    ///
    /// # Errors
    ///
    /// Whatever keeps the node from being a `T`.
    pub fn get<T: FileBacked>(self) -> Result<T> {
        let mut value = One(None);
        match self.fill(u32::MAX, &mut value) {
            Ok(()) => value.taken(),
            Err(error) => Err(error),
        }
    }

    /// The door for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps the node from being values of `T`.
    pub fn get_rows<T: FileBacked>(self) -> Result<Vec<T>> {
        let mut values = Many(Vec::new());
        match self.fill_rows(u32::MAX, &mut values) {
            Ok(()) => Ok(values.0),
            Err(error) => Err(error),
        }
    }

    /// The door for the rows of nested arrays: the values, flattened, and how many arrays there
    /// are.
    pub(crate) fn get_shaped<T: FileBacked>(mut self, inner: &[usize]) -> Result<(Vec<T>, usize)> {
        self.before = self.passed;
        let mut values = Many(Vec::new());
        if let Some(found) = self.filter(u32::MAX, true, &values) {
            let node = self.through(found.serial)?;
            found.fill_rows(node, &mut values)?;
            let values = values.0;
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
        let mut value = One(None);
        self.fill_next(&mut value)?;
        value.taken()
    }

    /// Inside a filter: the same for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps the node from being values of `T`.
    pub fn get_next_rows<T: FileBacked>(self) -> Result<Vec<T>> {
        let mut values = Many(Vec::new());
        self.fill_next_rows(&mut values)?;
        Ok(values.0)
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

    /// [`Node::get`] for a type that the caller knows; filters newer than `below` are passed.
    pub(crate) fn fill(mut self, below: u32, value: &mut dyn Wanted) -> Result<()> {
        self.before = self.passed;
        self.fill_below(below, value)
    }

    /// [`Node::get_rows`] likewise.
    pub(crate) fn fill_rows(mut self, below: u32, values: &mut dyn Wanted) -> Result<()> {
        self.before = self.passed;
        self.fill_rows_below(below, values)
    }

    /// [`Node::get_next`] likewise.
    pub(crate) fn fill_next(self, value: &mut dyn Wanted) -> Result<()> {
        let below = self.below;
        self.fill_below(below, value)
    }

    /// [`Node::get_next_rows`] likewise.
    pub(crate) fn fill_next_rows(self, values: &mut dyn Wanted) -> Result<()> {
        let below = self.below;
        self.fill_rows_below(below, values)
    }

    fn fill_below(self, below: u32, value: &mut dyn Wanted) -> Result<()> {
        let facts = value.facts();
        if self.ours {
            return self.fill_itself(below, facts, value);
        }
        let mut is_read = false;
        foreign::read(self, facts.schema, facts.optional, &mut |node| {
            is_read = match node {
                Some(node) => node.fill_itself(below, facts, value).map(|()| true)?,
                None => value.put_absent(0),
            };
            Ok(())
        })?;
        if is_read { Ok(()) } else { Err(nothing_read()) }
    }

    fn fill_itself(mut self, below: u32, facts: Facts, value: &mut dyn Wanted) -> Result<()> {
        // A marker of absence is no value of the type's own.
        if facts.optional
            && let Some(depth) = self.marked_absence()?
        {
            return match value.put_absent(depth) {
                true => Ok(()),
                false => Err(self.unexpected("a value")),
            };
        }
        if let Some(found) = self.filter(below, false, value) {
            let node = self.through(found.serial)?;
            return found.fill(node, value);
        }
        self.below = u32::MAX;
        self.schema = Some(facts.schema);
        value.read(self)
    }

    /// The marker of an absent value, if no filter stands before it.
    pub(super) fn marked_absence(&self) -> Result<Option<u32>> {
        if self.mark().is_some() { Ok(None) } else { self.absence() }
    }

    fn fill_rows_below(self, below: u32, values: &mut dyn Wanted) -> Result<()> {
        let facts = values.facts();
        if self.ours {
            return self.fill_rows_itself(below, facts, values);
        }
        foreign::read_rows(self, facts.optional, &mut |part| match part {
            RowsPart::All(node) => node.fill_rows_itself(below, facts, values),
            RowsPart::One(node) => values.get_next(node),
            RowsPart::Absent => {
                values.put_absent(0);
                Ok(())
            }
        })
    }

    fn fill_rows_itself(mut self, below: u32, facts: Facts, values: &mut dyn Wanted) -> Result<()> {
        if let Some(found) = self.filter(below, true, values) {
            let node = self.through(found.serial)?;
            return found.fill_rows(node, values);
        }
        self.below = u32::MAX;
        self.schema = Some(facts.schema);
        values.read(self)
    }

    /// The filter that is meant: in our files the one that the node names, in others the newest.
    #[inline]
    pub(super) fn filter(&self, below: u32, rows: bool, wanted: &dyn Wanted) -> Option<Found<'a>> {
        if self.cx.registry().is_empty() {
            None
        } else {
            self.registered_filter(below, rows, wanted.any_type().id(), wanted.facts().schema)
        }
    }

    pub(super) fn registered_filter(
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
    pub(super) fn worked(&self, mark: &Mark) -> bool {
        self.marks
            .as_deref()
            .and_then(|marks| marks.get(self.before..self.passed))
            .is_some_and(|worked| worked.contains(mark))
    }

    /// The node as a filter gets it: its own name is behind it.
    pub(super) fn through(mut self, serial: u32) -> Result<Self> {
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
                found.read(node)
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
                found.read_rows(node)
            }
            None if self.mark().is_none() && sequence::is_foreign_list(&self)? => {
                sequence::read_numbered_with(self, &mut |node| node.get_with(filter))
            }
            None => filter.read_rows(self.with_filter(name, true)?),
        }
    }

    /// The filter that wrote the node, if it is another than the field's.
    pub(super) fn other_filter(
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

    pub(super) fn with_filter(mut self, name: &str, rows: bool) -> Result<Self> {
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
        found.read(self.through(found.serial)?)
    }

    /// The same for many values.
    ///
    /// # Errors
    ///
    /// As [`Node::get_registered`].
    pub fn get_rows_registered<T: 'static>(self) -> Result<Vec<T>> {
        let found = self.registered(true, TypeId::of::<T>())?.ok_or_else(no_filter::<T>)?;
        found.read_rows(self.through(found.serial)?)
    }

    pub(super) fn registered(&self, rows: bool, id: TypeId) -> Result<Option<Found<'a>>> {
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
}

#[cold]
pub(crate) fn nothing_read() -> Error {
    ErrorKind::Contract("a node was looked at and not read".into()).into()
}

#[cold]
pub(super) fn unknown_filter(name: &str) -> Error {
    Error::new(ErrorKind::UnknownFilter(name.to_string())).with_help(format!(
        "register `{name}`, or name it on the field; `#[filebacked(with = filebacked::with::Raw)]` reads what is stored as it stands"
    ))
}
