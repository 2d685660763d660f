//! Rows that are appended to tables in files.

use filebacked::{Compression, ErrorKind, File, FileBacked, LazyVec, WriteOptions, load, save};
use filebacked_tests::row::{Inner, inner, row};
use filebacked_tests::sequences::{self, Check};
use filebacked_tests::{python, scratch};
use ndarray::Array2;
use std::fmt::Debug;

/// Rows that come in pieces, into files of both engines, are what they are when they are saved at
/// once.
fn check<T: FileBacked + Clone + Debug + PartialEq>(rows: &Vec<T>) {
    let python = python();
    let (_dir, path) = scratch("rows.h5");
    let whole = path.with_file_name("whole.h5");
    save(&whole, rows).unwrap();
    let n = rows.len();
    for (first, pieces) in [
        (0, vec![1, n / 2, n]),
        (1, vec![1, 2, 4, n]),
        (n / 2, vec![n / 2 + 1, n]),
        (n - 1, vec![n]),
    ] {
        for way in ["native", "library", "compressed"] {
            let old = rows[..first].to_vec();
            match way {
                "native" => save(&path, &old).unwrap(),
                "library" => File::create(&path).unwrap().write("value", &old).unwrap(),
                _ => WriteOptions::new()
                    .compression(Compression::Gzip(1))
                    .chunk_bytes(300)
                    .save(&path, &old)
                    .unwrap(),
            }
            let file = File::open_rw(&path).unwrap();
            let mut lazy: LazyVec<T> = file.read("value").unwrap();
            let mut start = first;
            for end in pieces.iter().copied().filter(|end| *end >= first) {
                lazy.extend(rows[start.min(end)..end].iter().cloned());
                start = start.max(end);
                lazy.flush().unwrap_or_else(|e| panic!("{way} {first}..{end}: {e}"));
                assert_eq!((lazy.len(), lazy.pending().len()), (end, 0));
                assert_eq!(lazy.get(end - 1).unwrap(), rows[end - 1], "{way} {first}..{end}");
                assert_eq!(lazy.read().unwrap(), rows[..end], "{way} {first}..{end}");
                assert_eq!(file.read::<Vec<T>>("value").unwrap(), rows[..end]);
            }
            drop((lazy, file));
            assert_eq!(load::<Vec<T>>(&path).unwrap(), *rows, "{way} {first}");
            assert_eq!(load::<LazyVec<T>>(&path).unwrap().range(n / 3..).unwrap(), rows[n / 3..]);
            let Some(python) = python else { continue };
            assert_eq!(python.read(&path), python.read(&whole), "{way} {first}");
        }
    }
}

struct Appended;

impl Check for Appended {
    fn check<T: FileBacked + Clone + Debug + PartialEq>(&self, rows: Vec<T>) {
        check(&rows);
    }
}

#[test]
fn rows_of_every_form() {
    check(&(0..53).map(row).collect());
}

