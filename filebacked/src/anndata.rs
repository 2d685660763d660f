//! AnnData objects: annotated matrices in `.h5ad` files, which Python opens with
//! `anndata.read_h5ad`.
//!
//! [`AnnData`] is such an object, with your structs as the rows of `obs` and `var`:
//!
//! ```
//! # fn main() -> filebacked::Result<()> {
//! use filebacked::{FileBacked, anndata::{AnnData, Matrix}, with::Categorical};
//! use ndarray::array;
//!
//! #[derive(FileBacked, Debug, Clone, PartialEq)]
//! struct Cell {
//!     barcode: String, // the first field is the index
//!     #[filebacked(with = Categorical)]
//!     cluster: String,
//! }
//!
//! #[derive(FileBacked, Debug, Clone, PartialEq)]
//! struct Gene {
//!     name: String,
//!     mitochondrial: bool,
//! }
//!
//! let cell = |barcode: &str, cluster: &str| Cell { barcode: barcode.into(), cluster: cluster.into() };
//! let data: AnnData<Cell, Gene> = AnnData {
//!     x: Some(Matrix::Dense(array![[1.0], [0.5]])),
//!     obs: vec![cell("AAAC", "T"), cell("AAAG", "B")],
//!     var: vec![Gene { name: "CD3".into(), mitochondrial: false }],
//!     ..AnnData::default()
//! };
//! let bytes = filebacked::to_bytes(&data)?;
//! assert_eq!(filebacked::from_bytes::<AnnData<Cell, Gene>>(&bytes)?, data);
//! # Ok(()) }
//! ```
//!
//! If the parts have other types, declare a struct with the needed parts. [`H5ad`] around it saves
//! it as an AnnData object:
//!
//! ```
//! # fn main() -> filebacked::Result<()> {
//! use filebacked::{FileBacked, anndata::H5ad, with::DataFrame};
//! use ndarray::{Array2, array};
//!
//! #[derive(FileBacked, Debug, PartialEq)]
//! struct Atlas {
//!     #[filebacked(rename = "X")]
//!     counts: Array2<u16>,
//!     #[filebacked(with = DataFrame(index = "id"))]
//!     obs: Vec<Named>,
//!     #[filebacked(with = DataFrame(index = "id"))]
//!     var: Vec<Named>,
//!     #[filebacked(rename = "uns/neighbors/params/n_neighbors", default)]
//!     neighbors: Option<u32>,
//! }
//!
//! #[derive(FileBacked, Debug, PartialEq)]
//! struct Named { id: String }
//!
//! let (obs, var) = (vec![Named { id: "c".into() }], vec![Named { id: "g".into() }]);
//! let atlas = H5ad(Atlas { counts: array![[3]], obs, var, neighbors: Some(15) });
//! let bytes = filebacked::to_bytes(&atlas)?;
//! assert_eq!(filebacked::from_bytes::<Atlas>(&bytes)?, atlas.0);
//! # Ok(()) }
//! ```
//!
//! AnnData's documentation, "On-disk format", specifies the format. Files of AnnData 0.7 and later
//! are read.

mod matrix;
mod uns;

pub use matrix::Matrix;
pub use uns::Uns;

use crate::backed::{FileBacked, Save};
use crate::dialect::Concept;
use crate::dialect::anndata::{self as encoding, Encoding};
use crate::erased::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::impls::pointer::schema_of;
use crate::layout::scalar::Element;
use crate::node::Node;
use crate::schema::{FieldSchema, Schema};
use crate::slot::{Slot, Written, opaque};
use crate::with::DataFrame;
use std::collections::BTreeMap;

