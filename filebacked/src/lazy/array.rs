//! [`LazyArray`]: an array in the file whose parts are read on request.

mod blocks;
mod edit;
#[cfg(feature = "libhdf5")]
pub(crate) mod elements;
mod ellipsis;
#[cfg(feature = "mmap")]
mod mapped;
#[cfg(feature = "libhdf5")]
mod options;
mod selection;

pub use blocks::{Block, Blocks};
pub use ellipsis::{ArraySlice, Ellipsis, ellipsis};
#[cfg(feature = "mmap")]
pub use mapped::{MapElement, MappedArray};
#[cfg(feature = "libhdf5")]
pub use options::ArrayOptions;

use super::Held;
use crate::backed::{FileBacked, Save};
use crate::buffer::Buffer;
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::layout::scalar::Element;
use crate::layout::{number, sequence};
use crate::node::Node;
use crate::object::Object;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use crate::storage::{Dtype, Slab, Span, Window};
use ndarray::{Array, ArrayD, ArrayViewMut, Axis, Dimension, IxDyn};
use selection::Selection;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

/// An array that stays in the file, and reads slices, blocks or all of it on request.
///
/// On disk it is one dataset, the same as an `Array<A, D>`. It keeps no data that was read. Like
/// [`Lazy`](crate::Lazy), it keeps the file open, can be sent and shared between threads, and is
/// copied as stored when it is saved.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::LazyArray;
/// use ndarray::{Array2, Ix2, array, s};
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-lazy-array-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("grid.h5");
/// filebacked::save(&path, &Array2::from_shape_fn((1000, 3), |(i, j)| (i * 10 + j) as f64))?;
///
/// let grid: LazyArray<f64, Ix2> = filebacked::load(&path)?;
/// assert_eq!(grid.shape(), [1000, 3]);
/// assert_eq!(grid.read_slice(s![500..502, ..])?, array![[5000.0, 5001.0, 5002.0], [5010.0, 5011.0, 5012.0]]);
/// assert_eq!(grid.read_slice(s![-1, ..;-1])?, array![9992.0, 9991.0, 9990.0]);
///
/// let mut sum = 0.0;
/// for block in grid.blocks(8 << 10) { // of at most 8 KiB
///     sum += block?.array.sum();
/// }
/// assert_eq!(sum, grid.read()?.sum());
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// ```
///
/// If the file was opened with [`File::open_rw`](crate::File::open_rw) or created, the handle also
/// writes: [`write_slice`](Self::write_slice), [`append`](Self::append) and
/// [`resize`](Self::resize) change the dataset in place, without reading the rest of it.
/// [`LazyArray::create`] makes an array that was never in memory.
pub struct LazyArray<A, D = IxDyn> {
    pub(super) place: Place<A, D>,
    pub(super) shape: Vec<usize>,
}

pub(super) enum Place<A, D> {
    Memory(ArrayD<A>),
    File { held: Held, dtype: Dtype, chunk: Vec<usize>, of: PhantomData<fn() -> D> },
}

impl<A, D> LazyArray<A, D> {
    /// Returns the extent of each dimension.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns the number of dimensions.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Returns whether the array has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the datatype in the file; `None` for an array in memory.
    pub fn dtype(&self) -> Option<&Dtype> {
        match &self.place {
            Place::Memory(_) => None,
            Place::File { dtype, .. } => Some(dtype),
        }
    }

    /// Returns the shape of the chunks in the file; `None` for contiguous data.
    pub fn chunk(&self) -> Option<&[usize]> {
        match &self.place {
            Place::File { chunk, .. } if !chunk.is_empty() => Some(chunk),
            _ => None,
        }
    }

    /// Adds the file and the dataset to an error.
    #[cold]
    pub(super) fn located(&self, operation: Operation, error: impl Into<Error>) -> Error {
        match &self.place {
            Place::Memory(_) => error.into(),
            Place::File { held, .. } => held.located(operation, error.into()),
        }
    }

