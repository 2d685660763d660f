//! [`Excerpt`]: a source through which a table looks like some of its rows.
//!
//! Whatever reads the table reads those rows: groups of rows say that they have so many, columns are read in part, offsets
//! start from 0 again, and what lies elsewhere (the elements of sequences, the fields of variants) is cut to what belongs to
//! these rows. What a filter of many values wrote is not known to lie row by row, so there is no excerpt of it.

use super::ranks::Ranks;
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::stamp::{FILTER, LEN, STAMP, Stamp};
use crate::storage::{
    Allocation, Description, Dtype, Gathered, Handle, Kept, Link, ObjectKind, Slab, Source, Span, StoredType, Texts,
    Unusual,
};
use std::cell::{Cell, RefCell};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::sync::Arc;

/// The rows from `start` to `end` of a table of `of` rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) of: u64,
}

impl Run {
    fn len(self) -> u64 {
        self.end - self.start
    }

    /// The same rows where each is so many.
    fn times(self, n: u64) -> Result<Run> {
        let times = |rows: u64| rows.checked_mul(n).ok_or_else(|| damaged("more rows than can be counted"));
        Ok(Run { start: times(self.start)?, end: times(self.end)?, of: times(self.of)? })
    }
}

/// How the rows of a group lie in it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// A row of each member; groups without a stamp are parts of such.
    Columns,
    Variants,
    Optional,
    /// Offsets, and members that they count in.
    Offsets,
    Packed,
    Arrays,
    List,
    Categorical,
}

/// How the rows of a group with this stamp lie in it, if it holds rows.
fn kind_of(stamp: Option<&str>) -> Option<Kind> {
    let Some(stamp) = stamp else { return Some(Kind::Columns) };
    Some(match Stamp::parse(stamp).kind_name() {
        "columns" => Kind::Columns,
        "variants" => Kind::Variants,
        "optional" => Kind::Optional,
        "ragged" | "maps" => Kind::Offsets,
        "packed" => Kind::Packed,
        "arrays" => Kind::Arrays,
        "list" => Kind::List,
        "categorical" => Kind::Categorical,
        _ => return None,
    })
}

/// The number of rows of a node that holds rows, if there can be an excerpt of it.
pub(super) fn rows(object: &Object<'_>, ours: bool) -> Result<Option<u64>> {
    match object.kind() {
        ObjectKind::Dataset => {
            let description = object.describe()?;
            let line = if ours { !description.shape.is_empty() } else { description.shape.len() == 1 };
            Ok(description.shape.first().copied().filter(|_| line && !description.null))
        }
        ObjectKind::Group => match object.text_attribute(STAMP)? {
            Some(stamp) => match kind_of(Some(&stamp)) {
                Some(Kind::Categorical) => match object.child("codes")? {
                    Some(codes) => Ok(codes.describe()?.shape.first().copied()),
                    None => Ok(None),
                },
                Some(Kind::Packed) => match object.child("shape")? {
                    Some(shape) => Ok(shape_of(&shape)?.first().copied()),
                    None => stored_len(object),
                },
                Some(_) => stored_len(object),
                None => Ok(None),
            },
            None => foreign_rows(object),
        },
        _ => Ok(None),
    }
}

/// The rows of a group of others whose members are datasets of that length.
fn foreign_rows(group: &Object<'_>) -> Result<Option<u64>> {
    let (mut len, encoded) = (None, group.attribute("encoding-type")?.is_some());
    for name in group.children()? {
        let Some(member) = group.child(&name)? else { return Ok(None) };
        if member.kind() != ObjectKind::Dataset || encoded {
            return Ok(None);
        }
        let description = member.describe()?;
        let [rows] = description.shape[..] else { return Ok(None) };
        if description.dtype.is_unusual() || len.is_some_and(|len| len != rows) {
            return Ok(None);
        }
        len = Some(rows);
    }
    Ok(len)
}

/// The attribute `len`.
fn stored_len(group: &Object<'_>) -> Result<Option<u64>> {
    let Some(len) = group.attribute(LEN)? else { return Ok(None) };
    let description = len.describe()?;
    if description.dtype != Dtype::U64 || description.elements() != Some(1) {
        return Ok(None);
    }
    Ok(len.elements::<u64>(&description)?.first().copied())
}

/// What is known of an object that is open here.
#[derive(Debug, Clone)]
enum Entry {
    /// An object of the other source, all of it or some rows. A handle that is `lent` is given back by somebody else.
    Found { handle: Handle, rows: Option<Run>, lent: bool },
    /// A dataset or attribute that the excerpt has in another way.
    Made { description: Description, bytes: Arc<[u8]> },
}

