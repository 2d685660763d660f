//! [`Group`]: members and attributes. [`Datatype`]: a committed datatype.

use super::Value;
use super::map::{Attributes, Map};
use crate::stamp::{STAMP, Stamp};
use crate::storage::{Dtype, StoredType};

/// A group of a file: members by name, and attributes.
///
/// ```
/// use filebacked::value::Group;
///
/// let mut run = Group::new();
/// run.members_mut().insert("step", 7);
/// assert_eq!(run.members().get("step").and_then(|step| step.as_i64()), Some(7));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    members: Map,
    attributes: Attributes,
    pub(super) ordered: Ordered,
}

/// Whether the file tracks the order of the members. It does not count for equality.
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
    /// Creates an empty group whose file will track the order of its members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the members.
    pub fn members(&self) -> &Map {
        &self.members
    }

    /// Returns the members for changing.
    pub fn members_mut(&mut self) -> &mut Map {
        &mut self.members
    }

    /// Returns the attributes, including the marks of this crate.
    pub fn attributes(&self) -> &Map {
        self.attributes.get()
    }

    /// Returns the attributes for changing.
    pub fn attributes_mut(&mut self) -> &mut Map {
        self.attributes.get_mut()
    }

    /// Returns whether the file tracks the order of the members. Otherwise they are sorted by name
    /// when they are read again.
    pub fn is_ordered(&self) -> bool {
        self.ordered.0
    }

    /// Sets whether the file tracks the order of the members.
    pub fn set_ordered(&mut self, ordered: bool) {
        self.ordered = Ordered(ordered);
    }

    /// Returns the members, and drops the attributes.
    pub fn into_members(self) -> Map {
        self.members
    }

    /// Returns the stamp of the group, by which this crate reads it.
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

/// A committed datatype: a datatype with a name in a file.
///
/// See the [module](super) for examples of values.
#[derive(Debug, Clone, PartialEq)]
pub struct Datatype {
    pub(super) stored: StoredType,
    pub(super) dtype: Dtype,
    pub(super) attributes: Attributes,
}

impl Datatype {
    /// Returns the type, as far as this crate knows it.
    pub fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// Returns the attributes.
    pub fn attributes(&self) -> &Map {
        self.attributes.get()
    }
}
