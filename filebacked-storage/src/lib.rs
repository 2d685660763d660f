//! HDF5 storage without Rust types: the vocabulary that engines write ([`Sink`]) and read
//! ([`Source`]), and the engines.
//!
//! Code above this crate does not know which engine runs. Bytes that cross this border are
//! little-endian, in C order, with packed elements; engines convert other forms in files.

// Every access to a file can fail, because of the system, HDF5 or the file: see `ErrorKind`.
#![allow(clippy::missing_errors_doc)]

pub mod changes;
pub mod checksum;
#[cfg(any(chunks_coded_here, feature = "native"))]
pub mod chunks;
#[cfg(any(feature = "libhdf5", feature = "native"))]
pub mod codec;
pub mod compound;
mod compression;
mod content;
mod description;
#[cfg(feature = "libhdf5")]
pub mod draft;
mod dtype;
#[cfg(feature = "libhdf5")]
pub mod libhdf5;

pub mod digest;
pub mod engine;
pub mod error;
mod huge_pages;
#[cfg(unix)]
#[doc(hidden)] // Unstable: nothing uses it yet.
pub mod journal;
mod kept;
pub mod limits;
#[cfg(feature = "native")]
pub mod native;
pub mod object;
mod openings;
pub mod owners;
pub mod part;
pub mod path;
mod plain;
pub mod pool;
pub mod replace;
mod seal;
pub mod signature;
mod sink;
mod slab;
mod source;
mod spec;
mod staged;
pub mod stamp;
pub mod store;
mod sync;
pub mod temporary;
mod texts;
mod tiles;
#[cfg(feature = "libhdf5")]
pub mod userblock;
#[cfg(feature = "digest")]
pub mod walk;

pub use dtype::REFERENCE;
pub use engine::{Choice, Medium, Reading, Target, Writing};
pub use error::{Error, ErrorKind, Operation, Result};
pub use kept::{Kept, Piece, no_piece, read_only};
pub use limits::{DEFAULT_MAX_DEPTH, Limits};
pub use owners::{LoadedOwners, ObjectIdentity, OwnerTable, Unlinkable, WrittenOwners};
pub use plain::Plain;
pub use plain::{as_bytes, fill_slice, fill_vec, read_records, read_scalar, read_vec};
pub use plain::{int, integer_bytes, read_integers};
pub use slab::Window;
pub use slab::{Slab, Span};
pub use staged::{Gathered, Staged};
pub use tiles::Tiles;

pub use compression::check;
pub use compression::{BloscCodec, BloscShuffle, Compression};
pub use content::Link;
pub use content::{AttrSpec, Cell, CellForm, Elements, StoredType, Unusual};
pub use description::{Allocation, Description, Handle, ObjectKind};
pub use dtype::{CompoundMember, CompoundType, Dtype, EnumType, IntType};
pub use sink::{Out, Sink};
pub use source::Source;
pub use spec::{CHUNK, DatasetSpec, WORTH_COMPRESSING, chunk_shape, elements};
pub use texts::{Texts, text_pieces};
