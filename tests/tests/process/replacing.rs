//! What a save replaces, and what lies beside it: owners, permissions, leftovers, and other saves
//! of the same file.

#![cfg(unix)]

use filebacked::engine::Engine;
use filebacked::options::Durability;
use filebacked::{ErrorKind, WriteOptions};
use filebacked_tests::actor::{Saved, saved};
use filebacked_tests::{ENGINES, scratch};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

fn names(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn owner_and_permissions_are_those_of_the_old_file() {
    let (_dir, path) = scratch("state.h5");
    for engine in ENGINES {
        let options = WriteOptions::new().engine(engine);
        options.save(&path, &1u8).unwrap();
        // Only root may give files away.
        let given = chown(&path, Some(4711), Some(815)).is_ok();
        for mode in [0o600, 0o444, 0o666, 0o2640] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            options.save(&path, &2u8).unwrap();
            let found = fs::metadata(&path).unwrap();
            assert_eq!(found.mode() & 0o7777, mode);
            assert!(!given || (found.uid(), found.gid()) == (4711, 815));
        }
        fs::remove_file(&path).unwrap();
    }
}

/// As `save` does it: nobody but root may write into such a file.
#[test]
fn a_file_that_may_not_be_written_is_changed_by_way_of_a_copy() {
    use std::os::unix::process::CommandExt;
    let (dir, path) = scratch("state.h5");
    filebacked::save(&path, &saved(1)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    let mut actor = std::process::Command::new(env!("CARGO_BIN_EXE_actor"));
    // Root gives it to somebody else, who has no more rights than others.
    if [dir.path(), &path].into_iter().all(|path| chown(path, Some(65_534), None).is_ok()) {
        actor.uid(65_534);
    }
    assert!(actor.arg("update-atomic").arg(&path).status().unwrap().success());
    assert_eq!(filebacked::load::<Saved>(&path).unwrap().step, 2);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o444);
}

#[test]
fn what_is_being_written_is_not_open_to_more_eyes_than_the_old_file() {
    let (dir, path) = scratch("state.h5");
    filebacked::save(&path, &1u8).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    for engine in ENGINES {
        let inside = dir.path().to_path_buf();
        let options = WriteOptions::new().engine(engine).progress(move |_| {
            let temporary = fs::metadata(inside.join(".state.h5.0.tmp")).unwrap();
            assert_eq!(temporary.mode() & 0o777, 0o600);
            std::ops::ControlFlow::Continue(())
        });
        options.save(&path, &vec![1.0, 2.0]).unwrap();
    }
}

#[test]
fn leftovers_of_killed_saves_go_and_what_is_none_stays() {
    let (dir, path) = scratch("state.h5");
    let at = |name: &str| dir.path().join(name);
    fs::write(at(".state.h5.0.tmp"), "left behind").unwrap();
    fs::write(at(".state.h5.1.tmp"), "left behind").unwrap();
    fs::write(at(".other.h5.0.tmp"), "of another file").unwrap();
    filebacked::save(&path, &1u8).unwrap();
    assert_eq!(names(dir.path()), [".other.h5.0.tmp", "state.h5"]);

    // A directory, a link, and what a process is still writing.
    fs::create_dir(at(".state.h5.0.tmp")).unwrap();
    symlink("state.h5", at(".state.h5.1.tmp")).unwrap();
    let busy = filebacked::File::options().journal(filebacked::file::Journal::Off);
    let busy = busy.create(at(".state.h5.2.tmp")).unwrap();
    fs::write(at(".state.h5.3.tmp"), "left behind").unwrap();
    for engine in ENGINES {
        WriteOptions::new().engine(engine).save(&path, &2u8).unwrap();
        assert_eq!(
            names(dir.path()),
            [
                ".other.h5.0.tmp",
                ".state.h5.0.tmp",
                ".state.h5.1.tmp",
                ".state.h5.2.tmp",
                "state.h5"
            ]
        );
    }
    assert_eq!(filebacked::load::<u8>(&path).unwrap(), 2);
    busy.close().unwrap();
    filebacked::save(&path, &3u8).unwrap();
    assert_eq!(names(dir.path()).len(), 4);
}

/// Those who had the numbers below may have finished.
#[test]
fn leftovers_behind_a_gap_go() {
    let (dir, path) = scratch("state.h5");
    let at = |number: u32| dir.path().join(format!(".state.h5.{number}.tmp"));
    for number in [2, 4, 5] {
        fs::write(at(number), "left behind").unwrap();
    }
    filebacked::save(&path, &1u8).unwrap();
    assert_eq!(names(dir.path()), ["state.h5"]);
    // One that is further away goes with one of the next saves.
    fs::write(at(40), "left behind").unwrap();
    let atomic = WriteOptions::new().durability(Durability::Atomic);
    (0..64).for_each(|i| atomic.save(&path, &i).unwrap());
    assert_eq!(names(dir.path()), ["state.h5"]);
}

/// Runs the actor as a user without rights; `None` where this process may not do that.
fn as_nobody(action: &str, path: &Path) -> Option<bool> {
    use std::os::unix::process::CommandExt;
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_actor"));
    let actor = command.arg(action).arg(path).uid(65_534).gid(65_534).spawn();
    let mut actor =
        actor.inspect_err(|_| eprintln!("skipped: only root may be somebody else")).ok()?;
    Some(actor.wait().unwrap().success())
}

