//! Arrays of which parts are read.

// Ranges that are empty are part of what is tested.
#![allow(clippy::reversed_empty_ranges)]

use filebacked::lazy::{Ellipsis, ellipsis};
use filebacked::{Compression, ErrorKind, File, FileBacked, LazyArray, WriteOptions};
use filebacked::{from_bytes, load, save, to_bytes};
use filebacked_tests::{python, scratch};
use ndarray::{
    Array, Array1, Array2, Array3, ArrayD, Axis, Ix1, Ix2, Ix3, IxDyn, NewAxis, Zip, array, s,
};
use proptest::prelude::*;
use serde_json::json;
use std::path::Path;

fn grid(shape: (usize, usize, usize)) -> Array3<f64> {
    Array::from_shape_fn(shape, |(i, j, k)| (i * 10_000 + j * 100 + k) as f64)
}

/// In the file in one piece and small, in one piece and large, and in compressed chunks.
fn everywhere(test: impl Fn(&LazyArray<f64, Ix3>, &Array3<f64>, &Path)) {
    for (shape, options) in [
        ((3, 4, 5), WriteOptions::new()),
        ((40, 50, 60), WriteOptions::new()),
        ((40, 50, 60), WriteOptions::new().compression(Compression::Gzip(1)).chunk_bytes(7000)),
    ] {
        let (_dir, path) = scratch("grid.h5");
        let grid = grid(shape);
        options.save(&path, &grid).unwrap();
        test(&load(&path).unwrap(), &grid, &path);
        test(&File::open(&path).unwrap().read("value").unwrap(), &grid, &path);
        test(&LazyArray::from(grid.clone()), &grid, &path);
    }
}

#[test]
fn slices_are_those_of_the_array() {
    everywhere(|lazy, grid, _| {
        assert_eq!(lazy.shape(), grid.shape());
        assert_eq!(lazy.read().unwrap(), grid);
        macro_rules! check {
            ($($slice:expr),* $(,)?) => { $(
                assert_eq!(lazy.read_slice($slice).unwrap(), grid.slice($slice), "{}", stringify!($slice));
            )* };
        }
        check!(
            s![.., .., ..],
            s![1, .., ..],
            s![-1, 2, 3],
            s![.., -2, ..],
            s![.., .., 1],
            s![1..3, 1..-1, 2..],
            s![..;2, ..;3, ..;2],
            s![..;-1, .., ..;-2],
            s![1..;-2, ..3;-3, 1..4;2],
            s![2..2, .., ..],
            s![.., 3..1, ..],
            s![0, .., NewAxis, 1..3],
            s![NewAxis, .., 0, 0],
            s![-2..-1, -3.., ..-2],
        );
    });
}

#[test]
fn elements_are_chosen_along_an_axis() {
    everywhere(|lazy, grid, _| {
        for (axis, indices) in [(0, &[2, 0, 1, 1][..]), (1, &[3]), (2, &[0, 1, 2, 4]), (1, &[])] {
            assert_eq!(
                lazy.select(Axis(axis), indices).unwrap(),
                grid.select(Axis(axis), indices),
                "{axis} {indices:?}"
            );
        }
        let mask: Vec<bool> = (0..grid.shape()[2]).map(|i| i % 3 == 1).collect();
        let chosen: Vec<usize> = (0..mask.len()).filter(|i| mask[*i]).collect();
        assert_eq!(lazy.mask(Axis(2), &mask).unwrap(), grid.select(Axis(2), &chosen));
    });
}

#[test]
fn blocks_cover_the_array_once() {
    everywhere(|lazy, grid, _| {
        // A block of one element each takes its time.
        let smallest = if grid.len() < 100 { 1 } else { 10_000 };
        for bytes in [smallest, 64 * smallest, 20_000, 1 << 30] {
            let mut seen = Array3::<f64>::from_elem(grid.raw_dim(), f64::NAN);
            let mut largest = 0;
            for block in lazy.blocks(bytes) {
                let block = block.unwrap();
                largest = largest.max(block.array.len() * 8);
                let [i, j, k] = block.origin[..] else { panic!() };
                let (di, dj, dk) = block.array.dim();
                let mut part = seen.slice_mut(s![i..i + di, j..j + dj, k..k + dk]);
                assert!(part.iter().all(|value| value.is_nan()), "elements come once");
                part.assign(&block.array);
            }
            assert_eq!(seen, grid);
            assert!(largest <= bytes.max(8), "{largest} of {bytes}");
        }
    });
}

