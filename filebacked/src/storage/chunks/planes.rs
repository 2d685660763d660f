//! A quick deflate for shuffled numbers: pieces of their byte planes are stored where they are noise, else coded as runs.
//!
//! The result is one zlib stream for any reader, and quick to read: noise is copied, and long runs are few codes.

use super::huffman::{Bits, codes, lengths};

/// What is coded at a time, at most: what fits one stored block.
const PIECE: usize = 65_535;
/// Pieces with more bits a byte than this, in a sample, are stored.
const NOISE: f64 = 7.5;
/// Planes shorter than this are not looked at one by one: each block has a head of some hundred bytes.
const SHORT_PLANE: usize = 4096;
/// Tokens: a byte as itself, and from here on a run of three or more bytes that repeat the one before.
const RUN: usize = 256;
const SHORTEST: usize = 3;
const LONGEST: usize = 258;
/// The symbol that ends a block.
const END: usize = 256;
const SYMBOLS: usize = 286;
/// The order in which deflate has the lengths of the codes for lengths.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Memory that is kept from call to call.
#[derive(Default)]
pub(super) struct Planes {
    tokens: Vec<u16>,
}

impl Planes {
    /// Appends a zlib stream of shuffled elements of `size` bytes, unless all of them look like noise.
    pub(super) fn compress(&mut self, shuffled: &[u8], size: usize, to: &mut Vec<u8>) -> bool {
        let plane = match shuffled.len() / size.max(1) {
            short if short < SHORT_PLANE => shuffled.len().max(1),
            plane => plane,
        };
        let pieces =
            || shuffled.chunks(plane).flat_map(|plane| plane.chunks(plane.len().div_ceil(plane.len().div_ceil(PIECE))));
        let noise: Vec<bool> = pieces().map(is_noise).collect();
        if noise.iter().all(|noise| *noise) {
            return false;
        }
        to.extend_from_slice(&[0x78, 0x01]);
        let mut bits = Bits::new(to);
        let count = noise.len();
        for (k, (piece, noise)) in pieces().zip(noise).enumerate() {
            let last = k + 1 == count;
            if noise || !self.runs(piece, last, &mut bits) {
                stored(piece, last, &mut bits);
            }
        }
        let mut sum = libdeflater::Adler32::new();
        sum.update(shuffled);
        bits.align().extend_from_slice(&sum.sum().to_be_bytes());
        true
    }

    /// Appends a block of codes for bytes and runs; `false`, and nothing appended, where that takes more than the bytes.
    fn runs(&mut self, piece: &[u8], last: bool, bits: &mut Bits<'_>) -> bool {
        let mut seen = [0u32; RUN + LONGEST - SHORTEST + 1];
        self.tokens.clear();
        self.tokens.reserve(piece.len());
        let mut at = 0;
        while let Some(byte) = piece.get(at) {
            self.tokens.push(u16::from(*byte));
            seen[usize::from(*byte)] += 1;
            at += 1;
            let mut run = repeats(&piece[at..], *byte);
            while run >= SHORTEST {
                let length = run.min(LONGEST);
                let token = RUN + length - SHORTEST;
                self.tokens.push(token as u16);
                seen[token] += 1;
                at += length;
                run -= length;
            }
        }
        let mut frequencies = [0u32; SYMBOLS];
        frequencies[..RUN].copy_from_slice(&seen[..RUN]);
        frequencies[END] = 1;
        for (i, n) in seen[RUN..].iter().enumerate() {
            frequencies[length_symbol(i + SHORTEST).0] += n;
        }
        let mut code_lengths = [0u8; SYMBOLS];
        lengths(&frequencies, 15, &mut code_lengths);
        let mut symbol_codes = [0u16; SYMBOLS];
        codes(&code_lengths, &mut symbol_codes);

        // Each token with all its bits: its code, and for runs what the code leaves open, and the distance of one.
        let mut whole = [(0u32, 0u32); RUN + LONGEST - SHORTEST + 1];
        for (token, (code, n)) in whole.iter_mut().enumerate() {
            let (symbol, extra, extra_bits) = match token {
                0..RUN => (token, 0, 0),
                _ => length_symbol(token - RUN + SHORTEST),
            };
            let length = u32::from(code_lengths[symbol]);
            let distance = u32::from(token >= RUN);
            (*code, *n) = (u32::from(symbol_codes[symbol]) | extra << length, length + extra_bits + distance);
        }
        let total: u64 = whole.iter().zip(seen).map(|((_, n), seen)| u64::from(*n) * u64::from(seen)).sum();
        // The lengths take some hundred bytes at most.
        if total / 8 + 120 > piece.len() as u64 {
            return false;
        }
        bits.put(u32::from(last) | 2 << 1, 3);
        put_lengths(&code_lengths, bits);
        for token in &self.tokens {
            let (code, n) = whole[usize::from(*token) & 511];
            bits.put(code, n);
        }
        bits.put(symbol_codes[END].into(), code_lengths[END].into());
        true
    }
}