#[test]
fn leftovers_of_others_are_in_nobodys_way() {
    let (dir, path) = scratch("state.h5");
    filebacked::save(&path, &saved(1)).unwrap();
    if chown(&path, Some(65_534), Some(65_534)).is_err() {
        return;
    }
    // As in /tmp: everybody may write, and remove what is his own.
    fs::set_permissions(dir.path(), Permissions::from_mode(0o1777)).unwrap();
    for number in [0, 2] {
        fs::write(dir.path().join(format!(".state.h5.{number}.tmp")), "of root").unwrap();
    }
    for action in ["save", "save-hdf5"] {
        let Some(succeeded) = as_nobody(action, &path) else { return };
        assert!(succeeded, "{action}");
        assert_eq!(names(dir.path()), [".state.h5.0.tmp", ".state.h5.2.tmp", "state.h5"]);
    }
    assert_eq!(filebacked::load::<Saved>(&path).unwrap().step, 2);
    // A file that its owner may only read is changed by way of a copy that he may write.
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    assert_eq!(as_nobody("update-atomic", &path), Some(true));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o444);
    // So it is without a temporary file.
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    assert_eq!(as_nobody("save-fast", &path), Some(true));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o444);
}

/// Straight into its place, and never with more rights than the old file had.
#[test]
fn a_fast_save_has_the_rights_of_the_old_file_from_its_beginning() {
    let (_dir, path) = scratch("state.h5");
    for engine in ENGINES {
        for mode in [0o600, 0o640, 0o444, 0o666] {
            filebacked::save(&path, &1u8).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let (target, met) = (path.clone(), std::sync::Arc::new(AtomicBool::new(false)));
            let seen = met.clone();
            let options = WriteOptions::new().engine(engine).durability(Durability::Fast).progress(
                move |_| {
                    assert_eq!(fs::metadata(&target).unwrap().mode() & 0o7777, mode | 0o600);
                    seen.store(true, Ordering::Relaxed);
                    std::ops::ControlFlow::Continue(())
                },
            );
            options.save(&path, &vec![1.0, 2.0]).unwrap();
            assert!(met.load(Ordering::Relaxed));
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
            assert_eq!(filebacked::load::<Vec<f64>>(&path).unwrap(), [1.0, 2.0]);
        }
    }
}

#[test]
fn a_long_name_has_room_for_its_temporary_file() {
    let name = "ä".repeat(127);
    let (_dir, path) = scratch(&name);
    for engine in ENGINES {
        WriteOptions::new().engine(engine).save(&path, &3u8).unwrap();
        assert_eq!(filebacked::load::<u8>(&path).unwrap(), 3);
    }
}

#[test]
fn a_link_is_followed_and_a_directory_or_a_device_is_refused() {
    let (dir, path) = scratch("link.h5");
    fs::create_dir(dir.path().join("data")).unwrap();
    symlink("data/real.h5", &path).unwrap();
    for engine in ENGINES {
        // The temporary file is beside what the link leads to: it may be on another file system.
        WriteOptions::new().engine(engine).save(&path, &4u8).unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        assert_eq!(names(&dir.path().join("data")), ["real.h5"]);
        let error = WriteOptions::new().engine(engine).save(dir.path(), &4u8).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Io(io::ErrorKind::IsADirectory));
        let error = WriteOptions::new().engine(engine).save("/dev/null", &4u8).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    }
    symlink("circle.h5", dir.path().join("circle.h5")).unwrap();
    filebacked::save(dir.path().join("circle.h5"), &4u8).unwrap_err();
}

/// Many threads save one file and many load it: each load finds a whole value, and nothing is left
/// behind.
#[test]
fn readers_find_whole_values_while_many_save() {
    let (dir, path) = scratch("state.h5");
    filebacked::save(&path, &saved(1)).unwrap();
    let done = AtomicBool::new(false);
    let values: Vec<Saved> = (0..4).map(saved).collect();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|i| {
                let (path, values) = (&path, &values);
                scope.spawn(move || {
                    let engine = if i % 2 == 0 { Engine::Native } else { Engine::Libhdf5 };
                    let options = WriteOptions::new().engine(engine).durability(Durability::Atomic);
                    (0..40).for_each(|round| options.save(path, &values[(i + round) % 4]).unwrap());
                })
            })
            .collect();
        let readers: Vec<_> = [Engine::Native, Engine::Libhdf5]
            .into_iter()
            .map(|engine| {
                let (path, values, done) = (&path, &values, &done);
                scope.spawn(move || {
                    let mut loads = 0;
                    while !done.load(Ordering::Relaxed) {
                        let options = filebacked::ReadOptions::new().engine(engine);
                        let found: Saved = options.load(path).unwrap();
                        assert!(found == values[found.step as usize]);
                        loads += 1;
                    }
                    loads
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::Relaxed);
        readers.into_iter().for_each(|reader| assert!(reader.join().unwrap() > 0));
    });
    assert_eq!(names(dir.path()), ["state.h5"]);
}

/// Many processes save one file at once: each succeeds, readers find whole values, and nothing is
/// left behind.
#[test]
fn processes_that_save_one_file_do_not_meet() {
    let (dir, path) = scratch("state.h5");
    filebacked::save(&path, &saved(1)).unwrap();
    let actor = |action: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_actor"))
            .arg(action)
            .arg(&path)
            .spawn()
            .unwrap()
    };
    let mut actors: Vec<_> = ["save", "save-hdf5", "save-atomic", "save-gzip"]
        .iter()
        .cycle()
        .take(12)
        .copied()
        .map(actor)
        .collect();
    let mut loads = 0;
    while actors.iter_mut().any(|actor| actor.try_wait().unwrap().is_none()) {
        let found: Saved = filebacked::load(&path).unwrap();
        assert!(found == saved(found.step));
        loads += 1;
    }
    assert!(actors.iter_mut().all(|actor| actor.wait().unwrap().success()) && loads > 0);
    assert_eq!(filebacked::load::<Saved>(&path).unwrap().step, 2);
    assert_eq!(names(dir.path()), ["state.h5"]);
}
