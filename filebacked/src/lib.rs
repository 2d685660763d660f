//! A type that implements [`FileBacked`] can be saved to an HDF5 file and loaded again, and the
//! file opens in h5py, Julia, MATLAB and every other HDF5 reader, with field names as names and
//! HDF5 types as types.
//!
//! ```
//! # fn main() -> filebacked::Result<()> {
//! use filebacked::FileBacked;
//!
//! #[derive(FileBacked, Debug, PartialEq)]
//! struct Model {
//!     step: u64,
//!     name: String,
//!     layers: Vec<Layer>,
//!     note: Option<String>,
//! }
//!
//! #[derive(FileBacked, Debug, PartialEq)]
//! struct Layer {
//!     width: u32,
//!     rate: f64,
//! }
//!
//! let layers = vec![Layer { width: 64, rate: 0.1 }, Layer { width: 10, rate: 0.5 }];
//! let model = Model { step: 7, name: "digits".into(), layers, note: None };
//! # let directory = std::env::temp_dir().join(format!("filebacked-lib-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! let path = directory.join("model.h5");
//! filebacked::save(&path, &model)?;
//! let loaded: Model = filebacked::load(&path)?;
//! assert_eq!(loaded, model);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok(()) }
//! ```
//!
//! The file, as [`inspect::tree`] prints it:
//!
//! ```text
//! model.h5/       struct Model 1, format 1.0
//! ├── step        u64 = 7
//! ├── name        str[6] = "digits"
//! └── layers/     columns Layer 1, len = 2
//!     ├── rate    f64 (2) = [0.1, 0.5], compact, 16 bytes
//!     └── width   u32 (2) = [64, 10], compact, 8 bytes
//! ```
//!
//! and as Python sees it: `f["step"][()]`, `f["name"].asstr()[()]`, `f["layers/rate"][:]`.
//!
//! # Types on disk
//!
//! | Rust | HDF5 |
//! |---|---|
//! | numbers, bool, complex, text | a dataset of the matching type |
//! | struct, tuple | a group with one member per field |
//! | enum | an HDF5 enumeration; with data, a group that names its variant |
//! | `Option` | the value; no member for `None` |
//! | `Vec` of numbers or text | one dataset |
//! | `Vec` of structs | columns: a group with one dataset per field |
//! | maps | `keys` and `values`; one link per key if the values are lists or hold arrays |
//! | ndarray arrays | one dataset of the same shape |
//! | sprs matrices | a group of `data`, `indices` and `indptr` |
//!
//! The layout, and with it the number of HDF5 objects, depends on the type, not on the data: 100,000
//! structs take as many datasets as one. `docs/FORMAT.md` in the repository specifies the format.
//! The attributes of the derive change names, defaults and layouts: see [`derive@FileBacked`].
//!
//! Files of other programs load if their names and shapes match the type. So do files of Python's
//! FileBacked, which [`Layout::Python`](options::Layout::Python) writes.
#![cfg_attr(
    all(feature = "ndarray", feature = "sprs"),
    doc = "[`anndata`] has `.h5ad` files as typed structs; [`with::DataFrame`] stores rows as a data frame."
)]
//! A file of unknown type loads as a [`Value`], a tree that can be read, changed and saved.
//!
//! A [`Filter`] stores a type in another way. It is named on a field, or registered for a type;
//! [`with`] has ready-made filters.
//!
//! # Whole files and open files
//!
//! [`save`] and [`load`] handle one value that is a whole file. The new file is complete, and on the
//! disk, before it replaces the old one. [`to_bytes`] and [`from_bytes`] do the same in memory.
#![cfg_attr(
    feature = "libhdf5",
    doc = "[`File`] is an open file that holds many values, each under a name;"
)]
#![cfg_attr(
    feature = "libhdf5",
    doc = "[`write()`] and [`read()`] work beside code that uses the hdf5 crate."
)]
//!
//! # Parts of files
//!
//! [`Lazy`], [`LazyVec`], [`LazyMap`] and `LazyArray` take the place of a value in a type. They read
//! from the file on request: the whole value, rows, entries, or slices.
//!
//! # Shared values
//!
//! A value that two [`Arc`](std::sync::Arc) or [`Rc`](std::rc::Rc) own is one object in the file,
//! and one value again after loading. A `Weak` is a reference to that object:
//!
//! ```text
//! input/          struct Layer 1, two links
//! output/ = input/
//! latest          reference to input/
//! ```
//!
//! ```
//! use filebacked::FileBacked;
//! use std::sync::{Arc, Weak};
//!
//! #[derive(FileBacked)]
//! struct Layer { weights: Vec<f64> }
//!
//! #[derive(FileBacked)]
//! struct Model { input: Arc<Layer>, output: Arc<Layer>, latest: Weak<Layer> }
//!
//! # fn main() -> filebacked::Result<()> {
//! let tied = Arc::new(Layer { weights: vec![0.5; 4] });
//! let latest = Arc::downgrade(&tied);
//! let bytes = filebacked::to_bytes(&Model { input: tied.clone(), output: tied, latest })?;
//!
//! let model: Model = filebacked::from_bytes(&bytes)?;
//! assert!(Arc::ptr_eq(&model.input, &model.output));
//! assert!(model.latest.upgrade().is_some_and(|latest| Arc::ptr_eq(&latest, &model.input)));
//! # Ok(()) }
//! ```
//!
//! The rows of a `Vec` are separate values, unless the field says `layout = "shared"`. A value that
//! owns itself is [`ErrorKind::Cycle`].
//!
//! A `Weak` upgrades to the value of an owner that was loaded in the same call, before or after it.
//! It points to nothing if no owner is saved with it, if the options leave out all owners, or if
//! they lie outside of its [`Lazy`]. Saving a `Weak` to a value without an HDF5 object (a row, a
//! record, an attribute, the output of a filter) is [`ErrorKind::Unsupported`].
//!
//! # Options
//!
//! [`WriteOptions`] and [`ReadOptions`] choose which members to leave out (`skip`, `only`),
//! compression, durability, accepted number types, and filters.
//!
//! # Errors
//!
//! An [`Error`] names the operation, the file, the path inside it and, if possible, a remedy. Match
//! on its [`ErrorKind`]. No file makes this crate panic, change a number silently, or allocate more
//! memory than the file justifies. libhdf5 is written in C, and a damaged file may crash it: use
//! [`ReadOptions::untrusted`] for files from anywhere.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `libhdf5` | yes | the engine over the HDF5 C library: any file, open files, compression |
//! | `static` | yes | builds HDF5 from source, with cmake and a C compiler; without it, the system's library is linked |
//! | `native` | yes | the engine in pure Rust: whole files of a small subset of HDF5, at memory speed |
//! | `compress` | | with `libhdf5`: LZ4, Zstandard and Blosc; with HDF5 1.14 or newer, compression on all cores instead of in HDF5's filter pipeline, for the same files |
//! | `derive` | yes | the derive macros |
//! | `dynamic` | | `Box<dyn Trait>`: finds the types behind a trait at link time |
//! | `ndarray`, `sprs` | yes | arrays and sparse matrices |
//! | `mmap` | yes | with `ndarray`: `LazyArray::map`, arrays mapped from the file |
//! | `half`, `complex`, `chrono`, `uuid`, `indexmap` | | the types of these crates |
//! | `digest` | | digests of whole files, and `verify` |
//! | `serde` | | any serde type as groups and datasets, and [`Value`] to and from serde |
//! | `bincode`, `postcard`, `json` | | any serde type as bytes or text |
//!
//! With both engines, the native engine handles whole files that it supports, and libhdf5 all other
//! files. Readers see no difference.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs, unsafe_op_in_unsafe_fn)]

