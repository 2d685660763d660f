//! Converts values to and from serde types.

mod build;
mod deserializer;
mod draft;
mod failure;
mod meaning;
mod print;
mod rows;
mod sequence;
mod serializer;

use super::Value;
use crate::error::Result;
use deserializer::Deserializer;
use failure::Failure;
use meaning::Item;
use rows::Rows;
use sequence::Sequence;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serializer::Serializer;
use std::rc::Rc;

/// Converts any serde type to a value of groups and datasets, as
/// [`with::Serde`](crate::with::Serde) stores it.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::value::{from_value, to_value};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Debug, PartialEq)]
/// struct Layer { width: u32, rate: Option<f64> }
///
/// let layers = vec![Layer { width: 64, rate: Some(0.1) }, Layer { width: 10, rate: None }];
/// let value = to_value(&layers)?;
/// assert_eq!(value["width"].as_slice::<u32>(), Some(&[64, 10][..]));
/// assert_eq!(from_value::<Vec<Layer>>(&value)?, layers);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Custom`](crate::ErrorKind::Custom) with an error of the type's own code,
/// [`ErrorKind::TooDeep`](crate::ErrorKind::TooDeep), each with the path in the value.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value> {
    encode(value, DEPTH)
}

/// Converts a value of groups and datasets to a serde type. See [`to_value`] for an example.
///
/// # Errors
///
/// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the value does not fit the type;
/// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) if it contradicts itself.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T> {
    T::deserialize(Deserializer::new(Item::Value(value))).map_err(Failure::into)
}

/// How deep values may be nested, unless the options say otherwise.
const DEPTH: u32 = 128;

pub(crate) fn encode<T: Serialize + ?Sized>(value: &T, depth: u32) -> Result<Value> {
    Ok(value.serialize(Serializer::new(depth))?.finish()?)
}

/// Many values as rows.
pub(crate) fn encode_rows<'v, T: Serialize + 'v>(
    values: impl Iterator<Item = &'v T>,
    depth: u32,
) -> Result<Value> {
    let mut rows = Sequence::default();
    for (i, value) in values.enumerate() {
        rows.push_serialized(value, depth).map_err(|e| e.at(&i.to_string()))?;
    }
    Ok(rows.finish()?)
}

/// Many values out of rows.
pub(crate) fn decode_rows<T: DeserializeOwned>(value: &Value) -> Result<Vec<T>> {
    let rows = Rc::new(Rows::new(value)?);
    let row = |i| {
        T::deserialize(Deserializer::new(rows.item(i))).map_err(|e| e.at(&i.to_string()).into())
    };
    (0..rows.len()).map(row).collect()
}
