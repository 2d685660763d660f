//! Datasets that grow along their first dimension.

use super::data::Data;
use super::edit::{copy_attribute, root_of};
use super::filetype::{copy, describe, like, size_of_type};
use super::id::{Id, check, room, with_link_name, with_name};
use super::names::attributes;
use super::recast::Recast;
use super::rewrite::is_chunked;
use super::stack::last_error;
use super::strings::{Arena, into_arena, put_pointers};
use super::types::Types;
use crate::compound::Strings;
use crate::error::{Error, ErrorKind, Result};
use crate::{CHUNK, Dtype, Handle, Texts, chunk_shape, elements};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5a::{H5Aopen, H5Awrite};
use hdf5_metno_sys::h5d::H5D_layout_t::H5D_CHUNKED;
use hdf5_metno_sys::h5d::{
    H5Dcreate_anon, H5Dget_create_plist, H5Dget_space, H5Dread, H5Dset_extent, H5Dwrite,
};
use hdf5_metno_sys::h5i::{H5Iget_name, H5Iinc_ref, hid_t};
use hdf5_metno_sys::h5o::H5Oopen;
use hdf5_metno_sys::h5p::{H5P_DEFAULT, H5Pget_layout, H5Premove_filter, H5Pset_chunk};
use hdf5_metno_sys::h5s::H5S_seloper_t::H5S_SELECT_SET;
use hdf5_metno_sys::h5s::{
    H5S_MAX_RANK, H5S_UNLIMITED, H5Screate_simple, H5Sget_simple_extent_dims, H5Sselect_hyperslab,
};
use std::ffi::{c_char, c_void};

/// Chunks of what was small are not smaller than this: it may grow.
const SMALLEST: usize = 32 << 10;

/// Rows of about so many bytes are copied at a time.
const COPIED: usize = 8 << 20;

/// Changes datasets. Types are made once.
#[derive(Debug)]
pub struct Grower {
    types: Types,
}

/// Elements that are appended.
#[derive(Debug)]
pub enum Rows<'a> {
    /// In their form in memory, of this type.
    Bytes(&'a Dtype, &'a [u8]),
    /// Texts without NUL, for a dataset of variable length.
    Texts(&'a Texts),
    /// Records of the first type, with zeros where these strings stand, as those of the second one.
    Records(&'a Dtype, &'a [u8], &'a [Strings], &'a Dtype),
}

/// A reference of its own to what a handle of this engine stands for.
pub fn id_of(handle: Handle) -> Result<Id> {
    // SAFETY: the handle is open; the reference that is added is the new identifier's.
    sync(|| unsafe {
        check(H5Iinc_ref(handle.id as hid_t))?;
        Id::own(handle.id as hid_t)
    })
}

/// How many links lead to an object.
pub fn links(object: &Id) -> Result<usize> {
    location(object)?.loc_info().map(|info| info.num_links).map_err(failed)
}

fn location(object: &Id) -> Result<hdf5_metno::Location> {
    // SAFETY: the reference that is added belongs to the new location.
    let location = sync(|| unsafe {
        H5Iinc_ref(object.raw());
        hdf5_metno::from_id::<hdf5_metno::Location>(object.raw())
    });
    location.map_err(failed)
}

#[cold]
fn failed(error: hdf5_metno::Error) -> Error {
    ErrorKind::Hdf5(error.to_string()).into()
}

/// The group that contains an object, and the object's name in it, if known.
pub fn place(object: &Id) -> Result<Option<(Id, String)>> {
    sync(|| {
        let mut name = vec![0u8; 4096];
        // SAFETY: the object is open, the buffer is writable for its length.
        let len =
            check(unsafe { H5Iget_name(object.raw(), name.as_mut_ptr().cast(), name.len()) })?;
        let Some(name) =
            usize::try_from(len).ok().filter(|len| *len < 4096).and_then(|len| name.get(..len))
        else {
            return Ok(None);
        };
        let Ok(name) = std::str::from_utf8(name) else { return Ok(None) };
        let Some((group, name)) = name.rsplit_once('/').filter(|(_, name)| !name.is_empty()) else {
            return Ok(None);
        };
        let (root, path) = (root_of(object)?, format!("{group}/"));
        // SAFETY: the root is open, the name ends in NUL; the new identifiers have no other owner.
        let group =
            with_name(&path, |path| unsafe { Id::own(H5Oopen(root.raw(), path, H5P_DEFAULT)) })?;
        let there = location(&open(&group, name)?)?.loc_info().map_err(failed)?;
        let same = there.token == location(object)?.loc_info().map_err(failed)?.token;
        Ok(same.then(|| (group, name.to_string())))
    })
}

