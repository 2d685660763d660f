//! Filters: which one is used, what is recorded of it, and how data is read back.

use filebacked::filter::{AnyRows, AnyType, AnyValue, DynFilter};
use filebacked::testing::{Failure, check_filter};
use filebacked::with::{AsString, Each, Raw, Registered, via};
use filebacked::{
    Error, ErrorKind, FileBacked, Filter, Node, ReadOptions, Registry, Result, Rows, Schema, Slot,
    WriteOptions, Written, from_bytes, hdf5, to_bytes,
};
use std::any::{Any, TypeId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Adds a number to each `u16`, hands on, and takes it off again.
struct Add(&'static str, u16);

impl Filter<u16> for Add {
    fn name(&self) -> &str {
        self.0
    }
    fn write(&self, value: &u16, slot: Slot<'_>) -> Result<Written> {
        slot.put_next(&(value + self.1))
    }
    fn read(&self, node: Node<'_>) -> Result<u16> {
        Ok(node.get_next::<u16>()? - self.1)
    }
    fn write_rows(&self, rows: Rows<'_, u16>, slot: Slot<'_>) -> Result<Written> {
        let values: Vec<u16> = rows.iter().map(|value| value + self.1).collect();
        slot.put_next_rows(Rows::slice(&values))
    }
    fn read_rows(&self, node: Node<'_>) -> Result<Vec<u16>> {
        Ok(node.get_next_rows::<u16>()?.into_iter().map(|value| value - self.1).collect())
    }
}

/// Doubles every `f64` of a vector.
struct Doubled;

impl DynFilter for Doubled {
    fn name(&self) -> &str {
        "Doubled"
    }
    fn applicable(&self, id: TypeId, schema: &Schema) -> bool {
        let of_f64 = matches!(schema, Schema::Sequence(element) if matches!(element(), Schema::Scalar("f64")));
        of_f64 && id == TypeId::of::<Vec<f64>>()
    }
    fn write(&self, value: AnyValue<'_>, slot: Slot<'_>) -> Result<Written> {
        match value.downcast_ref::<Vec<f64>>() {
            Some(values) => {
                slot.put_next(&values.iter().map(|value| value * 2.0).collect::<Vec<f64>>())
            }
            None => slot.put_next_any(value),
        }
    }
    fn read(&self, node: Node<'_>, _: AnyType) -> Result<Box<dyn Any>> {
        Ok(Box::new(
            node.get_next::<Vec<f64>>()?.into_iter().map(|value| value / 2.0).collect::<Vec<f64>>(),
        ))
    }
}

/// Hands everything on.
struct Through(&'static str);

impl DynFilter for Through {
    fn name(&self) -> &str {
        self.0
    }
    fn applicable(&self, _: TypeId, _: &Schema) -> bool {
        true
    }
    fn write(&self, value: AnyValue<'_>, slot: Slot<'_>) -> Result<Written> {
        slot.put_next_any(value)
    }
    fn read(&self, node: Node<'_>, ty: AnyType) -> Result<Box<dyn Any>> {
        node.get_next_any(ty)
    }
    fn write_rows(&self, rows: AnyRows<'_>, slot: Slot<'_>) -> Result<Written> {
        slot.put_next_rows_any(rows)
    }
    fn read_rows(&self, node: Node<'_>, ty: AnyType) -> Result<Vec<Box<dyn Any>>> {
        node.get_next_rows_any(ty)
    }
}

fn registry<R>(fill: impl FnOnce(&mut Registry) -> R) -> Arc<Registry> {
    let mut registry = Registry::new();
    fill(&mut registry);
    Arc::new(registry)
}

fn write<T: FileBacked>(value: &T, registry: &Arc<Registry>) -> Result<Vec<u8>> {
    WriteOptions::new().registry(registry.clone()).to_bytes(value)
}

fn read<T: FileBacked>(bytes: &[u8], registry: &Arc<Registry>) -> Result<T> {
    ReadOptions::new().registry(registry.clone()).from_bytes(bytes)
}

/// The names of filters on an object of a file, as the attribute has them.
fn names(bytes: &[u8], path: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.h5");
    std::fs::write(&file, bytes).unwrap();
    let file = hdf5::File::open(&file).unwrap();
    let attribute = match file.dataset(path) {
        Ok(dataset) => dataset.attr("filebacked_filter"),
        Err(_) => file.group(path).unwrap().attr("filebacked_filter"),
    };
    let Ok(attribute) = attribute else { return String::new() };
    attribute.read_scalar::<hdf5::types::FixedUnicode<64>>().unwrap().to_string()
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Pair {
    #[filebacked(with = AsString)]
    named: u16,
    plain: u16,
}

#[test]
fn a_field_comes_before_the_registry_and_the_newest_before_the_older() -> Result<()> {
    let registry = registry(|r| {
        r.register(Add("old", 1));
        r.register(Add("new", 10));
    });
    let pair = Pair { named: 5, plain: 7 };
    let bytes = write(&pair, &registry)?;
    assert_eq!(names(&bytes, "named"), "AsString");
    assert_eq!(names(&bytes, "plain"), "new old");
    assert_eq!(read::<Pair>(&bytes, &registry)?, pair);
    Ok(())
}

#[test]
fn exact_and_predicate_filters_stand_in_one_order() -> Result<()> {
    let predicate_last = registry(|r| {
        r.register(Add("exact", 1));
        r.register_dyn(Through("predicate"));
    });
    let bytes = write(&7u16, &predicate_last)?;
    assert_eq!(names(&bytes, "value"), "predicate exact");
    assert_eq!(predicate_last.filter_for::<u16>(), Some("predicate"));
    let exact_last = registry(|r| {
        r.register_dyn(Through("predicate"));
        r.register(Add("exact", 1));
    });
    assert_eq!(names(&write(&7u16, &exact_last)?, "value"), "exact predicate");
    assert_eq!(
        read::<u16>(&bytes, &exact_last)?,
        7,
        "the file decides, not the order of registration"
    );
    Ok(())
}

#[test]
fn what_is_unregistered_is_gone() -> Result<()> {
    let mut registry = Registry::new();
    let old = registry.register(Add("old", 1));
    let new = registry.register(Add("new", 1));
    let any = registry.register_dyn(Through("any"));
    assert_eq!(registry.len(), 3);
    assert!(registry.unregister(any) && registry.unregister(new));
    assert!(!registry.unregister(new), "it is out already");
    assert_eq!(registry.filter_for::<u16>(), Some("old"));
    assert!(registry.unregister(old));
    assert!(registry.is_empty());
    assert_eq!(write(&1u16, &Arc::new(registry))?, to_bytes(&1u16)?);
    Ok(())
}

/// A type that only the test below uses: the default registry is the whole process's.
#[derive(FileBacked, Debug, PartialEq)]
struct Lonely(u16);

struct LonelyAsText;

impl Filter<Lonely> for LonelyAsText {
    fn name(&self) -> &str {
        "LonelyAsText"
    }
    fn write(&self, value: &Lonely, slot: Slot<'_>) -> Result<Written> {
        slot.put(&value.0.to_string())
    }
    fn read(&self, node: Node<'_>) -> Result<Lonely> {
        node.get::<String>()?.parse().map(Lonely).map_err(Error::custom)
    }
}

#[test]
fn the_default_registry_is_used_unless_a_call_has_its_own() -> Result<()> {
    let plain = to_bytes(&Lonely(3))?;
    let registration = filebacked::register_filter(LonelyAsText);
    let bytes = to_bytes(&Lonely(3))?;
    assert_eq!(names(&bytes, "value"), "LonelyAsText");
    assert_eq!(from_bytes::<Lonely>(&bytes)?, Lonely(3));
    assert_eq!(from_bytes::<Lonely>(&plain)?, Lonely(3), "old data is read as ever");
    let none = registry(|_| {});
    assert_eq!(write(&Lonely(3), &none)?, plain);
    let error = read::<Lonely>(&bytes, &none).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UnknownFilter("LonelyAsText".into()));
    assert!(filebacked::filter::unregister_filter(registration));
    assert_eq!(to_bytes(&Lonely(3))?, plain);
    Ok(())
}

#[test]
fn filters_reach_values_wherever_they_are() -> Result<()> {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Everywhere {
        list: Vec<u16>,
        lists: Vec<Vec<u16>>,
        array: [u16; 3],
        arrays: Vec<[u16; 2]>,
        option: Option<u16>,
        options: Vec<Option<u16>>,
        boxed: Box<u16>,
        map: BTreeMap<String, u16>,
        by_number: BTreeMap<u16, Vec<u16>>,
        tuple: (u16, String),
        pairs: Vec<Pair>,
        deque: VecDeque<u16>,
    }
    let pair = |n| Pair { named: n, plain: n + 1 };
    let value = Everywhere {
        list: vec![1, 2],
        lists: vec![vec![3], vec![]],
        array: [4, 5, 6],
        arrays: vec![[7, 8], [9, 10]],
        option: Some(11),
        options: vec![Some(12), None],
        boxed: Box::new(13),
        map: [("a".into(), 14)].into(),
        by_number: [(15, vec![16])].into(),
        tuple: (17, "x".into()),
        pairs: vec![pair(18), pair(19)],
        deque: [20].into(),
    };
    for registry in
        [registry(|r| r.register(Add("a", 100))), registry(|r| r.register_dyn(Through("t")))]
    {
        let bytes = write(&value, &registry)?;
        assert_eq!(read::<Everywhere>(&bytes, &registry)?, value);
        from_bytes::<Everywhere>(&bytes).unwrap_err();
    }
    let registry = registry(|r| r.register(Add("a", 100)));
    let bytes = write(&value, &registry)?;
    for path in ["list", "lists/values", "options/values", "map/values", "pairs/plain", "deque"] {
        assert_eq!(names(&bytes, path), "a[]", "{path}");
    }
    for path in ["option", "boxed", "tuple/0"] {
        assert_eq!(names(&bytes, path), "a", "{path}");
    }
    Ok(())
}

#[test]
fn a_filter_that_works_at_several_levels_is_undone_at_the_same() -> Result<()> {
    /// Adds one to whatever is a `u16`, or a `Box` of one.
    struct AddOne;
    impl DynFilter for AddOne {
        fn name(&self) -> &str {
            "AddOne"
        }
        fn applicable(&self, id: TypeId, _: &Schema) -> bool {
            id == TypeId::of::<u16>() || id == TypeId::of::<Box<u16>>()
        }
        fn write(&self, value: AnyValue<'_>, slot: Slot<'_>) -> Result<Written> {
            match (value.downcast_ref::<u16>(), value.downcast_ref::<Box<u16>>()) {
                (Some(value), _) => slot.put_next(&(value + 1)),
                (_, Some(value)) => slot.put_next(&Box::new(**value + 10)),
                _ => slot.put_next_any(value),
            }
        }
        fn read(&self, node: Node<'_>, ty: AnyType) -> Result<Box<dyn Any>> {
            if ty.id() == TypeId::of::<u16>() {
                return Ok(Box::new(node.get_next::<u16>()? - 1));
            }
            Ok(Box::new(Box::new(*node.get_next::<Box<u16>>()? - 10)))
        }
    }
    let registry = registry(|r| r.register_dyn(AddOne));
    let bytes = write(&Box::new(5u16), &registry)?;
    assert_eq!(names(&bytes, "value"), "AddOne AddOne");
    assert_eq!(*read::<Box<u16>>(&bytes, &registry)?, 5);
    Ok(())
}

#[test]
fn a_field_may_name_the_filter_that_the_registry_has() -> Result<()> {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Twice {
        #[filebacked(with = Add("a", 1))]
        x: u16,
    }
    let registry = registry(|r| r.register(Add("a", 1)));
    let bytes = write(&Twice { x: 5 }, &registry)?;
    assert_eq!(names(&bytes, "x"), "a a");
    assert_eq!(read::<Twice>(&bytes, &registry)?, Twice { x: 5 });
    Ok(())
}

#[test]
fn predicates_choose_by_type_and_schema() -> Result<()> {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Data {
        doubled: Vec<f64>,
        not: Vec<f32>,
        nested: Vec<Vec<f64>>,
    }
    let registry = registry(|r| r.register_dyn(Doubled));
    let data = Data { doubled: vec![1.0, 2.0], not: vec![3.0], nested: vec![vec![4.0], vec![]] };
    let bytes = write(&data, &registry)?;
    assert_eq!(names(&bytes, "doubled"), "Doubled");
    assert_eq!(names(&bytes, "not"), "");
    assert_eq!(read::<Data>(&bytes, &registry)?, data);

    #[derive(FileBacked)]
    #[filebacked(name = "Data")]
    struct Stored {
        #[filebacked(with = Raw)]
        doubled: Vec<f64>,
    }
    assert_eq!(from_bytes::<Stored>(&bytes)?.doubled, [2.0, 4.0]);
    Ok(())
}

#[test]
fn registering_never_changes_how_old_data_is_read() -> Result<()> {
    let pairs = vec![Pair { named: 1, plain: 2 }];
    let old = to_bytes(&pairs)?;
    let registry = registry(|r| {
        r.register(Add("late", 1000));
        r.register_dyn(Through("later"));
    });
    assert_eq!(read::<Vec<Pair>>(&old, &registry)?, pairs);
    Ok(())
}

#[test]
fn files_of_others_are_read_by_the_newest_match() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("theirs.h5");
    let file = hdf5::File::create(&path).unwrap();
    file.new_dataset::<u16>().create("named").unwrap().write_scalar(&107u16).unwrap();
    file.new_dataset::<u16>().create("plain").unwrap().write_scalar(&107u16).unwrap();
    drop(file);

    #[derive(FileBacked, Debug, PartialEq)]
    struct Theirs {
        #[filebacked(with = via::<u32>())]
        named: u16,
        plain: u16,
    }
    let registry = registry(|r| {
        r.register(Add("old", 5));
        r.register(Add("new", 100));
    });
    let options = ReadOptions::new().registry(registry);
    // The newest takes its 100 off, the older its 5; the field's own filter reads what it finds.
    assert_eq!(options.load::<Theirs>(&path)?, Theirs { named: 107, plain: 2 });
    Ok(())
}

#[test]
fn a_missing_filter_is_named_with_what_to_do() -> Result<()> {
    let bytes = write(&Pair { named: 1, plain: 2 }, &registry(|r| r.register(Add("gone", 1))))?;
    let error = from_bytes::<Pair>(&bytes).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UnknownFilter("gone".into()));
    assert_eq!(error.path(), "/plain");
    let help = error.help().unwrap_or_default();
    assert!(help.contains("register `gone`") && help.contains("Raw"), "{help}");

    let rows = write(&vec![1u16, 2], &registry(|r| r.register(Add("gone", 1))))?;
    assert_eq!(
        *from_bytes::<Vec<u16>>(&rows).unwrap_err().kind(),
        ErrorKind::UnknownFilter("gone".into())
    );
    Ok(())
}

#[test]
fn raw_reads_past_filters_in_fields_and_columns() -> Result<()> {
    #[derive(FileBacked, Debug, PartialEq)]
    #[filebacked(name = "Pair")]
    struct Look {
        #[filebacked(with = Raw)]
        named: String,
        #[filebacked(with = Raw)]
        plain: u16,
    }
    let registry = registry(|r| r.register(Add("gone", 100)));
    let pair = Pair { named: 5, plain: 7 };
    let look = || Look { named: "5".into(), plain: 107 };
    assert_eq!(from_bytes::<Look>(&write(&pair, &registry)?)?, look());
    assert_eq!(
        from_bytes::<Vec<Look>>(&write(&vec![pair.clone(), pair], &registry)?)?,
        [look(), look()]
    );
    // What it writes is plain, whatever is registered.
    let bytes = write(&look(), &registry)?;
    assert_eq!(names(&bytes, "plain"), "");
    assert_eq!(from_bytes::<Look>(&bytes)?, look());
    Ok(())
}

/// A type of another crate.
#[derive(Debug, PartialEq, Clone)]
struct Foreign(u16);

struct ForeignAsNumber;

impl Filter<Foreign> for ForeignAsNumber {
    fn name(&self) -> &str {
        "ForeignAsNumber"
    }
    fn write(&self, value: &Foreign, slot: Slot<'_>) -> Result<Written> {
        slot.put(&value.0)
    }
    fn read(&self, node: Node<'_>) -> Result<Foreign> {
        node.get().map(Foreign)
    }
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Holder {
    #[filebacked(registered)]
    one: Foreign,
    #[filebacked(registered)]
    maybe: Option<Foreign>,
    #[filebacked(with = Each(Registered))]
    many: Vec<Foreign>,
}

#[test]
fn registered_fields_need_no_trait_of_ours() -> Result<()> {
    let registry = registry(|r| r.register(ForeignAsNumber));
    let holder = |maybe| Holder { one: Foreign(1), maybe, many: vec![Foreign(3), Foreign(4)] };
    for value in [holder(None), holder(Some(Foreign(2)))] {
        let bytes = write(&value, &registry)?;
        assert_eq!(names(&bytes, "one"), "ForeignAsNumber");
        assert_eq!(read::<Holder>(&bytes, &registry)?, value);
        let rows = vec![value.clone(), value];
        assert_eq!(read::<Vec<Holder>>(&write(&rows, &registry)?, &registry)?, rows);
    }
    let error = to_bytes(&holder(None)).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::NoFilter(name) if name.contains("Foreign")),
        "{error}"
    );
    assert_eq!(error.path(), "/one");
    assert!(error.help().unwrap_or_default().contains("register_filter"));
    let error = from_bytes::<Holder>(&write(&holder(None), &registry)?).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UnknownFilter("ForeignAsNumber".into()));
    Ok(())
}

