//! Special forms of values in foreign files: references, elements that are arrays or bytes,
//! sequences of variable length, MATLAB's empty arrays and Octave's variables.
//!
//! The read door resolves these, so that types need not know about them.

pub(crate) mod matlab;
pub(crate) mod octave;

use crate::error::{Error, ErrorKind, Result};
use crate::node::{Node, deeper, say};
use crate::object::Object;
use crate::schema::{Nested, Schema};
use crate::storage::{Description, Dtype, Gathered, ObjectKind, Staged};

/// The form of a node in a foreign file.
enum Stands<'a> {
    /// The value itself.
    Node(Node<'a>),
    /// Another object is the value.
    Object(Node<'a>, Object<'a>),
    /// These elements are, of a dataset that is kept open for references among them.
    Staged(Node<'a>, Description, Gathered),
    /// Nothing is.
    Nothing(Node<'a>),
}

/// Reads a value through whatever stands for it: `read` gets the node that it is read from, or
/// `None` for the value that is absent, which only comes where there `may_be` such a value.
pub(crate) fn read(
    node: Node<'_>,
    schema: Nested,
    may_be_absent: bool,
    read: &mut dyn FnMut(Option<Node<'_>>) -> Result<()>,
) -> Result<()> {
    let single = || !matches!(schema(), Schema::Sequence(_) | Schema::Array { .. });
    match look(node, &single)? {
        Stands::Node(node) => {
            let is_null = may_be_absent && node.data().is_some_and(|found| found.null);
            if is_null { read(None) } else { read(Some(node)) }
        }
        Stands::Object(node, object) => {
            self::read(node.instead(object)?, schema, may_be_absent, read)
        }
        Stands::Staged(node, description, elements) => {
            node.staged(description, elements, &mut |node| {
                self::read(node, schema, may_be_absent, read)
            })
        }
        Stands::Nothing(_) if may_be_absent => read(None),
        Stands::Nothing(node) => Err(nothing(&node)),
    }
}

/// The source of a part of many values.
pub(crate) enum RowsPart<'n> {
    /// All values, from this node.
    All(Node<'n>),
    /// The next value, from this node.
    One(Node<'n>),
    /// The next value is absent.
    Absent,
}

/// A receiver of many values, part by part.
type ReadRows<'r> = dyn FnMut(RowsPart<'_>) -> Result<()> + 'r;

/// Reads many values through whatever stands for them, or for each of them.
pub(crate) fn read_rows(
    node: Node<'_>,
    may_be_absent: bool,
    read: &mut ReadRows<'_>,
) -> Result<()> {
    match look(node, &|| false)? {
        Stands::Node(node) => match node.data() {
            Some(Description { dtype: Dtype::Reference | Dtype::Region, .. }) => {
                references(node, may_be_absent, read)
            }
            // MATLAB and Octave store empty arrays of any type as empty arrays of numbers.
            Some(found) if found.elements() == Some(0) && node.is_put_together() => Ok(()),
            Some(_) => read(RowsPart::All(node)),
            None => match octave::cells(node, read)? {
                Some(node) => read(RowsPart::All(node)),
                None => Ok(()),
            },
        },
        Stands::Object(node, object) => read_rows(node.instead(object)?, may_be_absent, read),
        Stands::Staged(_, description, _) if description.elements() == Some(0) => Ok(()),
        Stands::Staged(node, description, elements) => {
            node.staged(description, elements, &mut |node| read_rows(node, may_be_absent, read))
        }
        Stands::Nothing(_) => Ok(()),
    }
}

#[cold]
fn nothing(node: &Node<'_>) -> Error {
    match node.data() {
        Some(Description { dtype: Dtype::Reference | Dtype::Region, .. }) => {
            ErrorKind::Dangling("a reference to nothing".into()).into()
        }
        _ => node.unexpected("a value"),
    }
}

/// Whether a node is a dataset whose elements are what it holds.
pub(crate) fn is_itself(node: &Node<'_>) -> bool {
    use Dtype::{Array, Opaque, Other, Reference, Region, Sequence};
    node.data().is_some_and(|found| match found.dtype {
        Reference | Region | Sequence(_) | Array(..) | Opaque(..) | Other(..) => false,
        _ => {
            !matlab::may_be_empty(&found)
                || matlab::is_empty(&node.object).is_ok_and(|empty| !empty)
        }
    })
}

/// Finds out what a node is; `single` says whether one reference in an array stands for the whole
/// value.
fn look<'a>(node: Node<'a>, single: &dyn Fn() -> bool) -> Result<Stands<'a>> {
    if node.filters().next().is_some() {
        return Ok(Stands::Node(node));
    }
    if node.kind() == ObjectKind::Group {
        return match node.object.attribute(octave::VARIABLE)? {
            Some(_) => octave::variable(node),
            None => Ok(Stands::Node(node)),
        };
    }
    if node.kind() == ObjectKind::Other {
        return Ok(Stands::Node(node));
    }
    let description = node.describe()?;
    let longer = |inner: &[u64]| description.shape.iter().chain(inner).copied().collect();
    let (dtype, shape) = match &description.dtype {
        Dtype::Reference | Dtype::Region if description.null => return Ok(Stands::Nothing(node)),
        Dtype::Reference | Dtype::Region
            if description.elements() == Some(1) && (description.shape.is_empty() || single()) =>
        {
            return one_reference(node, &description);
        }
        Dtype::Sequence(element)
            if description.elements() == Some(1) && description.shape.is_empty() =>
        {
            let (elements, _) = node.object.sequences()?;
            let description = described(&elements, element);
            return Ok(Stands::Staged(node, description, elements));
        }
        Dtype::Int(_) if matlab::may_be_empty(&description) && matlab::is_empty(&node.object)? => {
            return matlab::empty(node, &description);
        }
        Dtype::Array(element, inner) => ((**element).clone(), longer(inner)),
        // h5py's form of numpy's datetime64 and timedelta64.
        Dtype::Opaque(8, tag) if tag.starts_with("NUMPY:<M8") || tag.starts_with("NUMPY:<m8") => {
            (Dtype::I64, longer(&[]))
        }
        Dtype::Opaque(size, _) => (Dtype::U8, longer(&[*size as u64])),
        _ => return Ok(Stands::Node(node)),
    };
    let elements = Gathered::Bytes(node.object.elements(&description)?);
    Ok(Stands::Staged(node, Description { dtype, shape, null: description.null }, elements))
}

fn one_reference<'a>(node: Node<'a>, description: &Description) -> Result<Stands<'a>> {
    let reference: Vec<u8> = node.object.elements(description)?;
    Ok(match description.dtype {
        Dtype::Reference => match node.object.target(&reference)? {
            Some(object) => Stands::Object(node, object),
            None => Stands::Nothing(node),
        },
        _ => match node.object.region(&reference)? {
            Some((description, elements)) => Stands::Staged(node, description, elements),
            None => Stands::Nothing(node),
        },
    })
}

