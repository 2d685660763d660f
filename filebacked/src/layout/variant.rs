//! Enums.
//!
//! Without data, a scalar or dataset of an HDF5 enumeration, whose values are the discriminants
//! (`repr = "string"`: text; `repr = "u8"` and the like: the discriminant as a plain integer).
//!
//! With data:
//!
//! ```text
//! x            group     filebacked = "enum Shape 1", variant = "Rect"
//! ├── w        the variant's fields by name; 0, 1, ... where they have none
//! └── h
//! ```
//!
//! Many values of an enum with data:
//!
//! ```text
//! x            group     filebacked = "variants Shape 1", len = n
//! ├── variant  enumeration (n): which variant each row is
//! └── Rect     group     filebacked = "columns", len = rows of this variant
//!     ├── w    the field of those rows, in order
//!     └── h
//! ```

use crate::backed::Save;
use crate::error::{Error, ErrorKind, Result};
use crate::foreign::{line, matlab};
use crate::layout::{absent, categorical, number, text};
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use crate::storage::{Dtype, EnumType, IntType};
use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

/// How an enum without data is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitRepr {
    /// As an HDF5 enumeration, of the smallest integer type that holds the discriminants.
    Enum,
    /// As text.
    String,
    /// As a plain integer: the discriminant.
    Int {
        /// Bytes.
        size: u8,
        /// Whether it has a sign.
        signed: bool,
    },
}

/// An enum without data. The derive implements it.
pub trait UnitEnum: Sized + 'static {
    /// The name of the type on disk.
    const NAME: &'static str;
    /// How values are stored.
    const REPR: UnitRepr;
    /// The names of the variants on disk, in order of declaration.
    const NAMES: &'static [&'static str];
    /// Other names of each variant that are accepted on reading.
    const ALIASES: &'static [&'static [&'static str]];
    /// The discriminants.
    const VALUES: &'static [i128];
    /// The variant that stands for unknown names.
    const OTHER: Option<usize>;

    /// The place of the variant in the order of declaration.
    fn index(&self) -> usize;

    /// The variant at that place.
    fn from_index(index: usize) -> Self;
}

/// The integer type that holds all of these values in the fewest bytes.
fn smallest(values: &[i128]) -> IntType {
    let low = values.iter().copied().min().unwrap_or(0);
    let high = values.iter().copied().max().unwrap_or(0);
    for size in [1u8, 2, 4] {
        let bits = u32::from(size) * 8;
        if low >= 0 && high < 1 << bits {
            return IntType { size, signed: false };
        }
        if low >= -(1 << (bits - 1)) && high < 1 << (bits - 1) {
            return IntType { size, signed: true };
        }
    }
    IntType { size: 8, signed: low < 0 }
}

fn stored<E: UnitEnum>() -> Dtype {
    match E::REPR {
        UnitRepr::Int { size, signed } => Dtype::Int(IntType { size, signed }),
        _ => {
            let members =
                E::NAMES.iter().zip(E::VALUES).map(|(name, value)| (Cow::Borrowed(*name), *value));
            Dtype::Enum(EnumType { base: smallest(E::VALUES), members: members.collect() })
        }
    }
}

/// Writes a value.
///
/// # Errors
///
/// As [`Save::write`](crate::Save::write).
pub fn write<E: UnitEnum>(value: &E, slot: Slot<'_>) -> Result<Written> {
    // Neither AnnData nor Python's FileBacked has enumerations.
    if E::REPR == UnitRepr::String
        || (E::REPR == UnitRepr::Enum && (slot.is_encoded() || slot.cx.is_python()))
    {
        return text::write(E::NAMES[value.index()], slot);
    }
    let dtype = stored::<E>();
    let bytes = E::VALUES[value.index()].to_le_bytes();
    slot.dataset(&dtype, &[], &bytes[..dtype.size()])
}

/// Writes many values.
///
/// # Errors
///
/// As [`Save::write`](crate::Save::write).
pub fn write_rows<E: UnitEnum>(rows: Rows<'_, E>, slot: Slot<'_>) -> Result<Written> {
    if E::REPR == UnitRepr::String {
        return text::write_rows(
            rows.len(),
            || rows.iter().map(|value| E::NAMES[value.index()]),
            slot,
        );
    }
    if E::REPR == UnitRepr::Enum && slot.is_encoded() {
        let codes = rows.iter().map(|value| Some(value.index()));
        return categorical::write(rows.len(), codes, E::NAMES, false, slot);
    }
    let dtype = stored::<E>();
    let size = dtype.size();
    slot.dataset_fill(&dtype, &[rows.len() as u64], &mut |out| {
        rows.for_each(|value| out.put(&E::VALUES[value.index()].to_le_bytes()[..size]));
    })
}

