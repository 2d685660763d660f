//! Trees that others designed: Keras, NeXus, NWB. Attributes of members, and links and references
//! between groups.

use filebacked::engine::Engine;
use filebacked::options::Overwrite;
use filebacked::{ErrorKind, File, FileBacked, WriteOptions};
use filebacked_tests::{Python, python, scratch};
use ndarray::{Array1, Array2, array};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn made(python: &Python, code: &str) -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = scratch("tree.h5");
    python.create(&path, code);
    (dir, path)
}

#[derive(FileBacked, Debug, PartialEq)]
struct Weights {
    #[filebacked(attr)]
    layer_names: Vec<String>,
    #[filebacked(attr)]
    backend: String,
    #[filebacked(attr, rename = "dense@weight_names")]
    dense_names: Vec<String>,
    #[filebacked(rename = "dense/dense/kernel:0")]
    kernel: Array2<f32>,
    #[filebacked(rename = "dense/dense/bias:0")]
    bias: Array1<f32>,
    #[filebacked(attr, rename = "dropout@weight_names")]
    dropout_names: Vec<String>,
    flatten: BTreeMap<String, Vec<f32>>,
}

#[test]
fn keras_weights() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "f.attrs['layer_names'] = np.array([b'flatten', b'dense', b'dropout'])
f.attrs['backend'] = 'tensorflow'
for name in ('flatten', 'dropout'):
    f.create_group(name).attrs['weight_names'] = np.array([], dtype='S1')
