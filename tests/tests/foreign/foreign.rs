//! Files that others wrote, without a mark of ours, loaded into typed values.

use filebacked::options::Conversion;
use filebacked::{Error, ErrorKind, File, FileBacked, ReadOptions};
use filebacked_tests::{Python, python, scratch};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::path::PathBuf;

/// A file made by Python code over `f`.
fn made(python: &Python, code: &str) -> (tempfile::TempDir, PathBuf) {
    let (dir, path) = scratch("foreign.h5");
    python.create(&path, code);
    (dir, path)
}

#[track_caller]
fn number<T: FileBacked + PartialEq + Debug + Copy>(
    python: &Python,
    dtype: &str,
    values: &[T],
    said: &str,
) {
    let code = format!(
        "for order in '<>':
    a = np.array([{said}]).astype(order + '{dtype}')
    f[order + 'scalar'] = a[0]
    f[order + 'last'] = a[-1]
    f[order + 'many'] = a
    f[order + 'none'] = a[:0]
    f.create_dataset(order + 'null', data=h5py.Empty(a.dtype))
    f.create_dataset(order + 'packed', data=a, chunks=(1,), compression='gzip', shuffle=True)
    f.create_dataset(order + 'sums', data=a, chunks=(len(a),), fletcher32=True)"
    );
    let (_dir, path) = made(python, &code);
    let file = File::open(&path).unwrap();
    for order in ['<', '>'] {
        let read = |name: &str| file.read::<Vec<T>>(&format!("{order}{name}"));
        assert_eq!(file.read::<T>(&format!("{order}scalar")).unwrap(), values[0], "{order}{dtype}");
        assert_eq!(
            file.read::<T>(&format!("{order}last")).unwrap(),
            values[values.len() - 1],
            "{order}{dtype}"
        );
        for name in ["many", "packed", "sums"] {
            assert_eq!(read(name).unwrap(), values, "{order}{dtype} {name}");
        }
        for name in ["none", "null"] {
            assert_eq!(read(name).unwrap(), [], "{order}{dtype} {name}");
        }
        let error = file.read::<T>(&format!("{order}null")).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Mismatch { .. }),
            "no value is no scalar: {error}"
        );
        // The very type needs no conversion, whatever the byte order.
        let exact = ReadOptions::new().conversion(Conversion::Exact);
        assert_eq!(file.read_with::<Vec<T>>(&format!("{order}many"), &exact).unwrap(), values);
    }
}

#[test]
fn numbers_of_both_byte_orders() {
    let Some(python) = python() else { return };
    number(python, "i1", &[i8::MIN, 0, i8::MAX], "-128, 0, 127");
    number(python, "i2", &[i16::MIN, 0, i16::MAX], "-2**15, 0, 2**15-1");
    number(python, "i4", &[i32::MIN, 0, i32::MAX], "-2**31, 0, 2**31-1");
    number(python, "i8", &[i64::MIN, 0, i64::MAX], "-2**63, 0, 2**63-1");
    number(python, "u1", &[1, 0, u8::MAX], "1, 0, 255");
    number(python, "u2", &[1, 0, u16::MAX], "1, 0, 2**16-1");
    number(python, "u4", &[1, 0, u32::MAX], "1, 0, 2**32-1");
    number(python, "u8", &[1, 0, u64::MAX], "np.uint64(1), np.uint64(0), np.uint64(2**64-1)");
    number(
        python,
        "f4",
        &[1.5f32, -0.0, f32::INFINITY, f32::MAX],
        "1.5, -0.0, np.inf, np.finfo('f4').max",
    );
    number(
        python,
        "f8",
        &[1.5f64, -0.0, f64::NEG_INFINITY, f64::MAX],
        "1.5, -0.0, -np.inf, np.finfo('f8').max",
    );
    number(python, "i8", &[-5isize, 7], "-5, 7");
    number(python, "u8", &[5usize, 7], "5, 7");
    number(python, "i8", &[i128::from(i64::MIN), 7], "-2**63, 7");
}

