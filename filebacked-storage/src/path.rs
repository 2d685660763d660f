//! Paths in a file: the one rule of what they mean.

/// The names of a path, from the outside in. As in HDF5, a path is names separated by `/`; an empty
/// name and `.` mean the group itself, so that `/a//b/` and `a/./b` are `a/b`.
///
/// HDF5 does not know `..`: who takes paths from callers refuses it.
pub fn names(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|name| !matches!(*name, "" | "."))
}
