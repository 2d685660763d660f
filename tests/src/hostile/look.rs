//! All ways in which a program may look at a file that it knows nothing of.

use crate::mutants::{Record, State};
use filebacked::anndata::AnnData;
use filebacked::inspect::TreeOptions;
use filebacked::with::Categorical;
use filebacked::{Engine, FileBacked, Lazy, LazyArray, LazyMap, LazyVec, ReadOptions, Result, Value};
use ndarray::{IxDyn, SliceInfoElem};
use std::collections::BTreeMap;
use std::path::Path;

/// What reads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reader {
    /// Our own decoder, and nothing else.
    Native,
    /// As most programs read: our own decoder, and the C library for all that it does not know.
    Usual,
}

/// A row of the annotated matrix.
#[derive(FileBacked, Debug)]
pub struct Cell {
    pub id: String,
    #[filebacked(with = Categorical)]
    pub kind: Option<String>,
    pub count: i64,
}

/// So many members of a map are looked at.
const MEMBERS: usize = 12;

/// Results that were counted.
#[derive(Debug, Default)]
struct Count {
    read: usize,
    refused: usize,
}

impl Count {
    fn note<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                self.read += 1;
                Some(value)
            }
            Err(error) => {
                // What programs do with errors.
                let _ = error.to_string();
                self.refused += 1;
                None
            }
        }
    }
}

/// Looks at a file in every way: how many of them gave something, and how many an error. The bytes are those of the file.
pub fn look(reader: Reader, path: &Path, bytes: &[u8]) -> (usize, usize) {
    let mut count = Count::default();
    match reader {
        Reader::Native => {
            all(&ReadOptions::new().engine(Engine::Native), path, bytes, &mut count);
            handles(&ReadOptions::new().untrusted(), path, &mut count);
            let tree = TreeOptions::new().untrusted();
            count.note(tree.tree_of_bytes(bytes).map(|tree| tree.to_string()));
            count.note(tree.tree(path).map(|tree| tree.to_string()));
        }
        Reader::Usual => {
            all(&ReadOptions::new(), path, bytes, &mut count);
            handles(&ReadOptions::new(), path, &mut count);
            count.note(filebacked::inspect::tree_of_bytes(bytes).map(|tree| tree.to_string()));
            count.note(filebacked::inspect::tree(path).map(|tree| tree.to_string()));
        }
    }
    (count.read, count.refused)
}

fn all(options: &ReadOptions, path: &Path, bytes: &[u8], count: &mut Count) {
    count.note(options.from_bytes::<Value>(bytes));
    count.note(options.from_bytes::<State>(bytes));
    count.note(options.from_bytes::<BTreeMap<String, Vec<f64>>>(bytes));
    count.note(options.load::<Vec<Record>>(path));
    count.note(options.load::<AnnData<Cell, ()>>(path));
    count.note(options.verify(path));
}

fn handles(options: &ReadOptions, path: &Path, count: &mut Count) {
    each::<Value>(options, path, count, |_, _| {});
    each::<Vec<String>>(options, path, count, |_, _| {});
    each::<LazyArray<f64, IxDyn>>(options, path, count, |array, count| {
        count.note(array.read());
        let first: Vec<SliceInfoElem> = vec![SliceInfoElem::Slice { start: 0, end: Some(1), step: 1 }; array.ndim()];
        if !array.is_empty() {
            count.note(array.read_slice(&first[..]));
        }
        for block in array.blocks(512).take(MEMBERS) {
            count.note(block);
        }
    });
    each::<LazyVec<Record>>(options, path, count, |rows, count| {
        count.note(rows.get(0));
        count.note(rows.read());
        if let Some(column) = count.note(rows.column::<u32>("id")) {
            count.note(column.read());
        }
    });
    each::<LazyMap<String, Lazy<Value>>>(options, path, count, |map, count| {
        let Some(keys) = count.note(map.keys()) else { return };
        for key in keys.iter().take(MEMBERS) {
            if let Some(Some(value)) = count.note(map.get(key)) {
                count.note(value.get());
            }
        }
    });
}

/// Looks at the members of the file as values of one type.
fn each<T: FileBacked + filebacked::Save>(
    options: &ReadOptions,
    path: &Path,
    count: &mut Count,
    mut look: impl FnMut(&T, &mut Count),
) {
    let Some(map) = count.note(options.load::<LazyMap<String, T>>(path)) else { return };
    count.note(map.len());
    let Some(keys) = count.note(map.keys()) else { return };
    for key in keys.iter().take(MEMBERS) {
        if let Some(Some(value)) = count.note(map.get(key)) {
            look(value, count);
        }
    }
}
