//! [`Json`]: stores serde types as JSON text.

mod finite;

use crate::context::ReadContext;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::layout::text;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use finite::{Finite, NotJson};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::type_name;

/// Stores any serde type as JSON text, which other languages can read; many values as one string
/// dataset.
///
/// It supports self-describing types such as `serde_json::Value`, which `Bincode` and `Postcard`
/// cannot read. NaN and infinities, which JSON lacks, are an error: serde_json would write `null`,
/// which loads as another value. Hash maps are written in their iteration order, which differs from
/// run to run.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, with::Json};
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Run {
///     #[filebacked(with = Json)]
///     settings: serde_json::Value,
/// }
///
/// let run = Run { settings: serde_json::json!({ "rate": 0.5, "tags": ["a", "b"] }) };
/// assert_eq!(filebacked::from_bytes::<Run>(&filebacked::to_bytes(&run)?)?, run);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json;

impl<T: Serialize + DeserializeOwned> Filter<T> for Json {
    fn name(&self) -> &str {
        "Json"
    }

    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        text::write(&encode(value)?, slot)
    }

    fn read(&self, node: Node<'_>) -> Result<T> {
        let description = node.describe()?;
        let bytes = description.elements().unwrap_or(0).saturating_mul(description.dtype.size());
        node.context().check_decoded(bytes)?;
        decode(&text::read(&node)?, node.context())
    }

    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        let texts: Vec<String> = rows.iter().map(encode).collect::<Result<_>>()?;
        text::write_rows(texts.len(), || texts.iter().map(String::as_str), slot)
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        let cx = node.context();
        text::read_array(&node, Some(1))?.0.iter().map(|text| decode(text, cx)).collect()
    }
}

fn encode<T: Serialize>(value: &T) -> Result<String> {
    value.serialize(Finite).map_err(|NotJson(what)| {
        Error::new(ErrorKind::Unsupported(what))
            .with_help("`Bincode` and `Postcard` store every float")
    })?;
    serde_json::to_string(value).map_err(Error::custom)
}

fn decode<T: DeserializeOwned>(text: &str, cx: &ReadContext) -> Result<T> {
    cx.check_decoded(text.len())?;
    serde_json::from_str(text).map_err(|source| {
        Error::new(ErrorKind::Invalid(format!(
            "JSON that is not a `{}`: {source}",
            type_name::<T>()
        )))
        .with_source(source)
    })
}
