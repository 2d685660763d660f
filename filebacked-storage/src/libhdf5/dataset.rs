//! Datasets that are changed: elements put into parts of them, and other extents.

use super::chunks;
use super::data::{Data, Memory, allocation, select};
use super::filetype::{describe, is_swapped_time};
use super::id::{Id, check, room};
use super::types::Types;
use crate::error::{Error, ErrorKind, Result};
use crate::{Description, Dtype, Elements, Handle, ObjectKind, Slab, Texts, elements};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5d::H5D_layout_t::H5D_CHUNKED;
use hdf5_metno_sys::h5d::{H5Dget_create_plist, H5Dset_extent, H5Dwrite};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5p::{H5P_DEFAULT, H5Pget_layout};
use hdf5_metno_sys::h5s::{H5S_MAX_RANK, H5Screate_simple, H5Sget_simple_extent_dims};
use hdf5_metno_sys::h5t::H5Tequal;
use std::ffi::{c_char, c_void};

/// The type and shape of a dataset before a change; [`ErrorKind::Changed`] if it has no link any
/// more, so that the change would be lost.
pub fn changeable(dataset: &Id) -> Result<Description> {
    sync(|| {
        if links_to(dataset)? == 0 {
            return Err(Error::new(ErrorKind::Changed).with_help(
                "the dataset was deleted or replaced; read the handle from the file again",
            ));
        }
        let data = data(dataset)?;
        let (shape, null) = data.extent()?;
        Ok(Description { dtype: describe(data.dtype()?.raw())?, shape, null })
    })
}

/// How many hard links lead to an object. The lock is held.
pub(super) fn links_to(object: &Id) -> Result<usize> {
    info(object).map(|info| info.num_links)
}

/// The identity of an object in its file. The lock is held.
pub(super) fn identity(object: &Id) -> Result<String> {
    info(object).map(|info| format!("{} {:?}", info.fileno, info.token))
}

fn info(object: &Id) -> Result<hdf5_metno::LocationInfo> {
    // SAFETY: the reference that is given away is that of the copy.
    let location =
        unsafe { hdf5_metno::from_id::<hdf5_metno::Location>(object.clone().into_raw()) };
    let info = location.and_then(|location| location.loc_info());
    info.map_err(|error| Error::new(ErrorKind::Hdf5(error.to_string())))
}

/// The lock is held.
fn data(dataset: &Id) -> Result<Data> {
    Data::of(Handle { id: dataset.raw() as u64, kind: ObjectKind::Dataset, bare: false })
}

/// Puts elements into a part of a dataset whose type this is. Whole chunks that are compressed are
/// coded on all cores.
pub fn write_slab(dataset: &Id, slab: &Slab, dtype: &Dtype, values: Elements<'_>) -> Result<()> {
    let mut types = sync(Types::new)?;
    let (shape, stored) = sync(|| {
        let data = data(dataset)?;
        let shape = data.extent()?.0;
        slab.check(&shape)?;
        Ok::<_, Error>((shape, data.dtype()?))
    })?;
    let n = elements(&slab.shape())
        .ok_or_else(|| ErrorKind::Limit("more elements than memory has".to_string()))?;
    if n == 0 {
        return Ok(());
    }
    match values {
        Elements::Bytes(bytes)
            if n.checked_mul(dtype.size()) == Some(bytes.len()) && dtype.is_plain() =>
        {
            let (memory, same) = sync(|| {
                if is_swapped_time(stored.raw())? {
                    return Err(ErrorKind::Unsupported(
                        "times of this kind cannot be written".into(),
                    )
                    .into());
                }
                let memory = Memory::to_write(&mut types, &stored, dtype)?;
                // SAFETY: both types are open.
                let same = unsafe { H5Tequal(stored.raw(), memory.raw()) } > 0;
                Ok::<_, Error>((memory, same))
            })?;
            if same && chunks::write(dataset, &shape, slab, dtype.size(), bytes, false)? {
                return Ok(());
            }
            // SAFETY: the bytes are as many elements as the selection has, in the form of this type
            // in memory.
            sync(|| unsafe { transfer(dataset, memory.raw(), slab, bytes.as_ptr().cast()) })
        }
        Elements::Texts(texts) if *dtype == Dtype::VarStr && texts.ends.len() == n => {
            let (bytes, starts) = ended(texts)?;
            let pointers: Vec<*const c_char> =
                starts.iter().map(|start| bytes[*start..].as_ptr().cast()).collect();
            // SAFETY: there is a pointer to a text that ends in NUL for each element of the
            // selection.
            sync(|| unsafe { transfer(dataset, stored.raw(), slab, pointers.as_ptr().cast()) })
        }
        _ => Err(ErrorKind::Contract(format!("elements that are not {n} of {dtype}")).into()),
    }
}

