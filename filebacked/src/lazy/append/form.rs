//! Rows of groups whose values are not one a row: that those that come are as those that are there.

use crate::error::{Error, Result};
use crate::lazy::excerpt::{self, Run};
use crate::lazy::ranks::Ranks;
use crate::object::Object;
use crate::stamp::LEN;
use crate::storage::draft::{Content, DraftGroup, Drafted};

/// Refuses options of another form than those of the file, which have a value for each row, or only
/// for those that are there.
pub(super) fn check_optional(
    found: &Object<'_>,
    draft: &DraftGroup,
    rows: Option<u64>,
) -> Result<()> {
    let (Some(rows), Some(stored), Some(values)) = (rows, stored(found)?, drafted(draft)) else {
        return Ok(());
    };
    let Some(mask) = draft.member("mask").and_then(bytes) else { return Ok(()) };
    let (more, present) =
        (mask.len() as u64, mask.iter().filter(|missing| **missing == 0).count() as u64);
    let fits = match stored == rows {
        // Where nothing was missing, it is both.
        true => values == more || present_in(found, rows)? == Some(rows),
        false => values == present,
    };
    match (fits, stored == rows) {
        (true, _) => Ok(()),
        (false, true) => {
            Err(Error::mismatch("values of those that are there", "a value for each row")
                .at("values"))
        }
        (false, false) => {
            Err(Error::mismatch("a value for each row", "values of those that are there")
                .at("values"))
        }
    }
}

/// Refuses arrays of another length than those of the file.
pub(super) fn check_arrays(
    found: &Object<'_>,
    draft: &DraftGroup,
    rows: Option<u64>,
) -> Result<()> {
    let (Some(rows), Some(stored), Some(values)) = (rows, stored(found)?, drafted(draft)) else {
        return Ok(());
    };
    let Some(each) = draft.number(LEN).and_then(|more| values.checked_div(more)) else {
        return Ok(());
    };
    match rows.checked_mul(each) == Some(stored) {
        true => Ok(()),
        false => {
            let there = stored.checked_div(rows).unwrap_or(0);
            Err(Error::mismatch(format!("arrays of {each}"), format!("arrays of {there}"))
                .at("values"))
        }
    }
}

/// How many values the file has.
fn stored(found: &Object<'_>) -> Result<Option<u64>> {
    match found.child("values")? {
        Some(values) => excerpt::rows(&values, true),
        None => Ok(None),
    }
}

/// How many of the rows in the file have a value.
fn present_in(found: &Object<'_>, rows: u64) -> Result<Option<u64>> {
    let Some(mask) = found.child("mask")? else { return Ok(None) };
    Ok(Some(Ranks::default().run(&mask, Run { start: 0, end: 0, of: rows }, 0)?.of))
}

/// How many values come.
fn drafted(draft: &DraftGroup) -> Option<u64> {
    match draft.member("values")? {
        Drafted::Dataset(values) => values.shape.first().copied(),
        Drafted::Group(values) => values.number(LEN),
    }
}

fn bytes(drafted: &Drafted) -> Option<&[u8]> {
    match drafted {
        Drafted::Dataset(dataset) => match &dataset.content {
            Content::Bytes(bytes) => Some(bytes),
            _ => None,
        },
        Drafted::Group(_) => None,
    }
}
