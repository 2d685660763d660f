//! Attributes of open objects as a dictionary: what h5py reads of it, and what it reads of h5py.

use filebacked::file::Attrs;
use filebacked::schema::Dtype;
use filebacked::{ErrorKind, File, FileBacked, Value};
use filebacked_tests::{python, scratch};
use half::f16;
use ndarray::{Array2, arr2};
use num_complex::Complex64;
use serde_json::json;

#[derive(FileBacked, Debug, Clone, Copy, PartialEq)]
enum Phase {
    Solid,
    Liquid = 5,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Model {
    step: u64,
    #[filebacked(attr)]
    author: String,
    rows: Vec<u8>,
}

fn attrs(file: &File) -> Attrs {
    file.write("data", &vec![1.0, 2.0]).unwrap();
    file.attrs_of("data").unwrap()
}

/// Sets, and reads it again.
#[track_caller]
fn kept<T: FileBacked + PartialEq + std::fmt::Debug>(attrs: &Attrs, name: &str, value: T) {
    attrs.set(name, &value).unwrap();
    assert_eq!(attrs.get::<T>(name).unwrap(), value);
    assert!(attrs.contains(name).unwrap());
}

#[test]
fn values_of_all_kinds_are_kept() {
    let (_dir, path) = scratch("attrs.h5");
    let file = File::create(&path).unwrap();
    let attrs = attrs(&file);
    kept(&attrs, "i8", -7i8);
    kept(&attrs, "u64", u64::MAX);
    kept(&attrs, "f16", f16::from_f32(0.5));
    kept(&attrs, "f64", f64::MIN_POSITIVE);
    kept(&attrs, "bool", true);
    kept(&attrs, "bools", vec![true, false]);
    kept(&attrs, "complex", Complex64::new(1.5, -2.0));
    kept(&attrs, "enum", Phase::Liquid);
    kept(&attrs, "text", "naïve Ψ".to_string());
    kept(&attrs, "empty text", String::new());
    kept(&attrs, "texts", vec!["a".to_string(), String::new(), "länger".to_string()]);
    kept(&attrs, "array", arr2(&[[1i32, 2, 3], [4, 5, 6]]));
    kept(&attrs, "no rows", Vec::<f32>::new());
    kept(&attrs, "none", None::<f64>);
    kept(&attrs, "some", Some(4u8));
    kept(&attrs, "größe @x/y%", 1u8);
    kept(&attrs, "name@other", 2u8);
    attrs.set("str", "borrowed").unwrap();
    attrs.set("slice", [1.5, 2.5]).unwrap();
    let keys = attrs.keys().unwrap();
    let sorted = [
        "array",
        "bool",
        "bools",
        "complex",
        "empty text",
        "enum",
        "f16",
        "f64",
        "größe @x/y%",
        "i8",
        "name@other",
        "no rows",
        "none",
        "slice",
        "some",
        "str",
        "text",
        "texts",
        "u64",
    ];
    assert_eq!(
        (&keys[..], attrs.count().unwrap(), attrs.count().unwrap() == 0),
        (&sorted.map(String::from)[..], 19, false)
    );
    assert_eq!(attrs.get::<Option<String>>("none").unwrap(), None);
    assert_eq!(attrs.get::<Option<u8>>("some").unwrap(), Some(4));
    let map = attrs.to_map().unwrap();
    assert_eq!(map.len(), 19);
    assert_eq!(
        (map.get("i8").unwrap().as_i64(), map.get("str").unwrap().as_str()),
        (Some(-7), Some("borrowed"))
    );
    assert!(map.get("none").unwrap().as_dataset().unwrap().is_null());
    assert_eq!(map.get("array").unwrap(), &attrs.get::<Value>("array").unwrap());
    assert!(format!("{attrs:?}").starts_with("{\"array\": "), "{attrs:?}");
    // As a value without a type, wherever it goes.
    let root = file.attrs().unwrap();
    for (name, value) in map.iter() {
        root.set(name, value).unwrap();
        assert_eq!(&root.get::<Value>(name).unwrap(), value, "{name}");
    }
    drop((file, attrs, root));
    assert_eq!(File::open(&path).unwrap().attrs_of("data").unwrap().keys().unwrap(), keys);
    let Some(python) = python() else { return };
    for object in ["data", "/"] {
        let is = |expr: &str| {
            assert_eq!(
                python.eval(&path, &format!("(lambda a: {expr})(f[{object:?}].attrs)")),
                true,
                "{object}: {expr}"
            )
        };
        is(
            "a['i8'] == -7 and a['i8'].dtype == 'i1' and a['u64'] == 2**64 - 1 and a['f16'] == 0.5 and a['f16'].dtype == 'f2'",
        );
        is(
            "a['f64'] == np.finfo('f8').tiny and a['bool'] == True and a['bool'].dtype == bool and a['bools'].tolist() == [True, False]",
        );
        is(
            "a['complex'] == 1.5-2j and h5py.check_enum_dtype(a.get_id('enum').dtype) == {'Solid': 0, 'Liquid': 5} and a['enum'] == 5",
        );
        is(
            "a['text'].decode() == 'naïve Ψ' if isinstance(a['text'], bytes) else a['text'] == 'naïve Ψ'",
        );
        is("[t.decode() for t in a['texts']] == ['a', '', 'länger']");
        is(
            "a['array'].tolist() == [[1, 2, 3], [4, 5, 6]] and a['array'].dtype == 'i4' and a['no rows'].shape == (0,)",
        );
        is(
            "isinstance(a['none'], h5py.Empty) and a['some'] == 4 and a['größe @x/y%'] == 1 and a['name@other'] == 2 and a['slice'].tolist() == [1.5, 2.5]",
        );
    }
}

#[test]
fn what_h5py_wrote_is_read() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("h5py.h5");
    let code = "a = f.create_dataset('d', data=1).attrs; a['i'] = 7; a['f'] = 0.5; a['s'] = 'naïve'; a['b'] = b'bytes'; a['l'] = ['x', 'yz']; a['t'] = True\n\
                a['c'] = 1+2j; a['e'] = h5py.Empty('f'); a['es'] = h5py.Empty('S5'); a['n'] = np.arange(6).reshape(2, 3); a['ü'] = 1; a['big'] = np.arange(4, dtype='>i4')\n\
                a.create('en', 1, dtype=h5py.enum_dtype({'Solid': 0, 'Liquid': 1})); a['v'] = np.array([(1, 2.5)], dtype=[('a', 'i4'), ('b', 'f8')]); a['ref'] = f['d'].ref";
    python.create(&path, code);
    let file = File::open(&path).unwrap();
    let attrs = file.attrs_of("d").unwrap();
    assert_eq!(attrs.get::<u8>("i").unwrap(), 7);
    assert_eq!(attrs.get::<f32>("f").unwrap(), 0.5);
    assert_eq!(attrs.get::<String>("s").unwrap(), "naïve");
    assert_eq!(attrs.get::<String>("b").unwrap(), "bytes");
    assert_eq!(attrs.get::<Vec<String>>("l").unwrap(), ["x", "yz"]);
    assert!(attrs.get::<bool>("t").unwrap());
    assert_eq!(attrs.get::<Complex64>("c").unwrap(), Complex64::new(1.0, 2.0));
    assert_eq!(
        (attrs.get::<Option<f64>>("e").unwrap(), attrs.get::<Option<String>>("es").unwrap()),
        (None, None)
    );
    assert_eq!(attrs.get::<Array2<i64>>("n").unwrap(), arr2(&[[0, 1, 2], [3, 4, 5]]));
    assert_eq!(attrs.get::<Vec<i32>>("big").unwrap(), [0, 1, 2, 3]);
    assert_eq!(
        (attrs.get::<u64>("ü").unwrap(), attrs.get::<Phase>("en").unwrap()),
        (1, Phase::Liquid)
    );
    assert_eq!(attrs.to_map().unwrap().len(), 15);
    let null = attrs.get::<Value>("es").unwrap();
    assert_eq!(
        (null.as_dataset().unwrap().is_null(), null.as_dataset().unwrap().dtype()),
        (true, &Dtype::FixedStr(5))
    );

