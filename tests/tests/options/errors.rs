//! Bad input: each an error of its own kind that says what was done, to which file, where in it,
//! and what helps.

use filebacked::error::Operation;
use filebacked::file::Libver;
use filebacked::hdf5::types::VarLenUnicode;
use filebacked::{Error, ErrorKind, File, FileBacked, ReadOptions, WriteOptions, hdf5, inspect};
use filebacked_tests::{ENGINES, python, scratch};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Layer {
    width: u32,
    name: String,
    taps: Vec<u8>,
    kind: Kind,
    shape: Shape,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Kind {
    Dense,
    Sparse,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Shape {
    Point,
    Circle(f64),
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Model {
    step: u64,
    weights: Vec<f64>,
    layer: Layer,
    layers: Vec<Layer>,
    by_name: BTreeMap<String, Layer>,
    note: Option<String>,
}

fn layer(width: u32) -> Layer {
    let shape = if width == 0 { Shape::Point } else { Shape::Circle(0.5) };
    Layer { width, name: "a".into(), taps: vec![1, 2], kind: Kind::Sparse, shape }
}

fn model() -> Model {
    Model {
        step: 7,
        weights: vec![0.5],
        layer: layer(1),
        layers: vec![layer(0), layer(1)],
        by_name: BTreeMap::from([("x/y".to_string(), layer(2))]),
        note: None,
    }
}

/// Saves a model, damages the file, and gives the error of loading it.
#[track_caller]
fn damaged(damage: impl FnOnce(&hdf5::File)) -> Error {
    let (_dir, path) = scratch("damaged.h5");
    filebacked::save(&path, &model()).unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    damage(&file);
    file.close().unwrap();
    let error = filebacked::load::<Model>(&path).unwrap_err();
    assert_eq!(error.operation(), Some(Operation::Load), "{error}");
    assert_eq!(error.file(), Some(path.as_path()), "{error}");
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("cannot load {}: {}: ", path.display(), error.path())),
        "{text}"
    );
    error
}

#[track_caller]
fn is_damage(error: &Error, path: &str, what: &str) {
    assert_eq!(error.path(), path, "{error}");
    assert!(matches!(error.kind(), ErrorKind::Damaged(text) if text.contains(what)), "{error}");
}

#[track_caller]
fn is_mismatch(error: &Error, path: &str, wanted: &str, stored: &str) {
    assert_eq!(error.path(), path, "{error}");
    let ErrorKind::Mismatch { expected, found } = error.kind() else { panic!("{error}") };
    assert!(expected.contains(wanted), "expected {expected:?}: {error}");
    assert!(found.contains(stored), "found {found:?}: {error}");
}

#[track_caller]
fn helps(error: &Error, with: &str) {
    assert!(error.help().is_some_and(|help| help.contains(with)), "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    assert!(format!("{error:#}").contains("\nhelp: "), "{error:#}");
}

/// Puts another dataset in the place of one.
fn replace<T: hdf5::H5Type>(file: &hdf5::File, path: &str, values: &[T]) {
    file.unlink(path).unwrap();
    file.new_dataset_builder().with_data(values).create(path).unwrap();
}

fn replace_scalar<T: hdf5::H5Type>(file: &hdf5::File, path: &str, value: &T) {
    file.unlink(path).unwrap();
    file.new_dataset::<T>().create(path).unwrap().write_scalar(value).unwrap();
}

fn set_text(file: &hdf5::File, group: &str, name: &str, text: &str) {
    let group = file.group(group).unwrap();
    let _ = group.delete_attr(name);
    let text: VarLenUnicode = text.parse().unwrap();
    group.new_attr::<VarLenUnicode>().create(name).unwrap().write_scalar(&text).unwrap();
}

#[test]
fn a_missing_field() {
    let error = damaged(|file| file.unlink("layer/width").unwrap());
    assert_eq!(*error.kind(), ErrorKind::Missing);
    assert_eq!(error.path(), "/layer/width");
    helps(&error, "#[filebacked(default)]");

    let error = damaged(|file| file.relink("layer/width", "layer/widths").unwrap());
    assert_eq!(*error.kind(), ErrorKind::Missing);
    helps(&error, "there is `widths`: add `#[filebacked(alias = \"widths\")]` to read it");

    let error = damaged(|file| file.unlink("layers/width").unwrap());
    assert_eq!(*error.kind(), ErrorKind::Missing);
    assert_eq!(error.path(), "/layers/width");
    let error = damaged(|file| file.unlink("by_name").unwrap());
    assert_eq!((error.kind(), error.path().as_str()), (&ErrorKind::Missing, "/by_name"));
}

#[test]
fn a_wrong_type() {
    let error = damaged(|file| replace(file, "step", &[1u64]));
    is_mismatch(&error, "/step", "a scalar of u64", "a 1-dimensional dataset of u64, shape [1]");
    let error = damaged(|file| replace_scalar(file, "weights", &1f64));
    is_mismatch(&error, "/weights", "a 1-dimensional dataset of f64", "a scalar of f64");
    let error = damaged(|file| replace(file, "layer/name", &[1u8]));
    is_mismatch(&error, "/layer/name", "text", "u8");
    let error = damaged(|file| {
        file.unlink("weights").unwrap();
        file.create_group("weights").unwrap();
    });
    is_mismatch(&error, "/weights", "a dataset", "a group");
    let error = damaged(|file| replace_scalar(file, "layer/name", &1f64));
    is_mismatch(&error, "/layer/name", "text", "a scalar of f64");
    let error = damaged(|file| {
        file.unlink("layer").unwrap();
        file.new_dataset::<u8>().create("layer").unwrap();
    });
    is_mismatch(&error, "/layer", "a group (struct of `Layer`)", "a scalar of u8");
    let error = damaged(|file| {
        file.unlink("step").unwrap();
        file.new_dataset::<f64>().shape((1, 2)).create("step").unwrap();
    });
    is_mismatch(&error, "/step", "a scalar of u64", "a 2-dimensional dataset of f64, shape [1, 2]");
}

#[test]
fn a_number_that_does_not_fit() {
    let error = damaged(|file| replace_scalar(file, "layer/width", &5_000_000_000i64));
    let wanted = ErrorKind::OutOfRange {
        value: "5000000000".into(),
        stored: "i64".into(),
        wanted: "u32".into(),
    };
    assert_eq!((error.kind(), error.path().as_str()), (&wanted, "/layer/width"));
    helps(&error, "declare the field as `i64`");
    let error = damaged(|file| replace(file, "layers/width", &[1i8, -1]));
    let wanted =
        ErrorKind::OutOfRange { value: "-1".into(), stored: "i8".into(), wanted: "u32".into() };
    assert_eq!((error.kind(), error.path().as_str()), (&wanted, "/layers/width"));
    let error = damaged(|file| replace_scalar(file, "step", &1.5f64));
    let wanted =
        ErrorKind::OutOfRange { value: "1.5".into(), stored: "f64".into(), wanted: "u64".into() };
    assert_eq!(*error.kind(), wanted);
}

#[test]
fn an_unknown_variant() {
    let error = damaged(|file| set_text(file, "layer/shape", "variant", "Square"));
    let known = vec!["Point".to_string(), "Circle".to_string()];
    assert_eq!(*error.kind(), ErrorKind::UnknownVariant { found: "Square".into(), known });
    assert_eq!(error.path(), "/layer/shape");
    helps(&error, "alias");

    let error = damaged(|file| file.group("layer/shape").unwrap().delete_attr("variant").unwrap());
    assert_eq!(
        (error.kind(), error.path().as_str()),
        (&ErrorKind::Missing, "/layer/shape/variant")
    );
    helps(&error, "variant");

    #[derive(FileBacked)]
    #[filebacked(name = "Kind")]
    enum More {
        #[allow(dead_code)]
        Dense,
        Odd,
    }
    let (_dir, path) = scratch("kind.h5");
    for bytes in
        [filebacked::to_bytes(&More::Odd).unwrap(), filebacked::to_bytes(&vec![More::Odd]).unwrap()]
    {
        std::fs::write(&path, bytes).unwrap();
        let errors =
            [filebacked::load::<Kind>(&path).err(), filebacked::load::<Vec<Kind>>(&path).err()];
        let unknown = |e: &Error| matches!(e.kind(), ErrorKind::UnknownVariant { found, .. } if found == "Odd");
        assert!(errors.iter().flatten().any(unknown), "{errors:?}");
    }
    let error = damaged(|file| replace_scalar(file, "layer/kind", &9u8));
    let known = vec!["Dense".to_string(), "Sparse".to_string()];
    assert_eq!(*error.kind(), ErrorKind::UnknownVariant { found: "9".into(), known });
    assert_eq!(error.path(), "/layer/kind");
}

#[test]
fn a_stamp_of_another_kind() {
    let error = damaged(|file| set_text(file, "layer", "filebacked", "columns Layer 1"));
    is_mismatch(&error, "/layer", "a group (struct of `Layer`)", "a group (columns of `Layer`)");
    let error = damaged(|file| set_text(file, "layers", "filebacked", "struct Layer 1"));
    is_mismatch(&error, "/layers", "a group (columns of `Layer`)", "a group (struct of `Layer`)");
    let error = damaged(|file| set_text(file, "by_name", "filebacked", "ragged"));
    is_mismatch(&error, "/by_name", "a group (map)", "a group (ragged)");
    let error = damaged(|file| set_text(file, "layers/taps", "filebacked", "optional"));
    is_mismatch(&error, "/layers/taps", "a group (ragged)", "a group (optional)");
    let error = damaged(|file| set_text(file, "layer/shape", "filebacked", "none 0"));
    is_mismatch(&error, "/layer/shape", "a group (enum of `Shape`)", "none");
}

#[test]
fn a_newer_version() {
    let error = damaged(|file| set_text(file, "layer", "filebacked", "struct Layer 2"));
    assert_eq!(*error.kind(), ErrorKind::Version { found: 2, supported: 1 });
    assert_eq!(error.path(), "/layer");
    helps(&error, "newer program");
    let error = damaged(|file| set_text(file, "layers", "filebacked", "columns Layer 9"));
    assert_eq!(
        (error.kind(), error.path().as_str()),
        (&ErrorKind::Version { found: 9, supported: 1 }, "/layers")
    );

    let (_dir, path) = scratch("format.h5");
    filebacked::save(&path, &model()).unwrap();
    let set = |version: &str| {
        let file = hdf5::File::open_rw(&path).unwrap();
        set_text(&file, "/", "filebacked_format", version);
        file.close().unwrap();
    };
    set("2.0");
    let error = filebacked::load::<Model>(&path).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Version { found: 2, supported: 1 });
    helps(&error, "newer version of filebacked");
    let error = File::open(&path).unwrap().read::<u64>("step").unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Version { found: 2, supported: 1 });
    set("1.7");
    assert_eq!(filebacked::load::<Model>(&path).unwrap(), model(), "later minor versions are read");
    set("x");
    assert!(matches!(filebacked::load::<Model>(&path).unwrap_err().kind(), ErrorKind::Damaged(_)));
}

#[test]
fn tables_that_contradict_themselves() {
    let error = damaged(|file| replace(file, "layers/width", &[1u32, 2, 3]));
    is_damage(&error, "/layers/width", "a column of 3 rows in a table of 2");
    let error = damaged(|file| replace(file, "layers/width", &[0u32; 0]));
    is_damage(&error, "/layers/width", "a column of 0 rows in a table of 2");
    let error = damaged(|file| file.group("layers").unwrap().delete_attr("len").unwrap());
    is_damage(&error, "/layers", "a table without `len`");
    let set_len = |file: &hdf5::File, len: u64| {
        file.group("layers").unwrap().attr("len").unwrap().write_scalar(&len).unwrap();
    };
    let error = damaged(|file| set_len(file, 3));
    is_damage(&error, "/layers/width", "a column of 2 rows in a table of 3");
    let error = damaged(|file| set_len(file, u64::MAX));
    is_damage(&error, "/layers", "18446744073709551615 rows and no column of so many");
    let error = damaged(|file| set_len(file, 0));
    is_damage(&error, "/layers/kind", "a column of 2 rows in a table of 0");
}

#[test]
fn offsets_that_lead_astray() {
    for offsets in [&[1u64, 2, 4][..], &[0, 4, 2], &[0, 2, u64::MAX], &[]] {
        let error = damaged(|file| replace(file, "layers/taps/offsets", offsets));
        assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{offsets:?}: {error}");
        assert!(error.path().starts_with("/layers/taps"), "{offsets:?}: {error}");
    }
    let error = damaged(|file| replace(file, "layers/taps/offsets", &[0u64, 2, 3]));
    is_damage(&error, "/layers/taps", "4 values where the offsets tell of 3");
    let error = damaged(|file| replace(file, "layers/taps/offsets", &[0u64, 4]));
    is_damage(&error, "/layers/taps", "a column of 1 rows in a table of 2");
    let error = damaged(|file| file.unlink("layers/taps/values").unwrap());
    assert_eq!((error.kind(), error.path().as_str()), (&ErrorKind::Missing, "/layers/taps/values"));
}

#[test]
fn variants_that_contradict_their_columns() {
    let error = damaged(|file| replace(file, "layers/shape/Circle/0", &[1f64, 2.0]));
    is_damage(&error, "/layers/shape/Circle/0", "a column of 2 rows in a table of 1");
    let error = damaged(|file| {
        file.group("layers/shape/Circle")
            .unwrap()
            .attr("len")
            .unwrap()
            .write_scalar(&2u64)
            .unwrap();
    });
    is_damage(&error, "/layers/shape/Circle", "2 rows of a variant that 1 rows have");
    let error = damaged(|file| file.unlink("layers/shape/Circle").unwrap());
    assert_eq!(
        (error.kind(), error.path().as_str()),
        (&ErrorKind::Missing, "/layers/shape/Circle")
    );
}

#[test]
fn a_value_in_a_variant_that_cannot_be_written() {
    #[derive(FileBacked)]
    enum Node {
        #[allow(dead_code)]
        Leaf,
        Held {
            cell: std::cell::RefCell<u8>,
        },
    }
    let nodes = vec![Node::Held { cell: 1.into() }];
    let Node::Held { cell } = &nodes[0] else { panic!("no cell") };
    let guard = cell.borrow_mut();
    assert_eq!(filebacked::to_bytes(&nodes[0]).unwrap_err().path(), "/cell");
    assert_eq!(filebacked::to_bytes(&nodes).unwrap_err().path(), "/value/Held/cell");
    drop(guard);
}

/// Loads what another type wrote.
fn reread<T: FileBacked>(value: &impl filebacked::Save) -> Error {
    match filebacked::from_bytes::<T>(&filebacked::to_bytes(value).unwrap()) {
        Ok(_) => panic!("no error"),
        Err(error) => error,
    }
}

#[test]
fn values_that_are_none_of_their_type() {
    let invalid = |error: &Error, what: &str| {
        assert!(matches!(error.kind(), ErrorKind::Invalid(text) if text.contains(what)), "{error}");
        assert_eq!(error.path(), "/value");
        assert_eq!(error.operation(), Some(Operation::Load));
        assert_eq!(error.file(), None);
    };
    invalid(&reread::<bool>(&7u8), "7 is not a bool");
    invalid(&reread::<Vec<bool>>(&vec![0u8, 2]), "2 is not a bool");
    invalid(&reread::<char>(&"ab"), "\"ab\" is not a single character");
    invalid(&reread::<std::net::Ipv4Addr>(&"1.2.3"), "\"1.2.3\" is no");
    invalid(&reread::<std::num::NonZero<u8>>(&0u8), "0 where it is ruled out");
    invalid(&reread::<std::ffi::CString>(&"a\0b"), "NUL");
    is_mismatch(&reread::<[u8; 3]>(&[1u8, 2]), "/value", "3 values", "2 values");
    is_mismatch(&reread::<Vec<[u8; 3]>>(&vec![[1u8, 2]]), "/value", "[3]", "[1, 2]");
    is_mismatch(
        &reread::<(u8, u8)>(&[1u8, 2]),
        "/value",
        "a group (tuple)",
        "a 1-dimensional dataset of u8",
    );
    is_mismatch(&reread::<u8>(&None::<u8>), "/value", "a dataset", "none");
    is_mismatch(&reread::<Option<u8>>(&Some(None::<u8>)), "/value", "a value", "none");
    assert!(matches!(reread::<std::time::Duration>(&1u8).kind(), ErrorKind::Mismatch { .. }));
    // A tuple of another length: what is missing is said, and what is left over is not read.
    assert_eq!(*reread::<(u8, u8, u8)>(&(1u8, 2u8)).kind(), ErrorKind::Missing);
    let error = reread::<BTreeMap<u8, Vec<u8>>>(&BTreeMap::from([("x", vec![1u8])]));
    assert!(
        matches!(error.kind(), ErrorKind::Invalid(text) if text.contains("`x` is not a key of type `u8`")),
        "{error}"
    );
    assert_eq!(error.path(), "/x");
}

#[test]
fn a_key_or_a_member_of_a_set_twice() {
    use std::collections::{BTreeSet, HashSet};
    let twice = |error: Error| {
        assert!(
            matches!(error.kind(), ErrorKind::Damaged(text) if text.contains("twice")),
            "{error}"
        )
    };
    twice(reread::<HashSet<u8>>(&vec![1u8, 1]));
    twice(reread::<Vec<BTreeSet<u8>>>(&vec![vec![1u8, 1]]));
    let (_dir, path) = scratch("map.h5");
    filebacked::save(&path, &BTreeMap::from([("a", 1u8), ("b", 2)])).unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    replace(&file, "value/keys", &[hdf5::types::FixedUnicode::<1>::from_str("a").unwrap(); 2]);
    file.close().unwrap();
    twice(filebacked::load::<HashMap<String, u8>>(&path).unwrap_err());
}

#[test]
fn no_such_file() {
    let (_dir, path) = scratch("missing.h5");
    for (error, operation) in [
        (filebacked::load::<u8>(&path).unwrap_err(), Operation::Load),
        (File::open(&path).unwrap_err(), Operation::Open),
        (File::open_rw(&path).unwrap_err(), Operation::Open),
    ] {
        assert_eq!(*error.kind(), ErrorKind::Io(std::io::ErrorKind::NotFound), "{error}");
        assert_eq!((error.operation(), error.file()), (Some(operation), Some(path.as_path())));
        assert!(std::error::Error::source(&error).is_some(), "{error}");
    }
    let error = filebacked::save(path.join("x"), &1u8).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Io(std::io::ErrorKind::NotFound), "{error}");
    assert_eq!(
        (error.operation(), error.file()),
        (Some(Operation::Save), Some(path.join("x").as_path()))
    );
    let error = File::create(path.join("x")).unwrap_err();
    assert_eq!(error.operation(), Some(Operation::Create));
    assert_eq!(*error.kind(), ErrorKind::Io(std::io::ErrorKind::NotFound), "{error}");
}