/// Does something during which no other thread does anything with the library.
pub fn locked<R>(act: impl FnOnce() -> R) -> R {
    sync(act)
}

/// Opens a member of a group.
pub fn open(group: &Id, name: &str) -> Result<Id> {
    sync(|| {
        // SAFETY: the group is open, the name ends in NUL; the new identifier has no other owner.
        with_link_name(name, |name| unsafe { Id::own(H5Oopen(group.raw(), name, H5P_DEFAULT)) })
    })
}

/// Whether a dataset can grow along its first dimension as it is.
pub fn can_grow(dataset: &Id) -> Result<bool> {
    sync(|| {
        let (mut dims, mut most) = ([0u64; H5S_MAX_RANK as usize], [0u64; H5S_MAX_RANK as usize]);
        // SAFETY: the dataset and what is asked of it are open, and the arrays have room for the
        // highest rank.
        unsafe {
            let list = Id::own(H5Dget_create_plist(dataset.raw()))?;
            let space = Id::own(H5Dget_space(dataset.raw()))?;
            let rank = check(H5Sget_simple_extent_dims(
                space.raw(),
                dims.as_mut_ptr(),
                most.as_mut_ptr(),
            ))?;
            Ok(rank > 0 && H5Pget_layout(list.raw()) == H5D_CHUNKED && most[0] == H5S_UNLIMITED)
        }
    })
}

/// Sets the extents of a dataset with chunks.
pub fn resize(dataset: &Id, shape: &[u64]) -> Result<()> {
    // SAFETY: the dataset is open, and the shape has its rank: it is the one it has, but for the
    // first extent.
    sync(|| check(unsafe { H5Dset_extent(dataset.raw(), shape.as_ptr()) }).map(drop))
}

/// Checks that a dataset of this shape and these chunks can be cut to its first rows: reads the last
/// of them if the chunks around it are cut, because HDF5 then rewrites these chunks.
pub fn check_cut(dataset: &Id, shape: &[u64], chunk: &[u64], rows: u64) -> Result<()> {
    let whole = chunk.first().is_none_or(|chunk| rows.is_multiple_of((*chunk).max(1)));
    let count = elements(shape.get(1..).unwrap_or_default()).unwrap_or(0);
    if whole || count == 0 {
        return Ok(());
    }
    sync(|| {
        let memory = of(dataset).dtype()?;
        // Words, so that pointers among the elements are aligned.
        let words = count.saturating_mul(size_of_type(memory.raw())?).div_ceil(size_of::<usize>());
        let mut buffer: Vec<usize> = room(words)?;
        buffer.resize(words, 0);
        let mut arena = Arena::default();
        let (space, in_memory) = selected(dataset, shape, rows - 1, 1)?;
        // SAFETY: everything is open, the buffer has room for a row in this type, and the arena
        // outlives the pointers into it that are in the buffer.
        check(unsafe {
            let list = into_arena(&raw mut arena)?;
            let place = buffer.as_mut_ptr().cast();
            H5Dread(dataset.raw(), memory.raw(), in_memory.raw(), space.raw(), list.raw(), place)
        })
        .map(drop)
    })
}

