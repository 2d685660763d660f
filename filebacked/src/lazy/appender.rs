//! Writing the rows behind a table into it: [`LazyVec::flush`] and [`Appender`].

use super::LazyVec;
use super::vec::Table;
use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use std::fmt;

/// Rows of about so many bytes, without what they own, are gathered.
const BUFFER: usize = 4 << 20;

impl<T: FileBacked> LazyVec<T> {
    /// Appends the rows that are in memory to the table in the file, in place.
    ///
    /// Columns in chunks are extended. Others are made anew with chunks, once: `chunk` on the
    /// fields avoids that. Text that is longer than a column of fixed length holds makes that
    /// column anew. What filters write (`with = ...`) is made anew each time, for which all rows of
    /// the table are read: the cost grows with the table, so let an [`Appender`] gather many rows.
    /// So is a categorical of a data frame that gets another category. The number of rows, which
    /// readers believe, is written when all rows are there, and everything has gone to the
    /// operating system when this returns. After an error that tells of the rows or of the table,
    /// the file is as it was, and the rows are still in memory.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ReadOnly`] for handles of files that were opened to be read, by
    /// [`load`](crate::load) for example; [`ErrorKind::Changed`] where another handle has appended
    /// to the table; [`ErrorKind::Mismatch`] and [`ErrorKind::Unsupported`] for rows that do not
    /// fit what is in the file, or of which another filter writes something.
    pub fn flush(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let Some(stored) = &mut self.stored else {
            return Err(Error::new(ErrorKind::Unsupported(
                "to flush rows that belong to no file".into(),
            ))
            .with_help("write them with `File::write`, and read the handle from there"));
        };
        let table = stored.table.appended(&mut self.pending)?;
        *stored = table.into();
        self.pending.clear();
        Ok(())
    }

    /// Appends rows one by one, and flushes whenever enough of them are in memory: 16,384, or fewer
    /// large ones; [`every`](Appender::every) says how many.
    ///
    /// ```
    /// # #[cfg(feature = "libhdf5")] fn f() -> filebacked::Result<()> {
    /// use filebacked::{File, LazyVec};
    ///
    /// # let dir = std::env::temp_dir().join(format!("filebacked-appender-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// let file = File::create(dir.join("signal.h5"))?;
    /// file.write("signal", &Vec::<f32>::new())?;
    ///
    /// let mut signal: LazyVec<f32> = file.read("signal")?;
    /// let mut appender = signal.appender().every(1000);
    /// for i in 0..2500 {
    ///     appender.push(i as f32)?;
    /// }
    /// appender.finish()?;
    /// assert_eq!(file.read::<Vec<f32>>("signal")?.len(), 2500);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// # #[cfg(feature = "libhdf5")] f().unwrap();
    /// ```
    pub fn appender(&mut self) -> Appender<'_, T> {
        let rows = (BUFFER / size_of::<T>().max(1)).clamp(256, 1 << 14);
        Appender { vec: self, rows }
    }
}

/// Appends rows to a [`LazyVec`] one by one; made by [`LazyVec::appender`]. Rows that were not
/// flushed when it goes are still in the memory of the `LazyVec`.
#[must_use = "the last rows are written by `finish`"]
pub struct Appender<'a, T> {
    vec: &'a mut LazyVec<T>,
    rows: usize,
}

impl<T> fmt::Debug for Appender<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appender").field("vec", &self.vec).field("rows", &self.rows).finish()
    }
}

impl<T> Appender<'_, T> {
    /// Flushes whenever so many rows are in memory. A flush has a cost of its own, beside that of
    /// its rows: some tens of microseconds a column.
    pub fn every(self, rows: usize) -> Self {
        Appender { rows: rows.max(1), ..self }
    }
}

impl<T: FileBacked> Appender<'_, T> {
    /// Appends a row.
    ///
    /// # Errors
    ///
    /// As [`LazyVec::flush`]; the row is in memory then, too.
    #[inline]
    pub fn push(&mut self, row: T) -> Result<()> {
        self.vec.push(row);
        if self.vec.pending.len() >= self.rows { self.vec.flush() } else { Ok(()) }
    }

    /// Writes the last rows.
    ///
    /// # Errors
    ///
    /// As [`LazyVec::flush`].
    pub fn finish(self) -> Result<()> {
        self.vec.flush()
    }
}

impl Table {
    /// The table with more rows.
    #[cfg(not(feature = "libhdf5"))]
    fn appended<T: FileBacked>(&self, _: &mut Vec<T>) -> Result<Table> {
        Err(Error::new(ErrorKind::NeedsLibhdf5)
            .with_help("enable the feature `libhdf5` of filebacked"))
    }

    /// The table with more rows.
    #[cfg(feature = "libhdf5")]
    fn appended<T: FileBacked>(&self, rows: &mut Vec<T>) -> Result<Table> {
        use super::append::{self, Wanted};
        use super::excerpt;

        let mut done = None;
        self.held.edit(&mut |object, found| {
            let check = || {
                // Somebody else has appended to it, or put something else in its place.
                let there = excerpt::rows(found, self.held.is_ours())?;
                match append::is_gone(object)? || there != Some(self.len as u64) {
                    true => Err(ErrorKind::Changed.into()),
                    false => Ok(()),
                }
            };
            done = Some(append::append(object, &check, &mut |part| match part {
                Wanted::More => append::drafted(found, rows),
                Wanted::All => {
                    let mut all = self.look(|node| node.get::<Vec<T>>())?;
                    let len = all.len();
                    all.append(rows);
                    let drafted = append::drafted(found, &all);
                    rows.extend(all.drain(len..));
                    drafted
                }
            })?);
            Ok(())
        })?;
        let (held, columns) = match done {
            Some(done) => (
                done.root.as_ref().map(|root| self.held.with(root.clone())),
                done.columns(&self.columns),
            ),
            None => (None, self.columns.clone()),
        };
        let held = held.unwrap_or_else(|| self.held.clone());
        Ok(Table { held, len: self.len + rows.len(), ranks: std::sync::Arc::default(), columns })
    }
}
