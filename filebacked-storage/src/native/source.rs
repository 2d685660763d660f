//! The reading half: decodes the bytes of a whole file, without trusting any.

mod elements;
mod lookup;

use super::dataset::{Data, decoded};
use super::element;
use super::header::{Header, damaged, uint, unknown};
use super::heap::Cursor;
use super::input::{Bytes, Input, copy};
use super::kept::{NativeKept, Opened, Origin};
use super::links::{self, Links};
use super::object::Parsed;
use super::superblock::Superblock;
use super::{UNDEFINED, datatype, message};
use crate::checksum::lookup3;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::owners::{LoadedOwners, ObjectIdentity};
use crate::stamp::is_passing;
use crate::store::ReadAt;
use crate::{
    Allocation, Description, Dtype, Gathered, Handle, Kept, Link as OtherLink, ObjectKind, Slab,
    Source, StoredType, Texts, Unusual, elements, fill_vec,
};
use std::cell::{Cell, OnceCell, RefCell};
use std::fs::File;
use std::mem::MaybeUninit;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// Handles of attributes have this bit, and are a place among those that are open.
const ATTRIBUTE: u64 = 1 << 63;

/// Every byte of metadata and data that is read is paid for, so that hard links which multiply
/// objects cannot make a small file cost much: this many times its size.
const BUDGET: u64 = 16;

/// A file, in memory or on the disk.
#[derive(Debug)]
pub struct NativeSource<'b> {
    pub(super) input: Input<'b>,
    root: u64,
    budget: Cell<u64>,
    /// How many bytes of data may be read, whatever they take in the file.
    memory: Cell<u64>,
    /// How many objects may be opened.
    objects: Cell<u64>,
    /// Settings from the caller, which also apply to kept objects.
    limits: Option<Limits>,
    /// The message after the link that was found last, and its group: members are mostly read in
    /// their order.
    next: Cell<(u64, usize)>,
    /// How many links were looked for one by one, and in which group.
    searched: Cell<(u64, u32)>,
    /// The object that was looked at last: it is mostly asked for several things in a row.
    last: RefCell<(u64, Parsed<'b>)>,
    /// Groups whose links were indexed, the one that was used last at the end.
    groups: RefCell<Vec<(u64, Rc<Links>)>>,
    /// The messages of the attributes that are open.
    attributes: RefCell<Vec<Bytes<'b>>>,
    heap: RefCell<Cursor>,
    declined: Cell<bool>,
    loaded: LoadedOwners,
    path: Option<&'b Path>,
    opened: u64,
    /// The store that the bytes are in, where they are in one.
    store: Option<&'b Arc<dyn ReadAt>>,
    /// The source of kept objects, once there are any.
    origin: OnceCell<Arc<Origin>>,
}

impl<'b> NativeSource<'b> {
    /// A file whose bytes are all in memory.
    pub fn new(bytes: &'b [u8]) -> Result<Self> {
        NativeSource::of(Input::Memory(bytes))
    }

    /// Opens a file of this size on the disk, which is read in parts on request.
    pub fn of_file(file: &'b File, len: u64) -> Result<Self> {
        NativeSource::of(Input::of_file(file, len))
    }

    /// Opens a file of this size in a store, which is read in parts on request.
    pub fn of_store(store: &'b Arc<dyn ReadAt>, len: u64) -> Result<Self> {
        let source = NativeSource::of(Input::of_store(&**store, len))?;
        Ok(NativeSource { store: Some(store), ..source })
    }

    fn of(mut input: Input<'b>) -> Result<Self> {
        let Superblock { root, end, .. } = Superblock::read(&mut input)?;
        Ok(NativeSource {
            root,
            budget: Cell::new(end.saturating_mul(BUDGET).saturating_add(1 << 16)),
            memory: Cell::new(u64::MAX),
            objects: Cell::new(u64::MAX),
            limits: None,
            input,
            next: Cell::new((0, 0)),
            searched: Cell::new((0, 0)),
            // No object lies at the place of the superblock.
            last: RefCell::new((0, Parsed::none())),
            groups: RefCell::default(),
            attributes: RefCell::default(),
            heap: RefCell::default(),
            declined: Cell::new(false),
            loaded: LoadedOwners::default(),
            path: None,
            opened: 0,
            store: None,
            origin: OnceCell::new(),
        })
    }

