//! [`Excerpt`]: a source that shows some rows of a table as if they were the whole table.
//!
//! Readers of the table get only those rows: `len` is their number, columns are read in part,
//! offsets start from 0, and separate data (the elements of sequences, the fields of variants) is
//! limited to these rows. The layout of data from filters is unknown, so there is no excerpt of it.

mod source;

use super::ranks::Ranks;
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::stamp::{LEN, STAMP, Stamp};
use crate::storage::{Description, Dtype, Handle, Kept, ObjectKind, Slab, Source, Span};
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::sync::Arc;

/// The rows from `start` to `end` of a table of `of` rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::lazy) struct Run {
    pub(in crate::lazy) start: u64,
    pub(in crate::lazy) end: u64,
    pub(in crate::lazy) of: u64,
}

impl Run {
    fn len(self) -> u64 {
        self.end - self.start
    }

    /// The same rows where each is so many.
    pub(in crate::lazy) fn times(self, n: u64) -> Result<Run> {
        let times =
            |rows: u64| rows.checked_mul(n).ok_or_else(|| damaged("more rows than can be counted"));
        Ok(Run { start: times(self.start)?, end: times(self.end)?, of: times(self.of)? })
    }
}

/// How the rows of a group lie in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::lazy) enum RowLayout {
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
pub(in crate::lazy) fn kind_of(stamp: Option<&str>) -> Option<RowLayout> {
    let Some(stamp) = stamp else { return Some(RowLayout::Columns) };
    Some(match Stamp::parse(stamp).kind_name() {
        "columns" => RowLayout::Columns,
        "variants" => RowLayout::Variants,
        "optional" => RowLayout::Optional,
        "ragged" | "maps" => RowLayout::Offsets,
        "packed" => RowLayout::Packed,
        "arrays" => RowLayout::Arrays,
        "list" => RowLayout::List,
        "categorical" => RowLayout::Categorical,
        _ => return None,
    })
}

/// So many columns of a table are held open.
const COLUMNS: usize = 64;

