//! Says where the headers of the HDF5 library are that the tests are linked with.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let include = std::env::var("DEP_HDF5_INCLUDE").unwrap_or_default();
    println!("cargo::rustc-env=HDF5_INCLUDE={include}");
}
