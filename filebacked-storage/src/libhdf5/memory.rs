//! [`MemoryType`]: how the elements of a type lie in memory, with parts outside of themselves.

use super::filetype::{
    array_shape, class, copy, describe, head, member_name, member_type, members, memory_type,
    parent,
};
use super::id::{Id, check, room, with_name};
use super::stack::forget_error;
use super::tools::too_large;
use crate::error::{Error, ErrorKind, Result};
use crate::{Cell, CellForm, Dtype};
use hdf5_metno::globals::{H5T_STD_REF_DSETREG, H5T_STD_REF_OBJ};
use hdf5_metno_sys::h5i::hid_t;
#[cfg(not(hdf5_tokens))]
use hdf5_metno_sys::h5r::H5R_type_t::{H5R_DATASET_REGION, H5R_OBJECT};
#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5r::H5R_type_t::{
    H5R_DATASET_REGION1 as H5R_DATASET_REGION, H5R_OBJECT1 as H5R_OBJECT,
};
use hdf5_metno_sys::h5r::{H5R_type_t, H5Rcreate, H5Rget_name};
use hdf5_metno_sys::h5t::H5T_class_t::H5T_COMPOUND;
use hdf5_metno_sys::h5t::H5T_order_t::H5T_ORDER_LE;
use hdf5_metno_sys::h5t::{
    H5Tarray_create, H5Tcreate, H5Tequal, H5Tget_order, H5Tinsert, H5Tvlen_create, hvl_t,
};
use std::ffi::{CStr, c_char, c_void};
use std::ops::Range;

/// Types in types are followed this far.
pub(super) const DEPTH: u32 = 32;

/// How a type lies in memory.
pub(super) struct MemoryType {
    pub(super) kind: MemoryKind,
    pub(super) size: usize,
    pub(super) memory: Id,
    /// Where enumerations lie whose bytes are in another order than the machine's. There is no way
    /// to them but from themselves: from integers HDF5 knows none, and other enumerations lose the
    /// numbers that have no name.
    pub(super) swapped: Vec<Range<usize>>,
}

pub(super) enum MemoryKind {
    Flat(Dtype),
    Text,
    Sequence(Box<MemoryType>),
    Array(Box<MemoryType>, Vec<u64>),
    /// Names, offsets and types.
    Compound(Vec<(String, usize, MemoryType)>),
    Reference(H5R_type_t),
    /// A reference of HDF5 1.12 or later.
    Opaque,
}

impl MemoryType {
    fn plain(kind: MemoryKind, size: usize, memory: Id) -> MemoryType {
        MemoryType { kind, size, memory, swapped: Vec::new() }
    }

    fn swapped_from(&self, start: usize) -> impl Iterator<Item = Range<usize>> {
        self.swapped.iter().map(move |range| range.start + start..range.end + start)
    }

    /// Puts the bytes of one element into the order of the file where the library does not.
    pub(super) fn swap(&self, element: &mut [u8]) {
        self.swapped
            .iter()
            .filter_map(|range| element.get_mut(range.clone()).map(<[u8]>::reverse))
            .for_each(drop);
    }

