//! Values with several owners: one object in the file, one value when it is read.

use filebacked::engine::Engine;
use filebacked::options::{Layout, Progress};
use filebacked::with::SharedDyn;
use filebacked::{Compression, ErrorKind, File, FileBacked, Lazy, ReadOptions, WriteOptions};
use filebacked::{from_bytes, to_bytes};
use filebacked_tests::{ENGINES, h5dump, python, scratch};
use ndarray::Array2;
use serde_json::json;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};

#[derive(FileBacked, Debug, PartialEq)]
struct Layer {
    name: String,
    weights: Vec<f64>,
}

// Owners behind other pointers are still owners.
#[allow(clippy::redundant_allocation)]
#[derive(FileBacked, Debug)]
struct Model {
    input: Arc<Layer>,
    output: Arc<Layer>,
    other: Arc<Layer>,
    best: Option<Box<Arc<Layer>>>,
    named: BTreeMap<String, Arc<Layer>>,
    #[filebacked(layout = "rows")]
    stack: Vec<Arc<Layer>>,
    bias: Arc<Vec<f64>>,
    same_bias: Arc<Vec<f64>>,
    label: Rc<String>,
    same_label: Rc<String>,
}

/// Every way of writing and reading whole files.
fn through<T: FileBacked>(value: &T, check: impl Fn(&T)) {
    for writer in ENGINES {
        let (_dir, path) = scratch("shared.h5");
        WriteOptions::new().engine(writer).save(&path, value).unwrap();
        for reader in ENGINES {
            check(&ReadOptions::new().engine(reader).load(&path).unwrap());
        }
    }
}

fn layer(name: &str) -> Layer {
    Layer { name: name.into(), weights: vec![0.5, 1.5] }
}

fn model() -> Model {
    let (tied, other) = (Arc::new(layer("tied")), Arc::new(layer("other")));
    let bias = Arc::new((0..20_000).map(f64::from).collect::<Vec<_>>());
    let label = Rc::new("digits".to_string());
    Model {
        input: tied.clone(),
        output: tied.clone(),
        best: Some(Box::new(other.clone())),
        named: BTreeMap::from([("a".into(), other.clone()), ("b".into(), tied.clone())]),
        stack: vec![tied.clone(), other.clone(), tied],
        other,
        same_bias: bias.clone(),
        bias,
        same_label: label.clone(),
        label,
    }
}

fn check(model: &Model) {
    assert_eq!(*model.input, layer("tied"));
    assert_eq!(*model.other, layer("other"));
    let tied = [&model.output, &model.named["b"], &model.stack[0], &model.stack[2]];
    assert!(tied.iter().all(|layer| Arc::ptr_eq(layer, &model.input)));
    let other = [&**model.best.as_ref().unwrap(), &model.named["a"], &model.stack[1]];
    assert!(other.iter().all(|layer| Arc::ptr_eq(layer, &model.other)));
    assert!(!Arc::ptr_eq(&model.input, &model.other));
    assert!(Arc::ptr_eq(&model.bias, &model.same_bias));
    assert_eq!(model.bias.len(), 20_000);
    assert!(Rc::ptr_eq(&model.label, &model.same_label));
    assert_eq!(*model.label, "digits");
}

#[test]
fn owners_of_one_value_stay_that() {
    for writer in ENGINES {
        let (_dir, path) = scratch("shared.h5");
        let options = WriteOptions::new().engine(writer);
        options.save(&path, &model()).unwrap();
        for reader in [Engine::Native, Engine::Libhdf5] {
            let options = ReadOptions::new().engine(reader);
            let loaded: Model = options.load(&path).unwrap();
            check(&loaded);
            // Nobody but the fields has it: what the call knew of it is gone.
            assert_eq!(Arc::strong_count(&loaded.input), 5);
            assert_eq!(Arc::weak_count(&loaded.input), 0);
        }
        let bytes = options.to_bytes(&model()).unwrap();
        check(&filebacked::from_bytes(&bytes).unwrap());
        assert!(bytes == options.to_bytes(&model()).unwrap(), "equal values of equal sharing");
        if let Some(python) = python() {
            let same = |a: &str, b: &str| python.eval(&path, &format!("f['{a}'] == f['{b}']"));
            assert_eq!(same("input", "output"), json!(true));
            assert_eq!(same("input", "stack/2"), json!(true));
            assert_eq!(same("other", "named/a"), json!(true));
            assert_eq!(same("input", "other"), json!(false));
            assert_eq!(same("bias", "same_bias"), json!(true));
            assert_eq!(same("label", "same_label"), json!(true));
        }
    }
}

