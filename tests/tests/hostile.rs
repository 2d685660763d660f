//! The native decoder believes nothing: damaged files give errors or other values, never a panic or an endless loop.

use filebacked::anndata::{AnnData, Matrix, Uns};
use filebacked::with::Categorical;
use filebacked::{Engine, FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::mutants::{record, repair, state};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.next(3) {
        let at = numbers.next(bytes.len());
        match numbers.next(6) {
            0 => bytes[at] ^= 1 << numbers.next(8),
            1 => bytes[at] = numbers.next(256) as u8,
            2 => bytes[at] = 0xff,
            3 => bytes.truncate(at.max(1)),
            4 => {
                let from = numbers.next(bytes.len());
                let len = numbers.next(64).min(bytes.len() - at).min(bytes.len() - from);
                bytes.copy_within(from..from + len, at);
            }
            _ => {
                let end = (at + 8).min(bytes.len());
                bytes[at..end].fill(0xff);
            }
        }
    }
}

#[test]
fn the_checksum_is_that_of_the_library() {
    let bytes = filebacked::to_bytes(&state()).unwrap();
    let mut repaired = bytes.clone();
    repair(&mut repaired);
    assert!(repaired == bytes);
}

/// Loads mutants of a file, of which some are to be refused, and none may panic.
#[track_caller]
fn survive<T: FileBacked>(value: &T, rounds: usize) {
    let original = WriteOptions::new().engine(Engine::Native).to_bytes(value).unwrap();
    let (mut numbers, mut refused) = (Numbers(0x9e37_79b9_7f4a_7c15), 0);
    for round in 0..rounds {
        let mut bytes = original.clone();
        mutate(&mut bytes, &mut numbers);
        repair(&mut bytes);
        let options = ReadOptions::new().engine(Engine::Native);
        let read = catch_unwind(AssertUnwindSafe(|| options.from_bytes::<T>(&bytes).map(drop)));
        match read {
            Ok(Ok(())) => {}
            Ok(Err(_)) => refused += 1,
            Err(_) => {
                let path = std::env::temp_dir().join(format!("filebacked-mutant-{round}.h5"));
                std::fs::write(&path, &bytes).unwrap();
                panic!("mutant {round} makes the decoder panic: {}", path.display());
            }
        }
    }
    assert!(refused > rounds / 4, "mutants that are refused: {refused} of {rounds}");
}

fn rounds(usual: usize) -> usize {
    std::env::var("FILEBACKED_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

#[test]
fn mutants_are_refused_or_read() {
    survive(&state(), rounds(4_000));
}

#[test]
fn mutants_of_annotated_matrices_are_refused_or_read() {
    #[derive(FileBacked)]
    struct Row {
        id: String,
        kind: Option<Kind>,
        #[filebacked(with = Categorical)]
        label: String,
        score: Option<f64>,
        count: Option<u8>,
    }
    #[derive(FileBacked)]
    enum Kind {
        A,
        B,
    }
    let row = |i: u8| Row {
        id: i.to_string(),
        kind: [Some(Kind::A), Some(Kind::B), None].into_iter().nth(usize::from(i) % 3).flatten(),
        label: "ab".repeat(usize::from(i) % 4),
        score: (i > 1).then_some(0.5),
        count: (i < 3).then_some(i),
    };
    let data: AnnData<Row, Row> = AnnData {
        x: Some(Matrix::Sparse(sprs::CsMat::eye(5))),
        obs: (0..5).map(row).collect(),
        var: (0..5).map(row).collect(),
        uns: [("a".to_string(), Uns::Text("b".into())), ("n".to_string(), Uns::Dict([].into()))].into(),
        ..AnnData::default()
    };
    survive(&data, rounds(2_000));
}

/// The seeds that fuzzing starts from are files of this version; `FILEBACKED_UPDATE_SEEDS=1` writes them anew.
#[test]
fn the_seeds_of_fuzzing_are_files_of_today() {
    let native = WriteOptions::new().engine(Engine::Native);
    let texts = vec![Some("a".to_string()), None, Some("b".repeat(200))];
    let seeds = [
        ("state", native.to_bytes(&state()).unwrap()),
        ("tables", native.to_bytes(&(0..3).map(record).collect::<Vec<_>>()).unwrap()),
        ("texts", native.to_bytes(&texts).unwrap()),
        ("empty", native.to_bytes(&Vec::<Option<String>>::new()).unwrap()),
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/decode");
    for (name, bytes) in seeds {
        let path = folder.join(format!("{name}.h5"));
        if std::env::var_os("FILEBACKED_UPDATE_SEEDS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == bytes, "{name}.h5 differs from what is written today");
    }
}