/// How many bytes at the beginning are this one.
#[inline]
fn repeats(bytes: &[u8], byte: u8) -> usize {
    if bytes.first() != Some(&byte) {
        return 0;
    }
    let (words, rest) = bytes.as_chunks::<8>();
    let pattern = u64::from_le_bytes([byte; 8]);
    for (k, word) in words.iter().enumerate() {
        let differs = u64::from_le_bytes(*word) ^ pattern;
        if differs != 0 {
            return k * 8 + differs.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + rest.iter().take_while(|b| **b == byte).count()
}

/// The symbol for the length of a run, what it leaves open, and in how many bits.
fn length_symbol(length: usize) -> (usize, u32, u32) {
    let offset = length - SHORTEST;
    if length == LONGEST {
        return (285, 0, 0);
    }
    if offset < 8 {
        return (257 + offset, 0, 0);
    }
    let bits = offset.ilog2() - 2;
    (257 + 4 * bits as usize + (offset >> bits), (offset & ((1 << bits) - 1)) as u32, bits)
}

/// Appends the lengths of all codes: those of the symbols, and one distance of one bit.
fn put_lengths(code_lengths: &[u8; SYMBOLS], bits: &mut Bits<'_>) {
    let symbols = code_lengths.iter().rposition(|length| *length > 0).map_or(257, |i| i + 1).max(257);
    let all = [&code_lengths[..symbols], &[1]].concat();
    // Lengths, with runs of them: 16 repeats the one before 3 to 6 times, 17 and 18 are 3 to 10 and 11 to 138 zeros.
    let mut steps: Vec<(usize, u32, u32)> = Vec::new();
    let mut rest = all.as_slice();
    while let Some(length) = rest.first() {
        let run = rest.iter().take_while(|next| *next == length).count();
        let (step, n) = match run {
            11.. if *length == 0 => ((18, run.min(138) as u32 - 11, 7), run.min(138)),
            3.. if *length == 0 => ((17, run as u32 - 3, 3), run),
            4.. => {
                steps.push((usize::from(*length), 0, 0));
                ((16, (run - 1).min(6) as u32 - 3, 2), (run - 1).min(6) + 1)
            }
            _ => ((usize::from(*length), 0, 0), 1),
        };
        steps.push(step);
        rest = &rest[n..];
    }
    let mut frequencies = [0u32; 19];
    steps.iter().for_each(|step| frequencies[step.0] += 1);
    let (mut step_lengths, mut step_codes) = ([0u8; 19], [0u16; 19]);
    lengths(&frequencies, 7, &mut step_lengths);
    codes(&step_lengths, &mut step_codes);
    let kept = ORDER.iter().rposition(|symbol| step_lengths[*symbol] > 0).map_or(4, |i| i + 1).max(4);
    bits.put(symbols as u32 - 257, 5);
    bits.put(0, 5);
    bits.put(kept as u32 - 4, 4);
    for symbol in &ORDER[..kept] {
        bits.put(step_lengths[*symbol].into(), 3);
    }
    for (symbol, extra, extra_bits) in steps {
        bits.put(step_codes[symbol].into(), step_lengths[symbol].into());
        bits.put(extra, extra_bits);
    }
}

/// Appends a block of the bytes as they are.
fn stored(piece: &[u8], last: bool, bits: &mut Bits<'_>) {
    bits.put(u32::from(last), 3);
    let to = bits.align();
    let length = piece.len() as u16;
    to.extend_from_slice(&length.to_le_bytes());
    to.extend_from_slice(&(!length).to_le_bytes());
    to.extend_from_slice(piece);
}

/// Whether a sample of eight places has nearly all bytes alike often, and few repeats.
fn is_noise(piece: &[u8]) -> bool {
    let mut seen = [0u32; 256];
    let (mut n, mut again) = (0u32, 0u32);
    for part in piece.chunks((piece.len() / 8).max(1)) {
        let part = &part[..part.len().min(512)];
        part.iter().for_each(|byte| seen[usize::from(*byte)] += 1);
        again += part.windows(2).map(|pair| u32::from(pair[0] == pair[1])).sum::<u32>();
        n += part.len() as u32;
    }
    let n = f64::from(n);
    let share = |count: &u32| f64::from(*count) / n;
    let entropy: f64 = seen.iter().filter(|count| **count > 0).map(|count| -share(count) * share(count).log2()).sum();
    entropy > NOISE && f64::from(again) < n / 16.0
}

#[cfg(test)]
mod tests {
    use super::{Planes, length_symbol, repeats};

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
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
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
                let rare: Vec<u8> = (0..n).map(|i| if i % 4096 == 0 { random() } else { random() % 3 }).collect();
                check(&rare, size);
                let halves: Vec<u8> = (0..n).map(|i| if i < n / 2 { random() } else { 9 }).collect();
                check(&halves, size);
            }
        }
        assert!(check(&vec![0; 1 << 20], 8) < 4000);
        assert_eq!(check(&(0..1 << 20).map(|_| random()).collect::<Vec<u8>>(), 8), 1 << 20);
        // Slow bytes are no noise, though all values are there.
        assert!(check(&(0..1usize << 18).map(|i| (i / 34) as u8).collect::<Vec<u8>>(), 1) < 1 << 15);
    }

    #[test]
    fn lengths_of_runs() {
        for (length, found) in [
            (3, (257, 0, 0)),
            (10, (264, 0, 0)),
            (11, (265, 0, 1)),
            (12, (265, 1, 1)),
            (13, (266, 0, 1)),
            (18, (268, 1, 1)),
        ] {
            assert_eq!(length_symbol(length), found);
        }
        assert_eq!(length_symbol(227), (284, 0, 5));
        assert_eq!(length_symbol(257), (284, 30, 5));
        assert_eq!(length_symbol(258), (285, 0, 0));
        for n in 0..40 {
            assert_eq!(repeats(&[vec![7; n], vec![1, 7, 7]].concat(), 7), n);
            assert_eq!(repeats(&vec![7; n], 7), n);
        }
    }
}
