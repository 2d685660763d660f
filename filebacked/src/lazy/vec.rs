//! [`LazyVec`]: a sequence in the file whose rows are read on request, and that grows in place.

use super::Held;
use super::column::LazyColumn;
use super::excerpt::{self, Excerpt, Run, damaged};
use super::ranks::Ranks;
use super::read_ahead::ReadAhead;
use super::rows::{RowBlocks, RowIter};
use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::impls::collection;
use crate::node::Node;
use crate::object::Object;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use crate::storage::Kept;
use std::fmt;
use std::ops::{Bound, Range, RangeBounds};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A sequence that stays in the file. It reads rows, ranges, blocks and single columns on request,
/// and appends rows in place.
///
/// On disk it is the same as a `Vec<T>`, for any `T`: columns, numbers, text, options, enums with
/// data, sequences. It keeps no rows that were read, but the columns stay open. Rows of a filter
/// cannot be read one by one: an access reads all of them, and the handle keeps the others until
/// they are asked for, each once. Like [`Lazy`](crate::Lazy), it keeps the file open, can be sent
/// and shared between threads, and is copied as stored when it is saved. With pending rows, a save
/// reads and writes all rows.
///
/// Rows need not be `Clone`. A pending row is read in the form that it will have in the file;
/// [`pending`](LazyVec::pending) borrows the rows themselves.
///
/// ```
/// # #[cfg(all(feature = "derive", feature = "libhdf5"))] fn f() -> filebacked::Result<()> {
/// use filebacked::{File, FileBacked, LazyVec};
///
/// #[derive(FileBacked, Clone, Debug, PartialEq)]
/// struct Step { loss: f64, note: Option<String> }
///
/// # let dir = std::env::temp_dir().join(format!("filebacked-lazy-vec-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir)?;
/// # let path = dir.join("log.h5");
/// let steps: Vec<Step> = (0..1000).map(|i| Step { loss: 1.0 / f64::from(i + 1), note: None }).collect();
/// filebacked::save(&path, &steps)?;
///
/// let file = File::open_rw(&path)?;
/// let mut log: LazyVec<Step> = file.read("value")?;
/// assert_eq!(log.len(), 1000);
/// assert_eq!(log.get(3)?.loss, 0.25);                        // one row
/// assert_eq!(log.column::<f64>("loss")?.range(..2)?, [1.0, 0.5]); // two rows of one column
///
/// log.push(Step { loss: 0.0, note: Some("done".into()) });    // in memory
/// assert_eq!(log.get(1000)?.note.as_deref(), Some("done"));
/// log.flush()?;                                              // appended to the columns in the file
/// assert_eq!(file.read::<Vec<Step>>("value")?.len(), 1001);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok(()) }
/// # #[cfg(all(feature = "derive", feature = "libhdf5"))] f().unwrap();
/// ```
pub struct LazyVec<T> {
    pub(super) stored: Option<Stored<T>>,
    /// The rows that are not in the file yet.
    pub(super) pending: Vec<T>,
}

/// A table in a file.
#[derive(Clone)]
pub(super) struct Table {
    pub(super) held: Held,
    pub(super) len: usize,
    pub(super) ranks: Arc<Ranks>,
    /// Its open columns, so that repeated reads find them, and their cached chunks, at once.
    pub(super) columns: Arc<OnceLock<Vec<Arc<dyn Kept>>>>,
}

/// Rows in a file.
pub(super) struct Stored<T> {
    pub(super) table: Table,
    /// Whether the table cannot be read in part, once that is known.
    is_opaque: OnceLock<()>,
    read_ahead: ReadAhead<T>,
}

impl<T> Clone for Stored<T> {
    fn clone(&self) -> Self {
        // Each handle has read_ahead rows of its own, so that two do not take them from each other.
        Stored {
            table: self.table.clone(),
            is_opaque: self.is_opaque.clone(),
            read_ahead: ReadAhead::default(),
        }
    }
}

impl<T> From<Table> for Stored<T> {
    fn from(table: Table) -> Self {
        Stored { table, is_opaque: OnceLock::new(), read_ahead: ReadAhead::default() }
    }
}

