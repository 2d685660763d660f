//! `Weak`: what points to values that others own.

use filebacked::engine::Engine;
use filebacked::link::SoftLink;
use filebacked::options::Layout;
use filebacked::with::{DataFrame, Matlab};
use filebacked::{ErrorKind, File, FileBacked, Lazy, LazyVec, ReadOptions, Save, WriteOptions};
use filebacked::{from_bytes, to_bytes};
use filebacked_tests::{ENGINES, python, scratch};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{self, Rc};
use std::sync::{Arc, Mutex, Weak};

/// Every way of writing and reading whole files.
fn through<T: FileBacked>(value: &T, check: impl Fn(&T)) {
    for writer in ENGINES {
        let (_dir, path) = scratch("pointers.h5");
        WriteOptions::new().engine(writer).save(&path, value).unwrap();
        for reader in ENGINES {
            check(&ReadOptions::new().engine(reader).load(&path).unwrap());
        }
        let bytes = WriteOptions::new().engine(writer).to_bytes(value).unwrap();
        check(&from_bytes(&bytes).unwrap());
        assert!(
            bytes == WriteOptions::new().engine(writer).to_bytes(value).unwrap(),
            "equal bytes"
        );
    }
}

#[derive(FileBacked, Debug, Default)]
struct Branch {
    name: String,
    parent: RefCell<rc::Weak<Branch>>,
    #[filebacked(layout = "rows")]
    children: RefCell<Vec<Rc<Branch>>>,
}

fn branch(name: &str, children: Vec<Rc<Branch>>) -> Rc<Branch> {
    let branch = Rc::new(Branch {
        name: name.into(),
        children: RefCell::new(children),
        ..Branch::default()
    });
    for child in branch.children.borrow().iter() {
        *child.parent.borrow_mut() = Rc::downgrade(&branch);
    }
    branch
}

fn check_tree(root: &Rc<Branch>) -> usize {
    let children = root.children.borrow();
    for child in children.iter() {
        assert!(
            Rc::ptr_eq(&child.parent.borrow().upgrade().unwrap(), root),
            "the parent of {}",
            child.name
        );
    }
    children.iter().map(check_tree).sum::<usize>() + 1
}

fn tree() -> Rc<Branch> {
    let leaf = |name: &str| branch(name, vec![]);
    branch(
        "root",
        vec![leaf("a"), branch("b", vec![leaf("c"), branch("d", vec![leaf("e")])]), leaf("f")],
    )
}

#[test]
fn children_know_their_parents() {
    through(&tree(), |root: &Rc<Branch>| {
        assert_eq!(check_tree(root), 7);
        assert!(root.parent.borrow().upgrade().is_none());
        assert_eq!(Rc::strong_count(root), 1, "nothing else is kept");
        assert_eq!(Rc::weak_count(root), 3);
        assert_eq!(root.children.borrow()[1].children.borrow()[1].children.borrow()[0].name, "e");
    });
    // Below the root, and in a map.
    let forest = BTreeMap::from([("x".to_string(), tree()), ("y".to_string(), tree())]);
    through(&forest, |forest: &BTreeMap<String, Rc<Branch>>| {
        assert!(forest.values().all(|root| check_tree(root) == 7));
    });
}

#[test]
fn python_follows_the_references() {
    let Some(python) = python() else { return };
    for engine in ENGINES {
        let (_dir, path) = scratch("tree.h5");
        WriteOptions::new().engine(engine).save(&path, &tree()).unwrap();
        let up = "f[f['children/1/children/0/parent'][()]].name";
        assert_eq!(python.eval(&path, up), json!("/children/1"));
        assert_eq!(python.eval(&path, "f[f['children/2/parent'][()]] == f['/']"), json!(true));
        assert_eq!(python.eval(&path, "bool(f['parent'][()])"), json!(false));
    }
    // What others refer to, in a file of theirs.
    let (_dir, path) = scratch("theirs.h5");
    python.create(
        &path,
        "f['name'] = 'r'\nc = f.create_group('children/0')\nc['name'] = 'c'\nc.create_group('children')\n\
         c.create_dataset('parent', data=f.ref, dtype=h5py.ref_dtype)\n\
         f.create_dataset('parent', data=h5py.Reference(), dtype=h5py.ref_dtype)",
    );
    let root: Rc<Branch> = filebacked::load(&path).unwrap();
    assert_eq!(check_tree(&root), 2);
}

