//! Tells the code what the HDF5 library that it is linked with has.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::rustc-check-cfg=cfg(hdf5_chunk_iter, hdf5_tokens, hdf5_sized_decode, hdf5_dereference2, hdf5_locking, hdf5_locks)"
    );
    if std::env::var_os("DEP_HDF5_VERSION_1_10_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_dereference2");
    }
    if std::env::var_os("DEP_HDF5_VERSION_1_12_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_tokens");
    }
    // Whether the library locks files, and whether it can be told not to.
    let has = |version: &str| std::env::var_os(format!("DEP_HDF5_VERSION_{version}")).is_some();
    if has("1_12_1") || (has("1_10_7") && !has("1_12_0")) {
        println!("cargo::rustc-cfg=hdf5_locking");
    } else if has("1_10_0") {
        println!("cargo::rustc-cfg=hdf5_locks");
    }
    // What `hdf5-metno-sys` says of the library, one for each version up to its own.
    if std::env::var_os("DEP_HDF5_VERSION_1_14_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_chunk_iter");
    }
    if std::env::var_os("DEP_HDF5_VERSION_2_0_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_sized_decode");
    }
}
