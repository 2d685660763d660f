//! Stores that fail: every error arrives with its source, nothing is left behind, and what was
//! written before is there.

use filebacked::store::{Memory, Store};
use filebacked::store::{load_from, save_to};
use filebacked::{Compression, ErrorKind, File, FileBacked, Lazy, Result, WriteOptions};
use filebacked_tests::store::{Fault, Faulty, Journal};
use hdf5_metno_sys::h5f::{H5F_OBJ_ALL, H5Fget_obj_count};
use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const ENOSPC: i32 = 28;
const EIO: i32 = 5;

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Run {
    step: u64,
    name: String,
    samples: Vec<f64>,
    notes: Vec<String>,
}

#[derive(FileBacked)]
#[filebacked(name = "Run")]
struct LazyRun {
    step: u64,
    samples: Lazy<Vec<f64>>,
}

fn run(n: usize) -> Run {
    let samples = (0..n).map(|i| i as f64 * 0.5).collect();
    Run {
        step: n as u64,
        name: "run".into(),
        samples,
        notes: (0..n % 100).map(|i| format!("note {i}")).collect(),
    }
}

fn options() -> [WriteOptions; 3] {
    [
        WriteOptions::new(),
        WriteOptions::new().compression(Compression::Gzip(1)),
        WriteOptions::new().compression(Compression::None).deterministic(true),
    ]
}

/// What every run of the tests does: create, write, flush, read, read later, write over, close,
/// open again.
fn work(store: &Arc<impl Store + 'static>) -> Result<Run> {
    let file = File::create_store(store.clone())?;
    for (n, options) in options().iter().enumerate() {
        file.write_with(&format!("runs/{n}"), &run(2000 + n), options)?;
    }
    file.flush()?;
    let lazy: LazyRun = file.read("runs/1")?;
    file.write("more", &run(30_000))?;
    assert_eq!(lazy.samples.get()?.len(), 2001);
    assert_eq!(lazy.step, 2001);
    let replace = WriteOptions::new().overwrite(filebacked::options::Overwrite::Replace);
    file.write_with("more", &run(70_000), &replace)?;
    drop(lazy);
    file.close()?;
    let file = File::open_store_rw(store.clone())?;
    file.write("last", &run(10))?;
    let read = file.read("more")?;
    file.close()?;
    Ok(read)
}

/// One test at a time: what is open is counted for the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many identifiers the library has for files and what is in them.
fn open_objects() -> isize {
    // SAFETY: the library is locked, and counts everything it has.
    filebacked::hdf5::sync::sync(|| unsafe { H5Fget_obj_count(H5F_OBJ_ALL as i64, H5F_OBJ_ALL) })
}

/// The error of the store that is the source of an error.
#[track_caller]
fn source_of(error: &filebacked::Error) -> &io::Error {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    source.unwrap_or_else(|| panic!("no error of the store in {error:?}"))
}

/// Runs the work with a fault at each call, and returns how many of the runs failed.
fn at_every_call(fault: impl Fn(usize) -> Fault, number: i32) -> (usize, usize) {
    let mut failed = 0;
    for call in 0.. {
        let store = Arc::new(Faulty::new(fault(call)));
        let done = work(&store);
        let reached = store.calls() > call;
        match done {
            Err(error) => {
                assert!(reached, "{error:?} before call {call}");
                assert_eq!(
                    source_of(&error).raw_os_error(),
                    Some(number),
                    "call {call}: {error:?}"
                );
                assert_eq!(
                    *error.kind(),
                    ErrorKind::Io(io::Error::from_raw_os_error(number).kind()),
                    "call {call}"
                );
                assert!(
                    error.operation().is_some() && error.file().is_some(),
                    "call {call}: {error:?}"
                );
                failed += 1;
            }
            // The library has found another way.
            Ok(read) => {
                assert_eq!(read, run(70_000), "call {call}");
                let file = File::open_store(Arc::new(Memory::from(copy(&store)))).unwrap();
                assert_eq!(file.read::<Run>("more").unwrap(), run(70_000));
                assert_eq!(file.read::<Run>("last").unwrap(), run(10));
            }
        }
        assert_eq!(open_objects(), 0, "call {call} leaves something open");
        let store = Arc::into_inner(store)
            .unwrap_or_else(|| panic!("call {call}: somebody still has the store"));
        drop(store);
        if !reached {
            assert!(call > 30, "{call} calls");
            return (failed, call);
        }
    }
    unreachable!()
}

fn copy(store: &Faulty) -> Vec<u8> {
    store.store().to_vec()
}

#[test]
fn a_store_that_dies_at_any_call() {
    let _alone = alone();
    let (failed, calls) = at_every_call(|call| Fault::Dies(call, EIO), EIO);
    // From the first call on: nothing goes without the store.
    assert_eq!(failed, calls);
    // The library and what it holds are as good as before.
    let store = Arc::new(Memory::new());
    assert_eq!(work(&store).unwrap(), run(70_000));
}

