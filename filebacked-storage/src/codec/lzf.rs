//! LZF, the codec of h5py's `compression="lzf"`: runs of bytes, and matches of at most 264 bytes in
//! the 8 KiB before.

use super::{ChunkCodec, Workspace, filled, id};
use crate::error::{ErrorKind, Result};

pub(super) struct Lzf;

impl ChunkCodec for Lzf {
    fn id(&self) -> u32 {
        id::LZF
    }

    fn encodes(&self, _: &[u32]) -> bool {
        false
    }

    // 264 bytes in 3.
    fn ratio(&self) -> usize {
        88
    }

    fn claims(&self, chunk: &[u8]) -> Option<usize> {
        size(chunk)
    }

    fn decode(&self, _: &[u32], _: &mut Workspace, chunk: &[u8], to: &mut [u8]) -> Result<()> {
        filled("lzf", decode(chunk, to), to)
    }

    fn encode(
        &self,
        _: &[u32],
        _: &mut Workspace,
        _: &[u8],
        _: &mut [u8],
    ) -> Result<Option<usize>> {
        Err(ErrorKind::Unsupported("lzf is only read".into()).into())
    }
}

/// Decodes into `to`, and says how many bytes there were; `None` where the data is damaged or does
/// not fit.
pub(super) fn decode(from: &[u8], to: &mut [u8]) -> Option<usize> {
    let mut from = from.iter();
    let mut at = 0;
    while let Some(control) = from.next() {
        let control = usize::from(*control);
        if control < 32 {
            let (run, rest) = from.as_slice().split_at_checked(control + 1)?;
            to.get_mut(at..at + run.len())?.copy_from_slice(run);
            (from, at) = (rest.iter(), at + run.len());
            continue;
        }
        let length = match control >> 5 {
            7 => 9 + usize::from(*from.next()?),
            short => 2 + short,
        };
        let distance = ((control & 31) << 8) + usize::from(*from.next()?) + 1;
        repeat(to, at, distance, length)?;
        at += length;
    }
    Some(at)
}

/// How many bytes come of these, which is at most 88 for each.
pub(super) fn size(from: &[u8]) -> Option<usize> {
    let mut from = from.iter();
    let mut size = 0;
    while let Some(control) = from.next() {
        let control = usize::from(*control);
        if control < 32 {
            let (run, rest) = from.as_slice().split_at_checked(control + 1)?;
            (from, size) = (rest.iter(), size + run.len());
            continue;
        }
        size += match control >> 5 {
            7 => 9 + usize::from(*from.next()?),
            short => 2 + short,
        };
        from.next()?;
    }
    Some(size)
}

/// Copies bytes from before a place to it, which may be some that the copy itself writes.
pub(super) fn repeat(to: &mut [u8], at: usize, distance: usize, length: usize) -> Option<()> {
    let start = at.checked_sub(distance)?;
    if at + length > to.len() {
        return None;
    }
    // The existing bytes are repeated, twice as many each time.
    let mut done = 0;
    while done < length {
        let n = (distance + done).min(length - done);
        to.copy_within(start..start + n, at + done);
        done += n;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{decode, size};

    #[test]
    fn runs_and_matches() {
        let mut to = [0; 32];
        // "abc", then 7 bytes from 3 before, then 10 from 1 before.
        let stream = [2, b'a', b'b', b'c', 5 << 5, 2, 7 << 5, 1, 0];
        assert_eq!(decode(&stream, &mut to), Some(20));
        assert_eq!(&to[..20], b"abcabcabcaaaaaaaaaaa");
        assert_eq!(decode(&stream, &mut to[..19]), None);
        assert_eq!(decode(&stream[..3], &mut to), None);
        assert_eq!(decode(&stream[..8], &mut to), None);
        assert_eq!(decode(&[0, b'a', 1 << 5, 1], &mut to), None, "from before the start");
        assert_eq!(decode(&[], &mut to), Some(0));
    }

    #[test]
    fn sizes_without_decoding() {
        let stream = [2, b'a', b'b', b'c', 5 << 5, 2, 7 << 5, 1, 0];
        assert_eq!(size(&stream), Some(20));
        for (end, known) in
            [(0, Some(0)), (3, None), (4, Some(3)), (5, None), (6, Some(10)), (7, None), (8, None)]
        {
            assert_eq!(size(&stream[..end]), known, "{end}");
        }
        assert_eq!(size(&[7 << 5, 255, 0].repeat(1000)), Some(264_000), "the most there can be");
    }
}
