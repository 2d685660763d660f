//! Copying a whole file, as it is stored, into a new one.

use super::compare::open_attribute;
use super::content;
use super::data::Data;
use super::edit::{copy_attribute, delete, move_link};
use super::file::{LibFile, c_path, unlocked};
use super::id::{Id, check};
use super::lists::new_list;
use super::members::{create_hard_link, identity};
use super::names;
use super::walk::{Met, open, walk};
use crate::error::{Error, ErrorKind, Result};
use crate::stamp::UNDER_WAY;
use crate::{Elements, Unusual};
use hdf5_metno::globals::{H5P_FILE_ACCESS, H5P_OBJECT_COPY};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5f::H5F_libver_t::{H5F_LIBVER_EARLIEST, H5F_LIBVER_V18};
use hdf5_metno_sys::h5f::{
    H5F_ACC_RDWR, H5F_ACC_TRUNC, H5F_LIBVER_LATEST, H5Fcreate, H5Fget_create_plist, H5Fget_intent,
};
use hdf5_metno_sys::h5g::H5Gget_create_plist;
use hdf5_metno_sys::h5i::H5I_type_t::H5I_DATASET;
use hdf5_metno_sys::h5i::{H5Iget_type, hid_t};
use hdf5_metno_sys::h5o::{H5O_COPY_EXPAND_REFERENCE_FLAG, H5Ocopy};
use hdf5_metno_sys::h5p::{
    H5P_DEFAULT, H5Pget_attr_creation_order, H5Pget_link_creation_order, H5Pget_obj_track_times,
    H5Pget_userblock, H5Pset_attr_creation_order, H5Pset_copy_object, H5Pset_libver_bounds,
    H5Pset_link_creation_order, H5Pset_obj_track_times,
};
use hdf5_metno_sys::h5t::H5T_class_t::H5T_REFERENCE;
use hdf5_metno_sys::h5t::{H5Tdetect_class, H5Tget_class};
use std::path::Path;

/// A temporary name for links, beside [`UNDER_WAY`].
const AGAIN: &str = ".filebacked under way again";

/// Elements with references among them: the path of an object, and an attribute of it.
pub(super) type Place = (String, Option<String>);

impl LibFile {
    /// Copies everything into a new file, over an empty one that this process has locked itself,
    /// and says how many bytes before the beginning of HDF5's part are the user's.
    ///
    /// One copy of the root keeps what hard links and committed datatypes have in common.
    /// References are addresses, which are others in the new file, so they are written again as
    /// those of the same paths.
    pub fn repack(&self, target: &Path) -> Result<u64> {
        let name = c_path(target)?;
        sync(|| {
            let root = self.root()?;
            let LeftOut { places, regions, up } = look(&root)?;
            let (creation, version, userblock) = creation(&root, self.id())?;
            let access = new_list(*H5P_FILE_ACCESS)?;
            unlocked(&access)?;
            let (list, copying) = (creation.raw(), new_list(*H5P_OBJECT_COPY)?);
            // SAFETY: everything is open, names end in NUL; the new identifier has no other owner.
            let file = unsafe {
                check(H5Pset_libver_bounds(access.raw(), oldest(version), H5F_LIBVER_LATEST))?;
                if regions {
                    check(H5Pset_copy_object(copying.raw(), H5O_COPY_EXPAND_REFERENCE_FLAG))?;
                }
                LibFile::of(Id::own(H5Fcreate(name.as_ptr(), H5F_ACC_TRUNC, list, access.raw()))?)
            };
            let new = file.root()?;
            let whole = std::ffi::CString::new(UNDER_WAY).unwrap_or_default();
            // SAFETY: everything is open, names end in NUL.
            check(unsafe {
                H5Ocopy(
                    root.raw(),
                    c".".as_ptr(),
                    new.raw(),
                    whole.as_ptr(),
                    copying.raw(),
                    H5P_DEFAULT,
                )
            })?;
            // The library leaves a link to each object that it met by a reference.
            names::children(new.raw())?.iter().try_for_each(|name| delete(&new, name))?;
            let copy = open(&new, UNDER_WAY)?;
            for name in names::children(copy.raw())? {
                move_link(&copy, &name, &new, &name)?;
            }
            for name in names::attributes_in_order(root.raw())? {
                copy_attribute(root.raw(), new.raw(), &name).map_err(|e| e.at(&name))?;
            }
            drop(copy);
            for path in &up {
                lead_up(&new, path).map_err(|e| e.at(path))?;
            }
            delete(&new, UNDER_WAY)?;
            for place in places {
                refer_again(&root, &new, &place).map_err(|e| e.at(&place.0))?;
            }
            drop(new);
            file.close()?;
            Ok(userblock)
        })
    }

