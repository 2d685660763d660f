//! Maps whose values stay in the file.

use filebacked::engine::Engine;
use filebacked::options::{Durability, Overwrite};
use filebacked::{
    Compression, ErrorKind, File, FileBacked, Lazy, LazyMap, ReadOptions, WriteOptions,
};
use filebacked::{from_bytes, load, save, to_bytes};
use filebacked_tests::{ENGINES, python, scratch};
use indexmap::IndexMap;
use ndarray::Array2;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

#[derive(FileBacked, Debug, Clone, PartialEq, Default)]
pub(crate) struct Run {
    step: u64,
    losses: Vec<f64>,
}

pub(crate) fn run(n: usize) -> Run {
    Run { step: n as u64, losses: (0..n % 20).map(|i| i as f64 * 0.5).collect() }
}

pub(crate) fn name(n: usize) -> String {
    format!("run {n}")
}

/// As many runs; their order is not that of their names.
pub(crate) fn runs(n: usize) -> IndexMap<String, Run> {
    (0..n).rev().map(|i| (name(i), run(i))).collect()
}

pub(crate) fn lazy(n: usize) -> LazyMap<String, Run> {
    runs(n).into()
}

/// In a file of each engine, small and large, opened as a whole file and as an open one.
pub(crate) fn everywhere(n: usize, test: impl Fn(LazyMap<String, Run>)) {
    for engine in ENGINES {
        let (_dir, path) = scratch("runs.h5");
        WriteOptions::new().engine(engine).save(&path, &lazy(n)).unwrap();
        test(load(&path).unwrap());
        test(ReadOptions::new().engine(Engine::Libhdf5).load(&path).unwrap());
        test(File::open(&path).unwrap().read_root().unwrap());
        test(from_bytes(&std::fs::read(&path).unwrap()).unwrap());
    }
}

pub(crate) fn all<K: FileBacked + Eq + std::hash::Hash + Clone, V: FileBacked + Clone>(
    map: &LazyMap<K, V>,
) -> Vec<(K, V)> {
    map.iter()
        .map(|entry| entry.map(|(key, value)| (key.clone(), value.clone())).unwrap())
        .collect()
}

#[track_caller]
pub(crate) fn changed(error: &filebacked::Error) {
    assert!(matches!(error.kind(), ErrorKind::Changed), "{error}");
}

#[test]
fn keys_are_known_without_values() {
    for n in [0, 1, 5, 40, 3000] {
        everywhere(n, |map| {
            assert_eq!((map.count().unwrap(), map.count().unwrap() == 0), (n, n == 0));
            assert_eq!(map.keys().unwrap(), runs(n).into_keys().collect::<Vec<_>>());
            for i in [0, 1, n / 2, n.saturating_sub(1)] {
                assert_eq!(map.contains_key(&name(i)).unwrap(), i < n);
                assert!(!map.is_loaded(&name(i)));
            }
            assert!(!map.contains_key("run").unwrap() && !map.contains_key("").unwrap());
            assert_eq!(map.get("none").unwrap(), None);
        });
    }
}

#[test]
fn each_value_is_read_once_and_kept() {
    for n in [5, 3000] {
        everywhere(n, |mut map| {
            for i in (0..n).step_by(7) {
                assert_eq!(map.get(&name(i)).unwrap(), Some(&run(i)));
            }
            let first = map.get("run 0").unwrap().unwrap();
            assert!(std::ptr::eq(first, map.get("run 0").unwrap().unwrap()));
            assert!(map.is_loaded("run 0") && !map.is_loaded("run 1"));
            assert_eq!(map.read("run 1").unwrap(), Some(run(1)));
            assert!(!map.is_loaded("run 1"), "read, not kept");
            assert!(map.evict() && !map.is_loaded("run 0") && !map.evict());
            assert_eq!(all(&map), runs(n).into_iter().collect::<Vec<_>>());
            assert_eq!(map.into_map::<IndexMap<_, _>>().unwrap(), runs(n));
        });
    }
}

