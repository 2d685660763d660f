//! Links that take the place of others.

use super::edit::{delete, exists, move_link};
use super::id::Id;
use crate::error::Result;
use crate::stamp::ASIDE;
use hdf5_metno::sync::sync;

/// Lets something take a name in a group, by a link that `put` makes or moves there. What has the name already stands aside
/// until then: it is back if that fails, and goes if not. Other threads see nothing of it.
pub(crate) fn replace(group: &Id, name: &str, put: impl FnOnce() -> Result<()>) -> Result<()> {
    sync(|| {
        if !exists(group, name)? {
            return put();
        }
        // What a process left that did not come to its end.
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

/// Moves a link to another name, in the place of what has that.
pub(crate) fn move_over(from: &Id, name: &str, into: &Id, new: &str) -> Result<()> {
    replace(into, new, || move_link(from, name, into, new))
}

/// Deletes a link, if there is one.
pub(crate) fn clear_link(group: &Id, name: &str) -> Result<()> {
    sync(|| if exists(group, name)? { delete(group, name) } else { Ok(()) })
}
