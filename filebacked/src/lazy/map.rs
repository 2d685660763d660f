//! [`LazyMap`]: a map in the file whose values are read on request.

#[cfg(feature = "libhdf5")]
mod columns;
mod entries;
mod entry;
#[cfg(feature = "libhdf5")]
mod flush;
mod save;
mod trie;

use crate::backed::{FileBacked, Save};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::map::MapForm;
use entries::{Base, Entries};
pub use entry::MapEntry;
use indexmap::IndexMap;
use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::path::Path;
use trie::Trie;

/// A map whose values stay in the file and are read on request.
///
/// On disk it is a map of links, with one object per value:
///
/// ```text
/// x            group     filebacked = "links", len = n; link order tracked
/// └── <key>    the value
/// ```
///
/// Opening a map reads only the header of the group. [`get`](LazyMap::get) looks up one link, reads
/// the value behind it, and keeps it; [`read`](LazyMap::read) does not keep it. The map keeps the
/// file open, and can be shared between threads. Keys that can be link names (text, integers, enums
/// without data) are in insertion order. In a file, a replaced value moves to the end.
///
/// Changes stay in memory until the map is saved elsewhere, or [`flush`](LazyMap::flush) writes
/// them into its file. Saving it elsewhere copies unread values as they are stored, compression
/// included.
///
/// Any stored map can be read, also of other programs. A map of `keys` and `values` has its values
/// in one place, so the first `get`, and each `read`, `get_mut`, `take` and `entry`, reads all of
/// them; use a map in memory for many changes. Such a map is saved elsewhere as links, but keeps
/// its form when it is flushed: new entries are appended, and any other change rewrites all values.
/// Maps whose keys cannot be link names are saved as `keys` and `values`. Many maps
/// (`Vec<LazyMap<..>>`) are a numbered group with one object per map.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{File, LazyMap};
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-lazy-map-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("runs.h5");
/// let runs: LazyMap<String, Vec<f64>> = (0..100).map(|i| (format!("run {i}"), vec![0.5; i])).collect();
/// filebacked::save(&path, &runs)?;
///
/// let file = File::open_rw(&path)?;
/// let mut runs: LazyMap<String, Vec<f64>> = file.read_root()?;
/// assert_eq!(runs.count()?, 100); // from the group, as all of these
/// assert!(runs.contains_key("run 7")?);
/// assert_eq!(runs.get("run 7")?.map(Vec::len), Some(7)); // reads one value
///
/// runs.insert("best".into(), vec![1.5])?;
/// runs.entry("run 7".into()).or_default()?.push(2.5);
/// runs.remove("run 8")?;
/// runs.flush()?; // these three entries, in place
/// # drop((runs, file)); std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
pub struct LazyMap<K, V> {
    /// The map in its file.
    entries: Option<Entries<K, V>>,
    /// The values that were read.
    read: Trie<K, V>,
    /// The changes against the file; all entries, for a map without a file.
    changes: IndexMap<K, Change<V>>,
    /// How many of the changes add an entry, and how many remove one.
    added: usize,
    removed: usize,
}

/// An entry that differs from the file.
#[derive(Debug, Clone)]
struct Change<V> {
    /// The new value; `None` for a removed entry.
    value: Option<V>,
    /// The state in the file when the change was made.
    base: Option<Base>,
}

impl<K, V> LazyMap<K, V> {
    /// Creates an empty map in memory.
    pub fn new() -> Self {
        LazyMap {
            entries: None,
            read: Trie::default(),
            changes: IndexMap::new(),
            added: 0,
            removed: 0,
        }
    }

    /// Returns the file that values are read from; `None` for a map without a file, and for files
    /// in memory.
    pub fn file(&self) -> Option<&Path> {
        self.entries.as_ref()?.held.path()
    }

    /// Returns whether there are changes that are not in the file.
    pub fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Drops the values that can be read again. Returns whether there were any. Changes stay.
    pub fn evict(&mut self) -> bool {
        let any = !self.read.is_empty();
        self.read = Trie::default();
        any
    }

