//! Objects that several links lead to.

use super::id::{Id, check, with_link_name};
use crate::error::{ErrorKind, Result};
use crate::shared::Written;
#[cfg(not(hdf5_tokens))]
use hdf5_metno_sys::h5::haddr_t as Place;
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5l::H5L_type_t::H5L_TYPE_HARD;
#[cfg(not(hdf5_tokens))]
use hdf5_metno_sys::h5l::{H5L_info1_t as H5L_info_t, H5Lget_info1 as H5Lget_info};
#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5l::{H5L_info2_t as H5L_info_t, H5Lget_info2 as H5Lget_info};
#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5o::H5O_token_t as Place;
#[cfg(not(hdf5_tokens))]
use hdf5_metno_sys::h5o::H5Oopen_by_addr as H5Oopen_by_place;
#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5o::H5Oopen_by_token as H5Oopen_by_place;
use hdf5_metno_sys::h5o::H5Olink;
use hdf5_metno_sys::h5p::H5P_DEFAULT;

/// What a sink knows of objects that may get more links.
#[derive(Debug, Default)]
pub(super) struct Linked {
    pub(super) written: Written,
    /// Where objects are, by their numbers.
    objects: Vec<Object>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Object {
    /// Not there.
    #[default]
    None,
    /// The group that is written to.
    Root,
    At(Place),
}

impl Linked {
    /// Notes the member of a group, or the group that is written to, under a number; `false` where a link leads there that
    /// is no hard one. The lock is held.
    pub(super) fn note(&mut self, object: u32, group: hid_t, name: Option<&str>) -> Result<bool> {
        let found = match name {
            None => Object::Root,
            Some(name) => with_link_name(name, |name| {
                let mut info = H5L_info_t::default();
                // SAFETY: the group is open, the name ends in NUL, the information is writable.
                check(unsafe { H5Lget_info(group, name, &mut info, H5P_DEFAULT) })?;
                if info.type_ != H5L_TYPE_HARD {
                    return Ok(Object::None);
                }
                #[cfg(hdf5_tokens)]
                // SAFETY: the information about a hard link has a token.
                let place = unsafe { *info.u.token() };
                #[cfg(not(hdf5_tokens))]
                // SAFETY: the information about a hard link has an address.
                let place = unsafe { *info.u.address() };
                Ok(Object::At(place))
            })?,
        };
        let object = object as usize;
        if self.objects.len() <= object {
            self.objects.resize(object + 1, Object::None);
        }
        self.objects[object] = found;
        Ok(!matches!(found, Object::None))
    }

    /// Links to an object that was noted. The lock is held.
    pub(super) fn link(&self, object: u32, group: hid_t, name: &str, list: hid_t) -> Result<()> {
        let Some(Object::At(place)) = self.objects.get(object as usize) else {
            return Err(ErrorKind::Contract("a link to an object that was not noted".into()).into());
        };
        let object = open_place(group, *place)?;
        // SAFETY: everything is open, the name ends in NUL.
        with_link_name(name, |name| unsafe { check(H5Olink(object.raw(), group, name, list, H5P_DEFAULT)) })?;
        Ok(())
    }
}

/// Opens the object at a place of the file that another object is in. The lock is held.
pub(super) fn open_place(at: hid_t, place: Place) -> Result<Id> {
    // SAFETY: the object is open; a place without one is answered with an error, and the new identifier has no other owner.
    unsafe { Id::own(H5Oopen_by_place(at, place)) }
}
