//! [`Finite`]: a serializer that writes nothing, and fails for floats that JSON has no way to write.

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};
use std::fmt::{self, Display};

/// Looks at every number of a value.
#[derive(Clone, Copy)]
pub(super) struct Finite;

/// The reason why a value cannot be JSON.
#[derive(Debug)]
pub(super) struct NotJson(pub(super) String);

impl Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotJson {}

impl ser::Error for NotJson {
    fn custom<T: Display>(message: T) -> Self {
        NotJson(message.to_string())
    }
}

type Looked = Result<(), NotJson>;

/// Values without anything in them.
macro_rules! plain {
    ($($name:ident($($argument:ident: $t:ty),*);)*) => {
        $(fn $name(self, $($argument: $t),*) -> Looked {
            Ok(())
        })*
    };
}

/// Values with others in them.
macro_rules! compound {
    ($($name:ident($($t:ty),*);)*) => {
        $(fn $name(self, $(_: $t),*) -> Result<Self, NotJson> {
            Ok(self)
        })*
    };
}

impl ser::Serializer for Finite {
    type Ok = ();
    type Error = NotJson;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    plain! {
        serialize_bool(_v: bool);
        serialize_i8(_v: i8);
        serialize_i16(_v: i16);
        serialize_i32(_v: i32);
        serialize_i64(_v: i64);
        serialize_i128(_v: i128);
        serialize_u8(_v: u8);
        serialize_u16(_v: u16);
        serialize_u32(_v: u32);
        serialize_u64(_v: u64);
        serialize_u128(_v: u128);
        serialize_char(_v: char);
        serialize_str(_v: &str);
        serialize_bytes(_v: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(_name: &'static str);
        serialize_unit_variant(_name: &'static str, _index: u32, _variant: &'static str);
    }

    fn serialize_f32(self, value: f32) -> Looked {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Looked {
        if value.is_finite() {
            Ok(())
        } else {
            Err(NotJson(format!("JSON cannot write the number {value}")))
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Looked {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Looked {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Looked {
        value.serialize(self)
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Looked {
        Ok(())
    }

    compound! {
        serialize_seq(Option<usize>);
        serialize_tuple(usize);
        serialize_tuple_struct(&'static str, usize);
        serialize_tuple_variant(&'static str, u32, &'static str, usize);
        serialize_map(Option<usize>);
        serialize_struct(&'static str, usize);
        serialize_struct_variant(&'static str, u32, &'static str, usize);
    }
}

/// The parts of compound values; fields come with their names.
macro_rules! parts {
    ($($part:ident: $($method:ident($($key:ty)?)),*;)*) => {
        $(impl $part for Finite {
            type Ok = ();
            type Error = NotJson;

            $(fn $method<T: Serialize + ?Sized>(&mut self, $(_: $key,)? value: &T) -> Looked {
                value.serialize(*self)
            })*

            fn end(self) -> Looked {
                Ok(())
            }
        })*
    };
}
parts! {
    SerializeSeq: serialize_element();
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeMap: serialize_key(), serialize_value();
    SerializeStruct: serialize_field(&'static str);
    SerializeStructVariant: serialize_field(&'static str);
}
