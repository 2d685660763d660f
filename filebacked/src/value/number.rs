//! [`Numeric`]: the number types of elements.

use super::data::Data;
use super::dataset::Dataset;
use crate::layout::number::{Any, Number};
use crate::options::Conversion;
use crate::storage::Dtype;

mod sealed {
    pub trait Sealed {}
}

/// A number type of both Rust and HDF5: integers of 8 to 64 bits, `f32` and `f64`. See
/// [`Dataset::array`](super::Dataset::array).
pub trait Numeric: sealed::Sealed + Copy + 'static {
    /// The datatype of the type.
    const DTYPE: Dtype;

    #[doc(hidden)]
    fn slice(dataset: &Dataset) -> Option<&[Self]>;

    #[doc(hidden)]
    fn vec(dataset: Dataset) -> Option<Vec<Self>>;

    #[doc(hidden)]
    fn dataset(values: Vec<Self>, shape: Vec<u64>) -> Dataset;

    #[doc(hidden)]
    fn convert(cell: &[u8], dtype: &Dtype) -> Option<Self>;
}

macro_rules! numeric {
    ($($t:ident = $variant:ident;)*) => {
        $(
            impl sealed::Sealed for $t {}

            impl Numeric for $t {
                const DTYPE: Dtype = Dtype::$variant;

                fn slice(dataset: &Dataset) -> Option<&[Self]> {
                    match &dataset.data {
                        Data::$variant(values) => Some(values),
                        _ => None,
                    }
                }

                fn vec(dataset: Dataset) -> Option<Vec<Self>> {
                    match dataset.data {
                        Data::$variant(values) => Some(values),
                        _ => None,
                    }
                }

                fn dataset(values: Vec<Self>, shape: Vec<u64>) -> Dataset {
                    Dataset::raw(Dtype::$variant, shape, Data::$variant(values))
                }

                fn convert(cell: &[u8], dtype: &Dtype) -> Option<Self> {
                    number(cell, dtype)
                }
            }
        )*
    };
}
numeric! {
    i8 = I8; i16 = I16; i32 = I32; i64 = I64; u8 = U8; u16 = U16; u32 = U32; u64 = U64; f32 = F32; f64 = F64;
}

/// The number in an element of 128 bits, as this crate stores it.
pub(super) fn wide(cell: &[u8], dtype: &Dtype) -> Option<Wide> {
    let Dtype::Compound(compound) = dtype else { return None };
    let [lo, hi] = &compound.members[..] else { return None };
    if lo.name != "lo" || hi.name != "hi" || lo.dtype != Dtype::U64 {
        return None;
    }
    let part =
        |offset: usize| Some(u64::from_le_bytes(cell.get(offset..offset + 8)?.try_into().ok()?));
    let number = u128::from(part(hi.offset)?) << 64 | u128::from(part(lo.offset)?);
    match hi.dtype {
        Dtype::U64 => Some(Wide::Unsigned(number)),
        Dtype::I64 => Some(Wide::Signed(number.cast_signed())),
        _ => None,
    }
}

/// A number of 128 bits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wide {
    Unsigned(u128),
    Signed(i128),
}

/// The number of an element, an enumeration's included.
pub(super) fn number<T: Number>(cell: &[u8], dtype: &Dtype) -> Option<T> {
    let base;
    let dtype = match dtype {
        Dtype::Enum(stored) => {
            base = Dtype::Int(stored.base);
            &base
        }
        other => other,
    };
    Any::decode(cell, dtype)?.convert(Conversion::Checked)
}
