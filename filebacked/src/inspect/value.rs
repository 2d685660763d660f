//! Values as short text.

use crate::layout::number::{Any, int};
use crate::object::Object;
use crate::storage::{Cell, CellForm, Description, Dtype};
use crate::value::Dataset;

/// Datasets above this many bytes, or texts of variable length, are not read for the sake of a
/// preview.
const READ: usize = 16 << 10;

/// How many elements are shown.
const SHOWN: usize = 6;

/// No further elements are shown behind this many characters.
const WIDE: usize = 40;

/// How many characters of a text are shown.
const CHARACTERS: usize = 60;

/// The value of a dataset or an attribute, or its first elements. `None` where it is large, empty,
/// or no text says it.
pub(super) fn text(object: &Object<'_>, description: &Description) -> Option<String> {
    let elements = description.elements().filter(|elements| *elements > 0)?;
    elements.checked_mul(description.dtype.size().max(1)).filter(|bytes| *bytes <= READ)?;
    preview(&Dataset::read(object).ok()?)
}

/// The first elements. `None` where there are none, or they say little.
pub(super) fn preview(dataset: &Dataset) -> Option<String> {
    let elements = dataset.size();
    if elements == 0 {
        return None;
    }
    let cells: Vec<String> =
        (0..elements.min(SHOWN)).map(|i| element(dataset, i)).collect::<Option<_>>()?;
    if dataset.shape().is_empty() {
        return cells.into_iter().next();
    }
    // The order of elements says little where there are more dimensions than one and more elements
    // than shown.
    if dataset.shape().len() > 1 && elements > SHOWN {
        return None;
    }
    let mut text = String::new();
    let mut shown = 0;
    for cell in cells {
        if text.len() > WIDE {
            break;
        }
        text += if shown > 0 { ", " } else { "" };
        text += &cell;
        shown += 1;
    }
    let rest = if elements > shown { ", .." } else { "" };
    Some(format!("[{text}{rest}]"))
}

/// One element, counted in C order.
pub(super) fn element(dataset: &Dataset, place: usize) -> Option<String> {
    if let Some(text) = dataset.text_at(place) {
        return quoted(text);
    }
    if let Some((form, part)) = dataset.cell_at(place) {
        return composed(form, part);
    }
    let size = dataset.dtype().size().max(1);
    cell(dataset.as_bytes()?.get(place.checked_mul(size)?..)?.get(..size)?, dataset.dtype())
}

/// An element with parts outside of itself.
fn composed(form: &CellForm, part: &Cell) -> Option<String> {
    let many = |parts: &mut dyn Iterator<Item = Option<String>>, more: bool| {
        let shown = parts.take(SHOWN).collect::<Option<Vec<_>>>()?;
        Some(format!("{}{}", shown.join(", "), if more { ", .." } else { "" }))
    };
    match (form, part) {
        (CellForm::Flat(dtype), Cell::Bytes(bytes)) => cell(bytes, dtype),
        (CellForm::Text, Cell::Bytes(text)) => quoted(text),
        (CellForm::Reference, Cell::Bytes(path)) if path.is_empty() => {
            Some("-> nothing".to_string())
        }
        (CellForm::Reference, Cell::Bytes(path)) => {
            Some(format!("-> {}", String::from_utf8_lossy(path)))
        }
        (CellForm::Sequence(inner) | CellForm::Array(inner, _), Cell::Bytes(bytes)) => {
            let CellForm::Flat(dtype) = &**inner else { return None };
            let size = dtype.size().max(1);
            let more = bytes.len() / size > SHOWN;
            Some(format!(
                "[{}]",
                many(&mut bytes.chunks_exact(size).map(|bytes| cell(bytes, dtype)), more)?
            ))
        }
        (CellForm::Sequence(inner) | CellForm::Array(inner, _), Cell::Many(parts)) => {
            Some(format!(
                "[{}]",
                many(&mut parts.iter().map(|part| composed(inner, part)), parts.len() > SHOWN)?
            ))
        }
        (CellForm::Compound(members), Cell::Many(parts)) => {
            let mut named = members
                .iter()
                .zip(parts)
                .map(|((name, form), part)| Some(format!("{name}: {}", composed(form, part)?)));
            Some(format!("{{{}}}", many(&mut named, members.len() > SHOWN)?))
        }
        _ => None,
    }
}

/// A text in quotes, cut where it is long.
fn quoted(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(match text.char_indices().nth(CHARACTERS) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}..", &text[..end]),
    })
}

/// One element.
fn cell(bytes: &[u8], dtype: &Dtype) -> Option<String> {
    match dtype {
        Dtype::Int(_)
        | Dtype::F16
        | Dtype::Bf16
        | Dtype::F32
        | Dtype::F64
        | Dtype::F80(_)
        | Dtype::F128 => number(bytes, dtype),
        Dtype::Bool => Some(match bytes.first()? {
            0 => "false".to_string(),
            1 => "true".to_string(),
            other => other.to_string(),
        }),
        Dtype::Complex32 => complex(bytes, &Dtype::F32),
        Dtype::Complex64 => complex(bytes, &Dtype::F64),
        Dtype::FixedStr(_) | Dtype::AsciiStr(_) => {
            let len = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            quoted(bytes.get(..len)?)
        }
        Dtype::Enum(stored) => {
            let value = int(bytes, stored.base.signed);
            let name = stored.members.iter().find(|(_, member)| *member == value);
            Some(name.map_or_else(|| value.to_string(), |(name, _)| name.to_string()))
        }
        Dtype::Compound(compound) => {
            let member = |member: &crate::storage::CompoundMember| {
                let end = member.offset.checked_add(member.dtype.size())?;
                Some(format!(
                    "{}: {}",
                    member.name,
                    cell(bytes.get(member.offset..end)?, &member.dtype)?
                ))
            };
            let shown =
                compound.members.iter().take(SHOWN).map(member).collect::<Option<Vec<_>>>()?;
            let rest = if compound.members.len() > SHOWN { ", .." } else { "" };
            Some(format!("{{{}{rest}}}", shown.join(", ")))
        }
        Dtype::Array(element, _) => {
            let size = element.size().max(1);
            let cells = bytes.chunks_exact(size).take(SHOWN).map(|bytes| cell(bytes, element));
            let rest = if bytes.len() / size > SHOWN { ", .." } else { "" };
            Some(format!("[{}{rest}]", cells.collect::<Option<Vec<_>>>()?.join(", ")))
        }
        _ => None,
    }
}

fn number(bytes: &[u8], dtype: &Dtype) -> Option<String> {
    Some(match Any::decode(bytes, dtype)? {
        Any::Int(value) => value.to_string(),
        // The shortest digits that mean this number in its own precision.
        Any::Float(value) if *dtype == Dtype::F32 => format!("{:?}", value as f32),
        Any::Float(value) | Any::Rounded(value) => format!("{value:?}"),
    })
}

fn complex(bytes: &[u8], part: &Dtype) -> Option<String> {
    let (re, im) = bytes.split_at_checked(part.size())?;
    let im = number(im, part)?;
    let plus = if im.starts_with('-') { "" } else { "+" };
    Some(format!("{}{plus}{im}i", number(re, part)?))
}
