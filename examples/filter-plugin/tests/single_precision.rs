//! The predicate filter.

use filebacked::testing::{Failure, check_dyn_filter};
use filebacked::{FileBacked, Registry, Result, WriteOptions, hdf5};
use filter_plugin::SinglePrecision;

#[derive(FileBacked, Debug, PartialEq)]
struct Data {
    long: Vec<f64>,
    short: Vec<f64>,
    nested: Vec<Vec<f64>>,
    whole: Vec<i64>,
}

fn data() -> Data {
    Data {
        long: vec![0.1; 100],
        short: vec![0.1; 3],
        nested: vec![vec![0.5; 20], vec![]],
        whole: vec![1; 100],
    }
}

#[test]
fn long_vectors_are_stored_in_single_precision() -> Result<()> {
    let mut registry = Registry::new();
    registry.register_dyn(SinglePrecision { from_len: 16 });
    assert_eq!(registry.filter_for::<Vec<f64>>(), Some("SinglePrecision"));
    assert_eq!(registry.filter_for::<Vec<i64>>(), None);

    let dir = tempfile::tempdir()?;
    let path = dir.path().join("data.h5");
    WriteOptions::new().registry(registry).save(&path, &data())?;

    let file = hdf5::File::open(&path).unwrap();
    let size = |name: &str| file.dataset(name).unwrap().dtype().unwrap().size();
    assert_eq!((size("long"), size("short"), size("nested/values"), size("whole")), (4, 8, 4, 8));
    assert!(file.dataset("long").unwrap().attr("precision").is_ok());
    drop(file);

    // The file needs no filter.
    let expected = Data { long: vec![f64::from(0.1f32); 100], ..data() };
    assert_eq!(filebacked::load::<Data>(&path)?, expected);
    Ok(())
}

#[test]
fn it_keeps_the_contract() -> std::result::Result<(), Failure> {
    check_dyn_filter(SinglePrecision { from_len: 3 }, [vec![], vec![0.5; 2], vec![0.25; 100]])
}

#[test]
fn the_process_may_have_it_for_all_its_files() -> Result<()> {
    let registration = filebacked::filter::register_dyn_filter(SinglePrecision { from_len: 0 });
    let bytes = filebacked::to_bytes(&vec![0.1f64])?;
    assert!(filebacked::filter::unregister_filter(registration));
    assert_eq!(filebacked::from_bytes::<Vec<f64>>(&bytes)?, [f64::from(0.1f32)]);
    Ok(())
}
