//! `LazyMap` over files of other programs, damaged and changing files, and threads.

use super::lazy_map::{Run, all, changed, everywhere, lazy, name, run};
use filebacked::engine::Engine;
use filebacked::{ErrorKind, File, FileBacked, LazyMap, ReadOptions, WriteOptions};
use filebacked::{from_bytes, load, save, to_bytes};
use filebacked_tests::{golden, python, scratch};
use indexmap::IndexMap;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

#[test]
fn what_a_killed_process_left_is_no_entry() {
    let (_dir, path) = scratch("map.h5");
    save(&path, &lazy(2)).unwrap();
    let file = File::open_rw(&path).unwrap();
    file.as_hdf5().unwrap().create_group(".filebacked under way").unwrap();
    let mut map: LazyMap<String, Run> = file.read_root().unwrap();
    assert_eq!((map.count().unwrap(), map.keys().unwrap().len(), map.iter().count()), (2, 2, 2));
    map.insert("new".into(), run(1)).unwrap();
    map.flush().unwrap();
    assert_eq!((map.count().unwrap(), file.names().unwrap().len()), (3, 3));
}

#[test]
fn keys_of_others_are_found_however_they_are_spelled() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("others.h5");
    let code = "for i in (7, 10, 9): f[f'm/{i:03}'] = np.arange(i)\nf['m/+12'] = np.arange(1)\nf['s/b'] = 1; f['s/a'] = 2";
    python.create(&path, code);
    let file = File::open_rw(&path).unwrap();
    let mut map: LazyMap<u32, Vec<i64>> = file.read("m").unwrap();
    assert_eq!((map.count().unwrap(), map.keys().unwrap()), (4, vec![12, 7, 9, 10]));
    assert_eq!(
        (map.get(&9).unwrap().map(Vec::len), map.get(&12).unwrap().map(Vec::len)),
        (Some(9), Some(1))
    );
    assert_eq!((map.get(&8).unwrap(), map.contains_key(&10).unwrap()), (None, true));
    // In place of the old spelling, the usual one.
    map.insert(7, vec![1]).unwrap();
    map.remove(&10).unwrap();
    map.flush().unwrap();
    assert_eq!(map.keys().unwrap(), [12, 9, 7].to_vec());
    let mut text: LazyMap<String, i64> = file.read("s").unwrap();
    assert_eq!(
        (text.keys().unwrap(), text.get("a").unwrap()),
        (vec!["a".into(), "b".into()], Some(&2))
    );
    text.insert("x/y".into(), 1).unwrap();
    assert!(
        matches!(text.flush().unwrap_err().kind(), ErrorKind::Unsupported(_)),
        "no link has this name"
    );
    drop((map, text, file));
    assert_eq!(python.eval(&path, "sorted(f['m'])"), json!(["+12", "009", "7"]));

    let twice = "f['m/7'] = 1; f['m/07'] = 2";
    python.create(&path, twice);
    let map: LazyMap<u32, i64> = File::open(&path).unwrap().read("m").unwrap();
    assert!(matches!(map.keys().unwrap_err().kind(), ErrorKind::Damaged(_)));
    assert!(matches!(map.iter().next().unwrap().unwrap_err().kind(), ErrorKind::Damaged(_)));
}

#[test]
fn enums_are_found_by_their_older_names() {
    #[derive(FileBacked, Debug, Clone, PartialEq, Eq, Hash)]
    #[filebacked(name = "Phase")]
    enum Old {
        Start,
        Train,
    }
    #[derive(FileBacked, Debug, Clone, PartialEq, Eq, Hash)]
    enum Phase {
        #[filebacked(alias = "Start")]
        Warmup,
        Train,
    }
    let old: LazyMap<Old, Run> = [(Old::Start, run(1)), (Old::Train, run(2))].into_iter().collect();
    let map: LazyMap<Phase, Run> = from_bytes(&to_bytes(&old).unwrap()).unwrap();
    assert_eq!(map.keys().unwrap(), [Phase::Warmup, Phase::Train]);
    assert_eq!(
        (map.get(&Phase::Warmup).unwrap(), map.get(&Phase::Train).unwrap()),
        (Some(&run(1)), Some(&run(2)))
    );
}