impl<T> LazyVec<T> {
    /// Returns the number of rows, including pending ones.
    pub fn len(&self) -> usize {
        self.stored_len() + self.pending.len()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the file that rows are read from; `None` for rows and files in memory.
    pub fn file(&self) -> Option<&Path> {
        self.stored.as_ref()?.table.held.path()
    }

    /// Returns the pending rows, which are in memory and not in the file yet.
    pub fn pending(&self) -> &[T] {
        &self.pending
    }

    /// Appends a row in memory; [`flush`](LazyVec::flush) writes it.
    pub fn push(&mut self, row: T) {
        self.pending.push(row);
    }

    pub(super) fn stored_len(&self) -> usize {
        self.stored.as_ref().map_or(0, |stored| stored.table.len)
    }

    /// The rows that a range means.
    pub(super) fn bounds(&self, range: impl RangeBounds<usize>) -> Result<Range<usize>> {
        bounds(range, self.len()).map_err(|error| self.located(error))
    }

    /// Adds the file and the table to an error.
    #[cold]
    fn located(&self, error: impl Into<Error>) -> Error {
        match &self.stored {
            Some(stored) => stored.table.held.located(Operation::Load, error.into()),
            None => error.into(),
        }
    }
}

/// The rows of a range, for a given number of rows.
pub(super) fn bounds(range: impl RangeBounds<usize>, len: usize) -> Result<Range<usize>> {
    let start = match range.start_bound() {
        Bound::Included(start) => Some(*start),
        Bound::Excluded(before) => before.checked_add(1),
        Bound::Unbounded => Some(0),
    };
    let end = match range.end_bound() {
        Bound::Included(last) => last.checked_add(1),
        Bound::Excluded(end) => Some(*end),
        Bound::Unbounded => Some(len),
    };
    match (start, end) {
        (Some(start), Some(end)) if start <= end && end <= len => Ok(start..end),
        _ => {
            let said = (range.start_bound().cloned(), range.end_bound().cloned());
            Err(ErrorKind::OutOfBounds(format!("rows {said:?} of {len}")).into())
        }
    }
}

impl Table {
    /// Calls a function with the node if its number of rows is unchanged.
    pub(super) fn look<R>(&self, mut look: impl FnMut(Node<'_>) -> Result<R>) -> Result<R> {
        let check = |node: &Node<'_>| match excerpt::rows(&node.object, node.ours)? {
            Some(rows) if rows == self.len as u64 => Ok(()),
            _ => Err(Error::new(ErrorKind::Changed)),
        };
        let found = self.held.read(|node| {
            check(&node)?;
            look(node)
        });
        // Rows that came in the meantime look like damage.
        if found.as_ref().is_err_and(|error| matches!(error.kind(), ErrorKind::Damaged(_))) {
            self.held.read(|node| check(&node))?;
        }
        found
    }

    /// Reads a part of some rows; `None` for tables that cannot be read in part.
    pub(super) fn excerpt<R>(
        &self,
        range: &Range<usize>,
        mut read: impl FnMut(Node<'_>) -> Result<R>,
    ) -> Result<Option<R>> {
        let run = Run { start: range.start as u64, end: range.end as u64, of: self.len as u64 };
        self.look(|node| {
            let (excerpt, handle) =
                Excerpt::new(node.object.source, node.object.handle, run, &self.ranks);
            if !range.is_empty() && self.columns.get().is_none() {
                excerpt.hold_columns();
            }
            let found = Node::open(
                Object::new(&excerpt, handle),
                node.cx,
                node.state,
                node.depth,
                node.ours,
            );
            match found.and_then(&mut read) {
                Err(_) if excerpt.is_opaque() => Ok(None),
                Err(error) => Err(error),
                Ok(found) => {
                    if let Some(columns) = excerpt.held_columns() {
                        let _ = self.columns.set(columns);
                    }
                    Ok(Some(found))
                }
            }
        })
    }
}

impl<T: FileBacked> Stored<T> {
    fn range(&self, range: &Range<usize>) -> Result<Vec<T>> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        if self.is_opaque.get().is_none() {
            match self.table.excerpt(range, |node| node.get::<Vec<T>>())? {
                Some(rows) if rows.len() == range.len() => return Ok(rows),
                Some(rows) => {
                    let what = format!("{} rows where {} were asked for", rows.len(), range.len());
                    let error = ErrorKind::Damaged(what).into();
                    return Err(self.table.held.located(Operation::Load, error));
                }
                None => drop(self.is_opaque.set(())),
            }
        }
        match self.read_ahead.take(range) {
            Some(rows) => Ok(rows),
            None => Ok(self.read_ahead.keep_others(self.read()?, range)),
        }
    }

