//! [`Matlab`]: stores values like MATLAB's files of version 7.3.

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

/// Stores a value and its parts like MATLAB's `save -v7.3`, and reads such files:
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
/// Every dataset has the attribute `MATLAB_class`; empty ones also have `MATLAB_empty`. Values that
/// need cells in MATLAB (many texts, options in rows, enums with data in rows, lists) cannot be
/// written, but cells are read: cells of `T` as a `Vec<T>`, a struct as a struct, a row of structs
/// as a `Vec` of structs. Sparse matrices are read too.
///
/// Writing needs libhdf5 (feature `libhdf5`), because it adds attributes to datasets that are
/// already written.
///
/// Objects of MATLAB's classes (`string`, `table`, `datetime`) are not read.
///
/// Without this filter, MATLAB files are read as foreign files: as above, but matrices are
/// transposed, as in h5py.
///
/// Octave reads these files, with text as character numbers (`char(x)` converts them), single as
/// double, logicals as `uint8`, and empty arrays as their shape.
///
/// A whole file for MATLAB is [`MATLAB_HEADER`] followed by the bytes of a value whose fields have
/// this filter.
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

/// The name of the sinks and sources of this filter.
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

    /// Numbers are one row; other values, which would need cells, have one node each.
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

/// The header of MATLAB's files, before the HDF5 data. See [`Matlab`] for an example.
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