#[derive(FileBacked, Debug)]
struct Graph {
    start: rc::Weak<Vertex>,
    #[filebacked(layout = "rows")]
    vertices: Vec<Rc<Vertex>>,
    edges: Vec<Edge>,
    end: rc::Weak<Vertex>,
    gone: rc::Weak<Vertex>,
    elsewhere: rc::Weak<Vertex>,
}

#[derive(FileBacked, Debug, Default)]
struct Vertex {
    id: u32,
    /// Before and behind it, and itself.
    near: RefCell<Vec<rc::Weak<Vertex>>>,
    best: RefCell<Option<rc::Weak<Vertex>>>,
}

#[derive(FileBacked, Debug)]
struct Edge {
    from: rc::Weak<Vertex>,
    to: rc::Weak<Vertex>,
    weight: f64,
}

#[test]
fn graphs_come_back_as_they_are() {
    let vertices: Vec<Rc<Vertex>> =
        (0..40).map(|id| Rc::new(Vertex { id, ..Vertex::default() })).collect();
    let weak = |id: usize| Rc::downgrade(&vertices[id % 40]);
    for (id, vertex) in vertices.iter().enumerate() {
        *vertex.near.borrow_mut() = vec![weak(id + 39), weak(id), weak(id + 1), weak(id * 7 + 3)];
        *vertex.best.borrow_mut() = (id % 2 == 0).then(|| weak(id * 3));
    }
    let elsewhere = Rc::new(Vertex::default());
    let graph = Graph {
        start: weak(17),
        edges: (0..40)
            .map(|id| Edge { from: weak(id), to: weak(id * 11), weight: id as f64 })
            .collect(),
        end: weak(3),
        gone: rc::Weak::new(),
        elsewhere: Rc::downgrade(&elsewhere),
        vertices,
    };
    let is = |graph: &Graph, weak: &rc::Weak<Vertex>, id: usize| {
        assert!(Rc::ptr_eq(&weak.upgrade().unwrap(), &graph.vertices[id % 40]), "{id}");
    };
    through(&graph, |graph: &Graph| {
        is(graph, &graph.start, 17);
        is(graph, &graph.end, 3);
        for (id, vertex) in graph.vertices.iter().enumerate() {
            assert_eq!((vertex.id as usize, Rc::strong_count(vertex)), (id, 1));
            let near = [id + 39, id, id + 1, id * 7 + 3];
            vertex.near.borrow().iter().zip(near).for_each(|(weak, id)| is(graph, weak, id));
            let best = vertex.best.borrow();
            assert_eq!(best.is_some(), id % 2 == 0);
            best.iter().for_each(|weak| is(graph, weak, id * 3));
        }
        for (id, edge) in graph.edges.iter().enumerate() {
            is(graph, &edge.from, id);
            is(graph, &edge.to, id * 11);
            assert_eq!(edge.weight, id as f64);
        }
        assert!(graph.gone.upgrade().is_none());
        assert!(graph.elsewhere.upgrade().is_none(), "its owner is in no file");
    });
}

#[derive(FileBacked, Debug)]
struct House {
    name: String,
    #[filebacked(layout = "rows")]
    rooms: Mutex<Vec<Arc<Room>>>,
    keeper: Mutex<Option<Arc<Keeper>>>,
}

#[derive(FileBacked, Debug)]
struct Room {
    number: u32,
    house: Weak<House>,
    keeper: Weak<Keeper>,
}

#[derive(FileBacked, Debug)]
struct Keeper {
    house: Weak<House>,
    favourite: Weak<Room>,
    myself: Mutex<Weak<Keeper>>,
}

