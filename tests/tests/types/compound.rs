//! Structs as records of one compound dataset: written, read, and what others see.

use filebacked::engine::Engine;
use filebacked::{Compression, ErrorKind, FileBacked, ReadOptions, WriteOptions, inspect};
use filebacked_tests::{reread, round_trip, round_trip_by_library};
use num_complex::Complex;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(FileBacked, Debug, PartialEq, Clone, Copy)]
enum Kind {
    Photon = 1,
    Electron = 300,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Particle {
    id: u32,
    on: bool,
    letter: char,
    kind: Kind,
    pos: Point,
    pair: (i8, f32),
    spin: Complex<f64>,
    age: Duration,
    wide: i128,
    name: String,
    note: String,
    cube: [[u16; 3]; 2],
    tags: [String; 2],
    corners: [Point; 2],
    energy: Option<f64>,
    decay: Option<Kind>,
    parent: Option<Point>,
}

fn particle(i: u32) -> Particle {
    let f = f64::from(i);
    Particle {
        id: i,
        on: i.is_multiple_of(2),
        letter: if i.is_multiple_of(3) { 'é' } else { 'x' },
        kind: if i.is_multiple_of(2) { Kind::Photon } else { Kind::Electron },
        pos: Point { x: f, y: -f },
        pair: (i as i8, 0.5),
        spin: Complex::new(f, 0.25),
        age: Duration::new(u64::from(i), 7),
        wide: -i128::from(i) << 70,
        name: format!("particle {}", i % 10),
        // Lengths that differ so much that the column is of variable length.
        note: if i % 50 == 7 { "n".repeat(400) } else { String::new() },
        cube: [[i as u16, 1, 2], [3, 4, 5]],
        tags: [format!("t{i}"), if i % 50 == 9 { "long".repeat(100) } else { "s".into() }],
        corners: [Point { x: 0.0, y: f }, Point { x: f, y: 1.0 }],
        energy: (i % 3 != 1).then_some(f * 2.0),
        decay: (i % 2 == 1).then_some(Kind::Electron),
        parent: (i % 4 == 2).then_some(Point { x: 1.0, y: f }),
    }
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Run {
    #[filebacked(layout = "compound")]
    particles: Vec<Particle>,
    #[filebacked(layout = "compound")]
    first: Option<Point>,
    #[filebacked(layout = "compound", rename = "group/last")]
    last: Point,
    #[filebacked(layout = "compound")]
    corners: [Point; 4],
    #[filebacked(layout = "compound")]
    maybe: Vec<Option<Point>>,
    #[filebacked(layout = "compound")]
    grid: Vec<[Point; 2]>,
    #[filebacked(layout = "compound")]
    pair: (u8, String),
    #[filebacked(layout = "compound")]
    single: Single,
}

/// Arrays in one record.
#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Single {
    numbers: [[u8; 2]; 3],
    points: [Point; 2],
    grid: [[Point; 2]; 3],
    maybe: [Option<Kind>; 3],
    texts: [String; 2],
    range: std::ops::Range<i8>,
    absent: Option<u8>,
    there: Option<Point>,
}

fn run(n: u32) -> Run {
    let point = |x: f64| Point { x, y: -x };
    Run {
        particles: (0..n).map(particle).collect(),
        first: (n > 1).then(|| point(1.0)),
        last: point(2.0),
        corners: [0.0, 1.0, 2.0, 3.0].map(point),
        maybe: (0..n).map(|i| (i % 2 == 0).then(|| point(f64::from(i)))).collect(),
        grid: (0..n).map(|i| [point(f64::from(i)), point(0.5)]).collect(),
        pair: (7, "seven".into()),
        single: Single {
            numbers: [[1, 2], [3, 4], [5, 6]],
            points: [point(5.0), point(6.0)],
            grid: [1.0, 2.0, 3.0].map(|x| [point(x), point(10.0 * x)]),
            maybe: [None, Some(Kind::Electron), None],
            texts: ["a".into(), "longer".repeat(50)],
            range: 3..5,
            absent: None,
            there: Some(point(9.0)),
        },
    }
}

const ENGINES: [Engine; 2] = [Engine::Native, Engine::Libhdf5];

#[test]
fn records_come_back_from_every_engine() {
    for n in [0, 1, 2, 200] {
        let value = run(n);
        round_trip(&value);
        for write in ENGINES {
            let bytes = WriteOptions::new().engine(write).to_bytes(&value).unwrap();
            // The headers that the library writes may have more in them than our own engine reads.
            let own = if write == Engine::Native { Engine::Native } else { Engine::Any };
            for read in [own, Engine::Libhdf5] {
                let loaded: Run = ReadOptions::new().engine(read).from_bytes(&bytes).unwrap();
                assert_eq!(loaded, value, "{n} rows from {write:?} by {read:?}");
            }
        }
    }
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
#[filebacked(layout = "compound", version = 2)]
struct Hit {
    #[filebacked(rename = "channel-id")]
    channel: u16,
    #[filebacked(rename = "time/start")]
    start: f64,
    #[filebacked(rename = "time/stop")]
    stop: f64,
    #[filebacked(flatten)]
    flags: Flags,
    #[filebacked(skip)]
    seen: u8,
    points: [Inner; 2],
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Flags {
    hot: bool,
    dead: bool,
}

/// Records in records, with strings of variable length in them.
#[derive(FileBacked, Debug, PartialEq, Clone)]
#[filebacked(layout = "compound")]
struct Inner {
    at: i16,
    text: String,
}

fn hit(i: u16) -> Hit {
    let inner =
        |at: i16| Inner { at, text: if at % 40 == 7 { "w".repeat(300) } else { at.to_string() } };
    Hit {
        channel: i,
        start: f64::from(i),
        stop: f64::from(i) + 0.5,
        flags: Flags { hot: i % 2 == 1, dead: false },
        seen: 0,
        points: [inner(i as i16), inner(-(i as i16))],
    }
}

#[test]
fn a_type_can_say_that_its_rows_are_records() {
    let hits: Vec<Hit> = (0..90).map(hit).collect();
    round_trip(&hits);
    round_trip(&Vec::<Hit>::new());
    round_trip(&vec![hits.clone(), vec![], hits[..2].to_vec()]);
    round_trip(&BTreeMap::from([("a".to_string(), hits.clone()), ("b".to_string(), vec![])]));
    round_trip(&hits[0]);
    let file = WriteOptions::new().to_bytes(&hits).unwrap();
    let tree = inspect::tree_of_bytes(&file).unwrap().to_string();
    assert_eq!(
        tree,
        "\
/                    format 1.0
└── value            compound (90), columns Hit 2, contiguous, 5,040 bytes
    ├── channel-id   u16
    ├── time         compound
    │   ├── start    f64
    │   └── stop     f64
    ├── hot          bool
    ├── dead         bool
    └── points       compound (2)
        ├── at       i16
        └── text     str
"
    );
    // A single value is a group still.
    assert!(
        inspect::tree_of_bytes(&filebacked::to_bytes(&hits[0]).unwrap())
            .unwrap()
            .to_string()
            .contains("struct Hit 2")
    );
}

#[test]
fn columns_and_records_are_read_alike() {
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Columns {
        particles: Vec<Particle>,
        last: Point,
    }
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Records {
        #[filebacked(layout = "compound")]
        particles: Vec<Particle>,
        #[filebacked(layout = "compound")]
        last: Point,
    }
    let (particles, last) = ((0..20).map(particle).collect::<Vec<_>>(), Point { x: 1.0, y: 2.0 });
    let columns = Columns { particles: particles.clone(), last: last.clone() };
    let records = Records { particles, last };
    assert_eq!(reread::<Records>(&columns).unwrap(), records);
    assert_eq!(reread::<Columns>(&records).unwrap(), columns);
}

#[test]
fn fields_may_be_missing_renamed_converted_or_more() {
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    #[filebacked(layout = "compound")]
    struct Old {
        id: u64,
        size: f64,
        unused: [u8; 3],
        mask: bool,
        values: f32,
    }
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct New {
        #[filebacked(alias = "id")]
        number: u16,
        size: i32,
        #[filebacked(default = 7)]
        added: u8,
        note: Option<String>,
    }
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Pair {
        mask: bool,
        values: f32,
    }
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    #[filebacked(deny_unknown)]
    struct Strict {
        id: u64,
    }
    let old = |id, size| Old { id, size, unused: [0; 3], mask: true, values: 0.5 };
    let new = |number, size| New { number, size, added: 7, note: None };
    let rows = vec![old(1, 10.0), old(2, -20.0)];
    assert_eq!(reread::<Vec<New>>(&rows).unwrap(), [new(1, 10), new(2, -20)]);
    // Two members of these names are no option if the file says that it is a struct.
    assert_eq!(
        reread::<Vec<Option<Pair>>>(&rows).unwrap(),
        vec![Some(Pair { mask: true, values: 0.5 }); 2]
    );
    let error = reread::<Vec<New>>(&vec![old(1, 0.5)]).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::OutOfRange { .. }) && error.path() == "/value/size",
        "{error}"
    );
    let error = reread::<Vec<Strict>>(&rows).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnknownMember(_)), "{error}");
    let error = reread::<Vec<Point>>(&rows).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WrongType { .. }), "{error}");
    assert!(error.help().unwrap().contains("/value/x: not in the file"), "{error:#}");
    // A later version of the type, and another shape.
    let error = reread::<Vec<Inner>>(&vec![hit(1)]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WrongType { .. }), "{error}");
    assert!(error.help().unwrap().contains("version 2"), "{error:#}");
    #[derive(FileBacked)]
    struct Single {
        #[filebacked(layout = "compound")]
        value: Point,
    }
    let single = filebacked::to_bytes(&Single { value: Point { x: 1.0, y: 2.0 } }).unwrap();
    let error = filebacked::from_bytes::<BTreeMap<String, Vec<Point>>>(&single).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
}