    /// The selected part of the array.
    fn selected<D2: Dimension>(
        &self,
        operation: Operation,
        slice: &impl ArraySlice<D2>,
    ) -> Result<Selection> {
        let selection =
            slice.elements(&self.shape).and_then(|elements| Selection::new(&elements, &self.shape));
        selection.map_err(|error| self.located(operation, error))
    }

    /// Returns the file that the array is read from; `None` for arrays and files in memory.
    pub fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::Memory(_) => None,
            Place::File { held, .. } => held.path(),
        }
    }
}

impl<A: Element + Clone, D: Dimension + 'static> LazyArray<A, D> {
    /// Reads the whole array.
    ///
    /// # Errors
    ///
    /// Any error of reading elements of this type; [`ErrorKind::Changed`] if the file was written
    /// to since.
    pub fn read(&self) -> Result<Array<A, D>> {
        match &self.place {
            Place::Memory(array) => shaped(array.clone()),
            // Not as a part: all of a dataset is read in one piece, and its chunks on all cores.
            Place::File { held, .. } => {
                let (values, shape) = held.read(|node| A::read_array(&node, None))?;
                if shape != self.shape {
                    return Err(held.located(Operation::Load, ErrorKind::Changed.into()));
                }
                shaped(ArrayD::from_shape_vec(IxDyn(&shape), values).map_err(unshaped)?)
            }
        }
    }

    /// Reads the whole array into existing memory; see [`Buffer`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] for a view of another shape, or as [`LazyArray::read`].
    pub fn read_into(&self, out: &mut ArrayViewMut<'_, A, D>) -> Result<()> {
        match &self.place {
            Place::Memory(array) => {
                if array.shape() != out.shape() {
                    let wanted = format!("an array of shape {:?}", out.shape());
                    return Err(Error::mismatch(
                        wanted,
                        format!("one of shape {:?}", array.shape()),
                    ));
                }
                out.zip_mut_with(array, |place, value| place.clone_from(value));
                Ok(())
            }
            Place::File { held, .. } => held.read(|node| {
                if !node
                    .describe()?
                    .shape
                    .iter()
                    .map(|extent| *extent as usize)
                    .eq(self.shape.iter().copied())
                {
                    return Err(ErrorKind::Changed.into());
                }
                out.read_from(node)
            }),
        }
    }

    /// Reads the part that ndarray's `s![..]` selects: ranges with steps (a negative step reverses
    /// the order), single indices, which remove their axis, and new axes. Negative indices count
    /// from the end. If the rank is not part of the type, missing axes are read whole;
    /// [`ellipsis`](crate::lazy::ellipsis) is numpy's `...`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfBounds`], or as [`LazyArray::read`].
    pub fn read_slice<I: ArraySlice<D>>(&self, selection: I) -> Result<Array<A, I::OutDim>> {
        let selection = self.selected(Operation::Load, &selection)?;
        shaped(selection.arrange(self.part(&selection.slab)?))
    }

    /// Reads the elements at these indices along an axis, in the given order. Indices may repeat.
    ///
    /// # Errors
    ///
    /// As [`LazyArray::read_slice`].
    pub fn select(&self, axis: Axis, indices: &[usize]) -> Result<Array<A, D>> {
        let mut dims: Vec<Span> =
            self.shape.iter().map(|extent| Span::all(*extent as u64)).collect();
        let Some(extent) = self.shape.get(axis.index()) else {
            let what = format!("axis {} of an array of {} dimensions", axis.index(), self.ndim());
            return Err(self.located(Operation::Load, ErrorKind::OutOfBounds(what)));
        };
        if let Some(wrong) = indices.iter().find(|index| *index >= extent) {
            let what =
                format!("index {wrong} along axis {}, which has {extent} elements", axis.index());
            return Err(self.located(Operation::Load, ErrorKind::OutOfBounds(what)));
        }
        let mut parts = Vec::new();
        for run in indices.chunk_by(|one, next| one + 1 == *next) {
            let start = run.first().copied().unwrap_or(0) as u64;
            dims[axis.index()] = Span { start, step: 1, count: run.len() as u64 };
            parts.push(self.part(&Slab { dims: dims.clone() })?);
        }
        if parts.is_empty() {
            dims[axis.index()] = Span { start: 0, step: 1, count: 0 };
            return shaped(self.part(&Slab { dims })?);
        }
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        shaped(ndarray::concatenate(axis, &views).map_err(unshaped)?)
    }

    /// Reads the elements along an axis where the mask is true.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfBounds`] for a mask whose length differs from the axis, or as
    /// [`LazyArray::read`].
    pub fn mask(&self, axis: Axis, mask: &[bool]) -> Result<Array<A, D>> {
        if self.shape.get(axis.index()) != Some(&mask.len()) {
            let what = format!(
                "a mask of {} along axis {} of shape {:?}",
                mask.len(),
                axis.index(),
                self.shape
            );
            return Err(self.located(Operation::Load, ErrorKind::OutOfBounds(what)));
        }
        let chosen = mask.iter().enumerate().filter(|(_, chosen)| **chosen).map(|(index, _)| index);
        self.select(axis, &chosen.collect::<Vec<_>>())
    }

    /// Iterates over the array in blocks, in C order. A block has at most the given bytes in memory
    /// (not counting text), but at least one element. Blocks consist of whole chunks, unless one
    /// chunk is larger.
    pub fn blocks(&self, bytes: usize) -> Blocks<'_, A, D> {
        Blocks::new(self, bytes)
    }

    /// Reads a part of the array.
    pub(super) fn part(&self, slab: &Slab) -> Result<ArrayD<A>> {
        let shape: Vec<usize> = slab.dims.iter().map(|span| span.count as usize).collect();
        match &self.place {
            Place::Memory(array) => {
                let part = array.slice_each_axis(|axis| {
                    slice(
                        slab.dims
                            .get(axis.axis.index())
                            .copied()
                            .unwrap_or(Span::all(axis.len as u64)),
                    )
                });
                Ok(part.to_owned())
            }
            Place::File { held, .. } => {
                let (values, _) = held.read(|node| {
                    windowed(&node, &self.shape, slab, |node| A::read_array(node, None))
                })?;
                ArrayD::from_shape_vec(IxDyn(&shape), values).map_err(unshaped)
            }
        }
    }
}

