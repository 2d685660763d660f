//! Lazy handles: [`Lazy`] and the other types here take the place of a value, and read from the
//! file on request.
//!
//! The data on disk is the same as for the plain value, so programs can read the same file with and
//! without handles. A file stays open as long as there are handles into it. When a file is saved
//! anew, handles into the old one stay valid, because the new file only takes over the name. (This
//! holds on Unix; elsewhere replacing an open file is an error.) If another program writes into the
//! file under a handle, reading gives [`ErrorKind::Changed`](crate::ErrorKind::Changed), never
//! wrong data.

#[cfg(feature = "libhdf5")]
mod append;
mod appender;
#[cfg(feature = "ndarray")]
mod array;
#[cfg(feature = "ndarray")]
mod blocks;
mod column;
#[cfg(all(feature = "libhdf5", feature = "ndarray"))]
mod create;
#[cfg(feature = "ndarray")]
mod edit;
#[cfg(all(feature = "libhdf5", feature = "ndarray"))]
mod elements;
#[cfg(feature = "ndarray")]
mod ellipsis;
mod excerpt;
mod held;
mod map;
#[cfg(feature = "mmap")]
mod mapped;
mod ranks;
mod rows;
#[cfg(feature = "ndarray")]
mod selection;
mod truncate;
mod value;
mod vec;

pub use appender::Appender;
#[cfg(feature = "ndarray")]
pub use array::LazyArray;
#[cfg(feature = "ndarray")]
pub use blocks::{Block, Blocks};
pub use column::LazyColumn;
#[cfg(all(feature = "libhdf5", feature = "ndarray"))]
pub use create::ArrayOptions;
#[cfg(feature = "ndarray")]
pub use ellipsis::{ArraySlice, Ellipsis, ellipsis};
pub(crate) use held::Held;
pub use map::{LazyMap, MapEntry};
#[cfg(feature = "mmap")]
pub use mapped::{MapElement, MappedArray};
pub use rows::{RowBlocks, RowIter};
pub use value::Lazy;
pub use vec::LazyVec;
