//! HDF5's fletcher32 checksum: four bytes at the end of a chunk.

/// The chunk without its checksum, if that is right.
pub(super) fn verified(chunk: &[u8]) -> Option<&[u8]> {
    let (data, stored) = chunk.split_last_chunk::<4>()?;
    let (stored, sum) = (u32::from_le_bytes(*stored), checksum(data));
    // Versions before 1.6.3 wrote the bytes of each half the other way round; the library takes
    // both.
    let swapped = (sum & 0x00ff_00ff) << 8 | (sum >> 8 & 0x00ff_00ff);
    (stored == sum || stored == swapped).then_some(data)
}

/// Appends the checksum of a chunk to it.
#[cfg(any(chunks_coded_here, test))]
pub(super) fn sign(chunk: &mut Vec<u8>) {
    chunk.extend_from_slice(&checksum(chunk).to_le_bytes());
}

/// The checksum: two sums of big-endian words of 16 bits, an odd byte at the end being the high one
/// of the last word.
fn checksum(data: &[u8]) -> u32 {
    let (mut low, mut high) = (0u32, 0u32);
    let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
    // As many words as can be summed before 32 bits are full.
    for part in data.chunks(720) {
        let (words, odd) = part.as_chunks::<2>();
        for word in words {
            low += u32::from(u16::from_be_bytes(*word));
            high += low;
        }
        if let [byte] = odd {
            low += u32::from(*byte) << 8;
            high += low;
        }
        (low, high) = (fold(low), fold(high));
    }
    fold(high) << 16 | fold(low)
}

#[cfg(test)]
mod tests {
    use super::{checksum, sign, verified};

    #[test]
    fn sums() {
        assert_eq!(checksum(&[]), 0);
        assert_eq!(checksum(&[1, 2]), 0x0102_0102);
        assert_eq!(checksum(&[1, 2, 3]), (0x0102 + 0x0402) << 16 | 0x0402);
        let mut chunk = vec![255; 100_001];
        sign(&mut chunk);
        assert_eq!(verified(&chunk).map(<[u8]>::len), Some(100_001));
        chunk[17] = 3;
        assert_eq!(verified(&chunk), None);
        assert_eq!(verified(&[1, 2, 3]), None);
    }
}
