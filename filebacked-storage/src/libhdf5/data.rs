//! [`Data`]: a dataset or an attribute that is open.

use super::chunks::{Direct, direct};
use super::filetype::{
    describe, is_nul_padded, is_swapped_time, is_unconverted, memory_type, size_of_type,
};
use super::id::{Id, check};
use super::stack::last_error;
use super::types::Types;
use crate::codec::filter_name;
use crate::error::{Error, ErrorKind, Result};
use crate::{Allocation, Dtype, Handle, Slab, Span};
use hdf5_metno_sys::h5::HADDR_UNDEF;
use hdf5_metno_sys::h5a::{H5Aget_space, H5Aget_type, H5Aread};
use hdf5_metno_sys::h5d::H5D_layout_t::{H5D_CHUNKED, H5D_COMPACT, H5D_CONTIGUOUS};
use hdf5_metno_sys::h5d::H5D_space_status_t::{
    self, H5D_SPACE_STATUS_ALLOCATED, H5D_SPACE_STATUS_NOT_ALLOCATED,
};
use hdf5_metno_sys::h5d::{
    H5Dget_create_plist, H5Dget_offset, H5Dget_space, H5Dget_space_status, H5Dget_storage_size,
    H5Dget_type, H5Dread,
};
use hdf5_metno_sys::h5i::H5I_type_t::{H5I_ATTR, H5I_DATASET, H5I_FILE, H5I_GROUP};
use hdf5_metno_sys::h5i::{H5Iget_type, hid_t};
use hdf5_metno_sys::h5p::{H5Pget_chunk, H5Pget_filter2, H5Pget_layout, H5Pget_nfilters};
use hdf5_metno_sys::h5s::H5S_class_t::H5S_NULL;
use hdf5_metno_sys::h5s::H5S_seloper_t::H5S_SELECT_SET;
use hdf5_metno_sys::h5s::{
    H5S_ALL, H5S_MAX_RANK, H5Screate_simple, H5Sget_simple_extent_dims,
    H5Sget_simple_extent_npoints, H5Sget_simple_extent_type, H5Sselect_hyperslab,
};
use hdf5_metno_sys::h5t::H5T_class_t::{H5T_REFERENCE, H5T_VLEN};
use hdf5_metno_sys::h5t::{H5Tdetect_class, H5Tequal};
use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;

/// A dataset or an attribute, with the identifier that its handle stands for.
#[derive(Clone, Copy)]
pub(super) enum Data {
    Dataset(hid_t),
    Attribute(hid_t),
}

/// The meaning of a handle; every method expects the lock to be held.
impl Data {
    pub(super) fn of(handle: Handle) -> Result<Data> {
        let id = handle.id as hid_t;
        // SAFETY: an identifier that is not open is answered with an error.
        match unsafe { H5Iget_type(id) } {
            H5I_DATASET => Ok(Data::Dataset(id)),
            H5I_ATTR => Ok(Data::Attribute(id)),
            kind if (kind as i32) < 0 => Err(last_error()),
            H5I_GROUP | H5I_FILE => Err(Error::mismatch("a dataset", "a group")),
            _ => Err(Error::mismatch("a dataset", "another kind of object")),
        }
    }

    pub(super) fn dtype(self) -> Result<Id> {
        // SAFETY: the object is open; the new identifier has no other owner.
        unsafe {
            match self {
                Data::Dataset(id) => Id::own(H5Dget_type(id)),
                Data::Attribute(id) => Id::own(H5Aget_type(id)),
            }
        }
    }

    pub(super) fn space(self) -> Result<Id> {
        // SAFETY: the object is open; the new identifier has no other owner.
        unsafe {
            match self {
                Data::Dataset(id) => Id::own(H5Dget_space(id)),
                Data::Attribute(id) => Id::own(H5Aget_space(id)),
            }
        }
    }

    /// The shape, and whether the dataspace is a null one.
    pub(super) fn extent(self) -> Result<(Vec<u64>, bool)> {
        let space = self.space()?;
        let mut dims = [0u64; H5S_MAX_RANK as usize];
        // SAFETY: the dataspace is open and the array has room for the highest rank.
        unsafe {
            if H5Sget_simple_extent_type(space.raw()) == H5S_NULL {
                return Ok((Vec::new(), true));
            }
            let rank = check(H5Sget_simple_extent_dims(
                space.raw(),
                dims.as_mut_ptr(),
                std::ptr::null_mut(),
            ))?;
            Ok((dims.get(..rank.unsigned_abs() as usize).unwrap_or_default().to_vec(), false))
        }
    }

