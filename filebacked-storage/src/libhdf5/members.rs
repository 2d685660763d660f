//! The members of a group: what they are, where they are, and links to them.

use super::edit::exists;
use super::id::{Id, check, with_link_name};
use super::links;
use super::lists::{link_list, new_list};
use super::names;
use super::refer::broken;
use super::source::kind;
use crate::error::{Error, ErrorKind, Result};
use crate::stamp::UNDER_WAY;
use crate::{Link, ObjectKind};
use hdf5_metno::LocationType;
use hdf5_metno::globals::{H5P_GROUP_CREATE, H5P_OBJECT_COPY};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5g::{H5G_info_t, H5Gcreate2, H5Gget_info};
use hdf5_metno_sys::h5i::{H5Iget_name, H5Iinc_ref, hid_t};
use hdf5_metno_sys::h5o::{H5Ocopy, H5Olink, H5Oopen};
use hdf5_metno_sys::h5p::{
    H5P_CRT_ORDER_INDEXED, H5P_CRT_ORDER_TRACKED, H5P_DEFAULT, H5Pset_copy_object,
    H5Pset_link_creation_order, H5Pset_obj_track_times,
};

/// The kind of a link.
#[derive(Debug, Clone, PartialEq)]
pub enum Member {
    /// A hard link, to an object of this kind.
    Object(ObjectKind),
    /// A soft or external link.
    Link(Link),
}

/// A location of `hdf5_metno`, which knows the call for information on objects that its version of
/// the library has.
fn location(id: hid_t) -> Result<hdf5_metno::Location> {
    // SAFETY: the identifier is open; the reference that is added belongs to the new location.
    let location = unsafe {
        H5Iinc_ref(id);
        hdf5_metno::from_id::<hdf5_metno::Location>(id)
    };
    location.map_err(|error| Error::new(ErrorKind::Hdf5(error.to_string())))
}

/// The identity of an object among all open ones. The lock is held.
pub(super) fn identity(id: hid_t) -> Option<String> {
    let info = location(id).ok()?.loc_info().ok()?;
    Some(format!("{} {:?}", info.fileno, info.token))
}

/// The same, and how many hard links lead to the object. The lock is held.
pub(super) fn identity_and_links(id: hid_t) -> Result<(String, u64)> {
    let info =
        location(id)?.loc_info().map_err(|error| Error::new(ErrorKind::Hdf5(error.to_string())))?;
    Ok((format!("{} {:?}", info.fileno, info.token), info.num_links as u64))
}

/// Whether both are the same object.
pub fn is_same(a: &Id, b: &Id) -> bool {
    sync(|| identity(a.raw()).is_some_and(|id| Some(id) == identity(b.raw())))
}

/// The kind of the object.
pub fn kind_of(object: &Id) -> Result<ObjectKind> {
    sync(|| kind(object))
}

/// The path of an object: `None` where no link leads to it any more.
pub fn path_of(object: &Id) -> Option<String> {
    let mut name = vec![0u8; 256];
    loop {
        // SAFETY: the object is open, the buffer is writable for as much as is said.
        let len =
            sync(|| unsafe { H5Iget_name(object.raw(), name.as_mut_ptr().cast(), name.len()) });
        match usize::try_from(len) {
            Ok(len) if len >= name.len() => name.resize(len + 1, 0),
            Ok(len) if len > 0 => {
                name.truncate(len);
                return String::from_utf8(name).ok();
            }
            _ => return None,
        }
    }
}

/// Refuses what has no members.
pub fn check_group(object: &Id) -> Result<()> {
    match sync(|| kind(object))? {
        ObjectKind::Group => Ok(()),
        ObjectKind::Dataset => Err(Error::mismatch("a group", "a dataset")),
        _ => Err(Error::mismatch("a group", "another kind of object")),
    }
}

