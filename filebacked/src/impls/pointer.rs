//! Types that hold one value of another type and are stored as that.

use crate::backed::{FileBacked, Save};
use crate::erased::{Hold, Key};
use crate::error::Result;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use crate::shared::{self, Keep};
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// What a type looks like, as far as one that may borrow can say.
pub(crate) fn schema_of<T: Save>() -> Schema {
    T::key().map_or(Schema::Opaque, |key| key.schema())
}

/// What a pointer says of the other owners of its value.
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
    ($($pointer:ident: |$node:ident| $read:expr, { $($shared:tt)* };)*) => {
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
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    Ok(node.get_rows()?.into_iter().map($pointer::new).collect())
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
    Box: |node| node.get().map(Box::new), {};
    Rc: |node| shared::read(node, |node| node.get().map(Rc::new)), { owner!(Rc); };
    Arc: |node| shared::read(node, |node| node.get().map(Arc::new)), { owner!(Arc); };
}

impl<P: Save + Clone> Keep for P {
    fn keep(&self) -> Option<Hold> {
        P::key().map(|key| key.hold(self.clone()))
    }
}
