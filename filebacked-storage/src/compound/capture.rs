//! [`Capture`]: a sink that keeps the columns of a value, to make one compound dataset of them.

use super::cells::Strings;
use super::records::Records;
use crate::error::{Error, ErrorKind, Result};
use crate::owners::{Unlinkable, WrittenOwners};
use crate::stamp::{LEN, STAMP, Stamp};
use crate::{AttrSpec, DatasetSpec, Dtype, Elements, Link, Out, Sink, StoredType, Texts};

/// Attributes of AnnData's, which knows no compound types.
const ENCODING: [&str; 2] = ["encoding-type", "encoding-version"];

/// The output of a value so far.
#[derive(Debug, Default)]
pub struct Capture<'s> {
    /// The table of values with several owners, of the sink that gets the records.
    owners: Option<&'s mut WrittenOwners>,
    /// The open groups, the innermost last.
    open: Vec<(String, Group)>,
    /// The output outside of all groups: the value.
    value: Option<Member>,
    /// The shape of the node that is written next, where its type says it.
    shape: Option<Vec<u64>>,
}

/// A node as it was written.
#[derive(Debug)]
pub(super) enum Member {
    Group(Group),
    Column(Column),
}

/// The role of a group in the records.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum GroupRole {
    /// One record.
    One,
    /// One record per row.
    Rows,
    /// A mask, and values that may be incomplete.
    Optional,
    /// The elements of arrays of one shape.
    Arrays,
}

#[derive(Debug)]
pub(super) struct Group {
    pub(super) kind: GroupRole,
    pub(super) len: usize,
    /// The shape that its type gives to all rows together.
    pub(super) shape: Option<Vec<u64>>,
    pub(super) marks: Vec<(String, String)>,
    pub(super) members: Vec<(String, Member)>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<u64>,
    pub(super) cells: Vec<u8>,
    pub(super) strings: Vec<Strings>,
    pub(super) marks: Vec<(String, String)>,
}

#[cold]
pub(super) fn refused(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported(format!("{what} in a record of a compound type"))).with_help(
        "records hold numbers, text, enums without data, and structs, tuples, options and `[T; N]` of those; \
         take `layout = \"compound\"` off for anything else",
    )
}

#[cold]
pub(super) fn too_large() -> Error {
    ErrorKind::Limit("records of more than 4 GiB".into()).into()
}

impl<'s> Capture<'s> {
    /// Captures what becomes records of this sink.
    pub fn within(sink: &'s mut dyn Sink) -> Self {
        Capture { owners: sink.owners(), ..Capture::default() }
    }

    /// The records that the value is.
    pub fn finish(self) -> Result<Records> {
        let value = self.value.filter(|_| self.open.is_empty());
        Records::new(
            value.ok_or_else(|| {
                Error::new(ErrorKind::Contract("a value that wrote no node".into()))
            })?,
        )
    }

    /// Type, shape and bytes of the value, if it is one dataset without a word about it.
    pub fn into_dataset(self) -> Option<(Dtype, Vec<u64>, Vec<u8>)> {
        match self.value {
            Some(Member::Column(column))
                if column.strings.is_empty() && column.marks.is_empty() =>
            {
                Some((column.dtype, column.shape, column.cells))
            }
            _ => None,
        }
    }

    /// Whether the open group is one record, so that its members have no rows.
    fn is_one(&self) -> bool {
        self.open.last().is_none_or(|(_, group)| group.kind == GroupRole::One)
    }

    fn push(&mut self, name: &str, member: Member) -> Result<()> {
        match self.open.last_mut() {
            Some((_, group)) if group.members.iter().any(|(other, _)| other == name) => {
                Err(ErrorKind::Contract(format!("two members of the name {name:?}")).into())
            }
            Some((_, group)) => {
                group.members.push((name.to_string(), member));
                Ok(())
            }
            None => {
                self.value = Some(member);
                Ok(())
            }
        }
    }

    fn column(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        cells: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()> {
        let fixed = self.shape.take();
        if self.is_one() && !self.open.is_empty() && !spec.shape.is_empty() && fixed.is_none() {
            return Err(refused("a sequence, or an array whose shape is not part of its type,"));
        }
        let marks = spec.attrs.iter().map(|(name, text)| (name.to_string(), text.to_string()));
        let (marks, shape, dtype) = (marks.collect(), spec.shape.to_vec(), spec.dtype.clone());
        self.push(name, Member::Column(Column { dtype, shape, cells, strings, marks }))
    }
}

impl Sink for Capture<'_> {
    fn owners(&mut self) -> Option<&mut WrittenOwners> {
        self.owners.as_deref_mut()
    }

    fn unlinkable(&self) -> Option<Unlinkable> {
        Some(Unlinkable::Record)
    }

