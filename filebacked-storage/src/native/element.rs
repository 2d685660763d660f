//! Datatype messages of all versions: what an element is, and how its bytes become that (section
//! IV.A.2.d of the specification).
//!
//! `None` stands for a type that this engine does not know, and for a message that is damaged:
//! libhdf5 tells them apart.

use super::convert::{Change, Step};
use super::datatype;
use crate::{CompoundMember, CompoundType, Dtype, EnumType, IntType, REFERENCE};
use std::borrow::Cow;

/// An element of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Element {
    /// The type in memory. It has the size of the type in the file, unless that has gaps that are
    /// left out.
    pub(super) dtype: Dtype,
    /// Bytes of an element in the file.
    pub(super) size: usize,
    /// The steps from bytes of the file to those of the type in memory.
    pub(super) steps: Vec<Step>,
    /// The pieces of an element that are kept, where others are gaps.
    pub(super) pieces: Vec<Piece>,
    /// Whether `dtype` describes the type of the file completely.
    pub(super) usual: bool,
}

/// Where a piece of an element begins in the file, and its length.
pub(super) type Piece = (usize, usize);

/// The most pieces of an element.
const MOST_PIECES: usize = 1 << 12;

/// How deep types may be nested in each other.
const MAX_NESTING: u32 = 8;

/// Classes, as the lower half of the first byte of a message has them.
mod class {
    pub(super) const INTEGER: u8 = 0;
    pub(super) const FLOAT: u8 = 1;
    pub(super) const TIME: u8 = 2;
    pub(super) const STRING: u8 = 3;
    pub(super) const BITFIELD: u8 = 4;
    pub(super) const OPAQUE: u8 = 5;
    pub(super) const COMPOUND: u8 = 6;
    pub(super) const REFERENCE: u8 = 7;
    pub(super) const ENUM: u8 = 8;
    pub(super) const VLEN: u8 = 9;
    pub(super) const ARRAY: u8 = 10;
}

/// Paddings of text.
const NUL_TERMINATED: u8 = 0;
const NUL_PADDED: u8 = 1;
const SPACE_PADDED: u8 = 2;

/// The character set UTF-8; ASCII is 0.
const UTF8: u8 = 1;

/// Reads a datatype message.
pub(super) fn decode(message: &[u8]) -> Option<Element> {
    if let Some(dtype) = datatype::decode(message) {
        let size = dtype.stored_size();
        return Some(Element { dtype, size, steps: Vec::new(), pieces: Vec::new(), usual: true });
    }
    let mut element = Reader { rest: message }.element(0)?;
    // Strings and sequences have a place in records only.
    let is_whole = match &element.dtype {
        Dtype::Array(part, _) => part.is_flat(),
        _ => true,
    };
    if !is_whole {
        return None;
    }
    // A type that is described completely has its gaps in the description.
    let packed = element.dtype.with_places();
    if !element.usual && packed != element.dtype {
        pieces(&element.dtype, 0, &mut element.pieces)?;
        element.dtype = packed;
    }
    Some(element)
}

/// The bytes of a message that are its type, as libhdf5 encodes a type in memory: a reference to a
/// heap is a pointer there. `None` where a part of the type is one.
pub(super) fn encoded(message: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader { rest: message };
    let element = reader.element(0)?;
    let mut encoded = message.get(..message.len() - reader.rest.len())?.to_vec();
    match element.dtype {
        Dtype::VarStr => *encoded.get_mut(4)? = size_of::<usize>() as u8,
        dtype if dtype.is_plain() => {}
        _ => return None,
    }
    Some(encoded)
}

/// Collects the pieces of an element without its gaps; `None` where there are too many.
fn pieces(dtype: &Dtype, at: usize, found: &mut Vec<Piece>) -> Option<()> {
    match dtype {
        Dtype::Compound(compound) => {
            for member in compound.members.iter() {
                pieces(&member.dtype, at + member.offset, found)?;
            }
        }
        Dtype::Array(part, shape) if **part != part.with_places() => {
            for i in 0..crate::elements(shape)?.min(MOST_PIECES + 1) {
                pieces(part, at + i * part.stored_size(), found)?;
            }
        }
        _ => match found.last_mut() {
            Some((start, len)) if *start + *len == at => *len += dtype.stored_size(),
            _ => found.push((at, dtype.stored_size())),
        },
    }
    (found.len() <= MOST_PIECES).then_some(())
}

/// The bytes of a message that are left.
struct Reader<'m> {
    rest: &'m [u8],
}

