//! Reading: the bytes of a whole file, none of which is believed.

use super::checksum::lookup3;
use super::header::{Header, damaged, uint, unknown};
use super::heap::Cursor;
use super::{SIGNATURE, SUPERBLOCK, UNDEFINED, datatype, message};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{
    Allocation, Description, Dtype, Handle, Link as OtherLink, ObjectKind, Source, StoredType, Texts, Unusual, elements,
};
use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;

/// Handles of attributes have this bit, and are the place of the message.
const ATTRIBUTE: u64 = 1 << 63;

/// Every byte of metadata and data that is read is paid for, so that hard links which multiply objects cannot make a small
/// file cost much: this many times its size.
const BUDGET: u64 = 16;

/// Whether bytes begin as a file that this engine may read.
pub(crate) fn is_superblock(bytes: &[u8]) -> bool {
    bytes.len() >= SUPERBLOCK && bytes[..8] == SIGNATURE && bytes[8..11] == [2, 8, 8]
}

/// A file whose bytes are all in memory.
#[derive(Debug)]
pub(crate) struct NativeSource<'b> {
    bytes: &'b [u8],
    root: u64,
    budget: Cell<u64>,
    /// The message after the link that was found last, and its group: members are mostly read in their order.
    next: Cell<(u64, usize)>,
    /// The object that was looked at last: it is mostly asked for several things in a row.
    last: RefCell<(u64, Parsed<'b>)>,
    heap: RefCell<Cursor>,
    declined: Cell<bool>,
}

/// What the messages of an object tell, in one walk through them.
#[derive(Debug, Clone, Copy)]
struct Parsed<'b> {
    header: Header<'b>,
    kind: ObjectKind,
    datatype: Option<&'b [u8]>,
    dataspace: Option<&'b [u8]>,
    layout: Option<&'b [u8]>,
    attributes: bool,
    /// A filter pipeline, or data in other files.
    filtered: bool,
}

impl<'b> Parsed<'b> {
    fn none() -> Self {
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

    /// A dataset as this library writes it: dataspace, datatype, fill value and layout, and nothing else.
    #[inline]
    fn usual(header: Header<'b>) -> Option<Self> {
        let [message::DATASPACE, len, 0, 0, rest @ ..] = header.plain_messages()? else { return None };
        let (dataspace, rest) = rest.split_at_checked(usize::from(*len))?;
        let [message::DATATYPE, low, high, 0, rest @ ..] = rest else { return None };
        let (datatype, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([*low, *high])))?;
        let [message::FILL_VALUE, 2, 0, 0, 3, _, message::LAYOUT, low, high, 0, layout @ ..] = rest else {
            return None;
        };
        (layout.len() == usize::from(u16::from_le_bytes([*low, *high]))).then_some(Parsed {
            header,
            kind: ObjectKind::Dataset,
            datatype: Some(datatype),
            dataspace: Some(dataspace),
            layout: Some(layout),
            attributes: false,
            filtered: false,
        })
    }

    fn new(header: Header<'b>) -> Result<Self> {
        if let Some(parsed) = Parsed::usual(header) {
            return Ok(parsed);
        }
        let mut parsed = Parsed { header, ..Parsed::none() };
        let mut messages = header.messages();
        while let Some((kind, body)) = messages.next()? {
            match kind {
                message::DATASPACE => parsed.dataspace = Some(body),
                message::DATATYPE => parsed.datatype = Some(body),
                message::LAYOUT => {
                    parsed.layout = Some(body);
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
        Ok(parsed)
    }
}

impl<'b> NativeSource<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Result<Self> {
        if !is_superblock(bytes) {
            return Err(unknown("a superblock of another version"));
        }
        if u64::from(lookup3(&bytes[..44])) != uint(bytes, 44, 4)? {
            return Err(damaged("a superblock with a wrong checksum"));
        }
        // A user block, an extension, or a file that is marked as open for writing.
        if bytes[11] != 0 || uint(bytes, 12, 8)? != 0 || uint(bytes, 20, 8)? != UNDEFINED {
            return Err(unknown("a superblock of this kind"));
        }
        let end = uint(bytes, 28, 8)?;
        let Some(bytes) = usize::try_from(end).ok().and_then(|end| bytes.get(..end)) else {
            return Err(damaged(format!("truncated: {} of {end} bytes", bytes.len())));
        };
        Ok(NativeSource {
            bytes,
            root: uint(bytes, 36, 8)?,
            budget: Cell::new((bytes.len() as u64).saturating_mul(BUDGET).saturating_add(1 << 16)),
            next: Cell::new((0, 0)),
            // No object lies at the place of the superblock.
            last: RefCell::new((0, Parsed::none())),
            heap: RefCell::default(),
            declined: Cell::new(false),
        })
    }

    /// Whether some error meant that the file needs the other engine.
    pub(crate) fn declined(&self) -> bool {
        self.declined.get()
    }

    fn charge(&self, bytes: usize) -> Result<()> {
        let left = self.budget.get().checked_sub(bytes as u64 + 1).ok_or_else(|| {
            Error::new(ErrorKind::Limit("far more is read than the file holds: its links multiply objects".into()))
        })?;
        self.budget.set(left);
        Ok(())
    }

    /// Notes errors that tell of something outside of the subset.
    fn noted<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && matches!(error.kind(), ErrorKind::Unsupported(_))
        {
            self.declined.set(true);
        }
        result
    }

