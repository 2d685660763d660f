//! [`Records`]: the columns that were captured, laid out as one compound dataset.

use super::capture::{Column, Group, GroupRole, Member, refused, too_large};
use super::cells::{Piece, Strings, interleave};
use crate::error::{ErrorKind, Result};
use crate::{CompoundMember, CompoundType, Dtype, Out, elements};

/// Attributes: names and texts.
type Marks = Vec<(String, String)>;

/// Records, not yet put together.
#[derive(Debug)]
pub struct Records {
    /// A compound type.
    pub dtype: Dtype,
    /// The extents of the dataset.
    pub shape: Vec<u64>,
    /// Attributes of the dataset: its own, and those of its members.
    pub marks: Marks,
    /// Strings of variable length.
    pub strings: Vec<Strings>,
    pieces: Vec<Piece>,
    rows: usize,
    size: usize,
}

impl Records {
    pub(super) fn new(value: Member) -> Result<Records> {
        let (rows, mut shape) = match &value {
            Member::Group(Group { kind: GroupRole::One, .. }) => (1, Vec::new()),
            Member::Group(group) => (group.len, vec![group.len as u64]),
            Member::Column(column) if matches!(column.dtype, Dtype::Compound(_)) => {
                match column.shape.first() {
                    Some(rows) => (*rows as usize, vec![*rows]),
                    None => (1, Vec::new()),
                }
            }
            Member::Column(column) => {
                return Err(refused(&format!("values of type {} as records", column.dtype)));
            }
        };
        let mut marks = Vec::new();
        let cell = Cell::new(value, rows, shape.is_empty(), "", &mut marks)?;
        let size = cell.size()?;
        shape.extend(&cell.dims);
        let Cell { dtype, pieces, mut strings, .. } = cell;
        strings.iter_mut().for_each(|strings| strings.levels.insert(0, (rows, size)));
        Ok(Records { dtype, shape, marks, strings, pieces, rows, size })
    }

    /// Appends the records one after another, with zeros where strings of variable length are.
    pub fn fill(&self, out: &mut Out<'_>) {
        interleave(&self.pieces, self.rows, self.size, out);
    }

    /// The records one after another.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.rows * self.size);
        self.fill(&mut Out(&mut bytes));
        bytes
    }
}

/// What stands in a cell of each row: one element or an array of them. Offsets are from the cell's
/// start.
struct Cell {
    dtype: Dtype,
    dims: Vec<u64>,
    pieces: Vec<Piece>,
    strings: Vec<Strings>,
}

impl Cell {
    /// Lays out what stands in a cell of each row. With `one`, there is one row, and it is no
    /// dimension of its own.
    fn new(member: Member, rows: usize, one: bool, path: &str, marks: &mut Marks) -> Result<Cell> {
        let mut group = match member {
            Member::Column(column) => return Cell::of_column(column, rows, one, path, marks),
            Member::Group(group) => group,
        };
        note(std::mem::take(&mut group.marks), path, marks);
        let own = |shape: &[u64]| {
            if one { shape.to_vec() } else { shape.get(1..).unwrap_or_default().to_vec() }
        };
        let dims = group.shape.take().map(|shape| own(&shape));
        match (group.kind, dims) {
            (GroupRole::Arrays, Some(dims)) => {
                let Some((name, values)) = group.members.into_iter().next() else {
                    return Err(refused("an array of nothing"));
                };
                Cell::of_arrays(values, dims, rows, &joined(path, &name), marks)
            }
            (GroupRole::Rows | GroupRole::Optional, Some(dims)) if one => {
                Cell::of_arrays(Member::Group(group), dims, rows, path, marks)
            }
            (kind, _) if group.len != rows || kind == GroupRole::Arrays => {
                Err(ErrorKind::Contract(format!("{} rows in a table of {rows}", group.len)).into())
            }
            (GroupRole::Optional, _) => Cell::of_options(group.members, rows, path, marks),
            (kind, _) => {
                let mut cells = Vec::with_capacity(group.members.len());
                for (name, member) in group.members {
                    let cell = Cell::new(
                        member,
                        rows,
                        kind == GroupRole::One,
                        &joined(path, &name),
                        marks,
                    );
                    cells.push((cell.map_err(|e| e.at(&name))?, name));
                }
                Cell::of_members(cells)
            }
        }
    }

    fn of_column(
        column: Column,
        rows: usize,
        one: bool,
        path: &str,
        marks: &mut Marks,
    ) -> Result<Cell> {
        let Column { dtype, shape, cells, mut strings, marks: own } = column;
        note(own, path, marks);
        let dims = match shape.split_first() {
            _ if one => shape,
            Some((len, dims)) if *len as usize == rows => dims.to_vec(),
            _ => {
                return Err(ErrorKind::Contract(format!(
                    "a column of shape {shape:?} in a table of {rows}"
                ))
                .into());
            }
        };
        let count = count(&dims)?;
        let size = dtype.stored_size().checked_mul(count).ok_or_else(too_large)?;
        let mut pieces = Vec::new();
        if dtype == Dtype::VarStr {
            strings.iter_mut().for_each(|strings| strings.run = count);
        } else {
            // Records that were put together before know their rows already.
            for strings in &mut strings {
                strings.levels.remove(0);
            }
            pieces.push(Piece { offset: 0, size, cells });
        }
        Ok(Cell { dtype, dims, pieces, strings })
    }

