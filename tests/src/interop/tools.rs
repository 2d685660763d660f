//! The tools that read the files: each runs once, over all of them.

use super::document::Recipes;
use super::kinds::Kind;
use crate::tool;
use filebacked::WriteOptions;
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
    /// How the files are written that it reads; a type that this refuses is one that the tool cannot read.
    options: fn() -> WriteOptions,
    /// Whether a recipe says the type as the tool's users always do, so that nothing else is its own view of an object.
    pub typed: bool,
    /// Whether a single value and a list of one are the same to it.
    pub vectors_only: bool,
}

const fn tool(name: &'static str, variable: &'static str, runner: &'static str) -> Tool {
    Tool { name, variable, arguments: &[], runner, options: WriteOptions::new, typed: false, vectors_only: false }
}

/// The tools whose recipes run, in the order of the table.
pub const TOOLS: [Tool; 8] = [
    tool("h5py", PYTHON, "run.py"),
    tool("pyfive", PYTHON, "run.py"),
    tool("anndata", PYTHON, "run.py"),
    Tool { typed: true, ..tool("FileBacked", PYTHON, "run.py") },
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

/// What a recipe gave: a value, or what went wrong.
pub type Outcome = Result<Value, String>;

/// What a tool gave for a type.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// By its reading of any object.
    pub any: Option<Outcome>,
    /// By the type's recipe.
    pub recipe: Option<Outcome>,
}

impl Tool {
    /// Runs all recipes, or `None` where the tool is missing: then what needs it counts as skipped.
    pub fn run(&self, kinds: &[Kind], recipes: &Recipes) -> Option<BTreeMap<&'static str, Outcomes>> {
        let program = match self.variable {
            PYTHON => tool::named(PYTHON, "Python with h5py"),
            variable => tool::optional(variable, self.name),
        }?;
        let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(self.runner);
        let extension = runner.extension().expect("an extension").to_string_lossy();
        let dir = tempfile::tempdir().expect("a temporary directory");
        // First all views without help: what helps one recipe may change the tool for what comes later.
        let mut attempts = [String::new(), String::new()];
        for kind in kinds {
            let place = dir.path().join(kind.name);
            std::fs::create_dir(&place).expect("a directory");
            let options = (self.options)();
            if let Err(error) = kind.save(&options, &place.join("model.h5")) {
                assert!(self.typed, "{}: {error}", kind.name);
                continue;
            }
            let codes = [("as_it_is", recipes.any()), ("by_recipe", recipes.recipe(kind.name))];
            for ((how, code), attempts) in codes.into_iter().zip(&mut attempts) {
                let Some(code) = code else { continue };
                let code = if extension == "mjs" { code + "export { x };\n" } else { code };
                std::fs::write(place.join(format!("{how}.{extension}")), code).expect("the recipe is written");
                *attempts += &format!("{}\t{how}\n", kind.name);
            }
        }
        let attempts = attempts.concat();
        std::fs::write(dir.path().join("attempts.txt"), attempts).expect("the list is written");
        #[cfg(unix)]
        if let Some(modules) = std::env::var_os("FILEBACKED_NODE_MODULES") {
            std::os::unix::fs::symlink(modules, dir.path().join("node_modules")).expect("a link");
        }
        let mut command = Command::new(&program);
        command.args(self.arguments).arg(&runner).current_dir(dir.path()).stdin(Stdio::null());
        let output = command.output().unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        let tail = &errors[errors.floor_char_boundary(errors.len().saturating_sub(2000))..];
        assert!(said.lines().any(|line| line == "@done"), "{}: the runner failed:\n{tail}", self.name);
        Some(self.outcomes(kinds, &said))
    }

    /// Parses what the runner said: lines of `@ KIND HOW JSON` or `! KIND HOW MESSAGE`, separated by tabs.
    fn outcomes(&self, kinds: &[Kind], said: &str) -> BTreeMap<&'static str, Outcomes> {
        let mut outcomes: BTreeMap<_, _> = kinds.iter().map(|kind| (kind.name, Outcomes::default())).collect();
        for line in said.lines() {
            let parts: Vec<&str> = line.splitn(4, '\t').collect();
            let [sign @ ("@" | "!"), kind, how, said] = parts[..] else { continue };
            let outcome = match sign {
                "@" => serde_json::from_str(said).map_err(|error| format!("{error} in {said}")),
                _ => Err(said.to_string()),
            };
            let kind = outcomes.get_mut(kind).unwrap_or_else(|| panic!("{}: no type {kind}", self.name));
            match how {
                "as_it_is" => kind.any = Some(outcome),
                _ => kind.recipe = Some(outcome),
            }
        }
        outcomes
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
            (Value::Array(wanted), got) if self.vectors_only && wanted.len() == 1 => self.same(&wanted[0], got),
            (Value::Number(wanted), Value::Number(got)) => wanted == got || same_number(wanted, got),
            _ => wanted == got,
        }
    }
}

/// Whether one number, written once as an integer and once as a float, is below where floats leave integers out.
fn same_number(wanted: &serde_json::Number, got: &serde_json::Number) -> bool {
    let exact = |number: &serde_json::Number| number.as_f64().filter(|float| float.abs() <= 9_007_199_254_740_992.0);
    wanted.is_f64() != got.is_f64() && exact(wanted).is_some() && exact(wanted) == exact(got)
}
