//! Values that are one element of a dataset each: numbers, bool, char, complex, and types mapped to
//! those.
//!
//! ```text
//! bool         enumeration of i8, FALSE = 0 and TRUE = 1, as h5py writes it
//! i128, u128   compound {lo: u64, hi: i64 or u64}
//! char         str[4], UTF-8
//! Duration     compound {secs: u64, nanos: u32}
//! SystemTime   compound {secs: i64, nanos: u32}, since 1970 without leap seconds
//! ```

use crate::backed::FileBacked;
use crate::buffer;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::categorical;
use crate::layout::number::{self, Any, Number};
use crate::node::Node;
use crate::object::Bare;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::storage::{CompoundMember, CompoundType, Dtype};
use std::borrow::Cow;

/// A type whose values can be elements of a dataset, and so of arrays.
///
/// Implemented for numbers, bool, complex numbers, `f16`, text, and the scalar types that are
/// stored as these.
///
/// ```
/// # #[cfg(feature = "ndarray")]
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::schema::Element;
/// use ndarray::Array2;
///
/// fn rows<A: Element>(bytes: &[u8]) -> filebacked::Result<usize> {
///     Ok(filebacked::from_bytes::<Array2<A>>(bytes)?.nrows())
/// }
/// let bytes = filebacked::to_bytes(&Array2::<f32>::zeros((3, 2)))?;
/// assert_eq!(rows::<f64>(&bytes)?, 3);
/// # Ok(()) }
/// # #[cfg(not(feature = "ndarray"))] fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of an array",
    note = "arrays hold numbers, bool, complex numbers and text; a `Vec` holds anything that is `FileBacked`"
)]
pub trait Element: FileBacked {
    /// Writes elements, in C order, as one dataset.
    ///
    /// # Errors
    ///
    /// Any error of the storage.
    fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written>;

    /// Reads the elements of one dataset, in C order, and its shape. Checks the rank if it is
    /// given.
    ///
    /// # Errors
    ///
    /// The elements do not have this type.
    fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)>;

    /// Reads the elements of one dataset into existing memory, in C order. The caller has checked
    /// their number.
    ///
    /// # Errors
    ///
    /// As [`Element::read_array`].
    fn read_array_into(node: &Node<'_>, out: &mut [Self]) -> Result<()> {
        buffer::take(Self::read_array(node, None)?.0, out)
    }

    /// Reads the one element of a scalar dataset without attributes, where that takes one step.
    #[doc(hidden)]
    fn bare_scalar(bare: &Bare<'_>) -> Result<Option<Self>> {
        let _ = bare;
        Ok(None)
    }

    /// Reads the one element of a scalar dataset.
    ///
    /// # Errors
    ///
    /// As [`Element::read_array`].
    fn read_scalar(node: &Node<'_>) -> Result<Self> {
        one(Self::read_array(node, Some(0))?.0)
    }
}

/// The reading half of nested arrays of elements: one dataset whose inner extents are checked.
pub(crate) fn read_shaped<T: Element>(node: &Node<'_>, inner: &[usize]) -> Result<(Vec<T>, usize)> {
    let (values, shape) = T::read_array(node, Some(inner.len() + 1))?;
    match shape.split_first() {
        Some((outer, found)) if found == inner => Ok((values, *outer)),
        _ => Err(Error::mismatch(
            format!("a dataset of inner shape {inner:?}"),
            format!("one of shape {shape:?}"),
        )),
    }
}

/// The hooks of [`Element`] types for nested arrays, in `impl Save` and in `impl FileBacked`.
macro_rules! element_shaped {
    (save) => {
        fn write_shaped(
            rows: $crate::rows::Rows<'_, Self>,
            shape: &[u64],
            slot: $crate::slot::Slot<'_>,
        ) -> $crate::error::Result<$crate::slot::Written> {
            <Self as $crate::layout::scalar::Element>::write_array(rows, shape, slot)
        }
    };
    (read) => {
        fn read_shaped(
            node: $crate::node::Node<'_>,
            inner: &[usize],
        ) -> $crate::error::Result<(Vec<Self>, usize)> {
            $crate::layout::scalar::read_shaped(&node, inner)
        }
    };
}
pub(crate) use element_shaped;

