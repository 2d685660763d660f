//! Random values, written by Rust and read by h5py, written by h5py and read by Rust: by
//! docs/FORMAT.md alone.
//!
//! `FILEBACKED_CASES` is how many values of each type are tried.

use filebacked::engine::Engine;
use filebacked::options::Durability;
use filebacked::{Compression, FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::plain::{Plain, schema, variant};
use filebacked_tests::{plain_struct, python, scratch};
use half::f16;
use ndarray::Array2;
use num_complex::Complex;
use proptest::collection::{btree_map, btree_set, hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseResult, TestRunner};
use serde_json::Value;
use sprs::{CsMat, TriMat};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Ours where it can, and the C library for all.
const ENGINES: [Engine; 2] = [Engine::Any, Engine::Libhdf5];

/// As many values as a minute allows for all tests of this file.
const CASES: u32 = 64;

/// Values of one type, both ways.
#[track_caller]
fn both_ways<T: FileBacked + Plain + Debug>(values: impl Strategy<Value = T>) {
    let Some(python) = python() else { return };
    let cases = std::env::var("FILEBACKED_CASES")
        .map_or(CASES, |cases| cases.parse().expect("FILEBACKED_CASES is a number"));
    let config = ProptestConfig {
        cases,
        max_shrink_iters: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let (schema, (_dir, path)) = (schema::<T>(), scratch("value.h5"));
    let fail = |error: String| TestCaseError::fail(error);
    let outcome =
        TestRunner::new(config).run(&(values, any::<u64>()), |(value, seed)| -> TestCaseResult {
            let plain = value.plain();
            let options =
                WriteOptions::new().durability(Durability::Fast).engine(ENGINES[seed as usize % 2]);
            let options =
                if seed % 8 < 2 { options.compression(Compression::Gzip(1)) } else { options };
            options.save(&path, &value).map_err(|error| fail(error.to_string()))?;
            let read = python.read(&path).map_err(fail)?;
            prop_assert!(read == plain, "h5py reads otherwise: {}", difference(&plain, &read));

            python.write(&path, &schema, &plain, seed).map_err(fail)?;
            for engine in ENGINES {
                let loaded: T = ReadOptions::new()
                    .engine(engine)
                    .load(&path)
                    .map_err(|error| fail(format!("{engine:?}: {error}")))?;
                let loaded = loaded.plain();
                prop_assert!(
                    loaded == plain,
                    "{engine:?} reads otherwise: {}",
                    difference(&plain, &loaded)
                );
            }
            Ok(())
        });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// Where two values differ first.
fn difference(wanted: &Value, got: &Value) -> String {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) if wanted.keys().eq(got.keys()) => {
            let at = wanted.iter().find(|(name, value)| got[name.as_str()] != **value);
            at.map_or_else(String::new, |(name, value)| {
                format!("{name}.{}", difference(value, &got[name.as_str()]))
            })
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            let at = wanted.iter().zip(got).position(|(wanted, got)| wanted != got).unwrap_or(0);
            format!("{at}.{}", difference(&wanted[at], &got[at]))
        }
        _ => format!(" wanted {wanted}, got {got}"),
    }
}

// ---- strategies

/// Text with what is hard: NUL, slashes, escapes, all planes of Unicode, lengths that no fixed
/// width suits.
fn text() -> impl Strategy<Value = String> {
    let special = prop_oneof![
        Just(""),
        Just("\0"),
        Just(" "),
        Just("."),
        Just(".."),
        Just("%"),
        Just("a\0b")
    ];
    prop_oneof![
        4 => "[a-z/.% ]{0,6}",
        2 => any::<String>(),
        1 => special.prop_map(String::from),
        1 => "x{100,200}",
    ]
}

/// Integers, the least and the greatest more often than by chance.
macro_rules! limits {
    ($type:ident) => {
        prop_oneof![3 => any::<$type>(), 1 => Just($type::MIN), 1 => Just($type::MAX), 1 => Just(0)]
    };
}

/// Floats of all bit patterns, but NaNs that are not quiet: no reader promises to leave their bits
/// alone.
fn float() -> impl Strategy<Value = f64> {
    let special = prop_oneof![
        Just(-0.0),
        Just(f64::NAN),
        Just(f64::NEG_INFINITY),
        Just(5e-324),
        Just(f64::MAX)
    ];
    prop_oneof![3 => any::<f64>(), 1 => special].prop_map(|f| if f.is_nan() { f64::NAN } else { f })
}

fn single() -> impl Strategy<Value = f32> {
    any::<f32>().prop_map(|f| if f.is_nan() { f32::NAN } else { f })
}

// ---- numbers

#[derive(FileBacked, Debug)]
struct Numbers {
    byte: u8,
    signed: i8,
    wide: u64,
    long: i64,
    widest: u128,
    longest: i128,
    size: usize,
    half: f16,
    single: f32,
    double: f64,
    flag: bool,
    pair: Complex<f64>,
    span: Duration,
    time: SystemTime,
    fixed: [i16; 3],
    longs: Vec<i64>,
    wides: Vec<u64>,
    widests: Vec<u128>,
    doubles: Vec<f64>,
    flags: Vec<bool>,
    pairs: Vec<Complex<f32>>,
    times: Vec<SystemTime>,
    some: Vec<Option<i32>>,
    flags_or_not: Vec<Option<bool>>,
    spans_or_not: Vec<Option<Duration>>,
    rows: Vec<Row>,
    set: BTreeSet<i16>,
}

#[derive(FileBacked, Debug)]
struct Row {
    number: i32,
    maybe: Option<u64>,
    twice: Option<Option<i8>>,
    wide: i128,
}

plain_struct!(Numbers {
    byte,
    signed,
    wide,
    long,
    widest,
    longest,
    size,
    half,
    single,
    double,
    flag,
    pair,
    span,
    time,
    fixed,
    longs,
    wides,
    widests,
    doubles,
    flags,
    pairs,
    times,
    some,
    flags_or_not,
    spans_or_not,
    rows,
    set,
});
plain_struct!(Row { number, maybe, twice, wide });

fn span() -> impl Strategy<Value = Duration> {
    (limits!(u64), 0..1_000_000_000u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos))
}