    let error = attrs.get::<u8>("ii").unwrap_err();
    assert_eq!(
        (error.kind(), &*error.path(), error.help()),
        (&ErrorKind::Missing, "/d/ii", Some("there is an attribute `i`"))
    );
    assert_eq!(*attrs.get::<Option<u8>>("none").unwrap_err().kind(), ErrorKind::Missing);
    let error = attrs.get::<f64>("s").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Mismatch { .. }) && error.to_string().contains("/d/s"),
        "{error}"
    );
    assert!(attrs.get::<f64>("e").is_err());
    assert!(
        !attrs.contains("").unwrap()
            && !attrs.contains("a\0b").unwrap()
            && !attrs.contains("x").unwrap()
    );
    assert_eq!(*file.attrs_of("e").unwrap_err().kind(), ErrorKind::Missing);
}

#[test]
fn attributes_are_replaced_renamed_and_removed() {
    let (_dir, path) = scratch("attrs.h5");
    let file = File::create(&path).unwrap();
    let attrs = attrs(&file);
    attrs.set("a", 1u8).unwrap();
    attrs.set("a", vec![1.5; 10]).unwrap();
    attrs.set("a", "text").unwrap();
    assert_eq!((attrs.get::<String>("a").unwrap(), attrs.count().unwrap()), ("text".into(), 1));
    // What cannot be set leaves the old one.
    let error = attrs.set("a", vec![vec![1], vec![2, 3]]).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unsupported(_)) && error.path() == "/data/a",
        "{error}"
    );
    assert!(attrs.set("a", Some(None::<u8>)).is_err() && attrs.set("a", "with\0NUL").is_err());
    assert_eq!(
        (attrs.get::<String>("a").unwrap(), attrs.keys().unwrap()),
        ("text".into(), vec!["a".to_string()])
    );
    attrs.set("ä", 5).unwrap();
    attrs.set("ä", 6).unwrap();
    attrs.rename("a", "Ψ").unwrap();
    attrs.rename("Ψ", "Ψ").unwrap();
    assert_eq!(*attrs.rename("Ψ", "ä").unwrap_err().kind(), ErrorKind::Exists);
    assert_eq!(*attrs.rename("a", "b").unwrap_err().kind(), ErrorKind::Missing);
    assert_eq!(attrs.get::<String>("Ψ").unwrap(), "text");
    attrs.remove("Ψ").unwrap();
    let error = attrs.remove("Ψ").unwrap_err();
    assert_eq!((error.kind(), &*error.path()), (&ErrorKind::Missing, "/data/Ψ"));
    for wrong in ["", "a\0b"] {
        assert!(matches!(attrs.set(wrong, 1).unwrap_err().kind(), ErrorKind::Unsupported(_)));
    }
    assert_eq!((attrs.keys().unwrap(), attrs.get::<u8>("ä").unwrap()), (vec!["ä".to_string()], 6));
    drop((file, attrs));
    let Some(python) = python() else { return };
    // The name says that it is UTF-8.
    let cset = "h5py.h5a.get_info(f['data'].id, 'ä'.encode()).cset == h5py.h5t.CSET_UTF8";
    assert_eq!(
        python.eval(&path, &format!("[dict(f['data'].attrs), {cset}]")),
        json!([{"ä": 6}, true])
    );
}

