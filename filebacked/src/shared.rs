//! Values with several owners, `Arc` and `Rc`: one object in the file, with a link for each owner,
//! and one value again when they are read.
//!
//! ```text
//! x/          the value, with 2 links
//! y/ = x/     the same object
//! ```
//!
//! A sink that can link to what is there has a table of what it wrote, [`Written`]; a source has
//! one of what was read, [`Loaded`].

mod loaded;
mod written;

pub(crate) use loaded::{Loaded, Pointer, in_any_order, point, read, read_pointer};
#[cfg(feature = "dynamic")]
pub(crate) use written::Foreign;
pub use written::Owner;
pub(crate) use written::{How, Keep, Met, Written};
