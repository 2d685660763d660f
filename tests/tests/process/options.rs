//! What a call may be told, and files that are kept open.

use filebacked::error::Operation;
use filebacked::options::{Durability, Overwrite};
use filebacked::{Compression, ErrorKind, File, FileBacked, ReadOptions, WriteOptions, hdf5};
use filebacked_tests::{python, scratch};
use serde_json::json;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Model {
    step: u64,
    layers: Vec<Layer>,
    first: Option<Box<Layer>>,
    #[filebacked(layout = "links")]
    by_name: BTreeMap<String, Layer>,
    params: BTreeMap<String, Option<f64>>,
    #[filebacked(default)]
    cache: Vec<u8>,
    wrapped: Wrapper,
    pair: (u8, Option<u8>),
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Layer {
    #[filebacked(default = 1)]
    width: u32,
    cache: Option<Vec<u8>>,
}

#[derive(FileBacked, Debug, PartialEq, Clone)]
struct Wrapper(Layer);

fn layer(width: u32) -> Layer {
    Layer { width, cache: Some(vec![width as u8]) }
}

fn model() -> Model {
    Model {
        step: 7,
        layers: vec![layer(2), layer(3)],
        first: Some(Box::new(layer(4))),
        by_name: BTreeMap::from([("a".to_string(), layer(5)), ("b/c".to_string(), layer(6))]),
        params: BTreeMap::from([("x".to_string(), Some(0.5)), ("y".to_string(), None)]),
        cache: vec![1, 2],
        wrapped: Wrapper(layer(8)),
        pair: (1, Some(2)),
    }
}

fn without(layer: &mut Layer) {
    layer.cache = None;
}

/// Leaves something out on writing, and, on the other hand, on reading: the same is there in both
/// cases.
#[track_caller]
fn skipped(patterns: &[&str], change: impl FnOnce(&mut Model)) {
    let mut wanted = model();
    change(&mut wanted);
    let bytes = WriteOptions::new().skip(patterns.iter().copied()).to_bytes(&model()).unwrap();
    assert_eq!(filebacked::from_bytes::<Model>(&bytes).unwrap(), wanted, "left out on writing");
    let bytes = filebacked::to_bytes(&model()).unwrap();
    let loaded: Model =
        ReadOptions::new().skip(patterns.iter().copied()).from_bytes(&bytes).unwrap();
    assert_eq!(loaded, wanted, "left out on reading");
}

#[track_caller]
fn only(patterns: &[&str], change: impl FnOnce(&mut Model)) {
    let mut wanted = model();
    change(&mut wanted);
    let bytes = WriteOptions::new().only(patterns.iter().copied()).to_bytes(&model()).unwrap();
    assert_eq!(filebacked::from_bytes::<Model>(&bytes).unwrap(), wanted, "kept on writing");
    let bytes = filebacked::to_bytes(&model()).unwrap();
    let loaded: Model =
        ReadOptions::new().only(patterns.iter().copied()).from_bytes(&bytes).unwrap();
    assert_eq!(loaded, wanted, "kept on reading");
}

#[test]
fn what_is_left_out() {
    skipped(&["cache"], |model| model.cache.clear());
    skipped(&["/cache/"], |model| model.cache.clear());
    skipped(&["layers/*/cache"], |model| model.layers.iter_mut().for_each(without));
    skipped(&["layers/*/width"], |model| model.layers.iter_mut().for_each(|layer| layer.width = 1));
    // Option, Box and newtypes are no levels.
    skipped(&["first/cache"], |model| without(model.first.as_mut().unwrap()));
    skipped(&["first"], |model| model.first = None);
    skipped(&["wrapped/cache"], |model| without(&mut model.wrapped.0));
    skipped(&["*/cache"], |model| {
        without(model.first.as_mut().unwrap());
        without(&mut model.wrapped.0);
    });
    skipped(&["by_name/*/cache"], |model| model.by_name.values_mut().for_each(without));
    skipped(&["by_name/a/cache"], |model| without(model.by_name.get_mut("a").unwrap()));
    skipped(&["by_name/a"], |model| drop(model.by_name.remove("a")));
    skipped(&["params/x"], |model| assert!(model.params.remove("x").is_some()));
    skipped(&["pair/1"], |model| model.pair.1 = None);
    skipped(&["**/cache"], |model| {
        model.cache.clear();
        model.layers.iter_mut().for_each(without);
        model.by_name.values_mut().for_each(without);
        without(model.first.as_mut().unwrap());
        without(&mut model.wrapped.0);
    });
    skipped(&["cache", "layers/*/cache", "first"], |model| {
        model.cache.clear();
        model.layers.iter_mut().for_each(without);
        model.first = None;
    });
}

#[test]
fn what_alone_is_kept() {
    let all = ["step", "layers", "by_name", "params", "wrapped", "pair"];
    only(&all, |model| {
        model.cache.clear();
        model.first = None;
    });
    // What leads to a pattern is kept too, but nothing beside it.
    let narrow = ["step", "layers/*/width", "by_name/a/width", "params", "wrapped/width", "pair"];
    only(&narrow, |model| {
        model.cache.clear();
        model.first = None;
        model.layers.iter_mut().for_each(without);
        model.by_name.remove("b/c");
        without(model.by_name.get_mut("a").unwrap());
        without(&mut model.wrapped.0);
    });
    only(&["**"], |_| {});
    only(&["*"], |_| {});
    let bytes = filebacked::to_bytes(&model()).unwrap();
    let both = ReadOptions::new().only(["**"]).skip(["cache"]).from_bytes::<Model>(&bytes).unwrap();
    assert_eq!(both, Model { cache: vec![], ..model() });
}

#[test]
fn what_is_not_stored_and_has_no_stand_in_is_an_error() {
    let bytes = WriteOptions::new().skip(["step"]).to_bytes(&model()).unwrap();
    let error = filebacked::from_bytes::<Model>(&bytes).unwrap_err();
    assert_eq!((error.kind(), error.path().as_str()), (&ErrorKind::Missing, "/step"));
    let bytes = filebacked::to_bytes(&model()).unwrap();
    for options in [ReadOptions::new().skip(["step"]), ReadOptions::new().only(["layers"])] {
        let error = options.from_bytes::<Model>(&bytes).unwrap_err();
        assert_eq!(
            (error.kind(), error.path().as_str()),
            (&ErrorKind::Skipped, "/step"),
            "{error}"
        );
        assert_eq!(error.operation(), Some(Operation::Load));
        assert!(error.to_string().contains("left out by `skip` or `only`"), "{error}");
    }
}

#[test]
fn patterns_that_fit_nothing_are_refused() {
    let bytes = filebacked::to_bytes(&model()).unwrap();
    for (pattern, nearest) in [
        ("stp", Some("step")),
        ("layers/cache", None),
        ("layers/0", None),
        ("layers/0/cache", None),
        ("layers/*/cahce", Some("layers/*/cache")),
        ("first/Some/cache", None),
        ("wrapped/0/cache", None),
        ("step/*", None),
        ("layers/**/nothing", None),
        ("by_name/a/wdth", Some("by_name/a/width")),
    ] {
        let error = WriteOptions::new().skip([pattern]).to_bytes(&model()).unwrap_err();
        let ErrorKind::UnknownPath { pattern: said, nearest: found } = error.kind() else {
            panic!("{error}")
        };
        assert_eq!(said, pattern);
        if nearest.is_some() {
            assert_eq!(found.as_deref(), nearest, "{error}");
        }
        assert!(error.help().is_some(), "{error}");
        let error = ReadOptions::new().only([pattern]).from_bytes::<Model>(&bytes).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::UnknownPath { .. }), "{error}");
    }
}

