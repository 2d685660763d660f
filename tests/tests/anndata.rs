//! What AnnData writes and reads: sparse matrices, nullable columns, data frames, whole `.h5ad` files.

use filebacked::anndata::{AnnData, H5ad, Matrix, Uns};
use filebacked::testing::{check_filter, check_type};
use filebacked::with::{AsString, Categorical, DataFrame, Each, Encoded};
use filebacked::{Engine, Error, ErrorKind, FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::{Python, python, round_trip, scratch};
use ndarray::{Array2, ArrayD, array};
use serde_json::json;
use sprs::CsMat;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file made by Python code over `f`, with AnnData at hand as `ad` and pandas as `pd`.
fn made(python: &Python, code: &str) -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = scratch("anndata.h5ad");
    let imports =
        "import anndata as ad, pandas as pd, scipy.sparse as sp\nfrom anndata.io import write_elem, read_elem\n";
    python.create(&path, &format!("{imports}{code}"));
    (dir, path)
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Kind {
    B,
    T,
    #[filebacked(rename = "NK cell")]
    Nk,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Cell {
    mass: f64,
    barcode: String,
    kind: Kind,
    guess: Option<Kind>,
    #[filebacked(with = Categorical)]
    cluster: String,
    #[filebacked(with = Categorical)]
    batch: Option<String>,
    count: Option<i32>,
    good: Option<bool>,
    note: Option<String>,
    score: Option<f32>,
    flag: bool,
    #[filebacked(with = AsString)]
    version: u128,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Table {
    #[filebacked(with = DataFrame(index = "barcode"))]
    cells: Vec<Cell>,
}

fn cell(i: u8) -> Cell {
    let there = i % 2 == 0;
    Cell {
        mass: f64::from(i) + 0.5,
        barcode: format!("cell-{}", "x".repeat(i.into())),
        kind: [Kind::Nk, Kind::B, Kind::T][usize::from(i) % 3].clone(),
        guess: there.then_some(Kind::T),
        cluster: format!("c{}", i % 2),
        batch: (!there).then(|| "b".into()),
        count: there.then_some(i.into()),
        good: (i > 1).then_some(there),
        note: there.then(|| "größer".into()),
        score: (i != 1).then_some(f32::from(i)),
        flag: there,
        version: u128::MAX - u128::from(i),
    }
}

fn table() -> Table {
    Table { cells: (0..4).map(cell).collect() }
}

#[test]
fn a_data_frame_comes_back() {
    round_trip(&table());
    round_trip(&Table { cells: Vec::new() });
}

/// Columns by other ways than a plain field.
#[derive(FileBacked, Debug, PartialEq)]
struct Odd {
    #[filebacked(attr)]
    id: u32,
    #[filebacked(flatten)]
    place: Place,
    #[filebacked(skip_if = |v: &f64, _| *v == 1.0, default = 1.0)]
    scale: f64,
    #[filebacked(skip)]
    cache: u8,
    #[filebacked(with = AsString)]
    port: Option<u16>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Place {
    x: f64,
    region: Region,
}

/// Stored as its field.
#[derive(FileBacked, Debug, PartialEq)]
struct Region(String);

#[derive(FileBacked, Debug, PartialEq)]
struct Oddities {
    #[filebacked(with = DataFrame(index = "id"))]
    df: Vec<Odd>,
}

#[test]
fn columns_come_from_other_fields_too() {
    let place = |x: f64| Place { x, region: Region(format!("r{x}")) };
    let odd = |id: u32, scale, port| Odd { id, place: place(id.into()), scale, cache: 0, port };
    let odd = Oddities { df: vec![odd(1, 1.0, None), odd(2, 2.0, Some(80))] };
    round_trip(&odd);
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("odd.h5");
    filebacked::save(&path, &odd).unwrap();
    let frame = |expr: &str| python.anndata(&path, "df", expr);
    assert_eq!(frame("[x.index.name, *x.index, *x.columns]"), json!(["id", 1, 2, "x", "region", "scale", "port"]));
    assert_eq!(frame("[list(x[c]) for c in x.columns]"), json!([[1.0, 2.0], ["r1", "r2"], ["nan", 2.0], [null, "80"]]));
}

#[test]
fn a_data_frame_opens_in_pandas() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("frame.h5");
    filebacked::save(&path, &table()).unwrap();
    let frame = |expr: &str| python.anndata(&path, "cells", expr);
    assert_eq!(frame("type(x).__name__"), "DataFrame");
    assert_eq!(frame("[x.index.name, *x.index]"), json!(["barcode", "cell-", "cell-x", "cell-xx", "cell-xxx"]));
    let columns = ["mass", "kind", "guess", "cluster", "batch", "count", "good", "note", "score", "flag", "version"];
    assert_eq!(frame("list(x.columns)"), json!(columns));
    let types = json!([
        "float64", "category", "category", "category", "category", "Int32", "boolean", "string", "float32", "bool",
        "object"
    ]);
    assert_eq!(frame("[str(t) for t in x.dtypes]"), types);
    assert_eq!(frame("list(x.kind)"), json!(["NK cell", "B", "T", "NK cell"]));
    assert_eq!(frame("list(x.kind.cat.categories)"), json!(["B", "T", "NK cell"]));
    assert_eq!(frame("bool(x.kind.cat.ordered)"), false);
    assert_eq!(frame("x.guess.cat.codes"), json!([1, -1, 1, -1]));
    assert_eq!(frame("x.cluster.cat.codes"), json!([0, 1, 0, 1]));
    assert_eq!(frame("x.batch.cat.codes"), json!([-1, 0, -1, 0]));
    assert_eq!(frame("x['count']"), json!([0, null, 2, null]));
    assert_eq!(frame("x.good"), json!([null, null, true, false]));
    assert_eq!(frame("x.note"), json!(["größer", null, "größer", null]));
    assert_eq!(frame("x.score"), json!([0.0, "nan", 2.0, 3.0]));
    assert_eq!(frame("list(x.version)[1]"), json!((u128::MAX - 1).to_string()));
    let encodings =
        "{n: [v.attrs['encoding-type'].decode(), v.attrs['encoding-version'].decode()] for n, v in f['cells'].items()}";
    let encodings = python.eval(&path, encodings);
    assert_eq!(encodings["barcode"], json!(["string-array", "0.2.0"]));
    assert_eq!(encodings["mass"], json!(["array", "0.2.0"]));
    assert_eq!(encodings["kind"], json!(["categorical", "0.2.0"]));
    assert_eq!(encodings["note"], json!(["nullable-string-array", "0.1.0"]));
    let strings = "[h5py.check_string_dtype(f['cells/' + n].dtype).length for n in ('barcode', 'kind/categories', 'note/values')]";
    assert_eq!(python.eval(&path, strings), json!([null, null, null]));
}

/// A frame as pandas users make it: another order, more columns, categoricals of several types.
const FRAME: &str = "
df = pd.DataFrame({
    'extra': pd.Categorical(['p', 'q', 'p']),
    'kind': pd.Categorical(['T', None, 'NK cell'], categories=['NK cell', 'unused', 'T'], ordered=True),
    'size': pd.Categorical([30, 10, 30]),
    'cluster': pd.Categorical(['2', '1', '2']),
    'text': ['a', '', 'ü'],
    'mass': [1.5, np.nan, -2.0],
    'count': pd.array([1, None, 3], dtype='Int64'),
    'good': pd.array([None, True, False], dtype='boolean'),
    'flag': [True, False, True],
}, index=['x', 'y', 'z'])
";

#[derive(FileBacked, Debug, PartialEq)]
struct Row {
    id: String,
    kind: Option<Kind>,
    cluster: String,
    #[filebacked(alias = "size")]
    area: u16,
    text: String,
    mass: Option<f64>,
    count: Option<u8>,
    good: Option<bool>,
    flag: bool,
    #[filebacked(default = 7)]
    missing: u8,
    absent: Option<String>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Rows {
    #[filebacked(with = DataFrame(index = "id"))]
    df: Vec<Row>,
}

fn rows() -> Vec<Row> {
    let row = |id: &str, label: Option<&str>, cluster: &str, area, text: &str, mass, count, good, flag| Row {
        id: id.into(),
        kind: label.map(|label| if label == "T" { Kind::T } else { Kind::Nk }),
        cluster: cluster.into(),
        area,
        text: text.into(),
        mass,
        count,
        good,
        flag,
        missing: 7,
        absent: None,
    };
    vec![
        row("x", Some("T"), "2", 30, "a", Some(1.5), Some(1), None, true),
        row("y", None, "1", 10, "", None, None, Some(true), false),
        row("z", Some("NK cell"), "2", 30, "ü", Some(-2.0), Some(3), Some(false), true),
    ]
}

#[test]
fn frames_of_pandas_are_read() {
    let Some(python) = python() else { return };
    for name in ["", "df.index.name = 'gene'", "df.index = df.index.astype('category')"] {
        let (_dir, path) = made(python, &format!("{FRAME}{name}\nwrite_elem(f, 'df', df)"));
        assert_eq!(filebacked::load::<Rows>(&path).unwrap().df, rows(), "{name}");
    }
    let (_dir, path) = made(python, &format!("{FRAME}write_elem(f, 'df', df.iloc[:0])"));
    assert_eq!(filebacked::load::<Rows>(&path).unwrap().df, []);
}

/// Columns by themselves, each read as what it may be as well.
#[derive(FileBacked, Debug, PartialEq)]
struct Columns {
    #[filebacked(rename = "df/kind")]
    kind: Vec<Option<String>>,
    #[filebacked(rename = "df/size")]
    size: Vec<i64>,
    #[filebacked(rename = "df/extra", with = Each(Categorical))]
    extra: Vec<String>,
    #[filebacked(rename = "df/cluster", with = Each(AsString))]
    cluster: Vec<u8>,
    #[filebacked(rename = "df/count")]
    count: Vec<Option<i64>>,
}

#[test]
fn categoricals_are_read_outside_of_frames_too() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(python, &format!("{FRAME}write_elem(f, 'df', df)"));
    let columns: Columns = filebacked::load(&path).unwrap();
    assert_eq!(columns.kind, [Some("T".to_string()), None, Some("NK cell".to_string())]);
    assert_eq!((&columns.size[..], &columns.cluster[..]), (&[30, 10, 30][..], &[2, 1, 2][..]));
    assert_eq!(columns.extra, ["p", "q", "p"]);
    assert_eq!(columns.count, [Some(1), None, Some(3)]);
}

/// A frame of AnnData 0.7: codes with a reference to their categories, which lie in a group beside the columns.
const OLD_FRAME: &str = "
df = f.create_group('df')
df.attrs.update({'encoding-type': 'dataframe', 'encoding-version': '0.1.0', '_index': 'index'})
df.attrs['column-order'] = np.array(['kind', 'area', 'mass'], dtype=h5py.string_dtype())
text = h5py.string_dtype()
df.create_dataset('index', data=np.array(['x', 'y', 'z'], dtype=object), dtype=text)
df['mass'] = np.array([1.0, np.nan, 3.0])
for name, codes, categories in (('kind', [1, -1, 0], ['B', 'T']), ('area', [0, 1, 0], [30, 10])):
    dtype = text if name == 'kind' else 'i8'
    df.create_dataset('__categories/' + name, data=np.array(categories, dtype=object if dtype is text else dtype), dtype=dtype)
    df['__categories/' + name].attrs['ordered'] = False
    df.create_dataset(name, data=np.array(codes, 'i1'))
    df[name].attrs['categories'] = df['__categories/' + name].ref
";

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(deny_unknown)]
struct Old {
    name: String,
    kind: Option<Kind>,
    area: u8,
    mass: Option<f32>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct OldRows {
    #[filebacked(with = DataFrame { index: "name" })]
    df: Vec<Old>,
}

#[test]
fn frames_of_older_versions_are_read() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(python, OLD_FRAME);
    assert_eq!(python.anndata(&path, "df", "[None if v != v else v for v in x.kind]"), json!(["T", null, "B"]));
    let old = |name: &str, kind, area, mass| Old { name: name.into(), kind, area, mass };
    let rows =
        vec![old("x", Some(Kind::T), 30, Some(1.0)), old("y", None, 10, None), old("z", Some(Kind::B), 30, Some(3.0))];
    assert_eq!(filebacked::load::<OldRows>(&path).unwrap().df, rows);
}

/// What a load of a changed frame says: path, and text.
#[track_caller]
fn refused<T: FileBacked + std::fmt::Debug>(python: &Python, code: &str) -> (String, Error) {
    let (_dir, path) = made(python, code);
    let error = filebacked::load::<T>(&path).unwrap_err();
    (error.path(), error)
}

#[test]
fn bad_frames_are_errors() {
    let Some(python) = python() else { return };
    let frame = format!("{FRAME}write_elem(f, 'df', df)\n");
    let change = |code: &str| refused::<Rows>(python, &format!("{frame}df = f['df']\n{code}"));
    let damaged = |error: &Error| matches!(error.kind(), ErrorKind::Damaged(_));
    let put = |path: &str, values: &str| format!("del df['{path}']\ndf['{path}'] = {values}");
    for (code, path) in [
        (put("kind/codes", "np.array([0, 3, 1], 'i1')"), "/df/kind/codes"),
        (put("kind/codes", "np.array([0, -2, 1], 'i1')"), "/df/kind/codes"),
        (put("kind/codes", "np.array([0, 2**63, 1], 'u8')"), "/df/kind/codes"),
        (put("mass", "np.zeros(2)"), "/df/mass"),
        (put("mass", "np.zeros(4)"), "/df/mass"),
        (put("cluster/codes", "np.zeros(4, 'i1')"), "/df/cluster"),
        (put("count/values", "np.zeros(2, 'i8')"), "/df/count/values"),
        (put("count/mask", "np.zeros(4, bool)"), "/df/count/values"),
    ] {
        let (at, error) = change(&code);
        assert!(damaged(&error) && at == path, "{code}: {error}");
    }
    for (code, path) in [
        ("del df['kind/codes']", "/df/kind/codes"),
        ("del df['kind/categories']", "/df/kind/categories"),
        ("del df['_index']", "/df/_index"),
        ("del df.attrs['_index']", "/df/_index"),
        ("del df['text']", "/df/text"),
        ("del df['count/mask']", "/df/count/mask"),
    ] {
        let (at, error) = change(code);
        assert!(*error.kind() == ErrorKind::Missing && at == path, "{code}: {error}");
    }
    let (at, error) = change(&put("cluster/codes", "np.array([0, -1, 1], 'i1')"));
    assert!(matches!(error.kind(), ErrorKind::Invalid(_)) && at == "/df/cluster", "{error}");
    let (at, error) = change(&put("kind/codes", "np.zeros((3, 1), 'i1')"));
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }) && at == "/df/kind/codes", "{error}");
    let (at, error) = change(&put("kind/codes", "np.zeros(3)"));
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }) && at == "/df/kind/codes", "{error}");
    let (at, error) = change("df['kind/categories'][0] = 'other'\ndf['kind/codes'][2] = 0");
    assert!(matches!(error.kind(), ErrorKind::UnknownVariant { .. }) && at == "/df/kind", "{error}");
    let (at, error) = change("df.attrs['encoding-version'] = '9.0.0'");
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)) && at == "/df", "{error}");
    let (at, error) = change("df.attrs['encoding-type'] = 'dict'");
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }) && at == "/df", "{error}");
}

