//! Sparse matrices and vectors, as AnnData and scipy have them.
//!
//! ```text
//! x            group     filebacked = "sparse", encoding-type = "csr_matrix" or "csc_matrix",
//! │                      encoding-version = "0.1.0", shape = i64 (2): rows, columns
//! ├── data     the values, row by row (csr) or column by column (csc)
//! ├── indices  i64, or i32 for index types of at most 32 bits: the column (csr) or row (csc) of each value
//! └── indptr   i64 or i32 (rows + 1 or columns + 1): where each row's or column's values start, and where the last end
//! ```
//!
//! Triplets, in their order; several may share one position:
//!
//! ```text
//! x            group     filebacked = "sparse", shape = i64 (2)
//! ├── data     the values
//! ├── row      i64 or i32
//! └── col      i64 or i32
//! ```
//!
//! A vector:
//!
//! ```text
//! x            group     filebacked = "sparse", shape = i64 (1)
//! ├── data     the values
//! └── indices  i64 or i32, ascending
//! ```
//!
//! Python's FileBacked writes `format` ("csr", "csc", "coo") and the numbers `m` and `n` instead of
//! the attributes here, early AnnData `h5sparse_format` and `h5sparse_shape`; both are read. 10x
//! Genomics has a dataset `shape`, and does not store the format. There the indices inside a row or
//! column may be in any order, and are sorted. MATLAB:
//!
//! ```text
//! x            group     MATLAB_sparse = u64: rows
//! ├── data     the values, column by column; not there where there are none
//! ├── ir       u64: the row of each value; likewise
//! └── jc       u64 (columns + 1): where each column's values start, and where the last one's end
//! ```
//!
//! Octave calls `ir` `ridx`, `jc` `cidx`, and has the shape in `nr` and `nc`.

mod parts;

use crate::backed::FileBacked;
use crate::dialect::Concept;
use crate::dialect::anndata::TYPE;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::scalar::Element;
use crate::layout::{number, python};
use crate::node::{Node, say};
use crate::reader::GroupReader;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use crate::storage::{self, Description, Dtype};
use crate::writer::GroupWriter;
use sprs::{
    CompressedStorage, CsMatI, CsMatViewI, CsVecI, CsVecViewI, SpIndex, TriMatI, TriMatViewI,
};

const SHAPE: &str = "shape";
/// MATLAB's number of rows.
const MATLAB: &str = "MATLAB_sparse";

/// Writes a matrix of compressed rows or columns.
pub(crate) fn write_compressed<N: Element, I: SpIndex, P: SpIndex>(
    matrix: &CsMatViewI<'_, N, I, P>,
    slot: Slot<'_>,
) -> Result<Written> {
    let starts = matrix.proper_indptr();
    let nnz = matrix.data().len();
    // A matrix can be made without a check.
    if matrix.indices().len() != nnz || starts.last().and_then(|last| last.try_index()) != Some(nnz)
    {
        return Err(ErrorKind::Contract(
            "a sparse matrix whose parts do not fit each other".into(),
        )
        .into());
    }
    let (format, concept) = match matrix.is_csr() {
        true => ("csr", Concept::SparseRows),
        false => ("csc", Concept::SparseColumns),
    };
    let mut group = begin(slot.concept(concept), format, &[matrix.rows(), matrix.cols()])?;
    group.part("data", |slot| write_values(matrix.data(), slot))?;
    group.part("indices", |slot| write_indices(matrix.indices(), slot))?;
    group.part("indptr", |slot| write_indices(&starts, slot))?;
    group.end()
}

/// Writes a matrix of triplets.
pub(crate) fn write_triplets<N: Element, I: SpIndex>(
    matrix: &TriMatViewI<'_, N, I>,
    slot: Slot<'_>,
) -> Result<Written> {
    let mut group = begin(slot, "coo", &[matrix.rows(), matrix.cols()])?;
    group.part("data", |slot| write_values(matrix.data(), slot))?;
    group.part("row", |slot| write_indices(matrix.row_inds(), slot))?;
    group.part("col", |slot| write_indices(matrix.col_inds(), slot))?;
    group.end()
}