#[test]
fn blocks_are_whole_chunks() {
    let (_dir, path) = scratch("chunks.h5");
    #[derive(FileBacked)]
    struct Chunked {
        #[filebacked(chunk = [8, 10])]
        x: Array2<i32>,
    }
    #[derive(FileBacked)]
    #[filebacked(name = "Chunked")]
    struct Handle {
        x: LazyArray<i32, Ix2>,
    }
    save(&path, &Chunked { x: Array2::from_shape_fn((30, 45), |(i, j)| (i * 100 + j) as i32) })
        .unwrap();
    let handle: Handle = load(&path).unwrap();
    assert_eq!(handle.x.chunk(), Some(&[8, 10][..]));
    assert_eq!(handle.x.blocks(8 * 45 * 4).shape(), [8, 45]);
    assert_eq!(handle.x.blocks(8 * 25 * 4).shape(), [8, 20]);
    assert_eq!(handle.x.blocks(1 << 20).shape(), [30, 45]);
    let sum: i64 = handle.x.blocks(1000).map(|block| i64::from(block.unwrap().array.sum())).sum();
    assert_eq!(sum, i64::from(handle.x.read().unwrap().sum()));
}

#[test]
fn elements_of_every_kind_and_conversions() {
    #[derive(FileBacked)]
    struct Arrays {
        text: Array1<String>,
        long: Array1<String>,
        flags: Array2<bool>,
        bytes: Array2<u8>,
        empty: Array2<f32>,
    }
    #[derive(FileBacked)]
    #[filebacked(name = "Arrays")]
    struct Handles {
        text: LazyArray<String, Ix1>,
        long: LazyArray<String>,
        flags: LazyArray<bool, Ix2>,
        bytes: LazyArray<i64, Ix2>,
        empty: LazyArray<f32, Ix2>,
    }
    let arrays = Arrays {
        text: array!["a".into(), "größe".into(), String::new(), "d".into()],
        long: Array1::from_iter((0..50).map(|i| "x".repeat(i * i))),
        flags: Array2::from_shape_fn((3, 4), |(i, j)| (i + j) % 2 == 0),
        bytes: Array2::from_shape_fn((3, 4), |(i, j)| (i * 16 + j) as u8),
        empty: Array2::zeros((0, 7)),
    };
    let handles: Handles = from_bytes(&to_bytes(&arrays).unwrap()).unwrap();
    assert_eq!(handles.text.read_slice(s![1..;2]).unwrap(), arrays.text.slice(s![1..;2]));
    assert_eq!(handles.long.read_slice(s![-3..]).unwrap(), arrays.long.slice(s![-3..]));
    assert_eq!(handles.flags.read_slice(s![1, ..]).unwrap(), arrays.flags.slice(s![1, ..]));
    assert_eq!(handles.bytes.read_slice(s![2, 3]).unwrap().into_scalar(), 0x23);
    assert_eq!(handles.empty.read().unwrap(), arrays.empty);
    assert_eq!(handles.empty.blocks(1000).count(), 0);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (_dir, path) = scratch("grid.h5");
    save(&path, &grid((3, 4, 5))).unwrap();
    let lazy: LazyArray<f64, Ix3> = load(&path).unwrap();
    let outside = |result: Result<ArrayD<f64>, filebacked::Error>| {
        let error = result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OutOfBounds(_)), "{error}");
    };
    outside(lazy.read_slice(s![3, .., ..]).map(Array::into_dyn));
    outside(lazy.read_slice(s![-4, .., ..]).map(Array::into_dyn));
    outside(lazy.read_slice(s![.., 0..5, ..]).map(Array::into_dyn));
    outside(lazy.select(Axis(1), &[0, 4]).map(Array::into_dyn));
    outside(lazy.select(Axis(3), &[0]).map(Array::into_dyn));
    outside(lazy.mask(Axis(0), &[true]).map(Array::into_dyn));

    let rank = load::<LazyArray<f64, Ix2>>(&path).unwrap_err();
    assert!(matches!(rank.kind(), ErrorKind::Mismatch { .. }), "{rank}");
    let kind = load::<LazyArray<String, Ix3>>(&path).unwrap_err();
    assert!(matches!(kind.kind(), ErrorKind::Mismatch { .. }), "{kind}");
    // Only a value shows whether it fits.
    let narrow: LazyArray<u8, Ix3> = load(&path).unwrap();
    assert_eq!(narrow.read_slice(s![0, 0, ..]).unwrap(), array![0, 1, 2, 3, 4]);
    let error = narrow.read().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutOfRange { .. }), "{error}");

    let bytes = std::fs::read(&path).unwrap();
    save(&path, &grid((60, 60, 60))).unwrap();
    let lazy: LazyArray<f64, Ix3> = load(&path).unwrap();
    std::fs::write(&path, bytes).unwrap();
    let error = lazy.read_slice(s![0, 0, 0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Changed), "{error}");
}

