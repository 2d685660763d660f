//! [`Staged`]: elements that were read already, as a dataset of their own.

use super::{
    Allocation, Description, Dtype, Handle, Link, ObjectKind, Source, StoredType, Texts, Unusual,
};
use crate::error::{ErrorKind, Result};
use std::mem::MaybeUninit;

/// The elements of a dataset in memory.
#[derive(Debug)]
pub enum Gathered {
    /// As little-endian machines have them.
    Bytes(Vec<u8>),
    /// Of variable length.
    Texts(Texts),
}

/// Elements that were read already, in another shape or as another type than they have in the file.
pub struct Staged<'s> {
    /// Datatype and shape.
    pub description: Description,
    /// The elements.
    pub elements: Gathered,
    /// Where they were read, for references among them.
    pub origin: (&'s dyn Source, Handle),
}

impl Staged<'_> {
    /// The one object there is.
    pub fn handle(&self) -> Handle {
        Handle { id: 0, kind: ObjectKind::Dataset, bare: true }
    }
}

impl Source for Staged<'_> {
    fn root(&self) -> Result<Handle> {
        Ok(self.handle())
    }

    fn child(&self, _: Handle, _: &str) -> Result<Option<Handle>> {
        Ok(None)
    }

    fn children(&self, _: Handle) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn attribute(&self, _: Handle, _: &str) -> Result<Option<Handle>> {
        Ok(None)
    }

    fn attributes(&self, _: Handle) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn identity(&self, _: Handle) -> Result<Option<String>> {
        Ok(None)
    }

    fn describe(&self, _: Handle) -> Result<Description> {
        Ok(self.description.clone())
    }

    fn allocation(&self, _: Handle) -> Result<Allocation> {
        Ok(Allocation::default())
    }

    fn read(&self, _: Handle, _: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        let Gathered::Bytes(bytes) = &self.elements else { return Err(unfit()) };
        if bytes.len() != out.len() {
            return Err(unfit());
        }
        // SAFETY: both slices have this length, and they cannot overlap: one is borrowed to be
        // written.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), out.as_mut_ptr().cast(), out.len())
        };
        Ok(())
    }

    fn is_ordered(&self, _: Handle) -> Result<bool> {
        Ok(false)
    }

    fn link(&self, _: Handle, _: &str) -> Result<Option<Link>> {
        Ok(None)
    }

    fn stored_type(&self, _: Handle, _: Option<&Dtype>) -> Result<Option<StoredType>> {
        Ok(None)
    }

    fn read_unusual(&self, _: Handle) -> Result<Unusual> {
        Err(unfit())
    }

    fn read_text(&self, _: Handle, _: &[String]) -> Result<Texts> {
        match &self.elements {
            Gathered::Texts(texts) => Ok(texts.clone()),
            Gathered::Bytes(_) => Err(unfit()),
        }
    }

    fn form(&self) -> Option<&'static str> {
        self.origin.0.form()
    }

    fn is_marked(&self) -> bool {
        self.origin.0.is_marked()
    }

    fn origin(&self, _: Handle) -> Option<(&dyn Source, Handle)> {
        Some(self.origin)
    }

    fn again(&self, object: Handle) -> Result<Handle> {
        Ok(object)
    }

    fn release(&self, _: Handle) {}
}

fn unfit() -> crate::error::Error {
    ErrorKind::Contract("a buffer that does not fit the data".into()).into()
}