#[test]
fn both_layouts_are_read_and_links_written() {
    let numbers: BTreeMap<String, f64> = [("a".into(), 0.5), ("b/c".into(), 1.5)].into();
    let bytes = to_bytes(&numbers).unwrap();
    let map: LazyMap<String, f64> = from_bytes(&bytes).unwrap();
    assert_eq!(
        (map.count().unwrap(), map.keys().unwrap()),
        (2, vec!["a".to_string(), "b/c".to_string()])
    );
    assert!(map.contains_key("b/c").unwrap() && !map.is_loaded("a"));
    assert_eq!((map.get("b/c").unwrap(), map.get("c").unwrap()), (Some(&1.5), None));
    assert_eq!(map.read("a").unwrap(), Some(0.5));
    assert_eq!(all(&map), [("a".to_string(), 0.5), ("b/c".to_string(), 1.5)]);

    let (_dir, path) = scratch("map.h5");
    save(&path, &map).unwrap();
    assert_eq!(load::<BTreeMap<String, f64>>(&path).unwrap(), numbers);
    let Some(python) = python() else { return };
    let python = |what| python.eval(&path, what);
    assert_eq!(python("{k: v[()] for k, v in f.items()}"), json!({"a": 0.5, "b%2Fc": 1.5}));
    assert_eq!(
        python("[f.attrs['filebacked'].decode(), int(f.attrs['len'])]"),
        json!(["links", 2])
    );
}

#[test]
fn keys_that_are_no_names_lie_in_columns() {
    let map: LazyMap<(u8, i32), Run> = [((1, -1), run(1)), ((0, 2), run(2))].into_iter().collect();
    let map: LazyMap<(u8, i32), Run> = from_bytes(&to_bytes(&map).unwrap()).unwrap();
    assert_eq!((map.count().unwrap(), map.get(&(1, -1)).unwrap()), (2, Some(&run(1))));
    let plain: HashMap<(u8, i32), Run> = from_bytes(&to_bytes(&map).unwrap()).unwrap();
    assert_eq!(plain, map.into_map().unwrap());
}

#[test]
fn insertion_order_is_kept() {
    let map: LazyMap<i64, String> =
        [(10, "a"), (-2, "b"), (1, "c")].map(|(k, v)| (k, v.to_string())).into_iter().collect();
    assert_eq!(map.keys().unwrap(), [10, -2, 1]);
    let (_dir, path) = scratch("map.h5");
    save(&path, &map).unwrap();
    let mut map: LazyMap<i64, String> = File::open_rw(&path).unwrap().read_root().unwrap();
    assert_eq!(map.keys().unwrap(), [10, -2, 1]);
    map.extend([(0, "d".to_string()), (-3, "e".to_string()), (-2, "B".to_string())]).unwrap();
    assert_eq!(map.keys().unwrap(), [10, -2, 1, 0, -3]);
    assert_eq!(map.iter().map(|entry| entry.unwrap().1.clone()).collect::<String>(), "aBcde");
    let copy: LazyMap<i64, String> = from_bytes(&to_bytes(&map).unwrap()).unwrap();
    assert_eq!(copy.keys().unwrap(), [10, -2, 1, 0, -3]);
    // In the file, what takes the place of another comes last.
    map.flush().unwrap();
    assert_eq!(map.keys().unwrap(), [10, 1, 0, -3, -2]);
    // A hash map has no order: its keys are sorted.
    let map: LazyMap<i64, String> = HashMap::from([10, -2, 9].map(|k| (k, String::new()))).into();
    assert_eq!(map.keys().unwrap(), [-2, 9, 10]);
}

