//! `inspect::tree`: what files look like as trees.

use filebacked::error::Operation;
use filebacked::inspect::{self, Content, TreeOptions};
use filebacked::{Compression, ErrorKind, File, FileBacked, WriteOptions, hdf5};
use std::collections::BTreeMap;
use std::time::Duration;
use tempfile::tempdir;

#[derive(FileBacked)]
struct Layer {
    width: u32,
    rate: f64,
}

#[derive(FileBacked)]
enum Shape {
    Point,
    Rect { w: f64, h: f64 },
}

#[derive(FileBacked)]
enum Colour {
    Red,
    Green,
}

#[derive(FileBacked)]
struct Model {
    step: u64,
    name: String,
    colour: Colour,
    ready: bool,
    shape: Shape,
    elapsed: Duration,
    layers: Vec<Layer>,
    metrics: BTreeMap<String, f64>,
    parts: BTreeMap<String, Vec<u8>>,
    weights: Vec<f64>,
    none: Option<u8>,
    #[filebacked(attr)]
    unit: String,
}

fn model() -> Model {
    Model {
        step: 7,
        name: "a \"name\"\n".into(),
        colour: Colour::Green,
        ready: true,
        shape: Shape::Rect { w: 1.5, h: -2.0 },
        elapsed: Duration::from_millis(1500),
        layers: vec![Layer { width: 64, rate: 0.1 }, Layer { width: 10, rate: 0.5 }],
        metrics: BTreeMap::from([("loss".into(), 0.25)]),
        parts: BTreeMap::from([("a/b".into(), vec![1, 2])]),
        weights: vec![0.0; 100_000],
        none: None,
        unit: "m".into(),
    }
}

#[test]
fn a_model_prints_as_a_tree() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("model.h5");
    WriteOptions::new().compression(Compression::Gzip(4)).save(&path, &model()).unwrap();
    let tree = inspect::tree(&path).unwrap();
    let bytes = match &tree.get("weights").unwrap().content {
        Content::Dataset { storage, .. } => storage.bytes,
        content => panic!("{content:?}"),
    };
    assert!(bytes < 10_000, "{bytes}");
    let text = tree
        .to_string()
        .replace(&format!(" {} bytes of 800,000", grouped(bytes)), " N bytes of 800,000");
    assert_eq!(
        text,
        r#"model.h5/        struct Model 1, format 1.0
├── @unit        str[1] = "m"
├── step         u64 = 7
├── name         str[9] = "a \"name\"\n"
├── colour       enum{Red, Green} = Green
├── ready        bool = true
├── shape/       enum Shape 1, variant = "Rect"
│   ├── h        f64 = -2.0
│   └── w        f64 = 1.5
├── elapsed      {secs: u64, nanos: u32} = {secs: 1, nanos: 500000000}
├── layers/      columns Layer 1, len = 2
│   ├── rate     f64 (2) = [0.1, 0.5], compact, 16 bytes
│   └── width    u32 (2) = [64, 10], compact, 8 bytes
├── metrics/     map, len = 1
│   ├── keys     str[4] (1) = ["loss"], compact, 4 bytes
│   └── values   f64 (1) = [0.25], compact, 8 bytes
├── parts/       links, len = 1
│   └── a%2Fb    u8 (2) = [1, 2], compact, 2 bytes
└── weights      f64 (100000), chunked (50000) shuffle + gzip, N bytes of 800,000
"#
    );
}

fn grouped(number: u64) -> String {
    if number >= 1000 {
        format!("{},{:03}", number / 1000, number % 1000)
    } else {
        number.to_string()
    }
}

#[test]
fn a_tree_can_be_walked() {
    let bytes = filebacked::to_bytes(&model()).unwrap();
    let tree = inspect::tree_of_bytes(&bytes).unwrap();
    let rate = tree.get("layers/rate").unwrap();
    match &rate.content {
        Content::Dataset { description, storage, value } => {
            assert_eq!(description.dtype, filebacked::schema::Dtype::F64);
            assert_eq!(description.shape, [2]);
            assert_eq!((storage.kind, storage.bytes), ("compact", 16));
            assert_eq!(value.as_deref(), Some("[0.1, 0.5]"));
        }
        content => panic!("{content:?}"),
    }
    assert_eq!(tree.root.attribute("unit").unwrap().value.as_deref(), Some("\"m\""));
    assert_eq!(tree.get("layers").unwrap().members().len(), 2);
    assert!(tree.get("layers/nothing").is_none());
}

