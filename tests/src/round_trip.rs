//! What every value has to survive.

use crate::scratch;
use filebacked::{File, FileBacked, Save};
use std::fmt::Debug;

/// Asserts that a value comes back equal from bytes and from a file, and that equal values give equal bytes.
#[track_caller]
pub fn round_trip<T: FileBacked + PartialEq + Debug>(value: &T) {
    round_trip_by(value, |a, b| a == b);
}

/// The same for values that are compared in another way.
#[track_caller]
pub fn round_trip_by<T: FileBacked + Debug>(value: &T, same: impl Fn(&T, &T) -> bool) {
    let bytes = filebacked::to_bytes(value).unwrap_or_else(|e| panic!("{value:?}: {e}"));
    let again = filebacked::to_bytes(value).unwrap_or_else(|e| panic!("{value:?}: {e}"));
    assert!(bytes == again, "{value:?}: two saves of one value differ");

    let loaded: T = filebacked::from_bytes(&bytes).unwrap_or_else(|e| panic!("{value:?}: {e}"));
    assert!(same(value, &loaded), "saved  {value:?}\nloaded {loaded:?}");
    // Also tells apart what `==` does not: the bits of a NaN, the sign of a zero.
    let again = filebacked::to_bytes(&loaded).unwrap_or_else(|e| panic!("{value:?}: {e}"));
    assert!(bytes == again, "{value:?}: what was loaded is saved as other bytes");

    let (_dir, path) = scratch("value.h5");
    filebacked::save(&path, value).unwrap_or_else(|e| panic!("{value:?}: {e}"));
    let loaded: T = filebacked::load(&path).unwrap_or_else(|e| panic!("{value:?}: {e}"));
    assert!(same(value, &loaded), "saved  {value:?}\nloaded {loaded:?} from a file");
    let stored = std::fs::read(&path).expect("the file is there");
    let loaded: T = filebacked::from_bytes(&stored).unwrap_or_else(|e| panic!("{value:?}: {e}"));
    assert!(same(value, &loaded), "saved  {value:?}\nloaded {loaded:?} from a file's bytes");
}

/// Loads as one type what was saved as another.
#[track_caller]
pub fn reread<T: FileBacked>(value: &impl Save) -> filebacked::Result<T> {
    filebacked::from_bytes(&filebacked::to_bytes(value).unwrap())
}

/// The sorted names at the root of the file that a value is saved as.
pub fn links(value: &impl Save) -> Vec<String> {
    let (_dir, path) = scratch("links.h5");
    filebacked::save(&path, value).unwrap();
    let mut names = File::open(&path).unwrap().names().unwrap();
    names.sort();
    names
}
