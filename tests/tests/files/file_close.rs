//! The end of open files: who holds them, what happens to handles, and what may be opened beside
//! them.

use filebacked::error::Operation;
use filebacked::file::CloseDegree;
use filebacked::hdf5;
use filebacked::options::Durability;
use filebacked::{ErrorKind, File, FileBacked, Lazy, LazyArray, WriteOptions, load, save};
use filebacked_tests::{python, scratch};
use ndarray::{Array1, Ix1, s};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

#[derive(FileBacked)]
struct Run {
    samples: Lazy<Vec<f64>>,
    array: LazyArray<f32, Ix1>,
}

fn run() -> Run {
    Run { samples: vec![1.5; 50_000].into(), array: Array1::from_elem(60_000, 2.5).into() }
}

#[track_caller]
fn holders(error: &filebacked::Error) -> Vec<&str> {
    let ErrorKind::StillOpen { handles } = error.kind() else { panic!("{error:?}") };
    handles.iter().map(String::as_str).collect()
}

#[test]
fn close_says_who_holds_the_file() {
    let (_dir, path) = scratch("x.h5");
    let file = File::create(&path).unwrap();
    file.write("run", &run()).unwrap();
    assert_eq!(file.open_objects().unwrap(), [""; 0]);
    let held: Run = file.read("run").unwrap();
    let same: hdf5::File = file.as_hdf5().unwrap();
    let group = same.group("run").unwrap();
    let attribute = group.attr("filebacked").unwrap();
    let dataset = same.dataset("run/array").unwrap();
    let expected = [
        "attribute filebacked of /run",
        "dataset /run/array, 2 times",
        "dataset /run/samples",
        "group /run",
        "the file",
    ];
    assert_eq!(file.open_objects().unwrap(), expected);
    let error = file.close().unwrap_err();
    assert_eq!(holders(&error), expected);
    assert_eq!((error.operation(), error.file()), (Some(Operation::Close), Some(&*path)));
    assert!(
        error
            .to_string()
            .contains("still open in this process: attribute filebacked of /run, dataset"),
        "{error}"
    );
    // All of it goes on, and all is in the file for others.
    assert_eq!(held.samples.get().unwrap()[49_999], 1.5);
    assert_eq!(held.array.read_slice(s![..2]).unwrap().to_vec(), [2.5, 2.5]);
    drop((group, attribute, dataset));
    same.close().unwrap();
    drop(held);
    // Now nothing holds it.
    File::create(&path).unwrap().close().unwrap();
}

#[test]
fn what_is_read_at_once_holds_nothing() {
    let (_dir, path) = scratch("x.h5");
    let file = File::create(&path).unwrap();
    file.write("x", &vec![1, 2]).unwrap();
    let _: Vec<i32> = file.read("x").unwrap();
    let _ = (file.tree().unwrap(), file.names().unwrap());
    let mut buffer = [0; 2];
    file.read_into("x", &mut buffer).unwrap();
    assert!(file.read::<Vec<String>>("x").is_err());
    file.close().unwrap();
    let file = File::open(&path).unwrap();
    let other = File::open(&path).unwrap();
    file.close().unwrap(); // others have opened it for themselves
    assert_eq!(other.read::<Vec<i32>>("x").unwrap(), [1, 2]);
}

#[test]
fn objects_without_a_name_are_held_too() {
    let (_dir, path) = scratch("x.h5");
    let file = File::create(&path).unwrap();
    file.write("x", &vec![1.5; 10]).unwrap();
    let held: Lazy<Vec<f64>> = file.read("x").unwrap();
    file.as_hdf5().unwrap().unlink("x").unwrap();
    assert_eq!(holders(&file.close().unwrap_err()), ["dataset without a name"]);
    assert_eq!(held.get().unwrap(), &[1.5; 10]);
}

#[test]
fn handles_keep_a_dropped_file_open() {
    let (_dir, path) = scratch("x.h5");
    File::create(&path).unwrap().write("run", &run()).unwrap();
    let held: Run = File::open(&path).unwrap().read("run").unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(held.samples.get().unwrap().len(), 50_000);
    assert_eq!(held.array.read_slice(s![59_999..]).unwrap().to_vec(), [2.5]);
}

