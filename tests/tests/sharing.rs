//! Values with several owners: one object in the file, one value when it is read.

use filebacked::{Engine, FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::{ENGINES, python, scratch};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{self, Rc};
use std::sync::Arc;

#[derive(FileBacked, Debug, PartialEq)]
struct Layer {
    name: String,
    weights: Vec<f64>,
}

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

#[derive(FileBacked, Debug, Default)]
struct Branch {
    name: String,
    parent: RefCell<rc::Weak<Branch>>,
    #[filebacked(layout = "rows")]
    children: RefCell<Vec<Rc<Branch>>>,
}

fn branch(name: &str, children: Vec<Rc<Branch>>) -> Rc<Branch> {
    let branch = Rc::new(Branch { name: name.into(), children: RefCell::new(children), ..Branch::default() });
    for child in branch.children.borrow().iter() {
        *child.parent.borrow_mut() = Rc::downgrade(&branch);
    }
    branch
}

fn check_tree(root: &Rc<Branch>) -> usize {
    let children = root.children.borrow();
    for child in children.iter() {
        assert!(Rc::ptr_eq(&child.parent.borrow().upgrade().unwrap(), root), "the parent of {}", child.name);
    }
    children.iter().map(check_tree).sum::<usize>() + 1
}

fn tree() -> Rc<Branch> {
    let leaf = |name: &str| branch(name, vec![]);
    branch("root", vec![leaf("a"), branch("b", vec![leaf("c"), branch("d", vec![leaf("e")])]), leaf("f")])
}

#[test]
fn children_know_their_parents() {
    through(&tree(), |root: &Rc<Branch>| {
        assert_eq!(check_tree(root), 7);
        assert!(root.parent.borrow().upgrade().is_none());
        assert_eq!(Rc::strong_count(root), 1, "nothing else is kept");
        assert_eq!(Rc::weak_count(root), 3);
        assert_eq!(root.children.borrow()[1].children.borrow()[1].children.borrow()[0].name, "e");
    });
    // Below the root, and in a map.
    let forest = BTreeMap::from([("x".to_string(), tree()), ("y".to_string(), tree())]);
    through(&forest, |forest: &BTreeMap<String, Rc<Branch>>| {
        assert!(forest.values().all(|root| check_tree(root) == 7));
    });
}
