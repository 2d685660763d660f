//! [`Slot`]: a place in a file that one value is to be written to. The write door.

use crate::backed::Save;
use crate::context::WriteContext;
use crate::dialect::Concept;
use crate::dialect::anndata::Encoding;
use crate::error::{Error, ErrorKind, Result};
use crate::field::{Storage, StoreAs};
use crate::layout::python;
use crate::path::State;
use crate::schema::{Nested, Schema};
use crate::stamp::{FILTER, FORMAT, FORMAT_VERSION, escape};
use crate::storage::{AttrSpec, Compression, Dtype, Kept, Link, Out, Sink, StoredType};
use std::fmt;
use std::num::NonZero;

mod dataset;
mod door;
pub(crate) mod given;
mod group;
mod records;
mod shared;

pub(crate) use dataset::Content;
pub(crate) use shared::cycle;

/// The proof that exactly one node was written. Only [`Slot`] and [`GroupWriter`](crate::GroupWriter) make it.
#[derive(Debug)]
pub struct Written(());

impl Written {
    pub(crate) fn new() -> Self {
        Written(())
    }
}

/// The names of the filters that a value has passed, innermost first.
#[derive(Debug, Clone, Copy)]
struct Mark<'a> {
    name: &'a str,
    /// The filter wrote many values as rows.
    rows: bool,
    outer: Option<&'a Mark<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Place<'a> {
    /// The whole file: groups put their members there, a dataset is named `value`.
    Root,
    Member(&'a str),
    Attribute(&'a str),
}

/// What a dataset is, where that matters beside its type and its shape.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Form {
    #[default]
    Plain,
    /// The elements of an array, and not of a list: to the Python layout.
    Array,
    /// The bytes of one text that cannot be a string of HDF5.
    Text,
}

/// The name of a value saved as a whole file that is no group of members.
pub(crate) const VALUE: &str = "value";

/// A place in a file that one value is to be written to.
///
/// Writing consumes the slot, so that exactly one node is made. [`Slot::put`] is the door that
/// every value goes through: it asks the registry for a filter, and else the value itself. The
/// other methods make one HDF5 node.
pub struct Slot<'a> {
    pub(crate) sink: &'a mut (dyn Sink + 'a),
    pub(crate) cx: &'a WriteContext,
    pub(crate) place: Place<'a>,
    pub(crate) state: State,
    pub(crate) depth: u32,
    pub(crate) storage: Storage<'a>,
    /// Only filters older than this one are asked next.
    below: u32,
    marks: Option<&'a Mark<'a>>,
    pub(crate) attrs: &'a [(&'a str, &'a str)],
    pub(crate) form: Form,
    /// What the node stands for, where that does not follow from what is written.
    concept: Option<Concept>,
    /// The column that is the index of a data frame.
    index: &'static str,
    /// What matters to the Python layout only.
    pub(crate) python: python::Said<'a>,
}

impl fmt::Debug for Slot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("place", &self.place)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

