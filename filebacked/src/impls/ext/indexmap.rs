//! indexmap: maps and sets that keep the order of insertion, in the layouts of any map and set.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::Result;
use crate::impls::collection::{Len, collections_are_backed, distinct, kept, read_all, write_all};
use crate::impls::map::map_is_backed;
use crate::impls::pointer::schema_of;
use crate::layout::map::{self, Order};
use crate::layout::sequence;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use indexmap::{IndexMap, IndexSet};
use std::hash::{BuildHasher, Hash};

map_is_backed!(IndexMap<K, V, S>: (Eq + Hash), Order::Kept, |len| IndexMap::with_capacity_and_hasher(len, S::default()));

impl<T, S> Len for IndexSet<T, S> {
    fn len(&self) -> usize {
        self.len()
    }
}

collections_are_backed! {
    IndexSet<T, S>: (Eq + Hash), kept, distinct;
}
