//! [`Bincode`]: serde types as bytes of that codec.

use crate::error::Result;
use crate::filter::Filter;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::with::codec::bounded::{Bounded, Budget};
use crate::with::codec::{self, Codec};
use bincode::config;
use bincode::error::{DecodeError, EncodeError};
use bincode::serde::seed_decode_from_slice;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;

/// Stores any serde type as the bytes of bincode 2: one dataset, many values as bytes and offsets.
///
/// The bytes are compact and fast to read, but opaque to other programs; the attributes `codec` and
/// `type` name the codec and the type for people. The bytes carry no names, so a changed type
/// cannot read its old data. For long-lived state prefer `FileBacked` or `Json`.
/// Self-describing types (`serde_json::Value`) cannot be read. Hash maps are written in their
/// iteration order, which differs from run to run.
///
/// On a field, `#[filebacked(bincode)]` is short for
/// `#[filebacked(with = filebacked::with::Bincode)]`.
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
///     #[filebacked(bincode)]
///     cursors: Vec<Cursor>,
/// }
///
/// let session = Session { cursors: vec![Cursor { row: 3, column: 7 }] };
/// assert_eq!(filebacked::from_bytes::<Session>(&filebacked::to_bytes(&session)?)?, session);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bincode;

impl<T: Serialize + DeserializeOwned> Filter<T> for Bincode {
    fn name(&self) -> &str {
        "Bincode"
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

/// How much memory decoding may claim: bincode's limit is part of a type, so there are steps.
const STEPS: [usize; 3] = [1 << 20, 1 << 30, usize::MAX >> usize::BITS.saturating_sub(36)];

/// The most memory that a byte can stand for: a number of 16 bytes may be encoded in one.
const GROWTH: usize = 16;

impl Codec for Bincode {
    const NAME: &str = "bincode 2 standard";

    type Error = Failed;

    fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Failed> {
        bincode::serde::encode_to_vec(value, config::standard()).map_err(Failed::Encode)
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8], budget: &Budget) -> Result<(T, usize), Failed> {
        // Without a limit, bytes that promise a long text would make room for it first.
        let memory = bytes.len().saturating_mul(GROWTH);
        let seed = Bounded::new(PhantomData::<T>, budget);
        let decoded = if memory <= STEPS[0] {
            seed_decode_from_slice(seed, bytes, config::standard().with_limit::<{ STEPS[0] }>())
        } else if memory <= STEPS[1] {
            seed_decode_from_slice(seed, bytes, config::standard().with_limit::<{ STEPS[1] }>())
        } else {
            seed_decode_from_slice(seed, bytes, config::standard().with_limit::<{ STEPS[2] }>())
        };
        let (value, used) = decoded.map_err(Failed::Decode)?;
        Ok((value, bytes.len().saturating_sub(used)))
    }
}

/// The two errors of bincode.
#[derive(Debug)]
pub(super) enum Failed {
    Encode(EncodeError),
    Decode(DecodeError),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Encode(error) => error.fmt(f),
            Failed::Decode(error) => error.fmt(f),
        }
    }
}

impl StdError for Failed {}
