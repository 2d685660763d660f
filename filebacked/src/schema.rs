//! The shape of a type on disk, without a value or a file, and the datatypes of HDF5.
//!
//! [`Schema`] says what [`FileBacked::schema`](crate::FileBacked::schema) knows of a Rust type;
//! [`Dtype`] and [`Description`] say what a dataset holds. [`Element`] is the trait of what arrays
//! hold: numbers, `bool`, complex numbers and text.

pub use crate::layout::scalar::Element;
pub use crate::stamp::Stamp;
pub use crate::storage::{
    CompoundMember, CompoundType, Description, Dtype, EnumType, IntType, ObjectKind, Out,
};

use std::any::TypeId;
use std::collections::HashSet;
use std::iter;

/// The shape of a type on disk. `skip` and `only` are checked against it, and predicate filters
/// receive it.
///
/// Nested types are function pointers, so a recursive type has a finite schema.
///
/// ```
/// use filebacked::{FileBacked, Schema};
///
/// #[derive(FileBacked)]
/// struct Layer { width: u32, rates: Vec<f64> }
///
/// let Schema::Struct(layer) = Layer::schema() else { panic!("not a struct") };
/// assert_eq!(layer.name, "Layer");
/// assert_eq!(layer.fields[1].name, "rates");
/// assert!(matches!((layer.fields[1].schema)(), Schema::Sequence(_)));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Schema {
    /// One element of a dataset, such as a number, bool, char or complex number, with its Rust name
    /// (`f64`, `bool`).
    Scalar(&'static str),
    /// Text.
    Text,
    /// Nothing to store: `()`.
    Unit,
    /// An n-dimensional array of elements, with its rank if the type fixes it.
    Array {
        /// The schema of the elements.
        element: Nested,
        /// The number of dimensions.
        rank: Option<usize>,
    },
    /// A sparse matrix.
    Sparse(Nested),
    /// The bounds of a range; [`Schema::Unit`] for ranges without bounds.
    Range(Nested),
    /// Many values of one type: `Vec`, slices, sets.
    Sequence(Nested),
    /// A value or `None`.
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
    /// Any content: a [`Value`](crate::Value).
    Any,
    /// Stored by a filter, so unknown.
    Opaque,
}

/// The schema of a nested type, as a function.
///
/// See [`Schema`] for an example.
pub type Nested = fn() -> Schema;

/// The schema of a struct.
///
/// See [`Schema`] for an example.
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
///
/// See [`Schema`] for an example.
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
///
/// See [`Schema`] for an example.
#[derive(Debug, Clone)]
pub struct VariantSchema {
    /// Its name on disk.
    pub name: &'static str,
    /// Its fields.
    pub fields: Vec<FieldSchema>,
}

/// The schema of a field.
///
/// See [`Schema`] for an example.
#[derive(Debug, Clone)]
pub struct FieldSchema {
    /// Its name on disk.
    pub name: &'static str,
    /// Other names that are accepted on reading.
    pub aliases: Vec<&'static str>,
    /// The schema of its type.
    pub schema: Nested,
    /// Whether it may be missing.
    pub optional: bool,
    /// Whether it is an HDF5 attribute.
    pub attribute: bool,
}

impl FieldSchema {
    /// Creates a required field.
    pub fn new(name: &'static str, schema: Nested) -> Self {
        FieldSchema { name, aliases: Vec::new(), schema, optional: false, attribute: false }
    }

    /// Accepts another name while reading.
    #[must_use]
    pub fn alias(mut self, name: &'static str) -> Self {
        self.aliases.push(name);
        self
    }

    /// Marks the field as one that may be missing.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Marks the field as an HDF5 attribute.
    #[must_use]
    pub fn attribute(mut self) -> Self {
        self.attribute = true;
        self
    }
}

impl VariantSchema {
    /// Creates a variant with these fields.
    pub fn new(name: &'static str, fields: Vec<FieldSchema>) -> Self {
        VariantSchema { name, fields }
    }
}

impl Schema {
    /// Creates the schema of a struct.
    pub fn structure(name: &'static str, version: u32, fields: Vec<FieldSchema>) -> Self {
        Schema::Struct(StructSchema { name, version, fields })
    }

    /// Creates the schema of an enum with data.
    pub fn variants(name: &'static str, version: u32, variants: Vec<VariantSchema>) -> Self {
        Schema::Variants(VariantsSchema { name, version, variants })
    }

    /// Creates the schema of an enum without data.
    pub fn enumeration(name: &'static str, variants: Vec<&'static str>) -> Self {
        Schema::Enumeration { name, variants }
    }

    /// Returns the fields of a struct, which `flatten` adds to the outer struct. Other schemas have
    /// none.
    pub fn into_fields(self) -> Vec<FieldSchema> {
        match self {
            Schema::Struct(s) => s.fields,
            _ => Vec::new(),
        }
    }

    /// All names under which members of a struct or an enum are read.
    pub(crate) fn member_names(self) -> Vec<&'static str> {
        let names = |fields: Vec<FieldSchema>| {
            fields.into_iter().flat_map(|f| iter::once(f.name).chain(f.aliases))
        };
        match self {
            Schema::Struct(s) => names(s.fields).collect(),
            Schema::Variants(v) => v.variants.into_iter().flat_map(|v| names(v.fields)).collect(),
            Schema::Option(inner) => inner().member_names(),
            _ => Vec::new(),
        }
    }

    /// The name of a type that is stored with its values: `Model`, and `Vec<Model>` for many.
    pub(crate) fn type_name(&self) -> Option<String> {
        match self {
            Schema::Struct(s) => Some(s.name.to_string()),
            Schema::Variants(v) => Some(v.name.to_string()),
            Schema::Sequence(inner) => Some(format!("Vec<{}>", inner().type_name()?)),
            Schema::Option(inner) => inner().type_name(),
            _ => None,
        }
    }

    /// Whether a whole file of this type has its members at the root.
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

/// The schema of any content.
pub(crate) fn any() -> Schema {
    Schema::Any
}

/// Whether values of a type may contain pointers to values with other owners, according to the
/// schema.
pub(crate) fn may_point(schema: Nested) -> bool {
    some_part(schema, |part| matches!(part, Schema::Opaque | Schema::Any))
}

/// Whether a type has an opaque part.
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

/// The types that a question about types has visited.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Seen {
    types: Vec<TypeId>,
    /// Whether a type with members was entered.
    is_inside: bool,
}

impl Seen {
    /// Returns whether no type with members was entered yet.
    pub fn is_outermost(&self) -> bool {
        !self.is_inside
    }

    /// Records a type with members. Returns false if it was visited before.
    pub fn enter<T: ?Sized>(&mut self) -> bool {
        self.is_inside = true;
        self.pass::<T>()
    }

    /// Records a type that is stored as its inner type. Returns false if it was visited before.
    pub fn pass<T: ?Sized>(&mut self) -> bool {
        let id = typeid::of::<T>();
        let is_new = !self.types.contains(&id);
        if is_new {
            self.types.push(id);
        }
        is_new
    }
}
