//! Storage settings that a field makes for the datasets of its value.

use crate::dialect::anndata::Encoding;
use crate::storage::Compression;

/// The layout of the values below a field, for types with several layouts. The derive's
/// `layout = "..."` chooses it.
///
/// See [`Storage`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreAs {
    /// One dataset of bytes and one of offsets, instead of a string dataset or numbered arrays.
    Packed,
    /// Arrays of equal shapes as one dataset with one more dimension.
    Stacked,
    /// A numbered group with one node per value.
    Rows,
    /// `keys` and `values`.
    Columns,
    /// One link per key.
    Links,
    /// One dataset of a compound type.
    Compound,
    /// Unique values and an index.
    Shared,
}

/// The encoding of chunks that a field requests, for everything below the field.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Coding {
    pub(crate) compression: Option<Compression>,
    pub(crate) fletcher32: Option<bool>,
    /// The requests of a filter, which apply where the options would: to large enough datasets.
    pub(crate) preferred: Option<Compression>,
    pub(crate) preferred_fletcher32: Option<bool>,
}

impl Coding {
    /// Returns these settings, with those of the other where this has none.
    pub(crate) fn or(self, outer: Coding) -> Coding {
        Coding {
            compression: self.compression.or(outer.compression),
            fletcher32: self.fletcher32.or(outer.fletcher32),
            preferred: self.preferred.or(outer.preferred),
            preferred_fletcher32: self.preferred_fletcher32.or(outer.preferred_fletcher32),
        }
    }
}

/// Storage settings that a field makes for the datasets of its value. The derive fills it from the
/// field's attributes.
///
/// ```
/// use filebacked::member::{Storage, StoreAs};
/// use filebacked::Compression;
///
/// let storage = Storage::new().compression(Compression::Gzip(4)).layout(StoreAs::Packed);
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct Storage<'a> {
    pub(crate) coding: Coding,
    pub(crate) chunk: Option<&'a [usize]>,
    pub(crate) layout: Option<StoreAs>,
    pub(crate) encoding: Encoding,
}

/// The settings of a field that also apply to the members of its group.
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
    /// The settings for the members of a group that is written here.
    pub(crate) fn inside(&self) -> Inherited {
        Inherited { coding: self.coding, encoding: self.encoding.inside() }
    }

    /// Creates settings that leave everything to the options.
    pub fn new() -> Self {
        Storage::default()
    }

    /// Sets the compression of the datasets, and overrides the options.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.coding.compression = Some(compression);
        self
    }

    /// Sets whether chunks have checksums, and overrides the options.
    pub fn fletcher32(mut self, checksums: bool) -> Self {
        self.coding.fletcher32 = Some(checksums);
        self
    }

    /// Sets the chunk shape of the dataset.
    pub fn chunk(mut self, shape: &'a [usize]) -> Self {
        self.chunk = Some(shape);
        self
    }

    /// Sets the layout, for types with several layouts.
    pub fn layout(mut self, layout: StoreAs) -> Self {
        self.layout = Some(layout);
        self
    }
}
