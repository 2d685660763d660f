//! The groups that a slot becomes.

use super::{Place, Slot, VALUE, Written, deeper, write_format};
use crate::dialect::anndata::{self as encoding, Encoding};
use crate::error::{Error, ErrorKind, Result};
use crate::field::StoreAs;
use crate::layout::python;
use crate::stamp::{FILTER, STAMP, Stamp};
use crate::writer::GroupWriter;

impl<'a> Slot<'a> {
    /// Makes a group with a stamp that says how to read it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooDeep`] at the limit of the options, [`ErrorKind::Unsupported`] where an
    /// attribute is wanted.
    pub fn group(self, stamp: Stamp<'_>) -> Result<GroupWriter<'a>> {
        if self.cx.is_python() {
            return python::begin_group(self, &stamp);
        }
        self.open_group(Some(&stamp), stamp.is_ordered(), stamp.is_rooted())
    }

    /// Makes a group without a stamp; as a whole file, the root, which gets no format either.
    pub(crate) fn bare_group(self, ordered: bool) -> Result<GroupWriter<'a>> {
        self.open_group(None, ordered, true)
    }

    pub(super) fn open_group(
        self,
        stamp: Option<&Stamp<'_>>,
        ordered: bool,
        rooted: bool,
    ) -> Result<GroupWriter<'a>> {
        let depth = deeper(self.depth, self.cx)?;
        self.check_layout()?;
        let filters = self.filters();
        let rooted = self.place == Place::Root && rooted;
        let element = match (self.concept, stamp) {
            (None, Some(stamp)) => self.storage.encoding.group(stamp)?,
            (concept, _) => concept.map(encoding::of),
        };
        match self.place {
            Place::Attribute(_) => {
                let kind = stamp.map_or_else(|| "this".to_string(), Stamp::to_string);
                let what = format!(
                    "{kind} is a group, and an attribute holds one dataset's worth of data only"
                );
                return Err(Error::new(ErrorKind::Unsupported(what))
                    .with_help("remove `attr` from the field"));
            }
            Place::Root if rooted && stamp.is_none() && filters.is_none() => {}
            Place::Root => {
                write_format(self.sink)?;
                if !rooted {
                    self.sink.begin_group(VALUE, ordered)?;
                }
            }
            Place::Member(name) => self.sink.begin_group(name, ordered)?,
        }
        let mut group =
            GroupWriter::new(self.sink, self.cx, self.state, depth, self.storage.inside(), rooted);
        if let Some(stamp) = stamp {
            group.text_attribute(STAMP, &stamp.to_string())?;
        }
        if let Some(filters) = filters {
            group.text_attribute(FILTER, &filters)?;
        }
        for (name, value) in self.attrs {
            group.text_attribute(name, value)?;
        }
        if let Some(element) = element {
            group.element(element)?;
        }
        match self.storage.encoding {
            Encoding::Frame => Ok(group.data_frame(self.index)),
            _ => Ok(group),
        }
    }

    /// Whether what is written here becomes records; Python's FileBacked has none.
    #[inline]
    pub(super) fn is_compound(&self) -> bool {
        self.storage.layout == Some(StoreAs::Compound) && !self.cx.is_python()
    }

    /// Records are asked for where a value is written that went through no door which could capture
    /// it.
    #[inline]
    pub(super) fn check_layout(&self) -> Result<()> {
        match self.storage.layout {
            Some(layout @ (StoreAs::Compound | StoreAs::Shared)) => Err(unfit(layout)),
            _ => Ok(()),
        }
    }

    /// Makes the marker of a `None` inside `depth` times `Some`, where a missing link would not
    /// tell.
    pub(crate) fn absent(self, depth: u32) -> Result<Written> {
        self.group(Stamp::none(depth))?.end()
    }

    /// Makes the group of a struct: `struct Model 1`.
    ///
    /// # Errors
    ///
    /// As [`Slot::group`].
    pub fn structure(self, name: &str, version: u32) -> Result<GroupWriter<'a>> {
        self.group(Stamp::named("struct", name, version))
    }

    /// Makes the group of many structs, a dataset a field: `columns Model 1`, with their number in
    /// `len`.
    ///
    /// # Errors
    ///
    /// As [`Slot::group`].
    pub fn columns<T>(self, name: &str, version: u32, len: usize) -> Result<GroupWriter<'a>> {
        self.group(Stamp::named("columns", name, version))?.table::<T>(len)
    }

    /// Makes the group of an enum's value: `enum Shape 1`, with the variant in the attribute `tag`.
    ///
    /// # Errors
    ///
    /// As [`Slot::group`].
    pub fn variant(
        self,
        name: &str,
        version: u32,
        tag: &str,
        variant: &str,
    ) -> Result<GroupWriter<'a>> {
        if self.cx.is_python() {
            return python::begin_union(self, name);
        }
        let mut group = self.group(Stamp::named("enum", name, version))?;
        group.text_attribute(tag, variant)?;
        Ok(group)
    }

    /// Makes the group of many values of an enum: `variants Shape 1`, with their number in `len`.
    ///
    /// # Errors
    ///
    /// As [`Slot::group`].
    pub fn variant_rows<T>(self, name: &str, version: u32, len: usize) -> Result<GroupWriter<'a>> {
        self.group(Stamp::named("variants", name, version))?.table::<T>(len)
    }
}

#[cold]
pub(super) fn unfit(layout: StoreAs) -> Error {
    let what = match layout {
        StoreAs::Compound => "records of what a filter writes",
        _ => "the layout `shared` of what is neither `Arc` nor `Rc`",
    };
    Error::new(ErrorKind::Unsupported(what.into())).with_help("remove `layout` from the field")
}
