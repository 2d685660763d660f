//! Types that files have: what they are to this library, and the type that their bytes are read as.

use super::id::{Id, check, with_name};
use super::types::{Types, integer, new_string};
use crate::error::{ErrorKind, Result};
use crate::{CompoundMember, CompoundType, Dtype, EnumType, IntType};
use hdf5_metno::globals::{H5T_STD_REF_DSETREG, H5T_STD_REF_OBJ};
use hdf5_metno_sys::h5::H5free_memory;
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5t::H5T_class_t::H5T_COMPOUND;
use hdf5_metno_sys::h5t::H5T_cset_t::H5T_CSET_UTF8;
use hdf5_metno_sys::h5t::H5T_order_t::{H5T_ORDER_BE, H5T_ORDER_LE};
use hdf5_metno_sys::h5t::H5T_sign_t::H5T_SGN_2;
use hdf5_metno_sys::h5t::H5T_str_t::{H5T_STR_NULLPAD, H5T_STR_NULLTERM};
use hdf5_metno_sys::h5t::{
    H5T_VARIABLE, H5Tarray_create, H5Tcopy, H5Tcreate, H5Tequal, H5Tget_array_dims,
    H5Tget_array_ndims, H5Tget_class, H5Tget_cset, H5Tget_ebias, H5Tget_fields,
    H5Tget_member_index, H5Tget_member_name, H5Tget_member_type, H5Tget_member_value,
    H5Tget_nmembers, H5Tget_offset, H5Tget_order, H5Tget_precision, H5Tget_sign, H5Tget_size,
    H5Tget_strpad, H5Tget_super, H5Tget_tag, H5Tinsert, H5Tis_variable_str, H5Tset_order,
    H5Tset_strpad,
};
use std::borrow::Cow;
use std::ffi::{CStr, c_char};

/// Classes by their numbers: the last one is not known to every version of the library.
pub(super) mod class {
    pub(crate) const INTEGER: i32 = 0;
    pub(crate) const FLOAT: i32 = 1;
    pub(crate) const TIME: i32 = 2;
    pub(crate) const STRING: i32 = 3;
    pub(crate) const BITFIELD: i32 = 4;
    pub(crate) const OPAQUE: i32 = 5;
    pub(crate) const COMPOUND: i32 = 6;
    pub(crate) const REFERENCE: i32 = 7;
    pub(crate) const ENUM: i32 = 8;
    pub(crate) const VLEN: i32 = 9;
    pub(crate) const ARRAY: i32 = 10;
    pub(crate) const COMPLEX: i32 = 11;
}

/// Types in types are followed this far.
const DEPTH: u32 = 32;

/// The description of a type in a file. The lock is held.
pub(super) fn describe(id: hid_t) -> Result<Dtype> {
    describe_at(id, DEPTH)
}

