//! What AnnData writes and reads: sparse matrices, nullable columns, data frames, whole `.h5ad` files.

use filebacked::with::{AsString, Categorical, DataFrame, Each, Encoded};
use filebacked::{Error, ErrorKind, FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::{Python, python, round_trip, scratch};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file made by Python code over `f`, with AnnData at hand as `ad` and pandas as `pd`.
fn made(python: &Python, code: &str) -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = scratch("anndata.h5ad");
    let imports = "import anndata as ad, pandas as pd, scipy.sparse as sp\nfrom anndata.io import write_elem, read_elem\n";
    python.create(&path, &format!("{imports}{code}"));
    (dir, path)
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Kind {
    B,
    T,
    #[filebacked(rename = "NK cell")]
    Nk,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Cell {
    mass: f64,
    barcode: String,
    kind: Kind,
    guess: Option<Kind>,
    #[filebacked(with = Categorical)]
    cluster: String,
    #[filebacked(with = Categorical)]
    batch: Option<String>,
    count: Option<i32>,
    good: Option<bool>,
    note: Option<String>,
    score: Option<f32>,
    flag: bool,
    #[filebacked(with = AsString)]
    version: u128,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Table {
    #[filebacked(with = DataFrame(index = "barcode"))]
    cells: Vec<Cell>,
}

fn cell(i: u8) -> Cell {
    let there = i % 2 == 0;
    Cell {
        mass: f64::from(i) + 0.5,
        barcode: format!("cell-{}", "x".repeat(i.into())),
        kind: [Kind::Nk, Kind::B, Kind::T][usize::from(i) % 3].clone(),
        guess: there.then_some(Kind::T),
        cluster: format!("c{}", i % 2),
        batch: (!there).then(|| "b".into()),
        count: there.then_some(i.into()),
        good: (i > 1).then_some(there),
        note: there.then(|| "größer".into()),
        score: (i != 1).then_some(f32::from(i)),
        flag: there,
        version: u128::MAX - u128::from(i),
    }
}

fn table() -> Table {
    Table { cells: (0..4).map(cell).collect() }
}

#[test]
fn a_data_frame_comes_back() {
    round_trip(&table());
    round_trip(&Table { cells: Vec::new() });
}

#[test]
fn a_data_frame_opens_in_pandas() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("frame.h5");
    filebacked::save(&path, &table()).unwrap();
    let frame = |expr: &str| python.anndata(&path, "cells", expr);
    assert_eq!(frame("type(x).__name__"), "DataFrame");
    assert_eq!(frame("[x.index.name, *x.index]"), json!(["barcode", "cell-", "cell-x", "cell-xx", "cell-xxx"]));
    let columns =
        ["mass", "kind", "guess", "cluster", "batch", "count", "good", "note", "score", "flag", "version"];
    assert_eq!(frame("list(x.columns)"), json!(columns));
    let types = json!([
        "float64", "category", "category", "category", "category", "Int32", "boolean", "string", "float32", "bool",
        "object"
    ]);
    assert_eq!(frame("[str(t) for t in x.dtypes]"), types);
    assert_eq!(frame("list(x.kind)"), json!(["NK cell", "B", "T", "NK cell"]));
    assert_eq!(frame("list(x.kind.cat.categories)"), json!(["B", "T", "NK cell"]));
    assert_eq!(frame("bool(x.kind.cat.ordered)"), false);
    assert_eq!(frame("x.guess.cat.codes"), json!([1, -1, 1, -1]));
    assert_eq!(frame("x.cluster.cat.codes"), json!([0, 1, 0, 1]));
    assert_eq!(frame("x.batch.cat.codes"), json!([-1, 0, -1, 0]));
    assert_eq!(frame("x['count']"), json!([0, null, 2, null]));
    assert_eq!(frame("x.good"), json!([null, null, true, false]));
    assert_eq!(frame("x.note"), json!(["größer", null, "größer", null]));
    assert_eq!(frame("x.score"), json!([0.0, "nan", 2.0, 3.0]));
    assert_eq!(frame("list(x.version)[1]"), json!((u128::MAX - 1).to_string()));
    let encodings = "{n: [v.attrs['encoding-type'].decode(), v.attrs['encoding-version'].decode()] for n, v in f['cells'].items()}";
    let encodings = python.eval(&path, encodings);
    assert_eq!(encodings["barcode"], json!(["string-array", "0.2.0"]));
    assert_eq!(encodings["mass"], json!(["array", "0.2.0"]));
    assert_eq!(encodings["kind"], json!(["categorical", "0.2.0"]));
    assert_eq!(encodings["note"], json!(["nullable-string-array", "0.1.0"]));
    let strings = "[h5py.check_string_dtype(f['cells/' + n].dtype).length for n in ('barcode', 'kind/categories', 'note/values')]";
    assert_eq!(python.eval(&path, strings), json!([null, null, null]));
}