#[test]
fn dictionaries_of_pythons_filebacked() {
    fn same<K, V>(name: &str, member: Option<&str>)
    where
        K: FileBacked + Eq + std::hash::Hash + Clone + Ord + std::fmt::Debug,
        V: FileBacked + PartialEq + Clone + std::fmt::Debug,
    {
        let file = File::open(golden::path(name)).unwrap();
        let eager: BTreeMap<K, V> = match member {
            Some(member) => file.read(member).unwrap(),
            None => file.read_root().unwrap(),
        };
        let map: LazyMap<K, V> = match member {
            Some(member) => file.read(member).unwrap(),
            None => load(golden::path(name)).unwrap(),
        };
        assert_eq!(map.count().unwrap(), eager.len());
        for (key, value) in &eager {
            assert!(map.contains_key(key).unwrap() && !map.is_loaded(key), "{key:?}");
            assert_eq!(map.read(key).unwrap().as_ref(), Some(value), "{key:?}");
            assert_eq!(map.get(key).unwrap(), Some(value), "{key:?}");
        }
        assert_eq!(all(&map).into_iter().collect::<BTreeMap<K, V>>(), eager);
        // Ours is of links, or of columns where keys are no names.
        let again: LazyMap<K, V> = from_bytes(&to_bytes(&map).unwrap()).unwrap();
        assert_eq!(again.into_map::<BTreeMap<K, V>>().unwrap(), eager);
    }
    same::<String, String>("strdict", None);
    same::<i64, String>("intdict", None);
    same::<Vec<i64>, String>("tupledict", None);
    same::<String, golden::Inner>("objdict", None);
    same::<String, i64>("dicts", Some("str_int"));
    same::<i64, f64>("dicts", Some("int_neg"));
    same::<Vec<String>, i64>("dicts", Some("tuple_key"));
    same::<String, BTreeMap<String, i64>>("dicts", Some("nested"));
    same::<String, i64>("dicts", Some("empty"));
    let map: LazyMap<String, LazyMap<String, i64>> =
        File::open(golden::path("dicts")).unwrap().read("nested").unwrap();
    assert_eq!(map.get("x").unwrap().unwrap().get("y").unwrap(), Some(&1));
    // A key with a slash made a group of its own: that is what is there, under the names that are
    // there.
    let file = File::open(golden::path("bad_dict_slash")).unwrap();
    let map: LazyMap<String, i64> = file.read("slash_key").unwrap();
    assert_eq!((map.keys().unwrap(), map.get("a/b").unwrap()), (vec!["a".to_string()], None));
    assert!(map.get("a").is_err());
}

#[test]
fn options_leave_entries_out() {
    let bytes = to_bytes(&lazy(5)).unwrap();
    let map: LazyMap<String, Run> = ReadOptions::new().skip(["run 1"]).from_bytes(&bytes).unwrap();
    assert_eq!(
        (map.count().unwrap(), map.keys().unwrap().len(), map.contains_key("run 1").unwrap()),
        (4, 4, false)
    );
    assert_eq!((map.get("run 1").unwrap(), map.get("run 2").unwrap()), (None, Some(&run(2))));
    let map: LazyMap<String, Run> = from_bytes(&bytes).unwrap();
    let less = WriteOptions::new().skip(["run 1"]).to_bytes(&map).unwrap();
    assert_eq!(from_bytes::<LazyMap<String, Run>>(&less).unwrap().keys().unwrap().len(), 4);
}

#[test]
fn a_file_that_changes_under_a_map_is_noticed() {
    let (_dir, path) = scratch("runs.h5");
    save(&path, &lazy(3000)).unwrap();
    let open = || load::<LazyMap<String, Run>>(&path).unwrap();
    let map = open();
    assert_eq!(map.get("run 5").unwrap(), Some(&run(5)));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = map.get("run 6").unwrap_err();
    changed(&error);
    assert!(error.to_string().contains("runs.h5"), "{error}");
    [
        map.count().map(drop),
        map.keys().map(drop),
        map.contains_key("run 6").map(drop),
        map.iter().try_for_each(|e| e.map(drop)),
    ]
    .into_iter()
    .for_each(|result| changed(&result.unwrap_err()));
    // Deleted, or another file in its place: those who had it open go on.
    save(&path, &lazy(3000)).unwrap();
    let map = open();
    save(&path, &lazy(2)).unwrap();
    assert_eq!((map.count().unwrap(), map.get("run 2999").unwrap()), (3000, Some(&run(2999))));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(map.get("run 2998").unwrap(), Some(&run(2998)));
}

#[test]
fn damage_is_an_error() {
    let good = to_bytes(&lazy(400)).unwrap();
    let looked = |bytes: &[u8]| -> filebacked::Result<Vec<Option<Run>>> {
        let map: LazyMap<String, Run> =
            ReadOptions::new().engine(Engine::Native).from_bytes(bytes)?;
        (0..400).step_by(19).map(|i| map.read(&name(i))).collect()
    };
    let expected: Vec<Option<Run>> = (0..400).step_by(19).map(|i| Some(run(i))).collect();
    assert_eq!(looked(&good).unwrap(), expected);
    // A bit anywhere in the metadata: never another value. (Data has no checksum.)
    let mut noticed = 0;
    for at in (0..good.len()).step_by(997) {
        let mut bytes = good.clone();
        bytes[at] ^= 4;
        match looked(&bytes) {
            Ok(found) => {
                let keys = found.iter().filter(|value| value.is_none()).count();
                assert_eq!(keys, 0, "byte {at}: an entry is gone");
            }
            Err(_) => noticed += 1,
        }
    }
    assert!(noticed > 5, "{noticed}");
}

#[test]
fn eight_threads_share_a_map() {
    everywhere(400, |map| {
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let map = &map;
                scope.spawn(move || {
                    for i in (0..400).map(|i| (i * 7 + thread * 50) % 400) {
                        assert_eq!(map.get(&name(i)).unwrap(), Some(&run(i)));
                        assert!(map.contains_key(&name(i)).unwrap());
                    }
                    assert_eq!((map.count().unwrap(), map.keys().unwrap().len()), (400, 400));
                });
            }
        });
    });
}

