//! Writing through `LazyArray` into compressed chunks and datasets of other programs, and its errors.

// Ranges that are empty are part of what is tested.
#![allow(clippy::reversed_empty_ranges)]

use super::lazy_write::kind;
use filebacked::lazy::ArrayOptions;
use filebacked::{Compression, ErrorKind, File, FileBacked, LazyArray, WriteOptions, load, save};
use filebacked_tests::{python, scratch};
use ndarray::{Array1, Array2, Array3, Axis, Ix1, Ix2, Ix3, arr0, array, concatenate, s};
use proptest::prelude::*;

#[test]
fn what_was_deleted_does_not_show_in_what_is_made() {
    let (_dir, path) = scratch("gap.h5");
    let file = File::create(&path).unwrap();
    file.write("old", &Array1::from_elem(1_000_000, 7.0)).unwrap();
    file.write("behind", &1).unwrap();
    file.flush().unwrap();
    file.as_hdf5().unwrap().unlink("old").unwrap();
    let lazy = LazyArray::<f64, Ix1>::create(&file, "new", 100_000, &ArrayOptions::new()).unwrap();
    assert_eq!(lazy.chunk(), None);
    assert!(lazy.read().unwrap().iter().all(|value| *value == 0.0));
}

#[test]
fn elements_are_written_as_the_dataset_has_them() {
    let (_dir, path) = scratch("elements.h5");
    let file = File::create(&path).unwrap();
    file.write("bytes", &array![1u8, 2, 3]).unwrap();
    let mut wide: LazyArray<i64, Ix1> = file.read("bytes").unwrap();
    wide.write_slice(s![1], &arr0(255)).unwrap();
    assert_eq!(wide.read().unwrap(), array![1, 255, 3]);
    for wrong in [256, -1] {
        let error = wide.write_slice(s![1..], &array![4, wrong]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OutOfRange { .. }), "{error}");
        let error = wide.append(Axis(0), &array![wrong]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OutOfRange { .. }), "{error}");
        assert_eq!(error.path(), "/bytes");
    }
    assert_eq!(wide.read().unwrap(), array![1, 255, 3]);
    file.write("singles", &array![0.5f32]).unwrap();
    let mut double: LazyArray<f64, Ix1> = file.read("singles").unwrap();
    assert!(matches!(kind(double.write(&array![0.1])), ErrorKind::OutOfRange { .. }));
    double.write(&array![0.25]).unwrap();
    assert_eq!(file.read::<Vec<f32>>("singles").unwrap(), [0.25]);

    file.write("flags", &array![true, false]).unwrap();
    let mut flags: LazyArray<bool, Ix1> = file.read("flags").unwrap();
    flags.append(Axis(0), &array![true]).unwrap();
    assert_eq!(flags.read().unwrap(), array![true, false, true]);
    let z = num_complex::Complex64::new(1.0, -2.0);
    file.write("complex", &array![z, z]).unwrap();
    let mut complex: LazyArray<num_complex::Complex64, Ix1> = file.read("complex").unwrap();
    complex.append(Axis(0), &array![z.conj()]).unwrap();
    assert_eq!(file.read::<Vec<num_complex::Complex64>>("complex").unwrap(), [z, z, z.conj()]);

    // Text of a fixed length has no room for more; of variable length it has.
    let text = |text: &str| Array1::from_iter(text.split(' ').map(str::to_string));
    file.write("fixed", &text("ab cd")).unwrap();
    let mut fixed: LazyArray<String, Ix1> = file.read("fixed").unwrap();
    fixed.append(Axis(0), &text("e fg")).unwrap();
    assert_eq!(fixed.read().unwrap(), text("ab cd e fg"));
    let error = fixed.write_slice(s![0..1], &text("xyz")).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::OutOfRange { .. }) && error.help().is_some(),
        "{error}"
    );
    file.write("variable", &text(&format!("a b c d {}", "e".repeat(1000)))).unwrap();
    let mut variable: LazyArray<String, Ix1> = file.read("variable").unwrap();
    assert_eq!(variable.dtype(), Some(&filebacked::schema::Dtype::VarStr));
    variable.append(Axis(0), &text("c größe")).unwrap();
    variable.write_slice(s![1..5], &text("v w x yy")).unwrap();
    assert_eq!(variable.read().unwrap(), text("a v w x yy c größe"));
    let error = variable.write_slice(s![0..1], &array!["a\0b".to_string()]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert_eq!(variable.read().unwrap(), text("a v w x yy c größe"));
}

