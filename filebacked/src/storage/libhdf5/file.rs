//! Files: on disk, in memory, and as images.

use super::changes;
use super::id::{Id, check, room};
use super::kept::file_name;
use super::lists::new_list;
use super::stack::forget_error;
use super::vfd::{closing, lost};
use crate::error::{Error, ErrorKind, Result};
#[cfg(unix)]
use hdf5_metno::globals::H5FD_SEC2;
use hdf5_metno::globals::{H5P_FILE_ACCESS, H5P_FILE_CREATE};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5f::H5F_libver_t::H5F_LIBVER_V18;
use hdf5_metno_sys::h5f::{
    H5F_ACC_EXCL, H5F_ACC_RDONLY, H5F_ACC_RDWR, H5F_ACC_TRUNC, H5F_LIBVER_LATEST, H5F_OBJ_ALL, H5F_libver_t, H5Fclose,
    H5Fcreate, H5Fget_file_image, H5Fget_obj_count, H5Fopen,
};
#[cfg(unix)]
use hdf5_metno_sys::h5f::{H5Fget_access_plist, H5Fget_create_plist, H5Fget_vfd_handle};
use hdf5_metno_sys::h5g::H5Gopen2;
use hdf5_metno_sys::h5i::H5I_type_t::H5I_FILE;
use hdf5_metno_sys::h5i::{H5Idec_ref, H5Iget_ref, H5Iget_type, H5Iinc_ref, hid_t};
use hdf5_metno_sys::h5p::{
    H5P_CRT_ORDER_INDEXED, H5P_CRT_ORDER_TRACKED, H5P_DEFAULT, H5Pset_fapl_core, H5Pset_file_image,
    H5Pset_libver_bounds, H5Pset_link_creation_order, H5Pset_obj_track_times,
};
#[cfg(unix)]
use hdf5_metno_sys::h5p::{H5Pget_driver, H5Pget_userblock};
#[cfg(unix)]
use std::ffi::c_int;
use std::ffi::{CStr, CString};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// An open file. It stays open below until everything in it is closed too.
#[derive(Debug)]
pub(crate) struct LibFile {
    id: Id,
}

impl Drop for LibFile {
    fn drop(&mut self) {
        changes::settle_quietly(&self.id);
    }
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

    /// Opens a file to change it that this process has locked itself.
    pub(crate) fn open_private(path: &Path) -> Result<Self> {
        let name = c_path(path)?;
        sync(|| {
            let access = access(H5F_LIBVER_LATEST)?;
            unlocked(&access)?;
            // SAFETY: the name ends in NUL, the list is open; the new identifier has no other owner.
            Ok(LibFile { id: unsafe { Id::own(H5Fopen(name.as_ptr(), H5F_ACC_RDWR, access.raw()))? } })
        })
    }

    pub(super) fn of(id: Id) -> Self {
        LibFile { id }
    }

    pub(super) fn id(&self) -> &Id {
        &self.id
    }

    /// How often the file and what is in it is open in this process, this one not counted.
    pub(crate) fn others(&self) -> Result<usize> {
        // SAFETY: the file is open. What is open of it does not count the references to the file itself.
        let (count, references) = sync(|| unsafe {
            let count = check(H5Fget_obj_count(self.id.raw(), H5F_OBJ_ALL))?;
            Ok::<_, Error>((count.unsigned_abs(), check(H5Iget_ref(self.id.raw()))?.unsigned_abs() as usize))
        })?;
        Ok((count + references).saturating_sub(2))
    }

