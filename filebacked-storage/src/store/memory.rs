//! Bytes in memory.

use super::{ReadAt, Store};
use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

impl ReadAt for [u8] {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left =
            usize::try_from(offset).ok().and_then(|start| self.get(start..)).unwrap_or_default();
        let len = left.len().min(buffer.len());
        buffer[..len].copy_from_slice(&left[..len]);
        Ok(len)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl ReadAt for &'static [u8] {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        (**self).read_at(offset, buffer)
    }

    fn size(&self) -> io::Result<u64> {
        (**self).size()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buffer)
    }

    fn size(&self) -> io::Result<u64> {
        self.as_slice().size()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        Some(self)
    }
}

/// A store for existing bytes, read without a copy: a mapped file, the `Bytes` of a network
/// library, or any other `AsRef<[u8]>`. See the [module](crate::store) for an example of a store.
///
/// The bytes must not change while the file is open.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::store::Image;
/// use std::sync::Arc;
///
/// let bytes = filebacked::to_bytes(&vec![1.0, 2.0])?;
/// let image = Arc::new(Image(bytes));
/// assert_eq!(filebacked::store::load_from::<Vec<f64>>(image)?, [1.0, 2.0]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image<B>(pub B);

impl<B: AsRef<[u8]> + Send + Sync> ReadAt for Image<B> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.as_ref().read_at(offset, buffer)
    }

    fn size(&self) -> io::Result<u64> {
        self.0.as_ref().size()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        Some(self.0.as_ref())
    }
}

/// A store in memory, which grows as it is written. See the [module](crate::store) for an example.
///
/// ```
/// # #[cfg(feature = "libhdf5")] fn main() -> filebacked::Result<()> {
/// use filebacked::{File, store::Memory};
/// use std::sync::Arc;
///
/// let memory = Arc::new(Memory::new());
/// let file = File::create_store(memory.clone())?;
/// file.write("answer", &42)?;
/// file.close()?;
///
/// let bytes: Vec<u8> = memory.to_vec(); // a whole HDF5 file
/// let file = File::open_store(Arc::new(bytes))?;
/// assert_eq!(file.read::<i32>("answer")?, 42);
/// # Ok(()) }
/// # #[cfg(not(feature = "libhdf5"))] fn main() {}
/// ```
#[derive(Default)]
pub struct Memory(RwLock<Vec<u8>>);

impl Memory {
    /// Creates an empty store.
    pub fn new() -> Self {
        Memory::default()
    }

    /// Returns a copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the bytes, without a copy.
    pub fn into_vec(self) -> Vec<u8> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Vec<u8>> for Memory {
    fn from(bytes: Vec<u8>) -> Self {
        Memory(RwLock::new(bytes))
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.0.read().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_tuple("Memory").field(&format_args!("{len} bytes")).finish()
    }
}

impl ReadAt for Memory {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).as_slice().read_at(offset, buffer)
    }

    fn size(&self) -> io::Result<u64> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).as_slice().size()
    }
}

impl Store for Memory {
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
        let start = usize::try_from(offset).map_err(|_| too_much())?;
        let end = start.checked_add(data.len()).ok_or_else(too_much)?;
        let mut bytes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if bytes.len() < start {
            resize(&mut bytes, start)?;
        }
        let inside = (bytes.len() - start).min(data.len());
        let (over, beyond) = data.split_at(inside);
        reserve(&mut bytes, end)?;
        bytes[start..start + inside].copy_from_slice(over);
        bytes.extend_from_slice(beyond);
        Ok(data.len())
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        let size = usize::try_from(size).map_err(|_| too_much())?;
        resize(&mut self.0.write().unwrap_or_else(PoisonError::into_inner), size)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

fn resize(bytes: &mut Vec<u8>, size: usize) -> io::Result<()> {
    reserve(bytes, size)?;
    bytes.resize(size, 0);
    Ok(())
}

/// Room for so many bytes in all.
fn reserve(bytes: &mut Vec<u8>, size: usize) -> io::Result<()> {
    bytes.try_reserve(size.saturating_sub(bytes.len())).map_err(|_| too_much())
}

#[cold]
fn too_much() -> io::Error {
    io::ErrorKind::OutOfMemory.into()
}

/// So that `Arc<[u8]>` is a store to be read in an `Arc` of its own.
const _: fn() = || {
    fn is<S: ReadAt>() {}
    is::<Arc<[u8]>>();
    is::<Box<[u8]>>();
};
