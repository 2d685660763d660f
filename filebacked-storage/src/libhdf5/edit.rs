//! Changes to the groups of a file: making, opening, deleting, renaming and moving members.

use super::attributes::has as has_attribute;
use super::compare::open_attribute;
use super::content;
use super::data::Data;
use super::filetype::size_of_type;
use super::id::{Id, check, room, with_link_name, with_name};
use super::lists::{link_list, new_list};
use super::names;
use super::replacement::move_over;
use super::source::LibSource;
use crate::Source;
use crate::error::{Error, ErrorKind, Result};
use hdf5_metno::globals::H5P_GROUP_CREATE;
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5a::{H5Acreate2, H5Adelete, H5Aget_create_plist, H5Awrite};
use hdf5_metno_sys::h5g::H5Gcreate2;
use hdf5_metno_sys::h5i::H5I_type_t::H5I_GROUP;
use hdf5_metno_sys::h5i::{H5Iget_type, hid_t};
use hdf5_metno_sys::h5l::{H5Ldelete, H5Lexists, H5Lmove};
use hdf5_metno_sys::h5o::H5Oopen;
use hdf5_metno_sys::h5p::{H5P_DEFAULT, H5Pset_obj_track_times};
use std::ffi::c_void;

/// Whether a group has a link of this name, wherever that leads.
pub fn exists(group: &Id, name: &str) -> Result<bool> {
    sync(|| {
        with_link_name(name, |name| {
            // SAFETY: the group is open, the name ends in NUL.
            let found = unsafe { H5Lexists(group.raw(), name, H5P_DEFAULT) };
            Ok(check(found)? > 0)
        })
    })
}

/// The names of a group's members, in creation order if it is tracked, otherwise sorted by their
/// bytes.
pub fn children(group: &Id) -> Result<Vec<String>> {
    sync(|| names::children(group.raw()))
}

/// How many members a group has.
pub fn count_links(group: &Id) -> Result<usize> {
    sync(|| names::count(group.raw()))
}

/// Opens a group that is a member of another, if there is a link of this name.
pub fn open_group(group: &Id, name: &str) -> Result<Option<Id>> {
    sync(|| {
        if !exists(group, name)? {
            return Ok(None);
        }
        // SAFETY: the group is open, the name ends in NUL; the new identifier has no other owner.
        unsafe {
            let member =
                with_link_name(name, |name| Id::own(H5Oopen(group.raw(), name, H5P_DEFAULT)))?;
            match H5Iget_type(member.raw()) {
                H5I_GROUP => Ok(Some(member)),
                _ => Err(Error::mismatch("a group", "another kind of object")),
            }
        }
    })
}

/// The identity of a link's target in the file, if the link exists.
pub fn identity_of(group: &Id, name: &str) -> Result<Option<String>> {
    let source = LibSource::new(group.clone())?;
    let group = source.root()?;
    let found = source.child(group, name);
    source.release(group);
    let Some(member) = found? else { return Ok(None) };
    let identity = source.identity(member);
    source.release(member);
    identity
}

/// Opens a group that is a member of another, or makes it.
pub fn open_or_create_group(group: &Id, name: &str) -> Result<Id> {
    sync(|| {
        if let Some(member) = open_group(group, name)? {
            return Ok(member);
        }
        let list = new_list(*H5P_GROUP_CREATE)?;
        let link = link_list(name)?;
        // SAFETY: the group and the lists are open, the name ends in NUL; the new identifier has no
        // other owner.
        unsafe {
            check(H5Pset_obj_track_times(list.raw(), 0))?;
            with_link_name(name, |name| {
                Id::own(H5Gcreate2(group.raw(), name, link.raw(), list.raw(), H5P_DEFAULT))
            })
        }
    })
}

/// The root group of the file that an object is in.
pub fn root_of(object: &Id) -> Result<Id> {
    // SAFETY: the object is open, the name ends in NUL; the new identifier has no other owner.
    sync(|| unsafe { Id::own(H5Oopen(object.raw(), c"/".as_ptr(), H5P_DEFAULT)) })
}