/// As h5py's `...`, whatever the rank.
#[test]
fn an_ellipsis_stands_for_the_axes_in_between() {
    let Some(python) = python() else { return };
    for shape in [vec![4], vec![3, 4], vec![5, 3, 4], vec![2, 5, 3, 4]] {
        let (_dir, path) = scratch("grid.h5");
        let n = shape.iter().product::<usize>();
        save(&path, &ArrayD::from_shape_vec(IxDyn(&shape), (0..n).collect()).unwrap()).unwrap();
        let lazy: LazyArray<usize> = load(&path).unwrap();
        let check = |selection: Ellipsis, expression: &str| {
            let read = lazy.read_slice(selection).unwrap();
            let found = json!([read.shape(), read.iter().collect::<Vec<_>>()]);
            let expression = format!(
                "(lambda a: [list(a.shape), a.ravel().tolist()])(np.asarray(f['value'][{expression}]))"
            );
            assert_eq!(found, python.eval(&path, &expression), "{shape:?} {expression}");
        };
        check(ellipsis([], []), "...");
        check(ellipsis([], s![0]), "..., 0");
        check(ellipsis(s![1], []), "1, ...");
        check(ellipsis([], s![1..;2]), "..., 1::2");
        check(ellipsis(s![..2], []), ":2, ...");
        if shape.len() > 1 {
            check(ellipsis(s![1], s![..;2]), "1, ..., ::2");
            check(ellipsis([], s![0, 1..3]), "..., 0, 1:3");
        }
        let reversed = lazy.read_slice(ellipsis(s![NewAxis], s![..;-1])).unwrap();
        assert_eq!(
            (reversed.shape()[0], reversed.iter().next()),
            (1, Some(&(shape[shape.len() - 1] - 1)))
        );
        let many = lazy.read_slice(ellipsis(s![0, 0, 0], s![0, 0])).unwrap_err();
        assert!(matches!(many.kind(), ErrorKind::OutOfBounds(_)), "{many}");
    }
    // Where the rank is part of the type, too, and to write.
    let (_dir, path) = scratch("grid.h5");
    let file = File::create(&path).unwrap();
    file.write("x", &grid((2, 3, 4))).unwrap();
    let mut lazy: LazyArray<f64, Ix3> = file.read("x").unwrap();
    assert_eq!(
        lazy.read_slice(ellipsis([], s![1])).unwrap(),
        grid((2, 3, 4)).slice(s![.., .., 1]).into_dyn()
    );
    lazy.write_slice(ellipsis([], s![1]), &ArrayD::from_elem(IxDyn(&[2, 3]), -1.0)).unwrap();
    drop((lazy, file));
    assert_eq!(
        python.eval(&path, "[f['x'][..., 1].sum(), f['x'][..., 2].sum()]"),
        json!([-6.0, 30_000.0 + 600.0 + 12.0])
    );
}