    /// Whether this process has the file open for writing.
    pub fn is_open_to_write(&self) -> Result<bool> {
        let mut intent = 0;
        // SAFETY: the file is open, the number is writable.
        sync(|| check(unsafe { H5Fget_intent(self.id().raw(), &mut intent) }))?;
        Ok(intent & H5F_ACC_RDWR != 0)
    }
}

/// The creation settings of the new file, the superblock version, and the size of the user block.
/// The lock is held.
fn creation(root: &Id, file: &Id) -> Result<(Id, u32, u64)> {
    let (mut links, mut attributes, mut times) = (0, 0, 0);
    let (version, userblock) = versions(file.raw())?;
    // SAFETY: everything is open, and the numbers are writable; new identifiers have no other
    // owner.
    unsafe {
        let list = Id::own(H5Fget_create_plist(file.raw()))?;
        let of_root = Id::own(H5Gget_create_plist(root.raw()))?;
        check(H5Pget_link_creation_order(of_root.raw(), &mut links))?;
        check(H5Pget_attr_creation_order(of_root.raw(), &mut attributes))?;
        check(H5Pget_obj_track_times(of_root.raw(), &mut times))?;
        check(H5Pset_link_creation_order(list.raw(), links))?;
        check(H5Pset_attr_creation_order(list.raw(), attributes))?;
        check(H5Pset_obj_track_times(list.raw(), times))?;
        Ok((list, version, userblock))
    }
}

/// The oldest format that new objects have in a file with a superblock of this version.
fn oldest(version: u32) -> hdf5_metno_sys::h5f::H5F_libver_t {
    match version {
        0 | 1 => H5F_LIBVER_EARLIEST,
        2 => H5F_LIBVER_V18,
        #[cfg(hdf5_tokens)]
        _ => hdf5_metno_sys::h5f::H5F_libver_t::H5F_LIBVER_V110,
        #[cfg(not(hdf5_tokens))]
        _ => H5F_LIBVER_LATEST,
    }
}

/// Where references to objects are, and whether there are others, which the library's copy takes
/// along. The lock is held.
pub(super) fn references(root: &Id) -> Result<(Vec<Place>, bool)> {
    look(root).map(|found| (found.places, found.regions))
}

/// The parts that libhdf5's copy leaves out.
#[derive(Default)]
struct LeftOut {
    /// Where references to objects are.
    places: Vec<Place>,
    /// There are others, which it does if it is told to.
    regions: bool,
    /// Hard links to the root, which in the new file is another group than the copy.
    up: Vec<String>,
}

/// The lock is held.
fn look(root: &Id) -> Result<LeftOut> {
    let LeftOut { mut places, mut regions, mut up } = LeftOut::default();
    let identity_of_root = identity(root.raw());
    walk(root, &mut |path, met| {
        let object = match met {
            Met::Object(object) => object,
            Met::Again(object) => {
                if identity(object.raw()) == identity_of_root {
                    up.push(path.to_string());
                }
                return Ok(());
            }
            Met::Link => return Ok(()),
        };
        let mut look = |data: Data, attribute: Option<&str>| {
            let dtype = data.dtype()?;
            // SAFETY: the type is open.
            if check(unsafe { H5Tdetect_class(dtype.raw(), H5T_REFERENCE) })? == 0 {
                return Ok(());
            }
            if !content::has_regions(dtype.raw())? {
                places.push((path.to_string(), attribute.map(str::to_string)));
                return Ok(());
            }
            regions = true;
            // SAFETY: the type is open.
            let inside = unsafe { H5Tget_class(dtype.raw()) } != H5T_REFERENCE;
            if inside || path.is_empty() {
                let what =
                    "references to regions, or of HDF5 1.12, in other elements or at the root"
                        .into();
                return Err(Error::new(ErrorKind::Unsupported(what))
                    .with_help("`h5repack` copies most of them"));
            }
            Ok::<_, Error>(())
        };
        // SAFETY: the object is open.
        if unsafe { H5Iget_type(object.raw()) } == H5I_DATASET {
            look(Data::Dataset(object.raw()), None)?;
        }
        for name in names::attributes(object.raw())? {
            if let Some(attribute) = open_attribute(object.raw(), &name)? {
                look(Data::Attribute(attribute.raw()), Some(&name))?;
            }
        }
        Ok(())
    })?;
    Ok(LeftOut { places, regions, up })
}

