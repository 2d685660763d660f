//! Builds values from Rust types.

use super::Value;
use super::data::Data;
use super::dataset::Dataset;
use super::group::Group;
use super::map::{Attributes, Map};
use super::number::Numeric;
use crate::error::Result;
use crate::stamp::{LEN, STAMP, Stamp};
use crate::storage::{CompoundMember, CompoundType, Dtype, IntType, Texts};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

impl Value {
    /// Creates the marker of a `None`.
    pub fn none() -> Value {
        Value::none_in(0)
    }

    /// Creates the marker of a `None` inside a number of `Some`.
    pub(super) fn none_in(depth: u32) -> Value {
        Value::stamped(&Stamp::none(depth), Map::new())
    }

    /// Creates a group with a stamp.
    pub(super) fn stamped(stamp: &Stamp<'_>, members: Map) -> Value {
        let attributes = Map::from_iter([(STAMP, attribute(&stamp.to_string()))]);
        Value::Group(Group::from_parts(members, attributes, stamp.is_ordered()))
    }

    /// Creates the group of a table or a list, with its number of rows.
    pub(super) fn rows(stamp: &Stamp<'_>, len: usize, members: Map) -> Value {
        let mut value = Value::stamped(stamp, members);
        value.set_attribute(LEN, len as u64);
        value
    }

    /// Creates a group with these members, in this order.
    pub fn map<K: Into<String>, V: Into<Value>>(
        members: impl IntoIterator<Item = (K, V)>,
    ) -> Value {
        members.into_iter().collect::<Map>().into()
    }

    /// Creates a list of any values, as a numbered group.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::Value;
    ///
    /// let list = Value::list([Value::from(1), "two".into(), Value::none()]);
    /// assert_eq!(list["1"].as_str(), Some("two"));
    /// assert_eq!(filebacked::from_bytes::<Vec<Value>>(&filebacked::to_bytes(&list)?)?.len(), 3);
    /// # Ok(()) }
    /// ```
    pub fn list<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Value {
        let members: Map =
            values.into_iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect();
        Value::rows(&Stamp::kind("list"), members.len(), members)
    }

    /// Creates an array of numbers; see [`Dataset::array`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Contract`](crate::ErrorKind::Contract) if the number of values differs from the
    /// size of the shape.
    pub fn array<T: Numeric>(shape: &[u64], values: Vec<T>) -> Result<Value> {
        Dataset::array(shape, values).map(Value::Dataset)
    }

    /// Texts in a list.
    pub(super) fn texts<T: AsRef<str>>(texts: &[T]) -> Value {
        let (mut total, mut longest, mut nul) = (0usize, 1usize, false);
        for text in texts {
            let text = text.as_ref();
            total += text.len();
            longest = longest.max(text.len());
            nul |= text.as_bytes().contains(&0);
        }
        let shape = vec![texts.len() as u64];
        if nul {
            let mut packed = Texts::default();
            let mut offsets = vec![0u64];
            for text in texts {
                packed.bytes.extend_from_slice(text.as_ref().as_bytes());
                offsets.push(packed.bytes.len() as u64);
            }
            let members =
                Map::from_iter([("bytes", Value::from(packed.bytes)), ("offsets", offsets.into())]);
            return Value::rows(&Stamp::kind("packed"), texts.len(), members);
        }
        if longest.saturating_mul(texts.len()) <= 2 * total + 64 {
            let mut cells = Vec::with_capacity(longest * texts.len());
            for text in texts {
                cells.extend_from_slice(text.as_ref().as_bytes());
                cells.resize(cells.len() + longest - text.as_ref().len(), 0);
            }
            return Dataset::raw(Dtype::FixedStr(longest), shape, Data::Bytes(cells)).into();
        }
        let mut data =
            Texts { bytes: Vec::with_capacity(total), ends: Vec::with_capacity(texts.len()) };
        for text in texts {
            data.bytes.extend_from_slice(text.as_ref().as_bytes());
            data.ends.push(data.bytes.len());
        }
        Dataset::raw(Dtype::VarStr, shape, Data::Texts(data)).into()
    }
}

/// A text as an attribute.
fn attribute(text: &str) -> Value {
    let bytes = if text.is_empty() { vec![0] } else { text.as_bytes().to_vec() };
    Dataset::raw(Dtype::FixedStr(bytes.len()), Vec::new(), Data::Bytes(bytes)).into()
}

