//! The files of `tests/golden/1.0`, one for each section of docs/FORMAT.md and each engine. They
//! were written once. Today's code reads them, and writes the same.
//!
//! `FILEBACKED_WRITE_GOLDEN=1` writes the files of new cases, and never changes a file that is
//! there.

use filebacked::engine::Engine;
use filebacked::{ErrorKind, FileBacked, ReadOptions, Value, WriteOptions, inspect};
use filebacked_tests::{ENGINES, scratch};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

mod enums;
mod foreign;
mod maps;
mod numbers;
mod pointers;
mod rows;
mod structs;

/// Where the files of this version of the format are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/1.0")
}

fn name_of(engine: Engine) -> &'static str {
    if engine == Engine::Native { "native" } else { "libhdf5" }
}

/// Checks the files of one value, of each engine that writes it.
#[track_caller]
fn check<T: FileBacked + PartialEq + Debug>(name: &str, value: &T) {
    for engine in ENGINES {
        let golden = folder().join(format!("{name}.{}.h5", name_of(engine)));
        let (_dir, path) = scratch("golden.h5");
        match WriteOptions::new().engine(engine).save(&path, value) {
            Err(error) if engine == Engine::Native && *error.kind() == ErrorKind::NeedsLibhdf5 => {
                assert!(!golden.exists(), "{name}: the native engine wrote it once: {error}");
                continue;
            }
            saved => saved.unwrap(),
        }
        if !golden.exists() && std::env::var_os("FILEBACKED_WRITE_GOLDEN").is_some() {
            fs::copy(&path, &golden).unwrap();
        }

        for reader in [Engine::Any, engine] {
            let read = ReadOptions::new().engine(reader).load::<T>(&golden);
            let read = read.unwrap_or_else(|error| panic!("{name}, {engine:?}: {error:?}"));
            assert_eq!(read, *value, "{name}, written by {engine:?}, read by {reader:?}");
        }
        same_file(&golden, &path, engine);
    }
}

/// Asserts that a file is the golden one: byte for byte, or, where another version of libhdf5 has
/// laid it out, with the same objects, attributes, types, storage and data.
#[track_caller]
fn same_file(golden: &Path, today: &Path, engine: Engine) {
    let (golden, today) = (fs::read(golden).unwrap(), fs::read(today).unwrap());
    if golden == today {
        return;
    }
    let tree = |bytes: &[u8]| inspect::tree_of_bytes(bytes).unwrap().to_string();
    assert_eq!(tree(&today), tree(&golden));
    let value = |bytes: &[u8]| ReadOptions::new().from_bytes::<Value>(bytes).unwrap();
    assert_eq!(value(&today), value(&golden));
    assert_ne!(engine, Engine::Native, "the same content in other bytes");
}

/// A test for each case, and the list of all names.
macro_rules! golden {
    ($($name:ident: $value:expr;)*) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name), &$value);
            }
        )*

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}
golden! {
    scalars: numbers::scalars();
    scalars_of_crates: numbers::of_crates();
    text: numbers::text();
    arrays: numbers::arrays();
    sparse: numbers::sparse();
    structs: structs::structs();
    attributes_of_members: structs::attributes_of_members();
    tuples: structs::tuples();
    absence: structs::absence();
    encoded: structs::encoded();
    filters: structs::filters();
    enums: enums::enums();
    trait_objects: enums::objects();
    owners: pointers::owners();
    links: pointers::links();
    columns: rows::columns();
    variants: rows::variants();
    optional: rows::optional();
    sequences: rows::sequences();
    records: rows::records();
    chunks: rows::chunks();
    maps: maps::maps();
    map_at_the_root: maps::at_the_root();
    value_of_a_file: vec![1.5, -2.5];
    anndata: foreign::anndata();
    matlab: foreign::matlab();
}

#[test]
fn every_file_belongs_to_a_case() {
    let found: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for file in &found {
        let name = file.strip_suffix(".native.h5").or(file.strip_suffix(".libhdf5.h5"));
        assert!(name.is_some_and(|name| NAMES.contains(&name)), "{file}");
    }
    // libhdf5 writes everything.
    for name in NAMES {
        assert!(found.contains(&format!("{name}.libhdf5.h5")), "{name}");
    }
}
