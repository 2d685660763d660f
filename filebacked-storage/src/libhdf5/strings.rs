//! Strings of variable length: reading them, and pointers to them among elements.

use super::data::Data;
use super::filetype::{describe, size_of_type, strings_of};
use super::id::{Id, check, room};
use super::lists::new_list;
use super::recast::POINTER;
use crate::compound::Strings;
use crate::error::{Error, ErrorKind, Result};
use crate::{Dtype, Slab, Texts, elements};
use hdf5_metno::globals::H5P_DATASET_XFER;
use hdf5_metno_sys::h5::H5free_memory;
use hdf5_metno_sys::h5p::{H5P_DEFAULT, H5Pset_vlen_mem_manager};
use std::ffi::{CStr, c_char, c_void};

/// A list for a transfer that puts what is of variable length into an arena, so that a read that
/// fails halfway loses nothing. The lock is held.
///
/// # Safety
///
/// The arena outlives every read with the list.
pub(super) unsafe fn into_arena(arena: *mut Arena) -> Result<Id> {
    let list = new_list(*H5P_DATASET_XFER)?;
    // SAFETY: the list is open; the functions get the arena.
    check(unsafe {
        H5Pset_vlen_mem_manager(list.raw(), Some(allocate), arena.cast(), Some(leave), arena.cast())
    })?;
    Ok(list)
}

/// All strings of a dataset or attribute, or of the member that the names lead to; or those of a
/// part of a dataset. The lock is held.
pub(super) fn read_text(data: Data, member: &[String], part: Option<&Slab>) -> Result<Texts> {
    let Some(memory) = strings_of(data.dtype()?.raw(), member)? else {
        let found = describe(data.dtype()?.raw())?;
        return Err(Error::mismatch(Dtype::VarStr.to_string(), found.to_string()));
    };
    let each = size_of_type(memory.raw())? / size_of::<*mut c_char>();
    let elements = match part {
        Some(part) => elements(&part.shape()).unwrap_or(usize::MAX),
        None => data.elements()?,
    };
    let n =
        elements.checked_mul(each).ok_or_else(|| ErrorKind::Damaged("too many strings".into()))?;
    if n == 0 {
        return Ok(Texts::default());
    }
    let mut pointers: Vec<*mut c_char> = room(n)?;
    pointers.resize(n, std::ptr::null_mut());
    match data {
        Data::Dataset(_) => {
            let mut arena = Arena::default();
            // SAFETY: the arena outlives the read; there is room for all pointers, and after a read
            // each is null or one to a string in the arena.
            unsafe {
                let list = into_arena(&raw mut arena)?;
                let place = pointers.as_mut_ptr().cast();
                match part {
                    Some(part) => data.read_part(memory.raw(), part, list.raw(), place)?,
                    None => data.read(memory.raw(), list.raw(), place)?,
                }
                collect(&pointers)
            }
        }
        // SAFETY: there is room for all pointers, and after a read each is null or one to a string
        // that the library has allocated. After a failure nothing is known about them, so they are
        // left alone.
        Data::Attribute(_) => unsafe {
            data.read(memory.raw(), H5P_DEFAULT, pointers.as_mut_ptr().cast())?;
            let texts = collect(&pointers);
            for pointer in pointers.into_iter().filter(|pointer| !pointer.is_null()) {
                H5free_memory(pointer.cast());
            }
            texts
        },
    }
}

/// The strings that the pointers point to.
///
/// # Safety
///
/// Each pointer is null or one to a string that ends in NUL.
pub(super) unsafe fn collect(pointers: &[*mut c_char]) -> Result<Texts> {
    let mut texts = Texts { bytes: Vec::new(), ends: room(pointers.len())? };
    for pointer in pointers {
        if !pointer.is_null() {
            // SAFETY: the contract of this function.
            texts.bytes.extend_from_slice(unsafe { CStr::from_ptr(*pointer) }.to_bytes());
        }
        texts.ends.push(texts.bytes.len());
    }
    Ok(texts)
}

/// Puts pointers to strings where they stand among elements; `texts` is where they lie then, ended
/// by NUL.
pub(super) fn put_pointers(
    bytes: &mut [u8],
    strings: &[Strings],
    texts: &mut Vec<u8>,
) -> Result<()> {
    let mut places: Vec<(usize, usize)> = room(strings.iter().map(Strings::count).sum())?;
    for (at, text) in strings.iter().flat_map(|strings| strings.iter(POINTER)) {
        if text.contains(&0) {
            return Err(ErrorKind::Contract("text with NUL".into()).into());
        }
        places.push((at, texts.len()));
        texts.extend_from_slice(text);
        texts.push(0);
    }
    for (at, start) in places {
        let pointer = texts[start..].as_ptr() as usize;
        let place = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<POINTER>());
        *place.ok_or_else(|| ErrorKind::Contract("a string outside its record".into()))? =
            pointer.to_ne_bytes();
    }
    Ok(())
}

/// A text of fixed length without its padding.
pub(super) fn unpadded(cell: &[u8]) -> &[u8] {
    let len = cell.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    cell.get(..len).unwrap_or_default()
}

/// Memory for strings that are read, given back as a whole.
#[derive(Default)]
pub(super) struct Arena {
    blocks: Vec<Vec<u8>>,
    /// Bytes in use of the last block.
    used: usize,
}

impl Arena {
    /// Where `size` bytes may be written, or null.
    fn take(&mut self, size: usize) -> *mut c_void {
        if self.blocks.last().is_none_or(|block| block.capacity() - self.used < size) {
            let Ok(block) = room(size.max(64 << 10)) else { return std::ptr::null_mut() };
            self.blocks.push(block);
            self.used = 0;
        }
        match self.blocks.last_mut() {
            Some(block) => {
                let place = block.spare_capacity_mut()[self.used..].as_mut_ptr().cast();
                self.used += size;
                place
            }
            None => std::ptr::null_mut(),
        }
    }
}

unsafe extern "C" fn allocate(size: usize, arena: *mut c_void) -> *mut c_void {
    // SAFETY: the data is the arena that `into_arena` was given.
    unsafe { &mut *arena.cast::<Arena>() }.take(size)
}

unsafe extern "C" fn leave(_: *mut c_void, _: *mut c_void) {}