    /// Says which file it is, and since when it is open: see [`changes`](crate::changes).
    pub fn named(mut self, path: &'b Path, opened: u64) -> Self {
        self.path = Some(path);
        self.opened = opened;
        self
    }

    /// Says what kept objects are read from.
    pub(super) fn kept_from(mut self, origin: &Arc<Origin>) -> Self {
        self.origin = OnceCell::from(origin.clone());
        self
    }

    /// Limits what may be read, if there is a limit.
    pub fn limited(mut self, limits: Option<Limits>) -> Self {
        if let Some(Limits { bytes, objects }) = limits {
            self.budget = Cell::new(self.budget.get().min(bytes));
            self.memory = Cell::new(bytes);
            self.objects = Cell::new(objects);
            self.limits = limits;
        }
        self
    }

    /// Where the header of the root group is, and its bytes with the text `new` in the place of
    /// `old`, which has the same length and stands in it once.
    pub fn root_with(&self, old: &[u8], new: &[u8]) -> Result<(u64, Vec<u8>)> {
        let end = Header::at(&self.input, self.root, true)?.size;
        let mut header = self.input.bytes(self.root, end + 4)?.to_vec();
        let place = header.windows(old.len()).position(|part| part == old);
        let place = place
            .filter(|_| old.len() == new.len())
            .ok_or_else(|| damaged("a place for the digest is missing"))?;
        header[place..place + new.len()].copy_from_slice(new);
        let sum = lookup3(&header[..end]);
        header[end..].copy_from_slice(&sum.to_le_bytes());
        Ok((self.root, header))
    }

    /// Whether some error meant that the file needs the other engine.
    pub fn declined(&self) -> bool {
        self.declined.get()
    }

    /// Whether reading all of it takes time.
    pub fn is_large(&self) -> bool {
        matches!(self.input, Input::Disk(_))
    }

    /// Whether the root group has the form that this engine writes. Most foreign files are declined
    /// sooner or later.
    pub fn is_own(&self) -> bool {
        // The C library writes four bytes of length only for headers of more than 64 KiB.
        self.input.bytes(self.root, 6).is_ok_and(|root| *root == *b"OHDR\x02\x02")
    }

    fn charge(&self, bytes: usize) -> Result<()> {
        let left =
            self.budget.get().checked_sub(bytes as u64 + 1).ok_or_else(|| self.too_much())?;
        self.budget.set(left);
        Ok(())
    }

    /// Pays for so many bytes of data in memory.
    fn charge_data(&self, data: &Data<'_>, bytes: usize) -> Result<()> {
        let left = self.memory.get().checked_sub(bytes as u64).ok_or_else(|| self.too_much())?;
        self.memory.set(left);
        self.charge(data.cost(bytes))
    }

    #[cold]
    fn too_much(&self) -> Error {
        let own = self.input.len().saturating_mul(BUDGET);
        match self.limits {
            Some(limits) if limits.bytes < own || self.memory.get() < limits.bytes => {
                Error::new(ErrorKind::Limit(format!("more than {} bytes are read", limits.bytes)))
                    .with_help("`ReadOptions::max_bytes` raises the limit")
            }
            _ => ErrorKind::Limit(
                "far more is read than the file holds: its links multiply objects".into(),
            )
            .into(),
        }
    }

