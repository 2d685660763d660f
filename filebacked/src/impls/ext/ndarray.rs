//! ndarray: arrays of any number of dimensions, views included.
//!
//! ```text
//! x            the elements' type, in the array's shape, C order; a scalar for an array without dimensions
//! ```
//!
//! Many arrays, which may differ in shape, are a numbered group. `layout = "stacked"` asks for one
//! dataset:
//!
//! ```text
//! x            the elements' type, (n, ...): n arrays of one shape
//! ```
//!
//! `layout = "packed"` asks for three, which suits many small arrays that differ in shape:
//!
//! ```text
//! x            group     filebacked = "packed", len = n
//! ├── values   the elements of all arrays in C order, one array after another
//! ├── shapes   u64 (n, rank): the extents of each array
//! └── offsets  u64 (n + 1): where each array starts in `values`, and where the last one ends
//! ```

use crate::backed::{FileBacked, Save};
use crate::buffer::{self, Buffer, Wanted};
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::field::StoreAs;
use crate::layout::scalar::Element;
use crate::layout::{number, sequence};
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use crate::storage::{Dtype, ObjectKind};
use ndarray::{
    ArcArray, Array, ArrayBase, ArrayView, ArrayViewMut, CowArray, DataMut, DataOwned, Dimension,
    IxDyn,
};

/// How many arrays without elements are read from one dataset, which has no bytes to show for them.
const EMPTY_LIMIT: usize = 1 << 20;

fn write<A: Element, D: Dimension>(array: &ArrayView<'_, A, D>, slot: Slot<'_>) -> Result<Written> {
    let shape: Vec<u64> = array.shape().iter().map(|extent| *extent as u64).collect();
    write_elements(std::slice::from_ref(array), &shape, slot)
}

fn write_rows<A: Element, D: Dimension, T: Save>(
    rows: Rows<'_, T>,
    slot: Slot<'_>,
    view: impl for<'v> Fn(&'v T) -> ArrayView<'v, A, D>,
) -> Result<Written> {
    if !matches!(slot.layout(), Some(StoreAs::Stacked | StoreAs::Packed)) {
        return sequence::write_numbered(rows, slot);
    }
    let arrays: Vec<ArrayView<'_, A, D>> = rows.iter().map(view).collect();
    if slot.layout() == Some(StoreAs::Packed) {
        return write_packed(&arrays, slot);
    }
    let empty = D::zeros(D::NDIM.unwrap_or(0));
    let inner = arrays.first().map_or(empty.slice(), |array| array.shape());
    if let Some(other) = arrays.iter().find(|array| array.shape() != inner) {
        let what =
            format!("arrays of the shapes {inner:?} and {:?} cannot be stacked", other.shape());
        return Err(Error::new(ErrorKind::Unsupported(what))
            .with_help("remove `layout = \"stacked\"` from the field"));
    }
    let shape: Vec<u64> =
        std::iter::once(&arrays.len()).chain(inner).map(|extent| *extent as u64).collect();
    write_elements(&arrays, &shape, slot)
}

