//! References and slices: what can be saved without owning it.

use crate::backed::Save;
use crate::error::Result;
use crate::layout::text;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use std::borrow::Cow;

impl<T: Save> Save for &T {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        slot.put(*self)
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        let values: Vec<&T> = rows.iter().copied().collect();
        slot.put_rows(Rows::refs(&values))
    }

    fn write_shaped(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        let values: Vec<&T> = rows.iter().copied().collect();
        slot.put_shaped(Rows::refs(&values), shape)
    }

    // Where the value is absent, its own type has something to stand there.
    fn write_optional_rows(values: &[Option<&Self>], slot: Slot<'_>) -> Result<Written> {
        let values: Vec<Option<&T>> = values.iter().map(|value| value.copied()).collect();
        T::write_optional_rows(&values, slot)
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

    fn nullable() -> Option<&'static (&'static str, &'static str)> {
        Some(&("nullable-string-array", "0.1.0"))
    }

    fn is_name() -> bool {
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

impl<T: Save> Save for &[T] {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        super::collection::write_slice(self, slot)
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        crate::layout::sequence::write_ragged(rows, slot, |slice| slice.len(), |slice, runs| runs.push(slice))
    }
}
