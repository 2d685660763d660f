//! Flushes and closes open files.

use super::File;
use crate::error::{Operation, Result};

impl File {
    /// Commits all changes since the last commit. `Ok` means that they are in the file, completely,
    /// also after a kill and, with [`Journal::Durable`](crate::file::Journal::Durable), a power cut.
    ///
    /// If another thread is in the middle of a change, this waits for its end. Changes through
    /// [`File::as_hdf5`] are committed too.
    ///
    /// Files without a journal ([`Journal::Off`](crate::file::Journal::Off), drivers other than
    /// [`sec2`](crate::file::Driver::sec2), HDF5 before 1.14) have a mark instead: everything written is
    /// passed to the operating system. A process that is killed between a change and the next flush
    /// may leave a part of the change, or a damaged file. So the first change after opening or
    /// flushing sets a mark in the superblock of the file, and flushing or closing removes it.
    /// Opening or loading a marked file is an error,
    /// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted); [`File::recover`] reads it anyway,
    /// and so do h5py and other programs, which ignore the mark. The mark works with every driver
    /// whose file is on the disk, on Unix only. With [`Driver::core`](crate::file::Driver::core) the flush
    /// itself is the change, and a kill during it may go unnoticed, because HDF5 writes its own copy
    /// of the superblock. HDF5 itself marks files with a superblock of version 3 or later, in the same
    /// byte, when it opens them for writing; that mark, too, lasts only from a change to the next
    /// flush. If another thread is in the middle of a change, everything is written anyway, and the
    /// mark stays until that change ends. Changes through [`File::as_hdf5`] are not marked, and a
    /// flush through it removes the mark too early.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`](crate::ErrorKind::Locked) if another program reads the file: flush again
    /// when it has closed the file. The first error of writing since the last commit: then nothing can
    /// be committed any more, and closing the file undoes everything since the last commit.
    /// [`ErrorKind::CommittedPending`](crate::ErrorKind::CommittedPending) if everything is committed,
    /// but could not be applied: flush again, or open the file again later. Any error of libhdf5.
    pub fn flush(&self) -> Result<()> {
        self.done(Operation::Save, self.lib.flush())
    }

    /// Commits all changes and closes the file, and fails if a handle still holds it open. Lazy handles and objects of the
    /// `hdf5` crate do. Dropping a `File` does the same without an error.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// use filebacked::{ErrorKind, File, Lazy};
    ///
    /// # let dir = std::env::temp_dir().join(format!("filebacked-close-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// # let path = dir.join("runs.h5");
    /// let file = File::create(&path)?;
    /// file.write("samples", &vec![0.5, 0.25])?;
    /// let samples: Lazy<Vec<f64>> = file.read("samples")?;
    ///
    /// let error = file.close().unwrap_err(); // all is written, but the file is not closed yet
    /// assert_eq!(error.kind(), &ErrorKind::StillOpen { handles: vec!["dataset /samples".into()] });
    /// assert_eq!(samples.get()?, &[0.5, 0.25]);
    ///
    /// drop(samples); // now it is
    /// File::open_rw(&path)?.close()?;
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// ```
    ///
    /// With [`CloseDegree::Strong`](crate::file::CloseDegree::Strong) handles are closed too, and then
    /// return [`ErrorKind::Closed`](crate::ErrorKind::Closed).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StillOpen`](crate::ErrorKind::StillOpen) names the open handles; everything is
    /// committed by then, and the file closes with the last of them. Errors of [`flush`](File::flush):
    /// if the file is closed, everything since the last commit is undone, but for
    /// [`ErrorKind::CommittedPending`](crate::ErrorKind::CommittedPending).
    pub fn close(self) -> Result<()> {
        let File { lib, path, root } = self;
        drop(root);
        lib.close().map_err(|e| e.during(Operation::Close).in_file(&path))
    }

    /// Lists the handles that would make [`close`](File::close) fail: everything opened through
    /// this `File` that is still open, each with its path and count.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn open_objects(&self) -> Result<Vec<String>> {
        self.done(Operation::Inspect, self.lib.open_objects(&self.root.id))
    }
}
