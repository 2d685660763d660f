//! [`RecordPart`]: a part of a compound dataset that is read like a group or a dataset.

use crate::compound::gather;
use crate::error::{Error, ErrorKind, Result};
use crate::object::Object;
use crate::{Description, Dtype, Plain, Texts, elements, fill_vec};
use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::rc::Rc;

/// The group that a compound dataset stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RecordForm {
    /// A scalar: the group of one value, with a scalar for each member.
    One,
    /// One dimension: a table, with a column for each member.
    Rows,
    /// More dimensions: the group of many arrays, with their elements as `values`.
    Arrays,
}

impl RecordForm {
    /// The form that may stand for a group of this kind.
    pub fn of(kind: &str) -> Option<RecordForm> {
        match kind {
            "struct" | "tuple" | "range" => Some(RecordForm::One),
            "columns" | "optional" => Some(RecordForm::Rows),
            "arrays" => Some(RecordForm::Arrays),
            _ => None,
        }
    }
}

/// The name of what [`RecordForm::Arrays`] holds.
const VALUES: &str = "values";

/// A part of a compound dataset: cells in records, contiguous or not.
#[derive(Clone)]
pub struct RecordPart<'a> {
    /// The dataset that it is a piece of.
    dataset: Rc<Object<'a>>,
    bytes: Bytes<'a>,
    /// The bytes from one record to the next.
    stride: usize,
    /// The offset of its cell in a record.
    offset: usize,
    /// The number of records.
    rows: usize,
    /// The type of an element; a cell is one element, or several for dimensions beyond those of the
    /// records.
    dtype: Dtype,
    shape: Vec<u64>,
    /// The members that lead here from the dataset's elements.
    names: Vec<String>,
    /// The same as attributes of the dataset call it.
    path: String,
    /// The missing records of the dataset, one mask for each time that some were left out.
    absent: Vec<Rc<[bool]>>,
    /// The group that it stands for; `None` for a dataset.
    form: Option<RecordForm>,
}

/// The bytes of all records.
#[derive(Clone)]
enum Bytes<'a> {
    AtHand(&'a [u8]),
    Read(Rc<Vec<u8>>),
}

impl Bytes<'_> {
    fn get(&self) -> &[u8] {
        match self {
            Bytes::AtHand(bytes) => bytes,
            Bytes::Read(bytes) => bytes,
        }
    }
}

impl<'a> RecordPart<'a> {
    /// A whole dataset of a compound type.
    pub fn whole(dataset: Object<'a>, description: Description) -> Result<Self> {
        let bytes = match dataset.source.at_hand(dataset.handle)? {
            Some(bytes) => Bytes::AtHand(bytes),
            None => Bytes::Read(Rc::new(crate::read_records(
                dataset.source,
                dataset.handle,
                &description,
            )?)),
        };
        let rows = description.elements().ok_or_else(damaged)?;
        let Description { dtype, shape, null } = description;
        let shape = if null { vec![0] } else { shape };
        let (stride, dataset) = (dtype.size(), Rc::new(dataset));
        let (names, path, absent) = (Vec::new(), String::new(), Vec::new());
        Ok(RecordPart {
            dataset,
            bytes,
            stride,
            offset: 0,
            rows,
            dtype,
            shape,
            names,
            path,
            absent,
            form: None,
        })
    }

    /// The same part as a group.
    pub fn into_group(self, form: RecordForm) -> Result<Self> {
        let rows = elements(&self.shape).ok_or_else(damaged)?;
        let part = match form {
            // An array in one record: its elements are the rows.
            RecordForm::Rows if rows != self.rows => {
                let shape = self.shape.clone();
                self.with(self.cells()?, rows, shape, self.path.clone(), self.absent.clone())
            }
            _ => self,
        };
        Ok(RecordPart { form: Some(form), ..part })
    }

