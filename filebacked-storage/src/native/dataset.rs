//! The data of a dataset or an attribute: what it is, and where its bytes are.

use super::chunked::{Chunked, check_fill};
use super::convert::{self, Step};
use super::element::{self, Element, Piece};
use super::fill_value::FillValue;
use super::header::{damaged, unknown};
use super::input::{Bytes, Input, copy};
use super::layout::Layout;
use super::object::Parsed;
use super::{dataspace, slab};
use crate::error::{Error, ErrorKind, Result};
use crate::{Allocation, Description, Slab, elements};
use std::mem::MaybeUninit;

/// Pays for bytes that are read.
pub(super) type Charge<'c> = &'c dyn Fn(usize) -> Result<()>;

/// A dataset or an attribute.
#[derive(Debug)]
pub(super) struct Data<'b> {
    pub(super) description: Description,
    place: Place<'b>,
    /// How many bytes all elements take in memory.
    pub(super) size: usize,
    /// Bytes of an element in the file.
    element: usize,
    /// The steps from elements of the file to those in memory.
    steps: Vec<Step>,
    /// The pieces without gaps, if elements have gaps.
    pieces: Vec<Piece>,
}

/// Where data is.
#[derive(Debug)]
enum Place<'b> {
    /// In the header of its object.
    Compact(Bytes<'b>),
    /// In one piece in the file.
    Contiguous(u64),
    /// In chunks.
    Chunked(Box<Chunked>),
    /// Nowhere: it was never written.
    Unwritten(FillValue),
}

impl<'b> Data<'b> {
    /// The data of an attribute.
    pub(super) fn of_attribute(dtype: &[u8], space: &[u8], bytes: Bytes<'b>) -> Result<Self> {
        let len = bytes.len() as u64;
        Data::new(decoded(dtype)?, space, Place::Compact(bytes), Some(len))
    }

    /// The data of a dataset.
    pub(super) fn of_dataset(parsed: &Parsed<'b>, input: &Input<'_>) -> Result<Self> {
        if parsed.is_external() {
            return Err(unknown("external data"));
        }
        let (Some(dtype), Some(space), Some(layout)) =
            (parsed.datatype(), parsed.dataspace(), parsed.layout())
        else {
            return Err(damaged("a dataset without type, shape or layout"));
        };
        let element = decoded(dtype)?;
        match Layout::parse(layout)? {
            Layout::Compact(at, len) => {
                let data = parsed.layout_part(at, len);
                let data = data.ok_or_else(|| damaged("data outside its header"))?;
                Data::new(element, space, Place::Compact(data), Some(len as u64))
            }
            Layout::Contiguous(Some(address), len) => {
                let data = Data::new(element, space, Place::Contiguous(address), len)?;
                let end = address.checked_add(len.unwrap_or(data.bytes_in_file()? as u64));
                if end.is_none_or(|end| end > input.len()) {
                    return Err(damaged("data outside the file"));
                }
                Ok(data)
            }
            Layout::Contiguous(None, _) => {
                let fill = parsed.fill_value()?;
                check_fill(&fill, element.size)?;
                let data = Data::new(element, space, Place::Unwritten(fill), None)?;
                match &data.place {
                    Place::Unwritten(fill) if fill.undefined && data.size > 0 => {
                        Err(unknown("data that was never written, without a fill value"))
                    }
                    _ => Ok(data),
                }
            }
            Layout::Chunked(chunks) => {
                let fill = parsed.fill_value()?;
                check_fill(&fill, element.size)?;
                let filters = parsed.filters()?;
                let chunked = Chunked::new(chunks, filters, fill, space, element.size)?;
                Data::new(element, space, Place::Chunked(Box::new(chunked)), None)
            }
        }
    }

    /// Data in a place that has so many bytes, if that is known.
    #[inline]
    fn new(element: Element, space: &[u8], place: Place<'b>, stored: Option<u64>) -> Result<Self> {
        let Element { dtype, size: width, steps, pieces, .. } = element;
        let (shape, null) = dataspace::parse(space)?;
        let count = if null { Some(0) } else { elements(&shape) };
        let size = count.and_then(|n| n.checked_mul(dtype.stored_size()));
        let in_file = count.and_then(|n| n.checked_mul(width));
        let in_file = in_file.filter(|bytes| stored.is_none_or(|stored| *bytes as u64 <= stored));
        let (Some(size), Some(_)) = (size, in_file) else {
            return Err(misfit(stored, &Description { dtype, shape, null }));
        };
        let description = Description { dtype, shape, null };
        Ok(Data { description, place, size, element: width, steps, pieces })
    }

