//! Fingerprints of schemas, which detect types that changed on disk.

use crate::schema::{FieldSchema, Nested, Schema};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The limit for nested types without a name, beyond which a newtype of itself is assumed.
const DEEPEST: u32 = 32;

impl Schema {
    /// Returns a number that changes if the type changes on disk: names and types of fields and
    /// variants, and which of them are HDF5 attributes. The order of fields, and the names,
    /// versions, aliases and defaults of types do not count.
    ///
    /// Nested types with a name and a version count by their name only, since they have their own
    /// fingerprints; [`testing::check_versions`](crate::testing::check_versions) includes them. The
    /// number does not depend on the machine or the compiler.
    ///
    /// ```
    /// use filebacked::FileBacked;
    ///
    /// #[derive(FileBacked)]
    /// struct Layer { width: u32, rate: f64 }
    ///
    /// #[derive(FileBacked)]
    /// struct Turned { rate: f64, width: u32 }
    ///
    /// #[derive(FileBacked)]
    /// struct Wider { width: u64, rate: f64 }
    ///
    /// assert_eq!(Layer::schema().fingerprint(), Turned::schema().fingerprint());
    /// assert_ne!(Layer::schema().fingerprint(), Wider::schema().fingerprint());
    /// ```
    pub fn fingerprint(&self) -> u64 {
        let mut text = String::new();
        match self {
            Schema::Struct(schema) => fields(&schema.fields, &mut text),
            Schema::Variants(schema) => {
                // Values of older files name their variants, so the order does not matter here
                // either.
                let mut variants: Vec<_> = schema.variants.iter().collect();
                variants.sort_by_key(|variant| variant.name);
                for variant in variants {
                    quoted(variant.name, &mut text);
                    fields(&variant.fields, &mut text);
                }
            }
            other => describe(other, DEEPEST, &mut text),
        }
        fnv1a(text.as_bytes())
    }
}

/// The types that carry a version, this one and all inside: their names, versions and fingerprints.
pub(crate) fn versions(schema: Schema) -> BTreeSet<(&'static str, u32, u64)> {
    let mut found = BTreeSet::new();
    walk(schema, DEEPEST, &mut found);
    found
}

fn walk(schema: Schema, left: u32, found: &mut BTreeSet<(&'static str, u32, u64)>) {
    let Some(mut left) = left.checked_sub(1) else { return };
    let fingerprint = schema.fingerprint();
    // A named type is walked through once, so what is inside of it may start anew.
    let mut enter = |name, version| {
        left = DEEPEST;
        found.insert((name, version, fingerprint))
    };
    let inside: Vec<Nested> = match schema {
        Schema::Struct(schema) if enter(schema.name, schema.version) => {
            schema.fields.into_iter().map(|field| field.schema).collect()
        }
        Schema::Variants(schema) if enter(schema.name, schema.version) => schema
            .variants
            .into_iter()
            .flat_map(|variant| variant.fields)
            .map(|field| field.schema)
            .collect(),
        Schema::Tuple(parts) => parts,
        Schema::Map { key, value, .. } => vec![key, value],
        Schema::Array { element: inner, .. }
        | Schema::Sparse(inner)
        | Schema::Range(inner)
        | Schema::Sequence(inner)
        | Schema::Option(inner) => vec![inner],
        _ => Vec::new(),
    };
    for nested in inside {
        walk(nested(), left, found);
    }
}

fn fields(fields: &[FieldSchema], text: &mut String) {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|field| field.name);
    text.push('{');
    for field in fields {
        quoted(field.name, text);
        text.push(if field.attribute { '@' } else { ':' });
        describe(&(field.schema)(), DEEPEST, text);
    }
    text.push('}');
}

/// Names as literals, so that no name can look like what stands around it.
fn quoted(name: &str, text: &mut String) {
    // Writing into a string cannot fail.
    let _ = write!(text, "{name:?}");
}

fn describe(schema: &Schema, left: u32, text: &mut String) {
    let Some(left) = left.checked_sub(1) else { return };
    let nested = |word: &str, inner: &[Nested], text: &mut String| {
        text.push_str(word);
        text.push('<');
        for inner in inner {
            describe(&inner(), left, text);
            text.push(',');
        }
        text.push('>');
    };
    match schema {
        Schema::Scalar(name) => text.push_str(name),
        Schema::Text => text.push_str("text"),
        Schema::Unit => text.push_str("unit"),
        Schema::Any => text.push_str("any"),
        Schema::Opaque => text.push_str("opaque"),
        Schema::Array { element, rank } => {
            nested("array", &[*element], text);
            if let Some(rank) = rank {
                let _ = write!(text, "{rank}");
            }
        }
        Schema::Sparse(inner) => nested("sparse", &[*inner], text),
        Schema::Range(inner) => nested("range", &[*inner], text),
        Schema::Sequence(inner) => nested("sequence", &[*inner], text),
        Schema::Option(inner) => nested("option", &[*inner], text),
        Schema::Tuple(parts) => nested("tuple", parts, text),
        Schema::Map { key, value, links } => {
            nested(if *links { "links" } else { "map" }, &[*key, *value], text)
        }
        Schema::Struct(schema) => quoted(schema.name, text),
        Schema::Variants(schema) => quoted(schema.name, text),
        Schema::Enumeration { variants, .. } => {
            let mut variants = variants.clone();
            variants.sort_unstable();
            text.push_str("enum(");
            variants.into_iter().for_each(|name| quoted(name, text));
            text.push(')');
        }
    }
}

/// The 64-bit FNV-1a hash: short, and the same everywhere and for ever.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
