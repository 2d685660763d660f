//! Values of types known at run time only, and the proof that a type can be looked up by its
//! identity.

use crate::backed::{FileBacked, Save};
use crate::error::Result;
use crate::filter::{Filter, Found, no_filter};
use crate::rows::Rows;
use crate::schema::{Nested, Schema};
use crate::slot::{Slot, Written};
use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// The identity of a type without borrowed parts, by which the registry looks up filters.
///
/// A `Key<T>` proves that `T` is `'static`, even if the compiler cannot see it: `Vec<T>` can be
/// saved for borrowed `T` too, and has a key only if `T` has one. Only the functions here create
/// keys.
///
/// Code that implements [`Save`] by hand returns `Some(Key::new())` from `Save::key`: see
/// [`check_type`](crate::testing::check_type) for an example.
pub struct Key<T: ?Sized> {
    id: TypeId,
    schema: fn() -> Schema,
    /// Writes a value by a filter. The door has it from here, because it does not know whether a
    /// type is sized, as the types of all filters are.
    write: fn(&Found<'_>, &T, Key<T>, Slot<'_>) -> Result<Written>,
    of: PhantomData<fn(*const T)>,
}

impl<T: ?Sized> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Key<T> {}

impl<T: FileBacked> Key<T> {
    /// Creates the key of a type that can be read back.
    #[inline]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Key::of_container(T::schema)
    }
}

impl<T: 'static> Key<T> {
    /// The key of a type that only filters can store.
    pub(crate) fn foreign() -> Self {
        Key {
            id: TypeId::of::<T>(),
            schema: || Schema::Opaque,
            write: write_foreign::<T>,
            of: PhantomData,
        }
    }
}

impl<T: Save> Key<T> {
    /// The key of a type that owns only values of types with keys, which callers pass as the proof.
    #[inline]
    pub(crate) fn of_container(schema: fn() -> Schema) -> Self {
        Key { id: typeid::of::<T>(), schema, write: write_own::<T>, of: PhantomData }
    }
}

fn write_own<T: Save>(
    found: &Found<'_>,
    value: &T,
    key: Key<T>,
    slot: Slot<'_>,
) -> Result<Written> {
    found.write(value, key, AnyWrite::own(), slot)
}

fn write_foreign<T: 'static>(
    found: &Found<'_>,
    value: &T,
    key: Key<T>,
    slot: Slot<'_>,
) -> Result<Written> {
    found.write(value, key, AnyWrite::foreign(), slot)
}

impl<T: ?Sized> Key<T> {
    /// Writes a value by a filter that was found with this key.
    pub(crate) fn write(self, found: &Found<'_>, value: &T, slot: Slot<'_>) -> Result<Written> {
        (self.write)(found, value, self, slot)
    }

    /// Returns the identity of the type.
    #[inline]
    pub fn id(&self) -> TypeId {
        self.id
    }

    /// Returns the schema of the type.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    pub(crate) fn nested(&self) -> Nested {
        self.schema
    }
}

impl<T> Key<T> {
    /// Keeps a value of this type until later.
    pub(crate) fn hold(self, value: T) -> Hold {
        unsafe fn free<T>(value: *mut ()) {
            // SAFETY: only `Hold` calls it, once, with the address of the box that stands beside
            // it.
            drop(unsafe { Box::from_raw(value.cast::<T>()) });
        }
        Hold { value: Box::into_raw(Box::new(value)).cast(), free: free::<T> }
    }

    /// The filter that a registry keeps under this key's identity.
    pub(crate) fn filter<'r>(&self, entry: &'r (dyn Any + Send + Sync)) -> &'r dyn Filter<T> {
        // SAFETY: the registry keeps an `Arc<dyn Filter<U>>` under the identity of `U: 'static`,
        // and a key of this identity exists only where `T` is that type.
        let filter: &'r Arc<dyn Filter<T>> =
            unsafe { &*(entry as *const (dyn Any + Send + Sync)).cast::<Arc<dyn Filter<T>>>() };
        &**filter
    }
}

/// An owned value of some type, dropped in the end.
pub(crate) struct Hold {
    value: *mut (),
    free: unsafe fn(*mut ()),
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hold(..)")
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // SAFETY: address and function are of one box, which no other code frees; its type has a key,
        // so it is `'static` and may be dropped at any time.
        unsafe { (self.free)(self.value) }
    }
}

/// A borrowed value of some type, like `&dyn Any`, for a [`DynFilter`](crate::filter::DynFilter), where
/// there is an example.
#[derive(Clone, Copy)]
pub struct AnyValue<'a> {
    id: TypeId,
    address: *const u8,
    next: unsafe fn(*const u8, Slot<'_>) -> Result<Written>,
    borrowed: PhantomData<&'a ()>,
}

