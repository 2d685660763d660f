//! Every attribute of the derive.

use filebacked::{ErrorKind, File, FileBacked, Save, WriteContext, WriteOptions};
use filebacked_tests::{python, round_trip, scratch};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Loads as one type what was saved as another.
#[track_caller]
fn reread<T: FileBacked>(value: &impl Save) -> filebacked::Result<T> {
    filebacked::from_bytes(&filebacked::to_bytes(value).unwrap())
}

fn links(value: &impl Save) -> Vec<String> {
    let (_dir, path) = scratch("links.h5");
    filebacked::save(&path, value).unwrap();
    let mut names = File::open(&path).unwrap().names().unwrap();
    names.sort();
    names
}

/// The names of the columns of a table.
fn columns(value: &impl Save) -> Vec<String> {
    let (_dir, path) = scratch("columns.h5");
    filebacked::save(&path, value).unwrap();
    let file = File::open(&path).unwrap();
    let mut names = file.as_hdf5().unwrap().group("value").unwrap().member_names().unwrap();
    names.sort();
    names
}

// ---- names

#[derive(FileBacked, Debug, PartialEq)]
struct Old {
    width: u32,
    kind: OldKind,
    shape: OldShape,
}

#[derive(FileBacked, Debug, PartialEq)]
enum OldKind {
    Dense,
    Sparse,
}

#[derive(FileBacked, Debug, PartialEq)]
enum OldShape {
    Point,
    Circle { r: f64 },
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(name = "Old")]
struct Renamed {
    #[filebacked(rename = "size", alias = "length", alias = "width")]
    width: u32,
    kind: NewKind,
    shape: NewShape,
}

#[derive(FileBacked, Debug, PartialEq)]
enum NewKind {
    #[filebacked(rename = "sparse", alias = "Sparse")]
    Sparse,
    #[filebacked(alias = "Dense")]
    Full,
}

#[derive(FileBacked, Debug, PartialEq)]
enum NewShape {
    #[filebacked(alias = "Circle")]
    Disc {
        #[filebacked(alias = "r")]
        radius: f64,
    },
    Point,
}

#[test]
fn renamed_and_aliased() {
    let old = |i: u32| Old {
        width: i,
        kind: if i == 1 { OldKind::Dense } else { OldKind::Sparse },
        shape: if i == 1 { OldShape::Point } else { OldShape::Circle { r: 0.5 } },
    };
    let new = |i: u32| Renamed {
        width: i,
        kind: if i == 1 { NewKind::Full } else { NewKind::Sparse },
        shape: if i == 1 { NewShape::Point } else { NewShape::Disc { radius: 0.5 } },
    };
    for i in [1, 2] {
        assert_eq!(reread::<Renamed>(&old(i)).unwrap(), new(i));
        round_trip(&new(i));
    }
    assert_eq!(reread::<Vec<Renamed>>(&vec![old(1), old(2)]).unwrap(), [new(1), new(2)]);
    round_trip(&vec![new(1), new(2)]);
    assert_eq!(links(&new(1)), ["kind", "shape", "size"]);
}

// ---- what is not stored, or not there

#[derive(Debug, PartialEq, Clone, Copy)]
struct NotBacked(u8);

impl Default for NotBacked {
    fn default() -> Self {
        NotBacked(9)
    }
}

fn eleven() -> u8 {
    11
}

#[derive(FileBacked, Debug, PartialEq)]
struct Absent {
    id: u8,
    #[filebacked(skip)]
    never: NotBacked,
    #[filebacked(skip, default = NotBacked(3))]
    never_but: NotBacked,
    #[filebacked(default)]
    zero: u8,
    #[filebacked(default = eleven())]
    eleven: u8,
    #[filebacked(default = Some(5))]
    option: Option<u8>,
    #[filebacked(default)]
    plain: Option<u8>,
    #[filebacked(default = vec![1, 2])]
    list: Vec<u8>,
}

#[derive(FileBacked)]
#[filebacked(name = "Absent")]
struct Id {
    id: u8,
}

