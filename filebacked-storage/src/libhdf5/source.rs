//! Reading through the library.

use super::chunks::Direct;
use super::content;
use super::data::{Data, Memory, allocation, put_in_order};
use super::filetype::{describe, is_usual_text};
use super::filters::register;
use super::id::{Id, check, is_link_name, with_link_name, with_name};
use super::kept::LibKept;
use super::links;
use super::members::{identity, identity_and_links};
use super::names::{attributes, children, count, is_ordered};
use super::refer::{broken, region, target};
use super::sequences::sequences;
use super::stack::last_error;
use super::strings::read_text;
use super::types::Types;
use super::watch::{known, unchanged};
use crate::error::{Error, ErrorKind, Result};
use crate::owners::{LoadedOwners, ObjectIdentity};
use crate::{
    Allocation, Description, Dtype, Gathered, Handle, Kept, Link, ObjectKind, Slab, Source,
    StoredType, Texts, Unusual, elements,
};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5a::{H5Aexists, H5Aopen};
use hdf5_metno_sys::h5i::H5I_type_t::{H5I_ATTR, H5I_DATASET, H5I_FILE, H5I_GROUP};
use hdf5_metno_sys::h5i::{H5Iget_type, H5Iinc_ref, hid_t};
use hdf5_metno_sys::h5l::H5Lexists;
use hdf5_metno_sys::h5o::H5Oopen;
use hdf5_metno_sys::h5p::H5P_DEFAULT;
use hdf5_metno_sys::h5t::H5Tequal;
use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex, PoisonError};

/// Buffers up to this size are cleared without asking whether the dataset fills them.
const CLEARED: usize = 32 << 10;

/// Reads below a group of an open file. A handle is the identifier of an open object.
#[derive(Debug)]
pub struct LibSource {
    root: Id,
    /// Locked only while HDF5's lock is held.
    types: Mutex<Types>,
    loaded: LoadedOwners,
}

impl LibSource {
    /// Reads members of this group.
    pub fn new(root: Id) -> Result<Self> {
        register();
        Ok(LibSource {
            root,
            types: Mutex::new(sync(Types::new)?),
            loaded: LoadedOwners::default(),
        })
    }

    /// Reads members of this group, whose file must be what it was when it was opened.
    pub fn over<R>(group: &Id, look: impl FnOnce(&LibSource) -> Result<R>) -> Result<R> {
        unchanged(known(group).as_ref(), group, |group| look(&LibSource::new(group.clone())?))
    }

    /// The handle of an object that is open already.
    pub fn adopt(&self, object: Id) -> Result<Handle> {
        let kind = sync(|| kind(&object))?;
        Ok(handle(object, kind))
    }

