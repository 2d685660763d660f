//! Objects that are held on to, opened by the library.

use super::changes;
use super::edit::root_of;
use super::file::LibFile;
use super::file::path_of;
use super::holders;
use super::id::Id;
#[cfg(hdf5_tokens)]
use super::id::check;
#[cfg(hdf5_tokens)]
use super::id::with_name;
use super::linked::open_place;
use super::source::{LibSource, kind};
use super::watch::{Watch, unchanged, watch};
use crate::error::{Error, ErrorKind, Result};
use crate::{Handle, Kept, ObjectKind, Source, read_only};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5i::H5Iinc_ref;
use hdf5_metno_sys::h5i::H5Iis_valid;
use hdf5_metno_sys::h5i::hid_t;
#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5o::{H5O_token_t, H5Otoken_from_str};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Operations on a kept object that only libhdf5 supports.
pub trait InLibrary {
    /// Opens the object with the library.
    fn with_hdf5(&self, look: &mut dyn FnMut(&Id) -> Result<()>) -> Result<()>;

    /// Whether it is this object of an open file.
    fn is_at(&self, object: &Id) -> Result<bool>;

    /// Commits the changes of the file, if it has a journal. Of a file that is only read, there are
    /// none.
    fn commit(&self) -> Result<()> {
        Ok(())
    }

    /// Opens the object to change it; [`ErrorKind::ReadOnly`] where its file was opened to be read.
    fn edit(&self, change: &mut dyn FnMut(&Id) -> Result<()>) -> Result<()> {
        let _ = change;
        Err(read_only())
    }
}

impl dyn Kept + '_ {
    /// Opens the object with the library.
    pub fn with_hdf5(&self, look: &mut dyn FnMut(&Id) -> Result<()>) -> Result<()> {
        match self.in_library() {
            Some(object) => object.with_hdf5(look),
            None => Err(ErrorKind::Unsupported("an object that libhdf5 cannot open".into()).into()),
        }
    }

    /// Whether it is this object of an open file.
    pub fn is_at(&self, object: &Id) -> Result<bool> {
        self.in_library().map_or(Ok(false), |kept| kept.is_at(object))
    }

    /// Opens the object to change it; [`ErrorKind::ReadOnly`] where its file was opened to be read.
    pub fn edit(&self, change: &mut dyn FnMut(&Id) -> Result<()>) -> Result<()> {
        self.in_library().map_or_else(|| Err(read_only()), |object| object.edit(change))
    }
}

/// An open object of an open file.
#[derive(Debug)]
pub struct LibKept {
    object: Id,
    /// It was changed through this.
    edited: AtomicBool,
    kind: ObjectKind,
    path: Option<PathBuf>,
    /// The state of the file, if it was opened for reading.
    watch: Option<Arc<Watch>>,
}

impl LibKept {
    /// An open object, whatever it is.
    pub fn of(object: Id) -> Result<Self> {
        let kind = sync(|| kind(&object))?;
        Ok(LibKept::new(object, kind))
    }

    pub(super) fn new(object: Id, kind: ObjectKind) -> Self {
        let (path, watch) = (file_name(&object), watch(&object));
        LibKept { object, edited: AtomicBool::new(false), kind, path, watch }
    }

    /// Calls a function with the object, unless its file was closed, or written to by another
    /// program.
    fn open<R>(&self, work: impl FnOnce(&Id) -> Result<R>) -> Result<R> {
        unchanged(self.watch.as_ref(), &self.object, work)
            .map_err(|error| explained(&self.object, error))
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
        let look = |object: &Id| {
            let source = LibSource::new(root_of(object)?)?;
            look(
                &source,
                Handle { id: object.clone().into_raw() as u64, kind: self.kind, bare: false },
            )
        };
        self.open(look)
    }

    fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    fn place(&self) -> Option<String> {
        super::members::path_of(&self.object)
    }

    fn locate(&self, dtype: &crate::Dtype) -> Result<crate::Piece> {
        #[cfg(unix)]
        return self.open(|object| super::descriptor::locate(object, dtype));
        // The library's own handle of the file is not to be had.
        #[cfg(not(unix))]
        {
            let _ = dtype;
            Err(crate::no_piece("a file that libhdf5 has open"))
        }
    }

