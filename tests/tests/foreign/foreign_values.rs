//! What stands for a value in files of others: references, sequences, arrays as elements, and
//! links.

use filebacked::options::Conversion;
use filebacked::{ErrorKind, File, FileBacked, Lazy, LazyArray, ReadOptions};
use filebacked_tests::{Python, python, scratch};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn made(python: &Python, code: &str) -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = scratch("foreign.h5");
    python.create(&path, code);
    (dir, path)
}

#[derive(FileBacked, Debug, PartialEq)]
struct Probe {
    name: String,
    rates: Vec<f32>,
}

const PROBES: &str = "
for i in range(3):
    f[f'probes/{i}/name'], f[f'probes/{i}/rates'] = 'p%d' % i, np.arange(i, dtype='>f8')
r = h5py.ref_dtype
def refs(*names): return np.array([f[n].ref for n in names], dtype=r)
";

fn probe(i: u8) -> Probe {
    Probe { name: format!("p{i}"), rates: (0..i).map(f32::from).collect() }
}

#[test]
fn references_are_followed() {
    let Some(python) = python() else { return };
    let code = "
f['one'] = f['probes/1'].ref
f['pair'] = refs('probes/2', 'probes/0')
f['matrix'] = refs('probes/2', 'probes/0', 'probes/1').reshape(1, 3)
f['single'] = refs('probes/2')
f['numbers'] = np.arange(6.0).reshape(2, 3)
f['chain'] = f['one'].ref
f['to numbers'] = f['numbers'].ref
f['many'] = refs('probes/1/rates', 'probes/2/rates', 'numbers')
f.attrs['first'] = f['probes/0'].ref
f.attrs['all'] = refs('probes/0', 'probes/1')
f.create_dataset('null', shape=(2,), dtype=r)
f['null'][0] = f['probes/1'].ref
f.create_dataset('none', shape=(0,), dtype=r)
f.create_dataset('nowhere', shape=(), dtype=r)
loop = f.create_dataset('loop', shape=(), dtype=r)
loop[()] = loop.ref
f['gone'] = 1
f['to gone'] = f['gone'].ref
del f['gone']";
    let (_dir, path) = made(python, &format!("{PROBES}{code}"));
    let file = File::open(&path).unwrap();
    let read = |name: &str| file.read::<Vec<Probe>>(name).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(file.read::<Probe>("one").unwrap(), probe(1));
    assert_eq!(file.read::<Probe>("chain").unwrap(), probe(1));
    assert_eq!(
        file.read::<Probe>("single").unwrap(),
        probe(2),
        "one reference of an array, where one value is asked for"
    );
    assert_eq!(read("single"), [probe(2)]);
    assert_eq!(read("pair"), [probe(2), probe(0)]);
    assert_eq!(read("matrix"), [probe(2), probe(0), probe(1)]);
    assert_eq!(read("none"), []);
    assert_eq!(
        file.read::<Vec<Vec<f64>>>("to numbers").unwrap(),
        [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    );
    assert_eq!(
        file.read::<ndarray::Array2<f64>>("to numbers").unwrap(),
        ndarray::array![[0., 1., 2.], [3., 4., 5.]]
    );
    let error = file.read::<Vec<Vec<f64>>>("many").unwrap_err();
    assert_eq!(error.path(), "/many/2", "the third is a matrix: {error}");
    assert_eq!(file.read::<Vec<Option<Probe>>>("null").unwrap(), [Some(probe(1)), None]);
    assert_eq!(file.read::<Option<Probe>>("nowhere").unwrap(), None);
    for (name, path) in [("null", "/null/1"), ("nowhere", "/nowhere")] {
        let error = if name == "null" {
            file.read::<Vec<Probe>>(name).unwrap_err()
        } else {
            file.read::<Probe>(name).unwrap_err()
        };
        assert!(matches!(error.kind(), ErrorKind::Dangling(_)), "{error}");
        assert_eq!(error.path(), path);
    }
    let error = file.read::<u8>("to gone").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Dangling(_)), "{error}");
    assert_eq!(error.path(), "/to gone");
    let error = file.read::<u8>("loop").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooDeep { .. }), "{error}");
    #[derive(FileBacked, Debug, PartialEq)]
    struct Root {
        #[filebacked(attr)]
        first: Probe,
        #[filebacked(attr)]
        all: Vec<Probe>,
        pair: Vec<Probe>,
        probes: BTreeMap<u8, Probe>,
    }
    let root: Root = filebacked::load(&path).unwrap();
    let probes = (0..3).map(|i| (i, probe(i))).collect();
    assert_eq!(
        root,
        Root {
            first: probe(0),
            all: vec![probe(0), probe(1)],
            pair: vec![probe(2), probe(0)],
            probes
        }
    );
}

