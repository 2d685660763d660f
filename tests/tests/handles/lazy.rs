//! Values that stay in the file until they are asked for.

use filebacked::options::Durability;
use filebacked::{Compression, ErrorKind, File, FileBacked, Lazy, ReadOptions, Save, WriteOptions};
use filebacked::{LazyArray, LazyMap, LazyVec};
use filebacked::{from_bytes, load, save, to_bytes};
use filebacked_tests::{python, scratch};
use ndarray::{Array1, Array2, Ix1};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(FileBacked, Debug, Clone, PartialEq)]
struct Layer {
    name: String,
    weights: Vec<f64>,
}

#[derive(FileBacked, Debug)]
struct Model {
    step: u64,
    samples: Lazy<Vec<f64>>,
    layers: Lazy<Vec<Layer>>,
    best: Option<Lazy<Layer>>,
    none: Option<Lazy<Layer>>,
    views: Vec<Lazy<Array2<f32>>>,
    #[filebacked(layout = "links")]
    named: BTreeMap<String, Lazy<Layer>>,
}

/// The same file, all of it.
#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(name = "Model")]
struct Eager {
    step: u64,
    samples: Vec<f64>,
    layers: Vec<Layer>,
    best: Option<Layer>,
    none: Option<Layer>,
    views: Vec<Array2<f32>>,
    #[filebacked(layout = "links")]
    named: BTreeMap<String, Layer>,
}

fn layer(n: usize) -> Layer {
    Layer { name: format!("layer {n}"), weights: (0..n).map(|i| i as f64 * 0.5).collect() }
}

fn eager(n: usize) -> Eager {
    Eager {
        step: 7,
        samples: (0..n).map(|i| i as f64).collect(),
        layers: (0..5).map(layer).collect(),
        best: Some(layer(3)),
        none: None,
        views: vec![Array2::from_elem((2, 3), 1.5), Array2::from_elem((1, 1), -2.0)],
        named: BTreeMap::from([("a".into(), layer(1)), ("b".into(), layer(2))]),
    }
}

fn loaded(model: &Model) -> usize {
    let Model { samples, layers, best, views, named, .. } = model;
    let views = views.iter().filter(|view| view.is_loaded()).count();
    let named = named.values().filter(|layer| layer.is_loaded()).count();
    let best = best.iter().filter(|best| best.is_loaded()).count();
    usize::from(samples.is_loaded()) + usize::from(layers.is_loaded()) + best + views + named
}

#[track_caller]
fn same(model: &Model, expected: &Eager) {
    assert_eq!(model.step, expected.step);
    assert_eq!(*model.samples.get().unwrap(), expected.samples);
    assert_eq!(*model.layers.get().unwrap(), expected.layers);
    assert_eq!(model.best.as_ref().map(|best| best.get().unwrap()), expected.best.as_ref());
    assert!(model.none.is_none());
    let views: Vec<_> = model.views.iter().map(|view| view.get().unwrap().clone()).collect();
    assert_eq!(views, expected.views);
    let named: BTreeMap<_, _> =
        model.named.iter().map(|(k, v)| (k.clone(), v.get().unwrap().clone())).collect();
    assert_eq!(named, expected.named);
}

/// Small files are kept in memory, large ones are read a piece at a time, and compressed ones by
/// the C library.
fn everywhere(test: impl Fn(&Path, &Eager)) {
    for (n, options) in [
        (10, WriteOptions::new()),
        (100_000, WriteOptions::new()),
        (100_000, WriteOptions::new().compression(Compression::Gzip(1))),
    ] {
        let (_dir, path) = scratch("model.h5");
        let eager = eager(n);
        options.save(&path, &eager).unwrap();
        test(&path, &eager);
    }
}

#[test]
fn nothing_is_read_before_it_is_asked_for() {
    everywhere(|path, eager| {
        let model: Model = load(path).unwrap();
        assert_eq!(loaded(&model), 0);
        assert_eq!(model.samples.file(), Some(path));
        assert_eq!(model.named["b"].get().unwrap().name, "layer 2");
        assert_eq!(loaded(&model), 1);
        same(&model, eager);
        assert_eq!(loaded(&model), 7);
    });
}

#[test]
fn an_open_file_is_kept_open() {
    everywhere(|path, eager| {
        let file = File::open(path).unwrap();
        let model: Model = file.read_root().unwrap();
        drop(file);
        assert_eq!(loaded(&model), 0);
        same(&model, eager);
    });
    let bytes = to_bytes(&eager(10)).unwrap();
    let model: Model = from_bytes(&bytes).unwrap();
    drop(bytes);
    assert_eq!((loaded(&model), model.samples.file()), (0, None));
    same(&model, &eager(10));
}

