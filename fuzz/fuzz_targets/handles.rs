//! Any bytes as a file of others that nobody trusts, looked at as it is and through handles: an
//! error or a value, in bounded time and memory.

#![no_main]

use filebacked::inspect::TreeOptions;
use filebacked::{FileBacked, Lazy, LazyMap, LazyVec, ReadOptions, Save, Value};
use libfuzzer_sys::fuzz_target;
use mutants::{Record, repair};

#[allow(dead_code, unused_imports)]
#[path = "../../tests/src/mutants/mod.rs"]
mod mutants;

/// So many members of a group are looked at.
const MEMBERS: usize = 8;

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    // Our own decoder leaves superblocks of version 3 to the C library: what is below them it looks
    // at under a 2.
    if bytes.get(8) == Some(&3) {
        bytes[8] = 2;
    }
    repair(&mut bytes);
    let options = ReadOptions::new().untrusted();
    let _ = options.from_bytes::<Value>(&bytes);
    let _ = TreeOptions::new().untrusted().tree_of_bytes(&bytes).map(|tree| tree.to_string());
    each::<Lazy<Value>>(&options, &bytes, |value| drop(value.get()));
    each::<LazyVec<Record>>(&options, &bytes, |rows| {
        let _ = (rows.get(0), rows.read(), rows.column::<u32>("id").and_then(|ids| ids.read()));
    });
    each::<LazyMap<String, Lazy<Vec<String>>>>(&options, &bytes, |map| {
        for key in map.keys().unwrap_or_default().iter().take(MEMBERS) {
            let _ = map.get(key).map(|texts| texts.map(|texts| texts.get().map(Vec::len)));
        }
    });
});

/// Looks at members of the file as values of one type.
fn each<T: FileBacked + Save>(options: &ReadOptions, bytes: &[u8], look: impl Fn(&T)) {
    let Ok(map) = options.from_bytes::<LazyMap<String, T>>(bytes) else { return };
    for key in map.keys().unwrap_or_default().iter().take(MEMBERS) {
        if let Ok(Some(value)) = map.get(key) {
            look(value);
        }
    }
}