#[test]
fn reopening_beside_readers_names_them() {
    let (_dir, path) = scratch("x.h5");
    File::create(&path).unwrap().write("run", &run()).unwrap();
    let held: Run = File::open(&path).unwrap().read("run").unwrap();
    let expected = ["dataset /run/array (to be read)", "dataset /run/samples (to be read)"];
    let error = File::open_rw(&path).unwrap_err();
    assert_eq!(holders(&error), expected);
    assert_eq!((error.operation(), error.file()), (Some(Operation::Open), Some(&*path)));
    assert_eq!(holders(&File::open_or_create(&path).unwrap_err()), expected);
    assert_eq!(
        holders(&File::create(&path).unwrap_err()),
        expected,
        "nothing is truncated under a reader"
    );
    // By another name of it, too.
    let link = path.with_file_name("link.h5");
    std::fs::hard_link(&path, &link).unwrap();
    assert_eq!(holders(&File::open_rw(&link).unwrap_err()), expected);
    assert_eq!(held.samples.get().unwrap().len(), 50_000);
    // To be read, it is opened as often as one likes.
    let file = File::open(&path).unwrap();
    drop(held);
    assert_eq!(holders(&File::open_rw(&path).unwrap_err()), ["the file (to be read)"]);
    drop(file);
    File::open_rw(&path).unwrap();
}

#[test]
fn a_file_that_is_written_is_not_created_anew() {
    let (_dir, path) = scratch("x.h5");
    let file = File::create(&path).unwrap();
    file.write("x", &[1, 2]).unwrap();
    assert_eq!(holders(&File::create(&path).unwrap_err()), ["the file (to be written)"]);
    assert_eq!(File::create_new(&path).unwrap_err().kind(), &ErrorKind::Exists);
    let again = File::open_rw(&path).unwrap(); // beside a writer in this process, a second one is the same
    again.write("y", &3).unwrap();
    assert_eq!(file.read::<i32>("y").unwrap(), 3);
    for durability in [Durability::Durable, Durability::Atomic, Durability::Fast] {
        let error = WriteOptions::new().durability(durability).save(&path, &vec![0.5]).unwrap_err();
        assert_eq!(holders(&error), ["the file (to be written), 2 times"]);
    }
    drop((file, again));
    assert_eq!(File::open(&path).unwrap().read::<Vec<i32>>("x").unwrap(), [1, 2]);
    // To those who only read the functions for whole files leave the old one.
    let file = File::open(&path).unwrap();
    save(&path, &vec![0.5]).unwrap();
    assert_eq!(load::<Vec<f64>>(&path).unwrap(), [0.5]);
    assert_eq!(file.read::<Vec<i32>>("x").unwrap(), [1, 2]);
    File::create(&path).unwrap();
}

