//! Datasets that are read into memory of the caller's.

use filebacked::engine::Engine;
use filebacked::options::Conversion;
use filebacked::{
    Compression, Error, ErrorKind, File, FileBacked, ReadOptions, Save, WriteOptions, load_into,
};
use filebacked_tests::{ENGINES, python, scratch};
use ndarray::{Array1, Array2, Array3, ArrayViewMut2, arr2, s};
use std::path::Path;

#[derive(FileBacked)]
struct Model {
    weights: Array2<f64>,
    counts: Vec<i32>,
    flags: Vec<bool>,
    names: Vec<String>,
    step: u16,
}

fn model() -> Model {
    Model {
        weights: arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        counts: vec![-1, 2, -3],
        flags: vec![true, false],
        names: vec!["a".into(), "größer".into(), String::new()],
        step: 7,
    }
}

/// Runs a check on a file of each engine, which is read by each.
fn everywhere<T: Save>(value: &T, check: impl Fn(&Path, &ReadOptions)) {
    let (_dir, path) = scratch("into.h5");
    for writer in ENGINES {
        WriteOptions::new().engine(writer).save(&path, value).unwrap();
        for reader in [Engine::Native, Engine::Libhdf5, Engine::Any] {
            check(&path, &ReadOptions::new().engine(reader));
        }
    }
}

#[test]
fn slices_and_arrays_are_filled() {
    everywhere(&model(), |path, options| {
        let mut counts = vec![0i32; 5];
        options.load_into(path, "counts", &mut counts[1..4]).unwrap();
        assert_eq!(counts, [0, -1, 2, -3, 0]);
        let mut flags = [false; 2];
        options.load_into(path, "flags", &mut flags).unwrap();
        assert_eq!(flags, [true, false]);
        let mut names = [const { String::new() }; 3];
        options.load_into(path, "names", &mut names).unwrap();
        assert_eq!(names, ["a", "größer", ""]);
        let mut step = [0u16];
        options.load_into(path, "step", &mut step).unwrap();
        assert_eq!(step, [7], "a scalar is one element");
        let mut flat = [0.0; 6];
        options.load_into(path, "weights", &mut flat).unwrap();
        assert_eq!(flat, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "any shape, in C order");
    });
}

