//! What a program does to a file while it is stopped or told of errors: run by the program `actor`, checked by its tests.

use crate::mutants::{Record, record};
use filebacked::{Compression, Durability, Engine, FileBacked, ReadOptions, WriteOptions};
use ndarray::Array2;
use std::collections::BTreeMap;
use std::path::Path;

/// What lies in the file.
#[derive(FileBacked, Debug, PartialEq, Clone)]
pub struct Saved {
    pub step: u64,
    pub name: String,
    pub weights: Array2<f64>,
    pub packed: Vec<u32>,
    pub records: Vec<Record>,
    pub links: BTreeMap<String, Vec<u8>>,
}

/// A value of which nothing is equal for another step.
pub fn saved(step: u64) -> Saved {
    let n = 40 + step as usize;
    Saved {
        step,
        name: "step ".repeat(n),
        weights: Array2::from_shape_fn((n, n * 20), |(i, j)| step as f64 + (i * j) as f64),
        packed: (0..5000).map(|i| i * step as u32).collect(),
        records: (0..n as u32).map(|i| record(i + step as u32)).collect(),
        links: (0..n).map(|i| (format!("link {i}"), vec![step as u8; i])).collect(),
    }
}

/// What the actor can do to a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// Saves in place of what is there.
    Save(Engine, Durability, Compression),
}

impl Action {
    /// All of them, by the names that the actor is given.
    pub fn all() -> Vec<(&'static str, Action)> {
        let save = |engine, durability| Action::Save(engine, durability, Compression::None);
        vec![
            ("save", save(Engine::Any, Durability::Durable)),
            ("save-atomic", save(Engine::Any, Durability::Atomic)),
            ("save-hdf5", save(Engine::Libhdf5, Durability::Durable)),
            ("save-hdf5-atomic", save(Engine::Libhdf5, Durability::Atomic)),
            ("save-gzip", Action::Save(Engine::Any, Durability::Durable, Compression::Gzip(1))),
        ]
    }

    /// The action of a name.
    pub fn named(name: &str) -> Action {
        Action::all().into_iter().find(|(known, _)| *known == name).expect("an action").1
    }

    /// Whether what is complete survives a loss of power too.
    pub fn is_durable(self) -> bool {
        match self {
            Action::Save(_, durability, _) => durability == Durability::Durable,
        }
    }

    /// Does it: what is there is step 1, and becomes step 2.
    pub fn act(self, path: &Path) -> filebacked::Result<()> {
        match self {
            Action::Save(engine, durability, compression) => {
                let options = WriteOptions::new().engine(engine).durability(durability).compression(compression);
                options.save(path, &saved(2))
            }
        }
    }

    /// The step that lies in the file, if that is whole.
    pub fn look(self, path: &Path) -> filebacked::Result<u64> {
        let found: Saved = ReadOptions::new().load(path)?;
        assert!(found == saved(found.step), "the file is a mixture");
        Ok(found.step)
    }
}
