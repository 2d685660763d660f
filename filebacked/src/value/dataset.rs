//! [`Dataset`]: elements of one type with a shape and attributes.

use super::Value;
use super::data::{Data, Ends, TextIter};
use super::item;
use super::map::{Attributes, Map};
use super::number::{self, Numeric};
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::stamp::STAMP;
use crate::storage::{self, AttrSpec, CellForm, Description, Dtype, StoredType};

/// A dataset or an attribute: elements of one type with a shape, or none for a null dataspace.
///
/// ```
/// use filebacked::value::Dataset;
///
/// let numbers = Dataset::array(&[2, 2], vec![1.0, 2.0, 3.0, 4.0]).expect("four numbers");
/// assert_eq!(numbers.shape(), [2, 2]);
/// assert_eq!(numbers.as_slice::<f64>().map(|all| all[3]), Some(4.0));
/// ```
#[derive(Debug, Clone)]
pub struct Dataset {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<u64>,
    pub(super) null: bool,
    pub(super) data: Data,
    pub(super) attributes: Attributes,
    /// The type in the file, if `dtype` does not describe it completely.
    pub(super) stored: Option<StoredType>,
}

impl PartialEq for Dataset {
    fn eq(&self, other: &Self) -> bool {
        self.null == other.null
            && self.shape == other.shape
            && same_type(&self.dtype, &other.dtype)
            && self.data == other.data
            && self.attributes == other.attributes
    }
}

/// Compares types without a `Dtype` by their stored form.
fn same_type(a: &Dtype, b: &Dtype) -> bool {
    match (a, b) {
        (Dtype::Other(_, a), Dtype::Other(_, b)) => a == b,
        _ => a == b,
    }
}

impl Dataset {
    /// Creates a dataset from the bytes of its elements: little-endian, in C order, packed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Contract`] if the number of bytes does not fit the shape;
    /// [`ErrorKind::Unsupported`] for strings of variable length and unknown types.
    pub fn new(dtype: Dtype, shape: &[u64], bytes: Vec<u8>) -> Result<Self> {
        if matches!(dtype, Dtype::VarStr | Dtype::Other(..)) {
            return Err(Error::new(ErrorKind::Unsupported(format!(
                "elements of {dtype} out of bytes"
            )))
            .with_help("`Value::from` makes values of text"));
        }
        let wanted = storage::elements(shape).and_then(|n| n.checked_mul(dtype.size()));
        if wanted != Some(bytes.len()) {
            let what = format!("{} bytes for elements of {dtype}, shape {shape:?}", bytes.len());
            return Err(ErrorKind::Contract(what).into());
        }
        let data = Data::decode(&dtype, bytes);
        Ok(Dataset::raw(dtype, shape.to_vec(), data))
    }

    /// Creates a dataset of numbers with a shape.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Contract`] if the number of values differs from the size of the shape.
    pub fn array<T: Numeric>(shape: &[u64], values: Vec<T>) -> Result<Self> {
        if storage::elements(shape) != Some(values.len()) {
            let what = format!("{} numbers for an array of shape {shape:?}", values.len());
            return Err(ErrorKind::Contract(what).into());
        }
        Ok(T::dataset(values, shape.to_vec()))
    }

    /// Creates a null dataspace: a type without elements.
    pub fn null(dtype: Dtype) -> Self {
        let data = Data::empty(&dtype);
        Dataset { null: true, ..Dataset::raw(dtype, Vec::new(), data) }
    }

    /// Elements that fit their shape.
    pub(super) fn raw(dtype: Dtype, shape: Vec<u64>, data: Data) -> Self {
        Dataset { dtype, shape, null: false, data, attributes: Attributes::default(), stored: None }
    }

    /// Reads a dataset or an attribute.
    pub(crate) fn read(object: &Object<'_>) -> Result<Self> {
        let Description { dtype, shape, null } = object.describe()?;
        let dtype = match dtype {
            dtype if !dtype.is_unusual() || matches!(dtype, Dtype::Other(..)) => dtype,
            dtype => Dtype::Other(dtype.stored_size(), dtype.to_string()),
        };
        let stored = object.source.stored_type(object.handle, Some(&dtype))?;
        let description = Description { dtype, shape, null };
        let data = Data::read(object, &description)?;
        let Description { dtype, shape, null } = description;
        data.check(&dtype, if null { Some(0) } else { storage::elements(&shape) }).or_else(
            |e| match &data {
                // The bytes of a type that is not known are counted by the engine.
                Data::Bytes(_) if matches!(dtype, Dtype::Other(..)) => Ok(()),
                _ => Err(e),
            },
        )?;
        Ok(Dataset { dtype, shape, null, data, attributes: Attributes::default(), stored })
    }

