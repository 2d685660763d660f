//! [`Deserializer`]: serde types out of values.

use super::failure::Failure;
use crate::value::serde::meaning::{Entries, Item, Items, Meaning};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::borrow::Cow;

/// Gives a part of a value to a type that asks.
#[derive(Debug)]
pub(super) struct Deserializer<'de> {
    item: Item<'de>,
    /// It is the name of a link, so that numbers are text.
    name: bool,
}

impl<'de> Deserializer<'de> {
    pub(super) fn new(item: Item<'de>) -> Self {
        Deserializer { item, name: false }
    }

    fn meaning(self) -> Result<Meaning<'de>, Failure> {
        self.item.meaning().map_err(Failure::from)
    }
}

/// Anything that visits text.
fn visit_text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Result<V::Value, Failure> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

fn visit_any<'de, V: Visitor<'de>>(meaning: Meaning<'de>, visitor: V) -> Result<V::Value, Failure> {
    match meaning {
        Meaning::None(_) => visitor.visit_none(),
        Meaning::Unit => visitor.visit_unit(),
        Meaning::Bool(value) => visitor.visit_bool(value),
        Meaning::Signed(value) => visitor.visit_i64(value),
        Meaning::Unsigned(value) => visitor.visit_u64(value),
        Meaning::WideSigned(value) => visitor.visit_i128(value),
        Meaning::WideUnsigned(value) => visitor.visit_u128(value),
        Meaning::F32(value) => visitor.visit_f32(value),
        Meaning::F64(value) => visitor.visit_f64(value),
        Meaning::Text(text) => visit_text(text, visitor),
        Meaning::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
        Meaning::Seq(len, items) => visitor.visit_seq(Sequence { items, left: len, place: 0 }),
        Meaning::Map(len, entries) => visitor.visit_map(Map { entries, left: len, value: None }),
        Meaning::Variant(name, fields) => {
            visitor.visit_map(Variant { name: Some(name), fields: Some(fields) })
        }
    }
}

macro_rules! numbers {
    ($($method:ident => $visit:ident($t:ty);)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
                let name = self.name;
                match self.meaning()? {
                    // The keys of a map of links.
                    Meaning::Text(text) if name => match text.parse::<$t>() {
                        Ok(number) => visitor.$visit(number),
                        Err(_) => visit_text(text, visitor),
                    },
                    meaning => visit_any(meaning, visitor),
                }
            }
        )*
    };
}

impl<'de> serde::Deserializer<'de> for Deserializer<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visit_any(self.meaning()?, visitor)
    }

    numbers! {
        deserialize_bool => visit_bool(bool);
        deserialize_i8 => visit_i8(i8);
        deserialize_i16 => visit_i16(i16);
        deserialize_i32 => visit_i32(i32);
        deserialize_i64 => visit_i64(i64);
        deserialize_i128 => visit_i128(i128);
        deserialize_u8 => visit_u8(u8);
        deserialize_u16 => visit_u16(u16);
        deserialize_u32 => visit_u32(u32);
        deserialize_u64 => visit_u64(u64);
        deserialize_u128 => visit_u128(u128);
        deserialize_f32 => visit_f32(f32);
        deserialize_f64 => visit_f64(f64);
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if let Item::Value(value) = &self.item
            && let Some(bytes) = value.as_slice::<u8>()
        {
            return visitor.visit_borrowed_bytes(bytes);
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.item.clone().meaning()? {
            Meaning::None(0) => visitor.visit_none(),
            Meaning::None(depth) => visitor.visit_some(Nested(depth - 1)),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.meaning()? {
            // A row without columns.
            Meaning::Unit => {
                visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, &str)>()))
            }
            meaning => visit_any(meaning, visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        match self.meaning()? {
            Meaning::Unit => visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<u8>())),
            meaning => visit_any(meaning, visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.meaning()? {
            Meaning::Text(name) => visitor.visit_enum(Variant { name: Some(name), fields: None }),
            Meaning::Variant(name, fields) => {
                visitor.visit_enum(Variant { name: Some(name), fields: Some(fields) })
            }
            Meaning::Map(1, mut entries) => match entries.next() {
                Some((Item::Text(name), fields)) => visitor.visit_enum(Variant {
                    name: Some(name),
                    fields: Some(Item::Tuple(vec![fields])),
                }),
                _ => Err(Failure::custom("an entry without a name where a variant is expected")),
            },
            meaning => visit_any(meaning, visitor),
        }
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    serde::forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple_struct map identifier ignored_any
    }
}

/// A `None` inside a number of `Some`, which were reported already.
struct Nested(u32);

impl<'de> serde::Deserializer<'de> for Nested {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            0 => visitor.visit_none(),
            depth => visitor.visit_some(Nested(depth - 1)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Sequence<'de> {
    items: Items<'de>,
    left: usize,
    place: usize,
}

/// No more room than this is made for elements that are only promised.
const ROOM: usize = 4096;

impl<'de> SeqAccess<'de> for Sequence<'de> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let place = self.place;
        self.place += 1;
        self.left = self.left.saturating_sub(1);
        seed.deserialize(Deserializer::new(item)).map(Some).map_err(|e| e.at(&place.to_string()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(ROOM))
    }
}

struct Map<'de> {
    entries: Entries<'de>,
    left: usize,
    value: Option<(Option<Cow<'de, str>>, Item<'de>)>,
}

impl<'de> MapAccess<'de> for Map<'de> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.left = self.left.saturating_sub(1);
        let name = match &key {
            Item::Text(name) => Some(name.clone()),
            _ => None,
        };
        let named = name.is_some();
        self.value = Some((name, value));
        seed.deserialize(Deserializer { item: key, name: named }).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Failure> {
        let Some((name, value)) = self.value.take() else {
            return Err(Failure::custom("a value without its key"));
        };
        seed.deserialize(Deserializer::new(value)).map_err(|e| match name {
            Some(name) => e.at(&name),
            None => e,
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(ROOM))
    }
}

/// A variant: as an enum, or as a map of one entry for types that take anything.
struct Variant<'de> {
    name: Option<Cow<'de, str>>,
    fields: Option<Item<'de>>,
}

impl<'de> MapAccess<'de> for Variant<'de> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        let Some(name) = self.name.take() else { return Ok(None) };
        seed.deserialize(Deserializer::new(Item::Text(name))).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Failure> {
        let fields = self.fields.take().unwrap_or(Item::None);
        seed.deserialize(Deserializer::new(fields.content()?))
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        mut self,
        seed: V,
    ) -> Result<(V::Value, Self), Failure> {
        let name = self.name.take().unwrap_or_default();
        Ok((seed.deserialize(Deserializer::new(Item::Text(name)))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failure> {
        let fields = self.fields.ok_or_else(|| Failure::custom("a variant without its field"))?;
        seed.deserialize(Deserializer::new(fields.content()?))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        let Some(fields) = self.fields else {
            return visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<u8>()));
        };
        match fields.content()?.meaning()? {
            Meaning::Map(0, _) => visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<u8>())),
            meaning => visit_any(meaning, visitor),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let Some(fields) = self.fields else {
            return visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, &str)>()));
        };
        visit_any(fields.content()?.meaning()?, visitor)
    }
}
