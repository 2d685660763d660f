//! Object headers, as they are read: every length and every address is checked (section IV.A.1 of
//! the specification). Those of version 1 are brought into the form of version 2 first.

use super::input::{Bytes, Input};
use super::{message, object_header_v1};
use crate::checksum::lookup3;
use crate::error::{Error, ErrorKind, Result};

/// The integer of `width` bytes at a place.
#[inline]
pub(super) fn uint(bytes: &[u8], at: usize, width: usize) -> Result<u64> {
    let mut value = [0; 8];
    let found = at.checked_add(width).and_then(|end| bytes.get(at..end)).ok_or_else(cut_short)?;
    value.get_mut(..width).ok_or_else(cut_short)?.copy_from_slice(found);
    Ok(u64::from_le_bytes(value))
}

#[cold]
fn cut_short() -> Error {
    ErrorKind::Damaged("metadata that is cut short".into()).into()
}

#[cold]
pub(super) fn damaged(what: impl Into<String>) -> Error {
    ErrorKind::Damaged(what.into()).into()
}

/// The error for features that this engine does not read; libhdf5 may.
#[cold]
pub(super) fn unknown(what: &str) -> Error {
    ErrorKind::Unsupported(format!("{what} needs libhdf5")).into()
}

/// The messages of one object header.
#[derive(Debug, Clone, Default)]
pub(super) struct Header<'b> {
    pub(super) messages: Bytes<'b>,
    /// Messages carry their creation order.
    ordered: bool,
    /// The header has version 1, so that its further blocks have, too.
    pub(super) old: bool,
    /// Bytes of the whole header.
    pub(super) size: usize,
}

/// The longest beginning of a header: signature, version, flags, times, phase change values and
/// length.
const LONGEST: usize = 34;

impl<'b> Header<'b> {
    /// Finds the header at an address. `check` verifies its checksum, which is needed once for each
    /// object.
    #[inline(always)]
    pub(super) fn at(input: &Input<'b>, address: u64, check: bool) -> Result<Self> {
        let rest = match input {
            // All that follows is at hand.
            Input::Memory(_) => input.up_to(address, usize::MAX)?,
            Input::Disk(_) => input.up_to(address, LONGEST)?,
        };
        if rest.first() != Some(&b'O') && object_header_v1::is_here(&rest) {
            return Header::old_at(input, address);
        }
        let (start, end, ordered) = extent(&rest)?;
        let whole = match rest.get(..end.saturating_add(4)) {
            Some(_) => rest,
            None => input.bytes(address, end.checked_add(4).ok_or_else(cut_short)?)?,
        };
        if check {
            let (header, sum) = whole.split_at_checked(end).ok_or_else(cut_short)?;
            if u64::from(lookup3(header)) != uint(sum, 0, 4)? {
                return Err(damaged("an object header with a wrong checksum"));
            }
        }
        let messages = whole.part(start..end).ok_or_else(cut_short)?;
        Ok(Header { messages, ordered, old: false, size: end })
    }

    /// Finds a header of version 1.
    #[cold]
    fn old_at(input: &Input<'b>, address: u64) -> Result<Self> {
        let (messages, size) = object_header_v1::first_block(input, address)?;
        Ok(Header { messages, ordered: false, old: true, size })
    }

