//! A dataset written anew, in chunks, so that it can grow, under the names that it had.

use super::create::{chunk_of, fixed_times};
use super::data::{Data, allocation, select};
use super::dataset::{extents, identity, links_to, transfer};
use super::edit::{copy_attribute, root_of};
use super::filetype::size_of_type;
use super::id::{Id, check, room, with_link_name};
use super::members::path_of;
use super::renew::References;
use super::replacement::relink;
use super::strings::{Arena, into_arena};
use super::{links, names};
use crate::error::{ErrorKind, Result};
use crate::{Handle, ObjectKind, Tiles, elements};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5d::{H5Dcreate_anon, H5Dget_create_plist, H5Dread};
use hdf5_metno_sys::h5i::H5I_type_t::H5I_GROUP;
use hdf5_metno_sys::h5i::H5Iget_type;
use hdf5_metno_sys::h5o::H5Oopen;
use hdf5_metno_sys::h5p::{H5P_DEFAULT, H5Pget_external_count, H5Pset_chunk};
use hdf5_metno_sys::h5s::{H5S_UNLIMITED, H5Screate_simple};
use std::collections::HashSet;

/// The bytes that are copied at a time.
const BLOCK: usize = 8 << 20;

/// Rewrites a dataset with this shape, in chunks, and without a limit along each dimension that
/// exceeds the limit of the old one; `fill` adds the other data. Once complete, it replaces the old
/// dataset under all its names and references. The old dataset is complete until then, and stays so
/// for open handles.
pub fn rewrite(old: &Id, shape: &[u64], fill: impl FnOnce(&Id) -> Result<()>) -> Result<Id> {
    let references = References::to(&[old], &[])?;
    let new = sync(|| like(old, shape))?;
    instead(old, &new, fill)?;
    references.renew(&[(old, &new)])?;
    Ok(new)
}

/// Copies what a dataset has into one without a name, which takes its place when it is complete.
pub(super) fn instead(old: &Id, new: &Id, fill: impl FnOnce(&Id) -> Result<()>) -> Result<()> {
    sync(|| {
        copy(old, new)?;
        names::attributes_of_dataset(old.raw())?
            .iter()
            .try_for_each(|name| copy_attribute(old.raw(), new.raw(), name))
    })?;
    fill(new)?;
    sync(|| places(old)?.iter().try_for_each(|(group, name)| relink(new, group, name)))
}

/// A new dataset without a name, with the type and the properties of another. The lock is held.
fn like(old: &Id, shape: &[u64]) -> Result<Id> {
    let (_, most) = extents(old)?;
    let most: Vec<u64> = most
        .iter()
        .zip(shape)
        .map(|(most, extent)| if extent > most { H5S_UNLIMITED } else { *most })
        .collect();
    let dtype = data(old)?.dtype()?;
    // SAFETY: everything is open; shapes have as many numbers as is said; new identifiers have no
    // other owner.
    unsafe {
        let list = Id::own(H5Dget_create_plist(old.raw()))?;
        if !is_chunked(old, &list)? {
            let chunk = chunk_of(shape, &most, size_of_type(dtype.raw())?);
            check(H5Pset_chunk(list.raw(), chunk.len() as i32, chunk.as_ptr()))?;
        }
        fixed_times(&list)?;
        let space = Id::own(H5Screate_simple(shape.len() as i32, shape.as_ptr(), most.as_ptr()))?;
        Id::own(H5Dcreate_anon(old.raw(), dtype.raw(), space.raw(), list.raw(), H5P_DEFAULT))
    }
}

/// Whether a dataset of these properties is in chunks already; refuses one whose data is not its
/// own. The lock is held.
pub(super) fn is_chunked(dataset: &Id, list: &Id) -> Result<bool> {
    // SAFETY: the list is open.
    if check(unsafe { H5Pget_external_count(list.raw()) })? > 0 {
        return Err(ErrorKind::Unsupported(
            "the extent of a dataset whose data lies in other files cannot change".into(),
        )
        .into());
    }
    match allocation(dataset.raw())?.layout {
        "virtual" => {
            Err(ErrorKind::Unsupported("the extent of a virtual dataset cannot change".into())
                .into())
        }
        layout => Ok(layout == "chunked"),
    }
}

