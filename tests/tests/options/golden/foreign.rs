//! The forms of AnnData and MATLAB.

use filebacked::FileBacked;
use filebacked::with::{DataFrame, Encoded, Matlab};
use ndarray::{Array2, array};
use std::collections::BTreeMap;

#[derive(FileBacked, Debug, PartialEq)]
enum Kind {
    Neuron,
    Glia,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Cell {
    name: String,
    kind: Kind,
    count: Option<i32>,
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct AnnData {
    #[filebacked(with = DataFrame { index: "name" })]
    cells: Vec<Cell>,
    #[filebacked(with = Encoded)]
    settings: BTreeMap<String, f64>,
}

pub(super) fn anndata() -> AnnData {
    let cell = |name: &str, kind, count| Cell { name: name.into(), kind, count };
    AnnData {
        cells: vec![cell("a", Kind::Glia, None), cell("b", Kind::Neuron, Some(3))],
        settings: [("rate".to_string(), 0.1)].into(),
    }
}

#[derive(FileBacked, Debug, PartialEq)]
pub(super) struct InMatlab {
    #[filebacked(with = Matlab)]
    number: f64,
    #[filebacked(with = Matlab)]
    flag: bool,
    #[filebacked(with = Matlab)]
    text: String,
    #[filebacked(with = Matlab)]
    matrix: Array2<f64>,
    #[filebacked(with = Matlab)]
    empty: Vec<f64>,
    #[filebacked(with = Matlab)]
    inner: Inner,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Inner {
    x: i32,
    y: Vec<u8>,
}

pub(super) fn matlab() -> InMatlab {
    InMatlab {
        number: 1.5,
        flag: true,
        text: "größe".into(),
        matrix: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        empty: Vec::new(),
        inner: Inner { x: -1, y: vec![1, 2] },
    }
}