/// `Save` and `FileBacked` for a type that is an [`Element`]. `name` is what its schema calls it.
macro_rules! element_is_backed {
    ($t:ty, $name:expr, filler = $filler:expr, flat = $flat:expr) => {
        $crate::layout::scalar::element_is_backed!($t, $name, filler = $filler, flat = $flat, {});
    };
    ($t:ty, $name:expr, filler = $filler:expr, flat = $flat:expr, { $($hooks:item)* }) => {
        impl $crate::backed::Save for $t {
            #[inline]
            fn write(&self, slot: $crate::slot::Slot<'_>) -> $crate::error::Result<$crate::slot::Written> {
                let rows = $crate::rows::Rows::slice(::std::slice::from_ref(self));
                <$t as $crate::layout::scalar::Element>::write_array(rows, &[], slot)
            }
            #[inline]
            fn write_rows(
                rows: $crate::rows::Rows<'_, Self>,
                slot: $crate::slot::Slot<'_>,
            ) -> $crate::error::Result<$crate::slot::Written> {
                <$t as $crate::layout::scalar::Element>::write_array(rows, &[rows.len() as u64], slot)
            }
            fn is_flat(_: u32) -> bool {
                $flat
            }
            fn filler() -> Option<Self> {
                $filler
            }
            fn key() -> Option<$crate::erased::Key<Self>> {
                Some($crate::erased::Key::new())
            }
            $crate::layout::scalar::element_shaped!(save);
            $($hooks)*
        }
        $crate::layout::scalar::element_is_backed!(@read $t, $name);
    };
    (@read $t:ty, $name:expr) => {
        impl $crate::backed::FileBacked for $t {
            fn schema() -> $crate::schema::Schema {
                $crate::schema::Schema::Scalar($name)
            }
            fn read(node: $crate::node::Node<'_>) -> $crate::error::Result<Self> {
                <$t as $crate::layout::scalar::Element>::read_scalar(&node)
            }
            fn read_rows(node: $crate::node::Node<'_>) -> $crate::error::Result<Vec<Self>> {
                Ok(<$t as $crate::layout::scalar::Element>::read_array(&node, Some(1))?.0)
            }
            fn read_bare(bare: &$crate::object::Bare<'_>) -> $crate::error::Result<Option<Self>> {
                <$t as $crate::layout::scalar::Element>::bare_scalar(bare)
            }
            $crate::layout::scalar::element_shaped!(read);
        }
    };
}
pub(crate) use element_is_backed;

/// The only element of a scalar dataset.
pub(crate) fn one<T>(values: Vec<T>) -> Result<T> {
    values
        .into_iter()
        .next()
        .ok_or_else(|| ErrorKind::Damaged("a scalar without an element".into()).into())
}

/// Writes elements that are stored as numbers.
pub(crate) fn write_mapped<T, N: Number>(
    rows: Rows<'_, T>,
    shape: &[u64],
    slot: Slot<'_>,
    map: impl Fn(&T) -> N,
) -> Result<Written> {
    slot.dataset_fill(&N::DTYPE, shape, &mut |out| {
        rows.for_each(|value| out.put(crate::storage::as_bytes(&[map(value)])));
    })
}

/// Reads elements that are stored as numbers.
pub(crate) fn read_mapped<T, N: Number>(
    node: &Node<'_>,
    rank: Option<usize>,
    map: impl FnMut(N) -> Result<T>,
) -> Result<(Vec<T>, Vec<usize>)> {
    let (values, shape) = number::read::<N>(node, rank)?;
    Ok((values.into_iter().map(map).collect::<Result<_>>()?, shape))
}