#[test]
fn sequences_of_every_kind() {
    sequences::check_every_kind(&Appended, 3000, 100);
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Run {
    #[filebacked(layout = "compound")]
    records: Vec<(u32, Inner, Option<f64>, [i8; 2])>,
    #[filebacked(layout = "rows")]
    listed: Vec<Inner>,
    #[filebacked(layout = "stacked")]
    stacked: Vec<Array2<f32>>,
    #[filebacked(layout = "packed")]
    packed: Vec<Array2<f32>>,
    log: Vec<Step>,
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Step {
    #[filebacked(chunk = [64])]
    loss: f64,
    #[filebacked(compression = Compression::Gzip(3))]
    note: String,
}

#[derive(FileBacked, Debug)]
#[filebacked(name = "Run")]
struct Handles {
    records: LazyVec<(u32, Inner, Option<f64>, [i8; 2])>,
    listed: LazyVec<Inner>,
    stacked: LazyVec<Array2<f32>>,
    packed: LazyVec<Array2<f32>>,
    log: LazyVec<Step>,
}

fn step(i: usize) -> Step {
    Step { loss: i as f64, note: "n".repeat(i % 5) }
}

#[test]
fn layouts_of_fields() {
    let python = python();
    let (_dir, path) = scratch("run.h5");
    let record =
        |i: usize| (i as u32, inner(10 * i), (i % 3 != 1).then_some(i as f64), [i as i8, 1]);
    let stacked = |i: usize| Array2::from_elem((2, 3), i as f32);
    let packed = |i: usize| Array2::from_elem((i % 3, 2), i as f32);
    let run = |n: usize| Run {
        records: (0..n).map(record).collect(),
        listed: (0..n).map(inner).collect(),
        stacked: (0..n).map(stacked).collect(),
        packed: (0..n).map(packed).collect(),
        log: (0..n).map(step).collect(),
    };
    File::create(&path).unwrap().write("run", &run(4)).unwrap();
    let file = File::open_rw(&path).unwrap();
    let mut handles: Handles = file.read("run").unwrap();
    for n in [5, 9] {
        let start = handles.records.len();
        handles.records.extend((start..n).map(record));
        handles.listed.extend((start..n).map(inner));
        handles.stacked.extend((start..n).map(stacked));
        handles.packed.extend((start..n).map(packed));
        handles.log.extend((start..n).map(step));
        handles.records.flush().unwrap();
        handles.listed.flush().unwrap();
        handles.stacked.flush().unwrap();
        handles.packed.flush().unwrap();
        handles.log.flush().unwrap();
        assert_eq!(file.read::<Run>("run").unwrap(), run(n));
        assert_eq!(handles.records.get(n - 1).unwrap(), record(n - 1));
    }
    // Longer text than the records have room for.
    handles.records.push((9, Inner { x: 0.0, tag: "a longer tag".into() }, None, [0, 0]));
    handles.records.flush().unwrap();
    assert_eq!(handles.records.range(8..).unwrap()[1].1.tag, "a longer tag");
    assert_eq!(handles.records.get(3).unwrap(), record(3));
    drop((handles, file));
    let Some(python) = python else { return };
    assert_eq!(
        python
            .eval(
                &path,
                "[[t.decode() for t in f['run/records']['1']['tag'][8:]], f['run/records'].shape]"
            )
            .to_string(),
        r#"[["t3","a longer tag"],[10]]"#.replace("t3", &record(8).1.tag)
    );
    // A chunk shape that a field asks for stays, and so does compression.
    assert_eq!(
        python
            .eval(&path, "[f['run/log/loss'].chunks, f['run/log/loss'].maxshape, f['run/log/note'].compression]")
            .to_string(),
        r#"[[4],[null],"gzip"]"#
    );
}

#[test]
fn a_column_with_chunks_is_extended_where_it_is() {
    // Before there is a file: another process has no business with it.
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("chunks.h5");
    let steps: Vec<Step> = (0..100).map(step).collect();
    let file = File::create(&path).unwrap();
    file.write("log", &steps).unwrap();
    let address = "[h5py.h5o.get_info(f['log/' + name].id).addr for name in ('loss', 'note')]";
    drop(file);
    let before = python.eval(&path, address);
    let file = File::open_rw(&path).unwrap();
    let mut log: LazyVec<Step> = file.read("log").unwrap();
    log.extend((100..1000).map(step));
    log.flush().unwrap();
    drop((log, file));
    assert_eq!(python.eval(&path, address), before);
    assert_eq!(
        python.eval(&path, "[f['log/loss'].chunks, f['log/loss'][:].tolist()[999]]").to_string(),
        "[[64],999.0]"
    );
}

#[test]
fn files_of_others_grow() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("others.h5");
    python.create(
        &path,
        "import numpy as np; f.create_dataset('x', data=np.arange(10, dtype='>i4'), maxshape=(None,)); \
         f['name'] = ['a', 'b']; f['t/x'] = np.arange(2.0); f['t/tag'] = np.array([b'p', b'q'])",
    );
    let file = File::open_rw(&path).unwrap();
    let mut x: LazyVec<i32> = file.read("x").unwrap();
    x.extend([-7, 1 << 20]);
    x.flush().unwrap();
    let mut names: LazyVec<String> = file.read("name").unwrap();
    names.push("größer".into());
    names.flush().unwrap();
    let mut table: LazyVec<Inner> = file.read("t").unwrap();
    table.push(Inner { x: 0.5, tag: "long tag".into() });
    table.flush().unwrap();
    assert_eq!(table.get(2).unwrap().tag, "long tag");
    drop((x, names, table, file));
    assert_eq!(
        python.eval(&path, "[f['x'][8:].tolist(), f['name'].asstr()[:].tolist(), f['t/x'][:].tolist(), f['t/tag'].asstr()[:].tolist()]").to_string(),
        r#"[[8,9,-7,1048576],["a","b","größer"],[0.0,1.0,0.5],["p","q","long tag"]]"#
    );
}

#[test]
fn what_cannot_be_appended_changes_nothing() {
    let (_dir, path) = scratch("log.h5");
    save(&path, &vec![step(1)]).unwrap();
    let mut read_only: LazyVec<Step> = load(&path).unwrap();
    read_only.push(step(2));
    let error = read_only.flush().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ReadOnly), "{error}");
    assert_eq!((error.file(), read_only.len()), (Some(path.as_path()), 2));
    drop(read_only);
    let mut read_only: LazyVec<Step> = File::open(&path).unwrap().read("value").unwrap();
    read_only.push(step(2));
    assert!(matches!(read_only.flush().unwrap_err().kind(), ErrorKind::ReadOnly));
    drop(read_only);
    let mut nowhere = LazyVec::from(vec![step(3)]);
    assert!(matches!(nowhere.flush().unwrap_err().kind(), ErrorKind::Unsupported(_)));

    #[derive(FileBacked, Clone, Debug)]
    #[filebacked(name = "Step")]
    struct Less {
        loss: f64,
    }
    #[derive(FileBacked, Clone, Debug)]
    #[filebacked(name = "Step")]
    struct More {
        loss: f64,
        note: String,
        #[filebacked(default)]
        more: Vec<u8>,
    }
    #[derive(FileBacked, Clone, Debug)]
    #[filebacked(name = "Step")]
    struct Single {
        loss: f64,
        // The last column, so that others have found their place.
        #[filebacked(with = filebacked::with::AsString)]
        note: u8,
    }
    let before = std::fs::read(&path).unwrap();
    let file = File::open_rw(&path).unwrap();
    fn refused<T: FileBacked + Clone>(file: &File, row: T, kind: fn(&ErrorKind) -> bool, at: &str) {
        let Ok(mut rows) = file.read::<LazyVec<T>>("value") else { panic!("{at} is not read") };
        rows.push(row);
        let error = rows.flush().unwrap_err();
        assert!(kind(error.kind()) && error.path().ends_with(at), "{error}");
        assert_eq!(rows.pending().len(), 1);
    }
    refused(&file, Less { loss: 1.0 }, |kind| matches!(kind, ErrorKind::Unsupported(_)), "/note");
    let more = More { loss: 1.0, note: "x".into(), more: vec![1] };
    refused(&file, more, |kind| matches!(kind, ErrorKind::Missing), "/more");
    refused(
        &file,
        Single { loss: 1.0, note: 7 },
        |kind| matches!(kind, ErrorKind::Unsupported(_)),
        "/note",
    );
    drop(file);
    assert_eq!(load::<Vec<Step>>(&path).unwrap(), [step(1)]);
    assert_eq!(std::fs::read(&path).unwrap().len(), before.len());
}

