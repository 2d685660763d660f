//! Soft and external links as fields: written as links of HDF5, read without being followed.

use filebacked::link::{ExternalLink, SoftLink};
use filebacked::options::Layout;
use filebacked::{ErrorKind, File, FileBacked, Lazy, ReadOptions, Value, WriteOptions};
use filebacked_tests::{python, scratch};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(FileBacked, Debug, Clone, PartialEq)]
struct Layer {
    name: String,
    weights: Vec<f64>,
}

/// A newtype is its field.
#[derive(FileBacked, Debug, PartialEq)]
struct Best(SoftLink<Layer>);

#[derive(FileBacked, Debug, PartialEq)]
enum Source {
    Here(SoftLink<Vec<f64>>),
    There { link: ExternalLink<Vec<f64>> },
}

#[derive(FileBacked, Debug, PartialEq)]
struct Row {
    id: u8,
    link: SoftLink<Layer>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Model {
    #[filebacked(layout = "links")]
    layers: BTreeMap<String, Layer>,
    best: Best,
    relative: SoftLink<Vec<f64>>,
    dangling: SoftLink<u8>,
    none: Option<SoftLink<u8>>,
    some: Option<Arc<SoftLink<String>>>,
    data: ExternalLink<Vec<f64>>,
    gone: Box<ExternalLink<u8>>,
    list: Vec<SoftLink<Layer>>,
    sparse: Vec<Option<SoftLink<Layer>>>,
    named: BTreeMap<String, ExternalLink<u8>>,
    sources: Vec<Source>,
    rows: Vec<Row>,
    pair: (u8, SoftLink<u8>),
    #[filebacked(default)]
    later: SoftDefault,
}

#[derive(FileBacked, Debug, PartialEq)]
struct SoftDefault {
    #[filebacked(default = SoftLink::new("elsewhere"), alias = "old")]
    link: SoftLink<u8>,
}

impl Default for SoftDefault {
    fn default() -> Self {
        SoftDefault { link: "elsewhere".into() }
    }
}

fn layer(n: usize) -> Layer {
    Layer { name: format!("layer {n}"), weights: vec![n as f64; n] }
}

fn model() -> Model {
    Model {
        layers: (1..4).map(|n| (n.to_string(), layer(n))).collect(),
        best: Best("/layers/2".into()),
        relative: "layers/3/weights".into(),
        dangling: "/no/such/thing".into(),
        none: None,
        some: Some(Arc::new("layers/1/name".into())),
        data: ExternalLink::new("data.h5", "/values"),
        gone: Box::new(("missing.h5", "x").into()),
        list: vec!["/layers/1".into(), "../not".into(), SoftLink::new("/layers/3")],
        sparse: vec![None, Some("/layers/2".into())],
        named: BTreeMap::from([("a/b".into(), ExternalLink::new("a ä.h5", "/ü"))]),
        sources: vec![
            Source::Here("/relative".into()),
            Source::There { link: ("data.h5", "values").into() },
        ],
        rows: vec![
            Row { id: 1, link: "/layers/1".into() },
            Row { id: 2, link: "/layers/9".into() },
        ],
        pair: (5, "/pair/0".into()),
        later: SoftDefault { link: "x".into() },
    }
}

/// A directory with the model and the file that it refers to.
fn saved() -> (tempfile::TempDir, std::path::PathBuf) {
    let (dir, path) = scratch("model.h5");
    File::create(dir.path().join("data.h5")).unwrap().write("values", &[7.5, 8.5]).unwrap();
    filebacked::save(&path, &model()).unwrap();
    (dir, path)
}

#[track_caller]
fn dangles<T: std::fmt::Debug>(result: filebacked::Result<T>, words: &str) {
    let error = result.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Dangling(_)) && error.to_string().contains(words),
        "{error}"
    );
}

