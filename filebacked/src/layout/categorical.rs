//! Columns of few different values: codes, and what they stand for. AnnData's and pandas'
//! categoricals, R's factors.
//!
//! ```text
//! x                group     encoding-type = "categorical", encoding-version = "0.2.0", ordered = FALSE,
//! │                          filebacked = "categorical"
//! ├── codes        i8 (n), i16 or i32 where there are more categories: the category of each row; -1 where there is no value
//! └── categories   str (k)
//! ```
//!
//! Whatever reads a column of numbers, bools, text or an enum without data reads one of these as
//! well.

use crate::dialect::Concept;
use crate::dialect::anndata::{Encoding, TYPE};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::number;
use crate::layout::text;
use crate::node::{Node, say};
use crate::object::Object;
use crate::slot::{Slot, Written};
use crate::stamp::Stamp;
use crate::storage::{Description, Dtype, IntType, ObjectKind};

/// Writes a column. `codes` are those of all rows, `len` of them, and `None` where there is no
/// value.
pub(crate) fn write(
    len: usize,
    codes: impl Iterator<Item = Option<usize>>,
    categories: &[&str],
    ordered: bool,
    slot: Slot<'_>,
) -> Result<Written> {
    let mut group = slot
        .encoding(Encoding::Elements)
        .concept(Concept::Categorical)
        .group(Stamp::kind("categorical"))?;
    group.bool_attribute("ordered", ordered)?;
    // As many bytes as pandas takes.
    let size = match categories.len() {
        0..=0x7f => 1,
        0x80..=0x7fff => 2,
        _ => 4,
    };
    if i32::try_from(categories.len()).is_err() {
        return Err(ErrorKind::Unsupported(format!("{} categories", categories.len())).into());
    }
    let mut codes = codes;
    group.part("codes", |slot| {
        slot.dataset_fill(&Dtype::Int(IntType { size, signed: true }), &[len as u64], &mut |out| {
            for code in codes.by_ref() {
                let code = code.map_or(-1, |code| code as i32);
                out.put(&code.to_le_bytes()[..size.into()]);
            }
        })
    })?;
    group.part("categories", |slot| {
        text::write_rows(categories.len(), || categories.iter().copied(), slot)
    })?;
    group.end()
}

/// A column of codes that is being read.
pub(crate) struct Categorical<'n, 'a> {
    column: &'n Node<'a>,
    codes: Vec<i32>,
    /// The categories inside of the column's group; those of data frames of version 0.1.0 lie
    /// beside the column.
    inside: Option<Node<'a>>,
}

/// Whether the node is a column of codes.
#[inline]
pub(crate) fn is_categorical(node: &Node<'_>) -> Result<bool> {
    Ok(match node.kind() {
        ObjectKind::Group => {
            let stamped = node.stamp()?.is_none_or(|stamp| stamp.kind_name() == "categorical");
            stamped && node.text_attribute(TYPE)?.as_deref() == Some("categorical")
        }
        _ => node.categories.is_some(),
    })
}

/// The node as a column of codes, if it is one.
#[inline]
pub(crate) fn open<'n, 'a>(node: &'n Node<'a>) -> Result<Option<Categorical<'n, 'a>>> {
    if is_categorical(node)? { Categorical::new(node).map(Some) } else { Ok(None) }
}

impl<'n, 'a> Categorical<'n, 'a> {
    fn new(column: &'n Node<'a>) -> Result<Self> {
        column.readable()?;
        if column.categories.is_some() {
            return Ok(Categorical { column, codes: read_codes(&column.object)?, inside: None });
        }
        let part = |name: &str| {
            let part = column.object.child(name).map_err(|e| e.at(name))?;
            part.ok_or_else(|| Error::new(ErrorKind::Missing).at(name))
        };
        let codes = read_codes(&part("codes")?).map_err(|e| e.at("codes"))?;
        let categories =
            Node::open(part("categories")?, column.cx, column.state, column.depth, column.ours);
        Ok(Categorical { column, codes, inside: Some(categories.map_err(|e| e.at("categories"))?) })
    }

    /// Which rows have no value.
    pub(crate) fn mask(&self) -> Vec<bool> {
        self.codes.iter().map(|code| *code < 0).collect()
    }

    /// Reads the rows with the categories that `categories` reads. Rows without a value are an
    /// error, or left out if the caller has the mask. A code of one byte may stand for a long text:
    /// `size` counts for the limit of decoded values.
    pub(crate) fn rows<T: Clone>(
        &self,
        rank: Option<usize>,
        categories: impl FnOnce(&Node<'a>) -> Result<Vec<T>>,
        size: impl Fn(&T) -> usize,
    ) -> Result<(Vec<T>, Vec<usize>)> {
        if rank.is_some_and(|rank| rank != 1) {
            return Err(self.column.unexpected(number::wanted("a type", rank)));
        }
        let categories = match (&self.inside, &self.column.categories) {
            (Some(inside), _) => categories(inside).map_err(|e| e.at("categories"))?,
            (None, Some(beside)) => categories(beside)?,
            (None, None) => Vec::new(),
        };
        let mut rows = Vec::with_capacity(self.codes.len());
        let (mut bytes, limit) = (0usize, self.column.cx.decode_limit());
        for (row, code) in self.codes.iter().enumerate() {
            match usize::try_from(*code).map(|code| categories.get(code)) {
                Ok(Some(value)) => {
                    bytes = bytes.saturating_add(size(value));
                    if bytes > limit {
                        let what = format!(
                            "a column of categories that is more than {limit} bytes of text"
                        );
                        return Err(Error::new(ErrorKind::Limit(what))
                            .with_help("`ReadOptions::decode_limit` raises the limit"));
                    }
                    rows.push(value.clone());
                }
                Err(_) if self.column.present => {}
                Err(_) => {
                    return Err(Error::new(ErrorKind::Invalid(format!("no value in row {row}")))
                        .with_help("use an `Option` for values that may be missing"));
                }
                Ok(None) => {
                    let what =
                        format!("the code {code} in a column of {} categories", categories.len());
                    return Err(self.codes_at(ErrorKind::Damaged(what).into()));
                }
            }
        }
        let len = rows.len();
        Ok((rows, vec![len]))
    }

    fn codes_at(&self, error: Error) -> Error {
        if self.inside.is_some() { error.at("codes") } else { error }
    }
}

/// The codes of a column, none below -1.
fn read_codes(object: &Object<'_>) -> Result<Vec<i32>> {
    let wanted = || "codes (a 1-dimensional dataset of integers)".to_string();
    if object.kind() != ObjectKind::Dataset {
        return Err(Error::mismatch(wanted(), "a group"));
    }
    let description: Description = object.source.describe(object.handle)?;
    let Dtype::Int(int) = description.dtype else {
        return Err(Error::mismatch(wanted(), say(&description)));
    };
    if description.shape.len() != 1 && !description.null {
        return Err(Error::mismatch(wanted(), say(&description)));
    }
    let bytes = object.elements::<u8>(&description)?;
    let code = |cell: &[u8]| {
        let code = number::int(cell, int.signed);
        let checked = i32::try_from(code).ok().filter(|code| *code >= -1);
        checked.ok_or_else(|| {
            ErrorKind::Damaged(format!("the code {code} in a column of categories")).into()
        })
    };
    bytes.chunks_exact(int.size.into()).map(code).collect()
}
