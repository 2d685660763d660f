//! Many values in an order.
//!
//! A numbered group, for values that need more than one dataset (arrays, values behind filters):
//!
//! ```text
//! x            group     filebacked = "list", len = 3
//! ├── 0        the first value
//! ├── 1
//! └── 2
//! ```
//!
//! Sequences of sequences:
//!
//! ```text
//! x            group     filebacked = "ragged", len = n
//! ├── offsets  u64 (n + 1): where each sequence starts in `values`, and where the last one ends
//! └── values   all elements, one sequence after another, as rows of their type
//! ```
//!
//! Many arrays of a fixed length, `[T; N]`, of numbers, bool or text are one dataset (n, N). Of
//! anything else:
//!
//! ```text
//! x            group     filebacked = "arrays", len = n
//! └── values   the elements of all arrays, one array after another, as rows of their type
//! ```

use crate::backed::{FileBacked, Save};
use crate::erased::{AnyRows, AnyValue};
use crate::error::{Error, ErrorKind, Result};
use crate::foreign;
use crate::node::Node;
use crate::reader::GroupReader;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use crate::storage::{Dtype, ObjectKind};
use std::collections::HashSet;

/// The most nodes that a filter's default rows make. Beyond them, an error recommends a better way.
const NUMBERED_LIMIT: usize = 10_000;

/// A numbered group of values that write themselves.
pub(crate) fn write_numbered<T: Save>(rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
    numbered(rows.iter(), rows.len(), slot, &mut |value, slot| slot.put(value))
}

