//! Many small arrays in three datasets.

use filebacked::engine::Engine;
use filebacked::{ErrorKind, FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::{python, round_trip, scratch};
use ndarray::{Array1, Array2, ArrayD, IxDyn, array};
use serde_json::json;

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Images {
    #[filebacked(layout = "packed")]
    frames: Vec<Array2<u16>>,
    #[filebacked(layout = "packed")]
    names: Vec<Array1<String>>,
    #[filebacked(layout = "packed")]
    any: Vec<ArrayD<f64>>,
    rows: Vec<Row>,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Row {
    id: u8,
    #[filebacked(layout = "packed")]
    image: Array2<f32>,
    #[filebacked(layout = "packed")]
    label: String,
}

fn images(n: usize) -> Images {
    let image = |i: usize| Array2::from_shape_fn((i % 3, 2), |(r, c)| (10 * r + c + i) as u16);
    Images {
        frames: (0..n).map(image).collect(),
        names: (0..n).map(|i| Array1::from_iter((0..i).map(|j| format!("{i}/{j}")))).collect(),
        any: (0..n).map(|i| ArrayD::from_elem(IxDyn(&[i, 1, 2]), 0.5)).collect(),
        rows: (0..n)
            .map(|i| Row {
                id: i as u8,
                image: image(i).mapv(f32::from).reversed_axes(),
                label: format!("r{i}"),
            })
            .collect(),
    }
}

#[test]
fn packed_arrays_come_back() {
    for n in [0, 1, 2, 50] {
        round_trip(&images(n));
        round_trip(&vec![images(n), images(2)]);
        let lib = WriteOptions::new().engine(Engine::Libhdf5).to_bytes(&images(n)).unwrap();
        assert_eq!(
            ReadOptions::new().engine(Engine::Libhdf5).from_bytes::<Images>(&lib).unwrap(),
            images(n)
        );
    }
    let unequal = Images {
        any: vec![ArrayD::zeros(IxDyn(&[1])), ArrayD::zeros(IxDyn(&[1, 1]))],
        ..images(1)
    };
    let error = filebacked::to_bytes(&unequal).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)) && error.path() == "/any", "{error}");
}

#[test]
fn packed_arrays_are_three_datasets() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("packed.h5");
    let frames = vec![array![[1u16, 2], [3, 4]], array![[5, 6, 7]], Array2::zeros((0, 3))];
    filebacked::save(&path, &Images { frames: frames.clone(), ..images(2) }).unwrap();
    let file = python.describe(&path);
    file.group("/frames", "packed", &["values", "shapes", "offsets"]);
    file.dataset("/frames/values", "<u2", &[7], json!([1, 2, 3, 4, 5, 6, 7]));
    file.dataset("/frames/shapes", "<u8", &[3, 2], json!([[2, 2], [1, 3], [0, 3]]));
    file.dataset("/frames/offsets", "<u8", &[4], json!([0, 4, 7, 7]));
    file.group("/rows/image", "packed", &["values", "shapes", "offsets"]);
    let one = "(lambda g: g['values'][g['offsets'][1]:g['offsets'][2]].reshape(g['shapes'][1]))(f['frames'])";
    assert_eq!(python.eval(&path, one), json!([[5, 6, 7]]));

    // Parts that do not fit each other.
    for (change, at) in [
        ("f['frames/shapes'][1] = [1, 2]", "/frames/shapes"),
        ("f['frames/shapes'][1] = [2**63, 2**62]", "/frames/shapes"),
        ("f['frames/offsets'][3] = 8", "/frames"),
        ("f['frames/offsets'][1] = 8", "/frames/offsets"),
        ("del f['frames/shapes']; f['frames/shapes'] = [[1], [2], [3]]", "/frames/shapes"),
        ("del f['frames/shapes']; f['frames/shapes'] = [[1, 3]]", "/frames"),
        ("del f['frames/values']", "/frames/values"),
    ] {
        filebacked::save(&path, &Images { frames: frames.clone(), ..images(2) }).unwrap();
        python.change(&path, change);
        let error = filebacked::load::<Images>(&path).unwrap_err();
        assert_eq!(error.path(), at, "{change}: {error}");
    }
}
