//! Rows that are appended to a table whose type was another one: what fits goes on, what does not
//! is refused before anything is changed.

use filebacked::{ErrorKind, File, FileBacked, LazyVec, save};
use filebacked_tests::{python, scratch};
use indexmap::IndexMap;
use serde_json::json;
use std::fmt::Debug;
use std::path::Path;

#[derive(FileBacked, Clone, Copy, Debug, PartialEq)]
struct Meters(f64);

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Point {
    x: f64,
    y: f64,
}

/// Appends rows of one type to those of another.
fn append<T: FileBacked + Clone>(path: &Path, rows: Vec<T>) -> filebacked::Result<()> {
    let file = File::open_rw(path).unwrap();
    let mut table: LazyVec<T> = file.read("value")?;
    table.extend(rows);
    table.flush()
}

#[track_caller]
fn refused<T: FileBacked + Clone>(path: &Path, rows: Vec<T>) {
    let before = std::fs::read(path).unwrap();
    let error = append(path, rows).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
    assert!(error.path().ends_with("values"), "{error}");
    assert!(std::fs::read(path).unwrap() == before, "the file has changed");
}

#[track_caller]
fn appended<T: FileBacked + Clone + Debug + PartialEq>(path: &Path, rows: Vec<T>, all: &[T]) {
    append(path, rows).unwrap();
    let file = File::open(path).unwrap();
    assert_eq!(file.read::<Vec<T>>("value").unwrap(), all);
    assert_eq!(file.read::<LazyVec<T>>("value").unwrap().range(1..).unwrap(), all[1..]);
}

#[test]
fn options_of_another_form() {
    let (_dir, path) = scratch("options.h5");
    let meters = |rows: &[Option<f64>]| rows.iter().map(|row| row.map(Meters)).collect::<Vec<_>>();
    // A value for each row.
    save(&path, &vec![Some(1.0), None, Some(3.0)]).unwrap();
    refused(&path, meters(&[None]));
    appended(&path, meters(&[Some(4.0)]), &meters(&[Some(1.0), None, Some(3.0), Some(4.0)]));
    appended(&path, vec![None], &[Some(1.0), None, Some(3.0), Some(4.0), None]);
    // Values of those that are there.
    save(&path, &meters(&[Some(1.0), None])).unwrap();
    refused(&path, vec![Some(2.0), None]);
    appended(&path, vec![Some(2.0)], &[Some(1.0), None, Some(2.0)]);
    appended(&path, meters(&[None]), &meters(&[Some(1.0), None, Some(2.0), None]));
    // Both, as long as nothing is missing.
    save(&path, &vec![Some(1.0), Some(2.0)]).unwrap();
    appended(&path, meters(&[None]), &meters(&[Some(1.0), Some(2.0), None]));
}

#[test]
fn arrays_of_another_length() {
    let (_dir, path) = scratch("arrays.h5");
    let points = |x: f64| [0.0, 1.0, 2.0].map(|y| Point { x, y });
    save(&path, &vec![points(1.0), points(2.0)]).unwrap();
    refused(&path, vec![[Point { x: 3.0, y: 0.0 }, Point { x: 3.0, y: 1.0 }]]);
    appended(&path, vec![points(3.0)], &[points(1.0), points(2.0), points(3.0)]);
}

/// What has the name of something under way is somebody's.
#[test]
fn objects_of_similar_names_stay() {
    let (_dir, path) = scratch("names.h5");
    let file = File::create(&path).unwrap();
    let names = ["log~", ".filebacked grows"];
    file.write("log", &vec!["a".to_string()]).unwrap();
    names.iter().for_each(|name| file.write(name, &vec![1.5]).unwrap());
    let mut log: LazyVec<String> = file.read("log").unwrap();
    for text in ["b", "x\0y", "z"] {
        log.push(text.to_string());
        log.flush().unwrap();
    }
    assert_eq!(file.read::<Vec<String>>("log").unwrap(), ["a", "b", "x\0y", "z"]);
    names.iter().for_each(|name| assert_eq!(file.read::<Vec<f64>>(name).unwrap(), [1.5]));
}

/// A table that is made anew to grow has the place in an ordered map that it had.
#[test]
fn ordered_maps_stay_in_order() {
    let (_dir, path) = scratch("ordered.h5");
    let logs: IndexMap<String, Vec<f64>> =
        ["z", "a", "m"].map(|name| (name.to_string(), vec![0.5])).into();
    save(&path, &logs).unwrap();
    let file = File::open_rw(&path).unwrap();
    let mut logs: IndexMap<String, LazyVec<f64>> = file.read_root().unwrap();
    let log = logs.get_mut("z").unwrap();
    log.push(1.5);
    log.flush().unwrap();
    drop((logs, file));
    let logs: IndexMap<String, Vec<f64>> = filebacked::load(&path).unwrap();
    assert_eq!(logs.keys().collect::<Vec<_>>(), ["z", "a", "m"]);
    assert_eq!(logs["z"], [0.5, 1.5]);
    let Some(python) = python() else { return };
    assert_eq!(python.eval(&path, "list(f)"), json!(["z", "a", "m"]));
}
