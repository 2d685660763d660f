//! Reading through the library.

use super::chunks::{Direct, direct};
use super::content;
use super::filetype::{
    describe, is_nul_padded, is_swapped_time, is_unconverted, is_usual_text, memory_type,
    size_of_type,
};
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
use crate::codec::filter_name;
use crate::error::{Error, ErrorKind, Result};
use crate::owners::{LoadedOwners, ObjectIdentity};
use crate::{
    Allocation, Description, Dtype, Gathered, Handle, Kept, Link, ObjectKind, Slab, Source, Span,
    StoredType, Texts, Unusual, elements,
};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5::HADDR_UNDEF;
use hdf5_metno_sys::h5a::{H5Aexists, H5Aget_space, H5Aget_type, H5Aopen, H5Aread};
use hdf5_metno_sys::h5d::H5D_layout_t::{H5D_CHUNKED, H5D_COMPACT, H5D_CONTIGUOUS};
use hdf5_metno_sys::h5d::H5D_space_status_t::{
    self, H5D_SPACE_STATUS_ALLOCATED, H5D_SPACE_STATUS_NOT_ALLOCATED,
};
use hdf5_metno_sys::h5d::{
    H5Dget_create_plist, H5Dget_offset, H5Dget_space, H5Dget_space_status, H5Dget_storage_size,
    H5Dget_type, H5Dread,
};
use hdf5_metno_sys::h5i::H5I_type_t::{H5I_ATTR, H5I_DATASET, H5I_FILE, H5I_GROUP};
use hdf5_metno_sys::h5i::{H5Iget_type, H5Iinc_ref, hid_t};
use hdf5_metno_sys::h5l::H5Lexists;
use hdf5_metno_sys::h5o::H5Oopen;
use hdf5_metno_sys::h5p::{
    H5P_DEFAULT, H5Pget_chunk, H5Pget_filter2, H5Pget_layout, H5Pget_nfilters,
};
use hdf5_metno_sys::h5s::H5S_class_t::H5S_NULL;
use hdf5_metno_sys::h5s::H5S_seloper_t::H5S_SELECT_SET;
use hdf5_metno_sys::h5s::{
    H5S_ALL, H5S_MAX_RANK, H5Screate_simple, H5Sget_simple_extent_dims,
    H5Sget_simple_extent_npoints, H5Sget_simple_extent_type, H5Sselect_hyperslab,
};
use hdf5_metno_sys::h5t::H5T_class_t::{H5T_REFERENCE, H5T_VLEN};
use hdf5_metno_sys::h5t::{H5Tdetect_class, H5Tequal};
use std::ffi::{CStr, c_void};
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

/// A dataset or an attribute, with the identifier that its handle stands for.
#[derive(Clone, Copy)]
pub(super) enum Data {
    Dataset(hid_t),
    Attribute(hid_t),
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

/// The type that elements have in memory.
pub(super) enum Memory {
    /// One that is made once.
    Shared(hid_t),
    Owned(Id),
}

impl Memory {
    pub(super) fn raw(&self) -> hid_t {
        match self {
            Memory::Shared(id) => *id,
            Memory::Owned(id) => id.raw(),
        }
    }