/// Whether values are plain integers.
pub fn is_number<E: UnitEnum>() -> bool {
    matches!(E::REPR, UnitRepr::Int { .. })
}

/// Writes many optional values.
///
/// # Errors
///
/// As [`Save::write`](crate::Save::write).
pub fn write_optional_rows<E: UnitEnum + Save>(
    values: &[Option<&E>],
    slot: Slot<'_>,
) -> Result<Written> {
    if slot.is_encoded() {
        let codes = values.iter().map(|value| value.map(UnitEnum::index));
        return categorical::write(values.len(), codes, E::NAMES, false, slot);
    }
    absent::write_present(values, slot)
}

/// Returns the schema of the type.
pub fn schema<E: UnitEnum>() -> Schema {
    Schema::enumeration(E::NAME, E::NAMES.to_vec())
}

/// The name of a value.
pub fn name<E: UnitEnum>(value: &E) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(E::NAMES[value.index()]))
}

fn index_of<E: UnitEnum>(name: &str) -> Option<usize> {
    let by_name = E::NAMES.iter().position(|known| *known == name);
    by_name.or_else(|| E::ALIASES.iter().position(|aliases| aliases.contains(&name))).or(E::OTHER)
}

/// The value of a name.
pub fn from_name<E: UnitEnum>(name: &str) -> Option<E> {
    index_of::<E>(name).map(E::from_index)
}

/// The error of a name that no variant has.
#[cold]
pub(crate) fn unknown(found: &str, known: &[&str]) -> Error {
    let known = known.iter().map(|name| name.to_string()).collect();
    Error::new(ErrorKind::UnknownVariant { found: found.to_string(), known }).with_help(
        "if it was renamed, `#[filebacked(alias = \"...\")]` on the variant reads the old name",
    )
}

/// Reads a value.
///
/// # Errors
///
/// As [`FileBacked::read`](crate::FileBacked::read).
pub fn read<E: UnitEnum>(node: Node<'_>) -> Result<E> {
    one(read_indices::<E>(&node, true)?).map(E::from_index)
}

/// Reads many values.
///
/// # Errors
///
/// As [`FileBacked::read`](crate::FileBacked::read).
pub fn read_rows<E: UnitEnum>(node: Node<'_>) -> Result<Vec<E>> {
    Ok(read_indices::<E>(&node, false)?.into_iter().map(E::from_index).collect())
}

fn one<T>(values: Vec<T>) -> Result<T> {
    values
        .into_iter()
        .next()
        .ok_or_else(|| ErrorKind::Damaged("a scalar without an element".into()).into())
}

/// Which variants the elements are. HDF5 enumerations and text go by name, plain integers by
/// discriminant.
fn read_indices<E: UnitEnum>(node: &Node<'_>, scalar: bool) -> Result<Vec<usize>> {
    if let Some(column) = categorical::open(node)? {
        // Names that no row has do not matter.
        let names = |categories: &Node<'_>| {
            let names = text::read_array(categories, Some(1))?.0.into_iter();
            Ok(names.map(|name| index_of::<E>(&name).ok_or(Rc::from(name))).collect())
        };
        let (rows, _): (Vec<Result<usize, Rc<str>>>, _) =
            column.rows(Some(usize::from(!scalar)), names, |_| 0)?;
        return rows
            .into_iter()
            .map(|index| index.map_err(|name| unknown(&name, E::NAMES)))
            .collect();
    }
    let description = node.describe()?;
    let by_name = |texts| {
        let names = text::decode(texts)?;
        names
            .iter()
            .map(|name| index_of::<E>(name).ok_or_else(|| unknown(name, E::NAMES)))
            .collect()
    };
    if let Some(texts) =
        matlab::texts(node, &description)?.filter(|texts| !scalar || texts.ends.len() == 1)
    {
        return by_name(texts);
    }
    let fits = match scalar {
        _ if node.ours => description.shape.len() == usize::from(!scalar),
        true => description.elements() == Some(1),
        false => line(&description.shape).is_some(),
    };
    if !fits || description.null {
        return Err(node.unexpected(format!(
            "{} of enum `{}`",
            if scalar { "a scalar" } else { "a column" },
            E::NAME
        )));
    }
    match &description.dtype {
        dtype if dtype.is_text() => by_name(node.texts(&description)?),
        // An enum of the variants FALSE and TRUE is what others call a bool.
        Dtype::Bool => {
            let name = |value| if value { "TRUE" } else { "FALSE" };
            let (values, _) = crate::layout::scalar::read_bools(node, None)?;
            let index = |name| index_of::<E>(name).ok_or_else(|| unknown(name, E::NAMES));
            values.into_iter().map(|value| index(name(value))).collect()
        }
        Dtype::Enum(stored) => {
            let index = |name: &str| index_of::<E>(name).ok_or_else(|| unknown(name, E::NAMES));
            read_enum(node, stored, index)
        }
        Dtype::Int(_) => {
            let (values, _) = number::read::<i64>(node, None)?;
            let index = |value: i64| {
                E::VALUES.iter().position(|known| *known == i128::from(value)).or(E::OTHER)
            };
            let unknown = |value: i64| unknown(&value.to_string(), E::NAMES);
            values.into_iter().map(|value| index(value).ok_or_else(|| unknown(value))).collect()
        }
        _ => Err(node.unexpected(format!("enum `{}`", E::NAME))),
    }
}