#[test]
fn nans_keep_their_payload() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "bits = np.array([0x7ff8dead00000001, 0xfff0000000000001], 'u8')
f['little'] = bits.view('<f8')
f['big'] = bits.view('<f8').astype('>f8', casting='equiv') if False else bits.byteswap().view('>f8')",
    );
    let file = File::open(&path).unwrap();
    for name in ["little", "big"] {
        let bits: Vec<u64> =
            file.read::<Vec<f64>>(name).unwrap().into_iter().map(f64::to_bits).collect();
        assert_eq!(bits, [0x7ff8_dead_0000_0001, 0xfff0_0000_0000_0001], "{name}");
    }
}

#[test]
fn bools() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "f['one'] = True
f['many'] = np.array([True, False, True])
f['numbers'] = np.array([1, 0, 1], 'u1')
f['wide'] = np.array([1, 0, 1], '>i8')
f['bad'] = np.array([1, 0, 3], 'u1')
f['float'] = 1.0",
    );
    let file = File::open(&path).unwrap();
    assert!(file.read::<bool>("one").unwrap());
    for name in ["many", "numbers", "wide"] {
        assert_eq!(file.read::<Vec<bool>>(name).unwrap(), [true, false, true], "{name}");
    }
    assert!(matches!(file.read::<Vec<bool>>("bad").unwrap_err().kind(), ErrorKind::Invalid(_)));
    assert!(matches!(file.read::<bool>("float").unwrap_err().kind(), ErrorKind::Mismatch { .. }));
}

#[test]
fn strings_of_every_form() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "def fixed(name, value, size, pad, cset, shape=()):
    t = h5py.h5t.C_S1.copy()
    t.set_size(size)
    t.set_strpad(pad)
    t.set_cset(cset)
    space = h5py.h5s.create_simple(shape) if shape else h5py.h5s.create(h5py.h5s.SCALAR)
    d = h5py.h5d.create(f.id, name, t, space)
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array(value, dtype=f'S{size}'), t)
T, A, U = h5py.h5t, h5py.h5t.CSET_ASCII, h5py.h5t.CSET_UTF8
fixed(b'null-term', b'abc', 6, T.STR_NULLTERM, A)
fixed(b'null-pad', b'abc', 6, T.STR_NULLPAD, U)
fixed(b'space-pad', b'abc   ', 6, T.STR_SPACEPAD, A)
fixed(b'full', b'abc', 3, T.STR_NULLPAD, A)
fixed(b'spaces', b' a  ', 6, T.STR_NULLPAD, A)
fixed(b'utf8', 'gr\\u00f6\\u00dfe'.encode(), 7, T.STR_NULLPAD, U)
fixed(b'many', [b'abc   ', b'      ', b'abcdef'], 6, T.STR_SPACEPAD, U, (3,))
fixed(b'cut', b'gr\\xc3', 3, T.STR_NULLPAD, U)
f['vlen'] = 'gr\\u00f6\\u00dfe'
f['vlen-ascii'] = np.array(b'abc', dtype=h5py.string_dtype('ascii'))
f['vlen-many'] = ['a', '', 'gr\\u00f6\\u00dfe']
f['vlen-packed'] = f.create_dataset('p', data=['a', '', 'x' * 50], dtype=h5py.string_dtype(), compression='gzip')
f['numpy'] = np.array([b'a', b'bc'])
f['empty'] = ''
f.create_dataset('none', shape=(0,), dtype=h5py.string_dtype())
f.create_dataset('unwritten', shape=(2,), dtype=h5py.string_dtype())
f['latin'] = np.array(b'\\xff', dtype=h5py.string_dtype())",
    );
    let file = File::open(&path).unwrap();
    let read = |name: &str| file.read::<String>(name).unwrap_or_else(|e| panic!("{name}: {e}"));
    for name in ["null-term", "null-pad", "space-pad", "full", "vlen-ascii"] {
        assert_eq!(read(name), "abc", "{name}");
    }
    assert_eq!(read("spaces"), " a  ", "spaces are padding only where the type says so");
    assert_eq!(read("utf8"), "größe");
    assert_eq!(read("vlen"), "größe");
    assert_eq!(read("empty"), "");
    let many =
        |name: &str| file.read::<Vec<String>>(name).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(many("many"), ["abc", "", "abcdef"]);
    assert_eq!(many("vlen-many"), ["a", "", "größe"]);
    assert_eq!(many("vlen-packed"), ["a".to_string(), String::new(), "x".repeat(50)]);
    assert_eq!(many("numpy"), ["a", "bc"]);
    assert_eq!(many("none"), [""; 0]);
    assert_eq!(many("unwritten"), ["", ""]);
    for name in ["latin", "cut"] {
        let error = file.read::<String>(name).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Invalid(what) if what.contains("UTF-8")),
            "{error}"
        );
        assert!(error.help().unwrap().contains("Vec<u8>"), "{error}");
    }
}

