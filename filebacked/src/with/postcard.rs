//! [`Postcard`]: serde types as bytes of that codec.

use crate::error::Result;
use crate::filter::Filter;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::with::codec::bounded::{Bounded, Budget};
use crate::with::codec::{self, Codec};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Stores any serde type as the bytes of postcard 1: one dataset, many values as bytes and offsets.
///
/// The bytes are compact and fast to read, but opaque to other programs; the attributes `codec` and
/// `type` name the codec and the type for people. The bytes carry no names, so a changed type
/// cannot read its old data. For long-lived state prefer `FileBacked` or `Json`.
/// Self-describing types (`serde_json::Value`) cannot be read. Hash maps are written in their
/// iteration order, which differs from run to run.
///
/// On a field, `#[filebacked(postcard)]` is short for
/// `#[filebacked(with = filebacked::with::Postcard)]`.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::FileBacked;
///
/// #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
/// struct Cursor { row: u32, column: u32 }
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Session {
///     #[filebacked(postcard)]
///     cursors: Vec<Cursor>,
/// }
///
/// let session = Session { cursors: vec![Cursor { row: 3, column: 7 }] };
/// assert_eq!(filebacked::from_bytes::<Session>(&filebacked::to_bytes(&session)?)?, session);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Postcard;

impl<T: Serialize + DeserializeOwned> Filter<T> for Postcard {
    fn name(&self) -> &str {
        "Postcard"
    }

    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        codec::write::<T, Self>(value, slot)
    }

    fn read(&self, node: Node<'_>) -> Result<T> {
        codec::read::<T, Self>(&node)
    }

    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        codec::write_rows::<T, Self>(rows, slot)
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        codec::read_rows::<T, Self>(&node)
    }
}

impl Codec for Postcard {
    const NAME: &str = "postcard 1";

    type Error = postcard::Error;

    fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(value)
    }

    fn decode<T: DeserializeOwned>(
        bytes: &[u8],
        budget: &Budget,
    ) -> Result<(T, usize), postcard::Error> {
        let mut decoder = postcard::Deserializer::from_bytes(bytes);
        let value = T::deserialize(Bounded::new(&mut decoder, budget))?;
        Ok((value, decoder.finalize()?.len()))
    }
}