#[test]
fn regions_are_their_elements() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "d = f.create_dataset('d', data=np.arange(20, dtype='>i4').reshape(4, 5))
t = f.create_dataset('t', data=np.array([b'a', b'bc', b'']))
f.create_dataset('block', data=d.regionref[1:3, 2:4], dtype=h5py.regionref_dtype)
f.create_dataset('points', data=d.regionref[0:4:3, 0:5:2], dtype=h5py.regionref_dtype)
f.create_dataset('texts', data=t.regionref[1:], dtype=h5py.regionref_dtype)
m = f.create_dataset('many', shape=(3,), dtype=h5py.regionref_dtype)
m[0], m[1] = d.regionref[0, 1:3], d.regionref[3, :]",
    );
    let file = File::open(&path).unwrap();
    assert_eq!(
        file.read::<ndarray::Array2<i64>>("block").unwrap(),
        ndarray::array![[7, 8], [12, 13]]
    );
    assert_eq!(file.read::<Vec<u8>>("points").unwrap(), [0, 2, 4, 15, 17, 19]);
    assert_eq!(file.read::<Vec<String>>("texts").unwrap(), ["bc", ""]);
    let many = file.read::<Vec<Option<Vec<u8>>>>("many").unwrap();
    assert_eq!(many, [Some(vec![1, 2]), Some(vec![15, 16, 17, 18, 19]), None]);
    let error = file.read::<Vec<Vec<u8>>>("many").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Dangling(_)), "{error}");
    assert_eq!(error.path(), "/many/2");
}

#[test]
fn sequences_of_variable_length() {
    let Some(python) = python() else { return };
    let code = "
def seqs(name, rows, dtype, shape=None, **how):
    a = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows): a[i] = np.array(row, dtype=dtype)
    return f.create_dataset(name, data=a if shape is None else a.reshape(shape), dtype=h5py.vlen_dtype(np.dtype(dtype)), **how)
seqs('ints', [[1, 2], [], [3]], '>i4')
seqs('flags', [[True], [False, True]], bool)
seqs('column', [[1], [2, 3]], 'u1', (2, 1))
seqs('square', [[1], [2], [3], [4]], 'u1', (2, 2))
seqs('pairs', [[(1, 2.5)], []], [('a', 'i4'), ('b', 'f8')])
f.create_dataset('none', shape=(0,), dtype=h5py.vlen_dtype('f8'))
f.create_dataset('unwritten', shape=(2,), dtype=h5py.vlen_dtype('f8'))
one = f.create_dataset('one', shape=(), dtype=h5py.vlen_dtype('i8'))
one[()] = np.array([5, 6, 7])
seqs('packed', [[1, 2], [], [3]], '<i4', chunks=(2,), compression='gzip')
texts = h5py.vlen_dtype(h5py.string_dtype())
t = f.create_dataset('texts', shape=(2,), dtype=texts)
t[0] = np.array(['a', 'gr\\u00f6\\u00dfe', ''], dtype=object)
refs = f.create_dataset('refs', shape=(1,), dtype=h5py.vlen_dtype(h5py.ref_dtype))
refs[0] = np.array([f['probes/2'].ref, f['probes/0'].ref], dtype=h5py.ref_dtype)
a = np.empty(2, dtype=object); a[0], a[1] = np.array([1.5]), np.array([2.5, 3.5])
f.attrs.create('ragged', a, dtype=h5py.vlen_dtype('f8'))";
    let (_dir, path) = made(python, &format!("{PROBES}{code}"));
    let file = File::open(&path).unwrap();
    assert_eq!(file.read::<Vec<Vec<i64>>>("ints").unwrap(), [vec![1, 2], vec![], vec![3]]);
    assert_eq!(file.read::<Vec<std::collections::BTreeSet<u8>>>("packed").unwrap().len(), 3);
    assert_eq!(file.read::<Vec<Vec<i32>>>("packed").unwrap(), [vec![1, 2], vec![], vec![3]]);
    assert_eq!(file.read::<Vec<Vec<bool>>>("flags").unwrap(), [vec![true], vec![false, true]]);
    assert_eq!(file.read::<Vec<Vec<u8>>>("column").unwrap(), [vec![1], vec![2, 3]]);
    assert_eq!(file.read::<Vec<Vec<u8>>>("square").unwrap_err().path(), "/square");
    assert_eq!(file.read::<Vec<Vec<f64>>>("none").unwrap(), [[0.0; 0]; 0]);
    assert_eq!(file.read::<Vec<Vec<f64>>>("unwritten").unwrap(), [[0.0; 0]; 2]);
    assert_eq!(file.read::<Vec<u16>>("one").unwrap(), [5, 6, 7]);
    let texts = file.read::<Vec<Vec<String>>>("texts").unwrap();
    assert_eq!(texts, [vec!["a".to_string(), "größe".into(), String::new()], vec![]]);
    assert_eq!(file.read::<Vec<Vec<Probe>>>("refs").unwrap(), [[probe(2), probe(0)]]);
    // The numbers of a sequence are checked as others are.
    let error = file.read::<Vec<Vec<f32>>>("texts").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
    #[derive(FileBacked)]
    struct Root {
        #[filebacked(attr)]
        ragged: Vec<Vec<f32>>,
    }
    assert_eq!(filebacked::load::<Root>(&path).unwrap().ragged, [vec![1.5], vec![2.5, 3.5]]);
}