/// Writes a vector.
pub(crate) fn write_vector<N: Element, I: SpIndex>(
    vector: &CsVecViewI<'_, N, I>,
    slot: Slot<'_>,
) -> Result<Written> {
    let mut group = begin(slot, "vector", &[vector.dim()])?;
    group.part("data", |slot| write_values(vector.data(), slot))?;
    group.part("indices", |slot| write_indices(vector.indices(), slot))?;
    group.end()
}

/// Opens the group, and says in its attributes what is in it.
fn begin<'a>(slot: Slot<'a>, format: &str, shape: &[usize]) -> Result<GroupWriter<'a>> {
    let python = slot.cx.is_python();
    let mut group = slot.group(Stamp::kind("sparse"))?;
    let too_large =
        |_| Error::new(ErrorKind::Unsupported(format!("a sparse matrix of shape {shape:?}")));
    let shape: Vec<i64> = shape
        .iter()
        .map(|extent| i64::try_from(*extent))
        .collect::<Result<_, _>>()
        .map_err(too_large)?;
    if python {
        python::describe_sparse(&mut group, format, &shape)?;
        return Ok(group);
    }
    group.integers_attribute(SHAPE, &shape)?;
    Ok(group)
}

fn write_values<N: Element>(values: &[N], slot: Slot<'_>) -> Result<Written> {
    N::write_array(Rows::slice(values), &[values.len() as u64], slot.array())
}

/// Writes indices in the signed integers that scipy has for them.
fn write_indices<I: SpIndex>(indices: &[I], slot: Slot<'_>) -> Result<Written> {
    let (dtype, most) = if size_of::<I>() > 4 {
        (Dtype::I64, i64::MAX as u64)
    } else {
        (Dtype::I32, i32::MAX as u64)
    };
    if let Some(index) =
        indices.iter().find(|index| index.try_index().is_none_or(|index| index as u64 > most))
    {
        let what = format!("the index {index:?} cannot be stored as {dtype}");
        return Err(Error::new(ErrorKind::Unsupported(what))
            .with_help("let the matrix have indices of type `usize`"));
    }
    let (shape, slot) = ([indices.len() as u64], slot.array());
    match storage::integer_bytes(indices) {
        // The sign of an index below the half of its range is the same with a sign and without.
        Some(bytes) => slot.dataset(&dtype, &shape, bytes),
        None => slot.dataset_fill(&dtype, &shape, &mut |out| {
            for index in indices {
                out.put(&(index.index_unchecked() as u64).to_le_bytes()[..dtype.size()]);
            }
        }),
    }
}

const WANTED: &str = "a group (sparse, csr or csc)";

/// Reads a matrix of compressed rows or columns, whichever the file has.
pub(crate) fn read_compressed<N: Element, I: SpIndex, P: SpIndex>(
    node: Node<'_>,
) -> Result<CsMatI<N, I, P>> {
    read_compressed_as(node, None)
}

/// The same, where the file may not say which it has.
pub(crate) fn read_compressed_as<N: Element, I: SpIndex, P: SpIndex>(
    node: Node<'_>,
    unsaid: Option<CompressedStorage>,
) -> Result<CsMatI<N, I, P>> {
    let group = node.group_of("sparse", WANTED)?;
    if let Some(rows) = attribute::<usize>(&group, &[MATLAB])? {
        return read_columns(&group, (rows, None), ["data", "ir", "jc"]);
    }
    if !group.ours && group.child("cidx")?.is_some() {
        let shape = (group.field("nr")?, Some(group.field("nc")?));
        return read_columns(&group, shape, ["data", "ridx", "cidx"]);
    }
    let storage = match (format(&group)?.as_deref(), unsaid) {
        (Some("csr_matrix" | "csr"), _) => CompressedStorage::CSR,
        (Some("csc_matrix" | "csc"), _) => CompressedStorage::CSC,
        (Some(other), _) => {
            return Err(Error::mismatch(WANTED, format!("one of format `{other}`")));
        }
        (None, Some(unsaid)) => unsaid,
        (None, None) => guess(&group)?,
    };
    let (rows, cols) = read_shape(&group)?;
    let (outer, inner) =
        if storage == CompressedStorage::CSR { (rows, cols) } else { (cols, rows) };
    let data = group.part("data", read_values::<N>)?;
    let starts = group.part("indptr", |node| read_starts::<P>(node, outer, data.len()))?;
    group.part("indices", |node| {
        let (description, bits) = open_indices::<I>(&node, data.len())?;
        let Some(bits) = bits else {
            let indices = convert_indices::<I>(&node, &description, Some(inner))?;
            return order_matrix(storage, (rows, cols), starts, indices, data);
        };
        match parts::matrix(storage, (rows, cols), most(&description.dtype), starts, bits, data) {
            Ok(matrix) => Ok(matrix),
            Err((starts, bits, data)) => {
                let indices = check_indices(bits, &description.dtype, Some(inner))?;
                order_matrix(storage, (rows, cols), starts, indices, data)
            }
        }
    })
}

