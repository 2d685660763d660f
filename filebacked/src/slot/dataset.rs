//! The one place where a slot becomes a dataset or an attribute.

use super::{Form, Place, Slot, VALUE, Written, write_format};
use crate::dialect::anndata as encoding;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::python;
use crate::layout::text::TEXT;
use crate::stamp::{FILTER, STAMP, member_and_attribute};
use crate::storage::compound::Records;
use crate::storage::{self, AttrSpec, Compression, DatasetSpec, Dtype, Out};
use std::borrow::Cow;

/// The bytes of a dataset, in the form they are at hand.
pub(crate) enum Content<'c, 't> {
    Bytes(&'c [u8]),
    Fill(&'c mut dyn FnMut(&mut Out<'_>)),
    Texts(&'c mut (dyn Iterator<Item = &'t str> + 'c)),
    Records(Records),
    Any(&'c AttrSpec<'t>, &'c [AttrSpec<'t>]),
    /// References to objects by their numbers.
    References(&'c [Option<u32>]),
}

impl<'c> Content<'c, '_> {
    /// The bytes of all elements; none of texts, and of what is written in a form of its own.
    pub(crate) fn into_bytes(self) -> Cow<'c, [u8]> {
        match self {
            Content::Bytes(bytes) => bytes.into(),
            Content::Fill(fill) => {
                let mut bytes = Vec::new();
                fill(&mut Out(&mut bytes));
                bytes.into()
            }
            Content::Records(records) => records.bytes().into(),
            Content::Texts(_) | Content::Any(..) | Content::References(_) => Cow::default(),
        }
    }
}

