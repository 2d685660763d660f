//! Values without a size of their own, `str` and `[T]`: they are written like `String` and `Vec<T>`,
//! by hand and by every call that takes a value.

use filebacked::options::Layout;
use filebacked::{
    File, FileBacked, Filter, Node, Registry, Result, Save, Slot, WriteOptions, Written,
    from_bytes, load, save, to_bytes,
};
use filebacked_tests::{ENGINES, scratch};
use std::sync::Arc;

#[derive(FileBacked, Debug, PartialEq)]
struct Point {
    x: f64,
    name: String,
}

/// A struct with owned fields, by the derive.
#[derive(FileBacked, Debug, PartialEq)]
struct Run {
    #[filebacked(attr)]
    unit: String,
    name: String,
    losses: Vec<f64>,
    points: Vec<Point>,
    tags: Vec<String>,
}

/// The same by hand, of borrowed parts.
#[derive(Clone, Copy)]
struct View<'a> {
    unit: &'a str,
    name: &'a str,
    losses: &'a [f64],
    points: &'a [Point],
    tags: &'a [String],
}

impl Save for View<'_> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        let mut group = slot.structure("Run", 1)?;
        group.attribute("unit", self.unit)?;
        group.field("name", self.name)?;
        group.member("losses").put(self.losses)?;
        group.field("points", self.points)?;
        group.field("tags", self.tags)?;
        group.end()
    }
}

fn run() -> Run {
    Run {
        unit: "m".into(),
        name: "first".into(),
        losses: vec![1.0, 0.5],
        points: (0..3).map(|i| Point { x: f64::from(i), name: format!("p{i}") }).collect(),
        tags: vec!["a".into(), "bc".into()],
    }
}

fn view(run: &Run) -> View<'_> {
    View {
        unit: &run.unit,
        name: &run.name,
        losses: &run.losses,
        points: &run.points,
        tags: &run.tags,
    }
}

/// Stores a value by one call of `Slot::put`.
struct Put<'a, T: ?Sized>(&'a T);

impl<T: Save + ?Sized> Save for Put<'_, T> {
    fn write(&self, slot: Slot<'_>) -> Result<Written> {
        slot.put(self.0)
    }
}

#[test]
fn fields_without_a_size_are_those_of_the_owned_type() {
    let run = run();
    for engine in ENGINES {
        let options = WriteOptions::new().engine(engine);
        let bytes = options.to_bytes(&view(&run)).unwrap();
        assert!(bytes == options.to_bytes(&run).unwrap(), "{engine:?}");
        assert_eq!(from_bytes::<Run>(&bytes).unwrap(), run);
    }
}

#[test]
fn a_slot_takes_text_and_slices() {
    let run = run();
    assert_eq!(to_bytes(&Put("text")).unwrap(), to_bytes(&"text".to_string()).unwrap());
    assert_eq!(to_bytes(&Put(&[1.0, 2.0][..])).unwrap(), to_bytes(&vec![1.0, 2.0]).unwrap());
    assert_eq!(to_bytes(&Put(&run.points[..])).unwrap(), to_bytes(&run.points).unwrap());
    assert_eq!(to_bytes(&Put(&run.tags[..0])).unwrap(), to_bytes(&Vec::<String>::new()).unwrap());
    let python = WriteOptions::new().layout(Layout::Python);
    let rows = ["a".to_string()];
    assert_eq!(python.to_bytes(&Put(&rows[..])).unwrap(), python.to_bytes(&rows.to_vec()).unwrap());
}

#[test]
fn whole_files_and_members_take_text_and_slices() {
    let (_dir, path) = scratch("unsized.h5");
    save(&path, "text").unwrap();
    assert_eq!(load::<String>(&path).unwrap(), "text");
    assert_eq!(from_bytes::<Vec<u8>>(&to_bytes(&[1u8, 2][..]).unwrap()).unwrap(), [1, 2]);

    let file = File::create(&path).unwrap();
    file.write("run/name", "first").unwrap();
    file.write("run/losses", &[1.0, 0.5][..]).unwrap();
    file.update("run/losses", &[1.0, 0.25][..]).unwrap();
    file.update("run/name", "other").unwrap();
    assert_eq!(file.read::<String>("run/name").unwrap(), "other");
    assert_eq!(file.read::<Vec<f64>>("run/losses").unwrap(), [1.0, 0.25]);
    // Patterns are checked as those of any other value.
    WriteOptions::new().skip(["b"]).to_bytes("text").map(drop).unwrap_err();
}

/// Adds one to each number.
struct Plus;

impl Filter<f64> for Plus {
    fn name(&self) -> &str {
        "test.Plus"
    }
    fn write(&self, value: &f64, slot: Slot<'_>) -> Result<Written> {
        slot.put_next(&(value + 1.0))
    }
    fn read(&self, node: Node<'_>) -> Result<f64> {
        Ok(node.get_next::<f64>()? - 1.0)
    }
}

/// Writes text as its length, passed on as a slice.
struct Length;

impl Filter<String> for Length {
    fn name(&self) -> &str {
        "test.Length"
    }
    fn write(&self, value: &String, slot: Slot<'_>) -> Result<Written> {
        slot.put_next(&[value.len() as u64][..])
    }
    fn read(&self, node: Node<'_>) -> Result<String> {
        Ok("x".repeat(node.get_next::<Vec<u64>>()?[0] as usize))
    }
}

/// A filter for the elements of a slice writes them. One for `String` is not one for `str`: types
/// that borrow have no filters.
#[test]
fn filters_are_those_of_the_elements() {
    let mut registry = Registry::new();
    registry.register(Plus);
    registry.register(Length);
    let options = WriteOptions::new().registry(Arc::new(registry));
    let bytes = options.to_bytes(&Put(&[1.0, 2.0][..])).unwrap();
    assert!(bytes == options.to_bytes(&vec![1.0, 2.0]).unwrap());
    assert!(bytes != to_bytes(&vec![1.0, 2.0]).unwrap());
    assert!(options.to_bytes(&Put("text")).unwrap() == to_bytes(&"text".to_string()).unwrap());
    assert!(options.to_bytes("text").unwrap() == to_bytes("text").unwrap());
    assert!(options.to_bytes(&"text".to_string()).unwrap() != to_bytes("text").unwrap());
}
