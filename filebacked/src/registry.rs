//! The registry: which filters apply to which types, newest first.

use crate::backed::FileBacked;
use crate::filter::{DynFilter, Filter, Found, FoundFilter};
use crate::schema::Nested;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// Filters for types, newest first. Create one for single calls ([`WriteOptions::registry`],
/// [`ReadOptions::registry`]), or use the default registry of the process ([`register_filter`]).
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
    /// The predicates that apply to a type, as indices into `predicates`; each is called once.
    answers: RwLock<HashMap<TypeId, Arc<[usize]>>>,
}

#[derive(Clone)]
struct Exact {
    serial: u32,
    name: String,
    /// The result of [`Filter::is_recorded`].
    recorded: bool,
    /// An `Arc<dyn Filter<T>>` for the `T` of the map's key.
    filter: Arc<dyn Any + Send + Sync>,
}

#[derive(Clone)]
struct Predicate {
    serial: u32,
    filter: Arc<dyn DynFilter>,
}

/// Identifies a registered filter, for [`Registry::unregister`] or [`unregister_filter`]. See
/// [`Registry`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Registration(u32);

impl Registry {
    /// Creates a registry without filters.
    pub fn new() -> Self {
        Registry::default()
    }

    /// Adds a filter for `T`, which takes precedence over earlier ones.
    pub fn register<T: 'static>(&mut self, filter: impl Filter<T> + 'static) -> Registration {
        let serial = self.serial();
        let (name, recorded) = (filter.name().to_string(), filter.is_recorded());
        let filter: Arc<dyn Filter<T>> = Arc::new(filter);
        let entry = Exact { serial, name, recorded, filter: Arc::new(filter) };
        self.exact.entry(TypeId::of::<T>()).or_default().push(entry);
        Registration(serial)
    }

    /// Adds a filter for all types that its predicate accepts, which takes precedence over earlier
    /// ones.
    pub fn register_dyn(&mut self, filter: impl DynFilter) -> Registration {
        let serial = self.serial();
        self.predicates.push(Predicate { serial, filter: Arc::new(filter) });
        Registration(serial)
    }

    /// Removes a filter. Returns whether it was registered.
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

    /// Returns the number of filters.
    pub fn len(&self) -> usize {
        self.predicates.len() + self.exact.values().map(Vec::len).sum::<usize>()
    }

    /// Returns whether there are no filters.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.predicates.is_empty()
    }

    /// Returns the name of the filter that would write a `T` now.
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

/// Returns a snapshot of the default registry of the process. Calls without a registry in their
/// options use it.
///
/// See [`Registry`] for an example of a registry.
pub fn default_registry() -> Arc<Registry> {
    let default = DEFAULT.read().unwrap_or_else(PoisonError::into_inner);
    default.as_ref().map_or_else(Arc::default, Arc::clone)
}

fn change_default<R>(change: impl FnOnce(&mut Registry) -> R) -> R {
    let mut default = DEFAULT.write().unwrap_or_else(PoisonError::into_inner);
    // Calls under way keep the snapshot they started with.
    change(Arc::make_mut(default.get_or_insert_default()))
}

/// Adds a filter for `T` to the default registry of the process. Running calls do not see it. See
/// [`Filter`] for an example.
pub fn register_filter<T: 'static>(filter: impl Filter<T> + 'static) -> Registration {
    change_default(|registry| registry.register(filter))
}

/// Adds a filter for all types that its predicate accepts to the default registry of the process.
/// See [`DynFilter`] for an example.
pub fn register_dyn_filter(filter: impl DynFilter) -> Registration {
    change_default(|registry| registry.register_dyn(filter))
}

/// Removes a filter from the default registry of the process. Returns whether it was registered.
///
/// See [`Filter`] for an example of a filter.
pub fn unregister_filter(registration: Registration) -> bool {
    change_default(|registry| registry.unregister(registration))
}