#[test]
fn a_fast_save_does_not_truncate_what_is_open() {
    let (_dir, path) = scratch("x.h5");
    let fast = WriteOptions::new().durability(Durability::Fast);
    save(&path, &run()).unwrap();
    let link = path.with_file_name("link.h5");
    std::fs::hard_link(&path, &link).unwrap();
    let file = File::open(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert_eq!(holders(&fast.save(&path, &vec![1]).unwrap_err()), ["the file (to be read)"]);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    drop(file);
    let held: Run = load(&path).unwrap();
    fast.save(&path, &run()).unwrap();
    assert_eq!(held.samples.get().unwrap_err().kind(), &ErrorKind::Changed);
    // A file with one name makes way instead.
    std::fs::remove_file(&link).unwrap();
    let file = File::open(&path).unwrap();
    fast.save(&path, &vec![1]).unwrap();
    assert_eq!(file.read::<Lazy<Vec<f64>>>("samples").unwrap().get().unwrap().len(), 50_000);
}

#[test]
fn a_strong_close_ends_all_handles() {
    let (_dir, path) = scratch("x.h5");
    File::create(&path).unwrap().write("run", &run()).unwrap();
    let strong = File::options().close_degree(CloseDegree::Strong);
    let file = strong.open_rw(&path).unwrap();
    assert_eq!(file.close_degree().unwrap(), CloseDegree::Strong);
    let held: Run = file.read("run").unwrap();
    let group = file.group("run").unwrap();
    assert_eq!(held.array.read_slice(s![..1]).unwrap().to_vec(), [2.5]);
    let error = File::open(&path).unwrap_err();
    assert!(holders(&error).contains(&"the file (to be written)"), "{error}");
    assert!(error.help().unwrap().contains("close degree"), "{error}");
    file.close().unwrap();
    for _ in 0..2 {
        assert_eq!(held.samples.get().unwrap_err().kind(), &ErrorKind::Closed);
        assert_eq!(held.array.read_slice(s![..1]).unwrap_err().kind(), &ErrorKind::Closed);
        assert_eq!(held.array.read().unwrap_err().kind(), &ErrorKind::Closed);
        assert_eq!(group.names().unwrap_err().kind(), &ErrorKind::Closed);
        assert_eq!(group.read::<Vec<f64>>("samples").unwrap_err().kind(), &ErrorKind::Closed);
        assert_eq!(group.write("x", &1).unwrap_err().kind(), &ErrorKind::Closed);
    }
    assert!(filebacked::to_bytes(&held).is_err());
    // Nothing holds it, and what is opened next is not taken for it.
    let file = strong.create(&path).unwrap();
    file.write(
        "run",
        &Run { samples: vec![9.5; 50_000].into(), array: Array1::from_elem(60_000, 9.5).into() },
    )
    .unwrap();
    let _other: Run = file.read("run").unwrap();
    assert_eq!(held.samples.get().unwrap_err().kind(), &ErrorKind::Closed);
    drop(held);
    drop(file);
    File::create(&path).unwrap().close().unwrap();
}

#[test]
fn a_strong_close_while_other_threads_read() {
    let (_dir, path) = scratch("x.h5");
    File::create(&path).unwrap().write("run", &run()).unwrap();
    let strong = File::options().close_degree(CloseDegree::Strong);
    for _ in 0..20 {
        let file = strong.open(&path).unwrap();
        let held: Arc<Run> = Arc::new(file.read("run").unwrap());
        let (ready, started) = std::sync::mpsc::channel();
        let readers: Vec<_> = (0..4)
            .map(|n| {
                let (held, ready) = (held.clone(), ready.clone());
                std::thread::spawn(move || {
                    let mut read = 0;
                    loop {
                        match held.array.read_slice(s![n..n + 3]) {
                            Ok(values) => assert_eq!(values.to_vec(), [2.5; 3]),
                            Err(error) => return assert_eq!(error.kind(), &ErrorKind::Closed),
                        }
                        if read == 0 {
                            ready.send(()).unwrap();
                        }
                        read += 1;
                    }
                })
            })
            .collect();
        (0..4).for_each(|_| started.recv().unwrap());
        file.close().unwrap();
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    }
}

#[test]
fn a_weak_close_while_other_threads_read() {
    let (_dir, path) = scratch("x.h5");
    File::create(&path).unwrap().write("run", &run()).unwrap();
    for _ in 0..20 {
        let file = File::open(&path).unwrap();
        let held: Run = file.read("run").unwrap();
        std::thread::scope(|scope| {
            for n in 0..4 {
                let held = &held;
                scope.spawn(move || {
                    (0..20).for_each(|_| {
                        assert_eq!(held.array.read_slice(s![n..n + 3]).unwrap().to_vec(), [2.5; 3])
                    })
                });
            }
            // A look that is under way may be in the list too.
            assert!(holders(&file.close().unwrap_err()).len() >= 2);
        });
        drop(held);
        File::open_rw(&path).unwrap().close().unwrap();
    }
}

/// Handles that our own engine has made know of changes by this process that the file's time does
/// not tell of, since they are quicker than its tick.
#[test]
fn a_change_is_noticed_within_a_tick_of_the_clock() {
    let (_dir, path) = scratch("x.h5");
    save(&path, &run()).unwrap();
    let time = std::fs::metadata(&path).unwrap().modified().unwrap();
    let in_the_same_tick =
        || std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    let held: Run = load(&path).unwrap();
    assert_eq!(held.array.read_slice(s![..1]).unwrap().to_vec(), [2.5]);
    let file = File::open_rw(&path).unwrap(); // HDF5 does not know of the handle
    in_the_same_tick();
    assert_eq!(held.array.read_slice(s![..1]).unwrap_err().kind(), &ErrorKind::Changed);
    file.as_hdf5().unwrap().dataset("array").unwrap().write_slice(&[7f32], 0..1).unwrap();
    file.close().unwrap();
    in_the_same_tick();
    assert_eq!(held.array.read_slice(s![..1]).unwrap_err().kind(), &ErrorKind::Changed);
    assert_eq!(held.samples.get().unwrap_err().kind(), &ErrorKind::Changed);
    // One that is made now is right, and stays so, whatever is done to other files.
    let held: Run = load(&path).unwrap();
    assert_eq!(held.array.read_slice(s![..1]).unwrap().to_vec(), [7.0]);
    File::open(&path).unwrap().close().unwrap();
    File::create(path.with_file_name("other.h5")).unwrap();
    assert_eq!(held.array.read_slice(s![..1]).unwrap().to_vec(), [7.0]);
}

#[test]
fn whole_files_are_read_while_they_are_written_as_they_were_flushed() {
    let (_dir, path) = scratch("x.h5");
    save(&path, &run()).unwrap();
    let file = File::open_rw(&path).unwrap();
    let dataset = file.as_hdf5().unwrap().dataset("array").unwrap();
    for value in [7f32, 8.0] {
        dataset.write_slice(&[value], 0..1).unwrap();
        file.flush().unwrap();
        let held: Run = load(&path).unwrap();
        assert_eq!(held.array.read_slice(s![..1]).unwrap().to_vec(), [value]);
        drop(held);
    }
    file.write("more", &vec![1u8; 5000]).unwrap();
    #[derive(FileBacked)]
    struct More {
        more: Vec<u8>,
    }
    // This process reads the open transaction, another one the last commit.
    assert_eq!(load::<More>(&path).unwrap().more, [1; 5000]);
    let copy = path.with_file_name("copy.h5");
    std::fs::copy(&path, &copy).unwrap();
    let missing = File::open(&copy).unwrap().read::<Vec<u8>>("more").unwrap_err();
    assert_eq!(missing.kind(), &ErrorKind::Missing);
    file.flush().unwrap();
    assert_eq!(load::<More>(&path).unwrap().more, [1; 5000]);
}

#[cfg(target_os = "linux")]
#[test]
fn names_are_bytes() {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let (dir, _) = scratch("");
    let path = dir.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9 \xff.h5"));
    let file = File::create(&path).unwrap();
    file.write("run", &run()).unwrap();
    let held: Run = file.read("run").unwrap();
    assert_eq!(file.path(), path);
    drop(file);
    assert_eq!(holders(&File::create(&path).unwrap_err()).len(), 2);
    assert_eq!(held.array.read_slice(s![..1]).unwrap().to_vec(), [2.5]);
    drop(held);
    let error = File::open(&path).unwrap().read::<i32>("absent").unwrap_err();
    assert_eq!(error.file(), Some(&*path));
    File::options().open_rw(&path).unwrap().write("y", &1).unwrap();
    let found: Vec<Vec<u8>> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_vec())
        .collect();
    assert_eq!(found, [b"caf\xe9 \xff.h5"]);
    if let Some(python) = python() {
        let code = format!(
            "import os\nname = os.path.join({:?}.encode(), b'caf\\xe9 \\xff.h5')\n",
            dir.path()
        );
        let read = format!("{code}with h5py.File(name, 'r') as f:\n    result = int(f['y'][()])");
        assert_eq!(python.ask(&json!({"op": "exec", "code": read})).unwrap(), json!(1));
        let write = format!("{code}with h5py.File(name, 'w') as f:\n    f['value'] = [0.5]");
        python.ask(&json!({"op": "exec", "code": write})).unwrap();
        assert_eq!(load::<Vec<f64>>(&path).unwrap(), [0.5]);
    }
    // Whole files, and handles of them.
    for durability in [Durability::Durable, Durability::Atomic, Durability::Fast] {
        WriteOptions::new().durability(durability).save(&path, &run()).unwrap();
        let held: Run = load(&path).unwrap();
        assert_eq!(held.array.read_slice(s![..1]).unwrap().to_vec(), [2.5]);
        assert!(filebacked::inspect::tree(&path).is_ok());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
    assert_eq!(
        load::<i32>(Path::new(std::ffi::OsStr::from_bytes(b"\xff"))).unwrap_err().kind(),
        &ErrorKind::Io(std::io::ErrorKind::NotFound)
    );
}
