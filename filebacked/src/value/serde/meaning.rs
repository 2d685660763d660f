//! [`Item`]: the meaning of a part of a value, for any stored form: rows of a table are maps,
//! columns of options are values and nulls, a group of keys and values is a map.

use super::rows::Rows;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::number::{Any, int};
use crate::stamp::{LEN, STAMP, unescape};
use crate::storage::{Cell, CellForm, Dtype};
use crate::value::Value;
use crate::value::dataset::Dataset;
use crate::value::group::Group;
use crate::value::number::{self, Wide};
use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

/// The form of bytes that are not a list of numbers.
pub(super) const BYTES: &str = "bytes";

/// A part of a value.
#[derive(Debug, Clone)]
pub(super) enum Item<'a> {
    Value(&'a Value),
    /// The rest of an array behind a number of dimensions, from an element on.
    Part(&'a Dataset, usize, usize),
    /// An element of a flat type.
    Cell(&'a [u8], &'a Dtype),
    /// Elements of a flat type, one after another.
    Run(&'a [u8], &'a Dtype),
    /// An element with parts outside of itself.
    Composed(&'a CellForm, &'a Cell),
    Row(Rc<Rows<'a>>, usize),
    /// Some rows as a sequence.
    Span(Rc<Rows<'a>>, Range<usize>),
    /// Some rows of keys and values as a map.
    Pairs(Rc<Rows<'a>>, Rc<Rows<'a>>, Range<usize>),
    Text(Cow<'a, str>),
    /// The members of a variant's group.
    Fields(&'a Group),
    Tuple(Vec<Item<'a>>),
    /// No fields at all.
    Empty,
    None,
}

/// The items of a sequence.
pub(super) type Items<'a> = Box<dyn Iterator<Item = Item<'a>> + 'a>;

/// Keys and values.
pub(super) type Entries<'a> = Box<dyn Iterator<Item = (Item<'a>, Item<'a>)> + 'a>;

/// The meaning of an item.
pub(super) enum Meaning<'a> {
    /// A `None` inside so many `Some`.
    None(u32),
    Unit,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    WideSigned(i128),
    WideUnsigned(u128),
    F32(f32),
    F64(f64),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
    /// How many there are, and what.
    Seq(usize, Items<'a>),
    Map(usize, Entries<'a>),
    /// The name of a variant, and its fields.
    Variant(Cow<'a, str>, Item<'a>),
}

impl<'a> Item<'a> {
    /// Its meaning.
    pub(super) fn meaning(self) -> Result<Meaning<'a>> {
        match self {
            Item::None => Ok(Meaning::None(0)),
            Item::Empty => Ok(Meaning::Map(0, Box::new(std::iter::empty()))),
            Item::Text(text) => Ok(Meaning::Text(text)),
            Item::Value(Value::Group(group)) => meaning_of_group(group),
            Item::Value(Value::Dataset(dataset)) => meaning_of_dataset(dataset),
            Item::Value(Value::Link(link)) => {
                Ok(Meaning::Text(Value::Link(link.clone()).to_string().into()))
            }
            Item::Value(Value::Datatype(datatype)) => {
                Ok(Meaning::Text(datatype.dtype().to_string().into()))
            }
            Item::Part(dataset, level, start) => part(dataset, level, start),
            Item::Cell(bytes, dtype) => cell(bytes, dtype),
            Item::Run(bytes, dtype) => {
                let size = dtype.size().max(1);
                let items = bytes.chunks_exact(size).map(move |bytes| Item::Cell(bytes, dtype));
                Ok(Meaning::Seq(bytes.len() / size, Box::new(items)))
            }
            Item::Composed(form, part) => composed(form, part),
            Item::Row(rows, place) => Rows::meaning(&rows, place),
            Item::Span(rows, range) => Ok(match rows.bytes() {
                Some(bytes) => Meaning::Bytes(bytes.get(range).unwrap_or_default()),
                None => {
                    Meaning::Seq(range.len(), Box::new(range.map(move |place| rows.item(place))))
                }
            }),
            Item::Pairs(keys, values, range) => {
                let entries =
                    range.clone().map(move |place| (keys.item(place), values.item(place)));
                Ok(Meaning::Map(range.len(), Box::new(entries)))
            }
            Item::Fields(group) => Ok(members(group, false)),
            Item::Tuple(items) => Ok(Meaning::Seq(items.len(), Box::new(items.into_iter()))),
        }
    }
}

impl<'a> Item<'a> {
    /// The fields of a variant as one value: the field itself if it has no name, a sequence of
    /// numbered fields, otherwise a map.
    pub(super) fn content(self) -> Result<Item<'a>> {
        let fields: Vec<Item<'a>> = match self.clone().meaning()? {
            Meaning::Seq(_, items) => items.collect(),
            Meaning::Map(len, entries) => {
                let mut fields: Vec<(usize, Item<'a>)> = Vec::with_capacity(len);
                for (key, item) in entries {
                    match key {
                        Item::Text(name) if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                            fields.push((name.parse().unwrap_or(usize::MAX), item));
                        }
                        _ => return Ok(self),
                    }
                }
                if fields.is_empty() {
                    return Ok(self);
                }
                fields.sort_by_key(|(place, _)| *place);
                fields.into_iter().map(|(_, item)| item).collect()
            }
            Meaning::Unit => return Ok(Item::Empty),
            _ => return Ok(self),
        };
        Ok(match <[Item<'a>; 1]>::try_from(fields) {
            Ok([only]) => only,
            Err(fields) => Item::Tuple(fields),
        })
    }
}

/// The members of a group as a map, or as a sequence where they are numbered.
fn members(group: &Group, escaped: bool) -> Meaning<'_> {
    let entries = group.members().iter().map(move |(name, member)| {
        let name = if escaped { Cow::Owned(unescape(name)) } else { Cow::Borrowed(name) };
        (Item::Text(name), Item::Value(member))
    });
    Meaning::Map(group.members().len(), Box::new(entries))
}

/// Members that are numbered from 0 on, as a sequence.
pub(super) fn numbered(group: &Group) -> Result<Vec<&Value>> {
    let member = |i: usize| {
        let member = group.members().get(&i.to_string());
        member.ok_or_else(|| Error::new(ErrorKind::Missing).at(&i.to_string()))
    };
    (0..group.members().len()).map(member).collect()
}

fn sequence(values: Vec<&Value>) -> Meaning<'_> {
    Meaning::Seq(values.len(), Box::new(values.into_iter().map(Item::Value)))
}

fn meaning_of_group(group: &Group) -> Result<Meaning<'_>> {
    let Some(stamp) = group.stamp() else { return Ok(members(group, false)) };
    Ok(match stamp.kind_name() {
        "none" => Meaning::None(stamp.version().unwrap_or(0)),
        "unit" => Meaning::Unit,
        "links" => members(group, true),
        "tuple" => sequence(numbered(group)?),
        "enum" => {
            // The attribute has another name where the type says so; it is the only text beside the
            // stamp.
            let tag = group.attributes().get("variant").and_then(Value::as_str).or_else(|| {
                group
                    .attributes()
                    .iter()
                    .find(|(name, _)| !name.starts_with(STAMP))
                    .and_then(|(_, tag)| tag.as_str())
            });
            let tag = tag.ok_or_else(|| Error::new(ErrorKind::Missing).at("variant"))?;
            Meaning::Variant(tag.into(), Item::Fields(group))
        }
        "map" => {
            let part = |name: &str| {
                let rows = group
                    .members()
                    .get(name)
                    .ok_or_else(|| Error::new(ErrorKind::Missing).at(name))?;
                Rows::new(rows).map(Rc::new).map_err(|e| e.at(name))
            };
            let (keys, values) = (part("keys")?, part("values")?);
            if keys.len() != values.len() {
                let what = format!("{} keys and {} values", keys.len(), values.len());
                return Err(ErrorKind::Damaged(what).into());
            }
            let len = keys.len();
            return Item::Pairs(keys, values, 0..len).meaning();
        }
        "list" | "columns" | "variants" | "optional" | "ragged" | "arrays" | "maps" | "packed"
        | "shared" => {
            let rows = Rc::new(Rows::of_group(group)?);
            let len = rows.len();
            return Item::Span(rows, 0..len).meaning();
        }
        _ => members(group, false),
    })
}

/// The number of rows that a group says it has.
pub(super) fn len_of(group: &Group) -> Option<usize> {
    usize::try_from(group.attributes().get(LEN)?.as_u64()?).ok()
}

fn meaning_of_dataset(dataset: &Dataset) -> Result<Meaning<'_>> {
    if dataset.is_null() {
        return Ok(Meaning::None(0));
    }
    if let Some(form) = dataset.form() {
        if form == BYTES
            && let Some(bytes) = dataset.as_bytes()
        {
            return Ok(Meaning::Bytes(bytes));
        }
        if let Some(text) = dataset.as_str() {
            return Ok(Meaning::Text(text.into()));
        }
    }
    part(dataset, 0, 0)
}

