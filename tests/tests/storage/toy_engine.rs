//! An engine outside of the library: a tree in memory, and not an HDF5 file.

use filebacked::engine::{
    self, Allocation, AttrSpec, DatasetSpec, Description, Dtype, Elements, Handle, Link,
    ObjectKind, Out, Sink, Source, StoredType, Strings, Texts, Unusual,
};
use filebacked::{ErrorKind, FileBacked, ReadOptions, Result, WriteOptions};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::mem::MaybeUninit;

/// A dataset or an attribute.
#[derive(Debug, Clone)]
struct Data {
    dtype: Dtype,
    shape: Vec<u64>,
    bytes: Vec<u8>,
    texts: Texts,
}

#[derive(Debug, Default)]
struct Node {
    attributes: BTreeMap<String, Data>,
    /// `None` for a group.
    data: Option<Data>,
    members: BTreeMap<String, usize>,
}

/// All nodes by number; the first one is the root.
struct Tree {
    nodes: Vec<Node>,
    open: Vec<usize>,
    /// The attributes that handles were given out for.
    asked: RefCell<Vec<Data>>,
}

/// Handles of attributes begin here.
const ATTRIBUTES: u64 = 1 << 32;

impl Tree {
    fn new() -> Self {
        Tree { nodes: vec![Node::default()], open: vec![0], asked: RefCell::default() }
    }

    fn add(&mut self, name: &str, data: Option<Data>) -> usize {
        let number = self.nodes.len();
        self.nodes.push(Node { data, ..Node::default() });
        let group = *self.open.last().unwrap();
        self.nodes[group].members.insert(name.to_string(), number);
        number
    }

    fn put(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: Vec<u8>, texts: Texts) {
        let data = Data { dtype: spec.dtype.clone(), shape: spec.shape.to_vec(), bytes, texts };
        let number = self.add(name, Some(data));
        for (name, text) in spec.attrs {
            self.nodes[number].attributes.insert(name.to_string(), text_of(text.as_bytes()));
        }
    }

    fn handle(&self, number: usize) -> Handle {
        let is_group = self.nodes[number].data.is_none();
        let kind = if is_group { ObjectKind::Group } else { ObjectKind::Dataset };
        Handle { id: number as u64, kind, bare: false }
    }

    fn data(&self, handle: Handle) -> Data {
        match handle.id.checked_sub(ATTRIBUTES) {
            Some(asked) => self.asked.borrow()[asked as usize].clone(),
            None => self.nodes[handle.id as usize].data.clone().unwrap(),
        }
    }
}

fn text_of(bytes: &[u8]) -> Data {
    let dtype = Dtype::FixedStr(bytes.len().max(1));
    Data { dtype, shape: Vec::new(), bytes: bytes.to_vec(), texts: Texts::default() }
}

fn not_here<T>(what: &str) -> Result<T> {
    Err(ErrorKind::Unsupported(format!("{what} in a toy")).into())
}

impl Sink for Tree {
    fn begin_group(&mut self, name: &str, _ordered: bool) -> Result<()> {
        let number = self.add(name, None);
        self.open.push(number);
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        self.open.pop();
        Ok(())
    }

    fn attr(&mut self, name: &str, dtype: &Dtype, shape: &[u64], bytes: &[u8]) -> Result<()> {
        let mut data = Data {
            dtype: dtype.clone(),
            shape: shape.to_vec(),
            bytes: bytes.to_vec(),
            texts: Texts::default(),
        };
        if *dtype == Dtype::VarStr {
            data.texts.push(bytes);
        }
        let group = *self.open.last().unwrap();
        self.nodes[group].attributes.insert(name.to_string(), data);
        Ok(())
    }

    fn member_attr(
        &mut self,
        member: &str,
        name: &str,
        dtype: &Dtype,
        shape: &[u64],
        bytes: &[u8],
    ) -> Result<()> {
        let number = self.nodes[*self.open.last().unwrap()].members[member];
        self.open.push(number);
        self.attr(name, dtype, shape, bytes)?;
        self.end_group()
    }

    fn dataset(&mut self, name: &str, spec: &DatasetSpec<'_>, bytes: &[u8]) -> Result<()> {
        self.put(name, spec, bytes.to_vec(), Texts::default());
        Ok(())
    }

