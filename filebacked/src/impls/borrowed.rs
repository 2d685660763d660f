//! References, slices and `Cow`: what can be saved without owning it.

use crate::backed::{FileBacked, Save};
use crate::dialect::Concept;
use crate::error::Result;
use crate::layout::text;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::{Schema, Seen};
use crate::slot::{Slot, Written};
use std::borrow::Cow;

/// References to one value.
macro_rules! reference_is_saved {
    ($t:ty, ($($bound:tt)*), |$one:ident| $get:expr) => {
        impl<T: Save $($bound)*> Save for $t {
            fn write(&self, slot: Slot<'_>) -> Result<Written> {
                slot.put::<T>(self)
            }

            fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                let values: Vec<&T> = rows.iter().map(|$one| $get).collect();
                slot.put_rows(Rows::refs(&values))
            }

            fn write_shaped(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
                let values: Vec<&T> = rows.iter().map(|$one| $get).collect();
                slot.put_shaped(Rows::refs(&values), shape)
            }

            // Where the value is absent, its own type has something to stand there.
            fn write_optional_rows(values: &[Option<&Self>], slot: Slot<'_>) -> Result<Written> {
                let values: Vec<Option<&T>> = values.iter().map(|value| value.map(|$one| $get)).collect();
                T::write_optional_rows(&values, slot)
            }

            fn absence(&self) -> Option<u32> {
                T::absence(self)
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

            fn is_listed() -> bool {
                T::is_listed()
            }

            fn is_gap(&self) -> bool {
                T::is_gap(self)
            }

            fn optional_concept() -> Option<Concept> {
                T::optional_concept()
            }

            fn is_link_name() -> bool {
                T::is_link_name()
            }

            fn name(&self) -> Option<Cow<'_, str>> {
                T::name(self)
            }
        }
    };
}
reference_is_saved!(&T, (), |one| *one);
reference_is_saved!(&mut T, (), |one| &**one);
reference_is_saved!(Cow<'_, T>, (+ Clone), |one| &**one);

impl<T: FileBacked + Clone> FileBacked for Cow<'static, T> {
    fn schema() -> Schema {
        T::schema()
    }

    fn read(node: Node<'_>) -> Result<Self> {
        node.get().map(Cow::Owned)
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        Ok(node.get_rows()?.into_iter().map(Cow::Owned).collect())
    }

    fn from_absence(depth: u32) -> Option<Self> {
        T::from_absence(depth).map(Cow::Owned)
    }

    fn from_name(name: &str) -> Option<Self> {
        T::from_name(name).map(Cow::Owned)
    }
}

impl Save for &str {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        text::write(self, slot)
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        text::write_rows(rows.len(), || rows.iter().copied(), slot)
    }

    fn write_shaped(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        text::write_array(shape, || rows.iter().copied(), slot)
    }

    fn is_flat(_: u32) -> bool {
        true
    }

    fn filler() -> Option<Self> {
        Some("")
    }

    fn optional_concept() -> Option<Concept> {
        Some(Concept::OptionalTexts)
    }

    fn is_link_name() -> bool {
        true
    }

    fn name(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

impl<T: Save> Save for [T] {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        super::collection::write_slice(self, slot)
    }
}

/// References to many values.
macro_rules! slice_is_saved {
    ($t:ty, ($($bound:tt)*)) => {
        impl<T: Save $($bound)*> Save for $t {
            fn write(&self, slot: Slot<'_>) -> Result<Written> {
                super::collection::write_slice(self, slot)
            }

            fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                crate::layout::sequence::write_ragged(rows, slot, |slice, runs| runs.push(&**slice))
            }
        }
    };
}
slice_is_saved!(&[T], ());
slice_is_saved!(&mut [T], ());
slice_is_saved!(Cow<'_, [T]>, (+ Clone));

impl<T: FileBacked + Clone> FileBacked for Cow<'static, [T]> {
    fn schema() -> Schema {
        Vec::<T>::schema()
    }

    fn read(node: Node<'_>) -> Result<Self> {
        node.get().map(Cow::Owned)
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        Ok(node.get_rows()?.into_iter().map(Cow::Owned).collect())
    }
}
