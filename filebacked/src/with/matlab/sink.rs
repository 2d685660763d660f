//! [`MatlabSink`]: turns what is written into what MATLAB would write.

use super::transpose::reversed;
use crate::error::{Error, ErrorKind, Result};
use crate::foreign::matlab::{CLASS, EMPTY};

use crate::stamp::{STAMP, Stamp};
use crate::storage::compound::Strings;
use crate::storage::{
    AttrSpec, CompoundMember, CompoundType, DatasetSpec, Dtype, Elements, Link, Out, Sink,
    StoredType,
};
use crate::storage::{Unlinkable, WrittenOwners};
use std::borrow::Cow;

/// The attribute of numbers that stand for something else.
const DECODE: &str = "MATLAB_int_decode";

/// Kinds of groups that are structs to MATLAB, and that are read without their stamp.
const STRUCTS: [&str; 7] = ["struct", "columns", "tuple", "links", "range", "enum", "unit"];

/// Writes into another sink.
pub(super) struct MatlabSink<'s> {
    sink: &'s mut (dyn Sink + 's),
}

impl<'s> MatlabSink<'s> {
    pub(super) fn new(sink: &'s mut (dyn Sink + 's)) -> Self {
        MatlabSink { sink }
    }

    /// Writes elements of the shape that MATLAB has them in.
    fn array(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        class: &Class,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()> {
        let attrs: Vec<(&str, &str)> =
            spec.attrs.iter().copied().chain([(CLASS, class.name)]).collect();
        if shape.contains(&0) {
            let dims: Vec<u8> = shape.iter().flat_map(|extent| extent.to_le_bytes()).collect();
            let rank = [shape.len() as u64];
            let spec = DatasetSpec {
                dtype: &Dtype::U64,
                shape: &rank,
                chunk: None,
                attrs: &attrs,
                ..*spec
            };
            self.sink.dataset(name, &spec, &dims)?;
            self.sink.member_attr(name, EMPTY, &Dtype::U8, &[], &[1])?;
        } else {
            let bytes = reversed(bytes, class.dtype.size(), shape);
            let shape: Vec<u64> = shape.iter().rev().copied().collect();
            let chunk = spec.chunk.filter(|chunk| chunk.len() == shape.len());
            let chunk: Option<Vec<u64>> = chunk.map(|chunk| chunk.iter().rev().copied().collect());
            let dtype = &class.dtype;
            let spec = DatasetSpec {
                dtype,
                shape: &shape,
                chunk: chunk.as_deref(),
                attrs: &attrs,
                ..*spec
            };
            self.sink.dataset(name, &spec, &bytes)?;
        }
        match class.decode {
            Some(decode) => {
                self.sink.member_attr(name, DECODE, &Dtype::I32, &[], &decode.to_le_bytes())
            }
            None => Ok(()),
        }
    }

    fn text(&mut self, name: &str, spec: &DatasetSpec<'_>, text: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(text)
            .map_err(|_| ErrorKind::Invalid("text that is not UTF-8".into()))?;
        let class = Class { name: "char", dtype: Dtype::U16, decode: Some(2) };
        let units: Vec<u8> =
            text.trim_end_matches('\0').encode_utf16().flat_map(u16::to_le_bytes).collect();
        let shape = if units.is_empty() { [0, 0] } else { [1, units.len() as u64 / 2] };
        self.array(name, spec, &class, &shape, &units)
    }
}

/// MATLAB's class of the elements.
struct Class {
    name: &'static str,
    dtype: Dtype,
    decode: Option<i32>,
}

impl Class {
    fn of(dtype: &Dtype) -> Result<Self> {
        let complex = |name, part: Dtype| {
            let member = |name, offset| CompoundMember {
                name: Cow::Borrowed(name),
                offset,
                dtype: part.clone(),
            };
            let members = vec![member("real", 0), member("imag", part.size())];
            (name, Dtype::Compound(CompoundType { size: 2 * part.size(), members: members.into() }))
        };
        let (name, stored) = match dtype {
            Dtype::F64 => ("double", Dtype::F64),
            Dtype::F32 => ("single", Dtype::F32),
            Dtype::Bool => ("logical", Dtype::U8),
            Dtype::Complex64 => complex("double", Dtype::F64),
            Dtype::Complex32 => complex("single", Dtype::F32),
            Dtype::Enum(named) => (integer(&Dtype::Int(named.base))?, Dtype::Int(named.base)),
            other => (integer(other)?, other.clone()),
        };
        let decode = (*dtype == Dtype::Bool).then_some(1);
        Ok(Class { name, dtype: stored, decode })
    }
}

