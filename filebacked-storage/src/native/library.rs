//! Opens kept objects of the native engine with libhdf5, for operations that only libhdf5 supports.

use super::kept::{NativeKept, Opened, Origin, check_size};
use crate::error::{Error, ErrorKind, Result};
use crate::libhdf5::{
    Attachment, Id, InLibrary, LibFile, LibSource, Medium, is_at_address, open_at, root_of,
};
use crate::store::ReadAt;
use crate::{Handle, Source};
use std::io;
use std::path::Path;
use std::sync::Arc;

impl NativeKept {
    /// Looks at the object with the library, where the native engine declines.
    pub(super) fn look_in_library(
        &self,
        look: &mut dyn FnMut(&dyn Source, Handle) -> Result<()>,
    ) -> Result<()> {
        self.with_hdf5(&mut |object| {
            let source = LibSource::new(root_of(object)?)?;
            look(&source, source.adopt(object.clone())?)
        })
    }
}

impl InLibrary for NativeKept {
    fn is_at(&self, object: &Id) -> Result<bool> {
        match &*self.origin {
            Origin::Memory(..) | Origin::Store(..) => Ok(false),
            Origin::Disk(opened) => is_at_address(object, self.address, |path| opened.is_at(path)),
        }
    }

    fn with_hdf5(&self, look: &mut dyn FnMut(&Id) -> Result<()>) -> Result<()> {
        if self.limits.is_some() {
            return Err(Error::new(ErrorKind::NeedsLibhdf5)
                .with_help("read the value instead of the handle: the file is not trusted"));
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
        // On other systems, the name of an open file cannot be reused.
        #[cfg(not(unix))]
        {
            self.path == path
        }
    }
}

/// A file in memory, for libhdf5 to read.
struct Bytes(Arc<Origin>);

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
