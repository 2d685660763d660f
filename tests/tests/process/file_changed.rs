//! Files that other programs write to while they are open here to be read, by the C library: never
//! zeros or other data in the place of what was there.

use filebacked::engine::Engine;
use filebacked::store::Memory;
use filebacked::{
    ErrorKind, File, Lazy, LazyArray, LazyMap, LazyVec, ReadOptions, Result, WriteOptions,
};
use filebacked_tests::{python, scratch};
use ndarray::{Ix1, s};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const N: usize = 200_000;

fn values() -> Vec<f64> {
    (0..N).map(|i| 1.0 + i as f64).collect()
}

/// A file in the format of HDF5 1.6, as h5py makes it unless told otherwise, with `x` and a group
/// of many.
fn of_others(test: impl Fn(&Path)) {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("others.h5");
    python.create(
        &path,
        &format!("f['x'] = np.arange(1.0, {N} + 1)\nfor i in range(3): f[f'm/{{i}}'] = np.arange(1.0, {N} + 1)"),
    );
    assert_eq!(fs::read(&path).unwrap()[8], 0, "the version of the superblock");
    test(&path);
}

#[track_caller]
fn changed<R>(result: Result<R>, path: &Path) {
    let Err(error) = result else { panic!("read, though the file has changed") };
    assert_eq!((error.kind(), error.file()), (&ErrorKind::Changed, Some(path)), "{error}");
}

/// As another program does it: the file is the same, its bytes are not.
fn cut(path: &Path) {
    let len = fs::metadata(path).unwrap().len();
    fs::File::options().write(true).open(path).unwrap().set_len(len / 64).unwrap();
}

fn overwrite(path: &Path) {
    let len = fs::metadata(path).unwrap().len() as usize;
    let start = len / 2;
    use std::os::unix::fs::FileExt;
    let file = fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(&vec![7; len - start], start as u64).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(1)).unwrap();
}

#[test]
fn handles_notice_it() {
    for change in [cut, overwrite] {
        of_others(|path| {
            let file = File::open(path).unwrap();
            let lazy: Lazy<Vec<f64>> = file.read("x").unwrap();
            let rows: LazyVec<f64> = file.read("x").unwrap();
            let array: LazyArray<f64, Ix1> = file.read("x").unwrap();
            let map: LazyMap<String, Vec<f64>> = file.read("m").unwrap();
            let group = file.group("m").unwrap();
            drop(file);
            let loaded: LazyMap<String, Lazy<Vec<f64>>> = filebacked::load(path).unwrap();
            assert_eq!(array.read_slice(s![N as i32 - 2..]).unwrap().to_vec(), values()[N - 2..]);
            assert_eq!(map.get("0").unwrap(), Some(&values()));

            change(path);
            changed(lazy.get(), path);
            changed(rows.get(N - 1), path);
            changed(rows.range(5..), path);
            changed(array.read(), path);
            changed(array.read_slice(s![N as i32 - 2..]), path);
            changed(map.get("2"), path);
            changed(map.keys(), path);
            changed(loaded.get("x"), path);
            changed(group.read::<Vec<f64>>("2"), path);
            // What is copied as it is stored is read too.
            let copy = path.with_file_name("copy.h5");
            let error = filebacked::save(&copy, &lazy).unwrap_err();
            assert_eq!((error.kind(), copy.exists()), (&ErrorKind::Changed, false), "{error}");
        });
    }
}

#[test]
fn open_files_notice_it() {
    for change in [cut, overwrite] {
        of_others(|path| {
            let file = File::open(path).unwrap();
            assert_eq!(file.read::<Vec<f64>>("x").unwrap(), values());
            change(path);
            changed(file.read::<Vec<f64>>("x"), path);
            changed(file.read_into("x", &mut vec![0.0; N][..]), path);
        });
    }
}

/// A file that takes the place of the one that is open changes nothing for those who have it.
#[test]
fn what_takes_the_name_changes_nothing() {
    of_others(|path| {
        let file = File::open(path).unwrap();
        let lazy: Lazy<Vec<f64>> = file.read("x").unwrap();
        filebacked::save(path, &7u8).unwrap();
        assert_eq!(*lazy.get().unwrap(), values());
        assert_eq!(file.read::<Vec<f64>>("m/1").unwrap(), values());
    });
}

/// A store that becomes shorter is read to its new end, and no further.
#[test]
fn a_store_that_becomes_shorter_is_an_error() {
    let bytes = WriteOptions::new().engine(Engine::Libhdf5).to_bytes(&values()).unwrap();
    let memory = Arc::new(Memory::from(bytes.clone()));
    let file = File::open_store(memory.clone()).unwrap();
    let lazy: Lazy<Vec<f64>> = file.read("value").unwrap();
    filebacked::store::Store::set_size(&*memory, bytes.len() as u64 / 2).unwrap();
    for error in [lazy.get().map(drop).unwrap_err(), file.read::<Vec<f64>>("value").unwrap_err()] {
        assert_eq!(error.kind(), &ErrorKind::Io(std::io::ErrorKind::UnexpectedEof), "{error}");
    }
    let options = ReadOptions::new().engine(Engine::Libhdf5);
    assert!(options.load_from::<Vec<f64>>(memory).is_err());
}