#[test]
fn a_directory_instead_of_a_file() {
    let (dir, _) = scratch("x");
    let error = filebacked::save(dir.path(), &1u8).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Io(std::io::ErrorKind::IsADirectory), "{error}");
    assert_eq!((error.operation(), error.file()), (Some(Operation::Save), Some(dir.path())));
    for (error, operation) in [
        (filebacked::load::<u8>(dir.path()).unwrap_err(), Operation::Load),
        (File::open(dir.path()).unwrap_err(), Operation::Open),
        (File::open_rw(dir.path()).unwrap_err(), Operation::Open),
        (inspect::tree(dir.path()).unwrap_err(), Operation::Inspect),
    ] {
        assert_eq!(*error.kind(), ErrorKind::NotHdf5, "{error}");
        assert_eq!((error.operation(), error.file()), (Some(operation), Some(dir.path())));
        helps(&error, "directory");
    }
}

#[test]
fn what_is_no_hdf5_file() {
    let (_dir, path) = scratch("bad.h5");
    let is_refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let store = || Arc::new(bytes.to_vec());
        for engine in ENGINES {
            let options = ReadOptions::new().engine(engine);
            for error in [
                options.load::<Model>(&path).unwrap_err(),
                options.from_bytes::<Model>(bytes).unwrap_err(),
                options.load_from::<Model>(store()).unwrap_err(),
            ] {
                assert_eq!(*error.kind(), ErrorKind::NotHdf5, "{engine:?} {bytes:?}: {error}");
                assert_eq!(error.operation(), Some(Operation::Load));
            }
        }
        let error = ReadOptions::new().untrusted().load::<Model>(&path).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotHdf5, "{bytes:?}: {error}");
        for (error, operation) in [
            (filebacked::load::<Model>(&path).unwrap_err(), Operation::Load),
            (File::open(&path).unwrap_err(), Operation::Open),
            (File::open_rw(&path).unwrap_err(), Operation::Open),
            (inspect::tree(&path).unwrap_err(), Operation::Inspect),
        ] {
            assert_eq!(*error.kind(), ErrorKind::NotHdf5, "{bytes:?}: {error}");
            assert_eq!((error.operation(), error.file()), (Some(operation), Some(path.as_path())));
        }
        for error in [
            filebacked::from_bytes::<Model>(bytes).unwrap_err(),
            inspect::tree_of_bytes(bytes).unwrap_err(),
            File::from_image(bytes).unwrap_err(),
            File::open_store(store()).unwrap_err(),
        ] {
            assert_eq!(*error.kind(), ErrorKind::NotHdf5, "{bytes:?}: {error}");
        }
        assert!(std::fs::read(&path).unwrap() == bytes, "nothing was changed");
    };
    is_refused(b"");
    is_refused(b"x");
    is_refused(b"step: 7\n");
    is_refused(&[0; 10_000]);
    // The heads of HDF5 files: the superblock of version 2 has 48 bytes, that of version 0 has 96.
    let new = filebacked::to_bytes(&model()).unwrap();
    let old = File::options().libver(Libver::Earliest, Libver::Latest);
    let (_dir, old_path) = scratch("old.h5");
    old.create(&old_path).unwrap().write("x", &1).unwrap();
    let old = std::fs::read(&old_path).unwrap();
    assert_eq!((new[8], old[8]), (2, 0));
    (8..48).for_each(|len| is_refused(&new[..len]));
    (8..96).for_each(|len| is_refused(&old[..len]));
    std::fs::write(&path, b"").unwrap();
    helps(&filebacked::load::<Model>(&path).unwrap_err(), "empty");
    std::fs::write(&path, &new[..20]).unwrap();
    helps(&filebacked::load::<Model>(&path).unwrap_err(), "it ends within its first 48 bytes");
    helps(&File::open(&path).unwrap_err(), "it ends within its first 48 bytes");
}

