//! Values that hold what is checked in the places that a value can have.

use crate::backed::{FileBacked, Save};
use crate::erased::{AnyRows, AnyValue};
use crate::error::{Error, ErrorKind, Result};
use crate::filter::{AnyType, DynFilter, Filter};
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use std::any::{Any, TypeId};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// The name of the structs in the file.
const RECORD: &str = "Record";

/// The member that is checked.
pub(super) const MEMBER: &str = "x";

/// The filter of a call, as an extension.
pub(super) struct Held<F>(pub(super) Arc<F>);

fn held<F>(held: Option<&Held<F>>) -> Result<&F> {
    let none = || Error::new(ErrorKind::Contract("a probe without its filter".into()));
    held.map(|held| &*held.0).ok_or_else(none)
}

/// A struct with a field of the filter, among others. `F` is found in the extensions of the call.
pub(super) struct Record<T, F> {
    before: u8,
    pub(super) x: T,
    after: u64,
    filter: PhantomData<fn() -> F>,
}

impl<T, F> Record<T, F> {
    pub(super) fn new(i: usize, x: T) -> Self {
        Record { before: i as u8, x, after: i as u64 * 3, filter: PhantomData }
    }
}

impl<T: PartialEq, F> PartialEq for Record<T, F> {
    fn eq(&self, other: &Self) -> bool {
        (self.before, self.after) == (other.before, other.after) && self.x == other.x
    }
}

impl<T: fmt::Debug, F> fmt::Debug for Record<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.x.fmt(f)
    }
}

/// How a member is written and read: as it is, or out of an `Option`.
macro_rules! record {
    ($record:ident, $put:ident, $put_rows:ident, $get:ident, $rows:ident) => {
        impl<T: 'static, F: Filter<T> + 'static> Save for $record<T, F> {
            fn write(&self, slot: Slot<'_>) -> Result<Written> {
                let filter = held::<F>(slot.context().extension())?;
                let mut group = slot.structure(RECORD, 1)?;
                group.field("before", &self.before)?;
                group.member(MEMBER).$put(&self.x, filter)?;
                group.field("after", &self.after)?;
                group.end()
            }

            fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                let filter = held::<F>(slot.context().extension())?;
                let mut group = slot.columns::<Self>(RECORD, 1, rows.len())?;
                group.column("before", rows.project(|row| &row.before))?;
                group.member(MEMBER).$put_rows(rows.project(|row| &row.x), filter)?;
                group.column("after", rows.project(|row| &row.after))?;
                group.end()
            }
        }

        impl<T: 'static, F: Filter<T> + 'static> FileBacked for $record<T, F> {
            fn schema() -> Schema {
                Schema::structure(RECORD, 1, Vec::new())
            }

            fn read(node: Node<'_>) -> Result<Self> {
                let filter = held::<F>(node.context().extension())?;
                let group = node.structure(RECORD, 1)?;
                let x = group.member(&[MEMBER]).$get(filter)?;
                Ok($record {
                    x,
                    before: group.field("before")?,
                    after: group.field("after")?,
                    filter: PhantomData,
                })
            }

            fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                let filter = held::<F>(node.context().extension())?;
                let group = node.columns(RECORD, 1)?;
                let xs = group.member(&[MEMBER]).$rows(filter)?;
                let others =
                    group.column::<u8>("before")?.into_iter().zip(group.column::<u64>("after")?);
                let record =
                    |(x, (before, after))| $record { before, x, after, filter: PhantomData };
                Ok(xs.into_iter().zip(others).map(record).collect())
            }
        }
    };
}
record!(Record, put_with, put_rows_with, get_with, rows_with);

/// A struct with an optional field of the filter.
pub(super) struct Optional<T, F> {
    before: u8,
    pub(super) x: Option<T>,
    after: u64,
    filter: PhantomData<fn() -> F>,
}

impl<T, F> Optional<T, F> {
    pub(super) fn new(i: usize, x: Option<T>) -> Self {
        Optional { before: i as u8, x, after: i as u64 * 3, filter: PhantomData }
    }
}

impl<T: PartialEq, F> PartialEq for Optional<T, F> {
    fn eq(&self, other: &Self) -> bool {
        (self.before, self.after) == (other.before, other.after) && self.x == other.x
    }
}

impl<T: fmt::Debug, F> fmt::Debug for Optional<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.x.fmt(f)
    }
}

record!(Optional, put_option_with, put_option_rows_with, get_option_with, option_rows_with);

/// References to values, as one node of rows.
pub(super) struct References<'v, T, F>(pub(super) &'v [&'v T], pub(super) PhantomData<fn() -> F>);

impl<T, F: Filter<T> + 'static> Save for References<'_, T, F> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        let filter = held::<F>(slot.context().extension())?;
        slot.put_rows_with(Rows::refs(self.0), filter)
    }
}

/// Values, as one node of rows.
pub(super) struct Values<T, F>(pub(super) Vec<T>, pub(super) PhantomData<fn() -> F>);

impl<T: 'static, F: Filter<T> + 'static> Save for Values<T, F> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        let filter = held::<F>(slot.context().extension())?;
        slot.put_rows_with(Rows::slice(&self.0), filter)
    }
}

impl<T: 'static, F: Filter<T> + 'static> FileBacked for Values<T, F> {
    fn schema() -> Schema {
        Schema::Opaque
    }

