//! Types that hold one value of another type and are stored as that.

use crate::backed::{FileBacked, Save};
use crate::dialect::Concept;
use crate::erased::{Hold, Key};
use crate::error::Result;
use crate::field::StoreAs;
use crate::impls::collection::needs_objects;
use crate::layout::{self, sequence};
use crate::node::Node;
use crate::reader::LinkReader;
use crate::rows::Rows;
use crate::schema::{Schema, Seen};
use crate::shared::{self, Keep};
use crate::slot::{Slot, Written};
use std::borrow::Cow;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// The schema of a type that may borrow, as far as it is known.
pub(crate) fn schema_of<T: Save>() -> Schema {
    T::key().map_or(Schema::Opaque, |key| key.schema())
}

/// The other owners of a pointer's value.
macro_rules! owner {
    ($pointer:ident) => {
        #[inline]
        fn owner(&self) -> Option<$crate::shared::Owner<'_>> {
            Some($crate::shared::Owner::new(
                $pointer::as_ptr(self).cast(),
                Self::key()?.id(),
                $pointer::strong_count(self),
                $pointer::weak_count(self),
                self,
            ))
        }
    };
}
pub(crate) use owner;

macro_rules! pointer_is_backed {
    ($($pointer:ident: |$rows:ident, $slot:ident| $write_rows:expr, |$node:ident| $read:expr, $read_rows:expr,
       { $($shared:tt)* };)*) => {
        $(
            impl<T: Save> Save for $pointer<T> {
                #[inline]
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    slot.put(&**self)
                }
                fn write_rows($rows: Rows<'_, Self>, $slot: Slot<'_>) -> Result<Written> {
                    $write_rows
                }
                fn absence(&self) -> Option<u32> {
                    T::absence(self)
                }
                fn is_flat(level: u32) -> bool {
                    level < 16 && T::is_flat(level + 1)
                }
                fn needs_objects(seen: &mut Seen) -> bool {
                    needs_objects!(seen, T, $($shared)*)
                }
                fn is_number() -> bool {
                    T::is_number()
                }
                fn is_link_name() -> bool {
                    T::is_link_name()
                }
                fn name(&self) -> Option<Cow<'_, str>> {
                    T::name(self)
                }
                fn optional_concept() -> Option<Concept> {
                    T::optional_concept()
                }
                fn filler() -> Option<Self> {
                    T::filler().map($pointer::new)
                }
                fn key() -> Option<Key<Self>> {
                    T::key().map(|_| Key::of_container(schema_of::<T>))
                }
                $($shared)*
            }

            impl<T: FileBacked> FileBacked for $pointer<T> {
                fn schema() -> Schema {
                    T::schema()
                }
                #[inline]
                fn read($node: Node<'_>) -> Result<Self> {
                    $read
                }
                fn read_rows($node: Node<'_>) -> Result<Vec<Self>> {
                    $read_rows
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
pointer_is_backed! {
    Box: |rows, slot| write_values(rows, slot),
        |node| node.get().map(Box::new), Ok(node.get_rows()?.into_iter().map(Box::new).collect()), {};
    Rc: |rows, slot| write_owners(rows, slot, Rc::weak_count),
        |node| shared::read_pointer(node), layout::shared::read::<T, _>(node), { owner!(Rc); };
    Arc: |rows, slot| write_owners(rows, slot, Arc::weak_count),
        |node| shared::read_pointer(node), layout::shared::read::<T, _>(node), { owner!(Arc); };
}

/// Writes the values behind pointers as rows of their type.
fn write_values<P: Deref<Target: Save + Sized>>(
    rows: Rows<'_, P>,
    slot: Slot<'_>,
) -> Result<Written> {
    let values: Vec<&P::Target> = rows.iter().map(Deref::deref).collect();
    slot.put_rows(Rows::refs(&values))
}

/// The same for pointers that may share them: once each if the field says so, and a link each where
/// they are objects anyway.
fn write_owners<P: Save + Deref<Target: Save + Sized>>(
    rows: Rows<'_, P>,
    mut slot: Slot<'_>,
    weak_count: fn(&P) -> usize,
) -> Result<Written> {
    match slot.layout() {
        None if P::Target::is_listed() && !slot.has_filter::<P::Target>() => {
            sequence::write_numbered(rows, slot)
        }
        Some(StoreAs::Shared) => {
            slot.in_rows(rows.iter().filter(|owner| weak_count(owner) > 0));
            layout::shared::write(rows, slot)
        }
        _ => {
            slot.in_rows(rows.iter().filter(|owner| weak_count(owner) > 0));
            write_values(rows, slot)
        }
    }
}

impl<P: Save + Clone> Keep for P {
    fn keep(&self) -> Option<Hold> {
        P::key().map(|key| key.hold(self.clone()))
    }
}
