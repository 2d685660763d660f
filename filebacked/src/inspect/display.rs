//! Prints values: a scalar as itself, an array in brackets, a group as a tree.

use super::value::{element, preview};
use super::{Content, Layout, Tree, TreeAttribute, TreeNode};
use crate::storage::{Description, Link};
use crate::value::{Dataset, Map, Value};
use std::fmt;

/// How many elements of a dimension are shown.
const SHOWN: usize = 8;

impl fmt::Display for Value {
    /// Prints a scalar as itself, an array in brackets (long ones shortened), and a group as the
    /// tree of [`inspect`](crate::inspect).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Group(_) => Tree { root: node("/", self) }.fmt(f),
            Value::Dataset(dataset) => dataset.fmt(f),
            Value::Link(Link::Soft(path)) => write!(f, "-> {path}"),
            Value::Link(Link::External { file, path }) => write!(f, "-> {path} in {file}"),
            Value::Datatype(datatype) => write!(f, "datatype {}", datatype.dtype()),
        }
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_null() {
            return f.write_str("null");
        }
        let shape: Vec<usize> =
            self.shape().iter().map(|d| usize::try_from(*d).unwrap_or(0)).collect();
        array(self, &shape, 0, f)
    }
}

/// The elements of the dimensions that are left, from a place on.
fn array(
    dataset: &Dataset,
    shape: &[usize],
    start: usize,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let Some((len, inner)) = shape.split_first() else {
        return match element(dataset, start) {
            // Text by itself needs no quotes.
            Some(_) if dataset.is_scalar() && dataset.as_str().is_some() => {
                f.write_str(dataset.as_str().unwrap_or(""))
            }
            Some(text) => f.write_str(&text),
            None => write!(f, "<{}>", dataset.dtype()),
        };
    };
    let step = inner.iter().fold(1usize, |n, extent| n.saturating_mul(*extent));
    f.write_str("[")?;
    for i in 0..(*len).min(SHOWN) {
        if i > 0 {
            f.write_str(", ")?;
        }
        array(dataset, inner, start + i * step, f)?;
    }
    f.write_str(if *len > SHOWN { ", ..]" } else { "]" })
}

fn node(name: &str, value: &Value) -> TreeNode {
    let content = match value {
        Value::Group(group) => Content::Group {
            members: group.members().iter().map(|(name, member)| node(name, member)).collect(),
            left_out: 0,
        },
        Value::Dataset(dataset) => {
            let storage = Layout { kind: "", chunk: Vec::new(), filters: Vec::new(), bytes: 0 };
            Content::Dataset { description: description(dataset), storage, value: preview(dataset) }
        }
        Value::Link(_) => Content::Text(value.to_string()),
        Value::Datatype(_) => Content::Other,
    };
    let attributes = value.attributes().map(Map::iter).into_iter().flatten();
    let attributes = attributes.map(|(name, value)| TreeAttribute {
        name: name.to_string(),
        description: match value {
            Value::Dataset(dataset) => Ok(description(dataset)),
            _ => Err(crate::ErrorKind::Unsupported("no dataset".into()).into()),
        },
        value: value.as_dataset().and_then(preview),
    });
    TreeNode { name: name.to_string(), attributes: attributes.collect(), content }
}

fn description(dataset: &Dataset) -> Description {
    Description {
        dtype: dataset.dtype().clone(),
        shape: dataset.shape().to_vec(),
        null: dataset.is_null(),
    }
}
