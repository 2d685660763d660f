//! [`Held`]: a node that can be read later.

#[cfg(feature = "ndarray")]
mod arrays;
#[cfg_attr(not(feature = "libhdf5"), path = "held/read_only.rs")]
mod library;

use crate::context::ReadContext;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::node::Node;
use crate::object::Object;
use crate::path::{State, UNMASKED};
use crate::shared;
use crate::storage::{Kept, ObjectKind};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A node of a file, with all that was known where it was met.
#[derive(Clone)]
pub(crate) struct Held {
    kept: Arc<dyn Kept>,
    cx: ReadContext,
    state: State,
    depth: u32,
    ours: bool,
    /// A dataset, or a group of this library.
    is_plain: bool,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("file", &self.path()).finish_non_exhaustive()
    }
}

impl Held {
    /// Holds on to a node; `None` where its storage cannot, or where a filter is in the middle of
    /// reading it.
    pub(crate) fn new(node: &Node<'_>) -> Result<Option<Self>> {
        if node.is_inside_filter() {
            return Ok(None);
        }
        let Some(kept) = node.object.keep()? else { return Ok(None) };
        let is_plain = node.kind() != ObjectKind::Group || node.stamp()?.is_some();
        let (state, depth, ours) = (node.state, node.depth, node.ours);
        Ok(Some(Held { kept, cx: node.cx.clone(), state, depth, ours, is_plain }))
    }

    /// Holds on to a group that links are followed from; patterns do not see what is read there.
    pub(crate) fn of(
        group: &Object<'_>,
        cx: &ReadContext,
        depth: u32,
        ours: bool,
    ) -> Result<Option<Self>> {
        let Some(kept) = group.keep()? else { return Ok(None) };
        Ok(Some(Held { kept, cx: cx.clone(), state: UNMASKED, depth, ours, is_plain: false }))
    }

    /// The object, if a copy of it equals a new write, and libhdf5 may copy it. Foreign objects are
    /// read by other rules, so a copy would differ, and so would a copy with members that the
    /// options left out on reading.
    pub(crate) fn kept(&self) -> Option<&dyn Kept> {
        (self.ours && self.is_plain && self.cx.is_trusted() && !self.is_masked())
            .then_some(&*self.kept)
    }

    /// Whether the options leave something out below the node.
    pub(crate) fn is_masked(&self) -> bool {
        self.cx.mask().is_some_and(|mask| !mask.takes_all(self.state))
    }

    /// The file, if it has a name.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.kept.path()
    }

    /// Reads the node.
    pub(crate) fn read<R>(&self, mut read: impl FnMut(Node<'_>) -> Result<R>) -> Result<R> {
        let mut found = None;
        let looked = self.kept.look(&mut |source, handle| {
            let object = Object::new(source, handle);
            let mut read =
                |object| read(Node::open(object, &self.cx, self.state, self.depth, self.ours)?);
            found = Some(match self.is_masked() {
                true => shared::in_any_order(source, &self.cx, || read(object.again()?))?,
                false => read(object)?,
            });
            Ok(())
        });
        let found = looked.and_then(|()| {
            found.ok_or_else(|| ErrorKind::Contract("nothing was looked at".into()).into())
        });
        found.map_err(|error| self.located(Operation::Load, error))
    }

    /// Adds the file and the object to an error.
    #[cold]
    pub(crate) fn located(&self, operation: Operation, error: Error) -> Error {
        let mut error = error.during(operation);
        if let Some(place) = self.kept.place() {
            error = error.at(&place);
        }
        match self.path() {
            Some(path) => error.in_file(path),
            None => error,
        }
    }
}
