//! The elements of datasets and attributes.

use super::{ATTRIBUTE, NativeSource};
use crate::compound::references;
use crate::error::{Error, ErrorKind, Result};
use crate::native::dataset::Data;
use crate::native::header::{damaged, uint, unknown};
use crate::native::input::Bytes;
use crate::native::object::{Attribute, Parsed, committed, dense_attributes};
use crate::native::{UNDEFINED, message};
use crate::{Dtype, Handle, REFERENCE, Texts};

impl<'b> NativeSource<'b> {
    /// The attribute messages of an object: name and body.
    pub(super) fn attribute_messages(
        &self,
        object: Handle,
        mut each: impl FnMut(&[u8], Bytes<'b>) -> bool,
    ) -> Result<()> {
        let header =
            self.parsed(object, |parsed| parsed.attributes.then(|| parsed.header.clone()))?;
        let Some(header) = header else { return Ok(()) };
        let mut dense = None;
        let mut messages = header.messages();
        while let Some((kind, flags, body)) = messages.next_with_flags()? {
            match kind {
                message::ATTRIBUTE if flags & message::SHARED != 0 => {
                    return Err(unknown("an attribute that several objects share"));
                }
                message::ATTRIBUTE => {
                    let attribute = Attribute::parse(body)?;
                    let whole = header.messages.part(messages.at - body.len()..messages.at);
                    if each(attribute.name, whole.unwrap_or_default()) {
                        return Ok(());
                    }
                }
                message::ATTRIBUTE_INFO => dense = dense_attributes(body)?,
                _ => {}
            }
        }
        let Some(dense) = dense else { return Ok(()) };
        let mut done = false;
        dense.each(&self.input, &|bytes| self.charge(bytes), &mut |body| {
            done = done || each(Attribute::parse(body)?.name, body.to_vec().into());
            Ok(())
        })
    }

    /// Looks at the datatype message and the bytes of a scalar whose data is in its header, which
    /// is what most fields are.
    #[inline]
    pub(super) fn compact_scalar<R>(
        &self,
        handle: Handle,
        look: impl FnOnce(&[u8], Bytes<'b>) -> R,
    ) -> Result<Option<R>> {
        if handle.id & ATTRIBUTE != 0 {
            return Ok(None);
        }
        let parts = |parsed: &Parsed<'b>| {
            let (
                Some(datatype),
                Some(&[2, 0, 0, 0]),
                Some(&[3, 0, low, high, ref data @ ..]),
                false,
            ) = (parsed.datatype(), parsed.dataspace(), parsed.layout(), parsed.filtered)
            else {
                return None;
            };
            let len = usize::from(u16::from_le_bytes([low, high]));
            if data.len() != len {
                return None;
            }
            Some(look(datatype, parsed.layout_part(4, len)?))
        };
        self.parsed(handle, parts)
    }

    /// Type, shape and place of a dataset or an attribute.
    pub(in crate::native) fn data(&self, handle: Handle) -> Result<Data<'b>> {
        if handle.id & ATTRIBUTE == 0 {
            return self.parsed(handle, |parsed| Data::of_dataset(parsed, &self.input))?;
        }
        let attributes = self.attributes.borrow();
        let open =
            usize::try_from(handle.id & !ATTRIBUTE).ok().and_then(|place| attributes.get(place));
        let body = open.ok_or_else(|| damaged("an attribute that is not open"))?;
        let attribute = Attribute::parse(body)?;
        let shared;
        let datatype = match attribute.is_shared {
            false => attribute.datatype,
            true => {
                shared = committed(attribute.datatype, &self.input, &|bytes| self.charge(bytes))?;
                &*shared
            }
        };
        let data = body.part(body.len() - attribute.data.len()..body.len()).unwrap_or_default();
        Data::of_attribute(datatype, attribute.dataspace, data)
    }

    /// The datatype message of a dataset, an attribute or a committed datatype.
    pub(super) fn type_message(&self, handle: Handle) -> Result<Bytes<'b>> {
        let missing = || damaged("an object without a datatype");
        if handle.id & ATTRIBUTE == 0 {
            return self
                .parsed(handle, |parsed| parsed.datatype().map(<[u8]>::to_vec))?
                .map(Bytes::from)
                .ok_or_else(missing);
        }
        let attributes = self.attributes.borrow();
        let open =
            usize::try_from(handle.id & !ATTRIBUTE).ok().and_then(|place| attributes.get(place));
        let attribute = Attribute::parse(open.ok_or_else(missing)?)?;
        match attribute.is_shared {
            false => Ok(attribute.datatype.to_vec().into()),
            true => committed(attribute.datatype, &self.input, &|bytes| self.charge(bytes)),
        }
    }

    /// The texts that the elements refer to, in the member that the names lead to.
    pub(super) fn texts(&self, bytes: &[u8], dtype: &Dtype, member: &[String]) -> Result<Texts> {
        let references = references(bytes, dtype, member);
        let references = references.ok_or_else(|| {
            Error::new(ErrorKind::Contract("a request for text of a dataset without text".into()))
        })?;
        let mut texts = Texts::default();
        // Room for all at once, as far as the references can be believed.
        let total = references
            .chunks_exact(REFERENCE)
            .try_fold(0u64, |sum, entry| Ok::<_, Error>(sum + uint(entry, 0, 4)?))?;
        let refused =
            |_| Error::new(ErrorKind::Limit(format!("no memory for {total} bytes of text")));
        texts.bytes.try_reserve_exact(total.min(self.input.len()) as usize).map_err(refused)?;
        texts.ends.reserve_exact(references.len() / REFERENCE);
        let mut heap = self.heap.borrow_mut();
        for entry in references.chunks_exact(REFERENCE) {
            let (len, address, number) =
                (uint(entry, 0, 4)? as usize, uint(entry, 4, 8)?, uint(entry, 12, 4)?);
            if address != 0 && address != UNDEFINED && len > 0 {
                self.charge(len)?;
                let object = heap.object(&self.input, address, number as u32)?;
                let text = object
                    .get(..len)
                    .ok_or_else(|| damaged("text longer than its place in the heap"))?;
                // The C library ends a string at its first NUL.
                let end = text.iter().position(|byte| *byte == 0).unwrap_or(len);
                texts.bytes.extend_from_slice(&text[..end]);
            }
            texts.ends.push(texts.bytes.len());
        }
        Ok(texts)
    }
}
