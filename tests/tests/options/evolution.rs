//! Types that change while their files stay.

use filebacked::testing::check_versions;
use filebacked::{Error, ErrorKind, FileBacked, from_bytes, to_bytes};
use std::collections::BTreeMap;
use std::fmt;

/// Three versions of a type, as a program had them one after another.
mod first {
    use filebacked::FileBacked;

    #[derive(FileBacked, Debug, PartialEq, Clone)]
    pub struct Probe {
        pub celsius: f64,
        pub name: String,
    }
}

mod second {
    use filebacked::FileBacked;

    #[derive(FileBacked, Debug, PartialEq, Clone)]
    #[filebacked(version = 2, upgrade(from = 1, via = super::first::Probe))]
    pub struct Probe {
        pub kelvin: f64,
        pub name: String,
    }

    impl TryFrom<super::first::Probe> for Probe {
        type Error = super::TooCold;
        fn try_from(old: super::first::Probe) -> Result<Self, super::TooCold> {
            if old.celsius < -273.15 {
                Err(super::TooCold)
            } else {
                Ok(Probe { kelvin: old.celsius + 273.15, name: old.name })
            }
        }
    }
}

#[derive(Debug)]
pub struct TooCold;

impl fmt::Display for TooCold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("below absolute zero")
    }
}

impl std::error::Error for TooCold {}

#[derive(FileBacked, Debug, PartialEq, Clone)]
#[filebacked(version = 3, upgrade(from = 2, via = second::Probe))]
struct Probe {
    millikelvin: i64,
    label: Option<String>,
}

impl From<second::Probe> for Probe {
    fn from(old: second::Probe) -> Self {
        Probe { millikelvin: (old.kelvin * 1000.0).round() as i64, label: Some(old.name) }
    }
}

fn probe(celsius: f64) -> first::Probe {
    first::Probe { celsius, name: "hull".into() }
}

fn now(millikelvin: i64) -> Probe {
    Probe { millikelvin, label: Some("hull".into()) }
}

#[test]
fn every_version_is_read_as_the_newest() {
    let second = second::Probe { kelvin: 300.0, name: "hull".into() };
    assert_eq!(from_bytes::<Probe>(&to_bytes(&probe(20.0)).unwrap()).unwrap(), now(293_150));
    assert_eq!(from_bytes::<Probe>(&to_bytes(&second).unwrap()).unwrap(), now(300_000));
    assert_eq!(from_bytes::<Probe>(&to_bytes(&now(5)).unwrap()).unwrap(), now(5));
}

#[test]
fn columns_are_upgraded_once_for_all_rows() {
    let old: Vec<_> = (0..100).map(|i| probe(f64::from(i))).collect();
    let read: Vec<Probe> = from_bytes(&to_bytes(&old).unwrap()).unwrap();
    assert_eq!(read.len(), 100);
    assert_eq!((&read[0], &read[99]), (&now(273_150), &now(372_150)));

    let none: Vec<first::Probe> = Vec::new();
    assert_eq!(from_bytes::<Vec<Probe>>(&to_bytes(&none).unwrap()).unwrap(), []);
}

#[test]
fn values_inside_others_are_upgraded() {
    #[derive(FileBacked)]
    #[filebacked(name = "Ship")]
    struct Then {
        hull: first::Probe,
        spare: Option<first::Probe>,
        tanks: Vec<(u8, first::Probe)>,
        rooms: BTreeMap<String, first::Probe>,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Ship {
        hull: Probe,
        spare: Option<Probe>,
        tanks: Vec<(u8, Probe)>,
        rooms: BTreeMap<String, Probe>,
    }
    let then = Then {
        hull: probe(0.0),
        spare: Some(probe(1.0)),
        tanks: vec![(1, probe(2.0)), (2, probe(3.0))],
        rooms: BTreeMap::from([("galley".into(), probe(4.0))]),
    };
    let ship: Ship = from_bytes(&to_bytes(&then).unwrap()).unwrap();
    let expected = Ship {
        hull: now(273_150),
        spare: Some(now(274_150)),
        tanks: vec![(1, now(275_150)), (2, now(276_150))],
        rooms: BTreeMap::from([("galley".into(), now(277_150))]),
    };
    assert_eq!(ship, expected);
}

#[test]
fn a_conversion_that_fails_says_where() {
    #[derive(FileBacked)]
    struct Then {
        hull: first::Probe,
    }
    #[derive(FileBacked, Debug)]
    struct Ship {
        #[filebacked(rename = "hull")]
        _hull: Probe,
    }
    let error = from_bytes::<Ship>(&to_bytes(&Then { hull: probe(-300.0) }).unwrap()).unwrap_err();
    assert_eq!(error.path(), "/hull");
    assert!(
        matches!(error.kind(), ErrorKind::Custom(what) if what == "below absolute zero"),
        "{error}"
    );
    assert!(error.help().unwrap().contains("version 1"), "{error}");

    let rows = vec![probe(0.0), probe(-300.0)];
    let error = from_bytes::<Vec<Probe>>(&to_bytes(&rows).unwrap()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Custom(_)), "{error}");
}

