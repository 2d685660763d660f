//! [`Source`]: what an engine implements to read.

use crate::{
    Allocation, Description, Dtype, ErrorKind, Gathered, Handle, Kept, Link, LoadedOwners,
    ObjectIdentity, Result, Slab, StoredType, Texts, Unusual,
};
use std::mem::MaybeUninit;
use std::sync::Arc;

/// What an engine implements to read. Handles are opened by [`Source::root`], [`Source::child`] and
/// [`Source::attribute`], and each is given back once to [`Source::release`].
pub trait Source {
    /// The group that reading starts from.
    fn root(&self) -> Result<Handle>;

    /// The member of a group, or `None` where there is no link of this name. Soft and external
    /// links are followed.
    fn child(&self, group: Handle, name: &str) -> Result<Option<Handle>>;

    /// The names of a group's members: in creation order where that is tracked, else sorted by
    /// their bytes.
    fn children(&self, group: Handle) -> Result<Vec<String>>;

    /// How many members a group has.
    fn count(&self, group: Handle) -> Result<usize> {
        Ok(self.children(group)?.len())
    }

    /// Whether the creation order of a group's members is tracked.
    fn is_ordered(&self, group: Handle) -> Result<bool>;

    /// Where a link of a group leads, if it is no hard one.
    fn link(&self, group: Handle, name: &str) -> Result<Option<Link>>;

    /// The type of a dataset, attribute or committed datatype as the file has it, where `dtype`
    /// does not say all of it.
    fn stored_type(&self, handle: Handle, dtype: Option<&Dtype>) -> Result<Option<StoredType>>;

    /// Reads all elements of a dataset or attribute of a type that is [`Dtype::Other`].
    fn read_unusual(&self, handle: Handle) -> Result<Unusual>;

    /// The attribute of an object, or `None`.
    fn attribute(&self, object: Handle, name: &str) -> Result<Option<Handle>>;

    /// The names of an object's attributes, sorted by their bytes.
    fn attributes(&self, object: Handle) -> Result<Vec<String>>;

    /// What tells the objects of a file from each other: two handles with the same one stand for
    /// the same object. `None` where the engine cannot tell.
    fn identity(&self, object: Handle) -> Result<Option<String>>;

    /// What was read of values that have several owners, where this source can tell its objects
    /// from each other.
    fn loaded(&self) -> Option<&LoadedOwners> {
        None
    }

    /// What tells an object from all others, and how many links lead to it.
    fn links(&self, object: Handle) -> Result<(ObjectIdentity, u64)> {
        let _ = object;
        Err(ErrorKind::Contract("the links of an object that cannot be told from others".into())
            .into())
    }

    /// Datatype and shape of a dataset or an attribute.
    fn describe(&self, handle: Handle) -> Result<Description>;

    /// How a dataset lies in the file.
    fn allocation(&self, dataset: Handle) -> Result<Allocation>;

    /// Reads all elements of a dataset or attribute as `dtype`, which is what [`Source::describe`]
    /// gave. `out` has exactly their size; when this returns `Ok`, every byte of it is initialised.
    /// Bytes that are not are never written. What stands in the places of members that have no
    /// bytes of their own ([`Dtype::is_plain`]) means nothing.
    fn read(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()>;

    /// Reads a part of a dataset, as [`Source::read`] reads all of it. The selection lies in the
    /// dataset.
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
    /// them that the names lead to. A null pointer reads as empty text.
    fn read_text(&self, handle: Handle, member: &[String]) -> Result<Texts>;

    /// Reads a part of the variable-length strings of a dataset, as [`Source::read_text`] reads all
    /// of them.
    fn read_text_slab(&self, dataset: Handle, member: &[String], slab: &Slab) -> Result<Texts> {
        // Where the texts lie anywhere, there is nothing to gain from a part.
        slab.cut(&self.read_text(dataset, member)?, &self.describe(dataset)?.shape)
    }

    /// The bytes of all elements as [`Source::read`] gives them, for engines that have them at
    /// hand.
    fn at_hand(&self, handle: Handle) -> Result<Option<&[u8]>> {
        let _ = handle;
        Ok(None)
    }

    /// Reads a scalar of exactly this type in one step: `false`, and nothing read, where it is
    /// anything else.
    fn scalar(&self, handle: Handle, dtype: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<bool> {
        let _ = (handle, dtype, out);
        Ok(false)
    }

    /// The bytes of a scalar of a fixed-length string with its padding, for engines that have them
    /// at hand.
    fn scalar_text(&self, handle: Handle) -> Result<Option<&[u8]>> {
        let _ = handle;
        Ok(None)
    }

    /// A handle of its own to an object that is open.
    fn again(&self, object: Handle) -> Result<Handle>;

    /// The object that a reference leads to, which was read at this handle; `None` for one to
    /// nothing.
    fn target(&self, at: Handle, reference: &[u8]) -> Result<Option<Handle>> {
        let _ = (at, reference);
        Err(ErrorKind::Unsupported("references".into()).into())
    }

    /// The part of a dataset that a reference leads to, which was read at this handle; `None` for
    /// one to nothing.
    fn region(&self, at: Handle, reference: &[u8]) -> Result<Option<(Description, Gathered)>> {
        let _ = (at, reference);
        Err(ErrorKind::Unsupported("references to regions".into()).into())
    }

    /// Reads sequences of variable length: the elements of all of them, one after another, and how
    /// many each has.
    fn sequences(&self, handle: Handle) -> Result<(Gathered, Vec<usize>)> {
        let _ = handle;
        Err(ErrorKind::Unsupported("sequences of variable length".into()).into())
    }

    /// The form that a filter turns everything out of, so that it does not do so twice.
    fn form(&self) -> Option<&'static str> {
        None
    }

    /// Whether this library wrote what is read here by the rules for files of others: no filter is
    /// guessed.
    fn is_marked(&self) -> bool {
        false
    }

    /// Where the elements of an object were read first, which is where references among them are
    /// followed.
    fn origin(&self, handle: Handle) -> Option<(&dyn Source, Handle)> {
        let _ = handle;
        None
    }

    /// Does something in the middle of which no other thread changes the file.
    fn alone(&self, act: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        act()
    }

    /// Whether another process writes to the file while it is read.
    fn is_written_by_others(&self) -> bool {
        false
    }

    /// Holds on to an object, beyond the life of the source; `None` where that is not possible.
    fn keep(&self, object: Handle) -> Result<Option<Arc<dyn Kept>>> {
        let _ = object;
        Ok(None)
    }

    /// Gives a handle back.
    fn release(&self, handle: Handle);
}