#[test]
fn threads_flush_handles_of_their_own() {
    let (_dir, path) = scratch("runs.h5");
    let file = File::create(&path).unwrap();
    file.write("runs", &lazy(5)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let mut map: LazyMap<String, Run> = file.read("runs").unwrap();
            scope.spawn(move || {
                for i in 0..20 {
                    map.insert(format!("{thread} {i}"), run(thread * 20 + i)).unwrap();
                    map.flush().unwrap();
                    assert_eq!(map.get("run 3").unwrap(), Some(&run(3)));
                }
            });
        }
    });
    let map: IndexMap<String, Run> = file.read("runs").unwrap();
    assert_eq!(map.len(), 5 + 6 * 20);
    assert!((0..120).all(|i| map[&format!("{} {}", i / 20, i % 20)] == run(i)));
}

#[test]
fn one_value_that_cannot_be_read_is_one_error() {
    let map: LazyMap<String, i64> =
        (0..20).map(|i| (i.to_string(), if i == 13 { 300 } else { i })).collect();
    let map: LazyMap<String, u8> = from_bytes(&to_bytes(&map).unwrap()).unwrap();
    let items: Vec<_> = map.iter().collect();
    assert_eq!(items.len(), 20);
    for (i, item) in items.into_iter().enumerate() {
        match item {
            Ok((key, value)) => assert_eq!((key.clone(), usize::from(*value)), (i.to_string(), i)),
            Err(error) => {
                assert!(i == 13 && matches!(error.kind(), ErrorKind::OutOfRange { .. }), "{error}")
            }
        }
    }
    assert!(map.into_map::<HashMap<_, _>>().is_err());
}

#[test]
fn python_lays_out_a_map() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("python.h5");
    #[derive(FileBacked)]
    #[filebacked(module = "lab")]
    struct Book {
        pages: LazyMap<String, i64>,
    }
    let pages = [("b".to_string(), 1), ("a".to_string(), 2)].into_iter().collect();
    WriteOptions::new()
        .layout(filebacked::options::Layout::Python)
        .save(&path, &Book { pages })
        .unwrap();
    assert_eq!(
        python.eval(&path, "{k: int(v[()]) for k, v in f['pages'].items()}"),
        json!({"a": 2, "b": 1})
    );
    let book: Book = load(&path).unwrap();
    assert_eq!(book.pages.get("a").unwrap(), Some(&2));
}

#[test]
fn maps_of_absent_values() {
    let map: LazyMap<String, Option<u8>> =
        [("a".to_string(), None), ("b".to_string(), Some(1))].into_iter().collect();
    let (_dir, path) = scratch("map.h5");
    save(&path, &map).unwrap();
    let mut map: LazyMap<String, Option<u8>> = File::open_rw(&path).unwrap().read_root().unwrap();
    assert_eq!(
        (map.get("a").unwrap(), map.get("b").unwrap(), map.get("c").unwrap()),
        (Some(&None), Some(&Some(1)), None)
    );
    map.insert("b".into(), None).unwrap();
    map.flush().unwrap();
    assert_eq!((map.get("b").unwrap(), map.count().unwrap()), (Some(&None), 2));
}

#[test]
fn a_map_says_what_it_is() {
    let map = lazy(2);
    assert_eq!(format!("{map:?}"), "LazyMap { file: None, loaded: 0, changed: 2, .. }");
    assert!(Path::new("runs.h5") != map.file().unwrap_or(Path::new("")));
    let error = from_bytes::<LazyMap<String, u8>>(&to_bytes(&5u8).unwrap()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
}

#[derive(FileBacked, Debug)]
struct Links {
    #[filebacked(layout = "links")]
    map: BTreeMap<String, Vec<u8>>,
}

/// Each removal looks at one entry only: with a look at all others, this takes minutes.
#[test]
fn many_removals_and_changes_are_one_flush() {
    let (_dir, path) = scratch("many.h5");
    let n = 20_000;
    let all: BTreeMap<String, Vec<u8>> =
        (0..n).map(|i| (format!("entry {i}"), vec![i as u8; 2])).collect();
    save(&path, &Links { map: all.clone() }).unwrap();
    let file = File::open_rw(&path).unwrap();
    let mut map: LazyMap<String, Vec<u8>> = file.read("map").unwrap();
    for i in 0..n {
        match i % 10 {
            0 => *map.get_mut(&format!("entry {i}")).unwrap().unwrap() = vec![1, 2, 3],
            5 => {}
            _ => assert!(map.remove(&format!("entry {i}")).unwrap()),
        }
    }
    map.flush().unwrap();
    assert_eq!(map.count().unwrap(), n / 5);
    drop(map);
    file.close().unwrap();
    let left = load::<Links>(&path).unwrap().map;
    assert_eq!(left.len(), n / 5);
    assert_eq!(left["entry 10"], [1, 2, 3]);
    assert_eq!(left["entry 15"], all["entry 15"]);
}
