//! References into a file, by h5py, while what they lead to grows, is replaced and deleted.

use filebacked::engine::Engine;
use filebacked::{ErrorKind, File, FileBacked, LazyArray, LazyVec, ReadOptions};
use filebacked_tests::{Python, python, scratch};
use ndarray::{Array1, Array2, Axis, Ix1, Ix2};
use serde_json::json;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Weak};

/// References of every kind to `x` and `g/m`, to which several names lead.
const REFERRED: &str = "\
f['x'] = np.arange(4.)
f['g/m'] = np.arange(6.).reshape(2, 3)
f['g/again'] = f['g/m']
f['other'] = np.arange(3)
f['words'] = np.array([b'ab', b'c'])
x, m, o = f['x'].ref, f['g/m'].ref, f['other'].ref
f.create_dataset('one', data=m, dtype=h5py.ref_dtype)
f.create_dataset('many', data=np.array([x, m, o, h5py.Reference()], dtype=h5py.ref_dtype))
f['other'].attrs.create('about', x, dtype=h5py.ref_dtype)
f['x'].attrs.create('myself', x, dtype=h5py.ref_dtype)
f.attrs.create('all', np.array([m, x, o], dtype=h5py.ref_dtype))
t = np.dtype([('id', 'i4'), ('to', h5py.ref_dtype), ('name', 'S3')])
f.create_dataset('compound', data=np.array([(1, x, b'a'), (2, o, b'b'), (3, m, b'c')], dtype=t))
v = f.create_dataset('lists', (3,), dtype=h5py.vlen_dtype(h5py.ref_dtype))
v[0] = np.array([x, m], dtype=h5py.ref_dtype)
v[1] = np.array([o], dtype=h5py.ref_dtype)
f.create_dataset('region', data=f['x'].regionref[1:3], dtype=h5py.regionref_dtype)
f.create_dataset('regions', data=np.array([f['g/m'].regionref[0, 1:], f['other'].regionref[2:], f['g/m'].regionref[...]], dtype=h5py.regionref_dtype))
f['ruler'] = np.arange(4.)
f['ruler'].make_scale('length')
f['x'].dims[0].attach_scale(f['ruler'])
";

/// The name of what each reference leads to, and the elements of regions.
const LEADS_TO: &str = "(lambda n: [n(f['one'][()]), [n(r) for r in f['many'][:]], n(f['other'].attrs['about']), \
n(f['x'].attrs['myself']), [n(r) for r in f.attrs['all']], [[int(c['id']), n(c['to']), c['name'].decode()] for c in f['compound'][:]], \
[[n(r) for r in l] for l in f['lists'][:2]], f[f['region'][()]].name, f[f['region'][()]][f['region'][()]].tolist(), \
[f[r].name for r in f['regions'][:]], [f[r][r].tolist() for r in f['regions'][:2]], \
f['x'].dims[0][0].name, n(f['ruler'].attrs['REFERENCE_LIST'][0]['dataset'])])(lambda r: f[r].name if r else None)";

fn leads_to() -> serde_json::Value {
    json!([
        "/g/m",
        ["/x", "/g/m", "/other", null],
        "/x",
        "/x",
        ["/g/m", "/x", "/other"],
        [[1, "/x", "a"], [2, "/other", "b"], [3, "/g/m", "c"]],
        [["/x", "/g/m"], ["/other"]],
        "/x",
        [1.0, 2.0],
        ["/g/m", "/other", "/g/m"],
        [[[1.0, 2.0]], [2]],
        "/ruler",
        "/x"
    ])
}

fn referred(python: &Python, path: &Path, options: &str) {
    let code = format!(
        "with h5py.File({path:?}, 'w'{options}) as f:\n    {}",
        REFERRED.replace('\n', "\n    ")
    );
    python.create(&path.with_extension("other"), &code);
    // h5py calls an object by any of its names.
    let names = python.eval(path, &LEADS_TO.replace(".name", ".name.replace('again', 'm')"));
    assert_eq!(names, leads_to());
}

