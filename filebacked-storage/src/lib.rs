//! The storage vocabulary: what an engine must be able to write ([`Sink`]) and to read
//! ([`Source`]).
//!
//! Nothing above this module knows which engine is at work. Bytes that pass here are in the memory
//! order of a little-endian machine, C order, elements packed; the engine deals with what the file
//! has instead.

// All that touches a file can fail, with what the system, HDF5 or the file says: see `ErrorKind`.
#![allow(clippy::missing_errors_doc)]

use compound::Strings;
use std::mem::MaybeUninit;
use std::sync::Arc;

pub mod changes;
pub mod checksum;
#[cfg(all(feature = "compress", feature = "libhdf5", hdf5_chunk_iter))]
pub mod chunks;
#[cfg(feature = "libhdf5")]
pub mod codec;
pub mod compound;
mod compression;
// Elements with parts outside of themselves come out of one engine only.
#[cfg_attr(not(feature = "libhdf5"), allow(dead_code))]
mod content;
#[cfg(feature = "libhdf5")]
pub mod draft;
mod dtype;
#[cfg(feature = "libhdf5")]
pub mod libhdf5;

pub mod digest;
pub mod error;
mod huge_pages;
mod kept;
pub mod limits;
#[cfg(feature = "native")]
pub mod native;
pub mod object;
mod openings;
pub mod owners;
pub mod part;
mod plain;
pub mod pool;
pub mod replace;
mod slab;
mod staged;
pub mod stamp;
pub mod store;
mod sync;
pub mod temporary;
mod tiles;
#[cfg(feature = "libhdf5")]
pub mod userblock;
#[cfg(feature = "digest")]
pub mod walk;

pub use dtype::REFERENCE;
pub use error::{Error, ErrorKind, Operation, Result};
pub use kept::{Kept, Piece, no_piece, read_only};
pub use limits::{DEFAULT_MAX_DEPTH, Limits};
pub use owners::{LoadedOwners, ObjectIdentity, OwnerTable, Unlinkable, WrittenOwners};
pub use plain::Plain;
pub use plain::{as_bytes, fill_slice, fill_vec, read_records, read_scalar, read_vec};
pub use plain::{int, integer_bytes, read_integers};
pub use slab::Window;
pub use slab::{Slab, Span};
pub use staged::{Gathered, Staged};
pub use tiles::Tiles;

pub use compression::check;
pub use compression::{BloscCodec, BloscShuffle, Compression};
pub use content::Link;
pub use content::{AttrSpec, Cell, Elements, Form, StoredType, Unusual};
pub use dtype::{CompoundMember, CompoundType, Dtype, EnumType, IntType};

/// What a dataset is to be, apart from its bytes.
#[derive(Debug, Clone, Copy)]
pub struct DatasetSpec<'a> {
    /// The datatype of the elements.
    pub dtype: &'a Dtype,
    /// The extent of each dimension; empty for a scalar.
    pub shape: &'a [u64],
    /// The chunk shape, of the same rank, or `None` for the engine's choice (contiguous where
    /// nothing needs chunks).
    pub chunk: Option<&'a [u64]>,
    /// Compression; ignored by engines for scalars and for datasets without elements.
    pub compression: Compression,
    /// Whether each chunk has a checksum; ignored as compression is, and for data that lies in an
    /// object header.
    pub fletcher32: bool,
    /// String attributes of the dataset, written in this order.
    pub attrs: &'a [(&'a str, &'a str)],
    /// An attribute that is an i64, written after those.
    pub number: Option<(&'a str, i64)>,
    /// Attributes of any type, written behind those.
    pub more_attrs: &'a [AttrSpec<'a>],
    /// The datatype in the file, where `dtype` does not say all of it; for [`Sink::dataset_any`]
    /// only.
    pub stored: Option<&'a StoredType>,
    /// A null dataspace; for [`Sink::dataset_any`] only.
    pub null: bool,
}

impl DatasetSpec<'_> {
    /// The number of elements, unless that overflows.
    pub fn elements(&self) -> Option<usize> {
        elements(self.shape)
    }
}

/// The number of elements of a shape, unless that overflows.
pub fn elements(shape: &[u64]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, d| n.checked_mul(usize::try_from(*d).ok()?))
}

/// What datasets are cut into unless something else is said: at most this many bytes.
#[cfg(any(feature = "libhdf5", test))]
pub const CHUNK: usize = 512 << 10;

/// Columns and arrays below this many bytes gain nothing from the compression that the options ask
/// for.
pub const WORTH_COMPRESSING: usize = 4096;

