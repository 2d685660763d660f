//! Tells the code what the HDF5 library that it is linked with has.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::rustc-check-cfg=cfg(hdf5_chunk_iter, hdf5_tokens, hdf5_sized_decode, hdf5_dereference2, hdf5_drivers)"
    );
    if std::env::var_os("DEP_HDF5_VERSION_1_10_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_dereference2");
    }
    if std::env::var_os("DEP_HDF5_VERSION_1_12_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_tokens");
    }
    // What `hdf5-metno-sys` says of the library, one for each version up to its own.
    if std::env::var_os("DEP_HDF5_VERSION_1_14_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_chunk_iter");
        println!("cargo::rustc-cfg=hdf5_drivers");
    }
    if std::env::var_os("DEP_HDF5_VERSION_2_0_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_sized_decode");
    }
}
