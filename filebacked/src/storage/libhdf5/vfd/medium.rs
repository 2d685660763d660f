//! A store with what the driver has to know of it.

use crate::store::{ReadAt, Store, fill, put};
use std::ffi::CString;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A store, to read it or also to change it.
#[derive(Clone)]
pub(crate) enum Medium {
    Read(Arc<dyn ReadAt>),
    Write(Arc<dyn Store>),
}

impl Medium {
    fn reader(&self) -> &dyn ReadAt {
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

    /// What tells stores apart: two of the same address are the same.
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
    /// Why something that the library takes for written is not there.
    lost: OnceLock<io::Error>,
}

impl Attached {
    pub(super) fn new(medium: Medium) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let name = format!("store-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Attached { medium, name: CString::new(name).unwrap_or_default(), lost: OnceLock::new() }
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
