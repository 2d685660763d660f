//! [`GroupWriter`]: an open group that members are written into, one after another.

use crate::backed::Save;
use crate::context::WriteContext;
use crate::dialect::anndata as encoding;
use crate::error::{Error, ErrorKind, Result};
use crate::field::Inherited;
use crate::filter::Filter;
use crate::layout::{frame, python, variant};
use crate::path::{State, UNMASKED};
use crate::rows::Rows;
use crate::schema::Nested;
use crate::slot::given::{Given, GivenRows};
use crate::slot::{Place, Slot, Written};
use crate::stamp::{LEN, Stamp};
use crate::storage::{AttrSpec, Dtype, Sink};
use std::fmt;
use std::num::NonZero;

mod member;

pub use member::MemberWriter;

/// An open group. Members are written in the order of the calls; [`GroupWriter::end`] closes it and
/// gives the proof.
///
/// ```
/// use filebacked::{Result, Save, Slot, Written};
///
/// struct Point { x: f64, y: f64 }
///
/// // What `#[derive(Save)]` writes.
/// impl Save for Point {
///     fn write(&self, slot: Slot<'_>) -> Result<Written> {
///         let mut group = slot.structure("Point", 1)?;
///         group.field("x", &self.x)?;
///         group.field("y", &self.y)?;
///         group.end()
///     }
/// }
/// ```
#[must_use = "a group is closed with `end()`"]
pub struct GroupWriter<'a> {
    sink: &'a mut (dyn Sink + 'a),
    cx: &'a WriteContext,
    state: State,
    depth: u32,
    /// What the field around this group says of the datasets inside.
    inherited: Inherited,
    /// The members go to the group that was open already.
    rooted: bool,
    table: Option<Table>,
    pub(crate) members: Members<'a>,
    /// The group is a data frame.
    frame: Option<Box<frame::Columns>>,
}

