//! Filters replace the default representation of a type. The same trait serves `with = ...` on
//! fields and the registry.
//!
//! [`Filter`] is for one type, [`DynFilter`] for all types that a predicate accepts. A [`Registry`]
//! holds filters for a call or for the process ([`register_filter`], [`register_dyn_filter`]). The
//! running call is visible to them: [`WriteContext`] and [`ReadContext`].
//!
//! ```
//! use filebacked::filter::{Registration, register_filter, unregister_filter};
//! use filebacked::with::AsString;
//! use std::net::Ipv4Addr;
//!
//! let registration: Registration = register_filter::<Ipv4Addr>(AsString);
//! assert_eq!(filebacked::to_bytes(&Ipv4Addr::LOCALHOST).is_ok(), true);
//! assert!(unregister_filter(registration));
//! ```

pub use crate::context::{ReadContext, WriteContext};
pub use crate::erased::{AnyRows, AnyValue, Key};
pub use crate::registry::{
    Registration, Registry, default_registry, register_dyn_filter, register_filter,
    unregister_filter,
};

use crate::backed::FileBacked;
use crate::erased::AnyWrite;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{absent, sequence};
use crate::node::Node;
use crate::node::wanted::Wanted;
use crate::rows::{Column, Rows};
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use std::any::{Any, TypeId, type_name};
use std::sync::Arc;

/// A representation of a `T` that replaces the default one. (For HDF5's filter pipeline see
/// [`Compression`](crate::Compression).)
///
/// It is named on a field with `#[filebacked(with = expr)]`, or registered for every `T` with
/// [`register_filter`]. `T` needs no trait of this crate.
///
/// ```
/// use filebacked::{Filter, Node, Result, Slot, Written};
///
/// struct Celsius(f64); // say, from another crate
///
/// struct AsKelvin;
///
/// impl Filter<Celsius> for AsKelvin {
///     fn name(&self) -> &str {
///         "AsKelvin"
///     }
///     fn write(&self, value: &Celsius, slot: Slot<'_>) -> Result<Written> {
///         slot.put(&(value.0 + 273.15))
///     }
///     fn read(&self, node: Node<'_>) -> Result<Celsius> {
///         Ok(Celsius(node.get::<f64>()? - 273.15))
///     }
/// }
/// ```
///
/// # Contract
///
/// A filter makes exactly one node, like [`Save`](crate::Save). Its name is recorded on that node,
/// and reading uses the filter of the recorded name, whichever filters are registered. A filter
/// that only changes details of the usual form calls [`Slot::put_next`] and [`Node::get_next`].
pub trait Filter<T>: Send + Sync {
    /// Returns the name that is recorded on every node of the filter. Changing it makes old files
    /// unreadable.
    fn name(&self) -> &str;

    /// Writes a value as one node.
    ///
    /// # Errors
    ///
    /// The value cannot be written; [`Error::custom`] wraps errors of other crates.
    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written>;

    /// Reads a value back.
    ///
    /// # Errors
    ///
    /// The node does not hold such a value.
    fn read(&self, node: Node<'_>) -> Result<T>;

    /// Writes many values as one node. The default is a numbered group with one node per value,
    /// which is slow for many values. A good filter writes one dataset, for example by mapping the
    /// values and calling [`Slot::put_rows`].
    ///
    /// # Errors
    ///
    /// As [`Filter::write`]; [`ErrorKind::Limit`] if the default would make very many nodes.
    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        sequence::write_numbered_with(rows, slot, self.name(), &mut |value, slot| {
            self.write(value, slot)
        })
    }

