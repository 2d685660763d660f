//! The native decoder believes nothing: damaged files give errors or other values, never a panic or an endless loop.

use filebacked::{Engine, FileBacked, ReadOptions, WriteOptions};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Event {
    Start,
    Move { x: f64, y: Option<f64> },
    Say(String),
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Record {
    id: u32,
    name: String,
    event: Event,
    ragged: Vec<Vec<u16>>,
    wide: u128,
    flags: [bool; 3],
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct State {
    #[filebacked(attr)]
    version: u32,
    one: Record,
    many: Vec<Record>,
    texts: Vec<String>,
    map: BTreeMap<String, f64>,
    links: BTreeMap<String, Vec<u8>>,
    tree: Tree,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Tree {
    value: i64,
    kids: Vec<Tree>,
}

fn record(id: u32) -> Record {
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

fn state() -> State {
    let leaf = |value| Tree { value, kids: vec![] };
    State {
        version: 1,
        one: record(1),
        many: (0..7).map(record).collect(),
        texts: (0..40).map(|i| if i == 7 { "x".repeat(500) } else { i.to_string() }).collect(),
        map: [("a".to_string(), 1.0), ("b".to_string(), 2.0)].into(),
        links: [("p/q".to_string(), vec![1, 2, 3]), (String::new(), vec![])].into(),
        tree: Tree { value: 0, kids: vec![leaf(1), Tree { value: 2, kids: vec![leaf(3)] }] },
    }
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

/// Jenkins' lookup3 by the book, so that mutants get past the checksums.
fn lookup3(bytes: &[u8]) -> u32 {
    let mut state = [0xdead_beefu32.wrapping_add(bytes.len() as u32); 3];
    let mut rest = bytes;
    let add = |state: &mut [u32; 3], block: &[u8]| {
        let mut padded = [0; 12];
        padded[..block.len()].copy_from_slice(block);
        for (word, cell) in state.iter_mut().zip(padded.chunks_exact(4)) {
            *word = word.wrapping_add(u32::from_le_bytes(cell.try_into().unwrap()));
        }
    };
    while rest.len() > 12 {
        add(&mut state, &rest[..12]);
        rest = &rest[12..];
        let [mut a, mut b, mut c] = state;
        for (i, k) in [4, 6, 8, 16, 19, 4].into_iter().enumerate() {
            let (x, y, z) = match i % 3 {
                0 => (&mut a, &mut b, &mut c),
                1 => (&mut b, &mut c, &mut a),
                _ => (&mut c, &mut a, &mut b),
            };
            *x = x.wrapping_sub(*z) ^ z.rotate_left(k);
            *z = z.wrapping_add(*y);
        }
        state = [a, b, c];
    }
    if rest.is_empty() {
        return state[2];
    }
    add(&mut state, rest);
    let [mut a, mut b, mut c] = state;
    for (i, k) in [14, 11, 25, 16, 4, 14, 24].into_iter().enumerate() {
        let (x, y) = match i % 3 {
            0 => (&mut c, b),
            1 => (&mut a, c),
            _ => (&mut b, a),
        };
        *x = (*x ^ y).wrapping_sub(y.rotate_left(k));
    }
    c
}

/// Gives every object header whose length still makes sense the checksum that its bytes have.
fn repair(bytes: &mut [u8]) {
    if bytes.len() >= 48 {
        let sum = lookup3(&bytes[..44]);
        bytes[44..48].copy_from_slice(&sum.to_le_bytes());
    }
    let starts: Vec<usize> = bytes.windows(4).enumerate().filter(|(_, w)| *w == b"OHDR").map(|(i, _)| i).collect();
    for start in starts {
        let Some(len) = bytes.get(start + 6..start + 10) else { continue };
        let end = start + 10 + u32::from_le_bytes(len.try_into().unwrap()) as usize;
        if end.checked_add(4).is_some_and(|last| last <= bytes.len()) {
            let sum = lookup3(&bytes[start..end]);
            bytes[end..end + 4].copy_from_slice(&sum.to_le_bytes());
        }
    }
}

fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.next(3) {
        let at = numbers.next(bytes.len());
        match numbers.next(6) {
            0 => bytes[at] ^= 1 << numbers.next(8),
            1 => bytes[at] = numbers.next(256) as u8,
            2 => bytes[at] = 0xff,
            3 => bytes.truncate(at.max(1)),
            4 => {
                let from = numbers.next(bytes.len());
                let len = numbers.next(64).min(bytes.len() - at).min(bytes.len() - from);
                bytes.copy_within(from..from + len, at);
            }
            _ => {
                let end = (at + 8).min(bytes.len());
                bytes[at..end].fill(0xff);
            }
        }
    }
}

#[test]
fn the_checksum_is_that_of_the_library() {
    let bytes = filebacked::to_bytes(&state()).unwrap();
    let mut repaired = bytes.clone();
    repair(&mut repaired);
    assert!(repaired == bytes);
}

#[test]
fn mutants_are_refused_or_read() {
    let original = WriteOptions::new().engine(Engine::Native).to_bytes(&state()).unwrap();
    let rounds = std::env::var("FILEBACKED_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(4_000);
    let (mut numbers, mut refused) = (Numbers(0x9e37_79b9_7f4a_7c15), 0);
    for round in 0..rounds {
        let mut bytes = original.clone();
        mutate(&mut bytes, &mut numbers);
        repair(&mut bytes);
        let options = ReadOptions::new().engine(Engine::Native);
        let read = catch_unwind(AssertUnwindSafe(|| options.from_bytes::<State>(&bytes)));
        match read {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => refused += 1,
            Err(_) => {
                let path = std::env::temp_dir().join(format!("filebacked-mutant-{round}.h5"));
                std::fs::write(&path, &bytes).unwrap();
                panic!("mutant {round} makes the decoder panic: {}", path.display());
            }
        }
    }
    assert!(refused > rounds / 4, "mutants that are refused: {refused} of {rounds}");
}
