//! Values in every place where a value can be: one type for each way of storing.

#![allow(clippy::reversed_empty_ranges)] // A range that ends before it starts is a value too.

use filebacked::FileBacked;
use filebacked_tests::round_trip;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;
use std::ops::Bound;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Duration;

/// A struct around a value, so that columns of it are met: of the value, of options, of sequences.
#[derive(FileBacked, Debug, PartialEq)]
struct Row<T> {
    id: u32,
    value: T,
    maybe: Option<T>,
    many: Vec<T>,
    pair: (T, u8),
}

/// All other places where a value can be.
#[derive(FileBacked, Debug, PartialEq)]
struct Places<T> {
    lists: Vec<Vec<T>>,
    options: Vec<Option<T>>,
    deep: Vec<Option<Option<T>>>,
    by_key: BTreeMap<String, Option<T>>,
    maps: Vec<BTreeMap<u8, T>>,
    rows: Vec<Row<T>>,
    results: Vec<Result<T, T>>,
    arrays: Vec<[T; 2]>,
    boxed: Option<Box<Option<T>>>,
}

/// Each value alone, and all of them in each place where a value can be.
fn everywhere<T: FileBacked + PartialEq + Debug>(make: impl Fn() -> Vec<T>) {
    for value in make() {
        round_trip(&value);
    }
    round_trip(&make());
    round_trip(&Vec::<T>::new());
    for value in make().into_iter().map(Some).chain([None]) {
        round_trip(&value);
    }
    round_trip(&Vec::<Row<T>>::new());
    for row in rows(&make) {
        round_trip(&row);
    }
    let options = || [None].into_iter().chain(make().into_iter().map(Some)).chain([None]);
    let keyed = || (0..).zip(make()).collect();
    round_trip(&Places {
        lists: vec![make(), vec![], make()],
        options: options().collect(),
        deep: options().map(Some).chain([None, Some(None)]).collect(),
        by_key: options().enumerate().map(|(i, value)| (format!("key {i}"), value)).collect(),
        maps: vec![keyed(), BTreeMap::new(), keyed()],
        rows: rows(&make),
        results: make().into_iter().map(Ok).chain(make().into_iter().map(Err)).collect(),
        arrays: vec![[make().swap_remove(0), make().pop().unwrap()]],
        boxed: Some(Box::new(None)),
    });
    round_trip(&Places::<T> {
        lists: vec![vec![], vec![]],
        options: vec![None, None],
        deep: vec![],
        by_key: BTreeMap::new(),
        maps: vec![BTreeMap::new()],
        rows: vec![],
        results: vec![],
        arrays: vec![],
        boxed: None,
    });
}

fn rows<T>(make: impl Fn() -> Vec<T>) -> Vec<Row<T>> {
    let row = |(i, value)| Row {
        id: i as u32,
        value,
        maybe: (i % 2 == 0).then(|| make().swap_remove(0)),
        many: if i == 0 { Vec::new() } else { make() },
        pair: (make().pop().unwrap(), i as u8),
    };
    make().into_iter().enumerate().map(row).collect()
}

#[derive(FileBacked, Debug, PartialEq)]
enum Unit {
    One,
    Two = 300,
}

#[derive(FileBacked, Debug, PartialEq)]
enum Data {
    None,
    Some(Option<u8>, String),
    Named { list: Vec<u8>, unit: Unit },
}

#[derive(FileBacked, Debug, PartialEq)]
struct Nothing;

/// `name: expression`, where the expression gives a `Vec` of values of the type.
macro_rules! places {
    ($($name:ident: $values:expr;)*) => {
        $(
            #[test]
            fn $name() {
                everywhere(|| $values);
            }
        )*
    };
}

places! {
    number: vec![i16::MIN, 0, i16::MAX];
    wide_number: vec![u128::MAX, 0, 1 << 64];
    bool: vec![true, false];
    char: vec!['a', '\0', '\u{10ffff}'];
    unit: vec![(), ()];
    unit_struct: vec![Nothing, Nothing];
    text: ["", "a", "a\0b", "größe"].map(String::from).into();
    long_and_short_text: vec!["x".repeat(300), String::new(), "\u{10ffff}".into()];
    array: vec![[1u16, 2, 3], [0, u16::MAX, 1]];
    array_of_text: vec![["a".to_string(), "".into()], ["bb".into(), "c\0".into()]];
    empty_array: vec![[0u8; 0], []];
    array_of_vecs: vec![[vec![1u8], vec![]], [vec![2, 3], vec![4]]];
    tuple: vec![(None, 'a', vec!["x".to_string()]), (Some(1u8), '\0', vec![])];
    list: vec![vec![1u8, 2], vec![], vec![3]];
    list_of_options: vec![vec![None, Some(1u8)], vec![]];
    option: vec![None, Some(1u8), Some(0)];
    pointer: vec![Rc::new("a".to_string()), Rc::new(String::new())];
    once: vec![OnceLock::from(1u8), OnceLock::new()];
    set: vec![HashSet::from([1u8, 2, 3]), HashSet::new()];
    map: vec![HashMap::from([("a".to_string(), 1u8), ("b".into(), 2)]), HashMap::new()];
    map_of_lists: vec![HashMap::from([("a/b".to_string(), vec![1u8]), ("".into(), vec![])]), HashMap::new()];
    map_with_other_keys: vec![BTreeMap::from([((1u8, 'a'), vec![1u8]), ((0, '\0'), vec![])]), BTreeMap::new()];
    unit_enum: vec![Unit::Two, Unit::One];
    data_enum: vec![
        Data::Some(None, "a".into()),
        Data::None,
        Data::Named { list: vec![1], unit: Unit::Two },
        Data::Some(Some(0), String::new()),
    ];
    bound: vec![Bound::Included(1u8), Bound::Unbounded, Bound::Excluded(0)];
    result: vec![Ok(1u8), Err("no".to_string())];
    range: vec![0u8..3, 5..1];
    duration: vec![Duration::MAX, Duration::ZERO];
}
