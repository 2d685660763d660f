//! Sparse matrices that others wrote: 10x Genomics, MATLAB, and files that are almost right.

use filebacked::with::{Csc, Csr};
use filebacked::{Error, ErrorKind, File, FileBacked};
use filebacked_tests::{Python, python, scratch};
use sprs::{CsMat, TriMat};
use std::path::PathBuf;

fn made(python: &Python, code: &str) -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = scratch("sparse.h5");
    python.create(&path, code);
    (dir, path)
}

#[derive(FileBacked, Debug, PartialEq)]
struct Filtered {
    matrix: Matrix,
    #[filebacked(rename = "matrix/features")]
    features: Vec<Feature>,
    #[filebacked(attr)]
    chemistry_description: String,
    #[filebacked(attr)]
    library_ids: Vec<String>,
    #[filebacked(attr)]
    version: u32,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Matrix {
    barcodes: Vec<String>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Feature {
    id: String,
    name: String,
    feature_type: String,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Counts {
    #[filebacked(rename = "matrix", with = Csc)]
    counts: CsMat<i32>,
    #[filebacked(rename = "matrix/barcodes")]
    barcodes: Vec<String>,
}

/// As Cell Ranger 3 writes it, three features by `n` barcodes.
fn ten_x(n: usize) -> String {
    format!(
        "import scipy.sparse as sp
dense = np.array([[1, 0, 2, 0], [0, 0, 3, 0], [4, 5, 0, 6]], dtype='i4')[:, :{n}]
m = sp.csc_matrix(dense)
g = f.create_group('matrix')
g.create_dataset('data', data=m.data, compression='gzip', chunks=(2,))
g['indices'], g['indptr'] = m.indices.astype('i8'), m.indptr.astype('i8')
g['shape'] = np.array(m.shape, dtype='i4')
g['barcodes'] = np.array([b'AAAC-1', b'AAAG-1', b'AACT-1', b'AAGT-1'][:{n}])
g['features/id'] = np.array([b'ENSG1', b'ENSG2', b'ENSG3'])
g['features/name'] = np.array([b'A', b'B', b'C'])
g['features/feature_type'] = np.array([b'Gene Expression'] * 3)
g['features/_all_tag_keys'] = np.array([b'genome'])
f.attrs['chemistry_description'] = \"Single Cell 3' v3\"
f.attrs['library_ids'] = np.array([b'sample'])
f.attrs['version'] = 2
"
    )
}

fn dense(matrix: &CsMat<i32>) -> Vec<Vec<i32>> {
    let (rows, cols) = matrix.shape();
    (0..rows)
        .map(|row| (0..cols).map(|col| matrix.get(row, col).copied().unwrap_or(0)).collect())
        .collect()
}

#[test]
fn ten_x_genomics() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(python, &ten_x(4));
    let filtered: Filtered = filebacked::load(&path).unwrap();
    assert_eq!(filtered.matrix.barcodes, ["AAAC-1", "AAAG-1", "AACT-1", "AAGT-1"]);
    let feature = |i| {
        filtered
            .features
            .get(i)
            .map(|f: &Feature| (f.id.as_str(), f.name.as_str(), f.feature_type.as_str()))
    };
    assert_eq!(feature(2), Some(("ENSG3", "C", "Gene Expression")));
    assert_eq!(
        (filtered.chemistry_description.as_str(), filtered.version),
        ("Single Cell 3' v3", 2)
    );
    assert_eq!(filtered.library_ids, ["sample"]);
    let wanted = vec![vec![1, 0, 2, 0], vec![0, 0, 3, 0], vec![4, 5, 0, 6]];
    // What the shape tells needs not be said.
    let told: CsMat<i32> = File::open(&path).unwrap().read("matrix").unwrap();
    assert!(told.is_csc());
    assert_eq!(dense(&told), wanted);
    let floats: CsMat<f64> = File::open(&path).unwrap().read("matrix").unwrap();
    assert_eq!(floats.get(2, 3), Some(&6.0));
    let counts: Counts = filebacked::load(&path).unwrap();
    assert_eq!(dense(&counts.counts), wanted);
}

#[test]
fn a_square_matrix_has_to_be_said() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(python, &ten_x(3));
    let file = File::open(&path).unwrap();
    let error = file.read::<CsMat<i32>>("matrix").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Mismatch { .. })
            && error.help().unwrap().contains("with = Csc"),
        "{error}"
    );
    let counts: Counts = filebacked::load(&path).unwrap();
    assert_eq!(dense(&counts.counts), [[1, 0, 2], [0, 0, 3], [4, 5, 0]]);
    #[derive(FileBacked)]
    struct Rows {
        #[filebacked(with = Csr)]
        matrix: CsMat<i32>,
    }
    let rows: Rows = filebacked::load(&path).unwrap();
    assert_eq!(
        dense(&rows.matrix),
        [[1, 0, 4], [0, 0, 5], [2, 3, 0]],
        "the same parts as compressed rows"
    );
}

#[test]
fn matlab_sparse() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "def sparse(name, rows, jc, ir=None, data=None, kind=b'double'):
    g = f.create_group(name)
    g.attrs['MATLAB_class'], g.attrs['MATLAB_sparse'] = np.bytes_(kind), np.uint64(rows)
    g['jc'] = np.array(jc, dtype='u8')
    if ir is not None: g['ir'], g['data'] = np.array(ir, dtype='u8'), np.array(data)
