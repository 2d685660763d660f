//! What a program does to a file while it is stopped or told of errors: run by the program `actor`,
//! checked by its tests.

use crate::mutants::{Record, record};
use filebacked::engine::Engine;
use filebacked::file::Journal;
use filebacked::lazy::ArrayOptions;
use filebacked::options::Durability;
use filebacked::{
    Compression, File, FileBacked, LazyArray, LazyMap, LazyVec, ReadOptions, WriteOptions,
};
use ndarray::{Array1, Array2, Axis, Ix1, s};
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
    pub counts: BTreeMap<String, u64>,
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
        counts: (0..n as u64).map(|i| (format!("count {i}"), i * step)).collect(),
    }
}

/// How many records a step appends.
const APPENDED: usize = 10;

/// What the actor can do to a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// Saves in place of what is there.
    Save(Engine, Durability, Compression),
    /// Changes a copy, which takes the place of what is there.
    UpdateAtomic,
    /// Changes what is there: to step 2, and after a flush to step 3.
    Update(Journal),
    /// Makes a new file where one is: with step 2, and after a flush with step 3.
    Create(Journal),
    /// Copies what is there without the space that is free in it.
    Repack,
    /// Appends records: those of step 2, and after a flush those of step 3.
    Append(Journal),
    /// Puts an entry into a map of columns: step 2. Changes an entry and takes one away: step 3.
    Map(Journal),
    /// Makes an array and writes a part of it: step 2. Resizes and overwrites it: step 3.
    Array(Journal),
}

impl Action {
    /// Those that leave the old file or the new one, by the names that the actor is given.
    pub fn all() -> Vec<(&'static str, Action)> {
        let save = |engine, durability| Action::Save(engine, durability, Compression::None);
        vec![
            ("save", save(Engine::Any, Durability::Durable)),
            ("save-atomic", save(Engine::Any, Durability::Atomic)),
            ("save-hdf5", save(Engine::Libhdf5, Durability::Durable)),
            ("save-hdf5-atomic", save(Engine::Libhdf5, Durability::Atomic)),
            ("save-gzip", Action::Save(Engine::Any, Durability::Durable, Compression::Gzip(1))),
            ("update-atomic", Action::UpdateAtomic),
        ]
    }

    /// Those that have other ends, by the names that the actor is given.
    pub fn others() -> Vec<(&'static str, Action)> {
        let (on, off) = (Journal::Durable, Journal::Off);
        let fast = Action::Save(Engine::Any, Durability::Fast, Compression::None);
        vec![
            ("update", Action::Update(on)),
            ("create", Action::Create(on)),
            ("append", Action::Append(on)),
            ("map", Action::Map(on)),
            ("array", Action::Array(on)),
            ("update-marked", Action::Update(off)),
            ("create-marked", Action::Create(off)),
            ("append-marked", Action::Append(off)),
            ("map-marked", Action::Map(off)),
            ("repack", Action::Repack),
            ("save-fast", fast),
        ]
    }

    /// Those that commit: to step 2, and then to step 3.
    pub fn in_place() -> [&'static str; 5] {
        ["update", "create", "append", "map", "array"]
    }

    /// The action of a name.
    pub fn named(name: &str) -> Action {
        Action::all()
            .into_iter()
            .chain(Action::others())
            .find(|(known, _)| *known == name)
            .expect("an action")
            .1
    }

    /// Whether what is complete survives a loss of power too.
    pub fn is_durable(self) -> bool {
        match self {
            Action::Save(_, durability, _) => durability == Durability::Durable,
            Action::UpdateAtomic | Action::Repack => true,
            Action::Update(journal)
            | Action::Create(journal)
            | Action::Append(journal)
            | Action::Map(journal)
            | Action::Array(journal) => journal == Journal::Durable,
        }
    }