    /// The number of elements; none for a null dataspace.
    pub(super) fn elements(self) -> Result<usize> {
        let space = self.space()?;
        // SAFETY: the dataspace is open.
        let n = check(unsafe { H5Sget_simple_extent_npoints(space.raw()) })?;
        usize::try_from(n).map_err(|_| ErrorKind::Unsupported(format!("{n} elements")).into())
    }

    /// Whether a read is known to write the whole buffer: contiguous data that is there. HDF5
    /// leaves out parts that were never written where the dataset has no fill value.
    pub(super) fn is_filled(self) -> bool {
        let Data::Dataset(id) = self else { return false };
        let mut status = H5D_SPACE_STATUS_NOT_ALLOCATED;
        // SAFETY: the dataset is open, the status is writable.
        unsafe {
            H5Dget_offset(id) != HADDR_UNDEF
                && H5Dget_space_status(id, (&raw mut status).cast::<H5D_space_status_t>()) >= 0
                && status == H5D_SPACE_STATUS_ALLOCATED
        }
    }

    /// How to read it or a part of it without the library, where that is possible and worthwhile.
    /// `memory` is the type that is asked for.
    pub(super) fn direct(
        self,
        stored: &Id,
        memory: hid_t,
        part: Option<&Slab>,
        size: usize,
    ) -> Result<Option<Direct>> {
        let Data::Dataset(id) = self else { return Ok(None) };
        // SAFETY: both types are open.
        let same = unsafe {
            let references = H5Tdetect_class(memory, H5T_REFERENCE) != 0
                || H5Tdetect_class(memory, H5T_VLEN) != 0;
            H5Tequal(stored.raw(), memory) > 0 && !references
        };
        if !same {
            return Ok(None);
        }
        let shape = self.extent()?.0;
        match part {
            Some(part) => direct(id, &shape, part, size),
            None => direct(id, &shape, &Slab::whole(&shape), size),
        }
    }

    /// Reads all elements.
    ///
    /// # Safety
    ///
    /// `out` has room for all elements in the type `memory`.
    pub(super) unsafe fn read(
        self,
        memory: hid_t,
        transfer: hid_t,
        out: *mut c_void,
    ) -> Result<()> {
        // SAFETY: the object is open, the contract of this function.
        unsafe {
            match self {
                Data::Dataset(id) => check(H5Dread(id, memory, H5S_ALL, H5S_ALL, transfer, out))?,
                Data::Attribute(id) => check(H5Aread(id, memory, out))?,
            };
        }
        Ok(())
    }

    /// Reads a part of a dataset.
    ///
    /// # Safety
    ///
    /// `out` has room for all elements of the selection in the type `memory`.
    pub(super) unsafe fn read_part(
        self,
        memory: hid_t,
        slab: &Slab,
        transfer: hid_t,
        out: *mut c_void,
    ) -> Result<()> {
        let Data::Dataset(id) = self else {
            return Err(ErrorKind::Contract("a part of an attribute".into()).into());
        };
        slab.check(&self.extent()?.0)?;
        let (shape, file_space) = (slab.shape(), self.space()?);
        select(&file_space, slab)?;
        // SAFETY: everything is open, the contract of this function, and the spaces select equally
        // many elements.
        unsafe {
            let memory_space =
                Id::own(H5Screate_simple(shape.len() as i32, shape.as_ptr(), std::ptr::null()))?;
            check(H5Dread(id, memory, memory_space.raw(), file_space.raw(), transfer, out))
                .map(drop)
        }
    }
}

/// The type that elements have in memory.
pub(super) enum Memory {
    /// One that is made once.
    Shared(hid_t),
    Owned(Id),
}

impl Memory {
    pub(super) fn raw(&self) -> hid_t {
        match self {
            Memory::Shared(id) => *id,
            Memory::Owned(id) => id.raw(),
        }
    }

    /// The type for what is stored as one type and was described as `dtype`. The lock is held.
    pub(super) fn of(types: &mut Types, stored: &Id, dtype: &Dtype) -> Result<Self> {
        Memory::new(types, stored, dtype, false)
    }

    /// The same, for elements that are written.
    pub(super) fn to_write(types: &mut Types, stored: &Id, dtype: &Dtype) -> Result<Self> {
        Memory::new(types, stored, dtype, true)
    }

