//! BloscLZ, a kin of FastLZ: what PyTables and old Blosc files have.

use super::lzf::repeat;

/// From this distance on, two more bytes say how far.
const FAR: usize = 8191;

/// Decodes into `to`, and says how many bytes there were; `None` where the data is damaged or does
/// not fit.
pub(super) fn decode(from: &[u8], to: &mut [u8]) -> Option<usize> {
    let mut from = from.iter();
    let mut at = 0;
    // The highest bits of the first byte name the version of the format.
    let mut control = usize::from(*from.next()? & 31);
    loop {
        if control < 32 {
            let (run, rest) = from.as_slice().split_at_checked(control + 1)?;
            to.get_mut(at..at + run.len())?.copy_from_slice(run);
            (from, at) = (rest.iter(), at + run.len());
        } else {
            let mut length = control >> 5;
            if length == 7 {
                loop {
                    let more = *from.next()?;
                    length = length.checked_add(more.into())?;
                    if more != 255 {
                        break;
                    }
                }
            }
            let (high, low) = (control & 31, usize::from(*from.next()?));
            let distance = match (high, low) {
                (31, 255) => (usize::from(*from.next()?) << 8) + usize::from(*from.next()?) + FAR,
                _ => (high << 8) + low,
            };
            repeat(to, at, distance + 1, length + 2)?;
            at += length + 2;
        }
        match from.next() {
            Some(next) => control = usize::from(*next),
            None => return Some(at),
        }
    }
}
