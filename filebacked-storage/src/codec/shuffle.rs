//! HDF5's byte shuffle: the first bytes of all elements, then all second bytes, and so on.

use std::mem::MaybeUninit;

/// Shuffles elements of `size` bytes. Extra bytes at the end stay unchanged. Both slices have the
/// same length.
pub fn shuffle(from: &[u8], to: &mut [MaybeUninit<u8>], size: usize) {
    let (from, to) = (&from[..to.len()], to);
    let n = if size > 1 { from.len() / size } else { 0 };
    let (elements, rest) = from.split_at(n * size);
    let (planes, end) = to.split_at_mut(n * size);
    end.write_bytes(rest);
    let done = match size {
        2 => blocks::shuffle::<2>(elements, planes, n),
        4 => blocks::shuffle::<4>(elements, planes, n),
        8 => blocks::shuffle::<8>(elements, planes, n),
        16 => blocks::shuffle::<16>(elements, planes, n),
        _ => 0,
    };
    shuffle_from(done, elements, planes, size);
}

/// Undoes [`shuffle`].
pub fn unshuffle(from: &[u8], to: &mut [MaybeUninit<u8>], size: usize) {
    let (from, to) = (&from[..to.len()], to);
    let n = if size > 1 { from.len() / size } else { 0 };
    let (planes, rest) = from.split_at(n * size);
    let (elements, end) = to.split_at_mut(n * size);
    end.write_bytes(rest);
    let done = match size {
        2 => blocks::unshuffle::<2>(planes, elements, n),
        4 => blocks::unshuffle::<4>(planes, elements, n),
        8 => blocks::unshuffle::<8>(planes, elements, n),
        16 => blocks::unshuffle::<16>(planes, elements, n),
        _ => 0,
    };
    unshuffle_from(done, planes, elements, size);
}

/// Shuffles the elements from this one on, a byte at a time.
fn shuffle_from(first: usize, elements: &[u8], planes: &mut [MaybeUninit<u8>], size: usize) {
    let n = elements.len().checked_div(size).unwrap_or(0);
    if first >= n {
        return;
    }
    for (j, plane) in planes.chunks_exact_mut(n).enumerate() {
        let bytes = elements[first * size..].iter().skip(j).step_by(size);
        for (place, byte) in plane[first..].iter_mut().zip(bytes) {
            place.write(*byte);
        }
    }
}

/// Undoes the shuffle of the elements from this one on, a byte at a time.
fn unshuffle_from(first: usize, planes: &[u8], elements: &mut [MaybeUninit<u8>], size: usize) {
    let n = planes.len().checked_div(size).unwrap_or(0);
    if first >= n {
        return;
    }
    for (j, plane) in planes.chunks_exact(n).enumerate() {
        let places = elements[first * size..].iter_mut().skip(j).step_by(size);
        for (place, byte) in places.zip(&plane[first..]) {
            place.write(*byte);
        }
    }
}

/// `MaybeUninit::write_copy_of_slice`, which the oldest supported compiler lacks.
pub trait WriteCopy {
    /// Copies a slice of the same length.
    fn write_bytes(&mut self, from: &[u8]);
}

impl WriteCopy for [MaybeUninit<u8>] {
    fn write_bytes(&mut self, from: &[u8]) {
        // SAFETY: a byte may be seen as one that need not be initialised.
        let from = unsafe {
            std::slice::from_raw_parts(from.as_ptr().cast::<MaybeUninit<u8>>(), from.len())
        };
        self.copy_from_slice(from);
    }
}

/// Bytes to be overwritten.
pub fn to_be_written(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the functions of this module only ever write initialised bytes to such a slice.
    unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) }
}

