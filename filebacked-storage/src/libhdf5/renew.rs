//! References to objects that others take the place of. A reference is an address: whoever moves an
//! object has to find them.

use super::compare::open_attribute;
use super::content;
use super::data::Data;
use super::edit::root_of;
use super::id::{Id, check};
use super::members::identity;
use super::memory::{MemoryKind, MemoryType};
use super::names;
use super::refer::{OBJECT, REGION, dereference};
use super::source::kind;
use super::stack::forget_error;
use super::walk::{Met, walk};
use crate::ObjectKind;
use crate::error::{Error, ErrorKind, Result};
use hdf5_metno::sync::sync;
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::h5r::{H5R_type_t, H5Rcreate, H5Rget_region};
use hdf5_metno_sys::h5t::H5T_class_t::H5T_REFERENCE;
use hdf5_metno_sys::h5t::{H5Tdetect_class, hvl_t};

/// The holders of references to some objects.
#[derive(Debug)]
pub struct References {
    holders: Vec<Holder>,
}

/// An object, or an attribute of it, with references among its elements.
#[derive(Debug)]
struct Holder {
    path: String,
    object: Id,
    attribute: Option<String>,
}

/// An object that another takes the place of.
struct Moved<'i> {
    old: &'i Id,
    new: &'i Id,
    identity: Option<String>,
    reference: [u8; 8],
}

/// Whether there are references in an object, or in what is below it.
pub(super) fn has_references(object: &Id) -> Result<bool> {
    sync(|| {
        let mut found = false;
        let mut look = |object: &Id| {
            for attribute in elements_of(object)? {
                let holder = Holder { path: String::new(), object: object.clone(), attribute };
                found |= !found && holder.has_references()?;
            }
            Ok::<_, Error>(())
        };
        match kind(object)? {
            ObjectKind::Group => walk(object, &mut |_, met| match met {
                Met::Object(object) => look(object),
                Met::Link | Met::Again(_) => Ok(()),
            })?,
            _ => look(object)?,
        }
        Ok(found)
    })
}

/// What of an object has elements: `None` for a dataset's own, and the names of attributes. The
/// lock is held.
fn elements_of(object: &Id) -> Result<impl Iterator<Item = Option<String>>> {
    let own = (kind(object)? == ObjectKind::Dataset).then_some(None);
    Ok(own.into_iter().chain(names::attributes(object.raw())?.into_iter().map(Some)))
}

impl References {
    /// Looks through the whole file for references to these objects, and to parts of them. Nothing
    /// is changed. `groups` are those of the objects that groups take the place of.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`], with the path of their holder, for references whose old or new
    /// target is unknown.
    pub fn to(objects: &[&Id], groups: &[&Id]) -> Result<References> {
        let Some(first) = objects.first().or(groups.first()) else {
            return Ok(References { holders: Vec::new() });
        };
        sync(|| {
            let (moved, parted) = (Moved::all(objects)?, Moved::all(groups)?);
            let mut holders = Vec::new();
            walk(&root_of(first)?, &mut |path, met| {
                let Met::Object(object) = met else { return Ok(()) };
                for attribute in elements_of(object)? {
                    let holder =
                        Holder { path: path.to_string(), object: object.clone(), attribute };
                    let mut found = false;
                    let looked = holder.visit(&mut |kind, reference| {
                        let no_regions = find(&parted, object, kind, reference)?.is_some();
                        if no_regions && kind != OBJECT {
                            let what = "a dataset cannot become a group while a reference points \
                                to a region of it";
                            return Err(ErrorKind::Unsupported(what.into()).into());
                        }
                        found |= no_regions || find(&moved, object, kind, reference)?.is_some();
                        Ok(false)
                    });
                    looked.map_err(|e| holder.named(e))?;
                    if found {
                        holders.push(holder);
                    }
                }
                Ok(())
            })?;
            Ok(References { holders })
        })
    }

    /// Lets the references lead to those objects that have taken the place of the old ones.
    pub fn renew(self, successors: &[(&Id, &Id)]) -> Result<()> {
        sync(|| {
            let moved = successors
                .iter()
                .map(|(old, new)| Moved::new(old, new))
                .collect::<Result<Vec<_>>>()?;
            for mut holder in self.holders {
                let is_old = identity(holder.object.raw());
                if let Some(moved) = moved.iter().find(|moved| moved.identity == is_old) {
                    holder.object = moved.new.clone();
                }
                let at = holder.object.clone();
                let renewed = holder.visit(&mut |kind, reference| match find(
                    &moved, &at, kind, reference,
                )? {
                    Some(moved) => moved.renew(kind, reference).map(|()| true),
                    None => Ok(false),
                });
                renewed.map_err(|e| holder.named(e).at(&holder.path))?;
            }
            Ok(())
        })
    }
}