#[test]
fn patterns_of_recursive_types() {
    #[derive(FileBacked, Debug, PartialEq, Clone)]
    struct Tree {
        cache: Option<u8>,
        kids: Vec<Tree>,
        next: Option<Box<Tree>>,
    }
    let tree = |n: u8| Tree { cache: Some(n), kids: vec![], next: None };
    let deep = Tree {
        kids: vec![tree(2), Tree { kids: vec![tree(3)], ..tree(4) }],
        next: Some(Box::new(tree(5))),
        ..tree(1)
    };
    let bytes = WriteOptions::new().skip(["**/cache"]).to_bytes(&deep).unwrap();
    let mut loaded: Tree = filebacked::from_bytes(&bytes).unwrap();
    assert_eq!(
        (loaded.cache, loaded.kids[1].kids[0].cache, loaded.next.unwrap().cache),
        (None, None, None)
    );
    let bytes = WriteOptions::new().skip(["kids/*/cache"]).to_bytes(&deep).unwrap();
    loaded = filebacked::from_bytes(&bytes).unwrap();
    assert_eq!(
        (loaded.cache, loaded.kids[1].cache, loaded.kids[1].kids[0].cache),
        (Some(1), None, Some(3))
    );
}

fn filters(file: &Path, path: &str) -> serde_json::Value {
    let Some(python) = python() else { return json!(null) };
    python.describe(file).at(path).get("filters").clone()
}

