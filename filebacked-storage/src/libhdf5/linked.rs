//! Objects that several links lead to.

use super::content;
use super::id::{Id, check, with_link_name};
use crate::StoredType;
use crate::error::{ErrorKind, Result};
use crate::owners::WrittenOwners;
use hdf5_metno::globals::H5T_STD_REF_OBJ;
#[cfg(not(hdf5_tokens))]
use hdf5_metno_sys::h5::haddr_t as Place;
use hdf5_metno_sys::h5d::{H5Dread, H5Dwrite};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5l::H5L_type_t::H5L_TYPE_HARD;
#[cfg(not(hdf5_tokens))]
use hdf5_metno_sys::h5l::{H5L_info1_t as H5L_info_t, H5Lget_info1 as H5Lget_info};
#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5l::{H5L_info2_t as H5L_info_t, H5Lget_info2 as H5Lget_info};
#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5o::H5O_token_t as Place;
use hdf5_metno_sys::h5o::H5Olink;
#[cfg(not(hdf5_tokens))]
use hdf5_metno_sys::h5o::H5Oopen_by_addr as H5Oopen_by_place;
#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5o::H5Oopen_by_token as H5Oopen_by_place;
use hdf5_metno_sys::h5p::H5P_DEFAULT;
#[cfg(not(hdf5_tokens))]
use hdf5_metno_sys::h5r::H5R_OBJECT;
#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5r::H5R_OBJECT1 as H5R_OBJECT;
use hdf5_metno_sys::h5r::H5Rcreate;
use hdf5_metno_sys::h5s::H5S_ALL;

/// Bytes of a reference to an object.
const REFERENCE: usize = 8;

/// The state of a sink for objects that may get more links.
#[derive(Debug, Default)]
pub(super) struct Linked {
    pub(super) written: WrittenOwners,
    /// Where objects are, by their numbers.
    objects: Vec<Object>,
    /// Datasets of references, and the numbers of what they lead to.
    references: Vec<(Place, Vec<Option<u32>>)>,
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
    /// Notes the member of a group, or the group that is written to, under a number; `false` where
    /// a link leads there that is no hard one. The lock is held.
    pub(super) fn note(&mut self, object: u32, group: hid_t, name: Option<&str>) -> Result<bool> {
        let found = match name {
            None => Object::Root,
            Some(name) => place_of(group, name)?.map_or(Object::None, Object::At),
        };
        let object = object as usize;
        if self.objects.len() <= object {
            self.objects.resize(object + 1, Object::None);
        }
        self.objects[object] = found;
        Ok(!matches!(found, Object::None))
    }

    /// Whether a link leads to an object that was noted. The lock is held.
    pub(super) fn is_at(&self, object: u32, group: hid_t, name: &str) -> Result<bool> {
        Ok(match (self.objects.get(object as usize), place_of(group, name)?) {
            (Some(Object::At(noted)), Some(found)) => *noted == found,
            _ => false,
        })
    }

    /// Links to an object that was noted. The lock is held.
    pub(super) fn link(&self, object: u32, group: hid_t, name: &str, list: hid_t) -> Result<()> {
        let Some(Object::At(place)) = self.objects.get(object as usize) else {
            return Err(
                ErrorKind::Contract("a link to an object that was not recorded".into()).into()
            );
        };
        let object = open_place(group, *place)?;
        // SAFETY: everything is open, the name ends in NUL.
        with_link_name(name, |name| unsafe {
            check(H5Olink(object.raw(), group, name, list, H5P_DEFAULT))
        })?;
        Ok(())
    }

    /// Records a dataset of references, which is filled in the end. The lock is held.
    pub(super) fn refer(
        &mut self,
        group: hid_t,
        name: &str,
        objects: &[Option<u32>],
    ) -> Result<()> {
        if let Some(place) = place_of(group, name)? {
            self.references.push((place, objects.to_vec()));
        }
        Ok(())
    }

    /// Fills the datasets of references. The lock is held.
    pub(super) fn write_references(&mut self, root: hid_t) -> Result<()> {
        for (place, objects) in std::mem::take(&mut self.references) {
            let mut bytes = vec![0u8; objects.len() * REFERENCE];
            for (reference, object) in bytes.chunks_exact_mut(REFERENCE).zip(objects) {
                let target;
                let target = match object.and_then(|object| self.objects.get(object as usize)) {
                    Some(Object::At(place)) => {
                        target = open_place(root, *place)?;
                        target.raw()
                    }
                    Some(Object::Root) => root,
                    _ => continue,
                };
                // SAFETY: the object is open, the name ends in NUL, and there is room for a
                // reference to an object.
                check(unsafe {
                    H5Rcreate(reference.as_mut_ptr().cast(), target, c".".as_ptr(), H5R_OBJECT, -1)
                })?;
            }
            let dataset = open_place(root, place)?;
            // Equal data is not written again.
            if !bytes.is_empty() && !has_references(&dataset, &bytes)? {
                // SAFETY: the dataset is open, and the references are as many as it has elements.
                check(unsafe {
                    H5Dwrite(
                        dataset.raw(),
                        *H5T_STD_REF_OBJ,
                        H5S_ALL,
                        H5S_ALL,
                        H5P_DEFAULT,
                        bytes.as_ptr().cast(),
                    )
                })?;
            }
        }
        Ok(())
    }
}

/// The address of a group's member; `None` for soft and external links. The lock is held.
fn place_of(group: hid_t, name: &str) -> Result<Option<Place>> {
    with_link_name(name, |name| {
        let mut info = H5L_info_t::default();
        // SAFETY: the group is open, the name ends in NUL, the information is writable.
        check(unsafe { H5Lget_info(group, name, &mut info, H5P_DEFAULT) })?;
        if info.type_ != H5L_TYPE_HARD {
            return Ok(None);
        }
        // SAFETY: the information about a hard link has a place.
        #[cfg(hdf5_tokens)]
        let place = unsafe { *info.u.token() };
        // SAFETY: as above.
        #[cfg(not(hdf5_tokens))]
        let place = unsafe { *info.u.address() };
        Ok(Some(place))
    })
}

/// Whether a dataset has these references. The lock is held.
fn has_references(dataset: &Id, wanted: &[u8]) -> Result<bool> {
    let mut found = vec![0u8; wanted.len()];
    // SAFETY: the dataset is open, and there is room for its elements, which are as many as those
    // that are wanted.
    check(unsafe {
        H5Dread(
            dataset.raw(),
            *H5T_STD_REF_OBJ,
            H5S_ALL,
            H5S_ALL,
            H5P_DEFAULT,
            found.as_mut_ptr().cast(),
        )
    })?;
    Ok(found == wanted)
}

/// The type of references to objects. The lock is held.
pub(super) fn reference_type() -> Result<StoredType> {
    content::encode(*H5T_STD_REF_OBJ)
}

/// Opens the object at a place of the file that another object is in. The lock is held.
pub(super) fn open_place(at: hid_t, place: Place) -> Result<Id> {
    // SAFETY: the object is open; a place without one is answered with an error, and the new
    // identifier has no other owner.
    unsafe { Id::own(H5Oopen_by_place(at, place)) }
}