#[test]
fn what_no_frame_holds_is_refused() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Of<T> {
        id: u8,
        column: T,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Frame<T: FileBacked> {
        #[filebacked(with = DataFrame(index = "id"))]
        df: Vec<Of<T>>,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Wrong {
        #[filebacked(with = DataFrame(index = "name"))]
        df: Vec<Of<u8>>,
    }
    #[track_caller]
    fn refuse<T: FileBacked>(column: T) -> String {
        let frame = Frame { df: vec![Of { id: 0, column }] };
        let error = filebacked::to_bytes(&frame).map(drop).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
        error.path()
    }
    assert_eq!(refuse(vec![1]), "/df/column");
    assert_eq!(refuse((1, 2)), "/df/column");
    assert_eq!(refuse([1, 2]), "/df/column");
    assert_eq!(refuse(1u128), "/df/column");
    assert_eq!(refuse(Some(1u128)), "/df/column");
    assert_eq!(refuse(BTreeMap::from([(1, 2)])), "/df/column");
    assert_eq!(refuse(Some(f64::NAN)), "/df/column");
    assert_eq!(refuse("a\0b".to_string()), "/df/column");
    let error = filebacked::to_bytes(&Wrong { df: Vec::new() }).map(drop).unwrap_err();
    assert!(error.help().unwrap().contains("`id`, `column`"), "{error}");
    let left_out = WriteOptions::new().skip(["df/id"]).to_bytes(&Frame { df: vec![Of { id: 0, column: 1 }] });
    let error = left_out.map(drop).unwrap_err();
    assert_eq!((error.path().as_str(), matches!(error.kind(), ErrorKind::UnknownPath { .. })), ("/", true), "{error}");
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Observed {
    barcode: String,
    kind: Option<Kind>,
    counts: u32,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Gene {
    name: String,
    #[filebacked(with = Categorical)]
    chromosome: String,
    mean: Option<f32>,
}

type Data = AnnData<Observed, Gene>;

fn data() -> Data {
    let observed = |barcode: &str, kind, counts| Observed { barcode: barcode.into(), kind, counts };
    let gene = |name: &str, chromosome: &str, mean| Gene { name: name.into(), chromosome: chromosome.into(), mean };
    let x = CsMat::new((3, 2), vec![0, 1, 1, 3], vec![1, 0, 1], vec![1.5f32, 2.0, -3.0]);
    let array = |values: &[f64]| ArrayD::from_shape_vec(vec![values.len()], values.to_vec()).unwrap();
    let text = |text: &str| Uns::Text(text.into());
    let params = BTreeMap::from([
        ("method".to_string(), text("umap")),
        ("empty".to_string(), text("")),
        ("n".to_string(), Uns::Int(-15)),
        ("alpha".to_string(), Uns::Float(0.5)),
        ("approximate".to_string(), Uns::Bool(true)),
        ("% mito".to_string(), Uns::Dict(BTreeMap::new())),
    ]);
    let names =
        Array2::from_shape_vec((2, 2), ["a", "bb", "", "größer"].map(String::from).to_vec()).unwrap().into_dyn();
    AnnData {
        x: Some(x.clone().into()),
        obs: vec![observed("AAAC", Some(Kind::T), 1), observed("AAAG", None, 0), observed("AAAT", Some(Kind::Nk), 2)],
        var: vec![gene("CD3", "chr11", Some(0.5)), gene("MT-1", "MT", None)],
        layers: BTreeMap::from([
            ("dense".to_string(), Matrix::Dense(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])),
            ("csc".to_string(), Matrix::Sparse(x.to_csc())),
        ]),
        obsm: BTreeMap::from([("X_pca".to_string(), Matrix::Dense(Array2::from_elem((3, 4), 0.25)))]),
        varm: BTreeMap::from([("PCs".to_string(), Matrix::Dense(Array2::from_elem((2, 4), 0.75)))]),
        obsp: BTreeMap::from([("distances".to_string(), Matrix::Sparse(CsMat::eye(3)))]),
        varp: BTreeMap::from([("near".to_string(), Matrix::Dense(Array2::eye(2)))]),
        uns: BTreeMap::from([
            ("variance".to_string(), Uns::Floats(array(&[1.0, 0.5]))),
            ("names".to_string(), Uns::Texts(names)),
            ("codes".to_string(), Uns::Ints(ArrayD::from_shape_vec(vec![1, 2], vec![1, -2]).unwrap())),
            ("mask".to_string(), Uns::Bools(ArrayD::from_shape_vec(vec![2], vec![true, false]).unwrap())),
            ("graph".to_string(), Uns::Sparse(CsMat::eye_csc(2))),
            ("params".to_string(), Uns::Dict(params)),
        ]),
    }
}

/// The same object, made by AnnData.
const DATA: &str = "
x = sp.csr_matrix(np.array([[0, 1.5], [0, 0], [2, -3]], 'f4'))
obs = pd.DataFrame({'kind': pd.Categorical(['T', None, 'NK cell']), 'counts': [1, 0, 2]}, index=['AAAC', 'AAAG', 'AAAT'])
obs.index.name = 'barcode'
var = pd.DataFrame({'chromosome': pd.Categorical(['chr11', 'MT']), 'mean': np.array([0.5, np.nan], 'f4')}, index=['CD3', 'MT-1'])
data = ad.AnnData(
    x, obs, var,
    layers={'dense': np.arange(1, 7, dtype='f4').reshape(3, 2), 'csc': sp.csc_matrix(x)},
    obsm={'X_pca': np.full((3, 4), 0.25, 'f4')}, varm={'PCs': np.full((2, 4), 0.75)},
    obsp={'distances': sp.eye(3, format='csr')}, varp={'near': np.eye(2)},
    uns={'variance': np.array([1, 0.5]), 'names': np.array([['a', 'bb'], ['', 'größer']], dtype=object),
         'codes': np.array([[1, -2]]), 'mask': np.array([True, False]), 'graph': sp.eye(2, format='csc'),
         'params': {'method': 'umap', 'empty': '', 'n': -15, 'alpha': 0.5, 'approximate': True, '% mito': {}}},
)
";

#[test]
fn an_object_comes_back() {
    round_trip(&data());
    round_trip(&Data::default());
    round_trip(&H5ad(data()));
    let csc = AnnData {
        x: Some(Matrix::Dense(array![[1u8], [2]])),
        obs: vec![table().cells[0].clone(); 2],
        ..AnnData::<Cell, Gene, u8, ()>::default()
    };
    let csc = AnnData { var: vec![data().var[0].clone()], ..csc };
    round_trip(&csc);
}

/// What an object in Python has to be to be that of [`data`].
const SAME: &str = "
def same(a, b):
    assert a.shape == b.shape, (a.shape, b.shape)
    pd.testing.assert_frame_equal(a.obs, b.obs, check_dtype=False, check_categorical=False, check_names=False)
    pd.testing.assert_frame_equal(a.var, b.var, check_dtype=False, check_categorical=False, check_names=False)
    for name in ('X', 'layers', 'obsm', 'varm', 'obsp', 'varp', 'uns'):
        equal(name, getattr(a, name), getattr(b, name))

def equal(name, a, b):
    if hasattr(a, 'keys'):
        assert sorted(a) == sorted(b), (name, list(a), list(b))
        for key in a:
            equal(f'{name}/{key}', a[key], b[key])
    elif sp.issparse(a):
        assert a.format == b.format and (a != b).nnz == 0, name
    elif isinstance(a, np.ndarray):
        assert a.shape == b.shape and a.dtype.kind == b.dtype.kind and (a == b).all(), (name, a, b)
    else:
        assert type(a) is type(b) and a == b, (name, a, b)
";

#[test]
fn an_object_opens_in_anndata() {
    let Some(python) = python() else { return };
    for engine in [Engine::Native, Engine::Libhdf5] {
        let (_dir, path) = scratch("ours.h5ad");
        WriteOptions::new().engine(engine).save(&path, &data()).unwrap();
        assert_eq!(ReadOptions::new().engine(engine).load::<Data>(&path).unwrap(), data(), "{engine:?}");
        // Elements without an encoding would be a warning.
        let read = format!(
            "import warnings\nwarnings.simplefilter('error', category=ad._warnings.OldFormatWarning)\n{SAME}{DATA}same(ad.read_h5ad({path:?}), data)"
        );
        made(python, &read);
        // What AnnData writes of it is the same to us.
        let again = path.with_extension("again.h5ad");
        made(python, &format!("ad.read_h5ad({path:?}).write_h5ad({again:?})"));
        assert_eq!(filebacked::load::<Data>(&again).unwrap(), data(), "{engine:?}");
    }
}

#[test]
fn objects_of_anndata_are_read() {
    let Some(python) = python() else { return };
    for how in ["", ", compression='gzip'"] {
        let (dir, path) = scratch("theirs.h5ad");
        made(python, &format!("{DATA}data.write_h5ad({path:?}{how})"));
        assert_eq!(filebacked::load::<Data>(&path).unwrap(), data(), "{how}");
        drop(dir);
    }
    let (_dir, path) = scratch("less.h5ad");
    made(python, &format!("ad.AnnData(obs=pd.DataFrame(index=['a'])).write_h5ad({path:?})"));
    #[derive(FileBacked, Debug, PartialEq)]
    struct Named {
        id: String,
    }
    let less: AnnData<Named, Named> = filebacked::load(&path).unwrap();
    assert_eq!(less, AnnData { obs: vec![Named { id: "a".into() }], ..AnnData::default() });
}

/// An object of AnnData 0.7: groups without an encoding, frames of version 0.1.0.
const OLD_DATA: &str = "
text = h5py.string_dtype()
def frame(name, index, columns):
    group = f.create_group(name)
    group.attrs.update({'encoding-type': 'dataframe', 'encoding-version': '0.1.0', '_index': '_index'})
    group.attrs['column-order'] = np.array(list(columns), dtype=text)
    group.create_dataset('_index', data=np.array(index, dtype=object), dtype=text)
    for column, values in columns.items():
        if isinstance(values, pd.Categorical):
            group.create_dataset(f'__categories/{column}', data=values.categories.to_numpy(), dtype=text)
            group[column] = values.codes
            group[column].attrs['categories'] = group[f'__categories/{column}'].ref
        else:
            group[column] = values
frame('obs', ['AAAC', 'AAAG'], {'kind': pd.Categorical(['T', None], categories=['B', 'T']), 'counts': np.array([1, 2])})
frame('var', ['CD3'], {'chromosome': pd.Categorical(['chr11']), 'mean': np.array([0.5], 'f4')})
x = f.create_group('X')
x.attrs.update({'encoding-type': 'csr_matrix', 'encoding-version': '0.1.0', 'shape': np.array([2, 1])})
x['data'], x['indices'], x['indptr'] = np.array([2], 'f4'), np.array([0], 'i4'), np.array([0, 0, 1], 'i4')
f['obsm/X_pca'] = np.ones((2, 3), 'f4')
f.create_group('layers')
f.create_dataset('uns/method', data='umap', dtype=text)
f['uns/params/n'] = 15
f['uns/old'] = np.array([b'one'])
";

fn old_data() -> Data {
    let observed = |barcode: &str, kind, counts| Observed { barcode: barcode.into(), kind, counts };
    AnnData {
        x: Some(CsMat::new((2, 1), vec![0, 0, 1], vec![0], vec![2.0]).into()),
        obs: vec![observed("AAAC", Some(Kind::T), 1), observed("AAAG", None, 2)],
        var: vec![Gene { name: "CD3".into(), chromosome: "chr11".into(), mean: Some(0.5) }],
        obsm: BTreeMap::from([("X_pca".to_string(), Matrix::Dense(Array2::ones((2, 3))))]),
        uns: BTreeMap::from([
            ("method".to_string(), Uns::Text("umap".into())),
            ("params".to_string(), Uns::Dict(BTreeMap::from([("n".to_string(), Uns::Int(15))]))),
            ("old".to_string(), Uns::Texts(ArrayD::from_elem(vec![1], "one".to_string()))),
        ]),
        ..AnnData::default()
    }
}

#[test]
fn objects_of_older_versions_are_read() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(python, OLD_DATA);
    assert_eq!(filebacked::load::<Data>(&path).unwrap(), old_data());
    // Before 0.7 sparse matrices had other attributes.
    python.change(&path, "f['X'].attrs['h5sparse_format'] = 'csr'\nf['X'].attrs['h5sparse_shape'] = [2, 1]\nfor n in ('encoding-type', 'encoding-version', 'shape'): del f['X'].attrs[n]");
    assert_eq!(filebacked::load::<Data>(&path).unwrap(), old_data());
}

#[test]
fn what_uns_cannot_hold_is_told() {
    let Some(python) = python() else { return };
    let extra = "data.uns.update(ranks=np.rec.fromrecords([('a', 1.0)], names='gene,score'), frame=obs, none=None, cat=pd.Categorical(['a']))\n";
    let (_dir, path) = scratch("uns.h5ad");
    made(python, &format!("{DATA}{extra}data.write_h5ad({path:?})"));
    let mut found: Data = filebacked::load(&path).unwrap();
    for name in ["ranks", "frame", "cat"] {
        let value = found.uns.remove(name);
        assert!(matches!(value, Some(Uns::Other(_))), "{name}: {value:?}");
        let error =
            filebacked::to_bytes(&AnnData { uns: BTreeMap::from([(name.to_string(), value.unwrap())]), ..data() });
        let error = error.map(drop).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)) && error.path() == format!("/uns/{name}"), "{error}");
    }
    assert_eq!(found.uns.remove("none"), Some(Uns::Null));
    assert_eq!(found, data());
    let some = ReadOptions::new().skip(["uns/ranks", "layers"]).load::<Data>(&path).unwrap();
    assert!(some.layers.is_empty() && !some.uns.contains_key("ranks") && some.uns.contains_key("frame"));
}