#[test]
fn types_point_to_each_other() {
    let house = Arc::new_cyclic(|house| {
        let keeper = Arc::new_cyclic(|keeper| {
            let room =
                |number| Arc::new(Room { number, house: house.clone(), keeper: keeper.clone() });
            let rooms = vec![room(0), room(1), room(2)];
            let favourite = Arc::downgrade(&rooms[2]);
            ROOMS.with(|place| *place.borrow_mut() = rooms);
            Keeper { house: house.clone(), favourite, myself: Mutex::new(keeper.clone()) }
        });
        let rooms = ROOMS.with(|place| std::mem::take(&mut *place.borrow_mut()));
        House { name: "home".into(), rooms: Mutex::new(rooms), keeper: Mutex::new(Some(keeper)) }
    });
    let street = vec![house];
    #[derive(FileBacked, Debug)]
    struct Street {
        #[filebacked(layout = "rows")]
        houses: Vec<Arc<House>>,
    }
    through(&Street { houses: street }, |street: &Street| {
        let house = &street.houses[0];
        let keeper = house.keeper.lock().unwrap().clone().unwrap();
        let rooms = house.rooms.lock().unwrap();
        assert_eq!((rooms.len(), house.name.as_str(), Arc::strong_count(house)), (3, "home", 1));
        for (number, room) in rooms.iter().enumerate() {
            assert_eq!(room.number as usize, number);
            assert!(Arc::ptr_eq(&room.house.upgrade().unwrap(), house));
            assert!(Arc::ptr_eq(&room.keeper.upgrade().unwrap(), &keeper));
        }
        assert!(Arc::ptr_eq(&keeper.house.upgrade().unwrap(), house));
        assert!(Arc::ptr_eq(&keeper.favourite.upgrade().unwrap(), &rooms[2]));
        assert!(Arc::ptr_eq(&keeper.myself.lock().unwrap().upgrade().unwrap(), &keeper));
    });
}

thread_local! {
    static ROOMS: RefCell<Vec<Arc<Room>>> = const { RefCell::new(Vec::new()) };
}

#[test]
fn values_that_are_rows_cannot_be_pointed_to() {
    #[derive(FileBacked, Debug)]
    struct Table {
        first: rc::Weak<Vertex>,
        rows: Vec<Rc<Vertex>>,
    }
    let rows = vec![Rc::new(Vertex::default())];
    let table = Table { first: Rc::downgrade(&rows[0]), rows };
    for engine in ENGINES {
        let error = WriteOptions::new().engine(engine).to_bytes(&table).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
        assert!(error.help().is_some_and(|help| help.contains("layout = \"rows\"")), "{error}");
    }
    // Nothing points to these.
    assert!(to_bytes(&Table { first: rc::Weak::new(), rows: table.rows.clone() }).is_ok());
}

#[test]
fn places_without_objects_are_refused() {
    #[derive(FileBacked, Debug)]
    struct Attribute {
        #[filebacked(attr)]
        vertex: rc::Weak<Vertex>,
    }
    #[derive(FileBacked, Debug)]
    struct Record<T: FileBacked> {
        #[filebacked(layout = "compound")]
        vertex: T,
    }
    #[derive(FileBacked, Debug)]
    struct Packed {
        #[filebacked(layout = "compound")]
        edges: Vec<Edge>,
    }
    #[derive(FileBacked, Debug)]
    #[filebacked(module = "lab")]
    struct Lab {
        vertex: rc::Weak<Vertex>,
    }
    #[derive(FileBacked, Debug)]
    struct Matrix {
        #[filebacked(with = Matlab)]
        edge: Edge,
    }
    let (weak, native) = (rc::Weak::new, WriteOptions::new);
    let edge = || Edge { from: weak(), to: weak(), weight: 0.5 };
    let python = native().layout(Layout::Python);
    let errors = [
        (to_bytes(&Attribute { vertex: weak() }), "/vertex"),
        (to_bytes(&Record { vertex: (1, weak()) }), "/vertex/1"),
        (to_bytes(&Record { vertex: vec![(1, Some(weak())), (2, None)] }), "/vertex/1/values"),
        (to_bytes(&Record { vertex: [(1, weak()), (2, weak())] }), "/vertex/1"),
        (to_bytes(&Packed { edges: vec![edge()] }), "/edges/from"),
        (to_bytes(&Packed { edges: vec![] }), "/edges/from"),
        (python.to_bytes(&Lab { vertex: weak() }), "/vertex"),
        (to_bytes(&Matrix { edge: edge() }), "/edge/from"),
    ];
    for (error, path) in errors {
        let error = error.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
        assert!(error.to_string().contains("`Weak`"), "{error}");
        assert_eq!(error.path(), path, "{error}");
    }
}

#[test]
fn rows_that_are_appended_cannot_point() {
    let (_dir, path) = scratch("rows.h5");
    let file = File::create(&path).unwrap();
    let owner = Arc::new(0.5);
    file.write("rows", &vec![(1u8, Arc::downgrade(&owner))]).unwrap();
    let mut rows: LazyVec<(u8, Weak<f64>)> = file.read("rows").unwrap();
    rows.push((2, Arc::downgrade(&owner)));
    let error = rows.flush().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert!(error.to_string().contains("`Weak`"), "{error}");
    let rows = file.read::<Vec<(u8, Weak<f64>)>>("rows").unwrap();
    assert_eq!((rows.len(), rows[0].0, rows[0].1.upgrade()), (1, 1, None));
}

