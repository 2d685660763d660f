//! Datatypes: the part of HDF5's type system that values use.

use std::borrow::Cow;
use std::fmt;

/// An integer type.
///
/// See [`Dtype`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IntType {
    /// The size in bytes: 1, 2, 4 or 8.
    pub size: u8,
    /// Whether it is signed.
    pub signed: bool,
}

/// An HDF5 enumeration: names for values of an integer type. See [`Dtype`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumType {
    /// The integer type of the values.
    pub base: IntType,
    /// Names and values.
    pub members: Cow<'static, [(Cow<'static, str>, i128)]>,
}

/// A member of a compound type.
///
/// See [`Dtype`] for an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompoundMember {
    /// The name.
    pub name: Cow<'static, str>,
    /// Its offset in bytes from the start of the element.
    pub offset: usize,
    /// Its type.
    pub dtype: Dtype,
}

/// An HDF5 compound type: named members at fixed offsets.
///
/// See [`Dtype`] for an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompoundType {
    /// The size of an element in bytes.
    pub size: usize,
    /// The members.
    pub members: Cow<'static, [CompoundMember]>,
}

impl CompoundType {
    /// Creates a compound type without padding.
    pub fn packed(parts: impl Iterator<Item = (Cow<'static, str>, Dtype)>) -> Self {
        let (mut members, mut size) = (Vec::new(), 0usize);
        for (name, dtype) in parts {
            let offset = size;
            size = size.saturating_add(dtype.stored_size());
            members.push(CompoundMember { name, offset, dtype });
        }
        CompoundType { size, members: members.into() }
    }
}

/// The datatype of a dataset or attribute, without its byte order.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::schema::Dtype;
/// use filebacked::{inspect, inspect::Content};
///
/// let tree = inspect::tree_of_bytes(&filebacked::to_bytes(&vec![0.5f64, 1.5])?)?;
/// let Some(Content::Dataset { description, .. }) = tree.get("value").map(|node| &node.content) else {
///     panic!("no dataset");
/// };
/// assert_eq!(description.dtype, Dtype::F64);
/// assert_eq!(description.dtype.to_string(), "f64");
/// assert_eq!(description.shape, [2]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dtype {
    /// An integer of 1, 2, 4 or 8 bytes.
    Int(IntType),
    /// IEEE half precision.
    F16,
    /// bfloat16: 8 bits of exponent, 7 of mantissa.
    Bf16,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
    /// x87 extended precision, C's `long double` on PCs: 80 bits in the given number of bytes (10,
    /// 12 or 16). It is read but not written.
    F80(usize),
    /// IEEE quadruple precision. It is read but not written.
    F128,
    /// h5py's bool: an enumeration of i8 with `FALSE` = 0 and `TRUE` = 1.
    Bool,
    /// h5py's complex: a compound of `r` and `i`, both F32.
    Complex32,
    /// h5py's complex: a compound of `r` and `i`, both F64.
    Complex64,
    /// UTF-8 strings of a fixed number of bytes (at least 1), padded with NUL. Engines convert
    /// other paddings.
    FixedStr(usize),
    /// Like [`Dtype::FixedStr`], but marked as ASCII for any content, as Python's FileBacked does.
    /// It is only written, and read as `FixedStr`.
    AsciiStr(usize),
    /// Variable-length strings.
    VarStr,
    /// An enumeration other than [`Dtype::Bool`].
    Enum(EnumType),
    /// A compound other than a complex number.
    Compound(CompoundType),
    /// An array as an element.
    Array(Box<Dtype>, Vec<u64>),
    /// Opaque bytes with a tag.
    Opaque(usize, String),
    /// References to objects of the file: 8 bytes, the address of the object. Zeros are a null
    /// reference.
    Reference,
    /// References to parts of datasets, 12 bytes. Zeros are a null reference.
    Region,
    /// Sequences of variable length, whose elements are stored separately.
    Sequence(Box<Dtype>),
    /// A type that this crate does not read: its size in bytes and a description.
    Other(usize, String),
}

macro_rules! ints {
    ($($name:ident = $size:literal, $signed:literal;)*) => {
        /// The integer types by their usual names.
        #[allow(missing_docs)]
        impl Dtype {
            $(pub const $name: Dtype = Dtype::Int(IntType { size: $size, signed: $signed });)*
        }
    };
}
ints! {
    I8 = 1, true; I16 = 2, true; I32 = 4, true; I64 = 8, true;
    U8 = 1, false; U16 = 2, false; U32 = 4, false; U64 = 8, false;
}

/// Bytes of a variable-length string among others: in a file a length, and an address in a global
/// heap.
pub const REFERENCE: usize = 16;

impl Dtype {
    /// Bytes of one element among others, where variable-length strings have a place, too.
    pub fn stored_size(&self) -> usize {
        match self {
            Dtype::VarStr => REFERENCE,
            Dtype::Array(element, shape) => {
                let extents =
                    shape.iter().map(|extent| usize::try_from(*extent).unwrap_or(usize::MAX));
                extents.fold(element.stored_size(), usize::saturating_mul)
            }
            _ => self.size(),
        }
    }

    /// The same type with the members of compounds one behind another, strings of variable length
    /// among them.
    pub fn with_places(&self) -> Dtype {
        match self {
            Dtype::Array(element, shape) => {
                Dtype::Array(Box::new(element.with_places()), shape.clone())
            }
            Dtype::Compound(compound) => Dtype::Compound(CompoundType::packed(
                compound
                    .members
                    .iter()
                    .map(|member| (member.name.clone(), member.dtype.with_places())),
            )),
            dtype => dtype.clone(),
        }
    }

