//! The main road: derive, save, load.

use filebacked::FileBacked;
use std::collections::HashMap;

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Activation {
    Relu,
    Tanh,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Shape {
    Point,
    Circle(f64),
    Rect { w: f64, h: f64 },
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Layer {
    id: u32,
    name: String,
    activation: Activation,
    bias: Option<f64>,
    shape: Shape,
    tags: Vec<String>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Model {
    step: u64,
    name: String,
    weights: Vec<f64>,
    layers: Vec<Layer>,
    params: HashMap<String, f64>,
    by_name: HashMap<String, Vec<f64>>,
    note: Option<String>,
    pair: (i32, String),
    nested: Option<Option<u8>>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Tree {
    value: i64,
    kids: Vec<Tree>,
}

fn layer(id: u32) -> Layer {
    Layer {
        id,
        name: format!("layer {id}"),
        activation: if id.is_multiple_of(2) { Activation::Relu } else { Activation::Tanh },
        bias: id.is_multiple_of(3).then_some(f64::from(id)),
        shape: match id % 3 {
            0 => Shape::Point,
            1 => Shape::Circle(1.5),
            _ => Shape::Rect { w: 1.0, h: 2.0 },
        },
        tags: (0..id).map(|i| i.to_string()).collect(),
    }
}

#[test]
fn a_model_comes_back() -> filebacked::Result<()> {
    let model = Model {
        step: 7,
        name: "größe".into(),
        weights: vec![1.0, -0.0, f64::INFINITY],
        layers: (0..5).map(layer).collect(),
        params: [("a".to_string(), 1.0), ("b/c".to_string(), 2.0)].into(),
        by_name: [("x/y".to_string(), vec![1.0]), ("..".to_string(), vec![])].into(),
        note: None,
        pair: (3, "x".into()),
        nested: Some(None),
    };
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("m.h5");
    filebacked::save(&path, &model)?;
    assert_eq!(filebacked::load::<Model>(&path)?, model);
    let bytes = filebacked::to_bytes(&model)?;
    assert_eq!(bytes, filebacked::to_bytes(&model)?);
    assert_eq!(filebacked::from_bytes::<Model>(&bytes)?, model);
    Ok(())
}

#[test]
fn a_tree_comes_back() -> filebacked::Result<()> {
    let leaf = |value| Tree { value, kids: vec![] };
    let tree =
        Tree { value: 1, kids: vec![leaf(2), Tree { value: 3, kids: vec![leaf(4), leaf(5)] }] };
    assert_eq!(filebacked::from_bytes::<Tree>(&filebacked::to_bytes(&tree)?)?, tree);
    Ok(())
}
