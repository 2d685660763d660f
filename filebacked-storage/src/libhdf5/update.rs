//! Writing over what is there, where that differs.

mod objects;

use super::claims::Claims;
use super::compare::{delete_attribute, has_elements, open_attribute};
use super::data::Data;
use super::edit::exists;
use super::id::{Id, check};
use super::links;
use super::members::copy;
use super::names::{self, is_ordered};
use super::renew::has_references;
use super::replacement::{clear, put_in_place};
use super::sink::LibSink;
use super::tools::{count, too_large};
use crate::compound::Strings;
use crate::error::{Error, ErrorKind, Result};
use crate::owners::WrittenOwners;
use crate::stamp::{LEN, UNDER_WAY, member_and_attribute};
use crate::{AttrSpec, DatasetSpec, Dtype, Elements, Kept, Link, Out, Sink, StoredType, Texts};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5i::H5I_type_t::{H5I_DATASET, H5I_DATATYPE, H5I_GROUP};
use hdf5_metno_sys::h5t::H5Tequal;
use objects::{open_member, same_text};
use std::collections::{HashMap, HashSet};

/// Writes below a group of an open file, and leaves alone what is equal already. Datasets of the
/// same type, shape and chunks are overwritten; what is another kind of thing is written beside the
/// old one and takes its place when it is complete.
///
/// Members and attributes that are not written go when their group is closed, unless it is said
/// that they are left out.
#[derive(Debug)]
pub struct UpdateSink {
    sink: LibSink,
    /// One for each open group of the sink.
    frames: Vec<Frame>,
    /// The group that is written to is itself the value, which is written as a member of this name.
    rooted: Option<Vec<String>>,
    claims: Claims,
    /// Whether objects with several links are copied before they are changed.
    apart: bool,
}

/// An open group.
#[derive(Debug)]
enum Frame {
    /// One that was there.
    Old(Box<Old>),
    /// A new one that takes this name in the group around it when it is complete.
    New(String),
    /// One inside a new one.
    Inside,
}

/// A group that was there.
#[derive(Debug, Default)]
struct Old {
    /// The members and attributes that go unless they are written.
    links: HashSet<String>,
    attributes: HashSet<String>,
    /// The written members, in this order.
    written: Vec<String>,
    left_out: Vec<String>,
    /// The attributes that members had and that were not written, of those members that stay.
    of_members: HashMap<String, HashSet<String>>,
    /// The members must be in the order in which they are written.
    ordered: bool,
    /// It has another number of rows than before: what is left out is of other ones.
    resized: bool,
}

impl UpdateSink {
    /// Updates a member of a group. With `apart`, some of the value is not written, but stays as it
    /// is.
    pub fn new(group: Id, name: &str, apart: bool) -> Result<Self> {
        clear(&group)?;
        let claims = Claims::below(group.clone(), vec![name.to_string()]);
        let frames = vec![Frame::Old(Box::default())];
        Ok(UpdateSink { sink: LibSink::new(group)?, frames, rooted: None, claims, apart })
    }

    /// Updates a group by a value that is written as its member [`UNDER_WAY`]. Of its members and
    /// attributes, those of these names go unless they are written.
    pub fn of_group(group: Id, known: Vec<String>, apart: bool) -> Result<Self> {
        clear(&group)?;
        let claims = Claims::below(group.clone(), known.clone());
        let frames = vec![Frame::Old(Box::default())];
        Ok(UpdateSink {
            sink: LibSink::of_members(group)?,
            frames,
            rooted: Some(known),
            claims,
            apart,
        })
    }

    /// The open group, if it was there before.
    fn old(&mut self) -> Option<&mut Old> {
        match self.frames.last_mut() {
            Some(Frame::Old(old)) => Some(old),
            _ => None,
        }
    }

    fn group(&self) -> Result<Id> {
        self.sink
            .groups
            .last()
            .cloned()
            .ok_or_else(|| ErrorKind::Contract("no group is open".into()).into())
    }

