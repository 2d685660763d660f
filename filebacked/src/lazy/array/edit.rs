//! Changes the elements and the shape of a [`LazyArray`], in the file or in memory.

#[cfg_attr(not(feature = "libhdf5"), path = "edit/read_only.rs")]
mod in_file;

use super::LazyArray;
use super::ellipsis::ArraySlice;
use super::{Place, countable, unshaped};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::layout::scalar::Element;
use crate::storage::{Slab, Span};
use ndarray::{ArrayD, ArrayRef, ArrayViewD, Axis, Dimension, IxDyn, Slice};

impl<A: Element + Clone, D: Dimension + 'static> LazyArray<A, D> {
    /// Writes all elements.
    ///
    /// # Errors
    ///
    /// As [`LazyArray::write_slice`].
    pub fn write(&mut self, values: &ArrayRef<A, D>) -> Result<()> {
        if values.shape() != self.shape {
            let found = format!("one of shape {:?}", values.shape());
            let error = Error::mismatch(format!("an array of shape {:?}", self.shape), found);
            return Err(self.located(Operation::Save, error));
        }
        let dims = self.shape.iter().map(|extent| Span::all(*extent as u64)).collect();
        self.put(&Slab { dims }, values.view().into_dyn())
    }

    /// Writes the elements that ndarray's `s![..]` selects. `values` has the shape that
    /// [`read_slice`](Self::read_slice) returns for the same selection. Only these elements are
    /// written, but compressed chunks that change in part are read first.
    ///
    /// Numbers of another type than the dataset's are written if they fit exactly. A handle with
    /// its array in memory ([`file`](Self::file) is `None`) changes that array.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::{File, LazyArray};
    /// use ndarray::{Array2, Ix2, array, s};
    ///
    /// # let dir = std::env::temp_dir().join(format!("filebacked-write-slice-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// # let path = dir.join("grid.h5");
    /// let file = File::create(&path)?;
    /// file.write("grid", &Array2::<f64>::zeros((1000, 3)))?;
    ///
    /// let mut grid: LazyArray<f64, Ix2> = file.read("grid")?;
    /// grid.write_slice(s![7, ..], &array![1.0, 2.0, 3.0])?;
    /// grid.write_slice(s![-1, ..;-1], &array![1.0, 2.0, 3.0])?;
    /// assert_eq!(grid.read_slice(s![7..;992, ..])?, array![[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]);
    /// # drop((grid, file)); std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] for values of another shape or type, [`ErrorKind::OutOfBounds`],
    /// [`ErrorKind::OutOfRange`] for a number that does not fit the dataset's type,
    /// [`ErrorKind::ReadOnly`] if the file was opened for reading (also by [`load`](crate::load)),
    /// [`ErrorKind::Changed`] if the dataset was reshaped or replaced since, or any error of
    /// libhdf5.
    pub fn write_slice<I: ArraySlice<D>>(
        &mut self,
        selection: I,
        values: &ArrayRef<A, I::OutDim>,
    ) -> Result<()> {
        let selection = self.selected(Operation::Save, &selection)?;
        let values = selection.place(values.view().into_dyn());
        let values = values.map_err(|error| self.located(Operation::Save, error))?;
        self.put(&selection.slab, values)
    }

    /// Appends elements at the end of an axis. The other axes must be as long as those of the
    /// array.
    ///
    /// A dataset that cannot grow, such as one that [`save`](crate::save) wrote, is rewritten once:
    /// in chunks, without a limit along this axis, with its attributes and all its names. This
    /// reads and writes the array once, and frees the old space. Other handles to the old dataset
    /// give [`ErrorKind::Changed`] when they write, and continue to read the old data. HDF5
    /// references are updated to the new dataset, for which the whole file is searched once. A
    /// field with `#[filebacked(chunk = ..)]` is rewritten too, since its shape is fixed;
    /// [`ArrayOptions::unlimited`](crate::lazy::ArrayOptions::unlimited) creates an array that can grow
    /// in place.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::lazy::ArrayOptions;
    /// use filebacked::{File, LazyArray};
    /// use ndarray::{Array2, Axis, Ix2};
    ///
    /// # let dir = std::env::temp_dir().join(format!("filebacked-append-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// # let path = dir.join("frames.h5");
    /// let file = File::create(&path)?;
    /// let options = ArrayOptions::new().unlimited(Axis(0));
    /// let mut frames = LazyArray::<f32, Ix2>::create(&file, "frames", (0, 512), &options)?;
    /// for n in 0..10 {
    ///     frames.append(Axis(0), &Array2::from_elem((100, 512), n as f32))?;
    /// }
    /// assert_eq!(frames.shape(), [1000, 512]);
    /// # drop((frames, file)); std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`LazyArray::write_slice`]; after an error the array is unchanged.
    pub fn append(&mut self, axis: Axis, values: &ArrayRef<A, D>) -> Result<()> {
        let (Some(from), Some(more)) =
            (self.shape.get(axis.index()).copied(), values.shape().get(axis.index()))
        else {
            let what = format!("axis {} of an array of {} dimensions", axis.index(), self.ndim());
            return Err(self.located(Operation::Save, ErrorKind::OutOfBounds(what)));
        };
        let mut shape = self.shape.clone();
        shape[axis.index()] = *more;
        if values.shape() != shape {
            let expected = format!("an array of shape {shape:?} along axis {}", axis.index());
            let error = Error::mismatch(expected, format!("one of shape {:?}", values.shape()));
            return Err(self.located(Operation::Save, error));
        }
        let Some(end) = from.checked_add(*more) else {
            let what = format!("{from} and {more} elements along an axis");
            return Err(self.located(Operation::Save, ErrorKind::OutOfBounds(what)));
        };
        let mut dims: Vec<Span> = shape.iter().map(|extent| Span::all(*extent as u64)).collect();
        dims[axis.index()].start = from as u64;
        shape[axis.index()] = end;
        countable(&shape).map_err(|error| self.located(Operation::Save, error))?;
        let values = values.view().into_dyn();
        if let Place::Memory(array) = &mut self.place {
            let joined = ndarray::concatenate(axis, &[array.view(), values]).map_err(unshaped)?;
            *array = joined;
            self.shape = shape;
            return Ok(());
        }
        self.reshape(shape, Some((&Slab { dims }, values)))
    }

    /// Changes the length of each axis. Elements beyond the new shape are lost; new elements are
    /// zero, or the fill value of the dataset.
    ///
    /// A dataset that cannot take this shape is rewritten, as by [`append`](Self::append).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] for a shape with another number of dimensions, or as
    /// [`LazyArray::write_slice`].
    pub fn resize(&mut self, shape: &[usize]) -> Result<()> {
        if shape.len() != self.shape.len() {
            let found = format!("{} of them", shape.len());
            let error =
                Error::mismatch(format!("the extents of {} dimensions", self.ndim()), found);
            return Err(self.located(Operation::Save, error));
        }
        countable(shape).map_err(|error| self.located(Operation::Save, error))?;
        if let Place::Memory(array) = &mut self.place {
            let Some(filler) = A::filler() else {
                return Err(ErrorKind::Unsupported(
                    "to resize an array in memory of elements without a zero".into(),
                )
                .into());
            };
            let mut resized = ArrayD::from_elem(IxDyn(shape), filler);
            let common = |axis: ndarray::AxisDescription| {
                let extent = |shape: &[usize]| shape.get(axis.axis.index()).copied().unwrap_or(0);
                Slice::from(..extent(shape).min(extent(&self.shape)))
            };
            resized.slice_each_axis_mut(common).assign(&array.slice_each_axis(common));
            *array = resized;
            self.shape = shape.to_vec();
            return Ok(());
        }
        self.reshape(shape.to_vec(), None)
    }

    /// Writes a part.
    fn put(&mut self, slab: &Slab, values: ArrayViewD<'_, A>) -> Result<()> {
        match &mut self.place {
            Place::Memory(array) => {
                let mut part = array.slice_each_axis_mut(|axis| {
                    let span = slab
                        .dims
                        .get(axis.axis.index())
                        .copied()
                        .unwrap_or(Span::all(axis.len as u64));
                    super::slice(span)
                });
                part.assign(&values);
                Ok(())
            }
            Place::File { held, .. } => in_file::put(held, &self.shape, slab, &values),
        }
    }

    /// Changes the shape of the dataset, and then writes a part of it.
    fn reshape(
        &mut self,
        shape: Vec<usize>,
        part: Option<(&Slab, ArrayViewD<'_, A>)>,
    ) -> Result<()> {
        let Place::File { held, chunk, .. } = &mut self.place else { return Ok(()) };
        if shape == self.shape {
            return Ok(());
        }
        if let Some((dataset, chunks)) = in_file::reshape(held, &self.shape, &shape, part.as_ref())?
        {
            *held = dataset;
            *chunk = chunks;
        }
        self.shape = shape;
        Ok(())
    }
}
