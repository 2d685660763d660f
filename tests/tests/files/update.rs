//! Updating values in place: what is the same stays where it is, what differs is written, what is
//! gone is deleted.

use filebacked::file::Journal;
use filebacked::options::Overwrite;
use filebacked::{
    Compression, ErrorKind, File, FileBacked, Lazy, ReadOptions, Save, Slot, Value, WriteOptions,
    Written, hdf5,
};
use filebacked_tests::{python, scratch};
use indexmap::IndexMap;
use ndarray::Array2;
use std::collections::BTreeMap;

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Model {
    step: u64,
    name: String,
    note: Option<String>,
    #[filebacked(attr)]
    unit: String,
    weights: Vec<f64>,
    grid: Array2<f32>,
    layers: Vec<Layer>,
    #[filebacked(layout = "compound")]
    records: Vec<Record>,
    params: BTreeMap<String, f64>,
    runs: IndexMap<String, Vec<u16>>,
    words: Vec<String>,
    activation: Activation,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Layer {
    width: u32,
    cache: f64,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Record {
    id: u32,
    label: String,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Activation {
    Relu { bias: f64 },
    Leaky { slope: f64 },
}

fn long(n: usize) -> String {
    "x".repeat(n)
}

fn model() -> Model {
    Model {
        step: 7,
        name: "digits".into(),
        note: Some("a note".into()),
        unit: "mm".into(),
        weights: (0..20_000).map(f64::from).collect(),
        grid: Array2::from_shape_fn((30, 40), |(i, j)| (i * 40 + j) as f32),
        layers: vec![Layer { width: 64, cache: 0.5 }, Layer { width: 10, cache: 0.25 }],
        // One long text among short ones: strings of variable length.
        records: (0..200)
            .map(|id| Record { id, label: if id == 3 { long(5000) } else { format!("r{id}") } })
            .collect(),
        params: BTreeMap::from([("momentum".into(), 0.9), ("decay".into(), 0.1)]),
        runs: [("b", vec![1, 2]), ("a", vec![3]), ("c", vec![])]
            .map(|(k, v)| (k.to_string(), v))
            .into(),
        words: (0..200).map(|i| if i == 3 { long(5000) } else { format!("w{i}") }).collect(),
        activation: Activation::Leaky { slope: 0.01 },
    }
}

/// The address of each object below a name.
fn addresses(file: &File, name: &str) -> BTreeMap<String, String> {
    fn walk(group: &hdf5::Group, path: &str, found: &mut BTreeMap<String, String>) {
        for name in group.member_names().unwrap() {
            let path = format!("{path}/{name}");
            let Ok(info) = group.loc_info_by_name(&name) else { continue };
            found.insert(path.clone(), format!("{:?}", info.token));
            if let Ok(group) = group.group(&name) {
                walk(&group, &path, found);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&file.as_hdf5().unwrap().group(name).unwrap(), "", &mut found);
    found
}

fn moved(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    after
        .iter()
        .filter(|(name, at)| before.get(*name) != Some(at))
        .map(|(name, _)| name.clone())
        .collect()
}

#[test]
fn what_is_equal_stays_untouched() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    file.write("run/7", &model()).unwrap();
    file.close().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let file = File::open_rw(&path).unwrap();
    let before = addresses(&file, "run/7");
    file.update("run/7", &model()).unwrap();
    assert_eq!(moved(&before, &addresses(&file, "run/7")), [""; 0]);
    file.close().unwrap();
    let after = std::fs::read(&path).unwrap();
    let differing = bytes.iter().zip(&after).filter(|(a, b)| a != b).count();
    assert!(
        after.len() < bytes.len() + 1024,
        "only the mark came and went: {} to {}",
        bytes.len(),
        after.len()
    );
    assert!(differing < 256, "{differing} bytes differ");
}

#[test]
fn what_differs_is_overwritten_or_replaced() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    file.write("run/7", &model()).unwrap();
    let before = addresses(&file, "run/7");
    let mut changed = model();
    changed.step = 8;
    changed.weights[19_999] = -1.0;
    changed.grid[[0, 0]] = 5.0;
    changed.layers[1].cache = 9.0;
    changed.unit = "km".into();
    file.update("run/7", &changed).unwrap();
    assert_eq!(moved(&before, &addresses(&file, "run/7")), [""; 0], "the same types and shapes");
    assert_eq!(file.read::<Model>("run/7").unwrap(), changed);

    changed.weights.push(1.0);
    changed.records[5].label = "other".into();
    changed.words[7] = "word".into();
    changed.unit = "miles".into();
    file.update("run/7", &changed).unwrap();
    let after = addresses(&file, "run/7");
    assert_eq!(moved(&before, &after), ["/records", "/weights", "/words"]);
    assert_eq!(file.read::<Model>("run/7").unwrap(), changed);

    changed.note = None;
    changed.activation = Activation::Relu { bias: 0.5 };
    changed.layers.pop();
    changed.params.insert("a".into(), 1.0);
    file.update("run/7", &changed).unwrap();
    assert_eq!(file.read::<Model>("run/7").unwrap(), changed);
    file.close().unwrap();
    assert_eq!(File::open(&path).unwrap().read::<Model>("run/7").unwrap(), changed);
    let Some(python) = python() else { return };
    let expected = serde_json::json!([
        "activation",
        "grid",
        "layers",
        "name",
        "params",
        "records",
        "runs",
        "step",
        "weights",
        "words"
    ]);
    assert_eq!(python.eval(&path, "sorted(f['run/7'])"), expected);
    assert_eq!(python.eval(&path, "f['run/7'].attrs['unit'].decode()"), "miles");
    assert_eq!(
        python.eval(
            &path,
            "list(f['run/7/activation']) + [f['run/7/activation'].attrs['variant'].decode()]"
        ),
        serde_json::json!(["bias", "Relu"])
    );
    assert_eq!(
        python.eval(&path, "f['run/7/weights'][-2:].tolist()"),
        serde_json::json!([-1.0, 1.0])
    );
    assert_eq!(python.eval(&path, "sorted(f.attrs)"), serde_json::json!(["filebacked_format"]));
}

#[test]
fn maps_keep_the_order_of_the_value() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    let map = |entries: &[(&str, &[u16])]| -> IndexMap<String, Vec<u16>> {
        entries.iter().map(|(k, v)| (k.to_string(), v.to_vec())).collect()
    };
    file.write("m", &map(&[("b", &[1, 2]), ("a", &[3]), ("c", &[])])).unwrap();
    // `b` is written anew, which would put it behind the others; `a` goes, `d` comes before what
    // was there.
    let changed = map(&[("d", &[9]), ("b", &[1, 2, 3]), ("c", &[])]);
    file.update("m", &changed).unwrap();
    let read: IndexMap<String, Vec<u16>> = file.read("m").unwrap();
    assert_eq!(read.iter().collect::<Vec<_>>(), changed.iter().collect::<Vec<_>>());
    file.close().unwrap();
    if let Some(python) = python() {
        assert_eq!(python.eval(&path, "list(f['m'])"), serde_json::json!(["d", "b", "c"]));
    }
}

#[test]
fn the_root_keeps_what_is_not_of_the_type() {
    let (_dir, path) = scratch("update.h5");
    filebacked::save(&path, &model()).unwrap();
    let file = File::open_rw(&path).unwrap();
    file.write("beside", &5u8).unwrap();
    let changed = Model { note: None, step: 9, ..model() };
    file.update_root(&changed).unwrap();
    assert_eq!(file.read_root::<Model>().unwrap(), changed);
    assert!(!file.names().unwrap().contains(&"note".to_string()));
    assert_eq!(file.read::<u8>("beside").unwrap(), 5);
    file.close().unwrap();
    assert_eq!(filebacked::load::<Model>(&path).unwrap(), changed);
}

#[test]
fn entries_of_a_map_at_the_root_go() {
    let map = |keys: &[&str]| -> BTreeMap<String, Vec<u8>> {
        keys.iter().map(|k| (k.to_string(), vec![1])).collect()
    };
    for overwrite in [Overwrite::Update, Overwrite::Replace] {
        let (_dir, path) = scratch("update.h5");
        filebacked::save(&path, &map(&["a", "b"])).unwrap();
        let file = File::open_rw(&path).unwrap();
        file.write_root_with(&map(&["b", "c"]), &WriteOptions::new().overwrite(overwrite)).unwrap();
        drop(file);
        assert_eq!(
            filebacked::load::<BTreeMap<String, Vec<u8>>>(&path).unwrap(),
            map(&["b", "c"]),
            "{overwrite:?}"
        );
    }
}

#[test]
fn what_is_skipped_stays() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    file.write("m", &model()).unwrap();
    let mut changed = model();
    changed.step = 8;
    changed.unit = "km".into();
    changed.layers.iter_mut().for_each(|layer| (layer.cache, layer.width) = (0.0, 1));
    let options = WriteOptions::new().skip(["layers/*/cache", "step", "unit", "runs/a"]);
    file.update_with("m", &changed, &options).unwrap();
    let read: Model = file.read("m").unwrap();
    assert_eq!((read.step, read.unit.as_str()), (7, "mm"));
    assert_eq!(read.layers, [Layer { width: 1, cache: 0.5 }, Layer { width: 1, cache: 0.25 }]);
    assert_eq!(read.runs["a"], [3]);
    // Rows that are others have no use for a column of before.
    changed.layers.pop();
    file.update_with("m", &changed, &options).unwrap();
    let options = ReadOptions::new().only(["layers/*/width"]);
    let names = file.as_hdf5().unwrap().group("m/layers").unwrap().member_names().unwrap();
    assert_eq!(names, ["width"]);
    assert!(file.read_with::<Model>("m", &options).is_err(), "a column without default is missing");
}

#[test]
fn chunks_and_compression_follow_the_wish() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    let gzip = WriteOptions::new().compression(Compression::Gzip(4)).chunk_bytes(4096);
    let mut values: Vec<u32> = (0..40_000).collect();
    file.write_with("g/x", &values, &gzip).unwrap();
    let before = addresses(&file, "g");
    values[12_345] = 7;
    file.update("g/x", &values).unwrap();
    assert_eq!(addresses(&file, "g"), before, "no wish: it stays as it lies");
    values[3] = 8;
    file.update_with("g/x", &values, &gzip).unwrap();
    assert_eq!(addresses(&file, "g"), before, "the same wish");
    assert_eq!(file.read::<Vec<u32>>("g/x").unwrap(), values);
    assert!(file.as_hdf5().unwrap().dataset("g/x").unwrap().storage_size() < 100_000);
    file.update_with("g/x", &values, &gzip.compression(Compression::Gzip(9))).unwrap();
    assert_ne!(addresses(&file, "g"), before, "another wish");
    assert_eq!(file.read::<Vec<u32>>("g/x").unwrap(), values);
    // Large enough for several blocks, of which one differs.
    let mut large: Vec<f64> = (0..3_000_000).map(f64::from).collect();
    file.write("g/large", &large).unwrap();
    large[2_500_000] = -1.0;
    file.update("g/large", &large).unwrap();
    assert_eq!(file.read::<Vec<f64>>("g/large").unwrap(), large);
}

