//! Files of MATLAB 7.3 and of Octave, and values as MATLAB has them.

use filebacked::engine::Engine;
use filebacked::testing::check_filter;
use filebacked::with::{MATLAB_HEADER, Matlab};
use filebacked::{
    Compression, ErrorKind, File, FileBacked, Lazy, ReadOptions, Registry, WriteOptions,
};
use filebacked_tests::{Python, python, scratch};
use ndarray::{Array2, Array3, array};
use num_complex::Complex;
use serde_json::json;
use sprs::CsMat;
use std::path::PathBuf;
use std::sync::Arc;

fn made(python: &Python, code: &str) -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = scratch("matlab.mat");
    python.create(&path, code);
    (dir, path)
}

/// A file as hdf5storage writes it for MATLAB, of the dictionary `d`.
fn stored(python: &Python, code: &str) -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = scratch("stored.mat");
    let code = format!(
        "import hdf5storage
d = {{}}
{code}
hdf5storage.savemat({:?}, d, format='7.3', store_python_metadata=False, oned_as='row')",
        path.display().to_string()
    );
    python.ask(&json!({"op": "exec", "code": code})).unwrap_or_else(|e| panic!("{e}"));
    (dir, path)
}

#[derive(FileBacked, Debug, PartialEq)]
struct Workspace {
    x: f64,
    count: i32,
    row: Vec<f64>,
    column: Vec<f64>,
    #[filebacked(with = Matlab)]
    matrix: Array2<f64>,
    #[filebacked(with = Matlab)]
    cube: Array3<i16>,
    text: String,
    astral: String,
    flag: bool,
    flags: Vec<bool>,
    z: Complex<f64>,
    empty: Vec<f64>,
    #[filebacked(rename = "empty2")]
    no_flags: Vec<bool>,
    #[filebacked(rename = "empty3")]
    no_names: Vec<String>,
    #[filebacked(rename = "empty4", with = Matlab)]
    no_complex: Array2<Complex<f64>>,
    #[filebacked(with = Matlab)]
    flat: Array2<f32>,
    nothing: String,
    names: Vec<String>,
    cells: Vec<Vec<f64>>,
    s: Inner,
    rows: Vec<Inner>,
    missing: Option<f64>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Inner {
    a: f64,
    b: String,
}

const WORKSPACE: &str = "
d['x'], d['count'] = 1.5, np.int32(7)
d['row'], d['column'] = np.array([[1.0, 2.0, 3.0]]), np.array([[1.0], [2.0]])
d['matrix'], d['cube'] = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.arange(24, dtype='i2').reshape(2, 3, 4)
d['text'], d['astral'] = 'gr\\u00f6\\u00dfe', 'a\\U0001F600b'
d['flag'], d['flags'] = np.bool_(True), np.array([[True, False]])
d['z'] = 1+2j
d['empty2'] = d['empty3'] = d['empty4'] = np.zeros((0, 0))
d['empty'], d['flat'], d['nothing'] = np.zeros((0, 0)), np.zeros((0, 3), 'f4'), ''
def cell(values):
    a = np.empty((1, len(values)), dtype=object)
    for i, v in enumerate(values): a[0, i] = v
    return a
d['names'], d['cells'] = cell(['one', 'two', '']), cell([np.array([[1.0, 2.0]]), np.zeros((0, 0)), np.array([[3.0]])])
d['s'] = {'a': 1.0, 'b': 'two'}
rows = np.empty((1, 2), dtype=[('a', object), ('b', object)])
rows[0, 0], rows[0, 1] = (1.0, 'one'), (2.0, 'two')
d['rows'] = rows
";

fn workspace() -> Workspace {
    let inner = |a, b: &str| Inner { a, b: b.into() };
    Workspace {
        x: 1.5,
        count: 7,
        row: vec![1.0, 2.0, 3.0],
        column: vec![1.0, 2.0],
        matrix: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        cube: Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (12 * i + 4 * j + k) as i16),
        text: "größe".into(),
        astral: "a😀b".into(),
        flag: true,
        flags: vec![true, false],
        z: Complex::new(1.0, 2.0),
        empty: vec![],
        no_flags: vec![],
        no_names: vec![],
        no_complex: Array2::default((0, 0)),
        flat: Array2::zeros((0, 3)),
        nothing: String::new(),
        names: ["one", "two", ""].map(String::from).into(),
        cells: vec![vec![1.0, 2.0], vec![], vec![3.0]],
        s: inner(1.0, "two"),
        rows: vec![inner(1.0, "one"), inner(2.0, "two")],
        missing: None,
    }
}