#[test]
fn what_was_not_read_is_copied() {
    everywhere(|path, eager| {
        let model: Model = load(path).unwrap();
        let copy = path.with_file_name("copy.h5");
        save(&copy, &model).unwrap();
        assert_eq!(loaded(&model), 0, "saving reads nothing");
        assert_eq!(&load::<Eager>(&copy).unwrap(), eager);
        let Some(python) = python() else { return };
        let storage = "[f['samples'].compression, f['samples'].chunks is None]";
        assert_eq!(python.eval(&copy, storage), python.eval(path, storage));
    });
}

/// A file is loaded, a little of it changes, and it is saved where it was.
#[test]
fn a_file_is_saved_over_while_handles_read_it() {
    for durability in [Durability::Atomic, Durability::Fast] {
        everywhere(|path, eager| {
            let mut model: Model = load(path).unwrap();
            model.step = 8;
            model.layers.get_mut().unwrap().push(layer(9));
            assert_eq!(model.layers.file(), None, "a changed value is nowhere but in memory");
            WriteOptions::new().durability(durability).save(path, &model).unwrap();

            let again: Eager = load(path).unwrap();
            assert_eq!((again.step, again.layers.len(), &again.samples), (8, 6, &eager.samples));
            // The old handles go on with the old file.
            assert_eq!(*model.samples.get().unwrap(), eager.samples);
            assert_eq!(model.views[1].get().unwrap(), &eager.views[1]);
        });
    }
}

#[test]
fn a_value_is_evicted_and_read_again() {
    everywhere(|path, eager| {
        let mut model: Model = load(path).unwrap();
        assert!(!model.samples.evict(), "there is nothing to forget");
        model.samples.get().unwrap();
        assert!(model.samples.evict());
        assert!(!model.samples.is_loaded());
        model.samples.get_mut().unwrap().push(1.0);
        assert!(!model.samples.evict(), "the change would be lost");
        assert_eq!(model.samples.get().unwrap().len(), eager.samples.len() + 1);
        assert_eq!(model.best.take().unwrap().into_inner().unwrap(), layer(3));
    });
    let mut lazy = Lazy::from(5u8);
    assert!(lazy.is_loaded() && !lazy.evict());
    assert_eq!((*lazy.get().unwrap(), format!("{lazy:?}")), (5, "Lazy(5)".to_string()));
}

#[test]
fn a_file_that_changes_under_a_handle_is_noticed() {
    let (_dir, path) = scratch("model.h5");
    save(&path, &eager(100_000)).unwrap();
    let model: Model = load(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = model.samples.get().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Changed), "{error}");
    assert!(error.to_string().contains("model.h5"), "{error}");

    // A file that was deleted or replaced is still there for those who had it open.
    save(&path, &eager(100_000)).unwrap();
    let model: Model = load(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, b"something else").unwrap();
    same(&model, &eager(100_000));
}

#[test]
fn eight_threads_share_the_handles() {
    everywhere(|path, eager| {
        let model: Model = load(path).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| same(&model, eager));
            }
        });
    });
}

#[test]
fn options_hold_for_what_is_read_later() {
    #[derive(FileBacked)]
    struct Outer {
        inner: Lazy<Inner>,
    }
    #[derive(FileBacked)]
    struct Inner {
        kept: u8,
        #[filebacked(default)]
        cache: Vec<u8>,
    }
    let outer = Outer { inner: Inner { kept: 1, cache: vec![1, 2, 3] }.into() };
    let bytes = to_bytes(&outer).unwrap();
    let outer: Outer = ReadOptions::new().skip(["inner/cache"]).from_bytes(&bytes).unwrap();
    let inner = outer.inner.get().unwrap();
    assert_eq!((inner.kept, inner.cache.len()), (1, 0));
    // What is left out on writing is not in a copy either.
    let outer: Outer = from_bytes(&bytes).unwrap();
    let bytes = WriteOptions::new().skip(["inner/cache"]).to_bytes(&outer).unwrap();
    assert_eq!(from_bytes::<Outer>(&bytes).unwrap().inner.get().unwrap().cache.len(), 0);
}

