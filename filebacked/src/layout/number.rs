//! Numbers: scalars and datasets of the matching HDF5 type, and what is accepted in their place on
//! reading.
//!
//! ```text
//! x            f64, i32, u8, ...: a scalar, (n) for many, any shape for arrays
//! ```

use crate::error::{Error, ErrorKind, Result};
use crate::foreign::line;
use crate::layout::categorical;
use crate::node::{Node, say};
use crate::object::Bare;
use crate::options::Conversion;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
pub(crate) use crate::storage::int;
use crate::storage::{self, Description, Dtype, Plain};

/// A number type of HDF5 that Rust has too.
pub(crate) trait Number: Plain {
    /// The datatype.
    const DTYPE: Dtype;
    /// Its name in Rust.
    const NAME: &'static str;
    /// The numbers that it can hold.
    const RANGE: Range;

    /// The number, if it fits: exactly, or as the nearest float.
    fn from_int(value: i128, rounded: bool) -> Option<Self>;

    /// The number, if it fits: exactly, or rounded to the nearest.
    fn from_float(value: f64, rounded: bool) -> Option<Self>;
}

/// The numbers that a type can hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Range {
    /// Integers of that many bits, with or without a sign.
    Int {
        /// Bits.
        bits: u32,
        /// Whether it has a sign.
        signed: bool,
    },
    /// Floats of that many binary digits and that many bits of exponent.
    Float {
        /// Binary digits, the leading one included.
        digits: u32,
        /// Bits of exponent.
        exponent: u32,
    },
}

impl Range {
    /// The numbers of a stored type.
    fn of(dtype: &Dtype) -> Option<Range> {
        Some(match dtype {
            Dtype::Int(int) => Range::Int { bits: u32::from(int.size) * 8, signed: int.signed },
            Dtype::F16 => Range::Float { digits: 11, exponent: 5 },
            Dtype::Bf16 => Range::Float { digits: 8, exponent: 8 },
            Dtype::F32 => Range::Float { digits: 24, exponent: 8 },
            Dtype::F64 => Range::Float { digits: 53, exponent: 11 },
            Dtype::F80(_) => Range::Float { digits: 64, exponent: 15 },
            Dtype::F128 => Range::Float { digits: 113, exponent: 15 },
            Dtype::Bool => Range::Int { bits: 1, signed: false },
            _ => return None,
        })
    }

    /// Whether every number of the other type is one of this.
    fn holds(self, other: Range) -> bool {
        match (self, other) {
            (Range::Int { bits, signed }, Range::Int { bits: b, signed: s }) => {
                if signed == s {
                    bits >= b
                } else {
                    signed && bits > b
                }
            }
            (Range::Float { digits, exponent }, Range::Int { bits: b, signed: s }) => {
                let b = b - u32::from(s);
                digits >= b && (1u32 << (exponent - 1)) > b
            }
            (Range::Float { digits, exponent }, Range::Float { digits: d, exponent: e }) => {
                digits >= d && exponent >= e
            }
            (Range::Int { .. }, Range::Float { .. }) => false,
        }
    }
}

macro_rules! ints {
    ($($t:ident = $dtype:ident, $signed:literal;)*) => {
        $(
            impl Number for $t {
                const DTYPE: Dtype = Dtype::$dtype;
                const NAME: &'static str = stringify!($t);
                const RANGE: Range = Range::Int { bits: $t::BITS, signed: $signed };

                fn from_int(value: i128, _: bool) -> Option<Self> {
                    value.try_into().ok()
                }

                fn from_float(value: f64, rounded: bool) -> Option<Self> {
                    // The cast is exact for whole numbers below 2^127, which is beyond every type
                    // here.
                    let whole = value.round_ties_even();
                    // No integer is -0.0.
                    let exact = whole == value && (value != 0.0 || value.is_sign_positive());
                    (whole.abs() < 1e38 && (rounded || exact)).then_some(whole as i128)?.try_into().ok()
                }
            }
        )*
    };
}
ints! {
    i8 = I8, true; i16 = I16, true; i32 = I32, true; i64 = I64, true;
    u8 = U8, false; u16 = U16, false; u32 = U32, false; u64 = U64, false;
}

