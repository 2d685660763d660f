//! Writing: groups and datasets as they are, attributes included.

use super::Value;
use super::group::Group;
use super::map::Map;
use crate::backed::Save;
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::python;
use crate::schema;
use crate::slot::{Slot, Written};
use crate::storage::AttrSpec;

impl Save for Value {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        write(self, slot)
    }

    fn absence(&self) -> Option<u32> {
        self.none_depth()
    }

    fn key() -> Option<Key<Self>> {
        Some(Key::new())
    }
}

/// Writes a value and all that is below it. Filters are for the whole value, so members do not come
/// through the door.
pub(crate) fn write(value: &Value, slot: Slot<'_>) -> Result<Written> {
    if slot.cx.is_python() {
        return Err(python::no_tree());
    }
    match value {
        Value::Group(group) => write_group(group, slot),
        Value::Dataset(dataset) => {
            slot.dataset_any(&dataset.spec(""), &attributes(dataset.attributes())?)
        }
        Value::Link(link) => slot.link(link),
        Value::Datatype(datatype) => {
            slot.committed(&datatype.stored, &attributes(datatype.attributes())?)
        }
    }
}

fn write_group(value: &Group, slot: Slot<'_>) -> Result<Written> {
    let attributes = attributes(value.attributes())?;
    let taken: Vec<bool> = attributes.iter().map(|attribute| slot.takes(attribute.name)).collect();
    let mut group = slot.bare_group(value.is_ordered())?;
    for (attribute, _) in attributes.iter().zip(taken).filter(|(_, taken)| !taken) {
        group.attribute_any(attribute)?;
    }
    for (name, member) in value.members().iter() {
        if name.is_empty() || name == "." || name.contains(['/', '\0']) {
            let what = format!("{name:?} as the name of a member");
            return Err(Error::new(ErrorKind::Unsupported(what))
                .with_help("`Value::insert` makes the groups of a path"));
        }
        if matches!(member, Value::Group(_)) || group.takes(name) {
            group.entry(name, Some(name), Some(schema::any), &mut |slot| write(member, slot))?;
        } else {
            group.left_out(name);
        }
    }
    group.end()
}

fn attributes(attributes: &Map) -> Result<Vec<AttrSpec<'_>>> {
    let mut specs = attributes.iter().map(attribute).collect::<Result<Vec<_>>>()?;
    // They are read in this order, and equal values must give equal files.
    specs.sort_by_key(|spec| spec.name);
    Ok(specs)
}

fn attribute<'a>((name, value): (&'a str, &'a Value)) -> Result<AttrSpec<'a>> {
    match value {
        Value::Dataset(dataset) if dataset.attributes().is_empty() => Ok(dataset.spec(name)),
        _ => {
            let what = "an attribute is a dataset without attributes of its own";
            Err(Error::new(ErrorKind::Unsupported(what.into())).at(name))
        }
    }
}