impl<'a> AnyValue<'a> {
    pub(crate) fn new<T>(value: &'a T, key: Key<T>, next: AnyWrite<T>) -> Self {
        AnyValue {
            id: key.id,
            address: (value as *const T).cast(),
            next: next.one,
            borrowed: PhantomData,
        }
    }

    /// Passes the value to the next older filter for its type.
    pub(crate) fn write_next(self, slot: Slot<'_>) -> Result<Written> {
        // SAFETY: `new` took address and function for the same type, and the value is borrowed for
        // `'a`.
        unsafe { (self.next)(self.address, slot) }
    }

    /// Returns the identity of the value's type.
    pub fn type_id(&self) -> TypeId {
        self.id
    }

    /// Returns the value, if it is a `T`.
    pub fn downcast_ref<T: 'static>(&self) -> Option<&'a T> {
        // SAFETY: the address came from a `&'a U` whose `Key<U>` says that `U` is `'static` and has
        // this identity, so `U` is `T`.
        (self.id == TypeId::of::<T>()).then(|| unsafe { &*self.address.cast::<T>() })
    }
}

/// Many values of some type, for a [`DynFilter`](crate::filter::DynFilter), where there is an example.
#[derive(Clone, Copy)]
pub struct AnyRows<'a> {
    id: TypeId,
    rows: Rows<'a, ()>,
    one: unsafe fn(*const u8, Slot<'_>) -> Result<Written>,
    next: unsafe fn(Rows<'_, ()>, Slot<'_>) -> Result<Written>,
}

impl<'a> AnyRows<'a> {
    pub(crate) fn new<T>(rows: Rows<'a, T>, key: Key<T>, next: AnyWrite<T>) -> Self {
        // SAFETY: as rows of `()` only their addresses are taken; the values are read as what they
        // are, by `downcast` and `next`.
        AnyRows { id: key.id, rows: unsafe { rows.cast() }, one: next.one, next: next.rows }
    }

    /// Passes the values to the next older filter for their type.
    pub(crate) fn write_next(self, slot: Slot<'_>) -> Result<Written> {
        // SAFETY: `new` took rows and function for the same type.
        unsafe { (self.next)(self.rows, slot) }
    }

    /// Iterates over the values.
    pub fn iter(self) -> impl Iterator<Item = AnyValue<'a>> {
        self.rows.iter().map(move |unit| AnyValue {
            id: self.id,
            address: (unit as *const ()).cast(),
            next: self.one,
            borrowed: PhantomData,
        })
    }

    /// Returns the identity of the values' type.
    pub fn type_id(&self) -> TypeId {
        self.id
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the rows, if their type is `T`.
    pub fn downcast<T: 'static>(&self) -> Option<Rows<'a, T>> {
        // SAFETY: the rows were of a type `U` whose `Key<U>` says that `U` is `'static` and has
        // this identity, so `U` is `T`.
        (self.id == TypeId::of::<T>()).then(|| unsafe { self.rows.cast() })
    }
}

/// Continues behind a filter with a value of a known type, stored beside an erased value.
pub(crate) struct AnyWrite<T> {
    one: unsafe fn(*const u8, Slot<'_>) -> Result<Written>,
    rows: unsafe fn(Rows<'_, ()>, Slot<'_>) -> Result<Written>,
    of: PhantomData<fn(T)>,
}

impl<T: Save> AnyWrite<T> {
    /// As [`Slot::put_next`] does.
    pub(crate) fn own() -> Self {
        unsafe fn one<T: Save>(value: *const u8, slot: Slot<'_>) -> Result<Written> {
            // SAFETY: the caller passes the address of a live `T`.
            slot.put_next(unsafe { &*value.cast::<T>() })
        }
        unsafe fn rows<T: Save>(rows: Rows<'_, ()>, slot: Slot<'_>) -> Result<Written> {
            // SAFETY: the caller passes what were rows of `T`.
            slot.put_next_rows(unsafe { rows.cast::<T>() })
        }
        AnyWrite { one: one::<T>, rows: rows::<T>, of: PhantomData }
    }
}

impl<T> AnyWrite<T> {
    /// Not at all: the type has no way of its own.
    pub(crate) fn foreign() -> Self {
        AnyWrite {
            one: |_, _| Err(no_filter::<T>()),
            rows: |_, _| Err(no_filter::<T>()),
            of: PhantomData,
        }
    }
}