#[derive(FileBacked, Debug, PartialEq)]
struct Texts {
    name: Arc<str>,
    same: Arc<str>,
    values: Rc<[u8]>,
    again: Rc<[u8]>,
    nothing: Arc<()>,
    nothing_else: Arc<()>,
    same_nothing: Arc<()>,
}

#[test]
fn texts_slices_and_what_takes_no_room_are_shared_too() {
    let (name, values, nothing): (Arc<str>, Rc<[u8]>, _) =
        ("tied".into(), vec![1, 2].into(), Arc::new(()));
    let value = Texts {
        name: name.clone(),
        same: name,
        values: values.clone(),
        again: values,
        nothing_else: Arc::new(()),
        same_nothing: nothing.clone(),
        nothing,
    };
    through(&value, |loaded| {
        assert_eq!(*loaded, value);
        assert!(Arc::ptr_eq(&loaded.name, &loaded.same));
        assert!(Rc::ptr_eq(&loaded.values, &loaded.again));
        assert!(Arc::ptr_eq(&loaded.nothing, &loaded.same_nothing));
        assert!(!Arc::ptr_eq(&loaded.nothing, &loaded.nothing_else));
    });
}

#[derive(FileBacked, Debug)]
struct Two {
    a: Arc<Layer>,
    b: Arc<Layer>,
}

/// The same file, without owners.
#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(name = "Two")]
struct Plain {
    a: Layer,
    b: Layer,
}

fn two() -> Two {
    let a = Arc::new(layer("a"));
    Two { b: a.clone(), a }
}

#[test]
fn owners_elsewhere_leave_no_trace() {
    let alone = || Two { a: Arc::new(layer("a")), b: Arc::new(layer("b")) };
    for engine in ENGINES {
        let options = WriteOptions::new().engine(engine);
        let (apart, known) = (alone(), alone());
        let _elsewhere = (known.a.clone(), Arc::downgrade(&known.b));
        assert!(
            options.to_bytes(&apart).unwrap() == options.to_bytes(&known).unwrap(),
            "{engine:?}"
        );
        assert!(
            options.to_bytes(&two()).unwrap() == options.to_bytes(&two()).unwrap(),
            "{engine:?}"
        );
        let loaded: Two = from_bytes(&options.to_bytes(&two()).unwrap()).unwrap();
        assert!(
            options.to_bytes(&loaded).unwrap() == options.to_bytes(&two()).unwrap(),
            "{engine:?}"
        );
    }
}

#[test]
fn one_link_goes_and_the_other_stays() {
    let Some(python) = python() else { return };
    for engine in ENGINES {
        let (_dir, path) = scratch("two.h5");
        WriteOptions::new().engine(engine).save(&path, &two()).unwrap();
        if let Some(dump) = h5dump(&["-H"], &path) {
            assert!(dump.contains("HARDLINK \"/a\""), "{dump}");
        }
        assert_eq!(python.pyfive(&path, "f['b/weights'][:].tolist()"), json!([0.5, 1.5]));
        let count = "h5py.h5o.get_info(f['b'].id).rc";
        assert_eq!(python.eval(&path, count), json!(2));
        python.change(&path, "del f['a']");
        assert_eq!(python.eval(&path, count), json!(1));
        assert_eq!(python.eval(&path, "f['b/weights'][:].tolist()"), json!([0.5, 1.5]));
        python.change(&path, "f['a'] = f['b']; f['c'] = f['b']");
        assert_eq!(python.eval(&path, count), json!(3));
        let loaded: Two = filebacked::load(&path).unwrap();
        assert!(Arc::ptr_eq(&loaded.a, &loaded.b));
        // Who declares no owners gets values of his own.
        let plain: Plain = filebacked::load(&path).unwrap();
        assert_eq!(plain, Plain { a: layer("a"), b: layer("a") });
    }
}

