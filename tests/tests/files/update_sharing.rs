//! Updating in place what several own: the file has the links that a new save would make, and no
//! link changes another.

use filebacked::{ErrorKind, File, FileBacked, Lazy, ReadOptions, WriteOptions};
use filebacked_tests::{Python, python, scratch};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Layer {
    name: String,
    weights: Arc<Vec<f64>>,
    #[filebacked(attr)]
    unit: String,
    #[filebacked(default)]
    cache: u8,
}

#[derive(FileBacked, Debug, Clone)]
struct Model {
    a: Arc<Layer>,
    b: Arc<Layer>,
    named: BTreeMap<String, Arc<Layer>>,
    #[filebacked(layout = "rows")]
    stack: Vec<Arc<Layer>>,
    bias: Arc<Vec<f64>>,
    same_bias: Arc<Vec<f64>>,
}

fn layer(name: &str, weights: &Arc<Vec<f64>>) -> Arc<Layer> {
    Arc::new(Layer { name: name.into(), weights: weights.clone(), unit: "mm".into(), cache: 7 })
}

fn values(first: f64) -> Arc<Vec<f64>> {
    Arc::new(vec![first, 1.5])
}

fn model(a: &Arc<Layer>, b: &Arc<Layer>) -> Model {
    Model {
        a: a.clone(),
        b: b.clone(),
        named: BTreeMap::from([("x".into(), b.clone())]),
        stack: vec![a.clone(), b.clone()],
        bias: a.weights.clone(),
        same_bias: b.weights.clone(),
    }
}

/// All owners of a model, and what they own.
fn owners(model: &Model) -> Vec<(usize, &Layer)> {
    let owners = [&model.a, &model.b].into_iter().chain(model.named.values()).chain(&model.stack);
    owners.map(|owner| (Arc::as_ptr(owner).addr(), &**owner)).collect()
}

fn arrays(model: &Model) -> Vec<(usize, &Vec<f64>)> {
    let layers = [&model.a, &model.b].into_iter().chain(model.named.values()).chain(&model.stack);
    let arrays = layers.map(|layer| &layer.weights).chain([&model.bias, &model.same_bias]);
    arrays.map(|array| (Arc::as_ptr(array).addr(), &**array)).collect()
}

/// What h5py finds in the bytes of the file as they are now.
fn seen(file: &File, python: &Python, expression: &str) -> serde_json::Value {
    let (_dir, path) = scratch("seen.h5");
    std::fs::write(&path, file.to_image().unwrap()).unwrap();
    python.eval(&path, expression)
}

/// Which of them are the same, by the place of the first.
fn pattern<T: PartialEq + std::fmt::Debug>(owners: &[(usize, T)]) -> Vec<usize> {
    owners.iter().map(|(at, _)| owners.iter().position(|(other, _)| other == at).unwrap()).collect()
}

fn assert_same(found: &Model, wanted: &Model) {
    let (found_owners, wanted_owners) = (owners(found), owners(wanted));
    assert_eq!(pattern(&found_owners), pattern(&wanted_owners));
    assert!(found_owners.iter().zip(&wanted_owners).all(|(a, b)| a.1 == b.1), "{found:?}");
    let (found, wanted) = (arrays(found), arrays(wanted));
    assert_eq!(pattern(&found), pattern(&wanted));
    assert!(found.iter().zip(&wanted).all(|(a, b)| a.1 == b.1), "{found:?}");
}