    fn new(types: &mut Types, stored: &Id, dtype: &Dtype, writing: bool) -> Result<Self> {
        let memory = match dtype {
            Dtype::Int(_) if is_unconverted(stored.raw())? => {
                Memory::Owned(memory_type(stored.raw(), writing)?)
            }
            Dtype::Int(_) | Dtype::F16 | Dtype::Bf16 | Dtype::F32 | Dtype::F64 => {
                Memory::Shared(types.get(dtype)?)
            }
            Dtype::VarStr | Dtype::Sequence(_) | Dtype::Other(..) => {
                return Err(ErrorKind::Unsupported(format!(
                    "data of type {dtype} cannot be read as bytes"
                ))
                .into());
            }
            // These depend on the type in the file: the bytes come out as they are, or are put in
            // another order.
            Dtype::FixedStr(_) if is_nul_padded(stored.raw())? => Memory::Owned(stored.clone()),
            _ => Memory::Owned(memory_type(stored.raw(), writing)?),
        };
        if size_of_type(memory.raw())? != dtype.size() {
            return Err(Error::mismatch(dtype.to_string(), describe(stored.raw())?.to_string()));
        }
        Ok(memory)
    }
}

/// Selects a part of a dataspace. The lock is held.
pub(super) fn select(space: &Id, slab: &Slab) -> Result<()> {
    if slab.dims.is_empty() {
        return Ok(());
    }
    let [start, step, count] =
        [|span: &Span| span.start, |span: &Span| span.step, |span: &Span| span.count]
            .map(|part| slab.dims.iter().map(part).collect::<Vec<u64>>());
    // SAFETY: the dataspace is open, and has as many dimensions as the selection, which was
    // checked.
    check(unsafe {
        H5Sselect_hyperslab(
            space.raw(),
            H5S_SELECT_SET,
            start.as_ptr(),
            step.as_ptr(),
            count.as_ptr(),
            std::ptr::null(),
        )
    })
    .map(drop)
}

/// Turns around the bytes of what the library leaves in the other byte order. The lock is held.
pub(super) fn put_in_order(stored: &Id, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()> {
    if matches!(dtype, Dtype::Int(_)) && is_swapped_time(stored.raw())? {
        out.chunks_exact_mut(dtype.size()).for_each(<[_]>::reverse);
    }
    Ok(())
}

/// How a dataset lies in the file. The lock is held.
pub(super) fn allocation(id: hid_t) -> Result<Allocation> {
    let mut found = Allocation::default();
    // SAFETY: the dataset and its list are open; buffers are writable for the sizes that are
    // passed.
    unsafe {
        let list = Id::own(H5Dget_create_plist(id))?;
        found.bytes = H5Dget_storage_size(id);
        found.layout = match H5Pget_layout(list.raw()) {
            H5D_COMPACT => "compact",
            H5D_CONTIGUOUS => "contiguous",
            H5D_CHUNKED => "chunked",
            layout if (layout as i32) < 0 => return Err(last_error()),
            _ => "virtual",
        };
        if found.layout != "chunked" {
            return Ok(found);
        }
        let mut chunk = [0u64; H5S_MAX_RANK as usize];
        let rank = check(H5Pget_chunk(list.raw(), chunk.len() as i32, chunk.as_mut_ptr()))?;
        found.chunk = chunk.get(..rank.unsigned_abs() as usize).unwrap_or_default().to_vec();
        for i in 0..check(H5Pget_nfilters(list.raw()))?.unsigned_abs() {
            let (mut flags, mut values, mut config, mut name) = (0, 0, 0, [0u8; 64]);
            let (text, none) = (name.as_mut_ptr().cast(), std::ptr::null_mut());
            let filter = H5Pget_filter2(
                list.raw(),
                i,
                &mut flags,
                &mut values,
                none,
                name.len() - 1,
                text,
                &mut config,
            );
            found.filters.push(name_of_filter(check(filter)?, &name));
        }
    }
    Ok(found)
}

/// The name of a filter: the usual one, otherwise the one in the file, otherwise its number.
fn name_of_filter(filter: i32, name: &[u8]) -> String {
    match (filter_name(filter.unsigned_abs()), CStr::from_bytes_until_nul(name)) {
        (Some(usual), _) => usual.to_string(),
        (None, Ok(name)) if !name.is_empty() => name.to_string_lossy().into_owned(),
        _ => filter.to_string(),
    }
}