/// Fails in the middle, if configured so.
struct Failing(bool);

impl Save for Failing {
    fn write(&self, slot: Slot<'_>) -> filebacked::Result<Written> {
        let mut group = slot.structure("Failing", 1)?;
        group.field("first", &u8::from(!self.0))?;
        if self.0 {
            return Err(filebacked::Error::custom("no more"));
        }
        group.end()
    }
}

#[test]
fn a_value_that_cannot_be_written_changes_nothing() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    file.write("m", &Failing(false)).unwrap();
    assert!(matches!(file.update("m", &Failing(true)).unwrap_err().kind(), ErrorKind::Custom(_)));
    assert_eq!(file.read::<u8>("m/first").unwrap(), 1);
    assert!(file.update("m/first/x", &1u8).is_err(), "a dataset has no members");
    file.update("new/x", &1u8).unwrap();
    assert_eq!(file.read::<u8>("new/x").unwrap(), 1, "nothing there: written");
    // Another kind of thing.
    file.update("m", &5u8).unwrap();
    assert_eq!(file.read::<u8>("m").unwrap(), 5);
    file.update("m", &model()).unwrap();
    assert_eq!(file.read::<Model>("m").unwrap(), model());
    let reader = File::open(&path);
    drop(file);
    drop(reader);
    let error = File::open(&path).unwrap().update("m", &5u8).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::ReadOnly);
}

