//! Cells, locks and atomics, stored as the value that they hold at that moment.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::{Error, Result};
use crate::impls::pointer::schema_of;
use crate::layout::scalar::{Element, element_is_backed};
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written, cycle};
use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Deref;
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, AtomicUsize, Ordering,
};
use std::sync::{Mutex, OnceLock, RwLock};

/// The reading half, which is the same for all of them.
macro_rules! read_into {
    ($cell:ident) => {
        fn schema() -> Schema {
            T::schema()
        }
        fn read(node: Node<'_>) -> Result<Self> {
            node.get().map($cell::new)
        }
        fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
            Ok(node.get_rows()?.into_iter().map($cell::new).collect())
        }
        fn from_absence(depth: u32) -> Option<Self> {
            T::from_absence(depth).map($cell::new)
        }
    };
}

impl<T: Save + Copy> Save for Cell<T> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        slot.put(&self.get())
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        let values: Vec<T> = rows.iter().map(Cell::get).collect();
        slot.put_rows(Rows::slice(&values))
    }

    fn absence(&self) -> Option<u32> {
        self.get().absence()
    }

    fn is_flat(level: u32) -> bool {
        level < 16 && T::is_flat(level + 1)
    }

    fn is_number() -> bool {
        T::is_number()
    }

    fn key() -> Option<Key<Self>> {
        T::key().map(|_| Key::of_container(schema_of::<T>))
    }
}

impl<T: FileBacked + Copy> FileBacked for Cell<T> {
    read_into!(Cell);
}

macro_rules! guarded_is_backed {
    ($($cell:ident, $what:literal, |$value:ident| $lock:expr;)*) => {
        $(
            impl<T: Save> Save for $cell<T> {
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    let _held = Held::one(self)?;
                    let $value = self;
                    slot.put(&*$lock.map_err(|_| unreadable($what))?)
                }
                fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                    let mut cells: Vec<&Self> = rows.iter().collect();
                    cells.sort_unstable_by_key(|cell| address(*cell));
                    cells.dedup_by_key(|cell| address(*cell));
                    let _held = Held::all(&cells)?;
                    let guards = cells.iter().map(|$value| $lock.map_err(|_| unreadable($what)));
                    let guards: Vec<_> = guards.collect::<Result<_>>()?;
                    let value = |cell: &Self| {
                        let place = cells.binary_search_by_key(&address(cell), |cell| address(*cell)).ok()?;
                        guards.get(place).map(Deref::deref)
                    };
                    let values: Vec<&T> = rows.iter().filter_map(value).collect();
                    slot.put_rows(Rows::refs(&values))
                }
                fn absence(&self) -> Option<u32> {
                    // A value that is being written exists.
                    if is_held(address(self)) {
                        return None;
                    }
                    let $value = self;
                    $lock.ok().and_then(|value| value.absence())
                }
                fn is_flat(level: u32) -> bool {
                    level < 16 && T::is_flat(level + 1)
                }
                fn is_number() -> bool {
                    T::is_number()
                }
                fn key() -> Option<Key<Self>> {
                    T::key().map(|_| Key::of_container(schema_of::<T>))
                }
            }

            impl<T: FileBacked> FileBacked for $cell<T> {
                read_into!($cell);
            }
        )*
    };
}
guarded_is_backed! {
    RefCell, "a RefCell that is borrowed mutably", |cell| cell.try_borrow();
    Mutex, "a Mutex whose holder has panicked", |lock| lock.lock();
    RwLock, "an RwLock whose holder has panicked", |lock| lock.read();
}

thread_local! {
    /// The cells that this thread is writing the values of, the innermost last, each batch sorted.
    /// A lock among them would not be got a second time.
    static HELD: RefCell<Vec<Batch>> = const { RefCell::new(Vec::new()) };
}

enum Batch {
    One(usize),
    Many(Vec<usize>),
}

/// Cells that are being written.
struct Held;

