//! [`Node`]: one object of a file that a value is to be read from. The read door.

use crate::context::ReadContext;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::{Error, Result};
use crate::foreign::{self};
use crate::object::Object;
use crate::path::State;
use crate::schema::Nested;
use crate::shared::Loaded;
use crate::slot::too_deep;
use crate::stamp::{FILTER, STAMP, Stamp, unescape};
use crate::storage::{Description, ObjectKind, Source, Texts};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

pub(crate) mod door;
mod group;
pub(crate) mod wanted;

/// The name of a filter on a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    pub(crate) name: String,
    /// The filter wrote many values as rows.
    pub(crate) rows: bool,
}

/// One object of a file that a value is to be read from.
///
/// [`Node::get`] is the door that every value comes through: it looks which filter wrote the node,
/// and else lets the type read itself. The other methods look at the object.
pub struct Node<'a> {
    pub(crate) object: Object<'a>,
    pub(crate) cx: &'a ReadContext,
    pub(crate) state: State,
    pub(crate) depth: u32,
    /// The node is in a file, or below a group, that this library wrote.
    pub(crate) ours: bool,
    /// In a file of others: only filters older than this one are asked next.
    below: u32,
    /// The filters that wrote the node, outermost first, and how many of them are at work already.
    marks: Option<Rc<[Mark]>>,
    passed: usize,
    /// How many of them were at work when this type's turn came: a filter works once for a type, so
    /// that its name a second time is that of a type inside.
    before: usize,
    /// The categories of a column of codes, where they lie beside it.
    pub(crate) categories: Option<Box<Node<'a>>>,
    /// The node is a column of a data frame.
    pub(crate) column: bool,
    /// Rows without a value are left out: the caller has their mask.
    pub(crate) present: bool,
    /// What the type calls the index of a data frame.
    index: Option<&'static str>,
    /// The type that is being read, for hints in errors.
    schema: Option<Nested>,
    /// Boxed: most nodes are datasets, and nodes are moved a lot.
    stamp: OnceCell<Option<Rc<Stamp<'static>>>>,
    /// Of a node in a file of others, which is looked at before its type looks at it.
    description: OnceCell<Box<Description>>,
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("marks", &self.marks)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

impl<'a> Node<'a> {
    pub(crate) fn open(
        object: Object<'a>,
        cx: &'a ReadContext,
        state: State,
        depth: u32,
        ours: bool,
    ) -> Result<Self> {
        let marks = object.text_attribute(FILTER)?.as_deref().map(parse_marks);
        let (stamp, description) = (OnceCell::new(), OnceCell::new());
        Ok(Node {
            object,
            cx,
            state,
            depth,
            ours,
            below: u32::MAX,
            marks,
            passed: 0,
            before: 0,
            categories: None,
            column: false,
            present: false,
            index: None,
            schema: None,
            stamp,
            description,
        })
    }

    /// Says what the type calls the index, if the node is a data frame.
    #[must_use]
    pub(crate) fn data_frame(mut self, index: &'static str) -> Self {
        self.index = Some(index);
        self
    }