#[test]
fn a_newer_version_is_refused_with_both_versions() {
    let bytes = to_bytes(&now(1)).unwrap();
    let refused = |error: Error| {
        assert!(matches!(error.kind(), ErrorKind::Version { found: 3, supported: 2 }), "{error}");
        assert!(error.to_string().contains('3') && error.to_string().contains('2'), "{error}");
    };
    refused(from_bytes::<second::Probe>(&bytes).unwrap_err());
    refused(from_bytes::<Vec<second::Probe>>(&to_bytes(&vec![now(1)]).unwrap()).unwrap_err());
}

#[test]
fn enums_are_upgraded_too() {
    #[derive(FileBacked)]
    #[filebacked(name = "Shape")]
    enum Then {
        Square { side: f64 },
        Dot,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    #[filebacked(version = 2, upgrade(from = 1, via = Then))]
    enum Shape {
        Rect { w: f64, h: f64 },
        Dot,
    }
    impl From<Then> for Shape {
        fn from(then: Then) -> Self {
            match then {
                Then::Square { side } => Shape::Rect { w: side, h: side },
                Then::Dot => Shape::Dot,
            }
        }
    }
    let square = to_bytes(&Then::Square { side: 2.0 }).unwrap();
    assert_eq!(from_bytes::<Shape>(&square).unwrap(), Shape::Rect { w: 2.0, h: 2.0 });
    let rows = to_bytes(&vec![Then::Dot, Then::Square { side: 3.0 }]).unwrap();
    assert_eq!(
        from_bytes::<Vec<Shape>>(&rows).unwrap(),
        [Shape::Dot, Shape::Rect { w: 3.0, h: 3.0 }]
    );
}

#[test]
fn what_was_upgraded_is_checked_as_what_was_read() {
    #[derive(FileBacked, Debug)]
    #[filebacked(version = 2, upgrade(from = 1, via = first::Probe), after_read = Strict::check)]
    struct Strict {
        celsius: f64,
    }
    impl Strict {
        fn check(&mut self) -> Result<(), String> {
            if self.celsius > 100.0 { Err("boiling".into()) } else { Ok(()) }
        }
    }
    impl From<first::Probe> for Strict {
        fn from(old: first::Probe) -> Self {
            Strict { celsius: old.celsius }
        }
    }
    assert_eq!(from_bytes::<Strict>(&to_bytes(&probe(99.0)).unwrap()).unwrap().celsius, 99.0);
    let error = from_bytes::<Strict>(&to_bytes(&probe(101.0)).unwrap()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Custom(what) if what == "boiling"), "{error}");
    from_bytes::<Vec<Strict>>(&to_bytes(&vec![probe(101.0)]).unwrap()).unwrap_err();
}

/// Someone forgot to say which version the old type is of.
#[test]
fn an_old_type_of_another_version_is_a_mistake_of_the_program() {
    #[derive(FileBacked, Debug)]
    #[filebacked(version = 3, upgrade(from = 2, via = first::Probe))]
    struct Wrong {
        #[filebacked(rename = "x")]
        _x: u8,
    }
    impl From<first::Probe> for Wrong {
        fn from(_: first::Probe) -> Self {
            Wrong { _x: 0 }
        }
    }
    let old = second::Probe { kelvin: 1.0, name: String::new() };
    let error = from_bytes::<Wrong>(&to_bytes(&old).unwrap()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Contract(_)), "{error}");
    assert!(error.help().unwrap().contains("version = 2"), "{error}");
}

