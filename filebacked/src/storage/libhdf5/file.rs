//! Files: on disk, in memory, and as images.

use super::id::{Id, check, room};
use super::kept::file_name;
use super::lists::new_list;
use crate::error::{Error, ErrorKind, Result};
use hdf5_metno::globals::{H5P_FILE_ACCESS, H5P_FILE_CREATE};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5f::H5F_libver_t::H5F_LIBVER_V18;
use hdf5_metno_sys::h5f::H5F_scope_t::H5F_SCOPE_GLOBAL;
use hdf5_metno_sys::h5f::{
    H5F_ACC_EXCL, H5F_ACC_RDONLY, H5F_ACC_RDWR, H5F_ACC_TRUNC, H5F_LIBVER_LATEST, H5F_libver_t, H5Fclose, H5Fcreate,
    H5Fflush, H5Fget_file_image, H5Fopen,
};
use hdf5_metno_sys::h5g::H5Gopen2;
use hdf5_metno_sys::h5i::{H5Iinc_ref, hid_t};
use hdf5_metno_sys::h5p::{
    H5P_CRT_ORDER_INDEXED, H5P_CRT_ORDER_TRACKED, H5P_DEFAULT, H5Pset_fapl_core, H5Pset_file_image,
    H5Pset_libver_bounds, H5Pset_link_creation_order, H5Pset_obj_track_times,
};
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// An open file. It stays open below until everything in it is closed too.
#[derive(Debug, Clone)]
pub(crate) struct LibFile {
    id: Id,
}

impl LibFile {
    /// Creates a file. What is there already is lost, unless `exclusive` makes that an error.
    pub(crate) fn create(path: &Path, exclusive: bool) -> Result<Self> {
        let name = c_path(path)?;
        sync(|| {
            let access = access(H5F_LIBVER_V18)?;
            create(&name, if exclusive { H5F_ACC_EXCL } else { H5F_ACC_TRUNC }, &access)
        })
    }

    /// Creates a file over an empty one that this process has locked itself: the library is not to lock it too.
    pub(crate) fn create_private(path: &Path) -> Result<Self> {
        let name = c_path(path)?;
        sync(|| {
            let access = access(H5F_LIBVER_V18)?;
            unlocked(&access)?;
            create(&name, H5F_ACC_TRUNC, &access)
        })
    }

    /// Opens a file, to read it or also to change it.
    pub(crate) fn open(path: &Path, writable: bool) -> Result<Self> {
        let name = c_path(path)?;
        sync(|| {
            // A file may have parts of any format; what is added to it is in the oldest that does.
            let access = if writable { Some(access(H5F_LIBVER_LATEST)?) } else { None };
            let list = access.as_ref().map_or(H5P_DEFAULT, Id::raw);
            let flags = if writable { H5F_ACC_RDWR } else { H5F_ACC_RDONLY };
            // SAFETY: the name ends in NUL, the list is open; the new identifier has no other owner.
            Ok(LibFile { id: unsafe { Id::own(H5Fopen(name.as_ptr(), flags, list))? } })
        })
    }

    /// Creates a file in memory, which grows by so many bytes at a time.
    pub(crate) fn create_in_memory(increment: usize) -> Result<Self> {
        let name = memory_name(None)?;
        sync(|| {
            let access = access(H5F_LIBVER_V18)?;
            // SAFETY: the list is open.
            check(unsafe { H5Pset_fapl_core(access.raw(), increment.max(1), 0) })?;
            create(&name, H5F_ACC_TRUNC, &access)
        })
    }

    /// Opens the bytes of a file to read them. They are copied.
    pub(crate) fn open_image(image: &[u8]) -> Result<Self> {
        LibFile::image_as(image, false, None)
    }

    /// The same, with external links relative to where a file of this name is.
    #[cfg(feature = "native")]
    pub(crate) fn open_image_beside(image: &[u8], path: Option<&Path>) -> Result<Self> {
        LibFile::image_as(image, false, path.and_then(Path::parent))
    }

    /// Opens the bytes of a file to read and change a copy of them.
    pub(crate) fn open_image_rw(image: &[u8]) -> Result<Self> {
        LibFile::image_as(image, true, None)
    }

    fn image_as(image: &[u8], writable: bool, directory: Option<&Path>) -> Result<Self> {
        if image.is_empty() {
            return Err(ErrorKind::NotHdf5.into());
        }
        let name = memory_name(directory)?;
        sync(|| {
            let access = if writable { access(H5F_LIBVER_LATEST)? } else { new_list(*H5P_FILE_ACCESS)? };
            let flags = if writable { H5F_ACC_RDWR } else { H5F_ACC_RDONLY };
            // SAFETY: the list is open and the name ends in NUL; the library copies the image and does not write to
            // the one that it is given.
            unsafe {
                check(H5Pset_fapl_core(access.raw(), 64 << 10, 0))?;
                check(H5Pset_file_image(access.raw(), image.as_ptr().cast_mut().cast(), image.len()))?;
                Ok(LibFile { id: Id::own(H5Fopen(name.as_ptr(), flags, access.raw()))? })
            }
        })
    }

