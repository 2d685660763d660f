//! [`Loaded`]: values that may be requested again, and values that a `Weak` points to.
//!
//! What points to a value has to be there before the value is, since it is inside of it:
//! `Rc::new_cyclic` does that, but wants a value in any case, also where reading one fails. So it
//! takes another value of the type then, a spare one that is dropped at once. Where something first
//! points to a value that is being read in the plain way, that attempt goes on until it has read
//! some value of the type, which is the spare one, and is made again.

use crate::backed::FileBacked;
use crate::context::ReadContext;
use crate::error::{Error, ErrorKind, Result};
use crate::node::Node;
use crate::path::State;
use crate::storage::{ObjectIdentity, Source};
use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::{self, Rc};
use std::sync::{self, Arc};

/// A type of owners whose values something may point to.
pub(crate) trait Pointer: From<Self::Value> + Clone + 'static {
    type Value: FileBacked;
    type Weak: Clone + Default + 'static;

    fn point(&self) -> Self::Weak;
    fn cyclic(make: impl FnOnce(&Self::Weak) -> Self::Value) -> Self;
    fn into_value(self) -> Option<Self::Value>;
}

macro_rules! pointer {
    ($($pointer:ident $weak:ty;)*) => {
        $(
            impl<T: FileBacked> Pointer for $pointer<T> {
                type Value = T;
                type Weak = $weak;

                fn point(&self) -> $weak {
                    $pointer::downgrade(self)
                }
                fn cyclic(make: impl FnOnce(&$weak) -> T) -> Self {
                    $pointer::new_cyclic(make)
                }
                fn into_value(self) -> Option<T> {
                    $pointer::into_inner(self)
                }
            }
        )*
    };
}
pointer! {
    Rc rc::Weak<T>;
    Arc sync::Weak<T>;
}

/// The values that a source has given of those that have several owners. Gone with the source, so
/// with the call.
#[derive(Default)]
pub(crate) struct Loaded {
    entries: RefCell<HashMap<Key, LoadedOwner>>,
    /// The entries of values that are complete, in the order in which they were read.
    complete: RefCell<Vec<Key>>,
    /// A value of each type that something was found to point to.
    spares: RefCell<HashMap<TypeId, Box<dyn Any>>>,
    /// The types of values that something points to and that are being read in the plain way.
    asked: RefCell<Vec<TypeId>>,
    /// An attempt was given up.
    restarted: Cell<bool>,
    /// The values that a `Weak` pointed to before any owner was read. If options leave out parts of
    /// values, only an owner knows which parts.
    awaited: RefCell<HashSet<Key>>,
    /// The parts of each value that owners read, in the first pass.
    taken: RefCell<Option<HashMap<Key, How>>>,
}

type Key = (ObjectIdentity, TypeId);

struct LoadedOwner {
    /// Other settings that the value depends on.
    how: How,
    found: LoadState,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct How {
    state: State,
    ours: bool,
}

enum LoadState {
    /// It is being read, and nothing can point to it. Whether something does.
    Plain { asked: bool },
    /// It is being read; what points to it is there.
    Cyclic(Box<dyn Any>),
    /// An owner of it.
    Owner(Box<dyn Any>),
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("objects", &self.entries.borrow().len())
            .finish_non_exhaustive()
    }
}

/// An object of its own that several may own.
struct Shared<'n, 'a> {
    node: &'n Node<'a>,
    loaded: &'a Loaded,
    key: Key,
    how: How,
}

/// Reads the value of an owner, or makes one more owner of a value that was read already. Nothing
/// can point to such.
pub(crate) fn read<P: Clone + 'static>(
    node: Node<'_>,
    read: impl FnOnce(Node<'_>) -> Result<P>,
) -> Result<P> {
    let Some(shared) = Shared::new::<P>(&node, || false)? else { return read(node) };
    match shared.find::<P>()? {
        Some(owner) => Ok(owner),
        None if shared.is_known() => read(node),
        None => {
            shared.enter(LoadState::Plain { asked: false });
            let owner = shared.again().and_then(read);
            shared.leave(&owner);
            owner
        }
    }
}

