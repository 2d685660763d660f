//! Datasets that are made without their elements.

use super::edit::open_or_create_group;
use super::id::{Id, check, with_link_name};
use super::lists::{COMPACT, add_filters, link_list, timeless};
use super::types::Types;
use crate::error::{Error, ErrorKind, Result};
use crate::{CHUNK, Compression, Dtype, Elements, Tiles, chunk_shape, elements};
use hdf5_metno::globals::H5P_DATASET_CREATE;
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5::{HADDR_UNDEF, hsize_t};
use hdf5_metno_sys::h5d::H5D_alloc_time_t::{H5D_ALLOC_TIME_EARLY, H5D_ALLOC_TIME_INCR};
use hdf5_metno_sys::h5d::H5D_fill_time_t::{H5D_FILL_TIME_ALLOC, H5D_FILL_TIME_NEVER};
use hdf5_metno_sys::h5d::H5D_layout_t::{H5D_COMPACT, H5D_CONTIGUOUS};
use hdf5_metno_sys::h5d::{H5Dcreate_anon, H5Dget_offset};
use hdf5_metno_sys::h5f::H5Fget_filesize;
use hdf5_metno_sys::h5i::H5Iget_file_id;
use hdf5_metno_sys::h5o::H5Olink;
use hdf5_metno_sys::h5p::{
    H5P_DEFAULT, H5Pset_alloc_time, H5Pset_chunk, H5Pset_fill_time, H5Pset_fill_value,
    H5Pset_layout, H5Pset_obj_track_times,
};
use hdf5_metno_sys::h5s::{H5S_MAX_RANK, H5S_UNLIMITED, H5Screate_simple};
use std::ffi::CString;

/// Chunks of what will grow have at least so many bytes, however small it is now.
const GROWING_CHUNK: usize = 64 << 10;

/// The specification of a new dataset.
#[derive(Debug)]
pub struct NewDataset<'a> {
    /// The datatype of the elements.
    pub dtype: &'a Dtype,
    /// The extent of each dimension.
    pub shape: &'a [u64],
    /// The largest shape; `None` for no limit along a dimension.
    pub most: &'a [Option<u64>],
    /// The extent of a chunk in each dimension.
    pub chunk: Option<&'a [u64]>,
    /// How chunks are compressed.
    pub compression: Compression,
    /// Whether each chunk has a checksum.
    pub fletcher32: bool,
    /// The fill value: the bytes of one element, or a text.
    pub fill: Option<&'a [u8]>,
}

/// The chunk shape of a dataset that may grow: along the dimensions without a limit as long as a
/// chunk has room for.
pub(super) fn chunk_of(shape: &[u64], most: &[u64], size: usize) -> Vec<u64> {
    let bytes = elements(shape)
        .and_then(|n| n.checked_mul(size))
        .unwrap_or(CHUNK)
        .clamp(GROWING_CHUNK, CHUNK);
    let extent = |(shape, most): (&u64, &u64)| {
        if *most == H5S_UNLIMITED { 1 << 40 } else { *(shape.max(most)) }
    };
    let extents: Vec<u64> = shape.iter().zip(most).map(extent).collect();
    chunk_shape(&extents, size, bytes)
}

/// Makes a list for chunked datasets keep no times, and allocate a chunk when it is written. The
/// lock is held.
pub(super) fn fixed_times(list: &Id) -> Result<()> {
    // SAFETY: the list is open and of the class that its properties belong to.
    unsafe {
        check(H5Pset_obj_track_times(list.raw(), 0))?;
        check(H5Pset_alloc_time(list.raw(), H5D_ALLOC_TIME_INCR))?;
    }
    Ok(())
}

/// Creates a dataset in a group, and missing groups on its path. Elements that are never written
/// read as zeros or the fill value, and take no space on file systems with sparse files.
pub fn create(base: &Id, groups: &[&str], name: &str, what: &NewDataset<'_>) -> Result<()> {
    if what.shape.len() > H5S_MAX_RANK as usize {
        let found = format!("{} dimensions; HDF5 has at most {H5S_MAX_RANK}", what.shape.len());
        return Err(ErrorKind::Unsupported(found).into());
    }
    for (property, rank) in [
        ("the largest shape", what.most.len()),
        ("a chunk shape", what.chunk.map_or(0, <[_]>::len)),
    ] {
        if rank != what.shape.len() && (rank > 0 || property == "the largest shape") {
            let expected = format!("{property} of {} dimensions", what.shape.len());
            return Err(Error::mismatch(expected, format!("one of {rank}")));
        }
    }
    if let Some((most, extent)) =
        what.most.iter().zip(what.shape).find(|(most, extent)| most.is_some_and(|m| m < **extent))
    {
        let found = format!("an extent of {extent}, where {} is the largest", most.unwrap_or(0));
        return Err(ErrorKind::OutOfBounds(found).into());
    }
    sync(|| {
        let dataset = anonymous(base, what)?;
        let mut group = base.clone();
        for name in groups {
            group = open_or_create_group(&group, name)?;
        }
        let list = link_list(name)?;
        // SAFETY: everything is open, the name ends in NUL.
        with_link_name(name, |name| unsafe {
            check(H5Olink(dataset.raw(), group.raw(), name, list.raw(), H5P_DEFAULT)).map(drop)
        })
    })
}

