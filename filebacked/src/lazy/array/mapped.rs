//! [`MappedArray`]: an array mapped from the file into memory, without a copy.

use super::LazyArray;
use super::Place;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::layout::number::Number;
use crate::layout::scalar::Element;
use crate::storage::{Dtype, elements, no_piece};
use memmap2::{Mmap, MmapOptions};
use ndarray::{ArrayView, Dimension, IxDyn};
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// An element with the same bytes in memory as in a file, so that a mapped file can be viewed as an
/// array: integers and floats, and complex numbers with the feature `complex`. See
/// [`LazyArray::map`] for an example.
///
/// # Safety
///
/// Every bit pattern of its size must be a valid value, and its memory layout must equal that of
/// the HDF5 datatype.
pub unsafe trait MapElement: Element {
    /// Returns the datatype that a dataset must have.
    fn dtype() -> Dtype;
}

macro_rules! mapped {
    ($($t:ty),*) => {
        $(
            // SAFETY: numbers are `Plain`: every bit pattern is one, and their memory is what the
            // file has.
            unsafe impl MapElement for $t {
                fn dtype() -> Dtype {
                    <$t as Number>::DTYPE
                }
            }
        )*
    };
}
mapped!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

// SAFETY: two floats one after another, as `repr(C)` has them and the file too.
#[cfg(feature = "complex")]
unsafe impl MapElement for num_complex::Complex<f32> {
    fn dtype() -> Dtype {
        Dtype::Complex32
    }
}

// SAFETY: as above.
#[cfg(feature = "complex")]
unsafe impl MapElement for num_complex::Complex<f64> {
    fn dtype() -> Dtype {
        Dtype::Complex64
    }
}

/// A dataset mapped into memory by [`LazyArray::map`]. Data is read on access, and never copied.
///
/// See [`LazyArray::map`] for an example.
pub struct MappedArray<A, D> {
    /// `None` for an array without elements.
    map: Option<Mmap>,
    dim: D,
    of: PhantomData<fn() -> A>,
}

impl<A: MapElement, D: Dimension> MappedArray<A, D> {
    /// Returns a view of the elements in the file.
    pub fn view(&self) -> ArrayView<'_, A, D> {
        let start = match &self.map {
            Some(map) => map.as_ptr().cast::<A>(),
            None => NonNull::<A>::dangling().as_ptr().cast_const(),
        };
        // SAFETY: `LazyArray::map` has mapped as many bytes as the elements of this shape take, at
        // an address that is aligned for them, or there are none. Every bit pattern is an element,
        // and its caller promised that nobody changes them.
        unsafe { ArrayView::from_shape_ptr(self.dim.clone(), start) }
    }

    /// Returns the extent of each dimension.
    pub fn shape(&self) -> &[usize] {
        self.dim.slice()
    }
}

impl<A, D: Dimension> fmt::Debug for MappedArray<A, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedArray").field("shape", &self.dim.slice()).finish_non_exhaustive()
    }
}

impl<A: MapElement, D: Dimension + 'static> LazyArray<A, D> {
    /// Maps the dataset into memory. The operating system reads pages on access, and drops them
    /// when it needs memory.
    ///
    /// The dataset must have exactly this type, and be contiguous and aligned in a file on the
    /// disk. Uncompressed data from 64 KB on in files of this crate is. The file stays open as long
    /// as the view.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::LazyArray;
    /// use ndarray::{Array2, Ix2};
    ///
    /// # let dir = std::env::temp_dir().join(format!("filebacked-map-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// # let path = dir.join("grid.h5");
    /// filebacked::save(&path, &Array2::from_elem((1000, 100), 0.5))?;
    ///
    /// let grid: LazyArray<f64, Ix2> = filebacked::load(&path)?;
    /// // SAFETY: nobody writes to the file.
    /// let mapped = unsafe { grid.map()? };
    /// assert_eq!(mapped.view().sum(), 50_000.0);
    /// # drop(mapped); std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Safety
    ///
    /// While a [`MappedArray`] exists, no process, including this one, may change the dataset,
    /// truncate the file, or free the dataset's space in it. Saving the file anew with
    /// [`save`](crate::save) is harmless, because it makes a new file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for data that is chunked, compact (in the header of its dataset),
    /// not aligned, in another byte order or in memory, [`ErrorKind::Mismatch`] for another type,
    /// [`ErrorKind::Damaged`] for a file that ends before the data, [`ErrorKind::Changed`], or
    /// [`ErrorKind::Io`].
    pub unsafe fn map(&self) -> Result<MappedArray<A, D>> {
        let Place::File { held, .. } = &self.place else {
            return Err(no_piece("an array in memory"));
        };
        let map = || {
            let piece = held.locate(&A::dtype())?;
            if !piece.shape.iter().copied().eq(self.shape.iter().map(|extent| *extent as u64)) {
                return Err(ErrorKind::Changed.into());
            }
            let dim = D::from_dimension(&IxDyn(&self.shape)).ok_or_else(|| {
                Error::new(ErrorKind::Contract("an array of another rank".into()))
            })?;
            let bytes = elements(&piece.shape).and_then(|n| n.checked_mul(size_of::<A>()));
            let Some(bytes) = bytes.filter(|bytes| isize::try_from(*bytes).is_ok()) else {
                return Err(
                    ErrorKind::Damaged(format!("a dataset of shape {:?}", self.shape)).into()
                );
            };
            if bytes == 0 {
                return Ok(MappedArray { map: None, dim, of: PhantomData });
            }
            if piece
                .offset
                .checked_add(bytes as u64)
                .is_none_or(|end| piece.file.metadata().is_ok_and(|m| m.len() < end))
            {
                return Err(ErrorKind::Damaged("data outside the file".into()).into());
            }
            // SAFETY: the caller promises that nobody changes the file as long as it is mapped.
            let map =
                unsafe { MmapOptions::new().offset(piece.offset).len(bytes).map(&piece.file)? };
            if !map.as_ptr().cast::<A>().is_aligned() {
                let what = format!(
                    "data at byte {}, which is not aligned for its elements,",
                    piece.offset
                );
                return Err(no_piece(&what)
                    .with_help("save the file again with this crate, which aligns data"));
            }
            Ok(MappedArray { map: Some(map), dim, of: PhantomData })
        };
        map().map_err(|error| held.located(Operation::Load, error))
    }
}