/// The orientation of a foreign group without a mark, by the number of starts.
fn guess(group: &GroupReader<'_>) -> Result<CompressedStorage> {
    let unsaid = || Error::mismatch(WANTED, format!("a group without the attribute `{TYPE}`"));
    if group.ours || group.child(SHAPE)?.is_none() {
        return Err(unsaid());
    }
    let (rows, cols) = read_shape(group)?;
    let starts = group.part("indptr", |node| Ok(node.describe()?.elements()))?.unwrap_or(0);
    match (starts.checked_sub(1), rows == cols) {
        (Some(outer), false) if outer == cols => Ok(CompressedStorage::CSC),
        (Some(outer), false) if outer == rows => Ok(CompressedStorage::CSR),
        (Some(outer), true) if outer == rows => Err(unsaid().with_help(
            "`#[filebacked(with = Csc)]` or `Csr` says what it is, where the shape does not tell",
        )),
        _ => {
            let what =
                format!("{starts} starts in a sparse matrix of {rows} rows and {cols} columns");
            Err(Error::new(ErrorKind::Damaged(what)).at("indptr"))
        }
    }
}

/// Reads a matrix of MATLAB or Octave, some of whose parts are missing if it is all zeros.
fn read_columns<N: Element, I: SpIndex, P: SpIndex>(
    group: &GroupReader<'_>,
    (rows, cols): (usize, Option<usize>),
    [data, indices, starts]: [&str; 3],
) -> Result<CsMatI<N, I, P>> {
    let values =
        if group.child(data)?.is_some() { group.part(data, read_values::<N>)? } else { Vec::new() };
    let indices = match group.child(indices)?.is_some() || !values.is_empty() {
        true => group.part(indices, |node| read_indices::<I>(node, values.len(), Some(rows)))?,
        false => Vec::new(),
    };
    let found = group
        .part(starts, |node| Ok(node.describe()?.elements()))?
        .and_then(|starts| starts.checked_sub(1));
    let none =
        || Error::new(ErrorKind::Damaged("a sparse matrix without a start".into())).at(starts);
    let cols = cols.or(found).ok_or_else(none)?;
    let starts = group.part(starts, |node| read_starts::<P>(node, cols, values.len()))?;
    order_matrix(CompressedStorage::CSC, (rows, cols), starts, indices, values)
}

/// A matrix whose indices are checked one by one, but may be in any order.
fn order_matrix<N: Element, I: SpIndex, P: SpIndex>(
    storage: CompressedStorage,
    (rows, cols): (usize, usize),
    starts: Vec<P>,
    indices: Vec<I>,
    data: Vec<N>,
) -> Result<CsMatI<N, I, P>> {
    let make = |indptr: Vec<P>, indices: Vec<I>, data: Vec<N>| match storage {
        CompressedStorage::CSR => CsMatI::try_new((rows, cols), indptr, indices, data),
        CompressedStorage::CSC => CsMatI::try_new_csc((rows, cols), indptr, indices, data),
    };
    let (starts, indices, data) = match make(starts, indices, data) {
        Ok(matrix) => return Ok(matrix),
        Err((starts, indices, data, sprs::errors::StructureError::Unsorted(_))) => {
            (starts, indices, data)
        }
        Err((.., source)) => return Err(refused(source)),
    };
    let (indices, data) = sort(&starts, indices, data);
    make(starts, indices, data).map_err(|(.., source)| refused(source))
}

#[cold]
fn refused(source: sprs::errors::StructureError) -> Error {
    match source {
        sprs::errors::StructureError::Unsorted(_) => {
            ErrorKind::Damaged("two values at one place".into()).into()
        }
        source => Error::new(ErrorKind::Unsupported(format!(
            "a sparse matrix that sprs refuses: {source}"
        )))
        .with_help("let the matrix have indices of type `usize`")
        .with_source(source),
    }
}

