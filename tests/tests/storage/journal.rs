//! The journal alone: what is read is what was written, a commit is the new file, and a rollback
//! the old one, byte for byte.

use filebacked_storage::ErrorKind;
use filebacked_storage::journal::{JournalOptions, JournaledFile};
use filebacked_storage::store::{ReadAt, Store, fill, put};
use filebacked_tests::journal::{Fault, Image, Pair, Random, Snapshot};

const ENOSPC: i32 = 28;
const EIO: i32 = 5;

const IMAGES: [Image; 3] = [
    Image { version: 0, userblock: 0 },
    Image { version: 3, userblock: 0 },
    Image { version: 3, userblock: 512 },
];

/// So little memory makes every transaction use its log.
fn options(memory: usize) -> JournalOptions {
    JournalOptions { memory, ..JournalOptions::default() }
}

/// A file with so many random bytes.
fn file(image: Image, len: u64, random: &mut Random) -> Vec<u8> {
    let mut bytes = random.bytes(len as usize);
    let at = image.userblock as usize;
    let superblock = image.superblock(len);
    bytes[..at].fill(0);
    bytes[at..at + superblock.len()].copy_from_slice(&superblock);
    bytes
}

fn open(bytes: &[u8], memory: usize) -> (Pair, JournaledFile) {
    let pair = Pair::new(Snapshot { data: bytes.to_vec(), log: Vec::new() });
    let journal = JournaledFile::over(Box::new(pair.clone()), options(memory)).unwrap();
    (pair, journal)
}

fn content(journal: &JournaledFile) -> Vec<u8> {
    let mut bytes = vec![0xAA; journal.size().unwrap() as usize];
    assert_eq!(fill(journal, 0, &mut bytes).unwrap(), bytes.len());
    bytes
}

/// A change, in the journal and in the model.
fn change(journal: &JournaledFile, model: &mut Vec<u8>, random: &mut Random, least: u64) {
    let end = model.len() as u64;
    match random.below(10) {
        0 => {
            let size = least + random.below(end + 20_000 - least);
            journal.set_size(size).unwrap();
            model.resize(size as usize, 0);
        }
        1 => write(journal, model, end + random.below(9000), &random.bytes(700)),
        2 => {
            let at = random.below(end / 4096 + 1) * 4096;
            let len = 4096 * (1 + random.below(6) as usize);
            write(journal, model, at.max(least), &random.bytes(len));
        }
        3 => {
            // The same bytes again.
            let at = least + random.below(end - least);
            let len = random.below(20_000).min(end - at) as usize;
            let same = model[at as usize..at as usize + len].to_vec();
            write(journal, model, at, &same);
        }
        _ => {
            let at = least + random.below(end - least + 100);
            let len = random.below(3000) as usize;
            write(journal, model, at, &random.bytes(len));
        }
    }
}

fn write(journal: &JournaledFile, model: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    put(journal, at, bytes).unwrap();
    let (from, to) = (at as usize, at as usize + bytes.len());
    if !bytes.is_empty() {
        model.resize(model.len().max(to), 0);
        model[from..to].copy_from_slice(bytes);
    }
}

/// Writes the superblock, as HDF5 does before a commit.
fn finish(journal: &JournaledFile, model: &mut Vec<u8>, image: Image) {
    let superblock = image.superblock(model.len() as u64);
    write(journal, model, image.userblock, &superblock);
}

#[test]
fn what_is_read_is_what_was_written_and_a_commit_is_the_file() {
    for (seed, image) in IMAGES.into_iter().enumerate() {
        for memory in [8 << 10, 4 << 20] {
            let mut random = Random(seed as u64 + memory as u64);
            let mut model = file(image, 60_000, &mut random);
            let (pair, journal) = open(&model, memory);
            let least = image.userblock + 96;
            for _ in 0..60 {
                let committed = model.clone();
                for _ in 0..random.below(12) {
                    change(&journal, &mut model, &mut random, least);
                    assert_eq!(content(&journal), model);
                    let before = pair.now().data;
                    assert_eq!(before[..committed.len()], committed, "the last commit has changed");
                }
                if random.below(4) == 0 {
                    journal.roll_back().unwrap();
                    model = committed;
                    assert_eq!(pair.now().data, model);
                } else {
                    finish(&journal, &mut model, image);
                    journal.commit().unwrap();
                    assert_eq!(pair.now().data, model);
                }
                assert!(journal.is_clean());
                assert_eq!(content(&journal), model);
            }
            journal.close().unwrap();
            assert_eq!(pair.now(), Snapshot { data: model, log: Vec::new() });
        }
    }
}

