//! Maps: as columns, as links, many of them.

use filebacked::FileBacked;
use indexmap::IndexMap;
use ndarray::{Array1, array};
use std::collections::{BTreeMap, HashMap};

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Maps {
    numbers: BTreeMap<String, f64>,
    structs: BTreeMap<String, Entry>,
    integer_keys: HashMap<i32, u8>,
    tuple_keys: BTreeMap<(u8, u8), String>,
    lists: BTreeMap<String, Vec<u8>>,
    arrays: BTreeMap<String, Array1<f64>>,
    odd_keys: BTreeMap<String, Vec<u8>>,
    many: Vec<BTreeMap<String, u8>>,
    #[filebacked(layout = "links")]
    as_links: BTreeMap<String, f64>,
    #[filebacked(layout = "links")]
    ordered_links: IndexMap<String, u8>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Entry {
    width: u32,
    note: Option<String>,
}

/// A map with text as keys.
fn map<V, M: FromIterator<(String, V)>, const N: usize>(entries: [(&str, V); N]) -> M {
    entries.into_iter().map(|(key, value)| (key.to_string(), value)).collect()
}

pub(super) fn maps() -> Maps {
    Maps {
        numbers: map([("a", 0.5), ("b", 1.5)]),
        structs: map([
            ("in", Entry { width: 1, note: None }),
            ("out", Entry { width: 2, note: Some("n".into()) }),
        ]),
        integer_keys: [(-1, 1), (10, 2), (9, 3)].into(),
        tuple_keys: [((1, 2), "x".to_string())].into(),
        lists: map([("a", vec![1]), ("10", vec![]), ("9", vec![2, 3])]),
        arrays: map([("w", array![0.5, 1.5])]),
        odd_keys: map([("", vec![1]), (".", vec![2]), ("a/b", vec![3]), ("100%", vec![4])]),
        many: vec![map([("a", 1), ("b", 2)]), map([])],
        as_links: map([("a", 0.5)]),
        ordered_links: map([("z", 1), ("a", 2)]),
    }
}

pub(super) fn at_the_root() -> BTreeMap<String, Array1<f64>> {
    map([("a", array![1.0]), ("b/c", array![2.0, 3.0])])
}
