//! What an update does with the objects and attributes that are there: they stay, are written over,
//! or give way to new ones.

use super::{Old, UpdateSink};
use crate::error::{Error, Result};
use crate::libhdf5::compare::{delete_attribute, has_elements, open_attribute};
use crate::libhdf5::data::Data;
use crate::libhdf5::edit::{delete, exists};
use crate::libhdf5::id::{Id, with_link_name};
use crate::libhdf5::links;
use crate::libhdf5::members::{copy, identity_and_links};
use crate::libhdf5::names::{self};
use crate::libhdf5::replacement::{clear, put_in_place, reorder};
use crate::libhdf5::sink::LibSink;
use crate::libhdf5::tools::{count, too_large};
use crate::stamp::UNDER_WAY;
use crate::{AttrSpec, DatasetSpec, Dtype, Elements, Texts};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5i::H5I_type_t::H5I_DATASET;
use hdf5_metno_sys::h5i::{H5I_type_t, H5Iget_type, hid_t};
use hdf5_metno_sys::h5o::H5Oopen;
use hdf5_metno_sys::h5p::H5P_DEFAULT;
use std::collections::HashSet;

impl UpdateSink {
    /// The object that a hard link of the open group leads to, if there is one of this kind.
    pub(super) fn current(&self, name: &str, kind: H5I_type_t) -> Result<Option<Id>> {
        let group = self.group()?;
        sync(|| {
            if !exists(&group, name)? || links::read(group.raw(), name)?.is_some() {
                return Ok(None);
            }
            let object = open_member(group.raw(), name)?;
            // SAFETY: the object is open.
            Ok((unsafe { H5Iget_type(object.raw()) } == kind).then_some(object))
        })
    }

    /// The same, if it may be changed: nothing else in the file changes with it.
    pub(super) fn changeable(&mut self, name: &str, kind: H5I_type_t) -> Result<Option<Id>> {
        let Some(object) = self.current(name, kind)? else { return Ok(None) };
        if !self.apart {
            return Ok(self.claims.claim(&object)?.then_some(object));
        }
        if sync(|| identity_and_links(object.raw()))?.1 > 1 {
            let group = self.group()?;
            clear(&group)?;
            copy(&object, &group, UNDER_WAY, 0)?;
            put_in_place(&group, name)?;
            return self.current(name, kind);
        }
        Ok(Some(object))
    }

    /// Notes that a member is written, whose attributes may stay too.
    pub(super) fn stays(&mut self, name: &str, attributes: HashSet<String>) {
        if let Some(old) = self.old() {
            old.links.remove(name);
            old.written.push(name.to_string());
            if !attributes.is_empty() {
                old.of_members.insert(name.to_string(), attributes);
            }
        }
    }