#[test]
fn a_truncated_file() {
    let (_dir, path) = scratch("cut.h5");
    let mut big = model();
    big.weights = vec![1.5; 100_000];
    let bytes = filebacked::to_bytes(&big).unwrap();
    for len in [8, 9, 50, 100, 500, 2000, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..len]).unwrap();
        let error = filebacked::load::<Model>(&path).unwrap_err();
        assert_eq!(error.file(), Some(path.as_path()), "{len}: {error}");
        let kind = error.kind();
        let said = matches!(kind, ErrorKind::NotHdf5 | ErrorKind::Damaged(_) | ErrorKind::Hdf5(_));
        assert!(said, "{len} of {}: {error}", bytes.len());
        assert!(filebacked::from_bytes::<Model>(&bytes[..len]).is_err(), "{len}");
    }
}

#[test]
fn a_file_with_any_byte_changed_gives_an_error_or_a_value_but_no_panic() {
    let bytes = filebacked::to_bytes(&model()).unwrap();
    for at in (0..bytes.len()).step_by(37) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0xff;
        let _ = filebacked::from_bytes::<Model>(&bytes);
    }
}

/// A value whose saving fails in the middle.
#[derive(FileBacked)]
struct Breaks {
    first: Vec<f64>,
    second: std::cell::RefCell<u8>,
}

