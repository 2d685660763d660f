//! [`GlamVec3`]: a filter for one type.

use filebacked::{Filter, Node, Result, Rows, Slot, Written};
use glam::Vec3;

/// Stores a [`Vec3`] as a dataset of three numbers, and n of them as one of shape `(n, 3)`.
///
/// ```text
/// x            f32 (3)
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct GlamVec3;

impl Filter<Vec3> for GlamVec3 {
    fn name(&self) -> &str {
        "glam.Vec3"
    }

    fn write(&self, value: &Vec3, slot: Slot<'_>) -> Result<Written> {
        slot.put(&value.to_array())
    }

    fn read(&self, node: Node<'_>) -> Result<Vec3> {
        node.get::<[f32; 3]>().map(Vec3::from_array)
    }

    fn write_rows(&self, rows: Rows<'_, Vec3>, slot: Slot<'_>) -> Result<Written> {
        let arrays: Vec<[f32; 3]> = rows.iter().map(Vec3::to_array).collect();
        slot.put_rows(Rows::slice(&arrays))
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<Vec3>> {
        Ok(node.get_rows::<[f32; 3]>()?.into_iter().map(Vec3::from_array).collect())
    }
}
