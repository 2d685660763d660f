//! Maps of the standard library.

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::Result;
use crate::impls::pointer::schema_of;
use crate::layout::map::{self, Order};
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

/// `Save` and `FileBacked` for a map type.
macro_rules! map_is_backed {
    ($t:ident<K, V $(, $hasher:ident)?>: ($($bound:tt)*), $order:expr, $new:expr) => {
        impl<K: Save, V: Save $(, $hasher)?> Save for $t<K, V $(, $hasher)?> {
            fn write(&self, slot: Slot<'_>) -> Result<Written> {
                map::write(|| self.iter(), $order, slot)
            }
            fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
                map::write_rows(rows, slot, $order, |map, keys, values| {
                    for (key, value) in map {
                        keys.push(key);
                        values.push(value);
                    }
                })
            }
            fn needs_objects(seen: &mut $crate::schema::Seen) -> bool {
                seen.is_outermost() || K::needs_objects(seen) || V::needs_objects(seen)
            }
            fn key() -> Option<Key<Self>> {
                fn schema<K: Save, V: Save>() -> Schema {
                    Schema::Map { key: schema_of::<K>, value: schema_of::<V>, links: map::by_links::<K, V>() }
                }
                K::key()?;
                V::key().map(|_| Key::of_container(schema::<K, V>))
            }
        }

        impl<K: FileBacked + $($bound)*, V: FileBacked $(, $hasher: BuildHasher + Default + 'static)?> FileBacked
            for $t<K, V $(, $hasher)?>
        {
            fn schema() -> Schema {
                map::schema::<K, V>()
            }
            fn read(node: Node<'_>) -> Result<Self> {
                map::read(node, $new, |map: &mut Self, key, value| map.insert(key, value).is_none())
            }
            fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
                map::read_rows(node, $new, |map: &mut Self, key, value| map.insert(key, value).is_none())
            }
        }
    };
}
#[cfg(feature = "indexmap")]
pub(crate) use map_is_backed;

map_is_backed!(BTreeMap<K, V>: (Ord), Order::Kept, |_| BTreeMap::new());
map_is_backed!(HashMap<K, V, S>: (Eq + Hash), Order::Hashed, |len| HashMap::with_capacity_and_hasher(len, S::default()));