#[test]
fn links_of_others_are_owners() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("others.h5");
    for libver in ["earliest", "latest"] {
        let code = format!(
            "with h5py.File({path:?}, 'w', libver='{libver}') as g:\n    \
             g['a/name'] = 'x'; g['a/weights'] = [1.5]; g['b'] = g['a']"
        );
        python.create(&path.with_extension("other"), &code);
        let loaded: Two = filebacked::load(&path).unwrap();
        assert!(Arc::ptr_eq(&loaded.a, &loaded.b), "{libver}");
        assert_eq!(loaded.a.weights, [1.5]);
    }
}

#[test]
fn what_is_written_in_another_way_is_another_object() {
    #[derive(FileBacked, Debug)]
    struct Coded {
        plain: Arc<Vec<u32>>,
        #[filebacked(compression = Compression::Gzip(1))]
        coded: Arc<Vec<u32>>,
        #[filebacked(attr)]
        attribute: Arc<f64>,
        number: Arc<f64>,
        again: Arc<f64>,
        #[filebacked(layout = "compound")]
        record: Arc<(u8, f64)>,
        #[filebacked(layout = "compound")]
        same_record: Arc<(u8, f64)>,
        pair: Arc<(u8, f64)>,
    }
    let (values, number, pair) = (Arc::new(vec![7; 5000]), Arc::new(0.5), Arc::new((1, 2.5)));
    let coded = Coded {
        plain: values.clone(),
        coded: values,
        attribute: number.clone(),
        number: number.clone(),
        again: number,
        record: pair.clone(),
        same_record: pair.clone(),
        pair,
    };
    let (_dir, path) = scratch("coded.h5");
    filebacked::save(&path, &coded).unwrap();
    let loaded: Coded = filebacked::load(&path).unwrap();
    assert_eq!((&loaded.plain, &loaded.plain.len()), (&loaded.coded, &5000));
    assert!(!Arc::ptr_eq(&loaded.plain, &loaded.coded));
    assert_eq!(*loaded.attribute, 0.5);
    assert!(Arc::ptr_eq(&loaded.number, &loaded.again));
    assert_eq!(*loaded.record, (1, 2.5));
    assert!(
        Arc::ptr_eq(&loaded.record, &loaded.same_record)
            && !Arc::ptr_eq(&loaded.record, &loaded.pair)
    );
    if let Some(python) = python() {
        assert_eq!(
            python.eval(&path, "[f['plain'].compression, f['coded'].compression]"),
            json!([null, "gzip"])
        );
    }
}

#[test]
fn what_is_left_out_of_one_is_in_the_other() {
    #[derive(FileBacked, Debug)]
    struct Part {
        a: Arc<Some2>,
        b: Arc<Some2>,
        c: Arc<Some2>,
    }
    #[derive(FileBacked, Debug, Default)]
    #[filebacked(default)]
    struct Some2 {
        x: u8,
        y: u8,
    }
    let value = Arc::new(Some2 { x: 1, y: 2 });
    let value = Part { a: value.clone(), b: value.clone(), c: value };
    for engine in ENGINES {
        let bytes = WriteOptions::new().engine(engine).skip(["a/x"]).to_bytes(&value).unwrap();
        let loaded: Part = from_bytes(&bytes).unwrap();
        assert_eq!((loaded.a.x, loaded.a.y, loaded.b.x, loaded.b.y), (0, 2, 1, 2));
        assert!(Arc::ptr_eq(&loaded.b, &loaded.c) && !Arc::ptr_eq(&loaded.a, &loaded.b));
        let bytes = WriteOptions::new().engine(engine).to_bytes(&value).unwrap();
        let loaded: Part = ReadOptions::new().skip(["b/y"]).from_bytes(&bytes).unwrap();
        assert_eq!((loaded.a.y, loaded.b.x, loaded.b.y, loaded.c.y), (2, 1, 0, 2));
        assert!(Arc::ptr_eq(&loaded.a, &loaded.c));
        // The one that is left out is not the one to link to.
        let bytes = WriteOptions::new().engine(engine).skip(["a"]).to_bytes(&value).unwrap();
        let error = from_bytes::<Part>(&bytes).unwrap_err();
        assert_eq!((error.kind(), error.path().as_str()), (&ErrorKind::Missing, "/a"));
    }
}

