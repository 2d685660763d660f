//! MATLAB's special forms: empty arrays and characters.
//!
//! ```text
//! x            u64 (rank)   MATLAB_empty = 1, MATLAB_class = "double": an array without elements; the data is its shape
//! x            u16 (n, 1)   MATLAB_class = "char": a text of UTF-16
//! x            u16 (w, n)   n texts of w units
//! ```

use crate::error::{Error, ErrorKind, Result};
use crate::foreign::Stands;
use crate::layout::number;
use crate::node::Node;
use crate::object::Object;
use crate::storage::{Description, Dtype, Gathered, Texts};

/// The attribute of empty arrays, whose data is their shape.
pub(crate) const EMPTY: &str = "MATLAB_empty";

/// The attribute with the name of a type.
pub(crate) const CLASS: &str = "MATLAB_class";

/// Whether the data is a shape.
pub(crate) fn is_empty(object: &Object<'_>) -> Result<bool> {
    let Some(empty) = object.attribute(EMPTY)? else { return Ok(false) };
    let description = empty.describe()?;
    if !matches!(description.dtype, Dtype::Int(_)) {
        return Ok(false);
    }
    Ok(empty.elements::<u8>(&description)?.iter().any(|byte| *byte != 0))
}

/// The shape that is the data, with the first dimension first.
pub(super) fn shape(object: &Object<'_>, stored: &Description) -> Result<Vec<u64>> {
    let Dtype::Int(int) = stored.dtype else {
        return Err(Error::mismatch("the shape of an empty array", stored.dtype.to_string()));
    };
    let bytes: Vec<u8> = object.elements(stored)?;
    let extents = bytes
        .chunks_exact(int.size.into())
        .map(|cell| u64::try_from(number::int(cell, int.signed)));
    let shape = extents.collect::<Result<Vec<u64>, _>>().unwrap_or_default();
    if !shape.contains(&0) {
        return Err(ErrorKind::Damaged(format!("an empty array of shape {shape:?}")).into());
    }
    Ok(shape)
}

/// Whether a dataset may be an empty array.
pub(crate) fn may_be_empty(stored: &Description) -> bool {
    matches!(stored.dtype, Dtype::Int(int) if int.size == 8) && stored.shape.len() == 1
}

/// An empty array in its own shape.
pub(super) fn empty<'a>(node: Node<'a>, stored: &Description) -> Result<Stands<'a>> {
    if node.text_attribute(CLASS)?.as_deref() == Some("char") {
        return Ok(no_text(node));
    }
    let mut description = described(&node.object, stored)?;
    // Its first dimension is the last one of a file.
    description.shape.reverse();
    Ok(Stands::Staged(node, description, Gathered::Bytes(Vec::new())))
}

/// The shape of an empty array, with its first dimension first.
pub(crate) fn described(object: &Object<'_>, stored: &Description) -> Result<Description> {
    let shape = shape(object, stored)?;
    let dtype = match object.text_attribute(CLASS)?.as_deref() {
        Some("int8") => Dtype::I8,
        Some("int16") => Dtype::I16,
        Some("int32") => Dtype::I32,
        Some("int64") => Dtype::I64,
        Some("uint8") => Dtype::U8,
        Some("uint16") => Dtype::U16,
        Some("uint32") => Dtype::U32,
        Some("uint64") => Dtype::U64,
        Some("single") => Dtype::F32,
        Some("logical") => Dtype::Bool,
        Some("char") => Dtype::U16,
        Some("cell" | "struct") => Dtype::Reference,
        _ => Dtype::F64,
    };
    Ok(Description { dtype, shape, null: false })
}

/// An empty character array, as a text.
pub(super) fn no_text(node: Node<'_>) -> Stands<'_> {
    let texts = Texts { bytes: Vec::new(), ends: vec![0] };
    let description = Description { dtype: Dtype::VarStr, shape: Vec::new(), null: false };
    Stands::Staged(node, description, Gathered::Texts(texts))
}

/// Whether numbers are characters.
pub(crate) fn is_char(object: &Object<'_>, dtype: &Dtype) -> Result<bool> {
    match dtype {
        Dtype::Int(int) if int.size <= 4 && !int.signed => {
            Ok(object.text_attribute(CLASS)?.as_deref() == Some("char"))
        }
        _ => Ok(false),
    }
}

/// The texts of characters.
pub(crate) fn texts(node: &Node<'_>, description: &Description) -> Result<Option<Texts>> {
    if node.ours || !is_char(&node.object, &description.dtype)? {
        return Ok(None);
    }
    let bytes: Vec<u8> = node.object.elements(description)?;
    let size = description.dtype.size();
    let units: Vec<u32> =
        bytes.chunks_exact(size).map(|cell| number::int(cell, false) as u32).collect();
    let mut texts = Texts::default();
    for row in rows(&units, &description.shape) {
        for character in characters(row) {
            let character = character
                .ok_or_else(|| Error::new(ErrorKind::Invalid("characters of no Unicode".into())))?;
            texts.bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        texts.ends.push(texts.bytes.len());
    }
    Ok(Some(texts))
}

/// The units of each text: column by column, so that those of one are as far from each other as
/// there are texts.
pub(super) fn rows<'u, U: Copy>(
    units: &'u [U],
    shape: &[u64],
) -> impl Iterator<Item = impl Iterator<Item = U> + 'u> + 'u {
    let width = shape.first().map_or(1, |width| usize::try_from(*width).unwrap_or(usize::MAX));
    let rows = units.len().checked_div(width).unwrap_or(0);
    (0..rows).map(move |row| units.iter().skip(row).step_by(rows).copied())
}

/// Characters of UTF-16 or UTF-32.
fn characters(units: impl Iterator<Item = u32>) -> impl Iterator<Item = Option<char>> {
    let mut units = units.peekable();
    std::iter::from_fn(move || {
        let unit = units.next()?;
        if let (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) = (unit, units.peek().copied()) {
            units.next();
            return Some(char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)));
        }
        Some(char::from_u32(unit))
    })
}
