//! [`Serializer`]: what a serde type says of itself, taken down.

use super::draft::{Draft, Fields};
use super::failure::Failure;
use super::sequence::Sequence;
use crate::slot::too_deep;
use crate::storage::Dtype;
use crate::value::build::wide;
use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

/// Takes down one value, which may be nested so deep.
#[derive(Debug, Clone, Copy)]
pub(super) struct Serializer {
    pub(super) depth: u32,
    /// The initial `depth`.
    pub(super) limit: u32,
}

impl Serializer {
    pub(super) fn new(limit: u32) -> Self {
        Serializer { depth: limit, limit }
    }

    /// For what is inside.
    fn inner(self) -> Result<Serializer, Failure> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Serializer { depth, ..self }),
            None => Err(too_deep(self.limit).into()),
        }
    }
}

macro_rules! numbers {
    ($($method:ident($t:ty) = $dtype:ident;)*) => {
        $(
            fn $method(self, value: $t) -> Result<Draft, Failure> {
                Ok(Draft::number(Dtype::$dtype, &value.to_le_bytes()))
            }
        )*
    };
}

impl serde::Serializer for Serializer {
    type Ok = Draft;
    type Error = Failure;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Variant;
    type SerializeMap = Entries;
    type SerializeStruct = Members;
    type SerializeStructVariant = Variant;

    numbers! {
        serialize_i8(i8) = I8; serialize_i16(i16) = I16; serialize_i32(i32) = I32; serialize_i64(i64) = I64;
        serialize_u8(u8) = U8; serialize_u16(u16) = U16; serialize_u32(u32) = U32; serialize_u64(u64) = U64;
        serialize_f32(f32) = F32; serialize_f64(f64) = F64;
    }

    fn serialize_i128(self, value: i128) -> Result<Draft, Failure> {
        Ok(Draft::number(wide(Dtype::I64), &value.to_le_bytes()))
    }

    fn serialize_u128(self, value: u128) -> Result<Draft, Failure> {
        Ok(Draft::number(wide(Dtype::U64), &value.to_le_bytes()))
    }

    fn serialize_bool(self, value: bool) -> Result<Draft, Failure> {
        Ok(Draft::number(Dtype::Bool, &[u8::from(value)]))
    }

    fn serialize_char(self, value: char) -> Result<Draft, Failure> {
        Ok(Draft::Text(value.to_string()))
    }

    fn serialize_str(self, text: &str) -> Result<Draft, Failure> {
        Ok(Draft::Text(text.to_string()))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Draft, Failure> {
        Ok(Draft::Bytes(bytes.to_vec()))
    }

    fn serialize_none(self) -> Result<Draft, Failure> {
        Ok(Draft::None(0))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Draft, Failure> {
        Ok(match value.serialize(self.inner()?)? {
            Draft::None(depth) => Draft::None(depth + 1),
            draft => draft,
        })
    }

    fn serialize_unit(self) -> Result<Draft, Failure> {
        Ok(Draft::Unit)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Draft, Failure> {
        Ok(Draft::Unit)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Draft, Failure> {
        Ok(Draft::Text(variant.to_string()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Draft, Failure> {
        value.serialize(self.inner()?)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Draft, Failure> {
        let field = value.serialize(self.inner()?).map_err(|e| e.at(variant))?;
        Ok(Draft::Variant(name, variant.to_string(), Fields::Numbered(vec![field])))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements, Failure> {
        Ok(Elements { serializer: self.inner()?, sequence: Sequence::default() })
    }

    fn serialize_tuple(self, len: usize) -> Result<Elements, Failure> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Elements, Failure> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant, Failure> {
        Ok(Variant {
            serializer: self.inner()?,
            name,
            variant,
            fields: Fields::Numbered(Vec::new()),
        })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, Failure> {
        Ok(Entries { serializer: self.inner()?, entries: Vec::new(), key: None })
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Members, Failure> {
        Ok(Members { serializer: self.inner()?, name, fields: Vec::new() })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Variant, Failure> {
        Ok(Variant { serializer: self.inner()?, name, variant, fields: Fields::Named(Vec::new()) })
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// A sequence or tuple that is being taken down.
#[derive(Debug)]
pub(super) struct Elements {
    serializer: Serializer,
    sequence: Sequence,
}

impl Elements {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        let place = self.sequence.len();
        let element = value.serialize(self.serializer).map_err(|e| e.at(&place.to_string()))?;
        self.sequence.push(element);
        Ok(())
    }
}

impl SerializeSeq for Elements {
    type Ok = Draft;
    type Error = Failure;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.element(value)
    }

    fn end(self) -> Result<Draft, Failure> {
        Ok(Draft::Sequence(self.sequence))
    }
}

impl SerializeTuple for Elements {
    type Ok = Draft;
    type Error = Failure;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.element(value)
    }

    fn end(self) -> Result<Draft, Failure> {
        Ok(Draft::Tuple(self.sequence))
    }
}

impl SerializeTupleStruct for Elements {
    type Ok = Draft;
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.element(value)
    }

    fn end(self) -> Result<Draft, Failure> {
        Ok(Draft::Tuple(self.sequence))
    }
}

/// A variant with several fields that is being taken down.
#[derive(Debug)]
pub(super) struct Variant {
    serializer: Serializer,
    name: &'static str,
    variant: &'static str,
    fields: Fields,
}

impl SerializeTupleVariant for Variant {
    type Ok = Draft;
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        if let Fields::Numbered(fields) = &mut self.fields {
            let place = fields.len();
            fields.push(value.serialize(self.serializer).map_err(|e| e.at(&place.to_string()))?);
        }
        Ok(())
    }

    fn end(self) -> Result<Draft, Failure> {
        Ok(Draft::Variant(self.name, self.variant.to_string(), self.fields))
    }
}

impl SerializeStructVariant for Variant {
    type Ok = Draft;
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        if let Fields::Named(fields) = &mut self.fields {
            fields.push((name, value.serialize(self.serializer).map_err(|e| e.at(name))?));
        }
        Ok(())
    }

    fn end(self) -> Result<Draft, Failure> {
        Ok(Draft::Variant(self.name, self.variant.to_string(), self.fields))
    }
}

/// A struct that is being taken down.
#[derive(Debug)]
pub(super) struct Members {
    serializer: Serializer,
    name: &'static str,
    fields: Vec<(&'static str, Draft)>,
}

impl SerializeStruct for Members {
    type Ok = Draft;
    type Error = Failure;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        self.fields.push((name, value.serialize(self.serializer).map_err(|e| e.at(name))?));
        Ok(())
    }

    fn end(self) -> Result<Draft, Failure> {
        Ok(Draft::Struct(self.name, self.fields))
    }
}

/// A map that is being taken down.
#[derive(Debug)]
pub(super) struct Entries {
    serializer: Serializer,
    entries: Vec<(Draft, Draft)>,
    key: Option<Draft>,
}

impl SerializeMap for Entries {
    type Ok = Draft;
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        let place = self.entries.len();
        self.key =
            Some(key.serialize(self.serializer).map_err(|e| e.at(&place.to_string()).at("keys"))?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        let key = self.key.take().unwrap_or(Draft::Unit);
        let value = value.serialize(self.serializer).map_err(|e| match &key {
            Draft::Text(name) => e.at(name),
            _ => e.at(&self.entries.len().to_string()).at("values"),
        })?;
        self.entries.push((key, value));
        Ok(())
    }

    fn end(self) -> Result<Draft, Failure> {
        Ok(Draft::Map(self.entries))
    }
}
