//! [`Buffer`]: existing memory that a dataset is read into.

use crate::error::{Error, ErrorKind, Result};
use crate::layout::scalar::Element;
use crate::node::{Node, say};
use crate::storage::ObjectKind;

/// Existing memory that a dataset is read into, by [`load_into`](crate::load_into) and
/// `File::read_into`.
///
/// Slices and Rust arrays take the elements of a dataset of any shape, in C order, if it has
/// exactly their number of elements. ndarray arrays and mutable views take a dataset of exactly
/// their shape. Numbers of the dataset's type are read straight into the buffer if its memory is in
/// C order, also from compressed datasets. Other numbers are converted as
/// [`ReadOptions::conversion`](crate::ReadOptions::conversion) allows, and copied.
///
/// See [`load_into`](crate::load_into) for an example.
#[diagnostic::on_unimplemented(
    message = "a dataset cannot be read into `{Self}`",
    note = "pass a slice (`&mut values[..]`), an array, or an array or mutable view of ndarray"
)]
pub trait Buffer {
    /// Fills the buffer with the elements of a dataset. After an error its content is unspecified.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mismatch`] for a dataset of another shape or type, or any error of reading.
    fn read_from(&mut self, node: Node<'_>) -> Result<()>;
}

/// The shape that a dataset must have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// This number of elements, in any shape.
    Elements(usize),
    /// Exactly this shape.
    #[cfg_attr(not(feature = "ndarray"), allow(dead_code))]
    Shape(&'a [usize]),
}

impl Wanted<'_> {
    /// Checks that a shape is the required one.
    pub(crate) fn check<T>(self, shape: &[usize], found: impl FnOnce() -> String) -> Result<()> {
        let (fits, wanted) = match self {
            Wanted::Elements(len) => {
                let elements = shape.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent));
                (elements == Some(len), format!("a dataset of {len} elements of {}", short::<T>()))
            }
            Wanted::Shape(wanted) => {
                (shape == wanted, format!("a dataset of shape {wanted:?}, of {}", short::<T>()))
            }
        };
        if fits { Ok(()) } else { Err(Error::mismatch(wanted, found())) }
    }
}

/// The name of a type without its path.
fn short<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}

/// Reads the elements of a node into memory, in C order. Reads nothing if the shape differs from
/// the required one.
pub(crate) fn fill<T: Element>(node: &Node<'_>, wanted: Wanted<'_>, out: &mut [T]) -> Result<()> {
    node.readable()?;
    if node.kind() == ObjectKind::Group {
        // Packed text.
        let (values, shape) = T::read_array(node, None)?;
        wanted.check::<T>(&shape, || format!("elements of shape {shape:?}"))?;
        return take(values, out);
    }
    let description = node.describe()?;
    let shape = crate::layout::number::shape(node, &description, short::<T>(), None)?;
    wanted.check::<T>(&shape, || say(&description))?;
    T::read_array_into(node, out)
}

/// Moves values that were read elsewhere into a buffer of the same length.
pub(crate) fn take<T>(values: Vec<T>, out: &mut [T]) -> Result<()> {
    if values.len() != out.len() {
        return Err(ErrorKind::Damaged(format!(
            "{} elements instead of {}",
            values.len(),
            out.len()
        ))
        .into());
    }
    out.iter_mut().zip(values).for_each(|(place, value)| *place = value);
    Ok(())
}

impl<T: Element> Buffer for [T] {
    fn read_from(&mut self, node: Node<'_>) -> Result<()> {
        if node.is_plain() {
            return fill(&node, Wanted::Elements(self.len()), self);
        }
        let values: Vec<T> = node.get()?;
        Wanted::Elements(self.len())
            .check::<T>(&[values.len()], || format!("{} elements", values.len()))?;
        take(values, self)
    }
}

impl<T: Element, const N: usize> Buffer for [T; N] {
    fn read_from(&mut self, node: Node<'_>) -> Result<()> {
        self.as_mut_slice().read_from(node)
    }
}
