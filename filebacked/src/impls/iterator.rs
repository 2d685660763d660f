//! [`Sequence`] and [`Pairs`]: iterators, saved like collections of their items.

use crate::backed::Save;
use crate::context::WriteContext;
use crate::error::{Error, ErrorKind, Result};
use crate::field::StoreAs;
use crate::impls::collection::write_all;
use crate::layout::map::{self, Order, key_name};
use crate::rows::Rows;
use crate::slot::given::value_schema;
use crate::slot::{Place, Slot, VALUE, Written};
use crate::stamp::{Stamp, escape_link};
use crate::storage::compound::Capture;
use crate::storage::{self, Dtype};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// The bytes of values that are held at a time.
const BLOCK: usize = 64 << 10;

/// Saves the values of an iterator of known length like a `Vec` of them. The bytes are the same,
/// and load as a `Vec`.
///
/// Numbers, and fixed-length arrays of numbers, are written block by block, and never all in
/// memory. Values of other types need columns, each over all values, so they are collected first.
/// The iterator is cloned if it must run more than once; the clones must give equal values.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::with::Sequence;
/// use filebacked::Save;
///
/// #[derive(Save)]
/// struct Frame<'a, I: ExactSizeIterator<Item = f64> + Clone> {
///     name: &'a str,
///     energies: Sequence<I>,
/// }
///
/// let speeds = vec![1.0, 2.0, 3.0];
/// let frame = Frame { name: "first", energies: Sequence::new(speeds.iter().map(|v| v * v / 2.0)) };
/// let bytes = filebacked::to_bytes(&frame)?;
///
/// #[derive(filebacked::FileBacked)]
/// #[filebacked(name = "Frame")]
/// struct Owned { name: String, energies: Vec<f64> }
/// let frame: Owned = filebacked::from_bytes(&bytes)?;
/// assert_eq!(frame.energies, [0.5, 2.0, 4.5]);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Sequence<I>(I);

impl<I> fmt::Debug for Sequence<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sequence").finish_non_exhaustive()
    }
}

impl<I: ExactSizeIterator + Clone> Sequence<I> {
    /// Wraps an iterator.
    pub fn new(values: impl IntoIterator<IntoIter = I>) -> Self {
        Sequence(values.into_iter())
    }
}

/// The bytes of a block of numbers, with their type and their shape.
type Block = (Dtype, Vec<u64>, Vec<u8>);

/// Returns the dataset that would hold many values, or `None` if they need more than one.
fn block<T: Save>(values: &[T], cx: &WriteContext) -> Result<Option<Block>> {
    let mut capture = Capture::default();
    let written = Slot::whole(&mut capture, cx, Place::Member(VALUE)).put_rows(Rows::slice(values));
    written.map(|_| capture.into_dataset())
}

/// Moves a block of values into existing memory.
fn fill<I: Iterator>(values: &mut I, block: &mut Vec<I::Item>) {
    block.clear();
    block.extend(values.take((BLOCK / size_of::<I::Item>().max(1)).max(1)));
}

#[cold]
fn another_length() -> Error {
    ErrorKind::Contract("an iterator whose length differs from its promise".into()).into()
}

