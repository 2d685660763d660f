//! [`AsString`]: stores the text that `Display` prints.

use crate::dialect::anndata::TYPE;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::layout::{absent, text};
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use std::any::type_name;
use std::error::Error as StdError;
use std::fmt::Display;
use std::str::FromStr;

/// Stores a value as the text that `Display` prints and `FromStr` reads; many as one string
/// dataset.
///
/// `FromStr` must restore the value from the text without loss, as for versions, addresses,
/// decimals and URLs.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, with::AsString};
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Server {
///     #[filebacked(with = AsString)]
///     address: std::net::SocketAddr,
/// }
///
/// let server = Server { address: ([127, 0, 0, 1], 80).into() };
/// assert_eq!(filebacked::from_bytes::<Server>(&filebacked::to_bytes(&server)?)?, server);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AsString;

impl<T> Filter<T> for AsString
where
    T: Display + FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
{
    fn name(&self) -> &str {
        "AsString"
    }

    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        text::write(&value.to_string(), slot)
    }

    fn read(&self, node: Node<'_>) -> Result<T> {
        parse(&text::read(&node)?)
    }

    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        let texts: Vec<String> = rows.iter().map(ToString::to_string).collect();
        text::write_rows(texts.len(), || texts.iter().map(String::as_str), slot)
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        text::read_array(&node, Some(1))?.0.iter().map(|text| parse(text)).collect()
    }

    fn write_optional_rows(&self, rows: Rows<'_, Option<T>>, slot: Slot<'_>) -> Result<Written> {
        if !slot.is_encoded() {
            return absent::write_rows_with(rows, slot, self);
        }
        // AnnData's nullable strings have a text in every row.
        let texts: Vec<Option<String>> =
            rows.iter().map(|value| value.as_ref().map(T::to_string)).collect();
        slot.put_rows(Rows::slice(&texts))
    }

    fn read_optional_rows(&self, node: Node<'_>) -> Result<Vec<Option<T>>>
    where
        T: 'static,
    {
        if node.text_attribute(TYPE)?.as_deref() != Some("nullable-string-array") {
            return absent::read_rows_with(node, self);
        }
        absent::read_rows::<String>(node)?
            .iter()
            .map(|text| text.as_deref().map(parse).transpose())
            .collect()
    }
}

fn parse<T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>>(text: &str) -> Result<T> {
    text.parse().map_err(|source: T::Err| {
        Error::new(ErrorKind::Invalid(format!("{text:?} is not a valid `{}`", type_name::<T>())))
            .with_source(source)
    })
}