#[cfg(all(feature = "ndarray", feature = "sprs"))]
pub mod anndata;
mod backed;
mod buffer;
mod context;
mod dialect;
#[cfg(feature = "dynamic")]
mod dynamic;
pub mod engine;
mod erased;
pub mod error;
mod field;
#[cfg(feature = "libhdf5")]
pub mod file;
pub mod filter;
mod fingerprint;
mod foreign;
#[cfg(feature = "libhdf5")]
pub mod hdf5;
mod impls;
pub mod inspect;
mod layout;
pub mod lazy;
pub mod link;
pub mod member;
mod node;
pub mod options;
mod path;
mod progress;
mod reader;
mod registry;
mod rows;
mod save;
pub mod schema;
mod shared;
mod slot;
#[cfg(feature = "libhdf5")]
mod staging;
pub mod store;
pub mod testing;
mod upgrade;
pub mod value;
#[cfg(feature = "digest")]
mod verify;
mod whole;
pub mod with;
mod writer;

// The layer below, under the names that the modules of this crate use.
pub(crate) use filebacked_storage::{self as storage, object, part, replace, stamp};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use backed::{FileBacked, Save};
pub use buffer::Buffer;
pub use error::{Error, ErrorKind, Result};
#[cfg(feature = "libhdf5")]
pub use file::File;
pub use filter::{Filter, Registry, register_filter};
#[cfg(feature = "libhdf5")]
pub use hdf5::{read, read_from, write, write_into};
#[cfg(feature = "ndarray")]
pub use lazy::LazyArray;
pub use lazy::{Lazy, LazyColumn, LazyMap, LazyVec};
pub use node::Node;
pub use options::{Compression, ReadOptions, WriteOptions};
pub use reader::GroupReader;
pub use rows::Rows;
pub use save::{from_bytes, load, load_into, save, to_bytes};
pub use schema::Schema;
pub use slot::{Slot, Written};
pub use value::Value;
pub use writer::GroupWriter;

#[cfg(feature = "derive")]
pub use filebacked_derive::{FileBacked, Save};

#[cfg(feature = "dynamic")]
pub use filebacked_derive::dynamic;

/// The examples of the README, compiled as tests.
#[cfg(all(doctest, feature = "derive", feature = "native"))]
#[doc = include_str!("../../README.md")]
struct ReadmeDoctests;

/// The examples of the guide, compiled as tests.
#[cfg(all(doctest, feature = "derive", feature = "libhdf5", feature = "ndarray"))]
#[doc = include_str!("../../docs/GUIDE.md")]
struct GuideDoctests;
