//! The messages of an object, collected in one walk.

use super::fractal::{ATTRIBUTE_ID, Dense};
use super::header::{Header, damaged, uint, unknown};
use super::input::{Bytes, Input};
use super::{UNDEFINED, btree, message};
use crate::ObjectKind;
use crate::error::Result;
use std::ops::Range;

/// An object whose header was looked at.
#[derive(Debug, Clone)]
pub(super) struct Parsed<'b> {
    pub(super) header: Header<'b>,
    pub(super) kind: ObjectKind,
    datatype: Option<Place>,
    dataspace: Option<Place>,
    layout: Option<Place>,
    pub(super) attributes: bool,
    /// A filter pipeline, or data in other files.
    pub(super) filtered: bool,
}

/// Where a body lies among the messages of a header.
type Place = Range<usize>;

impl<'b> Parsed<'b> {
    pub(super) fn none() -> Self {
        Parsed {
            header: Header::default(),
            kind: ObjectKind::Other,
            datatype: None,
            dataspace: None,
            layout: None,
            attributes: false,
            filtered: false,
        }
    }

    /// Where the parts of a dataset are as this library writes it: dataspace, datatype, fill value
    /// and layout, and nothing else.
    #[inline]
    fn usual(header: &Header<'b>) -> Option<[Place; 3]> {
        let bytes = header.plain_messages()?;
        let [message::DATASPACE, len, 0, 0, rest @ ..] = bytes else { return None };
        let dataspace = 4..4 + usize::from(*len);
        let [message::DATATYPE, low, high, 0, rest @ ..] = rest.get(usize::from(*len)..)? else {
            return None;
        };
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        let datatype = dataspace.end + 4..dataspace.end + 4 + len;
        let [message::FILL_VALUE, 2, 0, 0, 3, _, message::LAYOUT, low, high, 0, layout @ ..] =
            rest.get(len..)?
        else {
            return None;
        };
        (layout.len() == usize::from(u16::from_le_bytes([*low, *high])))
            .then(|| [dataspace, datatype, bytes.len() - layout.len()..bytes.len()])
    }

    /// The object with this header, whose first block is in memory.
    #[inline]
    pub(super) fn new(
        header: Header<'b>,
        input: &Input<'b>,
        charge: &dyn Fn(usize) -> Result<()>,
    ) -> Result<Self> {
        if let Some([dataspace, datatype, layout]) = Parsed::usual(&header) {
            return Ok(Parsed {
                header,
                kind: ObjectKind::Dataset,
                datatype: Some(datatype),
                dataspace: Some(dataspace),
                layout: Some(layout),
                attributes: false,
                filtered: false,
            });
        }
        let header = header.joined(input, charge)?;
        let mut parsed = Parsed::none();
        let mut messages = header.messages();
        while let Some((kind, body)) = messages.next()? {
            let place = messages.at - body.len()..messages.at;
            match kind {
                message::DATASPACE => parsed.dataspace = Some(place),
                message::DATATYPE => parsed.datatype = Some(place),
                message::LAYOUT => {
                    parsed.layout = Some(place);
                    parsed.kind = ObjectKind::Dataset;
                }
                message::LINK_INFO | message::SYMBOL_TABLE => {
                    parsed.kind = ObjectKind::Group;
                    // Its links are looked at one by one, where they are looked for.
                    parsed.attributes = true;
                    break;
                }
                message::ATTRIBUTE | message::ATTRIBUTE_INFO => parsed.attributes = true,
                message::FILTERS | message::EXTERNAL => parsed.filtered = true,
                _ => {}
            }
        }
        parsed.header = header;
        Ok(parsed)
    }

    fn body(&self, place: &Option<Place>) -> Option<&[u8]> {
        self.header.messages.get(place.clone()?)
    }

    pub(super) fn datatype(&self) -> Option<&[u8]> {
        self.body(&self.datatype)
    }

    pub(super) fn dataspace(&self) -> Option<&[u8]> {
        self.body(&self.dataspace)
    }

    pub(super) fn layout(&self) -> Option<&[u8]> {
        self.body(&self.layout)
    }

    /// The data of a compact dataset, from a place in its layout message on.
    pub(super) fn layout_part(&self, from: usize, len: usize) -> Option<Bytes<'b>> {
        let layout = self.layout.clone()?;
        let start = layout.start.checked_add(from)?;
        let end = start.checked_add(len).filter(|end| *end <= layout.end)?;
        self.header.messages.part(start..end)
    }
}

/// An attribute message.
#[derive(Debug)]
pub(super) struct Attribute<'m> {
    pub(super) name: &'m [u8],
    pub(super) datatype: &'m [u8],
    pub(super) dataspace: &'m [u8],
    pub(super) data: &'m [u8],
}

impl<'m> Attribute<'m> {
    pub(super) fn parse(body: &'m [u8]) -> Result<Self> {
        if uint(body, 0, 1)? != 3 || uint(body, 1, 1)? != 0 {
            return Err(unknown("an attribute of another version"));
        }
        let lengths = [uint(body, 2, 2)?, uint(body, 4, 2)?, uint(body, 6, 2)?];
        let mut rest = body.get(9..).ok_or_else(|| damaged("an attribute that is cut short"))?;
        let mut cut = |len: u64| {
            let (part, behind) = rest.split_at_checked(len as usize)?;
            rest = behind;
            Some(part)
        };
        let parts = (cut(lengths[0]), cut(lengths[1]), cut(lengths[2]));
        let (Some([name @ .., 0]), Some(datatype), Some(dataspace)) = parts else {
            return Err(damaged("an attribute that is cut short"));
        };
        Ok(Attribute { name, datatype, dataspace, data: rest })
    }
}

/// Where the attributes are of an object that has many; `None` where they are in its header.
pub(super) fn dense_attributes(body: &[u8]) -> Result<Option<Dense>> {
    // The highest order is there where the order is tracked.
    let at = if uint(body, 1, 1)? & 1 != 0 { 4 } else { 2 };
    let (heap, index) = (uint(body, at, 8)?, uint(body, at + 8, 8)?);
    // Identifier, flags, order and hash.
    let id = 0..ATTRIBUTE_ID;
    Ok((heap != UNDEFINED).then_some(Dense {
        heap,
        index,
        kind: btree::ATTRIBUTES,
        record: ATTRIBUTE_ID + 9,
        id,
    }))
}