    /// Reads many values, as written by [`Filter::write_rows`].
    ///
    /// # Errors
    ///
    /// As [`Filter::read`].
    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        sequence::read_numbered_with(node, &mut |node| self.read(node))
    }

    /// Writes many optional values. The default is a mask, and the existing values as rows.
    ///
    /// # Errors
    ///
    /// As [`Filter::write_rows`].
    fn write_optional_rows(&self, rows: Rows<'_, Option<T>>, slot: Slot<'_>) -> Result<Written> {
        absent::write_rows_with(rows, slot, self)
    }

    /// Reads many optional values, as written by [`Filter::write_optional_rows`].
    ///
    /// # Errors
    ///
    /// As [`Filter::read`].
    fn read_optional_rows(&self, node: Node<'_>) -> Result<Vec<Option<T>>>
    where
        T: 'static,
    {
        absent::read_rows_with(node, self)
    }

    /// Returns whether the name is recorded. Return false only if the type itself can read the
    /// nodes, as with compression.
    fn is_recorded(&self) -> bool {
        true
    }
}

/// A filter behind a pointer: one value for the registry and for fields.
macro_rules! pointed_filter {
    ($($pointer:ty),*) => {
        $(
            impl<T, F: Filter<T> + ?Sized> Filter<T> for $pointer {
                fn name(&self) -> &str {
                    (**self).name()
                }
                fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
                    (**self).write(value, slot)
                }
                fn read(&self, node: Node<'_>) -> Result<T> {
                    (**self).read(node)
                }
                fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
                    (**self).write_rows(rows, slot)
                }
                fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
                    (**self).read_rows(node)
                }
                fn write_optional_rows(&self, rows: Rows<'_, Option<T>>, slot: Slot<'_>) -> Result<Written> {
                    (**self).write_optional_rows(rows, slot)
                }
                fn read_optional_rows(&self, node: Node<'_>) -> Result<Vec<Option<T>>>
                where
                    T: 'static,
                {
                    (**self).read_optional_rows(node)
                }
                fn is_recorded(&self) -> bool {
                    (**self).is_recorded()
                }
            }
        )*
    };
}
pointed_filter!(&F, Box<F>, Arc<F>);

/// A filter for all types that a predicate accepts, like `applicable(tp)` of Python's FileBacked.
///
/// ```
/// use filebacked::filter::{AnyType, AnyValue, DynFilter};
/// use filebacked::{Compression, Node, Result, Schema, Slot, Written};
/// use std::any::{Any, TypeId};
///
/// /// Compresses every array, of whatever element and rank.
/// struct GzipArrays;
///
/// impl DynFilter for GzipArrays {
///     fn name(&self) -> &str {
///         "GzipArrays"
///     }
///     fn applicable(&self, _: TypeId, schema: &Schema) -> bool {
///         matches!(schema, Schema::Array { .. })
///     }
///     fn write(&self, value: AnyValue<'_>, slot: Slot<'_>) -> Result<Written> {
///         slot.compression(Compression::Gzip(4)).put_next_any(value)
///     }
///     fn read(&self, node: Node<'_>, ty: AnyType) -> Result<Box<dyn Any>> {
///         node.get_next_any(ty)
///     }
///     fn is_recorded(&self) -> bool {
///         false // arrays read compressed data by themselves
///     }
/// }
/// ```
pub trait DynFilter: Send + Sync + 'static {
    /// Returns the recorded name; see [`Filter::name`].
    fn name(&self) -> &str;

    /// Returns whether the filter applies to a type. It is called once per type, and the answer is
    /// cached.
    fn applicable(&self, id: TypeId, schema: &Schema) -> bool;

    /// Writes a value as one node; see [`Filter::write`].
    ///
    /// # Errors
    ///
    /// As [`Filter::write`].
    fn write(&self, value: AnyValue<'_>, slot: Slot<'_>) -> Result<Written>;

    /// Reads a value of the type `ty`; see [`Filter::read`].
    ///
    /// # Errors
    ///
    /// As [`Filter::read`].
    fn read(&self, node: Node<'_>, ty: AnyType) -> Result<Box<dyn Any>>;

    /// Writes many values as one node; see [`Filter::write_rows`].
    ///
    /// # Errors
    ///
    /// As [`Filter::write_rows`].
    fn write_rows(&self, rows: AnyRows<'_>, slot: Slot<'_>) -> Result<Written> {
        sequence::write_numbered_any(rows, slot, self.name(), &mut |value, slot| {
            self.write(value, slot)
        })
    }

    /// Reads many values of the type `ty`; see [`Filter::read_rows`].
    ///
    /// # Errors
    ///
    /// As [`Filter::read_rows`].
    fn read_rows(&self, node: Node<'_>, ty: AnyType) -> Result<Vec<Box<dyn Any>>> {
        sequence::read_numbered_with(node, &mut |node| self.read(node, ty))
    }

    /// Returns whether the name is recorded; see [`Filter::is_recorded`].
    fn is_recorded(&self) -> bool {
        true
    }
}

