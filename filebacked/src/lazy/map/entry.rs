//! [`MapEntry`]: the entry of a key in a map.

use super::LazyMap;
use crate::backed::FileBacked;
use crate::error::{ErrorKind, Result};
use std::fmt;
use std::hash::Hash;

/// The entry of a key in a [`LazyMap`], which is looked up on first use. See [`LazyMap::entry`].
pub struct MapEntry<'m, K, V> {
    map: &'m mut LazyMap<K, V>,
    key: K,
}

impl<K: fmt::Debug, V> fmt::Debug for MapEntry<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapEntry").field("key", &self.key).finish_non_exhaustive()
    }
}

impl<'m, K, V> MapEntry<'m, K, V> {
    pub(super) fn new(map: &'m mut LazyMap<K, V>, key: K) -> Self {
        MapEntry { map, key }
    }

    /// Returns the key.
    pub fn key(&self) -> &K {
        &self.key
    }
}

impl<'m, K: FileBacked + Eq + Hash + Clone, V: FileBacked> MapEntry<'m, K, V> {
    /// Returns the value for changing; inserts the given one if the key is missing.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::get_mut`].
    pub fn or_insert(self, value: V) -> Result<&'m mut V> {
        self.or_insert_with(|| value)
    }

    /// Returns the value for changing; inserts the result of the function if the key is missing.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::get_mut`].
    pub fn or_insert_with(self, value: impl FnOnce() -> V) -> Result<&'m mut V> {
        let MapEntry { map, key } = self;
        if map.get_mut(&key)?.is_none() {
            map.insert(key.clone(), value())?;
        }
        let value = map.changes.get_mut(&key).and_then(|change| change.value.as_mut());
        value.ok_or_else(|| {
            ErrorKind::Contract("an entry that was put in is not there".into()).into()
        })
    }

    /// Returns the value for changing; inserts the default if the key is missing.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::get_mut`].
    pub fn or_default(self) -> Result<&'m mut V>
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Changes the value, if the key exists.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::get_mut`].
    pub fn and_modify(self, change: impl FnOnce(&mut V)) -> Result<Self> {
        if let Some(value) = self.map.get_mut(&self.key)? {
            change(value);
        }
        Ok(self)
    }
}
