//! [`Categorical`]: texts with few different values.

use crate::error::Result;
use crate::filter::Filter;
use crate::layout::{absent, categorical, text};
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use std::collections::BTreeMap;

/// Stores a column of text as codes and categories: each text once, and one small number per row.
/// AnnData calls it a categorical, pandas a `Categorical`.
///
/// ```text
/// x/                categorical, encoding-type = "categorical", encoding-version = "0.2.0", ordered = FALSE
/// ├── codes         i8 (n)     the category of each row; -1 where there is none; i16 or i32 where there are many
/// └── categories    str (k)    each text once, sorted
/// ```
///
/// It applies to `String` and other types that are stored as text. Fields of rows are columns; use
/// `Each(Categorical)` for a field with a sequence. A single text is stored as text. The data can
/// be read without the filter.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, with::{Categorical, Each}};
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Cells {
///     #[filebacked(with = Each(Categorical))]
///     clusters: Vec<String>,
/// }
///
/// let cells = Cells { clusters: vec!["T".into(), "B".into(), "T".into()] };
/// assert_eq!(filebacked::from_bytes::<Cells>(&filebacked::to_bytes(&cells)?)?, cells);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Categorical;

/// Writes texts and missing texts.
fn write<'t>(
    texts: impl Iterator<Item = Option<&'t str>> + Clone,
    len: usize,
    slot: Slot<'_>,
) -> Result<Written> {
    let mut places: BTreeMap<&str, usize> = texts.clone().flatten().map(|text| (text, 0)).collect();
    places.values_mut().enumerate().for_each(|(i, place)| *place = i);
    let categories: Vec<&str> = places.keys().copied().collect();
    let codes = texts.map(|text| text.and_then(|text| places.get(text).copied()));
    categorical::write(len, codes, &categories, false, slot)
}

impl<T: AsRef<str> + From<String>> Filter<T> for Categorical {
    fn name(&self) -> &str {
        "Categorical"
    }

    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        text::write(value.as_ref(), slot)
    }

    fn read(&self, node: Node<'_>) -> Result<T> {
        text::read(&node).map(T::from)
    }

    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        let texts: Vec<&str> = rows.iter().map(AsRef::as_ref).collect();
        write(texts.iter().copied().map(Some), texts.len(), slot)
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        Ok(text::read_array(&node, Some(1))?.0.into_iter().map(T::from).collect())
    }

    fn write_optional_rows(&self, rows: Rows<'_, Option<T>>, slot: Slot<'_>) -> Result<Written> {
        let texts: Vec<Option<&str>> =
            rows.iter().map(|text| text.as_ref().map(AsRef::as_ref)).collect();
        write(texts.iter().copied(), texts.len(), slot)
    }

    fn read_optional_rows(&self, node: Node<'_>) -> Result<Vec<Option<T>>> {
        Ok(absent::read_rows::<String>(node)?.into_iter().map(|text| text.map(T::from)).collect())
    }

    /// Text reads categoricals without the filter.
    fn is_recorded(&self) -> bool {
        false
    }
}