    /// All rows, in one piece.
    fn read(&self) -> Result<Vec<T>> {
        let rows = self.table.look(|node| node.get::<Vec<T>>())?;
        match rows.len() == self.table.len {
            true => Ok(rows),
            false => Err(self.table.held.located(Operation::Load, ErrorKind::Changed.into())),
        }
    }
}

impl<T: FileBacked> LazyVec<T> {
    /// Reads a row.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfBounds`], any error of reading a `T`, and [`ErrorKind::Changed`] if the
    /// file was written to since, other than by this handle.
    pub fn get(&self, index: usize) -> Result<T> {
        let outside =
            || self.located(ErrorKind::OutOfBounds(format!("row {index} of {}", self.len())));
        let end = index.checked_add(1).filter(|end| *end <= self.len()).ok_or_else(outside)?;
        self.range(index..end)?.pop().ok_or_else(outside)
    }

    /// Reads the rows of a range.
    ///
    /// # Errors
    ///
    /// As [`LazyVec::get`].
    pub fn range(&self, range: impl RangeBounds<usize>) -> Result<Vec<T>> {
        let (range, stored) = (self.bounds(range)?, self.stored_len());
        let mut rows = self.stored_range(range.start.min(stored)..range.end.min(stored))?;
        let pending = range.start.max(stored) - stored..range.end.max(stored) - stored;
        rows.extend(self.pending_range(pending)?);
        Ok(rows)
    }

    /// Reads all rows.
    ///
    /// # Errors
    ///
    /// As [`LazyVec::get`].
    pub fn read(&self) -> Result<Vec<T>> {
        let mut rows = match &self.stored {
            Some(stored) => stored.read()?,
            None => Vec::new(),
        };
        rows.extend(self.pending_range(0..self.pending.len())?);
        Ok(rows)
    }

    /// Iterates over the rows in blocks of a given number of rows.
    pub fn blocks(&self, rows: usize) -> RowBlocks<'_, T> {
        RowBlocks::new(self, rows)
    }

    /// Iterates over the rows, which are read ahead in blocks.
    pub fn iter(&self) -> RowIter<'_, T> {
        RowIter::new(self)
    }

    /// Reads the next rows of an iterator, and all behind them if they cannot be read in parts.
    pub(super) fn ahead(&self, range: Range<usize>) -> Result<Vec<T>> {
        match &self.stored {
            Some(stored) if range.start < stored.table.len && stored.is_opaque.get().is_some() => {
                self.range(range.start..)
            }
            _ => self.range(range),
        }
    }

    /// Copies pending rows by way of a file in memory.
    fn pending_range(&self, range: Range<usize>) -> Result<Vec<T>> {
        match self.pending.get(range).unwrap_or_default() {
            [] => Ok(Vec::new()),
            rows => {
                crate::from_bytes(&crate::to_bytes(&rows)?).map_err(|error| self.located(error))
            }
        }
    }

    fn stored_range(&self, range: Range<usize>) -> Result<Vec<T>> {
        match &self.stored {
            Some(stored) => stored.range(&range),
            None => Ok(Vec::new()),
        }
    }
}

impl<T: FileBacked> LazyVec<T> {
    /// Returns one column, by its name on disk; `inner/x` is a field of a nested struct.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`] with a similar name as help, [`ErrorKind::Mismatch`] for a column of
    /// another type or a sequence without columns.
    pub fn column<C: FileBacked>(&self, name: &str) -> Result<LazyColumn<C>> {
        LazyColumn::new(self, name)
    }
}

impl<T> Extend<T> for LazyVec<T> {
    /// Appends rows in memory; [`flush`](LazyVec::flush) writes them.
    fn extend<I: IntoIterator<Item = T>>(&mut self, rows: I) {
        self.pending.extend(rows);
    }
}