#[derive(FileBacked, Debug)]
struct Knot {
    name: String,
    next: Option<Arc<Mutex<Knot>>>,
    others: Vec<Arc<Mutex<Knot>>>,
}

fn knot(name: &str) -> Arc<Mutex<Knot>> {
    Arc::new(Mutex::new(Knot { name: name.into(), next: None, others: Vec::new() }))
}

#[test]
fn circles_of_owners_are_refused() {
    let (a, b) = (knot("a"), knot("b"));
    a.lock().unwrap().next = Some(b.clone());
    b.lock().unwrap().next = Some(a.clone());
    let refused = |value: &Arc<Mutex<Knot>>, path: &str| {
        for engine in ENGINES {
            let error = WriteOptions::new().engine(engine).to_bytes(value).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Cycle(_)), "{error}");
            assert_eq!(error.path(), path, "{error}");
            assert!(error.help().is_some_and(|help| help.contains("Weak")), "{error}");
        }
    };
    refused(&a, "/next/next");
    // Behind rows, where no value is an object.
    b.lock().unwrap().next = None;
    b.lock().unwrap().others = vec![knot("c"), a.clone()];
    refused(&a, "/next/others");
    b.lock().unwrap().others = vec![b.clone()];
    refused(&a, "/next/others");
    // The locks are free again.
    b.lock().unwrap().others.clear();
    let loaded: Arc<Mutex<Knot>> = from_bytes(&to_bytes(&a).unwrap()).unwrap();
    assert_eq!(loaded.lock().unwrap().next.as_ref().unwrap().lock().unwrap().name, "b");
    a.lock().unwrap().next = None;
}

#[test]
fn circles_in_files_are_refused() {
    let Some(python) = python() else { return };
    #[derive(FileBacked, Debug)]
    #[allow(dead_code)]
    struct Chain {
        name: String,
        next: Option<Arc<Chain>>,
    }
    let (_dir, path) = scratch("circle.h5");
    let value =
        Chain { name: "a".into(), next: Some(Arc::new(Chain { name: "b".into(), next: None })) };
    for engine in ENGINES {
        WriteOptions::new().engine(engine).save(&path, &value).unwrap();
        python.change(&path, "f['next/next'] = f['next']");
        for engine in [Engine::Any, Engine::Libhdf5] {
            let error = ReadOptions::new().engine(engine).load::<Chain>(&path).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Cycle(_)), "{error}");
            assert_eq!(error.path(), "/next/next");
        }
    }
}

