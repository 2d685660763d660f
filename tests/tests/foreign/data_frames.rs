//! Rows as data frames of AnnData and pandas, and categoricals, both ways.

use filebacked::testing::check_filter;
use filebacked::with::{AsString, Categorical, DataFrame, Each, Encoded};
use filebacked::{Error, ErrorKind, FileBacked, WriteOptions};
use filebacked_tests::{Python, made_by_anndata as made, python, round_trip, scratch};
use ndarray::{Array2, array};
use serde_json::json;
use std::collections::BTreeMap;

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
    let there = i.is_multiple_of(2);
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
    assert_eq!(
        frame("[x.index.name, *x.index, *x.columns]"),
        json!(["id", 1, 2, "x", "region", "scale", "port"])
    );
    assert_eq!(
        frame("[list(x[c]) for c in x.columns]"),
        json!([[1.0, 2.0], ["r1", "r2"], ["nan", 2.0], [null, "80"]])
    );
}

#[test]
fn a_data_frame_opens_in_pandas() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("frame.h5");
    filebacked::save(&path, &table()).unwrap();
    let frame = |expr: &str| python.anndata(&path, "cells", expr);
    assert_eq!(frame("type(x).__name__"), "DataFrame");
    assert_eq!(
        frame("[x.index.name, *x.index]"),
        json!(["barcode", "cell-", "cell-x", "cell-xx", "cell-xxx"])
    );
    let columns = [
        "mass", "kind", "guess", "cluster", "batch", "count", "good", "note", "score", "flag",
        "version",
    ];
    assert_eq!(frame("list(x.columns)"), json!(columns));
    let types = json!([
        "float64", "category", "category", "category", "category", "Int32", "boolean", "string",
        "float32", "bool", "object"
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
    let encodings = "{n: [v.attrs['encoding-type'].decode(), v.attrs['encoding-version'].decode()] for n, v in f['cells'].items()}";
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
    let row = |id: &str,
               label: Option<&str>,
               cluster: &str,
               area,
               text: &str,
               mass,
               count,
               good,
               flag| Row {
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

/// A frame of AnnData 0.7: codes with a reference to their categories, which lie in a group beside
/// the columns.
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
    assert_eq!(
        python.anndata(&path, "df", "[None if v != v else v for v in x.kind]"),
        json!(["T", null, "B"])
    );
    let old = |name: &str, kind, area, mass| Old { name: name.into(), kind, area, mass };
    let rows = vec![
        old("x", Some(Kind::T), 30, Some(1.0)),
        old("y", None, 10, None),
        old("z", Some(Kind::B), 30, Some(3.0)),
    ];
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
    assert!(
        matches!(error.kind(), ErrorKind::Mismatch { .. }) && at == "/df/kind/codes",
        "{error}"
    );
    let (at, error) = change(&put("kind/codes", "np.zeros(3)"));
    assert!(
        matches!(error.kind(), ErrorKind::Mismatch { .. }) && at == "/df/kind/codes",
        "{error}"
    );
    let (at, error) = change("df['kind/categories'][0] = 'other'\ndf['kind/codes'][2] = 0");
    assert!(
        matches!(error.kind(), ErrorKind::UnknownVariant { .. }) && at == "/df/kind",
        "{error}"
    );
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
    let left_out =
        WriteOptions::new().skip(["df/id"]).to_bytes(&Frame { df: vec![Of { id: 0, column: 1 }] });
    let error = left_out.map(drop).unwrap_err();
    assert_eq!(
        (error.path().as_str(), matches!(error.kind(), ErrorKind::UnknownPath { .. })),
        ("/", true),
        "{error}"
    );
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
    assert_eq!(
        elem("labels", "[*x, *x.codes, *x.categories]"),
        json!(["b", "a", "b", 1, 0, 1, "a", "b"])
    );
    assert_eq!(
        elem("parts", "{k: v for k, v in x.items() if k not in ('wide', 'kinds')}"),
        json!({
            "kind": "NK cell", "texts": ["a", "größer"], "empty": [], "good": true, "matrix": [[1.0, 2.0]],
            "point": {"x": 1.0, "name": "p1"}, "points": {"x": [2.0, 3.5], "name": ["p2", "p3.5"]},
            "counts": {"7": [1, 2]}, "inner": {"deep": {"n": 9}},
        })
    );
    assert_eq!(
        elem("parts", "[list(x['kinds']), int(x['wide'][1]['hi'])]"),
        json!([["T", "B"], u64::MAX])
    );
    let bad = BTreeMap::from([("a/b".to_string(), 1.0)]);
    let error = filebacked::to_bytes(&Report { scores: bad, ..report }).map(drop).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unsupported(_)) && error.path() == "/scores",
        "{error}"
    );
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

#[test]
fn filters_conform() {
    let texts = ["", "a", "größer", "a"].map(String::from);
    check_filter(Categorical, texts.clone()).unwrap();
    check_filter(Encoded, texts).unwrap();
    check_filter(Encoded, [1.5f64, -0.0]).unwrap();
    check_filter(Encoded, [Kind::T, Kind::Nk]).unwrap();
    check_filter(Encoded, [BTreeMap::from([("a".to_string(), 1u8)]), BTreeMap::new()]).unwrap();
    check_filter(DataFrame { index: "barcode" }, [table().cells, Vec::new()]).unwrap();
}
