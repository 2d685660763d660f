//! Saves of files that other programs have open: what those still write is not lost.

#![cfg(unix)]

use filebacked::engine::Engine;
use filebacked::options::Durability;
use filebacked::{Error, ErrorKind, File, ReadOptions, WriteOptions};
use filebacked_tests::actor::saved;
use filebacked_tests::{ENGINES, Python, python, scratch};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

const DURABILITIES: [Durability; 3] = [Durability::Durable, Durability::Atomic, Durability::Fast];

/// The one file that h5py has open.
fn h5py() -> Option<(MutexGuard<'static, ()>, &'static Python)> {
    static TURN: Mutex<()> = Mutex::new(());
    Some((TURN.lock().unwrap_or_else(PoisonError::into_inner), python()?))
}

fn exec(python: &Python, code: &str) -> Value {
    python.ask(&json!({"op": "exec", "code": format!("import builtins as kept\n{code}")})).unwrap()
}

/// All ways of saving, each of which is refused or not.
fn save_in_all_ways(path: &Path, mut check: impl FnMut(Result<(), Error>)) {
    for engine in ENGINES {
        for durability in DURABILITIES {
            check(
                WriteOptions::new()
                    .engine(engine)
                    .durability(durability)
                    .save(path, &vec![7u8; 10]),
            );
        }
    }
}

fn names(path: &Path) -> usize {
    std::fs::read_dir(path.parent().unwrap()).unwrap().count()
}

#[test]
fn a_file_that_another_program_writes_is_not_replaced() {
    let Some((_turn, python)) = h5py() else { return };
    let (dir, path) = scratch("state.h5");
    // A file without the mark of changes, by which others are known too.
    exec(python, &format!("kept.f = h5py.File({path:?}, 'w')\nkept.f['x'] = 1\nkept.f.close()"));
    exec(python, &format!("kept.f = h5py.File({path:?}, 'r+')"));
    let is_locked = |done: Result<(), Error>| {
        let error = done.unwrap_err();
        assert_eq!((error.kind(), error.file()), (&ErrorKind::Locked, Some(&*path)), "{error}");
        assert!(error.to_string().contains("another program") && error.help().is_some(), "{error}");
        assert_eq!(names(&path), 1);
    };
    save_in_all_ways(&path, is_locked);
    // One with another name too, that is written into as it is.
    let link = path.with_file_name("link.h5");
    std::fs::hard_link(&path, &link).unwrap();
    for engine in ENGINES {
        let options = WriteOptions::new().engine(engine).durability(Durability::Fast);
        assert_eq!(options.save(&link, &7u8).unwrap_err().kind(), &ErrorKind::Locked);
    }
    std::fs::remove_file(&link).unwrap();
    is_locked(filebacked::file::update_atomic(&path, |_| Ok(())));
    is_locked(filebacked::file::repack(&path));
    let other =
        dir.path().parent().unwrap().join(format!("filebacked-locked-{}.h5", std::process::id()));
    filebacked::save(&other, &1u8).unwrap();
    assert_eq!(filebacked::file::repack_to(&other, &path).unwrap_err().kind(), &ErrorKind::Locked);
    std::fs::remove_file(&other).unwrap();

    exec(python, "kept.f['more'] = 8\nkept.f.close()");
    assert_eq!(File::open(&path).unwrap().read::<i64>("more").unwrap(), 8);
    save_in_all_ways(&path, |done| done.unwrap());
    assert_eq!(filebacked::load::<Vec<u8>>(&path).unwrap(), [7; 10]);
}

#[test]
fn who_has_switched_locks_off_is_not_kept_by_those_of_others() {
    let Some((_turn, python)) = h5py() else { return };
    let (_dir, path) = scratch("state.h5");
    filebacked::save(&path, &saved(1)).unwrap();
    exec(python, &format!("kept.f = h5py.File({path:?}, 'r+')"));
    for (said, goes_on) in [("TRUE", false), ("BEST_EFFORT", false), ("FALSE", true), ("0", true)] {
        for action in ["save", "save-hdf5-atomic"] {
            let mut actor = Command::new(env!("CARGO_BIN_EXE_actor"));
            let done =
                actor.arg(action).arg(&path).env("HDF5_USE_FILE_LOCKING", said).status().unwrap();
            assert_eq!(done.success(), goes_on, "{said} {action}");
        }
    }
    exec(python, "kept.f.close()");
    assert_eq!(filebacked::load::<filebacked_tests::actor::Saved>(&path).unwrap().step, 2);
}