/// Sorts the values of each row or column by their indices.
fn sort<N, I: SpIndex, P: SpIndex>(
    starts: &[P],
    indices: Vec<I>,
    data: Vec<N>,
) -> (Vec<I>, Vec<N>) {
    let mut entries = indices.into_iter().zip(data);
    let mut sorted = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
    let mut row = Vec::new();
    for pair in starts.windows(2) {
        let count = pair[1].index_unchecked() - pair[0].index_unchecked();
        row.extend(entries.by_ref().take(count));
        row.sort_by_key(|(index, _)| *index);
        sorted.extend(row.drain(..));
    }
    sorted
}

/// Reads a matrix of triplets.
pub(crate) fn read_triplets<N: Element, I: SpIndex>(node: Node<'_>) -> Result<TriMatI<N, I>> {
    const WANTED: &str = "a group (sparse, triplets)";
    let group = node.group_of("sparse", WANTED)?;
    if let Some(other) = format(&group)?.filter(|format| format != "coo") {
        return Err(Error::mismatch(WANTED, format!("one of format `{other}`"))
            .with_help("read it as a `CsMat`, and take its `iter()`"));
    }
    let (rows, cols) = read_shape(&group)?;
    let data = group.part("data", read_values::<N>)?;
    let row = group.part("row", |node| read_indices::<I>(node, data.len(), Some(rows)))?;
    let col = group.part("col", |node| read_indices::<I>(node, data.len(), Some(cols)))?;
    Ok(TriMatI::from_triplets((rows, cols), row, col, data))
}

/// Reads a vector.
pub(crate) fn read_vector<N: Element, I: SpIndex>(node: Node<'_>) -> Result<CsVecI<N, I>> {
    const WANTED: &str = "a group (sparse, one dimension)";
    let group = node.group_of("sparse", WANTED)?;
    let dim = match extents(&group)?[..] {
        [dim] => dim,
        ref shape => return Err(Error::mismatch(WANTED, format!("one of shape {shape:?}"))),
    };
    let data = group.part("data", read_values::<N>)?;
    let indices = group.part("indices", |node| read_indices::<I>(node, data.len(), Some(dim)))?;
    let (indices, data) = match CsVecI::try_new(dim, indices, data) {
        Ok(vector) => return Ok(vector),
        Err((indices, data, sprs::errors::StructureError::Unsorted(_))) => (indices, data),
        Err((.., source)) => return Err(refused(source)),
    };
    let (indices, data) = sort(&[0, data.len()], indices, data);
    CsVecI::try_new(dim, indices, data).map_err(|(.., source)| refused(source))
}

/// The first of these attributes that is there.
fn attribute<T: FileBacked>(group: &GroupReader<'_>, names: &[&str]) -> Result<Option<T>> {
    for name in names {
        if let Some(node) = group.own_attribute(name)? {
            return node.get().map(Some).map_err(|e| e.at(name));
        }
    }
    Ok(None)
}

fn format(group: &GroupReader<'_>) -> Result<Option<String>> {
    attribute(group, &[TYPE, "format", "h5sparse_format"])
}

fn extents(group: &GroupReader<'_>) -> Result<Vec<usize>> {
    let member = |group: &GroupReader<'_>| match group.child(SHAPE)? {
        Some(node) if !group.ours => node.get::<Vec<i64>>().map(Some).map_err(|e| e.at(SHAPE)),
        _ => Ok(None),
    };
    let shape: Vec<i64> = match attribute(group, &[SHAPE, "h5sparse_shape"])?
        .map_or_else(|| member(group), |shape| Ok(Some(shape)))?
    {
        Some(shape) => shape,
        None => match (attribute(group, &["m"])?, attribute(group, &["n"])?) {
            (Some(rows), Some(cols)) => vec![rows, cols],
            _ => return Err(Error::new(ErrorKind::Missing).at(SHAPE)),
        },
    };
    let damaged =
        |_| Error::new(ErrorKind::Damaged(format!("a sparse matrix of shape {shape:?}"))).at(SHAPE);
    shape.iter().map(|extent| usize::try_from(*extent)).collect::<Result<_, _>>().map_err(damaged)
}