/// The values that references lead to.
fn references(node: Node<'_>, may_be_absent: bool, read: &mut ReadRows<'_>) -> Result<()> {
    let description = node.describe()?;
    if line(&description.shape).is_none() {
        return Err(node.unexpected("a 1-dimensional dataset of references"));
    }
    let cells: Vec<u8> = node.object.elements(&description)?;
    let mut value = |cell: &[u8]| {
        match description.dtype {
            Dtype::Reference => {
                if let Some(object) = node.object.target(cell)? {
                    return read(RowsPart::One(node.instead(object)?));
                }
            }
            _ => {
                if let Some((part, elements)) = node.object.region(cell)? {
                    return node.staged(part, elements, &mut |node| read(RowsPart::One(node)));
                }
            }
        }
        if may_be_absent { read(RowsPart::Absent) } else { Err(nothing(&node)) }
    };
    for (i, cell) in cells.chunks_exact(description.dtype.size()).enumerate() {
        value(cell).map_err(|e| e.at(&i.to_string()))?;
    }
    Ok(())
}

/// Elements of a type, in a row.
fn described(elements: &Gathered, dtype: &Dtype) -> Description {
    let len = match elements {
        Gathered::Bytes(bytes) => bytes.len() / dtype.size().max(1),
        Gathered::Texts(texts) => texts.ends.len(),
    };
    Description { dtype: dtype.clone(), shape: vec![len as u64], null: false }
}

