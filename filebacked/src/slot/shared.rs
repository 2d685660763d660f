//! A value that may have other owners: one object, and a link for each of them.

use super::{Content, Form, Place, Slot, VALUE, Written};
use crate::backed::Save;
use crate::error::{Error, ErrorKind, Result};
use crate::field::StoreAs;
use crate::schema::Schema;
use crate::shared::{How, Met, Owner};
use crate::storage::Dtype;

impl Slot<'_> {
    /// Writes the value of an owner, or links to what another owner of it has written.
    pub(super) fn put_owned<T: Save>(mut self, owner: Owner<'_>, value: &T, below: u32) -> Result<Written> {
        let schema = || T::key().map_or(Schema::Opaque, |key| key.schema());
        // One value has its identity anyway; the layout is for many.
        if self.storage.layout == Some(StoreAs::Shared) && !matches!(schema(), Schema::Sequence(_)) {
            self.storage.layout = None;
        }
        if below != u32::MAX {
            return self.put_alone(value, below);
        }
        self.put_owned_by(&owner, || schema().is_rooted(), |slot| slot.put_alone(value, below))
    }

    /// The same for a value that `write` writes; `rooted` says whether its members are the root's where it is a whole file.
    pub(crate) fn put_owned_by(
        self,
        owner: &Owner<'_>,
        rooted: impl FnOnce() -> bool,
        write: impl FnOnce(Slot<'_>) -> Result<Written>,
    ) -> Result<Written> {
        if !self.is_linkable() {
            return write(self);
        }
        let met = match owner.strong + owner.weak {
            0 | 1 => None,
            _ => {
                let how = How::new(self.state, &self.storage);
                self.sink.written().and_then(|written| written.meet(owner, how))
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
        if let Some(written) = sink.written() {
            written.done(object, linkable);
        }
        Ok(made)
    }

    /// Writes what points to values that others own: references to their objects.
    pub(crate) fn point<P: Save>(self, shape: &[u64], owners: &[Option<P>]) -> Result<Written> {
        if self.cx.is_python() {
            return Err(ErrorKind::Unsupported("a `Weak` in the layout of Python's FileBacked".into()).into());
        }
        let mut objects = vec![None; owners.len()];
        if let Some(written) = self.sink.written() {
            for (object, owner) in objects.iter_mut().zip(owners) {
                *object = owner.as_ref().and_then(P::owner).and_then(|owner| written.want(&owner));
            }
        }
        self.content(&Dtype::Reference, shape, Content::References(&objects))
    }

    /// Notes that the values of owners that something points to are written as rows, where nothing can.
    pub(crate) fn in_rows<'v, P: Save + 'v>(&mut self, mut owners: impl Iterator<Item = &'v P>) {
        if let Some(first) = owners.next()
            && let Some(written) = self.sink.written()
        {
            [first].into_iter().chain(owners).filter_map(P::owner).for_each(|owner| written.in_rows(&owner));
        }
    }

    /// Whether what is written here depends on nothing but the value and what [`How`] knows of.
    fn is_linkable(&self) -> bool {
        !matches!(self.place, Place::Attribute(_))
            && self.below == u32::MAX
            && self.marks.is_none()
            && self.attrs.is_empty()
            && self.form == Form::Plain
            && self.element.is_none()
            && self.index.is_empty()
            && !self.cx.is_python()
    }
}

/// The error of a value that is in itself; the path is that of the owner that closes the circle.
#[cold]
pub(crate) fn cycle() -> Error {
    Error::new(ErrorKind::Cycle("a value that is inside of itself".into()))
        .with_help("a value that owns itself has no end: let the way back be a `Weak`")
}