fn describe_at(id: hid_t, depth: u32) -> Result<Dtype> {
    let (class, size) = head(id)?;
    let other = |what: &str| Dtype::Other(size, what.to_string());
    if depth == 0 {
        return Ok(other("types nested too deep"));
    }
    Ok(match class {
        class::INTEGER => match int(id, size)? {
            Some(int) => Dtype::Int(int),
            None => Dtype::Other(size, format!("integer of {size} bytes")),
        },
        class::FLOAT => float(id, size)?,
        class::STRING if is_variable(id)? => Dtype::VarStr,
        class::STRING => Dtype::FixedStr(size),
        class::ENUM => {
            let base = parent(id)?;
            match int(base.raw(), size)? {
                Some(int) => enumeration(id, int)?,
                None => Dtype::Other(size, format!("enum over an integer of {size} bytes")),
            }
        }
        class::COMPOUND => compound(id, depth)?,
        class::COMPLEX => match describe_at(parent(id)?.raw(), depth - 1)? {
            Dtype::F32 => Dtype::Complex32,
            Dtype::F64 => Dtype::Complex64,
            part => Dtype::Other(size, format!("complex<{part}>")),
        },
        class::ARRAY => {
            let shape = array_shape(id)?;
            match describe_at(parent(id)?.raw(), depth - 1)? {
                // Strings have a place in records only.
                part if depth == DEPTH && !part.is_flat() => {
                    Dtype::Other(size, format!("[{part}; {shape:?}]"))
                }
                part => Dtype::Array(Box::new(part), shape),
            }
        }
        class::OPAQUE => {
            // SAFETY: the type is open and opaque; the library allocates the tag.
            let tag = unsafe { take_text(H5Tget_tag(id))? };
            Dtype::Opaque(size, tag)
        }
        class::VLEN => Dtype::Sequence(Box::new(describe_at(parent(id)?.raw(), depth - 1)?)),
        class::REFERENCE if is(id, *H5T_STD_REF_OBJ)? => Dtype::Reference,
        class::REFERENCE if is(id, *H5T_STD_REF_DSETREG)? => Dtype::Region,
        class::REFERENCE => other("reference of HDF5 1.12"),
        // Bits, and seconds since 1970, are read as the numbers that they are.
        class::BITFIELD | class::TIME => match size {
            1 | 2 | 4 | 8 => Dtype::Int(IntType { size: size as u8, signed: class == class::TIME }),
            _ => Dtype::Other(size, format!("bits or a time of {size} bytes")),
        },
        _ => other("unknown datatype"),
    })
}

/// The type that data of a file's type is read as, so that it comes out as [`describe`] says, or,
/// with `writing`, that it is written from. The lock is held.
pub(super) fn memory_type(id: hid_t, writing: bool) -> Result<Id> {
    let (class, size) = head(id)?;
    match class {
        class::INTEGER => match int(id, size)? {
            Some(int) => copy(integer(int)?),
            None => Err(unreadable(id)),
        },
        class::FLOAT | class::COMPLEX | class::BITFIELD => {
            let copy = copy(id)?;
            // SAFETY: the copy is open and may be changed.
            check(unsafe { H5Tset_order(copy.raw(), H5T_ORDER_LE) })?;
            Ok(copy)
        }
        class::STRING if is_variable(id)? => Err(unreadable(id)),
        class::STRING => {
            let copy = copy(id)?;
            // A conversion to text that ends with a NUL would cut text that fills its bytes.
            // SAFETY: the copy is open and may be changed.
            unsafe {
                let padding = H5Tget_strpad(id);
                if padding != H5T_STR_NULLPAD && !(writing && padding == H5T_STR_NULLTERM) {
                    check(H5Tset_strpad(copy.raw(), H5T_STR_NULLPAD))?;
                }
            }
            Ok(copy)
        }
        class::ENUM => {
            // Never from enum to enum: that would lose the numbers that have no name.
            let base = parent(id)?;
            match int(base.raw(), size)? {
                // SAFETY: the type is open.
                Some(int) if size > 1 && unsafe { H5Tget_order(id) } != H5T_ORDER_LE => {
                    copy(integer(int)?)
                }
                Some(_) => copy(id),
                None => Err(unreadable(id)),
            }
        }
        class::COMPOUND => packed(id, writing),
        class::ARRAY => {
            let (part, shape) = (memory_type(parent(id)?.raw(), writing)?, array_shape(id)?);
            // SAFETY: the element's type is open, the shape has as many numbers as is said.
            unsafe { Id::own(H5Tarray_create(part.raw(), shape.len() as u32, shape.as_ptr())) }
        }
        class::OPAQUE | class::REFERENCE | class::TIME => copy(id),
        _ => Err(unreadable(id)),
    }
}