#[test]
fn attributes_of_before_go() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    file.write("x", &vec![Layer { width: 1, cache: 2.0 }]).unwrap();
    let group = file.as_hdf5().unwrap().group("x").unwrap();
    group.new_attr::<u8>().create("mine").unwrap();
    group.dataset("width").unwrap().new_attr::<u8>().create("mine").unwrap();
    drop(group);
    file.update("x", &vec![Layer { width: 1, cache: 2.0 }]).unwrap();
    let group = file.as_hdf5().unwrap().group("x").unwrap();
    assert_eq!(group.attr_names().unwrap(), ["filebacked", "len"]);
    assert_eq!(group.dataset("width").unwrap().attr_names().unwrap(), [""; 0]);
}

#[derive(FileBacked)]
struct Later {
    step: u8,
    samples: Lazy<Vec<f64>>,
}

#[test]
fn lazy_values_that_lie_there_are_left_alone() {
    let (_dir, path) = scratch("update.h5");
    let samples: Vec<f64> = (0..100_000).map(f64::from).collect();
    filebacked::save(&path, &Later { step: 1, samples: samples.clone().into() }).unwrap();
    // Once read by our own engine, once through the open file.
    let mut by_load: Later = filebacked::load(&path).unwrap();
    let file = File::open_rw(&path).unwrap();
    let before = file.as_hdf5().unwrap().dataset("samples").unwrap().offset();
    by_load.step = 2;
    file.update_root(&by_load).unwrap();
    let mut by_file: Later = file.read_root().unwrap();
    assert_eq!(by_file.step, 2);
    by_file.step = 3;
    file.update_root(&by_file).unwrap();
    assert_eq!(file.as_hdf5().unwrap().dataset("samples").unwrap().offset(), before);
    // A handle sees what is written where it looks.
    let mut other = samples.clone();
    other[0] = -1.0;
    file.update("samples", &other).unwrap();
    assert_eq!(by_file.samples.get().unwrap()[0], -1.0);
    file.flush().unwrap();
    assert_eq!(*by_load.samples.get().unwrap_err().kind(), ErrorKind::Changed);
}

