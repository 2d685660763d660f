//! [`Uns`]: the content of `uns` in an AnnData object.

use crate::backed::{FileBacked, Save};
use crate::dialect::anndata::TYPE;
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::node::Node;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use crate::storage::{Dtype, ObjectKind};
use ndarray::ArrayD;
use sprs::CsMat;
use std::collections::BTreeMap;

/// Unstructured data: a dict, or a value in a dict.
///
/// ```text
/// uns/                  dict
/// ├── method            str                string
/// ├── n_neighbors       i64                numeric-scalar
/// ├── variance          f64 (50)           array
/// ├── names             str (n)            string-array
/// └── params/           dict
/// ```
///
/// Numbers of other types are widened: `f32` to `f64`, integers to `i64`.
///
/// # Errors
///
/// [`ErrorKind::OutOfRange`] for integers above `i64::MAX`; [`ErrorKind::Unsupported`] for saving
/// an [`Uns::Other`].
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Uns {
    /// Python's `None`. It is saved as an empty dict.
    #[default]
    Null,
    /// A bool.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A text.
    Text(String),
    /// An array of bools.
    Bools(ArrayD<bool>),
    /// An array of integers.
    Ints(ArrayD<i64>),
    /// An array of floats.
    Floats(ArrayD<f64>),
    /// An array of texts.
    Texts(ArrayD<String>),
    /// A sparse matrix.
    Sparse(CsMat<f64>),
    /// A dict.
    Dict(BTreeMap<String, Uns>),
    /// A description of other content (record arrays, data frames, categoricals, ...), which was
    /// not read and cannot be saved.
    Other(String),
}

impl Save for Uns {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        match self {
            Uns::Null => slot.absent(0),
            Uns::Bool(value) => slot.put(value),
            Uns::Int(value) => slot.put(value),
            Uns::Float(value) => slot.put(value),
            Uns::Text(value) => slot.put(value),
            Uns::Bools(values) => slot.put(values),
            Uns::Ints(values) => slot.put(values),
            Uns::Floats(values) => slot.put(values),
            Uns::Texts(values) => slot.put(values),
            Uns::Sparse(matrix) => slot.put(matrix),
            Uns::Dict(entries) => slot.put(entries),
            Uns::Other(what) => {
                Err(Error::new(ErrorKind::Unsupported(format!("{what}, which was not read")))
                    .with_help("remove it, or give `uns` a type of your own that has it"))
            }
        }
    }

    fn key() -> Option<Key<Self>> {
        Some(Key::new())
    }
}

impl FileBacked for Uns {
    fn schema() -> Schema {
        Schema::Map { key: String::schema, value: Uns::schema, links: true }
    }

    fn read(node: Node<'_>) -> Result<Self> {
        if node.kind() == ObjectKind::Group {
            return read_group(node);
        }
        let description = node.describe()?;
        let scalar = description.shape.is_empty();
        Ok(match description.dtype {
            _ if description.null => Uns::Null,
            Dtype::Bool if scalar => Uns::Bool(node.get()?),
            Dtype::Bool => Uns::Bools(node.get()?),
            Dtype::Int(_) if scalar => Uns::Int(node.get()?),
            Dtype::Int(_) => Uns::Ints(node.get()?),
            Dtype::F16 | Dtype::F32 | Dtype::F64 if scalar => Uns::Float(node.get()?),
            Dtype::F16 | Dtype::F32 | Dtype::F64 => Uns::Floats(node.get()?),
            Dtype::FixedStr(_) | Dtype::VarStr if scalar => Uns::Text(node.get()?),
            Dtype::FixedStr(_) | Dtype::VarStr => Uns::Texts(node.get()?),
            _ => Uns::Other(node.describe_found()),
        })
    }
}

fn read_group(node: Node<'_>) -> Result<Uns> {
    if node.absence()?.is_some() {
        return Ok(Uns::Null);
    }
    match node.text_attribute(TYPE)?.as_deref() {
        None | Some("dict") => node.get().map(Uns::Dict),
        Some("csr_matrix" | "csc_matrix") => node.get().map(Uns::Sparse),
        Some(other) => Ok(Uns::Other(format!("AnnData's {other}"))),
    }
}
