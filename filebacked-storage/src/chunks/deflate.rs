//! One zlib stream per chunk, made by one of two coders.

use super::planes::Planes;
use libdeflater::{CompressionLvl, Compressor};

/// How shuffled chunks of a dataset are made into zlib streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coder {
    /// Byte planes one by one, stored or coded with one look back: several times as quick where
    /// numbers have much noise, and hardly larger where they change slowly.
    Planes,
    /// The whole chunk by libdeflate: finds what repeats.
    Whole,
}

/// Up to this level speed counts more than the last percents of size.
const QUICK: u8 = 5;

/// The coders and their memory.
pub(super) struct Deflater {
    level: u8,
    whole: Compressor,
    planes: Planes,
}

impl Deflater {
    /// For a level of gzip: 0 to 9.
    pub(super) fn new(level: u8) -> Self {
        let effort = CompressionLvl::new(level.clamp(1, 9).into()).unwrap_or_default();
        Deflater { level, whole: Compressor::new(effort), planes: Planes::default() }
    }

    /// Makes a zlib stream of shuffled elements of `size` bytes; `false` where that would not be
    /// shorter.
    pub(super) fn compress(
        &mut self,
        coder: Coder,
        shuffled: &[u8],
        size: usize,
        to: &mut Vec<u8>,
    ) -> bool {
        to.clear();
        match coder {
            // What this level asks for.
            _ if self.level == 0 => false,
            Coder::Planes => self.planes.compress(shuffled, size, to) && to.len() < shuffled.len(),
            Coder::Whole => {
                // The buffer has the size of the input, so a stream that is not shorter fails.
                to.resize(shuffled.len(), 0);
                let n = self.whole.zlib_compress(shuffled, to).unwrap_or(shuffled.len());
                to.truncate(n);
                n < shuffled.len()
            }
        }
    }
}

/// Makes a zlib stream of bytes as they are, which is always longer than they.
pub(super) fn store(bytes: &[u8], to: &mut Vec<u8>) {
    const BLOCK: usize = u16::MAX as usize;
    to.clear();
    to.extend_from_slice(&[0x78, 0x01]);
    let blocks = bytes.len().div_ceil(BLOCK).max(1);
    for n in 0..blocks {
        let block = bytes.get(n * BLOCK..bytes.len().min((n + 1) * BLOCK)).unwrap_or_default();
        let len = block.len() as u16;
        to.push(u8::from(n + 1 == blocks));
        to.extend_from_slice(&len.to_le_bytes());
        to.extend_from_slice(&(!len).to_le_bytes());
        to.extend_from_slice(block);
    }
    let mut sum = libdeflater::Adler32::new();
    sum.update(bytes);
    to.extend_from_slice(&sum.sum().to_be_bytes());
}

/// The coder for a dataset, from the sizes that both make of some of its chunks. Time is not
/// measured, so that equal values give equal files: where the planes are about as small, they are
/// quicker.
pub(super) fn choose(level: u8, planes: usize, whole: usize) -> Coder {
    // The size that may be traded for speed, in percent.
    let percent = if level <= QUICK { 16 } else { 0 };
    if planes.saturating_mul(100) <= whole.saturating_mul(100 + percent) {
        Coder::Planes
    } else {
        Coder::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::{Coder, Deflater, choose, store};
    use crate::codec::{Codec, Workspace, id};

    #[test]
    fn both_coders_give_streams() {
        let bytes: Vec<u8> = (0..100_000u32).flat_map(|i| (i / 100).to_be_bytes()).collect();
        let mut state = 7u64;
        let noise = bytes.iter().map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        });
        let noise: Vec<u8> = noise.collect();
        for (level, coder) in
            (0..=9).flat_map(|level| [(level, Coder::Planes), (level, Coder::Whole)])
        {
            let mut deflater = Deflater::new(level);
            let (mut stream, mut back) = (Vec::new(), vec![0; bytes.len()]);
            assert_eq!(deflater.compress(coder, &bytes, 4, &mut stream), level > 0);
            if level > 0 {
                let mut work = Workspace::default();
                let codec = Codec::of(id::DEFLATE, &[level.into()]).unwrap();
                codec.decode(&mut work, &stream, &mut back).unwrap();
                assert!(back == bytes);
                back.push(0);
                codec.decode(&mut work, &stream, &mut back).unwrap_err();
                codec.decode(&mut work, &stream, &mut back[2..]).unwrap_err();
                stream[40] ^= 9;
                codec.decode(&mut work, &stream, &mut back[1..]).unwrap_err();
            }
            assert!(!deflater.compress(coder, &noise, 4, &mut stream));
        }
    }

    #[test]
    fn stored_bytes_are_a_stream_too() {
        for len in [1, 100, 65_535, 65_536, 200_000] {
            let bytes: Vec<u8> = (0..len).map(|i| (i * i % 251) as u8).collect();
            let (mut stream, mut back) = (Vec::new(), vec![0; len]);
            store(&bytes, &mut stream);
            Codec::of(id::DEFLATE, &[1])
                .unwrap()
                .decode(&mut Workspace::default(), &stream, &mut back)
                .unwrap();
            assert!(back == bytes && stream.len() > len);
        }
    }

    #[test]
    fn small_differences_are_given_away_for_speed() {
        assert_eq!(choose(1, 116, 100), Coder::Planes);
        assert_eq!(choose(4, 117, 100), Coder::Whole);
        assert_eq!(choose(9, 101, 100), Coder::Whole);
        assert_eq!(choose(9, 100, 100), Coder::Planes);
    }
}
