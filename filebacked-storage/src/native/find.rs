//! Where an object is: its path, and the place of its data in the file.

use super::source::NativeSource;
use crate::error::{Error, ErrorKind, Result};
use crate::{Dtype, ObjectKind, Piece, Source, no_piece};
use std::collections::HashSet;

impl NativeSource<'_> {
    /// The path of the object at an address. Everything before it is looked through: this is for
    /// errors.
    pub(super) fn path_to(&self, address: u64) -> Option<String> {
        let mut groups = vec![(self.root().ok()?, String::new())];
        let mut seen = HashSet::new();
        while let Some((group, path)) = groups.pop() {
            if group.id == address {
                return Some(path);
            }
            if !seen.insert(group.id) {
                continue;
            }
            for name in self.children(group).ok()? {
                let child = self.child(group, &name).ok().flatten()?;
                let path = format!("{path}/{name}");
                if child.id == address {
                    return Some(path);
                }
                if child.kind == ObjectKind::Group {
                    groups.push((child, path));
                }
            }
        }
        None
    }

    /// Where the data of the dataset at an address lies.
    pub(super) fn locate(&self, address: u64, dtype: &Dtype, file: std::fs::File) -> Result<Piece> {
        let data = self.data(self.open(address)?)?;
        let found = &data.description;
        if found.dtype != *dtype {
            return Err(Error::mismatch(dtype.to_string(), found.dtype.to_string()));
        }
        match data.offset(&self.input) {
            Some(offset) => Ok(Piece { file, offset, shape: found.shape.clone() }),
            None => Err(no_piece(&format!("a {} dataset", data.form()))),
        }
    }

    /// Refuses a file that does not have these bytes.
    pub(super) fn check_bytes(&self, bytes: &[u8]) -> Result<()> {
        let mut now = Vec::new();
        match self.input.read_vec(0, bytes.len(), &mut now) {
            Ok(()) if now == bytes => Ok(()),
            _ => Err(ErrorKind::Changed.into()),
        }
    }
}
