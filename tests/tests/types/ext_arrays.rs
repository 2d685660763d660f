//! Arrays of ndarray.

use super::ext::{again, refused, round};
use filebacked::{Compression, ErrorKind, FileBacked, WriteOptions, from_bytes, hdf5, to_bytes};
use ndarray::{
    ArcArray, Array, Array0, Array1, Array2, Array3, ArrayD, ArrayView1, Axis, CowArray, Ix2,
    IxDyn, ShapeBuilder, arr0, array, s,
};
use num_complex::Complex;
use std::fmt::Debug;

#[test]
fn every_rank_and_no_elements() {
    round(arr0(7.5));
    round(array![1, 2, 3]);
    round(array![[1u8, 2], [3, 4]]);
    round(Array::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 12 + j * 4 + k) as f32));
    round(Array::from_shape_fn((1, 2, 1, 3, 1, 2), |d| d.1 as i64 - d.3 as i64));
    round(Array1::<f64>::zeros(0));
    round(Array2::<f64>::zeros((0, 3)));
    round(Array2::<f64>::zeros((3, 0)));
    round(Array3::<bool>::from_elem((2, 0, 5), true));
    round(Array2::<String>::from_elem((0, 3), "x".into()));
    for shape in [&[][..], &[0], &[3], &[3, 0], &[2, 3], &[1; 12], &[2, 0, 3, 1, 2, 2, 2]] {
        round(ArrayD::from_elem(IxDyn(shape), 1.5));
    }
}

#[test]
fn every_element() {
    round(array![true, false]);
    round(array![[usize::MAX, 0], [1, 2]]);
    round(array![i128::MIN, -1, i128::MAX]);
    round(array![Complex::new(1.0, -0.0), Complex::new(f64::INFINITY, 0.0)]);
    round(array![half::f16::from_f32(0.1)]);
    round(array!['a', '\0', '€']);
    round(array![std::time::Duration::from_nanos(1)]);
    round(array![[chrono::NaiveDate::MIN], [chrono::NaiveDate::MAX]]);
    round(array![[uuid::Uuid::nil()]]);
    round(array![["".to_string(), "größe".into()], ["x".repeat(500), "y".into()]]);
    round(array![["a\0b".to_string(), "\0".into()], ["".into(), "y".into()]]);
    round(arr0("a\0b".to_string()));
    round(Array2::from_elem((0, 2), "a\0b".to_string()));
    let hard = array![f64::from_bits(0x7ff0_0000_0000_0001), -0.0, f64::NEG_INFINITY, 5e-324];
    let back: Array1<f64> = again(&hard);
    assert!(hard.iter().map(|x| x.to_bits()).eq(back.iter().map(|x| x.to_bits())));
}

#[test]
fn any_order_in_memory() {
    let a = Array::from_shape_fn((4, 5), |(i, j)| i * 5 + j);
    let f = Array::from_shape_vec((4, 5).f(), a.t().iter().copied().collect()).unwrap();
    assert_eq!(f, a);
    assert_eq!(to_bytes(&f).unwrap(), to_bytes(&a).unwrap());
    round(f.clone());
    round(a.t().to_owned());
    let same =
        |view: ndarray::ArrayView2<'_, usize>| assert_eq!(again::<Array2<usize>, _>(&view), view);
    same(a.slice(s![.., 1..3]));
    same(a.slice(s![..;2, ..;-1]));
    same(a.slice(s![1..2, ..;3]));
    same(a.slice(s![.., 2..3]));
    same(a.slice(s![2..2, ..]));
    same(f.slice(s![1.., 1..]));
    same(a.broadcast((4, 5)).unwrap());
    same(array![1usize, 2, 3].broadcast((4, 3)).unwrap());
    same(arr0(7usize).broadcast((2, 2)).unwrap());
    let cube = Array::from_shape_fn((3, 4, 5), |(i, j, k)| i * 20 + j * 5 + k);
    for axis in 0..3 {
        same(cube.index_axis(Axis(axis), 1));
    }
    assert_eq!(
        again::<Array3<usize>, _>(&cube.slice(s![.., ..;2, 1..])),
        cube.slice(s![.., ..;2, 1..])
    );
    let texts = array![["a".to_string(), "b".into()], ["c".into(), "d".into()]];
    assert_eq!(again::<Array2<String>, _>(&texts.t()), texts.t());
    let mut owned = a.clone();
    assert_eq!(again::<Array2<usize>, _>(&owned.view_mut()), a);
}