#[test]
fn what_h5py_made_is_appended_to() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("h5py.h5");
    python.create(
        &path,
        "import numpy as np\n\
         f.create_dataset('rows', data=np.arange(12.).reshape(4, 3), maxshape=(None, 3), chunks=(2, 3), compression='gzip')\n\
         f.create_dataset('fixed', data=np.arange(5, dtype='>i4'))\n\
         f.create_dataset('limit', data=np.arange(5), maxshape=(6,), chunks=(2,))\n\
         f.create_dataset('text', data=['a', 'bc'], maxshape=(None,))\n\
         f.create_dataset('ascii', data=np.array([b'abc', b'd'], 'S3'))\n\
         f['fixed'].attrs['unit'] = 'm'; f['fixed'].attrs['n'] = [1, 2]\n",
    );
    let file = File::open_rw(&path).unwrap();
    let mut rows: LazyArray<f64, Ix2> = file.read("rows").unwrap();
    rows.append(Axis(0), &array![[12.0, 13.0, 14.0]]).unwrap();
    rows.write_slice(s![0, ..], &array![-1.0, -2.0, -3.0]).unwrap();
    let mut fixed: LazyArray<i32, Ix1> = file.read("fixed").unwrap();
    fixed.write_slice(s![1], &arr0(-5)).unwrap();
    fixed.append(Axis(0), &array![5, 1 << 20]).unwrap();
    let mut limit: LazyArray<i64, Ix1> = file.read("limit").unwrap();
    limit.append(Axis(0), &array![5]).unwrap();
    assert_eq!(limit.chunk(), Some(&[2][..]));
    limit.append(Axis(0), &array![6, 7]).unwrap();
    let mut text: LazyArray<String, Ix1> = file.read("text").unwrap();
    text.append(Axis(0), &array!["def".to_string()]).unwrap();
    let mut ascii: LazyArray<String, Ix1> = file.read("ascii").unwrap();
    ascii.append(Axis(0), &array!["efg".to_string(), "h".to_string()]).unwrap();
    drop((rows, fixed, limit, text, ascii));
    file.close().unwrap();
    let told = |name: &str| {
        python.eval(
            &path,
            &format!("[f['{name}'][()].tolist(), f['{name}'].maxshape, str(f['{name}'].dtype)]"),
        )
    };
    let rows = python.eval(
        &path,
        "[f['rows'][()].tolist(), f['rows'].maxshape, f['rows'].chunks, f['rows'].compression]",
    );
    let values = serde_json::json!([
        [-1.0, -2.0, -3.0],
        [3.0, 4.0, 5.0],
        [6.0, 7.0, 8.0],
        [9.0, 10.0, 11.0],
        [12.0, 13.0, 14.0]
    ]);
    assert_eq!(rows, serde_json::json!([values, [null, 3], [2, 3], "gzip"]));
    assert_eq!(told("fixed"), serde_json::json!([[0, -5, 2, 3, 4, 5, 1 << 20], [null], ">i4"]));
    assert_eq!(told("limit"), serde_json::json!([[0, 1, 2, 3, 4, 5, 6, 7], [null], "int64"]));
    assert_eq!(python.eval(&path, "f['limit'].chunks"), serde_json::json!([2]));
    assert_eq!(
        python.eval(&path, "f['text'].asstr()[()].tolist()"),
        serde_json::json!(["a", "bc", "def"])
    );
    assert_eq!(
        python.eval(&path, "[x.decode() for x in f['ascii'][()]] + [str(f['ascii'].dtype)]"),
        serde_json::json!(["abc", "d", "efg", "h", "|S3"])
    );
    assert_eq!(python.eval(&path, "[f['fixed'].attrs['unit'], f['fixed'].attrs['n'].tolist()]"), {
        serde_json::json!(["m", [1, 2]])
    });
}