    /// Drops the changes that are not in the file. A map without a file keeps its entries.
    pub fn discard(&mut self) {
        if self.entries.is_some() {
            self.changes.clear();
            (self.added, self.removed) = (0, 0);
        }
    }
}

impl<K: FileBacked + Eq + Hash + Clone, V: FileBacked> LazyMap<K, V> {
    /// Returns the number of entries. Looks into the file, but reads no value.
    ///
    /// # Errors
    ///
    /// Any error of the storage; [`ErrorKind::Changed`] if another program wrote to the file since.
    pub fn count(&self) -> Result<usize> {
        let stored = self.entries.as_ref().map(Entries::count).transpose()?.unwrap_or(0);
        Ok((stored + self.added).saturating_sub(self.removed))
    }

    /// Returns all keys in their order. Reads no value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for a link whose name is not a key, [`ErrorKind::Damaged`] for a
    /// duplicate key, or as [`LazyMap::count`].
    pub fn keys(&self) -> Result<Vec<K>> {
        let mut keys = Vec::new();
        if let Some(entries) = &self.entries {
            keys.extend(entries.list()?.into_keys());
            keys.retain(|key| self.changes.get(key).is_none_or(|change| change.value.is_some()));
        }
        keys.extend(
            self.changes
                .iter()
                .filter(|(_, change)| change.base.is_none())
                .map(|(key, _)| key.clone()),
        );
        Ok(keys)
    }

    /// Returns whether the map has this key. Reads no value.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::count`].
    pub fn contains_key<Q: Save + Eq + Hash + ?Sized>(&self, key: &Q) -> Result<bool>
    where
        K: Borrow<Q>,
    {
        match (self.changes.get(key), &self.entries) {
            (Some(change), _) => Ok(change.value.is_some()),
            (None, Some(entries)) => entries.contains(key),
            (None, None) => Ok(false),
        }
    }