    /// The dataset that it is a piece of.
    pub fn dataset(&self) -> &Object<'a> {
        &self.dataset
    }

    /// Whether it stands for a group.
    pub fn is_group(&self) -> bool {
        self.form.is_some()
    }

    /// Its datatype and shape, as a dataset.
    pub fn describe(&self) -> Description {
        Description { dtype: self.dtype.clone(), shape: self.shape.clone(), null: false }
    }

    /// The number of rows of a table, or of arrays.
    pub fn rows(&self) -> Option<usize> {
        match self.form {
            Some(RecordForm::Rows | RecordForm::Arrays) => {
                Some(self.shape.first().map_or(0, |rows| *rows as usize))
            }
            _ => None,
        }
    }

    /// The names of the members of a group.
    pub fn names(&self) -> Vec<String> {
        match (self.form, self.dtype.members()) {
            (None, _) => Vec::new(),
            (Some(RecordForm::Arrays), _) => vec![VALUES.to_string()],
            (_, Some(compound)) => {
                compound.members.iter().map(|member| member.name.to_string()).collect()
            }
            (_, None) => Vec::new(),
        }
    }

    /// The member of this name, as a part.
    pub fn child(&self, name: &str) -> Result<Option<RecordPart<'a>>> {
        match self.form {
            None => Ok(None),
            Some(RecordForm::Arrays) if name == VALUES => self.flattened().map(Some),
            Some(RecordForm::Arrays) => Ok(None),
            Some(RecordForm::One | RecordForm::Rows) => Ok(self.member(name)),
        }
    }

    fn member(&self, name: &str) -> Option<RecordPart<'a>> {
        let compound = self.dtype.members()?;
        let member = compound.members.iter().find(|member| member.name == name)?;
        let (mut dtype, mut shape) = (&member.dtype, self.shape.clone());
        while let Dtype::Array(element, extents) = dtype {
            shape.extend(extents);
            dtype = element;
        }
        let mut names = self.names.clone();
        names.push(name.to_string());
        Some(RecordPart {
            dataset: Rc::clone(&self.dataset),
            bytes: self.bytes.clone(),
            stride: self.stride,
            offset: self.offset + member.offset,
            rows: self.rows,
            dtype: dtype.clone(),
            shape,
            names,
            path: joined(&self.path, name),
            absent: self.absent.clone(),
            form: None,
        })
    }

    /// The elements of all cells as one dimension.
    fn flattened(&self) -> Result<RecordPart<'a>> {
        let rows = elements(&self.shape).ok_or_else(damaged)?;
        let cells = self.cells()?;
        Ok(self.with(
            cells,
            rows,
            vec![rows as u64],
            joined(&self.path, VALUES),
            self.absent.clone(),
        ))
    }

    /// The part without the records that a mask marks as missing.
    pub fn present(&self, absent: &[bool]) -> Result<RecordPart<'a>> {
        if absent.len() != self.rows {
            return Err(ErrorKind::Damaged(format!(
                "a mask of {} for {} values",
                absent.len(),
                self.rows
            ))
            .into());
        }
        let rows = absent.iter().filter(|absent| !**absent).count();
        let cells = self.cells()?;
        let size = cells.len() / self.rows.max(1);
        let kept = match size {
            0 => Vec::new(),
            size => {
                let cells = cells.chunks_exact(size).zip(absent).filter(|(_, absent)| !**absent);
                cells.flat_map(|(cell, _)| cell).copied().collect()
            }
        };
        let mut shape = self.shape.clone();
        if let Some(len) = shape.first_mut() {
            *len = rows as u64;
        }
        let absent = self.absent.iter().cloned().chain([absent.into()]).collect();
        Ok(self.with(kept, rows, shape, self.path.clone(), absent))
    }

    fn with(
        &self,
        cells: Vec<u8>,
        rows: usize,
        shape: Vec<u64>,
        path: String,
        absent: Vec<Rc<[bool]>>,
    ) -> RecordPart<'a> {
        RecordPart {
            dataset: Rc::clone(&self.dataset),
            bytes: Bytes::Read(Rc::new(cells)),
            // Without bytes of its own a cell takes no place.
            stride: self.cell_size(&shape, rows),
            offset: 0,
            rows,
            dtype: self.dtype.clone(),
            shape,
            names: self.names.clone(),
            path,
            absent,
            form: None,
        }
    }

    /// The bytes of a cell, for a number of records of this shape.
    fn cell_size(&self, shape: &[u64], rows: usize) -> usize {
        let count = elements(shape).unwrap_or(0) / rows.max(1);
        self.dtype.size().saturating_mul(count)
    }

    /// The cells as contiguous bytes.
    fn cells(&self) -> Result<Vec<u8>> {
        let size = self.cell_size(&self.shape, self.rows);
        let bytes = Description {
            dtype: Dtype::U8,
            shape: vec![self.rows as u64, size as u64],
            null: false,
        };
        fill_vec(&bytes, |out| self.copy(out))
    }

    /// Copies the cells side by side into a buffer of their size.
    pub fn copy(&self, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        let size = self.cell_size(&self.shape, self.rows);
        match gather(self.bytes.get(), self.stride, self.offset, size, out) {
            true => Ok(()),
            false => Err(damaged()),
        }
    }

    /// All elements, as they lie in memory: `T` is the element, or `u8` for its bytes.
    pub fn elements<T: Plain>(&self, description: &Description) -> Result<Vec<T>> {
        fill_vec(description, |out| self.copy(out))
    }

    /// All strings of variable length.
    pub fn texts(&self) -> Result<Texts> {
        let mut texts = self.dataset.source.read_text(self.dataset.handle, &self.names)?;
        for absent in &self.absent {
            texts = kept(&texts, absent)?;
        }
        Ok(texts)
    }

    /// The attribute of a member, which is stored at the dataset.
    pub fn attribute(&self, name: &str) -> Result<Option<Object<'a>>> {
        let name = if self.path.is_empty() {
            Cow::Borrowed(name)
        } else {
            format!("{name}:{}", self.path).into()
        };
        self.dataset.attribute(&name)
    }
}

/// The texts of the existing records.
fn kept(texts: &Texts, absent: &[bool]) -> Result<Texts> {
    let mut kept = Texts::default();
    let each = texts.ends.len() / absent.len().max(1);
    let mut start = 0;
    for (i, end) in texts.ends.iter().enumerate() {
        if absent.get(i / each.max(1)) == Some(&false) {
            kept.bytes.extend_from_slice(texts.bytes.get(start..*end).ok_or_else(damaged)?);
            kept.ends.push(kept.bytes.len());
        }
        start = *end;
    }
    Ok(kept)
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}/{name}") }
}

#[cold]
fn damaged() -> Error {
    ErrorKind::Damaged("a compound type whose members do not fit its elements".into()).into()
}
