//! Records with text in them that are appended to those in files.

use filebacked::engine::Engine;
use filebacked::{ErrorKind, File, FileBacked, LazyVec, WriteOptions, load};
use filebacked_tests::{python, scratch};
use serde_json::json;

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Inner {
    x: f64,
    tag: String,
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Record {
    id: u8,
    name: String,
    inner: Inner,
    maybe: Option<Inner>,
    many: [Inner; 2],
    words: [String; 2],
    last: u64,
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Table {
    #[filebacked(layout = "compound")]
    rows: Vec<Record>,
}

#[derive(FileBacked, Debug)]
#[filebacked(name = "Table")]
struct Handle {
    rows: LazyVec<Record>,
}

/// Every text of the record is so long.
fn record(i: usize, len: usize) -> Record {
    let text = |what: &str| format!("{what}{i}").chars().cycle().take(len).collect::<String>();
    let inner = |what| Inner { x: i as f64, tag: text(what) };
    Record {
        id: i as u8,
        name: text("ü"),
        inner: inner("in"),
        maybe: (!i.is_multiple_of(3)).then(|| inner("may")),
        many: [inner("a"), inner("b")],
        words: [text("w"), text("v")],
        last: u64::MAX - i as u64,
    }
}

/// Rows of these lengths of texts.
fn rows(lens: &[usize]) -> Vec<Record> {
    lens.iter().enumerate().map(|(i, len)| record(i, *len)).collect()
}

/// The type of the member `name` of the rows: its size, 0 for a variable length.
const NAME: &str = "[h5py.check_string_dtype(f['rows'].dtype['name']).length or 0]";

/// Texts of these lengths are there; blocks of others come.
fn check(first: &[usize], blocks: &[&[usize]]) -> Option<serde_json::Value> {
    let (_dir, path) = scratch("records.h5");
    for engine in [Engine::Native, Engine::Libhdf5] {
        let mut lens = first.to_vec();
        WriteOptions::new().engine(engine).save(&path, &Table { rows: rows(&lens) }).unwrap();
        let file = File::open_rw(&path).unwrap();
        let mut handle: Handle = file.read_root().unwrap();
        for block in blocks {
            lens.extend_from_slice(block);
            let wanted = rows(&lens);
            handle.rows.extend(wanted[lens.len() - block.len()..].iter().cloned());
            handle.rows.flush().unwrap_or_else(|error| panic!("{engine:?} {block:?}: {error}"));
            assert_eq!(handle.rows.read().unwrap(), wanted, "{engine:?} {block:?}");
            assert_eq!(handle.rows.get(lens.len() - 1).unwrap(), wanted[lens.len() - 1]);
        }
        drop((handle, file));
        assert_eq!(load::<Table>(&path).unwrap().rows, rows(&lens), "{engine:?}");
    }
    let python = python()?;
    let whole =
        rows(&first.iter().chain(blocks.iter().copied().flatten()).copied().collect::<Vec<_>>());
    let read = "[[r['name'].decode(), r['inner']['tag'].decode(), r['maybe']['values']['tag'].decode(), \
                 [m['tag'].decode() for m in r['many']], [w.decode() for w in r['words']], int(r['last'])] for r in f['rows'][:]]";
    let tag =
        |inner: &Option<Inner>| inner.as_ref().map_or(String::new(), |inner| inner.tag.clone());
    let wanted = whole.iter().map(|row| {
        let many = row.many.iter().map(|inner| inner.tag.clone()).collect::<Vec<_>>();
        json!([row.name, row.inner.tag, tag(&row.maybe), many, row.words, row.last])
    });
    assert_eq!(python.eval(&path, read), json!(wanted.collect::<Vec<_>>()));
    Some(python.eval(&path, NAME))
}

/// So many lengths of which one is far longer than the others.
const UNEVEN: &[usize] = &[1, 1, 1, 1, 1, 1, 1, 1, 400, 1, 1, 1];

#[test]
fn texts_of_variable_length_stay_so() {
    let length = check(UNEVEN, &[&[3], &[0], &[900, 2], UNEVEN, &[5, 5, 5]]);
    assert_eq!(length.unwrap_or(json!([0])), json!([0]));
}

#[test]
fn texts_of_fixed_length_become_longer_ones() {
    // The last one fits, though it would have a variable length by itself.
    let length = check(&[4, 4], &[&[2], &[9], &[600], UNEVEN]);
    assert_eq!(length.unwrap_or(json!([900])), json!([900]));
}

#[test]
fn texts_of_fixed_length_become_those_of_variable_length() {
    let length = check(&[4, 4], &[UNEVEN, &[2], UNEVEN]);
    assert_eq!(length.unwrap_or(json!([0])), json!([0]));
}

#[test]
fn records_without_rows_get_some() {
    assert_eq!(check(&[], &[UNEVEN, &[3]]).unwrap_or(json!([0])), json!([0]));
}

#[test]
fn many_records_of_texts() {
    let lens: Vec<usize> = (0..3000).map(|i| if i % 100 == 7 { 300 } else { i % 5 }).collect();
    check(&lens[..1000], &[&lens[1000..1001], &lens[1001..]]);
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Foreign {
    id: i16,
    short: String,
    long: String,
}

#[test]
fn records_of_others_get_more() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("others.h5");
    python.create(
        &path,
        "import numpy as np; s = h5py.string_dtype(); \
         t = np.dtype([('id', '>i2'), ('short', 'S3'), ('x', 'f8'), ('long', s)], align=True); \
         f['t'] = np.array([(1, b'abc', 0.5, 'one'), (-2, b'z', 1.5, 'twö')], dtype=t)[['id', 'short', 'long']].copy(); \
         f.create_dataset('u', data=f['t'][:], maxshape=(None,), chunks=(4,))",
    );
    let file = File::open_rw(&path).unwrap();
    let row = |id, short: &str, long: &str| Foreign { id, short: short.into(), long: long.into() };
    for name in ["t", "u"] {
        let mut rows: LazyVec<Foreign> = file.read(name).unwrap();
        rows.push(row(-300, "xy", "a longer text"));
        rows.flush().unwrap();
        rows.push(row(4, "", ""));
        rows.flush().unwrap();
        let wanted = [
            row(1, "abc", "one"),
            row(-2, "z", "twö"),
            row(-300, "xy", "a longer text"),
            row(4, "", ""),
        ];
        assert_eq!(rows.read().unwrap(), wanted);
        // More than the column holds, whose type is made anew.
        rows.push(row(5, "longer", "z"));
        rows.flush().unwrap();
        assert_eq!(rows.range(3..).unwrap(), [row(4, "", ""), row(5, "longer", "z")]);
    }
    drop(file);
    let found =
        python.eval(&path, "[[int(r[0]), r[1].decode(), r[2].decode()] for r in f['u'][:]]");
    let wanted = json!([
        [1, "abc", "one"],
        [-2, "z", "twö"],
        [-300, "xy", "a longer text"],
        [4, "", ""],
        [5, "longer", "z"]
    ]);
    assert_eq!(found, wanted);
}

#[test]
fn what_the_records_cannot_hold_changes_nothing() {
    let (_dir, path) = scratch("records.h5");
    let table = Table { rows: rows(UNEVEN) };
    File::create(&path).unwrap().write("table", &table).unwrap();
    let file = File::open_rw(&path).unwrap();
    let mut handle: Handle = file.read("table").unwrap();
    handle.rows.push(Record { name: "a\0b".into(), ..record(99, 3) });
    let error = handle.rows.flush().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert_eq!((&*error.path(), handle.rows.pending().len()), ("/table/rows/name", 1));
    assert_eq!(file.read::<Table>("table").unwrap(), table);
    drop((handle, file));
    assert_eq!(load::<std::collections::BTreeMap<String, Table>>(&path).unwrap()["table"], table);
}
