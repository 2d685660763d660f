//! Text.
//!
//! ```text
//! x            str[n]: fixed-length UTF-8, padded with NUL; the empty text is str[1] of NUL
//! ```
//!
//! Many texts, in any shape:
//!
//! ```text
//! x            str[w]: fixed length, where n * w <= 2 * total + 64 for the longest width w; else variable length
//! ```
//!
//! Text with a NUL, or above 4 GiB, cannot be an HDF5 string. It is packed, as with
//! `layout = "packed"`:
//!
//! ```text
//! x            u8 (bytes)  filebacked = "text": one text
//! x            group       filebacked = "packed", len = n: many texts
//! ├── bytes    u8: the UTF-8 bytes of all, one after another
//! ├── offsets  u64 (n + 1): where each text starts, and where the last one ends
//! └── shape    u64 (rank), only where there are more dimensions than one
//! ```

use crate::error::{Error, ErrorKind, Result};
use crate::field::StoreAs;
use crate::foreign::matlab;
use crate::layout::{blob, categorical, number, python};
use crate::node::Node;
use crate::object::Bare;
use crate::slot::{Form, Slot, Written};
use crate::stamp::STAMP;
use crate::storage::{Dtype, ObjectKind, Texts};

/// The stamp of a dataset that is one packed text.
pub(crate) const TEXT: &str = "text";

/// HDF5 string types have 32 bits of length.
const LONGEST: usize = u32::MAX as usize;

/// Writes one text.
pub(crate) fn write(text: &str, slot: Slot<'_>) -> Result<Written> {
    let bytes = text.as_bytes();
    if slot.is_encoded() {
        return write_encoded(&[], std::iter::once(text), bytes.contains(&0), slot);
    }
    if bytes.is_empty() {
        return slot.dataset(&Dtype::FixedStr(1), &[], &[0]);
    }
    if slot.layout() == Some(StoreAs::Packed) || bytes.len() > LONGEST || bytes.contains(&0) {
        return slot.text().dataset(&Dtype::U8, &[bytes.len() as u64], bytes);
    }
    slot.dataset(&Dtype::FixedStr(bytes.len()), &[], bytes)
}

/// Writes a column of texts.
pub(crate) fn write_rows<'t, I: Iterator<Item = &'t str>>(
    len: usize,
    texts: impl Fn() -> I,
    slot: Slot<'_>,
) -> Result<Written> {
    write_array(&[len as u64], texts, slot)
}

/// Writes texts of any shape, in C order.
pub(crate) fn write_array<'t, I: Iterator<Item = &'t str>>(
    shape: &[u64],
    texts: impl Fn() -> I,
    slot: Slot<'_>,
) -> Result<Written> {
    if slot.cx.is_python() && slot.form != Form::Array {
        return python::write_texts(texts(), slot);
    }
    let (mut len, mut longest, mut total, mut nul) = (0usize, 1usize, 0usize, false);
    for text in texts() {
        len += 1;
        longest = longest.max(text.len());
        total += text.len();
        nul |= text.as_bytes().contains(&0);
    }
    if slot.is_encoded() {
        return write_encoded(shape, texts(), nul, slot);
    }
    if slot.layout() == Some(StoreAs::Packed) || nul || longest > LONGEST {
        return blob::write_packed(shape, || texts().map(str::as_bytes), slot);
    }
    if longest.saturating_mul(len) <= 2 * total + 64 || slot.cx.is_python() {
        return slot.dataset_fill(&Dtype::FixedStr(longest), shape, &mut |out| {
            for text in texts() {
                out.put(text.as_bytes());
                out.zeros(longest - text.len());
            }
        });
    }
    slot.dataset_text(shape, &mut texts())
}

/// Writes texts for AnnData, whose strings are of variable length.
fn write_encoded<'t>(
    shape: &[u64],
    mut texts: impl Iterator<Item = &'t str>,
    nul: bool,
    slot: Slot<'_>,
) -> Result<Written> {
    if nul {
        let what = "text with NUL, where AnnData's strings end";
        return Err(
            Error::new(ErrorKind::Unsupported(what.into())).with_help("store its bytes: `Vec<u8>`")
        );
    }
    slot.dataset_text(shape, &mut texts)
}