#[test]
fn after_a_failed_save_the_old_file_is_there() {
    let (dir, path) = scratch("kept.h5");
    let value = Breaks { first: vec![1.0; 50_000], second: 1.into() };
    for durability in
        [filebacked::options::Durability::Durable, filebacked::options::Durability::Atomic]
    {
        filebacked::save(&path, &model()).unwrap();
        let old = std::fs::read(&path).unwrap();
        let guard = value.second.borrow_mut();
        let error = WriteOptions::new().durability(durability).save(&path, &value).unwrap_err();
        drop(guard);
        assert!(matches!(error.kind(), ErrorKind::Custom(_)), "{error}");
        assert_eq!(error.path(), "/second");
        assert_eq!(
            (error.operation(), error.file()),
            (Some(Operation::Save), Some(path.as_path()))
        );
        assert!(std::fs::read(&path).unwrap() == old);
        let names: Vec<_> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["kept.h5"], "no temporary file is left");
    }
    // And where there was none, there is none.
    std::fs::remove_file(&path).unwrap();
    let guard = value.second.borrow_mut();
    filebacked::save(&path, &value).unwrap_err();
    drop(guard);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn an_unknown_pattern_is_refused_before_anything_is_written() {
    let (dir, path) = scratch("model.h5");
    let error = WriteOptions::new().skip(["layers/*/widht"]).save(&path, &model()).unwrap_err();
    let ErrorKind::UnknownPath { pattern, nearest } = error.kind() else { panic!("{error}") };
    assert_eq!((pattern.as_str(), nearest.as_deref()), ("layers/*/widht", Some("layers/*/width")));
    helps(&error, "did you mean `layers/*/width`?");
    assert_eq!((error.operation(), error.file()), (Some(Operation::Save), Some(path.as_path())));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    filebacked::save(&path, &model()).unwrap();
    let error = ReadOptions::new().only(["stepp"]).load::<Model>(&path).unwrap_err();
    helps(&error, "did you mean `step`?");
    assert_eq!((error.operation(), error.file()), (Some(Operation::Load), Some(path.as_path())));
    let error = WriteOptions::new().skip([""]).to_bytes(&model()).unwrap_err();
    helps(&error, "a pattern is a path of names");
    let error = WriteOptions::new().skip(["step/x"]).to_bytes(&model()).unwrap_err();
    helps(&error, "a single value has no members");
    let error = WriteOptions::new().skip(["layers/0"]).to_bytes(&model()).unwrap_err();
    helps(&error, "`*` stands for all of them");
}

