//! Descriptions of objects that a source has opened.

use crate::{Dtype, elements};

/// An object or attribute that a [`Source`](crate::Source) has opened, in the engine's own terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle {
    /// The object, in the engine's own terms.
    pub id: u64,
    /// The kind of object.
    pub kind: ObjectKind,
    /// It is known to have no attributes.
    pub bare: bool,
}

/// The kind of an HDF5 object.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::schema::ObjectKind;
/// use filebacked::File;
///
/// let file = File::in_memory()?;
/// file.write("run/losses", &vec![0.5, 0.25])?;
/// assert_eq!(file.kind("run")?, ObjectKind::Group);
/// assert_eq!(file.kind("run/losses")?, ObjectKind::Dataset);
/// # Ok(()) }
/// ```
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

/// The type and shape of a dataset or attribute.
///
/// See [`Dtype`] for an example.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The datatype of the elements, without the byte order.
    pub dtype: Dtype,
    /// The extent of each dimension; empty for a scalar.
    pub shape: Vec<u64>,
    /// Whether the dataspace is null, so that there is no element.
    pub null: bool,
}

impl Description {
    /// Returns the number of elements, or `None` if it overflows.
    pub fn elements(&self) -> Option<usize> {
        if self.null { Some(0) } else { elements(&self.shape) }
    }
}

/// The storage of a dataset in the file, for inspection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Allocation {
    /// `compact`, `contiguous`, `chunked` or `virtual`.
    pub layout: &'static str,
    /// The chunk shape of a chunked dataset.
    pub chunk: Vec<u64>,
    /// The names of the HDF5 filters in the pipeline.
    pub filters: Vec<String>,
    /// The bytes of the data in the file.
    pub bytes: u64,
}
