//! Options of a call, errors, evolution of types, and values with several owners.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod dynamic;
mod error_texts;
mod errors;
mod evolution;
mod golden;
mod link_fields;
mod pointer_rows;
mod pointers;
mod progress;
mod sharing;
