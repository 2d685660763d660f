//! Shared code of the filters for serde codecs.

pub(super) mod bounded;

use crate::context::ReadContext;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::blob::{self, Label};
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written, too_deep};
use bounded::Budget;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::type_name;
use std::error::Error as StdError;

/// A way from values to bytes and back.
pub(super) trait Codec {
    /// The name, with all that decoding depends on.
    const NAME: &str;

    /// The error type.
    type Error: StdError + Send + Sync + 'static;

    /// The bytes of a value.
    fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Self::Error>;

    /// The value of some bytes, and how many of them were not used.
    fn decode<T: DeserializeOwned>(
        bytes: &[u8],
        budget: &Budget,
    ) -> Result<(T, usize), Self::Error>;
}

fn label<T, C: Codec>() -> Label {
    Label { codec: C::NAME, name: type_name::<T>() }
}

pub(super) fn write<T: Serialize, C: Codec>(value: &T, slot: Slot<'_>) -> Result<Written> {
    blob::write(&C::encode(value).map_err(Error::custom)?, label::<T, C>(), slot)
}

pub(super) fn write_rows<T: Serialize, C: Codec>(
    rows: Rows<'_, T>,
    slot: Slot<'_>,
) -> Result<Written> {
    let values: Vec<Vec<u8>> =
        rows.iter().map(C::encode).collect::<Result<_, _>>().map_err(Error::custom)?;
    blob::write_rows(&values, label::<T, C>(), slot)
}

pub(super) fn read<T: DeserializeOwned, C: Codec>(node: &Node<'_>) -> Result<T> {
    let label = label::<T, C>();
    let (bytes, name) = blob::read(node, label)?;
    decode::<T, C>(&bytes, node.context()).map_err(|error| label.explain(error, name.as_deref()))
}

pub(super) fn read_rows<T: DeserializeOwned, C: Codec>(node: &Node<'_>) -> Result<Vec<T>> {
    let label = label::<T, C>();
    let (packed, name) = blob::read_rows(node, label)?;
    let mut start = 0;
    let value = |end: &usize| {
        let bytes = packed.bytes.get(start..*end).unwrap_or_default();
        start = *end;
        decode::<T, C>(bytes, node.context()).map_err(|error| label.explain(error, name.as_deref()))
    };
    packed.ends.iter().map(value).collect()
}

fn decode<T: DeserializeOwned, C: Codec>(bytes: &[u8], cx: &ReadContext) -> Result<T> {
    let budget = Budget::new(bytes, cx);
    match C::decode(bytes, &budget) {
        Ok((value, 0)) => Ok(value),
        Ok((_, left)) => {
            let what = format!("{left} bytes behind a `{}` in {}", type_name::<T>(), C::NAME);
            Err(Error::new(ErrorKind::Invalid(what)))
        }
        Err(_) if budget.is_too_deep() => Err(too_deep(cx.max_depth())),
        Err(source) => {
            let what =
                format!("bytes that are not a `{}` in {}: {source}", type_name::<T>(), C::NAME);
            Err(Error::new(ErrorKind::Invalid(what)).with_source(source))
        }
    }
}
