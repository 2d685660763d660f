//! Access to values by path: names separated by `/`.

use super::Value;
use super::group::Group;
use crate::error::{Error, Result};
use crate::storage::path::names;
use crate::storage::path::parts;
use std::ops::Index;
use std::sync::OnceLock;

/// The value for missing paths.
static NONE: OnceLock<Value> = OnceLock::new();

impl Value {
    /// Returns the value at a path below this one, with names of members separated by `/`. The
    /// empty path is the value itself.
    pub fn get(&self, path: &str) -> Option<&Value> {
        names(path).try_fold(self, |value, name| value.as_group()?.members().get(name))
    }

    /// Returns the value at a path below this one, for changing.
    pub fn get_mut(&mut self, path: &str) -> Option<&mut Value> {
        names(path).try_fold(self, |value, name| value.as_group_mut()?.members_mut().get_mut(name))
    }

    /// Inserts a value at a path, and creates missing groups. Returns the replaced value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) if a name before the last is not a
    /// group; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for an invalid path.
    pub fn insert(&mut self, path: &str, value: impl Into<Value>) -> Result<Option<Value>> {
        let names = parts(path)?;
        let no_group = || Error::mismatch("a group", "another value").at(path);
        let Some((last, above)) = names.split_last() else { return Err(no_group()) };
        let mut group = self.as_group_mut().ok_or_else(no_group)?;
        for name in above {
            if !group.members().contains_key(name) {
                group.members_mut().insert(*name, Group::new());
            }
            group = group
                .members_mut()
                .get_mut(name)
                .and_then(Value::as_group_mut)
                .ok_or_else(no_group)?;
        }
        Ok(group.members_mut().insert(*last, value))
    }

    /// Removes the value at a path, and returns it.
    pub fn remove(&mut self, path: &str) -> Option<Value> {
        let mut above = names(path);
        let last = above.next_back()?;
        let group = above
            .try_fold(self, |value, name| value.as_group_mut()?.members_mut().get_mut(name))?;
        group.as_group_mut()?.members_mut().remove(last)
    }
}

/// Returns the value at a path, or [`Value::none`] for a missing path, so that a chain of names
/// needs one check at its end.
impl Index<&str> for Value {
    type Output = Value;

    fn index(&self, path: &str) -> &Value {
        self.get(path).unwrap_or_else(|| NONE.get_or_init(Value::none))
    }
}