    /// The memory form of a type in a file, for reading or, with `writing`, for writing. The lock
    /// is held.
    pub(super) fn new(id: hid_t, writing: bool, depth: u32) -> Result<MemoryType> {
        let (class, size) = head(id)?;
        let Some(depth) = depth.checked_sub(1) else {
            return Err(ErrorKind::Unsupported("types nested too deep".into()).into());
        };
        let dtype = describe(id)?;
        match class {
            class::STRING if dtype == Dtype::VarStr => {
                Ok(MemoryType::plain(MemoryKind::Text, size_of::<*const c_char>(), copy(id)?))
            }
            class::VLEN => {
                let element = MemoryType::new(parent(id)?.raw(), writing, depth)?;
                // SAFETY: the element's type is open; the new type has no other owner.
                let memory = unsafe { Id::own(H5Tvlen_create(element.memory.raw()))? };
                Ok(MemoryType::plain(
                    MemoryKind::Sequence(Box::new(element)),
                    size_of::<hvl_t>(),
                    memory,
                ))
            }
            class::ARRAY => {
                let (element, shape) =
                    (MemoryType::new(parent(id)?.raw(), writing, depth)?, array_shape(id)?);
                // SAFETY: the element's type is open, the shape has as many numbers as is said.
                let memory = unsafe {
                    Id::own(H5Tarray_create(
                        element.memory.raw(),
                        shape.len() as u32,
                        shape.as_ptr(),
                    ))?
                };
                let size = shape
                    .iter()
                    .try_fold(element.size, |n, d| n.checked_mul(usize::try_from(*d).ok()?));
                let size = size.ok_or_else(too_large)?;
                let flat = !dtype.is_unusual();
                if !flat {
                    return Ok(MemoryType::plain(
                        MemoryKind::Array(Box::new(element), shape),
                        size,
                        memory,
                    ));
                }
                let starts = (0..size).step_by(element.size.max(1));
                let swapped = starts.flat_map(|start| element.swapped_from(start)).collect();
                Ok(MemoryType {
                    swapped,
                    ..MemoryType::plain(MemoryKind::Flat(dtype), size, memory)
                })
            }
            class::COMPOUND if !matches!(dtype, Dtype::Complex32 | Dtype::Complex64) => {
                MemoryType::compound(id, dtype, writing, depth)
            }
            class::REFERENCE => {
                // SAFETY: both types are open.
                let is = |other: hid_t| unsafe { check(H5Tequal(id, other)) };
                let kind = match (is(*H5T_STD_REF_OBJ)?, is(*H5T_STD_REF_DSETREG)?) {
                    (0, 0) => MemoryKind::Opaque,
                    (0, _) => MemoryKind::Reference(H5R_DATASET_REGION),
                    _ => MemoryKind::Reference(H5R_OBJECT),
                };
                Ok(MemoryType::plain(kind, size, copy(id)?))
            }
            class::ENUM if writing => {
                // SAFETY: the type is open.
                let big = size > 1 && unsafe { H5Tget_order(id) } != H5T_ORDER_LE;
                let swapped = big.then_some(0..size).into_iter().collect();
                Ok(MemoryType {
                    swapped,
                    ..MemoryType::plain(MemoryKind::Flat(dtype), size, copy(id)?)
                })
            }
            _ => {
                let memory = if matches!(dtype, Dtype::Other(..)) {
                    copy(id)?
                } else {
                    memory_type(id, writing)?
                };
                Ok(MemoryType::plain(
                    MemoryKind::Flat(dtype),
                    super::filetype::size_of_type(memory.raw())?,
                    memory,
                ))
            }
        }
    }

    fn compound(id: hid_t, dtype: Dtype, writing: bool, depth: u32) -> Result<MemoryType> {
        let mut parts = Vec::new();
        let mut end = 0usize;
        for i in 0..members(id)? {
            let part = MemoryType::new(member_type(id, i)?.raw(), writing, depth)?;
            // Pointers have to be where the machine wants them; flat elements are packed.
            if part.has_pointers() {
                end = end.next_multiple_of(size_of::<usize>());
            }
            let offset = end;
            end = end.checked_add(part.size).ok_or_else(too_large)?;
            parts.push((member_name(id, i)?, offset, part));
        }
        if parts.iter().any(|(_, _, part)| part.has_pointers()) {
            end = end.next_multiple_of(size_of::<usize>());
        }
        // SAFETY: the new type has no other owner.
        let memory = unsafe { Id::own(H5Tcreate(H5T_COMPOUND, end))? };
        for (name, offset, part) in &parts {
            // SAFETY: both types are open, the name ends in NUL, the member lies inside.
            with_name(name, |name| unsafe {
                check(H5Tinsert(memory.raw(), name, *offset, part.memory.raw()))
            })?;
        }
        if dtype.is_unusual() {
            return Ok(MemoryType::plain(MemoryKind::Compound(parts), end, memory));
        }
        let swapped =
            parts.iter().flat_map(|(_, offset, part)| part.swapped_from(*offset)).collect();
        Ok(MemoryType { swapped, ..MemoryType::plain(MemoryKind::Flat(dtype), end, memory) })
    }

