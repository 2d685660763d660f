//! A store with what the driver has to know of it.

#[cfg(unix)]
use crate::journal::JournaledFile;
use crate::store::{ReadAt, Store, fill, put};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A store, to read it or also to change it.
#[derive(Clone)]
pub enum Medium {
    /// A store that is only read.
    Read(Arc<dyn ReadAt>),
    /// A store that is read and written.
    Write(Arc<dyn Store>),
    /// A file on the disk that changes completely or not at all.
    #[cfg(unix)]
    Journal(Arc<JournaledFile>),
}

impl Medium {
    pub(super) fn reader(&self) -> &dyn ReadAt {
        match self {
            Medium::Read(store) => &**store,
            Medium::Write(store) => &**store,
            #[cfg(unix)]
            Medium::Journal(journal) => &**journal,
        }
    }

    fn writer(&self) -> io::Result<&dyn Store> {
        match self {
            Medium::Read(_) => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Medium::Write(store) => Ok(&**store),
            #[cfg(unix)]
            Medium::Journal(journal) => Ok(&**journal),
        }
    }

    /// The journal, if there is one.
    #[cfg(all(unix, hdf5_drivers))]
    pub(super) fn journal(&self) -> Option<&Arc<JournaledFile>> {
        match self {
            Medium::Journal(journal) => Some(journal),
            _ => None,
        }
    }

    /// The identity of a store: its address. A file on the disk has one journal in this process.
    pub(super) fn address(&self) -> *const () {
        match self {
            Medium::Read(store) => Arc::as_ptr(store).cast(),
            Medium::Write(store) => Arc::as_ptr(store).cast(),
            #[cfg(unix)]
            Medium::Journal(journal) => Arc::as_ptr(journal).cast(),
        }
    }

    pub(super) fn size(&self) -> io::Result<u64> {
        self.reader().size()
    }

    /// Fills a buffer as far as there are bytes.
    pub(super) fn read_to_end(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        fill(self.reader(), offset, buffer)
    }

    /// All the bytes.
    #[cfg(not(hdf5_drivers))]
    pub(super) fn image(&self) -> io::Result<Vec<u8>> {
        let too_much = |_| io::Error::from(io::ErrorKind::OutOfMemory);
        let len = usize::try_from(self.size()?).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(too_much)?;
        bytes.resize(len, 0);
        self.read_to_end(0, &mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn write_all(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        put(self.writer()?, offset, data)
    }

    pub(super) fn set_size(&self, size: u64) -> io::Result<()> {
        again(|| self.writer()?.set_size(size))
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        again(|| self.writer()?.sync())
    }
}

/// Repeats what a signal has interrupted.
fn again(mut call: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// A store that a file is opened in.
pub(super) struct Attached {
    pub(super) medium: Medium,
    /// The name that the file has for the library. No other file has it.
    pub(super) name: CString,
    /// Whether it lies beside other files, which its links may lead to.
    pub(super) beside: bool,
    /// Why something that the library takes for written is not there.
    lost: OnceLock<io::Error>,
}

impl Attached {
    pub(super) fn new(medium: Medium) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let name = format!("store-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Attached {
            medium,
            name: CString::new(name).unwrap_or_default(),
            beside: false,
            lost: OnceLock::new(),
        }
    }

    /// A file on the disk under its journal, for a library that knows it by this name.
    #[cfg(all(unix, hdf5_drivers))]
    pub(super) fn journaled(journal: Arc<JournaledFile>, name: CString) -> Self {
        let medium = Medium::Journal(journal);
        Attached { medium, name, beside: true, lost: OnceLock::new() }
    }

    /// For the files that links of this one lead to: without a name, it matches none of them. Of a
    /// journal, it tells which file it is.
    pub(super) fn links(&self) -> Self {
        let medium = match &self.medium {
            #[cfg(unix)]
            Medium::Journal(_) => self.medium.clone(),
            _ => Medium::Read(Arc::new([0; 0].as_slice())),
        };
        Attached { medium, name: CString::default(), beside: self.beside, lost: OnceLock::new() }
    }

    /// A file on the disk, where a link of this one leads. It is read only: the library may have it
    /// open by its own driver, and would not know that it is the same.
    pub(super) fn linked(&self, name: &CStr) -> Option<Self> {
        if !self.beside {
            return None;
        }
        #[cfg(unix)]
        let path = {
            use std::os::unix::ffi::OsStrExt;
            Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()))
        };
        #[cfg(not(unix))]
        let path = Path::new(name.to_str().ok()?);
        let medium = Medium::Read(Arc::new(File::open(path).ok()?));
        Some(Attached { medium, name: name.into(), beside: true, lost: OnceLock::new() })
    }

    /// The same, of a file under a journal: those that may be changed have one, too.
    #[cfg(all(unix, hdf5_drivers))]
    pub(super) fn linked_journal(&self, name: &CStr, writable: bool) -> io::Result<Option<Self>> {
        use crate::journal::open_file;
        use std::os::unix::ffi::OsStrExt;
        let (Some(from), path) =
            (self.medium.journal(), Path::new(std::ffi::OsStr::from_bytes(name.to_bytes())))
        else {
            return Ok(None);
        };
        let journal = match open_file(path) {
            Some(journal) => journal,
            // The library tries several places.
            None if !path.is_file() => return Ok(None),
            None if writable => JournaledFile::open(path, from.options())?,
            None => return Ok(self.linked(name)),
        };
        Ok(Some(Attached::journaled(journal, name.into())))
    }

    pub(super) fn lost(&self) -> Option<io::Error> {
        self.lost.get().map(copied)
    }

    #[cold]
    pub(super) fn lose(&self, error: &io::Error) {
        self.lost.get_or_init(|| copied(error));
    }
}

/// The same error once more.
fn copied(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
