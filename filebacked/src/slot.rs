//! [`Slot`]: a place in a file that one value is to be written to. The write door.

use crate::backed::Save;
use crate::context::WriteContext;
use crate::erased::{AnyRows, AnyValue, AnyWrite, Key};
use crate::error::{Error, ErrorKind, Result};
use crate::field::{Storage, StoreAs};
use crate::filter::{Filter, Found, no_filter};
use crate::layout::encoding::{self, Encoding};
use crate::layout::{python, sequence};
use crate::path::State;
use crate::rows::Rows;
use crate::schema::{Nested, Schema};
use crate::stamp::{FILTER, FORMAT, STAMP, Stamp, escape};
use crate::storage::{AttrSpec, Compression, Dtype, Kept, Link, Out, Sink, StoredType};
use crate::whole::VERSION;
use crate::writer::GroupWriter;
use std::any::TypeId;
use std::fmt;
use std::num::NonZero;

mod dataset;
mod records;
mod shared;

pub(crate) use dataset::Content;
pub(crate) use shared::cycle;

/// The proof that exactly one node was written. Only [`Slot`] and [`GroupWriter`] make it.
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
    /// What the node is to AnnData, where that does not follow from what is written.
    element: Option<encoding::Element>,
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
            element: None,
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

    /// Compresses what is written here, unless the field says otherwise.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.storage.coding.compression.get_or_insert(compression);
        self
    }

    /// Puts checksums on the chunks of what is written here, or none, unless the field says
    /// otherwise.
    #[must_use]
    pub fn fletcher32(mut self, checksums: bool) -> Self {
        self.storage.coding.fletcher32.get_or_insert(checksums);
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
    /// object of. Means something to [`Layout::Python`](crate::Layout::Python) alone.
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
    /// Python's FileBacked. Means something to [`Layout::Python`](crate::Layout::Python) alone.
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
    fn shorten<'s>(self) -> Slot<'s>
    where
        'a: 's,
    {
        let Slot {
            sink,
            cx,
            place,
            state,
            depth,
            storage,
            below,
            marks,
            attrs,
            form,
            element,
            index,
            python,
        } = self;
        Slot {
            sink,
            cx,
            place,
            state,
            depth,
            storage,
            below,
            marks,
            attrs,
            form,
            element,
            index,
            python,
        }
    }

    /// Says what the node is to AnnData, where that does not follow from what is written.
    #[must_use]
    pub(crate) fn element(mut self, element: encoding::Element) -> Self {
        self.element = Some(element);
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
        let Slot {
            sink,
            cx,
            place,
            state,
            depth,
            storage,
            below,
            marks,
            attrs,
            form,
            element,
            index,
            python,
        } = self;
        let mut sink = wrap(sink);
        let sink = &mut sink;
        write(Slot {
            sink,
            cx,
            place,
            state,
            depth,
            storage,
            below,
            marks,
            attrs,
            form,
            element,
            index,
            python,
        })
    }

    /// The dataset that is written here is the bytes of a text.
    #[must_use]
    pub(crate) fn text(mut self) -> Self {
        self.form = Form::Text;
        self
    }

    /// THE door: writes a value by the newest filter that is registered for its type, or else in
    /// its own way.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written.
    #[inline]
    pub fn put<T: Save>(self, value: &T) -> Result<Written> {
        self.put_below(value, u32::MAX)
    }

    /// The door for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps a value from being written.
    #[inline]
    pub fn put_rows<T: Save>(self, rows: Rows<'_, T>) -> Result<Written> {
        self.put_rows_below(rows, u32::MAX)
    }

    /// The door for the rows of nested arrays. Filters get the rows without their shape.
    pub(crate) fn put_shaped<T: Save>(
        mut self,
        rows: Rows<'_, T>,
        shape: &[u64],
    ) -> Result<Written> {
        if self.is_filtered()
            && let Some((found, key)) = filter_of::<T>(self.cx, u32::MAX)
        {
            return self.through(&found, true, &mut |slot| {
                found.write_rows(rows, key, AnyWrite::own(), slot)
            });
        }
        self.below = u32::MAX;
        if self.cx.is_python() && !T::is_number() {
            return sequence::write_numbered(rows, self);
        }
        self.sink.fixed_shape(shape);
        T::write_shaped(rows, shape, self)
    }

    /// Inside a filter: writes a value by the next older filter for its type, in the end in its own
    /// way.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written.
    #[inline]
    pub fn put_next<T: Save>(self, value: &T) -> Result<Written> {
        let below = self.below;
        self.put_below(value, below)
    }

    /// Inside a filter: the same for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps a value from being written.
    #[inline]
    pub fn put_next_rows<T: Save>(self, rows: Rows<'_, T>) -> Result<Written> {
        let below = self.below;
        self.put_rows_below(rows, below)
    }

    /// Inside a predicate filter: [`Slot::put_next`] for a value of a type not known here.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written; [`ErrorKind::NoFilter`] for a type that cannot
    /// write itself.
    pub fn put_next_any(self, value: AnyValue<'_>) -> Result<Written> {
        value.write_next(self)
    }

    /// Inside a predicate filter: [`Slot::put_next_rows`] for values of a type not known here.
    ///
    /// # Errors
    ///
    /// As [`Slot::put_next_any`].
    pub fn put_next_rows_any(self, rows: AnyRows<'_>) -> Result<Written> {
        rows.write_next(self)
    }

    #[inline]
    fn put_below<T: Save>(self, value: &T, below: u32) -> Result<Written> {
        match value.owner() {
            None => self.put_alone(value, below),
            Some(owner) => {
                let schema = T::key().map(|key| key.nested());
                self.put_owned(owner, schema, below, &mut |slot| slot.put_alone(value, below))
            }
        }
    }

    #[inline]
    fn put_alone<T: Save>(mut self, value: &T, below: u32) -> Result<Written> {
        if self.is_filtered()
            && let Some((found, key)) = filter_of::<T>(self.cx, below)
        {
            return self.through(&found, false, &mut |slot| {
                found.write(value, key, AnyWrite::own(), slot)
            });
        }
        self.below = u32::MAX;
        if self.is_compound() {
            #[allow(clippy::disallowed_methods)]
            return self.records(&mut |slot| value.write(slot));
        }
        #[allow(clippy::disallowed_methods)]
        value.write(self)
    }

    #[inline]
    fn put_rows_below<T: Save>(mut self, rows: Rows<'_, T>, below: u32) -> Result<Written> {
        if self.is_filtered()
            && let Some((found, key)) = filter_of::<T>(self.cx, below)
        {
            return self.through(&found, true, &mut |slot| {
                found.write_rows(rows, key, AnyWrite::own(), slot)
            });
        }
        self.below = u32::MAX;
        if self.cx.is_python() && !T::is_number() {
            return sequence::write_numbered(rows, self);
        }
        if self.is_compound() {
            #[allow(clippy::disallowed_methods)]
            return self.records(&mut |slot| T::write_rows(rows, slot));
        }
        #[allow(clippy::disallowed_methods)]
        T::write_rows(rows, self)
    }

    /// Writes a value by a filter that the caller names, which is what `#[filebacked(with = ...)]`
    /// does.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written.
    pub fn put_with<T>(self, value: &T, filter: &(impl Filter<T> + ?Sized)) -> Result<Written> {
        self.named(filter.name(), filter.is_recorded(), false, &mut |slot| {
            filter.write(value, slot)
        })
    }

    /// The same for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps a value from being written.
    pub fn put_rows_with<T>(
        self,
        rows: Rows<'_, T>,
        filter: &(impl Filter<T> + ?Sized),
    ) -> Result<Written> {
        self.named(filter.name(), filter.is_recorded(), true, &mut |slot| {
            filter.write_rows(rows, slot)
        })
    }

    /// Writes a value whose type needs no trait of this library, by the newest filter in the
    /// registry.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoFilter`] where there is none.
    pub fn put_registered<T: 'static>(self, value: &T) -> Result<Written> {
        let found = self.registered::<T>()?;
        self.through(&found, false, &mut |slot| {
            found.write(value, Key::foreign(), AnyWrite::foreign(), slot)
        })
    }

    /// The same for many values.
    ///
    /// # Errors
    ///
    /// As [`Slot::put_registered`].
    pub fn put_rows_registered<T: 'static>(self, rows: Rows<'_, T>) -> Result<Written> {
        let found = self.registered::<T>()?;
        self.through(&found, true, &mut |slot| {
            found.write_rows(rows, Key::foreign(), AnyWrite::foreign(), slot)
        })
    }

    fn registered<T: 'static>(&self) -> Result<Found<'a>> {
        match self.cx.registry().find(TypeId::of::<T>(), opaque, self.below) {
            Some(found) => Ok(found),
            None => Err(no_filter::<T>()),
        }
    }

    /// Whether filters of the registry may write what is written here. An attribute cannot carry
    /// the filter's name, so it is written in the type's own way.
    #[inline]
    fn is_filtered(&self) -> bool {
        !self.cx.registry().is_empty() && !matches!(self.place, Place::Attribute(_))
    }

    fn through(
        mut self,
        found: &Found<'_>,
        rows: bool,
        write: &mut dyn FnMut(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        self.below = found.serial;
        self.named(found.name, found.recorded, rows, write)
    }

    /// Hands the slot to a filter. A filter that calls itself without end meets the depth limit
    /// instead of the stack's.
    fn named(
        self,
        name: &str,
        recorded: bool,
        rows: bool,
        write: &mut dyn FnMut(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        let depth = deeper(self.depth, self.cx)?;
        let mark = Mark { name, rows, outer: self.marks };
        let recorded = recorded && !matches!(self.place, Place::Attribute(_));
        let marks = if recorded { Some(&mark) } else { self.marks };
        let Slot {
            sink,
            cx,
            place,
            state,
            storage,
            below,
            attrs,
            form,
            element,
            index,
            python,
            ..
        } = self;
        write(Slot {
            sink,
            cx,
            place,
            state,
            depth,
            storage,
            below,
            marks,
            attrs,
            form,
            element,
            index,
            python,
        })
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
            return Err(ErrorKind::Unsupported("a link outside of a group".into()).into());
        };
        self.sink.link(name, link)?;
        Ok(Written::new())
    }

    /// Makes a committed datatype.
    pub(crate) fn committed(self, stored: &StoredType, attrs: &[AttrSpec<'_>]) -> Result<Written> {
        let Place::Member(name) = self.place else {
            return Err(
                ErrorKind::Unsupported("a committed datatype outside of a group".into()).into()
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

    /// Makes a group with a stamp that says how to read it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooDeep`] at the limit of the options, [`ErrorKind::Unsupported`] where an
    /// attribute is wanted.
    pub fn group(self, stamp: Stamp<'_>) -> Result<GroupWriter<'a>> {
        if self.cx.is_python() {
            return python::begin_group(self, &stamp);
        }
        self.open_group(Some(&stamp), stamp.is_ordered(), stamp.is_rooted())
    }

    /// Makes a group without a stamp; as a whole file, the root, which gets no format either.
    pub(crate) fn bare_group(self, ordered: bool) -> Result<GroupWriter<'a>> {
        self.open_group(None, ordered, true)
    }

    fn open_group(
        self,
        stamp: Option<&Stamp<'_>>,
        ordered: bool,
        rooted: bool,
    ) -> Result<GroupWriter<'a>> {
        let depth = deeper(self.depth, self.cx)?;
        self.check_layout()?;
        let filters = self.filters();
        let rooted = self.place == Place::Root && rooted;
        let element = match (self.element, stamp) {
            (None, Some(stamp)) => self.storage.encoding.group(stamp)?,
            (element, _) => element,
        };
        match self.place {
            Place::Attribute(_) => {
                let kind = stamp.map_or_else(|| "this".to_string(), Stamp::to_string);
                let what = format!(
                    "{kind} is a group, and an attribute holds one dataset's worth of data only"
                );
                return Err(
                    Error::new(ErrorKind::Unsupported(what)).with_help("take `attr` off the field")
                );
            }
            Place::Root if rooted && stamp.is_none() && filters.is_none() => {}
            Place::Root => {
                write_format(self.sink)?;
                if !rooted {
                    self.sink.begin_group(VALUE, ordered)?;
                }
            }
            Place::Member(name) => self.sink.begin_group(name, ordered)?,
        }
        let mut group =
            GroupWriter::new(self.sink, self.cx, self.state, depth, self.storage.inside(), rooted);
        if let Some(stamp) = stamp {
            group.text_attribute(STAMP, &stamp.to_string())?;
        }
        if let Some(filters) = filters {
            group.text_attribute(FILTER, &filters)?;
        }
        for (name, value) in self.attrs {
            group.text_attribute(name, value)?;
        }
        if let Some(element) = element {
            group.element(element)?;
        }
        match self.storage.encoding {
            Encoding::Frame => Ok(group.data_frame(self.index)),
            _ => Ok(group),
        }
    }

    /// Whether what is written here becomes records; Python's FileBacked has none.
    #[inline]
    fn is_compound(&self) -> bool {
        self.storage.layout == Some(StoreAs::Compound) && !self.cx.is_python()
    }

    /// Records are asked for where a value is written that went through no door which could capture
    /// it.
    #[inline]
    fn check_layout(&self) -> Result<()> {
        match self.storage.layout {
            Some(layout @ (StoreAs::Compound | StoreAs::Shared)) => Err(unfit(layout)),
            _ => Ok(()),
        }
    }

    /// Makes the marker of a `None` inside `depth` times `Some`, where a missing link would not
    /// tell.
    pub(crate) fn absent(self, depth: u32) -> Result<Written> {
        self.group(Stamp::none(depth))?.end()
    }

    /// Makes the group of a struct: `struct Model 1`.
    ///
    /// # Errors
    ///
    /// As [`Slot::group`].
    pub fn structure(self, name: &str, version: u32) -> Result<GroupWriter<'a>> {
        self.group(Stamp::named("struct", name, version))
    }

    /// Makes the group of many structs, a dataset a field: `columns Model 1`, with their number in
    /// `len`.
    ///
    /// # Errors
    ///
    /// As [`Slot::group`].
    pub fn columns<T>(self, name: &str, version: u32, len: usize) -> Result<GroupWriter<'a>> {
        self.group(Stamp::named("columns", name, version))?.table::<T>(len)
    }

    /// Makes the group of an enum's value: `enum Shape 1`, with the variant in the attribute `tag`.
    ///
    /// # Errors
    ///
    /// As [`Slot::group`].
    pub fn variant(
        self,
        name: &str,
        version: u32,
        tag: &str,
        variant: &str,
    ) -> Result<GroupWriter<'a>> {
        if self.cx.is_python() {
            return python::begin_union(self, name);
        }
        let mut group = self.group(Stamp::named("enum", name, version))?;
        group.text_attribute(tag, variant)?;
        Ok(group)
    }

    /// Makes the group of many values of an enum: `variants Shape 1`, with their number in `len`.
    ///
    /// # Errors
    ///
    /// As [`Slot::group`].
    pub fn variant_rows<T>(self, name: &str, version: u32, len: usize) -> Result<GroupWriter<'a>> {
        self.group(Stamp::named("variants", name, version))?.table::<T>(len)
    }
}

