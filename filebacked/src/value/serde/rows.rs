//! [`Rows`]: many values in one place, in any of the forms that they are stored in, and each of them as an [`Item`].

use super::meaning::{BYTES, Item, Meaning, len_of, numbered};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::Dtype;
use crate::value::Value;
use crate::value::dataset::Dataset;
use crate::value::group::Group;
use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

/// Many values, however they are stored.
#[derive(Debug)]
pub(super) enum Rows<'a> {
    /// The elements along the first dimension.
    Array(&'a Dataset),
    /// Each one by itself.
    List(Vec<&'a Value>),
    /// A number of rows, and the rows of each field; numbered fields are those of tuples.
    Columns { len: usize, tuple: bool, fields: Vec<(&'a str, Rc<Rows<'a>>)> },
    /// Where each value is, if it is there.
    Optional(Vec<Option<usize>>, Rc<Rows<'a>>),
    /// Which of the values each one is.
    Shared(Vec<usize>, Rc<Rows<'a>>),
    /// Where each sequence starts and ends.
    Ragged(Vec<Range<usize>>, Rc<Rows<'a>>),
    /// Where each map starts and ends, and the keys and values of all.
    Maps(Vec<Range<usize>>, Rc<Rows<'a>>, Rc<Rows<'a>>),
    /// The variant of each value, and its row among those of that variant.
    Variants {
        rows: Vec<(usize, usize)>,
        names: Vec<Cow<'a, str>>,
        fields: Vec<Option<Rc<Rows<'a>>>>,
    },
    /// Texts in one piece.
    Packed(Vec<Range<usize>>, &'a [u8]),
}

#[cold]
fn damaged(what: &str) -> Error {
    ErrorKind::Damaged(what.to_string()).into()
}

fn member<'a>(group: &'a Group, name: &str) -> Result<&'a Value> {
    group.members().get(name).ok_or_else(|| Error::new(ErrorKind::Missing).at(name))
}

fn rows<'a>(group: &'a Group, name: &str) -> Result<Rc<Rows<'a>>> {
    Rows::new(member(group, name)?).map(Rc::new).map_err(|e| e.at(name))
}

/// Ranges out of offsets that ascend from 0 to `end`.
fn ranges(group: &Group, name: &str, end: usize) -> Result<Vec<Range<usize>>> {
    let offsets: Option<Vec<u64>> = member(group, name)?.to_vec();
    let offsets = offsets.ok_or_else(|| damaged("offsets that are not numbers").at(name))?;
    let range = |pair: &[u64]| {
        let (start, stop) = (usize::try_from(pair[0]).ok()?, usize::try_from(pair[1]).ok()?);
        (start <= stop && stop <= end).then_some(start..stop)
    };
    let ranges: Option<Vec<_>> = offsets.windows(2).map(range).collect();
    ranges
        .filter(|_| offsets.first() == Some(&0))
        .ok_or_else(|| damaged("offsets that do not ascend from 0").at(name))
}

impl<'a> Rows<'a> {
    /// The rows that a value is.
    pub(super) fn new(value: &'a Value) -> Result<Self> {
        match value {
            Value::Dataset(dataset) if !dataset.shape().is_empty() || dataset.is_null() => {
                Ok(Rows::Array(dataset))
            }
            Value::Group(group) => Rows::of_group(group),
            _ => Err(Error::mismatch(
                "many values",
                value.dtype().map_or_else(String::new, Dtype::to_string),
            )),
        }
    }

    /// The rows that a group is.
    pub(super) fn of_group(group: &'a Group) -> Result<Self> {
        let stamp = group.stamp();
        let found = match stamp.as_ref().map(|stamp| stamp.kind_name()) {
            None | Some("list") => Rows::List(numbered(group)?),
            Some("columns") => {
                let len = len_of(group).ok_or_else(|| damaged("a table without `len`"))?;
                let fields: Vec<(&str, Rc<Rows<'_>>)> = group
                    .members()
                    .iter()
                    .map(|(name, column)| {
                        let rows = Rows::new(column).map_err(|e| e.at(name))?;
                        match rows.len() == len {
                            true => Ok((name, Rc::new(rows))),
                            false => Err(damaged(&format!(
                                "a column of {} rows in a table of {len}",
                                rows.len()
                            ))
                            .at(name)),
                        }
                    })
                    .collect::<Result<_>>()?;
                let tuple = stamp.is_some_and(|stamp| stamp.name().is_none())
                    && fields
                        .iter()
                        .all(|(name, _)| name.bytes().all(|byte| byte.is_ascii_digit()));
                if fields.is_empty() && len > crate::reader::MOST_EMPTY_ROWS {
                    return Err(damaged(&format!("{len} rows and no column")));
                }
                let mut fields = fields;
                if tuple {
                    fields.sort_by_key(|(name, _)| name.parse::<usize>().unwrap_or(usize::MAX));
                }
                Rows::Columns { len, tuple, fields }
            }
            Some("optional") => {
                let (mask, values) = (member(group, "mask")?, rows(group, "values")?);
                let mask = mask.as_bytes().ok_or_else(|| damaged("an invalid mask").at("mask"))?;
                let dense = values.len() == mask.len();
                let mut next = 0..values.len();
                let place = |missing: &u8| {
                    let place = if dense || *missing == 0 { next.next() } else { None };
                    place.filter(|_| *missing == 0)
                };
                let places: Vec<Option<usize>> = mask.iter().map(place).collect();
                if places.iter().flatten().count()
                    != mask.iter().filter(|missing| **missing == 0).count()
                {
                    return Err(damaged("fewer values than in the mask").at("values"));
                }
                Rows::Optional(places, values)
            }
            Some("shared") => {
                let values = rows(group, "values")?;
                let index: Vec<u64> = member(group, "index")?.to_vec().unwrap_or_default();
                let place =
                    |place: u64| usize::try_from(place).ok().filter(|place| *place < values.len());
                let index: Option<Vec<usize>> = index.into_iter().map(place).collect();
                let index =
                    index.filter(|index| len_of(group).is_none_or(|len| len == index.len()));
                Rows::Shared(
                    index.ok_or_else(|| damaged("an index without values").at("index"))?,
                    values,
                )
            }
            Some("ragged") => {
                let values = rows(group, "values")?;
                Rows::Ragged(ranges(group, "offsets", values.len())?, values)
            }
            Some("arrays") => {
                let (len, values) = (len_of(group).unwrap_or(0), rows(group, "values")?);
                let size = values.len().checked_div(len).unwrap_or(0);
                Rows::Ragged((0..len).map(|i| i * size..(i + 1) * size).collect(), values)
            }
            Some("maps") => {
                let (keys, values) = (rows(group, "keys")?, rows(group, "values")?);
                if keys.len() != values.len() {
                    return Err(damaged(&format!(
                        "{} keys and {} values",
                        keys.len(),
                        values.len()
                    )));
                }
                Rows::Maps(ranges(group, "offsets", keys.len())?, keys, values)
            }
            Some("packed") => {
                let bytes = member(group, "bytes")?
                    .as_bytes()
                    .ok_or_else(|| damaged("no bytes").at("bytes"))?;
                Rows::Packed(ranges(group, "offsets", bytes.len())?, bytes)
            }
            Some("variants") => Rows::variants(group)?,
            Some(kind) => return Err(Error::mismatch("many values", format!("a group ({kind})"))),
        };
        Ok(found)
    }

    fn variants(group: &'a Group) -> Result<Self> {
        // The tags are the only dataset.
        let tags =
            group.members().iter().find_map(|(_, member)| Some((member.as_dataset()?, member)));
        let (dataset, _) = tags.ok_or_else(|| Error::new(ErrorKind::Missing).at("variant"))?;
        let Dtype::Enum(stored) = dataset.dtype() else {
            return Err(damaged("tags that are not an enumeration"));
        };
        let names: Vec<Cow<'a, str>> =
            stored.members.iter().map(|(name, _)| Cow::Borrowed(&**name)).collect();
        let mut counts = vec![0; names.len()];
        let mut rows = Vec::new();
        let numbers: Vec<i64> =
            dataset.to_vec().ok_or_else(|| damaged("tags that are not numbers"))?;
        for number in numbers {
            let variant = stored.members.iter().position(|(_, value)| *value == i128::from(number));
            let variant = variant.ok_or_else(|| damaged(&format!("{number} is not a variant")))?;
            rows.push((variant, counts[variant]));
            counts[variant] += 1;
        }
        let mut fields = Vec::new();
        for (name, count) in names.iter().zip(counts) {
            let columns = match group.members().get(name) {
                Some(Value::Group(columns)) => {
                    Some(Rc::new(Rows::of_group(columns).map_err(|e| e.at(name))?))
                }
                _ => None,
            };
            if columns.as_ref().is_some_and(|columns| columns.len() != count) {
                return Err(damaged(&format!(
                    "another number of rows than the {count} of the variant"
                ))
                .at(name));
            }
            fields.push(columns);
        }
        Ok(Rows::Variants { rows, names, fields })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Rows::Array(dataset) => dataset.len(),
            Rows::List(values) => values.len(),
            Rows::Columns { len, .. } => *len,
            Rows::Optional(places, _) => places.len(),
            Rows::Shared(index, _) => index.len(),
            Rows::Ragged(ranges, _) | Rows::Maps(ranges, ..) | Rows::Packed(ranges, _) => {
                ranges.len()
            }
            Rows::Variants { rows, .. } => rows.len(),
        }
    }

    /// The bytes of all rows, where a part of them is bytes rather than numbers.
    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Rows::Array(dataset) if dataset.form() == Some(BYTES) => dataset.as_bytes(),
            _ => None,
        }
    }

    /// One of them.
    pub(super) fn item(self: &Rc<Self>, place: usize) -> Item<'a> {
        match &**self {
            Rows::Array(dataset) => {
                let size = dataset.size().checked_div(dataset.len()).unwrap_or(0);
                Item::Part(dataset, 1, place * size)
            }
            Rows::List(values) => values.get(place).map_or(Item::None, |value| Item::Value(value)),
            Rows::Optional(places, values) => match (places.get(place), &**values) {
                (Some(Some(_)), Rows::Optional(..)) => Item::Row(Rc::clone(self), place),
                (Some(Some(place)), _) => values.item(*place),
                _ => Item::None,
            },
            Rows::Shared(index, values) => {
                index.get(place).map_or(Item::None, |place| values.item(*place))
            }
            Rows::Ragged(ranges, values) => {
                Item::Span(Rc::clone(values), ranges.get(place).cloned().unwrap_or_default())
            }
            Rows::Maps(ranges, keys, values) => Item::Pairs(
                Rc::clone(keys),
                Rc::clone(values),
                ranges.get(place).cloned().unwrap_or_default(),
            ),
            Rows::Columns { .. } | Rows::Variants { .. } | Rows::Packed(..) => {
                Item::Row(Rc::clone(self), place)
            }
        }
    }

    /// The meaning of a row that is not just an item of another row.
    pub(super) fn meaning(self: &Rc<Self>, place: usize) -> Result<Meaning<'a>> {
        match &**self {
            Rows::Columns { tuple, fields, .. } => {
                if fields.is_empty() {
                    return Ok(Meaning::Unit);
                }
                let (this, len) = (Rc::clone(self), fields.len());
                let field = move |i: usize| match &*this {
                    Rows::Columns { fields, .. } => (fields[i].0, fields[i].1.item(place)),
                    _ => ("", Item::None),
                };
                Ok(match tuple {
                    true => Meaning::Seq(len, Box::new((0..len).map(move |i| field(i).1))),
                    false => {
                        let entry = move |i| {
                            let (name, item) = field(i);
                            (Item::Text(Cow::Borrowed(name)), item)
                        };
                        Meaning::Map(len, Box::new((0..len).map(entry)))
                    }
                })
            }
            Rows::Variants { rows, names, fields } => {
                let (variant, row) =
                    *rows.get(place).ok_or_else(|| damaged("a row that is not there"))?;
                let name = names.get(variant).cloned().unwrap_or_default();
                Ok(match fields.get(variant).cloned().flatten() {
                    None => Meaning::Text(name),
                    Some(fields) => Meaning::Variant(name, Item::Row(fields, row)),
                })
            }
            Rows::Packed(ranges, bytes) => {
                let piece = ranges
                    .get(place)
                    .and_then(|range| bytes.get(range.clone()))
                    .unwrap_or_default();
                Ok(match std::str::from_utf8(piece) {
                    Ok(text) => Meaning::Text(text.into()),
                    Err(_) => Meaning::Bytes(piece),
                })
            }
            // A `None` inside is inside a `Some`.
            Rows::Optional(places, values) => match places.get(place) {
                Some(Some(place)) => Ok(match values.item(*place).meaning()? {
                    Meaning::None(depth) => Meaning::None(depth.saturating_add(1)),
                    other => other,
                }),
                _ => Ok(Meaning::None(0)),
            },
            _ => self.item(place).meaning(),
        }
    }
}
