//! Maps of `keys` and `values` that are changed in place.

use filebacked::{
    Compression, ErrorKind, File, FileBacked, LazyMap, ReadOptions, WriteOptions, save,
};
use filebacked_tests::{python, scratch};
use indexmap::IndexMap;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

fn changed<T: Debug>(result: filebacked::Result<T>) {
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Changed), "{error}");
}

/// Puts in, changes, takes away, over several flushes: the file has what the map has, in its order.
fn check<K, V>(key: impl Fn(u32) -> K, value: impl Fn(u32) -> V)
where
    K: FileBacked + Eq + Hash + Ord + Clone + Debug,
    V: FileBacked + Clone + PartialEq + Debug,
{
    for way in ["native", "library", "compressed", "empty"] {
        let (_dir, path) = scratch("map.h5");
        let first = if way == "empty" { 0 } else { 5 };
        let map: BTreeMap<K, V> = (0..first).map(|i| (key(i), value(i))).collect();
        match way {
            "library" => File::create(&path).unwrap().write("value", &map).unwrap(),
            "compressed" => WriteOptions::new()
                .compression(Compression::Gzip(1))
                .chunk_bytes(300)
                .save(&path, &map)
                .unwrap(),
            _ => save(&path, &map).unwrap(),
        }
        let file = File::open_rw(&path).unwrap();
        let mut lazy: LazyMap<K, V> = file.read("value").unwrap();
        let mut wanted: IndexMap<K, V> = map.into_iter().collect();
        let flushed = |lazy: &mut LazyMap<K, V>, wanted: &IndexMap<K, V>| {
            lazy.flush().unwrap_or_else(|error| panic!("{way}: {error}"));
            assert!(!lazy.is_changed());
            let found: IndexMap<K, V> = file.read("value").unwrap();
            assert_eq!(found, *wanted, "{way}");
            assert!(found.keys().eq(wanted.keys()), "{way}");
            assert_eq!(lazy.keys().unwrap(), wanted.keys().cloned().collect::<Vec<_>>());
            assert_eq!(lazy.count().unwrap(), wanted.len());
            for (key, value) in wanted {
                assert_eq!(lazy.get(key).unwrap(), Some(value), "{way}");
            }
        };
        for i in 10..13 {
            assert!(lazy.insert(key(i), value(i)).unwrap());
            wanted.insert(key(i), value(i));
        }
        flushed(&mut lazy, &wanted);
        // Twice: the columns have chunks now.
        lazy.insert(key(20), value(20)).unwrap();
        wanted.insert(key(20), value(20));
        flushed(&mut lazy, &wanted);
        // Other values alone.
        *lazy.get_mut(&key(11)).unwrap().unwrap() = value(99);
        wanted[&key(11)] = value(99);
        flushed(&mut lazy, &wanted);
        assert!(lazy.remove(&key(10)).unwrap());
        lazy.insert(key(30), value(30)).unwrap();
        lazy.insert(key(12), value(98)).unwrap();
        wanted.shift_remove(&key(10));
        wanted[&key(12)] = value(98);
        wanted.insert(key(30), value(30));
        flushed(&mut lazy, &wanted);
        let keys: Vec<K> = wanted.keys().cloned().collect();
        keys.iter().for_each(|key| assert!(lazy.remove(key).unwrap()));
        wanted.clear();
        flushed(&mut lazy, &wanted);
        lazy.insert(key(1), value(1)).unwrap();
        wanted.insert(key(1), value(1));
        flushed(&mut lazy, &wanted);
        drop((lazy, file));
        assert_eq!(filebacked::load::<IndexMap<K, V>>(&path).unwrap(), wanted);
    }
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Inner {
    x: f64,
    tag: String,
    note: Option<String>,
}

#[test]
fn maps_of_every_kind() {
    let text = |i: u32| "ü".repeat(i as usize % 41);
    check(|i| format!("key {i}"), f64::from);
    check(|i| i as i64 - 15, text);
    check(
        |i| (i as u8, "a".repeat(i as usize)),
        |i| Inner {
            x: f64::from(i),
            tag: text(i),
            note: (!i.is_multiple_of(3)).then(|| text(i + 1)),
        },
    );
    check(|i| (i, i + 1), |i| vec![i; i as usize % 4]);
    check(|i| (i, 0u8), |i| if i % 2 == 0 { Ok(i) } else { Err(text(i)) });
}

#[test]
fn h5py_sees_what_was_flushed() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("map.h5");
    save(&path, &BTreeMap::from([("a".to_string(), 1u16), ("b".to_string(), 2)])).unwrap();
    let what = "[int(f['value'].attrs['len']), [k.decode() for k in f['value/keys'][:]], f['value/values'][:].tolist()]";
    let change = |change: &dyn Fn(&mut LazyMap<String, u16>)| {
        let file = File::open_rw(&path).unwrap();
        let mut map: LazyMap<String, u16> = file.read("value").unwrap();
        change(&mut map);
        map.flush().unwrap();
        drop(map);
        file.close().unwrap();
        python.eval(&path, what)
    };
    let found = change(&|map| assert!(map.insert("longer than others".into(), 3).unwrap()));
    assert_eq!(found, json!([3, ["a", "b", "longer than others"], [1, 2, 3]]));
    let found = change(&|map| {
        map.remove("a").unwrap();
        map.insert("b".into(), 7).unwrap();
    });
    assert_eq!(found, json!([2, ["b", "longer than others"], [7, 3]]));

    // One of others, without marks.
    python.create(&path, "f['m/keys'] = ['x', 'y']; f['m/values'] = [0.5, 1.5]");
    let file = File::open_rw(&path).unwrap();
    let mut map: LazyMap<String, f64> = file.read("m").unwrap();
    map.insert("z".into(), 2.5).unwrap();
    map.flush().unwrap();
    map.remove("x").unwrap();
    map.flush().unwrap();
    assert_eq!(map.keys().unwrap(), ["y", "z"]);
    drop((map, file));
    let found = python.eval(
        &path,
        "[[k.decode() for k in f['m/keys'][:]], f['m/values'][:].tolist(), sorted(f['m'].attrs)]",
    );
    assert_eq!(found, json!([["y", "z"], [1.5, 2.5], []]));
}