#[test]
fn any_value_is_updated_as_it_is() {
    let (_dir, path) = scratch("update.h5");
    let Some(python) = python() else { return };
    python.create(
        &path,
        "import h5py, numpy as np\n\
         f['a/x'] = np.arange(6, dtype='>i4').reshape(2, 3)\n\
         f['a/t'] = ['one', 'two']\n\
         f['a'].attrs['names'] = ['p', 'q']\n\
         f['a/ref'] = np.array([f['a/x'].ref, f['a'].ref], dtype=h5py.ref_dtype)\n\
         f['a/soft'] = h5py.SoftLink('/nowhere')\n\
         f['a/type'] = np.dtype('f4')\n\
         f['a/empty'] = h5py.Empty('f8')\n",
    );
    let file = File::open_rw(&path).unwrap();
    let mut value: Value = file.read("a").unwrap();
    let before = addresses(&file, "a");
    file.update("a", &value).unwrap();
    assert_eq!(
        moved(&before, &addresses(&file, "a")),
        ["/ref"],
        "references are always written anew"
    );
    value.insert("more", 8).unwrap();
    file.update("a", &value).unwrap();
    assert_eq!(file.read::<Value>("a").unwrap(), value);
    file.close().unwrap();
    assert_eq!(
        python.eval(&path, "[f[r].name for r in f['a/ref'][:]]"),
        serde_json::json!(["/a/x", "/a"])
    );
    assert_eq!(python.eval(&path, "f['a/more'][()].tolist()"), 8);
}

