//! What loses data elsewhere, one test each, named after what must not happen. The faults were seen
//! in Python's FileBacked 2.1.0 and in ch5mpy 0.5.2.

use filebacked::engine::Engine;
use filebacked::options::Overwrite;
use filebacked::{ErrorKind, File, FileBacked, LazyArray, ReadOptions, Value, WriteOptions};
use filebacked_tests::mutants::{Record, record};
use filebacked_tests::{ENGINES, python, round_trip, scratch};
use indexmap::IndexMap;
use ndarray::{Array1, Array2, Ix1, arr0, s};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

fn text(s: &str) -> String {
    s.to_string()
}

/// A list with an integer of 2^63 or more became floats.
#[test]
fn large_integers_do_not_become_floats() {
    round_trip(&vec![1u64, u64::MAX, (1 << 63) + 1]);
    round_trip(&vec![i64::MIN, i64::MAX, (1 << 53) + 1]);
    round_trip(&vec![u128::MAX, 1]);
    if let Some(python) = python() {
        let (_dir, path) = scratch("file.h5");
        filebacked::save(&path, &vec![1u64, u64::MAX]).unwrap();
        assert_eq!(
            python.eval(&path, "[str(f['value'].dtype), str(f['value'][1])]"),
            json!(["uint64", u64::MAX.to_string()])
        );
    }
}

/// `[1, None]` was unreadable, `[1, 2, None]` came back as `[1, 2]`.
#[test]
fn missing_elements_of_lists_stay() {
    round_trip(&vec![Some(1i64), None]);
    round_trip(&vec![Some(1i64), Some(2), None]);
    round_trip(&vec![None, Some(f64::INFINITY)]);
    round_trip(&vec![None::<String>, Some(text(""))]);
    round_trip(&vec![Some(Some(1u8)), Some(None), None]);
}

/// Keys whose value was `None` were lost.
#[test]
fn missing_values_of_maps_keep_their_keys() {
    round_trip(&BTreeMap::from([(text("a"), None), (text("b"), Some(1i64))]));
    round_trip(&BTreeMap::from([(1u8, None::<Vec<f64>>), (2, Some(vec![]))]));
    round_trip(&HashMap::from([(text("a"), None::<BTreeMap<String, u8>>)]));
}

/// `Optional[List]`, `Optional[Dict]`, `Optional[bool]` could not be written.
#[test]
fn everything_can_be_optional() {
    #[derive(FileBacked, Debug, PartialEq)]
    struct State {
        list: Option<Vec<String>>,
        map: Option<BTreeMap<String, f64>>,
        flag: Option<bool>,
        nothing: Option<()>,
        nested: Option<Option<u8>>,
    }
    round_trip(&State { list: None, map: None, flag: None, nothing: None, nested: None });
    round_trip(&State {
        list: Some(vec![]),
        map: Some(BTreeMap::new()),
        flag: Some(false),
        nothing: Some(()),
        nested: Some(None),
    });
}

/// Tuples of several types, bools, bytes and complex numbers had no place.
#[test]
fn types_that_had_no_place_have_one() {
    round_trip(&(1u8, text("a"), vec![true, false], (2.5f32, 'x')));
    round_trip(&vec![(1u8, text("a")), (2, text("b"))]);
    round_trip(&(u128::MAX, i128::MIN, vec![0u8, 255]));
}

/// An array of no dimension was written and could not be read.
#[test]
fn an_array_without_dimensions_comes_back() {
    round_trip(&arr0(1.5));
    round_trip(&Array2::<f64>::zeros((0, 3)));
}

/// Trailing NULs were cut off, keys ended at their first one, and UTF-8 text was marked as ASCII.
#[test]
fn texts_keep_every_byte() {
    for s in ["a\0", "\0", "\0a", "a\0b", "", " ", "ä", "\u{10ffff}", "a\n\t\\"] {
        round_trip(&text(s));
        round_trip(&vec![text(s), text("other")]);
        round_trip(&BTreeMap::from([(text(s), 1.0)]));
        round_trip(&BTreeMap::from([(text(s), vec![1.0])]));
    }
    if let Some(python) = python() {
        let (_dir, path) = scratch("file.h5");
        filebacked::save(&path, &text("grün")).unwrap();
        assert_eq!(python.eval(&path, "f['value'].asstr()[()]"), "grün");
        let set = "f['value'].id.get_type().get_cset() == __import__('h5py').h5t.CSET_UTF8";
        assert_eq!(python.eval(&path, set), true);
    }
}

