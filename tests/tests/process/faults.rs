//! A save that is killed, that meets an error, or whose machine loses its power leaves the old file
//! or the new one.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use filebacked_tests::actor::Action;
use filebacked_tests::fault::{Call, Disk, Ended, Fault, Scene, takes_all_points};
use std::fs;

/// The program that is traced.
const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// How many points of those that there are a test takes: all of them where `FILEBACKED_FAULTS` is
/// set.
fn points(n: usize, usual: usize) -> impl Iterator<Item = usize> {
    let step = if takes_all_points() { 1 } else { n.div_ceil(usual).max(1) };
    (0..n).filter(move |at| at % step == 0 || *at + 8 >= n || *at < 8)
}

#[test]
fn killed_saves_leave_the_old_file_or_the_new_one() {
    for (name, action) in Action::all() {
        let scene = Scene::new();
        let whole = scene.run(ACTOR, name, Fault::None);
        assert_eq!(whole.ended, Ended::Exited(0), "{name}");
        assert_eq!(action.look(&scene.path()).unwrap(), 2, "{name}");
        assert_eq!(scene.names(), ["state.h5"], "{name}");
        let n = whole.calls.len();
        assert!(
            whole.calls.iter().any(|call| matches!(call, Call::Rename { .. })),
            "{name}: {n} calls"
        );

        let mut steps = Vec::new();
        for at in points(n, 60) {
            let scene = Scene::new();
            let killed = scene.run(ACTOR, name, Fault::Kill(at));
            assert_eq!(killed.ended, Ended::Killed, "{name} at {at} of {n}");
            steps.push(
                action
                    .look(&scene.path())
                    .unwrap_or_else(|error| panic!("{name} at {at} of {n}: {error}")),
            );
            action.act(&scene.path()).unwrap();
            assert_eq!(action.look(&scene.path()).unwrap(), 2);
            assert_eq!(
                scene.names(),
                ["state.h5"],
                "{name} at {at} of {n} leaves a file behind for good"
            );
        }
        assert!(steps.is_sorted(), "{name}: {steps:?}");
        assert_eq!(steps[0], 1, "{name}");
        println!("{name}: {} of {n} points", steps.len());
    }
}

#[test]
fn a_loss_of_power_leaves_the_old_file_or_the_new_one() {
    for (name, action) in Action::all().into_iter().filter(|(_, action)| action.is_durable()) {
        let mut found = [0, 0];
        Scene::new().lose_power(ACTOR, name, 4, &mut |path, at, n| {
            let step = action.look(path);
            let step =
                step.unwrap_or_else(|error| panic!("{name} after {at} of {n} calls: {error}"));
            found[step as usize - 1] += 1;
            assert!(at < n || step == 2, "{name}: it was not on the disk when the save returned");
        });
        assert!(found[0] > 0 && found[1] > 0, "{name}: {found:?}");
        println!("{name}: {} states", found[0] + found[1]);
    }
}

#[test]
fn errors_of_the_system_are_reported_and_leave_the_old_file() {
    let mut reported = 0;
    for (name, action) in Action::all() {
        let n = Scene::new().run(ACTOR, name, Fault::None).calls.len();
        for at in points(n, 12) {
            for fault in [
                Fault::Errors(at, libc::ENOSPC),
                Fault::Error(at, libc::EIO),
                Fault::Error(at, libc::EINTR),
                Fault::Error(at, libc::EROFS),
                Fault::Error(at, libc::EACCES),
                Fault::Short(at),
            ] {
                let scene = Scene::new();
                let run = scene.run(ACTOR, name, fault);
                let step = action.look(&scene.path());
                let step = step.unwrap_or_else(|error| panic!("{name}, {fault:?} of {n}: {error}"));
                match run.ended {
                    Ended::Exited(0) => {
                        assert_eq!(step, 2, "{name}, {fault:?} of {n}: {:?}", run.calls.get(at))
                    }
                    // The new file has its name already when the directory is flushed.
                    Ended::Exited(3) => {
                        let renamed =
                            run.calls[..at].iter().any(|call| matches!(call, Call::Rename { .. }));
                        assert_eq!(step, if renamed { 2 } else { 1 }, "{name}, {fault:?} of {n}");
                        reported += 1;
                    }
                    ended => panic!("{name}, {fault:?} of {n}: {ended:?}"),
                }
                // What could not be removed then is removed by the next save.
                action.act(&scene.path()).unwrap();
                assert_eq!(scene.names(), ["state.h5"], "{name}, {fault:?} of {n}");
            }
        }
    }
    assert!(reported > 100, "{reported}");
}

/// A sanity check of the tracer: threads that vanish with their program in the middle of a call are
/// no error.
#[test]
fn a_program_may_end_while_its_threads_make_calls() {
    let scene = Scene::new();
    for _ in 0..200 {
        assert_eq!(scene.run(ACTOR, "leave", Fault::None).ended, Ended::Exited(0));
    }
}

/// A sanity check of the model: without a flush before it, the new name may come to a file that is
/// not there yet.
#[test]
fn the_model_of_a_disk_loses_what_was_not_flushed() {
    let scene = Scene::new();
    let mut disk = Disk::of(scene.directory()).unwrap();
    let whole = scene.run(ACTOR, "save-atomic", Fault::None);
    whole.calls.iter().for_each(|call| disk.after(call));
    let after = tempfile::tempdir().unwrap();
    // The names as they were meant to be, and nothing of the data.
    let mut first = true;
    let mut choose = |below: usize| if std::mem::take(&mut first) { below - 1 } else { 0 };
    disk.lose_power(scene.directory(), after.path(), &mut choose).unwrap();
    assert_eq!(fs::read(after.path().join("state.h5")).unwrap(), b"");
}
