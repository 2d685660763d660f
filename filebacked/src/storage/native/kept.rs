//! Objects that are held on to, read by our own engine.

#[cfg(feature = "libhdf5")]
use super::input::Input;
use super::source::NativeSource;
use crate::error::{Error, ErrorKind, Result};
use crate::options::Limits;
use crate::storage::{Handle, Kept, Source};
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a kept object is read from.
#[derive(Debug)]
pub(super) enum Origin {
    /// All bytes of a small file, or of an image in memory.
    Memory(Vec<u8>, Option<PathBuf>),
    Disk(Opened),
}

/// An open file. Whatever takes its name, this stays the file that it was.
#[derive(Debug)]
pub(super) struct Opened {
    file: File,
    path: PathBuf,
    /// What the file was when it was opened.
    found: Metadata,
}

impl Opened {
    pub(super) fn new(file: File, path: PathBuf) -> Result<Self> {
        Ok(Opened { found: file.metadata()?, file, path })
    }

    /// Refuses a file that somebody has written to since: what is known of it is no longer true.
    fn check(&self) -> Result<()> {
        let now = self.file.metadata()?;
        let same = now.len() == self.found.len() && now.modified().ok() == self.found.modified().ok();
        if same { Ok(()) } else { Err(Error::new(ErrorKind::Changed).in_file(&self.path)) }
    }
}

/// An object at an address.
#[derive(Debug)]
pub(super) struct NativeKept {
    pub(super) origin: Arc<Origin>,
    pub(super) address: u64,
    pub(super) limits: Option<Limits>,
}

impl Kept for NativeKept {
    fn look(&self, look: &mut dyn FnMut(&dyn Source, Handle) -> Result<()>) -> Result<()> {
        let source = match &*self.origin {
            Origin::Memory(bytes, _) => NativeSource::new(bytes)?,
            Origin::Disk(opened) => {
                opened.check()?;
                NativeSource::of_file(&opened.file, opened.found.len())?
            }
        };
        let source = source.limited(self.limits);
        let found = source.noted(source.open(self.address)).and_then(|handle| look(&source, handle));
        match found {
            #[cfg(feature = "libhdf5")]
            Err(_) if source.declined() && self.limits.is_none() => self.with_hdf5(&mut |object| {
                let source = crate::storage::libhdf5::LibSource::new(crate::storage::libhdf5::root_of(object)?)?;
                look(&source, source.adopt(object.clone())?)
            }),
            found => found,
        }
    }

    fn path(&self) -> Option<&Path> {
        match &*self.origin {
            Origin::Memory(_, path) => path.as_deref(),
            Origin::Disk(opened) => Some(&opened.path),
        }
    }

    #[cfg(feature = "libhdf5")]
    fn with_hdf5(&self, look: &mut dyn FnMut(&crate::storage::libhdf5::Id) -> Result<()>) -> Result<()> {
        use crate::storage::libhdf5::{LibFile, open_at};
        if self.limits.is_some() {
            return Err(Error::new(ErrorKind::NeedsLibhdf5)
                .with_help("the file is not trusted: read the value, not the handle"));
        }
        let file = match &*self.origin {
            Origin::Memory(bytes, path) => LibFile::open_image_beside(bytes, path.as_deref())?,
            Origin::Disk(opened) => {
                opened.check()?;
                match opened.has_its_name() {
                    true => LibFile::open(&opened.path, false)?,
                    // The library opens files by name. Memory has to do where another file has taken it.
                    false => LibFile::open_image_beside(&opened.bytes()?, Some(&opened.path))?,
                }
            }
        };
        look(&open_at(&file, self.address)?)
    }
}

#[cfg(feature = "libhdf5")]
impl Opened {
    /// Whether the name of the file still leads to it.
    fn has_its_name(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            std::fs::metadata(&self.path)
                .is_ok_and(|now| now.ino() == self.found.ino() && now.dev() == self.found.dev())
        }
        // Elsewhere nobody takes the name of a file that is open.
        #[cfg(not(unix))]
        true
    }

    /// All bytes of the file.
    fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Input::of_file(&self.file, self.found.len()).read_vec(0, self.found.len() as usize, &mut bytes)?;
        Ok(bytes)
    }
}