/// `a/b` made a group, `/abs` went to the root of the file, `.` and the empty key failed,
/// `overwrite` was dropped.
#[test]
fn every_key_stays_a_key_of_its_own() {
    let keys = [
        "a",
        "a/b",
        "/abs",
        ".",
        "..",
        "./a",
        "",
        "a\0b",
        "a\0",
        "%",
        "%2F",
        "a%2Fb",
        "overwrite",
        "loc",
        "chunks",
        "maxshape",
        "progress",
        "keys",
        "values",
        "mask",
        "offsets",
        "len",
        "filebacked",
        "filebacked_format",
        "variant",
        "value",
        "0",
        "name",
        "class",
    ];
    let numbers: BTreeMap<String, u64> =
        keys.iter().zip(0..).map(|(key, i)| (text(key), i)).collect();
    let lists: BTreeMap<String, Vec<u64>> =
        numbers.iter().map(|(key, i)| (key.clone(), vec![*i])).collect();
    assert_eq!(numbers.len(), keys.len());
    round_trip(&numbers);
    round_trip(&lists);
    // Beside other things, in a struct.
    #[derive(FileBacked, Debug, PartialEq)]
    struct Beside {
        lists: BTreeMap<String, Vec<u64>>,
        abs: u8,
    }
    round_trip(&Beside { lists, abs: 1 });
}

/// The order of keys became that of their bytes, and integers were sorted as text.
#[test]
fn keys_keep_their_order() {
    let strings: IndexMap<String, u8> =
        ["b", "a", "c"].iter().zip(0..).map(|(key, i)| (text(key), i)).collect();
    let links: IndexMap<i32, Vec<u8>> =
        [10, 9, -1, 100].into_iter().map(|key| (key, vec![1])).collect();
    for engine in ENGINES {
        let options = WriteOptions::new().engine(engine);
        let read: IndexMap<String, u8> =
            filebacked::from_bytes(&options.to_bytes(&strings).unwrap()).unwrap();
        assert_eq!(read.keys().collect::<Vec<_>>(), ["b", "a", "c"]);
        let read: IndexMap<i32, Vec<u8>> =
            filebacked::from_bytes(&options.to_bytes(&links).unwrap()).unwrap();
        assert_eq!(read.keys().copied().collect::<Vec<_>>(), [10, 9, -1, 100]);
    }
}

/// A bool as a key was written as `True` and could not be read; so were keys of other kinds.
#[test]
fn keys_of_any_kind_come_back() {
    round_trip(&BTreeMap::from([(true, 1.0), (false, 2.0)]));
    round_trip(&BTreeMap::from([(true, vec![1.0]), (false, vec![])]));
    round_trip(&BTreeMap::from([((1u8, 'a'), vec![1.0])]));
    round_trip(&BTreeMap::from([(Some(1i8), text("a")), (None, text("b"))]));
}

/// `only` and `skip` were used up by the first object, unknown names in them were passed over.
#[test]
fn options_reach_all_levels_and_know_the_names() {
    #[derive(FileBacked, Debug, PartialEq, Default, Clone)]
    struct Inner {
        keep: u8,
        cache: Option<u8>,
    }
    #[derive(FileBacked, Debug, PartialEq)]
    struct Outer {
        map: BTreeMap<String, BTreeMap<String, Inner>>,
        list: Vec<Inner>,
        one: Inner,
    }
    let full = Inner { keep: 1, cache: Some(2) };
    let map = BTreeMap::from([(text("b"), full.clone())]);
    let value =
        Outer { map: BTreeMap::from([(text("a"), map)]), list: vec![full.clone(); 2], one: full };
    for engine in ENGINES {
        let options = WriteOptions::new().engine(engine);
        let bytes = options.clone().skip(["**/cache"]).to_bytes(&value).unwrap();
        let read: Outer = filebacked::from_bytes(&bytes).unwrap();
        let bare = Inner { keep: 1, cache: None };
        assert_eq!(
            (&read.map["a"]["b"], &read.list, &read.one),
            (&bare, &vec![bare.clone(); 2], &bare)
        );
        let error = options.skip(["one/cahce"]).to_bytes(&value).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::UnknownPath { .. }), "{error}");
    }
}

/// A value that could not be written left half of its group in the file.
#[test]
fn a_failed_write_leaves_nothing() {
    #[derive(FileBacked)]
    struct Chain {
        first: Vec<f64>,
        next: Option<Box<Chain>>,
    }
    let long = (0..200).fold(None, |next, _| Some(Box::new(Chain { first: vec![1.0], next })));
    let (_dir, path) = scratch("file.h5");
    let file = File::create(&path).unwrap();
    file.write("good", &1u8).unwrap();
    let error = file.write("bad", &Chain { first: vec![], next: long }).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooDeep { .. }), "{error}");
    assert_eq!(file.names().unwrap(), ["good"]);
}

