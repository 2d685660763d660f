//! [`Group`]: members and attributes; and [`Datatype`], a type that was committed to a file.

use super::Value;
use super::map::{Attributes, Map};
use crate::stamp::{STAMP, Stamp};
use crate::storage::{Dtype, StoredType};

/// A group of a file: members by name, and attributes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    members: Map,
    attributes: Attributes,
    pub(super) ordered: Ordered,
}

/// Whether the order of the members is kept in the file; equal whatever it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ordered(pub(super) bool);

impl Default for Ordered {
    fn default() -> Self {
        Ordered(true)
    }
}

impl PartialEq for Ordered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Group {
    /// A group without members, whose order will be kept in the file.
    pub fn new() -> Self {
        Self::default()
    }

    /// The members.
    pub fn members(&self) -> &Map {
        &self.members
    }

    /// The members.
    pub fn members_mut(&mut self) -> &mut Map {
        &mut self.members
    }

    /// The attributes, marks of this library included.
    pub fn attributes(&self) -> &Map {
        self.attributes.get()
    }

    /// The attributes.
    pub fn attributes_mut(&mut self) -> &mut Map {
        self.attributes.get_mut()
    }

    /// Whether the file keeps the order of the members; else they are sorted by name when they are
    /// read again.
    pub fn is_ordered(&self) -> bool {
        self.ordered.0
    }

    /// Says whether the file is to keep the order of the members.
    pub fn set_ordered(&mut self, ordered: bool) {
        self.ordered = Ordered(ordered);
    }

    /// The members, without the attributes.
    pub fn into_members(self) -> Map {
        self.members
    }

    /// How this library says the group is to be read.
    pub fn stamp(&self) -> Option<Stamp<'static>> {
        self.attributes().get(STAMP)?.as_str().map(Stamp::parse)
    }

    pub(super) fn from_parts(members: Map, attributes: Map, ordered: bool) -> Self {
        Group { members, attributes: attributes.into(), ordered: Ordered(ordered) }
    }
}

impl From<Map> for Group {
    fn from(members: Map) -> Self {
        Group { members, ..Group::default() }
    }
}

impl From<Map> for Value {
    fn from(members: Map) -> Self {
        Value::Group(members.into())
    }
}

impl From<Group> for Value {
    fn from(group: Group) -> Self {
        Value::Group(group)
    }
}

/// A datatype that stands in a file by itself, under a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Datatype {
    pub(super) stored: StoredType,
    pub(super) dtype: Dtype,
    pub(super) attributes: Attributes,
}

impl Datatype {
    /// The type, as far as this library knows it.
    pub fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// The attributes.
    pub fn attributes(&self) -> &Map {
        self.attributes.get()
    }
}
