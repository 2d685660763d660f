//! A matrix of parts that are checked once.

use sprs::{CompressedStorage, CsMatI, SpIndex};

/// Returns the matrix of these parts, if they are all valid; each index is checked once. `most` is
/// the largest valid index. Otherwise it returns the parts, for an error or for sorting.
#[allow(clippy::type_complexity)]
pub(super) fn matrix<N, I: SpIndex, P: SpIndex>(
    storage: CompressedStorage,
    (rows, cols): (usize, usize),
    most: usize,
    starts: Vec<P>,
    indices: Vec<I>,
    data: Vec<N>,
) -> Result<CsMatI<N, I, P>, (Vec<P>, Vec<I>, Vec<N>)> {
    let (outer, inner) =
        if storage == CompressedStorage::CSR { (rows, cols) } else { (cols, rows) };
    let ends =
        [starts.first(), starts.last()].map(|start| start.and_then(|start| start.try_index()));
    let nnz = indices.len();
    // All checks of sprs.
    let sound = ends == [Some(0), Some(nnz)]
        && data.len() == nnz
        && nnz <= usize::MAX / 2
        && Some(starts.len()) == outer.checked_add(1)
        && P::try_from_usize(starts.len()).is_some()
        && I::try_from_usize(inner).is_some()
        && starts.windows(2).all(|pair| in_order(pair, &indices, inner, most));
    if !sound {
        return Err((starts, indices, data));
    }
    // SAFETY: the parts fit each other, the starts ascend from 0 to the number of values, and the
    // indices of each row or column ascend strictly, from 0 on and below `inner`: all that
    // `check_compressed_structure` checks.
    Ok(unsafe { CsMatI::new_unchecked(storage, (rows, cols), starts, indices, data) })
}

/// Whether a row or column lies between two starts, and its indices ascend, within the bounds.
#[inline]
fn in_order<I: SpIndex, P: SpIndex>(ends: &[P], indices: &[I], inner: usize, most: usize) -> bool {
    let [Some(start), Some(end)] =
        [ends.first(), ends.last()].map(|end| end.and_then(|end| end.try_index()))
    else {
        return false;
    };
    let Some(row) = indices.get(start..end) else { return false };
    let (Some(first), Some(last)) = (row.first(), row.last()) else { return true };
    // Without an early end, the loop takes many at once.
    let ascending =
        row.iter().zip(row.get(1..).unwrap_or_default()).fold(true, |all, (a, b)| all & (a < b));
    ascending
        && first.try_index().is_some()
        && last.try_index().is_some_and(|last| last < inner && last <= most)
}
