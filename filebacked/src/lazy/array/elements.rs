//! [`Taken`]: a sink for the elements of one array, which go to a dataset that is there already.

use crate::backed::Save;
use crate::context::WriteContext;
use crate::error::{Error, ErrorKind, Result};
use crate::options::WriteOptions;
use crate::slot::{Place, Slot};
use crate::storage::compound::Strings;
use crate::storage::{
    AttrSpec, DatasetSpec, Dtype, Elements, Kept, Link, Out, Sink, StoredType, Texts,
};

/// Hands the elements that an array writes to `take`, with the type that they have by themselves.
pub(crate) fn take_elements<T: Save>(
    array: &T,
    mut take: impl FnMut(&Dtype, Elements<'_>) -> Result<()>,
) -> Result<()> {
    let cx = WriteContext::new(&WriteOptions::new(), None)?;
    let mut sink = Taken(&mut take);
    Slot::whole(&mut sink, &cx, Place::Member("elements")).put(array).map(drop)
}

/// Takes one dataset of elements, and nothing else.
struct Taken<'t>(&'t mut dyn FnMut(&Dtype, Elements<'_>) -> Result<()>);

#[cold]
fn no_elements() -> Error {
    // Numbers and similar types are one dataset each; text that cannot be an HDF5 string is packed
    // into several.
    Error::new(ErrorKind::Unsupported(
        "elements that do not fit into one dataset, such as text with NUL".into(),
    ))
}

impl Sink for Taken<'_> {
    fn dataset(&mut self, _: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()> {
        (self.0)(spec.dtype, Elements::Bytes(bytes))
    }

    fn dataset_fill(
        &mut self,
        _: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()> {
        let mut bytes = Vec::new();
        bytes.reserve_exact(spec.elements().unwrap_or(0).saturating_mul(spec.dtype.size()));
        fill(&mut Out(&mut bytes));
        (self.0)(spec.dtype, Elements::Bytes(&bytes))
    }

    fn dataset_text(
        &mut self,
        _: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()> {
        let mut all = Texts::default();
        for text in texts {
            all.bytes.extend_from_slice(text.as_bytes());
            all.ends.push(all.bytes.len());
        }
        (self.0)(spec.dtype, Elements::Texts(&all))
    }

    fn begin_group(&mut self, _: &str, _: bool) -> Result<()> {
        Err(no_elements())
    }

    fn end_group(&mut self) -> Result<()> {
        Err(no_elements())
    }

    fn attr(&mut self, _: &str, _: &Dtype, _: &[u64], _: &[u8]) -> Result<()> {
        Err(no_elements())
    }

    fn member_attr(&mut self, _: &str, _: &str, _: &Dtype, _: &[u64], _: &[u8]) -> Result<()> {
        Err(no_elements())
    }

    fn dataset_records(
        &mut self,
        _: &str,
        _: &DatasetSpec<'_>,
        _: Vec<u8>,
        _: Vec<Strings>,
    ) -> Result<()> {
        Err(no_elements())
    }

    fn dataset_any(&mut self, _: &str, _: &DatasetSpec<'_>, _: Elements<'_>) -> Result<()> {
        Err(no_elements())
    }

    fn attr_any(&mut self, _: &AttrSpec<'_>) -> Result<()> {
        Err(no_elements())
    }

    fn link(&mut self, _: &str, _: &Link) -> Result<()> {
        Err(no_elements())
    }

    fn committed(&mut self, _: &str, _: &StoredType, _: &[AttrSpec<'_>]) -> Result<()> {
        Err(no_elements())
    }

    fn copy(&mut self, _: &str, _: &dyn Kept, _: bool) -> Result<bool> {
        Err(no_elements())
    }
}

/// Hands on elements as the type that a dataset has: numbers that are numbers of it exactly, text
/// that has room in it.
pub(super) fn as_stored(
    stored: &Dtype,
    dtype: &Dtype,
    elements: Elements<'_>,
    put: impl FnOnce(Elements<'_>) -> Result<()>,
) -> Result<()> {
    match (stored, dtype, elements) {
        (Dtype::VarStr, Dtype::FixedStr(width), Elements::Bytes(bytes)) => {
            put(Elements::Texts(&cut(bytes, *width)))
        }
        (Dtype::FixedStr(room), Dtype::FixedStr(width), Elements::Bytes(bytes))
            if room != width =>
        {
            put(Elements::Bytes(&padded(&cut(bytes, *width), *room)?))
        }
        (Dtype::FixedStr(room), Dtype::VarStr, Elements::Texts(texts)) => {
            put(Elements::Bytes(&padded(texts, *room)?))
        }
        _ if stored == dtype => put(elements),
        (_, _, Elements::Bytes(bytes)) => {
            match crate::layout::number::recoded(bytes, dtype, stored)? {
                Some(bytes) => put(Elements::Bytes(&bytes)),
                None => Err(Error::mismatch(
                    format!("elements of {stored}, as the dataset has"),
                    dtype.to_string(),
                )),
            }
        }
        _ => Err(Error::mismatch(
            format!("elements of {stored}, as the dataset has"),
            dtype.to_string(),
        )),
    }
}

/// Texts without their padding.
fn cut(bytes: &[u8], width: usize) -> Texts {
    let mut texts = Texts::default();
    for cell in bytes.chunks_exact(width.max(1)) {
        let len = cell.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        texts.bytes.extend_from_slice(cell.get(..len).unwrap_or_default());
        texts.ends.push(texts.bytes.len());
    }
    texts
}

/// Texts padded to so many bytes; an error where one has more.
fn padded(texts: &Texts, room: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(texts.ends.len().saturating_mul(room));
    let mut start = 0;
    for end in &texts.ends {
        let text = texts.bytes.get(start..*end).unwrap_or_default();
        if text.len() > room {
            let value = format!("{:?}", String::from_utf8_lossy(text));
            let stored = Dtype::FixedStr(text.len()).to_string();
            let error =
                ErrorKind::OutOfRange { value, stored, wanted: Dtype::FixedStr(room).to_string() };
            return Err(Error::new(error).with_help("the dataset has room for shorter text only"));
        }
        bytes.extend_from_slice(text);
        bytes.resize(bytes.len() + room - text.len(), 0);
        start = *end;
    }
    Ok(bytes)
}
