//! Rich values through both engines, which write the same, and read what the other wrote.

use filebacked::engine::Engine;
use filebacked::{FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::{ENGINES, h5dump, python, round_trip, scratch};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Color {
    Red,
    Green = 200,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Event {
    Start,
    Move { x: f64, y: f64 },
    Say(String),
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Inner {
    flag: bool,
    color: Color,
    wide: i128,
    letter: char,
    took: Duration,
    maybe: Option<u16>,
    words: Vec<String>,
    event: Event,
    matrix: [[f32; 2]; 2],
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Outer {
    #[filebacked(attr)]
    version: u32,
    #[filebacked(attr)]
    title: String,
    one: Inner,
    many: Vec<Inner>,
    none: Vec<Inner>,
    big: Vec<f64>,
    skewed: Vec<String>,
    map: HashMap<String, f64>,
    links: BTreeMap<String, Vec<Inner>>,
    pairs: BTreeMap<(u8, u8), Option<String>>,
}

fn inner(i: usize) -> Inner {
    Inner {
        flag: i.is_multiple_of(2),
        color: if i.is_multiple_of(3) { Color::Red } else { Color::Green },
        wide: i128::MIN + i as i128,
        letter: 'ü',
        took: Duration::new(i as u64, 5),
        maybe: (i % 2 == 1).then_some(7),
        words: (0..i).map(|n| "x".repeat(n * 7)).collect(),
        event: match i % 3 {
            0 => Event::Start,
            1 => Event::Move { x: 1.0, y: f64::MIN_POSITIVE },
            _ => Event::Say("hi".into()),
        },
        matrix: [[1.0, 2.0], [3.0, i as f32]],
    }
}

fn outer(n: usize) -> Outer {
    Outer {
        version: 3,
        title: "ein Titel mit ß".into(),
        one: inner(1),
        many: (0..n).map(inner).collect(),
        none: Vec::new(),
        big: (0..20_000).map(f64::from).collect(),
        skewed: (0..300)
            .map(|i| if i % 100 == 50 { "long".repeat(1000) } else { i.to_string() })
            .collect(),
        map: (0..5).map(|i| (format!("k{i}"), f64::from(i))).collect(),
        links: (0..20).map(|i| (format!("a/{i}"), vec![inner(i)])).collect(),
        pairs: [((1, 2), None), ((3, 4), Some(String::new()))].into(),
    }
}

#[test]
fn a_rich_struct() {
    round_trip(&outer(9));
}

#[test]
fn empty_things() {
    round_trip(&outer(0));
    round_trip(&Vec::<f64>::new());
    round_trip(&String::new());
    round_trip(&Vec::<String>::new());
}

#[test]
fn one_value_of_each_kind() {
    round_trip(&7u8);
    round_trip(&"text".to_string());
    round_trip(&Some(3.5));
    round_trip(&None::<f64>);
    round_trip(&vec![Some("a".to_string()), None]);
    round_trip(&Color::Green);
    round_trip(&vec![Color::Red, Color::Green]);
    round_trip(&Event::Move { x: 0.0, y: -0.0 });
    round_trip(&(1u8, "x".to_string(), vec![1.5]));
    round_trip(&vec!["".to_string(), "a\0b".to_string()]);
}

#[test]
fn variable_strings_of_many_heaps() {
    let mut texts: Vec<String> = (0..70_000).map(|i| format!("{i}")).collect();
    texts.push("x".repeat(600_000));
    texts.push(String::new());
    round_trip(&texts);
}

#[test]
fn groups_of_many_links() {
    round_trip(&(0..2000).map(|i| (i, vec![f64::from(i)])).collect::<BTreeMap<u32, _>>());
}

#[test]
fn other_readers_find_the_same_in_the_files_of_both() {
    let value = outer(9);
    if let Some(python) = python() {
        python.describe_saved(&value);
    }
    let texts = ENGINES.map(|engine| {
        let (_dir, path) = scratch("outer.h5");
        WriteOptions::new().engine(engine).save(&path, &value).unwrap();
        if let Some(python) = python() {
            let words = python
                .pyfive(&path, "[f['many/id'] if 'id' in f['many'] else 0, f['big'][:3].tolist(), f.attrs['version']]");
            assert_eq!(words, json!([0, [0.0, 1.0, 2.0], 3]), "{engine:?}");
        }
        // The first line names the file.
        h5dump(&[], &path).map(|text| text.lines().skip(1).map(str::to_string).collect::<Vec<_>>())
    });
    // All values, types and attributes, in the order of their names.
    let differs = |[a, b]: &[Option<Vec<String>>; 2]| {
        let (a, b) = (a.as_ref()?, b.as_ref()?);
        a.iter().zip(b).find(|(a, b)| a != b).map(|(a, b)| format!("{a}\n{b}"))
    };
    assert_eq!(differs(&texts), None, "h5dump prints the same");
    assert_eq!(texts[0].as_ref().map(Vec::len), texts[1].as_ref().map(Vec::len));
}

/// What h5py writes with `libver='latest'`: a superblock of version 3, and otherwise what this
/// library writes too.
#[test]
fn files_of_the_latest_format_are_read_by_our_own_engine() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Newest {
        numbers: Vec<f64>,
        #[filebacked(attr)]
        version: u32,
        grid: [[i16; 3]; 2],
        text: String,
        many: BTreeMap<String, u64>,
    }
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("latest.h5");
    let code = format!(
        "import numpy as np\n\
         with h5py.File({path:?}, 'w', libver='latest') as f:\n    \
             f['numbers'] = np.arange(1000.0)\n    \
             f.attrs['version'] = np.uint32(7)\n    \
             f['grid'] = np.arange(6, dtype='<i2').reshape(2, 3)\n    \
             f.create_dataset('text', data='tëxt'.encode(), dtype=h5py.string_dtype(length=8))\n    \
             for i in range(600): f[f'many/key {{i}}'] = i\n"
    );
    python.ask(&json!({"op": "exec", "code": code})).unwrap();
    assert_eq!(std::fs::read(&path).unwrap()[8], 3, "the version of the superblock");
    let expected = Newest {
        numbers: (0..1000).map(f64::from).collect(),
        version: 7,
        grid: [[0, 1, 2], [3, 4, 5]],
        text: "tëxt".into(),
        many: (0..600).map(|i| (format!("key {i}"), i)).collect(),
    };
    assert_eq!(ReadOptions::new().engine(Engine::Native).load::<Newest>(&path).unwrap(), expected);
}

/// Headers of others have gaps that are too short for a message, of every length.
#[test]
fn gaps_in_headers_are_passed_over() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Tracked {
        #[filebacked(attr)]
        last: u32,
        a: f64,
        b: f64,
    }
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("gaps.h5");
    for length in 1..24 {
        let code = format!(
            "with h5py.File({path:?}, 'w', libver='latest', track_order=True) as f:\n    \
                 f.attrs['x' * {length}] = 'text'\n    f.attrs['other'] = 'more text'\n    f['a'] = 0.5\n    \
                 f.attrs['last'] = 7\n    f['b'] = 1.5\n"
        );
        python.ask(&json!({"op": "exec", "code": code})).unwrap();
        let read = ReadOptions::new().engine(Engine::Native).load::<Tracked>(&path);
        assert_eq!(read.unwrap(), Tracked { last: 7, a: 0.5, b: 1.5 }, "{length}");
    }
}
