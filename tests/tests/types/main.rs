//! Types and their layouts: what each value looks like on disk, and that it comes back.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod borrowed;
mod compound;
mod declared_types;
mod derive;
mod derive_types;
mod differential;
mod dyn_filters;
mod engines;
mod ext;
mod ext_arrays;
mod ext_sparse;
mod into;
mod layout;
mod maps;
mod names;
mod packed;
mod places;
mod random;
mod scale;
mod smoke;
mod types;
mod unsized_values;
mod with;
