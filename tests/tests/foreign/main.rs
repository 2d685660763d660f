//! Files of other programs, and other programs that read files of this library.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod anndata;
mod compound_readers;
mod data_frames;
mod foreign;
mod foreign_matlab;
mod foreign_sparse;
mod foreign_trees;
mod foreign_values;
mod interop;
mod padding;
mod python_layout;
mod python_random;
mod python_reading;
mod python_refused;
mod value;
mod value_serde;
