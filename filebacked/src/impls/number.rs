//! Numbers, bool and char.

use crate::backed::{FileBacked, Save};
use crate::dialect::Concept;
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::absent;
use crate::layout::number::{self, Any};
use crate::layout::scalar::{self, Element, element_is_backed, element_shaped, member, pair};
use crate::node::Node;
use crate::object::Bare;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use crate::storage::{CompoundMember, Dtype};
use std::borrow::Cow;

/// The hooks of types that can be the names of links.
macro_rules! printed_name {
    () => {
        fn is_link_name() -> bool {
            true
        }
        fn name(&self) -> Option<Cow<'_, str>> {
            Some(self.to_string().into())
        }
    };
}

/// Integers: names of links in decimal, so the reading half has a hook too.
macro_rules! integer_is_backed {
    ($($t:ident),*) => {
        $(
            impl Save for $t {
                #[inline]
                fn write(&self, slot: Slot<'_>) -> Result<Written> {
                    Self::write_array(Rows::slice(std::slice::from_ref(self)), &[], slot)
                }
                #[inline]
                fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                    Self::write_array(rows, &[rows.len() as u64], slot)
                }
                fn is_flat(_: u32) -> bool {
                    true
                }
                fn filler() -> Option<Self> {
                    Some(0)
                }
                fn is_number() -> bool {
                    <$t>::BITS <= 64
                }
                fn optional_concept() -> Option<Concept> {
                    // 128-bit integers are compounds.
                    (<$t>::BITS <= 64).then_some(Concept::OptionalIntegers)
                }
                fn key() -> Option<Key<Self>> {
                    Some(Key::new())
                }
                element_shaped!(save);
                printed_name!();
            }

            impl FileBacked for $t {
                fn schema() -> Schema {
                    Schema::Scalar(stringify!($t))
                }
                fn read(node: Node<'_>) -> Result<Self> {
                    Self::read_scalar(&node)
                }
                fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                    Ok(Self::read_array(&node, Some(1))?.0)
                }
                #[inline]
                fn read_bare(bare: &Bare<'_>) -> Result<Option<Self>> {
                    Self::bare_scalar(bare)
                }
                element_shaped!(read);
                fn from_name(name: &str) -> Option<Self> {
                    name.parse().ok()
                }
            }
        )*
    };
}
integer_is_backed!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

macro_rules! number_is_element {
    ($($t:ty),*) => {
        $(
            impl Element for $t {
                #[inline]
                fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
                    number::write(rows, shape, slot)
                }
                fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
                    number::read(node, rank)
                }
                fn read_array_into(node: &Node<'_>, out: &mut [Self]) -> Result<()> {
                    number::read_into(node, out)
                }
                #[inline]
                fn read_scalar(node: &Node<'_>) -> Result<Self> {
                    number::read_scalar(node)
                }
                #[inline]
                fn bare_scalar(bare: &Bare<'_>) -> Result<Option<Self>> {
                    number::read_bare(bare)
                }
            }
        )*
    };
}
number_is_element!(i8, i16, i32, i64, u16, u32, u64, f32, f64);

/// A number and a byte. Many bytes may also be a foreign text, UTF-8 or not.
impl Element for u8 {
    #[inline]
    fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        number::write(rows, shape, slot)
    }

    fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
        if rank == Some(1) {
            let description = node.describe()?;
            if description.dtype.is_text() && description.shape.is_empty() && !description.null {
                let bytes = crate::layout::text::read_bytes(node)?;
                let len = bytes.len();
                return Ok((bytes, vec![len]));
            }
        }
        number::read(node, rank)
    }

    fn read_array_into(node: &Node<'_>, out: &mut [Self]) -> Result<()> {
        number::read_into(node, out)
    }

    #[inline]
    fn read_scalar(node: &Node<'_>) -> Result<Self> {
        number::read_scalar(node)
    }

    #[inline]
    fn bare_scalar(bare: &Bare<'_>) -> Result<Option<Self>> {
        number::read_bare(bare)
    }
}

/// Floats: in a data frame a NaN is what there is not.
macro_rules! float_is_backed {
    ($($t:ident),*) => {
        $(
            element_is_backed!($t, stringify!($t), filler = Some(0.0), flat = true, {
                fn write_optional_rows(values: &[Option<&Self>], slot: Slot<'_>) -> Result<Written> {
                    absent::write_with_gaps(values, <$t>::NAN, slot)
                }
                fn is_gap(&self) -> bool {
                    self.is_nan()
                }
                fn is_number() -> bool {
                    true
                }
            });
        )*
    };
}
float_is_backed!(f32, f64);
element_is_backed!(bool, "bool", filler = Some(false), flat = true, {
    fn optional_concept() -> Option<Concept> {
        Some(Concept::OptionalBools)
    }
});