/// An empty list of integers was one of floats in the file.
#[test]
fn empty_lists_keep_their_type() {
    let Some(python) = python() else { return };
    for engine in ENGINES {
        let (_dir, path) = scratch("file.h5");
        WriteOptions::new().engine(engine).save(&path, &Vec::<i32>::new()).unwrap();
        assert_eq!(
            python.eval(&path, "[str(f['value'].dtype), f['value'].shape]"),
            json!(["int32", [0]])
        );
    }
    round_trip(&Vec::<String>::new());
    round_trip(&Vec::<Option<bool>>::new());
}

/// Integers came back as numpy's, `1.0` over `1` was passed over because they are equal: the type
/// is part of the value.
#[test]
fn a_number_is_replaced_by_one_of_another_type() {
    let (_dir, path) = scratch("file.h5");
    let file = File::create(&path).unwrap();
    let replace = WriteOptions::new().overwrite(Overwrite::Replace);
    file.write("n", &1u8).unwrap();
    file.write_with("n", &1.0f64, &replace).unwrap();
    assert_eq!(
        file.read_with::<f64>(
            "n",
            &ReadOptions::new().conversion(filebacked::options::Conversion::Exact)
        )
        .unwrap(),
        1.0
    );
    file.write_with("n", &true, &replace).unwrap();
    assert!(file.read::<bool>("n").unwrap());
}

/// Defaults of a class were thrown away.
#[test]
fn defaults_are_used() {
    #[derive(FileBacked)]
    struct Old {
        _a: u8,
    }
    #[derive(FileBacked, Debug)]
    struct New {
        _a: u8,
        #[filebacked(default = 5)]
        added: u32,
    }
    let read: New = filebacked::from_bytes(&filebacked::to_bytes(&Old { _a: 1 }).unwrap()).unwrap();
    assert_eq!(read.added, 5);
}

/// A list of mixed elements became strings, one of dictionaries their printed form.
#[test]
fn lists_hold_what_was_put_into_them() {
    #[derive(FileBacked, Debug, PartialEq)]
    enum Mixed {
        Int(i64),
        Text(String),
        Float(f64),
        Nothing,
    }
    round_trip(&vec![Mixed::Int(1), Mixed::Text(text("a")), Mixed::Float(2.5), Mixed::Nothing]);
    round_trip(&vec![BTreeMap::from([(text("a"), 1.0)]), BTreeMap::new()]);
    round_trip(&vec![vec![vec![1u8]], vec![], vec![vec![], vec![2, 3]]]);
}

/// `x[::-1]` gave the data forwards.
#[test]
fn a_negative_step_turns_the_order_around() {
    let (_dir, path) = scratch("file.h5");
    let array = Array1::from_iter(0..10);
    for engine in ENGINES {
        WriteOptions::new().engine(engine).save(&path, &array).unwrap();
        let lazy: LazyArray<i32, Ix1> = ReadOptions::new().engine(engine).load(&path).unwrap();
        assert_eq!(lazy.read_slice(s![..;-1]).unwrap(), array.slice(s![..;-1]));
        assert_eq!(lazy.read_slice(s![2..6;-2]).unwrap(), array.slice(s![2..6;-2]));
    }
}

/// Two loops over one list shared their place in it; the largest of several blocks was that of the
/// last.
#[test]
fn loops_over_blocks_are_independent_and_see_everything() {
    let (_dir, path) = scratch("file.h5");
    filebacked::save(&path, &Array1::from_iter((0..1000).rev())).unwrap();
    let lazy: LazyArray<i32, Ix1> = filebacked::load(&path).unwrap();
    let (mut pairs, mut largest) = (0, i32::MIN);
    for one in lazy.blocks(800) {
        largest = largest.max(*one.unwrap().array.iter().max().unwrap());
        pairs += lazy.blocks(800).map(|other| other.unwrap().array.len()).sum::<usize>();
    }
    assert_eq!((pairs, largest), (5 * 1000, 999));
}

/// Classes of one name were taken for each other: the first one won.
#[test]
fn a_value_of_another_type_is_not_taken_for_this_one() {
    #[derive(FileBacked, Debug)]
    #[filebacked(name = "Circle")]
    struct Circle {
        _radius: f64,
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(name = "Square", deny_unknown)]
    struct Square {
        _side: f64,
    }
    for engine in [Engine::Native, Engine::Libhdf5] {
        let bytes = WriteOptions::new().engine(engine).to_bytes(&Circle { _radius: 1.0 }).unwrap();
        filebacked::from_bytes::<Square>(&bytes).unwrap_err();
    }
}

/// What had no place of its own was pickled, or became its printed form, when it was read and
/// written again.
#[test]
fn a_value_of_unknown_type_is_written_as_it_was_read() {
    let stored = filebacked::to_bytes(&record(1)).unwrap();
    let value: Value = filebacked::from_bytes(&stored).unwrap();
    let again = filebacked::to_bytes(&value).unwrap();
    assert_eq!(filebacked::from_bytes::<Record>(&again).unwrap(), record(1));
}