/// The same for owners whose values something may point to.
pub(crate) fn read_pointer<P: Pointer>(node: Node<'_>) -> Result<P> {
    let Some(shared) = Shared::new::<P>(&node, || node.cx.may_point())? else {
        return node.get().map(P::from);
    };
    match shared.find::<P>()? {
        Some(owner) => Ok(owner),
        None if shared.is_known() => node.get().map(P::from),
        None => shared.read(),
    }
}

/// Returns a pointer to the value of a node. The value is read if it was not yet, and dropped in
/// the end if no owner is read.
pub(crate) fn point<P: Pointer>(node: Node<'_>) -> Result<P::Weak> {
    let Some(mut shared) = Shared::new::<P>(&node, || true)? else { return Ok(P::Weak::default()) };
    if let Some(entry) = shared.loaded.entries.borrow_mut().get_mut(&shared.key) {
        return Ok(match &mut entry.found {
            LoadState::Owner(owner) => owner.downcast_ref().map(P::point).unwrap_or_default(),
            LoadState::Cyclic(weak) => weak.downcast_ref::<P::Weak>().cloned().unwrap_or_default(),
            LoadState::Plain { asked } => {
                if !std::mem::replace(asked, true) {
                    shared.loaded.asked.borrow_mut().push(TypeId::of::<P>());
                }
                P::Weak::default()
            }
        });
    }
    if node.cx.mask().is_some() {
        match &*shared.loaded.taken.borrow() {
            Some(taken) => match taken.get(&shared.key) {
                Some(how) => shared.how = *how,
                // The options leave out all of its owners.
                None => return Ok(P::Weak::default()),
            },
            None => {
                shared.loaded.awaited.borrow_mut().insert(shared.key);
                return Ok(P::Weak::default());
            }
        }
    }
    Ok(shared.read::<P>()?.point())
}

/// Reads what options take parts of: once more if something pointed to a value whose owner came
/// later, when it is known what that takes of it.
pub(crate) fn in_any_order<R>(
    source: &dyn Source,
    cx: &ReadContext,
    mut read: impl FnMut() -> Result<R>,
) -> Result<R> {
    let found = read()?;
    match source.loaded().and_then(|owners| owners.table::<Loaded>()) {
        Some(loaded) if cx.mask().is_some() && loaded.begin_again() => {
            drop(found);
            read()
        }
        _ => Ok(found),
    }
}

