//! What is written for Python's FileBacked 2.1.0, beside the files that it wrote itself, and read
//! by it.

use filebacked::options::{Layout, Overwrite};
use filebacked::with::{AsString, Each, via};
use filebacked::{Compression, File, FileBacked, Lazy, WriteOptions};
use filebacked_tests::golden::{self, *};
use filebacked_tests::{Python, h5dump, python, scratch};
use ndarray::{Array1, Array2, ArrayView1, array};
use num_complex::Complex;
use serde_json::{Value, json};
use sprs::{CsMat, TriMat};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

const CLASSES: &str = include_str!("../../python/golden_classes.py");

fn for_python() -> WriteOptions {
    WriteOptions::new().layout(Layout::Python)
}

/// Runs code in the module of the classes.
#[track_caller]
fn run(python: &Python, code: &str) -> Value {
    let code = format!("{CLASSES}\n{code}");
    let request = json!({"op": "exec", "module": "make_golden", "code": code});
    python.ask(&request).unwrap_or_else(|error| panic!("{error}"))
}

/// What h5dump prints of everything but these datasets and groups.
fn dump(file: &Path, without: &[&str]) -> Option<String> {
    let text = h5dump(&[], file)?;
    let mut kept = String::new();
    let mut skipped: Option<usize> = None;
    // The first line has the name of the file.
    for line in text.lines().skip(1) {
        let indent = line.len() - line.trim_start().len();
        if let Some(start) = skipped {
            if indent == start && line.trim() == "}" {
                skipped = None;
            }
            continue;
        }
        let head = line.trim().strip_suffix(" {").and_then(|line| line.split_once(' '));
        let named = head.is_some_and(|(kind, name)| {
            matches!(kind, "DATASET" | "GROUP")
                && without.contains(&name.trim_matches('"'))
                && indent == 3
        });
        if named {
            skipped = Some(indent);
            continue;
        }
        kept += line;
        kept.push('\n');
    }
    Some(kept)
}

/// Asserts that a value is written as Python wrote it, but for what the type of the value does not
/// have.
#[track_caller]
fn as_golden<T: FileBacked + Debug>(name: &str, class: &str, value: &T, without: &[&str]) {
    let (_dir, path) = scratch("ours.h5");
    for_python().save(&path, value).unwrap_or_else(|error| panic!("{error}"));
    if let (Some(ours), Some(theirs)) = (dump(&path, without), dump(&golden::path(name), without)) {
        assert_eq!(ours, theirs);
    }
    if let Some(python) = python() {
        let code = format!("compare({class:?}, {:?}, {:?})", path, golden::path(name));
        run(python, &code);
    }
}

#[test]
fn scalars_as_python_writes_them() {
    let without = ["int_holding_bool", "np_f128"];
    as_golden("scalars", "Scalars", &golden::scalars(), &without);
}

#[test]
fn strings_as_python_writes_them() {
    // Python stores a NUL at the end, and does not read it back.
    as_golden("strings", "Strings", &golden::strings(), &["trailing_nul"]);
}

#[test]
fn arrays_as_python_writes_them() {
    let without = ["be_i4", "be_f8", "f16", "struct"];
    as_golden("arrays", "Arrays", &golden::arrays(), &without);
}

#[test]
fn sparse_matrices_as_python_writes_them() {
    as_golden("sparse", "Sparse", &golden::sparse(), &[]);
}

