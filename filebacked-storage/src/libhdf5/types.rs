//! Datatypes of this library as types of HDF5, made once.
//!
//! A type in the file and the type that its bytes have in memory are the same here: little-endian
//! and packed.

use super::filetype::size_of_type;
use super::id::{Id, check, with_name};
use crate::error::{Error, ErrorKind, Result};
use crate::{CompoundType, Dtype, EnumType, IntType};
use hdf5_metno::globals::{
    H5T_C_S1, H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_I8LE, H5T_STD_I16LE, H5T_STD_I32LE,
    H5T_STD_I64LE, H5T_STD_U8LE, H5T_STD_U16LE, H5T_STD_U32LE, H5T_STD_U64LE,
};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5t::H5T_class_t::{H5T_COMPOUND, H5T_OPAQUE};
use hdf5_metno_sys::h5t::H5T_cset_t::{self, H5T_CSET_ASCII, H5T_CSET_UTF8};
use hdf5_metno_sys::h5t::H5T_str_t::{H5T_STR_NULLPAD, H5T_STR_NULLTERM};
use hdf5_metno_sys::h5t::{
    H5T_VARIABLE, H5Tarray_create, H5Tcopy, H5Tcreate, H5Tenum_create, H5Tenum_insert, H5Tinsert,
    H5Tpack, H5Tset_cset, H5Tset_ebias, H5Tset_fields, H5Tset_size, H5Tset_strpad, H5Tset_tag,
};

/// Types with parts that are kept; beyond that the oldest are made anew.
const KEPT: usize = 64;

/// The types of HDF5 that stand for [`Dtype`]s. Every method expects the lock to be held.
#[derive(Debug)]
pub(super) struct Types {
    half: Id,
    brain: Id,
    boolean: Id,
    complex32: Id,
    complex64: Id,
    text: Id,
    /// Fixed strings by their size and character set, the least recently made first.
    strings: Vec<((usize, H5T_cset_t), Id)>,
    /// Enums, compounds, arrays and opaque types, the least recently made first.
    composed: Vec<(Dtype, Id)>,
}

impl Types {
    /// Makes the types that have no predefined one.
    pub(super) fn new() -> Result<Self> {
        // SAFETY: the lock is held, the base types are predefined ones, names end in NUL.
        let complex = |part: hid_t, size: usize| unsafe {
            let id = Id::own(H5Tcreate(H5T_COMPOUND, 2 * size))?;
            check(H5Tinsert(id.raw(), c"r".as_ptr(), 0, part))?;
            check(H5Tinsert(id.raw(), c"i".as_ptr(), size, part))?;
            Ok::<_, Error>(id)
        };
        Ok(Types {
            half: small_float(5, 10, 15)?,
            brain: small_float(8, 7, 127)?,
            boolean: new_bool()?,
            complex32: complex(*H5T_IEEE_F32LE, 4)?,
            complex64: complex(*H5T_IEEE_F64LE, 8)?,
            text: new_string(H5T_VARIABLE, H5T_CSET_UTF8)?,
            strings: Vec::new(),
            composed: Vec::new(),
        })
    }

    /// The type of HDF5, valid until the next call.
    pub(super) fn get(&mut self, dtype: &Dtype) -> Result<hid_t> {
        Ok(match dtype {
            Dtype::Int(int) => integer(*int)?,
            Dtype::F16 => self.half.raw(),
            Dtype::Bf16 => self.brain.raw(),
            Dtype::F32 => *H5T_IEEE_F32LE,
            Dtype::F64 => *H5T_IEEE_F64LE,
            Dtype::Bool => self.boolean.raw(),
            Dtype::Complex32 => self.complex32.raw(),
            Dtype::Complex64 => self.complex64.raw(),
            Dtype::VarStr => self.text.raw(),
            Dtype::FixedStr(size) => self.string(*size, H5T_CSET_UTF8)?,
            Dtype::AsciiStr(size) => self.string(*size, H5T_CSET_ASCII)?,
            _ => match self.composed.iter().rev().find(|(kept, _)| kept == dtype) {
                Some((_, id)) => id.raw(),
                None => {
                    let id = self.compose(dtype)?;
                    // Bytes are counted by the one and transferred by the other.
                    if dtype.is_plain() && size_of_type(id.raw())? != dtype.size() {
                        return Err(ErrorKind::Contract(format!(
                            "the parts of {dtype} do not fit its size"
                        ))
                        .into());
                    }
                    keep(&mut self.composed, dtype.clone(), id)
                }
            },
        })
    }

    fn string(&mut self, size: usize, charset: H5T_cset_t) -> Result<hid_t> {
        match self.strings.iter().rev().find(|(kept, _)| *kept == (size, charset)) {
            Some((_, id)) => Ok(id.raw()),
            None => Ok(keep(&mut self.strings, (size, charset), new_string(size, charset)?)),
        }
    }

    /// The type that elements have in a file, where that differs: strings of variable length have
    /// another size in memory.
    pub(super) fn packed(&mut self, dtype: &Dtype) -> Result<Id> {
        let memory = self.get(dtype)?;
        // SAFETY: the type is open, and the copy may be changed.
        unsafe {
            let packed = Id::own(H5Tcopy(memory))?;
            check(H5Tpack(packed.raw()))?;
            Ok(packed)
        }
    }

