//! The end of an open file.

use super::File;
use crate::error::{Operation, Result};

impl File {
    /// Gives everything that was written to the operating system: a process that is killed later,
    /// before it changes the file again, leaves a valid file with all of it.
    ///
    /// HDF5 has no journal: one that is killed between a change and the next flush may leave parts
    /// of the change, or a damaged file. So the file is marked, in a byte of its superblock, before
    /// the first change after it was opened or flushed, and the mark goes when all is written, here
    /// or when the file is closed. Opening or loading a marked file is an error,
    /// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted); [`File::recover`] reads it all
    /// the same, and so do h5py and others, who do not look at that byte. Whatever the driver, as
    /// long as the file is one on the disk; elsewhere than on Unix nothing is marked. With
    /// [`Driver::core`](crate::Driver::core) the flush itself is the change, and a kill in the
    /// middle of that may go unnoticed: HDF5 writes the superblock as it has it in memory. Files
    /// with a superblock of version 3 or later HDF5 marks itself, in the same byte, when it opens
    /// them to be changed; that mark too is there from a change to the next flush, instead of until
    /// the file is closed.
    ///
    /// While another thread is in the middle of a change, everything is written all the same, and
    /// the mark goes at the end of that change. Changes by way of [`File::as_hdf5`] are not marked;
    /// a flush by way of it ends the mark too early.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn flush(&self) -> Result<()> {
        self.done(Operation::Save, self.lib.flush())
    }

    /// Closes the file, and says whether it is closed: whatever was read from it to be read later,
    /// and every object of the `hdf5` crate, keeps it open below. Dropping a `File` is the same in
    /// silence.
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
    /// With [`CloseDegree::Strong`](crate::CloseDegree::Strong) handles are closed too, and answer
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) from then on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StillOpen`](crate::ErrorKind::StillOpen) names what keeps it open; everything
    /// is written by then, and the file closes when the last of these goes. Else what HDF5 says of
    /// writing the rest.
    pub fn close(self) -> Result<()> {
        let File { lib, path, root } = self;
        drop(root);
        lib.close().map_err(|e| e.during(Operation::Close).in_file(&path))
    }

    /// What [`close`](File::close) would complain of: all that was opened through this `File` and
    /// is open still, each with its path and how often.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn open_objects(&self) -> Result<Vec<String>> {
        self.done(Operation::Inspect, self.lib.open_objects(&self.root.id))
    }
}
