//! [`Object`]: an open object of a file, whichever engine has opened it.

use crate::error::{ErrorKind, Result};
use crate::storage::{self, Description, Dtype, Handle, ObjectKind, Plain, Source, Texts};

/// An open object, given back when it goes.
pub(crate) struct Object<'a> {
    pub(crate) source: &'a dyn Source,
    pub(crate) handle: Handle,
}

impl<'a> Object<'a> {
    pub(crate) fn new(source: &'a dyn Source, handle: Handle) -> Self {
        Object { source, handle }
    }

    pub(crate) fn child(&self, name: &str) -> Result<Option<Object<'a>>> {
        Ok(self.source.child(self.handle, name)?.map(|handle| Object::new(self.source, handle)))
    }

    pub(crate) fn attribute(&self, name: &str) -> Result<Option<Object<'a>>> {
        if self.handle.bare {
            return Ok(None);
        }
        Ok(self.source.attribute(self.handle, name)?.map(|handle| Object::new(self.source, handle)))
    }

    pub(crate) fn kind(&self) -> ObjectKind {
        self.handle.kind
    }

    /// A text attribute; `None` where there is none, or it is no text.
    pub(crate) fn text_attribute(&self, name: &str) -> Result<Option<String>> {
        let Some(attribute) = self.attribute(name)? else { return Ok(None) };
        let description = attribute.source.describe(attribute.handle)?;
        if !description.dtype.is_text() || description.elements() != Some(1) {
            return Ok(None);
        }
        let texts = attribute.texts(&description)?;
        String::from_utf8(texts.bytes).map(Some).map_err(|_| ErrorKind::Invalid("text that is not UTF-8".into()).into())
    }

    /// All strings of a string dataset or attribute, whatever their form; padding is gone.
    pub(crate) fn texts(&self, description: &Description) -> Result<Texts> {
        let Dtype::FixedStr(width) = description.dtype else { return self.source.read_text(self.handle) };
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

    /// The one element of a scalar of exactly this type, where the engine has it at hand.
    #[inline]
    pub(crate) fn scalar<T: Plain>(&self, dtype: &Dtype) -> Result<Option<T>> {
        storage::read_scalar(self.source, self.handle, dtype)
    }

    /// All elements, as they lie in memory: `T` is the element, or `u8` for its bytes.
    pub(crate) fn elements<T: Plain>(&self, description: &Description) -> Result<Vec<T>> {
        storage::read_vec(self.source, self.handle, description)
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        self.source.release(self.handle);
    }
}
