//! [`DatasetSpec`]: the specification of a new dataset, and the choice of its chunks.

use crate::{AttrSpec, Compression, Dtype, StoredType};

/// The specification of a new dataset, without its bytes.
#[derive(Debug, Clone, Copy)]
pub struct DatasetSpec<'a> {
    /// The datatype of the elements.
    pub dtype: &'a Dtype,
    /// The extent of each dimension; empty for a scalar.
    pub shape: &'a [u64],
    /// The chunk shape, of the same rank, or `None` for the engine's choice (contiguous if nothing
    /// needs chunks).
    pub chunk: Option<&'a [u64]>,
    /// Compression; ignored by engines for scalars and for datasets without elements.
    pub compression: Compression,
    /// Whether each chunk has a checksum; ignored like compression, and for data in an object
    /// header.
    pub fletcher32: bool,
    /// String attributes of the dataset, written in this order.
    pub attrs: &'a [(&'a str, &'a str)],
    /// An attribute that is an i64, written after those.
    pub number: Option<(&'a str, i64)>,
    /// Attributes of any type, written behind those.
    pub more_attrs: &'a [AttrSpec<'a>],
    /// The datatype in the file, if `dtype` does not describe it completely; for
    /// [`Sink::dataset_any`](crate::Sink::dataset_any) only.
    pub stored: Option<&'a StoredType>,
    /// A null dataspace; for [`Sink::dataset_any`](crate::Sink::dataset_any) only.
    pub null: bool,
}

impl DatasetSpec<'_> {
    /// The number of elements, unless that overflows.
    pub fn elements(&self) -> Option<usize> {
        elements(self.shape)
    }
}

/// The number of elements of a shape, unless that overflows.
pub fn elements(shape: &[u64]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, d| n.checked_mul(usize::try_from(*d).ok()?))
}

/// The default size limit of a chunk, in bytes.
pub const CHUNK: usize = 512 << 10;

/// Columns and arrays below this many bytes are not compressed by options for all data.
pub const WORTH_COMPRESSING: usize = 4096;

/// Chooses a chunk shape of at most this many bytes, and more than half of them if the shape
/// allows: whole trailing dimensions, the dimension before them cut evenly, and single steps of the
/// earlier dimensions. So chunks are contiguous in memory if possible.
pub fn chunk_shape(shape: &[u64], element: usize, bytes: usize) -> Vec<u64> {
    let mut left = (bytes / element.max(1)).max(1) as u64;
    let mut chunk = vec![1; shape.len()];
    for (place, dim) in chunk.iter_mut().zip(shape).rev() {
        let dim = (*dim).max(1);
        *place = dim.div_ceil(dim.div_ceil(left));
        left = if *place == dim { left / dim } else { 1 }.max(1);
    }
    chunk
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, chunk_shape};

    #[test]
    fn chunks_fit_the_shape() {
        let chunk = |shape: &[u64], element| chunk_shape(shape, element, CHUNK);
        assert_eq!(chunk(&[10, 3], 8), [10, 3]);
        assert_eq!(chunk(&[1_000_000, 3], 8), [21740, 3]);
        assert_eq!(chunk(&[1000, 1000, 1000], 8), [1, 63, 1000]);
        assert_eq!(chunk(&[5, 1 << 30], 8), [1, 65536]);
        assert_eq!(chunk(&[7, 9], 8 << 20), [1, 1]);
        assert_eq!(chunk(&[2, 1 << 17], 4), [1, 1 << 17]);
        assert_eq!(chunk(&[65536], 8), [65536]);
        assert_eq!(chunk(&[65537], 8), [32769]);
        assert_eq!(chunk(&[0, 4], 8), [1, 4]);
        assert_eq!(chunk_shape(&[u64::MAX], 1, 0), [1]);
    }
}
