//! [`Sequence`]: many drafts, put together as far as they have something in common.

use super::draft::{Draft, is_plain};
use super::failure::Failure;
use super::serializer::Serializer;
use crate::stamp::{STAMP, Stamp};
use crate::storage::{Dtype, EnumType, IntType};
use crate::value::serde::meaning::BYTES;
use crate::value::{Dataset, Map, Value};

use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;

/// Many values. Numbers of one type lie side by side from the start.
#[derive(Debug, Default)]
pub(super) enum Sequence {
    #[default]
    Empty,
    /// Numbers or bools of one type.
    Numbers(Dtype, Vec<u8>),
    Texts(Vec<String>),
    Drafts(Vec<Draft>),
}

/// Whether a number can stand beside others. Self-describing types have integers with and without a
/// sign: those that both types hold are the same bytes.
fn fits(found: &Dtype, all: &[u8], dtype: &Dtype, cell: &[u8; 16]) -> bool {
    let both = |bytes: &[u8]| bytes.get(7).is_some_and(|last| last & 0x80 == 0);
    match (found, dtype) {
        (&Dtype::I64, &Dtype::U64) => both(cell),
        (&Dtype::U64, &Dtype::I64) => all.chunks_exact(8).all(both),
        _ => found == dtype,
    }
}

/// A column for a field of each row.
type Columns = Vec<(String, Sequence)>;

impl Sequence {
    pub(super) fn len(&self) -> usize {
        match self {
            Sequence::Empty => 0,
            Sequence::Numbers(dtype, bytes) => bytes.len() / dtype.size().max(1),
            Sequence::Texts(texts) => texts.len(),
            Sequence::Drafts(drafts) => drafts.len(),
        }
    }

    /// Appends what a value says of itself.
    pub(super) fn push_serialized<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
        depth: u32,
    ) -> Result<(), Failure> {
        self.push(value.serialize(Serializer::new(depth))?);
        Ok(())
    }

    /// Appends a value.
    pub(super) fn push(&mut self, draft: Draft) {
        match (&mut *self, draft) {
            (Sequence::Empty, Draft::Number(dtype, cell)) => {
                let bytes = cell[..dtype.size()].to_vec();
                *self = Sequence::Numbers(dtype, bytes);
            }
            (Sequence::Numbers(found, bytes), Draft::Number(dtype, cell))
                if fits(found, bytes, &dtype, &cell) =>
            {
                bytes.extend_from_slice(&cell[..dtype.size()]);
                *found = if *found == dtype { dtype } else { Dtype::I64 };
            }
            (Sequence::Empty, Draft::Text(text)) => *self = Sequence::Texts(vec![text]),
            (Sequence::Texts(texts), Draft::Text(text)) => texts.push(text),
            (_, draft) => {
                let mut drafts = std::mem::take(self).into_drafts();
                drafts.push(draft);
                *self = Sequence::Drafts(drafts);
            }
        }
    }

    pub(super) fn into_drafts(self) -> Vec<Draft> {
        match self {
            Sequence::Empty => Vec::new(),
            Sequence::Numbers(dtype, bytes) => bytes
                .chunks_exact(dtype.size().max(1))
                .map(|cell| Draft::number(dtype.clone(), cell))
                .collect(),
            Sequence::Texts(texts) => texts.into_iter().map(Draft::Text).collect(),
            Sequence::Drafts(drafts) => drafts,
        }
    }

    /// Whether all are elements of one dataset.
    pub(super) fn is_elements(&self) -> bool {
        !matches!(self, Sequence::Drafts(_))
    }

    fn append(&mut self, other: Sequence) {
        match (&mut *self, other) {
            (Sequence::Empty, other) => *self = other,
            (Sequence::Numbers(dtype, all), Sequence::Numbers(more, bytes)) if *dtype == more => {
                all.extend(bytes)
            }
            (Sequence::Texts(texts), Sequence::Texts(more)) => texts.extend(more),
            (_, other) => other.into_drafts().into_iter().for_each(|draft| self.push(draft)),
        }
    }

    /// The values as rows.
    pub(super) fn finish(self) -> Result<Value, Failure> {
        Ok(match self {
            // numpy's type of an empty list.
            Sequence::Empty => Value::from(Vec::<f64>::new()),
            Sequence::Numbers(dtype, bytes) => {
                let len = (bytes.len() / dtype.size().max(1)) as u64;
                Dataset::new(dtype, &[len], bytes)?.into()
            }
            Sequence::Texts(texts) => texts.into(),
            Sequence::Drafts(drafts) => finish(drafts)?,
        })
    }

    fn finish_at(self, name: &str) -> Result<Value, Failure> {
        self.finish().map_err(|e| e.at(name))
    }
}

