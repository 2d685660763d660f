//! Removes the last rows of a table in a file: [`LazyVec::truncate`].

use super::{LazyVec, append};
use crate::backed::FileBacked;
use crate::error::Result;

impl<T: FileBacked> LazyVec<T> {
    /// Keeps the first `len` rows and removes the others, in the file at once and in memory. Does
    /// nothing if there are not more rows.
    ///
    /// A program that was killed resumes with it: its checkpoint names the number of rows at that
    /// time, and the rows that were appended since are removed.
    ///
    /// Chunked columns are cut in place. Other columns are rewritten with chunks, once, as by
    /// [`flush`](LazyVec::flush); so are columns of filters (`with = ...`), for which all rows are
    /// read. Before any change, each chunk that will be cut is read. After an error about the rows
    /// or the table, the file is unchanged. All data has gone to the operating system when this
    /// returns. HDF5 reuses the space of removed rows while the file is open;
    /// [`repack`](crate::file::repack) gives it back.
    ///
    /// ```
    /// # #[cfg(feature = "libhdf5")] fn f() -> filebacked::Result<()> {
    /// use filebacked::{File, LazyVec};
    ///
    /// # let dir = std::env::temp_dir().join(format!("filebacked-truncate-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// # let path = dir.join("log.h5");
    /// let file = File::create(&path)?;
    /// file.write("loss", &vec![0.5, 0.25, 0.125, 0.0625])?;
    ///
    /// let mut loss: LazyVec<f64> = file.read("loss")?;
    /// loss.truncate(3)?;
    /// assert_eq!(file.read::<Vec<f64>>("loss")?, [0.5, 0.25, 0.125]);
    /// # drop((loss, file)); std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// # #[cfg(feature = "libhdf5")] f().unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly) for handles of files that were opened for
    /// reading; [`ErrorKind::Changed`](crate::ErrorKind::Changed) if another handle has changed the
    /// table; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for columns of a filter that
    /// is not the type's, and in SWMR mode.
    pub fn truncate(&mut self, len: usize) -> Result<()> {
        if let Some(stored) = &mut self.stored
            && len < stored.table.len
        {
            let all = || stored.table.look(|node| node.get::<Vec<T>>());
            *stored = append::truncated(&stored.table, len, &all)?.into();
        }
        self.pending.truncate(len.saturating_sub(self.stored_len()));
        Ok(())
    }
}
