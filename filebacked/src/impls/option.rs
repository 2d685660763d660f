//! `Option`, and the types that stand for nothing.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::Result;
use crate::impls::pointer::schema_of;
use crate::layout::{absent, sequence};
use crate::node::Node;
use crate::object::Bare;
use crate::reader::LinkReader;
use crate::rows::Rows;
use crate::schema::{Schema, Seen};
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use std::marker::PhantomData;

impl<T: Save> Save for Option<T> {
    #[inline]
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        match (self.absence(), self) {
            (None, Some(value)) => slot.put(value),
            (depth, _) => slot.absent(depth.unwrap_or(0)),
        }
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        absent::write_rows(rows, slot)
    }

    #[inline]
    fn absence(&self) -> Option<u32> {
        match self {
            None => Some(0),
            Some(value) => value.absence().map(|depth| depth + 1),
        }
    }

    fn is_flat(level: u32) -> bool {
        level < 16 && T::is_flat(level + 1)
    }

    fn needs_objects(seen: &mut Seen) -> bool {
        T::needs_objects(seen)
    }

    fn key() -> Option<Key<Self>> {
        T::key().map(|_| Key::of_container(|| Schema::Option(schema_of::<T>)))
    }
}

impl<T: FileBacked> FileBacked for Option<T> {
    fn schema() -> Schema {
        Schema::Option(T::schema)
    }

    #[inline]
    fn read(node: Node<'_>) -> Result<Self> {
        node.get().map(Some)
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        absent::read_rows(node)
    }

    #[inline]
    fn read_bare(bare: &Bare<'_>) -> Result<Option<Self>> {
        Ok(T::read_bare(bare)?.map(Some))
    }

    fn is_link() -> bool {
        T::is_link()
    }

    fn read_link(reader: &LinkReader<'_, '_>) -> Result<Self> {
        T::read_link(reader).map(Some)
    }

    fn from_absence(depth: u32) -> Option<Self> {
        match depth {
            0 => Some(None),
            _ => T::from_absence(depth - 1).map(Some),
        }
    }
}

/// Nothing to store: no link in a field, in rows a group with their number.
impl<T: ?Sized> Save for PhantomData<T> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        slot.absent(0)
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        sequence::write_empty(rows, slot)
    }

    fn absence(&self) -> Option<u32> {
        Some(0)
    }

    fn is_flat(_: u32) -> bool {
        true
    }
}

impl<T: ?Sized + 'static> FileBacked for PhantomData<T> {
    fn schema() -> Schema {
        Schema::Unit
    }

    fn read(_: Node<'_>) -> Result<Self> {
        Ok(PhantomData)
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        Ok(vec![PhantomData; sequence::read_empty(node)?])
    }

    fn from_absence(depth: u32) -> Option<Self> {
        (depth == 0).then_some(PhantomData)
    }
}

/// An empty group.
impl Save for () {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        slot.group(Stamp::kind("unit"))?.end()
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        sequence::write_empty(rows, slot)
    }

    fn is_flat(_: u32) -> bool {
        true
    }

    fn key() -> Option<Key<Self>> {
        Some(Key::new())
    }
}

impl FileBacked for () {
    fn schema() -> Schema {
        Schema::Unit
    }

    fn read(node: Node<'_>) -> Result<Self> {
        node.group_of("unit", "a group (unit)").map(drop)
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        Ok(vec![(); sequence::read_empty(node)?])
    }
}
