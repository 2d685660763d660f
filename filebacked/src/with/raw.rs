//! [`Raw`]: what is stored, as it stands.

use crate::backed::FileBacked;
use crate::error::Result;
use crate::filter::Filter;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};

/// Reads what is stored whatever filters wrote it; writes the value in its own way.
///
/// It is the way to data whose filter is lost: the type of the field is then what the filter made,
/// not what it was made of.
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

    /// What is written is the type's own form.
    fn is_recorded(&self) -> bool {
        false
    }
}
