//! Compressed chunks, coded here instead of in HDF5's filter pipeline: quicker code, and on all
//! cores.
//!
//! What comes out is what any HDF5 reader knows that has the filters, with a filter mask for chunks
//! that are stored as they are. Nothing here calls the C library of HDF5 or takes its lock; the
//! engine hands chunks in and out.

#[cfg(chunks_coded_here)]
mod block;
mod decode;
#[cfg(chunks_coded_here)]
mod deflate;
#[cfg(chunks_coded_here)]
mod encode;
mod fletcher;
#[cfg(chunks_coded_here)]
mod huffman;
#[cfg(chunks_coded_here)]
mod line;
#[cfg(feature = "compress")]
mod parallel;
mod pipeline;
#[cfg(chunks_coded_here)]
mod planes;
mod split;

pub use decode::{ChunkBytes, InMemory, InStore, Stored, decode};
#[cfg(chunks_coded_here)]
pub use encode::encode;
pub use pipeline::Pipeline;
pub use split::Grid;