impl<'n, 'a> Shared<'n, 'a> {
    /// The object of a node, if several links lead to it, or something may point to it.
    fn new<P: 'static>(node: &'n Node<'a>, pointed: impl FnOnce() -> bool) -> Result<Option<Self>> {
        let Some(loaded) = node.loaded() else { return Ok(None) };
        let (identity, links) = node.object.source.links(node.object.handle)?;
        if links < 2 && !pointed() {
            return Ok(None);
        }
        let how = How { state: node.state, ours: node.ours };
        Ok(Some(Shared { node, loaded, key: (identity, TypeId::of::<P>()), how }))
    }

    /// An owner of the value, if it was read already.
    fn find<P: Clone + 'static>(&self) -> Result<Option<P>> {
        match self.loaded.entries.borrow().get(&self.key) {
            Some(LoadedOwner { found: LoadState::Owner(owner), how }) if *how == self.how => {
                Ok(owner.downcast_ref().cloned())
            }
            Some(LoadedOwner { found: LoadState::Plain { .. } | LoadState::Cyclic(_), .. }) => {
                Err(cycle())
            }
            _ => Ok(None),
        }
    }

    /// Whether the value was read in another way.
    fn is_known(&self) -> bool {
        self.loaded.entries.borrow().contains_key(&self.key)
    }

    /// The node once more.
    fn again(&self) -> Result<Node<'a>> {
        let Node { object, cx, depth, .. } = self.node;
        Node::open(object.again()?, cx, self.how.state, *depth, self.how.ours)
    }

    fn enter(&self, found: LoadState) {
        self.loaded
            .entries
            .borrow_mut()
            .insert(self.key.clone(), LoadedOwner { how: self.how, found });
    }

    fn leave<P: Clone + 'static>(&self, owner: &Result<P>) {
        match owner {
            Ok(owner) => {
                self.enter(LoadState::Owner(Box::new(owner.clone())));
                self.loaded.complete.borrow_mut().push(self.key.clone());
            }
            Err(_) => {
                self.loaded.entries.borrow_mut().remove(&self.key);
            }
        }
    }

    fn read<P: Pointer>(&self) -> Result<P> {
        loop {
            if self.loaded.has_spare::<P>() {
                return self.read_cyclic();
            }
            if let Some(owner) = self.read_plain()? {
                return Ok(owner);
            }
        }
    }

    /// Reads the value as if nothing pointed to it; `None` where something does, and it has to be
    /// read again.
    fn read_plain<P: Pointer>(&self) -> Result<Option<P>> {
        let loaded = self.loaded;
        let complete = loaded.complete.borrow().len();
        self.enter(LoadState::Plain { asked: false });
        let value = self.again().and_then(|node| node.get::<P::Value>());
        let left = loaded.entries.borrow_mut().remove(&self.key);
        let asked =
            matches!(left, Some(LoadedOwner { found: LoadState::Plain { asked: true }, .. }));
        if asked {
            let mut types = loaded.asked.borrow_mut();
            if let Some(place) = types.iter().rposition(|id| *id == TypeId::of::<P>()) {
                types.remove(place);
            }
            // Values that were read meanwhile may point to this value, which is dropped.
            for key in loaded.complete.borrow_mut().drain(complete..) {
                loaded.entries.borrow_mut().remove(&key);
            }
        }
        let outer = !loaded.asked.borrow().is_empty();
        match value {
            Ok(value) if asked || loaded.wants_spare::<P>() => loaded.put_spare::<P>(value),
            Ok(value) => {
                let owner = Ok(P::from(value));
                self.leave(&owner);
                return owner.map(Some);
            }
            Err(error) if !loaded.restarted.get() => return Err(error),
            Err(_) => {}
        }
        // The outermost attempt begins again; the attempts inside it only end.
        loaded.restarted.set(outer);
        if outer { Err(restart()) } else { Ok(None) }
    }

    /// Reads the value with what points to it at hand. There is a spare value.
    fn read_cyclic<P: Pointer>(&self) -> Result<P> {
        let mut failed = None;
        let owner = P::cyclic(|weak| {
            self.enter(LoadState::Cyclic(Box::new(weak.clone())));
            match self.again().and_then(|node| node.get::<P::Value>()) {
                Ok(value) => value,
                Err(error) => {
                    failed = Some(error);
                    self.loaded.take_spare::<P>()
                }
            }
        });
        let owner = match failed {
            None => Ok(owner),
            Some(error) => {
                if let Some(spare) = owner.into_value() {
                    self.loaded.put_spare::<P>(spare);
                }
                Err(error)
            }
        };
        self.leave(&owner);
        owner
    }
}

impl Loaded {
    /// Whether an owner was read after a pointer to its value. Then everything must be read again.
    fn begin_again(&self) -> bool {
        let awaited = self.awaited.take();
        let mut entries = self.entries.borrow_mut();
        if !awaited.iter().any(|key| entries.contains_key(key)) {
            return false;
        }
        self.complete.borrow_mut().clear();
        *self.taken.borrow_mut() =
            Some(entries.drain().map(|(key, entry)| (key, entry.how)).collect());
        true
    }

    fn has_spare<P: Pointer>(&self) -> bool {
        self.spares.borrow().contains_key(&TypeId::of::<P>())
    }

    fn wants_spare<P: Pointer>(&self) -> bool {
        self.asked.borrow().contains(&TypeId::of::<P>()) && !self.has_spare::<P>()
    }

    fn put_spare<P: Pointer>(&self, value: P::Value) {
        self.spares.borrow_mut().insert(TypeId::of::<P>(), Box::new(value));
    }

    /// The spare value; whoever takes it puts it back before anybody else can want it.
    fn take_spare<P: Pointer>(&self) -> P::Value {
        let spare = self.spares.borrow_mut().remove(&TypeId::of::<P>());
        match spare.and_then(|spare| spare.downcast::<P::Value>().ok()) {
            Some(spare) => *spare,
            None => unreachable!("a value without an owner was owned"),
        }
    }
}

#[cold]
fn cycle() -> Error {
    Error::new(ErrorKind::Cycle("a value that contains itself".into()))
        .with_help("a value cannot own itself; a `Weak` points to what it is in")
}

/// Ends an attempt that an outer call repeats; it never reaches a caller.
#[cold]
fn restart() -> Error {
    ErrorKind::Contract("an attempt that is made again".into()).into()
}
