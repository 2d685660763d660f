//! [`Serde`]: stores serde types as groups and datasets.

use crate::error::Result;
use crate::filter::Filter;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::value::{self, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Stores any serde type as groups and datasets: numbers and texts as datasets, structs as groups,
/// sequences of equal structs as columns. Other programs find them by their names.
///
/// ```text
/// x/              struct Session 1, filebacked_filter = "Serde"
/// ├── rates       f64 (n)
/// ├── cursors/    columns Cursor 1, len = n
/// │   ├── column  u32 (n)
/// │   └── row     u32 (n)
/// ├── state/      enum State 1, variant = "Busy"
/// │   └── job     str[5]
/// └── settings/   links, len = n: a map whose keys are text
///     └── <key>
/// ```
///
/// `docs/FORMAT.md` has all forms, which equal those of this crate's types. Serde reports values,
/// not types, so the form depends on the values: a sequence of different values is a list, an empty
/// one a dataset without floats. Every serde type loads as an equal value, including
/// self-describing ones: `flatten`, `untagged`, internally tagged enums, `serde_json::Value`. It is
/// slower than the codecs, and much slower than `#[derive(FileBacked)]`.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, Value, with::Serde};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Debug, PartialEq)]
/// struct Cursor { row: u32, column: u32 }
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Session {
///     #[filebacked(with = Serde)]
///     cursors: Vec<Cursor>,
/// }
///
/// let session = Session { cursors: vec![Cursor { row: 3, column: 7 }, Cursor { row: 4, column: 0 }] };
/// let bytes = filebacked::to_bytes(&session)?;
/// assert_eq!(filebacked::from_bytes::<Session>(&bytes)?, session);
/// let file: Value = filebacked::from_bytes(&bytes)?;
/// assert_eq!(file["cursors/row"].as_slice::<u32>(), Some(&[3, 4][..]));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Serde;

impl<T: Serialize + DeserializeOwned> Filter<T> for Serde {
    fn name(&self) -> &str {
        "Serde"
    }

    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        let depth = slot.context().max_depth();
        value::save::write(&value::serde::encode(value, depth)?, slot)
    }

    fn read(&self, node: Node<'_>) -> Result<T> {
        value::from_value(&value::load::read(node)?)
    }

    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        let depth = slot.context().max_depth();
        value::save::write(&value::serde::encode_rows(rows.iter(), depth)?, slot)
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        let rows: Value = value::load::read(node)?;
        value::serde::decode_rows(&rows)
    }
}