/// The file as a new save would have it.
fn assert_as_new(file: &File, name: &str, value: &impl FileBacked) {
    let (_dir, path) = scratch("new.h5");
    let new = File::create(&path).unwrap();
    new.write(name, value).unwrap();
    let lines = |file: &File| {
        let tree =
            filebacked::inspect::tree_of_bytes(&file.to_image().unwrap()).unwrap().to_string();
        tree.lines().map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(lines(file), lines(&new));
}

#[test]
fn what_became_shared_is_one_object_and_what_ceased_to_be_is_two() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    let (one, other) = (layer("one", &values(0.5)), layer("other", &values(2.5)));
    let (apart, tied) = (model(&one, &other), model(&one, &one));
    for wanted in [&apart, &tied, &apart, &tied] {
        file.update("run/7", wanted).unwrap();
        assert_same(&file.read("run/7").unwrap(), wanted);
        assert_as_new(&file, "run/7", wanted);
        let Some(python) = python() else { continue };
        let same = seen(
            &file,
            python,
            "[f['run/7/a'] == f['run/7/b'], f['run/7/bias'] == f['run/7/b/weights']]",
        );
        let is_tied = std::ptr::eq(wanted, &tied);
        assert_eq!(same, json!([is_tied, is_tied]));
        let links = seen(&file, python, "h5py.h5o.get_info(f['run/7/a'].id).rc");
        assert_eq!(links, json!(if is_tied { 5 } else { 2 }));
    }
    // Each of them changes alone.
    file.update("run/7", &apart).unwrap();
    let changed = model(&one, &layer("changed", &values(9.5)));
    file.update("run/7", &changed).unwrap();
    assert_same(&file.read("run/7").unwrap(), &changed);
}

/// A number, and the next.
fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    (*state >> 33) as usize % below
}

#[test]
fn any_owners_after_any_others() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    for seed in 0..60 {
        let mut state = seed;
        let arrays: Vec<_> = (0..3).map(|i| values(i as f64 + seed as f64 / 64.0)).collect();
        let mut layers = Vec::new();
        for i in 0..3 {
            let array = &arrays[random(&mut state, 3)];
            // Some of them longer, so that they do not fit where they were.
            layers.push(layer(&"x".repeat(i + random(&mut state, 3)), array));
        }
        let mut layer = || layers[random(&mut state, 3)].clone();
        let (a, b, x, y, first, second) = (layer(), layer(), layer(), layer(), layer(), layer());
        let mut stack = vec![first, second];
        stack.truncate(random(&mut state, 3));
        let names = [["x", "y"], ["y", "z"]][random(&mut state, 2)];
        let wanted = Model {
            a,
            b,
            named: names.into_iter().map(str::to_string).zip([x, y]).collect(),
            stack,
            bias: arrays[random(&mut state, 3)].clone(),
            same_bias: arrays[random(&mut state, 3)].clone(),
        };
        file.update("m", &wanted).unwrap();
        assert_same(&file.read("m").unwrap(), &wanted);
        assert_as_new(&file, "m", &wanted);
    }
}

#[test]
fn what_is_equal_is_not_written_again() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    let (one, other) = (layer("one", &values(0.5)), layer("other", &values(2.5)));
    let tied = model(&one, &one);
    file.update("run", &tied).unwrap();
    let places = "[h5py.h5o.get_info(f[n].id).addr for n in ('run', 'run/a', 'run/a/weights', 'run/b', 'run/stack/1')]";
    let before = seen(&file, python, places);
    file.update("run", &tied).unwrap();
    assert_eq!(seen(&file, python, places), before);
    // One that all owners have is changed where it lies.
    let changed = Arc::new(Layer { name: "two".into(), ..(*one).clone() });
    file.update("run", &model(&changed, &changed)).unwrap();
    assert_eq!(seen(&file, python, places), before);
    assert_eq!(file.read::<Model>("run").unwrap().b.name, "two");
    // And the first of those that part.
    file.update("run", &model(&changed, &other)).unwrap();
    let after = seen(&file, python, places);
    assert_eq!((&after[1], after[3] == before[3]), (&before[1], false));
}

#[test]
fn links_from_elsewhere_keep_what_they_lead_to() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    let (one, other) = (layer("one", &values(0.5)), layer("two", &values(2.5)));
    file.write("run/7", &model(&one, &one)).unwrap();
    file.create_hard_link("best", "run/7/a").unwrap();
    file.create_hard_link("weights", "run/7/bias").unwrap();
    let changed = model(&other, &other);
    file.update("run/7", &changed).unwrap();
    assert_same(&file.read("run/7").unwrap(), &changed);
    assert_eq!(file.read::<Layer>("best").unwrap(), *one);
    assert_eq!(file.read::<Vec<f64>>("weights").unwrap(), *one.weights);
    // Of a whole value, too, and of the members of the root.
    file.create_hard_link("last", "run/7").unwrap();
    file.update("run/7", &model(&one, &other)).unwrap();
    assert_same(&file.read("last").unwrap(), &changed);
    file.update_root(&model(&one, &one)).unwrap();
    file.create_hard_link("kept", "b").unwrap();
    file.update_root(&model(&one, &other)).unwrap();
    assert_same(&file.read_root().unwrap(), &model(&one, &other));
    assert_eq!(file.read::<Layer>("kept").unwrap(), *one);
    if let Some(python) = python() {
        assert_eq!(
            seen(&file, python, "[f['kept'] == f['a'], f['kept'] == f['b']]"),
            json!([false, false])
        );
    }
}