fn time() -> impl Strategy<Value = SystemTime> {
    let since =
        (0..1u64 << 40, 0..1_000_000_000u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos));
    (since, any::<bool>())
        .prop_map(|(since, before)| if before { UNIX_EPOCH - since } else { UNIX_EPOCH + since })
}

fn row() -> impl Strategy<Value = Row> {
    let parts = (
        limits!(i32),
        option::of(limits!(u64)),
        option::of(option::of(any::<i8>())),
        limits!(i128),
    );
    parts.prop_map(|(number, maybe, twice, wide)| Row { number, maybe, twice, wide })
}

prop_compose! {
    fn numbers()(
        (byte, signed, wide, long, widest) in (any::<u8>(), any::<i8>(), limits!(u64), limits!(i64), limits!(u128)),
        (longest, size, half, single, double) in (limits!(i128), limits!(usize), any::<u16>(), single(), float()),
        (flag, pair, span, time, fixed) in (any::<bool>(), (float(), float()), span(), time(), any::<[i16; 3]>()),
        (longs, wides, widests) in (vec(limits!(i64), 0..5), vec(limits!(u64), 0..5), vec(limits!(u128), 0..3)),
        (doubles, flags) in (vec(float(), 0..5), vec(any::<bool>(), 0..5)),
        (pairs, times) in (vec((self::single(), self::single()), 0..3), vec(self::time(), 0..3)),
        (some, set) in (vec(option::of(any::<i32>()), 0..5), btree_set(any::<i16>(), 0..4)),
        (flags_or_not, spans_or_not) in (vec(option::of(any::<bool>()), 0..3), vec(option::of(self::span()), 0..3)),
        rows in vec(row(), 0..5),
    ) -> Numbers {
        let half = f16::from_bits(half);
        Numbers {
            byte, signed, wide, long, widest, longest, size, single, double, flag, span, time, fixed, longs, wides,
            widests, doubles, flags, times, some, flags_or_not, spans_or_not, rows, set,
            half: if half.is_nan() { f16::NAN } else { half },
            pair: Complex::new(pair.0, pair.1),
            pairs: pairs.into_iter().map(|(re, im)| Complex::new(re, im)).collect(),
        }
    }
}

#[test]
fn numbers_agree() {
    both_ways(numbers());
}

// ---- text

#[derive(FileBacked, Debug)]
struct Texts {
    one: String,
    letter: char,
    #[filebacked(attr)]
    attribute: Option<String>,
    many: Vec<String>,
    letters: Vec<char>,
    some: Vec<Option<String>>,
    lists: Vec<Vec<String>>,
    set: BTreeSet<String>,
    pairs: Vec<(String, Option<String>)>,
}

plain_struct!(Texts { one, letter, attribute, many, letters, some, lists, set, pairs });

prop_compose! {
    fn texts()(
        (one, letter) in (text(), any::<char>()),
        attribute in option::of("[a-zß€/%]{0,8}"),
        (many, letters) in (vec(text(), 0..6), vec(any::<char>(), 0..4)),
        (some, lists) in (vec(option::of(text()), 0..4), vec(vec(text(), 0..3), 0..3)),
        (set, pairs) in (btree_set(text(), 0..4), vec((text(), option::of(text())), 0..3)),
    ) -> Texts {
        Texts { one, letter, attribute, many, letters, some, lists, set, pairs }
    }
}