/// Values that cannot be elements of one dataset, by their common form.
fn finish(drafts: Vec<Draft>) -> Result<Value, Failure> {
    let len = drafts.len();
    let all = |is: fn(&Draft) -> bool| drafts.iter().all(is);
    if drafts.iter().any(|draft| matches!(draft, Draft::None(_))) {
        return optional(drafts);
    }
    if all(|draft| matches!(draft, Draft::Unit)) {
        return Ok(Value::rows(&Stamp::kind("columns"), len, Map::new()));
    }
    if all(|draft| matches!(draft, Draft::Bytes(_))) {
        return bytes(drafts);
    }
    if all(|draft| matches!(draft, Draft::Sequence(_))) {
        return ragged(drafts);
    }
    if all(|draft| matches!(draft, Draft::Map(_))) {
        return maps(drafts);
    }
    if all(|draft| matches!(draft, Draft::Variant(..) | Draft::Text(_)))
        && drafts.iter().any(is_variant)
    {
        return variants(drafts);
    }
    match drafts.first() {
        Some(Draft::Tuple(first))
            if drafts
                .iter()
                .all(|draft| matches!(draft, Draft::Tuple(t) if t.len() == first.len())) =>
        {
            tuples(drafts)
        }
        Some(Draft::Struct(name, first)) => {
            let name = *name;
            let same = |draft: &Draft| match draft {
                Draft::Struct(other, fields) => {
                    *other == name
                        && fields.len() == first.len()
                        && fields.iter().zip(first).all(|(a, b)| a.0 == b.0)
                }
                _ => false,
            };
            if first.is_empty()
                || !drafts.iter().all(same)
                || !first.iter().all(|(name, _)| is_plain(name))
            {
                return list(drafts);
            }
            let mut columns: Columns =
                first.iter().map(|(name, _)| (name.to_string(), Sequence::Empty)).collect();
            for draft in drafts {
                if let Draft::Struct(_, fields) = draft {
                    columns
                        .iter_mut()
                        .zip(fields)
                        .for_each(|((_, column), (_, field))| column.push(field));
                }
            }
            Ok(Value::rows(&Stamp::named("columns", name, 1), len, finish_columns(columns)?))
        }
        _ => list(drafts),
    }
}

fn is_variant(draft: &Draft) -> bool {
    matches!(draft, Draft::Variant(..))
}

fn finish_columns(columns: Columns) -> Result<Map, Failure> {
    let mut members = Map::new();
    for (name, column) in columns {
        let value = column.finish_at(&name)?;
        members.insert(name, value);
    }
    Ok(members)
}

fn list(drafts: Vec<Draft>) -> Result<Value, Failure> {
    let mut values = Vec::with_capacity(drafts.len());
    for (i, draft) in drafts.into_iter().enumerate() {
        values.push(draft.finish_at(&i.to_string())?);
    }
    Ok(Value::list(values))
}

