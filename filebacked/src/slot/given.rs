//! [`Given`]: what the write doors write. It has all that writing does for one type and not for
//! another, so that the doors themselves are compiled once and not per type.

use super::{Slot, Written};
use crate::backed::Save;
use crate::context::WriteContext;
use crate::erased::AnyWrite;
use crate::error::Result;
use crate::filter::{Found, no_filter};
use crate::rows::Rows;
use crate::schema::Nested;
use crate::shared::Owner;
use std::any::TypeId;
use std::borrow::Cow;

/// A value that is written: `&T`, since a `T` may have no size.
pub(crate) trait Given {
    /// The identity that filters are looked up by, and the schema.
    fn key(&self) -> Option<(TypeId, Nested)>;

    /// See `Save::absence`.
    fn absence(&self) -> Option<u32>;

    /// See `Save::owner`.
    fn owner(&self) -> Option<Owner<'_>>;

    /// Writes in the type's own way.
    fn write(&self, slot: Slot<'_>) -> Result<Written>;

    /// Writes by a filter that the registry found for the type.
    fn write_by(&self, found: &Found<'_>, slot: Slot<'_>) -> Result<Written>;
}

impl<T: Save + ?Sized> Given for &T {
    fn key(&self) -> Option<(TypeId, Nested)> {
        let key = T::key()?;
        Some((key.id(), key.nested()))
    }

    fn absence(&self) -> Option<u32> {
        T::absence(self)
    }

    fn owner(&self) -> Option<Owner<'_>> {
        T::owner(self)
    }

    #[allow(clippy::disallowed_methods)]
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        T::write(self, slot)
    }

    #[allow(clippy::disallowed_methods)]
    fn write_by(&self, found: &Found<'_>, slot: Slot<'_>) -> Result<Written> {
        match T::key() {
            Some(key) => key.write(found, self, slot),
            None => T::write(self, slot),
        }
    }
}

/// Many values of a type that are written.
pub(crate) trait GivenRows {
    fn count(&self) -> usize;

    /// The identity that filters are looked up by, and the schema.
    fn key(&self) -> Option<(TypeId, Nested)>;

    /// See `Save::is_number`.
    fn is_number(&self) -> bool;

    /// Writes in the type's own way.
    fn write(&self, slot: Slot<'_>) -> Result<Written>;

    /// Writes by a filter that the registry found for the type.
    fn write_by(&self, found: &Found<'_>, slot: Slot<'_>) -> Result<Written>;

    /// Gives each value, in order.
    fn each(&self, take: &mut dyn FnMut(&dyn Given) -> Result<()>) -> Result<()>;
}

/// The keys of a map that are written.
pub(crate) trait GivenKeys: GivenRows {
    /// See `Save::is_link_name`.
    fn are_names(&self) -> bool;

    /// Passes each key as a link name, if it can be one.
    fn each_name<'s>(&'s self, take: &mut dyn FnMut(Option<Cow<'s, str>>));
}

/// The schema of values, where patterns walk it.
pub(crate) fn schema_of(values: &dyn GivenRows, cx: &WriteContext) -> Option<Nested> {
    let key = if cx.mask().is_some() { values.key() } else { None };
    key.map(|(_, schema)| schema)
}

/// The same for values of a type.
pub(crate) fn value_schema<V: Save>(cx: &WriteContext) -> Option<Nested> {
    schema_of(&Rows::<V>::slice(&[]), cx)
}

/// All keys as link names.
pub(crate) fn names_of(keys: &dyn GivenKeys) -> Vec<Option<Cow<'_, str>>> {
    let mut names = Vec::with_capacity(keys.count());
    keys.each_name(&mut |name| names.push(name));
    names
}

impl<T: Save> GivenKeys for Rows<'_, T> {
    fn are_names(&self) -> bool {
        T::is_link_name()
    }

    fn each_name<'s>(&'s self, take: &mut dyn FnMut(Option<Cow<'s, str>>)) {
        for key in self.iter() {
            take(key.name());
        }
    }
}

impl<T: Save> GivenRows for Rows<'_, T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn key(&self) -> Option<(TypeId, Nested)> {
        let key = T::key()?;
        Some((key.id(), key.nested()))
    }

    fn is_number(&self) -> bool {
        T::is_number()
    }

    #[allow(clippy::disallowed_methods)]
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        T::write_rows(*self, slot)
    }

    fn write_by(&self, found: &Found<'_>, slot: Slot<'_>) -> Result<Written> {
        match T::key() {
            Some(key) => found.write_rows(*self, key, AnyWrite::own(), slot),
            None => Err(no_filter::<T>()),
        }
    }

    fn each(&self, take: &mut dyn FnMut(&dyn Given) -> Result<()>) -> Result<()> {
        for value in self.iter() {
            take(&value)?;
        }
        Ok(())
    }
}