    /// The specification for writing it.
    pub(super) fn spec<'a>(&'a self, name: &'a str) -> AttrSpec<'a> {
        AttrSpec {
            name,
            dtype: &self.dtype,
            stored: self.stored.as_ref(),
            shape: &self.shape,
            null: self.null,
            elements: self.data.elements(),
        }
    }

    /// Returns the datatype of the elements.
    pub fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// Returns the extent of each dimension; empty for a scalar.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Returns whether the dataspace is null, so that there is no element.
    pub fn is_null(&self) -> bool {
        self.null
    }

    /// Returns whether the dataset is a scalar: one element without dimensions.
    pub fn is_scalar(&self) -> bool {
        !self.null && self.shape.is_empty()
    }

    /// Returns the number of elements.
    pub fn size(&self) -> usize {
        if self.null { 0 } else { storage::elements(&self.shape).unwrap_or(0) }
    }

    /// Returns the attributes, including the marks of this crate.
    pub fn attributes(&self) -> &Map {
        self.attributes.get()
    }

    /// Returns the attributes for changing. An attribute itself has no attributes.
    pub fn attributes_mut(&mut self) -> &mut Map {
        self.attributes.get_mut()
    }

    /// Returns all elements in C order, without a copy, if they have exactly this type.
    pub fn as_slice<T: Numeric>(&self) -> Option<&[T]> {
        T::slice(self)
    }

    /// Returns all elements in C order as a vector, without a copy, if they have exactly this type.
    pub fn into_vec<T: Numeric>(self) -> Option<Vec<T>> {
        T::vec(self)
    }

    /// Converts all elements, in C order, to this type, if they are numbers and all fit exactly.
    pub fn to_vec<T: Numeric>(&self) -> Option<Vec<T>> {
        if let Some(values) = self.as_slice::<T>() {
            return Some(values.to_vec());
        }
        let bytes = self.as_bytes()?;
        bytes
            .chunks_exact(self.dtype.size().max(1))
            .map(|cell| T::convert(cell, &self.dtype))
            .collect()
    }

