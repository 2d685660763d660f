//! The engine over the HDF5 C library: every HDF5 feature, any file, updates in place.
//!
//! Calls go to the C functions directly, with identifiers, property lists and types that are made once. Each public
//! operation takes the global lock of `hdf5_metno` for its whole length, so it can be mixed with calls of that crate
//! from other threads. Files are written in the format of HDF5 1.8, which every later version reads.

mod attributes;
mod chunks;
mod content;
mod edit;
mod file;
mod filetype;
mod filters;
mod grow;
mod id;
mod kept;
mod linked;
mod links;
mod lists;
mod members;
mod names;
mod refer;
mod sequences;
mod sink;
mod source;
mod stack;
mod strings;
mod types;

pub(crate) use attributes::{attribute_names, delete_attribute, has_attribute, replace_attribute};
pub(crate) use edit::{children, delete, exists, move_link, open_group, open_or_create_group, promote, root_of};
pub(crate) use file::LibFile;
pub(crate) use filters::check_filter;
pub(crate) use grow::{Grower, Rows, can_grow, flush, id_of, links, locked, open, place, relink, resize, set_number};
pub(crate) use id::Id;
pub(crate) use kept::LibKept;
#[cfg(feature = "native")]
pub(crate) use kept::open_at;
pub(crate) use kept::{begin, file_name, is_writable};
pub(crate) use members::{
    Member, check_group, copy, count, create_group, create_hard_link, create_link, is_ordered, is_same, kind_of,
    member, members, open_member, path_of,
};
pub(crate) use sink::LibSink;
pub(crate) use source::LibSource;
