//! What Python's FileBacked 2.1.0 wrote, read without a word about it.

use filebacked::options::Conversion;
use filebacked::{ErrorKind, File, FileBacked, ReadOptions};
use filebacked_tests::golden::{self, *};
use filebacked_tests::{python, scratch};
use ndarray::{Array1, array};
use std::collections::BTreeMap;
use std::fmt::Debug;

fn load<T: FileBacked>(name: &str) -> T {
    filebacked::load(golden::path(name)).unwrap_or_else(|error| panic!("{error}"))
}

/// Asserts that a file has this value, by path and by its bytes.
#[track_caller]
fn holds<T: FileBacked + PartialEq + Debug>(name: &str, expected: &T) {
    assert_eq!(load::<T>(name), *expected);
    let bytes = std::fs::read(golden::path(name)).unwrap();
    assert_eq!(filebacked::from_bytes::<T>(&bytes).unwrap(), *expected);
    let file = File::open(golden::path(name)).unwrap();
    assert_eq!(file.read_root::<T>().unwrap(), *expected);
}

#[test]
fn scalars_of_every_hint() {
    let mut found: Scalars = load("scalars");
    assert!(found.py_float_nan.is_nan());
    found.py_float_nan = 0.0;
    assert_eq!(found, Scalars { py_float_nan: 0.0, ..golden::scalars() });
    // The expectation is Python's own word.
    let said = golden::readback("scalars");
    let said = |name: &str| {
        said[name].as_str().and_then(|text| text.split_once(": ")).unwrap().1.to_string()
    };
    assert_eq!(said("py_int_u64"), found.py_int_u64.to_string());
    assert_eq!(said("py_float"), found.py_float.to_string());
    assert_eq!(said("py_float_inf"), "-inf");
    assert_eq!(said("np_f16"), found.np_f16.to_string());
    assert_eq!(said("int_holding_float"), found.int_holding_float.to_string());
}

#[test]
fn what_the_hint_does_not_say() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct AsHinted {
        float_holding_int: f64,
        int_holding_bool: i64,
        np_f128: f64,
    }
    holds("scalars", &AsHinted { float_holding_int: 5.0, int_holding_bool: 1, np_f128: 1.25 });

    #[derive(FileBacked, Debug, PartialEq)]
    struct AsStored {
        int_holding_bool: bool,
    }
    holds("scalars", &AsStored { int_holding_bool: true });

    #[derive(FileBacked, Debug)]
    struct Narrow {
        #[allow(dead_code)]
        int_holding_float: i64,
    }
    let error = filebacked::load::<Narrow>(golden::path("scalars")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutOfRange { .. }), "{error}");
    assert!(error.to_string().contains("int_holding_float"), "{error}");
}

#[test]
fn long_doubles_are_converted_as_the_options_allow() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("long.h5");
    let code = "
third = np.longdouble(1) / 3
tiny = np.nextafter(np.longdouble(0), np.longdouble(1))
edge = np.longdouble(np.nextafter(0.0, 1.0))
f['fits'] = np.array([0, -0.0, 1, -1.25, 2.0**-1074, 1.7976931348623157e308, np.inf, -np.inf, 2.0**-1050 * 3], np.longdouble)
f['nan'] = np.longdouble('nan')
f['third'] = third
f['big'] = np.longdouble(2) ** 5000
f['tiny'] = tiny
f['ties'] = np.array([1 + np.longdouble(2) ** -53, 1 + np.longdouble(2) ** -53 * 3, edge / 2, edge * 3 / 2, edge / 2 + edge / 4], np.longdouble)
f['whole'] = np.longdouble(2) ** 63 + 1
f['swapped'] = np.array([1.5, -3.0], np.longdouble).astype(np.dtype(np.longdouble).newbyteorder('>'))
result = [float(v).hex() for v in f['ties'][:]]
";
    let ties = python.create(&path, code);
    let file = File::open(&path).unwrap();
    let fits = [
        0.0,
        -0.0,
        1.0,
        -1.25,
        5e-324,
        f64::MAX,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::from_bits(3 << 24),
    ];
    let found: Vec<f64> = file.read("fits").unwrap();
    assert_eq!(found.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), fits.map(f64::to_bits));
    assert!(file.read::<f64>("nan").unwrap().is_nan());
    assert_eq!(file.read::<Vec<f64>>("swapped").unwrap(), [1.5, -3.0]);
    let error = file.read::<f64>("third").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::OutOfRange { stored, .. } if stored == "f80"),
        "{error}"
    );

    let any = ReadOptions::new().conversion(Conversion::Any);
    assert_eq!(file.read_with::<f64>("third", &any).unwrap(), 1.0 / 3.0);
    assert_eq!(file.read_with::<f64>("tiny", &any).unwrap(), 0.0);
    let found: Vec<f64> = file.read_with("ties", &any).unwrap();
    let hex = |text: &str| match text {
        "0x0.0p+0" => 0.0,
        "0x1.0000000000000p+0" => 1.0,
        "0x1.0000000000002p+0" => 1.0 + 2.0 * f64::EPSILON,
        "0x0.0000000000001p-1022" => 5e-324,
        "0x0.0000000000002p-1022" => 1e-323,
        other => panic!("{other}"),
    };
    let expected: Vec<f64> =
        ties.as_array().unwrap().iter().map(|text| hex(text.as_str().unwrap())).collect();
    assert_eq!(found, expected);
    // Neither saturated nor rounded silently.
    assert!(matches!(
        file.read_with::<f64>("big", &any).unwrap_err().kind(),
        ErrorKind::OutOfRange { .. }
    ));
    assert!(matches!(file.read::<u64>("whole").unwrap_err().kind(), ErrorKind::OutOfRange { .. }));
    for policy in [Conversion::Exact, Conversion::Widen] {
        let strict = ReadOptions::new().conversion(policy);
        assert!(matches!(
            file.read_with::<f64>("nan", &strict).unwrap_err().kind(),
            ErrorKind::Mismatch { .. }
        ));
    }
}

