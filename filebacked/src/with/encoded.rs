//! [`Encoded`]: stores a value as an AnnData element.

use crate::backed::FileBacked;
use crate::dialect::anndata::Encoding;
use crate::error::Result;
use crate::filter::Filter;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};

/// Stores a value for AnnData's `read_elem`: the type's own form, with AnnData's encoding on each
/// object.
///
/// ```text
/// x/           struct Run 1, encoding-type = "dict", encoding-version = "0.1.0"
/// ├── name     str              string 0.2.0
/// ├── steps    u64              numeric-scalar 0.2.0
/// └── scores   f64 (n)          array 0.2.0
/// ```
///
/// Groups are dicts, maps with text-like keys have one link per key, text has variable length, an
/// enum without data is text, and many of them are a categorical. The data can be read without the
/// filter.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, with::Encoded};
/// use std::collections::BTreeMap;
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Report {
///     #[filebacked(with = Encoded)]
///     scores: BTreeMap<String, f64>, // a dict to Python
/// }
///
/// let report = Report { scores: BTreeMap::from([("auc".into(), 0.9)]) };
/// assert_eq!(filebacked::from_bytes::<Report>(&filebacked::to_bytes(&report)?)?, report);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Encoded;

impl<T: FileBacked> Filter<T> for Encoded {
    fn name(&self) -> &str {
        "Encoded"
    }

    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        slot.encoding(Encoding::Elements).put_next(value)
    }

    fn read(&self, node: Node<'_>) -> Result<T> {
        node.get_next()
    }

    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        slot.encoding(Encoding::Elements).put_next_rows(rows)
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        node.get_next_rows()
    }

    /// Writes the type's own form.
    fn is_recorded(&self) -> bool {
        false
    }
}