/// Sixteen elements at a time. Interleaving the halves of a block rotates the bits of each byte's
/// place by one: four times shuffles sixteen elements, and as many times as the element size has
/// bits undoes it.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod blocks {
    use std::arch::x86_64::{
        __m128i, _mm_loadu_si128, _mm_storeu_si128, _mm_unpackhi_epi8, _mm_unpacklo_epi8,
    };
    use std::mem::MaybeUninit;

    const LANE: usize = 16;

    #[inline]
    fn load(bytes: &[u8], at: usize) -> __m128i {
        let lane = &bytes[at..at + LANE];
        // SAFETY: the slice has the 16 bytes that are loaded.
        unsafe { _mm_loadu_si128(lane.as_ptr().cast()) }
    }

    #[inline]
    fn store(bytes: &mut [MaybeUninit<u8>], at: usize, lane: __m128i) {
        let place = &mut bytes[at..at + LANE];
        // SAFETY: the slice has the 16 bytes that are stored.
        unsafe { _mm_storeu_si128(place.as_mut_ptr().cast(), lane) }
    }

    #[inline]
    fn interleave<const S: usize>(lanes: [__m128i; S]) -> [__m128i; S] {
        let mut next = lanes;
        for k in 0..S / 2 {
            // SAFETY: SSE2 is there, or this module is not.
            #[allow(unused_unsafe)]
            let (low, high) = unsafe {
                (
                    _mm_unpacklo_epi8(lanes[k], lanes[k + S / 2]),
                    _mm_unpackhi_epi8(lanes[k], lanes[k + S / 2]),
                )
            };
            (next[2 * k], next[2 * k + 1]) = (low, high);
        }
        next
    }

    /// Shuffles all full blocks of `n` elements, and says how many elements that were.
    pub(super) fn shuffle<const S: usize>(
        elements: &[u8],
        planes: &mut [MaybeUninit<u8>],
        n: usize,
    ) -> usize {
        let end = n / LANE * LANE;
        for first in (0..end).step_by(LANE) {
            let mut lanes: [__m128i; S] =
                std::array::from_fn(|k| load(elements, first * S + k * LANE));
            for _ in 0..LANE.ilog2() {
                lanes = interleave(lanes);
            }
            for (k, lane) in lanes.into_iter().enumerate() {
                store(planes, k * n + first, lane);
            }
        }
        end
    }

    /// Undoes [`shuffle`].
    pub(super) fn unshuffle<const S: usize>(
        planes: &[u8],
        elements: &mut [MaybeUninit<u8>],
        n: usize,
    ) -> usize {
        let end = n / LANE * LANE;
        for first in (0..end).step_by(LANE) {
            let mut lanes: [__m128i; S] = std::array::from_fn(|k| load(planes, k * n + first));
            for _ in 0..S.ilog2() {
                lanes = interleave(lanes);
            }
            for (k, lane) in lanes.into_iter().enumerate() {
                store(elements, first * S + k * LANE, lane);
            }
        }
        end
    }
}

/// Without these instructions all is done a byte at a time.
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
mod blocks {
    use std::mem::MaybeUninit;

    pub(super) fn shuffle<const S: usize>(_: &[u8], _: &mut [MaybeUninit<u8>], _: usize) -> usize {
        0
    }

    pub(super) fn unshuffle<const S: usize>(
        _: &[u8],
        _: &mut [MaybeUninit<u8>],
        _: usize,
    ) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::{shuffle, shuffle_from, to_be_written, unshuffle, unshuffle_from};

    #[test]
    fn blocks_and_bytes_agree() {
        for size in [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 100] {
            for n in [0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 1000] {
                for rest in [0, size / 2] {
                    let from: Vec<u8> =
                        (0..n * size + rest).map(|i| (i * i / 7 + i) as u8).collect();
                    let (mut quick, mut plain, mut back) =
                        (from.clone(), from.clone(), vec![0; from.len()]);
                    shuffle(&from, to_be_written(&mut quick), size);
                    let (elements, planes) = (&from[..n * size], &mut plain[..n * size]);
                    shuffle_from(0, elements, to_be_written(planes), size);
                    assert_eq!(quick, plain, "{n} elements of {size} bytes");
                    unshuffle(&quick, to_be_written(&mut back), size);
                    assert_eq!(back, from, "{n} elements of {size} bytes");
                    back.fill(0);
                    unshuffle_from(
                        0,
                        &quick[..n * size],
                        to_be_written(&mut back[..n * size]),
                        size,
                    );
                    assert_eq!(back[..n * size], from[..n * size]);
                }
            }
        }
        let mut to = [0; 6];
        shuffle(&[1, 2, 3, 4, 5, 6], to_be_written(&mut to), 2);
        assert_eq!(to, [1, 3, 5, 2, 4, 6]);
    }
}