#[test]
fn strings_marked_ascii_hold_utf8() {
    holds("strings", &golden::strings());
}

#[test]
fn arrays_of_every_type() {
    let mut found: Arrays = load("arrays");
    assert!(found.f4[1].is_nan());
    found.f4[1] = 0.0;
    assert_eq!(found, Arrays { f4: array![0.25, 0.0], ..golden::arrays() });

    #[derive(FileBacked, Debug, PartialEq)]
    struct Foreign {
        be_i4: Array1<i32>,
        be_f8: Array1<f64>,
        f16: Array1<f64>,
        boolean: Array1<u8>,
    }
    let expected = Foreign {
        be_i4: array![1, 2],
        be_f8: array![1.5],
        f16: array![1.25],
        boolean: array![1, 0, 1],
    };
    holds("arrays", &expected);

    #[derive(FileBacked, Debug, PartialEq)]
    struct Record {
        a: i32,
        b: f64,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Structured {
        #[filebacked(rename = "struct")]
        records: Vec<Record>,
    }
    holds("arrays", &Structured { records: vec![Record { a: 1, b: 2.5 }] });
}

#[test]
fn sparse_matrices_of_three_formats() {
    let found: Sparse = load("sparse");
    assert!(found.csc.is_csc() && found.csr.is_csr());
    assert_eq!(found, golden::sparse());
    assert_eq!(found.csr_empty.shape(), (3, 5));
}

#[test]
fn lists_and_tuples() {
    holds("seqs", &golden::seqs());
}

#[test]
fn dicts_of_every_key() {
    holds("dicts", &golden::dicts());
    let said = golden::readback("dicts");
    assert_eq!(said["int_int"], "dict: {1: 2, 10: 4, 2: 3}");
}

#[test]
fn options_of_what_is_there_and_what_is_not() {
    holds("opts", &golden::opts());
}

#[test]
fn unions_by_typeid() {
    holds("unions", &golden::unions());
    // A bool is an int to Python.
    #[derive(FileBacked, Debug, PartialEq)]
    enum IntOrStr {
        Int(i64),
        Str(String),
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Bool {
        u_bool: IntOrStr,
    }
    holds("unions", &Bool { u_bool: IntOrStr::Int(1) });

    #[derive(FileBacked, Debug, PartialEq)]
    struct ByResult {
        u_obj: Result<Inner, i64>,
    }
    holds("unions", &ByResult { u_obj: Ok(inner(9, "nine")) });

    #[derive(FileBacked, Debug)]
    #[allow(dead_code)]
    enum TooFew {
        Int(i64),
    }
    #[derive(FileBacked, Debug)]
    #[allow(dead_code)]
    struct Few {
        u_str: TooFew,
    }
    let error = filebacked::load::<Few>(golden::path("unions")).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::UnknownVariant { found, .. } if found == "number 1"),
        "{error}"
    );
    assert!(error.to_string().contains("u_str"), "{error}");
}

#[test]
fn objects_in_objects() {
    holds("nested", &golden::nested());
    holds("ignoring", &Ignoring { saved: 1 });
    // A subclass is read as its base class too.
    #[derive(FileBacked, Debug, PartialEq)]
    struct Based {
        sub: Inner,
    }
    holds("nested", &Based { sub: inner(2, "sub") });
}

#[test]
fn dicts_that_are_the_file() {
    holds("strdict", &golden::str_dict());
    holds("intdict", &golden::int_dict());
    holds("tupledict", &golden::tuple_dict());
    holds("objdict", &ObjDict(map([("p", inner(1, "p")), ("q", inner(2, "sub"))])));
    // The newtype is for writing.
    holds("strdict", &golden::str_dict().0);
    holds("tupledict", &golden::tuple_dict().0);
}