/// What a save writes is what the handle shows, whether somebody has looked at it or not.
#[test]
fn what_was_left_out_on_reading_is_not_in_a_copy() {
    #[derive(FileBacked, Clone)]
    struct Run {
        kept: u8,
        #[filebacked(default)]
        cache: Vec<u8>,
    }
    #[derive(FileBacked)]
    struct Runs {
        one: Lazy<Run>,
        map: LazyMap<String, Run>,
        rows: LazyVec<Run>,
        data: LazyArray<f64, Ix1>,
        last: Lazy<Run>,
    }
    let run = |kept| Run { kept, cache: vec![1, 2, 3] };
    let map: LazyMap<String, Run> =
        [("a".to_string(), run(1)), ("b".to_string(), run(2))].into_iter().collect();
    let rows = LazyVec::from(vec![run(3), run(4)]);
    let data = Array1::zeros(9000).into();
    let runs = Runs { one: run(0).into(), map, rows, data, last: run(5).into() };
    let (_dir, path) = scratch("runs.h5");
    save(&path, &runs).unwrap();
    let options = ReadOptions::new().skip(["one/cache", "map/*/cache", "rows/*/cache"]);
    for by_file in [false, true] {
        let read = || -> Runs {
            match by_file {
                true => File::open(&path).unwrap().read_root_with(&options).unwrap(),
                false => options.load(&path).unwrap(),
            }
        };
        let unseen = to_bytes(&read()).unwrap();
        let seen = read();
        assert_eq!((seen.one.get().unwrap().kept, seen.one.get().unwrap().cache.len()), (0, 0));
        assert_eq!(seen.map.get("b").unwrap().unwrap().cache.len(), 0);
        assert_eq!(seen.rows.get(1).unwrap().cache.len(), 0);
        assert_eq!(seen.data.read().unwrap().len(), 9000);
        let bytes = to_bytes(&seen).unwrap();
        for bytes in [unseen, bytes] {
            let copy: Runs = from_bytes(&bytes).unwrap();
            assert_eq!((copy.one.get().unwrap().kept, copy.one.get().unwrap().cache.len()), (0, 0));
            let of_map: Vec<_> =
                copy.map.iter().map(|entry| entry.unwrap().1.cache.len()).collect();
            assert_eq!(of_map, [0, 0]);
            assert_eq!(
                copy.rows.read().unwrap().iter().map(|run| run.cache.len()).sum::<usize>(),
                0
            );
            assert_eq!(copy.last.get().unwrap().cache, [1, 2, 3], "not left out");
        }
    }
}

/// Saving rows of handles reads what was not read, and keeps none of it.
#[test]
fn rows_of_handles_are_the_rows_and_are_not_kept() {
    let (_dir, path) = scratch("model.h5");
    save(&path, &eager(10)).unwrap();
    let model: Model = load(&path).unwrap();
    let rows: Vec<Lazy<Layer>> = model.named.into_values().collect();
    assert_eq!(to_bytes(&rows).unwrap(), to_bytes(&vec![layer(1), layer(2)]).unwrap());
    assert!(rows.iter().all(|layer| !layer.is_loaded()));
    rows[1].get().unwrap();
    assert_eq!(to_bytes(&rows).unwrap(), to_bytes(&vec![layer(1), layer(2)]).unwrap());
    assert_eq!(rows.iter().map(Lazy::is_loaded).collect::<Vec<_>>(), [false, true]);

    // As a `Box` of the same, in options and in rows of rows.
    fn same<T: Save + Clone, const N: usize>(values: [T; N])
    where
        Lazy<T>: Save,
    {
        let lazy = || values.iter().cloned().map(Lazy::from);
        let boxed = || values.iter().cloned().map(Box::new);
        let some = |i: usize| i.is_multiple_of(2);
        let left =
            to_bytes(&lazy().enumerate().map(|(i, v)| some(i).then_some(v)).collect::<Vec<_>>())
                .unwrap();
        let right =
            to_bytes(&boxed().enumerate().map(|(i, v)| some(i).then_some(v)).collect::<Vec<_>>())
                .unwrap();
        assert!(left == right);
        let left = to_bytes(&vec![lazy().collect::<Vec<_>>(), Vec::new()]).unwrap();
        assert!(left == to_bytes(&vec![boxed().collect::<Vec<_>>(), Vec::new()]).unwrap());
    }
    same([1.5, 2.5, 3.5]);
    same(["a".to_string(), "b".to_string()]);
    same([layer(1), layer(2), layer(3)]);
    same([Array2::from_elem((2, 3), 1.5), Array2::from_elem((1, 1), -2.0)]);
}

#[test]
fn a_lazy_value_is_what_the_value_is() {
    #[derive(FileBacked)]
    struct Plain {
        x: Vec<i32>,
        all: Vec<(Vec<u8>, f64)>,
    }
    #[derive(FileBacked)]
    #[filebacked(name = "Plain")]
    struct Handles {
        x: Lazy<Vec<i32>>,
        all: Vec<(Lazy<Vec<u8>>, Lazy<f64>)>,
    }
    let plain = Plain { x: vec![1, 2], all: vec![(vec![1], 0.5), (vec![], 1.5)] };
    let bytes = to_bytes(&plain).unwrap();
    let handles: Handles = from_bytes(&bytes).unwrap();
    assert!(!handles.x.is_loaded() && handles.all[0].0.is_loaded());
    handles.x.get().unwrap();
    assert_eq!(to_bytes(&handles).unwrap(), bytes);
    let again: Plain = from_bytes(&bytes).unwrap();
    assert_eq!((again.x, again.all), (plain.x, plain.all));
    let whole: Lazy<Plain> = from_bytes(&bytes).unwrap();
    assert_eq!(whole.get().unwrap().x, [1, 2]);
    assert_eq!(json!(1), 1);
}
