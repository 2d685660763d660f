//! The native engine: a small subset of the HDF5 file format, encoded and decoded at memory speed.
//!
//! Files have a superblock of version 2 (3 is read), object headers of version 2 with checksums,
//! groups whose links lie in their headers or in fractal heaps, compact and contiguous datasets,
//! and strings of fixed length or in global heaps. The engine declines values that need more, and
//! libhdf5 writes them. The format is that of the HDF5 File Format Specification, version 3.0.

mod btree;
mod btree_v1;
mod chunk_index;
mod chunked;
mod convert;
mod dataset;
mod dataspace;
mod datatype;
mod element;
mod extensible_array;
mod fill_value;
mod filter_pipeline;
mod find;
mod fixed_array;
mod fractal;
mod header;
mod heap;
mod input;
mod kept;
mod layout;
#[cfg(feature = "libhdf5")]
mod library;
mod linked;
mod links;
mod local_heap;
mod object;
mod object_header_v1;
mod sink;
mod slab;
mod source;
mod superblock;
mod symbol_table;

pub use sink::NativeSink;
pub use source::NativeSource;

/// The address that stands for none.
const UNDEFINED: u64 = u64::MAX;

/// Message types of object headers.
mod message {
    pub(super) const DATASPACE: u8 = 1;
    pub(super) const LINK_INFO: u8 = 2;
    pub(super) const DATATYPE: u8 = 3;
    pub(super) const OLD_FILL_VALUE: u8 = 4;
    pub(super) const FILL_VALUE: u8 = 5;
    pub(super) const LINK: u8 = 6;
    pub(super) const EXTERNAL: u8 = 7;
    pub(super) const LAYOUT: u8 = 8;
    pub(super) const GROUP_INFO: u8 = 10;
    pub(super) const FILTERS: u8 = 11;
    pub(super) const ATTRIBUTE: u8 = 12;
    pub(super) const CONTINUATION: u8 = 16;
    pub(super) const SYMBOL_TABLE: u8 = 17;
    pub(super) const ATTRIBUTE_INFO: u8 = 21;
    pub(super) const LINK_COUNT: u8 = 22;
    /// The last type that the specification has.
    pub(super) const LAST_KNOWN: u8 = 24;

    /// The flag of a message whose body is where its content is.
    pub(super) const SHARED: u8 = 2;
    /// The flag of a message without which the object must not be read.
    pub(super) const MUST_UNDERSTAND: u8 = 0x80;
}

/// Bytes of a superblock of version 2.
const SUPERBLOCK: usize = 48;
