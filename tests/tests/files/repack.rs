//! Whole files changed at once: repacked, updated by way of a copy, and looked at.

use filebacked::file::Locking;
use filebacked::{Compression, ErrorKind, File, Lazy, WriteOptions};
use filebacked_tests::{h5dump, python, scratch};
use serde_json::json;
use std::fs;
use std::path::Path;

/// The names beside a file.
fn beside(path: &Path) -> Vec<String> {
    let names = fs::read_dir(path.parent().unwrap()).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn repacking_gives_space_back() {
    let (_dir, path) = scratch("repack.h5");
    let file = File::create(&path).unwrap();
    let gzip = WriteOptions::new().compression(Compression::Gzip(4));
    let values: Vec<u32> = (0..50_000).collect();
    file.write("large", &vec![0.5; 100_000]).unwrap();
    file.write_with("kept", &values, &gzip).unwrap();
    let before = file.info().unwrap();
    assert_eq!((before.groups, before.datasets, before.links, before.attributes), (1, 2, 2, 1));
    assert_eq!(
        (before.superblock, before.userblock, before.format.as_deref()),
        (2, 0, Some("1.0"))
    );
    assert!(before.is_filebacked());
    file.delete("large").unwrap();
    let after = file.info().unwrap();
    assert!(after.free >= 800_000 && after.data == before.data - 800_000, "{after:?}");
    let error = filebacked::file::repack(&path).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::StillOpen { .. }),
        "{error}"
    );
    file.flush().unwrap();
    let error = filebacked::file::repack(&path).unwrap_err();
    let ErrorKind::StillOpen { handles } = error.kind() else { panic!("{error}") };
    assert_eq!(handles[..], ["the file (to be written)"], "{error}");
    file.close().unwrap();
    let size = fs::metadata(&path).unwrap().len();
    // A handle goes on with the file that it has opened.
    let reader = File::open(&path).unwrap();
    let lazy: Lazy<Vec<u32>> = reader.read("kept").unwrap();
    filebacked::file::repack(&path).unwrap();
    assert_eq!(*lazy.get().unwrap(), values);
    drop((lazy, reader));
    let packed = fs::metadata(&path).unwrap().len();
    assert!(packed < size - 700_000 && packed < after.data + 4096, "{size} to {packed}");
    assert_eq!(beside(&path), ["repack.h5"]);
    let file = File::open(&path).unwrap();
    assert_eq!(file.read::<Vec<u32>>("kept").unwrap(), values);
    assert_eq!(file.info().unwrap().data, after.data, "stored as it was");
    if let Some(python) = python() {
        assert_eq!(
            python.eval(&path, "[f['kept'].compression, f['kept'].shuffle, list(f)]"),
            json!(["gzip", true, ["kept"]])
        );
    }
}

const FOREIGN: &str = "
import h5py, numpy as np
n = f.create_group('b', track_order=True)
for i in [3, 1, 2]: n[str(i)] = i
many = f.create_group('a', track_order=True)
for i in range(600): many[str((i * 7) % 600)] = i
f['x'] = np.arange(6, dtype='>i4').reshape(2, 3)
f['b/again'] = f['x']
f['x'].attrs['unit'] = 'mm'
f['soft'] = h5py.SoftLink('/b/nowhere')
f['ext'] = h5py.ExternalLink('other.h5', '/y')
f['type'] = np.dtype([('p', 'f4'), ('q', 'i8')])
f.create_dataset('typed', (2,), dtype=f['type'])
f.create_dataset('z', data=np.arange(10000), chunks=(100,), compression='gzip', maxshape=(None,))
f['refs'] = np.array([f['x'].ref, f['b'].ref, h5py.Reference(), f['/'].ref], dtype=h5py.ref_dtype)
pair = np.dtype([('to', h5py.ref_dtype), ('n', 'i4')])
f['pairs'] = np.array([(f['z'].ref, 7), (f['x'].ref, 8)], dtype=pair)
lists = f.create_dataset('lists', (2,), dtype=h5py.vlen_dtype(h5py.ref_dtype))
lists[0] = np.array([f['a'].ref, f['x'].ref], dtype=h5py.ref_dtype)
f['regions'] = np.array([f['x'].regionref[0:1, 1:3]], dtype=h5py.regionref_dtype)
f.attrs['to'] = f['x'].ref
f.attrs['names'] = ['one', 'two']
f.attrs['long'] = np.arange(5000)
f['z'].make_scale('t')
f['line'] = np.arange(10000.)
f['line'].dims[0].attach_scale(f['z'])
f['texts'] = ['some', 'texts'] * 50
del f['a/5']
";