#[test]
fn arrays_of_ndarray_are_filled_whatever_their_order_in_memory() {
    everywhere(&model(), |path, options| {
        let mut owned = Array2::<f64>::zeros((2, 3));
        options.load_into(path, "weights", &mut owned).unwrap();
        assert_eq!(owned, model().weights);
        let mut all = Array3::<f64>::zeros((4, 2, 3));
        options.load_into(path, "weights", &mut all.slice_mut(s![2, .., ..])).unwrap();
        assert_eq!(all.slice(s![2, .., ..]), model().weights);
        assert_eq!(all.sum(), 21.0, "nothing beside it is touched");
        let mut columns = Array2::<f64>::zeros((3, 2));
        options.load_into(path, "weights", &mut columns.view_mut().reversed_axes()).unwrap();
        assert_eq!(columns.t(), model().weights, "in another order, each goes to its place");
        let mut memory = [0.0; 6];
        options
            .load_into(
                path,
                "weights",
                &mut ArrayViewMut2::from_shape((2, 3), &mut memory).unwrap(),
            )
            .unwrap();
        assert_eq!(memory, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    });
}

#[test]
fn nothing_is_touched_where_the_shape_or_the_type_is_another() {
    everywhere(&model(), |path, options| {
        let mismatch = |result: Result<(), Error>, wanted: &str, found: &str| {
            let error = result.unwrap_err();
            let ErrorKind::Mismatch { .. } = error.kind() else { panic!("{error:?}") };
            let text = error.to_string();
            assert!(text.contains(wanted) && text.contains(found), "{text}");
            error
        };
        let mut short = [9i32; 2];
        let error = mismatch(
            options.load_into(path, "counts", &mut short),
            "a dataset of 2 elements of i32",
            "shape [3]",
        );
        assert_eq!((short, error.path().as_str()), ([9; 2], "/counts"));
        let mut turned = Array2::<f64>::ones((3, 2));
        mismatch(
            options.load_into(path, "weights", &mut turned),
            "of shape [3, 2], of f64",
            "shape [2, 3]",
        );
        let mut flat = Array1::<f64>::ones(6);
        mismatch(
            options.load_into(path, "weights", &mut flat),
            "of shape [6], of f64",
            "shape [2, 3]",
        );
        let mut text = [0.5; 3];
        mismatch(options.load_into(path, "names", &mut text), "f64", "str");
        assert_eq!((turned.sum(), flat.sum(), text), (6.0, 6.0, [0.5; 3]));
        let missing = options.load_into(path, "weight", &mut flat).unwrap_err();
        assert_eq!((missing.kind(), missing.path().as_str()), (&ErrorKind::Missing, "/weight"));
        let group = options.load_into(path, "/", &mut flat).unwrap_err();
        assert!(matches!(group.kind(), ErrorKind::Unsupported(_)), "{group:?}");
    });
}

#[test]
fn numbers_are_converted_as_the_options_allow() {
    everywhere(&model(), |path, options| {
        let mut wide = [0i64; 3];
        options.load_into(path, "counts", &mut wide).unwrap();
        assert_eq!(wide, [-1, 2, -3]);
        let mut unsigned = [5u64; 3];
        let error = options
            .clone()
            .conversion(Conversion::Checked)
            .load_into(path, "counts", &mut unsigned)
            .unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OutOfRange { .. }), "{error:?}");
        let exact = options
            .clone()
            .conversion(Conversion::Exact)
            .load_into(path, "counts", &mut wide)
            .unwrap_err();
        assert!(matches!(exact.kind(), ErrorKind::Mismatch { .. }), "{exact:?}");
        let mut narrow = Array2::<f32>::zeros((2, 3));
        options
            .clone()
            .conversion(Conversion::Any)
            .load_into(path, "weights", &mut narrow)
            .unwrap();
        assert_eq!(narrow, model().weights.mapv(|weight| weight as f32));
    });
}

#[test]
fn compressed_data_is_read_into_its_place() {
    let (_dir, path) = scratch("compressed.h5");
    let values = Array2::from_shape_fn((300, 1000), |(i, j)| (i * j) as i32);
    WriteOptions::new().compression(Compression::Gzip(1)).save(&path, &values).unwrap();
    let mut read = Array2::<i32>::zeros((300, 1000));
    load_into(&path, "value", &mut read).unwrap();
    assert_eq!(read, values);
    let file = File::open(&path).unwrap();
    let mut flat = vec![0i32; 300_000];
    file.read_into("value", &mut flat[..]).unwrap();
    assert!(flat.iter().eq(values.iter()));
    let mut floats = vec![0.0f64; 300_000];
    file.read_into("value", &mut floats[..]).unwrap();
    assert!(floats.iter().zip(&values).all(|(a, b)| *a == f64::from(*b)));
}

#[test]
fn datasets_of_others_are_read_into_memory_too() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("others.h5");
    python.create(
        &path,
        "f['a/b'] = np.arange(6, dtype='>i2').reshape(2, 3); f['empty'] = h5py.Empty('f8')",
    );
    let file = File::open(&path).unwrap();
    let mut big_endian = [[0i16; 3]; 2];
    file.read_into("a/b", big_endian.as_flattened_mut()).unwrap();
    assert_eq!(big_endian, [[0, 1, 2], [3, 4, 5]]);
    file.read_into("empty", &mut [0.0f64; 0]).unwrap();
    file.read_into("empty", &mut [0.0f64; 1]).unwrap_err();
}

/// A filter is between what is stored and what is asked for.
#[test]
fn what_a_filter_wrote_goes_through_it() {
    #[derive(FileBacked)]
    struct Coded {
        #[filebacked(with = filebacked::with::AsString)]
        number: u32,
    }
    let (_dir, path) = scratch("filtered.h5");
    filebacked::save(&path, &Coded { number: 12 }).unwrap();
    let error = load_into(&path, "number", &mut [0u32]).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::UnknownFilter(_) | ErrorKind::Mismatch { .. }),
        "{error:?}"
    );
}