    /// Reads all elements of a dataset or an attribute, or gives back how to do it without the
    /// library. The lock is held.
    fn read_as(
        &self,
        data: Data,
        dtype: &Dtype,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<Option<Direct>> {
        let n = data.elements()?;
        if n.checked_mul(dtype.size()) != Some(out.len()) {
            let what = format!("a buffer of {} bytes for {n} elements of {dtype}", out.len());
            return Err(ErrorKind::Contract(what).into());
        }
        if n == 0 {
            return Ok(None);
        }
        let mut types = self.types.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = data.dtype()?;
        let memory = Memory::of(&mut types, &stored, dtype)?;
        if let Some(direct) = data.direct(&stored, memory.raw(), None, dtype.size())? {
            return Ok(Some(direct));
        }
        if out.len() <= CLEARED || !data.is_filled() {
            out.fill(MaybeUninit::new(0));
        }
        // SAFETY: the buffer has the size of all elements in the type in memory, both of which were
        // checked.
        unsafe { data.read(memory.raw(), H5P_DEFAULT, out.as_mut_ptr().cast())? };
        put_in_order(&stored, dtype, out)?;
        Ok(None)
    }

    /// Reads a part of a dataset, or gives back how to do it without the library. The lock is held.
    fn read_part(
        &self,
        data: Data,
        dtype: &Dtype,
        slab: &Slab,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<Option<Direct>> {
        slab.check(&data.extent()?.0)?;
        let shape = slab.shape();
        if elements(&shape).and_then(|n| n.checked_mul(dtype.size())) != Some(out.len()) {
            return Err(ErrorKind::Contract("a buffer that does not fit the data".into()).into());
        }
        if out.is_empty() {
            return Ok(None);
        }
        let mut types = self.types.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = data.dtype()?;
        let memory = Memory::of(&mut types, &stored, dtype)?;
        if let Some(direct) = data.direct(&stored, memory.raw(), Some(slab), dtype.size())? {
            return Ok(Some(direct));
        }
        if !data.is_filled() {
            out.fill(MaybeUninit::new(0));
        }
        // SAFETY: the buffer has the size of the selection in the type in memory, both of which
        // were checked.
        unsafe { data.read_part(memory.raw(), slab, H5P_DEFAULT, out.as_mut_ptr().cast())? };
        put_in_order(&stored, dtype, out)?;
        Ok(None)
    }
}

/// Gives an identifier away as a handle.
fn handle(id: Id, kind: ObjectKind) -> Handle {
    Handle { id: id.into_raw() as u64, kind, bare: kind == ObjectKind::Attribute }
}

/// The kind of object of an identifier. The lock is held.
pub(super) fn kind(id: &Id) -> Result<ObjectKind> {
    // SAFETY: an identifier that is not open is answered with an error.
    let kind = unsafe { H5Iget_type(id.raw()) };
    Ok(match kind {
        H5I_GROUP | H5I_FILE => ObjectKind::Group,
        H5I_DATASET => ObjectKind::Dataset,
        H5I_ATTR => ObjectKind::Attribute,
        kind if (kind as i32) < 0 => return Err(last_error()),
        _ => ObjectKind::Other,
    })
}

impl Source for LibSource {
    fn root(&self) -> Result<Handle> {
        Ok(handle(self.root.clone(), ObjectKind::Group))
    }

    fn child(&self, group: Handle, name: &str) -> Result<Option<Handle>> {
        if !is_link_name(name) {
            return Ok(None);
        }
        let group = group.id as hid_t;
        sync(|| {
            // SAFETY: the handle is open until it is released, the name ends in NUL.
            with_name(name, |name| unsafe {
                match H5Lexists(group, name, H5P_DEFAULT) {
                    0 => return Ok(None),
                    found if found > 0 => {}
                    _ => {
                        // Taken at once: every other call clears the stack.
                        let error = last_error();
                        let is_group = matches!(H5Iget_type(group), H5I_GROUP | H5I_FILE);
                        return Err(if is_group {
                            error
                        } else {
                            Error::mismatch("a group", "another kind of object")
                        });
                    }
                }
                let member = Id::own(H5Oopen(group, name, H5P_DEFAULT))
                    .map_err(|error| broken(group, name, error))?;
                let kind = kind(&member)?;
                Ok(Some(handle(member, kind)))
            })
        })
    }

    fn children(&self, group: Handle) -> Result<Vec<String>> {
        sync(|| children(group.id as hid_t))
    }

    fn count(&self, group: Handle) -> Result<usize> {
        sync(|| count(group.id as hid_t))
    }

    fn is_ordered(&self, group: Handle) -> Result<bool> {
        sync(|| is_ordered(group.id as hid_t))
    }

    fn link(&self, group: Handle, name: &str) -> Result<Option<Link>> {
        sync(|| {
            let group = group.id as hid_t;
            // SAFETY: the group is open, the name ends in NUL.
            let found =
                with_link_name(name, |name| unsafe { check(H5Lexists(group, name, H5P_DEFAULT)) })?;
            if found > 0 { links::read(group, name) } else { Ok(None) }
        })
    }

    fn stored_type(&self, handle: Handle, dtype: Option<&Dtype>) -> Result<Option<StoredType>> {
        sync(|| {
            let Some(dtype) = dtype else { return content::encode(handle.id as hid_t).map(Some) };
            let stored = Data::of(handle)?.dtype()?;
            // HDF5 takes strings of variable length for equal whatever their character set is.
            if *dtype == Dtype::VarStr && !is_usual_text(stored.raw())? {
                return content::encode(stored.raw()).map(Some);
            }
            if !matches!(dtype, Dtype::Other(..)) {
                let mut types = self.types.lock().unwrap_or_else(PoisonError::into_inner);
                // A type that cannot be made is one that the file has in another way.
                if let Ok(usual) = types.get(dtype)
                    // SAFETY: both types are open.
                    && check(unsafe { H5Tequal(stored.raw(), usual) })? > 0
                {
                    return Ok(None);
                }
            }
            content::encode(stored.raw()).map(Some)
        })
    }

    fn read_unusual(&self, handle: Handle) -> Result<Unusual> {
        sync(|| content::read_unusual(Data::of(handle)?, handle.id as hid_t))
    }

    fn attribute(&self, object: Handle, name: &str) -> Result<Option<Handle>> {
        if name.is_empty() || name.contains('\0') {
            return Ok(None);
        }
        let object = object.id as hid_t;
        sync(|| {
            // SAFETY: the handle is open until it is released, the name ends in NUL.
            with_name(name, |name| unsafe {
                if check(H5Aexists(object, name))? == 0 {
                    return Ok(None);
                }
                Ok(Some(handle(
                    Id::own(H5Aopen(object, name, H5P_DEFAULT))?,
                    ObjectKind::Attribute,
                )))
            })
        })
    }

    fn attributes(&self, object: Handle) -> Result<Vec<String>> {
        sync(|| attributes(object.id as hid_t))
    }

    fn identity(&self, object: Handle) -> Result<Option<String>> {
        Ok(sync(|| identity(object.id as hid_t)))
    }

    fn loaded(&self) -> Option<&LoadedOwners> {
        Some(&self.loaded)
    }

    fn links(&self, object: Handle) -> Result<(ObjectIdentity, u64)> {
        let (words, links) = sync(|| identity_and_links(object.id as hid_t))?;
        Ok((ObjectIdentity::Words(words), links))
    }

    fn describe(&self, handle: Handle) -> Result<Description> {
        sync(|| {
            if handle.kind == ObjectKind::Other {
                return Ok(Description {
                    dtype: describe(handle.id as hid_t)?,
                    shape: Vec::new(),
                    null: true,
                });
            }
            let data = Data::of(handle)?;
            let (shape, null) = data.extent()?;
            Ok(Description { dtype: describe(data.dtype()?.raw())?, shape, null })
        })
    }

    fn allocation(&self, dataset: Handle) -> Result<Allocation> {
        sync(|| match Data::of(dataset)? {
            Data::Dataset(id) => allocation(id),
            Data::Attribute(_) => {
                Err(ErrorKind::Contract("the layout of an attribute".into()).into())
            }
        })
    }

    fn read(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        match sync(|| self.read_as(Data::of(handle)?, dtype, out))? {
            Some(direct) => direct.read(out),
            None => Ok(()),
        }
    }

    fn read_slab(
        &self,
        dataset: Handle,
        dtype: &Dtype,
        slab: &Slab,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<()> {
        match sync(|| self.read_part(Data::of(dataset)?, dtype, slab, out))? {
            Some(direct) => direct.read(out),
            None => Ok(()),
        }
    }

    fn read_text(&self, handle: Handle, member: &[String]) -> Result<Texts> {
        sync(|| read_text(Data::of(handle)?, member, None))
    }

    fn read_text_slab(&self, dataset: Handle, member: &[String], slab: &Slab) -> Result<Texts> {
        sync(|| read_text(Data::of(dataset)?, member, Some(slab)))
    }

    fn target(&self, at: Handle, reference: &[u8]) -> Result<Option<Handle>> {
        sync(|| match target(at.id as hid_t, reference)? {
            Some(object) => {
                let kind = kind(&object)?;
                Ok(Some(handle(object, kind)))
            }
            None => Ok(None),
        })
    }

    fn region(&self, at: Handle, reference: &[u8]) -> Result<Option<(Description, Gathered)>> {
        sync(|| region(at.id as hid_t, reference))
    }

    fn sequences(&self, handle: Handle) -> Result<(Gathered, Vec<usize>)> {
        sync(|| sequences(Data::of(handle)?))
    }

    fn again(&self, object: Handle) -> Result<Handle> {
        // SAFETY: the handle is open; the reference that is added belongs to the new one.
        sync(|| unsafe { check(H5Iinc_ref(object.id as hid_t)) })?;
        Ok(object)
    }

    fn alone(&self, act: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        sync(act)
    }

    fn is_written_by_others(&self) -> bool {
        // Unknown cases count as no.
        super::changes::has_writer(&self.root).unwrap_or(true)
    }

    fn keep(&self, object: Handle) -> Result<Option<Arc<dyn Kept>>> {
        // SAFETY: the handle is open until it is released; the reference that is added is the new
        // identifier's.
        let id = sync(|| unsafe {
            H5Iinc_ref(object.id as hid_t);
            Id::own(object.id as hid_t)
        })?;
        Ok(Some(Arc::new(LibKept::new(id, object.kind))))
    }

    fn release(&self, handle: Handle) {
        // SAFETY: the handle owns the reference that is given back.
        drop(sync(|| unsafe { Id::own(handle.id as hid_t) }));
    }
}