/// Some rows of a table. Handles are places in a list of what is open.
pub(super) struct Excerpt<'s> {
    source: &'s dyn Source,
    open: RefCell<Vec<Option<Entry>>>,
    ranks: &'s Ranks,
    opaque: Cell<bool>,
}

impl<'s> Excerpt<'s> {
    /// Some rows of an object, whose handle stays the caller's, and the handle of those.
    pub(super) fn new(source: &'s dyn Source, handle: Handle, run: Run, ranks: &'s Ranks) -> (Self, Handle) {
        let excerpt = Excerpt { source, open: RefCell::default(), ranks, opaque: Cell::new(false) };
        let root = excerpt.add(handle.kind, handle.bare, Entry::Found { handle, rows: Some(run), lent: true });
        (excerpt, root)
    }

    /// Whether something was met that there is no excerpt of.
    pub(super) fn is_opaque(&self) -> bool {
        self.opaque.get()
    }

    #[cold]
    fn refuse(&self, what: &str) -> Error {
        self.opaque.set(true);
        ErrorKind::Unsupported(format!("some rows of {what}")).into()
    }

    fn add(&self, kind: ObjectKind, bare: bool, entry: Entry) -> Handle {
        let mut open = self.open.borrow_mut();
        let place = match open.iter().position(Option::is_none) {
            Some(free) => free,
            None => {
                open.push(None);
                open.len() - 1
            }
        };
        open[place] = Some(entry);
        Handle { id: place as u64, kind, bare }
    }

    fn found(&self, handle: Handle, rows: Option<Run>) -> Handle {
        self.add(handle.kind, handle.bare, Entry::Found { handle, rows, lent: false })
    }

    fn made(&self, kind: ObjectKind, shape: &[u64], values: &[u64]) -> Handle {
        let description = Description { dtype: Dtype::U64, shape: shape.to_vec(), null: false };
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.add(kind, true, Entry::Made { description, bytes })
    }

    fn entry(&self, handle: Handle) -> Result<Entry> {
        let open = self.open.borrow();
        let entry = usize::try_from(handle.id).ok().and_then(|place| open.get(place)?.clone());
        entry.ok_or_else(|| ErrorKind::Contract("an object that is not open".into()).into())
    }

    /// The object in the other source.
    fn inner(&self, handle: Handle) -> Result<Handle> {
        match self.entry(handle)? {
            Entry::Found { handle, .. } => Ok(handle),
            Entry::Made { .. } => Err(ErrorKind::Contract("an object that is not in the file".into()).into()),
        }
    }

