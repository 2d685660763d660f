//! Checksums of metadata that fit what was changed, so that damage gets past them.

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

/// What begins the structures of large groups.
pub const SIGNATURES: [&[u8; 4]; 6] = [b"FRHP", b"FHIB", b"FHDB", b"BTHD", b"BTIN", b"BTLF"];

/// Where the checksum of a structure is that begins a slice, and how many bytes it has; as our own engine writes it.
fn checksum(rest: &[u8]) -> Option<(usize, usize)> {
    let number = |at: usize, width: usize| {
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(rest.get(at..at + width)?);
        Some(u64::from_le_bytes(bytes) as usize)
    };
    let (record, node) = (if rest.get(5) == Some(&5) { 11 } else { 15 }, 4096);
    // The first place of a checksum behind which a node is empty.
    let end = |of: &dyn Fn(usize) -> usize| {
        let node = rest.get(..node)?;
        (0..400).map(of).find(|end| node.get(end + 4..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0)))
    };
    let at = match rest.get(..4)? {
        b"OHDR" => 10usize.checked_add(number(6, 4)?)?,
        b"FRHP" => 142,
        b"BTHD" => 34,
        b"FHIB" => 49,
        // In the head of the block, and counted as zero.
        b"FHDB" => return Some((17, 32 << 10)),
        b"BTLF" => end(&|count| 6 + count * record)?,
        b"BTIN" => end(&|count| 6 + count * record + (count + 1) * 10)?,
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
    for start in starts {
        let Some((at, len)) = checksum(&bytes[start..]) else { continue };
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

/// Every structure of HDF5 that ends with a checksum, but for the superblock.
const CHECKED: [&[u8; 4]; 13] = [
    b"OHDR", b"OCHK", b"FRHP", b"FHIB", b"FHDB", b"BTHD", b"BTIN", b"BTLF", b"FAHD", b"FADB", b"EAHD", b"EAIB", b"EASB",
];

/// The longest structure whose end is looked for.
const LONGEST: usize = 4096;

/// Where the checksums of a file are that somebody else wrote, whatever their structures.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// Where a structure begins, and where its checksum is, which is its end.
    places: Vec<(usize, usize)>,
}

impl Sums {
    /// Finds them in a file that is whole: a place where the checksum of all before it stands.
    pub fn of(bytes: &[u8]) -> Self {
        let stored = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let fits =
            |start: usize, at: usize| stored(at).is_some_and(|sum| sum != 0 && sum == lookup3(&bytes[start..at]));
        let mut places = Vec::new();
        for (start, window) in bytes.windows(4).enumerate() {
            if bytes[start..].starts_with(b"\x89HDF\r\n\x1a\n") && fits(start, start + 44) {
                places.push((start, start + 44));
            }
            if !CHECKED.iter().any(|signature| window == *signature) {
                continue;
            }
            let known = checksum(&bytes[start..]).map(|(at, _)| start + at);
            let end = known.filter(|at| fits(start, *at));
            let end = end.or_else(|| (start + 6..start + LONGEST).find(|at| fits(start, *at)));
            places.extend(end.map(|at| (start, at)));
        }
        Sums { places }
    }

    /// Where structures begin.
    pub fn starts(&self) -> impl Iterator<Item = usize> {
        self.places.iter().map(|(start, _)| *start)
    }

    /// Gives every structure the checksum that its bytes have, unless damage has moved it.
    pub fn repair(&self, bytes: &mut [u8]) {
        for (start, at) in &self.places {
            if let Some(structure) = bytes.get(*start..*at) {
                let sum = lookup3(structure);
                if let Some(place) = bytes.get_mut(*at..*at + 4) {
                    place.copy_from_slice(&sum.to_le_bytes());
                }
            }
        }
    }
}