#[test]
fn what_is_not_flat_is_refused_by_name() {
    fn path<T: FileBacked>(rows: Vec<T>) -> String {
        #[derive(FileBacked)]
        struct Outer<T: FileBacked> {
            #[filebacked(layout = "compound")]
            rows: Vec<T>,
        }
        let error = filebacked::to_bytes(&Outer { rows }).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
        assert!(error.help().is_some(), "{error}");
        error.path().to_string()
    }
    #[derive(FileBacked)]
    struct Ragged {
        id: u32,
        tags: Vec<u8>,
    }
    #[derive(FileBacked)]
    struct Deep {
        inner: (u8, Ragged),
    }
    #[derive(FileBacked)]
    struct Mapped {
        map: BTreeMap<String, f64>,
    }
    #[derive(FileBacked)]
    enum Event {
        Start,
        Move(f64),
    }
    #[derive(FileBacked)]
    struct Eventful {
        event: Event,
    }
    #[derive(FileBacked)]
    struct Array {
        image: ndarray::Array2<f64>,
    }
    #[derive(FileBacked)]
    struct Empty {
        id: u32,
        nothing: (),
    }
    // The type decides, not how many values there are.
    assert_eq!(path(Vec::<Ragged>::new()), "/rows/tags");
    assert_eq!(
        path(vec![Deep { inner: (1, Ragged { id: 2, tags: vec![3] }) }]),
        "/rows/inner/1/tags"
    );
    assert_eq!(path(Vec::<Mapped>::new()), "/rows/map");
    assert_eq!(
        path(vec![Eventful { event: Event::Start }, Eventful { event: Event::Move(1.0) }]),
        "/rows/event"
    );
    assert_eq!(path(Vec::<Array>::new()), "/rows/image");
    assert_eq!(path(Vec::<Empty>::new()), "/rows/nothing");
    assert_eq!(path(vec![1.5]), "/rows");
    assert_eq!(path(vec!["text".to_string()]), "/rows");
    assert_eq!(path(vec![vec![Point { x: 1.0, y: 2.0 }]]), "/rows");

    #[derive(FileBacked)]
    struct Name {
        name: String,
    }
    assert_eq!(path(vec![Name { name: "a\0b".into() }]), "/rows/name");

    #[derive(FileBacked)]
    struct Single {
        #[filebacked(layout = "compound")]
        one: Ragged,
    }
    let error = filebacked::to_bytes(&Single { one: Ragged { id: 1, tags: vec![] } }).unwrap_err();
    assert_eq!(error.path(), "/one/tags", "{error}");
    #[derive(FileBacked)]
    struct Number {
        #[filebacked(layout = "compound")]
        number: BTreeMap<String, f64>,
    }
    let error = filebacked::to_bytes(&Number { number: BTreeMap::new() }).unwrap_err();
    assert_eq!(error.path(), "/number", "{error}");
}

