//! What each type looks like in a file, as h5py sees it.

use filebacked::{FileBacked, Save};
use filebacked_tests::{Python, h5dump, python, scratch};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::ops::Bound;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Asserts a value that is one dataset, named `value`.
#[track_caller]
fn dataset<T: Save>(
    python: &Python,
    value: &T,
    dtype: impl Into<Value>,
    shape: &[u64],
    stored: impl Into<Value>,
) {
    let file = python.describe_saved(value);
    assert_eq!(file.paths(), ["/", "/value"]);
    let node = file.dataset("/value", dtype, shape, stored);
    assert_eq!(node.attribute_names(), [""; 0], "datasets need no mark");
    assert_eq!(file.at("/").attribute_names(), ["filebacked_format"]);
    file.at("/").attribute("filebacked_format").holds("str-fixed-3-utf8", &[], "1.0");
}

const BOOL: &str = "bool";

#[test]
fn scalars() {
    let Some(python) = python() else { return };
    dataset(python, &-1i8, "|i1", &[], -1);
    dataset(python, &i16::MIN, "<i2", &[], i16::MIN);
    dataset(python, &i32::MIN, "<i4", &[], i32::MIN);
    dataset(python, &i64::MIN, "<i8", &[], i64::MIN);
    dataset(python, &u8::MAX, "|u1", &[], u8::MAX);
    dataset(python, &u16::MAX, "<u2", &[], u16::MAX);
    dataset(python, &u32::MAX, "<u4", &[], u32::MAX);
    dataset(python, &u64::MAX, "<u8", &[], u64::MAX);
    dataset(python, &usize::MAX, "<u8", &[], u64::MAX);
    dataset(python, &isize::MIN, "<i8", &[], i64::MIN);
    dataset(python, &1.5f32, "<f4", &[], 1.5);
    dataset(python, &f64::MAX, "<f8", &[], f64::MAX);
    dataset(python, &f64::NEG_INFINITY, "<f8", &[], "-inf");
    dataset(python, &true, BOOL, &[], true);
    dataset(python, &'ß', "str-fixed-4-utf8", &[], "ß");
    dataset(python, &'\0', "str-fixed-4-utf8", &[], "");
    let halves = |hi: &str| json!([["lo", "<u8"], ["hi", hi]]);
    dataset(python, &i128::MIN, halves("<i8"), &[], json!([0, i64::MIN]));
    dataset(python, &-2i128, halves("<i8"), &[], json!([u64::MAX - 1, -1]));
    dataset(python, &u128::MAX, halves("<u8"), &[], json!([u64::MAX, u64::MAX]));
    let time = |secs: &str| json!([["secs", secs], ["nanos", "<u4"]]);
    dataset(python, &Duration::new(5, 7), time("<u8"), &[], json!([5, 7]));
    let before = SystemTime::UNIX_EPOCH - Duration::new(1, 250_000_000);
    dataset(python, &before, time("<i8"), &[], json!([-2, 750_000_000]));
    dataset(python, &Ipv4Addr::LOCALHOST, "str-fixed-9-utf8", &[], "127.0.0.1");
    dataset(python, &PathBuf::from("a/ü"), "str-fixed-4-utf8", &[], "a/ü");
}

#[test]
fn bits_of_floats() {
    let Some(python) = python() else { return };
    let bits = [0x7ff8_0000_0000_0001u64, 0xfff0_dead_beef_0001, 0x8000_0000_0000_0000, 1];
    let file = python.describe_saved(&bits.map(f64::from_bits));
    let expected: Vec<String> = bits.iter().map(|bits| format!("{bits:016x}")).collect();
    assert_eq!(file.at("/value").get("bits"), &json!(expected));
}

#[test]
fn bools_are_what_h5py_writes() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("bool.h5");
    filebacked::save(&path, &vec![true, false]).unwrap();
    let file = python.describe_saved(&vec![true, false]);
    file.dataset("/value", BOOL, &[2], json!([true, false]));
    let members = "[f['value'].id.get_type().get_member_value(i) for i in (0, 1)]";
    assert_eq!(python.eval(&path, members), json!([0, 1]));
}