#[test]
fn extensions_reach_filters() -> Result<()> {
    struct Offset(u16);
    struct ByOffset;
    fn offset(offset: Option<&Offset>) -> u16 {
        offset.map_or(0, |offset| offset.0)
    }
    impl Filter<u16> for ByOffset {
        fn name(&self) -> &str {
            "ByOffset"
        }
        fn write(&self, value: &u16, slot: Slot<'_>) -> Result<Written> {
            let offset = offset(slot.context().extension());
            slot.put_next(&(value + offset))
        }
        fn read(&self, node: Node<'_>) -> Result<u16> {
            let offset = offset(node.context().extension());
            Ok(node.get_next::<u16>()? - offset)
        }
    }
    let registry = registry(|r| r.register(ByOffset));
    let bytes =
        WriteOptions::new().registry(registry.clone()).extension(Offset(5)).to_bytes(&1u16)?;
    let options = ReadOptions::new().registry(registry);
    assert_eq!(options.from_bytes::<u16>(&bytes)?, 6);
    assert_eq!(options.extension(Offset(5)).from_bytes::<u16>(&bytes)?, 1);
    Ok(())
}

#[test]
fn a_filter_that_calls_itself_without_end_is_told() -> Result<()> {
    struct Endless;
    impl Filter<u16> for Endless {
        fn name(&self) -> &str {
            "Endless"
        }
        fn write(&self, value: &u16, slot: Slot<'_>) -> Result<Written> {
            slot.put(value) // `put_next` is meant
        }
        fn read(&self, node: Node<'_>) -> Result<u16> {
            node.get_next()
        }
    }
    let error = write(&1u16, &registry(|r| r.register(Endless))).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooDeep { .. }), "{error}");
    Ok(())
}

