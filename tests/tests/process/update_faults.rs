//! Files that are changed in place by a process that is killed: at a commit with a journal; without
//! one, between two flushes the old or the new state, and in a change one that says so. Repacked
//! files: always whole.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use filebacked::{Error, ErrorKind, File, ReadOptions};
use filebacked_tests::actor::{Action, Saved};
use filebacked_tests::fault::{Ended, Fault, Scene};
use filebacked_tests::python;
use std::path::{Path, PathBuf};

/// The program that is traced.
const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// The step that the file is at after a kill at each of the calls that change it, or what says that
/// it is at none.
fn after_kills(action: &str) -> Vec<(PathBuf, Scene, Result<u64, Error>)> {
    let whole = Scene::new().run(ACTOR, action, Fault::None);
    assert_eq!(whole.ended, Ended::Exited(0), "{action}");
    let look = |at| {
        let scene = Scene::new();
        assert_eq!(
            scene.run(ACTOR, action, Fault::Kill(at)).ended,
            Ended::Killed,
            "{action} at {at}"
        );
        let path = scene.path();
        let found = Action::named(action).look(&path);
        (path, scene, found)
    };
    (0..whole.calls.len()).map(look).collect()
}

/// The steps without repetitions, 0 for a file that is at none.
fn course(found: &[(PathBuf, Scene, Result<u64, Error>)]) -> Vec<u64> {
    let mut steps: Vec<u64> =
        found.iter().map(|(_, _, step)| *step.as_ref().unwrap_or(&0)).collect();
    steps.dedup();
    steps
}

/// Checks that a file is at a commit after each kill, and that it can be changed then.
fn are_commits(found: &[(PathBuf, Scene, Result<u64, Error>)]) {
    for (path, scene, step) in found {
        assert!(step.is_ok(), "{step:?}");
        // The first to write removes the journal.
        File::open_rw(path).unwrap().close().unwrap();
        let names = scene.names();
        assert!(names.iter().all(|name| !name.ends_with("-journal")), "{names:?}");
        File::open_rw(path).unwrap().write("after", &1u8).unwrap();
    }
}

#[test]
fn a_kill_in_an_update_leaves_a_commit() {
    let found = after_kills("update");
    assert_eq!(course(&found), [1, 2, 3], "{} points", found.len());
    if let Some(python) = python() {
        for (path, ..) in &found {
            assert_eq!(
                python.eval(path, "sorted(f.attrs)"),
                serde_json::json!(["filebacked", "filebacked_format"])
            );
        }
    }
    are_commits(&found);
}

#[test]
fn a_kill_in_a_new_file_leaves_the_old_one_or_a_commit() {
    let found = after_kills("create");
    assert_eq!(course(&found), [1, 2, 3]);
    are_commits(&found);
}

#[test]
fn a_kill_in_an_append_leaves_a_commit() {
    let found = after_kills("append");
    assert_eq!(course(&found), [1, 2, 3], "{} points", found.len());
    are_commits(&found);
}

#[test]
fn a_kill_in_a_change_of_an_array_leaves_a_commit() {
    let found = after_kills("array");
    assert_eq!(course(&found), [1, 2, 3], "{} points", found.len());
    are_commits(&found);
}

#[test]
fn a_kill_in_the_flush_of_a_map_leaves_a_commit() {
    let found = after_kills("map");
    assert_eq!(course(&found), [1, 2, 3], "{} points", found.len());
    are_commits(&found);
}

fn is_refused(path: &Path) -> bool {
    [File::open(path), File::open_rw(path), File::open_or_create(path)]
        .iter()
        .all(|opened| matches!(opened, Err(error) if *error.kind() == ErrorKind::Interrupted))
}

#[test]
fn a_kill_in_an_update_without_a_journal_is_noticed() {
    let found = after_kills("update-marked");
    // The library marks a file when it opens it, before anything is changed; the mark that it
    // leaves to us comes then.
    assert_eq!(course(&found), [1, 0, 1, 0, 2, 0, 3], "{} points", found.len());
    let (mut recovered, mut loaded) = (0, 0);
    for (path, _scene, step) in &found {
        let Err(error) = step else { continue };
        assert_eq!(*error.kind(), ErrorKind::Interrupted, "{error}");
        assert!(error.help().is_some());
        assert!(is_refused(path));
        assert_eq!(*filebacked::file::repack(path).unwrap_err().kind(), ErrorKind::Interrupted);
        assert_eq!(
            *filebacked::file::update_atomic(path, |_| Ok(())).unwrap_err().kind(),
            ErrorKind::Interrupted
        );
        // What was not finished is not listed; what is readable is read.
        if let Ok(names) = File::recover(path).and_then(|file| file.names()) {
            assert!(names.iter().all(|name| !name.starts_with(".filebacked")), "{names:?}");
            recovered += usize::from(names.len() == 7);
        }
        let found: filebacked::Result<Saved> = ReadOptions::new().interrupted(true).load(path);
        loaded += usize::from(found.is_ok());
    }
    assert!(recovered > 0 && loaded > 0, "{recovered} opened, {loaded} loaded");
    let Some(python) = python() else { return };
    for (path, _scene, _) in found.iter().filter(|(.., step)| step.is_ok()) {
        assert_eq!(
            python.eval(path, "sorted(f.attrs)"),
            serde_json::json!(["filebacked", "filebacked_format"])
        );
    }
}

#[test]
fn a_kill_in_a_new_file_without_a_journal_is_noticed() {
    let found = after_kills("create-marked");
    assert_eq!(course(&found), [1, 0, 2, 0, 3]);
    let mut kinds: Vec<String> = Vec::new();
    for (_, _, step) in &found {
        if let Err(error) = step {
            kinds.push(format!("{:?}", error.kind()));
        }
    }
    kinds.dedup();
    assert!(kinds.iter().all(|kind| kind == "NotHdf5" || kind == "Interrupted"), "{kinds:?}");
}

#[test]
fn a_kill_in_an_append_without_a_journal_is_noticed() {
    let found = after_kills("append-marked");
    assert_eq!(course(&found), [1, 0, 1, 0, 2, 0, 3], "{} points", found.len());
    for error in found.iter().filter_map(|(.., step)| step.as_ref().err()) {
        assert_eq!(*error.kind(), ErrorKind::Interrupted, "{error}");
    }
}

#[test]
fn a_kill_in_the_flush_of_a_map_without_a_journal_is_noticed() {
    let found = after_kills("map-marked");
    // Closing gives back space at the end of the file, which is a change.
    let closing = found.iter().rposition(|(.., step)| step.is_ok()).map_or(0, |last| last + 1);
    let (before, after) = found.split_at(closing);
    assert_eq!(course(before), [1, 0, 1, 0, 2, 0, 3], "{} points", found.len());
    for error in before.iter().filter_map(|(.., step)| step.as_ref().err()) {
        assert_eq!(*error.kind(), ErrorKind::Interrupted, "{error}");
    }
    for (.., step) in after {
        let error = step.as_ref().unwrap_err();
        let is_shorter =
            matches!(error.kind(), ErrorKind::Damaged(what) if what.starts_with("truncated"));
        assert!(is_shorter || *error.kind() == ErrorKind::Interrupted, "{error}");
    }
}

#[test]
fn a_killed_repack_leaves_the_file_as_it_was() {
    let found = after_kills("repack");
    assert!(found.len() > 5);
    assert_eq!(course(&found), [1]);
    for (path, scene, _) in found {
        filebacked::file::repack(&path).unwrap();
        assert_eq!(scene.names().len(), 1, "what is left behind goes with the next");
    }
}
