//! Tables in files that lose their last rows.

use crate::append_filters::{Row, row as filtered_row};
use filebacked::{Compression, ErrorKind, File, FileBacked, LazyVec, WriteOptions, load, save};
use filebacked_tests::row::{Inner, inner, row};
use filebacked_tests::sequences::{self, Check};
use filebacked_tests::{python, scratch};
use ndarray::Array2;
use serde_json::json;
use std::fmt::Debug;

/// Rows that remain, in files of both engines, are what they are when they are saved at once. Rows
/// that come back are what they were.
fn check<T: FileBacked + Clone + Debug + PartialEq>(rows: &Vec<T>) {
    let python = python();
    let (_dir, path) = scratch("rows.h5");
    let whole = path.with_file_name("whole.h5");
    let n = rows.len();
    for kept in [n - 1, n / 2, 1, 0] {
        save(&whole, &rows[..kept].to_vec()).unwrap();
        for way in ["native", "library", "compressed", "appended"] {
            match way {
                "native" => save(&path, rows).unwrap(),
                "library" => File::create(&path).unwrap().write("value", rows).unwrap(),
                "compressed" => WriteOptions::new()
                    .compression(Compression::Gzip(1))
                    .chunk_bytes(300)
                    .save(&path, rows)
                    .unwrap(),
                // Columns of chunks that are larger than all rows.
                _ => {
                    save(&path, &rows[..1].to_vec()).unwrap();
                    let file = File::open_rw(&path).unwrap();
                    let mut lazy: LazyVec<T> = file.read("value").unwrap();
                    lazy.extend(rows[1..].iter().cloned());
                    lazy.flush().unwrap();
                }
            }
            let file = File::open_rw(&path).unwrap();
            let mut lazy: LazyVec<T> = file.read("value").unwrap();
            assert_eq!(lazy.get(n - 1).unwrap(), rows[n - 1]);
            lazy.truncate(kept).unwrap_or_else(|e| panic!("{way} {kept} of {n}: {e}"));
            assert_eq!(lazy.len(), kept);
            assert_eq!(lazy.read().unwrap(), rows[..kept], "{way} {kept} of {n}");
            assert_eq!(lazy.range(kept / 2..).unwrap(), rows[kept / 2..kept], "{way} {kept}");
            assert_eq!(file.read::<Vec<T>>("value").unwrap(), rows[..kept]);
            drop((lazy, file));
            assert_eq!(load::<Vec<T>>(&path).unwrap(), rows[..kept], "{way} {kept}");
            if let Some(python) = python {
                assert_eq!(python.read(&path), python.read(&whole), "{way} {kept} of {n}");
            }
            let file = File::open_rw(&path).unwrap();
            let mut lazy: LazyVec<T> = file.read("value").unwrap();
            lazy.extend(rows[kept..].iter().cloned());
            lazy.flush().unwrap_or_else(|e| panic!("{way} {kept}..{n}: {e}"));
            drop((lazy, file));
            assert_eq!(load::<Vec<T>>(&path).unwrap(), *rows, "{way} {kept}");
        }
    }
}

struct Truncated;

impl Check for Truncated {
    fn check<T: FileBacked + Clone + Debug + PartialEq>(&self, rows: Vec<T>) {
        check(&rows);
    }
}

#[test]
fn rows_of_every_form() {
    check(&(0..53).map(row).collect());
}

#[test]
fn columns_of_filters() {
    check::<Row>(&(0..20).map(filtered_row).collect());
}

#[test]
fn sequences_of_every_kind() {
    sequences::check_every_kind(&Truncated, 3000, 100);
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
}

#[derive(FileBacked, Debug)]
#[filebacked(name = "Run")]
struct Handles {
    records: LazyVec<(u32, Inner, Option<f64>, [i8; 2])>,
    listed: LazyVec<Inner>,
    stacked: LazyVec<Array2<f32>>,
    packed: LazyVec<Array2<f32>>,
}