/// The type in memory of elements as `dtype` says, with the character sets of a file's type: HDF5
/// does not convert between them. The lock is held.
pub(super) fn like(stored: hid_t, dtype: &Dtype, types: &mut Types) -> Result<Id> {
    let class = head(stored)?.0;
    match dtype {
        // Text that fills its bytes would be cut by a conversion to text that ends with a NUL.
        Dtype::FixedStr(width) if class == class::STRING && is_nul_terminated(stored, *width)? => {
            copy(stored)
        }
        Dtype::FixedStr(width) if class == class::STRING => {
            // SAFETY: the type is open and one of strings.
            new_string((*width).max(1), unsafe { H5Tget_cset(stored) })
        }
        Dtype::VarStr if class == class::STRING => {
            // SAFETY: the same.
            new_string(H5T_VARIABLE, unsafe { H5Tget_cset(stored) })
        }
        Dtype::Array(element, shape) if class == class::ARRAY => {
            let element = like(parent(stored)?.raw(), element, types)?;
            // SAFETY: the element's type is open, the shape has as many numbers as is said.
            unsafe { Id::own(H5Tarray_create(element.raw(), shape.len() as u32, shape.as_ptr())) }
        }
        Dtype::Compound(compound) if class == class::COMPOUND => {
            // SAFETY: the size is checked by HDF5; the new type has no other owner.
            let id = unsafe { Id::own(H5Tcreate(H5T_COMPOUND, compound.size))? };
            for member in compound.members.iter() {
                with_name(&member.name, |name| {
                    // SAFETY: the types are open, the name ends in NUL, HDF5 checks that the member
                    // lies inside.
                    unsafe {
                        let place = check(H5Tget_member_index(stored, name))?.unsigned_abs();
                        let part = like(member_type(stored, place)?.raw(), &member.dtype, types)?;
                        check(H5Tinsert(id.raw(), name, member.offset, part.raw()))
                    }
                })?;
            }
            Ok(id)
        }
        _ => copy(types.get(dtype)?),
    }
}

/// Whether this is a type of fixed strings padded with NUL.
pub(super) fn is_nul_padded(id: hid_t) -> Result<bool> {
    // SAFETY: the type is open; padding is asked of strings alone.
    unsafe {
        Ok(head(id)?.0 == class::STRING
            && !is_variable(id)?
            && H5Tget_strpad(id) == H5T_STR_NULLPAD)
    }
}

/// Whether this is a type of fixed strings of a width that end with a NUL.
fn is_nul_terminated(id: hid_t, width: usize) -> Result<bool> {
    // SAFETY: the type is open; padding is asked of strings alone.
    unsafe {
        Ok(head(id)? == (class::STRING, width)
            && !is_variable(id)?
            && H5Tget_strpad(id) == H5T_STR_NULLTERM)
    }
}

/// Whether elements are read as the numbers that they are, without a conversion to the integers of
/// the same size.
pub(super) fn is_unconverted(id: hid_t) -> Result<bool> {
    Ok(matches!(head(id)?.0, class::BITFIELD | class::TIME))
}

/// Whether elements are times that the library leaves in the other byte order: it converts none.
pub(super) fn is_swapped_time(id: hid_t) -> Result<bool> {
    // SAFETY: the type is open.
    Ok(head(id)?.0 == class::TIME && unsafe { H5Tget_order(id) } == H5T_ORDER_BE)
}

fn is(id: hid_t, other: hid_t) -> Result<bool> {
    // SAFETY: both types are open.
    Ok(check(unsafe { H5Tequal(id, other) })? > 0)
}

/// Whether a type of strings of variable length is what this library makes: UTF-8, ended by NUL.
pub(super) fn is_usual_text(id: hid_t) -> Result<bool> {
    // SAFETY: the type is open and a string.
    unsafe { Ok(H5Tget_cset(id) == H5T_CSET_UTF8 && H5Tget_strpad(id) == H5T_STR_NULLTERM) }
}

/// Bytes of an element.
pub(super) fn size_of_type(id: hid_t) -> Result<usize> {
    // SAFETY: the type is open.
    match unsafe { H5Tget_size(id) } {
        0 => Err(super::stack::last_error()),
        size => Ok(size),
    }
}

fn unreadable(id: hid_t) -> crate::error::Error {
    match describe(id) {
        Ok(dtype) => ErrorKind::Unsupported(format!("data of type {dtype} cannot be read")).into(),
        Err(error) => error,
    }
}

