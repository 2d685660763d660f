//! Missing values.
//!
//! In a field, `None` is a missing link. Where that would be ambiguous (in maps and lists, or
//! inside a `Some`), it is a marker:
//!
//! ```text
//! x            group     filebacked = "none 0": None; "none 1": Some(None)
//! ```
//!
//! Many values:
//!
//! ```text
//! x            group     filebacked = "optional", len = n
//! ├── mask     bool (n): TRUE where there is no value
//! └── values   numbers, bools, text: n of them, 0 or empty where there is none; anything else: those that are there
//! ```
//!
//! Of integers, bools and text it is also one of AnnData's nullable arrays: `encoding-type` is
//! `nullable-integer`, `nullable-boolean` or `nullable-string-array`, and `encoding-version` is
//! `0.1.0`.

use crate::backed::{FileBacked, Save};
use crate::dialect::Concept;
use crate::dialect::anndata::{self as encoding, Encoding};
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::layout::categorical;
use crate::node::Node;
use crate::node::wanted::Many;
use crate::rows::{Column, Rows};
use crate::slot::given::GivenRows;
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use crate::storage::{Dtype, ObjectKind};
use crate::writer::GroupWriter;

/// Writes many options.
pub(crate) fn write_rows<T: Save>(rows: Rows<'_, Option<T>>, slot: Slot<'_>) -> Result<Written> {
    let mut values = Vec::with_capacity(rows.len());
    for value in rows.iter() {
        values.push(value.as_ref());
    }
    T::write_optional_rows(&values, slot)
}

/// Writes many values, without those that are left out.
pub(crate) fn write_rows_unless<T: Save>(
    rows: Rows<'_, T>,
    slot: Slot<'_>,
    left_out: impl Fn(&T) -> bool,
) -> Result<Written> {
    let mut kept = Vec::with_capacity(rows.len());
    for value in rows.iter() {
        kept.push(if left_out(value) { None } else { Some(value) });
    }
    T::write_optional_rows(&kept, slot)
}

/// Writes optional values.
pub(crate) fn write_present<T: Save>(values: &[Option<&T>], slot: Slot<'_>) -> Result<Written> {
    let filler = T::filler();
    let (mut refs, mut mask) = (Vec::with_capacity(values.len()), Vec::with_capacity(values.len()));
    for value in values {
        mask.push(value.is_none());
        if let Some(value) = value.or(filler.as_ref()) {
            refs.push(value);
        }
    }
    write_masked(&mask, &Rows::refs(&refs), T::optional_concept(), slot)
}

fn write_masked(
    mask: &[bool],
    values: &dyn GivenRows,
    concept: Option<Concept>,
    slot: Slot<'_>,
) -> Result<Written> {
    let slot = match concept {
        Some(concept) => slot.concept(concept),
        None => slot,
    };
    let (slot, layout) = slot.pass_on();
    let mut group = begin(mask, slot)?;
    group.part("values", |slot| slot.passed(layout).put_given_rows(values, u32::MAX))?;
    group.end()
}

/// Writes optional values; in a data frame as one dataset in which `gap` stands for missing values.
pub(crate) fn write_with_gaps<T: Save + Copy>(
    values: &[Option<&T>],
    gap: T,
    slot: Slot<'_>,
) -> Result<Written> {
    if slot.storage.encoding != Encoding::Columns {
        return write_present(values, slot);
    }
    if values.iter().flatten().any(|value| T::is_gap(value)) {
        return Err(Error::new(ErrorKind::Unsupported(
            "a NaN beside values that are absent, in a data frame".into(),
        ))
        .with_help(
            "store a `None`, or use a field without `Option`: AnnData writes NaN for both",
        ));
    }
    let values: Vec<T> = values.iter().map(|value| value.copied().unwrap_or(gap)).collect();
    slot.put_rows(Rows::slice(&values))
}

/// Writes many options whose values a filter writes.
pub(crate) fn write_rows_with<T>(
    rows: Rows<'_, Option<T>>,
    slot: Slot<'_>,
    filter: &(impl Filter<T> + ?Sized),
) -> Result<Written> {
    let mask: Vec<bool> = rows.iter().map(Option::is_none).collect();
    let mut group = begin(&mask, slot)?;
    let refs: Vec<&T> = rows.iter().flatten().collect();
    group.part("values", |slot| slot.put_rows_with(Rows::refs(&refs), filter))?;
    group.end()
}

