//! Typed object persistence over HDF5: a type that implements [`FileBacked`] can be saved to a file and loaded again, and
//! the file opens in h5py, Julia, MATLAB and every other HDF5 reader, with field names as names and HDF5 types as types.

#![deny(missing_docs, unsafe_op_in_unsafe_fn)]

mod backed;
mod context;
mod engine;
mod erased;
mod error;
#[cfg(feature = "libhdf5")]
mod file;
mod filter;
#[cfg(feature = "libhdf5")]
pub mod hdf5;
mod impls;
pub mod inspect;
mod layout;
mod node;
mod options;
mod path;
mod reader;
mod registry;
mod replace;
mod rows;
mod save;
mod schema;
mod slot;
mod stamp;
mod storage;
pub mod testing;
mod whole;
pub mod with;
mod writer;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use backed::{FileBacked, ReadMembers, Save, SaveMembers};
pub use context::{ReadContext, WriteContext};
#[doc(hidden)]
pub use engine::Engine;
pub use erased::{AnyRows, AnyValue, Key};
pub use error::{Error, ErrorKind, Operation, Result};
#[cfg(feature = "libhdf5")]
pub use file::File;
pub use filter::{AnyType, DynFilter, Filter};
#[cfg(feature = "libhdf5")]
pub use hdf5::{read, read_from, write, write_into};
pub use layout::scalar::Element;
pub use node::Node;
pub use options::{Compression, Conversion, Durability, Extensions, Overwrite, ReadOptions, WriteOptions};
pub use reader::{GroupReader, MemberReader};
pub use registry::{Registration, Registry, default_registry, register_dyn_filter, register_filter, unregister_filter};
pub use rows::Rows;
pub use save::{from_bytes, load, save, to_bytes};
pub use schema::{FieldSchema, Nested, Schema, StructSchema, VariantSchema, VariantsSchema};
pub use slot::{Slot, Storage, StoreAs, Written};
pub use stamp::Stamp;
pub use storage::{CompoundMember, CompoundType, Description, Dtype, EnumType, IntType, ObjectKind, Out};
pub use writer::{GroupWriter, MemberWriter};

#[cfg(feature = "derive")]
pub use filebacked_derive::{FileBacked, Save};