    fn dataset_fill(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        fill: &mut dyn FnMut(&mut Out<'_>),
    ) -> Result<()> {
        let mut bytes = Vec::new();
        fill(&mut Out(&mut bytes));
        self.put(name, spec, bytes, Texts::default());
        Ok(())
    }

    fn dataset_text(
        &mut self,
        name: &str,
        spec: &DatasetSpec<'_>,
        texts: &mut dyn Iterator<Item = &str>,
    ) -> Result<()> {
        let mut all = Texts::default();
        texts.for_each(|text| all.push(text.as_bytes()));
        self.put(name, spec, Vec::new(), all);
        Ok(())
    }

    fn dataset_records(
        &mut self,
        _: &str,
        _: &DatasetSpec<'_>,
        _: Vec<u8>,
        _: Vec<Strings>,
    ) -> Result<()> {
        not_here("records with text")
    }

    fn dataset_any(&mut self, _: &str, _: &DatasetSpec<'_>, _: Elements<'_>) -> Result<()> {
        not_here("elements of any type")
    }

    fn attr_any(&mut self, _: &AttrSpec<'_>) -> Result<()> {
        not_here("attributes of any type")
    }

    fn link(&mut self, _: &str, _: &Link) -> Result<()> {
        not_here("a link")
    }

    fn committed(&mut self, _: &str, _: &StoredType, _: &[AttrSpec<'_>]) -> Result<()> {
        not_here("a committed type")
    }
}

impl Source for Tree {
    fn root(&self) -> Result<Handle> {
        Ok(self.handle(0))
    }

    fn child(&self, group: Handle, name: &str) -> Result<Option<Handle>> {
        let members = &self.nodes[group.id as usize].members;
        Ok(members.get(name).map(|number| self.handle(*number)))
    }

    fn children(&self, group: Handle) -> Result<Vec<String>> {
        Ok(self.nodes[group.id as usize].members.keys().cloned().collect())
    }

    fn is_ordered(&self, _: Handle) -> Result<bool> {
        Ok(false)
    }

    fn link(&self, _: Handle, _: &str) -> Result<Option<Link>> {
        Ok(None)
    }

    fn stored_type(&self, _: Handle, _: Option<&Dtype>) -> Result<Option<StoredType>> {
        Ok(None)
    }

    fn read_unusual(&self, _: Handle) -> Result<Unusual> {
        not_here("elements of any type")
    }

    fn attribute(&self, object: Handle, name: &str) -> Result<Option<Handle>> {
        let Some(data) = self.nodes[object.id as usize].attributes.get(name) else {
            return Ok(None);
        };
        let mut asked = self.asked.borrow_mut();
        asked.push(data.clone());
        let id = ATTRIBUTES + asked.len() as u64 - 1;
        Ok(Some(Handle { id, kind: ObjectKind::Attribute, bare: true }))
    }

    fn attributes(&self, object: Handle) -> Result<Vec<String>> {
        Ok(self.nodes[object.id as usize].attributes.keys().cloned().collect())
    }

    fn identity(&self, _: Handle) -> Result<Option<String>> {
        Ok(None)
    }

    fn describe(&self, handle: Handle) -> Result<Description> {
        let Data { dtype, shape, .. } = self.data(handle);
        Ok(Description { dtype, shape, null: false })
    }

    fn allocation(&self, _: Handle) -> Result<Allocation> {
        Ok(Allocation::default())
    }

    fn read(&self, handle: Handle, _: &Dtype, out: &mut [MaybeUninit<u8>]) -> Result<()> {
        let data = self.data(handle);
        for (to, from) in out.iter_mut().zip(data.bytes) {
            to.write(from);
        }
        Ok(())
    }

    fn read_text(&self, handle: Handle, _: &[String]) -> Result<Texts> {
        Ok(self.data(handle).texts)
    }

    fn again(&self, object: Handle) -> Result<Handle> {
        Ok(object)
    }

    fn release(&self, _: Handle) {}
}

#[derive(FileBacked, Debug, Clone, PartialEq)]
enum Shape {
    Circle(f64),
    Box { width: f64, tags: Vec<String> },
}

#[derive(FileBacked, Debug, Clone, PartialEq)]
struct Model {
    step: u64,
    name: String,
    #[filebacked(attr)]
    unit: String,
    layers: Vec<(u32, Option<f64>)>,
    shapes: Vec<Shape>,
    params: HashMap<String, f64>,
    weights: ndarray::Array2<f32>,
    parts: BTreeMap<String, Vec<i64>>,
}

fn model() -> Model {
    Model {
        step: 7,
        name: "a model".into(),
        unit: "mm".into(),
        layers: vec![(64, Some(0.5)), (10, None)],
        shapes: vec![
            Shape::Circle(1.5),
            Shape::Box { width: 2.0, tags: vec!["a".into(), "much longer than a".into()] },
        ],
        params: HashMap::from([("rate".into(), 0.1), ("loss".into(), 2.5)]),
        weights: ndarray::array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        parts: BTreeMap::from([("x/y".into(), vec![1, -2]), ("z".into(), vec![])]),
    }
}

#[test]
fn an_engine_of_another_crate_writes_and_reads_values() {
    let mut tree = Tree::new();
    engine::write(&mut tree, &model(), &WriteOptions::new()).unwrap();
    // The tree has the names and types of a file.
    let root = &tree.nodes[0];
    assert_eq!(root.attributes["filebacked"].bytes, b"struct Model 1");
    assert_eq!(root.attributes["unit"].bytes, b"mm");
    let weights = tree.nodes[root.members["weights"]].data.as_ref().unwrap();
    assert_eq!((&weights.dtype, &weights.shape[..]), (&Dtype::F32, &[2, 3][..]));
    assert_eq!(&weights.bytes[4..8], 2.0f32.to_le_bytes());
    let read: Model = engine::read(&tree, &ReadOptions::new()).unwrap();
    assert_eq!(read, model());

    // Options work as with any other engine.
    let mut tree = Tree::new();
    let error = engine::write(&mut tree, &model(), &WriteOptions::new().skip(["nothing"]));
    assert!(matches!(error.unwrap_err().kind(), ErrorKind::UnknownPath { .. }));
    engine::write(&mut tree, &model(), &WriteOptions::new().skip(["weights"])).unwrap();
    assert!(!tree.nodes[0].members.contains_key("weights"));
    let error = engine::read::<Model>(&tree, &ReadOptions::new()).unwrap_err();
    assert_eq!((error.kind(), &*error.path()), (&ErrorKind::Missing, "/weights"));
}

#[test]
fn what_an_engine_does_not_have_is_its_error() {
    let value = filebacked::link::SoftLink::<u8>::new("/x");
    let error = engine::write(&mut Tree::new(), &vec![value], &WriteOptions::new()).unwrap_err();
    assert!(error.to_string().contains("a link in a toy"), "{error}");
}