#[test]
fn a_lock_that_is_there_twice_is_locked_once() {
    #[derive(FileBacked, Debug)]
    struct Counters {
        counters: Vec<Arc<Mutex<u64>>>,
        limits: Vec<Arc<RwLock<u64>>>,
        #[filebacked(layout = "rows")]
        listed: Vec<Arc<Mutex<u64>>>,
    }
    let (one, two, limit) =
        (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)), Arc::new(RwLock::new(9)));
    let counters = vec![two, one.clone(), one];
    let value = Counters { listed: counters.clone(), counters, limits: vec![limit.clone(), limit] };
    through(&value, |loaded: &Counters| {
        let values = |locks: &[Arc<Mutex<u64>>]| {
            locks.iter().map(|lock| *lock.lock().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(
            (values(&loaded.counters), values(&loaded.listed)),
            (vec![2, 1, 1], vec![2, 1, 1])
        );
        assert_eq!(
            loaded.limits.iter().map(|lock| *lock.read().unwrap()).collect::<Vec<_>>(),
            [9, 9]
        );
        assert!(Arc::ptr_eq(&loaded.listed[1], &loaded.listed[2]));
        assert!(!Arc::ptr_eq(&loaded.counters[1], &loaded.counters[2]), "rows are values");
    });
}

#[derive(FileBacked, Debug)]
struct Columns {
    #[filebacked(layout = "shared")]
    layers: Vec<Arc<Layer>>,
    #[filebacked(layout = "shared")]
    names: Vec<Option<Rc<String>>>,
    #[filebacked(layout = "shared")]
    nested: Vec<Vec<Arc<Layer>>>,
    rows: Vec<Row>,
    #[filebacked(layout = "shared")]
    none: Vec<Arc<Layer>>,
}

#[derive(FileBacked, Debug)]
struct Row {
    id: u8,
    #[filebacked(layout = "shared")]
    layer: Arc<Layer>,
    #[filebacked(layout = "shared")]
    layers: Vec<Arc<Layer>>,
}

#[test]
fn rows_share_by_an_index() {
    let (a, b, name) = (Arc::new(layer("a")), Arc::new(layer("b")), Rc::new("x".to_string()));
    let row = |id, layer: &Arc<Layer>, layers: &[&Arc<Layer>]| {
        let layers = layers.iter().map(|layer| Arc::clone(layer)).collect();
        Row { id, layer: layer.clone(), layers }
    };
    let value = Columns {
        layers: vec![b.clone(), a.clone(), b.clone()],
        names: vec![None, Some(name.clone()), Some(name), None],
        nested: vec![vec![], vec![a.clone(), b.clone()], vec![a.clone()]],
        rows: vec![row(0, &a, &[&b, &b]), row(1, &b, &[]), row(2, &a, &[&a])],
        none: vec![],
    };
    through(&value, |loaded: &Columns| {
        let names = |layers: &[Arc<Layer>]| {
            layers.iter().map(|layer| layer.name.clone()).collect::<String>()
        };
        assert_eq!(names(&loaded.layers), "bab");
        assert!(Arc::ptr_eq(&loaded.layers[0], &loaded.layers[2]));
        assert!(!Arc::ptr_eq(&loaded.layers[0], &loaded.layers[1]));
        let [None, Some(first), Some(second), None] = &loaded.names[..] else {
            panic!("{:?}", loaded.names)
        };
        assert!(Rc::ptr_eq(first, second) && **first == "x");
        assert_eq!(
            loaded.nested.iter().map(|layers| names(layers)).collect::<Vec<_>>(),
            ["", "ab", "a"]
        );
        assert!(Arc::ptr_eq(&loaded.nested[1][0], &loaded.nested[2][0]));
        let rows = &loaded.rows;
        assert!(Arc::ptr_eq(&rows[0].layer, &rows[2].layer) && rows[1].layer.name == "b");
        assert!(
            Arc::ptr_eq(&rows[0].layers[0], &rows[0].layers[1]) && rows[2].layers[0].name == "a"
        );
        assert_eq!((rows[1].id, rows[1].layers.len(), loaded.none.len()), (1, 0, 0));
    });

    let (_dir, path) = scratch("columns.h5");
    filebacked::save(&path, &value).unwrap();
    let file: filebacked::Value = filebacked::load(&path).unwrap();
    let json = serde_json::to_value(&file).unwrap();
    assert_eq!(json["layers"][2]["name"], json!("b"));
    assert_eq!(json["names"], json!([null, "x", "x", null]));
    let Some(python) = python() else { return };
    assert_eq!(python.eval(&path, "f['layers'].attrs['filebacked'].decode()"), json!("shared"));
    let line = "f['layers/values/name'].asstr()[:][f['layers/index'][:]].tolist()";
    assert_eq!(python.eval(&path, line), json!(["b", "a", "b"]));
    python.change(&path, "f['layers/index'][1] = 2");
    let error = filebacked::load::<Columns>(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{error}");
    assert_eq!(error.path(), "/layers/index");
}

#[test]
fn a_single_owner_in_the_layout_of_many_is_a_link() {
    #[derive(FileBacked, Debug)]
    struct Single {
        #[filebacked(layout = "shared")]
        a: Arc<Layer>,
        b: Arc<Layer>,
    }
    let a = Arc::new(layer("a"));
    through(&Single { b: a.clone(), a }, |loaded: &Single| {
        assert!(Arc::ptr_eq(&loaded.a, &loaded.b))
    });
}

#[test]
fn many_links_in_a_large_file() {
    #[derive(FileBacked, Debug)]
    struct Large {
        a: Arc<Layer>,
        #[filebacked(layout = "rows")]
        owners: Vec<Arc<String>>,
        bulk: Arc<Vec<u64>>,
        texts: Vec<String>,
        again: BTreeMap<u32, Arc<Layer>>,
        #[filebacked(layout = "rows")]
        same_owners: Vec<Arc<String>>,
        same_bulk: Arc<Vec<u64>>,
    }
    // The headers are in the file long before the second links are made.
    let (a, bulk) = (Arc::new(layer("a")), Arc::new((0..200_000).collect::<Vec<u64>>()));
    let owners: Vec<_> = (0..1000).map(|i| Arc::new(format!("owner {i}"))).collect();
    let value = Large {
        again: (0..600).map(|i| (i, a.clone())).collect(),
        a,
        owners: owners.clone(),
        same_bulk: bulk.clone(),
        bulk,
        texts: (0..100_000).map(|i| format!("a text of some length {i}")).collect(),
        same_owners: owners,
    };
    through(&value, |loaded: &Large| {
        assert!(loaded.again.values().all(|layer| Arc::ptr_eq(layer, &loaded.a)));
        assert!(loaded.owners.iter().zip(&loaded.same_owners).all(|(a, b)| Arc::ptr_eq(a, b)));
        assert!(Arc::ptr_eq(&loaded.bulk, &loaded.same_bulk));
        assert_eq!((loaded.owners[999].as_str(), loaded.bulk[199_999]), ("owner 999", 199_999));
    });
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("large.h5");
    filebacked::save(&path, &value).unwrap();
    assert_eq!(
        python.eval(&path, "[h5py.h5o.get_info(f[n].id).rc for n in ('a', 'bulk', 'owners/7')]"),
        json!([601, 2, 2])
    );
    let once = "f['same_owners/999'] == f['owners/999'] and f['again/599'] == f['a']";
    assert_eq!(python.eval(&path, once), json!(true));
}

#[test]
fn progress_counts_what_is_shared_once() {
    for engine in ENGINES {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = seen.clone();
        let tell = move |progress: Progress| {
            told.lock().unwrap().push(progress);
            std::ops::ControlFlow::Continue(())
        };
        WriteOptions::new().engine(engine).progress(tell).to_bytes(&model()).unwrap();
        let last = *seen.lock().unwrap().last().unwrap();
        assert_eq!(last.done, last.total);
        assert!(last.total < 2 * 160_000, "{last:?}");
    }
}

#[test]
fn each_call_has_values_of_its_own() {
    let (_dir, path) = scratch("file.h5");
    let file = File::create(&path).unwrap();
    file.write("run", &two()).unwrap();
    let (one, other) = (file.read::<Two>("run").unwrap(), file.read::<Two>("run").unwrap());
    assert!(Arc::ptr_eq(&one.a, &one.b) && Arc::ptr_eq(&other.a, &other.b));
    assert!(!Arc::ptr_eq(&one.a, &other.a));
    drop(file);

    #[derive(FileBacked)]
    struct Later {
        a: Lazy<Arc<Layer>>,
        b: Lazy<Arc<Layer>>,
    }
    filebacked::save(&path, &two()).unwrap();
    let later: Later = filebacked::load(&path).unwrap();
    let (a, b) = (later.a.get().unwrap(), later.b.get().unwrap());
    assert_eq!((&a.name, Arc::strong_count(b)), (&b.name, 1));

    let bytes = to_bytes(&model()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let loaded: Two = filebacked::load(&path).unwrap();
                    assert!(Arc::ptr_eq(&loaded.a, &loaded.b));
                    check(&from_bytes(&bytes).unwrap());
                }
            });
        }
    });
}

