//! Progress of a save, and stopping it.

use filebacked::options::Progress;
use filebacked::{ErrorKind, FileBacked, WriteOptions};
use filebacked_tests::scratch;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

#[derive(FileBacked, Debug, PartialEq)]
struct Model {
    step: u64,
    weights: Vec<f64>,
    names: Vec<String>,
    rows: Vec<(u8, f32)>,
}

fn model() -> Model {
    let names = ["ab".to_string(), "x".repeat(1000), "c".into()];
    Model { step: 1, weights: vec![0.5; 100], names: names.into(), rows: vec![(1, 2.0); 10] }
}

/// 8 for the step, 800 for the weights, 1003 of text in variable length, 10 and 40 for the columns.
const BYTES: u64 = 8 + 800 + 1003 + 10 + 40;

#[test]
fn every_byte_is_told() {
    let told: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let sink = told.clone();
    let options = WriteOptions::new().progress(move |progress| {
        sink.lock().unwrap().push(progress);
        ControlFlow::Continue(())
    });
    let bytes = options.to_bytes(&model()).unwrap();
    assert!(bytes == filebacked::to_bytes(&model()).unwrap(), "being watched changes nothing");
    let told = told.lock().unwrap();
    assert!(told.iter().all(|progress| progress.total == BYTES), "{told:?}");
    let done: Vec<u64> = told.iter().map(|progress| progress.done).collect();
    assert_eq!(done, [0, 8, 808, 1811, 1821, BYTES]);
}

#[test]
fn a_stopped_save_leaves_the_old_file() {
    let (dir, path) = scratch("model.h5");
    filebacked::save(&path, &1u8).unwrap();
    let options = WriteOptions::new().progress(|progress| match progress.done {
        808.. => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let error = options.save(&path, &model()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.file(), Some(path.as_path()));
    assert_eq!(filebacked::load::<u8>(&path).unwrap(), 1);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
}
