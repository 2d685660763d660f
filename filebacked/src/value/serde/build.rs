//! `Deserialize` for [`Value`]: what a self-describing format holds, as groups and datasets.

use super::draft::Draft;
use super::sequence::Sequence;
use crate::storage::Dtype;
use crate::value::Value;
use crate::value::build::wide;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

impl<'de> Deserialize<'de> for Value {
    /// Builds the same values as [`to_value`](crate::value::to_value): numbers and sequences of
    /// them as datasets, maps as groups. Unsigned integers that fit become signed, so that
    /// `[1, -1]` is one dataset.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Draft::deserialize(deserializer)?.finish().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Draft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

macro_rules! visits {
    ($($method:ident($value:ident: $t:ty) => $draft:expr;)*) => {
        $(
            fn $method<E: Error>(self, $value: $t) -> Result<Draft, E> {
                Ok($draft)
            }
        )*
    };
}

impl<'de> Visitor<'de> for Anything {
    type Value = Draft;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    visits! {
        visit_bool(value: bool) => Draft::number(Dtype::Bool, &[u8::from(value)]);
        visit_i64(value: i64) => Draft::number(Dtype::I64, &value.to_le_bytes());
        visit_u64(value: u64) => match i64::try_from(value) {
            Ok(value) => Draft::number(Dtype::I64, &value.to_le_bytes()),
            Err(_) => Draft::number(Dtype::U64, &value.to_le_bytes()),
        };
        visit_i128(value: i128) => Draft::number(wide(Dtype::I64), &value.to_le_bytes());
        visit_u128(value: u128) => Draft::number(wide(Dtype::U64), &value.to_le_bytes());
        visit_f32(value: f32) => Draft::number(Dtype::F32, &value.to_le_bytes());
        visit_f64(value: f64) => Draft::number(Dtype::F64, &value.to_le_bytes());
        visit_str(text: &str) => Draft::Text(text.to_string());
        visit_string(text: String) => Draft::Text(text);
        visit_bytes(bytes: &[u8]) => Draft::Bytes(bytes.to_vec());
        visit_byte_buf(bytes: Vec<u8>) => Draft::Bytes(bytes);
    }

    fn visit_none<E: Error>(self) -> Result<Draft, E> {
        Ok(Draft::None(0))
    }

    fn visit_unit<E: Error>(self) -> Result<Draft, E> {
        Ok(Draft::None(0))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Draft, D::Error> {
        Ok(match Draft::deserialize(deserializer)? {
            Draft::None(depth) => Draft::None(depth + 1),
            draft => draft,
        })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Draft, D::Error> {
        Draft::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Draft, A::Error> {
        let mut sequence = Sequence::default();
        while let Some(element) = elements.next_element()? {
            sequence.push(element);
        }
        Ok(Draft::Sequence(sequence))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Draft, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Draft::Map(entries))
    }
}