    /// The bytes of the file as it is now.
    pub(crate) fn image(&self) -> Result<Vec<u8>> {
        sync(|| {
            self.flush()?;
            // SAFETY: the file is open, and the vector has room for the size that was asked for.
            unsafe {
                let size = check(H5Fget_file_image(self.id.raw(), std::ptr::null_mut(), 0))?.unsigned_abs();
                let mut image: Vec<u8> = room(size)?;
                let got = check(H5Fget_file_image(self.id.raw(), image.as_mut_ptr().cast(), size))?.unsigned_abs();
                image.set_len(got.min(size));
                Ok(image)
            }
        })
    }

    /// Gives everything that was written to the operating system.
    pub(crate) fn flush(&self) -> Result<()> {
        // SAFETY: the file is open.
        sync(|| check(unsafe { H5Fflush(self.id.raw(), H5F_SCOPE_GLOBAL) }).map(drop))
    }

    /// Closes the file and says whether that went well.
    pub(crate) fn close(self) -> Result<()> {
        sync(|| {
            let flushed = self.flush();
            // SAFETY: the reference is given away here and nowhere else.
            let closed = check(unsafe { H5Fclose(self.id.into_raw()) });
            flushed.and(closed.map(drop))
        })
    }

    /// The root group.
    pub(crate) fn root(&self) -> Result<Id> {
        // SAFETY: the file is open, the name ends in NUL; the new identifier has no other owner.
        sync(|| unsafe { Id::own(H5Gopen2(self.id.raw(), c"/".as_ptr(), H5P_DEFAULT)) })
    }

    /// The same open file for `hdf5_metno`.
    pub(crate) fn to_hdf5(&self) -> Result<hdf5_metno::File> {
        // SAFETY: the reference that is added belongs to the new file object.
        let file = sync(|| unsafe {
            H5Iinc_ref(self.id.raw());
            hdf5_metno::from_id(self.id.raw())
        });
        file.map_err(|error| Error::new(ErrorKind::Hdf5(error.to_string())))
    }
}

impl LibFile {
    /// A file that `hdf5_metno` has open.
    pub(crate) fn of_hdf5(file: &hdf5_metno::File) -> Self {
        LibFile { id: Id::of_location(file) }
    }

    /// The name that it was opened by.
    pub(crate) fn name(&self) -> Option<PathBuf> {
        file_name(&self.id)
    }
}

/// How a file is opened to be written: in the format of HDF5 1.8, up to that of another version. The lock is held.
fn access(high: H5F_libver_t) -> Result<Id> {
    let list = new_list(*H5P_FILE_ACCESS)?;
    // SAFETY: the list is open.
    check(unsafe { H5Pset_libver_bounds(list.raw(), H5F_LIBVER_V18, high) })?;
    Ok(list)
}

/// Lets files be opened without locks, where the library knows any. The lock of the library is held.
fn unlocked(access: &Id) -> Result<()> {
    #[cfg(hdf5_locking)]
    // SAFETY: the list is open.
    check(unsafe { hdf5_metno_sys::h5p::H5Pset_file_locking(access.raw(), 0, 1) })?;
    let _ = access;
    Ok(())
}

/// Creates a file whose root group keeps no times, but the order of its links: a map may be stored there. The lock is held.
fn create(name: &CString, flags: u32, access: &Id) -> Result<LibFile> {
    let list = new_list(*H5P_FILE_CREATE)?;
    // SAFETY: the lists are open, the name ends in NUL; the new identifier has no other owner.
    unsafe {
        check(H5Pset_obj_track_times(list.raw(), 0))?;
        check(H5Pset_link_creation_order(list.raw(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED))?;
        let id: hid_t = H5Fcreate(name.as_ptr(), flags, list.raw(), access.raw());
        Ok(LibFile { id: Id::own(id)? })
    }
}

/// A name for a file in memory. The library takes two of the same name for the same file.
fn memory_name(directory: Option<&Path>) -> Result<CString> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    c_path(&directory.unwrap_or(Path::new("")).join(format!("filebacked-memory-{}-{n}", std::process::id())))
}

#[cfg(unix)]
fn c_path(path: &Path) -> Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    c_string(path.as_os_str().as_bytes().to_vec())
}

#[cfg(not(unix))]
fn c_path(path: &Path) -> Result<CString> {
    match path.to_str() {
        Some(path) => c_string(path.as_bytes().to_vec()),
        None => Err(ErrorKind::Unsupported("a file name that is not Unicode".into()).into()),
    }
}

fn c_string(bytes: Vec<u8>) -> Result<CString> {
    CString::new(bytes).map_err(|_| ErrorKind::Unsupported("a file name with a NUL in it".into()).into())
}