#[test]
fn bytes_of_text_that_is_no_utf8() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(python, "f['latin'] = np.array(b'\\xff\\x00a', dtype='S3')");
    // What the help of the error promises.
    assert_eq!(File::open(&path).unwrap().read::<Vec<u8>>("latin").unwrap(), [0xff, 0, b'a']);
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
enum Color {
    Red,
    Green,
    #[filebacked(alias = "bleu")]
    Blue,
}

#[test]
fn enums_go_by_name() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "t = h5py.enum_dtype({'Green': 0, 'bleu': 1, 'Red': 40, 'Odd': 41}, basetype='>i4')
f.create_dataset('one', data=40, dtype=t)
f.create_dataset('many', data=[0, 1, 40], dtype=t)
f.create_dataset('odd', data=[0, 41], dtype=t)
f['text'] = ['Red', 'bleu']
f['number'] = [0, 2]
f['beyond'] = [0, 7]",
    );
    let file = File::open(&path).unwrap();
    assert_eq!(file.read::<Color>("one").unwrap(), Color::Red);
    assert_eq!(file.read::<Vec<Color>>("many").unwrap(), [Color::Green, Color::Blue, Color::Red]);
    assert_eq!(file.read::<Vec<Color>>("text").unwrap(), [Color::Red, Color::Blue]);
    assert_eq!(file.read::<Vec<Color>>("number").unwrap(), [Color::Red, Color::Blue]);
    for (name, found) in [("odd", "Odd"), ("beyond", "7")] {
        let error = file.read::<Vec<Color>>(name).unwrap_err();
        let known = ["Red", "Green", "Blue"].map(String::from).into();
        assert_eq!(*error.kind(), ErrorKind::UnknownVariant { found: found.into(), known });
        assert_eq!(error.path(), format!("/{name}"));
    }
}

/// What one conversion is expected to do.
enum Is<T> {
    Value(T),
    OutOfRange,
    Mismatch,
}

#[track_caller]
fn converts<T: FileBacked + PartialEq + Debug>(
    file: &File,
    name: &str,
    how: Conversion,
    expected: Is<T>,
) {
    let found = file.read_with::<T>(name, &ReadOptions::new().conversion(how));
    match (expected, found) {
        (Is::Value(value), Ok(found)) => assert_eq!(found, value, "{name} {how:?}"),
        (Is::OutOfRange, Err(e)) if matches!(e.kind(), ErrorKind::OutOfRange { .. }) => {}
        (Is::Mismatch, Err(e)) if matches!(e.kind(), ErrorKind::Mismatch { .. }) => {
            assert!(e.help().unwrap().contains("ReadOptions::conversion"), "{e}");
        }
        (_, found) => panic!("{name} {how:?}: {found:?}"),
    }
}