/// Writes over an attribute that is a u64.
pub fn set_number(object: &Id, name: &str, number: u64) -> Result<()> {
    sync(|| {
        let dtype = *hdf5_metno::globals::H5T_STD_U64LE;
        let bytes = number.to_le_bytes();
        // SAFETY: the object is open, the name ends in NUL; the attribute is one number, which was
        // checked.
        with_name(name, |name| unsafe {
            let attribute = Id::own(H5Aopen(object.raw(), name, H5P_DEFAULT))?;
            check(H5Awrite(attribute.raw(), dtype, bytes.as_ptr().cast())).map(drop)
        })
    })
}

/// The first rows of a dataset and those behind them, selected in a dataspace of its own. The lock
/// is held.
fn selected(dataset: &Id, shape: &[u64], start: u64, rows: u64) -> Result<(Id, Id)> {
    let (mut from, mut count) = (vec![0u64; shape.len()], shape.to_vec());
    (from[0], count[0]) = (start, rows);
    let none = std::ptr::null();
    // SAFETY: the dataset is open, and all arrays have as many numbers as it has dimensions; new
    // identifiers have no other owner.
    unsafe {
        let space = Id::own(H5Dget_space(dataset.raw()))?;
        check(H5Sselect_hyperslab(
            space.raw(),
            H5S_SELECT_SET,
            from.as_ptr(),
            none,
            count.as_ptr(),
            none,
        ))?;
        let memory = Id::own(H5Screate_simple(count.len() as i32, count.as_ptr(), none))?;
        Ok((space, memory))
    }
}

/// Writes rows. The lock is held.
///
/// # Safety
///
/// `data` has all elements of so many rows in the type `memory`.
unsafe fn put(
    dataset: &Id,
    memory: hid_t,
    shape: &[u64],
    start: u64,
    rows: u64,
    data: *const c_void,
) -> Result<()> {
    let (space, in_memory) = selected(dataset, shape, start, rows)?;
    // SAFETY: everything is open, and the contract of this function.
    check(unsafe {
        H5Dwrite(dataset.raw(), memory, in_memory.raw(), space.raw(), H5P_DEFAULT, data)
    })
    .map(drop)
}

/// A dataset. The lock is held.
fn of(dataset: &Id) -> Data {
    Data::Dataset(dataset.raw())
}

/// Texts that end in NUL, and where each starts.
fn terminated<'t>(
    texts: impl Iterator<Item = &'t [u8]>,
    bytes: usize,
    count: usize,
) -> Result<(Vec<u8>, Vec<usize>)> {
    let (mut all, mut starts) = (room::<u8>(bytes + count)?, room::<usize>(count)?);
    for text in texts {
        starts.push(all.len());
        all.extend_from_slice(text);
        all.push(0);
    }
    Ok((all, starts))
}

impl Grower {
    /// An empty list of what is there already.
    pub fn new() -> Result<Self> {
        Ok(Grower { types: sync(Types::new)? })
    }

    /// The type in memory of elements of a dataset. The lock is held.
    fn memory(&mut self, dataset: &Id, dtype: &Dtype) -> Result<Id> {
        like(of(dataset).dtype()?.raw(), dtype, &mut self.types)
    }

    /// Appends rows to a dataset of this shape, which can grow.
    pub fn append(
        &mut self,
        dataset: &Id,
        shape: &[u64],
        count: u64,
        rows: &Rows<'_>,
    ) -> Result<()> {
        let old = shape.first().copied().unwrap_or(0);
        let mut shape = shape.to_vec();
        if count == 0 || shape.is_empty() {
            return Ok(());
        }
        shape[0] = old + count;
        resize(dataset, &shape)?;
        self.write(dataset, &shape, old, count, rows)
    }