/// Makes a dataset without a name. The lock is held.
fn anonymous(base: &Id, what: &NewDataset<'_>) -> Result<Id> {
    let size = if *what.dtype == Dtype::VarStr { 16 } else { what.dtype.size() };
    let bytes = elements(what.shape)
        .and_then(|n| n.checked_mul(size))
        .filter(|bytes| isize::try_from(*bytes).is_ok());
    let bytes = bytes.ok_or_else(|| {
        Error::new(ErrorKind::Unsupported("more elements than this machine can address".into()))
    })?;
    let most: Vec<u64> = what.most.iter().map(|most| most.unwrap_or(H5S_UNLIMITED)).collect();
    let mut types = Types::new()?;
    let dtype = types.get(what.dtype)?;
    let list = timeless(*H5P_DATASET_CREATE)?;
    let coded = what.compression != Compression::None || what.fletcher32;
    if coded && *what.dtype == Dtype::VarStr {
        let error = ErrorKind::Unsupported(
            "text of variable length cannot be compressed: it lies outside its dataset".into(),
        );
        return Err(error.into());
    }
    let is_chunked = what.chunk.is_some()
        || coded
        || most != what.shape
        // In one piece, all of it would have to be written at once.
        || ((what.fill.is_some() || !what.dtype.is_plain()) && bytes > COMPACT);
    let is_compact = !is_chunked && (1..=COMPACT).contains(&bytes) && what.dtype.is_plain();
    // SAFETY: everything is open; shapes have as many numbers as is said, the fill value is one
    // element of its type.
    unsafe {
        if let Some(fill) = what.fill {
            match what.dtype {
                Dtype::VarStr => {
                    let text = CString::new(fill).map_err(|_| {
                        Error::new(ErrorKind::Unsupported("a fill value with NUL".into()))
                    })?;
                    let pointer = text.as_ptr();
                    check(H5Pset_fill_value(list.raw(), dtype, (&raw const pointer).cast()))?;
                }
                _ if fill.len() != size => {
                    return Err(ErrorKind::Contract("a fill value of another size".into()).into());
                }
                _ => drop(check(H5Pset_fill_value(list.raw(), dtype, fill.as_ptr().cast()))?),
            }
        }
        if is_chunked {
            let chunk = match what.chunk {
                Some(chunk) => chunk.to_vec(),
                None => chunk_of(what.shape, &most, size),
            };
            let chunk_bytes =
                elements(&chunk).and_then(|n| n.checked_mul(size)).unwrap_or(usize::MAX);
            check(H5Pset_chunk(list.raw(), chunk.len() as i32, chunk.as_ptr()))?;
            fixed_times(&list)?;
            add_filters(&list, what.compression, what.fletcher32, size, chunk_bytes)?;
        } else {
            check(H5Pset_layout(
                list.raw(),
                if is_compact { H5D_COMPACT } else { H5D_CONTIGUOUS },
            ))?;
            check(H5Pset_alloc_time(list.raw(), H5D_ALLOC_TIME_EARLY))?;
            let at_once = is_compact || what.fill.is_some() || !what.dtype.is_plain();
            check(H5Pset_fill_time(
                list.raw(),
                if at_once { H5D_FILL_TIME_ALLOC } else { H5D_FILL_TIME_NEVER },
            ))?;
        }
        let file = Id::own(H5Iget_file_id(base.raw()))?;
        let mut end: hsize_t = 0;
        check(H5Fget_filesize(file.raw(), &mut end))?;
        let space =
            Id::own(H5Screate_simple(what.shape.len() as i32, what.shape.as_ptr(), most.as_ptr()))?;
        let dataset =
            Id::own(H5Dcreate_anon(base.raw(), dtype, space.raw(), list.raw(), H5P_DEFAULT))?;
        // Behind the end of the file are zeros; a gap in it has what was there before.
        if !is_chunked && !is_compact && what.dtype.is_plain() {
            let offset = H5Dget_offset(dataset.raw());
            if offset != HADDR_UNDEF && offset < end {
                clear(&dataset, what.shape, what.dtype, end - offset)?;
            }
        }
        Ok(dataset)
    }
}

/// Writes zeros to the elements of a dataset that have some of its first bytes.
fn clear(dataset: &Id, shape: &[u64], dtype: &Dtype, bytes: u64) -> Result<()> {
    let extents: Vec<usize> = shape.iter().map(|extent| *extent as usize).collect();
    let size = dtype.size().max(1);
    let tiles = Tiles::new(&extents, None, (64 << 10) / size);
    let zeros = vec![0; tiles.tile().iter().product::<usize>() * size];
    let mut done = 0;
    for slab in tiles {
        if done >= bytes {
            break;
        }
        let n = elements(&slab.shape()).unwrap_or(0) * size;
        super::dataset::write_slab(
            dataset,
            &slab,
            dtype,
            Elements::Bytes(zeros.get(..n).unwrap_or_default()),
        )?;
        done += n as u64;
    }
    Ok(())
}