/// An annotated matrix: observations (for example cells) by variables (for example genes). See the
/// [module](self) for an example.
///
/// `O` and `V` are structs: the rows of `obs` and `var`, with the index as their first field, and
/// field types that [`DataFrame`] supports. `A` is the number type of `X` and the layers, `U` the
/// type of `uns`.
///
/// ```text
/// x.h5ad/       struct AnnData 1, encoding-type = "anndata", encoding-version = "0.1.0"
/// ├── X         the matrix: obs.len() rows, var.len() columns; dense, or sparse by rows or columns
/// ├── obs/      dataframe: what is known of each row of X
/// ├── var/      dataframe: what is known of each column of X
/// ├── layers/   dict: matrices of the shape of X
/// ├── obsm/     dict: matrices with obs.len() rows, such as embeddings
/// ├── varm/     dict: matrices with var.len() rows
/// ├── obsp/     dict: matrices of obs.len() rows and columns, such as distances
/// ├── varp/     dict: matrices of var.len() rows and columns
/// └── uns/      dict: anything else
/// ```
///
/// Saving and loading check all shapes. Parts that are missing in a file are empty, except `obs`
/// and `var`, which are required. `raw` is not read; declare a struct with `rename = "raw/X"` for
/// it.
///
/// # Errors
///
/// Inconsistent shapes are [`ErrorKind::Damaged`] on loading and [`ErrorKind::Contract`] on saving.
/// A part that is not a matrix, such as a data frame in `obsm`, is [`ErrorKind::Mismatch`].
#[derive(Debug, Clone, PartialEq)]
pub struct AnnData<O, V, A = f32, U = BTreeMap<String, Uns>> {
    /// The matrix.
    pub x: Option<Matrix<A>>,
    /// The observations: one per row of the matrix.
    pub obs: Vec<O>,
    /// The variables: one per column of the matrix.
    pub var: Vec<V>,
    /// More matrices of the same shape.
    pub layers: BTreeMap<String, Matrix<A>>,
    /// Several numbers for each observation.
    pub obsm: BTreeMap<String, Matrix<f64>>,
    /// Several numbers for each variable.
    pub varm: BTreeMap<String, Matrix<f64>>,
    /// A number for each pair of observations.
    pub obsp: BTreeMap<String, Matrix<f64>>,
    /// A number for each pair of variables.
    pub varp: BTreeMap<String, Matrix<f64>>,
    /// Anything else.
    pub uns: U,
}

impl<O, V, A, U: Default> Default for AnnData<O, V, A, U> {
    fn default() -> Self {
        AnnData {
            x: None,
            obs: Vec::new(),
            var: Vec::new(),
            layers: BTreeMap::new(),
            obsm: BTreeMap::new(),
            varm: BTreeMap::new(),
            obsp: BTreeMap::new(),
            varp: BTreeMap::new(),
            uns: U::default(),
        }
    }
}

/// The rows and the columns that a matrix must have; `None` allows any number.
type Extents = (usize, Option<usize>);

impl<O, V, A, U> AnnData<O, V, A, U> {
    /// The first matrix whose shape does not fit, as an error of this kind.
    fn check(&self, kind: fn(String) -> ErrorKind) -> Result<()> {
        let (n, m) = (self.obs.len(), self.var.len());
        check_one("X", self.x.as_ref(), (n, Some(m)), kind)?;
        check_all("layers", &self.layers, (n, Some(m)), kind)?;
        check_all("obsm", &self.obsm, (n, None), kind)?;
        check_all("varm", &self.varm, (m, None), kind)?;
        check_all("obsp", &self.obsp, (n, Some(n)), kind)?;
        check_all("varp", &self.varp, (m, Some(m)), kind)
    }
}

fn check_one<A>(
    name: &str,
    matrix: Option<&Matrix<A>>,
    wanted: Extents,
    kind: fn(String) -> ErrorKind,
) -> Result<()> {
    let Some((rows, columns)) = matrix.map(Matrix::shape) else { return Ok(()) };
    if rows == wanted.0 && wanted.1.is_none_or(|wanted| wanted == columns) {
        return Ok(());
    }
    let wanted = match wanted {
        (rows, Some(columns)) => format!("({rows}, {columns})"),
        (rows, None) => format!("({rows}, any)"),
    };
    let what = format!("a matrix of shape ({rows}, {columns}) where obs and var ask for {wanted}");
    Err(Error::new(kind(what)).at(name))
}

fn check_all<A>(
    name: &str,
    matrices: &BTreeMap<String, Matrix<A>>,
    wanted: Extents,
    kind: fn(String) -> ErrorKind,
) -> Result<()> {
    let mut matrices = matrices.iter();
    matrices
        .try_for_each(|(key, matrix)| check_one(key, Some(matrix), wanted, kind))
        .map_err(|e| e.at(name))
}

/// The data frame of rows whose first field is the index.
fn frame<T: FileBacked>() -> Result<DataFrame> {
    let first = match T::schema() {
        Schema::Struct(row) => row.fields.first().map(|field| field.name),
        _ => None,
    };
    match first {
        Some(index) => Ok(DataFrame { index }),
        None => {
            let what = format!("`{}` as the rows of a data frame", std::any::type_name::<T>());
            Err(Error::new(ErrorKind::Unsupported(what))
                .with_help("make the row a struct whose first field is the index"))
        }
    }
}

