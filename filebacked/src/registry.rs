//! The registry: which filters apply to which types, newest first.

use crate::backed::FileBacked;
use crate::filter::{DynFilter, Filter, Found, FoundFilter};
use crate::schema::Nested;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// Filters for types, the newest first. A value of your own for one call
/// ([`WriteOptions::registry`], [`ReadOptions::registry`]), or the default of the process
/// ([`register_filter`]).
///
/// [`WriteOptions::registry`]: crate::WriteOptions::registry
/// [`ReadOptions::registry`]: crate::ReadOptions::registry
///
/// ```
/// use filebacked::{Registry, WriteOptions, with::AsString};
///
/// let mut registry = Registry::new();
/// registry.register::<std::net::Ipv4Addr>(AsString);
/// let options = WriteOptions::new().registry(registry);
/// ```
#[derive(Default)]
pub struct Registry {
    exact: HashMap<TypeId, Vec<Exact>>,
    predicates: Vec<Predicate>,
    next: u32,
    /// Which predicates apply to a type, as places in `predicates`: asked once.
    answers: RwLock<HashMap<TypeId, Arc<[usize]>>>,
}

#[derive(Clone)]
struct Exact {
    serial: u32,
    name: String,
    /// What [`Filter::is_recorded`] says.
    recorded: bool,
    /// An `Arc<dyn Filter<T>>` for the `T` of the map's key.
    filter: Arc<dyn Any + Send + Sync>,
}

#[derive(Clone)]
struct Predicate {
    serial: u32,
    filter: Arc<dyn DynFilter>,
}

/// A registration, to be undone with [`Registry::unregister`] or [`unregister_filter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Registration(u32);

impl Registry {
    /// A registry without filters.
    pub fn new() -> Self {
        Registry::default()
    }

    /// Adds a filter for `T`, in front of those that are there.
    pub fn register<T: 'static>(&mut self, filter: impl Filter<T> + 'static) -> Registration {
        let serial = self.serial();
        let (name, recorded) = (filter.name().to_string(), filter.is_recorded());
        let filter: Arc<dyn Filter<T>> = Arc::new(filter);
        let entry = Exact { serial, name, recorded, filter: Arc::new(filter) };
        self.exact.entry(TypeId::of::<T>()).or_default().push(entry);
        Registration(serial)
    }

    /// Adds a filter for all types that it says it is for, in front of those that are there.
    pub fn register_dyn(&mut self, filter: impl DynFilter) -> Registration {
        let serial = self.serial();
        self.predicates.push(Predicate { serial, filter: Arc::new(filter) });
        Registration(serial)
    }

    /// Takes a filter out again; whether it was there.
    pub fn unregister(&mut self, registration: Registration) -> bool {
        let before = self.len();
        self.predicates.retain(|entry| entry.serial != registration.0);
        for entries in self.exact.values_mut() {
            entries.retain(|entry| entry.serial != registration.0);
        }
        self.exact.retain(|_, entries| !entries.is_empty());
        self.answers.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        self.len() < before
    }

    /// How many filters there are.
    pub fn len(&self) -> usize {
        self.predicates.len() + self.exact.values().map(Vec::len).sum::<usize>()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.predicates.is_empty()
    }

    /// The name of the filter that would write a `T` now.
    pub fn filter_for<T: FileBacked>(&self) -> Option<&str> {
        Some(self.find(TypeId::of::<T>(), T::schema, u32::MAX)?.name())
    }

    fn serial(&mut self) -> u32 {
        self.next += 1;
        self.answers.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        self.next
    }

    /// The newest filter for a type that is older than `below`.
    pub(crate) fn find(&self, id: TypeId, schema: Nested, below: u32) -> Option<Found<'_>> {
        self.newest(id, schema, &|serial, _| serial < below)
    }

    /// The newest filter of this name for a type.
    pub(crate) fn find_named(&self, id: TypeId, schema: Nested, name: &str) -> Option<Found<'_>> {
        self.newest(id, schema, &|_, candidate| candidate == name)
    }

    fn newest(
        &self,
        id: TypeId,
        schema: Nested,
        wanted: &dyn Fn(u32, &str) -> bool,
    ) -> Option<Found<'_>> {
        if self.is_empty() {
            return None;
        }
        let exact = self.exact.get(&id).and_then(|entries| {
            let entry = entries.iter().rev().find(|entry| wanted(entry.serial, &entry.name))?;
            let filter = FoundFilter::Exact(&*entry.filter);
            let Exact { serial, recorded, .. } = *entry;
            Some(Found { filter, name: &entry.name, recorded, serial })
        });
        let predicate = self.applicable(id, schema).and_then(|places| {
            let mut entries = places.iter().rev().filter_map(|place| self.predicates.get(*place));
            let entry = entries.find(|entry| wanted(entry.serial, entry.filter.name()))?;
            let (name, recorded) = (entry.filter.name(), entry.filter.is_recorded());
            let filter = FoundFilter::Predicate(&*entry.filter);
            Some(Found { filter, name, recorded, serial: entry.serial })
        });
        match (exact, predicate) {
            (Some(exact), Some(predicate)) => {
                Some(if exact.serial > predicate.serial { exact } else { predicate })
            }
            (exact, predicate) => exact.or(predicate),
        }
    }

    fn applicable(&self, id: TypeId, schema: Nested) -> Option<Arc<[usize]>> {
        if self.predicates.is_empty() {
            return None;
        }
        if let Some(places) = self.answers.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Some(places.clone());
        }
        let schema = schema();
        let places = self.predicates.iter().enumerate();
        let places: Arc<[usize]> = places
            .filter(|(_, entry)| entry.filter.applicable(id, &schema))
            .map(|(place, _)| place)
            .collect();
        self.answers.write().unwrap_or_else(PoisonError::into_inner).insert(id, places.clone());
        Some(places)
    }
}

impl Clone for Registry {
    fn clone(&self) -> Self {
        Registry {
            exact: self.exact.clone(),
            predicates: self.predicates.clone(),
            next: self.next,
            answers: RwLock::default(),
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = self.exact.values().flatten().map(|entry| entry.name.as_str());
        let mut names: Vec<_> =
            exact.chain(self.predicates.iter().map(|entry| entry.filter.name())).collect();
        names.sort_unstable();
        f.debug_tuple("Registry").field(&names).finish()
    }
}

static DEFAULT: RwLock<Option<Arc<Registry>>> = RwLock::new(None);

/// The filters of the process as they are now: what calls use whose options name no registry.
pub fn default_registry() -> Arc<Registry> {
    let default = DEFAULT.read().unwrap_or_else(PoisonError::into_inner);
    default.as_ref().map_or_else(Arc::default, Arc::clone)
}

fn change_default<R>(change: impl FnOnce(&mut Registry) -> R) -> R {
    let mut default = DEFAULT.write().unwrap_or_else(PoisonError::into_inner);
    // Calls under way keep the snapshot they started with.
    change(Arc::make_mut(default.get_or_insert_default()))
}

/// Adds a filter for `T` to the default registry of the process. Calls that are under way do not
/// see it.
pub fn register_filter<T: 'static>(filter: impl Filter<T> + 'static) -> Registration {
    change_default(|registry| registry.register(filter))
}

/// Adds a filter for all types that it says it is for to the default registry of the process.
pub fn register_dyn_filter(filter: impl DynFilter) -> Registration {
    change_default(|registry| registry.register_dyn(filter))
}

/// Takes a filter out of the default registry of the process; whether it was there.
pub fn unregister_filter(registration: Registration) -> bool {
    change_default(|registry| registry.unregister(registration))
}
