//! The operating system's file behind an open object, and where in it the data of a dataset lies.

pub(super) use locate::locate;

use super::id::{Id, check};
use super::stack::forget_error;
use crate::error::Result;
use hdf5_metno::globals::{
    H5FD_CORE, H5FD_FAMILY, H5FD_LOG, H5FD_MULTI, H5FD_SEC2, H5FD_STDIO, H5P_LST_FILE_ACCESS_ID,
};
use hdf5_metno_sys::h5f::H5F_mem_t::H5FD_MEM_SUPER;
use hdf5_metno_sys::h5f::{H5F_ACC_RDONLY, H5Fget_intent};
use hdf5_metno_sys::h5f::{H5Fget_access_plist, H5Fget_create_plist, H5Fget_vfd_handle};
use hdf5_metno_sys::h5i::H5Iget_file_id;
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5p::{
    H5P_DEFAULT, H5Pget_driver, H5Pget_fapl_core, H5Pget_userblock, H5Pset, H5Pset_multi_type,
};
use std::ffi::{c_int, c_void};
use std::fs::File;
use std::os::fd::BorrowedFd;

/// An open file on the disk.
pub(super) struct Descriptor {
    pub(super) file: File,
    /// Nobody here writes to it, and addresses of HDF5 are offsets in it.
    #[allow(dead_code)] // Only reads past the filter pipeline use it.
    pub(super) is_quiet: bool,
}

/// The operating system's file of an object, if it is an ordinary one. The lock is held.
pub(super) fn file_of(object: hid_t) -> Result<Option<Descriptor>> {
    let mut intent = 0;
    // SAFETY: the object is open; the number is writable, and the new identifier has no other
    // owner.
    let file = unsafe {
        let file = Id::own(H5Iget_file_id(object))?;
        check(H5Fget_intent(file.raw(), &mut intent))?;
        file
    };
    let Some((file, user_block)) = descriptor(&file)? else { return Ok(None) };
    Ok(Some(Descriptor { file, is_quiet: intent == H5F_ACC_RDONLY && user_block == 0 }))
}

/// The operating system's file of an open one, if addresses of HDF5 are offsets in it, and where
/// they begin. The lock is held.
fn descriptor(file: &Id) -> Result<Option<(File, u64)>> {
    let (file, library_number) = super::changes::file_of(file.raw())?;
    if let Some(journal) = super::journaled::of(&file, library_number)? {
        // A file with a journal is never quiet.
        return Ok(journal.descriptor()?.map(|file| (file, 0)));
    }
    let Some(number) = number(&file)? else { return Ok(None) };
    let mut user_block = 0;
    // SAFETY: the file is open; the number is writable, and the new identifier has no other owner.
    // The descriptor is open as long as the file is, and is duplicated before that changes.
    let file = unsafe {
        let creation = Id::own(H5Fget_create_plist(file.raw()))?;
        check(H5Pget_userblock(creation.raw(), &mut user_block))?;
        BorrowedFd::borrow_raw(number).try_clone_to_owned()?
    };
    Ok(Some((File::from(file), user_block)))
}

/// Whether bytes of an object's file are in its journal only. The lock is held.
fn is_pending(object: hid_t, offset: u64, len: u64) -> Result<bool> {
    let (file, number) = super::changes::file_of(object)?;
    let journal = super::journaled::of(&file, number)?;
    match journal {
        Some(journal) => Ok(!journal.expose(offset, len)?),
        None => Ok(false),
    }
}

/// The descriptor itself, which is open as long as the file is. The lock is held.
pub(super) fn number(file: &Id) -> Result<Option<c_int>> {
    // SAFETY: the file is open; the new identifier has no other owner.
    unsafe {
        let access = Id::own(H5Fget_access_plist(file.raw()))?;
        number_by(file, access.raw())
    }
}

/// The same, where the list is at hand that the file was opened by. The lock is held.
///
/// # Safety
///
/// The list is open, and the file was opened by it.
pub(super) unsafe fn number_by(file: &Id, access: hid_t) -> Result<Option<c_int>> {
    let mut handle = std::ptr::null_mut::<c_void>();
    // SAFETY: everything is open; the place for the handle is writable. The driver is the one whose
    // handle is a pointer to a descriptor.
    unsafe {
        if check(H5Pget_driver(access))? != *H5FD_SEC2 {
            return Ok(None);
        }
        if H5Fget_vfd_handle(file.raw(), H5P_DEFAULT, &mut handle) < 0 || handle.is_null() {
            forget_error();
            return Ok(None);
        }
        Ok(Some(*handle.cast::<c_int>()).filter(|number| *number >= 0))
    }
}