#[test]
fn what_a_killed_process_left_is_no_attribute() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("left.h5");
    python.create(&path, "f.attrs['.filebacked under way'] = 7; f.attrs['a'] = 1");
    let file = File::open_rw(&path).unwrap();
    let attrs = file.attrs().unwrap();
    assert_eq!((attrs.keys().unwrap(), attrs.to_map().unwrap().len()), (vec!["a".to_string()], 1));
    attrs.set("a", "new").unwrap();
    drop((file, attrs));
    assert_eq!(python.eval(&path, "list(f.attrs)"), json!(["a"]));
}

#[test]
fn marks_of_the_format_are_not_changed() {
    let (_dir, path) = scratch("marks.h5");
    let file = File::create(&path).unwrap();
    let model = Model { step: 7, author: "me".into(), rows: vec![1, 2] };
    file.write("model", &model).unwrap();
    let attrs = file.attrs_of("model").unwrap();
    assert_eq!(attrs.get::<String>("filebacked").unwrap(), "struct Model 1");
    for name in ["filebacked", "filebacked_format", "filebacked_filter", "filebacked_digest", "len"]
    {
        for error in [
            attrs.set(name, 1),
            attrs.remove(name),
            attrs.rename(name, "x"),
            attrs.rename("author", name),
        ]
        .map(Result::unwrap_err)
        {
            assert!(
                matches!(error.kind(), ErrorKind::Unsupported(what) if what.contains(name))
                    && error.help().is_some(),
                "{error}"
            );
        }
    }
    // A field that is an attribute is one like any other; so is `len` where no group of this
    // library is.
    attrs.set("author", "you").unwrap();
    assert_eq!(file.read::<Model>("model").unwrap(), Model { author: "you".into(), ..model });
    let data = file.attrs_of("model/rows").unwrap();
    data.set("len", 2).unwrap();
    data.remove("len").unwrap();
}

#[test]
fn large_attributes() {
    let (_dir, path) = scratch("large.h5");
    let file = File::create(&path).unwrap();
    let attrs = attrs(&file);
    let large: Vec<u32> = (0..100_000).collect();
    for name in ["large", "larger"] {
        kept(&attrs, name, large.clone());
    }
    attrs.set("large", 1).unwrap();
    attrs.set("large", &large).unwrap();
    (0..50).for_each(|i| attrs.set(&format!("small {i}"), i).unwrap());
    drop((file, attrs));
    let attrs = File::open(&path).unwrap().attrs_of("data").unwrap();
    assert_eq!(
        (attrs.get::<Vec<u32>>("large").unwrap() == large, attrs.count().unwrap()),
        (true, 52)
    );
    drop(attrs);
    let Some(python) = python() else { return };
    assert_eq!(python.eval(&path, "(f['data'].attrs['large'] == np.arange(100_000)).all()"), true);
    // Objects of the oldest format have no room for it.
    python.create(&path, "f['data'] = [1.0, 2.0]; f['data'].attrs['x'] = 1");
    let attrs = File::open_rw(&path).unwrap().attrs_of("data").unwrap();
    let error = attrs.set("x", &large).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unsupported(what) if what.contains("64 KiB"))
            && error.help().is_some(),
        "{error}"
    );
    assert_eq!((attrs.get::<u8>("x").unwrap(), attrs.count().unwrap()), (1, 1));
}