    /// What is known during this load: options and extensions.
    pub fn context(&self) -> &'a ReadContext {
        self.cx
    }

    /// The node without the names of the filters that wrote it: [`Node::get_next`] reads what is
    /// stored as it stands.
    #[must_use]
    pub fn unfiltered(mut self) -> Self {
        self.passed = self.marks.as_deref().map_or(0, <[Mark]>::len);
        // No filter is older than that: none of the registry is asked either.
        self.below = 0;
        self
    }

    /// The node as another source has it, for the filter that is at work.
    pub(crate) fn within<'s>(&'s self, source: &'s dyn Source) -> Result<Node<'s>> {
        let object = Object::new(source, self.object.handle);
        Ok(Node {
            below: self.below,
            ..Node::open(object, self.cx, self.state, self.depth, false)?
        })
    }

    /// What was read of values that have several owners, if this node may be one of them: an object
    /// of its own that is read as it stands.
    pub(crate) fn loaded(&self) -> Option<&'a Loaded> {
        let plain = !self.is_inside_filter()
            && self.categories.is_none()
            && !(self.column || self.present)
            && self.index.is_none()
            && self.object.is_whole();
        if plain { self.object.source.loaded().and_then(|owners| owners.table()) } else { None }
    }

    /// Whether no filter is between the node and the elements of a dataset.
    pub(crate) fn is_plain(&self) -> bool {
        self.mark().is_none()
            && (self.ours || (self.cx.registry().is_empty() && foreign::is_itself(self)))
    }

    /// Whether a filter is reading the node right now.
    pub(crate) fn is_inside_filter(&self) -> bool {
        self.passed > 0 || self.below != u32::MAX
    }

    /// The names of the filters that wrote the node and are not at work yet, outermost first.
    pub fn filters(&self) -> impl Iterator<Item = &str> {
        self.marks
            .iter()
            .flat_map(|marks| marks.iter())
            .skip(self.passed)
            .map(|mark| mark.name.as_str())
    }

    /// Whether a filter that the node names is at work.
    pub(crate) fn is_filtered(&self) -> bool {
        self.passed > 0
    }

    fn mark(&self) -> Option<&Mark> {
        self.marks.as_deref()?.get(self.passed)
    }

    /// What is stored may be looked at once every filter that wrote it is at work.
    pub(crate) fn readable(&self) -> Result<()> {
        match self.mark() {
            None => Ok(()),
            Some(mark) => Err(door::unknown_filter(&mark.name)),
        }
    }

    /// The node of each element of a sequence: patterns take one level.
    #[must_use]
    pub(crate) fn each(mut self) -> Self {
        if let Some(mask) = self.cx.mask() {
            self.state = mask.step(self.state, None, None).unwrap_or(self.state);
        }
        self
    }

    /// What kind of object it is.
    pub fn kind(&self) -> ObjectKind {
        self.object.kind()
    }

    /// The stamp of a group that this library wrote.
    ///
    /// # Errors
    ///
    /// What the storage says.
    pub fn stamp(&self) -> Result<Option<&Stamp<'static>>> {
        if let Some(stamp) = self.stamp.get() {
            return Ok(stamp.as_deref());
        }
        let text = self.object.text_attribute(STAMP)?;
        Ok(self.stamp.get_or_init(|| text.map(|text| Rc::new(Stamp::parse(&text)))).as_deref())
    }

    /// The depth of the `None` that the node is a marker of.
    pub(crate) fn absence(&self) -> Result<Option<u32>> {
        if self.kind() != ObjectKind::Group {
            return Ok(None);
        }
        Ok(self
            .stamp()?
            .filter(|stamp| stamp.kind_name() == "none")
            .map(|stamp| stamp.version().unwrap_or(0)))
    }

    /// Datatype and shape of a dataset or attribute.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] where the node is no dataset; [`ErrorKind::UnknownFilter`].
    pub fn describe(&self) -> Result<Description> {
        self.readable()?;
        match self.kind() {
            ObjectKind::Dataset | ObjectKind::Attribute => {}
            _ => return Err(self.unexpected("a dataset")),
        }
        if let Some(description) = self.description.get() {
            return Ok((**description).clone());
        }
        let description = self.object.describe()?;
        if !self.ours {
            self.description.get_or_init(|| Box::new(description.clone()));
        }
        Ok(description)
    }

    /// All elements of a dataset as raw bytes, as a little-endian machine has them, in C order.
    ///
    /// # Errors
    ///
    /// As [`Node::describe`]; [`ErrorKind::Unsupported`] for datatypes that this library does not
    /// read.
    pub fn bytes(&self) -> Result<(Description, Vec<u8>)> {
        let description = self.describe()?;
        let bytes = self.object.elements::<u8>(&description)?;
        Ok((description, bytes))
    }

    /// The string attribute `name` of the object.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for text that is not UTF-8, or what the storage says.
    pub fn text_attribute(&self, name: &str) -> Result<Option<String>> {
        self.object.text_attribute(name)
    }

    /// The error of a node that is something else than what is asked for.
    #[cold]
    pub fn unexpected(&self, expected: impl Into<Cow<'static, str>>) -> Error {
        Error::mismatch(expected.into().into_owned(), self.describe_found())
    }

    /// What the node is, in words.
    #[cold]
    pub(crate) fn describe_found(&self) -> String {
        let found = (|| {
            Ok::<_, Error>(match self.kind() {
                ObjectKind::Group => match self.stamp()? {
                    Some(stamp) => match (stamp.kind_name(), stamp.name()) {
                        ("none", _) => "none".to_string(),
                        (kind, Some(name)) => format!("a group ({kind} of `{name}`)"),
                        (kind, None) => format!("a group ({kind})"),
                    },
                    None => "a group".to_string(),
                },
                ObjectKind::Dataset | ObjectKind::Attribute => say(&self.object.describe()?),
                ObjectKind::Other => "a committed datatype".to_string(),
            })
        })();
        found.unwrap_or_else(|_| "an object that cannot be looked at".to_string())
    }

    /// All strings of a string dataset.
    pub(crate) fn texts(&self, description: &Description) -> Result<Texts> {
        self.object.texts(description)
    }
}

#[inline]
pub(crate) fn deeper(depth: u32, cx: &ReadContext) -> Result<u32> {
    if depth >= cx.max_depth() {
        return Err(too_deep(cx.max_depth()));
    }
    Ok(depth + 1)
}

/// A description in words: `a 2-dimensional dataset of f64, shape [3, 4]`.
pub(crate) fn say(description: &Description) -> String {
    let dtype = &description.dtype;
    match (description.null, &description.shape[..]) {
        (true, _) => format!("an empty dataset of {dtype}"),
        (false, []) => format!("a scalar of {dtype}"),
        (false, shape) => {
            format!("a {}-dimensional dataset of {dtype}, shape {shape:?}", shape.len())
        }
    }
}

fn parse_marks(text: &str) -> Rc<[Mark]> {
    let word = |word: &str| match word.strip_suffix("[]") {
        Some(name) => Mark { name: unescape(name), rows: true },
        None => Mark { name: unescape(word), rows: false },
    };
    text.split(' ').filter(|w| !w.is_empty()).map(word).collect()
}
