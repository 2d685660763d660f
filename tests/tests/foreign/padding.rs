//! Fixed text that other programs end with a NUL, and that fills its bytes all the same: netCDF,
//! MATLAB and Fortran write such text. No byte of it is lost, however the file is changed.

use filebacked::options::Overwrite;
use filebacked::{File, LazyArray, LazyVec, Value, WriteOptions};
use filebacked_tests::{Python, python, scratch};
use ndarray::{Ix1, array, s};
use serde_json::json;
use std::path::{Path, PathBuf};

fn made(python: &Python) -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = scratch("text.h5");
    python.create(
        &path,
        "from h5py import h5t, h5s, h5d
def put(place, name, texts, shape=None, attribute=False, chunks=None):
    kind = h5t.C_S1.copy()
    kind.set_size(max(map(len, texts)))
    kind.set_strpad(h5t.STR_NULLTERM)
    raw = np.array(texts, f'S{kind.get_size()}')
    raw = raw[0].reshape(()) if shape is None else raw.reshape(shape)
    raw = np.asarray(raw)
    if attribute:
        space = h5s.create(h5s.SCALAR) if shape is None else h5s.create_simple(shape)
        h5py.h5a.create(place.id, name, kind, space).write(raw, mtype=kind)
        return
    space = h5s.create(h5s.SCALAR) if shape is None else h5s.create_simple(shape, (h5s.UNLIMITED,))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    if shape is not None: plist.set_chunk((2,))
    h5d.create(place.id, name, kind, space, plist).write(h5s.ALL, h5s.ALL, raw, mtype=kind)
put(f, b'Conventions', [b'CF-1.8'], attribute=True)
put(f, b'kinds', [b'abcd', b'ab', b'wxyz'], shape=(3,))
put(f, b'one', [b'7'])
f['x'] = np.arange(3.0)
put(f['x'], b'MATLAB_class', [b'double'], attribute=True)
kind = h5t.C_S1.copy(); kind.set_size(2); kind.set_strpad(h5t.STR_NULLTERM)
row = h5t.create(h5t.COMPOUND, 10); row.insert(b'name', 0, kind); row.insert(b'n', 2, h5t.NATIVE_INT64)
rows = np.array([(b'ab', 1), (b'c', 2)], np.dtype([('name', 'S2'), ('n', 'i8')]))
h5d.create(f.id, b'rows', row, h5s.create_simple((2,))).write(h5s.ALL, h5s.ALL, rows, mtype=row)",
    );
    (dir, path)
}

/// What h5py reads, and how the texts are padded: 0 is an end with a NUL.
fn texts(python: &Python, path: &Path) -> serde_json::Value {
    python.eval(
        path,
        "[f.attrs['Conventions'].decode(), [t.decode() for t in f['kinds'][:]], f['one'][()].decode(), \
         f['x'].attrs['MATLAB_class'].decode(), [[r['name'].decode(), int(r['n'])] for r in f['rows'][:]], \
         f['kinds'].id.get_type().get_strpad(), f['x'].attrs.get_id('MATLAB_class').get_type().get_strpad()]",
    )
}

#[test]
fn text_that_fills_its_bytes_is_saved_whole() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(python);
    let wanted =
        json!(["CF-1.8", ["abcd", "ab", "wxyz"], "7", "double", [["ab", 1], ["c", 2]], 0, 0]);
    assert_eq!(texts(python, &path), wanted);

    let value: Value = filebacked::load(&path).unwrap();
    let (_again, again) = scratch("again.h5");
    filebacked::save(&again, &value).unwrap();
    assert_eq!(texts(python, &again), wanted);
    assert_eq!(filebacked::load::<Value>(&again).unwrap(), value);

    // As members of an open file, and over what is there.
    let (_parts, parts) = scratch("parts.h5");
    let file = File::create(&parts).unwrap();
    file.write_root(&value).unwrap();
    let over = WriteOptions::new().overwrite(Overwrite::Replace);
    file.write_with("kinds", value.get("kinds").unwrap(), &over).unwrap();
    file.update("one", value.get("one").unwrap()).unwrap();
    file.close().unwrap();
    assert_eq!(texts(python, &parts), wanted);

    filebacked::file::repack(&parts).unwrap();
    assert_eq!(texts(python, &parts), wanted);
}

#[test]
fn text_that_fills_its_bytes_is_changed_whole() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(python);
    let file = File::open_rw(&path).unwrap();
    let mut kinds: LazyArray<String, Ix1> = file.read("kinds").unwrap();
    kinds.write_slice(s![1..3], &array!["efgh".to_string(), "i".to_string()]).unwrap();
    drop(kinds);
    let mut kinds: LazyVec<String> = file.read("kinds").unwrap();
    kinds.push("jklm".into());
    kinds.flush().unwrap();
    drop(kinds);
    file.close().unwrap();
    assert_eq!(texts(python, &path)[1], json!(["abcd", "efgh", "i", "jklm"]));
    assert_eq!(texts(python, &path)[5], json!(0));
}