#[test]
fn values_that_others_have_linked_part() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Plain {
        a: Vec<f64>,
        b: Vec<f64>,
    }
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("linked.h5");
    python.create(&path, "f['x/a'] = [0.5, 1.5]\nf['x/b'] = f['x/a']");
    let file = File::open_rw(&path).unwrap();
    let wanted = Plain { a: vec![1.0, 2.0], b: vec![3.0, 4.0] };
    file.update("x", &wanted).unwrap();
    assert_eq!(file.read::<Plain>("x").unwrap(), wanted);
}

#[test]
fn what_is_left_out_stays_with_each() {
    #[derive(FileBacked, Debug)]
    struct Two {
        a: Arc<Layer>,
        #[filebacked(default = Arc::new(Layer { name: String::new(), weights: values(0.0), unit: String::new(), cache: 0 }))]
        b: Arc<Layer>,
    }
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    let one = layer("one", &values(0.5));
    let two = |layer: &Arc<Layer>| Two { a: layer.clone(), b: layer.clone() };
    let changed = Arc::new(Layer { name: "two".into(), cache: 1, ..(*one).clone() });
    // One owner of two: the other keeps the old value.
    file.write("x", &two(&one)).unwrap();
    file.update_with("x", &two(&changed), &WriteOptions::new().skip(["b"])).unwrap();
    let found: Two = file.read("x").unwrap();
    assert_eq!((&*found.a, &*found.b), (&*changed, &*one));
    // A part of both.
    file.write("y", &two(&one)).unwrap();
    file.update_with("y", &two(&changed), &WriteOptions::new().skip(["*/cache"])).unwrap();
    let found: Two = file.read("y").unwrap();
    assert!(Arc::ptr_eq(&found.a, &found.b));
    assert_eq!((found.a.name.as_str(), found.a.cache), ("two", 7), "what is left out stays");
}

#[test]
fn what_was_never_read_keeps_its_value() {
    #[derive(FileBacked)]
    struct Two {
        a: Arc<Layer>,
        b: Lazy<Arc<Layer>>,
    }
    #[derive(FileBacked)]
    #[filebacked(name = "Two")]
    struct Turned {
        a: Lazy<Arc<Layer>>,
        b: Arc<Layer>,
    }
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    let (one, other) = (layer("one", &values(0.5)), layer("two", &values(2.5)));
    file.write("x", &Two { a: one.clone(), b: one.clone().into() }).unwrap();
    let lazy: Two = file.read("x").unwrap();
    file.update("x", &Two { a: other.clone(), ..lazy }).unwrap();
    let found: Two = file.read("x").unwrap();
    assert_eq!((&*found.a, &**found.b.get().unwrap()), (&*other, &*one));
    // And before the one that changes.
    file.write("y", &Two { a: one.clone(), b: one.clone().into() }).unwrap();
    let lazy: Turned = file.read("y").unwrap();
    file.update("y", &Turned { b: other.clone(), ..lazy }).unwrap();
    let found: Turned = file.read("y").unwrap();
    assert_eq!((&**found.a.get().unwrap(), &*found.b), (&*one, &*other));
}

#[derive(FileBacked, Debug, Default)]
struct Node {
    name: String,
    parent: RefCell<Weak<Node>>,
    near: RefCell<Vec<Weak<Node>>>,
    #[filebacked(layout = "rows")]
    children: RefCell<Vec<Rc<Node>>>,
}

fn node(name: &str, children: Vec<Rc<Node>>) -> Rc<Node> {
    let node =
        Rc::new(Node { name: name.into(), children: RefCell::new(children), ..Node::default() });
    for child in node.children.borrow().iter() {
        *child.parent.borrow_mut() = Rc::downgrade(&node);
        child.near.borrow_mut().extend([Rc::downgrade(&node), Weak::new(), Rc::downgrade(child)]);
    }
    node
}

