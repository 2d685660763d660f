//! Soft and external links, and committed datatypes: what a group may have beside hard links to
//! groups and datasets.

use super::id::{Id, check, room, with_link_name, with_name};
use crate::Link;
use crate::error::{ErrorKind, Result};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5l::H5L_type_t::{H5L_TYPE_EXTERNAL, H5L_TYPE_SOFT};
#[cfg(not(hdf5_tokens))]
use hdf5_metno_sys::h5l::{H5L_info1_t as H5L_info_t, H5Lget_info1 as H5Lget_info};
#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5l::{H5L_info2_t as H5L_info_t, H5Lget_info2 as H5Lget_info};
use hdf5_metno_sys::h5l::{H5Lcreate_external, H5Lcreate_soft, H5Lget_val, H5Lunpack_elink_val};
use hdf5_metno_sys::h5p::H5P_DEFAULT;
use hdf5_metno_sys::h5t::H5Tcommit;
use std::ffi::{CStr, c_char};

/// The target of a soft or external link of a group. The lock is held.
pub(super) fn read(group: hid_t, name: &str) -> Result<Option<Link>> {
    with_link_name(name, |name| {
        let mut info = H5L_info_t::default();
        // SAFETY: the group is open, the name ends in NUL, the information is writable.
        check(unsafe { H5Lget_info(group, name, &mut info, H5P_DEFAULT) })?;
        if !matches!(info.type_, H5L_TYPE_SOFT | H5L_TYPE_EXTERNAL) {
            return Ok(None);
        }
        // SAFETY: such links have a value, whose size this is.
        let size = unsafe { *info.u.val_size() };
        let mut value: Vec<u8> = room(size)?;
        value.resize(size, 0);
        // SAFETY: the group is open, the name ends in NUL, the buffer has room for as much as is
        // said.
        check(unsafe { H5Lget_val(group, name, value.as_mut_ptr().cast(), size, H5P_DEFAULT) })?;
        if info.type_ == H5L_TYPE_SOFT {
            let path = value.split(|byte| *byte == 0).next().unwrap_or_default();
            return Ok(Some(Link::Soft(String::from_utf8_lossy(path).into_owned())));
        }
        let (mut file, mut path): (*const c_char, *const c_char) =
            (std::ptr::null(), std::ptr::null());
        // SAFETY: the value is that of an external link; both names lie in it and end in NUL.
        unsafe {
            check(H5Lunpack_elink_val(
                value.as_ptr().cast(),
                size,
                std::ptr::null_mut(),
                &mut file,
                &mut path,
            ))?;
            let text = |pointer: *const c_char| match pointer.is_null() {
                true => String::new(),
                false => CStr::from_ptr(pointer).to_string_lossy().into_owned(),
            };
            Ok(Some(Link::External { file: text(file), path: text(path) }))
        }
    })
}

/// Makes a link. The lock is held.
pub(super) fn create(group: hid_t, name: &str, link: &Link, list: hid_t) -> Result<()> {
    let code = with_link_name(name, |name| match link {
        Link::Soft(path) if path.is_empty() => {
            Err(ErrorKind::Contract("a link to nothing".into()).into())
        }
        Link::Soft(path) => {
            // SAFETY: the group and the list are open, names end in NUL.
            with_name(path, |path| unsafe {
                check(H5Lcreate_soft(path, group, name, list, H5P_DEFAULT))
            })
        }
        Link::External { file, path } => with_name(file, |file| {
            // SAFETY: the group and the list are open, names end in NUL.
            with_name(path, |path| unsafe {
                check(H5Lcreate_external(file, path, group, name, list, H5P_DEFAULT))
            })
        }),
    });
    code.map(drop)
}

/// Commits a type under a name. The lock is held.
pub(super) fn commit(group: hid_t, name: &str, dtype: &Id, list: hid_t) -> Result<()> {
    // SAFETY: everything is open, the name ends in NUL.
    with_link_name(name, |name| unsafe {
        check(H5Tcommit(group, name, dtype.raw(), list, H5P_DEFAULT, H5P_DEFAULT)).map(drop)
    })
}
