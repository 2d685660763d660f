//! Chunks that are coded elsewhere than in the library's filter pipeline, where that can be.

#[cfg(not(chunks_coded_here))]
pub(super) use never::write;
#[cfg(not(chunks_read_here))]
pub(super) use never::{Direct, direct};
#[cfg(chunks_read_here)]
pub(super) use read::{Direct, direct};
#[cfg(chunks_coded_here)]
pub(super) use write::write;

/// Without the feature, or with an old library, all chunks go through the pipeline; to read past it
/// takes Unix, too.
#[cfg(not(chunks_read_here))]
mod never {
    use crate::error::Result;
    use hdf5_metno_sys::h5i::hid_t;
    use std::mem::MaybeUninit;

    #[cfg(not(chunks_coded_here))]
    pub(crate) fn write(
        _: &super::super::id::Id,
        _: &[u64],
        _: &crate::Slab,
        _: usize,
        _: &[u8],
        _: bool,
    ) -> Result<bool> {
        Ok(false)
    }

    /// A dataset whose chunks can be read without the library: there is none.
    pub(crate) enum Direct {}

    impl Direct {
        pub(crate) fn read(&self, _: &mut [MaybeUninit<u8>]) -> Result<()> {
            match *self {}
        }
    }

    pub(crate) fn direct(_: hid_t, _: &[u64], _: &crate::Slab, _: usize) -> Result<Option<Direct>> {
        Ok(None)
    }
}

/// The properties of a dataset.
#[cfg(chunks_coded_here)]
mod layout {
    use crate::chunks::Pipeline;
    use crate::error::Result;
    use crate::libhdf5::id::{Id, check};
    use hdf5_metno_sys::h5d::H5D_layout_t::H5D_CHUNKED;
    use hdf5_metno_sys::h5d::{H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS, H5Dget_create_plist};
    use hdf5_metno_sys::h5i::hid_t;
    use hdf5_metno_sys::h5p::{
        H5Pget_chunk, H5Pget_chunk_opts, H5Pget_filter2, H5Pget_layout, H5Pget_nfilters,
    };
    use hdf5_metno_sys::h5s::H5S_MAX_RANK;
    use std::ffi::c_int;

