//! Elements of a file that become what a [`Dtype`](crate::Dtype) says, in place: byte orders, numbers
//! of fewer bits, paddings of text.

/// A part of an element that is changed, `count` times, each `stride` bytes behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) at: usize,
    pub(super) count: usize,
    pub(super) stride: usize,
    pub(super) change: Change,
}

/// A change of a part of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// So many bytes are turned around.
    Swap(usize),
    /// An integer of `size` bytes gets all its bits from fewer.
    Widen { size: usize, big: bool, shift: u32, bits: u32, signed: bool },
    /// Text of so many bytes that ends with a NUL is filled with NULs.
    Terminated(usize),
    /// Text of so many bytes is filled with NULs instead of spaces.
    Spaced(usize),
    /// Two halves of so many bytes change places.
    Exchange(usize),
    /// Parts of a part.
    Each(Vec<Step>),
}

impl Step {
    /// A change of a whole element.
    pub(super) fn whole(size: usize, change: Change) -> Self {
        Step { at: 0, count: 1, stride: size, change }
    }

    /// Changes an element that begins with these bytes.
    fn apply(&self, element: &mut [u8]) {
        for number in 0..self.count {
            let at = self.at + number * self.stride;
            if let Some(part) = element.get_mut(at..at + self.stride) {
                self.change.apply(part);
            }
        }
    }
}

impl Change {
    fn apply(&self, part: &mut [u8]) {
        match self {
            Change::Swap(len) => part.get_mut(..*len).unwrap_or_default().reverse(),
            Change::Widen { size, big, shift, bits, signed } => {
                let Some(number) = part.get_mut(..*size) else { return };
                if *big {
                    number.reverse();
                }
                let mut value = [0; 8];
                value[..*size].copy_from_slice(number);
                let unused = 64 - bits;
                let value = u64::from_le_bytes(value) >> shift << unused;
                let value = if *signed { (value as i64 >> unused) as u64 } else { value >> unused };
                number.copy_from_slice(&value.to_le_bytes()[..*size]);
            }
            Change::Terminated(len) => {
                let text = part.get_mut(..*len).unwrap_or_default();
                let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
                text.get_mut(end..).unwrap_or_default().fill(0);
            }
            Change::Spaced(len) => {
                let text = part.get_mut(..*len).unwrap_or_default();
                let end = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
                text.get_mut(end..).unwrap_or_default().fill(0);
            }
            Change::Exchange(half) => {
                if let Some((first, second)) = part.split_at_mut_checked(*half) {
                    first.swap_with_slice(second.get_mut(..*half).unwrap_or_default());
                }
            }
            Change::Each(steps) => steps.iter().for_each(|step| step.apply(part)),
        }
    }
}

/// Changes all elements, of `size` bytes each.
pub(super) fn apply(steps: &[Step], size: usize, elements: &mut [u8]) {
    // Numbers in the other byte order, which most such datasets are.
    if let [Step { at: 0, count: 1, change: Change::Swap(len), .. }] = steps
        && *len == size
    {
        match size {
            2 => swap::<2>(elements),
            4 => swap::<4>(elements),
            8 => swap::<8>(elements),
            _ => elements.chunks_exact_mut(size.max(1)).for_each(<[u8]>::reverse),
        }
        return;
    }
    for element in elements.chunks_exact_mut(size.max(1)) {
        steps.iter().for_each(|step| step.apply(element));
    }
}

fn swap<const N: usize>(elements: &mut [u8]) {
    elements.as_chunks_mut::<N>().0.iter_mut().for_each(|number| number.reverse());
}

#[cfg(test)]
mod tests {
    use super::{Change, Step, apply};

    fn changed(change: Change, mut bytes: Vec<u8>) -> Vec<u8> {
        let size = bytes.len();
        apply(&[Step::whole(size, change)], size, &mut bytes);
        bytes
    }

    #[test]
    fn parts_change_in_place() {
        assert_eq!(changed(Change::Swap(4), vec![1, 2, 3, 4]), [4, 3, 2, 1]);
        assert_eq!(changed(Change::Swap(3), vec![1, 2, 3]), [3, 2, 1]);
        let widen = |signed, big| Change::Widen { size: 2, big, shift: 2, bits: 5, signed };
        assert_eq!(changed(widen(false, false), vec![0b0111_1100, 0xff]), [0x1f, 0]);
        assert_eq!(changed(widen(true, false), vec![0b0111_1100, 0xff]), [0xff, 0xff]);
        assert_eq!(changed(widen(true, true), vec![0xff, 0b0011_1100]), [0x0f, 0]);
        assert_eq!(changed(Change::Terminated(4), b"ab\0x".to_vec()), *b"ab\0\0");
        assert_eq!(changed(Change::Terminated(4), b"abcd".to_vec()), *b"abcd");
        assert_eq!(changed(Change::Spaced(4), b"a b ".to_vec()), *b"a b\0");
        assert_eq!(changed(Change::Spaced(2), b"  ".to_vec()), [0, 0]);
        assert_eq!(changed(Change::Exchange(2), vec![1, 2, 3, 4]), [3, 4, 1, 2]);
        let inner = Step { at: 1, count: 2, stride: 2, change: Change::Swap(2) };
        assert_eq!(changed(Change::Each(vec![inner]), vec![0, 1, 2, 3, 4, 5]), [0, 2, 1, 4, 3, 5]);
    }
}