#[test]
fn a_store_that_fails_once_at_any_call() {
    let _alone = alone();
    let (failed, calls) = at_every_call(|call| Fault::Once(call, EIO), EIO);
    assert!(failed * 2 > calls, "{failed} of {calls}");
}

#[test]
fn a_store_that_becomes_read_only_at_any_call() {
    let _alone = alone();
    at_every_call(|call| Fault::ReadOnly(call, 30), 30);
}

#[test]
fn a_store_without_space() {
    let _alone = alone();
    let whole = Arc::new(Faulty::new(Fault::None));
    work(&whole).unwrap();
    let needed = copy(&whole).len() as u64;
    drop(whole);
    for percent in 0..100 {
        let store = Arc::new(Faulty::new(Fault::Quota(needed * percent / 100)));
        let error = work(&store).unwrap_err();
        assert_eq!(
            *error.kind(),
            ErrorKind::Io(io::ErrorKind::StorageFull),
            "{percent} %: {error:?}"
        );
        assert_eq!(source_of(&error).raw_os_error(), Some(ENOSPC));
        assert_eq!(open_objects(), 0, "{percent} %");
        Arc::into_inner(store).expect("nobody else has the store");
    }
}

#[test]
fn a_file_that_has_lost_something_says_so_until_it_is_opened_again() {
    let _alone = alone();
    let store = Arc::new(Memory::new());
    let file = File::create_store(store.clone()).unwrap();
    file.write("first", &run(100)).unwrap();
    file.close().unwrap();
    let before = store.to_vec();
    // Nothing can be written any more.
    let full = Arc::new(Faulty::over(Memory::from(before.clone()), Fault::Quota(0)));
    let file = File::open_store_rw(full.clone()).unwrap();
    // Small enough to be kept by the library for now.
    file.write("second", &1).unwrap();
    for _ in 0..3 {
        assert_eq!(source_of(&file.flush().unwrap_err()).raw_os_error(), Some(ENOSPC));
    }
    assert_eq!(source_of(&file.close().unwrap_err()).raw_os_error(), Some(ENOSPC));
    assert_eq!(full.store().to_vec(), before);
    let file = File::open_store(full).unwrap();
    assert_eq!(file.read::<Run>("first").unwrap(), run(100));
    assert_eq!(*file.read::<i32>("second").unwrap_err().kind(), ErrorKind::Missing);
}

#[test]
fn whole_values_in_stores_that_fail() {
    let _alone = alone();
    for engine in filebacked_tests::ENGINES {
        for call in 0.. {
            let store = Arc::new(Faulty::new(Fault::Dies(call, EIO)));
            let saved = WriteOptions::new().engine(engine).save_to(store.clone(), &run(5000));
            if store.calls() <= call {
                saved.unwrap();
                break;
            }
            assert_eq!(
                source_of(&saved.unwrap_err()).raw_os_error(),
                Some(EIO),
                "{engine:?}, call {call}"
            );
        }
        for n in [10, 100_000] {
            let good = Arc::new(Memory::new());
            save_to(good.clone(), &run(n)).unwrap();
            for call in 0.. {
                let store = Arc::new(Faulty::over(good.clone(), Fault::Dies(call, EIO)));
                let loaded =
                    filebacked::ReadOptions::new().engine(engine).load_from::<Run>(store.clone());
                if store.calls() <= call {
                    assert_eq!(loaded.unwrap(), run(n));
                    break;
                }
                assert_eq!(
                    source_of(&loaded.unwrap_err()).raw_os_error(),
                    Some(EIO),
                    "{engine:?}, call {call}"
                );
            }
        }
        assert_eq!(open_objects(), 0);
    }
}

#[test]
fn power_is_lost_after_a_flush() {
    let _alone = alone();
    let store = Arc::new(Journal::new());
    let file = File::create_store(store.clone()).unwrap();
    file.write("first", &run(100)).unwrap();
    file.flush().unwrap();
    let flushed = store.len();
    assert_eq!(store.unsynced(flushed), 0, "the flush was not passed on");
    file.write("second", &run(50_000)).unwrap();
    file.close().unwrap();
    let all = store.len();
    assert!(all > flushed + 3);
    assert_eq!(store.unsynced(all), 0, "closing a file does not sync the store");
    // Nothing after the flush has reached the disk, however much was done by then.
    let last_sync = |changes| changes - store.unsynced(changes);
    for changes in flushed..all {
        if last_sync(changes) == flushed {
            let disk = store.after_power_loss(changes, []);
            let file = File::open_store(Arc::new(disk)).unwrap();
            assert_eq!(file.read::<Run>("first").unwrap(), run(100), "after {changes} changes");
        }
    }
    // With any of the later changes missing, and with all of them in another order, there is a
    // value or an error.
    let read =
        |disk| File::open_store(Arc::new(disk)).and_then(|file: File| file.read::<Run>("first"));
    for changes in flushed..all {
        let unsynced = store.unsynced(changes);
        for left_out in 0..unsynced {
            let disk =
                store.after_power_loss(changes, (0..unsynced).filter(|place| *place != left_out));
            assert!(read(disk).map_or(true, |value| value == run(100)));
        }
        assert!(
            read(store.after_power_loss(changes, (0..unsynced).rev()))
                .map_or(true, |value| value == run(100))
        );
    }
    let disk = store.after_power_loss(all, []);
    assert_eq!(
        File::open_store(Arc::new(disk)).unwrap().read::<Run>("second").unwrap(),
        run(50_000)
    );
}

