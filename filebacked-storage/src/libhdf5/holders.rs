//! The holders of an open file in this process.

use super::file::{LibFile, path_of};
use super::id::{Id, check, room};
use crate::error::{Error, ErrorKind, Result};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5a::H5Aget_name;
use hdf5_metno_sys::h5f::{
    H5F_ACC_RDWR, H5F_OBJ_ALL, H5F_OBJ_LOCAL, H5Fget_intent, H5Fget_obj_count, H5Fget_obj_ids,
};
use hdf5_metno_sys::h5i::H5I_type_t::{H5I_ATTR, H5I_DATASET, H5I_DATATYPE, H5I_FILE, H5I_GROUP};
use hdf5_metno_sys::h5i::{H5Iget_file_id, H5Iget_name, H5Iget_ref, H5Iget_type, hid_t};
use std::collections::BTreeMap;
use std::ffi::{c_char, c_uint};
use std::path::Path;

/// HDF5's word for all files that are open.
const ALL_FILES: hid_t = H5F_OBJ_ALL as hid_t;

/// The text for a file that is open once more.
pub(super) const FILE: &str = "the file";

/// What keeps a file open that one reference each of these identifiers, the first of which is the
/// file's, does not; each once and with how often. The lock is held.
pub(super) fn beside(file: &Id, mut ours: Vec<hid_t>) -> Result<Vec<String>> {
    let types = H5F_OBJ_ALL | H5F_OBJ_LOCAL;
    let mut found = Vec::new();
    // SAFETY: the file is open, as are all that are asked for.
    if unsafe {
        H5Fget_obj_count(file.raw(), types) == ours.len() as isize
            && ours.iter().all(|id| H5Iget_ref(*id) == 1)
    } {
        return Ok(found);
    }
    for object in open_objects(file.raw(), types)? {
        let own = ours.iter().position(|id| *id == object).map(|at| ours.swap_remove(at));
        // SAFETY: the library has just named the object.
        let references = unsafe { H5Iget_ref(object) }.max(1) as usize - usize::from(own.is_some());
        found.extend(std::iter::repeat_n(describe(object, false), references));
    }
    Ok(counted(found))
}

/// The open objects of the same file, of any opening. The lock is held.
pub(super) fn of_shared(file: &Id) -> Result<Vec<String>> {
    let objects = open_objects(file.raw(), H5F_OBJ_ALL)?;
    let others = objects.into_iter().filter(|object| *object != file.raw());
    Ok(counted(without_roots(others.map(|object| describe(object, true)).collect())))
}

/// The open objects of the file at a path.
pub fn holders_of(path: &Path) -> Result<Vec<String>> {
    sync(|| {
        let mut found = Vec::new();
        for object in open_objects(ALL_FILES, H5F_OBJ_ALL)? {
            if path_of(object).is_some_and(|name| is_same_file(&name, path)) {
                found.push(describe(object, true));
            }
        }
        Ok(counted(without_roots(found)))
    })
}

/// The identifiers by which a dataset is open beside this one. The lock is held.
#[cfg(hdf5_swmr)]
pub(super) fn others_of(dataset: &Id) -> Result<Vec<hid_t>> {
    use super::members::identity as identity_of;
    use hdf5_metno_sys::h5f::H5F_OBJ_DATASET;
    let Some(identity) = identity_of(dataset.raw()) else { return Ok(Vec::new()) };
    let is_same = |other: &hid_t| identity_of(*other).is_some_and(|other| other == identity);
    let open = open_objects(ALL_FILES, H5F_OBJ_DATASET)?;
    Ok(open.into_iter().filter(|other| *other != dataset.raw()).filter(is_same).collect())
}

/// The error of a file that cannot be opened beside what is open of it. The lock is held.
#[cold]
pub(super) fn conflict(
    path: &Path,
    again: impl FnOnce() -> Result<LibFile>,
    cause: Error,
) -> Error {
    // Opened as it is already, it tells of everything that is open of it, whatever the driver and
    // the name.
    let handles = again()
        .and_then(|file| of_shared(file.id()))
        .or_else(|_| holders_of(path))
        .unwrap_or_default();
    let error = Error::new(ErrorKind::StillOpen { handles });
    let error = match cause.help() {
        Some(help) => error.with_help(help.to_string()),
        None => error.with_help("drop them, or use the `File` that is open"),
    };
    error.with_source(cause)
}