#[test]
fn conversions() {
    use Conversion::{Any, Checked, Exact, Widen};
    use Is::{Mismatch, OutOfRange, Value};
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "f['i64'] = np.int64(7)
f['big'] = np.int64(2**40)
f['minus'] = np.int8(-1)
f['u8'] = np.uint8(200)
f['f32'] = np.float32(1.5)
f['f64'] = np.float64(0.1)
f['whole'] = np.float64(3.0)
f['half'] = np.float16(0.5)
f['huge'] = np.float64(1e300)
f['nan'] = np.float64('nan')
f['inf'] = np.float64('inf')
f['2^53+1'] = np.int64(2**53 + 1)
f['u64max'] = np.uint64(2**64 - 1)
f['2^63'] = np.float64(2.0**63)
f['2^64'] = np.float64(2.0**64)
f['text'] = '7'",
    );
    let file = File::open(&path).unwrap();
    converts(&file, "i64", Exact, Value(7i64));
    converts::<i32>(&file, "i64", Exact, Mismatch);
    converts::<i32>(&file, "i64", Widen, Mismatch);
    converts(&file, "i64", Checked, Value(7i32));
    converts(&file, "i64", Any, Value(7i32));
    converts(&file, "i64", Checked, Value(7.0f32));
    for how in [Checked, Any] {
        converts::<i32>(&file, "big", how, OutOfRange);
        converts::<u64>(&file, "minus", how, OutOfRange);
        converts::<i8>(&file, "u8", how, OutOfRange);
        converts::<i64>(&file, "huge", how, OutOfRange);
        converts::<i64>(&file, "nan", how, OutOfRange);
        converts::<u8>(&file, "inf", how, OutOfRange);
        converts::<f32>(&file, "huge", how, OutOfRange);
        converts::<i64>(&file, "u64max", how, OutOfRange);
        converts::<i64>(&file, "2^63", how, OutOfRange);
        converts(&file, "2^63", how, Value(1u64 << 63));
        converts::<u64>(&file, "2^64", how, OutOfRange);
    }
    converts::<u64>(&file, "minus", Widen, Mismatch);
    converts(&file, "minus", Widen, Value(-1i64));
    converts(&file, "u8", Widen, Value(200i16));
    converts(&file, "u8", Widen, Value(200.0f32));
    converts::<u32>(&file, "u8", Exact, Mismatch);
    converts(&file, "f32", Widen, Value(1.5f64));
    converts(&file, "half", Widen, Value(0.5f32));
    converts::<f32>(&file, "f64", Checked, OutOfRange);
    converts(&file, "f64", Any, Value(0.1f32));
    converts::<i32>(&file, "f64", Checked, OutOfRange);
    converts(&file, "f64", Any, Value(0));
    converts(&file, "whole", Checked, Value(3u8));
    converts::<u8>(&file, "whole", Widen, Mismatch);
    converts(&file, "inf", Checked, Value(f32::INFINITY));
    converts::<f64>(&file, "2^53+1", Checked, OutOfRange);
    converts(&file, "2^53+1", Any, Value((1u64 << 53) as f64));
    assert!(file.read::<f32>("nan").unwrap().is_nan());
    let error = file.read::<i32>("text").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
    assert_eq!(error.help(), None, "no option makes a number of text: {error}");
}

#[test]
fn a_number_that_does_not_fit_names_both_types() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(python, "f['x'] = np.array([1, 2**40], '>i8')");
    let error = File::open(&path).unwrap().read::<Vec<i32>>("x").unwrap_err();
    let wanted = ErrorKind::OutOfRange {
        value: (1i64 << 40).to_string(),
        stored: "i64".into(),
        wanted: "i32".into(),
    };
    assert_eq!(*error.kind(), wanted);
    assert!(
        error.to_string().contains("1099511627776 (stored as i64) does not fit i32"),
        "{error}"
    );
}

#[derive(FileBacked, Debug, PartialEq)]
struct Run {
    step: i32,
    name: String,
    rates: Vec<f32>,
    note: Option<String>,
    #[filebacked(attr)]
    author: String,
    #[filebacked(attr)]
    counts: Vec<u16>,
    #[filebacked(attr)]
    scale: Option<f64>,
    inner: Inner,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Inner {
    flag: bool,
    kind: Color,
}

const RUN: &str = "
def run(f, step, note):
    f['step'] = np.int64(step)
    f['name'] = 'run'
    f.create_dataset('rates', data=np.array([0.5, 1.5]), compression='gzip', chunks=(1,))
    if note: f['note'] = note
    f.attrs['author'] = 'gr\\u00f6\\u00dfe'
    f.attrs['counts'] = [1, 2, 3]
    f['inner/flag'] = True
    f['inner/kind'] = 'Green'
    f['more'] = 1
";

fn run(step: i32, note: Option<&str>) -> Run {
    Run {
        step,
        name: "run".into(),
        rates: vec![0.5, 1.5],
        note: note.map(String::from),
        author: "größe".into(),
        counts: vec![1, 2, 3],
        scale: None,
        inner: Inner { flag: true, kind: Color::Green },
    }
}

#[test]
fn groups_are_structs() {
    let Some(python) = python() else { return };
    let (_dir, path) =
        made(python, &format!("{RUN}\nrun(f, 7, 'x')\nf.attrs['scale'] = np.float32(0.5)"));
    assert_eq!(
        filebacked::load::<Run>(&path).unwrap(),
        Run { scale: Some(0.5), ..run(7, Some("x")) }
    );
    let (_dir, path) = made(python, &format!("{RUN}\nrun(f, 2**40, None)"));
    let error = filebacked::load::<Run>(&path).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::OutOfRange { wanted, .. } if wanted == "i32"),
        "{error}"
    );
    assert_eq!((error.path().as_str(), error.file()), ("/step", Some(path.as_path())));
}

