//! Digests of files: whatever changes in a file shows, and what changes nothing does not.

use filebacked::engine::Engine;
use filebacked::inspect::verify;
use filebacked::{
    Compression, ErrorKind, File, FileBacked, ReadOptions, Save, Value, WriteOptions,
};
use filebacked_tests::actor::saved;
use filebacked_tests::mutants::{links, state};
use filebacked_tests::{ENGINES, python, scratch};
use ndarray::{Array0, Array2};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::{Rc, Weak};

fn digest_of(value: &impl Save, options: &WriteOptions) -> String {
    let (_dir, path) = scratch("value.h5");
    options.clone().digest(true).save(&path, value).unwrap();
    verify(&path).unwrap().digest.unwrap()
}

#[test]
fn the_digest_depends_on_what_is_stored_and_not_on_how() {
    fn same(value: &impl Save) {
        let digest = digest_of(value, &WriteOptions::new());
        let other = WriteOptions::new().compression(Compression::Gzip(3)).fletcher32(true);
        assert_eq!(digest_of(value, &other), digest);
        for engine in ENGINES {
            assert_eq!(digest_of(value, &WriteOptions::new().engine(engine)), digest);
            let bytes = WriteOptions::new().engine(engine).digest(true).to_bytes(value).unwrap();
            let (_dir, path) = scratch("bytes.h5");
            std::fs::write(&path, bytes).unwrap();
            for reader in [Engine::Native, Engine::Libhdf5] {
                assert_eq!(
                    ReadOptions::new().engine(reader).verify(&path).unwrap().digest.unwrap(),
                    digest
                );
            }
        }
    }
    same(&saved(3));
    same(&state());
    same(&links());
    same(&7u8);
    same(&Array0::from_elem((), 1.5));
    same(&vec![String::new(), "\0".into()]);
    assert_ne!(digest_of(&1u8, &WriteOptions::new()), digest_of(&2u8, &WriteOptions::new()));
    assert_ne!(digest_of(&1u8, &WriteOptions::new()), digest_of(&1i8, &WriteOptions::new()));
    assert_ne!(digest_of(&vec![1u8], &WriteOptions::new()), digest_of(&1u8, &WriteOptions::new()));
}

/// By the words of the documentation, without the library.
#[test]
fn the_digest_is_what_the_documentation_says() {
    fn number(n: u64) -> [u8; 8] {
        n.to_le_bytes()
    }
    fn text(s: &str) -> Vec<u8> {
        [&number(s.len() as u64), s.as_bytes()].concat()
    }
    let content = |dtype: &str, extents: &[u64], data: &[u8]| {
        let extents: Vec<u8> = extents.iter().flat_map(|extent| number(*extent)).collect();
        [&text(dtype)[..], &number(extents.len() as u64 / 8), &extents, data].concat()
    };
    let data: Vec<u8> = [0.5f64, 0.25].iter().flat_map(|value| value.to_le_bytes()).collect();
    let dataset =
        Sha256::digest([text("dataset"), number(0).to_vec(), content("f8", &[2], &data)].concat());
    let root = [
        &text("group")[..],
        &number(1),
        &text("filebacked_format"),
        &content("S3", &[], b"1.0"),
        &number(1),
        &text("value"),
        &dataset,
    ];
    let wanted = Sha256::digest(root.concat())
        .iter()
        .fold("sha256:".to_string(), |hex, byte| format!("{hex}{byte:02x}"));
    assert_eq!(digest_of(&vec![0.5, 0.25], &WriteOptions::new()), wanted);
}

#[test]
fn every_change_shows() {
    let (_dir, path) = scratch("state.h5");
    let Some(python) = python() else { return };
    let changes = [
        "f['step'][()] = 4",
        "f['weights'][3, 3] += 1e-9",
        "f['name'].attrs['unit'] = 'm'",
        "f['extra'] = 1",
        "f.move('step', 'pets')",
        "del f['links/link 1']",
        "f['soft'] = __import__('h5py').SoftLink('/step')",
        "d = f['step'][()]; del f['step']; f['step'] = d.astype('u4')",
        "f.attrs['filebacked_digest'] = 'sha256:' + '1' * 64",
    ];
    for engine in ENGINES {
        for change in changes {
            WriteOptions::new().engine(engine).digest(true).save(&path, &saved(3)).unwrap();
            verify(&path).unwrap();
            python.change(&path, change);
            let error = verify(&path).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{change}: {error}");
            assert!(error.to_string().starts_with("cannot verify "), "{error}");
        }
        // What changes nothing that is stored.
        WriteOptions::new().engine(engine).digest(true).save(&path, &saved(3)).unwrap();
        python.change(
            &path,
            "d = f['weights'][()]; del f['weights']; \
            f.create_dataset('weights', data=d, chunks=True, compression='gzip')",
        );
        verify(&path).unwrap();
    }
}

/// Whatever bit of a file flips: an error, or nothing that is part of the value (a gap, a time, an
/// address of nothing).
#[test]
fn bits_that_flip_are_found() {
    let (_dir, path) = scratch("state.h5");
    for engine in ENGINES {
        WriteOptions::new().engine(engine).digest(true).save(&path, &vec![1.0; 3000]).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let mut found = 0;
        let places: Vec<usize> = (0..bytes.len()).step_by(37).collect();
        for at in &places {
            let mut bytes = bytes.clone();
            bytes[*at] ^= 1 << (at % 8);
            std::fs::write(&path, &bytes).unwrap();
            match ReadOptions::new().engine(engine).verify(&path) {
                Err(_) => found += 1,
                Ok(verified) => {
                    let value: filebacked::Result<Vec<f64>> =
                        ReadOptions::new().engine(engine).load(&path);
                    assert!(
                        verified.digest.is_none() || value.unwrap() == vec![1.0; 3000],
                        "{engine:?} at {at}"
                    );
                }
            }
        }
        assert!(found * 10 > places.len() * 9, "{engine:?}: {found} of {}", places.len());
    }
}

