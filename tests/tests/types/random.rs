//! Round trips of values that nobody thought of.

use filebacked::FileBacked;
use proptest::collection::{btree_map, hash_map, hash_set, vec};
use proptest::option;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Rich {
    number: i64,
    wide: u128,
    float: f32,
    text: String,
    letter: char,
    flags: Vec<bool>,
    texts: Vec<String>,
    maybe: Option<Option<u16>>,
    lists: Vec<Vec<Option<i8>>>,
    pair: (u8, Option<String>),
    array: [i16; 3],
    strings: [String; 2],
    node: Node,
    nodes: Vec<Node>,
    by_name: HashMap<String, f32>,
    by_number: BTreeMap<i32, Vec<Node>>,
    by_pair: BTreeMap<(u8, String), Option<Node>>,
    set: HashSet<String>,
    result: Result<Vec<u8>, String>,
    time: Duration,
    unit: (),
    #[filebacked(attr)]
    attribute: Option<u32>,
    #[filebacked(flatten)]
    flat: Flat,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Flat {
    flat_number: u8,
    flat_kind: Kind,
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
enum Kind {
    One,
    Two = -7,
    Three = 1000,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Node {
    Empty,
    Leaf(i32),
    Pair(Kind, String),
    Named { label: Option<String>, kids: Vec<Node> },
    Boxed(Box<Node>),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z/.%]{0,6}", 2 => any::<String>(), 1 => Just("\0".to_string()), 1 => "x{100,200}"]
}

fn float() -> impl Strategy<Value = f32> {
    // Not NaN, which is unequal to itself; its bits have a test of their own.
    any::<f32>().prop_map(|float| if float.is_nan() { 0.0 } else { float })
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::One), Just(Kind::Two), Just(Kind::Three)]
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Empty),
        any::<i32>().prop_map(Node::Leaf),
        (kind(), text()).prop_map(|(kind, text)| Node::Pair(kind, text)),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            (option::of(text()), vec(inner.clone(), 0..3))
                .prop_map(|(label, kids)| Node::Named { label, kids }),
            inner.prop_map(|node| Node::Boxed(Box::new(node))),
        ]
    })
}

prop_compose! {
    fn rich()(
        (number, wide, float, text_, letter) in (any::<i64>(), any::<u128>(), float(), text(), any::<char>()),
        (flags, texts, maybe) in (vec(any::<bool>(), 0..4), vec(text(), 0..4), option::of(option::of(any::<u16>()))),
        lists in vec(vec(option::of(any::<i8>()), 0..3), 0..3),
        (pair, array, strings) in ((any::<u8>(), option::of(text())), any::<[i16; 3]>(), [text(), text()]),
        (node, nodes) in (node(), vec(node(), 0..3)),
        by_name in hash_map(text(), self::float(), 0..4),
        by_number in btree_map(any::<i32>(), vec(self::node(), 0..2), 0..3),
        by_pair in btree_map((any::<u8>(), text()), option::of(self::node()), 0..3),
        set in hash_set(text(), 0..4),
        result in prop_oneof![vec(any::<u8>(), 0..4).prop_map(Ok), text().prop_map(Err)],
        (secs, nanos, attribute) in (any::<u64>(), 0..1_000_000_000u32, option::of(any::<u32>())),
        (flat_number, flat_kind) in (any::<u8>(), kind()),
    ) -> Rich {
        Rich {
            number, wide, float, text: text_, letter, flags, texts, maybe, lists, pair, array, strings, node, nodes,
            by_name, by_number, by_pair, set, result, time: Duration::new(secs, nanos), unit: (), attribute,
            flat: Flat { flat_number, flat_kind },
        }
    }
}

/// Equal after a round trip, equal bytes of equal values.
fn check<T: FileBacked + PartialEq + std::fmt::Debug + Clone>(
    value: &T,
) -> Result<(), TestCaseError> {
    let bytes = filebacked::to_bytes(value).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let loaded: T =
        filebacked::from_bytes(&bytes).map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert_eq!(&loaded, value);
    prop_assert!(bytes == filebacked::to_bytes(&value.clone()).unwrap(), "two saves differ");
    prop_assert!(
        bytes == filebacked::to_bytes(&loaded).unwrap(),
        "what was loaded is saved as other bytes"
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rich_value(value in rich()) {
        check(&value)?;
    }

    #[test]
    fn rows_of_rich_values(values in vec(rich(), 0..5)) {
        check(&values)?;
    }

    #[test]
    fn maps_of_rich_values(values in btree_map(text(), rich(), 0..3)) {
        check(&values)?;
    }

    #[test]
    fn any_bytes_are_an_error_or_a_value(bytes in vec(any::<u8>(), 0..2000)) {
        let _ = filebacked::from_bytes::<Vec<u8>>(&bytes);
        let signed = [b"\x89HDF\r\n\x1a\n", &bytes[..]].concat();
        let _ = filebacked::from_bytes::<Vec<u8>>(&signed);
    }

    #[test]
    fn any_name_is_a_key(names in hash_set(any::<String>(), 0..5)) {
        check(&names.iter().cloned().map(|name| (name, vec![1u8])).collect::<HashMap<_, _>>())?;
        check(&names.into_iter().map(|name| (name, 1u8)).collect::<HashMap<_, _>>())?;
    }
}
