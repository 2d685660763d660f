//! The objects in the files of `golden/python`, which Python's FileBacked 2.1.0 wrote, as types of
//! Rust.

use filebacked::FileBacked;
use half::f16;
use ndarray::{Array1, Array2, Array3, ArrayD, array};
use num_complex::Complex;
use serde_json::Value;
use sprs::{CsMatI, TriMatI};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where a file is.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/python").join(format!("{name}.h5"))
}

/// What Python reads back: the type and the printed value of each attribute.
pub fn readback(name: &str) -> Value {
    let text = std::fs::read_to_string(path(name).with_extension("readback.json"))
        .expect("the file is there");
    serde_json::from_str(&text).expect("it is JSON")
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct Scalars {
    pub py_int: i64,
    pub py_int_neg: i64,
    pub py_int_max: i64,
    pub py_int_u64: u64,
    pub py_float: f64,
    pub py_float_nan: f64,
    pub py_float_inf: f64,
    pub np_f64: f64,
    pub np_f32: f32,
    pub np_f16: f16,
    pub np_i64: i64,
    pub np_i32: i32,
    pub np_i16: i16,
    pub np_i8: i8,
    pub float_holding_int: i64,
    pub int_holding_float: f64,
}

pub fn scalars() -> Scalars {
    Scalars {
        py_int: 42,
        py_int_neg: -7,
        py_int_max: i64::MAX,
        py_int_u64: 1 << 63,
        py_float: std::f64::consts::PI,
        py_float_nan: f64::NAN,
        py_float_inf: f64::NEG_INFINITY,
        np_f64: 1.5,
        np_f32: 2.5,
        np_f16: f16::from_f32(0.5),
        np_i64: -64,
        np_i32: -32,
        np_i16: -16,
        np_i8: -8,
        float_holding_int: 5,
        int_holding_float: 5.5,
    }
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct Strings {
    pub ascii: String,
    pub unicode: String,
    pub empty: String,
    pub long: String,
    pub trailing_space: String,
    pub trailing_nul: String,
    pub embedded_nul: String,
}

pub fn strings() -> Strings {
    Strings {
        ascii: "FileBacked".into(),
        unicode: "héllo 世界 😀".into(),
        empty: String::new(),
        long: "x".repeat(70_000),
        trailing_space: "abc  ".into(),
        trailing_nul: "abc".into(),
        embedded_nul: "a\0b".into(),
    }
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct Arrays {
    pub i1: Array1<i8>,
    pub i2: Array1<i16>,
    pub i4: Array1<i32>,
    pub i8: Array1<i64>,
    pub u1: Array1<u8>,
    pub u2: Array1<u16>,
    pub u4: Array1<u32>,
    pub u8: Array1<u64>,
    pub f2: Array1<f16>,
    pub f4: Array1<f32>,
    pub f8: Array2<f64>,
    pub c8: Array1<Complex<f32>>,
    pub c16: Array2<Complex<f64>>,
    pub boolean: Array1<bool>,
    pub bytes_s: Array1<String>,
    pub empty: Array1<f64>,
    pub empty2d: Array2<i32>,
    pub d3: Array3<i64>,
    pub fortran: Array2<f64>,
    pub strided: Array1<i64>,
    pub one: Array1<i64>,
}

pub fn arrays() -> Arrays {
    Arrays {
        i1: array![-1, 2],
        i2: array![-300, 2],
        i4: array![-70_000, 2],
        i8: array![-(1 << 40), 2],
        u1: array![255],
        u2: array![65_535],
        u4: array![u32::MAX],
        u8: array![u64::MAX],
        f2: array![f16::from_f32(0.5), f16::from_f32(-2.0)],
        f4: array![0.25, f32::NAN],
        f8: array![[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
        c8: array![Complex::new(1.0, 2.0)],
        c16: array![[Complex::new(1.0, 2.0), Complex::new(3.0, -4.0)]],
        boolean: array![true, false, true],
        bytes_s: array!["ab".to_string(), "cde".to_string()],
        empty: array![],
        empty2d: Array2::zeros((0, 4)),
        d3: Array3::from_shape_vec((2, 3, 4), (0..24).collect()).expect("24 numbers"),
        fortran: array![[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]].reversed_axes(),
        strided: array![0, 2, 4, 6, 8],
        one: array![7],
    }
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct Sparse {
    pub csr: CsMatI<f64, i32>,
    pub csc: CsMatI<f64, i32>,
    pub coo: TriMatI<f64, i32>,
    pub csr_typed: CsMatI<f64, i32>,
    pub csr_f32: CsMatI<f32, i32>,
    pub csr_empty: CsMatI<f64, i32>,
    pub csr_i64: CsMatI<f64, i64>,
}

pub fn sparse() -> Sparse {
    let (shape, data) = ((4, 3), vec![1.0, 2.0, 3.0, 4.0, 5.0]);
    let starts = vec![0, 2, 3, 5, 5];
    let csr = CsMatI::new(shape, starts, vec![0, 2, 2, 0, 1], data.clone());
    let wide = CsMatI::new(shape, vec![0i64, 2, 3, 5, 5], vec![0i64, 2, 2, 0, 1], data.clone());
    Sparse {
        csc: csr.to_csc(),
        coo: TriMatI::from_triplets(shape, vec![0, 0, 1, 2, 2], vec![0, 2, 2, 0, 1], data),
        csr_typed: csr.clone(),
        csr_f32: csr.map(|value| *value as f32),
        csr_empty: CsMatI::zero((3, 5)),
        csr_i64: wide,
        csr,
    }
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
#[filebacked(module = "make_golden")]
pub struct Inner {
    pub n: i64,
    pub label: String,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
#[filebacked(module = "make_golden")]
pub struct InnerSub {
    #[filebacked(flatten)]
    pub inner: Inner,
    pub extra: f64,
}

pub fn inner(n: i64, label: &str) -> Inner {
    Inner { n, label: label.into() }
}

pub fn inner_sub() -> InnerSub {
    InnerSub { inner: inner(2, "sub"), extra: 0.5 }
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct Seqs {
    pub int_tuple: [i64; 3],
    pub str_tuple: [String; 3],
    pub float_list: Vec<f64>,
    pub int_list: Vec<i64>,
    pub mixed_num_list: Vec<f64>,
    pub str_list: Vec<String>,
    pub builtin_list: Vec<i64>,
    pub builtin_tuple: Vec<i64>,
    pub empty_float_list: Vec<f64>,
    pub empty_int_list: Vec<i64>,
    pub empty_str_list: Vec<String>,
    pub empty_tuple: Vec<i64>,
    pub nested_list: Vec<Vec<i64>>,
    pub nested_list_ragged: Vec<Vec<i64>>,
    pub list_of_str_lists: Vec<Vec<String>>,
    pub tuple_of_lists: Vec<Vec<f64>>,
    pub array_list: Vec<ArrayD<f64>>,
    pub obj_list: Vec<Inner>,
    pub obj_tuple: Vec<Inner>,
    pub twelve: Vec<String>,
}

pub fn texts<const N: usize>(texts: [&str; N]) -> [String; N] {
    texts.map(String::from)
}

pub fn seqs() -> Seqs {
    Seqs {
        int_tuple: [1, 2, 3],
        str_tuple: texts(["alpha", "bravo", "charlie"]),
        float_list: vec![1.0, 2.5, -3.0],
        int_list: vec![1, 2, 3],
        mixed_num_list: vec![1.0, 2.5],
        str_list: texts(["alpha", "", "β"]).into(),
        builtin_list: vec![4, 5],
        builtin_tuple: vec![6, 7],
        empty_float_list: vec![],
        empty_int_list: vec![],
        empty_str_list: vec![],
        empty_tuple: vec![],
        nested_list: vec![vec![1, 2], vec![3, 4]],
        nested_list_ragged: vec![vec![1], vec![], vec![2, 3]],
        list_of_str_lists: vec![texts(["a"]).into(), vec![], texts(["b", "c"]).into()],
        tuple_of_lists: vec![vec![1.0], vec![2.0, 3.0]],
        array_list: vec![
            array![0.0, 1.0, 2.0].into_dyn(),
            array![[1.0, 0.0], [0.0, 1.0]].into_dyn(),
        ],
        obj_list: vec![inner(1, "one"), inner(2, "two")],
        obj_tuple: vec![inner(3, "three")],
        twelve: (0..12).map(|i| format!("s{i}")).collect(),
    }
}

/// A key that is no name: `Dict[float, ...]`.
#[derive(FileBacked, Debug, PartialEq, PartialOrd, Clone, Copy)]
pub struct Float(pub f64);

impl Eq for Float {}

#[allow(clippy::derive_ord_xor_partial_ord)]
impl Ord for Float {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct Dicts {
    pub str_int: BTreeMap<String, i64>,
    pub str_str: BTreeMap<String, String>,
    pub int_int: BTreeMap<i64, i64>,
    pub int_neg: BTreeMap<i64, f64>,
    pub tuple_key: BTreeMap<Vec<String>, i64>,
    pub float_key: BTreeMap<Float, String>,
    pub str_list: BTreeMap<String, Vec<i64>>,
    pub str_array: BTreeMap<String, Array2<f64>>,
    pub str_obj: BTreeMap<String, Inner>,
    pub nested: BTreeMap<String, BTreeMap<String, i64>>,
    pub empty: BTreeMap<String, i64>,
    pub unicode_key: BTreeMap<String, i64>,
    pub builtin: BTreeMap<String, i64>,
    pub unordered: BTreeMap<String, i64>,
}

pub fn map<V, const N: usize>(entries: [(&str, V); N]) -> BTreeMap<String, V> {
    entries.into_iter().map(|(key, value)| (key.to_string(), value)).collect()
}

pub fn dicts() -> Dicts {
    let tuple = |key: &[&str]| key.iter().map(|part| part.to_string()).collect::<Vec<_>>();
    Dicts {
        str_int: map([("alpha", 1), ("beta", 2)]),
        str_str: map([("k", "v".into()), ("e", String::new())]),
        int_int: [(1, 2), (2, 3), (10, 4)].into(),
        int_neg: [(-1, 0.5), (3, 1.5)].into(),
        tuple_key: [(tuple(&["one", "two"]), 3), (tuple(&["four"]), 6), (tuple(&[]), 9)].into(),
        float_key: [(Float(0.5), "half".to_string())].into(),
        str_list: map([("a", vec![1, 2]), ("b", vec![])]),
        str_array: map([("m", Array2::eye(2))]),
        str_obj: map([("o", inner(5, "five"))]),
        nested: map([("x", map([("y", 1)])), ("z", map([]))]),
        empty: map([]),
        unicode_key: map([("αβ", 1), ("with space", 2), ("dot.dot", 3)]),
        builtin: map([("q", 1)]),
        unordered: map([("zeta", 1), ("alpha", 2), ("Mid", 3)]),
    }
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct Opts {
    pub str_present: Option<String>,
    pub str_absent: Option<String>,
    pub int_present: Option<i64>,
    pub float_present: Option<f64>,
    pub obj_present: Option<Inner>,
    pub obj_absent: Option<Inner>,
    pub array_present: Option<Array1<i64>>,
}

pub fn opts() -> Opts {
    Opts {
        str_present: Some("has".into()),
        str_absent: None,
        int_present: Some(3),
        float_present: Some(2.5),
        obj_present: Some(inner(1, "x")),
        obj_absent: None,
        array_present: Some(array![0, 1, 2]),
    }
}

/// `Union[int, str, float]`.
#[derive(FileBacked, Debug, PartialEq, Clone)]
pub enum Atom {
    Int(i64),
    Str(String),
    Float(f64),
}

/// `Union[Inner, int]`.
#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(tag = "typeid")]
pub enum InnerOrInt {
    Inner(Inner),
    Int(i64),
}

/// `Union[np.ndarray, str]`.
#[derive(FileBacked, Debug, PartialEq)]
pub enum ArrayOrStr {
    Array(Array1<f64>),
    Str(String),
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct Unions {
    pub u_int: Atom,
    pub u_str: Atom,
    pub u_float: Atom,
    pub u_obj: InnerOrInt,
    pub u_arr: ArrayOrStr,
}

pub fn unions() -> Unions {
    Unions {
        u_int: Atom::Int(1),
        u_str: Atom::Str("alpha".into()),
        u_float: Atom::Float(4.5),
        u_obj: InnerOrInt::Inner(inner(9, "nine")),
        u_arr: ArrayOrStr::Array(array![0.0, 1.0]),
    }
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct Nested {
    pub inner: Inner,
    pub sub: InnerSub,
    pub deep: Nested2,
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct Nested2 {
    pub inner: Inner,
    pub name: String,
}

pub fn nested() -> Nested {
    let deep = Nested2 { inner: inner(3, "deep"), name: "nm".into() };
    Nested { inner: inner(1, "in"), sub: inner_sub(), deep }
}

/// `FileBackedDict[str, str]`.
#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct StrDict(pub BTreeMap<String, String>);

/// `FileBackedDict[int, str]`.
#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct IntDict(pub BTreeMap<i64, String>);

/// `FileBackedDict[Tuple[int, ...], str]`.
#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct TupleDict(pub BTreeMap<Vec<i64>, String>);

/// A member of the class or of the one derived from it, told apart by what else there is.
#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct ObjDict(pub BTreeMap<String, Inner>);

pub fn str_dict() -> StrDict {
    StrDict(map([("a", "alpha".into()), ("b", "bravo".into()), ("c", String::new())]))
}

pub fn int_dict() -> IntDict {
    let entries = [(10, "alpha"), (100, "bravo"), (512, "charlie"), (-3, "neg"), (9, "nine")];
    IntDict(entries.into_iter().map(|(key, value)| (key, value.to_string())).collect())
}

pub fn tuple_dict() -> TupleDict {
    let entries: [(&[i64], &str); 4] =
        [(&[1, 2], "alpha"), (&[3, 4, 5], "bravo"), (&[6], "charlie"), (&[], "delta")];
    TupleDict(entries.into_iter().map(|(key, value)| (key.to_vec(), value.to_string())).collect())
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
pub struct Ignoring {
    pub saved: i64,
}