#[test]
fn bad_objects_are_errors() {
    let Some(python) = python() else { return };
    let (_dir, good) = scratch("good.h5ad");
    made(python, &format!("{DATA}data.write_h5ad({good:?})"));
    let change = |code: &str| {
        let (_dir, path) = scratch("bad.h5ad");
        std::fs::copy(&good, &path).unwrap();
        python.change(&path, code);
        let error = filebacked::load::<Data>(&path).unwrap_err();
        assert_eq!(error.file(), Some(&*path));
        (error.path(), error)
    };
    let put = |path: &str, values: &str| format!("del f['{path}']\nf['{path}'] = {values}");
    for (code, path) in [
        (put("X/indices", "np.array([1, 0, 2], 'i4')"), "/X/indices"),
        (put("X/indices", "np.array([1, 0, -1], 'i4')"), "/X/indices"),
        (put("X/indices", "np.array([1, 0], 'i4')"), "/X/indices"),
        (put("X/indptr", "np.array([0, 1, 1], 'i4')"), "/X/indptr"),
        (put("X/indptr", "np.array([0, 2, 1, 3], 'i4')"), "/X/indptr"),
        (put("X/indptr", "np.array([0, 1, 1, 4], 'i4')"), "/X/indptr"),
        (put("layers/dense", "np.ones((3, 3), 'f4')"), "/layers/dense"),
        (put("obsm/X_pca", "np.ones((2, 4))"), "/obsm/X_pca"),
        (put("varm/PCs", "np.ones((3, 4))"), "/varm/PCs"),
        (put("varp/near", "np.ones((2, 3))"), "/varp/near"),
        ("f['X'].attrs['shape'] = [3, 3]".into(), "/X"),
        ("f['X'].attrs['shape'] = [-3, 2]".into(), "/X/shape"),
        ("f['obsp/distances'].attrs['shape'] = [3, 4]".into(), "/obsp/distances"),
        (put("obs/counts", "np.arange(4)"), "/obs/counts"),
        (put("obs/kind/codes", "np.array([1, -1, 7], 'i1')"), "/obs/kind/codes"),
    ] {
        let (at, error) = change(&code);
        assert!(matches!(error.kind(), ErrorKind::Damaged(_)) && at == path, "{code}: {error}");
    }
    for name in ["X/indptr", "X/indices", "X/data", "obs", "var", "obs/counts", "obs/barcode", "obsp/distances/data"] {
        let (at, error) = change(&format!("del f['{name}']"));
        assert!(*error.kind() == ErrorKind::Missing && at == format!("/{name}"), "{name}: {error}");
    }
    for (code, path) in [
        (put("X", "np.ones(3, 'f4')"), "/X"),
        (put("obsm/X_pca", "np.ones((3, 2, 2))"), "/obsm/X_pca"),
        ("f['X'].attrs['encoding-type'] = 'dict'".into(), "/X"),
        ("del f['obsm/X_pca']\nf['obsm/X_pca'] = f['obs']".into(), "/obsm/X_pca"),
        ("f.attrs['encoding-type'] = 'mudata'".into(), "/"),
    ] {
        let (at, error) = change(&code);
        assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }) && at == path, "{code}: {error}");
    }
    let wrong = AnnData { var: Vec::new(), ..data() };
    let error = filebacked::to_bytes(&wrong).map(drop).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Contract(_)) && error.path() == "/X", "{error}");
}