#[derive(FileBacked, Debug, PartialEq)]
struct Big {
    large: Vec<f64>,
    small: Vec<f64>,
    one: f64,
    text: String,
    texts: Vec<String>,
    rows: Vec<(u64, bool)>,
    #[filebacked(compression = Compression::Gzip(9))]
    always: Vec<u8>,
    #[filebacked(compression = Compression::None)]
    never: Vec<f64>,
    #[filebacked(chunk = [100])]
    chunked: Vec<u16>,
    #[filebacked(chunk = [4, 3])]
    grid: Vec<[u16; 7]>,
}

fn big() -> Big {
    Big {
        large: vec![1.0; 10_000],
        small: vec![1.0; 4],
        one: 1.0,
        text: "x".repeat(10_000),
        texts: vec!["abc".into(); 2000],
        rows: vec![(1, true); 5000],
        always: vec![1; 10],
        never: vec![1.0; 10_000],
        chunked: vec![1; 1000],
        grid: vec![[1; 7]; 50],
    }
}

#[test]
fn compression() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("big.h5");
    WriteOptions::new().compression(Compression::Gzip(4)).save(&path, &big()).unwrap();
    assert_eq!(filebacked::load::<Big>(&path).unwrap(), big());
    let file = python.describe(&path);
    let gzip = json!(["shuffle", "deflate"]);
    for name in ["/large", "/texts", "/rows/0", "/rows/1", "/always"] {
        let node = file.at(name);
        assert_eq!((node.text("layout"), node.get("filters")), ("chunked", &gzip), "{name}");
    }
    for name in ["/small", "/one", "/text", "/never"] {
        let node = file.at(name);
        assert_ne!(node.text("layout"), "chunked", "{name}");
        assert_eq!(node.get("filters"), &json!([]), "{name}");
    }
    assert_eq!(python.eval(&path, "f['large'].compression_opts"), json!(4));
    assert_eq!(python.eval(&path, "f['always'].compression_opts"), json!(9));
    assert_eq!(file.at("/chunked").get("chunks"), &json!([100]));
    let plain = filebacked::to_bytes(&big()).unwrap();
    assert!((std::fs::metadata(&path).unwrap().len() as usize) < plain.len() / 2);

    filebacked::save(&path, &big()).unwrap();
    assert_eq!(filebacked::load::<Big>(&path).unwrap(), big());
    let file = python.describe(&path);
    assert_eq!(file.at("/large").get("filters"), &json!([]), "none unless it is asked for");
    assert_eq!(file.at("/always").get("filters"), &gzip, "the field asks for it");
    assert_eq!(file.at("/chunked").get("chunks"), &json!([100]));
    assert_eq!(file.at("/grid").get("chunks"), &json!([4, 3]));

    WriteOptions::new()
        .compression(Compression::Gzip(1))
        .chunk_bytes(8000)
        .save(&path, &big())
        .unwrap();
    assert_eq!(filebacked::load::<Big>(&path).unwrap(), big());
    let chunks = python.eval(&path, "f['large'].chunks[0]").as_u64().unwrap();
    assert!((500..=1000).contains(&chunks), "about 8000 bytes: {chunks} numbers");
    assert_eq!(filters(&path, "/large"), gzip);
}

