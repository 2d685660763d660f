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

/// How many rows have each code.
#[derive(Debug, Default)]
struct Counts {
    rows: u64,
    /// After which steps that became how many: only those that have changed it, so that the notes
    /// are not more than the rows.
    after: HashMap<i128, Vec<(u64, u64)>>,
}

impl Ranks {
    /// Which of the rows that have this code are those among these rows.
    pub(super) fn run(&self, codes: &Object<'_>, run: Run, code: i128) -> Result<Run> {
        let description = codes.describe()?;
        if description.shape[..] != [run.of] {
            return Err(damaged(&format!(
                "codes of shape {:?} in a table of {}",
                description.shape, run.of
            )));
        }
        let counts = self.counts(codes, &description)?;
        let Some(after) = counts.after.get(&code) else {
            return Ok(Run { start: 0, end: 0, of: 0 });
        };
        let rank = |row: u64| {
            let steps = if row == run.of { u64::MAX } else { row / STEP };
            let place = after.partition_point(|(step, _)| *step <= steps);
            let known = place
                .checked_sub(1)
                .and_then(|last| after.get(last))
                .map_or(0, |(_, count)| *count);
            if row == run.of {
                return Ok(known);
            }
            let rest = read(codes, &description, steps * STEP, row)?;
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
        let mut counts = Counts { rows, after: HashMap::new() };
        let mut start = 0;
        while start < rows {
            let end = rows.min(start + BLOCK);
            for (step, codes) in
                (start / STEP..).zip(read(codes, description, start, end)?.chunks(STEP as usize))
            {
                counts.note(step, codes);
            }
            start = end;
        }
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

impl Counts {
    /// Counts the codes of a step.
    fn note(&mut self, step: u64, codes: &[i128]) {
        for code in codes {
            let after = self.after.entry(*code).or_default();
            match after.last_mut() {
                Some((last, count)) if *last == step + 1 => *count += 1,
                last => {
                    let count = last.map_or(0, |(_, count)| *count) + 1;
                    after.push((step + 1, count));
                }
            }
        }
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
