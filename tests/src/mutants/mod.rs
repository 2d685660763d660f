//! What damaged files are made of: a value with every layout in it, how files are damaged, and
//! checksums that fit whatever was changed. Fuzzing uses it too.

mod checksums;
mod damage;

pub use checksums::{SIGNATURES, Sums, repair};
pub use damage::{Damage, Numbers};

use filebacked::FileBacked;
use std::collections::BTreeMap;

/// An enum with data.
#[derive(FileBacked, Debug, PartialEq, Clone)]
pub enum Event {
    Start,
    Move { x: f64, y: Option<f64> },
    Say(String),
}

/// A row.
#[derive(FileBacked, Debug, PartialEq, Clone)]
pub struct Record {
    pub id: u32,
    pub name: String,
    pub event: Event,
    pub ragged: Vec<Vec<u16>>,
    pub wide: u128,
    pub flags: [bool; 3],
}

/// A record of a compound dataset.
#[derive(FileBacked, Debug, PartialEq, Clone)]
pub struct Flat {
    pub id: u32,
    pub pair: (i8, f64),
    pub name: String,
    pub note: String,
    pub grid: [[u16; 2]; 3],
    pub parts: [Part; 2],
    pub maybe: Option<Part>,
    pub weight: Option<f32>,
}

/// Nothing but records.
#[derive(FileBacked, Debug, PartialEq, Clone)]
pub struct Flats {
    #[filebacked(layout = "compound")]
    pub flats: Vec<Flat>,
}

/// Part of a [`Flat`].
#[derive(FileBacked, Debug, PartialEq, Clone)]
pub struct Part {
    pub x: f64,
    pub tag: String,
}

/// The whole value.
#[derive(FileBacked, Debug, PartialEq, Clone)]
pub struct State {
    #[filebacked(attr)]
    pub version: u32,
    pub one: Record,
    pub many: Vec<Record>,
    pub texts: Vec<String>,
    pub map: BTreeMap<String, f64>,
    pub links: BTreeMap<String, Vec<u8>>,
    pub tree: Tree,
    #[filebacked(layout = "compound")]
    pub flat: Vec<Flat>,
    #[filebacked(layout = "compound")]
    pub part: Part,
}

/// A recursive type.
#[derive(FileBacked, Debug, PartialEq, Clone)]
pub struct Tree {
    pub value: i64,
    pub kids: Vec<Tree>,
}

/// A row of this number.
pub fn record(id: u32) -> Record {
    Record {
        id,
        name: "n".repeat(id as usize % 5),
        event: match id % 3 {
            0 => Event::Start,
            1 => Event::Move { x: 1.0, y: Some(2.0) },
            _ => Event::Say("text".into()),
        },
        ragged: vec![vec![1, 2], vec![], vec![3]],
        wide: u128::MAX - u128::from(id),
        flags: [true, false, true],
    }
}

/// A record of this number.
pub fn flat(id: u32) -> Flat {
    let part = |x: f64| Part { x, tag: if x > 5.0 { "long".repeat(60) } else { "t".into() } };
    Flat {
        id,
        pair: (-1, f64::from(id)),
        name: format!("n{id}"),
        note: if id == 2 { "note".repeat(60) } else { String::new() },
        grid: [[1, 2], [3, 4], [5, id as u16]],
        parts: [part(f64::from(id)), part(0.5)],
        maybe: (id % 2 == 1).then(|| part(1.0)),
        weight: (id % 3 == 1).then_some(0.25),
    }
}

/// The value.
pub fn state() -> State {
    let leaf = |value| Tree { value, kids: vec![] };
    State {
        version: 1,
        one: record(1),
        many: (0..7).map(record).collect(),
        texts: (0..40).map(|i| if i == 7 { "x".repeat(500) } else { i.to_string() }).collect(),
        map: [("a".to_string(), 1.0), ("b".to_string(), 2.0)].into(),
        links: [("p/q".to_string(), vec![1, 2, 3]), (String::new(), vec![])].into(),
        tree: Tree { value: 0, kids: vec![leaf(1), Tree { value: 2, kids: vec![leaf(3)] }] },
        flat: (0..7).map(flat).collect(),
        part: Part { x: 1.0, tag: "tag".into() },
    }
}

/// A group of so many links that they lie in a heap with indirect blocks in its root, with indexes
/// of two levels.
pub fn links() -> BTreeMap<u32, Vec<u8>> {
    (0..1600).map(|i| (i, vec![i as u8])).collect()
}