pub(super) fn head(id: hid_t) -> Result<(i32, usize)> {
    // SAFETY: the type is open.
    let class = unsafe { H5Tget_class(id) } as i32;
    Ok((check(class)?, size_of_type(id)?))
}

pub(super) fn parent(id: hid_t) -> Result<Id> {
    // SAFETY: the type is open; the new identifier has no other owner.
    unsafe { Id::own(H5Tget_super(id)) }
}

pub(super) fn copy(id: hid_t) -> Result<Id> {
    // SAFETY: the type is open; the copy has no other owner.
    unsafe { Id::own(H5Tcopy(id)) }
}

fn is_variable(id: hid_t) -> Result<bool> {
    // SAFETY: the type is open.
    Ok(check(unsafe { H5Tis_variable_str(id) })? > 0)
}

/// An integer type; HDF5 widens fewer bits to the whole size.
fn int(id: hid_t, size: usize) -> Result<Option<IntType>> {
    // SAFETY: the type is open.
    let (class, sign) = unsafe { (H5Tget_class(id) as i32, H5Tget_sign(id)) };
    let size = match size {
        1 | 2 | 4 | 8 if class == class::INTEGER && bits(id)? <= size * 8 => size as u8,
        _ => return Ok(None),
    };
    check(sign as i32)?;
    Ok(Some(IntType { size, signed: sign == H5T_SGN_2 }))
}

/// Where the bits in use end. A damaged file can have them outside the number, which HDF5 does not
/// check.
fn bits(id: hid_t) -> Result<usize> {
    // SAFETY: the type is open and a number.
    let (offset, precision) = unsafe { (check(H5Tget_offset(id))?, H5Tget_precision(id)) };
    Ok((offset.unsigned_abs() as usize).saturating_add(precision))
}

/// What a time is among the members of a compound: seconds since 1970, or, in eight bytes, what
/// PyTables fills it with.
fn time(id: hid_t, size: usize) -> Result<Dtype> {
    // SAFETY: the type is open.
    let order = unsafe { H5Tget_order(id) };
    // HDF5 converts no times, not even from one byte order to the other.
    Ok(match size {
        4 if order == H5T_ORDER_LE => Dtype::I32,
        8 if order == H5T_ORDER_LE => {
            let member = |name, offset| CompoundMember {
                name: Cow::Borrowed(name),
                offset,
                dtype: Dtype::I32,
            };
            let members = vec![member("micros", 0), member("secs", 4)];
            Dtype::Compound(CompoundType { size: 8, members: Cow::Owned(members) })
        }
        _ => Dtype::Other(size, format!("time of {size} bytes")),
    })
}

fn float(id: hid_t, size: usize) -> Result<Dtype> {
    let [mut sign, mut at, mut exponent, mut from, mut mantissa] = [0; 5];
    // SAFETY: the type is open and a float, the numbers are writable.
    let (bias, order, precision) = unsafe {
        check(H5Tget_fields(id, &mut sign, &mut at, &mut exponent, &mut from, &mut mantissa))?;
        (H5Tget_ebias(id), H5Tget_order(id), H5Tget_precision(id))
    };
    let whole = precision == size * 8 && bits(id)? == precision;
    let straight =
        whole && from == 0 && at == mantissa && sign == at + exponent && sign + 1 == size * 8;
    let extended = (precision, from, at, sign) == (80, 0, 64, 79) && bits(id)? == 80;
    Ok(match (size, exponent, mantissa, bias) {
        (10 | 12 | 16, 15, 64, 16383)
            if extended && matches!(order, H5T_ORDER_LE | H5T_ORDER_BE) =>
        {
            Dtype::F80(size)
        }
        _ if !straight || !matches!(order, H5T_ORDER_LE | H5T_ORDER_BE) => {
            Dtype::Other(size, format!("float of {size} bytes"))
        }
        (2, 5, 10, 15) => Dtype::F16,
        (2, 8, 7, 127) => Dtype::Bf16,
        (4, 8, 23, 127) => Dtype::F32,
        (8, 11, 52, 1023) => Dtype::F64,
        (16, 15, 112, 16383) => Dtype::F128,
        _ => Dtype::Other(size, format!("float of {size} bytes")),
    })
}

