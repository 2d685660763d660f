//! Reading: a walk through everything that is below an object.

use super::Value;
use super::dataset::Dataset;
use super::group::{Datatype, Group};
use super::map::Map;
use crate::backed::FileBacked;
use crate::context::ReadContext;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::sequence;
use crate::node::Node;
use crate::object::Object;
use crate::path::State;
use crate::schema::{self, Schema};
use crate::slot::too_deep;
use crate::stamp::{DIGEST, FILTER, FORMAT};
use crate::storage::{Link, ObjectKind};
use std::collections::HashSet;

/// Objects that several links lead to are copied for each, but not without end: to so many times
/// what there is.
const COPIES: u64 = 16;

/// The bytes that may be copied for a file of any size.
const FEW: u64 = 2 << 20;

/// The cost of an object besides its data, in bytes.
const OBJECT: u64 = 256;

impl FileBacked for Value {
    fn schema() -> Schema {
        schema::any()
    }

    fn read(node: Node<'_>) -> Result<Self> {
        read(node)
    }

    fn read_rows(node: Node<'_>) -> Result<Vec<Self>> {
        let numbered = node.kind() == ObjectKind::Group
            && node.stamp()?.is_none_or(|stamp| stamp.kind_name() == "list");
        if numbered {
            return sequence::read_numbered(node);
        }
        let value: Value = node.get_next()?;
        let found = value.dtype().map_or_else(|| "a group".to_string(), ToString::to_string);
        value.into_elements().ok_or_else(|| Error::mismatch("many values", found))
    }

    fn from_absence(depth: u32) -> Option<Self> {
        Some(Value::none_in(depth))
    }
}

/// Reads everything below a node.
pub(crate) fn read(node: Node<'_>) -> Result<Value> {
    let mut walk =
        Walk { cx: node.context(), above: Vec::new(), seen: HashSet::new(), first: 0, again: 0 };
    let mut value = walk.value(&node.object, node.state, node.depth)?;
    if node.is_filtered() {
        // The names of active filters are not attributes of the value.
        value.remove_attribute(FILTER);
        value.remove_attribute(FORMAT);
        value.remove_attribute(DIGEST);
    }
    Ok(value)
}

struct Walk<'c> {
    cx: &'c ReadContext,
    /// The identities of the open groups, and the names that lead to them.
    above: Vec<(Option<String>, String)>,
    seen: HashSet<String>,
    /// Bytes of objects met for the first time, and of those met again.
    first: u64,
    again: u64,
}

impl Walk<'_> {
    fn value(&mut self, object: &Object<'_>, state: State, depth: u32) -> Result<Value> {
        let identity = match object.kind() {
            ObjectKind::Attribute => None,
            _ => object.source.identity(object.handle)?,
        };
        let again = identity.as_ref().is_some_and(|identity| !self.seen.insert(identity.clone()));
        let value = match object.kind() {
            ObjectKind::Group => {
                self.charge(again, 0)?;
                self.group(object, identity, state, depth)?
            }
            ObjectKind::Dataset | ObjectKind::Attribute => {
                let dataset = Dataset::read(object)?;
                self.charge(again, dataset.as_bytes().map_or(dataset.size() * 16, <[u8]>::len))?;
                Value::Dataset(dataset.with_attributes(attributes(object)?))
            }
            ObjectKind::Other => {
                let stored = object.source.stored_type(object.handle, None)?;
                let stored = stored
                    .ok_or_else(|| ErrorKind::Unsupported("an object of an unknown kind".into()))?;
                let dtype = object.source.describe(object.handle)?.dtype;
                Value::Datatype(Datatype { stored, dtype, attributes: attributes(object)?.into() })
            }
        };
        Ok(value)
    }

    fn charge(&mut self, again: bool, bytes: usize) -> Result<()> {
        let cost = OBJECT + bytes as u64;
        let total = if again { &mut self.again } else { &mut self.first };
        *total = total.saturating_add(cost);
        if self.again > self.first.saturating_mul(COPIES).saturating_add(FEW) {
            let what = "far more would be read than the file holds: its links multiply objects";
            return Err(ErrorKind::Limit(what.into()).into());
        }
        Ok(())
    }

    fn group(
        &mut self,
        group: &Object<'_>,
        identity: Option<String>,
        state: State,
        depth: u32,
    ) -> Result<Value> {
        if depth >= self.cx.max_depth() {
            return Err(too_deep(self.cx.max_depth()));
        }
        let source = group.source;
        let mut members = Map::new();
        for name in source.children(group.handle)? {
            let Some(state) = self.step(state, &name) else { continue };
            self.above.push((identity.clone(), name));
            let member = self.member(group, state, depth);
            let Some((_, name)) = self.above.pop() else { continue };
            let member = member.map_err(|e| e.at(&name))?;
            if matches!(member, Value::Group(_))
                || self.cx.mask().is_none_or(|mask| mask.takes(state))
            {
                members.insert(name, member);
            }
        }
        let ordered = source.is_ordered(group.handle)?;
        Ok(Value::Group(Group::from_parts(members, attributes(group)?, ordered)))
    }

    fn step(&self, state: State, name: &str) -> Option<State> {
        match self.cx.mask() {
            None => Some(state),
            Some(mask) => mask.step(state, Some(name), Some(schema::any)),
        }
    }

    /// The member whose name is the last above.
    fn member(&mut self, group: &Object<'_>, state: State, depth: u32) -> Result<Value> {
        let Some((_, name)) = self.above.last() else { return Err(ErrorKind::Missing.into()) };
        let name = name.clone();
        let link = |error: Error| match group.source.link(group.handle, &name)? {
            Some(link) => Ok(Value::Link(link)),
            None => Err(error),
        };
        let object = match group.child(&name) {
            Ok(Some(object)) => object,
            Ok(None) => return link(ErrorKind::Missing.into()),
            Err(error) if matches!(error.kind(), ErrorKind::Dangling(_)) => return link(error),
            Err(error) => return Err(error),
        };
        if let Some(place) = self.open(&object)? {
            return link(Error::new(ErrorKind::Cycle(place)));
        }
        self.value(&object, state, depth + 1)
    }

    /// The path of the group, if it is one of those that are open.
    fn open(&self, object: &Object<'_>) -> Result<Option<String>> {
        if object.kind() != ObjectKind::Group {
            return Ok(None);
        }
        let Some(identity) = object.source.identity(object.handle)? else { return Ok(None) };
        let place = self.above.iter().position(|(above, _)| above.as_ref() == Some(&identity));
        Ok(place.map(|place| {
            self.above[..place].iter().fold(String::new(), |path, (_, name)| path + "/" + name)
        }))
    }
}

fn attributes(object: &Object<'_>) -> Result<Map> {
    let mut attributes = Map::new();
    if object.handle.bare {
        return Ok(attributes);
    }
    for name in object.source.attributes(object.handle)? {
        let attribute = object.attribute(&name)?.ok_or(ErrorKind::Missing);
        let dataset =
            attribute.map_err(Error::from).and_then(|attribute| Dataset::read(&attribute));
        attributes.insert(name.clone(), dataset.map_err(|e| e.at(&name))?);
    }
    Ok(attributes)
}

/// The target of a link that was not followed.
impl From<Link> for Value {
    fn from(link: Link) -> Self {
        Value::Link(link)
    }
}
