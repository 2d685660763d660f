//! One writer and many readers at a time, in several processes. They take turns by pipes.

use filebacked::file::{CloseDegree, Libver, Locking};
use filebacked::hdf5::{self, Dataset};
use filebacked::{ErrorKind, File};
use filebacked_tests::{python, scratch};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// A file with an empty log that may become as long as one likes.
fn started(path: &Path) -> (File, Dataset) {
    let file = File::options().libver(Libver::V110, Libver::Latest).create(path).unwrap();
    let log =
        file.as_hdf5().unwrap().new_dataset::<f64>().chunk(64).shape(0..).create("log").unwrap();
    file.start_swmr().unwrap();
    (file, log)
}

/// Adds a hundred numbers, and lets others see them.
fn append(file: &File, log: &Dataset, step: usize) {
    log.resize(step * 100).unwrap();
    let more: Vec<f64> = ((step - 1) * 100..step * 100).map(|i| i as f64).collect();
    log.write_slice(&more, (step - 1) * 100..step * 100).unwrap();
    file.flush().unwrap();
}

fn expected(step: usize) -> Vec<f64> {
    (0..step * 100).map(|i| i as f64).collect()
}

fn exec(code: &str) -> Value {
    python()
        .unwrap()
        .ask(&json!({"op": "exec", "code": format!("import builtins as kept\n{code}")}))
        .unwrap()
}

/// The file that the child reads.
const CHILD: &str = "FILEBACKED_TEST_SWMR_FILE";

#[test]
fn readers_in_other_processes_see_what_was_flushed() {
    let (_dir, path) = scratch("log.h5");
    let (file, log) = started(&path);
    assert_eq!((file.swmr_mode().unwrap(), file.mode().unwrap()), (true, "r+"));
    append(&file, &log, 1);

    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "file_swmr::child_that_reads", "--nocapture", "--include-ignored"])
        .env(CHILD, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut requests = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    if python().is_some() {
        exec(&format!(
            "kept.f = h5py.File({path:?}, 'r', libver='latest', swmr=True)\nkept.log = kept.f['log']"
        ));
        assert_eq!(exec("result = [kept.f.swmr_mode, kept.f.mode]"), json!([true, "r"]));
    }
    for step in 2..=6 {
        append(&file, &log, step);
        writeln!(requests, "{step}").unwrap();
        let answer = answers.find(|line| line.starts_with("reader: ")).unwrap();
        assert_eq!(answer, format!("reader: {} numbers, all right", step * 100));
        if python().is_some() {
            assert_eq!(
                exec("kept.log.refresh()\nresult = kept.log[:].tolist()"),
                json!(expected(step))
            );
        }
    }
    drop(requests);
    assert!(child.wait().unwrap().success());
    if python().is_some() {
        exec("kept.f.close()");
    }
    log.file().unwrap().close().unwrap();
    drop(log);
    file.close().unwrap();
    assert_eq!(
        File::open(&path).unwrap().read::<Vec<f64>>("log").unwrap(),
        expected(6),
        "no flag stays behind"
    );
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_that_reads() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let file = File::options().swmr(true).open(path).unwrap();
    assert_eq!((file.swmr_mode().unwrap(), file.mode().unwrap()), (true, "r"));
    for line in std::io::stdin().lines() {
        let step: usize = line.unwrap().parse().unwrap();
        file.refresh("log").unwrap();
        let found: Vec<f64> = file.read("log").unwrap();
        let verdict = if found == expected(step) { "all right" } else { "not what was written" };
        println!("\nreader: {} numbers, {verdict}", found.len());
    }
}

