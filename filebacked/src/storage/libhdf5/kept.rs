//! Objects that are held on to, opened by the library.

use super::edit::root_of;
#[cfg(feature = "native")]
use super::file::LibFile;
#[cfg(all(feature = "native", hdf5_tokens))]
use super::id::with_name;
use super::id::{Id, check};
#[cfg(feature = "native")]
use super::linked::open_place;
use super::source::LibSource;
use crate::error::Result;
use crate::storage::kept::read_only;
use crate::storage::{Handle, Kept, ObjectKind, Source};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5f::{H5F_ACC_RDWR, H5Fget_intent, H5Fget_name};
use hdf5_metno_sys::h5i::H5Iget_file_id;
#[cfg(feature = "native")]
use hdf5_metno_sys::h5i::hid_t;
#[cfg(all(feature = "native", hdf5_tokens))]
use hdf5_metno_sys::h5o::{H5O_token_t, H5Otoken_from_str};
use std::path::{Path, PathBuf};

/// An open object of an open file.
#[derive(Debug)]
pub(crate) struct LibKept {
    object: Id,
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
        LibKept { path: file_name(&object), object, kind }
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

    fn edit(&self, change: &mut dyn FnMut(&Id) -> Result<()>) -> Result<()> {
        begin(&self.object)?;
        change(&self.object)
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
    // with an error.
    with_name(&address.to_string(), |text| unsafe { check(H5Otoken_from_str(root, text, &mut token)) })?;
    open_place(root, token)
}

/// The lock is held.
#[cfg(all(feature = "native", not(hdf5_tokens)))]
fn open_by_address(root: hid_t, address: u64) -> Result<Id> {
    open_place(root, address)
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

/// Every change of a file begins here: refuses one that was opened to be read.
pub(crate) fn begin(object: &Id) -> Result<()> {
    if is_writable(object)? { Ok(()) } else { Err(read_only()) }
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
