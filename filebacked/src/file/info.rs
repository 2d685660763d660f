//! What a file takes, and what is in it.

use super::File;
use crate::error::{Operation, Result};
use crate::object::Object;
use crate::stamp::FORMAT;
use crate::storage::Source;
use crate::storage::libhdf5::{Facts, LibSource};

/// What [`File::info`] tells of a file. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileInfo {
    /// The whole file.
    pub size: u64,
    /// The elements of datasets as they are stored, compressed if they are; texts and sequences of
    /// variable length lie elsewhere.
    pub data: u64,
    /// Everything that is neither data nor known to be free: metadata, texts of variable length,
    /// and space that was freed before the file was last closed, which HDF5 forgets unless the file
    /// was made to remember it.
    pub metadata: u64,
    /// What is known to be free, and used for what is written next.
    pub free: u64,
    /// Bytes before the part of the file that is HDF5's.
    pub userblock: u64,
    /// The version of HDF5's superblock: 0 in files of old, 2 in those of this library, 3 since
    /// HDF5 1.10.
    pub superblock: u32,
    /// The version of this library's format; `None` for files of others.
    pub format: Option<String>,
    /// Groups, the root included. Each object counts once, however many links lead to it.
    pub groups: u64,
    /// Datasets.
    pub datasets: u64,
    /// Committed datatypes.
    pub datatypes: u64,
    /// Attributes of all objects.
    pub attributes: u64,
    /// Links, soft and external ones included.
    pub links: u64,
}

impl FileInfo {
    /// Whether this library wrote the file.
    pub fn is_filebacked(&self) -> bool {
        self.format.is_some()
    }
}

impl File {
    /// What the file takes and what is in it. Every object is looked at once.
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
    /// What HDF5 says.
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
