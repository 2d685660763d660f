//! [`Slot`]: a place in a file that one value is to be written to. The write door.

use crate::backed::Save;
use crate::context::WriteContext;
use crate::erased::{AnyRows, AnyValue, AnyWrite, Key};
use crate::error::{Error, ErrorKind, Result};
use crate::field::{Storage, StoreAs};
use crate::filter::{Filter, Found, no_filter};
use crate::layout::encoding::{self, Encoding};
use crate::path::State;
use crate::rows::Rows;
use crate::schema::{Nested, Schema};
use crate::stamp::{FILTER, FORMAT, STAMP, Stamp, escape, member_and_attribute};
use crate::storage::compound::Records;
use crate::storage::{self, AttrSpec, Compression, DatasetSpec, Dtype, Kept, Link, Out, Sink, StoredType};
use crate::whole::VERSION;
use crate::writer::GroupWriter;
use std::fmt;

mod records;

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

/// The name of a value saved as a whole file that is no group of members.
pub(crate) const VALUE: &str = "value";

/// Columns and arrays below this many bytes gain nothing from the compression that the options ask for.
const WORTH_COMPRESSING: usize = 4096;

/// A place in a file that one value is to be written to.
///
/// Writing consumes the slot, so that exactly one node is made. [`Slot::put`] is the door that every value goes through:
/// it asks the registry for a filter, and else the value itself. The other methods make one HDF5 node.
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
    attrs: &'a [(&'a str, &'a str)],
    /// The form of a dataset that is not plain.
    form: Option<&'static str>,
    /// What the node is to AnnData, where that does not follow from what is written.
    element: Option<encoding::Element>,
    /// The column that is the index of a data frame.
    index: &'static str,
}

impl fmt::Debug for Slot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("place", &self.place).field("depth", &self.depth).finish_non_exhaustive()
    }
}