    /// An object of the other source, which stays open.
    fn object(&self, handle: Handle) -> ManuallyDrop<Object<'s>> {
        ManuallyDrop::new(Object::new(self.source, handle))
    }

    /// A member of a group of rows.
    fn member(&self, group: Handle, name: &str, run: Run) -> Result<Option<Handle>> {
        let object = self.object(group);
        let stamp = object.text_attribute(STAMP)?;
        let Some(kind) = kind_of(stamp.as_deref()) else { return Err(self.refuse("what is not rows")) };
        if kind == Kind::List {
            let number = name.parse::<u64>().ok().filter(|number| *number < run.len());
            let Some(number) = number else { return Ok(None) };
            let member = self.source.child(group, &(run.start + number).to_string())?;
            return Ok(member.map(|member| self.found(member, None)));
        }
        let Some(member) = object.child(name)? else { return Ok(None) };
        let part = self.part(&object, kind, name, &member, run)?;
        let taken = |rows| self.found(ManuallyDrop::new(member).handle, rows);
        Ok(Some(match part {
            Part::All => taken(None),
            Part::Rows(run) => taken(Some(run)),
            Part::Numbers(values) => self.made(ObjectKind::Dataset, &[values.len() as u64], &values),
        }))
    }

    /// What these rows of a group are in a member of it.
    fn part(&self, group: &Object<'_>, kind: Kind, name: &str, member: &Object<'_>, run: Run) -> Result<Part> {
        let values = || rows(member, true)?.ok_or_else(|| damaged("values that are not rows"));
        Ok(match (kind, name) {
            (Kind::Columns, _) | (Kind::Optional, "mask") | (Kind::Packed, "shapes") | (Kind::Categorical, "codes") => {
                Part::Rows(run)
            }
            (Kind::Optional, _) => {
                let mask = group.child("mask")?.ok_or_else(|| Error::new(ErrorKind::Missing).at("mask"))?;
                let present = self.ranks.run(&mask, run, 0)?;
                match values()? {
                    values if values == run.of => Part::Rows(run),
                    values if values == present.of => Part::Rows(present),
                    values => return Err(damaged(&format!("{values} values where the mask tells of {}", present.of))),
                }
            }
            (Kind::Variants, _) if member.kind() == ObjectKind::Dataset => Part::Rows(run),
            (Kind::Variants, _) => {
                let Some(run) = self.variant(group, name, run)? else {
                    return Err(self.refuse("values of an enum without its tags"));
                };
                if values()? != run.of {
                    return Err(damaged(&format!("a variant of another length than the {} rows that have it", run.of)));
                }
                Part::Rows(run)
            }
            (Kind::Offsets | Kind::Packed, "offsets") => {
                let offsets = read_offsets(member, run.times(pieces(group, kind)?)?)?;
                let first = offsets.first().copied().unwrap_or(0);
                Part::Numbers(offsets.iter().map(|offset| offset.wrapping_sub(first)).collect())
            }
            (Kind::Packed, "shape") => {
                let mut shape = shape_of(member)?;
                if let Some(len) = shape.first_mut() {
                    *len = run.len();
                }
                Part::Numbers(shape)
            }
            (Kind::Offsets | Kind::Packed, _) => {
                let run = run.times(pieces(group, kind)?)?;
                let offsets = group.child("offsets")?.ok_or_else(|| Error::new(ErrorKind::Missing).at("offsets"))?;
                let ends = read_offsets(&offsets, run)?;
                let last = read_offsets(&offsets, Run { start: run.of, end: run.of, of: run.of })?;
                match (ends.first(), ends.last(), last.first()) {
                    (Some(start), Some(end), Some(of)) if end <= of => {
                        Part::Rows(Run { start: *start, end: *end, of: *of })
                    }
                    _ => return Err(damaged("offsets that do not ascend from 0")),
                }
            }
            (Kind::Arrays, _) => {
                let values = values()?;
                match values.checked_div(run.of) {
                    None => Part::Rows(run),
                    Some(each) if each * run.of == values => Part::Rows(run.times(each)?),
                    Some(_) => return Err(damaged(&format!("{values} values in {} arrays", run.of))),
                }
            }
            (Kind::Categorical | Kind::List, _) => Part::All,
        })
    }

    /// The rows of a variant among these rows of an enum.
    fn variant(&self, group: &Object<'_>, name: &str, run: Run) -> Result<Option<Run>> {
        for tag in group.children()? {
            let Some(tags) = group.child(&tag)?.filter(|tags| tags.kind() == ObjectKind::Dataset) else { continue };
            let code = match tags.describe()?.dtype {
                Dtype::Enum(known) => known.members.iter().find(|(known, _)| *known == name).map(|(_, code)| *code),
                Dtype::Bool => ["FALSE", "TRUE"].iter().position(|known| *known == name).map(|code| code as i128),
                _ => None,
            };
            return code.map(|code| self.ranks.run(&tags, run, code)).transpose();
        }
        Ok(None)
    }

    fn slab(&self, handle: Handle, run: Run) -> Result<(Description, Slab)> {
        let mut description = self.source.describe(handle)?;
        let Some(len) = description.shape.first_mut() else {
            return Err(self.refuse("a scalar"));
        };
        if *len != run.of {
            return Err(damaged(&format!("a column of {len} rows in a table of {}", run.of)));
        }
        let mut dims: Vec<Span> = description.shape.iter().map(|extent| Span::all(*extent)).collect();
        dims[0] = Span { start: run.start, step: 1, count: run.len() };
        description.shape[0] = run.len();
        Ok((description, Slab { dims }))
    }
}

/// What some rows of a group are in a member of it.
enum Part {
    All,
    Rows(Run),
    /// A dataset of other numbers.
    Numbers(Vec<u64>),
}

/// How many pieces of a packed group are a row.
fn pieces(group: &Object<'_>, kind: Kind) -> Result<u64> {
    if kind != Kind::Packed {
        return Ok(1);
    }
    let Some(shape) = group.child("shape")? else { return Ok(1) };
    let shape = shape_of(&shape)?;
    let inner = shape.get(1..).unwrap_or_default().iter();
    inner.copied().try_fold(1u64, u64::checked_mul).ok_or_else(|| damaged("a shape of too many pieces"))
}

