//! Every type of the standard library that can live in a file, alone and inside of others.

#![allow(clippy::reversed_empty_ranges)] // A range that ends before it starts is a value too.

use filebacked::FileBacked;
use filebacked_tests::{round_trip, round_trip_by};
use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::cmp::Reverse;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{CString, OsString};
use std::fmt::Debug;
use std::hash::{BuildHasherDefault, Hash};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZero, Saturating, Wrapping};
use std::ops::Bound;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, AtomicUsize,
};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::{Duration, SystemTime};

/// A struct around a value, so that columns of it are met: of the value, of options, of sequences.
#[derive(FileBacked, Debug, PartialEq)]
struct Row<T> {
    id: u32,
    value: T,
    maybe: Option<T>,
    many: Vec<T>,
    pair: (T, u8),
}

/// Values that have no `==`, or one that is not of the value: compared by what `Debug` prints.
#[derive(FileBacked, Debug)]
struct Shown<T>(T);

impl<T: Debug> PartialEq for Shown<T> {
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

/// Each value alone, all of them as rows, and in structs.
fn everywhere<T: FileBacked + PartialEq + Debug>(make: impl Fn() -> Vec<T>) {
    for value in make() {
        round_trip(&value);
    }
    round_trip(&make());
    round_trip(&Vec::<T>::new());
    round_trip(&rows(&make));
    round_trip(&Vec::<Row<T>>::new());
    round_trip(&rows(&make).pop().unwrap());
}

fn rows<T>(make: impl Fn() -> Vec<T>) -> Vec<Row<T>> {
    let row = |(i, value)| Row {
        id: i as u32,
        value,
        maybe: (i % 2 == 0).then(|| make().swap_remove(0)),
        many: if i == 0 { Vec::new() } else { make() },
        pair: (make().pop().unwrap(), i as u8),
    };
    make().into_iter().enumerate().map(row).collect()
}

/// `name: expression`, where the expression gives a `Vec` of values of the type.
macro_rules! types {
    ($($name:ident: $values:expr;)*) => {
        $(
            #[test]
            fn $name() {
                everywhere(|| $values);
            }
        )*
    };
}

/// Types of which the values are compared by what `Debug` prints.
macro_rules! shown_types {
    ($($name:ident: $values:expr;)*) => {
        $(
            #[test]
            fn $name() {
                everywhere(|| $values.into_iter().map(Shown).collect::<Vec<_>>());
            }
        )*
    };
}

macro_rules! integers {
    ($($t:ident)*) => {
        types! { $($t: vec![0, 1, $t::MIN, $t::MAX, $t::MAX / 3];)* }
    };
}
integers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

fn text() -> Vec<String> {
    let hard = [
        "",
        "a",
        "größe",
        "\u{10ffff}",
        "a\0b",
        "\0",
        " trailing ",
        "line\nbreak",
        "日本語",
        "%2F/../.",
    ];
    hard.map(String::from).into()
}

types! {
    bool: vec![true, false];
    char: vec!['a', '\0', 'ß', '€', '\u{10ffff}', ' ', '/'];
    unit: vec![(), ()];
    string: text();
    boxed_str: text().into_iter().map(String::into_boxed_str).collect();
    arc_str: text().into_iter().map(Arc::<str>::from).collect();
    rc_str: text().into_iter().map(Rc::<str>::from).collect();
    cow_str: vec![Cow::Borrowed("static"), Cow::Owned("owned".to_string()), Cow::Borrowed("")];
    path: vec![PathBuf::from("/a/b"), PathBuf::from(""), PathBuf::from("ü")];
    os_string: vec![OsString::from("a"), OsString::from("")];
    c_string: vec![CString::from(c"a"), CString::from(c""), CString::from(c"\xc3\xbc")];
    bytes: vec![vec![0u8, 255, 7], vec![], vec![0]];
    boxed_bytes: vec![Box::<[u8]>::from([0, 1]), Box::from([])];

    array_of_numbers: vec![[1u16, 2, 3], [0, u16::MAX, 1]];
    array_of_strings: vec![["a".to_string(), "".into()], ["bb".into(), "c\0".into()]];
    array_of_arrays: vec![[[1i32, 2, 3], [4, 5, 6]], [[-1, -2, -3], [i32::MIN, 0, i32::MAX]]];
    array_of_structs: vec![[Row { id: 1, value: 2u8, maybe: None, many: vec![3], pair: (4, 5) }]];
    array_of_arrays_of_vecs: vec![[[vec![1u8], vec![]], [vec![2, 3], vec![4]]]];
    array_of_none: vec![[0u8; 0], []];
    array_of_no_strings: vec![[(); 0].map(|()| String::new())];
    array_of_no_arrays: vec![[[0u8; 2]; 0]];
    array_of_empty_arrays: vec![[[0f32; 0]; 3]];
    array_of_options: vec![[None, Some(1u8)], [Some(2), None]];

    tuple_1: vec![(1u8,), (2,)];
    tuple_2: vec![(1u8, "a".to_string()), (2, String::new())];
    tuple_of_tuples: vec![((1u8, 'a'), (2.5f64, true)), ((0, 'b'), (-0.5, false))];
    tuple_12: vec![(1u8, 2i8, 3u16, 4i16, 5u32, 6i32, 7u64, 8i64, "9".to_string(), 10.0f64, true, 'l')];
    tuple_of_options: vec![(None, Some(None)), (Some(1u8), None), (None, Some(Some("x".to_string())))];

    vec_of_vecs_of_vecs: vec![vec![vec![1u8], vec![]], vec![], vec![vec![]]];
    boxed_slice: vec![Box::<[i16]>::from([1, -2]), Box::from([])];
    arc_slice: vec![Arc::<[f32]>::from([1.5, -0.0]), Arc::from([])];
    rc_slice: vec![Rc::<[String]>::from(["a".to_string()]), Rc::from([])];
    linked_list: vec![LinkedList::from([1u64, 2]), LinkedList::new()];
    boxed: vec![Box::new(7u8), Box::new(0)];
    boxed_twice: vec![Box::new(Box::new("x".to_string()))];
    rc: vec![Rc::new(1i64), Rc::new(-1)];
    arc: vec![Arc::new(vec![1u8]), Arc::new(vec![])];
    cell: vec![Cell::new(1u8), Cell::new(2)];
    ref_cell: vec![RefCell::new("a".to_string()), RefCell::new(String::new())];
    once_cell: vec![OnceCell::from(1u8), OnceCell::new()];
    once_lock: vec![OnceLock::from("a".to_string()), OnceLock::new()];
    once_lock_of_option: vec![OnceLock::from(None), OnceLock::new(), OnceLock::from(Some(3u8))];

    btree_set: vec![BTreeSet::from([3u8, 1]), BTreeSet::new()];
    btree_set_of_text: vec![BTreeSet::from(["b".to_string(), "a\0".into()]), BTreeSet::new()];
    hash_set: vec![(0..50).collect::<HashSet<i32>>(), HashSet::new()];
    hash_set_of_tuples: vec![HashSet::from([(1u8, "a".to_string()), (0, "b".into())])];
    hash_set_with_another_hasher: vec![{
        let mut set: HashSet<String, BuildHasherDefault<DefaultHasher>> = HashSet::default();
        set.extend(text());
        set
    }];

    phantom: vec![PhantomData::<String>];
    non_zero: vec![NonZero::new(1u8).unwrap(), NonZero::new(u8::MAX).unwrap()];
    non_zero_signed: vec![NonZero::new(i128::MIN).unwrap(), NonZero::new(-1).unwrap()];
    wrapping: vec![Wrapping(1u32), Wrapping(u32::MAX)];
    saturating: vec![Saturating(-1i8)];
    reverse: vec![Reverse("a".to_string()), Reverse(String::new())];

    range: vec![0u8..3, 5..1];
    range_inclusive: vec![0i64..=3, i64::MIN..=i64::MAX];
    range_from: vec![1u8.., 0..];
    range_to: vec![..1.5f64, ..-0.0];
    range_to_inclusive: vec![..='z'];
    range_full: vec![.., ..];
    range_of_options: vec![Some(1u8)..None, None..Some(2)];
    bound: vec![Bound::Included(1u8), Bound::Excluded(2), Bound::Unbounded];
    result: vec![Ok(1u8), Err("no".to_string()), Ok(0)];
    result_of_options: vec![Ok(None), Ok(Some(1u8)), Err(Some(())), Err(None)];
    result_without_data: vec![Ok::<(), ()>(()), Err(())];

    duration: vec![Duration::ZERO, Duration::MAX, Duration::new(1, 999_999_999)];
    system_time: vec![
        SystemTime::UNIX_EPOCH,
        SystemTime::UNIX_EPOCH - Duration::new(1, 1),
        SystemTime::UNIX_EPOCH - Duration::from_nanos(1),
        SystemTime::UNIX_EPOCH - Duration::from_secs(10_000_000_000),
        SystemTime::UNIX_EPOCH + Duration::new(2_000_000_000, 999_999_999),
    ];
    ip: vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    ipv4: vec![Ipv4Addr::BROADCAST, Ipv4Addr::UNSPECIFIED];
    ipv6: vec!["2001:db8::1".parse::<Ipv6Addr>().unwrap(), "::ffff:1.2.3.4".parse().unwrap()];
    socket: vec!["127.0.0.1:80".parse::<SocketAddr>().unwrap(), "[::1]:65535".parse().unwrap()];
    socket_v4: vec![SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)];
    socket_v6: vec![SocketAddrV6::new(Ipv6Addr::LOCALHOST, 1, 0, 7)];

