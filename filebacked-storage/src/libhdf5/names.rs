//! The names of links and attributes.

use super::id::{Id, check};
use crate::error::{Error, ErrorKind, Result};
use crate::stamp::{ASIDE, UNDER_WAY};
use hdf5_metno_sys::h5::H5_index_t::{self, H5_INDEX_CRT_ORDER, H5_INDEX_NAME};
use hdf5_metno_sys::h5::H5_iter_order_t::{H5_ITER_INC, H5_ITER_NATIVE};
use hdf5_metno_sys::h5::herr_t;
use hdf5_metno_sys::h5a::{H5A_info_t, H5Aiterate2};
use hdf5_metno_sys::h5d::H5Dget_create_plist;
use hdf5_metno_sys::h5g::{H5G_info_t, H5Gget_create_plist, H5Gget_info};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5l::{H5L_info_t, H5Literate};
use hdf5_metno_sys::h5p::{
    H5P_CRT_ORDER_TRACKED, H5Pget_attr_creation_order, H5Pget_link_creation_order,
};
use std::ffi::{CStr, c_char, c_void};
use std::ptr::null_mut;

/// The names of a group's links, but for what is under way: in the order of their creation where
/// that is tracked, else sorted by their bytes. The lock is held and the identifier is open.
pub(super) fn children(group: hid_t) -> Result<Vec<String>> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let data = (&raw mut names).cast();
    // SAFETY: the group is open; the callback gets the vector, which outlives the call.
    unsafe {
        if is_ordered(group)? {
            check(H5Literate(
                group,
                H5_INDEX_CRT_ORDER,
                H5_ITER_INC,
                null_mut(),
                Some(push_link),
                data,
            ))?;
        } else {
            check(H5Literate(
                group,
                H5_INDEX_NAME,
                H5_ITER_NATIVE,
                null_mut(),
                Some(push_link),
                data,
            ))?;
            names.sort_unstable();
        }
    }
    names.retain(|name| ![UNDER_WAY.as_bytes(), ASIDE.as_bytes()].contains(&name.as_slice()));
    texts(names, "a member's name")
}

/// How many links a group has. The lock is held and the identifier is open.
pub(super) fn count(group: hid_t) -> Result<usize> {
    let mut info = H5G_info_t::default();
    // SAFETY: the group is open, the information is writable.
    check(unsafe { H5Gget_info(group, &mut info) })?;
    Ok(info.nlinks as usize)
}

/// Whether the order in which a group's links were created is tracked. The lock is held and the
/// identifier is open.
pub(super) fn is_ordered(group: hid_t) -> Result<bool> {
    let mut order = 0;
    // SAFETY: the group is open, and so is its list.
    unsafe {
        let list = Id::own(H5Gget_create_plist(group))?;
        check(H5Pget_link_creation_order(list.raw(), &mut order))?;
    }
    Ok(order & H5P_CRT_ORDER_TRACKED != 0)
}

/// The names of an object's attributes, sorted by their bytes. The lock is held and the identifier
/// is open.
pub(super) fn attributes(object: hid_t) -> Result<Vec<String>> {
    let mut names = attributes_by(object, H5_INDEX_NAME)?;
    names.sort_unstable();
    Ok(names)
}

/// The names of a group's attributes, in the order of their creation where that is tracked. The
/// lock is held and the identifier is open.
pub(super) fn attributes_in_order(group: hid_t) -> Result<Vec<String>> {
    // SAFETY: the group is open; the new list has no other owner.
    ordered(group, &unsafe { Id::own(H5Gget_create_plist(group)) }?)
}

/// The same of a dataset.
pub(super) fn attributes_of_dataset(dataset: hid_t) -> Result<Vec<String>> {
    // SAFETY: the dataset is open; the new list has no other owner.
    ordered(dataset, &unsafe { Id::own(H5Dget_create_plist(dataset)) }?)
}

/// By what the list says that the object was created with.
fn ordered(group: hid_t, list: &Id) -> Result<Vec<String>> {
    let mut order = 0;
    // SAFETY: the list is open, and the place for the answer is writable.
    check(unsafe { H5Pget_attr_creation_order(list.raw(), &mut order) })?;
    match order & H5P_CRT_ORDER_TRACKED {
        0 => attributes(group),
        _ => attributes_by(group, H5_INDEX_CRT_ORDER),
    }
}

fn attributes_by(object: hid_t, index: H5_index_t) -> Result<Vec<String>> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let data = (&raw mut names).cast();
    // SAFETY: the object is open; the callback gets the vector, which outlives the call.
    check(unsafe {
        H5Aiterate2(object, index, H5_ITER_INC, null_mut(), Some(push_attribute), data)
    })?;
    texts(names, "an attribute's name")
}

fn texts(names: Vec<Vec<u8>>, what: &str) -> Result<Vec<String>> {
    let text = |name| {
        String::from_utf8(name).map_err(|error| {
            let name = String::from_utf8_lossy(error.as_bytes()).into_owned();
            Error::new(ErrorKind::Invalid(format!("{what} is not UTF-8: {name:?}")))
        })
    };
    names.into_iter().map(text).collect()
}

unsafe extern "C" fn push_link(
    _: hid_t,
    name: *const c_char,
    _: *const H5L_info_t,
    names: *mut c_void,
) -> herr_t {
    // SAFETY: HDF5 passes a name, and the data is what `children` gave it.
    unsafe { push(name, names) }
}

unsafe extern "C" fn push_attribute(
    _: hid_t,
    name: *const c_char,
    _: *const H5A_info_t,
    names: *mut c_void,
) -> herr_t {
    // SAFETY: HDF5 passes a name, and the data is what `attributes` gave it.
    unsafe { push(name, names) }
}

/// # Safety
///
/// The name ends in NUL, `names` points to a vector of names that nobody else uses.
unsafe fn push(name: *const c_char, names: *mut c_void) -> herr_t {
    // SAFETY: the contract of this function.
    unsafe { (*names.cast::<Vec<Vec<u8>>>()).push(CStr::from_ptr(name).to_bytes().to_vec()) };
    0
}
