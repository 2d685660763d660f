//! Serde types as structure, and values to and from serde.

use filebacked::engine::Engine;
use filebacked::testing::check_filter;
use filebacked::value::{from_value, to_value};
use filebacked::with::{Each, Serde, whole};
use filebacked::{ErrorKind, FileBacked, ReadOptions, Value, WriteOptions, from_bytes, to_bytes};
use filebacked_tests::{python, scratch};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone, PartialOrd, Eq, Ord)]
struct Unit;

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Newtype(Option<u8>);

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Pair(u8, String);

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Empty {}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone, PartialOrd, Eq, Ord)]
enum Event {
    Start,
    Say(String),
    Pair(u8, u16),
    Move { x: i32, y: Option<i32> },
    Nothing {},
    Boxed(Box<Event>),
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
#[serde(tag = "kind")]
enum Internal {
    A,
    B { x: u8, list: Vec<f64> },
    C(Inner),
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    A,
    B(u8, u8),
    C { x: Option<u8> },
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Float(f64),
    Text(String),
    List(Vec<Untagged>),
    Named { name: String, event: Event },
    Nothing,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone, Default)]
struct Inner {
    a: u8,
    #[serde(rename = "with/slash")]
    slash: String,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Flat {
    own: u8,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Row {
    id: u32,
    name: String,
    score: Option<f64>,
    tags: Vec<String>,
    event: Event,
    place: [f32; 2],
    pair: (u8, String),
    nested: Option<Inner>,
    deep: Vec<Vec<u8>>,
    map: BTreeMap<u16, f64>,
    raw: Bytes,
}

/// What `serde_bytes` does.
#[derive(Debug, PartialEq, Clone, Default)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes, and nothing but bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

fn row(i: u32) -> Row {
    Row {
        id: i,
        name: "n".repeat(i as usize % 4),
        score: i.is_multiple_of(2).then_some(f64::from(i)),
        tags: (0..i % 3).map(|t| format!("tag{t}")).collect(),
        event: match i % 6 {
            0 => Event::Start,
            1 => Event::Say("größe \0".into()),
            2 => Event::Pair(1, 2),
            3 => Event::Move { x: -1, y: None },
            4 => Event::Nothing {},
            _ => Event::Boxed(Box::new(Event::Say("x".into()))),
        },
        place: [0.5, i as f32],
        pair: (i as u8, "p".into()),
        nested: i.is_multiple_of(3).then(Inner::default),
        deep: vec![vec![1; i as usize % 3], vec![]],
        map: [(i as u16, 0.5), (9, -0.0)].into(),
        raw: Bytes(vec![i as u8; i as usize % 3]),
    }
}

/// A value comes back equal by itself, among others, and inside of a file, through both engines.
#[track_caller]
fn restored<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone + 'static>(value: &T) {
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Holder<T: Serialize + DeserializeOwned + Debug + 'static> {
        #[filebacked(with = Serde)]
        one: T,
        #[filebacked(with = Each(Serde))]
        many: Vec<T>,
        #[filebacked(with = whole(Serde))]
        maybe: Option<T>,
    }
    let tree = to_value(value).unwrap_or_else(|e| panic!("{value:?}: {e}"));
    let back: T = from_value(&tree).unwrap_or_else(|e| panic!("{value:?}: {e}\n{tree}"));
    assert_eq!(back, *value, "{tree}");
    let holder =
        Holder { one: value.clone(), many: vec![value.clone(); 3], maybe: Some(value.clone()) };
    for engine in [Engine::Any, Engine::Libhdf5] {
        let bytes = WriteOptions::new()
            .engine(engine)
            .to_bytes(&holder)
            .unwrap_or_else(|e| panic!("{value:?}: {e}"));
        let loaded = ReadOptions::new().engine(engine).from_bytes::<Holder<T>>(&bytes);
        assert_eq!(loaded.unwrap_or_else(|e| panic!("{value:?}: {e:?}\n{tree}")), holder);
    }
    let rows = vec![holder.clone(), Holder { many: vec![], maybe: None, ..holder.clone() }, holder];
    let bytes = to_bytes(&rows).unwrap_or_else(|e| panic!("{value:?}: {e}"));
    assert_eq!(
        from_bytes::<Vec<Holder<T>>>(&bytes).unwrap_or_else(|e| panic!("{value:?}: {e:?}")),
        rows
    );
}