/// Chunks that are written as a whole are coded outside of the library, and their rest shows when
/// the array grows.
#[test]
fn whole_and_cut_chunks_are_the_same_to_every_reader() {
    let (_dir, path) = scratch("chunks.h5");
    let file = File::create(&path).unwrap();
    let options =
        ArrayOptions::new().chunk(&[64, 48]).compression(Compression::Gzip(1)).fletcher32(true);
    for (name, options, fill) in
        [("zero", options.clone(), 0.0), ("filled", options.fill_value(-1.5), -1.5)]
    {
        let options = options.unlimited(Axis(0)).unlimited(Axis(1));
        let mut lazy = LazyArray::<f64, Ix2>::create(&file, name, (200, 100), &options).unwrap();
        let mut expected = Array2::from_elem((200, 100), fill);
        let part = Array2::from_shape_fn((136, 100), |(i, j)| (i * 1000 + j) as f64);
        lazy.write_slice(s![64.., ..], &part).unwrap();
        expected.slice_mut(s![64.., ..]).assign(&part);
        lazy.write_slice(s![0..64, 48..96], &part.slice(s![..64, ..48])).unwrap();
        expected.slice_mut(s![0..64, 48..96]).assign(&part.slice(s![..64, ..48]));
        lazy.resize(&[210, 130]).unwrap();
        let mut grown = Array2::from_elem((210, 130), fill);
        grown.slice_mut(s![..200, ..100]).assign(&expected);
        assert_eq!(lazy.read().unwrap(), grown, "{name}");
    }
    file.close().unwrap();
    let Some(python) = python() else { return };
    for (name, fill) in [("zero", 0.0), ("filled", -1.5)] {
        let found = python
            .eval(&path, &format!("[float(f['{name}'][-1, -1]), float(f['{name}'][199, 99])]"));
        assert_eq!(found, serde_json::json!([fill, 135_099.0]), "{name}");
    }
}

/// Parts of compressed data that are large enough to be read past the library.
#[test]
fn parts_of_compressed_data_are_read_from_all_places() {
    let (_dir, path) = scratch("parts.h5");
    #[derive(FileBacked)]
    struct Cube {
        #[filebacked(chunk = [16, 32, 24], compression = Compression::Gzip(1))]
        x: Array3<f32>,
    }
    let x =
        Array3::from_shape_fn((70, 100, 90), |(i, j, k)| ((i * 31 + j * 17 + k * 7) % 1000) as f32);
    let cube = Cube { x };
    let file = File::create(&path).unwrap();
    file.write("cube", &cube).unwrap();
    // A chunk that is missing, and one that has another mask.
    let mut holes = LazyArray::<f32, Ix3>::create(
        &file,
        "holes",
        (70, 100, 90),
        &ArrayOptions::new().chunk(&[16, 32, 24]),
    )
    .unwrap();
    holes.write_slice(s![0..32, .., ..], &cube.x.slice(s![0..32, .., ..])).unwrap();
    drop(holes);
    file.close().unwrap();
    let file = File::open(&path).unwrap();
    let lazy: LazyArray<f32, Ix3> = file.read("cube/x").unwrap();
    let holes: LazyArray<f32, Ix3> = file.read("holes").unwrap();
    let mut partly = cube.x.clone();
    partly.slice_mut(s![32.., .., ..]).fill(0.0);
    macro_rules! check {
        ($($slice:expr),* $(,)?) => { $(
            assert_eq!(lazy.read_slice($slice).unwrap(), cube.x.slice($slice), "{}", stringify!($slice));
            assert_eq!(holes.read_slice($slice).unwrap(), partly.slice($slice), "{}", stringify!($slice));
        )* };
    }
    check!(
        s![.., .., ..],
        s![16..48, .., ..],
        s![5..60, 3..97, 1..89],
        s![16..32, 32..96, 24..72],
        s![17..70, 32..96, ..],
        s![.., 99, ..],
        s![.., 31..33, ..],
        s![10..;-1, .., ..],
        s![..;2, .., ..],
        s![69.., .., ..],
    );
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let lazy = lazy.clone();
            std::thread::spawn(move || {
                lazy.read_slice(s![n * 8..n * 8 + 14, .., ..]).unwrap().sum()
            })
        })
        .collect();
    for (n, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), cube.x.slice(s![n * 8..n * 8 + 14, .., ..]).sum());
    }
}

