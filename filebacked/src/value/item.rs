//! Elements as separate values: a row of a table as a group, a sequence as an array.

use super::Value;
use super::data::Data;
use super::dataset::Dataset;
use super::group::Group;
use super::map::Map;
use crate::storage::{Cell, CellForm, Dtype, Texts};

/// A part of a dataset as a separate value: a single element has its own shape and type.
pub(super) fn simplify(part: Dataset) -> Value {
    if !part.is_scalar() {
        return part.into();
    }
    match (&part.dtype, &part.data) {
        (Dtype::Array(element, shape), Data::Bytes(bytes)) => {
            flat(element, shape, bytes.clone()).map_or_else(|| part.clone().into(), Value::from)
        }
        (Dtype::Compound(_), Data::Bytes(_)) => {
            members(&part).map_or_else(|| part.clone().into(), Value::from)
        }
        (_, Data::Cells(form, cells)) => match cells.first() {
            Some(cell) if !matches!(form, CellForm::Reference) => element(form, cell),
            _ => part.into(),
        },
        _ => part.into(),
    }
}

fn flat(dtype: &Dtype, shape: &[u64], bytes: Vec<u8>) -> Option<Dataset> {
    let data = Data::decode(dtype, bytes);
    data.check(dtype, crate::storage::elements(shape)).ok()?;
    Some(Dataset::raw(dtype.clone(), shape.to_vec(), data))
}

/// The members of one element of a compound type.
pub(super) fn members(row: &Dataset) -> Option<Map> {
    match (&row.dtype, &row.data) {
        (Dtype::Compound(compound), Data::Bytes(bytes)) if row.is_scalar() => {
            let member = |member: &crate::storage::CompoundMember| {
                let bytes =
                    bytes.get(member.offset..member.offset.checked_add(member.dtype.size())?)?;
                Some((member.name.to_string(), simplify(flat(&member.dtype, &[], bytes.to_vec())?)))
            };
            compound.members.iter().map(member).collect()
        }
        (_, Data::Cells(CellForm::Compound(members), cells)) if row.is_scalar() => {
            match cells.first()? {
                Cell::Many(cells) => Some(
                    members
                        .iter()
                        .zip(cells)
                        .map(|((name, form), cell)| (name.clone(), element(form, cell)))
                        .collect(),
                ),
                Cell::Bytes(_) => None,
            }
        }
        _ => None,
    }
}

/// An element, or a part of one.
fn element(form: &CellForm, cell: &Cell) -> Value {
    match (form, cell) {
        (CellForm::Flat(dtype), Cell::Bytes(bytes)) => match flat(dtype, &[], bytes.clone()) {
            Some(dataset) => simplify(dataset),
            // Of a type that is not known, nothing but its bytes is.
            None => Dataset::raw(dtype.clone(), Vec::new(), Data::Bytes(bytes.clone())).into(),
        },
        (CellForm::Text, Cell::Bytes(text)) => {
            let texts = Texts { ends: vec![text.len()], bytes: text.clone() };
            Dataset::raw(Dtype::VarStr, Vec::new(), Data::Texts(texts)).into()
        }
        (CellForm::Sequence(inner), cell) => sequence(inner, cell, None),
        (CellForm::Array(inner, shape), cell) => sequence(inner, cell, Some(shape)),
        (CellForm::Compound(members), Cell::Many(cells)) => {
            let members: Map = members
                .iter()
                .zip(cells)
                .map(|((name, form), cell)| (name.clone(), element(form, cell)))
                .collect();
            Group::from(members).into()
        }
        (form, cell) => {
            let dtype = Dtype::Other(0, name(form).to_string());
            Dataset::raw(dtype, Vec::new(), Data::Cells(form.clone(), vec![cell.clone()])).into()
        }
    }
}

fn sequence(inner: &CellForm, cell: &Cell, shape: Option<&[u64]>) -> Value {
    match (inner, cell) {
        (CellForm::Flat(dtype), Cell::Bytes(bytes)) => {
            let n = bytes.len() / dtype.size().max(1);
            let data = Data::decode(dtype, bytes.clone());
            Dataset::raw(dtype.clone(), shape.map_or_else(|| vec![n as u64], <[u64]>::to_vec), data)
                .into()
        }
        (CellForm::Text, Cell::Many(cells)) => {
            let mut texts = Texts::default();
            for cell in cells {
                if let Cell::Bytes(text) = cell {
                    texts.bytes.extend_from_slice(text);
                }
                texts.ends.push(texts.bytes.len());
            }
            let shape = shape.map_or_else(|| vec![cells.len() as u64], <[u64]>::to_vec);
            Dataset::raw(Dtype::VarStr, shape, Data::Texts(texts)).into()
        }
        (_, Cell::Many(cells)) => {
            let dtype = Dtype::Other(0, name(inner).to_string());
            let shape = shape.map_or_else(|| vec![cells.len() as u64], <[u64]>::to_vec);
            Dataset::raw(dtype, shape, Data::Cells(inner.clone(), cells.clone())).into()
        }
        (_, Cell::Bytes(bytes)) => Value::from(bytes.clone()),
    }
}

/// The kind of the elements, in a word.
fn name(form: &CellForm) -> &'static str {
    match form {
        CellForm::Flat(_) => "data",
        CellForm::Text => "str",
        CellForm::Sequence(_) => "sequence",
        CellForm::Array(..) => "array",
        CellForm::Compound(_) => "compound",
        CellForm::Reference => "reference",
    }
}