    /// Bytes of all elements in the file.
    fn bytes_in_file(&self) -> Result<usize> {
        let count = self.description.elements().and_then(|n| n.checked_mul(self.element));
        count.ok_or_else(|| damaged("data that is larger than memory"))
    }

    /// How the data lies in the file.
    pub(super) fn layout(&self) -> &'static str {
        match self.place {
            Place::Compact(_) => "compact",
            Place::Contiguous(_) | Place::Unwritten(_) => "contiguous",
            Place::Chunked(_) => "chunked",
        }
    }

    /// The same, with the reasons why contiguous data is not as it is in memory.
    pub(super) fn form(&self) -> &'static str {
        match self.place {
            Place::Unwritten(_) => "never written",
            Place::Contiguous(_) => "converted",
            _ => self.layout(),
        }
    }

    /// How the data lies in the file, and how much of it there is.
    pub(super) fn allocation(&self, input: &Input<'_>, charge: Charge<'_>) -> Result<Allocation> {
        let mut found = Allocation { layout: self.layout(), ..Allocation::default() };
        match &self.place {
            Place::Compact(_) | Place::Contiguous(_) => found.bytes = self.bytes_in_file()? as u64,
            Place::Unwritten(_) => {}
            Place::Chunked(chunked) => {
                found.bytes = chunked.stored(input, charge)?;
                found.chunk.clone_from(&chunked.chunks.shape);
                found.filters = chunked.filters.iter().map(|filter| filter.name()).collect();
            }
        }
        Ok(found)
    }

    /// Where it begins in a file on the disk, if it lies there in one piece, as it is in memory.
    pub(super) fn offset(&self, input: &Input<'_>) -> Option<u64> {
        match self.place {
            Place::Contiguous(address) if self.steps.is_empty() && self.pieces.is_empty() => {
                input.offset(address)
            }
            _ => None,
        }
    }

    /// The cost of reading so many bytes of it: little for data that is not in the file, or that
    /// is charged where it is read.
    pub(super) fn cost(&self, bytes: usize) -> usize {
        match self.place {
            Place::Compact(_) | Place::Contiguous(_) => bytes,
            Place::Chunked(_) | Place::Unwritten(_) => bytes >> 10,
        }
    }

    /// All bytes of it with its texts: as they are in the file, but without gaps.
    pub(super) fn bytes(&self, input: &Input<'b>, charge: Charge<'_>) -> Result<Bytes<'b>> {
        if !self.pieces.is_empty() {
            let mut bytes = room(self.size)?;
            self.read(input, charge, spare(&mut bytes, self.size))?;
            // SAFETY: all of them were just read.
            unsafe { bytes.set_len(self.size) };
            return Ok(bytes.into());
        }
        let len = self.bytes_in_file()?;
        match &self.place {
            Place::Compact(bytes) => {
                bytes.part(0..len).ok_or_else(|| damaged("data outside its header"))
            }
            Place::Contiguous(address) => input.bytes(*address, len),
            _ => {
                let mut bytes = room(len)?;
                let whole = Slab::whole(&self.description.shape);
                self.raw_slab(input, charge, &whole, spare(&mut bytes, len))?;
                // SAFETY: all of them were just read.
                unsafe { bytes.set_len(len) };
                Ok(bytes.into())
            }
        }
    }

    /// All bytes of it, if they are in memory already.
    pub(super) fn at_hand(&self, input: &Input<'b>) -> Result<Option<&'b [u8]>> {
        if !self.steps.is_empty() || !self.pieces.is_empty() {
            return Ok(None);
        }
        let bytes = match (&self.place, input) {
            (Place::Contiguous(_), Input::Disk(_)) => return Ok(None),
            (Place::Chunked(_) | Place::Unwritten(_), _) => return Ok(None),
            _ => self.bytes(input, &|_| Ok(()))?,
        };
        Ok(if let Bytes::Borrowed(bytes) = bytes { Some(bytes) } else { None })
    }

    /// Reads a part of it.
    pub(super) fn read_slab(
        &self,
        input: &Input<'_>,
        charge: Charge<'_>,
        part: &Slab,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<()> {
        self.with_gaps(out, |out| self.raw_slab(input, charge, part, out))
    }

    /// Lets elements be read as they are in the file, and turns them into those in memory.
    fn with_gaps(
        &self,
        out: &mut [MaybeUninit<u8>],
        read: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<()>,
    ) -> Result<()> {
        if self.pieces.is_empty() {
            read(out)?;
            self.convert(out);
            return Ok(());
        }
        let size = self.description.dtype.stored_size().max(1);
        let len = (out.len() / size).checked_mul(self.element);
        let len = len.ok_or_else(|| damaged("data that is larger than memory"))?;
        let mut bytes = room(len)?;
        read(spare(&mut bytes, len))?;
        self.convert(spare(&mut bytes, len));
        // SAFETY: all of them were just read.
        unsafe { bytes.set_len(len) };
        for (place, element) in out.chunks_exact_mut(size).zip(bytes.chunks_exact(self.element)) {
            let mut done = 0;
            for (start, len) in &self.pieces {
                let place = place.get_mut(done..done + len).unwrap_or_default();
                copy(element.get(*start..start + len).unwrap_or_default(), place);
                done += len;
            }
        }
        Ok(())
    }

    /// Reads a part of it, as it is in the file.
    fn raw_slab(
        &self,
        input: &Input<'_>,
        charge: Charge<'_>,
        part: &Slab,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<()> {
        let (shape, element) = (&self.description.shape, self.element as u64);
        match &self.place {
            Place::Compact(bytes) => {
                slab::read(&Input::Memory(bytes), 0, shape, element, part, out)
            }
            Place::Contiguous(address) => slab::read(input, *address, shape, element, part, out),
            Place::Chunked(chunked) => chunked.read(input, charge, part, out),
            Place::Unwritten(fill) => {
                fill_with(&fill.bytes, out);
                Ok(())
            }
        }
    }

    /// Reads all of it into a buffer of its size.
    pub(super) fn read(
        &self,
        input: &Input<'_>,
        charge: Charge<'_>,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<()> {
        self.with_gaps(out, |out| match &self.place {
            Place::Compact(bytes) => {
                let bytes =
                    bytes.get(..out.len()).ok_or_else(|| damaged("data outside its header"))?;
                copy(bytes, out);
                Ok(())
            }
            Place::Contiguous(address) => input.read(*address, out),
            Place::Chunked(_) | Place::Unwritten(_) => {
                self.raw_slab(input, charge, &Slab::whole(&self.description.shape), out)
            }
        })
    }

    /// Turns elements of the file, which were just read, into those in memory.
    fn convert(&self, out: &mut [MaybeUninit<u8>]) {
        if self.steps.is_empty() {
            return;
        }
        // SAFETY: all bytes were just read.
        let out = unsafe { &mut *(std::ptr::from_mut(out) as *mut [u8]) };
        convert::apply(&self.steps, self.element, out);
    }
}

/// The type that a message says.
#[inline]
pub(super) fn decoded(message: &[u8]) -> Result<Element> {
    element::decode(message).ok_or_else(|| unknown("a datatype of this kind"))
}

#[cold]
fn misfit(stored: Option<u64>, description: &Description) -> Error {
    let Description { dtype, shape, .. } = description;
    match stored {
        Some(stored) => {
            damaged(format!("{stored} bytes for a dataset of {dtype}, shape {shape:?}"))
        }
        None => ErrorKind::Limit(format!("a dataset of {dtype}, shape {shape:?}")).into(),
    }
}

/// Fills a buffer with an element, or with zeros for an element without bytes.
fn fill_with(element: &[u8], out: &mut [MaybeUninit<u8>]) {
    if element.is_empty() {
        out.fill(MaybeUninit::new(0));
        return;
    }
    out.chunks_mut(element.len()).for_each(|place| copy(element, place));
}

/// Memory for so many bytes.
fn room(len: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let refused = |_| Error::new(ErrorKind::Limit(format!("no memory for {len} bytes of data")));
    bytes.try_reserve_exact(len).map_err(refused)?;
    Ok(bytes)
}

fn spare(bytes: &mut Vec<u8>, len: usize) -> &mut [MaybeUninit<u8>] {
    &mut bytes.spare_capacity_mut()[..len]
}