    /// The filters and the chunk shape of a dataset with `size` bytes per element, if there are
    /// filters and all are known here. The lock is held.
    pub(super) fn layout(dataset: hid_t, size: usize) -> Result<Option<(Pipeline, Vec<u64>)>> {
        let mut pipeline = Pipeline::default();
        let mut chunk = [0u64; H5S_MAX_RANK as usize];
        // SAFETY: the dataset and its list are open; buffers are writable for the sizes that are
        // passed.
        unsafe {
            let list = Id::own(H5Dget_create_plist(dataset))?;
            if H5Pget_layout(list.raw()) != H5D_CHUNKED {
                return Ok(None);
            }
            // Then chunks at the edges have no filters, and no mask that says so.
            let mut options = 0;
            check(H5Pget_chunk_opts(list.raw(), &mut options))?;
            if options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS != 0 {
                return Ok(None);
            }
            let rank = check(H5Pget_chunk(list.raw(), chunk.len() as c_int, chunk.as_mut_ptr()))?;
            let filters = check(H5Pget_nfilters(list.raw()))?.unsigned_abs();
            for bit in 0..filters {
                let (mut flags, mut values, mut config, mut count) = (0, [0; 8], 0, 8);
                let (no_name, values_at) = (std::ptr::null_mut(), values.as_mut_ptr());
                let filter = H5Pget_filter2(
                    list.raw(),
                    bit,
                    &mut flags,
                    &mut count,
                    values_at,
                    0,
                    no_name,
                    &mut config,
                );
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

#[cfg(chunks_coded_here)]
mod write {
    use super::layout::layout;
    use crate::Slab;
    use crate::chunks::{Grid, encode};
    use crate::error::Result;
    use crate::libhdf5::id::{Id, check};
    use hdf5_metno::sync::sync;
    use hdf5_metno_sys::h5d::H5D_fill_value_t::{
        H5D_FILL_VALUE_DEFAULT, H5D_FILL_VALUE_USER_DEFINED,
    };
    use hdf5_metno_sys::h5d::{H5Dget_create_plist, H5Dwrite_chunk};
    use hdf5_metno_sys::h5i::hid_t;
    use hdf5_metno_sys::h5p::{H5P_DEFAULT, H5Pfill_value_defined};

    /// Whether a fill value is set. The lock is held.
    fn has_fill_value(dataset: hid_t) -> Result<bool> {
        let mut status = H5D_FILL_VALUE_DEFAULT;
        // SAFETY: the dataset and its list are open, the status is writable.
        unsafe {
            let list = Id::own(H5Dget_create_plist(dataset))?;
            check(H5Pfill_value_defined(list.raw(), &mut status))?;
        }
        Ok(status == H5D_FILL_VALUE_USER_DEFINED)
    }

    /// Writes a part of a dataset of this shape that is made of whole chunks; `false`, and nothing
    /// written, where it is not, or the library has to. Where there may be chunks already (not
    /// `fresh`), it has to where chunks get filter masks, of which it knows old ones. The lock is
    /// held for the library's calls only.
    pub(crate) fn write(
        dataset: &Id,
        shape: &[u64],
        slab: &Slab,
        size: usize,
        bytes: &[u8],
        fresh: bool,
    ) -> Result<bool> {
        let Some((pipeline, chunk)) = sync(|| layout(dataset.raw(), size))? else {
            return Ok(false);
        };
        let whole = slab.dims.iter().zip(shape).zip(&chunk).all(|((span, extent), chunk)| {
            let end = span.start + span.count;
            span.step == 1
                && span.start.is_multiple_of(*chunk)
                && (end == *extent || end.is_multiple_of(*chunk))
        });
        let Some(grid) =
            Grid::new(&slab.shape(), &chunk, size).filter(|_| whole && pipeline.encodes())
        else {
            return Ok(false);
        };
        if !fresh && !pipeline.is_unmasked() {
            return Ok(false);
        }
        let cut =
            slab.dims.iter().zip(&chunk).any(|(span, chunk)| !span.count.is_multiple_of(*chunk));
        // What lies behind the end shows when the dataset grows: zeros here, what the dataset says
        // there.
        if cut && sync(|| has_fill_value(dataset.raw()))? {
            return Ok(false);
        }
        encode(&grid, pipeline, bytes, |origin, mask, chunk| {
            let (data, n) = (chunk.as_ptr().cast(), chunk.len());
            let origin: Vec<u64> =
                origin.iter().zip(&slab.dims).map(|(at, span)| at + span.start).collect();
            let (id, at) = (dataset.raw(), origin.as_ptr());
            // SAFETY: the dataset is open, the origin has a number for each dimension, the data as
            // many bytes as is said.
            sync(|| check(unsafe { H5Dwrite_chunk(id, H5P_DEFAULT, mask, at, n, data) }))?;
            Ok(())
        })?;
        Ok(true)
    }
}

#[cfg(chunks_read_here)]
mod read {
    use super::layout::layout;
    use crate::chunks::{Grid, Pipeline, Stored, decode};
    use crate::error::Result;
    use crate::libhdf5::descriptor::file_of;
    use crate::libhdf5::id::{check, room};
    use crate::{Slab, elements};
    use hdf5_metno_sys::h5::hsize_t;
    use hdf5_metno_sys::h5d::H5Dchunk_iter;
    use hdf5_metno_sys::h5i::hid_t;
    use hdf5_metno_sys::h5p::H5P_DEFAULT;
    use std::ffi::{c_int, c_uint, c_void};
    use std::fs::File;
    use std::mem::MaybeUninit;

    /// Chunks up to this size are read, whatever the size of the dataset.
    const ANY: usize = 16 << 20;
    /// So many chunks are looked at for one that is read, at most.
    const SOUGHT: u64 = 1024;
    /// From this many bytes on it pays to look for chunks.
    const WORTHWHILE: usize = 64 << 10;

    /// A dataset whose chunks can be read without the library.
    pub(crate) struct Direct {
        grid: Grid,
        pipeline: Pipeline,
        stored: Vec<(usize, Stored)>,
        file: File,
    }

    impl Direct {
        /// Reads the whole dataset. The lock need not be held.
        pub(crate) fn read(&self, out: &mut [MaybeUninit<u8>]) -> Result<()> {
            decode(&self.grid, self.pipeline, &self.stored, &[], &self.file, out)
        }
    }

    /// Looks whether all chunks of a part of a dataset, of `size` bytes an element, can be read
    /// without the library, whether that pays, and where they are: an ordinary file that nobody
    /// writes to, no filters but those that are known here, no chunk missing. The lock is held.
    pub(crate) fn direct(
        dataset: hid_t,
        shape: &[u64],
        part: &Slab,
        size: usize,
    ) -> Result<Option<Direct>> {
        let Some(bytes) = elements(&part.shape()).and_then(|n| n.checked_mul(size)) else {
            return Ok(None);
        };
        if bytes < WORTHWHILE {
            return Ok(None);
        }
        let Some((pipeline, chunk)) = layout(dataset, size)? else { return Ok(None) };
        let Some(grid) = Grid::of_part(part, &chunk, size) else { return Ok(None) };
        if grid.chunk_bytes() > ANY.max(bytes) {
            return Ok(None);
        }
        // The library keeps chunks of which little is read for the next read, and finds one without
        // asking for all.
        let all = shape
            .iter()
            .zip(&chunk)
            .map(|(extent, chunk)| extent.div_ceil(*chunk))
            .fold(1, u64::saturating_mul);
        let is_part = all != grid.count() as u64;
        let covered = grid.count().saturating_mul(grid.chunk_bytes());
        if is_part && (covered / 2 > bytes || all / SOUGHT > grid.count() as u64) {
            return Ok(None);
        }
        let Some(file) = file_of(dataset)?.filter(|file| file.is_quiet) else { return Ok(None) };
        let Some(stored) = chunks(dataset, &grid)? else { return Ok(None) };
        Ok(Some(Direct { grid, pipeline, stored, file: file.file }))
    }

    /// The callback of libhdf5 for each chunk.
    struct Found<'a> {
        grid: &'a Grid,
        rank: usize,
        stored: Vec<Option<Stored>>,
        good: usize,
    }

    /// Where all chunks of a grid are, unless some are missing.
    fn chunks(dataset: hid_t, grid: &Grid) -> Result<Option<Vec<(usize, Stored)>>> {
        let rank = grid.origin(0).len();
        let mut found = Found { grid, rank, stored: Vec::new(), good: 0 };
        // The file says how many chunks there should be; there is memory for as many as there are.
        // SAFETY: the dataset is open; the callback gets what is passed, which outlives the call.
        check(unsafe {
            H5Dchunk_iter(dataset, H5P_DEFAULT, Some(count), (&raw mut found).cast())
        })?;
        if found.good != grid.count() {
            return Ok(None);
        }
        let mut stored = room(found.good)?;
        stored.resize(found.good, None);
        let mut found = Found { grid, rank, stored, good: 0 };
        // SAFETY: the dataset is open; the callback gets what is passed, which outlives the call.
        check(unsafe { H5Dchunk_iter(dataset, H5P_DEFAULT, Some(take), (&raw mut found).cast()) })?;
        if found.good != grid.count() {
            return Ok(None);
        }
        Ok(found.stored.into_iter().enumerate().map(|(n, stored)| Some((n, stored?))).collect())
    }

    impl Found<'_> {
        /// The place of the chunk that begins there, if it is one of the requested chunks.
        ///
        /// # Safety
        ///
        /// `origin` has a number for each dimension.
        unsafe fn index(&self, origin: *const hsize_t) -> Option<usize> {
            // SAFETY: the contract of this function.
            self.grid.index(unsafe { std::slice::from_raw_parts(origin, self.rank) })
        }
    }

    unsafe extern "C" fn count(
        origin: *const hsize_t,
        _: c_uint,
        _: u64,
        _: hsize_t,
        found: *mut c_void,
    ) -> c_int {
        // SAFETY: the data is what `chunks` passed, and the origin has a number for each dimension.
        unsafe {
            let found = &mut *found.cast::<Found<'_>>();
            found.good += usize::from(found.index(origin).is_some());
        }
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
        let place = unsafe { found.index(origin) }.and_then(|index| found.stored.get_mut(index));
        if let (Some(place @ None), Ok(bytes)) = (place, usize::try_from(bytes)) {
            *place = Some(Stored { address, bytes, mask });
            found.good += 1;
        }
        0
    }
}