fn write_packed<A: Element, D: Dimension>(
    arrays: &[ArrayView<'_, A, D>],
    slot: Slot<'_>,
) -> Result<Written> {
    let rank = arrays.first().map_or(D::NDIM.unwrap_or(0), ArrayBase::ndim);
    if let Some(other) = arrays.iter().find(|array| array.ndim() != rank) {
        let what = format!(
            "arrays of {rank} and of {} dimensions cannot be packed together",
            other.ndim()
        );
        return Err(Error::new(ErrorKind::Unsupported(what))
            .with_help("remove `layout = \"packed\"` from the field"));
    }
    let total: usize = arrays.iter().map(ArrayBase::len).sum();
    let mut group = slot.group(Stamp::kind("packed"))?;
    group.write_len(arrays.len())?;
    group.part("values", |slot| write_elements(arrays, &[total as u64], slot))?;
    group.part("shapes", |slot| {
        slot.dataset_fill(&Dtype::U64, &[arrays.len() as u64, rank as u64], &mut |out| {
            for extent in arrays.iter().flat_map(ArrayBase::shape) {
                out.put(&(*extent as u64).to_le_bytes());
            }
        })
    })?;
    let mut offsets = sequence::Offsets::new(arrays.len());
    arrays.iter().for_each(|array| offsets.push(array.len()));
    group.part("offsets", |slot| offsets.write(slot))?;
    group.end()
}

/// Reads what [`write_packed`] wrote.
fn read_packed<A: Element, S: DataOwned<Elem = A>, D: Dimension>(
    node: Node<'_>,
) -> Result<Vec<ArrayBase<S, D>>> {
    let group =
        node.group_of("packed", "arrays (a numbered group, a dataset, or a group (packed))")?;
    let (counts, total) = group.part("offsets", sequence::read_offsets)?;
    let (extents, shape) = group.part("shapes", |node| number::read::<u64>(&node, Some(2)))?;
    let (values, _) = group.part("values", |node| A::read_array(&node, Some(1)))?;
    let rank = shape.get(1).copied().unwrap_or(0);
    if D::NDIM.is_some_and(|wanted| wanted != rank) {
        let expected = format!("arrays of {} dimensions", D::NDIM.unwrap_or(0));
        return Err(Error::mismatch(expected, format!("arrays of {rank}")).at("shapes"));
    }
    if total != values.len() || shape.first() != Some(&counts.len()) {
        let what = "packed arrays whose values, shapes and offsets do not fit each other";
        return Err(ErrorKind::Damaged(what.into()).into());
    }
    let mut values = values.into_iter();
    let mut arrays = Vec::with_capacity(counts.len());
    for (i, count) in counts.into_iter().enumerate() {
        let extents = extents.get(i * rank..(i + 1) * rank).unwrap_or_default();
        let shape: Option<Vec<usize>> =
            extents.iter().map(|extent| usize::try_from(*extent).ok()).collect();
        let shape = shape
            .filter(|shape| shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)) == Some(count));
        let shape = shape.ok_or_else(|| {
            let what = format!("{count} values for an array of shape {extents:?}");
            Error::new(ErrorKind::Damaged(what)).at("shapes")
        })?;
        arrays.push(array(values.by_ref().take(count).collect(), &shape)?);
    }
    Ok(arrays)
}

/// Writes the elements of arrays in C order, without a copy where they lie so.
fn write_elements<A: Element, D: Dimension>(
    arrays: &[ArrayView<'_, A, D>],
    shape: &[u64],
    slot: Slot<'_>,
) -> Result<Written> {
    let slot = slot.array();
    if let [array] = arrays
        && let Some(elements) = array.as_slice()
    {
        return A::write_array(Rows::slice(elements), shape, slot);
    }
    let mut runs = Vec::new();
    if arrays.iter().all(|array| push_runs(array, &mut runs)) {
        return A::write_array(Rows::runs(&runs), shape, slot);
    }
    let elements: Vec<&A> = arrays.iter().flat_map(|array| array.iter()).collect();
    A::write_array(Rows::refs(&elements), shape, slot)
}

/// Adds the elements as runs of neighbours: all of them, or row by row where a row lies in one
/// piece.
fn push_runs<'v, A, D: Dimension>(array: &'v ArrayView<'_, A, D>, runs: &mut Vec<&'v [A]>) -> bool {
    if let Some(elements) = array.as_slice() {
        runs.push(elements);
        return true;
    }
    array.rows().into_iter().all(|row| row.to_slice().map(|elements| runs.push(elements)).is_some())
}

fn read<A: Element, S: DataOwned<Elem = A>, D: Dimension>(
    node: &Node<'_>,
) -> Result<ArrayBase<S, D>> {
    let (values, shape) = A::read_array(node, D::NDIM)?;
    array(values, &shape)
}