    /// Writes a member under another name, and puts it in the place of what is there.
    pub(super) fn replace(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut LibSink, &str) -> Result<()>,
    ) -> Result<()> {
        let group = self.group()?;
        clear(&group)?;
        let written = write(&mut self.sink, UNDER_WAY).and_then(|()| put_in_place(&group, name));
        if written.is_err() {
            clear(&group)?;
        }
        written?;
        self.stays(name, HashSet::new());
        Ok(())
    }

    /// Writes a dataset over the one that is there, if there is one that is as it is wanted; `size`
    /// is that of an element in the file, and `overwrite` says whether the elements are right when
    /// it returns.
    pub(super) fn is_over(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        size: usize,
        overwrite: impl FnOnce(&mut LibSink, &Id) -> Result<bool>,
    ) -> Result<bool> {
        let Some(dataset) = self.changeable(name, H5I_DATASET)? else { return Ok(false) };
        let elements = if spec.null { 0 } else { spec.elements().ok_or_else(too_large)? };
        let at = dataset.raw();
        // No thread changes its shape between the check and the change.
        let is_over = sync(|| {
            Ok::<_, Error>(
                self.sink.tools.is_as_wanted(at, spec, elements, size)?
                    && overwrite(&mut self.sink, &dataset)?,
            )
        });
        if !is_over? {
            return Ok(false);
        }
        let mut left: HashSet<String> = sync(|| names::attributes(at))?.into_iter().collect();
        let plain =
            spec.attrs.iter().map(|(name, _)| *name).chain(spec.number.map(|(name, _)| name));
        for name in plain.chain(spec.more_attrs.iter().map(|attr| attr.name)) {
            left.remove(name);
        }
        sync(|| self.attributes(at, spec))?;
        self.stays(name, left);
        Ok(true)
    }

    /// Writes the attributes that the specification has. The lock is held.
    pub(super) fn attributes(&mut self, at: hid_t, spec: &DatasetSpec<'_>) -> Result<()> {
        let tools = &mut self.sink.tools;
        for (name, text) in spec.attrs {
            let bytes = if text.is_empty() { &[0] } else { text.as_bytes() };
            tools.update_attribute(at, name, &Dtype::FixedStr(bytes.len()), &[], bytes)?;
        }
        if let Some((name, number)) = spec.number {
            tools.update_attribute(at, name, &Dtype::I64, &[], &number.to_le_bytes())?;
        }
        spec.more_attrs
            .iter()
            .try_for_each(|attr| self.attribute_any(at, attr).map_err(|e| e.at(attr.name)))
    }

    /// Writes an attribute of any type where there is none that is equal. The lock is held.
    pub(super) fn attribute_any(&mut self, at: hid_t, attr: &AttrSpec<'_>) -> Result<()> {
        if let Elements::Bytes(bytes) = attr.elements
            && attr.stored.is_none()
            && !attr.null
        {
            // They are compared with as many as the shape says.
            count(attr.dtype, attr.shape, bytes)?;
        }
        if let Some(found) = open_attribute(at, attr.name)? {
            let data = Data::Attribute(found.raw());
            let tools = &mut self.sink.tools;
            if tools.is_alike(data, attr.dtype, attr.stored, attr.shape, attr.null)? {
                let plain = attr.stored.is_none() && attr.dtype.is_plain();
                let memory = if plain { Some(tools.types.get(attr.dtype)?) } else { None };
                if has_elements(data, memory, attr.elements)? {
                    return Ok(());
                }
            }
            drop(found);
            delete_attribute(at, attr.name)?;
        }
        self.sink.attribute_any(at, attr)
    }

    /// Deletes members that the value lacks, and orders the rest.
    pub(super) fn close(&mut self, old: Old) -> Result<()> {
        let group = self.group()?;
        let stays = |name: &str| !old.resized && old.left_out.iter().any(|left| left == name);
        let of_members = old
            .of_members
            .iter()
            .flat_map(|(member, names)| names.iter().map(move |name| (member, name)));
        sync(|| {
            for name in old.links.iter().filter(|name| !stays(name)) {
                if exists(&group, name)? {
                    delete(&group, name)?;
                }
            }
            for name in old.attributes.iter().filter(|name| !stays(name)) {
                if open_attribute(group.raw(), name)?.is_some() {
                    delete_attribute(group.raw(), name)?;
                }
            }
            for (member, name) in
                of_members.filter(|(member, name)| !stays(&format!("{member}@{name}")))
            {
                delete_attribute(open_member(group.raw(), member)?.raw(), name)?;
            }
            if old.ordered { reorder(&group, &old.written) } else { Ok(()) }
        })
    }
}

/// Texts are compared with what ends at the first NUL.
pub(super) fn same_text(found: &Texts, text: &[u8]) -> bool {
    found.ends.len() == 1 && found.bytes == text
}

/// Opens a member. The lock is held.
pub(super) fn open_member(group: hid_t, name: &str) -> Result<Id> {
    // SAFETY: the group is open, the name ends in NUL; the new identifier has no other owner.
    with_link_name(name, |name| unsafe { Id::own(H5Oopen(group, name, H5P_DEFAULT)) })
}
