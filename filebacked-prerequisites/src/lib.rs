//! Checks that HDF5 can be built from source, and says in one line what is missing.
//!
//! The crate is empty: its build script does the work. Cargo has no order between the build
//! scripts of crates that do not depend on each other, but this one has no dependencies, so that it
//! has run long before that of `hdf5-metno-src`, which waits for a dozen crates and for zlib. It
//! checks with the feature `static`, which `filebacked` passes on.