    /// Writes rows over those that are there.
    pub fn write(
        &mut self,
        dataset: &Id,
        shape: &[u64],
        start: u64,
        count: u64,
        rows: &Rows<'_>,
    ) -> Result<()> {
        let row = elements(shape.get(1..).unwrap_or_default()).unwrap_or(usize::MAX);
        let wanted = (count as usize).saturating_mul(row);
        if wanted == 0 {
            return Ok(());
        }
        let fits = match rows {
            Rows::Texts(_)
                if !sync(|| {
                    Ok::<_, Error>(describe(of(dataset).dtype()?.raw())? == Dtype::VarStr)
                })? =>
            {
                false
            }
            Rows::Bytes(dtype, bytes) => {
                wanted.checked_mul(dtype.size()) == Some(bytes.len()) && dtype.is_plain()
            }
            Rows::Texts(texts) => texts.ends.len() == wanted,
            Rows::Records(dtype, bytes, ..) => {
                wanted.checked_mul(dtype.size()) == Some(bytes.len())
            }
        };
        if !fits {
            return Err(
                ErrorKind::Contract("rows whose size differs from their type".into()).into()
            );
        }
        sync(|| match rows {
            Rows::Bytes(dtype, bytes) => {
                let memory = self.memory(dataset, dtype)?;
                // SAFETY: the bytes are all elements of the rows in this type, which was checked.
                unsafe { put(dataset, memory.raw(), shape, start, count, bytes.as_ptr().cast()) }
            }
            Rows::Records(dtype, bytes, strings, stored) => {
                let (mut records, mut texts) = (room(bytes.len())?, Vec::new());
                records.extend_from_slice(bytes);
                put_pointers(&mut records, strings, &mut texts)?;
                let memory = self.memory(dataset, stored)?;
                // SAFETY: the pointers among the records are those that were put there, or null.
                let records = unsafe { Recast::new(&records, dtype, stored)? };
                if Some(records.bytes().len()) != wanted.checked_mul(size_of_type(memory.raw())?) {
                    return Err(ErrorKind::Contract(
                        "records whose size differs from their type".into(),
                    )
                    .into());
                }
                // SAFETY: the bytes are all elements of the rows in this type, and what they point
                // to is there.
                unsafe {
                    put(dataset, memory.raw(), shape, start, count, records.bytes().as_ptr().cast())
                }
            }
            Rows::Texts(texts) => {
                let (all, starts) = terminated(texts.cells(), texts.bytes.len(), wanted)?;
                let pointers: Vec<*const c_char> =
                    starts.iter().map(|start| all[*start..].as_ptr().cast()).collect();
                let memory = of(dataset).dtype()?;
                // SAFETY: the dataset is one of strings of variable length: there is a pointer to a
                // text that ends in NUL for each element.
                unsafe { put(dataset, memory.raw(), shape, start, count, pointers.as_ptr().cast()) }
            }
        })
    }

    /// Makes a copy of a dataset that can grow, of another type if one is given, and which nothing
    /// leads to yet. `like` is the type that its elements were described as.
    pub fn remade(&mut self, dataset: &Id, like: &Dtype, dtype: Option<&Dtype>) -> Result<Id> {
        sync(|| self.remake(dataset, like, dtype, None))
    }

    /// Makes a copy of the first rows of a dataset that can grow, and which nothing leads to yet.
    pub fn shortened(&mut self, dataset: &Id, like: &Dtype, rows: u64) -> Result<Id> {
        sync(|| self.remake(dataset, like, None, Some(rows)))
    }

