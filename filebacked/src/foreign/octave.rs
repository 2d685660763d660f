//! The special forms of Octave's `save -hdf5`.
//!
//! ```text
//! x/           OCTAVE_NEW_FORMAT = 1
//! ├── type     str: "scalar", "matrix", "string", "cell", "scalar struct", ...
//! └── value    a dataset, its dimensions reversed, or a group of variables: of a cell `dims`, `_0`, `_1`, ...
//! ```

use crate::error::{Error, ErrorKind, Result};
use crate::foreign::{RowsPart, Stands, matlab};
use crate::layout::number::Any;
use crate::node::Node;
use crate::object::Object;
use crate::storage::{Description, Dtype, Gathered, ObjectKind, Texts};

/// The attribute of variables.
pub(super) const VARIABLE: &str = "OCTAVE_NEW_FORMAT";

/// The attribute of variables without elements, whose value is their shape.
const EMPTY: &str = "OCTAVE_EMPTY_MATRIX";

/// The attribute of ranges: the number of elements.
const COUNT: &str = "OCTAVE_RANGE_NELEM";

/// How many elements a range may have, which takes no room in a file.
const MOST: u64 = 1 << 24;

/// The object that stands for a variable.
pub(super) fn variable(node: Node<'_>) -> Result<Stands<'_>> {
    let Some(value) = node.object.child("value")? else { return Ok(Stands::Node(node)) };
    let kind = match node.object.child("type")? {
        Some(kind) => kind.text()?.unwrap_or_default(),
        None => return Ok(Stands::Node(node)),
    };
    let is_text = matches!(kind.as_str(), "string" | "sq_string" | "char_matrix" | "char matrix");
    if value.kind() != ObjectKind::Dataset {
        return Ok(Stands::Object(node, value));
    }
    if node.object.attribute(EMPTY)?.is_some() {
        if is_text {
            return Ok(matlab::no_text(node));
        }
        let mut shape = matlab::shape(&value, &value.source.describe(value.handle)?)
            .map_err(|e| e.at("value"))?;
        shape.reverse();
        let dtype = match kind.as_str() {
            "cell" | "struct" => Dtype::Reference,
            _ if kind.starts_with("bool") => Dtype::Bool,
            _ => Dtype::F64,
        };
        let description = Description { dtype, shape, null: false };
        return Ok(Stands::Staged(node, description, Gathered::Bytes(Vec::new())));
    }
    if is_text {
        let (description, texts) = texts(&value).map_err(|e| e.at("value"))?;
        return Ok(Stands::Staged(node, description, Gathered::Texts(texts)));
    }
    if kind == "bool" {
        let found = value.source.describe(value.handle)?;
        let cell: Vec<u8> = value.elements(&found)?;
        let byte = match Any::decode(&cell, &found.dtype) {
            Some(Any::Float(0.0) | Any::Int(0)) => 0,
            Some(Any::Float(1.0) | Any::Int(1)) => 1,
            _ => {
                return Err(Error::new(ErrorKind::Invalid(
                    "a bool that is neither 0 nor 1".into(),
                ))
                .at("value"));
            }
        };
        let description = Description { dtype: Dtype::Bool, shape: Vec::new(), null: false };
        return Ok(Stands::Staged(node, description, Gathered::Bytes(vec![byte])));
    }
    if kind.ends_with("range") {
        let (description, elements) = range(&value).map_err(|e| e.at("value"))?;
        return Ok(Stands::Staged(node, description, elements));
    }
    Ok(Stands::Object(node, value))
}

/// Texts, which are bytes.
fn texts(value: &Object<'_>) -> Result<(Description, Texts)> {
    let found = value.source.describe(value.handle)?;
    if found.dtype.size() != 1 {
        return Err(Error::mismatch("characters", found.dtype.to_string()));
    }
    let bytes: Vec<u8> = value.elements(&found)?;
    let mut texts = Texts::default();
    for row in matlab::rows(&bytes, &found.shape) {
        texts.bytes.extend(row);
        texts.ends.push(texts.bytes.len());
    }
    let shape = if texts.ends.len() == 1 { Vec::new() } else { vec![texts.ends.len() as u64] };
    Ok((Description { dtype: Dtype::VarStr, shape, null: false }, texts))
}

/// The elements of a range, from its first and last element and its step.
fn range(value: &Object<'_>) -> Result<(Description, Gathered)> {
    let found = value.source.describe(value.handle)?;
    let cell: Vec<u8> = value.elements(&found)?;
    let Dtype::Compound(compound) = &found.dtype else {
        return Err(Error::mismatch("a range (base, limit, increment)", found.dtype.to_string()));
    };
    let part = |name: &str| {
        let member = compound.members.iter().find(|member| member.name == name);
        let number =
            member.and_then(|member| Any::decode(cell.get(member.offset..)?, &member.dtype));
        match number {
            Some(Any::Float(number) | Any::Rounded(number)) => Ok(number),
            Some(Any::Int(number)) => Ok(number as f64),
            None => Err(Error::new(ErrorKind::Missing).at(name)),
        }
    };
    let (base, limit, step) = (part("base")?, part("limit")?, part("increment")?);
    let count = match value.attribute(COUNT)? {
        Some(count) => {
            let found = count.source.describe(count.handle)?;
            match Any::decode(&count.elements::<u8>(&found)?, &found.dtype) {
                Some(Any::Int(count)) => u64::try_from(count).ok(),
                _ => None,
            }
        }
        None if step == 0.0 => None,
        None => Some(((limit - base) / step + 1.0).floor().max(0.0) as u64),
    };
    let count = count.filter(|count| *count <= MOST);
    let count = count.ok_or_else(|| {
        Error::new(ErrorKind::Damaged(format!("a range from {base} to {limit} by {step}")))
    })?;
    let bytes = (0..count).flat_map(|i| (base + i as f64 * step).to_le_bytes()).collect();
    Ok((
        Description { dtype: Dtype::F64, shape: vec![count, 1], null: false },
        Gathered::Bytes(bytes),
    ))
}

/// Reads the values of a cell array; returns the node if it is not one.
pub(super) fn cells<'a>(
    node: Node<'a>,
    read: &mut dyn FnMut(RowsPart<'_>) -> Result<()>,
) -> Result<Option<Node<'a>>> {
    let Some(len) = len_of_cell(&node.object)? else { return Ok(Some(node)) };
    for i in 0..len {
        let name = format!("_{i}");
        let value = node.object.child(&name)?.ok_or_else(|| ErrorKind::Missing.into());
        value
            .and_then(|object| read(RowsPart::One(node.instead(object)?)))
            .map_err(|e: Error| e.at(&name))?;
    }
    Ok(None)
}

/// How many values a cell array has.
fn len_of_cell(group: &Object<'_>) -> Result<Option<usize>> {
    if group.kind() != ObjectKind::Group || group.child("dims")?.is_none() {
        return Ok(None);
    }
    let mut names = group.source.children(group.handle)?;
    names.sort();
    let len = names.len() - 1;
    Ok((0..len).all(|i| names.binary_search(&format!("_{i}")).is_ok()).then_some(len))
}

/// How many values a variable has that is a column of a table: in an array of structs, the cells of
/// a field.
pub(crate) fn len(column: &Object<'_>) -> Result<Option<u64>> {
    match column
        .attribute(VARIABLE)?
        .is_some()
        .then(|| column.child("value"))
        .transpose()?
        .flatten()
    {
        Some(value) => Ok(len_of_cell(&value)?.map(|len| len as u64)),
        None => Ok(None),
    }
}