    pub(super) fn has_pointers(&self) -> bool {
        match &self.kind {
            MemoryKind::Flat(_) | MemoryKind::Reference(_) => false,
            MemoryKind::Text | MemoryKind::Sequence(_) | MemoryKind::Opaque => true,
            MemoryKind::Array(element, _) => element.has_pointers(),
            MemoryKind::Compound(members) => members.iter().any(|(_, _, part)| part.has_pointers()),
        }
    }

    /// Whether some part is a reference that is not to an object.
    pub(super) fn has_regions(&self) -> bool {
        match &self.kind {
            MemoryKind::Flat(_) | MemoryKind::Text | MemoryKind::Reference(H5R_OBJECT) => false,
            MemoryKind::Reference(_) | MemoryKind::Opaque => true,
            MemoryKind::Array(element, _) | MemoryKind::Sequence(element) => element.has_regions(),
            MemoryKind::Compound(members) => members.iter().any(|(_, _, part)| part.has_regions()),
        }
    }

    pub(super) fn is_fixed(&self) -> bool {
        match &self.kind {
            MemoryKind::Flat(dtype) => *dtype != Dtype::VarStr,
            MemoryKind::Array(element, _) => element.is_fixed(),
            MemoryKind::Compound(members) => members.iter().all(|(_, _, part)| part.is_fixed()),
            MemoryKind::Text
            | MemoryKind::Sequence(_)
            | MemoryKind::Reference(_)
            | MemoryKind::Opaque => false,
        }
    }

    pub(super) fn form(&self) -> CellForm {
        match &self.kind {
            MemoryKind::Flat(dtype) => CellForm::Flat(dtype.clone()),
            MemoryKind::Text => CellForm::Text,
            MemoryKind::Sequence(element) => CellForm::Sequence(Box::new(element.form())),
            MemoryKind::Array(element, shape) => {
                CellForm::Array(Box::new(element.form()), shape.clone())
            }
            MemoryKind::Compound(members) => CellForm::Compound(
                members.iter().map(|(name, _, part)| (name.clone(), part.form())).collect(),
            ),
            MemoryKind::Reference(_) | MemoryKind::Opaque => CellForm::Reference,
        }
    }

    /// An element, or a part of one, as it lies in memory after a read.
    ///
    /// # Safety
    ///
    /// `bytes` has the size of the part and was filled by the library. The lock is held.
    unsafe fn take(&self, bytes: &[u8], location: hid_t) -> Result<Cell> {
        // SAFETY: the contract of this function, for each part; pointers are null, or lead to what
        // the library says.
        unsafe {
            Ok(match &self.kind {
                MemoryKind::Flat(_) => Cell::Bytes(owned(bytes)?),
                MemoryKind::Text => {
                    let pointer: *const c_char =
                        bytes.as_ptr().cast::<*const c_char>().read_unaligned();
                    let text =
                        if pointer.is_null() { &[] } else { CStr::from_ptr(pointer).to_bytes() };
                    Cell::Bytes(owned(text)?)
                }
                MemoryKind::Sequence(element) => {
                    let sequence = bytes.as_ptr().cast::<hvl_t>().read_unaligned();
                    let size = sequence.len.checked_mul(element.size).ok_or_else(too_large)?;
                    let all = if sequence.p.is_null() || size == 0 {
                        &[]
                    } else {
                        std::slice::from_raw_parts(sequence.p.cast::<u8>(), size)
                    };
                    match element.kind {
                        MemoryKind::Flat(_) => Cell::Bytes(owned(all)?),
                        _ => Cell::Many(element.take_all(all, location)?),
                    }
                }
                MemoryKind::Array(element, _) => Cell::Many(element.take_all(bytes, location)?),
                MemoryKind::Compound(members) => {
                    let member = |(_, offset, part): &(String, usize, MemoryType)| {
                        part.take(
                            bytes.get(*offset..*offset + part.size).unwrap_or_default(),
                            location,
                        )
                    };
                    Cell::Many(members.iter().map(member).collect::<Result<_>>()?)
                }
                MemoryKind::Reference(kind) => Cell::Bytes(path_of(bytes, *kind, location)),
                MemoryKind::Opaque => {
                    return Err(
                        ErrorKind::Unsupported("references of HDF5 1.12 or later".into()).into()
                    );
                }
            })
        }
    }

