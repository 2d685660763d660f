//! The example of the README: saves a value, prints its file, and loads it again.

use filebacked::{FileBacked, inspect};
use std::collections::BTreeMap;

#[derive(FileBacked, Debug, PartialEq)]
struct Model {
    step: u64,
    name: String,
    weights: Vec<f64>,
    layers: Vec<Layer>,
    params: BTreeMap<String, f64>,
    activation: Activation,
    note: Option<String>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Layer {
    width: u32,
    rate: f64,
}

#[derive(FileBacked, Debug, PartialEq)]
enum Activation {
    Relu,
    Leaky { slope: f64 },
}

fn main() -> filebacked::Result<()> {
    let model = Model {
        step: 7,
        name: "digits".into(),
        weights: vec![0.5, -1.5, 2.5],
        layers: vec![Layer { width: 64, rate: 0.1 }, Layer { width: 10, rate: 0.5 }],
        params: BTreeMap::from([("momentum".into(), 0.9)]),
        activation: Activation::Leaky { slope: 0.01 },
        note: None,
    };
    let path = std::env::temp_dir().join(format!("filebacked-readme-{}.h5", std::process::id()));
    filebacked::save(&path, &model)?;
    print!("{}", inspect::tree(&path)?);

    let loaded: Model = filebacked::load(&path)?;
    assert_eq!(loaded, model);

    // A value need not be a whole file: an open one holds many, each under a name.
    let file = filebacked::File::open_rw(&path)?;
    file.write("runs/7/activation", &Activation::Relu)?;
    assert_eq!(file.read::<Activation>("runs/7/activation")?, Activation::Relu);
    assert_eq!(file.read::<Vec<f64>>("layers/rate")?, [0.1, 0.5]);
    file.close()?;
    std::fs::remove_file(&path)?;
    Ok(())
}