#[test]
fn groups_of_groups_are_maps_and_lists() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        &format!(
            "{RUN}
for name, step in (('a', 1), ('b c', 2), ('%2F', 3)):
    run(f.create_group('runs/' + name), step, name)
for i in range(12):
    run(f.create_group(f'list/{{i}}'), i, None)
f['numbers/10'], f['numbers/9'] = [1.0], [2.0]
f['flat/a'], f['flat/b'] = 1.5, 2.5
f['keys/keys'], f['keys/values'] = 1, 2
f.create_group('empty')"
        ),
    );
    let file = File::open(&path).unwrap();
    let runs: HashMap<String, Run> = file.read("runs").unwrap();
    let wanted = [("a", 1), ("b c", 2), ("%2F", 3)]
        .map(|(name, step)| (name.to_string(), run(step, Some(name))));
    assert_eq!(runs, wanted.into(), "names of others are not unescaped");
    let numbers: BTreeMap<u8, Vec<f64>> = file.read("numbers").unwrap();
    assert_eq!(numbers, [(9, vec![2.0]), (10, vec![1.0])].into());
    // Also what we would write as columns.
    let flat: BTreeMap<String, f64> = file.read("flat").unwrap();
    assert_eq!(flat, [("a".to_string(), 1.5), ("b".to_string(), 2.5)].into());
    assert_eq!(file.read::<BTreeMap<String, Run>>("empty").unwrap(), BTreeMap::new());
    let error = file.read::<BTreeMap<u8, Vec<f64>>>("runs").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Invalid(_)), "{error}");
    let list: Vec<Run> = file.read("list").unwrap();
    assert_eq!(list, (0..12).map(|i| run(i, None)).collect::<Vec<_>>(), "by number, not by name");
}

#[derive(FileBacked, Debug, PartialEq)]
struct Point {
    x: f64,
    y: f32,
    label: String,
    maybe: Option<u8>,
}

fn points() -> Vec<Point> {
    let point = |i: u8| Point { x: f64::from(i), y: 0.5, label: i.to_string(), maybe: None };
    (0..3).map(point).collect()
}

#[test]
fn groups_of_columns_are_vecs_of_structs() {
    let Some(python) = python() else { return };
    let code = "f['t/x'], f['t/y'], f['t/label'] = np.arange(3.0), np.array([0.5] * 3, '>f4'), ['0', '1', '2']\n";
    let (_dir, path) = made(python, code);
    assert_eq!(File::open(&path).unwrap().read::<Vec<Point>>("t").unwrap(), points());
    let (_dir, path) = made(python, &format!("{code}f['t/maybe'] = [7, 8, 9]"));
    let read = File::open(&path).unwrap().read::<Vec<Point>>("t").unwrap();
    assert_eq!(
        read.iter().map(|point| point.maybe).collect::<Vec<_>>(),
        [Some(7), Some(8), Some(9)]
    );
    let (_dir, path) = made(python, &format!("{code}del f['t/y']\nf['t/y'] = [1.0]"));
    let error: Error = File::open(&path).unwrap().read::<Vec<Point>>("t").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Damaged(_)), "{error}");
    assert_eq!(error.path(), "/t/y");
}

