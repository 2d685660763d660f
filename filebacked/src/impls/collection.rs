//! Sequences and sets.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::field::StoreAs;
use crate::impls::pointer::{owner, schema_of};
use crate::layout::map::{Order, arranged, order_of};
use crate::layout::sequence;
use crate::node::Node;
use crate::node::wanted::{Facts, Many, Wanted};
use crate::rows::Rows;
use crate::schema::{Schema, Seen};
use crate::shared;
use crate::slot::{Slot, Written};
use crate::storage::ObjectKind;
use std::collections::{BTreeSet, BinaryHeap, HashSet, LinkedList, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::rc::Rc;
use std::sync::Arc;

/// Writes the values of a slice as the sequence that they are.
pub(crate) fn write_slice<T: Save>(values: &[T], slot: Slot<'_>) -> Result<Written> {
    write_all(Rows::slice(values), slot)
}

pub(crate) fn write_all<T: Save>(rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
    match slot.layout() {
        Some(StoreAs::Rows) => sequence::write_numbered(rows, slot.each()),
        _ => slot.each().put_rows(rows),
    }
}

/// Reads a sequence, in whichever of its layouts it is.
pub(crate) fn read_all<T: FileBacked>(node: Node<'_>) -> Result<Vec<T>> {
    let mut values = Many(Vec::new());
    fill_all(node, &mut values)?;
    Ok(values.0)
}

fn fill_all(node: Node<'_>, values: &mut dyn Wanted) -> Result<()> {
    match is_numbered(&node, &|| values.facts())? {
        true => sequence::fill_numbered(node.each(), values),
        false => node.each().fill_rows(u32::MAX, values),
    }
}

/// Whether a node is a numbered group of values, and not the rows of their type.
pub(crate) fn is_numbered(node: &Node<'_>, facts: &dyn Fn() -> Facts) -> Result<bool> {
    if node.filters().next().is_some() {
        return Ok(false);
    }
    if let Some(stamp) = node.stamp()? {
        return Ok(stamp.kind_name() == "list");
    }
    if !sequence::is_foreign_list(node)? {
        return Ok(false);
    }
    let facts = facts();
    // One node per value, unless these are the columns of a type whose members have numbers as
    // names.
    if facts.link {
        return Ok(true);
    }
    let Some(first) = node.object.child("0")? else { return Ok(true) };
    let columns = matches!((facts.schema)(), Schema::Tuple(_) | Schema::Struct(_));
    Ok(!columns || first.kind() == ObjectKind::Group)
}

/// Whether a collection needs objects: one with owners does, others as their values do.
macro_rules! needs_objects {
    ($seen:ident, $t:ident,) => {
        $t::needs_objects($seen)
    };
    ($seen:ident, [$t:ident],) => {
        // A list that is the map's own value is one dataset, as an array is.
        $seen.is_outermost() || $t::needs_objects($seen)
    };
    ($seen:ident, $t:tt, $($shared:tt)+) => {{
        let _ = $seen;
        true
    }};
}

pub(crate) use needs_objects;

/// Collections whose values lie in slices.
macro_rules! slices_are_backed {
    ($($t:ty, |$value:ident| $slices:expr, |$node:ident| $read:expr, { $($shared:tt)* };)*) => {
        $(
            impl<T: Save> Save for $t {
                #[inline]
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    let $value = self;
                    let slices: [&[T]; 2] = $slices;
                    match slices {
                        [all, []] | [[], all] => write_slice(all, slot),
                        both => write_all(Rows::runs(&both), slot),
                    }
                }
                fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                    #[allow(clippy::ptr_arg)] // What the collection is, is the macro's argument.
                    fn runs<'v, T>($value: &'v $t, runs: &mut Vec<&'v [T]>) {
                        let slices: [&[T]; 2] = $slices;
                        for slice in slices {
                            if !slice.is_empty() {
                                runs.push(slice);
                            }
                        }
                    }
                    sequence::write_ragged(rows, slot, runs::<T>)
                }
                fn needs_objects(seen: &mut Seen) -> bool {
                    needs_objects!(seen, [T], $($shared)*)
                }
                fn key() -> Option<Key<Self>> {
                    T::key().map(|_| Key::of_container(|| Schema::Sequence(schema_of::<T>)))
                }
                $($shared)*
            }

            impl<T: FileBacked> FileBacked for $t {
                fn schema() -> Schema {
                    Schema::Sequence(T::schema)
                }
                #[inline]
                fn read($node: Node<'_>) -> Result<Self> {
                    $read
                }
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    sequence::read_ragged(node, |values: Vec<T>| Ok(values.into()))
                }
            }
        )*
    };
}
slices_are_backed! {
    Vec<T>, |value| [value, &[]], |node| read_all(node), {};
    Box<[T]>, |value| [value, &[]], |node| Ok(read_all(node)?.into()), {};
    Arc<[T]>, |value| [value, &[]], |node| shared::read(node, |node| Ok(read_all(node)?.into())), { owner!(Arc); };
    Rc<[T]>, |value| [value, &[]], |node| shared::read(node, |node| Ok(read_all(node)?.into())), { owner!(Rc); };
    VecDeque<T>, |value| <[&[T]; 2]>::from(value.as_slices()), |node| Ok(read_all(node)?.into()), {};
}

