//! All objects of a file, each once.

use super::id::{Id, with_link_name, with_name};
use super::links;
use super::members::identity;
use super::names;
use crate::error::Result;
use hdf5_metno_sys::h5i::H5I_type_t::H5I_GROUP;
use hdf5_metno_sys::h5i::H5Iget_type;
use hdf5_metno_sys::h5o::H5Oopen;
use hdf5_metno_sys::h5p::H5P_DEFAULT;
use std::collections::HashSet;

/// The objects found by the walk.
pub(super) enum Met<'a> {
    /// A group, a dataset or a committed datatype, which is met once, however many hard links lead
    /// to it.
    Object(&'a Id),
    /// A link; of soft and external ones, nothing is said of what they lead to.
    Link,
    /// An object that was met before, by another link.
    Again(&'a Id),
}

/// Opens what has a path below a group: of names with `/` between them, or nothing for the group
/// itself. The lock is held.
pub(super) fn open(root: &Id, path: &str) -> Result<Id> {
    let path = if path.is_empty() { "." } else { path };
    // SAFETY: the group is open, the path ends in NUL; the new identifier has no other owner.
    with_name(path, |path| unsafe { Id::own(H5Oopen(root.raw(), path, H5P_DEFAULT)) })
}

/// Walks through all that hard links lead to, the group itself first, with the path of each from
/// there. The lock is held.
pub(super) fn walk(root: &Id, meet: &mut dyn FnMut(&str, Met<'_>) -> Result<()>) -> Result<()> {
    let mut seen = HashSet::from([identity(root.raw())]);
    meet("", Met::Object(root))?;
    let mut groups = vec![String::new()];
    while let Some(path) = groups.pop() {
        let group = open(root, &path)?;
        let base = if path.is_empty() { path } else { path + "/" };
        for name in names::children(group.raw())? {
            let path = format!("{base}{name}");
            meet(&path, Met::Link).map_err(|e| e.at(&path))?;
            if links::read(group.raw(), &name)?.is_some() {
                continue;
            }
            // SAFETY: the group is open, the name ends in NUL; the new identifier has no other
            // owner.
            let opened = with_link_name(&name, |name| unsafe {
                Id::own(H5Oopen(group.raw(), name, H5P_DEFAULT))
            });
            let object = opened.map_err(|e| e.at(&path))?;
            if !seen.insert(identity(object.raw())) {
                meet(&path, Met::Again(&object)).map_err(|e| e.at(&path))?;
                continue;
            }
            meet(&path, Met::Object(&object)).map_err(|e| e.at(&path))?;
            // SAFETY: the object is open.
            if unsafe { H5Iget_type(object.raw()) } == H5I_GROUP {
                groups.push(path);
            }
        }
    }
    Ok(())
}
