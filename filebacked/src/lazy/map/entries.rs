//! [`Entries`]: a map as it is in its file.

use crate::backed::{FileBacked, Save};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::map::{self, MapForm};
use crate::lazy::Held;
use crate::node::Node;
use crate::reader::GroupReader;
use crate::schema::Schema;
use crate::stamp::{UNDER_WAY, escape_link, unescape};
use crate::storage::Kept;
use indexmap::IndexMap;
use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

/// The entries of a map in a file: what is asked for is looked up there.
pub(super) struct Entries<K, V> {
    pub(super) held: Held,
    pub(super) form: MapForm,
    /// The keys, where the file has no index of them, and what the links of their entries are
    /// called.
    listed: OnceLock<Arc<IndexMap<K, String>>>,
    of: PhantomData<fn() -> V>,
}

/// A function that gets an entry and the name of its link.
type Look<'l, R> = dyn FnMut(Option<(Node<'_>, &str)>) -> Result<R> + 'l;

impl<K, V> fmt::Debug for Entries<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries")
            .field("held", &self.held)
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

impl<K, V> Clone for Entries<K, V> {
    fn clone(&self) -> Self {
        let Entries { held, form, listed, of } = self;
        Entries { held: held.clone(), form: *form, listed: listed.clone(), of: *of }
    }
}

/// The entry that a change takes the place of.
#[derive(Debug, Clone)]
pub(super) struct Base {
    #[allow(dead_code)] // Only changes, which need libhdf5, read it.
    pub(super) link: String,
    /// The object. As long as it is held, no other one has its identity.
    #[allow(dead_code)] // As `link`.
    pub(super) kept: Option<Arc<dyn Kept>>,
}

const GROUP: &str = "a group (map)";

impl<K: FileBacked + Eq + Hash, V: FileBacked> Entries<K, V> {
    pub(super) fn new(held: Held, form: MapForm) -> Self {
        Entries { held, form, listed: OnceLock::new(), of: PhantomData }
    }

    /// The same entries of the same file, held in another way.
    pub(super) fn held_by(&self, held: Held) -> Self {
        Entries { held, ..self.clone() }
    }

    /// Forgets what is known of the keys.
    #[cfg(feature = "libhdf5")]
    pub(super) fn forget(&mut self) {
        self.listed = OnceLock::new();
    }

    /// How many entries there are.
    pub(super) fn count(&self) -> Result<usize> {
        if self.form == MapForm::Columns || self.held.is_masked() {
            return Ok(self.listed()?.len());
        }
        self.held.read(|node| {
            let group = node.group_as(GROUP)?;
            let under_way = self.form == (MapForm::Links { escaped: true })
                && group.object.child(UNDER_WAY)?.is_some();
            Ok(group.count()? - usize::from(under_way))
        })
    }

    /// All keys in the order of the file, with the names of their entries' links: as they are now.
    pub(super) fn list(&self) -> Result<IndexMap<K, String>> {
        self.held.read(|node| self.list_of(&node.group_as(GROUP)?))
    }

    fn list_of(&self, group: &GroupReader<'_>) -> Result<IndexMap<K, String>> {
        let wanted = |name: Option<&str>| group.step(name, Some(V::schema)).is_some();
        let mut keys = IndexMap::new();
        let mut add = |key, link: String| match keys.insert(key, link) {
            None => Ok(()),
            Some(link) => Err(map::twice(&format!("of entry {link}"))),
        };
        match self.form {
            MapForm::Columns => {
                let found = group.part("keys", |node| node.get_rows::<K>())?;
                for (i, key) in
                    found.into_iter().enumerate().filter(|(_, key)| wanted(key.name().as_deref()))
                {
                    add(key, i.to_string())?;
                }
            }
            MapForm::Links { escaped } => {
                for link in group.names()? {
                    if escaped && link == UNDER_WAY {
                        continue;
                    }
                    let name = if escaped { unescape(&link) } else { link.clone() };
                    if wanted(Some(&name)) {
                        add(map::key_of_link(&name, &link)?, link)?;
                    }
                }
            }
            MapForm::Pairs => {
                for i in 0..group.count()? {
                    let link = i.to_string();
                    let key = group
                        .part(&link, |node| node.group()?.part("key", |node| node.get::<K>()))?;
                    if wanted(key.name().as_deref()) {
                        add(key, link)?;
                    }
                }
            }
        }
        Ok(keys)
    }

    /// The keys as they were when they were needed first.
    fn listed(&self) -> Result<&IndexMap<K, String>> {
        if let Some(listed) = self.listed.get() {
            return Ok(listed);
        }
        let listed = Arc::new(self.list()?);
        Ok(self.listed.get_or_init(|| listed))
    }

    fn listed_in(&self, group: &GroupReader<'_>) -> Result<&IndexMap<K, String>> {
        if let Some(listed) = self.listed.get() {
            return Ok(listed);
        }
        let listed = Arc::new(self.list_of(group)?);
        Ok(self.listed.get_or_init(|| listed))
    }

    /// Whether each key has one spelling only, that of its name: text always, numbers where this
    /// library wrote them.
    fn is_spelled(escaped: bool) -> bool {
        const ANY: &str = "\u{1} any text";
        escaped && matches!(K::schema(), Schema::Scalar(_))
            || K::from_name(ANY).is_some_and(|key| key.name().as_deref() == Some(ANY))
    }