fn enumeration(id: hid_t, base: IntType) -> Result<Dtype> {
    let n = members(id)?;
    let size = usize::from(base.size);
    let mut members = super::id::room(n as usize)?;
    for i in 0..n {
        let mut value = [0u8; 8];
        // SAFETY: the member exists, and its value has at most 8 bytes, as the base type.
        let big = unsafe {
            check(H5Tget_member_value(id, i, value.as_mut_ptr().cast()))?;
            H5Tget_order(id) == H5T_ORDER_BE
        };
        if big && size > 1 {
            value[..size].reverse();
        }
        let number = u64::from_le_bytes(value);
        let unused = 64 - 8 * u32::from(base.size);
        let value = if base.signed {
            i128::from((number << unused) as i64 >> unused)
        } else {
            i128::from(number)
        };
        members.push((Cow::Owned(member_name(id, i)?), value));
    }
    let is = |(name, value): &(Cow<'_, str>, i128), other: &str, number| {
        *name == other && *value == number
    };
    Ok(match &members[..] {
        [a, b] if size == 1 && is(a, "FALSE", 0) && is(b, "TRUE", 1) => Dtype::Bool,
        [a, b] if size == 1 && is(b, "FALSE", 0) && is(a, "TRUE", 1) => Dtype::Bool,
        _ => Dtype::Enum(EnumType { base, members: Cow::Owned(members) }),
    })
}

fn compound(id: hid_t, depth: u32) -> Result<Dtype> {
    let n = members(id)?;
    let mut members = super::id::room(n as usize)?;
    let mut offset = 0usize;
    for i in 0..n {
        let member = member_type(id, i)?;
        let dtype = match head(member.raw())? {
            (class::TIME, size) => time(member.raw(), size)?,
            _ => describe_at(member.raw(), depth - 1)?,
        };
        let dtype = if is_left_out(&dtype) { without_bytes(dtype) } else { dtype };
        let place = offset;
        offset = offset.saturating_add(dtype.size());
        members.push(CompoundMember {
            name: Cow::Owned(member_name(id, i)?),
            offset: place,
            dtype,
        });
    }
    if let [r, i] = &members[..]
        && ((r.name == "r" && i.name == "i") || (r.name == "i" && i.name == "r"))
    {
        match (&r.dtype, &i.dtype) {
            (Dtype::F32, Dtype::F32) => return Ok(Dtype::Complex32),
            (Dtype::F64, Dtype::F64) => return Ok(Dtype::Complex64),
            _ => {}
        }
    }
    Ok(Dtype::Compound(CompoundType { size: offset, members: Cow::Owned(members) }))
}

