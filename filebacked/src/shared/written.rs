//! [`Written`]: the objects that may be linked to once more.

use crate::dialect::anndata::Encoding;
use crate::erased::Hold;
#[cfg(feature = "dynamic")]
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::field::{Coding, Storage, StoreAs};
use crate::path::State;
use crate::storage::{OwnerTable, Unlinkable};
use std::any::TypeId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

/// A value that may have other owners, as one of them sees it.
pub struct Owner<'a> {
    /// Where the value lies.
    pub(crate) address: usize,
    /// The type of the owner.
    pub(crate) id: TypeId,
    /// How many owners there are, and how many that only point to the value.
    pub(crate) strong: usize,
    pub(crate) weak: usize,
    pub(crate) keep: &'a dyn Keep,
}

impl<'a> Owner<'a> {
    pub(crate) fn new(
        value: *const u8,
        id: TypeId,
        strong: usize,
        weak: usize,
        keep: &'a dyn Keep,
    ) -> Self {
        Owner { address: value as usize, id, strong, weak, keep }
    }
}

impl fmt::Debug for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner")
            .field("strong", &self.strong)
            .field("weak", &self.weak)
            .finish_non_exhaustive()
    }
}

/// An owner that one more can be made of.
pub(crate) trait Keep {
    /// One more owner, so that no other value takes the address meanwhile.
    fn keep(&self) -> Option<Hold>;
}

/// An owner of a value of a type that only filters can store.
#[cfg(feature = "dynamic")]
pub(crate) struct Foreign<'p, P>(pub(crate) &'p P);

#[cfg(feature = "dynamic")]
impl<P: Clone + 'static> Keep for Foreign<'_, P> {
    fn keep(&self) -> Option<Hold> {
        Some(Key::foreign().hold(self.0.clone()))
    }
}

/// The settings that an object depends on besides its value. Other settings give another object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct How {
    state: State,
    coding: Coding,
    chunk: Option<Vec<usize>>,
    layout: Option<StoreAs>,
    encoding: Encoding,
}

impl How {
    pub(crate) fn new(state: State, storage: &Storage<'_>) -> Self {
        let Storage { coding, chunk, layout, encoding } = *storage;
        How { state, coding, chunk: chunk.map(<[usize]>::to_vec), layout, encoding }
    }
}

/// The values that were found at an address.
#[derive(Debug, PartialEq)]
pub(crate) enum Met {
    /// Nothing yet: this is the number of the object.
    New(u32),
    /// An object that is complete.
    Written(u32),
    /// An object that is being written.
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Status {
    /// Something points to it, and it may come.
    Wanted,
    Open,
    Written,
    /// It lies where there is no object of its own.
    Nowhere,
}

#[derive(Debug)]
struct Object {
    how: Option<How>,
    status: Status,
    /// The same value, written in another way.
    next: Option<u32>,
    /// Something points to it.
    wanted: bool,
    _held: Hold,
}

/// The values that a sink has written of those that have several owners, by number.
#[derive(Debug, Default)]
pub(crate) struct Written {
    objects: Vec<Object>,
    /// The first object of each value.
    first: HashMap<(usize, TypeId), u32>,
    /// Values without an object that a `Weak` points to.
    apart: HashMap<(usize, TypeId), (Unlinkable, Hold)>,
}

impl Written {
    /// Looks a value up that is about to be written.
    pub(crate) fn meet(&mut self, owner: &Owner<'_>, how: How) -> Option<Met> {
        let first = self.first.get(&(owner.address, owner.id)).copied();
        let mut at = first;
        while let Some(number) = at {
            let object = self.objects.get_mut(number as usize)?;
            match object.status {
                // However it is written, it is in itself.
                Status::Open => return Some(Met::Open),
                Status::Wanted => {
                    object.status = Status::Open;
                    object.how = Some(how);
                    return Some(Met::New(number));
                }
                Status::Written if object.how.as_ref() == Some(&how) => {
                    return Some(Met::Written(number));
                }
                Status::Written | Status::Nowhere => at = object.next,
            }
        }
        self.add(owner, Some(how), Status::Open).map(Met::New)
    }

    /// The number of a value that something points to.
    pub(crate) fn want(&mut self, owner: &Owner<'_>) -> Option<u32> {
        match self.first.get(&(owner.address, owner.id)) {
            Some(number) => {
                if let Some(object) = self.objects.get_mut(*number as usize) {
                    object.wanted = true;
                }
                Some(*number)
            }
            None => self.add(owner, None, Status::Wanted),
        }
    }

    /// Notes whether an object is there now.
    pub(crate) fn done(&mut self, number: u32, linkable: bool) {
        if let Some(object) = self.objects.get_mut(number as usize) {
            object.status = if linkable { Status::Written } else { Status::Nowhere };
        }
    }

    /// Records a value without an object.
    pub(crate) fn apart(&mut self, owner: &Owner<'_>, why: Unlinkable) {
        if let Entry::Vacant(place) = self.apart.entry((owner.address, owner.id))
            && let Some(held) = owner.keep.keep()
        {
            place.insert((why, held));
        }
    }

    fn add(&mut self, owner: &Owner<'_>, how: Option<How>, status: Status) -> Option<u32> {
        let held = owner.keep.keep()?;
        let number = u32::try_from(self.objects.len()).ok()?;
        let key = (owner.address, owner.id);
        let wanted = status == Status::Wanted;
        match self.first.get(&key) {
            None => {
                self.first.insert(key, number);
                self.objects.push(Object { how, status, next: None, wanted, _held: held });
            }
            // Behind the first: that is what something points to.
            Some(first) => {
                let first = self.objects.get_mut(*first as usize)?;
                let next = first.next.replace(number);
                self.objects.push(Object { how, status, next, wanted, _held: held });
            }
        }
        Some(number)
    }
}

impl OwnerTable for Written {
    /// Checks, in the end, that everything that is pointed to and is there can be pointed to.
    fn check(&self) -> Result<()> {
        for (value, number) in &self.first {
            let Some(object) = self.objects.get(*number as usize) else { continue };
            match (object.status, self.apart.get(value)) {
                (Status::Wanted, Some((why, _))) => return Err(lost(Some(*why))),
                (Status::Nowhere, _) if object.wanted => return Err(lost(None)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The error of what points to a value that is written, where nothing can point to it.
#[cold]
fn lost(why: Option<Unlinkable>) -> Error {
    let (what, help) = match why {
        Some(Unlinkable::Row) => (
            "a value that is a row among others, and no object of its own",
            "`layout = \"rows\"` on the field with the `Vec` of its owners makes each of them an object",
        ),
        Some(Unlinkable::Record) => (
            "a value in a record, which is not an object of its own",
            "remove `layout = \"compound\"` from the field with its owner",
        ),
        Some(Unlinkable::Attribute) => (
            "a value in an attribute, which is not an object of its own",
            "remove `attr` from the field with its owner",
        ),
        Some(Unlinkable::Filtered) => (
            "a value that a filter writes",
            "only what no filter writes can be pointed to, and what `SharedDyn` writes",
        ),
        None => ("a link, which is not an object", "use an owner that does not hold a link"),
    };
    Error::new(ErrorKind::Unsupported(format!("a `Weak` to {what}"))).with_help(help)
}