#[test]
fn limits_are_kept_and_told() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("many.h5");
    let file = File::create(&path).unwrap();
    for i in 0..30 {
        file.write(&format!("run/{i:02}"), &i).unwrap();
    }
    file.write("deep/a/b/c", &1u8).unwrap();
    let tree = file.tree_with(&TreeOptions::new().members(2).depth(3)).unwrap();
    assert_eq!(
        tree.to_string(),
        "\
many.h5/         format 1.0
├── run/         group
│   ├── 00       i32 = 0
│   ├── 01       i32 = 1
│   └── ... 28 more
└── deep/        group
    └── a/       group
        └── b/   group
            └── ... 1 more
"
    );
    let tree = file.tree_with(&TreeOptions::new().objects(3).values(false)).unwrap();
    assert_eq!(tree.to_string().lines().filter(|line| line.contains("more")).count(), 2);
}

#[test]
fn foreign_and_odd_content_is_shown() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("odd.h5");
    let file = hdf5::File::create(&path).unwrap();
    let group = file.create_group("group").unwrap();
    group.new_dataset::<f32>().shape((2, 3)).create("two by three").unwrap();
    group.new_dataset_builder().with_data(&[1i16, -2, 3, 4, 5, 6, 7, 8]).create("many").unwrap();
    group.new_dataset::<u8>().shape((0, 4)).create("none").unwrap();
    group.new_attr::<f32>().create("rate").unwrap().write_scalar(&0.1f32).unwrap();
    group.new_attr::<f32>().shape(()).create("len").unwrap();
    let text: hdf5::types::VarLenUnicode = "x".repeat(80).parse().unwrap();
    group
        .new_attr::<hdf5::types::VarLenUnicode>()
        .create("note")
        .unwrap()
        .write_scalar(&text)
        .unwrap();
    file.create_group("empty").unwrap();
    // Links that lead nowhere, back, and to the same object twice.
    file.link_soft("/nowhere", "dangling").unwrap();
    group.link_soft("/", "up").unwrap();
    file.link_hard("group", "again").unwrap();
    file.close().unwrap();
    assert_eq!(
        inspect::tree(&path).unwrap().to_string(),
        r#"odd.h5/                group
├── again/             group
│   ├── @len           f32 = 0.0
│   ├── @note          str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"..
│   ├── @rate          f32 = 0.1
│   ├── many           i16 (8) = [1, -2, 3, 4, 5, 6, ..], contiguous, 16 bytes
│   ├── none           u8 (0, 4), chunked (1, 1), 0 bytes
│   ├── two by three   f32 (2, 3) = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0], contiguous, 0 bytes
│   └── up             the same as /
├── dangling           error: a soft link to `/nowhere`, which cannot be opened
├── empty/             empty group
└── group              the same as /again
"#
    );
}

#[test]
fn what_is_no_hdf5_file_is_an_error() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("text.h5");
    std::fs::write(&path, "not HDF5").unwrap();
    let error = inspect::tree(&path).unwrap_err();
    assert_eq!((error.kind(), error.operation()), (&ErrorKind::NotHdf5, Some(Operation::Inspect)));
    assert!(error.to_string().contains("text.h5"), "{error}");
    let error = inspect::tree(dir.path().join("missing.h5")).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Io(std::io::ErrorKind::NotFound));
    assert!(inspect::tree_of_bytes(&[]).is_err());
}

#[test]
fn damaged_bytes_never_panic() {
    let mut small = model();
    small.weights.truncate(3);
    let bytes = filebacked::to_bytes(&small).unwrap();
    let mut state = 1u64;
    for _ in 0..300 {
        let mut damaged = bytes.clone();
        for _ in 0..4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (state >> 33) as usize % damaged.len();
            damaged[at] = (state >> 24) as u8;
        }
        if let Ok(tree) = inspect::tree_of_bytes(&damaged) {
            let _ = tree.to_string();
        }
    }
}