/// Copies the elements that both datasets have, which are of one type, as they lie in the file. The
/// lock is held.
fn copy(old: &Id, new: &Id) -> Result<()> {
    let dtype = data(old)?.dtype()?;
    let size = size_of_type(dtype.raw())?;
    let common =
        extents(old)?.0.into_iter().zip(extents(new)?.0).map(|(old, new)| old.min(new) as usize);
    let (common, chunk) = (common.collect::<Vec<_>>(), allocation(new.raw())?.chunk);
    let chunk: Vec<usize> = chunk.iter().map(|extent| *extent as usize).collect();
    let chunk = (!chunk.is_empty()).then_some(&*chunk);
    // Words, so that pointers to what is of variable length are aligned.
    let mut block: Vec<usize> = Vec::new();
    for slab in Tiles::new(&common, chunk, BLOCK / size) {
        let shape = slab.shape();
        let words = elements(&shape).unwrap_or(0).saturating_mul(size).div_ceil(size_of::<usize>());
        if block.is_empty() {
            block = room(words)?;
        }
        block.clear();
        block.resize(words, 0);
        let mut arena = Arena::default();
        let file_space = data(old)?.space()?;
        select(&file_space, &slab)?;
        // SAFETY: everything is open; the block has room for the selection, and the arena, where
        // the library puts what is of variable length, outlives both transfers.
        unsafe {
            let list = into_arena(&raw mut arena)?;
            let space =
                Id::own(H5Screate_simple(shape.len() as i32, shape.as_ptr(), std::ptr::null()))?;
            let to = block.as_mut_ptr().cast();
            check(H5Dread(old.raw(), dtype.raw(), space.raw(), file_space.raw(), list.raw(), to))?;
            transfer(new, dtype.raw(), &slab, to)?;
        }
    }
    Ok(())
}

fn data(dataset: &Id) -> Result<Data> {
    Data::of(Handle { id: dataset.raw() as u64, kind: ObjectKind::Dataset, bare: false })
}

/// All hard links that lead to an object: group and name. The lock is held.
fn places(object: &Id) -> Result<Vec<(Id, String)>> {
    let (wanted, all) = (identity(object)?, links_to(object)?);
    if all == 1
        && let Some((path, name)) =
            path_of(object).as_deref().and_then(|path| path.rsplit_once('/'))
    {
        let mut group = root_of(object)?;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            group = member(&group, name)?;
        }
        if is_hard_to(&group, name, &wanted)? {
            return Ok(vec![(group, name.to_string())]);
        }
    }
    // Several names, or one behind a soft link: the whole file is looked through.
    let mut found = Vec::new();
    let (mut groups, mut seen) = (vec![root_of(object)?], HashSet::new());
    while let Some(group) = groups.pop() {
        if !seen.insert(identity(&group)?) {
            continue;
        }
        for name in names::children(group.raw())? {
            if links::read(group.raw(), &name)?.is_some() {
                continue;
            }
            let child = member(&group, &name)?;
            // SAFETY: the object is open.
            if unsafe { H5Iget_type(child.raw()) } == H5I_GROUP {
                groups.push(child);
            } else if identity(&child)? == wanted {
                found.push((group.clone(), name));
            }
        }
    }
    if found.len() == all {
        return Ok(found);
    }
    Err(ErrorKind::Unsupported(format!(
        "a dataset with {all} names, of which {} were found",
        found.len()
    ))
    .into())
}

fn member(group: &Id, name: &str) -> Result<Id> {
    // SAFETY: the group is open, the name ends in NUL; the new identifier has no other owner.
    with_link_name(name, |name| unsafe { Id::own(H5Oopen(group.raw(), name, H5P_DEFAULT)) })
}

fn is_hard_to(group: &Id, name: &str, wanted: &str) -> Result<bool> {
    Ok(links::read(group.raw(), name)?.is_none() && identity(&member(group, name)?)? == wanted)
}