/// A numbered group of values that a filter writes.
pub(crate) fn write_numbered_with<T>(
    rows: Rows<'_, T>,
    slot: Slot<'_>,
    filter: &str,
    write: &mut dyn FnMut(&T, Slot<'_>) -> Result<Written>,
) -> Result<Written> {
    check_limit(rows.len(), filter)?;
    numbered(rows.iter(), rows.len(), slot, &mut |value, slot| write(value, slot))
}

/// A numbered group of values of a type not known here.
pub(crate) fn write_numbered_any(
    rows: AnyRows<'_>,
    slot: Slot<'_>,
    filter: &str,
    write: &mut dyn FnMut(AnyValue<'_>, Slot<'_>) -> Result<Written>,
) -> Result<Written> {
    check_limit(rows.len(), filter)?;
    numbered(rows.iter(), rows.len(), slot, write)
}

fn check_limit(len: usize, filter: &str) -> Result<()> {
    if len <= NUMBERED_LIMIT {
        return Ok(());
    }
    let what = format!("filter `{filter}` would make a node for each of {len} values");
    Err(Error::new(ErrorKind::Limit(what))
        .with_help("give the filter `write_rows` and `read_rows` that use one dataset"))
}

pub(crate) fn numbered<V>(
    values: impl Iterator<Item = V>,
    len: usize,
    slot: Slot<'_>,
    write: &mut dyn FnMut(V, Slot<'_>) -> Result<Written>,
) -> Result<Written> {
    let mut values = values;
    list(len, slot, &mut |slot| match values.next() {
        Some(value) => write(value, slot),
        None => Err(ErrorKind::Contract("fewer values than promised".into()).into()),
    })
}

/// A numbered group of so many nodes.
fn list(
    len: usize,
    slot: Slot<'_>,
    write_next: &mut dyn FnMut(Slot<'_>) -> Result<Written>,
) -> Result<Written> {
    let mut group = slot.group(Stamp::kind("list"))?;
    group.write_len(len)?;
    let mut name = String::new();
    for i in 0..len {
        number(&mut name, i);
        group.part(&name, &mut *write_next)?;
    }
    group.end()
}

fn number(name: &mut String, i: usize) {
    use std::fmt::Write as _;
    name.clear();
    // Writing to a string does not fail.
    let _ = write!(name, "{i}");
}

/// Reads a numbered group of values that read themselves.
pub(crate) fn read_numbered<T: FileBacked>(node: Node<'_>) -> Result<Vec<T>> {
    numbered_members(node, &mut |group, name| match T::is_link() {
        true => group
            .link(name)
            .and_then(|link| link.ok_or(ErrorKind::Missing.into()))
            .map_err(|e| e.at(name)),
        false => group.part(name, |node| node.get()),
    })
}

/// Reads a numbered group.
pub(crate) fn read_numbered_with<T>(
    node: Node<'_>,
    read: &mut dyn FnMut(Node<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    numbered_members(node, &mut |group, name| group.part(name, &mut *read))
}

fn numbered_members<T>(
    node: Node<'_>,
    read: &mut dyn FnMut(&GroupReader<'_>, &str) -> Result<T>,
) -> Result<Vec<T>> {
    let group = node.group_of("list", "a numbered group")?;
    let len = match group.read_len()? {
        Some(len) => len,
        None => group.names()?.len(),
    };
    let mut values = Vec::new();
    let mut name = String::new();
    for i in 0..len {
        number(&mut name, i);
        values.push(read(&group, &name)?);
    }
    Ok(values)
}

/// Whether a node is a foreign group with numbered members.
pub(crate) fn is_foreign_list(node: &Node<'_>) -> Result<bool> {
    if node.ours || node.kind() != ObjectKind::Group || node.stamp()?.is_some() {
        return Ok(false);
    }
    let names: HashSet<String> = node.object.children()?.into_iter().collect();
    Ok((0..names.len()).all(|i| names.contains(&i.to_string())))
}

/// Writes the rows of nested arrays whose elements do not fit one dataset.
pub(crate) fn write_arrays<T: Save>(
    rows: Rows<'_, T>,
    shape: &[u64],
    slot: Slot<'_>,
) -> Result<Written> {
    if shape.len() == 1 {
        return slot.put_next_rows(rows);
    }
    let mut group = slot.group(Stamp::kind("arrays"))?;
    group.write_len(shape.first().copied().unwrap_or(0) as usize)?;
    group.part("values", |slot| slot.put_next_rows(rows))?;
    group.end()
}

/// Reads what [`write_arrays`] wrote: the elements, and the number of outermost arrays.
pub(crate) fn read_arrays<T: FileBacked>(
    node: Node<'_>,
    inner: &[usize],
) -> Result<(Vec<T>, usize)> {
    if inner.is_empty() {
        let values = node.get_next_rows::<T>()?;
        let len = values.len();
        return Ok((values, len));
    }
    let group = node.group_of("arrays", "a group (arrays)")?;
    let values = group.part("values", |node| node.get_next_rows::<T>())?;
    let size = inner.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent));
    let len = match (group.read_len()?, size) {
        (Some(len), _) => len,
        (None, Some(size)) if size > 0 => values.len() / size,
        _ => 0,
    };
    if size.and_then(|size| size.checked_mul(len)) != Some(values.len()) {
        let what = format!("{} values in {len} arrays of shape {inner:?}", values.len());
        return Err(Error::mismatch(format!("arrays of shape {inner:?}"), what));
    }
    Ok((values, len))
}

/// Writes many values of a type that holds nothing: a table without columns, which tells their
/// number.
pub(crate) fn write_empty<T>(rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
    slot.group(Stamp::kind("columns"))?.table::<T>(rows.len())?.end()
}

/// Reads how many values of a type that holds nothing there are.
pub(crate) fn read_empty(node: Node<'_>) -> Result<usize> {
    Ok(node.group_of("columns", "a group (columns)")?.table()?.len())
}

/// Writes sequences of sequences. `elements` gives the elements of one of them, in runs of
/// neighbours.
pub(crate) fn write_ragged<'v, S, T: Save + 'v>(
    rows: Rows<'v, S>,
    slot: Slot<'_>,
    count: impl Fn(&S) -> usize,
    elements: impl Fn(&'v S, &mut Vec<&'v [T]>),
) -> Result<Written> {
    write_ragged_by(rows, slot, count, elements, |rows, slot| slot.put_rows(rows))
}

/// The same for elements that `put` writes.
pub(crate) fn write_ragged_by<'v, S, T: 'v>(
    rows: Rows<'v, S>,
    slot: Slot<'_>,
    count: impl Fn(&S) -> usize,
    elements: impl Fn(&'v S, &mut Vec<&'v [T]>),
    put: impl Fn(Rows<'_, T>, Slot<'_>) -> Result<Written>,
) -> Result<Written> {
    if slot.cx.is_python() {
        return numbered(rows.iter(), rows.len(), slot, &mut |sequence, slot| {
            let mut runs = Vec::new();
            elements(sequence, &mut runs);
            put(Rows::runs(&runs), slot.each())
        });
    }
    let (slot, layout) = slot.pass_on();
    let mut group = ragged(rows, slot, count)?;
    let mut runs = Vec::with_capacity(rows.len());
    rows.for_each(|sequence| elements(sequence, &mut runs));
    group.part("values", |slot| put(Rows::runs(&runs), slot.passed(layout).each()))?;
    group.end()
}

/// The same for collections whose elements have no neighbours in memory.
pub(crate) fn write_ragged_refs<'v, S, T: Save + 'v>(
    rows: Rows<'v, S>,
    slot: Slot<'_>,
    count: impl Fn(&S) -> usize,
    elements: impl Fn(&'v S, &mut Vec<&'v T>) -> Result<()>,
) -> Result<Written> {
    let (slot, layout) = slot.pass_on();
    let mut group = ragged(rows, slot, count)?;
    let mut refs = Vec::new();
    rows.try_for_each(|sequence| elements(sequence, &mut refs))?;
    group.part("values", |slot| slot.passed(layout).each().put_rows(Rows::refs(&refs)))?;
    group.end()
}

fn ragged<'a, S>(
    rows: Rows<'_, S>,
    slot: Slot<'a>,
    count: impl Fn(&S) -> usize,
) -> Result<crate::writer::GroupWriter<'a>> {
    let mut group = slot.group(Stamp::kind("ragged"))?;
    group.write_len(rows.len())?;
    group.part("offsets", |slot| write_offsets(slot, rows, count))?;
    Ok(group)
}

/// A dataset of n + 1 numbers: where each row's elements start, and where the last one's end.
pub(crate) fn write_offsets<S>(
    slot: Slot<'_>,
    rows: Rows<'_, S>,
    count: impl Fn(&S) -> usize,
) -> Result<Written> {
    slot.dataset_fill(&Dtype::U64, &[rows.len() as u64 + 1], &mut |out| {
        let mut at = 0u64;
        out.put(&at.to_le_bytes());
        rows.for_each(|row| {
            at += count(row) as u64;
            out.put(&at.to_le_bytes());
        });
    })
}

/// Reads offsets: the number of elements of each row, and of all together.
pub(crate) fn read_offsets(node: Node<'_>) -> Result<(Vec<usize>, usize)> {
    let offsets = node.get_rows::<u64>()?;
    let damaged = || Error::new(ErrorKind::Damaged("offsets that do not ascend from 0".into()));
    if offsets.first() != Some(&0) {
        return Err(damaged());
    }
    let mut counts = Vec::with_capacity(offsets.len() - 1);
    for pair in offsets.windows(2) {
        let count = pair[1].checked_sub(pair[0]).and_then(|count| usize::try_from(count).ok());
        counts.push(count.ok_or_else(damaged)?);
    }
    let total =
        offsets.last().and_then(|total| usize::try_from(*total).ok()).ok_or_else(damaged)?;
    Ok((counts, total))
}

/// Reads sequences of sequences; `collect` makes one of them out of its elements.
pub(crate) fn read_ragged<T: FileBacked, S>(
    node: Node<'_>,
    collect: impl FnMut(&mut dyn ExactSizeIterator<Item = T>) -> Result<S>,
) -> Result<Vec<S>> {
    read_ragged_by(node, |node| node.get_rows(), collect)
}

/// The same for elements that `get` reads.
pub(crate) fn read_ragged_by<T, S>(
    node: Node<'_>,
    get: impl FnOnce(Node<'_>) -> Result<Vec<T>>,
    mut collect: impl FnMut(&mut dyn ExactSizeIterator<Item = T>) -> Result<S>,
) -> Result<Vec<S>> {
    let mut get = Some(get);
    let mut values = Vec::new();
    let counts = ragged_parts(node, &mut |node| {
        if let Some(get) = get.take() {
            values = get(node.each())?;
        }
        Ok(())
    })?;
    let total: usize = counts.iter().sum();
    if values.len() != total {
        return Err(ErrorKind::Damaged(format!(
            "{} values where the offsets tell of {total}",
            values.len()
        ))
        .into());
    }
    let mut values = values.into_iter();
    let mut sequences = Vec::with_capacity(counts.len());
    for count in counts {
        sequences.push(collect(&mut Taken { values: &mut values, left: count })?);
    }
    Ok(sequences)
}

/// Reads the elements of sequences of sequences, and how many each has.
fn ragged_parts(
    node: Node<'_>,
    read: &mut dyn FnMut(Node<'_>) -> Result<()>,
) -> Result<Vec<usize>> {
    if let Some(counts) = foreign::read_ragged(&node, read)? {
        return Ok(counts);
    }
    let group = node.group_of("ragged", "a group (ragged)")?;
    let (counts, _) = group.part("offsets", read_offsets)?;
    group.part("values", read)?;
    Ok(counts)
}

/// The next few of some values; what is not taken is dropped.
struct Taken<'v, T> {
    values: &'v mut std::vec::IntoIter<T>,
    left: usize,
}

impl<T> Iterator for Taken<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        self.values.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for Taken<'_, T> {}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}
