//! [`SinglePrecision`]: a filter for types that a predicate accepts.

use filebacked::filter::{AnyRows, AnyType, AnyValue, DynFilter};
use filebacked::{Node, Result, Rows, Schema, Slot, Written};
use std::any::{Any, TypeId};

/// Stores every long `Vec<f64>` as `f32`, which takes half the space and loses 29 bits of each
/// number.
///
/// Its name is not recorded: a `Vec<f64>` also reads `f32`, so files need neither the filter nor
/// this crate. The attribute `precision` informs people.
#[derive(Debug, Clone, Copy)]
pub struct SinglePrecision {
    /// Shorter vectors are stored as they are.
    pub from_len: usize,
}

/// The attributes of the data.
const ATTRIBUTES: &[(&str, &str)] = &[("precision", "single, of numbers that were double")];

impl DynFilter for SinglePrecision {
    fn name(&self) -> &str {
        "SinglePrecision"
    }

    fn applicable(&self, id: TypeId, _: &Schema) -> bool {
        id == TypeId::of::<Vec<f64>>()
    }

    fn write(&self, value: AnyValue<'_>, slot: Slot<'_>) -> Result<Written> {
        match value.downcast_ref::<Vec<f64>>() {
            Some(values) if values.len() >= self.from_len => {
                slot.attributes(ATTRIBUTES).put(&single(values))
            }
            _ => slot.put_next_any(value),
        }
    }

    fn read(&self, node: Node<'_>, ty: AnyType) -> Result<Box<dyn Any>> {
        node.get_next_any(ty)
    }

    fn write_rows(&self, rows: AnyRows<'_>, slot: Slot<'_>) -> Result<Written> {
        match rows.downcast::<Vec<f64>>() {
            Some(vectors) if vectors.iter().any(|values| values.len() >= self.from_len) => {
                let vectors: Vec<Vec<f32>> = vectors.iter().map(|values| single(values)).collect();
                slot.attributes(ATTRIBUTES).put_rows(Rows::slice(&vectors))
            }
            _ => slot.put_next_rows_any(rows),
        }
    }

    fn read_rows(&self, node: Node<'_>, ty: AnyType) -> Result<Vec<Box<dyn Any>>> {
        node.get_next_rows_any(ty)
    }

    fn is_recorded(&self) -> bool {
        false
    }
}

fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}
