//! An [`Excerpt`] as a source.

use super::{COLUMNS, Excerpt, OpenObject, RowLayout, damaged, kind_of, pieces, stored_len};
use crate::error::{ErrorKind, Result};
use crate::stamp::{FILTER, LEN, STAMP};
use crate::storage::{
    Allocation, Description, Dtype, Gathered, Handle, Kept, Link, ObjectKind, Slab, Source,
    StoredType, Texts, Unusual,
};
use std::mem::MaybeUninit;
use std::sync::Arc;

impl Source for Excerpt<'_> {
    fn root(&self) -> Result<Handle> {
        Err(ErrorKind::Contract("the root of an excerpt".into()).into())
    }

    fn child(&self, group: Handle, name: &str) -> Result<Option<Handle>> {
        match self.entry(group)? {
            OpenObject::Found { handle, rows: Some(run), .. } => self.member(handle, name, run),
            OpenObject::Found { handle, rows: None, .. } => {
                Ok(self.source.child(handle, name)?.map(|member| self.found(member, None)))
            }
            OpenObject::Made { .. } => Ok(None),
        }
    }

    fn children(&self, group: Handle) -> Result<Vec<String>> {
        let OpenObject::Found { handle, rows, .. } = self.entry(group)? else {
            return Ok(Vec::new());
        };
        if let Some(run) = rows
            && kind_of(self.object(handle).text_attribute(STAMP)?.as_deref())
                == Some(RowLayout::List)
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
            OpenObject::Found { handle, rows: None, .. } => self.source.link(handle, name),
            // Members of rows are what they lead to.
            _ => Ok(None),
        }
    }

    fn stored_type(&self, handle: Handle, dtype: Option<&Dtype>) -> Result<Option<StoredType>> {
        match self.entry(handle)? {
            OpenObject::Found { handle, .. } => self.source.stored_type(handle, dtype),
            OpenObject::Made { .. } => Ok(None),
        }
    }

    fn read_unusual(&self, handle: Handle) -> Result<Unusual> {
        match self.entry(handle)? {
            OpenObject::Found { handle, rows: None, .. } => self.source.read_unusual(handle),
            _ => Err(self.refuse("a dataset of elements of this type")),
        }
    }

    fn attribute(&self, object: Handle, name: &str) -> Result<Option<Handle>> {
        let OpenObject::Found { handle, rows, .. } = self.entry(object)? else { return Ok(None) };
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
                let kind =
                    kind_of(group.text_attribute(STAMP)?.as_deref()).unwrap_or(RowLayout::Columns);
                let run = run.times(pieces(&group, kind)?)?;
                if stored_len(&group)? != Some(run.of) {
                    return Err(damaged(&format!(
                        "another `{LEN}` than the {} rows around it",
                        run.of
                    )));
                }
                Ok(Some(self.made(ObjectKind::Attribute, &[], &[run.len()])))
            }
            _ => Ok(Some(self.found(attribute, None))),
        }
    }

    fn attributes(&self, object: Handle) -> Result<Vec<String>> {
        match self.entry(object)? {
            OpenObject::Found { handle, .. } => self.source.attributes(handle),
            OpenObject::Made { .. } => Ok(Vec::new()),
        }
    }

    fn identity(&self, object: Handle) -> Result<Option<String>> {
        match self.entry(object)? {
            OpenObject::Found { handle, .. } => self.source.identity(handle),
            OpenObject::Made { .. } => Ok(None),
        }
    }

    fn describe(&self, handle: Handle) -> Result<Description> {
        match self.entry(handle)? {
            OpenObject::Found { handle, rows: None, .. } => self.source.describe(handle),
            OpenObject::Found { handle, rows: Some(run), .. } => Ok(self.slab(handle, run)?.0),
            OpenObject::Made { description, .. } => Ok(description),
        }
    }

    fn allocation(&self, dataset: Handle) -> Result<Allocation> {
        match self.entry(dataset)? {
            OpenObject::Found { handle, .. } => self.source.allocation(handle),
            OpenObject::Made { .. } => Ok(Allocation::default()),
        }
    }

    fn read(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        match self.entry(handle)? {
            OpenObject::Found { handle, rows: None, .. } => self.source.read(handle, dtype, out),
            OpenObject::Found { handle, rows: Some(run), .. } => {
                self.source.read_slab(handle, dtype, &self.slab(handle, run)?.1, out)
            }
            OpenObject::Made { bytes, .. } if bytes.len() == out.len() => {
                out.iter_mut().zip(&*bytes).for_each(|(place, byte)| {
                    place.write(*byte);
                });
                Ok(())
            }
            OpenObject::Made { .. } => {
                Err(ErrorKind::Contract("a buffer that does not fit the data".into()).into())
            }
        }
    }

    fn read_slab(
        &self,
        dataset: Handle,
        dtype: &Dtype,
        slab: &Slab,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<()> {
        match self.entry(dataset)? {
            OpenObject::Found { handle, rows: None, .. } => {
                self.source.read_slab(handle, dtype, slab, out)
            }
            _ => Err(ErrorKind::Contract("a part of a part".into()).into()),
        }
    }

    fn read_text(&self, handle: Handle, member: &[String]) -> Result<Texts> {
        match self.entry(handle)? {
            OpenObject::Found { handle, rows: None, .. } => self.source.read_text(handle, member),
            OpenObject::Found { handle, rows: Some(run), .. } => {
                self.source.read_text_slab(handle, member, &self.slab(handle, run)?.1)
            }
            OpenObject::Made { .. } => {
                Err(ErrorKind::Contract("texts where there are numbers".into()).into())
            }
        }
    }

    fn at_hand(&self, handle: Handle) -> Result<Option<&[u8]>> {
        match self.entry(handle)? {
            OpenObject::Found { handle, rows: None, .. } => self.source.at_hand(handle),
            _ => Ok(None),
        }
    }

    fn sequences(&self, handle: Handle) -> Result<(Gathered, Vec<usize>)> {
        match self.entry(handle)? {
            OpenObject::Found { handle, rows: None, .. } => self.source.sequences(handle),
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
            OpenObject::Found { handle, rows, .. } => {
                Ok(self.found(self.source.again(handle)?, rows))
            }
            made => Ok(self.add(object.kind, object.bare, made)),
        }
    }

    fn keep(&self, object: Handle) -> Result<Option<Arc<dyn Kept>>> {
        match self.entry(object)? {
            OpenObject::Found { handle, rows: None, .. } => self.source.keep(handle),
            _ => Ok(None),
        }
    }

    fn release(&self, handle: Handle) {
        let entry = usize::try_from(handle.id)
            .ok()
            .and_then(|place| self.open.borrow_mut().get_mut(place)?.take());
        if let Some(OpenObject::Found { handle, lent: false, .. }) = entry {
            if let Some(columns) = &mut *self.columns.borrow_mut()
                && handle.kind == ObjectKind::Dataset
                && columns.len() < COLUMNS
                && let Ok(Some(column)) = self.source.keep(handle)
            {
                columns.push(column);
            }
            self.source.release(handle);
        }
    }
}