/// A chunk shape of at most this many bytes, more than half of it where the shape allows: whole
/// trailing dimensions, the one before cut evenly, single steps of those before that. So a chunk is
/// one piece of memory where it can be.
pub fn chunk_shape(shape: &[u64], element: usize, bytes: usize) -> Vec<u64> {
    let mut left = (bytes / element.max(1)).max(1) as u64;
    let mut chunk = vec![1; shape.len()];
    for (place, dim) in chunk.iter_mut().zip(shape).rev() {
        let dim = (*dim).max(1);
        *place = dim.div_ceil(dim.div_ceil(left));
        left = if *place == dim { left / dim } else { 1 }.max(1);
    }
    chunk
}

/// Where the bytes of a dataset are put one after another. Append only; the engine checks the
/// length.
pub struct Out<'a>(pub &'a mut Vec<u8>);

impl Out<'_> {
    /// Appends bytes.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends `n` bytes of zero.
    #[inline]
    pub fn zeros(&mut self, n: usize) {
        self.0.resize(self.0.len() + n, 0);
    }
}

/// What an engine implements to write: one open group at a time, members in the order of the calls.
pub trait Sink {
    /// Makes a group as a member of the open one, and opens it. With `ordered`, the order of its
    /// links is tracked.
    fn begin_group(&mut self, name: &str, ordered: bool) -> Result<()>;

    /// Closes the open group.
    fn end_group(&mut self) -> Result<()>;