/// Reads the rows of a foreign dataset whose elements are sequences, or that has several
/// dimensions: the elements of all rows, and the length of each row. `None` for other nodes.
pub(crate) fn read_ragged(
    node: &Node<'_>,
    read: &mut dyn FnMut(Node<'_>) -> Result<()>,
) -> Result<Option<Vec<usize>>> {
    if node.ours {
        return Ok(None);
    }
    let Some(description) = node.data() else { return Ok(None) };
    match &description.dtype {
        Dtype::Sequence(element) => ragged(node, &description, element, read).map(Some),
        _ if description.shape.len() < 2 => Ok(None),
        _ => rectangular(node, &description, read).map(Some),
    }
}

fn ragged(
    node: &Node<'_>,
    description: &Description,
    element: &Dtype,
    read: &mut dyn FnMut(Node<'_>) -> Result<()>,
) -> Result<Vec<usize>> {
    if line(&description.shape).is_none() {
        return Err(node.unexpected("a 1-dimensional dataset of sequences"));
    }
    let (elements, counts) = node.object.sequences()?;
    let description = described(&elements, element);
    node.staged(description, elements, read)?;
    Ok(counts)
}

fn rectangular(
    node: &Node<'_>,
    description: &Description,
    read: &mut dyn FnMut(Node<'_>) -> Result<()>,
) -> Result<Vec<usize>> {
    let damaged = || Error::new(ErrorKind::Damaged(say(description)));
    let (rows, columns, inner) = match &description.shape[..] {
        [rows, columns, inner @ ..] => (*rows, *columns, inner),
        _ => return Err(damaged()),
    };
    let (elements, all) = match description.dtype {
        Dtype::VarStr => (Gathered::Texts(node.texts(description)?), rows.checked_mul(columns)),
        _ => (Gathered::Bytes(node.object.elements(description)?), rows.checked_mul(columns)),
    };
    // Rows without elements take no room in the file, but here.
    if columns == 0 && rows > crate::reader::MOST_EMPTY_ROWS as u64 {
        return Err(damaged());
    }
    let shape = all.into_iter().chain(inner.iter().copied()).collect();
    let (rows, columns) = (usize::try_from(rows), usize::try_from(columns));
    let (Ok(rows), Ok(columns)) = (rows, columns) else { return Err(damaged()) };
    let flat = Description { dtype: description.dtype.clone(), shape, null: description.null };
    node.staged(flat, elements, read)?;
    Ok(vec![columns; rows])
}

/// The extent of the one dimension that is not 1; of a scalar 1, and without elements 0.
pub(crate) fn line(shape: &[u64]) -> Option<u64> {
    if shape.contains(&0) {
        return Some(0);
    }
    let mut long = shape.iter().filter(|extent| **extent != 1);
    match (long.next(), long.next()) {
        (None, _) => Some(1),
        (Some(extent), None) => Some(*extent),
        (Some(_), Some(_)) => None,
    }
}

impl<'a> Node<'a> {
    /// The form of a dataset or attribute.
    fn data(&self) -> Option<Description> {
        if matches!(self.kind(), ObjectKind::Dataset | ObjectKind::Attribute) {
            self.describe().ok()
        } else {
            None
        }
    }

    /// Whether what the node holds is in another form in the file.
    pub(crate) fn is_put_together(&self) -> bool {
        let Object { source, handle, .. } = self.object;
        source.form().is_some() || source.origin(handle).is_some()
    }

    /// The node of another object that stands for this one.
    fn instead<'n>(&self, object: Object<'n>) -> Result<Node<'n>>
    where
        'a: 'n,
    {
        Node::open(object, self.cx, self.state, deeper(self.depth, self.cx)?, false)
    }

    /// Reads from elements of this node that are in memory.
    fn staged(
        &self,
        description: Description,
        elements: Gathered,
        read: &mut dyn FnMut(Node<'_>) -> Result<()>,
    ) -> Result<()> {
        let staged = Staged { description, elements, origin: self.object.origin() };
        let object = Object::new(&staged, staged.handle());
        read(Node::open(object, self.cx, self.state, deeper(self.depth, self.cx)?, false)?)
    }
}
