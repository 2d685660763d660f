//! Filter pipeline messages: what chunks went through when they were written (section IV.A.2.l of
//! the specification).

use super::header::{damaged, uint, unknown};
use crate::codec::filter_name;
use crate::error::Result;

/// The most filters of a dataset.
const MOST_FILTERS: u64 = 32;

/// Filters from this number on have their names in a message of version 2.
const NAMED: u64 = 256;

/// A filter of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) id: u32,
    pub(super) options: Vec<u32>,
    name: String,
}

impl Filter {
    /// The usual name, otherwise the one in the file, otherwise the number.
    pub(super) fn name(&self) -> String {
        match filter_name(self.id) {
            Some(usual) => usual.to_string(),
            None if !self.name.is_empty() => self.name.clone(),
            None => self.id.to_string(),
        }
    }
}

/// The filters, in the order in which they were applied.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Filter>> {
    let (version, count) = (uint(body, 0, 1)?, uint(body, 1, 1)?);
    let mut at = match version {
        1 => 8,
        2 => 2,
        _ => return Err(unknown("filters of another version")),
    };
    if count > MOST_FILTERS {
        return Err(damaged(format!("{count} filters of a dataset")));
    }
    let mut filters = Vec::new();
    for _ in 0..count {
        let id = uint(body, at, 2)?;
        at += 2;
        let mut name_len = 0;
        if version == 1 || id >= NAMED {
            name_len = uint(body, at, 2)? as usize;
            at += 2;
        }
        let options = uint(body, at + 2, 2)? as usize;
        at += 4;
        let name = body.get(at..at + name_len);
        let name = name.ok_or_else(|| damaged("a filter's name outside its message"))?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        at += if version == 1 { name_len.next_multiple_of(8) } else { name_len };
        let options = (0..options).map(|i| Ok(uint(body, at + 4 * i, 4)? as u32));
        let options = options.collect::<Result<Vec<u32>>>()?;
        at += 4 * options.len();
        if version == 1 && options.len() % 2 == 1 {
            at += 4;
        }
        filters.push(Filter { id: id as u32, options, name });
    }
    Ok(filters)
}