    /// Writes an attribute of the open group. [`Dtype::VarStr`] is one text whose bytes are given.
    fn attr(&mut self, name: &str, dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<()>;

    /// Writes an attribute of a member of the open group, which has been written before.
    fn member_attr(
        &mut self,
        member: &str,
        name: &str,
        dtype: &Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()>;

    /// Writes a dataset whose bytes lie in one place. `bytes` holds exactly the elements of `spec`.
    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()>;

    /// Writes a dataset whose bytes are produced one after another by `fill`, exactly as many as
    /// `spec` has.
    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()>;

    /// Writes a dataset of variable-length strings (`spec.dtype` is [`Dtype::VarStr`]); no text has
    /// a NUL in it.
    fn dataset_text(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()>;

    /// The form that a filter turns everything into on the way to an engine, so that it does not do
    /// so twice.
    fn form(&self) -> Option<&'static str> {
        None
    }

    /// Writes a dataset of a compound type that has variable-length strings in it, whose places in
    /// `bytes` are zero; no text has a NUL in it.
    fn dataset_records(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        bytes: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()>;

    /// Says that the type of the node that is written next gives it this shape, rows included:
    /// nothing that a file notes.
    fn fixed_shape(&mut self, shape: &[u64]) {
        let _ = shape;
    }

    /// Copies an object of a file, with all that is in it and as it is stored; `false` where this
    /// engine cannot, and where the value may point to values, and does so: references lead nowhere
    /// in a copy, or to what was copied.
    fn copy(&mut self, name: &str, kept: &dyn Kept, may_point: bool) -> Result<bool> {
        let _ = (name, kept, may_point);
        Ok(false)
    }

    /// Writes a dataset of elements of any type.
    fn dataset_any(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        elements: Elements<'_>,
    ) -> Result<()>;

    /// Writes an attribute of the open group, of any type.
    fn attr_any(&mut self, attr: &AttrSpec<'_>) -> Result<()>;

    /// Makes a soft or external link as a member of the open group.
    fn link(&mut self, name: &str, link: &Link) -> Result<()>;

    /// Makes a committed datatype as a member of the open group.
    fn committed(&mut self, name: &str, stored: &StoredType, attrs: &[AttrSpec<'_>]) -> Result<()>;

    /// Says that the options leave out a member of the open group, or an attribute: what is there
    /// stays as it is.
    fn left_out(&mut self, name: &str) {
        let _ = name;
    }

    /// What is written of values that have several owners, where this sink can link to objects that
    /// are there.
    fn written(&mut self) -> Option<&mut WrittenOwners> {
        None
    }

    /// The same where this sink hands on to one that can link, and cannot itself: what it writes
    /// nothing can point to.
    fn owners(&mut self) -> Option<&mut WrittenOwners> {
        self.written()
    }

    /// Why nothing can point to what is written here, of sinks that make something else of it.
    fn unlinkable(&self) -> Option<Unlinkable> {
        None
    }

    /// Says that the object that is written next may get more links.
    fn expect_links(&mut self) {}

    /// Notes the object that was written last, a member of the open group or the root, under a
    /// number; `false` where it cannot be linked to.
    fn note(&mut self, object: u32, name: Option<&str>) -> Result<bool> {
        let _ = (object, name);
        Ok(false)
    }

    /// Makes one more link to an object that was noted.
    fn hard_link(&mut self, name: &str, object: u32) -> Result<()> {
        let _ = (name, object);
        Err(ErrorKind::Contract("a link to an object that was not noted".into()).into())
    }

    /// Writes a dataset of references to objects by their numbers, noted already or later; to
    /// nothing where they never are.
    fn references(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        objects: &[Option<u32>],
    ) -> Result<()> {
        let _ = (name, spec, objects);
        Err(ErrorKind::Unsupported("a `Weak` in this place".into()).into())
    }

    /// Writes what had to wait until everything else is there.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// An object or attribute that a [`Source`] has opened, in the engine's own terms.
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

/// Strings as they come out of a file: their bytes one after another, not yet checked to be UTF-8.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Texts {
    /// The bytes of all strings.
    pub bytes: Vec<u8>,
    /// Where each string ends in `bytes`; the next one starts there.
    pub ends: Vec<usize>,
}

impl Texts {
    /// Appends a string.
    #[cfg(feature = "libhdf5")]
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    /// The bytes of the strings one by one.
    #[cfg(feature = "libhdf5")]
    pub fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let cell = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            cell
        })
    }
}

/// The strings one by one, if all of them are UTF-8.
#[cfg(feature = "native")]
pub fn text_pieces(texts: &Texts) -> Option<Vec<&str>> {
    let mut start = 0;
    let piece = |end: &usize| {
        let piece = texts.bytes.get(start..*end)?;
        start = *end;
        std::str::from_utf8(piece).ok()
    };
    texts.ends.iter().map(piece).collect()
}

/// What an engine implements to read. Handles are opened by [`Source::root`], [`Source::child`] and
/// [`Source::attribute`], and each is given back once to [`Source::release`].
pub trait Source {
    /// The group that reading starts from.
    fn root(&self) -> Result<Handle>;

    /// The member of a group, or `None` where there is no link of this name. Soft and external
    /// links are followed.
    fn child(&self, group: Handle, name: &str) -> Result<Option<Handle>>;

    /// The names of a group's members: in creation order where that is tracked, else sorted by
    /// their bytes.
    fn children(&self, group: Handle) -> Result<Vec<String>>;

    /// How many members a group has.
    fn count(&self, group: Handle) -> Result<usize> {
        Ok(self.children(group)?.len())
    }

    /// Whether the creation order of a group's members is tracked.
    fn is_ordered(&self, group: Handle) -> Result<bool>;

    /// Where a link of a group leads, if it is no hard one.
    fn link(&self, group: Handle, name: &str) -> Result<Option<Link>>;

    /// The type of a dataset, attribute or committed datatype as the file has it, where `dtype`
    /// does not say all of it.
    fn stored_type(&self, handle: Handle, dtype: Option<&Dtype>) -> Result<Option<StoredType>>;

    /// Reads all elements of a dataset or attribute of a type that is [`Dtype::Other`].
    fn read_unusual(&self, handle: Handle) -> Result<Unusual>;

    /// The attribute of an object, or `None`.
    fn attribute(&self, object: Handle, name: &str) -> Result<Option<Handle>>;

    /// The names of an object's attributes, sorted by their bytes.
    fn attributes(&self, object: Handle) -> Result<Vec<String>>;

    /// What tells the objects of a file from each other: two handles with the same one stand for
    /// the same object. `None` where the engine cannot tell.
    fn identity(&self, object: Handle) -> Result<Option<String>>;

    /// What was read of values that have several owners, where this source can tell its objects
    /// from each other.
    fn loaded(&self) -> Option<&LoadedOwners> {
        None
    }

    /// What tells an object from all others, and how many links lead to it.
    fn links(&self, object: Handle) -> Result<(ObjectIdentity, u64)> {
        let _ = object;
        Err(ErrorKind::Contract("the links of an object that cannot be told from others".into())
            .into())
    }

    /// Datatype and shape of a dataset or an attribute.
    fn describe(&self, handle: Handle) -> Result<Description>;

    /// How a dataset lies in the file.
    fn allocation(&self, dataset: Handle) -> Result<Allocation>;

    /// Reads all elements of a dataset or attribute as `dtype`, which is what [`Source::describe`]
    /// gave. `out` has exactly their size; when this returns `Ok`, every byte of it is initialised.
    /// Bytes that are not are never written. What stands in the places of members that have no
    /// bytes of their own ([`Dtype::is_plain`]) means nothing.
    fn read(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()>;

    /// Reads a part of a dataset, as [`Source::read`] reads all of it. The selection lies in the
    /// dataset.
    fn read_slab(
        &self,
        dataset: Handle,
        dtype: &Dtype,
        slab: &Slab,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<()> {
        let _ = (dataset, slab, out);
        Err(ErrorKind::Unsupported(format!("a part of data of type {dtype}")).into())
    }

    /// Reads all variable-length strings of a dataset or attribute: its elements, or the member of
    /// them that the names lead to. A null pointer reads as empty text.
    fn read_text(&self, handle: Handle, member: &[String]) -> Result<Texts>;

    /// Reads a part of the variable-length strings of a dataset, as [`Source::read_text`] reads all
    /// of them.
    fn read_text_slab(&self, dataset: Handle, member: &[String], slab: &Slab) -> Result<Texts> {
        // Where the texts lie anywhere, there is nothing to gain from a part.
        slab.cut(&self.read_text(dataset, member)?, &self.describe(dataset)?.shape)
    }

    /// The bytes of all elements as [`Source::read`] gives them, for engines that have them at
    /// hand.
    fn at_hand(&self, handle: Handle) -> Result<Option<&[u8]>> {
        let _ = handle;
        Ok(None)
    }

    /// Reads a scalar of exactly this type in one step: `false`, and nothing read, where it is
    /// anything else.
    fn scalar(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<bool> {
        let _ = (handle, dtype, out);
        Ok(false)
    }

    /// The bytes of a scalar of a fixed-length string with its padding, for engines that have them
    /// at hand.
    fn scalar_text(&self, handle: Handle) -> Result<Option<&[u8]>> {
        let _ = handle;
        Ok(None)
    }

    /// A handle of its own to an object that is open.
    fn again(&self, object: Handle) -> Result<Handle>;

    /// The object that a reference leads to, which was read at this handle; `None` for one to
    /// nothing.
    fn target(&self, at: Handle, reference: &[u8]) -> Result<Option<Handle>> {
        let _ = (at, reference);
        Err(ErrorKind::Unsupported("references".into()).into())
    }

    /// The part of a dataset that a reference leads to, which was read at this handle; `None` for
    /// one to nothing.
    fn region(&self, at: Handle, reference: &[u8]) -> Result<Option<(Description, Gathered)>> {
        let _ = (at, reference);
        Err(ErrorKind::Unsupported("references to regions".into()).into())
    }

    /// Reads sequences of variable length: the elements of all of them, one after another, and how
    /// many each has.
    fn sequences(&self, handle: Handle) -> Result<(Gathered, Vec<usize>)> {
        let _ = handle;
        Err(ErrorKind::Unsupported("sequences of variable length".into()).into())
    }

    /// The form that a filter turns everything out of, so that it does not do so twice.
    fn form(&self) -> Option<&'static str> {
        None
    }

    /// Whether this library wrote what is read here by the rules for files of others: no filter is
    /// guessed.
    fn is_marked(&self) -> bool {
        false
    }

    /// Where the elements of an object were read first, which is where references among them are
    /// followed.
    fn origin(&self, handle: Handle) -> Option<(&dyn Source, Handle)> {
        let _ = handle;
        None
    }

    /// Does something in the middle of which no other thread changes the file.
    fn alone(&self, act: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        act()
    }

    /// Whether another process writes to the file while it is read.
    fn is_written_by_others(&self) -> bool {
        false
    }

    /// Holds on to an object, beyond the life of the source; `None` where that is not possible.
    fn keep(&self, object: Handle) -> Result<Option<Arc<dyn Kept>>> {
        let _ = object;
        Ok(None)
    }

    /// Gives a handle back.
    fn release(&self, handle: Handle);
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, chunk_shape};

    #[test]
    fn chunks_fit_the_shape() {
        let chunk = |shape: &[u64], element| chunk_shape(shape, element, CHUNK);
        assert_eq!(chunk(&[10, 3], 8), [10, 3]);
        assert_eq!(chunk(&[1_000_000, 3], 8), [21740, 3]);
        assert_eq!(chunk(&[1000, 1000, 1000], 8), [1, 63, 1000]);
        assert_eq!(chunk(&[5, 1 << 30], 8), [1, 65536]);
        assert_eq!(chunk(&[7, 9], 8 << 20), [1, 1]);
        assert_eq!(chunk(&[2, 1 << 17], 4), [1, 1 << 17]);
        assert_eq!(chunk(&[65536], 8), [65536]);
        assert_eq!(chunk(&[65537], 8), [32769]);
        assert_eq!(chunk(&[0, 4], 8), [1, 4]);
        assert_eq!(chunk_shape(&[u64::MAX], 1, 0), [1]);
    }
}
