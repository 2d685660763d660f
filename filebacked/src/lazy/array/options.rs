//! [`ArrayOptions`]: how an array is created in a file without an array in memory.

use crate::error::{Error, Result};
use crate::storage::Compression;
use ndarray::Axis;

/// Options for [`LazyArray::create`](crate::LazyArray::create).
///
/// By default the dataset is contiguous with a fixed shape, so `LazyArray::map` can map it. It is
/// chunked if it has a chunk shape, compression, checksums, a larger maximal shape, or (if it is
/// large) a fill value.
///
/// See [`LazyArray::create`](crate::LazyArray::create) for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct ArrayOptions<A> {
    pub(crate) chunk: Option<Vec<usize>>,
    max_shape: Option<Vec<Option<usize>>>,
    unlimited: Vec<usize>,
    pub(crate) compression: Compression,
    pub(crate) fletcher32: bool,
    pub(crate) fill_value: Option<A>,
}

impl<A> Default for ArrayOptions<A> {
    fn default() -> Self {
        ArrayOptions {
            chunk: None,
            max_shape: None,
            unlimited: Vec::new(),
            compression: Compression::None,
            fletcher32: false,
            fill_value: None,
        }
    }
}

impl<A> ArrayOptions<A> {
    /// Returns the default options: contiguous, not compressed, of a fixed shape, filled with
    /// zeros.
    pub fn new() -> Self {
        ArrayOptions::default()
    }

    /// Sets the shape of the chunks, which are read and written as a whole. If only other options
    /// need chunks, these have at most 512 KiB.
    pub fn chunk(mut self, shape: &[usize]) -> Self {
        self.chunk = Some(shape.to_vec());
        self
    }

    /// Sets the largest shape that [`append`](crate::LazyArray::append) and [`resize`](crate::LazyArray::resize)
    /// can reach in place; `None` for no limit along an axis. The default is the initial shape.
    pub fn max_shape(mut self, extents: &[Option<usize>]) -> Self {
        self.max_shape = Some(extents.to_vec());
        self
    }

    /// Lets an axis grow without a limit.
    pub fn unlimited(mut self, axis: Axis) -> Self {
        self.unlimited.push(axis.index());
        self
    }

    /// Compresses the chunks.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Adds a checksum to each chunk.
    pub fn fletcher32(mut self, checksums: bool) -> Self {
        self.fletcher32 = checksums;
        self
    }

    /// Sets the value of elements that were never written, instead of zero, `false` or the empty
    /// text.
    pub fn fill_value(mut self, value: A) -> Self {
        self.fill_value = Some(value);
        self
    }

    /// The largest extents for a shape.
    pub(crate) fn most(&self, shape: &[usize]) -> Result<Vec<Option<u64>>> {
        let mut most: Vec<Option<u64>> = match &self.max_shape {
            Some(most) => most.iter().map(|extent| extent.map(|extent| extent as u64)).collect(),
            None => shape.iter().map(|extent| Some(*extent as u64)).collect(),
        };
        for axis in &self.unlimited {
            let wrong = || {
                Error::mismatch(
                    format!("one of {} axes without a limit", shape.len()),
                    format!("axis {axis}"),
                )
            };
            *most.get_mut(*axis).ok_or_else(wrong)? = None;
        }
        Ok(most)
    }
}