impl Held {
    fn one<C>(cell: &C) -> Result<Held> {
        let cell = address(cell);
        if is_held(cell) { Err(cycle()) } else { Ok(Held::enter(Batch::One(cell))) }
    }

    fn all<C>(cells: &[&C]) -> Result<Held> {
        let cells: Vec<usize> = cells.iter().map(|cell| address(*cell)).collect();
        if cells.iter().any(|cell| is_held(*cell)) {
            Err(cycle())
        } else {
            Ok(Held::enter(Batch::Many(cells)))
        }
    }

    fn enter(batch: Batch) -> Held {
        HELD.with_borrow_mut(|held| held.push(batch));
        Held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.with_borrow_mut(Vec::pop);
    }
}

fn is_held(cell: usize) -> bool {
    HELD.with_borrow(|held| {
        held.iter().any(|batch| match batch {
            Batch::One(one) => *one == cell,
            Batch::Many(many) => many.binary_search(&cell).is_ok(),
        })
    })
}

fn address<C>(cell: &C) -> usize {
    std::ptr::from_ref(cell).addr()
}

#[cold]
fn unreadable(what: &str) -> Error {
    Error::custom(format!("{what} cannot be read"))
}

/// A cell that is set once is there or not, as an `Option` is.
macro_rules! once_is_backed {
    ($($cell:ident),*) => {
        $(
            impl<T: Save> Save for $cell<T> {
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    slot.put(&self.get())
                }
                fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                    let values: Vec<Option<&T>> = rows.iter().map($cell::get).collect();
                    slot.put_rows(Rows::slice(&values))
                }
                fn absence(&self) -> Option<u32> {
                    self.get().absence()
                }
                fn is_flat(level: u32) -> bool {
                    <Option<T>>::is_flat(level)
                }
                fn key() -> Option<Key<Self>> {
                    T::key().map(|_| Key::of_container(schema_of::<Option<T>>))
                }
            }

            impl<T: FileBacked> FileBacked for $cell<T> {
                fn schema() -> Schema {
                    <Option<T>>::schema()
                }
                fn read(node: Node<'_>) -> Result<Self> {
                    Ok(once(node.get::<Option<T>>()?))
                }
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    Ok(node.get_rows::<Option<T>>()?.into_iter().map(once).collect())
                }
                fn from_absence(depth: u32) -> Option<Self> {
                    <Option<T>>::from_absence(depth).map(once)
                }
            }

            impl<T> From<Once<T>> for $cell<T> {
                fn from(value: Once<T>) -> Self {
                    match value.0 {
                        Some(value) => value.into(),
                        None => $cell::new(),
                    }
                }
            }
        )*
    };
}
once_is_backed!(OnceCell, OnceLock);

/// The parts of a cell that is set once.
struct Once<T>(Option<T>);

fn once<T, C: From<Once<T>>>(value: Option<T>) -> C {
    Once(value).into()
}

macro_rules! atomic_is_backed {
    ($($atomic:ident $t:ident;)*) => {
        $(
            impl Element for $atomic {
                fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
                    let values: Vec<$t> = rows.iter().map(|value| value.load(Ordering::SeqCst)).collect();
                    $t::write_array(Rows::slice(&values), shape, slot)
                }
                fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
                    let (values, shape) = $t::read_array(node, rank)?;
                    Ok((values.into_iter().map($atomic::new).collect(), shape))
                }
            }
            element_is_backed!($atomic, stringify!($t), filler = Some($atomic::default()), flat = true, {
                fn is_number() -> bool {
                    $t::is_number()
                }
            });
        )*
    };
}
atomic_is_backed! {
    AtomicBool bool; AtomicI8 i8; AtomicI16 i16; AtomicI32 i32; AtomicI64 i64; AtomicIsize isize;
    AtomicU8 u8; AtomicU16 u16; AtomicU32 u32; AtomicU64 u64; AtomicUsize usize;
}
