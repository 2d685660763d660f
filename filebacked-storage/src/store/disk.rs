//! Stores over open files of the operating system, with or without a name.

use super::{ReadAt, Store};
use std::fs::File;
use std::io;

impl ReadAt for File {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(self, buffer, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(self, buffer, offset);
        #[cfg(not(any(unix, windows)))]
        return Err(unsupported((offset, buffer)));
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

impl Store for File {
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::write_at(self, data, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_write(self, data, offset);
        #[cfg(not(any(unix, windows)))]
        return Err(unsupported((offset, data)));
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.set_len(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Where files have no reading at a place.
#[cfg(not(any(unix, windows)))]
fn unsupported<T>(_: T) -> io::Error {
    io::ErrorKind::Unsupported.into()
}
