//! [`LazyColumn`]: one column of a [`LazyVec`].

use super::LazyVec;
use super::excerpt::damaged;
use super::read_ahead::ReadAhead;
use super::vec::{Table, bounds};
use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::node::Node;
use crate::object::Object;
use crate::path::near;
use crate::storage::ObjectKind;
use std::fmt;
use std::ops::{Range, RangeBounds};

/// One column of a [`LazyVec`], whose rows are read on request; see [`LazyVec::column`] for an
/// example. It has the rows that existed when it was created.
pub struct LazyColumn<C> {
    name: String,
    /// The rows in the file, and those that were in memory.
    parts: Vec<ColumnPart<C>>,
}

struct ColumnPart<C> {
    table: Table,
    /// The other rows, for columns that cannot be read in part.
    read_ahead: ReadAhead<C>,
}

impl<C> From<Table> for ColumnPart<C> {
    fn from(table: Table) -> Self {
        ColumnPart { table, read_ahead: ReadAhead::default() }
    }
}

impl<C> Clone for LazyColumn<C> {
    fn clone(&self) -> Self {
        let parts = self.parts.iter().map(|part| part.table.clone().into()).collect();
        LazyColumn { name: self.name.clone(), parts }
    }
}

impl<C> fmt::Debug for LazyColumn<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyColumn")
            .field("name", &self.name)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl<C> LazyColumn<C> {
    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.table.len).sum()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<C: FileBacked> LazyColumn<C> {
    pub(super) fn new<T: FileBacked>(vec: &LazyVec<T>, name: &str) -> Result<Self> {
        let mut tables: Vec<Table> = vec.stored.iter().map(|stored| stored.table.clone()).collect();
        if tables.is_empty() || !vec.pending.is_empty() {
            // The form of a column of rows shows once they are written.
            let memory: LazyVec<T> = crate::from_bytes(&crate::to_bytes(&vec.pending)?)?;
            let not_columns = || Error::mismatch("a table (columns)", "values that are none");
            tables.push(memory.stored.ok_or_else(not_columns)?.table);
        }
        let parts = tables.into_iter().map(ColumnPart::from).collect();
        let column = LazyColumn { name: name.to_string(), parts };
        // Whether there is such a column, and of such a type.
        column.parts.iter().try_for_each(|part| part.range(&column.name, 0..0).map(drop))?;
        Ok(column)
    }

    /// Adds the file and the column to an error.
    #[cold]
    fn located(&self, error: impl Into<Error>) -> Error {
        let error = error.into().at(&self.name);
        match self.parts.first() {
            Some(part) => part.table.held.located(Operation::Load, error),
            None => error,
        }
    }

    /// Reads the column of a row.
    ///
    /// # Errors
    ///
    /// As [`LazyVec::get`].
    pub fn get(&self, index: usize) -> Result<C> {
        let outside =
            || self.located(ErrorKind::OutOfBounds(format!("row {index} of {}", self.len())));
        let end = index.checked_add(1).filter(|end| *end <= self.len());
        self.range(index..end.ok_or_else(outside)?)?.pop().ok_or_else(outside)
    }

    /// Reads the column of a range of rows.
    ///
    /// # Errors
    ///
    /// As [`LazyVec::get`].
    pub fn range(&self, range: impl RangeBounds<usize>) -> Result<Vec<C>> {
        let range = bounds(range, self.len()).map_err(|error| self.located(error))?;
        let (mut rows, mut start) = (Vec::new(), 0);
        for part in &self.parts {
            let end = start + part.table.len;
            let inside = range.start.clamp(start, end) - start..range.end.clamp(start, end) - start;
            if !inside.is_empty() {
                let some = part.range(&self.name, inside)?;
                if rows.is_empty() { rows = some } else { rows.extend(some) }
            }
            start = end;
        }
        Ok(rows)
    }

    /// Reads the whole column.
    ///
    /// # Errors
    ///
    /// As [`LazyVec::get`].
    pub fn read(&self) -> Result<Vec<C>> {
        self.range(..)
    }
}

impl<C: FileBacked> ColumnPart<C> {
    fn range(&self, name: &str, range: Range<usize>) -> Result<Vec<C>> {
        if !range.is_empty()
            && let Some(rows) = self.read_ahead.take(&range)
        {
            return Ok(rows);
        }
        let column = |node: Node<'_>| read_column::<C>(node, name);
        let rows = match range.len() == self.table.len {
            // All of a dataset is read in one piece, and its chunks on all cores.
            true => Some(self.table.look(column)?),
            false => self.table.excerpt(&range, column)?,
        };
        match rows {
            Some(rows) if rows.len() == range.len() => Ok(rows),
            Some(rows) => {
                let error =
                    damaged(&format!("a column of {} rows for {}", rows.len(), range.len()));
                Err(self.table.held.located(Operation::Load, error.at(name)))
            }
            None => Ok(self.read_ahead.keep_others(self.table.look(column)?, &range)),
        }
    }
}

/// Reads a column of a table.
fn read_column<C: FileBacked>(node: Node<'_>, path: &str) -> Result<Vec<C>> {
    let rows = node.group_of("columns", "a table (columns)")?.table()?;
    match rows.column::<C>(path) {
        Err(error) if *error.kind() == ErrorKind::Missing => Err(missing(&rows.object, path)),
        found => found,
    }
}

/// The error for a missing column.
#[cold]
fn missing(table: &Object<'_>, path: &str) -> Error {
    let mut names = Vec::new();
    let error = Error::new(ErrorKind::Missing).at(path);
    if collect(table, "", 8, &mut names).is_err() {
        return error;
    }
    match near(path, &names) {
        Some(near) => error.with_help(format!("there is `{near}`")),
        None => error.with_help(format!("there are `{}`", names.join("`, `"))),
    }
}

/// The paths of all columns.
fn collect(group: &Object<'_>, path: &str, levels: u32, names: &mut Vec<String>) -> Result<()> {
    for name in group.children()? {
        let Some(member) = group.child(&name)? else { continue };
        let path = if path.is_empty() { name } else { format!("{path}/{name}") };
        let member =
            if member.kind() == ObjectKind::Dataset { member.into_members()? } else { member };
        let kind = member.text_attribute(crate::stamp::STAMP)?;
        let inside = kind.as_deref().is_none_or(|kind| kind.starts_with("columns"));
        match member.kind() == ObjectKind::Group && inside && levels > 0 {
            true => collect(&member, &path, levels - 1, names)?,
            false => names.push(path),
        }
    }
    Ok(())
}
