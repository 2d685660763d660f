//! The groups that a node is opened as.

use super::{Node, deeper};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::python;
use crate::part::RecordForm;
use crate::reader::GroupReader;
use crate::storage::ObjectKind;

impl<'a> Node<'a> {
    /// Opens the group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] where the node is no group; [`ErrorKind::UnknownFilter`];
    /// [`ErrorKind::TooDeep`].
    pub fn group(self) -> Result<GroupReader<'a>> {
        self.group_as("a group")
    }

    pub(crate) fn group_as(self, expected: &'static str) -> Result<GroupReader<'a>> {
        self.readable()?;
        if self.kind() != ObjectKind::Group {
            return Err(self.unexpected(expected));
        }
        let ours = self.ours || self.stamp()?.is_some();
        let depth = deeper(self.depth, self.cx)?;
        let stamp = self.stamp.get().cloned().flatten();
        Ok(GroupReader::new(self.object, self.cx, self.state, depth, ours, stamp)
            .indexed(self.index)
            .read_as(self.schema))
    }

    /// Opens a group whose stamp, if it has one, is of this kind.
    pub(crate) fn group_of(
        self,
        kind: &'static str,
        expected: &'static str,
    ) -> Result<GroupReader<'a>> {
        self.readable()?;
        let node = self.records(kind)?;
        if node.kind() == ObjectKind::Group
            && node.stamp()?.is_some_and(|stamp| stamp.kind_name() != kind)
        {
            return Err(node.unexpected(expected));
        }
        node.group_as(expected)
    }

    /// A dataset of a compound type as the group that its members would be, if a group of this kind
    /// may be one.
    pub(super) fn records(mut self, kind: &str) -> Result<Self> {
        if self.kind() != ObjectKind::Group
            && let Some(form) = RecordForm::of(kind)
        {
            self.object = self.object.into_group(form)?;
        }
        Ok(self)
    }

    /// Of values that have a place whether they are there or not, those that are there.
    pub(crate) fn present(mut self, absent: &[bool]) -> Result<Self> {
        self.object = self.object.present(absent)?;
        Ok(self)
    }

    /// Opens the group of a struct.
    ///
    /// # Errors
    ///
    /// As [`Node::group`]; [`ErrorKind::Version`] for a later version of the type.
    pub fn structure(self, name: &str, version: u32) -> Result<GroupReader<'a>> {
        self.typed("struct", name, version)
    }

    /// Opens the group of many structs, whose number is [`GroupReader::len`].
    ///
    /// # Errors
    ///
    /// As [`Node::structure`]; [`ErrorKind::Damaged`] if no length is known.
    pub fn columns(self, name: &str, version: u32) -> Result<GroupReader<'a>> {
        self.typed("columns", name, version)?.table()
    }

    /// The same, where only these members can be columns: what tells the length of a table that
    /// others wrote.
    ///
    /// # Errors
    ///
    /// As [`Node::columns`].
    pub fn columns_of(
        self,
        name: &str,
        version: u32,
        members: impl FnOnce() -> Vec<&'static str>,
    ) -> Result<GroupReader<'a>> {
        let group = self.typed("columns", name, version)?;
        if group.ours { group.table() } else { group.table_of(&members()) }
    }

    /// Opens the group of an enum's value; `tag` is the attribute with the variant's name.
    ///
    /// # Errors
    ///
    /// As [`Node::structure`]; [`ErrorKind::Missing`] without the attribute.
    pub fn variant(self, name: &str, version: u32, tag: &str) -> Result<GroupReader<'a>> {
        self.typed("enum", name, version)?.tagged(tag)
    }

    /// Opens the value of an enum whose variants have one unnamed field each, in the order of their
    /// names: as [`Node::variant`], and in files of others also the field itself, with the index of
    /// its variant in the attribute `typeid`, as Python's FileBacked writes it.
    ///
    /// # Errors
    ///
    /// As [`Node::variant`]; [`ErrorKind::UnknownVariant`] for an index that no variant has.
    pub fn union(
        self,
        name: &str,
        version: u32,
        tag: &str,
        variants: &[&str],
    ) -> Result<GroupReader<'a>> {
        let is_group = self.kind() == ObjectKind::Group;
        if is_group && self.stamp()?.is_some() {
            return self.variant(name, version, tag);
        }
        self.readable()?;
        match python::typeid(&self.object)? {
            Some(index) => {
                let known = || variants.iter().map(|name| name.to_string()).collect();
                let variant = usize::try_from(index)
                    .ok()
                    .and_then(|index| variants.get(index))
                    .ok_or_else(|| {
                        let found = format!("number {index}");
                        Error::new(ErrorKind::UnknownVariant { found, known: known() })
                            .at(python::TYPEID)
                    })?;
                let depth = deeper(self.depth, self.cx)?;
                let group = GroupReader::new(self.object, self.cx, self.state, depth, false, None);
                Ok(group.alone(variant))
            }
            None => self.variant(name, version, tag),
        }
    }

    /// Opens the group of many values of an enum.
    ///
    /// # Errors
    ///
    /// As [`Node::columns`].
    pub fn variant_rows(self, name: &str, version: u32) -> Result<GroupReader<'a>> {
        self.typed("variants", name, version)?.table()
    }

    pub(super) fn typed(
        self,
        kind: &'static str,
        name: &str,
        version: u32,
    ) -> Result<GroupReader<'a>> {
        self.readable()?;
        let node = self.records(kind)?;
        let expected = || format!("a group ({kind} of `{name}`)");
        if node.kind() == ObjectKind::Group {
            if let Some(stamp) = node.stamp()? {
                if stamp.kind_name() != kind {
                    return Err(node.unexpected(expected()));
                }
                if let Some(found) = stamp.version().filter(|found| *found > version) {
                    return Err(Error::new(ErrorKind::Version { found, supported: version })
                        .with_help("the file was written by a newer program; update this one"));
                }
            }
        } else {
            return Err(node.unexpected(expected()));
        }
        node.group()
    }
}
