//! Groups that are tables: how many rows they have.

use super::{DEEPEST, GroupReader, MOST_EMPTY_ROWS};
use crate::error::{Error, ErrorKind, Result};
use crate::foreign::{line, octave};
use crate::layout::frame::Frame;
use crate::object::Object;
use crate::stamp::LEN;
use crate::storage::{Dtype, ObjectKind};

impl<'a> GroupReader<'a> {
    /// The attribute `len`: the number of rows, entries or elements.
    pub(crate) fn read_len(&self) -> Result<Option<usize>> {
        if let Some(rows) = self.object.rows() {
            return Ok(Some(rows));
        }
        let Some(node) = self.own_attribute(LEN)? else { return Ok(None) };
        let len = node.get::<u64>().map_err(|e| e.at(LEN))?;
        usize::try_from(len).map(Some).map_err(|_| ErrorKind::Damaged(format!("{len} rows")).into())
    }

    /// Takes the group for a table, whose length its attribute tells, or, in a file of others, its
    /// first member.
    pub(crate) fn table(self) -> Result<Self> {
        let names = if self.ours { Vec::new() } else { self.names()? };
        self.table_of(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The same, where only these members can be columns in a file of others.
    pub(crate) fn table_of(mut self, columns: &[&str]) -> Result<Self> {
        self.frame = Frame::of(&self.object, self.index)?.map(Box::new);
        let len = match self.read_len()? {
            Some(len) => len,
            None if self.frame.is_some() => self.index_len()?,
            None if self.ours => {
                return Err(ErrorKind::Damaged(format!("a table without `{LEN}`")).into());
            }
            None => self.first_extent(columns)?,
        };
        // Rows without a column cost nothing in the file, so nothing but a limit keeps their number
        // honest.
        if len > MOST_EMPTY_ROWS
            && self.object.rows().is_none()
            && !has_rows(&self.object, len as u64, DEEPEST)?
        {
            return Err(ErrorKind::Damaged(format!("{len} rows and no column of so many")).into());
        }
        if len == 0 {
            match self.ours {
                true => self.check_no_rows(self.names()?.iter().map(String::as_str))?,
                false => self.check_no_rows(columns.iter().copied())?,
            }
        }
        self.len = Some(len);
        Ok(self)
    }

    /// A table that is said to have no rows has columns without rows; no column of it is read.
    pub(super) fn check_no_rows<'n>(&self, columns: impl Iterator<Item = &'n str>) -> Result<()> {
        for name in columns {
            let rows = match self.child(name)? {
                Some(node) if node.kind() == ObjectKind::Dataset => node.describe().ok(),
                _ => None,
            };
            if let Some(rows) =
                rows.and_then(|found| found.shape.first().copied()).filter(|rows| *rows > 0)
            {
                let what = format!("a column of {rows} rows in a table of 0");
                return Err(Error::new(ErrorKind::Damaged(what)).at(name));
            }
        }
        Ok(())
    }

    /// The length of a data frame: that of its index.
    pub(super) fn index_len(&self) -> Result<usize> {
        let name = self.frame.as_deref().map_or("", Frame::index);
        let index =
            self.open(name, self.state)?.ok_or_else(|| Error::new(ErrorKind::Missing).at(name))?;
        let rows = match index.kind() {
            ObjectKind::Group => {
                match (index.object.child("codes")?, index.object.child("mask")?) {
                    (Some(part), _) | (None, Some(part)) => part.source.describe(part.handle)?,
                    (None, None) => {
                        return Err(index.unexpected("the index of a data frame").at(name));
                    }
                }
            }
            _ => index.describe().map_err(|e| e.at(name))?,
        };
        match rows.shape[..] {
            [rows] => {
                usize::try_from(rows).map_err(|_| ErrorKind::Damaged(format!("{rows} rows")).into())
            }
            _ => Err(index.unexpected("the index of a data frame (one dimension)").at(name)),
        }
    }

    pub(super) fn first_extent(&self, columns: &[&str]) -> Result<usize> {
        for name in columns {
            let Some(node) = self.child(name)? else { continue };
            if node.kind() == ObjectKind::Group
                && let Some(rows) = octave::len(&node.object)?
            {
                return usize::try_from(rows)
                    .map_err(|_| ErrorKind::Damaged(format!("{rows} rows")).into());
            }
            if let Some(found) = node.describe().ok()
                && let Some(rows) = match found.dtype {
                    // The values of a column, each an object of its own: in MATLAB a row or a
                    // column of them.
                    Dtype::Reference => line(&found.shape),
                    _ => found.shape.first().copied(),
                }
            {
                return usize::try_from(rows)
                    .map_err(|_| ErrorKind::Damaged(format!("{rows} rows")).into());
            }
        }
        Err(Error::mismatch("columns", "a group without a dataset of at least one dimension"))
    }
}

/// Whether there is a dataset of so many rows in a group.
pub(super) fn has_rows(group: &Object<'_>, len: u64, levels: u32) -> Result<bool> {
    for name in group.children()? {
        let Some(member) = group.child(&name)? else { continue };
        let found = match member.kind() {
            ObjectKind::Dataset => {
                let extent = member.describe().ok().and_then(|found| found.shape.first().copied());
                extent.is_some_and(|extent| extent >= len)
            }
            ObjectKind::Group if levels > 0 => has_rows(&member, len, levels - 1)?,
            _ => false,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}