impl<'a, T: FileBacked> IntoIterator for &'a LazyVec<T> {
    type Item = Result<T>;
    type IntoIter = RowIter<'a, T>;

    fn into_iter(self) -> RowIter<'a, T> {
        self.iter()
    }
}

impl<T> From<Vec<T>> for LazyVec<T> {
    fn from(rows: Vec<T>) -> Self {
        LazyVec { stored: None, pending: rows }
    }
}

impl<T> FromIterator<T> for LazyVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        LazyVec::from(rows.into_iter().collect::<Vec<T>>())
    }
}

impl<T> Default for LazyVec<T> {
    fn default() -> Self {
        LazyVec::from(Vec::new())
    }
}

impl<T: Clone> Clone for LazyVec<T> {
    fn clone(&self) -> Self {
        LazyVec { stored: self.stored.clone(), pending: self.pending.clone() }
    }
}

impl<T> fmt::Debug for LazyVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("LazyVec");
        f.field("len", &self.len())
            .field("pending", &self.pending.len())
            .field("file", &self.file())
            .finish()
    }
}

impl<T: FileBacked> Save for LazyVec<T> {
    fn write(&self, mut slot: Slot<'_>) -> Result<Written> {
        let Some(stored) = &self.stored else { return slot.put(&self.pending) };
        if self.pending.is_empty() {
            match slot.copy(stored.table.held.kept(), Vec::<T>::schema)? {
                Ok(written) => return Ok(written),
                Err(back) => slot = back,
            }
            return slot.put(&stored.read()?);
        }
        collection::write_all(Rows::runs(&[&stored.read()?, &self.pending]), slot)
    }

    fn write_rows(rows: Rows<'_, Self>, slot: Slot<'_>) -> Result<Written> {
        let read = |rows: &Self| match &rows.stored {
            Some(stored) => stored.read(),
            None => Ok(Vec::new()),
        };
        let stored: Vec<Vec<T>> = rows.iter().map(read).collect::<Result<_>>()?;
        let both: Vec<(&[T], &[T])> =
            stored.iter().map(Vec::as_slice).zip(rows.iter().map(LazyVec::pending)).collect();
        crate::layout::sequence::write_ragged(
            Rows::slice(&both),
            slot,
            |(stored, pending), runs| {
                runs.extend([*stored, *pending].into_iter().filter(|run| !run.is_empty()))
            },
        )
    }

    fn key() -> Option<Key<Self>> {
        Some(Key::new())
    }
}

impl<T: FileBacked> FileBacked for LazyVec<T> {
    fn schema() -> Schema {
        Vec::<T>::schema()
    }

    fn read(node: Node<'_>) -> Result<Self> {
        let mut rows = excerpt::rows(&node.object, node.ours)?;
        let held = if rows.is_some() { Held::new(&node)? } else { None };
        let Some(held) = held else { return node.get::<Vec<T>>().map(LazyVec::from) };
        loop {
            // No more than a sequence can have, so that counting on from there does not overflow.
            let known = rows.and_then(|rows| isize::try_from(rows).ok());
            let len =
                known.ok_or_else(|| damaged("a table without a number of rows"))?.unsigned_abs();
            let table =
                Table { held: held.clone(), len, ranks: Arc::default(), columns: Arc::default() };
            // None of them: whether they can be rows of this type shows now, not later.
            let run = Run { start: 0, end: 0, of: len as u64 };
            let (excerpt, handle) =
                Excerpt::new(node.object.source, node.object.handle, run, &table.ranks);
            let none = Node::open(
                Object::new(&excerpt, handle),
                node.cx,
                node.state,
                node.depth,
                node.ours,
            );
            match none.and_then(|node| node.get::<Vec<T>>()) {
                Err(error) if !excerpt.is_opaque() => {
                    let before =
                        std::mem::replace(&mut rows, excerpt::rows(&node.object, node.ours)?);
                    // Rows that came in the meantime look like damage.
                    if !matches!(error.kind(), ErrorKind::Damaged(_)) || rows == before {
                        return Err(error);
                    }
                }
                _ => return Ok(LazyVec { stored: Some(table.into()), pending: Vec::new() }),
            }
        }
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        Ok(node.get_rows::<Vec<T>>()?.into_iter().map(LazyVec::from).collect())
    }
}
