//! Changes of an array in its file.

use super::super::elements::{as_stored, take_elements};
use crate::error::{ErrorKind, Result};
use crate::layout::scalar::Element;
use crate::lazy::Held;
use crate::storage::libhdf5::{self, Id};
use crate::storage::{Dtype, Kept, Slab};
use ndarray::ArrayViewD;
use std::sync::Arc;

/// Where values go, and the values.
type Part<'s, 'v, A> = (&'s Slab, ArrayViewD<'v, A>);

/// A dataset that took the place of another, and its chunks.
type Rewritten = (Arc<dyn Kept>, Vec<usize>);

/// The type of a dataset, if its shape is the one that the handle knows.
fn known(dataset: &Id, shape: &[usize]) -> Result<Dtype> {
    let found = libhdf5::changeable(dataset)?;
    match found.shape.iter().copied().eq(shape.iter().map(|extent| *extent as u64)) {
        true => Ok(found.dtype),
        false => Err(ErrorKind::Changed.into()),
    }
}

/// Writes a part of a dataset.
pub(super) fn put<A: Element>(
    held: &Held,
    shape: &[usize],
    slab: &Slab,
    values: &ArrayViewD<'_, A>,
) -> Result<()> {
    held.change(|dataset| libhdf5::locked(|| fill(dataset, &known(dataset, shape)?, slab, values)))
}

fn fill<A: Element>(
    dataset: &Id,
    stored: &Dtype,
    slab: &Slab,
    values: &ArrayViewD<'_, A>,
) -> Result<()> {
    take_elements(values, |dtype, elements| {
        as_stored(stored, dtype, elements, |elements| {
            libhdf5::write_slab(dataset, slab, stored, elements)
        })
    })
}

/// Changes the shape of a dataset, and writes a part of it. Returns the new dataset and its chunks,
/// if it was rewritten.
pub(super) fn reshape<A: Element>(
    held: &Held,
    from: &[usize],
    to: &[usize],
    part: Option<&Part<'_, '_, A>>,
) -> Result<Option<(Held, Vec<usize>)>> {
    let mut rewritten = None;
    held.change(|dataset| {
        // Of two that change the shape, the second one finds another than it knows.
        rewritten = libhdf5::locked(|| reshape_locked(dataset, from, to, part))?;
        Ok(())
    })?;
    Ok(rewritten.map(|(dataset, chunk)| (held.with(dataset), chunk)))
}

fn reshape_locked<A: Element>(
    dataset: &Id,
    from: &[usize],
    to: &[usize],
    part: Option<&Part<'_, '_, A>>,
) -> Result<Option<Rewritten>> {
    let dtype = known(dataset, from)?;
    let [from, to] =
        [from, to].map(|shape| shape.iter().map(|extent| *extent as u64).collect::<Vec<_>>());
    let add = |dataset: &Id| match part {
        Some((slab, values)) => fill(dataset, &dtype, slab, values),
        None => Ok(()),
    };
    if libhdf5::resize_dataset(dataset, &to)? {
        return match add(dataset) {
            Ok(()) => Ok(None),
            Err(error) => {
                libhdf5::resize_dataset(dataset, &from)?;
                Err(error)
            }
        };
    }
    let new = libhdf5::rewrite(dataset, &to, add)?;
    let chunk = libhdf5::chunk(&new)?.into_iter().map(|extent| extent as usize).collect();
    Ok(Some((libhdf5::hold(&new)?, chunk)))
}