/// The offsets of these rows, and where the last one ends.
fn read_offsets(offsets: &Object<'_>, run: Run) -> Result<Vec<u64>> {
    let description = offsets.describe()?;
    if description.shape[..] != [run.of.saturating_add(1)] || description.dtype != Dtype::U64 {
        return Err(damaged(&format!("offsets of another length than the {} rows", run.of)));
    }
    let slab = Slab { dims: vec![Span { start: run.start, step: 1, count: run.len().saturating_add(1) }] };
    let part = Description { shape: slab.shape(), ..description };
    let (source, handle) = (offsets.source, offsets.handle);
    let values: Vec<u64> =
        crate::storage::fill_vec(&part, |out| source.read_slab(handle, &part.dtype, &slab, out))?;
    let ascend = values.is_sorted() && (run.start > 0 || values.first() == Some(&0));
    if ascend { Ok(values) } else { Err(damaged("offsets that do not ascend from 0")) }
}

/// The numbers of a dataset that is a shape.
fn shape_of(shape: &Object<'_>) -> Result<Vec<u64>> {
    let description = shape.describe()?;
    if description.dtype != Dtype::U64 || description.shape.len() != 1 {
        return Err(damaged("a shape that is none"));
    }
    shape.elements(&description)
}

#[cold]
pub(super) fn damaged(what: &str) -> Error {
    ErrorKind::Damaged(what.into()).into()
}

