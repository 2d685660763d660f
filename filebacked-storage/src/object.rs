//! [`Object`]: an open object of a file, of any engine.

use crate::error::{ErrorKind, Result};
use crate::part::{RecordForm, RecordPart};
use crate::{Description, Dtype, Gathered, Handle, Kept, Link, ObjectKind, Plain, Source, Texts};
use std::fmt;
use std::sync::Arc;

/// An open object, which is released when it is dropped.
pub struct Object<'a> {
    /// The source that opened the object.
    pub source: &'a dyn Source,
    /// The source's handle of it; none for a part of a compound dataset.
    pub handle: Handle,
    /// A part of a compound dataset that stands for an object; it has no handle.
    part: Option<Box<RecordPart<'a>>>,
}

impl<'a> Object<'a> {
    /// The object of a handle.
    pub fn new(source: &'a dyn Source, handle: Handle) -> Self {
        Object { source, handle, part: None }
    }

    fn of_part(source: &'a dyn Source, part: RecordPart<'a>) -> Self {
        let kind = if part.is_group() { ObjectKind::Group } else { ObjectKind::Dataset };
        Object { source, handle: Handle { id: 0, kind, bare: false }, part: Some(Box::new(part)) }
    }

    /// Opens the member of a group, or returns `None`.
    pub fn child(&self, name: &str) -> Result<Option<Object<'a>>> {
        if let Some(part) = &self.part {
            return Ok(part.child(name)?.map(|part| Object::of_part(self.source, part)));
        }
        Ok(self.source.child(self.handle, name)?.map(|handle| Object::new(self.source, handle)))
    }

    /// Returns the soft or external link of this name; `None` for a hard link.
    pub fn link(&self, name: &str) -> Result<Option<Link>> {
        match (&self.part, self.kind()) {
            (None, ObjectKind::Group) => self.source.link(self.handle, name),
            _ => Ok(None),
        }
    }

    /// Opens the same object once more.
    pub fn again(&self) -> Result<Object<'a>> {
        match &self.part {
            Some(part) => Ok(Object::of_part(self.source, (**part).clone())),
            None => Ok(Object::new(self.source, self.source.again(self.handle)?)),
        }
    }

    /// Returns the names of a group's members, in creation order if it is tracked, otherwise sorted
    /// by their bytes.
    pub fn children(&self) -> Result<Vec<String>> {
        match &self.part {
            Some(part) => Ok(part.names()),
            None => self.source.children(self.handle),
        }
    }

    /// How many members a group has.
    pub fn count(&self) -> Result<usize> {
        match &self.part {
            Some(part) => Ok(part.names().len()),
            None => self.source.count(self.handle),
        }
    }

    /// An attribute, or `None`.
    pub fn attribute(&self, name: &str) -> Result<Option<Object<'a>>> {
        if let Some(part) = &self.part {
            return part.attribute(name);
        }
        if self.handle.bare {
            return Ok(None);
        }
        Ok(self.source.attribute(self.handle, name)?.map(|handle| Object::new(self.source, handle)))
    }

    /// Keeps the object open after the call, if that is possible.
    pub fn keep(&self) -> Result<Option<Arc<dyn Kept>>> {
        if self.part.is_some() {
            return Ok(None);
        }
        self.source.keep(self.handle)
    }

    /// Whether it is a group or a dataset, not a part of one.
    pub fn is_whole(&self) -> bool {
        self.part.is_none() && matches!(self.kind(), ObjectKind::Group | ObjectKind::Dataset)
    }

    /// Whether it is a dataset.
    pub fn is_dataset(&self) -> bool {
        self.kind() == ObjectKind::Dataset
    }

    /// The kind of the object.
    pub fn kind(&self) -> ObjectKind {
        self.handle.kind
    }

    /// Datatype and shape of a dataset or an attribute.
    pub fn describe(&self) -> Result<Description> {
        match &self.part {
            Some(part) => Ok(part.describe()),
            None => self.source.describe(self.handle),
        }
    }

    /// The same, as the group that its shape suggests.
    pub fn into_members(self) -> Result<Self> {
        match self.kind() {
            ObjectKind::Dataset if self.describe()?.shape.is_empty() => {
                self.into_group(RecordForm::One)
            }
            ObjectKind::Dataset => self.into_group(RecordForm::Rows),
            _ => Ok(self),
        }
    }

    /// A dataset or attribute of a compound type as the group that its members would be; anything
    /// else as it is.
    pub fn into_group(mut self, form: RecordForm) -> Result<Self> {
        if !matches!(self.kind(), ObjectKind::Dataset | ObjectKind::Attribute) {
            return Ok(self);
        }
        let description = self.describe()?;
        let fits = match form {
            RecordForm::One => description.shape.is_empty() && !description.null,
            RecordForm::Rows => description.shape.len() == 1 || description.null,
            RecordForm::Arrays => description.shape.len() > 1,
        };
        if !fits || description.dtype.members().is_none() {
            return Ok(self);
        }
        let source = self.source;
        let part = match self.part.take() {
            Some(part) => {
                // A part has no handle to give back.
                std::mem::forget(self);
                *part
            }
            None => RecordPart::whole(self, description)?,
        };
        Ok(Object::of_part(source, part.into_group(form)?))
    }

    /// The number of rows, if the object itself tells it.
    pub fn rows(&self) -> Option<usize> {
        self.part.as_ref().and_then(|part| part.rows())
    }

    /// The existing values, for values that have a place for missing ones; other values are
    /// unchanged.
    pub fn present(mut self, absent: &[bool]) -> Result<Self> {
        let Some(part) = self.part.take() else { return Ok(self) };
        let source = self.source;
        // A part has no handle to give back.
        std::mem::forget(self);
        Ok(Object::of_part(source, part.present(absent)?))
    }

    /// Reads a text attribute; `None` if it is missing or not a text.
    pub fn text_attribute(&self, name: &str) -> Result<Option<String>> {
        match self.attribute(name)? {
            Some(attribute) => attribute.text(),
            None => Ok(None),
        }
    }

    /// Reads the text of a dataset or attribute; `None` unless it is exactly one text.
    pub fn text(&self) -> Result<Option<String>> {
        let description = self.describe()?;
        if !description.dtype.is_text() || description.elements() != Some(1) {
            return Ok(None);
        }
        let texts = self.texts(&description)?;
        String::from_utf8(texts.bytes)
            .map(Some)
            .map_err(|_| ErrorKind::Invalid("text that is not UTF-8".into()).into())
    }

    /// Reads all strings of a string dataset or attribute, of any form, without padding.
    pub fn texts(&self, description: &Description) -> Result<Texts> {
        let Dtype::FixedStr(width) = description.dtype else {
            return match &self.part {
                Some(part) => part.texts(),
                None => self.source.read_text(self.handle, &[]),
            };
        };
        let mut bytes = self.elements::<u8>(description)?;
        let (width, rows) = (width.max(1), description.elements().unwrap_or(0));
        let mut texts = Texts::default();
        texts.ends.reserve_exact(rows);
        // The padding is taken out in place: there is no second copy of all texts.
        let mut end = 0;
        for start in (0..bytes.len() / width).map(|row| row * width) {
            let cell = bytes.get(start..start + width).unwrap_or_default();
            let len = cell.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if start > end {
                bytes.copy_within(start..start + len, end);
            }
            end += len;
            texts.ends.push(end);
        }
        bytes.truncate(end);
        bytes.shrink_to_fit();
        texts.bytes = bytes;
        Ok(texts)
    }

    /// The source and handle from which references among the elements are followed.
    pub fn origin(&self) -> (&'a dyn Source, Handle) {
        match &self.part {
            Some(part) => part.dataset().origin(),
            None => self.source.origin(self.handle).unwrap_or((self.source, self.handle)),
        }
    }

    /// Opens the target of a reference among the elements; `None` for a null reference.
    pub fn target(&self, reference: &[u8]) -> Result<Option<Object<'a>>> {
        let (source, at) = self.origin();
        Ok(source.target(at, reference)?.map(|handle| Object::new(source, handle)))
    }

    /// Returns the elements of a region reference; `None` for a null reference.
    pub fn region(&self, reference: &[u8]) -> Result<Option<(Description, Gathered)>> {
        let (source, at) = self.origin();
        source.region(at, reference)
    }

    /// Reads the elements of sequences of variable length, one after another, and the length of
    /// each.
    pub fn sequences(&self) -> Result<(Gathered, Vec<usize>)> {
        self.source.sequences(self.handle)
    }

    /// Returns the element of a scalar of exactly this type, if the engine has it in memory.
    #[inline]
    pub fn scalar<T: Plain>(&self, dtype: &Dtype) -> Result<Option<T>> {
        if self.part.is_some() {
            return Ok(None);
        }
        crate::read_scalar(self.source, self.handle, dtype)
    }

    /// The bytes of a scalar of a fixed-length string with its padding, where the engine has them
    /// at hand.
    #[inline]
    pub fn scalar_text(&self) -> Result<Option<&[u8]>> {
        if self.part.is_some() {
            return Ok(None);
        }
        self.source.scalar_text(self.handle)
    }

    /// Reads all elements into existing memory.
    pub fn read_into<T: Plain>(&self, description: &Description, out: &mut [T]) -> Result<()> {
        crate::fill_slice(description, out, |out| match &self.part {
            Some(part) => part.copy(out),
            None => self.source.read(self.handle, &description.dtype, out),
        })
    }

    /// All elements, as they lie in memory: `T` is the element, or `u8` for its bytes.
    pub fn elements<T: Plain>(&self, description: &Description) -> Result<Vec<T>> {
        match &self.part {
            Some(part) => part.elements(description),
            None => crate::read_vec(self.source, self.handle, description),
        }
    }
}

/// An open object without attributes, in a file of this crate.
#[doc(hidden)]
pub struct Bare<'a>(pub Object<'a>);

impl fmt::Debug for Bare<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bare").field(&self.0.handle).finish()
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        if self.part.is_none() {
            self.source.release(self.handle);
        }
    }
}