#[test]
fn what_pickle_made_is_bytes() {
    #[derive(FileBacked)]
    struct Pickled {
        any_object: Vec<u8>,
        any_none: Vec<u8>,
    }
    let found: Pickled = load("pickled");
    for pickle in [&found.any_object, &found.any_none] {
        assert!(pickle.starts_with(b"\x80") && pickle.ends_with(b"."), "{pickle:?}");
    }
    #[derive(FileBacked)]
    struct Allowed {
        s: Vec<u8>,
        b: Vec<u8>,
        flag: Vec<u8>,
    }
    let found: Allowed = load("pickled_allow");
    for pickle in [&found.s, &found.b, &found.flag] {
        assert!(pickle.starts_with(b"\x80") && pickle.ends_with(b"."), "{pickle:?}");
    }
    #[derive(FileBacked, Debug)]
    #[allow(dead_code)]
    struct AsBool {
        flag: bool,
    }
    let error = filebacked::load::<AsBool>(golden::path("pickled_allow")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
    #[derive(FileBacked, Debug)]
    #[allow(dead_code)]
    struct AsText {
        any_object: String,
    }
    let error = filebacked::load::<AsText>(golden::path("pickled")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Invalid(_)), "{error}");
    assert!(format!("{error:#}").contains("Vec<u8>"), "{error}");
}

#[test]
fn a_key_with_a_slash_is_a_group() {
    #[derive(FileBacked, Debug)]
    #[allow(dead_code)]
    struct Slash {
        slash_key: BTreeMap<String, i64>,
    }
    let error = filebacked::load::<Slash>(golden::path("bad_dict_slash")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
    assert!(error.to_string().contains("slash_key/a"), "{error}");

    #[derive(FileBacked, Debug, PartialEq)]
    struct Groups {
        slash_key: BTreeMap<String, BTreeMap<String, i64>>,
    }
    holds("bad_dict_slash", &Groups { slash_key: map([("a", map([("b", 1), ("c", 2)]))]) });
}

#[test]
fn values_without_an_object() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Top {
        an_int: i64,
        a_str: String,
        arr: Array1<i64>,
        lst: Vec<i64>,
        dct: BTreeMap<String, f64>,
        obj: Inner,
        opt: Option<i64>,
        #[filebacked(rename = "deep/path/int")]
        deep: i64,
    }
    let top = Top {
        an_int: 3,
        a_str: "hello".into(),
        arr: array![0, 1, 2, 3],
        lst: vec![1, 2, 3],
        dct: map([("a", 1.5)]),
        obj: inner(1, "top"),
        opt: Some(5),
        deep: 4,
    };
    holds("toplevel", &top);
    let file = File::open(golden::path("toplevel")).unwrap();
    assert_eq!(file.read::<i64>("deep/path/int").unwrap(), 4);
    assert_eq!(file.read::<Inner>("obj").unwrap(), inner(1, "top"));
    let mat: sprs::CsMat<f64> = file.read("mat").unwrap();
    assert_eq!(mat, sprs::CsMat::eye(3));
    assert!(file.read::<Vec<u8>>("any").unwrap().ends_with(b"."));
}

#[test]
fn keys_that_look_like_another_form() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("keys.h5");
    let code = "
fb = filebacked
from typing import Dict, List, Tuple
fb.write(f, 'keys', {'keys': 1, 'values': 2}, Dict[str, int])
fb.write(f, 'numbered', {0: {'key': 1, 'value': 2}}, Dict[int, Dict[str, int]])
fb.write(f, 'np_keys', {np.int64(7): 'seven', np.int64(-1): 'one'}, Dict[np.int64, str])
fb.write(f, 'twelve', {(i,): i * i for i in range(12)}, Dict[Tuple[int, ...], int])
fb.write(f, 'none', {}, Dict[Tuple[int, ...], int])
fb.write(f, 'lists', [[], ['x']], List[List[str]])
fb.write(f, 'bools', [True, False], List[int])
";
    python.create(&path, code);
    let file = File::open(&path).unwrap();
    assert_eq!(
        file.read::<BTreeMap<String, i64>>("keys").unwrap(),
        map([("keys", 1), ("values", 2)])
    );
    let numbered: BTreeMap<i64, BTreeMap<String, i64>> = file.read("numbered").unwrap();
    assert_eq!(numbered, [(0, map([("key", 1), ("value", 2)]))].into());
    let np_keys: BTreeMap<i64, String> = file.read("np_keys").unwrap();
    assert_eq!(np_keys, [(7, "seven".into()), (-1, "one".into())].into());
    let twelve: BTreeMap<Vec<i64>, i64> = file.read("twelve").unwrap();
    assert_eq!(twelve, (0..12).map(|i| (vec![i], i * i)).collect());
    assert!(file.read::<BTreeMap<Vec<i64>, i64>>("none").unwrap().is_empty());
    assert_eq!(file.read::<Vec<Vec<String>>>("lists").unwrap(), [vec![], vec!["x".to_string()]]);
    assert_eq!(file.read::<Vec<i64>>("bools").unwrap(), [1, 0]);
    assert_eq!(file.read::<[i64; 2]>("bools").unwrap(), [1, 0]);
}