#[test]
fn text() {
    let Some(python) = python() else { return };
    let file = python.describe_saved(&"größe".to_string());
    let node = file.dataset("/value", "str-fixed-7-utf8", &[], "größe");
    assert_eq!(node.text("charset"), "utf8");
    dataset(python, &String::new(), "str-fixed-1-utf8", &[], "");
    let file = python.describe_saved(&"a\0b".to_string());
    let node = file.dataset("/value", "|u1", &[3], json!([97, 0, 98]));
    assert_eq!(node.stamp(), Some("text"));

    dataset(python, &vec!["a", "größe", ""], "str-fixed-7-utf8", &[3], json!(["a", "größe", ""]));
    dataset(python, &Vec::<String>::new(), "str-fixed-1-utf8", &[0], json!([]));
    // Where a common width would waste space: variable length, which `.asstr()` reads alike.
    let long = "x".repeat(200);
    let file = python.describe_saved(&vec![long.clone(), "a".into(), String::new()]);
    file.dataset("/value", "str-vlen", &[3], json!([long, "a", ""]));
    // n * longest <= 2 * total + 64 is the rule, on its edge and beyond.
    let file = python.describe_saved(&["x".repeat(64), String::new(), String::new()]);
    file.dataset("/value", "str-fixed-64-utf8", &[3], json!(["x".repeat(64), "", ""]));
    let file = python.describe_saved(&["x".repeat(65), String::new(), String::new()]);
    file.dataset("/value", "str-vlen", &[3], json!(["x".repeat(65), "", ""]));

    let file = python.describe_saved(&vec!["a\0", "", "b"]);
    file.group("/value", "packed", &["bytes", "offsets"]).attribute("len").holds("<u8", &[], 3);
    file.dataset("/value/bytes", "|u1", &[3], json!([97, 0, 98]));
    file.dataset("/value/offsets", "<u8", &[4], json!([0, 2, 2, 3]));
}

#[test]
fn every_reader_reads_every_string_dataset_alike() {
    let Some(python) = python() else { return };
    for texts in
        [vec!["a".to_string(), "größe".into()], vec!["x".repeat(500), "é".into(), String::new()]]
    {
        let (_dir, path) = scratch("texts.h5");
        filebacked::save(&path, &texts).unwrap();
        assert_eq!(python.eval(&path, "f['value'].asstr()[:]"), json!(texts));
        assert_eq!(
            python.pyfive(
                &path,
                "[v.decode() if isinstance(v, bytes) else v for v in f['value'][:]]"
            ),
            json!(texts)
        );
    }
}

#[test]
fn sequences_of_one_dataset() {
    let Some(python) = python() else { return };
    dataset(python, &vec![1.5f64, -0.0], "<f8", &[2], json!([1.5, -0.0]));
    dataset(python, &Vec::<f64>::new(), "<f8", &[0], json!([]));
    dataset(python, &vec![0u8, 255], "|u1", &[2], json!([0, 255]));
    dataset(python, &VecDeque::from([1u16, 2]), "<u2", &[2], json!([1, 2]));
    dataset(python, &BTreeSet::from(["b", "a"]), "str-fixed-1-utf8", &[2], json!(["a", "b"]));
    dataset(
        python,
        &std::collections::HashSet::from([10i32, 9, -1]),
        "<i4",
        &[3],
        json!([-1, 9, 10]),
    );
    dataset(python, &[1u8, 2, 3], "|u1", &[3], json!([1, 2, 3]));
    dataset(python, &[0u8; 0], "|u1", &[0], json!([]));
    dataset(python, &[[1i32, 2, 3], [4, 5, 6]], "<i4", &[2, 3], json!([[1, 2, 3], [4, 5, 6]]));
    dataset(python, &vec![[1i32, 2, 3]; 2], "<i4", &[2, 3], json!([[1, 2, 3], [1, 2, 3]]));
    dataset(python, &Vec::<[[f32; 2]; 3]>::new(), "<f4", &[0, 3, 2], json!([]));
    dataset(
        python,
        &[["a", "bc"], ["", "d"]],
        "str-fixed-2-utf8",
        &[2, 2],
        json!([["a", "bc"], ["", "d"]]),
    );
    dataset(
        python,
        &vec![Duration::new(1, 2)],
        json!([["secs", "<u8"], ["nanos", "<u4"]]),
        &[1],
        json!([[1, 2]]),
    );
    dataset(python, &vec![Box::new(1u8)], "|u1", &[1], json!([1]));
}

