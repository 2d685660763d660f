//! A [`LazyMap`] in a file.

use super::{Entries, LazyMap, Trie};
use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::Result;
use crate::field::StoreAs;
use crate::layout::map::{self, MapForm, Order, key_name};
use crate::layout::sequence;
use crate::lazy::Held;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::given::value_schema;
use crate::slot::{Slot, Written};
use crate::stamp::{Stamp, escape_link};
use indexmap::IndexMap;
use std::hash::Hash;

/// A value in memory: that of the map, or one that was read to be written.
enum Loaded<'m, V> {
    Kept(&'m V),
    Read(V),
}

impl<V> Loaded<'_, V> {
    fn value(&self) -> &V {
        match self {
            Loaded::Kept(value) => value,
            Loaded::Read(value) => value,
        }
    }
}

impl<K: FileBacked + Eq + Hash + Clone, V: FileBacked> LazyMap<K, V> {
    /// All entries. Values that are read for a save are not kept, since the caller did not request
    /// them.
    fn all_loaded(&self) -> Result<IndexMap<K, Loaded<'_, V>>> {
        let mut all = IndexMap::new();
        if let Some(entries) = &self.entries {
            let loaded = |(key, value)| match self.read.get(&key) {
                Some((_, kept)) => (key, Loaded::Kept(kept)),
                None => (key, Loaded::Read(value)),
            };
            all.extend(entries.all()?.into_iter().map(loaded));
        }
        for (key, change) in &self.changes {
            match &change.value {
                Some(value) => drop(all.insert(key.clone(), Loaded::Kept(value))),
                None => drop(all.shift_remove(key)),
            }
        }
        Ok(all)
    }

    /// The map in its file, if a copy of it is all that must be written.
    fn unchanged(&self) -> Option<&Held> {
        let entries = self.entries.as_ref()?;
        let same = self.changes.is_empty() && self.read.is_empty();
        (same && entries.form == MapForm::Links { escaped: true }).then_some(&entries.held)
    }

    fn write_links(&self, entries: Option<&Entries<K, V>>, slot: Slot<'_>) -> Result<Written> {
        let cx = slot.cx;
        let keys = self.keys()?;
        let mut group = slot.group(Stamp::kind("links"))?;
        group.write_len(keys.len())?;
        for key in keys {
            let name = key_name(&key)?;
            group.entry(&escape_link(&name), Some(&name), value_schema::<V>(cx), &mut |slot| {
                self.write_entry(entries, &key, slot)
            })?;
        }
        group.end()
    }

    fn write_entry(
        &self,
        entries: Option<&Entries<K, V>>,
        key: &K,
        mut slot: Slot<'_>,
    ) -> Result<Written> {
        if let Some(found) = self.loaded(key) {
            return slot.put(found.ok_or_else(super::gone)?.1);
        }
        let entries = entries.ok_or_else(super::gone)?;
        if let Some(held) = entries.hold(key)? {
            match slot.copy(held.kept(), V::schema)? {
                Ok(written) => return Ok(written),
                Err(back) => slot = back,
            }
        }
        slot.put(&entries.read(key)?.ok_or_else(super::gone)?)
    }
}

impl<K: FileBacked + Eq + Hash + Clone, V: FileBacked> Save for LazyMap<K, V> {
    fn write(&self, mut slot: Slot<'_>) -> Result<Written> {
        let links = matches!(slot.layout(), None | Some(StoreAs::Links)) && K::is_link_name();
        if !links || slot.is_encoded() || slot.cx.is_python() {
            let all = self.all_loaded()?;
            let order = if K::is_link_name() { Order::Kept } else { Order::Hashed };
            return map::write(|| all.iter().map(|(key, value)| (key, value.value())), order, slot);
        }
        match slot.copy(self.unchanged().and_then(Held::kept), Self::schema)? {
            Ok(written) => return Ok(written),
            Err(back) => slot = back,
        }
        let Some(entries) = &self.entries else { return self.write_links(None, slot) };
        if entries.form == MapForm::Columns {
            let all = self.all_loaded()?;
            let slot = slot.store_as(StoreAs::Links);
            return map::write(
                || all.iter().map(|(key, value)| (key, value.value())),
                Order::Kept,
                slot,
            );
        }
        // Copies are made by the C library: it opens the file once for all of them.
        let mut slot = Some(slot);
        entries.held.with_library(|held| {
            let slot = slot.take().ok_or_else(super::gone)?;
            self.write_links(Some(&entries.held_by(held)), slot)
        })
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        sequence::write_numbered(rows, slot)
    }

    fn is_listed() -> bool {
        true
    }

    fn key() -> Option<Key<Self>> {
        Some(Key::new())
    }
}

impl<K: FileBacked + Eq + Hash + Clone, V: FileBacked> FileBacked for LazyMap<K, V> {
    fn schema() -> Schema {
        Schema::Map { key: K::schema, value: V::schema, links: K::is_link_name() }
    }

    fn read(node: Node<'_>) -> Result<Self> {
        // Links as values are read without following them: there is nothing to read later.
        match if V::is_link() { None } else { Held::new(&node)? } {
            Some(held) => {
                let (_, form) = map::open::<K, V>(node)?;
                Ok(LazyMap { entries: Some(Entries::new(held, form)), ..LazyMap::new() })
            }
            None => Ok(map::read(node, IndexMap::with_capacity, insert)?.into_iter().collect()),
        }
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        // Many other maps lie in columns, all of them together.
        if node.stamp()?.is_some_and(|stamp| stamp.kind_name() == "maps") {
            let maps: Vec<IndexMap<K, V>> = map::read_rows(node, IndexMap::with_capacity, insert)?;
            return Ok(maps.into_iter().map(|map| map.into_iter().collect()).collect());
        }
        sequence::read_numbered(node)
    }
}

fn insert<K: Eq + Hash, V>(map: &mut IndexMap<K, V>, key: K, value: V) -> bool {
    map.insert(key, value).is_none()
}

/// Values that a shared map has read are found by their key.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Trie<String, u8>>();
    shared::<LazyMap<String, u8>>();
};
