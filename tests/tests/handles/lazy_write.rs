//! Arrays that are changed in the file: parts written, appended, resized, and made without having
//! been in memory.

// Ranges that are empty are part of what is tested.
#![allow(clippy::reversed_empty_ranges)]

use filebacked::lazy::ArrayOptions;
use filebacked::{
    Compression, Error, ErrorKind, File, LazyArray, WriteOptions, from_bytes, load, save,
};
use filebacked_tests::{python, scratch};
use ndarray::{
    Array, Array1, Array2, Array3, ArrayD, Axis, Ix0, Ix1, Ix2, Ix3, NewAxis, array, concatenate, s,
};

pub(crate) fn grid(shape: (usize, usize, usize)) -> Array3<f64> {
    Array::from_shape_fn(shape, |(i, j, k)| (i * 10_000 + j * 100 + k) as f64)
}

/// Small and in the header, large and in one piece, in compressed chunks, and in memory.
pub(crate) fn everywhere(
    test: impl Fn(LazyArray<f64, Ix3>, Array3<f64>, &dyn Fn() -> Option<Array3<f64>>),
) {
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

pub(crate) fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind().clone()
}

#[track_caller]
pub(crate) fn assert_mismatch<T: std::fmt::Debug>(result: Result<T, Error>) {
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
    assert_eq!(
        (column.chunk(), column.dtype().cloned()),
        (None, Some(filebacked::schema::Dtype::F64))
    );
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