#[derive(FileBacked)]
enum Color {
    Red,
    Green = 7,
    Blue,
}

#[derive(FileBacked)]
enum Wide {
    Low = -1,
    High = 300,
}

#[derive(FileBacked)]
enum Shape {
    Point,
    Circle(f64),
    Rect { w: f64, h: f64 },
}

#[derive(FileBacked)]
struct Layer {
    width: u32,
    name: String,
    bias: Option<f64>,
    taps: Vec<u8>,
}

fn layer(width: u32) -> Layer {
    Layer {
        width,
        name: format!("layer {width}"),
        bias: width.is_multiple_of(2).then_some(0.5),
        taps: (0..width as u8).collect(),
    }
}

#[derive(FileBacked)]
struct Empty;

#[derive(FileBacked)]
struct Meters(f64);

#[derive(FileBacked)]
struct Pair(u8, String);

#[test]
fn structs_are_groups_with_their_members_at_the_root() {
    let Some(python) = python() else { return };
    let file = python.describe_saved(&layer(2));
    let root = file.group("/", "struct Layer 1", &["width", "name", "bias", "taps"]);
    assert_eq!(root.attribute_names(), ["filebacked", "filebacked_format"]);
    root.attribute("filebacked").holds("str-fixed-14-utf8", &[], "struct Layer 1");
    file.dataset("/width", "<u4", &[], 2);
    file.dataset("/name", "str-fixed-7-utf8", &[], "layer 2");
    file.dataset("/bias", "<f8", &[], 0.5);
    file.dataset("/taps", "|u1", &[2], json!([0, 1]));
    // `None` in a field is no link.
    python.describe_saved(&layer(1)).group("/", "struct Layer 1", &["width", "name", "taps"]);
    python.describe_saved(&Empty).group("/", "struct Empty 1", &[]);
    dataset(python, &Meters(1.5), "<f8", &[], 1.5);
    let file = python.describe_saved(&Pair(1, "b".into()));
    file.group("/", "struct Pair 1", &["0", "1"]);
    file.dataset("/0", "|u1", &[], 1);
    file.dataset("/1", "str-fixed-1-utf8", &[], "b");
}

#[test]
fn columns_of_structs() {
    let Some(python) = python() else { return };
    let file = python.describe_saved(&(0..3).map(layer).collect::<Vec<_>>());
    let table = file.group("/value", "columns Layer 1", &["width", "name", "bias", "taps"]);
    table.attribute("len").holds("<u8", &[], 3);
    file.dataset("/value/width", "<u4", &[3], json!([0, 1, 2]));
    file.dataset("/value/name", "str-fixed-7-utf8", &[3], json!(["layer 0", "layer 1", "layer 2"]));
    file.group("/value/bias", "optional", &["mask", "values"]).attribute("len").holds(
        "<u8",
        &[],
        3,
    );
    file.dataset("/value/bias/mask", BOOL, &[3], json!([false, true, false]));
    file.dataset("/value/bias/values", "<f8", &[3], json!([0.5, 0.0, 0.5]));
    file.group("/value/taps", "ragged", &["offsets", "values"]).attribute("len").holds(
        "<u8",
        &[],
        3,
    );
    file.dataset("/value/taps/offsets", "<u8", &[4], json!([0, 0, 1, 3]));
    file.dataset("/value/taps/values", "|u1", &[3], json!([0, 0, 1]));

    // The columns show without a row, too.
    let file = python.describe_saved(&Vec::<Layer>::new());
    file.group("/value", "columns Layer 1", &["width", "name", "bias", "taps"])
        .attribute("len")
        .holds("<u8", &[], 0);
    file.dataset("/value/width", "<u4", &[0], json!([]));
    file.dataset("/value/taps/offsets", "<u8", &[1], json!([0]));
    let file = python.describe_saved(&vec![Empty, Empty]);
    file.group("/value", "columns Empty 1", &[]).attribute("len").holds("<u8", &[], 2);
    let file = python.describe_saved(&vec![Pair(1, "a".into()), Pair(2, "b".into())]);
    file.group("/value", "columns Pair 1", &["0", "1"]);
    dataset(python, &vec![Meters(1.5), Meters(2.5)], "<f8", &[2], json!([1.5, 2.5]));
}

