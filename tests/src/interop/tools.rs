//! The tools that read the files: each runs once, over all of them.

use super::kinds::Kind;
use crate::tool;
use filebacked::WriteOptions;
use filebacked::options::Layout;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// A program that runs recipes.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// Its name in the table and in the markers of the document.
    pub name: &'static str,
    /// The environment variable that names the program.
    variable: &'static str,
    arguments: &'static [&'static str],
    /// The file under `interop/` that runs recipes and reports what they read.
    runner: &'static str,
    /// How the files are written that it reads; a type that this refuses is one that the tool
    /// cannot read.
    options: fn() -> WriteOptions,
    /// Whether a recipe says the type as the tool's users always do, so that nothing else is its
    /// own view of an object.
    pub typed: bool,
    /// Whether a single value and a list of one are the same to it.
    pub vectors_only: bool,
}

const fn tool(name: &'static str, variable: &'static str, runner: &'static str) -> Tool {
    Tool {
        name,
        variable,
        arguments: &[],
        runner,
        options: WriteOptions::new,
        typed: false,
        vectors_only: false,
    }
}

/// The tools whose recipes run, in the order of the table.
pub static TOOLS: [Tool; 8] = [
    tool("h5py", PYTHON, "run.py"),
    tool("pyfive", PYTHON, "run.py"),
    tool("anndata", PYTHON, "run.py"),
    Tool {
        typed: true,
        options: || WriteOptions::new().layout(Layout::Python),
        ..tool("FileBacked", PYTHON, "run.py")
    },
    Tool {
        arguments: &["--no-gui", "--norc", "-q"],
        vectors_only: true,
        ..tool("Octave", "FILEBACKED_OCTAVE", "run.m")
    },
    tool("h5wasm", NODE, "run.mjs"),
    tool("jsfive", NODE, "run.mjs"),
    Tool { vectors_only: true, ..tool("hdf5r", "FILEBACKED_RSCRIPT", "run.R") },
];

const PYTHON: &str = "FILEBACKED_PYTHON";
const NODE: &str = "FILEBACKED_NODE";

/// What code gave: a value, or what went wrong.
pub type Outcome = Result<Value, String>;

/// Code that runs beside the file of a type, and leaves what it read in `x`.
#[derive(Debug)]
pub struct Attempt {
    /// The type.
    pub kind: String,
    /// A name of the code, the only one for this type: letters, digits, `_`.
    pub how: String,
    /// The code.
    pub code: String,
}

impl Tool {
    /// Runs all attempts in one process, in their order: the outcomes in that order, an error where
    /// there is none. `None` where the tool is missing: then what needs it counts as skipped.
    pub fn run(&self, kinds: &[Kind], attempts: &[Attempt]) -> Option<Vec<Outcome>> {
        let program = match self.variable {
            PYTHON => tool::named(PYTHON, "Python with h5py"),
            variable => tool::optional(variable, self.name),
        }?;
        let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(self.runner);
        let dir = tempfile::tempdir().expect("a temporary directory");
        self.lay_out(dir.path(), kinds, attempts);
        let mut command = Command::new(&program);
        command.args(self.arguments).arg(&runner).current_dir(dir.path()).stdin(Stdio::null());
        let output =
            command.output().unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        let tail = errors.lines().rev().take(20).collect::<Vec<_>>();
        let tail = tail.into_iter().rev().collect::<Vec<_>>().join(
            "
",
        );
        assert!(
            said.lines().any(|line| line == "@done"),
            "{}: the runner failed:\n{tail}",
            self.name
        );
        let outcomes = outcomes(&said);
        let missing = || Err("nothing was reported".to_string());
        let of = |a: &Attempt| {
            outcomes.get(&(a.kind.as_str(), a.how.as_str())).cloned().unwrap_or_else(missing)
        };
        Some(attempts.iter().map(of).collect())
    }

    /// A directory a type, with the file and the codes in it, and the list of the codes.
    fn lay_out(&self, dir: &Path, kinds: &[Kind], attempts: &[Attempt]) {
        let (_, extension) = self.runner.split_once('.').expect("an extension");
        let mut list = String::new();
        for kind in kinds {
            let place = dir.join(kind.name);
            std::fs::create_dir(&place).expect("a directory");
            if let Err(error) = kind.save(&(self.options)(), &place.join("model.h5")) {
                assert!(self.typed, "{}: {error}", kind.name);
            }
        }
        for Attempt { kind, how, code } in attempts {
            let export = if extension == "mjs" { "export { x };\n" } else { "" };
            let place = dir.join(kind).join(format!("{how}.{extension}"));
            std::fs::write(place, [code, export].concat()).expect("the code is written");
            list += &format!("{kind}\t{how}\n");
        }
        std::fs::write(dir.join("attempts.txt"), list).expect("the list is written");
        #[cfg(unix)]
        if let Some(modules) = std::env::var_os("FILEBACKED_NODE_MODULES") {
            std::os::unix::fs::symlink(modules, dir.join("node_modules")).expect("a link");
        }
    }

    /// Whether what the tool read is the value.
    pub fn same(&self, wanted: &Value, got: &Value) -> bool {
        match (wanted, got) {
            (Value::Array(wanted), Value::Array(got)) => {
                wanted.len() == got.len() && wanted.iter().zip(got).all(|(w, g)| self.same(w, g))
            }
            (Value::Object(wanted), Value::Object(got)) => {
                let same = |(name, w)| got.get(name).is_some_and(|g| self.same(w, g));
                wanted.len() == got.len() && wanted.iter().all(same)
            }
            (Value::Array(wanted), got) if self.vectors_only && wanted.len() == 1 => {
                self.same(&wanted[0], got)
            }
            (Value::Number(wanted), Value::Number(got)) => {
                wanted == got || same_number(wanted, got)
            }
            _ => wanted == got,
        }
    }
}

/// What the runner said, by type and name: lines of `@ KIND HOW JSON` or `! KIND HOW MESSAGE`,
/// separated by tabs.
fn outcomes(said: &str) -> BTreeMap<(&str, &str), Outcome> {
    let mut outcomes = BTreeMap::new();
    for line in said.lines() {
        let parts: Vec<&str> = line.splitn(4, '\t').collect();
        let [sign @ ("@" | "!"), kind, how, said] = parts[..] else { continue };
        let outcome = match sign {
            "@" => serde_json::from_str(said).map_err(|error| format!("{error} in {said}")),
            _ => Err(said.to_string()),
        };
        outcomes.insert((kind, how), outcome);
    }
    outcomes
}

/// Whether one number, written once as an integer and once as a float, is below where floats leave
/// integers out.
fn same_number(wanted: &serde_json::Number, got: &serde_json::Number) -> bool {
    let exact = |number: &serde_json::Number| {
        number.as_f64().filter(|float| float.abs() <= 9_007_199_254_740_992.0)
    };
    wanted.is_f64() != got.is_f64() && exact(wanted).is_some() && exact(wanted) == exact(got)
}
