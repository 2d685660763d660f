//! Both engines write the same values, and each reads what the other wrote.

use filebacked::{Engine, FileBacked, ReadOptions, WriteOptions};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::time::Duration;

/// Every way from one engine to the other gives the value back.
#[track_caller]
fn crossed<T: FileBacked + PartialEq + Debug>(value: &T) {
    for writer in [Engine::Native, Engine::Libhdf5] {
        let bytes = WriteOptions::new().engine(writer).to_bytes(value).unwrap();
        let again = WriteOptions::new().engine(writer).to_bytes(value).unwrap();
        assert!(bytes == again, "{writer:?} writes equal values as equal bytes");
        for reader in [Engine::Native, Engine::Libhdf5, Engine::Any] {
            if (writer, reader) == (Engine::Libhdf5, Engine::Native) {
                continue;
            }
            match ReadOptions::new().engine(reader).from_bytes::<T>(&bytes) {
                Ok(read) => assert_eq!(read, *value, "{writer:?} to {reader:?}"),
                Err(error) => panic!("{writer:?} to {reader:?}: {error:?}"),
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.h5");
        WriteOptions::new().engine(writer).save(&path, value).unwrap();
        let first = std::fs::read(&path).unwrap();
        WriteOptions::new().engine(writer).save(&path, value).unwrap();
        assert!(std::fs::read(&path).unwrap() == first, "{writer:?} writes equal values as equal files");
        // The C library lays files in memory out in another way than files on a disk.
        assert!(writer != Engine::Native || first == bytes, "the file is the bytes");
        if let Ok(keep) = std::env::var("FILEBACKED_KEEP") {
            let name = std::thread::current().name().unwrap_or("x").replace("::", "_");
            std::fs::copy(&path, format!("{keep}/{name}-{writer:?}.h5")).unwrap();
        }
    }
}

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
        skewed: (0..300).map(|i| if i % 100 == 50 { "long".repeat(1000) } else { i.to_string() }).collect(),
        map: (0..5).map(|i| (format!("k{i}"), f64::from(i))).collect(),
        links: (0..20).map(|i| (format!("a/{i}"), vec![inner(i)])).collect(),
        pairs: [((1, 2), None), ((3, 4), Some(String::new()))].into(),
    }
}

#[test]
fn a_rich_struct() {
    crossed(&outer(9));
}

#[test]
fn empty_things() {
    crossed(&outer(0));
    crossed(&Vec::<f64>::new());
    crossed(&String::new());
    crossed(&Vec::<String>::new());
}

#[test]
fn one_value_of_each_kind() {
    crossed(&7u8);
    crossed(&"text".to_string());
    crossed(&Some(3.5));
    crossed(&None::<f64>);
    crossed(&vec![Some("a".to_string()), None]);
    crossed(&Color::Green);
    crossed(&vec![Color::Red, Color::Green]);
    crossed(&Event::Move { x: 0.0, y: -0.0 });
    crossed(&(1u8, "x".to_string(), vec![1.5]));
    crossed(&vec!["".to_string(), "a\0b".to_string()]);
}

#[test]
fn variable_strings_of_many_heaps() {
    let mut texts: Vec<String> = (0..70_000).map(|i| format!("{i}")).collect();
    texts.push("x".repeat(600_000));
    texts.push(String::new());
    crossed(&texts);
}

#[test]
fn groups_of_many_links() {
    crossed(&(0..2000).map(|i| (i, vec![f64::from(i)])).collect::<BTreeMap<u32, _>>());
    // Large groups in a large group: all their indexes do not fit in memory at once.
    let inner = |i: u32| (0..520 + i % 3).map(|n| (n, vec![(i + n) as u8])).collect::<BTreeMap<u32, _>>();
    crossed(&(0..600).map(|i| (i, inner(i))).take(20).collect::<BTreeMap<u32, _>>());
}
