//! Values as short text.

use crate::layout::number::{Any, int};
use crate::object::Object;
use crate::storage::{Description, Dtype};

/// Datasets above this many bytes, or texts of variable length, are not read for the sake of a preview.
const READ: usize = 16 << 10;

/// How many elements are shown.
const SHOWN: usize = 6;

/// No further elements are shown behind this many characters.
const WIDE: usize = 40;

/// How many characters of a text are shown.
const CHARACTERS: usize = 60;

/// The value of a dataset or an attribute, or its first elements. `None` where it is large, empty, or no text says it.
pub(super) fn text(object: &Object<'_>, description: &Description) -> Option<String> {
    let dtype = &description.dtype;
    let elements = description.elements().filter(|elements| *elements > 0)?;
    elements.checked_mul(dtype.size().max(1)).filter(|bytes| *bytes <= READ)?;
    let cells: Option<Vec<String>> = if dtype.is_text() {
        let texts = object.texts(description).ok()?;
        let starts = std::iter::once(0).chain(texts.ends.iter().copied());
        starts.zip(&texts.ends).take(SHOWN).map(|(start, end)| quoted(texts.bytes.get(start..*end)?)).collect()
    } else {
        let bytes = object.elements::<u8>(description).ok()?;
        bytes.chunks_exact(dtype.size().max(1)).take(SHOWN).map(|bytes| cell(bytes, dtype)).collect()
    };
    let cells = cells?;
    if description.shape.is_empty() {
        return cells.into_iter().next();
    }
    // The order of elements says little where there are more dimensions than one and more elements than shown.
    if description.shape.len() > 1 && elements > SHOWN {
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
        Dtype::Int(_) | Dtype::F16 | Dtype::Bf16 | Dtype::F32 | Dtype::F64 => number(bytes, dtype),
        Dtype::Bool => Some(match bytes.first()? {
            0 => "false".to_string(),
            1 => "true".to_string(),
            other => other.to_string(),
        }),
        Dtype::Complex32 => complex(bytes, &Dtype::F32),
        Dtype::Complex64 => complex(bytes, &Dtype::F64),
        Dtype::FixedStr(_) => {
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
                Some(format!("{}: {}", member.name, cell(bytes.get(member.offset..end)?, &member.dtype)?))
            };
            let shown = compound.members.iter().take(SHOWN).map(member).collect::<Option<Vec<_>>>()?;
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
        Any::Float(value) => format!("{value:?}"),
    })
}

fn complex(bytes: &[u8], part: &Dtype) -> Option<String> {
    let (re, im) = bytes.split_at_checked(part.size())?;
    let im = number(im, part)?;
    let plus = if im.starts_with('-') { "" } else { "+" };
    Some(format!("{}{plus}{im}i", number(re, part)?))
}
