//! The state of files on the disk when they were opened for reading, by which later changes are
//! detected: libhdf5 reads zeros from a truncated file, and trusts its caches.

use super::id::Id;
use crate::error::Result;
use std::sync::Arc;

pub(super) use system::{Watch, known, opened, watch};

/// Does something with an open object, whose file must be what it was before and after.
pub(super) fn unchanged<R>(
    watch: Option<&Arc<Watch>>,
    object: &Id,
    work: impl FnOnce(&Id) -> Result<R>,
) -> Result<R> {
    let Some(watch) = watch else { return work(object) };
    watch.check(object)?;
    let done = work(object);
    // Another program's writes may be the cause of the error.
    watch.check(object)?;
    done
}

#[cfg(unix)]
mod system {
    use super::super::changes::file_of;
    use super::super::descriptor::{number, number_by};
    use super::super::id::{Id, check};
    use crate::changes::{self, Seen};
    use crate::error::Result;
    use hdf5_metno::globals::H5P_LST_FILE_ACCESS_ID;
    use hdf5_metno::sync::sync;
    use hdf5_metno_sys::h5f::{H5F_ACC_RDONLY, H5Fget_intent};
    use hdf5_metno_sys::h5i::{H5Iis_valid, hid_t};
    use hdf5_metno_sys::h5p::H5P_DEFAULT;
    use std::collections::BTreeMap;
    use std::ffi::c_int;
    use std::fs::{File, Metadata};
    use std::mem::ManuallyDrop;
    use std::os::fd::FromRawFd;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    /// The files that are open to be read, by the library's number. Locked only while the library's
    /// lock is held.
    static FILES: Mutex<BTreeMap<u64, Arc<Watch>>> = Mutex::new(BTreeMap::new());

    fn files() -> MutexGuard<'static, BTreeMap<u64, Arc<Watch>>> {
        FILES.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From so many files on, those are forgotten that only groups have open, if anybody has.
    const MANY: usize = 256;

    /// An open file. It is the library's; whoever has an object of it open has it, too.
    #[derive(Debug)]
    pub(crate) struct Watch {
        descriptor: c_int,
        seen: Seen,
    }

    impl Watch {
        /// Refuses a file that was written to since.
        pub(super) fn check(&self, object: &Id) -> Result<()> {
            sync(|| {
                // SAFETY: any number may be asked for. What was closed says so itself.
                if unsafe { H5Iis_valid(object.raw()) } <= 0 {
                    return Ok(());
                }
                // SAFETY: an object of the file is open, and so is its descriptor.
                self.seen.check(&unsafe { metadata(self.descriptor) }?)
            })
        }
    }

    /// # Safety
    ///
    /// The descriptor is open.
    unsafe fn metadata(descriptor: c_int) -> Result<Metadata> {
        // SAFETY: the contract of this function; it is not closed here.
        Ok(ManuallyDrop::new(unsafe { File::from_raw_fd(descriptor) }).metadata()?)
    }

    /// Remembers what a file is that was just opened to be read by this access list. The lock is
    /// held.
    pub(crate) fn opened(file: &Id, access: hid_t, serial: u64) -> Option<Arc<Watch>> {
        // SAFETY: the file was opened by this list, which is open.
        let number = || unsafe {
            number_by(file, if access == H5P_DEFAULT { *H5P_LST_FILE_ACCESS_ID } else { access })
        };
        file_of(file.raw())
            .and_then(|(file, key)| remember(&file, key, number, serial))
            .ok()
            .flatten()
    }

    /// The state of an object's file when it was opened, or now if it was not recorded; `None` for
    /// files that are open for writing, and files that are not on the disk.
    pub(crate) fn watch(object: &Id) -> Option<Arc<Watch>> {
        sync(|| {
            let (file, key) = file_of(object.raw()).ok()?;
            let known = files().get(&key).cloned();
            known.or_else(|| remember(&file, key, || number(&file), changes::now()).ok().flatten())
        })
    }

    /// The state of an object's file when it was opened, if known.
    pub(crate) fn known(object: &Id) -> Option<Arc<Watch>> {
        sync(|| file_of(object.raw()).ok().and_then(|(_, key)| files().get(&key).cloned()))
    }

    /// The lock is held.
    fn remember(
        file: &Id,
        key: u64,
        number: impl FnOnce() -> Result<Option<c_int>>,
        serial: u64,
    ) -> Result<Option<Arc<Watch>>> {
        let mut intent = 0;
        // SAFETY: the file is open, the place for the answer is writable.
        check(unsafe { H5Fget_intent(file.raw(), &mut intent) })?;
        // Beside a single writer, readers see changes as they come.
        if intent != H5F_ACC_RDONLY {
            return Ok(None);
        }
        let Some(descriptor) = number()? else { return Ok(None) };
        // SAFETY: the file is open, and so is its descriptor.
        let found = unsafe { metadata(descriptor)? };
        let watch = Arc::new(Watch { descriptor, seen: Seen::new(found, serial) });
        let mut files = files();
        if files.len() >= MANY {
            files.retain(|_, watch| Arc::strong_count(watch) > 1);
        }
        files.insert(key, watch.clone());
        Ok(Some(watch))
    }
}

/// On other systems, other programs cannot write to an open file.
#[cfg(not(unix))]
mod system {
    use super::super::id::Id;
    use crate::error::Result;
    use hdf5_metno_sys::h5i::hid_t;
    use std::sync::Arc;

    #[derive(Debug)]
    pub(crate) struct Watch;

    impl Watch {
        pub(super) fn check(&self, _: &Id) -> Result<()> {
            Ok(())
        }
    }

    pub(crate) fn opened(_: &Id, _: hid_t, _: u64) -> Option<Arc<Watch>> {
        None
    }

    pub(crate) fn watch(_: &Id) -> Option<Arc<Watch>> {
        None
    }

    pub(crate) fn known(_: &Id) -> Option<Arc<Watch>> {
        None
    }
}