#[test]
fn layouts_of_fields() {
    let (_dir, path) = scratch("run.h5");
    let run = |n: usize| Run {
        records: (0..n)
            .map(|i| (i as u32, inner(10 * i), (i % 3 != 1).then_some(0.5), [i as i8, 1]))
            .collect(),
        listed: (0..n).map(inner).collect(),
        stacked: (0..n).map(|i| Array2::from_elem((2, 3), i as f32)).collect(),
        packed: (0..n).map(|i| Array2::from_elem((i % 3, 2), i as f32)).collect(),
    };
    save(&path, &run(9)).unwrap();
    let file = File::open_rw(&path).unwrap();
    let mut handles: Handles = file.read_root().unwrap();
    for n in [9, 5, 2, 0] {
        handles.records.truncate(n).unwrap();
        handles.listed.truncate(n).unwrap();
        handles.stacked.truncate(n).unwrap();
        handles.packed.truncate(n).unwrap();
        assert_eq!(file.read_root::<Run>().unwrap(), run(n));
    }
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Step {
    #[filebacked(chunk = [64])]
    loss: f64,
    #[filebacked(compression = Compression::Gzip(3), fletcher32)]
    note: String,
}

fn step(i: usize) -> Step {
    Step { loss: i as f64, note: "n".repeat(i % 5) }
}

#[test]
fn columns_with_chunks_stay_where_they_are() {
    // Before there is a file: another process has no business with it.
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("chunks.h5");
    let file = File::create(&path).unwrap();
    file.write("log", &(0..1000).map(step).collect::<Vec<_>>()).unwrap();
    drop(file);
    let address = "[h5py.h5o.get_info(f['log/' + name].id).addr for name in ('loss', 'note')]";
    let before = python.eval(&path, address);
    let file = File::open_rw(&path).unwrap();
    let mut log: LazyVec<Step> = file.read("log").unwrap();
    log.push(step(7));
    log.truncate(300).unwrap();
    assert_eq!((log.len(), log.pending().len()), (300, 0));
    drop((log, file));
    assert_eq!(python.eval(&path, address), before);
    assert_eq!(
        python.eval(
            &path,
            "[len(f['log/loss']), f['log/note'].asstr()[299], f['log'].attrs['len'].item()]"
        ),
        json!([300, "nnnn", 300])
    );
    // HDF5's filler in place of the removed rows is never visible, and new rows replace it.
    let file = File::open_rw(&path).unwrap();
    let mut log: LazyVec<Step> = file.read("log").unwrap();
    log.extend((300..310).map(step));
    log.flush().unwrap();
    drop((log, file));
    assert_eq!(
        python.eval(&path, "f['log/loss'][298:302].tolist()"),
        json!([298.0, 299.0, 300.0, 301.0])
    );
}

#[test]
fn pending_rows_go_first() {
    let (_dir, path) = scratch("pending.h5");
    let file = File::create(&path).unwrap();
    file.write("x", &vec![1.0, 2.0]).unwrap();
    let mut x: LazyVec<f64> = file.read("x").unwrap();
    x.extend([3.0, 4.0]);
    x.truncate(7).unwrap();
    assert_eq!(x.len(), 4);
    x.truncate(3).unwrap();
    assert_eq!((x.read().unwrap(), x.pending()), (vec![1.0, 2.0, 3.0], &[3.0][..]));
    assert_eq!(file.read::<Vec<f64>>("x").unwrap(), [1.0, 2.0]);
    x.truncate(1).unwrap();
    assert_eq!((x.read().unwrap(), x.pending().len()), (vec![1.0], 0));
    let mut memory = LazyVec::from(vec![1, 2, 3]);
    memory.truncate(2).unwrap();
    assert_eq!(memory.read().unwrap(), [1, 2]);
}

#[test]
fn files_of_others_are_cut() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("others.h5");
    python.create(
        &path,
        "import numpy as np; f.create_dataset('x', data=np.arange(10, dtype='>i4'), chunks=(4,)); \
         f['name'] = ['a', 'b', 'ö']; f['t/x'] = np.arange(3.0); f['t/tag'] = np.array([b'p', b'q', b'r']); \
         f.attrs['ref'] = f['name'].ref",
    );
    let file = File::open_rw(&path).unwrap();
    // Its extent is fixed, and may be smaller.
    let mut x: LazyVec<i32> = file.read("x").unwrap();
    x.truncate(6).unwrap();
    let mut names: LazyVec<String> = file.read("name").unwrap();
    names.truncate(2).unwrap();
    let mut table: LazyVec<Inner> = file.read("t").unwrap();
    table.truncate(1).unwrap();
    assert_eq!(table.get(0).unwrap(), Inner { x: 0.0, tag: "p".into() });
    drop((x, names, table, file));
    assert_eq!(
        python.eval(
            &path,
            "[f['x'][:].tolist(), f['name'].asstr()[:].tolist(), f['t/x'][:].tolist(), \
             f['t/tag'].asstr()[:].tolist(), f[f.attrs['ref']].name]"
        ),
        json!([[0, 1, 2, 3, 4, 5], ["a", "b"], [0.0], ["p"], "/name"])
    );
}

/// The file is the same afterwards, to the byte.
#[track_caller]
fn refused<T: FileBacked>(
    path: &std::path::Path,
    name: &str,
    kind: fn(&ErrorKind) -> bool,
    at: &str,
) {
    let before = std::fs::read(path).unwrap();
    let file = File::open_rw(path).unwrap();
    let mut rows: LazyVec<T> = file.read(name).unwrap();
    let error = rows.truncate(1).unwrap_err();
    assert!(kind(error.kind()) && error.path().ends_with(at), "{error}");
    drop((rows, file));
    assert!(std::fs::read(path).unwrap() == before, "the file has changed");
}

