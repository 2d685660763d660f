//! Functions that generated code calls. Not part of the public interface.

pub use crate::backed::{FileBacked, ReadMembers, Save, SaveMembers};
pub use crate::context::WriteContext;
#[cfg(feature = "dynamic")]
pub use crate::dynamic::{Class, ClassOf, Classes, Dynamic, Interface};
pub use crate::erased::Key;
pub use crate::error::{Error, ErrorKind, Result};
pub use crate::field::{Storage, StoreAs};
use crate::filter::Filter;
pub use crate::layout::variant::{self as unit, UnitEnum, UnitRepr};
pub use crate::member::MemberReader;
pub use crate::node::Node;
pub use crate::reader::GroupReader;
pub use crate::reader::LinkReader;
pub use crate::rows::{Column, Rows};
pub use crate::schema::{FieldSchema, Schema, Seen, VariantSchema};
pub use crate::shared::Owner;
pub use crate::slot::{Slot, Written};
pub use crate::upgrade::{stored_version, upgrade, upgrade_rows};
pub use crate::writer::{GroupWriter, MemberWriter};
#[cfg(feature = "dynamic")]
pub use inventory;
pub use std::borrow::Cow;
// Generated code names primitives by path: a type of the user can have the same name.
pub use std::primitive::{
    bool, i8, i16, i32, i64, i128, isize, str, u8, u16, u32, u64, u128, usize,
};
pub use std::vec;
pub use std::vec::Vec;

/// The functions that store trait objects.
#[cfg(feature = "dynamic")]
pub mod dynamic {
    pub use crate::dynamic::{read, read_rows, schema, write, write_boxes};
}

/// A type with a `Default`, for fields that are not in the file.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Default`",
    label = "a field with `skip`, `default` or `skip_if` is read as its `Default`",
    note = "add `#[derive(Default)]` to the type, or `default = ...` to the field's attribute"
)]
pub trait HasDefault: Sized {
    /// Makes the default.
    fn value() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> HasDefault for T {
    #[inline]
    fn value() -> Self {
        Self::default()
    }
}

/// Takes a filter for a field of type `T`. All calls that take the field's filter go through here
/// first, so that a wrong filter is one error.
#[inline]
pub fn filter_of<T, F: Filter<T> + ?Sized>(filter: &F) -> &F {
    filter
}

/// The next value of a column that has been checked to be long enough.
#[inline]
pub fn next<T>(column: &mut Column<T>) -> Result<T> {
    match column.next() {
        Some(value) => Ok(value),
        None => Err(too_short()),
    }
}

#[cold]
fn too_short() -> Error {
    ErrorKind::Damaged("a column that is too short".into()).into()
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