#[test]
fn elements_of_every_class() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "import struct
def low(name, dtype, shape, data, memory=None):
    space = h5py.h5s.create_simple(shape) if shape else h5py.h5s.create(h5py.h5s.SCALAR)
    d = h5py.h5d.create(f.id, name, dtype, space)
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, data, memory or dtype)
T = h5py.h5t
low(b'array', T.array_create(T.STD_I32BE, (2, 3)), (2,), np.arange(12, dtype='>i4').reshape(2, 2, 3))
low(b'vector', T.array_create(T.IEEE_F64LE, (3,)), (), np.arange(3.0))
low(b'names', T.array_create(T.py_create('S3'), (2,)), (2,), np.array([[b'a', b'bc'], [b'', b'def']]))
opaque = T.create(T.OPAQUE, 3)
opaque.set_tag(b'rgb')
low(b'opaque', opaque, (2,), np.array([b'abc', b'd\\0e'], dtype='V3'))
low(b'blob', opaque, (), np.array(b'\\1\\2\\3', dtype='V3'))
low(b'bits', T.STD_B16BE, (3,), np.array([1, 0x8000, 0xffff], dtype='>u2'))
low(b'bits8', T.STD_B8LE, (), np.array(0xa5, dtype='u1'))
low(b'time', T.UNIX_D32LE, (2,), np.array([1, -1], dtype='<i4'))
low(b'time64', T.UNIX_D64BE, (), np.array(2**40, dtype='>i8'))
low(b'complex', T.COMPLEX_IEEE_F64LE, (2,), np.array([1+2j, -3j], dtype='<c16'))
low(b'complex32', T.COMPLEX_IEEE_F32BE, (2,), np.array([1+2j, -3j], dtype='>c8'))
f['re_im'] = np.array([(1.5, -2.0)], dtype=[('real', 'f4'), ('imag', 'f4')])
f['integers'] = np.array([(1, -2)], dtype=[('re', 'i2'), ('im', 'i2')])
f['committed'] = np.dtype('>i2')
d = h5py.h5d.create(f.id, b'with committed', f['committed'].id, h5py.h5s.create_simple((2,)))
d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([7, -7], dtype='>i2'))
f.create_dataset('enum', data=[2, 5], dtype=h5py.enum_dtype({'A': 2, 'B': 5}, basetype='>u2'))
times = np.array(['1970-01-02', '1969-12-31'], dtype='M8[s]')
f['times'] = times.astype(h5py.opaque_dtype(times.dtype))
f.create_dataset('null', data=h5py.Empty('f8'))
f.create_dataset('filled', shape=(4, 4), chunks=(2, 2), dtype='f4', fillvalue=2.5)
f['filled'][0, 0] = 1",
    );
    let file = File::open(&path).unwrap();
    let array = file.read::<ndarray::Array3<i64>>("array").unwrap();
    assert_eq!(array.shape(), [2, 2, 3]);
    assert_eq!(array.into_raw_vec_and_offset().0, (0..12).collect::<Vec<_>>());
    assert_eq!(file.read::<Vec<[[i32; 3]; 2]>>("array").unwrap()[1], [[6, 7, 8], [9, 10, 11]]);
    assert_eq!(file.read::<Vec<f64>>("vector").unwrap(), [0.0, 1.0, 2.0]);
    assert_eq!(file.read::<[f32; 3]>("vector").unwrap(), [0.0, 1.0, 2.0]);
    assert_eq!(file.read::<Vec<Vec<String>>>("names").unwrap(), [["a", "bc"], ["", "def"]]);
    assert_eq!(file.read::<Vec<Vec<u8>>>("opaque").unwrap(), [b"abc", b"d\0e"]);
    assert_eq!(file.read::<Vec<[u8; 3]>>("opaque").unwrap(), [*b"abc", *b"d\0e"]);
    assert_eq!(file.read::<Vec<u8>>("blob").unwrap(), [1, 2, 3]);
    assert_eq!(file.read::<Vec<u32>>("bits").unwrap(), [1, 0x8000, 0xffff]);
    assert_eq!(file.read::<u8>("bits8").unwrap(), 0xa5);
    assert_eq!(file.read::<Vec<i64>>("time").unwrap(), [1, -1]);
    assert_eq!(file.read::<i64>("time64").unwrap(), 1 << 40);
    for name in ["complex", "complex32"] {
        let read = file.read::<Vec<num_complex::Complex<f64>>>(name).unwrap();
        assert_eq!(
            read,
            [num_complex::Complex::new(1.0, 2.0), num_complex::Complex::new(0.0, -3.0)],
            "{name}"
        );
    }
    assert_eq!(
        file.read::<num_complex::Complex<f64>>("re_im").unwrap(),
        num_complex::Complex::new(1.5, -2.0)
    );
    assert_eq!(
        file.read::<num_complex::Complex<f32>>("integers").unwrap(),
        num_complex::Complex::new(1.0, -2.0)
    );
    assert_eq!(file.read::<Vec<i32>>("with committed").unwrap(), [7, -7]);
    assert_eq!(file.read::<Vec<u8>>("enum").unwrap(), [2, 5]);
    assert_eq!(file.read::<Vec<i64>>("times").unwrap(), [86_400, -86_400]);
    assert_eq!(file.read::<Option<f64>>("null").unwrap(), None);
    assert_eq!(file.read::<Option<Vec<f64>>>("null").unwrap(), None);
    assert_eq!(file.read::<Vec<f64>>("null").unwrap(), [0.0; 0]);
    let filled = file.read::<ndarray::Array2<f64>>("filled").unwrap();
    assert_eq!((filled[[0, 0]], filled[[0, 1]], filled[[3, 3]]), (1.0, 2.5, 2.5));
}

