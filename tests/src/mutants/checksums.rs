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

/// Where the checksum of a structure is that begins a slice, and how many bytes it has; as our own
/// engine writes it, or the C library, and where the next one begins.
fn checksum(rest: &[u8], next: usize) -> Option<(usize, usize)> {
    let record = if rest.get(5) == Some(&5) { 11 } else { 15 };
    // The first place of a checksum behind which a node is empty.
    let end = |of: &dyn Fn(usize) -> usize| {
        let in_node = |node: usize| {
            let node = rest.get(..node)?;
            (0..400).map(of).find(|end| {
                node.get(end + 4..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
            })
        };
        in_node(2048).or_else(|| in_node(512))
    };
    let at = match rest.get(..4)? {
        b"OHDR" => header(rest)?,
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
    let is_start = |w: &[u8]| {
        w == b"OHDR"
            || w == b"OCHK"
            || (matches!(w[0], b'F' | b'B') && SIGNATURES.iter().any(|s| w == *s))
    };
    let starts: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, w)| is_start(w)).map(|(i, _)| i).collect();
    let nexts = starts.iter().skip(1).copied().chain([bytes.len()]).collect::<Vec<_>>();
    for (start, next) in starts.into_iter().zip(nexts) {
        let found = match &bytes[start..start + 4] {
            b"OCHK" => continuation(bytes, start).map(|len| (len, len)),
            _ => checksum(&bytes[start..], next - start),
        };
        let Some((at, len)) = found else { continue };
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

/// Structures that end with a checksum, at a place that is looked for.
const CHECKED: [&[u8; 4]; 9] =
    [b"FHIB", b"BTHD", b"BTIN", b"BTLF", b"FAHD", b"FADB", b"EAHD", b"EAIB", b"EASB"];

/// The longest structure whose end is looked for.
const LONGEST: usize = 2100;

/// Where the checksums of a file are that somebody else wrote, whatever their structures.
#[derive(Debug, Clone, Default)]
pub struct Sums(Vec<Sum>);

/// A checksum of a structure, at its end or, counted as zeros, inside of it.
#[derive(Debug, Clone, Copy)]
struct Sum {
    start: usize,
    at: usize,
    end: usize,
}

impl Sum {
    fn value(self, bytes: &[u8]) -> Option<u32> {
        let structure = bytes.get(self.start..self.end)?;
        if self.at >= self.end {
            return Some(lookup3(structure));
        }
        let mut structure = structure.to_vec();
        structure[self.at - self.start..][..4].fill(0);
        Some(lookup3(&structure))
    }

    fn fits(&self, bytes: &[u8]) -> bool {
        let stored = bytes
            .get(self.at..self.at + 4)
            .map(|sum| u32::from_le_bytes([sum[0], sum[1], sum[2], sum[3]]));
        stored.is_some_and(|sum| sum != 0 && self.value(bytes) == Some(sum))
    }
}

impl Sums {
    /// Finds them in a file that is whole: places where the checksum of what is before them stands.
    pub fn of(bytes: &[u8]) -> Self {
        let mut sums = Vec::new();
        for (start, window) in bytes.windows(4).enumerate() {
            let ending = |len: usize| Sum { start, at: start + len, end: start + len };
            let found = match window {
                b"\x89HDF" => Some(ending(44)),
                b"OHDR" => header(&bytes[start..]).map(ending),
                b"OCHK" => continuation(bytes, start).map(ending),
                b"FRHP" => Some(ending(142)),
                b"FHDB" => {
                    let sizes = (9..17).map(|bits| start + (1 << bits));
                    sizes.map(|end| Sum { start, at: start + 17, end }).find(|sum| sum.fits(bytes))
                }
                _ if CHECKED.iter().any(|signature| window == *signature) => {
                    (6..LONGEST).map(ending).find(|sum| sum.fits(bytes))
                }
                _ => None,
            };
            sums.extend(found.filter(|sum| sum.fits(bytes)));
        }
        Sums(sums)
    }

    /// Where structures begin.
    pub fn starts(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|sum| sum.start)
    }

    /// Gives every structure the checksum that its bytes have, where damage has not cut it off.
    pub fn repair(&self, bytes: &mut [u8]) {
        for sum in &self.0 {
            if let Some(value) = sum.value(bytes)
                && let Some(place) = bytes.get_mut(sum.at..sum.at + 4)
            {
                place.copy_from_slice(&value.to_le_bytes());
            }
        }
    }
}

/// The length of an object header without its checksum.
fn header(rest: &[u8]) -> Option<usize> {
    let flags = *rest.get(5)?;
    let width = 1 << (flags & 3);
    let at = 6 + if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 };
    let mut len = [0; 8];
    len[..width].copy_from_slice(rest.get(at..at + width)?);
    (at + width).checked_add(usize::try_from(u64::from_le_bytes(len)).ok()?)
}

/// The length of a header's further block without its checksum: it stands where its address does.
fn continuation(bytes: &[u8], start: usize) -> Option<usize> {
    let base = [0, 512, 1024]
        .into_iter()
        .find(|base| bytes.get(*base..).is_some_and(|b| b.starts_with(b"\x89HDF")))?;
    let address = (start.checked_sub(base)? as u64).to_le_bytes();
    let place = bytes.windows(16).find(|window| window.starts_with(&address))?;
    let len = u64::from_le_bytes(place[8..].try_into().ok()?);
    usize::try_from(len).ok()?.checked_sub(4)
}
