//! The engine over the HDF5 C library: every HDF5 feature, any file, updates in place.
//!
//! Calls go to the C functions directly, with identifiers, property lists and types that are made
//! once. Each public operation takes the global lock of `hdf5_metno` for its whole length, so it
//! can be mixed with calls of that crate from other threads. Files are written in the format of
//! HDF5 1.8, which every later version reads.

mod access;
mod attributes;
mod changes;
mod chunks;
mod claims;
mod compare;
mod content;
mod replacement;
// Of what follows, arrays use all and the rest a part.
mod create;
mod data;
mod dataset;
#[cfg(unix)]
mod descriptor;
mod driver;
mod edit;
mod file;
mod filetype;
mod filters;
mod grow;
mod holders;
mod id;
mod info;
mod journaled;
mod kept;
mod linked;
mod links;
mod lists;
mod mark;
mod members;
mod memory;
mod names;
mod recast;
mod recode;
mod refer;
mod renew;
mod repack;
mod rewrite;
mod sequences;
mod sink;
mod source;
mod stack;
mod state;
mod strings;
mod tools;
mod types;
mod update;
mod vfd;
mod walk;
mod watch;

pub use access::{Access, Creation};
pub use access::{CloseDegree, Journal, Libver, Locking, SpaceStrategy};
pub use attributes::{
    attribute_names, clear_attribute, delete_attribute, has_attribute, replace_attribute,
};
pub use changes::{begin, flush, has_readers, is_interrupted, settle, written};
pub use create::{NewDataset, create};
pub use dataset::{changeable, chunk, resize as resize_dataset, write_slab};
pub use driver::{CoreDriver, Driver};
pub use edit::{
    children, count_links, delete, exists, identity_of, move_link, open_group,
    open_or_create_group, promote, root_of,
};
pub use file::{LibFile, locked_elsewhere};
pub use filters::check_filter;
pub use grow::{
    Grower, Rows, can_grow, check_cut, id_of, links, locked, open, place, resize, set_number,
};
pub use holders::holders_of;
pub use id::Id;
pub use info::Facts;
pub use journaled::is_open as is_new;
pub use kept::LibKept;
pub use kept::explained;
pub use kept::{InLibrary, file_name, is_writable};
pub use kept::{hold, is_linked};
pub use kept::{is_at_address, open_at};
pub use mark::{clear, is_marked};
pub use members::{
    Member, check_group, copy, count, create_group, create_hard_link, create_link, is_ordered,
    is_same, kind_of, member, members, open_member, path_of,
};
pub use recode::Recoding;
pub use renew::References;
pub use replacement::{clear_link, move_over, relink};
pub use rewrite::rewrite;
pub use sink::LibSink;
pub use source::LibSource;
pub use update::UpdateSink;
pub use vfd::{Attachment, Medium};
