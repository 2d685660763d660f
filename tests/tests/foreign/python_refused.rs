//! What Python's FileBacked has nothing for is refused before anything is written.

use filebacked::options::{Durability, Layout};
use filebacked::with::Encoded;
use filebacked::{Error, ErrorKind, File, FileBacked, Save, Value, WriteOptions};
use filebacked_tests::golden::{Atom, StrDict, map};
use filebacked_tests::scratch;
use ndarray::{Array0, array};
use num_complex::Complex;
use sprs::CsVec;
use std::collections::BTreeMap;
use std::time::Duration;

fn for_python() -> WriteOptions {
    WriteOptions::new().layout(Layout::Python)
}

/// Asserts that a value is refused before anything is written, whatever writes it.
#[track_caller]
fn refused<T: Save>(value: &T, path: &str, what: &str, help: &str) {
    let check = |error: Error| {
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
        assert_eq!(error.path(), path, "{error}");
        let text = format!("{error:#}");
        assert!(text.contains(what) && text.contains("help: ") && text.contains(help), "{text}");
    };
    let (_dir, file) = scratch("refused.h5");
    std::fs::write(&file, "as it was").unwrap();
    for durability in [Durability::Durable, Durability::Fast] {
        check(for_python().durability(durability).save(&file, value).unwrap_err());
        assert_eq!(std::fs::read(&file).unwrap(), b"as it was");
    }
    check(for_python().to_bytes(value).unwrap_err());
    let open = File::create(&file).unwrap();
    let error = open.write_with("group/member", value, &for_python()).unwrap_err();
    let inside = path.trim_start_matches("/value").trim_start_matches('/');
    assert_eq!(error.path(), format!("/group/member/{inside}").trim_end_matches('/'), "{error}");
    assert!(open.names().unwrap().is_empty());
}

/// A field of some type.
#[derive(filebacked::Save)]
#[filebacked(module = "lab")]
struct Has<T> {
    x: T,
}

fn has<T: Save>(x: T) -> Has<T> {
    Has { x }
}

#[test]
fn what_python_has_no_type_for() {
    refused(&has(true), "/x", "a scalar of bool", "an integer");
    refused(&has(vec![true]), "/x/0", "a scalar of bool", "an integer");
    refused(&has(Complex::new(1.0, 0.0)), "/x", "a scalar of complex<f64>", "arrays");
    refused(&has(u128::MAX), "/x", "a scalar of {lo: u64, hi: u64}", "filter");
    refused(&has(Duration::from_secs(1)), "/x", "secs", "filter");
    refused(&has((1, "a")), "/x", "a tuple of several types", "struct");
    refused(&has(0..3), "/x", "a range", "ends");
    refused(&has(()), "/x", "holds nothing", "skip");
    refused(&has(Value::from(1)), "/x", "a `Value`", "a type");
    refused(&has(half::bf16::ONE), "/x", "bf16", "f32");
    refused(&has(Array0::from_elem((), 1.0)), "/x", "without dimensions", "element");
    refused(&has(CsVec::new(3, vec![1], vec![0.5])), "/x", "a sparse vector", "matrix");
    refused(&has("nul at the end\0"), "/x", "NUL at the end", "Vec<u8>");
    refused(&has(array!["a\0b".to_string()]), "/x", "NUL", "list");
}

#[test]
fn values_that_are_no_struct_are_named() {
    refused(&vec![Some(1), None], "/value/1", "None", "leave it out");
    refused(&map([("a/b", vec![1])]), "/", "would lose the key", "without `/`");
    refused(&true, "/value", "a scalar of bool", "an integer");
}

#[test]
fn progress_is_told_once() {
    use std::ops::ControlFlow;
    use std::sync::{Arc, Mutex};
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let options = for_python().progress(move |progress| {
        tell.lock().unwrap().push((progress.done, progress.total));
        ControlFlow::Continue(())
    });
    let (_dir, path) = scratch("progress.h5");
    options.save(&path, &has(vec![1.0, 2.0])).unwrap();
    assert_eq!(*told.lock().unwrap(), [(0, 16), (16, 16)]);
}

