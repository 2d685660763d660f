//! A value that may have other owners: one object, and a link for each of them.

use super::{Content, Form, Place, Slot, VALUE, Written};
use crate::backed::Save;
use crate::error::{Error, ErrorKind, Result};
use crate::field::StoreAs;
use crate::schema::{Nested, Schema};
use crate::shared::{How, Met, Owner, Written as Table};
use crate::storage::{Dtype, Unlinkable, WrittenOwners};

impl Slot<'_> {
    /// Writes the value of an owner, or links to what another owner of it has written.
    pub(super) fn put_owned(
        mut self,
        owner: Owner<'_>,
        schema: Option<Nested>,
        below: u32,
        write: &mut dyn FnMut(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        let schema = || schema.map_or(Schema::Opaque, |schema| schema());
        // One value has its identity anyway; the layout is for many.
        if self.storage.layout == Some(StoreAs::Shared) && !matches!(schema(), Schema::Sequence(_))
        {
            self.storage.layout = None;
        }
        if below != u32::MAX {
            self.apart(&owner, Unlinkable::Filtered);
            return write(self);
        }
        self.put_owned_by(&owner, &|| schema().is_rooted(), write)
    }

    /// The same for a value that `write` writes; `rooted` says whether its members are the root's
    /// where it is a whole file.
    pub(crate) fn put_owned_by(
        mut self,
        owner: &Owner<'_>,
        rooted: &dyn Fn() -> bool,
        write: &mut dyn FnMut(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        if let Some(why) = self.unlinkable() {
            self.apart(owner, why);
            return write(self);
        }
        let met = match owner.strong + owner.weak {
            0 | 1 => None,
            _ => {
                let how = How::new(self.state, &self.storage);
                table(self.sink.written()).and_then(|written| written.meet(owner, how))
            }
        };
        if met == Some(Met::Open) {
            return Err(cycle());
        }
        let name = match (self.place, &met) {
            (Place::Member(name), Some(Met::Written(object))) => {
                self.sink.hard_link(name, *object)?;
                return Ok(Written::new());
            }
            (Place::Member(name), _) => {
                self.sink.expect_links();
                Some(name)
            }
            _ if rooted() => None,
            _ => Some(VALUE),
        };
        let Some(Met::New(object)) = met else { return write(self) };
        let Slot { sink, cx, place, state, depth, storage, python, .. } = self;
        let slot = Slot { python, ..Slot::new(&mut *sink, cx, place, state, depth, storage) };
        let made = write(slot)?;
        let linkable = sink.note(object, name)?;
        if let Some(written) = table(sink.written()) {
            written.done(object, linkable);
        }
        Ok(made)
    }

    /// Writes what points to values that others own: references to their objects.
    pub(crate) fn point<P: Save>(self, shape: &[u64], owners: &[Option<P>]) -> Result<Written> {
        if self.cx.is_python() {
            return Err(ErrorKind::Unsupported(
                "a `Weak` in the layout of Python's FileBacked".into(),
            )
            .into());
        }
        let mut objects = vec![None; owners.len()];
        if let Some(written) = table(self.sink.written()) {
            for (object, owner) in objects.iter_mut().zip(owners) {
                let Some(owner) = owner else { continue };
                let wanted = owner.owner().and_then(|owner| written.want(&owner));
                // Else it would point to nothing, and nobody would know.
                *object = Some(wanted.ok_or_else(|| {
                    Error::new(ErrorKind::Unsupported(
                        "a `Weak` to a value of a type that borrows".into(),
                    ))
                })?);
            }
        }
        self.content(&Dtype::Reference, shape, Content::References(&objects))
    }

    /// Notes that the values of owners are written as rows, where nothing can point to them.
    pub(crate) fn in_rows<'v, P: Save + 'v>(&mut self, owners: impl Iterator<Item = &'v P>) {
        owners.filter_map(P::owner).for_each(|owner| self.apart(&owner, Unlinkable::Row));
    }

    /// Notes that the value of an owner is written where nothing can point to it.
    fn apart(&mut self, owner: &Owner<'_>, why: Unlinkable) {
        if owner.weak > 0
            && let Some(owners) = table(self.sink.owners())
        {
            owners.apart(owner, why);
        }
    }

    /// Why what is written here is no object that depends on nothing but the value and what [`How`]
    /// knows of.
    fn unlinkable(&mut self) -> Option<Unlinkable> {
        if matches!(self.place, Place::Attribute(_)) {
            return Some(Unlinkable::Attribute);
        }
        let filtered = self.below != u32::MAX
            || self.marks.is_some()
            || !self.attrs.is_empty()
            || self.form != Form::Plain
            || self.concept.is_some()
            || !self.index.is_empty()
            || self.cx.is_python();
        filtered.then_some(Unlinkable::Filtered).or_else(|| self.sink.unlinkable())
    }
}

/// The error of a value that is in itself; the path is that of the owner that closes the circle.
#[cold]
pub(crate) fn cycle() -> Error {
    Error::new(ErrorKind::Cycle("a value that contains itself".into()))
        .with_help("a value that owns itself has no end: let the way back be a `Weak`")
}

/// The table of what a sink has written, where it can link.
fn table(owners: Option<&mut WrittenOwners>) -> Option<&mut Table> {
    owners.and_then(WrittenOwners::table)
}
