//! Compares stored data with new data, and writes the differences.

use super::content;
use super::data::Data;
use super::filetype::{describe, is_usual_text};
use super::id::{Id, check, room, with_name};
use super::lists::ListRef;
use super::strings::read_text;
use super::tools::Tools;
use crate::codec::id;
use crate::compound::Strings;
use crate::error::Result;
use crate::{DatasetSpec, Dtype, Elements, Slab, StoredType, Unusual};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5a::{H5Adelete, H5Aexists, H5Aopen, H5Awrite};
use hdf5_metno_sys::h5d::H5D_layout_t::H5D_CHUNKED;
use hdf5_metno_sys::h5d::{H5Dget_create_plist, H5Dread, H5Dwrite};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5p::{
    H5P_DEFAULT, H5Pget_chunk, H5Pget_filter2, H5Pget_layout, H5Pget_nfilters,
};
use hdf5_metno_sys::h5s::H5S_seloper_t::H5S_SELECT_SET;
use hdf5_metno_sys::h5s::{H5S_MAX_RANK, H5Screate_simple, H5Sselect_hyperslab};
use hdf5_metno_sys::h5t::H5Tequal;
use std::ffi::{CStr, c_char};

/// So much of a dataset is read at a time to be compared, or one step of its first dimension.
const BLOCK: usize = 8 << 20;

/// A filter with its options.
type Filter = (u32, Vec<u32>);

/// The chunk shape and the filters of what has chunks.
type Pipeline = (Vec<u64>, Vec<Filter>);

/// The chunk properties of a dataset. The lock is held.
fn pipeline(list: hid_t) -> Result<Option<Pipeline>> {
    let mut chunk = [0u64; H5S_MAX_RANK as usize];
    let mut filters = Vec::new();
    // SAFETY: the list is open; buffers are writable for the sizes that are passed.
    unsafe {
        if H5Pget_layout(list) != H5D_CHUNKED {
            return Ok(None);
        }
        let rank = check(H5Pget_chunk(list, chunk.len() as i32, chunk.as_mut_ptr()))?.unsigned_abs()
            as usize;
        for i in 0..check(H5Pget_nfilters(list))?.unsigned_abs() {
            let (mut flags, mut values, mut config) = (0, [0; 64], 0);
            let (mut count, no_name) = (values.len(), std::ptr::null_mut());
            let filter = H5Pget_filter2(
                list,
                i,
                &mut flags,
                &mut count,
                values.as_mut_ptr(),
                0,
                no_name,
                &mut config,
            );
            let values = values.get(..count).unwrap_or(&values);
            filters.push((check(filter)?.unsigned_abs(), values.to_vec()));
        }
        Ok(Some((chunk.get(..rank).unwrap_or_default().to_vec(), filters)))
    }
}

/// Whether chunks are as requested. A filter may have extended its options, as shuffle does. The
/// lock is held.
fn fits(wanted: hid_t, found: hid_t) -> Result<bool> {
    let (Some((wanted_chunk, wanted)), Some((chunk, found))) =
        (pipeline(wanted)?, pipeline(found)?)
    else {
        return Ok(false);
    };
    let same = |((wanted, options), (found, all)): (&Filter, &Filter)| {
        wanted == found && (*wanted == id::SHUFFLE || all.starts_with(options))
    };
    Ok(wanted_chunk == chunk && wanted.len() == found.len() && wanted.iter().zip(&found).all(same))
}

/// An attribute, if there is one of this name. The lock is held.
pub(super) fn open_attribute(object: hid_t, name: &str) -> Result<Option<Id>> {
    if name.is_empty() {
        return Ok(None);
    }
    // SAFETY: the object is open, the name ends in NUL; the new identifier has no other owner.
    with_name(name, |name| unsafe {
        if check(H5Aexists(object, name))? == 0 {
            return Ok(None);
        }
        Id::own(H5Aopen(object, name, H5P_DEFAULT)).map(Some)
    })
}

/// Deletes an attribute. The lock is held.
pub(super) fn delete_attribute(object: hid_t, name: &str) -> Result<()> {
    // SAFETY: the object is open, the name ends in NUL.
    with_name(name, |name| unsafe { check(H5Adelete(object, name)).map(drop) })
}

/// Whether a dataset or an attribute holds these elements, whose type and shape it has; a `dtype`
/// says how they lie in memory. The lock is held.
pub(super) fn has_elements(
    data: Data,
    memory: Option<hid_t>,
    elements: Elements<'_>,
) -> Result<bool> {
    if data.elements()? == 0 {
        return Ok(true);
    }
    match (elements, memory) {
        (Elements::Bytes(bytes), Some(memory)) => {
            let mut found: Vec<u8> = room(bytes.len())?;
            found.resize(bytes.len(), 0);
            // SAFETY: the buffer has the size of all elements in the type in memory.
            unsafe { data.read(memory, H5P_DEFAULT, found.as_mut_ptr().cast())? };
            Ok(found == bytes)
        }
        (Elements::Texts(texts), _) => Ok(describe(data.dtype()?.raw())? == Dtype::VarStr
            && read_text(data, &[], None)? == *texts),
        // Where references lead is known only when everything is written.
        (Elements::Cells(form, _), _) if form.has_reference() => Ok(false),
        (elements, _) => {
            let location = match data {
                Data::Dataset(id) | Data::Attribute(id) => id,
            };
            Ok(match (elements, content::read_unusual(data, location)?) {
                (Elements::Bytes(bytes), Unusual::Raw(found)) => found == bytes,
                (Elements::Cells(_, cells), Unusual::Cells(_, found)) => found == cells,
                _ => false,
            })
        }
    }
}