sparse('m', 2, [0, 1, 1, 3], [1, 0, 1], [1.5, 2.5, -3.0])
sparse('zeros', 4, [0, 0, 0])
sparse('flags', 2, [0, 1], [1], np.array([1], 'u1'), b'logical')
sparse('complex', 1, [0, 1], [0], np.array([(1.0, 2.0)], dtype=[('real', 'f8'), ('imag', 'f8')]))
sparse('beyond', 2, [0, 1], [2], [1.0])
sparse('lost', 2, [0, 1])",
    );
    let file = File::open(&path).unwrap();
    let m: CsMat<f64> = file.read("m").unwrap();
    assert_eq!((m.shape(), m.is_csc()), ((2, 3), true));
    assert_eq!(
        [m.get(1, 0), m.get(0, 2), m.get(1, 2), m.get(0, 0)],
        [Some(&1.5), Some(&2.5), Some(&-3.0), None]
    );
    assert_eq!(file.read::<CsMat<f32>>("zeros").unwrap().shape(), (4, 2));
    assert_eq!(file.read::<CsMat<bool>>("flags").unwrap().get(1, 0), Some(&true));
    let complex: CsMat<num_complex::Complex<f64>> = file.read("complex").unwrap();
    assert_eq!(complex.get(0, 0), Some(&num_complex::Complex::new(1.0, 2.0)));
    for (name, path) in [("beyond", "/beyond/ir"), ("lost", "/lost/jc")] {
        let error = file.read::<CsMat<f64>>(name).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{error}");
        assert_eq!(error.path(), path);
    }
}

#[test]
fn almost_right() {
    let Some(python) = python() else { return };
    let mut code = String::from(
        "def sparse(name, shape=(2, 3), data=[1, 2, 3], indices=[0, 2, 1], indptr=[0, 2, 3], **attrs):
    g = f.create_group(name)
    for part, value in dict(shape=shape, data=data, indices=indices, indptr=indptr).items():
        if value is not None: g[part] = value
    g.attrs.update(attrs)
",
    );
    // Name, arguments, path of the error, whether it is one of a missing part.
    let cases = [
        ("good", "", ""),
        ("unsorted", "indices=[2, 0, 1]", ""),
        ("unsigned", "indices=np.array([0, 2, 1], 'u2'), indptr=np.array([0, 2, 3], '>u4')", ""),
        ("no_indptr", "indptr=None", "indptr: missing"),
        ("no_indices", "indices=None", "indices: missing"),
        ("no_data", "data=None", "data: missing"),
        ("no_shape", "shape=None", ": mismatch"),
        ("beyond", "indices=[0, 3, 1]", "indices: damaged"),
        ("negative", "indices=[0, -1, 1]", "indices: damaged"),
        ("twice", "indices=[1, 1, 1]", "indices: damaged"),
        ("short", "indices=[0, 2]", "indices: damaged"),
        ("falls", "indptr=[0, 3, 2]", "indptr: damaged"),
        ("late", "indptr=[1, 2, 3]", "indptr: damaged"),
        ("more", "indptr=[0, 2, 4]", "indptr: damaged"),
        ("starts", "indptr=[0, 1, 2, 2, 3, 3]", "indptr: damaged"),
        ("flat", "shape=[6]", "shape: mismatch"),
        ("minus", "shape=[-2, 3]", "shape: damaged"),
        ("huge", "shape=[2**62, 2**62]", "indptr: damaged"),
        ("floats", "indices=[0.0, 2.0, 1.0]", "indices: mismatch"),
        ("texts", "data=['a', 'b', 'c']", "data: mismatch"),
        ("format", "format='dia', m=2, n=3", ": mismatch"),
        ("m", "format='csr', m=3, n=3, shape=None", "indptr: damaged"),
        ("csc", "format='csc', m=2, n=3, shape=None", "indptr: damaged"),
    ];
    for (name, arguments, _) in cases {
        code += &format!(
            "sparse('{name}'{}{arguments})\n",
            if arguments.is_empty() { "" } else { ", " }
        );
    }
    let (_dir, path) = made(python, &code);
    let file = File::open(&path).unwrap();
    for (name, _, wanted) in cases {
        match file.read::<CsMat<i32>>(name) {
            Ok(read) => {
                assert_eq!(wanted, "", "{name} was read");
                let rows = if name == "unsorted" {
                    [[2, 0, 1], [0, 3, 0]]
                } else {
                    [[1, 0, 2], [0, 3, 0]]
                };
                assert_eq!(dense(&read), rows, "{name}");
            }
            Err(error) => {
                let (path, kind) =
                    wanted.split_once(": ").unwrap_or_else(|| panic!("{name}: {error}"));
                let path =
                    if path.is_empty() { format!("/{name}") } else { format!("/{name}/{path}") };
                assert_eq!((error.path(), kind_of(&error)), (path, kind), "{error}");
            }
        }
    }
    // Triplets have the same checks.
    let error = file.read::<TriMat<i32>>("good").unwrap_err();
    assert_eq!(kind_of(&error), "missing", "{error}");
}

fn kind_of(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Missing => "missing",
        ErrorKind::Damaged(_) => "damaged",
        ErrorKind::Mismatch { .. } => "mismatch",
        _ => "other",
    }
}
