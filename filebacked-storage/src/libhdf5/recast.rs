//! Elements in the form of another type, which differs in how text is stored: HDF5 converts no text
//! of fixed length to text of variable length, nor back.

use super::strings::unpadded;
use crate::error::{Error, ErrorKind, Result};
use crate::{Dtype, elements};
use std::ffi::{CStr, c_char};

/// Bytes of a variable-length string in memory.
pub(super) const POINTER: usize = size_of::<*const c_char>();

/// Elements as the library takes them. Pointers lead to the texts in here, or to where those of the
/// elements before led.
pub(super) struct Recast {
    bytes: Vec<u8>,
    /// Texts that end in NUL.
    texts: Vec<u8>,
    /// Where pointers stand, and where their texts start.
    places: Vec<(usize, usize)>,
}

/// Bytes of an element in memory.
fn size(dtype: &Dtype) -> usize {
    match dtype {
        Dtype::VarStr => POINTER,
        Dtype::Array(element, shape) => {
            size(element).saturating_mul(elements(shape).unwrap_or(usize::MAX))
        }
        _ => dtype.size(),
    }
}

impl Recast {
    /// Puts elements into the form of another type.
    ///
    /// # Safety
    ///
    /// Where `from` has strings of variable length, there are null pointers in `cells`, or ones to
    /// texts that end in NUL and are there as long as this.
    pub(super) unsafe fn new(cells: &[u8], from: &Dtype, to: &Dtype) -> Result<Self> {
        let (old, new) = (size(from).max(1), size(to));
        let count = cells.len() / old;
        let mut bytes = super::id::room(count.saturating_mul(new))?;
        bytes.resize(count * new, 0);
        let mut recast = Recast { bytes, texts: Vec::new(), places: Vec::new() };
        for (i, cell) in cells.chunks_exact(old).enumerate() {
            // SAFETY: the contract of this function.
            unsafe { recast.cell(i * new, cell, from, to)? };
        }
        for (at, start) in std::mem::take(&mut recast.places) {
            let pointer = recast.texts[start..].as_ptr() as usize;
            recast.put(at, &pointer.to_ne_bytes())?;
        }
        Ok(recast)
    }

    /// All elements.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> Result<()> {
        match at.checked_add(bytes.len()).and_then(|end| self.bytes.get_mut(at..end)) {
            Some(place) => place.copy_from_slice(bytes),
            None => return Err(ErrorKind::Contract("a member outside its record".into()).into()),
        }
        Ok(())
    }

    /// # Safety
    ///
    /// As [`Recast::new`].
    unsafe fn cell(&mut self, at: usize, cell: &[u8], from: &Dtype, to: &Dtype) -> Result<()> {
        match (from, to) {
            (Dtype::VarStr, Dtype::VarStr) => self.put(at, cell.get(..POINTER).unwrap_or_default()),
            (Dtype::VarStr, Dtype::FixedStr(width)) => {
                let pointer =
                    cell.first_chunk::<POINTER>().map_or(0, |bytes| usize::from_ne_bytes(*bytes));
                let pointer = pointer as *const c_char;
                let text = if pointer.is_null() {
                    &[]
                } else {
                    // SAFETY: the contract of this function.
                    unsafe { CStr::from_ptr(pointer) }.to_bytes()
                };
                self.fixed(at, text, *width)
            }
            (Dtype::FixedStr(_), Dtype::VarStr) => {
                let text = unpadded(cell);
                if text.contains(&0) {
                    let what = "text with NUL as text of variable length";
                    return Err(ErrorKind::Unsupported(what.into()).into());
                }
                self.places.push((at, self.texts.len()));
                self.texts.extend_from_slice(text);
                self.texts.push(0);
                Ok(())
            }
            (Dtype::FixedStr(_), Dtype::FixedStr(width)) => self.fixed(at, unpadded(cell), *width),
            (Dtype::Array(from, shape), Dtype::Array(to, _)) => {
                let (old, new) = (size(from).max(1), size(to));
                for (i, cell) in
                    cell.chunks_exact(old).take(elements(shape).unwrap_or(0)).enumerate()
                {
                    // SAFETY: the contract of this function.
                    unsafe { self.cell(at + i * new, cell, from, to)? };
                }
                Ok(())
            }
            (Dtype::Compound(from), Dtype::Compound(to)) => {
                for member in to.members.iter() {
                    let old = from
                        .members
                        .iter()
                        .find(|old| old.name == member.name)
                        .ok_or_else(unlike)?;
                    let end = old.offset.checked_add(size(&old.dtype));
                    let part = end.and_then(|end| cell.get(old.offset..end)).ok_or_else(unlike)?;
                    // SAFETY: the contract of this function.
                    unsafe { self.cell(at + member.offset, part, &old.dtype, &member.dtype)? };
                }
                Ok(())
            }
            (from, to) if size(from) == size(to) => self.put(at, cell),
            _ => Err(unlike()),
        }
    }

    fn fixed(&mut self, at: usize, text: &[u8], width: usize) -> Result<()> {
        if text.len() > width { Err(unlike()) } else { self.put(at, text) }
    }
}

#[cold]
fn unlike() -> Error {
    ErrorKind::Contract("elements of different types".into()).into()
}
