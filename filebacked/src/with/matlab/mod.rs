//! [`Matlab`]: values as MATLAB has them in its files of version 7.3.

mod sink;
mod source;
mod transpose;

use crate::backed::FileBacked;
use crate::error::Result;
use crate::filter::Filter;
use crate::layout::sequence;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use sink::MatlabSink;
use source::MatlabSource;

/// Stores a value, and all that is in it, as MATLAB's `save -v7.3` does, and reads what that has
/// stored:
///
/// ```text
/// number, bool      double, single, int8 to uint64, logical (1 x 1)
/// text              char (1 x n), UTF-16
/// Vec<number>       a row (1 x n)
/// Array2, Array3    a matrix of the same shape: its dimensions are reversed in the file, its elements column by column
/// complex           the same of {real, imag}
/// struct, tuple     struct, a field a member
/// ```
///
/// Every dataset has MATLAB's attribute `MATLAB_class`, and those without elements `MATLAB_empty`.
/// What MATLAB would need cells for (many texts, options in rows, enums with data in rows, lists)
/// is not written, but cells are read: a `Vec<T>` of cells of `T`, a struct of a struct, a `Vec` of
/// structs of a row of structs. Sparse matrices are read too.
///
/// It is written through the C library (feature `libhdf5`), which has to add to what is written
/// already.
///
/// Objects of MATLAB's own classes (`string`, `table`, `datetime`) are not read.
///
/// Without this filter, files of MATLAB are read as other files are: all but matrices as said
/// above, and matrices as h5py has them, that is, transposed.
///
/// Octave reads what this writes, but text as the numbers of its characters (`char(x)` makes text
/// of them), single as double, logicals as `uint8`, and arrays without elements as their shape.
///
/// A whole file for MATLAB is [`MATLAB_HEADER`] before the bytes of a value whose fields have this
/// filter.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, with::Matlab};
/// use ndarray::{Array2, array};
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Results {
///     #[filebacked(with = Matlab)]
///     matrix: Array2<f64>, // in the file: (3, 2)
///     #[filebacked(with = Matlab)]
///     title: String,
/// }
///
/// let results = Results { matrix: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], title: "größe".into() };
/// assert_eq!(filebacked::from_bytes::<Results>(&filebacked::to_bytes(&results)?)?, results);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Matlab;

/// What the sinks and sources of this filter are called.
const FORM: &str = "Matlab";

impl<T: FileBacked> Filter<T> for Matlab {
    fn name(&self) -> &str {
        FORM
    }

    fn write(&self, value: &T, slot: Slot<'_>) -> Result<Written> {
        match slot.sink.form() {
            Some(FORM) => slot.put_next(value),
            _ => slot.through_sink(MatlabSink::new, |slot| slot.put_next(value)),
        }
    }

    fn read(&self, node: Node<'_>) -> Result<T> {
        if node.object.source.form() == Some(FORM) {
            return node.get_next();
        }
        let source = MatlabSource::new(&node);
        node.within(&source)?.get_next()
    }

    /// Numbers are one row; other values, which would need cells, have a node each.
    fn write_rows(&self, rows: Rows<'_, T>, slot: Slot<'_>) -> Result<Written> {
        if !matches!(T::schema(), Schema::Scalar(_) | Schema::Enumeration { .. }) {
            let name = Filter::<T>::name(self);
            return sequence::write_numbered_with(rows, slot, name, &mut |value, slot| {
                self.write(value, slot)
            });
        }
        match slot.sink.form() {
            Some(FORM) => slot.put_next_rows(rows),
            _ => slot.through_sink(MatlabSink::new, |slot| slot.put_next_rows(rows)),
        }
    }

    fn read_rows(&self, node: Node<'_>) -> Result<Vec<T>> {
        if node.stamp()?.is_some_and(|stamp| stamp.kind_name() == "list") {
            return sequence::read_numbered_with(node, &mut |node| self.read(node));
        }
        if node.object.source.form() == Some(FORM) {
            return node.get_next_rows();
        }
        let source = MatlabSource::new(&node);
        node.within(&source)?.get_next_rows()
    }
}

/// What MATLAB's files begin with, before the HDF5 in them.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, with::{MATLAB_HEADER, Matlab}};
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Workspace {
///     #[filebacked(with = Matlab)]
///     x: f64,
/// }
///
/// let mut bytes = MATLAB_HEADER.to_vec();
/// bytes.extend(filebacked::to_bytes(&Workspace { x: 1.5 })?);
/// // Written to `x.mat`, it is `load`ed by MATLAB; here it is read as it stands.
/// assert_eq!(filebacked::from_bytes::<Workspace>(&bytes)?, Workspace { x: 1.5 });
/// # Ok(()) }
/// ```
pub const MATLAB_HEADER: [u8; 512] = {
    let mut header = [0; 512];
    let text = b"MATLAB 7.3 MAT-file, Platform: FILEBACKED, HDF5 schema 1.00 .";
    let mut i = 0;
    while i < 116 {
        header[i] = if i < text.len() { text[i] } else { b' ' };
        i += 1;
    }
    // The version, and which byte of a number is first.
    header[124] = 0;
    header[125] = 2;
    header[126] = b'I';
    header[127] = b'M';
    header
};