#[test]
fn two_handles_of_one_table() {
    let (_dir, path) = scratch("two.h5");
    let file = File::create(&path).unwrap();
    file.write("log", &vec![step(1)]).unwrap();
    file.write("x", &vec![1.0]).unwrap();
    let changed =
        |error: filebacked::Error| assert!(matches!(error.kind(), ErrorKind::Changed), "{error}");

    let mut one: LazyVec<Step> = file.read("log").unwrap();
    let mut two = one.clone();
    let mut three: LazyVec<Step> = file.read("log").unwrap();
    one.push(step(2));
    two.push(step(3));
    three.push(step(4));
    one.flush().unwrap();
    changed(two.flush().unwrap_err());
    changed(three.flush().unwrap_err());
    changed(three.get(0).unwrap_err());
    assert_eq!(one.read().unwrap(), [step(1), step(2)]);
    assert_eq!(file.read::<Vec<Step>>("log").unwrap(), [step(1), step(2)]);

    // A dataset that is made anew is another: rows for the old one would be lost.
    let mut one: LazyVec<f64> = file.read("x").unwrap();
    let mut two: LazyVec<f64> = file.read("x").unwrap();
    one.push(2.0);
    two.push(3.0);
    one.flush().unwrap();
    changed(two.flush().unwrap_err());
    one.push(4.0);
    one.flush().unwrap();
    assert_eq!(file.read::<Vec<f64>>("x").unwrap(), [1.0, 2.0, 4.0]);
    // Nor does anything go to what was deleted.
    let mut gone: LazyVec<f64> = file.read("x").unwrap();
    let replace = WriteOptions::new().overwrite(filebacked::options::Overwrite::Replace);
    replace.write(&file.as_hdf5().unwrap(), "x", &vec![7.0, 8.0, 9.0]).unwrap();
    gone.push(5.0);
    changed(gone.flush().unwrap_err());
    assert_eq!(file.read::<Vec<f64>>("x").unwrap(), [7.0, 8.0, 9.0]);
}

