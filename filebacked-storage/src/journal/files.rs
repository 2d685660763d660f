//! [`Files`]: the two files of a journal. Tests put a simulated disk in their place.

use crate::error::Result;
use std::io;

/// One of the two files of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The HDF5 file.
    Data,
    /// The log beside it.
    Log,
}

/// The state of the lock on the data file, after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// No other process has the file locked.
    Alone,
    /// Readers may have the file locked, writers may not.
    Shared,
    /// A writer has taken the lock while it was changed.
    Nothing,
}

/// The data file and the log of a journal, both open.
///
/// Reads and writes are those of [`ReadAt`](crate::store::ReadAt) and
/// [`Store`](crate::store::Store): they may be short.
pub trait Files: Send {
    /// Reads bytes at `offset` into the beginning of a buffer, and returns their number.
    fn read_at(&self, part: Part, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes bytes at `offset`, and returns the number of bytes written.
    fn write_at(&mut self, part: Part, offset: u64, data: &[u8]) -> io::Result<usize>;

    /// Returns the number of bytes of a file.
    fn size(&self, part: Part) -> io::Result<u64>;

    /// Truncates a file, or appends zeros.
    fn set_size(&mut self, part: Part, size: u64) -> io::Result<()>;

    /// Makes all written bytes of a file durable.
    fn flush(&mut self, part: Part) -> io::Result<()>;

    /// Makes the name of the log durable.
    fn flush_names(&mut self) -> io::Result<()>;

    /// Copies bytes of the log into the data file, both at offsets in bytes.
    fn copy(&mut self, from: u64, to: u64, len: u64) -> io::Result<()>;

    /// Allocates space for ranges of the data file (offset and length) that are about to be
    /// overwritten, if it has holes.
    fn reserve(&mut self, ranges: &[(u64, u64)]) -> io::Result<()>;

    /// Changes the lock on the data file, which is shared otherwise. Waits for other processes, up
    /// to a time limit.
    fn lock(&mut self, alone: bool) -> io::Result<Held>;

    /// Whether the path by which the data file was opened still leads to it.
    fn is_named(&self) -> io::Result<bool>;

    /// Whether the data file has no name that others know.
    fn is_new(&self) -> bool {
        false
    }

    /// Gives a new data file its name, also on the disk if it is `durable`. After an error, it may
    /// have it or not.
    fn publish(&mut self, durable: bool) -> Result<()> {
        let _ = durable;
        Ok(())
    }

    /// The device and the number of the data file.
    fn identity(&self) -> (u64, u64);

    /// Removes the log, and unlocks both files. No other call follows.
    fn release(&mut self) -> Result<()>;

    /// Unlocks both files, and leaves the log to whoever can use it; an empty one is removed. No
    /// other call follows.
    fn abandon(&mut self) -> Result<()> {
        Ok(())
    }

    /// The data file as a file of the operating system, if it is one.
    fn descriptor(&self) -> io::Result<Option<std::fs::File>> {
        Ok(None)
    }

    /// The name of the log, for errors.
    fn log_name(&self) -> String;
}

/// Reads into a buffer as far as there are bytes, and fills the rest with zeros.
pub(super) fn read(
    files: &dyn Files,
    part: Part,
    offset: u64,
    buffer: &mut [u8],
) -> io::Result<()> {
    let mut done = 0;
    while done < buffer.len() {
        match files.read_at(part, offset + done as u64, &mut buffer[done..]) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer[done..].fill(0);
    Ok(())
}

/// Writes all of some bytes.
pub(super) fn write(files: &mut dyn Files, part: Part, offset: u64, data: &[u8]) -> io::Result<()> {
    let mut done = 0;
    while done < data.len() {
        match files.write_at(part, offset + done as u64, &data[done..]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
