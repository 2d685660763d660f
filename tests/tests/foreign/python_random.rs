//! Values that nobody thought of, written for Python's FileBacked, read and written by it, and read
//! back.

use filebacked::options::Layout;
use filebacked::{FileBacked, WriteOptions};
use filebacked_tests::{python, scratch};
use ndarray::Array2;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

const CLASSES: &str = "
from typing import Dict, List, Optional, Tuple, Union
import h5py
import numpy as np
from filebacked import FileBacked

class Leaf(FileBacked):
    label: str
    weights: List[float]

FLOAT_OR_STR = Union[float, str]

class Rich(FileBacked):
    number: int
    small: np.int8
    float_: float
    single: np.float32
    text: str
    maybe: Optional[str]
    numbers: List[int]
    floats: Tuple[float, ...]
    texts: List[str]
    lists: List[List[float]]
    nested: List[List[str]]
    array: np.ndarray
    leaf: Leaf
    leaves: List[Leaf]
    by_name: Dict[str, float]
    by_number: Dict[int, List[int]]
    by_list: Dict[Tuple[int, ...], Leaf]
    by_texts: Dict[Tuple[str, ...], Dict[str, str]]
    atom: FLOAT_OR_STR
    atoms: List[FLOAT_OR_STR]
";

#[derive(FileBacked, Debug, PartialEq, Clone)]
#[filebacked(module = "random_classes")]
struct Leaf {
    label: String,
    weights: Vec<f64>,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum FloatOrStr {
    Float(f64),
    Str(String),
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
#[filebacked(module = "random_classes")]
struct Rich {
    number: i64,
    small: i8,
    #[filebacked(rename = "float_")]
    float: f64,
    single: f32,
    text: String,
    maybe: Option<String>,
    numbers: Vec<i64>,
    floats: Vec<f64>,
    texts: Vec<String>,
    lists: Vec<Vec<f64>>,
    nested: Vec<Vec<String>>,
    array: Array2<u16>,
    leaf: Leaf,
    leaves: Vec<Leaf>,
    by_name: BTreeMap<String, f64>,
    by_number: BTreeMap<i64, Vec<i64>>,
    by_list: BTreeMap<Vec<i64>, Leaf>,
    by_texts: BTreeMap<Vec<String>, BTreeMap<String, String>>,
    atom: FloatOrStr,
    atoms: Vec<FloatOrStr>,
}

/// Python loses a NUL at the end.
fn text() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| text.trim_end_matches('\0').to_string())
}

fn key() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|key| format!("{}k", key.replace(['/', '\0'], "")))
}

fn float() -> impl Strategy<Value = f64> {
    use prop::num::f64::{INFINITE, NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO | INFINITE
}

fn leaf() -> impl Strategy<Value = Leaf> {
    (text(), vec(float(), 0..4)).prop_map(|(label, weights)| Leaf { label, weights })
}

fn atom() -> impl Strategy<Value = FloatOrStr> {
    prop_oneof![float().prop_map(FloatOrStr::Float), text().prop_map(FloatOrStr::Str)]
}

fn array() -> impl Strategy<Value = Array2<u16>> {
    (0usize..4, 0usize..4).prop_flat_map(|shape| {
        vec(any::<u16>(), shape.0 * shape.1).prop_map(move |values| {
            Array2::from_shape_vec(shape, values).expect("as many as the shape has")
        })
    })
}

fn rich() -> impl Strategy<Value = Rich> {
    let scalars =
        (any::<i64>(), any::<i8>(), float(), prop::num::f32::NORMAL, text(), option::of(text()));
    let lists = (
        vec(any::<i64>(), 0..4),
        vec(float(), 0..4),
        vec(text(), 0..12),
        vec(vec(float(), 0..3), 0..4),
    );
    let deep = (vec(vec(text(), 0..3), 0..4), array(), leaf(), vec(leaf(), 0..12));
    let maps = (
        btree_map(key(), float(), 0..4),
        btree_map(any::<i64>(), vec(any::<i64>(), 0..3), 0..12),
        btree_map(vec(any::<i64>(), 0..3), leaf(), 0..12),
        btree_map(vec(text(), 0..3), btree_map(key(), text(), 0..3), 0..3),
    );
    (scalars, lists, deep, maps, atom(), vec(atom(), 0..4)).prop_map(
        |(scalars, lists, deep, maps, atom, atoms)| {
            let (number, small, float, single, text, maybe) = scalars;
            let (numbers, floats, texts, lists) = lists;
            let (nested, array, leaf, leaves) = deep;
            let (by_name, by_number, by_list, by_texts) = maps;
            Rich {
                number,
                small,
                float,
                single,
                text,
                maybe,
                numbers,
                floats,
                texts,
                lists,
                nested,
                array,
                leaf,
                leaves,
                by_name,
                by_number,
                by_list,
                by_texts,
                atom,
                atoms,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn there_and_back(value in rich(), lazy in any::<bool>()) {
        let (dir, ours) = scratch("ours.h5");
        WriteOptions::new().layout(Layout::Python).save(&ours, &value).unwrap();
        prop_assert_eq!(&filebacked::load::<Rich>(&ours).unwrap(), &value);
        let Some(python) = python() else { return Ok(()) };
        let theirs = dir.path().join("theirs.h5");
        let lazy = if lazy { "True" } else { "False" };
        let code = format!(
            "{CLASSES}
with h5py.File({ours:?}) as a, h5py.File({theirs:?}, 'w') as b:
    Rich.read(a, lazy={lazy}).write(b)
"
        );
        let request = json!({"op": "exec", "module": "random_classes", "code": code});
        let done = python.ask(&request);
        prop_assert!(done.is_ok(), "{}", done.unwrap_err());
        prop_assert_eq!(&filebacked::load::<Rich>(&theirs).unwrap(), &value);
    }
}
