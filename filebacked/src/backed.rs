//! The traits [`Save`] and [`FileBacked`]: their contract is the place to start reading the code.

use crate::dialect::Concept;
use crate::erased::Key;
use crate::error::{ErrorKind, Result};
use crate::layout::{absent, sequence};
use crate::node::Node;
use crate::object::Bare;
use crate::reader::GroupReader;
use crate::reader::LinkReader;
use crate::rows::Rows;
use crate::schema::{Schema, Seen};
use crate::shared::Owner;
use crate::slot::{Slot, Written};
use crate::writer::GroupWriter;
use std::borrow::Cow;

/// A value that can be written to an HDF5 file. Borrowed values can be too: `&T`, `str`, `[T]`,
/// array views, and structs of them with `#[derive(Save)]`. See [`save`](crate::save()) for an
/// example.
///
/// # Contract
///
/// [`Save::write`] makes exactly one node in its slot: a dataset, or a group with its members.
/// [`Written`] proves it. Do not call it directly: call [`Slot::put`], which first looks for
/// registered filters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be saved",
    note = "for a type of your own, add `#[derive(filebacked::FileBacked)]`, or `#[derive(filebacked::Save)]` if it borrows",
    note = "for a trait object, add `#[filebacked::dynamic]` to the trait and to each `impl` of it",
    note = "for a type of another crate, enable the feature of that name, or name a filter with \
            `#[filebacked(with = ...)]` or `#[filebacked(registered)]`"
)]
pub trait Save {
    /// Writes the value as one node.
    ///
    /// # Errors
    ///
    /// The value cannot be written: see [`ErrorKind`](crate::ErrorKind).
    fn write(&self, slot: Slot<'_>) -> Result<Written>;

    /// Writes many values as one node: one dataset for numbers, columns for structs. The default is
    /// a numbered group.
    ///
    /// # Errors
    ///
    /// As [`Save::write`].
    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written>
    where
        Self: Sized,
    {
        sequence::write_numbered(rows, slot)
    }

    /// Writes the rows of nested arrays, flattened: `shape` is that of all of them together.
    #[doc(hidden)]
    fn write_shaped(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written>
    where
        Self: Sized,
    {
        sequence::write_arrays(rows, shape, slot)
    }

    /// Writes optional values: a mask, and the values.
    #[doc(hidden)]
    fn write_optional_rows(values: &[Option<&Self>], slot: Slot<'_>) -> Result<Written>
    where
        Self: Sized,
    {
        absent::write_present(values, slot)
    }

    /// How many `Some` are around a `None`: 0 for `None`, 1 for `Some(None)`; `None` for anything
    /// that is there.
    fn absence(&self) -> Option<u32> {
        None
    }

    /// Whether values lie in a row of a table without a group of their own: numbers, text, enums
    /// without data, and structs, tuples, arrays and options of those. `level` guards against
    /// recursion.
    #[doc(hidden)]
    fn is_flat(level: u32) -> bool
    where
        Self: Sized,
    {
        let _ = level;
        false
    }

    /// Whether values are numbers, or arrays of a fixed length of numbers: many are one dataset in
    /// every layout.
    #[doc(hidden)]
    fn is_number() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Whether many values are a numbered group, an object each, unless their field says otherwise:
    /// arrays.
    #[doc(hidden)]
    fn is_listed() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Whether something in a value needs an object of its own in the file, so that a map to such
    /// values is stored as links: an ndarray array, a sparse matrix, an `Arc`, what a filter
    /// writes. `seen` guards against recursion: a type that is asked again answers `false`.
    #[doc(hidden)]
    fn needs_objects(seen: &mut Seen) -> bool
    where
        Self: Sized,
    {
        let _ = seen;
        !Self::is_flat(0)
    }

    /// Returns the filler for a missing value in a column; types without one leave no place for it.
    #[doc(hidden)]
    fn filler() -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// Whether the value stands for none in a column of a data frame, as a NaN does.
    #[doc(hidden)]
    fn is_gap(&self) -> bool {
        false
    }

    /// Returns what a column of these with missing values is to other programs.
    #[doc(hidden)]
    fn optional_concept() -> Option<Concept>
    where
        Self: Sized,
    {
        None
    }

    /// Whether values can be map keys that are stored as link names.
    #[doc(hidden)]
    fn is_link_name() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// The value as a link name, before escaping; `Some` for types whose `is_link_name` is true.
    #[doc(hidden)]
    fn name(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// The value as one that may have other owners, for types that share theirs.
    #[doc(hidden)]
    #[inline]
    fn owner(&self) -> Option<Owner<'_>> {
        None
    }

    /// The identity that the registry looks filters up by: `Some(Key::new())` for every type that
    /// is [`FileBacked`]. Types that borrow have none.
    fn key() -> Option<Key<Self>> {
        None
    }
}

/// A type that can be saved to an HDF5 file and loaded again. `#[derive(FileBacked)]` implements it
/// and [`Save`]. See the [crate](crate) for an example.
///
/// # Contract
///
/// [`FileBacked::read`] reads a node of [`Save::write`], written with any options, and returns an
/// equal value or an error. It never panics on data, and never silently returns another value. Do
/// not call it directly: call [`Node::get`], which first looks for the filter of the node.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `FileBacked`",
    note = "for a type of your own, add `#[derive(filebacked::FileBacked)]`",
    note = "for a trait object, add `#[filebacked::dynamic]` to the trait and to each `impl` of it",
    note = "for a type of another crate, enable the feature of that name, or name a filter with \
            `#[filebacked(with = ...)]` or `#[filebacked(registered)]`"
)]
pub trait FileBacked: Save + Sized + 'static {
    /// Returns the shape of the type on disk, without a value or a file.
    fn schema() -> Schema;