#[test]
fn a_name_in_use() {
    let (_dir, path) = scratch("names.h5");
    let file = File::create(&path).unwrap();
    file.write("a/b", &1u8).unwrap();
    for name in ["a/b", "a", "/a/b/"] {
        let error = file.write(name, &2u8).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Exists, "{error}");
        assert_eq!(error.path(), format!("/{}", name.trim_matches('/')));
        assert_eq!(
            (error.operation(), error.file()),
            (Some(Operation::Save), Some(path.as_path()))
        );
        helps(&error, "Overwrite::Replace");
    }
    assert_eq!(file.read::<u8>("a/b").unwrap(), 1);
    // A dataset in the place of a group on the way.
    let error = file.write("a/b/c", &2u8).unwrap_err();
    assert_eq!(error.path(), "/a/b/c", "{error}");
    assert_eq!(file.names().unwrap(), ["a"], "nothing is left of what failed");
    let error = File::create_new(&path).unwrap_err();
    assert_eq!((error.kind(), error.operation()), (&ErrorKind::Exists, Some(Operation::Create)));
    for name in ["", "/", ".", "a/../b", "x\0y"] {
        let error = file.write(name, &1u8).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{name:?}: {error}");
        let error = file.read::<u8>(name).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{name:?}: {error}");
    }
    let error = file.read::<u8>("a/c").unwrap_err();
    assert_eq!((error.kind(), error.path().as_str()), (&ErrorKind::Missing, "/a/c"));
}

