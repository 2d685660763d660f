//! A fast deflate for shuffled numbers: pieces of their byte planes are stored if they are noise,
//! and otherwise encoded with matches from a single look back.
//!
//! The result is one zlib stream for any reader, and quick to read: noise is copied.

use super::block::{Block, FARTHEST, LONGEST, stored};
use super::huffman::Bits;

/// The most bytes that are encoded at a time: those that fit one stored block.
const PIECE: usize = 65_535;
/// Pieces with more bits a byte than this, in a sample, are stored.
const NOISE: f64 = 7.5;
/// Planes shorter than this are not looked at one by one: each block has a head of some hundred
/// bytes.
const SHORT_PLANE: usize = 4096;
/// Bits of the hash of four bytes: matches of three gain little and take as long. A larger table
/// finds more matches than it is worth: with it, the bytes that are looked back at do not fit the
/// nearest cache.
const HASH: u32 = 13;

/// Memory that is kept from call to call.
#[derive(Default)]
pub(super) struct Planes {
    block: Block,
    /// Where four bytes of this hash were last, in the lowest bits of that place.
    seen: Vec<u16>,
}

impl Planes {
    /// Appends a zlib stream of shuffled elements of `size` bytes, unless all of them look like
    /// noise.
    pub(super) fn compress(&mut self, shuffled: &[u8], size: usize, to: &mut Vec<u8>) -> bool {
        let plane = match shuffled.len() / size.max(1) {
            short if short < SHORT_PLANE => shuffled.len().max(1),
            plane => plane,
        };
        let cut = |plane: &'_ [u8]| plane.len().div_ceil(plane.len().div_ceil(PIECE));
        let pieces = || shuffled.chunks(plane).flat_map(|plane| plane.chunks(cut(plane)));
        let noise: Vec<bool> = pieces().map(is_noise).collect();
        if noise.iter().all(|noise| *noise) {
            return false;
        }
        // Earlier data must not influence the output.
        self.seen.clear();
        self.seen.resize(1 << HASH, 0);
        to.extend_from_slice(&[0x78, 0x01]);
        let mut bits = Bits::new(to);
        let (mut start, count) = (0, noise.len());
        for (k, (piece, noise)) in pieces().zip(noise).enumerate() {
            let (end, last) = (start + piece.len(), k + 1 == count);
            let coded = !noise && {
                self.gather(shuffled, start, end);
                self.block.put(piece.len(), last, &mut bits)
            };
            if !coded {
                stored(piece, last, &mut bits);
            }
            start = end;
        }
        let mut sum = libdeflater::Adler32::new();
        sum.update(shuffled);
        bits.append(&sum.sum().to_be_bytes());
        true
    }

    /// Gathers the tokens of a piece: runs of the byte before, else what the same four bytes were
    /// followed by last.
    fn gather(&mut self, all: &[u8], start: usize, end: usize) {
        self.block.clear(end - start);
        let seen = self.seen.first_chunk_mut::<{ 1 << HASH }>();
        let (Some(seen), all) = (seen, &all[..end]) else { return };
        let mut at = start;
        while let Some(four) = all[at..].first_chunk::<4>() {
            let here = u32::from_le_bytes(*four);
            let before = at.checked_sub(1).map(|before| all[before]);
            if before == Some(four[0]) && here == here.rotate_left(8) {
                let length = alike(all, at - 1, at, (end - at).min(LONGEST));
                self.block.repeat(length, 1);
                at += length;
                continue;
            }
            let hash = here.wrapping_mul(0x9e37_79b1) >> (32 - HASH);
            let seen = std::mem::replace(&mut seen[hash as usize], at as u16);
            let distance = usize::from((at as u16).wrapping_sub(seen));
            let from = at.wrapping_sub(distance);
            let found = all.get(from..).and_then(|back| back.first_chunk::<4>());
            if found == Some(four) && distance.wrapping_sub(1) < FARTHEST {
                let length = 4 + alike(all, from + 4, at + 4, (end - at).min(LONGEST) - 4);
                self.block.repeat(length, distance);
                at += length;
                continue;
            }
            self.block.byte(four[0]);
            at += 1;
        }
        all[at..].iter().for_each(|byte| self.block.byte(*byte));
    }
}

