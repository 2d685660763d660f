//! Damaged files of every origin: our own decoder neither panics nor hangs, nor takes memory that the file does not justify;
//! with the C library, which promises less, this library does not panic either.

use filebacked_tests::hostile::{Corpus, Reader, Trial, Verdict};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// What all verdicts of a run come to.
#[derive(Debug, Default)]
struct Summary {
    tried: usize,
    /// Of all ways in which a mutant was looked at, those that gave something.
    read: usize,
    refused: usize,
    /// Those that nothing goes well with.
    failed: Vec<String>,
    /// What ended the process, or did not end.
    crashed: BTreeMap<String, usize>,
    /// The most bytes that were allocated for a byte of the file, and in which mutant.
    most: (f64, usize),
}

fn rounds(usual: usize) -> usize {
    std::env::var("FILEBACKED_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// Looks at so many mutants, the whole files before them included.
fn run(folder: &Path, reader: Reader, mutants: usize) -> Summary {
    let corpus = Corpus::of(folder);
    let mut summary = Summary::default();
    let trial = Trial { actor: OsStr::new(ACTOR), folder, reader };
    trial.run(0..corpus.originals().len() + mutants, |number, verdict| {
        summary.tried += 1;
        let name = &corpus.original(number).name;
        match verdict {
            Verdict::Done { read, refused, peak } => {
                summary.read += read;
                summary.refused += refused;
                let each = peak as f64 / corpus.original(number).bytes.len() as f64;
                if each > summary.most.0 {
                    summary.most = (each, number);
                }
            }
            Verdict::Panicked(message) => summary.failed.push(format!("{number}, {name}: {message}")),
            Verdict::Crashed(said) => {
                *summary.crashed.entry(format!("{name}: {said}")).or_default() += 1;
                println!("{number}, {name}: {said}");
            }
            Verdict::Hung => {
                *summary.crashed.entry(format!("{name}: no end")).or_default() += 1;
                println!("{number}, {name}: no end");
            }
        }
    });
    println!("{reader:?}: {summary:#?}");
    summary
}

#[test]
fn our_own_decoder_refuses_or_reads() {
    let folder = tempfile::tempdir().unwrap();
    Corpus::write(folder.path());
    let summary = run(folder.path(), Reader::Native, rounds(1_000));
    assert!(summary.failed.is_empty() && summary.crashed.is_empty(), "{summary:#?}");
}

#[test]
fn this_library_does_not_panic_whatever_the_c_library_reads() {
    let folder = tempfile::tempdir().unwrap();
    Corpus::write(folder.path());
    let summary = run(folder.path(), Reader::Usual, rounds(500));
    assert!(summary.failed.is_empty(), "{summary:#?}");
}