impl Slot<'_> {
    pub(super) fn content(
        self,
        dtype: &Dtype,
        shape: &[u64],
        content: Content<'_, '_>,
    ) -> Result<Written> {
        if self.cx.is_python() {
            return python::write_dataset(self, dtype, shape, content);
        }
        self.check_layout()?;
        let filters = self.filters();
        self.make(dtype, shape, content, filters)
    }

    /// Makes the one node of a dataset that Python's FileBacked knows: filters leave no name there.
    pub(crate) fn node(
        mut self,
        dtype: &Dtype,
        shape: &[u64],
        content: Content<'_, '_>,
    ) -> Result<Written> {
        self.form = Form::Plain;
        self.make(dtype, shape, content, None)
    }

    #[inline(always)]
    fn make(
        self,
        dtype: &Dtype,
        shape: &[u64],
        content: Content<'_, '_>,
        filters: Option<String>,
    ) -> Result<Written> {
        let name = match self.place {
            Place::Root => {
                // Python's FileBacked expects no format attribute.
                if !self.cx.is_python() {
                    write_format(self.sink)?;
                }
                VALUE
            }
            Place::Member(name) => name,
            Place::Attribute(name) => return self.attribute(name, dtype, shape, content),
        };
        let bytes = storage::elements(shape).and_then(|n| n.checked_mul(dtype.size().max(16)));
        let worth =
            bytes.is_some_and(|bytes| bytes >= storage::WORTH_COMPRESSING) && !shape.is_empty();
        let coding = self.storage.coding;
        if let Some(compression) = coding.compression {
            storage::check(compression)?;
        }
        if let Some(compression) = coding.preferred {
            storage::check(compression)?;
        }
        // Most datasets are too small for either.
        let (preferred, checked) = match worth {
            true => (
                coding.preferred.unwrap_or(self.cx.compression()),
                coding.preferred_fletcher32.unwrap_or(self.cx.fletcher32()),
            ),
            false => (Compression::None, false),
        };
        let compression = coding.compression.unwrap_or(preferred);
        let fletcher32 = coding.fletcher32.unwrap_or(checked);
        let chunk: Option<Vec<u64>> = match (self.storage.chunk, self.cx.chunk_bytes()) {
            (Some(chunk), _) => Some(chunk.iter().map(|d| *d as u64).collect()),
            (None, Some(bytes))
                if (compression != Compression::None || fletcher32) && !shape.is_empty() =>
            {
                Some(storage::chunk_shape(shape, dtype.size(), bytes))
            }
            _ => None,
        };
        let element = match self.concept {
            _ if self.cx.is_python() => None,
            None => self.storage.encoding.dataset(dtype, shape)?,
            Some(concept) => Some(encoding::of(concept)),
        };
        let mut all: Vec<(&str, &str)>;
        let stamp = (self.form == Form::Text).then_some((STAMP, TEXT));
        let attrs = match (&filters, stamp, element) {
            (None, None, None) => self.attrs,
            (filters, stamp, element) => {
                all = stamp.into_iter().chain(self.attrs.iter().copied()).collect();
                all.extend(filters.as_deref().map(|filters| (FILTER, filters)));
                if let Some((name, version)) = element.copied() {
                    all.extend([(encoding::TYPE, name), (encoding::VERSION, version)]);
                }
                &all
            }
        };
        let (more_attrs, stored, null) = match &content {
            Content::Any(what, more) => (*more, what.stored, what.null),
            _ => (&[][..], None, false),
        };
        let fresh: Vec<AttrSpec<'_>>;
        let more_attrs =
            match attrs.iter().any(|(name, _)| more_attrs.iter().any(|more| more.name == *name)) {
                true => {
                    fresh = more_attrs
                        .iter()
                        .filter(|more| attrs.iter().all(|(name, _)| more.name != *name))
                        .copied()
                        .collect();
                    &fresh
                }
                false => more_attrs,
            };
        let number = self.python.typeid.map(|index| (python::TYPEID, i64::from(index.get()) - 1));
        let chunk = chunk.as_deref().filter(|_| !null);
        let spec = DatasetSpec {
            dtype,
            shape,
            chunk,
            compression,
            fletcher32,
            attrs,
            number,
            more_attrs,
            stored,
            null,
        };
        match content {
            Content::Bytes(bytes) => self.sink.dataset(name, &spec, bytes)?,
            Content::Fill(fill) => self.sink.dataset_fill(name, &spec, fill)?,
            Content::Texts(texts) => self.sink.dataset_text(name, &spec, texts)?,
            Content::Records(records) if records.strings.is_empty() => {
                self.sink.dataset_fill(name, &spec, &mut |out| records.fill(out))?;
            }
            Content::Records(records) => {
                let bytes = records.bytes();
                self.sink.dataset_records(name, &spec, bytes, records.strings)?;
            }
            Content::Any(what, _) => self.sink.dataset_any(name, &spec, what.elements)?,
            Content::References(objects) => self.sink.references(name, &spec, objects)?,
        }
        Ok(Written::new())
    }

    fn attribute(
        self,
        name: &str,
        dtype: &Dtype,
        shape: &[u64],
        content: Content<'_, '_>,
    ) -> Result<Written> {
        if self.form == Form::Text {
            let what =
                "text that is not plain has to be marked, and an attribute has no attributes"
                    .into();
            return Err(
                Error::new(ErrorKind::Unsupported(what)).with_help("remove `attr` from the field")
            );
        }
        let mut write = |dtype: &Dtype, bytes: &[u8]| match member_and_attribute(name) {
            (None, name) => self.sink.attr(name, dtype, shape, bytes),
            (Some(member), name) => self.sink.member_attr(member, name, dtype, shape, bytes),
        };
        match content {
            Content::Bytes(bytes) => write(dtype, bytes)?,
            content @ Content::Fill(_) => write(dtype, &content.into_bytes())?,
            Content::Texts(texts) => {
                // Attributes are small: all texts in the width of the longest.
                let texts: Vec<&str> = texts.collect();
                let width = texts.iter().map(|text| text.len()).max().unwrap_or(0).max(1);
                let mut bytes = vec![0; width * texts.len()];
                for (cell, text) in bytes.chunks_exact_mut(width).zip(&texts) {
                    cell[..text.len()].copy_from_slice(text.as_bytes());
                }
                write(&Dtype::FixedStr(width), &bytes)?;
            }
            Content::Records(records) if records.strings.is_empty() => {
                self.sink.attr(name, dtype, shape, &records.bytes())?;
            }
            Content::Records(_) => {
                let what = "an attribute with strings of variable length in it";
                return Err(ErrorKind::Unsupported(what.into()).into());
            }
            Content::Any(what, _) => self.sink.attr_any(&AttrSpec { name, ..*what })?,
            Content::References(_) => {
                let what = "a `Weak` as an HDF5 attribute".into();
                return Err(Error::new(ErrorKind::Unsupported(what))
                    .with_help("remove `attr` from the field"));
            }
        }
        Ok(Written::new())
    }
}
