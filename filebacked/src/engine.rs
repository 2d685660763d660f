//! Engines of other crates: values written to a [`Sink`], and read from a [`Source`].
//!
//! An engine that is part of this crate is chosen by the library. One of another crate (a file
//! behind a protocol, a parallel file, a view of something that is not HDF5) implements `Sink` or
//! `Source` and calls [`write()`] or [`read()`].
//!
//! **Unstable.** These traits grow with HDF5; a minor version may change them.
//!
//! The conventions of the border: bytes are little-endian, in C order, with packed elements; a
//! reader may ask for any member in any order; whatever comes from a file is checked by the source.

#[doc(no_inline)]
pub use crate::storage::{
    Allocation, AttrSpec, DatasetSpec, Description, Dtype, Elements, Handle, Kept, Link,
    LoadedOwners, ObjectIdentity, ObjectKind, Out, Piece, Sink, Slab, Source, Span, StoredType,
    Texts, Unlinkable, Unusual, WrittenOwners, compound::Strings,
};

use crate::backed::{FileBacked, Save};
use crate::error::Result;
use crate::options::{ReadOptions, WriteOptions};
use crate::whole;

/// Writes a value as a whole file to a sink, with its stamp and format at the sink's root.
///
/// # Errors
///
/// Those of the sink, and whatever keeps the value from being written; options are checked against
/// the type first.
pub fn write<T: Save>(sink: &mut dyn Sink, value: &T, options: &WriteOptions) -> Result<()> {
    whole::check(value, options)?;
    whole::write_root(sink, &whole::write_context::<T>(options)?, value)
}

/// Reads the value that is the whole file of a source.
///
/// # Errors
///
/// Those of the source, and whatever keeps what it has from being a `T`.
pub fn read<T: FileBacked>(source: &dyn Source, options: &ReadOptions) -> Result<T> {
    whole::read_root(source, options)
}