#[test]
fn changes_stay_in_memory_until_they_are_saved() {
    everywhere(30, |mut map| {
        assert!(map.insert("new".into(), run(100)).unwrap());
        assert!(!map.insert("run 3".into(), run(33)).unwrap());
        assert!(map.remove("run 4").unwrap() && !map.remove("run 4").unwrap());
        assert!(!map.remove("nothing").unwrap());
        assert_eq!(map.take("run 5").unwrap(), Some(run(5)));
        map.entry("run 6".into()).or_default().unwrap().step = 66;
        map.entry("fresh".into()).or_insert_with(|| run(1)).unwrap().step = 7;
        map.entry("run 7".into())
            .and_modify(|run| run.losses.clear())
            .unwrap()
            .or_insert(run(0))
            .unwrap();
        assert!(map.insert("run 4".into(), run(44)).unwrap(), "it was removed");
        assert!(map.remove("fresh").unwrap());
        assert!(map.insert("fresh".into(), run(8)).unwrap());
        assert!(map.is_changed());

        let mut expected = runs(30);
        expected.shift_remove("run 5");
        expected["run 3"] = run(33);
        expected["run 4"] = run(44);
        expected["run 6"].step = 66;
        expected["run 7"].losses.clear();
        expected.insert("new".into(), run(100));
        expected.insert("fresh".into(), run(8));
        assert_eq!((map.count().unwrap(), map.contains_key("run 5").unwrap()), (31, false));
        assert_eq!(map.keys().unwrap(), expected.keys().cloned().collect::<Vec<_>>());
        assert_eq!(map.get("run 5").unwrap(), None);

        let bytes = to_bytes(&map).unwrap();
        assert!(!map.is_loaded("run 8"), "saving reads nothing");
        let again: LazyMap<String, Run> = from_bytes(&bytes).unwrap();
        assert_eq!(
            again.into_map::<Vec<_>>().unwrap(),
            expected.clone().into_iter().collect::<Vec<_>>()
        );
        assert_eq!(map.clone().into_map::<IndexMap<_, _>>().unwrap(), expected);
        assert_eq!(all(&map), expected.into_iter().collect::<Vec<_>>());
        map.discard();
        assert_eq!(map.into_map::<IndexMap<_, _>>().unwrap(), runs(30));
    });
}

#[test]
fn flush_puts_changes_into_the_file() {
    for engine in ENGINES {
        for n in [3, 200] {
            let (_dir, path) = scratch("runs.h5");
            WriteOptions::new().engine(engine).save(&path, &lazy(n)).unwrap();
            let file = File::open_rw(&path).unwrap();
            let mut map: LazyMap<String, Run> = file.read_root().unwrap();
            map.flush().unwrap();
            map.insert("a/b".into(), run(7)).unwrap();
            map.remove("run 0").unwrap();
            map.get_mut("run 1").unwrap().unwrap().step = 11;
            let mut expected = runs(n);
            expected.shift_remove("run 0");
            expected.shift_remove("run 1");
            expected.insert("a/b".into(), run(7));
            expected.insert("run 1".into(), Run { step: 11, ..run(1) });
            map.flush().unwrap();
            assert!(!map.is_changed() && !map.is_loaded("run 1"));
            assert_eq!(map.count().unwrap(), n + 1 - 1);
            assert_eq!(all(&map), expected.clone().into_iter().collect::<Vec<_>>());
            // Others see it while the file is open, and afterwards.
            assert_eq!(load::<IndexMap<String, Run>>(&path).unwrap(), expected);
            drop((map, file));
            assert_eq!(load::<IndexMap<String, Run>>(&path).unwrap(), expected);
            let Some(python) = python() else { continue };
            let python = |what| python.eval(&path, what);
            let keys: Vec<String> = expected.keys().map(|key| key.replace('/', "%2F")).collect();
            assert_eq!(python("[list(f), int(f.attrs['len']), len(f)]"), json!([keys, n, n]));
            assert_eq!(python("int(f['run 1/step'][()])"), json!(11));
            assert_eq!(python("f['a%2Fb/losses'][:].tolist()"), json!(run(7).losses));
        }
    }
}

#[test]
fn values_are_flushed_with_options_and_other_values_stay() {
    let (_dir, path) = scratch("arrays.h5");
    let map: LazyMap<String, Array2<f64>> =
        [("a".to_string(), Array2::ones((100, 100)))].into_iter().collect();
    let file = File::create(&path).unwrap();
    file.write("other", &5u8).unwrap();
    file.write("group/map", &map).unwrap();
    let mut map: LazyMap<String, Array2<f64>> = file.read("group/map").unwrap();
    map.insert("b".into(), Array2::zeros((100, 100))).unwrap();
    map.flush_with(&WriteOptions::new().compression(Compression::Gzip(4))).unwrap();
    assert_eq!(map.get("b").unwrap(), Some(&Array2::zeros((100, 100))));
    drop((map, file));
    let Some(python) = python() else { return };
    assert_eq!(
        python
            .eval(&path, "[list(f), list(f['group/map']), f['group/map/a'].compression, f['group/map/b'].compression]"),
        json!([["other", "group"], ["a", "b"], null, "gzip"])
    );
}

