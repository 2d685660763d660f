//! Huffman codes as deflate has them, and bits one after another.

/// Code lengths for these frequencies, none longer than `limit`; zero for what never comes.
pub(super) fn lengths(frequencies: &[u32], limit: usize, lengths: &mut [u8]) {
    lengths.fill(0);
    let mut used: Vec<(u32, usize)> = frequencies
        .iter()
        .enumerate()
        .filter(|(_, f)| **f > 0)
        .map(|(symbol, f)| (*f, symbol))
        .collect();
    used.sort_unstable();
    let n = used.len();
    if n < 2 {
        used.iter().for_each(|(_, symbol)| lengths[*symbol] = 1);
        return;
    }
    // The two lightest trees become one, until one is left. Leaves come first, and both they and
    // the trees are sorted.
    let mut weight: Vec<u64> = used.iter().map(|(f, _)| u64::from(*f)).collect();
    let mut parent = vec![0; 2 * n - 1];
    let (mut leaf, mut tree) = (0, n);
    for next in n..2 * n - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            let is_leaf = leaf < n && (tree >= next || weight[leaf] <= weight[tree]);
            let lightest = if is_leaf { &mut leaf } else { &mut tree };
            parent[*lightest] = next;
            sum += weight[*lightest];
            *lightest += 1;
        }
        weight.push(sum);
    }
    let mut depth = vec![0usize; 2 * n - 1];
    let mut count = [0usize; 16];
    for node in (0..2 * n - 2).rev() {
        depth[node] = depth[parent[node]] + 1;
        if node < n {
            count[depth[node].min(limit)] += 1;
        }
    }
    // Where leaves lay deeper than the limit, others go down until all have room.
    let mut taken: usize = (1..=limit).map(|length| count[length] << (limit - length)).sum();
    while taken > 1 << limit {
        count[limit] -= 1;
        if let Some(length) = (1..limit).rev().find(|length| count[*length] > 0) {
            count[length] -= 1;
            count[length + 1] += 2;
        }
        taken -= 1;
    }
    let by_length =
        (1..=limit).rev().flat_map(|length| std::iter::repeat_n(length as u8, count[length]));
    for ((_, symbol), length) in used.iter().zip(by_length) {
        lengths[*symbol] = length;
    }
}

/// The codes that follow from the lengths, with the bits in the order in which they are written.
pub(super) fn codes(lengths: &[u8], codes: &mut [u16]) {
    let mut next = [0u32; 17];
    for length in lengths.iter().filter(|length| **length > 0) {
        next[usize::from(*length) + 1] += 1;
    }
    for length in 1..next.len() {
        next[length] = (next[length] + next[length - 1]) << 1;
    }
    // `next[length]` has been made the first code of that length.
    for (code, length) in codes.iter_mut().zip(lengths) {
        let length = usize::from(*length);
        if length > 0 {
            *code = (next[length] as u16).reverse_bits() >> (16 - length);
            next[length] += 1;
        }
    }
}

/// Appends bits to bytes, the lowest first.
pub(super) struct Bits<'a> {
    to: &'a mut Vec<u8>,
    /// Bytes that are written; those behind them are room.
    end: usize,
    held: u64,
    n: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(to: &'a mut Vec<u8>) -> Self {
        let end = to.len();
        Bits { to, end, held: 0, n: 0 }
    }

    /// Makes room for so many bits.
    pub(super) fn reserve(&mut self, bits: usize) {
        let wanted = self.end + bits / 8 + 16;
        if self.to.len() < wanted {
            self.to.resize(wanted, 0);
        }
    }

    /// Appends the lowest `n` bits, at most 56; the others are zero. There is room for them.
    #[inline]
    pub(super) fn put(&mut self, bits: u64, n: u32) {
        self.held |= bits << self.n;
        self.n += n;
        // All that is held is written each time, and full bytes are let go: no branch depends on
        // the data.
        self.to[self.end..self.end + 8].copy_from_slice(&self.held.to_le_bytes());
        self.end += (self.n / 8) as usize;
        self.held >>= self.n / 8 * 8;
        self.n %= 8;
    }

    /// Goes on to the next full byte, and gives the bytes to be appended to by `append`.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.end += self.n.div_ceil(8) as usize;
        (self.held, self.n) = (0, 0);
        self.to.truncate(self.end);
        self.to.extend_from_slice(bytes);
        self.end = self.to.len();
    }
}

#[cfg(test)]
mod tests {
    use super::{codes, lengths};

    #[test]
    fn codes_are_complete_and_short() {
        let fibonacci = std::iter::successors(Some((1u32, 1u32)), |(a, b)| Some((*b, a + b)))
            .map(|pair| pair.0);
        let cases: [Vec<u32>; 5] = [
            vec![1, 1],
            vec![0, 5, 0, 1, 1],
            (0..286).map(|i| i % 7).collect(),
            fibonacci.take(40).collect(),
            vec![1_000_000; 257],
        ];
        for frequencies in cases {
            for limit in [9, 15] {
                let mut found = vec![0; frequencies.len()];
                lengths(&frequencies, limit, &mut found);
                let space: usize = found
                    .iter()
                    .filter(|length| **length > 0)
                    .map(|l| 1 << (limit - *l as usize))
                    .sum();
                assert_eq!(space, 1 << limit, "{found:?}");
                assert!(
                    frequencies.iter().zip(&found).all(|(f, length)| (*f > 0) == (*length > 0))
                );
            }
        }
        let mut found = [0; 4];
        codes(&[2, 1, 3, 3], &mut found);
        assert_eq!(found, [0b01, 0, 0b011, 0b111]);
    }
}