fn absent(id: u8) -> Absent {
    Absent {
        id,
        never: NotBacked(9),
        never_but: NotBacked(3),
        zero: 0,
        eleven: 11,
        option: Some(5),
        plain: None,
        list: vec![1, 2],
    }
}

#[test]
fn defaults() {
    assert_eq!(reread::<Absent>(&Id { id: 1 }).unwrap(), absent(1));
    assert_eq!(reread::<Vec<Absent>>(&vec![Id { id: 1 }, Id { id: 2 }]).unwrap(), [absent(1), absent(2)]);
    assert_eq!(reread::<Vec<Absent>>(&Vec::<Id>::new()).unwrap(), []);
    let other = || Absent { never: NotBacked(1), never_but: NotBacked(2), zero: 4, eleven: 5, ..absent(7) };
    let read = Absent { never: NotBacked(9), never_but: NotBacked(3), ..other() };
    assert_eq!(reread::<Absent>(&other()).unwrap(), read);
    assert_eq!(reread::<Vec<Absent>>(&vec![other()]).unwrap(), [read]);
    assert_eq!(links(&other()), ["eleven", "id", "list", "option", "zero"]);
    // In columns, too, nothing tells of the fields that are not stored.
    assert_eq!(columns(&vec![other()]), ["eleven", "id", "list", "option", "plain", "zero"]);
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(default)]
struct Settings {
    depth: u32,
    name: String,
    note: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { depth: 7, name: "default".into(), note: Some("note".into()) }
    }
}

#[test]
fn a_struct_with_defaults() {
    #[derive(FileBacked)]
    struct Depth {
        depth: u32,
    }
    #[derive(FileBacked)]
    struct Nothing {}
    assert_eq!(
        reread::<Settings>(&Depth { depth: 1 }).unwrap(),
        Settings { depth: 1, note: None, ..Settings::default() }
    );
    assert_eq!(reread::<Settings>(&Nothing {}).unwrap(), Settings { note: None, ..Settings::default() });
    let read = reread::<Vec<Settings>>(&vec![Depth { depth: 1 }, Depth { depth: 2 }]).unwrap();
    assert_eq!(read.iter().map(|s| (s.depth, s.name.as_str())).collect::<Vec<_>>(), [(1, "default"), (2, "default")]);
    round_trip(&Settings { note: None, ..Settings::default() });
    round_trip(&vec![Settings::default(), Settings { note: None, ..Settings::default() }]);
}

fn is_zero(value: &u32, _: &WriteContext) -> bool {
    *value == 0
}

struct Keep;