#[test]
fn sparse_matrices_open_by_read_elem() {
    let Some(python) = python() else { return };
    #[derive(FileBacked)]
    struct Forms {
        csr: CsMat<f32>,
        csc: CsMat<i16>,
        narrow: sprs::CsMatI<f64, i32>,
        empty: CsMat<u8>,
        none: CsMat<bool>,
        integers: Vec<Option<u8>>,
        bools: Vec<Option<bool>>,
        texts: Vec<Option<String>>,
        long: Vec<Option<String>>,
    }
    let csr = CsMat::new((3, 2), vec![0, 1, 1, 3], vec![1, 0, 1], vec![1.5f32, 2.0, -3.0]);
    let forms = Forms {
        csc: CsMat::new_csc((3, 2), vec![0, 1, 3], vec![2, 0, 2], vec![1i16, -2, 3]),
        narrow: sprs::CsMatI::new((1, 3), vec![0, 2], vec![0, 2], vec![0.5, 1.5]),
        empty: CsMat::zero((0, 4)),
        none: CsMat::zero((2, 2)),
        csr,
        integers: vec![Some(255), None],
        bools: vec![None, Some(true), Some(false)],
        texts: vec![Some("ü".into()), None, Some(String::new())],
        long: (0..50).map(|i| (i % 2 == 0).then(|| "x".repeat(i * i))).collect(),
    };
    for engine in [Engine::Native, Engine::Libhdf5] {
        let (_dir, path) = scratch("forms.h5");
        WriteOptions::new().engine(engine).save(&path, &forms).unwrap();
        let elem = |path_of: &str, expr: &str| python.anndata(&path, path_of, expr);
        let said = "[x.format, str(x.dtype), x.toarray()]";
        assert_eq!(elem("csr", said), json!(["csr", "float32", [[0.0, 1.5], [0.0, 0.0], [2.0, -3.0]]]));
        assert_eq!(elem("csc", said), json!(["csc", "int16", [[0, -2], [0, 0], [1, 3]]]));
        assert_eq!(elem("narrow", said), json!(["csr", "float64", [[0.5, 0.0, 1.5]]]));
        assert_eq!(elem("empty", "[x.format, *x.shape, x.nnz]"), json!(["csr", 0, 4, 0]));
        assert_eq!(elem("none", "[str(x.dtype), *x.shape, x.nnz]"), json!(["bool", 2, 2, 0]));
        assert_eq!(elem("integers", "[str(x.dtype), *x]"), json!(["UInt8", 255, null]));
        assert_eq!(elem("bools", "[str(x.dtype), *x]"), json!(["boolean", null, true, false]));
        assert_eq!(elem("texts", "[str(x.dtype), *x]"), json!(["string", "ü", null, ""]));
        assert_eq!(elem("long", "[x[0], x[1], len(x[48]), len(x)]"), json!(["", null, 2304, 50]));
    }
}

