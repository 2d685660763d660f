//! Many values in one place.

use super::enums::{Shape, shapes};
use filebacked::{Compression, FileBacked};
use std::collections::BTreeSet;

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Row {
    id: u32,
    name: String,
    place: [f64; 2],
    inner: Point,
    note: Option<String>,
    #[filebacked(attr)]
    weight: f32,
    #[filebacked(skip_if = |value, _| *value == 0, default)]
    count: u8,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Point {
    x: f64,
    tags: (u8, bool),
}

fn row(id: u32) -> Row {
    Row {
        id,
        name: "n".repeat(id as usize),
        place: [0.5, f64::from(id)],
        inner: Point { x: -0.5, tags: (1, id == 1) },
        note: (id == 1).then(|| "note".to_string()),
        weight: 1.5,
        count: (id % 2) as u8,
    }
}

#[derive(FileBacked, Debug, PartialEq)]
struct Tree {
    v: u8,
    kids: Vec<Tree>,
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Columns {
    rows: Vec<Row>,
    empty: Vec<Point>,
    trees: Vec<Tree>,
}

pub(super) fn columns() -> Columns {
    let leaf = |v| Tree { v, kids: Vec::new() };
    Columns {
        rows: (0..3).map(row).collect(),
        empty: Vec::new(),
        trees: vec![Tree { v: 1, kids: vec![leaf(2), leaf(3)] }, leaf(4)],
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Variants {
    shapes: Vec<Shape>,
    empty: Vec<Shape>,
}

pub(super) fn variants() -> Variants {
    Variants { shapes: shapes(), empty: Vec::new() }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Optional {
    numbers: Vec<Option<f64>>,
    integers: Vec<Option<i32>>,
    texts: Vec<Option<String>>,
    structs: Vec<Option<Point>>,
    nested: Vec<Option<Option<u8>>>,
}

pub(super) fn optional() -> Optional {
    Optional {
        numbers: vec![Some(1.5), None],
        integers: vec![None, Some(-1)],
        texts: vec![None, Some("x".into())],
        structs: vec![None, Some(row(1).inner)],
        nested: vec![None, Some(None), Some(Some(1))],
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Sequences {
    numbers: Vec<i16>,
    set: BTreeSet<String>,
    ragged: Vec<Vec<u8>>,
    ragged_structs: Vec<Vec<Point>>,
    tables: Vec<[f64; 3]>,
    arrays: Vec<[Point; 2]>,
    #[filebacked(layout = "rows")]
    list: Vec<Point>,
    empty: Vec<u64>,
}

pub(super) fn sequences() -> Sequences {
    let (a, b) = (row(0).inner, row(1).inner);
    Sequences {
        numbers: vec![-1, 2],
        set: ["b", "a"].map(String::from).into(),
        ragged: vec![vec![1], vec![], vec![2, 3]],
        ragged_structs: vec![vec![a.clone()], vec![]],
        tables: vec![[1.0, 2.0, 3.0]],
        arrays: vec![[a.clone(), b.clone()]],
        list: vec![a, b],
        empty: Vec::new(),
    }
}

#[derive(FileBacked, Debug, PartialEq)]
struct Particle {
    id: u32,
    name: String,
    place: [f64; 2],
    inner: Point,
    note: Option<String>,
}

fn particle(id: u32) -> Particle {
    let Row { id, name, place, inner, note, .. } = row(id);
    Particle { id, name, place, inner, note }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Records {
    #[filebacked(layout = "compound")]
    one: Particle,
    #[filebacked(layout = "compound")]
    many: Vec<Particle>,
    #[filebacked(layout = "compound")]
    optional: Vec<Option<Point>>,
    #[filebacked(layout = "compound")]
    arrays: Vec<[Point; 2]>,
}

pub(super) fn records() -> Records {
    Records {
        one: particle(1),
        many: (0..3).map(particle).collect(),
        optional: vec![None, Some(row(1).inner)],
        arrays: vec![[row(0).inner, row(1).inner]],
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Chunks {
    #[filebacked(compression = Compression::Gzip(6))]
    gzip: Vec<u32>,
    #[filebacked(chunk = [16], fletcher32)]
    checksums: Vec<u8>,
}

pub(super) fn chunks() -> Chunks {
    Chunks { gzip: (0..100).collect(), checksums: vec![3; 40] }
}