#[test]
fn a_damaged_chunk_is_an_error_of_the_part_that_has_it() {
    let (_dir, path) = scratch("damaged.h5");
    let x = Array2::from_shape_fn((400, 400), |(i, j)| ((i * 7919 + j * 104_729) % 65_536) as f64);
    WriteOptions::new()
        .compression(Compression::Gzip(1))
        .chunk_bytes(100 << 10)
        .fletcher32(true)
        .save(&path, &x)
        .unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&path, bytes).unwrap();
    let lazy: LazyArray<f64, Ix2> = load(&path).unwrap();
    let rows: Vec<_> = (0..4).map(|n| lazy.read_slice(s![n * 100..(n + 1) * 100, ..])).collect();
    for (n, rows) in rows.iter().enumerate() {
        match rows {
            Ok(rows) => assert_eq!(rows, x.slice(s![n * 100..(n + 1) * 100, ..])),
            Err(error) => {
                assert!(
                    matches!(error.kind(), ErrorKind::Damaged(_) | ErrorKind::Hdf5(_)),
                    "{error:?}"
                );
                assert_eq!(error.path(), "/value");
            }
        }
    }
    assert!(rows.iter().any(Result::is_ok) && rows.iter().any(Result::is_err));
}

#[test]
fn errors_say_which_dataset_it_was() {
    #[derive(FileBacked)]
    struct Run {
        name: String,
        x: Array2<f64>,
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(name = "Run")]
    struct Handles {
        x: LazyArray<u8, Ix2>,
    }
    let (_dir, path) = scratch("run.h5");
    for n in [10, 1000] {
        let run = Run { name: "night".into(), x: Array2::from_elem((n, n), 300.0) };
        save(&path, &run).unwrap();
        let from_file = File::open(&path).unwrap().read_root::<Handles>().unwrap();
        for handles in [load::<Handles>(&path).unwrap(), from_file] {
            let error = handles.x.read_slice(s![0, 0]).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::OutOfRange { .. }), "{error}");
            assert_eq!((error.path(), error.file()), ("/x".into(), Some(&*path)), "{error}");
        }
        let file = File::create(path.with_file_name("deep.h5")).unwrap();
        file.write("runs/7", &run).unwrap();
        let handles: Handles = file.read("runs/7").unwrap();
        assert_eq!(handles.x.read().unwrap_err().path(), "/runs/7/x");
        assert_eq!(run.name, "night");
    }
}