    hash_map_of_numbers: vec![(0..40).map(|i| (i.to_string(), i as f32)).collect::<HashMap<_, _>>(), HashMap::new()];
    hash_map_of_vecs: vec![HashMap::from([("a".to_string(), vec![1u8]), ("b".into(), vec![])]), HashMap::new()];
    hash_map_of_maps: vec![HashMap::from([(1u8, HashMap::from([(-2i64, "x".to_string())])), (3, HashMap::new())])];
    hash_map_with_another_hasher: vec![{
        let mut map: HashMap<u64, String, BuildHasherDefault<DefaultHasher>> = HashMap::default();
        map.extend((0..20).map(|i| (i, i.to_string())));
        map
    }];
    map_with_tuple_keys: vec![BTreeMap::from([((1u8, "a".to_string()), 1.5), ((0, "".into()), 2.5)])];
    map_with_tuple_keys_of_vecs: vec![HashMap::from([((1u8, 'a'), vec![1u8]), ((0, 'b'), vec![]), ((0, 'a'), vec![2, 3])])];
    map_with_char_keys: vec![BTreeMap::from([('a', 1u8), ('\0', 2), ('/', 3), ('.', 4)])];
    map_with_char_keys_of_vecs: vec![BTreeMap::from([('a', vec![1u8]), ('\0', vec![2]), ('/', vec![]), ('.', vec![4])])];
    map_with_bool_keys: vec![BTreeMap::from([(true, 1u8), (false, 2)])];
    map_with_bool_keys_of_vecs: vec![HashMap::from([(true, vec![1u8]), (false, vec![])])];
    map_with_float_like_keys: vec![HashMap::from([(Bits(1.5f64.to_bits()), 1u8), (Bits(f64::NAN.to_bits()), 2)])];
    map_with_option_keys: vec![BTreeMap::from([(None, vec![1u8]), (Some(3u8), vec![])])];
    map_with_128_bit_keys: vec![BTreeMap::from([(i128::MIN, vec![1u8]), (i128::MAX, vec![]), (0, vec![2])])];
    map_with_vec_keys: vec![BTreeMap::from([(vec![1u8], 1u8), (vec![], 2), (vec![1, 2], 3)])];
    map_of_sets: vec![BTreeMap::from([(1u8, HashSet::from(['a', 'b'])), (2, HashSet::new())])];
    map_of_units: vec![BTreeMap::from([("a".to_string(), ()), ("b".to_string(), ())])];
}