/// What members of a group are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Members<'a> {
    /// Members like others.
    Plain,
    /// Of a group of this name inside its node: the columns of a variant.
    Inside(&'a str),
    /// Attributes of an object of Python's FileBacked.
    Attributes,
    /// There is no group, and its one member is the node of this name itself: the variant of a
    /// `Union` with this number, counted from 1.
    Alone(&'a str, NonZero<u32>),
}

#[derive(Debug, Clone, Copy)]
struct Table {
    /// The table has no rows and is inside another of its type.
    stub: bool,
}

impl fmt::Debug for GroupWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupWriter")
            .field("depth", &self.depth)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

impl<'a> GroupWriter<'a> {
    pub(crate) fn new(
        sink: &'a mut (dyn Sink + 'a),
        cx: &'a WriteContext,
        state: State,
        depth: u32,
        inherited: Inherited,
        rooted: bool,
    ) -> Self {
        GroupWriter {
            sink,
            cx,
            state,
            depth,
            inherited,
            rooted,
            table: None,
            members: Members::Plain,
            frame: None,
        }
    }

    /// Makes the group a data frame with this column as its index.
    pub(crate) fn data_frame(mut self, index: &'static str) -> Self {
        self.frame = Some(Box::new(frame::Columns::new(index)));
        self
    }

    /// Makes the group a table of `len` rows of `T`.
    pub(crate) fn table<T>(mut self, len: usize) -> Result<Self> {
        self.write_len(len)?;
        let inside = self.cx.enter_table(typeid::of::<T>());
        self.table = Some(Table { stub: inside && len == 0 && self.frame.is_none() });
        Ok(self)
    }

    /// What is known during this save: options and extensions.
    pub fn context(&self) -> &'a WriteContext {
        self.cx
    }

    /// Whether the columns are left out: a table without rows inside a table of the same type would
    /// go on for ever.
    pub fn is_stub(&self) -> bool {
        self.table.is_some_and(|table| table.stub)
    }

    /// Writes a value as the member `name`; a plain `None` writes no member.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written, with the name in its path.
    pub fn field<T: Save + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        self.field_given(name, &value)
    }

    fn field_given(&mut self, name: &str, value: &dyn Given) -> Result<()> {
        if !self.is_plain(name) {
            return self.member(name).put_given(value);
        }
        if value.absence() == Some(0) {
            return Ok(());
        }
        match self.slot(name).put_given(value, u32::MAX) {
            Ok(Written { .. }) => Ok(()),
            Err(error) => Err(error.at(name)),
        }
    }

    /// Whether a member is a slot and nothing more: most are.
    #[inline]
    fn is_plain(&self, name: &str) -> bool {
        matches!(self.members, Members::Plain)
            && self.cx.mask().is_none()
            && self.frame.is_none()
            && !name.contains('/')
    }

    /// Writes a value as the member `name` by a filter.
    ///
    /// # Errors
    ///
    /// As [`GroupWriter::field`].
    pub fn field_with<T>(
        &mut self,
        name: &str,
        value: &T,
        filter: &(impl Filter<T> + ?Sized),
    ) -> Result<()> {
        self.member(name).put_with(value, filter)
    }

    /// Writes many values as the member `name`.
    ///
    /// # Errors
    ///
    /// As [`GroupWriter::field`].
    pub fn column<T: Save>(&mut self, name: &str, rows: Rows<'_, T>) -> Result<()> {
        self.column_given(name, &rows)
    }

    fn column_given(&mut self, name: &str, rows: &dyn GivenRows) -> Result<()> {
        match self.is_plain(name) {
            true => self.part_rows(name, rows),
            false => self.member(name).put_given_rows(rows),
        }
    }

    /// The member `name`, with more to say about it before it is written.
    #[inline]
    pub fn member<'s>(&'s mut self, name: &'s str) -> MemberWriter<'s>
    where
        'a: 's,
    {
        MemberWriter {
            sink: &mut *self.sink,
            cx: self.cx,
            state: self.state,
            depth: self.depth,
            name,
            attribute: false,
            explicit: false,
            storage: self.inherited.storage(),
            members: self.members,
            frame: self.frame.as_deref_mut(),
        }
    }

    /// Writes into a group inside of this one: where a field whose name has slashes lies.
    ///
    /// # Errors
    ///
    /// Whatever `write` says, with the name in its path.
    pub fn nested(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut GroupWriter<'_>) -> Result<()>,
    ) -> Result<()> {
        if self.cx.is_python() {
            return Err(python::no_attribute(name).at(name));
        }
        let Some(state) = self.step(Some(name), None) else {
            self.left_out(name);
            return Ok(());
        };
        let element =
            self.inherited.encoding.group(&Stamp::kind("group")).map_err(|e| e.at(name))?;
        self.sink.begin_group(name, false).map_err(|e| e.at(name))?;
        let mut group =
            GroupWriter::new(&mut *self.sink, self.cx, state, self.depth, self.inherited, true);
        if let Some(element) = element {
            group.element(element)?;
        }
        write(&mut group).map_err(|e| e.at(name))?;
        self.sink.end_group()
    }

    /// Writes an attribute of the group.
    ///
    /// # Errors
    ///
    /// As [`GroupWriter::field`].
    pub fn attribute<T: Save + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        self.member(name).attribute().put(value)
    }

    /// Writes a text attribute of the group.
    pub(crate) fn text_attribute(&mut self, name: &str, text: &str) -> Result<()> {
        let bytes = if text.is_empty() { b"\0" } else { text.as_bytes() };
        self.sink.attr(name, &Dtype::FixedStr(bytes.len()), &[], bytes)
    }

    /// Writes a text attribute of variable length.
    pub(crate) fn var_text_attribute(&mut self, name: &str, text: &str) -> Result<()> {
        self.sink.attr(name, &Dtype::VarStr, &[], text.as_bytes())
    }

    /// Writes an integer as an attribute of this node's own layout.
    pub(crate) fn integer_attribute(&mut self, name: &str, value: i64) -> Result<()> {
        self.sink.attr(name, &Dtype::I64, &[], &value.to_le_bytes())
    }

    /// Writes what the group is to AnnData.
    pub(crate) fn element(&mut self, &(name, version): encoding::Element) -> Result<()> {
        self.text_attribute(encoding::TYPE, name)?;
        self.text_attribute(encoding::VERSION, version)
    }

    /// Writes a bool as an attribute of this node's own layout, which patterns do not see.
    pub(crate) fn bool_attribute(&mut self, name: &str, value: bool) -> Result<()> {
        self.sink.attr(name, &Dtype::Bool, &[], &[u8::from(value)])
    }

    /// Writes texts as an attribute of this node's own layout, which patterns do not see.
    pub(crate) fn texts_attribute(&mut self, name: &str, texts: &[String]) -> Result<()> {
        let storage = self.inherited.storage();
        let slot = Slot::new(
            &mut *self.sink,
            self.cx,
            Place::Attribute(name),
            self.state,
            self.depth,
            storage,
        );
        slot.dataset_text(&[texts.len() as u64], &mut texts.iter().map(String::as_str)).map(drop)
    }

    /// Writes an attribute of any type.
    pub(crate) fn attribute_any(&mut self, attr: &AttrSpec<'_>) -> Result<()> {
        self.sink.attr_any(attr).map_err(|e| e.at(attr.name))
    }

    /// Writes the attribute `len`, which Python's FileBacked does without.
    pub(crate) fn write_len(&mut self, len: usize) -> Result<()> {
        if self.cx.is_python() {
            return Ok(());
        }
        self.sink.attr(LEN, &Dtype::U64, &[], &(len as u64).to_le_bytes())
    }

    /// Writes integers as an attribute of this node's own layout, which patterns do not see.
    #[cfg(feature = "sprs")]
    pub(crate) fn integers_attribute(&mut self, name: &str, values: &[i64]) -> Result<()> {
        self.sink.attr(name, &Dtype::I64, &[values.len() as u64], crate::storage::as_bytes(values))
    }

    /// Writes an entry of a map, unless the options leave it out. `name` is the link's, `key` what
    /// patterns call it.
    pub(crate) fn entry(
        &mut self,
        name: &str,
        key: Option<&str>,
        schema: Option<Nested>,
        write: &mut dyn FnMut(Slot<'_>) -> Result<Written>,
    ) -> Result<()> {
        match self.step(key, schema) {
            Some(state) => self.part(name, |mut slot| {
                slot.state = state;
                write(slot)
            }),
            None => {
                self.left_out(name);
                Ok(())
            }
        }
    }

    /// Says that the options leave out a member, or an attribute.
    pub(crate) fn left_out(&mut self, name: &str) {
        self.sink.left_out(name);
    }

    /// The state of an entry that patterns call `key`, or `None` where the options leave it out.
    pub(crate) fn step(&self, key: Option<&str>, schema: Option<Nested>) -> Option<State> {
        step(self.cx, self.state, key, schema)
    }

    /// Whether an entry that has nothing below it is one that the options want.
    pub(crate) fn takes(&self, key: &str) -> bool {
        let Some(mask) = self.cx.mask() else { return true };
        self.step(Some(key), Some(crate::schema::any)).is_some_and(|state| mask.takes(state))
    }

    /// Writes a part of this node's own layout, which patterns do not see.
    pub(crate) fn part(
        &mut self,
        name: &str,
        write: impl FnOnce(Slot<'_>) -> Result<Written>,
    ) -> Result<()> {
        match write(self.slot(name)) {
            Ok(Written { .. }) => Ok(()),
            Err(error) => Err(error.at(name)),
        }
    }

    /// The same for values.
    pub(crate) fn part_rows(&mut self, name: &str, rows: &dyn GivenRows) -> Result<()> {
        let written = self.slot(name).put_given_rows(rows, u32::MAX);
        match written {
            Ok(Written { .. }) => Ok(()),
            Err(error) => Err(error.at(name)),
        }
    }

    fn slot<'s>(&'s mut self, name: &'s str) -> Slot<'s>
    where
        'a: 's,
    {
        Slot::new(
            &mut *self.sink,
            self.cx,
            Place::Member(name),
            self.state,
            self.depth,
            self.inherited.storage(),
        )
    }

    /// The tags and the columns of an enum's rows: which variant each row is.
    ///
    /// # Errors
    ///
    /// As [`GroupWriter::field`].
    pub fn tags<T>(
        &mut self,
        tag: &str,
        names: &[&str],
        rows: Rows<'_, T>,
        index: impl Fn(&T) -> usize,
    ) -> Result<()> {
        self.part(tag, |slot| variant::write_tags(slot, names, rows, index))
    }

    /// The group with the columns of one variant's fields, of as many rows as have that variant.
    ///
    /// # Errors
    ///
    /// As [`GroupWriter::field`].
    pub fn variant_columns<'s>(
        &'s mut self,
        variant: &'s str,
        len: usize,
    ) -> Result<GroupWriter<'s>>
    where
        'a: 's,
    {
        let stub = self.is_stub();
        let group = self.slot(variant).group(Stamp::kind("columns"));
        let mut group = group
            .and_then(|mut group| group.write_len(len).map(|()| group))
            .map_err(|e| e.at(variant))?;
        // The enum's own table is what counts for recursion; this one is a part of it.
        group.table = None;
        group.members = Members::Inside(variant);
        if stub {
            return Err(Error::new(ErrorKind::Contract(
                "columns of a variant in a table that is left out".into(),
            )));
        }
        Ok(group)
    }

    /// Closes the group.
    ///
    /// # Errors
    ///
    /// What the storage says.
    #[inline]
    pub fn end(mut self) -> Result<Written> {
        if let Some(frame) = self.frame.take() {
            frame.finish(&mut self)?;
        }
        if self.table.is_some() {
            self.cx.leave_table();
        }
        if !self.rooted {
            self.sink.end_group()?;
        }
        Ok(Written::new())
    }
}

/// The state of a member, or `None` where the options leave it out.
#[inline]
fn step(
    cx: &WriteContext,
    state: State,
    name: Option<&str>,
    schema: Option<Nested>,
) -> Option<State> {
    match cx.mask() {
        None => Some(UNMASKED),
        Some(mask) => mask.step(state, name, schema),
    }
}

impl<'a> Members<'a> {
    /// Makes the slot of a member what it is to Python's FileBacked.
    #[cold]
    fn prepare<'s>(self, slot: &mut Slot<'s>) -> Result<()>
    where
        'a: 's,
    {
        match self {
            Members::Attributes => python::check_attribute(slot.place)?,
            Members::Alone(node, index) => {
                slot.place = Place::Member(node);
                slot.python.typeid = Some(index);
            }
            Members::Plain | Members::Inside(_) => {}
        }
        Ok(())
    }

    /// The error of a member, with the names on the way to it.
    #[cold]
    fn locate(self, error: Error, name: &str) -> Error {
        match self {
            Members::Plain | Members::Attributes => error.at(name),
            Members::Inside(outer) => error.at(name).at(outer),
            Members::Alone(..) => error,
        }
    }
}
