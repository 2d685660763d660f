//! The messages of an object, collected in one walk.

use super::fill_value::FillValue;
use super::filter_pipeline::{self, Filter};
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
    rare: Option<Box<Rare<'b>>>,
}

/// Parts that few datasets of this crate have.
#[derive(Debug, Clone, Default)]
struct Rare<'b> {
    filters: Option<Place>,
    fill: Option<Place>,
    old_fill: Option<Place>,
    external: bool,
    /// A committed datatype, which several objects share.
    datatype: Option<Bytes<'b>>,
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
            rare: None,
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
                rare: None,
            });
        }
        Parsed::searched(header, input, charge)
    }

    /// The same, where the messages are looked at one by one.
    #[inline(never)]
    fn searched(
        header: Header<'b>,
        input: &Input<'b>,
        charge: &dyn Fn(usize) -> Result<()>,
    ) -> Result<Self> {
        let header = header.joined(input, charge)?;
        let mut parsed = Parsed::none();
        let mut messages = header.messages();
        while let Some((kind, flags, body)) = messages.next_with_flags()? {
            let place = messages.at - body.len()..messages.at;
            if flags & message::SHARED != 0 {
                if kind == message::DATATYPE {
                    parsed.rare().datatype = Some(committed(body, input, charge)?);
                    continue;
                }
                return Err(unknown("a message that several objects share"));
            }
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
                message::FILTERS => {
                    parsed.filtered = true;
                    parsed.rare().filters = Some(place);
                }
                message::EXTERNAL => {
                    parsed.filtered = true;
                    parsed.rare().external = true;
                }
                message::FILL_VALUE => parsed.rare().fill = Some(place),
                message::OLD_FILL_VALUE => parsed.rare().old_fill = Some(place),
                _ => {}
            }
        }
        parsed.header = header;
        Ok(parsed)
    }

    fn body(&self, place: &Option<Place>) -> Option<&[u8]> {
        self.header.messages.get(place.clone()?)
    }

    fn rare(&mut self) -> &mut Rare<'b> {
        self.rare.get_or_insert_default()
    }

    pub(super) fn datatype(&self) -> Option<&[u8]> {
        self.body(&self.datatype)
            .or_else(|| self.rare.as_ref().and_then(|rare| rare.datatype.as_deref()))
    }

    /// The filters that the chunks of a dataset went through.
    pub(super) fn filters(&self) -> Result<Vec<Filter>> {
        let place = self.rare.as_ref().and_then(|rare| self.body(&rare.filters));
        place.map_or_else(|| Ok(Vec::new()), filter_pipeline::parse)
    }

    /// The value of elements that were never written.
    pub(super) fn fill_value(&self) -> Result<FillValue> {
        let Some(rare) = &self.rare else { return Ok(FillValue::default()) };
        match (self.body(&rare.fill), self.body(&rare.old_fill)) {
            (Some(body), _) => FillValue::parse(body),
            (None, Some(body)) => FillValue::parse_old(body),
            (None, None) => Ok(FillValue::default()),
        }
    }

    /// Whether data is in other files.
    pub(super) fn is_external(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.external)
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

/// The datatype message that a shared message leads to.
pub(super) fn committed<'b>(
    shared: &[u8],
    input: &Input<'b>,
    charge: &dyn Fn(usize) -> Result<()>,
) -> Result<Bytes<'b>> {
    let address = match (uint(shared, 0, 1)?, uint(shared, 1, 1)?) {
        (1, _) => uint(shared, 16, 8)?,
        (2, _) | (3, 2) => uint(shared, 2, 8)?,
        _ => return Err(unknown("a message in a heap of the file")),
    };
    let header = Header::at(input, address, true)?;
    charge(header.size)?;
    let header = header.joined(input, charge)?;
    let mut messages = header.messages();
    while let Some((kind, body)) = messages.next()? {
        if kind == message::DATATYPE {
            let found = header.messages.part(messages.at - body.len()..messages.at);
            return Ok(found.unwrap_or_default());
        }
    }
    Err(damaged("a committed datatype is missing"))
}

/// An attribute message.
#[derive(Debug)]
pub(super) struct Attribute<'m> {
    pub(super) name: &'m [u8],
    /// A datatype message, or a shared one that leads to it.
    pub(super) datatype: &'m [u8],
    pub(super) is_shared: bool,
    pub(super) dataspace: &'m [u8],
    pub(super) data: &'m [u8],
}

impl<'m> Attribute<'m> {
    pub(super) fn parse(body: &'m [u8]) -> Result<Self> {
        let &[version, flags, n0, n1, t0, t1, s0, s1, ..] = body else {
            return Err(damaged("an attribute that is cut short"));
        };
        let (start, flags, step) = match version {
            1 => (8, 0, 8),
            2 => (8, flags, 1),
            3 => (9, flags, 1),
            _ => return Err(unknown("an attribute of another version")),
        };
        if flags & !1 != 0 {
            return Err(unknown("an attribute with a shared dataspace"));
        }
        let lengths = [[n0, n1], [t0, t1], [s0, s1]].map(u16::from_le_bytes);
        let mut rest =
            body.get(start..).ok_or_else(|| damaged("an attribute that is cut short"))?;
        let mut cut = |len: u16| {
            // In version 1, the length of each part is a multiple of 8.
            let len = usize::from(len);
            let (part, behind) = rest.split_at_checked(len.next_multiple_of(step))?;
            rest = behind;
            part.get(..len)
        };
        let parts = (cut(lengths[0]), cut(lengths[1]), cut(lengths[2]));
        let (Some([name @ .., 0]), Some(datatype), Some(dataspace)) = parts else {
            return Err(damaged("an attribute that is cut short"));
        };
        Ok(Attribute { name, datatype, is_shared: flags & 1 != 0, dataspace, data: rest })
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
