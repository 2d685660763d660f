//! [`Sink`]: the trait that an engine implements for writing.

use crate::compound::Strings;
use crate::{
    AttrSpec, DatasetSpec, Dtype, Elements, ErrorKind, Kept, Link, Result, StoredType, Unlinkable,
    WrittenOwners,
};

/// A buffer to which the bytes of a dataset are appended. The engine checks the length.
pub struct Out<'a>(pub &'a mut Vec<u8>);

impl Out<'_> {
    /// Appends bytes.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends `n` bytes of zero.
    #[inline]
    pub fn zeros(&mut self, n: usize) {
        self.0.resize(self.0.len() + n, 0);
    }
}

/// The writing half of an engine. One group is open at a time, and members are written in the order
/// of the calls.
pub trait Sink {
    /// Creates a group in the open group, and opens it. With `ordered`, it tracks the order of its
    /// links.
    fn begin_group(&mut self, name: &str, ordered: bool) -> Result<()>;

    /// Closes the open group.
    fn end_group(&mut self) -> Result<()>;

    /// Writes an attribute of the open group. [`Dtype::VarStr`] is one text whose bytes are given.
    fn attr(&mut self, name: &str, dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<()>;

    /// Writes an attribute of an existing member of the open group.
    fn member_attr(
        &mut self,
        member: &str,
        name: &str,
        dtype: &Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()>;

    /// Writes a dataset from contiguous bytes: exactly the elements of `spec`.
    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()>;

    /// Writes a dataset whose bytes `fill` produces: exactly the elements of `spec`.
    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()>;

    /// Writes a dataset of variable-length strings (`spec.dtype` is [`Dtype::VarStr`]). No text
    /// contains a NUL.
    fn dataset_text(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()>;

    /// The name of the filter that transforms everything in front of the engine, so that it does
    /// not do so twice.
    fn form(&self) -> Option<&'static str> {
        None
    }

    /// Writes a dataset of a compound type with variable-length strings, whose places in `bytes`
    /// are zero. No text contains a NUL.
    fn dataset_records(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        bytes: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()>;

    /// Announces the shape, including rows, that the type gives to the next node. Files do not
    /// store it.
    fn fixed_shape(&mut self, shape: &[u64]) {
        let _ = shape;
    }

    /// Copies an object of a file as stored, with everything in it. Returns false if the engine
    /// cannot, or if the value contains references, which would be wrong in a copy.
    fn copy(&mut self, name: &str, kept: &dyn Kept, may_point: bool) -> Result<bool> {
        let _ = (name, kept, may_point);
        Ok(false)
    }

    /// Writes a dataset of elements of any type.
    fn dataset_any(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        elements: Elements<'_>,
    ) -> Result<()>;

    /// Writes an attribute of the open group, of any type.
    fn attr_any(&mut self, attr: &AttrSpec<'_>) -> Result<()>;

    /// Creates a soft or external link in the open group.
    fn link(&mut self, name: &str, link: &Link) -> Result<()>;

    /// Creates a committed datatype in the open group.
    fn committed(&mut self, name: &str, stored: &StoredType, attrs: &[AttrSpec<'_>]) -> Result<()>;

    /// Announces that the options leave out a member or attribute of the open group. An existing
    /// one stays.
    fn left_out(&mut self, name: &str) {
        let _ = name;
    }

    /// The table of written values with several owners, if this sink can link to existing objects.
    fn written(&mut self) -> Option<&mut WrittenOwners> {
        None
    }

    /// The same for a sink that passes on to one that can link, but cannot link itself: nothing can
    /// point to its output.
    fn owners(&mut self) -> Option<&mut WrittenOwners> {
        self.written()
    }

    /// The reason why nothing can point to the output of this sink, for sinks that transform
    /// values.
    fn unlinkable(&self) -> Option<Unlinkable> {
        None
    }

    /// Announces that the next object may get more links.
    fn expect_links(&mut self) {}

    /// Records the last written object, a member of the open group or the root, under a number.
    /// Returns false if it cannot be linked to.
    fn note(&mut self, object: u32, name: Option<&str>) -> Result<bool> {
        let _ = (object, name);
        Ok(false)
    }

    /// Creates one more link to a recorded object.
    fn hard_link(&mut self, name: &str, object: u32) -> Result<()> {
        let _ = (name, object);
        Err(ErrorKind::Contract("a link to an object that was not recorded".into()).into())
    }

    /// Writes a dataset of references to objects by their numbers, recorded before or later.
    /// Numbers that are never recorded become null references.
    fn references(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        objects: &[Option<u32>],
    ) -> Result<()> {
        let _ = (name, spec, objects);
        Err(ErrorKind::Unsupported("a `Weak` in this place".into()).into())
    }

    /// Writes the data that depends on all other data, such as references.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}
