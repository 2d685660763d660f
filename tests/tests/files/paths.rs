//! What a path means: names between slashes; empty ones and `.` are the group itself.

use filebacked::link::SoftLink;
use filebacked::{ErrorKind, File, FileBacked, ReadOptions, Value, WriteOptions, inspect};
use filebacked_tests::{python, scratch};

#[derive(FileBacked, Debug, PartialEq, Default)]
struct Inner {
    x: u8,
    #[filebacked(default)]
    y: u8,
}

#[derive(FileBacked, Debug, PartialEq, Default)]
struct Outer {
    a: Inner,
}

/// Ways to write `a/x`.
const SAME: [&str; 8] = ["a/x", "/a/x", "a//x", "//a///x", "a/./x", "./a/x", "a/x/", "a/x/."];

#[test]
fn one_value_has_many_paths() {
    let (_dir, path) = scratch("paths.h5");
    for name in SAME {
        let file = File::create(&path).unwrap();
        file.write(name, &7u8).unwrap();
        assert_eq!(file.names().unwrap(), ["a"], "{name}");
        let group = file.group("a").unwrap();
        assert_eq!(group.names().unwrap(), ["x"], "{name}");
        for other in SAME {
            assert_eq!(file.read::<u8>(other).unwrap(), 7, "{other}");
            assert!(file.contains(other).unwrap(), "{other}");
            let error = file.write(other, &8u8).unwrap_err();
            assert_eq!((error.kind(), &*error.path()), (&ErrorKind::Exists, "/a/x"), "{other}");
            assert_eq!(file.attrs_of(other).unwrap().count().unwrap(), 0, "{other}");
        }
        file.delete(name).unwrap();
        assert!(!file.contains("a/x").unwrap(), "{name}");
        let error = file.read::<u8>(name).unwrap_err();
        assert_eq!((error.kind(), &*error.path()), (&ErrorKind::Missing, "/a/x"), "{name}");
        file.create_soft_link(name, "././b").unwrap();
        file.write("a/b", &9u8).unwrap();
        assert_eq!(file.read::<u8>(name).unwrap(), 9, "{name}");
        assert_eq!(file.read::<SoftLink<u8>>(name).unwrap().path(), "././b");
    }
}

#[test]
fn the_group_itself() {
    let (_dir, path) = scratch("paths.h5");
    let file = File::create(&path).unwrap();
    file.write("a/x", &7u8).unwrap();
    let group = file.group("a").unwrap();
    for here in [".", "./", "././."] {
        assert_eq!(group.group(here).unwrap().path().as_deref(), Some("/a"), "{here}");
    }
    for root in ["/", "//", "/.", "/./"] {
        assert_eq!(group.group(root).unwrap().path().as_deref(), Some("/"), "{root}");
    }
    // No value has the name of a group's own, and HDF5 has no `..`.
    for wrong in ["", ".", "/", "..", "a/..", "a/../x", "x\0y"] {
        for error in [file.write(wrong, &1u8).unwrap_err(), file.read::<u8>(wrong).unwrap_err()] {
            assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{wrong:?}: {error}");
        }
    }
    assert_eq!(file.names().unwrap(), ["a"]);
}

#[test]
fn paths_without_a_file() {
    let (_dir, path) = scratch("paths.h5");
    filebacked::save(&path, &Outer { a: Inner { x: 7, y: 8 } }).unwrap();
    let tree = inspect::tree(&path).unwrap();
    for name in SAME {
        let mut value = filebacked::load::<Value>(&path).unwrap();
        assert_eq!(value.get(name).and_then(Value::as_i128), Some(7), "{name}");
        assert_eq!(value[name].as_i128(), Some(7), "{name}");
        value.insert(name, 9u8).unwrap();
        assert_eq!(value["a/x"].as_i128(), Some(9), "{name}");
        assert_eq!(value.remove(name).and_then(|value| value.as_i128()), Some(9), "{name}");
        assert_eq!((value.get("a/x"), value["a/y"].as_i128()), (None, Some(8)), "{name}");
        assert_eq!(tree.get(name).unwrap().name, "x", "{name}");

        let only = ReadOptions::new().only([name, "a/y"]).load::<Outer>(&path).unwrap();
        assert_eq!((only.a.x, only.a.y), (7, 8), "{name}");
        let bytes = WriteOptions::new().skip([name]).to_bytes(&Outer::default()).unwrap();
        let left = filebacked::from_bytes::<Value>(&bytes).unwrap();
        assert!(left.get("a/x").is_none() && left.get("a/y").is_some(), "{name}");
    }
}

/// h5py reads the same paths in the same way.
#[test]
fn h5py_agrees() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("paths.h5");
    File::create(&path).unwrap().write("a/x", &7u8).unwrap();
    for name in SAME {
        assert_eq!(python.eval(&path, &format!("int(f[{name:?}][()])")), 7, "{name}");
    }
}