#[test]
fn large_arrays_are_read_in_pieces_of_whole_chunks() {
    let array = Array2::from_shape_fn((1500, 3000), |(i, j)| (i * j) as f64);
    assert_eq!(
        digest_of(&array, &WriteOptions::new()),
        digest_of(
            &array,
            &WriteOptions::new().compression(Compression::Gzip(1)).chunk_bytes(3 << 20)
        )
    );
}

#[test]
fn files_without_a_digest_are_read_to_their_end() {
    let (_dir, path) = scratch("file.h5");
    filebacked::save(&path, &saved(1)).unwrap();
    let verified = verify(&path).unwrap();
    assert_eq!(verified.digest, None);
    assert!(verified.objects > 50 && verified.bytes > 260_000, "{verified:?}");
    // One that has a digest is read as any other, and a value of it does not carry it along.
    WriteOptions::new().digest(true).save(&path, &7u8).unwrap();
    assert_eq!(filebacked::load::<u8>(&path).unwrap(), 7);
    let value: Value = filebacked::load(&path).unwrap();
    assert!(!format!("{value:?}").contains("digest"));

    #[derive(FileBacked, Debug, PartialEq)]
    #[filebacked(deny_unknown)]
    struct Strict {
        map: BTreeMap<String, Vec<u8>>,
    }
    let strict = Strict { map: BTreeMap::from([("a".into(), vec![1])]) };
    WriteOptions::new().digest(true).save(&path, &strict).unwrap();
    assert_eq!(filebacked::load::<Strict>(&path).unwrap(), strict);
}

#[test]
fn a_part_of_a_file_has_no_digest() {
    let (_dir, path) = scratch("file.h5");
    let file = File::create(&path).unwrap();
    let error = file.write_with("a", &1u8, &WriteOptions::new().digest(true)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert!(error.help().unwrap().contains("use `save`"), "{error:#}");
    assert!(verify(Path::new("/does/not/exist")).is_err());
}

/// References are addresses, which are others in a file that was written anew.
#[test]
fn references_are_what_they_lead_to() {
    #[derive(FileBacked)]
    struct Rows {
        #[filebacked(layout = "rows")]
        nodes: Vec<Rc<u32>>,
        favourite: Weak<u32>,
        other: Weak<u32>,
    }
    let rows = |favourite: usize| {
        let nodes: Vec<Rc<u32>> = (0..5).map(Rc::new).collect();
        let (favourite, other) = (Rc::downgrade(&nodes[favourite]), Rc::downgrade(&nodes[0]));
        Rows { nodes, favourite, other }
    };
    for engine in ENGINES {
        let (_dir, path) = scratch("rows.h5");
        let options = WriteOptions::new().engine(engine).digest(true);
        options.save(&path, &rows(3)).unwrap();
        let digest = verify(&path).unwrap().digest.unwrap();
        filebacked::file::repack(&path).unwrap();
        assert_eq!(verify(&path).unwrap().digest.as_ref(), Some(&digest), "{engine:?}");
        assert_eq!(digest_of(&rows(3), &WriteOptions::new().engine(engine)), digest);
        assert_ne!(digest_of(&rows(2), &WriteOptions::new().engine(engine)), digest);
    }
    let Some(python) = python() else { return };
    // In records, in sequences, to nothing and to regions.
    let (_dir, path) = scratch("records.h5");
    python.create(
        &path,
        "
f['gap'] = np.arange(5000)
f['a'], f['b'] = np.arange(6).reshape(2, 3), 7
pair = np.dtype([('to', h5py.ref_dtype), ('n', 'i4')])
f['pairs'] = np.array([(f['b'].ref, 7), (h5py.Reference(), 8)], dtype=pair)
lists = f.create_dataset('lists', (1,), dtype=h5py.vlen_dtype(h5py.ref_dtype))
lists[0] = np.array([f['a'].ref, f['b'].ref], dtype=h5py.ref_dtype)
f['regions'] = np.array([f['a'].regionref[0:1, 1:3]], dtype=h5py.regionref_dtype)
f.attrs['to'] = f['a'].ref
del f['gap']
",
    );
    let (old, new) = (path.with_file_name("old.h5"), path.with_file_name("new.h5"));
    filebacked::file::repack_to(&path, &new).unwrap();
    python.change(&path, "del f['regions']");
    filebacked::file::repack_to(&path, &old).unwrap();
    let digest = |path: &Path| {
        let value: Value = filebacked::load(path).unwrap();
        digest_of(&value, &WriteOptions::new())
    };
    assert_eq!(digest(&path), digest(&old));
    let pair = "np.dtype([('to', h5py.ref_dtype), ('n', 'i4')])";
    python.change(
        &old,
        &format!(
            "f['pairs'][:] = np.array([(f['a'].ref, 7), (h5py.Reference(), 8)], dtype={pair})"
        ),
    );
    assert_eq!(python.eval(&old, "f[f['pairs'][0]['to']].name"), serde_json::json!("/a"));
    assert_ne!(digest(&path), digest(&old), "another reference in a record");
    verify(&new).unwrap();
}