#[test]
fn lists_as_python_writes_them() {
    // Of arrays of several types a `Vec` has one only.
    #[derive(FileBacked, Debug)]
    #[filebacked(module = "make_golden", name = "Seqs")]
    struct AllSeqs {
        #[filebacked(flatten)]
        seqs: Lists,
        array_list: Arrays2,
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(module = "make_golden", name = "Seqs")]
    struct Lists {
        int_tuple: [i64; 3],
        str_tuple: [String; 3],
        float_list: Vec<f64>,
        int_list: Vec<i64>,
        mixed_num_list: Vec<f64>,
        str_list: Vec<String>,
        builtin_list: Vec<i64>,
        builtin_tuple: Vec<i64>,
        empty_float_list: Vec<f64>,
        empty_int_list: Vec<i64>,
        empty_str_list: Vec<String>,
        empty_tuple: Vec<i64>,
        nested_list: Vec<Vec<i64>>,
        nested_list_ragged: Vec<Vec<i64>>,
        list_of_str_lists: Vec<Vec<String>>,
        tuple_of_lists: Vec<Vec<f64>>,
        obj_list: Vec<Inner>,
        obj_tuple: Vec<Inner>,
        twelve: Vec<String>,
    }
    type Arrays2 = BTreeMap<String, IntOrFloat>;
    #[derive(FileBacked, Debug)]
    #[filebacked(transparent)]
    struct IntOrFloat {
        array: ndarray::ArrayD<f64>,
    }
    let lists: Lists = filebacked::load(golden::path("seqs")).unwrap();
    let arrays = golden::seqs().array_list.into_iter().map(|array| IntOrFloat { array });
    let array_list = arrays.enumerate().map(|(i, array)| (i.to_string(), array)).collect();
    let (_dir, path) = scratch("lists.h5");
    for_python().save(&path, &AllSeqs { seqs: lists, array_list }).unwrap();
    if let (Some(ours), Some(theirs)) =
        (dump(&path, &["array_list"]), dump(&golden::path("seqs"), &["array_list"]))
    {
        assert_eq!(ours, theirs);
    }

    let (_dir, path) = scratch("seqs.h5");
    for_python().save(&path, &golden::seqs()).unwrap();
    if let Some(python) = python() {
        run(python, &format!("compare('Seqs', {:?}, {:?})", path, golden::path("seqs")));
    }
}

#[test]
fn dicts_as_python_writes_them() {
    // Pairs are numbered in the order of the dict, here of the keys.
    let dicts = golden::dicts();
    let (_dir, path) = scratch("dicts.h5");
    for_python().save(&path, &dicts).unwrap();
    let pairs = ["tuple_key"];
    if let (Some(ours), Some(theirs)) = (dump(&path, &pairs), dump(&golden::path("dicts"), &pairs))
    {
        assert_eq!(ours, theirs);
    }
    assert_eq!(filebacked::load::<Dicts>(&path).unwrap(), dicts);
    if let Some(python) = python() {
        run(python, &format!("compare('Dicts', {:?}, {:?})", path, golden::path("dicts")));
    }
}

#[test]
fn options_unions_and_objects_as_python_writes_them() {
    as_golden("opts", "Opts", &golden::opts(), &[]);
    as_golden("unions", "Unions", &golden::unions(), &["u_bool"]);
    as_golden("nested", "Nested", &golden::nested(), &[]);
    as_golden("ignoring", "Ignoring", &Ignoring { saved: 1 }, &[]);
}

#[test]
fn dicts_that_are_the_file_as_python_writes_them() {
    as_golden("strdict", "StrDict", &golden::str_dict(), &[]);
    as_golden("intdict", "IntDict", &golden::int_dict(), &[]);
    // A value is of one type in Rust, which the class of the subclass is a variant of.
    #[derive(FileBacked, Debug)]
    #[filebacked(module = "make_golden")]
    struct ObjDict {
        p: Inner,
        q: InnerSub,
    }
    as_golden("objdict", "ObjDict", &ObjDict { p: inner(1, "p"), q: inner_sub() }, &[]);

    let (_dir, path) = scratch("tuples.h5");
    for_python().save(&path, &golden::tuple_dict()).unwrap();
    assert_eq!(filebacked::load::<TupleDict>(&path).unwrap(), golden::tuple_dict());
    if let Some(python) = python() {
        run(python, &format!("compare('TupleDict', {:?}, {:?})", path, golden::path("tupledict")));
    }
}