#[test]
fn a_value_that_cannot_be_written_leaves_the_others() {
    let (_dir, path) = scratch("map.h5");
    let file = File::create(&path).unwrap();
    #[derive(FileBacked, Debug, Clone, PartialEq, Default)]
    struct Deep {
        below: Option<Box<Deep>>,
    }
    let flat = Deep::default();
    file.write("map", &LazyMap::<String, Deep>::from_iter([("a".to_string(), flat.clone())]))
        .unwrap();
    let mut map: LazyMap<String, Deep> = file.read("map").unwrap();
    let deep = (0..300).fold(flat.clone(), |below, _| Deep { below: Some(Box::new(below)) });
    map.insert("b".into(), flat.clone()).unwrap();
    map.insert("c".into(), deep.clone()).unwrap();
    map.insert("d".into(), flat.clone()).unwrap();
    map.insert("a".into(), deep).unwrap();
    let error = map.flush().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooDeep { .. }), "{error}");
    assert!(error.to_string().contains("map.h5") && error.path().contains('c'), "{error}");
    let stored: LazyMap<String, Deep> = file.read("map").unwrap();
    assert_eq!(stored.keys().unwrap(), ["a", "b"]);
    assert_eq!(stored.get("a").unwrap(), Some(&flat));
    assert_eq!(file.names().unwrap(), ["map"], "nothing is left that was under way");
    // What was not written is still to be.
    map.insert("c".into(), flat).unwrap();
    map.remove("a").unwrap();
    map.flush().unwrap();
    assert_eq!(stored.keys().unwrap(), ["b", "c", "d"]);
}

#[test]
fn what_is_opened_to_be_read_is_not_changed() {
    let (_dir, path) = scratch("runs.h5");
    save(&path, &lazy(3)).unwrap();
    let maps: [LazyMap<String, Run>; 2] =
        [load(&path).unwrap(), File::open(&path).unwrap().read_root().unwrap()];
    for mut map in maps {
        map.insert("new".into(), run(1)).unwrap();
        let error = map.flush().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::ReadOnly), "{error}");
        assert!(
            format!("{error:#}").contains("open_rw") && error.to_string().contains("runs.h5"),
            "{error:#}"
        );
        assert!(map.is_changed());
    }
    let error = lazy(1).flush().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
}

#[test]
fn two_handles_change_the_same_map() {
    let (_dir, path) = scratch("runs.h5");
    let file = File::create(&path).unwrap();
    file.write("runs", &lazy(10)).unwrap();
    let open = || file.read::<LazyMap<String, Run>>("runs").unwrap();
    let (mut a, mut b) = (open(), open());
    a.insert("of a".into(), run(1)).unwrap();
    a.remove("run 1").unwrap();
    b.insert("of b".into(), run(2)).unwrap();
    b.insert("run 2".into(), run(22)).unwrap();
    a.flush().unwrap();
    b.flush().unwrap();
    for map in [&a, &b, &open()] {
        assert_eq!(map.count().unwrap(), 11);
        assert_eq!(
            (map.get("of a").unwrap(), map.get("of b").unwrap()),
            (Some(&run(1)), Some(&run(2)))
        );
        assert_eq!((map.get("run 1").unwrap(), map.get("run 2").unwrap()), (None, Some(&run(22))));
    }

    // The same entry: the second one is told, and nothing of it is written.
    let both = |change: &dyn Fn(&mut LazyMap<String, Run>, u64) -> bool| {
        let (mut a, mut b) = (open(), open());
        change(&mut a, 1);
        change(&mut b, 2);
        b.insert("beside".into(), run(0)).unwrap();
        a.flush().unwrap();
        let error = b.flush().unwrap_err();
        changed(&error);
        assert!(!open().contains_key("beside").unwrap(), "{error}");
        assert!(error.help().is_some(), "{error}");
        b.discard();
        b.insert("beside".into(), run(0)).unwrap();
        b.flush().unwrap();
        b.remove("beside").unwrap();
        b.flush().unwrap();
    };
    both(&|map, n| map.insert("same".into(), Run { step: n, ..run(0) }).unwrap());
    assert_eq!(open().get("same").unwrap().unwrap().step, 1);
    both(&|map, n| std::mem::replace(&mut map.get_mut("run 3").unwrap().unwrap().step, n) == 3);
    assert_eq!(open().get("run 3").unwrap().unwrap().step, 1);
    both(&|map, n| match n {
        1 => map.remove("run 4").unwrap(),
        _ => map.insert("run 4".into(), run(4)).unwrap(),
    });
    both(&|map, n| match n {
        1 => map.insert("run 5".into(), run(55)).unwrap(),
        _ => map.remove("run 5").unwrap(),
    });
    assert_eq!(open().get("run 5").unwrap(), Some(&run(55)));

    // What was read before the other handle's change cannot be the base of a change.
    let (mut a, mut b) = (open(), open());
    a.get("run 6").unwrap();
    b.get_mut("run 6").unwrap().unwrap().losses = vec![9.0];
    b.flush().unwrap();
    a.get_mut("run 6").unwrap().unwrap().step = 66;
    a.flush().unwrap();
    assert_eq!(open().get("run 6").unwrap(), Some(&Run { step: 66, losses: vec![9.0] }));

    // A map that is no longer there is not changed where nobody looks.
    let mut a = open();
    a.insert("late".into(), run(1)).unwrap();
    file.write_with("runs", &lazy(2), &WriteOptions::new().overwrite(Overwrite::Replace)).unwrap();
    changed(&a.flush().unwrap_err());
    assert_eq!(open().count().unwrap(), 2);
}

