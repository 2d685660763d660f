//! Arrays that are changed in the file: parts written, appended, resized, and made without having
//! been in memory.

// Ranges that are empty are part of what is tested.
#![allow(clippy::reversed_empty_ranges)]

use filebacked::{
    ArrayOptions, Compression, Error, ErrorKind, File, FileBacked, LazyArray, WriteOptions,
    from_bytes, load, save,
};
use filebacked_tests::{python, scratch};
use ndarray::{
    Array, Array1, Array2, Array3, ArrayD, Axis, Ix0, Ix1, Ix2, Ix3, NewAxis, arr0, array,
    concatenate, s,
};
use proptest::prelude::*;

fn grid(shape: (usize, usize, usize)) -> Array3<f64> {
    Array::from_shape_fn(shape, |(i, j, k)| (i * 10_000 + j * 100 + k) as f64)
}

/// Small and in the header, large and in one piece, in compressed chunks, and in memory.
fn everywhere(test: impl Fn(LazyArray<f64, Ix3>, Array3<f64>, &dyn Fn() -> Option<Array3<f64>>)) {
    for (shape, options) in [
        ((3, 4, 5), WriteOptions::new()),
        ((40, 50, 60), WriteOptions::new()),
        (
            (40, 50, 60),
            WriteOptions::new()
                .compression(Compression::Gzip(1))
                .chunk_bytes(7000)
                .fletcher32(true),
        ),
    ] {
        let (_dir, path) = scratch("grid.h5");
        let grid = grid(shape);
        let file = File::create(&path).unwrap();
        file.write_with("deep/grid", &grid, &options).unwrap();
        test(file.read("deep/grid").unwrap(), grid.clone(), &|| {
            file.flush().unwrap();
            Some(File::open(&path).unwrap().read("deep/grid").unwrap())
        });
        test(LazyArray::from(grid.clone()), grid, &|| None);
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind().clone()
}

#[track_caller]
fn assert_mismatch<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
}

#[test]
fn slices_are_written_as_they_are_read() {
    everywhere(|mut lazy, mut grid, stored| {
        let mut next = -1.0;
        macro_rules! check {
            ($($slice:expr),* $(,)?) => { $(
                let mut values = grid.slice($slice).to_owned();
                values.mapv_inplace(|_| { next -= 1.0; next });
                lazy.write_slice($slice, &values).unwrap();
                grid.slice_mut($slice).assign(&values);
                assert_eq!(lazy.read().unwrap(), grid, "{}", stringify!($slice));
                assert_eq!(lazy.read_slice($slice).unwrap(), values, "{}", stringify!($slice));
            )* };
        }
        check!(
            s![1, .., ..],
            s![-1, 2, 3],
            s![.., -2, ..],
            s![1..3, 1..-1, 2..],
            s![..;2, ..;3, ..;2],
            s![..;-1, .., ..;-2],
            s![1..;-2, ..3;-3, 1..4;2],
            s![2..2, .., ..],
            s![.., 3..1, ..],
            s![0, .., NewAxis, 1..3],
            s![NewAxis, .., 0, 0],
            s![-2..-1, -3.., ..-2],
            s![.., .., ..],
        );
        let turned = grid.mapv(|x| x + 1.0);
        lazy.write(&turned).unwrap();
        assert_eq!(lazy.read().unwrap(), turned);
        if let Some(stored) = stored() {
            assert_eq!(stored, turned);
        }

        // Views in another order than C's.
        let (a, b, c) = grid.dim();
        let other = Array3::from_shape_fn((c, b, a), |(k, j, i)| (i + 7 * j + 100 * k) as f64);
        lazy.write(&other.view().reversed_axes()).unwrap();
        assert_eq!(lazy.read().unwrap(), other.reversed_axes());
    });
}

#[test]
fn arrays_are_appended_along_every_axis() {
    everywhere(|mut lazy, mut grid, stored| {
        for axis in [0, 2, 1, 0] {
            let mut shape = grid.shape().to_vec();
            for more in [1, 3, 0] {
                shape[axis] = more;
                let values = ArrayD::from_shape_fn(shape.clone(), |at| {
                    (at[0] * 7 + at[1] * 11 + at[2]) as f64 - 0.5
                });
                let values = values.into_dimensionality::<Ix3>().unwrap();
                lazy.append(Axis(axis), &values).unwrap();
                grid = concatenate![Axis(axis), grid, values];
                assert_eq!(lazy.shape(), grid.shape());
                assert_eq!(
                    lazy.read_slice(s![-1, ..;2, ..]).unwrap(),
                    grid.slice(s![-1, ..;2, ..])
                );
            }
        }
        assert_eq!(lazy.read().unwrap(), grid);
        assert_eq!(
            lazy.blocks(5000).map(|block| block.unwrap().array.sum()).sum::<f64>(),
            grid.sum()
        );
        if let Some(stored) = stored() {
            assert_eq!(stored, grid);
        }
    });
}