/// Which are missing, and the others: numbers and texts with something in the place of what is
/// missing.
fn optional(drafts: Vec<Draft>) -> Result<Value, Failure> {
    let len = drafts.len();
    let mask: Vec<bool> = drafts.iter().map(|draft| matches!(draft, Draft::None(0))).collect();
    let mut values = Sequence::Empty;
    for draft in drafts {
        match draft {
            Draft::None(0) => {}
            Draft::None(depth) => values.push(Draft::None(depth - 1)),
            draft => values.push(draft),
        }
    }
    let values = match values {
        Sequence::Numbers(dtype, present) => {
            let mut present = present.chunks_exact(dtype.size().max(1));
            let mut all = Vec::with_capacity(len * dtype.size());
            for missing in &mask {
                match if *missing { None } else { present.next() } {
                    Some(cell) => all.extend_from_slice(cell),
                    None => all.resize(all.len() + dtype.size(), 0),
                }
            }
            Sequence::Numbers(dtype, all)
        }
        Sequence::Texts(present) => {
            let mut present = present.into_iter();
            let mut text = |missing: &bool| if *missing { None } else { present.next() };
            Sequence::Texts(mask.iter().map(|missing| text(missing).unwrap_or_default()).collect())
        }
        other => other,
    };
    let members = [("mask", Value::from(mask)), ("values", values.finish_at("values")?)];
    Ok(Value::rows(&Stamp::kind("optional"), len, Map::from_iter(members)))
}

/// Where each sequence starts, and the elements of all.
fn ragged(drafts: Vec<Draft>) -> Result<Value, Failure> {
    let mut offsets = vec![0u64];
    let mut values = Sequence::Empty;
    for draft in drafts {
        if let Draft::Sequence(sequence) = draft {
            values.append(sequence);
            offsets.push(values.len() as u64);
        }
    }
    rows_of("ragged", offsets, values.finish_at("values")?)
}

fn bytes(drafts: Vec<Draft>) -> Result<Value, Failure> {
    let mut offsets = vec![0u64];
    let mut all = Vec::new();
    for draft in drafts {
        if let Draft::Bytes(bytes) = draft {
            all.extend(bytes);
            offsets.push(all.len() as u64);
        }
    }
    let mut values = Value::from(all);
    values.set_attribute(STAMP, BYTES);
    rows_of("ragged", offsets, values)
}

fn rows_of(kind: &str, offsets: Vec<u64>, values: Value) -> Result<Value, Failure> {
    let len = offsets.len() - 1;
    Ok(Value::rows(
        &Stamp::kind(kind),
        len,
        Map::from_iter([("offsets", offsets.into()), ("values", values)]),
    ))
}

fn maps(drafts: Vec<Draft>) -> Result<Value, Failure> {
    let (mut keys, mut values) = (Sequence::Empty, Sequence::Empty);
    let mut offsets = vec![0u64];
    for draft in drafts {
        if let Draft::Map(entries) = draft {
            for (key, value) in entries {
                keys.push(key);
                values.push(value);
            }
            offsets.push(keys.len() as u64);
        }
    }
    let len = offsets.len() - 1;
    let keys = keys.finish_at("keys")?;
    let members =
        [("offsets", offsets.into()), ("keys", keys), ("values", values.finish_at("values")?)];
    Ok(Value::rows(&Stamp::kind("maps"), len, Map::from_iter(members)))
}

