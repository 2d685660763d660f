//! Rows with a column of every form.

use filebacked::FileBacked;
use ndarray::Array2;
use std::collections::BTreeMap;

#[derive(FileBacked, Clone, Debug, PartialEq)]
pub struct Inner {
    pub x: f64,
    pub tag: String,
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
pub enum Shape {
    Point,
    Circle { radius: f64 },
    Path(Vec<u32>, Option<String>),
}

#[derive(FileBacked, Clone, Copy, Debug, PartialEq)]
pub enum Color {
    Red = 1,
    Green = 300,
}

/// A column of every form.
#[derive(FileBacked, Clone, Debug, PartialEq)]
pub struct Row {
    pub id: u32,
    #[filebacked(rename = "meta/loss")]
    pub loss: f64,
    pub name: String,
    pub long: String,
    #[filebacked(layout = "packed")]
    pub packed: String,
    pub color: Color,
    pub shape: Shape,
    pub maybe: Option<i32>,
    pub maybe_inner: Option<Inner>,
    pub nested: Option<Option<u8>>,
    pub inner: Inner,
    pub pair: (i8, String),
    pub fixed: [f32; 3],
    pub fixed_texts: [String; 2],
    pub fixed_inner: [Inner; 2],
    pub list: Vec<u16>,
    pub lists: Vec<Vec<String>>,
    pub inners: Vec<Inner>,
    pub map: BTreeMap<String, i64>,
    pub links: BTreeMap<String, Vec<u8>>,
    pub array: Array2<i16>,
    #[filebacked(layout = "packed")]
    pub arrays: Array2<i16>,
    pub unit: (),
    #[filebacked(skip_if = |list: &Vec<u8>, _| list.is_empty())]
    #[filebacked(default)]
    pub sometimes: Vec<u8>,
}

pub fn inner(i: usize) -> Inner {
    Inner { x: i as f64 * 0.5, tag: format!("t{}", i % 7) }
}

pub fn row(i: usize) -> Row {
    Row {
        id: i as u32,
        loss: 1.0 / (i + 1) as f64,
        name: format!("row {i}"),
        // Of variable length on disk.
        long: "x".repeat(if i % 31 == 3 { 400 } else { i % 3 }),
        packed: format!("p\0{}", "y".repeat(i % 5)),
        color: if i.is_multiple_of(3) { Color::Red } else { Color::Green },
        shape: match i % 4 {
            0 => Shape::Point,
            1 => Shape::Circle { radius: i as f64 },
            2 => {
                Shape::Path((0..i as u32 % 5).collect(), (i % 8 == 2).then(|| format!("path {i}")))
            }
            _ => Shape::Circle { radius: -1.0 },
        },
        maybe: (i % 3 != 1).then_some(i as i32),
        maybe_inner: (i % 5 > 2).then(|| inner(i)),
        nested: [None, Some(None), Some(Some(i as u8))][i % 3],
        inner: inner(i + 1),
        pair: (i as i8, format!("{i:x}")),
        fixed: [i as f32, 1.0, 2.0],
        fixed_texts: [format!("a{i}"), String::new()],
        fixed_inner: [inner(i), inner(2 * i)],
        list: (0..i as u16 % 4).collect(),
        lists: (0..i % 3).map(|n| (0..n).map(|m| format!("{i}-{m}")).collect()).collect(),
        inners: (0..i % 4).map(inner).collect(),
        map: (0..i % 3).map(|n| (format!("k{n}"), (i * n) as i64)).collect(),
        links: (0..i % 2).map(|n| (format!("l{n}"), vec![i as u8; n + 1])).collect(),
        array: Array2::from_elem((i % 3, 2), i as i16),
        arrays: Array2::from_elem((2, i % 4), i as i16),
        unit: (),
        sometimes: vec![i as u8; if i.is_multiple_of(4) { 0 } else { i % 3 }],
    }
}