impl Tools {
    /// Whether a dataset or an attribute has this type and this shape. The lock is held.
    pub(super) fn is_alike(
        &mut self,
        data: Data,
        dtype: &Dtype,
        stored: Option<&StoredType>,
        shape: &[u64],
        null: bool,
    ) -> Result<bool> {
        let (wanted, _owner) = self.filetype(dtype, stored)?;
        let found = data.dtype()?;
        // SAFETY: both types are open.
        if check(unsafe { H5Tequal(found.raw(), wanted) })? == 0 {
            return Ok(false);
        }
        // HDF5 takes strings of variable length for equal whatever their character set is.
        if stored.is_none() && *dtype == Dtype::VarStr && !is_usual_text(found.raw())? {
            return Ok(false);
        }
        Ok(data.extent()? == (shape.to_vec(), null))
    }

    /// Whether a dataset is as the specification wants it, but for its elements and its attributes:
    /// where nothing is said of chunks and compression, as it lies. `size` is that of an element in
    /// the file. The lock is held.
    pub(super) fn is_as_wanted(
        &mut self,
        dataset: hid_t,
        spec: &DatasetSpec<'_>,
        elements: usize,
        size: usize,
    ) -> Result<bool> {
        if !self.is_alike(Data::Dataset(dataset), spec.dtype, spec.stored, spec.shape, spec.null)? {
            return Ok(false);
        }
        match self.lists.dataset(spec, elements, size)? {
            ListRef::Kept(_) => Ok(true),
            ListRef::Made(wanted) => {
                // SAFETY: the dataset is open; the new identifier has no other owner.
                let found = unsafe { Id::own(H5Dget_create_plist(dataset))? };
                fits(wanted.raw(), found.raw())
            }
        }
    }

    /// Writes `bytes`, all elements of a dataset that is as the specification wants it, where they
    /// are not those that are there. Takes the lock for each block.
    pub(super) fn overwrite(
        &mut self,
        dataset: &Id,
        spec: &DatasetSpec<'_>,
        bytes: &[u8],
    ) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let chunks = sync(|| {
            // SAFETY: the dataset is open; the new identifier has no other owner.
            let list = unsafe { Id::own(H5Dget_create_plist(dataset.raw()))? };
            pipeline(list.raw())
        })?;
        let whole = spec.shape.is_empty() || bytes.len() <= BLOCK;
        let rows = if whole { 1 } else { spec.shape.first().map_or(1, |rows| (*rows).max(1)) };
        let row = bytes.len() / rows as usize;
        // Whole chunks, so that none is decoded twice.
        let unit =
            chunks.as_ref().and_then(|(chunk, _)| chunk.first().copied()).unwrap_or(1).max(1);
        let step = ((BLOCK / row.max(1)) as u64 / unit).max(1).saturating_mul(unit).min(rows);
        let filtered = chunks.is_some_and(|(_, filters)| !filters.is_empty());
        let mut found: Vec<u8> = Vec::new();
        let mut start = 0;
        while start < rows {
            let count = step.min(rows - start);
            let part = &bytes[start as usize * row..(start + count) as usize * row];
            let rows = (!whole).then_some((start, count));
            let differs = sync(|| {
                found = if found.len() == part.len() {
                    std::mem::take(&mut found)
                } else {
                    room(part.len())?
                };
                found.resize(part.len(), 0);
                let part_of = Block::new(self.types.get(spec.dtype)?, dataset, spec.shape, rows)?;
                part_of.read(&mut found)?;
                if found == part {
                    return Ok(false);
                }
                if !filtered {
                    part_of.write(part)?;
                }
                Ok::<_, crate::Error>(true)
            })?;
            if differs && filtered {
                let whole = Slab::whole(spec.shape);
                if !super::chunks::write(
                    dataset,
                    spec.shape,
                    &whole,
                    spec.dtype.size(),
                    bytes,
                    false,
                )? {
                    // SAFETY: the bytes are all elements of the dataset, in their form in memory.
                    sync(|| unsafe { self.write(dataset, spec.dtype, bytes.as_ptr().cast()) })?;
                }
                return Ok(());
            }
            start += count;
        }
        Ok(())
    }

    /// Whether a dataset holds these records; `bytes` has zeros where the strings stand. The lock
    /// is held.
    pub(super) fn has_records(
        &mut self,
        dataset: &Id,
        dtype: &Dtype,
        bytes: &[u8],
        strings: &[Strings],
    ) -> Result<bool> {
        const POINTER: usize = size_of::<*const c_char>();
        if bytes.is_empty() {
            return Ok(true);
        }
        let memory = self.types.get(dtype)?;
        let data = Data::Dataset(dataset.raw());
        // Words, so that the library finds pointers where the machine wants them.
        let mut words: Vec<usize> = room(bytes.len().div_ceil(POINTER))?;
        words.resize(bytes.len().div_ceil(POINTER), 0);
        // SAFETY: the buffer has room for all elements in this type, and words may be seen as
        // bytes. After the read each string is null or a pointer to one that ends in NUL; all are
        // given back once they are compared.
        unsafe {
            data.read(memory, H5P_DEFAULT, words.as_mut_ptr().cast())?;
            let found =
                std::slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), bytes.len());
            let places = || strings.iter().flat_map(|strings| strings.iter(POINTER));
            let same_texts = places().all(|(at, text)| {
                let pointer = found.get(at..).and_then(|rest| rest.first_chunk::<POINTER>());
                let pointer =
                    pointer.map_or(0, |pointer| usize::from_ne_bytes(*pointer)) as *const c_char;
                let found =
                    if pointer.is_null() { &[] } else { CStr::from_ptr(pointer).to_bytes() };
                found == text
            });
            content::reclaim(data, memory, found.as_mut_ptr().cast())?;
            for (at, _) in places() {
                if let Some(place) = found.get_mut(at..at + POINTER) {
                    place.fill(0);
                }
            }
            Ok(same_texts && found == bytes)
        }
    }

    /// Writes an attribute of plain elements where there is none that is equal. The lock is held.
    pub(super) fn update_attribute(
        &mut self,
        at: hid_t,
        name: &str,
        dtype: &Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()> {
        if let Some(found) = open_attribute(at, name)? {
            let data = Data::Attribute(found.raw());
            if self.is_alike(data, dtype, None, shape, false)? {
                let memory = self.types.get(dtype)?;
                if !has_elements(data, Some(memory), Elements::Bytes(bytes))? {
                    // SAFETY: everything is open, and the bytes are as many as the attribute has.
                    check(unsafe { H5Awrite(found.raw(), memory, bytes.as_ptr().cast()) })?;
                }
                return Ok(());
            }
            drop(found);
            delete_attribute(at, name)?;
        }
        self.attribute(at, name, dtype, shape, bytes)
    }
}

