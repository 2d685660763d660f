//! Values of several types: tuples; and arrays of a fixed length.
//!
//! ```text
//! (a, b)       group     filebacked = "tuple"
//! ├── 0        the first value
//! └── 1
//!
//! many tuples  group     filebacked = "columns", len = n
//! ├── 0        the first values as rows
//! └── 1
//! ```

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::impls::collection::is_numbered;
use crate::impls::pointer::schema_of;
use crate::layout::sequence;
use crate::node::Node;
use crate::node::wanted::Facts;
use crate::reader::MOST_EMPTY_ROWS;
use crate::rows::{Column, Rows};
use crate::schema::{Schema, Seen};
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use crate::storage::ObjectKind;

/// `Save` for a type that is a group of named members; each is a field, or a function that gives a
/// reference into the value.
macro_rules! save_members {
    ($kind:literal, $($member:literal => $get:expr),*) => {
        fn write(&self, slot: Slot<'_>) -> Result<Written> {
            let mut group = slot.group(Stamp::kind($kind))?;
            $(group.field($member, crate::impls::product::member(self, $get))?;)*
            group.end()
        }
        fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
            let mut group = slot.group(Stamp::kind("columns"))?.table::<Self>(rows.len())?;
            if !group.is_stub() {
                $(group.column($member, rows.project($get))?;)*
            }
            group.end()
        }
    };
}
pub(crate) use save_members;

/// Lets the compiler see that a closure gives a reference into its argument.
pub(crate) fn member<T, F>(value: &T, get: impl Fn(&T) -> &F) -> &F {
    get(value)
}

macro_rules! tuple_is_backed {
    ($($t:ident $index:tt $name:literal),*) => {
        impl<$($t: Save),*> Save for ($($t,)*) {
            save_members!("tuple", $($name => |tuple| &tuple.$index),*);

            fn is_flat(level: u32) -> bool {
                level < 16 $(&& $t::is_flat(level + 1))*
            }
            fn needs_objects(seen: &mut Seen) -> bool {
                seen.enter::<Self>() && (false $(|| $t::needs_objects(seen))*)
            }
            fn key() -> Option<Key<Self>> {
                fn schema<$($t: Save),*>() -> Schema {
                    Schema::Tuple(vec![$(schema_of::<$t>),*])
                }
                $($t::key()?;)*
                Some(Key::of_container(schema::<$($t),*>))
            }
        }

        impl<$($t: FileBacked),*> FileBacked for ($($t,)*) {
            fn schema() -> Schema {
                Schema::Tuple(vec![$($t::schema),*])
            }
            fn read(node: Node<'_>) -> Result<Self> {
                let group = node.group_of("tuple", "a group (tuple)")?;
                Ok(($(group.field::<$t>($name)?,)*))
            }
            #[allow(non_snake_case)]
            fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                let group = node.group_of("columns", "a group (columns)")?.table()?;
                if group.len() == 0 {
                    return Ok(Vec::new());
                }
                $(let mut $t = Column::new(group.column::<$t>($name)?);)*
                let mut rows = Vec::with_capacity(group.len());
                // Every column has as many values as the table has rows.
                while let ($(Some($t),)*) = ($($t.next(),)*) {
                    rows.push(($($t,)*));
                }
                Ok(rows)
            }
        }
    };
}
tuple_is_backed!(A 0 "0");
tuple_is_backed!(A 0 "0", B 1 "1");
tuple_is_backed!(A 0 "0", B 1 "1", C 2 "2");
tuple_is_backed!(A 0 "0", B 1 "1", C 2 "2", D 3 "3");
tuple_is_backed!(A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4");
tuple_is_backed!(A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4", F 5 "5");
tuple_is_backed!(A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4", F 5 "5", G 6 "6");
tuple_is_backed!(A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4", F 5 "5", G 6 "6", H 7 "7");
tuple_is_backed!(A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4", F 5 "5", G 6 "6", H 7 "7", I 8 "8");
tuple_is_backed!(A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4", F 5 "5", G 6 "6", H 7 "7", I 8 "8", J 9 "9");
tuple_is_backed!(A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4", F 5 "5", G 6 "6", H 7 "7", I 8 "8", J 9 "9", K 10 "10");
tuple_is_backed!(
    A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4", F 5 "5", G 6 "6", H 7 "7", I 8 "8", J 9 "9", K 10 "10", L 11 "11"
);

impl<T: Save, const N: usize> Save for [T; N] {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        slot.each().put_shaped(Rows::slice(self.as_slice()), &[N as u64])
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        Self::write_shaped(rows, &[rows.len() as u64], slot)
    }

    fn write_shaped(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        let shape: Vec<u64> = shape.iter().copied().chain([N as u64]).collect();
        match rows.as_slice() {
            Some(arrays) => slot.each().put_shaped(Rows::slice(arrays.as_flattened()), &shape),
            None => {
                let runs: Vec<&[T]> = rows.iter().map(|array| array.as_slice()).collect();
                slot.each().put_shaped(Rows::runs(&runs), &shape)
            }
        }
    }

    fn is_flat(level: u32) -> bool {
        level < 16 && T::is_flat(level + 1)
    }

    fn needs_objects(seen: &mut Seen) -> bool {
        T::needs_objects(seen)
    }

    fn is_number() -> bool {
        T::is_number()
    }

    fn key() -> Option<Key<Self>> {
        T::key().map(|_| Key::of_container(|| Schema::Sequence(schema_of::<T>)))
    }
}

impl<T: FileBacked, const N: usize> FileBacked for [T; N] {
    fn schema() -> Schema {
        Schema::Sequence(T::schema)
    }

    fn read(node: Node<'_>) -> Result<Self> {
        // Others number values where this library has one dataset.
        let values = match node.kind() == ObjectKind::Group && is_numbered(&node, &Facts::of::<T>)?
        {
            true => sequence::read_numbered(node.each())?,
            false => node.each().get_shaped::<T>(&[])?.0,
        };
        array_of(values)
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        Ok(Self::read_shaped(node, &[])?.0)
    }

    fn read_shaped(node: Node<'_>, inner: &[usize]) -> Result<(Vec<Self>, usize)> {
        let all: Vec<usize> = inner.iter().copied().chain([N]).collect();
        let (values, outer) = node.each().get_shaped::<T>(&all)?;
        let arrays = inner.iter().product::<usize>().saturating_mul(outer);
        // Arrays without elements cost nothing in the file, so nothing but a limit keeps their
        // number honest.
        if N == 0 && arrays > MOST_EMPTY_ROWS {
            return Err(ErrorKind::Damaged(format!("{arrays} arrays without elements")).into());
        }
        let mut values = Column::new(values);
        let mut read = Vec::with_capacity(arrays);
        for _ in 0..arrays {
            let mut array = Vec::with_capacity(N);
            while array.len() < N
                && let Some(value) = values.next()
            {
                array.push(value);
            }
            match array_of(array) {
                Ok(array) => read.push(array),
                Err(error) => return Err(error),
            }
        }
        Ok((read, outer))
    }
}

/// The values as an array, if there are as many.
fn array_of<T, const N: usize>(values: Vec<T>) -> Result<[T; N]> {
    match values.try_into() {
        Ok(array) => Ok(array),
        Err(values) => Err(other_count(N, values.len())),
    }
}

#[cold]
fn other_count(wanted: usize, found: usize) -> Error {
    Error::mismatch(format!("{wanted} values"), format!("{found} values"))
}
