//! `Weak`: what points to values that others own.

use filebacked::{Engine, ErrorKind, FileBacked, ReadOptions, WriteOptions};
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
        assert!(bytes == WriteOptions::new().engine(writer).to_bytes(value).unwrap(), "equal bytes");
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
    let branch = Rc::new(Branch { name: name.into(), children: RefCell::new(children), ..Branch::default() });
    for child in branch.children.borrow().iter() {
        *child.parent.borrow_mut() = Rc::downgrade(&branch);
    }
    branch
}

fn check_tree(root: &Rc<Branch>) -> usize {
    let children = root.children.borrow();
    for child in children.iter() {
        assert!(Rc::ptr_eq(&child.parent.borrow().upgrade().unwrap(), root), "the parent of {}", child.name);
    }
    children.iter().map(check_tree).sum::<usize>() + 1
}

fn tree() -> Rc<Branch> {
    let leaf = |name: &str| branch(name, vec![]);
    branch("root", vec![leaf("a"), branch("b", vec![leaf("c"), branch("d", vec![leaf("e")])]), leaf("f")])
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
    let vertices: Vec<Rc<Vertex>> = (0..40).map(|id| Rc::new(Vertex { id, ..Vertex::default() })).collect();
    let weak = |id: usize| Rc::downgrade(&vertices[id % 40]);
    for (id, vertex) in vertices.iter().enumerate() {
        *vertex.near.borrow_mut() = vec![weak(id + 39), weak(id), weak(id + 1), weak(id * 7 + 3)];
        *vertex.best.borrow_mut() = (id % 2 == 0).then(|| weak(id * 3));
    }
    let elsewhere = Rc::new(Vertex::default());
    let graph = Graph {
        start: weak(17),
        edges: (0..40).map(|id| Edge { from: weak(id), to: weak(id * 11), weight: id as f64 }).collect(),
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
            let room = |number| Arc::new(Room { number, house: house.clone(), keeper: keeper.clone() });
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
    struct Record {
        #[filebacked(layout = "compound")]
        vertex: (u8, rc::Weak<Vertex>),
    }
    let weak = rc::Weak::new;
    let errors = [
        to_bytes(&Attribute { vertex: weak() }).map(drop).unwrap_err(),
        to_bytes(&Record { vertex: (1, weak()) }).map(drop).unwrap_err(),
    ];
    for (error, path) in errors.iter().zip(["/vertex", "/vertex/1"]) {
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
        assert_eq!(error.path(), path);
    }
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
                let error = ReadOptions::new().engine(reader).load::<Rc<Branch>>(&path).unwrap_err();
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
    let root: Rc<Branch> = ReadOptions::new().skip(["children/*/parent"]).from_bytes(&bytes).unwrap();
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