#[test]
fn a_directory_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, path) = scratch("x.h5");
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(dir.path().join("probe"), b"").is_ok() {
        println!("skipped: this user may write everywhere");
        return;
    }
    let error = filebacked::save(&path, &1u8).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Io(std::io::ErrorKind::PermissionDenied), "{error}");
    assert_eq!((error.operation(), error.file()), (Some(Operation::Save), Some(path.as_path())));
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_value_under_no_name() {
    let (_dir, path) = scratch("x.h5");
    let file = File::create(&path).unwrap();
    let error = file.write_root(&1u8).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    helps(&error, "under a name");
    let error = file.read_root::<u8>().unwrap_err();
    assert_eq!((error.kind(), error.path().as_str()), (&ErrorKind::Missing, "/value"));
}

#[derive(FileBacked, Debug)]
struct Chain {
    id: u32,
    next: Option<Box<Chain>>,
}

#[derive(FileBacked, Debug)]
struct Tree {
    kids: Vec<Tree>,
}

impl Drop for Chain {
    fn drop(&mut self) {
        // Long ones must not overflow the stack.
        let mut next = self.next.take();
        while let Some(mut link) = next {
            next = link.next.take();
        }
    }
}

fn chain(levels: u32) -> Chain {
    (1..levels)
        .fold(Chain { id: 0, next: None }, |next, id| Chain { id, next: Some(Box::new(next)) })
}

