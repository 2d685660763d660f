//! Structs, tuples, ranges, absence, encoded values and filters.

use filebacked::FileBacked;
use filebacked::with::{AsString, Each, Json, Serde};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::{Range, RangeFull, RangeInclusive};

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Structs {
    inner: Inner,
    unit: Unit,
    newtype: Meters,
    pair: Pair,
    #[filebacked(flatten)]
    flat: Flat,
    #[filebacked(rename = "meta/author")]
    author: String,
    #[filebacked(attr)]
    unit_of_length: String,
    #[filebacked(skip)]
    skipped: u8,
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct OfMembers {
    length: f64,
    #[filebacked(attr, rename = "length@unit")]
    unit: String,
}

/// An attribute of a member, which only libhdf5 writes.
pub(super) fn attributes_of_members() -> OfMembers {
    OfMembers { length: 1.5, unit: "m".into() }
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(version = 3, name = "Inner type")]
struct Inner {
    x: f64,
    deeper: Flat,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Unit;

#[derive(FileBacked, Debug, PartialEq)]
struct Meters(f64);

#[derive(FileBacked, Debug, PartialEq)]
struct Pair(u8, String);

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(rename_all = "camelCase")]
struct Flat {
    first_one: u16,
    second_one: u16,
}

pub(super) fn structs() -> Structs {
    Structs {
        inner: Inner { x: 0.5, deeper: Flat { first_one: 1, second_one: 2 } },
        unit: Unit,
        newtype: Meters(2.0),
        pair: Pair(1, "b".into()),
        flat: Flat { first_one: 3, second_one: 4 },
        author: "me".into(),
        unit_of_length: "m".into(),
        skipped: 0,
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Tuples {
    mixed: (u8, String, (f64, f64)),
    unit: (),
    numbers: [i32; 3],
    nested: [[f32; 2]; 2],
    texts: [String; 2],
    structs: [Flat; 2],
    range: Range<u32>,
    inclusive: RangeInclusive<i8>,
    full: RangeFull,
    many: Vec<(u8, String)>,
}

pub(super) fn tuples() -> Tuples {
    let flat = |first_one| Flat { first_one, second_one: 0 };
    Tuples {
        mixed: (1, "a".into(), (0.5, -0.5)),
        unit: (),
        numbers: [1, -2, 3],
        nested: [[1.0, 2.0], [3.0, 4.0]],
        texts: ["x".into(), "yz".into()],
        structs: [flat(1), flat(2)],
        range: 2..5,
        inclusive: -1..=1,
        full: ..,
        many: vec![(1, "a".into()), (2, "bc".into())],
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Absence {
    none: Option<u8>,
    some: Option<u8>,
    nested_none: Option<Option<u8>>,
    nested_some: Option<Option<u8>>,
    #[filebacked(default = Some(3))]
    with_default: Option<u8>,
    text: Option<String>,
    group: Option<Flat>,
    in_map: BTreeMap<String, Option<Vec<u8>>>,
    #[filebacked(layout = "rows")]
    in_list: Vec<Option<u8>>,
    phantom: PhantomData<u8>,
}

pub(super) fn absence() -> Absence {
    Absence {
        none: None,
        some: Some(1),
        nested_none: Some(None),
        nested_some: Some(Some(2)),
        with_default: None,
        text: Some("x".into()),
        group: Some(Flat { first_one: 1, second_one: 2 }),
        in_map: [("a".to_string(), None), ("b".to_string(), Some(vec![1]))].into(),
        in_list: vec![None, Some(4)],
        phantom: PhantomData,
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Encoded {
    #[filebacked(bincode)]
    bincode: (u8, bool),
    #[filebacked(postcard)]
    postcard: (u8, bool),
    #[filebacked(with = Json)]
    json: (u8, bool),
    #[filebacked(with = Serde)]
    serde: BTreeMap<String, Vec<(u8, f64)>>,
    many: Vec<Coded>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Coded {
    #[filebacked(bincode)]
    bincode: (u8, bool),
}

pub(super) fn encoded() -> Encoded {
    Encoded {
        bincode: (1, true),
        postcard: (2, false),
        json: (3, true),
        serde: [("a".to_string(), vec![(1, 0.5)]), ("b/c".to_string(), vec![])].into(),
        many: vec![Coded { bincode: (4, false) }, Coded { bincode: (5, true) }],
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Filters {
    #[filebacked(with = AsString)]
    one: f64,
    #[filebacked(with = AsString)]
    optional: Option<u8>,
    #[filebacked(with = Each(AsString))]
    each: Vec<u16>,
    rows: Vec<Filtered>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Filtered {
    #[filebacked(with = AsString)]
    number: i32,
    #[filebacked(with = AsString)]
    optional: Option<i32>,
}

pub(super) fn filters() -> Filters {
    Filters {
        one: 0.25,
        optional: Some(7),
        each: vec![1, 22],
        rows: vec![
            Filtered { number: -1, optional: None },
            Filtered { number: 100, optional: Some(5) },
        ],
    }
}