/// The bytes of a dataset, in the form they are at hand.
enum Content<'c, 't> {
    Bytes(&'c [u8]),
    Fill(&'c mut dyn FnMut(&mut Out<'_>)),
    Texts(&'c mut (dyn Iterator<Item = &'t str> + 'c)),
    Records(Records),
    Any(&'c AttrSpec<'t>, &'c [AttrSpec<'t>]),
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
            form: None,
            element: None,
            index: "",
        }
    }

    /// The slot of a whole value.
    pub(crate) fn whole(sink: &'a mut (dyn Sink + 'a), cx: &'a WriteContext, place: Place<'a>) -> Self {
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

    /// Puts checksums on the chunks of what is written here, or none, unless the field says otherwise.
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

    /// Adds string attributes to the dataset or group that is written here, in place of those of an earlier call.
    #[must_use]
    pub fn attributes<'s>(self, attrs: &'s [(&'s str, &'s str)]) -> Slot<'s>
    where
        'a: 's,
    {
        Slot { attrs, ..self.shorten() }
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
        let Slot { sink, cx, place, state, depth, storage, below, marks, attrs, form, element, index } = self;
        Slot { sink, cx, place, state, depth, storage, below, marks, attrs, form, element, index }
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

    /// Whether what is written here is AnnData's.
    pub(crate) fn is_encoded(&self) -> bool {
        self.storage.encoding.is_some()
    }

    /// Writes through a sink that turns what it gets into something else, for the sink of this slot.
    pub(crate) fn through_sink<S: Sink + 'a>(
        self,
        wrap: impl FnOnce(&'a mut (dyn Sink + 'a)) -> S,
        write: impl FnOnce(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        let Slot { sink, cx, place, state, depth, storage, below, marks, attrs, form, element, index } = self;
        let mut sink = wrap(sink);
        write(Slot { sink: &mut sink, cx, place, state, depth, storage, below, marks, attrs, form, element, index })
    }

    /// Says that the dataset that is written here is not plain.
    #[must_use]
    pub(crate) fn form(mut self, form: &'static str) -> Self {
        self.form = Some(form);
        self
    }

    /// THE door: writes a value by the newest filter that is registered for its type, or else in its own way.
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
    pub(crate) fn put_shaped<T: Save>(mut self, rows: Rows<'_, T>, shape: &[u64]) -> Result<Written> {
        if let Some((found, key, serial)) = filter_of::<T>(self.cx, self.place, u32::MAX) {
            return self.through(&found, serial, true, |slot| found.write_rows(rows, key, AnyWrite::own(), slot));
        }
        self.below = u32::MAX;
        self.sink.fixed_shape(shape);
        T::write_shaped(rows, shape, self)
    }

    /// Inside a filter: writes a value by the next older filter for its type, in the end in its own way.
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
    /// Whatever keeps the value from being written; [`ErrorKind::NoFilter`] for a type that cannot write itself.
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
    fn put_below<T: Save>(mut self, value: &T, below: u32) -> Result<Written> {
        if let Some((found, key, serial)) = filter_of::<T>(self.cx, self.place, below) {
            return self.through(&found, serial, false, |slot| found.write(value, key, AnyWrite::own(), slot));
        }
        self.below = u32::MAX;
        if self.storage.layout == Some(StoreAs::Compound) {
            #[allow(clippy::disallowed_methods)]
            return self.compound(|slot| value.write(slot));
        }
        #[allow(clippy::disallowed_methods)]
        value.write(self)
    }

    #[inline]
    fn put_rows_below<T: Save>(mut self, rows: Rows<'_, T>, below: u32) -> Result<Written> {
        if let Some((found, key, serial)) = filter_of::<T>(self.cx, self.place, below) {
            return self.through(&found, serial, true, |slot| found.write_rows(rows, key, AnyWrite::own(), slot));
        }
        self.below = u32::MAX;
        if self.storage.layout == Some(StoreAs::Compound) {
            #[allow(clippy::disallowed_methods)]
            return self.compound(|slot| T::write_rows(rows, slot));
        }
        #[allow(clippy::disallowed_methods)]
        T::write_rows(rows, self)
    }

    /// Writes a value by a filter that the caller names, which is what `#[filebacked(with = ...)]` does.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written.
    pub fn put_with<T>(self, value: &T, filter: &(impl Filter<T> + ?Sized)) -> Result<Written> {
        self.named(filter.name(), filter.is_recorded(), false, |slot| filter.write(value, slot))
    }

    /// The same for many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps a value from being written.
    pub fn put_rows_with<T>(self, rows: Rows<'_, T>, filter: &(impl Filter<T> + ?Sized)) -> Result<Written> {
        self.named(filter.name(), filter.is_recorded(), true, |slot| filter.write_rows(rows, slot))
    }

    /// Writes a value whose type needs no trait of this library, by the newest filter in the registry.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoFilter`] where there is none.
    pub fn put_registered<T: 'static>(self, value: &T) -> Result<Written> {
        let (found, serial) = self.registered::<T>()?;
        self.through(&found, serial, false, |slot| found.write(value, Key::foreign(), AnyWrite::foreign(), slot))
    }

    /// The same for many values.
    ///
    /// # Errors
    ///
    /// As [`Slot::put_registered`].
    pub fn put_rows_registered<T: 'static>(self, rows: Rows<'_, T>) -> Result<Written> {
        let (found, serial) = self.registered::<T>()?;
        self.through(&found, serial, true, |slot| found.write_rows(rows, Key::foreign(), AnyWrite::foreign(), slot))
    }

    fn registered<T: 'static>(&self) -> Result<(Found<'a, T>, u32)> {
        let below = self.below;
        self.cx.registry().find::<T>(|| Some(Key::foreign()), below).ok_or_else(no_filter::<T>)
    }

    fn through<T>(
        mut self,
        found: &Found<'_, T>,
        serial: u32,
        rows: bool,
        write: impl FnOnce(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        self.below = serial;
        self.named(found.name(), found.is_recorded(), rows, write)
    }

    /// Hands the slot to a filter. A filter that calls itself without end meets the depth limit instead of the stack's.
    fn named(
        self,
        name: &str,
        recorded: bool,
        rows: bool,
        write: impl FnOnce(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        let depth = deeper(self.depth, self.cx)?;
        let mark = Mark { name, rows, outer: self.marks };
        let recorded = recorded && !matches!(self.place, Place::Attribute(_));
        let marks = if recorded { Some(&mark) } else { self.marks };
        let Slot { sink, cx, place, state, storage, below, attrs, form, element, index, .. } = self;
        write(Slot { sink, cx, place, state, depth, storage, below, marks, attrs, form, element, index })
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
    pub fn dataset_fill(self, dtype: &Dtype, shape: &[u64], fill: &mut dyn FnMut(&mut Out<'_>)) -> Result<Written> {
        self.content(dtype, shape, Content::Fill(fill))
    }

    /// Writes a dataset of variable-length strings without NUL.
    pub(crate) fn dataset_text(self, shape: &[u64], texts: &mut dyn Iterator<Item = &str>) -> Result<Written> {
        self.content(&Dtype::VarStr, shape, Content::Texts(texts))
    }

    /// Writes a dataset of elements of any type, with attributes of its own. The name in `what` says nothing.
    pub(crate) fn dataset_any<'t>(self, what: &AttrSpec<'t>, attrs: &[AttrSpec<'t>]) -> Result<Written> {
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
            return Err(ErrorKind::Unsupported("a committed datatype outside of a group".into()).into());
        };
        self.sink.committed(name, stored, attrs)?;
        Ok(Written::new())
    }

    fn content(self, dtype: &Dtype, shape: &[u64], content: Content<'_, '_>) -> Result<Written> {
        self.check_layout()?;
        let name = match self.place {
            Place::Root => {
                write_format(self.sink)?;
                VALUE
            }
            Place::Member(name) => name,
            Place::Attribute(name) => return self.attribute(name, dtype, shape, content),
        };
        let bytes = storage::elements(shape).and_then(|n| n.checked_mul(dtype.size().max(16)));
        let worth = bytes.is_some_and(|bytes| bytes >= WORTH_COMPRESSING) && !shape.is_empty();
        let chosen = if worth { self.cx.compression() } else { Compression::None };
        let coding = self.storage.coding;
        if let Some(compression) = coding.compression {
            storage::check(compression)?;
        }
        let compression = coding.compression.unwrap_or(chosen);
        let fletcher32 = coding.fletcher32.unwrap_or(worth && self.cx.fletcher32());
        let chunk: Option<Vec<u64>> = match (self.storage.chunk, self.cx.chunk_bytes()) {
            (Some(chunk), _) => Some(chunk.iter().map(|d| *d as u64).collect()),
            (None, Some(bytes)) if (compression != Compression::None || fletcher32) && !shape.is_empty() => {
                Some(storage::chunk_shape(shape, dtype.size(), bytes))
            }
            _ => None,
        };
        let filters = self.filters();
        let element = match self.element {
            None => self.storage.encoding.dataset(dtype, shape)?,
            element => element,
        };
        let mut all: Vec<(&str, &str)>;
        let attrs = match (&filters, self.form, element) {
            (None, None, None) => self.attrs,
            (filters, form, element) => {
                all = form.map(|form| (STAMP, form)).into_iter().chain(self.attrs.iter().copied()).collect();
                all.extend(filters.as_deref().map(|filters| (FILTER, filters)));
                if let Some((name, version)) = element.copied() {
                    all.extend([(encoding::TYPE, name), (encoding::VERSION, version)]);
                }
                &all
            }
        };
        let (more_attrs, stored, null) = match &content {
            Content::Any(what, more) => (*more, what.stored, what.null),
            _ => (&[][..], None, false),
        };
        let fresh: Vec<AttrSpec<'_>>;
        let more_attrs = match attrs.iter().any(|(name, _)| more_attrs.iter().any(|more| more.name == *name)) {
            true => {
                fresh = more_attrs
                    .iter()
                    .filter(|more| attrs.iter().all(|(name, _)| more.name != *name))
                    .copied()
                    .collect();
                &fresh
            }
            false => more_attrs,
        };
        let chunk = chunk.as_deref().filter(|_| !null);
        let spec = DatasetSpec { dtype, shape, chunk, compression, fletcher32, attrs, more_attrs, stored, null };
        match content {
            Content::Bytes(bytes) => self.sink.dataset(name, &spec, bytes)?,
            Content::Fill(fill) => self.sink.dataset_fill(name, &spec, fill)?,
            Content::Texts(texts) => self.sink.dataset_text(name, &spec, texts)?,
            Content::Records(records) if records.strings.is_empty() => {
                self.sink.dataset_fill(name, &spec, &mut |out| records.fill(out))?;
            }
            Content::Records(records) => {
                let bytes = records.bytes();
                self.sink.dataset_records(name, &spec, bytes, records.strings)?;
            }
            Content::Any(what, _) => self.sink.dataset_any(name, &spec, what.elements)?,
        }
        Ok(Written::new())
    }

    fn attribute(self, name: &str, dtype: &Dtype, shape: &[u64], content: Content<'_, '_>) -> Result<Written> {
        if let Some(form) = self.form {
            let what = format!("{form} that is not plain has to be marked, and an attribute has no attributes");
            return Err(Error::new(ErrorKind::Unsupported(what)).with_help("take `attr` off the field"));
        }
        let mut write = |dtype: &Dtype, bytes: &[u8]| match member_and_attribute(name) {
            (None, name) => self.sink.attr(name, dtype, shape, bytes),
            (Some(member), name) => self.sink.member_attr(member, name, dtype, shape, bytes),
        };
        match content {
            Content::Bytes(bytes) => write(dtype, bytes)?,
            Content::Fill(fill) => {
                let mut bytes = Vec::new();
                fill(&mut Out(&mut bytes));
                write(dtype, &bytes)?;
            }
            Content::Texts(texts) => {
                // Attributes are small: all texts in the width of the longest.
                let texts: Vec<&str> = texts.collect();
                let width = texts.iter().map(|text| text.len()).max().unwrap_or(0).max(1);
                let mut bytes = vec![0; width * texts.len()];
                for (cell, text) in bytes.chunks_exact_mut(width).zip(&texts) {
                    cell[..text.len()].copy_from_slice(text.as_bytes());
                }
                write(&Dtype::FixedStr(width), &bytes)?;
            }
            Content::Records(records) if records.strings.is_empty() => {
                self.sink.attr(name, dtype, shape, &records.bytes())?;
            }
            Content::Records(_) => {
                let what = "an attribute with strings of variable length in it";
                return Err(ErrorKind::Unsupported(what.into()).into());
            }
            Content::Any(what, _) => self.sink.attr_any(&AttrSpec { name, ..*what })?,
        }
        Ok(Written::new())
    }

    /// Whether the node gets an attribute of this name from the slot itself.
    pub(crate) fn takes(&self, name: &str) -> bool {
        (matches!(name, FILTER | FORMAT) && self.marks.is_some()) || self.attrs.iter().any(|(own, _)| *own == name)
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

    /// Copies an object that a handle has, as it is stored; gives the slot back where its value has to be written instead.
    pub(crate) fn copy(self, kept: Option<&dyn Kept>, schema: Nested) -> Result<std::result::Result<Written, Self>> {
        let Some(kept) = kept else { return Ok(Err(self)) };
        let name = match self.place {
            Place::Member(name) => name,
            Place::Root if !schema().is_rooted() => VALUE,
            _ => return Ok(Err(self)),
        };
        // What the options leave out, or a filter adds, is not in the copy.
        if self.cx.mask().is_some() || self.marks.is_some() || !self.attrs.is_empty() {
            return Ok(Err(self));
        }
        Ok(if self.sink.copy(name, kept)? { Ok(Written::new()) } else { Err(self) })
    }

    /// Makes a group with a stamp that says how to read it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooDeep`] at the limit of the options, [`ErrorKind::Unsupported`] where an attribute is wanted.
    pub fn group(self, stamp: Stamp<'_>) -> Result<GroupWriter<'a>> {
        self.open_group(Some(&stamp), stamp.is_ordered(), stamp.is_rooted())
    }

    /// Makes a group without a stamp; as a whole file, the root, which gets no format either.
    pub(crate) fn bare_group(self, ordered: bool) -> Result<GroupWriter<'a>> {
        self.open_group(None, ordered, true)
    }

    fn open_group(self, stamp: Option<&Stamp<'_>>, ordered: bool, rooted: bool) -> Result<GroupWriter<'a>> {
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
                let what = format!("{kind} is a group, and an attribute holds one dataset's worth of data only");
                return Err(Error::new(ErrorKind::Unsupported(what)).with_help("take `attr` off the field"));
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
        let mut group = GroupWriter::new(self.sink, self.cx, self.state, depth, self.storage.inside(), rooted);
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

    /// Records are asked for where a value is written that went through no door which could capture it.
    #[inline]
    fn check_layout(&self) -> Result<()> {
        match self.storage.layout {
            Some(layout @ (StoreAs::Compound | StoreAs::Shared)) => Err(unfit(layout)),
            _ => Ok(()),
        }
    }

    /// Makes the marker of a `None` inside `depth` times `Some`, where a missing link would not tell.
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

    /// Makes the group of many structs, a dataset a field: `columns Model 1`, with their number in `len`.
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
    pub fn variant(self, name: &str, version: u32, tag: &str, variant: &str) -> Result<GroupWriter<'a>> {
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

/// Writes which format the file has.
fn write_format(sink: &mut dyn Sink) -> Result<()> {
    sink.attr(FORMAT, &Dtype::FixedStr(VERSION.len()), &[], VERSION.as_bytes())
}

/// The newest filter for a type that is older than `below`.
#[inline]
fn filter_of<'r, T>(cx: &'r WriteContext, place: Place<'_>, below: u32) -> Option<(Found<'r, T>, Key<T>, u32)>
where
    T: Save + 'r,
{
    // An attribute cannot carry the filter's name, so it is written in the type's own way.
    if cx.registry().is_empty() || matches!(place, Place::Attribute(_)) {
        return None;
    }
    let (found, serial) = cx.registry().find::<T>(T::key, below)?;
    Some((found, T::key()?, serial))
}

#[inline]
fn deeper(depth: u32, cx: &WriteContext) -> Result<u32> {
    if depth >= cx.max_depth() {
        return Err(too_deep(cx.max_depth()));
    }
    Ok(depth + 1)
}

#[cold]
fn unfit(layout: StoreAs) -> Error {
    let what = match layout {
        StoreAs::Compound => "records of what a filter writes",
        _ => "the layout `shared`, which is not there yet,",
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