    /// Forgets what is under way, after an error.
    pub fn abandon(&mut self) -> Result<()> {
        let new = self.frames.iter().position(|frame| matches!(frame, Frame::New(_)));
        let around = self.sink.groups.get(new.unwrap_or(1).saturating_sub(1)).cloned();
        self.frames.clear();
        self.sink.groups.truncate(1);
        around.map_or(Ok(()), |group| clear(&group))
    }
}

impl Sink for UpdateSink {
    fn begin_group(&mut self, name: &str, ordered: bool) -> Result<()> {
        if self.old().is_none() {
            self.frames.push(Frame::Inside);
            return self.sink.begin_group(name, ordered);
        }
        if let Some(known) = self.rooted.take() {
            let group = self.group()?;
            self.sink.groups.push(group);
            let known: HashSet<String> = known.into_iter().collect();
            let old = Old { links: known.clone(), attributes: known, ordered, ..Old::default() };
            self.frames.push(Frame::Old(Box::new(old)));
            return Ok(());
        }
        if let Some(group) = self.changeable(name, H5I_GROUP)?
            && (!ordered || sync(|| is_ordered(group.raw()))?)
        {
            let (links, attributes) = sync(|| {
                // Leftovers of a killed process are not members of the value.
                clear(&group)?;
                Ok::<_, Error>((names::children(group.raw())?, names::attributes(group.raw())?))
            })?;
            self.stays(name, HashSet::new());
            let (links, attributes) =
                (links.into_iter().collect(), attributes.into_iter().collect());
            self.frames.push(Frame::Old(Box::new(Old {
                links,
                attributes,
                ordered,
                ..Old::default()
            })));
            self.sink.groups.push(group);
            return Ok(());
        }
        clear(&self.group()?)?;
        self.frames.push(Frame::New(name.to_string()));
        self.sink.begin_group(UNDER_WAY, ordered)
    }

    fn end_group(&mut self) -> Result<()> {
        match self.frames.pop() {
            Some(Frame::Old(old)) => {
                self.close(*old)?;
                self.sink.end_group()
            }
            Some(Frame::New(name)) => {
                self.sink.end_group()?;
                put_in_place(&self.group()?, &name)?;
                self.stays(&name, HashSet::new());
                Ok(())
            }
            Some(Frame::Inside) | None => self.sink.end_group(),
        }
    }

