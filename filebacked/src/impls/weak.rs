//! `Weak`: references to values that others own.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::Result;
use crate::node::Node;
use crate::object::Object;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::shared::{self, Pointer};
use crate::slot::{Slot, Written};
use crate::storage::Dtype;
use std::rc::{self, Rc};
use std::sync::{self, Arc};

macro_rules! weak_is_backed {
    ($($weak:ty, $pointer:ident;)*) => {
        $(
            impl<T: Save> Save for $weak {
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    slot.point(&[], &[self.upgrade()])
                }
                fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                    let owners: Vec<_> = rows.iter().map(|weak| weak.upgrade()).collect();
                    slot.point(&[owners.len() as u64], &owners)
                }
                fn key() -> Option<Key<Self>> {
                    T::key().map(|_| Key::of_container(|| Schema::Opaque))
                }
            }

            impl<T: FileBacked> FileBacked for $weak {
                fn schema() -> Schema {
                    Schema::Opaque
                }
                fn read(node: Node<'_>) -> Result<Self> {
                    if !is_reference(&node)? {
                        return shared::point::<$pointer<T>>(node);
                    }
                    let weak = targets::<$pointer<T>>(node)?.pop();
                    Ok(weak.unwrap_or_default())
                }
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    if !is_reference(&node)? {
                        return Err(node.unexpected("a 1-dimensional dataset of references"));
                    }
                    targets::<$pointer<T>>(node)
                }
                fn from_absence(depth: u32) -> Option<Self> {
                    (depth == 0).then(Self::default)
                }
            }
        )*
    };
}
weak_is_backed! {
    rc::Weak<T>, Rc;
    sync::Weak<T>, Arc;
}

fn is_reference(node: &Node<'_>) -> Result<bool> {
    Ok(node.object.is_dataset() && node.describe()?.dtype == Dtype::Reference)
}

/// The targets of references.
fn targets<P: Pointer>(node: Node<'_>) -> Result<Vec<P::Weak>> {
    let description = node.describe()?;
    let references: Vec<u8> = node.object.elements(&description)?;
    let target = |reference: &[u8]| match node.object.target(reference)? {
        Some(object) => node.point_to::<P>(object),
        None => Ok(P::Weak::default()),
    };
    references.chunks_exact(description.dtype.size()).map(target).collect()
}

impl Node<'_> {
    fn point_to<P: Pointer>(&self, object: Object<'_>) -> Result<P::Weak> {
        let depth = crate::node::deeper(self.depth, self.cx)?;
        shared::point::<P>(Node::open(object, self.cx, crate::path::UNMASKED, depth, self.ours)?)
    }
}
