//! Values and types as the JSON that `python/layout.py` reads from files and writes into them.

use filebacked::{FileBacked, Schema};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A value as JSON, made without the library.
pub trait Plain {
    /// The value.
    fn plain(&self) -> Value;
}

/// A struct or a tuple: what is absent has no member.
pub fn fields<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let none = json!({"none": 0});
    Value::Object(
        fields.into_iter().filter(|(_, v)| *v != none).map(|(k, v)| (k.to_string(), v)).collect(),
    )
}

/// A variant with its fields.
pub fn variant<const N: usize>(name: &str, of: [(&str, Value); N]) -> Value {
    let Value::Object(mut members) = fields(of) else { unreachable!("fields are an object") };
    members.insert("variant".into(), name.into());
    Value::Object(members)
}

/// `Plain` for structs of named fields.
#[macro_export]
macro_rules! plain_struct {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::plain::Plain for $type {
            fn plain(&self) -> serde_json::Value {
                $crate::plain::fields([$((stringify!($field), $crate::plain::Plain::plain(&self.$field))),*])
            }
        }
    };
}

macro_rules! plain_is {
    ($($type:ty: |$value:ident| $json:expr;)*) => {
        $(
            impl Plain for $type {
                fn plain(&self) -> Value {
                    let $value = self;
                    $json
                }
            }
        )*
    };
}

plain_is! {
    u8: |v| json!(v);
    u16: |v| json!(v);
    u32: |v| json!(v);
    u64: |v| json!(v);
    usize: |v| json!(v);
    i8: |v| json!(v);
    i16: |v| json!(v);
    i32: |v| json!(v);
    i64: |v| json!(v);
    isize: |v| json!(v);
    u128: |v| json!(v.to_string());
    i128: |v| json!(v.to_string());
    bool: |v| json!(v);
    f64: |v| json!(format!("f{:016x}", v.to_bits()));
    f32: |v| f64::from(*v).plain();
    half::f16: |v| v.to_f64().plain();
    num_complex::Complex<f32>: |v| json!([v.re.plain(), v.im.plain()]);
    num_complex::Complex<f64>: |v| json!([v.re.plain(), v.im.plain()]);
    String: |v| json!(v);
    // NUL is the empty text.
    char: |v| if *v == '\0' { json!("") } else { json!(v) };
    (): |_v| json!({});
    Duration: |v| json!({"secs": v.as_secs(), "nanos": v.subsec_nanos()});
    SystemTime: |v| match v.duration_since(UNIX_EPOCH) {
        Ok(after) => after.plain(),
        Err(before) => {
            let before = before.duration();
            let (secs, nanos) = (-(before.as_secs() as i64), before.subsec_nanos());
            let (secs, nanos) = if nanos == 0 { (secs, 0) } else { (secs - 1, 1_000_000_000 - nanos) };
            json!({"secs": secs, "nanos": nanos})
        }
    };
}

impl<T: Plain> Plain for Option<T> {
    fn plain(&self) -> Value {
        let Some(value) = self else { return json!({"none": 0}) };
        let value = value.plain();
        match value.get("none").and_then(Value::as_u64) {
            Some(depth) => json!({"none": depth + 1}),
            None => value,
        }
    }
}

impl<T: Plain> Plain for Box<T> {
    fn plain(&self) -> Value {
        (**self).plain()
    }
}

impl<T: Plain> Plain for Vec<T> {
    fn plain(&self) -> Value {
        self.iter().map(Plain::plain).collect()
    }
}

impl<T: Plain, const N: usize> Plain for [T; N] {
    fn plain(&self) -> Value {
        self.iter().map(Plain::plain).collect()
    }
}

impl<T: Plain> Plain for BTreeSet<T> {
    fn plain(&self) -> Value {
        self.iter().map(Plain::plain).collect()
    }
}

impl<A: Plain, B: Plain> Plain for (A, B) {
    fn plain(&self) -> Value {
        fields([("0", self.0.plain()), ("1", self.1.plain())])
    }
}

impl<T: Plain, E: Plain> Plain for Result<T, E> {
    fn plain(&self) -> Value {
        match self {
            Ok(value) => variant("Ok", [("0", value.plain())]),
            Err(error) => variant("Err", [("0", error.plain())]),
        }
    }
}

