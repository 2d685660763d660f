//! The data of the workloads. `python/peers.py` makes the same by the same formulae.

use bincode::{Decode, Encode};
use filebacked::FileBacked;
use serde::{Deserialize, Serialize};
use sprs::CsMatI;
use std::collections::BTreeMap;

/// A fixed random number for each index (splitmix64).
fn hash(index: u64) -> u64 {
    let z = index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A fixed random number in [0, 1) for each index.
fn unit(index: u64) -> f64 {
    (hash(index) >> 11) as f64 / (1u64 << 53) as f64
}

/// W1: the state of an application.
#[derive(
    FileBacked,
    Encode,
    Decode,
    Serialize,
    Deserialize,
    PartialEq,
    Debug,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[allow(missing_docs)]
pub(crate) struct AppState {
    pub(crate) i0: i64,
    pub(crate) i1: i64,
    pub(crate) i2: i64,
    pub(crate) i3: i64,
    pub(crate) i4: i64,
    pub(crate) i5: i64,
    pub(crate) i6: i64,
    pub(crate) i7: i64,
    pub(crate) i8: i64,
    pub(crate) i9: i64,
    pub(crate) f0: f64,
    pub(crate) f1: f64,
    pub(crate) f2: f64,
    pub(crate) f3: f64,
    pub(crate) f4: f64,
    pub(crate) f5: f64,
    pub(crate) f6: f64,
    pub(crate) f7: f64,
    pub(crate) f8: f64,
    pub(crate) f9: f64,
    pub(crate) s0: String,
    pub(crate) s1: String,
    pub(crate) s2: String,
    pub(crate) s3: String,
    pub(crate) s4: String,
    pub(crate) a0: Vec<f64>,
    pub(crate) a1: Vec<i32>,
    pub(crate) a2: Vec<f32>,
}

/// W1.
pub(crate) fn app_state() -> AppState {
    let [i0, i1, i2, i3, i4, i5, i6, i7, i8, i9] = std::array::from_fn(|i| 1000 * i as i64);
    let [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9] = std::array::from_fn(|i| 0.5 * i as f64);
    let [s0, s1, s2, s3, s4] = std::array::from_fn(|i| format!("string value number {i} éè"));
    let (a0, a1, a2) = ((0..100).map(f64::from).collect(), (0..64).collect(), vec![1.0; 48]);
    AppState {
        i0,
        i1,
        i2,
        i3,
        i4,
        i5,
        i6,
        i7,
        i8,
        i9,
        f0,
        f1,
        f2,
        f3,
        f4,
        f5,
        f6,
        f7,
        f8,
        f9,
        s0,
        s1,
        s2,
        s3,
        s4,
        a0,
        a1,
        a2,
    }
}

/// W2: numbers without a pattern.
pub(crate) fn numbers(len: usize) -> Vec<f64> {
    (0..len as u64).map(unit).collect()
}

/// W3 i32: a random walk in integers.
pub(crate) fn walk(len: usize) -> Vec<i32> {
    let mut at = 0;
    (0..len as u64)
        .map(|i| {
            at += (hash(i) % 7) as i32 - 3;
            at
        })
        .collect()
}

/// W3 f64: the same walk, stored as floats.
pub(crate) fn float_walk(len: usize) -> Vec<f64> {
    walk(len).into_iter().map(f64::from).collect()
}

/// W3 sine: a measured signal, a sine with noise.
pub(crate) fn sine(len: usize) -> Vec<f64> {
    (0..len as u64).map(|i| (i as f64 * 0.001).sin() + 0.001 * unit(i)).collect()
}

/// W3 random: bytes that nothing compresses.
pub(crate) fn random_bytes(len: usize) -> Vec<u8> {
    (0..len as u64).map(|i| (hash(i) >> 56) as u8).collect()
}

/// W4: a flat record.
#[derive(
    FileBacked,
    Encode,
    Decode,
    Serialize,
    Deserialize,
    PartialEq,
    Clone,
    Debug,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
pub(crate) struct Record {
    pub(crate) id: i64,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: f64,
    pub(crate) name: String,
}

/// W4.
pub(crate) fn records(len: usize) -> Vec<Record> {
    (0..len as u64)
        .map(|i| Record {
            id: i as i64,
            x: unit(3 * i),
            y: unit(3 * i + 1),
            z: unit(3 * i + 2),
            name: format!("record_{i}"),
        })
        .collect()
}

/// Part of a [`Particle`].
#[derive(
    FileBacked,
    Encode,
    Decode,
    Serialize,
    Deserialize,
    PartialEq,
    Clone,
    Debug,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
pub(crate) struct Position {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: f64,
}

/// W4 nested: a record with a struct in it, optional fields, and a list of its own length.
#[derive(
    FileBacked,
    Encode,
    Decode,
    Serialize,
    Deserialize,
    PartialEq,
    Debug,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
pub(crate) struct Particle {
    pub(crate) id: i64,
    pub(crate) position: Position,
    pub(crate) mass: Option<f64>,
    pub(crate) parent: Option<u32>,
    pub(crate) stable: bool,
    pub(crate) samples: Vec<f64>,
}

/// W9: rows of numbers alone.
pub(crate) fn positions(len: usize) -> Vec<Position> {
    (0..len as u64)
        .map(|i| Position { x: unit(3 * i), y: unit(3 * i + 1), z: unit(3 * i + 2) })
        .collect()
}

/// W4 nested.
pub(crate) fn particles(len: usize) -> Vec<Particle> {
    (0..len as u64)
        .map(|i| Particle {
            id: i as i64,
            position: Position { x: unit(3 * i), y: unit(3 * i + 1), z: unit(3 * i + 2) },
            mass: (i % 3 > 0).then(|| unit(i)),
            parent: (i % 2 > 0).then_some(i as u32),
            stable: i % 5 == 0,
            samples: (0..i % 4).map(|k| k as f64).collect(),
        })
        .collect()
}

/// W5: a map of names to numbers.
pub(crate) fn map(len: usize) -> BTreeMap<String, f64> {
    (0..len).map(|i| (format!("key_{i:06}"), i as f64 * 0.5)).collect()
}

/// W6: a matrix with 20 entries in each row of 100,000.
pub(crate) fn matrix(entries: usize) -> CsMatI<f64, i32> {
    let rows = entries / 20;
    let starts = (0..=rows).map(|row| 20 * row as i32).collect();
    let columns =
        (0..20 * rows as u64).map(|i| (5000 * (i % 20) + hash(i) % 5000) as i32).collect();
    CsMatI::new((rows, 100_000), starts, columns, numbers(20 * rows))
}

/// W7: strings of much the same length.
pub(crate) fn items(len: usize) -> Vec<String> {
    (0..len).map(|i| format!("item_{i}")).collect()
}

/// W7 skewed: strings of 1 to 1,000 bytes, most of them short.
pub(crate) fn skewed(len: usize) -> Vec<String> {
    let letters = "abcdefghijklmnopqrstuvwxyz".repeat(40);
    (0..len)
        .map(|i| {
            let square = unit(i as u64) * unit(i as u64);
            let eighth = square * square * (square * square);
            let start = i % 26;
            letters[start..start + 1 + (1000.0 * eighth) as usize].to_string()
        })
        .collect()
}