impl<O: FileBacked, V: FileBacked, A: Element, U: FileBacked + Default> Save
    for AnnData<O, V, A, U>
{
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        self.check(ErrorKind::Contract)?;
        let slot = slot.encoding(Encoding::Elements).concept(Concept::AnnotatedMatrix);
        let mut group = slot.structure("AnnData", 1)?;
        group.field("X", &self.x)?;
        group.field_with("obs", &self.obs, &frame::<O>()?)?;
        group.field_with("var", &self.var, &frame::<V>()?)?;
        group.field("layers", &self.layers)?;
        group.field("obsm", &self.obsm)?;
        group.field("varm", &self.varm)?;
        group.field("obsp", &self.obsp)?;
        group.field("varp", &self.varp)?;
        group.field("uns", &self.uns)?;
        group.end()
    }

    fn key() -> Option<Key<Self>> {
        Some(Key::new())
    }
}

impl<O: FileBacked, V: FileBacked, A: Element, U: FileBacked + Default> FileBacked
    for AnnData<O, V, A, U>
{
    fn schema() -> Schema {
        let matrices = BTreeMap::<String, Matrix<f64>>::schema;
        let fields = vec![
            FieldSchema::new("X", Option::<Matrix<A>>::schema).optional(),
            FieldSchema::new("obs", opaque),
            FieldSchema::new("var", opaque),
            FieldSchema::new("layers", BTreeMap::<String, Matrix<A>>::schema).optional(),
            FieldSchema::new("obsm", matrices).optional(),
            FieldSchema::new("varm", matrices).optional(),
            FieldSchema::new("obsp", matrices).optional(),
            FieldSchema::new("varp", matrices).optional(),
            FieldSchema::new("uns", U::schema).optional(),
        ];
        Schema::structure("AnnData", 1, fields)
    }

    fn read(node: Node<'_>) -> Result<Self> {
        check_type(&node)?;
        let group = node.structure("AnnData", 1)?;
        let data = AnnData {
            x: group.member(&["X"]).get()?,
            obs: group.field_with("obs", &frame::<O>()?)?,
            var: group.field_with("var", &frame::<V>()?)?,
            layers: group.member(&["layers"]).get_or(BTreeMap::new)?,
            obsm: group.member(&["obsm"]).get_or(BTreeMap::new)?,
            varm: group.member(&["varm"]).get_or(BTreeMap::new)?,
            obsp: group.member(&["obsp"]).get_or(BTreeMap::new)?,
            varp: group.member(&["varp"]).get_or(BTreeMap::new)?,
            uns: group.member(&["uns"]).get_or(U::default)?,
        };
        data.check(ErrorKind::Damaged)?;
        Ok(data)
    }
}

/// Refuses an object that is marked as something other than an AnnData object; older files have no
/// mark.
fn check_type(node: &Node<'_>) -> Result<()> {
    match node.text_attribute(encoding::TYPE)? {
        Some(other) if other != "anndata" => {
            Err(Error::mismatch("an AnnData object", format!("AnnData's {other}")))
        }
        _ => Ok(()),
    }
}

/// Saves a struct as an AnnData object; see the [module](self) for an example.
///
/// Each member carries AnnData's encoding, as with [`Encoded`](crate::with::Encoded). AnnData reads
/// the members `X`, `obs`, `var`, `layers`, `obsm`, `varm`, `obsp`, `varp`, `uns` and `raw`; `obs`
/// and `var` are required, with [`DataFrame`]. Shapes are not checked here. Loading needs no `H5ad`
/// around the struct.
///
/// ```text
/// x.h5ad/       struct Atlas 1, encoding-type = "anndata", encoding-version = "0.1.0"
/// └── ...       the fields
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct H5ad<T>(pub T);

impl<T: Save> Save for H5ad<T> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        slot.encoding(Encoding::Elements).concept(Concept::AnnotatedMatrix).put(&self.0)
    }

    fn key() -> Option<Key<Self>> {
        T::key().map(|_| Key::of_container(schema_of::<T>))
    }
}

impl<T: FileBacked> FileBacked for H5ad<T> {
    fn schema() -> Schema {
        T::schema()
    }

    fn read(node: Node<'_>) -> Result<Self> {
        check_type(&node)?;
        node.get().map(H5ad)
    }
}