#[test]
fn links_come_back_and_are_followed_when_asked() {
    let (_dir, path) = saved();
    let read: Model = filebacked::load(&path).unwrap();
    assert_eq!(read, model());
    assert_eq!(read.best.0.read().unwrap(), layer(2));
    assert_eq!(read.relative.read().unwrap(), [3.0; 3]);
    assert_eq!(read.some.as_ref().unwrap().read().unwrap(), "layer 1");
    assert_eq!(read.data.read().unwrap(), [7.5, 8.5]);
    assert_eq!(read.list[2].read().unwrap(), layer(3));
    assert_eq!(read.sparse[1].as_ref().unwrap().read().unwrap(), layer(2));
    assert_eq!(read.rows[0].link.read().unwrap(), layer(1));
    assert_eq!(read.pair.1.read().unwrap(), 5);
    match &read.sources[..] {
        [Source::Here(here), Source::There { link }] => {
            assert_eq!(
                (here.read().unwrap(), link.read().unwrap()),
                (vec![3.0; 3], vec![7.5, 8.5])
            );
        }
        other => panic!("{other:?}"),
    }
    dangles(read.dangling.read(), "/dangling: a soft link to `/no/such/thing`");
    dangles(read.gone.read(), "missing.h5");
    dangles(read.rows[1].link.read(), "/layers/9");
    assert!(read.dangling.is_placed());
    // As something else than it is.
    let wrong = filebacked::load::<Model>(&path).unwrap().list.remove(0);
    let wrong = SoftLink::<u8>::new(wrong.path());
    dangles(wrong.read(), "made here");
    let file = File::open(&path).unwrap();
    assert!(matches!(wrong.read_in(&file).unwrap_err().kind(), ErrorKind::Mismatch { .. }));
    assert_eq!(read.list[0].read_in(&file).unwrap(), layer(1));
    assert_eq!(
        SoftLink::<String>::new("name").read_in(&file.group("layers/2").unwrap()).unwrap(),
        "layer 2"
    );
    // Whoever does not know of links reads through them.
    assert_eq!(file.read::<Layer>("best").unwrap(), layer(2));
    assert_eq!(file.read::<Vec<f64>>("data").unwrap(), [7.5, 8.5]);
    // The handle keeps the file, and sees the new place of the name.
    let link = file.read::<SoftLink<Layer>>("list/2").unwrap();
    drop(file);
    std::thread::spawn(move || assert_eq!(link.read().unwrap(), layer(3))).join().unwrap();

    // Saved again, wherever that is, it is the same.
    let again = path.with_file_name("again.h5");
    filebacked::save(&again, &read).unwrap();
    assert!(std::fs::read(&path).unwrap() == std::fs::read(&again).unwrap());
    let bytes = filebacked::to_bytes(&read).unwrap();
    let read: Model = filebacked::from_bytes(&bytes).unwrap();
    assert_eq!((&read, read.relative.read().unwrap()), (&model(), vec![3.0; 3]));
}

#[test]
fn h5py_sees_links_and_writes_them() {
    let Some(python) = python() else { return };
    let (_dir, path) = saved();
    let link = |name: &str| {
        let expr = format!(
            "(lambda l: [type(l).__name__, getattr(l, 'filename', None), getattr(l, 'path', None)])(f.get({name:?}, getlink=True))"
        );
        python.eval(&path, &expr)
    };
    assert_eq!(link("best"), json!(["SoftLink", null, "/layers/2"]));
    assert_eq!(link("relative"), json!(["SoftLink", null, "layers/3/weights"]));
    assert_eq!(link("dangling"), json!(["SoftLink", null, "/no/such/thing"]));
    assert_eq!(link("data"), json!(["ExternalLink", "data.h5", "/values"]));
    assert_eq!(link("gone"), json!(["ExternalLink", "missing.h5", "x"]));
    assert_eq!(link("named/a%2Fb"), json!(["ExternalLink", "a ä.h5", "/ü"]));
    assert_eq!(link("list/1"), json!(["SoftLink", null, "../not"]));
    assert_eq!(link("rows/link/0"), json!(["SoftLink", null, "/layers/1"]));
    assert_eq!(
        python.eval(
            &path,
            "[f['best/name'].asstr()[()], f['data'][:].tolist(), f['list'].attrs['len'] == 3, 'none' in f]"
        ),
        json!(["layer 2", [7.5, 8.5], true, false])
    );

    let (_dir, theirs) = scratch("theirs.h5");
    python.create(&theirs, "g = f.create_group('g'); g['v'] = [1.5]; f['s'] = h5py.SoftLink('/g/v'); f['e'] = h5py.ExternalLink('x.h5', '/y'); f['h'] = f['g/v']; f['links/0'] = h5py.SoftLink('a'); f['links/1'] = h5py.SoftLink('/g/v')");
    #[derive(FileBacked, Debug)]
    struct Theirs {
        s: SoftLink<Vec<f64>>,
        e: ExternalLink<u8>,
        h: Vec<f64>,
        #[filebacked(rename = "links")]
        list: Vec<SoftLink<Vec<f64>>>,
        #[filebacked(rename = "links/1")]
        inside: SoftLink<Vec<f64>>,
    }
    let read: Theirs = filebacked::load(&theirs).unwrap();
    assert_eq!(
        (read.s.path(), read.e.file(), read.e.path(), &read.h[..]),
        ("/g/v", "x.h5", "/y", &[1.5][..])
    );
    assert_eq!(
        (read.s.read().unwrap(), read.list[1].read().unwrap(), read.inside.path()),
        (vec![1.5], vec![1.5], "/g/v")
    );
    let map: BTreeMap<String, SoftLink<Vec<f64>>> =
        File::open(&theirs).unwrap().read("links").unwrap();
    assert_eq!(map["0"].path(), "a");
}