#[test]
fn encoded_values_open_by_read_elem() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Point {
        x: f64,
        name: String,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Report {
        #[filebacked(with = Encoded)]
        scores: BTreeMap<String, f64>,
        #[filebacked(with = Encoded)]
        parts: Parts,
        #[filebacked(with = Each(Categorical))]
        labels: Vec<String>,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Parts {
        kind: Kind,
        kinds: Vec<Kind>,
        texts: Vec<String>,
        empty: Vec<String>,
        point: Point,
        points: Vec<Point>,
        nothing: Option<u8>,
        wide: Vec<u128>,
        matrix: Array2<f32>,
        counts: BTreeMap<u16, Vec<u8>>,
        good: bool,
        #[filebacked(rename = "inner/deep/n")]
        nested: u8,
        #[filebacked(attr)]
        author: String,
    }
    let point = |x: f64| Point { x, name: format!("p{x}") };
    let report = Report {
        scores: BTreeMap::from([("auc % 2".to_string(), 0.5), ("f1".to_string(), 1.0)]),
        parts: Parts {
            kind: Kind::Nk,
            kinds: vec![Kind::T, Kind::B],
            texts: vec!["a".into(), "größer".into()],
            empty: Vec::new(),
            point: point(1.0),
            points: vec![point(2.0), point(3.5)],
            nothing: None,
            wide: vec![1, u128::MAX],
            matrix: array![[1.0, 2.0]],
            counts: BTreeMap::from([(7, vec![1, 2])]),
            good: true,
            nested: 9,
            author: "me".into(),
        },
        labels: vec!["b".into(), "a".into(), "b".into()],
    };
    round_trip(&report);
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("encoded.h5");
    filebacked::save(&path, &report).unwrap();
    let elem = |path_of: &str, expr: &str| python.anndata(&path, path_of, expr);
    assert_eq!(elem("scores", "x"), json!({"auc % 2": 0.5, "f1": 1.0}));
    assert_eq!(elem("labels", "[*x, *x.codes, *x.categories]"), json!(["b", "a", "b", 1, 0, 1, "a", "b"]));
    assert_eq!(
        elem("parts", "{k: v for k, v in x.items() if k not in ('wide', 'kinds')}"),
        json!({
            "kind": "NK cell", "texts": ["a", "größer"], "empty": [], "good": true, "matrix": [[1.0, 2.0]],
            "point": {"x": 1.0, "name": "p1"}, "points": {"x": [2.0, 3.5], "name": ["p2", "p3.5"]},
            "counts": {"7": [1, 2]}, "inner": {"deep": {"n": 9}},
        })
    );
    assert_eq!(elem("parts", "[list(x['kinds']), int(x['wide'][1]['hi'])]"), json!([["T", "B"], u64::MAX]));
    let bad = BTreeMap::from([("a/b".to_string(), 1.0)]);
    let error = filebacked::to_bytes(&Report { scores: bad, ..report }).map(drop).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)) && error.path() == "/scores", "{error}");
}