fn unless_kept(_: &Vec<u8>, cx: &WriteContext) -> bool {
    cx.extension::<Keep>().is_none()
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Sometimes {
    #[filebacked(skip_if = is_zero)]
    number: u32,
    #[filebacked(skip_if = is_zero, default = 7)]
    seven: u32,
    #[filebacked(skip_if = unless_kept)]
    cache: Vec<u8>,
    #[filebacked(skip_if = |text, _| text.is_empty(), default = "none".to_string())]
    text: String,
}

#[test]
fn skipped_by_value() {
    let all = Sometimes { number: 1, seven: 2, cache: vec![], text: "x".into() };
    let none = Sometimes { number: 0, seven: 0, cache: vec![1], text: String::new() };
    let read = Sometimes { number: 0, seven: 7, cache: vec![], text: "none".into() };
    assert_eq!(reread::<Sometimes>(&all).unwrap(), all);
    assert_eq!(reread::<Sometimes>(&none).unwrap(), read);
    assert_eq!(links(&none), [""; 0]);
    assert_eq!(links(&all), ["number", "seven", "text"]);
    assert_eq!(
        reread::<Vec<Sometimes>>(&vec![all.clone(), none.clone(), all.clone()]).unwrap(),
        [all.clone(), read, all]
    );
    let bytes = WriteOptions::new().extension(Keep).to_bytes(&none).unwrap();
    assert_eq!(filebacked::from_bytes::<Sometimes>(&bytes).unwrap().cache, [1]);
    let bytes = WriteOptions::new().extension(Keep).to_bytes(&vec![none]).unwrap();
    assert_eq!(filebacked::from_bytes::<Vec<Sometimes>>(&bytes).unwrap()[0].cache, [1]);
}

// ---- flatten, attributes, paths

#[derive(FileBacked, Debug, PartialEq)]
struct Outer {
    id: u8,
    #[filebacked(flatten)]
    middle: Middle,
    #[filebacked(flatten)]
    more: Generic<u16>,
    last: String,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Middle {
    x: f64,
    #[filebacked(flatten)]
    inner: Innermost,
    maybe: Option<u8>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Innermost {
    deep: Vec<u8>,
    #[filebacked(attr)]
    unit: String,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Generic<T> {
    value: T,
}

fn outer(id: u8) -> Outer {
    let inner = Innermost { deep: vec![id], unit: format!("m{id}") };
    Outer {
        id,
        middle: Middle { x: 0.5, inner, maybe: (id > 1).then_some(id) },
        more: Generic { value: 3 },
        last: "z".into(),
    }
}

#[test]
fn flattened() {
    round_trip(&outer(1));
    round_trip(&vec![outer(1), outer(2)]);
    round_trip(&Vec::<Outer>::new());
    assert_eq!(links(&outer(1)), ["deep", "id", "last", "value", "x"]);
    assert_eq!(columns(&vec![outer(1)]), ["deep", "id", "last", "maybe", "unit", "value", "x"]);
    let bytes = WriteOptions::new().skip(["maybe"]).to_bytes(&outer(2)).unwrap();
    assert_eq!(filebacked::from_bytes::<Outer>(&bytes).unwrap().middle.maybe, None, "flattened names are no level");
}

#[derive(FileBacked, Debug, PartialEq)]
struct Attributed {
    data: Vec<f64>,
    #[filebacked(attr)]
    unit: String,
    #[filebacked(attr, rename = "sample rate")]
    rate: f64,
    #[filebacked(attr)]
    axes: Vec<u16>,
    #[filebacked(attr)]
    note: Option<String>,
    #[filebacked(attr)]
    flag: bool,
    #[filebacked(attr)]
    color: Color,
    #[filebacked(attr)]
    wide: u128,
    #[filebacked(attr)]
    grid: [[i8; 2]; 2],
}

#[derive(FileBacked, Debug, PartialEq)]
enum Color {
    Red,
    Blue,
}

fn attributed(note: Option<&str>) -> Attributed {
    Attributed {
        data: vec![0.5],
        unit: "größe".into(),
        rate: 2.5,
        axes: vec![1, 2],
        note: note.map(String::from),
        flag: true,
        color: Color::Blue,
        wide: u128::MAX,
        grid: [[1, 2], [3, -4]],
    }
}

#[test]
fn attributes() {
    round_trip(&attributed(None));
    round_trip(&attributed(Some("x")));
    round_trip(&vec![attributed(None), attributed(Some(""))]);
    assert_eq!(links(&attributed(Some("x"))), ["data"]);
    assert!(columns(&vec![attributed(None)]).contains(&"sample rate".to_string()), "in columns a column");
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("attributes.h5");
    filebacked::save(&path, &attributed(None)).unwrap();
    let file = python.describe(&path);
    let root = file.at("/");
    let names = ["axes", "color", "filebacked", "filebacked_format", "flag", "grid", "sample rate", "unit", "wide"];
    assert_eq!(root.attribute_names(), names);
    root.attribute("unit").holds("str-fixed-7-utf8", &[], "größe");
    root.attribute("sample rate").holds("<f8", &[], 2.5);
    root.attribute("axes").holds("<u2", &[2], json!([1, 2]));
    root.attribute("flag").holds("bool", &[], true);
    root.attribute("color").holds(r#"enum:{"Red":0,"Blue":1}"#, &[], 1);
    root.attribute("grid").holds("|i1", &[2, 2], json!([[1, 2], [3, -4]]));
}

#[test]
fn an_attribute_that_needs_a_group_is_an_error() {
    #[derive(FileBacked)]
    struct Wrong {
        #[filebacked(attr)]
        pair: (u8, u8),
    }
    let error = filebacked::to_bytes(&Wrong { pair: (1, 2) }).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert_eq!(error.path(), "/pair");
    assert!(error.help().unwrap().contains("`attr`"), "{error}");
}

#[derive(FileBacked, Debug, PartialEq)]
struct Paths {
    #[filebacked(rename = "meta/author")]
    author: String,
    #[filebacked(rename = "meta/deep/year")]
    year: u16,
    #[filebacked(rename = "meta/note")]
    note: Option<String>,
    plain: u8,
}

#[test]
fn a_path_as_a_name() {
    let paths = || Paths { author: "a".into(), year: 2000, note: None, plain: 1 };
    round_trip(&paths());
    round_trip(&vec![paths(), Paths { note: Some("n".into()), ..paths() }]);
    let (_dir, path) = scratch("paths.h5");
    filebacked::save(&path, &paths()).unwrap();
    assert_eq!(File::open(&path).unwrap().read::<u16>("meta/deep/year").unwrap(), 2000);
}

// ---- containers

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(deny_unknown, removed("old"))]
struct Strict {
    #[filebacked(alias = "y")]
    x: u8,
    #[filebacked(flatten)]
    flat: Generic<u8>,
}

#[test]
fn unknown_members() {
    #[derive(FileBacked, Clone)]
    struct More {
        y: u8,
        value: u8,
        old: Option<u8>,
        surprise: Option<u8>,
    }
    let more = More { y: 1, value: 2, old: Some(3), surprise: None };
    let strict = Strict { x: 1, flat: Generic { value: 2 } };
    assert_eq!(reread::<Strict>(&more).unwrap(), strict);
    round_trip(&strict);
    round_trip(&vec![strict]);
    let error = reread::<Strict>(&More { surprise: Some(1), ..more.clone() }).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UnknownMember("surprise".into()));
    assert!(error.help().unwrap().contains("`x`"), "{error}");
    let error = reread::<Vec<Strict>>(&vec![more]).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UnknownMember("surprise".into()), "a column is a member");
    assert_eq!(error.path(), "/value");
}

#[derive(FileBacked, Debug, PartialEq)]
struct Newtype(Vec<u8>);

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(transparent)]
struct Transparent {
    only: Option<u8>,
    #[filebacked(skip)]
    cache: u8,
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(transparent = false)]
struct Opaque(u8);

#[derive(FileBacked, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Name(String);

#[test]
fn transparent_forms() {
    assert_eq!(filebacked::to_bytes(&Newtype(vec![1])).unwrap(), filebacked::to_bytes(&vec![1u8]).unwrap());
    round_trip(&vec![Newtype(vec![1]), Newtype(vec![])]);
    assert_eq!(reread::<Vec<u8>>(&Newtype(vec![1])).unwrap(), [1]);
    // Absence, map keys and layouts shine through.
    let transparent = |only| Transparent { only, cache: 0 };
    round_trip(&vec![transparent(None), transparent(Some(1))]);
    round_trip(&(transparent(None), transparent(Some(0))));
    round_trip(&vec![Some(transparent(None)), None]);
    assert_eq!(reread::<Option<u8>>(&transparent(Some(3))).unwrap(), Some(3));
    let named = || BTreeMap::from([(Name("a/b".into()), vec![1u8])]);
    round_trip(&named());
    let plain = BTreeMap::from([("a/b".to_string(), vec![1u8])]);
    assert_eq!(filebacked::to_bytes(&named()).unwrap(), filebacked::to_bytes(&plain).unwrap());
    assert_eq!(links(&Opaque(1)), ["0"]);
    round_trip(&vec![Opaque(1), Opaque(2)]);
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(after_read = Summed::sum)]
struct Summed {
    parts: Vec<u32>,
    #[filebacked(skip)]
    total: u32,
}

impl Summed {
    fn sum(&mut self) {
        self.total = self.parts.iter().sum();
    }
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(after_read = check_odd)]
struct Odd {
    value: u32,
}

fn check_odd(odd: &mut Odd) -> Result<(), String> {
    if odd.value % 2 == 1 { Ok(()) } else { Err(format!("{} is even", odd.value)) }
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(after_read = Counted::count)]
enum Counted {
    One,
    Many {
        list: Vec<u8>,
        #[filebacked(skip)]
        len: usize,
    },
}

impl Counted {
    fn count(&mut self) -> filebacked::Result<()> {
        if let Counted::Many { list, len } = self {
            *len = list.len();
        }
        Ok(())
    }
}

#[test]
fn after_reading() {
    let summed = |total| Summed { parts: vec![1, 2], total };
    assert_eq!(reread::<Summed>(&summed(0)).unwrap(), summed(3));
    assert_eq!(reread::<Vec<Summed>>(&vec![summed(0), summed(0)]).unwrap(), [summed(3), summed(3)]);
    assert_eq!(reread::<Odd>(&Odd { value: 3 }).unwrap(), Odd { value: 3 });
    let error = reread::<BTreeMap<String, (Odd, Vec<u8>)>>(&BTreeMap::from([("a", (Odd { value: 2 }, vec![1u8]))]))
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Custom(what) if what == "2 is even"), "{error}");
    assert_eq!(error.path(), "/a/0");
    let error = reread::<Vec<Odd>>(&vec![Odd { value: 1 }, Odd { value: 4 }]).unwrap_err();
    assert!(error.to_string().contains("4 is even"), "{error}");
    let many = |len| Counted::Many { list: vec![1, 2], len };
    assert_eq!(reread::<Vec<Counted>>(&vec![Counted::One, many(0)]).unwrap(), [Counted::One, many(2)]);
    assert_eq!(reread::<Counted>(&many(0)).unwrap(), many(2));
}

