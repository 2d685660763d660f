//! All ways in which a program may look at a file that it knows nothing of.

use crate::mutants::{Record, State};
use filebacked::anndata::AnnData;
use filebacked::engine::Engine;
use filebacked::inspect::TreeOptions;
use filebacked::with::Categorical;
use filebacked::{FileBacked, Lazy, LazyArray, LazyMap, LazyVec, ReadOptions, Result, Save, Value};
use ndarray::{IxDyn, SliceInfoElem};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::SystemTime;

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

/// A file that is damaged: before it is opened, and while it is open.
#[derive(Debug)]
pub struct Subject<'a> {
    pub path: &'a Path,
    pub whole: &'a [u8],
    pub damaged: &'a [u8],
    /// What is behind the end that the superblock tells makes the file so long: what is large is
    /// not read at once.
    pub at_least: usize,
}

impl Subject<'_> {
    /// Writes the file in place, as a change that leaves no trace in its times.
    fn write(&self, bytes: &[u8]) {
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path)
            .expect("the file is there");
        file.write_all_at(bytes, 0).expect("it is written");
        file.set_len(bytes.len().max(self.at_least) as u64).expect("it has its length");
        file.set_modified(SystemTime::UNIX_EPOCH).expect("its time is set");
    }
}

/// Looks at a damaged file in every way: how many of them gave something, and how many an error.
pub fn look(reader: Reader, subject: &Subject<'_>) -> (usize, usize) {
    let (mut count, path, bytes) = (Count::default(), subject.path, subject.damaged);
    subject.write(bytes);
    let (options, handled, tree) = match reader {
        Reader::Native => {
            let native = ReadOptions::new().engine(Engine::Native);
            (native, ReadOptions::new().untrusted(), TreeOptions::new().untrusted())
        }
        Reader::Usual => (ReadOptions::new(), ReadOptions::new(), TreeOptions::new()),
    };
    all(&options, path, bytes, &mut count);
    count.note(tree.tree_of_bytes(bytes).map(|tree| tree.to_string()));
    count.note(tree.tree(path).map(|tree| tree.to_string()));
    handles(&handled, subject, bytes, &mut count);
    handles(&handled, subject, subject.whole, &mut count);
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

/// Opens the members of a file of these bytes as handles of every kind, and damages it before they
/// are used.
fn handles(options: &ReadOptions, subject: &Subject<'_>, opened: &[u8], count: &mut Count) {
    each::<Value>(options, subject, opened, count, |_, _| {});
    each::<Vec<String>>(options, subject, opened, count, |_, _| {});
    each::<LazyArray<f64, IxDyn>>(options, subject, opened, count, |array, count| {
        count.note(array.read());
        let first: Vec<SliceInfoElem> =
            vec![SliceInfoElem::Slice { start: 0, end: Some(1), step: 1 }; array.ndim()];
        if !array.is_empty() {
            count.note(array.read_slice(&first[..]));
        }
        for block in array.blocks(512).take(MEMBERS) {
            count.note(block);
        }
    });
    each::<LazyVec<Record>>(options, subject, opened, count, |rows, count| {
        count.note(rows.get(0));
        count.note(rows.read());
        if let Some(column) = count.note(rows.column::<u32>("id")) {
            count.note(column.read());
        }
    });
    each::<LazyMap<String, Lazy<Value>>>(options, subject, opened, count, |map, count| {
        let Some(keys) = count.note(map.keys()) else { return };
        for key in keys.iter().take(MEMBERS) {
            if let Some(Some(value)) = count.note(map.get(key)) {
                count.note(value.get());
            }
        }
    });
}

/// Opens the members of the file as values of one type, and looks at them: some are opened before
/// the damage, the rest behind it.
fn each<T: FileBacked + Save>(
    options: &ReadOptions,
    subject: &Subject<'_>,
    opened: &[u8],
    count: &mut Count,
    mut look: impl FnMut(&T, &mut Count),
) {
    subject.write(opened);
    let Some(map) = count.note(options.load::<LazyMap<String, T>>(subject.path)) else { return };
    count.note(map.count());
    let Some(keys) = count.note(map.keys()) else { return };
    let (first, rest) = keys.split_at(keys.len().min(MEMBERS));
    let held: Vec<&T> = first.iter().filter_map(|key| count.note(map.get(key)).flatten()).collect();
    subject.write(subject.damaged);
    held.into_iter().for_each(|value| look(value, count));
    for key in rest.iter().take(MEMBERS) {
        if let Some(Some(value)) = count.note(map.get(key)) {
            look(value, count);
        }
    }
}