#[test]
fn a_struct_is_an_object() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Atlas {
        #[filebacked(rename = "X")]
        counts: Array2<u16>,
        #[filebacked(with = DataFrame(index = "id"))]
        obs: Vec<Named>,
        #[filebacked(with = DataFrame(index = "id"))]
        var: Vec<Named>,
        obsm: Obsm,
        #[filebacked(rename = "uns/neighbors/params/n_neighbors")]
        neighbors: u32,
        #[filebacked(rename = "uns/neighbors/method")]
        method: Kind,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Named {
        id: String,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Obsm {
        spatial: Array2<f64>,
    }
    let named = |id: &str| vec![Named { id: id.into() }];
    let atlas = H5ad(Atlas {
        counts: array![[3]],
        obs: named("c"),
        var: named("g"),
        obsm: Obsm { spatial: array![[0.5, 1.5]] },
        neighbors: 15,
        method: Kind::B,
    });
    round_trip(&atlas);
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("atlas.h5ad");
    filebacked::save(&path, &atlas).unwrap();
    let read = format!(
        "a = ad.read_h5ad({path:?})
assert (a.X == [[3]]).all() and a.X.dtype == 'u2' and list(a.obs_names) == ['c'] and list(a.var_names) == ['g']
assert (a.obsm['spatial'] == [[0.5, 1.5]]).all()
assert a.uns == {{'neighbors': {{'params': {{'n_neighbors': 15}}, 'method': 'B'}}}}, a.uns
a.write_h5ad({path:?} + '.again')"
    );
    made(python, &read);
    let again = path.with_extension("h5ad.again");
    assert_eq!(filebacked::load::<H5ad<Atlas>>(&again).unwrap(), atlas);
    assert_eq!(filebacked::load::<Atlas>(&again).unwrap(), atlas.0);
}

#[test]
fn unsorted_indices_are_sorted() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("unsorted.h5ad");
    made(python, &format!("{DATA}data.write_h5ad({path:?})"));
    python.change(&path, "for n, v in (('indices', [1, 1, 0]), ('data', [1.5, -3, 2])): f['X/' + n][:] = v");
    assert_eq!(filebacked::load::<Data>(&path).unwrap(), data());
}

