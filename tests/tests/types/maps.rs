//! Maps to structs, enums and what needs objects of its own: columns or links.

use filebacked::FileBacked;
use filebacked_tests::{python, scratch};
use std::collections::{BTreeMap, HashMap};

/// The number of objects depends on the type: 166 animals are as many as one.
#[test]
fn maps_of_structs_and_enums_are_as_many_objects_whatever_they_hold() {
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    enum Diet {
        Leaves { kilograms: f64 },
        Meat(Vec<String>),
        Nothing,
    }
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Animal {
        name: String,
        legs: Option<u8>,
        diet: Diet,
        sightings: Vec<f64>,
        young: Vec<Animal>,
    }
    let animal = |n: u8| Animal {
        name: format!("animal {n}"),
        legs: (!n.is_multiple_of(3)).then_some(n % 7),
        diet: match n % 3 {
            0 => Diet::Nothing,
            1 => Diet::Leaves { kilograms: n.into() },
            _ => Diet::Meat(vec![n.to_string(); n.into()]),
        },
        sightings: (0..n).map(f64::from).collect(),
        young: Vec::new(),
    };
    let objects = |count: u8| {
        let animals: HashMap<String, Animal> =
            (0..count).map(|n| (format!("{n}/x"), animal(n))).collect();
        let zoo = Zoo { animals };
        let bytes = filebacked::to_bytes(&zoo).unwrap();
        assert_eq!(filebacked::from_bytes::<Zoo<Animal>>(&bytes).unwrap(), zoo);
        // Each form loads as the other.
        let linked: Linked<Animal> = filebacked::from_bytes(&bytes).unwrap();
        assert_eq!(linked.animals, zoo.animals);
        let linked = filebacked::to_bytes(&linked).unwrap();
        assert_eq!(filebacked::from_bytes::<Zoo<Animal>>(&linked).unwrap(), zoo);
        let count = |bytes: &[u8]| {
            let (_dir, path) = scratch("zoo.h5");
            std::fs::write(&path, bytes).unwrap();
            let info = filebacked::File::open(&path).unwrap().info().unwrap();
            info.groups + info.datasets
        };
        (count(&bytes), count(&linked))
    };
    let (one, few, many) = (objects(3), objects(30), objects(166));
    assert_eq!((one.0, few.0), (many.0, many.0));
    assert!(many.1 > 1000, "{} objects as links", many.1);
}

#[derive(FileBacked, Debug, PartialEq)]
struct Zoo<T: FileBacked> {
    animals: HashMap<String, T>,
}

/// The same, stored as links.
#[derive(FileBacked)]
#[filebacked(name = "Zoo")]
struct Linked<T: FileBacked> {
    #[filebacked(layout = "links")]
    animals: HashMap<String, T>,
}

#[test]
fn maps_to_what_needs_objects_are_links() {
    use ndarray::Array1;
    use std::sync::Arc;
    #[derive(FileBacked, Default)]
    struct Weights {
        scale: f64,
        inner: Vec<Option<(u8, Array1<f32>)>>,
    }
    #[derive(FileBacked)]
    struct Owned(Arc<String>);
    #[derive(FileBacked, Default)]
    struct Tree {
        name: String,
        below: BTreeMap<String, Tree>,
    }
    #[derive(FileBacked, Default)]
    struct Maps {
        arrays: BTreeMap<String, Array1<f32>>,
        weights: BTreeMap<String, Weights>,
        lists: BTreeMap<String, Vec<f64>>,
        maps: BTreeMap<String, BTreeMap<String, Option<Array1<f64>>>>,
        owned: BTreeMap<String, Box<Owned>>,
        trees: BTreeMap<String, Tree>,
        columns: BTreeMap<String, (f64, Vec<f64>)>,
        #[filebacked(layout = "columns")]
        chosen: BTreeMap<String, Vec<f64>>,
    }
    let bytes = filebacked::to_bytes(&Maps::default()).unwrap();
    let tree = filebacked::inspect::tree_of_bytes(&bytes).unwrap().to_string();
    for (name, kind) in [
        ("arrays/", "links"),
        ("weights/", "links"),
        ("lists/", "links"),
        ("maps/", "links"),
        ("owned/", "links"),
        ("trees/", "map"),
        ("columns/", "map"),
        ("chosen/", "map"),
    ] {
        let line = tree.lines().find(|line| line.starts_with(&format!("├── {name}")));
        let line = line.or_else(|| tree.lines().find(|line| line.contains(name))).unwrap();
        assert!(line.contains(&format!("{kind}, len = 0")), "{line}\n{tree}");
    }
}

/// A dictionary of another program may have keys that are called as the columns of a map.
#[test]
fn keys_named_as_columns_are_keys() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Point {
        x: f64,
    }
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("dict.h5");
    python.create(&path, "f['keys/x'] = 1.5; f['values/x'] = 2.5");
    let map: BTreeMap<String, Point> = filebacked::load(&path).unwrap();
    let wanted = [("keys", 1.5), ("values", 2.5)];
    assert_eq!(map, wanted.map(|(key, x)| (key.to_string(), Point { x })).into());
}

/// A pattern for a part of one entry cannot be kept in columns, and is refused both ways.
#[test]
fn a_part_of_one_entry_of_columns_is_no_pattern() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Spot {
        #[filebacked(default)]
        x: f64,
        y: f64,
    }
    let point = |n: u8| Spot { x: n.into(), y: 0.5 };
    let map = BTreeMap::from([("a".to_string(), point(1)), ("b".to_string(), point(2))]);
    let options = filebacked::WriteOptions::new().skip(["a/x"]);
    let error = options.to_bytes(&map).unwrap_err();
    assert!(error.help().unwrap().contains("use `*` for all keys"), "{error:#}");
    let bytes = filebacked::to_bytes(&map).unwrap();
    let options = filebacked::ReadOptions::new().skip(["a/x"]);
    options.from_bytes::<BTreeMap<String, Spot>>(&bytes).unwrap_err();
    let options = filebacked::ReadOptions::new().only(["b"]);
    let read: BTreeMap<String, Spot> = options.from_bytes(&bytes).unwrap();
    assert_eq!(read, BTreeMap::from([("b".to_string(), point(2))]));
}
