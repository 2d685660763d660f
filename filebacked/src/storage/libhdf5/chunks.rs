//! Chunks that are coded elsewhere than in the library's filter pipeline, where that can be.

#[cfg(not(all(feature = "compress", hdf5_chunk_iter)))]
pub(super) use never::write;
#[cfg(not(all(feature = "compress", hdf5_chunk_iter, unix)))]
pub(super) use never::{Direct, direct};
#[cfg(all(feature = "compress", hdf5_chunk_iter, unix))]
pub(super) use read::{Direct, direct};
#[cfg(all(feature = "compress", hdf5_chunk_iter))]
pub(super) use write::write;

/// Without the feature, or with an old library, all chunks go through the pipeline; to read past it takes Unix, too.
#[cfg(not(all(feature = "compress", hdf5_chunk_iter, unix)))]
mod never {
    use crate::error::Result;
    use hdf5_metno_sys::h5i::hid_t;
    use std::mem::MaybeUninit;

    #[cfg(not(all(feature = "compress", hdf5_chunk_iter)))]
    pub(in super::super) fn write(
        _: &super::super::id::Id,
        _: &crate::storage::DatasetSpec<'_>,
        _: &[u8],
    ) -> Result<bool> {
        Ok(false)
    }

    /// A dataset whose chunks can be read without the library: there is none.
    pub(in super::super) enum Direct {}

    impl Direct {
        pub(in super::super) fn read(&self, _: &mut [MaybeUninit<u8>]) -> Result<()> {
            match *self {}
        }
    }

    pub(in super::super) fn direct(_: hid_t, _: &[u64], _: usize) -> Result<Option<Direct>> {
        Ok(None)
    }
}

/// What the property list of a dataset says.
#[cfg(all(feature = "compress", hdf5_chunk_iter))]
mod layout {
    use crate::error::Result;
    use crate::storage::chunks::Pipeline;
    use crate::storage::libhdf5::id::{Id, check};
    use hdf5_metno_sys::h5d::H5D_layout_t::H5D_CHUNKED;
    use hdf5_metno_sys::h5d::H5Dget_create_plist;
    use hdf5_metno_sys::h5i::hid_t;
    use hdf5_metno_sys::h5p::{H5Pget_chunk, H5Pget_filter2, H5Pget_layout, H5Pget_nfilters};
    use hdf5_metno_sys::h5s::H5S_MAX_RANK;
    use std::ffi::c_int;

    /// The filters and the chunk shape of a dataset of `size` bytes an element, if there are filters and all of them are
    /// known here. The lock is held.
    pub(super) fn layout(dataset: hid_t, size: usize) -> Result<Option<(Pipeline, Vec<u64>)>> {
        let mut pipeline = Pipeline::default();
        let mut chunk = [0u64; H5S_MAX_RANK as usize];
        // SAFETY: the dataset and its list are open; buffers are writable for the sizes that are passed.
        unsafe {
            let list = Id::own(H5Dget_create_plist(dataset))?;
            if H5Pget_layout(list.raw()) != H5D_CHUNKED {
                return Ok(None);
            }
            let rank = check(H5Pget_chunk(list.raw(), chunk.len() as c_int, chunk.as_mut_ptr()))?;
            let filters = check(H5Pget_nfilters(list.raw()))?.unsigned_abs();
            for bit in 0..filters {
                let (mut flags, mut values, mut config, mut count) = (0, [0; 8], 0, 8);
                let (no_name, values_at) = (std::ptr::null_mut(), values.as_mut_ptr());
                let filter =
                    H5Pget_filter2(list.raw(), bit, &mut flags, &mut count, values_at, 0, no_name, &mut config);
                let options = &values[..count.min(values.len())];
                if !pipeline.add(bit, check(filter)?.unsigned_abs(), options, size) {
                    return Ok(None);
                }
            }
            let chunk = chunk.get(..rank.unsigned_abs() as usize).unwrap_or_default().to_vec();
            Ok((filters > 0).then_some((pipeline, chunk)))
        }
    }
}

#[cfg(all(feature = "compress", hdf5_chunk_iter))]
mod write {
    use super::layout::layout;
    use crate::error::Result;
    use crate::storage::DatasetSpec;
    use crate::storage::chunks::{Grid, encode};
    use crate::storage::libhdf5::id::{Id, check};
    use hdf5_metno::sync::sync;
    use hdf5_metno_sys::h5d::H5Dwrite_chunk;
    use hdf5_metno_sys::h5p::H5P_DEFAULT;

    /// Writes all chunks of a new dataset; `false`, and nothing written, where the library has to. The lock is held for the
    /// library's calls only.
    pub(in super::super) fn write(dataset: &Id, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<bool> {
        let Some((pipeline, chunk)) = sync(|| layout(dataset.raw(), spec.dtype.size()))? else { return Ok(false) };
        let Some(grid) = Grid::new(spec.shape, &chunk, spec.dtype.size()) else { return Ok(false) };
        if !pipeline.encodes() {
            return Ok(false);
        }
        encode(&grid, pipeline, bytes, |origin, mask, chunk| {
            let (data, n) = (chunk.as_ptr().cast(), chunk.len());
            // SAFETY: the dataset is open, the origin has a number for each dimension, the data as many bytes as is said.
            sync(|| check(unsafe { H5Dwrite_chunk(dataset.raw(), H5P_DEFAULT, mask, origin.as_ptr(), n, data) }))?;
            Ok(())
        })?;
        Ok(true)
    }
}

#[cfg(all(feature = "compress", hdf5_chunk_iter, unix))]
mod read {
    use super::layout::layout;
    use crate::error::Result;
    use crate::storage::chunks::{Grid, Pipeline, Stored, decode};
    use crate::storage::libhdf5::file::descriptor;
    use crate::storage::libhdf5::id::{Id, check, room};
    use hdf5_metno_sys::h5::hsize_t;
    use hdf5_metno_sys::h5d::H5Dchunk_iter;
    use hdf5_metno_sys::h5f::{H5F_ACC_RDONLY, H5Fget_intent};
    use hdf5_metno_sys::h5i::{H5Iget_file_id, hid_t};
    use hdf5_metno_sys::h5p::H5P_DEFAULT;
    use std::ffi::{c_int, c_uint, c_void};
    use std::fs::File;
    use std::mem::MaybeUninit;

