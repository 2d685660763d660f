//! Newtypes of the standard library, stored as their inner value.

use crate::backed::{FileBacked, Save};
use crate::dialect::Concept;
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::impls::pointer::schema_of;
use crate::layout::scalar::{Element, element_is_backed};
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::{Schema, Seen};
use crate::slot::{Slot, Written};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::num::{NonZero, Saturating, Wrapping};

macro_rules! wrapper_is_backed {
    ($($wrapper:ident),*) => {
        $(
            impl<T: Save> Save for $wrapper<T> {
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    slot.put(&self.0)
                }
                fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                    slot.put_rows(rows.project(|wrapper| &wrapper.0))
                }
                fn absence(&self) -> Option<u32> {
                    self.0.absence()
                }
                fn is_flat(level: u32) -> bool {
                    level < 16 && T::is_flat(level + 1)
                }
                fn needs_objects(seen: &mut Seen) -> bool {
                    T::needs_objects(seen)
                }
                fn is_number() -> bool {
                    T::is_number()
                }
                fn is_link_name() -> bool {
                    T::is_link_name()
                }
                fn name(&self) -> Option<Cow<'_, str>> {
                    self.0.name()
                }
                fn optional_concept() -> Option<Concept> {
                    T::optional_concept()
                }
                fn filler() -> Option<Self> {
                    T::filler().map($wrapper)
                }
                fn key() -> Option<Key<Self>> {
                    T::key().map(|_| Key::of_container(schema_of::<T>))
                }
            }

            impl<T: FileBacked> FileBacked for $wrapper<T> {
                fn schema() -> Schema {
                    T::schema()
                }
                fn read(node: Node<'_>) -> Result<Self> {
                    node.get().map($wrapper)
                }
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    Ok(node.get_rows()?.into_iter().map($wrapper).collect())
                }
                fn from_absence(depth: u32) -> Option<Self> {
                    T::from_absence(depth).map($wrapper)
                }
                fn from_name(name: &str) -> Option<Self> {
                    T::from_name(name).map($wrapper)
                }
            }
        )*
    };
}
wrapper_is_backed!(Wrapping, Saturating, Reverse);

macro_rules! nonzero_is_backed {
    ($($t:ident),*) => {
        $(
            impl Element for NonZero<$t> {
                fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
                    let values: Vec<$t> = rows.iter().map(|value| value.get()).collect();
                    $t::write_array(Rows::slice(&values), shape, slot)
                }
                fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
                    let (values, shape) = $t::read_array(node, rank)?;
                    let zero = || Error::new(ErrorKind::Invalid("0 where it is ruled out".into()));
                    let values = values.into_iter().map(|value| NonZero::new(value).ok_or_else(zero));
                    Ok((values.collect::<Result<_>>()?, shape))
                }
            }
            element_is_backed!(NonZero<$t>, stringify!($t), filler = NonZero::new(1), flat = true, {
                fn is_number() -> bool {
                    $t::is_number()
                }
            });
        )*
    };
}
nonzero_is_backed!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
