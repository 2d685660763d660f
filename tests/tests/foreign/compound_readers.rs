//! Compound datasets of ours in h5py, pyfive and h5dump, and those of h5py, PyTables and pandas as
//! structs.

use filebacked::engine::Engine;
use filebacked::{ErrorKind, FileBacked, ReadOptions, WriteOptions};
use filebacked_tests::{Python, h5dump, python, scratch};
use num_complex::Complex;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, SystemTime};

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
enum Color {
    Red,
    Green = 5,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Point {
    x: f64,
    y: f32,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Sample {
    id: u32,
    on: bool,
    color: Color,
    pos: Point,
    name: String,
    note: String,
    shape: [[i16; 3]; 2],
    spin: Complex<f32>,
    age: Duration,
    weight: Option<f64>,
    corners: [Point; 2],
    tags: [String; 2],
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Table {
    #[filebacked(layout = "compound")]
    rows: Vec<Sample>,
    #[filebacked(layout = "compound")]
    one: Point,
    #[filebacked(layout = "compound")]
    plain: Vec<Plain>,
}

/// Without arrays, enumerations and strings of variable length, which pyfive 1.3 does not read in
/// records, whoever wrote them.
#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Plain {
    id: u32,
    name: String,
    pos: Point,
    last: i8,
}

fn table() -> Table {
    let sample = |i: u32| Sample {
        id: i,
        on: i == 1,
        color: if i == 1 { Color::Green } else { Color::Red },
        pos: Point { x: f64::from(i), y: 0.5 },
        name: format!("n{i}é"),
        note: if i == 3 { "long".repeat(80) } else { String::new() },
        shape: [[1, 2, 3], [4, 5, i as i16]],
        spin: Complex::new(i as f32, -1.0),
        age: Duration::new(3, 5),
        weight: (i != 2).then_some(f64::from(i) + 0.25),
        corners: [Point { x: 1.0, y: 2.0 }, Point { x: 3.0, y: 4.0 }],
        tags: ["t".to_string(), if i == 0 { "w".repeat(300) } else { "u".into() }],
    };
    let plain = |i: u32| Plain {
        id: i,
        name: format!("n{i}"),
        pos: Point { x: f64::from(i), y: 0.5 },
        last: -(i as i8),
    };
    Table {
        rows: (0..6).map(sample).collect(),
        one: Point { x: 7.0, y: 8.0 },
        plain: (0..4).map(plain).collect(),
    }
}

#[test]
fn h5py_pyfive_and_h5dump_read_records() {
    let (_dir, path) = scratch("records.h5");
    for engine in [Engine::Native, Engine::Libhdf5] {
        WriteOptions::new().engine(engine).save(&path, &table()).unwrap();
        if let Some(python) = python() {
            let file = python.describe(&path);
            assert_eq!(file.count(), 4);
            let point = json!([["x", "<f8"], ["y", "<f4"]]);
            file.dataset("/one", point.clone(), &[], json!([7.0, 8.0]));
            let expected = json!([
                ["id", "<u4"],
                ["on", "bool"],
                ["color", "enum:{\"Red\":0,\"Green\":5}"],
                ["pos", point.clone()],
                ["name", "str-fixed-4-utf8"],
                ["note", "str-vlen"],
                ["shape", ["array", "<i2", [2, 3]]],
                ["spin", "complex64"],
                ["age", [["secs", "<u8"], ["nanos", "<u4"]]],
                ["weight", [["mask", "bool"], ["values", "<f8"]]],
                ["corners", ["array", point, [2]]],
                ["tags", ["array", "str-vlen", [2]]],
            ]);
            assert_eq!(*file.at("/rows").get("dtype"), expected, "{engine:?}");
            assert_eq!(*file.at("/rows").get("shape"), json!([6]));
            let eval = |expr: &str| python.eval(&path, expr);
            assert_eq!(eval("f['rows']['id']"), json!([0, 1, 2, 3, 4, 5]));
            assert_eq!(
                eval("f['rows']['on'].tolist()"),
                json!([false, true, false, false, false, false])
            );
            assert_eq!(eval("f['rows']['pos']['x']"), json!([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
            assert_eq!(eval("f['rows'][4]['shape']"), json!([[1, 2, 3], [4, 5, 4]]));
            assert_eq!(eval("f['rows'][1]['name'].decode()"), json!("n1é"));
            assert_eq!(eval("f['rows'][3]['note'].decode()"), json!("long".repeat(80)));
            assert_eq!(eval("f['rows'][2]['note'].decode()"), json!(""));
            assert_eq!(eval("f['rows'][0]['tags'][1].decode()"), json!("w".repeat(300)));
            assert_eq!(eval("f['rows'][5]['tags'][0].decode()"), json!("t"));
            assert_eq!(eval("f['rows'][2]['weight'].tolist()"), json!([true, 0.0]));
            assert_eq!(eval("f['rows'][1]['corners']['y']"), json!([2.0, 4.0]));
            let pyfive = |expr: &str| python.pyfive(&path, expr);
            assert_eq!(pyfive("f['plain'][:]['id'].tolist()"), json!([0, 1, 2, 3]));
            assert_eq!(pyfive("f['plain'][:]['name'].tolist()[3].decode()"), json!("n3"));
            assert_eq!(pyfive("f['plain'][:]['pos']['x'].tolist()"), json!([0.0, 1.0, 2.0, 3.0]));
            assert_eq!(pyfive("f['plain'][:]['last'].tolist()"), json!([0, -1, -2, -3]));
            assert_eq!(pyfive("float(f['one'][()]['y'])"), json!(8.0));
        }
        if let Some(dump) = h5dump(&["-d", "/rows"], &path) {
            for part in [
                "H5T_ARRAY { [2][3] H5T_STD_I16LE } \"shape\"",
                "H5T_IEEE_F64LE \"x\"",
                "\"n3",
                "longlong",
            ] {
                assert!(dump.contains(part), "{engine:?}: no {part} in {dump}");
            }
        }
        assert_eq!(filebacked::load::<Table>(&path).unwrap(), table());
    }
}

/// Loads through the C library, which the files of others need.
fn load<T: FileBacked>(path: &Path) -> filebacked::Result<T> {
    ReadOptions::new().load(path)
}

#[derive(FileBacked, Debug, PartialEq)]
struct File<T: FileBacked> {
    t: T,
}

#[track_caller]
fn load_t<T: FileBacked>(path: &Path) -> filebacked::Result<T> {
    load::<File<T>>(path).map(|file| file.t)
}

#[test]
fn structured_arrays_of_h5py_are_structs() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Row {
        #[filebacked(alias = "id")]
        number: i64,
        pos: Point,
        name: String,
        text: String,
        on: bool,
        grid: [[f64; 2]; 2],
        #[filebacked(default)]
        absent: Option<String>,
        spin: Complex<f64>,
        points: [Point; 2],
        color: Color,
    }
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("h5py.h5");
    python.create(
        &path,
        "text = h5py.string_dtype()\n\
         color = h5py.enum_dtype({'Green': 1, 'Red': 9}, 'u1')\n\
         point = np.dtype([('y', '>f4'), ('pad', 'V3'), ('x', '>i2')])\n\
         fields = [('pad0', 'u1'), ('id', '>u2'), ('name', 'S7'), ('text', text), ('pos', point), ('on', '?'), \
         ('grid', '>f4', (2, 2)), ('more', 'f8'), ('spin', 'c16'), ('points', point, 2), ('color', color), ('ref', h5py.ref_dtype)]\n\
         a = np.zeros(3, np.dtype(fields, align=True))\n\
         a['id'] = [1, 2, 500]; a['name'] = [b'a', b'bc', b'']; a['text'] = ['x', 'äö', '']; a['on'] = [1, 0, 1]\n\
         a['pos']['x'] = [1, 2, -3]; a['pos']['y'] = 0.5; a['grid'] = [[1, 2], [3, 4]]; a['spin'] = 1 + 2j\n\
         a['points']['x'] = [[1, 2], [3, 4], [5, 6]]; a['color'] = [1, 9, 1]; a['ref'] = f.ref\n\
         f['t'] = a\n\
         f['empty'] = a[:0]\n\
         m = np.zeros(3, [('values', 'f4'), ('mask', '?')]); m['mask'][1] = True; m['values'] = [1, 2, 3]\n\
         f['masked'] = m\n\
         f['scalar'] = a[1]\n\
         f['grid'] = a[:2].reshape(2, 1)",
    );
    let rows: Vec<Row> = load_t(&path).unwrap();
    assert_eq!(rows.len(), 3);
    let point = |x, y| Point { x, y };
    let second = Row {
        number: 2,
        pos: point(2.0, 0.5),
        name: "bc".into(),
        text: "äö".into(),
        on: false,
        grid: [[1.0, 2.0], [3.0, 4.0]],
        absent: None,
        spin: Complex::new(1.0, 2.0),
        points: [point(3.0, 0.0), point(4.0, 0.0)],
        color: Color::Red,
    };
    assert_eq!(rows[1], second);
    assert_eq!((rows[2].number, rows[2].pos.x, rows[0].color), (500, -3.0, Color::Green));

    #[derive(FileBacked, Debug, PartialEq)]
    struct All {
        empty: Vec<Row>,
        masked: Vec<Option<f64>>,
        scalar: Row,
        grid: Vec<[Row; 1]>,
        #[filebacked(rename = "t/id")]
        ids: Vec<u16>,
        #[filebacked(rename = "t/pos/x")]
        xs: Vec<f64>,
        #[filebacked(rename = "scalar/name")]
        name: String,
    }
    let all: All = load(&path).unwrap();
    assert!(all.empty.is_empty());
    assert_eq!(all.masked, [Some(1.0), None, Some(3.0)]);
    assert_eq!(all.scalar, second);
    assert_eq!(all.grid[1], [second]);
    assert_eq!((all.ids, all.xs, &*all.name), (vec![1, 2, 500], vec![1.0, 2.0, -3.0], "bc"));

    #[derive(FileBacked, Debug)]
    #[allow(dead_code)]
    struct Small {
        id: u8,
    }
    let error = load_t::<Vec<Small>>(&path).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::OutOfRange { .. }) && error.path() == "/t/id",
        "{error}"
    );
    #[derive(FileBacked, Debug)]
    #[allow(dead_code)]
    struct Reference {
        #[filebacked(rename = "ref")]
        reference: u64,
    }
    let error = load_t::<Vec<Reference>>(&path).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Mismatch { .. }) && error.path() == "/t/ref/0",
        "a group: {error}"
    );
    let error = load_t::<Row>(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }) && error.path() == "/t", "{error}");
}