impl<I: ExactSizeIterator + Clone> Save for Sequence<I>
where
    I::Item: Save,
{
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        let mut values = self.0.clone();
        let (cx, len) = (slot.cx, values.len());
        let mut part = Vec::new();
        // Filters get all values.
        if len > 0 && I::Item::is_number() && slot.layout().is_none() && cx.registry().is_empty() {
            fill(&mut values, &mut part);
            if let Some((dtype, mut shape, bytes)) = block(&part, cx)?
                && let [rows, inner @ ..] = &mut shape[..]
                && let Some(size) = storage::elements(inner)
                    .and_then(|n| n.checked_mul(dtype.size()))
                    .filter(|n| *n > 0)
            {
                *rows = len as u64;
                let (mut failed, mut start) = (None, Some((values, bytes)));
                let written = slot.each().dataset_fill(&dtype, &shape, &mut |out| {
                    let Some((mut values, mut bytes)) = start.take() else { return };
                    let mut left = len;
                    while left > 0 && failed.is_none() {
                        match left.checked_sub(bytes.len() / size) {
                            Some(rest) if !bytes.is_empty() => {
                                out.put(&bytes);
                                left = rest;
                            }
                            _ => failed = Some(another_length()),
                        }
                        fill(&mut values, &mut part);
                        bytes = match block(&part, cx) {
                            Ok(block) => block.map_or_else(Vec::new, |(_, _, bytes)| bytes),
                            Err(error) => {
                                failed = Some(error);
                                Vec::new()
                            }
                        };
                    }
                    if !bytes.is_empty() {
                        failed.get_or_insert_with(another_length);
                    }
                    // The engine waits for as many bytes; what was written is given up then.
                    out.zeros(left * size);
                });
                return match failed {
                    Some(error) => Err(error),
                    None => written,
                };
            }
        }
        part.extend(values);
        if part.len() != len {
            return Err(another_length());
        }
        write_all(Rows::slice(&part), slot)
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        let all: Vec<Vec<I::Item>> =
            rows.iter().map(|sequence| sequence.0.clone().collect()).collect();
        slot.put_rows(Rows::slice(&all))
    }
}

/// Saves the entries of an iterator of known length like a map of them, in the order of the
/// iterator.
///
/// In maps of links, each value is created, written and dropped before the next one. Flat values
/// need columns, so they are collected first. Each key may occur once.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::with::Pairs;
/// use std::collections::BTreeMap;
///
/// let names = ["a", "b"];
/// let bytes = filebacked::to_bytes(&Pairs::new(names.iter().map(|name| (*name, vec![1.5; 3]))))?;
/// assert_eq!(filebacked::from_bytes::<BTreeMap<String, Vec<f64>>>(&bytes)?["b"], [1.5; 3]);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Pairs<I>(I);

impl<I> fmt::Debug for Pairs<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pairs").finish_non_exhaustive()
    }
}

impl<K, V, I: ExactSizeIterator<Item = (K, V)> + Clone> Pairs<I> {
    /// Wraps an iterator.
    pub fn new(entries: impl IntoIterator<IntoIter = I>) -> Self {
        Pairs(entries.into_iter())
    }
}

impl<K: Save, V: Save, I: ExactSizeIterator<Item = (K, V)> + Clone> Save for Pairs<I> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        let (entries, cx) = (self.0.clone(), slot.cx);
        let len = entries.len();
        let links = match slot.layout() {
            None => map::by_links::<K, V>(),
            layout => layout == Some(StoreAs::Links) && K::is_link_name(),
        };
        if !links || slot.is_encoded() || cx.is_python() {
            let entries: Vec<(K, V)> = entries.collect();
            if entries.len() != len {
                return Err(another_length());
            }
            check_keys(&entries, cx)?;
            return map::write(
                || entries.iter().map(|(key, value)| (key, value)),
                Order::Kept,
                slot,
            );
        }
        let mut group = slot.group(Stamp::kind("links"))?;
        group.write_len(len)?;
        let (mut names, mut count) = (HashSet::with_capacity(len), 0);
        for (key, value) in entries {
            let name = key_name(&key)?.into_owned();
            group.entry(&escape_link(&name), Some(&name), value_schema::<V>(cx), &mut |slot| {
                slot.put(&value)
            })?;
            count += 1;
            if let Some(twin) = names.replace(name) {
                return Err(twice(&format!("`{twin}`")));
            }
        }
        if count != len {
            return Err(another_length());
        }
        group.end()
    }
}

#[cold]
fn twice(key: &str) -> Error {
    ErrorKind::Contract(format!("two entries with the same key, {key}")).into()
}

/// Refuses duplicate keys.
fn check_keys<K: Save, V>(entries: &[(K, V)], cx: &WriteContext) -> Result<()> {
    let mut seen = HashMap::with_capacity(entries.len());
    for (i, (key, _)) in entries.iter().enumerate() {
        if let Some(first) = seen.insert(map::coded(&key, cx)?, i) {
            return Err(twice(&match key.name() {
                Some(name) => format!("`{name}`"),
                None => format!("that of entry {first} and of entry {i}"),
            }));
        }
    }
    Ok(())
}
