//! The data of a dataset or an attribute: what it is, and where its bytes are.

use super::header::{damaged, uint, unknown};
use super::input::{Bytes, Input, copy};
use super::object::Parsed;
use super::{UNDEFINED, datatype, slab};
use crate::error::Result;
use crate::{Description, Slab, elements};
use std::mem::MaybeUninit;

/// A dataset or an attribute.
#[derive(Debug)]
pub(super) struct Data<'b> {
    pub(super) description: Description,
    place: Place<'b>,
    /// How many bytes all elements take.
    pub(super) size: usize,
}

/// Where data is.
#[derive(Debug)]
enum Place<'b> {
    /// In the header of its object.
    Compact(Bytes<'b>),
    /// In one piece in the file.
    Contiguous(u64),
}

impl<'b> Data<'b> {
    /// The data of an attribute.
    pub(super) fn of_attribute(dtype: &[u8], space: &[u8], bytes: Bytes<'b>) -> Result<Self> {
        let len = bytes.len() as u64;
        Data::new(dtype, space, Place::Compact(bytes), len)
    }

    /// The data of a dataset.
    pub(super) fn of_dataset(parsed: &Parsed<'b>, input: &Input<'_>) -> Result<Self> {
        if parsed.filtered {
            return Err(unknown("compressed or external data"));
        }
        let (Some(dtype), Some(space), Some(layout)) =
            (parsed.datatype(), parsed.dataspace(), parsed.layout())
        else {
            return Err(damaged("a dataset without type, shape or layout"));
        };
        match (uint(layout, 0, 1)?, uint(layout, 1, 1)?) {
            (3 | 4, 0) => {
                let len = uint(layout, 2, 2)?;
                let data = parsed
                    .layout_part(4, len as usize)
                    .ok_or_else(|| damaged("data outside its header"))?;
                Data::new(dtype, space, Place::Compact(data), len)
            }
            (3 | 4, 1) => {
                let (address, len) = (uint(layout, 2, 8)?, uint(layout, 10, 8)?);
                if address == UNDEFINED {
                    return match len {
                        0 => Data::new(dtype, space, Place::Compact(Bytes::default()), 0)
                            .map(Data::contiguous),
                        // Never written, so all of it is the fill value.
                        _ => Err(unknown("data that was never written")),
                    };
                }
                if address.checked_add(len).is_none_or(|end| end > input.len()) {
                    return Err(damaged("data outside the file"));
                }
                Data::new(dtype, space, Place::Contiguous(address), len)
            }
            _ => Err(unknown("chunked data")),
        }
    }

    fn contiguous(mut self) -> Self {
        self.place = Place::Contiguous(0);
        self
    }

    fn new(dtype: &[u8], space: &[u8], place: Place<'b>, stored: u64) -> Result<Self> {
        let dtype = datatype::decode(dtype).ok_or_else(|| unknown("a datatype of this kind"))?;
        let (version, rank, flags) =
            (uint(space, 0, 1)?, uint(space, 1, 1)? as usize, uint(space, 2, 1)?);
        if version != 2 || flags & !1 != 0 || rank > 32 {
            return Err(unknown("a dataspace of another version"));
        }
        let mut shape = Vec::with_capacity(rank);
        for i in 0..rank {
            shape.push(uint(space, 4 + 8 * i, 8)?);
        }
        let null = uint(space, 3, 1)? == 2;
        let size = if null { Some(0) } else { elements(&shape) };
        let size = size.and_then(|n| n.checked_mul(dtype.stored_size()));
        let Some(size) = size.filter(|size| *size as u64 <= stored) else {
            return Err(damaged(format!(
                "{stored} bytes for a dataset of {dtype}, shape {shape:?}"
            )));
        };
        Ok(Data { description: Description { dtype, shape, null }, place, size })
    }

    /// How the data lies in the file.
    pub(super) fn layout(&self) -> &'static str {
        match self.place {
            Place::Compact(_) => "compact",
            Place::Contiguous(_) => "contiguous",
        }
    }

    /// Where it begins in a file on the disk, if it lies there in one piece.
    pub(super) fn offset(&self, input: &Input<'_>) -> Option<u64> {
        match self.place {
            Place::Compact(_) => None,
            Place::Contiguous(address) => input.offset(address),
        }
    }

    /// All bytes of it.
    pub(super) fn bytes(&self, input: &Input<'b>) -> Result<Bytes<'b>> {
        match &self.place {
            Place::Compact(bytes) => {
                bytes.part(0..self.size).ok_or_else(|| damaged("data outside its header"))
            }
            Place::Contiguous(address) => input.bytes(*address, self.size),
        }
    }

    /// All bytes of it, if they are in memory already.
    pub(super) fn at_hand(&self, input: &Input<'b>) -> Result<Option<&'b [u8]>> {
        match (&self.place, input) {
            (Place::Contiguous(_), Input::Disk(_)) => Ok(None),
            _ => {
                Ok(if let Bytes::Borrowed(bytes) = self.bytes(input)? { Some(bytes) } else { None })
            }
        }
    }

    /// Reads a part of it.
    pub(super) fn read_slab(
        &self,
        input: &Input<'_>,
        part: &Slab,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<()> {
        let Description { dtype, shape, .. } = &self.description;
        let element = dtype.stored_size() as u64;
        match &self.place {
            Place::Compact(bytes) => {
                slab::read(&Input::Memory(bytes), 0, shape, element, part, out)
            }
            Place::Contiguous(address) => slab::read(input, *address, shape, element, part, out),
        }
    }

    /// Reads all of it into a buffer of its size.
    pub(super) fn read(&self, input: &Input<'_>, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        match &self.place {
            Place::Compact(bytes) => {
                let bytes =
                    bytes.get(..out.len()).ok_or_else(|| damaged("data outside its header"))?;
                copy(bytes, out);
                Ok(())
            }
            Place::Contiguous(address) => input.read(*address, out),
        }
    }
}
