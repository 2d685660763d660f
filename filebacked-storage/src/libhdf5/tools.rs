//! [`Tools`]: what the sinks of the library make once for all objects.

use super::content;
use super::id::{Id, check, with_link_name, with_name};
use super::lists::{ListRef, Lists};
use super::types::Types;
use crate::error::{Error, ErrorKind, Result};
use crate::{DatasetSpec, Dtype, StoredType, elements};
use hdf5_metno_sys::h5a::{H5Acreate2, H5Awrite};
use hdf5_metno_sys::h5d::{H5Dcreate2, H5Dwrite};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5p::H5P_DEFAULT;
use hdf5_metno_sys::h5s::H5S_class_t::H5S_NULL;
use hdf5_metno_sys::h5s::{H5S_ALL, H5S_MAX_RANK, H5S_UNLIMITED, H5Screate, H5Screate_simple};
use std::ffi::c_void;

/// Resources that are made once for all objects.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) types: Types,
    pub(super) lists: Lists,
    pub(super) scalar: Id,
}

impl Tools {
    /// The type that elements get in the file, and who has to close it. The lock is held.
    pub(super) fn filetype(
        &mut self,
        dtype: &Dtype,
        stored: Option<&StoredType>,
    ) -> Result<(hid_t, Option<Id>)> {
        let id = match stored {
            None if *dtype == Dtype::VarStr || dtype.is_plain() => {
                return Ok((self.types.get(dtype)?, None));
            }
            None => self.types.packed(dtype)?,
            Some(stored) => content::decode(stored)?,
        };
        Ok((id.raw(), Some(id)))
    }

    /// The dataspace of a shape, or the null one. The lock is held.
    pub(super) fn space_or_null(&self, shape: &[u64], null: bool) -> Result<(hid_t, Option<Id>)> {
        if !null {
            return self.space(shape);
        }
        // SAFETY: the new dataspace has no other owner.
        let space = unsafe { Id::own(H5Screate(H5S_NULL))? };
        Ok((space.raw(), Some(space)))
    }

    /// The dataspace of a shape, and who has to close it. The lock is held.
    fn space(&self, shape: &[u64]) -> Result<(hid_t, Option<Id>)> {
        if shape.is_empty() {
            return Ok((self.scalar.raw(), None));
        }
        if shape.len() > H5S_MAX_RANK as usize {
            return Err(too_many(shape.len()));
        }
        // SAFETY: the shape has as many numbers as is said; the new dataspace has no other owner.
        let space = unsafe {
            Id::own(H5Screate_simple(shape.len() as i32, shape.as_ptr(), std::ptr::null()))?
        };
        Ok((space.raw(), Some(space)))
    }

    /// Makes an attribute and writes it. The lock is held, and `bytes` has the size of all
    /// elements, or is the pointer to a text that ends in NUL.
    pub(super) fn attribute(
        &mut self,
        at: hid_t,
        name: &str,
        dtype: &Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()> {
        let dtype = self.types.get(dtype)?;
        let (space, _owner) = self.space(shape)?;
        let list = self.lists.attribute(name);
        if name.is_empty() {
            return Err(ErrorKind::Contract("an attribute without a name".into()).into());
        }
        // SAFETY: everything is open, the name ends in NUL, and the bytes are as many as the
        // attribute has.
        with_name(name, |name| unsafe {
            let attribute = Id::own(H5Acreate2(at, name, dtype, space, list, H5P_DEFAULT))?;
            if !bytes.is_empty() {
                check(H5Awrite(attribute.raw(), dtype, bytes.as_ptr().cast()))?;
            }
            Ok(())
        })
    }

    /// Makes a dataset of elements that take `size` bytes each in the file, and says whether it has
    /// chunks. The lock is held.
    pub(super) fn create(
        &mut self,
        at: hid_t,
        name: &str,
        spec: &DatasetSpec<'_>,
        elements: usize,
        size: usize,
    ) -> Result<(Id, bool)> {
        let (dtype, _type_owner) = self.filetype(spec.dtype, spec.stored)?;
        let list = self.lists.dataset(spec, elements, size)?;
        // Chunked datasets may grow.
        let chunked = matches!(list, ListRef::Made(_));
        let (space, _owner) =
            if chunked { growing(spec.shape)? } else { self.space_or_null(spec.shape, spec.null)? };
        let (link, access) = (self.lists.link(name), self.lists.access(&list));
        // SAFETY: everything is open, the name ends in NUL.
        let dataset = with_link_name(name, |name| unsafe {
            Id::own(H5Dcreate2(at, name, dtype, space, link, list.raw(), access))
        })?;
        Ok((dataset, chunked))
    }

    /// Writes all elements of a dataset. The lock is held.
    ///
    /// # Safety
    ///
    /// `data` points to all elements of the dataset in the form that the type has in memory.
    pub(super) unsafe fn write(
        &mut self,
        dataset: &Id,
        dtype: &Dtype,
        data: *const c_void,
    ) -> Result<()> {
        let dtype = self.types.get(dtype)?;
        // SAFETY: everything is open, and the contract of this function.
        check(unsafe { H5Dwrite(dataset.raw(), dtype, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) })?;
        Ok(())
    }

    /// Writes the attributes that the specification has. The lock is held.
    pub(super) fn attributes(&mut self, dataset: &Id, spec: &DatasetSpec<'_>) -> Result<()> {
        for (name, text) in spec.attrs {
            let bytes = if text.is_empty() { &[0] } else { text.as_bytes() };
            self.attribute(dataset.raw(), name, &Dtype::FixedStr(bytes.len()), &[], bytes)?;
        }
        if let Some((name, number)) = spec.number {
            self.attribute(dataset.raw(), name, &Dtype::I64, &[], &number.to_le_bytes())?;
        }
        Ok(())
    }
}

/// The dataspace of a shape without a limit to any of its extents. The lock is held.
fn growing(shape: &[u64]) -> Result<(hid_t, Option<Id>)> {
    let most = [H5S_UNLIMITED; H5S_MAX_RANK as usize];
    if shape.len() > most.len() {
        return Err(too_many(shape.len()));
    }
    // SAFETY: both have at least as many numbers as is said; the new dataspace has no other owner.
    let space =
        unsafe { Id::own(H5Screate_simple(shape.len() as i32, shape.as_ptr(), most.as_ptr()))? };
    Ok((space.raw(), Some(space)))
}

#[cold]
fn too_many(dimensions: usize) -> Error {
    let what = format!("{dimensions} dimensions; HDF5 has at most {H5S_MAX_RANK}");
    ErrorKind::Unsupported(what).into()
}

/// The number of elements, after a check that the bytes are as many as they need.
pub(super) fn count(dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<usize> {
    let elements = elements(shape).ok_or_else(too_large)?;
    let size = elements.checked_mul(dtype.size()).ok_or_else(too_large)?;
    if bytes.len() == size {
        return Ok(elements);
    }
    let what =
        format!("{} bytes for {elements} elements of {dtype}, which take {size}", bytes.len());
    Err(ErrorKind::Contract(what).into())
}

#[cold]
pub(super) fn too_large() -> Error {
    ErrorKind::Unsupported("more elements than this machine can address".into()).into()
}