/// A part of a dataset: some steps of its first dimension, or all of it.
struct Block<'a> {
    memory: hid_t,
    dataset: &'a Id,
    spaces: Option<(Id, Id)>,
}

impl<'a> Block<'a> {
    /// The lock is held.
    fn new(
        memory: hid_t,
        dataset: &'a Id,
        shape: &[u64],
        rows: Option<(u64, u64)>,
    ) -> Result<Self> {
        let Some((start, count)) = rows else { return Ok(Block { memory, dataset, spaces: None }) };
        let (mut starts, mut counts) = (vec![0u64; shape.len()], shape.to_vec());
        if let (Some(first), Some(extent)) = (starts.first_mut(), counts.first_mut()) {
            (*first, *extent) = (start, count);
        }
        let none = std::ptr::null();
        // SAFETY: the dataspaces are open, and everything has a number for each dimension; new
        // identifiers have no other owner.
        unsafe {
            let inside = Id::own(H5Screate_simple(counts.len() as i32, counts.as_ptr(), none))?;
            let outside = Data::Dataset(dataset.raw()).space()?;
            let (at, extent) = (starts.as_ptr(), counts.as_ptr());
            check(H5Sselect_hyperslab(outside.raw(), H5S_SELECT_SET, at, none, extent, none))?;
            Ok(Block { memory, dataset, spaces: Some((inside, outside)) })
        }
    }

    fn spaces(&self) -> (hid_t, hid_t) {
        let all = hdf5_metno_sys::h5s::H5S_ALL;
        self.spaces.as_ref().map_or((all, all), |(inside, outside)| (inside.raw(), outside.raw()))
    }

    /// `out` has the size of the part.
    fn read(&self, out: &mut [u8]) -> Result<()> {
        let (inside, outside) = self.spaces();
        let out = out.as_mut_ptr().cast();
        // SAFETY: everything is open, and there is room for all elements that are selected.
        check(unsafe {
            H5Dread(self.dataset.raw(), self.memory, inside, outside, H5P_DEFAULT, out)
        })
        .map(drop)
    }

    /// `bytes` has the size of the part.
    fn write(&self, bytes: &[u8]) -> Result<()> {
        let (inside, outside) = self.spaces();
        let bytes = bytes.as_ptr().cast();
        // SAFETY: everything is open, and the bytes are all elements that are selected.
        check(unsafe {
            H5Dwrite(self.dataset.raw(), self.memory, inside, outside, H5P_DEFAULT, bytes)
        })
        .map(drop)
    }
}
