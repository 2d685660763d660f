//! What stands for a value in files of others: references to it, elements that are arrays or bytes,
//! sequences of variable length, MATLAB's empty arrays and Octave's variables.
//!
//! The read door looks through these, so that no type has to know of them.

pub(crate) mod matlab;
pub(crate) mod octave;

use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use crate::node::{Node, deeper, say};
use crate::object::Object;
use crate::schema::Schema;
use crate::storage::{Description, Dtype, Gathered, ObjectKind, Staged};

/// What a node of a file of others is.
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

/// Reads a value through whatever stands for it.
pub(crate) fn read<T: FileBacked>(
    node: Node<'_>,
    read: &dyn Fn(Node<'_>) -> Result<T>,
) -> Result<T> {
    match look(node, &|| !matches!(T::schema(), Schema::Sequence(_) | Schema::Array { .. }))? {
        Stands::Node(node) => {
            match node.data().filter(|found| found.null).and_then(|_| T::from_absence(0)) {
                Some(absent) => Ok(absent),
                None => read(node),
            }
        }
        Stands::Object(node, object) => self::read(node.instead(object)?, read),
        Stands::Staged(node, description, elements) => {
            node.staged(description, elements, |node| self::read(node, read))
        }
        Stands::Nothing(node) => T::from_absence(0).ok_or_else(|| nothing(&node)),
    }
}

/// Reads many values through whatever stands for them, or for each of them.
pub(crate) fn read_rows<T: FileBacked>(
    node: Node<'_>,
    read: &dyn Fn(Node<'_>) -> Result<Vec<T>>,
) -> Result<Vec<T>> {
    match look(node, &|| false)? {
        Stands::Node(node) => match node.data() {
            Some(Description { dtype: Dtype::Reference | Dtype::Region, .. }) => references(node),
            // MATLAB and Octave have nothing of any type as nothing of numbers.
            Some(found) if found.elements() == Some(0) && node.is_put_together() => Ok(Vec::new()),
            Some(_) => read(node),
            None => octave::cells(node)?.or_else(read),
        },
        Stands::Object(node, object) => read_rows(node.instead(object)?, read),
        Stands::Staged(_, description, _) if description.elements() == Some(0) => Ok(Vec::new()),
        Stands::Staged(node, description, elements) => {
            node.staged(description, elements, |node| read_rows(node, read))
        }
        Stands::Nothing(_) => Ok(Vec::new()),
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
        // What h5py makes of numpy's datetime64 and timedelta64.
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
fn references<T: FileBacked>(node: Node<'_>) -> Result<Vec<T>> {
    let description = node.describe()?;
    if line(&description.shape).is_none() {
        return Err(node.unexpected("a 1-dimensional dataset of references"));
    }
    let cells: Vec<u8> = node.object.elements(&description)?;
    let value = |cell: &[u8]| {
        let found = match description.dtype {
            Dtype::Reference => node.object.target(cell)?.map(|object| node.instead(object)?.get()),
            _ => node
                .object
                .region(cell)?
                .map(|(part, elements)| node.staged(part, elements, |node| node.get())),
        };
        found.unwrap_or_else(|| T::from_absence(0).ok_or_else(|| nothing(&node)))
    };
    let cells = cells.chunks_exact(description.dtype.size()).enumerate();
    cells.map(|(i, cell)| value(cell).map_err(|e| e.at(&i.to_string()))).collect()
}

/// Elements of a type, in a row.
fn described(elements: &Gathered, dtype: &Dtype) -> Description {
    let len = match elements {
        Gathered::Bytes(bytes) => bytes.len() / dtype.size().max(1),
        Gathered::Texts(texts) => texts.ends.len(),
    };
    Description { dtype: dtype.clone(), shape: vec![len as u64], null: false }
}

/// The rows of a dataset whose elements are sequences, or that has more dimensions than one: their
/// elements, one row after another, and how many each has. `None` where the node is no such dataset
/// in a file of others.
pub(crate) fn read_ragged<R>(
    node: &Node<'_>,
    read: impl FnOnce(Node<'_>) -> Result<R>,
) -> Option<Result<(R, Vec<usize>)>> {
    if node.ours {
        return None;
    }
    let description = node.data()?;
    Some(match &description.dtype {
        Dtype::Sequence(element) => ragged(node, &description, element, read),
        _ if description.shape.len() < 2 => return None,
        _ => rectangular(node, &description, read),
    })
}

fn ragged<R>(
    node: &Node<'_>,
    description: &Description,
    element: &Dtype,
    read: impl FnOnce(Node<'_>) -> Result<R>,
) -> Result<(R, Vec<usize>)> {
    if line(&description.shape).is_none() {
        return Err(node.unexpected("a 1-dimensional dataset of sequences"));
    }
    let (elements, counts) = node.object.sequences()?;
    let description = described(&elements, element);
    Ok((node.staged(description, elements, read)?, counts))
}

fn rectangular<R>(
    node: &Node<'_>,
    description: &Description,
    read: impl FnOnce(Node<'_>) -> Result<R>,
) -> Result<(R, Vec<usize>)> {
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
    Ok((node.staged(flat, elements, read)?, vec![columns; rows]))
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
    /// What a dataset or an attribute is.
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
    fn staged<R>(
        &self,
        description: Description,
        elements: Gathered,
        read: impl FnOnce(Node<'_>) -> Result<R>,
    ) -> Result<R> {
        let staged = Staged { description, elements, origin: self.object.origin() };
        let object = Object::new(&staged, staged.handle());
        read(Node::open(object, self.cx, self.state, deeper(self.depth, self.cx)?, false)?)
    }
}