#[test]
fn large_writes_go_to_the_log_at_once_and_come_back() {
    let image = IMAGES[0];
    let mut random = Random(5);
    let mut model = file(image, 6 << 20, &mut random);
    let (pair, journal) = open(&model, 64 << 10);
    for at in [8192, 8192, 2 << 20, 1 << 20] {
        let bytes = random.bytes(3 << 20);
        write(&journal, &mut model, at, &bytes);
        write(&journal, &mut model, at + 5000, &[7; 9]);
        assert!(content(&journal) == model);
    }
    // 5 MiB were changed, some of them three times.
    assert!(pair.now().log.len() < 8 << 20, "{} bytes", pair.now().log.len());
    finish(&journal, &mut model, image);
    journal.commit().unwrap();
    assert!(pair.now().data == model);
}

#[test]
fn bytes_that_are_there_already_are_not_logged() {
    let image = IMAGES[0];
    let mut random = Random(6);
    let mut model = file(image, 4 << 20, &mut random);
    let (pair, journal) = open(&model, 4 << 20);
    let mut same = model[8192..8192 + (800 << 10)].to_vec();
    same[100_000] ^= 1;
    write(&journal, &mut model, 8192, &same);
    finish(&journal, &mut model, image);
    journal.commit().unwrap();
    assert!(pair.now().data == model);
    // The head, the page of the superblock, and the page that differs.
    assert_eq!(pair.now().log.len(), 3 * 4096);
}

#[test]
fn a_shrunk_file_that_grows_again_has_zeros() {
    for memory in [0, 4 << 20] {
        let image = IMAGES[1];
        let mut random = Random(8);
        let mut model = file(image, 100_000, &mut random);
        let (pair, journal) = open(&model, memory);
        write(&journal, &mut model, 50_000, &random.bytes(3000));
        write(&journal, &mut model, 100_000, &random.bytes(30_000));
        for size in [110_000, 125_000, 20_001, 90_000, 99_999, 130_000] {
            journal.set_size(size).unwrap();
            model.resize(size as usize, 0);
            assert!(content(&journal) == model, "{size}");
        }
        finish(&journal, &mut model, image);
        journal.commit().unwrap();
        assert!(pair.now().data == model);
    }
}

#[test]
fn a_reader_delays_a_commit_and_nothing_is_lost() {
    let image = IMAGES[0];
    let mut random = Random(9);
    let mut model = file(image, 40_000, &mut random);
    let (pair, journal) = open(&model, 4 << 20);
    let committed = model.clone();
    pair.set_readers(true);
    write(&journal, &mut model, 20_000, &[1; 5000]);
    finish(&journal, &mut model, image);
    for _ in 0..3 {
        assert_eq!(journal.commit().unwrap_err().kind(), &ErrorKind::Locked);
        assert_eq!(pair.now().data, committed);
        write(&journal, &mut model, 30_000, &random.bytes(300));
        assert_eq!(content(&journal), model);
    }
    pair.set_readers(false);
    journal.commit().unwrap();
    assert_eq!(pair.now().data, model);
}

#[test]
fn a_file_that_another_program_has_changed_or_replaced_is_not_committed() {
    let image = IMAGES[0];
    let mut random = Random(10);
    let bytes = file(image, 40_000, &mut random);
    let (pair, journal) = open(&bytes, 4 << 20);
    put(&journal, 20_000, &[1; 5000]).unwrap();
    pair.meddle(|data| data.extend([9; 100]));
    assert_eq!(journal.commit().unwrap_err().kind(), &ErrorKind::Changed);
    assert_eq!(journal.commit().unwrap_err().kind(), &ErrorKind::Changed);
    journal.roll_back().unwrap();
    // The bytes of the other program stay.
    assert_eq!(pair.now().data.len(), 40_100);
    assert_eq!(content(&journal), pair.now().data);

    pair.set_named(false);
    put(&journal, 20_000, &[1; 5000]).unwrap();
    assert_eq!(journal.commit().unwrap_err().kind(), &ErrorKind::Changed);
    journal.roll_back().unwrap();
    assert_eq!(pair.now().data[..40_000], bytes);
}