#[test]
fn every_kind_of_serde_type_comes_back() {
    restored(&7u8);
    restored(&-7i64);
    restored(&u64::MAX);
    restored(&(i128::MIN, u128::MAX));
    restored(&vec![i128::MIN, 0, 1]);
    restored(&1.5f32);
    restored(&vec![0.1f64, f64::INFINITY, -0.0]);
    restored(&true);
    restored(&'ß');
    restored(&vec!['a', 'ß', '\0']);
    restored(&String::new());
    restored(&"größe \0".to_string());
    restored(&vec!["a".to_string(), String::new(), "x".repeat(500)]);
    restored(&());
    restored(&vec![(), ()]);
    restored(&Unit);
    restored(&vec![Unit, Unit]);
    restored(&Newtype(None));
    restored(&vec![Newtype(None), Newtype(Some(1))]);
    restored(&Pair(1, "x".into()));
    restored(&Empty {});
    restored(&vec![Empty {}, Empty {}]);
    restored(&Bytes(vec![1, 2]));
    restored(&vec![Bytes(vec![1, 2]), Bytes(vec![])]);
    restored(&Option::<u8>::None);
    restored(&Some(Some(3u8)));
    restored(&Some(Option::<u8>::None));
    restored(&vec![None, Some(None), Some(Some(1u8))]);
    restored(&vec![Option::<u8>::None; 3]);
    restored(&vec![Some("a".to_string()), None]);
    restored(&vec![Some(vec![1u8]), None]);
    restored(&Vec::<String>::new());
    restored(&Vec::<Row>::new());
    restored(&vec![Vec::<Vec<u8>>::new(), vec![vec![], vec![1]]]);
    restored(&[[1u8, 2], [3, 4]]);
    restored(&[0u8; 0]);
    restored(&vec![[0u8; 0]; 2]);
    restored(&vec![(1u8, -1i8), (2, 2)]);
    restored(&(1u8, "x".to_string(), vec![1.5], Some(())));
    restored(&BTreeMap::from([
        ("a/b".to_string(), 1u8),
        (String::new(), 2),
        ("..".to_string(), 3),
    ]));
    restored(&BTreeMap::from([(1u32, "a".to_string()), (7, "b".to_string())]));
    restored(&BTreeMap::from([((1u8, 'x'), vec![1u8]), ((2, 'y'), vec![])]));
    restored(&BTreeMap::from([(Event::Start, 1u8), (Event::Say("x".into()), 2)]));
    restored(&BTreeMap::from([(None, 1u8), (Some(3u8), 2)]));
    restored(&vec![BTreeMap::from([(1u8, 2u8)]), BTreeMap::new()]);
    restored(&HashMap::from([(true, 1u8)]));
    restored(&BTreeSet::from([3u8, 1]));
    for i in 0..6 {
        restored(&row(i).event);
        restored(&row(i));
    }
    restored(&(0..20).map(row).collect::<Vec<_>>());
    restored(&(0..6).map(|i| row(i).event).collect::<Vec<_>>());
    restored(&Ok::<u8, String>(1));
    restored(&vec![Ok::<u8, String>(1), Err("x".into())]);
    restored(&std::time::Duration::new(1, 2));
    restored(&"1.2.3.4".parse::<std::net::IpAddr>().unwrap());
}

#[test]
fn types_that_look_before_they_choose_come_back() {
    restored(&Internal::A);
    restored(&Internal::B { x: 1, list: vec![0.5] });
    restored(&Internal::C(Inner { a: 1, slash: "s".into() }));
    restored(&vec![Internal::A, Internal::B { x: 1, list: vec![] }, Internal::C(Inner::default())]);
    restored(&vec![Adjacent::A, Adjacent::B(1, 2), Adjacent::C { x: None }]);
    restored(&Untagged::List(vec![
        Untagged::Number(-1),
        Untagged::Float(0.5),
        Untagged::Text("x".into()),
        Untagged::List(vec![Untagged::Number(1), Untagged::Number(2)]),
        Untagged::Nothing,
    ]));
    for i in 0..6 {
        restored(&Untagged::Named { name: "n".into(), event: row(i).event });
    }
    let rest = BTreeMap::from([
        ("z".to_string(), json!([1, null, {"x": "y"}])),
        ("q".to_string(), json!(null)),
    ]);
    restored(&Flat { own: 1, inner: Inner { a: 2, slash: "s".into() }, rest });
}