    /// # Safety
    ///
    /// As [`MemoryType::take`], for each element.
    pub(super) unsafe fn take_all(&self, bytes: &[u8], location: hid_t) -> Result<Vec<Cell>> {
        let mut cells = room(bytes.len() / self.size.max(1))?;
        for bytes in bytes.chunks_exact(self.size.max(1)) {
            // SAFETY: the contract of this function.
            cells.push(unsafe { self.take(bytes, location)? });
        }
        Ok(cells)
    }

    /// Copies an element, or a part of one, to the memory that libhdf5 reads. The targets of
    /// pointers are kept in `arena`.
    fn put(
        &self,
        cell: &Cell,
        out: &mut [u8],
        location: hid_t,
        arena: &mut Vec<Vec<usize>>,
    ) -> Result<()> {
        match (&self.kind, cell) {
            (MemoryKind::Flat(_), Cell::Bytes(bytes)) if bytes.len() == out.len() => {
                out.copy_from_slice(bytes);
                self.swap(out);
            }
            (MemoryKind::Text, Cell::Bytes(text)) => {
                if text.contains(&0) {
                    return Err(ErrorKind::Contract("text with NUL".into()).into());
                }
                let place = keep(arena, text.len() + 1)?;
                place[..text.len()].copy_from_slice(text);
                put_pointer(out, place.as_ptr());
            }
            (MemoryKind::Sequence(element), cell) => {
                let (len, size) = match cell {
                    Cell::Bytes(bytes) => (bytes.len() / element.size.max(1), bytes.len()),
                    Cell::Many(cells) => (cells.len(), cells.len().saturating_mul(element.size)),
                };
                let mut elements = vec![0usize; size.div_ceil(size_of::<usize>())];
                let place = bytes_of(&mut elements, size);
                match cell {
                    Cell::Bytes(bytes) if matches!(element.kind, MemoryKind::Flat(_)) => {
                        place.copy_from_slice(bytes);
                        place
                            .chunks_exact_mut(element.size.max(1))
                            .for_each(|bytes| element.swap(bytes));
                    }
                    Cell::Bytes(_) => return Err(unfit()),
                    Cell::Many(cells) => element.put_all(cells, place, location, arena)?,
                }
                let pointer = if len == 0 { std::ptr::null() } else { elements.as_ptr() };
                let (first, second) = out.split_at_mut(size_of::<usize>());
                first.copy_from_slice(&len.to_ne_bytes());
                put_pointer(second, pointer.cast());
                arena.push(elements);
            }
            (MemoryKind::Array(element, _), Cell::Many(cells)) => {
                element.put_all(cells, out, location, arena)?
            }
            (MemoryKind::Compound(members), Cell::Many(cells)) if members.len() == cells.len() => {
                for ((name, offset, part), cell) in members.iter().zip(cells) {
                    let place = out.get_mut(*offset..*offset + part.size).ok_or_else(unfit)?;
                    part.put(cell, place, location, arena).map_err(|e| e.at(name))?;
                }
            }
            (MemoryKind::Reference(H5R_OBJECT), Cell::Bytes(path)) => {
                if !path.is_empty() {
                    refer(path, out, location)?;
                }
            }
            (MemoryKind::Reference(_) | MemoryKind::Opaque, _) => {
                let what = "references to regions of datasets cannot be written".into();
                return Err(ErrorKind::Unsupported(what).into());
            }
            _ => return Err(unfit()),
        }
        Ok(())
    }

