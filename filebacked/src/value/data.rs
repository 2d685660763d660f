//! [`Data`]: the elements of a dataset, in several forms in memory.

use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::storage::{Cell, CellForm, Description, Dtype, Elements, Texts, Unusual, as_bytes};
use std::ops::Range;

/// The elements of a dataset. Numbers are in a vector of their own type, which can be handed out as
/// it is.
#[derive(Debug, Clone)]
pub(super) enum Data {
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// Of any other type, side by side.
    Bytes(Vec<u8>),
    /// Strings of variable length.
    Texts(Texts),
    /// With parts outside of themselves.
    Cells(CellForm, Vec<Cell>),
}

/// Calls the same code for each type of numbers.
macro_rules! each_number {
    ($data:expr, $values:ident => $number:expr, $($other:pat => $else:expr),* $(,)?) => {
        match $data {
            Data::I8($values) => $number,
            Data::I16($values) => $number,
            Data::I32($values) => $number,
            Data::I64($values) => $number,
            Data::U8($values) => $number,
            Data::U16($values) => $number,
            Data::U32($values) => $number,
            Data::U64($values) => $number,
            Data::F32($values) => $number,
            Data::F64($values) => $number,
            $($other => $else,)*
        }
    };
}

impl Data {
    /// Reads all elements of a dataset or attribute.
    pub(super) fn read(object: &Object<'_>, description: &Description) -> Result<Data> {
        if description.null {
            return Ok(Data::empty(&description.dtype));
        }
        Ok(match description.dtype {
            Dtype::I8 => Data::I8(object.elements(description)?),
            Dtype::I16 => Data::I16(object.elements(description)?),
            Dtype::I32 => Data::I32(object.elements(description)?),
            Dtype::I64 => Data::I64(object.elements(description)?),
            Dtype::U8 => Data::U8(object.elements(description)?),
            Dtype::U16 => Data::U16(object.elements(description)?),
            Dtype::U32 => Data::U32(object.elements(description)?),
            Dtype::U64 => Data::U64(object.elements(description)?),
            Dtype::F32 => Data::F32(object.elements(description)?),
            Dtype::F64 => Data::F64(object.elements(description)?),
            Dtype::VarStr if description.elements() == Some(0) => Data::Texts(Texts::default()),
            Dtype::VarStr => Data::Texts(object.texts(description)?),
            Dtype::Other(..) => match object.source.read_unusual(object.handle)? {
                Unusual::Raw(bytes) => Data::Bytes(bytes),
                Unusual::Cells(form, cells) => Data::Cells(form, cells),
            },
            _ => Data::Bytes(object.elements(description)?),
        })
    }

    /// No elements of a type.
    pub(super) fn empty(dtype: &Dtype) -> Data {
        match *dtype {
            Dtype::VarStr => Data::Texts(Texts::default()),
            _ => Data::decode(dtype, Vec::new()),
        }
    }

    /// Decodes elements from their bytes, which are whole elements.
    pub(super) fn decode(dtype: &Dtype, bytes: Vec<u8>) -> Data {
        macro_rules! decode {
            ($t:ident) => {
                bytes
                    .as_chunks::<{ size_of::<$t>() }>()
                    .0
                    .iter()
                    .map(|cell| $t::from_le_bytes(*cell))
                    .collect()
            };
        }
        match *dtype {
            Dtype::I8 => Data::I8(decode!(i8)),
            Dtype::I16 => Data::I16(decode!(i16)),
            Dtype::I32 => Data::I32(decode!(i32)),
            Dtype::I64 => Data::I64(decode!(i64)),
            Dtype::U8 => Data::U8(bytes),
            Dtype::U16 => Data::U16(decode!(u16)),
            Dtype::U32 => Data::U32(decode!(u32)),
            Dtype::U64 => Data::U64(decode!(u64)),
            Dtype::F32 => Data::F32(decode!(f32)),
            Dtype::F64 => Data::F64(decode!(f64)),
            _ => Data::Bytes(bytes),
        }
    }

    /// The bytes of all elements, where they are side by side.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        each_number!(self, values => Some(as_bytes(values)),
            Data::Bytes(bytes) => Some(bytes),
            Data::Texts(_) | Data::Cells(..) => None,
        )
    }

    /// The elements for writing.
    pub(super) fn elements(&self) -> Elements<'_> {
        match self {
            Data::Texts(texts) => Elements::Texts(texts),
            Data::Cells(form, cells) => Elements::Cells(form, cells),
            other => Elements::Bytes(other.bytes().unwrap_or_default()),
        }
    }

    /// Some of the elements.
    pub(super) fn slice(&self, range: Range<usize>, dtype: &Dtype) -> Data {
        match self {
            Data::Texts(texts) => {
                let start = range.start.checked_sub(1).map_or(0, |before| texts.ends[before]);
                let ends: Vec<usize> = texts.ends[range].iter().map(|end| end - start).collect();
                let len = ends.last().copied().unwrap_or(0);
                Data::Texts(Texts { bytes: texts.bytes[start..start + len].to_vec(), ends })
            }
            Data::Cells(form, cells) => Data::Cells(form.clone(), cells[range].to_vec()),
            other => {
                let size = dtype.size();
                let bytes = other.bytes().unwrap_or_default();
                Data::decode(dtype, bytes[range.start * size..range.end * size].to_vec())
            }
        }
    }

    /// Refuses elements of another number than the shape says.
    pub(super) fn check(&self, dtype: &Dtype, elements: Option<usize>) -> Result<()> {
        let fits = match self {
            Data::Texts(texts) => Some(texts.ends.len()) == elements,
            Data::Cells(_, cells) => Some(cells.len()) == elements,
            other => {
                elements.and_then(|n| n.checked_mul(dtype.size())) == other.bytes().map(<[u8]>::len)
            }
        };
        if fits {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Contract(format!(
            "a shape of {elements:?} elements of {dtype} for others"
        ))))
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Data::Texts(a), Data::Texts(b)) => a == b,
            (Data::Cells(_, a), Data::Cells(_, b)) => a == b,
            (a, b) => a.bytes().is_some() && a.bytes() == b.bytes(),
        }
    }
}

/// An iterator over the texts of a dataset, as bytes that may not be UTF-8. See
/// [`Dataset::texts`](super::Dataset::texts).
#[derive(Debug, Clone)]
pub struct TextIter<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) ends: Ends<'a>,
}

/// Where texts end.
#[derive(Debug, Clone)]
pub(super) enum Ends<'a> {
    /// Each one somewhere else.
    At { start: usize, ends: std::slice::Iter<'a, usize> },
    /// All of this many bytes, padded with NUL.
    Every(usize),
}

impl<'a> Iterator for TextIter<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        match &mut self.ends {
            Ends::At { start, ends } => {
                let text = self.bytes.get(*start..*ends.as_slice().first()?)?;
                *start = *ends.next()?;
                Some(text)
            }
            Ends::Every(width) => {
                let (cell, rest) = self.bytes.split_at_checked((*width).max(1))?;
                self.bytes = rest;
                Some(&cell[..cell.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)])
            }
        }
    }
}