#[test]
fn json_comes_back() {
    for value in [
        json!(null),
        json!([]),
        json!({}),
        json!([1, -2, 3]),
        json!([1, 2.5]),
        json!([18446744073709551615u64, -1]),
        json!([[], [1], [1, 2.5]]),
        json!({"a": {"b": [true, false], "c": [null, 1]}, "d": ["x", null], "": 0, "a/b": [{"x": 1}, {"x": 2, "y": 3}]}),
        json!([{"x": 1}, {"x": 2}]),
        json!([[1, 2], [3, 4]]),
        json!("text"),
    ] {
        restored(&value);
        assert_eq!(serde_json::to_value(to_value(&value).unwrap()).unwrap(), value);
        let parsed: Value = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(&parsed).unwrap(), value);
        assert_eq!(from_value::<serde_json::Value>(&parsed).unwrap(), value);
    }
}

#[test]
fn files_of_ours_are_json_as_their_types_would_be() {
    #[derive(FileBacked, Serialize)]
    struct Layer {
        width: u32,
        name: Option<String>,
        shape: Shape,
        sizes: Vec<u8>,
    }
    #[derive(FileBacked, Serialize)]
    enum Shape {
        Point,
        Circle(f64),
        Rect { w: f64, h: f64 },
    }
    #[derive(FileBacked, Serialize)]
    struct Model {
        step: u64,
        letter: char,
        pair: (u8, String),
        one: Shape,
        layers: Vec<Layer>,
        maps: BTreeMap<String, Vec<u8>>,
        flat: BTreeMap<String, f64>,
        many: Vec<BTreeMap<String, u8>>,
        list: Vec<Option<(u8, bool)>>,
        wide: u64,
        unit: (),
        texts: Vec<String>,
    }
    let layer = |width, name: Option<&str>, shape, sizes| Layer {
        width,
        name: name.map(str::to_string),
        shape,
        sizes,
    };
    let model = Model {
        step: 7,
        letter: 'ß',
        pair: (1, "x".into()),
        one: Shape::Circle(0.5),
        layers: vec![
            layer(1, None, Shape::Point, vec![1, 2]),
            layer(2, Some("b"), Shape::Rect { w: 1.0, h: 2.0 }, vec![]),
            layer(3, Some(""), Shape::Circle(1.5), vec![3]),
        ],
        maps: [("a/b".to_string(), vec![1]), ("c".to_string(), vec![])].into(),
        flat: [("x".to_string(), 0.5)].into(),
        many: vec![[("x".to_string(), 1)].into(), BTreeMap::new()],
        list: vec![Some((1, true)), None],
        wide: u64::MAX,
        unit: (),
        texts: vec!["a".into(), "\0".into()],
    };
    let value: Value = from_bytes(&to_bytes(&model).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), serde_json::to_value(&model).unwrap());
}

#[test]
fn foreign_files_are_json() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("foreign.h5");
    python.create(
        &path,
        "
f['matrix'] = np.arange(6, dtype='>i2').reshape(2, 3)
f['text'] = ['a', 'größe']
f['bool'] = np.array([True, False])
f['complex'] = 1 + 2j
f['table'] = np.array([(1, b'x', [1, 2])], dtype=[('id', 'i4'), ('name', 'S3'), ('pos', 'f4', (2,))])
f.create_dataset('enum', data=[1, 7], dtype=h5py.enum_dtype({'RED': 1}))
f.create_dataset('seq', (2,), dtype=h5py.vlen_dtype('i4'))[0] = [1, 2]
f['null'] = h5py.Empty('f4')
f['ref'] = f['text'].ref
f['group/x'] = 0.5
",
    );
    let value: Value = filebacked::load(&path).unwrap();
    assert_eq!(
        serde_json::to_value(&value).unwrap(),
        json!({
            "matrix": [[0, 1, 2], [3, 4, 5]], "text": ["a", "größe"], "bool": [true, false], "complex": [1.0, 2.0],
            "table": [{"id": 1, "name": "x", "pos": [1.0, 2.0]}], "enum": ["RED", 7], "seq": [[1, 2], []], "null": null,
            "ref": "/text", "group": {"x": 0.5},
        })
    );
    // Typed out of an untyped file.
    #[derive(Deserialize, Debug, PartialEq)]
    struct Record {
        id: u64,
        name: String,
        pos: [f64; 2],
    }
    let table: Vec<Record> = from_value(&value["table"]).unwrap();
    assert_eq!(table, [Record { id: 1, name: "x".into(), pos: [1.0, 2.0] }]);
}

