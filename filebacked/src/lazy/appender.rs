//! Appends rows from memory to a table in a file: [`LazyVec::flush`] and [`Appender`].

use super::{LazyVec, append};
use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use std::fmt;

/// The approximate bytes of rows that are gathered, without their heap data.
const BUFFER: usize = 4 << 20;

impl<T: FileBacked> LazyVec<T> {
    /// Appends the pending rows to the table in the file, in place.
    ///
    /// Chunked columns are extended. Other columns are rewritten with chunks, once; `chunk` on the
    /// fields avoids this. A column of fixed-length text is rewritten if a text is longer than the
    /// column. Columns of filters (`with = ...`) are rewritten at each flush, for which all rows of
    /// the table are read: the cost grows with the table, so let an [`Appender`] gather many rows.
    /// The same holds for a categorical of a data frame that gets a new category. Then all
    /// changes of the file are committed, as by [`File::flush`](crate::File::flush). After
    /// an error about the rows or the table, the file is unchanged, and the rows are still in
    /// memory.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ReadOnly`] for handles of files that were opened for reading, for example by
    /// [`load`](crate::load); [`ErrorKind::Changed`] if another handle has appended to the table;
    /// [`ErrorKind::Mismatch`] and [`ErrorKind::Unsupported`] for rows that do not fit the table in
    /// the file, or that another filter writes.
    pub fn flush(&mut self) -> Result<()> {
        self.write_out()?;
        if let Some(stored) = &self.stored {
            stored.table.held.commit()?;
        }
        Ok(())
    }

    /// Appends the pending rows, as a part of the file's transaction.
    fn write_out(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let Some(stored) = &mut self.stored else {
            return Err(Error::new(ErrorKind::Unsupported(
                "to flush rows that belong to no file".into(),
            ))
            .with_help("write them with `File::write`, and read the handle from there"));
        };
        let table = append::appended(&stored.table, &mut self.pending)?;
        *stored = table.into();
        self.pending.clear();
        Ok(())
    }

    /// Returns an [`Appender`], which takes rows one by one and writes them by itself: every 16,384
    /// rows, or fewer large ones. [`every`](Appender::every) changes the number. They are committed by
    /// [`finish`](Appender::finish), or the next flush of the file.
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
    ///     appender.append(i as f32)?;
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

/// Appends rows to a [`LazyVec`] one by one, and flushes by itself; see [`LazyVec::appender`] for
/// an example. If it is dropped before a flush, the rows stay pending in the `LazyVec`.
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
    /// Sets the number of rows after which it flushes. A flush costs some tens of microseconds per
    /// column, besides its rows.
    pub fn every(self, rows: usize) -> Self {
        Appender { rows: rows.max(1), ..self }
    }
}

impl<T: FileBacked> Appender<'_, T> {
    /// Appends a row, and flushes if enough rows are pending.
    ///
    /// # Errors
    ///
    /// As [`LazyVec::flush`]; the row is then pending.
    #[inline]
    pub fn append(&mut self, row: T) -> Result<()> {
        self.vec.push(row);
        if self.vec.pending.len() >= self.rows { self.vec.write_out() } else { Ok(()) }
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