#[test]
fn a_data_frame_has_no_pointers() {
    #[derive(FileBacked)]
    struct Row {
        id: String,
        to: Weak<f64>,
    }
    #[derive(FileBacked)]
    struct Frame {
        #[filebacked(with = DataFrame { index: "id" })]
        rows: Vec<Row>,
    }
    let error =
        to_bytes(&Frame { rows: vec![Row { id: "a".into(), to: Weak::new() }] }).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert_eq!(error.path(), "/rows/to");
}

/// What is pointed to, and is stored where nothing can point to it.
#[test]
fn values_that_are_no_objects_cannot_be_pointed_to() {
    #[derive(FileBacked, Debug)]
    struct Attribute {
        #[filebacked(attr)]
        owner: Arc<f64>,
        weak: Weak<f64>,
    }
    #[derive(FileBacked, Debug)]
    struct Record {
        weak: Weak<f64>,
        #[filebacked(layout = "compound")]
        owner: (u8, Arc<f64>),
    }
    #[derive(FileBacked, Debug)]
    struct Records {
        #[filebacked(layout = "compound")]
        owners: Vec<(u8, Arc<f64>)>,
        weak: Weak<f64>,
    }
    #[derive(FileBacked, Debug)]
    struct Filtered {
        weak: Weak<f64>,
        #[filebacked(with = Matlab)]
        owner: (u8, Arc<f64>),
    }
    #[derive(FileBacked, Debug)]
    struct Linked {
        owner: Arc<SoftLink<f64>>,
        weak: Weak<SoftLink<f64>>,
    }
    let owner = Arc::new(0.5);
    let (strong, weak) = (|| owner.clone(), || Arc::downgrade(&owner));
    let link = Arc::new(SoftLink::<f64>::new("/x"));
    for engine in ENGINES {
        let options = WriteOptions::new().engine(engine);
        let errors = [
            (options.to_bytes(&Attribute { owner: strong(), weak: weak() }), "attribute"),
            (options.to_bytes(&Record { weak: weak(), owner: (1, strong()) }), "record"),
            (options.to_bytes(&Records { owners: vec![(1, strong())], weak: weak() }), "row"),
            (options.to_bytes(&Filtered { weak: weak(), owner: (1, strong()) }), "filter"),
            (
                options.to_bytes(&Linked { weak: Arc::downgrade(&link), owner: link.clone() }),
                "link",
            ),
        ];
        for (error, what) in errors {
            let error = error.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
            assert!(
                error.to_string().contains("`Weak` to") && error.to_string().contains(what),
                "{error}"
            );
            assert!(error.help().is_some());
        }
    }
    // Before a file that is there is touched.
    let (_dir, path) = scratch("kept.h5");
    let file = File::create(&path).unwrap();
    file.write("x", &Attribute { owner: strong(), weak: Weak::new() }).unwrap();
    let error = file.update("x", &Attribute { owner: Arc::new(1.5), weak: weak() });
    assert!(error.is_ok(), "its owner is not there");
    let error = file.update("x", &Attribute { owner: strong(), weak: weak() }).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert_eq!(*file.read::<Attribute>("x").unwrap().owner, 1.5, "nothing was changed");
}