/// The type that the strings of variable length are read as, alone, which the names of members lead
/// to.
pub(super) fn strings_of(id: hid_t, member: &[String]) -> Result<Option<Id>> {
    match head(id)?.0 {
        class::STRING if is_variable(id)? && member.is_empty() => copy(id).map(Some),
        class::ARRAY => {
            let (Some(part), shape) = (strings_of(parent(id)?.raw(), member)?, array_shape(id)?)
            else {
                return Ok(None);
            };
            // SAFETY: the element's type is open, the shape has as many numbers as is said.
            unsafe {
                Id::own(H5Tarray_create(part.raw(), shape.len() as u32, shape.as_ptr())).map(Some)
            }
        }
        class::COMPOUND => {
            let Some((name, inner)) = member.split_first() else { return Ok(None) };
            for i in 0..members(id)? {
                if member_name(id, i)? == *name {
                    let Some(part) = strings_of(member_type(id, i)?.raw(), inner)? else {
                        return Ok(None);
                    };
                    // SAFETY: the part is open; the new type has no other owner.
                    let alone =
                        unsafe { Id::own(H5Tcreate(H5T_COMPOUND, size_of_type(part.raw())?))? };
                    // SAFETY: both types are open, the name ends in NUL.
                    with_name(name, |name| unsafe {
                        check(H5Tinsert(alone.raw(), name, 0, part.raw()))
                    })?;
                    return Ok(Some(alone));
                }
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// Whether a member has no bytes of its own: strings of variable length, what is not known, and
/// what holds nothing else.
fn is_left_out(dtype: &Dtype) -> bool {
    match dtype {
        Dtype::VarStr | Dtype::Sequence(_) | Dtype::Other(..) => true,
        Dtype::Array(element, _) => is_left_out(element),
        Dtype::Compound(compound) => compound.size == 0,
        _ => false,
    }
}

/// A type without bytes, since no part of it is read as bytes.
fn without_bytes(dtype: Dtype) -> Dtype {
    match dtype {
        Dtype::Other(_, what) => Dtype::Other(0, what),
        Dtype::Array(element, shape) => Dtype::Array(Box::new(without_bytes(*element)), shape),
        dtype => dtype,
    }
}

/// The packed form of a compound, its members in the order of the file, without those that are not
/// read as bytes.
fn packed(id: hid_t, writing: bool) -> Result<Id> {
    let mut parts = Vec::new();
    let mut total = 0;
    for i in 0..members(id)? {
        let stored = member_type(id, i)?;
        if is_left_out(&describe(stored.raw())?) {
            continue;
        }
        let part = memory_type(stored.raw(), writing)?;
        let size = size_of_type(part.raw())?;
        parts.push((i, part, total));
        total += size;
    }
    // A complex number has its real part first, whatever the order in the file.
    if let [(_, _, first), (_, _, second)] = &mut parts[..]
        && matches!(describe(id)?, Dtype::Complex32 | Dtype::Complex64)
        && member_name(id, 0)? == "i"
    {
        std::mem::swap(first, second);
    }
    // SAFETY: the new type has no other owner.
    let packed = unsafe { Id::own(H5Tcreate(H5T_COMPOUND, total))? };
    for (i, part, offset) in &parts {
        // SAFETY: the member exists and both types are open; the name is freed by the library that
        // made it.
        unsafe {
            let name = H5Tget_member_name(id, *i);
            if name.is_null() {
                return Err(super::stack::last_error());
            }
            let code = H5Tinsert(packed.raw(), name, *offset, part.raw());
            let result = check(code);
            H5free_memory(name.cast());
            result?;
        }
    }
    Ok(packed)
}

pub(super) fn members(id: hid_t) -> Result<u32> {
    // SAFETY: the type is open.
    Ok(check(unsafe { H5Tget_nmembers(id) })?.unsigned_abs())
}

pub(super) fn member_type(id: hid_t, i: u32) -> Result<Id> {
    // SAFETY: the type is open; the new identifier has no other owner.
    unsafe { Id::own(H5Tget_member_type(id, i)) }
}

pub(super) fn member_name(id: hid_t, i: u32) -> Result<String> {
    // SAFETY: the type is open; the library allocates the name.
    unsafe { take_text(H5Tget_member_name(id, i)) }
}

pub(super) fn array_shape(id: hid_t) -> Result<Vec<u64>> {
    // SAFETY: the type is open and an array; the vector has room for its rank.
    unsafe {
        let rank = check(H5Tget_array_ndims(id))?;
        let mut shape = vec![0u64; rank.unsigned_abs() as usize];
        check(H5Tget_array_dims(id, shape.as_mut_ptr()))?;
        Ok(shape)
    }
}

/// Takes a string that the library has allocated.
///
/// # Safety
///
/// The pointer is null (an error) or one from the library that the caller has to free. The lock is
/// held.
unsafe fn take_text(pointer: *mut c_char) -> Result<String> {
    if pointer.is_null() {
        return Err(super::stack::last_error());
    }
    // SAFETY: the contract of this function.
    unsafe {
        let text = CStr::from_ptr(pointer).to_string_lossy().into_owned();
        H5free_memory(pointer.cast());
        Ok(text)
    }
}