#[test]
fn another_program_that_reads_goes_on_with_the_old_file() {
    let Some((_turn, python)) = h5py() else { return };
    let (_dir, path) = scratch("state.h5");
    File::create(&path).unwrap().write("x", &vec![1.5; 5000]).unwrap();
    exec(python, &format!("kept.f = h5py.File({path:?}, 'r')"));
    save_in_all_ways(&path, |done| done.unwrap());
    assert_eq!(exec(python, "result = float(kept.f['x'][4999])\nkept.f.close()"), json!(1.5));
    assert_eq!(filebacked::load::<Vec<u8>>(&path).unwrap(), [7; 10]);
}

/// HDF5 takes its lock back from a writer whom others may read, so that nobody is told of it.
#[test]
fn a_swmr_writer_has_no_lock() {
    let Some((_turn, python)) = h5py() else { return };
    let (_dir, path) = scratch("state.h5");
    exec(
        python,
        &format!(
            "kept.f = h5py.File({path:?}, 'w', libver='latest')\nkept.f.create_dataset('x', (0,), maxshape=(None,), chunks=(8,))"
        ),
    );
    let atomic = WriteOptions::new().durability(Durability::Atomic);
    assert_eq!(atomic.save(&path, &7u8).unwrap_err().kind(), &ErrorKind::Locked);
    exec(python, "kept.f.swmr_mode = True");
    atomic.save(&path, &7u8).unwrap();
    assert_eq!(
        exec(python, "kept.f['x'].resize((5,))\nkept.f.flush()\nresult = kept.f['x'].shape[0]"),
        json!(5)
    );
    exec(python, "kept.f.close()");
    assert_eq!(filebacked::load::<u8>(&path).unwrap(), 7);
}

#[test]
fn nobody_begins_to_write_a_file_while_it_is_replaced() {
    let Some((_turn, python)) = h5py() else { return };
    let (_dir, path) = scratch("state.h5");
    for engine in ENGINES {
        filebacked::save(&path, &saved(1)).unwrap();
        let target = path.clone();
        let options = WriteOptions::new().engine(engine).progress(move |_| {
            let ways = [("r+", "'refused'"), ("r", "'read'")];
            for (mode, expected) in ways {
                let code = format!(
                    "try:\n    h5py.File({target:?}, '{mode}').close()\n    result = 'read'\nexcept BlockingIOError:\n    result = 'refused'"
                );
                assert_eq!(format!("'{}'", exec(python, &code).as_str().unwrap()), expected, "{mode}");
            }
            ControlFlow::Continue(())
        });
        options.save(&path, &vec![1.0, 2.0]).unwrap();
        exec(python, &format!("h5py.File({path:?}, 'r+').close()"));
    }
}

/// There was nothing, or another file, when the save began.
#[test]
fn a_file_that_came_in_between_is_not_replaced_while_it_is_written() {
    let Some((_turn, python)) = h5py() else { return };
    for (engine, was_there) in
        ENGINES.into_iter().flat_map(|engine| [(engine, false), (engine, true)])
    {
        let (_dir, path) = scratch("state.h5");
        if was_there {
            filebacked::save(&path, &1u8).unwrap();
        }
        let target = path.clone();
        let once = std::sync::Once::new();
        let options = WriteOptions::new().engine(engine).progress(move |_| {
            once.call_once(|| {
                if was_there {
                    std::fs::remove_file(&target).unwrap();
                }
                exec(python, &format!("kept.f = h5py.File({target:?}, 'w')"));
            });
            ControlFlow::Continue(())
        });
        assert_eq!(
            options.save(&path, &vec![1.0, 2.0]).unwrap_err().kind(),
            &ErrorKind::Locked,
            "{was_there}"
        );
        exec(python, "kept.f['x'] = 3\nkept.f.close()");
        assert_eq!(names(&path), 1);
        assert_eq!(File::open(&path).unwrap().read::<i64>("x").unwrap(), 3);
    }
}

#[test]
fn what_another_program_has_open_is_not_opened_to_be_written() {
    let Some((_turn, python)) = h5py() else { return };
    let (_dir, path) = scratch("state.h5");
    exec(python, &format!("kept.f = h5py.File({path:?}, 'w')\nkept.f.flush()"));
    let before = std::fs::read(&path).unwrap();
    let errors = [
        File::open_rw(&path).unwrap_err(),
        File::open(&path).unwrap_err(),
        File::create(&path).unwrap_err(),
        ReadOptions::new().engine(Engine::Libhdf5).load::<u8>(&path).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), &ErrorKind::Locked, "{error}");
    }
    assert_eq!(
        std::fs::read(&path).unwrap(),
        before,
        "what is created anew is not emptied before that is refused"
    );
    exec(python, &format!("kept.f.close()\nkept.f = h5py.File({path:?}, 'r')"));
    assert_eq!(File::create(&path).unwrap_err().kind(), &ErrorKind::Locked);
    assert_eq!(exec(python, "result = len(kept.f)\nkept.f.close()"), json!(0));
    File::open_rw(&path).unwrap();
}