#[test]
fn a_chunk_of_another_rank_is_an_error() {
    #[derive(FileBacked)]
    struct Wrong {
        #[filebacked(chunk = [2, 2])]
        x: Vec<u8>,
    }
    let error = filebacked::to_bytes(&Wrong { x: vec![1, 2, 3] }).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
    assert_eq!(error.path(), "/x");
}

#[test]
fn order_by_chance_is_read_too() {
    let map: HashMap<String, u8> = (0..200).map(|i| (i.to_string(), i)).collect();
    let bytes = WriteOptions::new().deterministic(false).to_bytes(&map).unwrap();
    assert_eq!(filebacked::from_bytes::<HashMap<String, u8>>(&bytes).unwrap(), map);
    assert_ne!(
        bytes,
        filebacked::to_bytes(&map).unwrap(),
        "200 keys in a sorted order would be a wonder"
    );
}

#[test]
fn durability_is_no_part_of_the_file() {
    let (dir, path) = scratch("model.h5");
    let mut files = Vec::new();
    for durability in [Durability::Durable, Durability::Atomic, Durability::Fast] {
        // Over a longer file, and over none.
        std::fs::write(&path, vec![7; 1 << 20]).unwrap();
        WriteOptions::new().durability(durability).save(&path, &model()).unwrap();
        let over = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        WriteOptions::new().durability(durability).save(&path, &model()).unwrap();
        assert!(std::fs::read(&path).unwrap() == over, "{durability:?}");
        assert_eq!(filebacked::load::<Model>(&path).unwrap(), model());
        files.push(over);
    }
    assert!(files.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (dir, path) = scratch("real.h5");
    let (link, second) = (dir.path().join("link.h5"), dir.path().join("second.h5"));
    symlink("real.h5", &link).unwrap();
    symlink(&link, &second).unwrap();
    // The target need not be there.
    filebacked::save(&second, &1u8).unwrap();
    assert_eq!(filebacked::load::<u8>(&path).unwrap(), 1);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    filebacked::save(&link, &2u8).unwrap();
    for file in [&link, &second] {
        assert!(std::fs::symlink_metadata(file).unwrap().is_symlink());
        assert_eq!(filebacked::load::<u8>(file).unwrap(), 2);
    }
    assert!(std::fs::symlink_metadata(&path).unwrap().is_file());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    symlink("round.h5", dir.path().join("round.h5")).unwrap();
    filebacked::save(dir.path().join("round.h5"), &3u8).unwrap_err();
}

#[cfg(unix)]
#[test]
fn a_new_file_has_the_permissions_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, path) = scratch("new.h5");
    std::fs::write(dir.path().join("plain"), b"").unwrap();
    filebacked::save(&path, &1u8).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&dir.path().join("plain")));
}

#[test]
fn a_name_without_a_directory() {
    // A relative path has no parent to speak of.
    let dir = tempfile::tempdir().unwrap();
    std::env::set_current_dir(dir.path()).unwrap();
    filebacked::save("plain.h5", &1u8).unwrap();
    filebacked::save("plain.h5", &2u8).unwrap();
    assert_eq!(filebacked::load::<u8>("plain.h5").unwrap(), 2);
    std::env::set_current_dir("/").unwrap();
}