#[test]
fn what_is_no_such_link_is_refused() {
    let file = File::in_memory().unwrap();
    file.write("x", &1u8).unwrap();
    file.write("soft", &SoftLink::<u8>::new("x")).unwrap();
    file.write("out", &ExternalLink::<u8>::new("x.h5", "x")).unwrap();
    let mismatch = |expected: &str, found: &str| ErrorKind::Mismatch {
        expected: expected.into(),
        found: found.into(),
    };
    let error = file.read::<SoftLink<u8>>("x").unwrap_err();
    assert_eq!((error.kind(), &*error.path()), (&mismatch("a soft link", "a scalar of u8"), "/x"));
    assert_eq!(
        *file.read::<SoftLink<u8>>("out").unwrap_err().kind(),
        mismatch("a soft link", "an external link to `x` in `x.h5`")
    );
    assert_eq!(
        *file.read::<ExternalLink<u8>>("soft").unwrap_err().kind(),
        mismatch("an external link", "a soft link to `x`")
    );
    assert_eq!(*file.read::<SoftLink<u8>>("no").unwrap_err().kind(), ErrorKind::Missing);
    assert_eq!(file.read::<SoftLink<u8>>("soft").unwrap().read().unwrap(), 1);

    for wrong in ["", "a\0b"] {
        let error = file.write("w", &SoftLink::<u8>::new(wrong)).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Unsupported(_)) && error.path() == "/w",
            "{error}"
        );
    }
    #[derive(FileBacked, Debug)]
    struct Attribute {
        #[filebacked(attr)]
        link: SoftLink<u8>,
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(module = "m")]
    struct Linked {
        link: SoftLink<u8>,
    }
    for error in [
        file.write("w", &Attribute { link: "x".into() }).unwrap_err(),
        filebacked::to_bytes(&SoftLink::<u8>::new("x")).map(drop).unwrap_err(),
        WriteOptions::new()
            .layout(Layout::Python)
            .to_bytes(&Linked { link: "x".into() })
            .map(drop)
            .unwrap_err(),
    ] {
        assert!(
            matches!(error.kind(), ErrorKind::Unsupported(what) if what.contains("link")),
            "{error}"
        );
    }
    assert!(!file.contains("w").unwrap());
}

#[test]
fn links_beside_lazy_values_and_values_without_a_type() {
    #[derive(FileBacked)]
    struct Run {
        samples: Lazy<Vec<f64>>,
        shown: SoftLink<Vec<f64>>,
        lost: SoftLink<u8>,
    }
    let (_dir, path) = scratch("run.h5");
    filebacked::save(
        &path,
        &Run { samples: vec![0.5; 100].into(), shown: "samples".into(), lost: "no".into() },
    )
    .unwrap();
    let run: Run = filebacked::load(&path).unwrap();
    assert!(!run.samples.is_loaded());
    assert_eq!(run.shown.read().unwrap(), [0.5; 100]);
    // Saved over the very file: the handles stay what they were.
    filebacked::save(
        &path,
        &Run { samples: vec![1.0].into(), shown: "lost".into(), lost: "shown".into() },
    )
    .unwrap();
    assert_eq!(
        (run.shown.read().unwrap(), run.samples.get().unwrap().len()),
        (vec![0.5; 100], 100)
    );
    let circle: Run = filebacked::load(&path).unwrap();
    dangles(circle.shown.read(), "circle");
    let value: Value = filebacked::load(&path).unwrap();
    assert_eq!(value["lost"], Value::from(circle.lost.to_link()));
    // Options do not see behind a link.
    let only: filebacked::Result<Run> = ReadOptions::new().skip(["lost"]).load(&path);
    assert_eq!(only.map(drop).unwrap_err().kind(), &ErrorKind::Skipped);
}

