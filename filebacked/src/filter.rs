//! Filters: other ways of storing a type than its own. One trait for a field's `with = ...` and for
//! the registry.

use crate::backed::FileBacked;
use crate::erased::{AnyRows, AnyValue, AnyWrite, Key};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{absent, sequence};
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use std::any::{Any, TypeId, type_name};
use std::sync::Arc;

/// One way of storing a `T`. (Not HDF5's filter pipeline: that is
/// [`Compression`](crate::Compression).)
///
/// Named on a field, `#[filebacked(with = expr)]`, or registered for every `T`,
/// [`register_filter`](crate::register_filter). `T` needs no trait of this library.
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
/// A filter makes one node, as [`Save`](crate::Save) does. Its name is recorded on that node, and a
/// file is read by the filter of the recorded name, whatever is registered otherwise. A filter that
/// only adds something to the type's usual form hands on with [`Slot::put_next`] and
/// [`Node::get_next`].
pub trait Filter<T>: Send + Sync {
    /// The name that is recorded on every node the filter writes. Changing it makes old files
    /// unreadable.
    fn name(&self) -> &str;

    /// Writes a value as one node.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being written; [`Error::custom`] wraps errors of other crates.
    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written>;

    /// Reads a value back.
    ///
    /// # Errors
    ///
    /// Whatever keeps the node from being a value.
    fn read(&self, node: Node<'_>) -> Result<T>;

    /// Writes many values as one node. By default a numbered group with a node a value, which is
    /// slow for many; a good filter writes one dataset, for example by mapping the values and
    /// calling [`Slot::put_rows`].
    ///
    /// # Errors
    ///
    /// As [`Filter::write`]; [`ErrorKind::Limit`] where the default is asked to make very many
    /// nodes.
    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        sequence::write_numbered_with(rows, slot, self.name(), &mut |value, slot| {
            self.write(value, slot)
        })
    }

    /// Reads what [`Filter::write_rows`] made.
    ///
    /// # Errors
    ///
    /// As [`Filter::read`].
    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        sequence::read_numbered_with(node, &mut |node| self.read(node))
    }

    /// Writes many values of which some are absent: by default a mask, and those that are there as
    /// rows.
    ///
    /// # Errors
    ///
    /// As [`Filter::write_rows`].
    fn write_optional_rows(&self, rows: Rows<'_, Option<T>>, slot: Slot<'_>) -> Result<Written> {
        absent::write_rows_with(rows, slot, self)
    }

    /// Reads what [`Filter::write_optional_rows`] made.
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

    /// Whether the name is recorded. Only for filters whose nodes the type's own impl reads as
    /// well, such as compression.
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

/// A filter for all types that a predicate accepts: Python's `applicable(tp)`.
///
/// ```
/// use filebacked::{AnyType, AnyValue, Compression, DynFilter, Node, Result, Schema, Slot, Written};
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
    /// As [`Filter::name`].
    fn name(&self) -> &str;

    /// Whether the filter is for the type. Asked once for each type, and the answer kept.
    fn applicable(&self, id: TypeId, schema: &Schema) -> bool;

    /// As [`Filter::write`].
    ///
    /// # Errors
    ///
    /// As [`Filter::write`].
    fn write(&self, value: AnyValue<'_>, slot: Slot<'_>) -> Result<Written>;

    /// As [`Filter::read`]; the box holds a value of the type `ty`.
    ///
    /// # Errors
    ///
    /// As [`Filter::read`].
    fn read(&self, node: Node<'_>, ty: AnyType) -> Result<Box<dyn Any>>;

    /// As [`Filter::write_rows`].
    ///
    /// # Errors
    ///
    /// As [`Filter::write_rows`].
    fn write_rows(&self, rows: AnyRows<'_>, slot: Slot<'_>) -> Result<Written> {
        sequence::write_numbered_any(rows, slot, self.name(), &mut |value, slot| {
            self.write(value, slot)
        })
    }

    /// As [`Filter::read_rows`]; each box holds a value of the type `ty`.
    ///
    /// # Errors
    ///
    /// As [`Filter::read_rows`].
    fn read_rows(&self, node: Node<'_>, ty: AnyType) -> Result<Vec<Box<dyn Any>>> {
        sequence::read_numbered_with(node, &mut |node| self.read(node, ty))
    }

    /// As [`Filter::is_recorded`].
    fn is_recorded(&self) -> bool {
        true
    }
}

/// A type known at run time, with what it takes to read it in its own way.
#[derive(Clone, Copy)]
pub struct AnyType {
    id: TypeId,
    name: &'static str,
    read: fn(Node<'_>) -> Result<AnyBox>,
    read_rows: fn(Node<'_>) -> Result<Vec<AnyBox>>,
}

/// A value of a type known at run time.
type AnyBox = Box<dyn Any>;

impl AnyType {
    /// A type that can read itself.
    pub(crate) fn backed<T: FileBacked>() -> Self {
        AnyType {
            id: TypeId::of::<T>(),
            name: type_name::<T>(),
            read: |node| Ok(Box::new(node.get_next::<T>()?)),
            read_rows: |node| {
                let values = node.get_next_rows::<T>()?;
                let mut boxes: Vec<AnyBox> = Vec::with_capacity(values.len());
                for value in values {
                    boxes.push(Box::new(value));
                }
                Ok(boxes)
            },
        }
    }

    /// A type that only filters can read.
    pub(crate) fn foreign<T: 'static>() -> Self {
        AnyType {
            id: TypeId::of::<T>(),
            name: type_name::<T>(),
            read: |_| Err(no_filter::<T>()),
            read_rows: |_| Err(no_filter::<T>()),
        }
    }

    /// The identity of the type.
    pub fn id(&self) -> TypeId {
        self.id
    }

    /// The name of the type, as [`type_name`] gives it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn read_next(&self, node: Node<'_>) -> Result<Box<dyn Any>> {
        (self.read)(node)
    }

    pub(crate) fn read_next_rows(&self, node: Node<'_>) -> Result<Vec<Box<dyn Any>>> {
        (self.read_rows)(node)
    }
}

/// The error of a type that neither has its own way of being stored nor a filter.
#[cold]
pub(crate) fn no_filter<T>() -> Error {
    no_filter_for(type_name::<T>())
}

#[cold]
fn no_filter_for(name: &str) -> Error {
    Error::new(ErrorKind::NoFilter(name.to_string()))
        .with_help("register one with `filebacked::register_filter`, or name it with `#[filebacked(with = ...)]`")
}

/// A filter out of the registry, for the type that it was looked up by.
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

    pub(crate) fn read<T: 'static>(&self, key: Key<T>, node: Node<'_>, ty: AnyType) -> Result<T> {
        match self.filter {
            FoundFilter::Exact(entry) => key.filter(entry).read(node),
            FoundFilter::Predicate(filter) => unbox(filter.read(node, ty)?, filter.name()),
        }
    }

    pub(crate) fn read_rows<T: 'static>(
        &self,
        key: Key<T>,
        node: Node<'_>,
        ty: AnyType,
    ) -> Result<Vec<T>> {
        match self.filter {
            FoundFilter::Exact(entry) => key.filter(entry).read_rows(node),
            FoundFilter::Predicate(filter) => {
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