    /// Returns the elements as an array, without a copy, if they have exactly this type.
    #[cfg(feature = "ndarray")]
    pub fn as_array<T: Numeric>(&self) -> Option<ndarray::ArrayViewD<'_, T>> {
        let shape: Option<Vec<usize>> =
            self.shape.iter().map(|extent| usize::try_from(*extent).ok()).collect();
        ndarray::ArrayViewD::from_shape(shape?, self.as_slice::<T>()?).ok()
    }

    /// Returns the bytes of all elements: little-endian, in C order, packed. Elements of unknown
    /// types have their stored bytes. `None` for elements of variable length.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.data.bytes()
    }

    /// Iterates over all texts in C order, as bytes without padding, if the elements are strings.
    pub fn texts(&self) -> Option<TextIter<'_>> {
        match (&self.data, &self.dtype) {
            (Data::Texts(texts), _) => Some(TextIter {
                bytes: &texts.bytes,
                ends: Ends::At { start: 0, ends: texts.ends.iter() },
            }),
            (Data::Bytes(bytes), Dtype::FixedStr(width)) => {
                Some(TextIter { bytes, ends: Ends::Every(*width) })
            }
            _ => None,
        }
    }

    /// The stamp of a dataset that is not plain.
    pub(super) fn form(&self) -> Option<&str> {
        // Most have no attributes at all.
        if self.attributes().is_empty() { None } else { self.attributes().get(STAMP)?.as_str() }
    }

    /// The bytes of an element, if elements are contiguous.
    #[cfg(feature = "serde")]
    pub(super) fn element_size(&self) -> usize {
        match (&self.dtype, self.as_bytes()) {
            (Dtype::Other(..), Some(bytes)) => bytes.len() / self.size().max(1),
            (dtype, _) => dtype.size(),
        }
    }

    /// The text of the element at an index in C order.
    pub(crate) fn text_at(&self, place: usize) -> Option<&[u8]> {
        match (&self.data, &self.dtype) {
            (Data::Texts(texts), _) => {
                let start = place
                    .checked_sub(1)
                    .map_or(Some(0), |before| texts.ends.get(before).copied())?;
                texts.bytes.get(start..*texts.ends.get(place)?)
            }
            (Data::Bytes(bytes), Dtype::FixedStr(width)) => {
                let cells = bytes.get(place.checked_mul(*width)?..)?;
                TextIter { bytes: cells, ends: Ends::Every(*width) }.next()
            }
            _ => None,
        }
    }

    /// The element at an index in C order, for elements with separate parts.
    pub(crate) fn cell_at(&self, place: usize) -> Option<(&CellForm, &storage::Cell)> {
        match &self.data {
            Data::Cells(form, cells) => Some((form, cells.get(place)?)),
            _ => None,
        }
    }

    /// Returns the number of elements along the first dimension; 0 for scalars.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        if self.null {
            0
        } else {
            self.shape.first().map_or(0, |extent| usize::try_from(*extent).unwrap_or(0))
        }
    }

    /// Iterates over the first dimension: scalars of a list, rows of a matrix, one group per row of
    /// a table.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Value> + '_ {
        let size = self.size().checked_div(self.len()).unwrap_or(0);
        (0..self.len()).map(move |i| {
            self.part(i * size..(i + 1) * size, self.shape.get(1..).unwrap_or_default())
        })
    }

    /// Returns the value at an index of the first dimension.
    pub fn at(&self, place: usize) -> Option<Value> {
        (place < self.len()).then(|| {
            let size = self.size() / self.len().max(1);
            self.part(place * size..(place + 1) * size, self.shape.get(1..).unwrap_or_default())
        })
    }

    fn part(&self, range: std::ops::Range<usize>, shape: &[u64]) -> Value {
        let data = self.data.slice(range, &self.dtype);
        let part = Dataset {
            dtype: self.dtype.clone(),
            shape: shape.to_vec(),
            null: false,
            data,
            attributes: Attributes::default(),
            stored: self.stored.clone(),
        };
        item::simplify(part)
    }

    /// The one element of a scalar, as bytes.
    pub(super) fn cell(&self) -> Option<&[u8]> {
        if self.is_scalar() { self.as_bytes() } else { None }
    }

    /// The number that a scalar is, if it fits.
    pub(super) fn as_number<T: crate::layout::number::Number>(&self) -> Option<T> {
        number::number(self.cell()?, &self.dtype)
    }

    /// Returns the text of a scalar, if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        // Text with a NUL in it is stored as its bytes.
        if self.is_bytes() && self.form() == Some("text") {
            return std::str::from_utf8(self.as_bytes()?).ok();
        }
        if !self.is_scalar() {
            return None;
        }
        std::str::from_utf8(self.text_at(0)?).ok()
    }

    /// Returns the target path of a scalar reference; empty for a null reference.
    pub fn as_reference(&self) -> Option<&str> {
        match &self.data {
            Data::Cells(CellForm::Reference, cells) if self.is_scalar() => match cells.first()? {
                storage::Cell::Bytes(path) => std::str::from_utf8(path).ok(),
                storage::Cell::Many(_) => None,
            },
            _ => None,
        }
    }

    /// Returns the name of a scalar of an enumeration, if its number has one.
    pub fn as_name(&self) -> Option<&str> {
        let Dtype::Enum(stored) = &self.dtype else { return None };
        let number: i64 = self.as_number()?;
        stored
            .members
            .iter()
            .find(|(_, value)| *value == i128::from(number))
            .map(|(name, _)| &**name)
    }

    /// Returns the real and imaginary part of a scalar.
    pub fn as_complex(&self) -> Option<(f64, f64)> {
        let cell = self.cell()?;
        let (part, size) = match self.dtype {
            Dtype::Complex32 => (Dtype::F32, 4),
            Dtype::Complex64 => (Dtype::F64, 8),
            _ => return None,
        };
        Some((number::number(cell.get(..size)?, &part)?, number::number(cell.get(size..)?, &part)?))
    }
}

impl From<Dataset> for Value {
    fn from(dataset: Dataset) -> Self {
        Value::Dataset(dataset)
    }
}
