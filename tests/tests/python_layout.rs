//! What is written for Python's FileBacked 2.1.0, beside the files that it wrote itself, and read by it.

use filebacked::{Error, ErrorKind, File, FileBacked, Layout, Overwrite, Save, WriteOptions};
use filebacked_tests::golden::{self, *};
use filebacked_tests::{Python, h5dump, python, scratch};
use ndarray::{Array0, Array1, Array2, array, aview1};
use num_complex::Complex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

const CLASSES: &str = include_str!("../python/golden_classes.py");

fn for_python() -> WriteOptions {
    WriteOptions::new().layout(Layout::Python)
}

/// Runs code in the module of the classes.
#[track_caller]
fn run(python: &Python, code: &str) -> Value {
    let code = format!("{CLASSES}\n{code}");
    let request = json!({"op": "exec", "module": "make_golden", "code": code});
    python.ask(&request).unwrap_or_else(|error| panic!("{error}"))
}

/// What h5dump prints of everything but these datasets and groups.
fn dump(file: &Path, without: &[&str]) -> Option<String> {
    let text = h5dump(&[], file)?;
    let mut kept = String::new();
    let mut skipped: Option<usize> = None;
    // The first line has the name of the file.
    for line in text.lines().skip(1) {
        let indent = line.len() - line.trim_start().len();
        if let Some(start) = skipped {
            if indent == start && line.trim() == "}" {
                skipped = None;
            }
            continue;
        }
        let head = line.trim().strip_suffix(" {").and_then(|line| line.split_once(' '));
        let named = head.is_some_and(|(kind, name)| {
            matches!(kind, "DATASET" | "GROUP") && without.contains(&name.trim_matches('"')) && indent == 3
        });
        if named {
            skipped = Some(indent);
            continue;
        }
        kept += line;
        kept.push('\n');
    }
    Some(kept)
}

/// Asserts that a value is written as Python wrote it, but for what no type of the value has.
#[track_caller]
fn as_golden<T: FileBacked + Debug>(name: &str, class: &str, value: &T, without: &[&str]) {
    let (_dir, path) = scratch("ours.h5");
    for_python().save(&path, value).unwrap_or_else(|error| panic!("{error}"));
    if let (Some(ours), Some(theirs)) = (dump(&path, &[]), dump(&golden::path(name), without)) {
        assert_eq!(ours, theirs);
    }
    if let Some(python) = python() {
        let code = format!("compare({class:?}, {:?}, {:?})", path, golden::path(name));
        run(python, &code);
    }
}

#[test]
fn scalars_as_python_writes_them() {
    let without = ["int_holding_bool", "np_f128"];
    as_golden("scalars", "Scalars", &golden::scalars(), &without);
}

#[test]
fn strings_as_python_writes_them() {
    as_golden("strings", "Strings", &golden::strings(), &[]);
}

#[test]
fn arrays_as_python_writes_them() {
    let without = ["be_i4", "be_f8", "f16", "struct"];
    as_golden("arrays", "Arrays", &golden::arrays(), &without);
}

#[test]
fn sparse_matrices_as_python_writes_them() {
    as_golden("sparse", "Sparse", &golden::sparse(), &[]);
}

#[test]
fn lists_as_python_writes_them() {
    // Of arrays of several types a `Vec` has one only.
    #[derive(FileBacked, Debug)]
    #[filebacked(module = "make_golden", name = "Seqs")]
    struct AllSeqs {
        #[filebacked(flatten)]
        seqs: Lists,
        array_list: Arrays2,
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(module = "make_golden", name = "Seqs")]
    struct Lists {
        int_tuple: [i64; 3],
        str_tuple: [String; 3],
        float_list: Vec<f64>,
        int_list: Vec<i64>,
        mixed_num_list: Vec<f64>,
        str_list: Vec<String>,
        builtin_list: Vec<i64>,
        builtin_tuple: Vec<i64>,
        empty_float_list: Vec<f64>,
        empty_int_list: Vec<i64>,
        empty_str_list: Vec<String>,
        empty_tuple: Vec<i64>,
        nested_list: Vec<Vec<i64>>,
        nested_list_ragged: Vec<Vec<i64>>,
        list_of_str_lists: Vec<Vec<String>>,
        tuple_of_lists: Vec<Vec<f64>>,
        obj_list: Vec<Inner>,
        obj_tuple: Vec<Inner>,
        twelve: Vec<String>,
    }
    type Arrays2 = BTreeMap<String, IntOrFloat>;
    #[derive(FileBacked, Debug)]
    #[filebacked(transparent)]
    struct IntOrFloat {
        array: ndarray::ArrayD<f64>,
    }
    let lists: Lists = filebacked::load(golden::path("seqs")).unwrap();
    let arrays = golden::seqs().array_list.into_iter().map(|array| IntOrFloat { array });
    let array_list = arrays.enumerate().map(|(i, array)| (i.to_string(), array)).collect();
    let (_dir, path) = scratch("lists.h5");
    for_python().save(&path, &AllSeqs { seqs: lists, array_list }).unwrap();
    if let (Some(ours), Some(theirs)) = (dump(&path, &["array_list"]), dump(&golden::path("seqs"), &["array_list"])) {
        assert_eq!(ours, theirs);
    }

    let (_dir, path) = scratch("seqs.h5");
    for_python().save(&path, &golden::seqs()).unwrap();
    if let Some(python) = python() {
        run(python, &format!("compare('Seqs', {:?}, {:?})", path, golden::path("seqs")));
    }
}

#[test]
fn dicts_as_python_writes_them() {
    // Pairs are numbered in the order of the dict, here of the keys.
    let dicts = golden::dicts();
    let (_dir, path) = scratch("dicts.h5");
    for_python().save(&path, &dicts).unwrap();
    let pairs = ["tuple_key"];
    if let (Some(ours), Some(theirs)) = (dump(&path, &pairs), dump(&golden::path("dicts"), &pairs)) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(filebacked::load::<Dicts>(&path).unwrap(), dicts);
    if let Some(python) = python() {
        run(python, &format!("compare('Dicts', {:?}, {:?})", path, golden::path("dicts")));
    }
}

#[test]
fn options_unions_and_objects_as_python_writes_them() {
    as_golden("opts", "Opts", &golden::opts(), &[]);
    as_golden("unions", "Unions", &golden::unions(), &["u_bool"]);
    as_golden("nested", "Nested", &golden::nested(), &[]);
    as_golden("ignoring", "Ignoring", &Ignoring { saved: 1 }, &[]);
}

#[test]
fn dicts_that_are_the_file_as_python_writes_them() {
    as_golden("strdict", "StrDict", &golden::str_dict(), &[]);
    as_golden("intdict", "IntDict", &golden::int_dict(), &[]);
    // A value is of one type in Rust, which the class of the subclass is a variant of.
    #[derive(FileBacked, Debug)]
    #[filebacked(module = "make_golden")]
    struct ObjDict {
        p: Inner,
        q: InnerSub,
    }
    as_golden("objdict", "ObjDict", &ObjDict { p: inner(1, "p"), q: inner_sub() }, &[]);

    let (_dir, path) = scratch("tuples.h5");
    for_python().save(&path, &golden::tuple_dict()).unwrap();
    assert_eq!(filebacked::load::<TupleDict>(&path).unwrap(), golden::tuple_dict());
    if let Some(python) = python() {
        run(python, &format!("compare('TupleDict', {:?}, {:?})", path, golden::path("tupledict")));
    }
}