    fn in_library(&self) -> Option<&dyn InLibrary> {
        Some(self)
    }
}

impl InLibrary for LibKept {
    fn with_hdf5(&self, look: &mut dyn FnMut(&Id) -> Result<()>) -> Result<()> {
        self.open(look)
    }

    fn is_at(&self, object: &Id) -> Result<bool> {
        Ok(identity(&self.object)? == identity(object)?)
    }

    fn commit(&self) -> Result<()> {
        self.open(changes::commit_file)
    }

    fn edit(&self, change: &mut dyn FnMut(&Id) -> Result<()>) -> Result<()> {
        self.open(|object| {
            let _change = changes::begin_by_handle(object)?;
            self.edited.store(true, Ordering::Relaxed);
            change(object)
        })
    }
}

/// The identity of an object among all open ones.
fn identity(object: &Id) -> Result<String> {
    sync(|| super::members::identity(object.raw()))
        .ok_or_else(|| ErrorKind::Contract("an object without a place".into()).into())
}

/// Whether an object is the one at an address of its file that the native engine has read under
/// this name.
pub fn is_at_address(
    object: &Id,
    address: u64,
    is_file: impl FnOnce(&Path) -> bool,
) -> Result<bool> {
    if !file_name(object).is_some_and(|path| is_file(&path)) {
        return Ok(false);
    }
    let root = root_of(object)?;
    match sync(|| open_by_address(root.raw(), address)) {
        Ok(found) => Ok(identity(&found)? == identity(object)?),
        Err(_) => Ok(false),
    }
}

/// Holds on to an open object.
pub fn hold(object: &Id) -> Result<Arc<dyn Kept>> {
    Ok(Arc::new(LibKept::new(object.clone(), sync(|| kind(object))?)))
}

/// Whether some link leads to an object that is open.
pub fn is_linked(object: &Id) -> Result<bool> {
    sync(|| {
        // SAFETY: the reference that is added belongs to the new location.
        let location = unsafe {
            H5Iinc_ref(object.raw());
            hdf5_metno::from_id::<hdf5_metno::Location>(object.raw())
        };
        let info = location.and_then(|location| location.loc_info());
        info.map(|info| info.num_links > 0)
            .map_err(|error| Error::new(ErrorKind::Hdf5(error.to_string())))
    })
}

/// The object at an address of a file that the native engine has read.
pub fn open_at(file: &LibFile, address: u64) -> Result<Id> {
    let root = file.root()?;
    sync(|| open_by_address(root.raw(), address))
}

/// The lock is held.
#[cfg(hdf5_tokens)]
fn open_by_address(root: hid_t, address: u64) -> Result<Id> {
    let mut token = H5O_token_t::default();
    // SAFETY: the group is open, the text ends in NUL, the token is writable; one that stands for
    // no object is answered with an error.
    with_name(&address.to_string(), |text| unsafe {
        check(H5Otoken_from_str(root, text, &mut token))
    })?;
    open_place(root, token)
}

/// The lock is held.
#[cfg(not(hdf5_tokens))]
fn open_by_address(root: hid_t, address: u64) -> Result<Id> {
    open_place(root, address)
}

/// Whether the file that an object is in was opened to be changed.
pub fn is_writable(object: &Id) -> Result<bool> {
    sync(|| holders::is_writable(object.raw()))
}

/// The name of the file that an object is in.
pub fn file_name(object: &Id) -> Option<PathBuf> {
    path_of(object.raw())
}

/// Says of an error that the file was closed under the object, where that is the cause: an
/// identifier that is no longer valid is only an error to the library, and never becomes that of
/// something else.
#[cold]
pub fn explained(object: &Id, error: Error) -> Error {
    // SAFETY: any number may be asked for.
    match sync(|| unsafe { H5Iis_valid(object.raw()) }) {
        0 => Error::new(ErrorKind::Closed)
            .with_help("the file was opened with `CloseDegree::Strong`")
            .with_source(error),
        _ => error,
    }
}
