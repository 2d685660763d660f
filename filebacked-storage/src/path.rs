//! Paths in a file: the one rule of what they mean.

use crate::error::{Error, ErrorKind, Result};

/// The names of a path, from the outside in. As in HDF5, a path is names separated by `/`; an empty
/// name and `.` mean the group itself, so that `/a//b/` and `a/./b` are `a/b`.
///
/// HDF5 does not know `..`: who takes paths from callers refuses it.
pub fn names(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|name| !matches!(*name, "" | "."))
}

/// The names of a path in a file, at least one.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] for a path without a name, with `..`, or with NUL.
pub fn parts(path: &str) -> Result<Vec<&str>> {
    let parts: Vec<&str> = names(path).collect();
    let why = match () {
        () if parts.is_empty() => "it names nothing",
        () if parts.contains(&"..") => "HDF5 has no `..`",
        () if path.contains('\0') => "a name cannot contain NUL",
        () => return Ok(parts),
    };
    let what = format!("`{}` is not a path: {why}", path.escape_debug());
    Err(Error::new(ErrorKind::Unsupported(what))
        .with_help("write the names from the start to the value with `/` between them"))
}