    /// Does it: what is there is step 1, and becomes step 2.
    pub fn act(self, path: &Path) -> filebacked::Result<()> {
        match self {
            Action::Save(engine, durability, compression) => {
                let options = WriteOptions::new()
                    .engine(engine)
                    .durability(durability)
                    .compression(compression);
                options.save(path, &saved(2))
            }
            Action::UpdateAtomic => {
                filebacked::file::update_atomic(path, |file| file.update_root(&saved(2)))
            }
            Action::Update(journal) => {
                let file = File::options().journal(journal).open_rw(path)?;
                file.update_root(&saved(2))?;
                file.flush()?;
                file.update_root(&saved(3))?;
                file.close()
            }
            Action::Create(journal) => {
                let file = File::options().journal(journal).create(path)?;
                file.write_root(&saved(2))?;
                file.flush()?;
                file.update_root(&saved(3))?;
                file.close()
            }
            Action::Repack => filebacked::file::repack(path),
            Action::Append(journal) => {
                let file = File::options().journal(journal).open_rw(path)?;
                let mut records: LazyVec<Record> = file.read("records")?;
                for step in [2, 3] {
                    records.extend((0..APPENDED).map(|_| record(step)));
                    records.flush()?;
                }
                drop(records);
                file.close()
            }
            Action::Array(journal) => {
                let file = File::options().journal(journal).open_rw(path)?;
                let options = ArrayOptions::new().unlimited(Axis(0)).chunk(&[500]);
                let mut array = LazyArray::<u32, Ix1>::create(&file, "array", 3000, &options)?;
                array.write_slice(s![1000..2000], &Array1::from_elem(1000, 2))?;
                file.flush()?;
                array.resize(&[7000])?;
                array.write(&Array1::from_elem(7000, 3))?;
                drop(array);
                file.close()
            }
            Action::Map(journal) => {
                let file = File::options().journal(journal).open_rw(path)?;
                let mut counts: LazyMap<String, u64> = file.read("counts")?;
                counts.insert("new".into(), 7)?;
                counts.flush()?;
                counts.insert("count 3".into(), 1000)?;
                counts.remove("count 1")?;
                counts.flush()?;
                drop(counts);
                file.close()
            }
        }
    }

    /// The step that lies in the file, if that is whole.
    pub fn look(self, path: &Path) -> filebacked::Result<u64> {
        let mut found: Saved = ReadOptions::new().load(path)?;
        if let Action::Array(_) = self {
            assert!(found == saved(1), "the file is a mixture");
            let file = File::open(path)?;
            if !file.contains("array")? {
                return Ok(1);
            }
            let array: Vec<u32> = file.read("array")?;
            let mut wanted = vec![0; 3000];
            wanted[1000..2000].fill(2);
            assert!(array == wanted || array == [3; 7000], "the file is a mixture");
            return Ok(if array == wanted { 2 } else { 3 });
        }
        if let Action::Append(_) = self {
            let before = saved(1).records.len();
            let appended = found.records.split_off(before);
            let steps = appended.len() / APPENDED;
            assert!(
                found == saved(1) && appended.len().is_multiple_of(APPENDED),
                "the file is a mixture"
            );
            for (step, records) in [2, 3].into_iter().zip(appended.chunks(APPENDED)) {
                assert!(
                    records.iter().all(|found| *found == record(step)),
                    "the file is a mixture"
                );
            }
            return Ok(steps as u64 + 1);
        }
        if let Action::Map(_) = self {
            let counts = std::mem::take(&mut found.counts);
            let mut wanted = saved(1);
            assert!(
                found == Saved { counts: BTreeMap::new(), ..wanted.clone() },
                "the file is a mixture"
            );
            if counts == wanted.counts {
                return Ok(1);
            }
            wanted.counts.insert("new".into(), 7);
            if counts == wanted.counts {
                return Ok(2);
            }
            wanted.counts.insert("count 3".into(), 1000);
            wanted.counts.remove("count 1");
            assert!(counts == wanted.counts, "the file is a mixture");
            return Ok(3);
        }
        assert!(found == saved(found.step), "the file is a mixture");
        Ok(found.step)
    }
}