#[test]
fn what_cannot_be_cut_changes_nothing() {
    let (_dir, path) = scratch("log.h5");
    save(&path, &vec![step(1), step(2), step(3)]).unwrap();
    let mut read_only: LazyVec<Step> = load(&path).unwrap();
    let error = read_only.truncate(1).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ReadOnly), "{error}");
    assert_eq!((error.file(), read_only.len()), (Some(path.as_path()), 3));
    read_only.truncate(3).unwrap();
    drop(read_only);
    let mut read_only: LazyVec<Step> = File::open(&path).unwrap().read("value").unwrap();
    assert!(matches!(read_only.truncate(1).unwrap_err().kind(), ErrorKind::ReadOnly));
    drop(read_only);

    // A column that a filter wrote, and that the type lacks.
    #[derive(FileBacked, Clone, Debug)]
    #[filebacked(name = "Step")]
    struct More {
        loss: f64,
        #[filebacked(with = filebacked::with::AsString)]
        version: u128,
    }
    #[derive(FileBacked, Clone, Debug)]
    #[filebacked(name = "Step")]
    struct Less {
        loss: f64,
    }
    let rows: Vec<More> = (0..3).map(|i| More { loss: 0.5, version: i }).collect();
    save(&path, &rows).unwrap();
    let unsupported = |kind: &ErrorKind| matches!(kind, ErrorKind::Unsupported(_));
    refused::<Less>(&path, "value", unsupported, "/version");

    let Some(python) = python() else { return };
    // A dataset of two names, which would have to be another under both.
    python.change(&path, "f['two'] = f['value/loss']");
    refused::<More>(&path, "value", unsupported, "/loss");
    // A column of another length, as after a flush that was cut short.
    python.change(&path, "del f['two']; del f['value/loss']; f['value/loss'] = [0.5, 0.5]");
    refused::<More>(&path, "value", |kind| matches!(kind, ErrorKind::Damaged(_)), "/loss");
    // Data that is elsewhere.
    python.create(
        &path,
        "l = h5py.VirtualLayout((3,), 'f8'); f['a'] = [1.0, 2, 3]; l[:] = h5py.VirtualSource(f['a']); \
         f.create_virtual_dataset('v', l)",
    );
    refused::<f64>(&path, "v", unsupported, "v");
}

/// A chunk that is cut is read before anything changes.
#[test]
fn a_damaged_chunk_changes_nothing() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("damaged.h5");
    python.create(
        &path,
        "import numpy as np; g = f.create_group('t'); \
         g.create_dataset('a', data=np.arange(100.0), chunks=(64,)); \
         g.create_dataset('b', data=np.arange(100.0), chunks=(64,), fletcher32=True)",
    );
    let place = python.eval(&path, "f['t/b'].id.get_chunk_info(0).byte_offset").as_u64().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[place as usize + 9] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    #[derive(FileBacked, Clone, Debug)]
    struct Pair {
        a: f64,
        b: f64,
    }
    refused::<Pair>(&path, "t", |kind| matches!(kind, ErrorKind::Hdf5(_)), "");
    // At its end, or beyond, no chunk is cut.
    let file = File::open_rw(&path).unwrap();
    let mut rows: LazyVec<Pair> = file.read("t").unwrap();
    rows.truncate(64).unwrap();
    drop((rows, file));
    assert_eq!(python.eval(&path, "[len(f['t/a']), len(f['t/b'])]"), json!([64, 64]));
}

#[test]
fn other_handles_see_that_rows_are_gone() {
    let (_dir, path) = scratch("two.h5");
    let file = File::create(&path).unwrap();
    file.write("log", &(0..9).map(step).collect::<Vec<_>>()).unwrap();
    let changed =
        |error: filebacked::Error| assert!(matches!(error.kind(), ErrorKind::Changed), "{error}");
    let mut one: LazyVec<Step> = file.read("log").unwrap();
    let mut two = one.clone();
    one.truncate(4).unwrap();
    changed(two.get(0).unwrap_err());
    changed(two.truncate(4).unwrap_err());
    two.push(step(1));
    changed(two.flush().unwrap_err());
    assert_eq!(one.read().unwrap(), (0..4).map(step).collect::<Vec<_>>());
}

/// Truncating is refused while readers may have the rows open.
#[test]
fn tables_in_swmr_mode_stay() {
    let (_dir, path) = scratch("swmr.h5");
    let file = File::options()
        .libver(filebacked::file::Libver::Latest, filebacked::file::Libver::Latest)
        .create(&path)
        .unwrap();
    file.write("log", &(0..9).map(step).collect::<Vec<_>>()).unwrap();
    file.start_swmr().unwrap();
    let mut log: LazyVec<Step> = file.read("log").unwrap();
    let error = log.truncate(4).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert_eq!(log.read().unwrap(), (0..9).map(step).collect::<Vec<_>>());
}