fn part(dataset: &Dataset, level: usize, start: usize) -> Result<Meaning<'_>> {
    let left = dataset.shape().get(level..).unwrap_or_default();
    let Some((len, inner)) = left.split_first() else {
        return if let Some(text) = dataset.text_at(start) {
            Ok(text_or_bytes(text))
        } else if let Some((form, part)) = dataset.cell_at(start) {
            composed(form, part)
        } else {
            let size = dataset.element_size();
            let bytes =
                dataset.as_bytes().and_then(|bytes| bytes.get(start * size..(start + 1) * size));
            cell(bytes.unwrap_or_default(), dataset.dtype())
        };
    };
    let len = usize::try_from(*len).unwrap_or(0);
    let step = crate::storage::elements(inner).unwrap_or(0);
    Ok(Meaning::Seq(
        len,
        Box::new((0..len).map(move |i| Item::Part(dataset, level + 1, start + i * step))),
    ))
}

fn text_or_bytes(text: &[u8]) -> Meaning<'_> {
    match std::str::from_utf8(text) {
        Ok(text) => Meaning::Text(text.into()),
        Err(_) => Meaning::Bytes(text),
    }
}

fn cell<'a>(bytes: &'a [u8], dtype: &'a Dtype) -> Result<Meaning<'a>> {
    let damaged = || Error::new(ErrorKind::Damaged(format!("an element that is not a {dtype}")));
    Ok(match dtype {
        Dtype::Int(stored) if stored.signed => Meaning::Signed(int(bytes, true) as i64),
        Dtype::Int(_) => Meaning::Unsigned(int(bytes, false) as u64),
        Dtype::F32 => Meaning::F32(f32::from_le_bytes(bytes.try_into().map_err(|_| damaged())?)),
        Dtype::F64 => Meaning::F64(f64::from_le_bytes(bytes.try_into().map_err(|_| damaged())?)),
        Dtype::F16 | Dtype::Bf16 => match Any::decode(bytes, dtype) {
            Some(Any::Float(value)) => Meaning::F32(value as f32),
            _ => return Err(damaged()),
        },
        Dtype::F80(_) | Dtype::F128 => match Any::decode(bytes, dtype) {
            Some(Any::Float(value) | Any::Rounded(value)) => Meaning::F64(value),
            _ => return Err(damaged()),
        },
        Dtype::Bool => match bytes {
            [0] => Meaning::Bool(false),
            [1] => Meaning::Bool(true),
            _ => return Err(damaged()),
        },
        Dtype::Complex32 => return Item::Run(bytes, &Dtype::F32).meaning(),
        Dtype::Complex64 => return Item::Run(bytes, &Dtype::F64).meaning(),
        Dtype::FixedStr(_) | Dtype::AsciiStr(_) => {
            let len = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            text_or_bytes(&bytes[..len])
        }
        Dtype::Enum(stored) => {
            let value = int(bytes, stored.base.signed);
            match stored.members.iter().find(|(_, number)| *number == value) {
                Some((name, _)) => Meaning::Text(Cow::Borrowed(name)),
                None => Meaning::Signed(i64::try_from(value).map_err(|_| damaged())?),
            }
        }
        Dtype::Compound(compound) => match number::wide(bytes, dtype) {
            Some(Wide::Unsigned(value)) => Meaning::WideUnsigned(value),
            Some(Wide::Signed(value)) => Meaning::WideSigned(value),
            None => {
                let entries = compound.members.iter().map(|member| {
                    let end = member.offset.saturating_add(member.dtype.size());
                    let bytes = bytes.get(member.offset..end).unwrap_or_default();
                    (Item::Text(Cow::Borrowed(&*member.name)), Item::Cell(bytes, &member.dtype))
                });
                Meaning::Map(compound.members.len(), Box::new(entries))
            }
        },
        Dtype::Array(element, shape) => nested(bytes, element, shape)?,
        // Strings and sequences of variable length, references, opaque and unknown types.
        _ => Meaning::Bytes(bytes),
    })
}