#[test]
fn values_that_were_not_read_are_copied_as_they_are() {
    let (_dir, path) = scratch("arrays.h5");
    let arrays: LazyMap<String, Array2<f64>> =
        (0..20).map(|i| (format!("{i}"), Array2::from_elem((64, 64), f64::from(i)))).collect();
    WriteOptions::new().compression(Compression::Gzip(4)).save(&path, &arrays).unwrap();
    let mut map: LazyMap<String, Array2<f64>> = load(&path).unwrap();
    map.get("3").unwrap();
    map.remove("4").unwrap();
    map.insert("5".into(), Array2::zeros((1, 1))).unwrap();
    let copy = path.with_file_name("copy.h5");
    save(&copy, &map).unwrap();
    assert!(!map.is_loaded("6"));
    let read: LazyMap<String, Array2<f64>> = load(&copy).unwrap();
    let mut expected = arrays.into_map::<IndexMap<_, _>>().unwrap();
    expected.shift_remove("4");
    expected["5"] = Array2::zeros((1, 1));
    assert_eq!(read.into_map::<Vec<_>>().unwrap(), expected.into_iter().collect::<Vec<_>>());
    let Some(python) = python() else { return };
    let compression = "[f[k].compression for k in ('3', '5', '6')]";
    assert_eq!(python.eval(&copy, compression), json!([null, null, "gzip"]));
    // Over the file that they are read from.
    for durability in [Durability::Atomic, Durability::Fast] {
        WriteOptions::new().durability(durability).save(&path, &map).unwrap();
        assert_eq!(map.get("7").unwrap().unwrap()[[0, 0]], 7.0);
        assert_eq!(python.eval(&path, compression), json!([null, null, "gzip"]));
    }
    // All of it, when nothing was asked for.
    let map: LazyMap<String, Array2<f64>> = load(&copy).unwrap();
    save(&path, &map).unwrap();
    assert_eq!(python.content(&path), python.content(&copy));
}