#[test]
fn links_are_followed() {
    let Some(python) = python() else { return };
    let (dir, path) = made(
        python,
        "f['real'] = [1, 2]
f['soft'] = h5py.SoftLink('/real')
f['g/up'] = h5py.SoftLink('../real')
f['g/rooted'] = h5py.SoftLink('/real')
f['hard'] = f['real']
f['dangling'] = h5py.SoftLink('/nowhere')
f['circle'] = h5py.SoftLink('/circle')
f['external'] = h5py.ExternalLink('other.h5', '/x')
f['struct/x'] = h5py.SoftLink('/real')
f['struct/y'] = h5py.SoftLink('/dangling')",
    );
    python.create(&dir.path().join("other.h5"), "f['x'] = [3]");
    let file = File::open(&path).unwrap();
    for name in ["soft", "hard", "g/rooted"] {
        assert_eq!(file.read::<Vec<u8>>(name).unwrap(), [1, 2], "{name}");
    }
    assert_eq!(file.read::<Vec<u8>>("external").unwrap(), [3]);
    for name in ["dangling", "circle"] {
        let error = file.read::<Vec<u8>>(name).unwrap_err();
        assert_eq!(error.path(), format!("/{name}"), "{error}");
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Linked {
        x: Vec<u8>,
    }
    assert_eq!(file.read::<Linked>("struct").unwrap().x, [1, 2]);
}

#[test]
fn types_that_are_not_read_say_so() {
    let Some(python) = python() else { return };
    let (_dir, path) = made(
        python,
        "f['type'] = np.dtype('i4')
f['pair'] = np.array([(1, 2.5)], dtype=[('a', 'i4'), ('b', 'f8')])
f['array'] = np.array([([1, 2],)], dtype=[('a', 'i4', (2,))])
f.create_dataset('vlen', data=np.array([np.array([1, 2]), np.array([3])], dtype=object), dtype=h5py.vlen_dtype('i4'))",
    );
    let file = File::open(&path).unwrap();
    for name in ["type", "pair", "array", "vlen"] {
        let error = file.read::<Vec<i32>>(name).unwrap_err();
        let said = matches!(error.kind(), ErrorKind::Mismatch { .. } | ErrorKind::Unsupported(_));
        assert!(said, "{name}: {error}");
        assert_eq!(error.path(), format!("/{name}"));
    }
}

#[test]
fn userblocks_and_every_format_version() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("versions.h5");
    for libver in ["'earliest'", "'v108'", "'v110'", "'latest'"] {
        python
            .ask(&serde_json::json!({"op": "exec", "code": format!(
            "with h5py.File({:?}, 'w', libver={libver}, userblock_size=512) as f:
    f['x'] = [1, 2]
    f['g/y'] = 'a'
    f.attrs['z'] = 1.5
    for i in range(100): f[f'many/{{i:03}}'] = [i]
    f.create_dataset('chunked', data=np.arange(1000), chunks=(7,), compression='gzip', maxshape=(None,))
    f.create_dataset('filled', shape=(3,), dtype='i4', fillvalue=7)", path.display().to_string())}))
            .unwrap();
        let file = File::open(&path).unwrap();
        assert_eq!(file.read::<Vec<u8>>("x").unwrap(), [1, 2], "{libver}");
        assert_eq!(file.read::<String>("g/y").unwrap(), "a", "{libver}");
        assert_eq!(
            file.read::<Vec<u32>>("chunked").unwrap(),
            (0..1000).collect::<Vec<u32>>(),
            "{libver}"
        );
        assert_eq!(file.read::<Vec<i32>>("filled").unwrap(), [7, 7, 7], "{libver}");
        let many: BTreeMap<String, Vec<u8>> = file.read("many").unwrap();
        assert_eq!(many.len(), 100, "{libver}");
        assert_eq!(many["042"], [42], "{libver}");
        drop(file);
        let bytes = std::fs::read(&path).unwrap();
        #[derive(FileBacked)]
        struct Root {
            x: Vec<u8>,
            #[filebacked(attr)]
            z: f32,
        }
        let root: Root = filebacked::from_bytes(&bytes).unwrap();
        assert_eq!((root.x, root.z), (vec![1, 2], 1.5), "{libver}");
    }
}
