//! Object headers of version 1: as blocks of messages in the form of version 2 (section IV.A.1.a
//! of the specification).
//!
//! A message of version 1 has two bytes of type, three reserved bytes, and a body whose length is a
//! multiple of 8. Everything behind this file knows version 2 alone.

use super::header::{damaged, uint, unknown};
use super::input::{Bytes, Input};
use super::message;
use crate::error::Result;

/// Bytes before the messages of a header: version, number of messages, references, length, gap.
const PREFIX: usize = 16;

/// Bytes before the body of a message.
const HEAD: usize = 8;

/// The type of a message that is not used any more.
const NIL: u64 = 0;

/// Whether bytes begin as a header of version 1.
pub(super) fn is_here(bytes: &[u8]) -> bool {
    matches!(bytes, [1, 0, ..])
}

/// The first block of the header at an address, in the form of version 2, and how many bytes it has
/// in the file.
pub(super) fn first_block<'b>(input: &Input<'b>, address: u64) -> Result<(Bytes<'b>, usize)> {
    let prefix = input.bytes(address, PREFIX)?;
    let size = usize::try_from(uint(&prefix, 8, 4)?).unwrap_or(usize::MAX);
    let whole = input.bytes(address, PREFIX.saturating_add(size))?;
    let mut out = Vec::with_capacity(size);
    // Version 2 has the number of links in a message of its own.
    let links = uint(&prefix, 4, 4)? as u32;
    if links != 1 {
        out.extend_from_slice(&[message::LINK_COUNT, 5, 0, 0, 0]);
        out.extend_from_slice(&links.to_le_bytes());
    }
    convert(whole.get(PREFIX..).unwrap_or_default(), &mut out)?;
    Ok((out.into(), whole.len()))
}

/// A further block of a header, in the form of version 2.
pub(super) fn block<'b>(bytes: &[u8]) -> Result<Bytes<'b>> {
    let mut out = Vec::with_capacity(bytes.len());
    convert(bytes, &mut out)?;
    Ok(out.into())
}

fn convert(block: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let mut rest = block;
    while rest.len() >= HEAD {
        let (kind, len, flags) =
            (uint(rest, 0, 2)?, uint(rest, 2, 2)? as usize, uint(rest, 4, 1)? as u8);
        let body = rest
            .get(HEAD..HEAD + len)
            .ok_or_else(|| damaged("a message outside its object header"))?;
        rest = rest.get(HEAD + len..).unwrap_or_default();
        match u8::try_from(kind) {
            Ok(_) if kind == NIL => continue,
            Ok(kind) => out.push(kind),
            Err(_) if flags & message::MUST_UNDERSTAND != 0 => {
                return Err(unknown("a message of an unknown type"));
            }
            Err(_) => continue,
        }
        out.extend_from_slice(&(len as u16).to_le_bytes());
        out.push(flags);
        out.extend_from_slice(body);
    }
    Ok(())
}