#[test]
fn an_open_file() {
    let (_dir, path) = scratch("open.h5");
    let file = File::create(&path).unwrap();
    assert_eq!(file.path(), path);
    file.write("run/7", &model()).unwrap();
    file.write("run/8/deep", &1u8).unwrap();
    file.write("/größe", &"x").unwrap();
    assert_eq!(file.read::<Model>("run/7").unwrap(), model());
    assert_eq!(file.read::<u64>("run/7/step").unwrap(), 7, "members are values");
    assert_eq!(file.read::<u8>("/run/8/deep").unwrap(), 1);
    let mut names = file.names().unwrap();
    names.sort();
    assert_eq!(names, ["größe", "run"]);
    file.flush().unwrap();
    file.close().unwrap();

    let file = File::open(&path).unwrap();
    assert_eq!(file.read::<String>("größe").unwrap(), "x");
    let error = file.write("more", &1u8).unwrap_err();
    assert_eq!(
        (error.operation(), error.file()),
        (Some(Operation::Save), Some(path.as_path())),
        "{error}"
    );
    drop(file);

    let file = File::open_rw(&path).unwrap();
    file.write("more", &1u8).unwrap();
    drop(file);
    let file = File::open_or_create(&path).unwrap();
    file.write("even/more", &2u8).unwrap();
    assert_eq!(file.read::<u8>("more").unwrap(), 1);
    drop(file);
    assert_eq!(*File::create_new(&path).unwrap_err().kind(), ErrorKind::Exists);
    assert_eq!(File::open(&path).unwrap().read::<u8>("even/more").unwrap(), 2, "nothing was lost");
    drop(File::create(&path).unwrap());
    assert_eq!(File::open(&path).unwrap().names().unwrap(), [""; 0], "`create` begins anew");
    let fresh = path.with_file_name("fresh.h5");
    File::open_or_create(&fresh).unwrap().write("x", &1u8).unwrap();
    File::create_new(path.with_file_name("other.h5")).unwrap().write("x", &1u8).unwrap();
    assert_eq!(File::open(&fresh).unwrap().read::<u8>("x").unwrap(), 1);
}

#[test]
fn what_is_written_over() {
    let (_dir, path) = scratch("over.h5");
    let file = File::create(&path).unwrap();
    let replace = WriteOptions::new().overwrite(Overwrite::Replace);
    file.write("a/b", &1u8).unwrap();
    file.write_with("a/b", &"text", &replace).unwrap();
    assert_eq!(file.read::<String>("a/b").unwrap(), "text");
    file.write_with("new", &2u8, &replace).unwrap();
    file.write_with("a", &3u8, &replace).unwrap();
    assert_eq!(file.read::<u8>("a").unwrap(), 3);

    // What fails leaves the old value and nothing else.
    let broken = (vec![1.0; 1000], RefCell::new(1u8));
    let guard = broken.1.borrow_mut();
    let error = file.write_with("a", &broken, &replace).unwrap_err();
    assert_eq!(error.path(), "/a/1", "{error}");
    let error = file.write("fresh/group", &broken).unwrap_err();
    assert_eq!(error.path(), "/fresh/group/1", "{error}");
    drop(guard);
    assert_eq!(file.read::<u8>("a").unwrap(), 3);
    let mut names = file.names().unwrap();
    names.sort();
    assert_eq!(names, ["a", "new"]);
}

#[test]
fn members_at_the_root() {
    let (_dir, path) = scratch("root.h5");
    let file = File::create(&path).unwrap();
    file.write("extra", &1u8).unwrap();
    file.write_root(&model()).unwrap();
    assert_eq!(file.read_root::<Model>().unwrap(), model());
    assert_eq!(file.read::<u64>("step").unwrap(), 7);
    let error = file.write_root(&model()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Exists, "{error}");
    let changed = Model { step: 8, first: None, ..model() };
    file.write_root_with(&changed, &WriteOptions::new().overwrite(Overwrite::Replace)).unwrap();
    assert_eq!(
        file.read_root::<Model>().unwrap(),
        changed,
        "a `None` takes the place of what was there"
    );
    assert_eq!(file.read::<u8>("extra").unwrap(), 1);
    drop(file);
    assert_eq!(filebacked::load::<Model>(&path).unwrap(), changed);
    // What `save` wrote can be opened and added to.
    filebacked::save(&path, &model()).unwrap();
    let file = File::open_rw(&path).unwrap();
    file.write("more", &1u8).unwrap();
    assert_eq!(file.read_root::<Model>().unwrap(), model());
}

