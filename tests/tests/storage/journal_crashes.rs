//! Kills and power cuts at every change of the two files of a journal, on a simulated disk: other
//! programs see a commit or refuse the file, and recovery gives a commit, the newest whose `commit`
//! has returned, or the one that was under way.

use filebacked_storage::ErrorKind;
use filebacked_storage::journal::{Files, JournalOptions, JournaledFile, Part, Recovered, recover};
use filebacked_storage::store::{Store, put};
use filebacked_tests::journal::{Fault, Image, Op, Pair, Random, Snapshot};
use std::cell::RefCell;

const IMAGES: [Image; 4] = [
    Image { version: 0, userblock: 0 },
    Image { version: 0, userblock: 1024 },
    Image { version: 3, userblock: 0 },
    Image { version: 3, userblock: 512 },
];

/// A file, its changes, and its commits.
struct Story {
    image: Image,
    pair: Pair,
    /// The file at the beginning, and after each commit.
    commits: Vec<Vec<u8>>,
    /// Files of interrupted recoveries that were found good: most recoveries have the same ones.
    good: RefCell<Vec<(Snapshot, Vec<Vec<u8>>)>>,
}

/// So many interrupted recoveries are remembered.
const REMEMBERED: usize = 400;

/// Transactions that append, overwrite, shrink and grow.
fn story(image: Image, memory: usize, fault: Fault) -> Story {
    let mut random = Random(u64::from(image.version) + image.userblock + memory as u64);
    let mut model = random.bytes(30_000);
    model[..image.userblock as usize].fill(0);
    place(&mut model, image.userblock, &image.superblock(30_000));
    let pair = Pair::new(Snapshot { data: model.clone(), log: Vec::new() });
    let options = JournalOptions { memory, ..JournalOptions::default() };
    let journal = JournaledFile::over(Box::new(pair.clone()), options).unwrap();
    let mut commits = vec![model.clone()];
    pair.fail(fault);
    for n in 0..5 {
        for _ in 0..6 {
            let at = image.userblock + 96 + random.below(model.len() as u64 - 2000);
            let len = random.below(2500) as usize;
            let bytes = random.bytes(len);
            put(&journal, at, &bytes).unwrap();
            place(&mut model, at, &bytes);
        }
        let size = if n % 2 == 0 { model.len() + 3000 } else { model.len() - 4000 };
        journal.set_size(size as u64).unwrap();
        model.resize(size, 0);
        let superblock = image.superblock(size as u64);
        put(&journal, image.userblock, &superblock).unwrap();
        place(&mut model, image.userblock, &superblock);
        pair.note("begin");
        commits.push(model.clone());
        journal.commit().unwrap();
        pair.note("end");
    }
    journal.close().unwrap();
    Story { image, pair, commits, good: RefCell::default() }
}

fn place(file: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let (from, to) = (at as usize, at as usize + bytes.len());
    if !bytes.is_empty() {
        file.resize(file.len().max(to), 0);
        file[from..to].copy_from_slice(bytes);
    }
}

impl Story {
    /// The commits that may be found after so many changes: the last that has returned, and the one
    /// that is under way.
    fn allowed(&self, ops: &[Op]) -> &[Vec<u8>] {
        let count = |what| ops.iter().filter(|op| **op == Op::Note(what)).count();
        &self.commits[count("end")..=count("begin")]
    }

    /// Checks what others see, and the result of a recovery.
    fn check(&self, found: &Snapshot, allowed: &[Vec<u8>]) -> Result<(), String> {
        if let Some(content) = self.image.content(&found.data)
            && !allowed.contains(&content)
        {
            return Err("others see a mix".into());
        }
        let pair = Pair::new(found.clone());
        recover(&mut pair.clone()).map_err(|error| error.to_string())?;
        self.is_commit(&pair.now(), allowed)?;
        // Killed at any change of the recovery itself.
        for ops in 0..pair.ops().len() {
            for torn in [0, 9, 13, 16, 50] {
                self.recovers(&pair.killed(ops, torn), allowed)?;
            }
        }
        Ok(())
    }