/// The link of this name in a group; `None` if it does not exist.
pub fn member(group: &Id, name: &str) -> Result<Option<Member>> {
    sync(|| {
        check_group(group)?;
        if !exists(group, name)? {
            return Ok(None);
        }
        if let Some(link) = links::read(group.raw(), name)? {
            return Ok(Some(Member::Link(link)));
        }
        let kind = location(group.raw())?.loc_type_by_name(name);
        Ok(Some(Member::Object(
            match kind.map_err(|error| Error::new(ErrorKind::Hdf5(error.to_string())).at(name))? {
                LocationType::Group => ObjectKind::Group,
                LocationType::Dataset => ObjectKind::Dataset,
                _ => ObjectKind::Other,
            },
        )))
    })
}

/// All links of a group, in the order of [`children`](super::children).
pub fn members(group: &Id) -> Result<Vec<(String, Member)>> {
    sync(|| {
        let names = names::children(group.raw())?;
        let all = names.into_iter().map(|name| {
            let found =
                member(group, &name)?.ok_or_else(|| Error::new(ErrorKind::Missing).at(&name))?;
            Ok((name, found))
        });
        all.collect()
    })
}

/// The number of a group's links, but for what is under way.
pub fn count(group: &Id) -> Result<usize> {
    let mut info = H5G_info_t::default();
    sync(|| {
        // SAFETY: the group is open, the information is writable.
        check(unsafe { H5Gget_info(group.raw(), &mut info) })?;
        let under_way = usize::from(exists(group, UNDER_WAY)?);
        Ok(usize::try_from(info.nlinks).unwrap_or(usize::MAX).saturating_sub(under_way))
    })
}

/// Opens what a link of a group leads to; `None` where there is no such link.
pub fn open_member(group: &Id, name: &str) -> Result<Option<Id>> {
    sync(|| {
        check_group(group)?;
        if !exists(group, name)? {
            return Ok(None);
        }
        // SAFETY: the group is open, the name ends in NUL; the new identifier has no other owner.
        with_link_name(name, |name| unsafe {
            let opened = Id::own(H5Oopen(group.raw(), name, H5P_DEFAULT));
            opened.map(Some).map_err(|error| broken(group.raw(), name, error))
        })
    })
}

/// Whether the order in which a group's links were created is tracked.
pub fn is_ordered(group: &Id) -> Result<bool> {
    sync(|| names::is_ordered(group.raw()))
}

/// Makes a group that keeps the order of its links.
pub fn create_group(group: &Id, name: &str) -> Result<Id> {
    sync(|| {
        let list = new_list(*H5P_GROUP_CREATE)?;
        let link = link_list(name)?;
        let order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
        // SAFETY: the group and the lists are open, the name ends in NUL; the new identifier has no
        // other owner.
        unsafe {
            check(H5Pset_obj_track_times(list.raw(), 0))?;
            check(H5Pset_link_creation_order(list.raw(), order))?;
            with_link_name(name, |name| {
                Id::own(H5Gcreate2(group.raw(), name, link.raw(), list.raw(), H5P_DEFAULT))
            })
        }
    })
}

/// Makes a soft or external link.
pub fn create_link(group: &Id, name: &str, link: &Link) -> Result<()> {
    sync(|| links::create(group.raw(), name, link, link_list(name)?.raw()))
}

/// Makes a further hard link to an object of the same file.
pub fn create_hard_link(object: &Id, group: &Id, name: &str) -> Result<()> {
    sync(|| {
        let list = link_list(name)?;
        // SAFETY: everything is open, the name ends in NUL.
        with_link_name(name, |name| unsafe {
            check(H5Olink(object.raw(), group.raw(), name, list.raw(), H5P_DEFAULT)).map(drop)
        })
    })
}

/// Copies an object into a group of this file or of another, in a way that flags of `H5Ocopy` say.
pub fn copy(from: &Id, into: &Id, name: &str, flags: u32) -> Result<()> {
    sync(|| {
        let how = if flags == 0 { None } else { Some(new_list(*H5P_OBJECT_COPY)?) };
        let list = link_list(name)?;
        // SAFETY: everything is open, the names end in NUL.
        with_link_name(name, |name| unsafe {
            if let Some(how) = &how {
                check(H5Pset_copy_object(how.raw(), flags))?;
            }
            let how = how.as_ref().map_or(H5P_DEFAULT, Id::raw);
            check(H5Ocopy(from.raw(), c".".as_ptr(), into.raw(), name, how, list.raw())).map(drop)
        })
    })
}
