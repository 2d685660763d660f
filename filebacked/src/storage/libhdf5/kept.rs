//! Objects that are held on to, opened by the library.

use super::changes;
use super::edit::root_of;
#[cfg(feature = "native")]
use super::file::LibFile;
#[cfg(all(feature = "native", hdf5_tokens))]
use super::id::with_name;
use super::id::{Id, check};
use super::source::LibSource;
use crate::error::{ErrorKind, Result};
use crate::storage::{Handle, Kept, ObjectKind, Source};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5f::{H5F_ACC_RDWR, H5Fget_intent, H5Fget_name};
use hdf5_metno_sys::h5i::H5Iget_file_id;
#[cfg(feature = "native")]
use hdf5_metno_sys::h5i::hid_t;
#[cfg(all(feature = "native", not(hdf5_tokens)))]
use hdf5_metno_sys::h5o::H5Oopen_by_addr;
#[cfg(all(feature = "native", hdf5_tokens))]
use hdf5_metno_sys::h5o::{H5O_token_t, H5Oopen_by_token, H5Otoken_from_str};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// An open object of an open file.
#[derive(Debug)]
pub(crate) struct LibKept {
    object: Id,
    /// It was changed through this.
    edited: AtomicBool,
    kind: ObjectKind,
    path: Option<PathBuf>,
}

impl LibKept {
    /// An open object, whatever it is.
    pub(crate) fn of(object: Id) -> Result<Self> {
        let kind = sync(|| super::source::kind(&object))?;
        Ok(LibKept::new(object, kind))
    }

    pub(super) fn new(object: Id, kind: ObjectKind) -> Self {
        LibKept { path: file_name(&object), object, edited: AtomicBool::new(false), kind }
    }
}

impl Drop for LibKept {
    fn drop(&mut self) {
        if self.edited.load(Ordering::Relaxed) {
            // The file object may be gone, and nobody else to say that the change is complete.
            changes::settle_quietly(&self.object);
        }
    }
}

impl Kept for LibKept {
    fn look(&self, look: &mut dyn FnMut(&dyn Source, Handle) -> Result<()>) -> Result<()> {
        let source = LibSource::new(root_of(&self.object)?)?;
        look(&source, Handle { id: self.object.clone().into_raw() as u64, kind: self.kind, bare: false })
    }

    fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    fn with_hdf5(&self, look: &mut dyn FnMut(&Id) -> Result<()>) -> Result<()> {
        look(&self.object)
    }

    fn is_at(&self, object: &Id) -> Result<bool> {
        Ok(identity(&self.object)? == identity(object)?)
    }

    fn edit(&self, change: &mut dyn FnMut(&Id) -> Result<()>) -> Result<()> {
        changes::begin(&self.object)?;
        self.edited.store(true, Ordering::Relaxed);
        change(&self.object)
    }
}

/// What tells an object from all others that are open.
fn identity(object: &Id) -> Result<String> {
    sync(|| super::members::identity(object.raw()))
        .ok_or_else(|| ErrorKind::Contract("an object without a place".into()).into())
}

/// Whether an object is the one at an address of its file, which our own engine has read under this name.
#[cfg(feature = "native")]
pub(crate) fn is_at_address(object: &Id, address: u64, is_file: impl FnOnce(&Path) -> bool) -> Result<bool> {
    if !file_name(object).is_some_and(|path| is_file(&path)) {
        return Ok(false);
    }
    let root = root_of(object)?;
    match sync(|| open_by_address(root.raw(), address)) {
        Ok(found) => Ok(identity(&found)? == identity(object)?),
        Err(_) => Ok(false),
    }
}

/// The object at an address of a file that our own engine has read.
#[cfg(feature = "native")]
pub(crate) fn open_at(file: &LibFile, address: u64) -> Result<Id> {
    let root = file.root()?;
    sync(|| open_by_address(root.raw(), address))
}

/// The lock is held.
#[cfg(all(feature = "native", hdf5_tokens))]
fn open_by_address(root: hid_t, address: u64) -> Result<Id> {
    let mut token = H5O_token_t::default();
    // SAFETY: the group is open, the text ends in NUL, the token is writable; one that stands for no object is answered
    // with an error, and the new identifier has no other owner.
    with_name(&address.to_string(), |text| unsafe {
        check(H5Otoken_from_str(root, text, &mut token))?;
        Id::own(H5Oopen_by_token(root, token))
    })
}

/// The lock is held.
#[cfg(all(feature = "native", not(hdf5_tokens)))]
fn open_by_address(root: hid_t, address: u64) -> Result<Id> {
    // SAFETY: the group is open; an address without an object is answered with an error, and the new identifier has no
    // other owner.
    unsafe { Id::own(H5Oopen_by_addr(root, address)) }
}

/// Whether the file that an object is in was opened to be changed.
pub(crate) fn is_writable(object: &Id) -> Result<bool> {
    sync(|| {
        let mut intent = 0;
        // SAFETY: the object is open; the new identifier has no other owner, and the place for the answer is writable.
        unsafe {
            let file = Id::own(H5Iget_file_id(object.raw()))?;
            check(H5Fget_intent(file.raw(), &mut intent))?;
        }
        Ok(intent & H5F_ACC_RDWR != 0)
    })
}

/// The name of the file that an object is in.
pub(crate) fn file_name(object: &Id) -> Option<PathBuf> {
    let mut name = vec![0u8; 4096];
    // SAFETY: the object is open, the buffer is writable for its length.
    let len = sync(|| unsafe { H5Fget_name(object.raw(), name.as_mut_ptr().cast(), name.len()) });
    name.truncate(usize::try_from(len).ok().filter(|len| *len < 4096)?);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        Some(PathBuf::from(std::ffi::OsString::from_vec(name)))
    }
    #[cfg(not(unix))]
    String::from_utf8(name).ok().map(PathBuf::from)
}
