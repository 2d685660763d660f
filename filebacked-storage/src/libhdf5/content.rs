//! Elements of any type, in and out: with sequences, strings of variable length and references as
//! parts.

use super::data::Data;
use super::filetype::describe;
use super::id::{Id, check, room};
use super::lists::new_list;
use super::memory::{DEPTH, MemoryKind, MemoryType, bytes_of, keep, owned, unfit};
use super::tools::too_large;
use crate::error::{ErrorKind, Result};
use crate::{Dtype, Elements, StoredType, Texts, Unusual};
use hdf5_metno::globals::H5P_DATASET_XFER;
use hdf5_metno_sys::h5a::{H5Aget_space, H5Awrite};
use hdf5_metno_sys::h5d::{H5Dget_space, H5Dwrite};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5p::H5P_DEFAULT;
#[cfg(not(hdf5_tokens))]
use hdf5_metno_sys::h5r::H5R_type_t::{H5R_DATASET_REGION, H5R_OBJECT};
use hdf5_metno_sys::h5s::H5S_ALL;
use hdf5_metno_sys::h5t::{H5Tdecode, H5Tencode};
use std::ffi::c_void;
use std::sync::Arc;

/// Whether some part of a type is a reference to a region, or one of HDF5 1.12 or later. The lock
/// is held.
pub(super) fn has_regions(id: hid_t) -> Result<bool> {
    Ok(MemoryType::new(id, false, DEPTH)?.has_regions())
}

/// Whether elements of a type are their bytes: no text or sequence of variable length, which lies
/// elsewhere, and no reference.
pub(super) fn is_fixed(id: hid_t) -> bool {
    MemoryType::new(id, false, DEPTH).is_ok_and(|part| part.is_fixed())
}

/// Reads all elements of a type that has no [`Dtype`]. `location` is in the same file. The lock is
/// held.
pub(super) fn read_unusual(data: Data, location: hid_t) -> Result<Unusual> {
    let part = MemoryType::new(data.dtype()?.raw(), false, DEPTH)?;
    let n = data.elements()?;
    let size = n.checked_mul(part.size).ok_or_else(too_large)?;
    let mut buffer: Vec<usize> = room(size.div_ceil(size_of::<usize>()))?;
    buffer.resize(size.div_ceil(size_of::<usize>()), 0);
    if let MemoryKind::Flat(_) = part.kind {
        let mut raw: Vec<u8> = room(size)?;
        raw.resize(size, 0);
        if n > 0 {
            // SAFETY: there is room for all elements in this type.
            unsafe { data.read(part.memory.raw(), H5P_DEFAULT, raw.as_mut_ptr().cast())? };
        }
        return Ok(Unusual::Raw(raw));
    }
    if n == 0 {
        return Ok(Unusual::Cells(part.form(), Vec::new()));
    }
    // SAFETY: there is room for all elements in this type; after a failure nothing is known about
    // what was read, so it is left alone. Pointers are given back to the library once everything is
    // copied.
    unsafe {
        data.read(part.memory.raw(), H5P_DEFAULT, buffer.as_mut_ptr().cast())?;
        let cells = part.take_all(bytes_of(&mut buffer, size), location);
        if part.has_pointers() {
            reclaim(data, part.memory.raw(), buffer.as_mut_ptr().cast())?;
        }
        Ok(Unusual::Cells(part.form(), cells?))
    }
}