#[test]
fn a_value_that_borrows_cannot_be_pointed_to() {
    #[derive(Save)]
    struct Borrowed<'a> {
        owner: Arc<(u8, &'a str)>,
        weak: Weak<(u8, &'a str)>,
    }
    let owner = Arc::new((1, "text"));
    let value = Borrowed { weak: Arc::downgrade(&owner), owner };
    let error = to_bytes(&value).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert_eq!(error.path(), "/weak");
    assert!(to_bytes(&Borrowed { weak: Weak::new(), ..value }).is_ok());
}

#[derive(FileBacked, Debug)]
struct Parts {
    /// Before its owner in every order: of the fields, and of the names.
    best: rc::Weak<Vertex>,
    many: Vec<rc::Weak<Vertex>>,
    named: BTreeMap<String, rc::Weak<Vertex>>,
    edges: Vec<Edge>,
    #[filebacked(default)]
    note: String,
    vertices: BTreeMap<String, Rc<Vertex>>,
    #[filebacked(default)]
    more: Option<Rc<Vertex>>,
}

fn parts() -> Parts {
    let vertex = |id: u32| Rc::new(Vertex { id, ..Vertex::default() });
    let vertices: BTreeMap<String, Rc<Vertex>> =
        ["a", "b", "c"].into_iter().zip(1..).map(|(name, id)| (name.into(), vertex(id))).collect();
    let more = vertex(9);
    // From one to the next, from the last to the first, and to what lies elsewhere.
    vertices["a"].near.borrow_mut().extend([Rc::downgrade(&vertices["b"]), Rc::downgrade(&more)]);
    vertices["c"].near.borrow_mut().push(Rc::downgrade(&vertices["a"]));
    *more.best.borrow_mut() = Some(Rc::downgrade(&more));
    let weak = |name: &str| Rc::downgrade(&vertices[name]);
    Parts {
        best: weak("c"),
        many: vec![weak("b"), Rc::downgrade(&more), weak("a")],
        named: BTreeMap::from([("x".into(), weak("a")), ("y".into(), Rc::downgrade(&more))]),
        edges: vec![Edge { from: weak("a"), to: Rc::downgrade(&more), weight: 0.5 }],
        note: "left out".into(),
        more: Some(more),
        vertices,
    }
}

#[test]
fn options_leave_no_pointer_behind() {
    let is = |weak: &rc::Weak<Vertex>, owner: Option<&Rc<Vertex>>| match (weak.upgrade(), owner) {
        (Some(found), Some(owner)) => assert!(Rc::ptr_eq(&found, owner)),
        (found, owner) => assert_eq!(found.is_some(), owner.is_some(), "{found:?}"),
    };
    let check = |parts: &Parts| {
        let (a, b, c) = (&parts.vertices["a"], &parts.vertices["b"], &parts.vertices["c"]);
        let more = parts.more.as_ref();
        is(&parts.best, Some(c));
        parts.many.iter().zip([Some(b), more, Some(a)]).for_each(|(weak, owner)| is(weak, owner));
        is(&parts.named["x"], Some(a));
        is(&parts.named["y"], more);
        is(&parts.edges[0].from, Some(a));
        is(&parts.edges[0].to, more);
        is(&a.near.borrow()[0], Some(b));
        is(&a.near.borrow()[1], more);
        if let Some(near) = c.near.borrow().first() {
            is(near, Some(a));
        }
        if let Some(more) = more {
            is(more.best.borrow().as_ref().unwrap(), Some(more));
        }
        assert_eq!((Rc::strong_count(a), Rc::strong_count(b)), (1, 1));
    };
    let all = parts();
    check(&all);
    for writer in ENGINES {
        let (_dir, path) = scratch("parts.h5");
        WriteOptions::new().engine(writer).save(&path, &all).unwrap();
        for reader in ENGINES {
            let options = || ReadOptions::new().engine(reader);
            let load = |options: ReadOptions| options.load::<Parts>(&path).unwrap();
            let whole = load(options());
            assert_eq!((whole.note.as_str(), whole.more.is_some()), ("left out", true));
            check(&whole);
            let skipped = load(options().skip(["note"]));
            assert!(skipped.note.is_empty() && skipped.more.is_some());
            check(&skipped);
            // Those that point to what is left out point nowhere, and only those.
            let fewer = load(options().skip(["more"]));
            assert!(fewer.more.is_none() && fewer.note == "left out");
            check(&fewer);
            let only = load(options().only(["best", "many", "named", "edges", "vertices"]));
            assert!(only.more.is_none() && only.note.is_empty());
            check(&only);
            // What a pattern takes of an owner is what is pointed to.
            let near = load(options().skip(["vertices/c/best", "more/best"]));
            assert!(
                near.vertices["c"].best.borrow().is_none()
                    && near.more.as_ref().unwrap().best.borrow().is_none()
            );
            is(&near.best, Some(&near.vertices["c"]));
            is(&near.many[1], near.more.as_ref());
        }
    }
    // The same of a value under a name, and of one that is read later.
    let (_dir, path) = scratch("named.h5");
    let file = File::create(&path).unwrap();
    file.write("parts", &all).unwrap();
    check(&file.read_with("parts", &ReadOptions::new().skip(["note"])).unwrap());
    #[derive(FileBacked)]
    struct Later {
        parts: Lazy<Parts>,
    }
    filebacked::save(path.with_extension("later"), &Later { parts: all.into() }).unwrap();
    let later: Later =
        ReadOptions::new().skip(["parts/more"]).load(path.with_extension("later")).unwrap();
    assert!(later.parts.get().unwrap().more.is_none());
    check(later.parts.get().unwrap());
}

#[test]
fn damage_below_a_parent_is_an_error() {
    let Some(python) = python() else { return };
    let (_dir, path) = scratch("damaged.h5");
    let cases = [
        ("del f['children/1/children/1/name']", "/children/1/children/1/name"),
        ("f['children/2/name'][...] = b'\\xff'", "/children/2/name"),
        ("del f['children/0/name']\nf['children/0/name'] = 1.5", "/children/0/name"),
    ];
    for (code, place) in cases {
        for writer in [Engine::Native, Engine::Libhdf5] {
            WriteOptions::new().engine(writer).save(&path, &tree()).unwrap();
            python.change(&path, code);
            // What h5py has changed is no longer of our own subset.
            for reader in [Engine::Any, Engine::Libhdf5] {
                let error =
                    ReadOptions::new().engine(reader).load::<Rc<Branch>>(&path).unwrap_err();
                assert_eq!(error.path(), place, "{error}");
            }
        }
    }
    // A reference to a place where no object is.
    filebacked::save(&path, &tree()).unwrap();
    python.change(&path, "del f['children/0/parent']\nf['children/0/parent'] = 1.5");
    let error = filebacked::load::<Rc<Branch>>(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
    assert_eq!(error.path(), "/children/0/parent");
}

#[test]
fn what_is_left_out_points_nowhere() {
    let bytes = to_bytes(&tree()).unwrap();
    let root: Rc<Branch> =
        ReadOptions::new().skip(["children/*/parent"]).from_bytes(&bytes).unwrap();
    let children = root.children.borrow();
    assert!(children.iter().all(|child| child.parent.borrow().upgrade().is_none()));
    let below = children[1].children.borrow()[1].parent.borrow().upgrade().unwrap();
    assert!(Rc::ptr_eq(&below, &children[1]));
}

#[test]
fn values_without_a_type_keep_the_references() {
    for writer in ENGINES {
        let bytes = WriteOptions::new().engine(writer).to_bytes(&tree()).unwrap();
        let file: filebacked::Value = from_bytes(&bytes).unwrap();
        assert_eq!(file["children/1/name"].as_str(), Some("b"));
        let root: Rc<Branch> = from_bytes(&to_bytes(&file).unwrap()).unwrap();
        assert_eq!(check_tree(&root), 7);
    }
}

#[test]
fn what_was_never_read_keeps_its_pointers() {
    #[derive(FileBacked)]
    struct Forest {
        first: Lazy<Rc<Branch>>,
        #[filebacked(layout = "rows")]
        trees: Vec<Lazy<Branch>>,
        count: u8,
    }
    for writer in ENGINES {
        let (_dir, path) = scratch("forest.h5");
        let options = WriteOptions::new().engine(writer);
        let forest = Forest { first: tree().into(), trees: Vec::new(), count: 1 };
        options.save(&path, &forest).unwrap();
        let mut forest: Forest = filebacked::load(&path).unwrap();
        assert!(!forest.first.is_loaded());
        // Other places than before.
        forest.count = 2;
        let other = path.with_extension("other");
        filebacked::save(&other, &(vec![0.5; 3], forest)).unwrap();
        let (_, forest): (Vec<f64>, Forest) = filebacked::load(&other).unwrap();
        assert_eq!((check_tree(forest.first.get().unwrap()), forest.count), (7, 2));
        // And in a file that is there.
        let file = File::create(path.with_extension("file")).unwrap();
        let (_, forest): (Vec<f64>, Forest) = filebacked::load(&other).unwrap();
        file.write("forest", &forest).unwrap();
        assert_eq!(check_tree(file.read::<Forest>("forest").unwrap().first.get().unwrap()), 7);
        let lazy: Forest = file.read("forest").unwrap();
        file.write("again", &lazy).unwrap();
        file.delete("forest").unwrap();
        assert_eq!(check_tree(file.read::<Forest>("again").unwrap().first.get().unwrap()), 7);
    }
}
