//! Objects that are held on to, read by our own engine.

use super::source::NativeSource;
use crate::changes::Seen;
#[cfg(feature = "libhdf5")]
use crate::error::Error;
use crate::error::{ErrorKind, Result};
#[cfg(feature = "libhdf5")]
use crate::libhdf5::{Attachment, Medium};
use crate::limits::Limits;
use crate::store::ReadAt;
use crate::{Handle, Kept, Source};
use std::fs::File;
#[cfg(feature = "libhdf5")]
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a kept object is read from.
#[derive(Debug)]
pub(super) enum Origin {
    /// All bytes of a small file, or of an image in memory.
    Memory(Vec<u8>, Option<PathBuf>),
    Disk(Opened),
    /// A store, and its size when it was opened.
    Store(Arc<dyn ReadAt>, u64),
}

/// An open file. Whatever takes its name, this stays the file that it was.
#[derive(Debug)]
pub(super) struct Opened {
    file: File,
    path: PathBuf,
    seen: Seen,
}

impl Opened {
    pub(super) fn new(file: File, path: PathBuf, opened: u64) -> Result<Self> {
        Ok(Opened { seen: Seen::new(file.metadata()?, opened), file, path })
    }

    /// Refuses a file that somebody has written to since.
    fn check(&self) -> Result<()> {
        self.seen.check(&self.file.metadata()?)
    }

    fn len(&self) -> u64 {
        self.seen.found.len()
    }
}

/// Refuses a store that is not as long as it was.
fn check_size(store: &dyn ReadAt, len: u64) -> Result<()> {
    if store.size()? == len { Ok(()) } else { Err(ErrorKind::Changed.into()) }
}

/// An object at an address.
#[derive(Debug)]
pub(super) struct NativeKept {
    pub(super) origin: Arc<Origin>,
    pub(super) address: u64,
    pub(super) limits: Option<Limits>,
}

impl NativeKept {
    /// Opens the file, unless it has changed.
    fn source(&self) -> Result<NativeSource<'_>> {
        let source = match &*self.origin {
            Origin::Memory(bytes, _) => NativeSource::new(bytes)?,
            Origin::Disk(opened) => {
                opened.check()?;
                NativeSource::of_file(&opened.file, opened.len())?
            }
            Origin::Store(store, len) => {
                check_size(store, *len)?;
                NativeSource::of_store(store, *len)?
            }
        };
        Ok(source.limited(self.limits))
    }
}

impl Kept for NativeKept {
    fn look(&self, look: &mut dyn FnMut(&dyn Source, Handle) -> Result<()>) -> Result<()> {
        let source = self.source()?.kept_from(&self.origin);
        let found =
            source.noted(source.open(self.address)).and_then(|handle| look(&source, handle));
        match found {
            #[cfg(feature = "libhdf5")]
            Err(_) if source.declined() && self.limits.is_none() => self.with_hdf5(&mut |object| {
                let source = crate::libhdf5::LibSource::new(crate::libhdf5::root_of(object)?)?;
                look(&source, source.adopt(object.clone())?)
            }),
            found => found,
        }
    }

    fn path(&self) -> Option<&Path> {
        match &*self.origin {
            Origin::Memory(_, path) => path.as_deref(),
            Origin::Store(..) => None,
            Origin::Disk(opened) => Some(&opened.path),
        }
    }

    fn place(&self) -> Option<String> {
        // Addresses mean nothing in a file that was written to since.
        self.source().ok()?.path_to(self.address)
    }

    fn locate(&self, dtype: &crate::Dtype) -> Result<crate::Piece> {
        // What needs the HDF5 library does not lie in one piece.
        match &*self.origin {
            Origin::Memory(_, None) => Err(crate::no_piece("a file in memory")),
            Origin::Store(..) => Err(crate::no_piece("a file in a store")),
            Origin::Memory(bytes, Some(path)) => {
                // It was read at once; what is mapped has to be the same.
                let file = File::open(path)?;
                let source = NativeSource::of_file(&file, file.metadata()?.len())?;
                source.check_bytes(bytes)?;
                source.locate(self.address, dtype, file.try_clone()?)
            }
            Origin::Disk(opened) => {
                opened.check()?;
                let source = NativeSource::of_file(&opened.file, opened.len())?;
                source.locate(self.address, dtype, opened.file.try_clone()?)
            }
        }
    }

    #[cfg(feature = "libhdf5")]
    fn is_at(&self, object: &crate::libhdf5::Id) -> Result<bool> {
        match &*self.origin {
            Origin::Memory(..) | Origin::Store(..) => Ok(false),
            Origin::Disk(opened) => {
                crate::libhdf5::is_at_address(object, self.address, |path| opened.is_at(path))
            }
        }
    }

    #[cfg(feature = "libhdf5")]
    fn with_hdf5(&self, look: &mut dyn FnMut(&crate::libhdf5::Id) -> Result<()>) -> Result<()> {
        use crate::libhdf5::{LibFile, open_at};
        if self.limits.is_some() {
            return Err(Error::new(ErrorKind::NeedsLibhdf5)
                .with_help("the file is not trusted: read the value, not the handle"));
        }
        let file = match &*self.origin {
            Origin::Memory(_, path) => {
                Attachment::of_file(Arc::new(Bytes(self.origin.clone())), path.as_deref())?
                    .open()?
            }
            Origin::Disk(opened) => {
                opened.check()?;
                match opened.has_its_name() {
                    true => LibFile::open(&opened.path, false)?,
                    // Another file has taken the name.
                    false => {
                        Attachment::of_file(Arc::new(opened.file.try_clone()?), Some(&opened.path))?
                            .open()?
                    }
                }
            }
            Origin::Store(store, len) => {
                check_size(store, *len)?;
                Attachment::new(Medium::Read(store.clone())).open()?
            }
        };
        look(&open_at(&file, self.address)?)?;
        match &*self.origin {
            Origin::Disk(opened) => opened.check(),
            _ => Ok(()),
        }
    }
}

#[cfg(feature = "libhdf5")]
impl Opened {
    /// Whether the name of the file still leads to it.
    fn has_its_name(&self) -> bool {
        self.is_at(&self.path)
    }

    /// Whether a name leads to the file.
    fn is_at(&self, path: &Path) -> bool {
        #[cfg(unix)]
        {
            std::fs::metadata(path).is_ok_and(|now| self.seen.is_of(&now))
        }
        // Elsewhere nobody takes the name of a file that is open.
        #[cfg(not(unix))]
        {
            self.path == path
        }
    }
}

/// What is in memory, for the library to read it there.
#[cfg(feature = "libhdf5")]
struct Bytes(Arc<Origin>);

#[cfg(feature = "libhdf5")]
impl ReadAt for Bytes {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match &*self.0 {
            Origin::Memory(bytes, _) => bytes.read_at(offset, buffer),
            _ => Ok(0),
        }
    }

    fn size(&self) -> io::Result<u64> {
        match &*self.0 {
            Origin::Memory(bytes, _) => bytes.size(),
            _ => Ok(0),
        }
    }
}