#[test]
fn default_rows_are_refused_where_they_would_make_very_many_nodes() -> Result<()> {
    let registry = registry(|r| r.register(ForeignAsNumber));
    let holder = |n| Holder { one: Foreign(1), maybe: None, many: vec![Foreign(3); n] };
    let error = write(&holder(10_001), &registry).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Limit(what) if what.contains("ForeignAsNumber")),
        "{error}"
    );
    assert!(error.help().unwrap_or_default().contains("write_rows"), "{error}");
    assert_eq!(error.path(), "/many");
    Ok(())
}

#[test]
fn a_filter_named_on_a_field_reads_what_another_wrote_if_that_is_registered() -> Result<()> {
    #[derive(FileBacked, Debug, PartialEq)]
    #[filebacked(name = "Pair")]
    struct Changed {
        #[filebacked(with = via::<u64>())]
        named: u16,
        plain: u16,
    }
    let bytes = to_bytes(&Pair { named: 1, plain: 2 })?;
    assert_eq!(
        *from_bytes::<Changed>(&bytes).unwrap_err().kind(),
        ErrorKind::UnknownFilter("AsString".into())
    );
    let registry = registry(|r| r.register::<u16>(AsString));
    assert_eq!(read::<Changed>(&bytes, &registry)?, Changed { named: 1, plain: 2 });
    Ok(())
}

#[test]
fn these_filters_keep_the_contract() -> std::result::Result<(), Failure> {
    check_filter(Add("add", 1), [1, 2])?;
    check_filter(ForeignAsNumber, [Foreign(1), Foreign(2)])?;
    check_filter::<u16, Arc<dyn Filter<u16>>>(Arc::new(Add("add", 1)), [1, 2])
}
