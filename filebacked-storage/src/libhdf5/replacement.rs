//! Values written beside the values that they replace, and the replaced values meanwhile.

use super::edit::{delete, exists, move_link};
use super::id::{Id, check, with_link_name};
use super::lists::link_list;
use super::names;
use crate::error::Result;
use crate::stamp::{ASIDE, UNDER_WAY};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5o::H5Olink;
use hdf5_metno_sys::h5p::H5P_DEFAULT;
use std::collections::HashMap;

/// Gives a name in a group to an object, by a link that `put` makes or moves there. An object that
/// has the name already is moved aside meanwhile; it returns on failure, and is deleted on success.
/// Other threads do not see this.
pub(super) fn replace(group: &Id, name: &str, put: impl FnOnce() -> Result<()>) -> Result<()> {
    sync(|| {
        if !exists(group, name)? {
            return put();
        }
        // Removes a leftover of a killed process.
        clear_link(group, ASIDE)?;
        move_link(group, name, group, ASIDE)?;
        if let Err(error) = put() {
            // Else it is still there, under the other name.
            let _ = move_link(group, ASIDE, group, name);
            return Err(error);
        }
        delete(group, ASIDE)
    })
}

/// Lets a name lead to another object; where the order of links is tracked, it stays what it was.
pub fn relink(object: &Id, group: &Id, name: &str) -> Result<()> {
    sync(|| {
        let order = match names::is_ordered(group.raw())? {
            true => names::children(group.raw())?,
            false => Vec::new(),
        };
        replace(group, name, || {
            let list = link_list(name)?;
            // SAFETY: everything is open, the name ends in NUL.
            with_link_name(name, |name| unsafe {
                check(H5Olink(object.raw(), group.raw(), name, list.raw(), H5P_DEFAULT)).map(drop)
            })
        })?;
        reorder(group, &order)
    })
}

/// Moves a link to another name, in the place of what has that.
pub fn move_over(from: &Id, name: &str, into: &Id, new: &str) -> Result<()> {
    replace(into, new, || move_link(from, name, into, new))
}

/// Deletes a link, if there is one.
pub fn clear_link(group: &Id, name: &str) -> Result<()> {
    sync(|| if exists(group, name)? { delete(group, name) } else { Ok(()) })
}

/// Deletes what is under way in a group, or was when a process was killed.
pub(super) fn clear(group: &Id) -> Result<()> {
    clear_link(group, UNDER_WAY)
}

/// Gives what is complete its name.
pub(super) fn put_in_place(group: &Id, name: &str) -> Result<()> {
    move_over(group, UNDER_WAY, group, name)
}

/// Puts links into this order, by making all of them anew from where the first is out of it. The
/// lock is held.
pub(super) fn reorder(group: &Id, wanted: &[String]) -> Result<()> {
    let places: HashMap<&str, usize> =
        wanted.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    let found: Vec<usize> = names::children(group.raw())?
        .iter()
        .filter_map(|name| places.get(name.as_str()).copied())
        .collect();
    let Some(first) = found.iter().enumerate().position(|(i, place)| i != *place) else {
        return Ok(());
    };
    for name in wanted.get(first..).unwrap_or_default() {
        move_link(group, name, group, ASIDE)?;
        move_link(group, ASIDE, group, name)?;
    }
    Ok(())
}