macro_rules! floats {
    ($($t:ident = $dtype:ident, $digits:literal, $exponent:literal;)*) => {
        $(
            impl Number for $t {
                const DTYPE: Dtype = Dtype::$dtype;
                const NAME: &'static str = stringify!($t);
                const RANGE: Range = Range::Float { digits: $digits, exponent: $exponent };

                fn from_int(value: i128, rounded: bool) -> Option<Self> {
                    let float = value as $t;
                    (rounded || float as i128 == value).then_some(float)
                }

                fn from_float(value: f64, rounded: bool) -> Option<Self> {
                    let float = value as $t;
                    let fits = f64::from(float) == value || value.is_nan() || (rounded && float.is_finite());
                    fits.then_some(float)
                }
            }
        )*
    };
}
floats! { f32 = F32, 24, 8; f64 = F64, 53, 11; }

/// A number of any type, for conversions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Any {
    Int(i128),
    Float(f64),
    /// The nearest to a float that has more digits, or a wider range, than any type of Rust.
    Rounded(f64),
}

impl Any {
    /// The number in the first bytes of an element.
    pub(crate) fn decode(cell: &[u8], dtype: &Dtype) -> Option<Any> {
        let cell = cell.get(..dtype.size())?;
        Some(match dtype {
            Dtype::Int(integer) => Any::Int(int(cell, integer.signed)),
            Dtype::F64 => Any::Float(f64::from_le_bytes(cell.try_into().ok()?)),
            Dtype::F32 => Any::Float(f32::from_le_bytes(cell.try_into().ok()?).into()),
            Dtype::Bf16 => Any::Float(
                f32::from_bits(u32::from(u16::from_le_bytes(cell.try_into().ok()?)) << 16).into(),
            ),
            Dtype::F16 => Any::Float(half_to_f64(u16::from_le_bytes(cell.try_into().ok()?))),
            Dtype::F80(_) => {
                let (mantissa, top) = cell.get(..10)?.split_at(8);
                let mantissa = u64::from_le_bytes(mantissa.try_into().ok()?);
                // The leading digit is stored: infinity has it and no other.
                wide(
                    u16::from_le_bytes(top.try_into().ok()?),
                    mantissa.into(),
                    63,
                    mantissa << 1 == 0,
                )
            }
            Dtype::F128 => {
                let bits = u128::from_le_bytes(cell.try_into().ok()?);
                let (top, fraction) = ((bits >> 112) as u16, bits & (u128::MAX >> 16));
                let leading = u128::from(top & 0x7fff != 0) << 112;
                wide(top, fraction | leading, 112, fraction == 0)
            }
            Dtype::Bool => match cell {
                [value @ (0 | 1)] => Any::Int((*value).into()),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The number as another type, as the options allow.
    pub(crate) fn convert<T: Number>(self, policy: Conversion) -> Option<T> {
        let rounded = policy == Conversion::Any;
        match self {
            Any::Int(value) => T::from_int(value, rounded),
            Any::Float(value) => T::from_float(value, rounded),
            Any::Rounded(value) => {
                T::from_float(value, true).filter(|_| rounded && value.is_finite())
            }
        }
    }
}

impl std::fmt::Display for Any {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Any::Int(value) => value.fmt(f),
            Any::Float(value) | Any::Rounded(value) => value.fmt(f),
        }
    }
}

/// The number of a float with a sign and 15 bits of exponent in `top`, whose mantissa has `point`
/// digits behind the point.
fn wide(top: u16, mantissa: u128, point: i32, is_infinite: bool) -> Any {
    let sign = if top & 0x8000 != 0 { -1.0 } else { 1.0 };
    match i32::from(top & 0x7fff) {
        0x7fff if is_infinite => Any::Float(sign * f64::INFINITY),
        0x7fff => Any::Float(f64::NAN),
        exponent => match nearest(mantissa, exponent.max(1) - 16383 - point) {
            (value, true) => Any::Float(sign * value),
            (value, false) => Any::Rounded(sign * value),
        },
    }
}

/// The float that is nearest to `mantissa * 2^exponent`, ties to even, and whether it is that
/// number.
fn nearest(mantissa: u128, exponent: i32) -> (f64, bool) {
    let digits = (u128::BITS - mantissa.leading_zeros()) as i32;
    if digits == 0 {
        return (0.0, true);
    }
    let top = exponent + digits - 1;
    if top > 1023 {
        return (f64::INFINITY, false);
    }
    // Below the normal numbers, digits are lost from the end.
    let keep = 53 - (-1022 - top).max(0);
    if keep < 0 {
        return (0.0, false);
    }
    let drop = (digits - keep).max(0);
    let rest = mantissa & !(u128::MAX.checked_shl(drop as u32).unwrap_or(0));
    let mut kept = mantissa.checked_shr(drop as u32).unwrap_or(0);
    let half = if drop == 0 { 1 } else { 1u128 << (drop - 1) };
    if rest > half || (rest == half && kept & 1 == 1) {
        kept += 1;
    }
    let scale = exponent + drop;
    // Powers of two as bits; those below the normal numbers have a single digit.
    let power = if scale >= -1022 { ((scale + 1023) as u64) << 52 } else { 1 << (scale + 1074) };
    (kept as f64 * f64::from_bits(power), rest == 0)
}

/// IEEE 754 binary16 to binary64, exactly.
pub(crate) fn half_to_f64(bits: u16) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => mantissa * 2f64.powi(-24),
        0x1f if mantissa == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1024.0 + mantissa) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 != 0 { -size } else { size }
}