/// The elements of an array that is an element itself.
fn nested<'a>(bytes: &'a [u8], element: &'a Dtype, shape: &'a [u64]) -> Result<Meaning<'a>> {
    let Some((len, inner)) = shape.split_first() else { return cell(bytes, element) };
    if inner.is_empty() {
        return Item::Run(bytes, element).meaning();
    }
    let len = usize::try_from(*len).unwrap_or(0);
    let size = bytes.len().checked_div(len).unwrap_or(0).max(1);
    // Deeper arrays are rare: they come flat.
    let items = bytes.chunks_exact(size).map(move |bytes| Item::Run(bytes, element));
    Ok(Meaning::Seq(len, Box::new(items)))
}

fn composed<'a>(form: &'a CellForm, part: &'a Cell) -> Result<Meaning<'a>> {
    Ok(match (form, part) {
        (CellForm::Flat(dtype), Cell::Bytes(bytes)) => cell(bytes, dtype)?,
        (CellForm::Reference, Cell::Bytes(path)) if path.is_empty() => Meaning::None(0),
        (CellForm::Text | CellForm::Reference, Cell::Bytes(text)) => text_or_bytes(text),
        (CellForm::Sequence(inner) | CellForm::Array(inner, _), Cell::Bytes(bytes)) => {
            match &**inner {
                CellForm::Flat(dtype) => Item::Run(bytes, dtype).meaning()?,
                _ => Meaning::Bytes(bytes),
            }
        }
        (CellForm::Sequence(inner) | CellForm::Array(inner, _), Cell::Many(parts)) => Meaning::Seq(
            parts.len(),
            Box::new(parts.iter().map(move |part| Item::Composed(inner, part))),
        ),
        (CellForm::Compound(members), Cell::Many(parts)) => {
            let entries = members.iter().zip(parts);
            let entries = entries
                .map(|((name, form), part)| (Item::Text(name.into()), Item::Composed(form, part)));
            Meaning::Map(members.len(), Box::new(entries))
        }
        (_, Cell::Bytes(bytes)) => Meaning::Bytes(bytes),
        (_, Cell::Many(_)) => {
            return Err(ErrorKind::Damaged("an element that does not fit its type".into()).into());
        }
    })
}
