//! Datasets stored in another way: other filters, other chunks, the same elements.

use super::content::is_fixed;
use super::data::{Data, allocation};
use super::dataset::extents;
use super::file::LibFile;
use super::filetype::size_of_type;
use super::id::{Id, check};
use super::lists::add_filters;
use super::repack::{refer_again, references};
use super::rewrite::instead;
use super::walk::{Met, open, walk};
use crate::error::{Error, ErrorKind, Result};
use crate::{CHUNK, Compression, Handle, ObjectKind, WORTH_COMPRESSING, chunk_shape, elements};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5d::H5D_alloc_time_t::H5D_ALLOC_TIME_DEFAULT;
use hdf5_metno_sys::h5d::H5D_layout_t::{H5D_CHUNKED, H5D_CONTIGUOUS};
use hdf5_metno_sys::h5d::{H5Dcreate_anon, H5Dget_create_plist};
use hdf5_metno_sys::h5i::H5I_type_t::H5I_DATASET;
use hdf5_metno_sys::h5i::{H5Iget_type, hid_t};
use hdf5_metno_sys::h5p::{
    H5P_DEFAULT, H5Pequal, H5Pget_external_count, H5Pget_filter2, H5Pget_layout, H5Pget_nfilters,
    H5Premove_filter, H5Pset_alloc_time, H5Pset_chunk, H5Pset_layout,
};
use hdf5_metno_sys::h5s::H5Screate_simple;
use hdf5_metno_sys::h5z::{H5Z_FILTER_ALL, H5Z_FILTER_FLETCHER32};

/// The new storage of datasets; `None` keeps the old one.
pub struct Recoding<'a> {
    /// Another compression than that of each dataset.
    pub compression: Option<Compression>,
    /// Whether chunks get checksums, where that changes.
    pub fletcher32: Option<bool>,
    /// The size of a chunk in bytes, where that changes.
    pub chunk_bytes: Option<usize>,
    /// Which datasets, by their paths.
    pub only: &'a dyn Fn(&str) -> bool,
}

impl LibFile {
    /// Stores the datasets anew for which that changes something. The file is a copy of another
    /// one, whose references say what those in this one are to lead to.
    pub fn recode(&self, original: &LibFile, how: &Recoding<'_>) -> Result<()> {
        sync(|| {
            let (old, root) = (original.root()?, self.root()?);
            let mut chosen = Vec::new();
            walk(&root, &mut |path, met| {
                if let Met::Object(object) = met
                    // SAFETY: the object is open.
                    && unsafe { H5Iget_type(object.raw()) } == H5I_DATASET
                    && (how.only)(path)
                    && how.list(object)?.is_some()
                {
                    chosen.push(path.to_string());
                }
                Ok(())
            })?;
            if chosen.is_empty() {
                return Ok(());
            }
            let (places, regions) = references(&root)?;
            if regions {
                let what = "datasets that references to regions may point to cannot be stored anew";
                return Err(Error::new(ErrorKind::Unsupported(what.into()))
                    .with_help("`repack` copies them as they are"));
            }
            for path in &chosen {
                how.apply(&open(&root, path)?).map_err(|e| e.at(path))?;
            }
            places
                .iter()
                .try_for_each(|place| refer_again(&old, &root, place).map_err(|e| e.at(&place.0)))
        })
    }
}

