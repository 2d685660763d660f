//! The write door: which filter writes a value, and otherwise the value itself.

use super::{Mark, Place, Slot, Written, deeper, opaque};
use crate::backed::Save;
use crate::context::WriteContext;
use crate::erased::{AnyRows, AnyValue, AnyWrite, Key};
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::Result;
use crate::filter::{Filter, Found, no_filter};
use crate::layout::sequence;
use crate::rows::Rows;
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
        self.put_below(value, u32::MAX)
    }

    /// The door for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps a value from being written.
    #[inline]
    pub fn put_rows<T: Save>(self, rows: Rows<'_, T>) -> Result<Written> {
        self.put_rows_below(rows, u32::MAX)
    }

    /// The door for the rows of nested arrays. Filters get the rows without their shape.
    pub(crate) fn put_shaped<T: Save>(
        mut self,
        rows: Rows<'_, T>,
        shape: &[u64],
    ) -> Result<Written> {
        if self.is_filtered()
            && let Some((found, key)) = filter_of::<T>(self.cx, u32::MAX)
        {
            return self.through(&found, true, &mut |slot| {
                found.write_rows(rows, key, AnyWrite::own(), slot)
            });
        }
        self.below = u32::MAX;
        if self.cx.is_python() && !T::is_number() {
            return sequence::write_numbered(rows, self);
        }
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
        self.put_below(value, below)
    }

    /// Inside a filter: the same for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps a value from being written.
    #[inline]
    pub fn put_next_rows<T: Save>(self, rows: Rows<'_, T>) -> Result<Written> {
        let below = self.below;
        self.put_rows_below(rows, below)
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

    #[inline]
    pub(super) fn put_below<T: Save + ?Sized>(self, value: &T, below: u32) -> Result<Written> {
        match value.owner() {
            None => self.put_alone(value, below),
            Some(owner) => {
                let schema = T::key().map(|key| key.nested());
                self.put_owned(owner, schema, below, &mut |slot| slot.put_alone(value, below))
            }
        }
    }

    #[inline]
    pub(super) fn put_alone<T: Save + ?Sized>(mut self, value: &T, below: u32) -> Result<Written> {
        if self.is_filtered()
            && let Some((found, key)) = filter_of::<T>(self.cx, below)
        {
            return self.through(&found, false, &mut |slot| key.write(&found, value, slot));
        }
        self.below = u32::MAX;
        if self.is_compound() {
            #[allow(clippy::disallowed_methods)]
            return self.records(&mut |slot| value.write(slot));
        }
        #[allow(clippy::disallowed_methods)]
        value.write(self)
    }

    #[inline]
    pub(super) fn put_rows_below<T: Save>(
        mut self,
        rows: Rows<'_, T>,
        below: u32,
    ) -> Result<Written> {
        if self.is_filtered()
            && let Some((found, key)) = filter_of::<T>(self.cx, below)
        {
            return self.through(&found, true, &mut |slot| {
                found.write_rows(rows, key, AnyWrite::own(), slot)
            });
        }
        self.below = u32::MAX;
        if self.cx.is_python() && !T::is_number() {
            return sequence::write_numbered(rows, self);
        }
        if self.is_compound() {
            #[allow(clippy::disallowed_methods)]
            return self.records(&mut |slot| T::write_rows(rows, slot));
        }
        #[allow(clippy::disallowed_methods)]
        T::write_rows(rows, self)
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

/// The newest filter for a type that is older than `below`.
pub(super) fn filter_of<T: Save + ?Sized>(
    cx: &WriteContext,
    below: u32,
) -> Option<(Found<'_>, Key<T>)> {
    let key = T::key()?;
    let found = cx.registry().find(key.id(), key.nested(), below)?;
    Some((found, key))
}