#[track_caller]
fn run(python: &Python, code: &str) {
    python
        .ask(&json!({"op": "exec", "code": code}))
        .unwrap_or_else(|error| panic!("{code}\n{error}"));
}

#[test]
fn tables_of_pytables_are_structs() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Particle {
        name: String,
        on: bool,
        count: u16,
        energy: f64,
        grid: [[i32; 3]; 2],
        info: Info,
        kind: Color,
        spin: Complex<f64>,
        #[filebacked(default)]
        more: u8,
        start: i32,
        stop: SystemTime,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Info {
        z: f32,
        deep: Deep,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Deep {
        flags: [bool; 2],
        word: String,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Events {
        particles: Vec<Particle>,
        packed: Vec<Particle>,
    }
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("tables.h5");
    let code = r#"
import tables as tb
class Particle(tb.IsDescription):
    name = tb.StringCol(8)
    on = tb.BoolCol()
    count = tb.UInt16Col()
    energy = tb.Float32Col()
    grid = tb.Int16Col(shape=(2, 3))
    kind = tb.EnumCol(tb.Enum({'Red': 3, 'Green': 4}), 'Red', base='int8')
    spin = tb.ComplexCol(16)
    start = tb.Time32Col()
    stop = tb.Time64Col()
    unused = tb.Float64Col(shape=(2,))
    class info(tb.IsDescription):
        z = tb.Float64Col()
        class deep(tb.IsDescription):
            flags = tb.BoolCol(shape=(2,))
            word = tb.StringCol(4)
with tb.open_file(PATH, 'w') as h:
    for where, filters in [('particles', None), ('packed', tb.Filters(complevel=5, complib='zlib', shuffle=True, fletcher32=True))]:
        t = h.create_table('/', where, Particle, filters=filters)
        for i in range(100):
            r = t.row
            r['name'] = 'p%d' % i; r['on'] = i % 2; r['count'] = i; r['energy'] = i / 4
            r['grid'] = np.arange(6).reshape(2, 3) + i
            r['kind'] = 4 if i % 3 else 3
            r['spin'] = i + 1j; r['start'] = 1000 + i; r['stop'] = 1763650000.25 + i
            r['info/z'] = i; r['info/deep/flags'] = [True, i % 2]; r['info/deep/word'] = 'w'
            r.append()
        t.flush()
        t.cols.count.create_index()
"#;
    run(python, &code.replace("PATH", &format!("{:?}", path.display().to_string())));
    let events: Events = load(&path).unwrap();
    assert_eq!(events.particles, events.packed);
    let expected = Particle {
        name: "p7".into(),
        on: true,
        count: 7,
        energy: 1.75,
        grid: [[7, 8, 9], [10, 11, 12]],
        info: Info { z: 7.0, deep: Deep { flags: [true, true], word: "w".into() } },
        kind: Color::Green,
        spin: Complex::new(7.0, 1.0),
        more: 0,
        start: 1007,
        stop: SystemTime::UNIX_EPOCH + Duration::from_millis(1_763_650_007_250),
    };
    assert_eq!(events.particles.len(), 100);
    assert_eq!(events.particles[7], expected);
}

#[test]
fn simple_frames_of_pandas_are_structs() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Row {
        index: i64,
        #[filebacked(rename = "values_block_0")]
        floats: [f64; 2],
        #[filebacked(rename = "values_block_1")]
        counts: [i64; 1],
        name: String,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Frame {
        table: Vec<Row>,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Store {
        df: Frame,
        #[filebacked(rename = "df/table")]
        table: Vec<Row>,
    }
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("pandas.h5");
    let code = r#"
import pandas as pd
df = pd.DataFrame({'a': [0.5, 1.5], 'b': [2.0, 3.0], 'n': [7, 8], 'name': ['x', 'long name']})
df.to_hdf(PATH, key='df', format='table', data_columns=['name'])
"#;
    run(python, &code.replace("PATH", &format!("{:?}", path.display().to_string())));
    let store: Store = load(&path).unwrap();
    let row = |index, floats, n, name: &str| Row { index, floats, counts: [n], name: name.into() };
    assert_eq!(store.df.table, [row(0, [0.5, 2.0], 7, "x"), row(1, [1.5, 3.0], 8, "long name")]);
    assert_eq!(store.table, store.df.table);
}
