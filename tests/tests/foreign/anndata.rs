//! Sparse matrices, nullable columns and whole `.h5ad` files: what AnnData reads of ours, and we of
//! AnnData's.

use filebacked::anndata::{AnnData, H5ad, Matrix, Uns};
use filebacked::engine::Engine;
use filebacked::testing::check_type;
use filebacked::with::{Categorical, DataFrame};
use filebacked::{ErrorKind, FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::{made_by_anndata as made, python, round_trip, scratch};
use ndarray::{Array2, ArrayD, array};
use serde_json::json;
use sprs::CsMat;
use std::collections::BTreeMap;

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Kind {
    B,
    T,
    #[filebacked(rename = "NK cell")]
    Nk,
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
    let gene = |name: &str, chromosome: &str, mean| Gene {
        name: name.into(),
        chromosome: chromosome.into(),
        mean,
    };
    let x = CsMat::new((3, 2), vec![0, 1, 1, 3], vec![1, 0, 1], vec![1.5f32, 2.0, -3.0]);
    let array =
        |values: &[f64]| ArrayD::from_shape_vec(vec![values.len()], values.to_vec()).unwrap();
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
        Array2::from_shape_vec((2, 2), ["a", "bb", "", "größer"].map(String::from).to_vec())
            .unwrap()
            .into_dyn();
    AnnData {
        x: Some(x.clone().into()),
        obs: vec![
            observed("AAAC", Some(Kind::T), 1),
            observed("AAAG", None, 0),
            observed("AAAT", Some(Kind::Nk), 2),
        ],
        var: vec![gene("CD3", "chr11", Some(0.5)), gene("MT-1", "MT", None)],
        layers: BTreeMap::from([
            ("dense".to_string(), Matrix::Dense(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])),
            ("csc".to_string(), Matrix::Sparse(x.to_csc())),
        ]),
        obsm: BTreeMap::from([(
            "X_pca".to_string(),
            Matrix::Dense(Array2::from_elem((3, 4), 0.25)),
        )]),
        varm: BTreeMap::from([("PCs".to_string(), Matrix::Dense(Array2::from_elem((2, 4), 0.75)))]),
        obsp: BTreeMap::from([("distances".to_string(), Matrix::Sparse(CsMat::eye(3)))]),
        varp: BTreeMap::from([("near".to_string(), Matrix::Dense(Array2::eye(2)))]),
        uns: BTreeMap::from([
            ("variance".to_string(), Uns::Floats(array(&[1.0, 0.5]))),
            ("names".to_string(), Uns::Texts(names)),
            (
                "codes".to_string(),
                Uns::Ints(ArrayD::from_shape_vec(vec![1, 2], vec![1, -2]).unwrap()),
            ),
            (
                "mask".to_string(),
                Uns::Bools(ArrayD::from_shape_vec(vec![2], vec![true, false]).unwrap()),
            ),
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
    let other: AnnData<Observed, Gene, u8, ()> = AnnData {
        x: Some(Matrix::Dense(array![[1], [2], [3]])),
        obs: data().obs,
        var: data().var[..1].to_vec(),
        ..AnnData::default()
    };
    round_trip(&other);
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
        assert_eq!(
            ReadOptions::new().engine(engine).load::<Data>(&path).unwrap(),
            data(),
            "{engine:?}"
        );
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
        let error = filebacked::to_bytes(&AnnData {
            uns: BTreeMap::from([(name.to_string(), value.unwrap())]),
            ..data()
        });
        let error = error.map(drop).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Unsupported(_))
                && error.path() == format!("/uns/{name}"),
            "{error}"
        );
    }
    assert_eq!(found.uns.remove("none"), Some(Uns::Null));
    assert_eq!(found, data());
    let some = ReadOptions::new().skip(["uns/ranks", "layers"]).load::<Data>(&path).unwrap();
    assert!(
        some.layers.is_empty() && !some.uns.contains_key("ranks") && some.uns.contains_key("frame")
    );
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
    for name in [
        "X/indptr",
        "X/indices",
        "X/data",
        "obs",
        "var",
        "obs/counts",
        "obs/barcode",
        "obsp/distances/data",
    ] {
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
        assert!(
            matches!(error.kind(), ErrorKind::Mismatch { .. }) && at == path,
            "{code}: {error}"
        );
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
        assert_eq!(
            elem("csr", said),
            json!(["csr", "float32", [[0.0, 1.5], [0.0, 0.0], [2.0, -3.0]]])
        );
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
    python.change(
        &path,
        "for n, v in (('indices', [1, 1, 0]), ('data', [1.5, -3, 2])): f['X/' + n][:] = v",
    );
    assert_eq!(filebacked::load::<Data>(&path).unwrap(), data());
}

#[test]
fn types_conform() {
    check_type([data(), Data::default()]).unwrap();
    check_type([H5ad(data())]).unwrap();
    check_type([Matrix::Dense(array![[1u8, 2]]), Matrix::Sparse(CsMat::eye(2))]).unwrap();
}
