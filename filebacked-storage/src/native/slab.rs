//! Parts of contiguous data: runs that lie close together are read at once.

use super::header::damaged;
use super::input::{Input, copy};
use crate::Slab;
use crate::error::Result;
use std::mem::MaybeUninit;

/// Runs with less between them than this many bytes are read together.
const GAP: u64 = 16 << 10;

/// So many bytes are read together at most, unless one run is longer.
const BATCH: u64 = 1 << 20;

/// Reads the elements of a selection, of so many bytes each, out of data that starts at an address.
pub(super) fn read(
    input: &Input<'_>,
    address: u64,
    shape: &[u64],
    element: u64,
    slab: &Slab,
    out: &mut [MaybeUninit<u8>],
) -> Result<()> {
    let mut batch = Batch { input, runs: Vec::new(), scratch: Vec::new(), out, done: 0 };
    slab.runs(shape, |start, len| {
        let place = start.checked_mul(element).and_then(|start| start.checked_add(address));
        match (place, len.checked_mul(element)) {
            (Some(place), Some(len)) => batch.add(place, len),
            _ => Err(damaged("data outside the file")),
        }
    })?;
    batch.flush()?;
    if batch.done == batch.out.len() { Ok(()) } else { Err(damaged("a selection of another size")) }
}

/// Runs that are read together, in ascending order.
struct Batch<'a, 'b> {
    input: &'a Input<'b>,
    /// Where each run starts in the file, and its length.
    runs: Vec<(u64, u64)>,
    scratch: Vec<u8>,
    out: &'a mut [MaybeUninit<u8>],
    done: usize,
}

impl Batch<'_, '_> {
    fn add(&mut self, place: u64, len: u64) -> Result<()> {
        if let (Some((first, _)), Some((last, last_len))) = (self.runs.first(), self.runs.last()) {
            let (end, gap) = (place + len, place.checked_sub(last + last_len));
            if gap.is_none_or(|gap| gap > GAP) || end - first > BATCH {
                self.flush()?;
            }
        }
        self.runs.push((place, len));
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let runs = std::mem::take(&mut self.runs);
        let (Some((first, _)), Some((last, last_len))) = (runs.first(), runs.last()) else {
            return Ok(());
        };
        if let [(place, len)] = runs[..] {
            let input = self.input;
            return input.read(place, self.next(len)?);
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        self.input.read_vec(*first, (last + last_len - first) as usize, &mut scratch)?;
        for (place, len) in &runs {
            let start = (place - first) as usize;
            let bytes = scratch.get(start..start + *len as usize).unwrap_or_default();
            copy(bytes, self.next(*len)?);
        }
        self.scratch = scratch;
        self.runs = runs;
        self.runs.clear();
        Ok(())
    }

    /// The next part of the output.
    fn next(&mut self, len: u64) -> Result<&mut [MaybeUninit<u8>]> {
        let start = self.done;
        let end = usize::try_from(len).ok().and_then(|len| start.checked_add(len));
        let end = end
            .filter(|end| *end <= self.out.len())
            .ok_or_else(|| damaged("a selection of another size"))?;
        self.done = end;
        self.out.get_mut(start..end).ok_or_else(|| damaged("a selection of another size"))
    }
}
