//! Stores over any `Read + Write + Seek`.

use super::{ReadAt, Store};
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A store over any `Read + Seek`, or `Read + Write + Seek` for writing: h5py's file-like objects.
/// See the [module](crate::store) for an example of a store.
///
/// Calls use the object one at a time. The object cannot be truncated: if a file becomes shorter,
/// old bytes stay behind its end.
///
/// ```
/// # #[cfg(feature = "libhdf5")] fn main() -> filebacked::Result<()> {
/// use filebacked::{File, store::Seekable};
/// use std::io::Cursor;
/// use std::sync::Arc;
///
/// let store = Arc::new(Seekable::new(Cursor::new(Vec::new())));
/// let file = File::create_store(store.clone())?;
/// file.write("answer", &42)?;
/// file.close()?;
///
/// let bytes = Arc::into_inner(store).expect("the last owner").into_inner().into_inner();
/// assert_eq!(&bytes[1..4], b"HDF");
/// # Ok(()) }
/// # #[cfg(not(feature = "libhdf5"))] fn main() {}
/// ```
pub struct Seekable<T>(Mutex<Sought<T>>);

struct Sought<T> {
    object: T,
    /// Where the bytes end, once that is known.
    end: Option<u64>,
}

impl<T> Seekable<T> {
    /// Wraps an object, from its first byte on.
    pub fn new(object: T) -> Self {
        Seekable(Mutex::new(Sought { object, end: None }))
    }

    /// Returns the object.
    pub fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).object
    }

    fn lock(&self) -> MutexGuard<'_, Sought<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Seekable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seekable").finish_non_exhaustive()
    }
}

impl<T: Seek> Sought<T> {
    fn end(&mut self) -> io::Result<u64> {
        match self.end {
            Some(end) => Ok(end),
            None => Ok(*self.end.insert(self.object.seek(SeekFrom::End(0))?)),
        }
    }
}

impl<T: Write + Seek> Sought<T> {
    /// Writes zeros from the end up to a place.
    fn grow(&mut self, place: u64) -> io::Result<()> {
        const ZEROS: [u8; 4096] = [0; 4096];
        let mut end = self.end()?;
        if end < place {
            self.object.seek(SeekFrom::Start(end))?;
        }
        while end < place {
            let len = (place - end).min(ZEROS.len() as u64);
            self.object.write_all(&ZEROS[..len as usize])?;
            end += len;
            self.end = Some(end);
        }
        Ok(())
    }
}

impl<T: Read + Seek + Send> ReadAt for Seekable<T> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut sought = self.lock();
        let left = sought.end()?.saturating_sub(offset);
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if len == 0 {
            return Ok(0);
        }
        sought.object.seek(SeekFrom::Start(offset))?;
        sought.object.read(&mut buffer[..len])
    }

    fn size(&self) -> io::Result<u64> {
        self.lock().end()
    }
}

impl<T: Read + Write + Seek + Send> Store for Seekable<T> {
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
        let mut sought = self.lock();
        sought.grow(offset)?;
        sought.object.seek(SeekFrom::Start(offset))?;
        let written = sought.object.write(data)?;
        let end = sought.end()?.max(offset.saturating_add(written as u64));
        sought.end = Some(end);
        Ok(written)
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        let mut sought = self.lock();
        sought.grow(size)?;
        sought.end = Some(size);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.lock().object.flush()
    }
}