// ---- enums

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(tag = "kind of", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Tagged {
    EmptyOne,
    Tuple(u8, Option<String>),
    Struct {
        long_name: Vec<u8>,
        #[filebacked(attr)]
        unit: String,
    },
    #[filebacked(rename = "box")]
    Boxed(Box<Tagged>),
    NoFields {},
    Newtype((u8, u8)),
}

fn tagged() -> Vec<Tagged> {
    vec![
        Tagged::Tuple(1, None),
        Tagged::EmptyOne,
        Tagged::Struct { long_name: vec![1], unit: "m".into() },
        Tagged::Boxed(Box::new(Tagged::Tuple(2, Some("x".into())))),
        Tagged::NoFields {},
        Tagged::Newtype((3, 4)),
        Tagged::Boxed(Box::new(Tagged::Boxed(Box::new(Tagged::EmptyOne)))),
    ]
}

#[test]
fn enums_of_every_kind() {
    for value in tagged() {
        round_trip(&value);
    }
    round_trip(&tagged());
    round_trip(&Vec::<Tagged>::new());
    round_trip(&vec![Some(tagged()), None]);
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("tagged.h5");
    filebacked::save(&path, &tagged().swap_remove(2)).unwrap();
    let file = python.describe(&path);
    let root = file.group("/", "enum Tagged 1", &["longName"]);
    root.attribute("kind of").holds("str-fixed-6-utf8", &[], "struct");
    root.attribute("unit").holds("str-fixed-1-utf8", &[], "m");
    filebacked::save(&path, &tagged()).unwrap();
    let file = python.describe(&path);
    let tags = file.at("/value/kind of");
    assert_eq!(tags.get("value"), &json!([1, 0, 2, 3, 4, 5, 3]));
    file.dataset("/value/struct/unit", "str-fixed-1-utf8", &[1], json!(["m"]));
    file.dataset("/value/tuple/0", "|u1", &[1], json!([1]));
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
#[filebacked(repr = "string")]
enum AsText {
    One,
    #[filebacked(rename = "zwei größer")]
    Two,
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
#[filebacked(repr = "u8")]
enum AsU8 {
    Low = 3,
    High = 255,
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
#[filebacked(repr = "i64")]
enum AsI64 {
    Low = i64::MIN as isize,
    Zero = 0,
    Next,
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
#[filebacked(repr = "enum")]
enum AsEnum {
    Minus = -5,
    Next,
}

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
#[repr(u64)]
enum Large {
    Max = u64::MAX,
    Zero = 0,
}

#[test]
fn enums_without_data() {
    round_trip(&vec![AsText::Two, AsText::One]);
    round_trip(&vec![AsU8::High, AsU8::Low]);
    round_trip(&vec![AsI64::Low, AsI64::Zero, AsI64::Next]);
    round_trip(&vec![AsEnum::Next, AsEnum::Minus]);
    round_trip(&vec![Large::Max, Large::Zero]);
    round_trip(&vec![Some(AsU8::High), None]);
    round_trip(&[AsText::One, AsText::Two].map(|key| (format!("{key:?}"), key)));
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("repr.h5");
    let file = File::create(&path).unwrap();
    file.write("text", &vec![AsText::Two, AsText::One]).unwrap();
    file.write("one", &AsText::Two).unwrap();
    file.write("u8", &vec![AsU8::High, AsU8::Low]).unwrap();
    file.write("i64", &AsI64::Next).unwrap();
    file.write("enum", &AsEnum::Next).unwrap();
    file.write("large", &Large::Max).unwrap();
    drop(file);
    let file = python.describe(&path);
    file.dataset("/text", "str-fixed-13-utf8", &[2], json!(["zwei größer", "One"]));
    file.dataset("/one", "str-fixed-13-utf8", &[], "zwei größer");
    file.dataset("/u8", "|u1", &[2], json!([255, 3]));
    file.dataset("/i64", "<i8", &[], 1);
    file.dataset("/enum", r#"enum:{"Minus":-5,"Next":-4}"#, &[], -4);
    assert_eq!(file.at("/large").get("value"), &json!(u64::MAX));
}

#[test]
fn enums_without_data_are_keys() {
    #[derive(FileBacked, Debug, PartialEq, Eq, PartialOrd, Ord)]
    enum Key {
        #[filebacked(rename = "a/b")]
        First,
        Second,
    }
    let lists = || BTreeMap::from([(Key::First, vec![1u8]), (Key::Second, vec![])]);
    round_trip(&lists());
    assert_eq!(links(&lists()), ["Second", "a%2Fb"]);
    round_trip(&BTreeMap::from([(Key::First, 1u8), (Key::Second, 2)]));
}

#[derive(FileBacked, Debug, PartialEq)]
enum Tolerant {
    Known,
    #[filebacked(other)]
    Unknown,
}

#[derive(FileBacked, Debug, PartialEq)]
enum TolerantData {
    Known(u8),
    #[filebacked(other)]
    Unknown,
}

#[test]
fn other() {
    #[derive(FileBacked)]
    enum Newer {
        Known,
        Novel,
    }
    #[derive(FileBacked)]
    #[filebacked(name = "TolerantData")]
    enum NewerData {
        Known(u8),
        Novel(String),
    }
    assert_eq!(reread::<Tolerant>(&Newer::Novel).unwrap(), Tolerant::Unknown);
    let read = reread::<Vec<Tolerant>>(&vec![Newer::Novel, Newer::Known]).unwrap();
    assert_eq!(read, [Tolerant::Unknown, Tolerant::Known]);
    assert_eq!(reread::<TolerantData>(&NewerData::Novel("x".into())).unwrap(), TolerantData::Unknown);
    let newer = vec![NewerData::Known(1), NewerData::Novel("x".into()), NewerData::Known(2)];
    let read = reread::<Vec<TolerantData>>(&newer).unwrap();
    assert_eq!(read, [TolerantData::Known(1), TolerantData::Unknown, TolerantData::Known(2)]);
    round_trip(&vec![TolerantData::Unknown, TolerantData::Known(1)]);
}

// ---- generics

trait Unit {
    const NAME: &'static str;
}

#[derive(Debug, PartialEq)]
struct Meter;

impl Unit for Meter {
    const NAME: &'static str = "m";
}

#[derive(FileBacked, Debug, PartialEq)]
struct Quantity<T, U: Unit>
where
    T: Clone,
{
    values: Vec<T>,
    first: Option<T>,
    unit: std::marker::PhantomData<U>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Grid<T, const W: usize, const H: usize> {
    cells: [[T; W]; H],
}

#[derive(FileBacked, Debug, PartialEq)]
enum Either<L, R = u8> {
    Left(L),
    Right { value: R, more: Vec<R> },
    Neither,
}

#[derive(FileBacked, Debug, PartialEq)]
struct List<T> {
    head: T,
    tail: Option<Box<List<T>>>,
    more: Vec<List<T>>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Ping {
    pongs: Vec<Pong>,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Pong {
    ping: Option<Box<Ping>>,
    by_name: BTreeMap<String, Ping>,
}

trait Kind {
    type Value: FileBacked + Debug + PartialEq;
}

#[derive(Debug, PartialEq)]
struct Numbers;

impl Kind for Numbers {
    type Value = u64;
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(bound = "K: 'static")]
struct Associated<K: Kind> {
    value: K::Value,
}

#[derive(FileBacked, Debug, PartialEq)]
struct Projected<K: Kind> {
    value: K::Value,
    list: Vec<K::Value>,
}

#[test]
fn generic_types() {
    assert_eq!(Meter::NAME, "m");
    let quantity = || Quantity::<f64, Meter> { values: vec![0.5], first: None, unit: std::marker::PhantomData };
    round_trip(&quantity());
    round_trip(&vec![quantity(), Quantity { first: Some(1.5), ..quantity() }]);
    round_trip(&Grid { cells: [[1u8, 2, 3], [4, 5, 6]] });
    round_trip(&vec![Grid::<String, 1, 1> { cells: [["x".into()]] }]);
    round_trip(&Grid::<u8, 0, 2> { cells: [[], []] });
    let either = || vec![Either::Left("x".to_string()), Either::Right { value: 1u8, more: vec![2] }, Either::Neither];
    round_trip(&either());
    either().iter().for_each(round_trip);
    round_trip(&Associated::<Numbers> { value: 7 });
    round_trip(&vec![Projected::<Numbers> { value: 7, list: vec![8] }]);
}

#[test]
fn recursive_types() {
    let end = |head: &str| List { head: head.to_string(), tail: None, more: vec![] };
    let list = List {
        tail: Some(Box::new(end("b"))),
        more: vec![end("c"), List { more: vec![end("e")], ..end("d") }],
        ..end("a")
    };
    round_trip(&list);
    round_trip(&vec![list, end("z")]);
    round_trip(&Vec::<List<u8>>::new());
    let none = || Ping { pongs: vec![] };
    let pong = Pong { ping: Some(Box::new(none())), by_name: BTreeMap::from([("x".to_string(), none())]) };
    let ping = Ping { pongs: vec![pong, Pong { ping: None, by_name: BTreeMap::new() }] };
    round_trip(&ping);
    round_trip(&vec![ping, none()]);
}

#[derive(Save)]
struct Borrowed<'a, T> {
    name: &'a str,
    values: &'a [T],
    list: Vec<&'a str>,
    maybe: Option<&'a T>,
    map: BTreeMap<&'a str, &'a [T]>,
    inner: Option<Box<Borrowed<'a, T>>>,
}

#[derive(FileBacked, Debug, PartialEq)]
#[filebacked(name = "Borrowed")]
struct Owned {
    name: String,
    values: Vec<u16>,
    list: Vec<String>,
    maybe: Option<u16>,
    map: BTreeMap<String, Vec<u16>>,
    inner: Option<Box<Owned>>,
}

#[derive(Save)]
enum BorrowedEnum<'a> {
    Text(&'a str),
    None,
}

#[test]
fn types_that_borrow() {
    let values = [1u16, 2];
    let borrowed = |inner| Borrowed {
        name: "n",
        values: &values,
        list: vec!["a", "b\0"],
        maybe: Some(&values[0]),
        map: BTreeMap::from([("k", &values[1..])]),
        inner,
    };
    let owned = |inner| Owned {
        name: "n".into(),
        values: vec![1, 2],
        list: vec!["a".into(), "b\0".into()],
        maybe: Some(1),
        map: BTreeMap::from([("k".to_string(), vec![2])]),
        inner,
    };
    let (one, two) = (borrowed(Some(Box::new(borrowed(None)))), owned(Some(Box::new(owned(None)))));
    assert_eq!(reread::<Owned>(&one).unwrap(), two);
    assert!(filebacked::to_bytes(&one).unwrap() == filebacked::to_bytes(&two).unwrap());
    let (one, two) = (vec![one, borrowed(None)], vec![two, owned(None)]);
    assert_eq!(reread::<Vec<Owned>>(&one).unwrap(), two);
    assert!(filebacked::to_bytes(&one).unwrap() == filebacked::to_bytes(&two).unwrap());
    assert_eq!(links(&BorrowedEnum::Text("x")), ["0"]);
    assert_eq!(links(&BorrowedEnum::None), [""; 0]);
}

mod elsewhere {
    //! The library under another name, and names of the prelude taken.
    use filebacked as library;

    #[allow(dead_code, non_camel_case_types)]
    mod hostile {
        pub(super) struct Vec;
        pub(super) struct Option;
        pub(super) struct Result;
        pub(super) struct String;
        pub(super) trait Save {}
        pub(super) trait FileBacked {}
    }
    #[allow(unused_imports)]
    use hostile::*;

    #[derive(library::FileBacked, Debug, PartialEq)]
    #[filebacked(crate = library)]
    pub(super) struct Elsewhere {
        pub(super) group: u8,
        pub(super) slot: ::std::option::Option<u8>,
        pub(super) node: ::std::vec::Vec<Kind>,
        pub(super) value: u8,
        pub(super) rows: u8,
    }

    #[derive(library::FileBacked, Debug, PartialEq)]
    #[filebacked(crate = library)]
    pub(super) enum Kind {
        Ok(u8),
        None,
        Some { group: u8, self_: u8 },
    }
}

#[test]
fn generated_code_is_hygienic() {
    use elsewhere::{Elsewhere, Kind};
    let node = vec![Kind::Ok(1), Kind::None, Kind::Some { group: 1, self_: 2 }];
    let value = || Elsewhere { group: 1, slot: Some(2), node: vec![], value: 3, rows: 4 };
    round_trip(&Elsewhere { node, ..value() });
    round_trip(&vec![value()]);
}

#[test]
fn versions_are_recorded() {
    #[derive(FileBacked, Debug, PartialEq)]
    #[filebacked(version = 3, name = "Versioned")]
    struct Versioned {
        x: u8,
    }
    #[derive(FileBacked)]
    #[filebacked(name = "Versioned", version = 4)]
    struct Later {
        x: u8,
    }
    round_trip(&vec![Versioned { x: 1 }]);
    let error = reread::<Versioned>(&Later { x: 1 }).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Version { found: 4, supported: 3 });
    let error = reread::<Vec<Versioned>>(&vec![Later { x: 1 }]).unwrap_err();
    assert_eq!((error.kind(), error.path().as_str()), (&ErrorKind::Version { found: 4, supported: 3 }, "/value"));
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("version.h5");
    filebacked::save(&path, &Versioned { x: 1 }).unwrap();
    assert_eq!(python.describe(&path).at("/").stamp(), Some("struct Versioned 3"));
}

#[test]
fn layouts() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Layouts {
        #[filebacked(layout = "links")]
        links: BTreeMap<String, u8>,
        #[filebacked(layout = "columns")]
        columns: BTreeMap<String, Vec<u8>>,
        #[filebacked(layout = "packed")]
        packed: Vec<String>,
        #[filebacked(layout = "rows")]
        rows: Vec<Generic<u8>>,
    }
    let value = || Layouts {
        links: BTreeMap::from([("a".to_string(), 1), ("b".to_string(), 2)]),
        columns: BTreeMap::from([("a".to_string(), vec![1])]),
        packed: vec!["a".into(), "bc".into()],
        rows: vec![Generic { value: 1 }, Generic { value: 2 }],
    };
    round_trip(&value());
    round_trip(&vec![value(), value()]);
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("layouts.h5");
    filebacked::save(&path, &value()).unwrap();
    let file = python.describe(&path);
    file.group("/links", "links", &["a", "b"]);
    file.group("/columns", "map", &["keys", "values"]);
    file.group("/packed", "packed", &["bytes", "offsets"]);
    file.group("/rows", "list", &["0", "1"]);
    file.group("/rows/1", "struct Generic 1", &["value"]);
}
