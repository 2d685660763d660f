//! [`ellipsis`]: numpy's `...` in selections of arrays.

use super::selection::too_many;
use crate::error::Result;
use ndarray::{Dimension, IxDyn, SliceArg, SliceInfoElem};
use std::borrow::Cow;

/// A selection with numpy's `...`; see [`ellipsis`] for an example.
#[derive(Debug, Clone)]
pub struct Ellipsis {
    before: Vec<SliceInfoElem>,
    after: Vec<SliceInfoElem>,
}

/// Makes a selection like numpy's and h5py's `...`: `before` applies to the first axes, `after` to
/// the last axes, and the axes in between are selected whole. Use it with
/// [`LazyArray::read_slice`](crate::LazyArray::read_slice) and
/// [`write_slice`](crate::LazyArray::write_slice).
///
/// Both are results of ndarray's `s![..]`, or `[]`: `a[..., 0]` is `ellipsis([], s![0])`, and
/// `a[0, ..., ::2]` is `ellipsis(s![0], s![..;2])`. Arrays that are read or written this way have
/// the dimension type `IxDyn`.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::lazy::ellipsis;
/// use filebacked::LazyArray;
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

/// A selection of a part of a [`LazyArray`](crate::LazyArray) of dimension `D`: the result of
/// ndarray's `s![..]` or of [`ellipsis`], where there are examples.
pub trait ArraySlice<D: Dimension> {
    /// The dimension of the selected part.
    type OutDim: Dimension;

    /// Returns the selection along each axis of an array of this shape.
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
