//! Enums and trait objects.

use filebacked::FileBacked;
use std::fmt;
use std::ops::Bound;

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
enum Colour {
    Red = 1,
    Green = 300,
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(repr = "string")]
enum Named {
    First,
    Second,
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(repr = "u8")]
enum Numbered {
    #[allow(dead_code)]
    Zero,
    One,
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) enum Shape {
    Point,
    Circle(f64),
    Rect { w: f64, h: f64 },
    Pair(u8, String),
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(tag = "kind")]
enum Tagged {
    A { x: u8 },
    B,
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct Enums {
    colour: Colour,
    colours: Vec<Colour>,
    named: (Named, Named),
    numbered: Numbered,
    shapes: (Shape, Shape, Shape, Shape),
    tagged: (Tagged, Tagged),
    result: (Result<u8, String>, Result<u8, String>),
    bounds: (Bound<u8>, Bound<u8>),
}

pub(super) fn shapes() -> Vec<Shape> {
    vec![
        Shape::Point,
        Shape::Circle(1.5),
        Shape::Rect { w: 2.0, h: 0.5 },
        Shape::Pair(1, "x".into()),
        Shape::Circle(2.5),
    ]
}

pub(super) fn enums() -> Enums {
    Enums {
        colour: Colour::Green,
        colours: vec![Colour::Red, Colour::Green],
        named: (Named::First, Named::Second),
        numbered: Numbered::One,
        shapes: (
            Shape::Point,
            Shape::Circle(1.5),
            Shape::Rect { w: 2.0, h: 0.5 },
            Shape::Pair(1, "x".into()),
        ),
        tagged: (Tagged::A { x: 1 }, Tagged::B),
        result: (Ok(1), Err("no".into())),
        bounds: (Bound::Included(3), Bound::Unbounded),
    }
}

#[filebacked::dynamic]
trait Form: Send + Sync {
    fn area(&self) -> f64;
}

#[derive(FileBacked)]
struct Disc {
    r: f64,
}

#[filebacked::dynamic]
impl Form for Disc {
    fn area(&self) -> f64 {
        3.0 * self.r * self.r
    }
}

#[derive(FileBacked)]
struct Square {
    a: f64,
}

#[filebacked::dynamic]
impl Form for Square {
    fn area(&self) -> f64 {
        self.a * self.a
    }
}

#[derive(FileBacked)]
pub(super) struct Objects {
    one: Box<dyn Form>,
    many: Vec<Box<dyn Form>>,
}

impl Objects {
    fn areas(&self) -> Vec<f64> {
        std::iter::once(&self.one).chain(&self.many).map(|form| form.area()).collect()
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.areas().fmt(f)
    }
}

impl PartialEq for Objects {
    fn eq(&self, other: &Self) -> bool {
        self.areas() == other.areas()
    }
}

pub(super) fn objects() -> Objects {
    Objects {
        one: Box::new(Disc { r: 2.0 }),
        many: vec![Box::new(Square { a: 0.5 }), Box::new(Disc { r: 1.0 })],
    }
}