    fn attr(&mut self, name: &str, dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<()> {
        if self.old().is_none() {
            return self.sink.attr(name, dtype, shape, bytes);
        }
        let at = self.sink.open()?;
        if let Some(old) = self.old() {
            old.attributes.remove(name);
        }
        if dtype.is_plain() {
            count(dtype, shape, bytes)?;
            let resized = name == LEN && {
                sync(|| match open_attribute(at, name)? {
                    Some(found)
                        if self.sink.tools.is_alike(
                            Data::Attribute(found.raw()),
                            dtype,
                            None,
                            shape,
                            false,
                        )? =>
                    {
                        let memory = self.sink.tools.types.get(dtype)?;
                        Ok(!has_elements(
                            Data::Attribute(found.raw()),
                            Some(memory),
                            Elements::Bytes(bytes),
                        )?)
                    }
                    _ => Ok::<_, Error>(true),
                })?
            };
            if let Some(old) = self.old() {
                old.resized |= resized;
            }
            return sync(|| self.sink.tools.update_attribute(at, name, dtype, shape, bytes));
        }
        let same = sync(|| {
            let Some(found) = open_attribute(at, name)? else { return Ok(false) };
            let data = Data::Attribute(found.raw());
            let alike = self.sink.tools.is_alike(data, dtype, None, shape, false)?;
            if alike
                && *dtype == Dtype::VarStr
                && same_text(&super::strings::read_text(data, &[], None)?, bytes)
            {
                return Ok(true);
            }
            drop(found);
            delete_attribute(at, name)?;
            Ok::<_, Error>(false)
        })?;
        if same { Ok(()) } else { self.sink.attr(name, dtype, shape, bytes) }
    }

    fn member_attr(
        &mut self,
        member: &str,
        name: &str,
        dtype: &Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()> {
        let at = self.sink.open()?;
        let Some(old) =
            self.old().filter(|old| old.written.iter().any(|written| written == member))
        else {
            return self.sink.member_attr(member, name, dtype, shape, bytes);
        };
        if let Some(left) = old.of_members.get_mut(member) {
            left.remove(name);
        }
        if !dtype.is_plain() {
            return Err(
                ErrorKind::Contract("an attribute of variable-length strings".into()).into()
            );
        }
        count(dtype, shape, bytes)?;
        sync(|| {
            let object = open_member(at, member)?;
            self.sink.tools.update_attribute(object.raw(), name, dtype, shape, bytes)
        })
    }

    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()> {
        if self.old().is_none() || !spec.dtype.is_plain() {
            return self.sink.dataset(name, spec, bytes);
        }
        count(spec.dtype, spec.shape, bytes)?;
        let size = spec.dtype.size();
        match self.is_over(name, spec, size, |sink, found| {
            sink.tools.overwrite(found, spec, bytes).map(|()| true)
        })? {
            true => Ok(()),
            false => self.replace(name, |sink, name| sink.dataset(name, spec, bytes)),
        }
    }

    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()> {
        let size = spec.elements().and_then(|n| n.checked_mul(spec.dtype.size()));
        let mut scratch = self.sink.scratch(size.ok_or_else(too_large)?)?;
        fill(&mut Out(&mut scratch));
        let result = self.dataset(name, spec, &scratch);
        self.sink.keep(scratch);
        result
    }

    fn dataset_text(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()> {
        if self.old().is_none() {
            return self.sink.dataset_text(name, spec, texts);
        }
        let texts: Vec<&str> = texts.collect();
        let mut wanted = Texts::default();
        for text in &texts {
            wanted.bytes.extend_from_slice(text.as_bytes());
            wanted.ends.push(wanted.bytes.len());
        }
        let same = |_: &mut LibSink, found: &Id| {
            sync(|| has_elements(Data::Dataset(found.raw()), None, Elements::Texts(&wanted)))
        };
        match self.is_over(name, spec, 16, same)? {
            true => Ok(()),
            false => self.replace(name, |sink, name| {
                sink.dataset_text(name, spec, &mut texts.iter().copied())
            }),
        }
    }

    fn dataset_records(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        bytes: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()> {
        if self.old().is_none() {
            return self.sink.dataset_records(name, spec, bytes, strings);
        }
        count(spec.dtype, spec.shape, &bytes)?;
        let same = |sink: &mut LibSink, found: &Id| {
            sync(|| sink.tools.has_records(found, spec.dtype, &bytes, &strings))
        };
        match self.is_over(name, spec, spec.dtype.size(), same)? {
            true => Ok(()),
            false => {
                self.replace(name, |sink, name| sink.dataset_records(name, spec, bytes, strings))
            }
        }
    }

    fn copy(&mut self, name: &str, kept: &dyn Kept, may_point: bool) -> Result<bool> {
        if self.old().is_none() {
            return self.sink.copy(name, kept, may_point);
        }
        for kind in [H5I_DATASET, H5I_GROUP] {
            // A value that was never read equals the stored one.
            if let Some(current) = self.current(name, kind)?
                && kept.is_at(&current)?
            {
                self.stays(name, HashSet::new());
                return Ok(true);
            }
        }
        let (group, mut points) = (self.group()?, false);
        if may_point {
            kept.with_hdf5(&mut |object| {
                points = has_references(object)?;
                Ok(())
            })?;
        }
        if points {
            return Ok(false);
        }
        self.replace(name, |_, name| kept.with_hdf5(&mut |object| copy(object, &group, name, 0)))?;
        Ok(true)
    }

    fn dataset_any(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        elements: Elements<'_>,
    ) -> Result<()> {
        if self.old().is_none() {
            return self.sink.dataset_any(name, spec, elements);
        }
        let size = match elements {
            Elements::Bytes(bytes) => bytes.len() / spec.elements().unwrap_or(1).max(1),
            Elements::Texts(_) | Elements::Cells(..) => 16,
        };
        let overwrite = |sink: &mut LibSink, found: &Id| match elements {
            Elements::Bytes(bytes)
                if spec.stored.is_none() && spec.dtype.is_plain() && !spec.null =>
            {
                count(spec.dtype, spec.shape, bytes)?;
                sink.tools.overwrite(found, spec, bytes).map(|()| true)
            }
            elements => sync(|| has_elements(Data::Dataset(found.raw()), None, elements)),
        };
        match self.is_over(name, spec, size, overwrite)? {
            true => Ok(()),
            false => self.replace(name, |sink, name| sink.dataset_any(name, spec, elements)),
        }
    }

    fn attr_any(&mut self, attr: &AttrSpec<'_>) -> Result<()> {
        let at = self.sink.open()?;
        match self.old() {
            Some(old) => old.attributes.remove(attr.name),
            None => return self.sink.attr_any(attr),
        };
        sync(|| self.attribute_any(at, attr))
    }

    fn link(&mut self, name: &str, link: &Link) -> Result<()> {
        if self.old().is_none() {
            return self.sink.link(name, link);
        }
        let group = self.group()?;
        let same = sync(|| {
            Ok::<_, Error>(
                exists(&group, name)? && links::read(group.raw(), name)?.as_ref() == Some(link),
            )
        })?;
        if same {
            self.stays(name, HashSet::new());
            return Ok(());
        }
        self.replace(name, |sink, name| sink.link(name, link))
    }

    fn committed(&mut self, name: &str, stored: &StoredType, attrs: &[AttrSpec<'_>]) -> Result<()> {
        if self.old().is_none() {
            return self.sink.committed(name, stored, attrs);
        }
        if let Some(found) = self.changeable(name, H5I_DATATYPE)? {
            let left = sync(|| {
                let wanted = super::content::decode(stored)?;
                // SAFETY: both types are open.
                if check(unsafe { H5Tequal(found.raw(), wanted.raw()) })? == 0 {
                    return Ok(None);
                }
                let mut left: HashSet<String> =
                    names::attributes(found.raw())?.into_iter().collect();
                for attr in attrs {
                    self.attribute_any(found.raw(), attr)?;
                    left.remove(attr.name);
                }
                Ok::<_, Error>(Some(left))
            })?;
            if let Some(left) = left {
                self.stays(name, left);
                return Ok(());
            }
        }
        self.replace(name, |sink, name| sink.committed(name, stored, attrs))
    }

    fn written(&mut self) -> Option<&mut WrittenOwners> {
        self.sink.written()
    }

    fn note(&mut self, object: u32, name: Option<&str>) -> Result<bool> {
        self.sink.note(object, name)
    }

    fn hard_link(&mut self, name: &str, object: u32) -> Result<()> {
        if self.old().is_none() {
            return self.sink.hard_link(name, object);
        }
        let group = self.group()?;
        if sync(|| {
            Ok::<_, Error>(
                exists(&group, name)? && self.sink.linked.is_at(object, group.raw(), name)?,
            )
        })? {
            self.stays(name, HashSet::new());
            return Ok(());
        }
        self.replace(name, |sink, name| sink.hard_link(name, object))
    }

    fn references(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        objects: &[Option<u32>],
    ) -> Result<()> {
        if self.old().is_none() {
            return self.sink.references(name, spec, objects);
        }
        let stored = sync(super::linked::reference_type)?;
        let wanted = DatasetSpec { stored: Some(&stored), ..*spec };
        match self.is_over(name, &wanted, spec.dtype.size(), |_, _| Ok(true))? {
            true => {
                let group = self.group()?;
                sync(|| self.sink.linked.refer(group.raw(), name, objects))
            }
            false => self.replace(name, |sink, name| sink.references(name, spec, objects)),
        }
    }

    fn left_out(&mut self, name: &str) {
        if let Some(old) = self.old() {
            old.left_out.push(name.to_string());
            // The options leave out the attribute of a member, and not the member.
            if let (Some(member), attribute) = member_and_attribute(name)
                && let Some(left) = old.of_members.get_mut(member)
            {
                left.remove(attribute);
            }
        }
    }

    fn finish(&mut self) -> Result<()> {
        if self.rooted.is_some() {
            return Err(
                ErrorKind::Contract("a value without members cannot be a group".into()).into()
            );
        }
        self.sink.finish()
    }
}