#[test]
fn what_a_field_says_is_for_the_dataset() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Run {
        #[filebacked(layout = "compound", compression = Compression::Gzip(4), chunk = [64])]
        points: Vec<Point>,
        #[filebacked(layout = "compound", compression = Compression::Gzip(4))]
        inner: Vec<Inner>,
    }
    let points = (0..1000).map(|i| Point { x: f64::from(i), y: 0.0 }).collect();
    let run = Run { points, inner: (0..200).flat_map(|i| hit(i).points).collect() };

    round_trip_by_library(&run);
    let tree = inspect::tree_of_bytes(&filebacked::to_bytes(&run).unwrap()).unwrap().to_string();
    assert!(
        tree.contains("points   {x: f64, y: f64} (1000)")
            && tree.contains("chunked (64) shuffle + gzip"),
        "{tree}"
    );
    let skipped = WriteOptions::new().skip(["points/*/y"]).to_bytes(&run).unwrap();
    let tree = inspect::tree_of_bytes(&skipped).unwrap().to_string();
    assert!(tree.contains("points   {x: f64} (1000)"), "{tree}");
    let error = filebacked::from_bytes::<Run>(&skipped).unwrap_err();
    assert_eq!(error.path(), "/points/y");
}

#[test]
fn filters_of_members_are_noted() {
    use filebacked::Registry;
    use filebacked::with::AsString;
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Named {
        #[filebacked(with = AsString)]
        number: u32,
        other: i16,
        nested: (i16, u8),
    }
    let rows: Vec<Named> =
        (0..5).map(|i| Named { number: i, other: i as i16, nested: (3, 4) }).collect();
    #[derive(FileBacked, Debug, PartialEq)]
    struct Table {
        #[filebacked(layout = "compound")]
        rows: Vec<Named>,
    }
    let table = Table { rows };
    round_trip(&table);
    let mut registry = Registry::new();
    registry.register::<i16>(AsString);
    let bytes = WriteOptions::new().registry(registry.clone()).to_bytes(&table).unwrap();
    let error = filebacked::from_bytes::<Table>(&bytes).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnknownFilter(_)), "{error}");
    assert_eq!(ReadOptions::new().registry(registry).from_bytes::<Table>(&bytes).unwrap(), table);
}
