//! Blocks of deflate: bytes and matches gathered, then coded by a Huffman code of their own, or
//! bytes as they are.

use super::huffman::{Bits, codes, lengths};

/// The shortest and the longest match, and the farthest.
pub(super) const SHORTEST: usize = 3;
pub(super) const LONGEST: usize = 258;
pub(super) const FARTHEST: usize = 1 << 15;
/// The symbol that ends a block.
const END: usize = 256;
const SYMBOLS: usize = 286;
const DISTANCES: usize = 30;
/// The bit of a token that is a match.
const MATCH: u32 = 1 << 31;
/// The order in which deflate has the lengths of the codes for lengths.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A block that is being gathered.
pub(super) struct Block {
    /// A byte, or `MATCH` with the length above and the distance in the lower 16 bits, both less
    /// their least value.
    tokens: Vec<u32>,
    /// Tokens that are gathered.
    n: usize,
    bytes: [u32; 256],
    lengths: [u32; LONGEST - SHORTEST + 1],
    distances: [u32; DISTANCES],
}

impl Default for Block {
    fn default() -> Self {
        Block {
            tokens: Vec::new(),
            n: 0,
            bytes: [0; 256],
            lengths: [0; 256],
            distances: [0; DISTANCES],
        }
    }
}

impl Block {
    /// Begins anew, with room for this many tokens.
    pub(super) fn clear(&mut self, room: usize) {
        self.n = 0;
        if self.tokens.len() < room {
            self.tokens.resize(room, 0);
        }
        (self.bytes, self.lengths, self.distances) = ([0; 256], [0; 256], [0; DISTANCES]);
    }

    #[inline]
    pub(super) fn byte(&mut self, byte: u8) {
        self.tokens[self.n] = byte.into();
        self.n += 1;
        self.bytes[usize::from(byte)] += 1;
    }

    #[inline]
    pub(super) fn repeat(&mut self, length: usize, distance: usize) {
        self.tokens[self.n] = MATCH | ((length - SHORTEST) << 16 | (distance - 1)) as u32;
        self.n += 1;
        self.lengths[length - SHORTEST] += 1;
        self.distances[distance_symbol(distance - 1).0] += 1;
    }

    /// Appends the block; `false`, and nothing appended, where that would not be shorter than
    /// `limit` bytes.
    pub(super) fn put(&self, limit: usize, last: bool, bits: &mut Bits<'_>) -> bool {
        let mut frequencies = [0u32; SYMBOLS];
        frequencies[..256].copy_from_slice(&self.bytes);
        frequencies[END] = 1;
        for (i, n) in self.lengths.iter().enumerate() {
            frequencies[length_symbol(i + SHORTEST).0] += n;
        }
        let (mut symbol_lengths, mut symbol_codes) = ([0u8; SYMBOLS], [0u16; SYMBOLS]);
        lengths(&frequencies, 15, &mut symbol_lengths);
        codes(&symbol_lengths, &mut symbol_codes);
        let (mut distance_lengths, mut distance_codes) = ([0u8; DISTANCES], [0u16; DISTANCES]);
        lengths(&self.distances, 15, &mut distance_lengths);
        codes(&distance_lengths, &mut distance_codes);
        // There has to be one, though it be never used.
        if distance_lengths == [0; DISTANCES] {
            distance_lengths[0] = 1;
        }

        // Each length with all its bits: its code, and what the code leaves open.
        let mut whole = [(0u32, 0u32); LONGEST - SHORTEST + 1];
        for (i, (code, n)) in whole.iter_mut().enumerate() {
            let (symbol, extra, extra_bits) = length_symbol(i + SHORTEST);
            let length = u32::from(symbol_lengths[symbol]);
            (*code, *n) = (u32::from(symbol_codes[symbol]) | extra << length, length + extra_bits);
        }
        let sum = |n: u32, length: u32| u64::from(n) * u64::from(length);
        let bytes = self.bytes.iter().zip(symbol_lengths).map(|(n, length)| sum(*n, length.into()));
        let matches = self.lengths.iter().zip(whole).map(|(n, (_, length))| sum(*n, length));
        let distances = self.distances.iter().zip(distance_lengths).enumerate();
        let distances = distances
            .map(|(k, (n, length))| sum(*n, u32::from(length) + (k as u32 / 2).saturating_sub(1)));
        let total: u64 = bytes.chain(matches).chain(distances).sum();
        // The lengths of the codes take some hundred bytes at most.
        if total / 8 + 120 > limit as u64 {
            return false;
        }
        bits.reserve(total as usize + 8 * 400);
        bits.put(u64::from(last) | 2 << 1, 3);
        put_lengths(&symbol_lengths, &distance_lengths, bits);
        let literals: [(u16, u8); 256] =
            std::array::from_fn(|byte| (symbol_codes[byte], symbol_lengths[byte]));
        for token in &self.tokens[..self.n] {
            if token & MATCH == 0 {
                let (code, n) = literals[(token & 255) as usize];
                bits.put(code.into(), n.into());
                continue;
            }
            let (code, n) = whole[(token >> 16 & 255) as usize];
            let (symbol, extra, extra_bits) = distance_symbol((token & 0xffff) as usize);
            let length = u32::from(distance_lengths[symbol]);
            let distance = u64::from(distance_codes[symbol]) | u64::from(extra) << length;
            bits.put(u64::from(code) | distance << n, n + length + extra_bits);
        }
        bits.put(symbol_codes[END].into(), symbol_lengths[END].into());
        true
    }
}