/// The objects of the test-suite of Python's FileBacked.
#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden")]
struct Basic {
    _int: i64,
    _str: String,
    _float: f64,
    _opt1: Option<String>,
    _opt2: Option<String>,
    inttuple: [i64; 3],
    strtuple: [String; 3],
    array: Array2<f64>,
    floatlist: Vec<f64>,
    strlist: Vec<String>,
    strdict: BTreeMap<String, i64>,
    intdict: BTreeMap<i64, i64>,
    tupledict: BTreeMap<Vec<String>, i64>,
    union1: Atom,
    union2: Atom,
    union3: Atom,
    csc: CsMat<f64>,
    csr: CsMat<f64>,
    coo: TriMat<f64>,
}

fn basic() -> Basic {
    let diagonal = vec![0, 1, 2];
    Basic {
        _int: 1,
        _str: "FileBacked".into(),
        _float: 3.25,
        _opt1: Some("has".into()),
        _opt2: None,
        inttuple: [1, 2, 3],
        strtuple: texts(["alpha", "bravo", "charlie"]),
        array: Array2::eye(3),
        floatlist: Array2::eye(3).into_iter().collect(),
        strlist: texts(["alpha", "beta", "gamma"]).into(),
        strdict: map([("alpha", 1), ("beta", 2), ("gamma", 3)]),
        intdict: [(1, 2), (2, 3), (3, 1)].into(),
        tupledict: [(texts(["one", "two"]).into(), 3), (texts(["four", "five"]).into(), 6)].into(),
        union1: Atom::Int(1),
        union2: Atom::Str("alpha".into()),
        union3: Atom::Float(4.5),
        csc: CsMat::eye_csc(3),
        csr: CsMat::eye(3),
        coo: TriMat::from_triplets((3, 3), diagonal.clone(), diagonal, vec![1.0; 3]),
    }
}

const BASIC: &str = "
class Basic(FileBacked):
    _int: int
    _str: str
    _float: float
    _opt1: Optional[str]
    _opt2: Optional[str]
    inttuple: Tuple[int, ...]
    strtuple: Tuple[str, ...]
    array: np.ndarray
    floatlist: List[float]
    strlist: List[str]
    strdict: Dict[str, int]
    intdict: Dict[int, int]
    tupledict: Dict[Tuple[str, ...], int]
    union1: ATOM
    union2: ATOM
    union3: ATOM
    csc: sp.spmatrix
    csr: sp.spmatrix
    coo: sp.spmatrix

def basic():
    values = dict(
        _int=1, _str='FileBacked', _float=3.25, _opt1='has', _opt2=None, inttuple=(1, 2, 3),
        strtuple=('alpha', 'bravo', 'charlie'), array=np.eye(3), floatlist=list(np.eye(3).flat),
        strlist=['alpha', 'beta', 'gamma'], strdict={'alpha': 1, 'beta': 2, 'gamma': 3}, intdict={1: 2, 2: 3, 3: 1},
        tupledict={('one', 'two'): 3, ('four', 'five'): 6}, union1=1, union2='alpha', union3=4.5,
        csc=sp.eye(3, format='csc'), csr=sp.eye(3, format='csr'), coo=sp.eye(3, format='coo'))
    obj = Basic()
    for name, value in values.items():
        setattr(obj, name, value)
    return obj
";