#[test]
fn pythons_layout_has_values_instead() {
    #[derive(FileBacked, Debug)]
    #[filebacked(module = "lab")]
    struct Lab {
        a: Arc<Vec<f64>>,
        b: Arc<Vec<f64>>,
    }
    let a = Arc::new(vec![0.5]);
    let bytes =
        WriteOptions::new().layout(Layout::Python).to_bytes(&Lab { b: a.clone(), a }).unwrap();
    let loaded: Lab = from_bytes(&bytes).unwrap();
    assert!(!Arc::ptr_eq(&loaded.a, &loaded.b) && loaded.a == loaded.b);
}

#[filebacked::dynamic]
trait Shape: Send + Sync + std::fmt::Debug {
    fn area(&self) -> f64;
}

#[derive(FileBacked, Debug)]
struct Square {
    side: f64,
}

#[filebacked::dynamic]
impl Shape for Square {
    fn area(&self) -> f64 {
        self.side * self.side
    }
}

#[test]
fn trait_objects_are_shared() {
    #[derive(FileBacked, Debug)]
    struct Scene {
        #[filebacked(with = SharedDyn)]
        a: Arc<dyn Shape>,
        #[filebacked(with = SharedDyn)]
        b: Arc<dyn Shape>,
        #[filebacked(with = SharedDyn)]
        c: Arc<dyn Shape>,
    }
    let a: Arc<dyn Shape> = Arc::new(Square { side: 3.0 });
    let scene = Scene { b: a.clone(), a, c: Arc::new(Square { side: 2.0 }) };
    through(&scene, |loaded: &Scene| {
        assert!(Arc::ptr_eq(&loaded.a, &loaded.b) && !Arc::ptr_eq(&loaded.a, &loaded.c));
        assert_eq!((loaded.b.area(), loaded.c.area()), (9.0, 4.0));
    });
}

