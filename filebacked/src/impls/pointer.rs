//! Types that hold one value of another type and are stored as that.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::Result;
use crate::link::LinkReader;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// What a type looks like, as far as one that may borrow can say.
pub(crate) fn schema_of<T: Save>() -> Schema {
    T::key().map_or(Schema::Opaque, |key| key.schema())
}

macro_rules! pointer_is_backed {
    ($($pointer:ident),*) => {
        $(
            impl<T: Save> Save for $pointer<T> {
                #[inline]
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    slot.put(&**self)
                }
                fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                    let values: Vec<&T> = rows.iter().map(|value| &**value).collect();
                    slot.put_rows(Rows::refs(&values))
                }
                fn absence(&self) -> Option<u32> {
                    T::absence(self)
                }
                fn is_flat(level: u32) -> bool {
                    level < 16 && T::is_flat(level + 1)
                }
                fn is_number() -> bool {
                    T::is_number()
                }
                fn is_name() -> bool {
                    T::is_name()
                }
                fn name(&self) -> Option<Cow<'_, str>> {
                    T::name(self)
                }
                fn nullable() -> Option<&'static (&'static str, &'static str)> {
                    T::nullable()
                }
                fn filler() -> Option<Self> {
                    T::filler().map($pointer::new)
                }
                fn key() -> Option<Key<Self>> {
                    T::key().map(|_| Key::of_container(schema_of::<T>))
                }
            }

            impl<T: FileBacked> FileBacked for $pointer<T> {
                fn schema() -> Schema {
                    T::schema()
                }
                #[inline]
                fn read(node: Node<'_>) -> Result<Self> {
                    node.get().map($pointer::new)
                }
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    Ok(node.get_rows()?.into_iter().map($pointer::new).collect())
                }
                fn is_link() -> bool {
                    T::is_link()
                }
                fn read_link(reader: &LinkReader<'_, '_>) -> Result<Self> {
                    T::read_link(reader).map($pointer::new)
                }
                fn from_absence(depth: u32) -> Option<Self> {
                    T::from_absence(depth).map($pointer::new)
                }
                fn from_name(name: &str) -> Option<Self> {
                    T::from_name(name).map($pointer::new)
                }
            }
        )*
    };
}
pointer_is_backed!(Box, Rc, Arc);