/// Reads all elements, and writes them again if `change` says that it has changed some. The lock is
/// held.
pub(super) fn change(
    data: Data,
    change: impl FnOnce(&MemoryType, &mut [u8]) -> Result<bool>,
) -> Result<()> {
    let part = MemoryType::new(data.dtype()?.raw(), true, DEPTH)?;
    let n = data.elements()?;
    let size = n.checked_mul(part.size).ok_or_else(too_large)?;
    let mut buffer: Vec<usize> = room(size.div_ceil(size_of::<usize>()))?;
    buffer.resize(size.div_ceil(size_of::<usize>()), 0);
    if n == 0 {
        return Ok(());
    }
    // SAFETY: there is room for all elements in this type; after a failure nothing is known about
    // what was read, so it is left alone. Pointers are given back to the library in the end.
    unsafe {
        data.read(part.memory.raw(), H5P_DEFAULT, buffer.as_mut_ptr().cast())?;
        let changed = change(&part, bytes_of(&mut buffer, size));
        let written = match changed {
            Ok(true) => put(data, &part.memory, buffer.as_ptr().cast()),
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        if part.has_pointers() {
            reclaim(data, part.memory.raw(), buffer.as_mut_ptr().cast())?;
        }
        written
    }
}

/// # Safety
///
/// The buffer was filled by a read of all elements in this type. The lock is held.
pub(super) unsafe fn reclaim(data: Data, memory: hid_t, buffer: *mut c_void) -> Result<()> {
    // SAFETY: everything is open, and the contract of this function.
    unsafe {
        let space = match data {
            Data::Dataset(id) => Id::own(H5Dget_space(id))?,
            Data::Attribute(id) => Id::own(H5Aget_space(id))?,
        };
        #[cfg(hdf5_tokens)]
        check(hdf5_metno_sys::h5t::H5Treclaim(memory, space.raw(), H5P_DEFAULT, buffer))?;
        #[cfg(not(hdf5_tokens))]
        check(hdf5_metno_sys::h5d::H5Dvlen_reclaim(memory, space.raw(), H5P_DEFAULT, buffer))?;
    }
    Ok(())
}

/// Writes all elements of an open dataset or attribute. `usual` says that its type is what a
/// [`Dtype`] is written as, and `location` is the group that everything is written to. The lock is
/// held.
pub(super) fn write(
    data: Data,
    elements: Elements<'_>,
    usual: bool,
    location: hid_t,
) -> Result<()> {
    let n = data.elements()?;
    let stored = data.dtype()?;
    if n == 0 {
        return Ok(());
    }
    let mut arena = Vec::new();
    match elements {
        Elements::Bytes(bytes) => {
            let part = if usual { None } else { Some(MemoryType::new(stored.raw(), true, DEPTH)?) };
            let memory = part.as_ref().map_or(&stored, |part| &part.memory);
            if n.checked_mul(super::filetype::size_of_type(memory.raw())?) != Some(bytes.len()) {
                return Err(unfit());
            }
            let mut swapped: Vec<u8>;
            let bytes = match &part {
                Some(part) if !part.swapped.is_empty() => {
                    swapped = owned(bytes)?;
                    swapped.chunks_exact_mut(part.size).for_each(|element| part.swap(element));
                    &swapped[..]
                }
                _ => bytes,
            };
            // SAFETY: the bytes are all elements in this type, which has no pointers.
            unsafe { put(data, memory, bytes.as_ptr().cast()) }
        }
        Elements::Texts(texts) => {
            let mut pointers = texts_of(texts, &mut arena)?;
            if pointers.len() != n || describe(stored.raw())? != Dtype::VarStr {
                return Err(unfit());
            }
            // SAFETY: there is a pointer to a text that ends in NUL for each element.
            unsafe { put(data, &stored, pointers.as_mut_ptr().cast::<c_void>().cast_const()) }
        }
        Elements::Cells(_, cells) => {
            let part = MemoryType::new(stored.raw(), true, DEPTH)?;
            if cells.len() != n {
                return Err(unfit());
            }
            let size = n.checked_mul(part.size).ok_or_else(too_large)?;
            let mut buffer = vec![0usize; size.div_ceil(size_of::<usize>())];
            part.put_all(cells, bytes_of(&mut buffer, size), location, &mut arena)?;
            // SAFETY: all elements in this type, with pointers into the arena, which is still
            // there.
            unsafe { put(data, &part.memory, buffer.as_ptr().cast()) }
        }
    }
}

fn texts_of(texts: &Texts, arena: &mut Vec<Vec<usize>>) -> Result<Vec<*const u8>> {
    let all = keep(arena, texts.bytes.len() + texts.ends.len())?;
    let mut pointers: Vec<*const u8> = room(texts.ends.len())?;
    let (mut start, mut at) = (0, 0);
    for end in &texts.ends {
        let text = texts.bytes.get(start..*end).ok_or_else(unfit)?;
        if text.contains(&0) {
            return Err(ErrorKind::Contract("text with NUL".into()).into());
        }
        all[at..at + text.len()].copy_from_slice(text);
        pointers.push(all[at..].as_ptr());
        at += text.len() + 1;
        start = *end;
    }
    Ok(pointers)
}

/// # Safety
///
/// `buffer` has all elements in the type `memory`. The lock is held.
unsafe fn put(data: Data, memory: &Id, buffer: *const c_void) -> Result<()> {
    let transfer = new_list(*H5P_DATASET_XFER)?;
    // SAFETY: everything is open, and the contract of this function.
    unsafe {
        match data {
            Data::Dataset(id) => {
                check(H5Dwrite(id, memory.raw(), H5S_ALL, H5S_ALL, transfer.raw(), buffer))?
            }
            Data::Attribute(id) => check(H5Awrite(id, memory.raw(), buffer))?,
        };
    }
    Ok(())
}

/// A type in HDF5's own encoding. The lock is held.
pub(super) fn encode(id: hid_t) -> Result<StoredType> {
    let mut size = 0;
    // SAFETY: the type is open; the first call asks for the size, the second fills a buffer of it.
    unsafe {
        check(H5Tencode(id, std::ptr::null_mut(), &mut size))?;
        let mut encoded: Vec<u8> = room(size)?;
        encoded.resize(size, 0);
        check(H5Tencode(id, encoded.as_mut_ptr().cast(), &mut size))?;
        encoded.truncate(size);
        Ok(StoredType(Arc::from(encoded)))
    }
}

/// The type that was encoded. The lock is held.
pub(super) fn decode(stored: &StoredType) -> Result<Id> {
    // SAFETY: the bytes are those that `encode` got from the library; the new type has no other
    // owner.
    #[cfg(not(hdf5_sized_decode))]
    unsafe {
        Id::own(H5Tdecode(stored.0.as_ptr().cast()))
    }
    // SAFETY: as above.
    #[cfg(hdf5_sized_decode)]
    unsafe {
        Id::own(H5Tdecode(stored.0.as_ptr().cast(), stored.0.len()))
    }
}
