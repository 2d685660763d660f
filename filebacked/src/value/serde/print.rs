//! `Serialize` for [`Value`]: what a file holds, as serde says it.

use crate::value::Value;
use crate::value::serde::meaning::{Item, Meaning};
use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

impl Serialize for Value {
    /// Serializes the meaning of the value: groups as maps, datasets as numbers, text, bools and
    /// sequences of those, tables as sequences of maps, enums with data as maps of one entry (the
    /// variant's name), markers of `None` as `None`.
    ///
    /// Attributes, and the types and shapes of what is empty, are left out.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Printed(Item::Value(self)).serialize(serializer)
    }
}

struct Printed<'a>(Item<'a>);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.clone().meaning().map_err(S::Error::custom)? {
            Meaning::None(_) => serializer.serialize_none(),
            Meaning::Unit => serializer.serialize_unit(),
            Meaning::Bool(value) => serializer.serialize_bool(value),
            Meaning::Signed(value) => serializer.serialize_i64(value),
            Meaning::Unsigned(value) => serializer.serialize_u64(value),
            Meaning::WideSigned(value) => serializer.serialize_i128(value),
            Meaning::WideUnsigned(value) => serializer.serialize_u128(value),
            Meaning::F32(value) => serializer.serialize_f32(value),
            Meaning::F64(value) => serializer.serialize_f64(value),
            Meaning::Text(text) => serializer.serialize_str(&text),
            Meaning::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Meaning::Seq(len, items) => {
                let mut sequence = serializer.serialize_seq(Some(len))?;
                for item in items {
                    sequence.serialize_element(&Printed(item))?;
                }
                sequence.end()
            }
            Meaning::Map(len, entries) => {
                let mut map = serializer.serialize_map(Some(len))?;
                for (key, value) in entries {
                    map.serialize_entry(&Printed(key), &Printed(value))?;
                }
                map.end()
            }
            Meaning::Variant(name, fields) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(&name, &Printed(fields.content().map_err(S::Error::custom)?))?;
                map.end()
            }
        }
    }
}