/// The operating system's file that an open one begins in, by whatever driver, and where its
/// superblock is; `None` where it is in memory only, or in an object. The lock is held.
pub(super) fn beginning(file: &Id) -> Result<Option<(File, u64)>> {
    let (mut user_block, mut handle) = (0, std::ptr::null_mut::<c_void>());
    // SAFETY: everything is open, names end in NUL, and places for answers are writable; new
    // identifiers have no other owner. What a handle points to is settled by the driver; that of a
    // file in parts is its first part's.
    unsafe {
        let access = Id::own(H5Fget_access_plist(file.raw()))?;
        let driver = check(H5Pget_driver(access.raw()))?;
        if driver == *H5FD_CORE {
            let (mut increment, mut is_backed) = (0, 0);
            check(H5Pget_fapl_core(access.raw(), &mut increment, &mut is_backed))?;
            if is_backed == 0 {
                return Ok(None);
            }
            // Else it is the memory. A property of the library's own, of a size that depends on its
            // version.
            let mut yes = 1u64;
            check(H5Pset(access.raw(), c"want_posix_fd".as_ptr(), (&raw mut yes).cast()))?;
        } else if driver == *H5FD_MULTI {
            check(H5Pset_multi_type(access.raw(), H5FD_MEM_SUPER))?;
        }
        let in_parts = [*H5FD_FAMILY, *H5FD_MULTI].contains(&driver);
        let known = in_parts && check(H5Pget_driver(*H5P_LST_FILE_ACCESS_ID))? == *H5FD_SEC2
            || [*H5FD_SEC2, *H5FD_LOG, *H5FD_CORE, *H5FD_STDIO].contains(&driver);
        if !known {
            return Ok(None);
        }
        if H5Fget_vfd_handle(file.raw(), access.raw(), &mut handle) < 0 || handle.is_null() {
            forget_error();
            return Ok(None);
        }
        let number = match driver == *H5FD_STDIO {
            true => libc::fileno(*handle.cast::<*mut libc::FILE>()),
            false => *handle.cast::<c_int>(),
        };
        if number < 0 {
            return Ok(None);
        }
        let creation = Id::own(H5Fget_create_plist(file.raw()))?;
        check(H5Pget_userblock(creation.raw(), &mut user_block))?;
        Ok(Some((File::from(BorrowedFd::borrow_raw(number).try_clone_to_owned()?), user_block)))
    }
}

mod locate {
    use super::super::data::{Data, Memory, allocation};
    use super::super::filetype::describe;
    use super::super::id::{Id, check};
    use super::super::types::Types;
    use super::file_of;
    use crate::error::Result;
    use crate::{Dtype, Handle, ObjectKind, Piece, elements, no_piece};
    use hdf5_metno::sync::sync;
    use hdf5_metno_sys::h5::HADDR_UNDEF;
    use hdf5_metno_sys::h5d::H5Dget_offset;
    use hdf5_metno_sys::h5f::H5F_scope_t::H5F_SCOPE_LOCAL;
    use hdf5_metno_sys::h5f::H5Fflush;
    use hdf5_metno_sys::h5t::H5Tequal;

    /// Where the elements of a dataset of this type lie in the file, as this machine has them in
    /// memory.
    pub(crate) fn locate(dataset: &Id, dtype: &Dtype) -> Result<Piece> {
        sync(|| {
            let data = Data::of(Handle {
                id: dataset.raw() as u64,
                kind: ObjectKind::Dataset,
                bare: false,
            })?;
            let stored = data.dtype()?;
            let found = describe(stored.raw())?;
            if found != *dtype {
                return Err(crate::error::Error::mismatch(dtype.to_string(), found.to_string()));
            }
            let mut types = Types::new()?;
            let memory = Memory::of(&mut types, &stored, dtype)?;
            // SAFETY: both types are open.
            if check(unsafe { H5Tequal(stored.raw(), memory.raw()) })? == 0 {
                return Err(no_piece("data in a byte order other than that of this machine"));
            }
            let layout = allocation(dataset.raw())?.layout;
            if layout != "contiguous" {
                return Err(no_piece(&format!("a {layout} dataset")));
            }
            let Some(descriptor) = file_of(dataset.raw())? else {
                return Err(no_piece("a file in memory"));
            };
            // SAFETY: the dataset is open, and its file with it.
            let offset = unsafe {
                check(H5Fflush(dataset.raw(), H5F_SCOPE_LOCAL))?;
                H5Dget_offset(dataset.raw())
            };
            let shape = data.extent()?.0;
            let len = elements(&shape).unwrap_or(0).saturating_mul(dtype.size()) as u64;
            if offset != HADDR_UNDEF && super::is_pending(dataset.raw(), offset, len)? {
                return Err(no_piece("data that is not committed")
                    .with_help("call `File::flush` before, or use `read`"));
            }
            if offset == HADDR_UNDEF && !shape.contains(&0) {
                return Err(no_piece("data that was never written, or lies in another file,"));
            }
            Ok(Piece {
                file: descriptor.file,
                offset: if offset == HADDR_UNDEF { 0 } else { offset },
                shape,
            })
        })
    }
}
