//! Handles that read later and write in place.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod append_filters;
mod append_records;
mod lazy;
mod lazy_append;
mod lazy_append_forms;
mod lazy_array;
mod lazy_errors;
mod lazy_map;
mod lazy_map_columns;
mod lazy_map_files;
mod lazy_mapped;
mod lazy_truncate;
mod lazy_vec;
mod lazy_write;
mod lazy_write_chunks;