#[test]
fn references_lead_to_what_has_grown() {
    let Some(python) = python() else { return };
    for options in ["", ", libver='latest'"] {
        let (_dir, path) = scratch("grown.h5");
        referred(python, &path, options);
        let file = File::open_rw(&path).unwrap();
        let mut x: LazyArray<f64, Ix1> = file.read("x").unwrap();
        x.append(Axis(0), &Array1::from(vec![4.0, 5.0])).unwrap();
        let mut m: LazyArray<f64, Ix2> = file.read("g/m").unwrap();
        m.append(Axis(1), &Array2::from_elem((2, 1), 9.0)).unwrap();
        // What is made later must not get a place that something still points to.
        for i in 0..50 {
            file.write(&format!("more/{i}"), &vec![-1.0; 4]).unwrap();
        }
        drop((x, m));
        file.close().unwrap();
        let names = python.eval(&path, &LEADS_TO.replace(".name", ".name.replace('again', 'm')"));
        assert_eq!(names, leads_to(), "{options}");
        let grown = "[f[f['many'][0]][:].tolist(), f[f['many'][1]].shape, f[f['one'][()]] == f['g/m'], f['g/m'] == f['g/again']]";
        assert_eq!(
            python.eval(&path, grown),
            json!([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [2, 4], true, true])
        );
        assert_eq!(
            python.eval(
                &path,
                "[len(f['region']) if f['region'].shape else 0, f['compound'].dtype.names]"
            ),
            json!([0, ["id", "to", "name"]])
        );
        // Once more, in place: nothing moves.
        let file = File::open_rw(&path).unwrap();
        let mut x: LazyArray<f64, Ix1> = file.read("x").unwrap();
        x.append(Axis(0), &Array1::from(vec![6.0])).unwrap();
        drop(x);
        file.close().unwrap();
        assert_eq!(python.eval(&path, "f[f['many'][0]][:].tolist()[-1]"), json!(6.0));
    }
}

#[derive(FileBacked, Clone, Debug, PartialEq)]
struct Step {
    loss: f64,
    note: String,
}

#[test]
fn references_lead_to_columns_that_have_grown() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("columns.h5");
    let step = |i: usize, note: &str| Step { loss: i as f64, note: note.into() };
    let file = File::create(&path).unwrap();
    file.write("log", &vec![step(0, "a"), step(1, "b")]).unwrap();
    file.close().unwrap();
    python.change(
        &path,
        "f.create_dataset('r', data=np.array([f['log/loss'].ref, f['log/note'].ref, f['log'].ref], dtype=h5py.ref_dtype))\n\
         f.attrs.create('q', f['log/loss'].regionref[1:], dtype=h5py.regionref_dtype)",
    );
    let file = File::open_rw(&path).unwrap();
    let mut log: LazyVec<Step> = file.read("log").unwrap();
    // Other notes than the column has room for, and then one that is no text of HDF5: packed.
    for (note, names) in [
        ("longer", ["/log/loss", "/log/note", "/log"]),
        ("a\0b", ["/log/loss", "/log/note", "/log"]),
    ] {
        log.push(step(2, note));
        log.flush().unwrap();
        for i in 0..20 {
            file.write(&format!("more/{note:?}/{i}"), &vec![-1.0; 2]).unwrap();
        }
        let (_dir, seen) = scratch("seen.h5");
        std::fs::write(&seen, file.to_image().unwrap()).unwrap();
        assert_eq!(python.eval(&seen, "[f[r].name for r in f['r'][:]]"), json!(names));
        assert_eq!(python.eval(&seen, "f[f.attrs['q']][f.attrs['q']].tolist()"), json!([1.0]));
    }
    assert_eq!(file.read::<Vec<Step>>("log").unwrap()[3], step(2, "a\0b"));
}