fn begin<'a>(mask: &[bool], slot: Slot<'a>) -> Result<GroupWriter<'a>> {
    let mut group = slot.group(Stamp::kind("optional"))?;
    group.write_len(mask.len())?;
    group.part("mask", |slot| {
        slot.dataset_fill(&Dtype::Bool, &[mask.len() as u64], &mut |out| {
            for missing in mask {
                out.put(&[u8::from(*missing)]);
            }
        })
    })?;
    Ok(group)
}

/// Reads many options.
pub(crate) fn read_rows<T: FileBacked>(node: Node<'_>) -> Result<Vec<Option<T>>> {
    let gaps = node.column && !is_optional(&node)?;
    let mut values = Many(Vec::new());
    let filled = T::filler().is_some();
    let mask = read_masked(node, filled, &mut |node| {
        node.fill_rows(u32::MAX, &mut values)?;
        Ok(values.0.len())
    })?;
    let mut rows = options(values.0, mask);
    if gaps {
        for row in &mut rows {
            if row.as_ref().is_some_and(T::is_gap) {
                *row = None;
            }
        }
    }
    Ok(rows)
}

fn is_optional(node: &Node<'_>) -> Result<bool> {
    let optional = |kind: &str| matches!(kind, "optional" | "categorical");
    let stamped = node.stamp()?.map(|stamp| optional(stamp.kind_name()));
    if node.kind() == ObjectKind::Group {
        return Ok(stamped.unwrap_or(true));
    }
    if node.categories.is_some() {
        return Ok(true);
    }
    // A foreign compound with exactly these two members.
    let members = || {
        let description = node.describe()?;
        Ok::<_, Error>(description.dtype.members().is_some_and(|compound| {
            compound.members.len() == 2
                && ["mask", "values"]
                    .iter()
                    .all(|name| compound.members.iter().any(|m| m.name == *name))
        }))
    };
    Ok(stamped.unwrap_or(!node.ours && node.filters().next().is_none() && members()?))
}

/// Reads many options whose values a filter reads.
pub(crate) fn read_rows_with<T: 'static>(
    node: Node<'_>,
    filter: &(impl Filter<T> + ?Sized),
) -> Result<Vec<Option<T>>> {
    let mut values = Vec::new();
    let mask = read_masked(node, false, &mut |node| {
        values = node.get_rows_with(filter)?;
        Ok(values.len())
    })?;
    Ok(options(values, mask))
}

/// Which values are missing, and whether those have a place among the values.
struct Mask {
    missing: Vec<bool>,
    filled: bool,
}

/// The values as options; without a mask all are there.
fn options<T>(values: Vec<T>, mask: Option<Mask>) -> Vec<Option<T>> {
    let Mask { missing, filled } = mask.unwrap_or_else(|| Mask::all(values.len()));
    let mut values = Column::new(values);
    let mut rows = Vec::with_capacity(missing.len());
    for missing in missing {
        let value = if filled || !missing { values.next() } else { None };
        rows.push(if missing { None } else { value });
    }
    rows
}

impl Mask {
    /// Nothing is missing.
    fn all(len: usize) -> Self {
        Mask { missing: vec![false; len], filled: true }
    }
}

/// Reads the mask; `values` reads the values, and says how many there are.
fn read_masked(
    mut node: Node<'_>,
    filled: bool,
    values: &mut dyn FnMut(Node<'_>) -> Result<usize>,
) -> Result<Option<Mask>> {
    // A plain column is one without absent values: what others write, and what a field was before
    // it became optional.
    if !is_optional(&node)? {
        return values(node).map(|_| None);
    }
    let categorical = categorical::open(&node)?.map(|column| column.mask());
    let filled = filled && categorical.is_none();
    let mut always = false;
    let (missing, found) = match categorical {
        Some(missing) => {
            node.present = true;
            (missing, values(node)?)
        }
        None => {
            let group = node.group_of("optional", "a group (optional)")?;
            let missing = group.part("mask", |node| node.get_rows::<bool>())?;
            let found = group.part("values", |node| {
                values(if filled { node } else { node.present(&missing)? })
            })?;
            // AnnData's arrays always have a place for what is missing.
            always =
                found != missing.len() && group.object.text_attribute(encoding::TYPE)?.is_some();
            (missing, found)
        }
    };
    // Whether absent ones have a place was settled by the type that was written, which may have
    // been another one.
    let present = missing.iter().filter(|missing| !**missing).count();
    let filled = found == missing.len() || always || filled && found != present;
    let wanted = if filled { missing.len() } else { present };
    if found != wanted {
        let what = format!("{found} values where the mask tells of {wanted}");
        return Err(Error::new(ErrorKind::Damaged(what)).at("values"));
    }
    Ok(Some(Mask { missing, filled }))
}