impl<'a> Slot<'a> {
    #[inline]
    pub(crate) fn new(
        sink: &'a mut (dyn Sink + 'a),
        cx: &'a WriteContext,
        place: Place<'a>,
        state: State,
        depth: u32,
        storage: Storage<'a>,
    ) -> Self {
        Slot {
            sink,
            cx,
            place,
            state,
            depth,
            storage,
            below: u32::MAX,
            marks: None,
            attrs: &[],
            form: Form::Plain,
            concept: None,
            index: "",
            python: python::Said::default(),
        }
    }

    /// The slot of a whole value.
    pub(crate) fn whole(
        sink: &'a mut (dyn Sink + 'a),
        cx: &'a WriteContext,
        place: Place<'a>,
    ) -> Self {
        Slot::new(sink, cx, place, cx.start(), 0, Storage::default())
    }

    /// What is known during this save: options and extensions.
    pub fn context(&self) -> &'a WriteContext {
        self.cx
    }

    /// The layout that the field asks for.
    pub fn layout(&self) -> Option<StoreAs> {
        self.storage.layout
    }

    /// Compresses what is written here, unless the field says otherwise. As with
    /// [`WriteOptions::compression`](crate::WriteOptions::compression), scalars and datasets of less
    /// than 4096 bytes stay as they are.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.storage.coding.preferred.get_or_insert(compression);
        self
    }

    /// Puts checksums on the chunks of what is written here, or none, unless the field says
    /// otherwise. Small datasets get none, as with [`Slot::compression`].
    #[must_use]
    pub fn fletcher32(mut self, checksums: bool) -> Self {
        self.storage.coding.preferred_fletcher32.get_or_insert(checksums);
        self
    }

    /// Chunks the dataset that is written here, unless the field says otherwise.
    #[must_use]
    pub fn chunk<'s>(self, shape: &'s [usize]) -> Slot<'s>
    where
        'a: 's,
    {
        let mut slot: Slot<'s> = self.shorten();
        slot.storage.chunk.get_or_insert(shape);
        slot
    }

    /// Lays out what is written here, unless the field says otherwise.
    #[must_use]
    pub fn store_as(mut self, layout: StoreAs) -> Self {
        self.storage.layout.get_or_insert(layout);
        self
    }

    /// Adds string attributes to the dataset or group that is written here, in place of those of an
    /// earlier call.
    #[must_use]
    pub fn attributes<'s>(self, attrs: &'s [(&'s str, &'s str)]) -> Slot<'s>
    where
        'a: 's,
    {
        Slot { attrs, ..self.shorten() }
    }

    /// The class of Python's FileBacked, module and name, that the struct or map written here is an
    /// object of. Means something to [`Layout::Python`](crate::options::Layout::Python) alone.
    #[must_use]
    pub fn class<'s>(self, class: &'s [&'s str; 2]) -> Slot<'s>
    where
        'a: 's,
    {
        let mut slot: Slot<'s> = self.shorten();
        slot.python.class = Some(class);
        slot
    }

    /// The index of the variant whose value is written here, for enums that are a `Union` to
    /// Python's FileBacked. Means something to [`Layout::Python`](crate::options::Layout::Python) alone.
    #[must_use]
    pub fn union(mut self, index: u32) -> Self {
        self.python.variant = NonZero::new(index.wrapping_add(1));
        self
    }

    /// The elements of an array are written here, and not those of a list.
    #[must_use]
    #[cfg(any(feature = "ndarray", feature = "sprs"))]
    pub(crate) fn array(mut self) -> Self {
        self.form = Form::Array;
        self
    }

    /// A slot for which no filter of the registry is asked next.
    pub(crate) fn unfiltered(mut self) -> Self {
        self.below = 0;
        self
    }

    /// The same slot for a shorter time, so that it can borrow from what does not live as long.
    #[inline]
    pub(crate) fn shorten<'s>(self) -> Slot<'s>
    where
        'a: 's,
    {
        self.onto(|sink| sink)
    }

    /// The same slot over another sink. A sink behind a mutable reference ties all fields to one
    /// lifetime, so each is named here once.
    #[inline]
    fn onto<'s>(
        self,
        sink: impl FnOnce(&'a mut (dyn Sink + 'a)) -> &'s mut (dyn Sink + 's),
    ) -> Slot<'s>
    where
        'a: 's,
    {
        Slot {
            sink: sink(self.sink),
            cx: self.cx,
            place: self.place,
            state: self.state,
            depth: self.depth,
            storage: self.storage,
            below: self.below,
            marks: self.marks,
            attrs: self.attrs,
            form: self.form,
            concept: self.concept,
            index: self.index,
            python: self.python,
        }
    }

    /// Says what the node stands for, where that does not follow from what is written.
    #[must_use]
    pub(crate) fn concept(mut self, concept: Concept) -> Self {
        self.concept = Some(concept);
        self
    }

    /// Says what the node and what is below it are to AnnData, unless that is known already.
    #[must_use]
    pub(crate) fn encoding(mut self, encoding: Encoding) -> Self {
        match (self.storage.encoding, encoding) {
            (Encoding::Columns, _) | (Encoding::Frame, Encoding::Elements) => {}
            _ => self.storage.encoding = encoding,
        }
        self
    }

    /// Makes rows that are written here a data frame with this column as its index.
    #[must_use]
    pub(crate) fn data_frame(mut self, index: &'static str) -> Self {
        self.index = index;
        self.encoding(Encoding::Frame)
    }

    /// Whether what is written here is AnnData's, which Python's FileBacked has no use for.
    pub(crate) fn is_encoded(&self) -> bool {
        self.storage.encoding.is_some() && !self.cx.is_python()
    }

    /// Writes through a sink that turns what it gets into something else, for the sink of this
    /// slot.
    pub(crate) fn through_sink<S: Sink + 'a>(
        self,
        wrap: impl FnOnce(&'a mut (dyn Sink + 'a)) -> S,
        write: impl FnOnce(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        let mut wrapped = None;
        write(self.onto(|sink| wrapped.insert(wrap(sink))))
    }

    /// The dataset that is written here is the bytes of a text.
    #[must_use]
    pub(crate) fn text(mut self) -> Self {
        self.form = Form::Text;
        self
    }

    /// The slot of each element of a sequence: patterns take one level.
    #[must_use]
    #[inline]
    pub(crate) fn each(mut self) -> Self {
        if let Some(mask) = self.cx.mask() {
            // Patterns that would leave all elements out are refused when they are checked.
            self.state = mask.step(self.state, None, None).unwrap_or(self.state);
        }
        self
    }

    /// Writes a dataset of raw elements: bytes as a little-endian machine has them, in C order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Contract`] where there are more or fewer bytes than elements.
    pub fn dataset(self, dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<Written> {
        self.content(dtype, shape, Content::Bytes(bytes))
    }

    /// Writes a dataset whose bytes are put one after another by `fill`.
    ///
    /// # Errors
    ///
    /// As [`Slot::dataset`].
    pub fn dataset_fill(
        self,
        dtype: &Dtype,
        shape: &[u64],
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<Written> {
        self.content(dtype, shape, Content::Fill(fill))
    }

    /// Writes a dataset of variable-length strings without NUL.
    pub(crate) fn dataset_text(
        self,
        shape: &[u64],
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<Written> {
        self.content(&Dtype::VarStr, shape, Content::Texts(texts))
    }

    /// Writes a dataset of elements of any type, with attributes of its own. The name in `what`
    /// says nothing.
    pub(crate) fn dataset_any<'t>(
        self,
        what: &AttrSpec<'t>,
        attrs: &[AttrSpec<'t>],
    ) -> Result<Written> {
        self.content(what.dtype, what.shape, Content::Any(what, attrs))
    }

    /// Makes a soft or external link.
    pub(crate) fn link(self, link: &Link) -> Result<Written> {
        let Place::Member(name) = self.place else {
            return Err(ErrorKind::Unsupported("a link outside a group".into()).into());
        };
        self.sink.link(name, link)?;
        Ok(Written::new())
    }

    /// Makes a committed datatype.
    pub(crate) fn committed(self, stored: &StoredType, attrs: &[AttrSpec<'_>]) -> Result<Written> {
        let Place::Member(name) = self.place else {
            return Err(
                ErrorKind::Unsupported("a committed datatype outside a group".into()).into()
            );
        };
        self.sink.committed(name, stored, attrs)?;
        Ok(Written::new())
    }

    /// Whether the node gets an attribute of this name from the slot itself.
    pub(crate) fn takes(&self, name: &str) -> bool {
        (matches!(name, FILTER | FORMAT) && self.marks.is_some())
            || self.attrs.iter().any(|(own, _)| *own == name)
    }

    /// The names of the filters passed, outermost first, as they are recorded.
    fn filters(&self) -> Option<String> {
        let mut mark = self.marks;
        mark?;
        let mut names = Vec::new();
        while let Some(Mark { name, rows, outer }) = mark {
            names.push(escape(name).into_owned() + if *rows { "[]" } else { "" });
            mark = *outer;
        }
        names.reverse();
        Some(names.join(" "))
    }

    /// Copies an object that a handle has, as it is stored; gives the slot back where its value has
    /// to be written instead.
    pub(crate) fn copy(
        self,
        kept: Option<&dyn Kept>,
        schema: Nested,
    ) -> Result<std::result::Result<Written, Self>> {
        let Some(kept) = kept else { return Ok(Err(self)) };
        let name = match self.place {
            Place::Member(name) => name,
            Place::Root if !schema().is_rooted() => VALUE,
            _ => return Ok(Err(self)),
        };
        // What the options leave out, or a filter adds, is not in the copy, and its layout is the
        // one that it has.
        if self.cx.mask().is_some()
            || self.marks.is_some()
            || !self.attrs.is_empty()
            || self.cx.is_python()
        {
            return Ok(Err(self));
        }
        let may_point = crate::schema::may_point(schema);
        Ok(if self.sink.copy(name, kept, may_point)? { Ok(Written::new()) } else { Err(self) })
    }
}

impl Slot<'_> {
    /// Whether a filter is registered for values of a type that are written here.
    pub(crate) fn has_filter<T: Save>(&self) -> bool {
        let key = T::key().map(|key| (key.id(), key.nested()));
        self.is_filtered() && self.newest(key, u32::MAX).is_some()
    }
}

/// Writes which format the file has.
fn write_format(sink: &mut dyn Sink) -> Result<()> {
    sink.attr(FORMAT, &Dtype::FixedStr(FORMAT_VERSION.len()), &[], FORMAT_VERSION.as_bytes())
}

#[inline]
pub(crate) fn deeper(depth: u32, cx: &WriteContext) -> Result<u32> {
    if depth >= cx.max_depth() {
        return Err(too_deep(cx.max_depth()));
    }
    Ok(depth + 1)
}

#[cold]
pub(crate) fn too_deep(limit: u32) -> Error {
    Error::new(ErrorKind::TooDeep { limit })
        .with_help("the options' `max_depth` raises the limit, if the stack is large enough")
}

/// What a value behind a filter looks like: not known.
pub(crate) fn opaque() -> Schema {
    Schema::Opaque
}
