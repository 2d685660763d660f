//! Kept objects, read by the native engine.

use super::source::NativeSource;
use crate::changes::Seen;
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::store::ReadAt;
use crate::{Handle, Kept, Source};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The source of a kept object.
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
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) seen: Seen,
}

impl Opened {
    pub(super) fn new(file: File, path: PathBuf, opened: u64) -> Result<Self> {
        Ok(Opened { seen: Seen::new(file.metadata()?, opened), file, path })
    }

    /// Refuses a file that was written to since.
    pub(super) fn check(&self) -> Result<()> {
        self.seen.check(&self.file.metadata()?)
    }

    fn len(&self) -> u64 {
        self.seen.found.len()
    }
}

/// Refuses a store that is not as long as it was.
pub(super) fn check_size(store: &dyn ReadAt, len: u64) -> Result<()> {
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
            Err(_) if source.declined() && self.limits.is_none() => self.look_in_library(look),
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
        // Data that needs libhdf5 is not contiguous.
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
    fn in_library(&self) -> Option<&dyn crate::libhdf5::InLibrary> {
        Some(self)
    }
}
