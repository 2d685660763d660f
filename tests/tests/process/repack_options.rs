//! Files written anew with other filters and chunks: what h5py finds in them is what was there.

use filebacked::file::RepackOptions;
use filebacked::{Compression, ErrorKind, File, WriteOptions};
use filebacked_tests::{python, scratch};
use serde_json::json;
use std::fs;

const MADE: &str = "
f['plain'] = np.arange(20000, dtype='<f8')
f['again'] = f['plain']
f.create_dataset('gzip', data=np.arange(30000, dtype='>i4').reshape(100, 300), chunks=(7, 300), compression='gzip', compression_opts=1, shuffle=True)
f.create_dataset('g/grows', data=np.arange(5000, dtype='u2'), maxshape=(None,), chunks=(512,), fletcher32=True, fillvalue=7)
f.create_dataset('sparse', (100000,), dtype='f4', chunks=(1000,), fillvalue=1.5)
f['sparse'][50000:50010] = 3
f['small'] = np.arange(10)
f['scalar'] = 3.5
f['empty'] = h5py.Empty('f4')
f['text'] = ['some', 'text'] * 1000
f['records'] = np.array([(i, i / 2, b'x') for i in range(1000)], dtype=[('a', '<i4'), ('b', '>f8'), ('c', 'S3')])
f['complex'] = np.arange(1000) * 1j
f['fixed'] = np.array([b'abc', b'de'] * 2000)
f['enum'] = np.ones(5000, dtype=bool)
f['t'] = np.dtype('<i8')
f.create_dataset('typed', data=np.arange(2000), dtype=f['t'])
f['refs'] = np.array([f['plain'].ref, f['g/grows'].ref, f['g'].ref] * 300, dtype=h5py.ref_dtype)
f['plain'].attrs['to'] = f['gzip'].ref
f['plain'].attrs['unit'] = 'mm'
f['plain'].make_scale('t')
f['sparse'].attrs['n'] = 1
ordered = f.create_dataset('ordered', data=np.arange(2000.), track_order=True)
for name in ['z', 'a', 'm']: ordered.attrs[name] = name
line = f.create_dataset('line', data=np.arange(20000.))
line.dims[0].attach_scale(f['plain'])
soft = f.create_group('links', track_order=True)
for name in ['z', 'b', 'y']: soft[name] = f['complex']
soft['s'] = h5py.SoftLink('/plain')
";

/// Everything but how it is stored.
const SEEN: &str = "[
    f['plain'][:].tolist(), f['again'] == f['plain'], f['gzip'][:].tolist(), str(f['gzip'].dtype), f['g/grows'][:].tolist(),
    list(f['g/grows'].maxshape), int(f['g/grows'].fillvalue), f['sparse'][49990:50020].tolist(), float(f['sparse'].fillvalue),
    f['small'][:].tolist(), float(f['scalar'][()]), str(f['empty'].dtype), f['empty'].shape, f['text'].asstr()[:].tolist(),
    str(f['records'].dtype), [[int(a), float(b), c.decode()] for a, b, c in f['records'][:]],
    [x.imag for x in f['complex'][:].tolist()], [x.decode() for x in f['fixed'][:]], str(f['enum'].dtype), f['enum'][:].tolist(),
    f['typed'].id.get_type().committed(), f['typed'].id.get_type().equal(f['t'].id), f['typed'][:].tolist(),
    [f[r].name for r in f['refs'][:]], f[f['plain'].attrs['to']].name, f['plain'].attrs['unit'], list(f['ordered'].attrs),
    f['line'].dims[0][0].name, list(f['links']), f['links/z'] == f['complex'], f['links/s'] == f['plain'],
    f['plain'].is_scale, int(f['sparse'].attrs['n']), sorted(f),
]";

const STORED: &str =
    "{n: [f[n].compression, f[n].compression_opts, f[n].shuffle, f[n].fletcher32, list(f[n].chunks or [])]
    for n in ['plain', 'gzip', 'g/grows', 'sparse', 'small', 'text', 'records', 'fixed', 'enum', 'refs', 'typed']}";

