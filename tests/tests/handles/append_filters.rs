//! Rows that are appended to tables of which filters have written something, and to data frames;
//! digests of changed files.

use filebacked::inspect::verify;
use filebacked::with::{AsString, Categorical, DataFrame, Postcard};
use filebacked::{
    Error, File, FileBacked, Filter, LazyArray, LazyMap, LazyVec, Node, Rows, Slot, WriteOptions,
    Written, load, save,
};
use filebacked_tests::{python, scratch};
use serde_json::json;
use std::collections::BTreeMap;

/// Differences from row to row: the first of new rows depends on the last that is there.
#[derive(Debug, Clone, Copy)]
struct Deltas;

impl Filter<i64> for Deltas {
    fn name(&self) -> &str {
        "Deltas"
    }

    fn write(&self, value: &i64, slot: Slot<'_>) -> Result<Written, Error> {
        slot.put(value)
    }

    fn read(&self, node: Node<'_>) -> Result<i64, Error> {
        node.get()
    }

    fn write_rows(&self, rows: Rows<'_, i64>, slot: Slot<'_>) -> Result<Written, Error> {
        let mut last = 0;
        let deltas: Vec<i64> =
            rows.iter().map(|row| row - std::mem::replace(&mut last, *row)).collect();
        slot.put(&deltas)
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<i64>, Error> {
        let deltas: Vec<i64> = node.get()?;
        Ok(deltas
            .iter()
            .scan(0, |sum, delta| {
                *sum += delta;
                Some(*sum)
            })
            .collect())
    }
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
pub(crate) struct Inner {
    #[filebacked(with = Deltas)]
    tick: i64,
    plain: u8,
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
pub(crate) struct Row {
    id: u32,
    #[filebacked(with = Deltas)]
    time: i64,
    #[filebacked(with = AsString)]
    version: u128,
    inner: Inner,
    maybe: Option<Inner>,
    inners: Vec<Inner>,
    text: String,
}

pub(crate) fn row(i: usize) -> Row {
    let inner = |i: usize| Inner { tick: (i * i) as i64, plain: i as u8 };
    Row {
        id: i as u32,
        time: 1000 - 7 * i as i64,
        version: u128::MAX - i as u128,
        inner: inner(i),
        maybe: (i % 3 == 1).then(|| inner(100 + i)),
        inners: (0..i % 4).map(inner).collect(),
        text: "t".repeat(i % 7),
    }
}

#[test]
fn columns_of_filters_are_written_anew() {
    let (_dir, path) = scratch("rows.h5");
    for first in [0, 1, 6] {
        let mut rows: Vec<Row> = (0..first).map(row).collect();
        save(&path, &rows).unwrap();
        let file = File::open_rw(&path).unwrap();
        let mut lazy: LazyVec<Row> = file.read("value").unwrap();
        for end in [first + 1, first + 3, first + 40] {
            lazy.extend((rows.len()..end).map(row));
            rows.extend((rows.len()..end).map(row));
            lazy.flush().unwrap_or_else(|error| panic!("{first}..{end}: {error}"));
            assert_eq!((lazy.len(), lazy.pending().len()), (end, 0));
            assert_eq!(lazy.read().unwrap(), rows);
            assert_eq!(lazy.get(end - 1).unwrap(), rows[end - 1]);
        }
        drop((lazy, file));
        assert_eq!(load::<Vec<Row>>(&path).unwrap(), rows);
        let whole = path.with_file_name("whole.h5");
        save(&whole, &rows).unwrap();
        let Some(python) = python() else { continue };
        assert_eq!(python.read(&path), python.read(&whole));
    }
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Run {
    #[filebacked(layout = "compound")]
    records: Vec<Inner>,
}

#[derive(FileBacked, Debug)]
#[filebacked(name = "Run")]
struct Handle {
    records: LazyVec<Inner>,
}

#[test]
fn records_of_filters_are_written_anew() {
    let inner = |i: usize| Inner { tick: 50 - i as i64, plain: i as u8 };
    let (_dir, path) = scratch("run.h5");
    save(&path, &Run { records: (0..4).map(inner).collect() }).unwrap();
    let file = File::open_rw(&path).unwrap();
    let mut handle: Handle = file.read_root().unwrap();
    for end in [5, 9] {
        handle.records.extend((handle.records.len()..end).map(inner));
        handle.records.flush().unwrap();
        assert_eq!(handle.records.read().unwrap(), (0..end).map(inner).collect::<Vec<_>>());
    }
    drop((handle, file));
    assert_eq!(load::<Run>(&path).unwrap().records, (0..9).map(inner).collect::<Vec<_>>());
}

#[test]
fn maps_of_filters_are_written_anew() {
    let (_dir, path) = scratch("map.h5");
    let mut map: BTreeMap<(u8, u8), Inner> =
        (0..4).map(|i| ((i, 0), Inner { tick: i64::from(i) * 3, plain: i })).collect();
    save(&path, &map).unwrap();
    let file = File::open_rw(&path).unwrap();
    let mut lazy: LazyMap<(u8, u8), Inner> = file.read("value").unwrap();
    lazy.insert((9, 0), Inner { tick: -1, plain: 9 }).unwrap();
    lazy.flush().unwrap();
    map.insert((9, 0), Inner { tick: -1, plain: 9 });
    assert_eq!(file.read::<BTreeMap<(u8, u8), Inner>>("value").unwrap(), map);
}

#[test]
fn what_another_filter_wrote_stays() {
    #[derive(FileBacked, Clone, Debug)]
    #[filebacked(name = "Inner")]
    struct Other {
        #[filebacked(with = Postcard)]
        tick: i64,
        plain: u8,
    }
    let (_dir, path) = scratch("rows.h5");
    let rows = vec![Inner { tick: 5, plain: 1 }, Inner { tick: 7, plain: 2 }];
    save(&path, &rows).unwrap();
    let file = File::open_rw(&path).unwrap();
    let Ok(mut others) = file.read::<LazyVec<Other>>("value") else { return };
    others.push(Other { tick: 1, plain: 1 });
    others.flush().unwrap_err();
    assert_eq!(others.pending().len(), 1);
    assert_eq!(file.read::<Vec<Inner>>("value").unwrap(), rows);
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Kind {
    B,
    T,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Cell {
    barcode: String,
    kind: Kind,
    guess: Option<Kind>,
    #[filebacked(with = Categorical)]
    cluster: String,
    #[filebacked(with = Categorical)]
    batch: Option<String>,
    count: Option<i32>,
    note: Option<String>,
    score: Option<f32>,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Table {
    #[filebacked(with = DataFrame(index = "barcode"))]
    cells: Vec<Cell>,
}

fn cell(i: usize) -> Cell {
    let there = i.is_multiple_of(2);
    Cell {
        barcode: format!("cell-{}", "x".repeat(i)),
        kind: if i.is_multiple_of(3) { Kind::B } else { Kind::T },
        guess: there.then_some(Kind::T),
        cluster: format!("c{}", 9 - i / 2),
        batch: (!there).then(|| format!("b{}", i / 4)),
        count: there.then_some(i as i32),
        note: there.then(|| "größer".into()),
        score: (i != 1).then_some(i as f32),
    }
}

#[test]
fn data_frames_get_rows() {
    let (_dir, path) = scratch("frame.h5");
    for first in [1, 3] {
        let table = |n: usize| Table { cells: (0..n).map(cell).collect() };
        save(&path, &table(first)).unwrap();
        let file = File::open_rw(&path).unwrap();
        let mut cells: LazyVec<Cell> = file.read("cells").unwrap();
        for end in [first + 1, first + 2, 9] {
            cells.extend((cells.len()..end).map(cell));
            cells.flush().unwrap_or_else(|error| panic!("{first}..{end}: {error}"));
            assert_eq!(cells.read().unwrap(), table(end).cells);
            assert_eq!(file.read_root::<Table>().unwrap(), table(end));
        }
        drop((cells, file));
        assert_eq!(load::<Table>(&path).unwrap(), table(9));
        let whole = path.with_file_name("whole.h5");
        save(&whole, &table(9)).unwrap();
        let Some(python) = python() else { continue };
        assert_eq!(python.read(&path), python.read(&whole));
        let frame = "[[c.decode() for c in f['cells'].attrs['column-order']], f['cells'].attrs['_index'].decode(), f['cells/cluster'].attrs['encoding-type'].decode(), \
                     bool(f['cells/cluster'].attrs['ordered']), f['cells/cluster/categories'].asstr()[:].tolist()]";
        let order = ["kind", "guess", "cluster", "batch", "count", "note", "score"];
        let categories = ["c5", "c6", "c7", "c8", "c9"];
        assert_eq!(
            python.eval(&path, frame),
            json!([order, "barcode", "categorical", false, categories])
        );
    }
}

#[derive(FileBacked, Debug, PartialEq)]
struct State {
    log: Vec<u32>,
    counts: BTreeMap<String, u8>,
    links: BTreeMap<String, Vec<u8>>,
    image: ndarray::Array2<f32>,
}

#[test]
fn a_file_that_is_changed_loses_its_digest() {
    type Change = fn(&File);
    let changes: [(&str, Change); 6] = [
        ("update", |file| file.update("log", &vec![1u32, 2, 4]).unwrap()),
        ("append", |file| {
            let mut log: LazyVec<u32> = file.read("log").unwrap();
            log.push(7);
            log.flush().unwrap();
        }),
        ("map", |file| {
            let mut counts: LazyMap<String, u8> = file.read("counts").unwrap();
            counts.insert("new".into(), 7).unwrap();
            counts.flush().unwrap();
        }),
        ("links", |file| {
            let mut links: LazyMap<String, Vec<u8>> = file.read("links").unwrap();
            links.insert("new".into(), vec![7]).unwrap();
            links.flush().unwrap();
        }),
        ("slice", |file| {
            let mut image: LazyArray<f32, ndarray::Ix2> = file.read("image").unwrap();
            image.write_slice(ndarray::s![0..1, ..], &ndarray::array![[5.0, 6.0]]).unwrap();
        }),
        ("attribute", |file| file.attrs_of("log").unwrap().set("unit", "s".to_string()).unwrap()),
    ];
    for (name, change) in changes {
        let (_dir, path) = scratch("state.h5");
        let state = State {
            log: vec![1, 2, 3],
            counts: BTreeMap::from([("a".into(), 1)]),
            links: BTreeMap::from([("a".into(), vec![1])]),
            image: ndarray::array![[1.0, 2.0], [3.0, 4.0]],
        };
        WriteOptions::new().digest(true).save(&path, &state).unwrap();
        assert!(verify(&path).unwrap().digest.is_some());
        // Opened for it, and not changed.
        File::open_rw(&path).unwrap().close().unwrap();
        assert!(verify(&path).unwrap().digest.is_some(), "{name}");
        let file = File::open_rw(&path).unwrap();
        change(&file);
        file.close().unwrap();
        assert_eq!(verify(&path).unwrap().digest, None, "{name}");
        assert!(load::<State>(&path).is_ok(), "{name}");
    }
}