    /// An object that is met: its checksum is verified here, and nowhere else.
    fn open(&self, address: u64) -> Result<Handle> {
        let header = Header::at(self.bytes, address, true)?;
        self.charge(header.size)?;
        let parsed = Parsed::new(header)?;
        let handle = Handle { id: address, kind: parsed.kind, bare: !parsed.attributes };
        *self.last.borrow_mut() = (address, parsed);
        Ok(handle)
    }

    /// Looks at what the messages of an object tell.
    #[inline]
    fn parsed<R>(&self, object: Handle, look: impl FnOnce(&Parsed<'b>) -> R) -> Result<R> {
        let last = self.last.borrow();
        if last.0 == object.id {
            return Ok(look(&last.1));
        }
        drop(last);
        Ok(look(&Parsed::new(self.header(object)?)?))
    }

    fn header(&self, object: Handle) -> Result<Header<'b>> {
        Header::at(self.bytes, object.id, false)
    }

    /// The member of a group: address, looked for from where the last one was found.
    fn find(&self, group: Handle, name: &str) -> Result<Option<u64>> {
        let header = self.header(group)?;
        let (last, hint) = self.next.get();
        let start = if last == group.id { hint } else { 0 };
        let mut messages = header.messages_from(start);
        let mut wrapped = start == 0;
        loop {
            if wrapped && start > 0 && messages.at >= start {
                return Ok(None);
            }
            let Some((kind, body)) = messages.next()? else {
                if wrapped {
                    return Ok(None);
                }
                wrapped = true;
                messages = header.messages();
                continue;
            };
            match kind {
                message::LINK => {
                    let link = Link::parse(body)?;
                    if link.name == name.as_bytes() {
                        self.next.set((group.id, messages.at));
                        return link.address.map(Some).ok_or_else(|| unknown("a soft or external link"));
                    }
                }
                message::SYMBOL_TABLE => return Err(unknown("a group of an older format")),
                message::LINK_INFO => check_compact(body)?,
                _ => {}
            }
        }
    }