/// Texts with a NUL behind each, and where each starts.
pub(super) fn ended(texts: &Texts) -> Result<(Vec<u8>, Vec<usize>)> {
    let mut bytes = room(texts.bytes.len() + texts.ends.len())?;
    let mut starts = room(texts.ends.len())?;
    let mut from = 0;
    for end in &texts.ends {
        let text = texts.bytes.get(from..*end).unwrap_or_default();
        if text.contains(&0) {
            let error =
                Error::new(ErrorKind::Unsupported("text with NUL, where HDF5 strings end".into()));
            return Err(error.with_help("store bytes instead"));
        }
        starts.push(bytes.len());
        bytes.extend_from_slice(text);
        bytes.push(0);
        from = *end;
    }
    Ok((bytes, starts))
}

/// Writes a part of a dataset. The lock is held.
///
/// # Safety
///
/// `from` points to as many elements of the type `memory` as the selection has, which lies in the
/// dataset.
pub(super) unsafe fn transfer(
    dataset: &Id,
    memory: hid_t,
    slab: &Slab,
    from: *const c_void,
) -> Result<()> {
    let file_space = data(dataset)?.space()?;
    select(&file_space, slab)?;
    let shape = slab.shape();
    // SAFETY: everything is open, the spaces select equally many elements, and the contract of this
    // function.
    unsafe {
        let memory_space =
            Id::own(H5Screate_simple(shape.len() as i32, shape.as_ptr(), std::ptr::null()))?;
        check(H5Dwrite(
            dataset.raw(),
            memory,
            memory_space.raw(),
            file_space.raw(),
            H5P_DEFAULT,
            from,
        ))
        .map(drop)
    }
}

/// The shape of a dataset, and the largest that it may get.
pub(super) fn extents(dataset: &Id) -> Result<(Vec<u64>, Vec<u64>)> {
    sync(|| {
        let space = data(dataset)?.space()?;
        let (mut shape, mut most) = ([0u64; H5S_MAX_RANK as usize], [0u64; H5S_MAX_RANK as usize]);
        // SAFETY: the dataspace is open and the arrays have room for the highest rank.
        let rank = check(unsafe {
            H5Sget_simple_extent_dims(space.raw(), shape.as_mut_ptr(), most.as_mut_ptr())
        })?;
        let of_rank = |extents: &[u64]| {
            extents.get(..rank.unsigned_abs() as usize).unwrap_or_default().to_vec()
        };
        Ok((of_rank(&shape), of_rank(&most)))
    })
}

/// Gives a dataset another shape of the same rank, where it has chunks and may have that shape;
/// `false` where not.
pub fn resize(dataset: &Id, shape: &[u64]) -> Result<bool> {
    sync(|| {
        let (now, most) = extents(dataset)?;
        // SAFETY: the dataset is open, and so is its list.
        let chunked = unsafe {
            let list = Id::own(H5Dget_create_plist(dataset.raw()))?;
            H5Pget_layout(list.raw()) == H5D_CHUNKED
        };
        if !chunked
            || now.len() != shape.len()
            || most.iter().zip(shape).any(|(most, extent)| extent > most)
        {
            return Ok(false);
        }
        // SAFETY: the dataset is open, the shape has a number for each dimension.
        check(unsafe { H5Dset_extent(dataset.raw(), shape.as_ptr()) })?;
        Ok(true)
    })
}

/// The chunk shape of a dataset; empty where it has none.
pub fn chunk(dataset: &Id) -> Result<Vec<u64>> {
    sync(|| Ok(allocation(dataset.raw())?.chunk))
}
