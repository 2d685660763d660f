//! [`Via`]: stores a value as another type.

use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use std::any::type_name;
use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;

/// Stores a value as a `U`: converts it with `Into`, and back with `TryInto`. Create it with
/// [`via`]. Many values are stored as many `U`.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, with::via};
/// use std::num::NonZeroU8;
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Task {
///     #[filebacked(with = via::<u8>())] // any u8 in the file but 0
///     priority: NonZeroU8,
/// }
///
/// let task = Task { priority: NonZeroU8::MIN };
/// assert_eq!(filebacked::from_bytes::<Task>(&filebacked::to_bytes(&task)?)?, task);
/// # Ok(()) }
/// ```
pub struct Via<U>(PhantomData<fn() -> U>);

/// Creates the filter that stores a value as a `U`; see [`Via`] for an example.
pub fn via<U>() -> Via<U> {
    Via(PhantomData)
}

impl<U> Clone for Via<U> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<U> Copy for Via<U> {}

impl<U> Default for Via<U> {
    fn default() -> Self {
        via()
    }
}

impl<U> fmt::Debug for Via<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Via<{}>", type_name::<U>())
    }
}

impl<T, U> Filter<T> for Via<U>
where
    T: Clone + Into<U>,
    U: FileBacked + TryInto<T, Error: Into<Box<dyn StdError + Send + Sync>>>,
{
    fn name(&self) -> &str {
        "Via"
    }

    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        slot.put::<U>(&value.clone().into())
    }

    fn read(&self, node: Node<'_>) -> Result<T> {
        turn_back(node.get::<U>()?)
    }

    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        let values: Vec<U> = rows.iter().map(|value| value.clone().into()).collect();
        slot.put_rows(Rows::slice(&values))
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        node.get_rows::<U>()?.into_iter().map(turn_back).collect()
    }
}

fn turn_back<T, U: TryInto<T, Error: Into<Box<dyn StdError + Send + Sync>>>>(
    value: U,
) -> Result<T> {
    value.try_into().map_err(|source| {
        let source: Box<dyn StdError + Send + Sync> = source.into();
        let what =
            format!("a `{}` that is not a `{}`: {source}", type_name::<U>(), type_name::<T>());
        Error::new(ErrorKind::Invalid(what)).with_source(source)
    })
}