impl Recoding<'_> {
    /// The lock is held.
    fn apply(&self, old: &Id) -> Result<()> {
        let Some(list) = self.list(old)? else { return Ok(()) };
        let (shape, most) = extents(old)?;
        let dtype = data(old)?.dtype()?;
        // SAFETY: everything is open, shapes have as many numbers as is said; new identifiers have
        // no other owner.
        let new = unsafe {
            let space =
                Id::own(H5Screate_simple(shape.len() as i32, shape.as_ptr(), most.as_ptr()))?;
            Id::own(H5Dcreate_anon(old.raw(), dtype.raw(), space.raw(), list.raw(), H5P_DEFAULT))?
        };
        instead(old, &new, |_| Ok(()))
    }

    /// The list that a dataset is created anew with; `None` where it stays as it is. The lock is
    /// held.
    fn list(&self, old: &Id) -> Result<Option<Id>> {
        let (shape, most) = extents(old)?;
        let dtype = data(old)?.dtype()?;
        let size = size_of_type(dtype.raw())?;
        let bytes = elements(&shape).and_then(|n| n.checked_mul(size)).unwrap_or(usize::MAX);
        let stored = allocation(old.raw())?;
        // SAFETY: the dataset is open; new identifiers have no other owner.
        let (was, list) = unsafe {
            (Id::own(H5Dget_create_plist(old.raw()))?, Id::own(H5Dget_create_plist(old.raw()))?)
        };
        // SAFETY: the list is open.
        let external = check(unsafe { H5Pget_external_count(list.raw()) })? > 0;
        if shape.is_empty()
            || bytes < WORTH_COMPRESSING
            || external
            || stored.layout == "virtual"
            || !is_fixed(dtype.raw())
        {
            return Ok(None);
        }
        let had = filters(list.raw())?;
        let had_sums = had.contains(&H5Z_FILTER_FLETCHER32);
        let sums = self.fletcher32.unwrap_or(had_sums);
        let is_chunked = stored.layout == "chunked";
        // The library leaves the last dimension out when it compares lists.
        let mut is_cut = false;
        // SAFETY: the list is open and one for creating datasets; chunks have as many numbers as is
        // said.
        unsafe {
            match self.compression {
                Some(_) => {
                    check(H5Premove_filter(list.raw(), H5Z_FILTER_ALL))?;
                }
                None if had_sums => {
                    check(H5Premove_filter(list.raw(), H5Z_FILTER_FLETCHER32))?;
                }
                None => {}
            }
            let compression = self.compression.unwrap_or(Compression::None);
            let is_coded =
                compression != Compression::None || sums || !filters(list.raw())?.is_empty();
            if is_coded || self.chunk_bytes.is_some() || shape != most {
                let chunk = match self.chunk_bytes {
                    None if is_chunked => stored.chunk.clone(),
                    wanted => chunk_shape(&shape, size, wanted.unwrap_or(CHUNK)),
                };
                is_cut = is_chunked && chunk != stored.chunk;
                check(H5Pset_chunk(list.raw(), chunk.len() as i32, chunk.as_ptr()))?;
                let chunk_bytes =
                    elements(&chunk).and_then(|n| n.checked_mul(size)).unwrap_or(usize::MAX);
                add_filters(&list, compression, sums, size, chunk_bytes)?;
            } else if is_chunked {
                check(H5Pset_layout(list.raw(), H5D_CONTIGUOUS))?;
            }
            if is_chunked != (H5Pget_layout(list.raw()) == H5D_CHUNKED) {
                check(H5Pset_alloc_time(list.raw(), H5D_ALLOC_TIME_DEFAULT))?;
            }
            Ok((is_cut || check(H5Pequal(was.raw(), list.raw()))? == 0).then_some(list))
        }
    }
}

/// The lock is held.
fn data(dataset: &Id) -> Result<Data> {
    Data::of(Handle { id: dataset.raw() as u64, kind: ObjectKind::Dataset, bare: false })
}

/// The numbers of the filters of a list. The lock is held.
fn filters(list: hid_t) -> Result<Vec<i32>> {
    // SAFETY: the list is open; the numbers are writable, and there is room for no values and no
    // name.
    unsafe {
        (0..check(H5Pget_nfilters(list))?.unsigned_abs())
            .map(|i| {
                let (mut flags, mut values, mut config) = (0, 0, 0);
                let none = std::ptr::null_mut();
                check(H5Pget_filter2(
                    list,
                    i,
                    &mut flags,
                    &mut values,
                    none,
                    0,
                    none.cast(),
                    &mut config,
                ))
            })
            .collect()
    }
}
