//! [`Value`]: the content of any file, without a Rust type.
//!
//! ```
//! # fn main() -> filebacked::Result<()> {
//! use filebacked::{FileBacked, Value};
//!
//! #[derive(FileBacked)]
//! struct Layer { width: u32, rates: Vec<f64> }
//!
//! #[derive(FileBacked)]
//! struct Model { step: u64, name: String, layer: Layer }
//!
//! let layer = Layer { width: 64, rates: vec![0.1, 0.5] };
//! let bytes = filebacked::to_bytes(&Model { step: 7, name: "digits".into(), layer })?;
//!
//! let file: Value = filebacked::from_bytes(&bytes)?;
//! assert_eq!(file["step"].as_u64(), Some(7));
//! assert_eq!(file["name"].as_str(), Some("digits"));
//! assert_eq!(file["layer"]["rates"].as_slice::<f64>(), Some(&[0.1, 0.5][..]));
//! assert_eq!(file.get("layer/width").and_then(Value::as_u64), Some(64));
//! // Saved again, it is the same content: any type that read the one file reads the other.
//! let copy: Model = filebacked::from_bytes(&filebacked::to_bytes(&file)?)?;
//! assert_eq!(copy.layer.width, 64);
//! # Ok(()) }
//! ```
//!
//! Values can be built by hand:
//!
//! ```
//! # fn main() -> filebacked::Result<()> {
//! use filebacked::Value;
//!
//! let mut run = Value::map([("step", Value::from(7)), ("losses", vec![0.5, 0.25].into())]);
//! run.insert("optimizer/name", "adam")?;
//! run.set_attribute("author", "me");
//! let bytes = filebacked::to_bytes(&run)?;
//! assert_eq!(filebacked::from_bytes::<Value>(&bytes)?, run);
//! # Ok(()) }
//! ```

mod access;
mod build;
mod data;
mod dataset;
mod group;
mod item;
pub(crate) mod load;
mod map;
mod number;
mod path;
pub(crate) mod save;
#[cfg(feature = "serde")]
pub(crate) mod serde;

#[cfg(feature = "serde")]
pub use self::serde::{from_value, to_value};
pub use crate::storage::Link;
pub use data::TextIter;
pub use dataset::Dataset;
pub use group::{Datatype, Group};
pub use map::Map;
pub use number::Numeric;

/// The content of any file: a tree of groups and datasets. See the [module](self) for examples.
///
/// Any file of any program loads as a value, and saves again as the same content: groups, datasets,
/// types, shapes, attributes (including the marks of this crate), and the order of members if the
/// file tracks it. Storage (chunks, compression) is not part of the content.
///
/// A value can be a field, an element or an entry like any other type. As a whole file, a group's
/// members and attributes become the root's, unchanged; so a group made by hand gives a file
/// without marks.
///
/// Soft and external links are followed. Dangling links, and links back into their own group, are
/// kept as a [`Link`]. An object with several links becomes one copy per link. A hard link to an
/// enclosing group is an error that names the path.
///
/// # Equality
///
/// Values are equal if their content is equal. Elements are compared by type, shape and bytes, so a
/// NaN equals the same NaN, and 0.0 differs from -0.0. Members and attributes are compared by name,
/// in any order. Byte order, padding and character set in the file are not compared.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A group.
    Group(Group),
    /// A dataset: a scalar, an array of any shape, or a null dataspace.
    Dataset(Dataset),
    /// A soft or external link that was not followed.
    Link(Link),
    /// A committed datatype.
    Datatype(Datatype),
}
