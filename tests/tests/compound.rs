//! Structs as records of one compound dataset: written, read, and what others see.

use filebacked::{Compression, Engine, ErrorKind, FileBacked, ReadOptions, WriteOptions, inspect};
use filebacked_tests::{reread, round_trip};
use num_complex::Complex;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
enum Kind {
    Photon = 1,
    Electron = 300,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Particle {
    id: u32,
    on: bool,
    letter: char,
    kind: Kind,
    pos: Point,
    pair: (i8, f32),
    spin: Complex<f64>,
    age: Duration,
    wide: i128,
    name: String,
    note: String,
    cube: [[u16; 3]; 2],
    tags: [String; 2],
    corners: [Point; 2],
    energy: Option<f64>,
    decay: Option<Kind>,
    parent: Option<Point>,
}

fn particle(i: u32) -> Particle {
    let f = f64::from(i);
    Particle {
        id: i,
        on: i % 2 == 0,
        letter: if i % 3 == 0 { 'é' } else { 'x' },
        kind: if i % 2 == 0 { Kind::Photon } else { Kind::Electron },
        pos: Point { x: f, y: -f },
        pair: (i as i8, 0.5),
        spin: Complex::new(f, 0.25),
        age: Duration::new(u64::from(i), 7),
        wide: -i128::from(i) << 70,
        name: format!("particle {}", i % 10),
        // Lengths that differ so much that the column is of variable length.
        note: if i % 50 == 7 { "n".repeat(400) } else { String::new() },
        cube: [[i as u16, 1, 2], [3, 4, 5]],
        tags: [format!("t{i}"), if i % 50 == 9 { "long".repeat(100) } else { "s".into() }],
        corners: [Point { x: 0.0, y: f }, Point { x: f, y: 1.0 }],
        energy: (i % 3 != 1).then_some(f * 2.0),
        decay: (i % 2 == 1).then_some(Kind::Electron),
        parent: (i % 4 == 2).then_some(Point { x: 1.0, y: f }),
    }
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Run {
    #[filebacked(layout = "compound")]
    particles: Vec<Particle>,
    #[filebacked(layout = "compound")]
    first: Option<Point>,
    #[filebacked(layout = "compound", rename = "group/last")]
    last: Point,
    #[filebacked(layout = "compound")]
    corners: [Point; 4],
    #[filebacked(layout = "compound")]
    maybe: Vec<Option<Point>>,
    #[filebacked(layout = "compound")]
    grid: Vec<[Point; 2]>,
    #[filebacked(layout = "compound")]
    pair: (u8, String),
}

fn run(n: u32) -> Run {
    let point = |x: f64| Point { x, y: -x };
    Run {
        particles: (0..n).map(particle).collect(),
        first: (n > 1).then(|| point(1.0)),
        last: point(2.0),
        corners: [0.0, 1.0, 2.0, 3.0].map(point),
        maybe: (0..n).map(|i| (i % 2 == 0).then(|| point(f64::from(i)))).collect(),
        grid: (0..n).map(|i| [point(f64::from(i)), point(0.5)]).collect(),
        pair: (7, "seven".into()),
    }
}

const ENGINES: [Engine; 2] = [Engine::Native, Engine::Libhdf5];

#[test]
fn records_come_back_from_every_engine() {
    for n in [0, 1, 2, 200] {
        let value = run(n);
        round_trip(&value);
        for write in ENGINES {
            let bytes = WriteOptions::new().engine(write).to_bytes(&value).unwrap();
            // The headers that the library writes may have more in them than our own engine reads.
            let own = if write == Engine::Native { Engine::Native } else { Engine::Any };
            for read in [own, Engine::Libhdf5] {
                let loaded: Run = ReadOptions::new().engine(read).from_bytes(&bytes).unwrap();
                assert_eq!(loaded, value, "{n} rows from {write:?} by {read:?}");
            }
        }
    }
}