/// Deletes a link, and what it leads to if that was the last one.
pub fn delete(group: &Id, name: &str) -> Result<()> {
    sync(|| {
        if !exists(group, name)? {
            return Err(ErrorKind::Missing.into());
        }
        // SAFETY: the group is open, the name ends in NUL.
        with_link_name(name, |name| unsafe {
            check(H5Ldelete(group.raw(), name, H5P_DEFAULT)).map(drop)
        })
    })
}

/// Moves every link of a group into another of the same file, and copies its attributes there.
///
/// With `overwrite`, what has the same name there is deleted first, and so are those of the `known`
/// names that are not in the group. Without it, nothing is moved if there is any.
pub fn promote(from: &Id, into: &Id, overwrite: bool, known: &[String]) -> Result<()> {
    sync(|| {
        let (links, attributes) = (names::children(from.raw())?, names::attributes(from.raw())?);
        if !overwrite {
            for name in &links {
                if exists(into, name)? {
                    return Err(Error::new(ErrorKind::Exists).at(name));
                }
            }
            for name in &attributes {
                if has_attribute(into.raw(), name)? {
                    return Err(Error::new(ErrorKind::Exists).at(name));
                }
            }
        }
        for name in known.iter().filter(|_| overwrite) {
            if !links.iter().any(|link| link == name) && exists(into, name)? {
                delete(into, name)?;
            }
            if !attributes.iter().any(|attribute| attribute == name)
                && has_attribute(into.raw(), name)?
            {
                // SAFETY: the group is open, the name ends in NUL.
                with_name(name, |name| unsafe { check(H5Adelete(into.raw(), name)) })?;
            }
        }
        for name in &links {
            if overwrite {
                move_over(from, name, into, name)
            } else {
                move_link(from, name, into, name)
            }?;
        }
        attributes.iter().try_for_each(|name| copy_attribute(from.raw(), into.raw(), name))
    })
}

/// Moves a link into another group of the same file, under another name.
pub fn move_link(from: &Id, name: &str, into: &Id, new: &str) -> Result<()> {
    sync(|| move_locked(from, name, into, new))
}

fn move_locked(from: &Id, name: &str, into: &Id, new: &str) -> Result<()> {
    let list = link_list(new)?;
    with_link_name(name, |name| {
        // SAFETY: the groups and the list are open, names end in NUL.
        with_link_name(new, |new| unsafe {
            check(H5Lmove(from.raw(), name, into.raw(), new, list.raw(), H5P_DEFAULT)).map(drop)
        })
    })
}

/// Copies an attribute, over one that is there, whatever it holds: references as they are. The lock
/// is held.
pub(super) fn copy_attribute(from: hid_t, into: hid_t, name: &str) -> Result<()> {
    let Some(old) = open_attribute(from, name)? else { return Err(ErrorKind::Missing.into()) };
    let data = Data::Attribute(old.raw());
    let (stored, space, n) = (data.dtype()?, data.space()?, data.elements()?);
    let size = size_of_type(stored.raw())?;
    // Words, so that pointers are aligned.
    let words = n.saturating_mul(size).div_ceil(size_of::<usize>());
    let mut elements: Vec<usize> = room(words)?;
    elements.resize(words, 0);
    let buffer: *mut c_void = elements.as_mut_ptr().cast();
    let replaced = has_attribute(into, name)?;
    // SAFETY: everything is open and the name ends in NUL; the buffer has room for all elements in
    // this type, whose parts of variable length belong to the library, and are given back. New
    // identifiers have no other owner.
    with_name(name, |name| unsafe {
        let list = Id::own(H5Aget_create_plist(old.raw()))?;
        if n > 0 {
            data.read(stored.raw(), H5P_DEFAULT, buffer)?;
        }
        let written = (|| {
            if replaced {
                check(H5Adelete(into, name))?;
            }
            let new = Id::own(H5Acreate2(
                into,
                name,
                stored.raw(),
                space.raw(),
                list.raw(),
                H5P_DEFAULT,
            ))?;
            if n > 0 {
                check(H5Awrite(new.raw(), stored.raw(), buffer))?;
            }
            Ok(())
        })();
        if n > 0 {
            content::reclaim(data, stored.raw(), buffer)?;
        }
        written
    })
}
