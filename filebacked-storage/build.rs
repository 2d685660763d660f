//! Tells the code what the HDF5 library that it is linked with has.

/// Names for the code, and the version of HDF5 from which on they hold.
const SINCE: [(&str, &str); 11] = [
    ("hdf5_dereference2", "1_10_0"),
    ("hdf5_swmr", "1_10_0"),
    ("hdf5_file_space", "1_10_1"),
    ("hdf5_v110", "1_10_2"),
    ("hdf5_tokens", "1_12_0"),
    ("hdf5_v112", "1_12_0"),
    ("hdf5_chunk_iter", "1_14_0"),
    ("hdf5_drivers", "1_14_0"),
    ("hdf5_v114", "1_14_0"),
    ("hdf5_sized_decode", "2_0_0"),
    ("hdf5_v200", "2_0_0"),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // What `hdf5-metno-sys` says of the library, one for each version up to its own.
    let has = |version: &str| std::env::var_os(format!("DEP_HDF5_VERSION_{version}")).is_some();
    for (name, version) in SINCE {
        offer(name, has(version));
    }
    // Whether the library locks files, and whether that can be switched off.
    let locking = has("1_12_1") || has("1_10_7") && !has("1_12_0");
    offer("hdf5_locking", locking);
    // Whether chunks are coded by this crate, past the library's filter pipeline; reading past it
    // needs an open file of Unix.
    let compress = std::env::var_os("CARGO_FEATURE_COMPRESS").is_some();
    let coded_here = compress && has("1_14_0");
    offer("chunks_coded_here", coded_here);
    let is_unix = std::env::var_os("CARGO_CFG_UNIX").is_some();
    offer("chunks_read_here", coded_here && is_unix);
    offer("hdf5_locks", has("1_10_0") && !locking);
}

fn offer(name: &str, is_there: bool) {
    println!("cargo::rustc-check-cfg=cfg({name})");
    if is_there {
        println!("cargo::rustc-cfg={name}");
    }
}
