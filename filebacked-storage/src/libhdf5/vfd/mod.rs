//! Files in a [`Store`](crate::Store): a virtual file driver, through which the C library reads and
//! writes any object.

#[cfg(hdf5_drivers)]
mod class;
#[cfg(hdf5_drivers)]
mod driver;
#[cfg_attr(not(hdf5_drivers), allow(dead_code))]
mod failure;
#[cfg_attr(not(hdf5_drivers), allow(dead_code))]
mod medium;

use super::access::{Access, Creation, Libver};
use super::file::c_path;
use super::file::{CHANGED, CREATED, LibFile, create, open};
use super::id::Id;
use super::lists::new_list;
use crate::error::Result;
#[cfg(all(unix, hdf5_drivers))]
use crate::journal::JournaledFile;
use crate::signature::{explained, not_hdf5};
use crate::store::ReadAt;
use hdf5_metno::globals::H5P_FILE_ACCESS;
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5f::{H5F_ACC_RDONLY, H5F_ACC_RDWR, H5F_ACC_TRUNC};
use medium::Attached;
use std::ffi::CStr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

pub(super) use failure::{closing, forget, lost, take};
pub use medium::Medium;

/// A store that is about to be opened.
pub struct Attachment(Arc<Attached>);

impl Attachment {
    /// An attachment of a medium, not opened yet.
    pub fn new(medium: Medium) -> Self {
        Attachment(Arc::new(Attached::new(medium)))
    }

    /// A file on the disk, so that links to other files lead to the disk: from where it
    /// was, if that is known.
    pub fn of_file(store: Arc<dyn ReadAt>, path: Option<&Path>) -> Result<Self> {
        let mut attached = Attached::new(Medium::Read(store));
        attached.beside = true;
        if let Some(path) = path {
            attached.name = c_path(path)?;
        }
        Ok(Attachment(Arc::new(attached)))
    }

    /// A file on the disk under its journal.
    #[cfg(all(unix, hdf5_drivers))]
    pub(super) fn of_journal(journal: Arc<JournaledFile>, path: &Path) -> Result<Self> {
        Ok(Attachment(Arc::new(Attached::journaled(journal, c_path(path)?))))
    }

    /// The journal of a file that was opened by an access list. The lock is held.
    #[cfg(all(unix, hdf5_drivers))]
    pub(super) fn journal_of(list: &Id) -> Result<Option<Arc<JournaledFile>>> {
        driver::journal_of(list.raw())
    }

    /// The name of a store in errors.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(self.0.name.to_string_lossy().into_owned())
    }

    /// Opens the file that the store has, to change it where the store can be changed.
    pub fn open(self) -> Result<LibFile> {
        #[cfg(not(hdf5_drivers))]
        if let Medium::Read(_) = &self.0.medium {
            return LibFile::open_image(&failure::caught(|| self.0.medium.image())?);
        }
        sync(|| {
            let read =
                || open(self.name(), H5F_ACC_RDONLY, self.on(new_list(*H5P_FILE_ACCESS)?)?.raw());
            // The library would make a file of nothing, unless it has one that is still to be
            // written.
            let _known = match failure::caught(|| self.0.medium.size())? {
                0 => Some(read().map_err(|_| not_hdf5(0))?),
                _ => None,
            };
            let opened = match &self.0.medium {
                Medium::Read(_) => read(),
                _ => open(self.name(), H5F_ACC_RDWR, self.on(access(CHANGED)?)?.raw()),
            };
            opened.map_err(|e| explained(self.0.medium.reader(), e))
        })
    }

    /// Creates a file in the place of what the store has.
    pub fn create(self) -> Result<LibFile> {
        sync(|| {
            create(
                self.name(),
                H5F_ACC_TRUNC,
                &Creation::default().list()?,
                self.on(access(CREATED)?)?.raw(),
            )
        })
    }

    fn name(&self) -> &CStr {
        &self.0.name
    }

    /// An access list that leads to the store. The lock is held.
    #[cfg(hdf5_drivers)]
    pub(super) fn on(&self, list: Id) -> Result<Id> {
        driver::set(list.raw(), &self.0)?;
        Ok(list)
    }

    #[cfg(not(hdf5_drivers))]
    pub(super) fn on(&self, _: Id) -> Result<Id> {
        use crate::error::{Error, ErrorKind};
        let what = "libhdf5 before 1.14 cannot write to a store";
        Err(Error::new(ErrorKind::Unsupported(what.into()))
            .with_help("enable the feature `static` of filebacked, which builds a newer libhdf5"))
    }
}

/// How a file is opened to be written. The lock is held.
fn access(libver: (Libver, Libver)) -> Result<Id> {
    match Access::default().list(Some(libver))? {
        Some(list) => Ok(list),
        None => new_list(*H5P_FILE_ACCESS),
    }
}
