//! [`MatlabSource`]: gives what MATLAB wrote in the shapes that it has there.

use super::transpose::reversed;
use crate::error::{ErrorKind, Result};
use crate::foreign::matlab;
use crate::node::Node;
use crate::object::Object;
use crate::stamp::{FILTER, STAMP};
use crate::storage::{
    Allocation, Description, Dtype, Gathered, Handle, Link, ObjectKind, Source, StoredType, Texts,
    Unusual,
};
use std::mem::{ManuallyDrop, MaybeUninit};

/// Reads from another source.
pub(super) struct MatlabSource<'s> {
    source: &'s dyn Source,
    /// The object where reading starts. Its owner releases the handle.
    root: Handle,
    marked: bool,
}

impl<'s> MatlabSource<'s> {
    pub(super) fn new(node: &Node<'s>) -> Self {
        let Object { source, handle: root, .. } = node.object;
        MatlabSource { source, root, marked: node.ours || source.is_marked() }
    }

    /// An object of the other source, which stays open.
    fn object(&self, handle: Handle) -> ManuallyDrop<Object<'s>> {
        ManuallyDrop::new(Object::new(self.source, handle))
    }

    /// The stored object, and whether its dimensions are reversed.
    fn stored(&self, handle: Handle) -> Result<(Description, bool)> {
        let stored = self.source.describe(handle)?;
        let matrix =
            handle.kind == ObjectKind::Dataset && stored.shape.len() > 1 && !stored.dtype.is_text();
        // Characters are put together where texts are read.
        let turned = matrix && !matlab::is_char(&self.object(handle), &stored.dtype)?;
        Ok((stored, turned))
    }
}

impl Source for MatlabSource<'_> {
    fn form(&self) -> Option<&'static str> {
        Some(super::FORM)
    }

    fn is_marked(&self) -> bool {
        self.marked
    }

    fn root(&self) -> Result<Handle> {
        Ok(self.root)
    }

    fn child(&self, group: Handle, name: &str) -> Result<Option<Handle>> {
        self.source.child(group, name)
    }

    fn children(&self, group: Handle) -> Result<Vec<String>> {
        self.source.children(group)
    }

    /// MATLAB files carry no `filebacked` attribute, so they are read as foreign files.
    fn attribute(&self, object: Handle, name: &str) -> Result<Option<Handle>> {
        if name == STAMP || (name == FILTER && object == self.root) {
            Ok(None)
        } else {
            self.source.attribute(object, name)
        }
    }

    fn attributes(&self, object: Handle) -> Result<Vec<String>> {
        self.source.attributes(object)
    }

    fn identity(&self, object: Handle) -> Result<Option<String>> {
        self.source.identity(object)
    }

    fn describe(&self, handle: Handle) -> Result<Description> {
        let (mut stored, turned) = self.stored(handle)?;
        if turned {
            stored.shape.reverse();
        } else if matlab::may_be_empty(&stored) && matlab::is_empty(&self.object(handle))? {
            return matlab::described(&self.object(handle), &stored);
        }
        Ok(stored)
    }

    fn allocation(&self, dataset: Handle) -> Result<Allocation> {
        self.source.allocation(dataset)
    }

    fn read(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        // An array without elements, whose data is its shape.
        if out.is_empty() {
            return Ok(());
        }
        let (stored, turned) = self.stored(handle)?;
        if !turned {
            return self.source.read(handle, dtype, out);
        }
        let bytes: Vec<u8> = self.object(handle).elements(&stored)?;
        let bytes = reversed(&bytes, dtype.size(), &stored.shape);
        if bytes.len() != out.len() {
            return Err(ErrorKind::Contract("a buffer that does not fit the data".into()).into());
        }
        for (to, from) in out.iter_mut().zip(bytes) {
            to.write(from);
        }
        Ok(())
    }

    fn is_ordered(&self, group: Handle) -> Result<bool> {
        self.source.is_ordered(group)
    }

    fn link(&self, group: Handle, name: &str) -> Result<Option<Link>> {
        self.source.link(group, name)
    }

    fn stored_type(&self, handle: Handle, dtype: Option<&Dtype>) -> Result<Option<StoredType>> {
        self.source.stored_type(handle, dtype)
    }

    fn read_unusual(&self, handle: Handle) -> Result<Unusual> {
        self.source.read_unusual(handle)
    }

    fn read_text(&self, handle: Handle, member: &[String]) -> Result<Texts> {
        self.source.read_text(handle, member)
    }

    fn target(&self, at: Handle, reference: &[u8]) -> Result<Option<Handle>> {
        self.source.target(at, reference)
    }

    fn region(&self, at: Handle, reference: &[u8]) -> Result<Option<(Description, Gathered)>> {
        self.source.region(at, reference)
    }

    fn sequences(&self, handle: Handle) -> Result<(Gathered, Vec<usize>)> {
        self.source.sequences(handle)
    }

    fn again(&self, object: Handle) -> Result<Handle> {
        // As it is given back.
        if object == self.root { Ok(object) } else { self.source.again(object) }
    }

    fn release(&self, handle: Handle) {
        if handle != self.root {
            self.source.release(handle);
        }
    }
}