/// HDF5 forgets the filter mask of a chunk that it writes anew in the same length: chunks that do
/// not get shorter have to be what it would make of them.
#[test]
fn noise_that_was_saved_compressed_is_edited() {
    let mut state = 1u64;
    let noise = Array1::from_shape_simple_fn(40_000, || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 ^ state as u32
    });
    for compression in
        [Compression::Gzip(1), Compression::Lz4, Compression::Zstd(1), Compression::None]
    {
        let (_dir, path) = scratch("noise.h5");
        let options =
            WriteOptions::new().compression(compression).chunk_bytes(16 << 10).fletcher32(true);
        let file = File::create(&path).unwrap();
        file.write_with("noise", &noise, &options).unwrap();
        let mut expected = noise.clone();
        let mut lazy: LazyArray<u32, Ix1> = file.read("noise").unwrap();
        for (start, value) in [(3, 17), (4096, 99), (39_999, 5)] {
            lazy.write_slice(s![start..start + 1], &array![value]).unwrap();
            expected[start] = value;
        }
        drop(lazy);
        file.close().unwrap();
        assert_eq!(
            File::open(&path).unwrap().read::<Array1<u32>>("noise").unwrap(),
            expected,
            "{compression:?}"
        );
        let (Some(python), Compression::Gzip(_)) = (python(), compression) else { continue };
        let edit = format!(
            "(g := h5py.File(r'{}', 'r+'))['noise'].__setitem__(slice(8000, 8002), [1, 2]), g.close()",
            path.display()
        );
        python.ask(&serde_json::json!({"op": "eval", "expr": edit})).unwrap();
        expected[8000] = 1;
        expected[8001] = 2;
        assert_eq!(File::open(&path).unwrap().read::<Array1<u32>>("noise").unwrap(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn random_edits(
        edits in prop::collection::vec((0usize..4, 0usize..3, 0usize..7, 0usize..7, 1usize..9), 1..12),
        layout in 0usize..5,
    ) {
        let (_dir, path) = scratch("edits.h5");
        let file = File::create(&path).unwrap();
        let mut expected = Array2::from_shape_fn((5, 6), |(i, j)| (i * 10 + j) as i16);
        let options = ArrayOptions::new();
        let options = match layout {
            0 => options,
            1 => options.unlimited(Axis(0)),
            2 => options.chunk(&[3, 2]).compression(Compression::Gzip(1)),
            _ => options.chunk(&[2, 4]).max_shape(&[Some(9), None]).compression(Compression::Zstd(1)),
        };
        let mut lazy = if layout == 4 {
            // So small that no chunk gets shorter.
            let options = WriteOptions::new().compression(Compression::Gzip(1)).chunk_bytes(12);
            #[derive(FileBacked)]
            struct Chunked {
                #[filebacked(compression = Compression::Gzip(1), chunk = [2, 3])]
                x: Array2<i16>,
            }
            file.write_root_with(&Chunked { x: expected.clone() }, &options).unwrap();
            file.read("x").unwrap()
        } else {
            let mut lazy = LazyArray::<i16, Ix2>::create(&file, "x", (5, 6), &options).unwrap();
            lazy.write(&expected).unwrap();
            lazy
        };
        for (what, axis, a, b, n) in edits {
            let (rows, columns) = expected.dim();
            match what {
                0 => {
                    let shape = if axis == 0 { (n, columns) } else { (rows, n) };
                    let more = Array2::from_shape_fn(shape, |(i, j)| (i * 7 + j + a * 100) as i16);
                    lazy.append(Axis(axis.min(1)), &more).unwrap();
                    expected = concatenate![Axis(axis.min(1)), expected, more];
                }
                1 => {
                    lazy.resize(&[a, b]).unwrap();
                    let mut resized = Array2::zeros((a, b));
                    let (i, j) = (a.min(rows), b.min(columns));
                    resized.slice_mut(s![..i, ..j]).assign(&expected.slice(s![..i, ..j]));
                    expected = resized;
                }
                _ => {
                    let (i, j) = (a.min(rows), b.min(columns));
                    let part = Array2::from_shape_fn(((rows - i).div_ceil(n), columns - j), |(i, j)| (i + 50 * j) as i16);
                    lazy.write_slice(s![i..;n, j..;-1], &part).unwrap();
                    expected.slice_mut(s![i..;n, j..;-1]).assign(&part);
                }
            }
            prop_assert_eq!(lazy.shape(), expected.shape());
        }
        prop_assert_eq!(&lazy.read().unwrap(), &expected);
        drop(lazy);
        file.close().unwrap();
        prop_assert_eq!(File::open(&path).unwrap().read::<Array2<i16>>("x").unwrap(), expected);
    }
}