#[test]
fn only_how_things_are_stored_changes() {
    let Some(python) = python() else { return };
    for how in ["", ", userblock_size=512", ", libver='latest'"] {
        let (_dir, path) = scratch("foreign.h5");
        let name = path.to_str().unwrap();
        python.create(
            &path,
            &format!(
                "import h5py as _h\nf.close()\nf = _h.File({name:?}, 'w'{how})\n{MADE}\nf.close()\n"
            ),
        );
        let (seen, stored) = (python.eval(&path, SEEN), python.eval(&path, STORED));
        let before = fs::read(&path).unwrap();
        let target = path.with_file_name("packed.h5");
        let run = |options: &RepackOptions| {
            options.repack_to(&path, &target).unwrap();
            assert_eq!(python.eval(&target, SEEN), seen, "{how} {options:?}");
            assert_eq!(fs::read(&path).unwrap(), before);
            assert_eq!(
                fs::read_dir(path.parent().unwrap()).unwrap().count(),
                2,
                "no temporary file stays"
            );
            (python.eval(&target, STORED), fs::metadata(&target).unwrap().len())
        };
        let (same, _) = run(&RepackOptions::new());
        assert_eq!(same, stored);

        let (coded, _) =
            run(&RepackOptions::new().compression(Compression::Gzip(9)).fletcher32(true));
        let gzip = |chunk: serde_json::Value| json!(["gzip", 9, true, true, chunk]);
        assert_eq!(coded["plain"], gzip(json!([20000])));
        assert_eq!(coded["gzip"], gzip(json!([7, 300])), "the chunks stay");
        assert_eq!(coded["g/grows"], gzip(json!([512])));
        assert_eq!(coded["sparse"], gzip(json!([1000])));
        for name in ["records", "fixed", "enum", "typed"] {
            assert_eq!(
                coded[name].as_array().unwrap()[..4],
                gzip(json!([])).as_array().unwrap()[..4],
                "{name}"
            );
        }
        for name in ["small", "text", "refs"] {
            assert_eq!(coded[name], stored[name], "{name}");
        }

        let (bare, _) = run(&RepackOptions::new().compression(Compression::None).fletcher32(false));
        assert_eq!(bare["gzip"], json!([null, null, false, false, []]));
        assert_eq!(bare["g/grows"], json!([null, null, false, false, [512]]), "it may still grow");

        let (sums, _) = run(&RepackOptions::new().fletcher32(false));
        assert_eq!(sums["gzip"], stored["gzip"]);
        assert_eq!(sums["g/grows"], json!([null, null, false, false, [512]]));

        let (cut, _) = run(&RepackOptions::new()
            .chunk_bytes(1200)
            .only(|path| path == "gzip" || path == "g/grows"));
        assert_eq!(cut["gzip"], json!(["gzip", 1, true, false, [1, 300]]));
        assert_eq!(cut["g/grows"], json!([null, null, false, true, [556]]));
        assert_eq!((&cut["plain"], &cut["sparse"]), (&stored["plain"], &stored["sparse"]));
        if how.contains("userblock") {
            assert_eq!(python.eval(&target, "f.userblock_size"), json!(512));
        }
    }
}

#[test]
fn files_of_this_library_get_smaller_and_stay_what_they_are() {
    let (_dir, path) = scratch("state.h5");
    let value = filebacked_tests::actor::saved(30);
    WriteOptions::new().digest(true).save(&path, &value).unwrap();
    let size = fs::metadata(&path).unwrap().len();
    for compression in [Compression::Zstd(3), Compression::Lz4, Compression::Gzip(4)] {
        RepackOptions::new().compression(compression).repack(&path).unwrap();
        let found: filebacked_tests::actor::Saved = filebacked::load(&path).unwrap();
        assert!(found == value);
        filebacked::inspect::verify(&path).unwrap();
        let coded = fs::metadata(&path).unwrap().len();
        assert!(coded < size / 2, "{compression:?}: {size} to {coded}");
    }
    // Back to what it was: nothing of the filters stays.
    RepackOptions::new().compression(Compression::None).repack(&path).unwrap();
    assert!(fs::metadata(&path).unwrap().len() < size + 4096);
    assert!(filebacked::load::<filebacked_tests::actor::Saved>(&path).unwrap() == value);
}

#[test]
fn what_cannot_be_changes_nothing() {
    let (_dir, path) = scratch("state.h5");
    filebacked::save(&path, &vec![0.5; 5000]).unwrap();
    let before = fs::read(&path).unwrap();
    let error = RepackOptions::new().compression(Compression::Gzip(10)).repack(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    let Some(python) = python() else { return };
    python.change(
        &path,
        "f['regions'] = np.array([f['value'].regionref[0:3]], dtype=h5py.regionref_dtype)",
    );
    let before = fs::read(&path).unwrap();
    let error = RepackOptions::new().compression(Compression::Gzip(1)).repack(&path).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unsupported(what) if what.contains("regions")),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    // Nothing is stored anew here, so that they may stay.
    RepackOptions::new()
        .compression(Compression::Gzip(1))
        .only(|path| path != "value")
        .repack(&path)
        .unwrap();
    assert_eq!(python.eval(&path, "f['value'][f['regions'][0]].tolist()"), json!([0.5, 0.5, 0.5]));
    File::open(&path).unwrap();
}
