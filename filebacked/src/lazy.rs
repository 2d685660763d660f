//! Handles that read later: [`Lazy`] and its like stand in the place of a value, and look into the
//! file when they are asked.
//!
//! What is on disk is the same as for the value itself, so a program may read the same file with
//! and without them. A handle keeps what it needs: the file stays open as long as there are handles
//! into it, and nobody has to keep it open by hand. When a file is saved anew, handles into the old
//! one stay valid, since the new file takes the name only (on Unix; elsewhere a file that is open
//! cannot be replaced, which is an error). When somebody writes into the file under a handle,
//! reading gives [`ErrorKind::Changed`](crate::ErrorKind::Changed), never other data.

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