#[test]
fn deleting() {
    let (_dir, path) = scratch("update.h5");
    let file = File::create(&path).unwrap();
    file.write("run/7", &model()).unwrap();
    file.delete("/run/7/").unwrap();
    assert_eq!(*file.read::<u8>("run/7").unwrap_err().kind(), ErrorKind::Missing);
    // The error names the first that is missing.
    for (name, missing) in [("run/7", "/run/7"), ("nothing/here", "/nothing")] {
        let error = file.delete(name).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Missing);
        assert_eq!(error.path(), missing);
    }
    assert!(matches!(file.delete("/").unwrap_err().kind(), ErrorKind::Unsupported(_)));
    assert_eq!(file.names().unwrap(), ["run"]);
}

#[test]
fn the_mark_is_a_bit_of_the_superblock() {
    let Some(python) = python() else { return };
    for (how, at) in
        [("libver='earliest'", 20), ("libver=('v108', 'v108')", 11), ("libver='v110'", 11)]
    {
        let (_dir, path) = scratch("mark.h5");
        let name = path.to_str().unwrap();
        python.create(
            &path,
            &format!("import h5py as _h\nf.close()\nf = _h.File({name:?}, 'w', {how})\nf['x'] = 1\nf.close()\n"),
        );
        let byte = || std::fs::read(&path).unwrap()[at];
        let marked = File::options().journal(Journal::Off);
        let file = marked.open_rw(&path).unwrap();
        assert_eq!(byte(), 0, "{how}: nothing is changed yet");
        let copy = path.with_file_name("copy.h5");
        for i in 0..3u8 {
            file.write(&format!("y{i}"), &i).unwrap();
            assert_eq!(byte(), 1, "{how}");
            std::fs::copy(&path, &copy).unwrap();
            for opened in [File::open(&copy), File::open_rw(&copy), File::open_or_create(&copy)] {
                assert_eq!(*opened.unwrap_err().kind(), ErrorKind::Interrupted, "{how}");
            }
            let loaded = filebacked::load::<Value>(&copy);
            assert_eq!(*loaded.unwrap_err().kind(), ErrorKind::Interrupted, "{how}");
            // Whoever has it open here sees it all; so does a second opening, whose end is not that
            // of the first.
            let second = File::open_rw(&path).unwrap();
            assert_eq!(second.read::<u8>(&format!("y{i}")).unwrap(), i);
            drop(second);
            file.write(&format!("z{i}"), &i).unwrap();
            assert_eq!(byte(), 1, "{how}");
            file.flush().unwrap();
            assert_eq!(byte(), 0, "{how}: all is written");
            std::fs::copy(&path, &copy).unwrap();
            assert_eq!(
                File::open(&copy).unwrap().read::<u8>(&format!("z{i}")).unwrap(),
                i,
                "{how}"
            );
        }
        let lazy: Lazy<u8> = file.read("y0").unwrap();
        drop(file);
        assert_eq!(byte(), 0, "{how}");
        drop(lazy);
        assert_eq!(byte(), 0, "{how}");
        assert_eq!(python.eval(&path, "int(f['y2'][()]) + len(f)"), 9);
    }
}