/// The requested type, in words.
pub(crate) fn wanted(name: &str, rank: Option<usize>) -> String {
    match rank {
        Some(0) => format!("a scalar of {name}"),
        Some(rank) => format!("a {rank}-dimensional dataset of {name}"),
        None => format!("a dataset of {name}"),
    }
}

/// The shape as memory has it, checked against the rank that is asked for. A null dataspace has no
/// elements.
pub(crate) fn shape(
    node: &Node<'_>,
    description: &Description,
    name: &str,
    rank: Option<usize>,
) -> Result<Vec<usize>> {
    if description.null {
        return match rank {
            Some(1) | None => Ok(vec![0]),
            _ => Err(node.unexpected(wanted(name, rank))),
        };
    }
    if rank.is_some_and(|rank| rank != description.shape.len()) {
        let shape = match rank {
            _ if node.ours => None,
            Some(0) => (description.elements() == Some(1)).then(Vec::new),
            Some(1) => line(&description.shape)
                .and_then(|extent| Some(vec![usize::try_from(extent).ok()?])),
            _ => None,
        };
        return shape.ok_or_else(|| node.unexpected(wanted(name, rank)));
    }
    let extent = |extent: &u64| {
        usize::try_from(*extent).map_err(|_| Error::new(ErrorKind::Damaged(say(description))))
    };
    description.shape.iter().map(extent).collect()
}

/// Writes numbers: those that lie side by side without a copy.
pub(crate) fn write<T: Number>(
    rows: Rows<'_, T>,
    shape: &[u64],
    slot: Slot<'_>,
) -> Result<Written> {
    match rows.as_slice() {
        Some(values) => slot.dataset(&T::DTYPE, shape, storage::as_bytes(values)),
        None => slot.dataset_fill(&T::DTYPE, shape, &mut |out| match rows.pieces() {
            Some(pieces) => pieces.for_each(|piece| out.put(storage::as_bytes(piece))),
            None => rows.for_each(|value| out.put(storage::as_bytes(std::slice::from_ref(value)))),
        }),
    }
}

/// Reads the number of an object without attributes, if it is of the very type.
#[inline]
pub(crate) fn read_bare<T: Number>(bare: &Bare<'_>) -> Result<Option<T>> {
    bare.0.scalar(&T::DTYPE)
}

/// Reads one number.
#[inline]
pub(crate) fn read_scalar<T: Number>(node: &Node<'_>) -> Result<T> {
    node.readable()?;
    match node.object.scalar(&T::DTYPE)? {
        Some(value) => Ok(value),
        None => crate::layout::scalar::one(read(node, Some(0))?.0),
    }
}

/// Whether numbers of a stored type are looked at where `T` is asked for.
pub(crate) fn accepts<T: Number>(dtype: &Dtype, policy: Conversion) -> bool {
    match (policy, Range::of(dtype)) {
        _ if *dtype == T::DTYPE => true,
        (_, None) | (Conversion::Exact, _) => false,
        (Conversion::Widen, Some(stored)) => T::RANGE.holds(stored),
        (Conversion::Checked | Conversion::Any, Some(_)) => true,
    }
}

