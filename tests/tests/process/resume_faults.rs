//! The example `checkpoint`, killed at any system call and started again: its result is that of an
//! undisturbed run.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use filebacked::File;
use filebacked_tests::checkpoint::{result, run};
use filebacked_tests::fault::{Ended, Fault, Scene, takes_all_points};

/// The program that is traced.
const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

#[test]
fn a_killed_simulation_resumes_exactly() {
    let whole = Scene::new();
    let outcome = whole.run(ACTOR, "simulate", Fault::None);
    assert_eq!(outcome.ended, Ended::Exited(0));
    let wanted = result(whole.directory()).unwrap();
    let n = outcome.calls.len();
    let step = if takes_all_points() { 1 } else { 3 };

    let mut valid = 0;
    for at in (0..n).step_by(step) {
        let scene = Scene::new();
        let killed = scene.run(ACTOR, "simulate", Fault::Kill(at));
        assert_eq!(killed.ended, Ended::Killed, "at {at} of {n}");
        match File::open(scene.directory().join("log.h5")) {
            Ok(_) => valid += 1,
            Err(error) => assert!(error.is_not_found(), "at {at} of {n}: {error:?}"),
        }
        // Killed once more while it resumes, or soon after.
        let _ = scene.run(ACTOR, "simulate", Fault::Kill(at % 29));
        run(scene.directory()).unwrap_or_else(|error| panic!("at {at} of {n}: {error:?}"));
        assert!(result(scene.directory()).unwrap() == wanted, "at {at} of {n}");
    }
    assert!(valid > 0);
    println!("{valid} of {n} points leave a log, all valid");
}