impl<T: Plain> Plain for ndarray::Array2<T> {
    fn plain(&self) -> Value {
        self.rows().into_iter().map(|row| row.iter().map(Plain::plain).collect::<Value>()).collect()
    }
}

impl<T: Plain> Plain for sprs::CsMat<T> {
    fn plain(&self) -> Value {
        let entries: Vec<Value> =
            self.iter().map(|(value, (row, column))| json!([row, column, value.plain()])).collect();
        json!({"shape": [self.rows(), self.cols()], "by_row": self.is_csr(), "entries": entries})
    }
}

fn map<'a, K: Plain + 'a, V: Plain + 'a>(entries: impl Iterator<Item = (&'a K, &'a V)>) -> Value {
    let text = |key: Value| match key {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let sorted: BTreeMap<String, Value> =
        entries.map(|(k, v)| (text(k.plain()), v.plain())).collect();
    json!({"map": sorted.into_iter().collect::<Vec<_>>()})
}

impl<K: Plain, V: Plain> Plain for BTreeMap<K, V> {
    fn plain(&self) -> Value {
        map(self.iter())
    }
}

impl<K: Plain, V: Plain> Plain for HashMap<K, V> {
    fn plain(&self) -> Value {
        map(self.iter())
    }
}

/// A type as JSON: its schema, and those of the structs and enums in it by name, of which there may
/// be one each.
pub fn schema<T: FileBacked>() -> (Value, Map<String, Value>) {
    let mut types = Map::new();
    let schema = describe(T::schema(), &mut types);
    (schema, types)
}

fn describe(schema: Schema, types: &mut Map<String, Value>) -> Value {
    match schema {
        Schema::Scalar(name) => json!({"kind": "scalar", "name": name}),
        Schema::Text => json!({"kind": "text"}),
        Schema::Unit => json!({"kind": "unit"}),
        Schema::Array { element, rank } => {
            json!({"kind": "array", "of": describe(element(), types), "rank": rank})
        }
        Schema::Sequence(of) => json!({"kind": "sequence", "of": describe(of(), types)}),
        Schema::Sparse(of) => json!({"kind": "sparse", "of": describe(of(), types)}),
        Schema::Option(of) => json!({"kind": "option", "of": describe(of(), types)}),
        Schema::Tuple(of) => {
            let field =
                |(i, of): (usize, fn() -> Schema)| describe_field(&i.to_string(), false, of, types);
            json!({"kind": "tuple", "fields": of.into_iter().enumerate().map(field).collect::<Vec<_>>()})
        }
        Schema::Map { key, value, links } => {
            json!({"kind": "map", "links": links, "key": describe(key(), types), "value": describe(value(), types)})
        }
        Schema::Enumeration { name, variants } => {
            json!({"kind": "enumeration", "name": name, "variants": variants})
        }
        Schema::Struct(of) => named(
            of.name,
            types,
            |types| json!({"kind": "struct", "name": of.name, "fields": describe_fields(of.fields, types)}),
        ),
        Schema::Variants(of) => named(of.name, types, |types| {
            let fields = |v: filebacked::schema::VariantSchema| {
                (v.name.to_string(), describe_fields(v.fields, types))
            };
            let variants: Map<String, Value> = of.variants.into_iter().map(fields).collect();
            json!({"kind": "variants", "name": of.name, "variants": variants})
        }),
        other => panic!("python/layout.py does not know {other:?}"),
    }
}

/// A reference to a type that has a name; it may hold itself.
fn named(
    name: &str,
    types: &mut Map<String, Value>,
    make: impl FnOnce(&mut Map<String, Value>) -> Value,
) -> Value {
    if !types.contains_key(name) {
        types.insert(name.to_string(), Value::Null);
        let made = make(types);
        types.insert(name.to_string(), made);
    }
    json!({"kind": "ref", "name": name})
}

fn describe_fields(
    fields: Vec<filebacked::schema::FieldSchema>,
    types: &mut Map<String, Value>,
) -> Value {
    fields
        .into_iter()
        .map(|field| describe_field(field.name, field.attribute, field.schema, types))
        .collect()
}

fn describe_field(
    name: &str,
    attribute: bool,
    of: fn() -> Schema,
    types: &mut Map<String, Value>,
) -> Value {
    json!({"name": name, "attribute": attribute, "schema": describe(of(), types)})
}
