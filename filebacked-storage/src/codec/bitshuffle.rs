//! Bitshuffle as Blosc has it: the first bits of all elements, then all second bits, and so on.

/// Shuffles the bits of elements of `size` bytes. As in Blosc, nothing is shuffled unless the
/// elements are a multiple of eight; what is left over at the end stays as it is.
pub(super) fn shuffle(from: &[u8], to: &mut [u8], size: usize) {
    let Some(row) = row(from, to, size) else { return };
    for group in 0..row {
        for byte in 0..size {
            let elements = std::array::from_fn(|e| from[(group * 8 + e) * size + byte]);
            for (bit, bits) in transposed(elements).into_iter().enumerate() {
                to[(byte * 8 + bit) * row + group] = bits;
            }
        }
    }
}

/// Undoes [`shuffle`].
pub(super) fn unshuffle(from: &[u8], to: &mut [u8], size: usize) {
    let Some(row) = row(from, to, size) else { return };
    for group in 0..row {
        for byte in 0..size {
            let bits = std::array::from_fn(|bit| from[(byte * 8 + bit) * row + group]);
            for (e, element) in transposed(bits).into_iter().enumerate() {
                to[(group * 8 + e) * size + byte] = element;
            }
        }
    }
}

/// The bytes that a bit of all elements takes; what is not shuffled has been copied.
fn row(from: &[u8], to: &mut [u8], size: usize) -> Option<usize> {
    let n = from.len().checked_div(size).filter(|n| n % 8 == 0).unwrap_or(0);
    to[n * size..].copy_from_slice(&from[n * size..]);
    (n > 0).then_some(n / 8)
}

/// Transposes bits: the first of eight bytes gets the lowest bits of all, the second the next bits,
/// and so on.
fn transposed(bytes: [u8; 8]) -> [u8; 8] {
    let mut x = u64::from_le_bytes(bytes);
    for (mask, shift) in
        [(0x00aa_00aa_00aa_00aa, 7), (0x0000_cccc_0000_cccc, 14), (0x0000_0000_f0f0_f0f0, 28)]
    {
        let t = (x ^ (x >> shift)) & mask;
        x ^= t ^ (t << shift);
    }
    x.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::{shuffle, transposed, unshuffle};

    #[test]
    fn bits_change_places() {
        for (i, j) in (0..8).flat_map(|i| (0..8).map(move |j| (i, j))) {
            let (mut one, mut other) = ([0u8; 8], [0u8; 8]);
            one[i] = 1 << j;
            other[j] = 1 << i;
            assert_eq!(transposed(one), other);
        }
        for (size, n) in [(1, 16), (2, 8), (3, 24), (8, 800), (8, 801), (5, 3)] {
            let from: Vec<u8> = (0..n * size + 1).map(|i| (i * i / 7 + i) as u8).collect();
            let (mut to, mut back) = (vec![0; from.len()], vec![0; from.len()]);
            shuffle(&from, &mut to, size);
            unshuffle(&to, &mut back, size);
            assert_eq!(back, from);
        }
    }
}