#[test]
fn what_h5py_writes_is_read_meanwhile() {
    if python().is_none() {
        return;
    }
    let (_dir, path) = scratch("log.h5");
    exec(&format!(
        "kept.w = h5py.File({path:?}, 'w', libver='latest')\n\
         kept.d = kept.w.create_dataset('log', (0,), maxshape=(None,), chunks=(64,), dtype='f8')\nkept.w.swmr_mode = True"
    ));
    let file = File::options().swmr(true).open(&path).unwrap();
    let log = file.as_hdf5().unwrap().dataset("log").unwrap();
    for step in 1..=5 {
        exec(&format!(
            "kept.d.resize(({step} * 100,))\nkept.d[{step} * 100 - 100:] = np.arange({step} * 100 - 100, {step} * 100)\nkept.d.flush()"
        ));
        file.refresh("log").unwrap();
        assert_eq!(file.read::<Vec<f64>>("log").unwrap(), expected(step));
        assert_eq!(
            log.read_raw::<f64>().unwrap(),
            expected(step),
            "a handle that was there before sees it too"
        );
    }
    // HDF5 would read other chunks here.
    let second = file.as_hdf5().unwrap().dataset("log").unwrap();
    let error = file.refresh("log").unwrap_err();
    assert_eq!(
        error.kind(),
        &ErrorKind::StillOpen { handles: vec!["dataset /log".into(), "dataset /log".into()] }
    );
    assert_eq!(log.read_raw::<f64>().unwrap(), expected(5));
    drop(second);
    // Without the word, it is not opened beside a writer: what is read could be half of something.
    drop((log, file));
    let error = File::open(&path).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Interrupted, "{error}");
    assert!(File::open_rw(&path).is_err());
    assert!(filebacked::inspect::tree(&path).is_err());
    exec("kept.w.close()");
    assert_eq!(File::open(&path).unwrap().read::<Vec<f64>>("log").unwrap(), expected(5));
}

#[test]
fn a_file_that_exists_is_written_in_swmr_mode_at_once() {
    let (_dir, path) = scratch("log.h5");
    let (file, log) = started(&path);
    append(&file, &log, 1);
    drop((file, log));
    let writer =
        File::options().swmr(true).libver(Libver::V110, Libver::Latest).open_rw(&path).unwrap();
    assert_eq!((writer.swmr_mode().unwrap(), writer.mode().unwrap()), (true, "r+"));
    let log = writer.as_hdf5().unwrap().dataset("log").unwrap();
    append(&writer, &log, 2);
    if python().is_some() {
        let code =
            format!("with h5py.File({path:?}, 'r', swmr=True) as f:\n    result = len(f['log'])");
        assert_eq!(exec(&code), json!(200));
    }
}

#[test]
fn what_swmr_takes_is_told() {
    let (_dir, path) = scratch("x.h5");
    let error = File::options().swmr(true).create(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidOption(_)), "{error:?}");
    assert!(error.help().unwrap().contains("start_swmr"));
    assert!(!path.exists());
    let file = File::create(&path).unwrap();
    let error = file.start_swmr().unwrap_err();
    assert!(error.help().unwrap().contains("libver(Libver::V110"), "{error}");
    let error = File::options()
        .swmr(true)
        .driver(filebacked::file::Driver::stdio())
        .open(&path)
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidOption(_)), "{error:?}");
    // In this process, all that is open of a file agrees.
    file.write("x", &1).unwrap();
    let error = File::options().swmr(true).open_rw(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::StillOpen { .. }), "{error:?}");
    drop(file);
    let file = File::open(&path).unwrap();
    let error = File::options().swmr(true).open(&path).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::StillOpen { handles } if handles == &["the file (to be read)"]),
        "{error:?}"
    );
    drop(file);
    let error = File::open_rw(&path).unwrap().refresh("y").unwrap_err();
    assert_eq!(error.path(), "/y");
    let options =
        File::options().swmr(true).locking(Locking::Off).close_degree(CloseDegree::Strong);
    assert_eq!(options.open(&path).unwrap().read::<i32>("x").unwrap(), 1, "nobody writes it");
    let _: hdf5::File = options.open(&path).unwrap().as_hdf5().unwrap();
}
