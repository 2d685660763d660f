//! Identifiers of the HDF5 library, owned; names as C strings; checks of return codes.

use super::stack::last_error;
use super::vfd::closing;
use crate::error::{Error, ErrorKind, Result};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5i::{H5Idec_ref, H5Iinc_ref, hid_t};
use std::ffi::{CString, c_char};

/// An owned identifier of an open HDF5 object, property list, dataspace or datatype.
#[derive(Debug)]
pub struct Id(hid_t);

impl Id {
    /// Takes what a C function has returned: an identifier, or a negative number for an error that
    /// is on the stack.
    ///
    /// # Safety
    ///
    /// The caller owns one reference of the identifier and gives it away, and holds the lock since
    /// before the call that returned it.
    pub unsafe fn own(id: hid_t) -> Result<Id> {
        if id >= 0 { Ok(Id(id)) } else { Err(last_error()) }
    }

    /// A reference of its own to an open object of `hdf5_metno`.
    pub fn of_location(object: &hdf5_metno::Location) -> Id {
        // SAFETY: the object's identifier is valid as long as the object lives, and the reference
        // that is added is owned here.
        sync(|| unsafe { H5Iinc_ref(object.id()) });
        Id(object.id())
    }

    /// The same open group for `hdf5_metno`.
    pub fn to_group(&self) -> Result<hdf5_metno::Group> {
        // SAFETY: the reference that is added belongs to the new group object.
        let group = sync(|| unsafe {
            H5Iinc_ref(self.0);
            hdf5_metno::from_id(self.0)
        });
        group.map_err(|error| Error::new(ErrorKind::Hdf5(error.to_string())))
    }

    /// The number that C functions take.
    pub fn raw(&self) -> hid_t {
        self.0
    }

    /// Gives the reference away: the caller has to release it.
    pub fn into_raw(self) -> hid_t {
        let id = self.0;
        std::mem::forget(self);
        id
    }
}

impl Clone for Id {
    fn clone(&self) -> Self {
        // SAFETY: the identifier is valid as long as `self` lives.
        sync(|| unsafe { H5Iinc_ref(self.0) });
        Id(self.0)
    }
}

impl Drop for Id {
    fn drop(&mut self) {
        sync(|| {
            // SAFETY: `self` owns the reference that is given back.
            if closing(|| unsafe { H5Idec_ref(self.0) }) < 0 {
                super::file::give_up(self.0);
            }
        });
    }
}

/// Checks a return code: negative is an error. The lock must be held since before the call.
pub(super) fn check<T: PartialOrd + Default>(code: T) -> Result<T> {
    if code >= T::default() { Ok(code) } else { Err(last_error()) }
}

/// Calls with a name as a C string, on the stack where it is short.
pub(super) fn with_name<R>(name: &str, call: impl FnOnce(*const c_char) -> Result<R>) -> Result<R> {
    let bytes = name.as_bytes();
    if bytes.contains(&0) {
        return Err(ErrorKind::Contract(format!("the name {name:?} contains NUL")).into());
    }
    let mut short = [0u8; 64];
    if let Some(place) = short.get_mut(..bytes.len()).filter(|_| bytes.len() < 64) {
        place.copy_from_slice(bytes);
        return call(short.as_ptr().cast());
    }
    let long = CString::new(bytes).map_err(|e| Error::new(ErrorKind::Contract(e.to_string())))?;
    call(long.as_ptr())
}

/// Whether a link can have this name.
pub(super) fn is_link_name(name: &str) -> bool {
    !name.is_empty() && name != "." && !name.bytes().any(|b| b == b'/' || b == 0)
}

/// Calls with the name of a link to be made; a name that no link can have is the caller's mistake.
pub(super) fn with_link_name<R>(
    name: &str,
    call: impl FnOnce(*const c_char) -> Result<R>,
) -> Result<R> {
    if !is_link_name(name) {
        return Err(ErrorKind::Contract(format!("{name:?} cannot be the name of a member")).into());
    }
    with_name(name, call)
}

/// A vector with room for `n` elements, or an error where there is no memory for them.
pub(super) fn room<T>(n: usize) -> Result<Vec<T>> {
    let mut vec = Vec::new();
    match vec.try_reserve_exact(n) {
        Ok(()) => Ok(vec),
        Err(_) => {
            let bytes = n.saturating_mul(size_of::<T>());
            Err(ErrorKind::Limit(format!("no memory for {bytes} bytes")).into())
        }
    }
}