#[test]
fn texts_agree() {
    both_ways(texts());
}

// ---- structs and enums in each other

#[derive(FileBacked, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    One,
    Two = -7,
    Three = 1000,
}

impl Plain for Kind {
    fn plain(&self) -> Value {
        format!("{self:?}").into()
    }
}

#[derive(FileBacked, Debug, Clone)]
enum Node {
    Empty,
    Leaf(i32),
    Pair(Kind, Option<String>),
    Named { label: Option<String>, kids: Vec<Node> },
    Boxed(Box<Node>),
}

impl Plain for Node {
    fn plain(&self) -> Value {
        match self {
            Node::Empty => variant("Empty", []),
            Node::Leaf(value) => variant("Leaf", [("0", value.plain())]),
            Node::Pair(kind, text) => variant("Pair", [("0", kind.plain()), ("1", text.plain())]),
            Node::Named { label, kids } => {
                variant("Named", [("label", label.plain()), ("kids", kids.plain())])
            }
            Node::Boxed(node) => variant("Boxed", [("0", node.plain())]),
        }
    }
}

#[derive(FileBacked, Debug)]
struct Nested {
    kind: Kind,
    node: Node,
    maybe: Option<Option<Kind>>,
    result: Result<Vec<u8>, String>,
    unit: (),
    pair: (Option<u8>, (bool, Option<Node>)),
    kinds: Vec<Kind>,
    kinds_or_not: Vec<Option<Kind>>,
    twice: Vec<Option<Option<u16>>>,
    nodes: Vec<Node>,
    nodes_or_not: Vec<Option<Node>>,
    lists: Vec<Vec<Vec<Option<i8>>>>,
    results: Vec<Result<Vec<u8>, String>>,
    rows: Vec<Inner>,
}

#[derive(FileBacked, Debug)]
struct Inner {
    name: String,
    node: Option<Node>,
    nodes: Vec<Node>,
    units: Vec<()>,
    more: Vec<Inner>,
}

plain_struct!(Nested {
    kind,
    node,
    maybe,
    result,
    unit,
    pair,
    kinds,
    kinds_or_not,
    twice,
    nodes,
    nodes_or_not,
    lists,
    results,
    rows,
});
plain_struct!(Inner { name, node, nodes, units, more });

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::One), Just(Kind::Two), Just(Kind::Three)]
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Empty),
        limits!(i32).prop_map(Node::Leaf),
        (kind(), option::of(text())).prop_map(|(kind, text)| Node::Pair(kind, text)),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            (option::of(text()), vec(inner.clone(), 0..3))
                .prop_map(|(label, kids)| Node::Named { label, kids }),
            inner.prop_map(|node| Node::Boxed(Box::new(node))),
        ]
    })
}

fn inner() -> impl Strategy<Value = Inner> {
    let make = |(name, node, nodes, units, more)| Inner { name, node, nodes, units, more };
    let parts = || (text(), option::of(node()), vec(node(), 0..3), vec(Just(()), 0..3));
    let leaf = parts()
        .prop_map(move |(name, node, nodes, units)| make((name, node, nodes, units, vec![])));
    leaf.prop_recursive(2, 6, 2, move |inner| {
        (parts(), vec(inner, 0..3)).prop_map(move |((name, node, nodes, units), more)| {
            make((name, node, nodes, units, more))
        })
    })
}

fn result() -> impl Strategy<Value = Result<Vec<u8>, String>> {
    prop_oneof![vec(any::<u8>(), 0..4).prop_map(Ok), text().prop_map(Err)]
}

prop_compose! {
    fn nested()(
        (kind, node, maybe) in (kind(), node(), option::of(option::of(kind()))),
        result in result(),
        pair in (option::of(any::<u8>()), (any::<bool>(), option::of(node()))),
        (kinds, kinds_or_not) in (vec(self::kind(), 0..4), vec(option::of(self::kind()), 0..4)),
        twice in vec(option::of(option::of(any::<u16>())), 0..4),
        (nodes, nodes_or_not) in (vec(self::node(), 0..4), vec(option::of(self::node()), 0..4)),
        lists in vec(vec(vec(option::of(any::<i8>()), 0..3), 0..3), 0..3),
        results in vec(self::result(), 0..3),
        rows in vec(inner(), 0..3),
    ) -> Nested {
        Nested {
            kind, node, maybe, result, unit: (), pair, kinds, kinds_or_not, twice, nodes, nodes_or_not, lists, results,
            rows,
        }
    }
}