fn check(root: &Rc<Node>, names: &str) {
    let children = root.children.borrow();
    assert_eq!(children.iter().map(|child| child.name.as_str()).collect::<String>(), names);
    for child in children.iter() {
        let near = child.near.borrow();
        assert!(Rc::ptr_eq(&child.parent.borrow().upgrade().unwrap(), root));
        assert!(
            Rc::ptr_eq(&near[0].upgrade().unwrap(), root)
                && Rc::ptr_eq(&near[2].upgrade().unwrap(), child)
        );
        assert!(near[1].upgrade().is_none());
    }
}

#[test]
fn pointers_are_updated() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    let tree = |names: &str| {
        node("root", names.chars().map(|name| node(&name.to_string(), vec![])).collect())
    };
    for names in ["ab", "ab", "cdef", "x", "yab", ""] {
        file.update("tree", &tree(names)).unwrap();
        check(&file.read("tree").unwrap(), names);
        assert_as_new(&file, "tree", &tree(names));
    }
    file.update("tree", &tree("ab")).unwrap();
    let Some(python) = python() else { return };
    let all = "[f[f[f'tree/children/{i}/near'][k]].name for i in (0, 1) for k in (0, 2)]";
    assert_eq!(
        seen(&file, python, all),
        json!(["/tree", "/tree/children/0", "/tree", "/tree/children/1"])
    );
    let places =
        "[h5py.h5o.get_info(f[n].id).addr for n in ('tree/parent', 'tree/children/1/near')]";
    let before = seen(&file, python, places);
    file.update("tree", &tree("ab")).unwrap();
    assert_eq!(seen(&file, python, places), before);
}

#[test]
fn the_root_can_be_pointed_to() {
    let (_dir, path) = scratch("root.h5");
    let file = File::create(&path).unwrap();
    let tree = |names: &str| {
        node("root", names.chars().map(|name| node(&name.to_string(), vec![])).collect())
    };
    file.write_root(&tree("ab")).unwrap();
    check(&file.read_root().unwrap(), "ab");
    file.update_root(&tree("bcd")).unwrap();
    check(&file.read_root().unwrap(), "bcd");
    file.create_group("sub").unwrap();
    file.group("sub").unwrap().write_members(&tree("x")).unwrap();
    check(&file.group("sub").unwrap().read_members().unwrap(), "x");
    let Some(python) = python() else { return };
    assert_eq!(seen(&file, python, "f[f['children/1/parent'][()]].name"), json!("/"));
    assert_eq!(seen(&file, python, "f[f['sub/children/0/parent'][()]].name"), json!("/sub"));
}

#[test]
fn an_update_that_cannot_be_leaves_the_file_alone() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    let tree = node("root", vec![node("a", vec![])]);
    file.write("tree", &tree).unwrap();
    #[derive(FileBacked)]
    struct Table {
        first: Weak<Node>,
        rows: Vec<Rc<Node>>,
    }
    let row = node("row", vec![]);
    let table = Table { first: Rc::downgrade(&row), rows: vec![row] };
    let error = file.update("tree", &table).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    check(&file.read_with("tree", &ReadOptions::new()).unwrap(), "a");
}

/// What is read later is what lay there before, wherever it goes.
#[test]
fn handles_that_were_not_read_change_places() {
    #[derive(FileBacked)]
    struct Two {
        a: filebacked::Lazy<Vec<f64>>,
        b: filebacked::Lazy<Vec<f64>>,
        n: u8,
    }
    let (_dir, path) = scratch("swapped.h5");
    let file = File::create(&path).unwrap();
    file.write("two", &Two { a: vec![1.0; 3000].into(), b: vec![2.0; 3000].into(), n: 1 }).unwrap();
    let mut two: Two = file.read("two").unwrap();
    std::mem::swap(&mut two.a, &mut two.b);
    two.n = 2;
    file.update("two", &two).unwrap();
    assert_eq!(two.a.get().unwrap(), &[2.0; 3000]);
    let found: Two = file.read("two").unwrap();
    assert_eq!((found.a.get().unwrap()[0], found.b.get().unwrap()[0], found.n), (2.0, 1.0, 2));
}
