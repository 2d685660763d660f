//! [`Bounded`]: serde types read from a codec that is not believed when it says how many elements
//! there are, nor followed to any depth.

use crate::context::ReadContext;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::cell::Cell;
use std::fmt;

/// So many elements may take no byte each. All others are as many as there are bytes, at most.
const WITHOUT_SIZE: u64 = 1 << 20;

/// So many levels of serde are there for one of [`ReadOptions::max_depth`]: an `Option` of a struct
/// in an enum has three.
///
/// [`ReadOptions::max_depth`]: crate::ReadOptions::max_depth
const LEVELS: u32 = 8;

/// What may still be read.
pub(in crate::with) struct Budget {
    /// Elements of sequences and maps.
    elements: Cell<u64>,
    /// Levels of nested values. `None` for files that are trusted.
    levels: Option<Cell<u32>>,
    is_too_deep: Cell<bool>,
}

impl Budget {
    /// The budget of an encoded value of these bytes.
    pub(in crate::with) fn new(bytes: &[u8], cx: &ReadContext) -> Self {
        let levels = cx.max_depth().saturating_mul(LEVELS);
        Budget {
            elements: Cell::new(WITHOUT_SIZE.saturating_add(bytes.len() as u64)),
            levels: (!cx.is_trusted()).then(|| Cell::new(levels)),
            is_too_deep: Cell::new(false),
        }
    }

    /// Whether values were nested deeper than that.
    pub(in crate::with) fn is_too_deep(&self) -> bool {
        self.is_too_deep.get()
    }

    /// Reads a value one level further down.
    #[inline]
    fn nested<R, E: Error>(&self, read: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        let Some(levels) = &self.levels else { return read() };
        let Some(left) = levels.get().checked_sub(1) else {
            self.is_too_deep.set(true);
            return Err(E::custom("values nested too deep"));
        };
        levels.set(left);
        let found = read();
        levels.set(left + 1);
        found
    }
}

/// A part of serde's data model, and what may still be read. `MANY` says that it has as many
/// elements as the bytes say; tuples and structs have as many as the type says.
pub(in crate::with) struct Bounded<'c, I, const MANY: bool = false> {
    inner: I,
    left: &'c Budget,
}

impl<'c, I> Bounded<'c, I> {
    /// Limits what is read.
    pub(in crate::with) fn new(inner: I, left: &'c Budget) -> Self {
        Bounded { inner, left }
    }
}

impl<'c, I, const MANY: bool> Bounded<'c, I, MANY> {
    fn counting(inner: I, left: &'c Budget) -> Self {
        Bounded { inner, left }
    }

    #[inline]
    fn count<E: Error>(&self) -> Result<(), E> {
        if MANY {
            let left = self.left.elements.get().checked_sub(1);
            let left =
                left.ok_or_else(|| E::custom("more elements than its bytes can stand for"))?;
            self.left.elements.set(left);
        }
        Ok(())
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Bounded<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Bounded::new(deserializer, self.left))
    }
}

/// Each value is read as it would be, by a visitor that passes the limits on.
macro_rules! pass_on {
    ($($method:ident($($argument:ident: $kind:ty),*))*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method($($argument,)* Bounded::<V>::new(visitor, self.left))
        }
    )*};
}

/// The same for values with values inside.
macro_rules! pass_down {
    ($($method:ident($($argument:ident: $kind:ty),*))*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            let Bounded { inner, left } = self;
            left.nested(|| inner.$method($($argument,)* Bounded::<V>::new(visitor, left)))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Bounded<'_, D> {
    type Error = D::Error;

    pass_on! {
        deserialize_bool()
        deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64() deserialize_i128()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_unit()
        deserialize_unit_struct(name: &'static str) deserialize_identifier()
    }

    pass_down! {
        deserialize_any() deserialize_ignored_any() deserialize_option()
        deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(len: usize) deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let Bounded { inner, left } = self;
        left.nested(|| inner.deserialize_seq(Bounded::<V, true>::counting(visitor, left)))
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let Bounded { inner, left } = self;
        left.nested(|| inner.deserialize_map(Bounded::<V, true>::counting(visitor, left)))
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Values of one piece go to the visitor as they are.
macro_rules! visit {
    ($($method:ident($kind:ty))*) => {$(
        #[inline]
        fn $method<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>, const MANY: bool> Visitor<'de> for Bounded<'_, V, MANY> {
    type Value = V::Value;

    visit! {
        visit_bool(bool) visit_i8(i8) visit_i16(i16) visit_i32(i32) visit_i64(i64) visit_i128(i128)
        visit_u8(u8) visit_u16(u16) visit_u32(u32) visit_u64(u64) visit_u128(u128)
        visit_f32(f32) visit_f64(f64) visit_char(char) visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
        visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Bounded::new(deserializer, self.left))
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Bounded::new(deserializer, self.left))
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Bounded::<A, MANY>::counting(elements, self.left))
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Bounded::<A, MANY>::counting(entries, self.left))
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Bounded::new(variant, self.left))
    }
}

impl<'de, A: SeqAccess<'de>, const MANY: bool> SeqAccess<'de> for Bounded<'_, A, MANY> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let element = self.inner.next_element_seed(Bounded::new(seed, self.left))?;
        if element.is_some() {
            self.count()?;
        }
        Ok(element)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>, const MANY: bool> MapAccess<'de> for Bounded<'_, A, MANY> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let key = self.inner.next_key_seed(Bounded::new(seed, self.left))?;
        if key.is_some() {
            self.count()?;
        }
        Ok(key)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(Bounded::new(seed, self.left))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, 'c, A: EnumAccess<'de>> EnumAccess<'de> for Bounded<'c, A> {
    type Error = A::Error;
    type Variant = Bounded<'c, A::Variant>;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(Bounded::new(seed, self.left))?;
        Ok((value, Bounded::new(variant, self.left)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Bounded<'_, A> {
    type Error = A::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Bounded::new(seed, self.left))
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, Bounded::<V>::new(visitor, self.left))
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Bounded::<V>::new(visitor, self.left))
    }
}