#[test]
fn our_own_engine_writes_and_reads_links() {
    use filebacked::engine::Engine;
    let (_dir, path) = saved();
    let native = WriteOptions::new().engine(Engine::Native);
    for (engine, other) in [(Engine::Native, Engine::Libhdf5), (Engine::Libhdf5, Engine::Native)] {
        WriteOptions::new().engine(engine).save(&path, &model()).unwrap();
        let read: Model = ReadOptions::new().engine(other).load(&path).unwrap();
        assert_eq!(read, model(), "{engine:?} to {other:?}");
        // What it cannot follow, the library does.
        assert_eq!(
            (read.relative.read().unwrap(), read.data.read().unwrap()),
            (vec![3.0; 3], vec![7.5, 8.5])
        );
        dangles(read.dangling.read(), "/no/such/thing");
        dangles(read.gone.read(), "missing.h5");
    }
    // A digest is over where links lead, whoever wrote them.
    let digests = [Engine::Native, Engine::Libhdf5].map(|engine| {
        WriteOptions::new().engine(engine).digest(true).save(&path, &model()).unwrap();
        filebacked::inspect::verify(&path).unwrap().digest.unwrap()
    });
    assert_eq!(digests[0], digests[1]);
    native.save(&path, &model()).unwrap();
    let error = ReadOptions::new().engine(Engine::Native).load::<Value>(&path).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NeedsLibhdf5, "{error}");
    let value: Value = filebacked::load(&path).unwrap();
    assert_eq!(
        (&value["relative"], &value["dangling"]),
        (&vec![3.0; 3].into(), &Value::from(model().dangling.to_link()))
    );
    let tree = filebacked::inspect::tree(&path).unwrap();
    assert!(tree.get("best").is_some() && tree.get("dangling").is_some(), "{tree}");
    if let Some(text) = filebacked_tests::h5dump(&["-n", "1"], &path) {
        assert!(
            text.contains("/relative -> layers/3/weights")
                && text.contains("/gone -> missing.h5 x"),
            "{text}"
        );
    }

    // In a heap, in their order.
    let many: BTreeMap<u32, SoftLink<u8>> =
        (0..2000).map(|i| (i, SoftLink::new("x".repeat(i as usize % 300 + 1)))).collect();
    native.save(&path, &many).unwrap();
    for engine in [Engine::Native, Engine::Libhdf5] {
        assert!(
            ReadOptions::new().engine(engine).load::<BTreeMap<u32, SoftLink<u8>>>(&path).unwrap()
                == many,
            "{engine:?}"
        );
    }
    if let Some(python) = python() {
        assert_eq!(
            python.eval(
                &path,
                "[list(f) == [str(i) for i in range(2000)], f.get('1234', getlink=True).path == 'x' * 35]"
            ),
            json!([true, true])
        );
        assert_eq!(python.eval(&path, "f.get('299', getlink=True).path == 'x' * 300"), true);
    }
    // Longer than a message has room for.
    let long = SoftLink::<u8>::new("x".repeat(65_000));
    let error =
        native.to_bytes(&BTreeMap::from([("a".to_string(), long.clone())])).map(drop).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NeedsLibhdf5);
    let map = BTreeMap::from([("a".to_string(), long)]);
    match filebacked::to_bytes(&map) {
        Ok(bytes) => assert!(
            filebacked::from_bytes::<BTreeMap<String, SoftLink<u8>>>(&bytes).unwrap() == map
        ),
        Err(error) => panic!("{error}"),
    }
}