#[derive(FileBacked)]
struct Deep {
    layer: Layer,
    layers: Vec<Layer>,
    shape: Shape,
    color: Color,
    map: BTreeMap<String, f64>,
    links: BTreeMap<String, Vec<u8>>,
    deep: Option<Option<Layer>>,
    array: [f32; 3],
    pair: (u8, Option<String>),
    lists: Vec<Vec<Option<Shape>>>,
}

fn deep(i: u32) -> Deep {
    Deep {
        layer: layer(i),
        layers: (0..i % 4).map(layer).collect(),
        shape: [Shape::Point, Shape::Circle(1.0), Shape::Rect { w: 1.0, h: 2.0 }]
            .into_iter()
            .nth(i as usize % 3)
            .unwrap(),
        color: if i.is_multiple_of(2) { Color::Red } else { Color::Blue },
        map: BTreeMap::from([(i.to_string(), 1.5)]),
        links: BTreeMap::from([(i.to_string(), vec![1])]),
        deep: [None, Some(None), Some(Some(layer(i)))].into_iter().nth(i as usize % 3).unwrap(),
        array: [1.0, 2.0, 3.0],
        pair: (1, i.is_multiple_of(2).then(String::new)),
        lists: (0..i % 2).map(|_| vec![None, Some(Shape::Circle(2.0))]).collect(),
    }
}

#[test]
fn the_number_of_objects_does_not_depend_on_the_number_of_values() {
    let Some(python) = python() else { return };
    let paths = |n: u32| {
        let file = python.describe_saved(&(0..n).map(deep).collect::<Vec<_>>());
        file.paths().into_iter().map(String::from).collect::<Vec<_>>()
    };
    let many = paths(200);
    assert_eq!(paths(7), many);
    assert_eq!(paths(1), many);
    assert_eq!(paths(0), many, "an empty table shows its columns");
    // The layout depends on the type alone, so it can be written down.
    for path in [
        "/value/deep/mask",
        "/value/deep/values/mask",
        "/value/deep/values/values/bias/mask",
        "/value/layers/values/taps/offsets",
        "/value/lists/values/values/values/variant",
        "/value/lists/values/values/values/Rect/w",
        "/value/map/offsets",
        "/value/links/values/offsets",
        "/value/pair/1/mask",
        "/value/shape/Circle/0",
    ] {
        assert!(many.iter().any(|found| found == path), "{path} in {many:#?}");
    }
}