/// The symbol for the length of a match, what it leaves open, and in how many bits.
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

/// The symbol for a distance less one, what it leaves open, and in how many bits.
#[inline]
fn distance_symbol(distance: usize) -> (usize, u32, u32) {
    if distance < 4 {
        return (distance, 0, 0);
    }
    let bits = distance.ilog2() - 1;
    (2 * bits as usize + (distance >> bits), (distance & ((1 << bits) - 1)) as u32, bits)
}

/// Appends the lengths of all codes: those of bytes and lengths, and those of distances.
fn put_lengths(symbol_lengths: &[u8], distance_lengths: &[u8], bits: &mut Bits<'_>) {
    let used =
        |lengths: &[u8]| lengths.iter().rposition(|length| *length > 0).map_or(0, |last| last + 1);
    let (symbols, distances) = (used(symbol_lengths).max(257), used(distance_lengths).max(1));
    let all = [&symbol_lengths[..symbols], &distance_lengths[..distances]].concat();
    // Lengths, with runs of them: 16 repeats the one before 3 to 6 times, 17 and 18 are 3 to 10 and
    // 11 to 138 zeros.
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
    let kept =
        ORDER.iter().rposition(|symbol| step_lengths[*symbol] > 0).map_or(4, |i| i + 1).max(4);
    bits.put(symbols as u64 - 257, 5);
    bits.put(distances as u64 - 1, 5);
    bits.put(kept as u64 - 4, 4);
    for symbol in &ORDER[..kept] {
        bits.put(step_lengths[*symbol].into(), 3);
    }
    for (symbol, extra, extra_bits) in steps {
        bits.put(step_codes[symbol].into(), step_lengths[symbol].into());
        bits.put(extra.into(), extra_bits);
    }
}

/// Appends a block of the bytes as they are.
pub(super) fn stored(piece: &[u8], last: bool, bits: &mut Bits<'_>) {
    bits.reserve(3);
    bits.put(last.into(), 3);
    let length = piece.len() as u16;
    bits.append(&length.to_le_bytes());
    bits.append(&(!length).to_le_bytes());
    bits.append(piece);
}

#[cfg(test)]
mod tests {
    use super::{distance_symbol, length_symbol};

    #[test]
    fn symbols() {
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
        for (distance, found) in [
            (1, (0, 0, 0)),
            (4, (3, 0, 0)),
            (5, (4, 0, 1)),
            (6, (4, 1, 1)),
            (7, (5, 0, 1)),
            (9, (6, 0, 2)),
            (13, (7, 0, 2)),
        ] {
            assert_eq!(distance_symbol(distance - 1), found);
        }
        assert_eq!(distance_symbol(24_576), (29, 0, 13));
        assert_eq!(distance_symbol(32_767), (29, 8191, 13));
    }
}
