//! The conformance suite for predicate filters.

use filebacked::filter::{AnyRows, AnyType, AnyValue, DynFilter};
use filebacked::testing::{Check, Failure, check_dyn_filter};
use filebacked::{Compression, Node, Result, Rows, Schema, Slot, Written};
use std::any::{Any, TypeId};

/// Compresses every sequence of numbers, by passing on.
struct Gzip;

impl DynFilter for Gzip {
    fn name(&self) -> &str {
        "test.Gzip"
    }
    fn applicable(&self, _: TypeId, schema: &Schema) -> bool {
        matches!(schema, Schema::Sequence(inner) if matches!(inner(), Schema::Scalar(_)))
    }
    fn write(&self, value: AnyValue<'_>, slot: Slot<'_>) -> Result<Written> {
        slot.compression(Compression::Gzip(1)).put_next_any(value)
    }
    fn read(&self, node: Node<'_>, ty: AnyType) -> Result<Box<dyn Any>> {
        node.get_next_any(ty)
    }
    fn write_rows(&self, rows: AnyRows<'_>, slot: Slot<'_>) -> Result<Written> {
        slot.compression(Compression::Gzip(1)).put_next_rows_any(rows)
    }
    fn read_rows(&self, node: Node<'_>, ty: AnyType) -> Result<Vec<Box<dyn Any>>> {
        node.get_next_rows_any(ty)
    }
    fn is_recorded(&self) -> bool {
        false
    }
}

/// Stores numbers as text, and has flaws by their number.
struct Spelled(u8);

impl Spelled {
    fn parse(&self, text: &str) -> Result<u16> {
        if self.0 == 2 {
            return Ok(text.parse().unwrap());
        }
        text.parse().map_err(filebacked::Error::custom)
    }
}

impl DynFilter for Spelled {
    fn name(&self) -> &str {
        if self.0 == 1 { "" } else { "test.Spelled" }
    }
    fn applicable(&self, id: TypeId, _: &Schema) -> bool {
        self.0 != 3 && id == TypeId::of::<u16>()
    }
    fn write(&self, value: AnyValue<'_>, slot: Slot<'_>) -> Result<Written> {
        match value.downcast_ref::<u16>() {
            Some(value) => slot.put(&value.to_string()),
            None => slot.put_next_any(value),
        }
    }
    fn read(&self, node: Node<'_>, ty: AnyType) -> Result<Box<dyn Any>> {
        if ty.id() != TypeId::of::<u16>() {
            return node.get_next_any(ty);
        }
        let value = self.parse(&node.get::<String>()?)?;
        if self.0 == 4 { Ok(Box::new(u32::from(value))) } else { Ok(Box::new(value)) }
    }
    fn write_rows(&self, rows: AnyRows<'_>, slot: Slot<'_>) -> Result<Written> {
        match rows.downcast::<u16>() {
            Some(rows) => {
                let texts: Vec<String> = rows.iter().map(u16::to_string).collect();
                slot.put_rows(Rows::slice(if self.0 == 5 { &texts[..0] } else { &texts }))
            }
            None => slot.put_next_rows_any(rows),
        }
    }
    fn read_rows(&self, node: Node<'_>, ty: AnyType) -> Result<Vec<Box<dyn Any>>> {
        if ty.id() != TypeId::of::<u16>() {
            return node.get_next_rows_any(ty);
        }
        let texts = node.get_rows::<String>()?;
        texts.iter().map(|text| Ok(Box::new(self.parse(text)?) as Box<dyn Any>)).collect()
    }
    fn is_recorded(&self) -> bool {
        self.0 != 6
    }
}

#[test]
fn predicate_filters_keep_the_contract() -> std::result::Result<(), Failure> {
    check_dyn_filter(Gzip, [vec![0.5; 5000], vec![]])?;
    check_dyn_filter(Gzip, [vec![1u8, 2]])?;
    check_dyn_filter(Spelled(0), [0u16, 7, u16::MAX])
}

#[test]
fn the_suite_finds_what_breaks_the_contract() {
    let found = |filter| check_dyn_filter(filter, [0u16, 7]).unwrap_err().check();
    assert_eq!(found(Spelled(1)), Check::Name);
    assert_eq!(found(Spelled(2)), Check::OddData);
    assert_eq!(found(Spelled(3)), Check::Registry);
    assert_eq!(found(Spelled(4)), Check::Foreign);
    assert_eq!(found(Spelled(5)), Check::Rows);
    assert_eq!(found(Spelled(6)), Check::Record);
    // A type that the predicate is not about.
    assert_eq!(check_dyn_filter(Spelled(0), [1u8]).unwrap_err().check(), Check::Registry);
}
