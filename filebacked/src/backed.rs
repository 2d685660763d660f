//! The traits [`Save`] and [`FileBacked`], and their contract. Start reading here.

use crate::erased::Key;
use crate::error::{ErrorKind, Result};
use crate::layout::{absent, sequence};
use crate::link::LinkReader;
use crate::node::Node;
use crate::object::Bare;
use crate::reader::GroupReader;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::shared::Owner;
use crate::slot::{Slot, Written};
use crate::writer::GroupWriter;
use std::borrow::Cow;

/// A value that can be written to an HDF5 file, borrowed ones included: `&T`, `str`, `[T]`, array
/// views, and structs of them by `#[derive(Save)]`.
///
/// # Contract
///
/// [`Save::write`] makes exactly one node (a dataset, or a group with all that is in it) out of the
/// slot it is given, and [`Written`] proves it. It is never called directly: [`Slot::put`] is the
/// door, which asks the registry of filters first.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be saved",
    note = "for a type of your own, add `#[derive(filebacked::FileBacked)]`, or `#[derive(filebacked::Save)]` if it borrows",
    note = "for a type of another crate, enable the feature of that name, name a filter with `#[filebacked(with = ...)]`, \
            or register one and use `#[filebacked(registered)]`"
)]
pub trait Save {
    /// Writes the value as one node.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being written: see [`ErrorKind`](crate::ErrorKind).
    fn write(&self, slot: Slot<'_>) -> Result<Written>;

    /// Writes many values as one node: one dataset for numbers, columns for structs, a numbered
    /// group by default.
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

    /// Writes values of which some are absent: a mask, and the values.
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

    /// What stands in a column where a value is absent; types without one leave no place for it.
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

    /// What AnnData calls a column of these of which some are absent.
    #[doc(hidden)]
    fn nullable() -> Option<&'static (&'static str, &'static str)>
    where
        Self: Sized,
    {
        None
    }

    /// Whether values can be map keys that are stored as link names.
    #[doc(hidden)]
    fn is_name() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// The value as a link name, before escaping; `Some` for types whose `is_name` is true.
    #[doc(hidden)]
    fn name(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// The value as one that may have other owners, for types that share theirs.
    #[doc(hidden)]
    #[inline]
    fn owner(&self) -> Option<Owner<'_>>
    where
        Self: Sized,
    {
        None
    }

    /// The identity that the registry looks filters up by: `Some(Key::new())` for every type that
    /// is [`FileBacked`]. Types that borrow have none.
    fn key() -> Option<Key<Self>>
    where
        Self: Sized,
    {
        None
    }
}

/// A type that can live in an HDF5 file: the one trait to know. `#[derive(FileBacked)]` implements
/// it and [`Save`].
///
/// # Contract
///
/// [`FileBacked::read`] takes what [`Save::write`] made and gives an equal value, whatever options
/// wrote it, or an error; it never panics on data, and never gives another value in silence.
/// [`Node::get`] is the door: it asks the registry and the file which filter is meant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `FileBacked`",
    note = "for a type of your own, add `#[derive(filebacked::FileBacked)]`",
    note = "for a type of another crate, enable the feature of that name, name a filter with `#[filebacked(with = ...)]`, \
            or register one and use `#[filebacked(registered)]`"
)]
pub trait FileBacked: Save + Sized + 'static {
    /// What the type looks like, without a value and without a file.
    fn schema() -> Schema;

    /// Reads a value back.
    ///
    /// # Errors
    ///
    /// Whatever keeps the node from being this value: see [`ErrorKind`](crate::ErrorKind).
    fn read(node: Node<'_>) -> Result<Self>;

    /// Reads what [`Save::write_rows`] made.
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

    /// The value of an object without attributes, which nothing but the type has a say in: for what
    /// can be read in one step.
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

/// A struct whose fields can be written into a group that somebody else opened: what `flatten` asks
/// for. The derives implement it for every struct that is a group.
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

/// The reading half of [`SaveMembers`].
#[diagnostic::on_unimplemented(
    message = "the fields of `{Self}` cannot be read out of another struct",
    note = "`flatten` needs a struct with `#[derive(filebacked::FileBacked)]` that is not transparent"
)]
pub trait ReadMembers: FileBacked {
    /// All names of fields that are accepted, aliases and flattened ones included.
    fn member_names() -> Vec<&'static str>;

    /// Reads each field from the group.
    ///
    /// # Errors
    ///
    /// As [`FileBacked::read`].
    fn read_members(group: &GroupReader<'_>) -> Result<Self>;

    /// Reads each field's column, and puts the values together.
    ///
    /// # Errors
    ///
    /// As [`FileBacked::read`].
    fn read_member_rows(group: &GroupReader<'_>) -> Result<Vec<Self>>;
}
