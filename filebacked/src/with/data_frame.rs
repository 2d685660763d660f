//! [`DataFrame`]: stores rows of a struct as a data frame for pandas and AnnData.

use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};

/// Stores a `Vec` of structs as an AnnData data frame, which Python reads as a pandas frame:
/// `anndata.io.read_elem(f["x"])`.
///
/// `index` is the field with the row labels; the other fields are the columns, in their order.
///
/// ```text
/// x/            columns Cell 1, encoding-type = "dataframe", encoding-version = "0.2.0", _index = "barcode",
/// │             column-order = ["kind", "batch", "mass", "note"]
/// ├── barcode   str (n)              string-array
/// ├── kind/     categorical
/// │   ├── codes         i8 (n)
/// │   └── categories    str (k)
/// ├── batch     u32 (n)              array
/// ├── mass      f64 (n)              array
/// └── note/     nullable-string-array
///     ├── mask          bool (n)
///     └── values        str (n)
/// ```
///
/// | a field of | is |
/// |---|---|
/// | numbers, bool | an array |
/// | text | an array of variable-length strings; with [`Categorical`](crate::with::Categorical) a categorical |
/// | an enum without data | a categorical, with all variants as categories; with `repr` an array |
/// | `Option` of an integer, of bool or of text | a nullable array |
/// | `Option` of an enum without data | a categorical with code -1 for `None` |
/// | `Option` of a float | an array with NaN for `None` |
///
/// Other types are an error, as is a NaN in an `Option`. `flatten` turns a struct's fields into
/// columns.
///
/// Foreign frames may have their columns in any order. Columns without a matching field are
/// ignored; fields without a column need `default` or an `Option`. Categoricals are read into
/// enums, text, numbers and bools. The index may have any name in the file. Frames of the encoding
/// version 0.1.0 are read too.
///
/// ```
/// # fn main() -> filebacked::Result<()> {
/// use filebacked::{FileBacked, with::DataFrame};
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Table {
///     #[filebacked(with = DataFrame(index = "barcode"))]
///     cells: Vec<Cell>,
/// }
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// struct Cell {
///     barcode: String,
///     kind: Kind,
///     mass: Option<f64>,
/// }
///
/// #[derive(FileBacked, Debug, PartialEq)]
/// enum Kind { B, T }
///
/// let cells = vec![
///     Cell { barcode: "AAAC".into(), kind: Kind::T, mass: Some(1.5) },
///     Cell { barcode: "AAAG".into(), kind: Kind::B, mass: None },
/// ];
/// let table = Table { cells };
/// assert_eq!(filebacked::from_bytes::<Table>(&filebacked::to_bytes(&table)?)?, table);
/// # Ok(()) }
/// ```
///
/// `DataFrame(index = "barcode")` in the attribute is short for `DataFrame { index: "barcode" }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataFrame {
    /// The name, on disk, of the field that is the index.
    pub index: &'static str,
}

impl DataFrame {
    /// Refuses an index that is not a field.
    fn check<T: FileBacked>(&self) -> Result<()> {
        let Schema::Struct(row) = T::schema() else { return Ok(()) };
        if row.fields.iter().any(|field| field.name == self.index) {
            return Ok(());
        }
        let known: Vec<&str> = row.fields.iter().map(|field| field.name).collect();
        let what = format!(
            "`{}`, the index of the data frame, is not a field of `{}`",
            self.index, row.name
        );
        Err(Error::new(ErrorKind::Unsupported(what))
            .with_help(format!("its fields are `{}`", known.join("`, `"))))
    }
}

impl<T: FileBacked> Filter<Vec<T>> for DataFrame {
    fn name(&self) -> &str {
        "DataFrame"
    }

    fn write(&self, value: &Vec<T>, slot: Slot<'_>) -> Result<Written> {
        self.check::<T>()?;
        slot.data_frame(self.index).each().put_rows(Rows::slice(value))
    }

    fn read(&self, node: Node<'_>) -> Result<Vec<T>> {
        self.check::<T>()?;
        node.data_frame(self.index).each().get_rows()
    }

    /// A frame is the rows of its struct with more marks.
    fn is_recorded(&self) -> bool {
        false
    }
}
