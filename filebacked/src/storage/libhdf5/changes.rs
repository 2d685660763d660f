//! The mark of a file that is being changed: there from before the first change until everything is written, so that a
//! process that is killed in between leaves a file that says so. HDF5 itself notes nothing of the kind.

use super::compare::{delete_attribute, open_attribute};
use super::id::{Id, check, with_name};
use crate::error::Result;
use crate::stamp::CHANGING;
use crate::storage::kept::read_only;
use hdf5_metno::globals::H5T_STD_U8LE;
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5a::{H5Acreate2, H5Awrite};
use hdf5_metno_sys::h5f::H5F_scope_t::H5F_SCOPE_GLOBAL;
use hdf5_metno_sys::h5f::{H5F_ACC_RDWR, H5Fflush, H5Fget_intent};
use hdf5_metno_sys::h5g::H5Gopen2;
use hdf5_metno_sys::h5i::{H5Iget_file_id, hid_t};
use hdf5_metno_sys::h5p::H5P_DEFAULT;
use hdf5_metno_sys::h5s::H5S_class_t::H5S_SCALAR;
use hdf5_metno_sys::h5s::H5Screate;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The bit of a file that is open for a single writer beside many readers.
const SWMR: u32 = 0x20;

/// What this process does with a file that it has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing of it is on the disk that could be taken for a file.
    New,
    Marked,
}

/// The files of this process that are not flushed, by the library's number, which no other file gets. Locked only while the
/// library's lock is held.
static CHANGED: Mutex<BTreeMap<u64, State>> = Mutex::new(BTreeMap::new());

fn changed<R>(look: impl FnOnce(&mut BTreeMap<u64, State>) -> R) -> R {
    look(&mut CHANGED.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The file that an object is in, and its number. The lock is held.
fn file_of(object: hid_t) -> Result<(Id, u64)> {
    let mut number = 0;
    // SAFETY: the object is open, the number is writable; the new identifier has no other owner.
    unsafe {
        let file = Id::own(H5Iget_file_id(object))?;
        check(file_number(file.raw(), &mut number))?;
        Ok((file, number))
    }
}

#[cfg(hdf5_tokens)]
use hdf5_metno_sys::h5f::H5Fget_fileno as file_number;

/// # Safety
///
/// The file is open.
#[cfg(not(hdf5_tokens))]
unsafe fn file_number(file: hid_t, number: &mut std::ffi::c_ulong) -> i32 {
    let mut info = hdf5_metno_sys::h5o::H5O_info1_t::default();
    // SAFETY: the contract of this function; the information is writable.
    let code = unsafe { hdf5_metno_sys::h5o::H5Oget_info1(file, &mut info) };
    *number = info.fileno as std::ffi::c_ulong;
    code
}

/// The lock is held.
fn flush(file: &Id) -> Result<()> {
    // SAFETY: the file is open.
    check(unsafe { H5Fflush(file.raw(), H5F_SCOPE_GLOBAL) }).map(drop)
}

/// The lock is held.
fn root(file: &Id) -> Result<Id> {
    // SAFETY: the file is open, the name ends in NUL; the new identifier has no other owner.
    unsafe { Id::own(H5Gopen2(file.raw(), c"/".as_ptr(), H5P_DEFAULT)) }
}

/// Notes that the file is new: until it is flushed, what is on the disk is no HDF5 file, and needs no mark.
pub(super) fn create(file: &Id) -> Result<()> {
    sync(|| {
        let (_, number) = file_of(file.raw())?;
        changed(|changed| changed.insert(number, State::New));
        Ok(())
    })
}

/// Marks the file that an object is in, before it is changed; once, until it is flushed.
pub(crate) fn begin(object: &Id) -> Result<()> {
    sync(|| {
        let (file, number) = file_of(object.raw())?;
        if changed(|changed| changed.contains_key(&number)) {
            return Ok(());
        }
        let mut intent = 0;
        // SAFETY: everything is open, the name ends in NUL, and the attribute has one byte; new identifiers have no other
        // owner.
        unsafe {
            check(H5Fget_intent(file.raw(), &mut intent))?;
            if intent & H5F_ACC_RDWR == 0 {
                return Err(read_only());
            }
            if intent & SWMR != 0 {
                // Nothing can be added then, and the superblock has a mark of its own.
                return Ok(());
            }
            let (root, one) = (root(&file)?, Id::own(H5Screate(H5S_SCALAR))?);
            let dtype = *H5T_STD_U8LE;
            let mark = with_name(CHANGING, |name| {
                Id::own(H5Acreate2(root.raw(), name, dtype, one.raw(), H5P_DEFAULT, H5P_DEFAULT))
            })?;
            check(H5Awrite(mark.raw(), dtype, [1u8].as_ptr().cast()))?;
        }
        flush(&file)?;
        changed(|changed| changed.insert(number, State::Marked));
        Ok(())
    })
}

/// Writes everything that waits to be written to the file that an object is in, and then takes the mark away.
pub(super) fn settle(object: &Id) -> Result<()> {
    sync(|| {
        let (file, number) = file_of(object.raw())?;
        flush(&file)?;
        if changed(|changed| changed.get(&number).copied()) == Some(State::Marked) {
            delete_attribute(root(&file)?.raw(), CHANGING)?;
            flush(&file)?;
        }
        changed(|changed| changed.remove(&number));
        Ok(())
    })
}

/// As [`settle`], if there is something to write, where nobody asks how it went.
pub(super) fn settle_quietly(object: &Id) {
    if !sync(|| changed(|changed| changed.is_empty())) {
        let _ = sync(|| match file_of(object.raw()) {
            Ok((_, number)) if changed(|changed| changed.contains_key(&number)) => settle(object),
            _ => Ok(()),
        });
    }
}

/// Refuses a file that a process was changing when it was killed, or that another one is changing now.
pub(crate) fn refuse_interrupted(object: &Id) -> Result<()> {
    sync(|| {
        let (file, number) = file_of(object.raw())?;
        let ours = changed(|changed| changed.contains_key(&number));
        match !ours && open_attribute(root(&file)?.raw(), CHANGING)?.is_some() {
            true => Err(crate::whole::interrupted()),
            false => Ok(()),
        }
    })
}