fn read_shape(group: &GroupReader<'_>) -> Result<(usize, usize)> {
    match extents(group)?[..] {
        [rows, cols] => Ok((rows, cols)),
        ref shape => {
            Err(Error::mismatch("a sparse matrix", format!("one of shape {shape:?}")).at(SHAPE))
        }
    }
}

fn read_values<N: Element>(node: Node<'_>) -> Result<Vec<N>> {
    Ok(N::read_array(&node, Some(1))?.0)
}

/// Reads so many indices below `limit`, of whatever integer type.
fn read_indices<I: SpIndex>(node: Node<'_>, len: usize, limit: Option<usize>) -> Result<Vec<I>> {
    match open_indices(&node, len)? {
        (description, Some(bits)) => check_indices(bits, &description.dtype, limit),
        (description, None) => convert_indices(&node, &description, limit),
    }
}

/// Looks at so many indices, and reads their bits where they have the size of an `I`: nothing is
/// checked yet.
fn open_indices<I: SpIndex>(node: &Node<'_>, len: usize) -> Result<(Description, Option<Vec<I>>)> {
    let description = node.describe()?;
    if !matches!(description.dtype, Dtype::Int(_)) {
        return Err(node.unexpected("indices (integers)"));
    }
    number::shape(node, &description, "integers", Some(1))?;
    if description.elements() != Some(len) {
        let found = say(&description);
        return Err(ErrorKind::Damaged(format!("{found} where {len} indices are wanted")).into());
    }
    let bits = storage::read_integers::<I>(node.object.source, node.object.handle, &description)?;
    Ok((description, bits))
}

/// The largest index that a stored type has.
fn most(dtype: &Dtype) -> usize {
    match dtype {
        Dtype::Int(int) => {
            usize::MAX
                >> (usize::BITS.saturating_sub(u32::from(int.size) * 8 - u32::from(int.signed)))
        }
        _ => 0,
    }
}

/// Checks indices one by one, whose bits are those of the stored ones.
fn check_indices<I: SpIndex>(bits: Vec<I>, dtype: &Dtype, limit: Option<usize>) -> Result<Vec<I>> {
    let most = most(dtype).min(limit.map_or(usize::MAX, |limit| limit.wrapping_sub(1)));
    let fits = |index: &I| index.try_index().is_some_and(|index| index <= most);
    // Without an early end, the loop takes many at once.
    let all = limit != Some(0) && bits.iter().fold(true, |all, index| all & fits(index));
    match bits.iter().find(|index| !all && (limit == Some(0) || !fits(index))) {
        None => Ok(bits),
        Some(index) => Err(wrong_index(index)),
    }
}

#[cold]
fn wrong_index(index: &dyn std::fmt::Debug) -> Error {
    ErrorKind::Damaged(format!("the index {index:?} in a sparse matrix")).into()
}

/// Reads indices below `limit` as those of another size.
fn convert_indices<I: SpIndex>(
    node: &Node<'_>,
    description: &Description,
    limit: Option<usize>,
) -> Result<Vec<I>> {
    let Dtype::Int(int) = description.dtype else {
        return Err(node.unexpected("indices (integers)"));
    };
    let index_of = |value: i128| {
        let index =
            usize::try_from(value).ok().filter(|index| limit.is_none_or(|limit| *index < limit));
        let index = index.ok_or_else(|| wrong_index(&value))?;
        I::try_from_usize(index).ok_or_else(|| {
            number::out_of_range(
                number::Any::Int(value),
                &description.dtype,
                std::any::type_name::<I>(),
            )
        })
    };
    let bytes = node.object.elements::<u8>(description)?;
    bytes
        .chunks_exact(int.size.into())
        .map(|cell| index_of(number::int(cell, int.signed)))
        .collect()
}

/// Reads where each of `outer` rows or columns starts, and where the last one ends: at `nnz`.
fn read_starts<P: SpIndex>(node: Node<'_>, outer: usize, nnz: usize) -> Result<Vec<P>> {
    let starts = read_indices::<P>(node, outer.saturating_add(1), None)?;
    let ends =
        [starts.first(), starts.last()].map(|start| start.and_then(|start| start.try_index()));
    if ends != [Some(0), Some(nnz)] || !starts.is_sorted() {
        return Err(ErrorKind::Damaged(format!("starts that do not ascend from 0 to {nnz}")).into());
    }
    Ok(starts)
}