/// Writes elements whose bytes are at hand one by one.
pub(crate) fn write_cells<T, const N: usize>(
    rows: Rows<'_, T>,
    dtype: &Dtype,
    shape: &[u64],
    slot: Slot<'_>,
    cell: impl Fn(&T) -> [u8; N],
) -> Result<Written> {
    slot.dataset_fill(dtype, shape, &mut |out| rows.for_each(|value| out.put(&cell(value))))
}

/// Writes bools.
pub(crate) fn write_bools(rows: Rows<'_, bool>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
    write_cells(rows, &Dtype::Bool, shape, slot, |value| [u8::from(*value)])
}

/// Reads bools: h5py's enumeration, or integers that are 0 or 1.
pub(crate) fn read_bools(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<bool>, Vec<usize>)> {
    if let Some(column) = categorical::open(node)? {
        return column.rows(rank, |categories| Ok(read_bools(categories, Some(1))?.0), |_| 0);
    }
    let description = node.describe()?;
    let shape = number::shape(node, &description, "bool", rank)?;
    let bool_of = |value: i128| match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::new(ErrorKind::Invalid(format!("{value} is not a bool")))),
    };
    let signed = match &description.dtype {
        Dtype::Bool => false,
        Dtype::Int(int) => int.signed,
        _ => return Err(node.unexpected(number::wanted("bool", rank))),
    };
    let bytes = node.object.elements::<u8>(&description)?;
    let cells = bytes.chunks_exact(description.dtype.size());
    Ok((cells.map(|cell| bool_of(number::int(cell, signed))).collect::<Result<_>>()?, shape))
}

/// A compound type of two numbers side by side.
pub(crate) const fn pair(members: &'static [CompoundMember; 2], size: usize) -> Dtype {
    Dtype::Compound(CompoundType { size, members: Cow::Borrowed(members) })
}

/// A member of a compound type.
pub(crate) const fn member(name: &'static str, offset: usize, dtype: Dtype) -> CompoundMember {
    CompoundMember { name: Cow::Borrowed(name), offset, dtype }
}

/// Reads elements of a compound type with these members, which may be numbers of any type.
pub(crate) fn read_pairs<T>(
    node: &Node<'_>,
    rank: Option<usize>,
    name: &str,
    members: [&str; 2],
    map: impl Fn(Any, Any) -> Result<T>,
) -> Result<(Vec<T>, Vec<usize>)> {
    let description = node.describe()?;
    let unexpected = || {
        node.unexpected(format!(
            "{} (a compound of {})",
            number::wanted(name, rank),
            members.join(", ")
        ))
    };
    let Dtype::Compound(compound) = &description.dtype else { return Err(unexpected()) };
    let shape = number::shape(node, &description, name, rank)?;
    let find =
        |name| compound.members.iter().find(|member| member.name == name).ok_or_else(unexpected);
    let (first, second) = (find(members[0])?, find(members[1])?);
    let bytes = node.object.elements::<u8>(&description)?;
    let number = |cell: &[u8], member: &CompoundMember| {
        cell.get(member.offset..)
            .and_then(|cell| Any::decode(cell, &member.dtype))
            .ok_or_else(unexpected)
    };
    let cells = bytes.chunks_exact(compound.size.max(1));
    let values = cells
        .map(|cell| map(number(cell, first)?, number(cell, second)?))
        .collect::<Result<_>>()?;
    Ok((values, shape))
}

/// The integer of a number that must be one, in the range of `T`.
pub(crate) fn integer<T: TryFrom<i128>>(value: Any, wanted: &'static str) -> Result<T> {
    let integer = match value {
        Any::Int(integer) => T::try_from(integer).ok(),
        Any::Float(_) | Any::Rounded(_) => None,
    };
    integer.ok_or_else(|| Error::new(ErrorKind::Invalid(format!("{value} is not a {wanted}"))))
}
