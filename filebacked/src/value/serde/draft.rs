//! [`Draft`]: what a serde type said of itself, before it is known what it stands beside.

use super::failure::Failure;
use super::sequence::Sequence;
use crate::error::{Error, ErrorKind};
use crate::stamp::{STAMP, Stamp, escape_link};
use crate::storage::Dtype;
use crate::value::serde::meaning::BYTES;
use crate::value::{Dataset, Map, Value};
use std::borrow::Cow;
use std::collections::HashSet;

/// A value as serde tells of it.
#[derive(Debug)]
pub(super) enum Draft {
    /// A number, or a bool: its type and bytes.
    Number(Dtype, [u8; 16]),
    Text(String),
    Bytes(Vec<u8>),
    /// A `None` inside so many `Some`.
    None(u32),
    Unit,
    Sequence(Sequence),
    Tuple(Sequence),
    Struct(&'static str, Vec<(&'static str, Draft)>),
    Map(Vec<(Draft, Draft)>),
    /// The names of the enum and the variant, and its fields.
    Variant(&'static str, String, Fields),
}

/// The fields of a variant.
#[derive(Debug)]
pub(super) enum Fields {
    Numbered(Vec<Draft>),
    Named(Vec<(&'static str, Draft)>),
}

impl Fields {
    /// The names of the fields.
    pub(super) fn names(&self) -> Vec<Cow<'_, str>> {
        match self {
            Fields::Numbered(fields) => (0..fields.len()).map(|i| i.to_string().into()).collect(),
            Fields::Named(fields) => fields.iter().map(|(name, _)| Cow::Borrowed(*name)).collect(),
        }
    }

    /// The fields by name.
    pub(super) fn named(self) -> Vec<(String, Draft)> {
        match self {
            Fields::Numbered(fields) => {
                fields.into_iter().enumerate().map(|(i, field)| (i.to_string(), field)).collect()
            }
            Fields::Named(fields) => {
                fields.into_iter().map(|(name, field)| (name.to_string(), field)).collect()
            }
        }
    }
}

/// Whether a member of a struct's group can have this name without being escaped.
pub(super) fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '%', '\0'])
}

impl Draft {
    /// A number of at most 16 bytes.
    pub(super) fn number(dtype: Dtype, bytes: &[u8]) -> Draft {
        let mut cell = [0; 16];
        cell[..bytes.len()].copy_from_slice(bytes);
        Draft::Number(dtype, cell)
    }

    /// The value by itself.
    pub(super) fn finish(self) -> Result<Value, Failure> {
        Ok(match self {
            Draft::Number(dtype, cell) => {
                let bytes = cell[..dtype.size()].to_vec();
                Dataset::new(dtype, &[], bytes)?.into()
            }
            Draft::Text(text) => text.into(),
            Draft::Bytes(bytes) => {
                let mut value = Value::from(bytes);
                value.set_attribute(STAMP, BYTES);
                value
            }
            Draft::None(depth) => Value::none_in(depth),
            Draft::Unit => Value::stamped(&Stamp::kind("unit"), Map::new()),
            Draft::Sequence(sequence) => sequence.finish()?,
            Draft::Tuple(fields) if fields.is_elements() => fields.finish()?,
            Draft::Tuple(fields) => {
                let mut members = Map::new();
                for (i, field) in fields.into_drafts().into_iter().enumerate() {
                    members.insert(i.to_string(), field.finish_at(&i.to_string())?);
                }
                Value::stamped(&Stamp::kind("tuple"), members)
            }
            Draft::Struct(name, fields) if fields.iter().all(|(name, _)| is_plain(name)) => {
                let mut members = Map::new();
                for (name, field) in fields {
                    members.insert(name, field.finish_at(name)?);
                }
                Value::stamped(&Stamp::named("struct", name, 1), members)
            }
            Draft::Struct(_, fields) => Draft::Map(
                fields.into_iter().map(|(name, field)| (Draft::Text(name.into()), field)).collect(),
            )
            .finish()?,
            Draft::Map(entries) => finish_map(entries)?,
            Draft::Variant(name, variant, fields) => {
                let mut members = Map::new();
                for (name, field) in fields.named() {
                    if !is_plain(&name) {
                        let what = format!("{name:?} as the name of a field of a variant");
                        return Err(Error::new(ErrorKind::Unsupported(what)).into());
                    }
                    let field = field.finish_at(&name)?;
                    members.insert(name, field);
                }
                let mut value = Value::stamped(&Stamp::named("enum", name, 1), members);
                value.set_attribute("variant", variant);
                value
            }
        })
    }

    pub(super) fn finish_at(self, name: &str) -> Result<Value, Failure> {
        self.finish().map_err(|e| e.at(name))
    }
}

/// A map: one link per key if keys are text, otherwise keys and values as rows.
fn finish_map(entries: Vec<(Draft, Draft)>) -> Result<Value, Failure> {
    let mut names = HashSet::new();
    let named = entries
        .iter()
        .all(|(key, _)| matches!(key, Draft::Text(name) if names.insert(name.as_str())));
    let len = entries.len();
    if named {
        let mut members = Map::new();
        for (key, value) in entries {
            let Draft::Text(name) = key else { continue };
            members.insert(escape_link(&name).into_owned(), value.finish_at(&name)?);
        }
        return Ok(Value::rows(&Stamp::kind("links"), len, members));
    }
    let (mut keys, mut values) = (Sequence::default(), Sequence::default());
    for (key, value) in entries {
        keys.push(key);
        values.push(value);
    }
    let keys = keys.finish().map_err(|e| e.at("keys"))?;
    let values = values.finish().map_err(|e| e.at("values"))?;
    Ok(Value::rows(&Stamp::kind("map"), len, Map::from_iter([("keys", keys), ("values", values)])))
}