fn read_rows<A: Element, S: DataOwned<Elem = A>, D: Dimension + 'static>(
    node: Node<'_>,
) -> Result<Vec<ArrayBase<S, D>>>
where
    ArrayBase<S, D>: FileBacked,
{
    node.readable()?;
    if node.kind() == ObjectKind::Group {
        return match node.stamp()? {
            Some(stamp) if stamp.kind_name() == "packed" => read_packed(node),
            _ => sequence::read_numbered(node),
        };
    }
    let (values, shape) = A::read_array(&node, D::NDIM.map(|rank| rank + 1))?;
    let Some((len, inner)) = shape.split_first() else {
        return Err(
            node.unexpected("arrays (a dataset of at least one dimension, or a numbered group)")
        );
    };
    let size: usize = if values.is_empty() { 0 } else { inner.iter().product() };
    if size == 0 && *len > EMPTY_LIMIT {
        return Err(
            ErrorKind::Limit(format!("{len} arrays without elements in one dataset")).into()
        );
    }
    let mut values = values.into_iter();
    (0..*len).map(|_| array(values.by_ref().take(size).collect(), inner)).collect()
}

/// The array of these elements in C order.
fn array<A, S: DataOwned<Elem = A>, D: Dimension>(
    values: Vec<A>,
    shape: &[usize],
) -> Result<ArrayBase<S, D>> {
    ArrayBase::<S, IxDyn>::from_shape_vec(IxDyn(shape), values)
        .and_then(|array| array.into_dimensionality())
        .map_err(|source| {
            Error::new(ErrorKind::Unsupported(format!("an array of shape {shape:?}")))
                .with_source(source)
        })
}

/// `Save` for an array type; `$key` says what identifies it.
macro_rules! array_is_saved {
    ($t:ty $(, $lifetime:lifetime)?; $key:expr) => {
        impl<$($lifetime,)? A: Element, D: Dimension + 'static> Save for $t {
            fn write(&self, slot: Slot<'_>) -> Result<Written> {
                write(&self.view(), slot)
            }
            fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                write_rows(rows, slot, |array| array.view())
            }
            fn is_listed() -> bool {
                true
            }
            fn key() -> Option<Key<Self>> {
                $key
            }
        }
    };
}
array_is_saved!(Array<A, D>; Some(Key::new()));
array_is_saved!(ArcArray<A, D>; Some(Key::new()));
array_is_saved!(CowArray<'a, A, D>, 'a; None);
array_is_saved!(ArrayView<'a, A, D>, 'a; None);
array_is_saved!(ArrayViewMut<'a, A, D>, 'a; None);

/// `FileBacked` for array types that own their elements.
macro_rules! array_is_read {
    ($($t:ty;)*) => {
        $(
            impl<A: Element, D: Dimension + 'static> FileBacked for $t {
                fn schema() -> Schema {
                    Schema::Array { element: A::schema, rank: D::NDIM }
                }
                fn read(node: Node<'_>) -> Result<Self> {
                    read(&node)
                }
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    read_rows(node)
                }
            }
        )*
    };
}
array_is_read! {
    Array<A, D>;
    ArcArray<A, D>;
    CowArray<'static, A, D>;
}

impl<A: Element, S: DataMut<Elem = A>, D: Dimension + 'static> Buffer for ArrayBase<S, D> {
    fn read_from(&mut self, node: Node<'_>) -> Result<()> {
        let shape = self.shape().to_vec();
        let values = match self.as_slice_mut() {
            Some(elements) if node.is_plain() => {
                return buffer::fill(&node, Wanted::Shape(&shape), elements);
            }
            // A filter makes an array of its own; in another order than C's, elements are put into
            // their places one by one.
            _ => node.get::<Array<A, D>>()?,
        };
        Wanted::Shape(&shape)
            .check::<A>(values.shape(), || format!("elements of shape {:?}", values.shape()))?;
        self.iter_mut().zip(values).for_each(|(place, value)| *place = value);
        Ok(())
    }
}