    pub(super) fn put_all(
        &self,
        cells: &[Cell],
        out: &mut [u8],
        location: hid_t,
        arena: &mut Vec<Vec<usize>>,
    ) -> Result<()> {
        if cells.len().checked_mul(self.size) != Some(out.len()) {
            return Err(unfit());
        }
        out.chunks_exact_mut(self.size.max(1))
            .zip(cells)
            .try_for_each(|(out, cell)| self.put(cell, out, location, arena))
    }
}

#[cold]
pub(super) fn unfit() -> Error {
    ErrorKind::Contract("elements that do not fit their type".into()).into()
}

pub(super) fn owned(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut owned = room(bytes.len())?;
    owned.extend_from_slice(bytes);
    Ok(owned)
}

/// Memory that is kept for the library to read, seen as bytes.
pub(super) fn keep(arena: &mut Vec<Vec<usize>>, size: usize) -> Result<&mut [u8]> {
    let words = vec![0usize; size.div_ceil(size_of::<usize>())];
    arena.push(words);
    match arena.last_mut() {
        Some(words) => Ok(bytes_of(words, size)),
        None => Err(unfit()),
    }
}

pub(super) fn bytes_of(words: &mut [usize], size: usize) -> &mut [u8] {
    let size = size.min(size_of_val(words));
    // SAFETY: words may be seen as bytes, and no more of them than there are.
    unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), size) }
}

pub(super) fn put_pointer(out: &mut [u8], pointer: *const u8) {
    out[..size_of::<usize>()].copy_from_slice(&(pointer as usize).to_ne_bytes());
}

/// The path of what a reference leads to; empty where it leads nowhere. The lock is held.
pub(super) fn path_of(reference: &[u8], kind: H5R_type_t, location: hid_t) -> Vec<u8> {
    if reference.iter().all(|byte| *byte == 0) {
        return Vec::new();
    }
    let pointer = reference.as_ptr().cast::<c_void>();
    let mut name = vec![0u8; 256];
    loop {
        // SAFETY: the location is open, the reference is one of this kind, the buffer has room for
        // as much as is said.
        let len =
            unsafe { H5Rget_name(location, kind, pointer, name.as_mut_ptr().cast(), name.len()) };
        match usize::try_from(len) {
            Err(_) => {
                forget_error();
                return Vec::new();
            }
            Ok(len) if len >= name.len() => name.resize(len + 1, 0),
            Ok(len) => {
                name.truncate(len);
                return name;
            }
        }
    }
}

/// Makes a reference to the object at a path: below the group that is written, otherwise in the
/// whole file.
pub(super) fn refer(path: &[u8], out: &mut [u8], location: hid_t) -> Result<()> {
    let path = std::str::from_utf8(path)
        .map_err(|_| ErrorKind::Invalid("a path that is not UTF-8".into()))?;
    let below = path.trim_start_matches('/');
    for path in [if below.is_empty() { "." } else { below }, path] {
        // SAFETY: the location is open, the name ends in NUL, and there is room for a reference to
        // an object.
        let code = with_name(path, |name| unsafe {
            Ok(H5Rcreate(out.as_mut_ptr().cast(), location, name, H5R_OBJECT, -1))
        })?;
        if code >= 0 {
            return Ok(());
        }
        forget_error();
    }
    Err(Error::new(ErrorKind::Missing)
        .with_help(format!("a reference to `{path}`, which is not saved with it")))
}
