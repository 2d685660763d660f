//! [`Raw`]: reads stored data without its filters.

use crate::backed::FileBacked;
use crate::error::Result;
use crate::filter::Filter;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};

/// Reads stored data without the filters that wrote it; writes the type's own form.
///
/// Use it for data whose filter is lost. The type of the field must then be the type that the
/// filter stored.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, with::{AsString, Raw}};
///
/// #[derive(FileBacked)]
/// struct Old { #[filebacked(with = AsString)] port: u16 }
///
/// #[derive(FileBacked)]
/// #[filebacked(name = "Old")]
/// struct Look { #[filebacked(with = Raw)] port: String }
///
/// let bytes = filebacked::to_bytes(&Old { port: 80 })?;
/// assert_eq!(filebacked::from_bytes::<Look>(&bytes)?.port, "80");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Raw;

impl<T: FileBacked> Filter<T> for Raw {
    fn name(&self) -> &str {
        "Raw"
    }

    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        slot.unfiltered().put_next(value)
    }

    fn read(&self, node: Node<'_>) -> Result<T> {
        node.unfiltered().get_next()
    }

    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        slot.unfiltered().put_next_rows(rows)
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        node.unfiltered().get_next_rows()
    }

    /// Writes the type's own form.
    fn is_recorded(&self) -> bool {
        false
    }
}
