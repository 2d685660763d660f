//! Files that HDF5 refuses since the program that wrote them was killed.

use filebacked::{ErrorKind, File};
use filebacked_tests::{Python, python, scratch};
use serde_json::{Value, json};
use std::path::Path;

fn exec(python: &Python, code: &str) -> Value {
    python.ask(&json!({"op": "exec", "code": format!("import builtins as kept, os, sys, subprocess\n{code}")})).unwrap()
}

/// A program that makes a file, flushes it, and is killed.
fn killed(python: &Python, path: &Path, how: &str, then: &str) {
    let program = format!(
        "import h5py, os\nf = h5py.File({path:?}, 'w', {how})\nf.create_dataset('x', data=[1.5] * 100, chunks=(10,))\n{then}\nf.flush()\nos.kill(os.getpid(), 9)"
    );
    exec(python, &format!("subprocess.run([sys.executable, '-c', {program:?}])"));
}

/// Whether h5py opens a file to read it.
fn h5py_opens(python: &Python, path: &Path) -> bool {
    let code = format!(
        "try:\n    f = h5py.File({path:?}, 'r')\n    result = float(f['x'][99]) == 1.5\n    f.close()\nexcept OSError as e:\n    result = False"
    );
    exec(python, &code).as_bool().unwrap()
}

#[test]
fn what_a_killed_writer_left_is_read_again() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("killed.h5");
    for (how, then) in [
        ("libver='latest'", ""),
        ("libver='latest', userblock_size=1024", ""),
        ("libver='latest'", "f.swmr_mode = True"),
        ("libver=('v110', 'v110')", ""),
    ] {
        killed(python, &path, how, then);
        let before = std::fs::read(&path).unwrap();
        assert!(!h5py_opens(python, &path), "{how}");
        let error = File::open(&path).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Interrupted, "{how}");
        assert!(error.help().is_some_and(|help| help.contains("File::recover")), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "{how}");

        let file = File::recover(&path).unwrap();
        assert_eq!(file.read::<Vec<f64>>("x").unwrap(), [1.5; 100]);
        file.close().unwrap();
        let after = std::fs::read(&path).unwrap();
        let base = if how.contains("userblock") { 1024 } else { 0 };
        // The flags and the checksum of the superblock, and nothing else.
        let changed: Vec<usize> = (0..before.len()).filter(|i| before[*i] != after[*i]).collect();
        assert!(
            changed.iter().all(|i| *i == base + 11 || (base + 44..base + 48).contains(i)),
            "{changed:?}"
        );
        assert_eq!((before.len(), after[base + 11]), (after.len(), 0), "{how}");
        assert!(h5py_opens(python, &path), "{how}");
        File::open_rw(&path).unwrap().write("more", &1u8).unwrap();
        assert!(h5py_opens(python, &path), "{how}");
    }
}

#[test]
fn a_file_that_is_still_written_or_needs_nothing_is_left_alone() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("written.h5");
    exec(
        python,
        &format!(
            "kept.w = h5py.File({path:?}, 'w', libver='latest')\nkept.w['x'] = 1.5\nkept.w.flush()"
        ),
    );
    let before = std::fs::read(&path).unwrap();
    assert_eq!(File::recover(&path).unwrap_err().kind(), &ErrorKind::Locked);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    exec(python, "kept.w['y'] = 2.5\nkept.w.close()");
    let before = std::fs::read(&path).unwrap();
    assert_eq!(File::recover(&path).unwrap().read::<f64>("y").unwrap(), 2.5);
    assert_eq!(std::fs::read(&path).unwrap(), before);

    // Of an older version the mark stays: HDF5 does not mind it.
    killed(python, &path, "libver='v108'", "");
    let before = std::fs::read(&path).unwrap();
    assert_eq!(File::recover(&path).unwrap().read::<Vec<f64>>("x").unwrap(), [1.5; 100]);
    assert_eq!(std::fs::read(&path).unwrap(), before);

    // What this process writes itself.
    let file = File::options()
        .libver(filebacked::file::Libver::V110, filebacked::file::Libver::Latest)
        .create(&path)
        .unwrap();
    file.write("x", &3u8).unwrap();
    assert_eq!(File::recover(&path).unwrap().read::<u8>("x").unwrap(), 3);
    file.close().unwrap();

    // A superblock that is damaged is not written as if it were right.
    killed(python, &path, "libver='latest'", "");
    let mut damaged = std::fs::read(&path).unwrap();
    damaged[30] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    File::recover(&path).unwrap_err();
    assert_eq!(std::fs::read(&path).unwrap(), damaged);
}