#[test]
fn one_element_is_a_scalar_and_one_long_dimension_a_vector() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "for name, shape in (('r0', ()), ('r1', (1,)), ('r2', (1, 1)), ('r3', (1, 1, 1))):
    f[name] = np.full(shape, 7, dtype='>i4')
    f.create_dataset('t' + name, shape, dtype=h5py.string_dtype(), data=np.full(shape, 'seven', dtype=object))
    f.attrs[name] = np.full(shape, 7)
f['row'], f['column'], f['deep'] = np.arange(3).reshape(1, 3), np.arange(3).reshape(3, 1), np.arange(3).reshape(1, 3, 1)
f['two'], f['square'], f['nothing'] = [1, 2], np.ones((2, 2)), np.ones((0, 3))",
    );
    let file = File::open(&path).unwrap();
    for name in ["r0", "r1", "r2", "r3"] {
        assert_eq!(file.read::<i32>(name).unwrap(), 7, "{name}");
        assert_eq!(file.read::<Vec<u8>>(name).unwrap(), [7], "{name}");
        assert_eq!(file.read::<String>(&format!("t{name}")).unwrap(), "seven", "{name}");
        assert_eq!(file.read::<Vec<String>>(&format!("t{name}")).unwrap(), ["seven"], "{name}");
    }
    for name in ["row", "column", "deep"] {
        assert_eq!(file.read::<Vec<u8>>(name).unwrap(), [0, 1, 2], "{name}");
    }
    assert_eq!(file.read::<Vec<u8>>("nothing").unwrap(), [0; 0]);
    for (name, error) in [
        ("two", file.read::<u8>("two").unwrap_err()),
        ("square", file.read::<Vec<u8>>("square").unwrap_err()),
    ] {
        assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{name}: {error}");
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Attributes {
        #[filebacked(attr)]
        r0: u8,
        #[filebacked(attr)]
        r1: u8,
        #[filebacked(attr)]
        r2: Vec<u8>,
    }
    assert_eq!(
        filebacked::load::<Attributes>(&path).unwrap(),
        Attributes { r0: 7, r1: 7, r2: vec![7] }
    );
    // Files of this library are what their types say.
    let bytes = filebacked::to_bytes(&vec![7u8]).unwrap();
    assert!(filebacked::from_bytes::<u8>(&bytes).is_err());
}