    /// Makes a type that has parts.
    fn compose(&mut self, dtype: &Dtype) -> Result<Id> {
        match dtype {
            Dtype::Enum(e) => new_enum(e),
            Dtype::Compound(compound) => self.new_compound(compound),
            Dtype::Array(element, shape) => {
                let element = self.get(element)?;
                // SAFETY: the element's type is open, the shape has as many numbers as is said.
                unsafe { Id::own(H5Tarray_create(element, shape.len() as u32, shape.as_ptr())) }
            }
            // SAFETY: the type is open as long as its owner, the tag ends in NUL.
            Dtype::Opaque(size, tag) => unsafe {
                let id = Id::own(H5Tcreate(H5T_OPAQUE, *size))?;
                with_name(tag, |tag| check(H5Tset_tag(id.raw(), tag)))?;
                Ok(id)
            },
            _ => {
                Err(ErrorKind::Unsupported(format!("the datatype {dtype} cannot be written"))
                    .into())
            }
        }
    }

    fn new_compound(&mut self, compound: &CompoundType) -> Result<Id> {
        // SAFETY: the size is checked by HDF5; the new type has no other owner.
        let id = unsafe { Id::own(H5Tcreate(H5T_COMPOUND, compound.size))? };
        for member in compound.members.iter() {
            let part = self.get(&member.dtype)?;
            // SAFETY: both types are open, the name ends in NUL, HDF5 checks that the member lies
            // inside.
            with_name(&member.name, |name| unsafe {
                check(H5Tinsert(id.raw(), name, member.offset, part))
            })?;
        }
        Ok(id)
    }
}

/// Keeps a type, and gives up the oldest one where there are many.
fn keep<K>(kept: &mut Vec<(K, Id)>, key: K, id: Id) -> hid_t {
    if kept.len() >= KEPT {
        kept.remove(0);
    }
    let raw = id.raw();
    kept.push((key, id));
    raw
}

/// The predefined type of an integer.
pub(super) fn integer(int: IntType) -> Result<hid_t> {
    Ok(match (int.size, int.signed) {
        (1, true) => *H5T_STD_I8LE,
        (2, true) => *H5T_STD_I16LE,
        (4, true) => *H5T_STD_I32LE,
        (8, true) => *H5T_STD_I64LE,
        (1, false) => *H5T_STD_U8LE,
        (2, false) => *H5T_STD_U16LE,
        (4, false) => *H5T_STD_U32LE,
        (8, false) => *H5T_STD_U64LE,
        (size, _) => return Err(ErrorKind::Contract(format!("an integer of {size} bytes")).into()),
    })
}

/// A little-endian float of 2 bytes, made as h5py makes it, so that any version of HDF5 has it.
fn small_float(exponent: usize, mantissa: usize, bias: usize) -> Result<Id> {
    // SAFETY: the lock is held and the type is a fresh copy. The fields must fit before the size
    // shrinks.
    unsafe {
        let id = Id::own(H5Tcopy(*H5T_IEEE_F32LE))?;
        check(H5Tset_fields(id.raw(), 15, mantissa, exponent, 0, mantissa))?;
        check(H5Tset_size(id.raw(), 2))?;
        check(H5Tset_ebias(id.raw(), bias))?;
        Ok(id)
    }
}

fn new_bool() -> Result<Id> {
    // SAFETY: the lock is held, names end in NUL, and a value has the one byte of the base type.
    unsafe {
        let id = Id::own(H5Tenum_create(*H5T_STD_I8LE))?;
        check(H5Tenum_insert(id.raw(), c"FALSE".as_ptr(), [0i8].as_ptr().cast()))?;
        check(H5Tenum_insert(id.raw(), c"TRUE".as_ptr(), [1i8].as_ptr().cast()))?;
        Ok(id)
    }
}

/// A string type: of so many bytes and padded with NUL, or of variable length.
pub(super) fn new_string(size: usize, charset: H5T_cset_t) -> Result<Id> {
    let padding = if size == H5T_VARIABLE { H5T_STR_NULLTERM } else { H5T_STR_NULLPAD };
    // SAFETY: the lock is held and the type is a fresh copy.
    unsafe {
        let id = Id::own(H5Tcopy(*H5T_C_S1))?;
        check(H5Tset_size(id.raw(), size))?;
        check(H5Tset_strpad(id.raw(), padding))?;
        check(H5Tset_cset(id.raw(), charset))?;
        Ok(id)
    }
}

fn new_enum(e: &EnumType) -> Result<Id> {
    let base = integer(e.base)?;
    // SAFETY: the base type is predefined; the new type has no other owner.
    let id = unsafe { Id::own(H5Tenum_create(base))? };
    let bits = u32::from(e.base.size) * 8;
    let range =
        if e.base.signed { -(1i128 << (bits - 1))..1i128 << (bits - 1) } else { 0..1i128 << bits };
    for (name, value) in e.members.iter() {
        if !range.contains(value) {
            let what = format!("the enum value {name} = {value} does not fit {}", e.base);
            return Err(ErrorKind::Contract(what).into());
        }
        let bytes = value.to_le_bytes();
        // SAFETY: the value has at least the bytes of the little-endian base type, the name ends in
        // NUL.
        with_name(name, |name| unsafe {
            check(H5Tenum_insert(id.raw(), name, bytes.as_ptr().cast()))
        })?;
    }
    Ok(id)
}
