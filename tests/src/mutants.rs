//! What damaged files are made of: a value with every layout in it, and checksums that fit whatever was changed. Fuzzing
//! uses it too.

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

/// A group of so many links that they lie in a heap with indirect blocks in its root, with indexes of two levels.
pub fn links() -> BTreeMap<u32, Vec<u8>> {
    (0..1600).map(|i| (i, vec![i as u8])).collect()
}

/// What begins the structures of large groups.
pub const SIGNATURES: [&[u8; 4]; 6] = [b"FRHP", b"FHIB", b"FHDB", b"BTHD", b"BTIN", b"BTLF"];

/// Where the checksum of a structure is that begins a slice, and how many bytes it has; as our own engine writes it, and
/// where the next one begins.
fn checksum(rest: &[u8], next: usize) -> Option<(usize, usize)> {
    let number = |at: usize, width: usize| {
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(rest.get(at..at + width)?);
        Some(u64::from_le_bytes(bytes) as usize)
    };
    let (record, node) = (if rest.get(5) == Some(&5) { 11 } else { 15 }, 2048);
    // The first place of a checksum behind which a node is empty.
    let end = |of: &dyn Fn(usize) -> usize| {
        let node = rest.get(..node)?;
        (0..400).map(of).find(|end| node.get(end + 4..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0)))
    };
    let at = match rest.get(..4)? {
        b"OHDR" => 10usize.checked_add(number(6, 4)?)?,
        b"FRHP" => 142,
        b"BTHD" => 34,
        b"FHIB" => next.checked_sub(4)?,
        // In the head of the block, and counted as zero.
        b"FHDB" => return Some((17, next)),
        b"BTLF" => end(&|count| 6 + count * record)?,
        b"BTIN" => end(&|count| 6 + count * record + (count + 1) * 9)?,
        _ => return None,
    };
    Some((at, at))
}

/// Gives every structure whose length still makes sense the checksum that its bytes have.
pub fn repair(bytes: &mut [u8]) {
    if bytes.len() >= 48 {
        let sum = lookup3(&bytes[..44]);
        bytes[44..48].copy_from_slice(&sum.to_le_bytes());
    }
    let is_start = |w: &[u8]| w == b"OHDR" || (matches!(w[0], b'F' | b'B') && SIGNATURES.iter().any(|s| w == *s));
    let starts: Vec<usize> = bytes.windows(4).enumerate().filter(|(_, w)| is_start(w)).map(|(i, _)| i).collect();
    let nexts = starts.iter().skip(1).copied().chain([bytes.len()]).collect::<Vec<_>>();
    for (start, next) in starts.into_iter().zip(nexts) {
        let Some((at, len)) = checksum(&bytes[start..], next - start) else { continue };
        let end = start.saturating_add(len.max(at.saturating_add(4)));
        if end > bytes.len() {
            continue;
        }
        let place = start + at..start + at + 4;
        if at < len {
            bytes[place.clone()].fill(0);
        }
        let sum = lookup3(&bytes[start..start + len]);
        bytes[place].copy_from_slice(&sum.to_le_bytes());
    }
}