#[test]
fn the_objects_of_its_own_tests_both_ways() {
    let Some(python) = python() else { return };
    let (dir, ours) = scratch("ours.h5");
    let theirs = dir.path().join("theirs.h5");
    for_python().save(&ours, &basic()).unwrap();
    let code = format!(
        "{BASIC}
with h5py.File({theirs:?}, 'w') as f:
    basic().write(f)
ints = ('indices', 'indptr', 'row', 'col')
for lazy in (False, True):
    with h5py.File({ours:?}) as a, h5py.File({theirs:?}) as b:
        a, b = Basic.read(a, lazy=lazy), Basic.read(b, lazy=lazy)
        for name in Basic.__filebacked_attribs__:
            x, y = getattr(a, name), getattr(b, name)
            if isinstance(x, sp.spmatrix):  # indices of usize have 64 bits
                for part in ints:
                    if hasattr(x, part):
                        setattr(x, part, getattr(x, part).astype(np.int32))
            same(x, y, name)
        assert a._opt2 is None and a.inttuple == (1, 2, 3) and (a.csr != sp.eye(3)).nnz == 0
# What Python read from us it writes again, but for numpy's integers, which are no `int` to it.
with h5py.File({ours:?}) as a, h5py.File({theirs:?}, 'w') as b:
    obj = Basic.read(a)
    obj.union1 = int(obj.union1)
    obj.write(b)
"
    );
    run(python, &code);
    assert_eq!(filebacked::load::<Basic>(&theirs).unwrap(), basic());
    assert_eq!(filebacked::load::<Basic>(&ours).unwrap(), basic());
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy, PartialOrd, Eq, Ord)]
enum Phase {
    Warm,
    #[filebacked(rename = "cool down")]
    Cool,
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
#[filebacked(repr = "u8")]
enum Level {
    Low = 3,
    High = 200,
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
struct Meters(f32);

/// What a program has that knows nothing of Python.
#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(module = "make_golden", name = "Native")]
struct Mixed {
    count: usize,
    large: u64,
    counts: Vec<usize>,
    larges: Vec<u64>,
    bytes: Vec<u8>,
    letter: char,
    letters: Vec<char>,
    phase: Phase,
    phases: Vec<Phase>,
    level: Level,
    levels: Vec<Level>,
    length: Meters,
    lengths: Vec<Meters>,
    some: NonZero<u16>,
    shared: Arc<Vec<Box<f64>>>,
    matrix: [[f64; 2]; 2],
    points: Vec<[f64; 3]>,
    words: [[String; 1]; 2],
    set: BTreeSet<i64>,
    hashed: HashMap<String, Vec<f32>>,
    by_phase: BTreeMap<Phase, i64>,
    by_char: BTreeMap<char, String>,
    optional: Vec<Option<i64>>,
    either: Result<i64, String>,
    atoms: Vec<Atom>,
    atoms_by_name: BTreeMap<String, Atom>,
    maybe: Option<Vec<String>>,
    masks: Array1<bool>,
    waves: Array1<Complex<f64>>,
    names: Array1<String>,
    wide: Array1<u64>,
    none: Array1<i64>,
    #[filebacked(with = AsString)]
    version: std::net::Ipv4Addr,
    #[filebacked(with = Each(AsString))]
    hosts: Vec<std::net::Ipv4Addr>,
    #[filebacked(with = Each(via::<i64>()))]
    wider: Vec<u16>,
    address: std::net::IpAddr,
    path: std::path::PathBuf,
    #[filebacked(layout = "packed")]
    packed: String,
    #[filebacked(layout = "columns")]
    columns: BTreeMap<String, f64>,
    #[filebacked(compression = Compression::Gzip(4))]
    zipped: Vec<i32>,
    #[filebacked(skip)]
    cache: bool,
}

fn mixed() -> Mixed {
    Mixed {
        count: 7,
        large: u64::MAX,
        counts: vec![1, 2],
        larges: vec![1, u64::MAX],
        bytes: vec![0, 255],
        letter: 'ä',
        letters: vec!['a', '\0'],
        phase: Phase::Cool,
        phases: vec![Phase::Warm, Phase::Cool],
        level: Level::High,
        levels: vec![Level::Low, Level::High],
        length: Meters(1.5),
        lengths: vec![Meters(0.5), Meters(2.5)],
        some: NonZero::new(9).unwrap(),
        shared: Arc::new(vec![Box::new(0.25)]),
        matrix: [[1.0, 2.0], [3.0, 4.0]],
        points: vec![[0.0; 3], [1.0; 3]],
        words: [texts(["one"]), texts(["two"])],
        set: [3, 1].into(),
        hashed: [("b".to_string(), vec![1.5]), ("a".to_string(), vec![])].into(),
        by_phase: [(Phase::Cool, 1)].into(),
        by_char: [('x', "y".to_string())].into(),
        optional: vec![Some(1), Some(2)],
        either: Err("no".into()),
        atoms: vec![Atom::Float(0.5), Atom::Str("s".into())],
        atoms_by_name: map([("i", Atom::Int(-1))]),
        maybe: Some(texts(["here"]).into()),
        masks: array![true, false],
        waves: array![Complex::new(0.5, -1.0)],
        names: array!["a".repeat(100), String::new(), "ä".to_string()],
        wide: array![1, 2],
        none: array![],
        version: [10, 0, 0, 1].into(),
        hosts: vec![[127, 0, 0, 1].into()],
        wider: vec![5],
        address: [1, 2, 3, 4].into(),
        path: "some/where".into(),
        packed: "as any other".into(),
        columns: map([("c", 2.5)]),
        zipped: (0..5000).collect(),
        cache: false,
    }
}

#[test]
fn types_that_are_of_rust() {
    let (_dir, path) = scratch("mixed.h5");
    for_python().save(&path, &mixed()).unwrap();
    assert_eq!(filebacked::load::<Mixed>(&path).unwrap(), mixed());
    let Some(python) = python() else { return };
    let code = format!(
        r#"
class Native(FileBacked):
    count: int; large: int; counts: List[int]; larges: List[int]; bytes: np.ndarray
    letter: str; letters: List[str]; phase: str; phases: List[str]; level: int; levels: List[int]
    length: np.float32; lengths: List[np.float32]; some: int; shared: List[float]
    matrix: np.ndarray; points: np.ndarray; words: List[List[str]]; set: List[int]
    hashed: Dict[str, List[np.float32]]; by_phase: Dict[str, int]; by_char: Dict[str, str]
    optional: List[Optional[int]]; either: Union[int, str]; atoms: List[ATOM]; atoms_by_name: Dict[str, ATOM]
    maybe: Optional[List[str]]; masks: np.ndarray; waves: np.ndarray; names: np.ndarray; wide: np.ndarray
    none: np.ndarray; version: str; hosts: List[str]; wider: List[int]; address: str; path: str; packed: str
    columns: Dict[str, float]; zipped: np.ndarray

i8, f4, f8 = np.int64, np.float32, np.float64
expected = dict(
    count=i8(7), large=np.uint64(2**64 - 1), counts=[i8(1), i8(2)], larges=[np.uint64(1), np.uint64(2**64 - 1)],
    bytes=np.array([0, 255], 'u1'), letter='ä', letters=['a', ''], phase='cool down', phases=['Warm', 'cool down'],
    level=np.uint8(200), levels=[np.uint8(3), np.uint8(200)], length=f4(1.5), lengths=[f4(0.5), f4(2.5)],
    some=np.uint16(9), shared=[f8(0.25)], matrix=np.array([[1.0, 2], [3, 4]]), points=np.array([[0.0] * 3, [1.0] * 3]),
    words=[['one'], ['two']], set=[i8(1), i8(3)], hashed={{'a': [], 'b': [f4(1.5)]}}, by_phase={{'cool down': i8(1)}},
    by_char={{'x': 'y'}}, optional=[i8(1), i8(2)], either='no', atoms=[f8(0.5), 's'], atoms_by_name={{'i': i8(-1)}},
    maybe=['here'], masks=np.array([True, False]), waves=np.array([0.5 - 1j]),
    names=np.array([b'a' * 100, b'', 'ä'.encode()]), wide=np.array([1, 2], 'u8'), none=np.array([], 'i8'),
    version='10.0.0.1', hosts=['127.0.0.1'], wider=[i8(5)], address='1.2.3.4', path='some/where',
    packed='as any other', columns={{'c': f8(2.5)}}, zipped=np.arange(5000, dtype='i4'))
for lazy in (False, True):
    with h5py.File({path:?}) as f:
        obj = Native.read(f, lazy=lazy)
        assert sorted(f) == sorted(expected), set(f) ^ set(expected)
        for name, value in expected.items():
            same(getattr(obj, name), value, name)
"#
    );
    run(python, &code);
}

#[test]
fn values_that_are_no_objects() {
    let (dir, list) = scratch("list.h5");
    for_python().save(&list, &vec!["a".to_string(), "b".to_string()]).unwrap();
    assert_eq!(filebacked::load::<Vec<String>>(&list).unwrap(), ["a", "b"]);
    let dict = dir.path().join("dict.h5");
    let flat: BTreeMap<String, i64> = map([("x", 1)]);
    for_python().save(&dict, &flat).unwrap();
    assert_eq!(filebacked::load::<BTreeMap<String, i64>>(&dict).unwrap(), flat);
    let links = dir.path().join("links.h5");
    let nested: BTreeMap<String, Vec<i64>> = map([("value", vec![1])]);
    for_python().save(&links, &nested).unwrap();
    assert_eq!(filebacked::load::<BTreeMap<String, Vec<i64>>>(&links).unwrap(), nested);
    let union = dir.path().join("union.h5");
    for_python().save(&union, &Atom::Str("s".into())).unwrap();
    assert_eq!(filebacked::load::<Atom>(&union).unwrap(), Atom::Str("s".into()));
    let view = dir.path().join("view.h5");
    let numbers = [1.0, 2.0];
    for_python().save(&view, &ArrayView1::from(&numbers)).unwrap();
    assert_eq!(filebacked::load::<Vec<f64>>(&view).unwrap(), numbers);
    let Some(python) = python() else { return };
    let code = format!(
        "
import filebacked as fb
with h5py.File({list:?}) as f:
    assert fb.read(f['value'], List[str]) == ['a', 'b'] and not f.attrs
with h5py.File({dict:?}) as f:
    assert fb.read(f['value'], Dict[str, int]) == {{'x': 1}}
with h5py.File({links:?}) as f:
    assert fb.read(f, Dict[str, List[int]]) == {{'value': [1]}}
with h5py.File({union:?}) as f:
    assert fb.read(f['value'], ATOM) == 's'
with h5py.File({view:?}) as f:
    same(fb.read(f['value'], np.ndarray), np.array([1.0, 2.0]))
"
    );
    run(python, &code);
}

#[test]
fn values_beside_others_in_an_open_file() {
    let (_dir, path) = scratch("open.h5");
    let file = File::create(&path).unwrap();
    let options = for_python().overwrite(Overwrite::Replace);
    file.write("native", &golden::opts()).unwrap();
    for _ in 0..2 {
        file.write_with("a/list", &texts(["x", "y"]).to_vec(), &options).unwrap();
        file.write_with("a/objects", &vec![inner(1, "one")], &options).unwrap();
        file.write_with("a/dict", &golden::tuple_dict(), &options).unwrap();
        file.write_with("a/union", &Atom::Int(3), &options).unwrap();
        file.write_root_with(&golden::unions(), &options).unwrap();
    }
    assert_eq!(file.read::<Vec<String>>("a/list").unwrap(), ["x", "y"]);
    assert_eq!(file.read::<Vec<Inner>>("a/objects").unwrap(), [inner(1, "one")]);
    assert_eq!(file.read::<TupleDict>("a/dict").unwrap(), golden::tuple_dict());
    assert_eq!(file.read::<Atom>("a/union").unwrap(), Atom::Int(3));
    assert_eq!(file.read::<Opts>("native").unwrap(), golden::opts());
    assert_eq!(file.read_root::<Unions>().unwrap(), golden::unions());
    drop(file);
    let other = path.with_file_name("dict.h5");
    let file = File::create(&other).unwrap();
    file.write_root_with(&golden::str_dict(), &options).unwrap();
    assert_eq!(file.read_root::<StrDict>().unwrap(), golden::str_dict());
    drop(file);
    let Some(python) = python() else { return };
    let code = format!(
        "
import filebacked as fb
with h5py.File({path:?}) as f:
    assert fb.read(f['a/list'], List[str]) == ['x', 'y']
    assert [o.label for o in fb.read(f['a/objects'], List[Inner])] == ['one']
    assert dict(TupleDict.read(f['a/dict']))[(6,)] == 'charlie'
    assert fb.read(f['a/union'], ATOM) == 3
    assert Unions.read(f).u_obj.label == 'nine'
with h5py.File({other:?}) as f:
    assert dict(StrDict.read(f)) == {{'a': 'alpha', 'b': 'bravo', 'c': ''}}
"
    );
    run(python, &code);
}

#[test]
fn patterns_hold_here_too() {
    let (_dir, path) = scratch("skipped.h5");
    let skipping =
        for_python().skip(["str_int/alpha", "tuple_key", "str_obj/*/label", "unordered"]);
    skipping.save(&path, &golden::dicts()).unwrap();
    let file = File::open(&path).unwrap();
    assert_eq!(file.names().unwrap().len(), 12);
    assert_eq!(file.read::<BTreeMap<String, i64>>("str_int").unwrap(), map([("beta", 2)]));
    assert_eq!(file.read::<BTreeMap<String, Vec<()>>>("str_obj").unwrap_err().path(), "/str_obj/o");
    assert!(
        file.read::<i64>("str_obj/o/n").is_ok() && file.read::<String>("str_obj/o/label").is_err()
    );
}

#[filebacked::dynamic]
trait Labelled {
    fn label(&self) -> &str;
}

#[filebacked::dynamic]
impl Labelled for Inner {
    fn label(&self) -> &str {
        &self.label
    }
}

#[filebacked::dynamic]
impl Labelled for InnerSub {
    fn label(&self) -> &str {
        &self.inner.label
    }
}

/// `FileBackedDict[str, Inner]`, with objects of the class and of one that is derived from it.
#[derive(FileBacked)]
#[filebacked(module = "make_golden", name = "ObjDict")]
struct Objects(BTreeMap<String, Box<dyn Labelled>>);

#[test]
fn subclasses_are_trait_objects() {
    let objects: Objects = filebacked::load(golden::path("objdict")).unwrap();
    let labels: Vec<&str> = objects.0.values().map(|object| object.label()).collect();
    assert_eq!(labels, ["p", "sub"]);
    let (_dir, path) = scratch("objects.h5");
    for_python().save(&path, &objects).unwrap();
    if let (Some(ours), Some(theirs)) = (dump(&path, &[]), dump(&golden::path("objdict"), &[])) {
        assert_eq!(ours, theirs);
    }
    if let Some(python) = python() {
        run(python, &format!("compare('ObjDict', {:?}, {:?})", path, golden::path("objdict")));
    }
}

#[test]
fn lazy_values_change_their_layout() {
    #[derive(FileBacked)]
    #[filebacked(module = "make_golden", name = "Seqs")]
    struct Some {
        str_list: Lazy<Vec<String>>,
        float_list: Lazy<Vec<f64>>,
        obj_list: Lazy<Vec<Inner>>,
        twelve: Vec<Lazy<String>>,
    }
    let check = |some: &Some| {
        assert!(!some.str_list.is_loaded() && !some.obj_list.is_loaded());
        assert_eq!(*some.str_list.get().unwrap(), golden::seqs().str_list);
        assert_eq!(*some.float_list.get().unwrap(), golden::seqs().float_list);
        assert_eq!(*some.obj_list.get().unwrap(), golden::seqs().obj_list);
        assert_eq!(
            some.twelve.iter().map(|text| text.get().unwrap().clone()).collect::<Vec<_>>(),
            golden::seqs().twelve
        );
    };
    let load = |path: &Path| filebacked::load::<Some>(path).unwrap();
    let (dir, native) = scratch("native.h5");
    let (again, unread) = (dir.path().join("again.h5"), golden::path("seqs"));
    check(&load(&unread));
    // From the one layout to the other and back, without being asked for.
    filebacked::save(&native, &load(&unread)).unwrap();
    check(&load(&native));
    for_python().save(&again, &load(&native)).unwrap();
    check(&load(&again));
    let others = [
        "array_list",
        "int_tuple",
        "str_tuple",
        "int_list",
        "mixed_num_list",
        "builtin_list",
        "builtin_tuple",
    ];
    let more = [
        "empty_float_list",
        "empty_int_list",
        "empty_str_list",
        "empty_tuple",
        "nested_list",
        "obj_tuple",
    ];
    let most = ["nested_list_ragged", "list_of_str_lists", "tuple_of_lists"];
    let others = [&others[..], &more, &most].concat();
    if let (Some(ours), Some(theirs)) = (dump(&again, &[]), dump(&unread, &others)) {
        assert_eq!(ours, theirs);
    }
}
