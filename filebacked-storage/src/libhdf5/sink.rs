//! Writing through the library.

use super::content;
use super::data::Data;
use super::filters::register;
use super::id::{Id, check, room, with_link_name, with_name};
use super::linked::{self, Linked};
use super::links;
use super::lists::Lists;
use super::members;
use super::renew::has_references;
use super::strings::put_pointers;
use super::tools::{Tools, count, too_large};
use super::types::Types;
use crate::compound::Strings;
use crate::error::{Error, ErrorKind, Result};
use crate::owners::WrittenOwners;
use crate::stamp::UNDER_WAY;
use crate::{
    AttrSpec, Cell, CellForm, DatasetSpec, Dtype, Elements, Kept, Link, Out, Sink, Slab, StoredType,
};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5a::H5Acreate2;
use hdf5_metno_sys::h5g::H5Gcreate2;
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5l::H5Lexists;
use hdf5_metno_sys::h5o::H5Oopen;
use hdf5_metno_sys::h5p::H5P_DEFAULT;
use hdf5_metno_sys::h5s::H5S_class_t::H5S_SCALAR;
use hdf5_metno_sys::h5s::H5Screate;
use std::ffi::{CString, c_char};

/// Scratch memory above this is given back after use.
const SCRATCH: usize = 16 << 20;

/// Writes below a group of an open file.
#[derive(Debug)]
pub struct LibSink {
    /// The open groups, the innermost last. The first one is the target and stays.
    pub(super) groups: Vec<Id>,
    pub(super) tools: Tools,
    scratch: Vec<u8>,
    /// References, which are written once everything that they may lead to is there.
    waiting: Vec<Waiting>,
    pub(super) linked: Linked,
    /// What is written under the name [`UNDER_WAY`] is what the first group is to be.
    of_members: bool,
}

/// A dataset or an attribute whose elements are not written yet.
#[derive(Debug)]
struct Waiting {
    object: Id,
    attribute: bool,
    form: CellForm,
    cells: Vec<Cell>,
}

impl LibSink {
    /// Writes members of this group.
    pub fn new(group: Id) -> Result<Self> {
        register();
        let tools = sync(|| {
            // SAFETY: the new dataspace has no other owner.
            let scalar = unsafe { Id::own(H5Screate(H5S_SCALAR))? };
            Ok::<_, Error>(Tools { types: Types::new()?, lists: Lists::new()?, scalar })
        })?;
        Ok(LibSink {
            groups: vec![group],
            tools,
            scratch: Vec::new(),
            waiting: Vec::new(),
            linked: Linked::default(),
            of_members: false,
        })
    }

    /// Writes a value as the member [`UNDER_WAY`] of this group, whose members are the group's in
    /// the end.
    pub fn of_members(group: Id) -> Result<Self> {
        let sink = LibSink::new(group)?;
        Ok(LibSink { of_members: true, ..sink })
    }

    /// The open group.
    pub(super) fn open(&self) -> Result<hid_t> {
        match self.groups.last() {
            Some(group) => Ok(group.raw()),
            None => Err(ErrorKind::Contract("a group was closed that was not open".into()).into()),
        }
    }

    /// Memory that is kept from call to call, empty and with room for `n` bytes.
    pub(super) fn scratch(&mut self, n: usize) -> Result<Vec<u8>> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        if scratch.capacity() < n {
            scratch = room(n)?;
        }
        Ok(scratch)
    }

    pub(super) fn keep(&mut self, scratch: Vec<u8>) {
        if scratch.capacity() <= SCRATCH {
            self.scratch = scratch;
        }
    }
}

impl Sink for LibSink {
    fn begin_group(&mut self, name: &str, ordered: bool) -> Result<()> {
        let at = self.open()?;
        let (link, list) = (self.tools.lists.link(name), self.tools.lists.group(ordered));
        let group = sync(|| {
            // SAFETY: the group and the lists are open, the name ends in NUL.
            with_link_name(name, |name| unsafe {
                Id::own(H5Gcreate2(at, name, link, list, H5P_DEFAULT))
            })
        })?;
        self.groups.push(group);
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        if self.groups.len() <= 1 {
            return Err(ErrorKind::Contract("a group was closed that was not open".into()).into());
        }
        self.groups.pop();
        Ok(())
    }

