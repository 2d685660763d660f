//! A store with what the driver has to know of it.

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
}

impl Medium {
    pub(super) fn reader(&self) -> &dyn ReadAt {
        match self {
            Medium::Read(store) => &**store,
            Medium::Write(store) => &**store,
        }
    }

    fn writer(&self) -> io::Result<&dyn Store> {
        match self {
            Medium::Read(_) => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Medium::Write(store) => Ok(&**store),
        }
    }

    /// The identity of a store: its address.
    pub(super) fn address(&self) -> *const () {
        match self {
            Medium::Read(store) => Arc::as_ptr(store).cast(),
            Medium::Write(store) => Arc::as_ptr(store).cast(),
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

    /// For the files that links of this one lead to: it has no name, and so is none of them.
    pub(super) fn links(&self) -> Self {
        let medium = Medium::Read(Arc::new([0; 0].as_slice()));
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