#[test]
fn a_workspace_of_matlab() {
    let Some(python) = python() else { return };
    let (_dir, path) = stored(python, WORKSPACE);
    assert_eq!(&std::fs::read(&path).unwrap()[..19], b"MATLAB 7.3 MAT-file");
    assert_eq!(filebacked::load::<Workspace>(&path).unwrap(), workspace());
    assert_eq!(
        filebacked::from_bytes::<Workspace>(&std::fs::read(&path).unwrap()).unwrap(),
        workspace()
    );
    let file = File::open(&path).unwrap();
    let transposed = array![[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]];
    assert_eq!(
        file.read::<Array2<f64>>("matrix").unwrap(),
        transposed,
        "as h5py has it, without the filter"
    );
    let error = file.read::<Vec<f64>>("names").unwrap_err();
    assert_eq!(error.path(), "/names/0", "{error}");
    let error = file.read::<String>("names").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "three cells are no text: {error}");
    // Characters are numbers to those who ask for them.
    assert_eq!(file.read::<Vec<u16>>("text").unwrap(), "größe".encode_utf16().collect::<Vec<_>>());
}

#[test]
fn characters_in_rows_and_broken_ones() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "def char(name, units, dtype='u2'):
    f[name] = np.array(units, dtype=dtype)
    f[name].attrs['MATLAB_class'] = np.bytes_('char')