/// How many bytes from two places on are alike, up to `most`; `from` is the earlier place.
#[inline]
fn alike(all: &[u8], from: usize, at: usize, most: usize) -> usize {
    let (back, here) = (&all[from..from + most], &all[at..at + most]);
    let ((back, back_rest), (here, here_rest)) = (back.as_chunks::<8>(), here.as_chunks::<8>());
    for (k, (a, b)) in back.iter().zip(here).enumerate() {
        let differs = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differs != 0 {
            return k * 8 + differs.trailing_zeros() as usize / 8;
        }
    }
    back.len() * 8 + back_rest.iter().zip(here_rest).take_while(|(a, b)| a == b).count()
}

/// Whether a sample of eight places has nearly all bytes alike often, and nearly all differences of
/// neighbours.
fn is_noise(piece: &[u8]) -> bool {
    let (mut bytes, mut steps) = ([0u32; 256], [0u32; 256]);
    for part in piece.chunks((piece.len() / 8).max(1)) {
        let mut before = 0;
        for byte in &part[..part.len().min(512)] {
            bytes[usize::from(*byte)] += 1;
            steps[usize::from(byte.wrapping_sub(before))] += 1;
            before = *byte;
        }
    }
    entropy(&bytes) > NOISE && entropy(&steps) > NOISE
}

/// Bits a byte that a code of these frequencies takes.
fn entropy(counts: &[u32; 256]) -> f64 {
    let n = f64::from(counts.iter().sum::<u32>());
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / n)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{Planes, alike};

    fn check(shuffled: &[u8], size: usize) -> usize {
        let mut coded = vec![7];
        if !Planes::default().compress(shuffled, size, &mut coded) {
            return shuffled.len();
        }
        let mut back = vec![0; shuffled.len()];
        let n = libdeflater::Decompressor::new().zlib_decompress(&coded[1..], &mut back).unwrap();
        assert!(n == back.len() && back == shuffled, "{n} of {}", back.len());
        coded.len() - 1
    }

    #[test]
    fn streams_are_read_back() {
        let mut state = 1u64;
        let mut random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u8
        };
        for n in [1, 2, 3, 8, 100, 1000, 65_535, 65_536, 300_001] {
            for size in [1, 2, 3, 8, 1000] {
                let noise: Vec<u8> = (0..n).map(|_| random()).collect();
                check(&noise, size);
                check(&vec![3; n], size);
                let few: Vec<u8> = (0..n).map(|_| random() % 5).collect();
                check(&few, size);
                let runs: Vec<u8> = (0..n).map(|i| (i / 37) as u8).collect();
                check(&runs, size);
                let rare: Vec<u8> =
                    (0..n).map(|i| if i % 4096 == 0 { random() } else { random() % 3 }).collect();
                check(&rare, size);
                let halves: Vec<u8> =
                    (0..n).map(|i| if i < n / 2 { random() } else { 9 }).collect();
                check(&halves, size);
            }
        }
        assert!(check(&vec![0; 1 << 20], 8) < 4000);
        assert_eq!(check(&(0..1 << 20).map(|_| random()).collect::<Vec<u8>>(), 8), 1 << 20);
        // Slowly changing bytes are not noise, even if all values occur.
        assert!(
            check(&(0..1usize << 18).map(|i| (i / 34) as u8).collect::<Vec<u8>>(), 1) < 1 << 15
        );
    }

    #[test]
    fn what_is_alike() {
        for n in 0..40 {
            let bytes = [vec![7; n + 3], vec![1, 7, 7]].concat();
            assert_eq!(alike(&bytes, 0, 3, bytes.len() - 3), n);
            assert_eq!(alike(&vec![7; n + 3], 0, 3, n), n);
            assert_eq!(alike(&[7; 60], 0, 3, n), n);
        }
    }
}