#[test]
fn nested_columns() {
    let Some(python) = python() else { return };
    let file = python.describe_saved(&vec![deep(1), deep(2)]);
    file.group("/value/layer", "columns Layer 1", &["width", "name", "bias", "taps"]);
    file.dataset("/value/layer/width", "<u4", &[2], json!([1, 2]));
    file.group("/value/layers", "ragged", &["offsets", "values"]);
    file.dataset("/value/layers/offsets", "<u8", &[3], json!([0, 1, 3]));
    file.dataset("/value/layers/values/width", "<u4", &[3], json!([0, 0, 1]));
    file.dataset("/value/array", "<f4", &[2, 3], json!([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]));
    file.group("/value/pair", "columns", &["0", "1"]).attribute("len").holds("<u8", &[], 2);
    file.dataset("/value/pair/1/mask", BOOL, &[2], json!([true, false]));
    file.group("/value/map", "maps", &["offsets", "keys", "values"]).attribute("len").holds(
        "<u8",
        &[],
        2,
    );
    file.dataset("/value/map/keys", "str-fixed-1-utf8", &[2], json!(["1", "2"]));
    file.dataset("/value/map/values", "<f8", &[2], json!([1.5, 1.5]));
    // Anything but numbers, bools and text: only the values that are there.
    file.dataset("/value/deep/mask", BOOL, &[2], json!([false, false]));
    file.dataset("/value/deep/values/mask", BOOL, &[2], json!([true, false]));
    file.dataset("/value/deep/values/values/width", "<u4", &[1], json!([2]));
    let color = r#"enum:{"Red":0,"Green":7,"Blue":8}"#;
    file.dataset("/value/color", color, &[2], json!([8, 0]));
}