#[test]
fn nested_values_agree() {
    both_ways(nested());
}

// ---- maps

#[derive(FileBacked, Debug)]
struct Maps {
    numbers: HashMap<String, f64>,
    by_number: BTreeMap<i64, String>,
    by_letter: BTreeMap<char, u8>,
    flat: BTreeMap<String, (i32, Option<Kind>)>,
    lists: HashMap<String, Vec<i32>>,
    nodes: BTreeMap<i32, Node>,
    by_kind: BTreeMap<Kind, Vec<u8>>,
    by_pair: BTreeMap<(u8, String), Option<Node>>,
    nodes_or_not: HashMap<String, Option<Node>>,
    maps: HashMap<String, BTreeMap<String, u8>>,
    rows: Vec<BTreeMap<String, Vec<u8>>>,
}

plain_struct!(Maps {
    numbers,
    by_number,
    by_letter,
    flat,
    lists,
    nodes,
    by_kind,
    by_pair,
    nodes_or_not,
    maps,
    rows
});

prop_compose! {
    fn maps()(
        (numbers, by_number) in (hash_map(text(), float(), 0..5), btree_map(limits!(i64), text(), 0..5)),
        by_letter in btree_map(any::<char>(), any::<u8>(), 0..3),
        flat in btree_map(text(), (any::<i32>(), option::of(kind())), 0..4),
        (lists, nodes) in (hash_map(text(), vec(any::<i32>(), 0..3), 0..4), btree_map(limits!(i32), node(), 0..3)),
        by_kind in btree_map(kind(), vec(any::<u8>(), 0..3), 0..3),
        by_pair in btree_map((any::<u8>(), text()), option::of(node()), 0..3),
        nodes_or_not in hash_map(text(), option::of(node()), 0..3),
        maps in hash_map(text(), btree_map(text(), any::<u8>(), 0..3), 0..3),
        rows in vec(btree_map(text(), vec(any::<u8>(), 0..3), 0..3), 0..3),
    ) -> Maps {
        Maps { numbers, by_number, by_letter, flat, lists, nodes, by_kind, by_pair, nodes_or_not, maps, rows }
    }
}

#[test]
fn maps_agree() {
    both_ways(maps());
}

// ---- what is no struct; arrays

/// A tuple struct of one field is stored as that.
#[derive(FileBacked, Debug)]
struct Points(Vec<(f64, Option<String>)>);

impl Plain for Points {
    fn plain(&self) -> Value {
        self.0.plain()
    }
}

#[test]
fn values_that_are_not_the_root_agree() {
    both_ways(vec((float(), option::of(text())), 0..4).prop_map(Points));
    both_ways(btree_map(text(), vec(kind(), 0..3), 0..4));
}

#[derive(FileBacked, Debug)]
struct Arrays {
    doubles: Array2<f64>,
    texts: Array2<String>,
    flags: Array2<bool>,
    list: Vec<Array2<i16>>,
    by_name: BTreeMap<String, Array2<u8>>,
}

plain_struct!(Arrays { doubles, texts, flags, list, by_name });

fn array<T: Clone + Debug>(element: impl Strategy<Value = T>) -> impl Strategy<Value = Array2<T>> {
    (vec(element, 12), 0..4usize, 0..4usize).prop_map(|(values, rows, columns)| {
        Array2::from_shape_vec((rows, columns), values[..rows * columns].to_vec()).unwrap()
    })
}

prop_compose! {
    fn arrays()(
        (doubles, texts, flags) in (array(float()), array(text()), array(any::<bool>())),
        (list, by_name) in (vec(array(any::<i16>()), 0..3), btree_map(text(), array(any::<u8>()), 0..3)),
    ) -> Arrays {
        Arrays { doubles, texts, flags, list, by_name }
    }
}

#[test]
fn arrays_agree() {
    both_ways(arrays());
}

/// A few numbers in a matrix, some of them at one place: they add up.
fn sparse() -> impl Strategy<Value = TriMat<f64>> {
    vec((0..5usize, 0..4usize, -1e9..1e9), 0..8).prop_map(|entries| {
        let mut matrix = TriMat::new((5, 4));
        entries.into_iter().for_each(|(row, column, value)| matrix.add_triplet(row, column, value));
        matrix
    })
}

#[test]
fn sparse_matrices_agree() {
    let by_row = sparse().prop_map(|matrix| matrix.to_csr::<usize>());
    let by_column = sparse().prop_map(|matrix| matrix.to_csc::<usize>());
    both_ways::<CsMat<f64>>(prop_oneof![by_row, by_column]);
}