    /// The attribute messages of an object: name, and where the body lies in the file.
    fn attribute_messages(&self, object: Handle, mut each: impl FnMut(&'b [u8], &'b [u8]) -> bool) -> Result<()> {
        let Some(mut messages) = self.parsed(object, |parsed| parsed.attributes.then(|| parsed.header.messages()))?
        else {
            return Ok(());
        };
        while let Some((kind, body)) = messages.next()? {
            match kind {
                message::ATTRIBUTE => {
                    let attribute = Attribute::parse(body)?;
                    if each(attribute.name, body) {
                        return Ok(());
                    }
                }
                // Attributes in a heap of their own.
                message::ATTRIBUTE_INFO if body.len() >= 10 && uint(body, body.len() - 8, 8)? != UNDEFINED => {
                    return Err(unknown("an object with very many attributes"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Datatype message and bytes of a scalar whose data is in its header, which is what most fields are.
    #[inline]
    fn compact_scalar(&self, handle: Handle) -> Result<Option<(&'b [u8], &'b [u8])>> {
        if handle.id & ATTRIBUTE != 0 {
            return Ok(None);
        }
        let parts = |parsed: &Parsed<'b>| (parsed.datatype, parsed.dataspace, parsed.layout, parsed.filtered);
        let (Some(datatype), Some(&[2, 0, 0, 0]), Some(&[3, 0, low, high, ref data @ ..]), false) =
            self.parsed(handle, parts)?
        else {
            return Ok(None);
        };
        Ok((data.len() == usize::from(u16::from_le_bytes([low, high]))).then_some((datatype, data)))
    }

    /// Where a slice of the file starts in it.
    fn place(&self, part: &[u8]) -> u64 {
        (part.as_ptr() as usize - self.bytes.as_ptr() as usize) as u64
    }

    fn attribute_at(&self, handle: Handle) -> Result<Attribute<'b>> {
        let start = (handle.id & !ATTRIBUTE) as usize;
        let message = self.bytes.get(start..).ok_or_else(|| damaged("an attribute outside of the file"))?;
        // The head of the message is before its body.
        let len = self.bytes.get(start.wrapping_sub(4)..).map_or(Ok(0), |head| uint(head, 1, 2))? as usize;
        Attribute::parse(message.get(..len).unwrap_or(message))
    }

    /// Type, shape and bytes of a dataset or an attribute.
    fn data(&self, handle: Handle) -> Result<Data<'b>> {
        if handle.id & ATTRIBUTE != 0 {
            let attribute = self.attribute_at(handle)?;
            return Data::new(attribute.datatype, attribute.dataspace, attribute.data, "");
        }
        let parts = |parsed: &Parsed<'b>| (parsed.datatype, parsed.dataspace, parsed.layout, parsed.filtered);
        let (datatype, dataspace, layout, filtered) = self.parsed(handle, parts)?;
        if filtered {
            return Err(unknown("compressed or external data"));
        }
        let (Some(dtype), Some(space), Some(layout)) = (datatype, dataspace, layout) else {
            return Err(damaged("a dataset without type, shape or layout"));
        };
        match (uint(layout, 0, 1)?, uint(layout, 1, 1)?) {
            (3 | 4, 0) => {
                let len = uint(layout, 2, 2)? as usize;
                let data = layout.get(4..4 + len).ok_or_else(|| damaged("data outside of its header"))?;
                Data::new(dtype, space, data, "compact")
            }
            (3 | 4, 1) => {
                let (address, len) = (uint(layout, 2, 8)?, uint(layout, 10, 8)?);
                if address == UNDEFINED {
                    return match len {
                        0 => Data::new(dtype, space, &[], "contiguous"),
                        // Never written, so all of it is the fill value.
                        _ => Err(unknown("data that was never written")),
                    };
                }
                let end = address.checked_add(len).and_then(|end| usize::try_from(end).ok());
                let data = end.and_then(|end| self.bytes.get(address as usize..end));
                Data::new(dtype, space, data.ok_or_else(|| damaged("data outside of the file"))?, "contiguous")
            }
            _ => Err(unknown("chunked data")),
        }
    }
}

/// A link message.
struct Link<'b> {
    name: &'b [u8],
    /// Of a hard link.
    address: Option<u64>,
    order: u64,
}

impl<'b> Link<'b> {
    #[inline]
    fn parse(body: &'b [u8]) -> Result<Self> {
        // The forms that this library writes: a hard link with a short name in UTF-8, with and without its order.
        let usual = match body {
            [1, 0x10, 1, len, rest @ ..] => Some((0, len, rest)),
            [1, 0x14, a, b, c, d, e, f, g, h, 1, len, rest @ ..] => {
                Some((u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), len, rest))
            }
            _ => None,
        };
        if let Some((order, len, rest)) = usual
            && let Some((name, address)) = rest.split_at_checked(usize::from(*len))
            && let Ok(address) = address.try_into()
        {
            return Ok(Link { name, address: Some(u64::from_le_bytes(address)), order });
        }
        let flags = uint(body, 1, 1)?;
        if uint(body, 0, 1)? != 1 {
            return Err(unknown("a link of another version"));
        }
        let mut at = 2;
        let mut hard = true;
        if flags & 8 != 0 {
            hard = uint(body, at, 1)? == 0;
            at += 1;
        }
        let mut order = 0;
        if flags & 4 != 0 {
            order = uint(body, at, 8)?;
            at += 8;
        }
        if flags & 16 != 0 {
            at += 1;
        }
        let width = 1usize << (flags & 3);
        let len = uint(body, at, width)? as usize;
        at += width;
        let name = at.checked_add(len).and_then(|end| body.get(at..end));
        let name = name.ok_or_else(|| damaged("a link's name outside of its message"))?;
        let address = if hard { Some(uint(body, at + len, 8)?) } else { None };
        Ok(Link { name, address, order })
    }
}

/// Refuses groups whose links are not in their header.
fn check_compact(body: &[u8]) -> Result<()> {
    let tracked = uint(body, 1, 1)? & 1 != 0;
    if uint(body, if tracked { 10 } else { 2 }, 8)? != UNDEFINED {
        return Err(unknown("a group of very many links"));
    }
    Ok(())
}

/// An attribute message.
struct Attribute<'b> {
    name: &'b [u8],
    datatype: &'b [u8],
    dataspace: &'b [u8],
    data: &'b [u8],
}

impl<'b> Attribute<'b> {
    fn parse(body: &'b [u8]) -> Result<Self> {
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

/// A dataset or an attribute: what it is, and its bytes.
struct Data<'b> {
    description: Description,
    bytes: &'b [u8],
    layout: &'static str,
}

impl<'b> Data<'b> {
    fn new(dtype: &[u8], space: &[u8], bytes: &'b [u8], layout: &'static str) -> Result<Self> {
        let dtype = datatype::decode(dtype).ok_or_else(|| unknown("a datatype of this kind"))?;
        let (version, rank, flags) = (uint(space, 0, 1)?, uint(space, 1, 1)? as usize, uint(space, 2, 1)?);
        if version != 2 || flags & !1 != 0 || rank > 32 {
            return Err(unknown("a dataspace of another version"));
        }
        let mut shape = Vec::with_capacity(rank);
        for i in 0..rank {
            shape.push(uint(space, 4 + 8 * i, 8)?);
        }
        let null = uint(space, 3, 1)? == 2;
        let size = if null { Some(0) } else { elements(&shape) };
        let size = size.and_then(|n| n.checked_mul(datatype::stored_size(&dtype)));
        let Some(bytes) = size.and_then(|size| bytes.get(..size)) else {
            return Err(damaged(format!("{} bytes for a dataset of {dtype}, shape {shape:?}", bytes.len())));
        };
        Ok(Data { description: Description { dtype, shape, null }, bytes, layout })
    }
}

impl Source for NativeSource<'_> {
    fn root(&self) -> Result<Handle> {
        self.noted(self.open(self.root))
    }

