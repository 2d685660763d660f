//! Objects that several links lead to: their headers count those.

use super::header::damaged;
use super::message;
use crate::checksum::lookup3;
use crate::error::{ErrorKind, Result};
use crate::owners::WrittenOwners;
use std::collections::BTreeMap;
use std::ops::Range;

/// The message with the number of links, the last of a header. Of one link, no header needs it; but
/// how many there will be is not known when it is written.
pub(super) const COUNT: [u8; 9] = [message::LINK_COUNT, 5, 0, 0, 0, 1, 0, 0, 0];

/// Bytes of the number itself, and of the checksum behind it.
const TAIL: usize = 8;

/// The state of a sink for objects that may get more links.
#[derive(Debug, Default)]
pub(super) struct Linked {
    pub(super) written: WrittenOwners,
    /// The next object may get more links.
    pub(super) expected: bool,
    /// Whether the last written member is a soft or external link.
    link: bool,
    /// The header with a count that was written last, and its bytes if they are in the file
    /// already.
    last: Range<u64>,
    last_bytes: Vec<u8>,
    /// The objects by their numbers.
    objects: Vec<Object>,
    /// Where the references to objects are.
    references: Vec<(u64, u32)>,
    /// By address.
    counts: BTreeMap<u64, Count>,
    /// The addresses of those of them that are not in the file yet.
    fresh: Vec<u64>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Object {
    /// Not there.
    #[default]
    None,
    Root,
    At(u64),
}

#[derive(Debug)]
struct Count {
    links: u32,
    header: Range<u64>,
    /// The bytes of the header, once they are in the file.
    bytes: Vec<u8>,
}

impl Linked {
    /// The next object may get more links.
    pub(super) fn await_links(&mut self) {
        self.expected = true;
        self.link = false;
    }

    /// A soft or external link was written, which is not an object.
    pub(super) fn no_object(&mut self) {
        self.expected = false;
        self.link = true;
    }

    /// A group was written, whatever is in it.
    pub(super) fn no_link(&mut self) {
        self.link = false;
    }

    /// Whether what was written last is an object: a member of this name, or the root.
    pub(super) fn is_object(&self, name: Option<&str>) -> bool {
        name.is_none() || !self.link
    }

    /// A header that has a count was written.
    pub(super) fn headed(&mut self, header: Range<u64>) {
        self.last = header;
        self.last_bytes.clear();
    }

    /// Notes the object at an address, or the root, under a number.
    pub(super) fn note(&mut self, object: u32, address: Option<u64>) {
        let number = object as usize;
        if self.objects.len() <= number {
            self.objects.resize(number + 1, Object::None);
        }
        self.objects[number] = address.map_or(Object::Root, Object::At);
        if let Some(address) = address
            && self.last.start == address
            && !self.counts.contains_key(&address)
        {
            let bytes = std::mem::take(&mut self.last_bytes);
            if bytes.is_empty() {
                self.fresh.push(address);
            }
            self.counts.insert(address, Count { links: 1, header: self.last.clone(), bytes });
        }
    }

    /// The address of an object that gets one more link.
    pub(super) fn link(&mut self, object: u32) -> Result<u64> {
        if let Some(Object::At(address)) = self.objects.get(object as usize)
            && let Some(count) = self.counts.get_mut(address)
        {
            count.links = count.links.saturating_add(1);
            return Ok(*address);
        }
        Err(ErrorKind::Contract("a link to an object that was not recorded".into()).into())
    }

    /// Notes references that lie one after another in the file, and are zeros so far.
    pub(super) fn refer(&mut self, address: u64, objects: &[Option<u32>]) {
        let references = objects.iter().enumerate();
        self.references.extend(
            references.filter_map(|(i, object)| Some((address + 8 * i as u64, (*object)?))),
        );
    }

    /// Keeps the headers that are about to go into the file: the bytes from `base` on.
    pub(super) fn leave(&mut self, base: u64, out: &[u8]) {
        if let Some(last) =
            place(&self.last, base).and_then(|place| out.get(place)).filter(|last| !last.is_empty())
        {
            self.last_bytes = last.to_vec();
        }
        for address in self.fresh.drain(..) {
            if let Some(count) = self.counts.get_mut(&address)
                && let Some(header) = place(&count.header, base).and_then(|place| out.get(place))
            {
                count.bytes = header.to_vec();
            }
        }
    }

    /// Fills the link counts and the references into data that is still in memory. Returns the
    /// other writes, with their places.
    pub(super) fn patches(
        &mut self,
        root: u64,
        base: u64,
        out: &mut [u8],
    ) -> Result<Vec<(u64, Vec<u8>)>> {
        let mut patches = Vec::new();
        for (at, object) in &self.references {
            let address = match self.objects.get(*object as usize) {
                Some(Object::At(address)) => *address,
                Some(Object::Root) => root,
                _ => continue,
            };
            match place(&(*at..*at + 8), base).and_then(|place| out.get_mut(place)) {
                Some(reference) => reference.copy_from_slice(&address.to_le_bytes()),
                None => patches.push((*at, address.to_le_bytes().to_vec())),
            }
        }
        for count in self.counts.values_mut().filter(|count| count.links > 1) {
            match place(&count.header, base).and_then(|place| out.get_mut(place)) {
                Some(header) => set(header, count.links)?,
                None => {
                    set(&mut count.bytes, count.links)?;
                    patches.push((count.header.start, std::mem::take(&mut count.bytes)));
                }
            }
        }
        Ok(patches)
    }
}

/// Where bytes of the file are among those from `base` on.
fn place(range: &Range<u64>, base: u64) -> Option<Range<usize>> {
    Some(range.start.checked_sub(base)? as usize..range.end.checked_sub(base)? as usize)
}

/// Sets the number of links in a header.
fn set(header: &mut [u8], links: u32) -> Result<()> {
    let at = header.len().checked_sub(TAIL).ok_or_else(|| damaged("a header without a count"))?;
    header[at..at + 4].copy_from_slice(&links.to_le_bytes());
    let sum = lookup3(&header[..at + 4]);
    header[at + 4..].copy_from_slice(&sum.to_le_bytes());
    Ok(())
}