    /// Looks at the entry of a key, with the name of its link.
    fn look<Q: Save + Eq + Hash + ?Sized, R>(
        &self,
        group: &GroupReader<'_>,
        key: &Q,
        look: &mut Look<'_, R>,
    ) -> Result<R>
    where
        K: Borrow<Q>,
    {
        let name = key.name();
        let Some(state) = group.step(name.as_deref(), Some(V::schema)) else { return look(None) };
        let escaped = match self.form {
            MapForm::Links { escaped } => escaped,
            MapForm::Columns => {
                return Err(ErrorKind::Contract("one entry of a map of columns".into()).into());
            }
            MapForm::Pairs => {
                let Some(link) = self.listed_in(group)?.get(key) else { return look(None) };
                return group.part(link, |entry| {
                    let pair = entry.group()?;
                    if pair.part("key", |node| node.get::<K>())?.borrow() != key {
                        return Err(ErrorKind::Changed.into());
                    }
                    let value = pair
                        .entry("value", state)?
                        .ok_or_else(|| Error::new(ErrorKind::Missing).at("value"))?;
                    look(Some((value, link))).map_err(|e| e.at("value"))
                });
            }
        };
        let Some(name) = name else { return look(None) };
        let link = if escaped { Some(escape_link(&name)) } else { map::checked_link(&name).ok() };
        if let Some(link) = link
            && let Some(node) = group.entry(&link, state)?
        {
            return look(Some((node, &link))).map_err(|e| e.at(&link));
        }
        if !Self::is_spelled(escaped)
            && let Some(link) = self.listed_in(group)?.get(key)
            && let Some(node) = group.entry(link, state)?
        {
            return look(Some((node, link))).map_err(|e| e.at(link));
        }
        look(None)
    }

    /// Looks at the entry of a key, if there is one.
    fn at<Q: Save + Eq + Hash + ?Sized, R>(
        &self,
        key: &Q,
        mut look: impl FnMut(Node<'_>, &str) -> Result<R>,
    ) -> Result<Option<R>>
    where
        K: Borrow<Q>,
    {
        self.held.read(|node| {
            let group = node.group_as(GROUP)?;
            self.look(&group, key, &mut |found| {
                found.map(|(node, link)| look(node, link)).transpose()
            })
        })
    }

    /// Whether there is such an entry.
    pub(super) fn contains<Q: Save + Eq + Hash + ?Sized>(&self, key: &Q) -> Result<bool>
    where
        K: Borrow<Q>,
    {
        match self.form {
            MapForm::Columns => Ok(self.listed()?.contains_key(key)),
            _ => Ok(self.at(key, |_, _| Ok(()))?.is_some()),
        }
    }

    /// Reads the value of a key.
    pub(super) fn read<Q: Save + Eq + Hash + ?Sized>(&self, key: &Q) -> Result<Option<V>>
    where
        K: Borrow<Q>,
    {
        match self.form {
            MapForm::Columns => Ok(self.all()?.swap_remove(key)),
            _ => self.at(key, |node, _| node.get()),
        }
    }

    /// Reads the values of some keys.
    pub(super) fn read_each(&self, keys: &[K]) -> Result<Vec<Option<V>>> {
        if self.form == MapForm::Columns {
            let mut all = self.all()?;
            return Ok(keys.iter().map(|key| all.swap_remove(key)).collect());
        }
        self.held.read(|node| {
            let group = node.group_as(GROUP)?;
            let read = |key| {
                self.look(&group, key, &mut |found| found.map(|(node, _)| node.get()).transpose())
            };
            keys.iter().map(read).collect()
        })
    }

    /// Reads all of it.
    pub(super) fn all(&self) -> Result<IndexMap<K, V>> {
        self.held.read(|node| {
            map::read(node, IndexMap::with_capacity, |map: &mut IndexMap<K, V>, key, value| {
                map.insert(key, value).is_none()
            })
        })
    }

    /// The key of an entry as a value of its own.
    pub(super) fn own<Q: Save + Eq + Hash + ?Sized>(&self, key: &Q) -> Result<Option<K>>
    where
        K: Borrow<Q> + Clone,
    {
        match self.form {
            MapForm::Links { .. } => Ok(key.name().and_then(|name| K::from_name(&name))),
            _ => Ok(self.listed()?.get_key_value(key).map(|(key, _)| key.clone())),
        }
    }

    /// The entry that a change of this key would take the place of.
    pub(super) fn base<Q: Save + Eq + Hash + ?Sized>(&self, key: &Q) -> Result<Option<Base>>
    where
        K: Borrow<Q>,
    {
        if self.form == MapForm::Columns {
            let Some(link) = self.listed()?.get(key) else { return Ok(None) };
            // The state of one value is the state of all.
            let values = |node: Node<'_>| match node.group_as(GROUP)?.object.child("values")? {
                Some(values) => values.keep(),
                None => Ok(None),
            };
            return Ok(Some(Base { link: link.clone(), kept: self.held.read(values)? }));
        }
        self.at(key, |node, link| Ok(Base { link: link.to_string(), kept: node.object.keep()? }))
    }

    /// The same with its value, which is read from the very object.
    pub(super) fn base_and_value<Q: Save + Eq + Hash + ?Sized>(
        &self,
        key: &Q,
    ) -> Result<Option<(Base, V)>>
    where
        K: Borrow<Q>,
    {
        if self.form == MapForm::Columns {
            return Ok(self.base(key)?.zip(self.read(key)?));
        }
        self.at(key, |node, link| {
            let base = Base { link: link.to_string(), kept: node.object.keep()? };
            Ok((base, node.get()?))
        })
    }

    /// Holds on to the value of a key, without reading it; `None` too where that cannot be.
    pub(super) fn hold(&self, key: &K) -> Result<Option<Held>> {
        match self.form {
            MapForm::Columns => Ok(None),
            _ => Ok(self.at(key, |node, _| Held::new(&node))?.flatten()),
        }
    }
}