    fn attr(&mut self, name: &str, dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<()> {
        let at = self.open()?;
        if *dtype == Dtype::VarStr {
            let text = CString::new(bytes).ok().filter(|_| shape.is_empty());
            let text = text.ok_or_else(|| {
                ErrorKind::Contract("an attribute of several texts, or of text with NUL".into())
            })?;
            let pointer = (text.as_ptr() as usize).to_ne_bytes();
            return sync(|| self.tools.attribute(at, name, dtype, shape, &pointer));
        }
        if !dtype.is_plain() {
            return Err(
                ErrorKind::Contract("an attribute of variable-length strings".into()).into()
            );
        }
        count(dtype, shape, bytes)?;
        sync(|| self.tools.attribute(at, name, dtype, shape, bytes))
    }

    fn member_attr(
        &mut self,
        member: &str,
        name: &str,
        dtype: &Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()> {
        let at = self.open()?;
        if *dtype == Dtype::VarStr {
            return Err(
                ErrorKind::Contract("an attribute of variable-length strings".into()).into()
            );
        }
        count(dtype, shape, bytes)?;
        sync(|| {
            // SAFETY: the group is open, the name ends in NUL; the new identifier has no other
            // owner.
            let member = with_link_name(member, |member| unsafe {
                if check(H5Lexists(at, member, H5P_DEFAULT))? == 0 {
                    let help =
                        "make both `None`, or neither: a member is written before its attributes";
                    return Err(Error::new(ErrorKind::Missing).with_help(help));
                }
                Id::own(H5Oopen(at, member, H5P_DEFAULT))
            })?;
            self.tools.attribute(member.raw(), name, dtype, shape, bytes)
        })
    }

    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()> {
        let at = self.open()?;
        if !spec.dtype.is_plain() {
            return Err(
                ErrorKind::Contract("variable-length strings written as bytes".into()).into()
            );
        }
        let elements = count(spec.dtype, spec.shape, bytes)?;
        let (dataset, chunked) =
            sync(|| self.tools.create(at, name, spec, elements, spec.dtype.size()))?;
        let whole = Slab::whole(spec.shape);
        let coded = chunked
            && super::chunks::write(&dataset, spec.shape, &whole, spec.dtype.size(), bytes, true)?;
        sync(|| {
            if !coded && elements > 0 {
                // SAFETY: the bytes are all elements of the dataset, in their form in memory.
                unsafe { self.tools.write(&dataset, spec.dtype, bytes.as_ptr().cast())? };
            }
            self.tools.attributes(&dataset, spec)?;
            drop(dataset);
            Ok(())
        })
    }

    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()> {
        let size = spec.elements().and_then(|n| n.checked_mul(spec.dtype.size()));
        let mut scratch = self.scratch(size.ok_or_else(too_large)?)?;
        fill(&mut Out(&mut scratch));
        let result = self.dataset(name, spec, &scratch);
        self.keep(scratch);
        result
    }

    fn dataset_text(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()> {
        let at = self.open()?;
        if *spec.dtype != Dtype::VarStr {
            return Err(ErrorKind::Contract(format!("texts written as {}", spec.dtype)).into());
        }
        let elements = spec.elements().ok_or_else(too_large)?;
        let mut scratch = self.scratch(0)?;
        let mut starts: Vec<usize> = room(elements)?;
        for text in texts {
            if text.as_bytes().contains(&0) {
                return Err(ErrorKind::Contract("text with NUL".into()).into());
            }
            starts.push(scratch.len());
            scratch.extend_from_slice(text.as_bytes());
            scratch.push(0);
        }
        if starts.len() != elements {
            return Err(ErrorKind::Contract(format!(
                "{} texts for {elements} elements",
                starts.len()
            ))
            .into());
        }
        let pointers: Vec<*const c_char> =
            starts.iter().map(|start| scratch[*start..].as_ptr().cast()).collect();
        let data = pointers.as_ptr().cast();
        // An element takes 16 bytes in the file: a length and where in a heap the text is.
        let result = sync(|| {
            let (dataset, _) = self.tools.create(at, name, spec, elements, 16)?;
            if elements > 0 {
                // SAFETY: there is a pointer to a text that ends in NUL for each element of the
                // dataset.
                unsafe { self.tools.write(&dataset, spec.dtype, data)? };
            }
            self.tools.attributes(&dataset, spec)
        });
        self.keep(scratch);
        result
    }

    fn dataset_records(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        mut bytes: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()> {
        let at = self.open()?;
        let elements = count(spec.dtype, spec.shape, &bytes)?;
        let mut scratch =
            self.scratch(strings.iter().map(|strings| strings.bytes() + strings.count()).sum())?;
        put_pointers(&mut bytes, &strings, &mut scratch)?;
        let result = sync(|| {
            let (dataset, _) = self.tools.create(at, name, spec, elements, spec.dtype.size())?;
            if elements > 0 {
                // SAFETY: the bytes are all elements of the dataset, in which a pointer to a text
                // that ends in NUL stands for each string.
                unsafe { self.tools.write(&dataset, spec.dtype, bytes.as_ptr().cast())? };
            }
            self.tools.attributes(&dataset, spec)
        });
        self.keep(scratch);
        result
    }

    fn copy(&mut self, name: &str, kept: &dyn Kept, may_point: bool) -> Result<bool> {
        let Some(into) = self.groups.last() else { return Ok(false) };
        let mut copied = false;
        kept.with_hdf5(&mut |object| {
            copied = !(may_point && has_references(object)?);
            if copied { members::copy(object, into, name, 0) } else { Ok(()) }
        })?;
        Ok(copied)
    }

    fn written(&mut self) -> Option<&mut WrittenOwners> {
        Some(&mut self.linked.written)
    }

    fn note(&mut self, object: u32, name: Option<&str>) -> Result<bool> {
        let at = self.open()?;
        let name =
            name.filter(|name| !(self.of_members && self.groups.len() == 1 && *name == UNDER_WAY));
        sync(|| self.linked.note(object, at, name))
    }

    fn hard_link(&mut self, name: &str, object: u32) -> Result<()> {
        let at = self.open()?;
        let list = self.tools.lists.link(name);
        sync(|| self.linked.link(object, at, name, list))
    }

    fn references(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        objects: &[Option<u32>],
    ) -> Result<()> {
        let at = self.open()?;
        sync(|| {
            let stored = linked::reference_type()?;
            let spec = DatasetSpec { stored: Some(&stored), ..*spec };
            let (dataset, _) =
                self.tools.create(at, name, &spec, objects.len(), spec.dtype.size())?;
            self.tools.attributes(&dataset, &spec)?;
            self.linked.refer(at, name, objects)
        })
    }

    fn dataset_any(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        elements: Elements<'_>,
    ) -> Result<()> {
        let at = self.open()?;
        let n = if spec.null { 0 } else { spec.elements().ok_or_else(too_large)? };
        if let (None, false, Elements::Bytes(bytes), []) =
            (spec.stored, spec.null, elements, spec.more_attrs)
        {
            return self.dataset(name, spec, bytes);
        }
        sync(|| {
            let size = match elements {
                Elements::Bytes(bytes) => bytes.len() / n.max(1),
                Elements::Texts(_) | Elements::Cells(..) => 16,
            };
            if let (None, Elements::Bytes(bytes)) = (spec.stored, elements)
                && n.checked_mul(spec.dtype.size()) != Some(bytes.len())
            {
                let what = format!("{} bytes for {n} elements of {}", bytes.len(), spec.dtype);
                return Err(ErrorKind::Contract(what).into());
            }
            let (dataset, _) = self.tools.create(at, name, spec, n, size)?;
            self.tools.attributes(&dataset, spec)?;
            for attr in spec.more_attrs {
                self.attribute_any(dataset.raw(), attr).map_err(|e| e.at(attr.name))?;
            }
            self.write_any(dataset, false, elements, spec.stored.is_none())
        })
    }

    fn attr_any(&mut self, attr: &AttrSpec<'_>) -> Result<()> {
        let at = self.open()?;
        sync(|| self.attribute_any(at, attr))
    }

    fn link(&mut self, name: &str, link: &Link) -> Result<()> {
        let at = self.open()?;
        sync(|| links::create(at, name, link, self.tools.lists.link(name)))
    }

    fn committed(&mut self, name: &str, stored: &StoredType, attrs: &[AttrSpec<'_>]) -> Result<()> {
        let at = self.open()?;
        sync(|| {
            let dtype = content::decode(stored)?;
            links::commit(at, name, &dtype, self.tools.lists.link(name))?;
            attrs.iter().try_for_each(|attr| self.attribute_any(dtype.raw(), attr))
        })
    }

    fn finish(&mut self) -> Result<()> {
        self.linked.written.check()?;
        let at = self.open()?;
        sync(|| {
            self.linked.write_references(at)?;
            for Waiting { object, attribute, form, cells } in std::mem::take(&mut self.waiting) {
                let data = if attribute {
                    Data::Attribute(object.raw())
                } else {
                    Data::Dataset(object.raw())
                };
                content::write(data, Elements::Cells(&form, &cells), false, at)?;
            }
            Ok(())
        })
    }
}

impl LibSink {
    /// Writes the elements of an object that was just made, or keeps them for later. The lock is
    /// held.
    fn write_any(
        &mut self,
        object: Id,
        attribute: bool,
        elements: Elements<'_>,
        usual: bool,
    ) -> Result<()> {
        match elements {
            Elements::Cells(form, cells) if form.has_reference() => {
                self.waiting.push(Waiting {
                    object,
                    attribute,
                    form: form.clone(),
                    cells: cells.to_vec(),
                });
                Ok(())
            }
            _ => {
                let data = if attribute {
                    Data::Attribute(object.raw())
                } else {
                    Data::Dataset(object.raw())
                };
                content::write(data, elements, usual, self.open()?)
            }
        }
    }

    /// Makes an attribute of any type. The lock is held.
    pub(super) fn attribute_any(&mut self, at: hid_t, attr: &AttrSpec<'_>) -> Result<()> {
        if let (None, false, Elements::Bytes(bytes)) = (attr.stored, attr.null, attr.elements) {
            count(attr.dtype, attr.shape, bytes)?;
            return self.tools.attribute(at, attr.name, attr.dtype, attr.shape, bytes);
        }
        if attr.name.is_empty() {
            return Err(ErrorKind::Contract("an attribute without a name".into()).into());
        }
        let (dtype, _type_owner) = self.tools.filetype(attr.dtype, attr.stored)?;
        let (space, _owner) = self.tools.space_or_null(attr.shape, attr.null)?;
        let list = self.tools.lists.attribute(attr.name);
        // SAFETY: everything is open, the name ends in NUL; the new identifier has no other owner.
        let attribute = with_name(attr.name, |name| unsafe {
            Id::own(H5Acreate2(at, name, dtype, space, list, H5P_DEFAULT))
        })?;
        self.write_any(attribute, true, attr.elements, attr.stored.is_none())
    }
}
