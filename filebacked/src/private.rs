//! Functions that generated code calls. Not part of the public interface.

pub use crate::backed::{FileBacked, ReadMembers, Save, SaveMembers};
pub use crate::context::WriteContext;
#[cfg(feature = "dynamic")]
pub use crate::dynamic::{Class, ClassOf, Classes, Dynamic, Interface};
pub use crate::erased::Key;
pub use crate::error::{Error, ErrorKind, Result};
pub use crate::field::{Storage, StoreAs};
pub use crate::layout::variant::{self as unit, UnitEnum, UnitRepr};
pub use crate::link::LinkReader;
pub use crate::node::Node;
pub use crate::reader::GroupReader;
pub use crate::rows::Rows;
pub use crate::schema::{FieldSchema, Schema, Seen, VariantSchema};
pub use crate::slot::{Slot, Written};
pub use crate::upgrade::{stored_version, upgrade, upgrade_rows};
pub use crate::writer::GroupWriter;
#[cfg(feature = "dynamic")]
pub use inventory;
pub use std::borrow::Cow;
pub use std::vec;
pub use std::vec::Vec;

/// The functions that store trait objects.
#[cfg(feature = "dynamic")]
pub mod dynamic {
    pub use crate::dynamic::{read, read_rows, schema, write, write_boxes};
}

/// The next value of a column that has been checked to be long enough.
#[inline]
pub fn next<T>(column: &mut vec::IntoIter<T>) -> Result<T> {
    column.next().ok_or_else(|| ErrorKind::Damaged("a column that is too short".into()).into())
}

/// The return types of functions for `after_read`.
pub trait AfterRead {
    /// Whether the value is good.
    fn checked(self) -> Result<()>;
}

impl AfterRead for () {
    fn checked(self) -> Result<()> {
        Ok(())
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> AfterRead for std::result::Result<(), E> {
    fn checked(self) -> Result<()> {
        self.map_err(Error::custom)
    }
}

/// Takes what a function given to `after_read` returned.
pub fn after_read(returned: impl AfterRead) -> Result<()> {
    returned.checked()
}
