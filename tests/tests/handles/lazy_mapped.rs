//! Arrays mapped into memory.

#![cfg(unix)]

use filebacked::lazy::{ArrayOptions, MappedArray};
use filebacked::{
    Compression, Error, ErrorKind, File, FileBacked, LazyArray, WriteOptions, load, to_bytes,
};
use filebacked_tests::{ENGINES, python, scratch};
use ndarray::{Array1, Array2, Axis, Dimension, Ix1, Ix2, IxDyn, array, s};
use num_complex::Complex64;
use std::path::Path;

fn map<A: filebacked::lazy::MapElement + Clone, D: Dimension + 'static>(
    array: &LazyArray<A, D>,
) -> Result<MappedArray<A, D>, Error> {
    // SAFETY: nobody writes to the files of these tests while they are mapped.
    unsafe { array.map() }
}

/// Refused, with words that say why and what to do.
#[track_caller]
fn refused<A, D: Dimension>(result: Result<MappedArray<A, D>, Error>, word: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error:?}");
    assert!(error.to_string().contains(word) && error.help().is_some(), "{error}");
}

#[derive(FileBacked)]
struct Fields {
    // Bytes of an odd number, behind which nothing is aligned by itself.
    odd: Vec<u8>,
    x: Array2<f64>,
    other: Vec<u8>,
    z: Array1<Complex64>,
    name: String,
    n: Array2<i16>,
}

#[derive(FileBacked)]
#[filebacked(name = "Fields")]
struct Handles {
    x: LazyArray<f64, Ix2>,
    z: LazyArray<Complex64>,
    n: LazyArray<i16, Ix2>,
}

fn fields() -> Fields {
    Fields {
        odd: vec![7; 70_001],
        x: Array2::from_shape_fn((300, 70), |(i, j)| (i * 1000 + j) as f64),
        other: vec![8; 80_003],
        z: Array1::from_shape_fn(5000, |i| Complex64::new(i as f64, -0.5)),
        name: "x".repeat(999),
        n: Array2::from_shape_fn((200, 300), |(i, j)| (i + j) as i16),
    }
}

#[test]
fn what_is_saved_is_aligned_and_mapped() {
    let fields = fields();
    for engine in ENGINES {
        let (_dir, path) = scratch("fields.h5");
        WriteOptions::new().engine(engine).save(&path, &fields).unwrap();
        let by_library = File::open(&path).unwrap().read_root::<Handles>().unwrap();
        for handles in [load::<Handles>(&path).unwrap(), by_library] {
            let (x, z, n) =
                (map(&handles.x).unwrap(), map(&handles.z).unwrap(), map(&handles.n).unwrap());
            assert_eq!(x.shape(), [300, 70]);
            assert_eq!((x.view(), n.view()), (fields.x.view(), fields.n.view()), "{engine:?}");
            assert_eq!(z.view(), fields.z.view().into_dyn());
            assert_eq!(x.view().sum(), fields.x.sum());
            // The view needs neither the handle nor the name of the file.
            drop(handles);
            assert_eq!(x.view().slice(s![-1, ..;7]), fields.x.slice(s![-1, ..;7]));
        }
    }
}

#[test]
fn what_was_written_through_a_handle_is_mapped() {
    let (_dir, path) = scratch("made.h5");
    let file = File::create(&path).unwrap();
    file.write("odd", &vec![1u8; 70_001]).unwrap();
    let mut x = LazyArray::<f64, Ix1>::create(&file, "x", 100_000, &ArrayOptions::new()).unwrap();
    x.write_slice(s![500..503], &array![1.0, 2.0, 3.0]).unwrap();
    let mapped = map(&x).unwrap();
    assert_eq!((mapped.view().len(), mapped.view().sum()), (100_000, 6.0));
    assert_eq!(mapped.view()[501], 2.0);
    let empty =
        LazyArray::<f64, Ix2>::create(&file, "empty", (0, 3), &ArrayOptions::new()).unwrap();
    assert_eq!(map(&empty).unwrap().view().dim(), (0, 3));
    // Saving anew takes the name, not the file.
    drop((mapped, x, empty));
    file.close().unwrap();
    let x: LazyArray<f64, Ix1> = File::open(&path).unwrap().read("x").unwrap();
    let mapped = map(&x).unwrap();
    filebacked::save(&path, &Array1::<f64>::zeros(5)).unwrap();
    assert_eq!(mapped.view().sum(), 6.0);
}

