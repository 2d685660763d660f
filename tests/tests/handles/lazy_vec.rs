//! Sequences of which some rows are read.

use filebacked::{Compression, ErrorKind, File, FileBacked, Filter, LazyVec, WriteOptions};
use filebacked::{Node, Rows, Slot, Written};
use filebacked::{from_bytes, load, save, to_bytes};
use filebacked_tests::row::{Inner, Row, Shape, inner, row};
use filebacked_tests::sequences::{self, Check};
use filebacked_tests::{python, scratch};
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Written and read by each engine: rows that are asked for are those of the sequence.
fn check<T: FileBacked + Clone + Debug + PartialEq>(values: &Vec<T>) {
    let (_dir, path) = scratch("rows.h5");
    let test = |lazy: &LazyVec<T>, what: &str| {
        let n = values.len();
        assert_eq!(lazy.len(), n, "{what}");
        for i in [0, 1, n / 3, n / 2, n.saturating_sub(1)].into_iter().filter(|i| *i < n) {
            assert_eq!(lazy.get(i).unwrap(), values[i], "{what}: {i}");
        }
        for range in [0..0, 0..n, n / 4..n / 2, n / 2..n, n..n] {
            assert_eq!(
                lazy.range(range.clone()).unwrap(),
                values[range.clone()],
                "{what}: {range:?}"
            );
        }
        assert_eq!(lazy.read().unwrap(), *values, "{what}");
        assert_eq!(
            lazy.blocks(n / 3 + 1).map(|block| block.unwrap()).collect::<Vec<_>>().concat(),
            *values
        );
        assert_eq!(lazy.iter().map(|row| row.unwrap()).collect::<Vec<_>>(), *values, "{what}");
        assert!(matches!(lazy.get(n).unwrap_err().kind(), ErrorKind::OutOfBounds(_)));
        assert!(matches!(lazy.range(..=n).unwrap_err().kind(), ErrorKind::OutOfBounds(_)));
    };
    test(&from_bytes(&to_bytes(values).unwrap()).unwrap(), "bytes");
    test(&values.clone().into(), "memory");
    for (options, what) in [
        (WriteOptions::new(), "plain"),
        (WriteOptions::new().compression(Compression::Gzip(1)).chunk_bytes(700), "compressed"),
    ] {
        options.save(&path, values).unwrap();
        test(&load(&path).unwrap(), what);
        test(&File::open(&path).unwrap().read("value").unwrap(), what);
        // What is not read is copied, and what is read is what was written.
        let copy = path.with_file_name("copy.h5");
        save(&copy, &load::<LazyVec<T>>(&path).unwrap()).unwrap();
        assert_eq!(load::<Vec<T>>(&copy).unwrap(), *values);
        let mut more: LazyVec<T> = load(&path).unwrap();
        more.extend(values.iter().take(2).cloned());
        save(&copy, &more).unwrap();
        let twice: Vec<T> = values.iter().chain(values.iter().take(2)).cloned().collect();
        assert_eq!(load::<Vec<T>>(&copy).unwrap(), twice);
        assert_eq!(
            more.range(values.len().saturating_sub(1)..).unwrap(),
            twice[values.len().saturating_sub(1)..]
        );
        // Nothing more: the raw copy may lie in another way.
        if twice.len() > values.len() {
            assert_eq!(to_bytes(&more).unwrap(), to_bytes(&twice).unwrap());
        }
    }
}

struct Ranges;

impl Check for Ranges {
    fn check<T: FileBacked + Clone + Debug + PartialEq>(&self, rows: Vec<T>) {
        check(&rows);
    }
}

#[test]
fn rows_of_every_form() {
    check(&(0..53).map(row).collect());
    check(&vec![row(1)]);
    check(&Vec::<Row>::new());
}

