//! [`Paths`]: where the objects of a file are, for references, which are addresses.

use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::{ObjectKind, Source};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The path of each object, by its identity: of several the one that is met first, in the order of
/// names.
#[derive(Debug, Default)]
pub(super) struct Paths(HashMap<String, String>);

impl Paths {
    pub(super) fn of(source: &dyn Source, max_depth: u32) -> Result<Self> {
        let mut paths = Paths::default();
        paths.walk(&Object::new(source, source.root()?), "/", max_depth)?;
        Ok(paths)
    }

    /// The path of an object that a reference leads to; `None` where no hard link does.
    pub(super) fn get(&self, object: &Object<'_>) -> Result<Option<&str>> {
        let identity = object.source.identity(object.handle)?;
        Ok(identity.and_then(|identity| self.0.get(&identity)).map(String::as_str))
    }

    fn walk(&mut self, object: &Object<'_>, path: &str, depth: u32) -> Result<()> {
        let Some(identity) = object.source.identity(object.handle)? else { return Ok(()) };
        match self.0.entry(identity) {
            Entry::Occupied(_) => return Ok(()),
            Entry::Vacant(entry) => entry.insert(path.to_string()),
        };
        let (ObjectKind::Group, Some(depth)) = (object.kind(), depth.checked_sub(1)) else {
            return Ok(());
        };
        let mut names = object.source.children(object.handle)?;
        names.sort_unstable();
        for name in names {
            if object.source.link(object.handle, &name)?.is_some() {
                continue;
            }
            let member = object.child(&name)?.ok_or(ErrorKind::Missing).map_err(Error::from);
            member
                .and_then(|member| self.walk(&member, &format!("{path}{name}/"), depth))
                .map_err(|e| e.at(&name))?;
        }
        Ok(())
    }
}