/// Reads numbers, and their shape. Other number types are converted as the options allow.
pub(crate) fn read<T: Number>(
    node: &Node<'_>,
    rank: Option<usize>,
) -> Result<(Vec<T>, Vec<usize>)> {
    if let Some(column) = categorical::open(node)? {
        return column.rows(rank, |categories| Ok(read::<T>(categories, Some(1))?.0), |_| 0);
    }
    let description = node.describe()?;
    let shape = shape(node, &description, T::NAME, rank)?;
    if description.dtype == T::DTYPE {
        return Ok((node.object.elements(&description)?, shape));
    }
    let (stored, bytes) = convertible::<T>(node, &description, rank)?;
    let mut values = Vec::with_capacity(bytes.len() / stored.size());
    converted(&bytes, &stored, node.context().conversion(), |value| values.push(value))?;
    Ok((values, shape))
}

/// Reads numbers into memory of theirs, whose length is their number.
pub(crate) fn read_into<T: Number>(node: &Node<'_>, out: &mut [T]) -> Result<()> {
    let description = node.describe()?;
    if description.dtype == T::DTYPE {
        return node.object.read_into(&description, out);
    }
    let (stored, bytes) = convertible::<T>(node, &description, None)?;
    let mut places = out.iter_mut();
    converted(&bytes, &stored, node.context().conversion(), |value| {
        if let Some(place) = places.next() {
            *place = value;
        }
    })
}

/// The bytes of numbers of another type and that type, if the options allow to look at them.
fn convertible<T: Number>(
    node: &Node<'_>,
    description: &Description,
    rank: Option<usize>,
) -> Result<(Dtype, Vec<u8>)> {
    let stored = match &description.dtype {
        // In foreign files an enumeration may also stand for its numbers.
        Dtype::Enum(named) if !node.ours => Dtype::Int(named.base),
        stored => stored.clone(),
    };
    if accepts::<T>(&stored, node.context().conversion()) {
        return Ok((stored, node.object.elements::<u8>(description)?));
    }
    let error = node.unexpected(wanted(T::NAME, rank));
    Err(match Range::of(&stored) {
        Some(_) => error.with_help("set `ReadOptions::conversion` to accept other number types"),
        None => error,
    })
}

/// Converts the bytes of numbers to another number type, exactly; `None` unless both are number
/// types.
#[cfg(all(feature = "libhdf5", feature = "ndarray"))]
pub(crate) fn recoded(bytes: &[u8], from: &Dtype, to: &Dtype) -> Result<Option<Vec<u8>>> {
    fn recode<T: Number>(bytes: &[u8], from: &Dtype) -> Result<Option<Vec<u8>>> {
        if !accepts::<T>(from, Conversion::Checked) {
            return Ok(None);
        }
        let mut out = Vec::with_capacity(bytes.len() / from.size().max(1) * size_of::<T>());
        converted::<T>(bytes, from, Conversion::Checked, |value| {
            out.extend_from_slice(storage::as_bytes(&[value]))
        })?;
        Ok(Some(out))
    }
    match to {
        &Dtype::I8 => recode::<i8>(bytes, from),
        &Dtype::I16 => recode::<i16>(bytes, from),
        &Dtype::I32 => recode::<i32>(bytes, from),
        &Dtype::I64 => recode::<i64>(bytes, from),
        &Dtype::U8 => recode::<u8>(bytes, from),
        &Dtype::U16 => recode::<u16>(bytes, from),
        &Dtype::U32 => recode::<u32>(bytes, from),
        &Dtype::U64 => recode::<u64>(bytes, from),
        Dtype::F32 => recode::<f32>(bytes, from),
        Dtype::F64 => recode::<f64>(bytes, from),
        _ => Ok(None),
    }
}

/// Converts numbers of a type as the options allow.
fn converted<T: Number>(
    bytes: &[u8],
    dtype: &Dtype,
    policy: Conversion,
    mut put: impl FnMut(T),
) -> Result<()> {
    for cell in bytes.chunks_exact(dtype.size()) {
        let any = Any::decode(cell, dtype).ok_or_else(|| no_bool(cell))?;
        put(any.convert::<T>(policy).ok_or_else(|| out_of_range(any, dtype, T::NAME))?);
    }
    Ok(())
}

/// Every stored type with a range decodes, and every cell of it but that of a bool.
#[cold]
fn no_bool(cell: &[u8]) -> Error {
    ErrorKind::Invalid(format!("{} is not a bool", int(cell, false))).into()
}

#[cold]
pub(crate) fn out_of_range(value: Any, stored: &Dtype, wanted: &str) -> Error {
    Error::new(ErrorKind::OutOfRange {
        value: value.to_string(),
        stored: stored.to_string(),
        wanted: wanted.to_string(),
    })
    .with_help(format!("declare the field as `{stored}`, or as a type that holds the number"))
}
