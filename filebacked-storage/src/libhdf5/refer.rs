//! Links and references: what they lead to, and what is wrong where they lead nowhere.

use super::data::Data;
use super::filetype::{describe, memory_type};
use super::id::{Id, check, room};
use super::stack::{forget_error, is_circle};
use crate::error::{Error, ErrorKind, Result};
use crate::{Description, Gathered, Handle, ObjectKind};
use hdf5_metno_sys::h5d::H5Dread;
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5l::H5Lget_val;
use hdf5_metno_sys::h5p::H5P_DEFAULT;
#[cfg(not(hdf5_dereference2))]
use hdf5_metno_sys::h5r::H5Rdereference1;
#[cfg(hdf5_dereference2)]
use hdf5_metno_sys::h5r::H5Rdereference2;
#[cfg(not(hdf5_tokens))]
pub(super) use hdf5_metno_sys::h5r::{H5R_DATASET_REGION as REGION, H5R_OBJECT as OBJECT};
#[cfg(hdf5_tokens)]
pub(super) use hdf5_metno_sys::h5r::{H5R_DATASET_REGION1 as REGION, H5R_OBJECT1 as OBJECT};
use hdf5_metno_sys::h5r::{H5R_type_t, H5Rget_region};
use hdf5_metno_sys::h5s::{
    H5S_MAX_RANK, H5Screate_simple, H5Sget_select_bounds, H5Sget_select_npoints,
    H5Sget_simple_extent_ndims,
};
use std::error::Error as _;
use std::ffi::{c_char, c_void};

/// The error of a link that could not be followed: of a soft or external one, that it leads
/// nowhere. The lock is held.
///
/// # Safety
///
/// The group is open, and the name ends in NUL.
#[cold]
pub(super) unsafe fn broken(group: hid_t, name: *const c_char, error: Error) -> Error {
    if is_circle(&error) {
        return Error::new(ErrorKind::Dangling(
            "links that point to each other in a circle".into(),
        ))
        .with_source(error);
    }
    // The link may lead where it should, if only that could be read.
    if error.source().is_some_and(|source| source.is::<std::io::Error>()) {
        return error;
    }
    let mut value = [0u8; 4096];
    // SAFETY: the contract of this function; the buffer is writable for the size that is passed.
    if unsafe { H5Lget_val(group, name, value.as_mut_ptr().cast(), value.len(), H5P_DEFAULT) } < 0 {
        // A hard link has no value: the object is there, and is what cannot be opened.
        forget_error();
        return error;
    }
    let mut texts = value.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let what = match (texts.next().as_deref(), texts.next(), texts.next()) {
        // The first byte of an external link has its version and its flags.
        (Some(""), Some(file), Some(path)) => format!("an external link to `{path}` in `{file}`"),
        (Some(path), ..) => format!("a soft link to `{path}`"),
        (None, ..) => return error,
    };
    Error::new(ErrorKind::Dangling(format!("{what}, which cannot be opened"))).with_source(error)
}

fn is_null(reference: &[u8]) -> bool {
    reference.iter().all(|byte| *byte == 0)
}

/// Opens what a reference leads to. The lock is held.
pub(super) fn dereference(at: hid_t, kind: H5R_type_t, reference: &[u8]) -> Result<Id> {
    let reference: *const c_void = reference.as_ptr().cast();
    // SAFETY: the object that the reference was read from is open, and the reference has the size
    // of its kind; the new identifier has no other owner.
    let object = unsafe {
        #[cfg(hdf5_dereference2)]
        let object = H5Rdereference2(at, H5P_DEFAULT, kind, reference);
        #[cfg(not(hdf5_dereference2))]
        let object = H5Rdereference1(at, kind, reference);
        Id::own(object)
    };
    object.map_err(nowhere)
}

#[cold]
fn nowhere(error: Error) -> Error {
    Error::new(ErrorKind::Dangling("a reference to a missing object".into())).with_source(error)
}

