//! What is written beside what it takes the place of.

use super::edit::{delete, exists, move_link};
use super::id::Id;
use super::names;
use crate::error::Result;
use crate::stamp::UNDER_WAY;
use hdf5_metno::sync::sync;
use std::collections::HashMap;

/// Deletes what is under way in a group, or was when a process was killed.
pub(super) fn clear(group: &Id) -> Result<()> {
    sync(|| if exists(group, UNDER_WAY)? { delete(group, UNDER_WAY) } else { Ok(()) })
}

/// Gives what is complete its name.
pub(super) fn put_in_place(group: &Id, name: &str) -> Result<()> {
    sync(|| {
        if exists(group, name)? {
            delete(group, name)?;
        }
        move_link(group, UNDER_WAY, group, name)
    })
}

/// Puts links into this order, by making all of them anew from where the first is out of it. The lock is held.
pub(super) fn reorder(group: &Id, wanted: &[String]) -> Result<()> {
    let places: HashMap<&str, usize> = wanted.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    let found: Vec<usize> =
        names::children(group.raw())?.iter().filter_map(|name| places.get(name.as_str()).copied()).collect();
    let Some(first) = found.iter().enumerate().position(|(i, place)| i != *place) else { return Ok(()) };
    for name in wanted.get(first..).unwrap_or_default() {
        move_link(group, name, group, UNDER_WAY)?;
        move_link(group, UNDER_WAY, group, name)?;
    }
    Ok(())
}
