//! [`Ranks`]: how many rows before a row have a code: where the values of an option or a variant start.

use super::excerpt::{Run, damaged};
use crate::error::{Error, Result};
use crate::object::Object;
use crate::storage::{Description, Dtype, Slab, Span, fill_vec};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// From one note to the next, in rows.
const STEP: u64 = 4096;

/// So many rows are counted at a time.
const BLOCK: u64 = 256 * STEP;

/// The counts of the columns of codes in a table, made when one is asked for first.
#[derive(Debug, Default)]
pub(super) struct Ranks(Mutex<HashMap<String, Arc<Counts>>>);

/// How many rows have each code, before every so many rows and in the end.
#[derive(Debug, Default)]
struct Counts {
    rows: u64,
    before: HashMap<i128, Vec<u64>>,
}

impl Ranks {
    /// Which of the rows that have this code are those among these rows.
    pub(super) fn run(&self, codes: &Object<'_>, run: Run, code: i128) -> Result<Run> {
        let description = codes.describe()?;
        if description.shape[..] != [run.of] {
            return Err(damaged(&format!("codes of shape {:?} in a table of {}", description.shape, run.of)));
        }
        let counts = self.counts(codes, &description)?;
        let Some(before) = counts.before.get(&code) else { return Ok(Run { start: 0, end: 0, of: 0 }) };
        let rank = |row: u64| {
            let note = (row / STEP).min(before.len() as u64 - 1);
            let known = before.get(note as usize).copied().unwrap_or(0);
            if row == run.of {
                return Ok(before.last().copied().unwrap_or(0));
            }
            let rest = read(codes, &description, note * STEP, row)?;
            Ok::<_, Error>(known + rest.into_iter().filter(|found| *found == code).count() as u64)
        };
        Ok(Run { start: rank(run.start)?, end: rank(run.end)?, of: rank(run.of)? })
    }

    fn counts(&self, codes: &Object<'_>, description: &Description) -> Result<Arc<Counts>> {
        let rows = description.shape.first().copied().unwrap_or(0);
        let identity = codes.source.identity(codes.handle)?;
        let known = identity.as_ref().and_then(|identity| self.lock().get(identity).cloned());
        if let Some(known) = known.filter(|known| known.rows == rows) {
            return Ok(known);
        }
        let mut counts = Counts { rows, before: HashMap::new() };
        let mut now: HashMap<i128, u64> = HashMap::new();
        let mut start = 0;
        while start < rows {
            let end = rows.min(start + BLOCK);
            for (row, code) in (start..end).zip(read(codes, description, start, end)?) {
                if row % STEP == 0 {
                    note(&mut counts, &now, row / STEP);
                }
                *now.entry(code).or_default() += 1;
            }
            start = end;
        }
        note(&mut counts, &now, rows.div_ceil(STEP));
        let counts = Arc::new(counts);
        if let Some(identity) = identity {
            self.lock().insert(identity, Arc::clone(&counts));
        }
        Ok(counts)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Counts>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes what was counted so far. A code that is new was not there before.
fn note(counts: &mut Counts, now: &HashMap<i128, u64>, place: u64) {
    for (code, count) in now {
        let before = counts.before.entry(*code).or_default();
        before.resize(place as usize, 0);
        before.push(*count);
    }
}

/// Some codes.
fn read(codes: &Object<'_>, description: &Description, start: u64, end: u64) -> Result<Vec<i128>> {
    let signed = match &description.dtype {
        Dtype::Enum(stored) => stored.base.signed,
        Dtype::Int(int) => int.signed,
        Dtype::Bool => false,
        dtype => return Err(Error::mismatch("codes", dtype.to_string())),
    };
    let slab = Slab { dims: vec![Span { start, step: 1, count: end - start }] };
    let part = Description { shape: slab.shape(), ..description.clone() };
    let (source, handle) = (codes.source, codes.handle);
    let bytes: Vec<u8> = fill_vec(&part, |out| source.read_slab(handle, &part.dtype, &slab, out))?;
    let cells = bytes.chunks_exact(description.dtype.size().max(1));
    Ok(cells.map(|cell| crate::layout::number::int(cell, signed)).collect())
}
