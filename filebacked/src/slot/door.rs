//! The write door: which filter writes a value, and otherwise the value itself.

use super::given::{Given, GivenRows};
use super::{Mark, Place, Slot, Written, deeper, opaque};
use crate::backed::Save;
use crate::erased::{AnyRows, AnyValue, AnyWrite, Key};
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::Result;
use crate::filter::{Filter, Found, no_filter};
use crate::layout::sequence;
use crate::rows::Rows;
use crate::schema::Nested;
use std::any::TypeId;

impl<'a> Slot<'a> {
    /// THE door: writes a value by the newest filter that is registered for its type, or else in
    /// its own way. `str` and `[T]` are written like `String` and `Vec<T>`: `slot.put("text")`.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written.
    #[inline]
    pub fn put<T: Save + ?Sized>(self, value: &T) -> Result<Written> {
        self.put_given(&value, u32::MAX)
    }

    /// The door for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps a value from being written.
    #[inline]
    pub fn put_rows<T: Save>(self, rows: Rows<'_, T>) -> Result<Written> {
        self.put_given_rows(&rows, u32::MAX)
    }

    /// The door for the rows of nested arrays. Filters get the rows without their shape.
    pub(crate) fn put_shaped<T: Save>(
        mut self,
        rows: Rows<'_, T>,
        shape: &[u64],
    ) -> Result<Written> {
        if self.shapes_cannot(&rows) {
            return self.put_given_rows(&rows, u32::MAX);
        }
        self.below = u32::MAX;
        self.sink.fixed_shape(shape);
        T::write_shaped(rows, shape, self)
    }

    /// Inside a filter: writes a value by the next older filter for its type, in the end in its own
    /// way.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written.
    #[inline]
    pub fn put_next<T: Save + ?Sized>(self, value: &T) -> Result<Written> {
        let below = self.below;
        self.put_given(&value, below)
    }

    /// Inside a filter: the same for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps a value from being written.
    #[inline]
    pub fn put_next_rows<T: Save>(self, rows: Rows<'_, T>) -> Result<Written> {
        let below = self.below;
        self.put_given_rows(&rows, below)
    }

    /// Inside a predicate filter: [`Slot::put_next`] for a value of a type not known here.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written; [`ErrorKind::NoFilter`] for a type that cannot
    /// write itself.
    pub fn put_next_any(self, value: AnyValue<'_>) -> Result<Written> {
        value.write_next(self)
    }

    /// Inside a predicate filter: [`Slot::put_next_rows`] for values of a type not known here.
    ///
    /// # Errors
    ///
    /// As [`Slot::put_next_any`].
    pub fn put_next_rows_any(self, rows: AnyRows<'_>) -> Result<Written> {
        rows.write_next(self)
    }

    /// [`Slot::put`] for a value whose type the caller knows; filters newer than `below` are passed.
    pub(crate) fn put_given(self, value: &dyn Given, below: u32) -> Result<Written> {
        match value.owner() {
            None => self.put_alone(value, below),
            Some(owner) => {
                let schema = value.key().map(|(_, schema)| schema);
                self.put_owned(owner, schema, below, &mut |slot| slot.put_alone(value, below))
            }
        }
    }

    #[inline(always)]
    fn put_alone(mut self, value: &dyn Given, below: u32) -> Result<Written> {
        if self.is_filtered()
            && let Some(found) = self.newest(value.key(), below)
        {
            return self.through(&found, false, &mut |slot| value.write_by(&found, slot));
        }
        self.below = u32::MAX;
        if self.is_compound() {
            return self.records(&mut |slot| value.write(slot));
        }
        value.write(self)
    }

    /// [`Slot::put_rows`] likewise.
    pub(crate) fn put_given_rows(mut self, rows: &dyn GivenRows, below: u32) -> Result<Written> {
        if self.is_filtered()
            && let Some(found) = self.newest(rows.key(), below)
        {
            return self.through(&found, true, &mut |slot| rows.write_by(&found, slot));
        }
        self.below = u32::MAX;
        if self.cx.is_python() && !rows.is_number() {
            return sequence::write_numbered_given(rows, self);
        }
        if self.is_compound() {
            return self.records(&mut |slot| rows.write(slot));
        }
        rows.write(self)
    }

    /// Whether the rows of nested arrays are written as rows without their shape.
    fn shapes_cannot(&self, rows: &dyn GivenRows) -> bool {
        self.is_filtered() && self.newest(rows.key(), u32::MAX).is_some()
            || self.cx.is_python() && !rows.is_number()
    }

    /// The newest filter for a type that is older than `below`.
    pub(super) fn newest(&self, key: Option<(TypeId, Nested)>, below: u32) -> Option<Found<'a>> {
        let (id, schema) = key?;
        self.cx.registry().find(id, schema, below)
    }

    /// Writes a value by a filter that the caller names, which is what `#[filebacked(with = ...)]`
    /// does.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written.
    pub fn put_with<T>(self, value: &T, filter: &(impl Filter<T> + ?Sized)) -> Result<Written> {
        self.named(filter.name(), filter.is_recorded(), false, &mut |slot| {
            filter.write(value, slot)
        })
    }

    /// The same for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps a value from being written.
    pub fn put_rows_with<T>(
        self,
        rows: Rows<'_, T>,
        filter: &(impl Filter<T> + ?Sized),
    ) -> Result<Written> {
        self.named(filter.name(), filter.is_recorded(), true, &mut |slot| {
            filter.write_rows(rows, slot)
        })
    }

    /// Writes a value whose type needs no trait of this library, by the newest filter in the
    /// registry.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoFilter`] where there is none.
    pub fn put_registered<T: 'static>(self, value: &T) -> Result<Written> {
        let found = self.registered::<T>()?;
        self.through(&found, false, &mut |slot| Key::foreign().write(&found, value, slot))
    }

    /// The same for many values.
    ///
    /// # Errors
    ///
    /// As [`Slot::put_registered`].
    pub fn put_rows_registered<T: 'static>(self, rows: Rows<'_, T>) -> Result<Written> {
        let found = self.registered::<T>()?;
        self.through(&found, true, &mut |slot| {
            found.write_rows(rows, Key::foreign(), AnyWrite::foreign(), slot)
        })
    }

    pub(super) fn registered<T: 'static>(&self) -> Result<Found<'a>> {
        match self.cx.registry().find(TypeId::of::<T>(), opaque, self.below) {
            Some(found) => Ok(found),
            None => Err(no_filter::<T>()),
        }
    }

    /// Whether filters of the registry may write what is written here. An attribute cannot carry
    /// the filter's name, so it is written in the type's own way.
    #[inline]
    pub(super) fn is_filtered(&self) -> bool {
        !self.cx.registry().is_empty() && !matches!(self.place, Place::Attribute(_))
    }

    pub(super) fn through(
        mut self,
        found: &Found<'_>,
        rows: bool,
        write: &mut dyn FnMut(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        self.below = found.serial;
        self.named(found.name, found.recorded, rows, write)
    }

    /// Hands the slot to a filter. A filter that calls itself without end meets the depth limit
    /// instead of the stack's.
    pub(super) fn named(
        self,
        name: &str,
        recorded: bool,
        rows: bool,
        write: &mut dyn FnMut(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        let depth = deeper(self.depth, self.cx)?;
        let mark = Mark { name, rows, outer: self.marks };
        let recorded = recorded && !matches!(self.place, Place::Attribute(_));
        let marks = if recorded { Some(&mark) } else { self.marks };
        let mut slot = self.shorten();
        slot.depth = depth;
        slot.marks = marks;
        write(slot)
    }
}