    /// Returns whether the value of this key is in memory.
    pub fn is_loaded<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        match self.changes.get(key) {
            Some(change) => change.value.is_some(),
            None => self.read.get(key).is_some(),
        }
    }

    /// Returns the value of a key, or `None`. The first call reads it.
    ///
    /// # Errors
    ///
    /// Any error of reading a `V`, or as [`LazyMap::count`].
    pub fn get<Q: Save + Eq + Hash + ?Sized>(&self, key: &Q) -> Result<Option<&V>>
    where
        K: Borrow<Q>,
    {
        if let Some(found) = self.loaded(key) {
            return Ok(found.map(|(_, value)| value));
        }
        let Some(entries) = &self.entries else { return Ok(None) };
        if entries.form == MapForm::Columns {
            if !entries.contains(key)? {
                return Ok(None);
            }
            entries.all()?.into_iter().for_each(|(key, value)| self.read.insert(key, value));
        } else if let Some(value) = entries.read(key)? {
            // Two threads may both read; one value is kept.
            let Some(key) = entries.own(key)? else { return Err(ErrorKind::Changed.into()) };
            self.read.insert(key, value);
        }
        Ok(self.read.get(key).map(|(_, value)| value))
    }

    /// The state of a key that is known without looking into the file: its value, or that it has
    /// none.
    fn loaded<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<Option<(&K, &V)>>
    where
        K: Borrow<Q>,
    {
        match self.changes.get_key_value(key) {
            Some((key, change)) => Some(change.value.as_ref().map(|value| (key, value))),
            None => self.read.get(key).map(Some),
        }
    }

    /// Returns the value of a key without keeping it: read from the file, or a copy of the value in
    /// memory.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::get`].
    pub fn read<Q: Save + Eq + Hash + ?Sized>(&self, key: &Q) -> Result<Option<V>>
    where
        K: Borrow<Q>,
        V: Clone,
    {
        match (self.loaded(key), &self.entries) {
            (Some(found), _) => Ok(found.map(|(_, value)| value.clone())),
            (None, Some(entries)) => entries.read(key),
            (None, None) => Ok(None),
        }
    }

    /// Returns the value of a key for changing; it counts as changed from now on. It is read again,
    /// so that the change applies to the current state of the file.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::get`].
    pub fn get_mut<Q: Save + Eq + Hash + ?Sized>(&mut self, key: &Q) -> Result<Option<&mut V>>
    where
        K: Borrow<Q>,
    {
        if !self.changes.contains_key(key) {
            let Some(entries) = &self.entries else { return Ok(None) };
            let Some((base, value)) = entries.base_and_value(key)? else { return Ok(None) };
            let Some(key) = entries.own(key)? else { return Err(ErrorKind::Changed.into()) };
            self.changes.insert(key, Change { value: Some(value), base: Some(base) });
        }
        Ok(self.changes.get_mut(key).and_then(|change| change.value.as_mut()))
    }

    /// Inserts an entry, and replaces one of the same key. Returns whether the key is new. Writes
    /// nothing yet, and reads no value.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::count`], since the file is searched for the key.
    pub fn insert(&mut self, key: K, value: V) -> Result<bool> {
        if let Some(change) = self.changes.get_mut(&key) {
            let was_removed = change.value.replace(value).is_none();
            self.removed -= usize::from(was_removed);
            return Ok(was_removed);
        }
        let base = self.entries.as_ref().map(|entries| entries.base(&key)).transpose()?.flatten();
        let is_new = base.is_none();
        self.added += usize::from(is_new);
        self.changes.insert(key, Change { value: Some(value), base });
        Ok(is_new)
    }

    /// Removes an entry. Returns whether it existed. Writes nothing yet, and reads no value.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::insert`].
    pub fn remove<Q: Save + Eq + Hash + ?Sized>(&mut self, key: &Q) -> Result<bool>
    where
        K: Borrow<Q>,
    {
        let Some((place, _, change)) = self.changes.get_full_mut(key) else {
            let Some(entries) = &self.entries else { return Ok(false) };
            let Some(base) = entries.base(key)? else { return Ok(false) };
            let Some(key) = entries.own(key)? else { return Err(ErrorKind::Changed.into()) };
            self.changes.insert(key, Change { value: None, base: Some(base) });
            self.removed += 1;
            return Ok(true);
        };
        if change.base.is_none() {
            self.changes.shift_remove_index(place);
            self.added -= 1;
            return Ok(true);
        }
        let was_there = change.value.take().is_some();
        self.removed += usize::from(was_there);
        Ok(was_there)
    }

    /// Removes an entry, and returns its value.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::get`].
    pub fn take<Q: Save + Eq + Hash + ?Sized>(&mut self, key: &Q) -> Result<Option<V>>
    where
        K: Borrow<Q>,
    {
        if self.get_mut(key)?.is_none() {
            return Ok(None);
        }
        let Some((place, _, change)) = self.changes.get_full_mut(key) else { return Ok(None) };
        let value = change.value.take();
        if change.base.is_none() {
            self.changes.shift_remove_index(place);
            self.added -= 1;
        } else {
            self.removed += 1;
        }
        Ok(value)
    }

    /// Returns the entry of a key, for inserting or changing.
    pub fn entry(&mut self, key: K) -> MapEntry<'_, K, V> {
        MapEntry::new(self, key)
    }

    /// Inserts many entries.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::insert`]; the map then has the earlier entries.
    pub fn extend(&mut self, entries: impl IntoIterator<Item = (K, V)>) -> Result<()> {
        entries.into_iter().try_for_each(|(key, value)| self.insert(key, value).map(drop))
    }

    /// Iterates over all entries in their order. Values are read and kept in batches that double in
    /// size.
    ///
    /// A value that cannot be read is an `Err` item. If the keys cannot be listed, that error is
    /// the only item.
    pub fn iter(&self) -> impl Iterator<Item = Result<(&K, &V)>> {
        let (keys, failed) = match self.keys() {
            Ok(keys) => (keys, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        let (mut next, mut ahead, mut loaded) = (0, 1, 0);
        failed.into_iter().chain(std::iter::from_fn(move || {
            let key = keys.get(next)?;
            next += 1;
            if next > loaded {
                let end = keys.len().min(loaded + ahead);
                ahead *= 4;
                let wanted = keys.get(loaded..end).unwrap_or_default();
                loaded = end;
                if self.load(wanted).is_err() {
                    // Of several, it may be another one that cannot be read.
                    (loaded, ahead) = (next, 1);
                    if let Err(error) = self.load(std::slice::from_ref(key)) {
                        return Some(Err(error));
                    }
                }
            }
            Some(self.loaded(key).flatten().ok_or_else(gone))
        }))
    }

    /// Reads the values of some keys that are not in memory.
    fn load(&self, keys: &[K]) -> Result<()> {
        let Some(entries) = &self.entries else { return Ok(()) };
        let missing: Vec<K> =
            keys.iter().filter(|key| self.loaded(*key).is_none()).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        if entries.form == MapForm::Columns {
            entries.all()?.into_iter().for_each(|(key, value)| self.read.insert(key, value));
            return Ok(());
        }
        let values = entries.read_each(&missing)?;
        for (key, value) in missing.into_iter().zip(values) {
            self.read.insert(key, value.ok_or_else(gone)?);
        }
        Ok(())
    }

    /// Reads all entries into another map: `HashMap`, `BTreeMap`, `IndexMap`, or a `Vec` of pairs.
    ///
    /// # Errors
    ///
    /// As [`LazyMap::get`].
    pub fn into_map<M: FromIterator<(K, V)>>(mut self) -> Result<M> {
        let mut all = self.entries.as_ref().map(Entries::all).transpose()?.unwrap_or_default();
        for (key, change) in std::mem::take(&mut self.changes) {
            match change.value {
                Some(value) => drop(all.insert(key, value)),
                None => drop(all.shift_remove(&key)),
            }
        }
        Ok(all.into_iter().collect())
    }
}

/// A key was listed, and has no value now.
#[cold]
fn gone() -> Error {
    ErrorKind::Changed.into()
}

impl<K, V> Default for LazyMap<K, V> {
    fn default() -> Self {
        LazyMap::new()
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Clone for LazyMap<K, V> {
    fn clone(&self) -> Self {
        let LazyMap { entries, read, changes, added, removed } = self;
        let (entries, read, changes) = (entries.clone(), read.clone(), changes.clone());
        LazyMap { entries, read, changes, added: *added, removed: *removed }
    }
}

impl<K, V> fmt::Debug for LazyMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("LazyMap");
        f.field("file", &self.file())
            .field("loaded", &self.read.len())
            .field("changed", &self.changes.len());
        f.finish_non_exhaustive()
    }
}

impl<K: Eq + Hash, V> FromIterator<(K, V)> for LazyMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key, Change { value: Some(value), base: None }));
        let changes: IndexMap<K, Change<V>> = entries.collect();
        LazyMap { added: changes.len(), changes, ..LazyMap::new() }
    }
}

impl<K: Save + Eq + Hash, V, S: BuildHasher> From<HashMap<K, V, S>> for LazyMap<K, V> {
    /// Sorts by keys that can be link names, as the hash map would be saved.
    fn from(map: HashMap<K, V, S>) -> Self {
        let mut entries: Vec<(K, V)> = map.into_iter().collect();
        crate::layout::map::sort_by_name(&mut entries);
        entries.into_iter().collect()
    }
}

impl<K: Eq + Hash, V> From<BTreeMap<K, V>> for LazyMap<K, V> {
    fn from(map: BTreeMap<K, V>) -> Self {
        map.into_iter().collect()
    }
}

#[cfg(feature = "indexmap")]
impl<K: Eq + Hash, V, S> From<IndexMap<K, V, S>> for LazyMap<K, V> {
    fn from(map: IndexMap<K, V, S>) -> Self {
        map.into_iter().collect()
    }
}
