//! Properties of open files, and SWMR.

use super::access::{CloseDegree, Libver, libver_of};
use super::driver::driver_name;
use super::file::LibFile;
use super::holders;
use super::id::{Id, check};
use crate::error::Result;
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5f::H5F_close_degree_t::{H5F_CLOSE_DEFAULT, H5F_CLOSE_STRONG};
use hdf5_metno_sys::h5f::{H5F_ACC_RDWR, H5Fget_access_plist, H5Fget_create_plist, H5Fget_intent};
use hdf5_metno_sys::h5p::{
    H5Pget_driver, H5Pget_fclose_degree, H5Pget_meta_block_size, H5Pget_userblock,
};

impl LibFile {
    /// The flags that it was opened with.
    fn intent(&self) -> Result<u32> {
        let mut intent = 0;
        // SAFETY: the file is open, the place for the answer is writable.
        sync(|| check(unsafe { H5Fget_intent(self.id().raw(), &mut intent) }))?;
        Ok(intent)
    }

    /// Looks at how the file is accessed.
    fn access<R>(&self, look: impl FnOnce(&Id) -> Result<R>) -> Result<R> {
        // SAFETY: the file is open; the new list has no other owner.
        sync(|| look(&unsafe { Id::own(H5Fget_access_plist(self.id().raw())) }?))
    }

    /// Whether it was opened to be changed.
    pub fn is_writable(&self) -> Result<bool> {
        Ok(self.intent()? & H5F_ACC_RDWR != 0)
    }

    /// Whether it has a journal.
    fn is_journaled(&self) -> Result<bool> {
        sync(|| {
            let (file, number) = super::changes::file_of(self.id().raw())?;
            Ok(super::journaled::of(&file, number)?.is_some())
        })
    }

    /// The name of its driver.
    pub fn driver(&self) -> Result<&'static str> {
        // A journal is a way of writing to the same file.
        if self.is_journaled()? {
            return Ok("sec2");
        }
        // SAFETY: the list is open; the driver's identifier stays the library's.
        self.access(|list| Ok(driver_name(check(unsafe { H5Pget_driver(list.raw()) })?)))
    }

    /// The bounds of the format of what is added to it.
    pub fn libver(&self) -> Result<(Libver, Libver)> {
        self.access(|list| libver_of(list.raw()))
    }

    /// The least number of bytes that are taken for metadata.
    pub fn meta_block_size(&self) -> Result<u64> {
        let mut size = 0;
        // SAFETY: the list is open, the place for the answer is writable.
        self.access(|list| check(unsafe { H5Pget_meta_block_size(list.raw(), &mut size) }))?;
        Ok(size)
    }

    /// The fate of handles.
    pub fn close_degree(&self) -> Result<CloseDegree> {
        let mut degree = H5F_CLOSE_DEFAULT;
        // SAFETY: the list is open, the place for the answer is writable.
        self.access(|list| check(unsafe { H5Pget_fclose_degree(list.raw(), &mut degree) }))?;
        Ok(if degree == H5F_CLOSE_STRONG { CloseDegree::Strong } else { CloseDegree::Weak })
    }

    /// The bytes before the beginning of the file that are not HDF5's.
    pub fn userblock_size(&self) -> Result<u64> {
        let mut size = 0;
        sync(|| {
            // SAFETY: the file is open, the new list has no other owner, and the place for the
            // answer is writable.
            unsafe {
                let list = Id::own(H5Fget_create_plist(self.id().raw()))?;
                check(H5Pget_userblock(list.raw(), &mut size))
            }
        })?;
        Ok(size)
    }

    /// Its open objects, except itself and one reference to its root group.
    pub fn open_objects(&self, root: &Id) -> Result<Vec<String>> {
        sync(|| holders::beside(self.id(), vec![self.id().raw(), root.raw()]))
    }

    /// Whether it is read or written in SWMR mode.
    #[cfg(hdf5_swmr)]
    pub fn is_swmr(&self) -> Result<bool> {
        use hdf5_metno_sys::h5f::{H5F_ACC_SWMR_READ, H5F_ACC_SWMR_WRITE};
        Ok(self.intent()? & (H5F_ACC_SWMR_READ | H5F_ACC_SWMR_WRITE) != 0)
    }

    /// Lets others read while the file is written.
    #[cfg(hdf5_swmr)]
    pub fn start_swmr(&self) -> Result<()> {
        use crate::error::{Error, ErrorKind};
        use hdf5_metno_sys::h5f::H5Fstart_swmr_write;
        let explained = |error: Error| match error.kind() {
            ErrorKind::Hdf5(text) if text.contains("superblock") => {
                error.with_help("create the file with `libver(Libver::V110, Libver::Latest)`")
            }
            _ => error,
        };
        sync(|| {
            // SAFETY: the file is open.
            check(unsafe { H5Fstart_swmr_write(self.id().raw()) }).map(drop).map_err(explained)
        })?;
        // Readers follow what is in the file.
        sync(|| {
            let (file, number) = super::changes::file_of(self.id().raw())?;
            match super::journaled::of(&file, number)? {
                Some(journal) => journal.turn_off(),
                None => Ok(()),
            }
        })
    }

    /// Forgets what is known of an object, so that it is read again.
    #[cfg(hdf5_swmr)]
    pub fn refresh(&self, path: &str) -> Result<()> {
        use super::id::with_name;
        use crate::error::{Error, ErrorKind};
        use hdf5_metno_sys::h5o::{H5Oopen, H5Orefresh};
        use hdf5_metno_sys::h5p::H5P_DEFAULT;
        sync(|| {
            // SAFETY: the file is open, the name ends in NUL; the new identifier has no other
            // owner.
            let object = with_name(path, |name| unsafe {
                Id::own(H5Oopen(self.id().raw(), name, H5P_DEFAULT))
            })?;
            // HDF5 forgets where chunks are when it refreshes a dataset that several handles have
            // open, and reads other ones.
            let others = holders::others_of(&object)?;
            let id = match *others {
                [] => object.raw(),
                [one] => {
                    drop(object);
                    one
                }
                _ => {
                    let handles =
                        others.iter().map(|other| holders::describe(*other, false)).collect();
                    return Err(Error::new(ErrorKind::StillOpen { handles }).with_help(
                        "drop the other handles of the dataset: libhdf5 refreshes it only while \
                         one is open",
                    ));
                }
            };
            // SAFETY: the object is open: ours, or that of a handle, which cannot go while the lock
            // is held.
            check(unsafe { H5Orefresh(id) }).map(drop)
        })
    }

    /// There is none in this version of HDF5.
    #[cfg(not(hdf5_swmr))]
    pub fn is_swmr(&self) -> Result<bool> {
        Ok(false)
    }

    /// There is none in this version of HDF5.
    #[cfg(not(hdf5_swmr))]
    pub fn start_swmr(&self) -> Result<()> {
        Err(super::access::older("SWMR"))
    }

    /// There is none in this version of HDF5.
    #[cfg(not(hdf5_swmr))]
    pub fn refresh(&self, _: &str) -> Result<()> {
        Err(super::access::older("SWMR"))
    }
}