#[test]
fn arrays_are_resized() {
    everywhere(|mut lazy, grid, stored| {
        let (a, b, c) = grid.dim();
        let (small, large) = ([a - 1, b, c - 2], [a + 2, b + 1, c]);
        lazy.resize(&small).unwrap();
        assert_eq!(lazy.read().unwrap(), grid.slice(s![..-1, .., ..-2]));
        lazy.resize(&large).unwrap();
        let mut expected = Array3::zeros((large[0], large[1], large[2]));
        expected.slice_mut(s![..a - 1, ..b, ..c - 2]).assign(&grid.slice(s![..-1, .., ..-2]));
        assert_eq!(lazy.shape(), large);
        assert_eq!(lazy.read().unwrap(), expected);
        if let Some(stored) = stored() {
            assert_eq!(stored, expected);
        }
        assert_mismatch(lazy.resize(&[1, 2]));
        lazy.resize(&[0, 0, 0]).unwrap();
        assert_eq!(lazy.read().unwrap().dim(), (0, 0, 0));
    });
}

#[test]
fn what_does_not_fit_is_an_error_and_changes_nothing() {
    everywhere(|mut lazy, grid, _| {
        let (a, b, c) = grid.dim();
        let outside = |result: Result<(), Error>| {
            assert!(matches!(kind(result), ErrorKind::OutOfBounds(_)));
        };
        outside(lazy.write_slice(s![a, .., ..], &Array2::zeros((b, c))));
        outside(lazy.write_slice(s![.., 0..b + 1, ..], &Array3::zeros((a, b + 1, c))));
        outside(lazy.append(Axis(3), &grid));
        assert_mismatch(lazy.write_slice(s![0, .., ..], &Array2::zeros((c, b))));
        assert_mismatch(lazy.write_slice(s![.., .., ..;2], &grid));
        assert_mismatch(lazy.write(&Array3::zeros((a, b, c + 1))));
        assert_mismatch(lazy.append(Axis(0), &Array3::zeros((1, b, c + 1))));
        assert_eq!(lazy.read().unwrap(), grid);
        assert_eq!(lazy.shape(), grid.shape());
    });
}

#[test]
fn a_file_opened_to_be_read_is_not_written() {
    let (_dir, path) = scratch("grid.h5");
    for shape in [(3, 4, 5), (40, 50, 60)] {
        save(&path, &grid(shape)).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for mut lazy in [
            load::<LazyArray<f64, Ix3>>(&path).unwrap(),
            File::open(&path).unwrap().read("value").unwrap(),
            from_bytes(&bytes).unwrap(),
        ] {
            let same = lazy.read().unwrap();
            assert_eq!(kind(lazy.write(&same)), ErrorKind::ReadOnly);
            assert_eq!(kind(lazy.append(Axis(0), &same)), ErrorKind::ReadOnly);
            assert_eq!(kind(lazy.resize(&[1, 1, 1])), ErrorKind::ReadOnly);
            assert_eq!(lazy.shape(), [shape.0, shape.1, shape.2]);
        }
        let file = File::open(&path).unwrap();
        let error =
            LazyArray::<f64, Ix1>::create(&file, "new", 3, &ArrayOptions::new()).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::ReadOnly);
        drop(file);
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn a_dataset_that_grows_keeps_its_names_attributes_and_place() {
    let (_dir, path) = scratch("table.h5");
    let file = File::create(&path).unwrap();
    for name in ["a", "b", "c", "d"] {
        file.write(&format!("table/{name}"), &vec![1.0, 2.0, 3.0]).unwrap();
    }
    {
        let hdf5 = file.as_hdf5().unwrap();
        let b = hdf5.dataset("table/b").unwrap();
        b.new_attr::<f64>().create("scale").unwrap().write_scalar(&0.5).unwrap();
        let text: filebacked::hdf5::types::VarLenUnicode = "Länge".parse().unwrap();
        b.new_attr::<filebacked::hdf5::types::VarLenUnicode>()
            .create("unit")
            .unwrap()
            .write_scalar(&text)
            .unwrap();
        hdf5.link_hard("table/b", "alias").unwrap();
        hdf5.link_soft("/table/b", "soft").unwrap();
    }
    let mut old: LazyArray<f64, Ix1> = file.read("table/b").unwrap();
    let mut column: LazyArray<f64, Ix1> = file.read("soft").unwrap();
    assert_eq!((column.chunk(), column.dtype().cloned()), (None, Some(filebacked::Dtype::F64)));
    column.append(Axis(0), &array![4.0, 5.0]).unwrap();
    assert!(column.chunk().is_some());
    column.append(Axis(0), &array![6.0]).unwrap();
    for name in ["table/b", "alias", "soft"] {
        assert_eq!(file.read::<Vec<f64>>(name).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "{name}");
    }
    // Who has the old one reads what it was, and writes nowhere.
    assert_eq!(old.read().unwrap(), array![1.0, 2.0, 3.0]);
    let error = old.append(Axis(0), &array![7.0]).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Changed);
    assert_eq!(error.file(), Some(&*path));
    assert!(error.help().is_some());
    assert_eq!(kind(old.write(&array![0.0, 0.0, 0.0])), ErrorKind::Changed);

    drop((old, column));
    file.close().unwrap();
    let Some(python) = python() else { return };
    let found = python.eval(
        &path,
        "[list(f['table/b'][:]), f['table/b'].maxshape, f['table/b'].attrs['scale'], f['table/b'].attrs['unit'], \
         f['alias'] == f['table/b'], sorted(f), sorted(f['table']), f['table/a'].chunks]",
    );
    let expected = serde_json::json!([
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        [null],
        0.5,
        "Länge",
        true,
        ["alias", "soft", "table"],
        ["a", "b", "c", "d"],
        null
    ]);
    assert_eq!(found, expected);
}