    fn begin_group(&mut self, name: &str, _: bool) -> Result<()> {
        // A group without a stamp is a part of the one around it, with as many rows.
        let (kind, len) = match self.open.last() {
            Some((_, group)) if group.kind != GroupRole::One => (GroupRole::Rows, group.len),
            _ => (GroupRole::One, 1),
        };
        let shape = self.shape.take();
        self.open.push((
            name.to_string(),
            Group { kind, len, shape, marks: Vec::new(), members: Vec::new() },
        ));
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        let Some((name, group)) = self.open.pop() else {
            return Err(ErrorKind::Contract("a group was closed that was not open".into()).into());
        };
        self.push(&name, Member::Group(group))
    }

    fn dataset_any(&mut self, name: &str, _: &DatasetSpec<'_>, _: Elements<'_>) -> Result<()> {
        Err(refused("a `Value`").at(name))
    }

    fn attr_any(&mut self, attr: &AttrSpec<'_>) -> Result<()> {
        Err(refused("an HDF5 attribute").at(attr.name))
    }

    fn link(&mut self, name: &str, _: &Link) -> Result<()> {
        Err(refused("a link").at(name))
    }

    fn references(&mut self, _: &str, _: &DatasetSpec<'_>, _: &[Option<u32>]) -> Result<()> {
        Err(refused("a `Weak`"))
    }

    fn committed(&mut self, name: &str, _: &StoredType, _: &[AttrSpec<'_>]) -> Result<()> {
        Err(refused("a committed datatype").at(name))
    }

    fn member_attr(
        &mut self,
        member: &str,
        name: &str,
        _: &Dtype,
        _: &[u64],
        _: &[u8],
    ) -> Result<()> {
        Err(refused("an HDF5 attribute").at(&format!("{member}@{name}")))
    }

    fn attr(&mut self, name: &str, dtype: &Dtype, _: &[u64], bytes: &[u8]) -> Result<()> {
        let whole = self.open.len() == 1;
        let outer = self.open.iter().rev().nth(1).map(|(_, group)| group.kind);
        let Some((_, group)) = self.open.last_mut() else {
            return Err(ErrorKind::Contract("an attribute of no group".into()).into());
        };
        if name == LEN {
            group.len = crate::int(bytes, false) as usize;
            return Ok(());
        }
        if ENCODING.contains(&name) {
            return Ok(());
        }
        let text = if dtype.is_text() { std::str::from_utf8(bytes).ok() } else { None };
        let Some(text) = text else { return Err(refused("an HDF5 attribute").at(name)) };
        let text = text.trim_end_matches('\0');
        if name == STAMP {
            let stamp = Stamp::parse(text);
            group.kind = match stamp.kind_name() {
                "struct" | "tuple" | "range" => GroupRole::One,
                "columns" if outer == Some(GroupRole::One) && group.shape.is_none() => {
                    return Err(refused("a sequence"));
                }
                "columns" => GroupRole::Rows,
                "optional" if outer != Some(GroupRole::One) || group.shape.is_some() => {
                    GroupRole::Optional
                }
                "arrays" if group.shape.is_some() => GroupRole::Arrays,
                "unit" => return Err(refused("`()`")),
                "none" => return Err(refused("the mark of a `None`")),
                "enum" | "variants" => return Err(refused("an enum with data")),
                "ragged" => return Err(refused("a sequence of sequences")),
                kind => return Err(refused(&format!("a group ({kind})"))),
            };
            // That a compound type is columns need not be said; of which type, and that a mask is
            // one, has to be.
            if !whole && stamp.name().is_none() && group.kind != GroupRole::Optional {
                return Ok(());
            }
        }
        group.marks.push((name.to_string(), text.to_string()));
        Ok(())
    }

    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()> {
        self.column(name, spec, bytes.to_vec(), Vec::new())
    }

    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()> {
        let size =
            spec.elements().and_then(|n| n.checked_mul(spec.dtype.size())).ok_or_else(too_large)?;
        let mut cells = Vec::with_capacity(size);
        fill(&mut Out(&mut cells));
        self.column(name, spec, cells, Vec::new())
    }

    fn dataset_text(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()> {
        let mut all = Texts::default();
        for text in texts {
            all.bytes.extend_from_slice(text.as_bytes());
            all.ends.push(all.bytes.len());
        }
        let strings = Strings { offset: 0, levels: Vec::new(), run: 1, texts: all };
        self.column(name, spec, Vec::new(), vec![strings])
    }

    fn dataset_records(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        bytes: Vec<u8>,
        strings: Vec<Strings>,
    ) -> Result<()> {
        self.column(name, spec, bytes, strings)
    }

    fn fixed_shape(&mut self, shape: &[u64]) {
        self.shape = Some(shape.to_vec());
    }
}