/// Cuts bytes into texts, checking the UTF-8 of all of them in one pass.
pub(crate) fn decode(texts: Texts) -> Result<Vec<String>> {
    let all = std::str::from_utf8(&texts.bytes).map_err(|_| not_utf8())?;
    let mut start = 0;
    let mut cut = |end: usize| {
        // A text may end inside a character only in a damaged file.
        let text = all.get(start..end).ok_or_else(not_utf8)?;
        start = end;
        Ok(text.to_string())
    };
    texts.ends.iter().map(|end| cut(*end)).collect()
}

#[cold]
fn not_utf8() -> Error {
    Error::new(ErrorKind::Invalid("text that is not UTF-8".into()))
        .with_help("a single text can be read as its bytes: `Vec<u8>`")
}

/// Reads one text.
pub(crate) fn read(node: &Node<'_>) -> Result<String> {
    node.readable()?;
    if let Some(padded) = node.object.scalar_text()? {
        return unpadded(padded);
    }
    String::from_utf8(read_bytes(node)?).map_err(|_| not_utf8())
}

/// Reads the text of an object without attributes, if it is of fixed length.
pub(crate) fn read_bare(bare: &Bare<'_>) -> Result<Option<String>> {
    bare.0.scalar_text()?.map(unpadded).transpose()
}

/// A text without its padding.
fn unpadded(padded: &[u8]) -> Result<String> {
    let len = padded.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    std::str::from_utf8(&padded[..len]).map(str::to_string).map_err(|_| not_utf8())
}

/// Reads the bytes of one text, UTF-8 or not.
pub(crate) fn read_bytes(node: &Node<'_>) -> Result<Vec<u8>> {
    let description = node.describe()?;
    let one =
        if node.ours { description.shape.is_empty() } else { description.elements() == Some(1) };
    let one = one && !description.null;
    match &description.dtype {
        Dtype::Int(_)
            if node.kind() == ObjectKind::Dataset
                && node.text_attribute(STAMP)?.as_deref() == Some(TEXT) =>
        {
            Ok(number::read::<u8>(node, Some(1))?.0)
        }
        Dtype::FixedStr(_) if one => {
            let mut bytes = node.object.elements::<u8>(&description)?;
            let len = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            bytes.truncate(len);
            Ok(bytes)
        }
        Dtype::VarStr if one => Ok(node.texts(&description)?.bytes),
        _ => match matlab::texts(node, &description)? {
            Some(texts) if texts.ends.len() <= 1 => Ok(texts.bytes),
            _ => Err(node.unexpected("text (a scalar of str)")),
        },
    }
}

/// Reads texts of any shape; a rank that is asked for is checked.
pub(crate) fn read_array(
    node: &Node<'_>,
    rank: Option<usize>,
) -> Result<(Vec<String>, Vec<usize>)> {
    node.readable()?;
    if let Some(column) = categorical::open(node)? {
        return column.rows(rank, |categories| Ok(read_array(categories, Some(1))?.0), String::len);
    }
    if node.kind() == ObjectKind::Group
        && node.stamp()?.is_some_and(|stamp| stamp.kind_name() == "packed")
    {
        let packed = blob::read_packed(node)?;
        if rank.is_some_and(|rank| rank != packed.shape.len()) {
            return Err(node.unexpected(number::wanted("text", rank)));
        }
        return Ok((decode(Texts { bytes: packed.bytes, ends: packed.ends })?, packed.shape));
    }
    let description = node.describe()?;
    if !description.dtype.is_text() {
        return match matlab::texts(node, &description)? {
            Some(texts) if rank == Some(1) => {
                let shape = vec![texts.ends.len()];
                Ok((decode(texts)?, shape))
            }
            _ => Err(node.unexpected(number::wanted("text", rank))),
        };
    }
    let shape = number::shape(node, &description, "text", rank)?;
    let texts = if description.elements() == Some(0) {
        Texts::default()
    } else {
        node.texts(&description)?
    };
    Ok((decode(texts)?, shape))
}