/// The elements of an HDF5 enumeration, each by its name; names are looked up once.
fn read_enum(
    node: &Node<'_>,
    stored: &EnumType,
    index: impl Fn(&str) -> Result<usize>,
) -> Result<Vec<usize>> {
    let (_, bytes) = node.bytes()?;
    let mut known: HashMap<i128, usize> = HashMap::new();
    let mut indices = Vec::with_capacity(bytes.len() / usize::from(stored.base.size.max(1)));
    for cell in bytes.chunks_exact(stored.base.size.max(1).into()) {
        let value = number::int(cell, stored.base.signed);
        let found = match known.get(&value) {
            Some(found) => *found,
            None => {
                let member = stored.members.iter().find(|(_, member)| *member == value);
                let (name, _) = member.ok_or_else(|| {
                    Error::new(ErrorKind::Invalid(format!(
                        "{value} is not a value of the enumeration in the file"
                    )))
                })?;
                let found = index(name)?;
                known.insert(value, found);
                found
            }
        };
        indices.push(found);
    }
    Ok(indices)
}

/// Writes which variant each row is.
pub(crate) fn write_tags<T>(
    slot: Slot<'_>,
    names: &[&str],
    rows: Rows<'_, T>,
    index: impl Fn(&T) -> usize,
) -> Result<Written> {
    let base = IntType { size: if names.len() <= 256 { 1 } else { 4 }, signed: false };
    let members = names
        .iter()
        .enumerate()
        .map(|(i, name)| (Cow::Owned(name.to_string()), i as i128))
        .collect();
    let dtype = Dtype::Enum(EnumType { base, members });
    slot.dataset_fill(&dtype, &[rows.len() as u64], &mut |out| {
        rows.for_each(|row| out.put(&(index(row) as u32).to_le_bytes()[..base.size.into()]));
    })
}

/// Reads which variant each row is; `other` stands for names that no variant has.
pub(crate) fn read_tags_or(
    node: Node<'_>,
    names: &[&[&str]],
    other: Option<usize>,
) -> Result<Vec<usize>> {
    let known: Vec<&str> = names.iter().filter_map(|names| names.first().copied()).collect();
    let index = |name: &str| {
        let known_index = names.iter().position(|names| names.contains(&name));
        known_index.or(other).ok_or_else(|| unknown(name, &known))
    };
    let description = node.describe()?;
    match &description.dtype {
        Dtype::Enum(stored) if description.shape.len() == 1 => read_enum(&node, stored, index),
        // An enum of the variants FALSE and TRUE is what others call a bool.
        Dtype::Bool if description.shape.len() == 1 => {
            let rows = node.get_rows::<bool>()?;
            rows.into_iter().map(|row| index(if row { "TRUE" } else { "FALSE" })).collect()
        }
        dtype if dtype.is_text() && description.shape.len() == 1 => {
            text::decode(node.texts(&description)?)?.iter().map(|name| index(name)).collect()
        }
        _ => Err(node.unexpected("a column of variant names")),
    }
}
