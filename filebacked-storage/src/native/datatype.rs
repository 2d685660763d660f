//! Datatype messages: what an element is, as bytes in a file.

use crate::{CompoundMember, CompoundType, Dtype, EnumType, IntType, REFERENCE};
use std::borrow::Cow;

const F16: &[u8] = &[0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0];
const BF16: &[u8] = &[0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 7, 8, 0, 7, 127, 0, 0, 0];
const F32: &[u8] = &[0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
const F64: &[u8] = &[0x11, 0x20, 63, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0];
const U8: &[u8] = &[0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0];
const BOOL: &[u8] = b"\x38\x02\0\0\x01\0\0\0\x10\x08\0\0\x01\0\0\0\0\0\x08\0FALSE\0TRUE\0\0\x01";

/// The whole message of references to objects.
pub(super) const REFERENCE_TO_OBJECT: [u8; 8] = [0x17, 0, 0, 0, 8, 0, 0, 0];

/// Versions and classes, as the first byte of a message has them.
const INTEGER: u8 = 0x10;
const STRING: u8 = 0x13;
const OPAQUE: u8 = 0x15;
const COMPOUND: u8 = 0x36;
const ENUMERATION: u8 = 0x38;
const VARIABLE: u8 = 0x19;
const ARRAY: u8 = 0x3a;

/// NUL-padded, UTF-8.
const PADDED_UTF8: u8 = 0x11;

/// How deep types may be nested in each other when they are read.
const MAX_NESTING: u32 = 8;

/// Appends the message of a type; `None` where this engine does not write it.
pub(super) fn encode(dtype: &Dtype, out: &mut Vec<u8>) -> Option<()> {
    match dtype {
        Dtype::Int(int) => {
            let sign = if int.signed { 8 } else { 0 };
            out.extend_from_slice(&[INTEGER, sign, 0, 0, int.size, 0, 0, 0, 0, 0, int.size * 8, 0]);
        }
        Dtype::F16 => out.extend_from_slice(F16),
        Dtype::Bf16 => out.extend_from_slice(BF16),
        Dtype::F32 => out.extend_from_slice(F32),
        Dtype::F64 => out.extend_from_slice(F64),
        Dtype::Bool => out.extend_from_slice(BOOL),
        Dtype::FixedStr(size) => {
            out.extend_from_slice(&[STRING, PADDED_UTF8, 0, 0]);
            out.extend_from_slice(&u32::try_from(*size).ok()?.to_le_bytes());
        }
        Dtype::VarStr => {
            out.extend_from_slice(&[VARIABLE, 1, 1, 0, 16, 0, 0, 0]);
            out.extend_from_slice(U8);
        }
        Dtype::Complex32 => complex(&Dtype::F32, out)?,
        Dtype::Complex64 => complex(&Dtype::F64, out)?,
        Dtype::Enum(e) => {
            head(ENUMERATION, u16::try_from(e.members.len()).ok()?, e.base.size.into(), out)?;
            encode(&Dtype::Int(e.base), out)?;
            for (name, _) in e.members.iter() {
                text(name, out)?;
            }
            for (_, value) in e.members.iter() {
                out.extend_from_slice(&value.to_le_bytes()[..e.base.size.into()]);
            }
        }
        Dtype::Compound(c) => compound(c, out)?,
        Dtype::Array(element, shape) => {
            head(ARRAY, 0, dtype.stored_size(), out)?;
            out.push(u8::try_from(shape.len()).ok()?);
            for extent in shape {
                out.extend_from_slice(&u32::try_from(*extent).ok()?.to_le_bytes());
            }
            encode(element, out)?;
        }
        Dtype::Opaque(size, tag) => {
            let padded = tag.len().next_multiple_of(8);
            head(OPAQUE, u16::from(u8::try_from(padded).ok()?), *size, out)?;
            out.extend_from_slice(tag.as_bytes());
            out.resize(out.len() + padded - tag.len(), 0);
        }
        Dtype::Reference | Dtype::Region | Dtype::Sequence(_) => return None,
        Dtype::AsciiStr(_) | Dtype::F80(_) | Dtype::F128 | Dtype::Other(..) => return None,
    }
    Some(())
}

fn head(class: u8, bits: u16, size: usize, out: &mut Vec<u8>) -> Option<()> {
    let [low, high] = bits.to_le_bytes();
    out.extend_from_slice(&[class, low, high, 0]);
    out.extend_from_slice(&u32::try_from(size).ok()?.to_le_bytes());
    Some(())
}

fn text(name: &str, out: &mut Vec<u8>) -> Option<()> {
    if name.contains('\0') {
        return None;
    }
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    Some(())
}

fn complex(part: &Dtype, out: &mut Vec<u8>) -> Option<()> {
    let member =
        |name, offset| CompoundMember { name: Cow::Borrowed(name), offset, dtype: part.clone() };
    let members = vec![member("r", 0), member("i", part.size())];
    compound(&CompoundType { size: 2 * part.size(), members: members.into() }, out)
}

fn compound(c: &CompoundType, out: &mut Vec<u8>) -> Option<()> {
    head(COMPOUND, u16::try_from(c.members.len()).ok()?, c.size, out)?;
    let width = offset_width(c.size);
    for member in c.members.iter() {
        text(&member.name, out)?;
        out.extend_from_slice(&(member.offset as u64).to_le_bytes()[..width]);
        encode(&member.dtype, out)?;
    }
    Some(())
}

/// How many bytes the offsets of a compound's members take: as few as hold its size.
pub(super) fn offset_width(size: usize) -> usize {
    match size {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    }
}

/// Whether a message is that of a number type or of h5py's bool.
#[inline]
pub(super) fn is(message: &[u8], dtype: &Dtype) -> bool {
    match dtype {
        Dtype::F64 => message == F64,
        Dtype::F32 => message == F32,
        Dtype::Bool => message == BOOL,
        Dtype::Int(int) => {
            message
                == [
                    INTEGER,
                    if int.signed { 8 } else { 0 },
                    0,
                    0,
                    int.size,
                    0,
                    0,
                    0,
                    0,
                    0,
                    int.size * 8,
                    0,
                ]
        }
        _ => false,
    }
}

/// The length of a fixed-length string, if a message is that of one.
#[inline]
pub(super) fn text_size(message: &[u8]) -> Option<usize> {
    match message {
        [STRING, PADDED_UTF8, 0, 0, size @ ..] => {
            Some(u32::from_le_bytes(size.try_into().ok()?) as usize)
        }
        _ => None,
    }
}

/// Reads a type; `None` for what this engine does not know.
pub(super) fn decode(message: &[u8]) -> Option<Dtype> {
    // The size of most messages.
    match message {
        F64 => return Some(Dtype::F64),
        F32 => return Some(Dtype::F32),
        BOOL => return Some(Dtype::Bool),
        // Not as a part of other types: what leads somewhere else is looked at by itself.
        _ if message == REFERENCE_TO_OBJECT => return Some(Dtype::Reference),
        _ => {}
    }
    let (dtype, _) = parse(message, 0)?;
    Some(dtype)
}

fn parse(m: &[u8], nesting: u32) -> Option<(Dtype, &[u8])> {
    if nesting > MAX_NESTING {
        return None;
    }
    let (fixed, rest) = m.split_at_checked(8)?;
    let size = u32::from_le_bytes(fixed[4..8].try_into().ok()?) as usize;
    let count = usize::from(u16::from_le_bytes([fixed[1], fixed[2]]));
    match fixed[0] {
        INTEGER => {
            let (props, rest) = rest.split_at_checked(4)?;
            let whole = u8::try_from(size).ok().filter(|size| matches!(size, 1 | 2 | 4 | 8))?;
            if fixed[1] & !8 != 0 || fixed[2] != 0 || props != [0, 0, whole * 8, 0] {
                return None;
            }
            Some((Dtype::Int(IntType { size: whole, signed: fixed[1] & 8 != 0 }), rest))
        }
        0x11 => {
            let (float, rest) = m.split_at_checked(F64.len())?;
            let dtype = match float {
                F64 => Dtype::F64,
                F32 => Dtype::F32,
                F16 => Dtype::F16,
                BF16 => Dtype::Bf16,
                _ => return None,
            };
            Some((dtype, rest))
        }
        // Only padding with NUL: libhdf5 converts other paddings.
        STRING if fixed[1..4] == [PADDED_UTF8, 0, 0] && size > 0 => {
            Some((Dtype::FixedStr(size), rest))
        }
        VARIABLE if fixed[1..4] == [1, 1, 0] && size == REFERENCE => {
            Some((Dtype::VarStr, rest.strip_prefix(U8)?))
        }
        ENUMERATION => {
            let (base, mut rest) = parse(rest, nesting + 1)?;
            let Dtype::Int(base) = base else { return None };
            let mut names = Vec::new();
            for _ in 0..count {
                let (name, behind) = name(rest)?;
                names.push(name);
                rest = behind;
            }
            let mut members = Vec::with_capacity(names.len());
            for name in names {
                let (value, behind) = rest.split_at_checked(base.size.into())?;
                members.push((name, crate::int(value, base.signed)));
                rest = behind;
            }
            let is_bool = base.size == 1
                && matches!(&members[..], [(f, 0), (t, 1)] if f == "FALSE" && t == "TRUE");
            Some((
                if is_bool {
                    Dtype::Bool
                } else {
                    Dtype::Enum(EnumType { base, members: members.into() })
                },
                rest,
            ))
        }
        COMPOUND => {
            let width = offset_width(size);
            let (mut members, mut rest) = (Vec::new(), rest);
            for _ in 0..count {
                let (name, behind) = name(rest)?;
                let (offset, behind) = behind.split_at_checked(width)?;
                let (dtype, behind) = parse(behind, nesting + 1)?;
                let offset = crate::int(offset, false) as usize;
                members.push(CompoundMember { name, offset, dtype });
                rest = behind;
            }
            if !is_apart(&members, size) {
                return None;
            }
            let complex = match &members[..] {
                [r, i] if r.name == "r" && i.name == "i" && r.offset == 0 => {
                    match (&r.dtype, &i.dtype, i.offset, size) {
                        (Dtype::F32, Dtype::F32, 4, 8) => Some(Dtype::Complex32),
                        (Dtype::F64, Dtype::F64, 8, 16) => Some(Dtype::Complex64),
                        _ => None,
                    }
                }
                _ => None,
            };
            Some((
                complex.unwrap_or_else(|| {
                    Dtype::Compound(CompoundType { size, members: members.into() })
                }),
                rest,
            ))
        }
        ARRAY => {
            let (rank, mut rest) = rest.split_first()?;
            let mut shape = Vec::new();
            for _ in 0..*rank {
                let (extent, behind) = rest.split_at_checked(4)?;
                shape.push(u32::from_le_bytes(extent.try_into().ok()?).into());
                rest = behind;
            }
            let (element, rest) = parse(rest, nesting + 1)?;
            let dtype = Dtype::Array(Box::new(element), shape);
            (dtype.stored_size() == size && size > 0).then_some((dtype, rest))
        }
        _ => None,
    }
}

/// Whether members lie inside of an element, and none of them in another.
pub(super) fn is_apart(members: &[CompoundMember], size: usize) -> bool {
    let end = |member: &CompoundMember| member.offset.checked_add(member.dtype.stored_size());
    let mut places: Vec<(usize, Option<usize>)> =
        members.iter().map(|member| (member.offset, end(member))).collect();
    places.sort_unstable();
    let starts = places.iter().skip(1).map(|place| place.0).chain([size]);
    size > 0 && places.iter().zip(starts).all(|((_, end), next)| end.is_some_and(|end| end <= next))
}

fn name(m: &[u8]) -> Option<(Cow<'static, str>, &[u8])> {
    let end = m.iter().position(|byte| *byte == 0)?;
    let name = std::str::from_utf8(&m[..end]).ok()?.to_string();
    Some((name.into(), &m[end + 1..]))
}
