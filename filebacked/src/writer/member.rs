//! [`MemberWriter`]: a member of a group, with what is said about it before it is written.

use super::{Members, step};
use crate::backed::Save;
use crate::context::WriteContext;
use crate::error::{ErrorKind, Result};
use crate::field::Storage;
use crate::filter::Filter;
use crate::layout::{absent, frame};
use crate::path::State;
use crate::rows::Rows;
use crate::schema::Nested;
use crate::slot::given::{Given, GivenRows, schema_of, value_schema};
use crate::slot::{Place, Slot, Written, opaque};
use crate::stamp::member_and_attribute;
use crate::storage::Sink;
use std::fmt;

/// A member of a group that is about to be written.
#[must_use = "a member is written with `put`"]
pub struct MemberWriter<'s> {
    pub(super) sink: &'s mut (dyn Sink + 's),
    pub(super) cx: &'s WriteContext,
    pub(super) state: State,
    pub(super) depth: u32,
    pub(super) name: &'s str,
    pub(super) attribute: bool,
    pub(super) explicit: bool,
    pub(super) storage: Storage<'s>,
    pub(super) members: Members<'s>,
    pub(super) frame: Option<&'s mut frame::Columns>,
}

impl fmt::Debug for MemberWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberWriter").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'s> MemberWriter<'s> {
    /// As an HDF5 attribute instead of a dataset; `member@name` is that of a member, which is
    /// written before.
    pub fn attribute(mut self) -> Self {
        self.attribute = true;
        self
    }

    /// With a marker for a plain `None`, where a missing member would mean a default.
    pub fn explicit(mut self) -> Self {
        self.explicit = true;
        self
    }

    /// With what the field says about its datasets.
    pub fn storage(mut self, storage: Storage<'s>) -> Self {
        let Storage { coding, encoding, .. } = self.storage;
        self.storage = Storage { coding: storage.coding.or(coding), encoding, ..storage };
        self
    }

    fn write(
        self,
        schema: Option<Nested>,
        write: &mut dyn FnMut(Slot<'_>) -> Result<Written>,
    ) -> Result<()> {
        let (name, members) = (self.name, self.members);
        let Some(state) = step(self.cx, self.state, Some(name), schema) else {
            self.sink.left_out(name);
            return Ok(());
        };
        if self.attribute
            && let (Some(member), _) = member_and_attribute(name)
            && step(self.cx, self.state, Some(member), None).is_none()
        {
            // The options leave out what the attribute would stand on.
            self.sink.left_out(name);
            return Ok(());
        }
        if name.contains('/') {
            let what = format!(
                "`{name}` as the name of one member: `GroupWriter::nested` opens the groups on its way"
            );
            return Err(ErrorKind::Contract(what).into());
        }
        let place = if self.attribute { Place::Attribute(name) } else { Place::Member(name) };
        let mut slot = Slot::new(self.sink, self.cx, place, state, self.depth, self.storage);
        if matches!(members, Members::Attributes | Members::Alone(..)) {
            members.prepare(&mut slot).map_err(|error| members.locate(error, name))?;
        }
        match write(slot) {
            Ok(Written { .. }) => {
                if let Some(frame) = self.frame {
                    frame.push(name);
                }
                Ok(())
            }
            Err(error) => Err(members.locate(error, name)),
        }
    }

    /// Writes a value; a plain `None` writes no member.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written, with the name in its path.
    pub fn put<T: Save + ?Sized>(self, value: &T) -> Result<()> {
        self.put_given(&value)
    }

    pub(crate) fn put_given(self, value: &dyn Given) -> Result<()> {
        if value.absence() == Some(0)
            && !self.explicit
            && !matches!(self.members, Members::Alone(..))
        {
            return Ok(());
        }
        let schema = if self.cx.mask().is_some() { value.key() } else { None };
        self.write(schema.map(|(_, schema)| schema), &mut |slot| slot.put_given(value, u32::MAX))
    }

    /// Writes a value by a filter.
    ///
    /// # Errors
    ///
    /// As [`MemberWriter::put`].
    pub fn put_with<T>(self, value: &T, filter: &(impl Filter<T> + ?Sized)) -> Result<()> {
        self.write(Some(opaque), &mut |slot| slot.put_with(value, filter))
    }

    /// Writes the value in an `Option` by a filter; a `None` writes no member.
    ///
    /// # Errors
    ///
    /// As [`MemberWriter::put`].
    pub fn put_option_with<T>(
        self,
        value: &Option<T>,
        filter: &(impl Filter<T> + ?Sized),
    ) -> Result<()> {
        match value {
            Some(value) => self.put_with(value, filter),
            None if self.explicit => self.write(Some(opaque), &mut |slot| slot.absent(0)),
            None => Ok(()),
        }
    }

    /// Writes many values.
    ///
    /// # Errors
    ///
    /// As [`MemberWriter::put`].
    pub fn put_rows<T: Save>(self, rows: Rows<'_, T>) -> Result<()> {
        self.put_given_rows(&rows)
    }

    pub(crate) fn put_given_rows(self, rows: &dyn GivenRows) -> Result<()> {
        let schema = schema_of(rows, self.cx);
        self.column().write(schema, &mut |slot| slot.put_given_rows(rows, u32::MAX))
    }

    /// Writes many values by a filter.
    ///
    /// # Errors
    ///
    /// As [`MemberWriter::put`].
    pub fn put_rows_with<T>(
        self,
        rows: Rows<'_, T>,
        filter: &(impl Filter<T> + ?Sized),
    ) -> Result<()> {
        self.column().write(Some(opaque), &mut |slot| slot.put_rows_with(rows, filter))
    }

    /// Writes many values in an `Option` by a filter: a mask, and the values that are present.
    ///
    /// # Errors
    ///
    /// As [`MemberWriter::put`].
    pub fn put_option_rows_with<T>(
        self,
        rows: Rows<'_, Option<T>>,
        filter: &(impl Filter<T> + ?Sized),
    ) -> Result<()> {
        self.column().write(Some(opaque), &mut |slot| filter.write_optional_rows(rows, slot))
    }

    /// Writes many values of which some are left out: a mask, and the values that are present.
    ///
    /// # Errors
    ///
    /// As [`MemberWriter::put`].
    pub fn put_rows_unless<T: Save>(
        self,
        rows: Rows<'_, T>,
        left_out: impl Fn(&T, &WriteContext) -> bool,
    ) -> Result<()> {
        let cx = self.cx;
        let schema = value_schema::<T>(cx);
        self.column().write(schema, &mut |slot| {
            absent::write_rows_unless(rows, slot, |value| left_out(value, cx))
        })
    }

    /// Inside columns, an attribute field is an ordinary column.
    fn column(mut self) -> Self {
        self.attribute = false;
        self
    }
}