/// In a thread with the stack that Rust gives by default, which a test runner may have raised.
fn in_a_small_thread(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn nesting_that_is_too_deep() {
    in_a_small_thread(|| {
        let bytes = filebacked::to_bytes(&chain(128)).unwrap();
        let mut loaded: &Chain = &filebacked::from_bytes(&bytes).unwrap();
        let mut levels = 1;
        while let Some(next) = &loaded.next {
            (loaded, levels) = (next, levels + 1);
        }
        assert_eq!(levels, 128);

        for levels in [129, 1000, 100_000] {
            let error = filebacked::to_bytes(&chain(levels)).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::TooDeep { limit: 128 }, "{levels}");
            assert_eq!(error.path(), "/next".repeat(128));
            helps(&error, "max_depth");
        }
        let error = WriteOptions::new().max_depth(3).to_bytes(&chain(4)).unwrap_err();
        assert_eq!(
            (error.kind(), error.path().as_str()),
            (&ErrorKind::TooDeep { limit: 3 }, "/next/next/next")
        );
        let error = ReadOptions::new().max_depth(3).from_bytes::<Chain>(&bytes).unwrap_err();
        assert_eq!(
            (error.kind(), error.path().as_str()),
            (&ErrorKind::TooDeep { limit: 3 }, "/next/next/next")
        );
        assert_eq!(error.operation(), Some(Operation::Load));
    });
    // Written with a raised limit, it is still refused on reading with the usual one.
    let deep = || WriteOptions::new().max_depth(1000).to_bytes(&chain(200)).unwrap();
    let bytes =
        std::thread::Builder::new().stack_size(64 << 20).spawn(deep).unwrap().join().unwrap();
    in_a_small_thread(move || {
        let error = filebacked::from_bytes::<Chain>(&bytes).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooDeep { limit: 128 });
    });
}