/// A selection along one dimension, for ndarray.
pub(super) fn slice(span: Span) -> ndarray::Slice {
    let end =
        if span.count == 0 { span.start } else { span.start + (span.count - 1) * span.step + 1 };
    ndarray::Slice::new(span.start as isize, Some(end as isize), span.step as isize)
}

/// Shows a part of a dataset as if it were a dataset.
fn windowed<R>(
    node: &Node<'_>,
    shape: &[usize],
    slab: &Slab,
    read: impl FnOnce(&Node<'_>) -> Result<R>,
) -> Result<R> {
    let handle = node.object.handle;
    let window = Window { source: node.object.source, dataset: handle, shape, slab };
    let part =
        Node::open(Object::new(&window, handle), node.cx, node.state, node.depth, node.ours)?;
    read(&part)
}

pub(super) fn shaped<A, D: Dimension>(array: ArrayD<A>) -> Result<Array<A, D>> {
    array.into_dimensionality().map_err(unshaped)
}

#[cold]
pub(super) fn unshaped(source: ndarray::ShapeError) -> Error {
    Error::new(ErrorKind::Unsupported("an array of this shape".into())).with_source(source)
}

impl<A, D: Dimension> From<Array<A, D>> for LazyArray<A, D> {
    fn from(array: Array<A, D>) -> Self {
        LazyArray { shape: array.shape().to_vec(), place: Place::Memory(array.into_dyn()) }
    }
}

impl<A, D> Clone for LazyArray<A, D>
where
    A: Clone,
{
    fn clone(&self) -> Self {
        let place = match &self.place {
            Place::Memory(array) => Place::Memory(array.clone()),
            Place::File { held, dtype, chunk, of } => Place::File {
                held: held.clone(),
                dtype: dtype.clone(),
                chunk: chunk.clone(),
                of: *of,
            },
        };
        LazyArray { place, shape: self.shape.clone() }
    }
}

impl<A, D> fmt::Debug for LazyArray<A, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("LazyArray");
        f.field("shape", &self.shape)
            .field("dtype", &self.dtype())
            .field("file", &self.file())
            .finish()
    }
}

