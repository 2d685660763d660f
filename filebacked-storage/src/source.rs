//! [`Source`]: the trait that an engine implements for reading.

use crate::{
    Allocation, Description, Dtype, ErrorKind, Gathered, Handle, Kept, Link, LoadedOwners,
    ObjectIdentity, Result, Slab, StoredType, Texts, Unusual,
};
use std::mem::MaybeUninit;
use std::sync::Arc;

/// The reading half of an engine. [`Source::root`], [`Source::child`] and [`Source::attribute`]
/// open handles; each handle goes back once to [`Source::release`].
pub trait Source {
    /// Opens the group that reading starts from.
    fn root(&self) -> Result<Handle>;

    /// Opens the member of a group, or returns `None` if no link has this name. Follows soft and
    /// external links.
    fn child(&self, group: Handle, name: &str) -> Result<Option<Handle>>;

    /// Returns the names of a group's members, in creation order if it is tracked, otherwise sorted
    /// by their bytes.
    fn children(&self, group: Handle) -> Result<Vec<String>>;

    /// Returns the number of a group's members.
    fn count(&self, group: Handle) -> Result<usize> {
        Ok(self.children(group)?.len())
    }

    /// Returns whether a group tracks the creation order of its members.
    fn is_ordered(&self, group: Handle) -> Result<bool>;

    /// Returns the soft or external link of this name; `None` for a hard link.
    fn link(&self, group: Handle, name: &str) -> Result<Option<Link>>;

    /// Returns the stored type of a dataset, attribute or committed datatype, if `dtype` does not
    /// describe it completely.
    fn stored_type(&self, handle: Handle, dtype: Option<&Dtype>) -> Result<Option<StoredType>>;

    /// Reads all elements of a dataset or attribute of a type that is [`Dtype::Other`].
    fn read_unusual(&self, handle: Handle) -> Result<Unusual>;

    /// Opens the attribute of an object, or returns `None`.
    fn attribute(&self, object: Handle, name: &str) -> Result<Option<Handle>>;

    /// Returns the names of an object's attributes, sorted by their bytes.
    fn attributes(&self, object: Handle) -> Result<Vec<String>>;

    /// Returns the identity of an object: handles of one object have the same. `None` if the engine
    /// cannot tell.
    fn identity(&self, object: Handle) -> Result<Option<String>>;

    /// The table of loaded values with several owners, if this source knows the identity of its
    /// objects.
    fn loaded(&self) -> Option<&LoadedOwners> {
        None
    }

    /// Returns the identity of an object, and the number of links to it.
    fn links(&self, object: Handle) -> Result<(ObjectIdentity, u64)> {
        let _ = object;
        Err(ErrorKind::Contract("the links of an object without an identity".into()).into())
    }

    /// Returns the datatype and shape of a dataset or attribute.
    fn describe(&self, handle: Handle) -> Result<Description>;

    /// Returns the storage of a dataset in the file.
    fn allocation(&self, dataset: Handle) -> Result<Allocation>;

    /// Reads all elements of a dataset or attribute as `dtype`, the type from [`Source::describe`].
    /// `out` has exactly their size. If this returns `Ok`, every byte of `out` is initialised. The
    /// bytes of members that are not plain ([`Dtype::is_plain`]) have no meaning.
    fn read(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()>;

    /// Refuses to read a dataset or attribute of so many bytes, before there is memory for them, if
    /// the file cannot justify them.
    fn afford(&self, handle: Handle, bytes: usize) -> Result<()> {
        let _ = (handle, bytes);
        Ok(())
    }

    /// Reads a part of a dataset, like [`Source::read`]. The selection is inside the dataset.
    fn read_slab(
        &self,
        dataset: Handle,
        dtype: &Dtype,
        slab: &Slab,
        out: &mut [MaybeUninit<u8>],
    ) -> Result<()> {
        let _ = (dataset, slab, out);
        Err(ErrorKind::Unsupported(format!("a part of data of type {dtype}")).into())
    }

    /// Reads all variable-length strings of a dataset or attribute: its elements, or the member of
    /// its elements at the given names. A null pointer is an empty text.
    fn read_text(&self, handle: Handle, member: &[String]) -> Result<Texts>;

    /// Reads a part of the variable-length strings of a dataset, like [`Source::read_text`].
    fn read_text_slab(&self, dataset: Handle, member: &[String], slab: &Slab) -> Result<Texts> {
        // Where the texts lie anywhere, there is nothing to gain from a part.
        slab.cut(&self.read_text(dataset, member)?, &self.describe(dataset)?.shape)
    }

    /// Returns the bytes of all elements in the form of [`Source::read`], for engines that have
    /// them in memory.
    fn at_hand(&self, handle: Handle) -> Result<Option<&[u8]>> {
        let _ = handle;
        Ok(None)
    }

    /// Reads a scalar of exactly this type in one step. Returns false, and reads nothing, for any
    /// other object.
    fn scalar(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<bool> {
        let _ = (handle, dtype, out);
        Ok(false)
    }

    /// Returns the padded bytes of a scalar fixed-length string, for engines that have them in
    /// memory.
    fn scalar_text(&self, handle: Handle) -> Result<Option<&[u8]>> {
        let _ = handle;
        Ok(None)
    }

    /// Opens another handle of an open object.
    fn again(&self, object: Handle) -> Result<Handle>;

    /// Opens the target of a reference that was read at this handle; `None` for a null reference.
    fn target(&self, at: Handle, reference: &[u8]) -> Result<Option<Handle>> {
        let _ = (at, reference);
        Err(ErrorKind::Unsupported("references".into()).into())
    }

    /// Returns the target region of a reference that was read at this handle; `None` for a null
    /// reference.
    fn region(&self, at: Handle, reference: &[u8]) -> Result<Option<(Description, Gathered)>> {
        let _ = (at, reference);
        Err(ErrorKind::Unsupported("references to regions".into()).into())
    }

    /// Reads sequences of variable length: the elements of all sequences, one after another, and
    /// the length of each.
    fn sequences(&self, handle: Handle) -> Result<(Gathered, Vec<usize>)> {
        let _ = handle;
        Err(ErrorKind::Unsupported("sequences of variable length".into()).into())
    }

    /// The name of the filter that transforms everything behind the engine, so that it does not do
    /// so twice.
    fn form(&self) -> Option<&'static str> {
        None
    }

    /// True if this crate wrote the node but it is read under foreign-file rules, so no filter is
    /// inferred.
    fn is_marked(&self) -> bool {
        false
    }

    /// Returns the source and handle that the elements of an object came from, where references
    /// among them are followed.
    fn origin(&self, handle: Handle) -> Option<(&dyn Source, Handle)> {
        let _ = handle;
        None
    }

    /// Calls a function while no other thread changes the file.
    fn alone(&self, act: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        act()
    }

    /// Returns whether another process writes to the file while it is read.
    fn is_written_by_others(&self) -> bool {
        false
    }

    /// Keeps an object open beyond the life of the source; `None` if that is impossible.
    fn keep(&self, object: Handle) -> Result<Option<Arc<dyn Kept>>> {
        let _ = object;
        Ok(None)
    }

    /// Releases a handle.
    fn release(&self, handle: Handle);
}