#[test]
fn sequences_of_every_kind() {
    sequences::check_every_kind(&Ranges, 20_000, 9000);
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Records {
    #[filebacked(layout = "compound")]
    rows: Vec<(u32, Inner, Option<f64>, [i8; 2])>,
    #[filebacked(layout = "rows")]
    listed: Vec<Inner>,
}

#[derive(FileBacked, Clone, Debug)]
#[filebacked(name = "Records")]
struct RecordHandles {
    rows: LazyVec<(u32, Inner, Option<f64>, [i8; 2])>,
    listed: LazyVec<Inner>,
}

#[test]
fn records_and_lists() {
    let tag =
        |i: usize| Inner { x: i as f64, tag: if i == 9 { "long ".repeat(50) } else { "s".into() } };
    let rows = (0..60)
        .map(|i| (i as u32, tag(i), (i % 3 != 1).then_some(i as f64), [i as i8, 1]))
        .collect();
    let records = Records { rows, listed: (0..12).map(inner).collect() };
    let (_dir, path) = scratch("records.h5");
    save(&path, &records).unwrap();
    for handles in
        [load::<RecordHandles>(&path).unwrap(), File::open(&path).unwrap().read_root().unwrap()]
    {
        assert_eq!(handles.rows.len(), 60);
        assert_eq!(handles.rows.range(7..11).unwrap(), records.rows[7..11]);
        assert_eq!(
            handles.rows.column::<String>("1/tag").unwrap().range(8..10).unwrap()[1].len(),
            250
        );
        assert_eq!(
            handles.rows.column::<Option<f64>>("2").unwrap().range(3..5).unwrap(),
            [Some(3.0), None]
        );
        assert_eq!(handles.listed.get(11).unwrap(), inner(11));
        assert_eq!(handles.listed.range(3..6).unwrap(), records.listed[3..6]);
    }
}

#[test]
fn columns_alone() {
    let rows: Vec<Row> = (0..500).map(row).collect();
    let (_dir, path) = scratch("columns.h5");
    save(&path, &rows).unwrap();
    let mut lazy: LazyVec<Row> = load(&path).unwrap();
    lazy.extend([row(500), row(501)]);
    let rows: Vec<Row> = (0..502).map(row).collect();
    for lazy in [lazy, rows.clone().into()] {
        let loss = lazy.column::<f64>("meta/loss").unwrap();
        assert_eq!(loss.len(), 502);
        assert_eq!(loss.get(499).unwrap(), 1.0 / 500.0);
        assert_eq!(
            loss.range(498..=501).unwrap(),
            [1.0 / 499.0, 1.0 / 500.0, 1.0 / 501.0, 1.0 / 502.0]
        );
        let column = |i: usize| lazy.column::<String>("inner/tag").unwrap().get(i).unwrap();
        assert_eq!(
            [column(0), column(501)],
            [rows[0].inner.tag.clone(), rows[501].inner.tag.clone()]
        );
        let lists = lazy.column::<Vec<u16>>("list").unwrap().read().unwrap();
        assert_eq!(lists, rows.iter().map(|row| row.list.clone()).collect::<Vec<_>>());
        let shapes = lazy.column::<Shape>("shape").unwrap().range(301..303).unwrap();
        assert_eq!(shapes, [rows[301].shape.clone(), rows[302].shape.clone()]);

        let missing = lazy.column::<f64>("meta/los").unwrap_err();
        assert!(matches!(missing.kind(), ErrorKind::Missing), "{missing}");
        assert_eq!(missing.help(), Some("there is `meta/loss`"));
        let mismatch = lazy.column::<f64>("name").unwrap_err();
        assert!(matches!(mismatch.kind(), ErrorKind::Mismatch { .. }), "{mismatch}");
        assert!(mismatch.path().ends_with("/name"), "{mismatch}");
        assert!(matches!(loss.get(502).unwrap_err().kind(), ErrorKind::OutOfBounds(_)));
        assert!(matches!(loss.range(3..503).unwrap_err().kind(), ErrorKind::OutOfBounds(_)));
    }
    let numbers: LazyVec<f64> = from_bytes(&to_bytes(&vec![1.0]).unwrap()).unwrap();
    assert!(matches!(numbers.column::<f64>("x").unwrap_err().kind(), ErrorKind::Mismatch { .. }));
}

/// Writes the differences of neighbours: no row of it means anything alone.
struct Differences;

impl filebacked::Filter<i64> for Differences {
    fn name(&self) -> &str {
        "Differences"
    }

    fn write(
        &self,
        value: &i64,
        slot: filebacked::Slot<'_>,
    ) -> filebacked::Result<filebacked::Written> {
        slot.put_next(value)
    }

    fn read(&self, node: filebacked::Node<'_>) -> filebacked::Result<i64> {
        node.get_next()
    }

    fn write_rows(
        &self,
        rows: filebacked::Rows<'_, i64>,
        slot: filebacked::Slot<'_>,
    ) -> filebacked::Result<filebacked::Written> {
        let mut last = 0;
        let steps: Vec<i64> =
            rows.iter().map(|value| value - std::mem::replace(&mut last, *value)).collect();
        slot.put_next_rows(filebacked::Rows::slice(&steps))
    }

    fn read_rows(&self, node: filebacked::Node<'_>) -> filebacked::Result<Vec<i64>> {
        let mut last = 0;
        let sum = |step: i64| {
            last += step;
            last
        };
        Ok(node.get_next_rows::<i64>()?.into_iter().map(sum).collect())
    }
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Filtered {
    #[filebacked(with = Differences)]
    at: i64,
    name: String,
}

#[test]
fn what_a_filter_wrote_is_read_whole() {
    let rows: Vec<Filtered> =
        (0..50).map(|i| Filtered { at: i * i, name: format!("{i}") }).collect();
    let lazy: LazyVec<Filtered> = from_bytes(&to_bytes(&rows).unwrap()).unwrap();
    assert_eq!(lazy.get(30).unwrap(), rows[30]);
    assert_eq!(lazy.range(10..20).unwrap(), rows[10..20]);
    assert_eq!(lazy.column::<String>("name").unwrap().range(10..12).unwrap(), ["10", "11"]);
}

/// Counts how often its rows are read.
struct Counted;

static READS: AtomicUsize = AtomicUsize::new(0);

impl Filter<u8> for Counted {
    fn name(&self) -> &str {
        "Counted"
    }

    fn write(&self, value: &u8, slot: Slot<'_>) -> filebacked::Result<Written> {
        slot.put(value)
    }

    fn read(&self, node: Node<'_>) -> filebacked::Result<u8> {
        node.get()
    }

    fn write_rows(&self, rows: Rows<'_, u8>, slot: Slot<'_>) -> filebacked::Result<Written> {
        slot.put_rows(rows)
    }

    fn read_rows(&self, node: Node<'_>) -> filebacked::Result<Vec<u8>> {
        let rows = node.get_rows()?;
        READS.fetch_add(usize::from(!rows.is_empty()), Ordering::Relaxed);
        Ok(rows)
    }
}

/// Rows that are not `Clone`, of which a filter writes one column.
#[derive(FileBacked, Debug, PartialEq)]
struct Unique {
    name: String,
    #[filebacked(with = Counted)]
    level: u8,
}

#[test]
fn rows_need_not_be_clone() {
    let unique = |i: u8| Unique { name: format!("n{i}"), level: i };
    let (_dir, path) = scratch("unique.h5");
    save(&path, &(0..200).map(unique).collect::<Vec<_>>()).unwrap();
    let reads = |what: &str, expected: usize| {
        assert_eq!(READS.swap(0, Ordering::Relaxed), expected, "{what}");
    };
    let mut rows: LazyVec<Unique> = load(&path).unwrap();
    reads("opening", 0);
    rows.extend((200..205).map(unique));
    let wanted: Vec<Unique> = (0..205).map(unique).collect();
    // Each row once: they are read together.
    for i in (0..200).rev() {
        assert_eq!(rows.get(i.into()).unwrap(), unique(i));
    }
    reads("one by one", 1);
    assert_eq!(rows.get(7).unwrap(), unique(7));
    assert_eq!(rows.range(100..).unwrap(), wanted[100..]);
    // Those that are pending are copied by way of their form on disk.
    reads("again", 2);
    assert_eq!(rows.get(204).unwrap(), unique(204));
    reads("pending", 1);
    // Nobody takes rows from somebody else.
    let mut pairs = rows.iter().zip(rows.iter());
    assert!(pairs.all(|(one, two)| one.unwrap() == two.unwrap()));
    assert!(READS.swap(0, Ordering::Relaxed) < 12);
    assert_eq!(rows.iter().map(Result::unwrap).collect::<Vec<_>>(), wanted);
    assert_eq!(rows.blocks(30).nth(2).unwrap().unwrap(), wanted[60..90]);
    let mut blocks = rows.blocks(30);
    assert_eq!(blocks.next().unwrap().unwrap(), wanted[..30]);
    assert_eq!(blocks.nth(1).unwrap().unwrap(), wanted[60..90]);
    assert_eq!(blocks.nth(3).unwrap().unwrap(), wanted[180..]);
    assert!(blocks.next().is_none());
    assert_eq!(rows.read().unwrap(), wanted);
    let level = rows.column::<String>("name").unwrap();
    assert_eq!(level.range(198..202).unwrap(), ["n198", "n199", "n200", "n201"]);
}

#[test]
fn files_of_others() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("others.h5");
    python.create(
        &path,
        "import numpy as np; f['x'] = np.arange(100, dtype='>i4'); f['wide'] = np.arange(12.0).reshape(3, 4); \
         f['t/x'] = np.arange(5.0); f['t/tag'] = ['a', 'b', 'c', 'd', 'e']; \
         f['r'] = np.array([(1.5, b'one'), (2.5, b'two')], dtype=[('x', 'f4'), ('tag', 'S5')]); \
         d = f.create_dataset('s', (3,), dtype=h5py.vlen_dtype('f8')); d[0] = [1, 2]; d[2] = [3]",
    );
    let file = File::open(&path).unwrap();
    assert_eq!(file.read::<LazyVec<i64>>("x").unwrap().range(98..).unwrap(), [98, 99]);
    assert_eq!(
        file.read::<LazyVec<Vec<f64>>>("wide").unwrap().get(1).unwrap(),
        [4.0, 5.0, 6.0, 7.0]
    );
    let table = file.read::<LazyVec<Inner>>("t").unwrap();
    assert_eq!((table.len(), table.get(3).unwrap()), (5, Inner { x: 3.0, tag: "d".into() }));
    let records = file.read::<LazyVec<Inner>>("r").unwrap();
    assert_eq!(records.get(1).unwrap(), Inner { x: 2.5, tag: "two".into() });
    assert_eq!(
        file.read::<LazyVec<Vec<f64>>>("s").unwrap().range(1..).unwrap(),
        [vec![], vec![3.0]]
    );
}

#[test]
fn other_types_and_changed_files_are_errors() {
    let (_dir, path) = scratch("changed.h5");
    save(&path, &(0..100_000).map(f64::from).collect::<Vec<_>>()).unwrap();
    let kind = load::<LazyVec<String>>(&path).unwrap_err();
    assert!(matches!(kind.kind(), ErrorKind::Mismatch { .. }), "{kind}");
    let kind = load::<LazyVec<Inner>>(&path).unwrap_err();
    assert!(matches!(kind.kind(), ErrorKind::Mismatch { .. }), "{kind}");

    let changed = |lazy: &LazyVec<f64>| {
        let error = lazy.get(5).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Changed), "{error}");
        assert_eq!(error.file(), Some(path.as_path()));
    };
    let lazy: LazyVec<f64> = load(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    changed(&lazy);
    std::fs::write(&path, &bytes).unwrap();
    // Replaced: the handle goes on with the file that it was opened with.
    let lazy: LazyVec<f64> = load(&path).unwrap();
    save(&path, &vec![7.0]).unwrap();
    assert_eq!(lazy.get(99_999).unwrap(), 99_999.0);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(lazy.range(..2).unwrap(), [0.0, 1.0]);
}

