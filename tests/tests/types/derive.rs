//! The derive's attributes on fields and containers; those of enums and generic types are in
//! `derive_types.rs`.

use filebacked::filter::WriteContext;
use filebacked::{ErrorKind, File, FileBacked, Save, WriteOptions};
use filebacked_tests::{links, python, reread, round_trip, scratch};
use serde_json::json;
use std::collections::BTreeMap;

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
    assert_eq!(
        reread::<Vec<Absent>>(&vec![Id { id: 1 }, Id { id: 2 }]).unwrap(),
        [absent(1), absent(2)]
    );
    assert_eq!(reread::<Vec<Absent>>(&Vec::<Id>::new()).unwrap(), []);
    let other =
        || Absent { never: NotBacked(1), never_but: NotBacked(2), zero: 4, eleven: 5, ..absent(7) };
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
    assert_eq!(
        reread::<Settings>(&Nothing {}).unwrap(),
        Settings { note: None, ..Settings::default() }
    );
    let read = reread::<Vec<Settings>>(&vec![Depth { depth: 1 }, Depth { depth: 2 }]).unwrap();
    assert_eq!(
        read.iter().map(|s| (s.depth, s.name.as_str())).collect::<Vec<_>>(),
        [(1, "default"), (2, "default")]
    );
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
    assert_eq!(
        filebacked::from_bytes::<Outer>(&bytes).unwrap().middle.maybe,
        None,
        "flattened names are no level"
    );
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
    assert!(
        columns(&vec![attributed(None)]).contains(&"sample rate".to_string()),
        "in columns a column"
    );
    let Some(python) = python() else { return };
    let file = python.describe_saved(&attributed(None));
    let root = file.at("/");
    let names = [
        "axes",
        "color",
        "filebacked",
        "filebacked_format",
        "flag",
        "grid",
        "sample rate",
        "unit",
        "wide",
    ];
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
    #[filebacked(name = "Strict")]
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
    assert_eq!(
        filebacked::to_bytes(&Newtype(vec![1])).unwrap(),
        filebacked::to_bytes(&vec![1u8]).unwrap()
    );
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
    let error = reread::<BTreeMap<String, (Odd, Vec<u8>)>>(&BTreeMap::from([(
        "a",
        (Odd { value: 2 }, vec![1u8]),
    )]))
    .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Custom(what) if what == "2 is even"), "{error}");
    assert_eq!(error.path(), "/value/values/0");
    let error = reread::<Vec<Odd>>(&vec![Odd { value: 1 }, Odd { value: 4 }]).unwrap_err();
    assert!(error.to_string().contains("4 is even"), "{error}");
    let many = |len| Counted::Many { list: vec![1, 2], len };
    assert_eq!(
        reread::<Vec<Counted>>(&vec![Counted::One, many(0)]).unwrap(),
        [Counted::One, many(2)]
    );
    assert_eq!(reread::<Counted>(&many(0)).unwrap(), many(2));
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
    assert_eq!(
        (error.kind(), error.path().as_str()),
        (&ErrorKind::Version { found: 4, supported: 3 }, "/value")
    );
    let Some(python) = python() else { return };
    assert_eq!(
        python.describe_saved(&Versioned { x: 1 }).at("/").stamp(),
        Some("struct Versioned 3")
    );
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
    let file = python.describe_saved(&value());
    file.group("/links", "links", &["a", "b"]);
    file.group("/columns", "map", &["keys", "values"]);
    file.group("/packed", "packed", &["bytes", "offsets"]);
    file.group("/rows", "list", &["0", "1"]);
    file.group("/rows/1", "struct Generic 1", &["value"]);
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
#[filebacked(layout = "rows")]
struct Chapter {
    title: String,
    #[filebacked(attr)]
    pages: u32,
    notes: Vec<Chapter>,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
#[filebacked(layout = "rows")]
enum Media {
    Text(String),
    Image { width: u32 },
}

#[test]
fn types_whose_rows_are_a_numbered_group() {
    let chapter =
        |title: &str, notes: Vec<Chapter>| Chapter { title: title.into(), pages: 3, notes };
    let book = vec![chapter("a", vec![chapter("b", vec![])]), chapter("c", vec![])];
    round_trip(&book);
    round_trip(&vec![Media::Text("x".into()), Media::Image { width: 7 }]);
    round_trip(&Vec::<Media>::new());
    let tree = filebacked::inspect::tree_of_bytes(&filebacked::to_bytes(&book).unwrap())
        .unwrap()
        .to_string();
    let wanted = [
        "list, len = 2",
        "struct Chapter 1",
        "@pages           u32 = 3",
        "notes/",
        "list, len = 1",
    ];
    assert!(wanted.iter().all(|part| tree.contains(part)), "{tree}");
}

#[test]
fn layouts_that_are_not_there_are_refused() {
    #[derive(FileBacked)]
    struct Table {
        #[filebacked(layout = "shared")]
        rows: Vec<(u8, f64)>,
    }
    let error = filebacked::to_bytes(&Table { rows: vec![(1, 2.0)] }).unwrap_err();
    assert!(matches!(error.kind(), filebacked::ErrorKind::Unsupported(_)), "{error}");
    assert_eq!(error.path(), "/rows");
}
