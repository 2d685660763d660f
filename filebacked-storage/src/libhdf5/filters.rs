//! Filters that the HDF5 library gets from here, so that its own pipeline reads and writes what is
//! coded here.

use super::id::{check, room};
use super::stack::forget_error;
use crate::Compression;
use crate::codec::{Codec, Workspace, filter_name, id};
use crate::error::{Error, ErrorKind, Result};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5::{H5allocate_memory, H5free_memory};
use hdf5_metno_sys::h5z::{
    H5Z_CLASS_T_VERS, H5Z_FILTER_CONFIG_ENCODE_ENABLED, H5Z_FLAG_REVERSE, H5Z_class2_t,
    H5Z_filter_t, H5Zfilter_avail, H5Zget_filter_info, H5Zregister,
};
use std::ffi::{CStr, c_uint, c_void};
use std::sync::Once;

/// The arguments of a filter of libhdf5.
type Callback = unsafe extern "C" fn(
    c_uint,
    usize,
    *const c_uint,
    usize,
    *mut usize,
    *mut *mut c_void,
) -> usize;

/// Number, name, and callback of each filter; whether it encodes.
const FILTERS: &[(u32, &CStr, Callback, bool)] = &[
    (id::LZF, c"lzf", filter::<{ id::LZF }>, false),
    (id::LZ4, c"lz4", filter::<{ id::LZ4 }>, true),
    (id::ZSTD, c"zstd", filter::<{ id::ZSTD }>, true),
    (id::BLOSC, c"blosc", filter::<{ id::BLOSC }>, true),
];

/// Registers the filters that libhdf5 lacks, once.
pub(super) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        sync(|| {
            let known = FILTERS.iter().filter(|filter| Codec::of(filter.0, &[]).is_some());
            known.for_each(|filter| add(filter.0, filter.1, filter.2, filter.3))
        })
    });
}

/// Gives the library a filter, unless the program or a plugin has done so. The lock is held.
fn add(id: u32, name: &CStr, callback: Callback, encodes: bool) {
    let class = H5Z_class2_t {
        version: H5Z_CLASS_T_VERS as _,
        id: id as H5Z_filter_t,
        encoder_present: encodes.into(),
        decoder_present: 1,
        name: name.as_ptr(),
        can_apply: None,
        set_local: None,
        filter: Some(callback),
    };
    // SAFETY: the class is complete and copied by the library; the name it points to is static.
    unsafe {
        if H5Zfilter_avail(class.id) > 0 || H5Zregister((&raw const class).cast()) >= 0 {
            return;
        }
    }
    forget_error();
}

/// Checks that the library has the filter of a compression, and that it encodes.
pub fn check_filter(compression: Compression) -> Result<()> {
    let Some(id) = compression.filter() else { return Ok(()) };
    register();
    let flags = sync(|| {
        let mut flags: c_uint = 0;
        // SAFETY: the flags are writable; a filter that is not there is an answer.
        unsafe {
            if H5Zfilter_avail(id as H5Z_filter_t) <= 0 {
                forget_error();
                return Ok(None);
            }
            check(H5Zget_filter_info(id as H5Z_filter_t, &mut flags))?;
        }
        Ok::<_, Error>(Some(flags))
    })?;
    let name = filter_name(id).map_or_else(|| id.to_string(), |name| format!("{name} ({id})"));
    match flags {
        Some(flags) if flags & H5Z_FILTER_CONFIG_ENCODE_ENABLED != 0 => Ok(()),
        Some(_) => Err(ErrorKind::Unsupported(format!(
            "the HDF5 filter {name} can only read in this build"
        ))
        .into()),
        None => {
            let ours = matches!(id, id::LZ4 | id::ZSTD | id::BLOSC) && Codec::of(id, &[]).is_none();
            let help = "set HDF5_PLUGIN_PATH to the directory of its plugin";
            let help = if ours {
                format!("enable the feature `compress` of filebacked, or {help}")
            } else {
                help.into()
            };
            let what = format!("the HDF5 filter {name} is not available");
            Err(Error::new(ErrorKind::Unsupported(what)).with_help(help))
        }
    }
}

/// The callback of libhdf5 for each chunk: replaces the bytes by encoded or decoded ones; 0 is an
/// error.
///
/// # Safety
///
/// As the library calls it: `values` has `count` numbers, and `*buffer` is memory of the library of
/// `*room` bytes, the first `n` of which are data.
unsafe extern "C" fn filter<const ID: u32>(
    flags: c_uint,
    count: usize,
    values: *const c_uint,
    n: usize,
    room: *mut usize,
    buffer: *mut *mut c_void,
) -> usize {
    // SAFETY: the contract of this function. Slices are not made of null pointers.
    let (options, from) = unsafe {
        let options =
            if values.is_null() { &[] } else { std::slice::from_raw_parts(values, count) };
        if buffer.is_null() || (*buffer).is_null() || room.is_null() {
            return 0;
        }
        (options, std::slice::from_raw_parts((*buffer).cast::<u8>(), n))
    };
    let Some(codec) = Codec::of(ID, options) else { return 0 };
    let made = if flags & H5Z_FLAG_REVERSE != 0 {
        decoded(codec, options, from)
    } else {
        encoded(codec, from)
    };
    let Ok(made) = made else { return 0 };
    // SAFETY: memory of the library is given back once, in exchange for other memory of its kind,
    // which has room for what is copied there.
    unsafe {
        let to = H5allocate_memory(made.len().max(1), false.into());
        if to.is_null() {
            return 0;
        }
        std::ptr::copy_nonoverlapping(made.as_ptr(), to.cast(), made.len());
        H5free_memory(*buffer);
        (*buffer, *room) = (to, made.len());
    }
    made.len()
}

/// The content of a chunk whose length libhdf5 does not provide.
fn decoded(codec: Codec, options: &[u32], from: &[u8]) -> Result<Vec<u8>> {
    /// The largest expansion of three bytes by lzf.
    const LZF: usize = 264 / 3;
    let size = match (codec.id(), options.get(2)) {
        // h5py has the size of a chunk among the options, but none where elements are of variable
        // length.
        (id::LZF, Some(&size)) if size != 0 => {
            Some(size as usize).filter(|size| size / LZF <= from.len())
        }
        _ => codec.claims(from),
    };
    let size =
        size.ok_or_else(|| Error::new(ErrorKind::Damaged("a chunk without its length".into())))?;
    let mut to: Vec<u8> = room(size)?;
    to.resize(size, 0);
    codec.decode(&mut Workspace::default(), from, &mut to)?;
    Ok(to)
}

fn encoded(codec: Codec, from: &[u8]) -> Result<Vec<u8>> {
    let mut to = Vec::new();
    match codec.encode(&mut Workspace::default(), from, &mut to)? {
        true => Ok(to),
        // The library stores the chunk without this filter.
        false => Err(ErrorKind::Unsupported("a chunk that does not get shorter".into()).into()),
    }
}
