//! The size and the content of a file in numbers.

use super::file::LibFile;
use super::id::check;
use super::names;
use super::repack::versions;
use super::walk::{Met, walk};
use crate::error::Result;
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5d::H5Dget_storage_size;
use hdf5_metno_sys::h5f::{H5Fget_filesize, H5Fget_freespace};
use hdf5_metno_sys::h5i::H5I_type_t::{H5I_DATASET, H5I_GROUP};
use hdf5_metno_sys::h5i::H5Iget_type;

/// Sizes in bytes, and numbers of things.
#[derive(Debug, Default)]
pub struct Facts {
    /// The bytes of the file.
    pub size: u64,
    /// The bytes of the datasets as stored.
    pub data: u64,
    /// The bytes that are free inside of the file.
    pub free: u64,
    /// The bytes before the superblock.
    pub userblock: u64,
    /// The version of the superblock.
    pub superblock: u32,
    /// The number of groups.
    pub groups: u64,
    /// The number of datasets.
    pub datasets: u64,
    /// The number of committed datatypes.
    pub datatypes: u64,
    /// The number of attributes.
    pub attributes: u64,
    /// The number of links.
    pub links: u64,
}

impl LibFile {
    /// Looks at every object once.
    pub fn facts(&self) -> Result<Facts> {
        sync(|| {
            let mut facts = Facts::default();
            (facts.superblock, facts.userblock) = versions(self.id().raw())?;
            // SAFETY: the file is open, the number is writable.
            unsafe {
                facts.free = check(H5Fget_freespace(self.id().raw()))?.unsigned_abs();
                check(H5Fget_filesize(self.id().raw(), &mut facts.size))?;
            }
            walk(&self.root()?, &mut |_, met| {
                let object = match met {
                    Met::Object(object) => object,
                    Met::Link => {
                        facts.links += 1;
                        return Ok(());
                    }
                    Met::Again(_) => return Ok(()),
                };
                facts.attributes += names::attributes(object.raw())?.len() as u64;
                // SAFETY: the object is open.
                match unsafe { H5Iget_type(object.raw()) } {
                    H5I_GROUP => facts.groups += 1,
                    H5I_DATASET => {
                        facts.datasets += 1;
                        // SAFETY: the dataset is open.
                        facts.data += unsafe { H5Dget_storage_size(object.raw()) };
                    }
                    _ => facts.datatypes += 1,
                }
                Ok(())
            })?;
            Ok(facts)
        })
    }
}
