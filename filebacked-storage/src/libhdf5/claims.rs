//! Which objects that several links lead to may be written over: those that nothing else leads to,
//! by one value each.

use super::edit::exists;
use super::id::Id;
use super::links;
use super::members::{identity_and_links, open_member};
use super::names;
use crate::error::Result;
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5i::H5I_type_t::H5I_GROUP;
use hdf5_metno_sys::h5i::H5Iget_type;
use std::collections::{HashMap, HashSet};

/// The state of an update for objects with several links.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// Where the update begins: members of a group.
    start: Option<(Id, Vec<String>)>,
    /// The objects that all links lead to from there, once that was asked for.
    own: HashSet<String>,
    /// Those that a value was written to.
    claimed: HashSet<String>,
}

impl Claims {
    /// Nothing is written but below these members of a group.
    pub(super) fn below(group: Id, names: Vec<String>) -> Self {
        Claims { start: Some((group, names)), ..Claims::default() }
    }

    /// Whether a value may be written over an object: nothing else in the file would change with
    /// it.
    pub(super) fn claim(&mut self, object: &Id) -> Result<bool> {
        sync(|| {
            let (identity, links) = identity_and_links(object.raw())?;
            if links < 2 {
                return Ok(true);
            }
            if let Some((group, names)) = self.start.take() {
                self.own = own(&group, names)?;
            }
            Ok(self.own.contains(&identity) && self.claimed.insert(identity))
        })
    }
}

/// The objects with several links to which no link leads but from below these members of a group.
/// The lock is held.
fn own(group: &Id, names: Vec<String>) -> Result<HashSet<String>> {
    let mut found: HashMap<String, (u64, u64)> = HashMap::new();
    let mut groups = vec![(group.clone(), names)];
    while let Some((group, names)) = groups.pop() {
        for name in names {
            if exists(&group, &name)?
                && links::read(group.raw(), &name)?.is_none()
                && let Some(object) = open_member(&group, &name)?
            {
                let (identity, links) = identity_and_links(object.raw())?;
                let (met, _) =
                    *found.entry(identity).and_modify(|(met, _)| *met += 1).or_insert((1, links));
                // SAFETY: the object is open.
                if met == 1 && unsafe { H5Iget_type(object.raw()) } == H5I_GROUP {
                    let names = names::children(object.raw())?;
                    groups.push((object, names));
                }
            }
        }
    }
    Ok(found
        .into_iter()
        .filter(|(_, (met, links))| met == links)
        .map(|(identity, _)| identity)
        .collect())
}