#[test]
fn the_order_of_a_map_stays_when_a_value_grows() {
    use indexmap::IndexMap;
    let (_dir, path) = scratch("map.h5");
    let names = ["z", "a", "m", "b"];
    let map: IndexMap<String, Array1<f64>> =
        names.iter().map(|name| (name.to_string(), array![1.0, 2.0])).collect();
    let file = File::create(&path).unwrap();
    file.write("map", &map).unwrap();
    let mut map: IndexMap<String, LazyArray<f64, Ix1>> = file.read("map").unwrap();
    assert!(map["a"].file().is_some(), "a handle, not values");
    map["a"].append(Axis(0), &array![3.0]).unwrap();
    let map: IndexMap<String, Array1<f64>> = file.read("map").unwrap();
    assert_eq!(map.keys().collect::<Vec<_>>(), names);
    assert_eq!(map["a"], array![1.0, 2.0, 3.0]);
}

#[test]
fn other_handles_notice_a_dataset_that_grew() {
    let (_dir, path) = scratch("rows.h5");
    let file = File::create(&path).unwrap();
    let options = ArrayOptions::new().unlimited(Axis(0));
    let mut one = LazyArray::<i32, Ix2>::create(&file, "log/rows", (0, 3), &options).unwrap();
    one.append(Axis(0), &array![[1, 2, 3], [4, 5, 6]]).unwrap();
    let mut two: LazyArray<i32, Ix2> = file.read("log/rows").unwrap();
    let three = one.clone();
    two.append(Axis(0), &array![[7, 8, 9]]).unwrap();
    let error = one.read().unwrap_err();
    assert_eq!(
        (error.kind(), error.path(), error.file()),
        (&ErrorKind::Changed, "/log/rows".into(), Some(&*path))
    );
    assert_eq!(kind(one.read_slice(s![0, ..])), ErrorKind::Changed);
    assert_eq!(kind(one.select(Axis(0), &[1])), ErrorKind::Changed);
    assert_eq!(kind(one.read_into(&mut Array2::zeros((2, 3)).view_mut())), ErrorKind::Changed);
    assert_eq!(kind(three.blocks(12).next().unwrap()), ErrorKind::Changed);
    assert_eq!(kind(one.append(Axis(0), &array![[0, 0, 0]])), ErrorKind::Changed);
    assert_eq!(kind(one.write_slice(s![0, ..], &array![0, 0, 0])), ErrorKind::Changed);
    assert_eq!(kind(one.resize(&[0, 0])), ErrorKind::Changed);
    assert_eq!(two.read().unwrap(), array![[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    let one: LazyArray<i32, Ix2> = file.read("log/rows").unwrap();
    assert_eq!(one.read().unwrap(), two.read().unwrap());
}

#[test]
fn a_deleted_dataset_is_not_written() {
    let (_dir, path) = scratch("gone.h5");
    let file = File::create(&path).unwrap();
    file.write("x", &array![1, 2, 3]).unwrap();
    let mut lazy: LazyArray<i32, Ix1> = file.read("x").unwrap();
    file.as_hdf5().unwrap().unlink("x").unwrap();
    assert_eq!(kind(lazy.write(&array![4, 5, 6])), ErrorKind::Changed);
    assert_eq!(kind(lazy.append(Axis(0), &array![4, 5, 6])), ErrorKind::Changed);
}

#[test]
fn what_is_made_is_what_was_asked_for() {
    let (_dir, path) = scratch("made.h5");
    let file = File::create(&path).unwrap();
    let create = |name: &str, options: &ArrayOptions<f32>| {
        LazyArray::<f32, Ix2>::create(&file, name, (100, 80), options).unwrap();
    };
    let o = ArrayOptions::new;
    create("plain", &o());
    create("deep/er/chunked", &o().chunk(&[10, 8]));
    create("limited", &o().max_shape(&[Some(500), None]).fletcher32(true));
    create("gzip", &o().compression(Compression::Gzip(3)).unlimited(Axis(0)));
    create("nan", &o().fill_value(f32::NAN));
    let large =
        LazyArray::<f64, Ix1>::create(&file, "large", 1 << 30, &ArrayOptions::new()).unwrap();
    assert_eq!((large.shape(), large.chunk()), (&[1 << 30][..], None));
    let filled = LazyArray::<i16, Ix1>::create(
        &file,
        "filled",
        1 << 30,
        &ArrayOptions::new().fill_value(-7),
    )
    .unwrap();
    assert_eq!(filled.read_slice(s![77..79]).unwrap(), array![-7, -7]);
    LazyArray::<bool, Ix0>::create(&file, "flag", (), &ArrayOptions::new().fill_value(true))
        .unwrap();
    let mut text =
        LazyArray::<String, Ix1>::create(&file, "text", 0, &ArrayOptions::new().unlimited(Axis(0)))
            .unwrap();
    text.append(Axis(0), &array!["a".to_string(), String::new(), "größe".repeat(20)]).unwrap();
    let named = LazyArray::<String, Ix1>::create(
        &file,
        "named",
        3,
        &ArrayOptions::new().fill_value("none".into()),
    )
    .unwrap();
    assert_eq!(named.read().unwrap(), array!["none", "none", "none"]);
    let empty = LazyArray::<String, Ix1>::create(&file, "empty", 2, &ArrayOptions::new()).unwrap();
    assert_eq!(empty.read().unwrap(), array!["", ""]);

    let exists =
        |name: &str| kind(LazyArray::<f32, Ix1>::create(&file, name, 3, &ArrayOptions::new()));
    assert_eq!(exists("plain"), ErrorKind::Exists);
    assert_eq!(exists("deep/er"), ErrorKind::Exists);
    assert!(matches!(exists("plain/x"), ErrorKind::Mismatch { .. }));
    assert!(matches!(exists(""), ErrorKind::Unsupported(_)));
    let wrong = |options: &ArrayOptions<f32>| {
        LazyArray::<f32, Ix2>::create(&file, "wrong", (10, 10), options)
    };
    assert_mismatch(wrong(&o().chunk(&[3])));
    assert_mismatch(wrong(&o().max_shape(&[None])));
    assert_mismatch(wrong(&o().unlimited(Axis(2))));
    assert!(matches!(kind(wrong(&o().max_shape(&[Some(5), None]))), ErrorKind::OutOfBounds(_)));
    assert!(wrong(&o().chunk(&[0, 3])).is_err());
    assert!(wrong(&o().compression(Compression::Gzip(10))).is_err());
    assert!(!file.names().unwrap().contains(&"wrong".to_string()));

    drop((large, filled, text, named, empty));
    file.close().unwrap();
    let Some(python) = python() else { return };
    let tell = |name: &str| {
        let x = format!("f['{name}']");
        let asked = format!(
            "[{x}.shape, {x}.chunks, {x}.maxshape, {x}.compression, {x}.fletcher32, str({x}.dtype), str({x}.fillvalue)]"
        );
        python.eval(&path, &asked)
    };
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(
        tell("plain"),
        json(r#"[[100, 80], null, [100, 80], null, false, "float32", "0.0"]"#)
    );
    assert_eq!(
        tell("deep/er/chunked"),
        json(r#"[[100, 80], [10, 8], [100, 80], null, false, "float32", "0.0"]"#)
    );
    let limited = tell("limited");
    assert_eq!((&limited[2], &limited[4]), (&json("[500, null]"), &json("true")));
    let gzip = tell("gzip");
    assert_eq!((&gzip[2], &gzip[3]), (&json("[null, 80]"), &json("\"gzip\"")));
    assert_eq!(tell("nan")[6], "nan");
    assert_eq!(
        tell("large"),
        json(r#"[[1073741824], null, [1073741824], null, false, "float64", "0.0"]"#)
    );
    assert_eq!(python.eval(&path, "[bool(f['flag'][()]), f['text'].asstr()[1:].tolist()]"), {
        serde_json::json!([true, ["", "größe".repeat(20)]])
    });
    assert_eq!(
        python.eval(
            &path,
            "[float(f['large'][5]), int(f['filled'][-1]), f['large'].id.get_offset() % 8]"
        ),
        { serde_json::json!([0.0, -7, 0]) }
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let blocks = std::fs::metadata(&path).unwrap().blocks();
        assert!(blocks * 512 < 1 << 20, "{blocks} blocks for 8 GiB of nothing");
    }
}

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
    assert_eq!(variable.dtype(), Some(&filebacked::Dtype::VarStr));
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