char('rows', [[97, 99], [98, 100]])
char('wide', [[97], [128512]], 'u4')
char('lone', [[0xd800], [97]])
char('beyond', [[0x110000]], 'u4')
f['numbers'] = np.array([[97], [98]], dtype='u2')
f['empty'] = np.array([2, 3], dtype='u8')
f['empty'].attrs['MATLAB_empty'] = np.uint8(1)
f['dims'] = np.array([0, 3], dtype='u8')
f['dims'].attrs['MATLAB_empty'] = np.uint8(0)",
    );
    let file = File::open(&path).unwrap();
    assert_eq!(file.read::<Vec<String>>("rows").unwrap(), ["ab", "cd"]);
    assert!(matches!(file.read::<String>("rows").unwrap_err().kind(), ErrorKind::Mismatch { .. }));
    assert_eq!(file.read::<String>("wide").unwrap(), "a😀");
    for name in ["lone", "beyond"] {
        let error = file.read::<String>(name).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Invalid(_)), "{error}");
        assert_eq!(error.path(), format!("/{name}"));
    }
    assert!(file.read::<String>("numbers").is_err(), "numbers are no text unless MATLAB says so");
    let error = file.read::<Vec<f64>>("empty").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "not empty: {error}");
    assert_eq!(file.read::<Vec<u8>>("dims").unwrap(), [0, 3]);
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Saved {
    #[filebacked(with = Matlab)]
    x: f64,
    #[filebacked(with = Matlab)]
    row: Vec<i32>,
    #[filebacked(with = Matlab)]
    matrix: Array2<f32>,
    #[filebacked(with = Matlab)]
    cube: Array3<u8>,
    #[filebacked(with = Matlab)]
    text: String,
    #[filebacked(with = Matlab)]
    flags: Array2<bool>,
    #[filebacked(with = Matlab)]
    z: Vec<Complex<f64>>,
    #[filebacked(with = Matlab)]
    none: Vec<u16>,
    #[filebacked(with = Matlab)]
    flat: Array2<f64>,
    #[filebacked(with = Matlab)]
    blank: String,
    #[filebacked(with = Matlab)]
    s: Nested,
    #[filebacked(with = Matlab)]
    table: Vec<Point>,
    #[filebacked(with = Matlab)]
    maybe: Option<f64>,
    #[filebacked(with = Matlab)]
    kind: Kind,
    #[filebacked(with = Matlab)]
    named: Named,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Nested {
    n: u64,
    b: String,
    inner: (f64, Array2<f64>),
    none: Option<f64>,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Point {
    x: f64,
    y: i8,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
enum Kind {
    A,
    B = 7,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
#[filebacked(repr = "string")]
enum Named {
    Left,
    Right,
}

fn saved() -> Saved {
    Saved {
        x: 1.5,
        row: vec![1, -2, 3],
        matrix: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        cube: Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (12 * i + 4 * j + k) as u8),
        text: "größe".into(),
        flags: array![[true, false, true]],
        z: vec![Complex::new(1.0, 2.0), Complex::new(0.0, -3.0)],
        none: vec![],
        flat: Array2::zeros((0, 3)),
        blank: String::new(),
        s: Nested { n: 7, b: "two".into(), inner: (0.5, array![[1.0], [2.0]]), none: None },
        table: vec![Point { x: 1.0, y: -1 }, Point { x: 2.0, y: 2 }],
        maybe: None,
        kind: Kind::B,
        named: Named::Right,
    }
}

#[test]
fn what_matlab_would_write() {
    let value = saved();
    let (_dir, path) = scratch("saved.mat");
    let mut bytes = MATLAB_HEADER.to_vec();
    bytes.extend(filebacked::to_bytes(&value).unwrap());
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(filebacked::load::<Saved>(&path).unwrap(), value);
    assert_eq!(filebacked::from_bytes::<Saved>(&bytes).unwrap(), value);
    let some = Saved { maybe: Some(2.5), kind: Kind::A, named: Named::Left, ..value.clone() };
    assert_eq!(
        filebacked::from_bytes::<Saved>(&filebacked::to_bytes(&some).unwrap()).unwrap(),
        some
    );
    let Some(python) = python() else { return };
    let shapes = "[f['x'].shape, f['row'].shape, f['matrix'].shape, f['cube'].shape, f['text'].shape, f['flat'][:].tolist()]";
    assert_eq!(
        python.eval(&path, shapes),
        json!([[1, 1], [3, 1], [3, 2], [4, 3, 2], [5, 1], [0, 3]])
    );
    let classes = "{n: f[n].attrs['MATLAB_class'].decode() for n in f}";
    let wanted = json!({"x": "double", "row": "int32", "matrix": "single", "cube": "uint8", "text": "char", "flags": "logical",
        "z": "double", "none": "uint16", "flat": "double", "blank": "char", "s": "struct", "table": "struct", "kind": "uint8", "named": "char"});
    assert_eq!(python.eval(&path, classes), wanted);
    assert_eq!(
        python.eval(&path, "[sorted(f['s'].attrs), f['s/inner'].attrs['MATLAB_class'].decode()]"),
        json!([["MATLAB_class", "filebacked_filter"], "struct"])
    );
    let read = |expr: &str| {
        let code = format!(
            "import hdf5storage, mat73
o = hdf5storage.loadmat({0:?})
m = mat73.loadmat({0:?})
result = {expr}",
            path.display().to_string()
        );
        python.ask(&json!({"op": "exec", "code": code})).unwrap_or_else(|e| panic!("{e}"))
    };
    assert_eq!(read("o['x'].tolist()"), json!([[1.5]]));
    assert_eq!(read("o['row'].tolist()"), json!([[1, -2, 3]]));
    assert_eq!(read("o['matrix'].tolist()"), json!([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
    assert_eq!(
        read("[o['cube'].shape, o['cube'][1, 2].tolist()]"),
        json!([[2, 3, 4], [20, 21, 22, 23]])
    );
    assert_eq!(read("str(np.squeeze(o['text']))"), json!("größe"));
    assert_eq!(
        read("[o['flags'].dtype.name, o['flags'].tolist()]"),
        json!(["bool", [[true, false, true]]])
    );
    assert_eq!(read("o['z'].tolist()"), json!([[[1.0, 2.0], [0.0, -3.0]]]));
    assert_eq!(read("[o['none'].size, o['flat'].shape]"), json!([0, [0, 3]]));
    assert_eq!(
        read("[m['x'].item(), m['matrix'].tolist()]"),
        json!([1.5, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    );
    assert_eq!(
        read("[m['s']['b'], m['s']['inner']['1'].tolist(), m['table']['y'].tolist()]"),
        json!(["two", [1.0, 2.0], [-1, 2]])
    );
}

#[test]
fn text_beyond_16_bits_is_in_pairs() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Text {
        #[filebacked(with = Matlab)]
        text: String,
    }
    let (_dir, path) = scratch("text.mat");
    filebacked::save(&path, &Text { text: "a😀b".into() }).unwrap();
    assert_eq!(filebacked::load::<Text>(&path).unwrap().text, "a😀b");
    let Some(python) = python() else { return };
    assert_eq!(python.eval(&path, "f['text'][:].tobytes().decode('utf-16-le')"), json!("a😀b"));
}

#[test]
fn the_filter_keeps_the_contract() {
    check_filter(Matlab, [0.0, -1.5, f64::MAX]).unwrap();
    check_filter(Matlab, [true, false]).unwrap();
    check_filter(Matlab, [vec![1u8, 2], vec![], vec![7]]).unwrap();
    check_filter(Matlab, [array![[1i16, 2], [3, 4]], Array2::zeros((2, 0)), Array2::zeros((1, 3))])
        .unwrap();
    check_filter(Matlab, [Complex::new(1.0f32, 2.0)]).unwrap();
    check_filter(Matlab, [saved().s]).unwrap();
}

/// A type that the registry puts into the form of MATLAB, in one that its field puts there.
#[test]
fn the_form_is_taken_once() {
    let mut registry = Registry::new();
    registry.register::<Array2<f64>>(Matlab);
    registry.register::<Nested>(Matlab);
    let registry = Arc::new(registry);
    let (write, read) =
        (WriteOptions::new().registry(registry.clone()), ReadOptions::new().registry(registry));
    let bytes = write.to_bytes(&saved()).unwrap();
    assert_eq!(read.from_bytes::<Saved>(&bytes).unwrap(), saved());
    let error = filebacked::from_bytes::<Saved>(&bytes).unwrap_err();
    assert_eq!(
        (error.path().as_str(), error.kind()),
        ("/s/inner/1", &ErrorKind::UnknownFilter("Matlab".into()))
    );
    // Registered after the file was written, it is for other files.
    let bytes = filebacked::to_bytes(&saved()).unwrap();
    assert_eq!(read.from_bytes::<Saved>(&bytes).unwrap(), saved());
}

#[test]
fn what_matlab_has_no_form_for() {
    #[derive(FileBacked)]
    struct Texts {
        #[filebacked(with = Matlab)]
        texts: Vec<String>,
    }
    #[derive(FileBacked)]
    struct Big {
        #[filebacked(with = Matlab)]
        big: u128,
    }
    #[derive(FileBacked)]
    struct Rows {
        #[filebacked(with = Matlab)]
        rows: Vec<Option<f64>>,
    }
    let errors = [
        filebacked::to_bytes(&Texts { texts: vec!["a".into()] }).unwrap_err(),
        filebacked::to_bytes(&Big { big: 1 }).unwrap_err(),
        filebacked::to_bytes(&Rows { rows: vec![None] }).unwrap_err(),
    ];
    for (error, path) in errors.iter().zip(["/texts", "/big", "/rows"]) {
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
        assert_eq!(error.path(), path);
        assert!(error.help().unwrap().contains("with = Matlab"), "{error}");
    }
}

#[test]
fn user_blocks_of_every_size() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Small {
        x: u8,
        text: String,
        many: Vec<f64>,
    }
    let small = || Small { x: 7, text: "text".into(), many: (0..10_000).map(f64::from).collect() };
    let bytes = WriteOptions::new().engine(Engine::Native).to_bytes(&small()).unwrap();
    for engine in [Engine::Native, Engine::Libhdf5, Engine::Any] {
        let options = ReadOptions::new().engine(engine);
        for size in [0, 512, 1024, 4096, 1 << 20] {
            let mut moved = vec![b' '; size];
            moved.extend_from_slice(&bytes);
            assert_eq!(options.from_bytes::<Small>(&moved).unwrap(), small(), "{engine:?} {size}");
        }
        let mut moved = vec![0; 513];
        moved.extend_from_slice(&bytes);
        assert!(options.from_bytes::<Small>(&moved).is_err(), "{engine:?}");
        assert!(options.from_bytes::<Small>(&vec![0; 4096]).is_err(), "{engine:?}");
    }
    // What is read later is found again behind its user block.
    #[derive(FileBacked)]
    struct Later {
        x: u8,
        many: Lazy<Vec<f64>>,
    }
    let (_dir, path) = scratch("later.h5");
    for compression in [Compression::None, Compression::Gzip(1)] {
        let written = WriteOptions::new().compression(compression).to_bytes(&small()).unwrap();
        std::fs::write(&path, [vec![0; 1024], written].concat()).unwrap();
        let later: Later = filebacked::load(&path).unwrap();
        assert_eq!((later.x, later.many.get().unwrap().len()), (7, 10_000), "{compression:?}");
    }
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("block.h5");
    for size in [512, 2048] {
        let code = format!(
            "with h5py.File({:?}, 'w', userblock_size={size}, libver='latest') as f:
    f['x'], f['text'] = np.uint8(7), np.bytes_('text')
    f['many'] = np.arange(10000.0)
    f['many'].attrs['unit'] = 1",
            path.display().to_string()
        );
        python.ask(&json!({"op": "exec", "code": code})).unwrap();
        for engine in [Engine::Libhdf5, Engine::Any] {
            assert_eq!(
                ReadOptions::new().engine(engine).load::<Small>(&path).unwrap(),
                small(),
                "{engine:?} {size}"
            );
        }
    }
}

/// Variables as Octave's `save -hdf5` writes them.
const OCTAVE: &str = "
def var(name, kind, value, at=f, empty=False):
    g = at.create_group(name)
    g.attrs['OCTAVE_NEW_FORMAT'] = np.uint8(1)
    if empty: g.attrs['OCTAVE_EMPTY_MATRIX'] = np.uint8(1)
    g['type'] = np.bytes_(kind)
    if value is None: return g.create_group('value')
    g['value'] = value
def text(s): return np.frombuffer(s.encode(), dtype='i1').reshape(-1, 1)
cp = np.dtype([('real', 'f8'), ('imag', 'f8')])
var('x', 'scalar', 1.5)
var('i', 'int32 scalar', np.int32(7))
var('b', 'bool', 1.0)
var('bm', 'bool matrix', np.array([[1], [0]], 'u1'))
var('v', 'matrix', np.array([[1.0], [2.0], [3.0]]))
var('m', 'matrix', np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]))
var('e', 'matrix', np.array([0, 3], 'i8'), empty=True)
var('s', 'sq_string', text('gr\\u00f6\\u00dfe'))
var('sm', 'string', np.array([[97, 99], [98, 100]], 'i1'))
var('em', 'sq_string', np.array([0, 0], 'i8'), empty=True)
var('z', 'complex scalar', np.array((1.0, 2.0), dtype=cp))
var('r', 'double_range', np.array((1.0, 3.0, 0.5), dtype=[('base', 'f8'), ('limit', 'f8'), ('increment', 'f8')]))
f['r/value'].attrs['OCTAVE_RANGE_NELEM'] = np.int64(5)
st = var('st', 'scalar struct', None)
var('a', 'scalar', 1.0, st)
var('b', 'string', text('two'), st)
c = var('c', 'cell', None)
c['dims'] = np.array([2, 1], 'i8')
var('_0', 'sq_string', text('one'), c)
var('_1', 'sq_string', text('two'), c)
n = var('nc', 'cell', None)
n['dims'] = np.array([0, 0], 'i8')
sa = var('sa', 'struct', None)
for field, kind, values in (('a', 'scalar', [1.0, 2.0]), ('b', 'string', [text('one'), text('two')])):
    g = var(field, 'cell', None, sa)
    g['dims'] = np.array([2, 1], 'i8')
    for k, value in enumerate(values): var(f'_{k}', kind, value, g)
sp = var('sp', 'sparse matrix', None)
sp['nr'], sp['nc'], sp['nz'] = np.int64(2), np.int64(3), np.int64(3)
sp['cidx'], sp['ridx'] = np.array([[0], [1], [2], [3]]), np.array([[0], [1], [0]])
sp['data'] = np.array([[1.0], [3.0], [2.0]])
";

#[derive(FileBacked, Debug, PartialEq)]
struct Octave {
    x: f64,
    i: i32,
    b: bool,
    bm: Vec<bool>,
    v: Vec<f64>,
    #[filebacked(with = Matlab)]
    m: Array2<f64>,
    e: Vec<f64>,
    s: String,
    sm: Vec<String>,
    em: String,
    z: Complex<f64>,
    r: Vec<f64>,
    st: Inner,
    c: Vec<String>,
    nc: Vec<String>,
    sa: Vec<Inner>,
    sp: CsMat<f64>,
}

fn check_octave(octave: &Octave) {
    let inner = |a, b: &str| Inner { a, b: b.into() };
    assert_eq!((octave.x, octave.i, octave.b, &octave.bm[..]), (1.5, 7, true, &[true, false][..]));
    assert_eq!(octave.v, [1.0, 2.0, 3.0]);
    assert_eq!(octave.m, array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    assert_eq!((octave.s.as_str(), octave.em.as_str(), &octave.e[..]), ("größe", "", &[][..]));
    assert_eq!(octave.sm, ["ab", "cd"]);
    assert_eq!(octave.z, Complex::new(1.0, 2.0));
    assert_eq!(octave.r, [1.0, 1.5, 2.0, 2.5, 3.0]);
    assert_eq!(
        (&octave.st, &octave.sa[..]),
        (&inner(1.0, "two"), &[inner(1.0, "one"), inner(2.0, "two")][..])
    );
    assert_eq!((&octave.c[..], octave.nc.len()), (&["one".to_string(), "two".into()][..], 0));
    assert_eq!(octave.sp.shape(), (2, 3));
    assert_eq!(
        [octave.sp.get(0, 0), octave.sp.get(1, 1), octave.sp.get(0, 2)],
        [Some(&1.0), Some(&3.0), Some(&2.0)]
    );
}

#[test]
fn variables_of_octave() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(python, OCTAVE);
    check_octave(&filebacked::load::<Octave>(&path).unwrap());
    python.change(
        &path,
        "del f['r/value'].attrs['OCTAVE_RANGE_NELEM']\nf['r/value'].attrs['OCTAVE_RANGE_NELEM'] = 2**40",
    );
    let error = filebacked::load::<Octave>(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{error}");
    assert_eq!(error.path(), "/r/value");
}

/// The same from Octave itself, where it is installed.
#[test]
fn octave_itself() {
    let (_dir, path) = scratch("octave.h5");
    let code = format!(
        "x = 1.5; i = int32(7); b = true; bm = [true false]; v = [1 2 3]; m = [1 2 3; 4 5 6]; e = zeros(0, 3);
s = 'größe'; sm = ['ab'; 'cd']; em = ''; z = 1+2i; r = 1:0.5:3; st.a = 1; st.b = 'two'; c = {{'one', 'two'}}; nc = {{}};
sa(1).a = 1; sa(1).b = 'one'; sa(2).a = 2; sa(2).b = 'two'; sp = sparse([1 0 2; 0 3 0]);
save('-hdf5', '{}');",
        path.display()
    );
    let mut octave = std::process::Command::new("octave-cli");
    let output = match octave
        .args(["--quiet", "--no-init-file", "--eval", &code])
        .env("LC_ALL", "C.UTF-8")
        .output()
    {
        Ok(output) => output,
        Err(_) => return eprintln!("skipped: Octave is not installed"),
    };
    assert!(path.exists(), "{}", String::from_utf8_lossy(&output.stderr));
    check_octave(&filebacked::load::<Octave>(&path).unwrap());
    let mut bytes = MATLAB_HEADER.to_vec();
    bytes.extend(filebacked::to_bytes(&saved()).unwrap());
    std::fs::write(&path, &bytes).unwrap();
    let code = format!(
        "d = load('{}');
assert(d.x, 1.5); assert(d.row, int32([1 -2 3])); assert(d.matrix, [1 2 3; 4 5 6]); assert(size(d.cube), [2 3 4]);
assert(d.cube(2, 3, 4), uint8(23)); assert(d.z, [1+2i, -3i]); assert(d.flags, uint8([1 0 1]));
assert(d.s.n, uint64(7)); assert(char(d.s.b), 'two'); assert(d.table.y, int8([-1 2]));
puts('done');",
        path.display()
    );
    let mut octave = std::process::Command::new("octave-cli");
    let output = octave
        .args(["--quiet", "--no-init-file", "--eval", &code])
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "done",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