/// Makes a link one to the root, in the place among the others of its group that it had. The lock
/// is held.
fn lead_up(root: &Id, path: &str) -> Result<()> {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let group = open(root, parent)?;
    // Those behind it go to the end again, one after another.
    let behind = match names::is_ordered(group.raw())? {
        true => names::children(group.raw())?
            .into_iter()
            .skip_while(|found| found != name)
            .skip(1)
            .collect(),
        false => Vec::new(),
    };
    delete(&group, name)?;
    create_hard_link(root, &group, name)?;
    for name in behind.iter().filter(|name| *name != UNDER_WAY) {
        move_link(&group, name, root, AGAIN)?;
        move_link(root, AGAIN, &group, name)?;
    }
    Ok(())
}

/// Writes references as those to the objects of the same paths in the new file. The lock is held.
pub(super) fn refer_again(old: &Id, new: &Id, (path, attribute): &Place) -> Result<()> {
    let find = |root: &Id| -> Result<(Id, Option<Id>)> {
        let object = open(root, path)?;
        let attribute = match attribute {
            Some(name) => Some(
                open_attribute(object.raw(), name)?
                    .ok_or_else(|| Error::new(ErrorKind::Missing).at(name))?,
            ),
            None => None,
        };
        Ok((object, attribute))
    };
    let data = |(object, attribute): &(Id, Option<Id>)| match attribute {
        Some(attribute) => Data::Attribute(attribute.raw()),
        None => Data::Dataset(object.raw()),
    };
    let (from, into) = (find(old)?, find(new)?);
    match content::read_unusual(data(&from), old.raw())? {
        Unusual::Cells(form, cells) => {
            content::write(data(&into), Elements::Cells(&form, &cells), false, new.raw())
        }
        Unusual::Raw(_) => Ok(()),
    }
}

/// The version of the superblock, and the size of the user block. The lock is held.
pub(super) fn versions(file: hid_t) -> Result<(u32, u64)> {
    let mut userblock = 0;
    // SAFETY: the file is open, and the number is writable; the new identifier has no other owner.
    unsafe {
        let list = Id::own(H5Fget_create_plist(file))?;
        check(H5Pget_userblock(list.raw(), &mut userblock))?;
        Ok((superblock(file, list.raw())?, userblock))
    }
}

/// # Safety
///
/// The file and its list are open.
#[cfg(hdf5_dereference2)]
unsafe fn superblock(file: hid_t, _: hid_t) -> Result<u32> {
    let mut info = hdf5_metno_sys::h5f::H5F_info2_t::default();
    // SAFETY: the contract of this function; the information is writable.
    check(unsafe { hdf5_metno_sys::h5f::H5Fget_info2(file, &mut info) })?;
    Ok(info.super_.version)
}

/// # Safety
///
/// The file and its list are open.
#[cfg(not(hdf5_dereference2))]
unsafe fn superblock(_: hid_t, list: hid_t) -> Result<u32> {
    let (mut version, mut freelist, mut symbols, mut shared) = (0, 0, 0, 0);
    // SAFETY: the contract of this function; the numbers are writable.
    check(unsafe {
        hdf5_metno_sys::h5p::H5Pget_version(
            list,
            &mut version,
            &mut freelist,
            &mut symbols,
            &mut shared,
        )
    })?;
    Ok(version)
}
