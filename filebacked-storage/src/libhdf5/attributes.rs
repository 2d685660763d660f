//! Changes to the attributes of an object.

use super::id::{Id, check, with_name};
use super::names;
use crate::error::Result;
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5a::{H5Adelete, H5Aexists, H5Arename};
use hdf5_metno_sys::h5i::hid_t;

/// Whether an object has an attribute of this name. The lock is held.
pub(super) fn has(object: hid_t, name: &str) -> Result<bool> {
    // SAFETY: the object is open, the name ends in NUL.
    with_name(name, |name| unsafe { Ok(check(H5Aexists(object, name))? > 0) })
}

/// Whether an object has an attribute of this name.
pub fn has_attribute(object: &Id, name: &str) -> Result<bool> {
    sync(|| has(object.raw(), name))
}

/// The names of an object's attributes, sorted by their bytes.
pub fn attribute_names(object: &Id) -> Result<Vec<String>> {
    sync(|| names::attributes(object.raw()))
}

/// Deletes an attribute that is there.
pub fn delete_attribute(object: &Id, name: &str) -> Result<()> {
    // SAFETY: the object is open, the name ends in NUL.
    sync(|| with_name(name, |name| unsafe { check(H5Adelete(object.raw(), name)).map(drop) }))
}

/// Deletes an attribute, if there is one.
pub fn clear_attribute(object: &Id, name: &str) -> Result<()> {
    sync(|| if has(object.raw(), name)? { delete_attribute(object, name) } else { Ok(()) })
}

/// Renames an attribute that is there, in the place of one that has the name already.
pub fn replace_attribute(object: &Id, name: &str, new: &str) -> Result<()> {
    sync(|| {
        clear_attribute(object, new)?;
        with_name(name, |name| {
            // SAFETY: the object is open, the names end in NUL.
            with_name(new, |new| unsafe { check(H5Arename(object.raw(), name, new)).map(drop) })
        })
    })
}
