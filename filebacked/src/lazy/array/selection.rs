//! The selection of ndarray's `s![..]` in a dataset.

use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Slab, Span};
use ndarray::{ArrayD, ArrayViewD, Axis, SliceInfoElem};

/// A selection that can be read, and what makes the array of it that was asked for.
pub(super) struct Selection {
    pub(super) slab: Slab,
    /// Axes whose order is turned around.
    reversed: Vec<usize>,
    /// The fate of each axis: kept, dropped (a single index), or inserted.
    axes: Vec<AxisKind>,
}

#[derive(Clone, Copy, PartialEq)]
enum AxisKind {
    Kept,
    Dropped,
    New,
}

impl Selection {
    /// The selection in an array of this shape; axes that are not mentioned are selected whole.
    pub(super) fn new(elements: &[SliceInfoElem], shape: &[usize]) -> Result<Self> {
        let mut this =
            Selection { slab: Slab { dims: Vec::new() }, reversed: Vec::new(), axes: Vec::new() };
        for element in elements {
            let axis = this.slab.dims.len();
            let extent = || shape.get(axis).copied().ok_or_else(|| too_many(elements.len(), shape));
            match *element {
                SliceInfoElem::NewAxis => this.axes.push(AxisKind::New),
                SliceInfoElem::Index(index) => {
                    let extent = extent()?;
                    let at = place(index, extent)
                        .filter(|at| *at < extent)
                        .ok_or_else(|| outside(index, axis, extent))?;
                    this.slab.dims.push(Span { start: at as u64, step: 1, count: 1 });
                    this.axes.push(AxisKind::Dropped);
                }
                SliceInfoElem::Slice { start, end, step } => {
                    let extent = extent()?;
                    let from = place(start, extent).ok_or_else(|| outside(start, axis, extent))?;
                    let to = end.map_or(Some(extent), |end| place(end, extent));
                    let to = to.ok_or_else(|| outside(end.unwrap_or(0), axis, extent))?;
                    let width = step.unsigned_abs();
                    if width == 0 {
                        return Err(ErrorKind::OutOfBounds(format!(
                            "a step of 0 along axis {axis}"
                        ))
                        .into());
                    }
                    let count = to.saturating_sub(from).div_ceil(width);
                    // A negative step begins with the last element.
                    let first = match step {
                        ..0 if count > 0 => to - 1 - (count - 1) * width,
                        _ => from,
                    };
                    if step < 0 {
                        this.reversed.push(axis);
                    }
                    this.slab.dims.push(Span {
                        start: first as u64,
                        step: width as u64,
                        count: count as u64,
                    });
                    this.axes.push(AxisKind::Kept);
                }
            }
        }
        for extent in shape.get(this.slab.dims.len()..).unwrap_or_default() {
            this.slab.dims.push(Span::all(*extent as u64));
            this.axes.push(AxisKind::Kept);
        }
        Ok(this)
    }

    /// Makes what was asked for of the array that was read.
    pub(super) fn arrange<A: Clone>(&self, mut array: ArrayD<A>) -> ArrayD<A> {
        for axis in &self.reversed {
            array.invert_axis(Axis(*axis));
        }
        let mut axis = 0;
        for kind in &self.axes {
            match kind {
                AxisKind::Kept => axis += 1,
                AxisKind::Dropped => array = array.index_axis_move(Axis(axis), 0),
                AxisKind::New => {
                    array = array.insert_axis(Axis(axis));
                    axis += 1;
                }
            }
        }
        if self.reversed.is_empty() { array } else { array.as_standard_layout().into_owned() }
    }
}

impl Selection {
    /// The elements of a view of the shape that was asked for, as they lie in the selection.
    pub(super) fn place<'v, A>(&self, mut values: ArrayViewD<'v, A>) -> Result<ArrayViewD<'v, A>> {
        let mut counts = self.slab.dims.iter().map(|span| span.count as usize);
        let shape: Vec<usize> = self
            .axes
            .iter()
            .filter_map(|kind| match kind {
                AxisKind::New => Some(1),
                AxisKind::Kept => counts.next(),
                AxisKind::Dropped => counts.next().and(None),
            })
            .collect();
        if values.shape() != shape {
            let found = format!("one of shape {:?}", values.shape());
            return Err(Error::mismatch(
                format!("an array of shape {shape:?} for the selection"),
                found,
            ));
        }
        let mut axis = 0;
        for kind in &self.axes {
            match kind {
                AxisKind::Kept => axis += 1,
                AxisKind::Dropped => {
                    values = values.insert_axis(Axis(axis));
                    axis += 1;
                }
                AxisKind::New => values = values.index_axis_move(Axis(axis), 0),
            }
        }
        self.reversed.iter().for_each(|axis| values.invert_axis(Axis(*axis)));
        Ok(values)
    }
}

/// An index from the front, or from the end where it is negative; at most the extent.
fn place(index: isize, extent: usize) -> Option<usize> {
    let at =
        if index < 0 { extent.checked_sub(index.unsigned_abs())? } else { index.unsigned_abs() };
    (at <= extent).then_some(at)
}

#[cold]
fn outside(index: isize, axis: usize, extent: usize) -> Error {
    ErrorKind::OutOfBounds(format!("index {index} along axis {axis}, which has {extent} elements"))
        .into()
}

#[cold]
pub(super) fn too_many(found: usize, shape: &[usize]) -> Error {
    ErrorKind::OutOfBounds(format!("a selection along {found} axes of an array of shape {shape:?}"))
        .into()
}