    /// Chunks up to this size are read, whatever the size of the dataset.
    const ANY: usize = 16 << 20;
    /// From this many bytes on it pays to look for chunks.
    const WORTHWHILE: usize = 64 << 10;

    /// A dataset whose chunks can be read without the library.
    pub(in super::super) struct Direct {
        grid: Grid,
        pipeline: Pipeline,
        stored: Vec<Stored>,
        file: File,
    }

    impl Direct {
        /// Reads the whole dataset. The lock need not be held.
        pub(in super::super) fn read(&self, out: &mut [MaybeUninit<u8>]) -> Result<()> {
            decode(&self.grid, self.pipeline, &self.stored, &self.file, out)
        }
    }

    /// Looks whether all chunks of a dataset of `size` bytes an element can be read without the library, and where they
    /// are: an ordinary file that nobody writes to, no filters but those that are known here, no chunk missing.
    /// The lock is held.
    pub(in super::super) fn direct(dataset: hid_t, shape: &[u64], size: usize) -> Result<Option<Direct>> {
        let Some(bytes) = crate::storage::elements(shape).and_then(|n| n.checked_mul(size)) else { return Ok(None) };
        if bytes < WORTHWHILE {
            return Ok(None);
        }
        let Some((pipeline, chunk)) = layout(dataset, size)? else { return Ok(None) };
        let Some(grid) = Grid::new(shape, &chunk, size) else { return Ok(None) };
        if grid.chunk_bytes() > ANY.max(bytes) {
            return Ok(None);
        }
        let Some(file) = file_of(dataset)? else { return Ok(None) };
        let Some(stored) = chunks(dataset, &grid)? else { return Ok(None) };
        Ok(Some(Direct { grid, pipeline, stored, file }))
    }

    /// The operating system's file, if addresses of HDF5 are offsets in it and it is open to be read only.
    fn file_of(dataset: hid_t) -> Result<Option<File>> {
        let mut intent = 0 as c_uint;
        // SAFETY: the dataset is open, the number is writable; the new identifier has no other owner.
        let file = unsafe {
            let file = Id::own(H5Iget_file_id(dataset))?;
            check(H5Fget_intent(file.raw(), &mut intent))?;
            file
        };
        if intent != H5F_ACC_RDONLY {
            return Ok(None);
        }
        Ok(descriptor(&file)?.filter(|(_, userblock)| *userblock == 0).map(|(file, _)| file))
    }

    /// What the library calls back with each chunk.
    struct Found<'a> {
        grid: &'a Grid,
        rank: usize,
        stored: Vec<Option<Stored>>,
        good: usize,
    }

    /// Where all chunks are, unless some are missing.
    fn chunks(dataset: hid_t, grid: &Grid) -> Result<Option<Vec<Stored>>> {
        // The file says how many chunks there should be; there is memory for as many as there are.
        let mut counted = 0usize;
        // SAFETY: the dataset is open; the callback gets the number that is passed, which outlives the call.
        check(unsafe { H5Dchunk_iter(dataset, H5P_DEFAULT, Some(count), (&raw mut counted).cast()) })?;
        if counted != grid.len() {
            return Ok(None);
        }
        let mut stored = room(counted)?;
        stored.resize(counted, None);
        let mut found = Found { grid, rank: grid.origin(0).len(), stored, good: 0 };
        // SAFETY: the dataset is open; the callback gets what is passed, which outlives the call.
        check(unsafe { H5Dchunk_iter(dataset, H5P_DEFAULT, Some(take), (&raw mut found).cast()) })?;
        if found.good != counted {
            return Ok(None);
        }
        Ok(found.stored.into_iter().collect())
    }

    unsafe extern "C" fn count(_: *const hsize_t, _: c_uint, _: u64, _: hsize_t, counted: *mut c_void) -> c_int {
        // SAFETY: the data is the number that `chunks` passed.
        unsafe { *counted.cast::<usize>() += 1 };
        0
    }

    unsafe extern "C" fn take(
        origin: *const hsize_t,
        mask: c_uint,
        address: u64,
        bytes: hsize_t,
        found: *mut c_void,
    ) -> c_int {
        // SAFETY: the data is what `chunks` passed.
        let found = unsafe { &mut *found.cast::<Found<'_>>() };
        // SAFETY: the origin has a number for each dimension.
        let origin = unsafe { std::slice::from_raw_parts(origin, found.rank) };
        let place = found.grid.index(origin).and_then(|index| found.stored.get_mut(index));
        if let (Some(place @ None), Ok(bytes)) = (place, usize::try_from(bytes)) {
            *place = Some(Stored { address, bytes, mask });
            found.good += 1;
        }
        0
    }
}