    /// Notes errors that tell of something outside of the subset.
    pub(super) fn noted<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && matches!(error.kind(), ErrorKind::Unsupported(_))
        {
            self.declined.set(true);
        }
        result
    }

    /// An object that is met: its checksum is verified here, and nowhere else.
    pub(super) fn open(&self, address: u64) -> Result<Handle> {
        let objects = self.objects.get().checked_sub(1).ok_or_else(|| {
            let most = self.limits.map_or(0, |limits| limits.objects);
            Error::new(ErrorKind::Limit(format!("more than {most} objects are opened")))
                .with_help("`ReadOptions::max_objects` raises the limit")
        })?;
        self.objects.set(objects);
        let header = Header::at(&self.input, address, true)?;
        self.charge(header.size)?;
        let parsed = Parsed::new(header, &self.input, &|bytes| self.charge(bytes))?;
        let handle = Handle { id: address, kind: parsed.kind, bare: !parsed.attributes };
        *self.last.borrow_mut() = (address, parsed);
        Ok(handle)
    }

    /// Looks at what the messages of an object tell.
    #[inline]
    fn parsed<R>(&self, object: Handle, look: impl FnOnce(&Parsed<'b>) -> R) -> Result<R> {
        let last = self.last.borrow();
        if last.0 == object.id {
            return Ok(look(&last.1));
        }
        drop(last);
        Ok(look(&Parsed::new(self.header(object)?, &self.input, &|bytes| self.charge(bytes))?))
    }

    /// The first block of an object's header, which mostly is all of it.
    fn header(&self, object: Handle) -> Result<Header<'b>> {
        let header = Header::at(&self.input, object.id, false)?;
        if header.old {
            // Its messages were copied.
            self.charge(header.size)?;
        }
        Ok(header)
    }
}