#[test]
fn two_handles_of_one_map() {
    let (_dir, path) = scratch("map.h5");
    save(&path, &(0..5u8).map(|i| (i, u16::from(i))).collect::<BTreeMap<_, _>>()).unwrap();
    let file = File::open_rw(&path).unwrap();
    let open = || file.read::<LazyMap<u8, u16>>("value").unwrap();
    // The first append makes columns with chunks.
    let mut first = open();
    first.insert(5, 5).unwrap();
    first.flush().unwrap();

    let (mut a, mut b) = (open(), open());
    a.insert(10, 1).unwrap();
    b.insert(11, 2).unwrap();
    b.insert(3, 33).unwrap();
    a.flush().unwrap();
    // Other entries have come in the meantime, and stay.
    b.flush().unwrap();
    assert_eq!(open().get(&10).unwrap(), Some(&1));
    assert_eq!(open().get(&3).unwrap(), Some(&33));

    // The same entry. Values that were written anew have chunks again.
    let mut first = open();
    first.insert(12, 3).unwrap();
    first.flush().unwrap();
    let (mut a, mut b, mut c) = (open(), open(), open());
    a.insert(20, 1).unwrap();
    b.insert(20, 2).unwrap();
    c.insert(3, 34).unwrap();
    a.flush().unwrap();
    changed(b.flush());
    assert!(b.is_changed());
    c.flush().unwrap();
    assert_eq!((open().get(&20).unwrap(), open().get(&3).unwrap()), (Some(&1), Some(&34)));
    b.discard();
    b.insert(21, 3).unwrap();
    b.flush().unwrap();

    // All values were written anew: nothing is known of a single one.
    let (mut a, mut b) = (open(), open());
    a.insert(3, 35).unwrap();
    b.insert(3, 36).unwrap();
    a.flush().unwrap();
    changed(b.flush());
    assert_eq!(open().get(&3).unwrap(), Some(&35));

    // Nor does anything go to a map in whose place another one is.
    let mut gone = open();
    gone.insert(50, 1).unwrap();
    file.write_with(
        "value",
        &BTreeMap::from([(1u8, 1u16)]),
        &WriteOptions::new().overwrite(filebacked::options::Overwrite::Replace),
    )
    .unwrap();
    changed(gone.flush());
    assert_eq!(file.read::<BTreeMap<u8, u16>>("value").unwrap(), BTreeMap::from([(1, 1)]));
}

#[test]
fn what_cannot_be_flushed_changes_nothing() {
    let (_dir, path) = scratch("map.h5");
    let numbers = BTreeMap::from([("a".to_string(), 1u8), ("b".to_string(), 2)]);
    save(&path, &numbers).unwrap();
    let mut read_only: LazyMap<String, u8> = File::open(&path).unwrap().read("value").unwrap();
    read_only.insert("c".into(), 3).unwrap();
    let error = read_only.flush().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ReadOnly), "{error}");
    drop(read_only);
    // What the options leave out would be lost.
    let file = File::open_rw(&path).unwrap();
    let mut some: LazyMap<String, u8> =
        file.read_with("value", &ReadOptions::new().skip(["a"])).unwrap();
    assert_eq!(some.keys().unwrap(), ["b"]);
    some.insert("c".into(), 3).unwrap();
    let error = some.flush().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert_eq!(file.read::<BTreeMap<String, u8>>("value").unwrap(), numbers);
}