#[test]
fn lazy_values_of_others() {
    let Some(python) = python() else { return };
    let code = "
f['one'] = f['probes/1'].ref
f['to rates'] = f['probes/2/rates'].ref
f['all'] = refs('probes/2', 'probes/0')
f['table/name'], f['table/rates'] = ['a', 'b'], np.arange(4.0).reshape(2, 2)
f['column'] = np.arange(3).reshape(3, 1)
f.create_dataset('array', data=np.zeros(2, dtype=[('x', 'f4', (3,))])['x'])";
    let (_dir, path) = made(python, &format!("{PROBES}{code}"));
    #[derive(FileBacked, Debug)]
    struct Root {
        one: Lazy<Probe>,
        all: Lazy<Vec<Probe>>,
        table: Lazy<Vec<Probe>>,
        column: Lazy<Vec<u8>>,
        array: Lazy<Vec<Vec<f64>>>,
    }
    let check = |root: &Root| {
        assert_eq!(*root.one.get().unwrap(), probe(1));
        assert_eq!(*root.all.get().unwrap(), [probe(2), probe(0)]);
        let row = |name: &str, rates: [f32; 2]| Probe { name: name.into(), rates: rates.into() };
        assert_eq!(*root.table.get().unwrap(), [row("a", [0.0, 1.0]), row("b", [2.0, 3.0])]);
        assert_eq!(*root.column.get().unwrap(), [0, 1, 2]);
        assert_eq!(*root.array.get().unwrap(), [[0.0; 3]; 2]);
    };
    check(&filebacked::load::<Root>(&path).unwrap());
    let file = File::open(&path).unwrap();
    let column: LazyArray<f64, ndarray::Ix1> = file.read("column").unwrap();
    assert_eq!(column.read().unwrap().to_vec(), [0.0, 1.0, 2.0]);
    let (mut numbers, mut rates) = ([0u16; 3], [0.0f32; 2]);
    file.read_into("column", &mut numbers).unwrap();
    file.read_into("to rates", &mut rates).unwrap();
    assert_eq!(
        (numbers, rates),
        ([0, 1, 2], [0.0, 1.0]),
        "into memory of the caller, and through a reference"
    );
    // Saved without a look, they are written as values and not copied as others have them.
    let bytes = filebacked::to_bytes(&filebacked::load::<Root>(&path).unwrap()).unwrap();
    check(&filebacked::from_bytes::<Root>(&bytes).unwrap());
}

#[test]
fn links_that_lead_nowhere() {
    let Some(python) = python() else { return };
    let (dir, path) = made(
        python,
        "f['g/dangling'] = h5py.SoftLink('/nowhere/x')
f['g/circle'] = h5py.SoftLink('/g/round')
f['g/round'] = h5py.SoftLink('/g/circle')
f['g/file'] = h5py.ExternalLink('missing.h5', '/x')
f['g/inside'] = h5py.ExternalLink('sub/other.h5', '/gone')
f['g/good'] = h5py.ExternalLink('sub/other.h5', '/g')
f['g/self'] = h5py.ExternalLink('foreign.h5', '/g/self')",
    );
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    python.create(
        &dir.path().join("sub/other.h5"),
        "f['g/x'] = [3]\nf['g/y'] = h5py.ExternalLink('../foreign.h5', '/g')",
    );
    let file = File::open(&path).unwrap();
    assert_eq!(
        file.read::<Vec<u8>>("g/good/x").unwrap(),
        [3],
        "an external link is relative to its file"
    );
    let dangling = [
        ("dangling", "soft link to `/nowhere/x`"),
        ("file", "external link to `/x` in `missing.h5`"),
        ("inside", "external link to `/gone` in `sub/other.h5`"),
        ("circle", "circle"),
        ("self", "circle"),
    ];
    for (name, said) in dangling {
        let error = file.read::<Option<Vec<u8>>>(&format!("g/{name}")).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Dangling(what) if what.contains(said)),
            "{name}: {error:?}"
        );
        assert_eq!((error.path(), error.file()), (format!("/g/{name}"), Some(path.as_path())));
    }
    #[derive(FileBacked, Debug)]
    struct Group {
        #[filebacked(rename = "g/dangling", default)]
        _dangling: u8,
    }
    let error = filebacked::load::<Group>(&path).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Dangling(_)),
        "what is meant to be there is not defaulted: {error}"
    );
    assert_eq!(error.path(), "/g/dangling");
}

