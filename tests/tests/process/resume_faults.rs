//! The example `checkpoint`, killed at any system call and started again: its result is that of an
//! undisturbed run.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use filebacked::{ErrorKind, File};
use filebacked_tests::checkpoint::{result, resume, run};
use filebacked_tests::fault::{Ended, Fault, Scene};

/// The program that is traced.
const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

#[test]
fn a_killed_simulation_resumes_exactly() {
    let whole = Scene::new();
    let outcome = whole.run(ACTOR, "simulate", Fault::None);
    assert_eq!(outcome.ended, Ended::Exited(0));
    let wanted = result(whole.directory()).unwrap();
    let n = outcome.calls.len();
    let step = if std::env::var_os("FILEBACKED_FAULTS").is_some() { 1 } else { 3 };

    let (mut valid, mut interrupted, mut recovered) = (0, 0, 0);
    for at in (0..n).step_by(step) {
        let scene = Scene::new();
        let killed = scene.run(ACTOR, "simulate", Fault::Kill(at));
        assert_eq!(killed.ended, Ended::Killed, "at {at} of {n}");
        let opened = File::open(scene.directory().join("log.h5"));
        valid += usize::from(opened.is_ok());
        if opened.is_err_and(|error| *error.kind() == ErrorKind::Interrupted) {
            interrupted += 1;
            recovered += usize::from(resume(scene.directory()).unwrap() > 0);
        }
        // Killed once more while it resumes, or soon after.
        let _ = scene.run(ACTOR, "simulate", Fault::Kill(at % 29));
        run(scene.directory()).unwrap_or_else(|error| panic!("at {at} of {n}: {error:?}"));
        assert!(result(scene.directory()).unwrap() == wanted, "at {at} of {n}");
    }
    // The log is interrupted without rows before the first checkpoint, and rarely after it.
    assert!(
        valid > 0 && 2 * recovered > interrupted,
        "{recovered} of {interrupted}, {valid} valid"
    );
    println!(
        "of {n} points, {valid} leave a valid log; {recovered} of {interrupted} others are recovered"
    );
}