g = f.create_group('dense')
g.attrs['weight_names'] = np.array([b'dense/kernel:0', b'dense/bias:0'])
g['dense/kernel:0'] = np.arange(6, dtype='f4').reshape(2, 3)
g['dense/bias:0'] = np.zeros(3, 'f4')",
    );
    let wanted = Weights {
        layer_names: ["flatten", "dense", "dropout"].map(String::from).into(),
        backend: "tensorflow".into(),
        dense_names: ["dense/kernel:0", "dense/bias:0"].map(String::from).into(),
        kernel: array![[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
        bias: array![0.0, 0.0, 0.0],
        dropout_names: vec![],
        flatten: BTreeMap::new(),
    };
    assert_eq!(filebacked::load::<Weights>(&path).unwrap(), wanted);
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Entry {
    #[filebacked(attr, rename = "data/counts@units")]
    units: String,
    #[filebacked(attr, rename = "NX_class")]
    class: Option<String>,
    #[filebacked(attr, rename = "data@NX_class")]
    data_class: String,
    #[filebacked(attr, rename = "data@axes")]
    axes: Vec<String>,
    #[filebacked(rename = "data/counts")]
    counts: Array2<i64>,
    #[filebacked(rename = "data/two_theta")]
    two_theta: Vec<f64>,
    #[filebacked(attr, rename = "data/two_theta@range")]
    range: [f64; 2],
    #[filebacked(attr, rename = "data/two_theta@long_name")]
    long_name: Option<String>,
    title: String,
    count_time: f64,
    #[filebacked(attr, rename = "count_time@units")]
    seconds: String,
}

fn entry() -> Entry {
    Entry {
        units: "counts".into(),
        class: Some("NXentry".into()),
        data_class: "NXdata".into(),
        axes: vec![".".into(), "two_theta".into()],
        counts: array![[1, 2, 3], [4, 5, 6]],
        two_theta: vec![0.5, 1.0, 1.5],
        range: [0.5, 1.5],
        long_name: None,
        title: "größe".into(),
        count_time: 12.5,
        seconds: "s".into(),
    }
}

const NEXUS: &str = "
f.attrs['default'] = 'entry'
e = f.create_group('entry')
e.attrs['NX_class'] = 'NXentry'
e['title'] = 'gr\\u00f6\\u00dfe'
e['count_time'] = np.array([12.5], '>f4')
e['count_time'].attrs['units'] = np.bytes_('s')
d = e.create_group('data')
d.attrs.update({'NX_class': 'NXdata', 'signal': 'counts', 'axes': ['.', 'two_theta']})
d['counts'] = np.arange(1, 7, dtype='i4').reshape(2, 3)
d['counts'].attrs['units'] = 'counts'
d['two_theta'] = [0.5, 1.0, 1.5]
d['two_theta'].attrs['range'] = [0.5, 1.5]
";

#[test]
fn nexus_with_attributes_of_datasets() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(python, NEXUS);
    let read = |path: &PathBuf| File::open(path).unwrap().read::<Entry>("entry");
    assert_eq!(read(&path).unwrap(), entry());
    #[derive(FileBacked, Debug, PartialEq)]
    struct Root {
        #[filebacked(attr)]
        default: String,
        entry: Entry,
    }
    assert_eq!(
        filebacked::load::<Root>(&path).unwrap(),
        Root { default: "entry".into(), entry: entry() }
    );
    python.change(&path, "del f['entry/data/counts'].attrs['units']");
    let error = read(&path).unwrap_err();
    assert_eq!(
        (error.path().as_str(), error.kind()),
        ("/entry/data/counts@units", &ErrorKind::Missing)
    );
    python.change(&path, "f['entry/data/counts'].attrs['units'] = 7");
    let error = read(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
    assert_eq!(error.path(), "/entry/data/counts@units");
    // A group in the place of the dataset has attributes as well; nothing has none.
    python.change(&path, "del f['entry/data/counts']");
    assert_eq!(read(&path).unwrap_err().path(), "/entry/data/counts@units");
}

#[test]
fn attributes_of_members_are_written() {
    let (_dir, path) = scratch("entry.h5");
    filebacked::save(&path, &entry()).unwrap();
    assert_eq!(filebacked::load::<Entry>(&path).unwrap(), entry());
    let bytes = filebacked::to_bytes(&entry()).unwrap();
    assert_eq!(filebacked::from_bytes::<Entry>(&bytes).unwrap(), entry());
    let error = WriteOptions::new().engine(Engine::Native).to_bytes(&entry()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NeedsLibhdf5);
    // In a file that is open, over what is there, and many of them.
    let (_dir, other) = scratch("open.h5");
    let file = File::create(&other).unwrap();
    let replace = WriteOptions::new().overwrite(Overwrite::Replace);
    let many = vec![entry(), Entry { long_name: Some("2θ".into()), ..entry() }];
    for _ in 0..2 {
        file.write_with("entry", &many[1], &replace).unwrap();
        file.write_with("many", &many, &replace).unwrap();
    }
    assert_eq!(file.read::<Vec<Entry>>("many").unwrap(), many, "in columns they are columns");
    assert_eq!(file.read::<Entry>("entry").unwrap(), many[1]);
    // What the options leave out takes its attributes with it.
    #[derive(FileBacked, Debug, PartialEq)]
    struct Small {
        x: Option<u8>,
        #[filebacked(attr, rename = "x@unit")]
        unit: Option<String>,
    }
    let small = Small { x: Some(1), unit: Some("m".into()) };
    let bytes = WriteOptions::new().skip(["x"]).to_bytes(&small).unwrap();
    assert_eq!(filebacked::from_bytes::<Small>(&bytes).unwrap(), Small { x: None, unit: None });
    let error = filebacked::to_bytes(&Small { x: None, ..small }).unwrap_err();
    assert_eq!((error.path().as_str(), error.kind()), ("/x@unit", &ErrorKind::Missing));
    let Some(python) = python() else { return };
    let units =
        python.eval(&path, "[f[n].attrs['units'].decode() for n in ('data/counts', 'count_time')]");
    assert_eq!(units, serde_json::json!(["counts", "s"]));
    let data = python.eval(
        &path,
        "[f['data'].attrs['NX_class'].decode(), list(f['data'].attrs['axes'].astype(str))]",
    );
    assert_eq!(data, serde_json::json!(["NXdata", [".", "two_theta"]]));
    assert_eq!(
        python.eval(&path, "f['data/two_theta'].attrs['range'].tolist()"),
        serde_json::json!([0.5, 1.5])
    );
    assert_eq!(
        python.eval(&path, "sorted(f.attrs)"),
        serde_json::json!(["NX_class", "filebacked", "filebacked_format"])
    );
}

#[derive(FileBacked, Debug, PartialEq)]
struct Series {
    #[filebacked(attr)]
    namespace: String,
    data: Vec<f32>,
    #[filebacked(attr, rename = "data@conversion")]
    conversion: f64,
    #[filebacked(rename = "starting_time")]
    start: f64,
    #[filebacked(attr, rename = "starting_time@rate")]
    rate: f32,
    electrodes: Option<Vec<Electrode>>,
    #[filebacked(attr, rename = "electrodes@table")]
    table: Option<Table>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Electrode {
    x: f32,
    group: Group,
    label: Vec<String>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Group {
    location: String,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Table {
    #[filebacked(attr)]
    colnames: Vec<String>,
    id: Vec<u32>,
}

#[test]
fn nwb_trees_with_references() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "for name in ('shank0', 'shank1'):
    f[f'general/{name}/location'] = name.upper()
s = f.create_group('acquisition/ElectricalSeries')
s.attrs['namespace'] = 'core'
s['data'] = np.arange(4, dtype='i2')
s['data'].attrs['conversion'] = 1e-6
s['starting_time'] = 0.5
s['starting_time'].attrs['rate'] = 30000.0
t = s.create_group('electrodes')
t['x'] = [1.0, 2.0, 3.0]
t['group'] = np.array([f['general/shank1'].ref, f['general/shank0'].ref, f['general/shank1'].ref], dtype=h5py.ref_dtype)
labels = t.create_dataset('label', shape=(3,), dtype=h5py.vlen_dtype(h5py.string_dtype()))
labels[0] = np.array(['a', 'b'], dtype=object)
g = f.create_group('general/table')
g.attrs['colnames'] = np.array(['x', 'group'], dtype=h5py.string_dtype())
g['id'] = [0, 1, 2]
t.attrs['table'] = g.ref
f['processing/lfp'] = h5py.SoftLink('/acquisition/ElectricalSeries')",
    );
    let file = File::open(&path).unwrap();
    let acquisition: BTreeMap<String, Series> = file.read("acquisition").unwrap();
    let series = &acquisition["ElectricalSeries"];
    assert_eq!((series.conversion, series.rate, series.start), (1e-6, 30000.0, 0.5));
    assert_eq!(series.data, [0.0, 1.0, 2.0, 3.0]);
    let electrodes = series.electrodes.as_ref().unwrap();
    let locations: Vec<&str> =
        electrodes.iter().map(|electrode| electrode.group.location.as_str()).collect();
    assert_eq!(locations, ["SHANK1", "SHANK0", "SHANK1"]);
    assert_eq!(electrodes[0].label, ["a", "b"]);
    assert_eq!(electrodes[1].label, [""; 0]);
    let table = Table { colnames: vec!["x".into(), "group".into()], id: vec![0, 1, 2] };
    assert_eq!(series.table.as_ref(), Some(&table), "the attribute refers to a group");
    assert_eq!(file.read::<BTreeMap<String, Series>>("processing").unwrap()["lfp"], *series);
}

#[test]
fn dimension_scales() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "f['lat'], f['lon'], f['t'] = [10.0, 20.0], [1.0, 2.0, 3.0], np.ones((2, 3))
for i, name in enumerate(('lat', 'lon')):
    f[name].make_scale(name)
    f['t'].dims[i].attach_scale(f[name])
    f['t'].dims[i].label = name
f['t'].attrs['units'] = 'K'
f['t'].attrs['_FillValue'] = np.array([-1.0], '>f4')",
    );
    #[derive(FileBacked, Debug, PartialEq)]
    struct Grid {
        t: Array2<f64>,
        #[filebacked(attr, rename = "t@DIMENSION_LIST")]
        scales: Vec<Vec<Vec<f64>>>,
        #[filebacked(attr, rename = "t@DIMENSION_LABELS")]
        labels: Vec<String>,
        #[filebacked(attr, rename = "t@_FillValue")]
        fill: f64,
        #[filebacked(attr, rename = "lat@NAME")]
        name: String,
    }
    let grid: Grid = filebacked::load(&path).unwrap();
    assert_eq!(grid.scales, [vec![vec![10.0, 20.0]], vec![vec![1.0, 2.0, 3.0]]]);
    assert_eq!(
        (grid.labels, grid.fill, grid.name.as_str()),
        (vec!["lat".into(), "lon".into()], -1.0, "lat")
    );
}