#[test]
fn fingerprints_change_with_what_is_stored() {
    fn of<T: FileBacked>() -> u64 {
        T::schema().fingerprint()
    }
    mod other {
        use filebacked::FileBacked;
        #[derive(FileBacked)]
        #[filebacked(name = "Other", version = 9)]
        pub struct Probe {
            #[filebacked(alias = "title")]
            pub name: String,
            #[filebacked(default)]
            pub celsius: f64,
        }
        #[derive(FileBacked)]
        pub struct Attribute {
            #[filebacked(attr)]
            pub name: String,
            pub celsius: f64,
        }
        #[derive(FileBacked)]
        pub struct Optional {
            pub name: Option<String>,
            pub celsius: f64,
        }
        #[derive(FileBacked)]
        pub struct Renamed {
            pub name: String,
            pub fahrenheit: f64,
        }
    }
    assert_eq!(
        of::<first::Probe>(),
        of::<other::Probe>(),
        "order, names of types, aliases and defaults do not count"
    );
    let different = [
        of::<first::Probe>(),
        of::<other::Attribute>(),
        of::<other::Optional>(),
        of::<other::Renamed>(),
    ];
    for (place, one) in different.iter().enumerate() {
        assert!(!different[place + 1..].contains(one), "{different:x?}");
    }
    assert_eq!(of::<Vec<first::Probe>>(), of::<Vec<first::Probe>>());
    assert_ne!(of::<Vec<first::Probe>>(), of::<Option<first::Probe>>());
}

#[test]
fn a_change_without_a_version_is_noticed() {
    #[derive(FileBacked)]
    #[filebacked(name = "Node")]
    struct Tree {
        kids: Vec<Tree>,
        probe: first::Probe,
    }
    let report = check_versions::<Tree>(&[]).unwrap_err().to_string();
    assert!(
        report.contains("`Node` is not in the list") && report.contains("`Probe` is not"),
        "{report}"
    );

    let (tree, probe) = (Tree::schema().fingerprint(), first::Probe::schema().fingerprint());
    check_versions::<Tree>(&[("Probe", 1, probe), ("Node", 1, tree)]).unwrap();

    let changed =
        check_versions::<Tree>(&[("Node", 1, tree), ("Probe", 1, !probe)]).unwrap_err().to_string();
    assert!(changed.contains("`Probe` has changed, and its version is still 1"), "{changed}");
    assert!(!changed.contains("`Node` has"), "{changed}");
    assert!(changed.contains(&format!("(\"Probe\", 1, {probe:#018x})")), "{changed}");

    let raised =
        check_versions::<Tree>(&[("Node", 1, tree), ("Probe", 7, probe)]).unwrap_err().to_string();
    assert!(raised.contains("version 1 instead of 7"), "{raised}");
    let gone = check_versions::<first::Probe>(&[("Node", 1, tree), ("Probe", 1, probe)])
        .unwrap_err()
        .to_string();
    assert!(gone.contains("`Node` is in the list and no longer"), "{gone}");
}

/// A field that was a number becomes a type around a number, or the reverse: which rows have one is
/// what it was.
#[test]
fn optional_columns_change_between_types_with_and_without_a_filler() {
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Meters(f64);
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    #[filebacked(name = "Step")]
    struct Plain {
        x: Option<f64>,
    }
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    #[filebacked(name = "Step")]
    struct Typed {
        x: Option<Meters>,
    }
    for missing in [vec![], vec![1], vec![0, 1, 2, 3, 4], vec![0, 4]] {
        let x = |i: usize| (!missing.contains(&i)).then_some(i as f64 + 0.5);
        let plain: Vec<Plain> = (0..5).map(|i| Plain { x: x(i) }).collect();
        let typed: Vec<Typed> = (0..5).map(|i| Typed { x: x(i).map(Meters) }).collect();
        let (of_plain, of_typed) = (to_bytes(&plain).unwrap(), to_bytes(&typed).unwrap());
        assert_eq!(from_bytes::<Vec<Typed>>(&of_plain).unwrap(), typed);
        assert_eq!(from_bytes::<Vec<Plain>>(&of_typed).unwrap(), plain);
        let rows: filebacked::LazyVec<Typed> = from_bytes(&of_plain).unwrap();
        assert_eq!(rows.range(1..4).unwrap(), typed[1..4]);
        let rows: filebacked::LazyVec<Plain> = from_bytes(&of_typed).unwrap();
        assert_eq!(rows.range(1..4).unwrap(), plain[1..4]);
    }
}