#[test]
fn a_failed_call_is_an_error_and_a_rollback_gives_the_last_commit() {
    for fault in [Fault::Once as fn(usize, i32) -> Fault, Fault::Always] {
        for code in [ENOSPC, EIO] {
            for memory in [8 << 10, 4 << 20] {
                for at in 0.. {
                    if !fail_at(fault(at, code), memory) {
                        assert!(at > 5, "the fault was never met");
                        break;
                    }
                }
            }
        }
    }
}

/// A transaction in which a call fails. Returns whether it was met.
fn fail_at(fault: Fault, memory: usize) -> bool {
    let image = IMAGES[1];
    let mut random = Random(11);
    let mut model = file(image, 60_000, &mut random);
    let (pair, journal) = open(&model, memory);
    let committed = model.clone();
    pair.fail(fault);
    let mut is_met = false;
    for n in 0..12 {
        let at = 1000 + n * 5_500;
        let bytes = random.bytes(2000);
        let done = journal.write_at(at, &bytes);
        is_met |= done.is_err();
        // HDF5 goes on, and reads what it has written.
        let mut back = vec![0; bytes.len()];
        assert_eq!(fill(&journal, at, &mut back).unwrap(), back.len());
        assert_eq!(back, bytes, "{fault:?}");
        model.resize(model.len().max(at as usize + bytes.len()), 0);
        model[at as usize..at as usize + bytes.len()].copy_from_slice(&bytes);
    }
    let superblock = image.superblock(model.len() as u64);
    let done = journal.write_at(0, &superblock);
    is_met |= done.is_err();
    model[..superblock.len()].copy_from_slice(&superblock);
    let committing = journal.commit();
    pair.fail(Fault::None);
    match committing {
        Ok(()) => {
            assert!(!is_met, "{fault:?}: a lost write was committed");
            assert_eq!(pair.now().data, model);
            return false;
        }
        Err(error) if error.kind() == &ErrorKind::CommittedPending => {
            assert_eq!(content(&journal), model, "{fault:?}");
            assert!(journal.roll_back().is_err());
            // The process ends here, or goes on.
            let files = Pair::new(pair.now());
            let again = JournaledFile::over(Box::new(files.clone()), options(memory)).unwrap();
            let recovered = files.now().data;
            assert!(recovered == model || recovered == committed, "{fault:?}");
            drop(again);
            journal.commit().unwrap();
            assert_eq!(pair.now().data, model, "{fault:?}");
        }
        Err(_) => {
            let files = Pair::new(pair.now());
            JournaledFile::over(Box::new(files.clone()), options(memory)).unwrap();
            assert_eq!(image.content(&files.now().data).unwrap(), committed, "{fault:?}");
            journal.roll_back().unwrap();
            assert_eq!(pair.now().data, committed, "{fault:?}");
            assert_eq!(content(&journal), committed);
            let mut model = committed;
            write(&journal, &mut model, 5000, &[3; 70_000]);
            finish(&journal, &mut model, image);
            journal.commit().unwrap();
            assert_eq!(pair.now().data, model, "{fault:?}");
        }
    }
    true
}

#[test]
fn short_and_interrupted_calls_are_repeated() {
    let image = IMAGES[0];
    let mut random = Random(12);
    let mut model = file(image, 60_000, &mut random);
    let (pair, journal) = open(&model, 8 << 10);
    pair.fail(Fault::Short);
    for n in 0..20 {
        write(&journal, &mut model, 500 + n * 4000, &random.bytes(1500));
    }
    finish(&journal, &mut model, image);
    journal.commit().unwrap();
    assert_eq!(pair.now().data, model);
}

#[test]
fn a_new_file_is_committed_as_it_is() {
    let image = IMAGES[1];
    let (pair, journal) = open(&[], 4 << 20);
    let mut model = Vec::new();
    write(&journal, &mut model, 0, &[1; 9000]);
    finish(&journal, &mut model, image);
    journal.commit().unwrap();
    assert_eq!(pair.now().data, model);
    let committed = model.clone();
    write(&journal, &mut model, 4000, &[2; 9000]);
    assert_eq!(pair.now().data[..committed.len()], committed);
    journal.roll_back().unwrap();
    assert_eq!(pair.now().data, committed);
}
