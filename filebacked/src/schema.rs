//! What a type looks like on disk, known without a value and without a file.

use std::collections::HashSet;

/// The shape of a type: what `skip` and `only` are checked against, and what a predicate filter is
/// asked about.
///
/// Nested types are function pointers, so a recursive type has a finite schema.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Schema {
    /// One element of a dataset: a number, bool, char, complex or the like; its name in Rust's
    /// terms (`f64`, `bool`).
    Scalar(&'static str),
    /// Text.
    Text,
    /// Nothing to store: `()`.
    Unit,
    /// An n-dimensional array of elements; its rank where the type fixes it.
    Array {
        /// What it holds.
        element: Nested,
        /// The number of dimensions.
        rank: Option<usize>,
    },
    /// A sparse matrix.
    Sparse(Nested),
    /// The ends of a range; one that has none ends in [`Schema::Unit`].
    Range(Nested),
    /// Many values of one type in an order: `Vec`, slices, sets.
    Sequence(Nested),
    /// A value or none.
    Option(Nested),
    /// Values of different types under the names `0`, `1`, ...
    Tuple(Vec<Nested>),
    /// Keys and values.
    Map {
        /// The keys.
        key: Nested,
        /// The values.
        value: Nested,
        /// Whether each entry is a link named by its key.
        links: bool,
    },
    /// Named fields.
    Struct(StructSchema),
    /// An enum without data: the names of its variants.
    Enumeration {
        /// The name of the type on disk.
        name: &'static str,
        /// The names of the variants on disk.
        variants: Vec<&'static str>,
    },
    /// An enum with data.
    Variants(VariantsSchema),
    /// Whatever a file holds: a [`Value`](crate::Value).
    Any,
    /// Stored by a filter: nothing is known.
    Opaque,
}

/// The schema of a type inside another.
pub type Nested = fn() -> Schema;

/// The schema of a struct.
#[derive(Debug, Clone)]
pub struct StructSchema {
    /// The name of the type on disk.
    pub name: &'static str,
    /// The version of the type.
    pub version: u32,
    /// The stored fields in order of declaration.
    pub fields: Vec<FieldSchema>,
}

/// The schema of an enum with data.
#[derive(Debug, Clone)]
pub struct VariantsSchema {
    /// The name of the type on disk.
    pub name: &'static str,
    /// The version of the type.
    pub version: u32,
    /// The variants in order of declaration.
    pub variants: Vec<VariantSchema>,
}

/// The schema of a variant.
#[derive(Debug, Clone)]
pub struct VariantSchema {
    /// Its name on disk.
    pub name: &'static str,
    /// Its fields.
    pub fields: Vec<FieldSchema>,
}

/// The schema of a field.
#[derive(Debug, Clone)]
pub struct FieldSchema {
    /// Its name on disk.
    pub name: &'static str,
    /// Other names that are accepted on reading.
    pub aliases: Vec<&'static str>,
    /// What it holds.
    pub schema: Nested,
    /// Whether it may be missing.
    pub optional: bool,
    /// Whether it is an HDF5 attribute.
    pub attribute: bool,
}

impl FieldSchema {
    /// A field that must be there.
    pub fn new(name: &'static str, schema: Nested) -> Self {
        FieldSchema { name, aliases: Vec::new(), schema, optional: false, attribute: false }
    }

    /// Accepts another name on reading.
    #[must_use]
    pub fn alias(mut self, name: &'static str) -> Self {
        self.aliases.push(name);
        self
    }

    /// May be missing.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Is an HDF5 attribute.
    #[must_use]
    pub fn attribute(mut self) -> Self {
        self.attribute = true;
        self
    }
}

impl VariantSchema {
    /// A variant with these fields.
    pub fn new(name: &'static str, fields: Vec<FieldSchema>) -> Self {
        VariantSchema { name, fields }
    }
}

impl Schema {
    /// A struct.
    pub fn structure(name: &'static str, version: u32, fields: Vec<FieldSchema>) -> Self {
        Schema::Struct(StructSchema { name, version, fields })
    }

    /// An enum with data.
    pub fn variants(name: &'static str, version: u32, variants: Vec<VariantSchema>) -> Self {
        Schema::Variants(VariantsSchema { name, version, variants })
    }

    /// An enum without data.
    pub fn enumeration(name: &'static str, variants: Vec<&'static str>) -> Self {
        Schema::Enumeration { name, variants }
    }

    /// The fields of a struct, none for anything else: what `flatten` adds to the outer struct.
    pub fn into_fields(self) -> Vec<FieldSchema> {
        match self {
            Schema::Struct(s) => s.fields,
            _ => Vec::new(),
        }
    }

    /// Whether a value saved as a whole file puts its members at the root.
    pub(crate) fn is_rooted(&self) -> bool {
        match self {
            Schema::Struct(_)
            | Schema::Variants(_)
            | Schema::Map { links: true, .. }
            | Schema::Any => true,
            Schema::Option(inner) => inner().is_rooted(),
            _ => false,
        }
    }
}

/// The schema of what may be anything.
pub(crate) fn any() -> Schema {
    Schema::Any
}

/// Whether values of a type may point to values that others own, as far as the schema tells.
pub(crate) fn may_point(schema: Nested) -> bool {
    some_part(schema, |part| matches!(part, Schema::Opaque | Schema::Any))
}

/// Whether a type has a part of which nothing is known.
pub(crate) fn has_opaque(schema: Nested) -> bool {
    some_part(schema, |part| matches!(part, Schema::Opaque))
}

fn some_part(schema: Nested, is: fn(&Schema) -> bool) -> bool {
    let (mut seen, mut open) = (HashSet::from([schema as usize]), vec![schema]);
    while let Some(schema) = open.pop() {
        let mut parts = Vec::new();
        let schema = schema();
        if is(&schema) {
            return true;
        }
        match schema {
            Schema::Array { element: part, .. }
            | Schema::Sparse(part)
            | Schema::Range(part)
            | Schema::Sequence(part)
            | Schema::Option(part) => parts.push(part),
            Schema::Tuple(all) => parts = all,
            Schema::Map { key, value, .. } => parts.extend([key, value]),
            Schema::Struct(found) => parts.extend(found.fields.iter().map(|field| field.schema)),
            Schema::Variants(found) => {
                parts.extend(
                    found
                        .variants
                        .iter()
                        .flat_map(|variant| &variant.fields)
                        .map(|field| field.schema),
                );
            }
            Schema::Scalar(_)
            | Schema::Text
            | Schema::Unit
            | Schema::Enumeration { .. }
            | Schema::Any
            | Schema::Opaque => {}
        }
        open.extend(parts.into_iter().filter(|part| seen.insert(*part as usize)));
    }
    false
}
