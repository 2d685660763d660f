//! Property lists that are made once, and the layout that a dataset gets.

use super::id::{Id, check};
use crate::codec::id;
use crate::error::{Error, Result};
use crate::{CHUNK, Compression, DatasetSpec, Dtype, chunk_shape};
use hdf5_metno::globals::{
    H5P_ATTRIBUTE_CREATE, H5P_DATASET_ACCESS, H5P_DATASET_CREATE, H5P_GROUP_CREATE, H5P_LINK_CREATE,
};
use hdf5_metno_sys::h5d::H5D_layout_t::{H5D_COMPACT, H5D_CONTIGUOUS};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5p::{
    H5P_CRT_ORDER_INDEXED, H5P_CRT_ORDER_TRACKED, H5P_DEFAULT, H5Pcreate, H5Pset_char_encoding,
    H5Pset_chunk, H5Pset_chunk_cache, H5Pset_filter, H5Pset_fletcher32, H5Pset_layout,
    H5Pset_link_creation_order, H5Pset_obj_track_times, H5Pset_shuffle,
};
use hdf5_metno_sys::h5t::H5T_cset_t::H5T_CSET_UTF8;
use hdf5_metno_sys::h5z::{H5Z_FLAG_OPTIONAL, H5Z_filter_t};

/// Data up to this many bytes lies in the object header; a header message has less than 64 KiB.
pub(super) const COMPACT: usize = 64_000;

/// Property lists for creating things. Nothing that is created keeps times.
#[derive(Debug)]
pub(super) struct Lists {
    group: Id,
    ordered_group: Id,
    compact: Id,
    contiguous: Id,
    utf8_link: Id,
    utf8_attribute: Id,
    uncached: Id,
}

/// A property list of a class. The lock is held.
pub(super) fn new_list(class: hid_t) -> Result<Id> {
    // SAFETY: the class is one of the library's own; the new list has no other owner.
    unsafe { Id::own(H5Pcreate(class)) }
}

/// A list for creating a link of this name. The lock is held.
pub(super) fn link_list(name: &str) -> Result<Id> {
    let list = new_list(*H5P_LINK_CREATE)?;
    if !name.is_ascii() {
        // SAFETY: the list is open.
        check(unsafe { H5Pset_char_encoding(list.raw(), H5T_CSET_UTF8) })?;
    }
    Ok(list)
}

/// A list for creating objects that keep no times. The lock is held.
pub(super) fn timeless(class: hid_t) -> Result<Id> {
    let list = new_list(class)?;
    // SAFETY: the list is open and of a class for creating objects.
    check(unsafe { H5Pset_obj_track_times(list.raw(), 0) })?;
    Ok(list)
}

impl Lists {
    /// Makes all lists. The lock is held.
    pub(super) fn new() -> Result<Self> {
        let lists = Lists {
            group: timeless(*H5P_GROUP_CREATE)?,
            ordered_group: timeless(*H5P_GROUP_CREATE)?,
            compact: timeless(*H5P_DATASET_CREATE)?,
            contiguous: timeless(*H5P_DATASET_CREATE)?,
            utf8_link: new_list(*H5P_LINK_CREATE)?,
            utf8_attribute: new_list(*H5P_ATTRIBUTE_CREATE)?,
            uncached: new_list(*H5P_DATASET_ACCESS)?,
        };
        // SAFETY: each list is open and of the class that its property belongs to.
        unsafe {
            let order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
            check(H5Pset_link_creation_order(lists.ordered_group.raw(), order))?;
            check(H5Pset_layout(lists.compact.raw(), H5D_COMPACT))?;
            check(H5Pset_layout(lists.contiguous.raw(), H5D_CONTIGUOUS))?;
            check(H5Pset_char_encoding(lists.utf8_link.raw(), H5T_CSET_UTF8))?;
            check(H5Pset_char_encoding(lists.utf8_attribute.raw(), H5T_CSET_UTF8))?;
            check(H5Pset_chunk_cache(lists.uncached.raw(), 0, 0, 1.0))?;
        }
        Ok(lists)
    }

    /// For creating a group.
    pub(super) fn group(&self, ordered: bool) -> hid_t {
        if ordered { self.ordered_group.raw() } else { self.group.raw() }
    }

    /// For creating a link of this name.
    pub(super) fn link(&self, name: &str) -> hid_t {
        if name.is_ascii() { H5P_DEFAULT } else { self.utf8_link.raw() }
    }

