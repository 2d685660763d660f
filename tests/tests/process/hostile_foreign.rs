//! Damaged files of every origin: our own decoder neither panics nor hangs, nor takes memory that
//! the file does not justify; with the C library, which promises less, this library does not panic
//! either.

#![cfg(unix)]

use filebacked::ErrorKind;
use filebacked_tests::hostile::{Corpus, Reader, Trial, Verdict};
use filebacked_tests::{python, scratch};
use std::collections::BTreeMap;
use std::ffi::OsStr;

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// What looking at a file may take: so many bytes for each of its own, and these for what does not
/// depend on it (blocks of metadata that are kept, copies of what several links lead to).
const EACH: usize = 64;
const FEW: usize = 4 << 20;

/// What all verdicts come to.
#[derive(Debug, Default)]
struct Summary {
    mutants: usize,
    /// Of all ways in which mutants were looked at, those that gave something.
    read: usize,
    refused: usize,
    panics: Vec<String>,
    /// The signals that ended the process, and ends that did not come.
    crashes: BTreeMap<String, usize>,
    /// The most memory that looking at one took.
    most: usize,
    /// Those that took too much.
    costly: Vec<String>,
}

fn rounds(usual: usize, share: usize) -> usize {
    std::env::var("FILEBACKED_MUTANTS")
        .ok()
        .and_then(|n| n.parse::<usize>().ok())
        .map_or(usual, |n| n / share)
}

/// Looks at so many mutants, behind the files as they are.
fn run(reader: Reader, mutants: usize) -> Summary {
    let folder = tempfile::tempdir().unwrap();
    Corpus::write(folder.path());
    let corpus = Corpus::of(folder.path());
    let whole = corpus.originals().len();
    let mut summary = Summary { mutants, ..Summary::default() };
    let mut crashed = |number: usize, how: String| {
        println!("mutant {number}, of {}: {how}", corpus.original(number).name);
        assert!(number >= whole, "a file that is not damaged: {}", corpus.original(number).name);
        *summary.crashes.entry(how).or_default() += 1;
    };
    let trial = Trial { actor: OsStr::new(ACTOR), folder: folder.path(), reader };
    trial.run(0..whole + mutants, |number, verdict| {
        let original = corpus.original(number);
        match verdict {
            Verdict::Done { read, refused, peak } => {
                assert!(
                    read > 0 || number >= whole || reader == Reader::Native,
                    "{}",
                    original.name
                );
                summary.read += read;
                summary.refused += refused;
                summary.most = summary.most.max(peak);
                if peak > original.bytes.len() * EACH + FEW {
                    summary
                        .costly
                        .push(format!("mutant {number}, of {}: {peak} bytes", original.name));
                }
            }
            Verdict::Panicked(how) => {
                summary.panics.push(format!("mutant {number}, of {}: {how}", original.name))
            }
            Verdict::Crashed(how) => crashed(number, how),
            Verdict::Hung => crashed(number, "no end".into()),
        }
    });
    println!("{reader:?}: {summary:#?}");
    assert!(summary.panics.is_empty(), "{summary:#?}");
    summary
}

#[test]
fn our_own_decoder_refuses_or_reads() {
    let summary = run(Reader::Native, rounds(200, 1));
    assert!(summary.crashes.is_empty() && summary.costly.is_empty(), "{summary:#?}");
    assert!(
        summary.read > 10 * summary.mutants && summary.refused > 10 * summary.mutants,
        "{summary:#?}"
    );
}

/// What the C library does is counted, and not promised: see docs/RELIABILITY.md.
#[test]
fn this_library_does_not_panic_whatever_the_c_library_does() {
    let summary = run(Reader::Usual, rounds(40, 20));
    assert!(summary.read > 20 * summary.mutants, "{summary:#?}");
    let crashes: usize = summary.crashes.values().sum();
    assert!(crashes <= 2 + summary.mutants / 20, "{summary:#?}");
}

#[test]
fn what_a_dataset_claims_does_not_keep_verify_busy() {
    let (_dir, path) = scratch("claim.h5");
    let Some(python) = python() else { return };
    python.create(
        &path,
        "f.create_dataset('x', (1 << 30, 1 << 20), 'u1', chunks=(16, 16))[5, 5] = 1",
    );
    let error = filebacked::inspect::verify(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit(_)), "{error}");
    assert!(error.to_string().contains("of which the file has 256"), "{error}");
    // What was never written is read where that takes no long time.
    python.create(&path, "f.create_dataset('x', (1 << 10, 1 << 16), 'u1', chunks=(64, 1 << 16))");
    assert_eq!(filebacked::inspect::verify(&path).unwrap().bytes, 1 << 26);
}