    /// Opens a file, to read it or also to change it.
    pub(crate) fn open(path: &Path, writable: bool) -> Result<Self> {
        let name = c_path(path)?;
        sync(|| {
            // A file may have parts of any format; what is added to it is in the oldest that does.
            let access = if writable { Some(access(H5F_LIBVER_LATEST)?) } else { None };
            let list = access.as_ref().map_or(H5P_DEFAULT, Id::raw);
            let flags = if writable { H5F_ACC_RDWR } else { H5F_ACC_RDONLY };
            open(&name, flags, list)
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
    #[cfg(all(feature = "native", not(hdf5_drivers)))]
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
            }
            open(&name, flags, access.raw())
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

    /// Marks the file as one that is being changed.
    pub(crate) fn begin(&self) -> Result<()> {
        changes::begin(&self.id)
    }

    /// Takes away the mark of a file that was just opened to be changed.
    pub(crate) fn opened(&self) -> Result<()> {
        changes::opened(&self.id)
    }

    /// Refuses a file that is marked as one that is being changed, unless it is this process that changes it.
    pub(crate) fn refuse_interrupted(&self) -> Result<()> {
        changes::refuse_interrupted(&self.id)
    }

    /// Gives everything that was written to the operating system.
    pub(crate) fn flush(&self) -> Result<()> {
        changes::settle(&self.id)
    }

    /// Closes the file and says whether that went well.
    pub(crate) fn close(self) -> Result<()> {
        sync(|| {
            let flushed = self.flush();
            let id = self.id.clone();
            drop(self);
            drop(lost());
            let id = id.into_raw();
            // SAFETY: the reference is given away here and nowhere else.
            let closed = check(closing(|| unsafe { H5Fclose(id) })).inspect_err(|_| give_up(id));
            flushed.and(closed.map(drop)).and(lost().map_or(Ok(()), |error| Err(error.into())))
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

/// Opens a file that exists. The lock is held, and the list is open.
pub(super) fn open(name: &CStr, flags: u32, access: hid_t) -> Result<LibFile> {
    // SAFETY: the name ends in NUL, the list is open; the new identifier has no other owner.
    Ok(LibFile { id: unsafe { Id::own(H5Fopen(name.as_ptr(), flags, access))? } })
}

/// How a file is opened to be written: in the format of HDF5 1.8, up to that of another version. The lock is held.
pub(super) fn access(high: H5F_libver_t) -> Result<Id> {
    let list = new_list(*H5P_FILE_ACCESS)?;
    // SAFETY: the list is open.
    check(unsafe { H5Pset_libver_bounds(list.raw(), H5F_LIBVER_V18, high) })?;
    Ok(list)
}

/// Lets files be opened without locks, where the library knows any. The lock of the library is held.
pub(super) fn unlocked(access: &Id) -> Result<()> {
    #[cfg(hdf5_locking)]
    // SAFETY: the list is open.
    check(unsafe { hdf5_metno_sys::h5p::H5Pset_file_locking(access.raw(), 0, 1) })?;
    let _ = access;
    Ok(())
}

/// Creates a file whose root group keeps no times, but the order of its links: a map may be stored there. The lock is held.
pub(super) fn create(name: &CStr, flags: u32, access: &Id) -> Result<LibFile> {
    let list = new_list(*H5P_FILE_CREATE)?;
    // SAFETY: the lists are open, the name ends in NUL; the new identifier has no other owner.
    unsafe {
        check(H5Pset_obj_track_times(list.raw(), 0))?;
        check(H5Pset_link_creation_order(list.raw(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED))?;
        let id: hid_t = H5Fcreate(name.as_ptr(), flags, list.raw(), access.raw());
        Ok(LibFile { id: Id::own(id)? })
    }
}

/// Lets go of an identifier whose last reference could not be given back. The lock is held.
///
/// The library keeps it then: of a file it has closed all there is, and takes the rest when it is asked again.
#[cold]
pub(super) fn give_up(id: hid_t) {
    // SAFETY: the identifier still has the reference that its last owner wanted to give back.
    if unsafe { H5Iget_type(id) } == H5I_FILE {
        // SAFETY: as above.
        closing(|| unsafe { H5Idec_ref(id) });
    }
    forget_error();
}

/// A name for a file in memory. The library takes two of the same name for the same file.
fn memory_name(directory: Option<&Path>) -> Result<CString> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    c_path(&directory.unwrap_or(Path::new("")).join(format!("filebacked-memory-{}-{n}", std::process::id())))
}

#[cfg(unix)]
pub(super) fn c_path(path: &Path) -> Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    c_string(path.as_os_str().as_bytes().to_vec())
}

#[cfg(not(unix))]
pub(super) fn c_path(path: &Path) -> Result<CString> {
    match path.to_str() {
        Some(path) => c_string(path.as_bytes().to_vec()),
        None => Err(ErrorKind::Unsupported("a file name that is not Unicode".into()).into()),
    }
}

fn c_string(bytes: Vec<u8>) -> Result<CString> {
    CString::new(bytes).map_err(|_| ErrorKind::Unsupported("a file name with a NUL in it".into()).into())
}

/// The operating system's file of an open one, if addresses of HDF5 are offsets in it, and where they begin. The lock is held.
#[cfg(unix)]
pub(super) fn descriptor(file: &Id) -> Result<Option<(std::fs::File, u64)>> {
    use std::os::fd::BorrowedFd;
    let (mut userblock, mut handle) = (0, std::ptr::null_mut());
    // SAFETY: everything is open; the numbers are writable. The driver is the one whose handle is a pointer to a descriptor,
    // which is open as long as the file is, and is duplicated before that changes.
    unsafe {
        let access = Id::own(H5Fget_access_plist(file.raw()))?;
        if check(H5Pget_driver(access.raw()))? != *H5FD_SEC2 {
            return Ok(None);
        }
        let creation = Id::own(H5Fget_create_plist(file.raw()))?;
        check(H5Pget_userblock(creation.raw(), &mut userblock))?;
        check(H5Fget_vfd_handle(file.raw(), H5P_DEFAULT, &mut handle))?;
        if handle.is_null() || *handle.cast::<c_int>() < 0 {
            return Ok(None);
        }
        let file = BorrowedFd::borrow_raw(*handle.cast::<c_int>()).try_clone_to_owned()?;
        Ok(Some((std::fs::File::from(file), userblock)))
    }
}
