//! Trait objects: the class of a value is found by its name.

use filebacked::with::SharedDyn;
use filebacked::{ErrorKind, FileBacked, WriteOptions, from_bytes, load, save, to_bytes};
use filebacked_tests::{python, scratch};
use serde_json::json;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

#[filebacked::dynamic]
trait Shape: Send + Sync {
    fn area(&self) -> f64;
    fn name(&self) -> &'static str;
}

#[derive(FileBacked)]
struct Circle {
    r: f64,
}

#[filebacked::dynamic]
impl Shape for Circle {
    fn area(&self) -> f64 {
        3.0 * self.r * self.r
    }
    fn name(&self) -> &'static str {
        "circle"
    }
}

/// Its name in files is that of an older program.
#[derive(FileBacked)]
#[filebacked(name = "Rect", version = 2, upgrade(from = 1, via = Square))]
struct Rectangle {
    w: f64,
    h: f64,
    tags: Vec<String>,
}

#[derive(FileBacked)]
#[filebacked(name = "Rect")]
struct Square {
    side: f64,
}

impl From<Square> for Rectangle {
    fn from(square: Square) -> Self {
        Rectangle { w: square.side, h: square.side, tags: Vec::new() }
    }
}

#[filebacked::dynamic]
impl Shape for Rectangle {
    fn area(&self) -> f64 {
        self.w * self.h
    }
    fn name(&self) -> &'static str {
        "rectangle"
    }
}

/// A class that holds objects of its own trait.
#[derive(FileBacked)]
struct Group {
    parts: Vec<Box<dyn Shape>>,
}

#[filebacked::dynamic]
impl Shape for Group {
    fn area(&self) -> f64 {
        self.parts.iter().map(|part| part.area()).sum()
    }
    fn name(&self) -> &'static str {
        "group"
    }
}

#[derive(FileBacked)]
enum Curve {
    Straight { length: f64 },
    Point,
}

#[filebacked::dynamic]
impl Shape for Curve {
    fn area(&self) -> f64 {
        match self {
            Curve::Straight { length } => 0.0 * length,
            Curve::Point => 0.0,
        }
    }
    fn name(&self) -> &'static str {
        "curve"
    }
}

/// Never registered.
#[derive(FileBacked)]
struct Secret {
    x: u8,
}

impl Shape for Secret {
    fn area(&self) -> f64 {
        f64::from(self.x)
    }
    fn name(&self) -> &'static str {
        "secret"
    }
}

#[derive(FileBacked)]
struct Scene {
    main: Box<dyn Shape>,
    extra: Option<Box<dyn Shape>>,
    all: Vec<Box<dyn Shape>>,
    named: BTreeMap<String, Box<dyn Shape>>,
    #[filebacked(with = SharedDyn)]
    shared: Arc<dyn Shape>,
    #[filebacked(with = SharedDyn)]
    local: Option<Rc<dyn Shape>>,
    #[filebacked(with = filebacked::with::Each(SharedDyn))]
    many: Vec<Arc<dyn Shape>>,
}

fn rectangle(w: f64, h: f64) -> Box<dyn Shape> {
    Box::new(Rectangle { w, h, tags: vec!["a".into()] })
}

fn scene() -> Scene {
    Scene {
        main: Box::new(Circle { r: 1.0 }),
        extra: None,
        all: vec![
            rectangle(2.0, 3.0),
            Box::new(Circle { r: 2.0 }),
            rectangle(4.0, 5.0),
            Box::new(Curve::Straight { length: 9.0 }),
            Box::new(Group { parts: vec![Box::new(Circle { r: 3.0 }), rectangle(1.0, 1.0)] }),
            Box::new(Curve::Point),
        ],
        named: BTreeMap::from([("one".into(), rectangle(6.0, 7.0))]),
        shared: Arc::new(Circle { r: 5.0 }),
        local: Some(Rc::new(Circle { r: 6.0 })),
        many: vec![Arc::new(Circle { r: 7.0 }), Arc::from(rectangle(8.0, 1.0))],
    }
}

fn areas<'s>(shapes: impl IntoIterator<Item = &'s Box<dyn Shape>>) -> Vec<(&'static str, f64)> {
    shapes.into_iter().map(|shape| (shape.name(), shape.area())).collect()
}

#[test]
fn objects_come_back_as_their_classes() {
    let scene: Scene = from_bytes(&to_bytes(&scene()).unwrap()).unwrap();
    assert_eq!(areas([&scene.main]), [("circle", 3.0)]);
    assert!(scene.extra.is_none());
    let expected = [
        ("rectangle", 6.0),
        ("circle", 12.0),
        ("rectangle", 20.0),
        ("curve", 0.0),
        ("group", 28.0),
        ("curve", 0.0),
    ];
    assert_eq!(areas(&scene.all), expected);
    assert_eq!(areas(scene.named.values()), [("rectangle", 42.0)]);
    assert_eq!((scene.shared.area(), scene.local.unwrap().area()), (75.0, 108.0));
    assert_eq!(scene.many.iter().map(|shape| shape.area()).collect::<Vec<_>>(), [147.0, 8.0]);
}