#[test]
fn a_flush_that_was_cut_short_is_seen() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("short.h5");
    File::create(&path).unwrap().write("log", &(0..100).map(step).collect::<Vec<_>>()).unwrap();
    // A column has its rows, the number of rows is the old one.
    python.change(&path, "f['log/loss'].resize((103,))");
    let damaged = |error: filebacked::Error| {
        assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{error}");
        assert!(error.path().ends_with("/loss"), "{error}");
    };
    let file = File::open_rw(&path).unwrap();
    damaged(file.read::<Vec<Step>>("log").unwrap_err());
    let mut log: LazyVec<Step> = file.read("log").unwrap();
    damaged(log.get(5).unwrap_err());
    assert_eq!(log.column::<String>("note").unwrap().get(4).unwrap(), "nnnn");
    log.push(step(0));
    damaged(log.flush().unwrap_err());
}

#[test]
fn an_appender_flushes_by_itself() {
    let (_dir, path) = scratch("appender.h5");
    let file = File::create(&path).unwrap();
    file.write("log", &Vec::<Step>::new()).unwrap();
    let mut log: LazyVec<Step> = file.read("log").unwrap();
    let mut appender = log.appender().every(100);
    for i in 0..1050 {
        appender.append(step(i)).unwrap();
    }
    assert_eq!(file.read::<Vec<Step>>("log").unwrap().len(), 1000);
    appender.finish().unwrap();
    assert_eq!(log.pending().len(), 0);
    assert_eq!(file.read::<Vec<Step>>("log").unwrap(), (0..1050).map(step).collect::<Vec<_>>());
}

/// Columns stay open in a handle: nothing that others write is missed for it.
#[test]
fn columns_that_are_open_show_what_is_written() {
    let (_dir, path) = scratch("open.h5");
    let file = File::create(&path).unwrap();
    file.write("log", &(0..2000).map(step).collect::<Vec<_>>()).unwrap();
    let log: LazyVec<Step> = file.read("log").unwrap();
    assert_eq!(log.get(1000).unwrap(), step(1000));
    assert_eq!(log.get(3).unwrap(), step(3));
    // In the same place.
    file.update("log", &(0..2000).map(|i| step(i + 5)).collect::<Vec<_>>()).unwrap();
    assert_eq!(log.get(1000).unwrap(), step(1005));
    // In another place, under the same names.
    let rows: Vec<Step> =
        (0..2000).map(|i| Step { note: "longer than all".repeat(i % 3), ..step(i) }).collect();
    file.update("log", &rows).unwrap();
    assert_eq!(
        (log.get(1000).unwrap(), log.get(1001).unwrap()),
        (rows[1000].clone(), rows[1001].clone())
    );
    // By h5py's means, through the same library.
    let raw = file.as_hdf5().unwrap().dataset("log/loss").unwrap();
    raw.write_slice(&[7.5], 1000..1001).unwrap();
    drop(raw);
    assert_eq!(log.get(1000).unwrap().loss, 7.5);
    // By another handle, whose columns are open too, and are made anew.
    let mut other: LazyVec<Step> = file.read("log").unwrap();
    other.push(Step { loss: 1.0, note: "n".repeat(3000) });
    other.flush().unwrap();
    assert!(matches!(log.get(1000).unwrap_err().kind(), ErrorKind::Changed));
    other.push(step(4));
    other.flush().unwrap();
    assert_eq!(other.range(1999..).unwrap()[2], step(4));
    assert_eq!(other.get(1000).unwrap().loss, 7.5);
    drop((log, other));
    file.close().unwrap();
}

#[test]
fn threads_that_append_and_read() {
    let (_dir, path) = scratch("threads.h5");
    let file = File::create(&path).unwrap();
    file.write("log", &vec![step(0)]).unwrap();
    let appended: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut appended = 0;
                    for _ in 0..40 {
                        let mut log: LazyVec<Step> = file.read("log").unwrap();
                        let n = log.len();
                        log.extend((n..n + 7).map(step));
                        match log.flush() {
                            Ok(()) => appended += 7,
                            Err(error) => {
                                assert!(matches!(error.kind(), ErrorKind::Changed), "{error}")
                            }
                        }
                    }
                    appended
                })
            })
            .collect();
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..60 {
                    let log: LazyVec<Step> = file.read("log").unwrap();
                    match log.range(log.len() / 2..) {
                        Ok(rows) => assert_eq!(
                            rows,
                            (log.len() / 2..log.len()).map(step).collect::<Vec<_>>()
                        ),
                        Err(error) => {
                            assert!(matches!(error.kind(), ErrorKind::Changed), "{error}")
                        }
                    }
                }
            });
        }
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    assert!(appended > 0);
    assert_eq!(
        file.read::<Vec<Step>>("log").unwrap(),
        (0..=appended).map(step).collect::<Vec<_>>()
    );
}