#[test]
fn what_is_an_object_in_a_list_anyway_is_linked_there() {
    #[derive(FileBacked, Debug, PartialEq)]
    #[filebacked(layout = "rows")]
    struct Chapter {
        title: String,
    }
    #[derive(FileBacked, Debug)]
    struct Book {
        arrays: Vec<Arc<Array2<f64>>>,
        best: Arc<Array2<f64>>,
        chapters: Vec<Rc<Chapter>>,
        first: Rc<Chapter>,
    }
    /// The same file, without owners.
    #[derive(FileBacked, Debug)]
    #[filebacked(name = "Book")]
    struct Flat {
        arrays: Vec<Array2<f64>>,
        chapters: Vec<Chapter>,
    }
    let (best, first) = (Arc::new(Array2::zeros((2, 2))), Rc::new(Chapter { title: "one".into() }));
    let arrays = vec![best.clone(), Arc::new(Array2::ones((1, 3))), best.clone()];
    let value = Book { arrays, best, chapters: vec![first.clone(), first.clone()], first };
    through(&value, |loaded: &Book| {
        assert!(
            Arc::ptr_eq(&loaded.arrays[0], &loaded.best)
                && Arc::ptr_eq(&loaded.arrays[2], &loaded.best)
        );
        assert_eq!(*loaded.arrays[1], Array2::<f64>::ones((1, 3)));
        assert!(loaded.chapters.iter().all(|chapter| Rc::ptr_eq(chapter, &loaded.first)));
    });
    let flat: Flat = from_bytes(&to_bytes(&value).unwrap()).unwrap();
    assert_eq!((flat.arrays.len(), flat.arrays[2].shape()), (3, &[2, 2][..]));
    assert_eq!(flat.chapters, [Chapter { title: "one".into() }, Chapter { title: "one".into() }]);
    // And from a file of values.
    let plain: Book = from_bytes(&to_bytes(&Book { chapters: vec![], ..value }).unwrap()).unwrap();
    assert!(plain.chapters.is_empty());
}

#[test]
fn who_is_alone_stays_alone() {
    #[derive(FileBacked, Debug)]
    #[filebacked(after_read = Alone::grow)]
    struct Alone {
        values: Arc<Vec<u8>>,
    }
    impl Alone {
        fn grow(&mut self) {
            Arc::get_mut(&mut self.values).expect("the load holds no owner of its own").push(3);
        }
    }
    through(&Alone { values: Arc::new(vec![1, 2]) }, |loaded: &Alone| {
        assert_eq!(*loaded.values, [1, 2, 3])
    });
}