    /// The members of a record, one behind another.
    fn of_members(members: Vec<(Cell, String)>) -> Result<Cell> {
        if members.is_empty() {
            return Err(refused("a value without anything to store"));
        }
        let (mut types, mut pieces, mut strings, mut offset) =
            (Vec::new(), Vec::new(), Vec::new(), 0usize);
        for (mut cell, name) in members {
            let end = offset.checked_add(cell.size()?).filter(|end| u32::try_from(*end).is_ok());
            cell.pieces.iter_mut().for_each(|piece| piece.offset += offset);
            cell.strings.iter_mut().for_each(|strings| strings.offset += offset);
            pieces.append(&mut cell.pieces);
            strings.append(&mut cell.strings);
            let Cell { dtype, dims, .. } = cell;
            let dtype = if dims.is_empty() { dtype } else { Dtype::Array(Box::new(dtype), dims) };
            types.push(CompoundMember { name: name.into(), offset, dtype });
            offset = end.ok_or_else(too_large)?;
        }
        let dtype = Dtype::Compound(CompoundType { size: offset, members: types.into() });
        Ok(Cell { dtype, dims: Vec::new(), pieces, strings })
    }

    /// An array of records in each row: the records are put together first.
    fn of_arrays(
        values: Member,
        dims: Vec<u64>,
        rows: usize,
        path: &str,
        marks: &mut Marks,
    ) -> Result<Cell> {
        let count = count(&dims)?;
        let all = rows.checked_mul(count).ok_or_else(too_large)?;
        let Cell { dtype, dims: inner, pieces, mut strings } =
            Cell::new(values, all, false, path, marks)?;
        let size = dtype
            .stored_size()
            .checked_mul(elements(&inner).ok_or_else(too_large)?)
            .ok_or_else(too_large)?;
        let mut cells = Vec::with_capacity(all.checked_mul(size).ok_or_else(too_large)?);
        interleave(&pieces, all, size, &mut Out(&mut cells));
        strings.iter_mut().for_each(|strings| strings.levels.insert(0, (count, size)));
        let pieces =
            vec![Piece { offset: 0, size: size.checked_mul(count).ok_or_else(too_large)?, cells }];
        Ok(Cell { dtype, dims: dims.into_iter().chain(inner).collect(), pieces, strings })
    }

    /// A mask, and values, of which those that are left out get a place of zeros.
    fn of_options(
        members: Vec<(String, Member)>,
        rows: usize,
        path: &str,
        marks: &mut Marks,
    ) -> Result<Cell> {
        let (mut mask, mut cells) = (Vec::new(), Vec::new());
        for (name, member) in members {
            let len = match &member {
                Member::Group(group) => group.len,
                Member::Column(column) => column.shape.first().map_or(1, |len| *len as usize),
            };
            if let (Member::Column(column), true) = (&member, mask.is_empty()) {
                mask.clone_from(&column.cells);
            }
            let mut cell = Cell::new(member, len, false, &joined(path, &name), marks)
                .map_err(|e| e.at(&name))?;
            if len != rows {
                cell.spread(&mask);
            }
            cells.push((cell, name));
        }
        Cell::of_members(cells)
    }

    /// Gives the rows that are left out a place.
    fn spread(&mut self, mask: &[u8]) {
        for piece in &mut self.pieces {
            let mut present = piece.cells.chunks_exact(piece.size.max(1));
            let mut cells = Vec::with_capacity(mask.len() * piece.size);
            for missing in mask {
                match if *missing == 0 { present.next() } else { None } {
                    Some(cell) => cells.extend_from_slice(cell),
                    None => cells.resize(cells.len() + piece.size, 0),
                }
            }
            piece.cells = cells;
        }
        for strings in &mut self.strings {
            let per = strings.levels.iter().map(|level| level.0).product::<usize>() * strings.run;
            let mut present = strings.texts.ends.chunks_exact(per.max(1));
            let (mut ends, mut last) = (Vec::with_capacity(mask.len() * per), 0);
            for missing in mask {
                match if *missing == 0 { present.next() } else { None } {
                    Some(cell) => ends.extend_from_slice(cell),
                    None => ends.resize(ends.len() + per, last),
                }
                last = ends.last().copied().unwrap_or(0);
            }
            strings.texts.ends = ends;
        }
    }

    /// Bytes of a cell.
    fn size(&self) -> Result<usize> {
        let size =
            elements(&self.dims).and_then(|count| self.dtype.stored_size().checked_mul(count));
        size.filter(|size| u32::try_from(*size).is_ok()).ok_or_else(too_large)
    }
}

/// The number of elements of an array in a cell, which HDF5 wants to be at least one.
fn count(dims: &[u64]) -> Result<usize> {
    match elements(dims) {
        Some(0) => Err(refused("an array without elements")),
        Some(count) if dims.iter().all(|extent| u32::try_from(*extent).is_ok()) => Ok(count),
        _ => Err(too_large()),
    }
}

/// Notes the attributes of a member as attributes of the dataset: `filebacked_filter:pos/x`.
fn note(found: Marks, path: &str, marks: &mut Marks) {
    for (name, text) in found {
        let name = match (name.split_once(':'), path) {
            (_, "") => name,
            (None, path) => format!("{name}:{path}"),
            // Of a member of records that were put together before.
            (Some((name, inner)), path) => format!("{name}:{path}/{inner}"),
        };
        marks.push((name, text));
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}/{name}") }
}
