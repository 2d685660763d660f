//! Datasets and attributes: their messages, and the heaps of their strings.

use super::{COMPACT, GATHER, NativeSink, Pending};
use crate::error::{Error, ErrorKind, Result};
use crate::native::{datatype, message};
use crate::{AttrSpec, Compression, DatasetSpec, Dtype, Elements, REFERENCE};

impl NativeSink {
    /// Begins the header of a dataset, up to its layout message.
    #[inline]
    pub(super) fn dataset_header(
        &mut self,
        spec: &DatasetSpec<'_>,
        compact: bool,
    ) -> Result<usize> {
        self.dataset_header_of(spec, compact, |out| datatype::encode(spec.dtype, out))
    }

    #[inline]
    pub(super) fn dataset_header_of(
        &mut self,
        spec: &DatasetSpec<'_>,
        compact: bool,
        dtype: impl FnOnce(&mut Vec<u8>) -> Option<()>,
    ) -> Result<usize> {
        let start = self.begin_header();
        let out = &mut self.out;
        dataspace(spec.shape, spec.null, Some(message::DATASPACE), out);
        let at = out.len();
        out.extend_from_slice(&[message::DATATYPE, 0, 0, 0]);
        if dtype(out).is_none() || out.len() - at > COMPACT {
            return Err(self.decline("a datatype of this kind"));
        }
        let out = &mut self.out;
        let len = (out.len() - at - 4) as u16;
        out[at + 1..at + 3].copy_from_slice(&len.to_le_bytes());
        // Allocated early if the data is in the header, otherwise late; filled only with a value
        // that was set.
        out.extend_from_slice(&[message::FILL_VALUE, 2, 0, 0, 3, if compact { 9 } else { 10 }]);
        Ok(start)
    }

    #[inline]
    pub(super) fn contiguous(&mut self, address: u64, len: usize) {
        self.out.extend_from_slice(&[message::LAYOUT, 18, 0, 0, 3, 1]);
        self.out.extend_from_slice(&address.to_le_bytes());
        self.out.extend_from_slice(&(len as u64).to_le_bytes());
    }

    #[inline]
    pub(super) fn finish_dataset(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        start: usize,
    ) -> Result<()> {
        for (attr, text) in spec.attrs {
            let bytes = if text.is_empty() { b"\0" } else { text.as_bytes() };
            let mut out = std::mem::take(&mut self.out);
            let encoded =
                attribute(attr, &Dtype::FixedStr(bytes.len()), &[], false, bytes, &mut out);
            self.out = out;
            if encoded.is_none() {
                return Err(self.decline("a large attribute"));
            }
        }
        if spec.number.is_some() {
            return Err(self.decline("a number as an attribute of a dataset"));
        }
        for attr in spec.more_attrs {
            let mut out = std::mem::take(&mut self.out);
            let encoded = self.encode_any(attr, &mut out);
            self.out = out;
            encoded?;
        }
        let address = match std::mem::take(&mut self.linked.expected) {
            true => self.end_counted_header(start),
            false => self.end_header(start),
        };
        self.add_link(name, address)?;
        if self.file.is_some() && self.out.len() > GATHER {
            self.flush(&[])?;
        }
        Ok(())
    }

    /// The size of the data, after declining data outside of the subset.
    #[inline]
    pub(super) fn size(&mut self, spec: &DatasetSpec<'_>) -> Result<usize> {
        let elements = if spec.null { Some(0) } else { spec.elements() };
        let size = elements.and_then(|n| n.checked_mul(spec.dtype.stored_size()));
        let Some(size) = size else {
            return Err(ErrorKind::Limit(format!("a dataset of shape {:?}", spec.shape)).into());
        };
        let plain =
            spec.compression == Compression::None && spec.chunk.is_none() && !spec.fletcher32;
        if !plain && !spec.shape.is_empty() && size > 0 {
            return Err(self.decline("chunked data"));
        }
        Ok(size)
    }