#[test]
fn a_region_of_what_has_no_regions_any_more_is_named() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("packed.h5");
    let file = File::create(&path).unwrap();
    file.write("words", &vec!["a", "b"]).unwrap();
    file.close().unwrap();
    python.change(&path, "f.create_group('g').attrs.create('q', f['words'].regionref[1:], dtype=h5py.regionref_dtype)");
    let before = std::fs::read(&path).unwrap();
    let file = File::open_rw(&path).unwrap();
    let mut words: LazyVec<String> = file.read("words").unwrap();
    words.push("a\0b".into());
    let error = words.flush().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert!(error.to_string().contains("g/q"), "{error}");
    drop(words);
    assert_eq!(file.read::<Vec<String>>("words").unwrap(), ["a", "b"]);
    file.close().unwrap();
    assert!(before.len() <= std::fs::read(&path).unwrap().len());
}

/// A reference that leads nowhere any more, as HDF5 lets them: h5py says nothing either.
#[derive(FileBacked, Debug)]
struct Pair {
    first: Arc<Vec<f64>>,
    second: Weak<Vec<f64>>,
}

#[test]
fn a_reference_to_what_was_deleted_gives_no_owner() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("deleted.h5");
    let make = "f['first'] = [0.5]\nf['x'] = np.arange(5.)\nf.create_dataset('second', data=f['x'].ref, dtype=h5py.ref_dtype)";
    let load = |engine| ReadOptions::new().engine(engine).load::<Pair>(&path);
    for options in ["", ", libver=('earliest', 'v108')", ", libver='latest'"] {
        let create = |code: &str| {
            let code = format!(
                "with h5py.File({path:?}, 'w'{options}) as f:\n    {}",
                code.replace('\n', "\n    ")
            );
            python.create(&path.with_extension("other"), &code);
        };
        for engine in [Engine::Any, Engine::Libhdf5] {
            // What was deleted still lies there, and nobody owns it.
            create(make);
            python.change(&path, "del f['x']");
            let pair = load(engine).unwrap();
            assert_eq!(
                (&pair.first[..], pair.second.upgrade()),
                (&[0.5][..], None),
                "{options} {engine:?}"
            );
            // A group is there now.
            create(&format!(
                "{make}\ndel f['x']\nf.create_group('y')\nfor i in range(9): f[f'y{{i}}'] = np.zeros((2, 2))"
            ));
            match load(engine) {
                Ok(pair) => assert_eq!(pair.second.upgrade(), None),
                Err(error) => assert_eq!(error.path(), "/second", "{error}"),
            }
        }
    }
}

#[test]
fn a_reference_to_no_object_is_an_error() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("nowhere.h5");
    for options in ["", ", libver='latest'"] {
        let code = format!(
            "with h5py.File({path:?}, 'w'{options}) as f:\n    f['first'] = [0.5]\n    \
             f.create_dataset('second', data=f['first'].ref, dtype=h5py.ref_dtype)\n    f['bulk'] = np.zeros(2000)"
        );
        python.create(&path.with_extension("other"), &code);
        let load = |engine| ReadOptions::new().engine(engine).load::<Pair>(&path);
        let pair = load(Engine::Any).unwrap();
        assert!(Arc::ptr_eq(&pair.second.upgrade().unwrap(), &pair.first));
        let at = |name: &str| {
            python.eval(&path, &format!("f['{name}'].id.get_offset()")).as_u64().unwrap()
        };
        let (place, bulk, len) =
            (at("second"), at("bulk"), std::fs::metadata(&path).unwrap().len());
        for address in
            [1, 8, bulk, bulk + 8, len - 3, len, len + 1, u64::MAX / 2, u64::MAX - 1, u64::MAX]
        {
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.write_all_at(&address.to_le_bytes(), place).unwrap();
            for engine in [Engine::Any, Engine::Libhdf5] {
                let error = load(engine).expect_err(&format!("{address} {engine:?}{options}"));
                assert_eq!(error.path(), "/second", "{address} {error}");
                assert!(
                    matches!(error.kind(), ErrorKind::Dangling(_) | ErrorKind::Damaged(_)),
                    "{address} {error:?}"
                );
            }
        }
    }
}