    fn read(node: Node<'_>) -> Result<Self> {
        let filter = held::<F>(node.context().extension())?;
        Ok(Values(node.get_rows_with(filter)?, PhantomData))
    }
}

/// A value that is a node without anything around it.
pub(super) struct Bare<'v, T, F>(pub(super) &'v T, pub(super) PhantomData<fn() -> F>);

impl<T, F: Filter<T> + 'static> Save for Bare<'_, T, F> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        let filter = held::<F>(slot.context().extension())?;
        slot.put_with(self.0, filter)
    }
}

/// The same, read back.
pub(super) struct Found<T, F>(pub(super) T, PhantomData<fn() -> F>);

impl<T: 'static, F: Filter<T> + 'static> Save for Found<T, F> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        let filter = held::<F>(slot.context().extension())?;
        slot.put_with(&self.0, filter)
    }
}

impl<T: 'static, F: Filter<T> + 'static> FileBacked for Found<T, F> {
    fn schema() -> Schema {
        Schema::Opaque
    }

    fn read(node: Node<'_>) -> Result<Self> {
        let filter = held::<F>(node.context().extension())?;
        Ok(Found(node.get_with(filter)?, PhantomData))
    }
}

/// A record, read for the names of the filters on its member; what they wrote is not looked at.
pub(super) struct Names(pub(super) Vec<String>);

impl Save for Names {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        slot.put(&self.0)
    }
}

impl FileBacked for Names {
    fn schema() -> Schema {
        Schema::structure(RECORD, 1, Vec::new())
    }

    fn read(node: Node<'_>) -> Result<Self> {
        let child = node.structure(RECORD, 1)?.child(MEMBER)?;
        Ok(Names(child.iter().flat_map(Node::filters).map(str::to_string).collect()))
    }
}

/// A record whose member is something else than the filter makes.
pub(super) struct Odd<V>(pub(super) V);

impl<V: Save> Save for Odd<V> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        let mut group = slot.structure(RECORD, 1)?;
        group.field("before", &0u8)?;
        group.field(MEMBER, &self.0)?;
        group.field("after", &0u64)?;
        group.end()
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        let mut group = slot.columns::<Self>(RECORD, 1, rows.len())?;
        group.column("before", Rows::slice(&vec![0u8; rows.len()]))?;
        group.column(MEMBER, rows.project(|row| &row.0))?;
        group.column("after", Rows::slice(&vec![0u64; rows.len()]))?;
        group.end()
    }
}

/// A filter whose name is not recorded.
pub(super) struct Unmarked<F>(pub(super) Arc<F>);

impl<T, F: Filter<T>> Filter<T> for Unmarked<F> {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        self.0.write(value, slot)
    }
    fn read(&self, node: Node<'_>) -> Result<T> {
        self.0.read(node)
    }
    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        self.0.write_rows(rows, slot)
    }
    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        self.0.read_rows(node)
    }
    fn is_recorded(&self) -> bool {
        false
    }
}

/// Predicate filters in an `Arc`: as they are, and with a name that is not recorded.
macro_rules! shared_dyn_filter {
    ($($(#[$doc:meta])* $shared:ident, |$filter:ident| $recorded:expr;)*) => {
        $(
            $(#[$doc])*
            pub(super) struct $shared<F>(pub(super) Arc<F>);

            impl<F: DynFilter> DynFilter for $shared<F> {
                fn name(&self) -> &str {
                    self.0.name()
                }
                fn applicable(&self, id: TypeId, schema: &Schema) -> bool {
                    self.0.applicable(id, schema)
                }
                fn write(&self, value: AnyValue<'_>, slot: Slot<'_>) -> Result<Written> {
                    self.0.write(value, slot)
                }
                fn read(&self, node: Node<'_>, ty: AnyType) -> Result<Box<dyn Any>> {
                    self.0.read(node, ty)
                }
                fn write_rows(&self, rows: AnyRows<'_>, slot: Slot<'_>) -> Result<Written> {
                    self.0.write_rows(rows, slot)
                }
                fn read_rows(&self, node: Node<'_>, ty: AnyType) -> Result<Vec<Box<dyn Any>>> {
                    self.0.read_rows(node, ty)
                }
                fn is_recorded(&self) -> bool {
                    let $filter = &self.0;
                    $recorded
                }
            }
        )*
    };
}
shared_dyn_filter! {
    /// The filter that is checked.
    Shared, |filter| filter.is_recorded();
    /// The same, for data without names of filters.
    Unrecorded, |_filter| false;
}

/// A filter that nothing was written by.
pub(super) struct Nobody;

impl<T> Filter<T> for Nobody {
    fn name(&self) -> &str {
        "filebacked::testing::Nobody"
    }
    fn write(&self, _: &T, _: Slot<'_>) -> Result<Written> {
        Err(ErrorKind::Contract("nobody writes".into()).into())
    }
    fn read(&self, _: Node<'_>) -> Result<T> {
        Err(ErrorKind::Contract("nobody reads".into()).into())
    }
}

/// The type's own way, as a filter.
pub(super) struct Own;

impl<T: FileBacked> Filter<T> for Own {
    fn name(&self) -> &str {
        "filebacked::testing::Own"
    }
    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        slot.put_next(value)
    }
    fn read(&self, node: Node<'_>) -> Result<T> {
        node.get_next()
    }
    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        slot.put_next_rows(rows)
    }
    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        node.get_next_rows()
    }
    fn is_recorded(&self) -> bool {
        false
    }
}
