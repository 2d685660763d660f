//! Every type of docs/FORMAT.md with a value that somebody could get wrong: what the files of the
//! interop tests hold.

use chrono::{DateTime, NaiveDate, Utc};
use filebacked::with::{AsString, DataFrame};
use filebacked::{Compression, FileBacked, WriteOptions};
use half::{bf16, f16};
use ndarray::{Array, Array2, Array3, arr0, array};
use num_complex::Complex;
use serde_json::{Value, json};
use sprs::{CsMat, CsVec, TriMat};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A type, and the file that holds a value of it as the field `x`.
#[derive(Debug)]
pub struct Kind {
    /// What recipes call it.
    pub name: &'static str,
    /// What the table calls it.
    pub rust: &'static str,
    /// The value as JSON: structs and maps as objects, many structs as an object of columns, NaN
    /// and infinities as text, complex numbers as `[re, im]`, integers of more than 64 bits as
    /// text, sparse matrices as dense ones.
    pub value: Value,
    /// What tools may give that have no such type; then the value is theirs to put together.
    pub parts: Option<Value>,
    save: fn(&WriteOptions, &Path) -> filebacked::Result<()>,
}

impl Kind {
    /// Writes the file.
    ///
    /// # Errors
    /// Where the options ask for a layout that does not have the type.
    pub fn save(&self, options: &WriteOptions, path: &Path) -> filebacked::Result<()> {
        (self.save)(options, path)
    }
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Model<T> {
    x: T,
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct InAttribute {
    #[filebacked(attr)]
    x: f64,
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct InGroups {
    #[filebacked(rename = "x/field")]
    x: f64,
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Gzipped {
    #[filebacked(compression = Compression::Gzip(6))]
    x: Vec<f64>,
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Packed {
    #[filebacked(layout = "packed")]
    x: Vec<String>,
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Listed {
    #[filebacked(layout = "rows")]
    x: Vec<Record>,
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Compound {
    #[filebacked(layout = "compound")]
    x: Vec<Record>,
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Frame {
    #[filebacked(with = DataFrame { index: "id" })]
    x: Vec<Observation>,
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Observation {
    id: String,
    field: f64,
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Encoded {
    #[filebacked(bincode)]
    x: (u8, String),
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Filtered {
    #[filebacked(with = AsString)]
    x: f64,
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Record {
    field: f64,
    id: u32,
    name: String,
}

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Outer {
    inner: Record,
    note: Option<String>,
    size: Meters,
}

#[derive(FileBacked)]
struct Meters(f64);

#[derive(FileBacked)]
#[filebacked(module = "model")]
struct Marker;

#[derive(FileBacked)]
#[allow(dead_code)] // Only some are stored; the file names them all.
enum Color {
    Red = 1,
    Green = 300,
    Blue = 2,
}

#[derive(FileBacked)]
#[filebacked(repr = "string")]
#[allow(dead_code)] // As above.
enum Named {
    Low,
    High,
}

#[derive(FileBacked)]
enum Shape {
    Point,
    Circle(f64),
    Rect { field: f64, w: f64 },
}

/// Text of all planes of Unicode, with what escapes in other places.
const TEXT: &str = "größe 日本語 😀 \"\\ %2F";

fn record(id: u32) -> Record {
    Record { field: f64::from(id) + 0.5, id, name: format!("ü{id}") }
}

fn records() -> Value {
    json!({"field": [1.5, 2.5], "id": [1, 2], "name": ["ü1", "ü2"]})
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// One long text among many short ones: of variable length.
fn uneven() -> Vec<String> {
    let mut texts = vec!["ß".to_string(); 40];
    texts[1] = "long".repeat(50);
    texts[2] = String::new();
    texts
}

fn named<V, const N: usize>(entries: [(&str, V); N]) -> BTreeMap<String, V> {
    entries.into_iter().map(|(key, value)| (key.to_string(), value)).collect()
}

fn by_pair() -> BTreeMap<(u8, String), Vec<f64>> {
    BTreeMap::from([((1, "a".to_string()), vec![1.5, 2.5]), ((2, "b".to_string()), vec![])])
}

fn shapes() -> Vec<Shape> {
    vec![
        Shape::Rect { field: 1.5, w: 2.5 },
        Shape::Point,
        Shape::Circle(0.5),
        Shape::Rect { field: 3.5, w: 4.5 },
    ]
}

/// `[[0, 1.5, 0], [2.5, 0, 3.5]]`
fn triplets() -> TriMat<f64> {
    let mut matrix = TriMat::new((2, 3));
    for (row, column, value) in [(1, 2, 1.5), (0, 1, 1.5), (1, 0, 2.5), (1, 2, 2.0)] {
        matrix.add_triplet(row, column, value);
    }
    matrix
}

fn dense() -> Value {
    json!([[0.0, 1.5, 0.0], [2.5, 0.0, 3.5]])
}

/// `name, type in Rust: value => value in JSON`
macro_rules! kinds {
    ($($name:ident, $rust:literal: $value:expr => $json:expr;)*) => {
        vec![$(Kind {
            name: stringify!($name),
            rust: $rust,
            value: $json,
            parts: None,
            save: |options, path| options.save(path, &$value),
        }),*]
    };
}

// Behind the macro, which it uses.
mod owned;

/// All of them, in the order of docs/FORMAT.md.
pub fn kinds() -> Vec<Kind> {
    let mut kinds = scalars();
    kinds.extend(texts_and_groups());
    kinds.extend(sequences());
    kinds.extend(maps());
    kinds.extend(arrays());
    kinds.extend(owned::kinds());
    kinds
}

fn scalars() -> Vec<Kind> {
    let mut kinds = kinds! {
        u8, "`u8`": Model { x: 200u8 } => json!(200);
        i8, "`i8`": Model { x: i8::MIN } => json!(-128);
        u16, "`u16`": Model { x: u16::MAX } => json!(65535);
        i16, "`i16`": Model { x: i16::MIN } => json!(-32768);
        u32, "`u32`": Model { x: u32::MAX } => json!(u32::MAX);
        i32, "`i32`": Model { x: i32::MIN } => json!(i32::MIN);
        u64, "`u64`, `usize`": Model { x: (1u64 << 53) + 1 } => json!((1u64 << 53) + 1);
        u64_large, "`u64` above `i64::MAX`": Model { x: u64::MAX - 1 } => json!(u64::MAX - 1);
        i64, "`i64`, `isize`": Model { x: i64::MIN + 1 } => json!(i64::MIN + 1);
        f32, "`f32`": Model { x: 0.1f32 } => json!(0.1f32);
        f64, "`f64`": Model { x: 0.1f64 } => json!(0.1);
        bool, "`bool`": Model { x: true } => json!(true);
        char, "`char`": Model { x: 'ß' } => json!("ß");
        u128, "`u128`": Model { x: u128::MAX - 1 } => json!((u128::MAX - 1).to_string());
        i128, "`i128`": Model { x: i128::MIN + 1 } => json!((i128::MIN + 1).to_string());
        f16, "`f16`": Model { x: f16::from_f32(-1.5) } => json!(-1.5);
        bf16, "`bf16`": Model { x: bf16::from_f32(-1.5) } => json!(-1.5);
        complex, "`Complex<f64>`": Model { x: Complex::new(1.5, -0.5) } => json!([1.5, -0.5]);
        duration, "`Duration`": Model { x: Duration::new(7, 5) } => json!({"secs": 7, "nanos": 5});
        system_time, "`SystemTime`": Model { x: SystemTime::UNIX_EPOCH - Duration::from_nanos(1) }
            => json!({"secs": -1, "nanos": 999_999_999});
        date_time, "chrono `DateTime<Utc>`": Model { x: DateTime::<Utc>::from_timestamp(1_700_000_000, 5).unwrap() }
            => json!({"secs": 1_700_000_000, "nanos": 5});
    };
    for kind in &mut kinds {
        let (lo, hi) = (u64::MAX - 1, u64::MAX);
        match kind.name {
            "u128" => kind.parts = Some(json!({"lo": lo, "hi": hi})),
            "i128" => kind.parts = Some(json!({"lo": 1, "hi": i64::MIN})),
            _ => {}
        }
    }
    kinds
}

fn texts_and_groups() -> Vec<Kind> {
    kinds! {
        string, "`String`": Model { x: TEXT.to_string() } => json!(TEXT);
        string_empty, "`String`, empty": Model { x: String::new() } => json!("");
        string_nul, "`String` with NUL": Model { x: "a\0ß".to_string() } => json!("a\0ß");
        ip, "`IpAddr`, `Uuid`, ...": Model { x: "::1".parse::<IpAddr>().unwrap() } => json!("::1");
        date, "chrono `NaiveDate`": Model { x: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap() } => json!("2026-11-20");
        structure, "struct": Model { x: record(1) } => json!({"field": 1.5, "id": 1, "name": "ü1"});
        nested, "struct in a struct": Model { x: Outer { inner: record(1), note: None, size: Meters(2.5) } }
            => json!({"inner": {"field": 1.5, "id": 1, "name": "ü1"}, "size": 2.5});
        unit, "`()`, unit struct": Model { x: Marker } => json!({});
        renamed, "`rename = \"x/field\"`": InGroups { x: 1.5 } => json!({"field": 1.5});
        attribute, "`attr`": InAttribute { x: 1.5 } => json!(1.5);
        option, "`Option`, some": Model { x: Some(1.5) } => json!(1.5);
        option_none, "`Option`, none": Model { x: None::<f64> } => json!(null);
        option_nested, "`Some(None)`": Model { x: Some(None::<f64>) } => json!(null);
        tuple, "tuple": Model { x: (1u8, "ü".to_string()) } => json!({"0": 1, "1": "ü"});
        range, "range": Model { x: RangeInclusive::new(-1i32, 3) } => json!({"start": -1, "end": 3});
        enumeration, "enum without data": Model { x: Color::Green } => json!("Green");
        enum_text, "enum, `repr = \"string\"`": Model { x: Named::High } => json!("High");
        enum_data, "enum with data": Model { x: Shape::Rect { field: 1.5, w: 2.5 } }
            => json!({"variant": "Rect", "field": 1.5, "w": 2.5});
        enum_unit, "enum with data, unit variant": Model { x: Shape::Point } => json!({"variant": "Point"});
        result, "`Result`": Model { x: Err::<u8, String>("no".into()) } => json!({"variant": "Err", "0": "no"});
        encoded, "`bincode`, `postcard`": Encoded { x: (1, "a".into()) } => json!([1, 1, 97]);
        filtered, "filter `AsString`": Filtered { x: 1.5 } => json!("1.5");
    }
}

fn sequences() -> Vec<Kind> {
    kinds! {
        array_fixed, "`[[i16; 3]; 2]`": Model { x: [[1i16, 2, 3], [4, 5, 6]] } => json!([[1, 2, 3], [4, 5, 6]]);
        vec_u8, "`Vec<u8>`": Model { x: vec![0u8, 255] } => json!([0, 255]);
        vec_i64, "`Vec<i64>`": Model { x: vec![i64::MAX, i64::MIN + 1, 0] } => json!([i64::MAX, i64::MIN + 1, 0]);
        vec_f64, "`Vec<f64>`": Model { x: vec![0.1, f64::NAN, f64::NEG_INFINITY] } => json!([0.1, "nan", "-inf"]);
        vec_empty, "`Vec<f64>`, empty": Model { x: Vec::<f64>::new() } => json!([]);
        vec_gzip, "`Vec<f64>`, gzip": Gzipped { x: vec![0.5; 100] } => json!(vec![0.5; 100]);
        vec_bool, "`Vec<bool>`": Model { x: vec![true, false, true] } => json!([true, false, true]);
        vec_complex, "`Vec<Complex<f32>>`": Model { x: vec![Complex::new(1.5f32, -0.5), Complex::new(0.0, 2.5)] }
            => json!([[1.5, -0.5], [0.0, 2.5]]);
        vec_enum, "`Vec<enum>`": Model { x: vec![Color::Green, Color::Red] } => json!(["Green", "Red"]);
        vec_string, "`Vec<String>`": Model { x: texts(&[TEXT, "", " b "]) } => json!([TEXT, "", " b "]);
        vec_string_uneven, "`Vec<String>` of variable length": Model { x: uneven() } => json!(uneven());
        vec_string_packed, "`Vec<String>`, packed": Packed { x: texts(&["a ", "", "ß"]) } => json!(["a ", "", "ß"]);
        set, "set": Model { x: BTreeSet::from([3u16, 1]) } => json!([1, 3]);
        vec_struct, "`Vec<struct>`": Model { x: vec![record(1), record(2)] } => records();
        vec_struct_empty, "`Vec<struct>`, empty": Model { x: Vec::<Record>::new() }
            => json!({"field": [], "id": [], "name": []});
        vec_struct_list, "`Vec<struct>`, `layout = \"rows\"`": Listed { x: vec![record(1), record(2)] }
            => json!([{"field": 1.5, "id": 1, "name": "ü1"}, {"field": 2.5, "id": 2, "name": "ü2"}]);
        vec_struct_compound, "`Vec<struct>`, `layout = \"compound\"`": Compound { x: vec![record(1), record(2)] }
            => records();
        vec_struct_frame, "`Vec<struct>`, `DataFrame`":
            Frame { x: [("ü1", 1.5), ("b", 2.5)].map(|(id, field)| Observation { id: id.to_string(), field }).into() }
            => json!({"field": [1.5, 2.5]});
        vec_tuple, "`Vec<tuple>`": Model { x: vec![(1u8, "ü".to_string()), (2, "b".into())] }
            => json!({"0": [1, 2], "1": ["ü", "b"]});
        vec_enum_data, "`Vec<enum with data>`": Model { x: shapes() }
            => json!({"variant": ["Rect", "Point", "Circle", "Rect"], "Circle": {"0": [0.5]},
                      "Rect": {"field": [1.5, 3.5], "w": [2.5, 4.5]}});
        vec_option, "`Vec<Option<number>>`": Model { x: vec![Some(7i32), None, Some(-7)] } => json!([7, null, -7]);
        vec_option_bool, "`Vec<Option<bool>>`": Model { x: vec![Some(true), None] } => json!([true, null]);
        vec_option_string, "`Vec<Option<String>>`": Model { x: vec![None, Some("ü".to_string()), Some(String::new())] }
            => json!([null, "ü", ""]);
        vec_option_struct, "`Vec<Option<struct>>`": Model { x: vec![None, Some(record(1)), None, Some(record(2))] }
            => json!({"mask": [true, false, true, false], "values": records()});
        vec_vec, "`Vec<Vec<T>>`": Model { x: vec![vec![1.5, 2.5], vec![], vec![3.5]] } => json!([[1.5, 2.5], [], [3.5]]);
        vec_array, "`Vec<[T; N]>`": Model { x: vec![[1u8, 2, 3], [4, 5, 6]] } => json!([[1, 2, 3], [4, 5, 6]]);
        vec_array_option, "`Vec<[Option<T>; N]>`": Model { x: vec![[Some(1u8), None], [None, Some(2)]] }
            => json!([[1, null], [null, 2]]);
    }
}

fn maps() -> Vec<Kind> {
    kinds! {
        map, "map to numbers": Model { x: named([("%2F", 1.5), ("ü", 2.5)]) }
            => json!({"%2F": 1.5, "ü": 2.5});
        map_int, "map, integers to text": Model { x: BTreeMap::from([(-1i64, "ü".to_string()), (2, "b".into())]) }
            => json!({"-1": "ü", "2": "b"});
        map_struct, "map to flat structs": Model { x: named([("a", record(1)), ("b", record(2))]) }
            => json!({"keys": ["a", "b"], "values": records()});
        map_tuple, "map, tuples as keys": Model { x: by_pair() }
            => json!({"keys": {"0": [1, 2], "1": ["a", "b"]}, "values": [[1.5, 2.5], []]});
        map_vec, "map to anything else": Model { x: named([("a", vec![1.5, 2.5]), ("key", vec![3.5])]) }
            => json!({"a": [1.5, 2.5], "key": [3.5]});
        map_escaped, "the same, keys with `/`": Model { x: named([("a/b%", vec![1.5, 2.5]), ("..", vec![3.5])]) }
            => json!({"a/b%": [1.5, 2.5], "..": [3.5]});
        vec_map, "`Vec<map>`": Model { x: [vec![(1u8, 1.5), (2, 2.5)], vec![], vec![(1, 3.5)]].map(BTreeMap::from_iter).to_vec() }
            => json!([{"1": 1.5, "2": 2.5}, {}, {"1": 3.5}]);
    }
}

fn arrays() -> Vec<Kind> {
    kinds! {
        array_0, "`Array0`": Model { x: arr0(1.5) } => json!(1.5);
        array_2, "`Array2`": Model { x: array![[1i32, 2, 3], [4, 5, 6]] } => json!([[1, 2, 3], [4, 5, 6]]);
        array_3, "`Array3`": Model { x: Array::from_iter(0..24u8).into_shape_with_order((2, 3, 4)).unwrap() as Array3<u8> }
            => json!([[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]], [[12, 13, 14, 15], [16, 17, 18, 19], [20, 21, 22, 23]]]);
        array_string, "`Array2<String>`": Model { x: array![["a", "ü", ""], ["d", "e", "f"]].map(ToString::to_string) }
            => json!([["a", "ü", ""], ["d", "e", "f"]]);
        array_empty, "`Array2`, `(2, 0)`": Model { x: Array2::<f64>::zeros((2, 0)) } => json!([[], []]);
        vec_array_2, "`Vec<Array2>`": Model { x: vec![array![[1u8, 2], [3, 4]], array![[5, 6, 7], [8, 9, 10]]] }
            => json!([[[1, 2], [3, 4]], [[5, 6, 7], [8, 9, 10]]]);
        csr, "`CsMat`, rows": Model { x: triplets().to_csr::<usize>() as CsMat<f64> } => dense();
        csc, "`CsMat`, columns": Model { x: triplets().to_csc::<usize>() as CsMat<f64> } => dense();
        triplets, "`TriMat`": Model { x: triplets() } => dense();
        sparse_vec, "`CsVec`": Model { x: CsVec::new(4, vec![1, 3], vec![1.5, 2.5]) } => json!([0.0, 1.5, 0.0, 2.5]);
    }
}