#[test]
fn groups_inside_themselves() {
    let Some(python) = python() else { return };
    #[derive(FileBacked, Debug)]
    struct Tree {
        _x: u8,
        _next: Option<Box<Tree>>,
    }
    let (_dir, path) = made(
        python,
        "f['a/_x'] = 1\nf['a/_next'] = f['a']\nf['b/_x'] = 1\nf['b/_next'] = h5py.SoftLink('/b')",
    );
    let file = File::open(&path).unwrap();
    for name in ["a", "b"] {
        let error = file.read_with::<Tree>(name, &ReadOptions::new().max_depth(20)).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::TooDeep { limit: 20 }, "{error}");
        assert!(error.path().starts_with(&format!("/{name}/_next/_next")), "{error}");
    }
}

#[test]
fn every_filter_that_the_library_has() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "a = np.arange(1000, dtype='i4') % 200
pipelines = {'gzip': dict(compression='gzip', compression_opts=9), 'shuffle': dict(shuffle=True, compression=1),
    'fletcher32': dict(fletcher32=True), 'all': dict(shuffle=True, compression=4, fletcher32=True),
    'scaleoffset': dict(scaleoffset=0), 'szip': dict(compression='szip')}
for name, how in pipelines.items():
    f.create_dataset(name, data=a, chunks=(128,), **how)
nbit = h5py.h5t.STD_I32LE.copy()
nbit.set_precision(17)
plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
plist.set_chunk((128,))
plist.set_filter(h5py.h5z.FILTER_NBIT)
d = h5py.h5d.create(f.id, b'nbit', nbit, h5py.h5s.create_simple((1000,)), plist)
d.write(h5py.h5s.ALL, h5py.h5s.ALL, a)",
    );
    let file = File::open(&path).unwrap();
    let wanted: Vec<i64> = (0..1000).map(|i| i % 200).collect();
    for name in ["gzip", "shuffle", "fletcher32", "all", "scaleoffset", "nbit"] {
        assert_eq!(file.read::<Vec<i64>>(name).unwrap(), wanted, "{name}");
    }
    // Szip is in the library if its build has it; without, the error names it.
    match file.read::<Vec<i64>>("szip") {
        Ok(found) => assert_eq!(found, wanted),
        Err(error) => {
            assert!(
                matches!(error.kind(), ErrorKind::Unsupported(what) if what.contains("szip")),
                "{error}"
            );
            assert_eq!(error.path(), "/szip");
        }
    }
}

#[test]
fn numbers_are_converted_exactly() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("alike.h5");
    python.create(
        &path,
        "f['minus_zero'] = np.float64(-0.0)
f['zero'] = np.float64(0.0)
f['most'] = np.uint64(2**64 - 1)
f['least'] = np.int64(-1)",
    );
    let file = File::open(&path).unwrap();
    let error = file.read::<i32>("minus_zero").unwrap_err();
    assert!(error.to_string().contains("-0"), "{error}");
    assert_eq!(file.read::<f32>("minus_zero").unwrap().to_bits(), (-0.0f32).to_bits());
    assert_eq!(file.read::<i32>("zero").unwrap(), 0);
    let any = ReadOptions::new().conversion(Conversion::Any);
    assert_eq!(file.read_with::<i32>("minus_zero", &any).unwrap(), 0);

    assert_eq!(file.read::<i128>("most").unwrap(), i128::from(u64::MAX));
    assert_eq!(file.read::<u128>("most").unwrap(), u128::from(u64::MAX));
    assert_eq!(file.read::<i128>("least").unwrap(), -1);
    assert!(file.read::<u128>("least").is_err());
}