#[test]
fn maps_lie_in_maps_and_in_structs() {
    #[derive(FileBacked, Debug, Clone)]
    struct Lab {
        days: LazyMap<String, LazyMap<u32, Run>>,
        #[filebacked(layout = "links")]
        rates: LazyMap<String, f64>,
        #[filebacked(layout = "columns")]
        flat: LazyMap<String, f64>,
        none: Option<LazyMap<String, u8>>,
        many: Vec<LazyMap<String, u8>>,
        late: Lazy<LazyMap<String, u8>>,
    }
    let day = |n: u32| (0..n).map(|i| (i, run(i as usize))).collect::<LazyMap<u32, Run>>();
    let bytes = |n: u8| LazyMap::from_iter([("n".to_string(), n)]);
    let lab = Lab {
        days: [("mon".to_string(), day(3)), ("tue".to_string(), day(0))].into_iter().collect(),
        rates: [("x".to_string(), 0.5)].into_iter().collect(),
        flat: [("b".to_string(), 0.5), ("a".to_string(), 1.5)].into_iter().collect(),
        none: None,
        many: vec![bytes(1), bytes(2)],
        late: bytes(9).into(),
    };
    let (_dir, path) = scratch("lab.h5");
    save(&path, &lab).unwrap();
    let file = File::open_rw(&path).unwrap();
    let mut lab: Lab = file.read_root().unwrap();
    assert_eq!(lab.days.get("mon").unwrap().unwrap().get(&2).unwrap(), Some(&run(2)));
    assert!(!lab.days.is_loaded("tue"));
    assert_eq!(
        (lab.rates.get("x").unwrap(), lab.flat.keys().unwrap()),
        (Some(&0.5), vec!["b".into(), "a".into()])
    );
    assert_eq!((lab.many[1].get("n").unwrap(), lab.none.is_none()), (Some(&2), true));
    assert_eq!(lab.late.get().unwrap().get("n").unwrap(), Some(&9));
    // A change inside is one of the outer map too.
    lab.days.get_mut("mon").unwrap().unwrap().insert(7, run(7)).unwrap();
    lab.days.flush().unwrap();
    assert_eq!(lab.days.get("mon").unwrap().unwrap().keys().unwrap(), [0, 1, 2, 7]);
    // And one of the inner map alone goes to its own place.
    let mut day: LazyMap<u32, Run> = file.read("days/mon").unwrap();
    day.remove(&0).unwrap();
    day.flush().unwrap();
    assert_eq!(lab.days.read("mon").unwrap().unwrap().keys().unwrap(), [1, 2, 7]);

    let copy: Lab = from_bytes(&to_bytes(&lab).unwrap()).unwrap();
    assert_eq!(copy.days.get("mon").unwrap().unwrap().keys().unwrap(), [1, 2, 7]);
    drop((lab, day, file));
    let Some(python) = python() else { return };
    assert_eq!(
        python.eval(&path, "[list(f['days/mon']), list(f['many/1'])]"),
        json!([["1", "2", "7"], ["n"]])
    );
    assert_eq!(
        python.eval(&path, "[sorted(f['flat']), f['rates/x'][()]]"),
        json!([["keys", "values"], 0.5])
    );
    // Many other maps are one object.
    let maps = vec![BTreeMap::from([("n".to_string(), 1u8)]), BTreeMap::new()];
    let maps: Vec<LazyMap<String, u8>> = from_bytes(&to_bytes(&maps).unwrap()).unwrap();
    assert_eq!((maps[0].get("n").unwrap(), maps[1].count().unwrap()), (Some(&1), 0));
}

#[test]
fn any_text_is_a_key() {
    let keys = [
        "",
        ".",
        "..",
        "/",
        "a/b",
        "%",
        "%2F",
        "100%",
        "a\0b",
        "ä 😀",
        "keys",
        "values",
        ".filebacked under way",
        ".filebacked under way…",
    ];
    let mut map = LazyMap::new();
    map.extend(keys.iter().enumerate().map(|(i, key)| (key.to_string(), vec![i as u8]))).unwrap();
    let (_dir, path) = scratch("map.h5");
    let file = File::create(&path).unwrap();
    file.write_root(&map).unwrap();
    let mut map: LazyMap<String, Vec<u8>> = file.read_root().unwrap();
    assert_eq!(
        (map.keys().unwrap(), map.count().unwrap()),
        (keys.map(String::from).to_vec(), keys.len())
    );
    for (i, key) in keys.iter().enumerate() {
        assert_eq!(map.read(*key).unwrap(), Some(vec![i as u8]), "{key:?}");
        map.insert(key.to_string(), vec![i as u8, 1]).unwrap();
        map.flush().unwrap();
    }
    assert_eq!(map.keys().unwrap(), keys);
    let plain: IndexMap<String, Vec<u8>> = file.read_root().unwrap();
    assert!(plain.values().enumerate().all(|(i, value)| *value == [i as u8, 1]));
    for key in keys {
        assert!(map.remove(key).unwrap(), "{key:?}");
    }
    map.flush().unwrap();
    assert_eq!((map.count().unwrap(), file.names().unwrap()), (0, Vec::<String>::new()));
}