const SEEN: &str = "[
    list(f['b']), list(f['a'])[:5], len(f['a']), f['x'] == f['b/again'], f['x'][:].tolist(), str(f['x'].dtype),
    f['x'].attrs['unit'], f.get('soft', getlink=True).path, f.get('ext', getlink=True).filename,
    f['typed'].id.get_type().committed(), f['typed'].id.get_type().equal(f['type'].id),
    [f[r].name if r else None for r in f['refs'][:]], [[f[to].name, int(n)] for to, n in f['pairs'][:]],
    [[f[r].name for r in some] for some in f['lists'][:]],
    f['x'][f['regions'][0]].tolist(), f[f['regions'][0]].name, f[f.attrs['to']].name, list(f.attrs['names']),
    int(f.attrs['long'].sum()), f['line'].dims[0][0].name, f['z'].compression, list(f['z'].maxshape),
    int(f['z'][:].sum()), f['texts'].asstr()[:].tolist(), sorted(f), f.userblock_size,
    f.id.get_create_plist().get_version()[0],
]";

#[test]
fn files_of_others_are_the_same_to_h5py() {
    let Some(python) = python() else { return };
    for how in
        ["", ", userblock_size=1024", ", track_order=True, libver='v110'", ", libver='latest'"]
    {
        let (_dir, path) = scratch("foreign.h5");
        let name = path.to_str().unwrap();
        let made = format!(
            "import h5py as _h\nf.close()\nf = _h.File({name:?}, 'w'{how})\n{FOREIGN}\nf.close()\n"
        );
        python.create(&path, &made);
        if how.contains("userblock") {
            let mut bytes = fs::read(&path).unwrap();
            bytes[..5].copy_from_slice(b"mine!");
            fs::write(&path, bytes).unwrap();
        }
        let before = python.eval(&path, SEEN);
        // The name of the file and the addresses behind references are others.
        let told = |line: &str| {
            let words: Vec<&str> = line
                .split(' ')
                .filter(|word| word.len() < 3 || word.parse::<u64>().is_err())
                .collect();
            words.join(" ")
        };
        // Nor does an older h5dump know the latest format.
        let known = !how.contains("latest");
        let dumped_by = |path: &Path| if known { h5dump(&["-A"], path) } else { None };
        let dump = |path: &Path| {
            dumped_by(path).map(|text| text.lines().skip(1).map(told).collect::<Vec<_>>())
        };
        let dumped = dump(&path);
        let target = path.with_file_name("packed.h5");
        filebacked::file::repack_to(&path, &target).unwrap();
        assert_eq!(python.eval(&target, SEEN), before, "{how}");
        if let (Some(old), Some(new)) = (dumped, dump(&target)) {
            let differing: Vec<_> = old.iter().zip(&new).filter(|(old, new)| old != new).collect();
            assert!(old == new, "{how}: {differing:?}");
        }
        if how.contains("userblock") {
            assert_eq!(&fs::read(&target).unwrap()[..5], b"mine!");
        }
        assert!(
            fs::metadata(&target).unwrap().len() <= fs::metadata(&path).unwrap().len(),
            "{how}"
        );
        filebacked::file::repack(&target).unwrap();
        assert_eq!(python.eval(&target, SEEN), before, "again, in place: {how}");
    }
}

/// Hard links to the root are links to the new root, in their place among the others.
#[test]
fn links_to_the_root_lead_there_still() {
    let Some(python) = python() else { return };
    let made = "
for name in ['b', 'up', 'a', 'again', 'c']:
    for g in [f.create_group('g', track_order=True) if 'g' not in f else f['g'], f]:
        g[name] = f['/'] if name in ('up', 'again') else len(name)
f['g/deep/er/up'] = f['/']
f['ref'] = np.array([f['g/up'].ref], dtype=h5py.ref_dtype)
f.attrs['x'] = 7
";
    let seen = "[[f[p] == f['/'] for p in ['up', 'again', 'g/up', 'g/again', 'g/deep/er/up']], list(f), list(f['g']),
        list(f['g/up/g/up']), f['g/deep/er/up'].attrs['x'].item(), f[f['ref'][0]] == f['/'],
        h5py.h5o.get_info(f.id).rc, f.get('up/g/b')[()].item()]";
    for how in ["", ", track_order=True", ", libver='latest', track_order=True"] {
        let (_dir, path) = scratch("up.h5");
        let name = path.to_str().unwrap();
        python.create(
            &path,
            &format!(
                "import h5py as _h\nf.close()\nf = _h.File({name:?}, 'w'{how})\n{made}\nf.close()\n"
            ),
        );
        let before = python.eval(&path, seen);
        filebacked::file::repack(&path).unwrap();
        assert_eq!(python.eval(&path, seen), before, "{how}");
    }
}

#[test]
fn an_update_by_way_of_a_copy() {
    let (_dir, path) = scratch("atomic.h5");
    let file = File::create(&path).unwrap();
    file.write("x", &vec![0.5; 1000]).unwrap();
    file.close().unwrap();
    let answer = filebacked::file::update_atomic(&path, |file| {
        assert_eq!(file.path(), path);
        file.update("x", &vec![0.25; 1000])?;
        file.write("y", &7u8)?;
        Ok(5)
    });
    assert_eq!(answer.unwrap(), 5);
    let file = File::open(&path).unwrap();
    assert_eq!((file.read::<Vec<f64>>("x").unwrap()[0], file.read::<u8>("y").unwrap()), (0.25, 7));
    // Who has the old one open goes on with it.
    filebacked::file::update_atomic(&path, |file| file.delete("y")).unwrap();
    assert_eq!(file.read::<u8>("y").unwrap(), 7);
    drop(file);
    assert_eq!(File::open(&path).unwrap().names().unwrap(), ["x"]);
    assert_eq!(beside(&path), ["atomic.h5"]);
}

