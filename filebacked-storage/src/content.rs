//! The content of datasets and attributes of any type, for values without a Rust type.

use super::{Dtype, Texts};
use crate::error::{Error, ErrorKind, Result};
use std::sync::Arc;

/// A datatype in HDF5's encoding, for types that a [`Dtype`] does not describe completely: byte
/// order, padding, character set, gaps, and types without a [`Dtype`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredType(pub Arc<[u8]>);

/// A soft or external link.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Link {
    /// A path in the same file.
    Soft(String),
    /// A path in another file.
    External {
        /// The name of the file.
        file: String,
        /// The path in it.
        path: String,
    },
}

impl Link {
    /// Refuses a link that cannot be stored.
    pub fn check(&self) -> Result<()> {
        let parts = match self {
            Link::Soft(path) => [path, path],
            Link::External { file, path } => [file, path],
        };
        if parts.iter().any(|part| part.is_empty() || part.contains('\0')) {
            let what = "a link to an empty name, or to a name with NUL".into();
            return Err(Error::new(ErrorKind::Unsupported(what)));
        }
        Ok(())
    }
}

/// The structure of an element with separate parts.
#[derive(Debug, Clone, PartialEq)]
pub enum CellForm {
    /// Bytes in one place.
    Flat(Dtype),
    /// A string of variable length.
    Text,
    /// A sequence of variable length.
    Sequence(Box<CellForm>),
    /// A fixed number of elements.
    Array(Box<CellForm>, Vec<u64>),
    /// Named members.
    Compound(Vec<(String, CellForm)>),
    /// A reference, as the path of its target.
    Reference,
}

/// An element, or a part of one, structured by its [`CellForm`].
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// The bytes of something flat, of a sequence of flat elements, of a text, or of a reference's
    /// path.
    Bytes(Vec<u8>),
    /// The elements of a sequence or an array, the members of a compound.
    Many(Vec<Cell>),
}

impl CellForm {
    /// Whether some part is a reference.
    pub fn has_reference(&self) -> bool {
        match self {
            CellForm::Flat(_) | CellForm::Text => false,
            CellForm::Sequence(element) | CellForm::Array(element, _) => element.has_reference(),
            CellForm::Compound(members) => members.iter().any(|(_, form)| form.has_reference()),
            CellForm::Reference => true,
        }
    }
}

/// Elements to write, in one of several forms in memory.
#[derive(Debug, Clone, Copy)]
pub enum Elements<'a> {
    /// Contiguous bytes, in the memory form of the [`Dtype`], or in the stored form for types
    /// without a `Dtype`.
    Bytes(&'a [u8]),
    /// Strings of variable length, UTF-8 or not, none with a NUL.
    Texts(&'a Texts),
    /// With parts outside of themselves.
    Cells(&'a CellForm, &'a [Cell]),
}

/// Elements from a file, for types whose memory form a [`Dtype`] does not describe.
#[derive(Debug)]
pub enum Unusual {
    /// As they lie in the file.
    Raw(Vec<u8>),
    /// With parts outside of themselves.
    Cells(CellForm, Vec<Cell>),
}

/// The specification of a new attribute.
#[derive(Debug, Clone, Copy)]
pub struct AttrSpec<'a> {
    /// The name.
    pub name: &'a str,
    /// The datatype of the elements.
    pub dtype: &'a Dtype,
    /// The datatype in the file, if `dtype` does not describe it completely.
    pub stored: Option<&'a StoredType>,
    /// The extent of each dimension; empty for a scalar.
    pub shape: &'a [u64],
    /// A null dataspace.
    pub null: bool,
    /// Its content.
    pub elements: Elements<'a>,
}