/// Collections that are walked: `$sort` puts the references into the order that is written.
macro_rules! collections_are_backed {
    ($($t:ident<T $(, $hasher:ident)?>: ($($bound:tt)*), $sort:expr, $collect:expr;)*) => {
        $(
            impl<T: Save + $($bound)* $(, $hasher)?> Save for $t<T $(, $hasher)?> {
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    let values = $sort(self.iter().collect::<Vec<&T>>(), slot.cx)?;
                    write_all(Rows::refs(&values), slot)
                }
                fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                    let cx = slot.cx;
                    sequence::write_ragged_refs(rows, slot, |set, refs| {
                        refs.extend($sort(set.iter().collect::<Vec<&T>>(), cx)?);
                        Ok(())
                    })
                }
                fn needs_objects(seen: &mut $crate::schema::Seen) -> bool {
                    seen.is_outermost() || T::needs_objects(seen)
                }
                fn key() -> Option<Key<Self>> {
                    T::key().map(|_| Key::of_container(|| Schema::Sequence(schema_of::<T>)))
                }
            }

            impl<T: FileBacked + $($bound)* $(, $hasher: BuildHasher + Default + 'static)?> FileBacked
                for $t<T $(, $hasher)?>
            {
                fn schema() -> Schema {
                    Schema::Sequence(T::schema)
                }
                fn read(node: Node<'_>) -> Result<Self> {
                    $collect(read_all::<T>(node)?)
                }
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    sequence::read_ragged(node, $collect)
                }
            }
        )*
    };
}

#[cfg(feature = "indexmap")]
pub(crate) use collections_are_backed;

pub(crate) fn kept<'v, T>(
    values: Vec<&'v T>,
    _: &crate::context::WriteContext,
) -> Result<Vec<&'v T>> {
    Ok(values)
}

fn hashed<'v, T: Save>(
    values: Vec<&'v T>,
    cx: &crate::context::WriteContext,
) -> Result<Vec<&'v T>> {
    let order = order_of(&Rows::refs(&values), Order::Hashed, cx)?;
    Ok(arranged(values, &order))
}

fn ordered<'v, T: Ord>(
    mut values: Vec<&'v T>,
    _: &crate::context::WriteContext,
) -> Result<Vec<&'v T>> {
    values.sort();
    Ok(values)
}

fn any<T, C: FromIterator<T>>(values: Vec<T>) -> Result<C> {
    Ok(values.into_iter().collect())
}

/// A set that holds fewer values than the file has seen one twice.
pub(crate) fn distinct<T, C: FromIterator<T> + Len>(values: Vec<T>) -> Result<C> {
    let len = values.len();
    let set: C = values.into_iter().collect();
    if set.len() != len {
        return Err(Error::new(ErrorKind::Damaged("a set that holds a value twice".into())));
    }
    Ok(set)
}

pub(crate) trait Len {
    fn len(&self) -> usize;
}

impl<T, S> Len for HashSet<T, S> {
    fn len(&self) -> usize {
        self.len()
    }
}

impl<T> Len for BTreeSet<T> {
    fn len(&self) -> usize {
        self.len()
    }
}

collections_are_backed! {
    LinkedList<T>: (), kept, any;
    BinaryHeap<T>: (Ord), ordered, any;
    BTreeSet<T>: (Ord), kept, distinct;
    HashSet<T, S>: (Eq + Hash), hashed, distinct;
}