#[test]
fn columns_of_other_lengths_are_damage() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("damaged.h5");
    let rows: Vec<Row> = (0..20).map(row).collect();
    for (change, name) in [
        ("g = f['value']; del g['id']; g['id'] = [1, 2, 3]", "/value/id"),
        ("f['value/list/offsets'][3] = 99", "/value/list"),
        ("f['value/list/offsets'][20] = 0", "/value/list"),
        ("f['value/maybe_inner/mask'][:] = 0", "/value/maybe_inner"),
        ("f['value/shape/variant'][:] = 1", "/value/shape"),
        ("f['value/inner'].attrs.modify('len', 21)", "/value/inner"),
    ] {
        save(&path, &rows).unwrap();
        python.change(&path, change);
        let lazy: LazyVec<Row> = load(&path).unwrap();
        let error = lazy.get(2).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{change}: {error}");
        assert!(error.path().starts_with(name), "{change}: {error}");
    }
}

#[test]
fn eight_threads_read_one_handle() {
    let rows: Vec<Row> = (0..300).map(row).collect();
    let (_dir, path) = scratch("threads.h5");
    save(&path, &rows).unwrap();
    fn is_shared<T: Send + Sync>(_: &T) {}
    for lazy in
        [load::<LazyVec<Row>>(&path).unwrap(), File::open(&path).unwrap().read("value").unwrap()]
    {
        is_shared(&lazy);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (lazy, rows) = (&lazy, &rows);
                scope.spawn(move || {
                    for i in (thread..rows.len()).step_by(23) {
                        assert_eq!(lazy.get(i).unwrap(), rows[i]);
                    }
                    let loss = lazy.column::<f64>("meta/loss").unwrap();
                    assert_eq!(loss.range(thread..thread + 1).unwrap(), [rows[thread].loss]);
                });
            }
        });
    }
}
