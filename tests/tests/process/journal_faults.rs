//! Files that are changed in place by a process that meets errors, or whose machine loses its power:
//! every error is reported at the latest by the commit, the file is at a commit, and it can be
//! changed afterwards.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use filebacked::File;
use filebacked_tests::actor::{Action, saved};
use filebacked_tests::fault::{Ended, Fault, Scene, takes_all_points};
use filebacked_tests::python;

/// The program that is traced.
const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// All points where `FILEBACKED_FAULTS` is set, otherwise so many.
fn points(n: usize, usual: usize) -> impl Iterator<Item = usize> {
    let step = if takes_all_points() { 1 } else { n.div_ceil(usual).max(1) };
    (0..n).filter(move |at| at.is_multiple_of(step))
}

/// The answer of h5py, or why it refuses the file.
fn h5py(scene: &Scene, expression: &str) -> Option<Result<serde_json::Value, String>> {
    let request = serde_json::json!({
        "op": "eval", "file": scene.path(), "expr": expression,
    });
    Some(python()?.ask(&request))
}

#[test]
fn errors_are_reported_by_the_commit_and_leave_a_commit() {
    let (mut reported, mut met) = (0, 0);
    for name in Action::in_place() {
        let action = Action::named(name);
        let n = Scene::new().run(ACTOR, name, Fault::None).calls.len();
        for at in points(n, 20) {
            for fault in [
                Fault::Errors(at, libc::ENOSPC),
                Fault::Error(at, libc::EIO),
                Fault::Error(at, libc::EINTR),
                Fault::Error(at, libc::EFBIG),
                Fault::Short(at),
            ] {
                let scene = Scene::new();
                let run = scene.run(ACTOR, name, fault);
                let what = format!("{name}, {fault:?} of {n}: {:?}", run.calls.get(at));
                // A commit that could not be applied is completed by the next opening.
                let step = action.look(&scene.path());
                let step = step.unwrap_or_else(|error| panic!("{what}: {error}"));
                match run.ended {
                    Ended::Exited(0) => assert_eq!(step, 3, "{what}: a change is lost"),
                    Ended::Exited(3) => reported += 1,
                    ended => panic!("{what}: {ended:?}"),
                }
                met += 1;
                File::open_rw(scene.path()).unwrap().write("after", &7u8).unwrap();
                assert_eq!(File::open(scene.path()).unwrap().read::<u8>("after").unwrap(), 7);
                assert!(scene.names().iter().all(|name| !name.ends_with("-journal")), "{what}");
                assert!(h5py(&scene, "len(f)").is_none_or(|found| found.is_ok()), "{what}");
            }
        }
    }
    assert!(reported > met / 3, "{reported} of {met}");
}

#[test]
fn a_loss_of_power_leaves_a_commit() {
    for name in Action::in_place() {
        let action = Action::named(name);
        let mut found = [0; 3];
        Scene::new().lose_power(ACTOR, name, 2, &mut |path, at, n| {
            let step = action.look(path);
            let step =
                step.unwrap_or_else(|error| panic!("{name} after {at} of {n} calls: {error}"));
            found[step as usize - 1] += 1;
            assert!(at < n || step == 3, "{name}: it was not on the disk in the end");
            File::open_rw(path).unwrap().write("after", &7u8).unwrap();
        });
        assert!(found.iter().all(|count| *count > 0), "{name}: {found:?}");
    }
}

#[test]
fn other_programs_see_a_commit_or_refuse_the_file_at_every_call() {
    let expression = "[int(f['step'][()]), len(f['name'][()]), len(f['links'])]";
    let n = Scene::new().run(ACTOR, "update", Fault::None).calls.len();
    let (mut read, mut refused) = ([0; 3], 0);
    for at in 0..n {
        let scene = Scene::new();
        assert_eq!(scene.run(ACTOR, "update", Fault::Kill(at)).ended, Ended::Killed);
        match h5py(&scene, expression) {
            None => return,
            Some(Ok(found)) => {
                let step = found[0].as_u64().unwrap();
                let whole = saved(step);
                let expected = serde_json::json!([step, whole.name.len(), whole.links.len()]);
                assert_eq!(found, expected, "call {at} of {n}: a mix");
                read[step as usize - 1] += 1;
            }
            Some(Err(error)) => {
                assert!(error.contains("bad superblock version number"), "{error}");
                refused += 1;
            }
        }
    }
    assert!(read.iter().all(|count| *count > 0) && refused > 0, "{read:?}, {refused} refused");
}
