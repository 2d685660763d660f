//! Creates datasets in an open file without their elements.

use super::File;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::libhdf5::{self, NewDataset};
use crate::whole;

impl File {
    /// Creates a dataset under a name that is not in use.
    pub(crate) fn create_dataset(&self, name: &str, what: &NewDataset<'_>) -> Result<()> {
        let root = self.lib.root()?;
        let parts = whole::parts(name)?;
        let Some((leaf, groups)) = parts.split_last() else {
            return Err(ErrorKind::Missing.into());
        };
        let mut found = Some(root.clone());
        for name in groups {
            found = match found {
                Some(group) => libhdf5::open_group(&group, name)?,
                None => None,
            };
        }
        if let Some(group) = found
            && libhdf5::exists(&group, leaf)?
        {
            return Err(Error::new(ErrorKind::Exists)
                .with_help("use `File::read` for a handle to the existing dataset"));
        }
        let _change = libhdf5::begin(&root)?;
        libhdf5::create(&root, groups, leaf, what)
    }
}