impl<'i> Moved<'i> {
    /// Objects whose replacement is not known yet. The lock is held.
    fn all(objects: &[&'i Id]) -> Result<Vec<Self>> {
        objects.iter().map(|object| Moved::new(object, object)).collect()
    }

    /// The lock is held.
    fn new(old: &'i Id, new: &'i Id) -> Result<Self> {
        let mut reference = [0; 8];
        refer(old, OBJECT, -1, &mut reference)?;
        Ok(Moved { old, new, identity: identity(old.raw()), reference })
    }

    /// Lets a reference lead to the new object. The lock is held.
    fn renew(&self, kind: H5R_type_t, reference: &mut [u8]) -> Result<()> {
        if kind == OBJECT {
            return refer(self.new, OBJECT, -1, reference);
        }
        // SAFETY: the object is open, and the reference is one to a region; the new identifier has
        // no other owner.
        let selected =
            unsafe { Id::own(H5Rget_region(self.old.raw(), REGION, reference.as_ptr().cast()))? };
        refer(self.new, REGION, selected.raw(), reference)
    }
}

/// Makes a reference. The lock is held.
fn refer(object: &Id, kind: H5R_type_t, space: hid_t, out: &mut [u8]) -> Result<()> {
    let size = if kind == OBJECT { 8 } else { 12 };
    if out.len() != size {
        return Err(ErrorKind::Contract(format!("a reference of {} bytes", out.len())).into());
    }
    // SAFETY: the object and the dataspace, if there is one, are open; the name ends in NUL, and
    // there is room for a reference.
    check(unsafe { H5Rcreate(out.as_mut_ptr().cast(), object.raw(), c".".as_ptr(), kind, space) })
        .map(drop)
}

/// The object that a reference leads to, if it is one of those. The lock is held.
fn find<'m, 'i>(
    moved: &'m [Moved<'i>],
    at: &Id,
    kind: H5R_type_t,
    reference: &[u8],
) -> Result<Option<&'m Moved<'i>>> {
    if kind == OBJECT || reference.iter().all(|byte| *byte == 0) {
        return Ok(moved.iter().find(|moved| moved.reference == reference));
    }
    let Ok(target) = dereference(at.raw(), kind, reference) else {
        // One that leads nowhere leads to none of them.
        forget_error();
        return Ok(None);
    };
    let target = identity(target.raw());
    Ok(moved.iter().find(|moved| moved.identity == target))
}

impl Holder {
    fn named(&self, error: Error) -> Error {
        match &self.attribute {
            Some(name) => error.at(name),
            None => error,
        }
    }

    /// Does something with the elements. The lock is held.
    fn open<R>(&self, act: impl FnOnce(Data) -> Result<R>) -> Result<R> {
        let Some(name) = &self.attribute else { return act(Data::Dataset(self.object.raw())) };
        let attribute = open_attribute(self.object.raw(), name)?
            .ok_or_else(|| Error::new(ErrorKind::Missing))?;
        act(Data::Attribute(attribute.raw()))
    }

    /// Whether some part of the type is a reference. The lock is held.
    fn has_references(&self) -> Result<bool> {
        self.open(|data| {
            let stored = data.dtype()?;
            // SAFETY: the type is open.
            Ok(check(unsafe { H5Tdetect_class(stored.raw(), H5T_REFERENCE) })? > 0)
        })
    }

    /// Lets `see` look at each reference among the elements; they are written again where it says
    /// that it has changed some. The lock is held.
    fn visit(&self, see: &mut dyn FnMut(H5R_type_t, &mut [u8]) -> Result<bool>) -> Result<()> {
        if !self.has_references()? {
            return Ok(());
        }
        self.open(|data| {
            content::change(data, |part, elements| {
                let mut changed = false;
                let mut see = |kind, reference: &mut [u8]| {
                    changed |= see(kind, reference)?;
                    Ok(())
                };
                for element in elements.chunks_exact_mut(part.size.max(1)) {
                    // SAFETY: the library has filled the elements.
                    unsafe { part.references(element, &mut see)? };
                }
                Ok(changed)
            })
        })
    }
}

impl MemoryType {
    /// Lets `see` look at each reference in an element.
    ///
    /// # Safety
    ///
    /// The element has the size of the part and was filled by the library. The lock is held.
    unsafe fn references(
        &self,
        element: &mut [u8],
        see: &mut dyn FnMut(H5R_type_t, &mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let (part, all) = match &self.kind {
            MemoryKind::Flat(_) | MemoryKind::Text => return Ok(()),
            MemoryKind::Reference(kind) => return see(*kind, element),
            MemoryKind::Opaque => {
                let what = "an object cannot be moved in a file with references of HDF5 1.12 or \
                    later, which may point to it";
                return Err(ErrorKind::Unsupported(what.into()).into());
            }
            MemoryKind::Compound(members) => {
                return members.iter().try_for_each(|(_, offset, part)| {
                    let member = element.get_mut(*offset..*offset + part.size).unwrap_or_default();
                    // SAFETY: the contract of this function, for a part.
                    unsafe { part.references(member, see) }
                });
            }
            MemoryKind::Array(part, _) => (part, element),
            MemoryKind::Sequence(part) => {
                // SAFETY: the contract of this function: a sequence leads to as many elements as it
                // says, or nowhere.
                let all = unsafe {
                    let sequence = element.as_ptr().cast::<hvl_t>().read_unaligned();
                    if sequence.p.is_null() || sequence.len == 0 {
                        return Ok(());
                    }
                    std::slice::from_raw_parts_mut(
                        sequence.p.cast::<u8>(),
                        sequence.len.saturating_mul(part.size),
                    )
                };
                (part, all)
            }
        };
        // SAFETY: the contract of this function, for each element.
        all.chunks_exact_mut(part.size.max(1))
            .try_for_each(|element| unsafe { part.references(element, see) })
    }
}