    /// Reads a value back.
    ///
    /// # Errors
    ///
    /// The node does not hold such a value: see [`ErrorKind`](crate::ErrorKind).
    fn read(node: Node<'_>) -> Result<Self>;

    /// Reads many values, as written by [`Save::write_rows`].
    ///
    /// # Errors
    ///
    /// As [`FileBacked::read`].
    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        sequence::read_numbered(node)
    }

    /// Reads what `write_shaped` made: the values, flattened, and the first extent. `inner` has the
    /// others.
    #[doc(hidden)]
    fn read_shaped(node: Node<'_>, inner: &[usize]) -> Result<(Vec<Self>, usize)> {
        sequence::read_arrays(node, inner)
    }

    /// The value that is a `None` inside `depth` times `Some`, for types that have one.
    fn from_absence(depth: u32) -> Option<Self> {
        let _ = depth;
        None
    }

    /// Reads the value of an object without attributes and without filters, for types that can be
    /// read in one step.
    #[doc(hidden)]
    fn read_bare(bare: &Bare<'_>) -> Result<Option<Self>> {
        let _ = bare;
        Ok(None)
    }

    /// Whether a value is a link of a group, which is not followed when it is read.
    #[doc(hidden)]
    fn is_link() -> bool {
        false
    }

    /// Reads a link, of types that are such.
    #[doc(hidden)]
    fn read_link(reader: &LinkReader<'_, '_>) -> Result<Self> {
        Err(ErrorKind::Contract(format!("{reader:?} read as a value")).into())
    }

    /// The value of a link name.
    #[doc(hidden)]
    fn from_name(name: &str) -> Option<Self> {
        let _ = name;
        None
    }
}

/// A struct whose fields can be written into the group of another struct, as `flatten` needs. The
/// derives implement it for every struct that is a group.
#[diagnostic::on_unimplemented(
    message = "the fields of `{Self}` cannot be flattened into another struct",
    note = "`flatten` needs a struct with `#[derive(filebacked::FileBacked)]` that is not transparent"
)]
pub trait SaveMembers: Save {
    /// Writes each field as a member of the group.
    ///
    /// # Errors
    ///
    /// As [`Save::write`].
    fn write_members(&self, group: &mut GroupWriter<'_>) -> Result<()>;

    /// Writes each field of many values as a column of the group.
    ///
    /// # Errors
    ///
    /// As [`Save::write`].
    fn write_member_rows(rows: Rows<'_, Self>, group: &mut GroupWriter<'_>) -> Result<()>
    where
        Self: Sized;
}

/// The reading half of [`SaveMembers`], for `flatten`.
#[diagnostic::on_unimplemented(
    message = "the fields of `{Self}` cannot be read out of another struct",
    note = "`flatten` needs a struct with `#[derive(filebacked::FileBacked)]` that is not transparent"
)]
pub trait ReadMembers: FileBacked + SaveMembers {
    /// Returns all accepted names of fields, including aliases and flattened fields.
    fn member_names() -> Vec<&'static str>;

    /// Reads each field from the group.
    ///
    /// # Errors
    ///
    /// As [`FileBacked::read`].
    fn read_members(group: &GroupReader<'_>) -> Result<Self>;

    /// Reads the column of each field, and combines the values.
    ///
    /// # Errors
    ///
    /// As [`FileBacked::read`].
    fn read_member_rows(group: &GroupReader<'_>) -> Result<Vec<Self>>;
}