    /// Checks that a second recovery completes an interrupted one.
    fn recovers(&self, found: &Snapshot, allowed: &[Vec<u8>]) -> Result<(), String> {
        let mut good = self.good.borrow_mut();
        if good.iter().any(|(known, commits)| known == found && commits == allowed) {
            return Ok(());
        }
        let again = Pair::new(found.clone());
        recover(&mut again.clone()).map_err(|error| format!("again: {error}"))?;
        self.is_commit(&again.now(), allowed)?;
        if good.len() == REMEMBERED {
            good.clear();
        }
        good.push((found.clone(), allowed.to_vec()));
        Ok(())
    }

    fn is_commit(&self, files: &Snapshot, allowed: &[Vec<u8>]) -> Result<(), String> {
        match self.image.content(&files.data) {
            Some(content) if allowed.contains(&content) => Ok(()),
            Some(_) => Err("not a commit".into()),
            None => Err("not readable".into()),
        }
    }
}

/// Where a change is cut short: everywhere near the superblock, at some places otherwise.
fn cuts(op: Option<&Op>) -> Vec<usize> {
    match op {
        Some(Op::Write(Part::Data, _, bytes)) if bytes.len() <= 96 => (0..=bytes.len()).collect(),
        Some(Op::Write(_, _, bytes)) => {
            vec![0, 1, 13, bytes.len() / 2, 400, bytes.len().saturating_sub(1)]
        }
        _ => vec![0],
    }
}

#[test]
fn a_kill_at_any_call_leaves_a_commit() {
    let mut points = 0;
    for image in IMAGES {
        for memory in [0, 4 << 20] {
            let story = story(image, memory, Fault::None);
            let ops = story.pair.ops();
            for at in 0..=ops.len() {
                for torn in cuts(ops.get(at)) {
                    let found = story.pair.killed(at, torn);
                    let checked = story.check(&found, story.allowed(&ops[..at]));
                    assert_eq!(checked, Ok(()), "{image:?}, change {at}, {torn} bytes");
                    points += 1;
                }
            }
        }
    }
    assert!(points > 2000, "only {points} points");
}

#[test]
fn a_power_cut_at_any_call_leaves_a_commit() {
    assert_eq!(power_cuts(Fault::None, 8), 0);
}

#[test]
fn the_power_cuts_find_a_flush_that_is_missing() {
    // New bytes or the kept log, the log, the marker, the pages.
    for flush in 1..=4 {
        assert!(power_cuts(Fault::Skip(flush), 8) > 0, "flush {flush} is not needed");
    }
}

/// How many power cuts leave something other than a commit.
fn power_cuts(fault: Fault, states: usize) -> usize {
    let mut failures = 0;
    for image in IMAGES {
        for memory in [0, 4 << 20] {
            let story = story(image, memory, fault);
            let ops = story.pair.ops();
            let mut random = Random(memory as u64 + 3);
            for at in 0..=ops.len() {
                for _ in 0..states {
                    let found = story.pair.without_power(at, &mut random);
                    let checked = story.check(&found, story.allowed(&ops[..at]));
                    if let Err(why) = checked {
                        assert!(fault != Fault::None, "{image:?}, change {at}: {why}");
                        failures += 1;
                    }
                }
            }
        }
    }
    failures
}

/// The files of a story in the middle of the apply of a commit.
fn interrupted(story: &Story) -> Snapshot {
    let ops = story.pair.ops();
    let begin = ops.iter().rposition(|op| *op == Op::Note("begin")).unwrap();
    let is_marker =
        |op: &Op| matches!(op, Op::Write(Part::Data, _, bytes) if bytes.get(8) == Some(&0xFF));
    let marker = begin + ops[begin..].iter().position(is_marker).unwrap();
    story.pair.killed(marker + 1, 0)
}

#[test]
fn a_marker_without_its_journal_is_refused_and_nothing_changes() {
    let story = story(IMAGES[0], 4 << 20, Fault::None);
    let found = interrupted(&story);
    let other = story_log();
    for log in [Vec::new(), other, vec![0; 5000], found.log[..3000].to_vec()] {
        let pair = Pair::new(Snapshot { log, ..found.clone() });
        let error = recover(&mut pair.clone()).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Interrupted);
        assert!(error.help().unwrap().contains("state.h5-journal"), "{error:#}");
        assert_eq!(pair.ops(), []);
    }
}