#[test]
fn groups_of_the_hdf5_crate() {
    let (_dir, path) = scratch("group.h5");
    let file = hdf5::File::create(&path).unwrap();
    let group = file.create_group("a/b").unwrap();
    filebacked::write(&group, "model", &model()).unwrap();
    filebacked::write(&group, "deep/er", &1u8).unwrap();
    filebacked::write_into(&group.create_group("into").unwrap(), &model()).unwrap();
    assert_eq!(filebacked::read::<Model>(&group, "model").unwrap(), model());
    assert_eq!(filebacked::read_from::<Model>(&group.group("into").unwrap()).unwrap(), model());
    assert_eq!(filebacked::read::<u8>(&file, "a/b/deep/er").unwrap(), 1);
    assert_eq!(filebacked::read::<u64>(&group, "into/step").unwrap(), 7);
    let error = filebacked::write(&group, "model", &1u8).unwrap_err();
    assert_eq!((error.kind(), error.operation()), (&ErrorKind::Exists, Some(Operation::Save)));
    assert_eq!(error.file(), Some(path.as_path()));
    let skip = WriteOptions::new().skip(["cache"]).overwrite(Overwrite::Replace);
    skip.write(&group, "model", &model()).unwrap();
    assert_eq!(filebacked::read::<Model>(&group, "model").unwrap().cache, [0u8; 0]);
    let error = filebacked::read::<u8>(&group, "nothing").unwrap_err();
    assert_eq!((error.kind(), error.operation()), (&ErrorKind::Missing, Some(Operation::Load)));

    // The same file through both doors at once.
    let (_dir, path) = scratch("both.h5");
    let file = File::create(&path).unwrap();
    file.write("x", &vec![1u8, 2]).unwrap();
    let raw = file.as_hdf5().unwrap();
    assert_eq!(raw.dataset("x").unwrap().read_raw::<u8>().unwrap(), [1, 2]);
    raw.new_dataset::<u8>().create("y").unwrap().write_scalar(&7u8).unwrap();
    drop(raw);
    assert_eq!(file.read::<u8>("y").unwrap(), 7);
}

#[test]
fn extensions_reach_filters() {
    use filebacked::{Filter, Node, Registry, Result, Slot, Written};
    /// Adds to a number what the call says.
    struct Add;
    struct Offset(i64);
    impl Filter<i64> for Add {
        fn name(&self) -> &str {
            "Add"
        }
        fn write(&self, value: &i64, slot: Slot<'_>) -> Result<Written> {
            let offset = slot.context().extension::<Offset>().map_or(0, |offset| offset.0);
            slot.put_next(&(value + offset))
        }
        fn read(&self, node: Node<'_>) -> Result<i64> {
            let offset = node.context().extension::<Offset>().map_or(0, |offset| offset.0);
            Ok(node.get_next::<i64>()? - offset)
        }
    }
    let registry = || {
        let mut registry = Registry::new();
        let _ = registry.register(Add);
        registry
    };
    let bytes =
        WriteOptions::new().registry(registry()).extension(Offset(10)).to_bytes(&5i64).unwrap();
    let read = |options: ReadOptions| options.from_bytes::<i64>(&bytes);
    assert_eq!(read(ReadOptions::new().registry(registry()).extension(Offset(10))).unwrap(), 5);
    assert_eq!(read(ReadOptions::new().registry(registry()).extension(Offset(3))).unwrap(), 12);
    assert_eq!(read(ReadOptions::new().registry(registry())).unwrap(), 15);
    assert_eq!(
        *read(ReadOptions::new()).unwrap_err().kind(),
        ErrorKind::UnknownFilter("Add".into())
    );
}