impl Source for Excerpt<'_> {
    fn root(&self) -> Result<Handle> {
        Err(ErrorKind::Contract("the root of an excerpt".into()).into())
    }

    fn child(&self, group: Handle, name: &str) -> Result<Option<Handle>> {
        match self.entry(group)? {
            Entry::Found { handle, rows: Some(run), .. } => self.member(handle, name, run),
            Entry::Found { handle, rows: None, .. } => {
                Ok(self.source.child(handle, name)?.map(|member| self.found(member, None)))
            }
            Entry::Made { .. } => Ok(None),
        }
    }

    fn children(&self, group: Handle) -> Result<Vec<String>> {
        let Entry::Found { handle, rows, .. } = self.entry(group)? else { return Ok(Vec::new()) };
        if let Some(run) = rows
            && kind_of(self.object(handle).text_attribute(STAMP)?.as_deref()) == Some(Kind::List)
        {
            return Ok((0..run.len()).map(|number| number.to_string()).collect());
        }
        self.source.children(handle)
    }

    fn is_ordered(&self, group: Handle) -> Result<bool> {
        self.source.is_ordered(self.inner(group)?)
    }

    fn link(&self, group: Handle, name: &str) -> Result<Option<Link>> {
        match self.entry(group)? {
            Entry::Found { handle, rows: None, .. } => self.source.link(handle, name),
            // Members of rows are what they lead to.
            _ => Ok(None),
        }
    }

    fn stored_type(&self, handle: Handle, dtype: Option<&Dtype>) -> Result<Option<StoredType>> {
        match self.entry(handle)? {
            Entry::Found { handle, .. } => self.source.stored_type(handle, dtype),
            Entry::Made { .. } => Ok(None),
        }
    }

    fn read_unusual(&self, handle: Handle) -> Result<Unusual> {
        match self.entry(handle)? {
            Entry::Found { handle, rows: None, .. } => self.source.read_unusual(handle),
            _ => Err(self.refuse("a dataset of elements of this type")),
        }
    }

    fn attribute(&self, object: Handle, name: &str) -> Result<Option<Handle>> {
        let Entry::Found { handle, rows, .. } = self.entry(object)? else { return Ok(None) };
        let Some(attribute) = self.source.attribute(handle, name)? else { return Ok(None) };
        let run = match rows {
            Some(run) if object.kind == ObjectKind::Group || name == FILTER => run,
            _ => return Ok(Some(self.found(attribute, None))),
        };
        match name {
            FILTER => {
                self.source.release(attribute);
                Err(self.refuse("what a filter wrote"))
            }
            LEN => {
                self.source.release(attribute);
                let group = self.object(handle);
                // Packed pieces are counted one by one.
                let kind = kind_of(group.text_attribute(STAMP)?.as_deref()).unwrap_or(Kind::Columns);
                let run = run.times(pieces(&group, kind)?)?;
                if stored_len(&group)? != Some(run.of) {
                    return Err(damaged(&format!("another `{LEN}` than the {} rows around it", run.of)));
                }
                Ok(Some(self.made(ObjectKind::Attribute, &[], &[run.len()])))
            }
            _ => Ok(Some(self.found(attribute, None))),
        }
    }

    fn attributes(&self, object: Handle) -> Result<Vec<String>> {
        match self.entry(object)? {
            Entry::Found { handle, .. } => self.source.attributes(handle),
            Entry::Made { .. } => Ok(Vec::new()),
        }
    }

    fn identity(&self, object: Handle) -> Result<Option<String>> {
        match self.entry(object)? {
            Entry::Found { handle, .. } => self.source.identity(handle),
            Entry::Made { .. } => Ok(None),
        }
    }

    fn describe(&self, handle: Handle) -> Result<Description> {
        match self.entry(handle)? {
            Entry::Found { handle, rows: None, .. } => self.source.describe(handle),
            Entry::Found { handle, rows: Some(run), .. } => Ok(self.slab(handle, run)?.0),
            Entry::Made { description, .. } => Ok(description),
        }
    }

    fn allocation(&self, dataset: Handle) -> Result<Allocation> {
        match self.entry(dataset)? {
            Entry::Found { handle, .. } => self.source.allocation(handle),
            Entry::Made { .. } => Ok(Allocation::default()),
        }
    }

    fn read(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        match self.entry(handle)? {
            Entry::Found { handle, rows: None, .. } => self.source.read(handle, dtype, out),
            Entry::Found { handle, rows: Some(run), .. } => {
                self.source.read_slab(handle, dtype, &self.slab(handle, run)?.1, out)
            }
            Entry::Made { bytes, .. } if bytes.len() == out.len() => {
                out.iter_mut().zip(&*bytes).for_each(|(place, byte)| {
                    place.write(*byte);
                });
                Ok(())
            }
            Entry::Made { .. } => Err(ErrorKind::Contract("a buffer that does not fit the data".into()).into()),
        }
    }

    fn read_slab(&self, dataset: Handle, dtype: &Dtype, slab: &Slab, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        match self.entry(dataset)? {
            Entry::Found { handle, rows: None, .. } => self.source.read_slab(handle, dtype, slab, out),
            _ => Err(ErrorKind::Contract("a part of a part".into()).into()),
        }
    }

    fn read_text(&self, handle: Handle, member: &[String]) -> Result<Texts> {
        match self.entry(handle)? {
            Entry::Found { handle, rows: None, .. } => self.source.read_text(handle, member),
            Entry::Found { handle, rows: Some(run), .. } => {
                self.source.read_text_slab(handle, member, &self.slab(handle, run)?.1)
            }
            Entry::Made { .. } => Err(ErrorKind::Contract("texts where there are numbers".into()).into()),
        }
    }

    fn at_hand(&self, handle: Handle) -> Result<Option<&[u8]>> {
        match self.entry(handle)? {
            Entry::Found { handle, rows: None, .. } => self.source.at_hand(handle),
            _ => Ok(None),
        }
    }

    fn sequences(&self, handle: Handle) -> Result<(Gathered, Vec<usize>)> {
        match self.entry(handle)? {
            Entry::Found { handle, rows: None, .. } => self.source.sequences(handle),
            _ => Err(self.refuse("sequences of variable length")),
        }
    }

    fn form(&self) -> Option<&'static str> {
        self.source.form()
    }

    fn is_marked(&self) -> bool {
        self.source.is_marked()
    }

    fn origin(&self, handle: Handle) -> Option<(&dyn Source, Handle)> {
        let inner = self.inner(handle).ok()?;
        Some(self.source.origin(inner).unwrap_or((self.source, inner)))
    }

    fn again(&self, object: Handle) -> Result<Handle> {
        match self.entry(object)? {
            Entry::Found { handle, rows, .. } => Ok(self.found(self.source.again(handle)?, rows)),
            made => Ok(self.add(object.kind, object.bare, made)),
        }
    }

    fn keep(&self, object: Handle) -> Result<Option<Arc<dyn Kept>>> {
        match self.entry(object)? {
            Entry::Found { handle, rows: None, .. } => self.source.keep(handle),
            _ => Ok(None),
        }
    }

    fn release(&self, handle: Handle) {
        let entry = usize::try_from(handle.id).ok().and_then(|place| self.open.borrow_mut().get_mut(place)?.take());
        if let Some(Entry::Found { handle, lent: false, .. }) = entry {
            self.source.release(handle);
        }
    }
}
