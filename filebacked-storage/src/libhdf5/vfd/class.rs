//! The description of a file driver for HDF5, as in its header `H5FDdevelop.h` since version 1.14.
//!
//! `hdf5-metno-sys` declares both structs for older versions, too small for these.

use hdf5_metno_sys::h5::{haddr_t, herr_t, hsize_t};
use hdf5_metno_sys::h5f::H5F_close_degree_t;
use hdf5_metno_sys::h5i::hid_t;
use std::ffi::{c_char, c_int, c_uchar, c_uint, c_ulong, c_void};

/// The version of [`Class`] that is declared here; the library refuses drivers of another.
pub(super) const VERSION: c_uint = 1;

/// A kind of memory in a file.
pub(super) type Kind = c_int;

/// `H5FD_MEM_DRAW`: what datasets hold, all else being metadata.
pub(super) const DATA: Kind = 3;

/// For each kind of memory, the kind whose free space it shares: metadata and data apart.
pub(super) const DICHOTOMY: [Kind; 7] = [1, 1, 1, 3, 3, 1, 1];

/// `H5FD_class_t`: a file driver.
#[repr(C)]
pub(super) struct Class {
    pub(super) version: c_uint,
    pub(super) value: c_int,
    pub(super) name: *const c_char,
    pub(super) maxaddr: haddr_t,
    pub(super) fc_degree: H5F_close_degree_t,
    pub(super) terminate: Option<unsafe extern "C" fn() -> herr_t>,
    pub(super) sb_size: Option<unsafe extern "C" fn(*mut Public) -> hsize_t>,
    pub(super) sb_encode:
        Option<unsafe extern "C" fn(*mut Public, *mut c_char, *mut c_uchar) -> herr_t>,
    pub(super) sb_decode:
        Option<unsafe extern "C" fn(*mut Public, *const c_char, *const c_uchar) -> herr_t>,
    pub(super) fapl_size: usize,
    pub(super) fapl_get: Option<unsafe extern "C" fn(*mut Public) -> *mut c_void>,
    pub(super) fapl_copy: Option<unsafe extern "C" fn(*const c_void) -> *mut c_void>,
    pub(super) fapl_free: Option<unsafe extern "C" fn(*mut c_void) -> herr_t>,
    pub(super) dxpl_size: usize,
    pub(super) dxpl_copy: Option<unsafe extern "C" fn(*const c_void) -> *mut c_void>,
    pub(super) dxpl_free: Option<unsafe extern "C" fn(*mut c_void) -> herr_t>,
    pub(super) open:
        Option<unsafe extern "C" fn(*const c_char, c_uint, hid_t, haddr_t) -> *mut Public>,
    pub(super) close: Option<unsafe extern "C" fn(*mut Public) -> herr_t>,
    pub(super) cmp: Option<unsafe extern "C" fn(*const Public, *const Public) -> c_int>,
    pub(super) query: Option<unsafe extern "C" fn(*const Public, *mut c_ulong) -> herr_t>,
    pub(super) get_type_map: Option<unsafe extern "C" fn(*const Public, *mut Kind) -> herr_t>,
    pub(super) alloc: Option<unsafe extern "C" fn(*mut Public, Kind, hid_t, hsize_t) -> haddr_t>,
    pub(super) free:
        Option<unsafe extern "C" fn(*mut Public, Kind, hid_t, haddr_t, hsize_t) -> herr_t>,
    pub(super) get_eoa: Option<unsafe extern "C" fn(*const Public, Kind) -> haddr_t>,
    pub(super) set_eoa: Option<unsafe extern "C" fn(*mut Public, Kind, haddr_t) -> herr_t>,
    pub(super) get_eof: Option<unsafe extern "C" fn(*const Public, Kind) -> haddr_t>,
    pub(super) get_handle:
        Option<unsafe extern "C" fn(*mut Public, hid_t, *mut *mut c_void) -> herr_t>,
    pub(super) read: Option<
        unsafe extern "C" fn(*mut Public, Kind, hid_t, haddr_t, usize, *mut c_void) -> herr_t,
    >,
    pub(super) write: Option<
        unsafe extern "C" fn(*mut Public, Kind, hid_t, haddr_t, usize, *const c_void) -> herr_t,
    >,
    /// Reading and writing of several pieces at once, which the library does piece by piece where
    /// it is missing.
    pub(super) pieces: [Option<unsafe extern "C" fn()>; 4],
    pub(super) flush: Option<unsafe extern "C" fn(*mut Public, hid_t, bool) -> herr_t>,
    pub(super) truncate: Option<unsafe extern "C" fn(*mut Public, hid_t, bool) -> herr_t>,
    pub(super) lock: Option<unsafe extern "C" fn(*mut Public, bool) -> herr_t>,
    pub(super) unlock: Option<unsafe extern "C" fn(*mut Public) -> herr_t>,
    pub(super) del: Option<unsafe extern "C" fn(*const c_char, hid_t) -> herr_t>,
    pub(super) ctl: Option<
        unsafe extern "C" fn(*mut Public, u64, u64, *const c_void, *mut *mut c_void) -> herr_t,
    >,
    pub(super) fl_map: [Kind; 7],
}

// SAFETY: the pointers in a class are to constants.
unsafe impl Sync for Class {}

/// `H5FD_t`: the part of an open file of a driver that belongs to the library.
#[repr(C)]
pub(super) struct Public {
    pub(super) driver_id: hid_t,
    pub(super) cls: *const Class,
    pub(super) fileno: c_ulong,
    pub(super) access_flags: c_uint,
    pub(super) feature_flags: c_ulong,
    pub(super) maxaddr: haddr_t,
    pub(super) base_addr: haddr_t,
    pub(super) threshold: hsize_t,
    pub(super) alignment: hsize_t,
    pub(super) paged_aggr: bool,
}
