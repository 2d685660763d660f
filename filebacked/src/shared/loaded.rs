//! [`Loaded`]: the values that may be asked for once more.

use crate::error::{Error, ErrorKind, Result};
use crate::node::Node;
use crate::path::State;
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

/// What tells an object from all others that a source reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    Address(u64),
    /// In the words of the engine, where several files may be open.
    Words(String),
}

/// The values that a source has given of those that have several owners. Gone with the source, so with the call.
#[derive(Default)]
pub(crate) struct Loaded(RefCell<HashMap<(Identity, TypeId), Entry>>);

struct Entry {
    /// What else the value depends on.
    how: How,
    found: Found,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct How {
    state: State,
    ours: bool,
}

enum Found {
    /// It is being read.
    Open,
    /// An owner of it.
    Owner(Box<dyn Any>),
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("objects", &self.0.borrow().len()).finish()
    }
}

/// Reads the value of an owner, or makes one more owner of a value that was read already.
pub(crate) fn read<P: Clone + 'static>(node: Node<'_>, read: impl FnOnce(Node<'_>) -> Result<P>) -> Result<P> {
    let Some(loaded) = node.loaded() else { return read(node) };
    let (identity, links) = node.object.source.links(node.object.handle)?;
    if links < 2 {
        return read(node);
    }
    let how = How { state: node.state, ours: node.ours };
    let key = (identity, TypeId::of::<P>());
    if let Some(entry) = loaded.0.borrow().get(&key) {
        match &entry.found {
            Found::Open => return Err(cycle()),
            Found::Owner(owner) if entry.how == how => {
                if let Some(owner) = owner.downcast_ref::<P>() {
                    return Ok(owner.clone());
                }
            }
            Found::Owner(_) => return read(node),
        }
    }
    loaded.0.borrow_mut().insert(key.clone(), Entry { how, found: Found::Open });
    let owner = read(node)?;
    loaded.0.borrow_mut().insert(key, Entry { how, found: Found::Owner(Box::new(owner.clone())) });
    Ok(owner)
}

#[cold]
fn cycle() -> Error {
    Error::new(ErrorKind::Cycle("the value that is read here".into()))
}
