//! Any bytes as a file: an error or a value, in bounded time and memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mutants::{Flats, State, repair};
use std::collections::BTreeMap;

#[allow(dead_code, unused_imports)]
#[path = "../../tests/src/mutants/mod.rs"]
mod mutants;

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    repair(&mut bytes);
    let _ = filebacked::from_bytes::<State>(&bytes);
    let _ = filebacked::from_bytes::<Vec<Option<String>>>(&bytes);
    let _ = filebacked::from_bytes::<Flats>(&bytes);
    let _ = filebacked::from_bytes::<BTreeMap<u32, Vec<u8>>>(&bytes);
    let _ = filebacked::inspect::tree_of_bytes(&bytes).map(|tree| tree.to_string());
});