    fn child(&self, group: Handle, name: &str) -> Result<Option<Handle>> {
        let found = self.find(group, name);
        self.noted(found.and_then(|address| address.map(|address| self.open(address)).transpose()))
    }

    fn children(&self, group: Handle) -> Result<Vec<String>> {
        let names = || {
            let mut tracked = false;
            let mut links = Vec::new();
            let mut messages = self.header(group)?.messages();
            while let Some((kind, body)) = messages.next()? {
                match kind {
                    message::LINK_INFO => {
                        check_compact(body)?;
                        tracked = uint(body, 1, 1)? & 1 != 0;
                    }
                    message::LINK => {
                        let link = Link::parse(body)?;
                        let name = std::str::from_utf8(link.name);
                        let name = name.map_err(|_| ErrorKind::Invalid("a link's name that is not UTF-8".into()))?;
                        links.push((link.order, name.to_string()));
                    }
                    message::SYMBOL_TABLE => return Err(unknown("a group of an older format")),
                    _ => {}
                }
            }
            if tracked {
                links.sort();
            } else {
                links.sort_by(|a, b| a.1.cmp(&b.1));
            }
            self.charge(links.len())?;
            Ok(links.into_iter().map(|(_, name)| name).collect())
        };
        self.noted(names())
    }

    fn is_ordered(&self, group: Handle) -> Result<bool> {
        let mut messages = self.header(group)?.messages();
        while let Some((kind, body)) = messages.next()? {
            if kind == message::LINK_INFO {
                return Ok(uint(body, 1, 1)? & 1 != 0);
            }
        }
        Ok(false)
    }

    /// Other links than hard ones are none of the subset.
    fn link(&self, _: Handle, _: &str) -> Result<Option<OtherLink>> {
        Ok(None)
    }