impl<'m> Reader<'m> {
    fn take(&mut self, len: usize) -> Option<&'m [u8]> {
        let (found, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(found)
    }

    fn number(&mut self, width: usize) -> Option<usize> {
        usize::try_from(crate::int(self.take(width)?, false)).ok()
    }

    /// A name that ends with a NUL, filled up to a multiple of 8 bytes if `padded`.
    fn name(&mut self, padded: bool) -> Option<Cow<'static, str>> {
        let len = self.rest.iter().position(|byte| *byte == 0)?;
        let taken = if padded { (len + 1).next_multiple_of(8) } else { len + 1 };
        let name = std::str::from_utf8(self.take(taken)?.get(..len)?).ok()?;
        Some(name.to_string().into())
    }

    fn element(&mut self, nesting: u32) -> Option<Element> {
        if nesting > MAX_NESTING {
            return None;
        }
        let head = self.take(8)?;
        let (version, class) = (head[0] >> 4, head[0] & 15);
        let bits = u32::from_le_bytes([head[1], head[2], head[3], 0]);
        let size = u32::from_le_bytes(head[4..8].try_into().ok()?) as usize;
        if !(1..=5).contains(&version) || size == 0 {
            return None;
        }
        match class {
            class::INTEGER => self.integer(bits, size),
            class::FLOAT => self.float(bits, size),
            class::TIME if nesting == 0 => self.time(bits, size),
            class::STRING => string(bits, size),
            class::BITFIELD => self.bitfield(bits, size),
            class::OPAQUE => self.opaque(bits, size),
            class::COMPOUND => self.compound(version, bits as usize & 0xffff, size, nesting),
            class::REFERENCE => match (bits & 15, size) {
                (0, 8) => Some(plain(Dtype::Reference, size)),
                (1, 12) => Some(plain(Dtype::Region, size)),
                _ => None,
            },
            class::ENUM => self.enumeration(version, bits as usize & 0xffff, size, nesting),
            class::VLEN => self.variable(bits, size, nesting),
            class::ARRAY => self.array(version, size, nesting),
            _ => None,
        }
    }

    fn integer(&mut self, bits: u32, size: usize) -> Option<Element> {
        let (shift, precision) = (self.number(2)?, self.number(2)?);
        let (big, signed) = (bits & 1 != 0, bits & 8 != 0);
        let whole = u8::try_from(size).ok().filter(|size| matches!(size, 1 | 2 | 4 | 8))?;
        if bits & !15 != 0 || precision == 0 || shift + precision > size * 8 {
            return None;
        }
        let mut element = plain(Dtype::Int(IntType { size: whole, signed }), size);
        if precision < size * 8 {
            let (shift, bits) = (shift as u32, precision as u32);
            element.change(Change::Widen { size, big, shift, bits, signed });
        } else if big && size > 1 {
            element.change(Change::Swap(size));
        }
        element.usual &= bits & !8 == 0;
        Some(element)
    }

    fn float(&mut self, bits: u32, size: usize) -> Option<Element> {
        let (offset, precision) = (self.number(2)?, self.number(2)?);
        let [exponent_at, exponent, mantissa_at, mantissa] =
            [self.number(1)?, self.number(1)?, self.number(1)?, self.number(1)?];
        let (bias, sign, implied) = (self.number(4)?, (bits >> 8 & 255) as usize, bits >> 4 & 3);
        // The order of the VAX, and bits that mean nothing.
        if bits & 0xff_0040 != 0 || bits & 0x80 != 0 || offset != 0 || mantissa_at != 0 {
            return None;
        }
        let straight = implied == 2
            && precision == size * 8
            && exponent_at == mantissa
            && sign == exponent_at + exponent
            && sign + 1 == size * 8;
        let dtype = match (size, exponent, mantissa, bias) {
            (2, 5, 10, 15) if straight => Dtype::F16,
            (2, 8, 7, 127) if straight => Dtype::Bf16,
            (4, 8, 23, 127) if straight => Dtype::F32,
            (8, 11, 52, 1023) if straight => Dtype::F64,
            (16, 15, 112, 16383) if straight => Dtype::F128,
            (10 | 12 | 16, 15, 64, 16383) if (precision, exponent_at, sign) == (80, 64, 79) => {
                Dtype::F80(size)
            }
            _ => return None,
        };
        let written = matches!(dtype, Dtype::F16 | Dtype::Bf16 | Dtype::F32 | Dtype::F64);
        let mut element = plain(dtype, size);
        if bits & 1 != 0 {
            element.change(Change::Swap(size));
        }
        element.usual &= written && bits & 15 == 0;
        Some(element)
    }

    /// Seconds since 1970, read as the number that they are.
    fn time(&mut self, bits: u32, size: usize) -> Option<Element> {
        self.take(2)?;
        self.bits(bits, size, true)
    }

    /// Bits, read as the number that they are.
    fn bitfield(&mut self, bits: u32, size: usize) -> Option<Element> {
        let (offset, precision) = (self.number(2)?, self.number(2)?);
        let whole = offset == 0 && precision == size * 8;
        if whole || bits & 1 == 0 { self.bits(bits, size, false) } else { None }
    }

    fn bits(&mut self, bits: u32, size: usize, signed: bool) -> Option<Element> {
        let whole = u8::try_from(size).ok().filter(|size| matches!(size, 1 | 2 | 4 | 8))?;
        let mut element = plain(Dtype::Int(IntType { size: whole, signed }), size);
        if bits & 1 != 0 && size > 1 {
            element.change(Change::Swap(size));
        }
        element.usual = false;
        Some(element)
    }

    fn opaque(&mut self, bits: u32, size: usize) -> Option<Element> {
        let tag = self.take(bits as usize & 255)?;
        let end = tag.iter().position(|byte| *byte == 0).unwrap_or(tag.len());
        let tag = String::from_utf8_lossy(tag.get(..end)?).into_owned();
        Some(plain(Dtype::Opaque(size, tag), size))
    }

    fn compound(
        &mut self,
        version: u8,
        count: usize,
        size: usize,
        nesting: u32,
    ) -> Option<Element> {
        let (mut members, mut element) = (Vec::new(), plain(Dtype::U8, size));
        for _ in 0..count {
            let name = self.name(version < 3)?;
            let offset = self.number(if version < 3 { 4 } else { datatype::offset_width(size) })?;
            let shape = if version == 1 { self.extents()? } else { Vec::new() };
            let mut part = self.element(nesting + 1)?;
            if !shape.is_empty() {
                part = repeated(part, shape)?;
            }
            element.usual &= part.usual;
            element.steps.extend(part.steps.into_iter().map(|mut step| {
                step.at += offset;
                step
            }));
            // Sequences and strings take the place of a reference to their heap.
            if offset.checked_add(part.size).is_none_or(|end| end > size) {
                return None;
            }
            members.push(CompoundMember { name, offset, dtype: part.dtype });
        }
        if !datatype::is_apart(&members, size) {
            return None;
        }
        element.dtype = match complex(&members, size) {
            Some((dtype, exchanged)) => {
                if exchanged {
                    element.change(Change::Exchange(size / 2));
                    element.usual = false;
                }
                dtype
            }
            // Two parts that lie in another way.
            None if is_complex(&members) => return None,
            None => Dtype::Compound(CompoundType { size, members: members.into() }),
        };
        Some(element)
    }

    /// The extents of a member that is an array, in compounds of version 1: their number, and four
    /// of them.
    fn extents(&mut self) -> Option<Vec<u64>> {
        let (rank, _) = (self.number(1)?, self.take(11)?);
        let extents = self.take(16)?;
        let extents = extents.as_chunks::<4>().0.iter().map(|n| u32::from_le_bytes(*n).into());
        (rank <= 4).then(|| extents.take(rank).collect())
    }

    fn enumeration(
        &mut self,
        version: u8,
        count: usize,
        size: usize,
        nesting: u32,
    ) -> Option<Element> {
        let base = self.element(nesting + 1)?;
        let Dtype::Int(int) = base.dtype else { return None };
        let big = match &base.steps[..] {
            [] => false,
            [Step { change: Change::Swap(_), .. }] => true,
            _ => return None,
        };
        if base.size != size || count == 0 {
            return None;
        }
        let mut names = Vec::new();
        for _ in 0..count {
            names.push(self.name(version < 3)?);
        }
        let mut members = Vec::with_capacity(names.len());
        for name in names {
            let mut value = self.take(size)?.to_vec();
            if big {
                value.reverse();
            }
            members.push((name, crate::int(&value, int.signed)));
        }
        let is = |(name, value): &(Cow<'_, str>, i128), other: &str, number| {
            *name == other && *value == number
        };
        let (dtype, usual) = match &members[..] {
            [a, b] if size == 1 && is(a, "FALSE", 0) && is(b, "TRUE", 1) => {
                (Dtype::Bool, int.signed)
            }
            [a, b] if size == 1 && is(b, "FALSE", 0) && is(a, "TRUE", 1) => {
                (Dtype::Bool, int.signed)
            }
            _ => (Dtype::Enum(EnumType { base: int, members: members.into() }), true),
        };
        let usual = usual && base.usual;
        Some(Element { dtype, usual, ..base })
    }

    fn variable(&mut self, bits: u32, size: usize, nesting: u32) -> Option<Element> {
        let element = self.element(nesting + 1)?;
        let (kind, padding, charset) = (bits & 15, (bits >> 4 & 15) as u8, (bits >> 8 & 15) as u8);
        if size != REFERENCE || bits >> 12 != 0 {
            return None;
        }
        match kind {
            0 => Some(Element {
                dtype: Dtype::Sequence(Box::new(element.dtype)),
                size,
                steps: Vec::new(),
                pieces: Vec::new(),
                usual: false,
            }),
            1 if element.size == 1 && charset <= UTF8 && padding <= NUL_PADDED => {
                let mut text = plain(Dtype::VarStr, size);
                text.usual = (padding, charset) == (NUL_TERMINATED, UTF8);
                Some(text)
            }
            _ => None,
        }
    }

    fn array(&mut self, version: u8, size: usize, nesting: u32) -> Option<Element> {
        let rank = self.number(1)?;
        if version < 3 {
            self.take(3)?;
        }
        let mut shape = Vec::new();
        for _ in 0..rank {
            shape.push(self.number(4)? as u64);
        }
        if version < 3 {
            // A permutation of the dimensions, which was never used.
            self.take(4 * rank)?;
        }
        let part = self.element(nesting + 1)?;
        repeated(part, shape).filter(|element| element.size == size)
    }
}