/// The number of rows of a node that holds rows, if there can be an excerpt of it.
pub(in crate::lazy) fn rows(object: &Object<'_>, ours: bool) -> Result<Option<u64>> {
    match object.kind() {
        ObjectKind::Dataset => {
            let description = object.describe()?;
            let line =
                if ours { !description.shape.is_empty() } else { description.shape.len() == 1 };
            Ok(description.shape.first().copied().filter(|_| line && !description.null))
        }
        ObjectKind::Group => match object.text_attribute(STAMP)? {
            Some(stamp) => match kind_of(Some(&stamp)) {
                Some(RowLayout::Categorical) => match object.child("codes")? {
                    Some(codes) => Ok(codes.describe()?.shape.first().copied()),
                    None => Ok(None),
                },
                Some(RowLayout::Packed) => match object.child("shape")? {
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

/// The number of rows of a foreign group, whose members are datasets of this length.
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

/// The state of an object that is open here.
#[derive(Debug, Clone)]
enum OpenObject {
    /// An object of the other source, all of it or some rows. A `lent` handle is released by its
    /// owner.
    Found { handle: Handle, rows: Option<Run>, lent: bool },
    /// A dataset or attribute that the excerpt has in another way.
    Made { description: Description, bytes: Arc<[u8]> },
}

/// Some rows of a table. Handles are places in a list of what is open.
pub(in crate::lazy) struct Excerpt<'s> {
    source: &'s dyn Source,
    open: RefCell<Vec<Option<OpenObject>>>,
    ranks: &'s Ranks,
    opaque: Cell<bool>,
    /// The opened datasets, if the caller wants to keep them open.
    columns: RefCell<Option<Vec<Arc<dyn Kept>>>>,
}

impl<'s> Excerpt<'s> {
    /// Some rows of an object, whose handle stays the caller's, and the handle of those.
    pub(in crate::lazy) fn new(
        source: &'s dyn Source,
        handle: Handle,
        run: Run,
        ranks: &'s Ranks,
    ) -> (Self, Handle) {
        let excerpt = Excerpt {
            source,
            open: RefCell::default(),
            ranks,
            opaque: Cell::new(false),
            columns: RefCell::default(),
        };
        let root = excerpt.add(
            handle.kind,
            handle.bare,
            OpenObject::Found { handle, rows: Some(run), lent: true },
        );
        (excerpt, root)
    }

    /// From now on datasets are held on to when they are given back. Not where others write to the
    /// file: what is open is not looked at again.
    pub(in crate::lazy) fn hold_columns(&self) {
        if !self.source.is_written_by_others() {
            self.columns.replace(Some(Vec::new()));
        }
    }

    /// The datasets that were open since.
    pub(in crate::lazy) fn held_columns(&self) -> Option<Vec<Arc<dyn Kept>>> {
        self.columns.take()
    }

    /// Whether something was met that there is no excerpt of.
    pub(in crate::lazy) fn is_opaque(&self) -> bool {
        self.opaque.get()
    }

    #[cold]
    fn refuse(&self, what: &str) -> Error {
        self.opaque.set(true);
        ErrorKind::Unsupported(format!("some rows of {what}")).into()
    }

    fn add(&self, kind: ObjectKind, bare: bool, entry: OpenObject) -> Handle {
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
        self.add(handle.kind, handle.bare, OpenObject::Found { handle, rows, lent: false })
    }

    fn made(&self, kind: ObjectKind, shape: &[u64], values: &[u64]) -> Handle {
        let description = Description { dtype: Dtype::U64, shape: shape.to_vec(), null: false };
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.add(kind, true, OpenObject::Made { description, bytes })
    }

    fn entry(&self, handle: Handle) -> Result<OpenObject> {
        let open = self.open.borrow();
        let entry = usize::try_from(handle.id).ok().and_then(|place| open.get(place)?.clone());
        entry.ok_or_else(|| ErrorKind::Contract("an object that is not open".into()).into())
    }

    /// The object in the other source.
    fn inner(&self, handle: Handle) -> Result<Handle> {
        match self.entry(handle)? {
            OpenObject::Found { handle, .. } => Ok(handle),
            OpenObject::Made { .. } => {
                Err(ErrorKind::Contract("an object that is not in the file".into()).into())
            }
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
        let Some(kind) = kind_of(stamp.as_deref()) else {
            return Err(self.refuse("what is not rows"));
        };
        if kind == RowLayout::List {
            let number = name.parse::<u64>().ok().filter(|number| *number < run.len());
            let Some(number) = number else { return Ok(None) };
            let member = self.source.child(group, &(run.start + number).to_string())?;
            return Ok(member.map(|member| self.found(member, None)));
        }
        let Some(member) = object.child(name)? else { return Ok(None) };
        let part = self.part(&object, kind, name, &member, run)?;
        let taken = |rows| self.found(ManuallyDrop::new(member).handle, rows);
        Ok(Some(match part {
            MemberRows::All => taken(None),
            MemberRows::Rows(run) => taken(Some(run)),
            MemberRows::Numbers(values) => {
                self.made(ObjectKind::Dataset, &[values.len() as u64], &values)
            }
        }))
    }

    /// The rows in a member of a group for these rows of the group.
    pub(in crate::lazy) fn part(
        &self,
        group: &Object<'_>,
        kind: RowLayout,
        name: &str,
        member: &Object<'_>,
        run: Run,
    ) -> Result<MemberRows> {
        let values = || rows(member, true)?.ok_or_else(|| damaged("values that are not rows"));
        Ok(match (kind, name) {
            (RowLayout::Columns, _)
            | (RowLayout::Optional, "mask")
            | (RowLayout::Packed, "shapes")
            | (RowLayout::Categorical, "codes") => MemberRows::Rows(run),
            (RowLayout::Optional, _) => {
                let values = values()?;
                // All of the mask is looked at only where that tells something.
                if values == run.of {
                    return Ok(MemberRows::Rows(run));
                }
                if run.len() == 0 {
                    return Ok(MemberRows::Rows(Run { start: 0, end: 0, of: values }));
                }
                let mask = group
                    .child("mask")?
                    .ok_or_else(|| Error::new(ErrorKind::Missing).at("mask"))?;
                let present = self.ranks.run(&mask, run, 0)?;
                if values != present.of {
                    return Err(damaged(&format!(
                        "{values} values where the mask tells of {}",
                        present.of
                    )));
                }
                MemberRows::Rows(present)
            }
            (RowLayout::Variants, _) if member.kind() == ObjectKind::Dataset => {
                MemberRows::Rows(run)
            }
            // All tags are looked at only where that tells something.
            (RowLayout::Variants, _) if run.len() == 0 => {
                MemberRows::Rows(Run { start: 0, end: 0, of: values()? })
            }
            (RowLayout::Variants, _) => {
                let Some(run) = self.variant(group, name, run)? else {
                    return Err(self.refuse("values of an enum without its tags"));
                };
                if values()? != run.of {
                    return Err(damaged(&format!(
                        "a variant of another length than the {} rows that have it",
                        run.of
                    )));
                }
                MemberRows::Rows(run)
            }
            (RowLayout::Offsets | RowLayout::Packed, "offsets") => {
                let offsets = read_offsets(member, run.times(pieces(group, kind)?)?)?;
                let first = offsets.first().copied().unwrap_or(0);
                MemberRows::Numbers(
                    offsets.iter().map(|offset| offset.wrapping_sub(first)).collect(),
                )
            }
            (RowLayout::Packed, "shape") => {
                let mut shape = shape_of(member)?;
                if let Some(len) = shape.first_mut() {
                    *len = run.len();
                }
                MemberRows::Numbers(shape)
            }
            (RowLayout::Offsets | RowLayout::Packed, _) => {
                let run = run.times(pieces(group, kind)?)?;
                let offsets = group
                    .child("offsets")?
                    .ok_or_else(|| Error::new(ErrorKind::Missing).at("offsets"))?;
                let ends = read_offsets(&offsets, run)?;
                let last = read_offsets(&offsets, Run { start: run.of, end: run.of, of: run.of })?;
                match (ends.first(), ends.last(), last.first()) {
                    (Some(start), Some(end), Some(of)) if end <= of => {
                        MemberRows::Rows(Run { start: *start, end: *end, of: *of })
                    }
                    _ => return Err(damaged("offsets that do not ascend from 0")),
                }
            }
            (RowLayout::Arrays, _) => {
                let values = values()?;
                match values.checked_div(run.of) {
                    None => MemberRows::Rows(run),
                    Some(each) if each * run.of == values => MemberRows::Rows(run.times(each)?),
                    Some(_) => {
                        return Err(damaged(&format!("{values} values in {} arrays", run.of)));
                    }
                }
            }
            (RowLayout::Categorical | RowLayout::List, _) => MemberRows::All,
        })
    }

    /// The rows of a variant among these rows of an enum.
    fn variant(&self, group: &Object<'_>, name: &str, run: Run) -> Result<Option<Run>> {
        for tag in group.children()? {
            let Some(tags) = group.child(&tag)?.filter(|tags| tags.kind() == ObjectKind::Dataset)
            else {
                continue;
            };
            let code = match tags.describe()?.dtype {
                Dtype::Enum(known) => {
                    known.members.iter().find(|(known, _)| *known == name).map(|(_, code)| *code)
                }
                Dtype::Bool => ["FALSE", "TRUE"]
                    .iter()
                    .position(|known| *known == name)
                    .map(|code| code as i128),
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
        let mut dims: Vec<Span> =
            description.shape.iter().map(|extent| Span::all(*extent)).collect();
        dims[0] = Span { start: run.start, step: 1, count: run.len() };
        description.shape[0] = run.len();
        Ok((description, Slab { dims }))
    }
}

/// The rows in a member of a group for some rows of the group.
pub(in crate::lazy) enum MemberRows {
    All,
    Rows(Run),
    /// A dataset of other numbers.
    Numbers(Vec<u64>),
}

/// How many pieces of a packed group are a row.
pub(in crate::lazy) fn pieces(group: &Object<'_>, kind: RowLayout) -> Result<u64> {
    if kind != RowLayout::Packed {
        return Ok(1);
    }
    let Some(shape) = group.child("shape")? else { return Ok(1) };
    let shape = shape_of(&shape)?;
    let inner = shape.get(1..).unwrap_or_default().iter();
    inner
        .copied()
        .try_fold(1u64, u64::checked_mul)
        .ok_or_else(|| damaged("a shape of too many pieces"))
}

/// The offsets of these rows, and where the last one ends.
fn read_offsets(offsets: &Object<'_>, run: Run) -> Result<Vec<u64>> {
    let description = offsets.describe()?;
    if description.shape[..] != [run.of.saturating_add(1)] || description.dtype != Dtype::U64 {
        return Err(damaged(&format!("offsets of another length than the {} rows", run.of)));
    }
    let slab =
        Slab { dims: vec![Span { start: run.start, step: 1, count: run.len().saturating_add(1) }] };
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
        return Err(damaged("an invalid shape"));
    }
    shape.elements(&description)
}

#[cold]
pub(in crate::lazy) fn damaged(what: &str) -> Error {
    ErrorKind::Damaged(what.into()).into()
}
