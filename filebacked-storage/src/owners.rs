//! Places where the layer above keeps what it knows of values with several owners.
//!
//! An engine links objects and tells them apart; it does not know values. So it holds a place for
//! a table of the layer above, [`WrittenOwners`] in a sink and [`LoadedOwners`] in a source, whose
//! contents it never looks at.

use crate::error::Result;
use std::any::Any;
use std::cell::OnceCell;
use std::fmt;

/// A table of the values with several owners that a sink has written.
pub trait OwnerTable: Any {
    /// Checks, at the end of a save, that every pointer leads to an object that exists.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a pointer to a value that is
    /// not an object.
    fn check(&self) -> Result<()>;
}

/// The place for an [`OwnerTable`] in a sink. Gone with the sink, so with the call.
#[derive(Default)]
pub struct WrittenOwners(Option<Box<dyn OwnerTable>>);

impl WrittenOwners {
    /// The table of a type, empty when first asked for; `None` if another type has the place.
    pub fn table<T: OwnerTable + Default>(&mut self) -> Option<&mut T> {
        let table: &mut dyn Any = &mut **self.0.get_or_insert_with(|| Box::new(T::default()));
        table.downcast_mut()
    }

    /// Runs the table's check; an engine calls it from [`Sink::finish`](crate::Sink::finish).
    ///
    /// # Errors
    ///
    /// As [`OwnerTable::check`].
    pub fn check(&self) -> Result<()> {
        self.0.as_ref().map_or(Ok(()), |table| table.check())
    }
}

impl fmt::Debug for WrittenOwners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrittenOwners").field("used", &self.0.is_some()).finish()
    }
}

/// The place in a source for a table of the values with several owners that were loaded. Gone
/// with the source, so with the call.
#[derive(Default)]
pub struct LoadedOwners(OnceCell<Box<dyn Any>>);

impl LoadedOwners {
    /// The table of a type, empty when first asked for; `None` if another type has the place.
    pub fn table<T: Default + 'static>(&self) -> Option<&T> {
        self.0.get_or_init(|| Box::new(T::default())).downcast_ref()
    }
}

impl fmt::Debug for LoadedOwners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedOwners").field("used", &self.0.get().is_some()).finish()
    }
}

/// The identity of an object among all objects of a source.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ObjectIdentity {
    /// Its address, where all objects are in one file.
    Address(u64),
    /// A text made by the engine, where several files may be open.
    Words(String),
}

/// Why a value is not an object that something can point to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unlinkable {
    /// It is a row of a table.
    Row,
    /// It is in a record.
    Record,
    /// It is an attribute.
    Attribute,
    /// A filter wrote it, so the object may be something other than the value.
    Filtered,
}
