//! Text that is appended: in the form that the text there has, or both in another.

use super::plan::{New, refused};
use crate::error::{Error, Result};
use crate::object::Object;
use crate::storage::draft::{Content, DraftDataset, DraftGroup, Drafted};
use crate::storage::{Description, Dtype, Texts};

/// The texts of a dataset.
pub(super) fn texts(draft: DraftDataset) -> Result<Texts> {
    match (draft.content, draft.dtype) {
        (Content::Texts(texts), _) => Ok(texts),
        (Content::Bytes(bytes), Dtype::FixedStr(width) | Dtype::AsciiStr(width)) => {
            let mut texts = Texts::default();
            for cell in bytes.chunks_exact(width.max(1)) {
                let len = cell.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                texts.push(cell.get(..len).unwrap_or_default());
            }
            Ok(texts)
        }
        _ => Err(refused("invalid text")),
    }
}

/// The shape and the texts of a packed group.
pub(super) fn unpacked(mut group: DraftGroup) -> Result<(Vec<u64>, Texts)> {
    let mut bytes = |name: &str| match group.take(name) {
        Some(Drafted::Dataset(DraftDataset { content: Content::Bytes(bytes), .. })) => Some(bytes),
        _ => None,
    };
    let numbers = |bytes: Vec<u8>| {
        bytes.as_chunks::<8>().0.iter().map(|number| u64::from_le_bytes(*number)).collect()
    };
    let (Some(all), Some(offsets)) = (bytes("bytes"), bytes("offsets")) else {
        return Err(Error::mismatch("text", "rows that are a group (packed)"));
    };
    let offsets: Vec<u64> = numbers(offsets);
    let texts =
        Texts { bytes: all, ends: offsets.iter().skip(1).map(|end| *end as usize).collect() };
    let shape = bytes("shape").map_or_else(|| vec![texts.ends.len() as u64], numbers);
    Ok((shape, texts))
}

/// The type that a dataset of texts needs for more texts, and the new texts in that form.
pub(super) fn fitted(
    found: &Object<'_>,
    description: &Description,
    more: Texts,
) -> Result<(Option<Dtype>, New)> {
    let Dtype::FixedStr(width) = description.dtype else { return Ok((None, New::Texts(more))) };
    let longest = more.cells().map(<[u8]>::len).max().unwrap_or(0);
    if longest <= width {
        return Ok((None, padded(&more, width)));
    }
    // By the rule for many texts.
    let there = found.texts(description)?;
    let (count, total) = (there.ends.len() + more.ends.len(), there.bytes.len() + more.bytes.len());
    match longest.saturating_mul(count) <= 2 * total + 64 && u32::try_from(longest).is_ok() {
        true => Ok((Some(Dtype::FixedStr(longest)), padded(&more, longest))),
        false => Ok((Some(Dtype::VarStr), New::Texts(more))),
    }
}

fn padded(texts: &Texts, width: usize) -> New {
    let mut bytes = Vec::with_capacity(texts.ends.len() * width);
    for text in texts.cells() {
        bytes.extend_from_slice(text);
        bytes.resize(bytes.len() + width - text.len(), 0);
    }
    New::Bytes(Dtype::FixedStr(width), bytes)
}