#[test]
fn an_update_that_fails_changes_nothing() {
    let (_dir, path) = scratch("atomic.h5");
    File::create(&path).unwrap().write("x", &1u8).unwrap();
    let before = fs::read(&path).unwrap();
    let error = filebacked::file::update_atomic(&path, |file| {
        file.delete("x")?;
        Err::<(), _>(filebacked::Error::custom("no"))
    });
    assert!(matches!(error.unwrap_err().kind(), ErrorKind::Custom(_)));
    let panicked = std::panic::catch_unwind(|| {
        filebacked::file::update_atomic(&path, |file| -> filebacked::Result<()> {
            file.delete("x")?;
            panic!("in the middle")
        })
    });
    assert!(panicked.is_err());
    let kept =
        filebacked::file::update_atomic(&path, |file| file.read::<Lazy<u8>>("x")).unwrap_err();
    assert!(matches!(kept.kind(), ErrorKind::StillOpen { .. }), "{kept}");
    assert_eq!(kept.file(), Some(path.as_path()));
    assert_eq!(kept.kind(), &ErrorKind::StillOpen { handles: vec!["dataset /x".into()] });
    let kept = filebacked::file::update_atomic(&path, |file| file.as_hdf5()).unwrap_err();
    assert_eq!(kept.kind(), &ErrorKind::StillOpen { handles: vec!["the file".into()] });
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(beside(&path), ["atomic.h5"]);
    let missing =
        filebacked::file::update_atomic(path.with_file_name("none.h5"), |_| Ok(())).unwrap_err();
    assert_eq!(*missing.kind(), ErrorKind::Io(std::io::ErrorKind::NotFound));
    fs::write(path.with_file_name("text.h5"), "text").unwrap();
    let text = path.with_file_name("text.h5");
    assert_eq!(
        *filebacked::file::update_atomic(&text, |_| Ok(())).unwrap_err().kind(),
        ErrorKind::NotHdf5
    );
    assert_eq!(*filebacked::file::repack(&text).unwrap_err().kind(), ErrorKind::NotHdf5);
}

/// Of two changes at once none is lost silently.
#[test]
fn a_file_that_somebody_else_changes_meanwhile_is_an_error() {
    let (_dir, path) = scratch("atomic.h5");
    let others: [fn(&Path); 3] = [
        |path| {
            File::options()
                .locking(Locking::Off)
                .open_rw(path)
                .unwrap()
                .write("theirs", &1u8)
                .unwrap()
        },
        |path| filebacked::file::update_atomic(path, |file| file.write("theirs", &1u8)).unwrap(),
        |path| {
            let bytes = filebacked::to_bytes(&std::collections::BTreeMap::from([(
                "theirs".to_string(),
                1u8,
            )]));
            fs::write(path, bytes.unwrap()).unwrap();
        },
    ];
    for (n, other) in others.into_iter().enumerate() {
        File::create(&path).unwrap().write("x", &1u8).unwrap();
        let ours = |meanwhile: fn(&Path)| {
            filebacked::file::update_atomic(&path, |file| {
                meanwhile(&path);
                file.write("ours", &1u8)
            })
        };
        let error = ours(other).unwrap_err();
        assert_eq!(
            (error.kind(), error.file()),
            (&ErrorKind::Changed, Some(path.as_path())),
            "{n}: {error}"
        );
        assert_eq!(beside(&path), ["atomic.h5"]);
        assert!(n == 2 || File::open(&path).unwrap().read::<u8>("theirs").unwrap() == 1, "{n}");
        if n < 2 {
            ours(|_| ()).unwrap();
            assert_eq!(File::open(&path).unwrap().names().unwrap().len(), 3);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_copy_that_is_changed_is_for_its_owner_only() {
    use std::os::unix::fs::MetadataExt;
    let (dir, path) = scratch("atomic.h5");
    File::create(&path).unwrap().write("x", &1u8).unwrap();
    let mode = fs::metadata(&path).unwrap().mode();
    filebacked::file::update_atomic(&path, |file| {
        assert_eq!(
            fs::metadata(dir.path().join(".atomic.h5.0.tmp")).unwrap().mode() & 0o7777,
            0o600
        );
        file.update("x", &2u8)
    })
    .unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode(), mode);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (_dir, path) = scratch("real.h5");
    File::create(&path).unwrap().write("x", &1u8).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let link = path.with_file_name("link.h5");
    symlink("real.h5", &link).unwrap();
    filebacked::file::update_atomic(&link, |file| file.update("x", &2u8)).unwrap();
    filebacked::file::repack(&link).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(File::open(&path).unwrap().read::<u8>("x").unwrap(), 2);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
}