#[test]
fn columns_that_are_too_deep() {
    in_a_small_thread(|| {
        let tree = |levels: u32| {
            (1..levels).fold(Tree { kids: vec![] }, |kid, _| Tree { kids: vec![kid] })
        };
        let bytes = filebacked::to_bytes(&tree(40)).unwrap();
        filebacked::from_bytes::<Tree>(&bytes).unwrap();
        let error = filebacked::to_bytes(&tree(200)).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooDeep { limit: 128 });
        let error = ReadOptions::new().max_depth(10).from_bytes::<Tree>(&bytes).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooDeep { limit: 10 });
    });
}

#[test]
fn a_file_whose_groups_go_in_circles() {
    let (_dir, path) = scratch("circle.h5");
    filebacked::save(&path, &chain(2)).unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    file.unlink("next").unwrap();
    file.link_hard("/", "next").unwrap();
    file.close().unwrap();
    in_a_small_thread(move || {
        let error = filebacked::load::<Chain>(&path).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooDeep { limit: 128 });
    });
}

#[test]
fn what_hdf5_says_is_kept_as_the_source_and_off_the_terminal() {
    let (_dir, path) = scratch("x.h5");
    let mut bytes = filebacked::to_bytes(&model()).unwrap();
    bytes.truncate(600);
    std::fs::write(&path, bytes).unwrap();
    let error = filebacked::load::<Model>(Path::new(&path)).unwrap_err();
    assert!(!error.to_string().is_empty());
    assert_eq!(size_of::<Error>(), size_of::<usize>(), "one machine word");
    fn is_static<T: Send + Sync + 'static>(_: &T) {}
    is_static(&error);
}

/// A number of rows that no column vouches for is not believed, even where every field has a
/// default.
#[test]
fn rows_that_nothing_vouches_for() {
    #[derive(FileBacked)]
    #[filebacked(name = "Row")]
    struct Then {
        old: u8,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Row {
        #[filebacked(default)]
        new: u64,
    }
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("rows.h5");
    filebacked::save(&path, &vec![Then { old: 1 }, Then { old: 2 }]).unwrap();
    assert_eq!(filebacked::load::<Vec<Row>>(&path).unwrap(), [Row { new: 0 }, Row { new: 0 }]);
    for len in ["2**62", "2**36"] {
        python.change(&path, &format!("f['value'].attrs['len'] = np.uint64({len})"));
        let error = filebacked::load::<Vec<Row>>(&path).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{error}");
    }
}
