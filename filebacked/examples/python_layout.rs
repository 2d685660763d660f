//! Shares files with a Python program that uses FileBacked 2.1 (`pip install FileBacked`).
//!
//! The Python side, `lab.py`:
//!
//! ```text
//! class Layer(FileBacked):
//!     width: int
//!     rate: float
//!
//! class Run(FileBacked):
//!     name: str
//!     losses: List[float]
//!     weights: np.ndarray
//!     layers: List[Layer]
//!     limit: Union[int, str]
//!     note: Optional[str]
//!
//! class Runs(FileBackedDict[str, Run]):
//!     pass
//!
//! runs = Runs.read(h5py.File("runs.h5"), lazy=True)
//! ```

use filebacked::options::Layout;
use filebacked::{ErrorKind, FileBacked, Result, WriteOptions};
use ndarray::{Array2, array};
use std::collections::BTreeMap;

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "lab")]
struct Layer {
    width: i64,
    rate: f64,
}

/// `Union[int, str]`, in this order.
#[derive(FileBacked, Debug, PartialEq)]
enum Limit {
    Steps(i64),
    Rule(String),
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "lab")]
struct Run {
    name: String,
    losses: Vec<f64>,
    weights: Array2<f64>,
    layers: Vec<Layer>,
    limit: Limit,
    note: Option<String>,
}

/// A `FileBackedDict`: a map with a class.
#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "lab")]
struct Runs(BTreeMap<String, Run>);

fn main() -> Result<()> {
    let run = Run {
        name: "first".into(),
        losses: vec![0.9, 0.4, 0.2],
        weights: array![[1.0, 0.0], [0.0, 1.0]],
        layers: vec![Layer { width: 64, rate: 0.1 }, Layer { width: 10, rate: 0.5 }],
        limit: Limit::Rule("until it is good".into()),
        note: None,
    };
    let runs = Runs(BTreeMap::from([("monday".into(), run)]));

    let path = std::env::temp_dir().join("filebacked-python-layout.h5");
    let for_python = WriteOptions::new().layout(Layout::Python);
    for_python.save(&path, &runs)?;
    print!("{}", filebacked::inspect::tree(&path)?);

    // Reading needs no word about it, whoever wrote the file.
    assert_eq!(filebacked::load::<Runs>(&path)?, runs);

    // What Python's FileBacked has nothing for is refused before anything is written.
    #[derive(FileBacked)]
    #[filebacked(module = "lab")]
    struct Done {
        done: bool,
    }
    let Err(error) = for_python.save(&path, &Done { done: true }) else {
        unreachable!("a bool has no type there")
    };
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)));
    println!("\n{error:#}");
    assert_eq!(filebacked::load::<Runs>(&path)?, runs);
    Ok(())
}
