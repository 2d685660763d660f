//! The end of an open file.

use super::File;
use crate::error::{Operation, Result};

impl File {
    /// Gives everything that was written to the operating system. Other programs see it then; a power cut may still take it.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn flush(&self) -> Result<()> {
        self.done(Operation::Save, self.lib.flush())
    }

    /// Closes the file, and says whether it is closed: whatever was read from it to be read later, and every object of the
    /// `hdf5` crate, keeps it open below. Dropping a `File` is the same in silence.
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
    /// [`ErrorKind::StillOpen`](crate::ErrorKind::StillOpen) names what keeps it open; everything is written by then, and the file
    /// closes when the last of these goes. Else what HDF5 says of writing the rest.
    pub fn close(self) -> Result<()> {
        let File { lib, path, root } = self;
        drop(root);
        lib.close().map_err(|e| e.during(Operation::Close).in_file(&path))
    }

    /// What [`close`](File::close) would complain of: all that was opened through this `File` and is open still, each with its path
    /// and how often.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn open_objects(&self) -> Result<Vec<String>> {
        self.done(Operation::Inspect, self.lib.open_objects(&self.root.id))
    }
}