    fn remake(
        &mut self,
        dataset: &Id,
        like: &Dtype,
        dtype: Option<&Dtype>,
        rows: Option<u64>,
    ) -> Result<Id> {
        let (mut shape, _) = of(dataset).extent()?;
        if let (Some(rows), Some(extent)) = (rows, shape.first_mut()) {
            *extent = rows.min(*extent);
        }
        let old = of(dataset).dtype()?;
        let size = dtype.unwrap_or(&like.with_places()).stored_size().max(1);
        let row = elements(shape.get(1..).unwrap_or_default()).unwrap_or(0).max(1);
        let chunk = self.chunk(&shape, row, size);
        let most = vec![H5S_UNLIMITED; 1]
            .into_iter()
            .chain(shape.iter().skip(1).copied())
            .collect::<Vec<u64>>();
        let stored = match dtype {
            Some(dtype) if dtype.is_plain() => self.memory(dataset, dtype)?,
            Some(dtype @ Dtype::Compound(_)) => self.types.packed(dtype)?,
            Some(dtype) => copy(self.types.get(dtype)?)?,
            None => old,
        };
        // SAFETY: everything is open, and arrays have as many numbers as there are dimensions.
        let new = unsafe {
            // A copy of the list.
            let list = Id::own(H5Dget_create_plist(dataset.raw()))?;
            // The chunks of another type would have another size.
            if !is_chunked(dataset, &list)? || dtype.is_some() {
                check(H5Pset_chunk(list.raw(), chunk.len() as i32, chunk.as_ptr()))?;
            }
            if dtype == Some(&Dtype::VarStr) {
                // They would see nothing but references.
                check(H5Premove_filter(list.raw(), hdf5_metno_sys::h5z::H5Z_FILTER_ALL))?;
            }
            let space =
                Id::own(H5Screate_simple(shape.len() as i32, shape.as_ptr(), most.as_ptr()))?;
            let file = root_of(dataset)?;
            Id::own(H5Dcreate_anon(file.raw(), stored.raw(), space.raw(), list.raw(), H5P_DEFAULT))?
        };
        for name in attributes(dataset.raw())? {
            copy_attribute(dataset.raw(), new.raw(), &name)?;
        }
        let step = (COPIED / (size * row)).max(1) as u64;
        let (mut start, len) = (0, shape.first().copied().unwrap_or(0));
        while start < len {
            let rows = step.min(len - start);
            self.copy_rows(dataset, &new, &shape, start, rows, like, dtype)?;
            start += rows;
        }
        Ok(new)
    }

    fn chunk(&self, shape: &[u64], row: usize, size: usize) -> Vec<u64> {
        let bytes = elements(shape).unwrap_or(0).saturating_mul(size).clamp(SMALLEST, CHUNK);
        let rows = (bytes / size.saturating_mul(row)).max(1) as u64;
        let inner = shape.iter().skip(1).copied();
        chunk_shape(&[rows].into_iter().chain(inner).collect::<Vec<u64>>(), size, CHUNK)
    }

    /// Copies rows, from a type to another if one is given. The lock is held.
    #[allow(clippy::too_many_arguments)]
    fn copy_rows(
        &mut self,
        from: &Id,
        into: &Id,
        shape: &[u64],
        start: u64,
        rows: u64,
        like: &Dtype,
        dtype: Option<&Dtype>,
    ) -> Result<()> {
        let count = (rows as usize) * elements(shape.get(1..).unwrap_or_default()).unwrap_or(0);
        if count == 0 {
            return Ok(());
        }
        // libhdf5 does not convert between text storages.
        let places = like.with_places();
        let recast = dtype.filter(|dtype| !dtype.is_plain() && **dtype != places);
        let memory = match (dtype, recast) {
            (_, Some(_)) => self.memory(from, &places)?,
            (Some(dtype), None) => self.memory(from, dtype)?,
            (None, None) => of(from).dtype()?,
        };
        let size = size_of_type(memory.raw())?;
        // Words, so that pointers among the elements are aligned.
        let words = count.saturating_mul(size).div_ceil(size_of::<usize>());
        let mut buffer: Vec<usize> = room(words)?;
        buffer.resize(words, 0);
        let mut arena = Arena::default();
        let (space, in_memory) = selected(from, shape, start, rows)?;
        // SAFETY: everything is open, the buffer has room for all elements in the type in memory,
        // and the arena outlives the pointers into it that are in the buffer.
        unsafe {
            let list = into_arena(&raw mut arena)?;
            let place = buffer.as_mut_ptr().cast();
            if H5Dread(from.raw(), memory.raw(), in_memory.raw(), space.raw(), list.raw(), place)
                < 0
            {
                return Err(last_error());
            }
            let Some(dtype) = recast else {
                return put(into, memory.raw(), shape, start, rows, buffer.as_ptr().cast());
            };
            let cells = std::slice::from_raw_parts(buffer.as_ptr().cast::<u8>(), count * size);
            let cells = Recast::new(cells, &places, dtype)?;
            let memory = self.memory(into, dtype)?;
            put(into, memory.raw(), shape, start, rows, cells.bytes().as_ptr().cast())
        }
    }
}