#[test]
fn enums_without_data() {
    let Some(python) = python() else { return };
    let file = python.describe_saved(&Color::Green);
    let node = file.dataset("/value", r#"enum:{"Red":0,"Green":7,"Blue":8}"#, &[], 7);
    assert_eq!(node.text("base"), "|u1");
    let file = python.describe_saved(&vec![Wide::Low, Wide::High]);
    let node = file.dataset("/value", r#"enum:{"Low":-1,"High":300}"#, &[2], json!([-1, 300]));
    assert_eq!(node.text("base"), "<i2");
}

#[test]
fn enums_with_data() {
    let Some(python) = python() else { return };
    let file = python.describe_saved(&Shape::Rect { w: 1.5, h: 2.5 });
    let root = file.group("/", "enum Shape 1", &["w", "h"]);
    assert_eq!(root.attribute_names(), ["filebacked", "filebacked_format", "variant"]);
    root.attribute("variant").holds("str-fixed-4-utf8", &[], "Rect");
    file.dataset("/h", "<f8", &[], 2.5);
    let file = python.describe_saved(&Shape::Circle(0.5));
    file.group("/", "enum Shape 1", &["0"]).attribute("variant").holds(
        "str-fixed-6-utf8",
        &[],
        "Circle",
    );
    let file = python.describe_saved(&Shape::Point);
    file.group("/", "enum Shape 1", &[]).attribute("variant").holds(
        "str-fixed-5-utf8",
        &[],
        "Point",
    );

    let shapes = vec![
        Shape::Rect { w: 1.0, h: 2.0 },
        Shape::Point,
        Shape::Circle(3.0),
        Shape::Rect { w: 4.0, h: 5.0 },
    ];
    let file = python.describe_saved(&shapes);
    let table = file.group("/value", "variants Shape 1", &["variant", "Circle", "Rect"]);
    table.attribute("len").holds("<u8", &[], 4);
    let tags = r#"enum:{"Point":0,"Circle":1,"Rect":2}"#;
    file.dataset("/value/variant", tags, &[4], json!([2, 0, 1, 2]));
    file.group("/value/Rect", "columns", &["w", "h"]).attribute("len").holds("<u8", &[], 2);
    file.dataset("/value/Rect/w", "<f8", &[2], json!([1.0, 4.0]));
    file.dataset("/value/Circle/0", "<f8", &[1], json!([3.0]));

    let file = python.describe_saved(&vec![Ok(1u8), Err("no".to_string())]);
    file.group("/value", "variants Result 1", &["variant", "Ok", "Err"]);
    file.dataset("/value/Err/0", "str-fixed-2-utf8", &[1], json!(["no"]));
    let file = python.describe_saved(&Ok::<u8, String>(1));
    file.group("/", "enum Result 1", &["0"]).attribute("variant").holds(
        "str-fixed-2-utf8",
        &[],
        "Ok",
    );
    let file = python.describe_saved(&Bound::<u8>::Unbounded);
    file.group("/", "enum Bound 1", &[]).attribute("variant").holds(
        "str-fixed-9-utf8",
        &[],
        "Unbounded",
    );
}

#[test]
fn options() {
    let Some(python) = python() else { return };
    dataset(python, &Some(1u8), "|u1", &[], 1);
    python.describe_saved(&None::<u8>).group("/value", "none 0", &[]);
    python.describe_saved(&Some(None::<u8>)).group("/value", "none 1", &[]);
    let file = python.describe_saved(&vec![None, Some("b"), Some("")]);
    file.dataset("/value/mask", BOOL, &[3], json!([true, false, false]));
    file.dataset("/value/values", "str-fixed-1-utf8", &[3], json!(["", "b", ""]));
    let file = python.describe_saved(&vec![None, Some(true)]);
    file.dataset("/value/values", BOOL, &[2], json!([false, true]));
    let file = python.describe_saved(&vec![None, Some(vec![1u8, 2]), Some(vec![])]);
    file.dataset("/value/values/offsets", "<u8", &[3], json!([0, 2, 2]));
    let file = python.describe_saved(&vec![None, Some(None), Some(Some(3u8))]);
    file.dataset("/value/mask", BOOL, &[3], json!([true, false, false]));
    file.dataset("/value/values/mask", BOOL, &[2], json!([true, false]));
    file.dataset("/value/values/values", "|u1", &[2], json!([0, 3]));
    let file = python.describe_saved(&BTreeMap::from([("a", Some(vec![1u8])), ("b", None)]));
    file.group("/b", "none 0", &[]);
    file.dataset("/a", "|u1", &[1], json!([1]));
}

#[test]
fn an_optional_column_opens_in_anndata() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("optional.h5");
    filebacked::save(&path, &vec![None, Some(2i64), Some(0)]).unwrap();
    let file = python.describe_saved(&vec![None, Some(2i64), Some(0)]);
    let node = file.at("/value");
    node.attribute("encoding-type").holds("str-fixed-16-utf8", &[], "nullable-integer");
    node.attribute("encoding-version").holds("str-fixed-5-utf8", &[], "0.1.0");
    let values = "[None if str(v) == '<NA>' else int(v) for v in x.astype(object).tolist()]";
    assert_eq!(python.anndata(&path, "value", values), json!([null, 2, 0]));
}

#[test]
fn products() {
    let Some(python) = python() else { return };
    let file = python.describe_saved(&(1u8, "a", 2.5));
    file.group("/value", "tuple", &["0", "1", "2"]);
    file.dataset("/value/2", "<f8", &[], 2.5);
    let file = python.describe_saved(&vec![(1u8, 2.5), (2, 3.5)]);
    file.group("/value", "columns", &["0", "1"]).attribute("len").holds("<u8", &[], 2);
    file.dataset("/value/1", "<f8", &[2], json!([2.5, 3.5]));
    let file = python.describe_saved(&(1u8..=9));
    file.group("/value", "range", &["start", "end"]);
    file.dataset("/value/end", "|u1", &[], 9);
    python.describe_saved(&..).group("/value", "range", &[]);
    python.describe_saved(&()).group("/value", "unit", &[]);
    let file = python.describe_saved(&[vec![1u8], vec![2, 3]]);
    file.group("/value", "ragged", &["offsets", "values"]);
    let file = python.describe_saved(&vec![[vec![1u8], vec![2, 3]], [vec![], vec![]]]);
    file.group("/value", "arrays", &["values"]).attribute("len").holds("<u8", &[], 2);
    file.dataset("/value/values/offsets", "<u8", &[5], json!([0, 1, 3, 3, 3]));
}

#[test]
fn maps() {
    let Some(python) = python() else { return };
    let file = python.describe_saved(&HashMap::from([("b", 2.5), ("a", 1.5)]));
    file.group("/value", "map", &["keys", "values"]).attribute("len").holds("<u8", &[], 2);
    file.dataset("/value/keys", "str-fixed-1-utf8", &[2], json!(["a", "b"]));
    file.dataset("/value/values", "<f8", &[2], json!([1.5, 2.5]));
    let file = python.describe_saved(&HashMap::from([(10, "x"), (9, "y"), (-1, "z")]));
    file.dataset("/value/keys", "<i4", &[3], json!([-1, 9, 10]));
    let file = python.describe_saved(&BTreeMap::from([("a", (1u8, [2u8, 3]))]));
    file.dataset("/value/values/1", "|u1", &[1, 2], json!([[2, 3]]));

    // A link a key where the values are not flat, at the root; in the order of the keys.
    let file = python.describe_saved(&HashMap::from([
        ("b", vec![2u8]),
        ("a", vec![]),
        ("c/d", vec![1, 2]),
    ]));
    let root = file.group("/", "links", &["a", "b", "c%2Fd"]);
    root.attribute("len").holds("<u8", &[], 3);
    assert_eq!(root.links(), ["a", "b", "c%2Fd"]);
    file.dataset("/c%2Fd", "|u1", &[2], json!([1, 2]));
    let file = python.describe_saved(&HashMap::from([(true, vec![2u8]), (false, vec![])]));
    file.group("/value", "map", &["keys", "values"]);
    file.dataset("/value/keys", BOOL, &[2], json!([false, true]));
    file.group("/value/values", "ragged", &["offsets", "values"]);
    // Structs are columns.
    let file = python.describe_saved(&BTreeMap::from([("x", layer(1)), ("y", layer(2))]));
    file.group("/value", "map", &["keys", "values"]);
    file.dataset("/value/keys", "str-fixed-1-utf8", &[2], json!(["x", "y"]));
    let values = file.group("/value/values", "columns Layer 1", &["width", "name", "bias", "taps"]);
    values.attribute("len").holds("<u8", &[], 2);
    file.dataset("/value/values/width", "<u4", &[2], json!([1, 2]));
}

#[test]
fn links_keep_the_order_of_the_keys() {
    let Some(python) = python() else { return };
    let map = || HashMap::from([(10u8, vec![2u8]), (9, vec![])]);
    let file = python.describe_saved(&(1u8, map()));
    assert_eq!(file.group("/value/1", "links", &["9", "10"]).links(), ["9", "10"]);
    // At the root, too, where the group is not of our making.
    assert_eq!(
        python.describe_saved(&map()).group("/", "links", &["9", "10"]).links(),
        ["9", "10"]
    );
}

#[test]
fn no_file_tells_when_or_by_whom_it_was_written() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("time.h5");
    filebacked::save(&path, &deep(2)).unwrap();
    let times =
        "[h5py.h5o.get_info(f[n].id).mtime for n in ('/', 'layer', 'layer/width', 'links')]";
    assert_eq!(python.eval(&path, times), json!([0, 0, 0, 0]));
}

#[test]
fn h5dump_reads_it() {
    let (_dir, path) = scratch("dump.h5");
    filebacked::save(&path, &vec![deep(1), deep(2)]).unwrap();
    let Some(text) = h5dump(&["-d", "/value/layer/width"], &path) else { return };
    assert!(text.contains("DATATYPE  H5T_STD_U32LE"), "{text}");
    assert!(text.contains("(0): 1, 2"), "{text}");
    let whole = h5dump(&[], &path).unwrap();
    assert!(whole.contains("\"variants Shape 1\""), "{whole}");
}

#[test]
fn pyfive_reads_it() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("pyfive.h5");
    filebacked::save(&path, &deep(2)).unwrap();
    assert_eq!(python.pyfive(&path, "int(f['layer/width'][()])"), 2);
    assert_eq!(
        python.pyfive(&path, "f['layers/name'][:].tolist()"),
        json!([list("layer 0"), list("layer 1")])
    );
    assert_eq!(python.pyfive(&path, "f['shape'].attrs['variant']"), list("Rect"));
    assert_eq!(python.pyfive(&path, "sorted(f['links'])"), json!(["2"]));
}

/// Bytes, as the readers' JSON has them.
fn list(text: &str) -> Value {
    json!(text.as_bytes())
}