/// The bits of a float: what people key maps by.
#[derive(FileBacked, Debug, PartialEq, Eq, Hash, Clone, Copy)]
struct Bits(u64);

shown_types! {
    f32: [0.0f32, -0.0, f32::MIN, f32::MAX, f32::MIN_POSITIVE, 1e-45, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
    f64: [0.0f64, -0.0, f64::MIN, f64::MAX, f64::MIN_POSITIVE, 5e-324, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    mutex: [Mutex::new("a".to_string()), Mutex::new(String::new())];
    mutex_of_option: [Mutex::new(None), Mutex::new(Some(1u8))];
    rw_lock: [RwLock::new(vec![1u8]), RwLock::new(vec![])];
    atomic_bool: [AtomicBool::new(true), AtomicBool::new(false)];
    atomic_i8: [AtomicI8::new(i8::MIN)];
    atomic_i16: [AtomicI16::new(i16::MIN)];
    atomic_i32: [AtomicI32::new(i32::MIN)];
    atomic_i64: [AtomicI64::new(i64::MIN), AtomicI64::new(i64::MAX)];
    atomic_isize: [AtomicIsize::new(isize::MIN)];
    atomic_u8: [AtomicU8::new(u8::MAX)];
    atomic_u16: [AtomicU16::new(u16::MAX)];
    atomic_u32: [AtomicU32::new(u32::MAX)];
    atomic_u64: [AtomicU64::new(u64::MAX), AtomicU64::new(0)];
    atomic_usize: [AtomicUsize::new(usize::MAX)];
}

#[test]
fn bits_of_floats_are_kept() {
    // Signalling and quiet, with payloads and both signs.
    let bits = [
        0x7ff8_0000_0000_0001u64,
        0xfff0_dead_beef_0001,
        0x7ff0_0000_0000_0001,
        0x8000_0000_0000_0000,
        1,
    ];
    let floats = bits.map(f64::from_bits);
    let bits_of = |floats: &[f64]| floats.iter().map(|float| float.to_bits()).collect::<Vec<_>>();
    let loaded: Vec<f64> = filebacked::from_bytes(&filebacked::to_bytes(&floats).unwrap()).unwrap();
    assert_eq!(bits_of(&loaded), bits);
    for float in floats {
        let loaded: f64 = filebacked::from_bytes(&filebacked::to_bytes(&float).unwrap()).unwrap();
        assert_eq!(loaded.to_bits(), float.to_bits());
        let loaded: Vec<Option<f64>> =
            filebacked::from_bytes(&filebacked::to_bytes(&vec![None, Some(float)]).unwrap())
                .unwrap();
        assert_eq!(loaded[1].unwrap().to_bits(), float.to_bits());
        assert!(loaded[0].is_none());
        let map = HashMap::from([("nan".to_string(), float)]);
        let loaded: HashMap<String, f64> =
            filebacked::from_bytes(&filebacked::to_bytes(&map).unwrap()).unwrap();
        assert_eq!(loaded["nan"].to_bits(), float.to_bits());
    }

    let bits = [0x7fc0_0001u32, 0xffa0_beef, 0x7f80_0001, 0x8000_0000, 1];
    let floats = bits.map(f32::from_bits);
    let loaded: Vec<f32> = filebacked::from_bytes(&filebacked::to_bytes(&floats).unwrap()).unwrap();
    assert_eq!(loaded.iter().map(|float| float.to_bits()).collect::<Vec<_>>(), bits);
    for float in floats {
        let loaded: f32 = filebacked::from_bytes(&filebacked::to_bytes(&float).unwrap()).unwrap();
        assert_eq!(loaded.to_bits(), float.to_bits());
    }
}

#[test]
fn a_ring_buffer_that_wraps_around() {
    let wrapped = |n: usize| {
        let mut ring: VecDeque<u16> = VecDeque::with_capacity(n);
        let capacity = ring.capacity();
        ring.extend(0..capacity as u16);
        for i in 0..3 {
            ring.pop_front();
            ring.push_back(1000 + i);
        }
        assert!(!ring.as_slices().1.is_empty(), "it has to wrap around");
        ring
    };
    everywhere(|| vec![wrapped(8), VecDeque::new(), VecDeque::from([1])]);
    // The file does not tell where in memory a buffer begins.
    let straight: VecDeque<u16> = wrapped(8).into_iter().collect();
    assert_eq!(
        filebacked::to_bytes(&wrapped(8)).unwrap(),
        filebacked::to_bytes(&straight).unwrap()
    );
}

#[test]
fn a_heap() {
    let heap = BinaryHeap::from([3u32, 9, 1, 4, 4]);
    round_trip_by(&heap, |a, b| a.clone().into_sorted_vec() == b.clone().into_sorted_vec());
    let heaps = vec![heap, BinaryHeap::new(), BinaryHeap::from([7])];
    round_trip_by(&heaps, |a, b| {
        let sorted = |heaps: &[BinaryHeap<u32>]| -> Vec<_> {
            heaps.iter().map(|h| h.clone().into_sorted_vec()).collect()
        };
        sorted(a) == sorted(b)
    });
    // Heaps of the same values are equal, whatever order they were built in.
    let (one, other) = (BinaryHeap::from([1, 2, 3, 4, 5]), BinaryHeap::from([5, 4, 3, 2, 1]));
    assert_eq!(filebacked::to_bytes(&one).unwrap(), filebacked::to_bytes(&other).unwrap());
}

#[test]
fn equal_hash_maps_give_equal_files_whatever_their_order_in_memory() {
    fn check<K: FileBacked + Hash + Eq + Clone>(keys: Vec<K>) {
        let map: HashMap<K, u8> = keys.iter().cloned().map(|key| (key, 1)).collect();
        let links: HashMap<K, Vec<u8>> = keys.iter().cloned().map(|key| (key, vec![1])).collect();
        let set: HashSet<K> = keys.iter().cloned().collect();
        for _ in 0..4 {
            // Another hasher each time, and the other way round.
            let again: HashMap<K, u8> = keys.iter().rev().cloned().map(|key| (key, 1)).collect();
            assert!(filebacked::to_bytes(&map).unwrap() == filebacked::to_bytes(&again).unwrap());
            let again: HashMap<K, Vec<u8>> =
                keys.iter().rev().cloned().map(|key| (key, vec![1])).collect();
            assert!(filebacked::to_bytes(&links).unwrap() == filebacked::to_bytes(&again).unwrap());
            let again: HashSet<K> = keys.iter().rev().cloned().collect();
            assert!(filebacked::to_bytes(&set).unwrap() == filebacked::to_bytes(&again).unwrap());
            assert!(
                filebacked::to_bytes(&vec![&set]).unwrap()
                    == filebacked::to_bytes(&vec![&again]).unwrap()
            );
        }
    }
    check((0..100).collect::<Vec<i32>>());
    check((0..100).map(|i| format!("{i:03}")).collect());
    // The same number in different words: no order of numbers tells them apart.
    check(["1", "01", "+1", "001", "-0", "0", "+0", "a", ""].map(String::from).into());
    check((0..50).map(|i| (i % 7, format!("{i}"))).collect());
    check(
        (0..50)
            .map(|i| vec![i; (i % 5) as usize])
            .collect::<HashSet<Vec<u8>>>()
            .into_iter()
            .collect(),
    );
    check((0..20).map(|i| (i % 2 == 0).then_some(i)).collect::<HashSet<_>>().into_iter().collect());
}

#[test]
fn maps_and_sets_of_hash_maps() {
    let one = || -> HashMap<String, u8> { (0..30).map(|i| (i.to_string(), i)).collect() };
    let many = || BTreeMap::from([(1u8, vec![one(), one()]), (2, vec![])]);
    assert!(filebacked::to_bytes(&many()).unwrap() == filebacked::to_bytes(&many()).unwrap());
    round_trip(&many());
}

#[test]
fn a_cell_that_is_in_use_is_an_error() {
    let cell = RefCell::new(1u8);
    let guard = cell.borrow_mut();
    let error = filebacked::to_bytes(&cell).unwrap_err();
    assert!(matches!(error.kind(), filebacked::ErrorKind::Custom(_)), "{error}");
    assert!(error.to_string().contains("borrowed mutably"), "{error}");
    drop(guard);
    filebacked::to_bytes(&cell).unwrap();
}

#[test]
fn a_poisoned_lock_is_an_error() {
    let lock = Arc::new(Mutex::new(1u8));
    let other = lock.clone();
    let _ = std::thread::spawn(move || {
        let _guard = other.lock();
        std::panic::resume_unwind(Box::new(()));
    })
    .join();
    let error = filebacked::to_bytes(&*lock).unwrap_err();
    assert!(error.to_string().contains("Mutex whose holder has panicked"), "{error}");
    let error = filebacked::to_bytes(&vec![Mutex::new(1u8), Mutex::new(2)]).map(drop);
    assert!(error.is_ok());
}

/// Everything that can be without a single element, in one struct and in columns.
#[derive(FileBacked, Debug, PartialEq, Default)]
struct Empty {
    numbers: Vec<f64>,
    texts: Vec<String>,
    text: String,
    bools: Vec<bool>,
    structs: Vec<Row<u8>>,
    options: Vec<Option<u8>>,
    lists: Vec<Vec<u8>>,
    map: HashMap<String, u8>,
    links: HashMap<String, Vec<u8>>,
    keyed: BTreeMap<(u8, u8), String>,
    set: BTreeSet<String>,
    array: [u8; 0],
    arrays: Vec<[u8; 3]>,
    wide: Vec<i128>,
    units: Vec<()>,
    results: Vec<Result<u8, String>>,
    times: Vec<Duration>,
    maps: Vec<HashMap<String, Vec<u8>>>,
    ring: VecDeque<String>,
    none: Option<Vec<u8>>,
    some: Option<Vec<Option<Vec<u8>>>>,
}

#[test]
fn nothing_at_all() {
    everywhere(|| {
        vec![Empty::default(), Empty { some: Some(vec![]), none: Some(vec![]), ..Empty::default() }]
    });
}

#[test]
fn options_at_any_depth() {
    type Deep = Option<Option<Option<u8>>>;
    #[derive(FileBacked, Debug, PartialEq)]
    struct Fields {
        deep: Deep,
        list: Vec<Deep>,
        map: BTreeMap<String, Deep>,
        pair: (Deep, Deep),
        boxed: Option<Box<Option<String>>>,
        vec: Option<Vec<Option<Vec<Option<u8>>>>>,
    }
    let all: [Deep; 4] = [None, Some(None), Some(Some(None)), Some(Some(Some(0)))];
    let fields = |i: usize| Fields {
        deep: all[i],
        list: all.into(),
        map: all.into_iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect(),
        pair: (all[i], all[3 - i]),
        boxed: [None, Some(Box::new(None)), Some(Box::new(Some(String::new()))), None][i].clone(),
        vec: [
            None,
            Some(vec![]),
            Some(vec![None, Some(vec![])]),
            Some(vec![Some(vec![None, Some(0)])]),
        ][i]
            .clone(),
    };
    for (i, one) in all.iter().enumerate().take(4) {
        round_trip(&fields(i));
        round_trip(one);
    }
    round_trip(&(0..4).map(fields).collect::<Vec<_>>());
}

#[test]
fn borrowed_values_are_saved_as_owned_ones() {
    let bytes = |value: &dyn Fn() -> filebacked::Result<Vec<u8>>| value().unwrap();
    assert_eq!(
        bytes(&|| filebacked::to_bytes(&"a")),
        bytes(&|| filebacked::to_bytes(&"a".to_string()))
    );
    assert_eq!(
        bytes(&|| filebacked::to_bytes(&[1u8, 2].as_slice())),
        bytes(&|| filebacked::to_bytes(&vec![1u8, 2]))
    );
    assert_eq!(bytes(&|| filebacked::to_bytes(&&&7u8)), bytes(&|| filebacked::to_bytes(&7u8)));
    let (one, two) = (vec![1u8], vec![]);
    let slices: Vec<&[u8]> = vec![&one, &two];
    assert_eq!(
        bytes(&|| filebacked::to_bytes(&slices)),
        bytes(&|| filebacked::to_bytes(&vec![one.clone(), two.clone()]))
    );
    let map = HashMap::from([("a", &one)]);
    let owned = HashMap::from([("a".to_string(), one.clone())]);
    assert_eq!(bytes(&|| filebacked::to_bytes(&map)), bytes(&|| filebacked::to_bytes(&owned)));
    let options: Vec<Option<&u16>> = vec![None, Some(&7), Some(&0)];
    let owned = vec![None, Some(7u16), Some(0)];
    assert_eq!(bytes(&|| filebacked::to_bytes(&options)), bytes(&|| filebacked::to_bytes(&owned)));
    assert_eq!(
        bytes(&|| filebacked::to_bytes(&["a", "b"])),
        bytes(&|| filebacked::to_bytes(&["a".to_string(), "b".into()]))
    );
}

#[test]
fn what_is_not_unicode_is_refused_with_help() {
    use std::os::unix::ffi::OsStringExt;
    let name = OsString::from_vec(vec![0xff]);
    let error = filebacked::to_bytes(&PathBuf::from(name.clone())).unwrap_err();
    assert!(matches!(error.kind(), filebacked::ErrorKind::Unsupported(_)), "{error}");
    assert!(error.help().unwrap().contains("Vec<u8>"), "{error}");
    assert!(filebacked::to_bytes(&vec![name]).is_err());
    assert!(filebacked::to_bytes(&CString::from(c"\xff")).is_err());
}
