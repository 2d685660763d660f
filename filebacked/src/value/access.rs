//! Access to the parts of a value, and to the value as a number or text.

use super::Value;
use super::dataset::Dataset;
use super::group::Group;
use super::map::Map;
use super::number::{self, Numeric, Wide};
use crate::storage::Dtype;

macro_rules! scalars {
    ($($(#[$doc:meta])* $name:ident -> $t:ty;)*) => {
        impl Value {
            $(
                $(#[$doc])*
                pub fn $name(&self) -> Option<$t> {
                    self.as_dataset()?.as_number()
                }
            )*
        }
    };
}
scalars! {
    /// Returns the number of a scalar, also of a float or enumeration, if it fits exactly.
    as_i64 -> i64;
    /// Returns the number of a scalar, also of a float or enumeration, if it fits exactly.
    as_u64 -> u64;
    /// Returns the number of a scalar, if it fits exactly, also for integers.
    as_f64 -> f64;
}

impl Value {
    /// Returns the group, if the value is one.
    pub fn as_group(&self) -> Option<&Group> {
        match self {
            Value::Group(group) => Some(group),
            _ => None,
        }
    }

    /// Returns the group, if the value is one.
    pub fn as_group_mut(&mut self) -> Option<&mut Group> {
        match self {
            Value::Group(group) => Some(group),
            _ => None,
        }
    }

    /// Returns the dataset, if the value is one.
    pub fn as_dataset(&self) -> Option<&Dataset> {
        match self {
            Value::Dataset(dataset) => Some(dataset),
            _ => None,
        }
    }

    /// Returns the dataset, if the value is one.
    pub fn as_dataset_mut(&mut self) -> Option<&mut Dataset> {
        match self {
            Value::Dataset(dataset) => Some(dataset),
            _ => None,
        }
    }

    /// Returns whether the value is the marker of a `None`.
    pub fn is_none(&self) -> bool {
        self.none_depth() == Some(0)
    }

    /// The number of `Some` around the `None` of the marker.
    pub(super) fn none_depth(&self) -> Option<u32> {
        let group = self.as_group()?;
        if !group.members().is_empty() || group.attributes().len() != 1 {
            return None;
        }
        let stamp = group.stamp().filter(|stamp| stamp.kind_name() == "none")?;
        Some(stamp.version().unwrap_or(0))
    }

    /// Returns the text of a scalar string, if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        self.as_dataset()?.as_str()
    }

    /// Returns the value of a scalar bool.
    pub fn as_bool(&self) -> Option<bool> {
        let dataset = self.as_dataset()?;
        match (&dataset.dtype, dataset.cell()?) {
            (Dtype::Bool, [0]) => Some(false),
            (Dtype::Bool, [1]) => Some(true),
            _ => None,
        }
    }

    /// Returns the integer of a scalar of 128 bits or less, if it fits.
    pub fn as_i128(&self) -> Option<i128> {
        match self.wide() {
            Some(Wide::Signed(number)) => Some(number),
            Some(Wide::Unsigned(number)) => number.try_into().ok(),
            None => self.as_i64().map(i128::from).or_else(|| self.as_u64().map(i128::from)),
        }
    }

    /// Returns the integer of a scalar of 128 bits or less, if it fits.
    pub fn as_u128(&self) -> Option<u128> {
        match self.wide() {
            Some(Wide::Signed(number)) => number.try_into().ok(),
            Some(Wide::Unsigned(number)) => Some(number),
            None => self.as_u64().map(u128::from),
        }
    }

    pub(super) fn wide(&self) -> Option<Wide> {
        let dataset = self.as_dataset()?;
        number::wide(dataset.cell()?, &dataset.dtype)
    }

    /// Returns the real and imaginary part of a complex scalar.
    pub fn as_complex(&self) -> Option<(f64, f64)> {
        self.as_dataset()?.as_complex()
    }

    /// Returns the bytes of all elements of a dataset; see [`Dataset::as_bytes`].
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.as_dataset()?.as_bytes()
    }

    /// Returns all elements in C order, without a copy, if they have exactly this type.
    pub fn as_slice<T: Numeric>(&self) -> Option<&[T]> {
        self.as_dataset()?.as_slice()
    }

    /// Converts all elements, in C order, to this type, if they are numbers and all fit exactly.
    pub fn to_vec<T: Numeric>(&self) -> Option<Vec<T>> {
        self.as_dataset()?.to_vec()
    }

    /// Returns the elements as an array, without a copy, if they have exactly this type.
    #[cfg(feature = "ndarray")]
    pub fn as_array<T: Numeric>(&self) -> Option<ndarray::ArrayViewD<'_, T>> {
        self.as_dataset()?.as_array()
    }

    /// Returns the texts of a dataset of strings, in C order, if all are UTF-8.
    pub fn to_texts(&self) -> Option<Vec<&str>> {
        self.as_dataset()?.texts()?.map(|text| std::str::from_utf8(text).ok()).collect()
    }

    /// Returns the extent of each dimension of a dataset.
    pub fn shape(&self) -> Option<&[u64]> {
        self.as_dataset().map(Dataset::shape)
    }

    /// Returns the datatype of a dataset or of a committed datatype.
    pub fn dtype(&self) -> Option<&Dtype> {
        match self {
            Value::Dataset(dataset) => Some(dataset.dtype()),
            Value::Datatype(datatype) => Some(datatype.dtype()),
            _ => None,
        }
    }

    /// Returns the attributes, including the marks of this crate.
    pub fn attributes(&self) -> Option<&Map> {
        match self {
            Value::Group(group) => Some(group.attributes()),
            Value::Dataset(dataset) => Some(dataset.attributes()),
            Value::Datatype(datatype) => Some(datatype.attributes()),
            Value::Link(_) => None,
        }
    }

    /// Returns the attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes()?.get(name)
    }

    /// Sets an attribute of a group or dataset. Returns the replaced attribute.
    pub fn set_attribute(
        &mut self,
        name: impl Into<String>,
        value: impl Into<Value>,
    ) -> Option<Value> {
        match self {
            Value::Group(group) => group.attributes_mut().insert(name, value),
            Value::Dataset(dataset) => dataset.attributes_mut().insert(name, value),
            Value::Datatype(datatype) => datatype.attributes.get_mut().insert(name, value),
            Value::Link(_) => None,
        }
    }

    /// Removes an attribute, and returns it.
    pub fn remove_attribute(&mut self, name: &str) -> Option<Value> {
        self.attribute(name)?;
        match self {
            Value::Group(group) => group.attributes_mut().remove(name),
            Value::Dataset(dataset) => dataset.attributes_mut().remove(name),
            Value::Datatype(datatype) => datatype.attributes.get_mut().remove(name),
            Value::Link(_) => None,
        }
    }

    /// Iterates over the members of a group in their order. Other values have none.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.as_group().into_iter().flat_map(|group| group.members().iter())
    }

    /// Returns the number of members of a group, or of elements of a dataset along its first
    /// dimension.
    pub fn len(&self) -> usize {
        match self {
            Value::Group(group) => group.members().len(),
            Value::Dataset(dataset) => dataset.len(),
            _ => 0,
        }
    }

    /// Returns whether there are no members or elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the member of a group at an index, or the element of a dataset at an index of its
    /// first dimension.
    pub fn at(&self, place: usize) -> Option<Value> {
        match self {
            Value::Group(group) => group.members().values().nth(place).cloned(),
            Value::Dataset(dataset) => dataset.at(place),
            _ => None,
        }
    }

    /// The elements one by one, if the value is a sequence.
    pub(super) fn into_elements(self) -> Option<Vec<Value>> {
        match &self {
            Value::Dataset(dataset) if !dataset.shape.is_empty() => Some(dataset.iter().collect()),
            _ => None,
        }
    }
}
