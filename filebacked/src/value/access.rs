//! Looking into a value: its parts by name, and itself as a number or text.

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
    /// The number of a scalar (a float's too, an enumeration's too), if it fits exactly.
    as_i64 -> i64;
    /// The number of a scalar (a float's too, an enumeration's too), if it fits exactly.
    as_u64 -> u64;
    /// The number of a scalar, if it fits exactly: of integers those that a float of 64 bits has.
    as_f64 -> f64;
}

impl Value {
    /// The group, if it is one.
    pub fn as_group(&self) -> Option<&Group> {
        match self {
            Value::Group(group) => Some(group),
            _ => None,
        }
    }

    /// The group, if it is one.
    pub fn as_group_mut(&mut self) -> Option<&mut Group> {
        match self {
            Value::Group(group) => Some(group),
            _ => None,
        }
    }

    /// The dataset, if it is one.
    pub fn as_dataset(&self) -> Option<&Dataset> {
        match self {
            Value::Dataset(dataset) => Some(dataset),
            _ => None,
        }
    }

    /// The dataset, if it is one.
    pub fn as_dataset_mut(&mut self) -> Option<&mut Dataset> {
        match self {
            Value::Dataset(dataset) => Some(dataset),
            _ => None,
        }
    }

    /// Whether it is the marker of a `None`.
    pub fn is_none(&self) -> bool {
        self.none_depth() == Some(0)
    }

    /// How many `Some` are around the `None` that it is the marker of.
    pub(super) fn none_depth(&self) -> Option<u32> {
        let group = self.as_group()?;
        if !group.members().is_empty() || group.attributes().len() != 1 {
            return None;
        }
        let stamp = group.stamp().filter(|stamp| stamp.kind_name() == "none")?;
        Some(stamp.version().unwrap_or(0))
    }

    /// The text of a scalar string, if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        self.as_dataset()?.as_str()
    }

    /// The truth of a scalar, if it is a bool.
    pub fn as_bool(&self) -> Option<bool> {
        let dataset = self.as_dataset()?;
        match (&dataset.dtype, dataset.cell()?) {
            (Dtype::Bool, [0]) => Some(false),
            (Dtype::Bool, [1]) => Some(true),
            _ => None,
        }
    }

    /// The number of 128 bits that a scalar is, or any smaller integer, if it fits.
    pub fn as_i128(&self) -> Option<i128> {
        match self.wide() {
            Some(Wide::Signed(number)) => Some(number),
            Some(Wide::Unsigned(number)) => number.try_into().ok(),
            None => self.as_i64().map(i128::from).or_else(|| self.as_u64().map(i128::from)),
        }
    }

    /// The number of 128 bits that a scalar is, or any smaller integer, if it fits.
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

    /// The real and imaginary part of a complex scalar.
    pub fn as_complex(&self) -> Option<(f64, f64)> {
        self.as_dataset()?.as_complex()
    }

    /// The bytes of all elements of a dataset: [`Dataset::as_bytes`].
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.as_dataset()?.as_bytes()
    }

    /// All elements in C order, where they are of exactly this type. Nothing is copied.
    pub fn as_slice<T: Numeric>(&self) -> Option<&[T]> {
        self.as_dataset()?.as_slice()
    }

    /// All elements in C order as this type, if they are numbers and each of them fits exactly.
    pub fn to_vec<T: Numeric>(&self) -> Option<Vec<T>> {
        self.as_dataset()?.to_vec()
    }

    /// The elements as an array, where they are of exactly this type. Nothing is copied.
    #[cfg(feature = "ndarray")]
    pub fn as_array<T: Numeric>(&self) -> Option<ndarray::ArrayViewD<'_, T>> {
        self.as_dataset()?.as_array()
    }

    /// The texts of a dataset of strings, in C order, if all of them are UTF-8.
    pub fn to_texts(&self) -> Option<Vec<&str>> {
        self.as_dataset()?.texts()?.map(|text| std::str::from_utf8(text).ok()).collect()
    }

    /// The extent of each dimension of a dataset.
    pub fn shape(&self) -> Option<&[u64]> {
        self.as_dataset().map(Dataset::shape)
    }

    /// The datatype of a dataset or of a committed datatype.
    pub fn dtype(&self) -> Option<&Dtype> {
        match self {
            Value::Dataset(dataset) => Some(dataset.dtype()),
            Value::Datatype(datatype) => Some(datatype.dtype()),
            _ => None,
        }
    }

    /// The attributes, marks of this library included.
    pub fn attributes(&self) -> Option<&Map> {
        match self {
            Value::Group(group) => Some(group.attributes()),
            Value::Dataset(dataset) => Some(dataset.attributes()),
            Value::Datatype(datatype) => Some(datatype.attributes()),
            Value::Link(_) => None,
        }
    }

    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes()?.get(name)
    }

    /// Sets an attribute of a group or dataset, in the place of one that is there, which is given
    /// back.
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

    /// Takes an attribute out.
    pub fn remove_attribute(&mut self, name: &str) -> Option<Value> {
        self.attribute(name)?;
        match self {
            Value::Group(group) => group.attributes_mut().remove(name),
            Value::Dataset(dataset) => dataset.attributes_mut().remove(name),
            Value::Datatype(datatype) => datatype.attributes.get_mut().remove(name),
            Value::Link(_) => None,
        }
    }

    /// The members of a group in their order; nothing of anything else.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.as_group().into_iter().flat_map(|group| group.members().iter())
    }

    /// How many members a group has, or how many elements a dataset has along its first dimension.
    pub fn len(&self) -> usize {
        match self {
            Value::Group(group) => group.members().len(),
            Value::Dataset(dataset) => dataset.len(),
            _ => 0,
        }
    }

    /// Whether there are no members or elements to go through.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is at a place: the member of a group, the element of a dataset along its first
    /// dimension.
    pub fn at(&self, place: usize) -> Option<Value> {
        match self {
            Value::Group(group) => group.members().values().nth(place).cloned(),
            Value::Dataset(dataset) => dataset.at(place),
            _ => None,
        }
    }

    /// The elements one by one, where there are some in an order.
    pub(super) fn into_elements(self) -> Option<Vec<Value>> {
        match &self {
            Value::Dataset(dataset) if !dataset.shape.is_empty() => Some(dataset.iter().collect()),
            _ => None,
        }
    }
}