    /// The types of the subset are those that a [`Dtype`] says all of.
    fn stored_type(&self, _: Handle, dtype: Option<&Dtype>) -> Result<Option<StoredType>> {
        match dtype {
            Some(_) => Ok(None),
            None => self.noted(Err(unknown("a committed datatype"))),
        }
    }

    fn read_unusual(&self, _: Handle) -> Result<Unusual> {
        self.noted(Err(unknown("elements of this type")))
    }

    fn attribute(&self, object: Handle, name: &str) -> Result<Option<Handle>> {
        if object.bare {
            return Ok(None);
        }
        let mut found = None;
        let walked = self.attribute_messages(object, |candidate, body| {
            let same = candidate == name.as_bytes();
            if same {
                let id = self.place(body) | ATTRIBUTE;
                found = Some(Handle { id, kind: ObjectKind::Attribute, bare: true });
            }
            same
        });
        self.noted(walked.map(|()| found))
    }

    fn attributes(&self, object: Handle) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let walked = self.attribute_messages(object, |name, _| {
            names.push(String::from_utf8_lossy(name).into_owned());
            false
        });
        self.noted(walked)?;
        names.sort();
        Ok(names)
    }

    fn identity(&self, object: Handle) -> Result<Option<String>> {
        // The handle of an object is its address.
        Ok(Some(object.id.to_string()))
    }

    fn describe(&self, handle: Handle) -> Result<Description> {
        self.noted(self.data(handle).map(|data| data.description))
    }

    fn allocation(&self, dataset: Handle) -> Result<Allocation> {
        let data = self.noted(self.data(dataset))?;
        let bytes = data.bytes.len() as u64;
        Ok(Allocation { layout: data.layout, bytes, ..Allocation::default() })
    }

    fn read(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        let data = self.noted(self.data(handle))?;
        if data.description.dtype != *dtype || data.bytes.len() != out.len() || *dtype == Dtype::VarStr {
            return Err(ErrorKind::Contract("a buffer that does not fit the data".into()).into());
        }
        self.charge(out.len())?;
        // SAFETY: both slices have this length, and they cannot overlap: one is borrowed to be written.
        unsafe { std::ptr::copy_nonoverlapping(data.bytes.as_ptr(), out.as_mut_ptr().cast(), out.len()) };
        Ok(())
    }

    #[inline]
    fn scalar(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<bool> {
        let Some((message, bytes)) = self.compact_scalar(handle)? else { return Ok(false) };
        if bytes.len() != out.len() || !datatype::is(message, dtype) {
            return Ok(false);
        }
        self.charge(out.len())?;
        // SAFETY: both slices have this length, and they cannot overlap: one is borrowed to be written.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), out.as_mut_ptr().cast(), out.len()) };
        Ok(true)
    }

    #[inline]
    fn scalar_text(&self, handle: Handle) -> Result<Option<&[u8]>> {
        let Some((message, bytes)) = self.compact_scalar(handle)? else { return Ok(None) };
        if datatype::text_size(message) != Some(bytes.len()) {
            return Ok(None);
        }
        self.charge(bytes.len())?;
        Ok(Some(bytes))
    }

    fn read_text(&self, handle: Handle) -> Result<Texts> {
        let data = self.noted(self.data(handle))?;
        if data.description.dtype != Dtype::VarStr {
            return Err(ErrorKind::Contract("text was asked for where there is none".into()).into());
        }
        let mut heap = self.heap.borrow_mut();
        let mut texts = Texts::default();
        texts.ends.reserve(data.bytes.len() / 16);
        for entry in data.bytes.chunks_exact(16) {
            let (len, address, number) = (uint(entry, 0, 4)? as usize, uint(entry, 4, 8)?, uint(entry, 12, 4)?);
            if address != 0 && len > 0 {
                self.charge(len)?;
                let object = heap.object(self.bytes, address, number as u32)?;
                let text = object.get(..len).ok_or_else(|| damaged("text longer than its place in the heap"))?;
                // The C library ends a string at its first NUL.
                let end = text.iter().position(|byte| *byte == 0).unwrap_or(len);
                texts.bytes.extend_from_slice(&text[..end]);
            }
            texts.ends.push(texts.bytes.len());
        }
        Ok(texts)
    }

    fn release(&self, _: Handle) {}
}
