//! [`Registered`]: uses the registered filter of the type.

use crate::error::Result;
use crate::filter::Filter;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};

/// Stores a value with the newest filter that is registered for its type. The type needs no trait
/// of this crate.
///
/// On a field, `#[filebacked(registered)]` is short for it; `Each(Registered)` is for the elements
/// of a sequence. The program decides once how a type of another crate is stored, with
/// [`register_filter`](crate::register_filter) or a [`Registry`](crate::Registry).
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, ReadOptions, Registry, WriteOptions, with::AsString};
/// use std::{num::NonZeroU8, sync::Arc};
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Task {
///     #[filebacked(registered)]
///     priority: NonZeroU8,
/// }
///
/// let mut registry = Registry::new();
/// registry.register::<NonZeroU8>(AsString);
/// let registry = Arc::new(registry);
/// let task = Task { priority: NonZeroU8::MIN };
/// let bytes = WriteOptions::new().registry(registry.clone()).to_bytes(&task)?;
/// assert_eq!(ReadOptions::new().registry(registry).from_bytes::<Task>(&bytes)?, task);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Registered;

impl<T: 'static> Filter<T> for Registered {
    fn name(&self) -> &str {
        "Registered"
    }

    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        slot.put_registered(value)
    }

    fn read(&self, node: Node<'_>) -> Result<T> {
        node.get_registered()
    }

    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        slot.put_rows_registered(rows)
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        node.get_rows_registered()
    }

    /// The registered filter records its name.
    fn is_recorded(&self) -> bool {
        false
    }
}
