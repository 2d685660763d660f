//! What a source says of the objects that it has opened.

use crate::{Dtype, elements};

/// An object or attribute that a [`Source`](crate::Source) has opened, in the engine's own terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle {
    /// The object, in the engine's own terms.
    pub id: u64,
    /// What kind of object it is.
    pub kind: ObjectKind,
    /// It is known to have no attributes.
    pub bare: bool,
}

/// What kind of object a handle stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A group.
    Group,
    /// A dataset.
    Dataset,
    /// An attribute.
    Attribute,
    /// A committed datatype, or something newer.
    Other,
}

/// What a dataset or an attribute is, apart from its bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The datatype of the elements, with the byte order already taken care of.
    pub dtype: Dtype,
    /// The extent of each dimension; empty for a scalar.
    pub shape: Vec<u64>,
    /// A null dataspace: no elements, not even one.
    pub null: bool,
}

impl Description {
    /// The number of elements, unless that overflows.
    pub fn elements(&self) -> Option<usize> {
        if self.null { Some(0) } else { elements(&self.shape) }
    }
}

/// How a dataset lies in the file; for looking, not for reading.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Allocation {
    /// `compact`, `contiguous`, `chunked` or `virtual`.
    pub layout: &'static str,
    /// The chunk shape of a chunked dataset.
    pub chunk: Vec<u64>,
    /// The names of the HDF5 filters in the pipeline.
    pub filters: Vec<String>,
    /// The bytes that the data takes in the file.
    pub bytes: u64,
}