/// An element whose bytes are those of the type in memory.
fn plain(dtype: Dtype, size: usize) -> Element {
    Element { dtype, size, steps: Vec::new(), pieces: Vec::new(), usual: true }
}

impl Element {
    /// Adds a change of the whole element.
    fn change(&mut self, change: Change) {
        self.steps.push(Step::whole(self.size, change));
        self.usual = false;
    }
}

fn string(bits: u32, size: usize) -> Option<Element> {
    let (padding, charset) = ((bits & 15) as u8, (bits >> 4 & 15) as u8);
    if bits >> 8 != 0 || charset > UTF8 {
        return None;
    }
    let mut element = plain(Dtype::FixedStr(size), size);
    match padding {
        NUL_TERMINATED => element.change(Change::Terminated(size)),
        NUL_PADDED => element.usual = charset == UTF8,
        SPACE_PADDED => element.change(Change::Spaced(size)),
        _ => return None,
    }
    Some(element)
}

/// An array of elements as one element.
fn repeated(part: Element, shape: Vec<u64>) -> Option<Element> {
    let count = crate::elements(&shape).filter(|count| *count > 0)?;
    let size = part.size.checked_mul(count)?;
    let stride = part.size;
    let steps = match part.steps.is_empty() {
        true => Vec::new(),
        false => vec![Step { at: 0, count, stride, change: Change::Each(part.steps) }],
    };
    let dtype = Dtype::Array(Box::new(part.dtype), shape);
    Some(Element { dtype, size, steps, pieces: Vec::new(), usual: part.usual })
}

/// Whether members are the parts of a complex number.
fn is_complex(members: &[CompoundMember]) -> bool {
    matches!(members, [a, b] if (a.name == "r" && b.name == "i" || a.name == "i" && b.name == "r")
        && a.dtype == b.dtype && matches!(a.dtype, Dtype::F32 | Dtype::F64))
}

/// The complex number that two members without gaps are, and whether its imaginary part is first.
fn complex(members: &[CompoundMember], size: usize) -> Option<(Dtype, bool)> {
    let [a, b] = members else { return None };
    let (dtype, half) = match a.dtype {
        Dtype::F32 => (Dtype::Complex32, 4),
        Dtype::F64 => (Dtype::Complex64, 8),
        _ => return None,
    };
    let (real, imaginary) = if a.name == "r" { (a, b) } else { (b, a) };
    if !is_complex(members) || size != 2 * half {
        return None;
    }
    match (real.offset, imaginary.offset) {
        (0, at) if at == half => Some((dtype, false)),
        (at, 0) if at == half => Some((dtype, true)),
        _ => None,
    }
}
