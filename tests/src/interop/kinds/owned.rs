//! Values that several own, what points to them, and links.

use super::{Kind, Model, Record, record};
use filebacked::FileBacked;
use filebacked::link::{ExternalLink, SoftLink};
use serde_json::json;
use std::sync::{Arc, Weak};

/// Links have an order: `x` is the second.
#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Tied {
    y: Arc<Vec<f64>>,
    x: Arc<Vec<f64>>,
}

impl Tied {
    fn new(x: Vec<f64>) -> Self {
        let x = Arc::new(x);
        Tied { y: x.clone(), x }
    }
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Pointing {
    x: Weak<Vec<f64>>,
    y: Arc<Vec<f64>>,
}

impl Pointing {
    fn new(y: Vec<f64>) -> Self {
        let y = Arc::new(y);
        Pointing { x: Arc::downgrade(&y), y }
    }
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct PointingMany {
    x: Vec<Weak<Vec<f64>>>,
    #[filebacked(layout = "rows")]
    y: Vec<Arc<Vec<f64>>>,
}

impl PointingMany {
    fn new(y: [Vec<f64>; 2]) -> Self {
        let y = y.map(Arc::new);
        PointingMany {
            x: vec![Arc::downgrade(&y[1]), Weak::new(), Arc::downgrade(&y[0])],
            y: y.into(),
        }
    }
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Shared {
    #[filebacked(layout = "shared")]
    x: Vec<Arc<f64>>,
}

impl Shared {
    fn new(values: [f64; 2]) -> Self {
        let [a, b] = values.map(Arc::new);
        Shared { x: vec![a.clone(), b, a] }
    }
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct SharedRecords {
    #[filebacked(layout = "shared")]
    x: Vec<Arc<Record>>,
}

impl SharedRecords {
    fn new(values: [Record; 2]) -> Self {
        let [a, b] = values.map(Arc::new);
        SharedRecords { x: vec![b.clone(), a, b] }
    }
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Linking {
    x: SoftLink<Vec<f64>>,
    y: Vec<f64>,
}

pub(super) fn kinds() -> Vec<Kind> {
    let mut kinds = kinds! {
        arc, "`Arc`, `Rc` of one value": Tied::new(vec![1.5, 2.5]) => json!([1.5, 2.5]);
        weak, "`Weak`": Pointing::new(vec![1.5, 2.5]) => json!([1.5, 2.5]);
        weak_none, "`Weak` to nothing": Model { x: Weak::<Vec<f64>>::new() } => json!(null);
        vec_weak, "`Vec<Weak>`": PointingMany::new([vec![1.5, 2.5], vec![3.5]]) => json!([[3.5], null, [1.5, 2.5]]);
        vec_shared, "`Vec<Arc<T>>`, `layout = \"shared\"`": Shared::new([1.5, 2.5]) => json!([1.5, 2.5, 1.5]);
        vec_shared_struct, "the same of structs": SharedRecords::new([record(1), record(2)])
            => json!({"field": [2.5, 1.5, 2.5], "id": [2, 1, 2], "name": ["ü2", "ü1", "ü2"]});
        soft_link, "`SoftLink<T>`": Linking { x: SoftLink::new("/y"), y: vec![1.5, 2.5] } => json!([1.5, 2.5]);
    };
    kinds.push(Kind {
        name: "external_link",
        rust: "`ExternalLink<T>`",
        value: json!([1.5, 2.5]),
        parts: None,
        save: |options, path| {
            options.save(path.with_file_name("values.h5"), &Model { x: vec![1.5, 2.5] })?;
            options.save(path, &Model { x: ExternalLink::<Vec<f64>>::new("values.h5", "/x") })
        },
    });
    kinds
}
