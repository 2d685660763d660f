//! Lazy handles: [`Lazy`] and the other types here take the place of a value, and read from the
//! file on request.
//!
//! The data on disk is the same as for the plain value, so programs can read the same file with and
//! without handles. A file stays open as long as there are handles into it. When a file is saved
//! anew, handles into the old one stay valid, because the new file only takes over the name. (This
//! holds on Unix; elsewhere replacing an open file is an error.) If another program writes into the
//! file under a handle, reading gives [`ErrorKind::Changed`](crate::ErrorKind::Changed), never
//! wrong data.

#[cfg_attr(not(feature = "libhdf5"), path = "lazy/append/read_only.rs")]
mod append;
mod appender;
#[cfg(feature = "ndarray")]
pub(crate) mod array;
mod column;
mod excerpt;
mod held;
mod map;
mod ranks;
mod read_ahead;
mod rows;
mod truncate;
mod value;
mod vec;

pub use appender::Appender;
#[cfg(all(feature = "libhdf5", feature = "ndarray"))]
pub use array::ArrayOptions;
#[cfg(feature = "ndarray")]
pub use array::{ArraySlice, Block, Blocks, Ellipsis, LazyArray, ellipsis};
#[cfg(feature = "mmap")]
pub use array::{MapElement, MappedArray};
pub use column::LazyColumn;
pub(crate) use held::Held;
pub use map::{LazyMap, MapEntry};
pub use rows::{RowBlocks, RowIter};
pub use value::Lazy;
pub use vec::LazyVec;
