//! [`Each`]: applies a filter to the elements of a sequence.

use crate::error::Result;
use crate::filter::Filter;
use crate::layout::sequence;
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use std::collections::VecDeque;

/// Stores each element of a `Vec`, `VecDeque` or `Box<[T]>` with a filter for `T`, all in one node.
///
/// The file has the name of the inner filter, so a `Vec<T>` also reads it if that filter is
/// registered for `T`.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, with::{AsString, Each}};
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Paths {
///     #[filebacked(with = Each(AsString))]
///     ports: Vec<u16>,
///     #[filebacked(with = Each(Each(AsString)))]
///     groups: Vec<Vec<u16>>,
/// }
///
/// let paths = Paths { ports: vec![80, 443], groups: vec![vec![1, 2], vec![]] };
/// assert_eq!(filebacked::from_bytes::<Paths>(&filebacked::to_bytes(&paths)?)?, paths);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Each<F>(pub F);

macro_rules! each_of {
    ($($t:ty, |$value:ident| $slices:expr;)*) => {
        $(
            impl<T: 'static, F: Filter<T>> Filter<$t> for Each<F> {
                fn name(&self) -> &str {
                    self.0.name()
                }

                fn write(&self, $value: &$t, slot: Slot<'_>) -> Result<Written> {
                    let slices: [&[T]; 2] = $slices;
                    match slices {
                        [all, []] | [[], all] => slot.each().put_rows_with(Rows::slice(all), &self.0),
                        both => slot.each().put_rows_with(Rows::runs(&both), &self.0),
                    }
                }

                fn read(&self, node: Node<'_>) -> Result<$t> {
                    Ok(node.each().get_rows_with(&self.0)?.into())
                }

                fn write_rows(&self, rows: Rows<'_, $t>, slot: Slot<'_>) -> Result<Written> {
                    #[allow(clippy::ptr_arg)] // one of the types is a `Vec`, whose rows are such
                    fn runs<'v, T>($value: &'v $t, runs: &mut Vec<&'v [T]>) {
                        let slices: [&[T]; 2] = $slices;
                        runs.extend(slices.into_iter().filter(|slice| !slice.is_empty()));
                    }
                    let put = |rows: Rows<'_, T>, slot: Slot<'_>| slot.put_rows_with(rows, &self.0);
                    sequence::write_ragged_by(rows, slot, runs::<T>, &put)
                }

                fn read_rows(&self, node: Node<'_>) -> Result<Vec<$t>> {
                    let get = |node: Node<'_>| node.get_rows_with(&self.0);
                    sequence::read_ragged_by(node, get, |values| Ok(values.into()))
                }

                /// The inner filter records its name.
                fn is_recorded(&self) -> bool {
                    false
                }
            }
        )*
    };
}
each_of! {
    Vec<T>, |value| [value, &[]];
    Box<[T]>, |value| [value, &[]];
    VecDeque<T>, |value| <[&[T]; 2]>::from(value.as_slices());
}