/// The object that a reference leads to. The lock is held.
pub(super) fn target(at: hid_t, reference: &[u8]) -> Result<Option<Id>> {
    if reference.len() != 8 {
        return Err(ErrorKind::Contract(format!("a reference of {} bytes", reference.len())).into());
    }
    if is_null(reference) { Ok(None) } else { dereference(at, OBJECT, reference).map(Some) }
}

/// The elements of a region reference: in the shape of the region if it is one block, otherwise in
/// one row. The lock is held.
pub(super) fn region(at: hid_t, reference: &[u8]) -> Result<Option<(Description, Gathered)>> {
    if reference.len() != 12 {
        return Err(ErrorKind::Contract(format!(
            "a reference to a region of {} bytes",
            reference.len()
        ))
        .into());
    }
    if is_null(reference) {
        return Ok(None);
    }
    let dataset = dereference(at, REGION, reference)?;
    // SAFETY: as in `dereference`.
    let selected = unsafe { Id::own(H5Rget_region(at, REGION, reference.as_ptr().cast())) }
        .map_err(nowhere)?;
    let data =
        Data::of(Handle { id: dataset.raw() as u64, kind: ObjectKind::Dataset, bare: false })?;
    let stored = data.dtype()?;
    let dtype = describe(stored.raw())?;
    if !dtype.is_flat() {
        return Err(ErrorKind::Unsupported(format!("a region of elements of type {dtype}")).into());
    }
    let (shape, count) = selection(&selected)?;
    let bytes = usize::try_from(count).ok().and_then(|count| count.checked_mul(dtype.size()));
    let bytes = bytes
        .ok_or_else(|| Error::new(ErrorKind::Damaged(format!("a region of {count} elements"))))?;
    let mut elements: Vec<u8> = room(bytes)?;
    elements.resize(bytes, 0);
    if count > 0 {
        let memory = memory_type(stored.raw(), false)?;
        // SAFETY: everything is open; there is room for as many elements as are selected, in the
        // type in memory, whose size `describe` has told.
        unsafe {
            if super::filetype::size_of_type(memory.raw())? != dtype.size() {
                return Err(ErrorKind::Unsupported(format!(
                    "a region of elements of type {dtype}"
                ))
                .into());
            }
            let space = Id::own(H5Screate_simple(1, &count, std::ptr::null()))?;
            let out = elements.as_mut_ptr().cast();
            check(H5Dread(
                dataset.raw(),
                memory.raw(),
                space.raw(),
                selected.raw(),
                H5P_DEFAULT,
                out,
            ))?;
        }
    }
    Ok(Some((Description { dtype, shape, null: false }, Gathered::Bytes(elements))))
}

/// The shape and the number of elements of a selection. The lock is held.
fn selection(space: &Id) -> Result<(Vec<u64>, u64)> {
    let (mut start, mut end) = ([0u64; H5S_MAX_RANK as usize], [0u64; H5S_MAX_RANK as usize]);
    // SAFETY: the dataspace is open, and the arrays have room for the highest rank.
    let (count, rank) = unsafe {
        let count = check(H5Sget_select_npoints(space.raw()))?.unsigned_abs();
        let rank = check(H5Sget_simple_extent_ndims(space.raw()))?.unsigned_abs() as usize;
        if count == 0 || rank == 0 {
            return Ok((if rank == 0 { Vec::new() } else { vec![0] }, count));
        }
        check(H5Sget_select_bounds(space.raw(), start.as_mut_ptr(), end.as_mut_ptr()))?;
        (count, rank)
    };
    let extents = end
        .iter()
        .zip(&start)
        .take(rank)
        .map(|(end, start)| end.saturating_sub(*start).saturating_add(1));
    let block: Vec<u64> = extents.collect();
    let all = block.iter().try_fold(1u64, |n, extent| n.checked_mul(*extent));
    Ok((if all == Some(count) { block } else { vec![count] }, count))
}
