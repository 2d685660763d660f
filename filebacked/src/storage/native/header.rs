//! Object headers of version 2, as they are read: every length and every address is checked.

use super::checksum::lookup3;
use super::message;
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

/// What this engine does not read; the C library may.
#[cold]
pub(super) fn unknown(what: &str) -> Error {
    ErrorKind::Unsupported(format!("{what} needs the HDF5 library")).into()
}

/// The messages of one object header.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Header<'b> {
    messages: &'b [u8],
    /// Messages carry their creation order.
    ordered: bool,
    /// Bytes of the whole header.
    pub(super) size: usize,
}

impl<'b> Header<'b> {
    /// Finds the header at an address. `check` verifies its checksum, which is needed once for each object.
    pub(super) fn at(file: &'b [u8], address: u64, check: bool) -> Result<Self> {
        let start = usize::try_from(address).map_err(|_| damaged("an address outside of the file"))?;
        let rest = file.get(start..).filter(|rest| rest.len() >= 12);
        let rest = rest.ok_or_else(|| damaged("an object outside of the file"))?;
        // The form that this library writes: four bytes of length, no times, no phase change values.
        if let [b'O', b'H', b'D', b'R', 2, 2, a, b, c, d, ..] = *rest {
            let end = (u32::from_le_bytes([a, b, c, d]) as usize).saturating_add(10);
            let Some((header, [e, f, g, h, ..])) = rest.split_at_checked(end) else { return Err(cut_short()) };
            if check && lookup3(header) != u32::from_le_bytes([*e, *f, *g, *h]) {
                return Err(damaged("an object header with a wrong checksum"));
            }
            return Ok(Header { messages: &header[10..], ordered: false, size: end });
        }
        if !rest.starts_with(b"OHDR\x02") {
            return Err(unknown("an object header of another version"));
        }
        let flags = rest[5];
        let width = 1usize << (flags & 3);
        let times = if flags & 0x20 != 0 { 16 } else { 0 };
        let phase = if flags & 0x10 != 0 { 4 } else { 0 };
        let at = 6 + times + phase;
        let len = usize::try_from(uint(rest, at, width)?).map_err(|_| cut_short())?;
        let end = (at + width).checked_add(len).filter(|end| *end <= rest.len()).ok_or_else(cut_short)?;
        if check && u64::from(lookup3(&rest[..end])) != uint(rest, end, 4)? {
            return Err(damaged("an object header with a wrong checksum"));
        }
        Ok(Header { messages: &rest[at + width..end], ordered: flags & 4 != 0, size: end })
    }

    /// The bytes of all messages, where none carries its creation order.
    #[inline]
    pub(super) fn plain_messages(&self) -> Option<&'b [u8]> {
        (!self.ordered).then_some(self.messages)
    }

    /// The messages: type, where the body starts within the messages, and the body.
    #[inline]
    pub(super) fn messages(&self) -> Messages<'b> {
        Messages { header: *self, at: 0 }
    }

    /// The messages from a place on.
    #[inline]
    pub(super) fn messages_from(&self, at: usize) -> Messages<'b> {
        Messages { header: *self, at }
    }
}

/// A walk through the messages of a header.
#[derive(Debug)]
pub(super) struct Messages<'b> {
    header: Header<'b>,
    pub(super) at: usize,
}

impl<'b> Messages<'b> {
    /// The next message: its type and its body.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(u8, &'b [u8])>> {
        let head = if self.header.ordered { 6 } else { 4 };
        let bytes = self.header.messages;
        let Some([kind, low, high, flags]) = bytes.get(self.at..self.at + 4) else { return Ok(None) };
        let body = self.at + head;
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        let end = body + len;
        let found = bytes.get(body..end).ok_or_else(cut_short)?;
        // A shared message is elsewhere; continuation blocks hold more messages.
        if flags & 2 != 0 || *kind == message::CONTINUATION {
            return Err(unknown("an object header in several blocks"));
        }
        self.at = end;
        Ok(Some((*kind, found)))
    }
}
