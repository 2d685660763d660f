//! [`Written`]: the objects that may be linked to once more.

use crate::erased::Hold;
use crate::field::{Coding, Storage, StoreAs};
use crate::layout::encoding::Encoding;
use crate::path::State;
use std::any::TypeId;
use std::collections::HashMap;
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
    pub(crate) fn new(value: *const u8, id: TypeId, strong: usize, weak: usize, keep: &'a dyn Keep) -> Self {
        Owner { address: value as usize, id, strong, weak, keep }
    }
}

impl fmt::Debug for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").field("strong", &self.strong).field("weak", &self.weak).finish_non_exhaustive()
    }
}

/// An owner that one more can be made of.
pub(crate) trait Keep {
    /// One more owner, so that no other value takes the address meanwhile.
    fn keep(&self) -> Option<Hold>;
}

/// What an object depends on beside its value: where it is written in another way, it is another object.
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

/// What was met under an address.
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
struct Entry {
    how: Option<How>,
    status: Status,
    /// The same value, written in another way.
    next: Option<u32>,
    _held: Hold,
}

/// The values that a sink has written of those that have several owners, by number.
#[derive(Debug, Default)]
pub(crate) struct Written {
    entries: Vec<Entry>,
    /// The first entry of each value.
    first: HashMap<(usize, TypeId), u32>,
}

impl Written {
    /// Looks a value up that is about to be written.
    pub(crate) fn meet(&mut self, owner: &Owner<'_>, how: How) -> Option<Met> {
        let first = self.first.get(&(owner.address, owner.id)).copied();
        let mut at = first;
        while let Some(number) = at {
            let entry = self.entries.get_mut(number as usize)?;
            match entry.status {
                // However it is written, it is in itself.
                Status::Open => return Some(Met::Open),
                Status::Wanted => {
                    entry.status = Status::Open;
                    entry.how = Some(how);
                    return Some(Met::New(number));
                }
                Status::Written if entry.how.as_ref() == Some(&how) => return Some(Met::Written(number)),
                Status::Written | Status::Nowhere => at = entry.next,
            }
        }
        self.add(owner, Some(how), Status::Open).map(Met::New)
    }

    /// The number of a value that something points to.
    pub(crate) fn want(&mut self, owner: &Owner<'_>) -> Option<u32> {
        match self.first.get(&(owner.address, owner.id)) {
            Some(number) => Some(*number),
            None => self.add(owner, None, Status::Wanted),
        }
    }

    /// Notes whether an object is there now.
    pub(crate) fn done(&mut self, number: u32, linkable: bool) {
        if let Some(entry) = self.entries.get_mut(number as usize) {
            entry.status = if linkable { Status::Written } else { Status::Nowhere };
        }
    }

    fn add(&mut self, owner: &Owner<'_>, how: Option<How>, status: Status) -> Option<u32> {
        let held = owner.keep.keep()?;
        let number = u32::try_from(self.entries.len()).ok()?;
        let key = (owner.address, owner.id);
        match self.first.get(&key) {
            None => {
                self.first.insert(key, number);
                self.entries.push(Entry { how, status, next: None, _held: held });
            }
            // Behind the first: that is what something points to.
            Some(first) => {
                let first = self.entries.get_mut(*first as usize)?;
                let next = first.next.replace(number);
                self.entries.push(Entry { how, status, next, _held: held });
            }
        }
        Some(number)
    }
}