#[test]
fn what_cannot_be_mapped_says_why() {
    let (_dir, path) = scratch("none.h5");
    let x = Array2::from_elem((200, 100), 1.5);
    let loaded = |path: &Path| load::<LazyArray<f64, Ix2>>(path).unwrap();
    refused(map(&LazyArray::from(x.clone())), "memory");
    let bytes = to_bytes(&x).unwrap();
    refused(map(&filebacked::from_bytes::<LazyArray<f64, Ix2>>(&bytes).unwrap()), "memory");
    WriteOptions::new().compression(Compression::Gzip(1)).save(&path, &x).unwrap();
    refused(map(&loaded(&path)), "chunked");
    for engine in ENGINES {
        WriteOptions::new().engine(engine).save(&path, &x.slice(s![..2, ..])).unwrap();
        refused(map(&loaded(&path)), "compact");
        refused(
            map(&File::open(&path).unwrap().read::<LazyArray<f64, Ix2>>("value").unwrap()),
            "compact",
        );
        WriteOptions::new().engine(engine).save(&path, &x.mapv(|x| x as f32)).unwrap();
        for lazy in [loaded(&path), File::open(&path).unwrap().read("value").unwrap()] {
            let error = map(&lazy).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
            assert_eq!((error.file(), error.path()), (Some(&*path), "/value".into()));
        }
    }
    let file = File::create(&path).unwrap();
    let options = ArrayOptions::new().unlimited(Axis(0));
    refused(
        map(&LazyArray::<f64, Ix2>::create(&file, "rows", (10, 10), &options).unwrap()),
        "chunked",
    );
}

#[test]
fn a_file_that_changed_is_not_mapped() {
    let (_dir, path) = scratch("changed.h5");
    for n in [20_000, 200_000] {
        filebacked::save(&path, &Array1::from_elem(n, 1.0)).unwrap();
        let lazy: LazyArray<f64, Ix1> = load(&path).unwrap();
        let len = std::fs::metadata(&path).unwrap().len();
        // Cut off where the data is.
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(len / 2).unwrap();
        let error = map(&lazy).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Changed | ErrorKind::Damaged(_)), "{error}");

        filebacked::save(&path, &Array1::from_elem(n, 1.0)).unwrap();
        let lazy: LazyArray<f64, Ix1> = File::open(&path).unwrap().read("value").unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(len / 2).unwrap();
        let error = map(&lazy).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Changed | ErrorKind::Damaged(_)), "{error}");
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn files_of_h5py_are_mapped_where_they_can_be() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("h5py.h5");
    python.create(
        &path,
        "import numpy as np\n\
         f.create_dataset('x', data=np.arange(50000.)); f.create_dataset('big', data=np.arange(50000, dtype='>f8'))\n\
         f.create_dataset('never', (50000,), 'f8'); f.create_dataset('flags', data=np.ones(99999, bool))\n\
         f.create_dataset('rows', data=np.arange(50000.), chunks=(1000,))",
    );
    let file = File::open(&path).unwrap();
    let lazy = |name: &str| file.read::<LazyArray<f64, Ix1>>(name).unwrap();
    // h5py aligns nothing.
    match map(&lazy("x")) {
        Ok(mapped) => assert_eq!(mapped.view()[49_999], 49_999.0),
        Err(error) => refused::<f64, Ix1>(Err(error), "aligned"),
    }
    refused(map(&lazy("big")), "byte order");
    refused(map(&lazy("never")), "never written");
    refused(map(&lazy("rows")), "chunked");
    // What lies behind a user block is found.
    let path = path.with_file_name("block.h5");
    let made = format!(
        "[(g := h5py.File(r'{}', 'w', userblock_size=1024)).create_dataset('x', data=np.arange(50000.)) is None, g.close()]",
        path.display()
    );
    python.ask(&serde_json::json!({"op": "eval", "expr": made})).unwrap();
    let lazy: LazyArray<f64, IxDyn> = File::open(&path).unwrap().read("x").unwrap();
    let mapped = map(&lazy).unwrap();
    assert_eq!(mapped.view().sum(), 49_999.0 * 25_000.0);
    let handles = load::<Behind>(&path).unwrap();
    assert_eq!(map(&handles.x).unwrap().view()[7], 7.0);
}

#[derive(FileBacked)]
struct Behind {
    x: LazyArray<f64, Ix1>,
}