/// A type known at run time, which can read itself in its default form. See [`DynFilter`] for an
/// example.
#[derive(Clone, Copy)]
pub struct AnyType {
    id: TypeId,
    name: &'static str,
    /// How the type reads itself, if it can.
    own: Option<OwnWay>,
}

/// A value of a type known at run time.
type AnyBox = Box<dyn Any>;

/// How a type reads itself behind a filter: one value, and many.
#[derive(Clone, Copy)]
struct OwnWay {
    one: fn(Node<'_>) -> Result<AnyBox>,
    many: fn(Node<'_>) -> Result<Vec<AnyBox>>,
}

fn next_any<T: FileBacked>(node: Node<'_>) -> Result<AnyBox> {
    match node.get_next::<T>() {
        Ok(value) => Ok(Box::new(value)),
        Err(error) => Err(error),
    }
}

fn next_rows_any<T: FileBacked>(node: Node<'_>) -> Result<Vec<AnyBox>> {
    let mut values = Column::new(node.get_next_rows::<T>()?);
    let mut boxes: Vec<AnyBox> = Vec::new();
    while let Some(value) = values.next() {
        boxes.push(Box::new(value));
    }
    Ok(boxes)
}

impl AnyType {
    /// A type that can read itself.
    pub(crate) fn backed<T: FileBacked>() -> Self {
        let own = OwnWay { one: next_any::<T>, many: next_rows_any::<T> };
        AnyType { id: TypeId::of::<T>(), name: type_name::<T>(), own: Some(own) }
    }

    /// A type that only filters can read.
    pub(crate) fn foreign<T: 'static>() -> Self {
        AnyType { id: TypeId::of::<T>(), name: type_name::<T>(), own: None }
    }

    /// Returns the identity of the type.
    pub fn id(&self) -> TypeId {
        self.id
    }

    /// Returns the name of the type, as given by [`type_name`].
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn read_next(&self, node: Node<'_>) -> Result<Box<dyn Any>> {
        (self.own()?.one)(node)
    }

    pub(crate) fn read_next_rows(&self, node: Node<'_>) -> Result<Vec<Box<dyn Any>>> {
        (self.own()?.many)(node)
    }

    fn own(&self) -> Result<OwnWay> {
        self.own.ok_or_else(|| no_filter_for(self.name))
    }
}

/// The filter that a registry keeps for a type.
pub(crate) fn exact<T: 'static>(entry: &(dyn Any + Send + Sync)) -> Result<&dyn Filter<T>> {
    match entry.downcast_ref::<Arc<dyn Filter<T>>>() {
        Some(filter) => Ok(&**filter),
        None => Err(no_filter::<T>()),
    }
}

/// The error for a type that has neither a default form nor a filter.
#[cold]
pub(crate) fn no_filter<T>() -> Error {
    no_filter_for(type_name::<T>())
}

#[cold]
fn no_filter_for(name: &str) -> Error {
    Error::new(ErrorKind::NoFilter(name.to_string())).with_help(
        "register a filter with `filebacked::register_filter`, or name one with \
            `#[filebacked(with = ...)]`",
    )
}

/// A filter from the registry, for the type of the lookup.
#[derive(Clone, Copy)]
pub(crate) struct Found<'r> {
    pub(crate) filter: FoundFilter<'r>,
    pub(crate) name: &'r str,
    pub(crate) recorded: bool,
    /// Its place in the order of registrations.
    pub(crate) serial: u32,
}

