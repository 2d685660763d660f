//! The size and the content of a file in numbers.

use super::File;
use crate::error::{Operation, Result};
use crate::object::Object;
use crate::stamp::FORMAT;
use crate::storage::Source;
use crate::storage::libhdf5::{Facts, LibSource};

/// The size and content of a file, from [`File::info`]. Sizes are in bytes.
///
/// See [`File::info`] for an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileInfo {
    /// The size of the whole file.
    pub size: u64,
    /// The stored, perhaps compressed, elements of datasets, without texts and sequences of
    /// variable length.
    pub data: u64,
    /// Everything that is neither data nor known to be free: metadata, texts of variable length,
    /// and space that was freed before the file was last closed. HDF5 forgets free space unless the
    /// file was created to remember it.
    pub metadata: u64,
    /// The known free space, which the next writes use.
    pub free: u64,
    /// The bytes before the HDF5 data.
    pub userblock: u64,
    /// The version of HDF5's superblock: 0 in old files, 2 in files of this crate, 3 since HDF5
    /// 1.10.
    pub superblock: u32,
    /// The version of this crate's format; `None` for foreign files.
    pub format: Option<String>,
    /// The number of groups, including the root. An object with several links counts once.
    pub groups: u64,
    /// The number of datasets.
    pub datasets: u64,
    /// The number of committed datatypes.
    pub datatypes: u64,
    /// The number of attributes of all objects.
    pub attributes: u64,
    /// The number of links, including soft and external ones.
    pub links: u64,
}

impl FileInfo {
    /// Returns whether this crate wrote the file.
    pub fn is_filebacked(&self) -> bool {
        self.format.is_some()
    }
}

impl File {
    /// Measures the file. Visits every object once.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("filebacked-info-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// let file = filebacked::File::create(dir.join("runs.h5"))?;
    /// file.write("run/7", &vec![0.5; 100_000])?;
    /// file.write("run/8", &vec![0.5; 1000])?;
    /// let info = file.info()?;
    /// assert_eq!((info.data, info.groups, info.datasets), (808_000, 2, 2)); // the root and `run`
    ///
    /// file.delete("run/7")?;
    /// assert!(file.info()?.free >= 800_000); // for what is written next
    /// # drop(file); std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn info(&self) -> Result<FileInfo> {
        let format = || {
            let source = LibSource::new(self.lib.root()?)?;
            Object::new(&source, source.root()?).text_attribute(FORMAT)
        };
        let info = || {
            let facts = self.lib.facts()?;
            let Facts {
                size,
                data,
                free,
                userblock,
                superblock,
                groups,
                datasets,
                datatypes,
                attributes,
                links,
            } = facts;
            let metadata = size.saturating_sub(data).saturating_sub(free).saturating_sub(userblock);
            Ok(FileInfo {
                size,
                data,
                metadata,
                free,
                userblock,
                superblock,
                format: format()?,
                groups,
                datasets,
                datatypes,
                attributes,
                links,
            })
        };
        self.done(Operation::Inspect, info())
    }
}