#[test]
fn filters_and_types_conform() {
    let texts = ["", "a", "größer", "a"].map(String::from);
    check_filter(Categorical, texts.clone()).unwrap();
    check_filter(Encoded, texts).unwrap();
    check_filter(Encoded, [1.5f64, -0.0]).unwrap();
    check_filter(Encoded, [Kind::T, Kind::Nk]).unwrap();
    check_filter(Encoded, [BTreeMap::from([("a".to_string(), 1u8)]), BTreeMap::new()]).unwrap();
    check_filter(DataFrame { index: "barcode" }, [table().cells, Vec::new()]).unwrap();
    check_type([data(), Data::default()]).unwrap();
    check_type([H5ad(data())]).unwrap();
    check_type([Matrix::Dense(array![[1u8, 2]]), Matrix::Sparse(CsMat::eye(2))]).unwrap();
}

#[test]
fn few_codes_of_long_texts_take_no_memory() {
    let Some(python) = python() else { return };
    let code = "
df = pd.DataFrame({'kind': pd.Categorical.from_codes(np.zeros(100_000, 'i1'), ['x' * 100_000])})
write_elem(f, 'df', df)";
    #[derive(FileBacked, Debug)]
    struct Kinds {
        #[filebacked(rename = "df/kind")]
        _kind: Vec<String>,
    }
    let (_dir, path) = made(python, code);
    let error = filebacked::load::<Kinds>(&path).map(drop).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit(_)) && error.path() == "/df/kind", "{error}");
}