#[test]
fn an_unread_array_is_copied_as_it_is_stored() {
    everywhere(|lazy, grid, path| {
        let copy = path.with_file_name("copy.h5");
        save(&copy, lazy).unwrap();
        assert_eq!(load::<Array3<f64>>(&copy).unwrap(), grid);
        let Some(python) = python() else { return };
        if lazy.file().is_some() {
            let storage = "[f['value'].compression, f['value'].chunks]";
            assert_eq!(python.eval(&copy, storage), python.eval(path, storage));
        }
    });
}

/// A file of 20 GiB of which nothing is stored but what was written.
#[test]
fn a_huge_sparse_file_is_processed_in_little_memory() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("huge.h5");
    python.create(
        &path,
        "x = f.create_dataset('x', (20 * 1024, 1024, 128), 'f8', chunks=(64, 64, 64)); x[5000, 7, 7] = 3.0; x[-1, -1, -1] = 4.0",
    );
    let lazy: LazyArray<f64, Ix3> = File::open(&path).unwrap().read("x").unwrap();
    assert_eq!(lazy.len() * 8, 20 << 30);
    let blocks = lazy.blocks(64 << 20);
    assert_eq!(blocks.shape(), [64, 1024, 128]);
    // A block that has nothing, and those that have something; others are not even looked at.
    let mut blocks = blocks;
    let found =
        [1, 5000 / 64 - 2, 320 - 5000 / 64 - 2].map(|skip| blocks.nth(skip).unwrap().unwrap());
    assert_eq!(found.each_ref().map(|block| block.origin[0]), [64, 5000 / 64 * 64, 20 * 1024 - 64]);
    assert_eq!(found.map(|block| block.array.sum()), [0.0, 3.0, 4.0]);
    assert!(blocks.next().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn random_slices(
        shape in prop::array::uniform2(1usize..40),
        at in prop::array::uniform2((-45isize..45, prop::option::of(-45isize..45), prop_oneof![-5isize..0, 1isize..6])),
        compressed: bool,
    ) {
        let whole = Array2::from_shape_fn((shape[0], shape[1]), |(i, j)| (i * 1000 + j) as i32);
        let options = match compressed {
            true => WriteOptions::new().compression(Compression::Gzip(1)).chunk_bytes(200),
            false => WriteOptions::new(),
        };
        let lazy: LazyArray<i32, IxDyn> = from_bytes(&options.to_bytes(&whole).unwrap()).unwrap();
        let inside = |(start, end, _): (isize, Option<isize>, isize), extent: usize| {
            let bounds = -(extent as isize)..=extent as isize;
            bounds.contains(&start) && end.is_none_or(|end| bounds.contains(&end))
        };
        let [(a, b, c), (d, e, f)] = at;
        let slice = |start, end, step| ndarray::SliceInfoElem::Slice { start, end, step };
        let elements = [slice(a, b, c), slice(d, e, f)];
        let info: ndarray::SliceInfo<_, IxDyn, IxDyn> = unsafe { ndarray::SliceInfo::new(&elements[..]).unwrap() };
        match lazy.read_slice(info) {
            Ok(found) => {
                prop_assert!(inside(at[0], shape[0]) && inside(at[1], shape[1]));
                let expected = whole.clone().into_dyn();
                let expected = expected.slice(info);
                prop_assert_eq!(found.shape(), expected.shape());
                prop_assert!(Zip::from(&found).and(&expected).all(|a, b| a == b));
            }
            Err(error) => {
                prop_assert!(matches!(error.kind(), ErrorKind::OutOfBounds(_)), "{}", error);
                prop_assert!(!(inside(at[0], shape[0]) && inside(at[1], shape[1])));
            }
        }
    }
}

#[test]
fn an_array_is_read_into_memory_that_is_there() {
    everywhere(|lazy, grid, _| {
        let mut memory = Array3::from_elem(grid.raw_dim(), f64::NAN);
        lazy.read_into(&mut memory.view_mut()).unwrap();
        assert_eq!(memory, grid);
        let mut other = Array3::zeros((1, 2, 3));
        let error = lazy.read_into(&mut other.view_mut()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
    });
}
