//! A file as h5py describes it, with short ways to assert what is in it.

use serde_json::{Map, Value};

/// All objects of a file by path.
#[derive(Debug)]
pub struct Described {
    objects: Map<String, Value>,
    /// The version of the superblock.
    pub superblock: u64,
}

/// One object, or an attribute of it.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    path: &'a str,
    value: &'a Value,
}

impl Described {
    pub(crate) fn new(answer: &Value) -> Self {
        let objects = answer["objects"].as_object().expect("objects").clone();
        Described { objects, superblock: answer["superblock"].as_u64().unwrap_or(0) }
    }

    /// Asserts that another file has the same objects with the same values; how data lies in it may
    /// differ.
    #[track_caller]
    pub fn assert_same(&self, other: &Described) {
        assert_eq!(self.paths(), other.paths());
        for (path, object) in &self.objects {
            let (mut object, mut other) = (object.clone(), other.objects[path].clone());
            for object in [&mut object, &mut other] {
                object.as_object_mut().expect("an object").remove("layout");
            }
            assert_eq!(object, other, "{path}");
        }
    }

    /// The number of objects (groups, datasets, committed types) in the file.
    pub fn count(&self) -> usize {
        self.objects.values().filter(|object| object.get("same_as").is_none()).count()
    }

    /// Every path in the file, sorted.
    pub fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = self.objects.keys().map(String::as_str).collect();
        paths.sort_unstable();
        paths
    }

    /// Whether there is an object at this path.
    pub fn has(&self, path: &str) -> bool {
        self.objects.contains_key(path)
    }

    /// The object at this path.
    #[track_caller]
    pub fn at<'a>(&'a self, path: &'a str) -> Node<'a> {
        let Some(value) = self.objects.get(path) else { panic!("no {path} in {:?}", self.paths()) };
        Node { path, value }
    }

    /// Asserts a group with this stamp and these members, in any order.
    #[track_caller]
    pub fn group<'a>(&'a self, path: &'a str, stamp: &str, members: &[&str]) -> Node<'a> {
        let node = self.at(path);
        assert_eq!(node.text("kind"), "group", "{path}");
        assert_eq!(node.stamp(), Some(stamp), "{path}");
        let mut links: Vec<&str> = node.links();
        let mut members = members.to_vec();
        links.sort_unstable();
        members.sort_unstable();
        assert_eq!(links, members, "{path}");
        node
    }

    /// Asserts a dataset of this type, shape and value.
    #[track_caller]
    pub fn dataset<'a>(
        &'a self,
        path: &'a str,
        dtype: impl Into<Value>,
        shape: &[u64],
        value: impl Into<Value>,
    ) -> Node<'a> {
        let node = self.at(path);
        assert_eq!(node.text("kind"), "dataset", "{path}");
        node.holds(dtype, shape, value);
        node
    }
}

impl<'a> Node<'a> {
    /// A part of the description.
    pub fn get(self, key: &str) -> &'a Value {
        &self.value[key]
    }

    /// A part of the description that is text.
    #[track_caller]
    pub fn text(self, key: &str) -> &'a str {
        let Some(text) = self.value[key].as_str() else {
            panic!("{}: {key} is {}", self.path, self.value[key])
        };
        text
    }

    /// The names in a group, in the order of the file.
    #[track_caller]
    pub fn links(self) -> Vec<&'a str> {
        let Some(links) = self.value["links"].as_array() else {
            panic!("{} is no group", self.path)
        };
        links.iter().filter_map(Value::as_str).collect()
    }

    /// The attribute `filebacked`.
    pub fn stamp(self) -> Option<&'a str> {
        self.value["attributes"].get("filebacked")?["value"].as_str()
    }

    /// The names of the attributes, sorted.
    #[track_caller]
    pub fn attribute_names(self) -> Vec<&'a str> {
        let Some(attributes) = self.value["attributes"].as_object() else {
            panic!("{}: {}", self.path, self.value)
        };
        let mut names: Vec<&str> = attributes.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// An attribute.
    #[track_caller]
    pub fn attribute(self, name: &'a str) -> Node<'a> {
        let Some(value) = self.value["attributes"].get(name) else {
            panic!("{}: no attribute {name} in {:?}", self.path, self.attribute_names())
        };
        Node { path: name, value }
    }

    /// Asserts type, shape and value of a dataset or an attribute.
    #[track_caller]
    pub fn holds(self, dtype: impl Into<Value>, shape: &[u64], value: impl Into<Value>) {
        assert_eq!(self.value.get("error"), None, "{}", self.path);
        assert_eq!(self.value["dtype"], dtype.into(), "{}: dtype", self.path);
        assert_eq!(self.value["shape"], Value::from(shape), "{}: shape", self.path);
        assert_eq!(self.value["value"], value.into(), "{}: value", self.path);
    }
}
