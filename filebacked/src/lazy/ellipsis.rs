//! [`ellipsis`]: numpy's `...` in what is selected of an array.

use super::selection::too_many;
use crate::error::Result;
use ndarray::{Dimension, IxDyn, SliceArg, SliceInfoElem};
use std::borrow::Cow;

/// A selection with an [`ellipsis`] in it.
#[derive(Debug, Clone)]
pub struct Ellipsis {
    before: Vec<SliceInfoElem>,
    after: Vec<SliceInfoElem>,
}

/// Selects along the first axes what stands before, along the last ones what stands after, and all
/// of those in between, however many there are: numpy's and h5py's `...`, for
/// [`LazyArray::read_slice`](crate::LazyArray::read_slice) and
/// [`write_slice`](crate::LazyArray::write_slice).
///
/// Both are what ndarray's `s![..]` makes, or `[]` for nothing: `a[..., 0]` is
/// `ellipsis([], s![0])`, and `a[0, ..., ::2]` is `ellipsis(s![0], s![..;2])`. What is read is an
/// array of `IxDyn`, of the rank that remains, and so is what is written.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{LazyArray, ellipsis};
/// use ndarray::{ArrayD, IxDyn, s};
///
/// let frames = ArrayD::from_shape_fn(IxDyn(&[10, 4, 3]), |at| at[0] * 100 + at[1] * 10 + at[2]);
/// let frames: LazyArray<usize> = filebacked::from_bytes(&filebacked::to_bytes(&frames)?)?;
/// assert_eq!(frames.read_slice(ellipsis([], s![0]))?.shape(), [10, 4]);
/// assert_eq!(frames.read_slice(ellipsis(s![7], s![..;2]))?.shape(), [4, 2]);
/// # Ok(()) }
/// ```
pub fn ellipsis(
    before: impl AsRef<[SliceInfoElem]>,
    after: impl AsRef<[SliceInfoElem]>,
) -> Ellipsis {
    Ellipsis { before: before.as_ref().to_vec(), after: after.as_ref().to_vec() }
}

/// What selects a part of a [`LazyArray`](crate::LazyArray) of dimension `D`: what ndarray's
/// `s![..]` makes, and [`ellipsis`].
pub trait ArraySlice<D: Dimension> {
    /// The dimension of what is selected.
    type OutDim: Dimension;

    /// What is selected along each axis of an array of this shape.
    #[doc(hidden)]
    fn elements(&self, shape: &[usize]) -> Result<Cow<'_, [SliceInfoElem]>>;
}

impl<D: Dimension, I: SliceArg<D>> ArraySlice<D> for I {
    type OutDim = I::OutDim;

    fn elements(&self, _: &[usize]) -> Result<Cow<'_, [SliceInfoElem]>> {
        Ok(Cow::Borrowed(self.as_ref()))
    }
}

impl<D: Dimension> ArraySlice<D> for Ellipsis {
    type OutDim = IxDyn;

    fn elements(&self, shape: &[usize]) -> Result<Cow<'_, [SliceInfoElem]>> {
        let said =
            self.before.iter().chain(&self.after).filter(|element| !element.is_new_axis()).count();
        let between = shape.len().checked_sub(said).ok_or_else(|| too_many(said, shape))?;
        let all = SliceInfoElem::Slice { start: 0, end: None, step: 1 };
        Ok([&self.before[..], &vec![all; between], &self.after].concat().into())
    }
}
