//! The derive on enums of every kind, on generic, recursive and borrowing types.

use filebacked::{File, FileBacked, Save};
use filebacked_tests::{links, python, reread, round_trip, scratch};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Debug;

// ---- enums

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(tag = "kind of", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Tagged {
    EmptyOne,
    Tuple(u8, Option<String>),
    Struct {
        long_name: Vec<u8>,
        #[filebacked(attr)]
        unit: String,
    },
    #[filebacked(rename = "box")]
    Boxed(Box<Tagged>),
    NoFields {},
    Newtype((u8, u8)),
}

fn tagged() -> Vec<Tagged> {
    vec![
        Tagged::Tuple(1, None),
        Tagged::EmptyOne,
        Tagged::Struct { long_name: vec![1], unit: "m".into() },
        Tagged::Boxed(Box::new(Tagged::Tuple(2, Some("x".into())))),
        Tagged::NoFields {},
        Tagged::Newtype((3, 4)),
        Tagged::Boxed(Box::new(Tagged::Boxed(Box::new(Tagged::EmptyOne)))),
    ]
}

#[test]
fn enums_of_every_kind() {
    for value in tagged() {
        round_trip(&value);
    }
    round_trip(&tagged());
    round_trip(&Vec::<Tagged>::new());
    round_trip(&vec![Some(tagged()), None]);
    let Some(python) = python() else { return };
    let file = python.describe_saved(&tagged().swap_remove(2));
    let root = file.group("/", "enum Tagged 1", &["longName"]);
    root.attribute("kind of").holds("str-fixed-6-utf8", &[], "struct");
    root.attribute("unit").holds("str-fixed-1-utf8", &[], "m");
    let file = python.describe_saved(&tagged());
    let tags = file.at("/value/kind of");
    assert_eq!(tags.get("value"), &json!([1, 0, 2, 3, 4, 5, 3]));
    file.dataset("/value/struct/unit", "str-fixed-1-utf8", &[1], json!(["m"]));
    file.dataset("/value/tuple/0", "|u1", &[1], json!([1]));
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
#[filebacked(repr = "string")]
enum AsText {
    One,
    #[filebacked(rename = "zwei größer")]
    Two,
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
#[filebacked(repr = "u8")]
enum AsU8 {
    Low = 3,
    High = 255,
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
#[filebacked(repr = "i64")]
#[repr(i64)]
enum AsI64 {
    Low = i64::MIN,
    Zero = 0,
    Next,
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
#[filebacked(repr = "enum")]
enum AsEnum {
    Minus = -5,
    Next,
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
#[repr(u64)]
enum Large {
    Max = u64::MAX,
    Zero = 0,
}

#[test]
fn enums_without_data() {
    round_trip(&vec![AsText::Two, AsText::One]);
    round_trip(&vec![AsU8::High, AsU8::Low]);
    round_trip(&vec![AsI64::Low, AsI64::Zero, AsI64::Next]);
    round_trip(&vec![AsEnum::Next, AsEnum::Minus]);
    round_trip(&vec![Large::Max, Large::Zero]);
    round_trip(&vec![Some(AsU8::High), None]);
    round_trip(&[AsText::One, AsText::Two].map(|key| (format!("{key:?}"), key)));
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("repr.h5");
    let file = File::create(&path).unwrap();
    file.write("text", &vec![AsText::Two, AsText::One]).unwrap();
    file.write("one", &AsText::Two).unwrap();
    file.write("u8", &vec![AsU8::High, AsU8::Low]).unwrap();
    file.write("i64", &AsI64::Next).unwrap();
    file.write("enum", &AsEnum::Next).unwrap();
    file.write("large", &Large::Max).unwrap();
    drop(file);
    let file = python.describe(&path);
    file.dataset("/text", "str-fixed-13-utf8", &[2], json!(["zwei größer", "One"]));
    file.dataset("/one", "str-fixed-13-utf8", &[], "zwei größer");
    file.dataset("/u8", "|u1", &[2], json!([255, 3]));
    file.dataset("/i64", "<i8", &[], 1);
    file.dataset("/enum", r#"enum:{"Minus":-5,"Next":-4}"#, &[], -4);
    assert_eq!(file.at("/large").get("value"), &json!(u64::MAX));
}

#[test]
fn enums_without_data_are_keys() {
    #[derive(FileBacked, Debug, PartialEq, Eq, PartialOrd, Ord)]
    enum Key {
        #[filebacked(rename = "a/b")]
        First,
        Second,
    }
    let lists = || BTreeMap::from([(Key::First, vec![1u8]), (Key::Second, vec![])]);
    round_trip(&lists());
    assert_eq!(links(&lists()), ["Second", "a%2Fb"]);
    round_trip(&BTreeMap::from([(Key::First, 1u8), (Key::Second, 2)]));
}

#[derive(FileBacked, Debug, PartialEq)]
enum Tolerant {
    Known,
    #[filebacked(other)]
    Unknown,
}

#[derive(FileBacked, Debug, PartialEq)]
enum TolerantData {
    Known(u8),
    #[filebacked(other)]
    Unknown,
}

#[test]
fn other() {
    #[derive(FileBacked)]
    enum Newer {
        Known,
        Novel,
    }
    #[derive(FileBacked)]
    #[filebacked(name = "TolerantData")]
    enum NewerData {
        Known(u8),
        Novel(String),
    }
    assert_eq!(reread::<Tolerant>(&Newer::Novel).unwrap(), Tolerant::Unknown);
    let read = reread::<Vec<Tolerant>>(&vec![Newer::Novel, Newer::Known]).unwrap();
    assert_eq!(read, [Tolerant::Unknown, Tolerant::Known]);
    assert_eq!(
        reread::<TolerantData>(&NewerData::Novel("x".into())).unwrap(),
        TolerantData::Unknown
    );
    let newer = vec![NewerData::Known(1), NewerData::Novel("x".into()), NewerData::Known(2)];
    let read = reread::<Vec<TolerantData>>(&newer).unwrap();
    assert_eq!(read, [TolerantData::Known(1), TolerantData::Unknown, TolerantData::Known(2)]);
    round_trip(&vec![TolerantData::Unknown, TolerantData::Known(1)]);
}

// ---- generics

trait Unit {
    const NAME: &'static str;
}

#[derive(Debug, PartialEq)]
struct Meter;

impl Unit for Meter {
    const NAME: &'static str = "m";
}

#[derive(FileBacked, Debug, PartialEq)]
struct Quantity<T, U: Unit>
where
    T: Clone,
{
    values: Vec<T>,
    first: Option<T>,
    unit: std::marker::PhantomData<U>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Grid<T, const W: usize, const H: usize> {
    cells: [[T; W]; H],
}

#[derive(FileBacked, Debug, PartialEq)]
enum Either<L, R = u8> {
    Left(L),
    Right { value: R, more: Vec<R> },
    Neither,
}

#[derive(FileBacked, Debug, PartialEq)]
struct List<T> {
    head: T,
    tail: Option<Box<List<T>>>,
    more: Vec<List<T>>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Ping {
    pongs: Vec<Pong>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Pong {
    ping: Option<Box<Ping>>,
    by_name: BTreeMap<String, Ping>,
}

trait Kind {
    type Value: FileBacked + Debug + PartialEq;
}

#[derive(Debug, PartialEq)]
struct Numbers;

impl Kind for Numbers {
    type Value = u64;
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(bound = "K: 'static")]
struct Associated<K: Kind> {
    value: K::Value,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Projected<K: Kind> {
    value: K::Value,
    list: Vec<K::Value>,
}

#[test]
fn generic_types() {
    assert_eq!(Meter::NAME, "m");
    let quantity = || Quantity::<f64, Meter> {
        values: vec![0.5],
        first: None,
        unit: std::marker::PhantomData,
    };
    round_trip(&quantity());
    round_trip(&vec![quantity(), Quantity { first: Some(1.5), ..quantity() }]);
    round_trip(&Grid { cells: [[1u8, 2, 3], [4, 5, 6]] });
    round_trip(&vec![Grid::<String, 1, 1> { cells: [["x".into()]] }]);
    round_trip(&Grid::<u8, 0, 2> { cells: [[], []] });
    let either = || {
        vec![
            Either::Left("x".to_string()),
            Either::Right { value: 1u8, more: vec![2] },
            Either::Neither,
        ]
    };
    round_trip(&either());
    either().iter().for_each(round_trip);
    round_trip(&Associated::<Numbers> { value: 7 });
    round_trip(&vec![Projected::<Numbers> { value: 7, list: vec![8] }]);
}

#[test]
fn recursive_types() {
    let end = |head: &str| List { head: head.to_string(), tail: None, more: vec![] };
    let list = List {
        tail: Some(Box::new(end("b"))),
        more: vec![end("c"), List { more: vec![end("e")], ..end("d") }],
        ..end("a")
    };
    round_trip(&list);
    round_trip(&vec![list, end("z")]);
    round_trip(&Vec::<List<u8>>::new());
    let none = || Ping { pongs: vec![] };
    let pong =
        Pong { ping: Some(Box::new(none())), by_name: BTreeMap::from([("x".to_string(), none())]) };
    let ping = Ping { pongs: vec![pong, Pong { ping: None, by_name: BTreeMap::new() }] };
    round_trip(&ping);
    round_trip(&vec![ping, none()]);
}

#[derive(Save)]
struct Borrowed<'a, T> {
    name: &'a str,
    values: &'a [T],
    list: Vec<&'a str>,
    maybe: Option<&'a T>,
    map: BTreeMap<&'a str, &'a [T]>,
    inner: Option<Box<Borrowed<'a, T>>>,
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(name = "Borrowed")]
struct Owned {
    name: String,
    values: Vec<u16>,
    list: Vec<String>,
    maybe: Option<u16>,
    map: BTreeMap<String, Vec<u16>>,
    inner: Option<Box<Owned>>,
}

#[derive(Save)]
enum BorrowedEnum<'a> {
    Text(&'a str),
    None,
}

#[test]
fn types_that_borrow() {
    let values = [1u16, 2];
    let borrowed = |inner| Borrowed {
        name: "n",
        values: &values,
        list: vec!["a", "b\0"],
        maybe: Some(&values[0]),
        map: BTreeMap::from([("k", &values[1..])]),
        inner,
    };
    let owned = |inner| Owned {
        name: "n".into(),
        values: vec![1, 2],
        list: vec!["a".into(), "b\0".into()],
        maybe: Some(1),
        map: BTreeMap::from([("k".to_string(), vec![2])]),
        inner,
    };
    let (one, two) = (borrowed(Some(Box::new(borrowed(None)))), owned(Some(Box::new(owned(None)))));
    assert_eq!(reread::<Owned>(&one).unwrap(), two);
    assert!(filebacked::to_bytes(&one).unwrap() == filebacked::to_bytes(&two).unwrap());
    let (one, two) = (vec![one, borrowed(None)], vec![two, owned(None)]);
    assert_eq!(reread::<Vec<Owned>>(&one).unwrap(), two);
    assert!(filebacked::to_bytes(&one).unwrap() == filebacked::to_bytes(&two).unwrap());
    assert_eq!(links(&BorrowedEnum::Text("x")), ["0"]);
    assert_eq!(links(&BorrowedEnum::None), [""; 0]);
}

mod elsewhere {
    //! The library under another name, and names of the prelude taken.
    use filebacked as library;

    #[allow(dead_code, non_camel_case_types)]
    mod hostile {
        pub(super) struct Vec;
        pub(super) struct Option;
        pub(super) struct Result;
        pub(super) struct String;
        pub(super) trait Save {}
        pub(super) trait FileBacked {}
    }
    #[allow(unused_imports)]
    use hostile::*;

    #[derive(library::FileBacked, Debug, PartialEq)]
    #[filebacked(crate = library)]
    pub(super) struct Elsewhere {
        pub(super) group: u8,
        pub(super) slot: ::std::option::Option<u8>,
        pub(super) node: ::std::vec::Vec<Kind>,
        pub(super) value: u8,
        pub(super) rows: u8,
    }

    #[derive(library::FileBacked, Debug, PartialEq)]
    #[filebacked(crate = library)]
    pub(super) enum Kind {
        Ok(u8),
        None,
        Some { group: u8, self_: u8 },
    }
}

#[test]
fn generated_code_is_hygienic() {
    use elsewhere::{Elsewhere, Kind};
    let node = vec![Kind::Ok(1), Kind::None, Kind::Some { group: 1, self_: 2 }];
    let value = || Elsewhere { group: 1, slot: Some(2), node: vec![], value: 3, rows: 4 };
    round_trip(&Elsewhere { node, ..value() });
    round_trip(&vec![value()]);
}
