//! Creates arrays in an open file without their elements: [`LazyArray::create`].

use super::{File, reach};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::layout::scalar::Element;
use crate::lazy::LazyArray;
use crate::lazy::array::elements::take_elements;
use crate::lazy::array::{ArrayOptions, countable};
use crate::storage::libhdf5::{self, NewDataset};
use crate::storage::{self, Dtype, Elements, path};
use ndarray::{Array1, Dimension, IntoDimension};

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
    /// use filebacked::lazy::ArrayOptions;
    /// use filebacked::{Compression, File, LazyArray};
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
    /// [`ErrorKind::Exists`] if the name is in use,
    /// [`ErrorKind::ReadOnly`] if the file was opened for reading,
    /// [`ErrorKind::Mismatch`] for options with another number of
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
        return Err(ErrorKind::Contract("elements that are not a dataset".into()).into());
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

impl File {
    /// Creates a dataset under a name that is not in use.
    fn create_dataset(&self, name: &str, what: &NewDataset<'_>) -> Result<()> {
        let root = self.lib.root()?;
        let parts = path::parts(name)?;
        let Some((leaf, groups)) = parts.split_last() else {
            return Err(ErrorKind::Missing.into());
        };
        let (group, missing) = reach(&root, groups)?;
        if missing.is_empty() && libhdf5::exists(&group, leaf)? {
            return Err(Error::new(ErrorKind::Exists)
                .with_help("use `File::read` for a handle to the existing dataset"));
        }
        let _change = libhdf5::begin(&root)?;
        libhdf5::create(&root, groups, leaf, what)
    }
}