impl Source for NativeSource<'_> {
    fn root(&self) -> Result<Handle> {
        self.noted(self.open(self.root))
    }

    fn child(&self, group: Handle, name: &str) -> Result<Option<Handle>> {
        let found = self.find(group, name);
        self.noted(found.and_then(|address| address.map(|address| self.open(address)).transpose()))
    }

    fn children(&self, group: Handle) -> Result<Vec<String>> {
        let names = || {
            let links = self.links(group)?;
            self.charge(links.len())?;
            let mut names = links.names()?;
            names.retain(|name| !is_passing(name));
            Ok(names)
        };
        self.noted(names())
    }

    fn count(&self, group: Handle) -> Result<usize> {
        let count = || {
            if let Some(links) = self.indexed(group) {
                return Ok(links.len());
            }
            let charge = |bytes| self.charge(bytes);
            let header = self.header(group)?.joined(&self.input, &charge)?;
            Ok(links::count(&header, &self.input, &charge)? as usize)
        };
        self.noted(count())
    }

    fn is_ordered(&self, group: Handle) -> Result<bool> {
        let header = self.header(group)?;
        let mut messages = header.messages();
        while let Some((kind, body)) = messages.next()? {
            if kind == message::LINK_INFO {
                return Ok(uint(body, 1, 1)? & 1 != 0);
            }
        }
        Ok(false)
    }

    /// Links that are not hard are read, and left to the other engine to follow.
    fn link(&self, group: Handle, name: &str) -> Result<Option<OtherLink>> {
        self.noted(self.links(group).and_then(|links| links.target(name)))
    }

    fn stored_type(&self, handle: Handle, dtype: Option<&Dtype>) -> Result<Option<StoredType>> {
        let stored = || {
            let message = self.type_message(handle)?;
            let element = decoded(&message)?;
            if element.usual && dtype.is_some_and(|dtype| !dtype.has_reference()) {
                return Ok(None);
            }
            // The head of an encoded type in libhdf5.
            let mut encoded = vec![message::DATATYPE, 0];
            encoded.extend_from_slice(
                &element::encoded(&message).ok_or_else(|| unknown("a datatype of this kind"))?,
            );
            Ok(Some(StoredType(encoded.into())))
        };
        self.noted(stored())
    }

    fn read_unusual(&self, _: Handle) -> Result<Unusual> {
        self.noted(Err(unknown("elements of this type")))
    }

    fn attribute(&self, object: Handle, name: &str) -> Result<Option<Handle>> {
        if object.bare {
            return Ok(None);
        }
        let mut found = None;
        let walked = self.attribute_messages(object, |candidate, body| {
            let same = candidate == name.as_bytes();
            if same {
                let mut attributes = self.attributes.borrow_mut();
                attributes.push(body);
                let id = (attributes.len() as u64 - 1) | ATTRIBUTE;
                found = Some(Handle { id, kind: ObjectKind::Attribute, bare: true });
            }
            same
        });
        self.noted(walked.map(|()| found))
    }

    fn attributes(&self, object: Handle) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let walked = self.attribute_messages(object, |name, _| {
            names.push(String::from_utf8_lossy(name).into_owned());
            false
        });
        self.noted(walked)?;
        names.sort();
        Ok(names)
    }

    fn identity(&self, object: Handle) -> Result<Option<String>> {
        // The handle of an object is its address.
        Ok(Some(object.id.to_string()))
    }

    fn loaded(&self) -> Option<&LoadedOwners> {
        Some(&self.loaded)
    }

    fn links(&self, object: Handle) -> Result<(ObjectIdentity, u64)> {
        let header = self.header(object)?.joined(&self.input, &|bytes| self.charge(bytes))?;
        let mut messages = header.messages();
        while let Some((kind, body)) = self.noted(messages.next())? {
            if kind == message::LINK_COUNT {
                return Ok((ObjectIdentity::Address(object.id), uint(body, 1, 4)?));
            }
        }
        Ok((ObjectIdentity::Address(object.id), 1))
    }

    fn target(&self, _: Handle, reference: &[u8]) -> Result<Option<Handle>> {
        match uint(reference, 0, 8)? {
            // Zeros are a null reference, and an undefined address is no reference of any program.
            0 => Ok(None),
            UNDEFINED => Err(ErrorKind::Dangling("a reference to a missing object".into()).into()),
            address => self.noted(self.open(address).map(Some)),
        }
    }

    fn describe(&self, handle: Handle) -> Result<Description> {
        if handle.kind == ObjectKind::Other {
            let element = self.type_message(handle).and_then(|message| decoded(&message));
            let dtype = self.noted(element)?.dtype;
            return Ok(Description { dtype, shape: Vec::new(), null: true });
        }
        self.noted(self.data(handle).map(|data| data.description))
    }

    fn allocation(&self, dataset: Handle) -> Result<Allocation> {
        let data = self.noted(self.data(dataset))?;
        self.noted(data.allocation(&self.input, &|bytes| self.charge(bytes)))
    }

    fn read(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        let data = self.noted(self.data(handle))?;
        if data.description.dtype != *dtype || data.size != out.len() || *dtype == Dtype::VarStr {
            return Err(ErrorKind::Contract("a buffer that does not fit the data".into()).into());
        }
        self.charge_data(&data, out.len())?;
        self.noted(data.read(&self.input, &|bytes| self.charge(bytes), out))
    }

    fn afford(&self, handle: Handle, bytes: usize) -> Result<()> {
        if bytes as u64 <= self.input.len() {
            return Ok(());
        }
        let data = self.noted(self.data(handle))?;
        if bytes as u64 > self.memory.get() {
            return Err(self.too_much());
        }
        match data.cost(bytes) as u64 > self.budget.get() {
            // The other engine reads it, if it may.
            true => self.noted(Err(unknown("far more data than the file has"))),
            false => Ok(()),
        }
    }

    fn read_slab(
        &self,
        dataset: Handle,
        dtype: &Dtype,
        slab: &Slab,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<()> {
        let data = self.noted(self.data(dataset))?;
        slab.check(&data.description.shape)?;
        let wanted = elements(&slab.shape()).and_then(|n| n.checked_mul(dtype.size()));
        if data.description.dtype != *dtype || wanted != Some(out.len()) || *dtype == Dtype::VarStr
        {
            return Err(ErrorKind::Contract("a buffer that does not fit the data".into()).into());
        }
        self.charge_data(&data, out.len())?;
        self.noted(data.read_slab(&self.input, &|bytes| self.charge(bytes), slab, out))
    }

    #[inline]
    fn scalar(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<bool> {
        let read = self.compact_scalar(handle, |message, bytes| {
            let fits = bytes.len() == out.len() && datatype::is(message, dtype);
            if fits {
                copy(&bytes, out);
            }
            fits
        })?;
        self.charge(out.len())?;
        Ok(read == Some(true))
    }

    #[inline]
    fn scalar_text(&self, handle: Handle) -> Result<Option<&[u8]>> {
        let text = self.compact_scalar(handle, |message, bytes| match bytes {
            Bytes::Borrowed(bytes) if datatype::text_size(message) == Some(bytes.len()) => {
                Some(bytes)
            }
            _ => None,
        })?;
        self.charge(text.flatten().map_or(0, <[u8]>::len))?;
        Ok(text.flatten())
    }

    fn at_hand(&self, handle: Handle) -> Result<Option<&[u8]>> {
        let data = self.noted(self.data(handle))?;
        let bytes = data.at_hand(&self.input)?;
        self.charge(bytes.map_or(0, <[u8]>::len))?;
        Ok(bytes)
    }

    fn read_text(&self, handle: Handle, member: &[String]) -> Result<Texts> {
        let data = self.noted(self.data(handle))?;
        self.charge_data(&data, data.size)?;
        let bytes = self.noted(data.bytes(&self.input, &|bytes| self.charge(bytes)))?;
        self.texts(&bytes, &data.description.dtype, member)
    }

    fn read_text_slab(&self, dataset: Handle, member: &[String], slab: &Slab) -> Result<Texts> {
        let data = self.noted(self.data(dataset))?;
        let Description { dtype, shape, .. } = &data.description;
        slab.check(shape)?;
        // The elements as they lie in the file: references stand for their texts.
        let mut shape = slab.shape();
        shape.push(dtype.stored_size() as u64);
        let part = Description { dtype: Dtype::U8, shape, null: false };
        self.charge_data(&data, part.elements().unwrap_or(usize::MAX))?;
        let bytes: Vec<u8> = fill_vec(&part, |out| {
            self.noted(data.read_slab(&self.input, &|bytes| self.charge(bytes), slab, out))
        })?;
        self.texts(&bytes, dtype, member)
    }

    fn region(&self, _: Handle, _: &[u8]) -> Result<Option<(Description, Gathered)>> {
        self.noted(Err(unknown("a reference to a region")))
    }

    fn sequences(&self, _: Handle) -> Result<(Gathered, Vec<usize>)> {
        self.noted(Err(unknown("sequences of variable length")))
    }

    fn again(&self, object: Handle) -> Result<Handle> {
        Ok(object)
    }

    fn keep(&self, object: Handle) -> Result<Option<Arc<dyn Kept>>> {
        if object.id & ATTRIBUTE != 0 {
            return Ok(None);
        }
        let origin = match self.origin.get() {
            Some(origin) => origin.clone(),
            None => {
                let path = self.path.map(Path::to_path_buf);
                let origin = match (&self.input, self.store) {
                    (_, Some(store)) => Origin::Store(store.clone(), store.size()?),
                    (Input::Memory(bytes), None) => Origin::Memory(bytes.to_vec(), path),
                    (Input::Disk(disk), None) => Origin::Disk(Opened::new(
                        disk.file()?,
                        path.unwrap_or_default(),
                        self.opened,
                    )?),
                };
                self.origin.get_or_init(|| Arc::new(origin)).clone()
            }
        };
        Ok(Some(Arc::new(NativeKept { origin, address: object.id, limits: self.limits })))
    }

    fn release(&self, handle: Handle) {
        if handle.id & ATTRIBUTE == 0 {
            return;
        }
        let mut attributes = self.attributes.borrow_mut();
        if let Some(open) = attributes.get_mut((handle.id & !ATTRIBUTE) as usize) {
            *open = Bytes::default();
        }
        // Most are given back in the reverse order of opening them.
        while attributes.last().is_some_and(|last| last.is_empty()) {
            attributes.pop();
        }
    }
}
