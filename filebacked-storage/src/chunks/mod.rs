//! Compressed chunks, coded here instead of in HDF5's filter pipeline: quicker code, and on all
//! cores.
//!
//! What comes out is what any HDF5 reader knows that has the filters, with a filter mask for chunks
//! that are stored as they are. Nothing here calls the C library of HDF5 or takes its lock; the
//! engine hands chunks in and out.

mod block;
mod deflate;
mod encode;
mod fletcher;
mod huffman;
mod line;
mod parallel;
mod pipeline;
mod planes;
mod split;

#[cfg(unix)]
mod decode;

#[cfg(unix)]
pub use decode::{Stored, decode};
pub use encode::encode;
pub use pipeline::Pipeline;
pub use split::Grid;
