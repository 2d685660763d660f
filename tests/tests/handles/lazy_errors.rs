//! What handles refuse, and that they say which object of which file it was.

use filebacked::engine::Engine;
use filebacked::with::Pairs;
use filebacked::{ErrorKind, File, FileBacked, LazyArray, LazyVec, ReadOptions, Result, to_bytes};
use filebacked_tests::{python, scratch};
use ndarray::{Array1, Array2, Axis, Ix2, Ix3, array, s};
use std::path::Path;

#[track_caller]
fn told<R>(result: Result<R>, kind: fn(&ErrorKind) -> bool, file: &Path, path: &str) {
    let Err(error) = result else { panic!("no error") };
    assert!(kind(error.kind()), "{error}");
    assert_eq!((error.file(), &*error.path()), (Some(file), path), "{error}");
}

fn outside(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::OutOfBounds(_))
}

fn mismatch(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Mismatch { .. })
}

#[test]
fn arrays_name_file_and_dataset() {
    let (_dir, path) = scratch("grid.h5");
    let file = File::create(&path).unwrap();
    file.write("run/grid", &Array2::from_elem((3, 4), 0.5)).unwrap();
    let mut lazy: LazyArray<f64, Ix2> = file.read("run/grid").unwrap();
    let place = "/run/grid";
    told(lazy.read_slice(s![3, ..]), outside, &path, place);
    told(lazy.read_slice(s![.., ..5]), outside, &path, place);
    told(lazy.read_slice(filebacked::lazy::ellipsis(s![0, 0], s![0])), outside, &path, place);
    told(lazy.select(Axis(2), &[0]), outside, &path, place);
    told(lazy.select(Axis(1), &[0, 4]), outside, &path, place);
    told(lazy.mask(Axis(0), &[true]), outside, &path, place);
    told(lazy.write(&array![[1.0]]), mismatch, &path, place);
    told(lazy.write_slice(s![3, ..], &Array1::zeros(4)), outside, &path, place);
    told(lazy.write_slice(s![0, ..], &Array1::zeros(3)), mismatch, &path, place);
    told(lazy.append(Axis(2), &Array2::zeros((1, 4))), outside, &path, place);
    told(lazy.append(Axis(0), &Array2::zeros((1, 3))), mismatch, &path, place);
    told(lazy.resize(&[1]), mismatch, &path, place);
    told(
        lazy.resize(&[1 << 40, 1 << 40]),
        |kind| matches!(kind, ErrorKind::Unsupported(_)),
        &path,
        place,
    );
    assert_eq!(lazy.read().unwrap(), Array2::from_elem((3, 4), 0.5));
    // Those in memory have neither.
    let error = LazyArray::from(array![1, 2]).read_slice(s![2]).unwrap_err();
    assert_eq!((error.file(), &*error.path()), (None, "/"), "{error}");
}

#[test]
fn rows_and_columns_name_file_and_place() {
    #[derive(FileBacked, Clone)]
    struct Step {
        loss: f64,
    }
    let (_dir, path) = scratch("log.h5");
    let file = File::create(&path).unwrap();
    file.write("run/log", &vec![Step { loss: 0.5 }; 3]).unwrap();
    let mut log: LazyVec<Step> = file.read("run/log").unwrap();
    log.push(Step { loss: 0.25 });
    told(log.get(4), outside, &path, "/run/log");
    told(log.range(2..5), outside, &path, "/run/log");
    let column = log.column::<f64>("loss").unwrap();
    told(column.get(4), outside, &path, "/run/log/loss");
    told(column.range(2..5), outside, &path, "/run/log/loss");
    assert_eq!((log.get(3).unwrap().loss, column.range(2..).unwrap()), (0.25, vec![0.5, 0.25]));
}

/// Of nothing there may be so much that no number counts it.
#[test]
fn shapes_that_no_array_has_are_refused() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("huge.h5");
    python.create(
        &path,
        "f.create_dataset('value', (0, 2**40, 2**40), 'f8')\nf.create_dataset('fine', (0, 2**40, 2), 'f8')",
    );
    let unsupported: fn(&ErrorKind) -> bool = |kind| matches!(kind, ErrorKind::Unsupported(_));
    told(filebacked::load::<LazyArray<f64, Ix3>>(&path), unsupported, &path, "/value");
    told(File::open(&path).unwrap().read::<LazyArray<f64>>("value"), unsupported, &path, "/value");
    let options = ReadOptions::new().engine(Engine::Libhdf5);
    told(options.load::<LazyArray<f64, Ix3>>(&path), unsupported, &path, "/value");
    let fine: LazyArray<f64, Ix3> = File::open(&path).unwrap().read("fine").unwrap();
    assert_eq!((fine.len(), fine.shape()), (0, &[0, 1 << 40, 2][..]));
}

#[test]
fn keys_and_attributes_that_are_there_twice_are_named() {
    let error = to_bytes(&Pairs::new([("a", 1), ("b", 2), ("a", 3)])).unwrap_err();
    assert!(error.to_string().contains("`a`"), "{error}");
    let error =
        to_bytes(&Pairs::new([("a", vec![1]), ("b", vec![2]), ("b", vec![3])])).unwrap_err();
    assert!(error.to_string().contains("`b`"), "{error}");
    let error = to_bytes(&Pairs::new([(1.5, 1), (2.5, 2), (1.5, 3)])).unwrap_err();
    assert!(error.to_string().contains("entry 0 and of entry 2"), "{error}");

    #[derive(FileBacked)]
    struct Units {
        #[filebacked(attr)]
        units: String,
    }
    let (_dir, path) = scratch("units.h5");
    let file = File::create(&path).unwrap();
    file.attrs().unwrap().set("units", "mm").unwrap();
    told(
        file.write_root(&Units { units: "m".into() }),
        |kind| *kind == ErrorKind::Exists,
        &path,
        "/units",
    );
}