    /// Appends the message of an attribute of any type.
    pub(super) fn encode_any(&mut self, attr: &AttrSpec<'_>, out: &mut Vec<u8>) -> Result<()> {
        let Elements::Bytes(bytes) = attr.elements else {
            return Err(self.decline("an attribute of elements of variable length"));
        };
        if attr.stored.is_some() || matches!(attr.dtype, Dtype::VarStr | Dtype::Other(..)) {
            return Err(self.decline("an attribute of this type"));
        }
        let elements = if attr.null { Some(0) } else { crate::elements(attr.shape) };
        let wanted = elements.and_then(|n| n.checked_mul(attr.dtype.size()));
        if wanted != Some(bytes.len()) {
            return Err(wrong_length(wanted.unwrap_or(0), bytes.len()));
        }
        let before = out.len();
        if attribute(attr.name, attr.dtype, attr.shape, attr.null, bytes, out).is_none() {
            out.truncate(before);
            return Err(self.decline("a large attribute"));
        }
        Ok(())
    }

    /// Puts a string into the heap, and the reference to it where it stands.
    pub(super) fn string(
        &mut self,
        text: &[u8],
        at: usize,
        heap: &mut Pending,
        references: &mut [u8],
    ) -> Result<()> {
        if heap.collection.is_full(text.len()) {
            self.write_heap(heap, references)?;
        }
        let Ok(len) = u32::try_from(text.len()) else {
            return Err(ErrorKind::Limit("text of more than 4 GiB".into()).into());
        };
        // An object for the empty text too: without one it would be a null pointer to readers in C.
        let number = heap.collection.add(text);
        let entry = references.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<REFERENCE>());
        let Some(entry) = entry else { return Err(wrong_length(at, references.len())) };
        entry[..4].copy_from_slice(&len.to_le_bytes());
        entry[12..].copy_from_slice(&number.to_le_bytes());
        heap.entries.push(at);
        Ok(())
    }

    /// Writes a collection, and its address into the entries that refer to it.
    pub(super) fn write_heap(&mut self, heap: &mut Pending, references: &mut [u8]) -> Result<()> {
        if heap.collection.is_empty() {
            return Ok(());
        }
        self.align();
        let address = self.position().to_le_bytes();
        for at in heap.entries.drain(..) {
            references[at + 4..at + 12].copy_from_slice(&address);
        }
        heap.collection.finish(&mut self.out);
        if self.file.is_some() && self.out.len() > GATHER {
            self.flush(&[])?;
        }
        Ok(())
    }
}

/// Appends a dataspace, as a message of its own or inside of another.
pub(super) fn dataspace(shape: &[u64], null: bool, kind: Option<u8>, out: &mut Vec<u8>) {
    if let Some(kind) = kind {
        out.extend_from_slice(&[kind, (4 + 8 * shape.len()) as u8, 0, 0]);
    }
    out.extend_from_slice(&[
        2,
        shape.len() as u8,
        0,
        if null { 2 } else { u8::from(!shape.is_empty()) },
    ]);
    shape.iter().for_each(|extent| out.extend_from_slice(&extent.to_le_bytes()));
}

/// Appends an attribute message; `None` where it is too large for one.
pub(super) fn attribute(
    name: &str,
    dtype: &Dtype,
    shape: &[u64],
    null: bool,
    bytes: &[u8],
    out: &mut Vec<u8>,
) -> Option<()> {
    let start = out.len();
    out.extend_from_slice(&[message::ATTRIBUTE, 0, 0, 0, 3, 0]);
    out.extend_from_slice(&u16::try_from(name.len() + 1).ok()?.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&(4 + 8 * shape.len() as u16).to_le_bytes());
    out.push(1);
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    let at = out.len();
    datatype::encode(dtype, out)?;
    let len = u16::try_from(out.len() - at).ok()?;
    out[start + 8..start + 10].copy_from_slice(&len.to_le_bytes());
    dataspace(shape, null, None, out);
    out.extend_from_slice(bytes);
    let len = out.len() - start - 4;
    if len > COMPACT {
        return None;
    }
    out[start + 1..start + 3].copy_from_slice(&(len as u16).to_le_bytes());
    Some(())
}

#[cold]
pub(super) fn wrong_length(wanted: usize, found: usize) -> Error {
    ErrorKind::Contract(format!("{found} bytes for a dataset of {wanted}")).into()
}
