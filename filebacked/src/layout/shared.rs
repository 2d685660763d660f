//! Many owners, `Arc` and `Rc`, several of which may share a value (`layout = "shared"`):
//!
//! ```text
//! x            group     filebacked = "shared", len = n
//! ├── index    u64 (n): which value each of them has
//! └── values   each value once, as rows of their type, in the order in which they are first met
//! ```

use crate::backed::{FileBacked, Save};
use crate::error::{Error, ErrorKind, Result};
use crate::field::StoreAs;
use crate::layout::sequence;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use crate::storage::{Dtype, as_bytes};
use std::collections::HashMap;
use std::ops::Deref;

/// Writes the values of owners, each once.
pub(crate) fn write<P: Deref<Target: Save + Sized>>(
    owners: Rows<'_, P>,
    slot: Slot<'_>,
) -> Result<Written> {
    let (slot, _) = slot.pass_on();
    let mut places = HashMap::new();
    let mut values: Vec<&P::Target> = Vec::new();
    let place = |owner| {
        let value: &P::Target = Deref::deref(owner);
        *places.entry(std::ptr::from_ref(value).addr()).or_insert_with(|| {
            values.push(value);
            values.len() as u64 - 1
        })
    };
    let index: Vec<u64> = owners.iter().map(place).collect();
    let mut group = slot.group(Stamp::kind("shared"))?;
    group.write_len(index.len())?;
    group
        .part("index", |slot| slot.dataset(&Dtype::U64, &[index.len() as u64], as_bytes(&index)))?;
    group.part("values", |slot| slot.put_rows(Rows::refs(&values)))?;
    group.end()
}

/// Reads owners, which are rows of their values unless some of them share those.
pub(crate) fn read<T: FileBacked, P: FileBacked + From<T> + Clone>(
    node: Node<'_>,
) -> Result<Vec<P>> {
    let unfiltered = node.filters().next().is_none();
    match node.stamp()?.filter(|_| unfiltered).map(Stamp::kind_name) {
        Some("shared") => {}
        // The values of a numbered group are objects of their own.
        Some("list") => return sequence::read_numbered(node),
        _ => return Ok(node.get_rows::<T>()?.into_iter().map(P::from).collect()),
    }
    let group = node.group_of("shared", "a group (shared)")?;
    let index = group.part("index", |node| node.get_rows::<u64>())?;
    if let Some(len) = group.read_len()?.filter(|len| *len != index.len()) {
        return Err(ErrorKind::Damaged(format!(
            "an index of {} where there are {len}",
            index.len()
        ))
        .into());
    }
    let owners: Vec<P> =
        group.part("values", |node| node.get_rows::<T>())?.into_iter().map(P::from).collect();
    let owner = |place: u64| {
        let owner = usize::try_from(place).ok().and_then(|place| owners.get(place)).cloned();
        owner.ok_or_else(|| {
            Error::new(ErrorKind::Damaged(format!("no value {place} among {}", owners.len())))
        })
    };
    index.into_iter().map(|place| owner(place).map_err(|e| e.at("index"))).collect()
}

impl<'a> Slot<'a> {
    /// The slot of many values that lie deeper, and the layout that they are to have there.
    pub(crate) fn pass_on(mut self) -> (Self, Option<StoreAs>) {
        let shared = self.storage.layout.take_if(|layout| *layout == StoreAs::Shared);
        (self, shared)
    }

    /// The slot with a layout that was passed on to it.
    pub(crate) fn passed(mut self, layout: Option<StoreAs>) -> Self {
        self.storage.layout = self.storage.layout.or(layout);
        self
    }
}
