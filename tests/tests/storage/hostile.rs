//! The native decoder believes nothing: damaged files give errors or other values, never a panic or
//! an endless loop.

use filebacked::anndata::{AnnData, Matrix, Uns};
use filebacked::engine::Engine;
use filebacked::with::Categorical;
use filebacked::{ErrorKind, FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::mutants::{
    Damage, Flats, Numbers, SIGNATURES, State, flat, links, record, repair, state,
};
use filebacked_tests::scratch;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many of so many mutants are refused. None may panic, in memory or, where `disk` says so, on
/// the disk.
fn refused<T: FileBacked>(
    original: &[u8],
    rounds: usize,
    places: &[std::ops::Range<usize>],
    disk: bool,
) -> usize {
    let (_dir, path) = scratch("mutant.h5");
    let (mut numbers, mut refused) = (Numbers::new(0), 0);
    let damage = Damage { places, truncates: places.len() == 1, donor: original, starts: &[] };
    let options = ReadOptions::new().engine(Engine::Native);
    for round in 0..rounds {
        let mut bytes = original.to_vec();
        damage.apply(&mut bytes, &mut numbers);
        repair(&mut bytes);
        let read = catch_unwind(AssertUnwindSafe(|| {
            if disk {
                // What is behind the end that the superblock tells makes the file too large to be
                // read at once.
                bytes.resize(bytes.len().max(300 << 10), 0);
                std::fs::write(&path, &bytes).unwrap();
                return options.load::<T>(&path).map(drop);
            }
            options.from_bytes::<T>(&bytes).map(drop)
        }));
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
    refused
}

fn rounds(usual: usize) -> usize {
    std::env::var("FILEBACKED_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

#[test]
fn the_checksum_is_that_of_the_library() {
    for bytes in [filebacked::to_bytes(&state()).unwrap(), filebacked::to_bytes(&links()).unwrap()]
    {
        let mut repaired = bytes.clone();
        repair(&mut repaired);
        assert!(repaired == bytes);
    }
}

#[test]
fn mutants_are_refused_or_read() {
    let original = WriteOptions::new().engine(Engine::Native).to_bytes(&state()).unwrap();
    let all = 0..original.len();
    let (in_memory, on_disk) = (rounds(4_000), rounds(500));
    let found = refused::<State>(&original, in_memory, std::slice::from_ref(&all), false);
    assert!(found > in_memory / 4, "mutants that are refused: {found} of {in_memory}");
    let found = refused::<State>(&original, on_disk, &[all], true);
    assert!(found > on_disk / 4, "mutants that are refused: {found} of {on_disk}");
}

#[test]
fn mutants_of_large_groups_are_refused_or_read() {
    let original = WriteOptions::new().engine(Engine::Native).to_bytes(&links()).unwrap();
    // The heads of heaps and trees, in which counts, depths and addresses are.
    let heads: Vec<_> = (0..original.len())
        .filter(|at| SIGNATURES.iter().any(|signature| original[*at..].starts_with(*signature)))
        .map(|at| at + 4..at + 160)
        .collect();
    assert!(heads.len() >= 10, "{heads:?}");
    for disk in [false, true] {
        let rounds = rounds(200);
        let found = refused::<BTreeMap<u32, Vec<u8>>>(&original, rounds, &heads, disk);
        assert!(found > rounds / 2, "mutants that are refused: {found} of {rounds}");
    }
}

/// A tree whose nodes are their own children, and a heap whose blocks are its own: an error after a
/// bounded time.
#[test]
fn cycles_in_large_groups_end() {
    // Numbers are read by their order, text by its hashes.
    let texts: BTreeMap<String, Vec<u8>> =
        links().into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    cycles_end(&links());
    cycles_end(&texts);
}

fn cycles_end<K: FileBacked + Ord>(links: &BTreeMap<K, Vec<u8>>) {
    let original = WriteOptions::new().engine(Engine::Native).to_bytes(links).unwrap();
    let find =
        |signature: &[u8]| original.windows(4).position(|window| window == signature).unwrap();
    let find_last =
        |signature: &[u8]| original.windows(4).rposition(|window| window == signature).unwrap();
    let (inner, leaf) = (find_last(b"BTIN"), find_last(b"BTLF"));
    let (indirect, header) = (find(b"FHIB"), find(b"FRHP"));
    let tampered = |at: usize, bytes: &[u8]| {
        let mut mutant = original.clone();
        mutant[at..at + bytes.len()].copy_from_slice(bytes);
        repair(&mut mutant);
        ReadOptions::new()
            .engine(Engine::Native)
            .from_bytes::<BTreeMap<K, Vec<u8>>>(&mutant)
            .map(drop)
    };
    let pointer = (0..4096)
        .find(|at| original[inner + at..].starts_with(&(leaf as u64).to_le_bytes()))
        .unwrap();
    let tree = find_last(b"BTHD");
    for (what, at, bytes) in [
        ("a node that is its own child", inner + pointer, (inner as u64).to_le_bytes().to_vec()),
        ("a tree of 65,535 levels", tree + 12, vec![0xff; 2]),
        ("a tree of 39 levels", tree + 12, vec![39, 0]),
        ("a tree of very many records", tree + 26, vec![0xff; 8]),
        ("nodes of 4 GiB", tree + 6, vec![0xff; 4]),
        ("a heap whose block is its root", indirect + 17, (indirect as u64).to_le_bytes().to_vec()),
        ("a heap of very many rows", header + 140, vec![0xff; 2]),
        ("a heap of blocks of no bytes", header + 112, vec![0; 8]),
        ("a heap of huge blocks", header + 112, (1u64 << 40).to_le_bytes().to_vec()),
        ("a heap of very wide rows", header + 110, vec![0, 0x80]),
    ] {
        let error = tampered(at, &bytes).expect_err(what);
        assert!(
            matches!(error.kind(), ErrorKind::Damaged(_) | ErrorKind::Limit(_)),
            "{what}: {error:?}"
        );
    }
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
        uns: [("a".to_string(), Uns::Text("b".into())), ("n".to_string(), Uns::Dict([].into()))]
            .into(),
        ..AnnData::default()
    };
    let original = WriteOptions::new().engine(Engine::Native).to_bytes(&data).unwrap();
    let (all, rounds) = (0..original.len(), rounds(2_000));
    let found = refused::<AnnData<Row, Row>>(&original, rounds, &[all], false);
    assert!(found > rounds / 4, "mutants that are refused: {found} of {rounds}");
}

/// Changes the bytes behind the first place of a name, which is its place in the datatype.
fn patch(bytes: &[u8], name: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let place = bytes.windows(name.len()).position(|window| window == name).unwrap();
    let mut bytes = bytes.to_vec();
    let start = place + name.len() + at;
    bytes[start..start + with.len()].copy_from_slice(with);
    repair(&mut bytes);
    bytes
}

/// Compound types whose parts do not fit: no engine believes them.
#[test]
fn compound_types_that_do_not_fit_are_refused() {
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Row {
        aaaa: u32,
        bbbb: [[u16; 2]; 3],
        cccc: Inner,
        dddd: String,
    }
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Inner {
        eeee: u8,
        ffff: f64,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Table {
        #[filebacked(layout = "compound")]
        rows: Vec<Row>,
    }
    let row = |i: u32| Row {
        aaaa: i,
        bbbb: [[1, 2], [3, 4], [5, 6]],
        cccc: Inner { eeee: 1, ffff: 2.0 },
        dddd: if i == 3 { "w".repeat(300) } else { String::new() },
    };
    let table = Table { rows: (0..20).map(row).collect() };
    let good = WriteOptions::new().engine(Engine::Native).to_bytes(&table).unwrap();
    // Behind a name: its end, one byte of offset, and the type: class and version, three bits of
    // flags, four of size.
    let huge = u32::MAX.to_le_bytes();
    let cases = [
        ("overlapping members", patch(&good, b"bbbb\0", 0, &[2])),
        ("the same place", patch(&good, b"bbbb\0", 0, &[0])),
        ("a member behind the end", patch(&good, b"dddd\0", 0, &[200])),
        ("a member that reaches over the end", patch(&good, b"dddd\0", 0, &[30])),
        ("a nested member behind the end", patch(&good, b"ffff\0", 0, &[2])),
        ("an array of huge extents", patch(&good, b"bbbb\0", 1 + 8 + 1, &[huge, huge].concat())),
        ("an array without elements", patch(&good, b"bbbb\0", 1 + 8 + 1, &[0; 4])),
        ("an array of many dimensions", patch(&good, b"bbbb\0", 1 + 8, &[255])),
        ("an array of another size", patch(&good, b"bbbb\0", 1 + 4, &huge)),
        ("a nested type of another size", patch(&good, b"cccc\0", 1 + 4, &huge)),
        ("a nested type without a size", patch(&good, b"cccc\0", 1 + 4, &[0; 4])),
        ("more members than there are", patch(&good, b"cccc\0", 1 + 1, &[0xff, 0xff])),
    ];
    for (what, bytes) in cases {
        for engine in [Engine::Native, Engine::Libhdf5, Engine::Any] {
            let read = ReadOptions::new().engine(engine).from_bytes::<Table>(&bytes);
            assert!(read.is_err(), "{what} by {engine:?}: {read:?}");
        }
        // Nor does looking at it fail.
        let _ = filebacked::inspect::tree_of_bytes(&bytes).map(|tree| tree.to_string());
    }
    for engine in [Engine::Native, Engine::Libhdf5] {
        assert_eq!(ReadOptions::new().engine(engine).from_bytes::<Table>(&good).unwrap(), table);
    }
}

/// A number is encoded as the length of a sequence is.
#[test]
fn elements_without_a_size_have_a_limit() {
    #[derive(FileBacked)]
    struct Numbers {
        #[filebacked(bincode)]
        b: (u64, u8),
        #[filebacked(postcard)]
        p: (u64, u8),
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Sequences {
        #[filebacked(bincode)]
        b: (Vec<()>, u8),
        #[filebacked(postcard)]
        p: (Vec<()>, u8),
    }
    let read = |b, p| {
        filebacked::from_bytes::<Sequences>(&filebacked::to_bytes(&Numbers {
            b: (b, 7),
            p: (p, 8),
        })?)
    };
    let sequences = Sequences { b: (vec![(); 1000], 7), p: (vec![(); 1 << 20], 8) };
    assert_eq!(read(1000, 1 << 20).unwrap(), sequences);
    for (numbers, path) in [((1 << 60, 3), "/b"), ((3, 1 << 60), "/p")] {
        let error = read(numbers.0, numbers.1).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Invalid(_)) && error.path() == path, "{error}");
    }
}

/// The seeds that fuzzing starts from are files of this version; `FILEBACKED_UPDATE_SEEDS=1` writes
/// them anew.
#[test]
fn the_seeds_of_fuzzing_are_files_of_today() {
    let native = WriteOptions::new().engine(Engine::Native);
    let texts = vec![Some("a".to_string()), None, Some("b".repeat(200))];
    let seeds = [
        ("state", native.to_bytes(&state()).unwrap()),
        ("tables", native.to_bytes(&(0..3).map(record).collect::<Vec<_>>()).unwrap()),
        ("texts", native.to_bytes(&texts).unwrap()),
        ("records", native.to_bytes(&Flats { flats: (0..5).map(flat).collect() }).unwrap()),
        ("links", native.to_bytes(&links()).unwrap()),
        ("empty", native.to_bytes(&Vec::<Option<String>>::new()).unwrap()),
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/decode");
    for (name, bytes) in seeds {
        let path = folder.join(format!("{name}.h5"));
        if std::env::var_os("FILEBACKED_UPDATE_SEEDS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        assert!(
            std::fs::read(&path).unwrap() == bytes,
            "{name}.h5 differs from what is written today"
        );
    }
}