impl<A: Element + Clone, D: Dimension + 'static> Save for LazyArray<A, D> {
    fn write(&self, mut slot: Slot<'_>) -> Result<Written> {
        match &self.place {
            Place::Memory(array) => slot.put(array),
            Place::File { held, dtype, .. } => {
                match slot.copy(held.kept_elements(dtype), Self::schema)? {
                    Ok(written) => return Ok(written),
                    Err(back) => slot = back,
                }
                slot.put(&self.read()?.into_dyn())
            }
        }
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        if slot.layout().is_none() {
            return sequence::write_numbered(rows, slot);
        }
        let arrays: Vec<_> = rows.iter().map(LazyArray::read).collect::<Result<_>>()?;
        slot.put_rows(Rows::slice(&arrays))
    }

    fn is_listed() -> bool {
        true
    }

    fn key() -> Option<Key<Self>> {
        Some(Key::new())
    }
}

impl<A: Element + Clone, D: Dimension + 'static> FileBacked for LazyArray<A, D> {
    fn schema() -> Schema {
        <Array<A, D>>::schema()
    }

    fn read(node: Node<'_>) -> Result<Self> {
        let mut lazy = None;
        node.object.source.alone(&mut || {
            lazy = Self::held(&node)?;
            Ok(())
        })?;
        match lazy {
            Some(lazy) => Ok(lazy),
            None => Ok(node.get::<Array<A, D>>()?.into()),
        }
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        if node.stamp()?.is_none_or(|stamp| stamp.kind_name() == "list") {
            return sequence::read_numbered(node);
        }
        Ok(node.get_rows::<Array<A, D>>()?.into_iter().map(LazyArray::from).collect())
    }
}

impl<A: Element + Clone, D: Dimension + 'static> LazyArray<A, D> {
    /// An array that stays in its file, if that is possible.
    fn held(node: &Node<'_>) -> Result<Option<Self>> {
        let description = node.describe()?;
        number::shape(node, &description, "an array", D::NDIM)?;
        // In foreign files the shape may differ by extents of 1.
        let as_stored =
            !description.null && D::NDIM.is_none_or(|rank| rank == description.shape.len());
        let Some(held) = (if as_stored { Held::new(node)? } else { None }) else { return Ok(None) };
        let extent = |extent: &u64| usize::try_from(*extent).map_err(|_| too_long(*extent));
        let shape = description.shape.iter().map(extent).collect::<Result<Vec<_>>>()?;
        countable(&shape)?;
        // Reads no elements, to check their type now, not later.
        if description.shape.iter().all(|extent| *extent > 0) && !description.null {
            let none = Slab {
                dims: description
                    .shape
                    .iter()
                    .map(|_| Span { start: 0, step: 1, count: 0 })
                    .collect(),
            };
            if !description.shape.is_empty() {
                windowed(node, &shape, &none, |node| A::read_array(node, None))?;
            }
        }
        let allocation = node.object.source.allocation(node.object.handle)?;
        let chunk = allocation.chunk.iter().map(|extent| *extent as usize).collect();
        Ok(Some(LazyArray {
            place: Place::File { held, dtype: description.dtype, chunk, of: PhantomData },
            shape,
        }))
    }
}

/// Refuses a shape, even an empty one, whose extents overflow when multiplied.
pub(crate) fn countable(shape: &[usize]) -> Result<()> {
    let mut extents = shape.iter().filter(|extent| **extent > 0);
    let count = extents.try_fold(1usize, |count, extent| count.checked_mul(*extent));
    match count.is_some_and(|count| isize::try_from(count).is_ok()) {
        true => Ok(()),
        false => Err(ErrorKind::Unsupported(format!("an array of shape {shape:?}")).into()),
    }
}

#[cold]
fn too_long(extent: u64) -> Error {
    ErrorKind::Unsupported(format!("{extent} elements in a dimension")).into()
}