fn integer(dtype: &Dtype) -> Result<&'static str> {
    Ok(match *dtype {
        Dtype::I8 => "int8",
        Dtype::I16 => "int16",
        Dtype::I32 => "int32",
        Dtype::I64 => "int64",
        Dtype::U8 => "uint8",
        Dtype::U16 => "uint16",
        Dtype::U32 => "uint32",
        Dtype::U64 => "uint64",
        _ => return Err(unknown(&format!("elements of type {dtype}"))),
    })
}

#[cold]
fn unknown(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported(format!("{what} in the form of MATLAB"))).with_help(
        "`with = Matlab` is for numbers, bools, one text, arrays of numbers, and structs of these",
    )
}

/// MATLAB has no arrays of less than two dimensions: a vector is a row.
fn shape_of(shape: &[u64]) -> Cow<'_, [u64]> {
    match *shape {
        [] => Cow::Borrowed(&[1, 1]),
        [len] => Cow::Owned(vec![1, len]),
        _ => Cow::Borrowed(shape),
    }
}

impl Sink for MatlabSink<'_> {
    fn form(&self) -> Option<&'static str> {
        Some(super::FORM)
    }

    fn begin_group(&mut self, name: &str, ordered: bool) -> Result<()> {
        self.sink.begin_group(name, ordered)?;
        self.sink.attr(CLASS, &Dtype::FixedStr(6), &[], b"struct")
    }

    fn end_group(&mut self) -> Result<()> {
        self.sink.end_group()
    }

    fn left_out(&mut self, name: &str) {
        self.sink.left_out(name);
    }

    fn attr(&mut self, name: &str, dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<()> {
        if name != STAMP {
            return self.sink.attr(name, dtype, shape, bytes);
        }
        // MATLAB's structs carry no stamp, so a group whose kind must be known cannot be one.
        let stamp = Stamp::parse(std::str::from_utf8(bytes).unwrap_or_default());
        if STRUCTS.contains(&stamp.kind_name()) {
            Ok(())
        } else {
            Err(unknown(&format!("a group ({})", stamp.kind_name())))
        }
    }

    fn member_attr(
        &mut self,
        member: &str,
        name: &str,
        dtype: &Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()> {
        self.sink.member_attr(member, name, dtype, shape, bytes)
    }

    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()> {
        if spec.attrs.iter().any(|(name, _)| *name == STAMP) {
            return Err(unknown("text with NUL"));
        }
        match spec.dtype {
            Dtype::FixedStr(_) if spec.shape.is_empty() => self.text(name, spec, bytes),
            Dtype::FixedStr(_) => Err(unknown("many texts")),
            dtype => self.array(name, spec, &Class::of(dtype)?, &shape_of(spec.shape), bytes),
        }
    }

    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()> {
        let mut bytes = Vec::new();
        fill(&mut Out(&mut bytes));
        let wanted = spec.elements().and_then(|n| n.checked_mul(spec.dtype.size()));
        if wanted != Some(bytes.len()) {
            let what = format!(
                "{} bytes for a dataset of {}, shape {:?}",
                bytes.len(),
                spec.dtype,
                spec.shape
            );
            return Err(ErrorKind::Contract(what).into());
        }
        self.dataset(name, spec, &bytes)
    }

    fn dataset_any(&mut self, _: &str, _: &DatasetSpec<'_>, _: Elements<'_>) -> Result<()> {
        Err(unknown("a `Value`"))
    }

    fn attr_any(&mut self, attr: &AttrSpec<'_>) -> Result<()> {
        self.sink.attr_any(attr)
    }

    fn link(&mut self, name: &str, link: &Link) -> Result<()> {
        self.sink.link(name, link)
    }

    fn owners(&mut self) -> Option<&mut WrittenOwners> {
        self.sink.owners()
    }

    fn unlinkable(&self) -> Option<Unlinkable> {
        Some(Unlinkable::Filtered)
    }

    fn references(&mut self, _: &str, _: &DatasetSpec<'_>, _: &[Option<u32>]) -> Result<()> {
        Err(unknown("a `Weak`"))
    }

    fn committed(&mut self, name: &str, stored: &StoredType, attrs: &[AttrSpec<'_>]) -> Result<()> {
        self.sink.committed(name, stored, attrs)
    }

    fn dataset_records(
        &mut self,
        _: &str,
        _: &DatasetSpec<'_>,
        _: Vec<u8>,
        _: Vec<Strings>,
    ) -> Result<()> {
        Err(unknown("records with text"))
    }

    fn dataset_text(
        &mut self,
        _: &str,
        _: &DatasetSpec<'_>,
        _: &mut dyn Iterator<Item = &str>,
    ) -> Result<()> {
        Err(unknown("many texts"))
    }
}
