//! [`ArrayOptions`], and the creation of arrays in a file without an array in memory.

use super::LazyArray;
use super::countable;
use super::elements::take_elements;
use crate::error::{Error, Operation, Result};
use crate::file::File;
use crate::layout::scalar::Element;
use crate::storage::libhdf5::NewDataset;
use crate::storage::{self, Compression, Dtype, Elements};
use ndarray::{Array1, Axis, Dimension, IntoDimension};

/// Options for [`LazyArray::create`].
///
/// By default the dataset is contiguous with a fixed shape, so `LazyArray::map` can map it. It is
/// chunked if it has a chunk shape, compression, checksums, a larger maximal shape, or (if it is
/// large) a fill value.
///
/// See [`LazyArray::create`] for an example.
#[derive(Debug, Clone)]
#[must_use]
pub struct ArrayOptions<A> {
    chunk: Option<Vec<usize>>,
    max_shape: Option<Vec<Option<usize>>>,
    unlimited: Vec<usize>,
    compression: Compression,
    fletcher32: bool,
    fill_value: Option<A>,
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

    /// Sets the largest shape that [`append`](LazyArray::append) and [`resize`](LazyArray::resize)
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
    fn most(&self, shape: &[usize]) -> Result<Vec<Option<u64>>> {
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

impl<A: Element + Clone, D: Dimension + 'static> LazyArray<A, D> {
    /// Creates an array in a file without writing elements, and returns a handle that writes to it.
    /// `/` in the name separates groups; missing groups are created.
    ///
    /// ```text
    /// frames       the elements' type, in this shape; chunked where the options say so
    /// ```
    ///
    /// Elements that were never written read as zeros or the fill value, and take no space on file
    /// systems with sparse files. Text has variable length.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::{ArrayOptions, Compression, File, LazyArray};
    /// use ndarray::{Array2, Ix2, s};
    ///
    /// # let dir = std::env::temp_dir().join(format!("filebacked-create-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// # let path = dir.join("sky.h5");
    /// let file = File::create(&path)?;
    /// let options = ArrayOptions::new().chunk(&[256, 256]).compression(Compression::Gzip(4)).fill_value(f32::NAN);
    /// let mut sky = LazyArray::<f32, Ix2>::create(&file, "survey/sky", (100_000, 100_000), &options)?; // 40 GB
    /// sky.write_slice(s![512..768, 1024..1280], &Array2::ones((256, 256)))?; // one chunk
    /// assert!(sky.read_slice(s![0, 0])?.into_scalar().is_nan());
    /// assert_eq!(sky.read_slice(s![600, 1100])?.into_scalar(), 1.0);
    /// # drop((sky, file)); std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`](crate::ErrorKind::Exists) if the name is in use,
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly) if the file was opened for reading,
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) for options with another number of
    /// dimensions, or any error of libhdf5.
    pub fn create(
        file: &File,
        name: &str,
        shape: impl IntoDimension<Dim = D>,
        options: &ArrayOptions<A>,
    ) -> Result<Self> {
        let shape = shape.into_dimension();
        make(file, name, shape.slice(), options)
            .map_err(|error| error.at(name).during(Operation::Create).in_file(file.path()))?;
        file.read(name)
    }
}

fn make<A: Element + Clone>(
    file: &File,
    name: &str,
    shape: &[usize],
    options: &ArrayOptions<A>,
) -> Result<()> {
    storage::check(options.compression)?;
    countable(shape)?;
    let mut dtype = None;
    take_elements(&Array1::<A>::from_vec(Vec::new()), |found, _| {
        dtype = Some(match found {
            // Of no text at all the longest has no length that means anything.
            Dtype::FixedStr(1) => Dtype::VarStr,
            found => found.clone(),
        });
        Ok(())
    })?;
    let mut fill = None;
    if let Some(value) = &options.fill_value {
        take_elements(&Array1::from_elem(1, value.clone()), |_, elements| {
            fill = match elements {
                Elements::Bytes(bytes) => Some(bytes.to_vec()),
                Elements::Texts(texts) => Some(texts.bytes.clone()),
                Elements::Cells(..) => None,
            };
            Ok(())
        })?;
    }
    let Some(dtype) = dtype else {
        return Err(crate::ErrorKind::Contract("elements that are not a dataset".into()).into());
    };
    let wide = |shape: &[usize]| shape.iter().map(|extent| *extent as u64).collect::<Vec<_>>();
    let (chunk, shape, most) =
        (options.chunk.as_deref().map(wide), wide(shape), options.most(shape)?);
    file.create_dataset(
        name,
        &NewDataset {
            dtype: &dtype,
            shape: &shape,
            most: &most,
            chunk: chunk.as_deref(),
            compression: options.compression,
            fletcher32: options.fletcher32,
            fill: fill.as_deref(),
        },
    )
}