/// The lock is held.
fn open_objects(file: hid_t, types: c_uint) -> Result<Vec<hid_t>> {
    // SAFETY: the file is open, or stands for all; the vector has room for as many as is said.
    unsafe {
        let count = check(H5Fget_obj_count(file, types))?.unsigned_abs();
        let mut objects: Vec<hid_t> = room(count)?;
        let got = check(H5Fget_obj_ids(file, types, count, objects.as_mut_ptr()))?.unsigned_abs();
        objects.set_len(got.min(count));
        Ok(objects)
    }
}

/// What an object is and where it lies, and on request what its file was opened for. The lock is
/// held.
pub(super) fn describe(object: hid_t, with_intent: bool) -> String {
    // SAFETY: the library has just named the object.
    let (kind, path) = unsafe {
        let path = text(|buffer, len| H5Iget_name(object, buffer, len));
        match H5Iget_type(object) {
            H5I_FILE => (FILE, String::new()),
            H5I_GROUP => ("group", path),
            H5I_DATASET => ("dataset", path),
            H5I_DATATYPE => ("datatype", path),
            H5I_ATTR => {
                let name = text(|buffer, len| H5Aget_name(object, len, buffer));
                ("attribute", format!("{name} of {path}"))
            }
            _ => ("object", path),
        }
    };
    let path = if path.is_empty() && kind != FILE { "without a name".to_string() } else { path };
    let intent = match with_intent.then(|| is_writable(object)) {
        Some(Ok(true)) => " (to be written)",
        Some(Ok(false)) => " (to be read)",
        _ => "",
    };
    format!("{} {path}", kind).trim_end().to_string() + intent
}

/// Whether the file that an object is in was opened to be changed. The lock is held.
pub(super) fn is_writable(object: hid_t) -> Result<bool> {
    let mut intent = 0;
    // SAFETY: the object is open; the new identifier has no other owner, and the place for the
    // answer is writable.
    unsafe {
        let file = Id::own(H5Iget_file_id(object))?;
        check(H5Fget_intent(file.raw(), &mut intent))?;
    }
    Ok(intent & H5F_ACC_RDWR != 0)
}

/// Reads a text whose length libhdf5 returns first.
fn text(ask: impl Fn(*mut c_char, usize) -> isize) -> String {
    let len = usize::try_from(ask(std::ptr::null_mut(), 0)).unwrap_or(0);
    let mut bytes = vec![0u8; len + 1];
    ask(bytes.as_mut_ptr().cast(), bytes.len());
    bytes.truncate(len);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Leaves out the root groups that belong to open files, which are in the list themselves.
fn without_roots(mut found: Vec<String>) -> Vec<String> {
    let files: Vec<String> =
        found.iter().filter_map(|what| what.strip_prefix(FILE)).map(str::to_string).collect();
    for intent in files {
        let root = format!("group /{intent}");
        if let Some(at) = found.iter().position(|what| *what == root) {
            found.swap_remove(at);
        }
    }
    found
}

/// Equal ones once, with their number.
fn counted(found: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut counts = BTreeMap::new();
    found.into_iter().for_each(|what| *counts.entry(what).or_insert(0) += 1);
    counts
        .into_iter()
        .map(|(what, n)| if n == 1 { what } else { format!("{what}, {n} times") })
        .collect()
}

/// Whether two names lead to one file, which may be one in memory.
fn is_same_file(a: &Path, b: &Path) -> bool {
    if a == b {
        return true;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let id = |path: &Path| std::fs::metadata(path).map(|found| (found.dev(), found.ino()));
        matches!((id(a), id(b)), (Ok(a), Ok(b)) if a == b)
    }
    #[cfg(not(unix))]
    {
        let id = |path: &Path| std::fs::canonicalize(path);
        matches!((id(a), id(b)), (Ok(a), Ok(b)) if a == b)
    }
}