macro_rules! from_numbers {
    ($($t:ident)*) => {
        $(
            impl From<$t> for Value {
                fn from(value: $t) -> Self {
                    $t::dataset(vec![value], Vec::new()).into()
                }
            }

            impl From<Vec<$t>> for Value {
                fn from(values: Vec<$t>) -> Self {
                    let shape = vec![values.len() as u64];
                    $t::dataset(values, shape).into()
                }
            }

            impl From<&[$t]> for Value {
                fn from(values: &[$t]) -> Self {
                    values.to_vec().into()
                }
            }

            impl<const N: usize> From<[$t; N]> for Value {
                fn from(values: [$t; N]) -> Self {
                    values.to_vec().into()
                }
            }

            #[cfg(feature = "ndarray")]
            impl<D: ndarray::Dimension> From<ndarray::Array<$t, D>> for Value {
                fn from(array: ndarray::Array<$t, D>) -> Self {
                    let shape = array.shape().iter().map(|extent| *extent as u64).collect();
                    let values = match array.is_standard_layout() {
                        true => {
                            let len = array.len();
                            let (mut values, offset) = array.into_raw_vec_and_offset();
                            values.drain(..offset.unwrap_or(0));
                            values.truncate(len);
                            values
                        }
                        false => array.iter().copied().collect(),
                    };
                    $t::dataset(values, shape).into()
                }
            }
        )*
    };
}
from_numbers! { i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }

macro_rules! from_wide {
    ($($t:ident, $high:ident;)*) => {
        $(
            impl From<$t> for Value {
                fn from(value: $t) -> Self {
                    let bytes = value.to_le_bytes().to_vec();
                    Dataset::raw(wide(Dtype::$high), Vec::new(), Data::Bytes(bytes)).into()
                }
            }
        )*
    };
}
from_wide! { u128, U64; i128, I64; }

/// The type of numbers of 128 bits.
pub(super) fn wide(high: Dtype) -> Dtype {
    let member = |name, offset, dtype| CompoundMember { name: Cow::Borrowed(name), offset, dtype };
    let members = vec![member("lo", 0, Dtype::U64), member("hi", 8, high)];
    Dtype::Compound(CompoundType { size: 16, members: members.into() })
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        (value as u64).into()
    }
}

impl From<isize> for Value {
    fn from(value: isize) -> Self {
        (value as i64).into()
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Dataset::raw(Dtype::Bool, Vec::new(), Data::Bytes(vec![u8::from(value)])).into()
    }
}

impl From<Vec<bool>> for Value {
    fn from(values: Vec<bool>) -> Self {
        let shape = vec![values.len() as u64];
        Dataset::raw(Dtype::Bool, shape, Data::Bytes(values.into_iter().map(u8::from).collect()))
            .into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        if !text.as_bytes().contains(&0) {
            return attribute(text);
        }
        // No HDF5 string has a NUL in it.
        let mut value = Value::from(text.as_bytes().to_vec());
        value.set_attribute(STAMP, attribute("text"));
        value
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Cow<'_, str>> for Value {
    fn from(text: Cow<'_, str>) -> Self {
        (*text).into()
    }
}

impl From<char> for Value {
    fn from(value: char) -> Self {
        let mut bytes = vec![0; 4];
        value.encode_utf8(&mut bytes);
        Dataset::raw(Dtype::FixedStr(4), Vec::new(), Data::Bytes(bytes)).into()
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Value::texts(&texts)
    }
}

impl From<&[String]> for Value {
    fn from(texts: &[String]) -> Self {
        Value::texts(texts)
    }
}

impl From<Vec<&str>> for Value {
    fn from(texts: Vec<&str>) -> Self {
        Value::texts(&texts)
    }
}

impl<const N: usize> From<[&str; N]> for Value {
    fn from(texts: [&str; N]) -> Self {
        Value::texts(&texts)
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Self {
        Value::list(values)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(Value::none, Into::into)
    }
}

impl<K: Into<String>, V: Into<Value>> From<BTreeMap<K, V>> for Value {
    fn from(members: BTreeMap<K, V>) -> Self {
        Value::map(members)
    }
}

impl<K: Into<String> + Ord, V: Into<Value>> From<HashMap<K, V>> for Value {
    /// The members are sorted, so that equal maps give equal values.
    fn from(members: HashMap<K, V>) -> Self {
        Value::map(members.into_iter().collect::<BTreeMap<K, V>>())
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(members: I) -> Self {
        Value::map(members)
    }
}

#[cfg(feature = "complex")]
impl From<num_complex::Complex<f64>> for Value {
    fn from(value: num_complex::Complex<f64>) -> Self {
        let bytes = [value.re.to_le_bytes(), value.im.to_le_bytes()].concat();
        Dataset::raw(Dtype::Complex64, Vec::new(), Data::Bytes(bytes)).into()
    }
}

#[cfg(feature = "half")]
impl From<half::f16> for Value {
    fn from(value: half::f16) -> Self {
        Dataset::raw(Dtype::F16, Vec::new(), Data::Bytes(value.to_le_bytes().to_vec())).into()
    }
}

impl Dataset {
    /// The same dataset with other attributes.
    pub(super) fn with_attributes(mut self, attributes: Map) -> Self {
        self.attributes = Attributes::from(attributes);
        self
    }

    /// Whether elements are integers of this type.
    pub(super) fn is_bytes(&self) -> bool {
        self.dtype == Dtype::Int(IntType { size: 1, signed: false })
    }
}
