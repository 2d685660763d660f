//! Damage to files: bits that flip, bytes that are lost or come from elsewhere, numbers that are
//! far too large, and addresses that lead somewhere else.

use std::ops::Range;

/// Numbers that look random and are the same in every run.
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// Those of a seed.
    pub fn new(seed: u64) -> Self {
        // Seeds that are near each other give numbers that are not.
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Numbers((mixed ^ (mixed >> 27)).wrapping_add(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below another.
    pub fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % below.max(1) as u64) as usize
    }
}

/// What damages a file.
#[derive(Debug)]
pub struct Damage<'a> {
    /// What is changed.
    pub places: &'a [Range<usize>],
    /// Whether the file may lose its end.
    pub truncates: bool,
    /// Another file, blocks of which may get into this one.
    pub donor: &'a [u8],
    /// Where structures begin: what addresses may be made to lead to.
    pub starts: &'a [usize],
}

impl Damage<'_> {
    /// Damages a file in up to three places.
    pub fn apply(&self, bytes: &mut Vec<u8>, numbers: &mut Numbers) {
        for _ in 0..=numbers.next(3) {
            let place = &self.places[numbers.next(self.places.len())];
            let at = (place.start + numbers.next(place.len())).min(bytes.len() - 1);
            self.once(bytes, at, numbers);
        }
    }

    fn once(&self, bytes: &mut Vec<u8>, at: usize, numbers: &mut Numbers) {
        let left = bytes.len() - at;
        match numbers.next(10) {
            0 | 1 => bytes[at] ^= 1 << numbers.next(8),
            2 => bytes[at] = numbers.next(256) as u8,
            3 => bytes[at] = 0xff,
            4 if self.truncates && numbers.next(3) == 0 => bytes.truncate(at.max(1)),
            4 => {
                let from = numbers.next(bytes.len());
                let len = numbers.next(64).min(left).min(bytes.len() - from);
                bytes.copy_within(from..from + len, at);
            }
            5 => {
                let from = numbers.next(self.donor.len());
                let len = numbers.next(512).min(left).min(self.donor.len() - from);
                bytes[at..at + len].copy_from_slice(&self.donor[from..from + len]);
            }
            6 | 7 => {
                // A number of some width that is at an edge of what it can be, or is the size of
                // the file.
                let width = [1, 2, 4, 8][numbers.next(4)].min(left);
                let most = u64::MAX >> (64 - 8 * width as u32);
                let edges = [
                    0,
                    1,
                    most,
                    most - 1,
                    most / 2,
                    most / 2 + 1,
                    bytes.len() as u64,
                    1 << numbers.next(63),
                ];
                let number = edges[numbers.next(edges.len())].to_le_bytes();
                bytes[at..at + width].copy_from_slice(&number[..width]);
            }
            8 if !self.starts.is_empty() => {
                // The address of one structure becomes that of another.
                let [from, to] = [0; 2]
                    .map(|_| (self.starts[numbers.next(self.starts.len())] as u64).to_le_bytes());
                let pointer =
                    (0..left.min(256)).map(|i| at + i).find(|at| bytes[*at..].starts_with(&from));
                let pointer = pointer.unwrap_or(at & !7);
                let end = (pointer + 8).min(bytes.len());
                bytes[pointer..end].copy_from_slice(&to[..end - pointer]);
            }
            _ => {
                let end = (at + 8).min(bytes.len());
                bytes[at..end].fill(0xff);
            }
        }
    }
}