#[test]
fn h5py_reads_serde_types_by_their_names() {
    let Some(python) = python() else { return };
    #[derive(FileBacked)]
    struct Holder {
        #[filebacked(with = Serde)]
        rows: Vec<Row>,
        #[filebacked(with = Serde)]
        one: Row,
    }
    let (_dir, path) = scratch("serde.h5");
    filebacked::save(&path, &Holder { rows: (0..7).map(row).collect(), one: row(3) }).unwrap();
    let eval = |expr: &str| python.eval(&path, expr);
    assert_eq!(eval("f['rows'].attrs['filebacked_filter'].decode()"), json!("Serde"));
    assert_eq!(eval("f['rows/id'][:]"), json!([0, 1, 2, 3, 4, 5, 6]));
    assert_eq!(eval("f['rows/id'].dtype.str"), json!("<u4"));
    assert_eq!(eval("f['rows/place'][:].tolist()[1]"), json!([0.5, 1.0]));
    assert_eq!(eval("f['rows/score/mask'][:3]"), json!([false, true, false]));
    assert_eq!(eval("f['rows/name'].asstr()[:3]"), json!(["", "n", "nn"]));
    assert_eq!(eval("f['rows/tags/offsets'][:4]"), json!([0, 0, 1, 3]));
    assert_eq!(eval("f['rows/event/Pair/1'][:]"), json!([2]));
    assert_eq!(eval("f['rows/map/keys'][:4]"), json!([0, 9, 1, 9]));
    assert_eq!(eval("f['one/name'].asstr()[()]"), json!("nnn"));
    assert_eq!(eval("f['one/event'].attrs['variant'].decode()"), json!("Move"));
    assert_eq!(eval("f['one'].attrs['filebacked'].decode()"), json!("struct Row 1"));
}

#[test]
fn errors_name_the_path_in_the_value() {
    #[derive(Serialize, Deserialize, Debug)]
    struct Outer<T> {
        list: Vec<Middle<T>>,
    }
    #[derive(Serialize, Deserialize, Debug)]
    struct Middle<T> {
        value: T,
    }
    let outer = Outer { list: vec![Middle { value: 1i32 }, Middle { value: -1 }] };
    let error = from_value::<Outer<u8>>(&to_value(&outer).unwrap()).unwrap_err();
    assert_eq!(error.path(), "/list/1/value");
    assert!(matches!(error.kind(), ErrorKind::Invalid(what) if what.contains("-1")), "{error}");

    struct Refuses;
    impl Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    let error = to_value(&vec![BTreeMap::from([("k", Refuses)])]).unwrap_err();
    assert_eq!((error.path().as_str(), error.kind()), ("/0/k", &ErrorKind::Custom("no".into())));

    #[derive(FileBacked)]
    struct Holder {
        #[filebacked(with = Serde)]
        outer: Outer<i32>,
    }
    #[derive(FileBacked)]
    #[filebacked(name = "Holder")]
    struct Other {
        #[filebacked(with = Serde)]
        #[allow(dead_code)]
        outer: Outer<u8>,
    }
    let error = from_bytes::<Other>(&to_bytes(&Holder { outer }).unwrap()).err().unwrap();
    assert_eq!(error.path(), "/outer/list/1/value");
    let mut deep = json!(1);
    for _ in 0..500 {
        deep = json!([deep]);
    }
    assert!(matches!(to_value(&deep).unwrap_err().kind(), ErrorKind::TooDeep { limit: 128 }));
}

#[test]
fn the_filter_keeps_the_contract() {
    check_filter::<Row, _>(Serde, [row(0), row(1), row(5)]).unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn a_registered_filter_stores_whole_files() {
    let mut registry = filebacked::Registry::new();
    let _ = registry.register::<Value>(Through);
    let tree = Value::map([("a", Value::from(1)), ("b", Value::map([("c", "x")]))]);
    let bytes = WriteOptions::new().registry(registry.clone()).to_bytes(&tree).unwrap();
    assert_eq!(ReadOptions::new().registry(registry).from_bytes::<Value>(&bytes).unwrap(), tree);
    let raw: Value = from_bytes(&bytes).unwrap();
    assert_eq!(raw.attribute("filebacked_filter").unwrap().as_str(), Some("Through"));
    assert_eq!(raw.attribute("filebacked_format").unwrap().as_str(), Some("1.0"));
}

/// Stores a value as it is, and leaves its name.
struct Through;

impl filebacked::Filter<Value> for Through {
    fn name(&self) -> &str {
        "Through"
    }
    fn write(
        &self,
        value: &Value,
        slot: filebacked::Slot<'_>,
    ) -> filebacked::Result<filebacked::Written> {
        slot.put_next(value)
    }
    fn read(&self, node: filebacked::Node<'_>) -> filebacked::Result<Value> {
        node.get_next()
    }
}
