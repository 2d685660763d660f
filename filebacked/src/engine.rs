//! Engines of other crates: writes values to a [`Sink`], and reads values from a [`Source`].
//!
//! This crate chooses among its own engines. An engine of another crate (for a file behind a
//! protocol, a parallel file, or a view of other data) implements `Sink` or `Source` and calls
//! [`write()`] or [`read()`].
//!
//! **Unstable.** These traits grow with HDF5; a minor version may change them.
//!
//! Conventions: bytes are little-endian, in C order, with packed elements. Readers may request any
//! member in any order. The source checks all data that comes from a file.

#[doc(no_inline)]
pub use crate::storage::{
    Allocation, AttrSpec, DatasetSpec, Description, Dtype, Elements, Handle, Kept, Link,
    LoadedOwners, ObjectIdentity, ObjectKind, Out, Piece, Sink, Slab, Source, Span, StoredType,
    Texts, Unlinkable, Unusual, WrittenOwners, compound::Strings,
};

#[doc(hidden)]
pub use crate::storage::Choice as Engine;

use crate::backed::{FileBacked, Save};
use crate::error::Result;
use crate::options::{ReadOptions, WriteOptions};
use crate::whole;

/// Writes a value as a whole file to a sink, with its stamp and the format version at the sink's
/// root.
///
/// # Errors
///
/// Errors of the sink, and any error of writing the value. Options are checked against the type
/// first.
pub fn write<T: Save + ?Sized>(
    sink: &mut dyn Sink,
    value: &T,
    options: &WriteOptions,
) -> Result<()> {
    whole::check(value, options)?;
    whole::write_root(sink, &whole::write_context::<T>(options)?, value)
}

/// Reads a value from the whole file of a source.
///
/// # Errors
///
/// Errors of the source, and any error of reading a `T`.
pub fn read<T: FileBacked>(source: &dyn Source, options: &ReadOptions) -> Result<T> {
    whole::read_root(source, options)
}