#[test]
fn absence_that_python_would_lose() {
    refused(&has(vec![Some(1), None]), "/x/1", "None", "leave it out");
    refused(&has(map([("a", Some(1)), ("b", None)])), "/x/b", "None", "leave it out");
    refused(&has(Some(None::<i64>)), "/x", "None", "leave it out");
    #[derive(FileBacked, Clone)]
    #[allow(dead_code)]
    enum Perhaps {
        Int(Option<i64>),
        Str(String),
    }
    refused(&has(Perhaps::Int(None)), "/x", "None", "leave it out");
    #[derive(FileBacked)]
    #[filebacked(module = "lab")]
    struct Defaulted {
        #[filebacked(default = Some(7))]
        x: Option<i64>,
    }
    refused(&Defaulted { x: None }, "/x", "None", "leave it out");
}

#[test]
fn enums_that_are_no_unions() {
    #[derive(FileBacked)]
    enum Shape {
        Point,
        Rect { w: f64 },
    }
    refused(&has(Shape::Rect { w: 1.0 }), "/x", "the enum `Shape`", "one unnamed field");
    refused(&has(vec![Shape::Point]), "/x/0", "the enum `Shape`", "one unnamed field");
    #[derive(FileBacked)]
    #[allow(dead_code)]
    enum Outer {
        Atom(Atom),
        Text(String),
    }
    refused(&has(Outer::Atom(Atom::Int(1))), "/x", "the enum `Atom` in another one", "both");
}

#[test]
fn keys_that_python_would_lose() {
    for key in ["a/b", "/a", ".", "", "a\0b"] {
        refused(&has(map([(key, 1)])), "/x", "would lose the key", "without `/`");
    }
    refused(&StrDict(map([("a/b", String::new())])), "/", "would lose the key", "without `/`");
    let legal: BTreeMap<String, i64> = map([("..", 1), ("%", 2), ("a.b", 3), ("ä ö", 4)]);
    let bytes = for_python().to_bytes(&has(legal.clone())).unwrap();
    #[derive(FileBacked)]
    struct Read {
        x: BTreeMap<String, i64>,
    }
    assert_eq!(filebacked::from_bytes::<Read>(&bytes).unwrap().x, legal);
}

#[test]
fn structs_that_are_no_classes() {
    #[derive(FileBacked, Clone)]
    struct Nameless {
        a: i64,
    }
    refused(&Nameless { a: 1 }, "/", "the struct `Nameless` has no Python class", "module = ");
    refused(&has(vec![Nameless { a: 1 }]), "/x/0", "Nameless", "module = ");

    macro_rules! named {
        ($($attribute:tt)*) => {{
            #[derive(FileBacked)]
            #[filebacked(module = "lab")]
            struct Named {
                #[filebacked($($attribute)*)]
                a: i64,
            }
            Named { a: 1 }
        }};
    }
    refused(&named!(rename = "b/c"), "/b", "`b`", "rename");
    refused(&named!(rename = "two words"), "/two words", "`two words`", "rename");
    refused(&named!(rename = "1st"), "/1st", "`1st`", "rename");
    refused(&named!(rename = "lambda"), "/lambda", "`lambda`", "rename");
    refused(&named!(rename = "read"), "/read", "`read`", "rename");
    refused(&named!(attr), "/a", "no HDF5 attributes", "remove `attr`");

    #[derive(FileBacked)]
    #[filebacked(module = "lab")]
    struct Pair(i64, i64);
    refused(&Pair(1, 2), "/0", "`0`", "rename");
    #[derive(FileBacked)]
    #[filebacked(module = "lab")]
    struct Names(Vec<String>);
    refused(&Names(vec![]), "/value", "list cannot be an object", "take `module` off");
}

#[test]
fn layouts_that_python_lacks_change_nothing() {
    #[derive(FileBacked)]
    #[filebacked(module = "lab")]
    struct Row {
        id: i64,
        name: String,
    }
    #[derive(FileBacked)]
    #[filebacked(module = "lab")]
    struct Said {
        #[filebacked(layout = "compound")]
        one: Row,
        #[filebacked(layout = "compound")]
        many: Vec<Row>,
        #[filebacked(with = Encoded)]
        text: String,
    }
    #[derive(FileBacked)]
    #[filebacked(module = "lab", name = "Said")]
    struct Plain {
        one: Row,
        many: Vec<Row>,
        text: String,
    }
    let row = |id| Row { id, name: "a".into() };
    let said = Said { one: row(1), many: vec![row(2), row(3)], text: "b".into() };
    let plain = Plain { one: row(1), many: vec![row(2), row(3)], text: "b".into() };
    assert_eq!(for_python().to_bytes(&said).unwrap(), for_python().to_bytes(&plain).unwrap());
}