/// A filter of either kind.
#[derive(Clone, Copy)]
pub(crate) enum FoundFilter<'r> {
    /// An `Arc<dyn Filter<T>>`, which the type's [`Key`] knows.
    Exact(&'r (dyn Any + Send + Sync)),
    Predicate(&'r dyn DynFilter),
}

impl<'r> Found<'r> {
    pub(crate) fn name(&self) -> &'r str {
        self.name
    }

    pub(crate) fn write<T>(
        &self,
        value: &T,
        key: Key<T>,
        next: AnyWrite<T>,
        slot: Slot<'_>,
    ) -> Result<Written> {
        match self.filter {
            FoundFilter::Exact(entry) => key.filter(entry).write(value, slot),
            FoundFilter::Predicate(filter) => filter.write(AnyValue::new(value, key, next), slot),
        }
    }

    pub(crate) fn write_rows<T>(
        &self,
        rows: Rows<'_, T>,
        key: Key<T>,
        next: AnyWrite<T>,
        slot: Slot<'_>,
    ) -> Result<Written> {
        match self.filter {
            FoundFilter::Exact(entry) => key.filter(entry).write_rows(rows, slot),
            FoundFilter::Predicate(filter) => {
                filter.write_rows(AnyRows::new(rows, key, next), slot)
            }
        }
    }

    /// Reads a value of a type that can read itself.
    pub(crate) fn fill(&self, node: Node<'_>, value: &mut dyn Wanted) -> Result<()> {
        match self.filter {
            FoundFilter::Exact(entry) => value.read_by(entry, node),
            FoundFilter::Predicate(filter) => {
                let ty = value.any_type();
                match value.put_any(filter.read(node, ty)?) {
                    true => Ok(()),
                    false => Err(other_type(filter.name(), ty.name)),
                }
            }
        }
    }

    /// The same for many values.
    pub(crate) fn fill_rows(&self, node: Node<'_>, values: &mut dyn Wanted) -> Result<()> {
        match self.filter {
            FoundFilter::Exact(entry) => values.read_by(entry, node),
            FoundFilter::Predicate(filter) => {
                let ty = values.any_type();
                for value in filter.read_rows(node, ty)? {
                    if !values.put_any(value) {
                        return Err(other_type(filter.name(), ty.name));
                    }
                }
                Ok(())
            }
        }
    }

    /// Reads a value of a type that filters only can read.
    pub(crate) fn read<T: 'static>(&self, node: Node<'_>) -> Result<T> {
        let ty = AnyType::foreign::<T>();
        match self.filter {
            FoundFilter::Exact(entry) => exact::<T>(entry)?.read(node),
            FoundFilter::Predicate(filter) => unbox(filter.read(node, ty)?, filter.name()),
        }
    }

    /// The same for many values.
    pub(crate) fn read_rows<T: 'static>(&self, node: Node<'_>) -> Result<Vec<T>> {
        match self.filter {
            FoundFilter::Exact(entry) => exact::<T>(entry)?.read_rows(node),
            FoundFilter::Predicate(filter) => {
                let ty = AnyType::foreign::<T>();
                let boxes = filter.read_rows(node, ty)?;
                let mut values = Vec::with_capacity(boxes.len());
                for value in boxes {
                    values.push(unbox(value, filter.name())?);
                }
                Ok(values)
            }
        }
    }
}

fn unbox<T: 'static>(value: Box<dyn Any>, filter: &str) -> Result<T> {
    match value.downcast() {
        Ok(value) => Ok(*value),
        Err(_) => Err(other_type(filter, type_name::<T>())),
    }
}

#[cold]
fn other_type(filter: &str, wanted: &str) -> Error {
    let what = format!("filter `{filter}` was asked for a `{wanted}` and read another type");
    ErrorKind::Contract(what).into()
}