#[test]
fn others_see_classes_and_columns() {
    let (_dir, path) = scratch("scene.h5");
    save(&path, &scene()).unwrap();
    let Some(python) = python() else { return };
    let file = python.describe(&path);
    file.group("/main", "struct Circle 1", &["r"]);
    file.dataset("/main/r", "<f8", &[], 1.0);
    file.group("/all", "variants Shape 1", &["variant", "Circle", "Curve", "Group", "Rect"]);
    file.group("/all/Rect", "columns Rect 2", &["h", "tags", "w"]);
    file.dataset("/all/Rect/w", "<f8", &[2], json!([2.0, 4.0]));
    file.dataset("/all/Circle/r", "<f8", &[1], json!([2.0]));
    file.dataset("/all/Group/parts/values/Circle/r", "<f8", &[1], json!([3.0]));
    let names = "[{v: k for k, v in h5py.check_enum_dtype(f['all/variant'].dtype).items()}[tag] for tag in f['all/variant']]";
    assert_eq!(
        python.eval(&path, names),
        json!(["Rect", "Circle", "Rect", "Curve", "Group", "Curve"])
    );
}

/// What a class stores is what its type stores: either may read it, and the older version of the
/// class too.
#[test]
fn an_object_is_stored_as_its_type_is() {
    let circle: Circle =
        from_bytes(&to_bytes::<Box<dyn Shape>>(&(Box::new(Circle { r: 4.0 }) as _)).unwrap())
            .unwrap();
    assert_eq!(circle.r, 4.0);
    let object: Box<dyn Shape> = from_bytes(&to_bytes(&Square { side: 3.0 }).unwrap()).unwrap();
    assert_eq!((object.name(), object.area()), ("rectangle", 9.0));
    let none: Vec<Box<dyn Shape>> =
        from_bytes(&to_bytes(&Vec::<Box<dyn Shape>>::new()).unwrap()).unwrap();
    assert!(none.is_empty());
}

#[test]
fn an_unknown_class_lists_the_known_ones() {
    #[derive(FileBacked)]
    struct Hexagon {
        r: f64,
    }
    #[derive(FileBacked)]
    #[filebacked(name = "Scene")]
    struct Other {
        main: Hexagon,
    }
    #[derive(FileBacked)]
    struct Small {
        main: Box<dyn Shape>,
    }
    let error =
        from_bytes::<Small>(&to_bytes(&Other { main: Hexagon { r: 1.0 } }).unwrap()).err().unwrap();
    assert_eq!(error.path(), "/main");
    let ErrorKind::UnknownVariant { found, known } = error.kind() else { panic!("{error}") };
    assert_eq!((found.as_str(), known.join(" ")), ("Hexagon", "Circle Curve Group Rect".into()));
    assert!(error.help().unwrap().contains("#[filebacked::dynamic]"), "{error}");
    assert_eq!(
        from_bytes::<Small>(&to_bytes(&Small { main: rectangle(1.0, 2.0) }).unwrap())
            .unwrap()
            .main
            .area(),
        2.0
    );

    let error = from_bytes::<Box<dyn Shape>>(&to_bytes(&7u8).unwrap()).err().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Mismatch { .. }), "{error}");
}

#[test]
fn an_unregistered_class_is_refused() {
    let (_dir, path) = scratch("secret.h5");
    let error = save(&path, &(Box::new(Secret { x: 1 }) as Box<dyn Shape>)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
    assert!(error.help().unwrap().contains("impl"), "{error}");
    assert!(!path.exists());
    to_bytes(&vec![rectangle(1.0, 1.0), Box::new(Secret { x: 2 })]).unwrap_err();
}

#[test]
fn classes_of_one_name_are_refused() {
    mod first {
        use filebacked::FileBacked;
        #[derive(FileBacked)]
        pub struct Beep {
            pub x: u8,
        }
    }
    mod second {
        use filebacked::FileBacked;
        #[derive(FileBacked)]
        pub struct Beep {
            pub y: u8,
        }
    }
    #[filebacked::dynamic(name = "sounds")]
    trait Sound {}
    #[filebacked::dynamic]
    impl Sound for first::Beep {}
    #[filebacked::dynamic]
    impl Sound for second::Beep {}
    for object in
        [Box::new(first::Beep { x: 1 }) as Box<dyn Sound>, Box::new(second::Beep { y: 1 })]
    {
        let error = to_bytes(&object).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Contract(what) if what.contains("same name")),
            "{error}"
        );
    }
}

#[test]
fn patterns_reach_into_objects() {
    let (_dir, path) = scratch("skip.h5");
    WriteOptions::new().skip(["all/*/tags", "main"]).save(&path, &scene()).unwrap();
    let error = load::<Scene>(&path).err().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Missing), "{error}");
    WriteOptions::new().skip(["all/*/radius"]).save(&path, &scene()).unwrap_err();
    let Some(python) = python() else { return };
    let file = python.describe(&path);
    assert!(!file.has("/main") && file.has("/named/one/tags"));
    file.group("/all/Rect", "columns Rect 2", &["h", "w"]);
}