#[test]
fn a_whole_value_is_synced_when_it_is_saved() {
    let _alone = alone();
    for engine in filebacked_tests::ENGINES {
        let store = Arc::new(Journal::new());
        WriteOptions::new().engine(engine).save_to(store.clone(), &run(1000)).unwrap();
        let disk = store.after_power_loss(store.len(), []);
        assert_eq!(load_from::<Run>(Arc::new(disk)).unwrap(), run(1000), "{engine:?}");
    }
}

/// What the process of the next test does, in which a call ends it.
#[test]
#[ignore = "ends the process"]
fn work_in_a_file_until_the_end() {
    let (Ok(path), Ok(call)) = (std::env::var("STORE"), std::env::var("CALL")) else { return };
    let disk = std::fs::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .unwrap();
    let store = Arc::new(Faulty::over(disk, Fault::Aborts(call.parse().unwrap())));
    work(&store).unwrap();
}

#[test]
fn a_process_that_ends_at_any_call() {
    let _alone = alone();
    let (_dir, path) = filebacked_tests::scratch("killed.h5");
    let program = std::env::current_exe().unwrap();
    let mut whole = 0;
    for call in 0.. {
        let mut child = std::process::Command::new(&program);
        child.args(["--exact", "store_faults::work_in_a_file_until_the_end", "--ignored"]);
        let ended = child.env("STORE", &path).env("CALL", call.to_string()).output().unwrap();
        let disk = Arc::new(std::fs::File::open(&path).unwrap());
        if ended.status.success() {
            assert!(call > 30, "{call} calls");
            assert_eq!(File::open_store(disk).unwrap().read::<Run>("more").unwrap(), run(70_000));
            break;
        }
        // The file is changed in place: what it holds then is a value, or an error.
        let read = File::open_store(disk).and_then(|file| file.read::<Run>("runs/0"));
        if let Ok(read) = read {
            assert_eq!(read, run(2000), "call {call}");
            whole += 1;
        }
    }
    assert!(whole > 10, "{whole}");
}

#[derive(FileBacked, Debug, PartialEq)]
struct Chunked {
    #[filebacked(chunk = [1000])]
    samples: Vec<f64>,
    /// Of so different lengths that they are references to text.
    names: Vec<String>,
}

/// What the processes of the next test do, which may write files up to some size only.
#[test]
#[ignore = "takes a limit of the process"]
fn work_in_files_of_some_size() {
    let Ok(path) = std::env::var("STORE") else { return };
    let names = (0..200).map(|n| "x".repeat(if n == 7 { 20_000 } else { n % 7 })).collect();
    let value = Chunked { samples: (0..50_000).map(f64::from).collect(), names };
    let written = File::create(&path).and_then(|file| {
        let written = file.write("a", &value).and_then(|()| file.flush());
        let closed = file.close();
        written.and(closed)
    });
    assert_eq!(open_objects(), 0);
    match written {
        Ok(()) => assert_eq!(File::open(&path).unwrap().read::<Chunked>("a").unwrap(), value),
        Err(error) => {
            assert_eq!(*error.kind(), ErrorKind::Io(io::ErrorKind::FileTooLarge), "{error:?}")
        }
    }
}

#[test]
fn chunks_that_cannot_be_written_to_a_file_of_the_system() {
    let _alone = alone();
    let (_dir, path) = filebacked_tests::scratch("limited.h5");
    // In blocks of 512 bytes, or of 1024, as the shell has it.
    for limit in [4, 20, 30, 35, 40, 42, 44, 46, 50, 60, 80, 100, 200, 300, 400, 1000] {
        let mut child = std::process::Command::new("sh");
        child.args(["-c", &format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"")]);
        child.arg(std::env::current_exe().unwrap()).args([
            "--exact",
            "store_faults::work_in_files_of_some_size",
            "--ignored",
        ]);
        let ended = child.env("STORE", &path).output().unwrap();
        assert!(
            ended.status.success(),
            "{limit} blocks: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
    }
}