impl Slot<'_> {
    /// Whether a filter is registered for values of a type that are written here.
    pub(crate) fn has_filter<T: Save>(&self) -> bool {
        self.is_filtered() && filter_of::<T>(self.cx, u32::MAX).is_some()
    }
}

/// Writes which format the file has.
fn write_format(sink: &mut dyn Sink) -> Result<()> {
    sink.attr(FORMAT, &Dtype::FixedStr(VERSION.len()), &[], VERSION.as_bytes())
}

/// The newest filter for a type that is older than `below`.
fn filter_of<T: Save>(cx: &WriteContext, below: u32) -> Option<(Found<'_>, Key<T>)> {
    let key = T::key()?;
    let found = cx.registry().find(key.id(), key.nested(), below)?;
    Some((found, key))
}

#[inline]
pub(crate) fn deeper(depth: u32, cx: &WriteContext) -> Result<u32> {
    if depth >= cx.max_depth() {
        return Err(too_deep(cx.max_depth()));
    }
    Ok(depth + 1)
}

#[cold]
fn unfit(layout: StoreAs) -> Error {
    let what = match layout {
        StoreAs::Compound => "records of what a filter writes",
        _ => "the layout `shared` of what is neither `Arc` nor `Rc`",
    };
    Error::new(ErrorKind::Unsupported(what.into())).with_help("take `layout` off the field")
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
