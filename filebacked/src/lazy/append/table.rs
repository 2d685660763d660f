//! Tables with more rows, and with fewer.

use super::Wanted;
use crate::backed::FileBacked;
use crate::error::{ErrorKind, Result};
use crate::lazy::excerpt::{self, Run};
use crate::lazy::vec::Table;
use crate::object::Object;
use crate::storage::libhdf5::Id;
use std::sync::Arc;

/// The table with more rows.
pub(in crate::lazy) fn appended<T: FileBacked>(table: &Table, rows: &mut Vec<T>) -> Result<Table> {
    let mut done = None;
    table.held.edit(&mut |object, found| {
        let check = || check(table, object, found);
        done = Some(super::append(object, &check, &mut |part| match part {
            Wanted::More => super::drafted(found, rows),
            Wanted::All => {
                let mut all = table.look(|node| node.get::<Vec<T>>())?;
                let len = all.len();
                all.append(rows);
                let drafted = super::drafted(found, &all);
                rows.extend(all.drain(len..));
                drafted
            }
        })?);
        Ok(())
    })?;
    let (held, columns) = match done {
        Some(done) => (
            done.root.as_ref().map(|root| table.held.with(root.clone())),
            done.columns(&table.columns),
        ),
        None => (None, table.columns.clone()),
    };
    let held = held.unwrap_or_else(|| table.held.clone());
    Ok(Table { held, len: table.len + rows.len(), ranks: Arc::default(), columns })
}

/// The table with its first rows only. `all` reads all rows.
pub(in crate::lazy) fn truncated<T: FileBacked>(
    table: &Table,
    len: usize,
    all: &dyn Fn() -> Result<Vec<T>>,
) -> Result<Table> {
    let mut root = None;
    let run = Run { start: 0, end: len as u64, of: table.len as u64 };
    table.held.edit(&mut |object, found| {
        let check = || check(table, object, found);
        let done = super::truncate(object, run, &table.ranks, &check, &mut || {
            let mut rows = all()?;
            rows.truncate(len);
            super::drafted(found, &rows)
        })?;
        root = done.root;
        Ok(())
    })?;
    let held = root.map_or_else(|| table.held.clone(), |root| table.held.with(root));
    let (ranks, columns) = Default::default();
    Ok(Table { held, len, ranks, columns })
}

/// Checks that no other handle has changed the table, or replaced it.
fn check(table: &Table, object: &Id, found: &Object<'_>) -> Result<()> {
    let there = excerpt::rows(found, table.held.written_by_filebacked())?;
    match super::is_gone(object)? || there != Some(table.len as u64) {
        true => Err(ErrorKind::Changed.into()),
        false => Ok(()),
    }
}
