//! Reading sequences of variable length.

use super::data::Data;
use super::filetype::{describe, memory_type, parent};
use super::id::{Id, room};
use super::strings::{Arena, collect, into_arena};
use crate::error::{Error, ErrorKind, Result};
use crate::{Dtype, Gathered};
use hdf5_metno_sys::h5::H5free_memory;
use hdf5_metno_sys::h5p::H5P_DEFAULT;
use hdf5_metno_sys::h5t::{H5Tvlen_create, hvl_t};
use std::ffi::c_char;

/// The elements of all sequences of a dataset or attribute, one after another, and how many each
/// has. The lock is held.
pub(super) fn sequences(data: Data) -> Result<(Gathered, Vec<usize>)> {
    let stored = data.dtype()?;
    let element = match describe(stored.raw())? {
        Dtype::Sequence(element) if element.is_flat() || *element == Dtype::VarStr => *element,
        found => {
            return Err(
                ErrorKind::Unsupported(format!("elements of type {found} cannot be read")).into()
            );
        }
    };
    let part = parent(stored.raw())?;
    let part = if element == Dtype::VarStr { part } else { memory_type(part.raw(), false)? };
    // SAFETY: the type is open; the new one has no other owner.
    let memory = unsafe { Id::own(H5Tvlen_create(part.raw()))? };
    let n = data.elements()?;
    let mut cells: Vec<hvl_t> = room(n)?;
    cells.resize_with(n, || hvl_t { len: 0, p: std::ptr::null_mut() });
    if n == 0 {
        // SAFETY: there are no sequences.
        return unsafe { gather(&cells, &element) };
    }
    match data {
        Data::Dataset(_) => {
            let mut arena = Arena::default();
            // SAFETY: the arena outlives the read; there is room for all sequences, and after a
            // read each is empty or lies in the arena.
            unsafe {
                let list = into_arena(&raw mut arena)?;
                data.read(memory.raw(), list.raw(), cells.as_mut_ptr().cast())?;
                gather(&cells, &element)
            }
        }
        // SAFETY: there is room for all sequences, and after a read each is empty or lies in memory
        // that the library has allocated, as the texts in it do. After a failure nothing is known
        // about them, so they are left alone.
        Data::Attribute(_) => unsafe {
            data.read(memory.raw(), H5P_DEFAULT, cells.as_mut_ptr().cast())?;
            let gathered = gather(&cells, &element);
            for cell in cells.iter().filter(|cell| !cell.p.is_null()) {
                if element == Dtype::VarStr {
                    for i in 0..cell.len {
                        H5free_memory(cell.p.cast::<*mut c_char>().add(i).read_unaligned().cast());
                    }
                }
                H5free_memory(cell.p);
            }
            gathered
        },
    }
}

/// Copies the elements of all sequences.
///
/// # Safety
///
/// Each sequence has its number of elements of this type where it points to.
unsafe fn gather(cells: &[hvl_t], element: &Dtype) -> Result<(Gathered, Vec<usize>)> {
    let mut counts: Vec<usize> = room(cells.len())?;
    counts.extend(cells.iter().map(|cell| if cell.p.is_null() { 0 } else { cell.len }));
    let too_many =
        || Error::new(ErrorKind::Limit("more elements than this machine can address".into()));
    let total =
        counts.iter().try_fold(0usize, |n, count| n.checked_add(*count)).ok_or_else(too_many)?;
    if *element == Dtype::VarStr {
        let mut pointers: Vec<*mut c_char> = room(total)?;
        for (cell, count) in cells.iter().zip(&counts) {
            // SAFETY: the contract of this function; in the arena pointers may lie anywhere.
            pointers.extend(
                (0..*count)
                    .map(|i| unsafe { cell.p.cast::<*mut c_char>().add(i).read_unaligned() }),
            );
        }
        // SAFETY: each pointer is null or one to a string that ends in NUL.
        return Ok((Gathered::Texts(unsafe { collect(&pointers)? }), counts));
    }
    let size = element.size();
    let mut bytes: Vec<u8> = room(total.checked_mul(size).ok_or_else(too_many)?)?;
    for (cell, count) in cells.iter().zip(&counts) {
        if *count > 0 {
            // SAFETY: the contract of this function.
            bytes.extend_from_slice(unsafe {
                std::slice::from_raw_parts(cell.p.cast::<u8>(), count * size)
            });
        }
    }
    Ok((Gathered::Bytes(bytes), counts))
}
