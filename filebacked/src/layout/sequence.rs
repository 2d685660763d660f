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
use crate::node::wanted::{Many, Wanted};
use crate::reader::GroupReader;
use crate::rows::Rows;
use crate::slot::given::GivenRows;
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use crate::storage::{Dtype, ObjectKind, as_bytes};
use std::collections::HashSet;

/// The most nodes that a filter's default rows make. Beyond them, an error recommends a better way.
const NUMBERED_LIMIT: usize = 10_000;

/// A numbered group of values that write themselves.
pub(crate) fn write_numbered<T: Save>(rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
    write_numbered_given(&rows, slot)
}

/// The same for values whose type the caller knows.
pub(crate) fn write_numbered_given(rows: &dyn GivenRows, slot: Slot<'_>) -> Result<Written> {
    let mut group = slot.group(Stamp::kind("list"))?;
    group.write_len(rows.count())?;
    let (mut name, mut i) = (String::new(), 0);
    rows.each(&mut |value| {
        number(&mut name, i);
        i += 1;
        group.part(&name, |slot| slot.put_given(value, u32::MAX))
    })?;
    group.end()
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
    let mut values = Many(Vec::new());
    fill_numbered(node, &mut values)?;
    Ok(values.0)
}

/// The same for values whose type the caller knows.
pub(crate) fn fill_numbered(node: Node<'_>, values: &mut dyn Wanted) -> Result<()> {
    let link = values.facts().link;
    numbered_members(node, &mut |group, name| match link {
        true => match group.link(name, values).map_err(|e| e.at(name))? {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Missing).at(name)),
        },
        false => group.part(name, |node| values.get_next(node)),
    })
}

/// Reads a numbered group.
pub(crate) fn read_numbered_with<T>(
    node: Node<'_>,
    read: &mut dyn FnMut(Node<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut values = Vec::new();
    numbered_members(node, &mut |group, name| {
        values.push(group.part(name, &mut *read)?);
        Ok(())
    })?;
    Ok(values)
}

fn numbered_members(
    node: Node<'_>,
    read: &mut dyn FnMut(&GroupReader<'_>, &str) -> Result<()>,
) -> Result<()> {
    let group = node.group_of("list", "a numbered group")?;
    let len = match group.read_len()? {
        Some(len) => len,
        None => group.names()?.len(),
    };
    let mut name = String::new();
    for i in 0..len {
        number(&mut name, i);
        read(&group, &name)?;
    }
    Ok(())
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
    elements: impl Fn(&'v S, &mut Vec<&'v [T]>),
) -> Result<Written> {
    write_ragged_by(rows, slot, elements, &|rows, slot| slot.put_rows(rows))
}

/// The same for elements that `put` writes.
pub(crate) fn write_ragged_by<'v, S, T: 'v>(
    rows: Rows<'v, S>,
    slot: Slot<'_>,
    elements: impl Fn(&'v S, &mut Vec<&'v [T]>),
    put: &dyn Fn(Rows<'_, T>, Slot<'_>) -> Result<Written>,
) -> Result<Written> {
    let mut runs = Vec::with_capacity(rows.len());
    if slot.cx.is_python() {
        let mut sequences = rows.iter();
        return list(rows.len(), slot, &mut |slot| {
            runs.clear();
            if let Some(sequence) = sequences.next() {
                elements(sequence, &mut runs);
            }
            put(Rows::runs(&runs), slot.each())
        });
    }
    let mut offsets = Offsets::new(rows.len());
    for sequence in rows.iter() {
        let before = runs.len();
        elements(sequence, &mut runs);
        offsets.push(Rows::runs(&runs[before..]).len());
    }
    offsets.write_ragged(slot, &mut |slot| put(Rows::runs(&runs), slot.each()))
}

/// The same for collections whose elements have no neighbours in memory.
pub(crate) fn write_ragged_refs<'v, S, T: Save + 'v>(
    rows: Rows<'v, S>,
    slot: Slot<'_>,
    elements: impl Fn(&'v S, &mut Vec<&'v T>) -> Result<()>,
) -> Result<Written> {
    let mut offsets = Offsets::new(rows.len());
    let mut refs = Vec::new();
    for sequence in rows.iter() {
        let before = refs.len();
        elements(sequence, &mut refs)?;
        offsets.push(refs.len() - before);
    }
    offsets.write_ragged(slot, &mut |slot| slot.each().put_rows(Rows::refs(&refs)))
}

/// Where the elements of each row start, and where those of the last one end.
pub(crate) struct Offsets(Vec<u64>);

impl Offsets {
    pub(crate) fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Offsets(offsets)
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.0.len() - 1
    }

    /// Adds a row of so many elements.
    pub(crate) fn push(&mut self, count: usize) {
        let end = self.0.last().copied().unwrap_or(0);
        self.0.push(end + count as u64);
    }

    /// A dataset of n + 1 numbers.
    pub(crate) fn write(&self, slot: Slot<'_>) -> Result<Written> {
        slot.dataset(&Dtype::U64, &[self.0.len() as u64], as_bytes(&self.0))
    }

    /// Sequences whose elements `values` writes.
    fn write_ragged(
        &self,
        slot: Slot<'_>,
        values: &mut dyn FnMut(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        let (slot, layout) = slot.pass_on();
        let mut group = slot.group(Stamp::kind("ragged"))?;
        group.write_len(self.rows())?;
        group.part("offsets", |slot| self.write(slot))?;
        group.part("values", |slot| values(slot.passed(layout)))?;
        group.end()
    }
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
    collect: impl Fn(Vec<T>) -> Result<S>,
) -> Result<Vec<S>> {
    let mut values = Many(Vec::new());
    let counts = ragged_parts(node, &mut |node| node.each().fill_rows(u32::MAX, &mut values))?;
    split(values.0, &counts, collect)
}

/// The same for elements that `get` reads.
pub(crate) fn read_ragged_by<T, S>(
    node: Node<'_>,
    get: impl Fn(Node<'_>) -> Result<Vec<T>>,
    collect: impl Fn(Vec<T>) -> Result<S>,
) -> Result<Vec<S>> {
    let mut values = Vec::new();
    let counts = ragged_parts(node, &mut |node| {
        values = get(node.each())?;
        Ok(())
    })?;
    split(values, &counts, collect)
}

/// Splits the elements of all sequences into those of each.
fn split<T, S>(
    mut values: Vec<T>,
    counts: &[usize],
    collect: impl Fn(Vec<T>) -> Result<S>,
) -> Result<Vec<S>> {
    let mut left = check_total(values.len(), counts)?;
    let mut sequences = Vec::with_capacity(counts.len());
    // From the end: then each element is moved once, with those of its sequence.
    for count in counts.iter().rev() {
        left -= count;
        match collect(values.split_off(left)) {
            Ok(sequence) => sequences.push(sequence),
            Err(error) => return Err(error),
        }
    }
    sequences.reverse();
    Ok(sequences)
}

fn check_total(found: usize, counts: &[usize]) -> Result<usize> {
    let total: usize = counts.iter().sum();
    if found == total {
        return Ok(total);
    }
    Err(ErrorKind::Damaged(format!("{found} values where the offsets tell of {total}")).into())
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