/// `usize` and `isize` have 64 bits on disk, whatever the machine has.
macro_rules! size_is_element {
    ($($t:ident as $stored:ident),*) => {
        $(
            impl Element for $t {
                fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
                    scalar::write_mapped(rows, shape, slot, |value| *value as $stored)
                }
                fn bare_scalar(bare: &Bare<'_>) -> Result<Option<Self>> {
                    Ok(number::read_bare::<$stored>(bare)?.and_then(|value| $t::try_from(value).ok()))
                }
                fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
                    scalar::read_mapped(node, rank, |value: $stored| {
                        let any = Any::Int(value.into());
                        $t::try_from(value).map_err(|_| number::out_of_range(any, &Dtype::U64, stringify!($t)))
                    })
                }
            }
        )*
    };
}
size_is_element!(usize as u64, isize as i64);

const WIDE_SIGNED: &[CompoundMember; 2] =
    &[member("lo", 0, Dtype::U64), member("hi", 8, Dtype::I64)];
const WIDE_UNSIGNED: &[CompoundMember; 2] =
    &[member("lo", 0, Dtype::U64), member("hi", 8, Dtype::U64)];

/// 128-bit integers in two halves: HDF5's readers have no 16-byte integers.
macro_rules! wide_is_element {
    ($($t:ident, $high:ident, $members:ident;)*) => {
        $(
            impl Element for $t {
                fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
                    scalar::write_cells(rows, &pair($members, 16), shape, slot, |value| value.to_le_bytes())
                }
                fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
                    // Other programs may store values of up to 64 bits as plain integers.
                    match node.describe()?.dtype {
                        Dtype::Int(stored) if !stored.signed => {
                            return scalar::read_mapped(node, rank, |value: u64| Ok(value.into()));
                        }
                        Dtype::Int(_) => {
                            return scalar::read_mapped(node, rank, |value: $high| Ok(value.into()));
                        }
                        _ => {}
                    }
                    scalar::read_pairs(node, rank, stringify!($t), ["lo", "hi"], |lo, hi| {
                        let lo: u64 = scalar::integer(lo, "lower half of an integer")?;
                        let hi: $high = scalar::integer(hi, "upper half of an integer")?;
                        Ok(<$t>::from(hi) << 64 | <$t>::from(lo))
                    })
                }
            }
        )*
    };
}
wide_is_element! {
    i128, i64, WIDE_SIGNED;
    u128, u64, WIDE_UNSIGNED;
}

impl Element for bool {
    fn bare_scalar(bare: &Bare<'_>) -> Result<Option<Self>> {
        // Other bytes are refused where they are looked at more closely.
        Ok(match bare.0.scalar::<u8>(&Dtype::Bool)? {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        })
    }

    fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        scalar::write_bools(rows, shape, slot)
    }

    fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
        scalar::read_bools(node, rank)
    }
}

impl Element for char {
    fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
        scalar::write_cells(rows, &Dtype::FixedStr(4), shape, slot, |value| {
            let mut cell = [0; 4];
            value.encode_utf8(&mut cell);
            cell
        })
    }

    fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
        let (texts, shape) = crate::layout::text::read_array(node, rank)?;
        let char_of = |text: String| {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                // NUL is padding to HDF5.
                (None, _) => Ok('\0'),
                (Some(only), None) => Ok(only),
                _ => Err(Error::new(ErrorKind::Invalid(format!(
                    "{text:?} is not a single character"
                )))),
            }
        };
        Ok((texts.into_iter().map(char_of).collect::<Result<_>>()?, shape))
    }
}

impl Save for char {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        Self::write_array(Rows::slice(std::slice::from_ref(self)), &[], slot)
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        Self::write_array(rows, &[rows.len() as u64], slot)
    }

    fn is_flat(_: u32) -> bool {
        true
    }

    fn filler() -> Option<Self> {
        Some('\0')
    }

    element_shaped!(save);
    printed_name!();

    fn key() -> Option<Key<Self>> {
        Some(Key::new())
    }
}

impl FileBacked for char {
    fn schema() -> Schema {
        Schema::Scalar("char")
    }

    fn read(node: Node<'_>) -> Result<Self> {
        scalar::one(Self::read_array(&node, Some(0))?.0)
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        Ok(Self::read_array(&node, Some(1))?.0)
    }

    element_shaped!(read);

    fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}
