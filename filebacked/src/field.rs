//! What a field says about the datasets of its value.

use crate::layout::encoding::Encoding;
use crate::storage::Compression;

/// How the values below a field are laid out, where there is a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreAs {
    /// One dataset of bytes and one of offsets, instead of a string dataset or numbered arrays.
    Packed,
    /// Arrays of equal shapes as one dataset with one dimension more.
    Stacked,
    /// A numbered group with a node a value.
    Rows,
    /// `keys` and `values`.
    Columns,
    /// A link a key.
    Links,
    /// One dataset of a compound type.
    Compound,
    /// Unique values and an index.
    Shared,
}

/// How the chunks of datasets are coded, where a field says so; it goes for everything below the
/// field.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Coding {
    pub(crate) compression: Option<Compression>,
    pub(crate) fletcher32: Option<bool>,
}

impl Coding {
    /// What this says, and where it says nothing, the other.
    pub(crate) fn or(self, outer: Coding) -> Coding {
        Coding {
            compression: self.compression.or(outer.compression),
            fletcher32: self.fletcher32.or(outer.fletcher32),
        }
    }
}

/// What a field says about the datasets of its value.
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct Storage<'a> {
    pub(crate) coding: Coding,
    pub(crate) chunk: Option<&'a [usize]>,
    pub(crate) layout: Option<StoreAs>,
    pub(crate) encoding: Encoding,
}

/// What a field says that holds for the members of its group as well.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Inherited {
    pub(crate) coding: Coding,
    pub(crate) encoding: Encoding,
}

impl Inherited {
    pub(crate) fn storage<'a>(self) -> Storage<'a> {
        Storage { coding: self.coding, encoding: self.encoding, ..Storage::default() }
    }
}

impl<'a> Storage<'a> {
    /// What holds for the members of a group that is written here.
    pub(crate) fn inside(&self) -> Inherited {
        Inherited { coding: self.coding, encoding: self.encoding.inside() }
    }

    /// As the options say.
    pub fn new() -> Self {
        Storage::default()
    }

    /// Compresses the datasets, whatever the options say.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.coding.compression = Some(compression);
        self
    }

    /// Whether chunks have checksums, whatever the options say.
    pub fn fletcher32(mut self, checksums: bool) -> Self {
        self.coding.fletcher32 = Some(checksums);
        self
    }

    /// The chunk shape of the dataset.
    pub fn chunk(mut self, shape: &'a [usize]) -> Self {
        self.chunk = Some(shape);
        self
    }

    /// The layout, where there is a choice.
    pub fn layout(mut self, layout: StoreAs) -> Self {
        self.layout = Some(layout);
        self
    }
}