    /// Whether the bytes of an element are the element: no part of it is a variable-length string,
    /// or of a type that this library does not read.
    pub fn is_plain(&self) -> bool {
        match self {
            Dtype::VarStr | Dtype::Sequence(_) | Dtype::Other(..) => false,
            Dtype::Compound(compound) => {
                compound.members.iter().all(|member| member.dtype.is_plain())
            }
            Dtype::Array(element, _) => element.is_plain(),
            _ => true,
        }
    }

    /// Whether an element is more than its bytes, or unknown, so that a `Value`
    /// keeps it in a form of its own.
    pub fn is_unusual(&self) -> bool {
        *self != Dtype::VarStr && (!self.is_plain() || self.has_reference())
    }

    /// Returns whether any part of an element is a reference.
    pub fn has_reference(&self) -> bool {
        match self {
            Dtype::Reference | Dtype::Region => true,
            Dtype::Compound(compound) => {
                compound.members.iter().any(|member| member.dtype.has_reference())
            }
            Dtype::Array(element, _) => element.has_reference(),
            _ => false,
        }
    }

    /// Returns the members of a compound type, including complex numbers.
    pub fn members(&self) -> Option<Cow<'_, CompoundType>> {
        let part = match self {
            Dtype::Compound(compound) => return Some(Cow::Borrowed(compound)),
            Dtype::Complex32 => Dtype::F32,
            Dtype::Complex64 => Dtype::F64,
            _ => return None,
        };
        let size = part.size();
        let member =
            |name, offset, dtype| CompoundMember { name: Cow::Borrowed(name), offset, dtype };
        let members = vec![member("r", 0, part.clone()), member("i", size, part)];
        Some(Cow::Owned(CompoundType { size: 2 * size, members: members.into() }))
    }

    /// Returns the bytes of one element in memory; 0 for strings and sequences of variable length,
    /// which are transferred separately.
    pub fn size(&self) -> usize {
        match self {
            Dtype::Int(int) => int.size.into(),
            Dtype::Bool => 1,
            Dtype::F16 | Dtype::Bf16 => 2,
            Dtype::F32 => 4,
            Dtype::F64 | Dtype::Complex32 => 8,
            Dtype::Complex64 => 16,
            Dtype::F128 => 16,
            Dtype::F80(size) | Dtype::FixedStr(size) | Dtype::AsciiStr(size) => *size,
            Dtype::Opaque(size, _) | Dtype::Other(size, _) => *size,
            Dtype::VarStr | Dtype::Sequence(_) => 0,
            Dtype::Reference => 8,
            Dtype::Region => 12,
            Dtype::Enum(e) => e.base.size.into(),
            Dtype::Compound(c) => c.size,
            Dtype::Array(element, shape) => shape.iter().fold(element.size(), |n, d| {
                n.saturating_mul(usize::try_from(*d).unwrap_or(usize::MAX))
            }),
        }
    }

    /// Returns whether the bytes of an element are contiguous.
    pub fn is_flat(&self) -> bool {
        !matches!(self, Dtype::VarStr | Dtype::Sequence(_) | Dtype::Other(..))
    }

    /// Returns whether elements are text, of fixed or variable length.
    pub fn is_text(&self) -> bool {
        matches!(self, Dtype::FixedStr(_) | Dtype::AsciiStr(_) | Dtype::VarStr)
    }
}

impl fmt::Display for IntType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.signed { 'i' } else { 'u' }, u32::from(self.size) * 8)
    }
}

impl fmt::Display for Dtype {
    /// Prints the type in Rust's terms: `f64`, `str[12]`, `enum{Red, Green}`, `{lo: u64, hi: i64}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dtype::Int(int) => int.fmt(f),
            Dtype::F16 => f.write_str("f16"),
            Dtype::Bf16 => f.write_str("bf16"),
            Dtype::F32 => f.write_str("f32"),
            Dtype::F64 => f.write_str("f64"),
            Dtype::F80(_) => f.write_str("f80"),
            Dtype::F128 => f.write_str("f128"),
            Dtype::Bool => f.write_str("bool"),
            Dtype::Complex32 => f.write_str("complex<f32>"),
            Dtype::Complex64 => f.write_str("complex<f64>"),
            Dtype::FixedStr(size) | Dtype::AsciiStr(size) => write!(f, "str[{size}]"),
            Dtype::VarStr => f.write_str("str"),
            Dtype::Enum(e) => {
                let names: Vec<_> = e.members.iter().take(8).map(|(name, _)| &**name).collect();
                write!(
                    f,
                    "enum{{{}{}}}",
                    names.join(", "),
                    if e.members.len() > 8 { ", .." } else { "" }
                )
            }
            Dtype::Compound(c) => {
                f.write_str("{")?;
                for (i, member) in c.members.iter().enumerate() {
                    write!(
                        f,
                        "{}{}: {}",
                        if i > 0 { ", " } else { "" },
                        member.name,
                        member.dtype
                    )?;
                }
                f.write_str("}")
            }
            Dtype::Array(element, shape) => write!(f, "[{element}; {shape:?}]"),
            Dtype::Opaque(size, tag) => write!(f, "opaque[{size}] {tag}"),
            Dtype::Reference => f.write_str("reference"),
            Dtype::Region => f.write_str("region reference"),
            Dtype::Sequence(element) => write!(f, "sequence of {element}"),
            Dtype::Other(_, description) => f.write_str(description),
        }
    }
}