    /// The header with the messages of all its blocks, one after another.
    pub(super) fn joined(
        self,
        input: &Input<'b>,
        charge: &dyn Fn(usize) -> Result<()>,
    ) -> Result<Self> {
        let continuation = |messages: &mut Messages<'_>| -> Result<Option<(u64, u64)>> {
            while let Some((kind, _, body)) = messages.next_with_flags()? {
                if kind == message::CONTINUATION {
                    return Ok(Some((uint(body, 0, 8)?, uint(body, 8, 8)?)));
                }
            }
            Ok(None)
        };
        if continuation(&mut self.messages())?.is_none() {
            return Ok(self);
        }
        let mut header = Header { messages: Bytes::default(), ..self };
        let (mut all, mut blocks, mut next) = (Vec::new(), vec![self.messages], 0);
        while let Some(block) = blocks.get(next) {
            header.messages = block.clone();
            next += 1;
            let mut messages = header.messages();
            while let Some((kind, _, body)) = messages.next_with_flags()? {
                if kind != message::CONTINUATION {
                    all.extend_from_slice(
                        &header.messages[messages.at - messages.head - body.len()..messages.at],
                    );
                    continue;
                }
                let (address, len) = (uint(body, 0, 8)?, uint(body, 8, 8)?);
                let block = input.bytes(address, usize::try_from(len).map_err(|_| cut_short())?)?;
                charge(block.len())?;
                if self.old {
                    blocks.push(object_header_v1::block(&block)?);
                    continue;
                }
                let end = block
                    .len()
                    .checked_sub(4)
                    .filter(|end| *end >= 4 && block.starts_with(b"OCHK"));
                let end = end.ok_or_else(|| damaged("a block of a header is missing"))?;
                if u64::from(lookup3(&block[..end])) != uint(&block, end, 4)? {
                    return Err(damaged("an object header with a wrong checksum"));
                }
                blocks.push(block.part(4..end).ok_or_else(cut_short)?);
            }
            if all.len() as u64 > input.len() {
                return Err(damaged("an object header that is longer than the file"));
            }
        }
        Ok(Header { messages: all.into(), ..header })
    }

    /// The bytes of all messages, where none carries its creation order.
    #[inline]
    pub(super) fn plain_messages(&self) -> Option<&[u8]> {
        (!self.ordered).then_some(&self.messages)
    }

    /// The messages: their type and their body.
    #[inline]
    pub(super) fn messages(&self) -> Messages<'_> {
        self.messages_from(0)
    }

    /// The messages from a place on.
    #[inline]
    pub(super) fn messages_from(&self, at: usize) -> Messages<'_> {
        Messages { bytes: &self.messages, head: if self.ordered { 6 } else { 4 }, at }
    }
}

/// Where the messages of a header start and end, and whether they carry their creation order.
#[inline]
fn extent(header: &[u8]) -> Result<(usize, usize, bool)> {
    // The form that this library writes: four bytes of length, no times, no phase change values.
    if let [b'O', b'H', b'D', b'R', 2, 2, a, b, c, d, ..] = *header {
        return Ok((10, (u32::from_le_bytes([a, b, c, d]) as usize).saturating_add(10), false));
    }
    if header.len() < 12 {
        return Err(damaged("an object outside the file"));
    }
    if !header.starts_with(b"OHDR\x02") {
        return Err(unknown("an object header of another version"));
    }
    let flags = header[5];
    let width = 1usize << (flags & 3);
    let times = if flags & 0x20 != 0 { 16 } else { 0 };
    let phase = if flags & 0x10 != 0 { 4 } else { 0 };
    let at = 6 + times + phase;
    let len = usize::try_from(uint(header, at, width)?).map_err(|_| cut_short())?;
    let end = (at + width).checked_add(len).ok_or_else(cut_short)?;
    Ok((at + width, end, flags & 4 != 0))
}

/// A walk through the messages of a header.
#[derive(Debug)]
pub(super) struct Messages<'h> {
    bytes: &'h [u8],
    head: usize,
    pub(super) at: usize,
}

impl<'h> Messages<'h> {
    /// Messages as this library writes them one after another, each with its head of four bytes.
    pub(super) fn plain(mut bytes: &'h [u8]) -> impl Iterator<Item = &'h [u8]> {
        std::iter::from_fn(move || {
            let [_, low, high, _, ..] = bytes else { return None };
            let (message, rest) =
                bytes.split_at_checked(4 + usize::from(u16::from_le_bytes([*low, *high])))?;
            bytes = rest;
            Some(message)
        })
    }

    /// The next message: its type and its body. Declines messages that are elsewhere.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(u8, &'h [u8])>> {
        match self.next_with_flags()? {
            Some((_, flags, _)) if flags & message::SHARED != 0 => {
                Err(unknown("a message that several objects share"))
            }
            found => Ok(found.map(|(kind, _, body)| (kind, body))),
        }
    }

    /// The next message: its type, its flags, and its body, which may be a shared message.
    #[inline]
    pub(super) fn next_with_flags(&mut self) -> Result<Option<(u8, u8, &'h [u8])>> {
        // Bytes that are shorter than a message header are a gap.
        let Some([kind, low, high, flags, ..]) = self.bytes.get(self.at..self.at + self.head)
        else {
            return Ok(None);
        };
        let body = self.at + self.head;
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        let end = body + len;
        let found = self.bytes.get(body..end).ok_or_else(cut_short)?;
        if flags & message::MUST_UNDERSTAND != 0 && *kind > message::LAST_KNOWN {
            return Err(unknown("a message of an unknown type"));
        }
        self.at = end;
        Ok(Some((*kind, *flags, found)))
    }
}