    /// The type for what is stored as one type and was described as `dtype`. The lock is held.
    pub(super) fn of(types: &mut Types, stored: &Id, dtype: &Dtype) -> Result<Self> {
        let memory = match dtype {
            Dtype::Int(_) if is_unconverted(stored.raw())? => {
                Memory::Owned(memory_type(stored.raw())?)
            }
            Dtype::Int(_) | Dtype::F16 | Dtype::Bf16 | Dtype::F32 | Dtype::F64 => {
                Memory::Shared(types.get(dtype)?)
            }
            Dtype::VarStr | Dtype::Sequence(_) | Dtype::Other(..) => {
                return Err(ErrorKind::Unsupported(format!(
                    "data of type {dtype} cannot be read as bytes"
                ))
                .into());
            }
            // These depend on the type in the file: the bytes come out as they are, or are put in
            // another order.
            Dtype::FixedStr(_) if is_nul_padded(stored.raw())? => Memory::Owned(stored.clone()),
            _ => Memory::Owned(memory_type(stored.raw())?),
        };
        if size_of_type(memory.raw())? != dtype.size() {
            return Err(Error::mismatch(dtype.to_string(), describe(stored.raw())?.to_string()));
        }
        Ok(memory)
    }
}

/// Turns around the bytes of what the library leaves in the other byte order. The lock is held.
fn put_in_order(stored: &Id, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()> {
    if matches!(dtype, Dtype::Int(_)) && is_swapped_time(stored.raw())? {
        out.chunks_exact_mut(dtype.size()).for_each(<[_]>::reverse);
    }
    Ok(())
}

/// Selects a part of a dataspace. The lock is held.
pub(super) fn select(space: &Id, slab: &Slab) -> Result<()> {
    if slab.dims.is_empty() {
        return Ok(());
    }
    let [start, step, count] =
        [|span: &Span| span.start, |span: &Span| span.step, |span: &Span| span.count]
            .map(|part| slab.dims.iter().map(part).collect::<Vec<u64>>());
    // SAFETY: the dataspace is open, and has as many dimensions as the selection, which was
    // checked.
    check(unsafe {
        H5Sselect_hyperslab(
            space.raw(),
            H5S_SELECT_SET,
            start.as_ptr(),
            step.as_ptr(),
            count.as_ptr(),
            std::ptr::null(),
        )
    })
    .map(drop)
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

/// The meaning of a handle; every method expects the lock to be held.
impl Data {
    pub(super) fn of(handle: Handle) -> Result<Data> {
        let id = handle.id as hid_t;
        // SAFETY: an identifier that is not open is answered with an error.
        match unsafe { H5Iget_type(id) } {
            H5I_DATASET => Ok(Data::Dataset(id)),
            H5I_ATTR => Ok(Data::Attribute(id)),
            kind if (kind as i32) < 0 => Err(last_error()),
            H5I_GROUP | H5I_FILE => Err(Error::mismatch("a dataset", "a group")),
            _ => Err(Error::mismatch("a dataset", "another kind of object")),
        }
    }

    pub(super) fn dtype(self) -> Result<Id> {
        // SAFETY: the object is open; the new identifier has no other owner.
        unsafe {
            match self {
                Data::Dataset(id) => Id::own(H5Dget_type(id)),
                Data::Attribute(id) => Id::own(H5Aget_type(id)),
            }
        }
    }

    pub(super) fn space(self) -> Result<Id> {
        // SAFETY: the object is open; the new identifier has no other owner.
        unsafe {
            match self {
                Data::Dataset(id) => Id::own(H5Dget_space(id)),
                Data::Attribute(id) => Id::own(H5Aget_space(id)),
            }
        }
    }

    /// The shape, and whether the dataspace is a null one.
    pub(super) fn extent(self) -> Result<(Vec<u64>, bool)> {
        let space = self.space()?;
        let mut dims = [0u64; H5S_MAX_RANK as usize];
        // SAFETY: the dataspace is open and the array has room for the highest rank.
        unsafe {
            if H5Sget_simple_extent_type(space.raw()) == H5S_NULL {
                return Ok((Vec::new(), true));
            }
            let rank = check(H5Sget_simple_extent_dims(
                space.raw(),
                dims.as_mut_ptr(),
                std::ptr::null_mut(),
            ))?;
            Ok((dims.get(..rank.unsigned_abs() as usize).unwrap_or_default().to_vec(), false))
        }
    }

    /// The number of elements; none for a null dataspace.
    pub(super) fn elements(self) -> Result<usize> {
        let space = self.space()?;
        // SAFETY: the dataspace is open.
        let n = check(unsafe { H5Sget_simple_extent_npoints(space.raw()) })?;
        usize::try_from(n).map_err(|_| ErrorKind::Unsupported(format!("{n} elements")).into())
    }

    /// Whether a read is known to write the whole buffer: contiguous data that is there. HDF5
    /// leaves out parts that were never written where the dataset has no fill value.
    fn is_filled(self) -> bool {
        let Data::Dataset(id) = self else { return false };
        let mut status = H5D_SPACE_STATUS_NOT_ALLOCATED;
        // SAFETY: the dataset is open, the status is writable.
        unsafe {
            H5Dget_offset(id) != HADDR_UNDEF
                && H5Dget_space_status(id, (&raw mut status).cast::<H5D_space_status_t>()) >= 0
                && status == H5D_SPACE_STATUS_ALLOCATED
        }
    }

    /// How to read it or a part of it without the library, where that is possible and worthwhile.
    /// `memory` is the type that is asked for.
    fn direct(
        self,
        stored: &Id,
        memory: hid_t,
        part: Option<&Slab>,
        size: usize,
    ) -> Result<Option<Direct>> {
        let Data::Dataset(id) = self else { return Ok(None) };
        // SAFETY: both types are open.
        let same = unsafe {
            let references = H5Tdetect_class(memory, H5T_REFERENCE) != 0
                || H5Tdetect_class(memory, H5T_VLEN) != 0;
            H5Tequal(stored.raw(), memory) > 0 && !references
        };
        if !same {
            return Ok(None);
        }
        let shape = self.extent()?.0;
        match part {
            Some(part) => direct(id, &shape, part, size),
            None => direct(id, &shape, &Slab::whole(&shape), size),
        }
    }

    /// Reads all elements.
    ///
    /// # Safety
    ///
    /// `out` has room for all elements in the type `memory`.
    pub(super) unsafe fn read(
        self,
        memory: hid_t,
        transfer: hid_t,
        out: *mut c_void,
    ) -> Result<()> {
        // SAFETY: the object is open, the contract of this function.
        unsafe {
            match self {
                Data::Dataset(id) => check(H5Dread(id, memory, H5S_ALL, H5S_ALL, transfer, out))?,
                Data::Attribute(id) => check(H5Aread(id, memory, out))?,
            };
        }
        Ok(())
    }

    /// Reads a part of a dataset.
    ///
    /// # Safety
    ///
    /// `out` has room for all elements of the selection in the type `memory`.
    pub(super) unsafe fn read_part(
        self,
        memory: hid_t,
        slab: &Slab,
        transfer: hid_t,
        out: *mut c_void,
    ) -> Result<()> {
        let Data::Dataset(id) = self else {
            return Err(ErrorKind::Contract("a part of an attribute".into()).into());
        };
        slab.check(&self.extent()?.0)?;
        let (shape, file_space) = (slab.shape(), self.space()?);
        select(&file_space, slab)?;
        // SAFETY: everything is open, the contract of this function, and the spaces select equally
        // many elements.
        unsafe {
            let memory_space =
                Id::own(H5Screate_simple(shape.len() as i32, shape.as_ptr(), std::ptr::null()))?;
            check(H5Dread(id, memory, memory_space.raw(), file_space.raw(), transfer, out))
                .map(drop)
        }
    }
}

/// How a dataset lies in the file. The lock is held.
pub(super) fn allocation(id: hid_t) -> Result<Allocation> {
    let mut found = Allocation::default();
    // SAFETY: the dataset and its list are open; buffers are writable for the sizes that are
    // passed.
    unsafe {
        let list = Id::own(H5Dget_create_plist(id))?;
        found.bytes = H5Dget_storage_size(id);
        found.layout = match H5Pget_layout(list.raw()) {
            H5D_COMPACT => "compact",
            H5D_CONTIGUOUS => "contiguous",
            H5D_CHUNKED => "chunked",
            layout if (layout as i32) < 0 => return Err(last_error()),
            _ => "virtual",
        };
        if found.layout != "chunked" {
            return Ok(found);
        }
        let mut chunk = [0u64; H5S_MAX_RANK as usize];
        let rank = check(H5Pget_chunk(list.raw(), chunk.len() as i32, chunk.as_mut_ptr()))?;
        found.chunk = chunk.get(..rank.unsigned_abs() as usize).unwrap_or_default().to_vec();
        for i in 0..check(H5Pget_nfilters(list.raw()))?.unsigned_abs() {
            let (mut flags, mut values, mut config, mut name) = (0, 0, 0, [0u8; 64]);
            let (text, none) = (name.as_mut_ptr().cast(), std::ptr::null_mut());
            let filter = H5Pget_filter2(
                list.raw(),
                i,
                &mut flags,
                &mut values,
                none,
                name.len() - 1,
                text,
                &mut config,
            );
            found.filters.push(name_of_filter(check(filter)?, &name));
        }
    }
    Ok(found)
}

/// The name of a filter: the usual one, otherwise the one in the file, otherwise its number.
fn name_of_filter(filter: i32, name: &[u8]) -> String {
    match (filter_name(filter.unsigned_abs()), CStr::from_bytes_until_nul(name)) {
        (Some(usual), _) => usual.to_string(),
        (None, Ok(name)) if !name.is_empty() => name.to_string_lossy().into_owned(),
        _ => filter.to_string(),
    }
}
