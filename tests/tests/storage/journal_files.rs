//! The journal on real files: names, locks, other programs, forks.

use filebacked_storage::ErrorKind;
use filebacked_storage::journal::{JournalOptions, JournaledFile, Locks, log_path};
use filebacked_storage::store::{ReadAt, Store, put};
use filebacked_tests::journal::{Image, Random};
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const IMAGE: Image = Image { version: 3, userblock: 0 };

fn options() -> JournalOptions {
    JournalOptions { lock_timeout: Duration::from_millis(20), ..JournalOptions::default() }
}

fn scene() -> (TempDir, PathBuf, Vec<u8>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.h5");
    let mut bytes = Random(1).bytes(50_000);
    bytes[..96].copy_from_slice(&IMAGE.superblock(50_000));
    fs::write(&path, &bytes).unwrap();
    (directory, path, bytes)
}

fn change(journal: &JournaledFile, bytes: &mut [u8], value: u8) {
    put(journal, 10_000, &[value; 5000]).unwrap();
    bytes[10_000..15_000].fill(value);
}

/// Locks a file as another process does: a descriptor of its own has its own lock.
fn locked(path: &Path, how: i32) -> File {
    let file = File::open(path).unwrap();
    // SAFETY: the descriptor is open.
    assert_eq!(unsafe { libc::flock(file.as_raw_fd(), how | libc::LOCK_NB) }, 0);
    file
}

fn can_lock(path: &Path, how: i32) -> bool {
    let file = File::open(path).unwrap();
    // SAFETY: the descriptor is open.
    unsafe { libc::flock(file.as_raw_fd(), how | libc::LOCK_NB) == 0 }
}

#[test]
fn a_commit_changes_the_file_and_a_close_removes_the_journal() {
    let (_directory, path, mut bytes) = scene();
    let log = log_path(&fs::canonicalize(&path).unwrap());
    let journal = JournaledFile::open(&path, options()).unwrap();
    assert!(log.exists());
    change(&journal, &mut bytes, 1);
    assert_ne!(fs::read(&path).unwrap(), bytes);
    journal.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    put(&*journal, 20_000, &[9; 9]).unwrap();
    journal.close().unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert!(!log.exists());
    assert_eq!(put(&*journal, 0, &[1]).unwrap_err().kind(), std::io::ErrorKind::Other);
    // A journal that is dropped does the same.
    let journal = JournaledFile::open(&path, options()).unwrap();
    put(&*journal, 20_000, &[9; 9]).unwrap();
    put(&*journal, 50_000, &[9; 9]).unwrap();
    drop(journal);
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert!(!log.exists());
}

#[test]
fn readers_may_read_while_a_transaction_is_open_and_writers_may_not_write() {
    let (_directory, path, mut bytes) = scene();
    let journal = JournaledFile::open(&path, options()).unwrap();
    change(&journal, &mut bytes, 1);
    assert!(can_lock(&path, libc::LOCK_SH));
    assert!(!can_lock(&path, libc::LOCK_EX));
    let reader = locked(&path, libc::LOCK_SH);
    assert_eq!(journal.commit().unwrap_err().kind(), &ErrorKind::Locked);
    assert!(can_lock(&path, libc::LOCK_SH));
    drop(reader);
    journal.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert!(can_lock(&path, libc::LOCK_SH) && !can_lock(&path, libc::LOCK_EX));
    journal.close().unwrap();
    assert!(can_lock(&path, libc::LOCK_EX));
}

#[test]
fn a_file_that_another_program_writes_is_not_opened() {
    let (_directory, path, _) = scene();
    let writer = locked(&path, libc::LOCK_EX);
    let error = JournaledFile::open(&path, options()).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Locked);
    let unlocked = JournalOptions { locks: Locks::Off, ..options() };
    JournaledFile::open(&path, unlocked).unwrap().close().unwrap();
    drop(writer);
    // The writer of a journal holds its log.
    let log = log_path(&fs::canonicalize(&path).unwrap());
    fs::write(&log, b"").unwrap();
    let writer = locked(&log, libc::LOCK_EX);
    let error = JournaledFile::open(&path, options()).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Locked);
    drop(writer);
    JournaledFile::open(&path, options()).unwrap().close().unwrap();
}

#[test]
fn all_names_of_a_file_have_one_journal() {
    let (directory, path, _) = scene();
    let (hard, soft) = (directory.path().join("hard.h5"), directory.path().join("soft.h5"));
    fs::hard_link(&path, &hard).unwrap();
    std::os::unix::fs::symlink(&path, &soft).unwrap();
    let journal = JournaledFile::open(&path, options()).unwrap();
    for other in [&hard, &soft, &path] {
        assert!(Arc::ptr_eq(&journal, &JournaledFile::open(other, options()).unwrap()));
    }
    journal.close().unwrap();
    let again = JournaledFile::open(&soft, options()).unwrap();
    assert!(!Arc::ptr_eq(&journal, &again));
    // The journal lies beside the file, not beside the link.
    assert!(log_path(&fs::canonicalize(&path).unwrap()).exists());
    assert!(!log_path(&soft).exists());
}

#[test]
fn a_file_that_loses_its_name_is_not_committed() {
    let (directory, path, mut bytes) = scene();
    let journal = JournaledFile::open(&path, options()).unwrap();
    let before = bytes.clone();
    change(&journal, &mut bytes, 1);
    let old = directory.path().join("old.h5");
    fs::rename(&path, &old).unwrap();
    fs::write(&path, b"another").unwrap();
    assert_eq!(journal.commit().unwrap_err().kind(), &ErrorKind::Changed);
    assert_eq!(fs::read(&old).unwrap(), before);
    assert_eq!(fs::read(&path).unwrap(), b"another");
}

#[test]
fn a_directory_that_cannot_have_a_journal_is_an_error_with_help() {
    use std::os::unix::fs::PermissionsExt;
    let (directory, path, _) = scene();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let opened = JournaledFile::open(&path, options());
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    // The superuser may write everywhere.
    if let Err(error) = opened {
        assert!(error.help().unwrap().contains("Journal::Off"), "{error:#}");
    }
}

#[test]
fn a_journal_of_a_killed_process_is_taken_over() {
    let (_directory, path, mut bytes) = scene();
    let before = bytes.clone();
    let log = log_path(&fs::canonicalize(&path).unwrap());
    let small = JournalOptions { memory: 0, ..options() };
    let journal = JournaledFile::open(&path, small).unwrap();
    change(&journal, &mut bytes, 1);
    put(&*journal, 50_000, &[7; 500]).unwrap();
    let (data, logged) = (fs::read(&path).unwrap(), fs::read(&log).unwrap());
    assert!(data.len() == 50_500 && logged.len() > 4096);
    drop(journal);
    // As the process left them.
    fs::write(&path, data).unwrap();
    fs::write(&log, logged).unwrap();
    let journal = JournaledFile::open(&path, small).unwrap();
    assert_eq!(journal.size().unwrap(), 50_000);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_child_of_a_fork_cannot_write() {
    let (_directory, path, bytes) = scene();
    let journal = JournaledFile::open(&path, options()).unwrap();
    // SAFETY: the child makes no call but those of the journal, which allocate little, and ends
    // without running anything else.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let refused = journal.write_at(10_000, &[1; 10]).is_err()
            && journal.commit().is_err()
            && journal.close().is_err();
        // SAFETY: ends the child.
        unsafe { libc::_exit(if refused { 7 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: the child is that of this process; the status is writable.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(libc::WEXITSTATUS(status), 7);
    journal.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
}
