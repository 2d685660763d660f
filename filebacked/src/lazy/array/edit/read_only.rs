//! Changes no array: without the HDF5 library, files are read only.

use crate::error::Result;
use crate::layout::scalar::Element;
use crate::lazy::Held;
use crate::storage::Slab;
use ndarray::ArrayViewD;

/// Writes a part of a dataset.
pub(super) fn put<A: Element>(
    held: &Held,
    _: &[usize],
    _: &Slab,
    _: &ArrayViewD<'_, A>,
) -> Result<()> {
    Err(held.needs_library())
}

/// Changes the shape of a dataset.
pub(super) fn reshape<A: Element>(
    held: &Held,
    _: &[usize],
    _: &[usize],
    _: Option<&(&Slab, ArrayViewD<'_, A>)>,
) -> Result<Option<(Held, Vec<usize>)>> {
    Err(held.needs_library())
}