#[test]
fn every_owner() {
    round(ArcArray::<f64, Ix2>::zeros((2, 3)));
    let cow: CowArray<'static, f64, Ix2> = Array2::zeros((2, 3)).into();
    round(cow);
    let a = array![1.0, 2.0];
    let cow = CowArray::from(a.view());
    assert_eq!(again::<Array1<f64>, _>(&cow), a);
    assert_eq!(again::<Vec<f64>, _>(&a), [1.0, 2.0]);
    assert_eq!(again::<Array2<f64>, _>(&[[1.0, 2.0], [3.0, 4.0]]), array![[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(again::<f64, _>(&arr0(2.5)), 2.5);
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Layer {
    weights: Array2<f32>,
    bias: Option<Array1<f32>>,
    #[filebacked(layout = "stacked")]
    frames: Vec<Array2<u8>>,
    #[filebacked(compression = Compression::Gzip(4))]
    packed: ArrayD<i32>,
    scale: Array0<f64>,
}

fn layer(n: usize) -> Layer {
    Layer {
        weights: Array2::from_elem((n, 3), n as f32),
        bias: n.is_multiple_of(2).then(|| Array1::zeros(n)),
        frames: (0..n).map(|i| Array2::from_elem((2, 5), i as u8).reversed_axes()).collect(),
        packed: ArrayD::from_elem(IxDyn(&[n, 100, 20]), 7),
        scale: arr0(n as f64),
    }
}

#[test]
fn fields_and_rows() {
    round(layer(1));
    round(layer(2));
    round(vec![layer(0), layer(1), layer(2)]);
    round(Vec::<Layer>::new());
    round(vec![array![[1]], array![[2, 3]], Array2::zeros((0, 4))]);
    round(Some(array![1, 2]));
    round(vec![Some(array![1, 2]), None]);
    round(vec![vec![array![1, 2]], vec![]]);
    round([array![1, 2], array![3]]);
    round(Box::new(array![1, 2]));
    let views: Vec<ArrayView1<'_, i32>> = vec![ArrayView1::from(&[1, 2]), ArrayView1::from(&[3])];
    assert_eq!(again::<Vec<Array1<i32>>, _>(&views), vec![array![1, 2], array![3]]);
    let unequal = Layer { frames: vec![Array2::zeros((1, 2)), Array2::zeros((2, 1))], ..layer(1) };
    assert!(matches!(to_bytes(&unequal).unwrap_err().kind(), ErrorKind::Unsupported(_)));
}

#[test]
fn a_stack_is_one_dataset() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.h5");
    filebacked::save(&path, &layer(3)).unwrap();
    let file = hdf5::File::open(&path).unwrap();
    assert_eq!(file.dataset("frames").unwrap().shape(), [3, 5, 2]);
    assert_eq!(file.dataset("scale").unwrap().shape(), [0usize; 0]);
    assert!(file.dataset("packed").unwrap().is_chunked());
    drop(file);
    assert_eq!(filebacked::load::<Layer>(&path).unwrap(), layer(3));
    // Any dataset is a stack of arrays of one dimension less.
    let stack: Vec<Array1<u8>> = again(&array![[1u8, 2], [3, 4]]);
    assert_eq!(stack, [array![1, 2], array![3, 4]]);
    assert_eq!(again::<Vec<Array0<u8>>, _>(&array![1u8, 2]), [arr0(1), arr0(2)]);
    assert_eq!(again::<Vec<ArrayD<u8>>, _>(&Array3::<u8>::zeros((2, 0, 3))).len(), 2);
    assert!(matches!(refused::<Vec<ArrayD<u8>>>(&1u8), ErrorKind::Mismatch { .. }));
}

#[test]
fn another_rank_or_type_is_an_error() {
    for kind in [
        refused::<Array1<f64>>(&array![[1.0]]),
        refused::<Array2<f64>>(&array![1.0]),
        refused::<Array0<f64>>(&array![1.0]),
        refused::<Array1<f64>>(&1.0),
        refused::<f64>(&array![1.0]),
        refused::<Array1<f64>>(&array!["a".to_string()]),
        refused::<Array1<String>>(&array![1.0]),
        refused::<Array1<String>>(&array![["a\0".to_string()]]),
        refused::<ArrayD<f64>>(&(1, 2)),
        refused::<Array1<bool>>(&array![1.0]),
    ] {
        assert!(matches!(kind, ErrorKind::Mismatch { .. }), "{kind:?}");
    }
    assert!(matches!(refused::<Array1<u8>>(&array![256]), ErrorKind::OutOfRange { .. }));
    assert_eq!(again::<Array2<f64>, _>(&array![[1u8, 2]]), array![[1.0, 2.0]]);
}

#[test]
fn arrays_of_others() {
    let dir = tempfile::tempdir().unwrap();
    let file = hdf5::File::create(dir.path().join("x.h5")).unwrap();
    let wanted = Array::from_shape_fn((30, 40), |(i, j)| (i * 40 + j) as i32);
    file.new_dataset_builder()
        .with_data(&wanted)
        .chunk((7, 9))
        .deflate(3)
        .create("chunked")
        .unwrap();
    assert_eq!(filebacked::read::<Array2<i64>>(&file, "chunked").unwrap(), wanted.mapv(i64::from));
    file.new_dataset::<u8>().shape((usize::MAX / 2, 0)).create("huge").unwrap();
    assert!(filebacked::read::<Array2<u8>>(&file, "huge").unwrap().is_empty());
    let error = filebacked::read::<Vec<Array1<u8>>>(&file, "huge").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit(_)), "{error}");
    file.new_dataset::<u8>().shape((usize::MAX / 2, 0, 4)).create("huger").unwrap();
    let error = filebacked::read::<ArrayD<u8>>(&file, "huger").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
}

#[test]
fn options_reach_arrays() {
    let a = Array2::<f64>::zeros((100, 100));
    let small = WriteOptions::new().compression(Compression::Gzip(6)).to_bytes(&a).unwrap();
    assert!(small.len() < 10_000);
    assert_eq!(from_bytes::<Array2<f64>>(&small).unwrap(), a);
}
