//! A Python process that reads and writes HDF5 files with h5py, pyfive and anndata; see
//! `python/check.py`.

use crate::described::Described;
use crate::{ENGINES, scratch, tool};
use filebacked::{Save, WriteOptions};
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// A type as [`schema`](crate::plain::schema) tells it.
pub type Schema = (Value, Map<String, Value>);

/// The Python process of this test binary.
#[derive(Debug)]
pub struct Python(Mutex<Process>);

#[derive(Debug)]
struct Process {
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    _child: Child,
}

/// The Python process, or `None` where Python is missing: then the test returns, and counts as
/// skipped.
pub fn python() -> Option<&'static Python> {
    static PYTHON: OnceLock<Option<Python>> = OnceLock::new();
    PYTHON.get_or_init(start).as_ref()
}

fn start() -> Option<Python> {
    let program = tool::named("FILEBACKED_PYTHON", "Python with h5py")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/check.py");
    let mut command = Command::new(&program);
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("{program} does not start: {error}"));
    let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
        panic!("{program} has no pipes");
    };
    Some(Python(Mutex::new(Process { requests, answers: BufReader::new(answers), _child: child })))
}

/// A file made by Python code over `f`, with AnnData at hand as `ad`, pandas as `pd` and scipy's
/// matrices as `sp`.
#[track_caller]
pub fn made_by_anndata(python: &Python, code: &str) -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = scratch("made.h5ad");
    let imports = "import anndata as ad, pandas as pd, scipy.sparse as sp\nfrom anndata.io import write_elem, read_elem\n";
    python.create(&path, &format!("{imports}{code}"));
    (dir, path)
}

impl Python {
    /// The value of an answer, or the error that Python met.
    pub fn ask(&self, request: &Value) -> Result<Value, String> {
        let mut process = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(process.requests, "{request}").expect("Python listens");
        process.requests.flush().expect("Python listens");
        let mut line = String::new();
        process.answers.read_line(&mut line).expect("Python answers");
        let answer: Value = serde_json::from_str(&line)
            .unwrap_or_else(|e| panic!("Python answered {line:?} to {request}: {e}"));
        match answer.get("error") {
            None => Ok(answer["value"].clone()),
            Some(error) => Err(format!("{error}\n{}", answer["trace"].as_str().unwrap_or(""))),
        }
    }

    #[track_caller]
    fn must(&self, request: &Value) -> Value {
        self.ask(request).unwrap_or_else(|error| panic!("{request}\n{error}"))
    }

    /// Every object of a file, as h5py finds it.
    #[track_caller]
    pub fn describe(&self, file: &Path) -> Described {
        Described::new(&self.must(&json!({"op": "describe", "file": file})))
    }

    /// All that a copy of the file must have too: names, types, shapes, values, attributes and
    /// order.
    #[track_caller]
    pub fn content(&self, file: &Path) -> Value {
        self.must(&json!({"op": "content", "file": file}))
    }

    /// Every object of the file that a value is saved as, as h5py finds it: the same whichever
    /// engine writes.
    #[track_caller]
    pub fn describe_saved(&self, value: &impl Save) -> Described {
        let (_dir, path) = scratch("saved.h5");
        let [native, lib] = ENGINES.map(|engine| {
            WriteOptions::new()
                .engine(engine)
                .save(&path, value)
                .unwrap_or_else(|e| panic!("{engine:?}: {e:?}"));
            self.describe(&path)
        });
        native.assert_same(&lib);
        native
    }

    /// The value of an expression over `f`, the open file.
    #[track_caller]
    pub fn eval(&self, file: &Path, expr: &str) -> Value {
        self.must(&json!({"op": "eval", "file": file, "expr": expr}))
    }

    /// Runs code over `f`, a file that is made for it.
    #[track_caller]
    pub fn create(&self, file: &Path, code: &str) -> Value {
        self.must(&json!({"op": "exec", "file": file, "mode": "w", "code": code}))
    }

    /// Runs code over `f`, a file that is there, and changes it.
    #[track_caller]
    pub fn change(&self, file: &Path, code: &str) -> Value {
        self.must(&json!({"op": "exec", "file": file, "mode": "r+", "code": code}))
    }

    /// The value in a file of ours, as docs/FORMAT.md says; in the form of
    /// [`Plain`](crate::plain::Plain).
    pub fn read(&self, file: &Path) -> Result<Value, String> {
        self.ask(&json!({"op": "read", "file": file}))
    }

    /// Writes a file of ours, as docs/FORMAT.md says; what that leaves open is chosen by the seed.
    pub fn write(
        &self,
        file: &Path,
        schema: &Schema,
        value: &Value,
        seed: u64,
    ) -> Result<(), String> {
        let (schema, types) = schema;
        let request = json!({"op": "write", "file": file, "schema": schema, "types": types, "value": value, "seed": seed});
        self.ask(&request).map(|_| ())
    }

    /// The value of an expression over `f`, the file as pyfive opens it.
    #[track_caller]
    pub fn pyfive(&self, file: &Path, expr: &str) -> Value {
        self.must(&json!({"op": "pyfive", "file": file, "expr": expr}))
    }

    /// The value of an expression over `x`, what AnnData reads at a path of the file.
    #[track_caller]
    pub fn anndata(&self, file: &Path, path: &str, expr: &str) -> Value {
        self.must(&json!({"op": "anndata", "file": file, "path": path, "expr": expr}))
    }
}
