//! Groups and their links.

use super::{COMPACT, Frame, NativeSink};
use crate::error::{ErrorKind, Result};
use crate::native::header::Messages;
use crate::native::links::{self, Dense, write_dense};
use crate::native::{UNDEFINED, message};

/// A group with more links than this is slow to open for the C library when they lie in its header,
/// so they go to a heap.
const COMPACT_LINKS: usize = 512;

impl NativeSink {
    /// Writes the header of the innermost group.
    #[inline]
    pub(super) fn group_header(&mut self) -> Result<u64> {
        let Some(frame) = self.frames.pop() else {
            return Err(ErrorKind::Contract("a group was closed that was not open".into()).into());
        };
        let dense =
            if frame.links > COMPACT_LINKS { Some(self.dense_links(&frame)?) } else { None };
        let start = self.begin_header();
        let out = &mut self.out;
        let (heap, names) =
            dense.as_ref().map_or((UNDEFINED, UNDEFINED), |dense| (dense.heap, dense.names));
        if frame.ordered {
            // Tracked and indexed; no index is stored as long as the links are in the header.
            out.extend_from_slice(&[message::LINK_INFO, 34, 0, 0, 0, 3]);
            out.extend_from_slice(&(frame.links as u64).to_le_bytes());
        } else {
            out.extend_from_slice(&[message::LINK_INFO, 18, 0, 0, 0, 0]);
        }
        out.extend_from_slice(&heap.to_le_bytes());
        out.extend_from_slice(&names.to_le_bytes());
        if frame.ordered {
            let order = dense.as_ref().and_then(|dense| dense.order);
            out.extend_from_slice(&order.unwrap_or(UNDEFINED).to_le_bytes());
        }
        out.extend_from_slice(&[message::GROUP_INFO, 2, 0, 0, 0, 0]);
        let messages = self.messages.get(frame.start..).unwrap_or_default();
        match dense {
            None => out.extend_from_slice(messages),
            Some(_) => {
                let others = Messages::plain(messages)
                    .filter(|message| message.first() != Some(&message::LINK));
                others.for_each(|message| out.extend_from_slice(message));
            }
        }
        self.messages.truncate(frame.start);
        if frame.counted {
            return Ok(self.end_counted_header(start));
        }
        Ok(self.end_header(start))
    }

    /// Writes the links of a large group into a heap.
    pub(super) fn dense_links(&mut self, frame: &Frame) -> Result<Dense> {
        self.align();
        let messages = self.messages.get(frame.start..).unwrap_or_default();
        let links =
            Messages::plain(messages).filter(|message| message.first() == Some(&message::LINK));
        let links: Vec<&[u8]> = links.map(|message| message.get(4..).unwrap_or_default()).collect();
        match write_dense(&links, frame.ordered, self.base, &mut self.out)? {
            Some(dense) => Ok(dense),
            None => Err(self.decline("a large group with very long names")),
        }
    }

    /// Adds a hard link to the open group; where its address stands is the end of the messages.
    #[inline]
    pub(super) fn add_link(&mut self, name: &str, address: u64) -> Result<()> {
        self.add_link_of(name, links::HARD, &[&address.to_le_bytes()])
    }

    /// Adds a link of any type, which has these bytes.
    #[inline(always)]
    pub(super) fn add_link_of(&mut self, name: &str, kind: u8, value: &[&[u8]]) -> Result<()> {
        if name.is_empty() || name == "." || name.contains(['/', '\0']) {
            return Err(
                ErrorKind::Contract(format!("{name:?} cannot be the name of a link")).into()
            );
        }
        let Some(frame) = self.frames.last_mut() else {
            return Err(ErrorKind::Contract("no group is open".into()).into());
        };
        frame.links += 1;
        let (order, ordered) = (frame.links as u64 - 1, frame.ordered);
        let width = if name.len() < 256 { 1 } else { 2 };
        let size: usize = value.iter().map(|part| part.len()).sum();
        let typed = kind != links::HARD;
        let len = 3 + usize::from(typed) + if ordered { 8 } else { 0 } + width + name.len() + size;
        if len > COMPACT {
            return Err(self.decline("a very long name"));
        }
        let m = &mut self.messages;
        let flags =
            0x10 | (width as u8 - 1) | if ordered { 4 } else { 0 } | if typed { 8 } else { 0 };
        m.extend_from_slice(&[message::LINK, len as u8, (len >> 8) as u8, 0, 1, flags]);
        if typed {
            m.push(kind);
        }
        if ordered {
            m.extend_from_slice(&order.to_le_bytes());
        }
        m.push(1);
        m.extend_from_slice(&(name.len() as u16).to_le_bytes()[..width]);
        m.extend_from_slice(name.as_bytes());
        value.iter().for_each(|part| m.extend_from_slice(part));
        Ok(())
    }
}