    /// For creating an attribute of this name.
    pub(super) fn attribute(&self, name: &str) -> hid_t {
        if name.is_ascii() { H5P_DEFAULT } else { self.utf8_attribute.raw() }
    }

    /// For access to a dataset that is written at once, with chunks or without. They are not kept
    /// by the library: of those that it writes when a dataset is closed, nobody would hear that
    /// they could not be written, and the dataset would stay half closed.
    pub(super) fn access(&self, list: &ListRef<'_>) -> hid_t {
        match list {
            ListRef::Kept(_) => H5P_DEFAULT,
            ListRef::Made(_) => self.uncached.raw(),
        }
    }

    /// For creating a dataset of `elements` elements, `size` bytes each in the file. The lock is
    /// held.
    pub(super) fn dataset(
        &self,
        spec: &DatasetSpec<'_>,
        elements: usize,
        size: usize,
    ) -> Result<ListRef<'_>> {
        let given = match spec.chunk {
            Some(chunk) if chunk.len() != spec.shape.len() => {
                let (expected, found) = (rank(spec.shape.len()), rank(chunk.len()));
                return Err(Error::mismatch(format!("a chunk shape of {expected}"), found));
            }
            given => given.filter(|_| !spec.shape.is_empty() && elements > 0),
        };
        // Filters on variable-length strings would see nothing but references.
        let filtered = elements > 0 && !spec.shape.is_empty() && *spec.dtype != Dtype::VarStr;
        let compression = if filtered { spec.compression } else { Compression::None };
        let bytes = elements.saturating_mul(size);
        let plain = given.is_none() && compression == Compression::None;
        // An object header has a checksum of its own.
        if plain && (!filtered || !spec.fletcher32 || bytes <= COMPACT) {
            // Not every reader finds the strings behind the references of a compact dataset; pyfive
            // 1.3 does not.
            let compact = bytes > 0 && bytes <= COMPACT && spec.dtype.is_plain();
            return Ok(ListRef::Kept(if compact { &self.compact } else { &self.contiguous }));
        }
        let chunk = match given {
            Some(given) => given
                .iter()
                .zip(spec.shape)
                .map(|(chunk, dim)| (*chunk).clamp(1, (*dim).max(1)))
                .collect(),
            None => chunk_shape(spec.shape, size, CHUNK),
        };
        let list = timeless(*H5P_DATASET_CREATE)?;
        let chunk_bytes = chunk.iter().product::<u64>() as usize * size;
        // SAFETY: the list is open, the chunk shape has as many numbers as is said.
        check(unsafe { H5Pset_chunk(list.raw(), chunk.len() as i32, chunk.as_ptr()) })?;
        add_filters(&list, compression, filtered && spec.fletcher32, size, chunk_bytes)?;
        Ok(ListRef::Made(list))
    }
}

/// Adds the filters of chunks of so many bytes, of elements of `size` bytes. The lock is held.
pub(super) fn add_filters(
    list: &Id,
    compression: Compression,
    fletcher32: bool,
    size: usize,
    chunk_bytes: usize,
) -> Result<()> {
    // SAFETY: the list is open, the options have as many numbers as is said.
    unsafe {
        for (filter, options) in compression.pipeline(size, chunk_bytes) {
            match filter {
                // The library adds the size of an element.
                id::SHUFFLE => check(H5Pset_shuffle(list.raw()))?,
                _ => {
                    let filter = filter as H5Z_filter_t;
                    // Optional: chunks that do not get shorter are stored without the filter.
                    check(H5Pset_filter(
                        list.raw(),
                        filter,
                        H5Z_FLAG_OPTIONAL,
                        options.len(),
                        options.as_ptr(),
                    ))?
                }
            };
        }
        if fletcher32 {
            check(H5Pset_fletcher32(list.raw()))?;
        }
    }
    Ok(())
}

/// A list that is kept, or one for this dataset alone, which has chunks.
pub(super) enum ListRef<'a> {
    Kept(&'a Id),
    Made(Id),
}

impl ListRef<'_> {
    pub(super) fn raw(&self) -> hid_t {
        match self {
            ListRef::Kept(id) => id.raw(),
            ListRef::Made(list) => list.raw(),
        }
    }
}

fn rank(n: usize) -> String {
    format!("{n} dimension{}", if n == 1 { "" } else { "s" })
}