/// Tuples of one length: numbers of one type as a two-dimensional dataset, otherwise one column per
/// field.
fn tuples(drafts: Vec<Draft>) -> Result<Value, Failure> {
    let len = drafts.len();
    let mut tuples: Vec<Sequence> = Vec::with_capacity(len);
    for draft in drafts {
        if let Draft::Tuple(tuple) = draft {
            tuples.push(tuple);
        }
    }
    if let Some(Sequence::Numbers(dtype, first)) = tuples.first() {
        let (dtype, width) = (dtype.clone(), first.len());
        let same =
            |tuple: &Sequence| matches!(tuple, Sequence::Numbers(other, _) if *other == dtype);
        if tuples.iter().all(same) {
            let mut all = Vec::with_capacity(len * width);
            for tuple in &tuples {
                if let Sequence::Numbers(_, bytes) = tuple {
                    all.extend_from_slice(bytes);
                }
            }
            let shape = [len as u64, (width / dtype.size().max(1)) as u64];
            return Ok(Dataset::new(dtype, &shape, all)?.into());
        }
    }
    let width = tuples.first().map_or(0, Sequence::len);
    if width == 0 {
        return list(tuples.into_iter().map(Draft::Tuple).collect());
    }
    let mut columns: Columns = (0..width).map(|i| (i.to_string(), Sequence::Empty)).collect();
    for tuple in tuples {
        columns
            .iter_mut()
            .zip(tuple.into_drafts())
            .for_each(|((_, column), field)| column.push(field));
    }
    Ok(Value::rows(&Stamp::kind("columns"), len, finish_columns(columns)?))
}

/// Whether all values of a variant have the same fields, so that they can be columns.
fn are_alike(drafts: &[Draft]) -> bool {
    let mut layouts: HashMap<&str, Vec<Cow<'_, str>>> = HashMap::new();
    let mut of = None;
    drafts.iter().all(|draft| {
        let (variant, layout) = match draft {
            Draft::Variant(name, variant, fields) => {
                if *of.get_or_insert(*name) != *name {
                    return false;
                }
                (variant, fields.names())
            }
            Draft::Text(variant) => (variant, Vec::new()),
            _ => return false,
        };
        let plain =
            is_plain(variant) && variant != "variant" && layout.iter().all(|name| is_plain(name));
        plain && *layouts.entry(variant).or_insert_with(|| layout.clone()) == layout
    })
}

/// The variant of each, and the fields of each variant as columns.
fn variants(drafts: Vec<Draft>) -> Result<Value, Failure> {
    if !are_alike(&drafts) {
        return list(drafts);
    }
    let len = drafts.len();
    // A variant without data has no columns, one with none of its fields has no column.
    let mut variants: Vec<(String, usize, Option<Columns>)> = Vec::new();
    let mut tags = Vec::with_capacity(len);
    let mut of = "";
    for draft in drafts {
        let (variant, fields) = match draft {
            Draft::Variant(name, variant, fields) => {
                of = name;
                (variant, Some(fields.named()))
            }
            Draft::Text(variant) => (variant, None),
            _ => continue,
        };
        let place =
            variants.iter().position(|(known, ..)| *known == variant).unwrap_or_else(|| {
                let column = |(name, _): &(String, Draft)| (name.clone(), Sequence::Empty);
                let columns = fields.as_ref().map(|fields| fields.iter().map(column).collect());
                variants.push((variant, 0, columns));
                variants.len() - 1
            });
        tags.push(place as u32);
        if let Some((_, count, columns)) = variants.get_mut(place) {
            *count += 1;
            let columns = columns.iter_mut().flatten();
            columns
                .zip(fields.into_iter().flatten())
                .for_each(|((_, column), (_, field))| column.push(field));
        }
    }
    let size = if variants.len() <= 256 { 1 } else { 4 };
    let base = IntType { size, signed: false };
    let values =
        variants.iter().enumerate().map(|(i, (name, ..))| (Cow::Owned(name.clone()), i as i128));
    let dtype = Dtype::Enum(EnumType { base, members: values.collect() });
    let bytes =
        tags.iter().flat_map(|tag| tag.to_le_bytes().into_iter().take(size.into())).collect();
    let mut members =
        Map::from_iter([("variant", Value::from(Dataset::new(dtype, &[len as u64], bytes)?))]);
    for (variant, count, columns) in variants {
        let Some(columns) = columns else { continue };
        let columns = finish_columns(columns).map_err(|e| e.at(&variant))?;
        members.insert(variant, Value::rows(&Stamp::kind("columns"), count, columns));
    }
    Ok(Value::rows(&Stamp::named("variants", of, 1), len, members))
}