/// The log of another file.
fn story_log() -> Vec<u8> {
    interrupted(&story(IMAGES[2], 4 << 20, Fault::None)).log
}

#[test]
fn a_damaged_journal_is_not_replayed() {
    let story = story(IMAGES[2], 4 << 20, Fault::None);
    let found = interrupted(&story);
    let mut random = Random(1);
    let last = story.commits.last().unwrap();
    for _ in 0..500 {
        let mut log = found.log.clone();
        let at = random.below(log.len() as u64) as usize;
        log[at] ^= 1 << random.below(8);
        let pair = Pair::new(Snapshot { log, data: found.data.clone() });
        match recover(&mut pair.clone()) {
            // An unused byte.
            Ok(done) => {
                assert_eq!(done, Recovered::Replayed);
                assert_eq!(story.image.content(&pair.now().data).as_ref(), Some(last));
            }
            Err(error) => {
                assert_eq!(error.kind(), &ErrorKind::Interrupted);
                assert_eq!(pair.ops(), [], "something was changed");
            }
        }
    }
}

#[test]
fn a_journal_beside_another_file_is_kept_for_its_own() {
    let story = story(IMAGES[0], 4 << 20, Fault::None);
    let found = interrupted(&story);
    // Another file with a tail that no journal may cut.
    let mut other = Random(3).bytes(20_000);
    place(&mut other, 0, &IMAGES[0].superblock(15_000));
    let pair = Pair::new(Snapshot { data: other.clone(), log: found.log.clone() });
    pair.set_identity((1, 8));
    assert_eq!(recover(&mut pair.clone()).unwrap_err().kind(), &ErrorKind::Interrupted);
    assert_eq!(pair.now(), Snapshot { data: other, log: found.log });
}

#[test]
fn files_that_are_copied_together_are_recovered_together() {
    let story = story(IMAGES[2], 4 << 20, Fault::None);
    let ops = story.pair.ops();
    for at in 0..=ops.len() {
        let pair = Pair::new(story.pair.killed(at, 0));
        pair.set_identity((2, 9));
        // A log without a commit does not say whose it is by the file's content.
        let is_open = at < ops.iter().position(|op| *op == Op::Note("begin")).unwrap();
        if recover(&mut pair.clone()).is_err() {
            assert!(is_open, "change {at}");
            continue;
        }
        let content = story.image.content(&pair.now().data).unwrap();
        assert!(story.allowed(&ops[..at]).contains(&content), "change {at}");
    }
}

#[test]
fn a_commit_that_cannot_be_applied_is_read_and_applied_later() {
    let image = IMAGES[0];
    let mut random = Random(4);
    let mut model = random.bytes(40_000);
    place(&mut model, 0, &image.superblock(40_000));
    let pair = Pair::new(Snapshot { data: model.clone(), log: Vec::new() });
    let options = JournalOptions::default();
    let journal = JournaledFile::over(Box::new(pair.clone()), options).unwrap();
    put(&journal, 9000, &[5; 20_000]).unwrap();
    place(&mut model, 9000, &[5; 20_000]);
    // The log is one write and two flushes; then comes the marker, its flush, and the pages.
    pair.fail(Fault::Always(5, 28));
    assert_eq!(journal.commit().unwrap_err().kind(), &ErrorKind::CommittedPending);
    assert_eq!(journal.commit().unwrap_err().kind(), &ErrorKind::CommittedPending);
    assert_eq!(journal.close().unwrap_err().kind(), &ErrorKind::CommittedPending);
    assert!(pair.size(Part::Log).unwrap() > 0);
    pair.fail(Fault::None);
    journal.commit().unwrap();
    assert_eq!(pair.now().data, model);
    journal.close().unwrap();
    assert_eq!(pair.size(Part::Log).unwrap(), 0);
}
