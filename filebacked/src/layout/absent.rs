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
use crate::dialect::anndata::{self as encoding, Encoding};
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::layout::categorical;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use crate::storage::{Dtype, ObjectKind};
use crate::writer::GroupWriter;

/// Writes many options.
pub(crate) fn write_rows<T: Save>(rows: Rows<'_, Option<T>>, slot: Slot<'_>) -> Result<Written> {
    let values: Vec<Option<&T>> = rows.iter().map(Option::as_ref).collect();
    T::write_optional_rows(&values, slot)
}

/// Writes many values, without those that are left out.
pub(crate) fn write_rows_unless<T: Save>(
    rows: Rows<'_, T>,
    slot: Slot<'_>,
    left_out: impl Fn(&T) -> bool,
) -> Result<Written> {
    let kept: Vec<Option<&T>> =
        rows.iter().map(|value| (!left_out(value)).then_some(value)).collect();
    T::write_optional_rows(&kept, slot)
}

/// Writes optional values.
pub(crate) fn write_present<T: Save>(values: &[Option<&T>], slot: Slot<'_>) -> Result<Written> {
    let filler = T::filler();
    let slot = match T::optional_concept() {
        Some(concept) => slot.concept(concept),
        None => slot,
    };
    let (slot, layout) = slot.pass_on();
    let mut group = begin(values.len(), values.iter().map(Option::is_none), slot)?;
    let refs: Vec<&T> = values.iter().filter_map(|value| value.or(filler.as_ref())).collect();
    group.part("values", |slot| slot.passed(layout).put_rows(Rows::refs(&refs)))?;
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
    let mut group = begin(rows.len(), rows.iter().map(Option::is_none), slot)?;
    let refs: Vec<&T> = rows.iter().flatten().collect();
    group.part("values", |slot| slot.put_rows_with(Rows::refs(&refs), filter))?;
    group.end()
}

fn begin<'a>(
    len: usize,
    mut mask: impl Iterator<Item = bool>,
    slot: Slot<'a>,
) -> Result<GroupWriter<'a>> {
    let mut group = slot.group(Stamp::kind("optional"))?;
    group.write_len(len)?;
    group.part("mask", |slot| {
        slot.dataset_fill(&Dtype::Bool, &[len as u64], &mut |out| {
            for missing in mask.by_ref() {
                out.put(&[u8::from(missing)]);
            }
        })
    })?;
    Ok(group)
}

/// Reads many options.
pub(crate) fn read_rows<T: FileBacked>(node: Node<'_>) -> Result<Vec<Option<T>>> {
    let gaps = node.column && !is_optional(&node)?;
    let rows = read(node, T::filler().is_some(), |node| node.get_rows::<T>())?;
    if !gaps {
        return Ok(rows);
    }
    Ok(rows.into_iter().map(|row| row.filter(|value| !T::is_gap(value))).collect())
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
    read(node, false, |node| node.get_rows_with(filter))
}

fn read<'a, T>(
    mut node: Node<'a>,
    filled: bool,
    values: impl FnOnce(Node<'a>) -> Result<Vec<T>>,
) -> Result<Vec<Option<T>>> {
    // A plain column is one without absent values: what others write, and what a field was before
    // it became optional.
    if !is_optional(&node)? {
        return Ok(values(node)?.into_iter().map(Some).collect());
    }
    let categorical = categorical::open(&node)?.map(|column| column.mask());
    let filled = filled && categorical.is_none();
    let mut always = false;
    let (mask, values) = match categorical {
        Some(mask) => {
            node.present = true;
            (mask, values(node)?)
        }
        None => {
            let group = node.group_of("optional", "a group (optional)")?;
            let mask = group.part("mask", |node| node.get_rows::<bool>())?;
            let values = group
                .part("values", |node| values(if filled { node } else { node.present(&mask)? }))?;
            // AnnData's arrays always have a place for what is missing.
            always = values.len() != mask.len()
                && group.object.text_attribute(encoding::TYPE)?.is_some();
            (mask, values)
        }
    };
    // Whether absent ones have a place was settled by the type that was written, which may have
    // been another one.
    let present = mask.iter().filter(|missing| !**missing).count();
    let filled = values.len() == mask.len() || always || filled && values.len() != present;
    let wanted = if filled { mask.len() } else { present };
    if values.len() != wanted {
        let what = format!("{} values where the mask tells of {wanted}", values.len());
        return Err(Error::new(ErrorKind::Damaged(what)).at("values"));
    }
    let mut values = values.into_iter();
    let row = |missing| match (missing, filled) {
        (true, false) => None,
        (true, true) => values.next().and(None),
        (false, _) => values.next(),
    };
    Ok(mask.into_iter().map(row).collect())
}
