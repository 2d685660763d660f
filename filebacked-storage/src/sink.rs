//! [`Sink`]: what an engine implements to write.

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

/// What an engine implements to write: one open group at a time, members in the order of the calls.
pub trait Sink {
    /// Makes a group as a member of the open one, and opens it. With `ordered`, the order of its
    /// links is tracked.
    fn begin_group(&mut self, name: &str, ordered: bool) -> Result<()>;

    /// Closes the open group.
    fn end_group(&mut self) -> Result<()>;

    /// Writes an attribute of the open group. [`Dtype::VarStr`] is one text whose bytes are given.
    fn attr(&mut self, name: &str, dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<()>;

    /// Writes an attribute of a member of the open group, which has been written before.
    fn member_attr(
        &mut self,
        member: &str,
        name: &str,
        dtype: &Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()>;

    /// Writes a dataset whose bytes lie in one place. `bytes` holds exactly the elements of `spec`.
    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()>;

    /// Writes a dataset whose bytes are produced one after another by `fill`, exactly as many as
    /// `spec` has.
    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()>;

    /// Writes a dataset of variable-length strings (`spec.dtype` is [`Dtype::VarStr`]); no text has
    /// a NUL in it.
    fn dataset_text(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()>;

    /// The form that a filter turns everything into on the way to an engine, so that it does not do
    /// so twice.
    fn form(&self) -> Option<&'static str> {
        None
    }

    /// Writes a dataset of a compound type that has variable-length strings in it, whose places in
    /// `bytes` are zero; no text has a NUL in it.
    fn dataset_records(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        bytes: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()>;

    /// Says that the type of the node that is written next gives it this shape, rows included:
    /// nothing that a file notes.
    fn fixed_shape(&mut self, shape: &[u64]) {
        let _ = shape;
    }

    /// Copies an object of a file, with all that is in it and as it is stored; `false` where this
    /// engine cannot, and where the value may point to values, and does so: references lead nowhere
    /// in a copy, or to what was copied.
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

    /// Makes a soft or external link as a member of the open group.
    fn link(&mut self, name: &str, link: &Link) -> Result<()>;

    /// Makes a committed datatype as a member of the open group.
    fn committed(&mut self, name: &str, stored: &StoredType, attrs: &[AttrSpec<'_>]) -> Result<()>;

    /// Says that the options leave out a member of the open group, or an attribute: what is there
    /// stays as it is.
    fn left_out(&mut self, name: &str) {
        let _ = name;
    }

    /// What is written of values that have several owners, where this sink can link to objects that
    /// are there.
    fn written(&mut self) -> Option<&mut WrittenOwners> {
        None
    }

    /// The same where this sink hands on to one that can link, and cannot itself: what it writes
    /// nothing can point to.
    fn owners(&mut self) -> Option<&mut WrittenOwners> {
        self.written()
    }

    /// Why nothing can point to what is written here, of sinks that make something else of it.
    fn unlinkable(&self) -> Option<Unlinkable> {
        None
    }

    /// Says that the object that is written next may get more links.
    fn expect_links(&mut self) {}

    /// Notes the object that was written last, a member of the open group or the root, under a
    /// number; `false` where it cannot be linked to.
    fn note(&mut self, object: u32, name: Option<&str>) -> Result<bool> {
        let _ = (object, name);
        Ok(false)
    }

    /// Makes one more link to an object that was noted.
    fn hard_link(&mut self, name: &str, object: u32) -> Result<()> {
        let _ = (name, object);
        Err(ErrorKind::Contract("a link to an object that was not noted".into()).into())
    }

    /// Writes a dataset of references to objects by their numbers, noted already or later; to
    /// nothing where they never are.
    fn references(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        objects: &[Option<u32>],
    ) -> Result<()> {
        let _ = (name, spec, objects);
        Err(ErrorKind::Unsupported("a `Weak` in this place".into()).into())
    }

    /// Writes what had to wait until everything else is there.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}
